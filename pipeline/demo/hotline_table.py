"""The city's 12345 table as its old software exports it: CSV in GB18030, some rows of it wrong."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.demo.items import HOTLINE, City, Item
from pipeline.demo.work import work_on

HEADER = (
    "工单编号", "受理时间", "来电人", "联系电话", "所属区县", "所属街道",
    "诉求类型", "诉求标题", "诉求内容", "办理状态", "座席号", "承办单位", "办理期限", "答复内容", "答复时间",
    "办结时间",
)  # fmt: skip
_KINDS = (("咨询", "咨询"), ("表扬", "表扬"), ("感谢", "表扬"), ("求助", "求助"))


def write_hotline(city: City, path: Path) -> int:
    """Write the table in order of arrival, as it stands at the end of the city's weeks; returns how many of
    its rows are wrong on purpose."""
    end = city.start + timedelta(weeks=city.weeks)
    rows = [_row(item, end) for item in city.of_source(HOTLINE)]
    wrong = list(_wrong_rows(city))
    for number, row in enumerate(wrong, start=1):
        rows.insert(len(rows) * number // (len(wrong) + 1), row)
    with path.open("w", encoding="gb18030", newline="") as table:
        csv.writer(table).writerows([HEADER, *rows])
    return len(wrong)


def _row(item: Item, now: datetime) -> list[str]:
    kind = next((zh for word, zh in _KINDS if word in item.title), "投诉")
    number, work = int(item.key[2:]), work_on(item, kind, now)
    return [
        item.key, _shown(item.published_at), item.author, f"1990001{number % 10_000:04d}", item.district,
        item.street, kind, item.title, item.body, work.state, f"{number % 40 + 1}号", work.unit,
        _shown(work.due), work.reply, _shown(work.replied_at), _shown(work.closed_at),
    ]  # fmt: skip


def _shown(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _wrong_rows(city: City) -> Iterator[list[str]]:
    """Rows as tired people and old programs make them; none of them can be read."""
    at = _shown(city.start)
    good = [
        "YT900000",
        at,
        "王某",
        "",
        "汀东区",
        "",
        "投诉",
        "楼道灯不亮",
        "楼道灯不亮，请修。",
        "已受理",
        "1号",
        *[""] * 5,
    ]
    for number, (column, value) in enumerate(
        (
            (1, "2025-13-40 25:61"),
            (1, "改天再录"),
            (1, ""),
            (8, ""),
            (8, ""),
            (9, "鬼知道"),
            (0, ""),
        )
    ):
        row = [f"YT90000{number}", *good[1:]]
        row[column] = value
        yield row
    yield [*good, "多出来的一列", "又一列"]
