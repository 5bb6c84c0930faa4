"""The figures of a report from the state database: one walk over the posts, the alerts with their answers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.path.answer import WORDS, Action
from alerts.path.escalate import ESCALATED
from alerts.render.report.figures import (
    Answer,
    Counts,
    Coverage,
    Figures,
    Hot,
    Period,
    Scope,
    scope_path,
)
from alerts.render.report.writing import MOST_EVENTS, count_step
from alerts.series import post_label
from pipeline.rooms import Knowledge
from schemas.records import Alert, ClassifiedPost, Event, Step
from schemas.taxonomy.places import Deployment
from stores.database.coverage import SourceRun, publishers, runs_since
from stores.database.events import events_by_id
from stores.database.figures import alerts_at, posts_between, quarantined_between
from stores.documents import main_place

# An event is hot from two posts on; a rumour is suspected from this probability on.
_LEAST_POSTS = 2
_SUSPECT = 0.5
_MOST_RUMOURED = 5
# Warnings that have stood open for longer are no news of this report.
_LOOK_BACK = timedelta(days=30)


def gather_figures(
    db: Connection, knowledge: Knowledge, period: Period, scope: Scope, written_at: datetime
) -> Figures:
    """Everything the report of a period and place says."""
    now, before = (count_posts(db, one, scope) for one in (period, period.before))
    alerts = [
        alert
        for alert in alerts_at(db, period.end, period.start - _LOOK_BACK)
        if scope.holds(scope_path(alert.place))
    ]
    answers = [judge_answer(alert, knowledge) for alert in alerts]
    events = events_by_id(db, now.events)
    return Figures(
        period=period,
        scope=scope,
        now=now,
        before=before,
        answers=[one for one in answers if period.holds(one.raised)],
        left_over=[one for one in answers if one.raised < period.start and not one.is_over],
        hot=_rank_events(events, now, before, alerts),
        new_events=sum(period.holds(event.first_seen) for event in events.values()),
        coverage=_cover(db, period, now, before, publishers(db)),
        rumoured=_rumoured(events, now),
        written_at=written_at,
    )


def make_scope(deployment: Deployment, code: str) -> Scope:
    """The scope of a place; its parts are the divisions right below it. Raises KeyError for no code."""
    place = deployment.by_code[code]
    below = [one for one in deployment.places if one.parent == code]
    levels = ("city", "district", "street", "community")
    parts = tuple((one.name, deployment.path(one.code)) for one in below if one.level in levels)
    return Scope(place.name, deployment.path(code), parts, is_whole=place.parent is None)


def count_posts(db: Connection, period: Period, scope: Scope) -> Counts:
    """Count the posts of a period within a scope."""
    counts = Counts()
    for event_id, post in posts_between(db, period.start, period.end):
        path = scope_path(main_place(post.places))
        if scope.holds(path):
            _count(counts, event_id, post, scope.part_of(path))
    return counts


def _count(counts: Counts, event_id: str | None, post: ClassifiedPost, part: str | None) -> None:
    counts.sources[post.origin.source] += 1
    if "spam" in post.clean.flags:
        counts.spam += 1
        return
    counts.posts += 1
    counts.hotline += post.origin.ticket is not None
    counts.rebuttals += post.rumour.name == "rebuttal"
    counts.rumours += post.rumour.name == "rumour" and post.rumour.probability >= _SUSPECT
    counts.groups[post_label(post), part] += 1
    counts.steps[count_step(post.origin.time)] += 1
    if event_id is not None:
        counts.events[event_id] += 1


def judge_answer(alert: Alert, knowledge: Knowledge) -> Answer:
    """What became of a warning, from its history."""
    history = alert.history
    group = knowledge.duty.groups.get(alert.route, knowledge.duty.default)
    return Answer(
        alert=alert,
        group=group.zh,
        raised=history[0].at if history else alert.raised_at,
        minutes=group.acknowledge_minutes[alert.level],
        acknowledged=_when(history, WORDS[Action.ACKNOWLEDGE]),
        closed=_when(history, WORDS[Action.CLOSE]),
        reported_up=_when(history, ESCALATED) is not None,
        is_false=_when(history, WORDS[Action.FALSE_ALARM]) is not None,
        is_over=alert.state.is_over,
    )


def _when(history: Sequence[Step], what: str) -> datetime | None:
    return next((step.at for step in history if step.what.startswith(what)), None)


def _rank_events(
    events: Mapping[str, Event], now: Counts, before: Counts, alerts: Iterable[Alert]
) -> list[Hot]:
    """The events with most posts in the period, each with its gravest warning."""
    warned: dict[str, Alert] = {}
    for alert in sorted(alerts, key=lambda one: one.level, reverse=True):
        if alert.event_id is not None:
            warned[alert.event_id] = alert
    hot = [
        Hot(event, now.events[event_id], before.events[event_id], warned.get(event_id))
        for event_id, event in events.items()
        if now.events[event_id] >= _LEAST_POSTS
    ]
    return sorted(hot, key=lambda one: (-one.posts, one.event.first_seen, one.event.id))[:MOST_EVENTS]


def _rumoured(events: Mapping[str, Event], now: Counts) -> list[Event]:
    suspects = [
        one for one in events.values() if one.rumour >= _SUSPECT and now.events[one.id] >= _LEAST_POSTS
    ]
    return sorted(suspects, key=lambda one: (-now.events[one.id], one.id))[:_MOST_RUMOURED]


def _cover(
    db: Connection, period: Period, now: Counts, before: Counts, names: Mapping[str, str]
) -> list[Coverage]:
    """Every source that was asked or brought something in this period or the one before."""
    runs: dict[str, list[SourceRun]] = {}
    for run in runs_since(db, period.before.start):
        if run.started < period.end:
            runs.setdefault(run.source, []).append(run)
    refused = quarantined_between(db, period.start, period.end)
    sources = sorted(
        {*now.sources, *before.sources, *runs, *refused}, key=lambda one: (-now.sources[one], one)
    )
    return [
        _cover_one(source, names.get(source, source), runs.get(source, []), period, now, before, refused)
        for source in sources
    ]


def _cover_one(
    source: str,
    name: str,
    runs: Sequence[SourceRun],
    period: Period,
    now: Counts,
    before: Counts,
    refused: Mapping[str, int],
) -> Coverage:
    ours = [run for run in runs if period.holds(run.started)]
    return Coverage(
        name=name,
        runs=len(ours),
        failed=sum(run.status == "failed" for run in ours),
        few=sum(run.status == "too_few" for run in ours),
        records=now.sources[source],
        before=before.sources[source],
        quarantined=refused.get(source, 0),
        last=max((run.started for run in runs), default=None),
    )
