"""The deployment's words: proposed from files, checked, read strictly, taken over while a process runs."""

import gzip
import json
from pathlib import Path

import pytest

from pipeline.newwords import check_words, propose_words
from pipeline.rooms import load_core, load_knowledge
from schemas.errors import ReadError
from schemas.taxonomy.words import read_words
from tests.nlp.test_newwords import make_corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl.gz"
    rows = (json.dumps({"title": text, "detail": ""}, ensure_ascii=False) for text in make_corpus())
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    return path


def test_rows_for_the_word_file(corpus: Path) -> None:
    row = propose_words([corpus], (), 10)[0]
    assert row["词"] == "琅玥澜庭"
    assert row["类别"] == "小区"


def test_plain_text_a_line(tmp_path: Path) -> None:
    path = tmp_path / "posts.txt"
    path.write_text("\n".join(make_corpus()), "utf-8")
    assert propose_words([path], (), 1)[0]["词"] == "琅玥澜庭"


def test_known_words_are_left_out(corpus: Path) -> None:
    assert "琅玥澜庭" not in {row["词"] for row in propose_words([corpus], ["琅玥澜庭"], 10)}


@pytest.mark.parametrize(
    "line",
    [b'{"text": ', b'{"url": "http://example.org"}', b"\xff\xfe\x00"],
    ids=["半个对象", "没有正文", "不是UTF-8"],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b'{"text": "\xe5\x81\x9c\xe6\xb0\xb4"}\n' + line + b"\n")
    with pytest.raises(ReadError, match=r"posts\.jsonl:2"):
        propose_words([path], (), 1)


def test_words_are_read_once_each_without_comments(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("丽景新苑 星河之城  # 小区\n\n# 道路\n望月十路\n丽景新苑\n", "utf-8")
    assert read_words(path) == ("丽景新苑", "星河之城", "望月十路")


@pytest.mark.parametrize("word", ["苑", "丽景、星河", "长" * 21])
def test_no_word(tmp_path: Path, word: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(f"丽景新苑\n{word}\n", "utf-8")
    with pytest.raises(ReadError, match=r"words\.txt:2"):
        read_words(path)


def test_words_of_the_dictionary_are_needless(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("停水\n琅玥澜庭\n", "utf-8")
    assert [row["词"] for row in check_words(path)] == ["停水"]


def test_a_changed_word_file_is_taken_over(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("星河之城\n", "utf-8")
    core = load_core(tmp_path)
    assert "琅玥澜庭" not in core.segment("琅玥澜庭停水")
    assert load_core(tmp_path) is core
    words.write_text("星河之城\n琅玥澜庭\n", "utf-8")
    assert load_core(tmp_path).segment("琅玥澜庭停水") == ["琅玥澜庭", "停水"]
    assert load_knowledge(tmp_path).words == ("星河之城", "琅玥澜庭")
