"""Routes of RSSHub: the source names the route, the deployment the mirror and its key."""

import os
from urllib.parse import urlencode, urlsplit

from crawlers.source import RSSHUB, Source
from schemas.errors import ReadError, Where

MIRROR, KEY = "QIANSHAO_RSSHUB_URL", "QIANSHAO_RSSHUB_KEY"


def start_address(source: Source) -> str:
    """Where a crawl of the source begins: its address, or its route on the deployment's RSSHub.

    Raises ReadError where the source is a route and no mirror is set.
    """
    if not source.url.startswith(RSSHUB):
        return source.url
    mirror = os.environ.get(MIRROR, "").strip().rstrip("/")
    if urlsplit(mirror).scheme not in {"http", "https"}:
        raise ReadError(Where(source.name), MIRROR, mirror, "RSSHub 的网址，如 https://rsshub.example")
    key = os.environ.get(KEY, "").strip()
    route = source.url.removeprefix(RSSHUB)
    asked = f"{'&' if '?' in route else '?'}{urlencode({'key': key})}" if key else ""
    return f"{mirror}/{route}{asked}"


def trusted_host(source: Source) -> str | None:
    """The mirror's host: the deployment named it, so it may be a private one. None for any other source."""
    return urlsplit(start_address(source)).hostname if source.url.startswith(RSSHUB) else None
