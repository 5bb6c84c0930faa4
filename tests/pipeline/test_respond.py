"""Answers to a warning: acknowledged, put off, closed, false, reopened, silenced, or not answered at all."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from alerts.path.answer import Action, AnswerRefusedError
from pipeline.jobs.analyse import analyse_waiting, save_raised
from pipeline.jobs.respond import ask_again, false_alarm_rows, give_answer, open_rows
from pipeline.jobs.run import run_once
from pipeline.jobs.silences import add_silence, end_by_key, find_path, make_silence, muted_rows, silence_rows
from pipeline.jobs.store import store_posts
from pipeline.jobs.warn import SendingFailed, plan_deliveries, warn_duty_groups
from pipeline.rooms import Rooms, open_rooms
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import AlertState, Level, RawPost, Step
from schemas.times import SHANGHAI
from stores.database.alerts import alert_history, open_alerts, save_alert, sent_mails
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
def unsent(city: City, smtp_server: SmtpServer) -> Rooms:
    """A deployment with one yellow warning of a gas smell, not mailed yet."""
    given = {"smtp_host": smtp_server.host, "smtp_port": smtp_server.port}
    with open_rooms(city.settings(**given)) as opened:
        store_posts(opened, reports(GAS))
        analyse_waiting(opened)
        return opened


@pytest.fixture
def rooms(unsent: Rooms) -> Rooms:
    """The same with its warning mailed."""
    warn_duty_groups(unsent)
    return unsent


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def key_of(rooms: Rooms) -> str:
    """The one warning that is open."""
    with rooms.database.read() as db:
        (alert,) = open_alerts(db)
    return alert.id


def test_unanswered_warning_goes_to_the_deputies_then_one_up_and_says_why(
    rooms: Rooms, smtp_server: SmtpServer
) -> None:
    duty = rooms.knowledge.duty
    now = datetime.now(SHANGHAI)
    assert ask_again(rooms, now) == []
    with rooms.database.read() as db:
        group = duty.groups[open_alerts(db)[0].route]
    assert warn_duty_groups(rooms, now=now + LATER).sent == 1
    assert warn_duty_groups(rooms, now=now + LATER + timedelta(seconds=1)).sent == 0
    assert warn_duty_groups(rooms, now=now + 2 * LATER).sent == 1
    first, second, third = smtp_server.messages
    above = duty.parent(group)
    assert above is not None
    assert [mail["To"] for mail in (first, second, third)] == [
        ", ".join(mails) for mails in (group.mails, group.deputies, above.mails)
    ]
    assert second["In-Reply-To"] == first["Message-ID"]
    assert "没有签收，现转副班" in text_of(second)
    assert f"都没有签收，现报{above.zh}" in text_of(third)


def test_a_mail_that_is_stuck_starts_no_clock(city: City, smtp_server: SmtpServer) -> None:
    smtp_server.behaviour = "busy"
    given = {"smtp_host": smtp_server.host, "smtp_port": smtp_server.port}
    with open_rooms(city.settings(**given)) as rooms:
        store_posts(rooms, reports(GAS))
        analyse_waiting(rooms)
        with pytest.raises(SendingFailed):
            warn_duty_groups(rooms)
        assert ask_again(rooms, datetime.now(SHANGHAI) + LATER) == []


def test_an_address_that_is_none_does_not_keep_a_warning_from_those_who_come_next(
    unsent: Rooms, smtp_server: SmtpServer
) -> None:
    with unsent.database.read() as db:
        group = unsent.knowledge.duty.groups[open_alerts(db)[0].route]
    smtp_server.refused.update(group.mails)
    now = datetime.now(SHANGHAI)
    for _ in range(2):
        with pytest.raises(SendingFailed, match="550"):
            warn_duty_groups(unsent, now=now)
    assert warn_duty_groups(unsent, now=now + LATER).sent == 1
    assert smtp_server.messages[0]["To"] == ", ".join(group.deputies)
    assert warn_duty_groups(unsent, now=now + LATER + timedelta(minutes=1)).sent == 0


def test_acknowledged_warning_stays_and_mails_nobody(rooms: Rooms, smtp_server: SmtpServer) -> None:
    give_answer(rooms, key_of(rooms)[:10], Action.ACKNOWLEDGE, "王某", "已派人到场")
    assert open_rows(rooms)[0]["状态"] == "已签收"
    assert ask_again(rooms, datetime.now(SHANGHAI) + LATER) == []
    assert warn_duty_groups(rooms).sent == 0
    assert len(smtp_server.messages) == 1


def test_rise_after_an_answer_asks_again(rooms: Rooms, smtp_server: SmtpServer) -> None:
    give_answer(rooms, key_of(rooms), Action.ACKNOWLEDGE, "王某")
    words = ("更重了", "呛人", "熏得睡不着", "到处都是", "一直不散")
    store_posts(
        rooms, reports(tuple(f"柳浪家园三栋煤气味{word}，燃气泄漏没人管吗" for word in words), first=50)
    )
    analyse_waiting(rooms)
    assert open_rows(rooms)[0]["状态"] == "未签收"
    assert warn_duty_groups(rooms).sent == 1
    assert "橙色" in smtp_server.messages[-1]["Subject"]


def test_closed_warning_is_over(rooms: Rooms) -> None:
    give_answer(rooms, key_of(rooms), Action.CLOSE, "王某", "已修好")
    with rooms.database.read() as db:
        assert open_alerts(db) == []
        assert [mail.state for mail in sent_mails(db)] == ["sent", "skipped"]
    assert warn_duty_groups(rooms).sent == 0


def test_unknown_number_is_refused(rooms: Rooms) -> None:
    with pytest.raises(ReadError, match="qianshao alerts list"):
        give_answer(rooms, "ffff", Action.ACKNOWLEDGE, "王某")


def test_snoozed_warning_comes_back_at_its_time_and_asks_anew(rooms: Rooms, smtp_server: SmtpServer) -> None:
    now = datetime.now(SHANGHAI)
    give_answer(rooms, key_of(rooms), Action.SNOOZE, "王某", until=now + timedelta(hours=2))
    assert warn_duty_groups(rooms, now=now + timedelta(minutes=119)).sent == 0
    assert warn_duty_groups(rooms, now=now + timedelta(hours=3)).sent == 1
    assert "还没有办结" in text_of(smtp_server.messages[-1])
    assert warn_duty_groups(rooms, now=now + timedelta(hours=3, minutes=5)).sent == 0
    assert warn_duty_groups(rooms, now=now + LATER).sent == 1
    assert "现转副班" in text_of(smtp_server.messages[-1])


@pytest.mark.parametrize(
    ("action", "given", "line"),
    [
        pytest.param(Action.SNOOZE, {}, "到什么时候", id="snooze without an end"),
        pytest.param(Action.FALSE_ALARM, {}, "理由", id="false alarm without a reason"),
        pytest.param(Action.ACKNOWLEDGE, {"who": " "}, "是谁", id="nobody"),
    ],
)
def test_an_answer_that_lacks_something_is_refused(
    rooms: Rooms, action: Action, given: dict[str, Any], line: str
) -> None:
    with pytest.raises(AnswerRefusedError, match=line):
        give_answer(rooms, key_of(rooms), action, **({"who": "王某"} | given))


def test_who_comes_second_is_told_who_was_first(rooms: Rooms) -> None:
    key = key_of(rooms)
    give_answer(rooms, key, Action.ACKNOWLEDGE, "王某")
    with pytest.raises(AnswerRefusedError, match="王某"):
        give_answer(rooms, key, Action.ACKNOWLEDGE, "李某")


def test_a_false_alarm_is_counted_and_mutes_the_matter_until_it_is_reopened(
    rooms: Rooms, smtp_server: SmtpServer
) -> None:
    key = key_of(rooms)
    give_answer(rooms, key, Action.FALSE_ALARM, "王某", "演习")
    (row,) = false_alarm_rows(rooms)
    assert (row["预警"], row["误报"]) == (1, 1)
    with rooms.database.begin() as db:
        first = alert_history(db, key)[0]
        again = replace(first, id="f" * 24, raised_at=first.raised_at + timedelta(minutes=5))
        save_alert(db, again)
    report = warn_duty_groups(rooms)
    assert (report.sent, report.waiting) == (0, 1)
    (silence,) = silence_rows(rooms, datetime.now(SHANGHAI))
    assert (silence["理由"], silence["压下的预警"]) == ("误报：演习", 1)
    with pytest.raises(AnswerRefusedError, match="新的预警"):
        give_answer(rooms, key, Action.REOPEN, "李某")
    give_answer(rooms, again.id, Action.CLOSE, "李某")
    give_answer(rooms, key, Action.REOPEN, "李某", "不是演习")
    assert silence_rows(rooms, datetime.now(SHANGHAI)) == []
    assert warn_duty_groups(rooms).sent == 1
    assert "李某重新打开" in text_of(smtp_server.messages[-1])


def a_silence(rooms: Rooms, **names: str) -> str:
    """A silence for two hours; returns its number."""
    now = datetime.now(SHANGHAI)
    made = make_silence("王某", "施工", now, now + timedelta(hours=2), **names)
    return add_silence(rooms, made).id


def test_what_a_silence_mutes_is_listed_and_goes_out_when_it_ends(
    unsent: Rooms, smtp_server: SmtpServer
) -> None:
    key = a_silence(unsent, place=find_path(unsent.knowledge.places, "汀东区"), label="incident.*")
    assert warn_duty_groups(unsent).sent == 0
    (row,) = open_rows(unsent, plan_deliveries(unsent, datetime.now(SHANGHAI)).waiting)
    assert "王某：施工" in str(row["暂不发信"])
    assert [one["编号"] for one in muted_rows(unsent, key)] == [row["编号"]]
    end_by_key(unsent, key, "李某", datetime.now(SHANGHAI))
    assert warn_duty_groups(unsent).sent == len(smtp_server.messages) == 1


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        pytest.param({"label": "incident.gas_leak"}, 0, id="label"),
        pytest.param({"rule": "growth_hazard"}, 0, id="rule"),
        pytest.param({"label": "incident.fire"}, 1, id="another label"),
        pytest.param({"label": "incident.*", "place": "云汀市/汀西区"}, 1, id="another district"),
        pytest.param({"rule": "growth_lasting"}, 1, id="another rule"),
    ],
)
def test_a_silence_mutes_what_fits_all_it_names(unsent: Rooms, names: dict[str, str], sent: int) -> None:
    a_silence(unsent, **names)
    assert warn_duty_groups(unsent).sent == sent


def test_red_is_never_silenced(unsent: Rooms) -> None:
    a_silence(unsent, label="incident.*")
    with unsent.database.begin() as db:
        (alert,) = open_alerts(db)
        save_alert(db, replace(alert, revision=2, level=Level.RED))
    assert warn_duty_groups(unsent).sent == 1


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ({}, "不能静默全部"),
        ({"label": "incident.fires"}, "incident.fires"),
        ({"rule": "no_such"}, "no_such"),
    ],
)
def test_a_silence_that_is_none_is_refused(unsent: Rooms, names: dict[str, str], line: str) -> None:
    with pytest.raises(ReadError, match=line):
        a_silence(unsent, **names)


def test_answers_given_while_the_analysis_runs_are_not_overwritten(unsent: Rooms) -> None:
    with unsent.database.read() as db:
        (alert,) = open_alerts(db)
    give_answer(unsent, alert.id, Action.ACKNOWLEDGE, "王某")
    update = replace(alert, revision=2, history=(*alert.history, Step(alert.raised_at, "第2版 黄色（三级）")))
    risen = replace(
        update, revision=3, level=Level.ORANGE,
        history=(*update.history, Step(alert.raised_at, "第3版 橙色（二级）")),
    )  # fmt: skip
    with unsent.database.begin() as db:
        save_raised(db, [update])
        assert open_alerts(db)[0].state == AlertState.ACKNOWLEDGED
        save_raised(db, [update, risen])
        (last,) = open_alerts(db)
    assert (last.state, last.level, last.revision) == (AlertState.RAISED, Level.ORANGE, 5)
    assert [step.what for step in last.history if "签收" in step.what] == ["签收：王某"]
    assert last.history[-1].what == "第5版 橙色（二级）"


def test_a_mail_shows_the_name_people_know_a_source_by(city: City, smtp_server: SmtpServer) -> None:
    given = {"smtp_host": smtp_server.host, "smtp_port": smtp_server.port}
    with open_rooms(city.settings(**given)) as rooms:
        assert run_once(rooms).warned.sent == 1
    body = text_of(smtp_server.messages[0])
    assert "云汀论坛" in body
    assert "yunting_forum" not in body


def test_the_clock_speaks_without_a_new_record_and_once_an_hour(rooms: Rooms) -> None:
    now = datetime.now(SHANGHAI)
    assert analyse_waiting(rooms, now=now + timedelta(hours=1)).alerts == 0
    assert analyse_waiting(rooms, now=now + timedelta(days=20)).alerts == 1
    with rooms.database.read() as db:
        assert open_alerts(db) == []
    assert analyse_waiting(rooms, now=now + timedelta(days=20)).alerts == 0
    assert analyse_waiting(rooms, now=now + timedelta(days=20, hours=2)).alerts == 0


def test_a_revision_that_waited_for_quiet_hours_is_told_without_a_new_post(rooms: Rooms) -> None:
    where = (
        "一楼走廊",
        "二单元门口",
        "地下车库里",
        "电梯间",
        "四楼过道",
        "天台上",
        "垃圾房边",
        "配电房旁",
        "儿童乐园",
    )
    more = tuple(f"柳浪家园三栋{word}，煤气味很重" for word in where)
    store_posts(rooms, reports(more, first=50))
    analyse_waiting(rooms)
    before = key_of(rooms)
    with rooms.database.read() as db:
        revision = open_alerts(db)[0].revision
    rule = next(rule for rule in rooms.knowledge.rules if rule.name == "growth_hazard")
    analyse_waiting(rooms, now=datetime.now(SHANGHAI) + timedelta(hours=rule.quiet.hours + 1))
    with rooms.database.read() as db:
        (alert,) = open_alerts(db)
    assert (alert.id, alert.revision) == (before, revision + 1)
