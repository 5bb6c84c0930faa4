"""Counts over time for every place and label, from posts in any order."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from alerts.detectors.bayes import Counts, weekday_exposures
from schemas.records import ClassifiedPost, SeriesKey
from schemas.taxonomy.places import Deployment
from schemas.times import SHANGHAI

EVERYWHERE = "*"
# Late posts are judged in windows of so many days ago at most.
_ACTIVE_DAYS = timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One post in a series."""

    at: datetime
    post_id: str
    urgency: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Earlier windows of the same length and time of day, newest first: their counts, the days that most of
    each lies in, how busy such days usually are; `day` and `exposure` are those of the window itself."""

    counts: Counts
    exposures: Counts
    exposure: float
    days: tuple[date, ...]
    day: date


def post_label(post: ClassifiedPost) -> str:
    """The full label a post counts for: its incident where there is one, else its complaint class."""
    return (
        f"complaint.{post.complaint.name}"
        if post.incident.name == "none"
        else f"incident.{post.incident.name}"
    )


def place_levels(post: ClassifiedPost, deployment: Deployment) -> dict[str, str]:
    """Paths of the places a post speaks of and of those above them, each with its level; `*` everywhere."""
    found = {EVERYWHERE: "everywhere"}
    for place in post.places:
        if place.code is not None and place.code in deployment.by_code:
            for known in (deployment.by_code[place.code], *deployment.ancestors(place.code)):
                found[deployment.path(known.code)] = known.level
        else:
            found[place.path or place.name] = place.level
    return found


class SeriesBook:
    """The posts of the last `days` days by place and label. A late post counts where it belongs."""

    def __init__(self, deployment: Deployment, days: int) -> None:
        self._deployment, self._days = deployment, days
        self._entries: defaultdict[SeriesKey, list[Entry]] = defaultdict(list)
        self._a_day: Counter[date] = Counter()
        self._levels: defaultdict[str, dict[SeriesKey, str]] = defaultdict(dict)
        self._on_day: defaultdict[date, set[SeriesKey]] = defaultdict(set)
        self._active: dict[tuple[object, ...], int] = {}
        self._first: datetime | None = None

    def add(self, post: ClassifiedPost) -> list[tuple[SeriesKey, str]]:
        """Count a post. Returns the series it counts in, each with the level of its place."""
        origin = post.origin
        entry, label = Entry(origin.time, origin.id, post.urgency), post_label(post)
        touched = []
        for path, level in place_levels(post, self._deployment).items():
            key = SeriesKey(path, label)
            insort(self._entries[key], entry)
            self._levels[label][key] = level
            self._on_day[origin.time.date()].add(key)
            touched.append((key, level))
        self._a_day[origin.time.date()] += 1
        self._first = origin.time if self._first is None else min(self._first, origin.time)
        return touched

    def window(self, key: SeriesKey, end: datetime, hours: int, urgency: Iterable[str] = ()) -> list[Entry]:
        """The posts of a series in the window (end - hours, end], in order of time."""
        wanted = frozenset(urgency)
        return [one for one in self._between(key, end, hours) if not wanted or one.urgency in wanted]

    def reference(
        self, key: SeriesKey, end: datetime, hours: int, urgency: Iterable[str] = (), most: int = 84
    ) -> Reference:
        """The windows of the days before, newest first: as many as the history has, at most `most`."""
        ends = list(self._earlier_ends(end, hours, most))
        busy = self._weekdays(end)
        counts = [float(len(self.window(key, one, hours, urgency))) for one in ends]
        return Reference(
            counts=np.array(counts, dtype=np.float64),
            exposures=np.array([busy[one.weekday()] for one in ends], dtype=np.float64),
            exposure=float(busy[end.weekday()]),
            days=tuple(_day_of(one, hours) for one in ends),
            day=_day_of(end, hours),
        )

    def active(self, end: datetime, levels: tuple[str, ...], labels: tuple[str, ...]) -> int:
        """How many series of these place levels and labels had a post on the day before; at least one."""
        day = end.date() - timedelta(days=1)
        keys = self._on_day.get(day, set())
        # A late post brings a further key, and so the number is counted anew.
        known = (levels, labels, day, len(keys))
        if known not in self._active:
            wanted = frozenset(labels)
            count = sum(one.label in wanted and self._levels[one.label].get(one) in levels for one in keys)
            self._active[known] = max(count, 1)
        return self._active[known]

    def below(self, key: SeriesKey, end: datetime, hours: int, levels: Collection[str]) -> list[SeriesKey]:
        """The series of the same label at places within a place, that with most posts in the window first."""
        inside = "" if key.place == EVERYWHERE else f"{key.place}/"
        found = (
            (len(self._between(one, end, hours)), one)
            for one, level in self._levels[key.label].items()
            if level in levels and one != key and one.place.startswith(inside)
        )
        return [one for count, one in sorted(found, key=lambda pair: (-pair[0], pair[1].place)) if count]

    def code_at(self, code: str | None, level: str) -> str | None:
        """The code of the place of that level above a place, or its own; None where there is none."""
        if code is None or code not in self._deployment.by_code:
            return None
        place = self._deployment.at_level(code, level)
        return None if place is None else place.code

    def forget(self, now: datetime) -> None:
        """Drop what is older than the book's days."""
        oldest = now - timedelta(days=self._days)
        for key, entries in list(self._entries.items()):
            del entries[: bisect_left(entries, oldest, key=_time)]
            if not entries:
                del self._entries[key]
                self._levels[key.label].pop(key, None)
        for day in [day for day in self._on_day if day < now.date() - _ACTIVE_DAYS]:
            del self._on_day[day]
        self._active.clear()
        for day in [day for day in self._a_day if day < oldest.date()]:
            del self._a_day[day]

    def _between(self, key: SeriesKey, end: datetime, hours: int) -> list[Entry]:
        entries = self._entries.get(key)
        if entries is None:
            return []
        # A window holds its end and not its beginning: the moment after each is where to cut.
        after = timedelta(microseconds=1)
        start = bisect_left(entries, end - timedelta(hours=hours) + after, key=_time)
        return entries[start : bisect_left(entries, end + after, key=_time)]

    def _earlier_ends(self, end: datetime, hours: int, most: int) -> Iterator[datetime]:
        """Ends of the windows before, a whole number of days apart so that all see the same time of day."""
        step, length = timedelta(days=-(-hours // 24)), timedelta(hours=hours)
        first = self._first
        oldest = end - timedelta(days=self._days)
        for back in range(1, most + 1):
            earlier = end - back * step
            if first is None or earlier - length < max(first, oldest):
                return
            yield earlier

    def _weekdays(self, end: datetime) -> Counts:
        days = [day for day in self._a_day if day < end.date()]
        counts = np.array([self._a_day[day] for day in days], dtype=np.float64)
        return weekday_exposures(counts, np.array([day.weekday() for day in days], dtype=np.int64))


def _day_of(end: datetime, hours: int) -> date:
    """The day that most of a window lies in."""
    return (end - timedelta(hours=hours / 2)).astimezone(SHANGHAI).date()


def _time(entry: Entry) -> datetime:
    return entry.at
