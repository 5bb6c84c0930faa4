"""`evaluate`: every task on own rows; reposts beside the posts are judged with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pytest

from pipeline.train import evaluate_task
from schemas.errors import ReadError

POSTS = [
    {"id": "a", "label": "rumour", "text": "听说河里有怪鱼，大家快看"},
    {"id": "b", "label": "not_rumour", "text": "周末去公园看花，拍了几张照片"},
]
SPREADS = [
    {"post": "a", "reposts": [{"time": "2026-03-01 08:00:00", "text": "求辟谣，真的假的？"}] * 9},
    {"post": "b", "reposts": [{"time": "03月01日 08:00", "text": "好美啊，喜欢"}] * 9},
]


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_reposts_beside_the_posts_are_judged_with_them(tmp_path: Path) -> None:
    write(tmp_path / "posts.jsonl", POSTS)
    write(tmp_path / "spreads.jsonl", SPREADS)
    scores = evaluate_task("rumour", tmp_path)
    assert scores.rows_scored == 2
    assert scores.measures["accuracy"].value == 1.0


def test_incident_kinds_by_their_chinese_names(tmp_path: Path) -> None:
    rows = [
        {"title": "汀东一仓库起火", "text": "消防员已将明火扑灭。", "label": "火灾"},
        {"title": "新桥路口两车相撞", "text": "三人受伤送医。", "label": "交通事故"},
    ]
    scores = evaluate_task("incident", write(tmp_path / "news.jsonl", rows))
    assert scores.measures["accuracy"].value == 1.0


def test_an_unknown_kind_and_an_unknown_task_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "news.jsonl", [{"text": "起火了", "label": "大火"}])
    with pytest.raises(ReadError, match="大火"):
        evaluate_task("incident", path)
    with pytest.raises(ReadError, match="weather"):
        evaluate_task("weather", path)


def test_a_repost_without_a_text_is_named(tmp_path: Path) -> None:
    write(tmp_path / "posts.jsonl", POSTS)
    write(tmp_path / "spreads.jsonl", [{"post": "a", "reposts": [{"time": "2026-03-01 08:00:00"}]}])
    with pytest.raises(ReadError, match="reposts"):
        evaluate_task("rumour", tmp_path)
