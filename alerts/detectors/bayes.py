"""Bayesian predictive bound for sparse counts (Riebler 2004; `algo.bayes` of the R package surveillance)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, nbdtrik

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was to be expected, the largest ordinary count, and the tail probability of the count."""

    expected: float
    upper: float
    p: float


def predict_counts(reference: Counts, exposures: Counts, exposure: float, observed: int, p: float) -> Verdict:
    """Judge one count against reference counts of the same kind of window.

    Counts are Poisson with rate times exposure, the rate has Jeffreys' prior Gamma(1/2, 0); the next count
    is then negative binomial with size sum(reference) + 1/2 and probability E / (E + exposure), E the summed
    exposures. With equal exposures this is `algo.bayes`; exposures carry what is known of weekdays. Few
    reference windows widen the bound by themselves. Raises ValueError without any exposure.

    >>> verdict = predict_counts(np.array([0.0, 1, 0, 0, 1, 0, 0]), np.ones(7), 1.0, observed=4, p=0.01)
    >>> verdict.upper, verdict.p < 0.01
    (3.0, True)
    """
    total = float(exposures.sum())
    if total <= 0 or exposure <= 0:
        raise ValueError("exposures must be positive")
    size, probability = float(reference.sum()) + 0.5, total / (total + exposure)
    return judge_count(size * exposure / total, size, probability, observed, p)


def judge_count(expected: float, size: float, probability: float, observed: int, p: float) -> Verdict:
    """Judge one count by the negative binomial distribution with this size and probability of success."""
    # scipy.stats has the same numbers, but costs every start a second.
    beyond = float(betainc(observed, size, 1 - probability)) if observed > 0 else 1.0
    highest = max(float(np.ceil(nbdtrik(1 - p, size, probability))), 0.0)
    if highest > 0 and betainc(size, highest, probability) >= 1 - p:
        highest -= 1
    return Verdict(expected=expected, upper=highest, p=beyond)


def weekday_exposures(daily: Counts, weekdays: npt.NDArray[np.int64], trust: float = 4.0) -> Counts:
    """How busy each weekday is (Monday first), 1.0 on average, drawn there as by `trust` even weeks.

    `daily` are counts of all posts a day, `weekdays` their weekday numbers.
    """
    if not daily.size or not daily.sum():
        return np.ones(7)
    days = np.bincount(weekdays, minlength=7).astype(np.float64)
    counts = np.bincount(weekdays, weights=daily, minlength=7)
    mean = float(daily.mean())
    return (counts + trust * mean) / ((days + trust) * mean)
