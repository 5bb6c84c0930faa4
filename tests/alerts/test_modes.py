"""Which mode the house is in, and what that changes for rules and routes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.engine import WarningEngine
from alerts.modes import AUTO, ModeClock, Switch, scale_rule
from nlp.events import EventClusterer
from schemas.modes import load_modes
from schemas.records import Level
from schemas.rules.loader import load_rules
from schemas.rules.when import Growth
from schemas.taxonomy.duty import load_duty
from schemas.times import SHANGHAI
from tests.alerts.test_conditions import GRAVE, dead
from tests.nlp.classified import START

DUTY = load_duty()
RULES = {rule.name: rule for rule in load_rules(duty=DUTY)}
NOON = datetime(2026, 4, 1, 12, tzinfo=SHANGHAI)


def test_the_calendar_decides_where_nobody_else_does() -> None:
    clock = ModeClock()
    assert clock.at(NOON).mode.name == "everyday"
    festival = clock.at(datetime(2026, 2, 17, 9, tzinfo=SHANGHAI))
    assert (festival.mode.name, festival.why) == ("holiday", "春节假期")


def test_the_latest_switch_holds_until_it_runs_out() -> None:
    hour = timedelta(hours=1)
    clock = ModeClock([Switch(NOON, "emergency", "台风", NOON + 6 * hour), Switch(NOON + hour, AUTO, "解除")])
    assert clock.at(NOON).mode.name == "emergency"
    assert clock.at(NOON + hour).mode.name == "everyday"
    assert ModeClock(clock.switches[:1]).at(NOON + 6 * hour).mode.name == "everyday"
    assert clock.at(NOON).line() == "应急模式，至 2026年4月1日 18:00：台风。"


def test_an_emergency_asks_for_less_of_incidents_and_more_of_complaints() -> None:
    emergency = load_modes()["emergency"]
    hazard = scale_rule(RULES["growth_hazard"], emergency)
    assert isinstance(hazard.when, Growth)
    assert (hazard.when.reports, hazard.when.authors, hazard.quiet.hours) == (2, 2, 3)
    assert hazard.when.ladder[0].reports == 4
    lasting = scale_rule(RULES["count_unanswered"], emergency)
    assert lasting.when.posts == 5  # type: ignore[union-attr]
    everyday = load_modes()["everyday"]
    assert scale_rule(RULES["growth_event"], everyday) == RULES["growth_event"]


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_mode_leaves_the_levels_of_a_rule_in_order(name: str) -> None:
    for mode in load_modes().values():
        rule = scale_rule(RULES[name], mode)
        assert (rule.level, rule.guide) == (RULES[name].level, RULES[name].guide)


def _engine(clock: ModeClock) -> tuple[EventClusterer, WarningEngine]:
    return EventClusterer(), WarningEngine([GRAVE], DUTY, DUTY.deployment, clock)


def test_a_warning_says_its_mode_and_goes_one_group_up() -> None:
    clusterer, engine = _engine(ModeClock([Switch(START - timedelta(hours=1), "emergency", "台风")]))
    post = dead("死了人", 0, 1)
    (alert,) = engine.observe(post, clusterer.add(post), START)
    own = DUTY.route(post.places[0], alert.label)
    above = DUTY.parent(own)
    assert above is not None
    assert alert.route == above.name
    assert alert.reason.startswith("当时为应急模式：台风。")


def test_a_red_warning_begins_the_emergency_and_a_restart_knows_it() -> None:
    red = replace(GRAVE, level=Level.RED, when=replace(GRAVE.when, ladder=()))
    clock = ModeClock()
    clusterer, engine = EventClusterer(), WarningEngine([red], DUTY, DUTY.deployment, clock)
    post = dead("死了人", 0, 1)
    (alert,) = engine.observe(post, clusterer.add(post), START)
    day = timedelta(hours=24)
    assert [clock.at(START + gone).mode.name for gone in (-day, day / 2, day)] == [
        "everyday",
        "emergency",
        "everyday",
    ]
    again = WarningEngine([red], DUTY, DUTY.deployment)
    again.restore([alert])
    assert again.modes.switches == clock.switches
