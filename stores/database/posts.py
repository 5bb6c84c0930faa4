"""Posts in the state: which revisions were seen, what the text core said, which event they belong to."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, func, select

from schemas.codec import decode, encode
from schemas.errors import Where
from schemas.records import ClassifiedPost, EventLink, Origin
from stores.database.index import month_part
from stores.database.many import MANY, find_pairs, insert_pairs
from stores.database.series import Cell, add_counts, count_moves
from stores.database.tables import events, posts, seen_revisions
from stores.database.upsert import Row, in_batches, lock_writers, next_version, plain_text, upsert
from stores.documents import main_place

_LONGEST = timedelta(days=3_650)


def known_revisions(db: Connection, ids: Iterable[str]) -> set[tuple[str, str]]:
    """The (id, revision) pairs seen so far of the posts with these ids."""
    known: set[tuple[str, str]] = set()
    for batch in in_batches(ids, MANY):
        known.update(find_pairs(db, seen_revisions.c.id, seen_revisions.c.revision, batch))
    return known


def revision_histories(db: Connection, ids: Iterable[str]) -> dict[str, list[tuple[datetime, str]]]:
    """When each revision of the posts with these ids was seen, in order of time."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    for batch in in_batches(ids):
        query = select(seen_revisions).where(seen_revisions.c.id.in_(batch))
        for row in db.execute(query.order_by(seen_revisions.c.at, seen_revisions.c.revision)):
            found.setdefault(row.id, []).append((row.at, row.revision))
    return found


def known_before(db: Connection, ids: Iterable[str], moment: datetime) -> int:
    """How many of these posts had been seen by a moment, in whatever revision."""
    known: set[str] = set()
    for batch in in_batches(ids):
        query = select(seen_revisions.c.id).where(seen_revisions.c.id.in_(batch))
        known.update(db.scalars(query.where(seen_revisions.c.at <= moment)))
    return len(known)


def save_seen(db: Connection, revisions: Iterable[tuple[str, str]], at: datetime) -> int:
    """Remember (id, revision) pairs as seen; returns how many were new. Belongs into the transaction that
    adds the part they lie in."""
    same = {seen_revisions.c.at: at}
    return sum(insert_pairs(db, seen_revisions, batch, same) for batch in in_batches(revisions, MANY))


def save_posts(db: Connection, classified: Iterable[tuple[ClassifiedPost, str | None]]) -> int:
    """Keep posts with the id of their event (None: in no event); returns how many rows were written.

    An equal post changes nothing, and a revision fetched earlier does not replace a later one. The series
    count what is then there.
    """
    # A part may hold two revisions of one post; the one fetched later is to win.
    in_order = sorted(classified, key=lambda pair: pair[0].origin.fetched_at)
    rows = {post.origin.id: _row(post, event_id) for post, event_id in in_order}
    lock_writers(db)
    written, moves = 0, Counter[Cell]()
    for batch in in_batches(rows.values()):
        moves.update(count_moves(db, batch))
        written += upsert(db, posts, batch, newer="fetched_at", versioned=True, fixed=("month",))
    add_counts(db, moves)
    return written


def active_members(db: Connection, time: datetime) -> Iterator[tuple[str, ClassifiedPost]]:
    """The posts of every event with a member at or after `time`, with the event's id, in order of arrival.

    All of them, the early ones too: an event restored from its last weeks only would be another event.
    """
    active = select(events.c.id).where(events.c.last_seen >= time)
    # A post that changed since keeps its place: it arrived with its first revision.
    first = select(func.min(seen_revisions.c.at)).where(seen_revisions.c.id == posts.c.id).scalar_subquery()
    arrived = case((first < posts.c.fetched_at, first), else_=posts.c.fetched_at)
    query = (
        select(posts.c.event_id, posts.c.document)
        .where(posts.c.event_id.in_(active))
        .order_by(arrived, posts.c.time, posts.c.id)
    )
    for row in db.execute(query.execution_options(yield_per=500)):
        yield row.event_id, _read(row.document)


def posts_by_id(db: Connection, ids: Iterable[str]) -> dict[str, ClassifiedPost]:
    """The posts with these ids; an unknown id is left out."""
    found: dict[str, ClassifiedPost] = {}
    for batch in in_batches(ids):
        query = select(posts.c.id, posts.c.document).where(posts.c.id.in_(batch))
        found.update((row.id, _read(row.document)) for row in db.execute(query))
    return found


def event_ids(db: Connection, ids: Iterable[str]) -> dict[str, str | None]:
    """The event of each known post among these ids, None for one in no event; an unknown id is left out."""
    found: dict[str, str | None] = {}
    for batch in in_batches(ids):
        query = select(posts.c.id, posts.c.event_id).where(posts.c.id.in_(batch))
        found.update((row.id, row.event_id) for row in db.execute(query))
    return found


def move_posts(db: Connection, links: Iterable[EventLink]) -> int:
    """Put the posts of events that went into others there, link by link; returns how many rows changed."""
    return sum(
        _move(db, batch, link.other_id) for link in links for batch in in_batches(link.post_ids) if batch
    )


def latest_time(db: Connection) -> datetime | None:
    """The time of the youngest post, None where there is none."""
    time: datetime | None = db.execute(select(func.max(posts.c.time))).scalar_one()
    return time


def _move(db: Connection, ids: list[str], event_id: str) -> int:
    moved = posts.update().where(posts.c.id.in_(ids), posts.c.event_id.is_distinct_from(event_id))
    return db.execute(moved.values(event_id=event_id, changed=next_version(posts))).rowcount


def _read(document: str) -> ClassifiedPost:
    return decode(ClassifiedPost, document.encode(), Where("posts"))


def _row(post: ClassifiedPost, event_id: str | None) -> Row:
    origin, place = post.origin, main_place(post.places)
    return {
        "id": origin.id,
        "revision": origin.revision,
        "source": plain_text(origin.source),
        "time": origin.time,
        "fetched_at": origin.fetched_at,
        "place_code": None if place is None else place.code,
        "place_path": "" if place is None else plain_text(place.path),
        "complaint": post.complaint.name,
        "incident": post.incident.name,
        "spam": "spam" in post.clean.flags,
        "event_id": event_id,
        "month": _month(origin),
        "document": encode(post).decode(),
    }


def _month(origin: Origin) -> str:
    """The month of the index that a post goes to with its first revision: that of its time.

    A time after the fetch or ten years before it is a misprint more often than not, and each would make an
    index of its own: there the month is that of the fetch.
    """
    likely = origin.fetched_at - _LONGEST <= origin.time <= origin.fetched_at
    return month_part(origin.time if likely else origin.fetched_at)
