"""Which mode the house is in at a moment, by command, red warning or calendar, and what that changes."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.wording import full_time
from schemas.holidays import DayKind, day_kind, holiday_name
from schemas.modes import EVERYDAY, Mode, load_modes
from schemas.records import Alert
from schemas.rules.loader import Rule
from schemas.rules.parts import Rung
from schemas.rules.when import AllOf, AnyOf, Burst, Growth, Single, When
from schemas.rules.when_counts import Count, NewTerm, RumourSpreading, Shortage
from schemas.times import SHANGHAI

# What a command says to hand the choice back to calendar and warnings.
AUTO = "auto"


@dataclass(frozen=True, slots=True, order=True)
class Switch:
    """One change of mode from `at` on: until `until`, or until the next where it is None. `mode` is a mode's
    name, or `auto`: calendar and red warnings decide again."""

    at: datetime
    mode: str
    why: str
    until: datetime | None = None
    who: str = ""


@dataclass(frozen=True, slots=True)
class ModeState:
    """The mode at a moment, why, and until when where that is known."""

    mode: Mode
    why: str
    until: datetime | None = None

    def line(self) -> str:
        """One Chinese sentence: `应急模式，至 2026年7月9日 08:00：红色预警“…”。`"""
        until = "" if self.until is None else f"，至 {full_time(self.until)}"
        return f"{self.mode.zh}模式{until}：{self.why}。"


class ModeClock:
    """The modes and the switches between them; the same switches give the same mode at the same moment."""

    def __init__(self, switches: Iterable[Switch] = (), modes: Mapping[str, Mode] | None = None) -> None:
        self._modes = load_modes() if modes is None else modes
        self._switches = sorted(switches)
        self._on_red = next((mode for mode in self._modes.values() if mode.begins == "red_alert"), None)
        self._on_holiday = next((mode for mode in self._modes.values() if mode.begins == "holiday"), None)

    @property
    def modes(self) -> Mapping[str, Mode]:
        """All modes by name."""
        return self._modes

    @property
    def switches(self) -> tuple[Switch, ...]:
        """All switches in order of time."""
        return tuple(self._switches)

    def at(self, now: datetime) -> ModeState:
        """The mode at a moment: the latest switch that has not run out, else what the calendar says."""
        for switch in reversed(self._switches):
            if switch.at <= now and (switch.until is None or now < switch.until):
                if switch.mode == AUTO:
                    break
                return ModeState(self._modes[switch.mode], switch.why, switch.until)
        day = now.astimezone(SHANGHAI).date()
        if self._on_holiday is not None and day_kind(day) is DayKind.HOLIDAY:
            return ModeState(self._on_holiday, f"{holiday_name(day)}假期")
        return ModeState(self._modes[EVERYDAY], "没有假期，也没有应急响应")

    def note(self, alert: Alert) -> None:
        """Take a red warning into account: it begins the mode for that, or lengthens it."""
        for switch in switches_of(alert, self._on_red):
            if switch not in self._switches:
                self._switches = sorted([*self._switches, switch])


def switches_of(alert: Alert, mode: Mode | None) -> list[Switch]:
    """The switches that a warning's red revisions make, one for each."""
    if mode is None or mode.back_hours is None:
        return []
    length = timedelta(hours=mode.back_hours)
    return [
        Switch(step.at, mode.name, f"红色预警“{alert.title}”", step.at + length, "自动")
        for step in alert.history
        if step.what.startswith("第") and "红色" in step.what
    ]


def scale_rule(rule: Rule, mode: Mode) -> Rule:
    """The rule as it stands in a mode: its numbers and quiet hours multiplied, never below what says that it
    takes more than one. A fact, a sensor and a silence stand as they are."""
    quiet = replace(rule.quiet, hours=max(1, round(rule.quiet.hours * mode.quiet)))
    factor = mode.factor(rule.when.labels)
    when = rule.when if factor == 1.0 else scale_when(rule.when, factor)
    return replace(rule, when=when, quiet=quiet)


def scale_when(when: When, factor: float) -> When:
    """A condition with its numbers multiplied."""
    if isinstance(when, AllOf | AnyOf):
        return replace(when, parts=tuple(_scale(part, factor) for part in when.parts))
    return _scale(when, factor)


def _scale(when: Single, factor: float) -> Single:
    if isinstance(when, Burst):
        return replace(when, least=_times(when.least, factor))
    if isinstance(when, Growth):
        reports = _times(when.reports, factor)
        authors = min(when.authors, reports)
        return replace(when, reports=reports, authors=authors, ladder=_scale_rungs(when.ladder, factor))
    if isinstance(when, Count | Shortage | RumourSpreading):
        posts = _times(when.posts, factor)
        authors = min(when.authors, posts)
        return replace(when, posts=posts, authors=authors, ladder=_scale_rungs(when.ladder, factor))
    if isinstance(when, NewTerm):
        posts = _times(when.posts, factor)
        return replace(when, posts=posts, authors=min(when.authors, posts))
    return when


def _scale_rungs(rungs: tuple[Rung, ...], factor: float) -> tuple[Rung, ...]:
    return tuple(Rung(_times(rung.reports, factor), rung.level) for rung in rungs)


def _times(count: int, factor: float) -> int:
    return max(math.ceil(count * factor), min(count, 2))
