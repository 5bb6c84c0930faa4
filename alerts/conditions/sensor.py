"""`sensor`: readings of a station in a row at or beyond a threshold."""

from datetime import timedelta

from alerts.findings import Finding, Measured, Moment
from alerts.stations import Stations
from alerts.wording import day_and_time, station_zh
from schemas.records import Level, Place, Reading
from schemas.rules.loader import Rule
from schemas.rules.when_clock import Sensor, SensorRung

PREFIX = "station"
# How far a reading speaks for: a station and a post of one district tell of one thing.
_REACH = "district"
_TREND = timedelta(hours=6)


def find_in_reading(rule: Rule, measured: Measured) -> list[Finding]:
    """One finding when the station is beyond the rule's threshold."""
    when, reading = rule.when, measured.reading
    if not isinstance(when, Sensor) or reading.quantity != when.quantity.name:
        return []
    if when.stations and reading.station not in when.stations:
        return []
    run = measured.stations.beyond(when, reading.station, measured.now)
    return [_tell(rule, when, run, measured.stations)] if run else []


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """As part of a combined rule: the stations beyond the threshold in the district of the post."""
    when = rule.when
    if not isinstance(when, Sensor):
        return []
    district = _district(moment.event.place)
    runs = (moment.stations.beyond(when, station, moment.now) for station in moment.stations.stations(when))
    near = (run for run in runs if run and district is not None and _district(run[-1].place) == district)
    return [_tell(rule, when, run, moment.stations) for run in near]


def level_of(rule: Rule, when: Sensor, run: tuple[Reading, ...]) -> Level:
    """The highest rung that the last readings all reach, as many as the rule asks for."""
    rung = _rung(when, run)
    return rule.level if rung is None else rung.level


def _rung(when: Sensor, run: tuple[Reading, ...]) -> SensorRung | None:
    last = run[-when.readings :]
    rungs = (rung for rung in when.ladder if all(when.reaches(one.value, rung.value) for one in last))
    return min(rungs, key=lambda rung: rung.level, default=None)


def _district(place: Place | None) -> str | None:
    """The path down to the district; None where it is not known."""
    if place is None or not place.path:
        return None
    return "/".join(place.path.split("/")[:2])


def _tell(rule: Rule, when: Sensor, run: tuple[Reading, ...], stations: Stations) -> Finding:
    first, last = run[0], run[-1]
    unit, limit = when.quantity.unit, when.above if when.below is None else when.below
    turn = "达到或超过" if when.below is None else "降到或低于"
    rung = _rung(when, run)
    now = f"最近 {day_and_time(last.at)} 为 {last.value:g} {unit}"
    if rung is not None:
        now += f"，已{turn}{rung.called} {rung.value:g} {unit}"
    reason = (
        f"{station_zh(last.station, last.place)}{when.quantity.zh}自 {day_and_time(first.at)} 起"
        f"{turn}{when.called} {limit:g} {unit}，{now}，共 {len(run)} 次读数{_trend(last, stations)}。"
    )
    return Finding(
        rule=rule,
        group=f"{PREFIX}|{when.quantity.name}|{last.station}",
        level=level_of(rule, when, run),
        reason=reason,
        post_ids=(),
        measures={"readings": len(run)},
        title=f"{last.station}{when.quantity.zh} {last.value:g} {unit}",
        label=when.labels[0],
        place=last.place,
        event_id=None,
        rumour=0.0,
    )


def _trend(last: Reading, stations: Stations) -> str:
    """How the value went in the hours before; nothing where there is nothing to compare it with."""
    before = stations.since(last.station, last.quantity, last.at - _TREND)
    first = before[0] if before else last
    hours = (last.at - first.at) / timedelta(hours=1)
    if hours < 1 / 60:
        return ""
    # Differences of decimal fractions: no more digits than a value has.
    change = round(last.value - first.value, 6)
    how = "没有变化" if not change else f"{'升' if change > 0 else '降'} {abs(change):g} {last.unit}"
    span = f"{hours:.0f} 小时" if hours >= 1 else f"{hours * 60:.0f} 分钟"
    peak = max(before, key=lambda one: one.value)
    told = f"；近 {span}由 {first.value:g} 到 {last.value:g} {last.unit}，{how}"
    return told + (f"，其间最高 {peak.value:g}" if peak.value > max(first.value, last.value) else "")
