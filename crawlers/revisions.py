"""Revisions of records that change without a new text: a reply that comes later, a state of work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from schemas.posts import revise_digest
from schemas.records import JsonScalar, RawPost

# What makes a new revision of a question or a ticket beside its text.
REVISED = ("state", "unit", "reply", "reply_time", "close_time")


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """When a ticket came in, was answered and was closed; None for what has not happened or nobody says."""

    received: datetime | None
    replied: datetime | None
    closed: datetime | None


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


def answer_times(revisions: Iterable[RawPost]) -> AnswerTimes:
    """The times of one ticket, from its revisions in any order.

    The newest time that the source names holds. Where it names none, a reply or a state `closed` that an
    earlier revision did not have yet happened by the time it was fetched; of a ticket that came in with it
    nobody knows when. A ticket that was closed and is worked on again is not closed.
    """
    in_order = sorted(revisions, key=lambda post: post.origin.fetched_at)
    received = next((post.origin.published_at for post in in_order if post.origin.published_at), None)
    replied = _seen([(post, bool(post.extra.get("reply"))) for post in in_order])
    return AnswerTimes(
        received, _named(in_order, "reply_time") or next(iter(replied), None), _closed(in_order)
    )


def _closed(revisions: list[RawPost]) -> datetime | None:
    last = revisions[-1].extra if revisions else {}
    if last.get("state", "closed") != "closed" and not last.get("close_time"):
        return None
    closed = _seen([(post, post.extra.get("state") == "closed") for post in revisions])
    return _named(revisions, "close_time") or next(reversed(closed), None)


def _named(revisions: list[RawPost], name: str) -> datetime | None:
    told = [str(post.extra[name]) for post in revisions if post.extra.get(name)]
    return datetime.fromisoformat(told[-1]) if told else None


def _seen(revisions: list[tuple[RawPost, bool]]) -> list[datetime]:
    """When it was fetched that something had come about that the revision before did not have."""
    return [post.origin.fetched_at for (_, before), (post, now) in pairwise(revisions) if now and not before]
