"""Detects the list in a JSON answer and the fields of its items, by their names and their values."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crawlers.drafts.draft import Draft
from crawlers.page import Page, html_text

_NAMES = {
    "key_path": ("id", "tid", "aid", "docid", "uuid", "key", "number", "code"),
    "title_path": ("title", "subject", "headline", "name", "desc"),
    "text_path": ("content", "body", "text", "detail", "description", "summary", "abstract"),
    "time_path": ("time", "date", "created", "publish", "at"),
    "link_path": ("url", "link", "href"),
    "author_path": ("author", "nickname", "username", "user"),
}
_TOLD = {
    "key_path": "编号",
    "title_path": "标题",
    "text_path": "正文",
    "time_path": "发布时间",
    "link_path": "网址",
}
_COUNTS = {
    "likes": ("like", "praise", "digg", "upvote"),
    "comments": ("comment", "reply_count"),
    "reposts": ("repost", "share"),
}
_PAGES = ("page", "pageNo", "pageNum", "pageIndex", "p", "pn", "current")
_CURSORS = ("next_cursor", "nextCursor", "cursor", "next", "after", "last_id", "maxId")
_MORE = ("has_more", "hasMore", "hasNext", "more")
_DEPTH = 5


def draft_api(page: Page) -> Draft:
    """A draft of a JSON source. Raises ReadError where the answer has no list of objects."""
    lists = [(path, items) for path, items in _lists(page.json, "") if items]
    if not lists:
        raise page.refuse("JSON", page.text[:60], "含有对象数组的回答；请手工写 items")
    path, items = max(lists, key=lambda found: len(str(found[1])))
    draft = Draft("api", "ApiSpider", "api", page.url, count=len(items))
    draft.fields["items"] = path or "@"
    found = {name: _field(page, items, name) for name in _NAMES}
    for name, told in _TOLD.items():
        draft.note(name, found[name], told)
    draft.timed = bool(found["time_path"])
    if found["author_path"]:
        draft.fields["author_path"] = found["author_path"]
    extra = {name: field for name, words in _COUNTS.items() if (field := _count(items, words))}
    if extra:
        draft.fields["extra"] = extra
    if not found["text_path"] and found["link_path"]:
        draft.fields["detail"] = True
        draft.links = [page.join(str(item[found["link_path"]])) for item in items[:2]]
    _draft_paging(draft, page)
    return draft


def _lists(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        yield path, value
    elif isinstance(value, dict) and depth < _DEPTH:
        for name, inner in value.items():
            step = name if name.isidentifier() else f'"{name}"'
            yield from _lists(inner, f"{path}.{step}" if path else step, depth + 1)


def _field(page: Page, items: list[Mapping[str, Any]], name: str) -> str:
    """The field whose name says it and whose values are right, most telling name first."""
    fields = [field for field in items[0] if all(_is_right(page, item.get(field), name) for item in items)]
    for word in _NAMES[name]:
        for field in fields:
            if field.lower() == word or (name != "key_path" and word in field.lower()):
                return field
    return next(iter(fields), "") if name == "time_path" else ""


def _is_right(page: Page, value: object, name: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return False
    if name == "time_path":
        return page.is_time(str(value))
    if name == "link_path":
        return str(value).startswith(("http://", "https://", "/"))
    if name == "text_path":
        return isinstance(value, str) and len(html_text(value) if "<" in value else value) > 10
    return name == "key_path" or isinstance(value, str)


def _count(items: list[Mapping[str, Any]], words: tuple[str, ...]) -> str:
    """The field of a count, by its name."""
    for field, value in items[0].items():
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and any(word in field.lower() for word in words)
        ):
            return field
    return ""


def _draft_paging(draft: Draft, page: Page) -> None:
    asked = [name for name, _ in parse_qsl(urlsplit(page.url).query)]
    param = next((name for name in _PAGES if name in asked), "")
    if param:
        draft.fields["page_param"] = param
    cursor = _named(page.json, _CURSORS)
    if cursor and not param:
        draft.fields.update({"cursor": cursor, "cursor_param": cursor.rpartition(".")[2]})
        draft.missing.append("游标用哪个参数传（cursor_param，这里按字段名猜的）")
    more = _named(page.json, _MORE)
    if more:
        draft.fields["more"] = more
    if not param and not cursor:
        draft.missing.append("翻页（page_param，或 cursor 与 cursor_param）")


def _named(value: object, names: tuple[str, ...], path: str = "", depth: int = 0) -> str:
    """The path of the first scalar with one of these names."""
    if not isinstance(value, dict) or depth > _DEPTH:
        return ""
    for name, inner in value.items():
        if name in names and not isinstance(inner, dict | list):
            return f"{path}{name}"
    inner_paths = (_named(inner, names, f"{path}{name}.", depth + 1) for name, inner in value.items())
    return next((found for found in inner_paths if found), "")
