"""`growth`: one event gathers reports from different people within a window."""

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
    if event.reports < when.reports or (when.urgency and event.urgency not in when.urgency):
        return []
    briefs = moment.watch.members(event, moment.now, when.window_hours)
    voices = len({one.voice for one in briefs})
    reports = min(len({one.text for one in briefs}), event.reports)
    if reports < when.reports or voices < when.authors:
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


def _climb(level: Level, when: Growth, reports: int) -> Level:
    """The level of the highest rung reached."""
    return min((rung.level for rung in when.ladder if reports >= rung.reports), default=level)


def _reason(when: Growth, event: Event, briefs: list[Brief], reports: int, voices: int) -> str:
    first, last = briefs[-1], briefs[0]
    return (
        f"{duration(when.window_hours)}内同一事件有 {reports} 篇不同内容的反映，"
        f"来自 {voices} 人，共 {len(briefs)} 条"
        f"（自 {day_and_time(first.at)} 起，最近 {day_and_time(last.at)}）；事件累计 {event.heat} 条。"
    )
