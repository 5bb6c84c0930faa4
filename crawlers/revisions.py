"""Revisions of records that change without a new text: a reply that comes later, a state of work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from schemas.posts import revise_digest
from schemas.records import JsonScalar, RawPost

# What makes a new revision of a question or a ticket beside its text.
REVISED = ("state", "unit", "reply", "reply_time", "close_time")


def revise(post: RawPost, names: Iterable[str]) -> RawPost:
    """The post with a revision that covers these of its extra fields too; unchanged where it has none.

    So a question without reply keeps the revision of its text, and the reply makes the next one.
    """
    said = changing(post.extra, names)
    if not said:
        return post
    return replace(post, origin=replace(post.origin, revision=revise_digest(post.origin.revision, said)))


def changing(extra: Mapping[str, JsonScalar], names: Iterable[str] = REVISED) -> list[str]:
    """What of these fields makes a revision: those that say something, with their names."""
    return [f"{name}={extra[name]}" for name in names if extra.get(name)]


def say_again(post: RawPost, history: Sequence[tuple[datetime, str]]) -> RawPost:
    """A ticket as the revision it is now, given when each revision of it was seen, in order of time.

    One that says what it said before its last revision (办理中, 办结, 办理中 again) becomes a new revision,
    whose digest covers the one it follows: the same record read once more makes the same revision. All
    others come back as they are: unseen ones, the last one, ones fetched before it, and records that are no
    tickets, as feeds behind several servers go to and fro.
    """
    revision = post.origin.revision
    is_ticket = post.origin.ticket is not None or bool(changing(post.extra))
    if not is_ticket or revision not in {known for _, known in history}:
        return post
    at = history[-1][0]
    last = [known for seen, known in history if seen == at]
    if revision in last or post.origin.fetched_at < at:
        return post
    again = {revise_digest(revision, (before,)) for _, before in history}
    said = next((known for known in last if known in again), revise_digest(revision, (max(last),)))
    return replace(post, origin=replace(post.origin, revision=said))
