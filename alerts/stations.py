"""The latest readings of every station, and which stations are beyond their thresholds."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from schemas.records import Reading
from schemas.rules.when_clock import Sensor

# So much of every station decides, counted back from its newest reading: a restart reads as much again.
KEPT = timedelta(hours=48)
# A station that has said nothing for a day says nothing of now.
STALE = timedelta(hours=24)
# One that has said nothing for so long has been taken away.
GONE = timedelta(days=7)
_AT = attrgetter("at")


@dataclass(slots=True)
class _Run:
    """How far a threshold was looked at: readings in a row that reach it, from the first that is not over."""

    epoch: int = -1
    seen: int = 0
    readings: list[Reading] = field(default_factory=list)
    is_beyond: bool = False

    def take(self, when: Sensor, reading: Reading) -> None:
        if not when.reaches(reading.value) and (not self.is_beyond or when.is_back(reading.value)):
            self.readings, self.is_beyond = [], False
            return
        self.readings.append(reading)
        self.is_beyond = self.is_beyond or len(self.readings) >= when.readings


class _Series:
    """The readings of one station and quantity, oldest first, and the runs that rules have asked for."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._epoch = 0
        self._runs: dict[Sensor, _Run] = {}

    def note(self, reading: Reading) -> None:
        readings = self.readings
        if not readings or readings[-1].at < reading.at:
            readings.append(reading)
            self._drop()
            return
        if reading.at < readings[-1].at - KEPT:
            return
        place = bisect_left(readings, reading.at, key=_AT)
        known = place < len(readings) and readings[place].at == reading.at
        readings[place : place + known] = [reading]
        self._epoch += 1

    def run(self, when: Sensor) -> _Run:
        run = self._runs.get(when)
        if run is None or run.epoch != self._epoch:
            run = self._runs[when] = _Run(self._epoch)
        for at in range(run.seen, len(self.readings)):
            run.take(when, self.readings[at])
        run.seen = len(self.readings)
        return run

    def _drop(self) -> None:
        """Forget what is too old. Nothing is left that would not be there after a restart: a run that began
        before is looked at anew."""
        oldest = self.readings[-1].at - KEPT
        gone = bisect_left(self.readings, oldest, key=_AT)
        if not gone:
            return
        del self.readings[:gone]
        for when, run in list(self._runs.items()):
            run.seen -= gone
            if run.seen < 0 or (run.readings and run.readings[0].at < oldest):
                del self._runs[when]


class Stations:
    """The readings of each station and quantity in order of time. A late one counts where it belongs."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], _Series] = {}

    def note(self, reading: Reading) -> None:
        """Take a reading in; one of a moment that is known replaces it."""
        self._series.setdefault((reading.station, reading.quantity), _Series()).note(reading)

    def beyond(self, when: Sensor, station: str, now: datetime) -> tuple[Reading, ...]:
        """The readings since a station went beyond a rule's threshold, newest last; empty where it is not.

        It has gone beyond where so many in a row as the rule asks were, and is there until one is back.
        """
        series = self._series.get((station, when.quantity.name))
        run = None if series is None else series.run(when)
        if run is None or not run.is_beyond or now - run.readings[-1].at > STALE:
            return ()
        return tuple(run.readings)

    def stations(self, when: Sensor) -> Iterator[str]:
        """The stations that a rule asks about and that have reported, by name."""
        for station, quantity in sorted(self._series):
            if quantity == when.quantity.name and (not when.stations or station in when.stations):
                yield station

    def last(self, station: str, quantity: str) -> Reading | None:
        """The newest reading of a station."""
        series = self._series.get((station, quantity))
        return series.readings[-1] if series else None

    def since(self, station: str, quantity: str, start: datetime) -> tuple[Reading, ...]:
        """The readings of a station at or after a time, oldest first."""
        series = self._series.get((station, quantity))
        if series is None:
            return ()
        return tuple(series.readings[bisect_left(series.readings, start, key=_AT) :])

    def silent(self, now: datetime, hours: int) -> Iterator[Reading]:
        """The last readings of the stations that have reported nothing for so long, by station. One that is
        gone is not waited for.

        Where others of its source report, a station is silent beside the newest of theirs: a table that comes
        once a day is behind with every station alike. Whether a source comes at all, its coverage tells.
        """
        newest = self._newest_by_source()
        for key in sorted(self._series):
            last = self._series[key].readings[-1]
            until = newest.get(last.source, now)
            if timedelta(hours=hours) <= until - last.at and now - last.at <= GONE:
                yield last

    def _newest_by_source(self) -> dict[str, datetime]:
        """The newest reading of each source that has more than one station."""
        stations: dict[str, set[str]] = {}
        newest: dict[str, datetime] = {}
        for one in (series.readings[-1] for series in self._series.values()):
            stations.setdefault(one.source, set()).add(one.station)
            newest[one.source] = max(one.at, newest.get(one.source, one.at))
        return {source: at for source, at in newest.items() if len(stations[source]) > 1}

    def stretches(self, station: str, quantity: str, hours: int) -> Iterator[int]:
        """How many readings a station brought in the stretches of so many hours up to its last, newest
        first."""
        last = self.last(station, quantity)
        if last is None:
            return
        step = timedelta(hours=hours)
        times = [one.at for one in self.since(station, quantity, last.at - KEPT)]
        for end in (last.at - n * step for n in range(int(KEPT / step))):
            yield bisect_right(times, end) - bisect_right(times, end - step)

    def forget(self, now: datetime) -> None:
        """Drop the stations that are gone."""
        gone = [key for key, one in self._series.items() if now - one.readings[-1].at > GONE]
        for key in gone:
            del self._series[key]
