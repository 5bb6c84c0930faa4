"""What Elasticsearch still has to be told: rows changed since they were last indexed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, Table, bindparam, func, select, update

from schemas.codec import decode
from schemas.errors import Where
from schemas.records import Alert, ClassifiedPost, Event
from stores.database.tables import alerts, events, posts
from stores.database.upsert import in_batches

Record = TypeVar("Record", ClassifiedPost, Event, Alert)
KINDS: dict[str, Table] = {"posts": posts, "events": events, "alerts": alerts}


@dataclass(frozen=True, slots=True)
class Pending(Generic[Record]):
    """A record that waits for the index. `version` grows with every change of the record."""

    id: str
    version: int
    record: Record
    event_id: str | None = None


def pending_posts(db: Connection, limit: int) -> list[Pending[ClassifiedPost]]:
    """At most `limit` posts that changed since they were indexed, longest waiting first."""
    return [
        Pending(key, version, decode(ClassifiedPost, document.encode(), Where("posts")), event_id)
        for key, version, document, event_id in db.execute(
            _waiting(posts, limit).add_columns(posts.c.event_id)
        )
    ]


def pending_events(db: Connection, limit: int) -> list[Pending[Event]]:
    """At most `limit` events that changed since they were indexed, longest waiting first."""
    return [
        Pending(key, version, decode(Event, document.encode(), Where("events")), key)
        for key, version, document in db.execute(_waiting(events, limit))
    ]


def pending_alerts(db: Connection, limit: int) -> list[Pending[Alert]]:
    """At most `limit` alerts that changed since they were indexed, longest waiting first."""
    rows = db.execute(_waiting(alerts, limit).add_columns(alerts.c.event_id))
    return [
        Pending(key, version, decode(Alert, document.encode(), Where("alerts")), event_id)
        for key, version, document, event_id in rows
    ]


def mark_indexed(db: Connection, kind: str, versions: Iterable[tuple[str, int]]) -> None:
    """Note that Elasticsearch holds these ids at these versions; a row changed meanwhile stays waiting."""
    table = KINDS[kind]
    noted = (
        update(table)
        .where(table.c.id == bindparam("row_id"), table.c.indexed < bindparam("version"))
        .values(indexed=bindparam("version"))
    )
    for batch in in_batches(versions):
        db.execute(noted, [{"row_id": key, "version": version} for key, version in batch])


def count_pending(db: Connection) -> dict[str, int]:
    """How many rows of each kind wait for the index."""
    counts: dict[str, int] = {}
    for kind, table in KINDS.items():
        query = select(func.count()).select_from(table).where(table.c.changed > table.c.indexed)
        counts[kind] = db.execute(query).scalar_one()
    return counts


def forget_indexed(db: Connection, kind: str) -> int:
    """Let every row of a kind wait again: the first step of rebuilding an index."""
    table = KINDS[kind]
    return db.execute(update(table).where(table.c.indexed > 0).values(indexed=0)).rowcount


def _waiting(table: Table, limit: int) -> Select[Any]:
    query = select(table.c.id, table.c.changed, table.c.document).where(table.c.changed > table.c.indexed)
    return query.order_by(table.c.changed, table.c.id).limit(limit)
