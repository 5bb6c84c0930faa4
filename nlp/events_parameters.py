"""The numbers of the event clustering, read from nlp/knowledge/events.yml."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from schemas.reading import Section, read_yaml


@dataclass(frozen=True, slots=True)
class TermParameters:
    """How many words stand for a post and for an event, and how they are weighed."""

    a_post: int
    looked_up: int
    an_event: int
    events_a_term: int
    candidates: int
    title_weight: float
    name_weight: float
    least_idf: float


@dataclass(frozen=True, slots=True)
class MatchParameters:
    """What speaks for and against a post belonging to an event; `least` is the score from which it does."""

    least: float
    waiting: float
    same_name: float
    other_name: float
    other_home: float
    same_road: float
    other_district: float
    same_label: float
    same_title: float


@dataclass(frozen=True, slots=True)
class MergeParameters:
    """When two events turn out to be one: `near` is how far below joining a post may lie that speaks of
    both, `least` the score of the two from which they merge."""

    near: float
    least: float


@dataclass(frozen=True, slots=True)
class EventParameters:
    """All numbers of the event clustering. Days count from an event's last post."""

    active_days: int
    vocabulary_days: int
    titles_before: int
    terms: TermParameters
    match: MatchParameters
    merge: MergeParameters
    names_alike: float
    bands: int
    twins_alike: float
    title_length: int
    keywords: int


def _read_terms(section: Section) -> TermParameters:
    names = ("a_post", "looked_up", "an_event", "events_a_term", "candidates")
    counts = {name: section.whole(name, 1) for name in names}
    terms = TermParameters(
        **counts,
        title_weight=section.number("title_weight", 1, 10),
        name_weight=section.number("name_weight", 0, 1),
        least_idf=section.number("least_idf", 0, 10),
    )
    section.close()
    return terms


def _read_match(section: Section) -> MatchParameters:
    names = (
        "least",
        "waiting",
        "same_name",
        "other_name",
        "other_home",
        "same_road",
        "other_district",
        "same_label",
        "same_title",
    )
    match = MatchParameters(**{name: section.number(name, 0, 1) for name in names})
    section.close()
    return match


def _read_merge(section: Section) -> MergeParameters:
    merge = MergeParameters(near=section.number("near", 0, 1), least=section.number("least", 0, 2))
    section.close()
    return merge


def _read_ratio(section: Section) -> float:
    ratio = section.number("alike", 0, 1)
    section.close()
    return ratio


def _default_path() -> Path:
    return Path(str(files("nlp") / "knowledge" / "events.yml"))


@cache
def load_event_parameters(path: Path | None = None) -> EventParameters:
    """The parameters in `path`, the shipped ones where None. Raises ReadError where a value does not fit."""
    top = read_yaml(path or _default_path())
    twins = top.section("twins")
    parameters = EventParameters(
        active_days=top.whole("active_days", 1),
        vocabulary_days=top.whole("vocabulary_days", 1),
        titles_before=top.whole("titles_before", 1),
        terms=_read_terms(top.section("terms")),
        match=_read_match(top.section("match")),
        merge=_read_merge(top.section("merge")),
        names_alike=_read_ratio(top.section("names")),
        bands=twins.whole("bands", 1),
        twins_alike=_read_ratio(twins),
        title_length=top.whole("title_length", 10),
        keywords=top.whole("keywords", 1),
    )
    top.close()
    return parameters
