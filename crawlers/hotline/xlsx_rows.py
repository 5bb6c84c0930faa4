"""Rows of an Excel workbook: values, real dates, nothing computed."""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from crawlers.hotline.sheets import choose_sheet, sheet_row
from crawlers.hotline.tables import Row, Table, TableError

# A workbook of a million rows unpacks to some 500 MB; far beyond that it is a bomb.
_LARGEST = 2_000_000_000
XLSX = "xlsx"
_UNREADABLE = (
    InvalidFileException,
    zipfile.BadZipFile,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ParseError,
    OSError,
    EOFError,
)


def read_xlsx(path: Path, *, sheet: str | None) -> Table:
    """The rows of a sheet, the first visible one by default. Raises TableError for what is no workbook."""
    _check_archive(path)
    with ExitStack() as opened:
        file = opened.enter_context(path.open("rb"))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # styles and extensions that carry no values
                book = load_workbook(file, read_only=True, data_only=True)
        except _UNREADABLE as error:
            reason = f"不是完好的 XLSX：{error}"
            raise TableError(reason) from error
        sheets = [(found.title, found.sheet_state == "visible") for found in book.worksheets]
        chosen, note = choose_sheet(sheets, sheet)
        return Table(_rows(book, chosen, opened.pop_all()), XLSX, ragged=True, note=note)


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
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        reason = f"不是 XLSX，开头是 {head!r}"
        raise TableError(reason) from error
    if size > _LARGEST:
        reason = f"解开后有 {size} 字节，超过 {_LARGEST}"
        raise TableError(reason)


def _rows(book: Workbook, name: str, opened: ExitStack) -> Iterator[Row]:
    number = 0
    try:
        sheet: Any = book[name]
        sheet.reset_dimensions()  # some programs write a dimension of one cell
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield sheet_row(number, values)
    except _UNREADABLE as error:
        yield Row(number + 1, (), b"", f"工作表损坏，后面无法读：{error}")
    finally:
        opened.close()
