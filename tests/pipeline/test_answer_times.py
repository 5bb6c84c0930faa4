"""Answer times of units: from imported tables to the figures, whatever order the states came in."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.answer_times import ALL, UNNAMED, UnitTimes, measure_units
from pipeline.cli.main import app
from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.imports import import_hotline
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from stores.database.answer_times import WorkTimes, work_times

NOON = datetime.fromisoformat("2026-05-06T12:00:00+08:00")
DAY = timedelta(days=1)
HEAD = "工单编号,受理时间,诉求内容,办理状态,承办单位,答复时间,办结时间\n"


def work(
    unit: str, age: float, answered: float | None = None, due: float | None = None, stage: str = ""
) -> WorkTimes:
    """A ticket that came in `age` hours before noon and was answered so many hours later."""
    came = NOON - timedelta(hours=age)
    at = None if answered is None else came + timedelta(hours=answered)
    limit = None if due is None else came + timedelta(hours=due)
    return WorkTimes("demo", unit, stage or ("working" if at is None else "done"), came, at, None, limit)


def measured(*tickets: WorkTimes, limit: timedelta = DAY) -> dict[str, UnitTimes]:
    return {one.unit: one for one in measure_units(tickets, now=NOON, limit=limit)}


def test_the_middle_and_nine_of_ten() -> None:
    found = measured(*(work("水务局", 100, hours) for hours in range(1, 11)))
    unit = found["水务局"]
    assert (unit.tickets, unit.answered, unit.median_hours, unit.p90_hours) == (10, 10, 5.5, 9)
    assert measured(work("水务局", 9, 2))["水务局"].p90_hours == 2


def test_open_tickets_are_over_their_own_limit_or_the_common_one() -> None:
    found = measured(
        work("水务局", 30), work("水务局", 30, due=48), work("水务局", 3, due=2), work("水务局", 3), limit=DAY
    )["水务局"]
    assert (found.open, found.over, found.oldest_hours, found.median_hours) == (4, 2, 30, None)


@pytest.mark.parametrize(
    ("ticket", "is_open", "answered"),
    [
        (work("", 50, stage="done"), 0, 0),
        (work("", 50, stage="unknown"), 0, 0),
        (work("", 50, 3, stage="working"), 1, 1),
        (work("", 50, stage="waiting"), 1, 0),
        (work("", 50, -3), 0, 1),
    ],
    ids=["duplicate", "no states told", "answered, still at work", "waiting", "answered before it came in"],
)
def test_what_counts_as_open_and_as_answered(ticket: WorkTimes, is_open: int, answered: int) -> None:
    found = measured(ticket)[UNNAMED]
    assert (found.open, found.answered) == (is_open, answered)
    assert found.median_hours in {None, 0, 3}


def test_who_is_late_comes_first_and_all_at_the_end() -> None:
    found = measured(work("甲", 1, 1), work("乙", 99), work("丙", 2), work("", 3, 1))
    assert list(found) == ["乙", "丙", "甲", UNNAMED, ALL]
    assert (found[ALL].tickets, found[ALL].over) == (4, 1)
    assert measured() == {}


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(load_settings(home=tmp_path / "home", author_key="test")) as opened:
        yield opened


def test_tables_of_three_days_to_the_figures(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = (
        ("T1,{at},柳浪家园停水,办理中,水务局,,\nT2,{at},路灯不亮,已派单,路灯所,,\n"),
        ("T1,{at},柳浪家园停水,办结,水务局,{later},{later}\nT2,{at},路灯不亮,办结,路灯所,{later},{later}\n"),
        ("T1,{at},柳浪家园停水,办结,水务局,{later},{later}\nT2,{at},路灯不亮,已派单,路灯所,,\n"),
    )
    came = datetime.now(NOON.tzinfo).replace(microsecond=0) - 20 * DAY
    told = {"at": f"{came:%Y-%m-%d %H:%M:%S}", "later": f"{came + timedelta(hours=6):%Y-%m-%d %H:%M:%S}"}
    for number, rows in enumerate(days):
        path = tmp_path / f"{number}.csv"
        path.write_text(HEAD + rows.format(**told), encoding="utf-8")
        import_hotline(rooms, path, "demo_12345")
        analyse_waiting(rooms)
    with rooms.database.read() as db:
        found = {one.unit: one for one in work_times(db, came - DAY)}
        assert list(work_times(db, came + DAY)) == []
        assert list(work_times(db, came - DAY, "another")) == []
    assert found["水务局"].answered_at == came + timedelta(hours=6)
    assert (found["路灯所"].is_open, found["路灯所"].closed_at) == (True, None)
    monkeypatch.setenv("QIANSHAO_HOME", str(rooms.settings.home))
    answer = CliRunner().invoke(app, ["tickets", "answer-times", "--json", "--limit", "7d"])
    assert answer.exit_code == 0, answer.output
    units = {one["unit"]: one for one in json.loads(answer.stdout)}
    assert (units["水务局"]["median_hours"], units["路灯所"]["over"], units[ALL]["tickets"]) == (6.0, 1, 2)
    table = CliRunner().invoke(app, ["tickets", "answer-times", "--since", "90d"]).stdout
    assert "水务局" in table
    assert "6.0 小时" in table
    assert CliRunner().invoke(app, ["tickets", "answer-times", "--limit", "soon"]).exit_code == 2
