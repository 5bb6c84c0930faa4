"""How often events grow so large: what is ordinary in this stream, so that a rule can keep to its budget."""

from collections import defaultdict, deque
from collections.abc import Collection
from datetime import datetime, timedelta

from schemas.records import Event

_WEEK = timedelta(days=7)
_WEEKS = 4


COUNTED_COPIES = 2


def size_of(event: Event) -> int:
    """Reports on an event: each distinct text once, and once more where somebody else sends the same.

    A text that a thousand people pass on is heat, not a thousand reports.
    """
    return min(event.heat, COUNTED_COPIES * event.reports)


class Crossings:
    """For each number of reports the events that reached it within the last four weeks."""

    def __init__(self) -> None:
        self._reached: defaultdict[int, deque[tuple[datetime, str, str]]] = defaultdict(deque)
        self._highest: dict[str, int] = {}
        self._since: datetime | None = None

    def note(self, event: Event, now: datetime) -> None:
        """Take down the numbers that an event has reached since it was last seen."""
        if self._since is None:
            self._since = now
        known, size = self._highest.get(event.id, 1), size_of(event)
        for reports in range(known + 1, size + 1):
            self._reached[reports].append((now, event.id, event.label))
        self._highest[event.id] = max(known, size)

    def a_week(self, event: Event, labels: Collection[str], now: datetime) -> float:
        """Other events of these labels a week that grew as large as this one in the four weeks before."""
        start = now - _WEEKS * _WEEK
        others = sum(
            at > start and event_id != event.id and label in labels
            for at, event_id, label in self._reached.get(size_of(event), ())
        )
        seen = now - (self._since or now)
        return others / min(max(seen / _WEEK, 1.0), _WEEKS)

    def forget(self, now: datetime, active: timedelta) -> None:
        """Drop what is older than four weeks, and what is known of events older than `active`."""
        for reports, reached in list(self._reached.items()):
            while reached and reached[0][0] <= now - max(active, _WEEKS * _WEEK):
                _, event_id, _ = reached.popleft()
                if reports == self._highest.get(event_id):
                    del self._highest[event_id]
            if not reached:
                del self._reached[reports]
