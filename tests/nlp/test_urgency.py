"""Urgency: the taxonomy's own examples, and what incident and facts add."""

import pytest

from nlp.urgency import UrgencyJudge
from schemas.records import Facts, Label
from schemas.taxonomy.labels import load_families

FAMILY = load_families()["urgency"]
JUDGE = UrgencyJudge(FAMILY)
EXAMPLES = {example: name for name, label in FAMILY.labels.items() for example in label.examples}
NONE, FIRE = Label("none", 1.0), Label("fire", 0.9)


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
