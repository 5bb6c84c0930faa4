"""The alert path and the mail: sent once, threaded, readable, and nothing of a post runs as markup."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.path import Held, PathContext
from alerts.path.cap import A_GROUP_AND_HOUR
from alerts.path.group import OVERTAKEN, group_alerts
from alerts.path.send import plan_sending
from alerts.path.sentlog import drop_sent
from alerts.render.mail import make_message_id, render_mail
from schemas.records import Alert, AlertState, Event, Facts, Level, Place, Step
from schemas.rules.loader import load_rules
from schemas.taxonomy.duty import load_duty
from tests.nlp.classified import START, classified, titled

DUTY = load_duty()
PLACE = Place("柳浪社区", "990101001001", "community", 1.0, "云汀市/汀东区/柳浪街道/柳浪社区")
POSTS = [
    titled(
        classified(f"柳浪家园三栋闻到煤气味，头晕，第{n}次打电话没人来", hours=n, post_id=f"{n:024x}"),
        "煤气味很重",
    )
    for n in range(7)
]
EVENT = Event(
    id="e" * 24,
    title="柳浪家园三栋煤气味很重",
    post_ids=tuple(post.origin.id for post in POSTS),
    heat=7,
    reports=6,
    sources=("12345热线", "云汀论坛"),
    label="incident.gas_leak",
    place=PLACE,
    first_seen=START,
    last_seen=START + timedelta(hours=6),
    facts=Facts(injured=2),
    rumour=0.12,
    urgency="critical",
    authors=5,
)
ALERT = Alert(
    id="a" * 24,
    revision=1,
    group=EVENT.id,
    rule="growth_hazard",
    event_id=EVENT.id,
    level=Level.ORANGE,
    title=EVENT.title,
    reason="按规则“危及生命的险情有人报告”定为橙色（二级）：24 小时内有 6 件反映。依据信息编号：甲、乙。",
    post_ids=EVENT.post_ids,
    label=EVENT.label,
    place=PLACE,
    route="tingdong_emergency",
    raised_at=START + timedelta(hours=6),
    rumour=0.12,
    history=(Step(START, "第1版 橙色（二级）", "reports=6"),),
)
UPDATE = replace(
    ALERT,
    revision=2,
    level=Level.RED,
    history=(*ALERT.history, Step(START, "第2版 红色（一级）", "reports=12")),
)
GROUP = DUTY.groups["tingdong_emergency"]
RULE = next(rule for rule in load_rules(duty=DUTY) if rule.name == "growth_hazard")


def context(*sent: tuple[str, int]) -> PathContext:
    return PathContext(frozenset(sent), DUTY, START)


def test_sent_log_lets_a_newer_revision_through() -> None:
    assert drop_sent([ALERT, UPDATE], context((ALERT.id, 1)))[0] == [UPDATE]
    assert drop_sent([ALERT, UPDATE], context((ALERT.id, 2))) == ([], [Held(ALERT, OVERTAKEN)])


def test_of_one_alert_only_the_newest_goes_and_the_highest_first() -> None:
    other = replace(ALERT, id="b" * 24, level=Level.YELLOW)
    assert group_alerts([other, ALERT, UPDATE], context()) == ([UPDATE, other], [Held(ALERT, OVERTAKEN)])


def test_an_update_refers_to_the_mails_before() -> None:
    (delivery,) = plan_sending([ALERT, UPDATE], context((ALERT.id, 1)), "qianshao.example")
    assert delivery.alert == UPDATE
    assert delivery.previous == (make_message_id(ALERT.id, 1, "qianshao.example"),)
    assert delivery.group == GROUP


def test_planning_again_after_sending_plans_nothing() -> None:
    assert plan_sending([ALERT, UPDATE], context((UPDATE.id, 2)), "qianshao.example").deliveries == ()


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(KeyError):
        plan_sending([replace(ALERT, route="nobody")], context(), "qianshao.example")


def test_the_subject_tells_level_place_what_and_how_many() -> None:
    mail = render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE)
    assert (
        mail.subject
        == "【橙色（二级）预警】柳浪街道柳浪社区 燃气泄漏 7 条反映，受伤 2 人：柳浪家园三栋煤气味很重"
    )
    assert mail.to == GROUP.mails


@pytest.mark.parametrize("part", ["text", "html"])
def test_both_parts_carry_what_the_officer_needs(part: str) -> None:
    body = getattr(render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE), part)
    wanted = (
        "为什么是这一级", "24 小时内有 6 件反映", "受伤 2 人", "死亡、失联、被困人数", "谣言概率", "12 %",
        RULE.guide.splitlines()[0], GROUP.zh, ALERT.id, EVENT.id, POSTS[0].origin.id, "2026年4月1日 14:00",
    )  # fmt: skip
    assert [words for words in wanted if words not in body] == []


def test_five_posts_are_shown() -> None:
    text = render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE).text
    assert [post.origin.id in text for post in POSTS] == [True] * 5 + [False] * 2


def test_message_id_is_of_alert_and_revision_alone() -> None:
    once = render_mail(ALERT, EVENT, POSTS, GROUP, domain="qianshao.example")
    again = render_mail(ALERT, None, [], GROUP, domain="qianshao.example")
    assert once.message_id == again.message_id == f"<{ALERT.id}.1@qianshao.example>"


def test_an_update_says_so_and_keeps_the_thread() -> None:
    first = make_message_id(ALERT.id, 1, "qianshao.example")
    mail = render_mail(UPDATE, EVENT, POSTS, GROUP, previous=[first], domain="qianshao.example")
    assert mail.references == (first,)
    assert "红色（一级）预警·更新1" in mail.subject
    assert "第 2 版" in mail.text


def test_markup_in_a_post_stays_text() -> None:
    wild = titled(
        classified("<script>alert(1)</script> {{ 7*7 }}", post_id=POSTS[0].origin.id), "<b>煤气</b>"
    )
    mail = render_mail(ALERT, EVENT, [wild], GROUP)
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "<b>煤气</b>" not in mail.html
    assert "{{ 7*7 }}" in mail.text


def test_an_alert_without_event_or_place_renders() -> None:
    mail = render_mail(replace(ALERT, event_id=None, place=None), None, [], GROUP)
    assert "地点不明" in mail.subject
    assert "具体地点" in mail.text


def test_nothing_remote_is_loaded_by_the_html() -> None:
    html = render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE).html
    assert "http" not in html
    assert html.count("<img") == html.count('<img src="cid:') == 1


def many(count: int, level: Level = Level.YELLOW) -> list[Alert]:
    return [replace(ALERT, id=f"{n:024x}", group=f"{n}", level=level) for n in range(count)]


def test_more_than_a_group_can_read_in_an_hour_becomes_one_digest_and_nothing_is_lost() -> None:
    alerts = many(20)
    plan = plan_sending(alerts, context(), "qianshao.example")
    assert len(plan.deliveries) == A_GROUP_AND_HOUR
    told = [one for delivery in plan for one in (delivery.alert, *delivery.digest)]
    assert sorted(alert.id for alert in told) == sorted(alert.id for alert in alerts)
    mail = render_mail(plan.deliveries[-1].alert, None, [], GROUP, digest=plan.deliveries[-1].digest)
    assert all(alert.id in mail.text and alert.id in mail.html for alert in plan.deliveries[-1].digest)
    assert "另有 14 个预警汇总" in mail.subject


def test_a_full_hour_lets_red_through_and_the_rest_wait() -> None:
    full = replace(context(), recent={ALERT.route: A_GROUP_AND_HOUR})
    red = replace(ALERT, id="c" * 24, level=Level.RED)
    plan = plan_sending([*many(3), red], full, "qianshao.example")
    assert [delivery.alert for delivery in plan] == [red]
    assert len(plan.waiting) == 3


def test_what_joined_a_warning_is_held_with_a_reason_and_hides_no_rise() -> None:
    joined = replace(
        UPDATE,
        revision=3,
        history=(*UPDATE.history, Step(START, "并入：楼道煤气味（2 件）", "group=x reports=2")),
    )
    plan = plan_sending([UPDATE, joined], context((ALERT.id, 1)), "qianshao.example")
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
    plan = plan_sending([over], context(), "qianshao.example")
    assert len(plan.deliveries) == mails
    assert "预警解除】" in render_mail(over, EVENT, POSTS, GROUP).subject


def test_the_mail_says_until_when_to_acknowledge_and_shows_the_rise() -> None:
    mail = render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE)
    minutes = GROUP.acknowledge_minutes[ALERT.level]
    assert f"限 {minutes} 分钟" in mail.text
    ((name, picture),) = mail.images
    assert f"cid:{name}" in mail.html
    assert picture.startswith(b"\x89PNG")
    assert "每小时：4月1日 09 时 1 条" in mail.text
