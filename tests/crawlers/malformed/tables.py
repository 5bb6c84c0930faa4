"""Broken hotline tables: every fault of a cell in every format, and what is wrong with a whole file."""

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime

from openpyxl import Workbook

from tests.crawlers.malformed.cases import Case
from tests.crawlers.malformed.faults import (
    BLANKS,
    BROKEN,
    FILES,
    MISSING,
    TIMES,
    UNKNOWN,
    UNREAD_TIME,
)

HEADER = ["工单编号", "受理时间", "诉求标题", "诉求内容", "所属街道", "来电人", "办理状态", "答复时间"]
Grid = list[list[str]]
CHANCE = random.Random(20261122)


def row(number: int, **cells: str) -> list[str]:
    """A sound row, some of its cells changed."""
    sound = {
        "工单编号": f"GD{number:03}",
        "受理时间": "2026-01-31 08:00:00",
        "诉求标题": CHANCE.choice(["小区停水", "路灯不亮", "夜里施工"]),
        "诉求内容": CHANCE.choice(["河口小区停水三天", "滨江路路灯坏了", "工地夜里还在打桩"]),
        "所属街道": "河口街道",
        "来电人": "王某",
        "办理状态": CHANCE.choice(["办结", "办理中"]),
        "答复时间": "2026-01-31 09:00:00",
    }
    return list({**sound, **cells}.values())


def as_csv(grid: Grid, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(grid)
    return text.getvalue().encode(encoding)


def as_lines(grid: Grid) -> bytes:
    rows = [dict(zip(grid[0], cells, strict=True)) for cells in grid[1:]]
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in rows).encode()


def as_html(grid: Grid) -> bytes:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in grid)
    return f"<html><meta charset=utf-8><table>{rows}</table></html>".encode()


def as_book(grid: list[list[object]] | Grid) -> bytes:
    """A workbook whose bytes are the same each time."""
    book = Workbook()
    sheet = book.worksheets[0]
    book.properties.created = book.properties.modified = datetime(2026, 1, 1)  # noqa: DTZ001 - Excel's own
    for cells in grid:
        sheet.append(cells)
    data = io.BytesIO()
    book.save(data)
    return repacked(data.getvalue(), {})


def repacked(book: bytes, changes: dict[str, bytes | None]) -> bytes:
    """A workbook with some of its files changed or left out, all dated alike."""
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name))
            if content is not None:
                if name == "docProps/core.xml":
                    content = b"<cp:coreProperties xmlns:cp='http://schemas.openxmlformats.org/package/2006/metadata/core-properties'/>"
                new.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


FORMATS: dict[str, tuple[str, Callable[[Grid], bytes]]] = {
    "utf8": ("csv", as_csv),
    "bom": ("csv", lambda grid: as_csv(grid, "utf-8-sig")),
    "gb18030": ("csv", lambda grid: as_csv(grid, "gb18030")),
    "utf16": ("csv", lambda grid: as_csv(grid, "utf-16")),
    "tab": ("csv", lambda grid: as_csv(grid, delimiter="\t")),
    "xlsx": ("xlsx", as_book),
    "lines": ("jsonl", as_lines),
    "html": ("xls", as_html),
}


def cells() -> Iterator[tuple[str, dict[str, str], str]]:
    """The faults of one cell: a name, the cell, the word."""
    for column in ("工单编号", "诉求内容", "受理时间"):
        for name, text in BLANKS.items():
            yield f"{column}-{name}", {column: text}, MISSING
    for column in ("受理时间", "答复时间"):
        for name, text in TIMES.items():
            yield f"{column}-{name}", {column: text}, UNREAD_TIME
    for text in ("天知道", "辦結", "1", "办结。"):
        yield f"state-{text}", {"办理状态": text}, UNKNOWN


def broken_cells() -> Iterator[Case]:
    """Each fault of a cell in two formats in turn, between sound rows."""
    for at, (name, fault, word) in enumerate(cells()):
        for step in (0, 3, 5):
            kind = list(FORMATS)[(at + step) % len(FORMATS)]
            ending, write = FORMATS[kind]
            body = write([HEADER, row(1), row(2, **fault), row(3)])
            yield Case(f"{kind}-{name}", "table", ending, body, (word,), 2)
    for kind, (ending, write) in FORMATS.items():
        if kind != "xlsx":  # a workbook holds 32,767 characters a cell
            body = write([HEADER, row(1), row(2, 诉求内容="长" * 140_000), row(3)])
            yield Case(f"{kind}-long", "table", ending, body, ("单元格过长",), 2)
    for kind in ("utf8", "gb18030", "utf16", "tab"):
        body = FORMATS[kind][1]([HEADER, row(1), row(2, 诉求内容="停\0水"), row(3)])
        yield Case(f"{kind}-nul", "table", "csv", body, ("有 NUL 字符",), 2)


def broken_lines() -> Iterator[Case]:
    """What is wrong with a line of a text table."""
    sound = as_csv([HEADER, row(1)]).decode()
    last = as_csv([row(3)]).decode()
    lines = {
        "open-quote": (
            f'GD002,2026-01-31 08:00:00,停水,"河口停水,河口街道,王某,办结,\r\n{last}',
            "引号不对",
            2,
        ),
        "after-quote": (
            f'GD002,2026-01-31 08:00:00,停水,"河口"停水,河口街道,王某,办结,\r\n{last}',
            "引号不对",
            2,
        ),
        "too-many": (f"{','.join([*row(2), '又一格'])}\r\n{last}", "列数不对", 2),
        "too-few": (f"{','.join(row(2)[:-2])}\r\n{last}", "列数不对", 2),
        "one-cell": (f"合计三件\r\n{last}", "列数不对", 2),
        "long-line": (f"GD002,{'长' * 1_100_000}\r\n{last}", "单元格过长", 2),
    }
    for name, (text, word, records) in lines.items():
        for encoding in ("utf-8", "gb18030"):
            body = (sound + text).encode(encoding)
            yield Case(f"{encoding}-{name}", "table", "csv", body, (word,), records)
    sunken = as_csv([HEADER, row(1), row(2, 诉求内容="沉在这里"), *(row(3) for _ in range(20))])
    yield Case("utf-8-bytes", "table", "csv", sunken.replace("沉".encode(), BROKEN), ("编码不对",), 21)
    odd = as_csv([HEADER, row(1)], "utf-16") + b"\x00"
    yield Case("utf-16-odd", "table", "csv", odd, ("编码不对",), 1)


def broken_headers() -> Iterator[Case]:
    """Tables without a usable header."""
    heads = {
        "none": [row(1), row(2)],
        "no-ticket": [HEADER[1:], row(1)[1:]],
        "no-time": [[HEADER[0], *HEADER[2:]], row(1)[:-1]],
        "twice": [[*HEADER, "工单编号"], [*row(1), "GD001"]],
        "alias": [[*HEADER, "工单号"], [*row(1), "GD001"]],
        "title-line": [["二〇二六年一月工单汇总"], HEADER, row(1)],
        "english": [["id", "time", "text"], ["1", "2026-01-31", "x"]],
    }
    for name, grid in heads.items():
        for kind in ("utf8", "gb18030", "xlsx"):
            ending, write = FORMATS[kind]
            yield Case(f"{kind}-header-{name}", "table", ending, write(grid), ("列名不对",))
    text = as_csv([HEADER, row(1)]).decode()
    yield Case("header-pipe", "table", "csv", text.replace(",", "|").encode(), ("列名不对",))
    yield Case(
        "header-nul", "table", "csv", text.replace("诉求标题", "诉求\0标题").encode(), ("有 NUL 字符",)
    )
    yield Case("header-quote", "table", "csv", f'"{text}'.encode(), ("引号不对",))
    for name, body in {
        "empty": b"",
        "blank": b"\r\n \r\n",
        "mark": b"\xef\xbb\xbf",
        "nuls": bytes(600),
    }.items():
        yield Case(f"file-{name}", "table", "csv", body, ("文件是空的",))


def broken_books() -> Iterator[Case]:
    """Workbooks that are cut, forged or lack a part."""
    book = as_book([HEADER, row(1), row(2), row(3)])
    sheet = "xl/worksheets/sheet1.xml"
    for share in (3, 2):
        yield Case(f"book-cut-{share}", "table", "xlsx", book[: len(book) // share], ("不是表格",))
    yield Case("book-tail", "table", "xlsx", book[:-30], ("不是表格",))
    for name in ("xl/workbook.xml", "[Content_Types].xml"):
        yield Case(f"book-no-{name[:6]}", "table", "xlsx", repacked(book, {name: None}), ("文件损坏",))
    yield Case("book-no-sheet", "table", "xlsx", repacked(book, {sheet: None}), ("没有这个工作表",))
    for name, xml in {"cut": b"<worksheet><sheetData><row", "none": b"", "zeros": bytes(60_000_000)}.items():
        yield Case(f"book-sheet-{name}", "table", "xlsx", repacked(book, {sheet: xml}), ("文件损坏",))
    cells_xml = zipfile.ZipFile(io.BytesIO(book)).read(sheet)
    at = cells_xml.index(b'<c r="D3"')
    pointing = (
        cells_xml[:at] + b'<c r="D3" t="s"><v>99</v></c>' + cells_xml[cells_xml.index(b"</c>", at) + 4 :]
    )
    yield Case("book-no-strings", "table", "xlsx", repacked(book, {sheet: pointing}), ("文件损坏",), 1)
    yield Case("book-forged-size", "table", "xlsx", forged(book), ("解压后超过大小上限",))
    for name, when in {"serial": 9_999_999_999.5, "minus": -3.0, "fraction": 0.25, "truth": True}.items():
        cells: list[list[object]] = [[*HEADER], [*row(1)], [*row(2)[:1], when, *row(2)[2:]]]
        yield Case(f"book-time-{name}", "table", "xlsx", as_book(cells), (UNREAD_TIME,), 1)
    plain = as_book([HEADER, row(1), row(2, 诉求内容="停半个水")])
    texts = zipfile.ZipFile(io.BytesIO(plain)).read(sheet).replace(b"&#21322;&#20010;", b"&#55296;")
    yield Case("book-half", "table", "xlsx", repacked(plain, {sheet: texts}), ("文件损坏",), -1)
    formula = as_book([HEADER, row(1), row(2, 受理时间="=NOW()")])
    yield Case("book-formula", "table", "xlsx", formula, (MISSING,), 1)
    for name in ("pdf", "png", "rar"):
        yield Case(f"book-{name}", "table", "xlsx", FILES[name], ("不是表格",))
    yield Case("book-jpeg", "table", "xlsx", FILES["jpeg"], ("不是表格",))
    yield Case("book-zip", "table", "xlsx", FILES["zip"], ("不是表格",))
    yield Case("book-word", "table", "xls", FILES["word"], ("文件损坏",))


def forged(book: bytes) -> bytes:
    """A workbook that says it unpacks to three gigabytes: the size in each entry of its directory."""
    data, at = bytearray(book), 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 24 : at + 28] = (3_000_000_000).to_bytes(4, "little")
        at += 4
    return bytes(data)


def broken_json_lines() -> Iterator[Case]:
    """Lines that are no object, between lines that are."""
    first, last = as_lines([HEADER, row(1)]), as_lines([HEADER, row(3)])
    lines = {
        "cut": b'{"\xe5\xb7\xa5\xe5\x8d\x95', "list": b"[1, 2]", "number": b"7", "text": '"停水"'.encode(),
        "null": b"null", "half": b'{"a": "\\ud800"}', "deep": b"[" * 100_000, "two": b"{} {}",
        "nan": b'{"a": NaN}', "bytes": b'{"a": "' + BROKEN + b'"}', "comma": b'{"a": 1,}',
    }  # fmt: skip
    for name, line in lines.items():
        yield Case(f"lines-{name}", "table", "jsonl", first + line + b"\n" + last, ("不是一行 JSON",), 2)
    nul = as_lines([HEADER, row(1), row(2, 诉求内容="停\0水")])
    yield Case("lines-nul", "table", "jsonl", nul, ("有 NUL 字符",), 1)
    for name, body in {"none": b"[]\n1\n", "wide": first.decode().encode("utf-16"), "empty": b""}.items():
        yield Case(f"lines-file-{name}", "table", "jsonl", body, ("不是表格",))


def broken_exports() -> Iterator[Case]:
    """Pages that portals call .xls."""
    yield Case(
        "html-no-table", "table", "xls", "<html><p>会话已过期，请重新登录</p></html>".encode(), ("不是表格",)
    )
    yield Case("html-other-table", "table", "xls", as_html([["菜单", "帮助"], ["a", "b"]]), ("列名不对",))
    xml = b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Work'
    yield Case("xml-cut", "table", "xls", xml, ("文件损坏",))
    yield Case(
        "mht-empty", "table", "xls", b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nx", ("不是表格",)
    )


def broken_tables() -> Iterator[Case]:
    """All of them."""
    CHANCE.seed(20261122)
    yield from broken_cells()
    yield from broken_lines()
    yield from broken_headers()
    yield from broken_books()
    yield from broken_json_lines()
    yield from broken_exports()
