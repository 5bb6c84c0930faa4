"""What a hazard brings joins its warning: shortages and missing persons of one flood, with their places."""

from dataclasses import replace

import pytest

from alerts.path.inhibit import joined_places
from schemas.records import Alert, ClassifiedPost, Facts, Label, Level, Place
from schemas.rules.kin import load_kin
from schemas.rules.loader import Rule, load_rules
from schemas.rules.when import Fact
from schemas.taxonomy.duty import load_duty
from tests.alerts.test_conditions import Bench
from tests.nlp.classified import classified

RULES = {rule.name: rule for rule in load_rules(duty=load_duty())}
SHORTAGE, FACTS, MISSING = (
    RULES[name] for name in ("shortage_supplies", "fact_casualties", "count_missing_person")
)
CITY = "临江省/云浮洲市"
DISTRICTS = ("东山区", "西河区", "南桥县", "北原县", "中湖区")

FAR = "决口了，敬老院的老人全在楼顶等冲锋舟"


def at(path: str, level: str = "district") -> Place:
    return Place(path.rpartition("/")[2], None, level, 0.9, path)


def short(where: str, start: float, count: int = 4, city: str = CITY) -> list[ClassifiedPost]:
    place = at(f"{city}/{where}")
    said = [
        classified(f"{where}安置点没有饮用水了，缺{n}箱", hours=start + n / 4, places=(place,))
        for n in range(count)
    ]
    return [replace(one, needs=(Label("shortage", 0.9),)) for one in said]


def cry(
    where: str, hours: float, city: str = CITY, said: str = "大水漫到二楼，三十个人被困，求救"
) -> ClassifiedPost:
    text = f"{where}{said}"
    place = at(f"{city}/{where}")
    return classified(text, hours=hours, places=(place,), incident="flood", facts=Facts(trapped=30))


def ids(alerts: list[Alert]) -> set[str]:
    return {alert.id for alert in alerts}


def raise_flood(*rules: Rule) -> tuple[Bench, Alert]:
    bench = Bench(FACTS, *rules)
    (flood,) = bench.take(cry("东山区", 0))
    assert (flood.level, flood.label) == (Level.ORANGE, "incident.flood")
    return bench, flood


def test_shortages_of_a_flood_join_its_warning_and_are_told_with_their_places() -> None:
    bench, flood = raise_flood(SHORTAGE)
    raised = [alert for n, where in enumerate(DISTRICTS) for alert in bench.take(*short(where, 2 + 2 * n))]
    assert ids(raised) == {flood.id}
    assert joined_places(raised[-1].history) == DISTRICTS
    assert "涉及 5 处：东山区、西河区、南桥县、北原县、中湖区" in raised[-1].reason
    assert raised[-1].reason.count("另有相关信息") == 1
    assert (raised[-1].level, raised[-1].label) == (flood.level, flood.label)


def test_the_first_second_and_fourth_further_place_is_worth_a_mail() -> None:
    bench, _ = raise_flood(SHORTAGE)
    raised = [bench.take(*short(where, 2 + 2 * n)) for n, where in enumerate(DISTRICTS)]
    told = [any(not alert.history[-1].what.startswith("并入") for alert in alerts) for alerts in raised]
    # The flood's own district is no further place.
    assert told == [False, True, False, True, False]


def test_without_a_flood_the_shortages_of_a_city_are_one_warning() -> None:
    bench = Bench(SHORTAGE)
    assert len(ids([alert for where in DISTRICTS for alert in bench.take(*short(where, 0))])) == 1
    assert len(ids(bench.take(*short("青浦县", 3, city="临江省/长宁泽市")))) == 1
    assert len(ids(bench.raised)) == 2


def test_a_cry_for_rescue_in_another_city_still_raises() -> None:
    bench, flood = raise_flood(SHORTAGE)
    (other,) = ids(bench.take(cry("青浦县", 2, "临江省/长宁泽市", FAR)))
    assert other != flood.id


def test_a_flood_does_not_join_a_shortage() -> None:
    bench = Bench(SHORTAGE, FACTS)
    first = ids(bench.take(*short("东山区", 0)))
    flood = bench.take(cry("西河区", 2))
    assert flood
    assert ids(flood).isdisjoint(first)


def test_more_grave_what_joins_raises_the_warning() -> None:
    assert isinstance(FACTS.when, Fact)
    flood = replace(FACTS, level=Level.BLUE, when=replace(FACTS.when, ladder=()))
    bench = Bench(flood, SHORTAGE)
    (host,) = bench.take(cry("东山区", 0))
    assert host.level == Level.BLUE
    *_, risen = bench.take(*short("西河区", 2))
    assert (risen.id, risen.level, risen.rule) == (host.id, Level.YELLOW, "shortage_supplies")


def test_a_missing_person_joins_the_flood_of_the_city_and_only_that() -> None:
    text = "急！老人走失，八十岁，联系不上"
    bench, flood = raise_flood(MISSING)
    near = classified(text, hours=2, places=(at(f"{CITY}/西河区"),), complaint="other")
    far = classified(text, hours=3, places=(at("临江省/长宁泽市/青浦县"),), complaint="other")
    assert ids(bench.take(near)) == {flood.id}
    (other,) = bench.take(far)
    assert other.id != flood.id


def test_a_road_without_its_district_lies_in_its_city() -> None:
    bench, flood = raise_flood()
    road = at(f"{CITY}/京杭隧道", "road")
    assert ids(bench.take(replace(cry("京杭隧道", 30, said=FAR), places=(road,)))) == {flood.id}


@pytest.mark.parametrize("name", sorted(load_kin().follow_rules))
def test_rules_that_follow_a_hazard_exist(name: str) -> None:
    assert name in RULES
