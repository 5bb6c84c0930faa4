"""Spread: how reposts came is told in numbers; doubt raises the probability, praise lowers it."""

from datetime import datetime, timedelta
from math import log, log1p
from pathlib import Path

import pytest

from nlp.author import Author, describe_author
from nlp.segment import Segmenter
from nlp.spread import BLENDS, Blend, Repost, blend_path, describe_form, join_words, judge_spread, load_blend
from schemas.errors import ReadError
from schemas.records import Label
from schemas.times import SHANGHAI

SEGMENTER = Segmenter()
START = datetime(2026, 3, 1, 8, tzinfo=SHANGHAI)


def reposts(*texts: str, every: int = 60) -> list[Repost]:
    return [
        Repost(SEGMENTER.segment(text), START + timedelta(seconds=every * at))
        for at, text in enumerate(texts)
    ]


def test_the_form_of_reposts() -> None:
    form = describe_form(reposts("真的吗？求证", "", "太可怕了！", "", every=1800))
    assert form["empty"] == 0.5
    assert form["doubting"] == form["asking"] == form["calling"] == 0.5
    assert form["first_hour"] == pytest.approx(log1p(2))
    assert form["median_gap"] == pytest.approx(log1p(1800))
    assert form["last_time"] == pytest.approx(log1p(5400))


def test_reposts_without_times_have_a_form() -> None:
    form = describe_form([Repost(["假", "的"], None)])
    assert form["median_gap"] == form["last_time"] == 0
    assert form["doubting"] == 1


def test_words_of_two_reposts_stay_apart() -> None:
    assert join_words(reposts("谣言", "", "可怕")) == ["谣言", "。", "可怕", "。"]


def test_doubt_raises_and_praise_lowers() -> None:
    doubt = judge_spread(
        Label("rumour", 0.5), reposts(*["这是谣言吧", "求辟谣，真的假的？", "", "假消息，求证实"] * 8)
    )
    praise = judge_spread(Label("rumour", 0.5), reposts(*["好美啊，喜欢", "收藏了", "", "哈哈太可爱"] * 8))
    assert doubt.probability > 0.8 > 0.6 > praise.probability
    assert doubt.words == ("真的假",)


NEWCOMER = Author(verified=False, organisation=False, followers=12, friends=400, messages=30, days=5)
MEDIUM = Author(verified=True, organisation=True, followers=900_000, friends=300, messages=40_000, days=900)


def judge(text: float, some: list[Repost], author: Author | None = None) -> float:
    return judge_spread(Label("rumour", text), some, author).probability


def test_the_text_counts_too() -> None:
    some = reposts(*["转发微博", "", "看看", ""] * 5)
    assert judge(0.95, some) > judge(0.05, some)


def test_without_reposts_and_author_the_text_alone_decides() -> None:
    text = Label("rebuttal", 0.42, ("不属实",))
    assert judge_spread(text, []) == text


@pytest.mark.parametrize("some", [[], reposts(*["转发微博", "", "看看", ""] * 5)], ids=["text", "reposts"])
def test_a_newcomer_is_believed_less_than_a_known_medium(some: list[Repost]) -> None:
    assert judge(0.5, some, NEWCOMER) > judge(0.5, some, MEDIUM)


def test_an_author_keeps_the_words_and_the_name_of_the_text() -> None:
    given = judge_spread(Label("rebuttal", 0.1, ("不属实",)), [], MEDIUM)
    assert (given.name, given.words) == ("rebuttal", ("不属实",))


def test_a_profile_in_numbers_bends_where_accounts_differ_in_kind() -> None:
    form = describe_author(MEDIUM)
    assert form["followers"] == pytest.approx(log1p(900_000))
    assert form["followers_100000"] == pytest.approx(log1p(900_000) - log(100_000))
    assert form["followers_1000000"] == 0
    assert describe_author(NEWCOMER)["friends_1000"] == 0


@pytest.mark.parametrize("name", BLENDS)
def test_a_blend_written_and_read_is_the_same(name: str, tmp_path: Path) -> None:
    blend = Blend(("text", "words"), (0.0, 1.0), (1.0, 2.0), (0.5, 0.25), -1.0)
    blend.save(blend_path(name, tmp_path))
    assert load_blend(name, tmp_path) == blend
    assert blend.odds({"text": 2.0, "words": 3.0}) == pytest.approx(0.25)


def test_a_missing_or_cut_blend_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="qianshao train"):
        load_blend("author", tmp_path)
    blend_path("author", tmp_path).write_text("{}")
    with pytest.raises(ReadError, match="intercept"):
        load_blend("author", tmp_path)
