"""Farrington Flexible (Noufaily et al. 2013; `farringtonFlexible` of the R package surveillance 1.26)."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom, norm, poisson

from alerts.detectors.bayes import Counts
from alerts.detectors.glm import Fit, anscombe, fit_quasi_poisson, outlier_weights


@dataclass(frozen=True, slots=True)
class FarringtonOptions:
    """The options of surveillance by their meaning; the defaults are those of the improved method."""

    years: int = 5
    half_window: int = 3
    period: int = 52
    seasons: int = 10
    left_out: int = 26
    threshold: float = 2.58
    p_trend: float = 1.0
    least_cases: int = 5
    least_weeks: int = 4


def farrington_bound(
    counts: Counts,
    at: int,
    alpha: float = 0.005,
    options: FarringtonOptions | None = None,
    *,
    plugin: bool = True,
) -> float:
    """The upper bound for the count at index `at` from the years before it; infinite where the last weeks had
    too few cases to say anything (limit54). An alarm is a count above it.

    `plugin` takes the negative binomial quantile, else the ⅔-power one. Raises ValueError for a history
    shorter than one year and the weeks left out.
    """
    options = options or FarringtonOptions()
    if counts[max(at - options.least_weeks + 1, 0) : at + 1].sum() < options.least_cases:
        return float("inf")
    weeks, levels = _reference(at, options)
    if len(weeks) < options.period:
        raise ValueError("a history of a year and more is needed")
    design = np.column_stack([np.ones(len(weeks)), (weeks - at) / options.period, _dummies(levels, options)])
    fit = _fit_twice(design, counts[weeks], options.threshold)
    now = np.concatenate([[1.0, 0.0], np.zeros(options.seasons - 1)])
    mu = float(np.exp(now @ fit.beta))
    if mu > counts[weeks].max() and options.years >= 3:
        # No extrapolation beyond what was ever seen: the trend is left out (Noufaily 2013, section 3.3).
        fit = _fit_twice(np.delete(design, 1, axis=1), counts[weeks], options.threshold)
        now = np.delete(now, 1)
        mu = float(np.exp(now @ fit.beta))
    return upper_bound(mu, fit.phi, float(now @ fit.covariance @ now) * fit.phi * mu**2, alpha, plugin=plugin)


def upper_bound(mu: float, phi: float, variance: float, alpha: float, *, plugin: bool) -> float:
    """The 1 - alpha quantile of the next count; `variance` is that of the estimated mean.

    >>> round(upper_bound(10.0, 1.0, 0.0, 0.005, plugin=False), 2)
    19.17
    """
    if plugin:
        if phi <= 1.0001:
            return float(poisson.ppf(1 - alpha, mu))
        return float(nbinom.ppf(1 - alpha, mu / (phi - 1), 1 / phi))
    tau = phi + variance / mu
    spread = np.sqrt(4 / 9 * mu ** (1 / 3) * tau)
    return float(max(mu ** (2 / 3) + norm.ppf(1 - alpha) * spread, 0.0) ** 1.5)


def _fit_twice(design: Counts, counts: Counts, threshold: float) -> Fit:
    first = fit_quasi_poisson(design, counts, np.ones(len(counts)))
    return fit_quasi_poisson(design, counts, outlier_weights(anscombe(first, counts), threshold))


def _reference(at: int, options: FarringtonOptions) -> tuple[np.ndarray, np.ndarray]:
    """The weeks of the years before and the season level of each, 0 for that of week `at`."""
    first = max(at - options.years * options.period - options.half_window, 0)
    weeks = np.arange(first, at - options.left_out)
    ahead = (weeks - at) % options.period
    ahead = np.where(ahead > options.period - options.half_window - 1, ahead - options.period, ahead)
    width = (options.period - 2 * options.half_window - 1) / (options.seasons - 1)
    levels = np.where(
        np.abs(ahead) <= options.half_window, 0, 1 + ((ahead - options.half_window - 1) // width).astype(int)
    )
    return weeks, levels


def _dummies(levels: np.ndarray, options: FarringtonOptions) -> Counts:
    return np.asarray(levels[:, None] == np.arange(1, options.seasons)[None, :], dtype=np.float64)
