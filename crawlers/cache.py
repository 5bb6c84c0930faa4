"""Conditional requests: Scrapy's HTTP cache, always asked whether it still holds."""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy import Spider
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.extensions.httpcache import FilesystemCacheStorage, RFC2616Policy
from scrapy.http import Request, Response
from scrapy.settings import Settings
from scrapy.statscollectors import StatsCollector

# When the content of a kept response was first fetched: 几分钟前 on an unchanged page counts from then.
FETCHED = "X-Qianshao-Fetched"
KEEP_DAYS = 30


class RevalidatePolicy(RFC2616Policy):
    """RFC 2616 without guessing: every page is asked for again with its ETag or Last-Modified.

    Scrapy's policy takes a page last modified a year ago as fresh for a month, stores errors that carry
    max-age, and serves the old page for a 5xx. For a warning system all three would hide news or
    failures.
    """

    def should_cache_response(self, response: Response, request: Request) -> bool:
        """Only whole pages that can be asked for conditionally are kept."""
        has_validator = "ETag" in response.headers or "Last-Modified" in response.headers
        return response.status == 200 and has_validator and super().should_cache_response(response, request)

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        """Never; the request gets the validators of the kept page instead."""
        self._set_conditional_validators(request, cachedresponse)
        return False

    def is_cached_response_valid(
        self,
        cachedresponse: Response,  # noqa: ARG002 - the signature is Scrapy's
        response: Response,
        request: Request,  # noqa: ARG002
    ) -> bool:
        """Only when the server says so."""
        return response.status == 304


class WholeStorage(FilesystemCacheStorage):
    """Scrapy's files of a page, which count only when all of them are written.

    A kill between the new headers and the new body would leave the old page under the new ETag; the server
    would say that nothing changed, and the new page would never be seen.
    """

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Keep a page."""
        whole = self._whole(spider, request)
        whole.unlink(missing_ok=True)
        super().store_response(spider, request, response)
        whole.touch()

    def _read_meta(self, spider: Spider, request: Request) -> dict[str, Any] | None:
        return super()._read_meta(spider, request) if self._whole(spider, request).exists() else None

    def _whole(self, spider: Spider, request: Request) -> Path:
        return Path(self._get_request_path(spider, request), "whole")


class RevalidatingCache(HttpCacheMiddleware):
    """Scrapy's cache; a failed download stays a failure even where an old page is at hand."""

    def __init__(self, settings: Settings, stats: StatsCollector) -> None:
        super().__init__(settings, stats)
        self.storage = WholeStorage(settings)

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002
    ) -> Request | Response:
        """The kept page for a 304, else the new one, which is kept where it may be."""
        response.headers.pop(FETCHED, None)  # a server does not tell us when we fetched
        return super().process_response(request, response)

    def process_exception(
        self,
        request: Request,
        exception: Exception,  # noqa: ARG002
        spider: Spider | None = None,  # noqa: ARG002
    ) -> Request | Response | None:
        """Leave the exception to the retry and the quarantine."""
        request.meta.pop("cached_response", None)
        return None

    def _cache_response(self, response: Response, request: Request) -> None:
        if "cached" not in response.flags:
            response.headers[FETCHED] = datetime.now(UTC).isoformat()
        super()._cache_response(response, request)


def fetched_at(response: Response) -> datetime:
    """When the content of a response was first fetched: for a 304 the time of the kept page."""
    kept = response.headers.get(FETCHED)
    if kept is None or "cached" not in response.flags:
        return datetime.now(UTC)
    return datetime.fromisoformat(kept.decode("ascii"))


def prune_cache(folder: Path, *, days: int = KEEP_DAYS) -> int:
    """Remove pages that no crawl asked for in so many days; the count of them."""
    oldest = time.time() - days * 86400
    stale = [meta.parent for meta in folder.glob("*/*/*/pickled_meta") if meta.stat().st_mtime < oldest]
    for entry in stale:
        shutil.rmtree(entry)
    return len(stale)
