"""Rows that were refused: what is kept to read one again after it, or its mapping, was put right."""

import csv
import io
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from crawlers.hotline.mapping import Mapping, load_mapping, plain_name
from crawlers.hotline.reader import RowReader
from crawlers.hotline.tables import Cell, Row
from schemas.errors import ReadError, Where, one_of
from schemas.records import Quarantined, RawPost

_PLACE = Where("隔离区")


@dataclass(frozen=True, slots=True)
class RowContext:
    """How a row was read: the mapping's name or path, the names of the columns, the cells (None where the
    line itself could not be read) and the delimiter."""

    mapping: str
    names: tuple[str, ...]
    cells: tuple[Cell, ...] | None
    delimiter: str


def write_row(context: RowContext) -> str:
    """The context as JSON; a date in a cell becomes its text."""
    return orjson.dumps(asdict(context), default=str).decode()


def read_row(text: str) -> RowContext:
    """What `write_row` wrote. Raises ReadError."""
    try:
        found: dict[str, Any] = orjson.loads(text)
        cells = None if found["cells"] is None else tuple(found["cells"])
        return RowContext(found["mapping"], tuple(found["names"]), cells, found["delimiter"])
    except (KeyError, TypeError, ValueError) as error:
        raise ReadError(_PLACE, "reader", text[:40], "导入时写下的读法") from error


def set_cells(context: RowContext, changes: dict[str, str], fields: dict[str, str]) -> RowContext:
    """The row with some cells changed, each named by its column or by its field in the mapping.

    Raises ReadError for a name that the table does not have and for a line that has no cells.
    """
    if context.cells is None:
        raise ReadError(_PLACE, "--set", "、".join(changes), "能分出单元格的行；整行改正用 --raw")
    cells = [*context.cells, *[""] * (len(context.names) - len(context.cells))]
    for name, value in changes.items():
        places = [
            at for at, known in enumerate(context.names) if name in {known, fields.get(plain_name(known))}
        ]
        if len(places) != 1:
            raise ReadError(_PLACE, "--set", name, one_of(context.names))
        cells[places[0]] = value
    return replace(context, cells=tuple(cells))


def set_line(context: RowContext, text: str) -> RowContext:
    """The row as one line of delimited text in the order of the table's columns, or as a JSON object with
    them as keys. Raises ReadError."""
    if text.lstrip().startswith("{"):
        return replace(context, cells=_cells_of_object(context, text))
    delimiter = context.delimiter or ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if row]
    except csv.Error as error:
        raise ReadError(_PLACE, "--raw", text[:40], f"一行表格文字（{error}）") from error
    if len(rows) != 1 or len(rows[0]) != len(context.names):
        shape = f"{len(rows)} 行，{'、'.join(str(len(row)) for row in rows)} 格"
        raise ReadError(_PLACE, "--raw", shape, f"一行 {len(context.names)} 格，以 {delimiter!r} 分隔")
    return replace(context, cells=tuple(rows[0]))


def reread_row(record: Quarantined, *, now: datetime, author_key: bytes | None) -> RawPost:
    """The record of a refused row, by the mapping as it is today. `now` is when it is fetched; 昨天 and the
    like count from when the row was refused. Raises ReadError where it is still wrong."""
    context = read_row(record.reader)
    name, _, number = record.where.rpartition(":")
    where = Where(name, int(number))
    if context.cells is None or len(context.cells) > len(context.names):
        count = 0 if context.cells is None else len(context.cells)
        raise ReadError(where, "列数", count, str(len(context.names)))
    reader = RowReader(
        mapping_of_row(context), context.names, where, fetched_at=record.at, author_key=author_key
    )
    post = reader.read(Row(int(number), context.cells, record.raw))
    return replace(post, origin=replace(post.origin, fetched_at=now))


def _cells_of_object(context: RowContext, text: str) -> tuple[Cell, ...]:
    try:
        found: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ReadError(_PLACE, "--raw", text[:40], "一个 JSON 对象") from error
    for name, value in found.items():
        if name not in context.names or isinstance(value, dict | list):
            raise ReadError(_PLACE, "--raw", name, f"{one_of(context.names)}，值为文字或数")
    return tuple(found.get(name) for name in context.names)


def mapping_of_row(context: RowContext) -> Mapping:
    """The mapping that a row of a hotline table was read by. Raises ReadError."""
    path = Path(context.mapping)
    return load_mapping(path if path.suffix == ".yml" else context.mapping)
