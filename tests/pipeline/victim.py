"""Jobs that a test kills: each runs in a process of its own, which may kill itself before a given commit."""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, event
from werkzeug.test import Client

from alerts.path.answer import WORDS, Action
from alerts.path.send import Delivery
from console.app import Console
from pipeline.jobs.readings import import_any
from pipeline.jobs.run import run_once
from pipeline.jobs.warn import warn_duty_groups
from pipeline.links import make_links
from pipeline.rooms import Rooms, load_core, open_rooms
from pipeline.settings import load_settings
from stores.database.alerts import alert_history, open_alerts

# The processes are forked from one that has loaded this module: none has to load the core again.
load_core(None).enrich([])


def run_whole(rooms: Rooms, _now: datetime) -> None:
    """Analyse, warn and index what was collected."""
    run_once(rooms, collect=False)


def measure(rooms: Rooms, _now: datetime) -> None:
    """Import the sensor table beside the data folder, analyse, warn and index."""
    import_any(rooms, rooms.settings.home.parent / "levels.csv", "demo_river")
    run_once(rooms, collect=False)


def warn(rooms: Rooms, now: datetime) -> None:
    """Ask again and send, at that time."""
    warn_duty_groups(rooms, now=now)


def acknowledge(rooms: Rooms, now: datetime) -> None:
    """Press the button of the first mail of every open warning."""
    with rooms.database.read() as db:
        mailed = [(alert_history(db, alert.id)[0], alert.revision) for alert in open_alerts(db)]
    client = Client(Console(rooms, lambda: now))
    for alert, seen in mailed:
        group = rooms.knowledge.duty.groups[alert.route]
        link = make_links(rooms.settings, Delivery(alert, group, ()))[WORDS[Action.ACKNOWLEDGE]]
        client.post(urlsplit(link).path, data={"who": "王某", "seen": str(seen)})


JOBS: dict[str, Callable[[Rooms, datetime], None]] = {
    "run": run_whole,
    "measure": measure,
    "warn": warn,
    "acknowledge": acknowledge,
}


def do_job(name: str, given: dict[str, Any], now: datetime, kill_before: int | None) -> None:
    """Do a job on a deployment; before the commit of this number, counted from 0, the process is killed."""
    os.chdir(Path(given["home"]).parent)
    with open_rooms(load_settings(**given)) as rooms:
        if kill_before is not None:
            _kill_before(kill_before)
        JOBS[name](rooms, now)


def _kill_before(number: int) -> None:
    commits = 0

    @event.listens_for(Engine, "commit")
    def count(connection: Connection) -> None:
        nonlocal commits
        if connection.get_execution_options().get("reading"):
            return
        if commits == number:
            os.kill(os.getpid(), signal.SIGKILL)
        commits += 1
