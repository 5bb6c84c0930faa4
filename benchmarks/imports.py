"""Import of a generated hotline table beside pandas.read_csv with validation of the same columns, in one run.

`qianshao bench imports [--rows N]` or `python -m benchmarks.imports`. Ours reads, checks, hashes callers,
keeps every record in the raw zone and notes it as seen; pandas reads and checks and keeps nothing.
"""

import csv
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import pandas as pd

from crawlers.dates import EARLIEST_YEAR, SLACK
from crawlers.hotline import import_table, load_mapping
from pipeline.jobs.imports import import_hotline
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
from schemas.times import SHANGHAI

ROWS, ROUNDS, SEED = 1_000_000, 3, 7
NOW = datetime(2026, 2, 1, 9, tzinfo=SHANGHAI)
TABLE = "demo_12345"
_HEADER = (
    "工单编号", "受理时间", "诉求标题", "诉求内容", "所属区县", "所属街道", "来电人", "联系电话", "诉求类型",
    "办理状态", "承办单位", "答复时间",
)  # fmt: skip
_STATES = ("办结", "办理中", "已答复")
_TIME = "%Y-%m-%d %H:%M:%S"
_MEGABYTE = 1_048_576


def write_table(path: Path, rows: int) -> None:
    """A table of `rows` valid tickets; of one in ten the text holds a comma and stands in quotes."""
    source = random.Random(SEED)  # noqa: S311 - the same table every time
    start = datetime(2024, 1, 1, tzinfo=SHANGHAI).replace(tzinfo=None)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(rows):
            at = start + timedelta(seconds=source.randrange(60_000_000))
            comma = "," if number % 10 == 0 else "，"
            writer.writerow([
                f"GD{number:08d}",
                at.isoformat(" "),
                f"小区停水{number % 97}天",
                f"河口小区{source.randrange(99)}栋停水三天{comma}物业电话无人接听，请尽快协调解决，户号{number}。",
                source.choice(["汀东区", "汀西区"]),
                source.choice(["河口街道", "柳浪街道"]),
                f"王某{number % 5000}",
                "",
                source.choice(["咨询", "投诉", "求助"]),
                source.choice(_STATES),
                source.choice(["水务局", "住建局"]),
                (at + timedelta(hours=5)).isoformat(" "),
            ])  # fmt: skip


def check_with_pandas(path: Path) -> int:
    """How many rows pandas finds right by the mapping: needed columns there and not blank, times that are
    times within the same bounds, known states, no ticket twice.

    Only the mapped columns are read, as text; the form of the times is told, so that none is guessed.
    """
    mapping = load_mapping(TABLE)
    wanted = [name for names in mapping.columns.values() for name in names if name in _HEADER]
    table = pd.read_csv(path, dtype="str", usecols=wanted, keep_default_na=False, encoding="utf-8")
    names = {field: next(name for name in mapping.columns[field] if name in _HEADER) for field in _CHECKED}
    told = {field: table[name].str.strip() for field, name in names.items()}
    right = ~told["ticket"].duplicated()
    for field in mapping.needed:
        right &= told[field].ne("")
    for field in ("time", "reply_time"):
        right &= _times_right(told[field])
    states = told["state"]
    unknown = states[states.ne("") & ~states.isin(list(mapping.values["state"]))].value_counts()
    return int((right & ~states.isin(unknown.index)).sum())


_CHECKED = ("ticket", "body", "time", "state", "reply_time")


def _times_right(texts: "pd.Series[str]") -> "pd.Series[bool]":
    found = pd.to_datetime(texts, format=_TIME, errors="coerce")
    latest = (NOW + SLACK).replace(tzinfo=None)
    return texts.eq("") | found.between(datetime(EARLIEST_YEAR, 1, 1), latest)  # noqa: DTZ001 - as the table


def read_only(path: Path) -> int:
    """How many records our reader makes of the rows, encoded as they are kept."""
    table = import_table(path, TABLE, fetched_at=NOW, author_key=b"bench")
    return sum(len(batch.posts) for batch in table.batches())


def import_whole(path: Path) -> int:
    """How many records a whole import into a fresh deployment keeps: the look for unknown values, reading,
    the raw zone, the state."""
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings(home=Path(home), author_key="bench")
        with open_rooms(settings) as rooms:
            return import_hotline(rooms, path, TABLE).new


MEASURED: dict[str, Callable[[Path], int]] = {
    "pandas.read_csv 加校验": check_with_pandas,
    "读成记录": read_only,
    "整个导入（含落盘）": import_whole,
}


def run(path: Path | None = None, rows: int = ROWS, rounds: int = ROUNDS) -> list[dict[str, object]]:
    """One row for each way, each in its own process, all of them in turn `rounds` times: the medians of the
    seconds by the clock and of the processor, the median of their ratios to the pandas of the same round, and
    the most memory a process held."""
    with tempfile.TemporaryDirectory() as folder:
        table = path or Path(folder) / "工单.csv"
        if path is None:
            write_table(table, rows)
        found = [{name: _measure(name, table) for name in MEASURED} for _ in range(rounds)]
    return [_row(name, found) for name in MEASURED]


def _row(name: str, found: list[dict[str, tuple[float, ...]]]) -> dict[str, object]:
    own, base = [one[name] for one in found], [next(iter(one.values())) for one in found]
    return {
        "什么": name,
        "行": int(own[0][0]),
        "秒": round(median(one[1] for one in own), 1),
        "处理器秒": round(median(one[2] for one in own), 1),
        "倍数": round(median(one[1] / peer[1] for one, peer in zip(own, base, strict=True)), 2),
        "处理器倍数": round(median(one[2] / peer[2] for one, peer in zip(own, base, strict=True)), 2),
        "内存 MiB": round(max(one[3] for one in own)),
    }


def _measure(name: str, table: Path) -> tuple[float, ...]:
    command = [sys.executable, "-m", "benchmarks.imports", name, str(table)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    return tuple(float(number) for number in done.stdout.split())


def main() -> None:
    """Measure one way in this process, or all of them."""
    if len(sys.argv) < 3:
        for row in run():
            sys.stdout.write(f"{row}\n")
        return
    clock, cpu = perf_counter(), process_time()
    count = MEASURED[sys.argv[1]](Path(sys.argv[2]))
    clock, cpu = perf_counter() - clock, process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MEGABYTE
    sys.stdout.write(f"{count} {clock} {cpu} {memory}\n")


if __name__ == "__main__":
    main()
