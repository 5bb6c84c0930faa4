"""Respond: what people do with a warning, and what happens when nobody does."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.path import Held
from alerts.path.answer import STATES, WORDS, Action, AnswerRefusedError, answer_alert, wake_alert
from alerts.path.escalate import find_escalations, waiting_since
from alerts.wording import level_zh
from pipeline.jobs.silences import end_silences_of, make_silence
from pipeline.rooms import Rooms
from schemas.errors import ReadError, Where
from schemas.records import Alert
from schemas.times import SHANGHAI
from stores.database.alerts import (
    REFUSED,
    SENT,
    TOLD,
    SentMail,
    alerts_like,
    count_by_rule,
    lock_alerts,
    log_skipped,
    open_alerts,
    save_alert,
    sent_mails,
)
from stores.database.silences import save_silence

# A matter that was no matter once may be one a month later.
FALSE_ALARM_DAYS = 30


def open_rows(rooms: Rooms, waiting: Iterable[Held] = ()) -> list[dict[str, object]]:
    """The warnings that are not over, the highest level first; `waiting` is what the path holds back."""
    with rooms.database.read() as db:
        alerts = sorted(open_alerts(db), key=lambda alert: (alert.level, alert.raised_at))
    held = {(one.alert.id, one.alert.revision): one.reason for one in waiting}
    return [
        {
            "编号": alert.id,
            "级别": level_zh(alert.level),
            "状态": STATES[alert.state],
            "事项": alert.title,
            "地点": "" if alert.place is None else alert.place.path or alert.place.name,
            "责任": rooms.knowledge.duty.groups[alert.route].zh,
            "时间": alert.raised_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
            "暂不发信": held.get((alert.id, alert.revision), ""),
        }
        for alert in alerts
    ]


def give_answer(
    rooms: Rooms, key: str, action: Action, who: str, note: str = "", until: datetime | None = None
) -> Alert:
    """Answer a warning; `key` is its id or an unmistakable beginning of it.

    Raises ReadError for a key that fits no warning, or several, of those that can be answered so; and
    AnswerRefusedError where the answer does not fit.
    """
    with rooms.database.begin() as db:
        alert = find_alert(db, key, is_over=action == Action.REOPEN)
        return save_answer(db, alert, action, who, datetime.now(SHANGHAI), note, until)


def find_alert(db: Connection, key: str, *, is_over: bool) -> Alert:
    """The one warning whose id begins so, open or over. Raises ReadError."""
    found = [alert for alert in alerts_like(db, key) if alert.state.is_over == is_over]
    if len(found) != 1:
        allowed = f"一个{'已' if is_over else '未'}办结预警的编号，见 qianshao alerts list"
        raise ReadError(Where("qianshao alerts"), "编号", key, allowed)
    return found[0]


def save_answer(
    db: Connection,
    alert: Alert,
    action: Action,
    who: str,
    now: datetime,
    note: str = "",
    until: datetime | None = None,
) -> Alert:
    """Keep somebody's answer as the alert's next revision, which goes to nobody, but for a reopened one.

    A false alarm mutes what is raised of the same matter for a month, red excepted; reopening ends that.
    Raises AnswerRefusedError.
    """
    alert = lock_alerts(db, [alert.id])[alert.id]
    answered = answer_alert(alert, action, who, now, note=note, until=until)
    if action == Action.FALSE_ALARM:
        until = now + timedelta(days=FALSE_ALARM_DAYS)
        save_silence(db, make_silence(who, f"误报：{note}", now, until, group=alert.group))
    if action == Action.REOPEN:
        _refuse_twin(db, alert)
        end_silences_of(db, alert.group, who, now)
    save_alert(db, answered)
    if action != Action.REOPEN:
        log_skipped(db, answered, now, f"{WORDS[action]}，不另发信")
    return answered


def _refuse_twin(db: Connection, alert: Alert) -> None:
    for other in open_alerts(db):
        if other.group == alert.group:
            line = f"同一件事已有新的预警 {other.id}，不再重新打开这一个"
            raise AnswerRefusedError(line)


def ask_again(rooms: Rooms, now: datetime) -> list[Alert]:
    """Tell again what was put off until now, and ask the next ones where nobody acknowledged in time."""
    with rooms.database.begin() as db:
        standing = lock_alerts(db, (alert.id for alert in open_alerts(db))).values()
        told = _told(standing, sent_mails(db))
        woken = [found for alert in standing if (found := wake_alert(alert, now)) is not None]
        late = find_escalations(standing, told, rooms.knowledge.duty, now)
        for alert in (*woken, *late):
            save_alert(db, alert)
    return [*woken, *late]


def _told(standing: Iterable[Alert], log: Sequence[SentMail]) -> dict[str, list[datetime]]:
    """When the mails of each warning were taken.

    One that the server will not take counts from when it was due: an address that is none must not keep a
    warning from those who come next.
    """
    refused = {(mail.alert_id, mail.revision) for mail in log if mail.state == REFUSED}
    told: dict[str, list[datetime]] = {}
    for mail in log:
        if mail.state in {SENT, TOLD}:
            told.setdefault(mail.alert_id, []).append(mail.at)
    for alert in standing:
        if (alert.id, alert.revision) in refused:
            told.setdefault(alert.id, []).append(waiting_since(alert))
    return told


def false_alarm_rows(rooms: Rooms) -> list[dict[str, object]]:
    """How many of each rule's warnings people called false alarms, the worst rule first."""
    with rooms.database.read() as db:
        counts = count_by_rule(db)
    titles = {rule.name: rule.title for rule in rooms.knowledge.rules}
    rows: list[dict[str, object]] = [
        {
            "规则": name,
            "标题": titles.get(name, "（已删除的规则）"),
            "预警": total,
            "误报": false,
            "误报率": f"{100 * false / total:.0f} %",
        }
        for name, (total, false) in counts.items()
    ]
    return sorted(rows, key=lambda row: (-int(str(row["误报"])), str(row["规则"])))
