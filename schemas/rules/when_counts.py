"""Conditions that count posts: at a place, of needs, of a rumour, of a word never heard before."""

from dataclasses import dataclass

from schemas.errors import ReadError
from schemas.reading import Section
from schemas.records import PLACE_LEVELS, Level
from schemas.rules.parts import (
    ANY_WORDS,
    EVERYWHERE,
    Rung,
    Words,
    read_hours,
    read_labels,
    read_rungs,
    read_urgency,
    read_whole,
    read_words,
)
from schemas.taxonomy.places import FIRM_KINDS

NEEDS = "needs."


@dataclass(frozen=True, slots=True)
class Count:
    """`posts` distinct texts of `authors` different people name one place within the window.

    `by` are the place levels that are counted, the finest that is reached is told; `kinds` asks for firms of
    these kinds (school, care) and leaves `by` the level `firm`. `words` narrows the labels to one topic.
    `days` is how many different days the posts must be of; `ladder` raises the level with the posts.
    """

    labels: tuple[str, ...]
    by: tuple[str, ...]
    window_hours: int
    posts: int
    authors: int = 1
    words: Words = ANY_WORDS
    kinds: tuple[str, ...] = ()
    days: int = 1
    urgency: tuple[str, ...] = ()
    ladder: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True)
class Shortage:
    """`posts` distinct texts of `authors` people tell one of the needs at one place within the window.

    `labels` are labels of the family `needs`; with `together` every one of them must be told of. `goods` are
    the things that may be short, so that the warning can say which.
    """

    labels: tuple[str, ...]
    by: tuple[str, ...]
    window_hours: int
    posts: int
    authors: int
    goods: tuple[str, ...]
    together: bool = False
    ladder: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True)
class RumourSpreading:
    """An event that looks like a rumour, or has been denied, and spreads.

    `probability` is the least mean rumour probability of its texts; `posts`, `authors` and `attention`
    (likes, reposts and comments together) are counted within the window, `rebuttals` are posts that deny it.
    `needing` is the share of posts that ask for help or offer it from which on it is a matter of those in
    need, however alike a rumour they write (1: never).
    Such a warning goes to its own group beside the incident's and never raises that.
    """

    labels: tuple[str, ...]
    window_hours: int
    probability: float
    posts: int
    authors: int
    attention: int = 0
    rebuttals: int = 0
    needing: float = 1.0
    words: Words = ANY_WORDS
    ladder: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True)
class NewTerm:
    """A word that nobody used at the place for `new_days` days, in posts of whatever label, and that
    `authors` people use in `posts` distinct texts of these labels within the window."""

    labels: tuple[str, ...]
    by: tuple[str, ...]
    window_hours: int
    new_days: int
    posts: int
    authors: int
    words: Words = ANY_WORDS


# Those that keep a count of their own.
Counted = Count | Shortage | NewTerm


def read_count(section: Section, level: Level) -> Count:
    """A condition of the kind `count`."""
    posts = section.whole("posts", least=1)
    kinds = section.choices("kinds", FIRM_KINDS) if section.has("kinds") else ()
    by = ("firm",) if kinds else section.choices("by", (*PLACE_LEVELS, EVERYWHERE))
    return Count(
        labels=read_labels(section),
        by=by,
        window_hours=read_hours(section, "window"),
        posts=posts,
        authors=read_whole(section, "authors", 1),
        words=read_words(section),
        kinds=kinds,
        days=read_whole(section, "days", 1),
        urgency=read_urgency(section),
        ladder=read_rungs(section, posts, level),
    )


def read_shortage(section: Section, level: Level) -> Shortage:
    """A condition of the kind `shortage`."""
    posts = section.whole("posts", least=1)
    labels = read_labels(section)
    if not all(label.startswith(NEEDS) for label in labels):
        raise ReadError(section.where, section.key("labels"), labels, "needs 族的标签")
    return Shortage(
        labels=labels,
        by=section.choices("by", (*PLACE_LEVELS, EVERYWHERE)),
        window_hours=read_hours(section, "window"),
        posts=posts,
        authors=section.whole("authors", least=1),
        goods=section.texts("goods", least=1),
        together=section.has("together") and section.choice("together", ("true", "false")) == "true",
        ladder=read_rungs(section, posts, level),
    )


def read_rumour_spreading(section: Section, level: Level) -> RumourSpreading:
    """A condition of the kind `rumour_spreading`."""
    posts = section.whole("posts", least=1)
    return RumourSpreading(
        labels=read_labels(section),
        window_hours=read_hours(section, "window"),
        probability=section.number("probability", 0.0, 1.0),
        posts=posts,
        authors=section.whole("authors", least=1),
        attention=read_whole(section, "attention", 0),
        rebuttals=read_whole(section, "rebuttals", 0),
        needing=section.number("needing", 0.0, 1.0) if section.has("needing") else 1.0,
        words=read_words(section),
        ladder=read_rungs(section, posts, level),
    )


def read_new_term(section: Section, _level: Level) -> NewTerm:
    """A condition of the kind `new_term`."""
    return NewTerm(
        labels=read_labels(section),
        by=section.choices("by", (*PLACE_LEVELS, EVERYWHERE)),
        window_hours=read_hours(section, "window"),
        new_days=read_hours(section, "new") // 24,
        posts=section.whole("posts", least=1),
        authors=section.whole("authors", least=1),
        words=read_words(section),
    )
