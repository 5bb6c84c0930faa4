"""Pages of every kind, broken at random: each is read, put aside piece by piece, or refused as a whole."""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawlers.drafts.kinds import add_details, draft_source
from crawlers.hotline import import_table
from crawlers.page import Page
from crawlers.reasons import reason_of
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.pages import PagesSpider
from schemas.errors import ReadError
from schemas.records import Quarantined, RawPost
from tests.crawlers.conftest import NOW, SOURCE
from tests.crawlers.malformed.cases import KEPT, Case, read_cases
from tests.crawlers.malformed.feeds import broken_feeds
from tests.crawlers.malformed.pages import broken_pages
from tests.crawlers.malformed.tables import broken_tables
from tests.crawlers.test_forums import Board, Discuz, Nodebb, Phpbb
from tests.crawlers.test_kinds import DemoApi, DemoFeed, DemoMap, MovedSite

SHAPES, GOLDENS = Path(__file__).parent / "shapes", Path(__file__).parent / "goldens"
EACH = 30
JUNK: tuple[Any, ...] = (
    None, True, -1, 1e300, "", "昨天吧", "\0", "\ud800", [], {}, [None], {"a": []}, "<" * 9, "&#xD800;",
)  # fmt: skip
CASES: tuple[tuple[type[SourceSpider], str, Path], ...] = (
    (DemoFeed, "start", GOLDENS / "cn_chinanews_society" / "list.xml"),
    (DemoMap, "start", SHAPES / "sitemap.xml"),
    (DemoApi, "start", SHAPES / "answer.json"),
    (Nodebb, "start", SHAPES / "nodebb_category.json"),
    (Nodebb, "thread", SHAPES / "nodebb_topic.json"),
    (Discuz, "start", SHAPES / "discuz_list.html"),
    (Discuz, "thread", SHAPES / "discuz_thread.html"),
    (Phpbb, "thread", SHAPES / "phpbb_thread.html"),
    (Board, "post", GOLDENS / "dongguan_wenzheng" / "post2.html"),
    (MovedSite, "post", GOLDENS / "cn_gov_ministries" / "post.html"),
)


def broken(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """The bytes cut short, with a piece lost, doubled or put in; JSON with values exchanged and lost too."""
    for turn in range(EACH):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        forms = (
            data[:at],
            data[:at] + data[to:],
            data[:to] + data[at:],
            data[:at] + bytes(chance.randbytes(9)) + data[at:],
        )
        yield forms[turn % len(forms)]
        if data.lstrip()[:1] in {b"{", b"["}:
            yield json.dumps(exchanged(json.loads(data), chance)).encode("utf-8", "surrogatepass")


def exchanged(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.08:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {name: exchanged(inner, chance) for name, inner in value.items() if chance.random() > 0.04}
    return [exchanged(inner, chance) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("spider", "reader", "path"), CASES, ids=[f"{spider.__name__}-{reader}" for spider, reader, _ in CASES]
)
def test_a_broken_page_is_read_or_refused(
    make_page: Callable[..., Page], spider: type[SourceSpider], reader: str, path: Path
) -> None:
    refused = 0
    for body in broken(path.read_bytes(), random.Random(path.name)):
        page = replace(
            make_page(body, "http://demo.example/api/thread-1-1-1.html?t=1&tid=1"), source=spider.source
        )
        try:
            list(getattr(spider(), f"read_{reader}")(page))
        except ReadError:
            refused += 1
    assert refused > 0


@pytest.mark.parametrize("path", sorted({path for _, _, path in CASES}), ids=lambda path: path.name)
def test_a_broken_page_is_drafted_or_refused(make_page: Callable[..., Page], path: Path) -> None:
    refused = 0
    for body in broken(path.read_bytes(), random.Random(path.name)):
        page = make_page(body)
        try:
            add_details(draft_source(page), [page])
        except ReadError:
            refused += 1
    assert refused > 0


class DemoPage(PagesSpider):
    source = replace(SOURCE, kind="pages")
    items_css, time_css, body_css, likes_css = "li", ".t", "#b", ".n"


SPIDERS: dict[str, type[SourceSpider]] = {
    "DemoFeed": DemoFeed, "DemoMap": DemoMap, "DemoApi": DemoApi, "DemoPage": DemoPage,
}  # fmt: skip
CASES_OF = {kind: [case for case in read_cases() if case.kind == kind] for kind in ("table", "feed", "page")}


def read_table(case: Case, folder: Path) -> tuple[str, Iterable[object]]:
    """What the table is called, and all that is read from it."""
    path = folder / f"broken.{case.how}"
    path.write_bytes(case.body)
    return path.name, import_table(path, "demo_12345", fetched_at=NOW, author_key=b"k")


def read_page(case: Case) -> tuple[str, Iterable[object]]:
    """The address of the page, and all that is read from it."""
    name, reader = case.how.split()
    url = "http://demo.example/broken"
    page = Page(SPIDERS[name].source, url, case.body, NOW, "text/html; charset=utf-8")
    return url, getattr(SPIDERS[name](), f"read_{reader}")(page)


def told_of(case: Case, folder: Path) -> tuple[str, list[str], int]:
    """The place, the reasons in quarantine or in the refusal of the whole, and the count of the records."""
    reasons: list[str] = []
    records, place = 0, ""
    try:
        place, found = read_table(case, folder) if case.kind == "table" else read_page(case)
        for item in found:
            reasons += [f"{item.where}: {item.reason}"] if isinstance(item, Quarantined) else []
            records += isinstance(item, RawPost)
    except ReadError as error:
        reasons.append(str(error))
    return place, reasons, records


@pytest.mark.parametrize("kind", CASES_OF)
def test_the_kept_malformed_inputs_are_put_aside_for_the_right_reason(kind: str, tmp_path: Path) -> None:
    wrong = {}
    for case in CASES_OF[kind]:
        place, reasons, records = told_of(case, tmp_path)
        words = {reason_of(reason) for reason in reasons}
        right = words == set(case.words) and case.records in {records, -1}
        told = all(place in reason or "网址不能用" in reason for reason in reasons)
        if not right or not told:
            wrong[case.name] = (case.words, case.records, reasons[:3], records)
    assert not wrong
    assert len(CASES_OF[kind]) >= 100
    assert len({case.name for case in CASES_OF[kind]}) == len(CASES_OF[kind])


def test_a_field_that_cannot_be_read_is_told_with_its_value_and_what_is_allowed(tmp_path: Path) -> None:
    fields = {"时间读不懂", "数读不懂", "取值不认识", "缺必填项", "字段类型不对", "列名不对", "列数不对"}
    checked = 0
    for case in (case for cases in CASES_OF.values() for case in cases if set(case.words) <= fields):
        for reason in told_of(case, tmp_path)[1]:
            assert re.search(r": \S[^=]* = .*：应为 \S", reason, re.DOTALL), (case.name, reason)
            checked += 1
    assert checked > 100


def test_the_kept_inputs_are_the_ones_that_are_made() -> None:
    made = [*broken_tables(), *broken_feeds(), *broken_pages()]
    expected = {case.name: (case.kind, case.how, case.words, case.records) for case in made}
    kept = [case for cases in CASES_OF.values() for case in cases]
    assert {case.name: (case.kind, case.how, case.words, case.records) for case in kept} == expected
    assert KEPT.stat().st_size < 2_000_000
