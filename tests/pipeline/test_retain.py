"""Retention: old months leave the index and stay away; what alerts rest on stays; the state brings back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.jobs.index import index_changed, rebuild_index
from pipeline.jobs.retain import retain_months
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.records import AlertState
from schemas.times import SHANGHAI
from stores.database.alerts import save_alert
from stores.database.events import save_events
from stores.database.posts import save_posts
from tests.stores.examples import make_alert, make_event, make_post

pytestmark = pytest.mark.elastic
NOW = datetime(2026, 7, 15, 12, tzinfo=SHANGHAI)
# The fifteenth of each of these months has a post.
MONTHS = ("2025.11", "2025.12", "2026.01", "2026.06", "2026.07")


@pytest.fixture
def rooms(elastic_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    monkeypatch.setenv("QIANSHAO_HOME", str(tmp_path))
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_URL", elastic_url)
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_PREFIX", "test-retain")
    monkeypatch.setenv("QIANSHAO_RETAIN_MONTHS", "6")
    with open_rooms(load_settings()) as found:
        with found.database.begin() as db:
            posts = [(make_post(part, published_at=day(part), fetched_at=day(part)), None) for part in MONTHS]
            save_posts(db, posts)
        yield found
        assert found.elastic is not None
        found.elastic.remove()


def day(part: str) -> datetime:
    return datetime.strptime(f"{part}.15", "%Y.%m.%d").replace(tzinfo=SHANGHAI)


def held(rooms: Rooms) -> tuple[set[str], tuple[str, ...]]:
    """The posts that readers find, and the months that have an index."""
    assert rooms.elastic is not None
    rooms.elastic.refresh()
    return {hit.id for hit in rooms.elastic.documents("posts")}, rooms.elastic.parts("posts")


def test_months_past_their_time_go_and_stay_away_until_they_are_wanted_again(rooms: Rooms) -> None:
    index_changed(rooms)
    assert held(rooms) == (set(MONTHS), MONTHS)
    planned = retain_months(rooms, NOW, dry_run=True)
    assert planned.dropped["posts"] == ("2025.11", "2025.12")
    assert held(rooms) == (set(MONTHS), MONTHS)
    done = retain_months(rooms, NOW)
    assert (done.kept_since, done.dropped) == ("2026.01", planned.dropped)
    assert held(rooms) == (set(MONTHS[2:]), MONTHS[2:])
    assert retain_months(rooms, NOW).dropped["posts"] == ()

    again = rebuild_index(rooms)
    assert (again.expired, again.waiting) == (2, 0)
    assert "过了保存期不写 2 条" in again.line()
    assert held(rooms) == (set(MONTHS[2:]), MONTHS[2:])

    longer = replace(rooms, settings=rooms.settings.model_copy(update={"retain_months": 7}))
    retain_months(longer, NOW)
    index_changed(longer)
    assert held(rooms) == (set(MONTHS[1:]), MONTHS[1:])
    forever = replace(rooms, settings=rooms.settings.model_copy(update={"retain_months": 0}))
    assert "什么都不删" in retain_months(forever, NOW).lines()[0]
    index_changed(forever)
    assert held(rooms) == (set(MONTHS), MONTHS)


def test_what_an_open_alert_or_a_living_event_rests_on_stays(rooms: Rooms) -> None:
    with rooms.database.begin() as db:
        alert = make_alert()
        save_alert(db, replace(alert, post_ids=("2025.11",), state=AlertState.SENT))
        lasting = make_event()
        save_posts(
            db, [(make_post("2025.12", published_at=day("2025.12"), fetched_at=day("2025.12")), lasting.id)]
        )
        save_events(db, [replace(lasting, first_seen=day("2025.12"), last_seen=day("2026.07"))])
    index_changed(rooms)
    report = retain_months(rooms, NOW)
    assert report.dropped["posts"] == ()
    assert "未办结的预警" in report.held["2025.11"]
    assert "还在发展的事件" in report.held["2025.12"]
    assert held(rooms) == (set(MONTHS), MONTHS)
    rebuild_index(rooms)
    assert held(rooms) == (set(MONTHS), MONTHS)
    with rooms.database.begin() as db:
        save_alert(db, replace(alert, revision=2, post_ids=("2025.11",), state=AlertState.CLOSED))
    assert retain_months(rooms, NOW).dropped["posts"] == ("2025.11",)
    assert held(rooms)[1] == MONTHS[1:]


def test_a_corrected_time_leaves_no_second_copy(rooms: Rooms) -> None:
    index_changed(rooms)
    moved = make_post(
        "2026.06", revision="r2", published_at=day("2026.07"), fetched_at=day("2026.07") + timedelta(days=1)
    )
    with rooms.database.begin() as db:
        assert save_posts(db, [(moved, None)]) == 1
    index_changed(rooms)
    assert held(rooms) == (set(MONTHS), MONTHS)
    assert rooms.elastic is not None
    found = [hit.document["published_at"] for hit in rooms.elastic.documents("posts") if hit.id == "2026.06"]
    assert found == [day("2026.07").isoformat()]


@pytest.mark.parametrize(
    ("published", "part"),
    [
        (datetime(2026, 6, 30, 23, 59, tzinfo=SHANGHAI), "2026.06"),
        (datetime(1970, 1, 1, tzinfo=SHANGHAI), "2026.07"),
        (datetime(2099, 1, 1, tzinfo=SHANGHAI), "2026.07"),
        (None, "2026.07"),
    ],
    ids=["last month", "the clock's zero", "the future", "not told"],
)
def test_an_unlikely_time_makes_no_index_of_its_own(
    rooms: Rooms, published: datetime | None, part: str
) -> None:
    with rooms.database.begin() as db:
        save_posts(db, [(make_post("odd", published_at=published, fetched_at=NOW), None)])
    index_changed(rooms)
    assert set(held(rooms)[1]) == {*MONTHS, part}
