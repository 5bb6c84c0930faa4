"""Escalation: nobody answered in time, so it goes one up, once for each group, and says why."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.path import PathContext
from alerts.path.escalate import find_escalations, is_with_deputies, waiting_since
from alerts.path.send import plan_sending
from schemas.records import Alert, AlertState, Level, Step
from tests.alerts.test_path_and_mail import ALERT, DUTY, GROUP

RAISED = replace(ALERT, history=(Step(ALERT.raised_at, "第1版 橙色（二级）", "reports=6"),))
MINUTES = timedelta(minutes=GROUP.acknowledge_minutes[Level.ORANGE])


def overdue(alert: Alert, now: datetime) -> list[Alert]:
    """What becomes of an alert whose every revision was mailed at once."""
    return find_escalations([alert], {alert.id: [waiting_since(alert)]}, DUTY, now)


def test_in_time_nothing_happens_and_afterwards_the_deputies_are_asked_with_the_reason() -> None:
    assert overdue(RAISED, ALERT.raised_at + MINUTES - timedelta(seconds=1)) == []
    (up,) = overdue(RAISED, ALERT.raised_at + MINUTES)
    assert (up.id, up.revision, up.route, up.level) == (ALERT.id, 2, ALERT.route, Level.ORANGE)
    assert up.reason.startswith(f"{GROUP.zh}值班人在橙色（二级）规定的")
    (delivery,) = plan_sending([up], PathContext({}, DUTY, up.raised_at))
    assert delivery.group.mails == GROUP.deputies


def test_after_the_deputies_it_goes_one_up_and_each_has_its_own_time() -> None:
    (asked,) = overdue(RAISED, ALERT.raised_at + MINUTES)
    assert overdue(asked, asked.raised_at + MINUTES - timedelta(seconds=1)) == []
    (up,) = overdue(asked, asked.raised_at + MINUTES)
    above = DUTY.parent(GROUP)
    assert above is not None
    assert up.route == above.name
    assert above.zh in up.history[-1].what
    assert "副班" in up.reason
    assert not is_with_deputies(up)


def test_an_update_while_the_deputies_are_asked_goes_to_both() -> None:
    (asked,) = overdue(RAISED, ALERT.raised_at + MINUTES)
    later = Step(asked.raised_at, "第3版 橙色（二级）")
    update = replace(asked, revision=3, history=(*asked.history, later))
    (delivery,) = plan_sending([update], PathContext({}, DUTY, asked.raised_at))
    assert delivery.group.mails == (*GROUP.mails, *GROUP.deputies)


def test_a_mail_that_did_not_arrive_starts_no_clock() -> None:
    late = ALERT.raised_at + timedelta(days=1)
    assert find_escalations([RAISED], {}, DUTY, late) == []
    stuck = ALERT.raised_at + timedelta(hours=23, minutes=50)
    assert find_escalations([RAISED], {RAISED.id: [stuck]}, DUTY, late) == []


@pytest.mark.parametrize(
    "state", [state for state in AlertState if state not in {AlertState.RAISED, AlertState.SENT}]
)
def test_who_answered_is_left_alone(state: AlertState) -> None:
    late = ALERT.raised_at + timedelta(days=9)
    assert overdue(replace(RAISED, state=state), late) == []


def test_it_climbs_group_by_group_and_stops_at_the_top() -> None:
    alert: Alert = RAISED
    seen, now = [alert.route], alert.raised_at
    for _ in range(10):
        now += timedelta(days=1)
        alert = next(iter(overdue(alert, now)), alert)
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
