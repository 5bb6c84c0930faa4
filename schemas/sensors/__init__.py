"""What sensors measure, and the strict reading of one reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from schemas.errors import ReadError, Where, one_of
from schemas.reading import Section, read_yaml
from schemas.records import Place, Reading
from schemas.taxonomy.places import Deployment
from schemas.times import parse_time

QUANTITIES = Path(__file__).with_name("quantities.yml")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is measured. `units` gives the exact factor to `unit` for every unit that may come in;
    `least` and `most` are the values, in `unit`, that a working sensor can report."""

    name: str
    zh: str
    unit: str
    units: Mapping[str, Fraction]
    least: float
    most: float

    # A mapping has no hash: a quantity is told by its name.
    def __hash__(self) -> int:
        return hash(self.name)


@cache
def load_quantities(path: Path = QUANTITIES) -> Mapping[str, Quantity]:
    """The quantities by name. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(path)
    top.numbers("no_value")
    found = {name: _read_quantity(name, section) for name, section in top.named("quantities")}
    top.close()
    return MappingProxyType(found)


@cache
def load_no_value(path: Path = QUANTITIES) -> frozenset[float]:
    """The numbers that mean that nothing was measured."""
    return frozenset(read_yaml(path).numbers("no_value"))


def _read_quantity(name: str, section: Section) -> Quantity:
    unit = section.text("unit")
    factors = {unit: Fraction(1)}
    if section.has("units"):
        others = section.section("units")
        factors |= {other: _read_factor(others, other) for other in others.names()}
    least, most = section.numbers("range", 2)
    quantity = Quantity(name, section.text("zh"), unit, MappingProxyType(factors), least, most)
    section.close()
    return quantity


def _read_factor(section: Section, name: str) -> Fraction:
    """A factor written as a fraction, so that it is exact."""
    try:
        factor = Fraction(section.text(name))
    except (ValueError, ZeroDivisionError) as error:
        raise section.refuse(name, "分数，如 1/100") from error
    if factor <= 0:
        raise section.refuse(name, "大于 0 的分数")
    return factor


def read_value(
    quantity: Quantity,
    value: float | Decimal,
    unit: str,
    where: Where,
    field: str,
    no_value: frozenset[float] = frozenset(),
) -> float:
    """A value in the quantity's own unit, exact before it is rounded once (329 cm are 3.29 m).

    Raises ReadError for what is no number, for the marks of no value (the shipped ones and those given) and
    for a value that no working sensor reports.
    """
    if not isfinite(value):
        raise ReadError(where, field, str(value), "有限的数")
    if float(value) in no_value or float(value) in load_no_value():
        raise ReadError(where, field, f"{value:g}", "测到的值，这是传感器没有数据的标记")
    factor = quantity.units[unit]
    own = float(value) if factor == 1 else float(Fraction(str(value)) * factor)
    if not quantity.least <= own <= quantity.most:
        allowed = f"{quantity.zh} {quantity.least:g} 到 {quantity.most:g} {quantity.unit}，此外当作传感器故障"
        raise ReadError(where, field, value, allowed)
    return own


def find_reading(line: bytes, where: Where, deployment: Deployment, source: str) -> Reading | None:
    """The reading of one JSON line; None for a line that is no reading, as it names no station."""
    if b'"station"' not in line:
        return None
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ReadError(where, "JSON", line[:40].decode("utf-8", "replace"), "一行一个 JSON 对象") from error
    if not isinstance(found, dict) or "station" not in found:
        return None
    return read_reading(found, where, deployment, source)


def read_reading(found: Mapping[str, Any], where: Where, deployment: Deployment, source: str) -> Reading:
    """One JSON object with `station`, `quantity`, `value`, `unit` and `time`, optionally `place` (a code) and
    `source`. The value is turned into the quantity's own unit.

    Raises ReadError with field, value and what is allowed; also for a value no working sensor reports.
    """
    quantities = load_quantities()
    quantity = quantities[_choice(found, "quantity", where, tuple(quantities))]
    unit = _choice(found, "unit", where, tuple(quantity.units))
    value = found.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ReadError(where, "value", value, "数")
    return Reading(
        station=_text(found, "station", where),
        quantity=quantity.name,
        value=read_value(quantity, value, unit, where, "value"),
        unit=quantity.unit,
        at=_time(found, where),
        place=_place(found, where, deployment),
        source=_text(found, "source", where) if "source" in found else source,
    )


def _text(found: Mapping[str, Any], name: str, where: Where) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ReadError(where, name, value, "非空文字")
    return value.strip()


def _choice(found: Mapping[str, Any], name: str, where: Where, allowed: tuple[str, ...]) -> str:
    value = found.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise ReadError(where, name, value, one_of(allowed))
    return value


def _time(found: Mapping[str, Any], where: Where) -> datetime:
    return parse_time(_text(found, "time", where), where, "time")


def _place(found: Mapping[str, Any], where: Where, deployment: Deployment) -> Place | None:
    """The place by its code; else the one of the station's name; None where neither is known."""
    code = found.get("place")
    if code is None:
        return place_by_name(deployment, _text(found, "station", where))
    if code not in deployment.by_code:
        raise ReadError(where, "place", code, f"{deployment.name} 的地点编码")
    return make_place(deployment, code)


def place_by_name(deployment: Deployment, name: str) -> Place | None:
    """The one place of a name; None where there is none or more than one."""
    same = deployment.by_name.get(name, ())
    return make_place(deployment, same[0].code) if len(same) == 1 else None


def make_place(deployment: Deployment, code: str) -> Place:
    """A place of the deployment as a record."""
    known = deployment.by_code[code]
    return Place(known.name, code, known.level, 1.0, deployment.path(code), lng=known.lng, lat=known.lat)
