"""Rows of a table in HTML, in a web archive, or in Excel's XML of 2003: what offices save as .xls."""

from collections.abc import Collection, Iterator
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]

from crawlers.charset import decode_text
from crawlers.hotline.mapping import plain_name
from crawlers.hotline.sheets import choose_sheet, sheet_row
from crawlers.hotline.tables import Cell, Row, Table, TableError
from crawlers.page import element_text
from schemas.errors import ReadError, Where

HTML, ARCHIVE, XML = "HTML 表格", "网页归档（MHTML）", "Excel 2003 XML"
_LARGEST = 60_000_000
# The title and the notes above the names of the columns are no more than this.
_ABOVE = 30
_SHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_WIDEST = 1_000


def read_html(path: Path, *, known: Collection[str], archive: bool = False) -> Table:
    """The rows of the table in a page that has most of the `known` columns. Raises TableError for none."""
    data = _read(path)
    if archive:
        data = _page_of(data)
    try:
        text = decode_text(data, content_type="", where=Where(path.name))
    except ReadError as error:
        raise TableError(str(error)) from error
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser)
    grids = [] if root is None else [list(_grid(table)) for table in root.iter("table")]
    if not grids:
        raise TableError("网页里没有表格")
    best = max(range(len(grids)), key=lambda at: (_hits(grids[at], known), len(grids[at])))
    note = f"读了第 {best + 1} 张表，共 {len(grids)} 张" if len(grids) > 1 else ""
    rows = (sheet_row(number, cells) for number, cells in enumerate(grids[best], start=1))
    return Table(rows, ARCHIVE if archive else HTML, ragged=True, note=note)


def read_excel_xml(path: Path, *, sheet: str | None) -> Table:
    """The rows of a sheet of a workbook in XML, the first visible one by default. Raises TableError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(_read(path), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        reason = f"不是完好的 XML：{error}"
        raise TableError(reason) from error
    sheets = {found.get(f"{_SHEET}Name", ""): found for found in root.iter(f"{_SHEET}Worksheet")}
    chosen, note = choose_sheet([(name, _is_visible(found)) for name, found in sheets.items()], sheet)
    return Table(_xml_rows(sheets[chosen]), XML, ragged=True, note=note)


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > _LARGEST:
        reason = f"有 {size} 字节，超过 {_LARGEST}"
        raise TableError(reason)
    return path.read_bytes()


def _page_of(data: bytes) -> bytes:
    """The page in a web archive (RFC 2557)."""
    for part in message_from_bytes(data, policy=policy.default).walk():
        if part.get_content_type() == "text/html":
            return bytes(part.get_payload(decode=True) or b"")
    raise TableError("网页归档里没有网页")


def _hits(grid: list[list[Cell]], known: Collection[str]) -> int:
    return max(
        (sum(plain_name(str(cell or "")) in known for cell in row) for row in grid[:_ABOVE]), default=0
    )


def _grid(table: etree._Element) -> Iterator[list[Cell]]:
    """The rows of a table without those of tables within it. A cell over several rows stands in each of
    them; one over several columns in the first."""
    below: dict[int, tuple[int, Cell]] = {}
    for row in (*table.iterchildren("tr"), *table.iterfind("thead/tr"), *table.iterfind("tbody/tr")):
        cells: list[Cell] = []
        for cell in row.iterchildren("td", "th"):
            _take_above(below, cells)
            value, across, down = element_text(cell) or None, _span(cell, "colspan"), _span(cell, "rowspan")
            values = [value, *[None] * (across - 1)]
            if down > 1:
                below |= {len(cells) + at: (down - 1, one) for at, one in enumerate(values)}
            cells += values
            if len(cells) > _WIDEST:
                reason = f"一行超过 {_WIDEST} 格"
                raise TableError(reason)
        _take_above(below, cells)
        yield cells


def _take_above(below: dict[int, tuple[int, Cell]], cells: list[Cell]) -> None:
    while len(cells) in below:
        column = len(cells)
        left, value = below.pop(column)
        if left > 1:
            below[column] = (left - 1, value)
        cells.append(value)


def _span(cell: etree._Element, name: str) -> int:
    told = cell.get(name, "").strip()
    return min(max(int(told), 1), _WIDEST) if told.isascii() and told.isdigit() else 1


def _is_visible(sheet: etree._Element) -> bool:
    return sheet.find("{*}WorksheetOptions/{*}Visible") is None


def _xml_rows(sheet: etree._Element) -> Iterator[Row]:
    number = 0
    for row in sheet.iterfind(f"{_SHEET}Table/{_SHEET}Row"):
        number = _place(row, number + 1)
        cells: list[Cell] = []
        for cell in row.iterchildren(f"{_SHEET}Cell"):
            cells += [None] * min(_place(cell, len(cells) + 1) - 1 - len(cells), _WIDEST)
            cells += [_xml_cell(cell.find(f"{_SHEET}Data")), *[None] * _across(cell)]
        too_wide = len(cells) > _WIDEST
        yield Row(number, (), b"", f"一行超过 {_WIDEST} 格") if too_wide else sheet_row(number, cells)


def _place(element: etree._Element, otherwise: int) -> int:
    told = element.get(f"{_SHEET}Index", "")
    return max(otherwise, min(int(told), 1_048_576)) if told.isascii() and told.isdigit() else otherwise


def _across(cell: etree._Element) -> int:
    told = cell.get(f"{_SHEET}MergeAcross", "")
    return min(int(told), _WIDEST) if told.isascii() and told.isdigit() else 0


def _xml_cell(data: etree._Element | None) -> Cell:
    if data is None:
        return None
    text, kind = "".join(data.itertext()).strip(), data.get(f"{_SHEET}Type")
    try:
        if kind == "Number":
            return float(text)
        return datetime.fromisoformat(text) if kind == "DateTime" else text or None
    except ValueError:
        return text
