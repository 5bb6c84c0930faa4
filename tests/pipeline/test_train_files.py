"""Which files a training takes: those named, and of a folder those its task is trained on."""

from pathlib import Path

import pytest

from pipeline.train import choose_files
from schemas.errors import ReadError

NAMES = ("messages", "stream")


def test_folder_is_searched_to_the_bottom_in_the_order_of_the_task(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("stream.jsonl.gz", "deep/messages.jsonl", "weibo21.jsonl.gz"):
        (tmp_path / name).touch()
    chosen = [path.name for path in choose_files([tmp_path], NAMES)]
    assert chosen == ["messages.jsonl", "stream.jsonl.gz"]


def test_named_file_is_taken_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    assert choose_files([own], NAMES) == [own]


def test_folder_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="messages、stream"):
        choose_files([tmp_path], NAMES)
