"""Import: hotline tables through a mapping into the raw zone, rows that cannot be read into quarantine."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from crawlers.hotline import import_table, load_mapping
from crawlers.hotline.mapping import Mapping
from pipeline.jobs.store import store_posts
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import Rooms
from schemas.records import Quarantined, RawPost
from schemas.times import SHANGHAI
from stores.database.coverage import SourceRun, save_publisher, save_run

CHUNK = 20_000
SHOWN = 100

Record = RawPost | Quarantined


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one table brought. `errors` are the first refused rows, one clear line each."""

    table: str
    rows: int
    read: int
    new: int
    quarantined: int
    unknown_columns: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether nothing of the table could be read."""
        return self.quarantined > 0 and self.read == 0

    def line(self) -> str:
        """One line for the terminal."""
        unknown = f"，映射没有提到的列：{'、'.join(self.unknown_columns)}" if self.unknown_columns else ""
        counts = f"{self.rows} 行，读入 {self.read} 条，新 {self.new} 条，隔离 {self.quarantined} 条"
        return f"{self.table}：{counts}{unknown}"


def import_hotline(
    rooms: Rooms, path: Path, mapping: str | Path, *, progress: Advance = ignore_progress
) -> ImportReport:
    """Import one table. `mapping` is a shipped table's name or a path. Importing twice changes nothing.

    Raises ReadError for a wrong mapping and for a header that lacks a needed column.
    """
    return store_table(rooms, path, _mapping(mapping), now=datetime.now(SHANGHAI), progress=progress)


def _mapping(given: str | Path) -> Mapping:
    return load_mapping(Path(given) if str(given).endswith(".yml") else given)


def store_table(
    rooms: Rooms, path: Path, mapping: Mapping, *, now: datetime, progress: Advance = ignore_progress
) -> ImportReport:
    """Import one table as fetched at `now`."""
    author_key = rooms.settings.author_secret()
    table = import_table(path, mapping, fetched_at=now, author_key=author_key)
    new, errors = 0, list[str]()
    for chunk in in_chunks(table):
        new += store_posts(rooms, [record for record in chunk if isinstance(record, RawPost)]).new
        aside = [record for record in chunk if isinstance(record, Quarantined)]
        rooms.quarantine(aside)
        errors += [record.reason for record in aside][: SHOWN - len(errors)]
        progress(table.report.rows)
    found = table.report
    report = ImportReport(
        found.table, found.rows, found.read, new, found.quarantined, found.unknown_columns, tuple(errors)
    )
    _note_run(rooms, mapping, report, now)
    return report


def in_chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Lists of at most CHUNK records, so that a table of any length is imported in constant memory."""
    remaining = iter(records)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _note_run(rooms: Rooms, mapping: Mapping, report: ImportReport, now: datetime) -> None:
    run = SourceRun(
        source=mapping.source,
        started=now,
        finished=datetime.now(SHANGHAI),
        fetched=report.rows,
        new=report.new,
        seen=report.read - report.new,
        failed=report.quarantined,
        quarantined=report.quarantined,
        expected_min=None,
        expected_max=None,
        status="failed" if report.failed else "ok",
        note=report.table,
    )
    with rooms.database.begin() as db:
        save_run(db, run)
        if mapping.publisher:
            save_publisher(db, mapping.source, mapping.publisher)
