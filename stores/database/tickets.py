"""Hotline tickets in the state: each with all its revisions, in whatever order they came."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from schemas.codec import decode, encode
from schemas.errors import Where
from schemas.records import ClassifiedPost
from schemas.tickets import Ticket, TicketStep
from stores.database.tables import tickets
from stores.database.upsert import Row, in_batches, lock_writers, plain_text, upsert
from stores.documents import main_place


def save_tickets(db: Connection, revised: Iterable[tuple[ClassifiedPost, TicketStep]]) -> int:
    """Take in revisions of tickets, in any order and as often as one likes; how many tickets changed."""
    pairs = sorted(revised, key=lambda pair: pair[1].order)
    if not pairs:
        return 0
    lock_writers(db)
    known = tickets_by_id(db, {post.origin.id for post, _ in pairs})
    for post, step in pairs:
        known[post.origin.id] = _add_step(known.get(post.origin.id), post, step)
    rows = [_row(known[key]) for key in sorted(known)]
    return sum(upsert(db, tickets, batch, versioned=True) for batch in in_batches(rows))


def tickets_by_id(db: Connection, ids: Iterable[str]) -> dict[str, Ticket]:
    """The tickets with these ids; an unknown id is left out."""
    found: dict[str, Ticket] = {}
    for batch in in_batches(ids):
        query = select(tickets.c.id, tickets.c.document).where(tickets.c.id.in_(batch))
        found.update((row.id, read_ticket(row.document)) for row in db.execute(query))
    return found


def tickets_between(db: Connection, start: datetime, end: datetime) -> Iterator[Ticket]:
    """The tickets submitted from `start` up to and without `end`, in that order."""
    query = select(tickets.c.document).where(tickets.c.submitted >= start, tickets.c.submitted < end)
    ordered = query.order_by(tickets.c.submitted, tickets.c.id).execution_options(yield_per=500)
    for document in db.execute(ordered).scalars():
        yield read_ticket(document)


def read_ticket(document: str) -> Ticket:
    """A ticket as the state keeps it."""
    return decode(Ticket, document.encode(), Where("tickets"))


def _add_step(ticket: Ticket | None, post: ClassifiedPost, step: TicketStep) -> Ticket:
    told = _told(post, step)
    if ticket is None:
        return told
    others = [one for one in ticket.steps if one.revision != step.revision]
    steps = tuple(sorted([*others, step], key=lambda one: one.order))
    newest = told if steps[-1] == step else ticket
    return replace(newest, submitted=newest.submitted or ticket.submitted, steps=steps)


def _told(post: ClassifiedPost, step: TicketStep) -> Ticket:
    origin = post.origin
    return Ticket(
        id=origin.id,
        source=origin.source,
        number=origin.ticket or "",
        title=post.clean.title,
        complaint=post.complaint.name,
        detail=None if post.detail is None else post.detail.name,
        incident=post.incident.name,
        place=main_place(post.places),
        submitted=origin.published_at,
        steps=(step,),
    )


def _row(ticket: Ticket) -> Row:
    place = ticket.place
    return {
        "id": ticket.id,
        "source": plain_text(ticket.source),
        "number": plain_text(ticket.number),
        "state": plain_text(ticket.state),
        "stage": ticket.stage,
        "unit": plain_text(ticket.unit),
        "place_code": None if place is None else place.code,
        "place_path": "" if place is None else plain_text(place.path),
        "complaint": ticket.complaint,
        "detail": ticket.detail,
        "incident": ticket.incident,
        "submitted": ticket.submitted,
        "replied_at": ticket.replied_at,
        "closed_at": ticket.closed_at,
        "due": ticket.due,
        "revisions": len(ticket.steps),
        "transfers": ticket.transfers,
        "document": encode(ticket).decode(),
    }
