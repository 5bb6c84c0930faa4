"""What a report counts: the posts of a period with their events, and the alerts as they stood at its end."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from schemas.codec import decode
from schemas.errors import Where
from schemas.records import Alert, ClassifiedPost
from stores.database.tables import alert_revisions, alerts, posts, quarantine


def posts_between(
    db: Connection, start: datetime, end: datetime
) -> Iterator[tuple[str | None, ClassifiedPost]]:
    """The posts from `start` up to and without `end`, each with the id of its event, in order of time."""
    query = select(posts.c.event_id, posts.c.document).where(posts.c.time >= start, posts.c.time < end)
    for row in db.execute(query.order_by(posts.c.time, posts.c.id).execution_options(yield_per=500)):
        yield row.event_id, decode(ClassifiedPost, row.document.encode(), Where("posts"))


def posts_of_sources(
    db: Connection, sources: Iterable[str], start: datetime, end: datetime
) -> list[ClassifiedPost]:
    """The posts of these sources from `start` up to and without `end`, in order of time."""
    ours = posts.c.source.in_(sorted(sources)) & (posts.c.time >= start) & (posts.c.time < end)
    query = select(posts.c.document).where(ours).order_by(posts.c.time, posts.c.id)
    return [decode(ClassifiedPost, row.document.encode(), Where("posts")) for row in db.execute(query)]


def alerts_at(db: Connection, moment: datetime, since: datetime) -> list[Alert]:
    """Each alert raised or changed from `since` on, or not over by now, as it stood before `moment`.

    That is the newest revision of which every step was taken by then.
    """
    state = alerts.c.state.not_in(("closed", "false_alarm"))
    wanted = select(alerts.c.id).where(state | (alerts.c.raised_at >= since))
    query = select(alert_revisions.c.alert_id, alert_revisions.c.document).where(
        alert_revisions.c.alert_id.in_(wanted), alert_revisions.c.raised_at < moment
    )
    newest: dict[str, Alert] = {}
    for row in db.execute(query.order_by(alert_revisions.c.alert_id, alert_revisions.c.revision)):
        alert = decode(Alert, row.document.encode(), Where("alerts"))
        if all(step.at < moment for step in alert.history):
            newest[row.alert_id] = alert
    return list(newest.values())


def quarantined_between(db: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """How many records went to quarantine in the period, by source."""
    query = select(quarantine.c.source, func.count().label("number")).where(
        quarantine.c.at >= start, quarantine.c.at < end
    )
    return {row.source: row.number for row in db.execute(query.group_by(quarantine.c.source))}
