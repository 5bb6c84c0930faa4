"""All rules over ordinary days of a city: each keeps to the false alarms a week that its file allows."""

from collections import Counter

import pytest

from alerts.engine import WarningEngine
from nlp.events import EventClusterer
from pipeline.analysis import Analysis
from pipeline.demo.items import Item, Kind
from pipeline.demo.run import START
from pipeline.demo.simulator import simulate_city
from pipeline.rooms import load_core, load_knowledge
from schemas.posts import make_post
from schemas.records import RawPost

pytestmark = pytest.mark.slow

WEEKS = 4


def _post(item: Item) -> RawPost:
    return make_post(
        item.source,
        item.key,
        item.title,
        item.body,
        fetched_at=item.arrives_at,
        published_at=item.published_at,
        author_hash=item.author,
        district=item.district,
    )


def test_every_rule_keeps_to_its_budget() -> None:
    knowledge = load_knowledge(None)
    city = simulate_city(7, knowledge.places, START, WEEKS)
    ordinary = sorted(
        (_post(item) for item in city.items if item.kind is not Kind.CRISIS),
        key=lambda post: post.origin.fetched_at,
    )
    engine = WarningEngine(knowledge.rules, knowledge.duty, knowledge.places)
    analysis = Analysis(load_core(None), EventClusterer(), engine)
    told: dict[str, str] = {}
    for step in analysis.advance(ordinary, [post.origin.fetched_at for post in ordinary]):
        for alert in step.alerts:
            told.setdefault(alert.id, alert.rule)
    counts = Counter(told.values())
    over = {
        rule.name: counts[rule.name]
        for rule in knowledge.rules
        if counts[rule.name] > max(rule.budget * WEEKS, 0)
    }
    assert over == {}
    assert sum(counts.values()) <= 9 * WEEKS
