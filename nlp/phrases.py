"""Finding many phrases in one pass: what incident kinds and urgency have in common."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ahocorasick_rs

_DIGITS = "0123456789"
_SENTENCE_END = re.compile("[。！？!?；;\n]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase in a text: its number, where its longest part stands, and the sentence around it."""

    phrase: int
    start: int
    end: int
    sentence: tuple[int, int]


class PhraseFinder:
    """Finds phrases in a text by one automaton over the longest part of each.

    The parts of a phrase (`电梯 困`) must all stand in one sentence, in any order. Where `telling` is
    given, a text with none of the phrases it marks has no hits at all: 演练 alone says nothing.
    """

    def __init__(self, phrases: Sequence[str], telling: Sequence[bool] | None = None) -> None:
        self._parts = [sorted(phrase.split(), key=len, reverse=True) for phrase in phrases]
        self._anchors = [*dict.fromkeys(parts[0] for parts in self._parts)]
        numbers = {anchor: at for at, anchor in enumerate(self._anchors)}
        self._by_anchor: list[list[int]] = [[] for _ in self._anchors]
        for phrase, parts in enumerate(self._parts):
            self._by_anchor[numbers[parts[0]]].append(phrase)
        self._telling = [telling is None or any(telling[at] for at in group) for group in self._by_anchor]
        self._automaton = ahocorasick_rs.AhoCorasick(self._anchors)

    def find(self, text: str) -> list[Hit]:
        """Every phrase that stands in the text, by the place of its longest part; overlapping ones too."""
        matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        telling = self._telling
        return list(self._confirm(text, matches)) if any(telling[match[0]] for match in matches) else []

    def _confirm(self, text: str, matches: Iterable[tuple[int, int, int]]) -> Iterable[Hit]:
        bounds = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
        at = 0
        for anchor, start, end in sorted(matches, key=lambda match: match[1]):
            while bounds[at + 1] <= start and at + 2 < len(bounds):
                at += 1
            sentence = (bounds[at], max(bounds[at + 1], end))
            if _within_number(text, start, end):
                continue
            for phrase in self._by_anchor[anchor]:
                if all(text.find(part, *sentence) >= 0 for part in self._parts[phrase][1:]):
                    yield Hit(phrase, start, end, sentence)


def _within_number(text: str, start: int, end: int) -> bool:
    """119 in 11198 is no call for the fire brigade."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (text[start] in _DIGITS and before in _DIGITS and start > 0) or (
        text[end - 1] in _DIGITS and after in _DIGITS and after != ""
    )
