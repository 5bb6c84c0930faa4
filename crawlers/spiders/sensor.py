"""Base of the JSON sources of sensor readings: levels, depths, gas, smoke by station and time."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from crawlers.page import Page
from crawlers.sensors.carrier import carry_reading
from crawlers.sensors.reader import Told
from crawlers.spiders.api import ApiSpider, Item
from crawlers.spiders.base import Found, put_aside
from schemas.errors import ReadError, one_of
from schemas.sensors import load_quantities


class SensorSpider(ApiSpider):
    """An interface that answers with readings in JSON. The fields are JMESPath expressions within an item,
    or methods `item_<field>` of that name.

    `items` finds the list in the answer; `station_path` and `time_path` say where and when. An item that
    holds several quantities lists them under `measures`, each with its path and its unit; one that says its
    quantity has `value_path`, `quantity_path` and `unit_path` (or the fixed `quantity` and `unit`), its words
    translated by `codes`. Names and units are those of schemas/sensors/quantities.yml. Which station a code
    is, the deployment's stations.yml says.
    """

    station_path: ClassVar[str] = "station"
    time_path: ClassVar[str] = "time"
    measures: ClassVar[Mapping[str, tuple[str, str]]] = {}
    value_path: ClassVar[str] = ""
    quantity_path: ClassVar[str] = ""
    quantity: ClassVar[str] = ""
    unit_path: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    codes: ClassVar[Mapping[str, str]] = {}

    def read_item(self, page: Page, item: Item) -> Iterator[Found]:
        """A record for each value of an item; a wrong one is put aside alone."""
        station, at = self.item_station(page, item), self.item_time(page, item)
        if not station or at is None:
            raise page.refuse(self.station_path, station, "站名或编码，以及时间")
        for quantity, unit, value in self.item_values(page, item):
            try:
                self._check(page, quantity, unit)
            except ReadError as error:
                yield put_aside(page, str(error), raw=f"{station} {quantity} {value} {unit} {at}".encode())
                continue
            told = Told(station, quantity, unit, value, at)
            yield carry_reading(told, self.source.name, page.url, page.now)

    def item_station(self, page: Page, item: Item) -> str:
        """The station's code or name."""
        return self.field(page, item, self.station_path)

    def item_key(self, page: Page, item: Item) -> str:
        """What tells one item from the next: an answer may hold many of one station."""
        if self.measures:
            return f"{self.item_station(page, item)}|{self.field(page, item, self.time_path)}"
        quantity = self.field(page, item, self.quantity_path)
        return f"{self.item_station(page, item)}|{quantity}|{self.field(page, item, self.time_path)}"

    def item_values(self, page: Page, item: Item) -> Iterator[tuple[str, str, str]]:
        """Quantity, unit and value of each value that an item has; an empty one is none."""
        for quantity, (path, unit) in self.measures.items():
            if value := self.field(page, item, path):
                yield quantity, unit, value
        if self.value_path and (value := self.field(page, item, self.value_path)):
            quantity = self.quantity or self._code(page, item, self.quantity_path)
            yield quantity, self.unit or self._code(page, item, self.unit_path), value

    def _code(self, page: Page, item: Item, path: str) -> str:
        text = self.field(page, item, path)
        return self.codes.get(text, text)

    def _check(self, page: Page, quantity: str, unit: str) -> None:
        quantities = load_quantities()
        if quantity not in quantities:
            raise page.refuse("quantity", quantity, one_of(quantities))
        if unit not in quantities[quantity].units:
            raise page.refuse("unit", unit, one_of(quantities[quantity].units))
