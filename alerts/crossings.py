"""How often events grow so large: what is ordinary in this stream, so that a rule can keep to its budget."""

from collections import defaultdict, deque
from collections.abc import Collection
from datetime import datetime, timedelta

from schemas.records import Event

_WEEK = timedelta(days=7)
_WEEKS = 4
_LEAST_WEEKS = 0.25


COUNTED_COPIES = 2


def size_of(event: Event) -> int:
    """Reports on an event: each distinct text once, and once more where somebody else sends the same.

    A text that a thousand people pass on is heat, not a thousand reports.
    """
    return min(event.heat, COUNTED_COPIES * event.reports)


class Crossings:
    """For each number of reports the events that reached it within the last four weeks.

    Events whose posts name one place are counted apart from scattered ones.
    """

    def __init__(self) -> None:
        self._reached: defaultdict[int, deque[tuple[datetime, str, str, bool]]] = defaultdict(deque)
        self._highest: dict[str, int] = {}
        self._since: datetime | None = None

    def note(self, event: Event, now: datetime, *, together: bool) -> None:
        """Take down the numbers that an event has reached since it was last seen."""
        if self._since is None:
            self._since = now
        known, size = self._highest.get(event.id, 1), size_of(event)
        for reports in range(known + 1, size + 1):
            self._reached[reports].append((now, event.id, event.label, together))
        self._highest[event.id] = max(known, size)

    def a_week(self, event: Event, labels: Collection[str], now: datetime) -> float:
        """Other events of these labels a week, with one place, that grew as large as this one in the four
        weeks before."""
        return self._count(event, size_of(event), labels, now, together=True)

    def scattered_a_week(self, event: Event, reports: int, labels: Collection[str], now: datetime) -> float:
        """Other events of these labels a week, without one place, that grew to so many reports then."""
        return self._count(event, reports, labels, now, together=False)

    def _count(
        self, event: Event, reports: int, labels: Collection[str], now: datetime, *, together: bool
    ) -> float:
        start = now - _WEEKS * _WEEK
        others = sum(
            at > start and event_id != event.id and label in labels and alike == together
            for at, event_id, label, alike in self._reached.get(reports, ())
        )
        return others / min(max(self.weeks(now), _LEAST_WEEKS), _WEEKS)

    def weeks(self, now: datetime) -> float:
        """For how many weeks events have been seen."""
        return (now - (self._since or now)) / _WEEK

    def forget(self, now: datetime, active: timedelta) -> None:
        """Drop what is older than four weeks, and what is known of events older than `active`."""
        for reports, reached in list(self._reached.items()):
            while reached and reached[0][0] <= now - max(active, _WEEKS * _WEEK):
                _, event_id, *_ = reached.popleft()
                if reports == self._highest.get(event_id):
                    del self._highest[event_id]
            if not reached:
                del self._reached[reports]
