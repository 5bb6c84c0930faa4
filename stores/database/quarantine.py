"""What could not be read: the bytes, where they stood and why they were refused."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy import Row as Result

from schemas.records import Quarantined
from stores.database.tables import quarantine
from stores.database.upsert import Row, in_batches, insert_new, plain_text

OPEN, REPLAYED, DROPPED = "open", "replayed", "dropped"
STATES = (OPEN, REPLAYED, DROPPED)
AGAIN = "重放后又被拒收"


@dataclass(frozen=True, slots=True)
class Kept:
    """A quarantined record and what became of it. `fixed` stands in the place of its bytes, or of its cells;
    `who` did the last of it at `settled`, for the reason in `note`."""

    id: str
    record: Quarantined
    state: str
    fixed: bytes | None = None
    who: str = ""
    settled: datetime | None = None
    note: str = ""


def quarantine_id(record: Quarantined) -> str:
    """The same for the same bytes at the same place of the same source, however often they are imported."""
    parts = (record.source.encode("utf-8", "surrogatepass"), record.where.encode("utf-8", "surrogatepass"))
    return hashlib.sha256(b"\0".join((*parts, record.raw))).hexdigest()[:24]


def save_quarantined(db: Connection, records: Iterable[Quarantined]) -> int:
    """Keep records that could not be read; returns how many are new."""
    rows = (_row(record) for record in records)
    return sum(insert_new(db, quarantine, batch) for batch in in_batches(rows))


def save_rejected(db: Connection, records: Iterable[Quarantined]) -> int:
    """Keep documents that the index refused; one that was let go and is refused again waits again.

    Returns how many are new.
    """
    new = 0
    for record in records:
        new += save_quarantined(db, [record])
        known = (quarantine.c.id == quarantine_id(record)) & (quarantine.c.state == REPLAYED)
        told = {"reason": plain_text(record.reason), "note": AGAIN, "settled": record.at}
        db.execute(update(quarantine).where(known).values(state=OPEN, **told))
    return new


def list_quarantine(
    db: Connection, *, state: str | None = None, source: str | None = None, reason: str | None = None
) -> Iterator[Kept]:
    """The records in a state (None: in any), of a source, whose reason holds a text; oldest first."""
    query = select(quarantine).order_by(quarantine.c.at, quarantine.c.id)
    if state is not None:
        query = query.where(quarantine.c.state == state)
    if source is not None:
        query = query.where(quarantine.c.source == source)
    if reason is not None:
        query = query.where(quarantine.c.reason.contains(reason, autoescape=True))
    for row in db.execute(query.execution_options(yield_per=100)):
        yield _kept(row)


def waiting_reasons(db: Connection) -> Iterator[tuple[str, str, datetime]]:
    """Source, reason and time of every record that waits, without its bytes."""
    query = select(quarantine.c.source, quarantine.c.reason, quarantine.c.at)
    for row in db.execute(query.where(quarantine.c.state == OPEN).execution_options(yield_per=1000)):
        yield row.source, row.reason, row.at


def find_quarantined(db: Connection, key: str) -> Kept | None:
    """One record by its id, whatever its state."""
    row = db.execute(select(quarantine).where(quarantine.c.id == key)).one_or_none()
    return None if row is None else _kept(row)


def fix_quarantined(db: Connection, key: str, fixed: bytes, who: str, at: datetime) -> bool:
    """Put something in the place of what could not be read; the record goes on waiting until it is replayed.
    False where it no longer waits."""
    return _change(db, key, fixed=fixed, who=who, settled=at)


def settle_quarantined(db: Connection, key: str, state: str, who: str, at: datetime, note: str = "") -> bool:
    """Close a record as REPLAYED or DROPPED; its bytes stay. False where it no longer waits."""
    return _change(db, key, state=state, who=plain_text(who), settled=at, note=plain_text(note))


def _change(db: Connection, key: str, **values: object) -> bool:
    wanted = (quarantine.c.id == key) & (quarantine.c.state == OPEN)
    return db.execute(update(quarantine).where(wanted).values(**values)).rowcount == 1


def _kept(row: Result[Any]) -> Kept:
    record = Quarantined(row.source, row.where, row.reason, bytes(row.raw), row.at, row.reader)
    fixed = None if row.fixed is None else bytes(row.fixed)
    return Kept(row.id, record, row.state, fixed, row.who, row.settled, row.note)


def _row(record: Quarantined) -> Row:
    return {
        "id": quarantine_id(record),
        "source": plain_text(record.source),
        "where": plain_text(record.where),
        "reason": plain_text(record.reason),
        "raw": record.raw,
        "at": record.at,
        "state": OPEN,
        "reader": plain_text(record.reader),
    }
