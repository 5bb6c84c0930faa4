"""Readings of sensors as they come in: units, ranges, places, and what a slip says."""

import orjson
import pytest

from schemas.errors import ReadError, Where
from schemas.sensors import find_reading, load_quantities
from schemas.taxonomy.places import load_places

PLACES = load_places()
WHERE = Where("readings.jsonl", 3)
GOOD = {
    "station": "下坝水闸",
    "quantity": "water_level",
    "value": 3250,
    "unit": "cm",
    "time": "2026-07-18 02:00",
}


def _find(**changed: object) -> object:
    return find_reading(orjson.dumps(GOOD | changed), WHERE, PLACES, "sensor")


def test_a_reading_comes_in_its_own_unit_at_its_own_place() -> None:
    reading = find_reading(orjson.dumps(GOOD), WHERE, PLACES, "sensor")
    assert reading is not None
    assert (reading.value, reading.unit, reading.source) == (32.5, "m", "sensor")
    assert reading.place is not None
    assert reading.place.code == "990103002F04"
    assert reading.at.isoformat() == "2026-07-18T02:00:00+08:00"


def test_a_line_without_a_station_is_none() -> None:
    assert find_reading('{"text": "“station”是车站的意思"}'.encode(), WHERE, PLACES, "sensor") is None
    assert find_reading(b'{"text": "the \\"station\\" burns"}', WHERE, PLACES, "sensor") is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"quantity": "水位"}, "quantity = '水位'：应为 water_level、"),
        ({"unit": "尺"}, "unit = '尺'：应为 m、cm、mm 之一"),
        ({"value": "32.5"}, "value = '32.5'：应为 数"),
        ({"value": True}, "value = True：应为 数"),
        ({"value": 99999999}, "value = 99999999：应为 水位 -50 到 9000 m，此外当作传感器故障"),
        ({"time": "昨天"}, "time = '昨天'：应为 2026-01-31、"),
        ({"place": "110101"}, "place = '110101'：应为 云汀市示例 的地点编码"),
        ({"station": " "}, "station = ' '：应为 非空文字"),
    ],
)
def test_a_slip_says_where_what_and_what_is_allowed(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ReadError) as caught:
        _find(**changed)
    assert str(caught.value).startswith(f"readings.jsonl:3: {message}")


def test_every_quantity_can_be_read_in_its_own_unit() -> None:
    for quantity in load_quantities().values():
        assert quantity.units[quantity.unit] == 1.0
        assert quantity.least < quantity.most
