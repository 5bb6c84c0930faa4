"""Scores stand above their floors, and no floor falls unless somebody says why."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gates.pins import (
    TASKS,
    LoweredError,
    changed,
    digest_gold,
    fallen,
    measure,
    missing_data,
    needs_data,
    pin_path,
    read_pin,
    repin,
    write_pin,
)

GATES = [pytest.param(task, marks=needs_data(task), id=task) for task in TASKS]


@pytest.mark.parametrize("task", GATES)
def test_no_score_falls(task: str) -> None:
    pin = read_pin(task)
    assert changed(pin) == []
    scores = measure(task)
    assert fallen(pin, scores) == {}
    assert scores.keys() == pin["floors"].keys()


@pytest.mark.parametrize("task", TASKS)
def test_floors_stand_at_the_targets(task: str) -> None:
    """Also where the data is absent: a floor under the issue's target is written by nobody's mistake."""
    pin = read_pin(task)
    assert {
        name: pin["floors"][name] for name, target in pin["targets"].items() if pin["floors"][name] < target
    } == {}
    assert pin["gold_sha256"] == digest_gold(pin)


@pytest.fixture
def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr("tests.gates.pins.SHARED", tmp_path)
    (tmp_path / "a.gz").write_bytes(b"rows")
    empty = {
        "floors": {},
        "targets": {},
        "data": {"a.gz": ""},
        "gold_sha256": "",
        "lowered": [],
        "gold": {"x": [1, None]},
    }
    return repin(empty, {"f1": 0.9}, "first")


def test_a_floor_rises_by_itself(pin: dict[str, Any]) -> None:
    assert repin(pin, {"f1": 0.95})["floors"] == {"f1": 0.95}


def test_noise_moves_no_floor(pin: dict[str, Any]) -> None:
    assert repin(pin, {"f1": 0.897})["floors"] == {"f1": 0.9}


def test_a_floor_falls_only_with_a_reason(pin: dict[str, Any]) -> None:
    with pytest.raises(LoweredError, match="f1"):
        repin(pin, {"f1": 0.8})
    lowered = repin(pin, {"f1": 0.8}, "标注改正")
    assert lowered["floors"] == {"f1": 0.8}
    assert lowered["lowered"][-1] == {"because": "标注改正", "floors": {"f1": 0.9}, "changed": []}


@pytest.mark.parametrize("what", ["a.gz", "gold"])
def test_other_data_needs_a_reason(pin: dict[str, Any], tmp_path: Path, what: str) -> None:
    if what == "gold":
        pin["gold"]["x"] = [2, None]
    else:
        (tmp_path / what).write_bytes(b"other rows")
    assert changed(pin) == [what]
    with pytest.raises(LoweredError, match=what):
        repin(pin, {"f1": 0.99})


def test_short_lists_stand_on_one_line(pin: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "pin.json"
    write_pin(path, pin)
    text = path.read_text("utf-8")
    assert json.loads(text) == pin
    assert '"x": [1, null]' in text


def test_absent_data_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.gates.pins.SHARED", tmp_path / "nowhere")
    assert all("absent" in missing_data(task) for task in TASKS)
    assert all(pin_path(task).is_file() for task in TASKS)
