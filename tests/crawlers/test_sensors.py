"""Sensor tables: wide and long, units, times, codes, and every kind of value that is none."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawlers.reasons import reason_of
from crawlers.sensors.mapping import load_sensor_mapping, sensor_mapping_path
from crawlers.sensors.tables import SensorImport
from schemas.errors import ReadError
from schemas.records import Quarantined, Reading
from schemas.sensors.stations import STATIONS, load_stations
from schemas.taxonomy.places import load_places
from schemas.times import SHANGHAI

NOW = datetime(2026, 7, 18, 12, 0, tzinfo=SHANGHAI)
BOOK = load_stations(STATIONS, load_places())
WIDE = "测站编码,站名,时间,水位(m),一小时雨量(mm)\n"
LONG = "设备编号,上报时间,监测项,监测值,单位\n"


def take(path: Path, text: str, mapping: str) -> tuple[list[Reading], list[str], SensorImport]:
    path.write_text(text, encoding="utf-8")
    file = sensor_mapping_path(mapping)
    assert file is not None
    table = SensorImport(path, load_sensor_mapping(file), BOOK, NOW)
    found = list(table.records())
    good = [one for one in found if isinstance(one, Reading)]
    return good, [one.reason for one in found if isinstance(one, Quarantined)], table


def wide(tmp_path: Path, *rows: str) -> tuple[list[Reading], list[str], SensorImport]:
    return take(tmp_path / "river.csv", WIDE + "\n".join(rows), "demo_river")


def test_a_wide_row_is_a_reading_for_each_value_it_has(tmp_path: Path) -> None:
    good, aside, table = wide(
        tmp_path, "60107300,下坝闸,2026-07-18 08:00,32.61,4.5", "下坝水闸,,2026/7/18 9:05,32.7,"
    )
    assert aside == []
    assert [(one.station, one.quantity, one.value) for one in good] == [
        ("下坝水闸", "water_level", 32.61),
        ("下坝水闸", "rainfall_1h", 4.5),
        ("下坝水闸", "water_level", 32.7),
    ]
    assert good[0].at == datetime(2026, 7, 18, 8, tzinfo=SHANGHAI)
    assert good[0].place is not None
    assert (good[0].source, good[0].place.code) == ("demo_river", "990103002F04")
    assert (table.report.rows, table.report.read, table.report.ignored) == (2, 3, ("站名",))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("-9999", "这是传感器没有数据的标记"),
        ("32767", "这是传感器没有数据的标记"),
        ("-99", "映射说这是没有数据的标记"),
        ("NaN", "应为 有限的数"),
        ("inf", "应为 有限的数"),
        ("sNaN", "应为 有限的数"),
        ("1e999", "应为 有限的数"),
        ("1e-999999999", "应为 有限的数"),
        ("12000", "水位 -50 到 9000 m，此外当作传感器故障"),
        ("约32米", "应为 数"),
    ],
)
def test_a_value_that_is_none_is_put_aside_with_its_reason(tmp_path: Path, value: str, reason: str) -> None:
    good, aside, _ = wide(tmp_path, f"60107300,,2026-07-18 08:00,{value},4.5")
    assert [one.quantity for one in good] == ["rainfall_1h"]
    (told,) = aside
    assert told.startswith("river.csv:2: 水位(m) = ")
    assert reason in told


def test_a_fast_clock_an_unknown_station_and_a_row_without_one_are_put_aside(tmp_path: Path) -> None:
    _, aside, _ = wide(
        tmp_path,
        "60107300,,2026-07-18 12:10,32.6,",
        "60107300,,2026-07-18 12:11,32.6,",
        "60199999,,2026-07-18 08:00,32.6,",
        ",,2026-07-18 08:00,32.6,",
        "60107300,,很久以前,32.6,",
    )
    assert [told.partition("：应为")[0] for told in aside] == [
        "river.csv:3: 时间 = '2026-07-18 12:11:00+08:00'",
        "river.csv:4: 站 = '60199999'",
        "river.csv:5: 测站编码 = ''",
        "river.csv:6: 时间 = '很久以前'",
    ]


def test_units_are_exact_and_codes_are_the_mappings_or_their_own_names(tmp_path: Path) -> None:
    rows = (
        "JS-012,2026-07-18 08:00:00,积水,0.329,米",
        "JS-012,2026-07-18 08:05:00,积水深度,329,毫米",
        "GAS-0007,2026-07-18 08:05:00,甲烷,１２.５,%LEL",
    )
    good, aside, _ = take(tmp_path / "probes.csv", LONG + "\n".join(rows), "demo_probes")
    assert aside == []
    assert [(one.value, one.unit) for one in good] == [(32.9, "cm"), (32.9, "cm"), (12.5, "%LEL")]


def test_unknown_stations_quantities_and_units_are_counted(tmp_path: Path) -> None:
    rows = (
        "X-1,2026-07-18 08:00,甲烷,3,%LEL",
        "X-1,2026-07-18 08:00,噪声,60,dB",
        "JS-012,2026-07-18 08:00,积水,3,尺",
    )
    _, aside, table = take(tmp_path / "probes.csv", LONG + "\n".join(rows), "demo_probes")
    assert len(aside) == 3
    found = SensorImport(table.path, table.mapping, BOOK, NOW).count_unknown()
    assert found == {("设备编号", "X-1"): 2, ("监测项", "噪声"): 1, ("单位", "dB"): 1, ("单位", "尺"): 1}


def test_a_unit_of_another_quantity_is_refused(tmp_path: Path) -> None:
    _, aside, _ = take(tmp_path / "p.csv", f"{LONG}JS-012,2026-07-18 08:00,积水,3,ppm", "demo_probes")
    assert "单位 = 'ppm'：应为 积水深度的单位 cm、m、mm 之一" in aside[0]


def test_a_table_without_a_needed_column_or_any_value_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="含有 测站编码、站码、站号 之一"):
        take(tmp_path / "a.csv", "时间,水位\n2026-07-18 08:00,1\n", "demo_river")
    with pytest.raises(ReadError, match=r"含有 水位\(m\)、水位、"):
        take(tmp_path / "b.csv", "站码,时间,流速\n60107300,2026-07-18 08:00,1\n", "demo_river")


def test_an_empty_file_and_a_broken_line_are_put_aside(tmp_path: Path) -> None:
    assert take(tmp_path / "a.csv", "", "demo_river")[1] == ["a.csv: 文件是空的"]
    good, aside, _ = wide(
        tmp_path, '60107300,"没有闭合,2026-07-18 08:00,32.6,', "60107300,,2026-07-18 09:00,32.6,"
    )
    assert (len(good), len(aside)) == (1, 1)


def test_json_lines_and_epoch_times_are_read(tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(
        "kind: sensor\nsource: t_gauges\nzone: Asia/Shanghai\n"
        "columns: {station: [id], time: [ts], value: [v]}\n"
        "quantity: water_level\nunit: cm\ntimes: [epoch_ms]\n",
        encoding="utf-8",
    )
    at = NOW - timedelta(hours=1)
    line = f'{{"id": "下坝水闸", "ts": {int(at.timestamp() * 1000)}, "v": 3250}}\n'
    good, aside, _ = take(tmp_path / "g.jsonl", line, str(tmp_path / "m.yml"))
    assert (aside, good[0].value, good[0].at) == ([], 32.5, at)


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("unit: m}", "unit: 尺}", "measures.water_level.unit = '尺'"),
        ("  water_level:", "  水位:", "应为 water_level、"),
        ("zone: Asia/Shanghai", "zone: 北京", "IANA 时区"),
        ("  time: [时间, 观测时间, 采集时间]\n", "", "columns.time = None"),
        ("ignore: [站名", "ignore: [水位", "只属于一个字段的列名"),
        ("columns:\n", "unit: m\ncolumns:\n", "unit = 'm'：应为 只有这些键"),
    ],
)
def test_a_slip_in_a_mapping_is_told(tmp_path: Path, was: str, becomes: str, message: str) -> None:
    shipped = sensor_mapping_path("demo_river")
    assert shipped is not None
    text = shipped.read_text(encoding="utf-8")
    assert was in text
    (tmp_path / "m.yml").write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ReadError, match=re.escape(message)):
        load_sensor_mapping(tmp_path / "m.yml")


def test_every_refusal_of_a_reading_has_its_own_word(tmp_path: Path) -> None:
    _, aside, _ = wide(
        tmp_path,
        "60107300,,2026-07-18 08:00,-9999,",
        "60107300,,2026-07-18 08:00,约三米,",
        "60107300,,2026-07-18 08:00,NaN,",
        "60107300,,2026-07-18 08:00,12000,",
        "60107300,,2026-07-18 18:00,32,",
        "60199999,,2026-07-18 08:00,32,",
    )
    assert [reason_of(told) for told in aside] == [
        "没有测到值", "读数不是数", "读数不是数", "超出物理范围", "传感器时钟快了", "站不认识",
    ]  # fmt: skip
