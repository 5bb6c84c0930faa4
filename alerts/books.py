"""All that the engine remembers of posts and readings; taking them in again rebuilds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.conditions.growth import TOGETHER_AMONG, is_together
from alerts.crossings import Crossings
from alerts.findings import Measured, Moment, Tick
from alerts.health import HealthBook
from alerts.series import SeriesBook
from alerts.sources import SourceBook
from alerts.stations import Stations
from alerts.tallies import Tallies
from alerts.watch import Watch
from schemas.records import ClassifiedPost, Event, Facts, Reading
from schemas.rules.firms import FirmKinds
from schemas.rules.loader import Rule
from schemas.rules.when import look_back, parts_of
from schemas.rules.when_counts import Counted
from schemas.taxonomy.places import Deployment

_LEAST_DAYS = 60
# Beyond this a standing warning's matter is over: a new finding about it would be a new matter.
FORGET_AFTER_DAYS = 120


@dataclass(frozen=True, slots=True)
class Seen:
    """How an event was last seen, and since when its facts are as they are."""

    last: datetime
    facts: Facts
    facts_since: datetime


class Books:
    """The watch, the series, the tallies, the sources and the stations of one engine."""

    def __init__(self, rules: Iterable[Rule], deployment: Deployment) -> None:
        rules = tuple(rules)
        hours = max((look_back(rule.when) for rule in rules), default=24)
        counted = (part for rule in rules for part in parts_of(rule.when) if isinstance(part, Counted))
        self.watch = Watch(hours)
        self.tallies = Tallies(counted, FirmKinds(deployment))
        self.sources = SourceBook()
        self.health = HealthBook()
        self.stations = Stations()
        self.seen: dict[str, Seen] = {}
        self._moments: dict[str, Moment] = {}
        self._look_back = timedelta(hours=hours)
        self._series = SeriesBook(deployment, max(_LEAST_DAYS, 2 * hours // 24))
        self._crossings = Crossings()
        self._day = date.min

    def take_in(self, post: ClassifiedPost, event: Event, now: datetime) -> Moment:
        """Remember a post, known or not, and return what rules are shown of it."""
        is_new = self.watch.add(post, event)
        self._see(event, now)
        latest = self.watch.latest(event, TOGETHER_AMONG)
        self._crossings.note(event, now, together=is_together(latest, event))
        touched = tuple(self._series.add(post)) if is_new else ()
        brief = self.watch.brief(post.origin.id)
        taken = self.tallies.take(post, brief, touched) if is_new else ()
        if is_new:
            self.sources.add(brief.source, brief.label, brief.at)
        return Moment(
            post=post,
            event=event,
            now=now,
            watch=self.watch,
            series=self._series,
            crossings=self._crossings,
            tallies=self.tallies,
            stations=self.stations,
            touched=touched,
            taken=taken,
        )

    def measure(self, reading: Reading, now: datetime) -> Measured:
        """Remember a reading and return what rules are shown of it."""
        self.stations.note(reading)
        return Measured(reading, now, self.stations, tuple(self._moments.values()))

    def keep_moment(self, moment: Moment) -> None:
        """Remember the latest post of an event: a reading may complete what it is a part of."""
        self._moments.pop(moment.event.id, None)
        self._moments[moment.event.id] = moment

    def drop_moment(self, event_id: str) -> None:
        """An event has ended."""
        self._moments.pop(event_id, None)

    def tick(self, now: datetime) -> Tick:
        """What rules are shown when the clock moves. Forgets once a day."""
        if self._day != now.date():
            self._day = now.date()
            self._forget(now)
        return Tick(now, self.sources, self.stations, self.health)

    def alias(self, scaled: Rule, base: Rule) -> None:
        """Let the rule of a mode count with the one it was made of."""
        for ours, theirs in zip(parts_of(scaled.when), parts_of(base.when), strict=True):
            if isinstance(ours, Counted) and isinstance(theirs, Counted):
                self.tallies.alias(ours, theirs)

    def _see(self, event: Event, now: datetime) -> None:
        before = self.seen.get(event.id)
        since = now if before is None or before.facts != event.facts else before.facts_since
        self.seen[event.id] = Seen(event.last_seen, event.facts, since)

    def _forget(self, now: datetime) -> None:
        self.watch.forget(now)
        self._series.forget(now)
        self.tallies.forget(now)
        self.sources.forget(now)
        self._crossings.forget(now, timedelta(days=FORGET_AFTER_DAYS))
        self.stations.forget(now)
        start = now - self._look_back
        self._moments = {key: one for key, one in self._moments.items() if one.now > start}
        oldest = now - timedelta(days=FORGET_AFTER_DAYS)
        self.seen = {event_id: seen for event_id, seen in self.seen.items() if seen.last > oldest}


def last_seen(seen: Mapping[str, Seen], events: Iterable[str | None], otherwise: datetime) -> datetime:
    """When any of these events was last written of; `otherwise` where none is known."""
    known = (seen[event].last for event in events if event is not None and event in seen)
    return max(known, default=otherwise)
