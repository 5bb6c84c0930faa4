"""Detectors against hand-computed values and against the properties their sources state."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from alerts.detectors.bayes import Counts, predict_counts, weekday_exposures
from alerts.detectors.cusum import Residual, cusum, standardise
from alerts.detectors.ears import detect_c1, detect_c2, detect_c3
from alerts.detectors.farrington import farrington_bound, upper_bound
from alerts.detectors.glm import fit_quasi_poisson
from alerts.detectors.kleinberg import burst_states, find_bursts
from alerts.detectors.reweighted import reweighted_bound, reweighted_bounds
from alerts.detectors.seasonal import seasonal_bound
from benchmarks.detection import simulate

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


def test_reweighted_ears_by_hand() -> None:
    """One residual lies above t(.95, 5) = 2.0150: that of 4, (4 - 17/7) / (0.75277 sqrt(6/7)) = 2.2548."""
    history = np.array([2.0, 3, 1, 2, 4, 2, 3])
    weight = (2.01505 / 2.25483) ** 4
    weights = np.array([1, 1, 1, 1, weight, 1, 1]) * 7 / (6 + weight)
    mean = (weights * history).sum() / 7
    spread = np.sqrt((weights * (history - mean) ** 2).sum() / 6)
    assert reweighted_bound(history) == pytest.approx(mean + 2.44691 * spread * np.sqrt(8 / 7), abs=1e-3)


def test_a_past_outbreak_lifts_the_reweighted_bound_little() -> None:
    struck = np.array([2.0, 3, 1, 2, 20, 2, 3])
    assert reweighted_bound(struck) < reweighted_bound(struck, alpha_outlier=1e-9) / 3


def test_reweighted_bounds_take_the_same_weekday() -> None:
    week = np.array([1.0, 1, 1, 1, 1, 9, 9])
    counts = np.concatenate([np.tile(week, 7) + np.tile([0.0, 1], 25)[:49], [1, 2, 1, 2, 1, 10, 9]])
    bounds = reweighted_bounds(counts, step=7)
    assert np.isnan(bounds[:49]).all()
    assert (bounds[54:] > 9).all()
    assert (bounds[49:54] < 4).all()
    with pytest.raises(ValueError, match="three"):
        reweighted_bound(np.ones(2))


def test_cusum_by_hand() -> None:
    """z = 0, 2, 2.5, 0 with mean 4; the alarm at 2.42 begins anew."""
    counts, mean = np.array([4.0, 8, 9, 4]), np.full(4, 4.0)
    assert cusum(counts, mean, residual="standard") == pytest.approx([0, 0.96, 2.42, 0])
    assert cusum(counts, mean, residual="standard", reset=False) == pytest.approx([0, 0.96, 2.42, 1.38])


@pytest.mark.parametrize(
    ("residual", "z"),
    [
        pytest.param("standard", 2.5, id="(9 - 4) / 2"),
        pytest.param("rossi", (9 - 12 + 12) / 4, id="rossi"),
        pytest.param("anscombe", 1.5 * (9 ** (2 / 3) - 4 ** (2 / 3)) / 4 ** (1 / 6), id="anscombe"),
        pytest.param("pearson_negative_binomial", 5 / np.sqrt(4 + 0.5 * 16), id="5 / sqrt(12)"),
    ],
)
def test_cusum_residuals(residual: Residual, z: float) -> None:
    assert standardise(np.array([9.0]), np.array([4.0]), residual, 0.5) == pytest.approx([z])


def test_kleinberg_finds_the_two_high_batches() -> None:
    relevant, total = np.array([1.0, 1, 1, 8, 9, 1, 1]), np.full(7, 20.0)
    (span,) = find_bursts(relevant, total)
    low, high = 22 / 140, 44 / 140
    saved = 17 * np.log(high / low) + 23 * np.log((1 - high) / (1 - low))
    assert (span.first, span.last, span.weight) == (3, 4, pytest.approx(saved))
    assert find_bursts(np.zeros(7), total) == []


@given(st.lists(st.integers(0, 10), min_size=2, max_size=8), st.floats(1.5, 4), st.floats(0.1, 2))
def test_kleinberg_is_the_cheapest_of_all_paths(relevant: list[int], s: float, gamma: float) -> None:
    counts, total = np.array(relevant, dtype=float), np.full(len(relevant), 12.0)
    if not counts.sum():
        return
    rate = counts.sum() / total.sum()
    rates = np.array([rate, min(s * rate, 0.99999)])

    def cost(path: tuple[int, ...]) -> float:
        p = np.clip(rates[list(path)], 1e-12, 1 - 1e-12)
        ups = sum(one < two for one, two in zip((0, *path), path, strict=False))
        said = -(counts * np.log(p) + (total - counts) * np.log(1 - p)).sum()
        return float(said + ups * gamma * np.log(len(path)))

    best = min(cost(path) for path in product((0, 1), repeat=len(relevant)))
    assert cost(tuple(burst_states(counts, total, s, gamma))) == pytest.approx(best, abs=1e-6)


def test_quasi_poisson_fits_a_known_line() -> None:
    design = np.column_stack([np.ones(50), np.linspace(0, 1, 50)])
    fit = fit_quasi_poisson(design, np.exp(design @ np.array([1.0, 2.0])), np.ones(50))
    assert fit.beta == pytest.approx([1.0, 2.0], abs=1e-6)
    assert fit.phi == 1.0
    assert fit.leverage.sum() == pytest.approx(2.0, abs=1e-6)


def test_upper_bounds_by_hand() -> None:
    """(10^⅔ + 2.5758 sqrt(4/9 10^⅓))^1.5 = 19.167; the quantile of NB with mean 10, variance 20 is 24."""
    assert upper_bound(10, 1, 0, 0.005, plugin=False) == pytest.approx(19.167, abs=1e-3)
    assert upper_bound(10, 2, 0, 0.005, plugin=True) == nbinom.ppf(0.995, 10, 0.5) == 24


def weekly(seed: int, weeks: int = 330) -> Counts:
    rng = np.random.default_rng(seed)
    return rng.poisson(10 + 4 * np.cos(2 * np.pi * np.arange(weeks) / 52)).astype(np.float64)


@pytest.mark.parametrize("bound", [farrington_bound, seasonal_bound])
def test_the_bound_follows_the_season_and_forgets_a_past_outbreak(
    bound: Callable[[Counts, int], float],
) -> None:
    counts = weekly(3)
    assert bound(counts, 312) > bound(counts, 312 - 26)
    struck = counts.copy()
    struck[200:204] += 60
    assert bound(struck, 320) < bound(counts, 320) + 6


def test_farrington_says_nothing_of_a_handful() -> None:
    assert farrington_bound(np.zeros(330), 320) == np.inf
    with pytest.raises(ValueError, match="year"):
        farrington_bound(np.ones(40) * 5, 39)
    with pytest.raises(ValueError, match="year"):
        seasonal_bound(np.ones(40), 39)


def test_the_layout_samples_the_variance_it_names() -> None:
    """Set 4 has phi 5: the variance of the clean weeks is five times their mean."""
    series = [one for one in simulate(6, seed=5) if one.phi == 5 and one.mu.std() < 1e-9]
    quiet = np.concatenate([one.clean[:312] for one in series])
    assert quiet.var() / quiet.mean() == pytest.approx(5, rel=0.15)
    assert all(one.struck.sum() >= one.clean.sum() + 2 for one in series)
    assert all(575 <= one.first <= one.last < 624 for one in series)
