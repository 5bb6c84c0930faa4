"""One told value to one reading: number, unit, station and time, each strictly or refused."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from schemas.errors import ReadError, Where, one_of
from schemas.records import Reading
from schemas.sensors import load_quantities, read_value
from schemas.sensors.stations import StationBook

# A clock may be so fast; beyond that nobody knows when the value was measured.
AHEAD = timedelta(minutes=10)
_DIGITS = 40
# What an error calls the station.
STATION = "站"


@dataclass(frozen=True, slots=True)
class Told:
    """A value as a table or an interface tells it, its quantity and unit already of quantities.yml.

    `field` is what the column or path of the value is called in errors.
    """

    station: str
    quantity: str
    unit: str
    value: str
    at: datetime
    field: str = "value"
    no_value: frozenset[str] = frozenset()


def make_reading(told: Told, stations: StationBook, source: str, received: datetime, where: Where) -> Reading:
    """The reading in the quantity's own unit at its station's place. Raises ReadError."""
    station = stations.find(told.station)
    if station is None:
        raise ReadError(where, STATION, told.station, "stations.yml 里的站名或编码")
    if told.at > received + AHEAD:
        shown = told.at.isoformat(sep=" ")
        raise ReadError(where, "时间", shown, "不晚于收到的时间（传感器的时钟可能快了）")
    quantity = load_quantities()[told.quantity]
    if told.unit not in quantity.units:
        raise ReadError(where, "单位", told.unit, f"{quantity.zh}的单位 {one_of(quantity.units)}")
    number = read_number(told.value, where, told.field, told.no_value)
    value = read_value(quantity, number, told.unit, where, told.field)
    return Reading(station.name, quantity.name, value, quantity.unit, told.at, station.place, source)


def read_number(text: str, where: Where, field: str, no_value: frozenset[str] = frozenset()) -> Decimal:
    """A decimal number as it is written, in any width of digits. Raises ReadError; also for what means that
    nothing was measured."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain in no_value:
        raise ReadError(where, field, text, "测到的值，映射说这是没有数据的标记")
    try:
        number = Decimal(plain)
    except InvalidOperation as error:
        raise ReadError(where, field, text, "数") from error
    digits = number.as_tuple().exponent
    # No sensor writes such exponents, and turning one into a fraction would take all memory.
    if not isinstance(digits, int) or abs(digits) > _DIGITS:
        raise ReadError(where, field, text, "有限的数")
    return number
