"""Base of the sitemap sources (sitemaps.org 0.9, indexes, gzip): each address becomes one post."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import urldefrag

from lxml import etree  # type: ignore[import-untyped]

from crawlers.page import Link, Page
from crawlers.spiders.article import ArticleSpider
from crawlers.spiders.base import Found

_GZIP = b"\x1f\x8b"
# lastmod in a year or a month stands for its first day, as read_time has it.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SitemapSpider(ArticleSpider):
    """A source whose sitemap names its pages; they are read with the selectors of ArticleSpider.

    `include` is a regular expression that addresses must contain; `days` is how old a lastmod may be.
    Newest come first, and a page is read again when its lastmod changes. `pages` of the source bounds
    the sitemaps of one crawl. An entry without lastmod counts as new.
    """

    include: ClassVar[str] = ""
    days: ClassVar[int] = 30

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._maps = 1

    def read_start(self, page: Page) -> Iterator[Found]:
        """Requests for the sitemaps of an index, or for the pages of a sitemap, newest first.

        Raises ReadError where this is neither, or the gzip is broken or larger than the source allows.
        """
        root = _parse(page)
        kind = etree.QName(root).localname
        if kind not in {"urlset", "sitemapindex"}:
            raise page.refuse("sitemap", kind, "urlset 或 sitemapindex")
        for link in self._newest(page, root):
            if kind == "urlset":
                yield from self.follow(link, "post")
            elif self._maps < self.source.pages:
                self._maps += 1
                yield self.ask(link.url, "start")

    def published_at(self, page: Page) -> datetime | None:
        """The time on the page; lastmod is when it changed and would make old news new."""
        css = self.layout(page).time_css
        return page.time(page.first(css)) if css else None

    def _newest(self, page: Page, root: etree._Element) -> list[Link]:
        oldest = page.now - timedelta(days=self.days)
        found = [(_changed(page, link), link) for link in _links(root)]
        of_this_source = [(at, link) for at, link in found if at is None or at >= oldest]
        # Stable, so that entries without lastmod keep their order, behind those that have one.
        of_this_source.sort(key=lambda pair: pair[0] or _LONG_AGO, reverse=True)
        is_index = etree.QName(root).localname == "sitemapindex"
        return [link for _, link in of_this_source if is_index or re.search(self.include, link.url)]


def _parse(page: Page) -> etree._Element:
    data = page.body
    if data.startswith(_GZIP):
        data = _gunzip(page)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(data.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise page.refuse("sitemap", data[:60], f"完整的 XML（{error}）") from error


def _gunzip(page: Page) -> bytes:
    limit = page.source.max_bytes
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(page.body, limit)
    except zlib.error as error:
        raise page.refuse("sitemap", page.body[:16], f"完整的 gzip（{error}）") from error
    if not unpacker.eof:
        told = f"{len(data)} 字节后中断" if len(data) < limit else f"解压后超过 {limit} 字节"
        raise page.refuse("sitemap", told, f"完整的 gzip，不超过 {limit} 字节")
    return data


def _links(root: etree._Element) -> Iterator[Link]:
    for entry in root.iterchildren("{*}url", "{*}sitemap"):
        url = (entry.findtext("{*}loc") or "").strip()
        if url.startswith(("http://", "https://")):
            changed = (entry.findtext("{*}lastmod") or "").strip()
            yield Link(urldefrag(url).url, time=changed, mark=changed)


def _changed(page: Page, link: Link) -> datetime | None:
    return page.time(link.time, "lastmod") if link.time else None
