"""The default for series with a long history: trend and yearly waves, past outbreaks weighed down.

A quasi-Poisson regression over all of the history learns the mean from hundreds of weeks where Farrington's
windows use some dozens, and so comes near the bound of one who knows the true mean.
"""

from dataclasses import dataclass

import numpy as np

from alerts.detectors.bayes import Counts
from alerts.detectors.farrington import upper_bound
from alerts.detectors.glm import Fit, anscombe, fit_quasi_poisson, outlier_weights


@dataclass(frozen=True, slots=True)
class SeasonalOptions:
    """`left_out` latest weeks are not learned from, lest an outbreak hide itself; residuals above `threshold`
    are weighed down, `rounds` times; `waves` cosine waves a `period`."""

    period: int = 52
    waves: int = 1
    left_out: int = 3
    threshold: float = 2.58
    rounds: int = 2


def seasonal_bound(
    counts: Counts, at: int, alpha: float = 0.018, options: SeasonalOptions | None = None
) -> float:
    """The upper bound for the count at index `at` from all counts before it; an alarm is a count above it.

    Raises ValueError for a history shorter than a year.
    """
    options = options or SeasonalOptions()
    weeks = np.arange(at - options.left_out)
    if len(weeks) < options.period:
        raise ValueError("a history of a year is needed")
    design, now = _design(weeks, at, options), _design(np.array([at]), at, options)[0]
    fit = _fit(design, counts[weeks], options)
    mu = float(np.exp(min(now @ fit.beta, 20.0)))
    return upper_bound(mu, fit.phi, 0.0, alpha, plugin=True)


def _design(weeks: np.ndarray, at: int, options: SeasonalOptions) -> Counts:
    turn = 2 * np.pi * weeks / options.period
    waves = [wave(n * turn) for n in range(1, options.waves + 1) for wave in (np.cos, np.sin)]
    return np.column_stack([np.ones(len(weeks)), (weeks - at) / max(at, 1), *waves])


def _fit(design: Counts, counts: Counts, options: SeasonalOptions) -> Fit:
    fit = fit_quasi_poisson(design, counts, np.ones(len(counts)))
    for _ in range(options.rounds):
        fit = fit_quasi_poisson(design, counts, outlier_weights(anscombe(fit, counts), options.threshold))
    return fit
