"""Rows of an old Excel workbook (BIFF, .xls): values, real dates, merged cells filled downwards."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from crawlers.hotline.sheets import choose_sheet, sheet_row
from crawlers.hotline.tables import Cell, Row, Table, TableError

XLS = "xls"
# A workbook of 65,536 rows, the most a sheet of this format has, is some tens of megabytes.
_LARGEST = 300_000_000
_PANIC = "PanicException"


def read_xls(path: Path, *, sheet: str | None) -> Table:
    """The rows of a sheet, the first visible one by default. Raises TableError where the file is no
    workbook, and for one that is locked by a password."""
    size = path.stat().st_size
    if size > _LARGEST:
        reason = f"有 {size} 字节，超过 {_LARGEST}"
        raise TableError(reason)
    try:
        book = CalamineWorkbook.from_path(path)
        chosen, note = choose_sheet(list(_worksheets(book.sheets_metadata)), sheet)
        rows = filled_rows(book.get_sheet_by_name(chosen))
    except PasswordError as error:
        raise TableError("有密码保护，请去掉密码另存后再导入") from error
    except (CalamineError, OSError, ValueError) as error:
        reason = f"不是完好的 XLS：{error}"
        raise TableError(reason) from error
    except BaseException as error:
        # A broken file may set off a panic in the reader, which is no Exception.
        if type(error).__name__ != _PANIC:
            raise
        raise TableError("不是完好的 XLS") from error
    return Table(iter(rows), XLS, ragged=True, note=note)


def filled_rows(sheet: CalamineSheet) -> list[Row]:
    """All rows of a sheet. A cell merged over several rows stands in each of them."""
    table = [[_cell(cell) for cell in cells] for cells in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        for below in range(top + 1, min(bottom + 1, len(table))):
            table[below][left] = table[top][left]
    return [sheet_row(number, cells) for number, cells in enumerate(table, start=1)]


def _worksheets(sheets: Iterable[SheetMetadata]) -> Iterator[tuple[str, bool]]:
    for found in sheets:
        if found.typ == SheetTypeEnum.WorkSheet:
            yield found.name, found.visible == SheetVisibleEnum.Visible


def _cell(value: object) -> Cell:
    if value == "":
        return None
    return str(value) if isinstance(value, timedelta) else value  # type: ignore[return-value]
