"""What every spider does: fetch politely, read strictly, put aside what cannot be read."""

import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import scrapy
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers.cache import fetched_at
from crawlers.page import Link, Page
from crawlers.redact import redact
from crawlers.source import Source
from schemas.errors import ReadError
from schemas.records import Quarantined, RawPost

Found = RawPost | Quarantined | Request

# What a failed download says in quarantine, by its exception.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (DownloadTimeoutError, "超时"),
    (DownloadConnectionRefusedError, "连接被拒绝"),
    (CannotResolveHostError, "找不到主机"),
    (ResponseDataLossError, "内容不完整"),
    (DownloadCancelledError, "超过大小上限"),
    (DownloadFailedError, "连接中断"),
)
_IGNORED = {
    "robots.txt": "robots.txt 不允许",
    "max redirections": "重定向过多",
    "DOWNLOAD_MAXSIZE": "解压后超过大小上限",
}


class SourceSpider(scrapy.Spider):
    """A spider of one source. A record is yielded only when it is complete; all else becomes Quarantined."""

    source: ClassVar[Source]

    def __init_subclass__(cls) -> None:
        if "source" in cls.__dict__:
            cls.name = cls.source.name

    @property
    def author_key(self) -> bytes | None:
        """The key of the author hashes; without one no author is kept."""
        return os.environ.get("QIANSHAO_AUTHOR_KEY", "").encode() or None

    async def start(self) -> AsyncIterator[Any]:
        """The first request."""
        yield self.ask(self.source.url, self.on_start)

    def on_start(self, response: Response) -> Iterator[Found]:
        """What the first page holds."""
        return self.reading(self.page(response), self.read_start)

    def read_start(self, page: Page) -> Iterator[Found]:
        """The records of the first page and the requests that follow from it."""
        raise NotImplementedError

    def ask(self, url: str, then: Callable[..., Any], link: Link | None = None) -> Request:
        """A request whose failure ends in quarantine."""
        # Spiders ask for each address once; the filter would only lose redirects that run in circles.
        return Request(url, callback=then, errback=self.on_failure, meta={"link": link}, dont_filter=True)

    def page(self, response: Response) -> Page:
        """The page of a response, with the time its content was first fetched."""
        self._count("fetched")
        if "cached" in response.flags:
            self._count("not_modified")
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        return Page(
            self.source,
            response.url,
            response.body,
            fetched_at(response),
            content_type,
            response.meta.get("link"),
        )

    def reading(self, page: Page, read: Callable[[Page], Iterable[Found]]) -> Iterator[Found]:
        """What `read` finds on a page; where it raises ReadError the page is put aside with that reason."""
        try:
            yield from read(page)
        except ReadError as error:
            yield put_aside(page, str(error))

    def _count(self, name: str) -> None:
        self.crawler.stats.inc_value(f"qianshao/{name}")

    def on_failure(self, failure: Failure) -> Iterator[Quarantined]:
        """A download that failed for good, as one line."""
        request: Request = failure.request  # type: ignore[attr-defined]
        response: Response | None = getattr(failure.value, "response", None)
        raw = b"" if response is None else response.body
        asked = request.meta.get("redirect_urls", [request.url])[0]
        turned = "" if asked == request.url else f"（转到 {redact(request.url)}）"
        reason = f"{describe(failure.value)}{turned}"
        yield Quarantined(self.source.name, redact(asked), reason, raw, datetime.now(UTC))


def put_aside(page: Page, reason: str, raw: bytes | None = None) -> Quarantined:
    """A page, or one piece of it, that could not be read."""
    return Quarantined(
        page.source.name,
        redact(page.url),
        redact(reason),
        page.body if raw is None else raw,
        datetime.now(UTC),
    )


def describe(error: BaseException | None) -> str:
    """Why a download failed, in a few words."""
    if isinstance(error, HttpError):
        return f"HTTP {error.response.status}"
    if isinstance(error, IgnoreRequest):
        return next((told for part, told in _IGNORED.items() if part in str(error)), redact(str(error)))
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words
    return redact(f"{type(error).__name__}: {error}")
