"""The divisions of China from province to street: the shipped CSV files (WTFPL) and their reading."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.errors import ReadError, Where

FOLDER = Path(__file__).parent

# File, level of its rows, column of the division above, digits of the code.
_FILES = (
    ("provinces.csv", "province", None, 2),
    ("cities.csv", "city", "provinceCode", 4),
    ("areas.csv", "district", "cityCode", 6),
    ("streets.csv", "street", "areaCode", 9),
)


@dataclass(frozen=True, slots=True)
class GazetteerEntry:
    """One division. `code` has 2, 4, 6 or 9 digits, `level` is province, city, district or street,
    `parent` the code of the division above (None for a province)."""

    code: str
    name: str
    level: str
    parent: str | None


@cache
def load_gazetteer(folder: Path = FOLDER) -> tuple[GazetteerEntry, ...]:
    """All divisions, provinces first; about 45,000. Read once per process.

    Raises ReadError with file, line, column, value and what is allowed.
    """
    found: list[GazetteerEntry] = []
    above: frozenset[str] = frozenset()
    for name, level, parent, digits in _FILES:
        entries = _read(folder / name, level, parent)
        _check(folder / name, entries, above, digits)
        above = frozenset(entry.code for entry in entries)
        found += entries
    return tuple(found)


def _read(path: Path, level: str, parent: str | None) -> list[GazetteerEntry]:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        head = next(rows, [])
        for needed in ("code", "name", *([parent] if parent else [])):
            if needed not in head:
                raise ReadError(Where(str(path), 1), "表头", head, f"含有 {needed}")
        code, name = head.index("code"), head.index("name")
        up = head.index(parent) if parent else None
        try:
            return [
                GazetteerEntry(row[code], row[name], level, None if up is None else row[up]) for row in rows
            ]
        except IndexError as error:
            raise ReadError(Where(str(path), rows.line_num), "行", "缺列", "与表头同样多的列") from error


def _check(path: Path, entries: list[GazetteerEntry], above: frozenset[str], digits: int) -> None:
    """Codes are unique and of their length, names stand there, parents exist."""
    seen: set[str] = set()
    for line, entry in enumerate(entries, start=2):
        code = entry.code
        if len(code) != digits or not code.isdigit() or code in seen:
            raise ReadError(Where(str(path), line), "code", code, f"{digits} 位数字，不重复")
        if not entry.name or (entry.parent is not None and entry.parent not in above):
            raise ReadError(Where(str(path), line), "name、上级", entry, "有名称，上级在上一级的表里")
        seen.add(code)
