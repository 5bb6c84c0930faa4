"""Times as Chinese sites and tables write them, read strictly and relative to a given now."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from schemas.errors import ReadError, Where
from schemas.times import SHANGHAI

ALLOWED = "2026-01-31 08:00、1月31日 8:00、昨天 08:20、3分钟前 一类的时间，不晚于现在"
# Clocks of sites run ahead, and a page dated today without zone may be tomorrow's here.
SLACK = timedelta(days=1)
SKEW = timedelta(hours=1)
EARLIEST_YEAR = 1990

_LABEL = re.compile(
    r"^(?:最后|首次)?(?:发布|发表|发帖|更新|编辑|修改|受理|来电|来信|留言|提交|回复|答复|办结)?(?:时间|日期|于)\s*:?\s*"
)
_BRACKETS = re.compile(r"^[\[(【](.*)[\])】]$")
_BEIJING = re.compile(r"\(?北京时间\)?\s*:?")
_WEEK = r"(?:星期|周|礼拜)"
_WEEKDAY = re.compile(rf"[(]?{_WEEK}[一二三四五六日天][)]?")
_CLOCK = (
    r"(?:\s*T?\s*(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚间|夜间|深夜)?"
    r"\s*(?P<hour>\d{1,2})\s*[:时点]\s*(?P<minute>\d{1,2}|半|[123]刻|整)?"
    r"\s*(?:(?:[:分]\s*(?P<second>\d{1,2})(?:[.,]\d{1,9})?\s*秒?)|分)?"
    r"\s*(?P<after>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|[(]?(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?[)]?)?)?"
)
_FULL = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})(?:\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?|\s*月)" + _CLOCK
)
_SHORT = re.compile(r"(?P<month>\d{1,2})\s*[-/月]\s*(?P<day>\d{1,2})\s*日?" + _CLOCK)
_THIS = re.compile(r"(?P<year>今年|去年|前年)\s*(?P<month>\d{1,2})月\s*(?:(?P<day>\d{1,2})\s*日)?" + _CLOCK)
_DAY = re.compile(r"(?P<word>今天|今日|昨天|昨日|大前天|前天|前日)" + _CLOCK)
_OF_WEEK = re.compile(rf"(?P<which>上|本|这)?个?{_WEEK}(?P<day>[一二三四五六日天])" + _CLOCK)
_PART = r"(\d{1,5}|半)\s*个?\s*(秒|分|小时|钟头|天|日|周|星期|月|年)钟?半?"
_AGO = re.compile(rf"(?:{_PART}\s*)+(?:之|以)?前")
_COMPACT = re.compile(r"(?P<day>(?:19|20)\d{6})(?P<clock>\d{4}(?:\d{2})?)?")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_RFC822 = re.compile(r"(?:[A-Za-z]{3,9},\s*)?\d{1,2}\s+[A-Za-z]{3,9}\s+\d{2,4}\s.*")
# RFC 822 means US Central by CST; Chinese servers mean China Standard Time.
_CST = re.compile(r"\b(?:CST|GMT\+0?8(?::?00)?)$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = rf"(?P<name>(?:{'|'.join(_MONTHS)})[a-z]*)\.?"
_ENGLISH = tuple(
    re.compile(rf"(?i:(?:[a-z]{{3,9}},?\s+)?{order},?\s+(?P<year>\d{{4}})(?:,|\s+at|\s+-)?)" + _CLOCK)
    for order in (rf"{_NAME}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?", rf"(?P<day>\d{{1,2}})\s+{_NAME}")
)
_CHINESE = re.compile(r"[〇零○一二三四五六七八九十两]+(?=\s*[年月日时点分秒刻天周个小])")
# 昨晚8点 and its like, spelled out.
_SPELLED = {
    "今早": "今天早上",
    "今晨": "今天早上",
    "今晚": "今天晚上",
    "昨晚": "昨天晚上",
    "昨夜": "昨天晚上",
}

_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2, "大前天": 3}
_YEARS = {"今年": 0, "去年": 1, "前年": 2}
_SECONDS = {
    "秒": 1,
    "分": 60,
    "小时": 3600,
    "钟头": 3600,
    "天": 86400,
    "日": 86400,
    "周": 604800,
    "星期": 604800,
    "月": 2592000,
    "年": 31536000,
}
_EVENING = {"晚上", "晚间", "夜间", "深夜"}
_AFTERNOON = {"下午", "傍晚"}
_QUARTERS = {None: 0, "整": 0, "半": 30, "1刻": 15, "2刻": 30, "3刻": 45}
_WEEKDAYS = "一二三四五六日"
_DIGITS = {
    "〇": 0,
    "零": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
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

    A day without a clock is its midnight, a month its first day. 3分钟前 and the like count back from
    `now`; a day without a year, or of the week, is the latest one that is not in the future; 北京时间 is
    UTC+8 whatever the zone. Raises ReadError for anything else (a lunar date, 几分钟前), and for
    times before 1990 or more than a day after `now`.

    >>> from datetime import UTC
    >>> now = datetime(2026, 2, 1, tzinfo=UTC)
    >>> read_time("1月31日 8:05", now=now, zone=UTC, where=Where("x"), field="时间")
    datetime.datetime(2026, 1, 31, 8, 5, tzinfo=datetime.timezone.utc)
    """
    try:
        plain = _plain(text)
        moved, told = _BEIJING.subn("", plain)
        found = _read_any(moved.strip(), now.astimezone(SHANGHAI if told else zone))
    except (ValueError, OverflowError) as error:
        raise ReadError(where, field, text, ALLOWED) from error
    if found.year < EARLIEST_YEAR or found - now > SLACK:
        raise ReadError(where, field, text, ALLOWED)
    return found


def find_time(text: str) -> str:
    """The first full date in a longer text, with its clock; empty where there is none.

    >>> find_time("2026-01-31 08:20 来源：云汀发布")
    '2026-01-31 08:20'
    """
    found = _FULL.search(_plain(text))
    return found[0].strip() if found else ""


def _read_any(plain: str, now: datetime) -> datetime:
    bare = " ".join(_WEEKDAY.sub(" ", plain).split())
    for read in _READERS:
        if (found := read(plain if read is _read_weekday else bare, now)) is not None:
            return found
    raise ValueError(plain)


def _plain(text: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    text = _LABEL.sub("", _BRACKETS.sub(r"\1", text), count=1)
    for short, spelled in _SPELLED.items():
        text = text.replace(short, spelled)
    return _CHINESE.sub(lambda found: str(_chinese_number(found[0])), text).strip()


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


def _read_this(text: str, now: datetime) -> datetime | None:
    found = _THIS.fullmatch(text)
    if found is None:
        return None
    year = now.year - _YEARS[found["year"]]
    return _at(found, year, int(found["month"]), int(found["day"] or 1), now)


def _read_day(text: str, now: datetime) -> datetime | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    day = now.date() - timedelta(days=_DAYS[found["word"]])
    return _at(found, day.year, day.month, day.day, now)


def _read_weekday(text: str, now: datetime) -> datetime | None:
    found = _OF_WEEK.fullmatch(text)
    if found is None:
        return None
    monday = now.date() - timedelta(days=now.weekday() + (7 if found["which"] == "上" else 0))
    day = monday + timedelta(days=_WEEKDAYS.index(found["day"].replace("天", "日")))
    at = _at(found, day.year, day.month, day.day, now)
    return at - timedelta(days=7) if found["which"] is None and at - now > SKEW else at


def _read_ago(text: str, now: datetime) -> datetime | None:
    if text in {"刚刚", "刚才"}:
        return now
    if _AGO.fullmatch(text) is None:
        return None
    parts = re.findall(_PART, text)
    seconds = sum((0.5 if number == "半" else int(number)) * _SECONDS[unit] for number, unit in parts)
    return now - timedelta(seconds=seconds)


def _read_compact(text: str, now: datetime) -> datetime | None:
    found = _COMPACT.fullmatch(text)
    if found is None:
        return None
    clock = (found["clock"] or "").ljust(6, "0")
    return datetime.strptime(found["day"] + clock, "%Y%m%d%H%M%S").replace(tzinfo=now.tzinfo)


def _read_english(text: str, now: datetime) -> datetime | None:
    found = next((match for form in _ENGLISH if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    month = _MONTHS.index(found["name"][:3].lower()) + 1
    return _at(found, int(found["year"]), month, int(found["day"]), now)


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
    midnight = datetime(year, month, day, tzinfo=now.tzinfo)
    if found["hour"] is None:
        return midnight
    told = found["minute"]
    minute = int(told) if told and told.isdigit() else _QUARTERS[told]
    hour = _hour(int(found["hour"]), found["half"], found["after"])
    # 24:00 is the midnight that follows.
    whole = timedelta(days=1) if hour == 24 and minute == 0 else timedelta()
    at = midnight.replace(hour=0 if whole else hour, minute=minute, second=int(found["second"] or 0)) + whole
    return at if found["zone"] is None else at.replace(tzinfo=_zone(found["zone"]))


def _hour(hour: int, half: str | None, after: str | None) -> int:
    """The hour of the day, 24 for the midnight that ends it. Raises ValueError for 晚上1点: whose night?"""
    late = after is not None and after[0] in "Pp"
    if hour == 12:
        early = half in {"凌晨", "早上"} or (after is not None and not late)
        return 0 if early else 24 if half in _EVENING else 12
    if half in _EVENING and hour < 5:
        raise ValueError(hour)
    moved = late or half in _AFTERNOON or half in _EVENING or (half == "中午" and hour < 3)
    return hour + 12 if moved and hour < 12 else hour


def _zone(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    sign, digits = re.sub(r"[^\d+-]", "", text)[:1], re.sub(r"\D", "", text)
    hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
    return timezone((1 if sign == "+" else -1) * timedelta(hours=hours, minutes=minutes))


_READERS: tuple[Callable[[str, datetime], datetime | None], ...] = (
    _read_weekday,
    _read_full,
    _read_short,
    _read_this,
    _read_day,
    _read_ago,
    _read_compact,
    _read_epoch,
    _read_rfc822,
    _read_english,
)
