"""Who is on call when (值班表), and which warnings wait for the morning (夜间免打扰)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.utils import parseaddr

from schemas.errors import ReadError
from schemas.reading import Section
from schemas.records import Level
from schemas.times import SHANGHAI, parse_time

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
# Orange and red wake people up, at any hour.
QUIET_LEVELS = {"yellow": Level.YELLOW, "blue": Level.BLUE}

_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DATES = "2026-10-01 或 2026-10-01至2026-10-08"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the day in Chinese time, its end not included; it may pass midnight. The same start and
    end make a whole day."""

    start: time
    end: time

    def began_on(self, at: datetime) -> date | None:
        """The day on which the stretch that `at` lies in began; None where it lies in none."""
        local = at.astimezone(SHANGHAI)
        if self.start < self.end:
            return local.date() if self.start <= local.time() < self.end else None
        if local.time() >= self.start:
            return local.date()
        return local.date() - _DAY if local.time() < self.end else None

    def ends_at(self, day: date) -> datetime:
        """When the stretch that began on a day ends."""
        last = day if self.start < self.end else day + _DAY
        return datetime.combine(last, self.end, SHANGHAI)

    def zh(self) -> str:
        """`20:00-08:00`, or `全天`."""
        return "全天" if self.start == self.end else f"{self.start:%H:%M}-{self.end:%H:%M}"


ALL_DAY = Hours(time(0), time(0))


@dataclass(frozen=True, slots=True)
class Night:
    """The hours in which a group's warnings of these levels wait for the morning."""

    hours: Hours
    levels: frozenset[Level]

    def until(self, level: Level, at: datetime) -> datetime | None:
        """When a warning of this level may go out; None where it may at once."""
        day = self.hours.began_on(at)
        return None if day is None or level not in self.levels else self.hours.ends_at(day)


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call on some days: `weekdays` counts from 0 for Monday, `dates` are first and last days; both
    empty is every day. A stretch past midnight belongs to the day it began on."""

    people: tuple[str, ...]
    deputies: tuple[str, ...]
    hours: Hours
    weekdays: frozenset[int]
    dates: tuple[tuple[date, date], ...]

    def covers(self, at: datetime) -> bool:
        """Whether the shift is on call at that moment."""
        day = self.hours.began_on(at)
        if day is None:
            return False
        if self.dates:
            return any(first <= day <= last for first, last in self.dates)
        return not self.weekdays or day.weekday() in self.weekdays

    def zh(self) -> str:
        """When it is on call: `周六、周日 08:00-20:00`."""
        days = [WEEKDAYS[day] for day in sorted(self.weekdays)]
        days += [f"{first}" if first == last else f"{first} 至 {last}" for first, last in self.dates]
        return f"{'、'.join(days) or '每天'} {self.hours.zh()}"


def find_shift(rota: Iterable[Shift], at: datetime) -> Shift | None:
    """The first shift of the list that is on call; None where the list leaves a gap."""
    return next((shift for shift in rota if shift.covers(at)), None)


def read_rota(section: Section, key: str) -> tuple[Shift, ...]:
    """The shifts under a key, none where it is missing. Raises ReadError."""
    return tuple(_read_shift(one) for one in section.sections(key, least=1)) if section.has(key) else ()


def read_night(section: Section, key: str) -> Night | None:
    """The quiet hours under a key, None where it is missing. Raises ReadError."""
    if not section.has(key):
        return None
    below = section.section(key)
    levels = below.choices("levels", tuple(QUIET_LEVELS))
    night = Night(_read_hours(below, "hours"), frozenset(QUIET_LEVELS[name] for name in levels))
    below.close()
    return night


def read_mails(section: Section, key: str) -> tuple[str, ...]:
    """Addresses, each bare or as `陈平 <chenping@host.example>`. Raises ReadError."""
    mails = section.texts(key, least=1)
    for mail in mails:
        if not _MAIL.fullmatch(parseaddr(mail)[1]):
            allowed = "name@host.example 或 姓名 <name@host.example> 一类的邮件地址"
            raise ReadError(section.where, section.key(key), mail, allowed)
    return mails


def _read_shift(section: Section) -> Shift:
    written = section.texts("dates", least=1) if section.has("dates") else ()
    dates = tuple(_read_dates(section, text) for text in written)
    days = section.choices("days", WEEKDAYS) if section.has("days") else ()
    if dates and days:
        raise section.refuse("days", "days 与 dates 只写一个")
    shift = Shift(
        people=read_mails(section, "people"),
        deputies=read_mails(section, "deputies") if section.has("deputies") else (),
        hours=_read_hours(section, "hours") if section.has("hours") else ALL_DAY,
        weekdays=frozenset(WEEKDAYS.index(day) for day in days),
        dates=dates,
    )
    section.close()
    return shift


def _read_hours(section: Section, key: str) -> Hours:
    match = _HOURS.fullmatch(section.text(key))
    if match is None:
        raise section.refuse(key, "20:00-08:00 一类的时段")
    return Hours(time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4])))


def _read_dates(section: Section, text: str) -> tuple[date, date]:
    first, mark, last = text.partition("至")
    if len(text) not in {10, 21}:
        raise ReadError(section.where, section.key("dates"), text, _DATES)
    start = parse_time(first, section.where, section.key("dates")).date()
    end = parse_time(last, section.where, section.key("dates")).date() if mark else start
    if end < start:
        raise ReadError(section.where, section.key("dates"), text, _DATES)
    return start, end
