"""Estates, communities, roads and firms by the words their names end with; no segmentation needed."""

import re
from dataclasses import dataclass

from nlp.knowledge import read_knowledge

_KNOWN = read_knowledge("places")
_SUFFIXES = _KNOWN.section("suffixes")
SUFFIXES = {word: level for level in _SUFFIXES.names() for word in _SUFFIXES.texts(level, 1)}
PLAIN_WORDS = _KNOWN.texts("plain_words", 1)
_WEAK = frozenset(_KNOWN.texts("weak_suffixes", 1))
_BOUNDARY_CHARS = frozenset(_KNOWN.text("boundary_chars"))
_BOUNDARY = re.compile("|".join(sorted(_KNOWN.texts("boundary_words", 1), key=len, reverse=True)))
_GENERIC = frozenset(_KNOWN.text("generic_words").split())
_LONGEST = 12

# A division, road or number before the name itself: 五一路金地花园 is 金地花园, 五一路小学 stays whole.
_DIVIDES = re.compile("(?:[省市县镇乡号栋幢路街道]|社区|小区|[^小社]区)(?=[一-鿿]{2,}$)")
_AND = re.compile("[区园苑城庭府村路街里院楼厂司学校]和(?=[一-鿿]{2,}$)")
# 五所医院, 两个小区: a count, no name.
_COUNTED = re.compile("[一二两三四五六七八九十几数多]+[所家个座条名栋处间].*")
_NUMBERED_ROADS = frozenset({"国道", "省道", "县道"})
_NUMBER = re.compile("[0-9]{2,4}$")
_HE_NAMES = frozenset("平谐顺馨泰美园润睦煦兴悦信达")
_DIVIDERS = frozenset("省市县镇乡号栋幢路街道区和")
# What may follow a weak suffix (苑, 国际); any other character makes it part of a longer word.
_AFTER_WEAK = frozenset("小业物一二三四五六七八九十期的在是和与附旁门停地电内里有号楼栋及、")


@dataclass(frozen=True, slots=True)
class Named:
    """A place by its pattern: where its name stands (`stem_end`: where its suffix begins), the name, its
    level, and whether the suffix is a weak sign."""

    start: int
    end: int
    stem_end: int
    name: str
    level: str
    weak: bool


def find_named(text: str, start: int, end: int, floor: int) -> Named | None:
    """The place whose name ends with the suffix at `start` to `end`; None where no name stands before it.

    `floor` is the end of the last division or suffix before: a name does not reach back over it.
    """
    begin = start
    least = max(floor, start - _LONGEST)
    while begin > least and "一" <= text[begin - 1] <= "鿿" and text[begin - 1] not in _BOUNDARY_CHARS:
        begin -= 1
    if start - begin < 2:
        return _find_numbered(text, start, end)
    begin += _cut(text[begin:start])
    begin += _skip_joint(text[begin:start])
    stem, suffix = text[begin:start], text[start:end]
    if len(stem) < 2 or stem in _GENERIC or _COUNTED.fullmatch(stem) or not _stands_alone(text, end, suffix):
        return None
    return Named(begin, end, start, stem + suffix, SUFFIXES[suffix], suffix in _WEAK)


def _find_numbered(text: str, start: int, end: int) -> Named | None:
    """104国道: a road named by its number."""
    if text[start:end] not in _NUMBERED_ROADS:
        return None
    number = _NUMBER.search(text, max(0, start - 4), start)
    if number is None:
        return None
    return Named(number.start(), end, start, text[number.start() : end], "road", weak=False)


def _cut(piece: str) -> int:
    """How much of the characters before a suffix is not the name."""
    cut = 0
    for match in _BOUNDARY.finditer(piece):
        cut = match.end()
    if not _DIVIDERS.isdisjoint(piece):
        for pattern in (_AND, _DIVIDES):
            for match in pattern.finditer(piece):
                cut = max(cut, match.end())
    return cut


def _skip_joint(stem: str) -> int:
    """1 where a name begins with a word that joins it to the words before: 和西垅社区, 一塑料市场."""
    if stem[:1] == "和" and stem[1:2] not in _HE_NAMES:
        return 1
    return int(stem[:1] == "一" and len(stem) >= 4)


def _stands_alone(text: str, end: int, suffix: str) -> bool:
    if suffix not in _WEAK or end == len(text):
        return True
    after = text[end]
    return not "一" <= after <= "鿿" or after in _AFTER_WEAK
