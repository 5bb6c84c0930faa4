"""`silence`: a source, a label of one, or a station, that is ordinarily busy brings nothing for hours."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile

from alerts.findings import Finding, Tick
from alerts.sources import SourceBook
from alerts.stations import Stations
from alerts.wording import day_and_time, duration, station_zh
from schemas.records import Alert, Reading
from schemas.rules.loader import Rule
from schemas.rules.when_clock import Silence
from schemas.sensors import load_quantities
from schemas.taxonomy.labels import label_zh

PREFIX = "silence"
# Sources have names of letters and numbers: none begins like this.
_STATION = "station:"


def find_at_tick(rule: Rule, tick: Tick) -> list[Finding]:
    """One finding for every source, label of one or station that is silent and was busy in all stretches."""
    when = rule.when
    if not isinstance(when, Silence):
        return []
    if when.subject == "station":
        return list(_silent_stations(rule, when, tick))
    by_label = when.subject == "label"
    found: list[Finding] = []
    for source, label, last in tick.sources.silent(tick.now, when.for_hours, by_label=by_label):
        stretches = tick.sources.like_stretches(source, label, tick.now, when.for_hours)
        # A quiet stretch settles it: most sources and labels need no further look.
        busy = list(takewhile(lambda count: count >= when.least, islice(stretches, when.stretches)))
        if len(busy) == when.stretches:
            found.append(_tell(rule, when, source, label, last, busy))
    return found


def _silent_stations(rule: Rule, when: Silence, tick: Tick) -> Iterator[Finding]:
    for last in tick.stations.silent(tick.now, when.for_hours):
        counts = tick.stations.stretches(last.station, last.quantity, when.for_hours)
        busy = list(takewhile(lambda count: count >= when.least, islice(counts, when.stretches)))
        if len(busy) == when.stretches:
            yield _tell_station(rule, when, last, tick.now, busy)


def spoke_again(alert: Alert, sources: SourceBook, stations: Stations) -> datetime | None:
    """When the silent source or station of a warning spoke again; None where it has not."""
    _, source, label = alert.group.split("|", 2)
    if source.startswith(_STATION):
        reading = stations.last(label, source.removeprefix(_STATION))
        last = None if reading is None else reading.at
    else:
        last = sources.last(source, label)
    return last if last is not None and last > alert.history[0].at else None


def is_station(alert: Alert) -> bool:
    """Whether the warning is of a station that is silent, and not of a source."""
    return alert.group.startswith(f"{PREFIX}|{_STATION}")


def _tell_station(rule: Rule, when: Silence, last: Reading, now: datetime, before: list[int]) -> Finding:
    quantity = load_quantities()[last.quantity]
    hours = int((now - last.at) / timedelta(hours=1))
    reason = (
        f"{station_zh(last.station, last.place)}的{quantity.zh}已 {duration(hours)}没有读数，最近一次在 "
        f"{day_and_time(last.at)}，为 {last.value:g} {last.unit}；此前每 {duration(when.for_hours)}各有 "
        f"{'、'.join(str(count) for count in before)} 次。这段时间它的阈值规则不会响。"
    )
    return Finding(
        rule=rule,
        group=f"{PREFIX}|{_STATION}{last.quantity}|{last.station}",
        level=rule.level,
        reason=reason,
        post_ids=(),
        measures={},
        title=f"{last.station}的{quantity.zh}传感器没有读数",
        label=when.labels[0],
        place=last.place,
        event_id=None,
        rumour=0.0,
    )


def _tell(rule: Rule, when: Silence, source: str, label: str, last: datetime, before: list[int]) -> Finding:
    what = f"来源“{source}”" + (f"的“{label_zh(label)}”类信息" if label else "")
    usual = "、".join(str(count) for count in before)
    reason = (
        f"{what}已 {duration(when.for_hours)}没有新内容（最近一条在 {day_and_time(last)}）；"
        f"此前同类日子的同一时段各有 {usual} 条。"
    )
    return Finding(
        rule=rule,
        group=f"{PREFIX}|{source}|{label}",
        level=rule.level,
        reason=reason,
        post_ids=(),
        measures={},
        title=f"{what}{duration(when.for_hours)}没有声音",
        label=when.labels[0],
        place=None,
        event_id=None,
        rumour=0.0,
    )
