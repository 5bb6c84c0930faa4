"""Readings of sensors: tables through a sensor mapping, and what a crawl told, into raw zone and state."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from crawlers.reasons import reason_of
from crawlers.sensors.mapping import load_sensor_mapping, sensor_mapping_path
from crawlers.sensors.tables import SensorImport
from pipeline.jobs.imports import (
    CHUNK,
    SHOWN,
    ImportReport,
    Preview,
    UnknownValuesError,
    import_hotline,
    note_run,
    preview_hotline,
    preview_records,
)
from pipeline.jobs.measured import StoredReadings, store_readings
from pipeline.knowledge import load_knowledge
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import Rooms
from pipeline.settings import Settings
from schemas.records import Quarantined, Reading
from schemas.sensors import load_quantities
from schemas.times import SHANGHAI


def import_any(
    rooms: Rooms,
    path: Path,
    mapping: str | Path,
    *,
    allow_unknown: bool = False,
    progress: Advance = ignore_progress,
) -> ImportReport:
    """Import a table by what its mapping says it is: readings of sensors, or hotline records."""
    sensor = sensor_mapping_path(mapping)
    if sensor is None:
        return import_hotline(rooms, path, mapping, allow_unknown=allow_unknown, progress=progress)
    return import_readings(rooms, path, sensor, allow_unknown=allow_unknown, progress=progress)


def preview_any(path: Path, mapping: str | Path, settings: Settings) -> Preview:
    """Read a table as `import_any` would and keep nothing."""
    sensor = sensor_mapping_path(mapping)
    if sensor is None:
        return preview_hotline(path, mapping, author_key=settings.author_secret())
    return preview_readings(path, sensor, settings)


def import_readings(
    rooms: Rooms,
    path: Path,
    mapping: Path,
    *,
    allow_unknown: bool = False,
    now: datetime | None = None,
    progress: Advance = ignore_progress,
) -> ImportReport:
    """Import one sensor table. Importing it again changes nothing.

    Rows with a station, quantity or unit that nobody knows go to quarantine where that is allowed. Raises
    ReadError for a wrong mapping and for a header that lacks a needed column, UnknownValuesError.
    """
    loaded, received = load_sensor_mapping(mapping), now or datetime.now(SHANGHAI)
    stations = rooms.knowledge.stations
    if not allow_unknown:
        found = SensorImport(path, loaded, stations, received).count_unknown()
        if found:
            raise UnknownValuesError(path.name, found, "stations.yml（站）、映射的 values（要素、单位）")
    table = SensorImport(path, loaded, stations, received)
    stored, errors, records = StoredReadings(), list[str](), table.records()
    refusals: Counter[str] = Counter()
    while chunk := list(islice(records, CHUNK)):
        readings = [record for record in chunk if isinstance(record, Reading)]
        aside = [record for record in chunk if isinstance(record, Quarantined)]
        stored = stored.plus(store_readings(rooms, readings, received))
        rooms.quarantine(aside)
        errors += [record.reason for record in aside][: SHOWN - len(errors)]
        refusals.update(reason_of(record.reason) for record in aside)
        progress(table.report.rows)
    report = _report(table, stored, errors, rooms.settings.readings_days)
    note_run(rooms, loaded, replace(report, refusals=dict(refusals)), received)
    return report


def preview_readings(path: Path, mapping: Path, settings: Settings, *, size: int = 5) -> Preview:
    """Read a sensor table as `import_readings` would and keep nothing."""
    stations = load_knowledge(settings.deployment).stations
    table = SensorImport(path, load_sensor_mapping(mapping), stations, datetime.now(SHANGHAI))
    unknown = SensorImport(path, table.mapping, stations, table.received).count_unknown()
    return preview_records(table, table.records(), _shown, unknown, size)


def _shown(reading: Reading) -> dict[str, object]:
    return {
        "站": reading.station,
        "地点": "" if reading.place is None else reading.place.path,
        "要素": load_quantities()[reading.quantity].zh,
        "值": f"{reading.value:g} {reading.unit}",
        "时间": reading.at.isoformat(sep=" "),
    }


def _report(table: SensorImport, stored: StoredReadings, errors: Sequence[str], days: int) -> ImportReport:
    found = table.report
    return ImportReport(
        found.table,
        found.rows,
        found.read,
        stored.new + stored.corrected,
        found.quarantined,
        found.unknown_columns,
        tuple(errors),
        "；".join(part for part in (found.note, stored.note(days)) if part),
    )
