"""Rules on their own tests: each test's posts and readings walk the live code path with that one rule."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

from alerts.engine import WarningEngine
from nlp.core import TextCore
from nlp.events import EventClusterer
from pipeline.analysis import Analysis
from pipeline.arrivals import Arrival, take_arrivals
from pipeline.rooms import Knowledge
from schemas.posts import make_post
from schemas.records import Alert, AlertState, RawPost
from schemas.rules.loader import Rule, RuleDoc, RuleTest

SOURCE = "rehearsal"


def rehearse_rule(rule: Rule, core: TextCore, knowledge: Knowledge) -> Iterator[str]:
    """One line for every test of the rule that does not end as the file says."""
    for test in rule.tests:
        raised = _play(rule, test, core, knowledge)
        if bool(raised) != test.fires:
            told = f"报了 {raised[-1].level.name.lower()}" if raised else "没有报"
            yield f"{rule.name}：测试「{test.name}」应{'报' if test.fires else '不报'}，实际{told}"
        elif raised and test.level is not None and raised[-1].level != test.level:
            level, wanted = raised[-1].level.name.lower(), test.level.name.lower()
            yield f"{rule.name}：测试「{test.name}」应为 {wanted}，实际 {level}"


def _play(rule: Rule, test: RuleTest, core: TextCore, knowledge: Knowledge) -> list[Alert]:
    """The warnings of one test; that one is over or was lowered at the end is no warning."""
    # A draft is rehearsed like any other: that is how it grows up.
    alone = replace(rule, status="test")
    engine = WarningEngine([alone], knowledge.duty, knowledge.places)
    analysis = Analysis(core, EventClusterer(), engine)
    raised = [alert for step in take_arrivals(analysis, _arrivals(test)) for alert in step.alerts]
    if test.health and test.until is not None:
        analysis.note_health(test.health)
        analysis.tick(test.until - timedelta(hours=1))
    if test.until is not None:
        raised += analysis.tick(test.until)
    return [alert for alert in raised if alert.state != AlertState.CLOSED]


def _arrivals(test: RuleTest) -> list[Arrival]:
    numbers = count(1)
    posts = [Arrival(doc.time, _post(doc, f"{test.name}/{next(numbers)}")) for doc in test.docs]
    readings = [Arrival(reading.at, reading) for reading in test.readings]
    return sorted([*posts, *readings], key=lambda one: one.at)


def _post(doc: RuleDoc, key: str) -> RawPost:
    return make_post(
        doc.source or SOURCE,
        key,
        "",
        doc.text,
        fetched_at=doc.time,
        published_at=doc.time,
        author_hash=doc.user,
        district=doc.place,
        extra={"reposts": doc.reposts} if doc.reposts else None,
    )
