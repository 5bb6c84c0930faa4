"""`rumour_spreading`: an event that looks like a rumour, or has been denied, and spreads all the same.

It is a warning of its own beside the incident's and never raises that: a true report may look like a rumour.
"""

from alerts.conditions.count import climb
from alerts.findings import Finding, Moment
from alerts.watch import Brief, rank_telling, tell_rebuttals
from alerts.wording import duration
from schemas.rules.loader import Rule
from schemas.rules.when_counts import RumourSpreading

LABEL = "rumour.rumour"
MOST_POSTS = 50


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding when the event is doubtful enough and has spread as far as the rule asks."""
    when, event = rule.when, moment.event
    if not isinstance(when, RumourSpreading) or event.label not in when.labels:
        return []
    if event.rumour < when.probability or event.heat < when.posts:
        return []
    briefs = moment.watch.members(event, moment.now, when.window_hours)
    rebuttals, rebutted = tell_rebuttals(briefs)
    if not _spreads(when, briefs) or rebuttals < when.rebuttals:
        return []
    return [
        Finding(
            rule=rule,
            group=f"rumour|{event.id}",
            level=climb(rule.level, when.ladder, len(briefs)),
            reason=_reason(when, briefs, event.rumour) + rebutted,
            post_ids=rank_telling(briefs, MOST_POSTS),
            measures={"reports": len(briefs)} | ({"rebuttals": rebuttals} if rebuttals else {}),
            title=f"疑似谣言在传播：{event.title}",
            label=LABEL,
            place=event.place,
            event_id=event.id,
            rumour=event.rumour,
        )
    ]


def _spreads(when: RumourSpreading, briefs: list[Brief]) -> bool:
    """As many posts of as many people, and as much attention; a denial itself spreads no rumour."""
    told = [one for one in briefs if not one.rebuts]
    if len(told) < when.posts or len({one.voice for one in told}) < when.authors:
        return False
    if when.needing < 1 and sum(bool(one.needs) for one in told) >= when.needing * len(told):
        return False
    return sum(one.attention for one in told) >= when.attention


def _reason(when: RumourSpreading, briefs: list[Brief], rumour: float) -> str:
    told = [one for one in briefs if not one.rebuts]
    voices, attention = len({one.voice for one in told}), sum(one.attention for one in told)
    return (
        f"{duration(when.window_hours)}内有 {len(told)} 条信息、{voices} 人在传，"
        f"点赞转发评论共 {attention} 次；谣言概率 {rumour:.0%}，只供核实时参考，不影响事件本身的级别。"
    )
