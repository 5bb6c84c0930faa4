"""Counts over time for every place and label, from posts in any order."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from alerts.detectors.bayes import Counts, weekday_exposures
from schemas.records import ClassifiedPost, SeriesKey
from schemas.taxonomy.places import Deployment

EVERYWHERE = "*"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One post in a series."""

    at: datetime
    post_id: str
    urgency: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Earlier windows of the same length and time of day: their counts, how busy their days usually are."""

    counts: Counts
    exposures: Counts
    exposure: float


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
        self._first: datetime | None = None

    def add(self, post: ClassifiedPost) -> list[tuple[SeriesKey, str]]:
        """Count a post. Returns the series it counts in, each with the level of its place."""
        origin = post.origin
        entry, label = Entry(origin.time, origin.id, post.urgency), post_label(post)
        touched = []
        for path, level in place_levels(post, self._deployment).items():
            key = SeriesKey(path, label)
            insort(self._entries[key], entry)
            touched.append((key, level))
        self._a_day[origin.time.date()] += 1
        self._first = origin.time if self._first is None else min(self._first, origin.time)
        return touched

    def window(self, key: SeriesKey, end: datetime, hours: int, urgency: Iterable[str] = ()) -> list[Entry]:
        """The posts of a series in the window (end - hours, end], in order of time."""
        wanted = frozenset(urgency)
        return [one for one in self._between(key, end, hours) if not wanted or one.urgency in wanted]

    def reference(
        self, key: SeriesKey, end: datetime, hours: int, urgency: Iterable[str] = (), most: int = 28
    ) -> Reference:
        """The windows of the days before, newest first: as many as the history has, at most `most`."""
        ends = list(self._earlier_ends(end, hours, most))
        busy = self._weekdays(end)
        counts = [float(len(self.window(key, one, hours, urgency))) for one in ends]
        return Reference(
            counts=np.array(counts, dtype=np.float64),
            exposures=np.array([busy[one.weekday()] for one in ends], dtype=np.float64),
            exposure=float(busy[end.weekday()]),
        )

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


def _time(entry: Entry) -> datetime:
    return entry.at
