"""Coverage: what an operator is told of what was not collected, from real crawls that go wrong."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawlers.reasons import OTHER, reason_words
from pipeline.coverage import Missing, cover_sources
from pipeline.health import source_health, sources_off
from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.collect import CollectFailed, collect_source
from pipeline.jobs.imports import import_hotline
from pipeline.jobs.index import index_changed
from pipeline.quarantine import Filter, list_rows, show_record
from pipeline.remedies import CUT_SHORT, count_reasons, reasons_told, remedy_of
from pipeline.rooms import Rooms, open_rooms
from schemas.holidays import is_free
from schemas.records import Quarantined
from schemas.times import SHANGHAI
from stores.database.alerts import open_alerts
from stores.database.coverage import CLOSED, LOST, Gap, runs_since, save_gap, save_run
from tests.pipeline.conftest import City

DAY = timedelta(days=1)


@pytest.fixture
def rooms(city: City) -> Iterator[Rooms]:
    """The rooms of the test's deployment."""
    with open_rooms(city.settings()) as opened:
        yield opened


def missing(rooms: Rooms, now: datetime | None = None, **asked: int) -> list[Missing]:
    return list(cover_sources(rooms, now or datetime.now(SHANGHAI), **asked).missing)


def test_every_reason_has_a_remedy() -> None:
    assert reasons_told() == {*reason_words(), OTHER, CUT_SHORT}


def test_pages_not_fetched_and_records_not_read_are_told_apart() -> None:
    now = datetime(2026, 7, 1, 8, tzinfo=SHANGHAI)
    reasons = ("超时", "超时（转到 http://a/b）", "http://a/1: title = ''：应为 非空标题", "HTTP 503")
    aside = [Quarantined("s", "http://a/1", reason, b"", now) for reason in reasons]
    assert count_reasons(aside) == ({"超时": 2, "服务器出错": 1}, {"缺标题或正文": 1})
    assert "yunting_forum" in remedy_of("没有条目", "yunting_forum")


def test_a_source_that_never_ran_is_told_first(rooms: Rooms) -> None:
    [one] = missing(rooms)
    assert (one.source, one.what, one.since) == ("yunting_forum", "从未采集", None)
    assert "qianshao run --source yunting_forum" in one.remedy


def test_all_is_well_after_a_whole_run_and_late_when_no_other_follows(rooms: Rooms) -> None:
    collect_source(rooms, "yunting_forum")
    assert missing(rooms) == []
    [late] = missing(rooms, datetime.now(SHANGHAI) + timedelta(minutes=30))
    assert (late.what, late.why) == ("没有采到", "没有再运行过")
    rows = cover_sources(rooms, datetime.now(SHANGHAI) + DAY).day_rows()
    assert [(row["状态"], row["取得"], row["新"]) for row in rows] == [("没有采集", 0, 0), ("正常", 6, 6)]
    assert str(rows[0]["次数"]).startswith("0/")


def test_a_page_that_fails_stands_in_coverage_with_its_reason(city: City, rooms: Rooms) -> None:
    city.web.serve("/feed.xml", "坏了", status=503)
    with pytest.raises(CollectFailed):
        collect_source(rooms, "yunting_forum")
    first, second = missing(rooms)
    assert (first.what, first.since) == ("没有采到", None)
    assert (second.what, second.why) == ("没取到 1 页", "服务器出错")
    coverage = cover_sources(rooms, datetime.now(SHANGHAI))
    assert [row["状态"] for row in list_rows(rooms, Filter(), 5)] == ["待处理"]
    city.publish(["汀东区图书馆几点开门"])
    collect_source(rooms, "yunting_forum")
    assert list_rows(rooms, Filter(), 5) == []
    [gone] = list_rows(rooms, Filter(state="replayed"), 5)
    shown = show_record(rooms, str(gone["编号"]))
    assert (shown["经手"], shown["说明"]) == ("采集", "后来取到了")
    told = coverage.documents()
    assert isinstance(told["days"], list)
    assert told["days"][0]["failures"] == [{"reason": "服务器出错", "count": 1}]
    assert (told["days"][0]["failed"], told["days"][0]["quarantined"]) == (1, 0)


def test_what_waits_in_quarantine_is_told_by_reason(rooms: Rooms) -> None:
    now = datetime.now(SHANGHAI)
    collect_source(rooms, "yunting_forum")
    rooms.quarantine(
        [
            Quarantined("yunting_forum", "http://a/1", f"http://a/{n}: title = ''：应为 非空标题", b"", now)
            for n in (1, 1)
        ]
    )
    rooms.quarantine([Quarantined("热线", "a.csv:3", "a.csv:3: 状态 = '转办'：应为 办结 之一", b"x", now)])
    assert [(one.source, one.what, one.why) for one in missing(rooms)] == [
        ("yunting_forum", "隔离待处理 1 条", "缺标题或正文"),
        ("热线", "隔离待处理 1 条", "取值不认识"),
    ]
    assert [one.source for one in cover_sources(rooms, now, source="热线").missing] == ["热线"]


def test_gaps_that_are_lost_come_before_those_that_may_be_closed(rooms: Rooms) -> None:
    collect_source(rooms, "yunting_forum")
    now = datetime.now(SHANGHAI)
    with rooms.database.begin() as db:
        save_gap(db, Gap("yunting_forum", now - 3 * DAY, now - 2 * DAY, "超时", now - 2 * DAY))
        save_gap(
            db, Gap("云汀发布", now - 3 * DAY, now - DAY, "超时", now - DAY, LOST, 3, now, "来源只列到这里")
        )
        save_gap(
            db, Gap("政务信箱", now - 3 * DAY, now - DAY, "超时", now - DAY, CLOSED, 1, now, "已补回 3 条")
        )
    assert [(one.source, one.what) for one in missing(rooms)] == [
        ("云汀发布", "断档，补不回"),
        ("yunting_forum", "断档，待补"),
    ]
    days = cover_sources(rooms, now).days
    assert sum(day.source == "政务信箱" for day in days) == 3


def test_a_source_that_fails_all_day_is_told_to_those_who_collect(city: City, rooms: Rooms) -> None:
    collect_source(rooms, "yunting_forum")
    with rooms.database.begin() as db:
        [run] = runs_since(db, datetime.now(SHANGHAI) - DAY)
        assert run.measures["records"] == 6
        assert run.measures["no_body"] == 0
        later = datetime.now(SHANGHAI) + timedelta(minutes=70)
        while is_free((later - DAY).date()):  # a working day is told by the working days before it
            later += DAY
        broken = replace(run, status="failed", fetched=0, new=0)
        if run.started.astimezone(SHANGHAI).date() != later.date():
            save_run(db, broken)
        for back in range(1, 21):
            at = later - back * DAY
            save_run(db, replace(broken if back == 1 else run, started=at, finished=at))
    assert analyse_waiting(rooms, now=later).alerts >= 1
    with rooms.database.read() as db:
        [alert] = [alert for alert in open_alerts(db) if alert.group.startswith("drift|")]
    assert (alert.group, alert.route) == ("drift|yunting_forum|unreached", "city_collection")
    file = city.folder / "sources" / "yunting_forum.py"
    file.write_text(file.read_text("utf-8").replace("delay=0.0", "enabled=False, delay=0.0"), "utf-8")
    with rooms.database.read() as db:
        now = datetime.now(SHANGHAI)
        assert source_health(db, now, now, sources_off(city.settings().sources)) == []


def test_rows_that_an_import_refused_are_counted_by_reason(rooms: Rooms, tmp_path: Path) -> None:
    table = tmp_path / "工单.csv"
    rows = ["工单编号,受理时间,诉求标题,诉求内容", "T1,昨天吧,路灯不亮,路灯坏了", "T2,2026-05-06 08:00,,"]
    table.write_text("\n".join(rows), "utf-8")
    import_hotline(rooms, table, "demo_12345", allow_unknown=True)
    with rooms.database.read() as db:
        [run] = runs_since(db, datetime.now(SHANGHAI) - DAY)
    assert (run.failed, run.quarantined, run.status) == (0, 2, "failed")
    assert run.refusals == {"时间读不懂": 1, "缺必填项": 1}


@pytest.mark.elastic
def test_the_index_knows_the_days_that_were_missed(city: City, elastic_url: str) -> None:
    settings = city.settings(elasticsearch_url=elastic_url, elasticsearch_prefix="test-missed")
    now = datetime.now(SHANGHAI)
    with open_rooms(settings) as rooms:
        assert rooms.elastic is not None
        gap = Gap("云汀发布", now - 3 * DAY, now - DAY, "超时", now)
        with rooms.database.begin() as db:
            save_gap(db, gap)
        index_changed(rooms)
        key = f"云汀发布@{(now - 2 * DAY).date()}"
        found = rooms.elastic.get("coverage", key)
        assert found is not None
        assert (found["status"]["zh"], found["gaps"][0]["state"]["zh"]) == ("没有采集", "待补")
        with rooms.database.begin() as db:
            save_gap(db, replace(gap, state=CLOSED, tries=1, settled=now + DAY, note="采到断档之前"))
        index_changed(rooms)
        found = rooms.elastic.get("coverage", key)
        assert found is not None
        assert found["gaps"][0]["state"]["zh"] == "已补回"
        rooms.elastic.client.indices.delete(
            index=list(rooms.elastic.client.indices.get(index="test-missed-*"))
        )
