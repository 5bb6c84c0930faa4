"""`qianshao rules try` and `qianshao mode`: a rule on a stream with readings, and the switches kept."""

from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from pipeline.modes import current_mode, mode_rows, set_mode
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
from pipeline.trial import try_rule
from schemas.errors import ReadError
from schemas.records import Level
from schemas.rules.loader import RULES
from schemas.times import SHANGHAI

NOW = datetime(2026, 7, 20, 9, tzinfo=SHANGHAI)


def test_a_rule_is_tried_on_readings_and_posts(tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {
            "station": "下坝水闸",
            "quantity": "water_level",
            "value": value,
            "unit": "m",
            "time": f"2026-07-{18 + 7 * (n > 3):02d} 0{n}:00",
        }
        for n, value in enumerate((32.4, 32.7, 32.8, 33.0, 31.0))
    ]
    lines.append({"text": "下坝村河水涨了一些", "time": "2026-07-18 01:30"})
    lines.append({"station": "下坝水闸", "quantity": "water_level", "value": "高", "unit": "m"})
    data = tmp_path / "stream.jsonl"
    data.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    trial = try_rule(RULES / "sensor_water_level.yml", data, deployment=None, now=NOW, author_key=b"k")
    ((first, highest),) = trial.raised
    assert (first.level, highest.level) == (Level.YELLOW, Level.YELLOW)
    assert trial.rows()[0]["地点"] == "石鼓村下坝水闸"
    assert (trial.quarantined, round(trial.weeks, 1), round(trial.a_week, 1)) == (1, 1.0, 1.0)


def test_switches_are_kept_with_their_reason(tmp_path: Path) -> None:
    with open_rooms(load_settings(home=tmp_path)) as rooms:
        assert current_mode(rooms, NOW).mode.name == "everyday"
        set_mode(rooms, "emergency", now=NOW, until=NOW + timedelta(hours=5), why="台风", who="值班长")
        set_mode(rooms, "auto", now=NOW + timedelta(hours=2), until=None, why="解除", who="值班长")
        modes = [current_mode(rooms, NOW + timedelta(hours=gone)).mode.name for gone in (1, 3)]
        assert modes == ["emergency", "everyday"]
        assert [row["原因"] for row in mode_rows(rooms, NOW)] == ["解除", "台风"]
        for name, why, until in (("warlike", "x", None), ("holiday", " ", None), ("holiday", "x", NOW)):
            with pytest.raises(ReadError, match="qianshao mode"):
                set_mode(rooms, name, now=NOW, until=until, why=why, who="值班长")
