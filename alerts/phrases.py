"""Which of several word lists a text speaks of, found by one automaton."""

import re
from collections import defaultdict
from collections.abc import Sequence

import ahocorasick_rs

from schemas.rules.parts import Words

_END = re.compile(r"[。！？!?；;\n]")


class WordsFinder:
    """Finds the word lists of all rules in one pass over a text.

    The parts of a phrase (`电梯 困`) must all stand in one sentence, in any order. The automaton looks for
    the longest part of each, which is the rarest.
    """

    def __init__(self, lists: Sequence[Words]) -> None:
        self._silent = frozenset(number for number, words in enumerate(lists) if not words.say)
        # Of every anchor: the lists it is of, whether it bars them, and the other parts of its phrase.
        self._phrases: defaultdict[str, list[tuple[int, bool, tuple[str, ...]]]] = defaultdict(list)
        for number, words in enumerate(lists):
            for phrases, bars in ((words.say, False), (words.unless, True)):
                for phrase in phrases:
                    anchor, *rest = sorted(phrase.split(), key=len, reverse=True)
                    self._phrases[anchor].append((number, bars, tuple(rest)))
        self._anchors = tuple(self._phrases)
        self._automaton = ahocorasick_rs.AhoCorasick(self._anchors)

    def find(self, text: str) -> frozenset[int]:
        """The numbers of the lists whose words a text says, less those with a word that bars them."""
        said, barred = set(self._silent), set[int]()
        for anchor, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            for number, bars, rest in self._phrases[self._anchors[anchor]]:
                if not rest or _all_beside(text, rest, start, end):
                    (barred if bars else said).add(number)
        return frozenset(said - barred)


def _all_beside(text: str, parts: Sequence[str], start: int, end: int) -> bool:
    """Whether all parts stand in the sentence around a place of the text."""
    if not all(part in text for part in parts):
        return False
    first = max((found.end() for found in _END.finditer(text, 0, start)), default=0)
    after = _END.search(text, end)
    last = len(text) if after is None else after.start()
    return all(text.find(part, first, last) >= 0 for part in parts)
