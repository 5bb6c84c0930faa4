"""A deployment with one warning that was mailed, its page, and the links of its mail."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from alerts.path.answer import WORDS, Action
from alerts.path.send import Delivery
from console.app import Console
from pipeline.links import make_links
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.records import Alert, Level
from schemas.times import SHANGHAI
from stores.database.alerts import alerts_by_id, save_alert
from stores.database.coverage import save_publisher
from stores.database.events import save_events
from stores.database.posts import save_posts
from tests.stores.examples import make_alert, make_event, make_post

NOW = datetime(2026, 3, 5, 12, 30, tzinfo=SHANGHAI)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"


@dataclass
class Desk:
    """The page as its user meets it, with the time of day."""

    rooms: Rooms
    alert: Alert
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.client = Client(Console(self.rooms, lambda: self.now))

    def path(self, action: Action, alert: Alert | None = None) -> str:
        """The path of a mail's button."""
        alert = alert or self.alert
        group = self.rooms.knowledge.duty.groups[alert.route]
        links = make_links(self.rooms.settings, Delivery(alert, group, ()))
        # What the proxy hands on, its own prefix taken off.
        return urlsplit(links[WORDS[action]]).path.removeprefix("/duty")

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path)

    def post(self, path: str, **form: str) -> TestResponse:
        """Press the button of a page that shows the first revision unless it says another."""
        return self.client.post(path, data={"who": "王某", "seen": "1", **form})

    def stored(self) -> Alert:
        """The warning as it stands in the state."""
        with self.rooms.database.read() as db:
            return alerts_by_id(db, [self.alert.id])[self.alert.id]

    def save(self, alert: Alert) -> None:
        """Put a revision into the state."""
        with self.rooms.database.begin() as db:
            save_alert(db, alert)


@pytest.fixture
def alert() -> Alert:
    """An orange warning of a gas leak."""
    made = make_alert("a" * 24, level=Level.ORANGE)
    return replace(made, route="liulang_street", raised_at=NOW - timedelta(minutes=5))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alert: Alert) -> Iterator[Desk]:
    """The page over a state that holds the warning."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(
        home=tmp_path / "home", console_url="https://zhiban.example/duty", console_key="k"
    )
    with open_rooms(settings) as rooms:
        with rooms.database.begin() as db:
            save_posts(db, [(make_post("post1"), "event1")])
            save_events(db, [make_event("event1")])
            save_publisher(db, "云汀论坛", "云汀街坊论坛")
            save_alert(db, alert)
        yield Desk(rooms, alert)
