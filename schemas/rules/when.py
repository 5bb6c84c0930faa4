"""What makes a rule fire: a closed union of conditions and the strict reading of each kind."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.errors import ReadError
from schemas.reading import Section
from schemas.records import PLACE_LEVELS, Facts, Level
from schemas.taxonomy.labels import load_families
from schemas.taxonomy.patterns import match_patterns, read_patterns

EVERYWHERE = "everywhere"
LEVEL_NAMES = {level.name.lower(): level for level in Level}

_DURATION = re.compile(r"([1-9]\d{0,4})([hd])")


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
class Rung:
    """From so many reports on, the level is this one."""

    reports: int
    level: Level


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
    plain reports are enough, of vague ones it takes more.
    """

    labels: tuple[str, ...]
    reports: int
    window_hours: int
    authors: int = 1
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
    """Least numbers of persons; None where the number plays no part."""

    deaths: int | None = None
    injured: int | None = None
    missing: int | None = None
    trapped: int | None = None

    def reached(self, facts: Facts) -> bool:
        """Whether any of the numbers is reached (死亡 3 人 or 受伤 10 人); an unstated fact reaches none."""
        pairs = (
            (self.deaths, facts.deaths),
            (self.injured, facts.injured),
            (self.missing, facts.missing),
            (self.trapped, facts.trapped),
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


When = Burst | Growth | Fact


def read_when(section: Section, level: Level) -> When:
    """The condition under `when`. `level` is the rule's own; a ladder must begin above it.

    Raises ReadError with file, key, value and what is allowed.
    """
    read = _READERS[section.choice("kind", tuple(_READERS))]
    when = read(section, level)
    section.close()
    return when


def read_hours(section: Section, key: str) -> int:
    """A duration such as `12h` or `7d`, in hours."""
    match = _DURATION.fullmatch(section.text(key))
    if match is None:
        raise section.refuse(key, "时长，如 12h 或 7d")
    return int(match[1]) * (24 if match[2] == "d" else 1)


def read_level(section: Section, key: str) -> Level:
    """A level by its colour."""
    return LEVEL_NAMES[section.choice(key, tuple(LEVEL_NAMES))]


def _read_burst(section: Section, _level: Level) -> Burst:
    return Burst(
        labels=_read_labels(section),
        by=section.choices("by", (*PLACE_LEVELS, EVERYWHERE)),
        window_hours=read_hours(section, "window"),
        p=section.number("p", 1e-12, 0.1),
        least=section.whole("least", least=2),
        urgency=_read_urgency(section),
    )


def _read_growth(section: Section, level: Level) -> Growth:
    reports = section.whole("reports", least=1)
    rungs = section.sections("ladder", least=1) if section.has("ladder") else ()
    return Growth(
        labels=_read_labels(section),
        reports=reports,
        window_hours=read_hours(section, "window"),
        authors=section.whole("authors", least=1) if section.has("authors") else 1,
        budget=section.whole("budget", least=1) if section.has("budget") else None,
        together=section.number("together", 0.0, 1.0) if section.has("together") else 0.0,
        scattered=section.whole("scattered", least=0) if section.has("scattered") else 0,
        rise=section.number("rise", 1e-12, 0.5) if section.has("rise") else None,
        days=section.whole("days", least=1) if section.has("days") else 1,
        sure=section.number("sure", 0.0, 1.0) if section.has("sure") else 0.0,
        ladder=_read_rungs(rungs, reports, level),
        urgency=_read_urgency(section),
    )


def _read_fact(section: Section, level: Level) -> Fact:
    rungs = section.sections("ladder", least=1) if section.has("ladder") else ()
    return Fact(
        labels=_read_labels(section),
        least=_read_counts(section.section("least")),
        ladder=_read_fact_rungs(rungs, level),
        urgency=_read_urgency(section),
    )


_READERS: Mapping[str, Callable[[Section, Level], When]] = {
    "burst": _read_burst,
    "growth": _read_growth,
    "fact": _read_fact,
}


def kind_of(when: When) -> str:
    """The word under `kind` for a condition: `burst`, `growth` or `fact`."""
    return type(when).__name__.lower()


def _read_labels(section: Section) -> tuple[str, ...]:
    """The labels that `labels` names, less those under `except`."""
    found = match_patterns(read_patterns(section, "labels"))
    if section.has("except"):
        for label in match_patterns(read_patterns(section, "except")):
            found.pop(label, None)
    return tuple(found)


def _read_urgency(section: Section) -> tuple[str, ...]:
    if not section.has("urgency"):
        return ()
    return section.choices("urgency", tuple(load_families()["urgency"].labels))


def _read_rungs(sections: tuple[Section, ...], reports: int, level: Level) -> tuple[Rung, ...]:
    rungs: list[Rung] = []
    for section in sections:
        reports = section.whole("reports", least=reports + 1)
        level = _read_higher(section, level)
        rungs.append(Rung(reports, level))
        section.close()
    return tuple(rungs)


def _read_fact_rungs(sections: tuple[Section, ...], level: Level) -> tuple[FactRung, ...]:
    rungs: list[FactRung] = []
    for section in sections:
        level = _read_higher(section, level)
        rungs.append(FactRung(_read_counts(section, "level"), level))
    return tuple(rungs)


def _read_higher(section: Section, level: Level) -> Level:
    higher = read_level(section, "level")
    if higher >= level:
        raise section.refuse("level", f"高于 {level.name.lower()} 的级别")
    return higher


def _read_counts(section: Section, *known: str) -> Counts:
    """The numbers beside the keys already known; at least one of them stands there."""
    names = ("deaths", "injured", "missing", "trapped")
    found = {name: section.whole(name, least=1) for name in names if section.has(name)}
    if not found:
        raise ReadError(section.where, section.path, section.names(), f"至少有 {'、'.join(names)} 之一")
    for name in known:
        section.has(name)
    section.close()
    return Counts(**found)
