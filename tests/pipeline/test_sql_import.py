"""Hotline records from a query, on SQLite and PostgreSQL: each import goes on from the newest row."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, create_engine, update

from pipeline.jobs.imports import UnknownValuesError, import_query
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.errors import ReadError

TICKETS = Table(
    "tickets",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("said", Text),
    Column("state", Text),
    Column("came", DateTime),
    Column("changed", DateTime),
)
MAPPING = """
source: office
zone: Asia/Shanghai
columns: {ticket: [number], body: [said], state: [state], time: [came]}
needed: [ticket, body, time]
ignore: [changed]
values: {state: {办理中: working, 办结: closed}}
since: changed
start: "1990-01-01 00:00:00"
"""
QUERY = "SELECT * FROM tickets WHERE changed >= :since ORDER BY changed"


def at(hour: int) -> datetime:
    return datetime(2026, 5, 6, hour)  # noqa: DTZ001 - the office writes its own time


def ticket(number: int, hour: int, state: str = "办理中") -> dict[str, object]:
    return {
        "number": number,
        "said": f"柳浪家园{number}栋停水",
        "state": state,
        "came": at(hour),
        "changed": at(hour),
    }


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an office's database with two tickets."""
    url = f"sqlite:///{tmp_path / 'office.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    TICKETS.metadata.create_all(engine)
    with engine.begin() as db:
        db.execute(TICKETS.insert(), [ticket(1, 8), ticket(2, 9)])
    engine.dispose()
    return url


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(load_settings(home=tmp_path / "home", author_key="test")) as opened:
        yield opened


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    query, mapping = tmp_path / "工单.sql", tmp_path / "office.yml"
    query.write_text(QUERY, encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    return query, mapping


def test_each_import_goes_on_from_the_newest_row(rooms: Rooms, office: str, files: tuple[Path, Path]) -> None:
    def imported() -> tuple[int, int]:
        report = import_query(rooms, files[0], office, files[1])
        return report.rows, report.new

    assert imported() == (2, 2)
    assert imported() == (1, 0)
    engine = create_engine(office)
    with engine.begin() as db:
        db.execute(TICKETS.insert(), [ticket(3, 10)])
        changed = update(TICKETS).where(TICKETS.c.number == 1)
        db.execute(changed.values(state="办结", changed=at(11)))
    assert imported() == (3, 2)
    with engine.begin() as db:
        db.execute(TICKETS.insert(), [ticket(4, 12, state="转区里")])
    engine.dispose()
    with pytest.raises(UnknownValuesError, match="转区里"):
        imported()
    report = import_query(rooms, files[0], office, files[1], allow_unknown=True)
    assert (report.rows, report.new, report.quarantined) == (2, 0, 1)


def test_a_refused_query_is_one_line_without_the_address(
    rooms: Rooms, office: str, files: tuple[Path, Path]
) -> None:
    files[0].write_text("SELECT * FROM nothing WHERE changed >= :since", encoding="utf-8")
    with pytest.raises(ReadError, match="nothing") as caught:
        import_query(rooms, files[0], office, files[1])
    assert office not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_query_without_its_since_column_is_refused(
    rooms: Rooms, office: str, files: tuple[Path, Path]
) -> None:
    files[0].write_text("SELECT number, said, state, came FROM tickets", encoding="utf-8")
    with pytest.raises(ReadError, match="since"):
        import_query(rooms, files[0], office, files[1])
