"""Tables as rows, whatever file they lie in; what cannot be read is a row with its problem."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

Cell = str | int | float | bool | datetime | date | time | None
# Rows below the one that the mapping names, among which the header is looked for when it is not there.
TITLES = 10
LONGEST_CELL = 131_072


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` counts from 1 as editors do; `problem` says why the row cannot be read."""

    number: int
    cells: tuple[Cell, ...]
    raw: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Sound rows of text that were read at once: their numbers, their cells, and their text, each with `end`
    after it, which is made bytes of the file's encoding only for a row that is refused."""

    numbers: Sequence[int]
    cells: Sequence[Sequence[str]]
    texts: Sequence[str]
    encoding: str
    end: str = ""

    def row(self, at: int) -> Row:
        """One of the rows, counted from 0."""
        raw = f"{self.texts[at]}{self.end}".encode(self.encoding, "surrogateescape")
        return Row(self.numbers[at], tuple(self.cells[at]), raw)

    def after(self, at: int) -> "Block":
        """The rows after one."""
        start = at + 1
        return Block(self.numbers[start:], self.cells[start:], self.texts[start:], self.encoding, self.end)


Piece = Row | Block


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows, streaming, one by one or in blocks, and what was found out about it. `ragged`: blank
    cells at the end of a row may be left out; `note` is what somebody should know, such as a hidden sheet
    that was not read. `rows` are those of the pieces; either is to be read, not both."""

    pieces: Iterator[Piece]
    encoding: str = ""
    delimiter: str = ""
    ragged: bool = False
    note: str = ""
    rows: Iterator[Row] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", rows_of(self.pieces))


def rows_of(pieces: Iterable[Piece]) -> Iterator[Row]:
    """The rows, one by one."""
    for piece in pieces:
        if isinstance(piece, Row):
            yield piece
        else:
            yield from map(piece.row, range(len(piece.cells)))


class TableError(ValueError):
    """A file that is no table at all; the text says what it is instead."""
