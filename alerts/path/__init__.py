"""The way of a raised alert to the people: a list of stages, one file each, pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.records import Alert
from schemas.silences import Silence
from schemas.taxonomy.duty import Duty

# Six an hour is one in ten minutes: what one person on duty can look into.
A_GROUP_AND_HOUR = 6


@dataclass(frozen=True, slots=True)
class PathContext:
    """What the stages may know.

    `sent` is the sent-log: of each (alert id, revision) that was told, the Message-ID of the mail that told
    it. `newest` is the newest revision of each alert by id. `recent` counts the mails of the last hour by the
    name of the duty group, `most` is how many an hour a group may get; `silences` are those in force.
    """

    sent: Mapping[tuple[str, int], str]
    duty: Duty
    now: datetime
    recent: Mapping[str, int] = field(default_factory=dict)
    silences: Sequence[Silence] = ()
    most: int = A_GROUP_AND_HOUR
    newest: Mapping[str, Alert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """A revision that gets no mail of its own, and why, in words for the log.

    It is held for good, or `waits` for a later run; `silence` is the id of the silence that mutes it.
    """

    alert: Alert
    reason: str
    waits: bool = False
    silence: str = ""


# What goes on to the next stage, and what is held back.
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
