"""Store: records into the raw zone, each revision once, with the rows that say so in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from crawlers.revisions import say_again
from pipeline.rooms import Rooms
from schemas.codec import encode
from schemas.records import RawPost
from schemas.times import SHANGHAI
from stores.database.parts import add_part
from stores.database.posts import known_revisions, revision_histories, save_seen

Revision = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """How many records were new and how many had been seen before."""

    new: int
    seen: int


def store_posts(rooms: Rooms, posts: Sequence[RawPost], *, current: bool = False) -> Stored:
    """Keep the records that were not seen in this revision; one part file a source and day.

    `current`: they are what their source says now. Then a ticket that says again what it said before its
    last revision is a new revision; otherwise, as in a table imported once more, nothing new.

    The part file is written before the row that names it: a crash between the two leaves a file without a
    row, and the same records make the same file again.
    """
    with rooms.database.read() as db:
        known = known_revisions(db, {post.origin.id for post in posts})
        told = _tell_again(db, posts, known) if current else posts
    unseen = {_key(post): post for post in told if _key(post) not in known}
    for (source, day), group in groupby(sorted(unseen.values(), key=_folder), key=_folder):
        _write_part(rooms, source, day, list(group))
    return Stored(len(unseen), len(posts) - len(unseen))


def _tell_again(db: Connection, posts: Sequence[RawPost], known: set[Revision]) -> list[RawPost]:
    """The records as the revisions they are now. Of a ticket that is there several times, its history, no
    one says how it stands."""
    times = Counter(post.origin.id for post in posts)
    revisions = Counter(key for key, _ in known)
    moved = {key for key, number in revisions.items() if number > 1 and times[key] == 1}
    histories = revision_histories(db, moved)
    return [say_again(post, histories[post.origin.id]) if post.origin.id in moved else post for post in posts]


def _key(post: RawPost) -> Revision:
    return post.origin.id, post.origin.revision


def _folder(post: RawPost) -> tuple[str, date]:
    return post.origin.source, post.origin.fetched_at.astimezone(SHANGHAI).date()


def _write_part(rooms: Rooms, source: str, day: date, posts: list[RawPost]) -> None:
    file = rooms.raw.write(source, day, map(encode, posts))
    at = max(post.origin.fetched_at for post in posts)
    with rooms.database.begin() as db:
        add_part(db, file, at)
        save_seen(db, map(_key, posts), at)
