"""The demo from end to end: simulate, serve, crawl, import, analyse, warn, index, report."""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from pipeline.demo.collect import Collected, collect_city
from pipeline.demo.hotline_table import write_hotline
from pipeline.demo.items import SOURCES_ZH
from pipeline.demo.outcome import Counts, DemoOutcome
from pipeline.demo.report import render_report
from pipeline.demo.simulator import simulate_city
from pipeline.jobs.analyse import analyse_days
from pipeline.jobs.index import index_changed
from pipeline.mails import Desk
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import Settings, load_settings
from schemas.errors import ReadError, Where
from schemas.records import Mail
from schemas.times import SHANGHAI
from stores.atomic import write_atomic
from stores.database.alerts import log_sending, log_sent

START = datetime(2025, 5, 12, tzinfo=SHANGHAI)
_MARK = ".qianshao-demo"
_STAGES = 6


@dataclass(slots=True)
class Watch:
    """Takes the time of each stage and moves the bar between them."""

    progress: Advance
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One stage by its Chinese name."""
        begin = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begin
        self.progress(len(self.seconds), _STAGES)


def run_demo(
    out: Path,
    *,
    seed: int,
    weeks: int = 6,
    progress: Advance = ignore_progress,
    elastic_url: str | None = None,
    start: datetime = START,
) -> DemoOutcome:
    """The whole job on a simulated city; everything it makes lies under `out`, a run before it is replaced.

    Settings of a real deployment are not looked at: no mail leaves the machine, no real state is touched.
    Raises ReadError where `out` holds something else, DemoFailed where a crawl failed, StoreUnavailable where
    an Elasticsearch was asked for and is down.
    """
    clear_folder(out)
    settings = demo_settings(out, elastic_url)
    watch = Watch(progress)
    with open_rooms(settings) as rooms:
        with watch.stage("生成城市"):
            city = simulate_city(seed, rooms.knowledge.places, start, weeks)
            write_hotline(city, out / "热线工单.csv")
        with watch.stage("采集与导入"):
            collected = collect_city(rooms, city, out / "热线工单.csv")
        with watch.stage("载入模型"):
            rooms.core.enrich([])
        with watch.stage("分析与预警"):
            desk = Desk(rooms.knowledge, settings.mail_domain, SOURCES_ZH)
            mails = analyse_and_warn(rooms, desk)
        with watch.stage("索引"):
            indexed = index_changed(rooms).indexed if elastic_url else None
    outcome = DemoOutcome(
        city=city,
        report=out / "report.html",
        counts=_counts(collected, indexed),
        posts=desk.posts,
        truth=collected.truth,
        events=desk.events,
        revisions=tuple(desk.alerts),
        mails=tuple(mails),
        quarantined=collected.quarantined,
        duty=rooms.knowledge.duty,
        seconds=watch.seconds,
        made_at=datetime.now(SHANGHAI),
    )
    with watch.stage("报告"):
        write_atomic(outcome.report, render_report(outcome).encode())
    return outcome


def clear_folder(out: Path) -> None:
    """An empty folder of the demo's own. Raises ReadError where it holds what no demo has made."""
    if out.exists() and any(out.iterdir()):
        if not (out / _MARK).is_file():
            raise ReadError(Where(str(out)), "输出目录", out.name, "空的目录，或上次演示的目录")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARK).touch()


def demo_settings(out: Path, elastic_url: str | None) -> Settings:
    """Settings that leave a real deployment alone, whatever its variables say."""
    return load_settings(
        home=(out / "data").absolute(),
        deployment=None,
        sources=None,
        database_url=None,
        elasticsearch_url=elastic_url,
        smtp_host=None,
        author_key=SecretStr("qianshao-demo"),
    )


def analyse_and_warn(rooms: Rooms, desk: Desk) -> list[Mail]:
    """Analyse what was stored, a day after the other, and mail each warning at the step that raised it."""
    mails = list[Mail]()
    for batch in analyse_days(rooms):
        for step in batch.steps:
            desk.keep(step)
            now = step.post.origin.fetched_at
            mails += send_mails(rooms, desk.write_due(step.alerts, now), now)
    return mails


def send_mails(rooms: Rooms, mails: Iterable[Mail], now: datetime) -> Iterator[Mail]:
    """Send the mails through the sent-log, as they stood at that moment."""
    for mail in mails:
        with rooms.database.begin() as db:
            log_sending(db, mail, now)
        rooms.mailer.send(mail, now)
        with rooms.database.begin() as db:
            log_sent(db, mail.message_id, now)
        yield mail


def _counts(collected: Collected, indexed: int | None) -> Counts:
    return Counts(collected.crawled, collected.imported, collected.stored, indexed)
