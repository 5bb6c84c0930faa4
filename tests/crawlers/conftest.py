"""Pages, feeds and source files for the crawl tests."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from crawlers.page import Page
from crawlers.source import Count, Source

# The spiders that are not named after their kind, and where they stand.
MODULES = {"DiscuzSpider": "forums", "PhpbbSpider": "forums", "NodebbSpider": "nodebb"}
NOW = datetime.fromisoformat("2026-01-31T12:00:00+08:00")
SOURCE = Source("demo_test", "测试", "feed", "http://demo.example/feed", "1h", Count(1, 100))


@pytest.fixture
def now() -> datetime:
    """The moment the test pages are fetched."""
    return NOW


@pytest.fixture
def make_page(now: datetime) -> Callable[..., Page]:
    """A page of the test source from a text or bytes."""

    def make(body: str | bytes, url: str = "http://demo.example/a/1.html", content_type: str = "") -> Page:
        return Page(SOURCE, url, body.encode() if isinstance(body, str) else body, now, content_type)

    return make


@pytest.fixture
def make_source(tmp_path: Path) -> Callable[..., Path]:
    """Writes a source file into a deployment's folder; returns the folder."""
    folder = tmp_path / "sources"
    folder.mkdir()

    def make(name: str, kind: str, url: str, spider: str = "", base: str = "", **fields: object) -> Path:
        settings = {
            "every": "1h",
            "delay": 0,
            "retries": 1,
            "retry_wait": 0.05,
            "allow_private": True,
            **fields,
        }
        written = ", ".join(f"{field}={value!r}" for field, value in settings.items() if field != "expect")
        module = MODULES.get(base, kind)
        base = base or f"{kind.capitalize()}Spider"
        text = (
            '"""A test source."""\n'
            "from crawlers.source import Count, Source\n"
            f"from crawlers.spiders.{module} import {base}\n"
            f"SOURCE = Source(name={name!r}, publisher='测试', kind={kind!r}, url={url!r}, "
            f"expect=Count{fields.get('expect', (1, 100))!r}, {written})\n"
            f"class Demo({base}):\n    source = SOURCE\n{spider}"
        )
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        return folder

    return make
