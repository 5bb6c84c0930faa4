"""Tables as rows, whatever file they lie in; what cannot be read is a row with its problem."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

Cell = str | int | float | bool | datetime | date | time | None
LONGEST_CELL = 131_072


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` counts from 1 as editors do; `problem` says why the row cannot be read."""

    number: int
    cells: tuple[Cell, ...]
    raw: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows, streaming, and what was found out about it. `ragged`: blank cells at the end of a row
    may be left out; `note` is what somebody should know, such as a hidden sheet that was not read."""

    rows: Iterator[Row]
    encoding: str = ""
    delimiter: str = ""
    ragged: bool = False
    note: str = ""


class TableError(ValueError):
    """A file that is no table at all; the text says what it is instead."""
