"""Detects what an address is: feed, sitemap, JSON, forum or list page; and drafts the source for it."""

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from scrapy.http import Request

from crawlers.drafts.answers import draft_api
from crawlers.drafts.articles import draft_article
from crawlers.drafts.draft import Draft
from crawlers.drafts.lists import draft_list
from crawlers.page import Page
from crawlers.source import Count, Source
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.feed import FeedSpider, read_feed
from crawlers.spiders.forum import HtmlForumSpider
from crawlers.spiders.forums import DiscuzSpider, PhpbbSpider
from crawlers.spiders.sitemap import SitemapSpider
from schemas.errors import ReadError
from schemas.records import RawPost

_GZIP = b"\x1f\x8b"
_FEEDS = ", ".join(f'link[rel=alternate][type*="{kind}"]' for kind in ("rss", "atom", "feed+json"))
# A feed whose texts are shorter than this on average carries summaries.
_SUMMARY = 120
_LOOKED_AT = 2
# How a WordPress is asked for the older pages of a feed.
_WORDPRESS = "?paged={page}"
# A sitemap of most addresses of this shape is one of news; sitemaps of these words are not.
_DATED, _MOST = r"/20\d\d[-/]?\d\d", 0.8
_NUMBERING = re.compile(r"[-_]?\d*\.xml(\.gz)?$")
_ASIDE = ("page", "tag", "categor", "taxonom", "user", "author", "image", "video")
# What the pages of a forum's software say of themselves.
_FORUMS: dict[str, type[HtmlForumSpider]] = {"discuz!": DiscuzSpider, "phpbb": PhpbbSpider}
_SEPARATORS = ("_", "-", "—", "–", "|", "·")


def find_feed(page: Page) -> str | None:
    """The address of the feed that a page declares, None where it declares none or is no page."""
    if _is_structured(page):
        return None
    href = next((found.attrib.get("href", "") for found in page.tree.css(_FEEDS)), "")
    return page.join(href) if href else None


def draft_source(page: Page) -> Draft:
    """A draft of the source that begins at this page. Raises ReadError where nothing is to be seen."""
    head = page.body[:4096].lstrip()
    if page.body.startswith(_GZIP) or b"<urlset" in head or b"<sitemapindex" in head:
        return _draft_sitemap(page)
    for draft in (_draft_feed, _draft_json, _draft_forum):
        if (found := draft(page)) is not None:
            return found
    found = draft_list(page)
    found.publisher = _publisher(page.first("title"), page)
    return found


def add_details(draft: Draft, pages: Sequence[Page]) -> None:
    """Add what the detail pages show, for the kinds that read them with selectors."""
    if draft.kind in {"pages", "sitemap"} or draft.fields.get("detail") is True:
        draft_article(draft, pages, timed=draft.timed)


def _is_structured(page: Page) -> bool:
    return page.body.lstrip()[:1] in {b"{", b"["} or page.body.lstrip().startswith((b"<?xml", b"<rss", _GZIP))


def _drafted(page: Page, base: type[SourceSpider]) -> SourceSpider:
    source = Source("draft_page", "-", "feed", page.url, "1h", Count(0, 1), zone=page.source.zone)
    spider: SourceSpider = type("Drafted", (base,), {"source": source})()
    return spider


def _draft_sitemap(page: Page) -> Draft:
    spider = _drafted(page, SitemapSpider)
    requests = [found for found in spider.read_start(page) if isinstance(found, Request)]
    draft = Draft("sitemap", "SitemapSpider", "sitemap", page.url, _publisher("", page), len(requests))
    pages = [found for found in requests if found.meta["reader"] == "post"]
    draft.links = [found.url for found in pages[:_LOOKED_AT]]
    draft.maps = sorted((found.url for found in requests if found not in pages), key=_is_aside)
    if not draft.maps:
        draft.note("include", _dated(pages), "只要哪些网址；正则，不写则全要")
    return draft


def look_into(draft: Draft, page: Page) -> None:
    """Add to the draft of a sitemap index what one of its sitemaps shows."""
    one = _draft_sitemap(page)
    draft.count, draft.links, draft.fields = one.count, one.links, {**draft.fields, **one.fields}
    draft.missing += one.missing
    names = [urlsplit(url).path.rpartition("/")[2] for url in draft.maps]
    kept = _NUMBERING.sub("", names[0])
    if not all(kept in name for name in names):
        draft.fields = {"maps": re.escape(kept).replace(r"\-", "-"), **draft.fields}
        draft.missing.append(f"索引里有 {len(names)} 张：{'、'.join(names)}；只取了第一种（maps）")


def _is_aside(url: str) -> bool:
    """Whether a sitemap of an index names something else than posts, by its address."""
    return any(word in url.lower() for word in _ASIDE)


def _dated(pages: list[Request]) -> str:
    """What the addresses of dated posts have in common, empty where most are not dated."""
    dated = sum(re.search(_DATED, found.url) is not None for found in pages)
    return _DATED if dated and dated >= _MOST * len(pages) else ""


def _draft_feed(page: Page) -> Draft | None:
    spider = _drafted(page, FeedSpider)
    try:
        feed = read_feed(page)
        posts = [found for found in spider.read_start(page) if isinstance(found, RawPost)]
    except ReadError:
        return None
    draft = Draft("feed", "FeedSpider", "feed", page.url, _publisher(_feed_title(page), page), len(posts))
    if not posts:
        draft.missing.append("feed 里没有一条能读的条目")
        return draft
    draft.timed = all(post.origin.published_at is not None for post in posts)
    if not draft.timed:
        draft.missing.append("条目没有时间：记录以取到的时间为准")
    links = [post.origin.url for post in posts if post.origin.url]
    whole = all(entry.get("content") for entry in feed["entries"])
    if not whole and sum(len(post.body) for post in posts) / len(posts) < _SUMMARY and links:
        draft.fields["detail"] = True
        draft.links = links[:_LOOKED_AT]
    if "wordpress" in str(feed["feed"].get("generator", "")).lower():
        draft.older = urljoin(page.url, _WORDPRESS.format(page=2))
    return draft


def add_paging(draft: Draft, page: Page) -> None:
    """Say that the feed has older pages, where the one that was asked for holds entries of its own."""
    try:
        found = read_feed(page)["entries"]
    except ReadError:
        return
    if found:
        draft.fields["paging"] = _WORDPRESS


def _draft_json(page: Page) -> Draft | None:
    try:
        answer = page.json
    except ReadError:
        return None
    if isinstance(answer, dict) and "pagination" in answer and isinstance(answer.get("topics"), list):
        return Draft("forum", "NodebbSpider", "nodebb", page.url, _publisher("", page), len(answer["topics"]))
    draft = draft_api(page)
    draft.publisher = _publisher("", page)
    return draft


def _draft_forum(page: Page) -> Draft | None:
    told = page.text.lower()
    for word, base in _FORUMS.items():
        items = page.tree.css(base.items_css) if word in told else []
        if items:
            publisher = _publisher(page.first("title"), page)
            return Draft("forum", base.__name__, "forums", page.url, publisher, len(items))
    return None


def _feed_title(page: Page) -> str:
    if page.body.lstrip().startswith(b"{"):
        return str(page.json.get("title", ""))
    return str(page.tree.xpath("//title/text()").get(default=""))


def _publisher(title: str, page: Page) -> str:
    """The site's name: what stands last in the browser's title, or the host."""
    parts = [title]
    for separator in _SEPARATORS:
        parts = [piece.strip() for part in parts for piece in part.split(separator)]
    named = [part for part in parts if part]
    return named[-1] if named else urlsplit(page.url).hostname or ""
