"""Routes of RSSHub: the source names the route, the deployment the mirror and its key."""

import os
from urllib.parse import urlsplit

from crawlers.source import RSSHUB, Source
from schemas.errors import ReadError, Where

MIRROR, KEY = "QIANSHAO_RSSHUB_URL", "QIANSHAO_RSSHUB_KEY"


def start_address(source: Source) -> str:
    """Where a crawl of the source begins: its address, or its route on the deployment's RSSHub.

    Raises ReadError where the source is a route and no mirror is set.
    """
    if not is_route(source):
        return source.url
    mirror = os.environ.get(MIRROR, "").strip().rstrip("/")
    if urlsplit(mirror).scheme not in {"http", "https"}:
        raise ReadError(Where(source.name), MIRROR, mirror, "RSSHub 的网址，如 https://rsshub.example")
    return f"{mirror}/{source.url.removeprefix(RSSHUB)}"


def is_route(source: Source) -> bool:
    """Whether a source is a route: the deployment named the mirror, so it may be a private one."""
    return source.url.startswith(RSSHUB)
