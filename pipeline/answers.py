"""What the answer commands and the page share: times as people write them, and who gets what."""

from datetime import datetime, timedelta

from pipeline.jobs.silences import find_path
from pipeline.rooms import Knowledge
from schemas.errors import Where
from schemas.records import Level, Place
from schemas.taxonomy.duty import DutyGroup
from schemas.times import SHANGHAI, parse_time

_CLOCK = len("08:00")
_LEVELS = {Level.RED: "红", Level.ORANGE: "橙", Level.YELLOW: "黄", Level.BLUE: "蓝"}


def next_time(text: str, now: datetime) -> datetime:
    """The moment a text names; a clock time alone is the next such moment. Raises ReadError.

    >>> next_time("08:00", datetime(2026, 7, 9, 23, tzinfo=SHANGHAI)).isoformat()
    '2026-07-10T08:00:00+08:00'
    """
    where = Where("时间")
    if len(text) > _CLOCK:
        return parse_time(text, where, "--until")
    today = now.astimezone(SHANGHAI).date()
    moment = parse_time(f"{today} {text}", where, "--until")
    return moment if moment > now else moment + timedelta(days=1)


def duty_rows(knowledge: Knowledge, place: str, label: str, at: datetime) -> list[dict[str, object]]:
    """Who gets a warning of a label at a place, and who comes next. Raises ReadError for an unknown place."""
    path = find_path(knowledge.places, place)
    found = next(one for one in knowledge.places.places if knowledge.places.path(one.code) == path)
    group = knowledge.duty.route(Place(found.name, found.code, found.level, 1.0, path), label)
    rows = list[dict[str, object]]()
    why = f"{label} 在 {path} 由{group.zh}负责"
    while True:
        rows += _asked(group, at, why)
        above = knowledge.duty.parent(group)
        if above is None:
            return rows
        why, group = f"{group.zh}没有签收", above


def _asked(group: DutyGroup, at: datetime, why: str) -> list[dict[str, object]]:
    first, deputies = group.on_call(at), group.on_call_deputies(at)
    minutes = "、".join(f"{_LEVELS[level]} {group.acknowledge_minutes[level]} 分" for level in sorted(Level))
    night = _tell_night(group, at)
    return [
        _row(group.zh, first.people, f"{why}；{first.why}{night}", minutes),
        _row(f"{group.zh}副班", deputies.people, f"值班人没有签收；{deputies.why}", minutes),
    ]


def _tell_night(group: DutyGroup, at: datetime) -> str:
    if group.night is None:
        return ""
    waits = [_LEVELS[level] for level in sorted(group.night.levels) if group.night.until(level, at)]
    return f"；此时{'、'.join(waits)}色等到早上" if waits else ""


def _row(who: str, people: tuple[str, ...], why: str, minutes: str) -> dict[str, object]:
    return {"谁": who, "收件": "、".join(people), "为什么": why, "限时签收": minutes}
