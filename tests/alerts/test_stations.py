"""Which stations are beyond a threshold: late, corrected and odd readings, restarts, and silence."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.engine import WarningEngine
from alerts.render.mail import render_mail
from alerts.stations import KEPT, Stations
from schemas.records import Alert, Level, Reading
from schemas.rules.loader import load_rules
from schemas.rules.when_clock import Sensor
from schemas.sensors import load_quantities, make_place
from schemas.taxonomy.duty import load_duty
from schemas.taxonomy.places import load_places
from schemas.times import SHANGHAI

PLACES = load_places()
DUTY = load_duty(deployment=PLACES)
RULES = load_rules(duty=DUTY)
START = datetime(2026, 7, 18, tzinfo=SHANGHAI)
GATE = make_place(PLACES, "990103002F04")
HIGH = Sensor(("incident.flood",), load_quantities()["water_level"], 32.5, None, 32.2, 3)
Said = list[Alert]


def read(value: float, hours: float, quantity: str = "water_level") -> Reading:
    unit = load_quantities()[quantity].unit
    return Reading("下坝水闸", quantity, value, unit, START + timedelta(hours=hours), GATE, "t")


def engine() -> WarningEngine:
    return WarningEngine(RULES, DUTY, PLACES)


def rising(hours: int = 10) -> list[Reading]:
    """The water rises by 20 cm an hour from 31.5 m."""
    return [read(round(31.5 + 0.2 * n, 2), n) for n in range(hours)]


def tell(*readings: Reading) -> Said:
    ours = engine()
    return [alert for one in readings for alert in ours.observe_reading(one, one.at)]


def test_a_reason_names_station_place_threshold_value_time_and_trend() -> None:
    first, *_ = tell(*rising())
    assert first.level == Level.YELLOW
    assert "：下坝水闸（石鼓镇石鼓村）水位自 7月18日 05:00 起达到或超过警戒水位 32.5 m，" in first.reason
    assert "，最近 7月18日 07:00 为 32.9 m，共 3 次读数；" in first.reason
    assert "近 6 小时由 31.7 到 32.9 m，升 1.2 m" in first.reason
    (_, second) = tell(*rising(14))
    assert second.level == Level.ORANGE
    assert "已达到或超过保证水位 33.5 m" in second.reason


def test_one_spike_says_nothing_and_a_stuck_sensor_says_it_once() -> None:
    assert tell(*(read(31.9, n) for n in range(5)), read(36.0, 5), read(31.9, 6), read(31.9, 7)) == []
    stuck = tell(*(read(33.0, n / 12) for n in range(12 * 100)))
    assert [alert.level for alert in stuck] == [Level.YELLOW]


def test_a_late_reading_counts_where_it_belongs_and_a_corrected_one_is_taken_back() -> None:
    early, late, last = read(32.6, 1), read(32.6, 2), read(32.7, 3)
    stations = Stations()
    for one in (early, last, replace(late, value=31.0), late):
        stations.note(one)
    assert len(stations.beyond(HIGH, "下坝水闸", last.at)) == 3
    stations.note(replace(late, value=31.0))
    assert stations.beyond(HIGH, "下坝水闸", last.at) == ()


def test_a_level_that_was_lowered_rises_again_by_new_readings() -> None:
    ours = engine()
    values = [32.6, 32.8, 33.6, 33.7, 33.8, *[33.0] * 4, 33.6, 33.7, 33.8]
    said: Said = []
    for n, value in enumerate(values):
        one = read(value, n)
        said += [*ours.tick(one.at), *ours.observe_reading(one, one.at)]
    assert [alert.level for alert in said] == [Level.YELLOW, Level.ORANGE, Level.YELLOW, Level.ORANGE]


@given(
    st.lists(st.sampled_from([31.9, 32.3, 32.5, 32.9]), min_size=1, max_size=200),
    st.randoms(use_true_random=False),
)
def test_what_is_kept_decides_and_nothing_else(values: list[float], chance: random.Random) -> None:
    """A restart reads the last 48 hours; asking at every reading, or never before, makes no difference."""
    readings = [read(value, 0.5 * n) for n, value in enumerate(values)]
    near = [*readings]
    for at in range(len(near) - 1):
        if chance.random() < 0.2:
            near[at : at + 2] = near[at + 1], near[at]
    asked, now = Stations(), readings[-1].at
    for one in near:
        asked.note(one)
        asked.beyond(HIGH, "下坝水闸", one.at)
    fresh = Stations()
    for one in readings:
        if one.at >= now - KEPT:
            fresh.note(one)
    assert asked.beyond(HIGH, "下坝水闸", now) == fresh.beyond(HIGH, "下坝水闸", now)
    assert asked.since("下坝水闸", "water_level", START) == fresh.since("下坝水闸", "water_level", START)


def test_a_station_that_stops_is_told_and_its_return_ends_that() -> None:
    ours = engine()
    for n in range(13):
        ours.observe_reading(read(31.9, n), START + timedelta(hours=n))
    said = [alert for hour in range(13, 17) for alert in ours.tick(START + timedelta(hours=hour))]
    (silent,) = said
    assert (silent.rule, silent.level, silent.place) == ("silence_station", Level.BLUE, GATE)
    assert "下坝水闸" in silent.title
    assert "已 3 小时没有读数，最近一次在 7月18日 12:00，为 31.9 m" in silent.reason
    mail = render_mail(silent, None, (), DUTY.groups[silent.route])
    assert "为什么没有，还不知道" in mail.text
    assert "网上和热线" not in mail.text
    ours.observe_reading(read(31.9, 17.5), START + timedelta(hours=17.5))
    (back,) = ours.tick(START + timedelta(hours=18))
    assert back.state.is_over
    assert "传感器在 7月18日 17:30 恢复" in back.reason


@pytest.mark.parametrize(
    ("others", "told"), [(13, []), (16, ["下坝水闸"])], ids=["table of a day", "one of two"]
)
def test_a_station_is_silent_beside_the_others_of_its_source(others: int, told: list[str]) -> None:
    ours = engine()
    for hour in range(others):
        for station in ["上坝水闸", "下坝水闸"][: 1 + (hour < 13)]:
            ours.observe_reading(replace(read(31.9, hour), station=station), START + timedelta(hours=hour))
    said = [alert for hour in range(13, 30) for alert in ours.tick(START + timedelta(hours=hour))]
    assert [name for name in ("上坝水闸", "下坝水闸") for alert in said if name in alert.title] == told


def test_a_high_level_of_a_sensor_that_died_does_not_stand_for_ever() -> None:
    ours = engine()
    for one in rising():
        ours.observe_reading(one, one.at)
    ends = [alert for hour in range(10, 60) for alert in ours.tick(START + timedelta(hours=hour))]
    (over,) = [alert for alert in ends if alert.rule == "sensor_water_level" and alert.state.is_over]
    assert "一天没有读数" in over.reason


def test_a_mail_about_readings_speaks_of_readings_and_of_no_posts() -> None:
    first, *_ = said = tell(*rising(14))
    group = DUTY.groups[first.route]
    mail = render_mail(said[-1], None, (), group, previous=("<1@x>",), revisions=said)
    assert mail.subject == "【橙色升级】云湖区下坝水闸 洪涝：水位 33.9 m"
    for text in (mail.text, mail.html):
        assert "条反映" not in text
        assert "谣言" not in text
        assert "网上和热线" not in text
        assert "读数还没有现场核实" in text
    assert "读数：下坝水闸水位 32.9 m → 下坝水闸水位 33.9 m" in mail.text
    cap = mail.attachments[0].content.decode()
    assert "<certainty>Likely</certainty>" in cap
    assert "内容来自传感器读数" in cap
    assert "<circle>27.00230,117.58480 0.3</circle>" in cap
