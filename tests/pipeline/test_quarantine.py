"""Quarantine: nothing leaves it silently; what is put right goes back through its own reader."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.imports import UnknownValuesError, import_hotline, preview_hotline
from pipeline.jobs.store import store_posts
from pipeline.quarantine import (
    Filter,
    count_rows,
    drop_record,
    fix_record,
    list_rows,
    replay_records,
    show_record,
)
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import Quarantined
from schemas.times import SHANGHAI
from stores.database.figures import posts_between
from tests.pipeline.conftest import City

HEADER = "工单编号,受理时间,诉求标题,诉求内容,联系电话,办理状态,答复内容,备注\n"
GOOD = "T1,2026-05-06 08:00,停水,柳浪家园停水两天,13812345678,办理中,,\n"
LATE = "T2,昨天吧,停电,鹭鸣苑停电一夜,13812345678,办理中,,\n"
ODD = "T3,2026-05-06 09:00,路灯,建设路路灯不亮,13812345678,转办,,\n"
SHORT = "T4,2026-05-06 09:00\n"
NOW = datetime(2026, 5, 7, 8, 0, tzinfo=SHANGHAI)
MAPPING = """
source: test_12345
zone: Asia/Shanghai
columns:
  ticket: [工单编号]
  time: [受理时间]
  title: [诉求标题]
  body: [诉求内容]
  state: [办理状态]
  reply: [答复内容]
needed: [ticket, time]
ignore: [联系电话]
values:
  state:
    办理中: working
    办结: closed
"""


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(load_settings(home=tmp_path / "home", author_key="test")) as opened:
        yield opened


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "表.yml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "工单.csv"
    path.write_text(HEADER + GOOD + LATE + ODD + SHORT, encoding="gb18030")
    return path


def waiting(rooms: Rooms) -> dict[str, str]:
    """The id of each waiting row by the ticket it begins with."""
    rows = list_rows(rooms, Filter(), 50)
    return {str(show_record(rooms, str(row["编号"]))["单元格"]["工单编号"]): str(row["编号"]) for row in rows}  # type: ignore[index]


def bodies(rooms: Rooms) -> list[str]:
    analyse_waiting(rooms)
    with rooms.database.read() as db:
        found = posts_between(db, NOW - timedelta(days=900), NOW + timedelta(days=900))
        return [post.clean.text for _, post in found]


def test_a_preview_keeps_nothing_and_says_all(rooms: Rooms, mapping: Path, table: Path) -> None:
    found = preview_hotline(table, mapping, author_key=b"k")
    assert (found.rows, found.read, found.quarantined, found.encoding) == (4, 1, 3, "gb18030")
    assert found.columns["state"] == "办理状态"
    assert (found.ignored, found.unknown_columns) == (("联系电话",), ("备注",))
    assert found.unknown_values == (("办理状态", "转办", 1),)
    assert [count for _, count in found.reasons] == [1, 1, 1]
    assert found.sample[0]["编号"] == "T1"
    assert "13812345678" not in repr(found)
    assert list_rows(rooms, Filter(), 5) == []


def test_unknown_values_stop_the_import_unless_allowed(rooms: Rooms, mapping: Path, table: Path) -> None:
    with pytest.raises(UnknownValuesError, match="办理状态 = 转办（1 行）"):
        import_hotline(rooms, table, mapping)
    assert bodies(rooms) == []
    assert list_rows(rooms, Filter(), 5) == []
    report = import_hotline(rooms, table, mapping, allow_unknown=True)
    assert (report.read, report.quarantined) == (1, 3)


def test_a_cell_put_right_comes_into_the_pipeline_once(rooms: Rooms, mapping: Path, table: Path) -> None:
    import_hotline(rooms, table, mapping, allow_unknown=True)
    key = waiting(rooms)["T2"]
    fix_record(rooms, key, {"time": "2026-05-05 20:00"}, None, who="王工", now=NOW)
    assert list_rows(rooms, Filter(source="test_12345", reason="昨天吧"), 5)[0]["状态"] == "待处理（已改）"
    report = replay_records(rooms, key, who="王工", now=NOW)
    assert (report.replayed, report.new, report.waiting) == (1, 1, {})
    assert sorted(bodies(rooms)) == ["柳浪家园停水两天", "鹭鸣苑停电一夜"]
    shown = show_record(rooms, key)
    assert (shown["状态"], shown["经手"]) == ("已重放", "王工")
    assert "T2" in str(shown["原文"])
    assert shown["单元格"]["受理时间"] == "昨天吧"  # type: ignore[index]
    assert shown["改为"]["受理时间"] == "2026-05-05 20:00"  # type: ignore[index]
    with pytest.raises(ReadError, match="待处理"):
        fix_record(rooms, key, {"time": "2026-05-05"}, None, who="王工", now=NOW)
    again = import_hotline(rooms, table, mapping, allow_unknown=True)
    assert again.new == 0
    assert "T2" not in waiting(rooms)


def test_a_mapping_put_right_frees_all_its_rows(rooms: Rooms, mapping: Path, table: Path) -> None:
    import_hotline(rooms, table, mapping, allow_unknown=True)
    mapping.write_text(f"{MAPPING}    转办: assigned\n", encoding="utf-8")
    report = replay_records(rooms, Filter(), who="王工", now=NOW)
    assert (report.replayed, len(report.waiting)) == (1, 2)
    assert "建设路路灯不亮" in bodies(rooms)
    assert set(waiting(rooms)) == {"T2", "T4"}


def test_a_broken_line_is_replaced_as_a_whole(rooms: Rooms, mapping: Path, table: Path) -> None:
    import_hotline(rooms, table, mapping, allow_unknown=True)
    key = waiting(rooms)["T4"]
    with pytest.raises(ReadError, match="一行 8 格"):
        fix_record(rooms, key, {}, b"T4,2026-05-06\n", who="王工", now=NOW)
    line = "T4,2026-05-06 09:00,井盖,河口路井盖丢了,,办理中,,\n"
    fix_record(rooms, key, {}, line.encode(), who="王工", now=NOW)
    assert replay_records(rooms, key, who="王工", now=NOW).new == 1
    assert "河口路井盖丢了" in bodies(rooms)


@pytest.mark.parametrize("change", [{"没有的列": "1"}, {"time": "还是昨天吧"}], ids=["column", "value"])
def test_a_wrong_fix_frees_nothing(rooms: Rooms, mapping: Path, table: Path, change: dict[str, str]) -> None:
    import_hotline(rooms, table, mapping, allow_unknown=True)
    key = waiting(rooms)["T2"]
    if "time" in change:
        fix_record(rooms, key, change, None, who="王工", now=NOW)
    else:
        with pytest.raises(ReadError, match="没有的列"):
            fix_record(rooms, key, change, None, who="王工", now=NOW)
    report = replay_records(rooms, key, who="王工", now=NOW)
    assert report.replayed == 0
    assert "昨天吧" in report.waiting[key]
    assert key in waiting(rooms).values()


def test_what_is_given_up_stays_with_name_and_reason(rooms: Rooms, mapping: Path, table: Path) -> None:
    import_hotline(rooms, table, mapping, allow_unknown=True)
    key = waiting(rooms)["T4"]
    drop_record(rooms, key, who="王工", why="空行，热线中心确认", now=NOW)
    shown = show_record(rooms, key)
    assert (shown["状态"], shown["经手"], shown["说明"]) == ("已放弃", "王工", "空行，热线中心确认")
    report = replay_records(rooms, key, who="王工", now=NOW)
    assert (report.replayed, list(report.waiting)) == (0, [key])
    assert [row["编号"] for row in list_rows(rooms, Filter("dropped"), 5)] == [key]


def test_equal_mistakes_count_together(rooms: Rooms, mapping: Path, table: Path) -> None:
    table.write_text(HEADER + ODD + ODD.replace("T3", "T5") + LATE, encoding="utf-8")
    import_hotline(rooms, table, mapping, allow_unknown=True)
    counted = count_rows(rooms, Filter())
    assert [(row["来源"], row["条数"]) for row in counted] == [("test_12345", 2), ("test_12345", 1)]


def test_a_line_of_the_raw_zone_is_put_right_by_key(rooms: Rooms) -> None:
    store_posts(rooms, [make_post("论坛", "1", "", "柳浪家园停水两天", fetched_at=NOW, published_at=NOW)])
    (part,) = rooms.raw.files()
    line = next(iter(rooms.raw.read(part)))[1].replace(b"2026-05-07T08:00:00+08:00", b"2026-05-77", 1)
    rooms.quarantine(
        [Quarantined("论坛", f"{part}:1", "fetched_at", line.replace(b'"id":"', b'"id":"x'), NOW)]
    )
    (key,) = [str(row["编号"]) for row in list_rows(rooms, Filter(), 5)]
    assert replay_records(rooms, key, who="王工", now=NOW).replayed == 0
    fix_record(rooms, key, {"origin.fetched_at": NOW.isoformat()}, None, who="王工", now=NOW)
    assert replay_records(rooms, key, who="王工", now=NOW).new == 1


def test_a_page_is_read_again_by_its_source(city: City) -> None:
    now = datetime.now(SHANGHAI)
    with open_rooms(city.settings()) as rooms:
        page = city.web.pages["/feed.xml"].body
        url = city.web.url("/feed.xml")
        rooms.quarantine([Quarantined("yunting_forum", url, "不是 RSS", b"<html>", now)])
        (key,) = [str(row["编号"]) for row in list_rows(rooms, Filter(), 5)]
        assert replay_records(rooms, key, who="王工", now=NOW).replayed == 0
        rooms.quarantine([Quarantined("没有的源", url, "不是 RSS", page, now)])
        fix_record(rooms, key, {}, page, who="王工", now=NOW)
        report = replay_records(rooms, Filter(), who="王工", now=NOW)
        assert (report.replayed, report.new, len(report.waiting)) == (1, 6, 1)
