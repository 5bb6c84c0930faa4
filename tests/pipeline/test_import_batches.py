"""A table that is stored in many batches: nothing twice, nothing lost, the same as record by record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.hotline import import_table
from crawlers.hotline import importer as importer_module
from pipeline.jobs.imports import import_hotline
from pipeline.jobs.store import store_posts
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.codec import decode
from schemas.errors import Where
from schemas.records import RawPost
from stores.database.parts import all_parts
from stores.database.posts import known_revisions
from stores.database.quarantine import waiting_reasons


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(load_settings(home=tmp_path / "home", author_key="test")) as opened:
        yield opened


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """9,000 rows in batches of some 3,000: one wrong row in a hundred, every tenth ticket twice."""
    monkeypatch.setattr(importer_module, "BATCH", 1_000)
    path = tmp_path / "工单.csv"
    rows = ["工单编号,受理时间,诉求内容,办理状态,承办单位,答复内容"]
    for number in range(9_000):
        ticket = number - 8_000 if number > 8_100 else number
        time = "何时" if number % 100 == 50 else f"2026-03-{ticket % 28 + 1:02d} 08:{ticket % 60:02d}:00"
        rows.append(
            f"GD{ticket},{time},河口小区{ticket}栋停水两天无人处理，请协调,办结,水务局,{'已恢复供水' * 5}"
        )
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def stored(rooms: Rooms) -> list[RawPost]:
    """All records, by their id; of parts of one time none is the first."""
    with rooms.database.read() as db:
        parts = all_parts(db)
    found = [decode(RawPost, line, Where("raw")) for part in parts for _, line in rooms.raw.read(part.path)]
    return sorted(found, key=lambda post: (post.origin.id, post.origin.revision))


def test_a_long_table_is_stored_once(rooms: Rooms, table: Path) -> None:
    first, second = (import_hotline(rooms, table, "demo_12345") for _ in range(2))
    found = stored(rooms)
    keys = {(post.origin.id, post.origin.revision) for post in found}
    assert (first.rows, first.read, first.quarantined) == (9_000, 8_910, 90)
    assert (second.rows, second.read, second.new) == (9_000, 8_910, 0)
    assert len(found) == len(keys) == first.new
    assert first.new < first.read
    with rooms.database.read() as db:
        assert known_revisions(db, [post.origin.id for post in found]) == keys
        assert len(all_parts(db)) > 1
        assert len(list(waiting_reasons(db))) == 90


def test_the_same_is_kept_record_by_record(rooms: Rooms, table: Path, tmp_path: Path) -> None:
    import_hotline(rooms, table, "demo_12345")
    now = stored(rooms)[0].origin.fetched_at
    found = import_table(table, "demo_12345", fetched_at=now, author_key=rooms.settings.author_secret())
    with open_rooms(load_settings(home=tmp_path / "other", author_key="test")) as others:
        store_posts(others, [record for record in found if isinstance(record, RawPost)])
        assert stored(others) == stored(rooms)
