"""The raw zone's part files: which are there and which were analysed."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from stores.database.tables import parts
from stores.database.upsert import insert_new
from stores.raw import RawFile

NEW, ANALYSED = "new", "analysed"
# Holds readings of sensors: they are judged from their own table.
READINGS = "readings"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the raw zone: `path` within the zone, how many lines, and when it was written."""

    path: str
    source: str
    day: date
    sha256: str
    lines: int
    at: datetime
    state: str


def add_part(db: Connection, file: RawFile, at: datetime, state: str = NEW) -> bool:
    """Note a written part file; False when it is known already (the same content gives the same path)."""
    return insert_new(db, parts, [{**asdict(file), "state": state, "at": at}]) > 0


def new_parts(db: Connection, source: str | None = None) -> list[Part]:
    """The parts that were not analysed yet, oldest first."""
    query = select(parts).where(parts.c.state == NEW).order_by(parts.c.at, parts.c.path)
    if source is not None:
        query = query.where(parts.c.source == source)
    return [_read(row) for row in db.execute(query)]


def all_parts(db: Connection) -> list[Part]:
    """All parts, oldest first: what a rebuild reads."""
    return [_read(row) for row in db.execute(select(parts).order_by(parts.c.at, parts.c.path))]


def mark_analysed(db: Connection, path: str) -> bool:
    """Close a part, in the transaction that saves what came of it; False when another run closed it first."""
    closed = update(parts).where(parts.c.path == path, parts.c.state == NEW).values(state=ANALYSED)
    return db.execute(closed).rowcount > 0


def _read(row: Row[Any]) -> Part:
    return Part(row.path, row.source, row.day, row.sha256, row.lines, row.at, row.state)
