"""When a warning falls: facts corrected, the matter ebbs, a sensor is back, a silent source speaks again.

A level is held for the hours of its rule before it falls, and what has fallen rises again only by news
(突发事件应对法 第七十条: 预警级别适时调整).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.books import Books, Seen, last_seen
from alerts.conditions import drift, sensor, silence
from alerts.path.inhibit import joined_groups
from alerts.revisions import level_since, told_at
from alerts.standing import last_support
from alerts.stations import STALE
from alerts.wording import casualties, day_and_time, duration
from schemas.records import Alert, Facts, Level
from schemas.rules.loader import Rule
from schemas.rules.when import Fact, parts_of
from schemas.rules.when_clock import Sensor
from schemas.rules.when_drift import Drift

# A corrected number must have stood so long: the next post may state the old one again.
FACTS_HOLD = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Fall:
    """What becomes of a warning: a lower level, or None where it is over; and why, in words."""

    level: Level | None
    why: str
    support: Mapping[str, Level]


def find_fall(alert: Alert, rule: Rule, books: Books, now: datetime) -> Fall | None:
    """How a standing warning falls at this moment; None where it stays as it is."""
    if alert.group.startswith(f"{silence.PREFIX}|"):
        return _speaks_again(alert, books)
    if alert.group.startswith(f"{drift.PREFIX}|"):
        return _is_steady(alert, rule, books, now)
    if alert.group.startswith(f"{sensor.PREFIX}|"):
        return _is_back(alert, rule, books, now)
    told = told_at(alert)
    events = (alert.group, alert.event_id, *joined_groups(alert))
    last = max(told, last_seen(books.seen, events, told))
    if now - last >= timedelta(hours=rule.over_hours):
        return Fall(None, f"{duration(rule.over_hours)}没有新的反映", {})
    return _corrected(alert, rule, books.seen, now) or _ebbs(alert, rule, last, now)


def _corrected(alert: Alert, rule: Rule, seen: Mapping[str, Seen], now: datetime) -> Fall | None:
    """The facts that made the level are stated no more: what other rules hold decides."""
    facts = [part for part in parts_of(rule.when) if isinstance(part, Fact)]
    event = seen.get(alert.event_id or "")
    if not facts or event is None or now - event.facts_since < FACTS_HOLD:
        return None
    support = last_support(alert)
    own = _fact_level(rule, facts, event.facts)
    others = {name: level for name, level in support.items() if name != rule.name}
    level = min([*others.values(), *([] if own is None else [own])], default=Level.BLUE)
    if level <= alert.level:
        return None
    said = casualties(event.facts) or "没有伤亡"
    return Fall(level, f"伤亡数字已更正，现为{said}", others if own is None else others | {rule.name: own})


def _fact_level(rule: Rule, whens: list[Fact], facts: Facts) -> Level | None:
    """The level that facts reach by a rule; None where they do not reach its least."""
    if not any(when.least.reached(facts) for when in whens):
        return None
    rungs = (rung.level for when in whens for rung in when.ladder if rung.counts.reached(facts))
    return min(rungs, default=rule.level)


def _ebbs(alert: Alert, rule: Rule, last: datetime, now: datetime) -> Fall | None:
    """Nobody has written for the hours of the rule: one level down, not below what the rule begins with."""
    if rule.ease_hours is None or alert.level >= rule.level:
        return None
    hold = timedelta(hours=rule.ease_hours)
    if now - last < hold or now - level_since(alert) < hold:
        return None
    level = Level(alert.level + 1)
    why = f"{duration(rule.ease_hours)}没有新的反映（最近一条在 {day_and_time(last)}）"
    return Fall(level, why, {name: max(level, own) for name, own in last_support(alert).items()})


def _speaks_again(alert: Alert, books: Books) -> Fall | None:
    at = silence.spoke_again(alert, books.sources, books.stations)
    what = "传感器" if silence.is_station(alert) else "来源"
    return None if at is None else Fall(None, f"{what}在 {day_and_time(at)} 恢复", {})


def _is_steady(alert: Alert, rule: Rule, books: Books, now: datetime) -> Fall | None:
    steady = isinstance(rule.when, Drift) and drift.steady_again(alert, rule.when, books.health, now)
    return Fall(None, "最近一整天与此前相比已无异常", {}) if steady else None


def _is_back(alert: Alert, rule: Rule, books: Books, now: datetime) -> Fall | None:
    """A station that is no longer beyond the threshold ends the warning; a lower rung lowers it."""
    _, quantity, station = alert.group.split("|", 2)
    whens = [
        part for part in parts_of(rule.when) if isinstance(part, Sensor) and part.quantity.name == quantity
    ]
    last = books.stations.last(station, quantity)
    if not whens or last is None:
        return None
    run = books.stations.beyond(whens[0], station, now)
    value = f"{station}{whens[0].quantity.zh}最近 {day_and_time(last.at)} 为 {last.value:g} {last.unit}"
    if not run:
        return Fall(None, f"{value}，{'一天没有读数' if now - last.at > STALE else '已回到阈值以内'}", {})
    level = sensor.level_of(rule, whens[0], run)
    held = rule.ease_hours is None or now - level_since(alert) >= timedelta(hours=rule.ease_hours)
    return Fall(level, value, {rule.name: level}) if level > alert.level and held else None
