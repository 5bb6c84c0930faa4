"""Warn: what was raised and not sent goes through the alert path to its duty group, once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.path import PathContext
from alerts.path.send import Delivery, Plan, plan_sending
from pipeline.jobs.respond import ask_again
from pipeline.links import make_links
from pipeline.mails import Matter, compose_mail
from pipeline.rooms import Rooms
from schemas.records import Mail
from schemas.times import SHANGHAI
from stores.database.alerts import (
    SENT,
    TOLD,
    alert_history,
    alerts_by_id,
    begun_mails,
    log_failed,
    log_refused,
    log_sending,
    log_sent,
    log_skipped,
    sent_mails,
    unsent_alerts,
)
from stores.database.coverage import publishers
from stores.database.events import events_by_id
from stores.database.posts import posts_by_id
from stores.database.silences import log_muted, silences_at
from stores.errors import MailRefusedError, MailUnavailable

# A server that fails so often in a row is down; the rest waits for the next run instead of for its time-outs.
GIVE_UP_AFTER = 3


@dataclass(frozen=True, slots=True)
class WarnReport:
    """What went out. `failed` mails stay in the sent-log as failed and go out with the next run; `waiting`
    revisions are silenced, or wait for the morning or the next hour."""

    sent: int = 0
    failed: int = 0
    overtaken: int = 0
    waiting: int = 0
    errors: tuple[str, ...] = ()

    def line(self) -> str:
        """One line for the terminal."""
        counts = f"发出 {self.sent} 封，失败 {self.failed} 封，不另行发信 {self.overtaken} 版"
        return f"预警：{counts}，暂不发 {self.waiting} 版"


class SendingFailed(RuntimeError):  # noqa: N818 - what the duty officer of the system is told
    """Mails that no server took; the alerts stay unsent."""

    def __init__(self, report: WarnReport) -> None:
        self.report = report
        super().__init__(f"{report.line()}；{'；'.join(report.errors)}")


def warn_duty_groups(rooms: Rooms, *, now: datetime | None = None) -> WarnReport:
    """Ask again where nobody answered, then send what is due, the highest level first.

    A run beside another one waits for it, so that no mail is sent by both. Raises SendingFailed when a mail
    was not taken.
    """
    with rooms.database.alone("warn"):
        now = now or datetime.now(SHANGHAI)
        ask_again(rooms, now)
        begun = find_begun(rooms)
        plan = plan_deliveries(rooms, now)
        _log_held(rooms, plan, now)
        report = _send_all(rooms, (*begun, *plan.deliveries), plan, now)
    if report.errors:
        raise SendingFailed(report)
    return report


def find_begun(rooms: Rooms) -> list[Delivery]:
    """The mails of an earlier run that may or may not have arrived: the same letters to the same people."""
    duty = rooms.knowledge.duty
    with rooms.database.read() as db:
        begun = begun_mails(db)
        log = [mail for mail in sent_mails(db) if mail.state == SENT]
    return [
        Delivery(
            alert,
            replace(duty.groups.get(alert.route, duty.default), mails=mail.to),
            tuple(one.message_id for one in log if one.alert_id == alert.id),
            digest,
        )
        for mail, alert, digest in begun
    ]


def plan_deliveries(rooms: Rooms, now: datetime) -> Plan:
    """The mails that the alert path makes of the revisions that are not sent and not begun."""
    begun = {(alert.id, alert.revision) for one in find_begun(rooms) for alert in (one.alert, *one.digest)}
    with rooms.database.read() as db:
        due = [alert for alert in unsent_alerts(db) if (alert.id, alert.revision) not in begun]
        log = [mail for mail in sent_mails(db) if mail.state in {SENT, TOLD}]
        late = [mail.alert_id for mail in log if mail.state == SENT and now - mail.at < timedelta(hours=1)]
        newest = alerts_by_id(db, {*late, *(alert.id for alert in due)})
        silences = silences_at(db, now)
    recent = Counter(newest[alert_id].route for alert_id in late if alert_id in newest)
    sent = {
        (mail.alert_id, mail.revision): mail.message_id if mail.state == SENT else mail.note for mail in log
    }
    duty = rooms.knowledge.duty
    return plan_sending(due, PathContext(sent, duty, now, recent, silences, newest=newest))


def _log_held(rooms: Rooms, plan: Plan, now: datetime) -> None:
    muted = [held for held in (*plan.held, *plan.waiting) if held.silence]
    with rooms.database.begin() as db:
        for held in plan.held:
            log_skipped(db, held.alert, now, held.reason)
        for held in muted:
            log_muted(db, held.silence, [(held.alert.id, held.alert.revision)], now)


def _send_all(rooms: Rooms, deliveries: Sequence[Delivery], plan: Plan, now: datetime) -> WarnReport:
    sent, silent, errors = 0, 0, list[str]()
    for delivery in sorted(deliveries, key=lambda one: one.alert.level):
        try:
            sent += send_delivery(rooms, delivery, now)
        except MailRefusedError as error:
            errors.append(str(error))
        except MailUnavailable as error:
            errors.append(str(error))
            silent += 1
        if silent >= GIVE_UP_AFTER and not sent:
            break
    return WarnReport(sent, len(errors), len(plan.held), len(plan.waiting), tuple(errors))


def compose(rooms: Rooms, delivery: Delivery) -> Mail:
    """The mail of one delivery, from what the state knows of its event and posts."""
    alert = delivery.alert
    with rooms.database.read() as db:
        events = events_by_id(db, [alert.event_id] if alert.event_id else [])
        posts = posts_by_id(db, alert.post_ids)
        matter = Matter(
            events.get(alert.event_id or ""),
            [posts[post_id] for post_id in alert.post_ids if post_id in posts],
            alert_history(db, alert.id),
        )
        names = publishers(db)
    return compose_mail(
        delivery,
        matter,
        rooms.knowledge,
        domain=rooms.settings.mail_domain,
        publishers=names,
        links=make_links(rooms.settings, delivery),
    )


def send_delivery(rooms: Rooms, delivery: Delivery, now: datetime) -> bool:
    """Send one mail and log it; False where another run has sent it. Raises MailUnavailable.

    The log says `sending` before the server is spoken to: a process killed in between sends the same mail
    with the same Message-ID again, so a mail is never lost and a repeat is recognised.
    """
    mail = compose(rooms, delivery)
    with rooms.database.begin() as db:
        if not log_sending(db, mail, now, delivery.digest):
            return False
    try:
        refused = rooms.mailer.send(mail, delivery.alert.raised_at)
    except MailUnavailable as error:
        log = log_refused if isinstance(error, MailRefusedError) else log_failed
        with rooms.database.begin() as db:
            log(db, mail.message_id, now, str(error))
        raise
    with rooms.database.begin() as db:
        log_sent(db, mail.message_id, now, "；".join(f"{to}：{why}" for to, why in refused.items()))
    return True
