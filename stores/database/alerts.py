"""Alerts in the state with every revision, and the log of what was mailed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, select, update

from schemas.codec import decode, encode
from schemas.errors import Where
from schemas.records import Alert, AlertState, Mail
from stores.database.tables import alert_revisions, alerts, sent_log
from stores.database.upsert import Row, in_batches, insert_new, plain_text, upsert

SENDING, SENT, FAILED, SKIPPED = "sending", "sent", "failed", "skipped"
# A mail that the server has said no to for good: it has told nobody, and may be written anew.
REFUSED = "refused"
# A revision that another alert's mail has told.
TOLD = "told"
_TOLD_KEY = "told:"


@dataclass(frozen=True, slots=True)
class SentMail:
    """One line of the sent-log. `state` is sending, sent, failed, refused, told or skipped; `note` is the
    last failure or the reason, and of what a digest tells the Message-ID of that mail."""

    message_id: str
    alert_id: str
    revision: int
    to: tuple[str, ...]
    state: str
    attempts: int
    at: datetime
    note: str


def save_alert(db: Connection, alert: Alert) -> bool:
    """Keep an alert and this revision of it; True when anything changed. An older revision is kept as
    history and does not replace a newer one."""
    document = encode(alert).decode()
    revision: Row = {
        "alert_id": alert.id,
        "revision": alert.revision,
        "raised_at": alert.raised_at,
        "document": document,
    }
    upsert(db, alert_revisions, [revision])
    return upsert(db, alerts, [_row(alert, document)], newer="revision", versioned=True) > 0


def open_alerts(db: Connection) -> list[Alert]:
    """The alerts that are not over, oldest first, each in its newest revision."""
    over = [state.value for state in AlertState if state.is_over]
    query = select(alerts.c.document).where(alerts.c.state.not_in(over))
    return [
        _read(document) for document in db.execute(query.order_by(alerts.c.raised_at, alerts.c.id)).scalars()
    ]


def alerts_since(db: Connection, time: datetime) -> Iterator[Alert]:
    """The alerts raised at or after `time`, oldest first, closed ones too."""
    query = select(alerts.c.document).where(alerts.c.raised_at >= time)
    for document in db.execute(query.order_by(alerts.c.raised_at, alerts.c.id)).scalars():
        yield _read(document)


def alerts_by_id(db: Connection, ids: Iterable[str]) -> dict[str, Alert]:
    """The alerts with these ids, each in its newest revision; an unknown id is left out."""
    found: dict[str, Alert] = {}
    for batch in in_batches(ids):
        query = select(alerts.c.id, alerts.c.document).where(alerts.c.id.in_(batch))
        found.update((row.id, _read(row.document)) for row in db.execute(query))
    return found


def count_by_rule(db: Connection) -> dict[str, tuple[int, int]]:
    """How many alerts each rule has raised, and how many of them were false alarms."""
    counts: dict[str, tuple[int, int]] = {}
    for document in db.execute(select(alerts.c.document)).scalars():
        alert = _read(document)
        total, false = counts.get(alert.rule, (0, 0))
        counts[alert.rule] = (total + 1, false + (alert.state == AlertState.FALSE_ALARM))
    return counts


def lock_alerts(db: Connection, ids: Iterable[str]) -> dict[str, Alert]:
    """The same as `alerts_by_id`, and nobody else changes them before this transaction ends."""
    found: dict[str, Alert] = {}
    for batch in in_batches(sorted(set(ids))):
        query = select(alerts.c.id, alerts.c.document).where(alerts.c.id.in_(batch))
        rows = db.execute(query.order_by(alerts.c.id).with_for_update())
        found.update((row.id, _read(row.document)) for row in rows)
    return found


def alerts_like(db: Connection, key: str) -> list[Alert]:
    """The alerts whose id begins so, those that are over too; the newest first."""
    query = select(alerts.c.document).where(alerts.c.id.startswith(key, autoescape=True))
    return [_read(document) for document in db.execute(query.order_by(alerts.c.raised_at.desc())).scalars()]


def alert_history(db: Connection, alert_id: str) -> list[Alert]:
    """Every revision of one alert, first to last."""
    query = select(alert_revisions.c.document).where(alert_revisions.c.alert_id == alert_id)
    return [_read(document) for document in db.execute(query.order_by(alert_revisions.c.revision)).scalars()]


def unsent_alerts(db: Connection) -> list[Alert]:
    """The revisions that still have to go out, in the order they were raised.

    Unsent is a revision that is not in the sent-log as sent, told or skipped: a process killed between the
    server's yes and our note sends again, under the same Message-ID.
    """
    same = and_(
        sent_log.c.alert_id == alert_revisions.c.alert_id, sent_log.c.revision == alert_revisions.c.revision
    )
    done = exists().where(same, sent_log.c.state.in_([SENT, TOLD, SKIPPED]))
    query = select(alert_revisions.c.document).where(~done)
    order = (alert_revisions.c.raised_at, alert_revisions.c.alert_id, alert_revisions.c.revision)
    return [_read(document) for document in db.execute(query.order_by(*order)).scalars()]


def log_sending(db: Connection, mail: Mail, at: datetime, digest: Iterable[Alert] = ()) -> bool:
    """Note that a mail is about to be sent, and which further revisions it tells; False when it went out
    before and must not go again.

    To be committed before the server is spoken to, so that a crash leaves a trace.
    """
    insert_new(db, sent_log, [_mail_row(mail, at)])
    begun = (
        update(sent_log)
        .where(sent_log.c.message_id == mail.message_id, sent_log.c.state.in_([SENDING, FAILED, REFUSED]))
        .values(state=SENDING, attempts=sent_log.c.attempts + 1, at=at)
    )
    members: list[Row] = [
        {**_log_row(_told_key(alert), alert.id, alert.revision, at), "note": mail.message_id}
        for alert in digest
    ]
    insert_new(db, sent_log, members)
    return db.execute(begun).rowcount > 0


def log_sent(db: Connection, message_id: str, at: datetime, note: str = "") -> None:
    """Note that the server took a mail, which tells all that it lists; `note` names recipients it refused."""
    _close(db, message_id, SENT, at, note)
    members = (sent_log.c.note == message_id) & (sent_log.c.state == SENDING)
    db.execute(update(sent_log).where(members).values(state=TOLD, at=at))


def log_failed(db: Connection, message_id: str, at: datetime, reason: str) -> None:
    """Note that a mail was not taken; its alert stays unsent."""
    _close(db, message_id, FAILED, at, reason)


def log_refused(db: Connection, message_id: str, at: datetime, reason: str) -> None:
    """Note that the server will not take a mail; what it lists is free for other mails."""
    _close(db, message_id, REFUSED, at, reason)
    members = (sent_log.c.note == message_id) & (sent_log.c.state == SENDING)
    db.execute(delete(sent_log).where(members))


def log_skipped(db: Connection, alert: Alert, at: datetime, reason: str) -> None:
    """Note that a revision goes to nobody, such as one a higher alert inhibits; it is no longer unsent."""
    row = _log_row(f"skipped:{alert.id}:{alert.revision}", alert.id, alert.revision, at)
    insert_new(db, sent_log, [{**row, "state": SKIPPED, "note": plain_text(reason)}])


def begun_mails(db: Connection) -> list[tuple[SentMail, Alert, tuple[Alert, ...]]]:
    """The mails that were begun and are not known to be taken, each with its revision and with what else it
    tells, oldest first.

    The server may have taken such a mail before the line or the process was cut; only the very same mail
    under the same Message-ID may follow it.
    """
    begun = [mail for mail in sent_mails(db) if mail.state in {SENDING, FAILED}]
    own = [mail for mail in begun if not mail.message_id.startswith(_TOLD_KEY)]
    return [(mail, _revision(db, mail), _members(db, mail, begun)) for mail in own]


def _members(db: Connection, mail: SentMail, begun: list[SentMail]) -> tuple[Alert, ...]:
    return tuple(_revision(db, one) for one in begun if one.note == mail.message_id)


def _revision(db: Connection, mail: SentMail) -> Alert:
    key = (alert_revisions.c.alert_id == mail.alert_id) & (alert_revisions.c.revision == mail.revision)
    return _read(db.execute(select(alert_revisions.c.document).where(key)).scalar_one())


def sent_mails(db: Connection, alert_id: str | None = None) -> list[SentMail]:
    """The sent-log, oldest first; of one alert or of all."""
    query = select(sent_log).order_by(sent_log.c.at, sent_log.c.message_id)
    if alert_id is not None:
        query = query.where(sent_log.c.alert_id == alert_id)
    return [
        SentMail(
            row.message_id,
            row.alert_id,
            row.revision,
            tuple(filter(None, row.to.split("\n"))),
            row.state,
            row.attempts,
            row.at,
            row.note,
        )
        for row in db.execute(query)
    ]


def _close(db: Connection, message_id: str, state: str, at: datetime, note: str) -> None:
    closed = (
        update(sent_log)
        .where(sent_log.c.message_id == message_id)
        .values(state=state, at=at, note=plain_text(note))
    )
    if db.execute(closed).rowcount != 1:
        raise LookupError(message_id)


def _read(document: str) -> Alert:
    return decode(Alert, document.encode(), Where("alerts"))


def _row(alert: Alert, document: str) -> Row:
    return {
        "id": alert.id,
        "revision": alert.revision,
        "group": plain_text(alert.group),
        "event_id": alert.event_id,
        "level": int(alert.level),
        "state": alert.state.value,
        "raised_at": alert.raised_at,
        "document": document,
    }


def _log_row(message_id: str, alert_id: str, revision: int, at: datetime) -> dict[str, object]:
    return {
        "message_id": message_id,
        "alert_id": alert_id,
        "revision": revision,
        "to": "",
        "state": SENDING,
        "attempts": 0,
        "at": at,
        "note": "",
    }


def _told_key(alert: Alert) -> str:
    return f"{_TOLD_KEY}{alert.id}:{alert.revision}"


def _mail_row(mail: Mail, at: datetime) -> Row:
    return {**_log_row(mail.message_id, mail.alert_id, mail.revision, at), "to": "\n".join(mail.to)}
