"""Dense series by weekdays and holidays; which detector judges a series, at which place a rise is told."""

from datetime import date, timedelta

import numpy as np
import pytest
from scipy.stats import nbinom

from alerts.conditions.burst import judge_series
from alerts.detectors.bayes import judge_count, predict_counts, weekday_exposures
from alerts.detectors.weekly import is_dense, kind_number, predict_daily
from alerts.series import SeriesBook
from schemas.records import Alert, ClassifiedPost, Place, SeriesKey
from schemas.rules.when import Burst
from schemas.taxonomy.places import load_places
from tests.alerts.test_conditions import Bench, rule
from tests.nlp.classified import START, classified

# A Monday with ordinary weeks before it, but for the Dragon Boat and Labour Days.
DAY = date(2026, 6, 15)
DAYS = [DAY - timedelta(days=back) for back in range(1, 85)]
WEEK = (30.0, 24, 22, 22, 20, 6, 5)


def expected(day: date) -> float:
    return WEEK[kind_number(day)]


def draw(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means = np.array([expected(day) for day in DAYS])
    return rng.negative_binomial(means, 0.5).astype(np.float64)


@pytest.mark.parametrize("size", [0.5, 3.5, 120.5])
@pytest.mark.parametrize("probability", [0.1, 0.6, 0.98])
def test_a_count_is_judged_as_by_scipy_stats(size: float, probability: float) -> None:
    for observed in (0, 1, 4, 40):
        verdict = judge_count(1.0, size, probability, observed, 0.001)
        assert verdict.upper == nbinom.ppf(0.999, size, probability)
        assert verdict.p == pytest.approx(nbinom.sf(observed - 1, size, probability), rel=1e-9)


@pytest.mark.parametrize(
    ("day", "number"),
    [
        pytest.param(date(2026, 6, 15), 0, id="Monday"),
        pytest.param(date(2026, 10, 1), 6, id="National Day counts as Sunday"),
        pytest.param(date(2026, 2, 14), 4, id="worked Saturday counts as Friday"),
        pytest.param(date(2026, 6, 13), 5, id="Saturday"),
    ],
)
def test_a_day_counts_as_what_it_is_like(day: date, number: int) -> None:
    assert kind_number(day) == number


def test_only_dense_and_long_series_have_a_weekly_pattern() -> None:
    assert is_dense(draw(1), DAYS, DAY)
    assert not is_dense(draw(1)[:50], DAYS[:50], DAY)
    assert not is_dense(np.full(84, 1.0), DAYS, DAY)
    with pytest.raises(ValueError, match="more days"):
        predict_daily(draw(1)[:9], DAYS[:9], DAY, 5, 0.001)


def test_twelve_on_a_sunday_is_more_than_twelve_on_a_monday() -> None:
    counts = draw(2)
    sunday = [DAY - timedelta(days=1) - timedelta(days=back) for back in range(1, 85)]
    monday = predict_daily(counts, DAYS, DAY, 26, 0.001)
    quiet = predict_daily(
        np.array([expected(one) for one in sunday]), sunday, DAY - timedelta(days=1), 26, 0.001
    )
    assert monday.p > 0.05
    assert quiet.p < 0.001


def test_a_past_outbreak_does_not_hide_the_next() -> None:
    counts = draw(3)
    struck = counts.copy()
    struck[20:24] += 90
    clean, after = (predict_daily(one, DAYS, DAY, 70, 0.001).upper for one in (counts, struck))
    assert after < 1.6 * clean


def test_the_latest_days_hide_no_rise_that_goes_on() -> None:
    counts = draw(4)
    going_on = counts.copy()
    going_on[:3] += 80
    assert predict_daily(going_on, DAYS, DAY, 90, 0.001) == predict_daily(counts, DAYS, DAY, 90, 0.001)


def test_false_alarms_keep_to_p_where_the_sparse_bound_does_not() -> None:
    alarms = {"weekly": 0, "bayes": 0}
    weekdays = np.array([one.weekday() for one in DAYS])
    rng = np.random.default_rng(7)
    for seed in range(400):
        counts, observed = draw(100 + seed), int(rng.negative_binomial(expected(DAY), 0.5))
        busy = weekday_exposures(counts, weekdays)
        sparse = predict_counts(counts[:28], busy[weekdays[:28]], busy[DAY.weekday()], observed, 0.01)
        alarms["bayes"] += sparse.p <= 0.01
        alarms["weekly"] += predict_daily(counts, DAYS, DAY, observed, 0.01).p <= 0.01
    assert alarms["weekly"] <= 12
    assert alarms["bayes"] > 2 * alarms["weekly"]


WHEN = Burst(("complaint.environment",), ("community", "street", "district"), 24, 0.001, 6)
TREE = rule(WHEN, "burst_example")
DISTRICT = "云汀市/汀东区"


def street(name: str) -> Place:
    return Place(name, None, "street", 0.9, f"{DISTRICT}/{name}")


def posts(count: int, where: Place, day: float) -> list[ClassifiedPost]:
    district = Place("汀东区", None, "district", 0.9, DISTRICT)
    return [
        classified(
            f"{where.name}{n}号路旁{n * 7}家工地夜里施工", hours=24 * day + n / 10, places=(where, district)
        )
        for n in range(count)
    ]


def ordinary() -> list[ClassifiedPost]:
    return [one for day in range(20) for one in posts(1, street(f"{day % 4}号街道"), day)]


def places(alerts: list[Alert]) -> set[str]:
    return {alert.place.name for alert in alerts if alert.place is not None}


def test_a_rise_in_one_street_is_told_at_the_street() -> None:
    bench = Bench(TREE)
    bench.take(*ordinary())
    raised = bench.take(*posts(12, street("1号街道"), 21))
    assert places(raised) == {"1号街道"}


def test_a_rise_all_over_the_district_is_told_there() -> None:
    bench = Bench(TREE)
    bench.take(*ordinary())
    spread = [one for n in range(4) for one in posts(4, street(f"{n}号街道"), 21 + n / 100)]
    assert places(bench.take(*spread)) == {"汀东区"}


@pytest.mark.parametrize(
    ("a_day", "days", "detector"),
    [
        pytest.param(4, 70, "weekly", id="dense and long"),
        pytest.param(4, 20, "bayes", id="dense and short"),
        pytest.param(1, 70, "bayes", id="sparse"),
    ],
)
def test_a_series_is_judged_by_what_its_density_allows(a_day: int, days: int, detector: str) -> None:
    book, where = SeriesBook(load_places(), 120), street("1号街道")
    for day in range(days):
        for one in posts(a_day, where, day):
            book.add(one)
    for one in posts(40, where, days):
        book.add(one)
    key, end = SeriesKey(where.path, "complaint.environment"), START + timedelta(days=days, hours=8)
    rise = judge_series(WHEN, book, key, end)
    assert rise is not None
    assert (rise.detector, len(rise.entries)) == (detector, 40)


def test_the_more_series_are_watched_the_rarer_a_rise_must_be() -> None:
    book = SeriesBook(load_places(), 120)
    levels, labels = ("street",), ("complaint.environment",)
    assert book.active(START + timedelta(days=1), levels, labels) == 1
    for n in range(30):
        book.add(posts(1, street(f"{n}号街道"), 0)[0])
    assert book.active(START + timedelta(days=1), levels, labels) == 30
    book.add(posts(1, street("迟到街道"), 0)[0])
    assert book.active(START + timedelta(days=1), levels, labels) == 31
    assert book.active(START + timedelta(days=1), levels, ("complaint.labour_security",)) == 1
