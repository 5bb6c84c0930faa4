"""A batch of texts as one array of characters: what every character tells is looked up in one pass."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from ahocorasick_rs import AhoCorasick

# Stands behind every text: a code point that Unicode keeps free of meaning, and that no gate may hold.
SEPARATOR = "\ufdd0"
# Characters beyond the basic plane (emoji, rare Han) share its last place.
_CODES = 0x10000
_BEYOND = chr(_CODES - 1)
# An odd number near the golden ratio of a table's size spreads the first characters over it.
_SPREAD = np.uint16(0x9E37)

Codes = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Texts behind each other, a separator after each; `starts` tells where each of them begins."""

    texts: Sequence[str]
    codes: Codes
    starts: Numbers

    @classmethod
    def of(cls, texts: Sequence[str]) -> "TextBatch":
        """The batch of these texts, of at least one."""
        joined = f"{SEPARATOR.join(texts)}{SEPARATOR}"
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
        return cls(texts, np.minimum(codes, _CODES - 1).astype(np.uint16), np.cumsum(lengths) - lengths)

    def mark_word_ends(self, words: "WordBatch", sizes: Numbers) -> Flags:
        """True at each place where a word of the texts ends; `words` are those of the same texts, with others
        behind the first `sizes` of each."""
        ends = np.zeros(len(self.codes), dtype=np.bool_)
        lengths = words.lengths
        if len(lengths) > sizes.sum():
            places = np.arange(len(lengths)) - np.repeat(np.cumsum(words.sizes) - words.sizes, words.sizes)
            lengths = lengths[places < np.repeat(sizes, words.sizes)]
        # One more for each separator before.
        ends[np.cumsum(lengths) + np.repeat(np.arange(len(sizes)), sizes)] = True
        return ends


@dataclass(frozen=True, slots=True)
class WordBatch:
    """The words of several texts behind each other.

    `sizes` is how many words each text has, `lengths` how many characters each word has, `codes` are the code
    points of all of them.
    """

    words: list[str]
    sizes: Numbers
    lengths: Numbers
    codes: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> "WordBatch":
        """The batch of these texts, given as their words."""
        words = list(chain.from_iterable(texts))
        return cls(
            words,
            np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)),
            np.fromiter(map(len, words), dtype=np.int64, count=len(words)),
            np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype="<u4"),
        )


class Finds(NamedTuple):
    """What an automaton found in a batch: the number of the pattern, where it begins and ends in the batch,
    the text, and where the text begins."""

    pattern: Numbers
    start: Numbers
    end: Numbers
    text: Numbers
    offset: Numbers

    def pick(self, which: Flags | Numbers) -> "Finds":
        """Those of the finds."""
        return Finds(*(column[which] for column in self))

    def listed(self) -> Iterable[tuple[int, int, int, int]]:
        """Text, pattern, begin and end in the text of each find."""
        begin, stop = self.start - self.offset, self.end - self.offset
        return zip(*(column.tolist() for column in (self.text, self.pattern, begin, stop)), strict=True)


def find_patterns(automaton: AhoCorasick, batch: TextBatch, *, overlapping: bool = False) -> Finds:
    """All finds in the texts of a batch."""
    found = [automaton.find_matches_as_indexes(text, overlapping=overlapping) for text in batch.texts]
    counts = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
    flat = chain.from_iterable(chain.from_iterable(found))
    pattern, start, end = np.fromiter(flat, np.int64, 3 * int(counts.sum())).reshape(-1, 3).T
    offset = np.repeat(batch.starts, counts)
    return Finds(pattern, offset + start, offset + end, np.repeat(np.arange(len(found)), counts), offset)


class Gate(NamedTuple):
    """What a step looks for: any of some characters, or one of `firsts` with one of `seconds` behind it; only
    the `pairs`, where they are given."""

    characters: str = ""
    firsts: str = ""
    seconds: str = ""
    pairs: tuple[str, ...] = ()

    @classmethod
    def of_words(cls, words: Iterable[str], characters: str = "") -> "Gate":
        """Open where a word could begin, and at any of the characters."""
        words = tuple(words)
        pairs = tuple({word[:2] for word in words if len(word) > 1})
        single = "".join(word for word in words if len(word) == 1)
        firsts, seconds = ("".join(pair[at] for pair in pairs) for at in (0, 1))
        return cls(characters + single, firsts, seconds, pairs)


class CharacterGates:
    """Tells for every text of a batch which of up to 16 gates it could open, at a fraction of a search.

    An open gate promises nothing; where it is closed the step behind it would find nothing.
    """

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._single, self._first, self._second, self._pair = (
            np.zeros(_CODES, dtype=np.uint16) for _ in range(4)
        )
        for at, gate in enumerate(gates):
            bit = np.uint16(1 << at)
            self._single[mark_characters(gate.characters)] |= bit
            self._first[mark_characters(gate.firsts)] |= bit
            self._second[mark_characters(gate.seconds)] |= bit
            pairs = TextBatch.of(gate.pairs).codes
            self._pair[_hash_pairs(pairs) if gate.pairs else slice(None)] |= bit

    def find_open(self, batch: TextBatch) -> list[int]:
        """For each text the gates that it could open, as bits: the first gate is bit 0."""
        codes = batch.codes
        found = self._single[codes]
        found[:-1] |= self._first[codes[:-1]] & self._second[codes[1:]] & self._pair[_hash_pairs(codes)]
        opened: list[int] = np.bitwise_or.reduceat(found, batch.starts).tolist()
        return opened


def _hash_pairs(codes: Codes) -> Codes:
    """A number below 65,536 for each character and the next one."""
    return codes[:-1] * _SPREAD + codes[1:]


def mark_characters(characters: str) -> Flags:
    """A table of code points, True at these characters."""
    table = np.zeros(_CODES, dtype=np.bool_)
    table[TextBatch.of([characters]).codes[:-1]] = True
    return table


def list_matching(pattern: re.Pattern[str]) -> str:
    """All characters that a pattern of one character finds; those beyond the basic plane count as found."""
    return "".join(pattern.findall("".join(map(chr, range(_CODES))))) + _BEYOND
