"""What a deployment knows: its places, words, duty groups and rules, and the text core that knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from nlp.core import TextCore
from schemas.rules.loader import RULES, Rule, load_rules
from schemas.sensors.stations import STATIONS, StationBook, load_stations
from schemas.taxonomy.duty import DUTY, Duty, load_duty
from schemas.taxonomy.places import PLACES, Deployment, load_places
from schemas.taxonomy.words import read_words

_CORE_FILES = ("places.yml", "words.txt")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a deployment knows of itself: its places, words, duty groups, rules and stations of sensors."""

    places: Deployment
    duty: Duty
    rules: tuple[Rule, ...]
    words: tuple[str, ...]
    stations: StationBook


def load_knowledge(folder: Path | None) -> Knowledge:
    """The knowledge of a deployment folder; a file it lacks is the shipped one. Raises ReadError."""
    own = _list_own(folder)
    places = load_places(own.get("places.yml", PLACES))
    duty = load_duty(own.get("duty.yml", DUTY), places)
    # The shipped stations stand at the shipped places.
    stations = load_stations(own.get("stations.yml", None if "places.yml" in own else STATIONS), places)
    return Knowledge(places, duty, load_rules(own.get("rules", RULES), duty), _load_words(own), stations)


def _list_own(folder: Path | None) -> Mapping[str, Path]:
    return {} if folder is None else {path.name: path for path in folder.iterdir()}


def _load_words(own: Mapping[str, Path]) -> tuple[str, ...]:
    return read_words(own["words.txt"]) if "words.txt" in own else ()


def load_core(folder: Path | None) -> TextCore:
    """The text core with a deployment's places and words, kept until either file changes its content."""
    return _load_core(folder, () if folder is None else tuple(_digest(folder / name) for name in _CORE_FILES))


@lru_cache(maxsize=2)
def _load_core(folder: Path | None, _content: tuple[str, ...]) -> TextCore:
    own = _list_own(folder)
    return TextCore.load(load_places(own.get("places.yml", PLACES)), _load_words(own))


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
