"""How long units take to answer hotline tickets, and what they have not answered within the limit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median

from stores.database.answer_times import WorkTimes

ALL, UNNAMED = "全部", "（未写明）"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UnitTimes:
    """The answer times of one unit. `median_hours` and `p90_hours` are of the answered tickets, None where
    there is none: half of them and nine of ten took no longer. `open` are those on which somebody still has
    to act, answered once or not; `over` counts those past their own time limit, or older than the common one
    where they name none; `oldest_hours` is the age of the oldest open."""

    unit: str
    tickets: int
    answered: int
    median_hours: float | None
    p90_hours: float | None
    open: int
    over: int
    oldest_hours: float | None

    def row(self) -> dict[str, object]:
        """For the terminal."""
        return {
            "承办单位": self.unit,
            "工单": self.tickets,
            "已答复": self.answered,
            "中位": shown_hours(self.median_hours),
            "九成在": shown_hours(self.p90_hours),
            "在办": self.open,
            "超时在办": self.over,
            "最久": shown_hours(self.oldest_hours),
        }


def measure_units(work: Iterable[WorkTimes], *, now: datetime, limit: timedelta) -> list[UnitTimes]:
    """The answer times of every unit, those with most overdue tickets first, and of all units at the end.

    A ticket whose answer is dated before it came in is counted as answered, in no time.
    """
    by_unit: dict[str, list[WorkTimes]] = {}
    for one in work:
        by_unit.setdefault(one.unit or UNNAMED, []).append(one)
    units = [_measure(unit, found, now, limit) for unit, found in by_unit.items()]
    units.sort(key=lambda unit: (-unit.over, -unit.open, -unit.tickets, unit.unit))
    everything = [one for found in by_unit.values() for one in found]
    return [*units, _measure(ALL, everything, now, limit)] if units else []


def shown_hours(hours: float | None) -> str:
    """A length of time for people.

    >>> shown_hours(0.4), shown_hours(30.0), shown_hours(240.0), shown_hours(None)
    ('24 分钟', '30.0 小时', '10.0 天', '')
    """
    if hours is None:
        return ""
    if hours < 1:
        return f"{round(hours * 60)} 分钟"
    return f"{hours:.1f} 小时" if hours < 48 else f"{hours / 24:.1f} 天"


def _measure(unit: str, work: Sequence[WorkTimes], now: datetime, limit: timedelta) -> UnitTimes:
    answered = [one.answered_at - one.submitted for one in work if one.answered_at is not None]
    took = sorted(max(length / _HOUR, 0.0) for length in answered)
    waiting = [one for one in work if one.is_open]
    return UnitTimes(
        unit,
        tickets=len(work),
        answered=len(took),
        median_hours=round(median(took), 2) if took else None,
        p90_hours=round(took[ceil(0.9 * len(took)) - 1], 2) if took else None,
        open=len(waiting),
        over=sum(now > (one.due or one.submitted + limit) for one in waiting),
        oldest_hours=round(max((now - one.submitted) / _HOUR for one in waiting), 2) if waiting else None,
    )
