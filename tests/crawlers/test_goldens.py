"""Every source reads the pages that are kept for it as it did when they were kept."""

import pytest

from crawlers.discovery import load_files
from crawlers.goldens import golden_files, golden_folder, read_golden, read_page

SOURCES = {found.source.name: found for found in load_files()}
CASES = [
    pytest.param(name, file, id=f"{name}-{file}")
    for name, found in SOURCES.items()
    for file in golden_files(found)
]


@pytest.mark.parametrize(("name", "file"), CASES)
def test_a_source_reads_its_golden_page_as_kept(name: str, file: str) -> None:
    golden = read_golden(SOURCES[name], file)
    assert read_page(SOURCES[name], golden.page, golden.reader) == golden.expected


@pytest.mark.parametrize("name", SOURCES)
def test_a_shipped_source_has_a_golden_of_every_kind_of_page_it_reads(name: str) -> None:
    found = SOURCES[name]
    goldens = [read_golden(found, file) for file in golden_files(found)]
    assert any(golden.expected["records"] for golden in goldens)
    # An interface that takes POST is asked for its next page at the same address.
    follows = any(set(one.expected["requests"]) - {one.page.url} for one in goldens if one.reader == "start")
    assert {golden.reader for golden in goldens} == (
        {"start", found.spider.readers[-1]} if follows else {"start"}
    )


def test_no_golden_is_kept_of_a_source_that_is_gone() -> None:
    folder = golden_folder(next(iter(SOURCES.values()))).parent
    assert {path.name for path in folder.iterdir()} == set(SOURCES)


def test_no_shipped_source_is_enabled_before_somebody_saw_it_work() -> None:
    assert [
        name for name, found in SOURCES.items() if found.source.enabled and not found.source.verified
    ] == []


@pytest.mark.parametrize("name", SOURCES)
def test_a_shipped_source_says_its_terms_and_that_it_was_not_seen_live(name: str) -> None:
    found = SOURCES[name]
    text = found.path.read_text("utf-8")
    assert "Terms:" in text
    assert ("Not verified live" in text) is (found.source.verified is None)
