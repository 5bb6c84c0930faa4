"""CUSUM of counts (Rossi et al. 1999; `algo.cusum` of the R package surveillance 1.26)."""

from typing import Literal

import numpy as np

from alerts.detectors.bayes import Counts

Residual = Literal["standard", "rossi", "anscombe", "pearson_negative_binomial"]


def cusum(
    counts: Counts,
    mean: Counts,
    *,
    residual: Residual = "pearson_negative_binomial",
    dispersion: float = 0.0,
    k: float = 1.04,
    reset: bool = True,
    h: float = 2.26,
) -> Counts:
    """S(t) = max(0, S(t-1) + z(t) - k) with z the residual of the count; an alarm is S >= `h`.

    `mean` are the expected counts (above 0), `dispersion` the alpha of the variance m + alpha m². With
    `reset` the sum begins anew after an alarm.
    """
    sums, running = np.zeros(len(counts)), 0.0
    for at, z in enumerate(standardise(counts, mean, residual, dispersion)):
        running = max(0.0, (0.0 if reset and running >= h else running) + float(z) - k)
        sums[at] = running
    return sums


def standardise(counts: Counts, mean: Counts, residual: Residual, dispersion: float) -> Counts:
    """The residuals of the counts, about standard normal.

    >>> standardise(np.array([7.0]), np.array([4.0]), "standard", 0.0)
    array([1.5])
    """
    if residual == "standard":
        z = (counts - mean) / np.sqrt(mean)
    elif residual == "rossi":
        z = (counts - 3 * mean + 2 * np.sqrt(counts * mean)) / (2 * np.sqrt(mean))
    elif residual == "anscombe":
        z = 1.5 * (counts ** (2 / 3) - mean ** (2 / 3)) / mean ** (1 / 6)
    else:
        z = (counts - mean) / np.sqrt(mean + dispersion * mean**2)
    return np.asarray(z, dtype=np.float64)
