"""What every spider does: fetch politely, read strictly, put aside what cannot be read."""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawlers.cache import fetched_at
from crawlers.failures import describe
from crawlers.journal import Done, Journal, read_journal
from crawlers.network import UNUSABLE
from crawlers.page import Link, Page, is_web_address
from crawlers.redact import redact
from crawlers.rsshub import start_address
from crawlers.source import Source, read_interval
from schemas.errors import ReadError
from schemas.records import Quarantined, RawPost

Found = RawPost | Quarantined | Done | Request

# Pages that one crawl asks for at most; what is left comes with the next.
MOST_PAGES = 5_000
_LOGIN = re.compile(r"(?i)log-?in|sign-?in|passport|/auth|/sso|/cas\b|denglu")
_PASSWORD = re.compile(rb"""<input[^>]{1,300}type\s*=\s*["']?password""", re.IGNORECASE)


class SourceSpider(scrapy.Spider):
    """A spider of one source. A record is yielded only when it is complete; all else becomes Quarantined.

    The kinds of pages a source has are its `read_<kind>` methods: `start` for the first and those like it,
    `post` for a detail page. Each takes a Page and fetches nothing, so that a kept page can be read again.
    """

    source: ClassVar[Source]
    readers: ClassVar[tuple[str, ...]] = ("start",)

    def __init_subclass__(cls) -> None:
        if "source" in cls.__dict__:
            cls.name = cls.source.name

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.journal = Journal()
        self._recheck = read_interval(self.source.recheck)
        self._asked: set[str] = set()
        self._followed = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 - Scrapy's
        """The spider, with what earlier crawls have done."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.journal = read_journal(Path(crawler.settings["QIANSHAO_STATE"]))
        return spider

    @property
    def author_key(self) -> bytes | None:
        """The key of the author hashes; without one no author is kept."""
        return os.environ.get("QIANSHAO_AUTHOR_KEY", "").encode() or None

    async def start(self) -> AsyncIterator[Any]:
        """The first request."""
        yield self.ask(start_address(self.source), "start")

    def read_start(self, page: Page) -> Iterator[Found]:
        """The records of the first page and the requests that follow from it."""
        raise NotImplementedError

    def ask(self, url: str, reader: str, link: Link | None = None) -> Request:
        """A request for a page of the kind `reader`; its failure ends in quarantine.

        Several pages of one thread share the `link` that named it: it is done with the last of them.
        """
        # Spiders ask for each address once; the filter would only lose redirects that run in circles.
        meta = {"link": link, "reader": reader}
        return Request(url, callback=self.on_page, errback=self.on_failure, meta=meta, dont_filter=True)

    def follow(self, link: Link, reader: str) -> Iterator[Request | Quarantined]:
        """The request for a page that a list names: once a crawl, and none where it is done."""
        if link.url in self._asked:
            return
        self._asked.add(link.url)
        if self.journal.holds(link, now=datetime.now(UTC), recheck=self._recheck):
            self._count("known")
        elif not is_web_address(link.url):
            yield self._leave(link.url, UNUSABLE)
        elif self._followed < MOST_PAGES:
            self._followed += 1
            yield self.ask(link.url, reader, link)
        elif self._followed == MOST_PAGES:
            self._followed += 1
            yield self._leave(self.source.url, f"链接过多：一次采集最多 {MOST_PAGES} 页，其余下次再来")

    def _leave(self, url: str, reason: str) -> Quarantined:
        """An address that is not asked for."""
        shown = redact(url)[:1000]
        return Quarantined(self.source.name, shown, reason, shown.encode(), datetime.now(UTC))

    def on_page(self, response: Response) -> Iterator[Found]:
        """What a page holds; where the site led to its log-in instead, only that."""
        page = self.page(response)
        if "redirect_urls" in response.meta and _LOGIN.search(page.url) and _PASSWORD.search(page.body):
            asked = redact(response.meta["redirect_urls"][0])
            reason = f"要登录（转到 {redact(page.url)}）"
            return iter([Quarantined(self.source.name, asked, reason, page.body, datetime.now(UTC))])
        return self.reading(page, getattr(self, f"read_{response.meta['reader']}"))

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
        """What `read` finds on a page, then that it is done; on a ReadError the page is put aside."""
        whole = page.link is not None
        try:
            for found in read(page):
                whole = whole and not isinstance(found, Quarantined) and not _goes_on(found, page)
                yield found
        except ReadError as error:
            self.journal.cut += page.link is None
            yield put_aside(page, str(error))
        else:
            if page.link is not None and whole:
                # The time of this reading: a page that is unchanged for years was read just now.
                yield Done(page.link.url, page.link.mark, datetime.now(UTC))

    def _count(self, name: str) -> None:
        self.crawler.stats.inc_value(f"qianshao/{name}")

    def on_failure(self, failure: Failure) -> Iterator[Quarantined]:
        """A download that failed for good, as one line."""
        request: Request = failure.request  # type: ignore[attr-defined]
        self.journal.cut += request.meta["reader"] == "start"
        response: Response | None = getattr(failure.value, "response", None)
        raw = b"" if response is None else response.body
        asked = request.meta.get("redirect_urls", [request.url])[0]
        turned = "" if asked == request.url else f"（转到 {redact(request.url)}）"
        reason = f"{describe(failure.value)}{turned}"
        yield Quarantined(self.source.name, redact(asked), reason, raw, datetime.now(UTC))


def _goes_on(found: Found, page: Page) -> bool:
    """Whether the thread of this page has a further page."""
    return isinstance(found, Request) and found.meta["link"] is page.link


def put_aside(page: Page, reason: str, raw: bytes | None = None) -> Quarantined:
    """A page, or one piece of it, that could not be read."""
    return Quarantined(
        page.source.name,
        redact(page.url),
        redact(reason),
        page.body if raw is None else raw,
        datetime.now(UTC),
    )
