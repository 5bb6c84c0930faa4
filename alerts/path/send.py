"""Send: who gets each alert, and under which Message-IDs it went before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.path import Held, PathContext, Stage, walk_path
from alerts.path.answered import hold_answered
from alerts.path.cap import Letter, cap_mails
from alerts.path.escalate import DEPUTY, is_with_deputies
from alerts.path.group import group_alerts
from alerts.path.inhibit import hold_quiet
from alerts.path.night import hold_night
from alerts.path.sentlog import drop_sent
from alerts.path.silence import hold_silenced
from schemas.records import Alert
from schemas.taxonomy.duty import Duty, DutyGroup, OnCall

# In this order: a revision that only tells what has joined must not overtake the rise before it.
STAGES: tuple[Stage, ...] = (
    drop_sent,
    hold_answered,
    hold_quiet,
    group_alerts,
    hold_silenced,
    hold_night,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail to be written: the alert, the group that answers, and the earlier mails of the same alert.

    `group.mails` are those on call now, `why` says why they are. `digest` are further alerts that the mail
    lists besides: once it is sent, they are told.
    """

    alert: Alert
    group: DutyGroup
    previous: tuple[str, ...]
    digest: Letter = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sent; `held` gets no mail of its own; `waiting` is left unsent until a later run."""

    deliveries: tuple[Delivery, ...]
    held: tuple[Held, ...] = ()
    waiting: tuple[Held, ...] = ()

    def __iter__(self) -> Iterator[Delivery]:
        """The deliveries."""
        return iter(self.deliveries)


def plan_sending(alerts: Sequence[Alert], context: PathContext) -> Plan:
    """The deliveries that are due. Raises KeyError for a route that names no duty group."""
    going, held = walk_path(STAGES, alerts, context)
    capped = cap_mails(going, context)
    return Plan(
        deliveries=tuple(_deliver(letter, context) for letter in capped.letters),
        held=tuple(one for one in held if not one.waits),
        waiting=(*(one for one in held if one.waits), *capped.waiting),
    )


def find_on_call(alert: Alert, duty: Duty, now: datetime) -> OnCall:
    """Who is written to about a revision: those on call, once they have not answered their deputies, and of
    what comes after that both."""
    group = duty.groups[alert.route]
    first, deputies = group.on_call(now), group.on_call_deputies(now)
    if alert.history and alert.history[-1].what.startswith(DEPUTY):
        return deputies
    if is_with_deputies(alert):
        both = tuple(dict.fromkeys((*first.people, *deputies.people)))
        return OnCall(both, f"{first.why}，{deputies.why}")
    return first


def _deliver(letter: Letter, context: PathContext) -> Delivery:
    alert = letter[0]
    asked = [find_on_call(one, context.duty, context.now) for one in letter]
    people = tuple(dict.fromkeys(person for one in asked for person in one.people))
    group = replace(context.duty.groups[alert.route], mails=people)
    why = "；".join(dict.fromkeys(one.why for one in asked))
    return Delivery(alert, group, _earlier(alert, context), letter[1:], why)


def _earlier(alert: Alert, context: PathContext) -> tuple[str, ...]:
    told = sorted(key for key in context.sent if key[0] == alert.id)
    return tuple(dict.fromkeys(context.sent[key] for key in told))
