"""Rows to records: each cell mapped, listed as ignored, or refused."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

from crawlers.authors import hash_of_author
from crawlers.dates import read_time
from crawlers.hotline.csv_rows import read_csv
from crawlers.hotline.mapping import COUNTS, TIMES, Mapping, load_mapping, plain_name
from crawlers.hotline.tables import Cell, Row, Table, TableError
from crawlers.hotline.xlsx_rows import XLSX, read_xlsx, serial_time
from crawlers.page import read_count
from crawlers.revisions import REVISED, revise
from schemas.errors import ReadError, Where, one_of
from schemas.posts import make_post
from schemas.records import JsonScalar, Quarantined, RawPost

# What the record itself holds; all other fields of a table go into its `extra`.
_OWN = frozenset(["ticket", "title", "body", "time", "url", "caller"])


@dataclass(slots=True)
class TableReport:
    """What an import saw so far. `rows` leaves out the header and blank rows; `ignored` lists the columns the
    mapping leaves out, `unknown_columns` those it does not know; `unknown_values` counts (column, value)."""

    table: str
    rows: int = 0
    read: int = 0
    quarantined: int = 0
    blank: int = 0
    encoding: str = ""
    delimiter: str = ""
    ignored: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    unknown_values: Counter[tuple[str, str]] = field(default_factory=Counter)


def import_table(
    path: Path, mapping: str | Path | Mapping, *, fetched_at: datetime, author_key: bytes | None
) -> "TableImport":
    """The records of a CSV or XLSX table, streaming; what cannot be read comes as Quarantined among them.

    `mapping` is a shipped table's name, a path or a loaded mapping. Callers are kept as hashes under
    `author_key`, not at all without one. A file that is no table at all is one Quarantined. Raises
    ReadError for a wrong mapping and for a header that lacks a needed column.
    """
    loaded = mapping if isinstance(mapping, Mapping) else load_mapping(mapping)
    return TableImport(path, loaded, fetched_at, author_key)


class TableImport(Iterator[RawPost | Quarantined]):
    """The records of one table, to be iterated once. `report` grows with them and is whole at the end."""

    def __init__(self, path: Path, mapping: Mapping, fetched_at: datetime, author_key: bytes | None) -> None:
        self.path, self.mapping = path, mapping
        self.fetched_at, self.author_key = fetched_at, author_key
        self.report = TableReport(table=path.name)
        self._columns: dict[str, tuple[int, str]] = {}
        self._width = 0
        self._found = self._open()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RawPost | Quarantined:
        return next(self._found)

    def _open(self) -> Iterator[RawPost | Quarantined]:
        try:
            table = self._table()
        except TableError as error:
            return iter([self._put_aside(Row(0, (), self._head(), str(error)))])
        self.report.encoding, self.report.delimiter = table.encoding, table.delimiter
        header = next((row for row in table.rows if row.number >= self.mapping.header), None)
        if header is None or header.problem:
            reason = "没有表头" if header is None else f"表头：{header.problem}"
            return iter([self._put_aside(Row(self.mapping.header, (), self._head(), reason))])
        self._read_header(header)
        return self._records(table.rows)

    def _table(self) -> Table:
        if self.path.suffix.lower() in {".xlsx", ".xlsm", ".xls"}:
            return read_xlsx(self.path, sheet=self.mapping.sheet)
        known = self.mapping.fields
        return read_csv(self.path, header=self.mapping.header, delimiter=self.mapping.delimiter, known=known)

    def _head(self) -> bytes:
        with self.path.open("rb") as data:
            return data.read(4096)

    def _where(self, number: int) -> Where:
        return Where(self.path.name, number or None)

    def _read_header(self, header: Row) -> None:
        names = [_text(cell) for cell in header.cells]
        while names and not names[-1]:
            names.pop()
        fields, ignored = self.mapping.fields, {plain_name(name) for name in self.mapping.ignore}
        where = self._where(header.number)
        for at, name in enumerate(names):
            owner = fields.get(plain_name(name))
            if owner in self._columns:
                raise ReadError(where, "列名", name, f"{owner} 只有一列（已有 {self._columns[owner][1]}）")
            if owner is not None:
                self._columns[owner] = (at, name)
        for missing in self.mapping.needed:
            if missing not in self._columns:
                raise ReadError(
                    where, "列名", "、".join(names), f"含有 {one_of(self.mapping.columns[missing])}"
                )
        self._width = len(names)
        self.report.ignored = tuple(name for name in names if plain_name(name) in ignored)
        known = ignored | fields.keys()
        self.report.unknown_columns = tuple(name for name in names if name and plain_name(name) not in known)

    def _records(self, rows: Iterator[Row]) -> Iterator[RawPost | Quarantined]:
        for row in rows:
            if not row.problem and not any(_text(cell) for cell in row.cells):
                self.report.blank += 1
                continue
            self.report.rows += 1
            yield self._record(row)

    def _record(self, row: Row) -> RawPost | Quarantined:
        if row.problem:
            return self._put_aside(row)
        if not self._is_whole(row):
            reason = f"{self._where(row.number)}: 列数 = {len(row.cells)}：应为 {self._width}"
            return self._put_aside(row, reason)
        try:
            post = self._post(row)
        except ReadError as error:
            return self._put_aside(row, str(error))
        self.report.read += 1
        return post

    def _is_whole(self, row: Row) -> bool:
        """Blank cells beyond the header do no harm; workbooks leave blank cells at the end of a row out."""
        if len(row.cells) < self._width:
            return self.report.encoding == XLSX
        return not any(_text(cell) for cell in row.cells[self._width :])

    def _post(self, row: Row) -> RawPost:
        found = {name: self._field(row, name) for name in self._columns}
        title, body = str(found.get("title") or ""), str(found.get("body") or "")
        if not title and not body:
            raise ReadError(self._where(row.number), "title / body", "", "标题或内容至少有一个")
        time, ticket, url = found.get("time"), found.get("ticket"), found.get("url")
        post = make_post(
            self.mapping.source,
            str(ticket) if ticket else None,
            title,
            body,
            fetched_at=self.fetched_at,
            published_at=time if isinstance(time, datetime) else None,
            url=str(url) if url else None,
            ticket=str(ticket) if ticket else None,
            author_hash=hash_of_author(str(found.get("caller") or ""), self.author_key),
            district=str(found.get("district") or "") or self.mapping.district,
            extra={
                name: _scalar(value)
                for name, value in found.items()
                if name not in _OWN and value is not None
            },
        )
        return revise(post, REVISED)

    def _field(self, row: Row, name: str) -> str | int | datetime | None:
        at, column = self._columns[name]
        cell = row.cells[at] if at < len(row.cells) else None
        text = _text(cell)
        if not text:
            if name in self.mapping.needed:
                raise ReadError(self._where(row.number), column, text, "非空")
            return None
        if name in TIMES:
            return self._time(row, column, cell)
        if name in self.mapping.values:
            return self._value(row, name, column, text)
        return self._count(row, column, text) if name in COUNTS else text

    def _value(self, row: Row, name: str, column: str, text: str) -> str:
        values = self.mapping.values[name]
        if text not in values:
            self.report.unknown_values[column, text] += 1
            raise ReadError(self._where(row.number), column, text, one_of(values))
        return values[text]

    def _count(self, row: Row, column: str, text: str) -> int:
        try:
            return read_count(text)
        except ValueError as error:
            raise ReadError(self._where(row.number), column, text, "非负数，可带 万、亿") from error

    def _time(self, row: Row, column: str, cell: Cell) -> datetime:
        where, zone = self._where(row.number), self.mapping.zone
        if isinstance(cell, bool) or not isinstance(cell, int | float | date):
            return self._written_time(where, column, _text(cell))
        try:
            found = serial_time(cell) if isinstance(cell, int | float) else cell
        except (ValueError, OverflowError) as error:
            raise ReadError(where, column, cell, "日期") from error
        at = found if isinstance(found, datetime) else datetime(found.year, found.month, found.day)  # noqa: DTZ001
        return read_time(at.isoformat(" "), now=self.fetched_at, zone=zone, where=where, field=column)

    def _written_time(self, where: Where, column: str, text: str) -> datetime:
        for form in self.mapping.times:
            try:
                return datetime.strptime(text, form).replace(tzinfo=self.mapping.zone)
            except ValueError:
                continue
        if self.mapping.times:
            raise ReadError(where, column, text, one_of(self.mapping.times))
        return read_time(text, now=self.fetched_at, zone=self.mapping.zone, where=where, field=column)

    def _put_aside(self, row: Row, reason: str = "") -> Quarantined:
        self.report.quarantined += 1
        where = self._where(row.number)
        return Quarantined(
            self.mapping.source, str(where), reason or f"{where}: {row.problem}", row.raw, datetime.now(UTC)
        )


def _text(cell: Cell) -> str:
    """A cell as text: numbers without the `.0` that Excel gives ticket numbers."""
    if cell is None:
        return ""
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip()  # type: ignore[arg-type]


def _scalar(value: str | int | datetime | None) -> JsonScalar:
    return value.isoformat() if isinstance(value, datetime) else value
