"""Collect: one crawl a source in a subprocess; what was not seen before goes to the raw zone."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from crawlers.discovery import find_source, read_sources
from crawlers.journal import go_back, read_done
from crawlers.quarantine import read_quarantine
from crawlers.redact import redact
from crawlers.run import CrawlResult, crawl_in_subprocess
from crawlers.sensors.carrier import is_carrier
from crawlers.source import Source
from pipeline.gaps import covered_until, judge_gap, look_back
from pipeline.health import measure_posts
from pipeline.jobs.measured import store_carried
from pipeline.jobs.store import store_posts
from pipeline.quarantine import settle_fetched
from pipeline.remedies import CUT_SHORT, count_reasons
from pipeline.rooms import Rooms
from schemas.codec import decode
from schemas.errors import ReadError, Where
from schemas.records import RawPost
from schemas.times import SHANGHAI
from stores.database.coverage import SourceRun, save_publisher, save_rebutter, save_run
from stores.database.parts import Part, new_parts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What one crawl brought. `status` is the crawler's word: ok, too_few, too_many or failed."""

    source: str
    status: str
    fetched: int
    new: int
    quarantined: int
    why: str = ""

    @property
    def failed(self) -> bool:
        """Whether somebody has to look at the source."""
        return self.status in {"failed", "too_few"}

    def line(self) -> str:
        """One line for the terminal."""
        counts = f"取得 {self.fetched} 条，新 {self.new} 条，隔离 {self.quarantined} 条"
        return f"{self.source}：{self.status}，{counts}{'，' + self.why if self.why else ''}"


class CollectFailed(RuntimeError):  # noqa: N818 - the state of the source, as the report says it
    """A crawl that failed or brought too few records; what it did bring is stored."""

    def __init__(self, report: CollectReport) -> None:
        self.report = report
        super().__init__(report.line())


def enabled_sources(rooms: Rooms) -> list[Source]:
    """The sources that a run crawls: shipped and the deployment's own, switched on, whose files are right.

    A slip in one file must not stop the others; it is told in the log.
    """
    sources, errors = read_sources(rooms.settings.sources)
    for error in errors:
        log.error("%s", error)
    return [source for source in sources if source.enabled]


def waiting_parts(rooms: Rooms) -> list[Part]:
    """The raw parts that were not analysed yet."""
    with rooms.database.read() as db:
        return new_parts(db)


def collect_source(rooms: Rooms, name: str) -> CollectReport:
    """Crawl one source and store what is new. Raises CollectFailed after storing what there was."""
    state = rooms.settings.home / "crawl"
    state.mkdir(parents=True, exist_ok=True)
    source = _find(rooms, name)
    with rooms.database.read() as db:
        since = None if source is None else covered_until(db, source, datetime.now(SHANGHAI))
    go_back(state / name, since)
    with TemporaryDirectory(dir=state, prefix=f"{name}-") as folder:
        result = crawl_in_subprocess(
            name,
            Path(folder),
            state,
            rooms.settings.sources,
            rooms.settings.crawl_timeout,
            rooms.settings.author_secret(),
            rooms.settings.crawl_variables(),
        )
        report = store_crawl(rooms, result, source, since)
        settle_fetched(rooms, name, _fetched(result, source), datetime.now(SHANGHAI))
        if source is not None and result.stats is not None:
            with rooms.database.begin() as db:
                save_publisher(db, name, source.publisher)
                save_rebutter(db, name, rebuts=source.rebuts)
        result.commit()
    if report.failed:
        raise CollectFailed(report)
    return report


def _fetched(result: CrawlResult, source: Source | None) -> set[str]:
    """The pages that a crawl has read, as quarantine would show them."""
    pages = {redact(page.url) for page in read_done(result.done)} if result.done else set[str]()
    whole = source is not None and result.stats is not None and result.stats.complete
    return pages | {redact(source.url)} if source is not None and whole else pages


def _find(rooms: Rooms, name: str) -> Source | None:
    """The source; None where its file is wrong, which its crawl says and a failed run keeps."""
    try:
        return find_source(name, rooms.settings.sources).source
    except ReadError:
        return None


def store_crawl(
    rooms: Rooms, result: CrawlResult, source: Source | None, since: datetime | None = None
) -> CollectReport:
    """Store the records, the quarantine and the counts of one crawl, whole or cut short, and what it did for
    the gap that it went back over, to `since`."""
    now = datetime.now(SHANGHAI)
    records = list(read_records(result.records)) if result.records else []
    posts = [record for record in records if not is_carrier(record)]
    measured = store_carried(rooms, [record for record in records if is_carrier(record)], now)
    aside = list(read_quarantine(result.quarantine)) if result.quarantine else []
    aside += measured.aside
    stored = store_posts(rooms, posts, current=True)
    rooms.quarantine(aside)
    status, why = _status(result)
    stats = result.stats
    failures, refusals = count_reasons(aside)
    complete = stats is not None and stats.complete
    if stats is None or not stats.ended:
        failures[CUT_SHORT] = 1
    # Pages that were read before and did not change count as seen: no news is no silence.
    known = 0 if stats is None else stats.known
    run = SourceRun(
        source=result.source,
        started=now if stats is None else stats.started,
        finished=now if stats is None else stats.finished,
        fetched=len(records) + known,
        new=stored.new + measured.new,
        seen=stored.seen + measured.seen + known,
        failed=sum(failures.values()),
        quarantined=sum(refusals.values()),
        expected_min=None if stats is None else stats.expected.min,
        expected_max=None if stats is None else stats.expected.max,
        status=status,
        note=why,
        failures=failures,
        refusals=refusals,
        complete=complete,
        measures=measure_posts(posts),
    )
    with rooms.database.begin() as db:
        # Readings are of now: what a station does not list any more is no gap between posts.
        if source is not None and len(posts) == len(records):
            older = 0 if stats is None else stats.older
            judge_gap(db, source, run, since, look_back(db, posts, older, since))
        save_run(db, run)
    new = stored.new + measured.new
    return CollectReport(result.source, status, len(records) + known, new, len(aside), why)


def _status(result: CrawlResult) -> tuple[str, str]:
    if result.stats is not None:
        return result.stats.status, result.stats.why
    lines = result.log_tail.strip().splitlines()
    return "failed", lines[-1] if lines else f"采集进程退出码 {result.exit_code}"


def read_records(path: Path) -> Iterator[RawPost]:
    """The records of a crawl's output file."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            yield decode(RawPost, line, Where(path.name, number))
