"""Drift of a source: shares, levels and bad days in a row against values worked out by hand; warnings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import betabinom

from alerts.detectors.drift import level_drift, row_drift, share_drift
from alerts.engine import WarningEngine
from alerts.render.mail import render_mail
from schemas.health import SourceHealth
from schemas.records import Alert, AlertState
from schemas.rules.loader import load_rules
from schemas.taxonomy.duty import load_duty
from schemas.times import SHANGHAI

FIRST = date(2026, 3, 2)
DAY = timedelta(days=1)


def test_a_share_is_judged_by_the_median_of_its_days() -> None:
    before = [(1, 20), (2, 20), (1, 20), (20, 20)]  # one day was odd already
    found = share_drift((12, 20), before, p=1e-4, rise=0.3)
    assert found is not None
    assert (found.now, found.usual) == (0.6, pytest.approx(0.075))
    assert found.unlikely == pytest.approx(betabinom.sf(11, 20, 0.5 + 0.075 * 80, 0.5 + 0.925 * 80))
    assert share_drift((12, 20), before, p=1e-4, rise=0.6) is None
    assert share_drift((3, 20), before, p=1e-4, rise=0.0) is None
    assert share_drift((12, 20), [], p=1e-4, rise=0.3) is None


def test_a_level_is_judged_on_logarithms() -> None:
    before = [80.0, 82, 78, 81, 79, 900, 80]
    found = level_drift(20, before, z=6, ratio=2, upward=False)
    assert found is not None
    assert found.usual == pytest.approx(80)
    assert level_drift(20, before, z=6, ratio=2, upward=True) is None
    assert level_drift(50, before, z=1, ratio=2, upward=False) is None
    assert level_drift(400, before, z=6, ratio=4, upward=True) is not None
    assert level_drift(0, before, z=1, ratio=1, upward=False) is None


@pytest.mark.parametrize(
    ("days", "told"),
    [
        pytest.param("0" * 14 + "1", False, id="one day: 1/16"),
        pytest.param("0" * 14 + "111", True, id="three days: 1/4096"),
        pytest.param("01" * 7 + "111", False, id="every other day is so"),
        pytest.param("0" * 5 + "111", False, id="too few days before"),
        pytest.param("0" * 14 + "1110", False, id="over"),
    ],
)
def test_bad_days_in_a_row(days: str, told: bool) -> None:
    found = row_drift([day == "1" for day in days], p=1e-3, least=7)
    assert (found is not None) is told


def usual(n: int) -> SourceHealth:
    return SourceHealth("forum", FIRST + n * DAY, 24, 24, 0, 40, 30, records=30, length=80.0)


def walk(days: Sequence[SourceHealth], *, hours: int = 24) -> list[Alert]:
    """What the shipped rules raise while the days become known, one each midnight."""
    rules = [rule for rule in load_rules() if rule.name.startswith("drift_")]
    duty = load_duty()
    engine = WarningEngine(rules, duty, duty.deployment)
    raised: list[Alert] = []
    for day in days:
        engine.note_health([day])
        midnight = datetime.combine(day.day + DAY, datetime.min.time(), SHANGHAI)
        for hour in range(hours):
            raised += engine.tick(midnight + timedelta(hours=hour))
    return raised


def test_six_ordinary_weeks_raise_nothing() -> None:
    days = []
    for n in range(42):
        new = 20 + n % 7 * 5
        days.append(replace(usual(n), new=new, records=new, length=70.0 + n % 5 * 6))
    assert walk(days) == []


def test_a_drift_is_told_once_to_those_who_collect_and_ends_when_it_is_over() -> None:
    days = [usual(n) for n in range(20)]
    days += [replace(usual(n), no_body=25) for n in (20, 21)]
    days += [usual(n) for n in (22, 23)]
    first, last = walk(days)
    assert (first.route, first.rule, first.group) == (
        "city_collection",
        "drift_fields",
        "drift|forum|no_body",
    )
    assert "没有正文的忽然多了" in first.title
    assert "30 条里 25 条（83%），此前通常 0%" in first.reason
    assert (last.id, last.state) == (first.id, AlertState.CLOSED)
    assert "已无异常" in last.history[-1].what


def test_what_nobody_has_told_is_no_drift() -> None:
    """The state of a restored engine without the days of the sources neither raises nor ends anything."""
    days = [usual(n) for n in range(20)]
    assert walk([*days, usual(25)]) == []


def test_the_mail_says_that_it_is_about_a_source() -> None:
    days = [*(usual(n) for n in range(20)), replace(usual(20), no_body=25)]
    [alert] = walk(days, hours=1)
    mail = render_mail(alert, None, [], load_duty().groups[alert.route])
    assert mail.subject == "【蓝色预警】采集异常：来源“forum”没有正文的忽然多了"
    assert "说的是数据来源，不是街面上的事" in mail.text
    for untrue in ("地点不明", "公共设施故障", "网上和热线的说法"):
        assert untrue not in mail.text


def test_a_table_that_is_imported_on_working_days_is_not_missed_at_weekends() -> None:
    days = []
    for n in range(42):
        resting = (FIRST + n * DAY).weekday() >= 5
        days.append(SourceHealth("hotline", FIRST + n * DAY, 0, 0) if resting else usual(n))
    assert [alert.group for alert in walk(days, hours=1)] == []


def make_days(seed: int, sources: int = 10, days: int = 42) -> list[list[SourceHealth]]:
    """Days without any drift of sources of all sizes: weekends, busy days, some failures, odd lengths."""
    chance = np.random.default_rng(seed)
    kinds = [(chance.integers(3, 200), *chance.uniform(0, (0.3, 0.05))) for _ in range(sources)]
    return [
        [_ordinary(chance, f"s_{at}", FIRST + n * DAY, *kind) for at, kind in enumerate(kinds)]
        for n in range(days)
    ]


def _ordinary(
    chance: np.random.Generator, source: str, day: date, rate: float, nameless: float, failing: float
) -> SourceHealth:
    new = int(chance.poisson(rate * (0.6 if day.weekday() >= 5 else 1) * chance.lognormal(0, 0.3)))
    lengths = chance.lognormal(4.4, 0.6, new)
    return SourceHealth(
        source,
        day,
        runs=24,
        successes=24,
        fetched=new + int(chance.poisson(240)),
        new=new,
        failed=int(chance.binomial(new + 240, failing)),
        quarantined=int(chance.binomial(new, failing)),
        records=new,
        no_author=int(chance.binomial(new, nameless)),
        length=float(np.median(lengths)) if new else None,
    )


def test_ten_ordinary_sources_keep_to_the_budgets() -> None:
    rules = [rule for rule in load_rules() if rule.name.startswith("drift_")]
    raised: Counter[str] = Counter()
    for seed in range(4):
        told = {alert.id: alert.rule for alert in walk_many(make_days(seed))}
        raised.update(told.values())
    weeks = 4 * 6
    assert {rule.name for rule in rules if raised[rule.name] > rule.budget * weeks} == set()
    assert raised.total() <= 0.25 * weeks


def walk_many(days: Sequence[Sequence[SourceHealth]]) -> list[Alert]:
    """What the shipped rules raise while the days of several sources become known."""
    duty = load_duty()
    engine = WarningEngine(
        [rule for rule in load_rules() if rule.name.startswith("drift_")], duty, duty.deployment
    )
    raised: list[Alert] = []
    for ours in days:
        engine.note_health(ours)
        raised += engine.tick(datetime.combine(ours[0].day + DAY, datetime.min.time(), SHANGHAI))
    return raised
