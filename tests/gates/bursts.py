"""How well labelled bursts are clustered and warned of; `python -m tests.gates.bursts` prints it.

The labels are ids only, made by hand; half of them, by the hash of their name, served for tuning.
"""

import gzip
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean, median

from pipeline.replay import replay_file
from schemas.errors import Where
from schemas.times import SHANGHAI, parse_time

STREAM = Path(__file__).parents[3] / "shared" / "data" / "hotline" / "stream_2019.jsonl.gz"
LABELS = Path(__file__).with_name("bursts_2019.json")
NAMED = ("concrete_plant", "parking_sales", "restaurant_fumes")
HIGH = ("yellow", "orange", "red")


@dataclass(frozen=True, slots=True)
class Burst:
    """One labelled burst. `messages` had come when it was first warned of at yellow; None: never."""

    name: str
    half: str
    size: int
    f1: float
    messages: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All bursts, the alerts at yellow or above that cover none of them, and the weeks of the stream."""

    bursts: tuple[Burst, ...]
    others: int
    weeks: float

    def mean_f1(self, half: str) -> float:
        """Mean F1 of the best matching event over one half of the bursts."""
        return mean(burst.f1 for burst in self.bursts if burst.half == half)


def measure_bursts() -> Outcome:
    """Replay the stream and compare."""
    labels: dict[str, dict[str, object]] = json.loads(LABELS.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        now = datetime(2026, 1, 1, tzinfo=SHANGHAI)
        replay_file(STREAM, out, deployment=None, now=now, author_key=b"bursts")
        events, alerts = _rows(out / "events.jsonl"), _rows(out / "alerts.jsonl")
    times = _read_times(labels)
    high = [alert for alert in alerts if alert["level"] in HIGH]
    bursts, found = [], set()
    for name, label in labels.items():
        ids = frozenset(label["ids"])  # type: ignore[call-overload]
        own = [alert for alert in high if _covers(alert, ids)]
        found |= {alert["alert_id"] for alert in own}
        first = min((_moment(alert["raised_at"]) for alert in own), default=None)
        came = None if first is None else sum(times[one] <= first for one in ids)
        best = max(_f1(ids, frozenset(event["post_ids"])) for event in events)  # type: ignore[call-overload]
        bursts.append(Burst(name, str(label["half"]), len(ids), best, came))
    days = (max(_moment(event["last_seen"]) for event in events) - datetime(2019, 1, 1, tzinfo=SHANGHAI)).days
    return Outcome(tuple(bursts), len({alert["alert_id"] for alert in high} - found), days / 7)


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def _read_times(labels: Mapping[str, Mapping[str, object]]) -> dict[str, datetime]:
    wanted = {one for label in labels.values() for one in label["ids"]}  # type: ignore[attr-defined]
    with gzip.open(STREAM) as lines:
        rows = [json.loads(line) for line in lines]
    return {
        row["id"]: parse_time(row["time"], Where("stream"), "time") for row in rows if row["id"] in wanted
    }


def _covers(alert: Mapping[str, object], ids: frozenset[str]) -> bool:
    """Whether at least two, and half, of an alert's posts are of the burst."""
    posts = frozenset(alert["post_ids"])  # type: ignore[call-overload]
    return len(posts & ids) >= max(2, len(posts) / 2)


def _f1(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


def main() -> None:
    """Print the table."""
    outcome = measure_bursts()
    write = sys.stdout.write
    for burst in outcome.bursts:
        warned = "not at yellow" if burst.messages is None else f"yellow after {burst.messages}"
        write(f"{burst.half:7}{burst.name:26}{burst.size:4}  F1 {burst.f1:.2f}  {warned}\n")
    told = [burst.messages for burst in outcome.bursts if burst.messages is not None]
    for half in ("tune", "report"):
        write(f"mean F1 ({half}): {outcome.mean_f1(half):.3f}\n")
    write(f"median messages before yellow: {median(told)}; missed: {len(outcome.bursts) - len(told)}\n")
    write(f"other alerts at yellow or above: {outcome.others} in {outcome.weeks:.0f} weeks\n")


if __name__ == "__main__":
    main()
