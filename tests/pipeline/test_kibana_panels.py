"""Every panel asks a real Elasticsearch what Kibana would ask of the demo's data, and shows what is true."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from pipeline.demo.items import NEWS, SOURCES_ZH
from pipeline.demo.outcome import DemoOutcome
from pipeline.demo.run import run_demo
from pipeline.kibana.answers import Answer, Page, answer_board
from pipeline.kibana.panels import read_boards
from pipeline.kibana.sheet import draw_sheet
from pipeline.remedies import count_reasons
from schemas.kibana import load_objects
from schemas.taxonomy.places import load_places
from schemas.times import SHANGHAI
from stores.documents import main_place
from stores.elastic import ElasticStore

pytestmark = [pytest.mark.elastic, pytest.mark.slow]
BOARDS = read_boards(load_objects())


@pytest.fixture(scope="module")
def outcome(elastic_url: str, tmp_path_factory: pytest.TempPathFactory) -> DemoOutcome:
    return run_demo(tmp_path_factory.mktemp("demo") / "out", seed=3, weeks=3, elastic_url=elastic_url)


@pytest.fixture(scope="module")
def pages(outcome: DemoOutcome, elastic_url: str) -> dict[str, Page]:
    """Every dashboard as it shows at the time of the newest post."""
    assert outcome.counts.indexed
    with ElasticStore(elastic_url) as store:
        now = store.latest_time()
        assert now is not None
        return {board.id: answer_board(store.client, board, now) for board in BOARDS}


def answer_of(pages: dict[str, Page], board: str, panel: str) -> Answer:
    [found] = [one for one in pages[board].answers if one.panel.id == panel]
    return found


@pytest.mark.parametrize("board", BOARDS, ids=[board.id for board in BOARDS])
def test_every_panel_is_answered_and_none_is_empty(pages: dict[str, Page], board: Any) -> None:
    # Nothing failed while the demo's city was crawled.
    nothing_went_wrong = {"失败页数", "低于预期的来源日", "没取到的原因"}
    empty = {one.panel.title for one in pages[board.id].answers if one.empty}
    assert empty <= nothing_went_wrong


def test_the_counts_are_those_of_the_posts(pages: dict[str, Page], outcome: DemoOutcome) -> None:
    page = pages["qianshao-complaints"]
    since = page.now - timedelta(days=30)
    shown = [
        post
        for post in outcome.posts.values()
        if since <= post.origin.time <= page.now and "spam" not in post.clean.flags
    ]
    kinds = answer_of(pages, "qianshao-complaints", "complaints-kinds")
    assert kinds.matched == len(shown)
    counted = Counter(post.complaint.name for post in shown)
    assert sorted(int(row["条数"] or 0) for row in kinds.rows) == sorted(counted.values())
    days = answer_of(pages, "qianshao-complaints", "complaints-trend").rows
    by_day = Counter(post.origin.time.astimezone(SHANGHAI).strftime("%Y-%m-%d 00:00") for post in shown)
    told = Counter[str]()
    for row in days:
        told[str(row["日期"])] += int(row["条数"] or 0)
    assert +told == by_day


def test_a_filtered_metric_counts_only_its_own(pages: dict[str, Page], outcome: DemoOutcome) -> None:
    page = pages["qianshao-situation"]
    [row] = answer_of(pages, "qianshao-situation", "situation-urgent").rows
    since = page.now - timedelta(days=7)
    urgent = [
        post
        for post in outcome.posts.values()
        if since <= post.origin.time <= page.now
        and "spam" not in post.clean.flags
        and post.urgency in {"critical", "urgent"}
    ]
    assert row["紧急与急"] == len(urgent) > 0


def test_what_rises_is_counted_beside_the_same_hours_of_the_weeks_before(
    pages: dict[str, Page], outcome: DemoOutcome
) -> None:
    now = pages["qianshao-situation"].now
    rows = answer_of(pages, "qianshao-situation", "situation-rising-places").rows
    weeks = {"近 24 小时": 0, "一周前": 1, "两周前": 2}
    known = load_places()
    streets = {"/".join(known.path(one.code).split("/")[-2:]) for one in known.of_level("street")}
    counted = {name: Counter[str]() for name in weeks}
    for post in outcome.posts.values():
        place, hour = main_place(post.places), post.origin.time.replace(minute=0, second=0, microsecond=0)
        if place is not None and "spam" not in post.clean.flags:
            ago = (now - hour).total_seconds() / 86_400
            told = [name for name, week in weeks.items() if 0 <= ago - 7 * week <= 1]
            for name in told:
                counted[name].update(street for street in streets if f"/{street}/" in f"{place.path}/")
    assert {str(row["街道"]) for row in rows} == streets
    for row in rows:
        assert {name: int(row[name] or 0) for name in weeks} == {
            name: counted[name][str(row["街道"])] for name in weeks
        }


def test_every_ticket_is_with_a_unit_and_the_late_ones_are_told(
    pages: dict[str, Page], outcome: DemoOutcome
) -> None:
    rows = answer_of(pages, "qianshao-complaints", "complaints-units").rows
    page = pages["qianshao-complaints"]
    came = [
        post
        for post in outcome.posts.values()
        if post.origin.ticket and page.now - timedelta(days=30) <= post.origin.time <= page.now
    ]
    assert sum(int(row["工单"] or 0) for row in rows) == len(came) > 300
    assert all(
        float(row["答复用时中位数（小时）"] or 0) <= float(row["九成在几小时内答复"] or 0) for row in rows
    )
    assert 0 < sum(int(row["超期未办"] or 0) for row in rows) < sum(int(row["未办结"] or 0) for row in rows)


def test_what_officials_rebut_is_shown_with_the_rumours(pages: dict[str, Page], outcome: DemoOutcome) -> None:
    page = pages["qianshao-rumours"]
    since = page.now - timedelta(days=30)
    [row] = answer_of(pages, "qianshao-rumours", "rumours-answered").rows
    table = answer_of(pages, "qianshao-rumours", "rumours-official").rows
    assert row["被官方辟谣的帖文"] == sum(int(one["帖文"] or 0) for one in table) > 0
    # The demo's one source of rebuttals, and what it has written within the time shown.
    titles = {
        post.clean.title
        for post in outcome.posts.values()
        if post.origin.source == NEWS and since <= post.origin.time <= page.now
    }
    assert {one["辟谣发布者"] for one in table} == {SOURCES_ZH[NEWS]}
    assert {one["官方辟谣"] for one in table} <= titles


def test_coverage_knows_every_record_that_was_collected(pages: dict[str, Page], outcome: DemoOutcome) -> None:
    [row] = answer_of(pages, "qianshao-coverage", "coverage-new").rows
    today = pages["qianshao-coverage"].now.astimezone(SHANGHAI).date()
    arrived = (post.origin.fetched_at.astimezone(SHANGHAI).date() for post in outcome.posts.values())
    assert row["新增条数"] == sum(day <= today for day in arrived)
    [aside] = answer_of(pages, "qianshao-coverage", "coverage-quarantined").rows
    assert aside["隔离条数"] == len(outcome.quarantined)
    reasons = answer_of(pages, "qianshao-coverage", "coverage-refusals").rows
    assert {row["读不懂的原因"] for row in reasons} == set(count_reasons(outcome.quarantined)[1])


def test_the_contact_sheet_says_what_it_is(pages: dict[str, Page]) -> None:
    for page in pages.values():
        sheet = draw_sheet(page)
        assert "预览，不是 Kibana 界面" in sheet
        assert sheet.count("<figure") == sum(one.panel.type != "control" for one in page.answers)


def test_the_newest_post_is_the_present_of_a_preview(outcome: DemoOutcome, elastic_url: str) -> None:
    newest = max(outcome.posts.values(), key=lambda post: post.origin.time)
    with ElasticStore(elastic_url) as store:
        assert store.latest_time() == newest.origin.time.replace(microsecond=0)
