"""The official calendar: which days are worked in China, by the yearly notices of 国务院办公厅 on holidays.

The notices come from the library chinesecalendar (2004 to the last one published). A year without a notice
yet has only its weekends, and `is_published` says so: no holiday is guessed.
"""

from datetime import date
from enum import StrEnum

from chinese_calendar.constants import Holiday, holidays, workdays

_FIRST, _LAST = int(min(holidays).year), int(max(holidays).year)
_SATURDAY = 5
NAMES = {holiday.value: holiday.chinese for holiday in Holiday}


class DayKind(StrEnum):
    """What a day is to an office: worked, a weekend, or a public holiday with the days moved to it."""

    WORK = "work"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


def is_published(year: int) -> bool:
    """Whether the holidays of a year are known."""
    return _FIRST <= year <= _LAST


def day_kind(day: date) -> DayKind:
    """What kind of day it is; a Saturday that is worked for a holiday (调休) is a working day.

    >>> day_kind(date(2026, 2, 17)), day_kind(date(2026, 2, 14))
    (<DayKind.HOLIDAY: 'holiday'>, <DayKind.WORK: 'work'>)
    """
    if day in holidays:
        return DayKind.HOLIDAY
    if day in workdays:
        return DayKind.WORK
    return DayKind.WEEKEND if day.weekday() >= _SATURDAY else DayKind.WORK


def is_free(day: date) -> bool:
    """Whether offices are closed."""
    return day_kind(day) is not DayKind.WORK


def holiday_name(day: date) -> str | None:
    """The Chinese name of the public holiday a day belongs to; None for any other day.

    >>> holiday_name(date(2026, 10, 1))
    '国庆节'
    """
    return NAMES[holidays[day]] if day in holidays else None
