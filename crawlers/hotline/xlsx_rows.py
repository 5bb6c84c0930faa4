"""Rows of an Excel workbook: values, real dates, nothing computed."""

import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from crawlers.hotline.tables import LONGEST_CELL, Cell, Row, Table, TableError

# A workbook of a million rows unpacks to some 500 MB; far beyond that it is a bomb.
_LARGEST = 2_000_000_000
XLSX = "xlsx"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_UNREADABLE = (
    InvalidFileException,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    ParseError,
    OSError,
    EOFError,
)


def read_xlsx(path: Path, *, sheet: str | None) -> Table:
    """The rows of a sheet, the first one by default. Raises TableError where the file is no workbook."""
    _check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # styles and extensions that carry no values
            book = load_workbook(path, read_only=True, data_only=True)
    except _UNREADABLE as error:
        reason = f"不是完好的 XLSX：{error}"
        raise TableError(reason) from error
    names = [found.title for found in book.worksheets]
    if not names or (sheet is not None and sheet not in names):
        reason = f"没有工作表 {sheet or ''}，只有 {'、'.join(names)}"
        raise TableError(reason)
    return Table(_rows(book, sheet or names[0]), XLSX)


def serial_time(number: float) -> datetime:
    """The time of an Excel serial day (1900 system), such as 46053.5. Raises ValueError for what is none."""
    found = from_excel(number)
    if not isinstance(found, datetime):
        raise ValueError(number)  # noqa: TRY004 - a fraction of a day is a value without a date
    return found


def _check_archive(path: Path) -> None:
    with path.open("rb") as data:
        head = data.read(4)
    if not head:
        raise TableError("文件是空的")
    if head == _OLD_EXCEL:
        raise TableError("是旧版 XLS，请另存为 XLSX")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        reason = f"不是 XLSX，开头是 {head!r}"
        raise TableError(reason) from error
    if size > _LARGEST:
        reason = f"解开后有 {size} 字节，超过 {_LARGEST}"
        raise TableError(reason)


def _rows(book: Workbook, name: str) -> Iterator[Row]:
    number = 0
    try:
        sheet: Any = book[name]
        sheet.reset_dimensions()  # some programs write a dimension of one cell
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield _row(number, values)
    except _UNREADABLE as error:
        yield Row(number + 1, (), b"", f"工作表损坏，后面无法读：{error}")
    finally:
        book.close()


def _row(number: int, cells: tuple[Cell, ...]) -> Row:
    while cells and cells[-1] is None:
        cells = cells[:-1]
    text = "\t".join("" if cell is None else str(cell) for cell in cells)
    return Row(number, cells, text.encode("utf-8", "surrogatepass"), _problem(text, cells))


def _problem(text: str, cells: tuple[Cell, ...]) -> str:
    if any(len(cell) > LONGEST_CELL for cell in cells if isinstance(cell, str)):
        return "单元格过长"
    if "\0" in text:
        return "有 NUL 字符"
    # Excel writes such characters as _xD800_; no file of ours could hold them.
    return "有半个字符" if any("\ud800" <= char <= "\udfff" for char in text) else ""
