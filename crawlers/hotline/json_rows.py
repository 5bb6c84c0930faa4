"""Rows of a file of JSON lines: one object a line, its keys the columns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from crawlers.hotline.tables import LONGEST_CELL, Cell, Row, Table, TableError

JSON_LINES = "jsonl"
_LONGEST_LINE = 4_000_000


def read_json_lines(path: Path, *, header: int) -> Table:
    """The rows of a JSON Lines file in UTF-8; the columns are the keys of all its objects, in the order they
    first appear. Raises TableError where no line is an object."""
    names = tuple(dict.fromkeys(key for _, line in _lines(path) for key in _object(line) or ()))
    if not names:
        raise TableError("没有一行是 JSON 对象")
    return Table(_rows(path, names, header), JSON_LINES)


def _rows(path: Path, names: tuple[str, ...], header: int) -> Iterator[Row]:
    yield Row(header, names, b"")
    for number, line in _lines(path):
        found = _object(line)
        if found is None:
            yield Row(number, (), line, "不是一行一个 JSON 对象（UTF-8）")
        else:
            cells = tuple(_cell(found.get(name)) for name in names)
            yield Row(number, cells, line, _problem(cells))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            if line.strip():
                yield number, line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _cell(value: Any) -> Cell:  # noqa: ANN401 - whatever JSON holds
    """A value as a cell; lists and objects as their JSON."""
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def _problem(cells: tuple[Cell, ...]) -> str:
    if any(len(cell) > LONGEST_CELL for cell in cells if isinstance(cell, str)):
        return "单元格过长"
    return "有 NUL 字符" if any("\0" in cell for cell in cells if isinstance(cell, str)) else ""
