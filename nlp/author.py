"""Rumour from who says it: what an account's public profile tells; no name, no sex, no place."""

from dataclasses import dataclass
from math import log, log1p

# Where the log of a number bends: accounts of a hundred followers and of a million are different kinds.
_FOLLOWERS = (100, 1_000, 10_000, 100_000, 1_000_000)
_FRIENDS = (1_000,)
_MESSAGES = (1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Author:
    """The profile of an account when it posted: verified by the platform or not, verified as an organisation
    (office, firm, medium), how many follow it, how many it follows, posts so far, days since it began."""

    verified: bool
    organisation: bool
    followers: int
    friends: int
    messages: int
    days: float


def describe_author(author: Author) -> dict[str, float]:
    """The profile in numbers: natural logarithms of one plus each count, and what of them exceeds each
    bend."""
    return {
        "verified": float(author.verified),
        "organisation": float(author.organisation),
        "days": log1p(max(author.days, 0.0)),
        **_bend("followers", author.followers, _FOLLOWERS),
        **_bend("friends", author.friends, _FRIENDS),
        **_bend("messages", author.messages, _MESSAGES),
    }


def _bend(name: str, count: int, bends: tuple[int, ...]) -> dict[str, float]:
    size = log1p(max(count, 0))
    return {name: size, **{f"{name}_{bend}": max(0.0, size - log(bend)) for bend in bends}}
