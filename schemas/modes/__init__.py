"""How the house runs: everyday, holiday, emergency (平战结合), one YAML file each."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from pathlib import Path
from types import MappingProxyType

from schemas.errors import ReadError, Where
from schemas.reading import Section, read_yaml
from schemas.records import Level
from schemas.rules.parts import LEVEL_NAMES, read_hours
from schemas.taxonomy.patterns import match_patterns, read_patterns

MODES = Path(__file__).parent
EVERYDAY = "everyday"
BEGINNINGS = ("otherwise", "holiday", "red_alert")

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Threshold:
    """The numbers of the rules that speak of these labels alone are multiplied by `factor`."""

    labels: frozenset[str]
    factor: float


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode. `begins` is when it begins by itself: `holiday` on public holidays, `red_alert` with a red
    warning and for `back_hours` after it, `otherwise` when no other does.

    `quiet` is the factor on the hours a rule keeps quiet; `collect_minutes` how often sources are asked;
    `digests` the times of day (Asia/Shanghai) of the digest; `up` the levels whose warnings go at once to the
    group above the one that answers.
    """

    name: str
    zh: str
    why: str
    begins: str
    back_hours: int | None
    thresholds: tuple[Threshold, ...]
    quiet: float
    collect_minutes: int
    digests: tuple[time, ...]
    up: tuple[Level, ...]

    def factor(self, labels: Collection[str]) -> float:
        """What the numbers of a rule of these labels are multiplied by."""
        for threshold in self.thresholds:
            if threshold.labels.issuperset(labels):
                return threshold.factor
        return 1.0


@cache
def load_modes(folder: Path = MODES) -> Mapping[str, Mode]:
    """The modes of a folder by name. Raises ReadError with file, key, value and what is allowed; also where
    not exactly one mode begins `otherwise`, as the others need one to go back to."""
    modes = {path.stem: _load_mode(path) for path in sorted(folder.glob("*.yml"))}
    bases = [mode.name for mode in modes.values() if mode.begins == "otherwise"]
    if bases != [EVERYDAY]:
        raise ReadError(Where(str(folder)), "begins", bases, f"恰好 {EVERYDAY} 一个模式写 otherwise")
    return MappingProxyType(modes)


def _load_mode(path: Path) -> Mode:
    top = read_yaml(path)
    begins = top.choice("begins", BEGINNINGS)
    mode = Mode(
        name=path.stem,
        zh=top.text("zh"),
        why=top.text("why"),
        begins=begins,
        back_hours=read_hours(top, "back") if begins == "red_alert" else None,
        thresholds=tuple(_read_threshold(one) for one in top.sections("thresholds"))
        if top.has("thresholds")
        else (),
        quiet=top.number("quiet", 0.1, 10.0),
        collect_minutes=top.whole("collect", least=1),
        digests=tuple(_read_clock(top, clock) for clock in top.texts("digests", least=1)),
        up=tuple(LEVEL_NAMES[name] for name in top.choices("up", LEVEL_NAMES)) if top.has("up") else (),
    )
    top.close()
    return mode


def _read_threshold(section: Section) -> Threshold:
    labels = frozenset(match_patterns(read_patterns(section, "labels")))
    threshold = Threshold(labels, section.number("factor", 0.1, 10.0))
    section.close()
    return threshold


def _read_clock(top: Section, clock: str) -> time:
    if not _CLOCK.fullmatch(clock):
        raise ReadError(top.where, "digests", clock, "时刻，如 08:30")
    return time.fromisoformat(clock)
