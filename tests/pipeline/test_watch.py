"""A watched folder: each table is taken once; what cannot be taken stays with its reason."""

import os
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest

from pipeline.jobs.watch import import_folder
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings

HEAD = "工单编号,受理时间,诉求内容,办理状态\n"


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(load_settings(home=tmp_path / "home", author_key="test")) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def put(folder: Path, name: str, rows: str) -> Path:
    path = folder / name
    path.write_text(HEAD + rows, encoding="utf-8")
    os.utime(path, (time() - 60, time() - 60))
    return path


def test_takes_each_table_once_and_leaves_what_is_none(rooms: Rooms, folder: Path) -> None:
    put(folder, "a.csv", "T1,2026-05-06 08:00,柳浪家园停水,办理中\n")
    put(folder, "读我.md", "")
    put(folder, ".b.csv", "T2,2026-05-06 08:00,柳浪家园停电,办理中\n")
    first = import_folder(rooms, folder, "demo_12345")
    assert [(one.table, one.new) for one in first.imported] == [("a.csv", 1)]
    assert import_folder(rooms, folder, "demo_12345").imported == ()
    put(folder, "a.csv", "T1,2026-05-06 08:00,柳浪家园停水,办结\n")
    assert [one.new for one in import_folder(rooms, folder, "demo_12345").imported] == [1]
    assert len(list((folder / "done").iterdir())) == 2
    assert sorted(path.name for path in folder.iterdir()) == [".b.csv", "done", "读我.md"]


def test_what_cannot_be_taken_stays_with_its_reason(rooms: Rooms, folder: Path) -> None:
    odd = put(folder, "a.csv", "T1,2026-05-06 08:00,柳浪家园停水,转区里\n")
    fresh = put(folder, "b.csv", "T2,2026-05-06 08:00,柳浪家园停电,办理中\n")
    os.utime(fresh)
    good = put(folder, "c.csv", "T3,2026-05-06 08:00,鹭鸣苑停电,办理中\n")
    found = import_folder(rooms, folder, "demo_12345")
    assert [one.table for one in found.imported] == ["c.csv"]
    assert [line.split("：")[0] for line in found.left] == ["a.csv", "b.csv"]
    assert (odd.exists(), fresh.exists(), good.exists()) == (True, True, False)
