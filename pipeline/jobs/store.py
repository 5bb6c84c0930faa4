"""Store: records into the raw zone, each revision once, with the rows that say so in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pipeline.rooms import Rooms
from schemas.codec import encode
from schemas.records import RawPost
from schemas.times import SHANGHAI
from stores.database.parts import add_part
from stores.database.posts import known_revisions, save_seen


@dataclass(frozen=True, slots=True)
class Stored:
    """How many records were new and how many had been seen before."""

    new: int
    seen: int


def store_posts(rooms: Rooms, posts: Sequence[RawPost]) -> Stored:
    """Keep the records that were not seen in this revision; one part file a source and day.

    The part file is written before the row that names it: a crash between the two leaves a file without a
    row, and the same records make the same file again.
    """
    with rooms.database.read() as db:
        known = known_revisions(db, {post.origin.id for post in posts})
    unseen = {_key(post): post for post in posts if _key(post) not in known}
    for (source, day), group in groupby(sorted(unseen.values(), key=_folder), key=_folder):
        _write_part(rooms, source, day, list(group))
    return Stored(len(unseen), len(posts) - len(unseen))


def _key(post: RawPost) -> tuple[str, str]:
    return post.origin.id, post.origin.revision


def _folder(post: RawPost) -> tuple[str, date]:
    return post.origin.source, post.origin.fetched_at.astimezone(SHANGHAI).date()


def _write_part(rooms: Rooms, source: str, day: date, posts: list[RawPost]) -> None:
    file = rooms.raw.write(source, day, map(encode, posts))
    at = max(post.origin.fetched_at for post in posts)
    with rooms.database.begin() as db:
        add_part(db, file, at)
        save_seen(db, map(_key, posts), at)
