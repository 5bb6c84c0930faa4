"""When a text says that something happened, resolved against the time of the post."""

import re
from datetime import date, datetime, timedelta

from nlp.batches import Gate
from nlp.gates import compile_gate
from nlp.knowledge import read_knowledge
from nlp.numerals import NUMBER, read_number

_SECTION = read_knowledge("facts").section("day_parts")
_PARTS = {name: _SECTION.whole(name) for name in _SECTION.names()}
_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_DAYS = {"今": 0, "昨": -1, "前": -2, "明": 1}
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_WEEKS = {"上上": -14, "上": -7, "本": 0, "这": 0}

_MONTH = r"1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
_MONTH_DAY = r"3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九]"
_DATE = (
    r"(?:(?P<year>\d{4}|[一二][〇零一二三四五六七八九]{3})年)?"
    rf"(?<!\d)(?P<month>{_MONTH})月(?:份|(?P<day>{_MONTH_DAY})[日号]?)?"
)
_NUMERIC_DATE = (
    r"(?P<year2>(?:19|20)\d\d)[\-./](?P<month2>1[0-2]|0?[1-9])[\-./](?P<day2>3[01]|[12]\d|0?[1-9])(?!\d)"
)
# 7.20日; the month and day of 2026-07-20 are _NUMERIC_DATE's.
_DOTTED_DATE = r"(?<![\d.])(?P<month3>1[0-2]|[1-9])\.(?P<day3>3[01]|[12]\d|0?[1-9])[日号]"
_BRACKET = r"(?:[(（]\d{1,2}[日号]?[)）])?"
_RELATIVE = rf"(?P<near>今|昨|前|明){_BRACKET}(?:天|日|(?=[晚晨夜早])){_BRACKET}"
_AGO = rf"(?P<ago>{NUMBER}|半)个?(?P<more>半)?(?P<unit>天|小时|分钟|周|星期)(?:之)?前|(?P<now>刚刚|刚才)"
# 周三 without a week or a part of the day is mostly a habit.
_WEEKDAY = (
    rf"(?:(?P<week>上上|上|本|这)个?|(?<![上下每双单各个到至、])(?=(?:周|星期|礼拜).(?:{_PART})))"
    r"(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])(?![到至—~\-、])"
)
# A bare hour may be a habit (晚上10点施工), before dawn it is not.
_DAWN = r"(?=凌晨\s?[0-9一二两三四五六]{1,2}[时点:：])(?P<dawn>)"
_BARE_DAY = r"(?<![\d月年.\-/楼栋幢座元路街弄巷第])(?P<only>3[01]|[12]\d|[1-9])[日号](?!楼|线|门|电|讯|[\-/])"
_HOUR = r"2[0-4]|1\d|0?\d|二?十[一二三四]?|[一二两三四五六七八九]"
_QUARTERS = {"一": 15, "1": 15, "三": 45, "3": 45}
_MINUTE = r"[0-5]?\d|[一二三四五]?十[一二三四五六七八九]?|[一二三四五六七八九]"
_CLOCK = (
    rf"(?P<part>{_PART})?(?:(?P<hour>{_HOUR})"
    rf"(?:[时点](?:钟|(?P<half>半)|(?P<quarter>[一三13])刻|(?P<minute>{_MINUTE})分?)?|[:：](?P<colon>[0-5]\d)(?!\d)))?"
)
_WHEN = re.compile(
    rf"(?:{_RELATIVE}|{_AGO}|{_NUMERIC_DATE}|{_DOTTED_DATE}|{_DATE}|{_WEEKDAY}|{_DAWN}|{_BARE_DAY})[,，\s]{{0,2}}{_CLOCK}"
)
_NUMERALS = "0-9一二两三四五六七八九十"
_STARTS = {
    "今昨前明": r"[天日晚晨夜早]|[(（]\d",
    "刚": "[刚才]",
    "凌": r"晨\s?[0-9一二两三四五六]",
    "半": "个?(?:小时|天)",
    _NUMERALS: rf"[{_NUMERALS}〇零]{{0,3}}(?:[月日号年]|\.\d{{1,2}}[日号]"
    r"|个?半?(?:天|小时|分钟|周|星期)之?前)"
    r"|(?<=[12])\d{3}[\-./]\d",
}
_GATE = compile_gate((), _STARTS)
# 上 and 这 are in every post: their gate is for texts that name a week.
_WEEK_WORDS = ("周", "星期", "礼拜")
_WEEK_GATE = compile_gate(
    (),
    {
        **_STARTS,
        "上本这": "上?个?(?:周|星期|礼拜)[一二三四五六日天]",
        "周星礼": "(?:|期|拜)[一二三四五六日天][早上中下晚凌傍夜]",
    },
)
# For a whole batch: each way of writing a time has two of these beside each other. 昨晚; 刚才; the last
# numeral and its unit; what 3小时前 ends with; a day of the week.
GATES = (
    Gate(firsts="今昨前明", seconds="天日晚晨夜早(（"),
    Gate.of_words(("刚刚", "刚才", "凌晨")),
    Gate(firsts="0123456789〇零一二两三四五六七八九十", seconds="月日号年-./"),
    Gate.of_words(("天前", "时前", "钟前", "周前", "期前", "之前")),
    Gate(firsts="周期拜", seconds="一二三四五六日天"),
)
_DATELINE = re.compile(r"(?:电|讯|消息|信息|报道|获悉|发布|发表|通报|头条|说|称|表示|宣布|电视)")
_ROUTINE = re.compile("每|至今|截[至止]|自从|农历|经常|总是|天天|到了|通常|一般")


def find_time(text: str, at: datetime) -> tuple[datetime, int, int] | None:
    """The first time that the text gives for what happened, in the zone of `at`, and where it stands; None
    where it gives none.

    昨晚8点, 7月21日, 12日早7时许, 上周三, 凌晨3点, 半小时前. A year or month that is not written is the
    latest one not after the post. Datelines (7月24日电), ends of periods (截至6日) and habits (每天) are not
    times of an event.
    A day alone means 00:00, a part of the day the hour of `day_parts`.
    """
    named = any(word in text for word in _WEEK_WORDS)
    for gate in (_WEEK_GATE if named else _GATE).finditer(text):
        match = _WHEN.match(text, gate.start())
        if match is not None and not _is_dateline(text, match):
            found = _resolve(match, at)
            if found is not None:
                return found, match.start(), match.end()
    return None


def _is_dateline(text: str, match: re.Match[str]) -> bool:
    before, after = text[max(0, match.start() - 3) : match.start()], text[match.end() : match.end() + 2]
    return _DATELINE.match(after) is not None or _ROUTINE.search(before) is not None


def _resolve(match: re.Match[str], at: datetime) -> datetime | None:
    if match["now"]:
        return at
    if match["ago"]:
        return _resolve_ago(match, at)
    day = _resolve_day(match, at.date())
    if day is None:
        return None
    minutes = _resolve_clock(match)
    return datetime(day.year, day.month, day.day, tzinfo=at.tzinfo) + timedelta(minutes=minutes)


_MINUTES = {"周": 10_080, "星期": 10_080, "天": 1440, "小时": 60, "分钟": 1}


def _resolve_ago(match: re.Match[str], at: datetime) -> datetime | None:
    number = 0.5 if match["ago"] == "半" else read_number(match["ago"])
    if number is None or number > 10_000:
        return None
    return at - timedelta(minutes=(number + 0.5 * bool(match["more"])) * _MINUTES[match["unit"]])


def _resolve_day(match: re.Match[str], today: date) -> date | None:
    if match["near"] or match["dawn"] is not None:
        earlier = match.start() > 0 and match.string.startswith("大前", match.start() - 1)
        return today + timedelta(days=_DAYS[match["near"] or "今"] - earlier)
    if match["weekday"]:
        return _resolve_weekday(match["week"], _WEEKDAYS[match["weekday"]], today)
    if match["only"]:
        return _latest_day(int(match["only"]), today)
    if match["year2"]:
        return _make_date(int(match["year2"]), int(match["month2"]), int(match["day2"]))
    if match["month3"]:
        return _latest_date(int(match["month3"]), int(match["day3"]), today)
    month, day = read_number(match["month"]), read_number(match["day"] or "1")
    if month is None or day is None or (match["day"] is None and match["year"] is None):
        return None
    if match["year"]:
        return _make_date(int(read_number(match["year"]) or 0), int(month), int(day))
    return _latest_date(int(month), int(day), today)


def _latest_date(month: int, day: int, today: date) -> date | None:
    """The month's day of this year, or of the last where that is more than a month ahead."""
    found = _make_date(today.year, month, day)
    if found is not None and found > today + timedelta(days=31):
        found = _make_date(today.year - 1, month, day)
    return found


def _resolve_weekday(week: str | None, weekday: int, today: date) -> date:
    """A day of the week named (上周三); without one the latest such day, today's included."""
    monday = today - timedelta(days=today.weekday())
    if week:
        return monday + timedelta(days=_WEEKS[week] + weekday)
    return today - timedelta(days=(today.weekday() - weekday) % 7)


def _latest_day(day: int, today: date) -> date | None:
    """The latest day of that number not after tomorrow."""
    month = today.replace(day=1)
    for _ in range(3):
        found = _make_date(month.year, month.month, day)
        if found is not None and found <= today + timedelta(days=1):
            return found
        month = (month - timedelta(days=1)).replace(day=1)
    return None


def _make_date(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if 1949 <= year < 2200 else None


def _resolve_clock(match: re.Match[str]) -> int:
    """Minutes after midnight."""
    part, hour = match["part"], match["hour"]
    if hour is None:
        return 60 * _PARTS[part] if part else 0
    hours = int(read_number(hour) or 0)
    minute = read_number(match["minute"] or match["colon"] or "0") or 0
    minutes = 30 if match["half"] else _QUARTERS[match["quarter"]] if match["quarter"] else int(minute)
    if part and _PARTS[part] >= 12 and hours < 12 and not (part == "中午" and hours >= 10):
        hours += 12
    if part in ("凌晨", "半夜") and hours == 12:
        hours = 0
    return 60 * hours + minutes
