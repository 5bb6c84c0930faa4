"""Finding the phrases of several questions in one pass: incident kinds, urgency, needs and emotion."""

import re
from collections.abc import Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

import ahocorasick_rs

from nlp.knowledge import read_knowledge

_DIGITS = frozenset("0123456789")
_SENTENCE_END = re.compile("[。！？!?；;\n]")
_START = itemgetter(1)
_KNOWN = read_knowledge("phrases")
_COMMON = frozenset(_KNOWN.texts("common", 1))
_KNOWN.close()


class Hit(NamedTuple):
    """A phrase in a text: its number, where its most telling part stands, and where the sentence around it
    begins."""

    phrase: int
    start: int
    end: int
    sentence: int


class PhraseSet:
    """The phrases of one question.

    The parts of a phrase (`电梯 困`) must all stand in one sentence, in any order. Where `telling` is
    given, a text with none of the phrases it marks has no hits at all: 演练 alone says nothing.
    """

    def __init__(self, phrases: Sequence[str], telling: Sequence[bool] | None = None) -> None:
        self.parts = [sorted(phrase.split(), key=_rank) for phrase in phrases]
        self.telling = [True] * len(phrases) if telling is None else [*telling]

    def find(self, text: str) -> Sequence[Hit]:
        """The hits of this set alone; PhraseFinder finds those of several at the price of one."""
        return self._alone.find(text)[0]

    @cached_property
    def _alone(self) -> "PhraseFinder":
        return PhraseFinder([self])


class PhraseFinder:
    """Finds the phrases of several sets by one automaton over the most telling part of each."""

    def __init__(self, sets: Sequence[PhraseSet]) -> None:
        telling = [parts[0] for phrases in sets for parts in phrases.parts]
        anchors = {anchor: at for at, anchor in enumerate(dict.fromkeys(telling))}
        # For each anchor: which sets it is of and which it speaks for, as bits; whether it is a number; its
        # phrases as set, number and further parts.
        self._owners, self._told = [0] * len(anchors), [0] * len(anchors)
        self._numeric = [anchor[0] in _DIGITS or anchor[-1] in _DIGITS for anchor in anchors]
        self._phrases: list[list[tuple[int, int, list[str]]]] = [[] for _ in anchors]
        for owner, phrases in enumerate(sets):
            for phrase, (parts, tells) in enumerate(zip(phrases.parts, phrases.telling, strict=True)):
                at = anchors[parts[0]]
                self._owners[at] |= 1 << owner
                self._told[at] |= tells << owner
                self._phrases[at].append((owner, phrase, parts[1:]))
        self._none: tuple[Sequence[Hit], ...] = ((),) * len(sets)
        # A table of states is larger than the default and a third faster.
        self._automaton = ahocorasick_rs.AhoCorasick(
            [*anchors], implementation=ahocorasick_rs.Implementation.DFA
        )

    def find(self, text: str) -> Sequence[Sequence[Hit]]:
        """For each set every phrase that stands in the text, by the place of its most telling part;
        overlapping ones too."""
        matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        told, by_anchor = 0, self._told
        for match in matches:
            told |= by_anchor[match[0]]
        return self._confirm(text, sorted(matches, key=_START), told) if told else self._none

    def _confirm(
        self, text: str, matches: Sequence[tuple[int, int, int]], told: int
    ) -> Sequence[Sequence[Hit]]:
        hits: list[list[Hit]] = [[] for _ in self._none]
        bounds = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
        at, last = 0, len(bounds) - 2
        for anchor, start, end in matches:
            if not told & self._owners[anchor] or (
                self._numeric[anchor] and _within_number(text, start, end)
            ):
                continue
            while bounds[at + 1] <= start and at < last:
                at += 1
            for owner, phrase, rest in self._phrases[anchor]:
                if told >> owner & 1 and (
                    not rest or _all_in(text, rest, bounds[at], max(bounds[at + 1], end))
                ):
                    hits[owner].append(Hit(phrase, start, end, bounds[at]))
        return hits


def _rank(part: str) -> tuple[bool, int]:
    """The part to look for comes first: the longest that is no everyday word."""
    return part in _COMMON, -len(part)


def _all_in(text: str, parts: Sequence[str], start: int, end: int) -> bool:
    return all(text.find(part, start, end) >= 0 for part in parts)


def _within_number(text: str, start: int, end: int) -> bool:
    """119 in 11198 is no call for the fire brigade."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (text[start] in _DIGITS and before in _DIGITS) or (text[end - 1] in _DIGITS and after in _DIGITS)
