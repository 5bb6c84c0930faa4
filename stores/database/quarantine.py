"""What could not be read: the bytes, where they stood and why they were refused."""

import hashlib
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, func, select, update

from schemas.records import Quarantined
from stores.database.tables import quarantine
from stores.database.upsert import Row, in_batches, insert_new, plain_text

OPEN, REPLAYED = "open", "replayed"


def quarantine_id(record: Quarantined) -> str:
    """The same for the same bytes at the same place of the same source, however often they are imported."""
    parts = (record.source.encode("utf-8", "surrogatepass"), record.where.encode("utf-8", "surrogatepass"))
    return hashlib.sha256(b"\0".join((*parts, record.raw))).hexdigest()[:24]


def save_quarantined(db: Connection, records: Iterable[Quarantined]) -> int:
    """Keep records that could not be read; returns how many are new."""
    rows = (_row(record) for record in records)
    return sum(insert_new(db, quarantine, batch) for batch in in_batches(rows))


def open_quarantine(db: Connection, source: str | None = None) -> Iterator[tuple[str, Quarantined]]:
    """The records that wait for a fix, with their ids, oldest first."""
    query = select(quarantine).where(quarantine.c.state == OPEN).order_by(quarantine.c.at, quarantine.c.id)
    if source is not None:
        query = query.where(quarantine.c.source == source)
    for row in db.execute(query.execution_options(yield_per=100)):
        yield row.id, Quarantined(row.source, row.where, row.reason, bytes(row.raw), row.at)


def mark_replayed(db: Connection, ids: Iterable[str]) -> int:
    """Close records that were read after a fix; returns how many were open."""
    closed = 0
    for batch in in_batches(ids):
        wanted = quarantine.c.id.in_(batch) & (quarantine.c.state == OPEN)
        closed += db.execute(update(quarantine).where(wanted).values(state=REPLAYED)).rowcount
    return closed


def count_quarantine(db: Connection) -> dict[str, int]:
    """How many records wait for a fix, by source."""
    query = select(quarantine.c.source, func.count().label("number")).where(quarantine.c.state == OPEN)
    return {row.source: row.number for row in db.execute(query.group_by(quarantine.c.source))}


def _row(record: Quarantined) -> Row:
    return {
        "id": quarantine_id(record),
        "source": plain_text(record.source),
        "where": plain_text(record.where),
        "reason": plain_text(record.reason),
        "raw": record.raw,
        "at": record.at,
        "state": OPEN,
    }
