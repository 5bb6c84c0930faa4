"""Runs of the sources: what was fetched and what was expected, so that a silent source is noticed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from schemas.times import SHANGHAI
from stores.database.meta import set_meta
from stores.database.tables import meta, source_gaps, source_runs
from stores.database.upsert import plain_text, upsert

_PUBLISHER, _REBUTS = "publisher:", "rebuts:"
# The key under which the state keeps the start of the last run that the coverage index knows.
COVERED = "coverage_indexed"
_JSON = ("failures", "refusals", "measures")
FAILED, MISSED = "failed", "missed"
STATUSES = (MISSED, FAILED, "too_few", "too_many", "ok")
OPEN, CLOSED, LOST = "open", "closed", "lost"


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One run of one source. `status` is the collector's word: one of STATUSES, worst first.

    `failed` pages could not be fetched, `quarantined` records could not be read; `failures` and `refusals`
    count them by reason. `seen` records were known before. `complete` says whether the run came to the end of
    what the source lists, or to what was known; `measures` what its records have and lack.
    """

    source: str
    started: datetime
    finished: datetime | None
    fetched: int
    new: int
    seen: int
    failed: int
    quarantined: int
    expected_min: int | None
    expected_max: int | None
    status: str
    note: str = ""
    failures: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the source answered and was read, with however many records."""
        return self.status != FAILED


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time, `since` to `until`, of which a source's records may be missing, found at `found`.

    OPEN: every run goes back over it, `tries` so far; CLOSED: made good; LOST: given up for the reason in
    `note`.
    """

    source: str
    since: datetime
    until: datetime
    reason: str
    found: datetime
    state: str = OPEN
    tries: int = 0
    settled: datetime | None = None
    note: str = ""

    @property
    def days(self) -> list[date]:
        """The days of Beijing time that it touches."""
        first, last = (moment.astimezone(SHANGHAI).date() for moment in (self.since, self.until))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class SourceDay:
    """One source on one day of Beijing time: its runs, oldest first, and the gaps that the day lies in. One
    of both is there."""

    source: str
    day: date
    runs: tuple[SourceRun, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def status(self) -> str:
        """A day is as bad as its worst run; without a run it was missed."""
        return min((run.status for run in self.runs), key=STATUSES.index, default=MISSED)

    @property
    def changed(self) -> datetime:
        """When what is known of the day last changed."""
        moments = [moment for gap in self.gaps for moment in (gap.found, gap.settled) if moment is not None]
        return max(moments + [run.started for run in self.runs])

    @property
    def last_success(self) -> datetime | None:
        """The start of the last run that succeeded."""
        return max((run.started for run in self.runs if run.succeeded), default=None)

    def total(self, name: str) -> int:
        """The sum of one of the counts: fetched, new, seen, failed or quarantined."""
        return sum(getattr(run, name) for run in self.runs)

    def reasons(self, name: str) -> dict[str, int]:
        """The sum by reason of `failures` or `refusals`, the most frequent first."""
        sums: Counter[str] = Counter()
        for run in self.runs:
            sums.update(getattr(run, name))
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def save_run(db: Connection, run: SourceRun) -> None:
    """Keep a run; the same source and start again replaces it."""
    counted = {name: _encode_counts(getattr(run, name)) for name in _JSON}
    upsert(db, source_runs, [{**asdict(run), "note": plain_text(run.note), **counted}])


def runs_since(db: Connection, time: datetime) -> list[SourceRun]:
    """The runs started at or after `time`, oldest first."""
    query = select(source_runs).where(source_runs.c.started >= time)
    return [_read(row) for row in db.execute(query.order_by(source_runs.c.started, source_runs.c.source))]


def last_successes(db: Connection) -> dict[str, datetime]:
    """When the latest run of each source that succeeded began."""
    latest = func.max(source_runs.c.started, type_=source_runs.c.started.type).label("started")
    query = select(source_runs.c.source, latest).where(source_runs.c.status != FAILED)
    return {row.source: row.started for row in db.execute(query.group_by(source_runs.c.source))}


def last_complete(db: Connection, source: str) -> datetime | None:
    """When the latest run of a source ended that came through to what was known; None where there is none."""
    whole = source_runs.c.complete & (source_runs.c.status != FAILED) & (source_runs.c.source == source)
    query = select(source_runs.c.finished).where(whole & source_runs.c.finished.is_not(None))
    return db.execute(query.order_by(source_runs.c.started.desc()).limit(1)).scalar_one_or_none()


def save_gap(db: Connection, gap: Gap) -> None:
    """Keep a gap as it now stands."""
    told = {name: plain_text(getattr(gap, name)) for name in ("reason", "note")}
    upsert(db, source_gaps, [{**asdict(gap), **told}])


def list_gaps(db: Connection, source: str | None = None) -> list[Gap]:
    """The gaps of all sources or of one, oldest first."""
    query = select(source_gaps).order_by(source_gaps.c.since, source_gaps.c.source)
    if source is not None:
        query = query.where(source_gaps.c.source == source)
    return [Gap(**row._mapping) for row in db.execute(query)]  # noqa: SLF001 - as in _read


def split_by_day(runs: Iterable[SourceRun], gaps: Iterable[Gap] = ()) -> list[SourceDay]:
    """The runs and gaps by source and day."""
    members: defaultdict[tuple[str, date], tuple[list[SourceRun], list[Gap]]]
    members = defaultdict(lambda: ([], []))
    for run in sorted(runs, key=lambda run: run.started):
        members[run.source, run.started.astimezone(SHANGHAI).date()][0].append(run)
    for gap in gaps:
        for day in gap.days:
            members[gap.source, day][1].append(gap)
    return [
        SourceDay(source, day, tuple(ours), tuple(missing))
        for (source, day), (ours, missing) in sorted(members.items(), key=itemgetter(0))
    ]


def last_runs(db: Connection) -> dict[str, SourceRun]:
    """The latest run of each source."""
    latest = (
        select(source_runs.c.source, func.max(source_runs.c.started).label("started"))
        .group_by(source_runs.c.source)
        .subquery()
    )
    same = (source_runs.c.source == latest.c.source) & (source_runs.c.started == latest.c.started)
    return {row.source: _read(row) for row in db.execute(select(source_runs).join(latest, same))}


def save_publisher(db: Connection, source: str, publisher: str) -> None:
    """Keep the name by which people know a source, such as 云汀论坛 for `yunting_forum`."""
    set_meta(db, f"{_PUBLISHER}{source}", publisher)


def save_rebutter(db: Connection, source: str, *, rebuts: bool) -> None:
    """Keep whether a source publishes official rebuttals."""
    set_meta(db, f"{_REBUTS}{source}", "1" if rebuts else "")


def rebutters(db: Connection) -> frozenset[str]:
    """The sources that publish official rebuttals, as far as they have been collected."""
    known = meta.c.key.startswith(_REBUTS, autoescape=True) & (meta.c.value != "")
    return frozenset(row.key.removeprefix(_REBUTS) for row in db.execute(select(meta.c.key).where(known)))


def publishers(db: Connection) -> dict[str, str]:
    """The names of the sources that have been collected, by source."""
    query = select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_PUBLISHER, autoescape=True))
    return {row.key.removeprefix(_PUBLISHER): row.value for row in db.execute(query)}


def _read(row: Row[Any]) -> SourceRun:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    counted = {name: orjson.loads(found[name]) for name in _JSON}
    return SourceRun(**{**found, **counted})


def _encode_counts(counts: Mapping[str, float]) -> str:
    told = {plain_text(reason): count for reason, count in counts.items()}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()
