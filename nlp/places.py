"""Places in a text: the deployment's own, the divisions of China, estates, roads and firms by patterns."""

import re
from collections.abc import Sequence
from itertools import accumulate, product

import ahocorasick_rs
import rjieba

from nlp.places_asides import drop_asides
from nlp.places_gazetteer import Division, GazetteerIndex
from nlp.places_names import (
    AFTER_SHORT,
    NOT_AFTER_SHORT,
    SCORES,
    THRESHOLD,
    Hit,
    Meaning,
    Resolved,
    collect_meanings,
    make_place,
    resolve_hits,
)
from nlp.places_patterns import PLAIN_WORDS, SUFFIXES, Named, find_named
from schemas.gazetteer import GazetteerEntry
from schemas.records import PLACE_LEVELS, Place
from schemas.taxonomy.places import Deployment

# 新华社北京5月12日电: where the report was written, not where it happened.
_DATELINE = re.compile(
    r"[\d一二三四五六七八九十]{1,3}月[\d一二三四五六七八九十]{1,3}日(?:[^，。\n]{0,4}?[电讯]|消息|信息)"
)
_NUMBERED = re.compile(r"\d{1,5}号")
_NUMERALS = frozenset("0123456789一二三四五六七八九十")
_FINENESS = {level: rank for rank, level in enumerate(PLACE_LEVELS)}
# By level, whether the suffix is a weak sign, whether a division is beside it, whether a number follows.
_PATTERN_SCORES = {
    (level, weak, placed, numbered): round(
        SCORES[level] + weak * SCORES["weak"] + placed * SCORES["placed"] + numbered * SCORES["numbered"], 3
    )
    for level, weak, placed, numbered in product(
        ("estate", "community", "road", "firm"), (False, True), (False, True), (False, True)
    )
}
_DIVISIONS = ("province", "city", "district", "street")


class PlaceFinder:
    """Finds places in clean text. One automaton holds all names and suffixes, so that a text is read once."""

    def __init__(self, deployment: Deployment | None, gazetteer: Sequence[GazetteerEntry]) -> None:
        self._index = GazetteerIndex(gazetteer)
        meanings = collect_meanings(deployment, self._index)
        words = [*dict.fromkeys((*meanings, *SUFFIXES, *PLAIN_WORDS))]
        self._meaning_of = [meanings.get(word, ()) for word in words]
        self._is_suffix = [word in SUFFIXES for word in words]
        self._automaton = ahocorasick_rs.AhoCorasick(
            words, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def find(
        self, text: str, district: str | None = None, words: Sequence[str] | None = None
    ) -> tuple[Place, ...]:
        """The places the text names, surest first and finest first among equally sure ones.

        `district` is the source's own district, a code of GB/T 2260 or a name; it decides between places
        of one name (鼓楼区). `words` are the text's words where they are known already. Places below the
        threshold are left out. Offsets are those of the text given.
        """
        found = self._automaton.find_matches_as_indexes(text)
        if not found:
            return ()
        ends = frozenset(accumulate(map(len, rjieba.cut(text) if words is None else words)))
        hits, suffixes = self._sort_out(text, found, ends)
        if not hits and not suffixes:
            return ()
        home = self._index.by_code.get(self._index.find_code(district)) if district else None
        named = _find_patterns(text, hits, suffixes, ends) if suffixes else []
        resolved = resolve_hits([hit for hit in hits if not _swallowed(hit, named)] if named else hits, home)
        placed = [place for place in (_place_named(one, text, resolved, home) for one in named) if place]
        places = drop_asides(text, [make_place(one) for one in resolved], placed)
        return _rank([*places, *placed])

    def _sort_out(
        self, text: str, found: list[tuple[int, int, int]], ends: frozenset[int]
    ) -> tuple[list[Hit], list[tuple[int, int]]]:
        """Names with their meanings, and the suffixes that could end a name: those that end a word."""
        hits: list[Hit] = []
        suffixes: list[tuple[int, int]] = []
        last = 0
        for at, start, end in found:
            meanings = self._meaning_of[at]
            begins = start in ends or start == last
            if (
                meanings
                and (begins or not _needs_word(meanings[0]))
                and _may_stand(text, start, end, meanings)
            ):
                hits.append(Hit(start, end, meanings))
                last = end
            elif self._is_suffix[at] and (end in ends or _ends_name(text, start, end, ends)):
                suffixes.append((start, end))
        return hits, suffixes


def _ends_name(text: str, start: int, end: int, ends: frozenset[int]) -> bool:
    """A suffix inside a word: 路口 has a road before it, and a word that no dictionary has says nothing."""
    if text[end] == "口":
        return True
    if start not in ends:
        return False
    stop = end
    while stop not in ends:
        stop += 1
    return not rjieba.has_word(text[start:stop])


def _needs_word(meaning: Meaning) -> bool:
    """Whether a name is so common that it counts only where a word begins: no 分乡镇 in 部分|乡镇."""
    return meaning.level == "street" or (meaning.short and meaning.level == "district")


def _may_stand(text: str, start: int, end: int, meanings: tuple[Meaning, ...]) -> bool:
    """A short name is part of another name before 路, 街, 花园 (南京路); an anonymous one after a letter."""
    first = meanings[0]
    if text[end : end + 1] in _NUMERALS and _DATELINE.match(text, end):
        return False
    if first.short:
        return end == len(text) or text[end] not in NOT_AFTER_SHORT or text.startswith(AFTER_SHORT, end)
    if first.code is None:
        before = text[start - 1 : start]
        return not (before.isascii() and before.isalnum()) and text[end : end + 1] != "场"
    return True


def _find_patterns(
    text: str, hits: list[Hit], suffixes: list[tuple[int, int]], ends: frozenset[int]
) -> list[Named]:
    """The names that end with the suffixes; each begins after the last division or name before it."""
    fixed, cities = _find_ends(hits) if hits else ([], [])
    named: list[Named] = []
    floor = last = at = 0
    for start, end in suffixes:
        while at < len(fixed) and fixed[at] <= start:
            floor = fixed[at]
            at += 1
        least = max(floor, last) if start - last >= 2 else floor
        # 武汉汉正街 is 汉正街 in 武汉, but 武汉第一医院 is one name.
        if cities and SUFFIXES[text[start:end]] != "firm":
            least = max(least, *(stop for stop in cities if stop <= start - 2), least)
        one = find_named(text, start, end, least, ends)
        if one is not None:
            if named and named[-1].start >= one.start:
                named.pop()
            named.append(one)
            last = end
    return _drop_longer(named) if len(named) > 1 else named


def _find_ends(hits: list[Hit]) -> tuple[list[int], list[int]]:
    """Where full names end, and where short names of provinces and cities do."""
    fixed: list[int] = []
    cities: list[int] = []
    for _, end, meanings in hits:
        first = meanings[0]
        if not first.short:
            fixed.append(end)
        elif first.level in ("province", "city"):
            cities.append(end)
    return fixed, cities


def _drop_longer(named: list[Named]) -> list[Named]:
    """Without names that only carry more words before another one: 反映示例路 where 示例路 stands too."""
    names = tuple(one.name for one in named)
    return [one for one in named if not one.name[1:].endswith(names)]


def _swallowed(hit: Hit, named: list[Named]) -> bool:
    """Whether a short name is only a part of a longer name: 东方 in 东方花园, 北京 in 北京大学."""
    if not hit.meanings[0].short:
        return False
    for one in named:
        if one.start <= hit.start and hit.end <= one.end:
            return one.start < hit.start or hit.end > one.stem_end - 2
    return False


def _place_named(named: Named, text: str, resolved: list[Resolved], home: Division | None) -> Place | None:
    above = _find_above(named, resolved) if resolved else None
    numbered = named.level == "road" and _NUMBERED.match(text, named.end) is not None
    score = _PATTERN_SCORES[named.level, named.weak, above is not None, numbered]
    if score < THRESHOLD:
        return None
    path = above.path if above is not None else home.path if home is not None else ""
    return Place(
        named.name, None, named.level, score, f"{path}/{named.name}" if path else named.name,
        named.start, named.end,
    )  # fmt: skip


def _find_above(named: Named, resolved: list[Resolved]) -> Meaning | None:
    """The finest division that stands before the name; failing that, the first after it."""
    before: Meaning | None = None
    for start, end, meaning, _ in resolved:
        if meaning.level not in _DIVISIONS:
            continue
        if start >= named.end:
            return before or meaning
        if end <= named.start and (before is None or _FINENESS[meaning.level] >= _FINENESS[before.level]):
            before = meaning
    return before


def _rank(places: list[Place]) -> tuple[Place, ...]:
    """Each place once, with its best score; a name by a pattern is one place wherever the text repeats it."""
    if len(places) < 2:
        return tuple(places)
    best: dict[tuple[str, str], Place] = {}
    for place in sorted(places, key=_order):
        path = place.path if place.code is not None or place.level in _DIVISIONS else ""
        best.setdefault((place.name, path), place)
    return tuple(best.values())


def _order(place: Place) -> tuple[float, int, int]:
    return -place.score, -_FINENESS[place.level], place.start or 0
