"""The numbers of a report over one period: what came in, what was warned of, what was answered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from schemas.records import Alert, Event, Place


class Kind(StrEnum):
    """What kind of report: the value stands in file names and Message-IDs."""

    DAILY = "daily"
    WEEKLY = "weekly"
    INTERIM = "interim"

    @property
    def zh(self) -> str:
        """日报, 周报 or 快报."""
        return {"daily": "日报", "weekly": "周报", "interim": "快报"}[self.value]


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to and without `end`, both with a zone."""

    kind: Kind
    start: datetime
    end: datetime

    @property
    def before(self) -> "Period":
        """The period of the same length just before."""
        return Period(self.kind, self.start - (self.end - self.start), self.start)

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Scope:
    """The place a report is about: `path` from the top down, and the names and paths of the places below it
    that are compared with each other (districts of a city, streets of a district). The whole deployment also
    answers for what names no place of it."""

    name: str
    path: str
    parts: tuple[tuple[str, str], ...] = ()
    is_whole: bool = False

    def holds(self, path: str) -> bool:
        """Whether a place lies in it; an empty path is a place unknown."""
        return self.is_whole or lies_in(path, self.path)

    def part_of(self, path: str) -> str | None:
        """The name of the part that a place lies in; None for one that is not that precise."""
        return next((name for name, part in self.parts if lies_in(path, part)), None)


def lies_in(path: str, above: str) -> bool:
    """Whether a path is the other or goes on from it.

    >>> lies_in("云汀市/汀东区/柳浪街道", "云汀市/汀东区")
    True
    """
    return path == above or path.startswith(f"{above}/")


@dataclass(slots=True)
class Counts:
    """What was counted over the posts of one period. `groups` counts (label, part) pairs, spam left out."""

    posts: int = 0
    spam: int = 0
    hotline: int = 0
    rumours: int = 0
    rebuttals: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    groups: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    steps: Counter[datetime] = field(default_factory=Counter)

    def by_label(self, label: str) -> int:
        """The posts of a label."""
        return sum(count for (name, _), count in self.groups.items() if name == label)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a warning by the end of the period. `level` and `state` are as they stood then; times
    are None where it has not happened; `minutes` is what the duty group had for acknowledging."""

    alert: Alert
    group: str
    raised: datetime
    minutes: int
    acknowledged: datetime | None = None
    closed: datetime | None = None
    reported_up: bool = False
    is_false: bool = False
    is_over: bool = False

    @property
    def waited(self) -> timedelta | None:
        """From the warning to its acknowledgement."""
        return None if self.acknowledged is None else self.acknowledged - self.raised

    @property
    def is_late(self) -> bool:
        """Acknowledged after its time."""
        return self.waited is not None and self.waited > timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Hot:
    """An event with its posts of this period and of the one before."""

    event: Event
    posts: int
    before: int
    alert: Alert | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """One source over the period: its runs, those that failed or brought too little, and what came."""

    name: str
    runs: int
    failed: int
    few: int
    records: int
    before: int
    quarantined: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything a report says, as numbers and records."""

    period: Period
    scope: Scope
    now: Counts
    before: Counts
    answers: Sequence[Answer]
    left_over: Sequence[Answer]
    hot: Sequence[Hot]
    new_events: int
    coverage: Sequence[Coverage]
    rumoured: Sequence[Event]
    written_at: datetime


def scope_path(place: Place | None) -> str:
    """The path of a place as scopes know it; empty for none."""
    return "" if place is None else place.path or place.name
