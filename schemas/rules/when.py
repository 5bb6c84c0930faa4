"""What makes a rule fire: a closed union of conditions and the strict reading of each kind."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from schemas.errors import ReadError
from schemas.reading import Section
from schemas.records import PLACE_LEVELS, Facts, Level
from schemas.rules.parts import (
    EVERYWHERE,
    Rung,
    read_higher,
    read_hours,
    read_labels,
    read_rungs,
    read_urgency,
    read_whole,
)
from schemas.rules.when_clock import Sensor, Silence, read_sensor, read_silence
from schemas.rules.when_counts import (
    Count,
    NewTerm,
    RumourSpreading,
    Shortage,
    read_count,
    read_new_term,
    read_rumour_spreading,
    read_shortage,
)
from schemas.rules.when_drift import Drift, read_drift

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Burst:
    """More posts of a label at a place within the window than its own history lets expect.

    `labels` are full labels, one series each; `by` the place levels that are counted (`everywhere`: all
    places as one); `p` the largest tail probability that still counts as a burst; `least` the smallest count
    that does. `urgency` names the urgencies of the posts counted, empty for all.
    """

    labels: tuple[str, ...]
    by: tuple[str, ...]
    window_hours: int
    p: float
    least: int
    urgency: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Growth:
    """One event gathers `reports` distinct texts of `authors` different authors within the window. A text
    that somebody else sends too counts twice, however many pass it on.

    `ladder` raises the level with the reports, lowest rung first; below it the level of the rule holds.
    `urgency` names the urgencies of the event that count, empty for all. `budget` is how many events a week
    may grow so large and still be told: where more do, it takes more reports (None: no such limit).
    `together` is the share of the posts that must name one place; an event without one is told only where in
    the weeks before at most `scattered` such events a week grew so large (0: never). `rise` is the largest
    probability of so many reports by the event's own rate before the window (None: not asked): what comes
    every week at the same pace grows no more. `days` is how many different days the reports must be of.
    `sure` asks that the text core is so sure of an incident, times `reports`, in the posts together: two
    plain reports are enough, of vague ones it takes more. `authors_most` leaves out what more people than
    that write of (None: no such limit).
    """

    labels: tuple[str, ...]
    reports: int
    window_hours: int
    authors: int = 1
    authors_most: int | None = None
    budget: int | None = None
    together: float = 0.0
    scattered: int = 0
    rise: float | None = None
    days: int = 1
    sure: float = 0.0
    ladder: tuple[Rung, ...] = ()
    urgency: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Least numbers of persons, and of yuan lost; None where the number plays no part."""

    deaths: int | None = None
    injured: int | None = None
    missing: int | None = None
    trapped: int | None = None
    affected: int | None = None
    money: int | None = None

    def reached(self, facts: Facts) -> bool:
        """Whether any of the numbers is reached (死亡 3 人 or 受伤 10 人); an unstated fact reaches none."""
        pairs = (
            (self.deaths, facts.deaths),
            (self.injured, facts.injured),
            (self.missing, facts.missing),
            (self.trapped, facts.trapped),
            (self.affected, facts.affected),
            (self.money, facts.money),
        )
        return any(least is not None and found is not None and found >= least for least, found in pairs)


@dataclass(frozen=True, slots=True)
class FactRung:
    """Where any of the numbers is reached, the level is this one."""

    counts: Counts
    level: Level


@dataclass(frozen=True, slots=True)
class Fact:
    """The facts of one event reach any of `least`. `ladder` raises the level, lowest rung first."""

    labels: tuple[str, ...]
    least: Counts
    ladder: tuple[FactRung, ...] = ()
    urgency: tuple[str, ...] = ()


Single = Burst | Growth | Fact | Count | NewTerm | RumourSpreading | Shortage | Silence | Sensor | Drift


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds at once, for one event or one place. A sensor's part holds while its station is over
    its threshold; the warning is about what the first part is about."""

    parts: tuple[Single, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all parts."""
        return _join_labels(self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of the parts holds."""

    parts: tuple[Single, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all parts."""
        return _join_labels(self.parts)


When = Single | AllOf | AnyOf


def _join_labels(parts: tuple[Single, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for part in parts for label in part.labels))


def parts_of(when: When) -> tuple[Single, ...]:
    """The single conditions of one: its parts, or itself."""
    return when.parts if isinstance(when, AllOf | AnyOf) else (when,)


def read_when(section: Section, level: Level) -> When:
    """The condition under `when`: one `kind`, or a list of them under `all` or `any`. `level` is the rule's
    own; a ladder must begin above it.

    Raises ReadError with file, key, value and what is allowed.
    """
    if section.has("all"):
        return _read_all(section, level)
    if section.has("any"):
        parts = tuple(_read_single(part, level) for part in section.sections("any", least=2))
        section.close()
        return AnyOf(parts)
    return _read_single(section, level)


def _read_all(section: Section, level: Level) -> AllOf:
    sections = section.sections("all", least=2)
    parts = tuple(_read_single(part, level) for part in sections)
    for one, part in zip(sections, parts, strict=True):
        if isinstance(part, Silence | Drift):
            raise one.refuse("kind", "不是 silence、drift：没有声音时没有信息可以同时成立")
    if isinstance(parts[0], Sensor):
        raise sections[0].refuse("kind", "第一个条件说的是信息，不是 sensor")
    section.close()
    return AllOf(parts)


def _read_single(section: Section, level: Level) -> Single:
    read = _READERS[section.choice("kind", tuple(_READERS))]
    when = read(section, level)
    section.close()
    return when


def rungs_of(when: When) -> Iterator[Level]:
    """The levels that the ladders of a condition can raise a rule to."""
    for part in parts_of(when):
        if not isinstance(part, Burst | NewTerm | Silence | Drift):
            yield from (rung.level for rung in part.ladder)


def look_back(when: When) -> int:
    """Hours of posts that a condition asks about; 24 where it asks for none."""
    kinds = (Burst, Growth, Count, NewTerm, RumourSpreading, Shortage)
    return max(part.window_hours if isinstance(part, kinds) else 24 for part in parts_of(when))


def _read_burst(section: Section, _level: Level) -> Burst:
    return Burst(
        labels=read_labels(section),
        by=section.choices("by", (*PLACE_LEVELS, EVERYWHERE)),
        window_hours=read_hours(section, "window"),
        p=section.number("p", 1e-12, 0.1),
        least=section.whole("least", least=2),
        urgency=read_urgency(section),
    )


def _read_growth(section: Section, level: Level) -> Growth:
    reports = section.whole("reports", least=1)
    return Growth(
        labels=read_labels(section),
        reports=reports,
        window_hours=read_hours(section, "window"),
        authors=read_whole(section, "authors", 1),
        authors_most=section.whole("authors_most", least=1) if section.has("authors_most") else None,
        budget=section.whole("budget", least=1) if section.has("budget") else None,
        together=section.number("together", 0.0, 1.0) if section.has("together") else 0.0,
        scattered=section.whole("scattered", least=0) if section.has("scattered") else 0,
        rise=section.number("rise", 1e-12, 0.5) if section.has("rise") else None,
        days=read_whole(section, "days", 1),
        sure=section.number("sure", 0.0, 1.0) if section.has("sure") else 0.0,
        ladder=read_rungs(section, reports, level),
        urgency=read_urgency(section),
    )


def _read_fact(section: Section, level: Level) -> Fact:
    rungs = section.sections("ladder", least=1) if section.has("ladder") else ()
    return Fact(
        labels=read_labels(section),
        least=_read_counts(section.section("least")),
        ladder=_read_fact_rungs(rungs, level),
        urgency=read_urgency(section),
    )


_READERS: Mapping[str, Callable[[Section, Level], Single]] = {
    "burst": _read_burst,
    "growth": _read_growth,
    "fact": _read_fact,
    "count": read_count,
    "new_term": read_new_term,
    "rumour_spreading": read_rumour_spreading,
    "shortage": read_shortage,
    "silence": read_silence,
    "sensor": read_sensor,
    "drift": read_drift,
}


def kind_of(when: When) -> str:
    """The word for a condition, with which the names of its rules begin: `burst`, `new_term`, `all_of`."""
    return _kind_name(type(when).__name__)


@cache
def _kind_name(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()


def _read_fact_rungs(sections: tuple[Section, ...], level: Level) -> tuple[FactRung, ...]:
    rungs: list[FactRung] = []
    for section in sections:
        level = read_higher(section, level)
        rungs.append(FactRung(_read_counts(section, "level"), level))
    return tuple(rungs)


def _read_counts(section: Section, *known: str) -> Counts:
    """The numbers beside the keys already known; at least one of them stands there."""
    names = ("deaths", "injured", "missing", "trapped", "affected", "money")
    found = {name: section.whole(name, least=1) for name in names if section.has(name)}
    if not found:
        raise ReadError(section.where, section.path, section.names(), f"至少有 {'、'.join(names)} 之一")
    for name in known:
        section.has(name)
    section.close()
    return Counts(**found)
