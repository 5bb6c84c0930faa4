"""`fact`: the casualties that an event's texts state reach a number."""

from alerts.findings import Finding, Moment
from alerts.watch import rank_telling, tell_rebuttals
from alerts.wording import casualties
from schemas.records import Event, Level
from schemas.rules.loader import Rule
from schemas.rules.when import Fact

MOST_POSTS = 50


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding when the event's facts reach what the rule asks for."""
    when, event = rule.when, moment.event
    if not isinstance(when, Fact) or event.label not in when.labels or not when.least.reached(event.facts):
        return []
    if when.urgency and event.urgency not in when.urgency:
        return []
    briefs = moment.watch.briefs(event.post_ids[-500:])
    rebuttals, rebutted = tell_rebuttals(briefs)
    stating = [one for one in briefs if when.least.reached(one.facts)]
    return [
        Finding(
            rule=rule,
            group=event.id,
            level=_climb(rule.level, when, event),
            reason=f"有 {max(len(stating), 1)} 条信息写明{casualties(event.facts)}，尚待核实。{rebutted}",
            post_ids=rank_telling(stating or briefs, MOST_POSTS),
            measures=_measures(event) | ({"rebuttals": rebuttals} if rebuttals else {}),
            title=event.title,
            label=event.label,
            place=event.place,
            event_id=event.id,
            rumour=event.rumour,
        )
    ]


def _climb(level: Level, when: Fact, event: Event) -> Level:
    """The level of the highest rung reached."""
    return min((rung.level for rung in when.ladder if rung.counts.reached(event.facts)), default=level)


def _measures(event: Event) -> dict[str, int]:
    facts = event.facts
    persons = {
        "deaths": facts.deaths,
        "injured": facts.injured,
        "missing": facts.missing,
        "trapped": facts.trapped,
    }
    return {"reports": event.reports} | {name: count for name, count in persons.items() if count is not None}
