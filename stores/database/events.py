"""Events in the state: the newest record of each, and which went into which."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select

from schemas.codec import decode, encode
from schemas.errors import Where
from schemas.records import Event, EventLink
from stores.database.tables import event_links, events
from stores.database.upsert import Row, in_batches, insert_new, upsert


def save_events(db: Connection, changed: Iterable[Event]) -> int:
    """Keep the newest record of each event (the last given wins); returns how many rows were written."""
    newest = {event.id: event for event in changed}
    rows = [_row(event) for event in newest.values()]
    return sum(upsert(db, events, batch, versioned=True) for batch in in_batches(rows))


def events_by_id(db: Connection, ids: Iterable[str]) -> dict[str, Event]:
    """The events with these ids; an unknown id is left out."""
    found: dict[str, Event] = {}
    for batch in in_batches(ids):
        query = select(events.c.id, events.c.document).where(events.c.id.in_(batch))
        found.update((row.id, _read(row.document)) for row in db.execute(query))
    return found


def save_links(db: Connection, made: Iterable[EventLink]) -> int:
    """Keep links between events, in the order they were made; returns how many were new."""
    last: int = db.execute(select(func.coalesce(func.max(event_links.c.number), 0))).scalar_one()
    rows = [_link_row(link, last + place) for place, link in enumerate(made, start=1)]
    return sum(insert_new(db, event_links, batch) for batch in in_batches(rows))


def links_since(db: Connection, time: datetime) -> list[EventLink]:
    """The links that any event with a member at or after `time` may rest on, in the order they were made."""
    first = select(func.min(events.c.first_seen)).where(events.c.last_seen >= time).scalar_subquery()
    query = select(event_links.c.document).where(event_links.c.at >= first).order_by(event_links.c.number)
    return [
        decode(EventLink, document.encode(), Where("event_links")) for document in db.execute(query).scalars()
    ]


def _link_row(link: EventLink, number: int) -> Row:
    return {
        "kind": link.kind.value,
        "event_id": link.event_id,
        "other_id": link.other_id,
        "at": link.at,
        "post_id": link.post_id,
        "number": number,
        "document": encode(link).decode(),
    }


def _read(document: str) -> Event:
    return decode(Event, document.encode(), Where("events"))


def _row(event: Event) -> Row:
    return {
        "id": event.id,
        "label": event.label,
        "first_seen": event.first_seen,
        "last_seen": event.last_seen,
        "document": encode(event).decode(),
    }
