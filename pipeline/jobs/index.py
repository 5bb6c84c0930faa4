"""Index: what changed in the state goes to Elasticsearch; templates, rebuild and search."""

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from pipeline.jobs.tickets import refill_tickets
from pipeline.links import look_address
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import Rooms
from schemas.errors import ReadError, Where
from schemas.times import SHANGHAI
from stores.database.coverage import COVERED, list_gaps, publishers, runs_since, split_by_day
from stores.database.index import (
    KINDS,
    START,
    Mark,
    Pending,
    count_pending,
    forget_indexed,
    mark_indexed,
    months,
    pending_alerts,
    pending_events,
    pending_posts,
    pending_series,
    pending_tickets,
)
from stores.database.meta import get_meta, set_meta
from stores.database.quarantine import save_rejected
from stores.database.retention import held_months
from stores.elastic import ElasticStore
from stores.elastic_report import IndexReport
from stores.elastic_retention import month_start
from stores.elastic_templates import ApplyReport
from stores.errors import StoreUnavailable
from stores.names import Names

PAGE = 1_000
# Objects made since the last collection of garbage; Python's own 700 are less than ten documents.
_COLLECT_AFTER = 200_000
# The oldest month that the index keeps, once retention has been run; see pipeline/jobs/retain.py.
KEPT_SINCE = "index_kept_since"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class IndexedReport:
    """What the index took. `rejected` documents are in quarantine with their reason.

    `waiting` are rows that a busy server did not take; they go with the next run. `expired` rows belong to
    months past retention: they stay in the state only. `warnings` tell of disks that are filling up.
    """

    indexed: int = 0
    rejected: int = 0
    waiting: int = 0
    errors: tuple[str, ...] = ()
    expired: int = 0
    warnings: tuple[str, ...] = ()

    def line(self) -> str:
        """One line for the terminal."""
        counts = f"索引：写入 {self.indexed} 条，拒收 {self.rejected} 条，待写 {self.waiting} 条"
        past = f"，过了保存期不写 {self.expired} 条" if self.expired else ""
        return "；".join([counts + past, *self.warnings])


@dataclass(frozen=True, slots=True)
class Kept:
    """The months that the index holds: all from `since` on, and some `besides`."""

    since: str
    besides: frozenset[str]

    def __contains__(self, part: str) -> bool:
        return part >= self.since or part in self.besides or not part


def need_elastic(rooms: Rooms) -> ElasticStore:
    """The index of this deployment. Raises ReadError where none is set."""
    if rooms.elastic is None:
        where = Where("QIANSHAO_* 变量或 qianshao.toml")
        raise ReadError(where, "elasticsearch_url", None, "Elasticsearch 9 的地址")
    return rooms.elastic


def apply_templates(rooms: Rooms) -> list[str]:
    """Bring templates, indices and aliases into shape; one line for each change.

    An index of a new version is filled from the state before readers see it: searches are answered all the
    while, and nothing is lost.
    """
    elastic = need_elastic(rooms)
    report = prepare_index(rooms, elastic)
    lifecycle = "服务器支持索引生命周期管理" if report.lifecycle else "服务器没有索引生命周期管理"
    analyzer = (
        f"标题和正文另由插件 {report.analyzer} 分词（title.zh、text.zh；先前写入的要 index rebuild 之后才有）"
        if report.analyzer
        else "服务器没有中文分词插件（smartcn、ik），按已分好的词和单字检索"
    )
    filled = [_write_changed(rooms, elastic, report, ignore_progress).line()] if report.unfilled else []
    return [*(report.changed or ("没有需要改的",)), *filled, lifecycle, analyzer]


def prepare_index(rooms: Rooms, elastic: ElasticStore) -> ApplyReport:
    """Templates, indices and aliases in shape; the rows of an index that is not there yet wait again.

    They wait first and the index is made then: killed in between, the next run does the same again.
    """
    with rooms.database.read() as db:
        kept = _read_kept(db, elastic)
        parts = {kind: [one for one in months(db, kind) if one in kept] for kind in elastic.monthly}
    missing = elastic.missing_parts(parts)
    with rooms.database.begin() as db:
        for kind, lacking in missing.items():
            _forget(db, kind, lacking)
    return elastic.apply(parts)


def _read_kept(db: Connection, elastic: ElasticStore) -> Kept:
    """What retention left: months past it are not made again, those that stayed are written to as before."""
    since = get_meta(db, KEPT_SINCE) or ""
    if not since:
        return Kept(since, frozenset())
    there = {part for kind in elastic.monthly for part in elastic.parts(kind)}
    return Kept(since, frozenset(there | held_months(db, since, month_start(since)).keys()))


def _forget(db: Connection, kind: str, parts: Collection[str]) -> None:
    if kind == "coverage":
        set_meta(db, COVERED, _LONG_AGO.isoformat())
    else:
        forget_indexed(db, kind, parts if any(parts) else None)


def index_changed(rooms: Rooms, *, progress: Advance = ignore_progress) -> IndexedReport:
    """Write every row that changed since it was last indexed. Without an Elasticsearch nothing is done.

    Raises StoreUnavailable when the server is down, or too busy or full to take all: the rows stay pending.
    """
    if rooms.elastic is None:
        return IndexedReport()
    return _write_changed(rooms, rooms.elastic, prepare_index(rooms, rooms.elastic), progress)


def _write_changed(
    rooms: Rooms, elastic: ElasticStore, prepared: ApplyReport, progress: Advance
) -> IndexedReport:
    with rooms.database.read() as db:
        total = sum(count_pending(db).values())
        elastic.names = _read_names(rooms, db)
        kept = _read_kept(db, elastic)
    indexed, errors, refusals, expired = 0, list[str](), list[str](), list[Mark]()
    past = 0
    for kind in READERS:
        for report in _calmly(elastic.write_records(kind, _waiting(rooms, kind, kept, expired))):
            _settle(rooms, report)
            indexed += report.indexed
            errors += [f"{kind}/{one.id}：{one.reason}" for one in report.rejected]
            refusals += [report.refusal] if report.deferred else []
            progress(indexed, total)
        _settle(rooms, IndexReport(kind, settled=tuple((key, version) for version, key in expired)))
        past, expired = past + len(expired), []
    _index_coverage(rooms, elastic)
    with rooms.database.read() as db:
        waiting = count_pending(db)
    elastic.refresh()
    for kind in prepared.unfilled:
        if not waiting.get(kind):
            elastic.take_over(kind)
    if refusals:
        reason = f"Elasticsearch {elastic.shown_url} 没有全收，待写 {sum(waiting.values())} 条：{refusals[0]}"
        raise StoreUnavailable(reason)
    warnings = tuple(f"注意：{one.line}" for one in elastic.disk_warnings())
    return IndexedReport(indexed, len(errors), sum(waiting.values()), tuple(errors), past, warnings)


def _waiting(rooms: Rooms, kind: str, kept: Kept, expired: list[Mark]) -> Iterator[Pending[Any]]:
    """Every row of a kind that waits, longest waiting first, read page by page while it is written. Those of
    months that the index does not keep go to `expired` instead."""
    after = START
    while True:
        with rooms.database.read() as db:
            page = READERS[kind](db, PAGE, after)
        if not page:
            return
        expired += [one.mark for one in page if one.part not in kept]
        yield from (one for one in page if one.part in kept)
        after = page[-1].mark


def _calmly(reports: Iterator[IndexReport]) -> Iterator[IndexReport]:
    """The reports, with few collections of garbage meanwhile: records and documents hold no cycles, and all
    that is loaded, the text core above all, would be walked over and over (a fifth of the time)."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *thresholds[1:])
    try:
        yield from reports
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _settle(rooms: Rooms, report: IndexReport) -> None:
    """Note what the server has settled, so that it is not sent again."""
    with rooms.database.begin() as db:
        save_rejected(db, report.quarantined(datetime.now(SHANGHAI)))
        mark_indexed(db, report.kind, report.settled)


def _index_coverage(rooms: Rooms, elastic: ElasticStore) -> None:
    """Write the days since the day before the last one written, each whole: a long crawl is noted only at its
    end, after shorter ones that began later."""
    with rooms.database.read() as db:
        last = datetime.fromisoformat(get_meta(db, COVERED) or _LONG_AGO.isoformat()).astimezone(SHANGHAI)
        gaps = list_gaps(db)
        changed = [gap.since for gap in gaps if gap.settled is None or gap.settled >= last]
        first = min([last - timedelta(days=1), *changed]).astimezone(SHANGHAI).date()
        runs = runs_since(db, datetime.combine(first, time(), SHANGHAI))
    days = [day for day in split_by_day(runs, gaps) if day.day >= first]
    if not days:
        return
    report = elastic.index_coverage(days)
    with rooms.database.begin() as db:
        save_rejected(db, report.quarantined(datetime.now(SHANGHAI)))
        if runs and not report.deferred:
            set_meta(db, COVERED, max(run.started for run in runs).isoformat())


READERS: dict[str, Callable[[Connection, int, Mark], Sequence[Pending[Any]]]] = {
    "posts": pending_posts,
    "events": pending_events,
    "alerts": pending_alerts,
    "series": pending_series,
    "tickets": pending_tickets,
}


def _read_names(rooms: Rooms, db: Connection) -> Names:
    groups = rooms.knowledge.duty.groups
    names = {name: group.zh for name, group in groups.items()}
    return Names(publishers(db), names, partial(look_address, rooms.settings))


def rebuild_index(rooms: Rooms, *, progress: Advance = ignore_progress) -> IndexedReport:
    """Write the whole state to Elasticsearch again, tickets from the raw zone too."""
    need_elastic(rooms)
    refill_tickets(rooms)
    with rooms.database.begin() as db:
        for kind in (*KINDS, "coverage"):
            _forget(db, kind, ())
    return index_changed(rooms, progress=progress)
