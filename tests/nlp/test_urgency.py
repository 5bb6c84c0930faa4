"""Urgency: the taxonomy's own examples, and what incident and facts add."""

from datetime import UTC, datetime

import pytest

from nlp.core import TextCore
from nlp.urgency import UrgencyJudge
from schemas.records import Facts, Label, Origin, RawPost
from schemas.taxonomy.labels import load_families
from tests.nlp.urgency_cases import URGENCY

FAMILY = load_families()["urgency"]
JUDGE = UrgencyJudge(FAMILY)
EXAMPLES = {example: name for name, label in FAMILY.labels.items() for example in label.examples}
NONE, FIRE = Label("none", 1.0), Label("fire", 0.9)


@pytest.fixture(scope="module")
def core() -> TextCore:
    return TextCore.load(None)


@pytest.mark.parametrize("level", URGENCY)
def test_own_sentences(core: TextCore, level: str) -> None:
    origin = Origin("id", "1", "示例", datetime(2026, 7, 22, 9, tzinfo=UTC))
    posts = core.enrich([RawPost(origin, "", text) for text in URGENCY[level]])
    assert {post.clean.text: post.urgency for post in posts if post.urgency != level} == {}


def test_far_down_a_long_complaint_nobody_is_dying() -> None:
    complaint = "这家公司卷走了我们的积蓄，" * 15 + "这都是老人的救命钱"
    assert JUDGE.judge(complaint, NONE, Facts()) == "normal"
    assert JUDGE.judge("救命！" + complaint, NONE, Facts()) == "critical"


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_taxonomys_own_examples(example: str) -> None:
    assert JUDGE.judge(example, NONE, Facts()) == EXAMPLES[example]


@pytest.mark.parametrize(
    ("text", "incident", "facts", "urgency"),
    [
        ("救命，我们被困在楼顶", NONE, Facts(), "critical"),
        ("演练脚本：救命，我们被困在楼顶", NONE, Facts(), "normal"),
        ("三号楼着火", FIRE, Facts(), "urgent"),
        ("三号楼着火", FIRE, Facts(trapped=2), "critical"),
        ("三号楼着火", FIRE, Facts(deaths=1), "critical"),
        ("三号楼着火", FIRE, Facts(deaths=0, injured=0), "urgent"),
        ("三号楼着火", Label("fire", 0.3), Facts(), "normal"),
        ("树上有虫子", Label("pest", 0.9), Facts(), "normal"),
        ("路灯坏了", NONE, Facts(), "normal"),
        ("", NONE, Facts(), "normal"),
    ],
)
def test_incident_and_facts_count(text: str, incident: Label, facts: Facts, urgency: str) -> None:
    assert JUDGE.judge(text, incident, facts) == urgency
