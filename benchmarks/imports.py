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
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

import pandas as pd

from crawlers.hotline import import_table, load_mapping
from pipeline.jobs.imports import store_table
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
from schemas.times import SHANGHAI

ROWS, SEED = 1_000_000, 7
NOW = datetime(2026, 2, 1, 9, tzinfo=SHANGHAI)
TABLE = "demo_12345"
_HEADER = (
    "工单编号", "受理时间", "诉求标题", "诉求内容", "所属区县", "所属街道", "来电人", "联系电话", "诉求类型",
    "办理状态", "承办单位", "答复时间",
)  # fmt: skip
_STATES = ("办结", "办理中", "已答复")
_MEGABYTE = 1_048_576


def write_table(path: Path, rows: int) -> None:
    """A table of `rows` valid tickets."""
    source = random.Random(SEED)  # noqa: S311 - the same table every time
    start = datetime(2024, 1, 1, tzinfo=SHANGHAI).replace(tzinfo=None)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(rows):
            at = start + timedelta(seconds=source.randrange(60_000_000))
            writer.writerow([
                f"GD{number:08d}",
                at.isoformat(" "),
                f"小区停水{number % 97}天",
                f"河口小区{source.randrange(99)}栋停水三天，物业电话无人接听，请尽快协调解决，户号{number}。",
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
    """How many rows pandas finds right: needed columns there, times that are times, known states."""
    table = pd.read_csv(path, dtype=str)
    came = pd.to_datetime(table["受理时间"], errors="coerce")
    answered = pd.to_datetime(table["答复时间"], errors="coerce")
    right = table["工单编号"].notna() & table["诉求内容"].str.strip().ne("") & came.notna()
    right &= answered.notna() & (came < pd.Timestamp(NOW.replace(tzinfo=None)))
    return int((right & table["办理状态"].isin(_STATES)).sum())


def read_only(path: Path) -> int:
    """How many records our reader makes of the rows."""
    table = import_table(path, TABLE, fetched_at=NOW, author_key=b"bench")
    deque(table, maxlen=0)
    return table.report.read


def import_whole(path: Path) -> int:
    """How many records a whole import into a fresh deployment keeps."""
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings(home=Path(home), author_key="bench")
        with open_rooms(settings) as rooms:
            return store_table(rooms, path, load_mapping(TABLE), now=NOW).new


MEASURED: dict[str, Callable[[Path], int]] = {
    "pandas.read_csv 加校验": check_with_pandas,
    "逐行读成记录": read_only,
    "整个导入（含落盘）": import_whole,
}


def run(path: Path | None = None, rows: int = ROWS) -> list[dict[str, object]]:
    """One row for each way, each in its own process: seconds by the clock and of the processor, their ratio
    to pandas, and the most memory it held."""
    with tempfile.TemporaryDirectory() as folder:
        table = path or Path(folder) / "工单.csv"
        if path is None:
            write_table(table, rows)
        found = {name: _measure(name, table) for name in MEASURED}
    base = next(iter(found.values()))
    return [
        {
            "什么": name,
            "行": int(count),
            "秒": round(clock, 1),
            "处理器秒": round(cpu, 1),
            "倍数": round(clock / base[1], 2),
            "处理器倍数": round(cpu / base[2], 2),
            "内存 MiB": round(memory),
        }
        for name, (count, clock, cpu, memory) in found.items()
    ]


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
