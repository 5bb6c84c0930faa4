"""New words: found where they hold together and meet many neighbours; the same every time; bounded memory."""

import random
from math import isclose

import pytest

from nlp.newwords import count_runs, find_new_words, measure_cohesion, measure_freedom
from nlp.segment import Segmenter

_SEGMENTER = Segmenter()
_BEFORE = ("反映", "投诉", "住户", "靠近", "路过", "关于", "咨询", "业主", "举报", "来信", "求助", "询问")
_AFTER = ("停水", "漏电", "堵车", "扰民", "塌陷", "起火", "积水", "断网", "涨价", "失修", "拆迁", "脏乱")


def make_corpus() -> list[str]:
    """Posts about an estate that no dictionary has, among posts about nothing in particular."""
    chance = random.Random(7)
    named = [f"{chance.choice(_BEFORE)}琅玥澜庭{chance.choice(_AFTER)}，请处理" for _ in range(20)]
    plain = [f"{chance.choice(_BEFORE)}小区{chance.choice(_AFTER)}，请处理" for _ in range(620)]
    return named + plain


def is_known(word: str) -> bool:
    return _SEGMENTER.segment(word) == [word]


def test_an_unknown_estate_is_found_first() -> None:
    found = find_new_words(make_corpus, is_known, 5)
    assert found[0].word == "琅玥澜庭"
    assert found[0].texts == 20


def test_no_part_and_no_extension_of_it() -> None:
    words = {word.word for word in find_new_words(make_corpus, is_known, 100)}
    assert not words & {"琅玥", "玥澜庭", "澜庭", "琅玥澜"}


def test_known_words_are_not_proposed() -> None:
    known = Segmenter(["琅玥澜庭"])
    found = find_new_words(make_corpus, lambda word: known.segment(word) == [word], 100)
    assert "琅玥澜庭" not in {word.word for word in found}


def test_the_same_corpus_gives_the_same_words_in_any_order() -> None:
    forward = find_new_words(make_corpus, is_known, 50)
    assert forward == find_new_words(lambda: reversed(make_corpus()), is_known, 50)


def test_empty_corpus() -> None:
    assert find_new_words(list, is_known, 10) == []


def test_a_run_counts_once_a_text() -> None:
    counts, texts = count_runs(["停水停水停水", "停水"])
    assert (counts["停水"], texts) == (2, 2)


def test_the_rarest_are_forgotten_first() -> None:
    corpus = make_corpus()
    counts, _ = count_runs(corpus, most=300)
    assert len(counts) <= 300 + max(len(text) * 6 for text in corpus)
    assert counts["请处理"] == 640


def test_cohesion_is_that_of_the_weakest_split() -> None:
    counts, texts = count_runs(["甲乙", "甲乙", "甲丙", "丁乙"])
    assert isclose(measure_cohesion("甲乙", counts, texts), -0.17, abs_tol=0.01)


@pytest.mark.parametrize(
    ("texts", "freedom"),
    [
        (["一号楼停水了", "一号楼停水了"], 0.0),
        (["甲停水丙", "乙停水丁"], 1.0),
        (["停水", "停水。", "，停水", "停水"], 2.0),
    ],
    ids=["同样的上下文", "两种上下文", "句首句尾不算束缚"],
)
def test_freedom(texts: list[str], freedom: float) -> None:
    assert isclose(measure_freedom(texts, ["停水"])["停水"], freedom, abs_tol=1e-9)
