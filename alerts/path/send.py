"""Send: who gets each alert, and under which Message-IDs it went before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.path import Held, PathContext, walk_path
from alerts.path.cap import cap_mails
from alerts.path.group import group_alerts
from alerts.path.inhibit import hold_quiet
from alerts.path.sentlog import drop_sent
from alerts.render.mail import make_message_id
from schemas.records import Alert
from schemas.taxonomy.duty import DutyGroup

STAGES = (drop_sent, hold_quiet, group_alerts)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail to be written: the alert, the group that answers, and the earlier mails of the same alert.

    `digest` are further alerts that the mail lists besides: once it is sent, they are told.
    """

    alert: Alert
    group: DutyGroup
    previous: tuple[str, ...]
    digest: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sent; `held` gets no mail of its own; `waiting` is left unsent until a later run."""

    deliveries: tuple[Delivery, ...]
    held: tuple[Held, ...] = ()
    waiting: tuple[Alert, ...] = ()

    def __iter__(self) -> Iterator[Delivery]:
        """The deliveries."""
        return iter(self.deliveries)


def plan_sending(alerts: Sequence[Alert], context: PathContext, domain: str) -> Plan:
    """The deliveries that are due. Raises KeyError for a route that names no duty group."""
    going, held = walk_path(STAGES, alerts, context)
    capped = cap_mails(going, context)
    mails = [(alert, ()) for alert in capped.single] + [(one[0], one[1:]) for one in capped.digests]
    return Plan(
        deliveries=tuple(_deliver(alert, digest, context, domain) for alert, digest in mails),
        held=tuple(held),
        waiting=capped.waiting,
    )


def _deliver(alert: Alert, digest: tuple[Alert, ...], context: PathContext, domain: str) -> Delivery:
    return Delivery(alert, context.duty.groups[alert.route], _earlier(alert, context, domain), digest)


def _earlier(alert: Alert, context: PathContext, domain: str) -> tuple[str, ...]:
    sent = sorted(revision for alert_id, revision in context.sent if alert_id == alert.id)
    return tuple(make_message_id(alert.id, revision, domain) for revision in sent)
