"""Places in a text: the deployment's own, the divisions of China, estates, roads and firms by patterns."""

import re
from collections.abc import Sequence
from itertools import product, starmap

import rjieba

from nlp.batches import Flags, TextBatch, WordBatch
from nlp.places_asides import drop_asides
from nlp.places_gazetteer import Division, GazetteerIndex
from nlp.places_names import (
    SCORES,
    THRESHOLD,
    Candidate,
    Hit,
    Meaning,
    Resolved,
    collect_meanings,
    propose_place,
    resolve_hits,
)
from nlp.places_patterns import SUFFIXES, Named, find_named
from nlp.places_scan import NameScanner, Scanned
from schemas.gazetteer import GazetteerEntry
from schemas.records import PLACE_LEVELS, Place
from schemas.taxonomy.places import Deployment

_NUMBERED = re.compile(r"\d{1,5}号")
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
    """Finds places in clean text."""

    def __init__(self, deployment: Deployment | None, gazetteer: Sequence[GazetteerEntry]) -> None:
        self._index = GazetteerIndex(gazetteer)
        self._scanner = NameScanner(collect_meanings(deployment, self._index))

    def find(
        self, text: str, district: str | None = None, words: Sequence[str] | None = None
    ) -> tuple[Place, ...]:
        """The places the text names, surest first and finest first among equally sure ones.

        `district` is the source's own district, a code of GB/T 2260 or a name; it decides between places
        of one name (鼓楼区). `words` are the text's words where they are known already. Places below the
        threshold are left out. Offsets are those of the text given.
        """
        said = WordBatch.of([rjieba.cut(text) if words is None else words])
        batch = TextBatch.of([text])
        return self.find_batch(batch, batch.mark_word_ends(said, said.sizes), [district])[0]

    def find_batch(
        self, batch: TextBatch, ends: Flags, districts: Sequence[str | None]
    ) -> list[tuple[Place, ...]]:
        """The places of each text, step by step over the batch: each step's tables stay in the cache.

        `ends` is True at each place of the batch where a word ends.
        """
        scanned = self._scanner.scan(batch, ends)
        named = [_find_patterns(one) if one.suffixes else [] for one in scanned]
        homes = [self._index.find_division(district) for district in districts]
        resolved = [
            resolve_hits(_keep_whole(one.hits, longer) if longer else one.hits, home) if one.hits else []
            for one, longer, home in zip(scanned, named, homes, strict=True)
        ]
        placed = [
            [place for one in found if (place := _place_named(one, text, above, home))] if found else []
            for text, found, above, home in zip(batch.texts, named, resolved, homes, strict=True)
        ]
        divisions = [list(map(propose_place, found)) if found else [] for found in resolved]
        return [
            _rank([*drop_asides(text, found, others), *others]) if found or others else ()
            for text, found, others in zip(batch.texts, divisions, placed, strict=True)
        ]


def _find_patterns(scanned: Scanned) -> list[Named]:
    """The names that end with the suffixes; each begins after the last division or name before it."""
    text, hits, suffixes, ends = scanned
    fixed, cities = _find_ends(hits) if hits else ([], [])
    named: list[Named] = []
    floor = last = at = 0
    for suffix in suffixes:
        start = suffix.start
        while at < len(fixed) and fixed[at] <= start:
            floor = fixed[at]
            at += 1
        least = max(floor, last) if start - last >= 2 else floor
        # 武汉汉正街 is 汉正街 in 武汉, but 武汉第一医院 is one name.
        if cities and SUFFIXES[text[start : suffix.end]] != "firm":
            least = max(least, *(stop for stop in cities if stop <= start - 2), least)
        one = find_named(text, suffix, least, ends)
        if one is not None:
            if named and named[-1].start >= one.start:
                named.pop()
            named.append(one)
            last = suffix.end
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


def _keep_whole(hits: list[Hit], named: list[Named]) -> list[Hit]:
    """Without the short names that are only parts of longer names."""
    return [hit for hit in hits if not _swallowed(hit, named)]


def _swallowed(hit: Hit, named: list[Named]) -> bool:
    """Whether a short name is only a part of a longer name: 东方 in 东方花园, 北京 in 北京大学."""
    if not hit.meanings[0].short:
        return False
    for one in named:
        if one.start <= hit.start and hit.end <= one.end:
            return one.start < hit.start or hit.end > one.stem_end - 2
    return False


def _place_named(
    named: Named, text: str, resolved: list[Resolved], home: Division | None
) -> Candidate | None:
    above = _find_above(named, resolved) if resolved else None
    numbered = named.level == "road" and _NUMBERED.match(text, named.end) is not None
    score = _PATTERN_SCORES[named.level, named.weak, above is not None, numbered]
    if score < THRESHOLD:
        return None
    path = above.path if above is not None else home.path if home is not None else ""
    return Candidate(
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


def _rank(places: list[Candidate]) -> tuple[Place, ...]:
    """Each place once, with its best score; a name by a pattern is one place wherever the text repeats it."""
    if len(places) > 1:
        best: dict[tuple[str, str], Candidate] = {}
        for place in sorted(places, key=_order):
            path = place.path if place.code is not None or place.level in _DIVISIONS else ""
            best.setdefault((place.name, path), place)
        places = [*best.values()]
    return tuple(starmap(Place, places))


def _order(place: Candidate) -> tuple[float, int, int]:
    return -place.score, -_FINENESS[place.level], place.start
