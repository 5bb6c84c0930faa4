"""The places of one deployment: its divisions, estates, roads and firms with their everyday names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from schemas.errors import ReadError
from schemas.reading import Section, read_yaml
from schemas.records import PLACE_LEVELS

PLACES = Path(__file__).with_name("places.yml")

# fmt: off
FIRM_KINDS = (
    "school", "hospital", "plant", "market", "mall", "restaurant", "station", "bridge", "water", "park",
    "care", "site",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class PlaceDef:
    """One place. `level` is one of PLACE_LEVELS, `parent` the code of the place it lies in (None at the top);
    `kind` is one of FIRM_KINDS for the level `firm` and None elsewhere; `lng`/`lat` are WGS-84 degrees."""

    code: str
    name: str
    level: str
    parent: str | None
    aliases: tuple[str, ...]
    lng: float
    lat: float
    kind: str | None = None


@dataclass(frozen=True)
class Deployment:
    """All places of one deployment, each after its parent."""

    name: str
    places: tuple[PlaceDef, ...]

    @cached_property
    def by_code(self) -> Mapping[str, PlaceDef]:
        """The places by their code."""
        return {place.code: place for place in self.places}

    @cached_property
    def by_name(self) -> Mapping[str, tuple[PlaceDef, ...]]:
        """The places by name or alias; more than one where a name stands twice (建设路 in two districts)."""
        found: dict[str, list[PlaceDef]] = {}
        for place in self.places:
            for name in (place.name, *place.aliases):
                found.setdefault(name, []).append(place)
        return {name: tuple(places) for name, places in found.items()}

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Every name and alias once, for the segmenter's dictionary."""
        return tuple(self.by_name)

    def ancestors(self, code: str) -> tuple[PlaceDef, ...]:
        """The places this one lies in, nearest first, itself left out. Raises KeyError."""
        place = self.by_code[code]
        found: list[PlaceDef] = []
        while place.parent is not None:
            place = self.by_code[place.parent]
            found.append(place)
        return tuple(found)

    def path(self, code: str) -> str:
        """The names from the top down to this place, e.g. `云汀市/汀东区/柳浪街道`."""
        names = [place.name for place in self.ancestors(code)]
        return "/".join([*reversed(names), self.by_code[code].name])

    def at_level(self, code: str, level: str) -> PlaceDef | None:
        """This place or the place above it that has the level; None where it lies above or beside it."""
        for place in (self.by_code[code], *self.ancestors(code)):
            if place.level == level:
                return place
        return None

    def of_level(self, level: str) -> tuple[PlaceDef, ...]:
        """All places of one level, in the order of the file."""
        return tuple(place for place in self.places if place.level == level)


def load_places(path: Path = PLACES) -> Deployment:
    """The deployment of one file. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(path)
    name = top.text("deployment")
    found: dict[str, PlaceDef] = {}
    for section in top.sections("places", least=1):
        place = _read_place(section, found)
        found[place.code] = place
    top.close()
    return Deployment(name, tuple(found.values()))


def _read_place(section: Section, above: Mapping[str, PlaceDef]) -> PlaceDef:
    level = section.choice("level", PLACE_LEVELS)
    code = section.text("code")
    if code in above:
        raise section.refuse("code", "没有用过的编码")
    place = PlaceDef(
        code=code,
        name=section.text("name"),
        level=level,
        parent=_read_parent(section, level, above),
        aliases=section.texts("aliases", least=1) if section.has("aliases") else (),
        lng=section.number("lng", -180, 180),
        lat=section.number("lat", -90, 90),
        kind=section.choice("kind", FIRM_KINDS) if level == "firm" else None,
    )
    if place.name in place.aliases:
        raise ReadError(section.where, section.key("aliases"), place.name, "与正名不同的别名")
    section.close()
    return place


def _read_parent(section: Section, level: str, above: Mapping[str, PlaceDef]) -> str | None:
    """A parent stands earlier in the file and is of a higher level; only the first place has none."""
    if not above and not section.has("parent"):
        return None
    code = section.text("parent")
    if code not in above or PLACE_LEVELS.index(above[code].level) >= PLACE_LEVELS.index(level):
        raise section.refuse("parent", f"写在前面的、比 {level} 高一级以上的地点的编码")
    return code
