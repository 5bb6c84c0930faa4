"""Golden pages: kept pages of a source with what it must read from them; written by `sources save`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scrapy.http import Request

from crawlers.discovery import SHIPPED, SourceFile
from crawlers.page import Link, Page
from crawlers.redact import redact
from schemas.errors import ReadError, Where, one_of
from schemas.records import Quarantined, RawPost

EXPECTED = "expected.json"
_ENDINGS = {"xml": "xml", "json": "json", "gzip": "xml.gz"}


@dataclass(frozen=True, slots=True)
class Golden:
    """One kept page, and what was read from it when it was kept. `reader` is the kind of page it is."""

    page: Page
    reader: str
    expected: dict[str, Any]


def golden_folder(found: SourceFile) -> Path:
    """Where the goldens of a source lie: beside a deployment's files, in the tests for the shipped ones."""
    if found.path.parent == SHIPPED:
        return SHIPPED.parents[1] / "tests" / "crawlers" / "goldens" / found.source.name
    return found.path.parent / "goldens" / found.source.name


def golden_files(found: SourceFile) -> tuple[str, ...]:
    """The names of a source's kept pages."""
    return tuple(_rows(golden_folder(found)))


def read_golden(found: SourceFile, file: str) -> Golden:
    """One kept page. Raises ReadError where its row is not right."""
    folder = golden_folder(found)
    try:
        row = _rows(folder)[file]
        link = Link(**row["link"]) if "link" in row else None
        now = datetime.fromisoformat(row["now"])
        body = (folder / file).read_bytes()
        page = Page(found.source, row["url"], body, now, row.get("content_type", ""), link)
        return Golden(page, row["reader"], row["read"])
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ReadError(Where(str(folder / EXPECTED)), file, str(error), "sources save 写出的一项") from error


def read_page(found: SourceFile, page: Page, reader: str) -> dict[str, Any]:
    """What the source reads from a page, as JSON: records, the addresses that follow, what is put aside.

    Raises ReadError where the page is refused as a whole.
    """
    spider = found.spider()
    if reader not in spider.readers:
        raise ReadError(page.where, "reader", reader, one_of(spider.readers))
    items = list(getattr(spider, f"read_{reader}")(page))
    aside = [item.reason for item in items if isinstance(item, Quarantined)]
    return {
        "records": [show_post(item) for item in items if isinstance(item, RawPost)],
        "requests": [item.url for item in items if isinstance(item, Request)],
        **({"quarantined": aside} if aside else {}),
    }


def show_post(post: RawPost) -> dict[str, Any]:
    """A record as goldens and `sources try` show it: without hashes and the time of fetching."""
    at, ticket = post.origin.published_at, post.origin.ticket
    return {
        "title": post.title,
        "body": post.body,
        "published_at": None if at is None else at.isoformat(),
        "url": post.origin.url,
        **({"ticket": ticket} if ticket else {}),
        "extra": dict(post.extra),
    }


def check_goldens(found: SourceFile) -> Iterator[str]:
    """One line for every kept page that the source reads otherwise than when it was kept."""
    for file in golden_files(found):
        golden = read_golden(found, file)
        try:
            read = read_page(found, golden.page, golden.reader)
        except ReadError as error:
            yield f"{found.source.name} {file}：{error}"
            continue
        if read != golden.expected:
            yield f"{found.source.name} {file}：读出的与存下的不同：{_difference(golden.expected, read)}"


def save_golden(found: SourceFile, page: Page, reader: str) -> Path:
    """Keep a page with what the source reads from it now; the page's path. A second of its kind is kept too.

    The same address is kept once: the newer page replaces the older. Raises ReadError where the source
    cannot read the page.
    """
    page = replace(page, url=redact(page.url))
    folder = golden_folder(found)
    rows = _rows(folder)
    read = read_page(found, page, reader)
    kept = next((file for file, row in rows.items() if row["url"] == page.url), None)
    file = kept or _new_name(rows, reader, page)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(page.body)
    rows[file] = _row(page, reader, read)
    text = json.dumps({"pages": rows}, ensure_ascii=False, indent=2)
    (folder / EXPECTED).write_text(f"{text}\n", encoding="utf-8")
    return folder / file


def find_link(found: SourceFile, url: str) -> Link | None:
    """How the kept list pages announce an address, None where none does."""
    for file in golden_files(found):
        golden = read_golden(found, file)
        if golden.reader == "start":
            for item in found.spider().read_start(golden.page):
                if isinstance(item, Request) and item.url == url:
                    link: Link | None = item.meta["link"]
                    return link
    return None


def _rows(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / EXPECTED
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_bytes())["pages"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReadError(Where(str(path)), "pages", str(error), "sources save 写出的 JSON") from error
    return dict(rows)


def _row(page: Page, reader: str, read: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "url": page.url,
        "reader": reader,
        "now": page.now.isoformat(timespec="seconds"),
    }
    if page.content_type:
        row["content_type"] = page.content_type
    if page.link:
        row["link"] = {"url": page.link.url, "title": page.link.title, "time": page.link.time}
    return {**row, "read": read}


def _new_name(rows: dict[str, dict[str, Any]], reader: str, page: Page) -> str:
    kind = page.content_type.lower()
    ending = next((ending for part, ending in _ENDINGS.items() if part in kind), "html")
    stem = {"start": "list"}.get(reader, reader)
    names = (f"{stem}{number or ''}.{ending}" for number in (0, *range(2, len(rows) + 3)))
    return next(name for name in names if name not in rows)


def _difference(expected: dict[str, Any], read: dict[str, Any]) -> str:
    for name in ("records", "requests", "quarantined"):
        was, now = expected.get(name, []), read.get(name, [])
        if len(was) != len(now):
            return f"{name} 原有 {len(was)} 项，现有 {len(now)} 项"
        for number, (one, other) in enumerate(zip(was, now, strict=True), start=1):
            if one != other:
                return f"{name} 第 {number} 项 {_first_field(one, other)}"
    return "多出字段"


def _first_field(one: object, other: object) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        field = next(name for name in {**one, **other} if one.get(name) != other.get(name))
        return f"{field}：原为 {one.get(field)!r:.60}，现为 {other.get(field)!r:.60}"
    return f"原为 {one!r:.60}，现为 {other!r:.60}"
