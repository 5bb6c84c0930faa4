"""Batches: gates let through every text that holds what they look for; words end where they end."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.batches import SEPARATOR, CharacterGates, Gate, TextBatch, WordBatch, list_matching

WORDS = ("死亡", "伤", "我叫王")
GATES = CharacterGates([Gate.of_words(WORDS, "@"), Gate(firsts="0123", seconds="人号")])


def find_open(*texts: str) -> list[int]:
    """The open gates of the texts."""
    return GATES.find_open(TextBatch.of(texts))


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("两人死亡", 1),
        ("轻伤", 1),
        ("x@y", 1),
        ("我叫", 1),
        ("有3人", 2),
        ("3人死亡", 3),
        ("", 0),
        ("死角", 0),
        ("3个人", 0),
        ("我死了，亡", 0),
    ],
)
def test_open_and_shut(text: str, opened: int) -> None:
    assert find_open(text) == [opened]


def test_nothing_reaches_into_the_next_text() -> None:
    assert find_open("死", "亡", "", "3", "人") == [0] * 5


@given(st.lists(st.text(alphabet="死亡伤我叫王@水", max_size=8), min_size=1, max_size=6))
def test_no_word_passes_a_closed_gate(texts: list[str]) -> None:
    for text, opened in zip(texts, find_open(*texts), strict=True):
        assert opened or not any(word in text for word in (*WORDS, "@"))


def test_characters_of_a_pattern_and_all_beyond_the_basic_plane() -> None:
    gates = CharacterGates([Gate(list_matching(re.compile("[a-c]")))])
    assert gates.find_open(TextBatch.of(["xbx", "d", "\U0001f62d", "水"])) == [1, 0, 1, 0]


@given(st.lists(st.lists(st.text(min_size=1, max_size=4), max_size=5), min_size=1, max_size=5), st.booleans())
def test_words_end_where_they_end(texts: list[list[str]], signed: bool) -> None:
    batch = TextBatch.of(["".join(words) for words in texts])
    measured = WordBatch.of([[*words, "[泪]"] for words in texts] if signed else texts)
    ends = batch.mark_word_ends(measured, np.array([*map(len, texts)]))
    for start, words in zip(batch.starts.tolist(), texts, strict=True):
        expected = np.cumsum([len(word) for word in words]).tolist()
        length = sum(map(len, words))
        assert np.flatnonzero(ends[start : start + length + 1]).tolist() == expected


def test_a_text_may_hold_the_separator() -> None:
    batch = TextBatch.of([f"水{SEPARATOR}电", "停"])
    assert batch.starts.tolist() == [0, 4]
