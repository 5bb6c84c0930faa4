"""Base of the feed sources: RSS 2.0, RSS 1.0 (RDF), Atom and JSON Feed, walked back page by page."""

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urljoin

import feedparser
from scrapy.http import Request, Response

from crawlers.authors import hash_of_author
from crawlers.journal import Done
from crawlers.page import Link, Page, html_text, read_count
from crawlers.rsshub import start_address
from crawlers.spiders.article import ArticleSpider
from crawlers.spiders.base import Found, put_aside
from crawlers.spiders.jsonfeed import is_json_feed, read_json_feed
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import JsonScalar, RawPost

Entry = Mapping[str, Any]
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_REFERENCE = re.compile(r"&#(x[0-9A-Fa-f]{1,12}|[0-9]{1,12});?", re.IGNORECASE)
# Feeds hold tens of entries; feedparser takes a second for five thousand.
_MOST_ENTRIES = 5_000
_TAG = re.compile(r"<!--|</?[A-Za-z][^<>]*>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]+);")
# The links of a feed to its older entries, paged or archived (RFC 5005).
_OLDER = ("next", "prev-archive")
# What a server answers to a page behind the last.
_NO_MORE = [404, 410]
# Fields by feedparser's names: RSS slash:comments, Atom threading, and what RSSHub-like feeds of Weibo carry.
_COUNTS = {
    "comments": ("slash_comments", "thr_total", "comments_count"),
    "likes": ("likes", "upvotes", "attitudes_count"),
    "reposts": ("reposts", "reposts_count"),
}


class FeedSpider(ArticleSpider):
    """A source that publishes a feed: the file holds its Source literal and nothing else is needed.

    Where entries carry a summary only, `detail` follows their links: the text is read from the page, with the
    selectors of ArticleSpider, and title and time stay those of the entry unless selectors find them.
    `paging` is the address of an older page beside the feed's own, `?paged={page}` for WordPress; a feed that
    links to its older pages (RFC 5005) needs none. Both are followed until a page brings no entry that is
    new to this crawl or, where the last crawl saw everything, none that is not done; `pages` bounds them.
    """

    detail: ClassVar[bool] = False
    paging: ClassVar[str] = ""
    title_css = ""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._pages = 0
        self._seen: set[str] = set()

    def on_page(self, response: Response) -> Iterator[Found]:
        """What a page holds; nothing where an older page is asked for and there are no more."""
        return iter(()) if response.status in _NO_MORE else super().on_page(response)

    def read_start(self, page: Page) -> Iterator[Found]:
        """One record an entry, and the request for the page of older ones; a wrong entry is put aside alone.

        Raises ReadError where this is no feed.
        """
        feed = read_feed(page)
        self._pages += 1
        seen, unread = len(self._seen), False
        for number, entry in enumerate(feed["entries"], start=1):
            self._seen.add(str(entry.get("id") or entry.get("link") or (self._pages, number)))
            try:
                for found in self.read_entry(page, entry):
                    unread = True
                    yield found
            except ReadError as error:
                yield put_aside(page, f"第 {number} 条：{error}", raw=_shown(entry))
        if feed["bozo"]:
            yield put_aside(page, f"{page.where}: feed 不是完整的 XML：{feed['bozo_exception']}")
        if unread or (len(self._seen) > seen and not self.journal.complete):
            yield from self._older(page, feed, news=unread)

    def _unless_done(self, post: RawPost) -> Iterator[Found]:
        """A record without a page of its own and the note that it is done; nothing where it was before."""
        link, now = Link(post.origin.id, mark=post.origin.revision), datetime.now(UTC)
        if self.journal.holds(link, now=now, recheck=self._recheck):
            self._count("known")
        else:
            yield post
            yield Done(link.url, link.mark, now)

    def _older(self, page: Page, feed: Mapping[str, Any], *, news: bool) -> Iterator[Request]:
        """The request for the page of the entries before these, where there is one to ask for."""
        url = _linked(page, feed) or self._counted()
        if url and self.journal.goes_on(self._pages, self.source.pages, news=news):
            request = self.ask(url, "start")
            yield request.replace(meta={**request.meta, "handle_httpstatus_list": _NO_MORE})

    def _counted(self) -> str:
        return (
            urljoin(start_address(self.source), self.paging.format(page=self._pages + 1))
            if self.paging
            else ""
        )

    def read_entry(self, page: Page, entry: Entry) -> Iterator[Found]:
        """The record of an entry, or the request for its page; nothing where it is done."""
        if "refused" in entry:
            raise entry["refused"]
        if not self.detail or not entry.get("link"):
            yield from self._unless_done(self.parse_entry(page, entry))
            return
        title = _as_text(entry.get("title", "").strip())
        # `in` first: see _told_time.
        changed = entry["updated"] if "updated" in entry else ""  # noqa: SIM401
        link = Link(page.join(entry["link"]), title, _told_time(entry)[1], changed)
        yield from self.follow(link, "post")

    def parse_entry(self, page: Page, entry: Entry) -> RawPost:
        """The post of one entry. Raises ReadError where its title, text or time is none."""
        told = entry.get("title", "").strip()
        title = _as_text(told)
        if not title:
            raise page.refuse("title", told, "非空标题")
        link = page.join(entry["link"]) if entry.get("link") else None
        return make_post(
            self.source.name,
            entry.get("id") or link,
            title,
            self.entry_body(entry),
            fetched_at=page.now,
            published_at=self.entry_time(page, entry),
            url=link,
            author_hash=hash_of_author(entry.get("author", ""), self.author_key),
            district=self.source.district,
            extra=self.entry_extra(page, entry),
        )

    def entry_body(self, entry: Entry) -> str:
        """The longest content of the entry, else its summary, without markup.

        A summary may be the longer one: it ends with the words that lead to the rest.
        """
        texts = [_as_text(content.get("value", "")) for content in entry.get("content", [])]
        return max(texts, key=len, default="") or _as_text(entry.get("summary", ""))

    def entry_time(self, page: Page, entry: Entry) -> datetime | None:
        """When the entry was published, else updated; None where it says neither."""
        field, told = _told_time(entry)
        return page.time(told, field) if told else None

    def entry_extra(self, page: Page, entry: Entry) -> dict[str, JsonScalar]:
        """Likes, reposts and comments where the feed counts them, and its categories."""
        extra: dict[str, JsonScalar] = {}
        for name, fields in _COUNTS.items():
            for field in fields:
                if entry.get(field):
                    extra[name] = _count(page, field, entry[field])
        tags = [tag["term"] for tag in entry.get("tags", []) if tag.get("term")]
        return {**extra, "category": "、".join(tags)} if tags else extra


def read_feed(page: Page) -> Mapping[str, Any]:
    """The feed of a page under feedparser's names. Raises ReadError where this is no feed."""
    feed = read_json_feed(page) if is_json_feed(page) else _parse(page)
    if not feed.get("version"):
        raise page.refuse("feed", page.text.strip()[:60], "RSS 2.0、RSS 1.0、Atom 或 JSON Feed")
    return feed


def _told_time(entry: Entry) -> tuple[str, str]:
    """The field that states the time of an entry, and what it says; blanks where there is none."""
    # `in` first: feedparser's entries answer for `updated` with `published`, and warn of it.
    told = [(name, entry[name].strip()) for name in ("published", "updated") if name in entry]
    return next(((name, text) for name, text in told if text), ("", ""))


def _linked(page: Page, feed: Mapping[str, Any]) -> str:
    """The page of older entries that the feed itself links to, empty where it links to none."""
    links = feed["feed"].get("links", [])
    found = (link.get("href", "") for rel in _OLDER for link in links if link.get("rel") == rel)
    href = next(found, "")
    return page.join(href) if href else ""


def _parse(page: Page) -> Mapping[str, Any]:
    """feedparser's view of the page. The declaration goes, for the text is UTF-8 by now whatever it says."""
    text = _REFERENCE.sub(_sound_reference, _DECLARATION.sub("", page.text.lstrip("\ufeff"), count=1))
    entries = text.count("<item") + text.count("<entry")
    if entries > _MOST_ENTRIES:
        raise page.refuse("条目", f"{entries} 条", f"不超过 {_MOST_ENTRIES} 条")
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": page.url}
    try:
        found: Mapping[str, Any] = feedparser.parse(text.encode(), response_headers=headers)
    except (ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        raise page.refuse("feed", text[:60], f"feedparser 能读的 feed（{error}）") from error
    return found


def _sound_reference(found: re.Match[str]) -> str:
    """feedparser falls over references to half a character (&#xD800;) or to none."""
    digits = found[1].lower()
    number = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    sound = 0 < number <= sys.maxunicode and not 0xD800 <= number <= 0xDFFF
    return found[0] if sound else "\ufffd"


def _as_text(text: str) -> str:
    return html_text(text) if _TAG.search(text) else text.strip()


def _count(page: Page, field: str, value: str) -> int:
    try:
        return read_count(value)
    except ValueError as error:
        raise page.refuse(field, value, "非负数，可带 万、亿") from error


def _shown(entry: Entry) -> bytes:
    return "\n".join(f"{key}: {value}" for key, value in entry.items() if isinstance(value, str)).encode()
