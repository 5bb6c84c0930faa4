"""A kill at any moment from detection to sending loses no warning and tells none under two Message-IDs."""

import multiprocessing
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.jobs.run import run_once
from pipeline.jobs.store import store_posts
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.records import AlertState, Level
from schemas.times import SHANGHAI
from stores.database.alerts import open_alerts, save_alert
from tests.parts.smtp import Behaviour, SmtpServer
from tests.pipeline import victim
from tests.pipeline.conftest import GAS
from tests.pipeline.test_respond import reports

pytestmark = pytest.mark.slow
PROCESSES = multiprocessing.get_context("forkserver")
LATER = timedelta(days=1)
MOST_COMMITS = 20


@dataclass(slots=True)
class Town:
    """A deployment that can be put back to where it was, and its mail server."""

    given: dict[str, Any]
    server: SmtpServer
    kept: Path

    def keep(self) -> None:
        """Remember how it stands."""
        shutil.copytree(self.given["home"], self.kept)

    def put_back(self) -> None:
        """Make it stand as remembered, with an empty mailbox."""
        shutil.rmtree(self.given["home"])
        shutil.copytree(self.kept, self.given["home"])
        self.server.reset()

    def do(self, job: str, now: datetime, *, before: int | None = None, at: Behaviour = "accept") -> bool:
        """Do a job in a process of its own; whether it was killed."""
        process = PROCESSES.Process(target=victim.do_job, args=(job, self.given, now, before))
        self.server.behaviour, self.server.victim = "busy" if at != "accept" else at, None
        process.start()
        self.server.victim = process.pid
        self.server.behaviour = at
        process.join(300)
        assert process.exitcode in {0, -signal.SIGKILL}
        return process.exitcode != 0

    def rooms(self) -> Rooms:
        """A look at the state."""
        with open_rooms(load_settings(**self.given)) as opened:
            return opened

    def told(self) -> dict[str, set[str]]:
        """Each revision that was told, with the Message-IDs of the mails that told it."""
        found: dict[str, set[str]] = {}
        for mail in self.server.messages:
            for part in mail.iter_attachments():
                name = str(part.get_filename())
                found.setdefault(name, set()).add(str(mail["Message-ID"]))
        return found


@pytest.fixture(scope="module", autouse=True)
def _forkserver() -> Iterator[None]:
    PROCESSES.set_forkserver_preload(["tests.pipeline.victim"])
    yield
    multiprocessing.forkserver._forkserver._stop()  # type: ignore[attr-defined]


@pytest.fixture
def town(tmp_path: Path, smtp_server: SmtpServer) -> Town:
    """An empty deployment."""
    given = {
        "home": tmp_path / "home",
        "author_key": "k",
        "console_key": "k",
        "console_url": "http://127.0.0.1:9",
        "smtp_host": smtp_server.host,
        "smtp_port": smtp_server.port,
    }
    return Town(given, smtp_server, tmp_path / "kept")


@pytest.fixture
def collected(town: Town) -> Town:
    """Reports of a gas leak are on the disk, enough for an orange warning; nothing is analysed."""
    words = ("更重了", "呛人", "熏得睡不着")
    store_posts(town.rooms(), reports((*GAS, *(f"柳浪家园三栋煤气味{word}，燃气泄漏" for word in words))))
    town.keep()
    return town


@pytest.fixture
def mailed(collected: Town) -> Town:
    """The same with its warning mailed and not answered."""
    run_once(collected.rooms(), collect=False)
    shutil.rmtree(collected.kept)
    collected.keep()
    return collected


def finish(town: Town, job: str, now: datetime) -> dict[str, set[str]]:
    """What has been told once the job has run again, twice: the second time has nothing to do."""
    town.do(job, now)
    mails = len(town.server.received)
    town.do(job, now)
    assert len(town.server.received) == mails
    return town.told()


def sweep(town: Town, job: str, now: datetime) -> Iterator[None]:
    """Kill the job before its first commit, its second and so on until it comes through."""
    for number in range(MOST_COMMITS):
        town.put_back()
        killed = town.do(job, now, before=number)
        yield
        if not killed:
            assert number > 0
            return
    pytest.fail("the job never came through")


def test_killed_before_any_commit_from_analysis_to_index(collected: Town) -> None:
    now = datetime.now(SHANGHAI)
    wanted = finish(collected, "run", now)
    assert len(wanted) == 1
    for _ in sweep(collected, "run", now):
        collected.do("run", now)
        assert collected.told() == wanted


def test_killed_before_any_commit_from_a_sensor_table_to_its_mail(town: Town) -> None:
    now = datetime.now(SHANGHAI).replace(minute=0, second=0, microsecond=0)
    rows = (
        f"60107300,{now - timedelta(hours=3 - n):%Y-%m-%d %H:%M},{level}"
        for n, level in enumerate((32.2, 32.6, 32.9, 33.1))
    )
    (town.kept.parent / "levels.csv").write_text("站码,时间,水位\n" + "\n".join(rows), encoding="utf-8")
    town.rooms()
    town.keep()
    wanted = finish(town, "measure", now)
    assert len(wanted) == 1
    for _ in sweep(town, "measure", now):
        town.do("measure", now)
        # The number of a warning holds when the reading came in, which every try is told anew.
        assert len(town.told()) == 1
        assert all(len(ids) == 1 for ids in town.told().values())
        with town.rooms().database.read() as db:
            assert [one.level for one in open_alerts(db)] == [Level.YELLOW]


@pytest.mark.parametrize("moment", ["kill_at_rcpt", "kill_in_data", "kill_after_data"])
def test_killed_while_the_server_is_spoken_to(collected: Town, moment: Behaviour) -> None:
    now = datetime.now(SHANGHAI)
    wanted = finish(collected, "run", now)
    collected.put_back()
    assert collected.do("run", now, at=moment)
    assert finish(collected, "run", now) == wanted
    assert len(collected.server.received) == 1 + (moment == "kill_after_data")


def test_killed_before_any_commit_while_asking_the_deputies(mailed: Town) -> None:
    later = datetime.now(SHANGHAI) + LATER
    mailed.put_back()
    wanted = finish(mailed, "warn", later)
    assert len(wanted) == 1
    for _ in sweep(mailed, "warn", later):
        mailed.do("warn", later)
        assert mailed.told() == wanted


def test_killed_before_any_commit_while_a_button_is_pressed(mailed: Town) -> None:
    now = datetime.now(SHANGHAI)
    for _ in sweep(mailed, "acknowledge", now):
        mailed.do("acknowledge", now)
        with mailed.rooms().database.read() as db:
            (alert,) = open_alerts(db)
        assert alert.state == AlertState.ACKNOWLEDGED
        assert [step.what for step in alert.history].count("签收：王某") == 1


def test_a_digest_that_may_have_arrived_is_finished_as_it_was(mailed: Town) -> None:
    """New and graver warnings must not draw what it told into another mail."""
    now = datetime.now(SHANGHAI)
    add_warnings(mailed, "a", 4)
    mailed.do("warn", now)
    mailed.server.reset()
    add_warnings(mailed, "b", 12)
    assert mailed.do("warn", now, at="kill_after_data")
    assert "汇总" in mailed.server.messages[0]["Subject"]
    add_warnings(mailed, "c", 1, Level.RED)
    told = finish(mailed, "warn", now)
    assert len(told) == 13
    assert all(len(ids) == 1 for ids in told.values())
    assert len(mailed.server.received) == 3


def add_warnings(town: Town, name: str, count: int, level: Level = Level.YELLOW) -> None:
    """Further warnings of the same group."""
    with town.rooms().database.begin() as db:
        alert = open_alerts(db)[0]
        for number in range(count):
            one = f"{name}{number:023x}"
            save_alert(db, replace(alert, id=one, revision=1, group=one, level=level))
