"""Readings from a table or an interface to the mail: what is kept, what the rules say, and kills."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from crawlers.sensors.mapping import sensor_mapping_path
from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.collect import CollectFailed, collect_source
from pipeline.jobs.imports import UnknownValuesError
from pipeline.jobs.measured import store_readings
from pipeline.jobs.readings import import_any, import_readings, preview_any
from pipeline.jobs.run import run_once
from pipeline.jobs.store import store_posts
from pipeline.jobs.watch import import_folder
from pipeline.quarantine import fix_record, replay_records
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.posts import make_post
from schemas.records import Alert, Level, RawPost, Reading
from schemas.times import SHANGHAI
from stores.database.alerts import alert_history, alerts_since
from stores.database.coverage import last_runs
from stores.database.parts import all_parts, new_parts
from stores.database.quarantine import OPEN, list_quarantine, waiting_reasons
from stores.database.readings import station_readings
from tests.parts.smtp import SmtpServer
from tests.parts.web import WebServer

NOW = datetime.now(SHANGHAI).replace(minute=0, second=0, microsecond=0)
HEAD = "测站编码,站名,时间,水位(m)\n"
RISING = (31.9, 32.1, 32.3, 32.6, 32.8, 33.0, 33.4, 33.6, 33.7, 33.9, 33.1, 32.7, 32.3, 32.0, 31.9)


@pytest.fixture
def rooms(tmp_path: Path, database_url: str) -> Iterator[Rooms]:
    given = {"home": tmp_path / "home", "database_url": database_url, "author_key": "k"}
    with open_rooms(load_settings(**given)) as opened:
        yield opened


def rooms_of(folder: Path) -> Rooms:
    with open_rooms(load_settings(home=folder, author_key="k")) as opened:
        return opened


def table(
    folder: Path, values: Sequence[object], *, start: datetime | None = None, station: str = "60107300"
) -> Path:
    """Hourly water levels, the last of this hour."""
    first = start or NOW - timedelta(hours=len(values) - 1)
    times = (first + timedelta(hours=n) for n in range(len(values)))
    rows = (f"{station},下坝闸,{at:%Y-%m-%d %H:%M},{value}" for at, value in zip(times, values, strict=True))
    path = folder / "水情.csv"
    path.write_text(HEAD + "\n".join(rows), encoding="gb18030")
    return path


def readings(values: Sequence[float], start: datetime) -> list[Reading]:
    times = (start + timedelta(hours=n) for n in range(len(values)))
    return [
        Reading("下坝水闸", "water_level", value, "m", at, None, "t")
        for at, value in zip(times, values, strict=True)
    ]


def alerts(rooms: Rooms) -> list[Alert]:
    with rooms.database.read() as db:
        found = alerts_since(db, NOW - timedelta(days=60))
        return [revision for alert in found for revision in alert_history(db, alert.id)]


def test_a_table_comes_in_once_and_a_correction_is_told(rooms: Rooms, tmp_path: Path) -> None:
    path = table(tmp_path, RISING[:6])
    report = import_any(rooms, path, "demo_river")
    assert (report.rows, report.read, report.new, report.quarantined) == (6, 6, 6, 0)
    assert import_any(rooms, path, "demo_river").new == 0
    with rooms.database.read() as db:
        assert new_parts(db) == [], "readings do not wait for the text core"
        assert [part.lines for part in all_parts(db)] == [6]
        assert last_runs(db)["demo_river"].new == 0
    path = table(tmp_path, (*RISING[:5], 32.0))
    assert "更正 1 个读数" in import_any(rooms, path, "demo_river").line()
    assert analyse_waiting(rooms).readings == 6
    assert analyse_waiting(rooms).readings == 0
    assert alerts(rooms) == []


def test_a_rising_river_is_told_at_each_mark(rooms: Rooms, tmp_path: Path) -> None:
    import_any(rooms, table(tmp_path, RISING[:10]), "demo_river")
    report = analyse_waiting(rooms)
    assert (report.readings, report.posts) == (10, 0)
    assert [(one.level, one.revision) for one in alerts(rooms)] == [(Level.YELLOW, 1), (Level.ORANGE, 2)]
    assert alerts(rooms)[-1].place is not None


def test_unknown_stations_stop_a_table_unless_allowed(rooms: Rooms, tmp_path: Path) -> None:
    path = table(tmp_path, (1, 2, 3), station="60199999")
    with pytest.raises(UnknownValuesError, match="测站编码 = 60199999（3 行）"):
        import_any(rooms, path, "demo_river")
    with rooms.database.read() as db:
        assert list(waiting_reasons(db)) == []
    report = import_any(rooms, path, "demo_river", allow_unknown=True)
    assert (report.read, report.quarantined) == (0, 3)
    preview = preview_any(path, "demo_river", rooms.settings)
    assert preview.unknown_values == (("测站编码", "60199999", 3),)


def test_a_dry_run_shows_the_first_readings_and_keeps_none(rooms: Rooms, tmp_path: Path) -> None:
    preview = preview_any(table(tmp_path, (31.9, "-9999", 32.1)), "demo_river", rooms.settings)
    assert (preview.rows, preview.read, preview.quarantined) == (3, 2, 1)
    assert preview.columns == {"station": "测站编码", "time": "时间", "water_level": "水位(m)"}
    first = preview.sample[0]
    assert (first["站"], first["要素"], first["值"]) == ("下坝水闸", "水位", "31.9 m")
    assert "没有数据的标记" in preview.reasons[0][0]
    with rooms.database.read() as db:
        assert station_readings(db, "下坝水闸", NOW - timedelta(days=9)) == []


def test_a_watched_folder_takes_sensor_tables(rooms: Rooms, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    table(folder, RISING[:4])
    report = import_folder(rooms, folder, "demo_river", settled=0)
    assert [one.new for one in report.imported] == [4]
    assert [path.name for path in (folder / "done").iterdir()] == ["水情.csv"]


def test_what_was_long_ago_raises_nothing_and_what_is_too_old_is_not_kept(
    rooms: Rooms, tmp_path: Path
) -> None:
    days = timedelta(days=rooms.settings.readings_days)
    assert import_any(
        rooms, table(tmp_path, RISING, start=NOW - timedelta(days=20)), "demo_river"
    ).new == len(RISING)
    analyse_waiting(rooms)
    assert alerts(rooms) == []
    report = import_any(rooms, table(tmp_path, RISING, start=NOW - days - timedelta(hours=5)), "demo_river")
    assert "的没有收" in report.line()
    assert report.new < len(RISING)


def post(number: int, text: str, at: datetime) -> RawPost:
    return make_post("test", str(number), "", text, fetched_at=at, published_at=at, author_hash=str(number))


WATER = (
    "下坝村进水了，一楼全淹，老人已经上二楼",
    "下坝移民新村洪水漫进院子，水还在涨",
    "下坝村二组也进水了，求助",
)


def take_in(rooms: Rooms, found: Sequence[RawPost | Reading], size: int) -> None:
    """Store what arrives one by one, and analyse after so many and before the kind changes: posts are
    analysed before the readings that wait beside them."""
    for n, one in enumerate(found):
        if isinstance(one, Reading):
            store_readings(rooms, [one], one.at)
            at = one.at
        else:
            store_posts(rooms, [one])
            at = one.origin.fetched_at
        if n % size == size - 1 or n == len(found) - 1 or type(found[n + 1]) is not type(one):
            analyse_waiting(rooms, now=at)


@pytest.mark.parametrize("size", [1, 4, 7])
def test_small_runs_equal_one_long_run(tmp_path: Path, size: int) -> None:
    """Over and back over the threshold, twice, with posts of which a reading makes a combined warning."""
    start = NOW - timedelta(hours=2 * len(RISING) + 1)
    found = readings((*RISING, *RISING), start)
    posts = [post(n, text, found[2].at + timedelta(minutes=20 + n)) for n, text in enumerate(WATER)]
    stream: list[RawPost | Reading] = [*found[:3], *posts, *found[3:]]
    whole, cut = rooms_of(tmp_path / "whole"), rooms_of(tmp_path / "cut")
    take_in(whole, stream, len(stream))
    take_in(cut, stream, size)
    assert tell(cut) == tell(whole)
    rules = {one.rule for one in alerts(whole)}
    assert {"sensor_water_level", "all_of_flood_confirmed"} <= rules


def analyse_at(rooms: Rooms, now: datetime) -> None:
    analyse_waiting(rooms, now=now)


def tell(rooms: Rooms) -> list[tuple[object, ...]]:
    found = sorted(alerts(rooms), key=lambda one: (one.raised_at, one.id, one.revision))
    return [(one.id, one.revision, one.level, one.state, one.raised_at, one.reason) for one in found]


def test_late_and_odd_readings_of_a_table_say_what_they_said_in_order(tmp_path: Path) -> None:
    mapping = sensor_mapping_path("demo_river")
    assert mapping is not None
    straight, mixed = rooms_of(tmp_path / "a"), rooms_of(tmp_path / "b")
    path = table(tmp_path, RISING[:10])
    lines = path.read_bytes().splitlines(keepends=True)
    import_readings(straight, path, mapping, now=NOW)
    path.write_bytes(b"".join([lines[0], *reversed(lines[1:]), b"\n", *lines[1:]]))
    import_readings(mixed, path, mapping, now=NOW)
    analyse_at(straight, NOW)
    analyse_at(mixed, NOW)
    assert tell(straight) == tell(mixed)
    assert len(tell(straight)) == 2


SOURCE = '''"""Water levels of the test server."""

from crawlers.source import Count, Source
from crawlers.spiders.sensor import SensorSpider

SOURCE = Source(
    name="test_gauges",
    publisher="测试水文站",
    kind="sensor",
    url="{url}",
    every="5m",
    expect=Count(min=1, max=100),
    allow_private=True,
    delay=0,
)


class Gauges(SensorSpider):
    source = SOURCE
    items = "data.list"
    station_path = "stcd"
    time_path = "tm"
    measures = {{"water_level": ("z", "m"), "rainfall_1h": ("drp", "mm")}}
'''


def answer(*rows: tuple[str, datetime, object]) -> bytes:
    items = [{"stcd": station, "tm": at.isoformat(), "z": value} for station, at, value in rows]
    return orjson.dumps({"code": 0, "data": {"list": items}})


def test_an_interface_is_a_source_in_one_file(tmp_path: Path, web_server: WebServer) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "test_gauges.py").write_text(SOURCE.format(url=web_server.url("/levels")), encoding="utf-8")
    rows = [("60107300", NOW - timedelta(hours=6 - n), 32.0 + n / 5) for n in range(6)]
    odd = [("60199999", NOW, 1.0), ("60107300", NOW, -9999)]
    web_server.serve("/levels", answer(*rows, *odd), "application/json")
    given = {"home": tmp_path / "home", "sources": sources, "author_key": "k"}
    with open_rooms(load_settings(**given)) as rooms:
        report = collect_source(rooms, "test_gauges")
        assert (report.status, report.fetched, report.new, report.quarantined) == ("ok", 8, 6, 2)
        again = collect_source(rooms, "test_gauges")
        assert (again.new, again.quarantined) == (0, 2)
        with rooms.database.read() as db:
            assert len(list(waiting_reasons(db))) == 2, "what is refused again waits once"
            assert len(station_readings(db, "下坝水闸", NOW - timedelta(days=1))) == 6
            assert new_parts(db) == []
        analyse_waiting(rooms)
        assert [one.level for one in alerts(rooms)] == [Level.YELLOW]
        web_server.serve("/levels", "<html>请先登录</html>")
        with pytest.raises(CollectFailed):
            collect_source(rooms, "test_gauges")


def test_a_refused_row_is_put_right_and_comes_in(rooms: Rooms, tmp_path: Path) -> None:
    import_any(rooms, table(tmp_path, (31.9, "三十二", 32.1)), "demo_river")
    with rooms.database.read() as db:
        (kept,) = list_quarantine(db, state=OPEN)
    key = kept.id
    assert "应为 数" in replay_records(rooms, key, who="王某", now=NOW).waiting[key]
    fix_record(rooms, key, {"水位(m)": "32.0"}, None, who="王某", now=NOW)
    report = replay_records(rooms, key, who="王某", now=NOW)
    assert (report.replayed, report.new) == (1, 1)
    with rooms.database.read() as db:
        found = station_readings(db, "下坝水闸", NOW - timedelta(days=1))
    assert [one.value for one in found] == [31.9, 32.0, 32.1]


@pytest.mark.slow
@pytest.mark.elastic
def test_a_warning_without_posts_is_indexed_and_found(
    tmp_path: Path, smtp_server: SmtpServer, elastic_url: str
) -> None:
    given = {
        "home": tmp_path / "home",
        "author_key": "k",
        "elasticsearch_url": elastic_url,
        "elasticsearch_prefix": "readings",
        "smtp_host": smtp_server.host,
        "smtp_port": smtp_server.port,
    }
    with open_rooms(load_settings(**given)) as opened:
        import_any(opened, table(tmp_path, RISING[:10]), "demo_river")
        report = run_once(opened, collect=False)
        assert (report.errors, report.indexed.rejected) == ((), 0)
        assert opened.elastic is not None
        assert opened.elastic.count("alerts") == 1
        (mail,) = smtp_server.messages
        assert str(mail["Subject"]).startswith("【橙色更新】云湖区下坝水闸 洪涝：水位 33.9 m")
