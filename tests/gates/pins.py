"""Pinned scores: `<task>.json` beside this file holds floors, the issue's targets and the hash of the data.

`python -m tests.gates.pins TASK` measures and raises the floors. It lowers none, and takes no other data or
gold, unless it is told why: `--because "..."`, which stays in the file.
"""

import argparse
import hashlib
import importlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"
TASKS = ("details", "duplicates", "facts", "incident_labels", "needs", "places")
# One flipped answer of two hundred is no regression of a method, and floors are written with four digits.
NOISE = 0.005
_LIST = re.compile(r"\[([^\[\]{}]*)\]")


class LoweredError(ValueError):
    """A floor would fall, or what it was measured on would change, and nobody said why."""

    def __init__(self, lower: Mapping[str, tuple[float, float]], new: Sequence[str]) -> None:
        super().__init__(f"lower: {lower}, changed: {new}; say why with --because")


def pin_path(task: str) -> Path:
    """The file with a task's floors."""
    return Path(__file__).with_name(f"{task}.json")


def read_pin(task: str) -> dict[str, Any]:
    """Floors, targets, hashes and gold of a task."""
    pin: dict[str, Any] = json.loads(pin_path(task).read_text("utf-8"))
    return pin


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_gold(pin: Mapping[str, Any]) -> str:
    """The hash of the hand-made labels, however they are laid out in the file."""
    return digest(json.dumps(pin.get("gold"), ensure_ascii=False, sort_keys=True).encode())


def missing_data(task: str) -> str:
    """Why the task cannot be measured here; empty where it can."""
    absent = [name for name in read_pin(task)["data"] if not (SHARED / name).is_file()]
    return f"shared data absent: {', '.join(absent)} (looked in {SHARED})" if absent else ""


def needs_data(task: str) -> list[pytest.MarkDecorator]:
    """The marks of a gate's tests."""
    reason = missing_data(task)
    return [pytest.mark.data, pytest.mark.skipif(bool(reason), reason=reason)]


def changed(pin: Mapping[str, Any]) -> list[str]:
    """What is no longer what the floors were measured on: names of data files, and `gold`."""
    other = [name for name, pinned in pin["data"].items() if digest((SHARED / name).read_bytes()) != pinned]
    return other if pin["gold_sha256"] == digest_gold(pin) else [*other, "gold"]


def fallen(pin: Mapping[str, Any], scores: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """The scores below their floors by more than noise: floor and score."""
    return {
        name: (floor, scores[name]) for name, floor in pin["floors"].items() if scores[name] < floor - NOISE
    }


def repin(pin: Mapping[str, Any], scores: Mapping[str, float], because: str = "") -> dict[str, Any]:
    """The pin with floors raised to the scores. Raises LoweredError where one would fall without a reason."""
    floors: dict[str, float] = pin["floors"]
    lower, new = fallen(pin, scores), changed(pin)
    if (lower or new) and not because:
        raise LoweredError(lower, new)
    if lower or new:
        pin = {**pin, "lowered": [*pin["lowered"], {"because": because, "floors": floors, "changed": new}]}
        floors = {}
    kept = {name: round(max(score, floors.get(name, 0.0)), 4) for name, score in scores.items()}
    data = {name: digest((SHARED / name).read_bytes()) for name in pin["data"]}
    return {**pin, "floors": kept, "data": data, "gold_sha256": digest_gold(pin)}


def write_pin(path: Path, pin: Mapping[str, Any]) -> None:
    """As JSON with short lists on one line."""
    text = json.dumps(pin, ensure_ascii=False, indent=1)
    path.write_text(_LIST.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n", "utf-8")


def measure(task: str) -> dict[str, float]:
    """The task's scores now."""
    scores: dict[str, float] = importlib.import_module(f"tests.gates.{task}").measure()
    return scores


def main(arguments: list[str]) -> None:
    """Measure, print, pin."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--because", default="", help="why a floor may fall or the data may change")
    chosen = parser.parse_args(arguments)
    scores = measure(chosen.task)
    sys.stdout.write(json.dumps(scores, indent=1) + "\n")
    pin = repin(read_pin(chosen.task), scores, chosen.because)
    write_pin(pin_path(chosen.task), pin)


if __name__ == "__main__":
    main(sys.argv[1:])
