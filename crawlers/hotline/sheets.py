"""What the sheets of all workbooks have in common: which one is read, and how a row of it is kept."""

from collections.abc import Sequence

from crawlers.hotline.tables import LONGEST_CELL, Cell, Row, TableError


def choose_sheet(sheets: list[tuple[str, bool]], wanted: str | None) -> tuple[str, str]:
    """The name of the sheet to read, and what a report says of the others. `sheets` are names, and whether
    one is visible. Raises TableError where there is none of the `wanted` name, or none at all."""
    names = [name for name, _ in sheets]
    visible = [name for name, shown in sheets if shown] or names
    if not names or (wanted is not None and wanted not in names):
        reason = f"没有工作表 {wanted or ''}，只有 {'、'.join(names)}"
        raise TableError(reason)
    chosen = wanted or visible[0]
    others = [f"{name}{'' if shown else '（隐藏）'}" for name, shown in sheets if name != chosen]
    return chosen, f"读了工作表 {chosen}，没有读 {'、'.join(others)}" if others else ""


def sheet_row(number: int, cells: Sequence[Cell]) -> Row:
    """A row of a sheet: its cells without the blank ones at the end, its text separated by tabs."""
    while cells and cells[-1] is None:
        cells = cells[:-1]
    text = "\t".join("" if cell is None else str(cell) for cell in cells)
    return Row(number, tuple(cells), text.encode("utf-8", "surrogatepass"), _problem(text, cells))


def _problem(text: str, cells: Sequence[Cell]) -> str:
    if any(len(cell) > LONGEST_CELL for cell in cells if isinstance(cell, str)):
        return "单元格过长"
    if "\0" in text:
        return "有 NUL 字符"
    # Excel writes such characters as _xD800_; no file of ours could hold them.
    return "有半个字符" if any("\ud800" <= char <= "\udfff" for char in text) else ""
