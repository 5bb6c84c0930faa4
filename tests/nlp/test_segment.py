"""Segmentation: jieba's words, the deployment's own words, and nothing lost."""

import logging
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.batches import TextBatch
from nlp.segment import Segmenter

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # jieba 0.42.1 has escapes that newer Pythons warn about
    import jieba

jieba.setLogLevel(logging.ERROR)

TEXTS = {
    "普通句子": "小区物业长期不作为，楼道垃圾没人清理",
    "带横线的数字": "联系电话0731-8888，工期3-5天",
    "小数": "收费0.5元，浓度1.5ppm，涨了3.5%",
    "日期": "2019-11-05和2019.11.5",
    "网址": "看www.example.com和t.cn",
    "英文": "Wi-Fi信号差，C++和GB51039-2014",
    "空白与标点": "停水了 ！！\n 谢谢……",
    "词典里的英文词": "卡拉OK太吵，T恤",
    "空": "",
}


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_words_are_those_of_jieba(segmenter: Segmenter, text: str) -> None:
    assert segmenter.segment(text) == jieba.lcut(text)


def test_deployment_words_are_kept_whole() -> None:
    assert "丽景新苑" not in Segmenter().segment("丽景新苑又停水")
    assert "丽景新苑" in Segmenter(["丽景新苑"]).segment("丽景新苑又停水")


def test_deployment_words_as_in_jieba() -> None:
    words = ["丽景新苑", "渣土车扰民", "云汀二院"]
    tokenizer = jieba.Tokenizer()
    for word in words:
        tokenizer.add_word(word)
    text = "丽景新苑旁渣土车扰民，云汀二院门口堵车"
    assert Segmenter(words).segment(text) == tokenizer.lcut(text)


def test_segmenters_do_not_share_words() -> None:
    Segmenter(["荷塘月色苑"])
    assert "荷塘月色苑" not in Segmenter().segment("荷塘月色苑停电")


def test_batch_is_one_by_one(segmenter: Segmenter) -> None:
    batch = TextBatch.of([*TEXTS.values()])
    assert segmenter.segment_batch(batch) == [segmenter.segment(text) for text in batch.texts]


_SHARED = Segmenter()
_PIECES = st.sampled_from(
    [
        "小区",
        "停水",
        "3",
        "-",
        "5",
        ".",
        "%",
        "A",
        "b",
        "_",
        "#",
        "+",
        " ",
        "，",
        "\n",
        "丽景",
        "　",
        "😭",
        "ü",
    ]
)


@given(st.lists(_PIECES, max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
def test_words_join_to_the_text_and_are_those_of_jieba(text: str) -> None:
    words = _SHARED.segment(text)
    assert "".join(words) == text
    assert words == jieba.lcut(text)
