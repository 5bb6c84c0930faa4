"""Import: hotline tables through a mapping into the raw zone, rows that cannot be read into quarantine."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from crawlers.hotline import TableBatch, TableImport, import_table, load_mapping
from crawlers.hotline.mapping import Mapping
from crawlers.hotline.tables import Table
from crawlers.reasons import reason_of
from crawlers.sensors.mapping import SensorMapping
from crawlers.sensors.tables import SensorImport
from pipeline.imported import note_imported, was_imported
from pipeline.jobs.store import Stored, store_encoded
from pipeline.progress import Advance, ignore_progress
from pipeline.quarantine import kind_of_reason
from pipeline.rooms import Rooms
from pipeline.sql_rows import Query, read_sql
from schemas.errors import Where
from schemas.records import Quarantined, RawPost, Reading
from schemas.times import SHANGHAI
from stores.database.coverage import SourceRun, save_publisher, save_run
from stores.database.meta import get_meta, set_meta

CHUNK = 20_000
SHOWN = 100
LONGEST_SHOWN = 40


Read = TypeVar("Read", bound=RawPost | Reading)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one table brought. `errors` are the first refused rows, one clear line each; `refusals` count all
    of them by crawlers/reasons.yml."""

    table: str
    rows: int
    read: int
    new: int
    quarantined: int
    unknown_columns: tuple[str, ...]
    errors: tuple[str, ...]
    note: str = ""
    refusals: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether nothing of the table could be read."""
        return self.quarantined > 0 and self.read == 0

    def line(self) -> str:
        """One line for the terminal."""
        unknown = f"，映射没有提到的列：{'、'.join(self.unknown_columns)}" if self.unknown_columns else ""
        counts = f"{self.rows} 行，读入 {self.read} 条，新 {self.new} 条，隔离 {self.quarantined} 条"
        note = f"；{self.note}" if self.note else ""
        return f"{self.table}：{counts}{unknown}{note}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. `columns` gives each field its column; `unknown_values` count (column, value);
    `refused` are the first lines for quarantine, `reasons` all of them counted by kind; `sample` the first
    records as they would be kept."""

    table: str
    rows: int
    read: int
    quarantined: int
    encoding: str
    delimiter: str
    columns: dict[str, str]
    ignored: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    unknown_values: tuple[tuple[str, str, int], ...]
    reasons: tuple[tuple[str, int], ...]
    refused: tuple[str, ...]
    sample: tuple[dict[str, object], ...]
    note: str = ""

    def lines(self) -> Iterator[str]:
        """For the terminal, all but the sample."""
        counts = f"{self.rows} 行，会读入 {self.read} 条，会隔离 {self.quarantined} 条"
        yield f"{self.table}：{counts}（{self.encoding}）"
        if self.note:
            yield f"  {self.note}"
        yield f"  列：{'、'.join(f'{column} → {field}' for field, column in self.columns.items())}"
        if self.ignored:
            yield f"  按映射略去的列：{'、'.join(self.ignored)}"
        if self.unknown_columns:
            yield f"  映射没有提到的列：{'、'.join(self.unknown_columns)}"
        yield from (
            f"  映射没有的取值：{column} = {value}，{count} 行"
            for column, value, count in self.unknown_values
        )
        yield from (f"  会隔离 {count} 行：{kind}" for kind, count in self.reasons)
        yield from (f"    {reason}" for reason in self.refused)


class UnknownValuesError(ValueError):
    """A table has coded values that its mapping does not know; nothing of it was imported."""

    def __init__(self, table: str, found: Counter[tuple[str, str]], known_by: str = "映射的 values") -> None:
        self.found = found
        told = "；".join(
            f"{column} = {value}（{count} 行）" for (column, value), count in found.most_common(20)
        )
        ways = f"写进{known_by}，或用 --allow-unknown 把这些行放进隔离区"
        super().__init__(f"{table}：有映射不认识的取值，没有导入：{told}。{ways}")


def import_hotline(
    rooms: Rooms,
    path: Path,
    mapping: str | Path,
    *,
    allow_unknown: bool = False,
    query: Query | None = None,
    progress: Advance = ignore_progress,
) -> ImportReport:
    """Import one table, or the rows of a query. Importing twice changes nothing.

    `mapping` is a shipped table's name or a path. Rows with a value that it does not know go to quarantine
    where that is allowed. Raises ReadError for a wrong mapping and for a header that lacks a needed column,
    UnknownValuesError.
    """
    loaded, now = mapping_of(mapping), datetime.now(SHANGHAI)
    if not allow_unknown:
        found = import_table(
            path, loaded, fetched_at=now, author_key=None, table=_rows(path, query)
        ).count_unknown()
        if found:
            raise UnknownValuesError(path.name, found)
    return store_table(rooms, path, loaded, now=now, query=query, progress=progress)


def import_query(
    rooms: Rooms, path: Path, url: str, mapping: str | Path, *, allow_unknown: bool = False
) -> ImportReport:
    """Import the rows of the query in a file, asked at a database's URL (SQLAlchemy's).

    Where the mapping names a `since` column the query's `:since` is the greatest value of the last import,
    `start` at first; a row of that very value comes again and changes nothing. Raises as `import_hotline`.
    """
    loaded = mapping_of(mapping)
    mark = f"import/{loaded.source}/{loaded.since}"
    with rooms.database.read() as db:
        since = (get_meta(db, mark) or loaded.start) if loaded.since else None
    query = Query(url, path.read_text(encoding="utf-8"), since)
    return import_hotline(rooms, path, mapping, allow_unknown=allow_unknown, query=query)


def _rows(path: Path, query: Query | None) -> Table | None:
    return None if query is None else read_sql(query, Where(path.name))


def preview_hotline(path: Path, mapping: str | Path, *, author_key: bytes, size: int = 5) -> Preview:
    """Read a table as `import_hotline` would and keep nothing. Raises ReadError as it does."""
    table = import_table(path, mapping_of(mapping), fetched_at=datetime.now(SHANGHAI), author_key=author_key)
    return preview_records(table, table, _shown, table.report.unknown_values, size)


def preview_records(
    table: TableImport | SensorImport,
    records: Iterable[Read | Quarantined],
    show: Callable[[Read], dict[str, object]],
    unknown: Counter[tuple[str, str]],
    size: int,
) -> Preview:
    """What all `records` of a table come to, the first `size` of them shown; `unknown` may grow with them."""
    sample: list[dict[str, object]] = []
    refused: list[str] = []
    reasons: Counter[str] = Counter()
    for record in records:
        if isinstance(record, Quarantined):
            reasons[kind_of_reason(record)] += 1
            refused += [record.reason][: size - len(refused)]
        elif len(sample) < size:
            sample.append(show(record))
    found = table.report
    return Preview(
        found.table,
        found.rows,
        found.read,
        found.quarantined,
        found.encoding,
        found.delimiter,
        table.columns,
        found.ignored,
        found.unknown_columns,
        tuple((*what, count) for what, count in unknown.most_common()),
        tuple(reasons.most_common()),
        tuple(refused),
        tuple(sample),
        found.note,
    )


def _shown(post: RawPost) -> dict[str, object]:
    origin = post.origin
    return {
        "编号": origin.ticket,
        "时间": "" if origin.published_at is None else origin.published_at.isoformat(sep=" "),
        "标题": post.title,
        "内容": post.body if len(post.body) <= LONGEST_SHOWN else f"{post.body[:LONGEST_SHOWN]}…",
        "其他": "、".join(f"{name}={value}" for name, value in post.extra.items()),
    }


def mapping_of(given: str | Path) -> Mapping:
    """The mapping of a name or of a path to a .yml file. Raises ReadError."""
    return load_mapping(Path(given) if str(given).endswith(".yml") else given)


def store_table(
    rooms: Rooms,
    path: Path,
    mapping: Mapping,
    *,
    now: datetime,
    query: Query | None = None,
    progress: Advance = ignore_progress,
) -> ImportReport:
    """Import one table as fetched at `now`; then the next import of a query goes on from its newest row."""
    author_key = rooms.settings.author_secret()
    table = import_table(path, mapping, fetched_at=now, author_key=author_key, table=_rows(path, query))
    # A table that was imported before tells nothing about today.
    current = query is not None or not was_imported(rooms, mapping.source, path)
    new, errors, refusals = 0, list[str](), Counter[str]()
    for stored, aside in _keep_batches(rooms, table, mapping.source, now, current=current):
        new += stored.new
        errors += [record.reason for record in aside][: SHOWN - len(errors)]
        refusals.update(reason_of(record.reason) for record in aside)
        progress(table.report.rows)
    found = table.report
    report = ImportReport(
        found.table,
        found.rows,
        found.read,
        new,
        found.quarantined,
        found.unknown_columns,
        tuple(errors),
        found.note,
        dict(refusals),
    )
    note_run(rooms, mapping, report, now)
    if query is None:
        note_imported(rooms, mapping.source, path, now)
    if query is not None and table.newest is not None:
        with rooms.database.begin() as db:
            set_meta(db, f"import/{mapping.source}/{mapping.since}", table.newest)
    return report


def _keep_batches(
    rooms: Rooms, table: TableImport, source: str, now: datetime, *, current: bool
) -> Iterator[tuple[Stored, list[Quarantined]]]:
    """Store a table batch after batch, each while the next is read."""
    day = now.astimezone(SHANGHAI).date()

    def keep(batch: TableBatch) -> tuple[Stored, list[Quarantined]]:
        stored = store_encoded(rooms, source, day, batch.posts, current=current)
        rooms.quarantine(batch.aside)
        return stored, batch.aside

    with ThreadPoolExecutor(1) as worker:
        waiting: Future[tuple[Stored, list[Quarantined]]] | None = None
        for batch in table.batches():
            if waiting is not None:
                yield waiting.result()
            waiting = worker.submit(keep, batch)
        if waiting is not None:
            yield waiting.result()


def note_run(rooms: Rooms, mapping: Mapping | SensorMapping, report: ImportReport, now: datetime) -> None:
    """Keep in coverage what an import begun at `now` brought."""
    run = SourceRun(
        source=mapping.source,
        started=now,
        finished=datetime.now(SHANGHAI),
        fetched=report.rows,
        new=report.new,
        seen=report.read - report.new,
        failed=0,
        quarantined=report.quarantined,
        expected_min=None,
        expected_max=None,
        status="failed" if report.failed else "ok",
        note=report.table,
        refusals=report.refusals,
    )
    with rooms.database.begin() as db:
        save_run(db, run)
        if mapping.publisher:
            save_publisher(db, mapping.source, mapping.publisher)
