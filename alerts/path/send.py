"""Send: who gets each alert, and under which Message-IDs it went before."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.path import PathContext, walk_path
from alerts.path.group import group_alerts
from alerts.path.sentlog import drop_sent
from alerts.render.mail import make_message_id
from schemas.records import Alert
from schemas.taxonomy.duty import DutyGroup

STAGES = (drop_sent, group_alerts)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail to be written: the alert, the group that answers, and the earlier mails of the same alert."""

    alert: Alert
    group: DutyGroup
    previous: tuple[str, ...]


def plan_sending(alerts: Sequence[Alert], context: PathContext, domain: str) -> list[Delivery]:
    """The deliveries that are due. Raises KeyError for a route that names no duty group."""
    return [
        Delivery(alert, context.duty.groups[alert.route], _earlier(alert, context, domain))
        for alert in walk_path(STAGES, alerts, context)
    ]


def _earlier(alert: Alert, context: PathContext, domain: str) -> tuple[str, ...]:
    sent = sorted(revision for alert_id, revision in context.sent if alert_id == alert.id)
    return tuple(make_message_id(alert.id, revision, domain) for revision in sent)
