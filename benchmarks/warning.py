"""Events and warnings on the streams whose bursts and incidents are labelled: found, how soon, what else.

`qianshao bench warning DATA`; DATA is the folder of the shared data (not shipped). Labels are ids only, in
tests/gates. `python -m benchmarks.warning DATA hot` replays the hot-search titles of three years too.
"""

import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import mean, median

import orjson

from pipeline.replay import replay_file
from schemas.errors import Where
from schemas.times import SHANGHAI, parse_time

LABELS = Path(__file__).parents[1] / "tests" / "gates"
STREAM, TITLES = "hotline/stream_2019.jsonl.gz", "incident/hot_search_titles.jsonl.gz"
FIRST, MORE, HOT = "bursts_2019.json", "bursts_2019_more.json", "hot_alerts.json"
HIGH = ("yellow", "orange", "red")
HALVES = {"tune": "调参", "report": "报告"}
_NOW = datetime(2026, 1, 1, tzinfo=SHANGHAI)
_NEVER = 10**6

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Burst:
    """One labelled burst: how many of its messages had come at its first alert and at yellow; None: never."""

    name: str
    half: str
    size: int
    f1: float
    told: int | None
    yellow: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The bursts, the alerts at yellow or above that cover none of them (when raised), and the stream."""

    bursts: tuple[Burst, ...]
    others: tuple[tuple[datetime, str], ...]
    start: datetime
    end: datetime

    @property
    def weeks(self) -> float:
        """Length of the stream."""
        return (self.end - self.start) / timedelta(weeks=1)

    def half(self, name: str) -> list[Burst]:
        """The bursts that served for tuning, or those that are reported."""
        return [burst for burst in self.bursts if burst.half == name]

    def mean_f1(self, half: str) -> float:
        """Mean F1 of the best matching event over one half of the bursts."""
        return mean(burst.f1 for burst in self.half(half))


def run(data: Path, hot: bool = False) -> list[Row]:
    """The rows of the table: bursts found, how soon, other alerts a week; of the titles, alerts a day."""
    with tempfile.TemporaryDirectory() as folder:
        replay = _replay(data / STREAM, Path(folder))
    rows = [row for name in (FIRST, MORE) for row in _describe(name, replay, data / STREAM)]
    return [*rows, *(measure_titles(data / TITLES) if hot else ())]


def measure_bursts(stream: Path, names: Iterable[str] = (FIRST,)) -> Outcome:
    """Replay the stream and compare with the labelled bursts."""
    with tempfile.TemporaryDirectory() as folder:
        return _compare(names, _replay(stream, Path(folder)), stream)


def _describe(name: str, replay: "Replayed", stream: Path) -> list[Row]:
    outcome = _compare((FIRST,) if name == FIRST else (FIRST, MORE), replay, stream)
    title = f"{len(outcome.bursts)} 个突发"
    rows = [_row(f"{title}，{zh}一半：平均 F1", outcome.mean_f1(half)) for half, zh in HALVES.items()]
    for what, field in (("首个预警", "told"), ("黄色预警", "yellow")):
        counts = [getattr(burst, field) for burst in outcome.bursts]
        middle = median(_NEVER if count is None else count for count in counts)
        rows.append(_row(f"{title}：{what}前的留言数，中位", middle))
        rows.append(_row(f"{title}：没有{what}", sum(count is None for count in counts)))
    rows.append(_row(f"{title}以外：黄色以上每周", len(outcome.others) / outcome.weeks))
    middle_of = outcome.start + (outcome.end - outcome.start) / 2
    for zh, late in (("前", False), ("后", True)):
        count = sum((at >= middle_of) == late for at, _ in outcome.others)
        rows.append(_row(f"{title}以外：黄色以上每周，{zh}半段", 2 * count / outcome.weeks))
    rules = Counter(rule for _, rule in outcome.others)
    return [*rows, *(_row(f"{title}以外：规则 {rule}", count) for rule, count in rules.most_common())]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay wrote."""

    events: list[dict[str, object]]
    alerts: list[dict[str, object]]


def _replay(source: Path, out: Path) -> Replayed:
    replay_file(source, out, deployment=None, now=_NOW, author_key=b"bench")
    return Replayed(_rows(out / "events.jsonl"), _rows(out / "alerts.jsonl"))


def _compare(names: Iterable[str], replay: Replayed, stream: Path) -> Outcome:
    labels = {
        key: one for name in names for key, one in json.loads((LABELS / name).read_text("utf-8")).items()
    }
    times = _read_times(stream)
    raised = [alert for alert in replay.alerts if not _is_over(alert)]
    high = [alert for alert in raised if alert["level"] in HIGH]
    members = [frozenset(_ids(event)) for event in replay.events]
    bursts, covered = [], set()
    for name, label in labels.items():
        ids = frozenset(label["ids"])
        own = [alert for alert in raised if _covers(alert, ids)]
        covered |= {alert["alert_id"] for alert in own}
        told, yellow = (
            _count_come(ids, times, [alert for alert in own if alert["level"] in levels])
            for levels in (("blue", *HIGH), HIGH)
        )
        best = max(_f1(ids, one) for one in members)
        bursts.append(Burst(name, label["half"], len(ids), best, told, yellow))
    first = {alert["alert_id"]: alert for alert in reversed(high) if alert["alert_id"] not in covered}
    others = tuple((_moment(alert["raised_at"]), str(alert["rule"])) for alert in first.values())
    # A few messages carry a date years off: one in two hundred at either end does not count.
    ordered = sorted(times.values())
    edge = len(ordered) // 200
    return Outcome(tuple(bursts), others, ordered[edge], ordered[-1 - edge])


def _count_come(
    ids: frozenset[str], times: Mapping[str, datetime], alerts: Iterable[Mapping[str, object]]
) -> int | None:
    first = min((_moment(alert["raised_at"]) for alert in alerts), default=None)
    return None if first is None else sum(times[one] <= first for one in ids)


def measure_titles(titles: Path) -> list[Row]:
    """Alerts at orange or above a day on the hot-search titles; how many of the labelled ones are real."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "titles.jsonl"
        days = _write_titles(titles, source)
        alerts = _replay(source, Path(folder) / "out").alerts
    first: dict[object, Mapping[str, object]] = {}
    for alert in alerts:
        if alert["level"] in HIGH[1:] and not _is_over(alert):
            first.setdefault(alert["alert_id"], alert)
    labels: dict[str, bool] = json.loads((LABELS / HOT).read_text("utf-8"))
    known = [labels[key] for alert in first.values() if (key := title_key(alert)) in labels]
    return [
        _row("热搜标题：橙色以上每天", len(first) / days),
        _row("热搜标题：有人工标注的预警", len(known)),
        _row("热搜标题：其中真实公共事件的比例", mean(known) if known else 0.0),
    ]


def title_key(alert: Mapping[str, object]) -> str:
    """What an alert on the titles is labelled under: a hash of its day and title, no text."""
    return sha256(f"{str(alert['raised_at'])[:10]} {alert['title']}".encode()).hexdigest()[:16]


def _write_titles(titles: Path, source: Path) -> int:
    """The titles as posts; returns on how many days there are some."""
    days = set()
    with gzip.open(titles) as lines, source.open("wb") as file:
        for number, row in enumerate(map(json.loads, lines)):
            days.add(row["first_seen_at"][:10])
            post = {"id": f"title{number}", "text": row["title"], "time": row["first_seen_at"]}
            file.write(orjson.dumps(post) + b"\n")
    return len(days)


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def _ids(row: Mapping[str, object]) -> list[str]:
    ids = row["post_ids"]
    return ids if isinstance(ids, list) else []


def _read_times(stream: Path) -> dict[str, datetime]:
    with gzip.open(stream) as lines:
        rows = [json.loads(line) for line in lines]
    return {row["id"]: parse_time(row["time"], Where(stream.name), "time") for row in rows}


def _is_over(alert: Mapping[str, object]) -> bool:
    """Whether a revision only says that the warning is over or went into another."""
    return str(alert["reason"]).startswith(("解除", "并入"))


def _covers(alert: Mapping[str, object], ids: frozenset[str]) -> bool:
    """Whether at least two, and half, of an alert's posts are of the burst."""
    posts = frozenset(_ids(alert))
    return len(posts & ids) >= max(2, len(posts) / 2)


def _f1(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


def _row(name: str, value: float) -> Row:
    return {"项目": name, "值": round(value, 3)}


if __name__ == "__main__":
    for row in run(Path(sys.argv[1]), hot="hot" in sys.argv[2:]):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
