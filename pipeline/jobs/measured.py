"""Store: readings of sensors into raw zone and state, where the rules will be asked at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from crawlers.sensors.carrier import carried_reading
from crawlers.sensors.reader import STATION, make_reading
from pipeline.rooms import Rooms
from schemas.codec import encode
from schemas.errors import ReadError, Where
from schemas.records import Quarantined, RawPost, Reading
from schemas.times import SHANGHAI
from stores.database.parts import READINGS, add_part
from stores.database.readings import find_changes, save_readings


@dataclass(frozen=True, slots=True)
class StoredReadings:
    """How many readings were new, corrected a value, were known, and were too old to be kept."""

    new: int = 0
    corrected: int = 0
    seen: int = 0
    old: int = 0

    def plus(self, other: "StoredReadings") -> "StoredReadings":
        """Both together."""
        new, corrected = self.new + other.new, self.corrected + other.corrected
        return StoredReadings(new, corrected, self.seen + other.seen, self.old + other.old)

    def note(self, days: int) -> str:
        """What else is to be told of them; empty where nothing is."""
        corrected = f"更正 {self.corrected} 个读数" if self.corrected else ""
        old = f"{self.old} 个早于 {days} 天的没有收" if self.old else ""
        return "，".join(part for part in (corrected, old) if part)


def store_readings(
    rooms: Rooms, readings: Sequence[Reading], received: datetime, *, current: bool = False
) -> StoredReadings:
    """Keep the readings that are new or correct a value, for the rules to be asked at. Storing them again
    changes nothing; `current` as in find_changes.

    The part file is written before the row that names it, in the transaction that keeps the values.
    """
    oldest = received - timedelta(days=rooms.settings.readings_days)
    young = [one for one in readings if one.at >= oldest]
    with rooms.database.begin() as db:
        changes = find_changes(db, young, current=current)
        ordered = sorted(changes.all, key=attrgetter("source"))
        for source, group in groupby(ordered, key=attrgetter("source")):
            day = received.astimezone(SHANGHAI).date()
            add_part(db, rooms.raw.write(source, day, map(encode, group)), received, READINGS)
        save_readings(db, changes, received)
    new, corrected = len(changes.new), len(changes.corrected)
    return StoredReadings(new, corrected, len(young) - new - corrected, len(readings) - len(young))


@dataclass(frozen=True, slots=True)
class Carried:
    """What the readings of a crawl were: kept anew, known, or to be put aside."""

    new: int
    seen: int
    aside: tuple[Quarantined, ...]


def store_carried(rooms: Rooms, records: Sequence[RawPost], received: datetime) -> Carried:
    """Keep the readings that a crawl brought. What is refused says the same at every crawl, so that it waits
    in quarantine once; of a station that nobody knows it is the station that waits."""
    found: list[Reading] = []
    aside: dict[str, Quarantined] = {}
    for record in records:
        told, source = carried_reading(record), record.origin.source
        try:
            found.append(make_reading(told, rooms.knowledge.stations, source, received, Where(source)))
        except ReadError as error:
            raw = told.station if error.field == STATION else f"{record.title} {told.at.isoformat()}"
            aside[raw] = Quarantined(source, source, str(error), raw.encode(), received)
    stored = store_readings(rooms, found, received, current=True)
    return Carried(stored.new + stored.corrected, stored.seen + stored.old, tuple(aside.values()))
