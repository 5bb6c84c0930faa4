"""Denials: told from rumours and from calls for a denial; each post meets the rebuttal of what it says."""

import pytest

from nlp.classifier import Classifier
from nlp.rebuttals import Rebuttals, find_denial, mark_denials
from nlp.segment import Segmenter
from schemas.records import Label

SEGMENTER = Segmenter()
TITLES = (
    "自来水厂被人投毒，全城停水一周？",
    "吃蒜能够预防流感？",
    "汀东大桥将于下月拆除？",
    "云汀二中有二十名学生被拐？",
)
KNOWN = Rebuttals({title: SEGMENTER.segment(title) for title in TITLES})


@pytest.mark.parametrize(
    "text",
    [
        "关于停水一周的说法不属实",
        "网传消息不实，请不要转发",
        "这是旧视频，不是我们这里",
        "警方辟谣：没有人被拐",
        "编造地震消息的男子被行政拘留",
        "请大家不信谣、不传谣",
    ],
)
def test_a_denial_is_found(text: str) -> None:
    assert find_denial(SEGMENTER.segment(text)) in text
    assert find_denial(SEGMENTER.segment(text))


@pytest.mark.parametrize(
    "text", ["求辟谣，这是真的吗", "至今没有人出来澄清", "小区西门的路灯坏了", "有人造谣，我很生气", ""]
)
def test_a_call_for_a_denial_is_none(text: str) -> None:
    assert find_denial(SEGMENTER.segment(text)) == ""


def test_a_denial_leaves_a_tenth_of_the_odds_and_keeps_the_label_of_the_very_sure() -> None:
    words = SEGMENTER.segment("停水一周的说法不属实")
    doubtful, sure = mark_denials([words, words], [Label("rumour", 0.6), Label("rumour", 0.99, ("停水",))])
    assert (doubtful.name, doubtful.words) == ("rebuttal", ("不属实",))
    assert doubtful.probability == pytest.approx(0.06 / 0.46, abs=1e-3)
    assert sure == Label("rumour", 0.99, ("停水",))


def test_the_shipped_model_names_a_denial() -> None:
    text = "关于“自来水投毒”的说法不属实，今早出厂水检测全部合格，请不要转发。"
    label = Classifier.load("rumour").predict([SEGMENTER.segment(text)])[0]
    assert label.name == "rebuttal"
    assert label.probability < 0.5


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("转！自来水厂被人投毒了，全城要停水一周，赶紧囤水", TITLES[0]),
        ("听说天天吃蒜就能够预防流感，是不是真的", TITLES[1]),
        ("单位的人都说汀东大桥下月拆除，以后怎么过河", TITLES[2]),
    ],
)
def test_a_post_meets_the_rebuttal_of_what_it_says(text: str, title: str) -> None:
    found = KNOWN.match([SEGMENTER.segment(text)])[0]
    assert found is not None
    assert found[0] == title
    assert 0.6 <= found[1] <= 1


@pytest.mark.parametrize("text", ["汀东大桥今早堵车两公里", "自来水压太小", "孩子在云汀二中上学", ""])
def test_a_post_on_something_else_meets_none(text: str) -> None:
    assert KNOWN.match([SEGMENTER.segment(text)])[0] is None


def test_no_rebuttals_known() -> None:
    assert Rebuttals({}).match([["停水"]]) == [None]
