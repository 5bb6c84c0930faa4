"""Tickets: those of a state that is older than its table of tickets, taken in from the raw zone."""

from collections.abc import Iterator

from pipeline.rooms import Rooms
from schemas.codec import decode
from schemas.errors import ReadError, Where
from schemas.records import RawPost
from schemas.tickets import TicketStep, read_step
from stores.database.parts import ANALYSED, Part, all_parts
from stores.database.posts import posts_by_id
from stores.database.tickets import save_tickets
from stores.database.upsert import in_batches
from stores.raw import BrokenPartError


def refill_tickets(rooms: Rooms) -> int:
    """Take in every revision of every ticket that was analysed; how many tickets that changed. What is known
    already changes nothing."""
    with rooms.database.read() as db:
        parts = [part for part in all_parts(db) if part.state == ANALYSED]
    changed = 0
    for part in parts:
        for batch in in_batches(_read_steps(rooms, part)):
            with rooms.database.begin() as db:
                posts = posts_by_id(db, {key for key, _ in batch})
                changed += save_tickets(db, [(posts[key], step) for key, step in batch if key in posts])
    return changed


def _read_steps(rooms: Rooms, part: Part) -> Iterator[tuple[str, TicketStep]]:
    """The tickets of a part. What cannot be read went to quarantine when the part was analysed."""
    try:
        for number, line in rooms.raw.read(part.path):
            where = Where(part.path, number)
            try:
                post = decode(RawPost, line, where)
                step = read_step(post, where)
            except ReadError:
                continue
            if step is not None:
                yield post.origin.id, step
    except BrokenPartError:
        return
