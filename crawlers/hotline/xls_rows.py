"""Rows of an old Excel workbook (BIFF, .xls): values, real dates, merged cells filled downwards."""

import io
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import xlrd  # type: ignore[import-untyped]
from xlrd.compdoc import CompDocError  # type: ignore[import-untyped]

from crawlers.hotline.sheets import choose_sheet, sheet_row
from crawlers.hotline.tables import Cell, Row, Table, TableError

XLS = "xls"
# A workbook of 65,536 rows, the most a sheet of this format has, is some tens of megabytes.
_LARGEST = 100_000_000
_MOST_MERGED = 2_000_000
_LOCKED = "有密码保护，请去掉密码另存后再导入"
# How a locked XLSX is packed ([MS-OFFCRYPTO] 2.3.4).
_PACKED = "EncryptedPackage".encode("utf-16-le")
# What xlrd raises for a file that is not what it says it is.
_UNREADABLE = (
    xlrd.XLRDError, CompDocError, struct.error, AssertionError, LookupError, ValueError, TypeError,
    AttributeError, ArithmeticError, NotImplementedError, OSError, EOFError, RecursionError, MemoryError,
    UnboundLocalError,
)  # fmt: skip


def read_xls(path: Path, *, sheet: str | None) -> Table:
    """The rows of a sheet, the first visible one by default. Raises TableError where the file is no
    workbook, and for one that is locked by a password."""
    size = path.stat().st_size
    if size > _LARGEST:
        reason = f"有 {size} 字节，超过 {_LARGEST}"
        raise TableError(reason)
    content = path.read_bytes()
    if _PACKED in content:
        raise TableError(_LOCKED)
    try:
        # Merged cells are told with the formats only; what xlrd thinks of the file goes nowhere.
        book = xlrd.open_workbook(
            file_contents=content,
            formatting_info=True,
            ragged_rows=True,
            on_demand=True,
            logfile=io.StringIO(),
        )
        # The public way to ask what is visible reads every sheet whole.
        visible = [found == 0 for found in book._sheet_visibility]  # noqa: SLF001
        chosen, note = choose_sheet(list(zip(book.sheet_names(), visible, strict=True)), sheet)
        rows = _filled(book.sheet_by_name(chosen), book.datemode)
    except _UNREADABLE as error:
        reason = _LOCKED if "encrypted" in str(error) else f"不是完好的 XLS：{error}"
        raise TableError(" ".join(reason.split())[:200]) from error
    return Table(iter(rows), XLS, ragged=True, note=note)


def _filled(sheet: Any, datemode: int) -> list[Row]:  # noqa: ANN401 - xlrd has no types
    """All rows of a sheet. A cell merged over several rows stands in each of them."""
    table = [
        [
            _cell(kind, value, datemode)
            for kind, value in zip(sheet.row_types(number), sheet.row_values(number), strict=True)
        ]
        for number in range(sheet.nrows)
    ]
    merged = sheet.merged_cells
    if sum(below_last - top for top, below_last, _, _ in merged) > _MOST_MERGED:
        raise TableError("合并的单元格过多")
    for top, below_last, left, _ in merged:
        value = table[top][left] if left < len(table[top]) else None
        for below in table[top + 1 : below_last]:
            below.extend([None] * (left + 1 - len(below)))
            below[left] = value
    return [sheet_row(number, cells) for number, cells in enumerate(table, start=1)]


def _cell(kind: int, value: Any, datemode: int) -> Cell:  # noqa: ANN401
    if kind == xlrd.XL_CELL_DATE:
        return _moment(value, datemode)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(value, "#"))
    found: str | float = value
    return None if found == "" else found


def _moment(number: float, datemode: int) -> Cell:
    """A day with its time; a time alone where there is no day, and the number where it is no date at all."""
    try:
        moment: datetime = xlrd.xldate_as_datetime(number, datemode)
    except (ValueError, OverflowError, xlrd.XLDateError):
        return number
    return moment.time() if number < 1 else moment
