"""The answer commands as somebody types them: exit codes, clear lines, JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
from schemas.errors import ReadError
from schemas.records import AlertState
from stores.database.alerts import alerts_by_id, save_alert
from tests.console.conftest import NOW
from tests.stores.examples import make_alert


def qianshao(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The number of the one warning of a deployment."""
    monkeypatch.setenv("QIANSHAO_HOME", str(tmp_path / "home"))
    alert = replace(make_alert("a" * 24), route="liulang_street", raised_at=NOW)
    with open_rooms(load_settings()) as rooms, rooms.database.begin() as db:
        save_alert(db, alert)
    return alert.id


def state_of(key: str) -> AlertState:
    with open_rooms(load_settings()) as rooms, rooms.database.read() as db:
        return alerts_by_id(db, [key])[key].state


def test_a_warning_is_answered_by_the_beginning_of_its_number(key: str) -> None:
    steps = (
        (("ack", key[:6], "--who", "王某"), AlertState.ACKNOWLEDGED),
        (("snooze", key[:6], "--until", "08:00"), AlertState.SNOOZED),
        (("close", key[:6], "--note", "已修好"), AlertState.CLOSED),
        (("reopen", key[:6]), AlertState.RAISED),
        (("false", key[:6], "--note", "演习"), AlertState.FALSE_ALARM),
    )
    for arguments, state in steps:
        done = qianshao("alerts", *arguments)
        assert done.exit_code == 0, done.output
        assert state_of(key) == state
    (row,) = json.loads(qianshao("rules", "stats", "--json").stdout)
    assert (row["预警"], row["误报"], row["误报率"]) == (1, 1, "100 %")


def test_an_answer_that_does_not_fit_is_one_clear_line(key: str) -> None:
    assert qianshao("alerts", "ack", key, "--who", "王某").exit_code == 0
    again = qianshao("alerts", "ack", key, "--who", "李某")
    assert again.exit_code == 1
    assert "王某" in again.output
    assert isinstance(qianshao("alerts", "ack", "zzzz").exception, ReadError)


def test_a_silence_is_made_listed_and_ended(key: str) -> None:
    made = qianshao("silences", "add", "--until", "08:00", "--reason", "施工", "--place", "柳浪街道")
    assert made.exit_code == 0, made.output
    (row,) = json.loads(qianshao("silences", "list", "--json").stdout)
    assert "云汀市/汀东区/柳浪街道" in row["静默什么"]
    (alert,) = json.loads(qianshao("alerts", "list", "--json").stdout)
    assert alert["编号"] == key
    assert "施工" in alert["暂不发信"]
    assert qianshao("silences", "end", row["编号"]).exit_code == 0
    assert json.loads(qianshao("silences", "list", "--json").stdout) == []
    assert isinstance(qianshao("silences", "end", "none").exception, ReadError)


def test_duty_show_tells_who_gets_it_and_why() -> None:
    night = ("--at", "2026-07-06 23:00", "--json")
    rows = json.loads(qianshao("duty", "show", "柳浪家园", "incident.gas_leak", *night).stdout)
    assert rows[0]["谁"] == "柳浪社区网格值班组"
    assert "此时蓝色等到早上" in rows[0]["为什么"]
    assert rows[1]["谁"] == "柳浪社区网格值班组副班"
    assert "柳浪社区网格值班组没有签收" in rows[2]["为什么"]
    assert rows[-1]["谁"] == "云汀市应急指挥中心值班室副班"
    day = json.loads(
        qianshao("duty", "show", "柳浪街道", "incident.fire", "--at", "2026-07-06 09:00", "--json").stdout
    )
    assert day[0]["收件"].startswith("陆明 <luming@")
    assert "值班表：周一、周二、周三、周四、周五 08:30-18:00" in day[0]["为什么"]
    assert qianshao("duty", "show", "柳浪街道", "incident.nothing").exit_code == 2
