"""Finding the phrases of several questions in one pass: incident kinds, urgency, needs and emotion."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import ahocorasick_rs
import numpy as np

from nlp.batches import SEPARATOR, Finds, Flags, TextBatch, find_patterns, mark_characters
from nlp.knowledge import read_knowledge

_IS_DIGIT = mark_characters("0123456789")
_ENDS_SENTENCE = mark_characters(f"。！？!?；;\n{SEPARATOR}")
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
        # For each anchor: which sets it is of and which it speaks for, as bits; its phrases as set, number
        # and further parts.
        self._owners, self._told = (np.zeros(len(anchors), dtype=np.int64) for _ in range(2))
        self._phrases: list[list[tuple[int, int, list[str]]]] = [[] for _ in anchors]
        for owner, phrases in enumerate(sets):
            for phrase, (parts, tells) in enumerate(zip(phrases.parts, phrases.telling, strict=True)):
                at = anchors[parts[0]]
                self._owners[at] |= 1 << owner
                self._told[at] |= tells << owner
                self._phrases[at].append((owner, phrase, parts[1:]))
        self._none: tuple[list[Hit], ...] = tuple([] for _ in sets)
        # A table of states is larger than the default and a third faster.
        self._automaton = ahocorasick_rs.AhoCorasick(
            [*anchors], implementation=ahocorasick_rs.Implementation.DFA
        )

    def find(self, text: str) -> Sequence[Sequence[Hit]]:
        """For each set every phrase that stands in the text, by the place of its most telling part;
        overlapping ones too."""
        return self.find_batch(TextBatch.of([text]))[0]

    def find_batch(self, batch: TextBatch) -> Sequence[Sequence[Sequence[Hit]]]:
        """The same for each text of a batch."""
        anchors, told = self._find_anchors(batch)
        breaks = np.concatenate(([0], np.flatnonzero(_ENDS_SENTENCE[batch.codes]) + 1))
        at = np.searchsorted(breaks, anchors.start, side="right")
        sentences = ((breaks[at - 1] - anchors.offset).tolist(), (breaks[at] - anchors.offset).tolist())
        found: list[tuple[list[Hit], ...]] = [self._none] * len(batch.texts)
        for (text, anchor, start, end), begin, stop in zip(anchors.listed(), *sentences, strict=True):
            if found[text] is self._none:
                found[text] = tuple([] for _ in self._none)
            for owner, phrase, rest in self._phrases[anchor]:
                if told[text] >> owner & 1 and (
                    not rest or _all_in(batch.texts[text], rest, begin, max(stop, end))
                ):
                    found[text][owner].append(Hit(phrase, start, end, begin))
        return found

    def _find_anchors(self, batch: TextBatch) -> tuple[Finds, list[int]]:
        """The anchors of the sets that a text tells of, in order of their place, and for each text these
        sets as bits."""
        finds = find_patterns(self._automaton, batch, overlapping=True)
        told = np.zeros(len(batch.texts), dtype=np.int64)
        np.bitwise_or.at(told, finds.text, self._told[finds.pattern])
        meant = (told[finds.text] & self._owners[finds.pattern]) != 0
        finds = finds.pick(meant & ~_within_number(finds, batch))
        return finds.pick(np.argsort(finds.start, kind="stable")), told.tolist()


def _rank(part: str) -> tuple[bool, int]:
    """The part to look for comes first: the longest that is no everyday word."""
    return part in _COMMON, -len(part)


def _all_in(text: str, parts: Sequence[str], start: int, end: int) -> bool:
    return all(text.find(part, start, end) >= 0 for part in parts)


def _within_number(finds: Finds, batch: TextBatch) -> Flags:
    """119 in 11198 is no call for the fire brigade."""
    digit = _IS_DIGIT[batch.codes]
    start, end = finds.start, finds.end
    return (digit[start] & digit[start - 1]) | (digit[end - 1] & digit[end])
