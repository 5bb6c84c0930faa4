"""The kinds of condition: what each asks for, and that a restart changes nothing for any of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.engine import WarningEngine
from nlp.events import EventClusterer
from schemas.records import Alert, AlertState, ClassifiedPost, Facts, Heat, Label, Level, Place, Reading
from schemas.rules.loader import Quiet, Rule, load_rules
from schemas.rules.parts import Rung, Words
from schemas.rules.when import AllOf, AnyOf, Counts, Fact, FactRung, When
from schemas.rules.when_clock import Sensor, SensorRung, Silence
from schemas.rules.when_counts import Count, NewTerm, RumourSpreading, Shortage
from schemas.sensors import load_quantities
from schemas.taxonomy.duty import load_duty
from tests.nlp.classified import START, classified

DUTY = load_duty()
ESTATE = Place("柳浪家园", "990101001001E01", "estate", 1.0, "云汀市/汀东区/柳浪街道/柳浪社区/柳浪家园")
SCHOOL = Place("柳浪小学", "990101001F02", "firm", 1.0, "云汀市/汀东区/柳浪街道/荷花塘社区/柳浪小学")
FLOOD, LEVEL = "incident.flood", load_quantities()["water_level"]
TEMPLATE = replace(load_rules(duty=DUTY)[0], level=Level.BLUE, quiet=Quiet(("event",), 1), over_hours=72)


def rule(when: When, name: str = "any_of_example", **given: object) -> Rule:
    return replace(TEMPLATE, name=name, title=name, when=when, owner="route", **given)  # type: ignore[arg-type]


LIFT = Count(
    ("complaint.urban_rural",), ("estate", "street"), 24, posts=2, authors=2,
    words=Words(("电梯 困",), ("演练",)), ladder=(Rung(4, Level.YELLOW),),
)  # fmt: skip
ILL = Count(("incident.food_poisoning",), ("firm",), 24, posts=2, authors=2, kinds=("school",))
LACK = Shortage(("needs.shortage",), ("street",), 24, posts=2, authors=2, goods=("矿泉水",))
RUMOUR = RumourSpreading(("complaint.environment",), 24, probability=0.6, posts=3, authors=3)
TERM = NewTerm(("complaint.urban_rural",), ("everywhere",), 48, new_days=10, posts=2, authors=2)
SILENT = Silence(("incident.utility_failure",), "source", for_hours=24, least=3, stretches=3)
HIGH = Sensor((FLOOD,), LEVEL, 3.0, None, 2.5, readings=2, ladder=(SensorRung(4.0, Level.ORANGE),))
WET = Count((FLOOD,), ("estate",), 24, posts=2, authors=2)
EVERY = tuple(rule(when, f"rule_{n}") for n, when in enumerate((LIFT, ILL, LACK, RUMOUR, TERM, SILENT)))


class Bench:
    """Clusterer and engine on one clock."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        self.clusterer, self.engine = EventClusterer(), WarningEngine(rules, DUTY, DUTY.deployment)
        self.members: list[tuple[str, ClassifiedPost]] = []
        self.raised: list[Alert] = []

    def take(self, *posts: ClassifiedPost) -> list[Alert]:
        raised: list[Alert] = []
        for post in posts:
            event = self.clusterer.add(post)
            self.members.append((event.id, post))
            raised += self.engine.observe(post, event, post.origin.time)
        self.raised += raised
        return raised

    def tick(self, *hours: float) -> list[Alert]:
        raised = [alert for hour in hours for alert in self.engine.tick(START + timedelta(hours=hour))]
        self.raised += raised
        return raised

    def restarted(self) -> "Bench":
        other = Bench(*self.rules)
        for post, event in other.clusterer.recall(self.members):
            other.engine.recall(post, event)
        newest = {alert.group: alert for alert in self.raised}
        other.engine.restore(one for one in newest.values() if one.state != AlertState.CLOSED)
        other.members, other.raised = list(self.members), list(self.raised)
        return other


def say(text: str, hours: float = 0, place: Place = ESTATE, **given: object) -> ClassifiedPost:
    return classified(text, hours=hours, places=(place,), **{"complaint": "urban_rural", **given})  # type: ignore[arg-type]


def lacking(text: str, hours: float) -> ClassifiedPost:
    return replace(say(text, hours), needs=(Label("shortage", 0.9),))


def read(value: float, hours: float, station: str = "柳浪闸") -> Reading:
    at = START + timedelta(hours=hours)
    return Reading(station, "water_level", value, "m", at, ESTATE, "sensor")


def test_count_asks_for_words_people_and_one_place() -> None:
    bench = Bench(rule(LIFT))
    assert bench.take(say("电梯把人困住了"), say("三栋垃圾没人收", 1)) == []
    (alert,) = bench.take(say("三栋电梯又困人，老人在里面", 2))
    assert "2 件反映" in alert.reason
    assert alert.place is not None
    assert alert.place.name == "柳浪家园"
    assert Bench(rule(LIFT)).take(say("电梯困人演练顺利"), say("看了电梯困人的演练", 1)) == []
    assert Bench(rule(LIFT)).take(say("电梯困人", author="甲"), say("又电梯困人了", 1, author="甲")) == []


def test_count_climbs_and_forgets_what_left_the_window() -> None:
    texts = ("一单元电梯困人", "二单元电梯困住孩子", "保安说电梯困人两回", "电梯困人半小时没人来")
    assert Bench(rule(LIFT)).take(*(say(text, n) for n, text in enumerate(texts)))[-1].level == Level.YELLOW
    apart = [say(text, 30 * n) for n, text in enumerate(texts)]
    assert Bench(rule(LIFT)).take(*apart) == []


def test_count_at_schools_leaves_homes_out() -> None:
    sick = {"incident": "food_poisoning"}
    posts = [say("孩子上吐下泻", 0, SCHOOL, **sick), say("班里好几个呕吐", 1, SCHOOL, **sick)]
    assert len(Bench(rule(ILL)).take(*posts)) == 1
    assert Bench(rule(ILL)).take(*(replace(one, places=(ESTATE,)) for one in posts)) == []
    unlisted = Place("红星小学", None, "firm", 0.8, "云汀市/汀东区/红星小学")
    assert len(Bench(rule(ILL)).take(*(replace(one, places=(unlisted,)) for one in posts))) == 1


def test_shortage_names_the_goods() -> None:
    (alert,) = Bench(rule(LACK)).take(lacking("泡面没有了", 0), lacking("矿泉水一瓶都没有", 1))
    assert "物资短缺 2 条" in alert.reason
    assert "矿泉水" in alert.reason
    assert Bench(rule(LACK)).take(say("泡面没有了"), say("矿泉水一瓶都没有", 1)) == []


def test_a_rumour_is_a_warning_of_its_own_and_raises_nothing() -> None:
    text = "搅拌站有毒快转发，丽湖花苑混凝土搅拌站粉尘里有剧毒"
    posts = [say(f"{text}{n}", n, complaint="environment", rumour=0.9) for n in range(4)]
    died = Fact(("complaint.environment",), Counts(deaths=1))
    raised = Bench(rule(RUMOUR, "rumour"), rule(died, "died", level=Level.YELLOW)).take(
        *posts, say(f"{text}，死了1人", 5, complaint="environment", rumour=0.9, facts=Facts(deaths=1))
    )
    assert {alert.group.partition("|")[0] == "rumour" for alert in raised} == {True, False}
    assert {alert.level for alert in raised if alert.group.startswith("rumour")} == {Level.BLUE}
    assert {alert.route for alert in raised if alert.group.startswith("rumour")} == {"city_internet"}
    assert Bench(rule(RUMOUR)).take(*(replace(one, rumour=Label("not_rumour", 0.2)) for one in posts)) == []


def test_a_rumour_may_have_to_be_seen_by_many() -> None:
    seen = replace(RUMOUR, attention=500)
    posts = [say(f"搅拌站粉尘有剧毒快转发{n}", n, complaint="environment", rumour=0.9) for n in range(4)]
    assert Bench(rule(seen)).take(*posts) == []
    loud = [replace(one, clean=replace(one.clean, heat=Heat(reposts=200))) for one in posts]
    assert len(Bench(rule(seen)).take(*loud)) == 1


def test_a_term_is_new_only_where_nobody_used_it_in_any_class() -> None:
    ordinary = [say("楼道里堆着杂物没人管", 24 * day) for day in range(12)]
    names = [say("无人机掉进院子", 290), say("又有无人机撞窗户", 295)]
    (alert,) = Bench(rule(TERM)).take(*ordinary, *names)
    assert "10 天内没有人说过" in alert.reason
    heard = say("买的无人机退不了货", 200, complaint="commerce_tourism")
    assert Bench(rule(TERM)).take(*ordinary[:8], heard, *ordinary[9:], *names) == []
    assert Bench(rule(TERM)).take(*names) == []


def busy(days: int) -> list[ClassifiedPost]:
    return [say(f"第{day}天第{n}件路灯不亮", 24 * day + 3 * n) for day in range(days) for n in range(6)]


def test_silence_is_told_on_the_clock_and_ends_with_the_next_post() -> None:
    bench = Bench(rule(SILENT))
    bench.take(*busy(15))
    hours = range(15 * 24, 18 * 24)
    (alert,) = bench.tick(*hours)
    assert "24 小时没有新内容" in alert.reason
    assert alert.post_ids == ()
    bench.take(say("路灯又亮了", 18 * 24))
    (over,) = bench.tick(18 * 24 + 1)
    assert (over.id, over.state) == (alert.id, AlertState.CLOSED)
    assert "恢复" in over.reason


def test_a_quiet_source_may_be_silent() -> None:
    bench = Bench(rule(SILENT))
    bench.take(*busy(15)[::4])
    assert bench.tick(*range(15 * 24, 18 * 24)) == []


def test_a_sensor_climbs_falls_and_is_over_when_it_is_back() -> None:
    engine = WarningEngine([rule(HIGH, ease_hours=2)], DUTY, DUTY.deployment)
    values = (2.9, 3.1, 2.9, 3.2, 3.3, 4.1, 4.2)
    raised = [one for n, value in enumerate(values) for one in engine.observe_reading(read(value, n), START)]
    assert [alert.level for alert in raised] == [Level.BLUE, Level.ORANGE]
    engine.observe_reading(read(3.1, 8), START)
    engine.observe_reading(read(3.0, 9), START)
    (lower,) = engine.tick(START + timedelta(hours=10))
    assert (lower.level, lower.revision) == (Level.BLUE, 3)
    assert "降为" in lower.reason
    engine.observe_reading(read(2.7, 11), START)
    assert engine.tick(START + timedelta(hours=11)) == []
    engine.observe_reading(read(2.4, 12), START)
    (over,) = engine.tick(START + timedelta(hours=12))
    assert over.state == AlertState.CLOSED


def test_all_parts_must_hold_and_any_is_enough() -> None:
    both, either = rule(AllOf((WET, HIGH))), rule(AnyOf((WET, HIGH)))
    posts = (say("院子进水了", 3, incident="flood"), say("一楼全淹了", 4, incident="flood"))
    dry = Bench(both)
    assert dry.take(*posts) == []
    wet = Bench(both)
    for n, value in enumerate((3.1, 3.2)):
        assert wet.engine.observe_reading(read(value, n), START) == []
    (alert,) = wet.take(*posts)
    assert "水位" in alert.reason
    assert "2 件反映" in alert.reason
    assert len(Bench(either).take(*posts)) == 1
    first = Bench(both)
    assert first.take(*posts) == []
    for late in (first.restarted(), first):
        assert late.engine.observe_reading(read(3.1, 4.5), START + timedelta(hours=4.5)) == []
        (alert,) = late.engine.observe_reading(read(3.2, 5), START + timedelta(hours=5))
        assert "2 件反映" in alert.reason
    tardy = Bench(both)
    tardy.take(*posts)
    for n in (28.5, 29):  # the posts are of the day before: they speak of now no more
        assert tardy.engine.observe_reading(read(3.2, n), START + timedelta(hours=n)) == []
    assert len(Bench(either).engine.observe_reading(read(3.1, 0), START)) == 0


MANY = (
    *busy(13),
    *(say(f"{n}单元电梯困人了", 24 * 13 + n) for n in range(3)),
    *(lacking(f"{n}号楼矿泉水没有了", 24 * 13 + 5 + n) for n in range(3)),
    *(say(f"搅拌站粉尘有剧毒快转发{n}", 320 + n, complaint="environment", rumour=0.9) for n in range(4)),
    *(
        say(text, 326 + n, SCHOOL, incident="food_poisoning")
        for n, text in enumerate(("孩子上吐下泻", "班里好几个呕吐"))
    ),
    *(say(text, 330 + n) for n, text in enumerate(("无人机掉进院子", "又有无人机撞窗户"))),
)


@given(st.integers(0, len(MANY)), st.integers(0, len(MANY)))
@settings(max_examples=3, deadline=None)
def test_many_small_runs_are_one_long_run(one: int, other: int) -> None:
    first, second = sorted((one, other))
    whole = Bench(*EVERY)
    whole.take(*MANY)
    parts = Bench(*EVERY)
    parts.take(*MANY[:first])
    parts = parts.restarted()
    parts.take(*MANY[first:second])
    parts = parts.restarted()
    parts.take(*MANY[second:])
    hours = range(340, 400, 3)
    assert (parts.raised, parts.tick(*hours)) == (whole.raised, whole.tick(*hours))
    assert len({alert.rule for alert in whole.raised}) == len(EVERY)


GRAVE = rule(
    Fact(("complaint.environment",), Counts(deaths=1), (FactRung(Counts(deaths=3), Level.ORANGE),)),
    "fact_example",
    level=Level.YELLOW,
    ease_hours=24,
)


def dead(text: str, hours: float, deaths: int) -> ClassifiedPost:
    return say(f"搅拌站塌了，{text}", hours, complaint="environment", facts=Facts(deaths=deaths))


def test_corrected_facts_lower_a_warning_after_a_while_and_not_for_a_moment() -> None:
    bench = Bench(GRAVE)
    bench.take(dead("死了人", 0, 1), dead("听说死了三十个", 1, 30))
    assert bench.raised[-1].level == Level.ORANGE
    bench.take(dead("死亡一人", 2, 1), dead("官方说死亡一人", 3, 1))
    assert bench.tick(3) == []
    (lower,) = bench.tick(4)
    assert lower.level == Level.YELLOW
    assert "伤亡数字已更正，现为死亡 1 人" in lower.reason
    assert "由橙色（二级）降为黄色（三级）" in lower.reason


def test_what_ebbs_falls_one_level_at_a_time_and_rises_only_by_news() -> None:
    bench = Bench(GRAVE)
    bench.take(dead("死了三个", 0, 3))
    (lower,) = bench.tick(*range(1, 30))
    assert (lower.level, lower.history[-1].what.startswith("下调")) == (Level.YELLOW, True)
    assert bench.take(dead("还是死了三个人", 30, 3)) == []
    assert bench.take(dead("现在死了五个", 31, 5))[0].level == Level.ORANGE


def test_a_warning_that_was_lowered_is_over_at_the_same_time_as_any() -> None:
    bench = Bench(GRAVE)
    bench.take(dead("死了三个", 0, 3))
    *_, last = bench.tick(*range(1, 80))
    assert last.state == AlertState.CLOSED
    assert last.raised_at == START + timedelta(hours=72)


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_restart_remembers_what_was_lowered(cut: int) -> None:
    whole, parts = Bench(GRAVE), Bench(GRAVE)
    posts = (dead("死了人", 0, 1), dead("死了三个人", 1, 3))
    whole.take(*posts)
    parts.take(*posts[:cut])
    parts = parts.restarted()
    parts.take(*posts[cut:])
    assert parts.tick(*range(2, 40)) == whole.tick(*range(2, 40))
