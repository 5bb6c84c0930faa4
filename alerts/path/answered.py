"""Answered: what somebody has answered before it went out needs no mail any more."""

from collections.abc import Sequence

from alerts.path import Held, PathContext
from alerts.path.answer import STATES, last_answer
from schemas.records import Alert, AlertState

_OPEN = {AlertState.RAISED, AlertState.SENT}


def hold_answered(alerts: Sequence[Alert], context: PathContext) -> tuple[list[Alert], list[Held]]:
    """Hold back each revision that a person's answer to a later one has settled.

    A warning that is over because nobody wrote of it any more was settled by nobody: it goes out.
    """
    going, held = list[Alert](), list[Held]()
    for alert in alerts:
        newest = context.newest.get(alert.id, alert)
        answer = last_answer(newest)
        is_settled = newest.state not in _OPEN and newest.revision > alert.revision
        if is_settled and answer is not None and answer not in alert.history:
            held.append(Held(alert, f"{STATES[newest.state]}（{answer.what}），不再发信"))
        else:
            going.append(alert)
    return going, held
