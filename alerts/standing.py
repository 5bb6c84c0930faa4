"""The warnings that stand: when a new finding is worth a new revision, and which rules are to keep quiet."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from alerts.findings import Finding
from alerts.wording import level_zh
from schemas.records import PLACE_LEVELS, Alert, Level
from schemas.rules.loader import Rule

LOWERED = "下调"
_BY = "by:"
# Whose place a warning has taken over with its event: `at:河南省/新乡市`.
TAKEN = "at:"
# What a warning that a station raised is about; one that it is silent has another.
_STATION = "station|"
_SILENCE = "silence|"
_DRIFT = "drift|"
_PERSONS = ("deaths", "injured", "missing", "trapped")


def make_alert_id(group: str, raised_at: datetime) -> str:
    """The id of the one warning about a matter at any level; a matter that comes back gets a new one."""
    return sha256(f"alert:{group}:{raised_at.isoformat()}".encode()).hexdigest()[:24]


def write_measures(measures: Mapping[str, int], support: Mapping[str, Level] | None = None) -> str:
    """What a revision measured and which rules hold which level, as its history keeps it:
    `reports=4 deaths=1 by:growth_event=3`."""
    numbers = [f"{name}={count}" for name, count in sorted(measures.items())]
    return " ".join(
        [*numbers, *(f"{_BY}{rule}={int(level)}" for rule, level in sorted((support or {}).items()))]
    )


def read_measures(note: str) -> dict[str, int]:
    """The numbers that `write_measures` wrote."""
    pairs = (part.partition("=") for part in note.split() if not part.startswith((_BY, TAKEN)))
    return {name: int(count) for name, _, count in pairs}


def last_measures(alert: Alert) -> dict[str, int]:
    """What the latest revision of a warning measured."""
    return read_measures(_last_note(alert))


def last_support(alert: Alert) -> dict[str, Level]:
    """Which rules hold which level of a warning."""
    pairs = (
        part.removeprefix(_BY).partition("=") for part in _last_note(alert).split() if part.startswith(_BY)
    )
    return {rule: Level(int(level)) for rule, _, level in pairs}


def _last_note(alert: Alert) -> str:
    return next((step.note for step in reversed(alert.history) if step.what.startswith("第")), "")


def has_changed(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Whether a warning is worth telling again at the same level: twice the reports, more casualties, or the
    first word that it is not true.

    Of many injured or trapped only a rise by half counts, else a growing number would be told at every step.
    """
    reports = before.get("reports", 0)
    if after.get("reports", 0) >= max(2 * reports, reports + 3):
        return True
    if after.get("rebuttals", 0) and not before.get("rebuttals", 0):
        return True
    return any(_has_risen(before.get(name, 0), after.get(name, 0)) for name in _PERSONS)


def _has_risen(before: int, after: int) -> bool:
    return after > before and (before < 10 or after >= 1.5 * before)


def is_measured(alert: Alert) -> bool:
    """Whether a warning is about the readings of a station."""
    return alert.group.startswith(_STATION)


def is_silence(alert: Alert) -> bool:
    """Whether a warning is about a source or a station that brings nothing."""
    return alert.group.startswith(_SILENCE)


def is_drift(alert: Alert) -> bool:
    """Whether a warning is about how collecting from a source goes, not about anything that happened."""
    return alert.group.startswith(_DRIFT)


def station_of(alert: Alert) -> str:
    """The station whose readings a warning is about."""
    return alert.group.split("|", 2)[2]


class Quieted:
    """Which rules keep quiet about what, until when. A higher level speaks up all the same."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, ...], tuple[datetime, Level]] = {}

    def mute(self, finding: Finding, at: datetime) -> None:
        """A rule has spoken: it keeps quiet about the same for the hours it asks for."""
        rule = finding.rule
        self._until[_same(finding)] = (at + timedelta(hours=rule.quiet.hours), finding.level)

    def is_quiet(self, finding: Finding, now: datetime) -> bool:
        """Whether the rule has said so already."""
        until, level = self._until.get(_same(finding), (now, finding.level))
        return now < until and finding.level >= level

    def restore(self, alert: Alert, rules: Mapping[str, Rule]) -> None:
        """Take up what a saved warning's rule had said. A rule that is gone keeps nothing quiet."""
        rule = rules.get(alert.rule)
        if rule is None:
            return
        key = (rule.name, *(_value(name, alert.group, alert) for name in rule.quiet.same))
        told = _last_raised(alert) if is_measured(alert) else None
        at, level = told or (alert.raised_at, alert.level)
        self._until[key] = (at + timedelta(hours=rule.quiet.hours), level)

    def forget(self, now: datetime) -> None:
        """Drop what is over."""
        self._until = {key: (until, level) for key, (until, level) in self._until.items() if until > now}


def _last_raised(alert: Alert) -> tuple[datetime, Level] | None:
    """When a warning was last raised or rose, and to which level; being lowered or over is not that."""
    lowered = {step.at for step in alert.history if step.what.startswith(LOWERED)}
    for step in reversed(alert.history):
        if step.what.startswith("第") and step.at not in lowered:
            return step.at, next(level for level in Level if step.what.endswith(level_zh(level)))
    return None


def _same(finding: Finding) -> tuple[str, ...]:
    rule = finding.rule
    return (rule.name, *(_value(name, finding.group, finding) for name in rule.quiet.same))


def _value(name: str, group: str, what: Finding | Alert) -> str:
    if name == "event":
        return group
    if name == "label":
        return what.label
    place = what.place
    if place is None:
        return group
    if name == "place":
        return place.path or place.name
    return _step_at(place.path or place.name, place.level, name) or group


def _step_at(path: str, own: str, level: str) -> str:
    """The path down to a level, its steps standing for consecutive levels from its own upwards."""
    steps = path.split("/")
    above = PLACE_LEVELS.index(own) - PLACE_LEVELS.index(level)
    return "/".join(steps[: len(steps) - above]) if 0 <= above < len(steps) else ""
