"""How busy each source and each of its labels is, hour by hour, so that silence can be heard."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from schemas.holidays import is_free
from schemas.times import SHANGHAI

# Eight weeks hold enough free days to compare a weekend with.
KEPT_DAYS = 56
_HOUR = timedelta(hours=1)


class SourceBook:
    """Posts an hour of every source, and of every label of a source."""

    def __init__(self) -> None:
        self._hours: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self._last: dict[tuple[str, str], datetime] = {}

    def add(self, source: str, label: str, at: datetime) -> None:
        """Count a post made at `at`."""
        hour = _hour(at)
        for key in ((source, ""), (source, label)):
            self._hours[key][hour] += 1
            self._last[key] = max(at, self._last.get(key, at))

    def silent(self, now: datetime, hours: int, *, by_label: bool) -> Iterator[tuple[str, str, datetime]]:
        """Sources, or their labels, that brought nothing for so long, each with its last post's time."""
        start = now - timedelta(hours=hours)
        for (source, label), last in self._last.items():
            if last <= start and bool(label) is by_label:
                yield source, label, last

    def last(self, source: str, label: str) -> datetime | None:
        """When the last post of a source, or of a label of it, was made."""
        return self._last.get((source, label))

    def like_stretches(self, source: str, label: str, now: datetime, hours: int) -> Iterator[int]:
        """Posts in the same hours of the latest days of the same kind, working or free, newest first."""
        counts = self._hours.get((source, label))
        if not counts:
            return
        first, kind = min(counts), _is_free(now)
        for back in range(1, KEPT_DAYS + 1):
            end = now - timedelta(days=back)
            last = _hour(end)
            if last - hours < first:
                return
            if _is_free(end) == kind:
                yield sum(counts.get(hour, 0) for hour in range(last - hours, last))

    def forget(self, now: datetime) -> None:
        """Drop what lies too far back to compare with."""
        oldest = _hour(now - timedelta(days=KEPT_DAYS))
        for key, counts in list(self._hours.items()):
            for hour in [hour for hour in counts if hour < oldest]:
                del counts[hour]
            if not counts:
                del self._hours[key], self._last[key]


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def _is_free(at: datetime) -> bool:
    return _is_free_day(at.astimezone(SHANGHAI).date().toordinal())


@lru_cache(maxsize=256)
def _is_free_day(ordinal: int) -> bool:
    return is_free(datetime.fromordinal(ordinal).date())
