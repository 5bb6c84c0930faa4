"""A file as a table: its format by what it holds, whatever its name says."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Protocol

from crawlers.charset import guess_encoding
from crawlers.hotline.csv_rows import read_csv
from crawlers.hotline.html_rows import ARCHIVE, HTML, XML, read_excel_xml, read_html
from crawlers.hotline.json_rows import read_json_lines
from crawlers.hotline.mapping import plain_name
from crawlers.hotline.tables import TITLES, Table, TableError, rows_of
from crawlers.hotline.xls_rows import read_xls
from crawlers.hotline.xlsx_rows import read_xlsx

TEXT = "文本表格"
_HEAD = 4096
_LINES = frozenset([".jsonl", ".ndjson"])
# What a file's name promises.
_PROMISED = {
    **dict.fromkeys([".xls", ".et"], "XLS"),
    **dict.fromkeys([".xlsx", ".xlsm"], "XLSX"),
    **dict.fromkeys([".csv", ".tsv", ".txt"], TEXT),
}
_ARCHIVE_HEADS = ("mime-version:", "content-type: multipart/related")
_PAGE_HEADS = ("<html", "<!doctype html", "<table", "<meta", "<head", "<body", "<style", "<div")


class Shape(Protocol):
    """What a mapping says of the file itself: the row of the column names, delimiter, sheet, known names."""

    @property
    def header(self) -> int:
        """The row of the column names, counted from 1."""
        ...

    @property
    def delimiter(self) -> str | None:
        """What stands between the cells of a text table; None to find out."""
        ...

    @property
    def sheet(self) -> str | None:
        """The sheet of a workbook; None for the first that is shown."""
        ...

    @property
    def fields(self) -> dict[str, str]:
        """The field of each known column name, names made plain."""
        ...


Read = Callable[[Path, Shape], Table]


def open_table(path: Path, mapping: Shape) -> Table:
    """The rows of a CSV, XLSX, XLS or JSON Lines file, or of one of the tables in HTML or text that portals
    export as .xls; where its name promises another format, the table's note says so. Raises TableError."""
    ending = path.suffix.lower()
    kind = "JSON Lines" if ending in _LINES else detect_format(path)
    promised = _PROMISED.get(ending, kind)
    if kind == TEXT and promised != TEXT and not _names_columns(path, mapping):
        reason = f"不是 {promised} 工作簿，也不是有映射所说的列的文本表格"
        raise TableError(reason)
    table = _READERS[kind](path, mapping)
    if promised == kind:
        return table
    notes = (f"实为 {kind}，不是 {promised}", table.note)
    return replace(table, note="；".join(note for note in notes if note))


def detect_format(path: Path) -> str:
    """The format of a file, judged by its first bytes; text where they show no other."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return "XLSX"
    if head.startswith(b"\xd0\xcf\x11\xe0") or head[:2] in {b"\x09\x08", b"\x09\x04", b"\x09\x02"}:
        return "XLS"
    text = head.decode(guess_encoding(head), "replace").lstrip("\ufeff \t\r\n").lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and text.startswith("<?xml"):
        return XML
    if text.startswith(_ARCHIVE_HEADS):
        return ARCHIVE
    is_page = text.startswith(_PAGE_HEADS) or (text.startswith("<") and ("<html" in text or "<table" in text))
    return HTML if is_page else TEXT


def _read_text(path: Path, mapping: Shape) -> Table:
    return read_csv(path, header=mapping.header, delimiter=mapping.delimiter, known=mapping.fields)


def _names_columns(path: Path, mapping: Shape) -> bool:
    """Whether a text has a known column's name in one of its first rows."""
    rows = islice(rows_of(_read_text(path, mapping).pieces), mapping.header + TITLES)
    return any(plain_name(str(cell)) in mapping.fields for row in rows for cell in row.cells)


_READERS: dict[str, Read] = {
    "XLSX": lambda path, mapping: read_xlsx(path, sheet=mapping.sheet),
    "XLS": lambda path, mapping: read_xls(path, sheet=mapping.sheet),
    XML: lambda path, mapping: read_excel_xml(path, sheet=mapping.sheet),
    HTML: lambda path, mapping: read_html(path, known=mapping.fields),
    ARCHIVE: lambda path, mapping: read_html(path, known=mapping.fields, archive=True),
    "JSON Lines": lambda path, mapping: read_json_lines(path, header=mapping.header),
    TEXT: _read_text,
}
