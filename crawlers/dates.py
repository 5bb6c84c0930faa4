"""Times as Chinese sites and tables write them, read strictly and relative to a given now."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from schemas.errors import ReadError, Where

ALLOWED = "2026-01-31 08:00、1月31日 8:00、昨天 08:20、3分钟前 一类的时间，不晚于现在"
# Clocks of sites run ahead, and a page dated today without zone may be tomorrow's here.
SLACK = timedelta(days=1)
SKEW = timedelta(hours=1)
EARLIEST_YEAR = 1990

_LABEL = re.compile(
    r"^(?:发布|发表|更新|受理|来电|提交|回复)?(?:时间|日期|于)\s*[:：]?\s*|^发布于\s*[:：]?\s*"
)
_WEEKDAY = re.compile(r"[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?")
_CLOCK = (
    r"(?:\s*T?\s*(?P<half>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上)?\s*(?P<hour>\d{1,2})\s*[:：时点]\s*(?P<minute>\d{1,2})?"
    r"\s*(?:(?:[:：分]\s*(?P<second>\d{1,2})(?:[.,]\d{1,9})?\s*秒?)|分)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_FULL = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})(?:\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?|\s*月)" + _CLOCK
)
_SHORT = re.compile(r"(?P<month>\d{1,2})\s*[-/月]\s*(?P<day>\d{1,2})\s*日?" + _CLOCK)
_DAY = re.compile(r"(?P<word>今天|今日|昨天|昨日|前天)" + _CLOCK)
_AGO = re.compile(
    r"(?P<number>\d{1,5}|半|几)\s*个?\s*(?P<unit>秒钟?|分钟?|小时|钟头|天|日|周|星期|月)\s*(?:之|以)?前"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_RFC822 = re.compile(r"(?:[A-Za-z]{3,9},\s*)?\d{1,2}\s+[A-Za-z]{3,9}\s+\d{2,4}\s.*")
# RFC 822 means US Central by CST; Chinese servers mean China Standard Time.
_CST = re.compile(r"\b(?:CST|GMT\+0?8(?::?00)?)$")
_CHINESE_DATE = re.compile(r"[〇零○一二三四五六七八九十]+(?=[年月日时点分])")

_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
_SECONDS = {
    "秒": 1,
    "分": 60,
    "小": 3600,
    "钟": 3600,
    "天": 86400,
    "日": 86400,
    "周": 604800,
    "星": 604800,
    "月": 2592000,
}
_AFTERNOON = {"下午", "傍晚", "晚上"}
_DIGITS = {
    "〇": 0,
    "零": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}


def read_time(text: str, *, now: datetime, zone: tzinfo, where: Where, field: str) -> datetime:
    """The time a text states, with a zone: its own where it names one, else `zone`.

    A day without a clock is its midnight, a month its first day. 几分钟前 and the like count back from
    `now`; a day without a year is the latest one that is not in the future. Raises ReadError for
    anything else, and for times before 1990 or more than a day after `now`.

    >>> from datetime import UTC
    >>> now = datetime(2026, 2, 1, tzinfo=UTC)
    >>> read_time("1月31日 8:05", now=now, zone=UTC, where=Where("x"), field="时间")
    datetime.datetime(2026, 1, 31, 8, 5, tzinfo=datetime.timezone.utc)
    """
    try:
        found = _read_any(_plain(text), now.astimezone(zone))
    except (ValueError, OverflowError) as error:
        raise ReadError(where, field, text, ALLOWED) from error
    if found.year < EARLIEST_YEAR or found - now > SLACK:
        raise ReadError(where, field, text, ALLOWED)
    return found


def _read_any(plain: str, now: datetime) -> datetime:
    for read in _READERS:
        if (found := read(plain, now)) is not None:
            return found
    raise ValueError(plain)


def _plain(text: str) -> str:
    text = " ".join(_WEEKDAY.sub(" ", text).split())
    text = _LABEL.sub("", text, count=1)
    return _CHINESE_DATE.sub(lambda found: str(_chinese_number(found[0])), text).strip()


def _chinese_number(text: str) -> int:
    """二〇二六 -> 2026, 十 -> 10, 三十一 -> 31."""
    if "十" not in text:
        return int("".join(str(_DIGITS[char]) for char in text))
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        raise ValueError(text)
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def _read_full(text: str, now: datetime) -> datetime | None:
    found = _FULL.fullmatch(text)
    if found is None:
        return None
    return _at(found, int(found["year"]), int(found["month"]), int(found["day"] or 1), now)


def _read_short(text: str, now: datetime) -> datetime | None:
    found = _SHORT.fullmatch(text)
    if found is None:
        return None
    month, day = int(found["month"]), int(found["day"])
    # 8 years back reach any 29 February, even across 1900 or 2100.
    for year in range(now.year, now.year - 9, -1):
        try:
            at = _at(found, year, month, day, now)
        except ValueError:
            continue
        if at - now <= SKEW:
            return at
    raise ValueError(text)


def _read_day(text: str, now: datetime) -> datetime | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    day = now.date() - timedelta(days=_DAYS[found["word"]])
    return _at(found, day.year, day.month, day.day, now)


def _read_ago(text: str, now: datetime) -> datetime | None:
    if text in {"刚刚", "刚才"}:
        return now
    found = _AGO.fullmatch(text)
    if found is None:
        return None
    if found["number"] == "几":
        raise ValueError(text)
    number = 0.5 if found["number"] == "半" else int(found["number"])
    return now - timedelta(seconds=number * _SECONDS[found["unit"][0]])


def _read_epoch(text: str, now: datetime) -> datetime | None:
    if _EPOCH.fullmatch(text) is None:
        return None
    return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), tz=now.tzinfo)


def _read_rfc822(text: str, now: datetime) -> datetime | None:
    if _RFC822.fullmatch(text) is None:
        return None
    at = parsedate_to_datetime(_CST.sub("+0800", text))
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)


def _at(found: re.Match[str], year: int, month: int, day: int, now: datetime) -> datetime:
    if found["hour"] is None:
        return datetime(year, month, day, tzinfo=now.tzinfo)
    hour = int(found["hour"])
    if (found["half"] in _AFTERNOON and hour < 12) or (found["half"] == "中午" and hour < 3):
        hour += 12
    at = datetime(
        year, month, day, hour, int(found["minute"] or 0), int(found["second"] or 0), tzinfo=now.tzinfo
    )
    if found["zone"] is None:
        return at
    return datetime.fromisoformat(at.replace(tzinfo=None).isoformat() + found["zone"])


_READERS: tuple[Callable[[str, datetime], datetime | None], ...] = (
    _read_full,
    _read_short,
    _read_day,
    _read_ago,
    _read_epoch,
    _read_rfc822,
)
