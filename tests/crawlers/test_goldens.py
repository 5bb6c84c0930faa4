"""Every source reads the pages that are kept for it as it did when they were kept."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.discovery import SourceFile, load_files
from crawlers.page import Page
from schemas.records import RawPost

GOLDENS = Path(__file__).parent / "goldens"
SOURCES = {found.source.name: found for found in load_files()}
CASES = [
    pytest.param(name, file, id=f"{name}-{file}")
    for name in sorted(path.name for path in GOLDENS.iterdir())
    for file in json.loads((GOLDENS / name / "expected.json").read_bytes())["pages"]
]


def read_page(found: SourceFile, file: str, expected: dict[str, Any]) -> tuple[list[Any], list[str]]:
    case = expected["pages"][file]
    body = (GOLDENS / found.source.name / file).read_bytes()
    page = Page(found.source, case["url"], body, datetime.fromisoformat(expected["now"]))
    spider = found.spider()
    read = getattr(spider, f"read_{case['kind']}")
    items = list(read(page))
    return [shown(item) for item in items if isinstance(item, RawPost)], [
        item.url for item in items if not isinstance(item, RawPost)
    ]


def shown(post: RawPost) -> dict[str, Any]:
    at = post.origin.published_at
    return {
        "title": post.title,
        "body": post.body,
        "published_at": None if at is None else at.isoformat(),
        "url": post.origin.url,
        "extra": dict(post.extra),
    }


@pytest.mark.parametrize(("name", "file"), CASES)
def test_a_source_reads_its_golden_page_as_kept(name: str, file: str) -> None:
    expected = json.loads((GOLDENS / name / "expected.json").read_bytes())
    records, requests = read_page(SOURCES[name], file, expected)
    assert records == expected["pages"][file]["records"]
    assert requests == expected["pages"][file]["requests"]


def test_every_shipped_source_has_a_golden_page() -> None:
    assert {path.name for path in GOLDENS.iterdir()} == set(SOURCES)


def test_no_shipped_source_is_enabled_before_somebody_saw_it_work() -> None:
    assert [
        name for name, found in SOURCES.items() if found.source.enabled and not found.source.verified
    ] == []
