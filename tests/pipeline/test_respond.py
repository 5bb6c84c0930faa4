"""Answers to a warning: acknowledged it stays, unanswered it goes one up, closed it is over."""

from datetime import datetime, timedelta

import pytest

from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.respond import answer_alert, escalate_overdue, open_rows
from pipeline.jobs.store import store_posts
from pipeline.jobs.warn import warn_duty_groups
from pipeline.rooms import Rooms, open_rooms
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import AlertState, RawPost
from schemas.times import SHANGHAI
from stores.database.alerts import open_alerts, sent_mails
from tests.parts.smtp import SmtpServer
from tests.pipeline.conftest import GAS, City

LATER = timedelta(days=1)


def reports(texts: tuple[str, ...], first: int = 1) -> list[RawPost]:
    """Reports of the last minutes, each by another author."""
    now = datetime.now(SHANGHAI).replace(microsecond=0) - timedelta(minutes=10)
    times = [now + timedelta(minutes=number) for number in range(len(texts))]
    return [
        make_post(
            "t", str(first + at), "", text, fetched_at=time, published_at=time, author_hash=str(first + at)
        )
        for at, (text, time) in enumerate(zip(texts, times, strict=True))
    ]


@pytest.fixture
def rooms(city: City, smtp_server: SmtpServer) -> Rooms:
    """A deployment with one warning of a gas smell, mailed."""
    given = {"smtp_host": smtp_server.host, "smtp_port": smtp_server.port}
    with open_rooms(city.settings(**given)) as opened:
        store_posts(opened, reports(GAS))
        analyse_waiting(opened)
        warn_duty_groups(opened)
        return opened


def test_unanswered_warning_goes_one_up_once_and_says_why(rooms: Rooms, smtp_server: SmtpServer) -> None:
    first = smtp_server.messages[0]
    assert escalate_overdue(rooms, datetime.now(SHANGHAI)) == []
    (up,) = escalate_overdue(rooms, datetime.now(SHANGHAI) + LATER)
    assert warn_duty_groups(rooms).sent == 1
    second = smtp_server.messages[1]
    assert second["To"] != first["To"]
    assert second["In-Reply-To"] == first["Message-ID"]
    body = second.get_body(("plain",))
    assert body is not None
    assert "没有签收" in body.get_content()
    assert up.route in rooms.knowledge.duty.groups


def test_a_mail_that_is_stuck_starts_no_clock(city: City, smtp_server: SmtpServer) -> None:
    smtp_server.behaviour = "busy"
    given = {"smtp_host": smtp_server.host, "smtp_port": smtp_server.port}
    with open_rooms(city.settings(**given)) as rooms:
        store_posts(rooms, reports(GAS))
        analyse_waiting(rooms)
        assert escalate_overdue(rooms, datetime.now(SHANGHAI) + LATER) == []


def test_acknowledged_warning_stays_and_mails_nobody(rooms: Rooms, smtp_server: SmtpServer) -> None:
    key = str(open_rows(rooms)[0]["编号"])
    answer_alert(rooms, key[:10], AlertState.ACKNOWLEDGED, "王某", "已派人到场")
    assert open_rows(rooms)[0]["状态"] == "已签收"
    assert escalate_overdue(rooms, datetime.now(SHANGHAI) + LATER) == []
    assert warn_duty_groups(rooms).sent == 0
    assert len(smtp_server.messages) == 1


def test_rise_after_an_answer_asks_again(rooms: Rooms, smtp_server: SmtpServer) -> None:
    answer_alert(rooms, str(open_rows(rooms)[0]["编号"]), AlertState.ACKNOWLEDGED, "王某")
    words = ("更重了", "呛人", "熏得睡不着", "到处都是", "一直不散")
    store_posts(
        rooms, reports(tuple(f"柳浪家园三栋煤气味{word}，燃气泄漏没人管吗" for word in words), first=50)
    )
    analyse_waiting(rooms)
    assert open_rows(rooms)[0]["状态"] == "未签收"
    assert warn_duty_groups(rooms).sent == 1
    assert "橙色" in smtp_server.messages[-1]["Subject"]


def test_closed_warning_is_over(rooms: Rooms) -> None:
    answer_alert(rooms, str(open_rows(rooms)[0]["编号"]), AlertState.CLOSED, "王某", "已修好")
    with rooms.database.read() as db:
        assert open_alerts(db) == []
        assert [mail.state for mail in sent_mails(db)] == ["sent", "skipped"]
    assert warn_duty_groups(rooms).sent == 0


def test_unknown_number_is_refused(rooms: Rooms) -> None:
    with pytest.raises(ReadError, match="qianshao alerts list"):
        answer_alert(rooms, "ffff", AlertState.ACKNOWLEDGED, "王某")
