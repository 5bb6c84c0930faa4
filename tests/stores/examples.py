"""Example records for the tests of the stores; the sentences are our own."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from schemas.records import (
    Alert,
    ClassifiedPost,
    CleanPost,
    Event,
    Facts,
    Heat,
    Label,
    Level,
    Mail,
    Origin,
    Place,
    Step,
)
from stores.database.coverage import SourceRun

SHANGHAI = timezone(timedelta(hours=8))
NOON = datetime(2026, 3, 5, 12, 0, tzinfo=SHANGHAI)
STREET = Place(
    "柳浪街道", "990101001", "street", 0.9, "云汀市/汀东区/柳浪街道", start=0, end=4, lng=117.67, lat=26.91
)


def make_post(
    key: str = "post1",
    *,
    revision: str = "r1",
    words: tuple[str, ...] = ("柳浪街道", "燃气", "泄漏"),
    text: str = "柳浪街道有居民闻到燃气味，怀疑泄漏。",
    fetched_at: datetime = NOON,
    published_at: datetime | None = NOON - timedelta(minutes=5),
    place: Place = STREET,
    flags: tuple[str, ...] = (),
) -> ClassifiedPost:
    """A post about a smell of gas."""
    origin = Origin(
        key, revision, "云汀论坛", fetched_at, published_at, url=f"https://example.cn/{key}", author_hash="a1"
    )
    return ClassifiedPost(
        clean=CleanPost(
            origin, "闻到燃气味", text, "zh", flags, topics=("安全",), heat=Heat(likes=3), feelings=("怒",)
        ),
        words=words,
        complaint=Label("urban_rural", 0.7, ("燃气",)),
        incident=Label("gas_leak", 0.9, ("燃气", "泄漏")),
        rumour=Label("not_rumour", 0.8),
        urgency="urgent",
        places=(Place("云汀市", "9901", "city", 0.5, "云汀市"), place),
        facts=Facts(injured=2, deaths=0, time=NOON - timedelta(hours=1)),
        fingerprint=(1, 2**32 - 1),
        needs=(Label("help_request", 0.8, ("求救",)),),
        emotion=Label("fear", 0.7, ("害怕",)),
        detail=Label("utilities", 0.6, ("燃气",)),
    )


def make_event(key: str = "event1", *, posts: tuple[str, ...] = ("post1",), heat: int = 1) -> Event:
    """An event of that post."""
    return Event(
        id=key,
        title="柳浪街道燃气泄漏",
        post_ids=posts,
        heat=heat,
        reports=1,
        sources=("云汀论坛",),
        label="incident.gas_leak",
        place=STREET,
        first_seen=NOON,
        last_seen=NOON + timedelta(minutes=heat),
        keywords=("燃气", "泄漏"),
        authors=1,
    )


def make_alert(key: str = "alert1", *, revision: int = 1, level: Level = Level.YELLOW) -> Alert:
    """A warning about that event."""
    return Alert(
        id=key,
        revision=revision,
        group=f"gas_leak/柳浪街道/{key}",
        rule="fact_gas_smell",
        event_id="event1",
        level=level,
        title="柳浪街道疑似燃气泄漏",
        reason="一小时内 3 条帖子说到燃气味，2 人受伤。",
        post_ids=("post1",),
        label="incident.gas_leak",
        place=STREET,
        route="柳浪街道值班组",
        raised_at=NOON + timedelta(minutes=revision),
        history=(Step(NOON, "raised", "首次发出"),),
    )


def make_mail(alert: Alert | None = None, **changed: object) -> Mail:
    """The mail of that warning."""
    alert = make_alert() if alert is None else alert
    mail = Mail(
        message_id=f"<{alert.id}.{alert.revision}@qianshao>",
        alert_id=alert.id,
        revision=alert.revision,
        to=("值班室 <duty@example.cn>",),
        subject=f"【黄色预警】{alert.title}，请立即核实并在三十分钟内签收反馈（第 {alert.revision} 版）",
        text=f"{alert.reason}\n请签收。",
        html=f"<p>{alert.reason}</p>",
    )
    return replace(mail, **changed)  # type: ignore[arg-type]


def make_run(
    *, started: datetime = NOON, status: str = "ok", fetched: int = 30, new: int = 4, note: str = ""
) -> SourceRun:
    """A run of the forum."""
    return SourceRun(
        source="云汀论坛",
        started=started,
        finished=started + timedelta(minutes=1),
        fetched=fetched,
        new=new,
        seen=fetched - new,
        failed=0,
        quarantined=0,
        expected_min=10,
        expected_max=200,
        status=status,
        note=note,
    )
