"""Warn: what was raised and not sent goes through the alert path to its duty group, once."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.path import PathContext
from alerts.path.send import Delivery, Plan, plan_sending
from alerts.render.mail import render_mail
from pipeline.jobs.respond import escalate_overdue
from pipeline.rooms import Rooms
from schemas.records import Mail
from schemas.times import SHANGHAI
from stores.database.alerts import (
    SENT,
    alerts_by_id,
    log_failed,
    log_sending,
    log_sent,
    log_skipped,
    sent_mails,
    unsent_alerts,
)
from stores.database.events import events_by_id
from stores.database.posts import posts_by_id
from stores.errors import MailUnavailable

# A server that fails so often in a row is down; the rest waits for the next run instead of for its time-outs.
GIVE_UP_AFTER = 3


@dataclass(frozen=True, slots=True)
class WarnReport:
    """What went out. `failed` mails stay in the sent-log as failed and go out with the next run."""

    sent: int = 0
    failed: int = 0
    overtaken: int = 0
    errors: tuple[str, ...] = ()

    def line(self) -> str:
        """One line for the terminal."""
        return f"预警：发出 {self.sent} 封，失败 {self.failed} 封，不另行发信 {self.overtaken} 版"


class SendingFailed(RuntimeError):  # noqa: N818 - what the duty officer of the system is told
    """Mails that no server took; the alerts stay unsent."""

    def __init__(self, report: WarnReport) -> None:
        self.report = report
        super().__init__(f"{report.line()}；{'；'.join(report.errors)}")


def warn_duty_groups(rooms: Rooms) -> WarnReport:
    """Escalate what nobody answered, then send what is due, the highest level first.

    Raises SendingFailed when a mail was not taken.
    """
    now = datetime.now(SHANGHAI)
    escalate_overdue(rooms, now)
    deliveries, held = (plan := plan_deliveries(rooms, now)).deliveries, len(plan.held)
    _log_held(rooms, plan, now)
    sent, errors = 0, list[str]()
    for delivery in deliveries:
        error = send_delivery(rooms, delivery, now)
        if error is None:
            sent += 1
            continue
        errors.append(error)
        if len(errors) >= GIVE_UP_AFTER and not sent:
            break
    report = WarnReport(sent, len(errors), held, tuple(errors))
    if errors:
        raise SendingFailed(report)
    return report


def plan_deliveries(rooms: Rooms, now: datetime) -> Plan:
    """The mails that the alert path makes of the revisions that are not sent."""
    with rooms.database.read() as db:
        due = unsent_alerts(db)
        mails = [mail for mail in sent_mails(db) if mail.state == SENT]
        late = [mail.alert_id for mail in mails if now - mail.at < timedelta(hours=1)]
        told = alerts_by_id(db, late)
    recent = Counter(told[alert_id].route for alert_id in late if alert_id in told)
    sent = frozenset((mail.alert_id, mail.revision) for mail in mails)
    context = PathContext(sent, rooms.knowledge.duty, now, recent)
    return plan_sending(due, context, rooms.settings.mail_domain)


def _log_held(rooms: Rooms, plan: Plan, now: datetime) -> None:
    with rooms.database.begin() as db:
        for held in plan.held:
            log_skipped(db, held.alert, now, held.reason)


def compose(rooms: Rooms, delivery: Delivery) -> Mail:
    """The mail of one delivery, from what the state knows of its event and posts."""
    alert = delivery.alert
    with rooms.database.read() as db:
        events = events_by_id(db, [alert.event_id] if alert.event_id else [])
        posts = posts_by_id(db, alert.post_ids)
    rules = {rule.name: rule for rule in rooms.knowledge.rules}
    return render_mail(
        alert,
        events.get(alert.event_id or ""),
        [posts[post_id] for post_id in alert.post_ids if post_id in posts],
        delivery.group,
        rule=rules.get(alert.rule),
        previous=delivery.previous,
        digest=delivery.digest,
        domain=rooms.settings.mail_domain,
    )


def send_delivery(rooms: Rooms, delivery: Delivery, now: datetime) -> str | None:
    """Send one mail and log it; the reason where the server did not take it.

    The log says `sending` before the server is spoken to: a process killed in between sends the same mail
    with the same Message-ID again, so a mail is never lost and a repeat is recognised.
    """
    mail = compose(rooms, delivery)
    with rooms.database.begin() as db:
        if not log_sending(db, mail, now):
            return None
    try:
        refused = rooms.mailer.send(mail, delivery.alert.raised_at)
    except MailUnavailable as error:
        with rooms.database.begin() as db:
            log_failed(db, mail.message_id, now, str(error))
        return str(error)
    with rooms.database.begin() as db:
        log_sent(db, mail.message_id, now, "；".join(f"{to}：{why}" for to, why in refused.items()))
        for alert in delivery.digest:
            log_skipped(db, alert, now, f"列入汇总邮件 {mail.message_id}")
    return None
