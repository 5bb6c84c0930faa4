"""Escalate: a warning that nobody acknowledged within its level's time goes one level up, and says why."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.wording import level_zh
from schemas.records import Alert, AlertState, Step
from schemas.taxonomy.duty import Duty

ESCALATED = "上报"


def find_escalations(alerts: Iterable[Alert], duty: Duty, now: datetime) -> list[Alert]:
    """The next revision of every warning that is overdue, in the order given: to the group one up, with the
    reason in its history. `alerts` are the newest revisions.

    The clock starts with the revision that the group got: after each step up the next group has its own time.
    At the top nobody is above: such a warning stays where it is. Raises KeyError for an unknown route.
    """
    raised = (_escalate(alert, duty, now) for alert in alerts if is_overdue(alert, duty, now))
    return [alert for alert in raised if alert is not None]


def is_overdue(alert: Alert, duty: Duty, now: datetime) -> bool:
    """Whether the group has let its time pass."""
    if alert.state not in {AlertState.RAISED, AlertState.SENT}:
        return False
    minutes = duty.groups[alert.route].acknowledge_minutes[alert.level]
    return now - waiting_since(alert) >= timedelta(minutes=minutes)


def waiting_since(alert: Alert) -> datetime:
    """Since when the group has been waited for: the first step that named it or its present level.

    An update at the same level does not start the clock anew, else a busy matter would never go up.
    """
    since = alert.raised_at
    for step in reversed(alert.history):
        if step.what.startswith(ESCALATED):
            return step.at
        if step.what.startswith("第"):
            if _level_of(step) != level_zh(alert.level):
                break
            since = step.at
    return since


def _level_of(step: Step) -> str:
    return step.what.partition(" ")[2]


def _escalate(alert: Alert, duty: Duty, now: datetime) -> Alert | None:
    group = duty.groups[alert.route]
    above = duty.parent(group)
    if above is None:
        return None
    minutes = group.acknowledge_minutes[alert.level]
    why = f"{group.zh}在{level_zh(alert.level)}规定的 {minutes} 分钟内没有签收"
    return replace(
        alert,
        revision=alert.revision + 1,
        route=above.name,
        reason=f"{why}，现报{above.zh}。{alert.reason}",
        raised_at=now,
        state=AlertState.RAISED,
        history=(*alert.history, Step(now, f"{ESCALATED}{above.zh}：{why}")),
    )
