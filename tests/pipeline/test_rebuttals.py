"""`enrich --rebuttals`: a post meets the rebuttal of what it says; a list without titles is refused."""

import gzip
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from pipeline.enrich import enrich_file
from pipeline.rebuttals import read_rebuttals
from schemas.errors import ReadError
from schemas.times import SHANGHAI

TITLE = "自来水厂被人投毒，全城停水一周？"
NOW = datetime(2026, 3, 1, 8, tzinfo=SHANGHAI)


def test_a_rumour_meets_its_rebuttal_and_a_report_none(tmp_path: Path) -> None:
    posts = [{"text": "转！自来水厂被人投毒了，全城要停水一周，赶紧囤水"}, {"text": "今早新桥路口堵车两公里"}]
    source, target = tmp_path / "posts.jsonl", tmp_path / "done.jsonl"
    source.write_bytes(b"".join(orjson.dumps(post) + b"\n" for post in posts))
    listed = tmp_path / "titles.txt"
    listed.write_text(f"{TITLE}\n吃蒜能够预防流感？\n", "utf-8")
    enrich_file(
        str(source), str(target), jobs=1, deployment=None, now=NOW, author_key=b"key", rebuttals=listed
    )
    told = [orjson.loads(line)["rumour"]["rebuttal"] for line in target.read_bytes().splitlines()]
    assert told[0]["title"] == TITLE
    assert 0.66 <= told[0]["score"] <= 1
    assert told[1] is None


def test_titles_of_lines_and_of_json_lines_compressed_or_not(tmp_path: Path) -> None:
    path = tmp_path / "titles.jsonl.gz"
    path.write_bytes(
        gzip.compress(orjson.dumps({"title": TITLE, "date": "2026-01-01"}) + b"\n\n" + "乙\n".encode())
    )
    assert read_rebuttals(path) == (TITLE, "乙")


@pytest.mark.parametrize("content", ["", '{"name": "甲"}\n', '{"title": \n'])
def test_a_list_without_titles_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "titles.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(ReadError, match=r"title|JSON"):
        read_rebuttals(path)
