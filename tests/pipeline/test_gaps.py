"""Gaps against a real server: what was missed is gone back for, and what a source forgot is told as lost."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select, update

from pipeline.coverage import cover_sources
from pipeline.gaps import FORGOTTEN, LOST_AFTER
from pipeline.jobs.collect import CollectFailed, collect_source
from pipeline.rooms import Rooms, open_rooms
from schemas.times import SHANGHAI
from stores.database.coverage import CLOSED, LOST, OPEN, Gap, list_gaps
from stores.database.tables import seen_revisions, source_runs
from tests.pipeline.conftest import City

NAME = "yunting_forum"
PER_PAGE = 5
AWAY = timedelta(days=2)

pytestmark = pytest.mark.slow


@pytest.fixture
def rooms(city: City) -> Iterator[Rooms]:
    """The rooms of a deployment whose feed shows five entries a page and is read one page deep."""
    file = city.folder / "sources" / f"{NAME}.py"
    text = file.read_text("utf-8").replace("delay=0.0", "pages=1, delay=0.0")
    own = "    source = SOURCE\n"
    file.write_text(text.replace(own, f"{own}    paging = '?paged={{page}}'\n"), "utf-8")
    with open_rooms(city.settings()) as opened:
        yield opened


def serve(city: City, newest: int, *, pages: int) -> None:
    """Entries up to a number, an hour apart, the newest just published; pages behind the last are 404."""
    now = datetime.now(SHANGHAI).replace(microsecond=0)
    for page in range(1, 20):
        first = newest - (page - 1) * PER_PAGE
        numbers = [number for number in range(first, first - PER_PAGE, -1) if number > 0]
        path = "/feed.xml" if page == 1 else f"/feed.xml?paged={page}"
        city.web.pages.pop(path, None)
        if numbers and page <= pages:
            items = "".join(_item(n, now - timedelta(hours=newest - n)) for n in numbers)
            channel = f"<channel><title>论坛</title>{items}</channel>"
            city.web.serve(path, f'<rss version="2.0">{channel}</rss>', "application/rss+xml")


def _item(number: int, at: datetime) -> str:
    return (
        f"<item><title>第{number}件</title><guid>t{number}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<description>第{number}件：路灯不亮</description></item>"
    )


def go_away(rooms: Rooms, by: timedelta = AWAY) -> None:
    """Let all that happened have happened earlier."""
    with rooms.database.begin() as db:
        for run in db.execute(select(source_runs)).all():
            key = (source_runs.c.source == run.source) & (source_runs.c.started == run.started)
            times = {"started": run.started - by, "finished": run.finished - by}
            db.execute(update(source_runs).where(key).values(**times))
        for row in db.execute(select(seen_revisions)).all():
            ours = seen_revisions.c.id == row.id
            db.execute(update(seen_revisions).where(ours).values(at=row.at - by))
    journal = rooms.settings.home / "crawl" / NAME / "done.jsonl"
    _shift(journal, by)


def _shift(journal: Path, by: timedelta) -> None:
    rows = [orjson.loads(line) for line in journal.read_bytes().splitlines()]
    moved = [row | {"at": datetime.fromisoformat(row["at"]) - by} for row in rows]
    journal.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in moved))


def gaps(rooms: Rooms) -> list[Gap]:
    with rooms.database.read() as db:
        return list_gaps(db)


def count_seen(rooms: Rooms) -> int:
    with rooms.database.read() as db:
        return len(set(db.scalars(select(seen_revisions.c.id))))


def test_a_source_that_was_down_for_two_days_is_gone_back_over(city: City, rooms: Rooms) -> None:
    serve(city, 5, pages=1)
    assert collect_source(rooms, NAME).new == 5
    collect_source(rooms, NAME)
    assert gaps(rooms) == []
    go_away(rooms)

    city.web.pages.clear()
    with pytest.raises(CollectFailed):
        collect_source(rooms, NAME)
    [gap] = gaps(rooms)
    assert (gap.state, gap.tries, gap.reason) == (OPEN, 0, "网页不存在")
    assert gap.until - gap.since > AWAY - timedelta(hours=1)
    assert "断档，待补" in [one.what for one in cover_sources(rooms, datetime.now(SHANGHAI)).missing]

    serve(city, 5 + 17, pages=9)
    assert collect_source(rooms, NAME).new == 17
    assert count_seen(rooms) == 22
    [gap] = gaps(rooms)
    assert (gap.state, gap.tries, gap.note) == (CLOSED, 1, "采到断档之前读过的为止，新 17 条")
    assert cover_sources(rooms, datetime.now(SHANGHAI)).missing == ()
    # It went no further back than to what was known, and goes one page deep again.
    asked = len(city.web.requests)
    collect_source(rooms, NAME)
    assert len(city.web.requests) == asked + 1 + 1  # robots.txt and the feed


def test_what_a_feed_lists_no_more_is_told_as_lost(city: City, rooms: Rooms) -> None:
    serve(city, 5, pages=1)
    for _ in range(2):
        collect_source(rooms, NAME)
    go_away(rooms)
    serve(city, 40, pages=1)
    for tries in range(1, LOST_AFTER + 1):
        collect_source(rooms, NAME)
        [gap] = gaps(rooms)
        assert (gap.tries, gap.reason) == (tries, FORGOTTEN)
        assert gap.state == (LOST if tries == LOST_AFTER else OPEN)
    # What the feed still listed begins where the gap ends.
    assert timedelta(hours=3) < datetime.now(SHANGHAI) - gap.until < timedelta(hours=5)
    assert "来源已不再列出断档之前的内容" in gap.note
    [lost] = cover_sources(rooms, datetime.now(SHANGHAI)).missing
    assert (lost.what, lost.since) == ("断档，补不回", gap.since)
    collect_source(rooms, NAME)
    assert gaps(rooms) == [gap]
