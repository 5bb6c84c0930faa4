"""Source files are found by path, and what is wrong with one is said with file, field and value."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crawlers.discovery import SHIPPED, check_sources, discover_sources, find_source
from crawlers.source import Count, Source, check_source
from schemas.errors import ReadError, Where

MakeSource = Callable[..., Path]
RIGHT = Source("demo_site", "测试", "pages", "https://demo.example/list", "90m", Count(1, 9))


def test_the_shipped_sources_are_found_by_name_and_right() -> None:
    names = [source.name for source in discover_sources()]
    assert names == sorted(path.stem for path in SHIPPED.glob("*_*.py") if path.stem != "__init__")
    assert len(names) >= 10
    assert check_sources() == ()


def test_a_deployments_file_is_found_beside_them(make_source: MakeSource) -> None:
    folder = make_source("demo_site", "pages", "http://demo.example/list")
    (folder / "_draft.py").write_text("broken(", encoding="utf-8")
    own = {source.name for source in discover_sources(folder)} - {
        source.name for source in discover_sources()
    }
    assert own == {"demo_site"}
    assert find_source("demo_site", folder).spider.name == "demo_site"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name='demo_site'", "name='demo_other'", "SOURCE.name = 'demo_other'：应为 文件名 demo_site"),
        ("every='1h'", "every='hourly'", "SOURCE.every = 'hourly'：应为 30m、1h、1d"),
        (
            "kind='pages'",
            "kind='blog'",
            "SOURCE.kind = 'blog'：应为 feed、pages、sitemap、api、forum、board、sensor 之一",
        ),
        ("kind='pages'", "kind='feed'", "spider = ['Demo']：应为 恰好一个 FeedSpider 的子类"),
        ("source = SOURCE\n", "source = SOURCE\nSOURCE = 3\n", "SOURCE = 3：应为 一个 Source(...)"),
        ("source = SOURCE", "pass", "Demo.source = None：应为 SOURCE"),
        ("class Demo(PagesSpider)", "class Demo", "spider = []：应为 恰好一个 PagesSpider 的子类"),
        ("'http://demo.example", "'ftp://demo.example", "SOURCE.url = 'ftp://demo.example/list'：应为 http"),
        ("Count(1, 100)", "Count(9, 1)", "SOURCE.expect = Count(min=9, max=1)：应为 0 <= min <= max"),
        ("every='1h', ", "", "TypeError = "),
        ("delay=0", "delay=-1", "SOURCE.delay = -1：应为"),
        ("delay=0", "dealy=0", "TypeError = "),
        ("from crawlers.source", "from crawlers.sauce", "ModuleNotFoundError = "),
        (
            "source = SOURCE",
            "source = SOURCE; item_css = 'li'",
            "Demo.item_css = 'li'：应为 已有的字段，如 items_css",
        ),
        ("source = SOURCE", "source = SOURCE; items_css = 'li['", "Demo.items_css = 'li['：应为 CSS 选择器"),
        ("source = SOURCE", "source = SOURCE; colour = 3", "Demo.colour = 3：应为 已有的字段"),
        ("class Demo", "class", ":5: Python = 'invalid syntax'：应为 合乎语法的 Python"),
    ],
)
def test_a_wrong_file_is_one_clear_line(make_source: MakeSource, old: str, new: str, message: str) -> None:
    folder = make_source("demo_site", "pages", "http://demo.example/list")
    file = folder / "demo_site.py"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReadError) as error:
        find_source("demo_site", folder)
    assert str(file) in str(error.value)
    assert message in str(error.value)
    assert [str(found) for found in check_sources(folder)] == [str(error.value)]


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("api", "items = 'data['", "Demo.items = 'data['：应为 JMESPath 表达式"),
        ("api", "extra = {'likes': 'a..b'}", "Demo.extra = 'a..b'：应为 JMESPath 表达式"),
        ("feed", "paging = '?paged=2'", "Demo.paging = '?paged=2'：应为 含有 {page} 的网址"),
        ("feed", "paging = '?p={n}'", "Demo.paging = '?p={n}'：应为 含有 {page} 的网址"),
        ("sitemap", "include = '('", "Demo.include = '('：应为 正则表达式"),
    ],
)
def test_an_expression_that_cannot_be_read_is_one_clear_line(
    make_source: MakeSource, kind: str, fields: str, message: str
) -> None:
    folder = make_source("demo_site", kind, "http://demo.example/list", f"    {fields}\n")
    with pytest.raises(ReadError) as error:
        find_source("demo_site", folder)
    assert message in str(error.value)


def test_one_wrong_file_does_not_stop_the_others(make_source: MakeSource) -> None:
    folder = make_source("demo_site", "pages", "http://demo.example/list")
    (folder / "demo_wrong.py").write_text("SOURCE = 3\n", encoding="utf-8")
    assert find_source("demo_site", folder).source.name == "demo_site"
    assert len(check_sources(folder)) == 1


def test_a_name_stands_in_one_folder_only(make_source: MakeSource) -> None:
    folder = make_source("cn_piyao", "pages", "http://demo.example/list")
    with pytest.raises(ReadError, match="没有用过的名称"):
        discover_sources(folder)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="已有的文件夹"):
        discover_sources(tmp_path / "none")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Demo"), ("name", "demo"), ("publisher", " "), ("url", "demo.example"), ("every", "0h"),
        ("pages", 0), ("district", "云汀 市"), ("zone", "Asia/Nowhere"), ("timeout", 0), ("retries", -1),
        ("max_bytes", 0),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_field(field: str, value: object) -> None:
    with pytest.raises(ReadError, match=f"SOURCE.{field} = "):
        check_source(replace(RIGHT, **{field: value}), Where("x.py"))  # type: ignore[arg-type]


def test_a_right_source_passes_and_knows_its_interval() -> None:
    check_source(RIGHT, Where("x.py"))
    assert RIGHT.interval == timedelta(minutes=90)
