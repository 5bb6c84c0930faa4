"""Conditions that no post fires: a source that is silent, a reading that crosses its threshold."""

from dataclasses import dataclass

from schemas.reading import Section
from schemas.records import Level
from schemas.rules.parts import read_higher, read_hours, read_one_label
from schemas.sensors import Quantity, load_quantities

SUBJECTS = ("source", "label", "station")
# Of a station so many hours are known.
STATION_HOURS = 48


@dataclass(frozen=True, slots=True)
class Silence:
    """A source, or a label of a source, that is ordinarily busy and has brought nothing for `for_hours`.

    It is busy where each of the last `stretches` like stretches (the same hours on days of the same kind,
    working or free) brought at least `least` posts. `subject` says whether a source is asked as a whole or
    each of its labels, or each station of sensors: that is busy where each of the `stretches` stretches up
    to its last reading brought so many. `labels` name the one label the warning is filed under.
    """

    labels: tuple[str, ...]
    subject: str
    for_hours: int
    least: int
    stretches: int

    @property
    def window_hours(self) -> int:
        """How far back the counts must reach: eight weeks of days of which some are free."""
        return 24 * 56


@dataclass(frozen=True, slots=True)
class SensorRung:
    """From this value on (from it downwards where low values alarm) the level is this one."""

    value: float
    level: Level
    called: str = ""


@dataclass(frozen=True, slots=True)
class Sensor:
    """`readings` readings of a station in a row at or beyond a threshold.

    `quantity` is one of schemas/sensors/quantities.yml and gives the unit; `above` or `below` is the
    threshold, the other is None. `stations` narrows to stations by name, empty for all. Once told, a station
    counts as over until it is back beyond `back`: a value that sways around the threshold is one warning.
    `called` is what people call the threshold: 警戒水位.
    """

    labels: tuple[str, ...]
    quantity: Quantity
    above: float | None
    below: float | None
    back: float
    readings: int
    stations: tuple[str, ...] = ()
    ladder: tuple[SensorRung, ...] = ()
    called: str = ""

    def reaches(self, value: float, threshold: float | None = None) -> bool:
        """Whether a value is at or beyond a threshold, the rule's own unless another is given."""
        limit = self.above if self.below is None else self.below
        limit = limit if threshold is None else threshold
        if limit is None:
            raise ValueError("a sensor has a threshold")
        return value <= limit if self.above is None else value >= limit

    def is_back(self, value: float) -> bool:
        """Whether a value is ordinary again."""
        return value > self.back if self.above is None else value < self.back


def read_silence(section: Section, _level: Level) -> Silence:
    """A condition of the kind `silence`."""
    found = Silence(
        labels=read_one_label(section),
        subject=section.choice("subject", SUBJECTS),
        for_hours=read_hours(section, "for"),
        least=section.whole("least", least=1),
        stretches=section.whole("stretches", least=3),
    )
    if found.subject == "station" and found.for_hours * found.stretches > STATION_HOURS:
        raise section.refuse("stretches", f"与 for 相乘不超过 {STATION_HOURS} 小时的次数")
    return found


def read_sensor(section: Section, level: Level) -> Sensor:
    """A condition of the kind `sensor`."""
    quantities = load_quantities()
    quantity = quantities[section.choice("quantity", tuple(quantities))]
    section.choice("unit", (quantity.unit,))
    is_high = section.has("above")
    threshold = section.number("above" if is_high else "below", quantity.least, quantity.most)
    back = section.number("back", quantity.least, quantity.most)
    if (back >= threshold) is is_high:
        raise section.refuse("back", f"{'小' if is_high else '大'}于 {threshold:g} 的数")
    return Sensor(
        labels=read_one_label(section),
        quantity=quantity,
        above=threshold if is_high else None,
        below=None if is_high else threshold,
        back=back,
        readings=section.whole("readings", least=1),
        stations=section.texts("stations", least=1) if section.has("stations") else (),
        ladder=_read_sensor_rungs(section, quantity, threshold, level, is_high=is_high),
        called=section.text("called") if section.has("called") else "",
    )


def _read_sensor_rungs(
    section: Section, quantity: Quantity, before: float, level: Level, *, is_high: bool
) -> tuple[SensorRung, ...]:
    rungs: list[SensorRung] = []
    for one in section.sections("ladder", least=1) if section.has("ladder") else ():
        value = one.number("value", quantity.least, quantity.most)
        if value == before or (value > before) is not is_high:
            raise one.refuse("value", f"比 {before:g} 更{'高' if is_high else '低'}的数")
        level = read_higher(one, level)
        rungs.append(SensorRung(value, level, one.text("called") if one.has("called") else ""))
        before = value
        one.close()
    return tuple(rungs)
