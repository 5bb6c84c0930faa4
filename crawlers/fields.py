"""Checks what a source file sets on its spider: names that exist, expressions that can be read."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

import jmespath  # type: ignore[import-untyped]
from cssselect import SelectorError
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]
from parsel.csstranslator import HTMLTranslator

from crawlers.spiders.base import SourceSpider
from schemas.errors import ReadError, Where

_PATTERNS = frozenset(["include", "maps", "thread_id", "post_id"])
_EXPRESSIONS = frozenset(["items", "cursor", "more"])


def check_fields(spider: type[SourceSpider], where: Where) -> None:
    """Raise ReadError for the first field that no base has, or that cannot be read.

    A slip such as `item_css` would otherwise be passed over, and the source collect nothing.
    """
    known = {name for base in spider.__mro__[1:] for name in vars(base)}
    for name, value in _own_fields(spider):
        if name not in known:
            raise ReadError(where, f"{spider.__name__}.{name}", value, _likely(name, known))
        for text in value.values() if isinstance(value, dict) else (value,):
            _check_text(name, text, where, spider.__name__)


def _own_fields(spider: type[SourceSpider]) -> Iterator[tuple[str, object]]:
    for name, value in vars(spider).items():
        is_method = isinstance(value, property | staticmethod | classmethod) or callable(value)
        if not name.startswith("_") and not is_method and name not in {"name", "source"}:
            yield name, value


def _likely(name: str, known: set[str]) -> str:
    near = get_close_matches(name, known, n=3)
    return f"已有的字段，如 {'、'.join(near)}" if near else "已有的字段；自己的常量请写在类外面"


def _check_text(name: str, text: object, where: Where, spider: str) -> None:
    read, allowed = _reader(name)
    if read is None or not isinstance(text, str) or not text:
        return
    try:
        read(text)
    except (SelectorError, JMESPathError, re.error, ValueError, LookupError) as error:
        raise ReadError(where, f"{spider}.{name}", text, f"{allowed}（{error}）") from error


def _reader(name: str) -> tuple[Callable[[str], object] | None, str]:
    if name.endswith("_css"):
        return HTMLTranslator().css_to_xpath, "CSS 选择器"
    if name.endswith("_path") or name in _EXPRESSIONS or name == "extra":
        return jmespath.compile, "JMESPath 表达式"
    if name == "paging":
        return _number, "含有 {page} 的网址，如 ?paged={page}"
    return (re.compile, "正则表达式") if name in _PATTERNS else (None, "")


def _number(address: str) -> str:
    """The address of the second page. Raises ValueError or LookupError for one that takes no number."""
    second = address.format(page=2)
    if second == address:
        raise ValueError("没有 {page}")
    return second
