"""Base of the JSON sources: an interface that answers with a list of items, page by page."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import jmespath  # type: ignore[import-untyped]
import orjson
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]
from scrapy.http import Request
from w3lib.url import add_or_replace_parameter

from crawlers.authors import hash_of_author
from crawlers.page import Link, Page, html_text, read_count
from crawlers.revisions import revise
from crawlers.spiders.article import ArticleSpider
from crawlers.spiders.base import Found, put_aside
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import JsonScalar, RawPost

Item = Mapping[str, Any]
_COUNTS = frozenset(["likes", "reposts", "comments"])


class ApiSpider(ArticleSpider):
    """A source that answers in JSON (or JSONP). The fields are JMESPath expressions, or methods of that name.

    `items` finds the list in the answer (`@` where the answer is the list); within an item, `key`,
    `title`, `text`, `time`, `link` and `writer` find its fields and `extra` what else is kept, by name;
    `revised` names those of `extra` whose change makes a new revision. With `detail` the link is followed
    and the text read from the page behind it. The next page is asked for by `page_param`, counted up from
    the address, or by `cursor_param` with what `cursor` finds; the crawl stops where `more` is false or
    missing (when set), where the cursor ends, where no item is new, and at the source's `pages`.

    An interface that takes POST has `payload`, what is sent at first, as JSON or as a form (`as_form`); page
    or cursor then changes in it instead of the address.
    """

    items: ClassVar[str] = "@"
    key_path: ClassVar[str] = "id"
    title_path: ClassVar[str] = "title"
    text_path: ClassVar[str] = ""
    time_path: ClassVar[str] = ""
    link_path: ClassVar[str] = ""
    author_path: ClassVar[str] = ""
    extra: ClassVar[Mapping[str, str]] = {}
    revised: ClassVar[tuple[str, ...]] = ()
    detail: ClassVar[bool] = False
    page_param: ClassVar[str] = ""
    cursor_param: ClassVar[str] = ""
    cursor: ClassVar[str] = ""
    more: ClassVar[str] = ""
    payload: ClassVar[Mapping[str, JsonScalar]] = {}
    as_form: ClassVar[bool] = False

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._lists = 0
        self._keys: set[str] = set()

    def read_start(self, page: Page) -> Iterator[Found]:
        """One record an item, or a request for its page; a wrong item is put aside alone.

        Raises ReadError where the answer has no list.
        """
        self._lists += 1
        items = _find(page, self.items, page.json)
        if not isinstance(items, list):
            raise page.refuse(self.items, items, "JSON 数组；接口可能改版了")
        new = asked = 0
        for number, item in enumerate(items, start=1):
            try:
                if not self._is_new(page, item):
                    continue
                new += 1
                for found in self.read_item(page, item):
                    asked += 1
                    yield found
            except ReadError as error:
                yield put_aside(page, f"第 {number} 条：{error}", raw=orjson.dumps(item))
        following = self.next_request(page)
        goes_on = bool(asked) or (bool(new) and not self.journal.complete)
        news = bool(asked) and self.detail
        if following and goes_on and self.journal.goes_on(self._lists, self.source.pages, news=news):
            yield following

    def read_item(self, page: Page, item: Item) -> Iterator[Found]:
        """The record of an item, or the request for the page that holds its text."""
        if not self.detail:
            yield self.parse_item(page, item)
            return
        url = self.item_link(page, item)
        if url is None:
            raise page.refuse(self.link_path, url, "网址")
        time = self.field(page, item, self.time_path)
        yield from self.follow(Link(url, self.item_title(page, item), time), "post")

    def parse_item(self, page: Page, item: Item) -> RawPost:
        """The post of one item. Raises ReadError where its title or text or time is none."""
        title, body = self.item_title(page, item), self.item_body(page, item)
        if not title and not body:
            raise page.refuse("title / body", orjson.dumps(item)[:60], "标题或正文至少有一个")
        post = make_post(
            self.source.name,
            self.item_key(page, item) or None,
            title,
            body,
            fetched_at=page.now,
            published_at=self.item_time(page, item),
            url=self.item_link(page, item),
            author_hash=hash_of_author(self.field(page, item, self.author_path), self.author_key),
            district=self.source.district,
            extra=self.item_extra(page, item),
        )
        return revise(post, self.revised)

    def field(self, page: Page, item: Item, path: str) -> str:
        """What a path finds in an item, as text; empty where there is no path or nothing."""
        value = _find(page, path, item) if path else None
        if value is None:
            return ""
        if isinstance(value, dict | list):
            raise page.refuse(path, value, "文字或数")
        return html_text(value) if isinstance(value, str) and "<" in value else str(value).strip()

    def item_key(self, page: Page, item: Item) -> str:
        """The item's own number."""
        return self.field(page, item, self.key_path)

    def item_title(self, page: Page, item: Item) -> str:
        """The item's title."""
        return self.field(page, item, self.title_path).replace("\n", " ")

    def item_body(self, page: Page, item: Item) -> str:
        """The item's text."""
        return self.field(page, item, self.text_path)

    def item_time(self, page: Page, item: Item) -> datetime | None:
        """When the item was published; None for an interface that never says."""
        return page.time(self.field(page, item, self.time_path), self.time_path) if self.time_path else None

    def item_link(self, page: Page, item: Item) -> str | None:
        """The address of the item's page, None where it has none."""
        href = self.field(page, item, self.link_path)
        return page.join(href) if href else None

    def item_extra(self, page: Page, item: Item) -> dict[str, JsonScalar]:
        """What else is kept of an item; counts as numbers, what is not there left out."""
        found = {name: self.field(page, item, path) for name, path in self.extra.items()}
        return {name: _scalar(page, name, text) for name, text in found.items() if text}

    def ask(self, url: str, reader: str, link: Link | None = None) -> Request:
        """A request for a page, with the payload for those of the interface where there is one."""
        request = super().ask(url, reader, link)
        return self._posted(request, self.payload) if self.payload and reader == "start" else request

    def next_request(self, page: Page) -> Request | None:
        """The request for the next page, None after the last."""
        if not self.payload:
            url = self.next_url(page)
            return None if url is None else self.ask(url, "start")
        if self.more and not _find(page, self.more, page.json):
            return None
        if self.page_param:
            first = int(str(self.payload.get(self.page_param, 1)))
            changed: JsonScalar = first + self._lists
        else:
            changed = _find(page, self.cursor, page.json) if self.cursor else None
        if changed is None or changed == "":
            return None
        payload = {**self.payload, self.page_param or self.cursor_param: changed}
        return self._posted(self.ask(page.url, "start"), payload)

    def _posted(self, request: Request, payload: Mapping[str, JsonScalar]) -> Request:
        if self.as_form:
            kind, sent = "application/x-www-form-urlencoded; charset=UTF-8", urlencode(payload).encode()
        else:
            kind, sent = "application/json", orjson.dumps(payload)
        return request.replace(method="POST", body=sent, headers={"Content-Type": kind})

    def next_url(self, page: Page) -> str | None:
        """The address of the next page, None after the last."""
        if self.more and not _find(page, self.more, page.json):
            return None
        if self.page_param:
            asked = dict(parse_qsl(urlsplit(page.url).query)).get(self.page_param, "1")
            return add_or_replace_parameter(page.url, self.page_param, str(int(asked) + 1))
        cursor = _find(page, self.cursor, page.json) if self.cursor else None
        return add_or_replace_parameter(page.url, self.cursor_param, str(cursor)) if cursor else None

    def _is_new(self, page: Page, item: object) -> bool:
        """Whether this crawl has not seen the item; pages move on while they are read."""
        if not isinstance(item, dict):
            raise page.refuse(self.items, item, "JSON 对象的数组")
        key = self.item_key(page, item)
        if key and key in self._keys:
            return False
        self._keys.add(key)
        return True


def _find(page: Page, path: str, value: object) -> Any:  # noqa: ANN401 - whatever stands there
    try:
        return jmespath.search(path, value)
    except JMESPathError as error:
        raise page.refuse("JMESPath", path, f"JMESPath 表达式（{error}）") from error


def _scalar(page: Page, name: str, text: str) -> JsonScalar:
    if name not in _COUNTS:
        return text
    try:
        return read_count(text)
    except ValueError as error:
        raise page.refuse(name, text, "非负数，可带 万、亿") from error
