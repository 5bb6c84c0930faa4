"""EARS with past outbreaks weighed down, as in epitweetr (`ears_t_reweighted`, Höhle)."""

import numpy as np
from scipy.stats import t as student

from alerts.detectors.bayes import Counts


def reweighted_bounds(
    counts: Counts,
    *,
    baseline: int = 7,
    step: int = 1,
    alpha: float = 0.025,
    alpha_outlier: float = 0.05,
    decay: float = 4.0,
) -> Counts:
    """The upper bound for each count from the `baseline` counts before it; NaN where there are not so many.

    An alarm is a count above its bound. `step` 7 takes the same weekday of the weeks before. Bonferroni over
    m series: `alpha` / m.
    """
    bounds = np.full(len(counts), np.nan)
    for at in range(baseline * step, len(counts)):
        bounds[at] = reweighted_bound(
            counts[at - baseline * step : at : step], alpha=alpha, alpha_outlier=alpha_outlier, decay=decay
        )
    return bounds


def reweighted_bound(
    history: Counts, *, alpha: float = 0.025, alpha_outlier: float = 0.05, decay: float = 4.0
) -> float:
    """U = mean + t(1-alpha, n-1) s sqrt(1 + 1/n), mean and s weighted by (thr / r)^decay where the externally
    studentised residual r exceeds thr = t(1-alpha_outlier, n-2).

    Raises ValueError for fewer than three counts.

    >>> round(reweighted_bound(np.array([2.0, 3, 1, 2, 4, 2, 3])), 3)
    4.738
    """
    n = len(history)
    if n < 3:
        raise ValueError("at least three counts")
    weights = _weights(history, float(student.ppf(1 - alpha_outlier, n - 2)), decay)
    mean = float((weights * history).mean())
    spread = float(np.sqrt((weights * (history - mean) ** 2).sum() / (n - 1)))
    return mean + float(student.ppf(1 - alpha, n - 1)) * spread * float(np.sqrt(1 + 1 / n))


def _weights(history: Counts, threshold: float, decay: float) -> Counts:
    """Weights that sum to n."""
    n = len(history)
    others = np.array([np.delete(history, at).std(ddof=1) for at in range(n)])
    residuals = history - history.mean()
    scale = others * np.sqrt(1 - 1 / n)
    # Where all others are equal, any other count is an outlier beyond measure.
    ratio = np.divide(residuals, scale, out=np.where(residuals > 0, np.inf, 0.0), where=scale > 0)
    high = ratio > threshold
    weights = np.ones(n)
    weights[high] = (threshold / ratio[high]) ** decay
    return np.asarray(weights * (n / weights.sum()), dtype=np.float64)
