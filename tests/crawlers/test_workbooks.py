"""Old workbooks and what offices call one: BIFF, HTML, web archives, Excel's XML and text named .xls.

tables/tickets.xls was written by xlwt: a hidden sheet, two merged title rows, ticket numbers as numbers (one
shown in scientific notation), dates, a serial, text dates. tables/locked.xlsx was locked by msoffcrypto-tool.
"""

import random
from datetime import datetime
from pathlib import Path

import pytest

from crawlers.hotline import TableReport, import_table
from crawlers.hotline.mapping import SHIPPED
from schemas.errors import ReadError
from schemas.records import Quarantined, RawPost

NOW = datetime.fromisoformat("2026-02-03T09:00:00+08:00")
TABLES = Path(__file__).parent / "tables"
HEAD = ("工单编号", "受理时间", "诉求内容", "办理状态")
ROWS = (
    ("0012026", "2026-01-31 08:05", "河口小区停水三天", "办结"),
    ("20260131000124", "2026-01-31 09:20", "梧桐路井盖不见了", "办理中"),
)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """The shipped mapping for tables with two title rows."""
    path = tmp_path / "office.yml"
    text = (SHIPPED / "demo_12345.yml").read_text(encoding="utf-8")
    path.write_text(f"{text}header: 3\n", encoding="utf-8")
    return path


def read(path: Path, mapping: Path | str) -> tuple[list[RawPost], list[Quarantined], TableReport]:
    table = import_table(path, mapping, fetched_at=NOW, author_key=b"k")
    found = list(table)
    posts = [one for one in found if isinstance(one, RawPost)]
    return posts, [one for one in found if isinstance(one, Quarantined)], table.report


def put(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def page(rows: str, charset: str) -> str:
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    space = "urn:schemas-microsoft-com:office:excel"
    return f'<html xmlns:x="{space}"><head>{head}</head><body>{rows}</body></html>'


def cells(rows: tuple[tuple[str, ...], ...]) -> str:
    return "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)


def test_reads_an_old_workbook_below_its_merged_titles(mapping: Path) -> None:
    posts, aside, report = read(TABLES / "tickets.xls", mapping)
    assert [post.origin.ticket for post in posts] == [
        "20260131000123",
        "0012026013100456",
        "123456789012",
        "9",
    ]
    assert [str(post.origin.published_at) for post in posts] == [
        "2026-01-31 08:05:00+08:00",
        "2026-01-31 09:20:00+08:00",
        "2026-01-31 12:00:00+08:00",
        "2026-01-31 00:00:00+08:00",
    ]
    assert posts[0].extra["reply_time"] == "2026-02-01T09:30:00+08:00"
    assert (report.encoding, report.note) == ("xls", "读了工作表 工单，没有读 参数（隐藏）")
    assert [one.where for one in aside] == ["tickets.xls:7", "tickets.xls:10"]
    assert "办理状态 = '转区里'" in aside[0].reason
    assert "受理时间 = ''" in aside[1].reason


def test_a_hidden_sheet_is_read_when_it_is_named(mapping: Path) -> None:
    mapping.write_text(f"{mapping.read_text(encoding='utf-8')}sheet: 参数\n", encoding="utf-8")
    text = mapping.read_text(encoding="utf-8").replace("header: 3", "header: 1")
    mapping.write_text(text, encoding="utf-8")
    (post,), _, _ = read(TABLES / "tickets.xls", mapping)
    assert post.body == "隐藏的表"


def locked_biff() -> bytes:
    """The old workbook with a FILEPASS record ([MS-XLS] 2.4.117) over the three records after its first."""
    data = (TABLES / "tickets.xls").read_bytes()
    at = data.index(b"\xe1\x00\x02\x00")
    return data[:at] + b"\x2f\x00\x0c\x00\x01" + bytes(11) + data[at + 16 :]


@pytest.mark.parametrize("name", ["locked.xlsx", "locked.xls"])
def test_a_locked_workbook_is_a_clear_line(tmp_path: Path, name: str) -> None:
    path = TABLES / name if name.endswith("x") else tmp_path / name
    if not path.exists():
        path.write_bytes(locked_biff())
    posts, (aside,), _ = read(path, "demo_12345")
    assert posts == []
    assert aside.reason == f"{name}: 有密码保护，请去掉密码另存后再导入"


@pytest.mark.parametrize("charset", ["gb2312", "utf-8"])
def test_reads_html_that_is_called_xls(tmp_path: Path, charset: str) -> None:
    title = '<tr><td colspan="4">热线工单明细</td></tr>'
    text = page(f"<table border=1>{title}{cells((HEAD, *ROWS))}</table>", charset)
    path = put(tmp_path, "工单.xls", text, "gb18030" if charset == "gb2312" else charset)
    posts, aside, report = read(path, two_rows(tmp_path))
    assert [(post.origin.ticket, post.body) for post in posts] == [(row[0], row[2]) for row in ROWS]
    assert aside == []
    assert report.note == "实为 HTML 表格，不是 XLS"


def two_rows(folder: Path) -> Path:
    path = folder / "two.yml"
    text = (SHIPPED / "demo_12345.yml").read_text(encoding="utf-8")
    path.write_text(f"{text}header: 2\n", encoding="utf-8")
    return path


def test_cells_over_several_rows_and_a_head_of_two_rows(tmp_path: Path) -> None:
    head = (
        "<tr><th rowspan=2>工单编号</th><th rowspan=2>受理时间</th><th colspan=2>诉求</th></tr>"
        "<tr><th>诉求标题</th><th>诉求内容</th><th>所属街道</th></tr>"
    )
    body = (
        "<tr><td>1</td><td>2026-01-31 8:00</td><td>停水</td><td>停水<br>三天</td>"
        "<td rowspan='2'>河口街道</td></tr>"
        "<tr><td>2</td><td>2026-01-31 9:00</td><td>停电</td><td>停电&nbsp;半天</td></tr>"
    )
    layout = "<table><tr><td>导航</td><td>{}</td></tr></table>"
    text = page(layout.format(f"<table>{head}{body}</table>"), "utf-8")
    posts, aside, report = read(put(tmp_path, "a.xls", text), two_rows(tmp_path))
    assert aside == []
    assert [(post.body, post.extra["street"]) for post in posts] == [
        ("停水\n三天", "河口街道"),
        ("停电 半天", "河口街道"),
    ]
    assert report.note == "实为 HTML 表格，不是 XLS；读了第 2 张表，共 2 张"


def test_reads_a_web_archive_that_is_called_xls(tmp_path: Path) -> None:
    text = (
        'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="----=_Next"\n\n------=_Next\n'
        'Content-Type: text/html; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n'
        f"{page(f'<table>{cells((HEAD, *ROWS))}</table>', 'utf-8')}\n------=_Next--\n"
    )
    posts, _, report = read(put(tmp_path, "a.xls", text), "demo_12345")
    assert len(posts) == 2
    assert report.note == "实为 网页归档（MHTML），不是 XLS"


def test_reads_the_xml_of_2003(tmp_path: Path) -> None:
    def row(values: tuple[str, ...], kind: str = "String") -> str:
        return "".join(f'<Cell><Data ss:Type="{kind}">{value}</Data></Cell>' for value in values)

    first = (
        '<Cell><Data ss:Type="Number">20260131000123</Data></Cell>'
        '<Cell><Data ss:Type="DateTime">2026-01-31T08:05:00.000</Data></Cell>'
        '<Cell ss:Index="3"><Data ss:Type="String">河口小区停水</Data></Cell>'
    )
    sheet = "".join(f"<Row>{one}</Row>" for one in (row(HEAD), first, row(ROWS[1])))
    space = "urn:schemas-microsoft-com:office:excel"
    hidden = f'<WorksheetOptions xmlns="{space}"><Visible>SheetHidden</Visible></WorksheetOptions>'
    text = (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="参数"><Table/>{hidden}</Worksheet>'
        f'<Worksheet ss:Name="工单"><Table>{sheet}</Table></Worksheet></Workbook>'
    )
    posts, aside, report = read(put(tmp_path, "a.xls", text), "demo_12345")
    assert aside == []
    assert [post.origin.ticket for post in posts] == ["20260131000123", "20260131000124"]
    assert str(posts[0].origin.published_at) == "2026-01-31 08:05:00+08:00"
    assert report.note == "实为 Excel 2003 XML，不是 XLS；读了工作表 工单，没有读 参数（隐藏）"


@pytest.mark.parametrize(
    ("name", "encoding"), [("a.xls", "utf-16"), ("a.xls", "gb18030"), ("a.xlsx", "utf-8")]
)
def test_reads_text_that_is_called_a_workbook(tmp_path: Path, name: str, encoding: str) -> None:
    text = "".join("\t".join(row) + "\r\n" for row in (HEAD, *ROWS))
    posts, _, report = read(put(tmp_path, name, text, encoding), "demo_12345")
    assert [post.origin.ticket for post in posts] == [row[0] for row in ROWS]
    assert report.note == f"实为 文本表格，不是 {name[2:].upper()}"


def test_a_page_without_a_table_is_one_line(tmp_path: Path) -> None:
    text = page("<p>会话已过期，请重新登录</p>", "utf-8")
    _, (aside,), _ = read(put(tmp_path, "a.xls", text), "demo_12345")
    assert aside.reason == "a.xls: 网页里没有表格"


def test_a_title_above_the_head_is_told_with_the_row_to_name() -> None:
    with pytest.raises(ReadError, match="第 3 行像表头：映射里写 header: 3"):
        read(TABLES / "tickets.xls", "demo_12345")


def test_a_damaged_workbook_is_read_refused_or_put_aside(tmp_path: Path, mapping: Path) -> None:
    whole, chance = (TABLES / "tickets.xls").read_bytes(), random.Random(7)
    put_aside = 0
    for number in range(200):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            data[chance.randrange(512, len(data))] = chance.randrange(256)
        path = tmp_path / f"{number}.xls"
        path.write_bytes(data[: chance.choice([len(data), chance.randrange(1, len(data))])])
        try:
            _, aside, _ = read(path, mapping)
        except ReadError as error:
            put_aside -= "列名" not in str(error)
            continue
        put_aside += any("不是完好的 XLS" in one.reason for one in aside)
    assert put_aside > 50


@pytest.mark.parametrize(
    "row",
    ["<tr>" + "<td colspan=1000 rowspan=1000>x</td>" * 30 + "</tr>", "<tr>" + "<td>x</td>" * 1001 + "</tr>"],
    ids=["spans", "cells"],
)
def test_a_table_without_end_is_one_line(tmp_path: Path, row: str) -> None:
    path = put(tmp_path, "a.xls", page(f"<table>{cells((HEAD,))}{row * 50}</table>", "utf-8"))
    _, (aside,), _ = read(path, "demo_12345")
    assert aside.reason == "a.xls: 一行超过 1000 格"
