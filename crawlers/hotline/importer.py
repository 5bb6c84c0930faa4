"""Rows to records: each cell mapped, listed as ignored, or refused."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Self

from crawlers.hotline.formats import open_table
from crawlers.hotline.mapping import Mapping, load_mapping, plain_name
from crawlers.hotline.reader import RowReader, text_of
from crawlers.hotline.refused import RowContext, write_row
from crawlers.hotline.tables import Row, Table, TableError
from schemas.errors import ReadError, Where, one_of
from schemas.records import Quarantined, RawPost

# Rows below the one that the mapping names, among which the header is looked for when it is not there.
_TITLES = 10


@dataclass(slots=True)
class TableReport:
    """What an import saw so far. `rows` leaves out the header and blank rows; `ignored` lists the columns the
    mapping leaves out, `unknown_columns` those it does not know; `unknown_values` counts (column, value);
    `note` says what the file is where its name promises something else, and which sheets were not read."""

    table: str
    rows: int = 0
    read: int = 0
    quarantined: int = 0
    blank: int = 0
    encoding: str = ""
    delimiter: str = ""
    note: str = ""
    ignored: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    unknown_values: Counter[tuple[str, str]] = field(default_factory=Counter)


def import_table(
    path: Path,
    mapping: str | Path | Mapping,
    *,
    fetched_at: datetime,
    author_key: bytes | None,
    table: Table | None = None,
) -> "TableImport":
    """The records of a table in any of the formats, streaming; what cannot be read comes as Quarantined.

    With a `table`, such as a query's result, its rows are read and `path` only names them.
    `mapping` is a shipped table's name, a path or a loaded mapping. Callers are kept as hashes under
    `author_key`, not at all without one. A file that is no table at all is one Quarantined. Raises
    ReadError for a wrong mapping and for a header that lacks a needed column.
    """
    loaded = mapping if isinstance(mapping, Mapping) else load_mapping(mapping)
    return TableImport(path, loaded, fetched_at, author_key, table)


class TableImport(Iterator[RawPost | Quarantined]):
    """The records of one table, to be iterated once. `report` grows with them and is whole at the end."""

    def __init__(
        self,
        path: Path,
        mapping: Mapping,
        fetched_at: datetime,
        author_key: bytes | None,
        table: Table | None = None,
    ) -> None:
        self.path, self.mapping, self.given = path, mapping, table
        self.fetched_at, self.author_key = fetched_at, author_key
        self.report = TableReport(table=path.name)
        self._reader: RowReader | None = None
        self._rows: Iterator[Row] = iter(())
        self._newest: Any = None
        self._ragged = False
        self._found = self._open()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RawPost | Quarantined:
        return next(self._found)

    @property
    def columns(self) -> dict[str, str]:
        """The column that was found for each field."""
        return {} if self._reader is None else {one.field: one.name for one in self._reader.columns}

    @property
    def newest(self) -> str | None:
        """The greatest value so far of the mapping's `since` column; None where it has none."""
        is_day = isinstance(self._newest, datetime)
        return None if self._newest is None else self._newest.isoformat(" ") if is_day else str(self._newest)

    def count_unknown(self) -> Counter[tuple[str, str]]:
        """Read the coded values of all rows and nothing else: those that the mapping does not know, counted
        by (column, value). The records are read afterwards, from another TableImport."""
        if self._reader is not None and self.mapping.values:
            for row in self._rows:
                self._reader.count_unknown(row)
        return self.report.unknown_values

    def _open(self) -> Iterator[RawPost | Quarantined]:
        try:
            table = self._table()
        except TableError as error:
            return iter([self._put_aside(Row(0, (), self._head(), str(error)))])
        self.report.encoding, self.report.delimiter = table.encoding, table.delimiter
        self.report.note, self._ragged = table.note, table.ragged
        header = next((row for row in table.rows if row.number >= self.mapping.header), None)
        if header is None or header.problem:
            reason = "没有表头" if header is None else f"表头：{header.problem}"
            return iter([self._put_aside(Row(self.mapping.header, (), self._head(), reason))])
        self._rows = table.rows
        self._reader = self._read_header(header)
        return self._records(self._reader)

    def _table(self) -> Table:
        if self.given is not None:
            return self.given
        return open_table(self.path, self.mapping)

    def _head(self) -> bytes:
        with self.path.open("rb") as data:
            return data.read(4096)

    def _where(self, number: int) -> Where:
        return Where(self.path.name, number or None)

    def _read_header(self, header: Row) -> RowReader:
        names = [text_of(cell) for cell in header.cells]
        while names and not names[-1]:
            names.pop()
        if self.given is not None and self.mapping.since not in ("", *names):
            raise ReadError(self._where(0), "since", self.mapping.since, one_of(names))
        where, at, key = self._where(header.number), self.fetched_at, self.author_key
        try:
            reader = RowReader(self.mapping, names, where, fetched_at=at, author_key=key)
        except ReadError as error:
            raise self._hint(error) from error
        self.report.ignored, self.report.unknown_columns = reader.ignored, reader.unknown
        self.report.unknown_values = reader.unknown_values
        return reader

    def _hint(self, error: ReadError) -> ReadError:
        """The error with the row that looks like the header, where one of those below it does."""
        known = self.mapping.fields
        for row in islice(self._rows, _TITLES):
            found = {known.get(plain_name(text_of(cell))) for cell in row.cells}
            if found.issuperset(self.mapping.needed) and self.mapping.needed:
                hint = f"{error.allowed}；第 {row.number} 行像表头：映射里写 header: {row.number}"
                return ReadError(error.where, error.field, error.value, hint)
        return error

    def _records(self, reader: RowReader) -> Iterator[RawPost | Quarantined]:
        for row in self._rows:
            if not row.problem and not any(text_of(cell) for cell in row.cells):
                self.report.blank += 1
                continue
            self.report.rows += 1
            if self.given is not None and self.mapping.since:
                self._note_newest(reader, row)
            yield self._record(reader, row)

    def _note_newest(self, reader: RowReader, row: Row) -> None:
        value = row.cells[reader.names.index(self.mapping.since)]
        if value is not None and (self._newest is None or value > self._newest):
            self._newest = value

    def _record(self, reader: RowReader, row: Row) -> RawPost | Quarantined:
        if row.problem:
            return self._put_aside(row)
        if not self._is_whole(row, len(reader.names)):
            reason = f"{self._where(row.number)}: 列数 = {len(row.cells)}：应为 {len(reader.names)}"
            return self._put_aside(row, reason)
        try:
            post = reader.read(row)
        except ReadError as error:
            return self._put_aside(row, str(error))
        self.report.read += 1
        return post

    def _is_whole(self, row: Row, width: int) -> bool:
        """Blank cells beyond the header do no harm; workbooks leave blank cells at the end of a row out."""
        if len(row.cells) <= width:
            return len(row.cells) == width or self._ragged
        return not any(text_of(cell) for cell in row.cells[width:])

    def _put_aside(self, row: Row, reason: str = "") -> Quarantined:
        self.report.quarantined += 1
        where = self._where(row.number)
        told = reason or f"{where}: {row.problem}"
        return Quarantined(
            self.mapping.source, str(where), told, row.raw, datetime.now(UTC), self._told_reader(row)
        )

    def _told_reader(self, row: Row) -> str:
        if self._reader is None:
            return ""
        names, cells = self._reader.names, None if row.problem else row.cells
        return write_row(RowContext(self.mapping.file, names, cells, self.report.delimiter))
