"""Store: records into the raw zone, each revision once, with the rows that say so in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from crawlers.revisions import say_again
from pipeline.rooms import Rooms
from schemas.codec import decode
from schemas.encoded import EncodedPosts
from schemas.errors import Where
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
    new = 0
    for (source, day), group in groupby(sorted(posts, key=_folder), key=_folder):
        new += store_encoded(rooms, source, day, EncodedPosts.of(group), current=current).new
    return Stored(new, len(posts) - new)


def store_encoded(
    rooms: Rooms, source: str, day: date, posts: EncodedPosts, *, current: bool = False
) -> Stored:
    """The same for encoded records of one source and day."""
    with rooms.database.read() as db:
        known = known_revisions(db, posts.ids)
        told = _tell_again(db, posts, known) if current and known else posts
    keys = list(zip(told.ids, told.revisions, strict=True))
    unseen = {key: at for at, key in enumerate(keys) if key not in known}
    if unseen:
        _write_part(
            rooms, source, day, told if len(unseen) == len(keys) else told.pick(list(unseen.values()))
        )
    return Stored(len(unseen), len(keys) - len(unseen))


def _tell_again(db: Connection, posts: EncodedPosts, known: set[Revision]) -> EncodedPosts:
    """The records as the revisions they are now. Of a ticket that is there several times, its history, no
    one says how it stands."""
    times = Counter(posts.ids)
    revisions = Counter(key for key, _ in known)
    moved = {key for key, number in revisions.items() if number > 1 and times[key] == 1}
    histories = revision_histories(db, moved)
    told = posts.slice(0, len(posts))
    for at, key in enumerate(posts.ids):
        # Most are what they were when they were seen last.
        if (
            key in moved
            and (key, posts.revisions[at]) in known
            and histories[key][-1][1] != posts.revisions[at]
        ):
            post = decode(RawPost, posts.lines[at], Where(key))
            told.replace(at, say_again(post, histories[key]))
    return told


def _folder(post: RawPost) -> tuple[str, date]:
    return post.origin.source, post.origin.fetched_at.astimezone(SHANGHAI).date()


def _write_part(rooms: Rooms, source: str, day: date, posts: EncodedPosts) -> None:
    file = rooms.raw.write(source, day, posts.lines)
    at = max(posts.fetched)
    with rooms.database.begin() as db:
        add_part(db, file, at)
        save_seen(db, zip(posts.ids, posts.revisions, strict=True), at)
