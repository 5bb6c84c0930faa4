"""A report as headings, sentences, tables and a picture: what HTML and Word are both made from."""

from dataclasses import dataclass

# From this width on a column holds words and is set to the left; numbers and names stand in the middle.
WORDY = 2.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `widths` are the columns' shares of the line."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with what it shows in words."""

    png: bytes
    title: str
    numbers: str


@dataclass(frozen=True, slots=True)
class Section:
    """One headed part."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. `summary` is its subject line, `name` the stem of its files."""

    name: str
    title: str
    lines: tuple[str, ...]
    summary: str
    sections: tuple[Section, ...]
