"""Times as Chinese sites write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.dates import read_time
from schemas.errors import ReadError, Where

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 2, 1, 9, 30, tzinfo=SHANGHAI)


def read(text: str, now: datetime = NOW) -> datetime:
    return read_time(text, now=now, zone=SHANGHAI, where=Where("页"), field="时间")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31 08:00", "2026-01-31T08:00:00+08:00"),
        ("2026-1-3 8:05:09", "2026-01-03T08:05:09+08:00"),
        ("2026/01/31 08:00", "2026-01-31T08:00:00+08:00"),
        ("2026.01.31", "2026-01-31T00:00:00+08:00"),
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00+00:00"),
        ("2026-01-31T08:00:00.123+08:00", "2026-01-31T08:00:00+08:00"),
        ("2026-01-31 08:00:00 +0900", "2026-01-31T08:00:00+09:00"),
        ("2026年1月31日", "2026-01-31T00:00:00+08:00"),
        ("2026年1月31日 08:20", "2026-01-31T08:20:00+08:00"),
        ("2026年1月31日8时20分", "2026-01-31T08:20:00+08:00"),
        ("2026年1月31日下午3点", "2026-01-31T15:00:00+08:00"),
        ("2026年1月31日 晚上8:05", "2026-01-31T20:05:00+08:00"),
        ("2026年1月31日 星期六 08:20", "2026-01-31T08:20:00+08:00"),
        ("2026年01月31日（周六）08:20", "2026-01-31T08:20:00+08:00"),
        ("二〇二六年一月三十一日", "2026-01-31T00:00:00+08:00"),
        ("二〇二五年十二月", "2025-12-01T00:00:00+08:00"),
        ("01-31 08:00", "2026-01-31T08:00:00+08:00"),
        ("1月31日 8:00", "2026-01-31T08:00:00+08:00"),
        ("12-31 08:00", "2025-12-31T08:00:00+08:00"),
        ("2月29日", "2024-02-29T00:00:00+08:00"),
        ("刚刚", "2026-02-01T09:30:00+08:00"),
        ("30秒前", "2026-02-01T09:29:30+08:00"),
        ("3分钟前", "2026-02-01T09:27:00+08:00"),
        ("半小时前", "2026-02-01T09:00:00+08:00"),
        ("2 小时前", "2026-02-01T07:30:00+08:00"),
        ("3天前", "2026-01-29T09:30:00+08:00"),
        ("1个月前", "2026-01-02T09:30:00+08:00"),
        ("今天 08:20", "2026-02-01T08:20:00+08:00"),
        ("昨天08:20", "2026-01-31T08:20:00+08:00"),
        ("前天", "2026-01-30T00:00:00+08:00"),
        ("发布时间：2026-01-31 08:00", "2026-01-31T08:00:00+08:00"),
        ("发布于 01-31 08:00", "2026-01-31T08:00:00+08:00"),
        ("1769817600", "2026-01-31T08:00:00+08:00"),
        ("1769817600000", "2026-01-31T08:00:00+08:00"),
        ("Sat, 31 Jan 2026 08:00:00 +0800", "2026-01-31T08:00:00+08:00"),
        ("Sat, 31 Jan 2026 00:00:00 GMT", "2026-01-31T00:00:00+00:00"),
        ("Sat, 31 Jan 2026 08:00:00 CST", "2026-01-31T08:00:00+08:00"),
        ("31 Jan 2026 08:00:00 -0000", "2026-01-31T08:00:00+08:00"),
    ],
)
def test_reads_every_form_sites_use(text: str, expected: str) -> None:
    assert read(text).isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "昨天吧", "2026-13-01", "2026-02-30", "2026-01-31 25:00", "2026-01-31 08:61", "13月1日", "几天前",
        "十十月一日", "2027-01-01", "1899-12-31", "Sat, 99 Jan 2026 08:00:00 GMT", "99999天前月", "08:20",
        "2026-01-31 08:00 左右", "明天 08:20", "99999个月前", "1月32日", "一二三四五年一月一日",
        "9999999999",
    ],
)  # fmt: skip
def test_refuses_what_is_no_time_naming_field_and_value(text: str) -> None:
    with pytest.raises(ReadError, match="页: 时间 = "):
        read(text)


@given(st.integers(631_238_400, 1_769_800_000))
def test_a_written_time_reads_back_in_every_notation(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, SHANGHAI)
    if at.utcoffset() != timedelta(hours=8):
        return  # the summer times of 1990 and 1991, where an hour is missing or stands twice
    forms = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日%H时%M分%S秒"]
    assert {read(at.strftime(form)) for form in forms} == {at}
    assert read(at.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")) == at
    assert read(at.isoformat()) == at


@given(st.text(alphabet="0123456789年月日时分秒前天昨今刚 :-/.T+Z〇一十个半上下午", max_size=24))
def test_any_text_is_a_time_with_a_zone_or_a_read_error(text: str) -> None:
    try:
        found = read(text)
    except ReadError:
        return
    assert found.tzinfo is not None
    assert found <= NOW + timedelta(days=1)


@given(st.integers(0, 364))
def test_a_day_without_a_year_is_never_in_the_future(days: int) -> None:
    day = NOW - timedelta(days=days)
    assert read(f"{day.month:02d}-{day.day:02d} 00:00").date() == day.date()
