"""Rebase: what the engine raised from an older revision, after people have answered in the meantime."""

from collections.abc import Sequence
from dataclasses import replace

from schemas.records import Alert, AlertState, Step

_ANSWERED = {AlertState.ACKNOWLEDGED, AlertState.SNOOZED, AlertState.CLOSED, AlertState.FALSE_ALARM}


def rebase_alerts(raised: Sequence[Alert], known: Alert | None) -> list[Alert]:
    """Revisions of one alert in their order, put after the newest revision that is known.

    The engine works on what it read when it began; whoever acknowledged, closed or was asked since then must
    not be overwritten. An answer holds unless the level rises: then it is asked for again.
    """
    if known is None or known.revision < raised[0].revision:
        return list(raised)
    base, rebased = known, list[Alert]()
    for alert in raised:
        base = _put_after(base, alert)
        rebased.append(base)
    return rebased


def _put_after(known: Alert, alert: Alert) -> Alert:
    revision = known.revision + 1
    rises = alert.level < known.level
    new = [_renumber(step, alert.revision, revision) for step in alert.history if step not in known.history]
    moved = replace(alert, revision=revision, route=known.route, history=(*known.history, *new))
    if alert.state.is_over or rises or known.state not in _ANSWERED:
        return moved
    return replace(moved, state=known.state, until=known.until)


def _renumber(step: Step, old: int, new: int) -> Step:
    return replace(step, what=step.what.replace(f"第{old}版", f"第{new}版", 1))
