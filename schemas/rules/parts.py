"""The parts that conditions share: durations, levels, labels, urgencies, words and ladders."""

import re
from dataclasses import dataclass

from schemas.reading import Section
from schemas.records import Level
from schemas.taxonomy.labels import load_families
from schemas.taxonomy.patterns import match_patterns, read_patterns

EVERYWHERE = "everywhere"
LEVEL_NAMES = {level.name.lower(): level for level in Level}

_DURATION = re.compile(r"([1-9]\d{0,4})([hd])")


@dataclass(frozen=True, slots=True)
class Words:
    """What a text must say: any of `say` and none of `unless`; empty `say` asks for nothing.

    The parts of a phrase (`电梯 困`) must all stand in one sentence, in any order.
    """

    say: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


ANY_WORDS = Words()


@dataclass(frozen=True, slots=True)
class Rung:
    """From so many reports on, the level is this one."""

    reports: int
    level: Level


def read_hours(section: Section, key: str) -> int:
    """A duration such as `12h` or `7d`, in hours."""
    match = _DURATION.fullmatch(section.text(key))
    if match is None:
        raise section.refuse(key, "时长，如 12h 或 7d")
    return int(match[1]) * (24 if match[2] == "d" else 1)


def read_level(section: Section, key: str) -> Level:
    """A level by its colour."""
    return LEVEL_NAMES[section.choice(key, tuple(LEVEL_NAMES))]


def read_higher(section: Section, level: Level) -> Level:
    """The level of a rung, which lies above `level`."""
    higher = read_level(section, "level")
    if higher >= level:
        raise section.refuse("level", f"高于 {level.name.lower()} 的级别")
    return higher


def read_labels(section: Section) -> tuple[str, ...]:
    """The labels that `labels` names, less those under `except`."""
    found = match_patterns(read_patterns(section, "labels"))
    if section.has("except"):
        for label in match_patterns(read_patterns(section, "except")):
            found.pop(label, None)
    return tuple(found)


def read_one_label(section: Section) -> tuple[str, ...]:
    """The one label that warnings without a post are filed under."""
    labels = read_labels(section)
    if len(labels) != 1:
        raise section.refuse("labels", "恰好一个标签：预警归在它名下")
    return labels


def read_urgency(section: Section) -> tuple[str, ...]:
    """The urgencies that count; empty for all."""
    if not section.has("urgency"):
        return ()
    return section.choices("urgency", tuple(load_families()["urgency"].labels))


def read_words(section: Section) -> Words:
    """What the texts must say, `say` and `unless`; both may be missing."""
    return Words(
        say=section.texts("say", least=1) if section.has("say") else (),
        unless=section.texts("unless", least=1) if section.has("unless") else (),
    )


def read_rungs(section: Section, least: int, level: Level) -> tuple[Rung, ...]:
    """The ladder of a rule by reports, lowest rung first; empty where there is none."""
    rungs: list[Rung] = []
    for one in section.sections("ladder", least=1) if section.has("ladder") else ():
        least = one.whole("reports", least=least + 1)
        level = read_higher(one, level)
        rungs.append(Rung(least, level))
        one.close()
    return tuple(rungs)


def read_whole(section: Section, key: str, otherwise: int) -> int:
    """A whole number of one or more, or `otherwise` where the key is missing."""
    return section.whole(key, least=1) if section.has(key) else otherwise
