"""Where a text is set: one consistent corner of the city, and the filling of a template's slots from it."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.demo import private
from schemas.taxonomy.places import Deployment, PlaceDef

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z_]+)\}")
_FEW = "两三四五六"
_GRADES = "一二三四五六"
_PRICES = (120, 180, 260, 320, 380, 480, 560, 680, 800, 980, 1280, 1680, 2600, 3980)

_NUMBERS: Mapping[str, Callable[[random.Random], str]] = {
    "n": lambda rng: str(rng.randint(8, 60)),
    "few": lambda rng: rng.choice(_FEW),
    "num": lambda rng: str(rng.randint(1, 320)),
    "money": lambda rng: str(rng.choice(_PRICES)),
    "pay": lambda rng: str(rng.randint(28, 240) * 100),
    "tens": lambda rng: str(rng.randint(2, 9) * 10),
    "wan": lambda rng: str(rng.randint(3, 28)),
    "days": lambda rng: str(rng.randint(2, 15)),
    "weeks": lambda rng: rng.choice(_FEW),
    "price": lambda rng: str(rng.randint(6, 28)),
    "fee": lambda rng: f"{rng.randint(12, 38) / 10:.1f}",
    "hour": lambda rng: str(rng.randint(7, 22)),
    "db": lambda rng: str(rng.randint(58, 79)),
    "building": lambda rng: str(rng.randint(1, 22)),
    "unit": lambda rng: rng.choice(_FEW[:3]),
    "floor": lambda rng: str(rng.randint(2, 30)),
    "bus": lambda rng: str(rng.choice((3, 5, 8, 11, 16, 21, 27, 35, 102, 116))),
    "grade": lambda rng: rng.choice(_GRADES),
    "contact": lambda rng: rng.choice((private.draw_mobile(rng), f"wx_{rng.randint(10_000, 99_999)}")),
    "mobile": private.draw_mobile,
    "landline": private.draw_landline,
    "identity": private.draw_identity,
    "card": private.draw_card,
    "plate": private.draw_plate,
    "mail": private.draw_mail,
}


# How often a school, hospital or market is one of the deployment; the others are only named.
_KNOWN = 0.3
# Title and text of one post speak of the same house and the same bus.
_STEADY = ("building", "unit", "num", "bus")


@dataclass(frozen=True, slots=True)
class Scene:
    """The words of one text by slot (`estate`, `street`, `shop` ...): one corner of the city, one story."""

    names: Mapping[str, str]

    def fill(self, template: str, rng: random.Random) -> str:
        """The template with one of each `[a|b|c]` taken and its slots filled.

        Raises ValueError for a slot nobody knows.
        """
        chosen = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), template)
        return _SLOT.sub(lambda found: self._draw(found[1], rng), chosen)

    def _draw(self, slot: str, rng: random.Random) -> str:
        if slot in self.names:
            return self.names[slot]
        if slot in _NUMBERS:
            return _NUMBERS[slot](rng)
        msg = f"unknown slot {{{slot}}}"
        raise ValueError(msg)


@dataclass(frozen=True)
class Map:
    """The deployment as the simulator uses it: which places lie together."""

    deployment: Deployment
    words: Mapping[str, tuple[str, ...]]

    def scene(
        self,
        estate: PlaceDef,
        rng: random.Random,
        fixed: Mapping[str, str] | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> Scene:
        """A scene around one place; `fixed` (slots to place codes) and `facts` (to words) are a script's."""
        above = {place.level: place.name for place in self.deployment.ancestors(estate.code)}
        names = {**above, estate.level: estate.name}
        names["road"] = self._near(estate, "road", None, rng)
        for kind in ("school", "hospital", "market", "site"):
            if kind not in self.words or rng.random() < _KNOWN:
                names[kind] = self._near(estate, "firm", kind, rng)
        if "estate" not in names:
            names["estate"] = self._near(estate, "estate", None, rng)
        if "community" not in names:
            names["community"] = self._near(estate, "community", None, rng)
        drawn = {slot: _NUMBERS[slot](rng) for slot in _STEADY}
        told = {slot: rng.choice(words) for slot, words in self.words.items()}
        own = {slot: self.deployment.by_code[code].name for slot, code in (fixed or {}).items()}
        return Scene({**told, **names, **drawn, **own, **(facts or {})})

    def _near(self, place: PlaceDef, level: str, kind: str | None, rng: random.Random) -> str:
        """A place of a level (and kind) in the same street, else the same district, else the city."""
        every = [found for found in self.deployment.of_level(level) if kind in (None, found.kind)]
        for boundary in ("street", "district"):
            around = self.deployment.at_level(place.code, boundary)
            near = [found for found in every if around and around in self.deployment.ancestors(found.code)]
            if near:
                return rng.choice(near).name
        if not every:
            msg = f"deployment {self.deployment.name}: no place of level {level}, kind {kind}"
            raise ValueError(msg)
        return rng.choice(every).name
