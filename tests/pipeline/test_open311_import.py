"""Service requests from a real Open311 server: windows, pages, changes only, and a server that refuses."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.hotline.mapping import SHIPPED
from pipeline.jobs.imports import UnknownValuesError
from pipeline.jobs.open311 import import_open311
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.codec import decode
from schemas.errors import ReadError, Where
from schemas.records import RawPost
from stores.database.parts import all_parts
from stores.database.quarantine import list_quarantine
from tests.parts.open311 import Open311Server, make_request, start_open311
from tests.parts.web import WebServer

NOW = datetime.now(UTC).replace(microsecond=0)
KEY = "very-secret-key"


@pytest.fixture
def server() -> Iterator[Open311Server]:
    state, stop = start_open311()
    yield state
    stop()


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    monkeypatch.setattr("pipeline.open311.BACKOFF", 0.01)
    settings = load_settings(
        home=tmp_path / "home", author_key="test", open311_jurisdiction="tingdong.example", open311_key=KEY
    )
    with open_rooms(settings) as opened:
        yield opened


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """The shipped mapping, beginning 200 days ago."""
    path = tmp_path / "city.yml"
    start = (NOW - timedelta(days=200)).isoformat()
    text = (SHIPPED / "open311.yml").read_text(encoding="utf-8")
    path.write_text(text.replace('"2026-01-01T00:00:00+08:00"', f'"{start}"'), encoding="utf-8")
    return path


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def kept(rooms: Rooms) -> list[RawPost]:
    with rooms.database.read() as db:
        parts = all_parts(db)
    return [decode(RawPost, line, Where("raw")) for part in parts for _, line in rooms.raw.read(part.path)]


@pytest.mark.parametrize("formats", [("json", "xml"), ("xml",)])
def test_reads_all_windows_and_pages(
    rooms: Rooms, server: Open311Server, mapping: Path, formats: tuple[str, ...]
) -> None:
    server.formats = formats
    server.items = [make_request(number, ago(number * 0.7)) for number in range(1, 281)]
    report = import_open311(rooms, server.url, mapping)
    assert (report.rows, report.new, report.quarantined) == (280, 280, 0)
    windows = {(one["start_date"], one["end_date"]) for one in server.asked if "start_date" in one}
    assert len(windows) == 3
    assert max(int(one["page"]) for one in server.asked) > 2


def test_a_request_becomes_a_ticket(rooms: Rooms, server: Open311Server, mapping: Path) -> None:
    closed = {"status": "closed", "status_notes": "已更换灯头", "agency_responsible": "路灯所"}
    server.items = [make_request(7, ago(3), **closed, updated_datetime=ago(1).isoformat())]
    import_open311(rooms, server.url, mapping)
    (post,) = kept(rooms)
    assert (post.origin.ticket, post.origin.published_at, post.title) == ("000007", ago(3), "路灯")
    assert post.body == "学府路第7盏路灯不亮\n地址：汀东区学府路"
    assert {name: post.extra[name] for name in ("state", "unit", "reply", "category")} == {
        "state": "closed",
        "unit": "路灯所",
        "reply": "已更换灯头",
        "category": "lamp",
    }
    assert datetime.fromisoformat(str(post.extra["close_time"])) == ago(1)


@pytest.mark.parametrize("updates", [True, False], ids=["updated_after", "core only"])
def test_goes_on_from_the_last_change(
    rooms: Rooms,
    server: Open311Server,
    mapping: Path,
    updates: bool,
) -> None:
    server.updates = updates
    server.items = [make_request(number, ago(number)) for number in range(1, 150)]
    import_open311(rooms, server.url, mapping)
    server.asked.clear()
    server.items[40] |= {"status": "closed", "updated_datetime": (NOW - timedelta(minutes=5)).isoformat()}
    server.items.append(make_request(900, NOW - timedelta(minutes=4)))
    report = import_open311(rooms, server.url, mapping)
    assert report.new == 2
    assert [post.extra["state"] for post in kept(rooms) if post.origin.ticket == "000041"] == [
        "accepted",
        "closed",
    ]
    assert all("updated_after" in one for one in server.asked) == updates
    assert import_open311(rooms, server.url, mapping).new == 0


def test_a_server_without_pages_is_asked_for_shorter_times(
    rooms: Rooms, server: Open311Server, mapping: Path
) -> None:
    server.pages, server.cap = False, 50
    server.items = [make_request(number, ago(number * 0.2)) for number in range(1, 401)]
    assert import_open311(rooms, server.url, mapping).new == 400


def test_waits_when_the_server_is_busy(rooms: Rooms, server: Open311Server, mapping: Path) -> None:
    server.busy, server.items = 2, [make_request(1, ago(1))]
    assert import_open311(rooms, server.url, mapping).new == 1


def test_what_came_before_the_server_broke_off_is_kept_and_asked_for_again(
    rooms: Rooms, server: Open311Server, mapping: Path
) -> None:
    server.items = [make_request(number, ago(number)) for number in range(1, 190)]
    server.breaks_after = 4
    with pytest.raises(ReadError, match="HTTP 500"):
        import_open311(rooms, server.url, mapping)
    before = len(kept(rooms))
    assert 0 < before < 189
    server.breaks_after = None
    assert import_open311(rooms, server.url, mapping).new == 189 - before


def test_the_key_is_sent_and_shown_nowhere(
    rooms: Rooms, server: Open311Server, mapping: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.key, server.jurisdiction = KEY, "tingdong.example"
    server.items = [make_request(1, ago(1))]
    assert import_open311(rooms, server.url, mapping).new == 1
    server.key = "another"
    with pytest.raises(ReadError, match="HTTP 403 = 'Invalid api_key received'") as refused:
        import_open311(rooms, server.url, mapping)
    server.port = 1
    with pytest.raises(ReadError, match="连接") as unreachable:
        import_open311(rooms, server.url, mapping)
    assert "api_key=***" in caplog.text
    assert KEY not in f"{caplog.text} {refused.value!r} {unreachable.value!r} {rooms.settings!r}"


def test_a_wrong_item_is_put_aside_and_an_unknown_status_stops_the_import(
    rooms: Rooms, server: Open311Server, mapping: Path
) -> None:
    server.items = [
        make_request(1, ago(1)),
        "junk",
        make_request(2, ago(1), service_request_id=""),
    ]
    report = import_open311(rooms, server.url, mapping)
    assert (report.new, report.quarantined) == (1, 2)
    with rooms.database.read() as db:
        reasons = [one.record.reason for one in list_quarantine(db, state=None, source=None, reason=None)]
    assert any("不是一行一个 JSON 对象" in reason for reason in reasons)
    assert any("service_request_id = ''" in reason for reason in reasons)
    server.items = [make_request(3, NOW, status="pending")]
    with pytest.raises(UnknownValuesError, match="status = pending（1 行）"):
        import_open311(rooms, server.url, mapping)


@pytest.mark.parametrize("answer", [b"<html>log in</html>", b"", b'{"a": 1}'])
def test_what_is_no_open311_server_is_one_line(
    rooms: Rooms, web_server: WebServer, mapping: Path, answer: bytes
) -> None:
    for name in ("json", "xml"):
        web_server.serve(f"/requests.{name}", answer)
    with pytest.raises(ReadError, match="GeoReport v2 的 JSON 或 XML"):
        import_open311(rooms, web_server.url(""), mapping)


def test_nothing_new_is_a_run_too(rooms: Rooms, server: Open311Server, mapping: Path) -> None:
    assert import_open311(rooms, server.url, mapping).rows == 0
