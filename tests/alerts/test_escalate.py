"""Escalation: nobody answered in time, so it goes one up, once for each group, and says why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.path.escalate import find_escalations, waiting_since
from schemas.records import Alert, AlertState, Level, Step
from tests.alerts.test_path_and_mail import ALERT, DUTY, GROUP

RAISED = replace(ALERT, history=(Step(ALERT.raised_at, "第1版 橙色（二级）", "reports=6"),))
MINUTES = timedelta(minutes=GROUP.acknowledge_minutes[Level.ORANGE])


def test_in_time_nothing_happens_and_afterwards_it_goes_one_up_with_the_reason() -> None:
    assert find_escalations([RAISED], DUTY, ALERT.raised_at + MINUTES - timedelta(seconds=1)) == []
    (up,) = find_escalations([RAISED], DUTY, ALERT.raised_at + MINUTES)
    above = DUTY.parent(GROUP)
    assert above is not None
    assert (up.id, up.revision, up.route, up.level) == (ALERT.id, 2, above.name, Level.ORANGE)
    assert up.reason.startswith(f"{GROUP.zh}在橙色（二级）规定的")
    assert above.zh in up.history[-1].what


@pytest.mark.parametrize("state", [AlertState.ACKNOWLEDGED, AlertState.CLOSED])
def test_who_answered_is_left_alone(state: AlertState) -> None:
    late = ALERT.raised_at + timedelta(days=9)
    assert find_escalations([replace(RAISED, state=state)], DUTY, late) == []


def test_it_climbs_group_by_group_and_stops_at_the_top() -> None:
    alert: Alert = RAISED
    seen, now = [alert.route], alert.raised_at
    for _ in range(10):
        now += timedelta(days=1)
        alert = next(iter(find_escalations([alert], DUTY, now)), alert)
        seen += [alert.route] if alert.route not in seen else []
    assert len(seen) > 1
    assert DUTY.groups[seen[-1]].parent is None


def test_an_update_at_the_same_level_does_not_start_the_clock_anew() -> None:
    later = ALERT.raised_at + timedelta(minutes=5)
    update = replace(
        RAISED, revision=2, raised_at=later, history=(*RAISED.history, Step(later, "第2版 橙色（二级）"))
    )
    assert waiting_since(update) == ALERT.raised_at
    risen = replace(update, level=Level.RED, history=(*RAISED.history, Step(later, "第2版 红色（一级）")))
    assert waiting_since(risen) == later
