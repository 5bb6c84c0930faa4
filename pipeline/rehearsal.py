"""Rules on their own tests: each test's posts go through the live code path with that one rule."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from alerts.engine import WarningEngine
from nlp.core import TextCore
from nlp.events import EventClusterer
from pipeline.analysis import Analysis
from pipeline.rooms import Knowledge
from schemas.posts import make_post
from schemas.records import Alert, RawPost
from schemas.rules.loader import Rule, RuleTest

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
    # A draft is rehearsed like any other: that is how it grows up.
    alone = replace(rule, status="test")
    engine = WarningEngine([alone], knowledge.duty, knowledge.places)
    analysis = Analysis(core, EventClusterer(), engine)
    posts = _posts(test)
    return [alert for step in analysis.advance(posts) for alert in step.alerts]


def _posts(test: RuleTest) -> list[RawPost]:
    numbers = count(1)
    return [
        make_post(
            SOURCE,
            f"{test.name}/{next(numbers)}",
            "",
            doc.text,
            fetched_at=doc.time,
            published_at=doc.time,
            author_hash=doc.user,
            district=doc.place,
        )
        for doc in sorted(test.docs, key=lambda doc: doc.time)
    ]
