"""What the city's units do about its hotline tickets: who has each, how far it is, when it was answered."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from pipeline.demo.items import Item
from schemas.reading import Section, read_yaml

UNITS = Path(__file__).parent / "knowledge" / "units.yml"
# How unevenly units answer: the standard deviation of the logarithm of the hours.
_SPREAD = 0.8
_DUE_DAYS = {"咨询": 3, "表扬": 3, "求助": 5, "投诉": 5}
_WITHIN = (timedelta(hours=2), "已受理"), (timedelta(hours=12), "已派单")


@dataclass(frozen=True, slots=True)
class Unit:
    """Who answers, with places for the district and street of a ticket, and the median hours it takes."""

    zh: str
    hours: float


@dataclass(frozen=True, slots=True)
class Work:
    """How a ticket stands when the table is written; what has not happened is None."""

    unit: str
    state: str
    due: datetime
    reply: str = ""
    replied_at: datetime | None = None
    closed_at: datetime | None = None


def work_on(item: Item, kind: str, now: datetime) -> Work:
    """What was done about a ticket of that kind by `now`; the same for the same ticket in every run."""
    chance = random.Random(item.key)
    unit = find_unit(item)
    name = unit.zh.format(district=item.district, street=item.street or item.district)
    due = item.published_at + timedelta(days=_DUE_DAYS[kind])
    replied = item.published_at + timedelta(hours=unit.hours * chance.lognormvariate(0, _SPREAD))
    closed = replied + timedelta(hours=chance.uniform(1, 48))
    if replied > now:
        age = now - item.published_at
        state = next((zh for within, zh in _WITHIN if age < within), "办理中")
        return Work(name, state, due)
    reply = f"您反映的事项{name}已核实处理，感谢您的反映。"
    if closed > now:
        return Work(name, "已答复", due, reply, replied)
    return Work(name, "已办结", due, reply, replied, closed)


def find_unit(item: Item) -> Unit:
    """Who works on the matter of an item."""
    units, street = load_units()
    return units.get(item.matter.partition(":")[0], street)


@cache
def load_units() -> tuple[Mapping[str, Unit], Unit]:
    """The units by matter, and the street office. Raises ReadError for a wrong file."""
    top = read_yaml(UNITS)
    units: dict[str, Unit] = {}
    for _, one in top.named("units"):
        unit = _read_unit(one)
        units |= dict.fromkeys(one.texts("matters", least=1), unit)
        one.close()
    street = _read_unit(top.section("street"))
    top.close()
    return units, street


def _read_unit(section: Section) -> Unit:
    return Unit(section.text("zh"), section.number("hours", 1, 1_000))
