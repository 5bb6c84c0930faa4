"""Inhibit: one matter, one warning. What a standing warning explains joins it and gets no mail of its own."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.findings import Finding
from alerts.path import Held, PathContext
from alerts.standing import TAKEN, read_measures, write_measures
from alerts.wording import level_zh
from schemas.records import PLACE_LEVELS, Alert, AlertState, Level, Place, Step
from schemas.rules.kin import Kin

JOINED = "并入"
CLEARED = "解除"
_GROUP = "group="
_PROVINCES, _CITIES = ("省", "自治区"), ("市", "州", "盟", "地区")
# `并入：牧野区：一片地方缺吃缺药缺物资（4 件，牧野区）`
_JOINED_AT = re.compile(r"（\d+ 件，(.+)）$")


def find_host(
    finding: Finding, route: str, own: Alert | None, standing: Iterable[Alert], kin: Kin, now: datetime
) -> Alert | None:
    """The standing warning that a finding belongs to: of the same or an enclosing place, or a part of it, and
    of a kindred label. The gravest, then the first; None where there is none, or where its own comes first.
    """
    hosts = [one for one in standing if one.group != finding.group and _fits(finding, route, one, kin, now)]
    if own is not None:
        hosts = [one for one in hosts if _rank(one) < _rank(own)]
    return min(hosts, key=_rank, default=None)


def _rank(alert: Alert) -> tuple[Level, datetime, str]:
    return alert.level, alert.history[0].at, alert.id


def _fits(finding: Finding, route: str, host: Alert, kin: Kin, now: datetime) -> bool:
    if now - host.raised_at > timedelta(hours=kin.active_hours):
        return False
    if host.route == route and kin.follows(finding.rule.name, finding.label, host.label):
        return _covers(host, finding.place) or _is_province_of(host.place, finding.place)
    if not kin.alike(finding.label, host.label):
        return False
    if host.route == route and {finding.label, host.label} <= kin.spread:
        return _covers(host, finding.place)
    if finding.place is None or host.place is None:
        return finding.place is host.place and finding.label.startswith("incident.")
    if finding.label == host.label and finding.label.startswith("complaint."):
        return False
    return _encloses(host.place, finding.place) or _encloses(finding.place, host.place)


def _covers(host: Alert, place: Place | None) -> bool:
    """Whether a place lies in the city of a warning or of one that went into it; what is known of it by no
    more than the province may."""
    if place is None or host.place is None or _is_province_of(place, host.place):
        return True
    return _city(place.path or place.name) in {_city(host.place.path or host.place.name), *_taken_over(host)}


def _taken_over(host: Alert) -> Iterator[str]:
    """The cities of the warnings that went into this one."""
    for step in host.history:
        token = step.note.rpartition(" ")[2]
        if token.startswith(TAKEN):
            yield _city(token.removeprefix(TAKEN))


def _is_province_of(outer: Place | None, inner: Place | None) -> bool:
    """Whether one is known by its province only and the other lies there."""
    if outer is None or inner is None or outer.level != "province":
        return False
    return (inner.path or inner.name).startswith(f"{outer.path or outer.name}/")


def _city(path: str) -> str:
    """The path of the city; of a place of which only the province is known, that.

    A path may leave levels out (河南省/郑州市/京广隧道), so the steps are told by what they end with.
    """
    steps = path.split("/")
    if not steps[0].endswith(_PROVINCES):
        return steps[0]
    return "/".join(steps[:2]) if len(steps) > 1 and steps[1].endswith(_CITIES) else steps[0]


def _encloses(outer: Place, inner: Place) -> bool:
    """Whether one place is the other, or holds it and is no larger than a street; a district is too wide."""
    outer_path, inner_path = outer.path or outer.name, inner.path or inner.name
    if outer_path == inner_path:
        return True
    is_small = PLACE_LEVELS.index(outer.level) >= PLACE_LEVELS.index("street")
    return is_small and inner_path.startswith(f"{outer_path}/")


def join_step(finding: Finding, measures: Mapping[str, int], now: datetime) -> Step:
    """The entry of the history that says what has joined a warning."""
    note = f"{_GROUP}{finding.group} {write_measures(measures)}"
    where = "" if finding.place is None else f"，{finding.place.name}"
    return Step(now, f"{JOINED}：{finding.title}（{measures.get('reports', 0)} 件{where}）", note)


def joined_places(history: Iterable[Step]) -> tuple[str, ...]:
    """The names of the places of what has joined, each once, in the order they came."""
    found = (_JOINED_AT.search(step.what) for step in history if step.what.startswith(JOINED))
    return tuple(dict.fromkeys(one[1] for one in found if one is not None))


def joined_measures(alert: Alert, group: str) -> dict[str, int] | None:
    """What was last measured of a matter that has joined a warning; None where it has not."""
    for step in reversed(alert.history):
        if step.what.startswith(JOINED) and step.note.startswith(f"{_GROUP}{group} "):
            return read_measures(step.note.partition(" ")[2])
    return None


def joined_groups(alert: Alert) -> tuple[str, ...]:
    """The matters that have joined a warning, each once."""
    notes = [step.note for step in alert.history if step.what.startswith(JOINED)]
    return tuple(dict.fromkeys(note.partition(" ")[0].removeprefix(_GROUP) for note in notes))


def takeover_revision(own: Alert, other: Alert, measures: Mapping[str, int], now: datetime) -> Alert:
    """The other's next revision: it goes on for the place of a warning whose event went into its event."""
    where = "" if own.place is None else f"，{own.place.name}"
    path = "" if own.place is None else f" {TAKEN}{(own.place.path or own.place.name).replace(' ', '')}"
    note = f"{_GROUP}{own.group} {write_measures(measures)}{path}"
    step = Step(now, f"{JOINED}：{own.title}（{measures.get('reports', 0)} 件{where}）", note)
    return replace(other, revision=other.revision + 1, raised_at=now, history=(*other.history, step))


def merged_warning(own: Alert, other: Alert, now: datetime) -> Alert:
    """The last revision of a warning whose event went into one that has a warning of its own."""
    return replace(
        own,
        revision=own.revision + 1,
        state=AlertState.CLOSED,
        reason=f"{JOINED}：与“{other.title}”是同一件事，两份预警合为一份，由后者（{level_zh(other.level)}）接着办。",
        raised_at=now,
        history=(*own.history, Step(now, f"{JOINED}“{other.title}”的预警", f"{_GROUP}{other.group} ")),
    )


def hold_quiet(alerts: Iterable[Alert], _context: PathContext) -> tuple[list[Alert], list[Held]]:
    """Hold back revisions that only tell what has joined, and the all-clear of a yellow or blue warning."""
    going, held = list[Alert](), list[Held]()
    for alert in alerts:
        last = alert.history[-1].what if alert.history else ""
        if last.startswith(JOINED):
            held.append(Held(alert, f"与已发预警是同一件事，{last}，记入经过，不另行发信"))
        elif alert.state == AlertState.CLOSED and alert.level > Level.ORANGE:
            held.append(Held(alert, "黄色、蓝色预警的解除只记入经过，不发信"))
        else:
            going.append(alert)
    return going, held
