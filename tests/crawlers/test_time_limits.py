"""The time limit of a ticket lies ahead, as no other time of a table may."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawlers.hotline import import_table
from schemas.records import Quarantined, RawPost
from schemas.times import SHANGHAI

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=SHANGHAI)


def read(folder: Path, limit: str, closed: str = "") -> RawPost | Quarantined:
    table = folder / "工单.csv"
    table.write_text(
        f"工单编号,受理时间,诉求内容,办理期限,办结时间\nYT1,2026-03-05 09:00,路灯不亮,{limit},{closed}\n",
        encoding="utf-8",
    )
    [found] = import_table(table, "demo_12345", fetched_at=NOW, author_key=b"key")
    return found


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("2026-03-12 18:00", "2026-03-12T18:00:00+08:00"),
        ("2026年3月20日", "2026-03-20T00:00:00+08:00"),
        ("2026-03-01 18:00", "2026-03-01T18:00:00+08:00"),
    ],
    ids=["ahead", "a day ahead", "past"],
)
def test_a_time_limit_may_lie_ahead(tmp_path: Path, limit: str, expected: str) -> None:
    found = read(tmp_path, limit)
    assert isinstance(found, RawPost)
    assert found.extra["due_time"] == expected


def test_a_limit_of_another_century_and_an_end_ahead_are_refused(tmp_path: Path) -> None:
    far = read(tmp_path, (NOW + timedelta(days=800)).strftime("%Y-%m-%d %H:%M"))
    assert isinstance(far, Quarantined)
    ahead = read(tmp_path, "2026-03-12 18:00", closed="2026-03-12 17:00")
    assert isinstance(ahead, Quarantined)
    assert "办结时间" in ahead.reason
