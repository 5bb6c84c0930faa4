"""The engine: one matter, one warning that can rise; no storm; nothing lost over a restart."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.engine import WarningEngine
from nlp.events import EventClusterer
from schemas.records import Alert, AlertState, ClassifiedPost, Event, Facts, Level, Place
from schemas.rules.loader import Quiet, Rule, load_rules
from schemas.rules.parts import Rung
from schemas.rules.when import Burst, Counts, Fact, FactRung, Growth
from schemas.taxonomy.duty import load_duty
from tests.nlp.classified import START, classified

DUTY = load_duty()
PLACE = Place("柳浪社区", "990101001001", "community", 1.0, "云汀市/汀东区/柳浪街道/柳浪社区")
SENTENCES = (
    "丽湖花苑旁边的混凝土搅拌站半夜施工，噪音大得睡不着，粉尘飘进阳台",
    "混凝土搅拌站离丽湖花苑太近，灰尘和噪音天天扰民，请环保部门查处",
    "丽湖花苑业主投诉隔壁搅拌站粉尘污染，夜里噪音不断",
    "搅拌站又开工了，丽湖花苑整栋楼都是灰，噪音刺耳",
    "请查处丽湖花苑旁的混凝土搅拌站，粉尘噪音影响孩子上网课",
    "搅拌站的粉尘落满丽湖花苑的车，噪音从早到晚",
    "丽湖花苑搅拌站半夜还在打混凝土，噪音粉尘没人管",
    "丽湖花苑门口混凝土搅拌站的噪音和粉尘什么时候能停",
)
TEMPLATE = load_rules(duty=DUTY)[0]
GROWTH = replace(
    TEMPLATE,
    name="growth_example",
    title="多人反映",
    level=Level.BLUE,
    owner="route",
    when=Growth(
        ("complaint.environment",), reports=2, window_hours=720, authors=2, ladder=(Rung(4, Level.YELLOW),)
    ),
    quiet=Quiet(("event",), 24),
)
FACT = replace(
    TEMPLATE,
    name="fact_example",
    title="有人伤亡",
    level=Level.YELLOW,
    owner="route",
    when=Fact(("complaint.environment",), Counts(deaths=1), (FactRung(Counts(deaths=3), Level.ORANGE),)),
    quiet=Quiet(("event",), 24),
)
BURST = replace(
    TEMPLATE,
    name="burst_example",
    title="突增",
    level=Level.BLUE,
    owner="route",
    when=Burst(("complaint.environment",), ("street",), 24, 0.001, 5),
    quiet=Quiet(("place", "label"), 24),
)


class Bench:
    """Clusterer and engine together, with every alert raised so far."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        self.clusterer = EventClusterer()
        self.engine = WarningEngine(rules, DUTY, DUTY.deployment)
        self.raised: list[Alert] = []
        self.members: list[tuple[str, ClassifiedPost]] = []

    def take(self, posts: Iterable[ClassifiedPost]) -> list[Alert]:
        """The alerts that these posts raise."""
        raised: list[Alert] = []
        for post in posts:
            event = self.clusterer.add(post)
            self.members.append((event.id, post))
            raised += self.engine.observe(post, event, post.origin.time)
        self.raised += raised
        return raised

    def restarted(self) -> "Bench":
        """A new bench with the state of this one."""
        other = Bench(*self.rules)
        for post, event in other.clusterer.recall(self.members):
            other.engine.recall(post, event)
        newest = {alert.group: alert for alert in self.raised}
        other.engine.restore(newest.values())
        other.members = list(self.members)
        return other


def posts(count: int, *, start: float = 0, every: float = 6, **given: object) -> list[ClassifiedPost]:
    return [
        classified(SENTENCES[n % len(SENTENCES)], hours=start + n * every, places=(PLACE,), **given)  # type: ignore[arg-type]
        for n in range(count)
    ]


def test_growth_raises_once_and_rises_on_the_ladder() -> None:
    raised = Bench(GROWTH).take(posts(4))
    assert [(alert.level, alert.revision) for alert in raised] == [(Level.BLUE, 1), (Level.YELLOW, 2)]
    assert len({alert.id for alert in raised}) == 1


def test_a_warning_says_why_with_numbers_and_ids() -> None:
    alert = Bench(GROWTH).take(posts(2))[0]
    assert "2 件反映" in alert.reason
    assert "来自 2 人" in alert.reason
    assert all(post_id in alert.reason for post_id in alert.post_ids)
    assert alert.route == DUTY.route(PLACE, "complaint.environment").name


def test_nothing_found_is_valid() -> None:
    assert Bench(GROWTH, FACT, BURST).take([classified("请问公园几点开门", complaint="other")]) == []


def test_one_person_is_no_crowd() -> None:
    assert Bench(GROWTH).take(posts(6, author="同一个人")) == []


def test_copies_passed_on_are_heat_and_count_twice_at_most() -> None:
    copies = [classified(SENTENCES[0], hours=n, places=(PLACE,), post_id=f"copy{n}") for n in range(50)]
    assert [alert.level for alert in Bench(GROWTH).take(copies)] == [Level.BLUE]


def test_several_rules_give_one_alert_with_all_reasons() -> None:
    stream = [*posts(1), *posts(1, start=1, facts=Facts(deaths=1))]
    stream[1] = replace(stream[1], words=posts(2)[1].words)
    raised = Bench(GROWTH, FACT).take(stream)
    assert len(raised) == 1
    assert raised[0].level == Level.YELLOW
    assert "有人伤亡" in raised[0].reason
    assert "多人反映" in raised[0].reason


def test_more_casualties_are_told_and_rumour_changes_no_level() -> None:
    bench = Bench(FACT)
    first = bench.take(posts(1, facts=Facts(deaths=1), rumour=0.97))
    worse = bench.take([classified(SENTENCES[1], hours=2, places=(PLACE,), facts=Facts(deaths=3))])
    assert [alert.level for alert in (*first, *worse)] == [Level.YELLOW, Level.ORANGE]
    assert first[0].rumour == pytest.approx(0.97)


def test_the_same_level_waits_for_the_quiet_time_and_then_is_told() -> None:
    bench = Bench(replace(GROWTH, when=replace(GROWTH.when, ladder=())))
    raised = bench.take(posts(8, every=1))
    assert [alert.revision for alert in raised] == [1]
    assert bench.engine.tick(START + timedelta(hours=20)) == []
    late = bench.engine.tick(START + timedelta(hours=26))
    assert [alert.revision for alert in late] == [2]
    assert bench.engine.tick(START + timedelta(hours=27)) == []


def test_a_long_growth_does_not_storm() -> None:
    many = [
        classified(f"{SENTENCES[n % 8]}，我是{n}号楼的住户，门牌{n * 7}", hours=n / 4, places=(PLACE,))
        for n in range(200)
    ]
    assert len(Bench(GROWTH).take(many)) <= 8


def test_a_burst_needs_a_history_and_is_told_at_its_street() -> None:
    ordinary = [
        classified(f"柳浪社区第{day}天有人乱扔垃圾，味道很大", hours=24 * day, places=(PLACE,))
        for day in range(14)
    ]
    bench = Bench(BURST)
    assert bench.take(ordinary) == []
    day = 24 * 14
    words = ("河水发黑", "工厂冒烟", "夜里打桩", "餐馆油烟", "垃圾没清", "下水道臭", "焚烧秸秆", "音响吵人")
    rush = [classified(f"{word}，请来看看", hours=day + n, places=(PLACE,)) for n, word in enumerate(words)]
    raised = bench.take(rush)
    assert raised
    assert raised[0].place is not None
    assert raised[0].place.name == "柳浪街道"
    assert "平常约" in raised[0].reason


def test_a_budget_holds_back_what_is_ordinary_here() -> None:
    def crowd(number: int) -> list[ClassifiedPost]:
        name = chr(0x4E00 + 97 * number) + chr(0x5000 + 131 * number) + chr(0x6000 + 77 * number)
        texts = (
            f"{name}小区{name}电梯坏了",
            f"{name}电梯又停了，{name}的老人下不来",
            f"{name}物业不修{name}电梯",
        )
        home = Place(f"{name}小区", None, "estate", 0.8, f"云汀市/{name}小区")
        return [classified(text, hours=number * 6 + n, places=(home,)) for n, text in enumerate(texts)]

    rule = replace(GROWTH, when=replace(GROWTH.when, budget=2, ladder=()))
    every = [post for number in range(40) for post in crowd(number)]
    free = len(Bench(replace(GROWTH, when=replace(GROWTH.when, ladder=()))).take(every))
    assert len(Bench(rule).take(every)) < free / 2


@given(st.integers(0, 8), st.lists(st.integers(0, 7), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_a_restart_changes_nothing(cut: int, order: list[int]) -> None:
    stream = [
        classified(
            SENTENCES[which], hours=5 * n, places=(PLACE,), post_id=f"post{n}", facts=Facts(deaths=which % 4)
        )
        for n, which in enumerate(order)
    ]
    whole = Bench(GROWTH, FACT)
    whole.take(stream[:cut])
    restarted = whole.restarted()
    assert restarted.take(stream[cut:]) == whole.take(stream[cut:])


ESTATE = replace(
    PLACE, name="柳浪家园", code="990101001001E01", level="estate", path=f"{PLACE.path}/柳浪家园"
)
TOGETHER = replace(
    GROWTH, when=Growth(("complaint.environment",), reports=2, window_hours=720, authors=2, together=0.6)
)
STEADY = replace(
    GROWTH, when=Growth(("complaint.environment",), reports=3, window_hours=168, authors=2, rise=0.01)
)
HAZARD = replace(
    TEMPLATE,
    name="growth_gas",
    title="燃气",
    level=Level.YELLOW,
    owner="route",
    over_hours=72,
    when=Growth(
        ("incident.gas_leak", "incident.explosion"), 2, 24, 2, ladder=(Rung(5, Level.ORANGE),), sure=0.6
    ),
    quiet=Quiet(("event",), 6),
)


def smell(
    count: int, *, start: float = 0, sentence: str = "楼道里煤气味很重，谁家漏气了", **given: object
) -> list[ClassifiedPost]:
    given = {"incident": "gas_leak", "places": (ESTATE,), **given}
    return [classified(f"{sentence}，{n}楼", hours=start + n, **given) for n in range(count)]  # type: ignore[arg-type]


def test_talk_of_one_topic_all_over_the_city_is_no_warning() -> None:
    scattered = [
        classified(
            SENTENCES[n].replace("丽湖花苑", ""), hours=6 * n, places=(replace(PLACE, name=name, code=name),)
        )
        for n, name in enumerate(("一村", "二村", "三村", "四村"))
    ]
    assert Bench(TOGETHER).take(scattered) == []
    assert Bench(TOGETHER).take(posts(4)) != []


def test_what_comes_every_week_at_the_same_pace_does_not_grow() -> None:
    pace = [classified(f"{SENTENCES[n % 8]}，{n}号楼", hours=56 * n, places=(PLACE,)) for n in range(6, 26)]
    bench = Bench(STEADY)
    bench.take(pace[:8])
    assert bench.take(pace[8:]) == []
    rush = [classified(f"{SENTENCES[n % 8]}，又来{n}", hours=56 * 26 + n, places=(PLACE,)) for n in range(14)]
    assert bench.take(rush) != []


def test_two_vague_posts_are_no_hazard_and_two_plain_ones_are() -> None:
    vague = [replace(post, incident=replace(post.incident, probability=0.58)) for post in smell(2)]
    assert Bench(HAZARD).take(vague) == []
    assert [alert.level for alert in Bench(HAZARD).take(smell(2))] == [Level.YELLOW]


def test_what_happens_at_the_same_place_joins_the_standing_warning_and_may_raise_it() -> None:
    bench = Bench(HAZARD)
    (first,) = bench.take(smell(2))
    bang = "一声巨响，玻璃全碎了，火光冲天"
    joined = bench.take(smell(2, start=10, sentence=bang, incident="explosion"))
    assert {alert.id for alert in joined} == {first.id}
    assert joined[-1].history[-1].what.startswith("并入")
    assert joined[-1].level == Level.YELLOW
    worse = ("一声巨响后火光冲天，有人受伤", "玻璃碎了一地，火光冲天，救护车来了", "巨响震碎玻璃，楼塌了半边")
    rest = [smell(1, start=13 + n, sentence=text, incident="explosion")[0] for n, text in enumerate(worse)]
    more = bench.take(rest)
    assert {alert.id for alert in more} == {first.id}
    assert more[-1].level == Level.ORANGE
    assert more[-1].label == "incident.explosion"
    assert more[-1].group == first.group


def test_two_estates_stay_two_warnings() -> None:
    other = replace(
        ESTATE, name="新桥一村", code="990101002001E01", path="云汀市/汀东区/新桥街道/新桥社区/新桥一村"
    )
    far = smell(2, start=5, sentence="新桥一村这边天然气管子在响，臭鸡蛋味道", places=(other,))
    assert len({alert.id for alert in Bench(HAZARD).take([*smell(2), *far])}) == 2


def test_a_warning_falls_once_and_what_comes_later_is_a_new_one() -> None:
    bench = Bench(HAZARD)
    (first,) = bench.take(smell(2))
    assert bench.engine.tick(START + timedelta(hours=50)) == []
    (over,) = bench.engine.tick(START + timedelta(hours=75))
    assert (over.id, over.revision, over.state) == (first.id, 2, AlertState.CLOSED)
    assert "3 天没有新的反映" in over.reason
    assert bench.engine.tick(START + timedelta(hours=80)) == []
    again = bench.take(smell(2, start=100, sentence="楼道里又有煤气味，谁家漏气了"))
    assert {alert.id for alert in again}.isdisjoint({first.id})
    assert again


def test_a_rebuttal_is_told_beside_and_changes_no_level() -> None:
    bench = Bench(HAZARD)
    bench.take(smell(3))
    (denial,) = smell(1, start=5)
    bench.take([replace(denial, rumour=replace(denial.rumour, name="rebuttal"))])
    told = bench.engine.tick(START + timedelta(hours=9))
    assert [alert.level for alert in told] == [Level.YELLOW]
    assert "另有 1 条辟谣信息（来源：12345热线）" in told[0].reason


def merged(bench: Bench, one: Event, other: Event) -> list[Alert]:
    return bench.engine.merge(replace(one, merged_into=other.id), other, START + timedelta(days=1))


def test_a_warning_goes_on_as_that_of_the_event_its_own_went_into() -> None:
    bench = Bench(GROWTH)
    (first,) = bench.take(posts(2))
    event = bench.clusterer.event(str(first.event_id))
    survivor = replace(event, id="survivor")
    assert merged(bench, event, survivor) == []
    standing = bench.engine.standing("survivor")
    assert standing is not None
    assert (standing.id, standing.event_id, standing.revision) == (first.id, "survivor", 1)
    assert bench.engine.standing(event.id) is None
    later = posts(1, start=30)[0]
    grown = replace(survivor, post_ids=(*event.post_ids, later.origin.id), heat=3, reports=3)
    raised = bench.engine.observe(later, grown, START + timedelta(hours=30))
    assert {alert.id for alert in raised} <= {first.id}


def test_of_two_warnings_of_one_matter_one_ends_and_says_where_it_went() -> None:
    bench = Bench(GROWTH)
    (first,) = bench.take(posts(2))
    elsewhere = replace(PLACE, name="鹭鸣街道", code="990101002", path="云汀市/汀东区/鹭鸣街道")
    others = [
        classified(f"鹭鸣苑电梯{word}", hours=n, places=(elsewhere,))
        for n, word in enumerate(("坏了", "又坏"))
    ]
    (second,) = bench.take(others)
    one, other = (bench.clusterer.event(str(alert.event_id)) for alert in (second, first))
    ended, kept = merged(bench, one, other)
    assert (ended.id, ended.state, ended.revision) == (second.id, AlertState.CLOSED, 2)
    assert first.title in ended.reason
    assert bench.engine.standing(other.id) == kept
    assert replace(kept, revision=1, raised_at=first.raised_at, history=first.history) == first
    assert kept.history[-1].what == f"并入：{second.title}（2 件，鹭鸣街道）"
