"""Sensor tables in, readings out: CSV, workbooks and JSON Lines through a sensor mapping."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from crawlers.dates import EARLIEST_YEAR, read_time
from crawlers.hotline.formats import open_table
from crawlers.hotline.importer import TableReport
from crawlers.hotline.mapping import plain_name
from crawlers.hotline.reader import text_of
from crawlers.hotline.refused import RowContext, mapping_of_row, read_row, write_row
from crawlers.hotline.tables import Cell, Row, Table, TableError
from crawlers.hotline.xlsx_rows import serial_time
from crawlers.sensors.mapping import (
    EPOCHS,
    Measure,
    SensorMapping,
    load_sensor_mapping,
    read_code,
    sensor_mapping_path,
)
from crawlers.sensors.reader import Told, make_reading
from schemas.errors import ReadError, Where, one_of
from schemas.records import Quarantined, Reading
from schemas.sensors import load_quantities
from schemas.sensors.stations import StationBook

Found = Reading | Quarantined
_ISO_LENGTHS = frozenset([16, 19])


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each field stands, and each measure's column with its number in the mapping."""

    names: tuple[str, ...]
    at: dict[str, int]
    measures: tuple[tuple[Measure, int], ...]


class SensorImport:
    """The readings of one table. `report` grows as `records` are taken, and is whole at the end; its `rows`
    are the table's, `read` the values. Raises ReadError for a header that lacks a needed column."""

    def __init__(self, path: Path, mapping: SensorMapping, stations: StationBook, received: datetime) -> None:
        self.path, self.mapping, self.stations, self.received = path, mapping, stations, received
        self.report = TableReport(table=path.name)
        self.columns: dict[str, str] = {}
        self._names: tuple[str, ...] = ()

    def records(self) -> Iterator[Found]:
        """The readings in the order of the table; what cannot be read comes as Quarantined."""
        for row, columns in self._rows():
            self.report.rows += 1
            yield from self._read_row(row, columns)

    def count_unknown(self) -> Counter[tuple[str, str]]:
        """Read the stations, quantities and units and nothing else: those that nobody knows, counted by
        (column, value). The records are read afterwards, from another SensorImport."""
        for row, columns in self._rows():
            if row.problem:
                continue
            for field in ("station", "quantity", "unit"):
                if field in columns.at and self._code(field, row, columns) is None:
                    text = _cell_text(row, columns.at[field])
                    if text:
                        self.report.unknown_values[columns.names[columns.at[field]], text] += 1
        return self.report.unknown_values

    def _rows(self) -> Iterator[tuple[Row, _Columns]]:
        try:
            table = open_table(self.path, self.mapping)
        except TableError as error:
            yield Row(0, (), self._head(), str(error)), _Columns((), {}, ())
            return
        self.report.encoding, self.report.delimiter = table.encoding, table.delimiter
        self.report.note = table.note
        yield from self._below_header(table)

    def _below_header(self, table: Table) -> Iterator[tuple[Row, _Columns]]:
        header = next((row for row in table.rows if row.number >= self.mapping.header), None)
        if header is None or header.problem:
            problem = "没有表头" if header is None else f"表头：{header.problem}"
            yield Row(self.mapping.header, (), self._head(), problem), _Columns((), {}, ())
            return
        columns = self._find_columns(header)
        for row in table.rows:
            if row.problem or any(text_of(cell) for cell in row.cells):
                yield row, columns
            else:
                self.report.blank += 1

    def _head(self) -> bytes:
        with self.path.open("rb") as data:
            return data.read(4096)

    def _find_columns(self, header: Row) -> _Columns:
        names = tuple(text_of(cell) for cell in header.cells)
        fields = self.mapping.fields
        at: dict[str, int] = {}
        for number, name in enumerate(names):
            field = fields.get(plain_name(name))
            if field in at:
                raise ReadError(
                    self._where(header), "列名", name, f"{field} 只有一列（已有 {names[at[field]]}）"
                )
            if field is not None:
                at[field] = number
        for field in self.mapping.columns:
            if field not in at:
                allowed = f"含有 {one_of(self.mapping.columns[field])}"
                raise ReadError(self._where(header), "列名", "、".join(names), allowed)
        measures = tuple(
            (measure, at[f"value:{number}"])
            for number, measure in enumerate(self.mapping.measures)
            if f"value:{number}" in at
        )
        if not measures:
            known = [name for measure in self.mapping.measures for name in measure.names]
            raise ReadError(self._where(header), "列名", "、".join(names), f"含有 {one_of(known)}")
        self._note_columns(names, at, measures)
        return _Columns(names, at, measures)

    def _note_columns(
        self, names: tuple[str, ...], at: dict[str, int], measures: tuple[tuple[Measure, int], ...]
    ) -> None:
        self._names = names
        ignored = {plain_name(name) for name in self.mapping.ignore}
        known = ignored | self.mapping.fields.keys()
        self.report.ignored = tuple(name for name in names if plain_name(name) in ignored)
        self.report.unknown_columns = tuple(name for name in names if name and plain_name(name) not in known)
        self.columns = {field: names[at[field]] for field in self.mapping.columns}
        self.columns |= {measure.quantity or "value": names[number] for measure, number in measures}

    def _where(self, row: Row) -> Where:
        return Where(self.path.name, row.number or None)

    def _read_row(self, row: Row, columns: _Columns) -> Iterator[Found]:
        if row.problem:
            yield self._put_aside(row, f"{self._where(row)}: {row.problem}")
            return
        try:
            station, at = self._needed(row, columns, "station"), self._time(row, columns)
        except ReadError as error:
            yield self._put_aside(row, str(error))
            return
        for measure, number in columns.measures:
            if text := _cell_text(row, number):
                yield self._read_value(row, columns, (measure, number), Told(station, "", "", text, at))
            elif len(columns.measures) == 1:
                yield self._put_aside(row, str(self._refuse(row, columns.names[number], "", "非空")))

    def _read_value(self, row: Row, columns: _Columns, column: tuple[Measure, int], told: Told) -> Found:
        try:
            reading = self._make(row, columns, column, told)
        except ReadError as error:
            return self._put_aside(row, str(error))
        self.report.read += 1
        return reading

    def _make(self, row: Row, columns: _Columns, column: tuple[Measure, int], told: Told) -> Reading:
        measure, number = column
        quantity = measure.quantity or self._coded(row, columns, "quantity")
        unit = measure.unit or self._coded(row, columns, "unit")
        whole = Told(
            told.station,
            quantity,
            unit,
            told.value,
            told.at,
            columns.names[number],
            self.mapping.no_value,
        )
        return make_reading(whole, self.stations, self.mapping.source, self.received, self._where(row))

    def read_again(self, names: tuple[str, ...], row: Row) -> list[Reading]:
        """The readings of one row that was refused. Raises ReadError where any is still wrong."""
        columns = self._find_columns(Row(0, names, b""))
        station, at = self._needed(row, columns, "station"), self._time(row, columns)
        found = ((column, _cell_text(row, column[1])) for column in columns.measures)
        told = ((column, Told(station, "", "", text, at)) for column, text in found if text)
        return [self._make(row, columns, column, one) for column, one in told]

    def _coded(self, row: Row, columns: _Columns, field: str) -> str:
        text = self._needed(row, columns, field)
        code = self._code(field, row, columns)
        if code is None:
            raise self._refuse(row, columns.names[columns.at[field]], text, one_of(_allowed(field)))
        return code

    def _code(self, field: str, row: Row, columns: _Columns) -> str | None:
        text = _cell_text(row, columns.at[field])
        if field == "station":
            station = self.stations.find(text)
            return None if station is None else station.name
        return read_code(self.mapping, field, text, _allowed(field))

    def _needed(self, row: Row, columns: _Columns, field: str) -> str:
        text = _cell_text(row, columns.at[field])
        if not text:
            raise self._refuse(row, columns.names[columns.at[field]], text, "非空")
        return text

    def _time(self, row: Row, columns: _Columns) -> datetime:
        text, number = self._needed(row, columns, "time"), columns.at["time"]
        return read_moment(
            row.cells[number], text, self.mapping, self.received, self._where(row), columns.names[number]
        )

    def _refuse(self, row: Row, column: str, value: object, allowed: str) -> ReadError:
        return ReadError(self._where(row), column, value, allowed)

    def _put_aside(self, row: Row, reason: str) -> Quarantined:
        self.report.quarantined += 1
        told = RowContext(
            self.mapping.file, self._names, None if row.problem else row.cells, self.report.delimiter
        )
        return Quarantined(
            self.mapping.source, str(self._where(row)), reason, row.raw, datetime.now(UTC), write_row(told)
        )


def fields_of_row(context: RowContext) -> dict[str, str]:
    """The field of each column name by the mapping that a refused row was read by, of whichever kind."""
    sensor = sensor_mapping_path(context.mapping)
    return mapping_of_row(context).fields if sensor is None else load_sensor_mapping(sensor).fields


def reread_readings(record: Quarantined, stations: StationBook, now: datetime) -> list[Reading] | None:
    """The readings of a refused row, by its mapping as it is today; None where it is no row of a sensor
    table. Raises ReadError where it is still wrong."""
    context = read_row(record.reader)
    mapping = sensor_mapping_path(context.mapping)
    if mapping is None:
        return None
    name, _, number = record.where.rpartition(":")
    if context.cells is None:
        raise ReadError(Where(record.where), "列数", 0, str(len(context.names)))
    table = SensorImport(Path(name), load_sensor_mapping(mapping), stations, now)
    return table.read_again(context.names, Row(int(number), context.cells, record.raw))


def read_moment(
    cell: Cell, text: str, mapping: SensorMapping, received: datetime, where: Where, field: str
) -> datetime:
    """The time of a reading: by the mapping's formats, an Excel day, or any time of crawlers/dates.py."""
    for form in mapping.times:
        try:
            if form in EPOCHS:
                return datetime.fromtimestamp(float(text) / EPOCHS[form], tz=mapping.zone)
            return datetime.strptime(text, form).replace(tzinfo=mapping.zone)
        except (ValueError, OverflowError, OSError):
            continue
    if mapping.times:
        raise ReadError(where, field, text, one_of(mapping.times))
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        try:
            text = serial_time(cell).isoformat(" ")
        except (ValueError, OverflowError) as error:
            raise ReadError(where, field, cell, "日期") from error
    elif isinstance(cell, date):
        text = cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    plain = _plain_time(text)
    if plain is not None:
        return plain.replace(tzinfo=mapping.zone)
    return read_time(text, now=received, zone=mapping.zone, where=where, field=field)


def _plain_time(text: str) -> datetime | None:
    """The time of the commonest form; None leaves it to the reader of all forms."""
    if len(text) not in _ISO_LENGTHS or text[10] != " " or not text.isascii():
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is None and found.year >= EARLIEST_YEAR else None


def _cell_text(row: Row, number: int) -> str:
    return text_of(row.cells[number]) if number < len(row.cells) else ""


def _allowed(field: str) -> tuple[str, ...]:
    quantities = load_quantities()
    if field == "quantity":
        return tuple(quantities)
    return tuple(dict.fromkeys(unit for one in quantities.values() for unit in one.units))
