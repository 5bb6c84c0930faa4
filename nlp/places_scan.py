"""The names and suffixes of places in a batch of texts: one automaton's finds, sifted as arrays."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import ahocorasick_rs
import numpy as np
import rjieba

from nlp.batches import Finds, Flags, Numbers, TextBatch, find_patterns, mark_characters
from nlp.places_names import AFTER_SHORT, NOT_AFTER_SHORT, Hit, Meaning
from nlp.places_patterns import (
    AFTER_WEAK,
    BOUNDARY_CHARS,
    NUMBERED_ROADS,
    PLAIN_WORDS,
    SHORTEST_STEM,
    SUFFIXES,
    WEAK,
    Suffix,
)

# 新华社北京5月12日电: where the report was written, not where it happened.
_DATELINE = re.compile(
    r"[\d一二三四五六七八九十]{1,3}月[\d一二三四五六七八九十]{1,3}日(?:[^，。\n]{0,4}?[电讯]|消息|信息)"
)
_NUMERALS = frozenset("0123456789一二三四五六七八九十")
_HAN = frozenset(map(chr, range(ord("一"), ord("鿿") + 1)))

# What the character before or behind a name tells.
_IS_NUMERAL = mark_characters("".join(_NUMERALS))
_MAY_EXTEND = mark_characters("".join(NOT_AFTER_SHORT))
_IS_LETTER = mark_characters("".join(filter(str.isalnum, map(chr, range(128)))))
_IS_GROUND = mark_characters("场")
_IS_MOUTH = mark_characters("口")
_ENDS_STEM = ~mark_characters("".join(_HAN - BOUNDARY_CHARS))
_JOINS_WEAK = mark_characters("".join(_HAN - AFTER_WEAK))


class Scanned(NamedTuple):
    """A text with its names and their meanings, the suffixes that could end a name, and for each of its
    places 1 where a word ends, 0 elsewhere."""

    text: str
    hits: list[Hit]
    suffixes: list[Suffix]
    ends: bytes


class NameScanner:
    """One automaton over all names and suffixes, so that a text is read once."""

    def __init__(self, meanings: Mapping[str, tuple[Meaning, ...]]) -> None:
        words = [*dict.fromkeys((*meanings, *SUFFIXES, *PLAIN_WORDS))]
        self._meaning_of = [meanings.get(word, ()) for word in words]
        firsts = [found[0] if found else None for found in self._meaning_of]
        self._is_name = _mark(first is not None for first in firsts)
        self._is_short = _mark(first is not None and first.short for first in firsts)
        self._is_uncoded = _mark(first is not None and first.code is None for first in firsts)
        self._needs_word = _mark(first is not None and _needs_word(first) for first in firsts)
        self._is_suffix = _mark(word in SUFFIXES for word in words)
        self._is_weak = _mark(word in WEAK for word in words)
        self._is_numbered = _mark(word in NUMBERED_ROADS for word in words)
        self._automaton = ahocorasick_rs.AhoCorasick(
            words, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def scan(self, batch: TextBatch, ends: Flags) -> list[Scanned]:
        """The names and suffixes of each text of a batch; `ends` is True where a word ends."""
        found = find_patterns(self._automaton, batch)
        marks = ends.tobytes()
        scanned = [
            Scanned(text, [], [], marks[start : start + len(text) + 1])
            for start, text in zip(batch.starts.tolist(), batch.texts, strict=True)
        ]
        is_name = self._sift_names(found, batch, ends)
        suffixes, reach = self._sift_suffixes(found.pick(~is_name), batch, ends, scanned)
        for text, pattern, start, end in found.pick(is_name).listed():
            scanned[text].hits.append(Hit(start, end, self._meaning_of[pattern]))
        for (text, _, start, end), first in zip(suffixes.listed(), reach.tolist(), strict=True):
            scanned[text].suffixes.append(Suffix(start, end, first))
        return scanned

    def _sift_names(self, found: Finds, batch: TextBatch, ends: Flags) -> Flags:
        """Which finds are names that may stand where they do."""
        pattern, start, end, _, offset = found
        before, after = batch.codes[start - 1], batch.codes[end]
        may = self._is_name[pattern]
        doubtful = may & (
            _IS_NUMERAL[after]
            | (self._is_short[pattern] & _MAY_EXTEND[after])
            | (self._is_uncoded[pattern] & (_IS_LETTER[before] | _IS_GROUND[after]))
        )
        may[doubtful] = [
            _may_stand(batch.texts[text], begin, stop, self._meaning_of[at][0])
            for text, at, begin, stop in found.pick(doubtful).listed()
        ]
        stands = may & (~self._needs_word[pattern] | ends[start] | (start == offset))
        return _follow(stands, may[1:] & (start[1:] == end[:-1]))

    def _sift_suffixes(
        self, found: Finds, batch: TextBatch, ends: Flags, scanned: Sequence[Scanned]
    ) -> tuple[Finds, Numbers]:
        """The suffixes that could end a name, and where in its text each one's name may begin at most."""
        breaks = np.concatenate(([-1], np.flatnonzero(_ENDS_STEM[batch.codes])))
        reach = breaks[np.searchsorted(breaks, found.start) - 1] + 1
        after = batch.codes[found.end]
        could = (
            self._is_suffix[found.pattern]
            & ((found.start - reach >= SHORTEST_STEM) | self._is_numbered[found.pattern])
            & ~(self._is_weak[found.pattern] & _JOINS_WEAK[after])
            & (ends[found.end] | ends[found.start] | _IS_MOUTH[after])
        )
        inside = could & ~ends[found.end] & ~_IS_MOUTH[after]
        could[inside] = [
            _begins_unknown_word(scanned[text], begin, end)
            for text, _, begin, end in found.pick(inside).listed()
        ]
        return found.pick(could), (reach - found.offset)[could]


def _mark(flags: Iterable[bool]) -> Flags:
    return np.array([*flags], dtype=np.bool_)


def _follow(stands: Flags, joined: Flags) -> Flags:
    """Also the names that begin where another ends; `joined` tells which of all but the first could."""
    while True:
        further = joined & stands[:-1] & ~stands[1:]
        if not further.any():
            return stands
        stands[1:] |= further


def _needs_word(meaning: Meaning) -> bool:
    """Whether a name is so common that it counts only where a word begins: no 分乡镇 in 部分|乡镇."""
    return meaning.level == "street" or (meaning.short and meaning.level == "district")


def _may_stand(text: str, start: int, end: int, meaning: Meaning) -> bool:
    """A short name is part of another name before 路, 街, 花园 (南京路); an anonymous one after a letter."""
    if text[end : end + 1] in _NUMERALS and _DATELINE.match(text, end):
        return False
    if meaning.short:
        return end == len(text) or text[end] not in NOT_AFTER_SHORT or text.startswith(AFTER_SHORT, end)
    if meaning.code is None:
        before = text[start - 1 : start]
        return not (before.isascii() and before.isalnum()) and text[end : end + 1] != "场"
    return True


def _begins_unknown_word(scanned: Scanned, start: int, end: int) -> bool:
    """Whether no dictionary has the word that a suffix begins: such a word says nothing of the suffix."""
    return not rjieba.has_word(scanned.text[start : scanned.ends.index(1, end)])
