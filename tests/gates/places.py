"""Places in emergency news against the locations that the news was annotated with.

The annotation marks where events happen in running words (`101国道密云县某村附近路段上`, 现场, 医院). Labels
made by hand say which of them name a place in China. What counts:

- An annotated named location is found when a place found lies in its words, or its words in the place.
- A place found is right when it matches a named location so, with or without its 省, 市, 县, or when a right
  place lies in it (四川省 where 汶川县 is right: the annotation seldom repeats the province).
- A place that matches only a generic location or one abroad counts neither way; every other one is wrong.

Half of the reports, by their id, are for tuning, half for reporting.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from nlp.clean import clean_text
from nlp.places import PlaceFinder
from nlp.places_gazetteer import shorten_name
from nlp.segment import Segmenter
from schemas.gazetteer import load_gazetteer
from schemas.records import Place
from tests.gates.facts import read_news
from tests.gates.pins import read_pin

_FINDER = PlaceFinder(None, load_gazetteer())
_SEGMENTER = Segmenter()


def half_of(key: str) -> str:
    """`tune` or `report`."""
    return "report" if int(key, 16) % 2 else "tune"


def find_places(row: dict[str, str]) -> tuple[str, tuple[Place, ...]]:
    """The clean text of a report and the places found in it."""
    text = clean_text(f"{row['title']}\n{row['text']}")
    return text, _FINDER.find(text, words=_SEGMENTER.segment(text))


def judge(row: dict[str, str], kinds: str) -> Iterator[tuple[str, str]]:
    """`right`, `wrong`, `neither` with what was found; `hit`, `missed` with what was annotated."""
    text, places = find_places(row)
    strings = [clean_text(where) for where in row["locations"]]
    named = {where for where, kind in zip(strings, kinds, strict=True) if kind == "n"}
    others = set(strings) - named
    forms = {place: _forms(place, text) for place in places}
    right = {place for place in places if _matches(forms[place], named)}
    for place in places:
        above = any(other.path.startswith(f"{place.path}/") for other in right)
        verdict = (
            "right" if place in right or above else "neither" if _matches(forms[place], others) else "wrong"
        )
        yield verdict, text[place.start : place.end]
    for where in sorted(named):
        yield ("hit" if any(_matches(form, [where]) for form in forms.values()) else "missed"), where


def _forms(place: Place, text: str) -> list[str]:
    written = text[place.start : place.end]
    return [written, *(shorten_name(place.name) if place.code else ())]


def _matches(forms: Sequence[str], strings: Iterator[str] | Sequence[str] | set[str]) -> bool:
    return any(form in string or string in form for form in forms for string in strings)


def score(half: str) -> dict[str, float]:
    """Precision, recall and F1 over one half of the reports."""
    gold: dict[str, str] = read_pin("places")["gold"]
    counts = Counter(
        verdict for key, row in read_news() if half_of(key) == half for verdict, _ in judge(row, gold[key])
    )
    precision = counts["right"] / (counts["right"] + counts["wrong"])
    recall = counts["hit"] / (counts["hit"] + counts["missed"])
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}


def measure() -> dict[str, float]:
    """The scores of both halves."""
    return {f"{half}_{name}": value for half in ("tune", "report") for name, value in score(half).items()}
