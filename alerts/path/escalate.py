"""Escalate: a warning nobody acknowledged in its level's time goes to the deputies, then one group up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.wording import level_zh
from schemas.records import Alert, AlertState, Step
from schemas.taxonomy.duty import Duty

DEPUTY = "转副班"
ESCALATED = "上报"
WOKEN = "稍后再报时间已到"
REOPENED = "重新打开"
# Each of these asks somebody anew, who then has the level's whole time.
_ASKED_ANEW = (DEPUTY, ESCALATED, WOKEN, REOPENED)


def find_escalations(
    alerts: Iterable[Alert], told: Mapping[str, Sequence[datetime]], duty: Duty, now: datetime
) -> list[Alert]:
    """The next revision of every warning that is overdue, in the order given: first to the deputies of its
    group, then to the group one up, with the reason in its history. `alerts` are the newest revisions, `told`
    when the mails of each were taken by the server.

    At the top, once its deputies have been asked, nobody is left: such a warning stays where it is. Raises
    KeyError for an unknown route.
    """
    overdue = (alert for alert in alerts if is_overdue(alert, told.get(alert.id, ()), duty, now))
    raised = (_escalate(alert, duty, now) for alert in overdue)
    return [alert for alert in raised if alert is not None]


def is_overdue(alert: Alert, told: Sequence[datetime], duty: Duty, now: datetime) -> bool:
    """Whether those asked have had a mail for the whole of their time: one that was stuck starts no clock."""
    if alert.state not in {AlertState.RAISED, AlertState.SENT}:
        return False
    since = waiting_since(alert)
    arrived = min((at for at in told if at >= since), default=None)
    minutes = duty.groups[alert.route].acknowledge_minutes[alert.level]
    return arrived is not None and now - arrived >= timedelta(minutes=minutes)


def waiting_since(alert: Alert) -> datetime:
    """Since when an answer has been waited for: the latest step that asked somebody anew, or the first at the
    present level.

    An update at the same level does not start the clock anew, else a busy matter would never go up.
    """
    since = alert.raised_at
    for step in reversed(alert.history):
        if step.what.startswith(_ASKED_ANEW):
            return step.at
        if step.what.startswith("第"):
            if _level_of(step) != level_zh(alert.level):
                break
            since = step.at
    return since


def is_with_deputies(alert: Alert) -> bool:
    """Whether the deputies of the present group have been asked already."""
    for step in reversed(alert.history):
        if step.what.startswith((DEPUTY, ESCALATED)):
            return step.what.startswith(DEPUTY)
    return False


def _level_of(step: Step) -> str:
    return step.what.partition(" ")[2]


def _escalate(alert: Alert, duty: Duty, now: datetime) -> Alert | None:
    group = duty.groups[alert.route]
    minutes = f"{level_zh(alert.level)}规定的 {group.acknowledge_minutes[alert.level]} 分钟内"
    if not is_with_deputies(alert):
        why = f"{group.zh}值班人在{minutes}没有签收"
        return _ask(alert, alert.route, f"{DEPUTY}：{why}", f"{why}，现转副班。", now)
    above = duty.parent(group)
    if above is None:
        return None
    why = f"{group.zh}值班人和副班在{minutes}都没有签收"
    return _ask(alert, above.name, f"{ESCALATED}{above.zh}：{why}", f"{why}，现报{above.zh}。", now)


def _ask(alert: Alert, route: str, what: str, why: str, now: datetime) -> Alert:
    return replace(
        alert,
        revision=alert.revision + 1,
        route=route,
        reason=f"{why}{alert.reason}",
        raised_at=now,
        state=AlertState.RAISED,
        history=(*alert.history, Step(now, what)),
    )
