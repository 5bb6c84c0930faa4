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
from crawlers.spiders.base import Found, put_aside
from schemas.errors import ReadError

_GZIP = b"\x1f\x8b"
# Stands for a lastmod that is not given; real ones are of 1990 or later.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SitemapSpider(ArticleSpider):
    """A source whose sitemap names its pages; they are read with the selectors of ArticleSpider.

    `include` is a regular expression that addresses must contain, `maps` one for the sitemaps of an index;
    `days` is how old a lastmod may be.
    Newest come first, and a page is read again when its lastmod changes. `pages` of the source bounds
    the sitemaps of one crawl. An entry without lastmod counts as new.
    """

    include: ClassVar[str] = ""
    maps: ClassVar[str] = ""
    days: ClassVar[int] = 30

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._maps = 1

    def read_start(self, page: Page) -> Iterator[Found]:
        """Requests for the sitemaps of an index, or for the pages of a sitemap, newest first.

        An entry with a wrong lastmod is put aside alone. Raises ReadError where this is neither, or the gzip
        is broken or larger than the source allows.
        """
        root = _parse(page)
        kind = etree.QName(root).localname
        if kind not in {"urlset", "sitemapindex"}:
            raise page.refuse("sitemap", kind, "urlset 或 sitemapindex")
        dated: list[tuple[datetime, Link]] = []
        for link in _links(root):
            try:
                dated.append((_changed(page, link), link))
            except ReadError as error:
                yield put_aside(page, str(error), raw=link.url.encode())
        for link in self._newest(page, dated):
            if kind == "sitemapindex":
                yield from self._open(link)
            elif re.search(self.include, link.url):
                yield from self.follow(link, "post")

    def _open(self, link: Link) -> Iterator[Found]:
        if self._maps < self.source.pages and re.search(self.maps, link.url):
            self._maps += 1
            yield self.ask(link.url, "start")

    def published_at(self, page: Page) -> datetime | None:
        """The time on the page; lastmod is when it changed and would make old news new."""
        css = self.layout(page).time_css
        return page.time(page.first(css)) if css else None

    def _newest(self, page: Page, dated: list[tuple[datetime, Link]]) -> list[Link]:
        oldest = page.now - timedelta(days=self.days)
        # Stable: entries without lastmod keep their order, behind those that have one.
        kept = [(at, link) for at, link in dated if at == _LONG_AGO or at >= oldest]
        return [link for _, link in sorted(kept, key=lambda pair: pair[0], reverse=True)]


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
    if not unpacker.eof and len(data) < limit:
        raise page.refuse("sitemap", f"{len(data)} 字节后中断", "完整的 gzip")
    if not unpacker.eof:
        raise page.refuse("sitemap", f"解压后超过 {limit} 字节", f"完整的 gzip，不超过 {limit} 字节")
    return data


def _links(root: etree._Element) -> Iterator[Link]:
    for entry in root.iterchildren("{*}url", "{*}sitemap"):
        url = (entry.findtext("{*}loc") or "").strip()
        if url.startswith(("http://", "https://")):
            changed = (entry.findtext("{*}lastmod") or "").strip()
            yield Link(urldefrag(url).url, time=changed, mark=changed)


def _changed(page: Page, link: Link) -> datetime:
    return page.time(link.time, "lastmod") if link.time else _LONG_AGO
