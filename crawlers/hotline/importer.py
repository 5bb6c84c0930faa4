"""Rows to records: each cell mapped, listed as ignored, or refused."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

from crawlers.hotline.columns import ColumnReader
from crawlers.hotline.formats import open_table
from crawlers.hotline.mapping import Mapping, load_mapping, plain_name
from crawlers.hotline.reader import RowReader, text_of
from crawlers.hotline.refused import RowContext, write_row
from crawlers.hotline.tables import TITLES, Block, Piece, Row, Table, TableError, rows_of
from schemas.encoded import EncodedPosts
from schemas.errors import ReadError, Where, one_of
from schemas.records import Quarantined, RawPost

# The most records stored at once, and the most text of them in bytes.
BATCH, LARGEST = 50_000, 32_000_000


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


@dataclass(slots=True)
class TableBatch:
    """Some of a table's records, encoded, and the rows among them that could not be read."""

    posts: EncodedPosts = field(default_factory=EncodedPosts)
    aside: list[Quarantined] = field(default_factory=list)
    size: int = 0

    def is_full(self) -> bool:
        """Whether it holds enough to be stored: so many records, or so much text."""
        return len(self.posts) + len(self.aside) >= BATCH or self.size >= LARGEST


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
    """The records of one table, to be read once: one by one by iteration, or in `batches`. `report` grows
    with them and is whole at the end."""

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
        self._pieces: Iterator[Piece] = iter(())
        self._newest: Any = None
        self._ragged = False
        self._refused = self._open()
        self._found = self._records()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RawPost | Quarantined:
        return next(self._found)

    def batches(self) -> Iterator[TableBatch]:
        """The same records in the same order, encoded, as many at once as are well stored together."""
        batch = TableBatch(aside=self._refused)
        reader = self._reader
        if reader is not None:
            columns = ColumnReader(reader)
            for piece in self._pieces:
                if isinstance(piece, Block):
                    self._take_block(columns, piece, batch)
                else:
                    self._take_row(reader, piece, batch)
                if batch.is_full():
                    yield batch
                    batch = TableBatch()
        if batch.posts or batch.aside:
            yield batch

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
            for piece in self._pieces:
                self._reader.count_unknown(piece.cells if isinstance(piece, Block) else [piece.cells])
        return self.report.unknown_values

    def _open(self) -> list[Quarantined]:
        """Find the header and what comes after it; a file without one is refused as a whole."""
        try:
            table = self._table()
        except TableError as error:
            return [self._put_aside(Row(0, (), self._head(), str(error)))]
        self.report.encoding, self.report.delimiter = table.encoding, table.delimiter
        self.report.note, self._ragged = table.note, table.ragged
        header, self._pieces = _find_header(table.pieces, self.mapping.header)
        if header is None or header.problem:
            reason = "没有表头" if header is None else f"表头：{header.problem}"
            return [self._put_aside(Row(self.mapping.header, (), self._head(), reason))]
        self._reader = self._read_header(header)
        return []

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
        for row in islice(rows_of(self._pieces), TITLES):
            found = {known.get(plain_name(text_of(cell))) for cell in row.cells}
            if found.issuperset(self.mapping.needed) and self.mapping.needed:
                hint = f"{error.allowed}；第 {row.number} 行像表头：映射里写 header: {row.number}"
                return ReadError(error.where, error.field, error.value, hint)
        return error

    def _records(self) -> Iterator[RawPost | Quarantined]:
        yield from self._refused
        if self._reader is not None:
            for row in rows_of(self._pieces):
                if self._counts(self._reader, row):
                    yield self._record(self._reader, row)

    def _counts(self, reader: RowReader, row: Row) -> bool:
        """Count a row; False for a blank one."""
        if not row.problem and not any(text_of(cell) for cell in row.cells):
            self.report.blank += 1
            return False
        self.report.rows += 1
        if self.given is not None and self.mapping.since:
            self._note_newest(reader, row)
        return True

    def _take_block(self, columns: ColumnReader, block: Block, batch: TableBatch) -> None:
        """The records of a block; rows that are not plainly right are read one by one, in their place."""
        posts, places = columns.read(block.cells)
        self.report.rows += len(places)
        self.report.read += len(places)
        batch.size += sum(map(len, posts.lines))
        done = 0
        for at in _others(places, len(block.cells)):
            until = bisect_left(places, at, done)
            batch.posts.extend(posts.slice(done, until))
            done = until
            self._take_row(columns.reader, block.row(at), batch)
        batch.posts.extend(posts.slice(done, len(posts)) if done else posts)

    def _take_row(self, reader: RowReader, row: Row, batch: TableBatch) -> None:
        if not self._counts(reader, row):
            return
        record = self._record(reader, row)
        if isinstance(record, Quarantined):
            batch.aside.append(record)
            batch.size += len(record.raw)
        else:
            batch.posts.add(record)
            batch.size += len(batch.posts.lines[-1])

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


def _find_header(pieces: Iterator[Piece], header: int) -> tuple[Row | None, Iterator[Piece]]:
    """The first row from a number on, and the pieces after it."""
    for piece in pieces:
        if isinstance(piece, Row):
            if piece.number >= header:
                return piece, pieces
            continue
        at = bisect_left(piece.numbers, header)
        if at < len(piece.cells):
            return piece.row(at), chain([piece.after(at)], pieces)
    return None, pieces


def _others(places: list[int], number: int) -> list[int]:
    """The places of a block that are not among these."""
    return [] if len(places) == number else sorted(set(range(number)).difference(places))
