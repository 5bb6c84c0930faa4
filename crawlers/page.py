"""A fetched page as the spiders see it: text, selectors and main text, without any fetching."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urldefrag, urljoin
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
_CALLBACK = re.compile(r"[\w.$]*\(\s*(.*?)\s*\)", re.DOTALL)
_SCALES = {"": 1, "万": 10_000, "亿": 100_000_000}
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
        """The decoded page. Raises ReadError where its bytes are broken."""
        return decode_text(self.body, content_type=self.content_type, where=self.where)

    @cached_property
    def json(self) -> Any:  # noqa: ANN401 - whatever the site answers
        """The page as JSON, out of its callback where it is JSONP. Raises ReadError where it is neither."""
        text = self.text.strip().removesuffix(";")
        wrapped = _CALLBACK.fullmatch(text)
        try:
            return orjson.loads(wrapped[1] if wrapped else text)
        except orjson.JSONDecodeError as error:
            raise self.refuse("JSON", text[:60], f"完整的 JSON（{error.msg}）") from error

    @cached_property
    def tree(self) -> Selector:
        """The page's elements. NUL characters are dropped: libxml2 would end the page at the first."""
        return Selector(text=self.text.replace("\0", ""), type="html", base_url=self.url)

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
        """The full address of a link on this page, without its fragment."""
        base = self.tree.css("base::attr(href)").get(default="") if "<base" in self.text.lower() else ""
        return urldefrag(urljoin(urljoin(self.url, base), href.strip())).url

    def time(self, text: str, field: str = "published_at") -> datetime:
        """The time a text on this page states, relative to when it was fetched."""
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

        found = trafilatura.extract(self.text, url=self.url, include_comments=False, target_language=None)
        return found or ""

    def refuse(self, field: str, value: object, allowed: str) -> ReadError:
        """The error for a field of this page."""
        return ReadError(self.where, field, value, allowed)


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
