"""Gaps: stretches of time of which a source's records may be missing, gone back over until made good or lost.

A source is covered up to its last run that went through to what was known. A run that does not reach back to
that leaves a gap, and every further run goes back over it, through ten times the lists, until one finds again
what was read before it. Three runs that were answered and did not: lost, the source shows it no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from crawlers.source import Source
from pipeline.coverage import is_late
from pipeline.remedies import CUT_SHORT
from schemas.records import RawPost
from stores.database.coverage import (
    CLOSED,
    LOST,
    OPEN,
    Gap,
    SourceRun,
    last_complete,
    list_gaps,
    save_gap,
)
from stores.database.posts import known_before

LOST_AFTER = 3
FORGOTTEN = "列表里已没有上次采到的内容"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run shows of a gap: how many of its records and pages were known by its beginning, and when the
    earliest of its records was published."""

    older: int
    earliest: datetime | None


def open_gap(db: Connection, source: str) -> Gap | None:
    """The gap that the next run of a source goes back over."""
    return next((gap for gap in list_gaps(db, source) if gap.state == OPEN), None)


def covered_until(db: Connection, source: Source, now: datetime) -> datetime | None:
    """The moment that a run at `now` goes back to: the beginning of an open gap, or of one that there must be
    because the source is late. None where it is on time, or was never covered."""
    gap = open_gap(db, source.name)
    if gap is not None:
        return gap.since
    last = last_complete(db, source.name)
    return last if last is not None and is_late(source, last, now) else None


def look_back(db: Connection, posts: Sequence[RawPost], older: int, since: datetime | None) -> Seen:
    """What a run shows of the time before `since`; `older` are the pages it found again there."""
    times = [post.origin.published_at for post in posts if post.origin.published_at is not None]
    known = 0 if since is None else known_before(db, {post.origin.id for post in posts}, since)
    return Seen(older + known, min(times, default=None))


def judge_gap(db: Connection, source: Source, run: SourceRun, since: datetime | None, seen: Seen) -> None:
    """Open, go on with, close or give up the gap of a source after a run. To be called before the run is
    kept; `since` is what `covered_until` said before it."""
    gap, covered = open_gap(db, source.name), last_complete(db, source.name)
    if covered is None:
        return
    known = seen.older if since is not None else run.seen
    listed = seen.earliest is not None and seen.earliest <= (since or covered)
    # Nothing listed at all hides nothing: a feed of warnings is empty on quiet days.
    reached = run.complete and run.succeeded and (known > 0 or listed or run.fetched == 0)
    if reached:
        _close(db, run, gap, since)
    elif gap is not None:
        save_gap(db, _go_on(gap, run, seen))
    elif run.fetched or is_late(source, covered, run.started):
        found = Gap(source.name, covered, run.started, _reason(run), run.started)
        save_gap(db, _go_on(found, run, seen))


def _close(db: Connection, run: SourceRun, gap: Gap | None, since: datetime | None) -> None:
    """A run that found again what was read before the gap; one that comes late leaves a closed one."""
    if gap is None and since is None:
        return
    gap = gap or Gap(run.source, since or run.started, run.started, "没有按时采集", run.started)
    note = f"采到断档之前读过的为止，新 {run.new} 条"
    settled = run.finished or run.started
    save_gap(db, replace(gap, state=CLOSED, tries=gap.tries + 1, settled=settled, note=note))


def _go_on(gap: Gap, run: SourceRun, seen: Seen) -> Gap:
    """The gap after a run that did not reach back over it."""
    if not run.fetched:  # the source did not answer: that says nothing of what it still shows
        return replace(gap, until=run.started, reason=_reason(run))
    until = gap.until if gap.tries else run.started
    if seen.earliest is not None and gap.since < seen.earliest < until:
        until = seen.earliest
    gap = replace(gap, until=until, reason=_reason(run), tries=gap.tries + 1)
    if gap.tries < LOST_AFTER:
        return gap
    why = "往回翻到底仍没有接上" if not run.complete else "来源已不再列出"
    note = f"采了 {gap.tries} 次，{why}断档之前的内容"
    return replace(gap, state=LOST, settled=run.finished or run.started, note=note)


def _reason(run: SourceRun) -> str:
    """Why a run did not reach back."""
    reasons = [reason for reason in run.failures if reason != CUT_SHORT] or [*run.refusals]
    if run.complete and run.succeeded:
        return FORGOTTEN
    return reasons[0] if reasons else run.note or CUT_SHORT
