"""`all`: every part of a rule holds at one post, for its event and its places."""

from dataclasses import replace

from alerts import conditions
from alerts.findings import Finding, Moment
from schemas.rules.loader import Rule
from schemas.rules.when import AllOf

MOST_POSTS = 50


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
