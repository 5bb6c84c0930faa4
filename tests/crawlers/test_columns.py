"""Rows read many at once give what the same rows give one by one: records, lines, refusals and counts."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.hotline import TableImport, csv_rows, import_table
from crawlers.hotline import importer as importer_module
from crawlers.hotline.tables import Row, rows_of
from schemas.codec import encode
from schemas.records import RawPost

NOW = datetime.fromisoformat("2026-02-01T09:00:00.123456+08:00")
HEADER = (
    "工单编号", "受理时间", "诉求标题", "诉求内容", "所属区县", "来电人", "联系电话", "诉求类型", "办理状态",
    "承办单位", "答复时间",
)  # fmt: skip
SOUND = (
    "GD1", "2026-01-31 08:00:00", "停水", "河口小区停水", "汀东区", "王某", "1", "投诉", "办结", "水务局",
    "2026-01-31 13:05:09",
)  # fmt: skip
MAPPING = """source: demo_table
zone: America/New_York
columns:
  {ticket: [编号], url: [网址], title: [标题], body: [内容], time: [时间], close_time: [办结], likes: [赞],
   against: [反对], district: [区], state: [状态]}
needed: [time]
district: 某县
values: {state: {办结: closed, 不办: 'no "way"'}, against: {多: many}}
"""
FORMS = """source: demo_table
zone: Asia/Shanghai
columns: {body: [内容], time: [时间]}
needed: [body]
header: 2
delimiter: semicolon
times: ["%d.%m.%Y", "%Y-%m-%d %H:%M:%S"]
"""
BLANKS = ["", " ", "\u3000", "\t", "\xa0"]
TIMES = [
    "2026-01-31 08:00:00", "2026-01-31 08:00", "2024-02-29 23:59:59", "2023-02-29 08:00:00",
    "2026-1-31 8:00", "2026年1月31日8时", "昨天 08:20", "2026-01-31", "2026-01-31 24:00:00",
    "2026-01-31 23:60:00", "2026-13-01 08:00", "1989-12-31 08:00:00", "1990-01-01 00:00:00",
    "1991-07-01 08:00:00", "2030-01-01 08:00:00", "2026-02-01 08:59:00", "2026-01-31 09:00:00",
    "2025-11-02 01:30:00", "2025-03-09 02:30:00", "2026-W05-6 08:00:00", "２０２６-01-31 08:00:00",
    "2026-01-31T08:00:00+01:00", "31.01.2026", "待定",
]  # fmt: skip
TEXTS = [
    "停水", 'a","b', "a\\", 'x\\"', "反\\斜", "一\n二", "一\r\n二", '说"停"', ",", ";", "\t缩进\t", "😀",
    "\u2028",    "\x0b\x1c\x85", "\x07", "é", "a" * 300, "'", "</script>", "\ufeff", "0",
]  # fmt: skip
CODES = ["办结", " 办结 ", "办理中", "不办", "多", "飞走了"]
COUNTS = ["0", "12", "1.2万", "3,051", "-1", "多", "约十"]
ANY = st.one_of(
    *(st.sampled_from(texts) for texts in (BLANKS, TIMES, TEXTS, CODES, COUNTS)),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)
BROKEN = [
    b"\xff\xfe",
    b"\0",
    b'"',
    b'""',
    b"\r",
    b"\n\n",
    b"\r\n",
    b'"a"b',
    b",,,,,,,,,,,,,,",
    b"x" * 140_000,
]


def read_singly(table: TableImport) -> list[object]:
    return [
        (record.origin.id, record.origin.revision, record.origin.fetched_at, encode(record))
        if isinstance(record, RawPost)
        else replace(record, at=NOW)
        for record in table
    ]


def compare(path: Path, mapping: str | Path, key: bytes | None = b"k") -> tuple[int, int]:
    """Read a table both ways; how many records and refusals both give."""
    first, second = (import_table(path, mapping, fetched_at=NOW, author_key=key) for _ in range(2))
    singly, batches = read_singly(first), list(second.batches())
    posts = [
        row
        for batch in batches
        for row in zip(
            batch.posts.ids, batch.posts.revisions, batch.posts.fetched, batch.posts.lines, strict=True
        )
    ]
    aside = [replace(record, at=NOW) for batch in batches for record in batch.aside]
    assert posts == [found for found in singly if isinstance(found, tuple)]
    assert aside == [found for found in singly if not isinstance(found, tuple)]
    assert second.report == first.report
    counted = import_table(path, mapping, fetched_at=NOW, author_key=key).count_unknown()
    assert counted.keys() >= first.report.unknown_values.keys()
    return len(posts), len(aside)


def written(rows: Sequence[Sequence[str]], *, end: str, quoting: int, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting, delimiter=delimiter).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def rows_like(
    header: Sequence[str], times: Sequence[str], sound: Sequence[str]
) -> st.SearchStrategy[list[list[str]]]:
    """Rows of which most cells are right, some of them too short or too long."""
    cells = [
        st.one_of(st.just(cell), st.sampled_from(TIMES), ANY)
        if name in times
        else st.one_of(st.just(cell), ANY)
        for name, cell in zip(header, sound, strict=True)
    ]
    whole = st.tuples(*cells).map(list)
    rows = st.one_of(
        st.just(list(sound)), whole, whole.map(lambda row: row[:-1]), whole.map(lambda row: [*row, "", "多"])
    )
    return st.lists(rows, max_size=8)


def rows_by_line(path: Path) -> list[Row]:
    """The rows of a table that is read line by line from the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows._Lines, "blocks", lambda _self: iter(()))
        return list(rows_of(csv_rows.read_csv(path, header=1, delimiter=None, known=HEADER).pieces))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows_like(HEADER, ("受理时间", "答复时间"), SOUND),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    broken=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(BROKEN)), max_size=2),
    key=st.sampled_from([b"k", None]),
)
def test_any_table(
    rows: list[list[str]], end: str, quoting: int, encoding: str,
    broken: list[tuple[float, bytes]], key: bytes | None, tmp_path: Path,
) -> None:  # fmt: skip
    head = written([HEADER], end=end, quoting=quoting).encode(encoding)
    below = written(rows, end=end, quoting=quoting).encode("utf-16-le" if encoding == "utf-16" else encoding)
    for where, junk in broken:
        at = int(where * len(below))
        below = below[:at] + junk + below[at:]
    path = tmp_path / "工单.csv"
    path.write_bytes(head + below)
    compare(path, "demo_12345", key)
    blocks = csv_rows.read_csv(path, header=1, delimiter=None, known=HEADER)
    assert list(rows_of(blocks.pieces)) == rows_by_line(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows_like(
        ("编号", "网址", "标题", "内容", "时间", "办结", "赞", "反对", "区", "状态"),
        ("时间", "办结"),
        ("", "https://a.example/1", "停水", "", "2026-01-31 08:00", "", "12", "多", "", "不办"),
    )
)
def test_any_table_of_a_zone_that_goes_back_and_forth(rows: list[list[str]], tmp_path: Path) -> None:
    mapping, path = tmp_path / "own.yml", tmp_path / "工单.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    header = ["编号", "网址", "标题", "内容", "时间", "办结", "赞", "反对", "区", "状态"]
    path.write_text(
        written([header, *rows], end="\n", quoting=csv.QUOTE_MINIMAL), encoding="utf-8", newline=""
    )
    compare(path, mapping)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_like(("内容", "时间"), ("时间",), ("停水", "31.01.2026")))
def test_any_table_with_its_own_forms_of_times(rows: list[list[str]], tmp_path: Path) -> None:
    mapping, path = tmp_path / "own.yml", tmp_path / "工单.csv"
    mapping.write_text(FORMS, encoding="utf-8")
    text = written(
        [["某市工单"], ["内容", "时间"], *rows], end="\r\n", quoting=csv.QUOTE_MINIMAL, delimiter=";"
    )
    path.write_text(text, encoding="utf-8", newline="")
    compare(path, mapping)


@pytest.mark.parametrize("time", TIMES)
def test_a_column_of_one_form_of_times(time: str, tmp_path: Path) -> None:
    path = tmp_path / "工单.csv"
    rows = [[*SOUND[:1], time, *SOUND[2:-1], blank] for blank in ("", time, "")]
    path.write_text(
        written([HEADER, *rows], end="\r\n", quoting=csv.QUOTE_MINIMAL), encoding="utf-8", newline=""
    )
    compare(path, "demo_12345")


def test_a_long_table_with_one_row_in_a_hundred_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer_module, "BATCH", 1_500)
    rows = []
    for number in range(6_000):
        row = [f"GD{number}", *SOUND[1:]]
        if number % 100 == 7:
            row[number // 100 % len(row)] = [*TIMES, *TEXTS, *CODES, *BLANKS][number // 100 % 56]
        rows.append(row[:-1] if number % 997 == 1 else row)
    path = tmp_path / "工单.csv"
    path.write_text(
        written([HEADER, *rows], end="\r\n", quoting=csv.QUOTE_MINIMAL), encoding="gb18030", newline=""
    )
    posts, aside = compare(path, "demo_12345")
    assert posts > 5_900
    assert aside > 10
    batches = list(import_table(path, "demo_12345", fetched_at=NOW, author_key=None).batches())
    assert len(batches) == 2
