"""A small simulated city for the demo's tests, and an outcome of it with alerts as the test wants them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from pipeline.demo.items import City, Item
from pipeline.demo.outcome import Counts, DemoOutcome
from pipeline.demo.simulator import simulate_city
from schemas.records import (
    Alert,
    ClassifiedPost,
    CleanPost,
    Event,
    Facts,
    Label,
    Level,
    Mail,
    Origin,
    Place,
    Quarantined,
)
from schemas.taxonomy.duty import load_duty
from schemas.taxonomy.places import load_places
from schemas.times import SHANGHAI

START = datetime(2025, 5, 12, tzinfo=SHANGHAI)


@cache
def small_city(seed: int = 7, weeks: int = 6) -> City:
    """The city of a seed, made once a session."""
    return simulate_city(seed, load_places(), START, weeks)


def classify_truly(item: Item) -> ClassifiedPost:
    """A post as a text core without fault would hand it on; its id is the item's key."""
    origin = Origin(item.key, "1", item.source, item.arrives_at, item.published_at)
    clean = CleanPost(origin, item.title, item.body, "zh", ("spam",) if item.kind == "spam" else ())
    quiet = Label("none", 0.9)
    return ClassifiedPost(
        clean, (), Label("other", 0.5), quiet, Label("not_rumour", 0.9), "normal", (), Facts(), (0,) * 64
    )


def raise_alert(
    name: str, items: Iterable[Item], level: Level, at: datetime, *, label: str, revision: int = 1
) -> Alert:
    """An alert that rests on some items."""
    place = Place("汀东区", "990101", "district", 1.0, "云汀市/汀东区")
    return Alert(
        id=name,
        revision=revision,
        group=name,
        rule="growth_event",
        event_id=f"event-{name}",
        level=level,
        title=f"标题 {name}",
        reason="按规则“试”定为该级。依据信息编号：abc。",
        post_ids=tuple(item.key for item in items),
        label=label,
        place=place,
        route=load_duty().default.name,
        raised_at=at,
    )


def make_outcome(alerts: Iterable[Alert], city: City | None = None) -> DemoOutcome:
    """An outcome of a run that raised just these alerts."""
    city = city or small_city()
    posts = {item.key: classify_truly(item) for item in city.items}
    alerts = tuple(alerts)
    events = {
        alert.event_id: Event(
            alert.event_id, alert.title, alert.post_ids, len(alert.post_ids), 1, ("yunting_forum",),
            alert.label, alert.place, alert.raised_at - timedelta(hours=1), alert.raised_at,
        )
        for alert in alerts
        if alert.event_id is not None
    }  # fmt: skip
    mails = tuple(
        Mail(f"<{a.id}.{a.revision}@x>", a.id, a.revision, ("a@example.com",), f"【预警】{a.title}", "t", "h")
        for a in alerts
    )
    wrong = Quarantined("demo_12345", "热线工单.csv:9", "热线工单.csv:9: 受理时间 = '改天再录'", b"x", START)
    return DemoOutcome(
        city=city,
        report=Path("report.html"),
        counts=Counts(10, 20, 30),
        posts=posts,
        truth=dict(city.by_key),
        events=events,
        revisions=alerts,
        mails=mails,
        quarantined=(wrong,),
        duty=load_duty(),
        seconds={"分析与预警": 1.5},
    )
