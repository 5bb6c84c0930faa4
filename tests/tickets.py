"""A hotline ticket made of the records of its revisions, for tests that ask when it was answered."""

from schemas.errors import Where
from schemas.records import RawPost
from schemas.tickets import Ticket, read_step


def ticket_of(*posts: RawPost) -> Ticket:
    """The ticket whose revisions these are, in any order."""
    steps = [step for post in posts if (step := read_step(post, Where("test")))]
    first = min(posts, key=lambda post: post.origin.fetched_at).origin
    return Ticket(
        first.id, first.source, first.ticket or "", "", "other", None, "none", None,
        first.published_at, tuple(sorted(steps, key=lambda step: step.order)),
    )  # fmt: skip
