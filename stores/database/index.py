"""What Elasticsearch still has to be told: rows changed since they were last indexed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, Table, and_, bindparam, func, or_, select, update

from schemas.codec import decode
from schemas.errors import Where
from schemas.records import Alert, ClassifiedPost, Event
from schemas.tickets import Ticket
from schemas.times import SHANGHAI
from stores.database.series import Count, read_count
from stores.database.tables import alerts, events, posts, series, tickets
from stores.database.upsert import in_batches

Record = TypeVar("Record", ClassifiedPost, Event, Alert, Count, Ticket)
# The version and id of the last row that was read.
Mark = tuple[int, str]
START: Mark = (0, "")
KINDS: dict[str, Table] = {
    "posts": posts,
    "events": events,
    "alerts": alerts,
    "series": series,
    "tickets": tickets,
}


@dataclass(frozen=True, slots=True)
class Pending(Generic[Record]):
    """A record that waits for the index. `version` grows with every change of the record.

    `part` is the month whose index a record of a monthly kind goes to; it never changes for a record.
    """

    id: str
    version: int
    record: Record
    event_id: str | None = None
    part: str = ""

    @property
    def mark(self) -> Mark:
        """Where a reader goes on after this record."""
        return self.version, self.id


def month_part(time: datetime) -> str:
    """The month of Beijing time as the name of an index has it.

    >>> month_part(datetime.fromisoformat("2026-06-30T16:00:00+00:00"))
    '2026.07'
    """
    return time.astimezone(SHANGHAI).strftime("%Y.%m")


def pending_posts(db: Connection, limit: int, after: Mark = START) -> list[Pending[ClassifiedPost]]:
    """At most `limit` posts that changed since they were indexed, longest waiting first, behind `after`."""
    return [
        Pending(key, version, decode(ClassifiedPost, document, Where("posts")), event_id, month)
        for key, version, document, event_id, month in db.execute(
            _waiting(posts, limit, after).add_columns(posts.c.event_id, posts.c.month)
        ).all()
    ]


def pending_events(db: Connection, limit: int, after: Mark = START) -> list[Pending[Event]]:
    """At most `limit` events that changed since they were indexed, longest waiting first, behind `after`."""
    return [
        Pending(key, version, decode(Event, document, Where("events")), key)
        for key, version, document in db.execute(_waiting(events, limit, after))
    ]


def pending_alerts(db: Connection, limit: int, after: Mark = START) -> list[Pending[Alert]]:
    """At most `limit` alerts that changed since they were indexed, longest waiting first, behind `after`."""
    rows = db.execute(_waiting(alerts, limit, after).add_columns(alerts.c.event_id))
    return [
        Pending(key, version, decode(Alert, document, Where("alerts")), event_id)
        for key, version, document, event_id in rows
    ]


def pending_series(db: Connection, limit: int, after: Mark = START) -> list[Pending[Count]]:
    """At most `limit` counts that changed since they were indexed, longest waiting first, behind `after`."""
    rows = db.execute(_behind(select(series), series, limit, after))
    return [Pending(row.id, row.changed, read_count(row)) for row in rows]


def pending_tickets(db: Connection, limit: int, after: Mark = START) -> list[Pending[Ticket]]:
    """At most `limit` tickets that changed since they were indexed, longest waiting first, behind `after`."""
    return [
        Pending(key, version, decode(Ticket, document, Where("tickets")), key)
        for key, version, document in db.execute(_waiting(tickets, limit, after))
    ]


def mark_indexed(db: Connection, kind: str, versions: Iterable[tuple[str, int]]) -> None:
    """Note that Elasticsearch holds these ids at these versions; a row changed meanwhile stays waiting."""
    table = KINDS[kind]
    noted = (
        update(table)
        .where(table.c.id == bindparam("row_id"), table.c.indexed < bindparam("version"))
        .values(indexed=bindparam("version"))
    )
    # Always in one order, so that two transactions never wait for each other's rows.
    for batch in in_batches(sorted(versions)):
        db.execute(noted, [{"row_id": key, "version": version} for key, version in batch])


def count_pending(db: Connection) -> dict[str, int]:
    """How many rows of each kind wait for the index."""
    counts: dict[str, int] = {}
    for kind, table in KINDS.items():
        query = select(func.count()).select_from(table).where(table.c.changed > table.c.indexed)
        counts[kind] = db.execute(query).scalar_one()
    return counts


def months(db: Connection, kind: str) -> frozenset[str]:
    """The months that a kind has rows of; none for a kind that is not split by month."""
    table = KINDS[kind]
    if "month" not in table.c:
        return frozenset()
    return frozenset(db.execute(select(table.c.month).distinct()).scalars())


def forget_indexed(db: Connection, kind: str, months: Iterable[str] | None = None) -> int:
    """Let every row of a kind, or of some of its months, wait again: the first step of a rebuild."""
    table = KINDS[kind]
    forgotten = update(table).where(table.c.indexed > 0).values(indexed=0)
    if months is not None:
        forgotten = forgotten.where(table.c.month.in_(sorted(months)))
    return db.execute(forgotten).rowcount


def forget_row(db: Connection, kind: str, key: str) -> bool:
    """Let one row wait again; False where there is none."""
    table = KINDS[kind]
    return db.execute(update(table).where(table.c.id == key).values(indexed=0)).rowcount == 1


def _waiting(table: Table, limit: int, after: Mark) -> Select[Any]:
    return _behind(select(table.c.id, table.c.changed, table.c.document), table, limit, after)


def _behind(query: Select[Any], table: Table, limit: int, after: Mark) -> Select[Any]:
    version, key = after
    behind = or_(table.c.changed > version, and_(table.c.changed == version, table.c.id > key))
    query = query.where(table.c.changed > table.c.indexed, table.c.changed >= version, behind)
    return query.order_by(table.c.changed, table.c.id).limit(limit)
