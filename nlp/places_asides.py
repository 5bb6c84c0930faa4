"""Divisions named only because somebody speaks, reports or comes from there; nothing happened there."""

import re

from nlp.knowledge import read_knowledge
from nlp.places_names import Candidate

_KNOWN = read_knowledge("places")


def _either(key: str) -> str:
    return "|".join(sorted(_KNOWN.texts(key, 1), key=len, reverse=True))


# 云南省|地震局: the speaker. 长沙市|政府门口: a place all the same. 江苏籍, 江苏人: a person.
_ASIDE = re.compile(
    f"(?:{_either('agency_words')})(?!{_either('at_agency')})|籍|人(?![民大流气数群员口行])(?=[，,。；、）)]|$)"
)
_ORIGIN_BEFORE = _KNOWN.texts("origin_words", 1)


def drop_asides(text: str, divisions: list[Candidate], named: list[Candidate]) -> list[Candidate]:
    """The divisions without those told in passing, unless they say more than all the others.

    An agency's, a paper's or a person's place stays where the text has no other, and where it lies in another
    one and nothing else does: 广西翻车，记者从南丹县宣传部门获悉.
    """
    if len(divisions) + len(named) < 2:
        return divisions
    asides = _find_asides(text, divisions)
    kept = [place for place in divisions if place not in asides] if asides else divisions
    others = [*kept, *named]
    if not asides or not others:
        return divisions
    return [place for place in divisions if place not in asides or _says_more(place, kept, others)]


def _find_asides(text: str, divisions: list[Candidate]) -> list[Candidate]:
    """From the last to the first: 安徽省合肥市|交警部门 makes both."""
    found: list[Candidate] = []
    passed = -1
    for place in reversed(divisions):
        start, end = place.start, place.end
        if end == passed or _ASIDE.match(text, end) or text.endswith(_ORIGIN_BEFORE, 0, start):
            found.append(place)
            passed = start
    return found


def _says_more(place: Candidate, kept: list[Candidate], others: list[Candidate]) -> bool:
    inside = any(place.path.startswith(f"{other.path}/") for other in kept)
    return inside and not any(other.path.startswith(f"{place.path}/") for other in others)
