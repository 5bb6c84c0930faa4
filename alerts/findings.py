"""What a condition is shown, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.crossings import Crossings
from alerts.health import HealthBook
from alerts.series import EVERYWHERE, SeriesBook
from alerts.sources import SourceBook
from alerts.stations import Stations
from alerts.tallies import Tallies, Tally
from alerts.terms import TermBook
from alerts.watch import Watch
from schemas.records import ClassifiedPost, Event, Level, Place, Reading, SeriesKey, Signal
from schemas.rules.loader import Rule


@dataclass(frozen=True, slots=True)
class Moment:
    """One post just taken in: its event as it stands, the series it counts in with their place levels, and
    the books of single rules that took it."""

    post: ClassifiedPost
    event: Event
    now: datetime
    watch: Watch
    series: SeriesBook
    crossings: Crossings
    tallies: Tallies
    stations: Stations
    touched: tuple[tuple[SeriesKey, str], ...]
    taken: tuple[Tally | TermBook, ...]

    def window_end(self, hours: int) -> datetime:
        """Now; for a late post, the end of the window that begins with it."""
        return min(self.now, self.post.origin.time + timedelta(hours=hours, microseconds=-1))

    def place_at(self, key: SeriesKey) -> Place | None:
        """The place of a series of the post as a record; None for everywhere."""
        for place in self.post.places:
            if key.place in (place.path, place.name):
                return place
        if key.place == EVERYWHERE:
            return None
        level = dict(self.touched)[key]
        known = [place for place in self.post.places if place.path.startswith(f"{key.place}/")]
        code = self.series.code_at(known[0].code, level) if known else None
        return Place(key.place.rpartition("/")[2], code, level, 1.0, key.place)


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock has moved: what the sources and the stations have brought until now."""

    now: datetime
    sources: SourceBook
    stations: Stations
    health: HealthBook = field(default_factory=HealthBook)


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading just taken in, and of the events that combined rules can ask about the latest posts."""

    reading: Reading
    now: datetime
    stations: Stations
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired. `group` is what one warning is about: an event's id, `<place path>|<label or rule>`,
    `rumour|<event>`, `silence|<source>|<label>`, `silence|station:<quantity>|<station>`,
    `station|<quantity>|<station>` or `drift|<source>|<measure>`.

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


def name_at(key: SeriesKey) -> str:
    """The name of the place of a series; 全域 for everywhere."""
    return "全域" if key.place == EVERYWHERE else key.place.rpartition("/")[2]
