"""One row to one record: each cell mapped, or the row refused with the column and what is allowed."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from crawlers.authors import hash_of_author
from crawlers.dates import EARLIEST_YEAR, SLACK, read_time
from crawlers.hotline.mapping import COUNTS, TIMES, Mapping, plain_name
from crawlers.hotline.tables import Cell, Row
from crawlers.hotline.xlsx_rows import serial_time
from crawlers.page import read_count
from crawlers.revisions import changing
from schemas.errors import ReadError, Where, one_of
from schemas.posts import make_post
from schemas.records import JsonScalar, RawPost

# What the record itself holds; all other fields of a table go into its `extra`.
OWN = frozenset(["ticket", "title", "body", "time", "url", "caller"])
# 2026-01-31 08:00 and 2026-01-31 08:00:00 are read at once.
_ISO_LENGTHS = frozenset([16, 19])
_LIMIT_AHEAD = timedelta(days=366)

Value = str | int | datetime
Read = Callable[[int, Cell, str], Value]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its field, where it stands, its name, whether a value is needed, how one is read
    (None: as text)."""

    field: str
    at: int
    name: str
    needed: bool
    read: Read | None


class RowReader:
    """Reads the rows of one table by a mapping. `names` are its columns, `file` what errors call it.

    `ignored` lists the columns the mapping leaves out, `unknown` those it does not know; `unknown_values`
    counts (column, value) as rows are read. Raises ReadError for names that lack a needed column or have
    two for one field.
    """

    def __init__(
        self,
        mapping: Mapping,
        names: Sequence[str],
        where: Where,
        *,
        fetched_at: datetime,
        author_key: bytes | None,
    ) -> None:
        self.mapping, self.names, self.file = mapping, tuple(names), where.name
        self.fetched_at, self.author_key = fetched_at, author_key
        self.unknown_values: Counter[tuple[str, str]] = Counter()
        ignored, fields = {plain_name(name) for name in mapping.ignore}, mapping.fields
        self.ignored = tuple(name for name in names if plain_name(name) in ignored)
        known = ignored | fields.keys()
        self.unknown = tuple(name for name in names if name and plain_name(name) not in known)
        self.columns = tuple(self._column(*found) for found in self._owners(fields, where).items())
        latest = (fetched_at - SLACK).astimezone(mapping.zone)
        self.latest = latest.replace(tzinfo=None)

    def read(self, row: Row) -> RawPost:
        """The record of a row. Raises ReadError."""
        found: dict[str, Value] = {}
        cells, width = row.cells, len(row.cells)
        for column in self.columns:
            cell = cells[column.at] if column.at < width else None
            text = cell.strip() if type(cell) is str else text_of(cell)
            if text:
                found[column.field] = text if column.read is None else column.read(row.number, cell, text)
            elif column.needed:
                raise self._refuse(row.number, column.name, text, "非空")
        return self._post(row.number, found)

    def count_unknown(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Count the coded values of rows that the mapping does not know."""
        for column in self.columns:
            values, at = self.mapping.values.get(column.field), column.at
            if values is not None:
                for cell, number in Counter(row[at] for row in rows if at < len(row)).items():
                    text = text_of(cell)
                    if text and text not in values:
                        self.unknown_values[column.name, text] += number

    def _owners(self, fields: dict[str, str], where: Where) -> dict[str, tuple[int, str]]:
        owners: dict[str, tuple[int, str]] = {}
        for at, name in enumerate(self.names):
            owner = fields.get(plain_name(name))
            if owner in owners:
                raise ReadError(where, "列名", name, f"{owner} 只有一列（已有 {owners[owner][1]}）")
            if owner is not None:
                owners[owner] = (at, name)
        for missing in self.mapping.needed:
            if missing not in owners:
                allowed = f"含有 {one_of(self.mapping.columns[missing])}"
                raise ReadError(where, "列名", "、".join(self.names), allowed)
        return owners

    def _column(self, field: str, place: tuple[int, str]) -> Column:
        at, name = place
        return Column(field, at, name, field in self.mapping.needed, self._how(field, name))

    def _how(self, field: str, name: str) -> Read | None:
        if field in TIMES:
            # A time limit lies ahead; all other times are past.
            ahead = _LIMIT_AHEAD if field == "due_time" else timedelta(0)
            return lambda row, cell, text: self._time(row, name, cell, text, ahead)
        if field in self.mapping.values:
            return lambda row, _cell, text: self._value(row, field, name, text)
        return (lambda row, _cell, text: self._count(row, name, text)) if field in COUNTS else None

    def _refuse(self, row: int, column: str, value: object, allowed: str) -> ReadError:
        return ReadError(Where(self.file, row or None), column, value, allowed)

    def _post(self, row: int, found: dict[str, Value]) -> RawPost:
        title, body = str(found.get("title", "")), str(found.get("body", ""))
        if not title and not body:
            raise self._refuse(row, "title / body", "", "标题或内容至少有一个")
        time, ticket, url = found.get("time"), found.get("ticket"), found.get("url")
        extra: dict[str, JsonScalar] = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in found.items()
            if name not in OWN
        }
        return make_post(
            self.mapping.source,
            str(ticket) if ticket else None,
            title,
            body,
            fetched_at=self.fetched_at,
            published_at=time if isinstance(time, datetime) else None,
            url=str(url) if url else None,
            ticket=str(ticket) if ticket else None,
            author_hash=hash_of_author(str(found.get("caller", "")), self.author_key),
            district=str(found.get("district", "")) or self.mapping.district,
            extra=extra,
            beside=changing(extra),
        )

    def _value(self, row: int, field: str, column: str, text: str) -> str:
        values = self.mapping.values[field]
        if text not in values:
            self.unknown_values[column, text] += 1
            raise self._refuse(row, column, text, one_of(values))
        return values[text]

    def _count(self, row: int, column: str, text: str) -> int:
        try:
            return read_count(text)
        except ValueError as error:
            raise self._refuse(row, column, text, "非负数，可带 万、亿") from error

    def _time(self, row: int, column: str, cell: Cell, text: str, ahead: timedelta) -> datetime:
        if isinstance(cell, bool) or not isinstance(cell, int | float | date):
            return self.plain_time(text) or self._written_time(row, column, text, ahead)
        try:
            found = serial_time(cell) if isinstance(cell, int | float) else cell
        except (ValueError, OverflowError) as error:
            raise self._refuse(row, column, cell, "日期") from error
        at = found if isinstance(found, datetime) else datetime(found.year, found.month, found.day)  # noqa: DTZ001
        return self._read_time(row, column, at.isoformat(" "), ahead)

    def plain_time(self, text: str) -> datetime | None:
        """The time of the commonest form, long past; None leaves it to the reader of all forms."""
        if self.mapping.times or len(text) not in _ISO_LENGTHS or text[10] != " " or not text.isascii():
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return None
        sure = found.tzinfo is None and found.year >= EARLIEST_YEAR and found < self.latest
        return found.replace(tzinfo=self.mapping.zone) if sure else None

    def steady_times(self) -> tuple[str, str]:
        """From when on the zone's offset has been the same until `latest`, and that offset, as texts; later
        than any time where the forms of times are the mapping's own."""
        zone, day = self.mapping.zone, self.latest
        offset = day.replace(tzinfo=zone).isoformat()[len(day.isoformat()) :]
        first = "~" if self.mapping.times or len(offset) != len("+08:00") else ""
        while not first:
            day -= timedelta(days=1)
            changed = day.replace(tzinfo=zone).isoformat()[len(day.isoformat()) :] != offset
            if changed or day.year < EARLIEST_YEAR:
                first = (day + timedelta(days=1)).isoformat(" ")
        return first, offset

    def _written_time(self, row: int, column: str, text: str, ahead: timedelta) -> datetime:
        for form in self.mapping.times:
            try:
                return datetime.strptime(text, form).replace(tzinfo=self.mapping.zone)
            except ValueError:
                continue
        if self.mapping.times:
            raise self._refuse(row, column, text, one_of(self.mapping.times))
        return self._read_time(row, column, text, ahead)

    def _read_time(self, row: int, column: str, text: str, ahead: timedelta) -> datetime:
        zone: tzinfo = self.mapping.zone
        where = Where(self.file, row or None)
        return read_time(text, now=self.fetched_at + ahead, zone=zone, where=where, field=column)


def text_of(cell: Cell) -> str:
    """A cell as text: numbers without the `.0` that Excel gives ticket numbers."""
    if cell is None:
        return ""
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip()  # type: ignore[arg-type]
