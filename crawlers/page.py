"""A fetched page as the spiders see it: text, selectors and main text, without any fetching."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit
from zoneinfo import ZoneInfo

import orjson
from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector

from crawlers.charset import decode_text
from crawlers.dates import read_time
from crawlers.source import Source
from schemas.errors import ReadError, Where

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_COUNT = re.compile(r"(\d{1,12}(?:\.\d{1,4})?)\s*([万亿]?)\+?")
_CALLBACK = re.compile(r"[\w.$]{0,200}\(")
# What libxml2 builds of a page takes hundreds of bytes a tag; deeper it drops what follows, and the time it
# takes over the attributes of one tag grows with their square.
MOST_TAGS = 200_000
_DEEP = re.compile(
    r"(?:<(?:div|span|b|i|font|table|tr|td|ul|ol|section|blockquote|a|em|strong)\b[^<>]{0,200}>\s{0,9}){2000}"
)
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{50000,}")
_MOST_ATTRIBUTES = 5_000
_LONGEST_TIME = 200
_HOST = re.compile(r"[^\s\x00-\x1f<>\"'`{}|\\^%]+")
_SCALES = {"": 1, "万": 10_000, "亿": 100_000_000}
# Links of lists lead to these too; read as text they would be a page without a title.
_FILES = {
    b"%PDF-": "PDF",
    b"PK\x03\x04": "ZIP 或 Office 文件",
    b"\xd0\xcf\x11\xe0": "旧版 Office 文件",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"GIF8": "图片",
    b"Rar!": "RAR",
}
_SILENT = frozenset(["script", "style", "noscript", "template"])


@dataclass(frozen=True)
class Link:
    """A detail page that a list page names, with the title and time the list gives.

    `mark` is what the list says of its state: a count of replies, a state of work, a time of change. While it
    stays the same the page needs no second reading.
    """

    url: str
    title: str = ""
    time: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Page:
    """One page of a source. `now` is when it was fetched; `link` is how its list page announced it."""

    source: Source
    url: str
    body: bytes
    now: datetime
    content_type: str = ""
    link: Link | None = None

    @property
    def where(self) -> Where:
        """The page's address, for errors."""
        return Where(self.url)

    @cached_property
    def text(self) -> str:
        """The decoded page. Raises ReadError where its bytes are broken, or are no text at all."""
        if kind := next((name for mark, name in _FILES.items() if self.body.startswith(mark)), ""):
            raise self.refuse("内容", kind, "文字：网页、feed 或 JSON")
        return decode_text(self.body, content_type=self.content_type, where=self.where)

    @cached_property
    def json(self) -> Any:  # noqa: ANN401 - whatever the site answers
        """The page as JSON, out of its callback where it is JSONP. Raises ReadError where it is neither."""
        text = self.text.strip().removesuffix(";")
        wrapped = _CALLBACK.match(text) if text.endswith(")") else None
        try:
            return orjson.loads(text[wrapped.end() : -1] if wrapped else text)
        except orjson.JSONDecodeError as error:
            raise self.refuse("JSON", text[:60], f"完整的 JSON（{error.msg}）") from error

    @cached_property
    def tree(self) -> Selector:
        """The page's elements. NUL characters are dropped: libxml2 would end the page at the first.

        Raises ReadError for a page that would take too much memory or time, or could not be read whole.
        """
        self._check_shape()
        return Selector(text=self.text.replace("\0", ""), type="html", base_url=self.url)

    def _check_shape(self) -> None:
        tags = self.text.count("<")
        if tags > MOST_TAGS:
            raise self.refuse("结构", f"{tags} 个标签", f"不超过 {MOST_TAGS} 个标签")
        if _DEEP.search(self.text):
            raise self.refuse("结构", "2000 层以上", "不超过 2000 层的嵌套")
        if any(found[0].count(" ") > _MOST_ATTRIBUTES for found in _LONG_TAG.finditer(self.text)):
            raise self.refuse("结构", "一个标签里的属性过多", f"不超过 {_MOST_ATTRIBUTES} 个属性")

    def first(self, css: str) -> str:
        """The text of the first element, `::text` or `::attr(...)` that a selector finds, empty for none."""
        return next(iter(self.texts(css)), "")

    def texts(self, css: str) -> list[str]:
        """The texts of all that a selector finds."""
        return [selected_text(found) for found in self.tree.css(css)]

    def text_of(self, css: str) -> str:
        """The text of all that a selector finds, what stands within another counted once."""
        found = self.tree.css(css)
        roots = {each.root for each in found}
        return "\n".join(
            selected_text(each)
            for each in found
            if isinstance(each.root, str) or roots.isdisjoint(each.root.iterancestors())
        )

    def join(self, href: str) -> str:
        """The full address of a link on this page, without its fragment; one that is none as it stands."""
        try:
            return urldefrag(urljoin(self._base, href.strip())).url
        except ValueError:
            return href.strip()

    @cached_property
    def _base(self) -> str:
        """What links count from: once a page, which may hold thousands."""
        stated = self.tree.css("base::attr(href)").get(default="") if "<base" in self.text.lower() else ""
        try:
            return urljoin(self.url, stated)
        except ValueError:
            return self.url

    def time(self, text: str, field: str = "published_at") -> datetime:
        """The time a text on this page states, relative to when it was fetched."""
        if len(text) > _LONGEST_TIME:
            raise self.refuse(field, text[:60], "2026-01-31 08:00 一类的时间")
        return read_time(text, now=self.now, zone=ZoneInfo(self.source.zone), where=self.where, field=field)

    def is_time(self, text: str) -> bool:
        """Whether a text on this page states a time."""
        try:
            self.time(text)
        except ReadError:
            return False
        return True

    def main_text(self) -> str:
        """The article as trafilatura finds it, without comments and navigation; empty where there is none."""
        return self._main_text

    @cached_property
    def _main_text(self) -> str:
        import trafilatura  # noqa: PLC0415 - half a second that feeds and the list of sources need not pay

        self._check_shape()
        found = trafilatura.extract(self.text, url=self.url, include_comments=False, target_language=None)
        return found or ""

    def refuse(self, field: str, value: object, allowed: str) -> ReadError:
        """The error for a field of this page."""
        return ReadError(self.where, field, value, allowed)


def is_web_address(url: str) -> bool:
    """Whether a text is an http or https address that can be asked for.

    >>> is_web_address("https://people.com.cn/1"), is_web_address("http://[::1"), is_web_address("http://h:99999/")
    (True, False, False)
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    sound = _HOST.fullmatch(parts.hostname or "") is not None
    return parts.scheme in {"http", "https"} and sound and port != 0


def selected_text(found: Selector) -> str:
    """The text of a selected element, one line a block; attributes and text nodes as they are."""
    root: Any = found.root
    return root.strip() if isinstance(root, str) else element_text(root)


def element_text(root: etree._Element) -> str:
    """The text below an element: blocks on their own lines, scripts and comments left out, blanks joined."""
    lines = "".join(_pieces(root)).split("\n")
    return "\n".join(line for line in (" ".join(raw.split()) for raw in lines) if line)


def _pieces(root: etree._Element) -> Iterator[str]:
    silent = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        quiet = node.tag in _SILENT
        block = "\n" if node.tag in _BLOCKS else ""
        if event == "start":
            silent += quiet
            yield block if silent else block + _flat(node.text)
        else:
            silent -= quiet and event == "end"
            tail = "" if node is root or silent else _flat(node.tail)
            yield block + tail


def _flat(text: str | None) -> str:
    return " ".join(text.split("\n")) if text else ""


def html_text(markup: str) -> str:
    """The text of a piece of HTML, such as the description of a feed entry.

    >>> html_text("<p>停水<br>通知</p>")
    '停水\\n通知'
    """
    return element_text(Selector(text=f"<body>{markup}</body>", type="html").root)


def read_count(text: str) -> int:
    """A number of likes or comments as sites shorten it. Raises ValueError for anything else.

    >>> read_count("1.2万"), read_count("3,051")
    (12000, 3051)
    """
    found = _COUNT.fullmatch(text.replace(",", "").replace("，", "").strip())
    if found is None:
        raise ValueError(text)
    return round(float(found[1]) * _SCALES[found[2]])
