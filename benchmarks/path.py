"""From a batch of records on the disk to its mails taken by a real SMTP server: seconds, step by step.

`qianshao bench path` or `python -m benchmarks.path`. The records are the simulated city's: the weeks before
are in the state already, the batch lies on the disk, and a new process has everything to do.
"""

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from pipeline.demo.items import Item, Kind
from pipeline.demo.simulator import simulate_city
from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.store import store_posts
from pipeline.jobs.warn import warn_duty_groups
from pipeline.rooms import load_knowledge, open_rooms
from pipeline.settings import load_settings
from schemas.posts import make_post
from schemas.records import RawPost
from schemas.taxonomy.duty import DUTY
from schemas.times import SHANGHAI

BATCH, WEEKS, SEED = 1_000, 6, 1
GOAL = 10.0
_START = datetime(2025, 5, 12, tzinfo=SHANGHAI)
_COMMAND = (sys.executable, "-m", "pipeline.cli.main", "run", "--no-collect")
# The same jobs in the same order, telling the time after each.
_STEPS = """
import time, sys, json
marks = [("起进程", float(sys.argv[1])), ("载入程序", time.time())]
from pipeline.jobs.run import run_once
from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.warn import warn_duty_groups
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
marks.append(("打开状态库，读规则和值班表", time.time()))
with open_rooms(load_settings()) as rooms:
    marks.append(("载入文本核心", time.time()))
    rooms.core.enrich([])
    marks.append(("恢复事件，分析，判断，存", time.time()))
    analyse_waiting(rooms)
    marks.append(("写信，发信，记账", time.time()))
    warn_duty_groups(rooms)
    marks.append(("", time.time()))
after = [at for _, at in marks[1:]]
print(json.dumps({name: end - at for (name, at), end in zip(marks, after)}))
"""

Row = dict[str, object]


class Mailbox:
    """Takes every mail and notes when."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd's hook: the text has arrived."""
        self.taken.append(time.time())
        return "250 OK"


def run(_path: Path | None = None, batch: int = BATCH) -> list[Row]:
    """Rows of a step and its seconds: the command as a user starts it, then what takes how long inside."""
    before, arrived = make_posts(batch)
    with tempfile.TemporaryDirectory() as folder, serve_mail() as (mailbox, port):
        prepare(Path(folder) / "command", before, arrived)
        begun, before_cpu = time.time(), _children_cpu()
        _start(_COMMAND, Path(folder) / "command", port)
        cpu = _children_cpu() - before_cpu
        first, last, count = mailbox.taken[0] - begun, mailbox.taken[-1] - begun, len(mailbox.taken)
        prepare(Path(folder) / "steps", before, arrived)
        told = _start((sys.executable, "-c", _STEPS, str(time.time())), Path(folder) / "steps", port)
    what = f"库中已有 {len(before)} 条，新到 {batch} 条，起进程到"
    rows = [
        _row(f"{what}第一封信被收下", first, f"≤ {GOAL:.0f}"),
        _row(f"{what}最后一封（共 {count} 封）被收下", last, f"≤ {GOAL:.0f}"),
        _row("整个命令的处理器时间，连同之后的建索引", cpu),
    ]
    return [*rows, *(_row(f"　其中：{step}", seconds) for step, seconds in orjson.loads(told).items())]


def _children_cpu() -> float:
    """Processor seconds of the processes that have ended: what the machine does besides plays no part."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(step: str, seconds: float, goal: str = "") -> Row:
    return {"步骤": step, "秒": round(seconds, 2), "目标": goal}


def make_posts(batch: int) -> tuple[list[RawPost], list[RawPost]]:
    """The posts of the weeks before, and the batch, fetched just now, in which the last crisis comes to a
    head."""
    city = simulate_city(SEED, load_knowledge(None).places, _START, WEEKS)
    end = max(number for number, item in enumerate(city.items) if item.kind is Kind.CRISIS) + 1
    now = datetime.now(SHANGHAI).replace(microsecond=0)
    posts = [_post(item, now - city.items[end - 1].arrives_at) for item in city.items[:end]]
    fresh = [replace(post, origin=replace(post.origin, fetched_at=now)) for post in posts[-batch:]]
    return posts[:-batch], fresh


def _post(item: Item, moved: timedelta) -> RawPost:
    return make_post(
        item.source,
        item.key,
        item.title,
        item.body,
        fetched_at=item.arrives_at + moved,
        published_at=item.published_at + moved,
        author_hash=item.author,
        district=item.street,
    )


def prepare(folder: Path, before: list[RawPost], arrived: list[RawPost]) -> None:
    """A deployment that never sleeps, the posts of before analysed and told, and the batch on its disk."""
    (folder / "deployment").mkdir(parents=True)
    lines = DUTY.read_text(encoding="utf-8").splitlines(keepends=True)
    awake = "".join(line for line in lines if not line.strip().startswith("night:"))
    (folder / "deployment" / "duty.yml").write_text(awake, encoding="utf-8")
    settings = load_settings(home=folder / "home", deployment=folder / "deployment", author_key="benchmark")
    with open_rooms(settings) as rooms:
        store_posts(rooms, before)
        analyse_waiting(rooms)
        for _ in range(2):
            warn_duty_groups(rooms, now=datetime.now(SHANGHAI) - timedelta(hours=2))
        store_posts(rooms, arrived)


def _start(command: tuple[str, ...], folder: Path, port: int) -> bytes:
    own: Mapping[str, str] = {
        "QIANSHAO_HOME": str(folder / "home"),
        "QIANSHAO_DEPLOYMENT": str(folder / "deployment"),
        "QIANSHAO_AUTHOR_KEY": "benchmark",
        "QIANSHAO_SMTP_HOST": "127.0.0.1",
        "QIANSHAO_SMTP_PORT": str(port),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QIANSHAO_")}
    done = subprocess.run(command, env={**kept, **own}, capture_output=True, check=True)  # noqa: S603 - our own
    return done.stdout


@contextmanager
def serve_mail() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server on a free port."""
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, server_hostname="localhost")
    controller.start()
    try:
        yield mailbox, port
    finally:
        controller.stop()


def main() -> None:
    """Print the rows."""
    for row in run():
        print(row["步骤"], row["秒"], row["目标"], sep="\t")  # noqa: T201 - the output of this program


if __name__ == "__main__":
    main()
