"""The alert path: sent once, threaded, the gravest first, no more mails than a group can read."""

from dataclasses import replace

import pytest

from alerts.path import A_GROUP_AND_HOUR, Held, PathContext
from alerts.path.group import OVERTAKEN, group_alerts
from alerts.path.send import plan_sending
from alerts.path.sentlog import drop_sent
from alerts.render.mail import make_message_id, render_mail
from alerts.wording import LEVELS
from schemas.records import Alert, AlertState, Level, Step
from tests.alerts.examples import ALERT, DUTY, EVENT, GROUP, POSTS, UPDATE
from tests.nlp.classified import START


def context(*sent: tuple[str, int]) -> PathContext:
    return PathContext({key: make_message_id(*key, "qianshao.example") for key in sent}, DUTY, START)


def test_sent_log_lets_a_newer_revision_through() -> None:
    assert drop_sent([ALERT, UPDATE], context((ALERT.id, 1)))[0] == [UPDATE]
    assert drop_sent([ALERT, UPDATE], context((ALERT.id, 2))) == ([], [Held(ALERT, OVERTAKEN)])


def test_of_one_alert_only_the_newest_goes_and_the_highest_first() -> None:
    other = replace(ALERT, id="b" * 24, level=Level.YELLOW)
    assert group_alerts([other, ALERT, UPDATE], context()) == ([UPDATE, other], [Held(ALERT, OVERTAKEN)])


def test_an_update_refers_to_the_mails_before() -> None:
    (delivery,) = plan_sending([ALERT, UPDATE], context((ALERT.id, 1)))
    assert delivery.alert == UPDATE
    assert delivery.previous == (make_message_id(ALERT.id, 1, "qianshao.example"),)
    assert delivery.group == GROUP


def test_planning_again_after_sending_plans_nothing() -> None:
    assert plan_sending([ALERT, UPDATE], context((UPDATE.id, 2))).deliveries == ()


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(KeyError):
        plan_sending([replace(ALERT, route="nobody")], context())


def many(count: int, level: Level = Level.YELLOW) -> list[Alert]:
    return [replace(ALERT, id=f"{n:024x}", group=f"{n}", level=level) for n in range(count)]


def test_more_than_a_group_can_read_in_an_hour_becomes_one_digest_and_nothing_is_lost() -> None:
    alerts = many(20)
    plan = plan_sending(alerts, context())
    assert len(plan.deliveries) == A_GROUP_AND_HOUR
    told = [one for delivery in plan for one in (delivery.alert, *delivery.digest)]
    assert sorted(alert.id for alert in told) == sorted(alert.id for alert in alerts)
    last = plan.deliveries[-1]
    mail = render_mail(last.alert, None, [], GROUP, digest=last.digest)
    assert all(one.id in mail.text and one.id in mail.html for one in (last.alert, *last.digest))
    assert mail.subject.startswith("【汇总】15个预警 黄15")


def test_a_full_hour_lets_red_through_and_the_rest_wait() -> None:
    full = replace(context(), recent={ALERT.route: A_GROUP_AND_HOUR})
    red = replace(ALERT, id="c" * 24, level=Level.RED)
    plan = plan_sending([*many(3), red], full)
    assert [delivery.alert for delivery in plan] == [red]
    assert len(plan.waiting) == 3


def test_what_joined_a_warning_is_held_with_a_reason_and_hides_no_rise() -> None:
    joined = replace(
        UPDATE,
        revision=3,
        history=(*UPDATE.history, Step(START, "并入：楼道煤气味（2 件）", "group=x reports=2")),
    )
    plan = plan_sending([UPDATE, joined], context((ALERT.id, 1)))
    assert [delivery.alert for delivery in plan] == [UPDATE]
    assert [held.alert for held in plan.held] == [joined]
    assert "并入" in plan.held[0].reason


@pytest.mark.parametrize(
    ("level", "mails"), [(Level.RED, 1), (Level.ORANGE, 1), (Level.YELLOW, 0), (Level.BLUE, 0)]
)
def test_the_all_clear_is_mailed_for_orange_and_red_only(level: Level, mails: int) -> None:
    over = replace(
        UPDATE, level=level, state=AlertState.CLOSED, history=(Step(START, "解除：3 天没有新的反映"),)
    )
    plan = plan_sending([over], context())
    assert len(plan.deliveries) == mails
    assert render_mail(over, EVENT, POSTS, GROUP).subject.startswith(f"【{LEVELS[level]}解除】")
