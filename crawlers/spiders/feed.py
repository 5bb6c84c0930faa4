"""Base of the feed sources: RSS 2.0, RSS 1.0 (RDF) and Atom, read by feedparser, and JSON Feed."""

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

import feedparser

from crawlers.authors import hash_of_author
from crawlers.page import Link, Page, html_text, read_count
from crawlers.spiders.article import ArticleSpider
from crawlers.spiders.base import Found, put_aside
from crawlers.spiders.jsonfeed import is_json_feed, read_json_feed
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import JsonScalar, RawPost

Entry = Mapping[str, Any]
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_REFERENCE = re.compile(r"&#(x[0-9A-Fa-f]{1,12}|[0-9]{1,12});?", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]+);")
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
    """

    detail: ClassVar[bool] = False
    title_css = ""

    def read_start(self, page: Page) -> Iterator[Found]:
        """One record an entry; a wrong entry is put aside alone. Raises ReadError where this is no feed."""
        feed = read_json_feed(page) if is_json_feed(page) else _parse(page)
        if not feed.get("version"):
            raise page.refuse("feed", page.text.strip()[:60], "RSS 2.0、RSS 1.0、Atom 或 JSON Feed")
        for number, entry in enumerate(feed["entries"], start=1):
            try:
                yield from self.read_entry(page, entry)
            except ReadError as error:
                yield put_aside(page, f"第 {number} 条：{error}", raw=_shown(entry))
        if feed["bozo"]:
            yield put_aside(page, f"{page.where}: feed 不是完整的 XML：{feed['bozo_exception']}")

    def read_entry(self, page: Page, entry: Entry) -> Iterator[Found]:
        """The record of an entry, or the request for the page that holds its text."""
        if not self.detail or not entry.get("link"):
            yield self.parse_entry(page, entry)
            return
        title = _as_text(entry.get("title", "").strip())
        yield from self.follow(Link(page.join(entry["link"]), title, _told_time(entry)[1]), "post")

    def parse_entry(self, page: Page, entry: Entry) -> RawPost:
        """The post of one entry. Raises ReadError where its title, text or time is none."""
        title = entry.get("title", "").strip()
        if not title:
            raise page.refuse("title", title, "非空标题")
        link = page.join(entry["link"]) if entry.get("link") else None
        return make_post(
            self.source.name,
            entry.get("id") or link,
            _as_text(title),
            self.entry_body(entry),
            fetched_at=page.now,
            published_at=self.entry_time(page, entry),
            url=link,
            author_hash=hash_of_author(entry.get("author", ""), self.author_key),
            district=self.source.district,
            extra=self.entry_extra(page, entry),
        )

    def entry_body(self, entry: Entry) -> str:
        """The longest text the entry carries, without markup."""
        texts = [content.get("value", "") for content in entry.get("content", [])]
        return max((_as_text(text) for text in [*texts, entry.get("summary", "")]), key=len)

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


def _told_time(entry: Entry) -> tuple[str, str]:
    """The field that states the time of an entry, and what it says; blanks where there is none."""
    # `in` first: feedparser's entries answer for `updated` with `published`, and warn of it.
    told = [(name, entry[name].strip()) for name in ("published", "updated") if name in entry]
    return next(((name, text) for name, text in told if text), ("", ""))


def _parse(page: Page) -> Mapping[str, Any]:
    """feedparser's view of the page. The declaration goes, for the text is UTF-8 by now whatever it says."""
    text = _REFERENCE.sub(_sound_reference, _DECLARATION.sub("", page.text.lstrip("\ufeff"), count=1))
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
