"""The way of a raised alert to the people: a list of stages, one file each, pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.records import Alert
from schemas.taxonomy.duty import Duty


@dataclass(frozen=True, slots=True)
class PathContext:
    """What the stages may know: the (alert id, revision) pairs in the sent-log, the duty groups, the time,
    and how many mails each duty group got within the last hour (`recent`, by the name of the group)."""

    sent: frozenset[tuple[str, int]]
    duty: Duty
    now: datetime
    recent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """A revision that gets no mail of its own, and why, in words for the log."""

    alert: Alert
    reason: str


# What goes on to the next stage, and what is held back for good.
Stage = Callable[[Sequence[Alert], PathContext], tuple[list[Alert], list[Held]]]


def walk_path(
    stages: Sequence[Stage], alerts: Sequence[Alert], context: PathContext
) -> tuple[list[Alert], list[Held]]:
    """What is left of the alerts after every stage, in order, and what the stages held back."""
    left, held = list(alerts), list[Held]()
    for stage in stages:
        left, kept = stage(left, context)
        held += kept
    return left, held
