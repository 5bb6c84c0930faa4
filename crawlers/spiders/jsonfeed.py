"""JSON Feed (jsonfeed.org, versions 1 and 1.1) under the names that feedparser gives the fields of a feed."""

from collections.abc import Mapping
from typing import Any

from crawlers.page import Page

_VERSION = "https://jsonfeed.org/version/"
_TEXTS = ("content_html", "content_text", "summary")
_NAMES = {"title": "title", "url": "link", "date_published": "published", "date_modified": "updated"}


def is_json_feed(page: Page) -> bool:
    """Whether a page says that it is a JSON Feed."""
    return page.text.lstrip("\ufeff \t\r\n").startswith("{") and _VERSION in page.text[:4096]


def read_json_feed(page: Page) -> Mapping[str, Any]:
    """The feed as feedparser would have given it. Raises ReadError where it has no list of items."""
    items = page.json.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise page.refuse("items", items, "JSON Feed 的 items：对象的数组")
    following = page.json.get("next_url")
    links = [{"rel": "next", "href": str(following)}] if following else []
    entries = [_entry(page, item) for item in items]
    return {"version": page.json["version"], "bozo": False, "entries": entries, "feed": {"links": links}}


def _entry(page: Page, item: Mapping[str, Any]) -> dict[str, Any]:
    """An entry; one whose authors or tags are of another shape carries the error that it is put aside by."""
    authors = item.get("authors") or ([item["author"]] if item.get("author") else [])
    tags = item.get("tags") or []
    if not isinstance(authors, list) or not all(isinstance(one, dict) for one in authors):
        return {"refused": page.refuse("authors", authors, "对象的数组，各有 name：文字")}
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return {"refused": page.refuse("tags", tags, "数组，各项为文字")}
    entry: dict[str, Any] = {name: str(item[field]) for field, name in _NAMES.items() if item.get(field)}
    if "id" in item:
        entry["id"] = str(item["id"])
    entry["author"] = str(authors[0].get("name", "")) if authors else ""
    entry["content"] = [{"value": str(item[field])} for field in _TEXTS if item.get(field)]
    entry["tags"] = [{"term": tag} for tag in tags]
    return entry
