"""Documents that a real Elasticsearch refuses: they wait in quarantine, and go in once that is put right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.jobs.index import apply_templates, index_changed
from pipeline.quarantine import Filter, count_by, list_rows, replay_records
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from stores.database.events import save_events
from stores.elastic_bulk import Versioned
from tests.stores.examples import NOON, make_event

PREFIX = "test-rejected"

pytestmark = pytest.mark.elastic


@pytest.fixture
def rooms(elastic_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    monkeypatch.setenv("QIANSHAO_HOME", str(tmp_path))
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_URL", elastic_url)
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_PREFIX", PREFIX)
    with open_rooms(load_settings()) as found:
        yield found
        assert found.elastic is not None
        if indices := list(found.elastic.client.indices.get(index=f"{PREFIX}-*")):
            found.elastic.client.indices.delete(index=indices)


def ask_for_pipeline(rooms: Rooms, name: str) -> None:
    """Let the server send every event through an ingest pipeline; it refuses them where there is none."""
    assert rooms.elastic is not None
    settings = {"index.final_pipeline": name}
    rooms.elastic.client.indices.put_settings(index=f"{PREFIX}-events*", settings=settings)


def states(rooms: Rooms) -> list[tuple[object, object]]:
    return [(row["来源"], row["状态"]) for row in list_rows(rooms, Filter(state=None), 10)]


def test_a_refused_document_goes_in_once_the_server_is_put_right(rooms: Rooms) -> None:
    assert rooms.elastic is not None
    apply_templates(rooms)
    with rooms.database.begin() as db:
        save_events(db, [make_event("event1")])
    ask_for_pipeline(rooms, "not_there_yet")
    assert index_changed(rooms).rejected == 1
    assert index_changed(rooms).rejected == 0  # it waits for somebody, not for the next run
    assert states(rooms) == [("elasticsearch/events", "待处理")]
    assert [row["条数"] for row in count_by(rooms, Filter(), "source")] == [1]

    # Nothing was put right: it is refused again, and waits again instead of being lost.
    assert replay_records(rooms, Filter(), who="王工", now=NOON).replayed == 1
    assert states(rooms) == [("elasticsearch/events", "已重放")]
    assert index_changed(rooms).rejected == 1
    assert states(rooms) == [("elasticsearch/events", "待处理")]

    ask_for_pipeline(rooms, "_none")
    report = replay_records(rooms, Filter(source="elasticsearch/events"), who="王工", now=NOON)
    assert (report.replayed, report.waiting) == (1, {})
    assert index_changed(rooms).indexed == 1
    assert rooms.elastic.get("events", "event1") is not None
    assert states(rooms) == [("elasticsearch/events", "已重放")]


def test_a_document_whose_row_is_gone_goes_on_waiting(rooms: Rooms) -> None:
    assert rooms.elastic is not None
    apply_templates(rooms)
    [rejected] = rooms.elastic.index("events", [Versioned("gone", 1, {"surprise": 1})]).quarantined(NOON)
    rooms.quarantine([rejected])
    report = replay_records(rooms, Filter(), who="王工", now=NOON)
    assert report.replayed == 0
    assert "状态库里还有的记录" in next(iter(report.waiting.values()))
    assert states(rooms) == [("elasticsearch/events", "待处理")]
