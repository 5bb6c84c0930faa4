"""The latest readings of every station, and which stations are beyond their thresholds."""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from schemas.records import Reading
from schemas.rules.when_clock import Sensor

MOST_KEPT = 288
# A station that has said nothing for a day says nothing of now.
STALE = timedelta(hours=24)


class Stations:
    """The readings of each station and quantity in order of time. A late one counts where it belongs."""

    def __init__(self) -> None:
        self._readings: defaultdict[tuple[str, str], deque[Reading]] = defaultdict(
            lambda: deque(maxlen=MOST_KEPT)
        )

    def note(self, reading: Reading) -> None:
        """Take a reading in; one of a moment that is known replaces it."""
        readings = self._readings[reading.station, reading.quantity]
        if not readings or readings[-1].at < reading.at:
            readings.append(reading)
            return
        kept = {one.at: one for one in readings} | {reading.at: reading}
        readings.clear()
        readings.extend(kept[at] for at in sorted(kept))

    def beyond(self, when: Sensor, station: str, now: datetime) -> tuple[Reading, ...]:
        """The readings since a station went beyond a rule's threshold, newest last; empty where it is not.

        It has gone beyond where so many in a row as the rule asks were, and is there until one is back.
        """
        run: list[Reading] = []
        is_beyond = False
        for reading in self._readings.get((station, when.quantity.name), ()):
            if when.reaches(reading.value):
                run.append(reading)
            elif not is_beyond or when.is_back(reading.value):
                run, is_beyond = [], False
            else:
                run.append(reading)
            is_beyond = is_beyond or len(run) >= when.readings
        return tuple(run) if is_beyond and now - run[-1].at <= STALE else ()

    def stations(self, when: Sensor) -> Iterator[str]:
        """The stations that a rule asks about and that have reported, by name."""
        for station, quantity in sorted(self._readings):
            if quantity == when.quantity.name and (not when.stations or station in when.stations):
                yield station

    def last(self, station: str, quantity: str) -> Reading | None:
        """The newest reading of a station."""
        readings = self._readings.get((station, quantity))
        return readings[-1] if readings else None
