"""Hashed features: stable, shared between full texts and lists of content words, counted right."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.features import (
    COLUMNS,
    LEAD_COUNT,
    LEAD_WORDS,
    count_features,
    feature_matrix,
    hash_features,
    masked_columns,
    stop_columns,
    stop_words,
)

POSTS = st.lists(st.lists(st.text(min_size=1, max_size=6), max_size=40), max_size=8)


def columns_of(words: list[str]) -> set[int]:
    return set(hash_features([words]).columns.tolist())


def test_the_same_words_give_the_same_columns_in_every_process() -> None:
    code = "from nlp.features import hash_features; print(hash_features([['停水', '三天']]).columns.tolist())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other.strip() == str(hash_features([["停水", "三天"]]).columns.tolist())


def test_a_list_without_stop_words_shares_all_but_the_stop_words_own_features() -> None:
    full = columns_of(["我们", "小区", "的", "电梯", "坏", "了"])
    content = columns_of(["小区", "电梯", "坏"])
    assert content < full
    assert columns_of(["电梯", "小区", "坏"]) != content


def test_order_within_a_word_counts() -> None:
    assert columns_of(["上海"]).isdisjoint(columns_of(["海上"]))


@given(POSTS)
def test_rows_stay_apart_and_columns_in_range(posts: list[list[str]]) -> None:
    together = feature_matrix(posts)
    assert together.shape == (len(posts), COLUMNS)
    for at, words in enumerate(posts):
        alone = feature_matrix([words])
        assert (together[[at]] != alone).nnz == 0


def test_words_of_the_lead_count_more() -> None:
    words = [f"词{number}号" for number in range(LEAD_WORDS + 3)]
    counts = feature_matrix([words])
    assert counts[0, hash_features([words[:1]]).columns[0]] == LEAD_COUNT
    assert counts[0, hash_features([words[-1:]]).columns[0]] == 1


def test_counting_adds_up_what_repeats() -> None:
    rows, columns = np.array([0, 0, 1, 0], np.int32), np.array([5, 5, 5, 2], np.int32)
    counts = count_features(2 * rows + np.array([1, 0, 0, 0], np.int32), columns, (3, 8))
    assert counts.toarray().tolist() == [
        [0, 0, 1, 0, 0, LEAD_COUNT + 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 0],
        [0] * 8,
    ]


def test_no_posts_and_empty_posts() -> None:
    assert feature_matrix([]).nnz == 0
    assert feature_matrix([[], []]).nnz == 0


def test_stop_words_are_words_of_no_subject() -> None:
    assert {"的", "你们", "我们", "，"} <= stop_words()
    assert {"停水", "电梯", "保险"}.isdisjoint(stop_words())
    assert len(set(stop_columns().tolist())) == len(stop_words()) + len(masked_columns())


@pytest.mark.parametrize(
    "number", [["138", *"****", "6668"], ["6222021234567890123"], ["430104", *"********"]]
)
def test_a_masked_or_long_number_is_one_column_that_no_task_looks_at(number: list[str]) -> None:
    with_number = set(feature_matrix([["电话", *number, "停水"]]).indices)
    without = set(feature_matrix([["电话", "停水"]]).indices)
    assert with_number == without | set(masked_columns().tolist())


def test_a_year_a_count_and_a_time_are_words() -> None:
    words = set(feature_matrix([["2013", "死亡", "3", "110"]]).indices)
    assert words.isdisjoint(masked_columns().tolist())
