"""Respond: what people do with a warning (acknowledge, close), and what happens when nobody does."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.path.escalate import find_escalations, waiting_since
from alerts.wording import level_zh
from pipeline.rooms import Rooms
from schemas.errors import ReadError, Where
from schemas.records import Alert, AlertState, Step
from schemas.times import SHANGHAI
from stores.database.alerts import SENT, SentMail, log_skipped, open_alerts, save_alert, sent_mails

WORDS = {AlertState.ACKNOWLEDGED: "签收", AlertState.CLOSED: "办结"}


def open_rows(rooms: Rooms) -> list[dict[str, object]]:
    """The warnings that are not closed, the highest level first."""
    with rooms.database.read() as db:
        alerts = sorted(open_alerts(db), key=lambda alert: (alert.level, alert.raised_at))
    return [
        {
            "编号": alert.id,
            "级别": level_zh(alert.level),
            "状态": "已签收" if alert.state == AlertState.ACKNOWLEDGED else "未签收",
            "事项": alert.title,
            "地点": "" if alert.place is None else alert.place.path or alert.place.name,
            "责任": rooms.knowledge.duty.groups[alert.route].zh,
            "时间": alert.raised_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        }
        for alert in alerts
    ]


def answer_alert(rooms: Rooms, key: str, state: AlertState, who: str, note: str = "") -> Alert:
    """Acknowledge or close a warning; `key` is its id or an unmistakable beginning of it.

    The answer is a revision of its own that goes to nobody. Raises ReadError for a key that fits no open
    warning or several.
    """
    now = datetime.now(SHANGHAI)
    with rooms.database.begin() as db:
        found = [alert for alert in open_alerts(db) if alert.id.startswith(key)]
        if len(found) != 1:
            allowed = "未办结预警的编号，见 qianshao alerts list"
            raise ReadError(Where("qianshao alerts"), "编号", key, allowed)
        step = Step(now, f"{WORDS[state]}：{who}", note)
        alert = replace(
            found[0], revision=found[0].revision + 1, state=state, history=(*found[0].history, step)
        )
        save_alert(db, alert)
        log_skipped(db, alert, now, f"{WORDS[state]}，不另发信")
    return alert


def escalate_overdue(rooms: Rooms, now: datetime) -> list[Alert]:
    """Raise by one group every warning that was mailed and not acknowledged within its level's time."""
    with rooms.database.begin() as db:
        mails = [mail for mail in sent_mails(db) if mail.state == SENT]
        told = [alert for alert in open_alerts(db) if _is_told(rooms, alert, mails, now)]
        escalated = find_escalations(told, rooms.knowledge.duty, now)
        _save(db, escalated)
    return escalated


def _is_told(rooms: Rooms, alert: Alert, mails: list[SentMail], now: datetime) -> bool:
    """Whether the group has had the mail for the whole of its time: a mail that was stuck starts no clock."""
    since = waiting_since(alert)
    arrived = [mail.at for mail in mails if mail.alert_id == alert.id and mail.at >= since]
    minutes = rooms.knowledge.duty.groups[alert.route].acknowledge_minutes[alert.level]
    return bool(arrived) and now - min(arrived) >= timedelta(minutes=minutes)


def _save(db: Connection, alerts: list[Alert]) -> None:
    for alert in alerts:
        save_alert(db, alert)
