"""New words in a corpus: runs of characters that hold together inside and meet many others outside.

Cohesion is the pointwise mutual information of the weakest split, freedom the smaller entropy of the
characters before and after (as in Matrix67's 互联网时代的社会语言学, 2012). Counts are numbers of texts, so
that no single long text makes a word.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import log2

import ahocorasick_rs

from nlp.knowledge import read_knowledge

_KNOWN = read_knowledge("newwords")
_LONGEST = _KNOWN.whole("longest", 2)
_LEAST_TEXTS = _KNOWN.whole("least_texts", 1)
_COHESION, _FREEDOM = _KNOWN.number("least_cohesion", 0, 100), _KNOWN.number("least_freedom", 0, 100)
_MOST = _KNOWN.whole("most_counted", 1)
_EDGES = frozenset(_KNOWN.text("edges"))
_KNOWN.close()

_RUN = re.compile("[一-鿿]+")
_OUTSIDE = ""


@dataclass(frozen=True, slots=True)
class NewWord:
    """A proposed word: in how many texts it stands, its cohesion and its freedom, both in bits."""

    word: str
    texts: int
    cohesion: float
    freedom: float

    @property
    def rank(self) -> tuple[float, str]:
        """The order of proposals: frequent and free ones first, equal ones by their characters."""
        return -self.freedom * log2(1 + self.texts), self.word


def find_new_words(
    read: Callable[[], Iterable[str]], is_known: Callable[[str], bool], limit: int
) -> list[NewWord]:
    """The `limit` likeliest new words of a corpus, the best first; the same corpus gives the same words.

    `read` begins the corpus anew and is called twice: runs are counted first, then what stands around the
    few that hold together. Memory is bounded by the runs counted, not by the corpus.
    """
    counts, texts = count_runs(read())
    cohesive = {
        run: cohesion
        for run, number in counts.items()
        if len(run) > 1 and number >= _LEAST_TEXTS and _may_be_word(run)
        if (cohesion := measure_cohesion(run, counts, texts)) >= _COHESION and not is_known(run)
    }
    freedoms = measure_freedom(read(), [*cohesive]) if cohesive else {}
    found = [
        NewWord(run, counts[run], round(cohesive[run], 2), round(freedom, 2))
        for run, freedom in freedoms.items()
        if freedom >= _FREEDOM
    ]
    return sorted(found, key=lambda word: word.rank)[:limit]


def count_runs(texts: Iterable[str], most: int = _MOST) -> tuple[Counter[str], int]:
    """In how many texts each run of one to `longest` Chinese characters stands, and the number of texts.

    When there are more than `most` runs, the rarest are forgotten until half are left (as in lossy counting,
    Manku and Motwani 2002): a frequent run may lose a few texts, never its place.
    """
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        number += 1
        counts.update(_runs(text))
        if len(counts) > most:
            counts = _forget(counts, most // 2)
    return counts, number


def _forget(counts: Counter[str], most: int) -> Counter[str]:
    least = 1
    while len(counts) > most:
        least += 1
        counts = Counter({run: count for run, count in counts.items() if count >= least})
    return counts


def _runs(text: str) -> set[str]:
    return {
        stretch[start : start + length]
        for stretch in _RUN.findall(text)
        for length in range(1, _LONGEST + 1)
        for start in range(len(stretch) - length + 1)
    }


def _may_be_word(run: str) -> bool:
    return run[0] not in _EDGES and run[-1] not in _EDGES


def measure_cohesion(run: str, counts: Counter[str], texts: int) -> float:
    """Bits by which the two parts of the run's weakest split stand together more often than by chance."""
    return min(
        log2(
            counts[run] * texts / (max(counts[run[:cut]], counts[run]) * max(counts[run[cut:]], counts[run]))
        )
        for cut in range(1, len(run))
    )


def measure_freedom(texts: Iterable[str], runs: list[str]) -> dict[str, float]:
    """The smaller entropy, in bits, of the characters before and after each run.

    The beginning and the end of a sentence count as a different neighbour each time: they bind no word.
    """
    finder = ahocorasick_rs.AhoCorasick(runs, matchkind=ahocorasick_rs.MatchKind.Standard)
    before: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for run, left, right in set(_meetings(text, finder, runs)):
            before[run][left] += 1
            after[run][right] += 1
    return {run: min(_entropy(before[run]), _entropy(after[run])) for run in before}


def _meetings(
    text: str, finder: ahocorasick_rs.AhoCorasick, runs: list[str]
) -> Iterator[tuple[str, str, str]]:
    for at, start, end in finder.find_matches_as_indexes(text, overlapping=True):
        yield runs[at], _neighbour(text[start - 1 : start]), _neighbour(text[end : end + 1])


def _neighbour(char: str) -> str:
    return char if _RUN.match(char) else _OUTSIDE


def _entropy(neighbours: Counter[str]) -> float:
    outside = neighbours[_OUTSIDE]
    total = neighbours.total()
    bits = sum(-count / total * log2(count / total) for char, count in neighbours.items() if char and count)
    return bits + outside / total * log2(total)
