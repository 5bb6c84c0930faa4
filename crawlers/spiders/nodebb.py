"""Base of the NodeBB forums, read through the JSON that each of their pages has under /api."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from crawlers.page import Link, Page, html_text
from crawlers.spiders.base import Found, put_aside
from crawlers.spiders.forum import Entry, ForumSpider
from schemas.errors import ReadError
from schemas.records import RawPost

Row = Mapping[str, Any]


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
        if following and (asked or not self.journal.complete) and self._lists < self.source.pages:
            yield self.ask(following, "start")

    def read_thread(self, page: Page) -> Iterator[Found]:
        """The posts of one page of a topic, and the request for the next; a wrong post is put aside alone."""
        topic = page.json
        thread, title = str(_need(page, topic, "tid")), str(_need(page, topic, "title"))
        for post in _need(page, topic, "posts"):
            # The forum keeps what was deleted and shows it to its moderators only.
            if not post.get("deleted"):
                try:
                    yield self.parse_entry(page, thread, title, post)
                except ReadError as error:
                    yield put_aside(page, str(error), raw=orjson.dumps(post))
        following = _next(page)
        if following:
            yield self.ask(following, "thread", page.link)

    def parse_entry(self, page: Page, thread: str, title: str, post: Row) -> RawPost:
        """The record of one post of a topic."""
        number = str(_need(page, post, "pid"))
        entry = Entry(
            number=number,
            body=html_text(_need(page, post, "content")),
            published_at=page.time(str(_need(page, post, "timestamp"))),
            author=str(post.get("user", {}).get("username", "")),
            url=f"{_site(page)}/post/{number}",
            reply_to=str(post.get("toPid") or ""),
            likes=post.get("upvotes"),
        )
        return self.make_entry(page, thread, html_text(title), entry, opening=_need(page, post, "index") == 0)

    def _topics(self, page: Page) -> Iterator[Link]:
        for topic in _need(page, page.json, "topics"):
            slug, title = _need(page, topic, "slug"), _need(page, topic, "title")
            mark = f"{_need(page, topic, 'postcount')}@{topic.get('lastposttime', '')}"
            if not topic.get("deleted"):
                yield Link(f"{_site(page)}/api/topic/{quote(slug)}", title, mark=mark)


def _need(page: Page, row: Row, name: str) -> Any:  # noqa: ANN401 - whatever stands there
    if not isinstance(row, Mapping) or name not in row:
        raise page.refuse(name, list(row)[:8] if isinstance(row, Mapping) else row, "NodeBB 的字段")
    return row[name]


def _site(page: Page) -> str:
    return page.url.partition("/api/")[0]


def _next(page: Page) -> str | None:
    """The next page of a list or a topic: the same address with the query that the pagination gives."""
    following = page.json.get("pagination", {}).get("next", {})
    return f"{page.url.partition('?')[0]}?{following['qs']}" if following.get("active") else None
