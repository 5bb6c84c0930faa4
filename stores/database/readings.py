"""Readings of sensors: one value a station, quantity and moment; which of them the rules have seen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy import Row as DatabaseRow

from schemas.records import Reading
from schemas.sensors import load_quantities
from stores.database.posts import known_revisions, save_seen
from stores.database.tables import readings
from stores.database.upsert import Row, in_batches, plain_text, upsert

Key = tuple[str, str, datetime]


@dataclass(frozen=True, slots=True)
class Received:
    """A reading as it is kept, without its place, and when it came in."""

    reading: Reading
    received: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What readings would change: those of unknown moments, and those that correct a value."""

    new: tuple[Reading, ...]
    corrected: tuple[Reading, ...]

    @property
    def all(self) -> tuple[Reading, ...]:
        """Both, to be kept."""
        return (*self.new, *self.corrected)


def find_changes(db: Connection, found: Iterable[Reading], *, current: bool = False) -> Changes:
    """What of these readings is not known. Of two for one moment the later in the list counts.

    A value that differs from the kept one corrects it, unless it was itself corrected before: the older of
    two tables, imported again, takes nothing back. `current`: they are what their source says now, and it
    may take a correction back.
    """
    wanted = {_key(one): one for one in found}
    known = _known_values(db, wanted)
    new = tuple(one for key, one in wanted.items() if key not in known)
    other = {key: one for key, one in wanted.items() if key in known and known[key] != one.value}
    undone = set() if current else known_revisions(db, map(_revision_id, other))
    corrected = (one for key, one in other.items() if (_revision_id(key), repr(one.value)) not in undone)
    return Changes(new, tuple(corrected))


def save_readings(db: Connection, changes: Changes, received: datetime) -> None:
    """Keep the readings that `find_changes` found; the rules have not seen them."""
    before = _known_values(db, map(_key, changes.corrected))
    save_seen(db, [(_revision_id(key), repr(value)) for key, value in before.items()], received)
    for batch in in_batches(changes.all):
        upsert(db, readings, [_row(one, received) for one in batch])


def waiting_readings(db: Connection, most: int) -> list[Received]:
    """At most so many readings that the rules have not seen, in the order they came in."""
    order = (readings.c.received, readings.c.at, readings.c.station, readings.c.quantity)
    query = select(readings).where(~readings.c.judged).order_by(*order).limit(most)
    return [Received(_read(row), row.received) for row in db.execute(query)]


def mark_judged(db: Connection, judged: Sequence[Received]) -> bool:
    """Note that the rules have seen these values; False where another run was first or one was corrected
    meanwhile."""
    if not judged:
        return True
    same = [readings.c[name] == bindparam(f"b_{name}") for name in ("station", "quantity", "at", "value")]
    statement = update(readings).where(*same, ~readings.c.judged).values(judged=True)
    rows = [
        {f"b_{name}": getattr(one.reading, name) for name in ("station", "quantity", "at", "value")}
        for one in judged
    ]
    done = db.execute(statement, rows, execution_options={"preserve_rowcount": True})
    return done.rowcount == len(rows)


def judged_readings(db: Connection, kept: timedelta, gone: timedelta) -> Iterator[Reading]:
    """The readings of `kept` before the newest of each station and quantity, oldest first; of those that
    said something within `gone` before the newest of all."""
    newest = db.execute(select(func.max(readings.c.at)).where(readings.c.judged)).scalar_one()
    if newest is None:
        return
    last = func.max(readings.c.at).label("last")
    recent = select(readings.c.station, readings.c.quantity, last).where(
        readings.c.at >= newest - gone, readings.c.judged
    )
    for row in db.execute(recent.group_by(readings.c.station, readings.c.quantity)).all():
        own = (readings.c.station == row.station) & (readings.c.quantity == row.quantity)
        query = select(readings).where(own, readings.c.at >= row.last - kept, readings.c.judged)
        yield from map(_read, db.execute(query.order_by(readings.c.at)))


def last_received(db: Connection) -> datetime | None:
    """When the newest of the readings that the rules have seen came in."""
    query = select(func.max(readings.c.received)).where(readings.c.judged)
    newest: datetime | None = db.execute(query).scalar_one()
    return newest


def forget_readings(db: Connection, before: datetime) -> int:
    """Drop the readings of before that the rules have seen; the raw zone keeps them. Returns how many."""
    return db.execute(delete(readings).where(readings.c.at < before, readings.c.judged)).rowcount


def station_readings(db: Connection, station: str, since: datetime) -> list[Reading]:
    """All readings of one station since a time, oldest first."""
    query = select(readings).where(readings.c.station == station, readings.c.at >= since)
    return [_read(row) for row in db.execute(query.order_by(readings.c.quantity, readings.c.at))]


def _known_values(db: Connection, keys: Iterable[Key]) -> dict[Key, float]:
    """The kept values of these moments, asked for by station and stretch of time."""
    times: defaultdict[tuple[str, str], set[datetime]] = defaultdict(set)
    for station, quantity, at in keys:
        times[station, quantity].add(at)
    known: dict[Key, float] = {}
    for (station, quantity), ours in times.items():
        own = (readings.c.station == station) & (readings.c.quantity == quantity)
        query = select(readings.c.at, readings.c.value)
        for row in db.execute(query.where(own, readings.c.at.between(min(ours), max(ours)))):
            if row.at in ours:
                known[station, quantity, row.at] = row.value
    return known


def _key(reading: Reading) -> Key:
    return plain_text(reading.station), reading.quantity, reading.at


def _revision_id(key: Key) -> str:
    return f"reading/{key[0]}/{key[1]}/{int(key[2].timestamp() * 1000)}"


def _row(reading: Reading, received: datetime) -> Row:
    station, quantity, at = _key(reading)
    return {
        "station": station,
        "quantity": quantity,
        "at": at,
        "value": reading.value,
        "source": reading.source,
        "received": received,
        "judged": False,
    }


def _read(row: DatabaseRow[Any]) -> Reading:
    unit = load_quantities()[row.quantity].unit
    return Reading(row.station, row.quantity, row.value, unit, row.at, None, row.source)
