"""Spread: how reposts came is told in numbers; doubt raises the probability, praise lowers it."""

from datetime import datetime, timedelta
from math import log1p
from pathlib import Path

import pytest

from nlp.segment import Segmenter
from nlp.spread import Blend, Repost, describe_form, join_words, judge_spread, load_blend
from schemas.errors import ReadError
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
    doubt = judge_spread(0.5, reposts(*["这是谣言吧", "求辟谣，真的假的？", "", "假消息，求证实"] * 8))
    praise = judge_spread(0.5, reposts(*["好美啊，喜欢", "收藏了", "", "哈哈太可爱"] * 8))
    assert doubt.probability > 0.8 > 0.6 > praise.probability
    assert doubt.words == ("真的假",)


def test_the_text_counts_too() -> None:
    some = reposts(*["转发微博", "", "看看", ""] * 5)
    assert judge_spread(0.95, some).probability > judge_spread(0.05, some).probability


def test_without_reposts_the_text_alone_decides() -> None:
    assert judge_spread(0.42, []).probability == 0.42


def test_a_blend_written_and_read_is_the_same(tmp_path: Path) -> None:
    blend = Blend(("text", "words"), (0.0, 1.0), (1.0, 2.0), (0.5, 0.25), -1.0)
    blend.save(tmp_path / "spread.blend.json")
    assert load_blend(tmp_path) == blend
    assert blend.odds({"text": 2.0, "words": 3.0}) == pytest.approx(0.25)


def test_a_missing_or_cut_blend_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="qianshao train"):
        load_blend(tmp_path)
    (tmp_path / "spread.blend.json").write_text("{}")
    with pytest.raises(ReadError, match="intercept"):
        load_blend(tmp_path)
