"""Fingerprints: the same everywhere, alike for reposts and edits, unlike for other texts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.batches import WordBatch
from nlp.fingerprint import (
    NEAR_DUPLICATE,
    PERMUTATIONS,
    fingerprint,
    fingerprint_batch,
    fingerprint_words,
    hash_triples,
    similarity,
)
from nlp.segment import Segmenter

POST = "丽景新苑三栋的电梯已经坏了半个月，老人上下楼很不方便，物业一直说在等配件，请有关部门督促尽快修好。"
OTHER = "学校门口的夜市油烟很大，垃圾也没有人清理，希望城管部门每天晚上来看一看，给孩子们一个干净的环境。"

EDITS = {
    "加前缀": f"求扩散！{POST}",
    "加后缀": f"{POST}请大家帮忙转发，谢谢！",
    "改几个字": POST.replace("半个月", "二十天").replace("尽快", "马上"),
    "截去末尾": POST[:42],
    "标点与空格": POST.replace("，", " ").replace("。", "！！"),
}

FIRST = (3527464297, 3372723584, 3363092935)
_SEGMENTER = Segmenter()


def make(text: str) -> tuple[int, ...]:
    """The fingerprint of a text."""
    return fingerprint(_SEGMENTER.segment(text))


@pytest.mark.parametrize("edited", EDITS.values(), ids=EDITS)
def test_an_edited_post_is_a_near_duplicate(edited: str) -> None:
    assert similarity(make(POST), make(edited)) >= NEAR_DUPLICATE


def test_another_post_is_not() -> None:
    assert similarity(make(POST), make(OTHER)) < 0.1


def test_shape_and_values_are_fixed() -> None:
    values = fingerprint(["小区", "停水", "了"])
    assert len(values) == PERMUTATIONS
    assert all(0 <= value < 2**32 for value in values)
    assert values == fingerprint(["小区", "停水了"])


def test_values_do_not_change_between_versions() -> None:
    """Stored fingerprints stay comparable: a new algorithm must come with a migration."""
    assert fingerprint(["小区", "停水", "了"])[:3] == FIRST


def test_empty_texts_are_not_alike() -> None:
    assert similarity(fingerprint([]), fingerprint(["！"])) == 0.0


@pytest.mark.parametrize(("text", "count"), [("停水了", 1), ("停水了吗", 2), ("𠮷𠮷𠮷😭", 2)])
def test_one_hash_for_each_triple(text: str, count: int) -> None:
    assert len(hash_triples(np.array([*map(ord, text)], dtype=np.uint32))) == count


def test_one_letter_is_enough() -> None:
    assert similarity(fingerprint(["水"]), fingerprint(["，", "水"])) == 1.0
    assert similarity(fingerprint(["水"]), fingerprint(["电"])) < 0.1


@given(st.lists(st.sampled_from(["停水", "小区", "，", "a1", "😭", " "]), max_size=12))
def test_like_itself(words: list[str]) -> None:
    expected = 1.0 if any(word.isalnum() for word in words) else 0.0
    assert similarity(fingerprint(words), fingerprint(words)) == expected


@given(
    st.lists(
        st.lists(st.sampled_from(["停", "停水", "小区里", "，", "a1", "😭", " "]), max_size=5), max_size=6
    )
)
def test_a_batch_gives_what_each_text_gives(texts: list[list[str]]) -> None:
    alone = [fingerprint(words) for words in texts]
    assert fingerprint_batch(texts) == fingerprint_words(WordBatch.of(texts)) == alone


def test_a_plain_text_is_its_characters() -> None:
    assert fingerprint_batch([POST, OTHER]) == [fingerprint([*POST]), fingerprint([*OTHER])]
