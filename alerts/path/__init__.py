"""The way of a raised alert to the people: a list of stages, one file each, pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.records import Alert
from schemas.taxonomy.duty import Duty


@dataclass(frozen=True, slots=True)
class PathContext:
    """What the stages may know: the (alert id, revision) pairs in the sent-log, the duty groups, the time."""

    sent: frozenset[tuple[str, int]]
    duty: Duty
    now: datetime


Stage = Callable[[Sequence[Alert], PathContext], list[Alert]]


def walk_path(stages: Sequence[Stage], alerts: Sequence[Alert], context: PathContext) -> list[Alert]:
    """What is left of the alerts after every stage, in order."""
    left = list(alerts)
    for stage in stages:
        left = stage(left, context)
    return left
