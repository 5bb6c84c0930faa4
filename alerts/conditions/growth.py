"""`growth`: one event gathers reports from different people within a window."""

from collections import defaultdict

from alerts.crossings import COUNTED_COPIES
from alerts.findings import Finding, Moment
from alerts.watch import Brief, rank_telling
from alerts.wording import day_and_time, duration
from schemas.records import Event, Level
from schemas.rules.loader import Rule
from schemas.rules.when import Growth

MOST_POSTS = 50


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding when the event has the reports and authors the rule asks for."""
    when, event = rule.when, moment.event
    if not isinstance(when, Growth) or event.label not in when.labels:
        return []
    if COUNTED_COPIES * event.reports < when.reports or (when.urgency and event.urgency not in when.urgency):
        return []
    briefs = moment.watch.members(event, moment.now, when.window_hours)
    voices = len({one.voice for one in briefs})
    reports = count_reports(briefs, event.reports)
    if reports < when.reports or voices < when.authors or _is_ordinary(when, moment):
        return []
    return [
        Finding(
            rule=rule,
            group=event.id,
            level=_climb(rule.level, when, reports),
            reason=_reason(when, event, briefs, reports, voices),
            post_ids=rank_telling(briefs, MOST_POSTS),
            measures={"reports": event.reports},
            title=event.title,
            label=event.label,
            place=event.place,
            event_id=event.id,
            rumour=event.rumour,
        )
    ]


def _is_ordinary(when: Growth, moment: Moment) -> bool:
    """Whether more events than the rule's budget grow so large in this stream anyway."""
    if when.budget is None:
        return False
    event = moment.event
    return moment.crossings.a_week(event, when.labels, moment.now) > when.budget


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
