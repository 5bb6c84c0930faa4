"""The days of every source as collecting went, for rules that watch the sources themselves."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from schemas.health import SourceHealth
from schemas.times import SHANGHAI


class HealthBook:
    """What is known of each source's days. A day counts once it is over, and newer knowledge replaces it."""

    def __init__(self) -> None:
        self._days: defaultdict[str, dict[date, SourceHealth]] = defaultdict(dict)

    def note(self, days: Iterable[SourceHealth]) -> None:
        """Take days in."""
        for day in days:
            self._days[day.source][day.day] = day

    def sources(self) -> Iterator[str]:
        """The sources by name."""
        yield from sorted(self._days)

    def whole_days(self, source: str, now: datetime, most: int) -> list[SourceHealth]:
        """The latest days of a source that were over by `now`, at most so many, oldest first; empty where the
        newest is not yesterday's: then nobody has told how it went."""
        yesterday = now.astimezone(SHANGHAI).date() - timedelta(days=1)
        days = self._days.get(source, {})
        if yesterday not in days:
            return []
        start = yesterday - timedelta(days=most - 1)
        return [days[day] for day in sorted(days) if start <= day <= yesterday]
