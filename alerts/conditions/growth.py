"""`growth`: one event gathers reports from different people within a window."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np

from alerts.crossings import COUNTED_COPIES
from alerts.detectors.bayes import predict_counts
from alerts.findings import Finding, Moment
from alerts.series import post_label
from alerts.watch import Brief, rank_telling, share_together, tell_rebuttals
from alerts.wording import SHANGHAI, day_and_time, duration
from schemas.records import Event, Level
from schemas.rules.loader import Rule
from schemas.rules.when import Growth

MOST_POSTS = 50
# So many of an event's latest posts say whether it has one place.
TOGETHER_AMONG = 40
# What is ordinary among events without a place shows only after some weeks.
LEARNING_WEEKS = 3
INCIDENT = "incident."
BESIDE = 0.25
_LATEST = 8
ADDRESS_LEVELS = frozenset({"community", "estate", "road", "firm"})
INCIDENT_LEVELS = ADDRESS_LEVELS | {"street", "district"}


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding when the event has the reports and authors the rule asks for."""
    when, event = rule.when, moment.event
    if not isinstance(when, Growth):
        return []
    label = _label(when, moment)
    if label is None:
        return []
    if COUNTED_COPIES * event.reports < when.reports or (when.urgency and event.urgency not in when.urgency):
        return []
    if _is_of_more(when, moment):
        return []
    briefs = moment.watch.members(event, moment.now, when.window_hours)
    if label != event.label:
        briefs = [one for one in briefs if one.label in when.labels]
    voices = len({one.voice for one in briefs})
    reports = count_reports(briefs, event.reports)
    days = len({one.at.astimezone(SHANGHAI).date() for one in briefs})
    if reports < when.reports or days < when.days or not _are_as_many(when, voices):
        return []
    rebuttals, rebutted = tell_rebuttals(briefs)
    if _certainty(briefs) < when.sure * when.reports:
        return []
    if _is_ordinary(when, moment, briefs, reports):
        return []
    return [
        Finding(
            rule=rule,
            group=event.id,
            level=_climb(rule.level, when, reports),
            reason=_reason(when, event, briefs, reports, voices) + rebutted,
            post_ids=rank_telling(briefs, MOST_POSTS),
            measures={"reports": event.reports} | ({"rebuttals": rebuttals} if rebuttals else {}),
            title=event.title,
            label=label,
            place=event.place,
            event_id=event.id,
            rumour=event.rumour,
        )
    ]


def _are_as_many(when: Growth, voices: int) -> bool:
    return when.authors <= voices and (when.authors_most is None or voices <= when.authors_most)


def _is_of_more(when: Growth, moment: Moment) -> bool:
    """Whether the latest posts alone are of more people than the rule is about; no crowd need be counted."""
    if when.authors_most is None:
        return False
    start = moment.now - timedelta(hours=when.window_hours)
    latest = moment.watch.latest(moment.event, when.authors_most + _LATEST)
    own = [one for one in latest if start < one.at <= moment.now and one.label in when.labels]
    return len({one.voice for one in own}) > when.authors_most


def _label(when: Growth, moment: Moment) -> str | None:
    """The label the rule counts: the event's; else, of a rule for incidents, the post's own.

    The first who smell gas stand in an event of complaints: the dangerous part of it counts by itself.
    """
    if moment.event.label in when.labels:
        return moment.event.label
    own = post_label(moment.post)
    return own if own in when.labels and own.startswith(INCIDENT) else None


def _certainty(briefs: Iterable[Brief]) -> float:
    """How sure the text core is of an incident, whichever it names, summed over the different people.

    Who names none and yet speaks of the same matter says a little for it too.
    """
    surest: dict[str, float] = {}
    for one in briefs:
        certainty = one.certainty if one.label.startswith(INCIDENT) else BESIDE
        surest[one.voice] = max(certainty, surest.get(one.voice, 0.0))
    return sum(surest.values())


def is_together(briefs: Sequence[Brief], event: Event, least: float = 0.5) -> bool:
    """Whether so many of the posts name one place: of an incident any below the city, else one with an
    address (an estate, a school, a road), as a district has many complaints of a kind and an incident one."""
    levels = INCIDENT_LEVELS if event.label.startswith(INCIDENT) else ADDRESS_LEVELS
    return share_together(briefs, levels) >= least


def _is_ordinary(when: Growth, moment: Moment, briefs: list[Brief], reports: int) -> bool:
    """Whether events grow so large in this stream anyway, or this one grows no faster than it always did."""
    event, crossings = moment.event, moment.crossings
    together = is_together(briefs, event, when.together)
    if not together:
        a_week = crossings.scattered_a_week(event, when.reports, when.labels, moment.now)
        if a_week > when.scattered or crossings.weeks(moment.now) < LEARNING_WEEKS:
            return True
    elif when.budget is not None and crossings.a_week(event, when.labels, moment.now) > when.budget:
        return True
    return when.rise is not None and not _rises(when, when.rise, moment, reports)


def _rises(when: Growth, rise: float, moment: Moment, reports: int) -> bool:
    """Whether so many reports would be rare by the event's own rate before the window.

    An event that is not twice as old as the window has no rate of its own yet.
    """
    event, window = moment.event, timedelta(hours=when.window_hours)
    before = (moment.now - window) - event.first_seen
    if before < window:
        return True
    earlier = max(event.reports - reports, 0)
    verdict = predict_counts(
        np.array([earlier], dtype=np.float64), np.array([before / window]), 1.0, reports, rise
    )
    return verdict.p <= rise


def count_reports(briefs: list[Brief], texts: int) -> int:
    """Reports in the window: each distinct text once, and once more where somebody else sends the same.

    A text that a thousand people pass on is heat, not a thousand reports. `texts` are the event's distinct
    texts; near-copies count as one there.
    """
    voices: defaultdict[int, set[str]] = defaultdict(set)
    for one in briefs:
        voices[one.text].add(one.voice)
    return min(sum(min(len(who), COUNTED_COPIES) for who in voices.values()), COUNTED_COPIES * texts)


def _climb(level: Level, when: Growth, reports: int) -> Level:
    """The level of the highest rung reached."""
    return min((rung.level for rung in when.ladder if reports >= rung.reports), default=level)


def _reason(when: Growth, event: Event, briefs: list[Brief], reports: int, voices: int) -> str:
    first, last = briefs[-1], briefs[0]
    texts = min(len({one.text for one in briefs}), event.reports)
    return (
        f"{duration(when.window_hours)}内同一事件有 {reports} 件反映（{texts} 篇不同内容），"
        f"来自 {voices} 人，共 {len(briefs)} 条"
        f"（自 {day_and_time(first.at)} 起，最近 {day_and_time(last.at)}）；事件累计 {event.heat} 条。"
    )
