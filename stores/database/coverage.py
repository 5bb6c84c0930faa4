"""Runs of the sources: what was fetched and what was expected, so that a silent source is noticed."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, select

from schemas.times import SHANGHAI
from stores.database.meta import set_meta
from stores.database.tables import meta, source_runs
from stores.database.upsert import plain_text, upsert

_PUBLISHER = "publisher:"


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One run of one source. `status` is the collector's word, such as ok, few, many or failed."""

    source: str
    started: datetime
    finished: datetime | None
    fetched: int
    new: int
    seen: int
    failed: int
    quarantined: int
    expected_min: int | None
    expected_max: int | None
    status: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SourceDay:
    """The runs of one source on one day of Beijing time, oldest first, at least one."""

    source: str
    day: date
    runs: tuple[SourceRun, ...]


def save_run(db: Connection, run: SourceRun) -> None:
    """Keep a run; the same source and start again replaces it."""
    upsert(db, source_runs, [{**asdict(run), "note": plain_text(run.note)}])


def runs_since(db: Connection, time: datetime) -> list[SourceRun]:
    """The runs started at or after `time`, oldest first."""
    query = select(source_runs).where(source_runs.c.started >= time)
    return [_read(row) for row in db.execute(query.order_by(source_runs.c.started, source_runs.c.source))]


def split_by_day(runs: Iterable[SourceRun]) -> list[SourceDay]:
    """The runs by source and day."""
    ordered = sorted(runs, key=lambda run: (*_source_and_day(run), run.started))
    return [
        SourceDay(source, day, tuple(members))
        for (source, day), members in groupby(ordered, key=_source_and_day)
    ]


def _source_and_day(run: SourceRun) -> tuple[str, date]:
    return run.source, run.started.astimezone(SHANGHAI).date()


def last_runs(db: Connection) -> dict[str, SourceRun]:
    """The latest run of each source."""
    latest = (
        select(source_runs.c.source, func.max(source_runs.c.started).label("started"))
        .group_by(source_runs.c.source)
        .subquery()
    )
    same = (source_runs.c.source == latest.c.source) & (source_runs.c.started == latest.c.started)
    return {row.source: _read(row) for row in db.execute(select(source_runs).join(latest, same))}


def save_publisher(db: Connection, source: str, publisher: str) -> None:
    """Keep the name by which people know a source, such as 云汀论坛 for `yunting_forum`."""
    set_meta(db, f"{_PUBLISHER}{source}", publisher)


def publishers(db: Connection) -> dict[str, str]:
    """The names of the sources that have been collected, by source."""
    query = select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_PUBLISHER, autoescape=True))
    return {row.key.removeprefix(_PUBLISHER): row.value for row in db.execute(query)}


def _read(row: Row[Any]) -> SourceRun:
    return SourceRun(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
