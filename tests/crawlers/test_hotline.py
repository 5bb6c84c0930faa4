"""Hotline tables: every encoding and delimiter, one clear line for every wrong row, the rest goes through."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from crawlers.hotline import TableReport, import_table, load_mapping
from schemas.errors import ReadError
from schemas.posts import hash_author
from schemas.records import Quarantined, RawPost
from tests.tickets import ticket_of

NOW = datetime.fromisoformat("2026-02-01T09:00:00+08:00")
SAMPLE = {
    "工单编号": "GD001",
    "受理时间": "2026-01-31 08:00:00",
    "诉求标题": "小区停水",
    "诉求内容": "河口小区停水三天",
    "所属区县": "汀东区",
    "所属街道": "河口街道",
    "来电人": "王某",
    "联系电话": "13800000000",
    "诉求类型": "咨询",
    "办理状态": "办结",
    "承办单位": "水务局",
}
HEADER, ROW = list(SAMPLE), list(SAMPLE.values())


def row(**cells: Any) -> list[str]:
    """The sample row with some cells changed, named by their column."""
    return list({**SAMPLE, **cells}.values())


def written(rows: Iterable[Iterable[Any]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def read(
    path: Path, mapping: str | Path = "demo_12345"
) -> tuple[list[RawPost], list[Quarantined], TableReport]:
    table = import_table(path, mapping, fetched_at=NOW, author_key=b"k")
    found = list(table)
    posts = [item for item in found if isinstance(item, RawPost)]
    aside = [item for item in found if isinstance(item, Quarantined)]
    assert (table.report.read, table.report.quarantined) == (len(posts), len(aside))
    return posts, aside, table.report


@pytest.fixture
def table(tmp_path: Path) -> Any:
    """Writes a table file from bytes or text and returns its path."""

    def write(content: str | bytes, name: str = "工单.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def workbook(tmp_path: Path) -> Any:
    """Writes a workbook and returns its path."""

    def write(rows: Iterable[Iterable[Any]], name: str = "工单.xlsx") -> Path:
        book = Workbook()
        for cells in rows:
            book.active.append(list(cells))  # type: ignore[union-attr]
        book.save(tmp_path / name)
        return tmp_path / name

    return write


def test_a_row_becomes_a_record_with_everything_the_table_says(table: Any) -> None:
    (post,), aside, report = read(table(written([HEADER, ROW])))
    assert aside == []
    assert (post.title, post.body) == ("小区停水", "河口小区停水三天")
    assert (post.origin.source, post.origin.ticket, post.origin.fetched_at) == ("demo_12345", "GD001", NOW)
    assert post.origin.published_at == datetime.fromisoformat("2026-01-31T08:00:00+08:00")
    assert post.origin.district == "汀东区"
    assert post.origin.author_hash == hash_author("王某", b"k")
    assert post.extra == {
        "district": "汀东区",
        "street": "河口街道",
        "category": "咨询",
        "state": "closed",
        "unit": "水务局",
    }
    assert "13800000000" not in repr(post)
    assert "王某" not in repr(post)
    assert (report.rows, report.ignored, report.unknown_columns) == (1, ("联系电话",), ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_reads_every_encoding_and_delimiter(table: Any, encoding: str, delimiter: str) -> None:
    text = written([HEADER, ROW, row(工单编号="GD002", 诉求内容='说"停水",已三天;\n还没来')], delimiter)
    posts, aside, report = read(table(text.encode(encoding)))
    assert aside == []
    assert [post.body for post in posts] == ["河口小区停水三天", '说"停水",已三天;\n还没来']
    assert report.delimiter == delimiter


bodies = st.text(
    st.characters(codec="gb18030", exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
    min_size=1,
    max_size=60,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(bodies.map(lambda text: f"停水{text}。"), min_size=1, max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\r\n", "\n"]),
)
def test_what_is_written_is_read(
    table: Any, texts: list[str], encoding: str, delimiter: str, end: str
) -> None:
    rows = [row(工单编号=f"G{at}", 诉求内容=text) for at, text in enumerate(texts)]
    content = written([HEADER, *rows], delimiter).replace("\r\n", end)
    posts, aside, _ = read(table(content.encode(encoding)))
    assert aside == []
    assert [post.body for post in posts] == [text.strip() for text in texts]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_after_the_header_are_records_or_quarantine(table: Any, data: bytes) -> None:
    content = written([HEADER, ROW, row(工单编号="G2")]).encode() + data
    posts, aside, report = read(table(content))
    assert [post.origin.ticket for post in posts[:1]] == ["GD001"]
    assert len(posts) + len(aside) == report.rows


WRONG_ROWS = {
    "受理时间 = '昨天吧'：应为 2026-01-31 08:00": row(受理时间="昨天吧"),
    "受理时间 = ''：应为 非空": row(受理时间=""),
    "工单编号 = ''：应为 非空": row(工单编号=" "),
    "诉求内容 = ''：应为 非空": row(诉求内容=""),
    "办理状态 = '飞走了'：应为 待受理、": row(办理状态="飞走了"),
    "列数 = 13：应为 11": [*ROW, "多", "余"],
    "列数 = 10：应为 11": ROW[:-1],
    "有 NUL 字符": row(诉求内容="停\0水"),
    "单元格过长": row(诉求内容="水" * 400_000),
}


@pytest.mark.parametrize(("reason", "cells"), WRONG_ROWS.items(), ids=[key[:12] for key in WRONG_ROWS])
def test_a_wrong_row_is_one_line_and_the_rest_goes_through(table: Any, reason: str, cells: list[str]) -> None:
    posts, (aside,), report = read(table(written([HEADER, ROW, cells, row(工单编号="GD003")])))
    assert [post.origin.ticket for post in posts] == ["GD001", "GD003"]
    assert aside.where == "工单.csv:3"
    assert aside.reason.startswith(f"工单.csv:3: {reason}"), aside.reason
    assert "\n" not in aside.reason
    assert aside.raw
    assert report.rows == 3


def test_a_line_of_ten_megabytes_does_not_end_the_table(table: Any) -> None:
    text = written([HEADER, ROW]) + "x" * 10_000_000 + "\r\n" + written([row(工单编号="GD003")])
    posts, (aside,), _ = read(table(text))
    assert [post.origin.ticket for post in posts] == ["GD001", "GD003"]
    assert aside.reason == "工单.csv:3: 一行超过 1000000 字"


def test_a_broken_byte_costs_its_row_only(table: Any) -> None:
    lines = written([HEADER, ROW, row(工单编号="GD002"), row(工单编号="GD003")]).encode().split(b"\r\n")
    lines[2] = lines[2].replace("停水".encode(), b"\xff\xfe")
    posts, (aside,), _ = read(table(b"\r\n".join(lines)))
    assert [post.origin.ticket for post in posts] == ["GD001", "GD003"]
    assert aside.reason == "工单.csv:3: 编码不是 utf-8"
    assert b"\xff\xfe" in aside.raw


def test_a_stray_quote_costs_its_row_only(table: Any) -> None:
    lines = written([HEADER, ROW, row(工单编号="GD002"), row(工单编号="GD003")]).split("\r\n")
    lines[2] = lines[2].replace("河口小区", '"河口小区')
    posts, aside, _ = read(table("\r\n".join(lines)))
    assert [post.origin.ticket for post in posts] == ["GD001", "GD003"]
    assert [item.where for item in aside] == ["工单.csv:3"]


def test_rows_after_a_cell_with_line_breaks_keep_their_line_numbers(table: Any) -> None:
    text = written([HEADER, row(诉求内容="一\n二\n三"), row(受理时间="?")])
    _, (aside,), _ = read(table(text))
    assert aside.where == "工单.csv:5"


def test_unknown_columns_and_values_are_listed(table: Any) -> None:
    rows = [
        [*HEADER, "满意度"],
        [*row(办理状态="飞走了"), "好"],
        [*row(办理状态="飞走了"), "好"],
        [*ROW, "好"],
    ]
    posts, aside, report = read(table(written(rows)))
    assert (len(posts), len(aside)) == (1, 2)
    assert report.unknown_columns == ("满意度",)
    assert report.unknown_values == {("办理状态", "飞走了"): 2}


def test_blank_rows_and_trailing_blank_cells_are_no_error(table: Any) -> None:
    posts, aside, report = read(table(written([HEADER, [""] * 11, [*ROW, "", ""], []])))
    assert (len(posts), len(aside), report.blank, report.rows) == (1, 0, 2, 1)


def test_synonyms_of_real_tables_are_known(table: Any) -> None:
    header = [
        "＊工单号",
        "来电时间",
        "标题",
        "问题描述",
        "所属区域",
        "街道",
        "诉求人",
        "手机号",
        "问题类别",
        "工单状态",
        "主办单位",
    ]
    (post,), aside, report = read(table(written([header, ROW])))
    assert aside == []
    assert post.origin.ticket == "GD001"
    assert report.unknown_columns == ()


def test_a_missing_needed_column_is_a_clear_error(table: Any) -> None:
    path = table(written([HEADER[2:], ROW[2:]]))
    with pytest.raises(ReadError, match=r"工单\.csv:1: 列名 = .*：应为 含有 工单编号、"):
        import_table(path, "demo_12345", fetched_at=NOW, author_key=None)


def test_two_columns_for_one_field_are_a_clear_error(table: Any) -> None:
    path = table(written([[*HEADER, "工单号"], [*ROW, "X"]]))
    with pytest.raises(ReadError, match="ticket 只有一列"):
        import_table(path, "demo_12345", fetched_at=NOW, author_key=None)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("空.csv", b"", "文件是空的"),
        ("空.csv", b"\xef\xbb\xbf\r\n", "文件是空的"),
        ("空.xlsx", b"", "文件是空的"),
        ("坏.xlsx", b"PK\x03\x04" + b"x" * 100, "不是 XLSX"),
        ("旧.xls", b"\xd0\xcf\x11\xe0" + b"x" * 600, "不是完好的 XLS"),
        ("压缩包.xlsx", None, "不是完好的 XLSX"),
    ],
)
def test_a_file_that_is_no_table_is_one_line(
    table: Any, name: str, content: bytes | None, reason: str
) -> None:
    if content is None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as written_archive:
            written_archive.writestr("readme.txt", "x")
        content = archive.getvalue()
    posts, (aside,), _ = read(table(content, name))
    assert posts == []
    assert aside.reason.startswith(f"{name}: {reason}")
    assert "\n" not in aside.reason


def test_reads_a_workbook_with_real_dates_serials_and_numbers(workbook: Any) -> None:
    cells: list[Any] = list(ROW)
    times = [
        NOW.replace(tzinfo=None, month=1, day=31, hour=8),
        46053 + 8 / 24,
        "2026-01-31 08:00",
        "2026年1月31日8时",
    ]
    rows = [[20260131000 + at, time, *cells[2:]] for at, time in enumerate(times)]
    posts, aside, report = read(workbook([HEADER, *rows, [None] * 11]))
    assert aside == []
    assert [post.origin.ticket for post in posts] == [str(20260131000 + at) for at in range(4)]
    assert {post.origin.published_at for post in posts} == {
        datetime.fromisoformat("2026-01-31T08:00:00+08:00")
    }
    assert (report.encoding, report.blank) == ("xlsx", 1)


def test_a_wrong_row_of_a_workbook_is_one_line(workbook: Any) -> None:
    rows = [HEADER, ROW, row(受理时间="昨天吧"), [*ROW, "多"], row(工单编号="G5"), row(受理时间=0.5)]
    posts, aside, _ = read(workbook(rows))
    assert [post.origin.ticket for post in posts] == ["GD001", "G5"]
    assert [item.where for item in aside] == ["工单.xlsx:3", "工单.xlsx:4", "工单.xlsx:6"]


def test_a_workbook_that_breaks_off_gives_the_rows_before(workbook: Any, tmp_path: Path) -> None:
    whole = workbook([HEADER, *[row(工单编号=f"G{at}") for at in range(200)]])
    cut = tmp_path / "断.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(cut, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry, data[: len(data) // 2] if "sheet1" in entry.filename else data)
    posts, (aside,), _ = read(cut)
    assert 0 < len(posts) < 200
    assert "工作表损坏，后面无法读" in aside.reason


def test_reads_the_columns_of_the_shared_stream(table: Any) -> None:
    text = written(
        [
            ["id", "user", "title", "time", "detail", "against", "likes"],
            ["1", "A1", "停水", "2019/7/8 9:00", "三天", "0", "12"],
        ]
    )
    (post,), aside, _ = read(table(text), "stream")
    assert aside == []
    assert (post.origin.ticket, post.extra) == ("1", {"likes": 12, "against": 0})


MAPPING = """source: demo_table
zone: Asia/Shanghai
columns: {ticket: [编号], body: [内容], time: [时间], district: [区]}
needed: [body]
header: 2
times: ["%d.%m.%Y"]
"""


def test_a_users_mapping_with_a_title_line_and_its_own_date_form(table: Any, tmp_path: Path) -> None:
    mapping = tmp_path / "own.yml"
    mapping.write_text(MAPPING, encoding="utf-8")
    path = table("某市工单表\n编号,内容,时间,区\n1,停水,31.01.2026,汀东区\n2,停水,2026-01-31,汀东区\n")
    (post,), (aside,), _ = read(path, mapping)
    assert post.origin.published_at == datetime.fromisoformat("2026-01-31T00:00:00+08:00")
    assert aside.reason == "工单.csv:4: 时间 = '2026-01-31'：应为 %d.%m.%Y 之一"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ticket: [编号]", "tikcet: [编号]", "tikcet"),
        ("needed: [body]", "needed: [unit]", "unit"),
        ("zone: Asia/Shanghai", "zone: Asia/Nowhere", "IANA 时区"),
        ("header: 2", "header: 0", "不小于 1"),
        ("header: 2", "haeder: 2", "haeder"),
        ("district: [区]", "district: [编号]", "只属于一个字段的列名"),
        ("source: demo_table\n", "", "source"),
    ],
)
def test_a_wrong_mapping_names_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    mapping = tmp_path / "own.yml"
    mapping.write_text(MAPPING.replace(old, new), encoding="utf-8")
    with pytest.raises(ReadError, match=message) as error:
        load_mapping(mapping)
    assert "own.yml" in str(error.value)


def test_a_missing_mapping_lists_the_shipped_ones() -> None:
    with pytest.raises(ReadError, match="demo_12345、open311、stream"):
        load_mapping("no_such")


def test_the_same_table_gives_the_same_records(table: Any) -> None:
    path = table(written([HEADER, ROW]))
    assert read(path)[0] == read(path)[0]


REVISIONS = {
    "reply": {"答复内容": "已恢复供水", "答复时间": "2026-01-31 10:30"},
    "close_time": {"办结时间": "2026-01-31 18:00"},
    "unit": {"承办单位": "汀东区水务局"},
    "state": {"办理状态": "已答复"},
}


@pytest.mark.parametrize("changed", REVISIONS.values(), ids=REVISIONS)
def test_a_changed_ticket_is_a_new_revision_of_the_same_record(table: Any, changed: dict[str, str]) -> None:
    cells = {**SAMPLE, **changed}
    (first,), _, _ = read(table(written([HEADER, ROW])))
    (second,), _, _ = read(table(written([cells.keys(), cells.values()])))
    assert second.origin.id == first.origin.id
    assert second.origin.revision != first.origin.revision
    assert (second.title, second.body) == (first.title, first.body)


def test_answer_times_come_from_the_table_or_from_when_the_change_was_seen(table: Any) -> None:
    def seen(hours: int, **cells: str) -> RawPost:
        told = {**SAMPLE, "办理状态": "办理中", **cells}
        path = table(written([told.keys(), told.values()]))
        found = import_table(path, "demo_12345", fetched_at=NOW + timedelta(hours=hours), author_key=None)
        return next(post for post in found if isinstance(post, RawPost))

    def times(*posts: RawPost) -> tuple[datetime | None, ...]:
        ticket = ticket_of(*posts)
        return ticket.submitted, ticket.replied_at, ticket.closed_at

    received = datetime.fromisoformat("2026-01-31T08:00:00+08:00")
    replied = datetime.fromisoformat("2026-02-01T09:30:00+08:00")
    came = seen(0)
    answered = seen(1, 答复内容="已派人", 答复时间="2026-02-01 09:30")
    closed = seen(2, 答复内容="已派人", 答复时间="2026-02-01 09:30", 办理状态="办结")
    assert times(came) == (received, None, None)
    assert times(answered, came) == (received, replied, None)
    assert times(came, answered, closed) == (received, replied, NOW + timedelta(hours=2))
    assert times(closed) == (received, replied, None)


def test_reads_json_lines_with_keys_as_columns(table: Any) -> None:
    lines = [
        json.dumps({**SAMPLE, "联系电话": None}, ensure_ascii=False),
        '{"工单编号": 20260131, "受理时间": "2026-01-31 09:00", "诉求内容": "路灯不亮", "附件": ["a.jpg"]}',
        "",
        '{"工单编号": "GD003"',
        '{"工单编号": "GD004", "受理时间": "2026-01-31 09:00"}',
    ]
    posts, aside, report = read(table("\n".join(lines), "工单.jsonl"))
    assert [(post.origin.ticket, post.body) for post in posts] == [
        ("GD001", "河口小区停水三天"),
        ("20260131", "路灯不亮"),
    ]
    assert [one.where for one in aside] == ["工单.jsonl:4", "工单.jsonl:5"]
    assert "JSON 对象" in aside[0].reason
    assert "诉求内容 = ''" in aside[1].reason
    assert report.unknown_columns == ("附件",)


def test_json_lines_and_csv_of_one_ticket_are_one_record(table: Any) -> None:
    (csv_post,), _, _ = read(table(written([HEADER, ROW])))
    (json_post,), _, _ = read(table(json.dumps(SAMPLE), "工单.jsonl"))
    assert json_post == csv_post
