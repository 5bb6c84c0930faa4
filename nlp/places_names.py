"""What each name in the automaton may mean, and which of the meanings a text's other places make likely."""

from collections.abc import Iterable, Sequence, Set
from functools import cache
from typing import NamedTuple

from nlp.knowledge import read_knowledge
from nlp.places_gazetteer import Division, GazetteerIndex
from schemas.taxonomy.places import Deployment, PlaceDef

_KNOWN = read_knowledge("places")
_SECTION = _KNOWN.section("scores")
SCORES = {name: _SECTION.number(name, -1, 1) for name in _SECTION.names()}
THRESHOLD = _KNOWN.number("threshold", 0, 1)
NOT_AFTER_SHORT = frozenset(_KNOWN.text("not_after_short"))
AFTER_SHORT = _KNOWN.texts("after_short", 1)


class Meaning(NamedTuple):
    """One place that a name may mean. `above` are the names of the places it lies in; `sure` is False where
    the name alone says too little (an ordinary word, a district without 区)."""

    name: str
    code: str | None
    level: str
    path: str
    above: frozenset[str]
    score: float
    sure: bool = True
    short: bool = False
    lng: float | None = None
    lat: float | None = None


class Hit(NamedTuple):
    """A name found in a text and what it may mean."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]


def collect_meanings(deployment: Deployment | None, index: GazetteerIndex) -> dict[str, tuple[Meaning, ...]]:
    """Every name with its meanings: the deployment's own places first, then the gazetteer's other ones."""
    found: dict[str, tuple[Meaning, ...]] = {}
    for name, divisions in index.short.items():
        found[name] = tuple(_mean_division(division, index, name, short=True) for division in divisions)
    for name, divisions in index.full.items():
        called = index.called.get(name, ())
        found[name] = (
            *(_mean_division(division, index, name, short=False) for division in divisions),
            *(
                _mean_division(street, index, name, short=False)._replace(score=SCORES["called"])
                for street in called
            ),
        )
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        found |= {meaning.name: (meaning,) for meaning in _anonymous(letter)}
    if deployment is not None:
        for name, places in deployment.by_name.items():
            found[name] = tuple(_mean_place(deployment, place, name) for place in places)
    return found


def _mean_division(division: Division, index: GazetteerIndex, written: str, *, short: bool) -> Meaning:
    score = SCORES[f"short_{division.level}" if short else division.level]
    return Meaning(
        division.name, division.code, division.level, division.path, _list_above(division.path),
        score, sure=written not in index.unsafe, short=short,
    )  # fmt: skip


def _list_above(path: str) -> frozenset[str]:
    return _split_path(path.rpartition("/")[0])


@cache
def _split_path(path: str) -> frozenset[str]:
    """The names in a path; thousands of streets share the one above them."""
    return frozenset(path.split("/")) if path else frozenset()


def _mean_place(deployment: Deployment, place: PlaceDef, written: str) -> Meaning:
    score = SCORES["deployment" if written == place.name else "deployment_alias"]
    path = deployment.path(place.code)
    return Meaning(
        place.name, place.code, place.level, path, _list_above(path), score, short=written != place.name,
        lng=place.lng, lat=place.lat,
    )  # fmt: skip


def _anonymous(letter: str) -> Iterable[Meaning]:
    """A市, A3区, A7县, B9市: districts whose names a public data set hides."""
    city = f"{letter}市"
    yield Meaning(city, None, "city", city, frozenset(), SCORES["anonymous"])
    for number in range(1, 21):
        for kind in "区县市":
            name = f"{letter}{number}{kind}"
            yield Meaning(name, None, "district", f"{city}/{name}", frozenset({city}), SCORES["anonymous"])


class Resolved(NamedTuple):
    """A name's place in the text, its likeliest meaning, and how likely."""

    start: int
    end: int
    meaning: Meaning
    score: float


class Candidate(NamedTuple):
    """What may become a Place, with the fields of one; most texts tell of more than they name."""

    name: str
    code: str | None
    level: str
    score: float
    path: str
    start: int
    end: int
    lng: float | None = None
    lat: float | None = None


def resolve_hits(hits: Sequence[Hit], home: Division | None) -> list[Resolved]:
    """Each hit with its likeliest meaning and its score; those below the threshold are left out."""
    alone = len(hits) == 1 and len(hits[0].meanings) == 1 and home is None
    stated = frozenset[str]() if alone else _collect_stated(hits)
    chosen: list[Resolved] = []
    for start, end, meanings in hits:
        meaning, score = _choose(meanings, stated, home)
        if score >= THRESHOLD:
            chosen.append(Resolved(start, end, meaning, _round_score(score)))
    return chosen


def _choose(meanings: Sequence[Meaning], stated: Set[str], home: Division | None) -> tuple[Meaning, float]:
    """The likeliest meaning and its score, much lower where another one is as likely."""
    best, score = meanings[0], _score(meanings[0], stated, home)
    equal = False
    for meaning in meanings[1:]:
        likely = _score(meaning, stated, home)
        if likely > score:
            best, score, equal = meaning, likely, False
        elif likely == score:
            equal = True
    return best, score + SCORES["ambiguous"] if equal else score


@cache
def _round_score(score: float) -> float:
    return min(round(score, 3), 1.0)


def _collect_stated(hits: Sequence[Hit]) -> set[str]:
    """The names that the text states: whatever a full name means, it is called so."""
    stated: set[str] = set()
    for _, _, meanings in hits:
        if meanings[0].short:
            stated.update(meaning.name for meaning in meanings if meaning.sure)
        else:
            stated.add(meanings[0].name)
    return stated


def _score(meaning: Meaning, stated: Set[str], home: Division | None) -> float:
    score, inside = meaning.score, not meaning.above.isdisjoint(stated)
    if inside:
        score += SCORES["inside"]
    elif not meaning.sure:
        score += SCORES["ambiguous"]
    return score if home is None or meaning.code is None else score + _score_home(meaning, inside, home)


def _score_home(meaning: Meaning, inside: bool, home: Division) -> float:
    """What the source's own district adds or takes."""
    code = meaning.code or ""
    if code.startswith(home.code) or home.code.startswith(code):
        return SCORES["home"]
    if not inside and code[:4] != home.code[:4] and meaning.level != "province":
        return SCORES["elsewhere"]
    return 0.0


def propose_place(found: Resolved) -> Candidate:
    """What the place of one resolved name would be."""
    start, end, meaning, score = found
    return Candidate(
        meaning.name, meaning.code, meaning.level, score, meaning.path, start, end, meaning.lng, meaning.lat
    )
