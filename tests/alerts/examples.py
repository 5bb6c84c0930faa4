"""One gas leak in 柳浪社区 for the tests of path, mail and CAP: its posts, event, warning and update."""

from dataclasses import replace
from datetime import timedelta

from schemas.records import Alert, Event, Facts, Level, Place, Step
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
    history=(Step(START + timedelta(hours=6), "第1版 橙色（二级）", "reports=6"),),
)
UPDATE = replace(
    ALERT,
    revision=2,
    level=Level.RED,
    history=(*ALERT.history, Step(START, "第2版 红色（一级）", "reports=12")),
)
GROUP = DUTY.groups["tingdong_emergency"]
RULE = next(rule for rule in load_rules(duty=DUTY) if rule.name == "growth_hazard")
