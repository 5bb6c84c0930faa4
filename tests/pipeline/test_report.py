"""Reports from a real state: by day, week and place, as files and as mails that go out once."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.report import (
    ReportsFailed,
    compose_report,
    day_of,
    find_due,
    find_place,
    read_plan,
    send_due_reports,
    week_of,
)
from pipeline.jobs.store import store_posts
from pipeline.rooms import Rooms, open_rooms
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import Level, RawPost, Step
from schemas.taxonomy.duty import DUTY, load_duty
from schemas.taxonomy.reports import REPORTS, load_report_plan
from schemas.times import SHANGHAI
from stores.database.alerts import open_alerts, save_alert
from tests.parts.smtp import SmtpServer
from tests.pipeline.conftest import GAS, ORDINARY, City

TODAY = datetime.now(SHANGHAI).replace(hour=12, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)
CITY = "9901"


def posts() -> list[RawPost]:
    """A gas smell yesterday morning, small complaints the day before."""
    said = [(text, YESTERDAY + timedelta(minutes=number)) for number, text in enumerate(GAS)]
    said += [(text, YESTERDAY - timedelta(days=1, hours=number)) for number, text in enumerate(ORDINARY)]
    return [
        make_post("t", str(at), "", text, fetched_at=time, published_at=time, author_hash=str(at))
        for at, (text, time) in enumerate(said)
    ]


@pytest.fixture
def rooms(city: City, smtp_server: SmtpServer) -> Iterator[Rooms]:
    """A deployment with those posts analysed."""
    given = {"smtp_host": smtp_server.host, "smtp_port": smtp_server.port, "smtp_timeout": 2}
    with open_rooms(city.settings(**given)) as opened:
        store_posts(opened, posts())
        analyse_waiting(opened)
        yield opened


def sentences(rooms: Rooms, day: date, place: str = CITY) -> str:
    """All sentences of the report of a day."""
    report = compose_report(rooms, day_of(day), place, TODAY)
    return "\n".join(text for section in report.sections for text in section.paragraphs)


def at(hour: int, minute: int = 0) -> datetime:
    """A time of today."""
    return TODAY.replace(hour=hour, minute=minute)


def test_a_day_is_counted_and_compared_with_the_day_before(rooms: Rooms) -> None:
    text = sentences(rooms, YESTERDAY.date())
    assert "本期收到信息 3 条，与上期持平（3）" in text
    assert "发出预警 1 个：黄色（三级） 1 个" in text
    assert "燃气泄漏（0 → 3）" in text


def test_a_district_knows_its_own_posts_only(rooms: Rooms) -> None:
    assert "本期收到信息 3 条" in sentences(rooms, YESTERDAY.date(), find_place(rooms, "汀东区"))
    assert "本期没有收到信息（上期 0 条）" in sentences(rooms, YESTERDAY.date(), find_place(rooms, "云湖区"))


def test_a_day_without_anything_is_a_report_that_says_so(rooms: Rooms) -> None:
    text = sentences(rooms, TODAY.date() - timedelta(days=20))
    assert "本期没有收到信息（上期 0 条）" in text
    assert "本期没有发出预警" in text


def test_a_report_knows_nothing_of_what_came_after_its_day(rooms: Rooms) -> None:
    with rooms.database.begin() as db:
        (alert,) = open_alerts(db)
        history = (*alert.history, Step(TODAY + timedelta(days=3), "签收：值班员甲"))
        save_alert(db, type(alert)(**{**_fields(alert), "revision": alert.revision + 1, "history": history}))
    assert "已签收 0 个（0%）" in sentences(rooms, YESTERDAY.date())


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("day", "monday"), [("2026-07-08", "2026-07-06"), ("2026-07-06", "2026-07-06")])
def test_a_week_goes_from_monday_to_sunday(day: str, monday: str) -> None:
    week = week_of(date.fromisoformat(day))
    assert (week.start.date().isoformat(), (week.end - week.start).days) == (monday, 7)


def test_each_report_goes_out_once_at_its_time(rooms: Rooms, smtp_server: SmtpServer) -> None:
    assert list(find_due(rooms, at(7))) == []
    sent = send_due_reports(rooms, at(23, 50)).sent
    daily = [one for one in sent if "report.daily" in one]
    assert len(daily) == len(read_plan(rooms).daily) > 0
    assert send_due_reports(rooms, at(23, 55)).sent == ()
    assert len(smtp_server.messages) == len(sent)
    message = next(one for one in smtp_server.messages if "city_emergency" in one["Message-ID"])
    assert message["Subject"].startswith("【")
    assert [part.get_content_type() for part in message.iter_attachments()][1] == "text/html"


def test_a_report_that_no_server_took_goes_out_with_the_next_run(
    rooms: Rooms, smtp_server: SmtpServer
) -> None:
    smtp_server.behaviour = "refuse"
    with pytest.raises(ReportsFailed, match="550"):
        send_due_reports(rooms, at(23, 50))
    smtp_server.behaviour = "accept"
    assert send_due_reports(rooms, at(23, 51)).sent


def test_a_red_warning_brings_reports_more_often(rooms: Rooms) -> None:
    with rooms.database.begin() as db:
        (alert,) = open_alerts(db)
        step = Step(at(7), "第2版 红色（一级）")
        changed = {"level": Level.RED, "raised_at": at(7), "revision": 9, "history": (*alert.history, step)}
        save_alert(db, type(alert)(**{**_fields(alert), **changed}))
    kinds = {due.period.kind.value: due.period for due in find_due(rooms, at(16, 5))}
    assert (kinds["interim"].start, kinds["interim"].end) == (at(12), at(16))


def test_an_unknown_place_is_named(rooms: Rooms) -> None:
    with pytest.raises(ReadError, match="不存在区"):
        find_place(rooms, "不存在区")


def test_the_plan_names_groups_that_exist(tmp_path: Path) -> None:
    own = tmp_path / "reports.yml"
    own.write_text(REPORTS.read_text().replace("tingdong_emergency", "nobody"))
    with pytest.raises(ReadError, match="nobody"):
        load_report_plan(load_duty(DUTY), own)
    own.write_text(REPORTS.read_text().replace("day: 1", "day: 8"))
    with pytest.raises(ReadError, match="星期"):
        load_report_plan(load_duty(DUTY), own)


@pytest.mark.parametrize("kind", ["daily", "weekly"])
def test_the_command_writes_both_files(
    rooms: Rooms, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_HOME", str(rooms.settings.home))
    monkeypatch.setenv("QIANSHAO_SMTP_HOST", str(rooms.settings.smtp_host))
    monkeypatch.setenv("QIANSHAO_SMTP_PORT", str(rooms.settings.smtp_port))
    day = YESTERDAY.strftime("%Y-%m-%d")
    arguments = ["report", kind, "--date", day, "--out", str(tmp_path / "reports"), "--mail", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert sorted(path.suffix for path in (tmp_path / "reports").iterdir()) == [".docx", ".html"]
    assert f"report.{kind}" in result.stdout
