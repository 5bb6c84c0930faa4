"""Sent-log: what was sent goes out no second time, nor does a revision older than one that was sent."""

from collections.abc import Sequence

from alerts.path import Held, PathContext
from alerts.path.group import OVERTAKEN
from schemas.records import Alert


def drop_sent(alerts: Sequence[Alert], context: PathContext) -> tuple[list[Alert], list[Held]]:
    """The alerts of which neither this revision nor a later one is in the sent-log."""
    latest: dict[str, int] = {}
    for alert_id, revision in context.sent:
        latest[alert_id] = max(revision, latest.get(alert_id, 0))
    going = [alert for alert in alerts if alert.revision > latest.get(alert.id, 0)]
    older = [alert for alert in alerts if alert.revision < latest.get(alert.id, 0)]
    return going, [Held(alert, OVERTAKEN) for alert in older]
