"""`all`: every part of a rule holds at one post, for its event and its places; the last may be a reading."""

from dataclasses import replace
from datetime import timedelta

from alerts import conditions
from alerts.findings import Finding, Measured, Moment
from schemas.rules.loader import Rule
from schemas.rules.when import AllOf, Fact, When, parts_of
from schemas.rules.when_clock import Sensor, Silence

MOST_POSTS = 50


def find_in_reading(rule: Rule, measured: Measured) -> list[Finding]:
    """What a reading completes: the rule is asked again at the latest post of each event near its station."""
    if not any(conditions.find_part_in_reading(rule, part, measured) for part in parts_of(rule.when)):
        return []
    start = measured.now - timedelta(hours=_least_window(rule.when))
    recent = (one for one in measured.moments if one.post.origin.time > start)
    moments = (replace(one, now=max(one.now, measured.now)) for one in recent)
    return [found for moment in moments for found in find(rule, moment)]


def _least_window(when: When) -> int:
    """For how many hours a post speaks: the shortest window of the parts that look at posts."""
    parts = (part for part in parts_of(when) if not isinstance(part, Sensor | Silence | Fact))
    return min((part.window_hours for part in parts), default=24)


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding where every part has found something; it is about what the first part is about."""
    if not isinstance(rule.when, AllOf):
        return []
    found: list[Finding] = []
    for part in rule.when.parts:
        ours = conditions.find_part(rule, part, moment)
        if not ours:
            return []
        found.append(ours[0])
    first = found[0]
    measures: dict[str, int] = {}
    for one in reversed(found):
        measures |= one.measures
    post_ids = tuple(dict.fromkeys(post_id for one in found for post_id in one.post_ids))
    return [
        replace(
            first,
            rule=rule,
            level=min(one.level for one in found),
            reason="".join(one.reason for one in found),
            post_ids=post_ids[:MOST_POSTS],
            measures=measures,
        )
    ]
