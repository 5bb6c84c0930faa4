"""Measuring the text core for the gates, and pinning their floors.

`python -m tests.gates.text_quality [--allow-regression]` pins each floor with the SHA-256 of the data it was
measured on. It raises floors; it refuses to lower one unless `--allow-regression` is said.
"""

import gzip
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from sklearn.metrics import f1_score

from nlp.clean import clean_text
from nlp.incident import IncidentJudge
from pipeline.train import evaluate_task, fit_task
from pipeline.training_data import read_files
from schemas.taxonomy.labels import load_families

DATA = Path(__file__).parents[3] / "shared" / "data"
PINS = Path(__file__).with_name("text_quality.json")
EPSILON = 0.0005

COMPLAINT = (
    "messages_labelled",
    "messages_segmented_labelled",
    "stream_2019",
    "messages_replied",
    "mayor_mailbox",
)
FILES = {
    "complaint": (
        *(f"hotline/{name}" for name in COMPLAINT),
        "incident/hot_search_titles",
        "incident/emotion_virus",
    ),
    "rumour": ("rumour/ced_until_cut", "rumour/ma", "hotline/stream_2019"),
    "spread": (
        "rumour/ced_until_cut",
        "rumour/ma",
        "hotline/stream_2019",
        "rumour/ced_first_reposts",
    ),
    "emotion": ("incident/emotion_virus", "hotline/stream_2019"),
    "rumour_across_sets": ("rumour/weibo21",),
    "incident": ("incident/emergency_news", "hotline/stream_2019"),
}
# Higher is better, except for these.
LOWER_IS_BETTER = {"ece", "stream_share_with_a_kind"}
KINDS = {
    "交通事故": "traffic_accident",
    "火灾": "fire",
    "食物中毒": "food_poisoning",
    "地震": "earthquake",
    "恐怖袭击": "terror",
}


def data_paths(gate: str) -> list[Path]:
    """The files a gate is measured on."""
    return [DATA / f"{name}.jsonl.gz" for name in FILES[gate]]


def hash_data(gate: str) -> str:
    """One hash of all files of a gate."""
    return sha256(b"".join(sha256(path.read_bytes()).digest() for path in data_paths(gate))).hexdigest()


def measure(gate: str) -> dict[str, float]:
    """The figures of a gate, by name."""
    if gate == "incident":
        return _measure_incident()
    if gate == "rumour_across_sets":
        return {"auc": evaluate_task("rumour", data_paths(gate)[0]).measures["auc"].value}
    scores = fit_task(gate, read_files(data_paths(gate))).fitted.scores
    return {name: one.value for name, one in scores.measures.items()}


def is_worse(name: str, found: float, floor: float) -> bool:
    """Whether a figure is worse than its floor by more than the noise of measuring."""
    return found > floor + EPSILON if name in LOWER_IS_BETTER else found < floor - EPSILON


def read_pins() -> Mapping[str, Any]:
    """The pinned floors."""
    pins: Mapping[str, Any] = orjson.loads(PINS.read_bytes())
    return pins


def _rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def _measure_incident() -> dict[str, float]:
    judge = IncidentJudge(load_families()["incident"])
    news, stream = (_rows(path) for path in data_paths("incident"))
    truth = [KINDS[row["label"]] for row in news]
    given = [judge.judge(clean_text(f"{row['title']}\n{row['text']}")).name for row in news]
    told = [judge.judge(clean_text(f"{row['title']}\n{row['detail']}")).name for row in stream]
    return {
        "accuracy": sum(one == other for one, other in zip(truth, given, strict=True)) / len(truth),
        "macro_f1": float(f1_score(truth, given, labels=list(KINDS.values()), average="macro")),
        "stream_share_with_a_kind": sum(name != "none" for name in told) / len(told),
    }


def pin(allow_regression: bool) -> None:
    """Measure every gate and write its figures as the new floors."""
    pins = dict(read_pins()) if PINS.is_file() else {}
    for gate in FILES:
        found = {name: round(value, 4) for name, value in measure(gate).items()}
        old = pins.get(gate, {}).get("floors", {})
        worse = [name for name, floor in old.items() if is_worse(name, found[name], floor)]
        if worse and not allow_regression:
            sys.exit(f"{gate}: {worse} would fall, {old} to {found}; --allow-regression lowers on purpose")
        pins[gate] = {"data": hash_data(gate), "floors": found}
    PINS.write_bytes(orjson.dumps(pins, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    pin("--allow-regression" in sys.argv)
