"""Revisions of records that change without a new text: a reply that comes later, a state of work."""

from collections.abc import Iterable, Mapping
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


def answer_times(revisions: Iterable[RawPost]) -> AnswerTimes:
    """The times of one ticket, from its revisions in any order.

    The newest time that the source names holds. Where it names none, a reply or a state `closed` that an
    earlier revision did not have yet happened by the time it was fetched; of a ticket that came in with it
    nobody knows when.
    """
    in_order = sorted(revisions, key=lambda post: post.origin.fetched_at)
    received = next((post.origin.published_at for post in in_order if post.origin.published_at), None)
    return AnswerTimes(
        received,
        _named(in_order, "reply_time")
        or _first_seen([(post, bool(post.extra.get("reply"))) for post in in_order]),
        _named(in_order, "close_time")
        or _first_seen([(post, post.extra.get("state") == "closed") for post in in_order]),
    )


def _named(revisions: list[RawPost], name: str) -> datetime | None:
    told = [str(post.extra[name]) for post in revisions if post.extra.get(name)]
    return datetime.fromisoformat(told[-1]) if told else None


def _first_seen(revisions: list[tuple[RawPost, bool]]) -> datetime | None:
    for (_, before), (post, now) in pairwise(revisions):
        if now and not before:
            return post.origin.fetched_at
    return None
