"""Base of the NodeBB forums, read through the JSON that each of their pages has under /api."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from w3lib.url import add_or_replace_parameter

from crawlers.page import Link, Page, html_text
from crawlers.spiders.base import Found, put_aside
from crawlers.spiders.forum import Entry, ForumSpider
from schemas.errors import ReadError
from schemas.records import RawPost

Row = Mapping[str, Any]
Value = TypeVar("Value", int, str, list[Any], dict[str, Any])


class NodebbSpider(ForumSpider):
    """A category of a NodeBB forum; `url` is SITE/api/category/NUMBER/SLUG."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._lists = 0

    def read_start(self, page: Page) -> Iterator[Found]:
        """Requests for the topics that are not done, and for the next page.

        Raises ReadError for another shape.
        """
        self._lists += 1
        asked = [request for link in self._topics(page) for request in self.follow(link, "thread")]
        yield from asked
        following = _next(page)
        goes_on = bool(asked) or not self.journal.complete
        if following and goes_on and self.journal.goes_on(self._lists, self.source.pages, news=bool(asked)):
            yield self.ask(following, "start")

    def read_thread(self, page: Page) -> Iterator[Found]:
        """The posts of one page of a topic, and the request for the next; a wrong post is put aside alone."""
        thread, title = str(_need(page, page.json, "tid", int)), _need(page, page.json, "title", str)
        for post in _need(page, page.json, "posts", list):
            try:
                # The forum keeps what was deleted and shows it to its moderators only.
                if not (isinstance(post, dict) and post.get("deleted")):
                    yield self.parse_entry(page, thread, title, post)
            except ReadError as error:
                yield put_aside(page, str(error), raw=json.dumps(post).encode())
        following = _next(page)
        if following:
            yield self.ask(following, "thread", page.link)

    def parse_entry(self, page: Page, thread: str, title: str, post: Row) -> RawPost:
        """The record of one post of a topic."""
        number, user, likes = str(_need(page, post, "pid", int)), post.get("user"), post.get("upvotes")
        entry = Entry(
            number=number,
            body=html_text(_need(page, post, "content", str)),
            published_at=page.time(str(_need(page, post, "timestamp", int))),
            author=str(user.get("username") or "") if isinstance(user, dict) else "",
            url=f"{_site(page)}/post/{number}",
            reply_to=str(post.get("toPid") or ""),
            likes=likes if isinstance(likes, int) else None,
        )
        opening = _need(page, post, "index", int) == 0
        return self.make_entry(page, thread, html_text(title), entry, opening=opening)

    def _topics(self, page: Page) -> Iterator[Link]:
        for topic in _need(page, page.json, "topics", list):
            slug, title = _need(page, topic, "slug", str), _need(page, topic, "title", str)
            mark = f"{_need(page, topic, 'postcount', int)}@{topic.get('lastposttime', '')}"
            if not topic.get("deleted"):
                yield Link(f"{_site(page)}/api/topic/{quote(slug)}", title, mark=mark)


def _need(page: Page, row: object, name: str, kind: type[Value]) -> Value:
    """A field that NodeBB always gives. Raises ReadError where it is missing or of another kind."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise page.refuse(name, value, f"NodeBB 的字段（{kind.__name__}）")
    return value


def _site(page: Page) -> str:
    return page.url.partition("/api/")[0]


def _next(page: Page) -> str | None:
    """The next page of a list or a topic, by the number that the pagination gives."""
    following = _need(page, _need(page, page.json, "pagination", dict), "next", dict)
    if not following.get("active"):
        return None
    return add_or_replace_parameter(page.url, "page", str(_need(page, following, "page", int)))
