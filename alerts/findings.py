"""What a condition is shown, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.crossings import Crossings
from alerts.series import SeriesBook
from alerts.watch import Watch
from schemas.records import ClassifiedPost, Event, Level, Place, SeriesKey, Signal
from schemas.rules.loader import Rule


@dataclass(frozen=True, slots=True)
class Moment:
    """One post just taken in: its event as it stands, and the series it counts in with their place levels."""

    post: ClassifiedPost
    event: Event
    now: datetime
    watch: Watch
    series: SeriesBook
    crossings: Crossings
    touched: tuple[tuple[SeriesKey, str], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired. `group` is what one warning is about: an event's id, or `<place path>|<label>`.

    `reason` is one Chinese sentence with its numbers; `measures` are the numbers that a later revision is
    compared with: reports, deaths, injured, missing, trapped.
    """

    rule: Rule
    group: str
    level: Level
    reason: str
    post_ids: tuple[str, ...]
    measures: Mapping[str, int]
    title: str
    label: str
    place: Place | None
    event_id: str | None
    rumour: float
    signal: Signal | None = None
