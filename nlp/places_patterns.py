"""Estates, communities, roads and firms by the words their names end with; no segmentation needed."""

import re
from functools import lru_cache
from typing import NamedTuple

import rjieba

from nlp.knowledge import read_knowledge

_KNOWN = read_knowledge("places")
_SUFFIXES = _KNOWN.section("suffixes")
SUFFIXES = {word: level for level in _SUFFIXES.names() for word in _SUFFIXES.texts(level, 1)}
PLAIN_WORDS = _KNOWN.texts("plain_words", 1)
WEAK = frozenset(_KNOWN.texts("weak_suffixes", 1))
BOUNDARY_CHARS = frozenset(_KNOWN.text("boundary_chars"))
_GENERIC = frozenset(_KNOWN.text("generic_words").split())
_BEFORE_NAMES = frozenset((*_KNOWN.text("before_names").split(), *_KNOWN.texts("boundary_words", 1)))
_COUNTERS = frozenset("名位个家座条所栋处间")
_LONGEST = 12
SHORTEST_STEM = 2
# Parts of speech that are in no name: pronouns, prepositions, conjunctions, adverbs, 的, 了.
_NO_NAME = frozenset(("r", "p", "c", "d", "uj", "ul"))
_VERBS_IN_NAMES = frozenset(_KNOWN.text("verbs_in_names").split())

# A division, road or number before the name itself: 五一路金地花园 is 金地花园, 五一路小学 stays whole.
_DIVIDES = re.compile(
    "(?:^[区县](?=[一-鿿]{3})|[省市县镇乡号栋幢路街道]|社区|小区|[^小社]区)(?=[一-鿿]{2,}$)"
)
_AND = re.compile("[区园苑城庭府村路街里院楼厂司学校]和(?=[一-鿿]{2,}$)")
# 五所医院, 两个小区: a count, no name.
_COUNTED = re.compile("[一二两三四五六七八九十几数多]+[所家个座条名栋处间].*")
NUMBERED_ROADS = frozenset({"国道", "省道", "县道"})
_NUMBER = re.compile("[0-9]{2,4}$")
_HE_NAMES = frozenset("平谐顺馨泰美园润睦煦兴悦信达")
_DIVIDERS = frozenset("省市县镇乡号栋幢路街道区和")
# What may follow a weak suffix (苑, 国际); any other character makes it part of a longer word.
AFTER_WEAK = frozenset("小业物一二三四五六七八九十期的在是和与附旁门停地电内里有号楼栋及、")


class Suffix(NamedTuple):
    """A word that ends names: where it stands, and how far back the name before it could begin."""

    start: int
    end: int
    first: int


class Named(NamedTuple):
    """A place by its pattern: where its name stands (`stem_end`: where its suffix begins), the name, its
    level, and whether the suffix is a weak sign."""

    start: int
    end: int
    stem_end: int
    name: str
    level: str
    weak: bool


def find_named(text: str, suffix: Suffix, floor: int, ends: bytes) -> Named | None:
    """The place whose name ends with the suffix; None where no name stands before it.

    `floor` is the end of the last division or suffix before: a name does not reach back over it. `ends` is
    1 at the places where words end.
    """
    start, end, first = suffix
    begin = max(floor, first, start - _LONGEST)
    if start - begin < SHORTEST_STEM:
        return _find_numbered(text, start, end)
    stem = _trim_stem(text[_skip_words(text, begin, start, ends) : start])
    if not stem:
        return None
    written = text[start:end]
    return Named(start - len(stem), end, start, stem + written, SUFFIXES[written], written in WEAK)


def _skip_words(text: str, begin: int, start: int, ends: bytes) -> int:
    """Where the name begins: after the last whole word that is part of no name."""
    word, at = begin, ends.find(1, begin + 1, start + 1)
    while at >= 0:
        if _is_no_name(text[word:at]):
            begin = at
        word, at = at, ends.find(1, at + 1, start + 1)
    return begin


def _trim_stem(stem: str) -> str:
    """The stem without the divisions and joints before the name; empty where it is no name."""
    if not _DIVIDERS.isdisjoint(stem):
        cut = 0
        for pattern in (_AND, _DIVIDES):
            for match in pattern.finditer(stem):
                cut = max(cut, match.end())
        stem = stem[cut:]
    stem = stem[_skip_joint(stem) :]
    return "" if len(stem) < SHORTEST_STEM or stem in _GENERIC or _COUNTED.fullmatch(stem) else stem


@lru_cache(maxsize=8_192)
def _is_no_name(word: str) -> bool:
    """Whether a word stands before names and not in them: 沿|黄埔, 慢慢|深入, 百余名|东街.

    By its part of speech only if the dictionary has it: what the model makes of unknown words (星邮, a verb?)
    says nothing.
    """
    if word in _BEFORE_NAMES:
        return True
    if len(word) < 2:
        return False
    kind = rjieba.tag(word)[-1][1]
    if kind == "v":
        return word not in _VERBS_IN_NAMES and rjieba.has_word(word)
    return (kind in _NO_NAME and rjieba.has_word(word)) or (kind == "m" and word[-1] in _COUNTERS)


def _find_numbered(text: str, start: int, end: int) -> Named | None:
    """104国道: a road named by its number."""
    if text[start:end] not in NUMBERED_ROADS:
        return None
    number = _NUMBER.search(text, max(0, start - 4), start)
    if number is None:
        return None
    return Named(number.start(), end, start, text[number.start() : end], "road", weak=False)


def _skip_joint(stem: str) -> int:
    """1 where a name begins with a word that joins it to the words before: 和西垅社区, 一塑料市场."""
    if stem[:1] == "和" and stem[1:2] not in _HE_NAMES:
        return 1
    return int(stem[:1] == "一" and len(stem) >= 4)
