"""Detectors against hand-computed values and against the properties their sources state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from alerts.detectors.bayes import predict_counts, weekday_exposures
from alerts.detectors.ears import detect_c1, detect_c2, detect_c3

COUNTS = np.array([2.0, 4, 3, 5, 1, 3, 3, 9, 2, 3, 12, 3, 4])


def test_bayes_is_algo_bayes_with_equal_exposures() -> None:
    verdict = predict_counts(np.array([1.0, 0, 2, 1, 0, 0, 1]), np.ones(7), 1.0, 4, 0.01)
    assert verdict.upper == nbinom.ppf(0.99, 5.5, 7 / 8)
    assert verdict.p == pytest.approx(nbinom.sf(3, 5.5, 7 / 8))
    assert verdict.expected == pytest.approx(5.5 / 7)


def test_bayes_expects_more_on_a_busy_day() -> None:
    quiet = predict_counts(np.ones(14), np.ones(14), 0.5, 4, 0.01)
    busy = predict_counts(np.ones(14), np.ones(14), 2.0, 4, 0.01)
    assert quiet.expected < busy.expected
    assert quiet.p < busy.p


def test_bayes_is_careful_with_a_short_history() -> None:
    short = predict_counts(np.ones(3), np.ones(3), 1.0, 5, 0.01)
    long = predict_counts(np.ones(28), np.ones(28), 1.0, 5, 0.01)
    assert short.p > long.p


def test_bayes_needs_exposure() -> None:
    with pytest.raises(ValueError, match="positive"):
        predict_counts(np.zeros(0), np.zeros(0), 1.0, 1, 0.01)


@given(st.lists(st.integers(0, 20), min_size=3, max_size=28), st.integers(0, 60))
def test_bayes_alarms_exactly_above_its_bound(reference: list[int], observed: int) -> None:
    counts = np.array(reference, dtype=np.float64)
    verdict = predict_counts(counts, np.ones(len(counts)), 1.0, observed, 0.01)
    assert (verdict.p <= 0.01) == (observed > verdict.upper)


def test_bayes_keeps_its_false_alarm_rate() -> None:
    draw = np.random.default_rng(7)
    series = draw.poisson(1.5, size=(4000, 29)).astype(np.float64)
    alarms = [predict_counts(row[:28], np.ones(28), 1.0, int(row[28]), 0.01).p <= 0.01 for row in series]
    assert 0.001 < np.mean(alarms) < 0.012


def test_weekdays_are_drawn_to_one() -> None:
    weekdays = np.arange(28) % 7
    daily = np.where(weekdays >= 5, 2.0, 9.0)
    busy = weekday_exposures(daily, weekdays)
    assert busy[0] > 1.0 > busy[6] > 2.0 / daily.mean()
    assert weekday_exposures(np.zeros(0), np.zeros(0, dtype=np.int64)).tolist() == [1.0] * 7


def test_c1_by_hand() -> None:
    window = COUNTS[:7]
    assert detect_c1(COUNTS)[7] == pytest.approx((9 - window.mean()) / window.std(ddof=1))
    assert np.isnan(detect_c1(COUNTS)[:7]).all()


def test_c2_leaves_two_days_out() -> None:
    window = COUNTS[1:8]
    assert detect_c2(COUNTS)[10] == pytest.approx((12 - window.mean()) / window.std(ddof=1))
    assert np.isnan(detect_c2(COUNTS)[:9]).all()


def test_c3_sums_three_days_over_one() -> None:
    c2 = detect_c2(COUNTS)
    assert detect_c3(COUNTS)[12] == pytest.approx(np.maximum(0, c2[10:13] - 1).sum())
    assert np.isnan(detect_c3(COUNTS)[:11]).all()


def test_ears_bears_a_series_of_zeros() -> None:
    zeros = np.zeros(20)
    assert detect_c1(zeros)[19] == 0
    assert detect_c1(np.zeros(4)).shape == (4,)
