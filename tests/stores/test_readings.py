"""Readings in the state, on SQLite and PostgreSQL: corrections win, old tables take nothing back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.records import Reading
from stores.database import Database
from stores.database.readings import (
    find_changes,
    forget_readings,
    judged_readings,
    mark_judged,
    save_readings,
    waiting_readings,
)

START = datetime(2026, 7, 18, tzinfo=UTC)
KEPT, GONE = timedelta(hours=48), timedelta(days=7)


def read(value: float, hours: float, station: str = "下坝水闸") -> Reading:
    return Reading(station, "water_level", value, "m", START + timedelta(hours=hours), None, "t")


def take(database: Database, *found: Reading, at: float = 0) -> tuple[int, int]:
    with database.begin() as db:
        changes = find_changes(db, found)
        save_readings(db, changes, START + timedelta(hours=at))
    return len(changes.new), len(changes.corrected)


def judge(database: Database) -> list[float]:
    with database.begin() as db:
        waiting = waiting_readings(db, 100)
        assert mark_judged(db, waiting)
    return [one.reading.value for one in waiting]


def test_the_same_again_changes_nothing_and_a_correction_wins_for_good(database: Database) -> None:
    table = [read(31.9, 0), read(32.0, 1), read(32.1, 1)]
    assert take(database, *table) == (2, 0)
    assert take(database, *table) == (0, 0)
    assert judge(database) == [31.9, 32.1]
    assert take(database, read(30.5, 0)) == (0, 1)
    assert judge(database) == [30.5]
    assert take(database, read(31.9, 0)) == (0, 0)
    assert judge(database) == []


def test_readings_wait_in_the_order_they_came_in(database: Database) -> None:
    take(database, read(2.0, 5), read(1.0, 4), at=6)
    take(database, read(3.0, 1), at=7)
    with database.read() as db:
        first = waiting_readings(db, 2)
        assert [one.reading.value for one in first] == [1.0, 2.0]
    with database.begin() as db:
        assert mark_judged(db, first)
        assert not mark_judged(db, first), "another run was first"
    assert judge(database) == [3.0]


def test_a_value_corrected_meanwhile_is_not_judged(database: Database) -> None:
    take(database, read(31.9, 0))
    with database.read() as db:
        waiting = waiting_readings(db, 10)
    take(database, read(30.0, 0))
    with database.begin() as db:
        assert not mark_judged(db, waiting)
    assert judge(database) == [30.0]


def test_a_restart_reads_the_last_hours_of_each_station_that_still_speaks(database: Database) -> None:
    take(database, read(1.0, -300, "撤了的站"), *(read(float(n), n) for n in range(0, 100, 10)))
    take(database, read(7.0, 30, "同德里"))
    judge(database)
    take(database, read(99.0, 100))
    with database.read() as db:
        found = list(judged_readings(db, KEPT, GONE))
    assert [one.value for one in found if one.station == "下坝水闸"] == [50.0, 60.0, 70.0, 80.0, 90.0]
    assert {one.station for one in found} == {"下坝水闸", "同德里"}


def test_what_is_old_and_judged_is_forgotten(database: Database) -> None:
    take(database, read(1.0, 0), read(2.0, 5))
    judge(database)
    take(database, replace(read(3.0, 1), station="没判的"))
    with database.begin() as db:
        assert forget_readings(db, START + timedelta(hours=5)) == 1
    assert judge(database) == [3.0]
