"""`sensor`: readings of a station in a row at or beyond a threshold."""

from alerts.findings import Finding, Measured, Moment
from alerts.wording import day_and_time
from schemas.records import Level, Place, Reading
from schemas.rules.loader import Rule
from schemas.rules.when_clock import Sensor

PREFIX = "station"
# How far a reading speaks for: a station and a post of one district tell of one thing.
_REACH = "district"


def find_in_reading(rule: Rule, measured: Measured) -> list[Finding]:
    """One finding when the station is beyond the rule's threshold."""
    when, reading = rule.when, measured.reading
    if not isinstance(when, Sensor) or reading.quantity != when.quantity.name:
        return []
    if when.stations and reading.station not in when.stations:
        return []
    run = measured.stations.beyond(when, reading.station, measured.now)
    return [_tell(rule, when, run)] if run else []


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """As part of a combined rule: the stations beyond the threshold in the district of the post."""
    when = rule.when
    if not isinstance(when, Sensor):
        return []
    district = _district(moment.event.place)
    runs = (moment.stations.beyond(when, station, moment.now) for station in moment.stations.stations(when))
    near = (run for run in runs if run and district is not None and _district(run[-1].place) == district)
    return [_tell(rule, when, run) for run in near]


def level_of(rule: Rule, when: Sensor, run: tuple[Reading, ...]) -> Level:
    """The highest rung that the last readings all reach, as many as the rule asks for."""
    last = run[-when.readings :]
    rungs = (rung for rung in when.ladder if all(when.reaches(one.value, rung.value) for one in last))
    return min((rung.level for rung in rungs), default=rule.level)


def _district(place: Place | None) -> str | None:
    """The path down to the district; None where it is not known."""
    if place is None or not place.path:
        return None
    return "/".join(place.path.split("/")[:2])


def _tell(rule: Rule, when: Sensor, run: tuple[Reading, ...]) -> Finding:
    first, last = run[0], run[-1]
    unit, limit = when.quantity.unit, when.above if when.below is None else when.below
    turn = "达到或超过" if when.below is None else "降到或低于"
    reason = (
        f"{last.station}{when.quantity.zh}自 {day_and_time(first.at)} 起{turn} {limit:g} {unit}，"
        f"最近 {day_and_time(last.at)} 为 {last.value:g} {unit}，共 {len(run)} 次读数。"
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
