"""Needs and emotion: the taxonomy's own examples, several at once, look-alikes; older stored posts."""

import pytest

from nlp.seeds import SeedJudge
from schemas.codec import decode, encode
from schemas.errors import Where
from schemas.records import ClassifiedPost, Label
from schemas.taxonomy.labels import load_families
from tests.nlp.classified import classified
from tests.nlp.needs_cases import NEEDS as SAID
from tests.nlp.needs_cases import NONE as ORDINARY

FAMILIES = load_families()
NEEDS, EMOTION = SeedJudge(FAMILIES["needs"]), SeedJudge(FAMILIES["emotion"])
EXAMPLES = [
    (judge, example, name)
    for judge, family in ((NEEDS, "needs"), (EMOTION, "emotion"))
    for name, label in FAMILIES[family].labels.items()
    for example in label.examples
]


def names(labels: tuple[Label, ...]) -> list[str]:
    return [label.name for label in labels]


@pytest.mark.parametrize(
    ("judge", "example", "name"), EXAMPLES, ids=[f"{name}-{example[:6]}" for _, example, name in EXAMPLES]
)
def test_the_taxonomys_own_examples(judge: SeedJudge, example: str, name: str) -> None:
    assert name in names(judge.judge(example))


def test_the_emotion_is_the_surest_one() -> None:
    for example, name in ((example, name) for judge, example, name in EXAMPLES if judge is EMOTION):
        assert names(EMOTION.judge(example))[0] == name


def test_a_post_may_carry_several_needs_and_tells_why() -> None:
    found = NEEDS.judge("我们二十个人被困在楼顶，断水断粮")
    assert names(found) == ["help_request", "shortage"]
    assert "被困" in found[0].words
    assert all(0.5 <= label.probability < 1 for label in found)


@pytest.mark.parametrize(
    "text",
    ["", "今天天气不错", "消防演练：三楼有人被困，断水断粮", "市里开通了求助热线", "人才紧缺，工资不高"],
)
def test_no_need(text: str) -> None:
    assert NEEDS.judge(text) == ()


@pytest.mark.parametrize(("text", "expected"), SAID.items(), ids=SAID)
def test_what_is_needed_in_an_emergency(text: str, expected: tuple[str, ...]) -> None:
    assert set(expected) <= set(names(NEEDS.judge(text)))


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_request_is_no_emergency(text: str) -> None:
    assert NEEDS.judge(text) == ()


def test_a_word_of_the_context_counts_most_in_the_same_sentence() -> None:
    beside, elsewhere, nowhere = (
        sum(label.probability for label in NEEDS.judge(text))
        for text in ("泄洪了，急需志愿者", "昨天泄洪。现在急需志愿者，需要人手", "急需志愿者")
    )
    assert beside > 0.7
    assert elsewhere > 0.5
    assert nowhere == 0


@pytest.mark.parametrize("text", ["", "路灯坏了两盏", "哪怕下雨也要去", "加油站在路口东边"])
def test_no_emotion(text: str) -> None:
    assert EMOTION.judge(text) == ()


def test_posts_stored_before_there_were_needs_still_read() -> None:
    post = classified("水管爆了")
    stored = encode(post).replace(b',"needs":[],"emotion":null', b"")
    assert b"needs" not in stored
    assert decode(ClassifiedPost, stored, Where("posts")) == post
