"""Gates: they let through every text that holds one of their words or patterns, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.gates import compile_gate

WORDS = ("死亡", "伤", "a.b", "我叫")
GATE = compile_gate(WORDS, {"0-9": "人", "@": ""})


@pytest.mark.parametrize("text", ["两人死亡", "轻伤", "看a.b", "我叫王明", "有3人", "发到x@y"])
def test_open(text: str) -> None:
    assert GATE.search(text)


@pytest.mark.parametrize("text", ["", "死角", "axb", "我", "3个", "小区停水"])
def test_shut(text: str) -> None:
    assert GATE.search(text) is None


@given(st.text(alphabet="死亡伤a.b我叫水", max_size=10))
def test_same_as_looking_for_every_word(text: str) -> None:
    assert bool(GATE.search(text)) == any(word in text for word in WORDS)
