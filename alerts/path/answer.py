"""Answer: what somebody does with a warning, as its next revision."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.path.escalate import REOPENED, WOKEN
from alerts.wording import full_time, level_zh
from schemas.records import Alert, AlertState, Level, Step

# Whoever puts a warning off for longer has to acknowledge it and answer for it.
LONGEST_SNOOZE = timedelta(hours=24)


class Action(StrEnum):
    """What can be done with a warning."""

    ACKNOWLEDGE = "ack"
    SNOOZE = "snooze"
    CLOSE = "close"
    FALSE_ALARM = "false"
    REOPEN = "reopen"


WORDS = {
    Action.ACKNOWLEDGE: "签收",
    Action.SNOOZE: "稍后再报",
    Action.CLOSE: "办结",
    Action.FALSE_ALARM: "误报",
    Action.REOPEN: REOPENED,
}
STATES = {
    AlertState.RAISED: "未签收",
    AlertState.SENT: "未签收",
    AlertState.ACKNOWLEDGED: "已签收",
    AlertState.SNOOZED: "稍后再报",
    AlertState.CLOSED: "已办结",
    AlertState.FALSE_ALARM: "误报",
}
_NEXT = {
    Action.ACKNOWLEDGE: AlertState.ACKNOWLEDGED,
    Action.SNOOZE: AlertState.SNOOZED,
    Action.CLOSE: AlertState.CLOSED,
    Action.FALSE_ALARM: AlertState.FALSE_ALARM,
    Action.REOPEN: AlertState.RAISED,
}


class AnswerRefusedError(ValueError):
    """An answer that does not fit how the warning stands; its text is for the person who gave it."""


def allowed_actions(alert: Alert) -> tuple[Action, ...]:
    """What can be done with a warning as it stands."""
    if alert.state.is_over:
        return (Action.REOPEN,)
    barred = {Action.REOPEN}
    if alert.state == AlertState.ACKNOWLEDGED:
        barred |= {Action.ACKNOWLEDGE}
    if alert.level == Level.RED:
        barred |= {Action.SNOOZE}
    return tuple(action for action in Action if action not in barred)


def answer_alert(
    alert: Alert, action: Action, who: str, now: datetime, *, note: str = "", until: datetime | None = None
) -> Alert:
    """The next revision after somebody's answer. `note` is why or what was done, `until` the end of a snooze.

    Raises AnswerRefusedError where the answer does not fit: to a warning that is over, a snooze of a red one,
    a false alarm without a reason.
    """
    _check(alert, action, who, note)
    said = f"{WORDS[action]}：{who.strip()}"
    if action == Action.SNOOZE:
        said = f"{WORDS[action]}（到{full_time(_check_until(until, now))}）：{who.strip()}"
    answered = replace(
        alert,
        revision=alert.revision + 1,
        state=_NEXT[action],
        until=until if action == Action.SNOOZE else None,
        history=(*alert.history, Step(now, said, note.strip())),
    )
    if action != Action.REOPEN:
        return answered
    return replace(answered, raised_at=now, reason=f"{who.strip()}重新打开了本预警。{alert.reason}")


def wake_alert(alert: Alert, now: datetime) -> Alert | None:
    """The revision that tells a snoozed warning again; None while its time has not come."""
    if alert.state != AlertState.SNOOZED or (alert.until is not None and now < alert.until):
        return None
    return replace(
        alert,
        revision=alert.revision + 1,
        state=AlertState.RAISED,
        until=None,
        raised_at=now,
        reason=f"{WOKEN}，此事还没有办结。{alert.reason}",
        history=(*alert.history, Step(now, WOKEN)),
    )


def last_answer(alert: Alert) -> Step | None:
    """Who did what last: the latest step that is somebody's answer."""
    words = tuple(WORDS.values())
    said = (step for step in reversed(alert.history) if step.what.startswith(words) and "：" in step.what)
    return next(said, None)


def _check(alert: Alert, action: Action, who: str, note: str) -> None:
    if not who.strip():
        raise AnswerRefusedError("请写明是谁")
    if action not in allowed_actions(alert):
        last = last_answer(alert)
        by = "" if last is None else f"（{last.what}，{full_time(last.at)}）"
        line = f"{level_zh(alert.level)}预警现为“{STATES[alert.state]}”{by}，不能再{WORDS[action]}"
        raise AnswerRefusedError(line)
    if action == Action.FALSE_ALARM and not note.strip():
        raise AnswerRefusedError("误报要写明理由：为什么不是真的")


def _check_until(until: datetime | None, now: datetime) -> datetime:
    if until is None or not now < until <= now + LONGEST_SNOOZE:
        line = f"稍后再报要写明到什么时候，在 {LONGEST_SNOOZE // timedelta(hours=1)} 小时以内"
        raise AnswerRefusedError(line)
    return until
