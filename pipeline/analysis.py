"""The one code path of live operation and replay: raw posts to classified posts, events and warnings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.engine import WarningEngine
from alerts.path.inhibit import CLEARED, JOINED
from nlp.core import TextCore
from nlp.events import EventClusterer
from nlp.events_links import LinkHistory
from nlp.events_members import seen_at
from schemas.health import SourceHealth
from schemas.records import Alert, ClassifiedPost, Event, EventLink, LinkKind, RawPost, Reading

_HOUR = timedelta(hours=1)
_SPAM = "spam"
# A gap in the stream longer than this has nothing left to tell every hour.
_LONGEST_WALK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Step:
    """One post taken in. `event` is None for spam; `alerts` begin with what the clock raised before it.

    `links` are the merges and splits that the post brought about; `ended` the events that went into others.
    """

    post: ClassifiedPost
    event: Event | None
    alerts: tuple[Alert, ...]
    links: tuple[EventLink, ...] = ()
    ended: tuple[Event, ...] = ()

    @property
    def at(self) -> datetime:
        """When the post was fetched."""
        return self.post.origin.fetched_at


@dataclass(frozen=True, slots=True)
class Measurement:
    """One reading of a sensor taken in; `alerts` begin with what the clock raised before it."""

    reading: Reading
    alerts: tuple[Alert, ...]

    @property
    def at(self) -> datetime:
        """When the reading was taken."""
        return self.reading.at


class Analysis:
    """Clusterer and engine in step with one clock: the given time, or the posts' where none is given."""

    def __init__(self, core: TextCore, clusterer: EventClusterer, engine: WarningEngine) -> None:
        self._core, self._clusterer, self._engine = core, clusterer, engine
        self._clock: datetime | None = None
        self._told: list[tuple[Alert, ClassifiedPost, Event]] = []

    def advance(
        self, posts: Sequence[RawPost], now: datetime | Sequence[datetime] | None = None
    ) -> Iterator[Step]:
        """Take posts in, in their order. Without `now` the clock is simulated: it follows the posts' times.

        `now` is one time for all, or one for each post (when it arrived, in a replay). Spam forms no event
        and counts nowhere. Ask for every step: the state moves only as steps are taken.
        """
        times = now if isinstance(now, Sequence) else [now or post.origin.time for post in posts]
        for post, at in zip(self._core.enrich(posts), times, strict=True):
            ticked = self.tick(at)
            yield self._take_in(post, tuple(ticked))

    def measure(self, reading: Reading, now: datetime) -> Measurement:
        """Take a reading of a sensor in at `now`."""
        ticked = self.tick(now)
        return Measurement(reading, (*ticked, *self._engine.observe_reading(reading, now)))

    def note_health(self, days: Iterable[SourceHealth]) -> None:
        """Take in how collecting from the sources went."""
        self._engine.note_health(days)

    def tick(self, now: datetime) -> list[Alert]:
        """Move the clock to `now`, an hour at a time, and return what that raises. It never goes back."""
        raised: list[Alert] = []
        for hour in self._hours_until(now):
            raised.extend(self._engine.tick(hour))
        self._clock = now if self._clock is None else max(now, self._clock)
        for event_id in filter(None, map(resolved_event, raised)):
            self._clusterer.resolve(event_id)
        return raised

    def restore(
        self,
        members: Iterable[tuple[str, ClassifiedPost]],
        alerts: Iterable[Alert],
        links: Sequence[EventLink] = (),
        resolved: Iterable[str] = (),
        readings: Iterable[Reading] = (),
        received: datetime | None = None,
    ) -> None:
        """Take up a saved state: posts with event ids in the order they came, the standing alerts, the links
        between events in the order they were made, the ids of the resolved ones, and the last readings with
        the time when the newest of them came in."""
        latest: list[datetime] = []
        last: dict[str, tuple[ClassifiedPost, Event]] = {}
        history = LinkHistory(links)
        for post, event in self._clusterer.recall(members, links, resolved):
            self._engine.recall(post, event)
            latest = [max([seen_at(post), *latest])]
            last[event.id] = post, event
        for reading in readings:
            self._engine.recall_reading(reading)
        standing = [_follow(alert, history) for alert in alerts]
        self._engine.restore(standing)
        self._told = [(alert, *last[alert.event_id]) for alert in standing if alert.event_id in last]
        self._clock = max([*latest, *filter(None, [received])], default=None)

    def reconsider(self, now: datetime, since: datetime | None) -> list[Alert]:
        """What the clock brings without a new post, and what the rules now say of the events of standing
        warnings, such as a revision that waited for the end of quiet hours. `since` is when that was last
        asked: hours before it are not walked again."""
        if since is not None and self._clock is not None:
            self._clock = max(self._clock, since)
        raised = self.tick(now)
        for alert, post, event in self._told:
            if self._engine.standing(alert.group) is not None:
                raised.extend(self._engine.observe(post, event, now))
        return raised

    def _take_in(self, post: ClassifiedPost, ticked: tuple[Alert, ...]) -> Step:
        if self._clock is None:
            raise RuntimeError("the clock is set by tick")
        if _SPAM in post.clean.flags:
            return Step(post, None, ticked)
        event = self._clusterer.add(post)
        changes = self._clusterer.take_changes()
        links = tuple(link for link, _ in changes)
        ended = tuple(one for link, one in changes if link.kind == LinkKind.MERGED)
        joined = [alert for one in ended for alert in self._engine.merge(one, event, self._clock)]
        raised = (*ticked, *joined, *self._engine.observe(post, event, self._clock))
        return Step(post, event, raised, links, ended)

    def _hours_until(self, now: datetime) -> Iterator[datetime]:
        """The full hours after the clock up to `now`; of a long gap only the last days."""
        if self._clock is None:
            return
        start = max(self._clock, now - _LONGEST_WALK)
        hour = start.replace(minute=0, second=0, microsecond=0) + _HOUR
        while hour <= now:
            yield hour
            hour += _HOUR


def resolved_event(alert: Alert) -> str | None:
    """The event that is over with its warning: any that people have closed; by itself only an incident, as a
    complaint of which nobody writes is not yet met."""
    if not alert.state.is_over or alert.event_id is None:
        return None
    cleared = alert.history[-1].what.startswith(CLEARED)
    joined = alert.history[-1].what.startswith(JOINED)
    return None if joined or (cleared and not alert.label.startswith("incident.")) else alert.event_id


def _follow(alert: Alert, history: LinkHistory) -> Alert:
    """The warning as that of the event which its own has gone into."""
    event_id = None if alert.event_id is None else history.survivor(alert.event_id)
    return replace(alert, group=history.survivor(alert.group), event_id=event_id)
