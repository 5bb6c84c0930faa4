"""EARS C1, C2 and C3 of the CDC (Hutwagner et al. 2003; `earsC` of the R package surveillance 1.26)."""

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]


def detect_c1(counts: Counts, baseline: int = 7, least_sigma: float = 0.5) -> Counts:
    """C1(t) = (y(t) - mean) / sd over the `baseline` days before t; NaN where there are not so many.

    An alarm is C1 >= 3.09. `least_sigma` keeps sparse series from dividing by nothing (Burkom: 0.5 or 1).
    """
    return _standardise(counts, baseline, lag=0, least_sigma=least_sigma)


def detect_c2(counts: Counts, baseline: int = 7, least_sigma: float = 0.5) -> Counts:
    """C2: as C1 with the two days before t left out of the baseline, lest a slow rise hide itself."""
    return _standardise(counts, baseline, lag=2, least_sigma=least_sigma)


def detect_c3(counts: Counts, baseline: int = 7, least_sigma: float = 0.5) -> Counts:
    """C3(t) = sum of max(0, C2(i) - 1) over i = t-2..t; an alarm is C3 >= 1.96.

    The statistic itself: the bound U3 in earsC.R leaves the day t out of its own sum.
    """
    excess = np.maximum(0.0, detect_c2(counts, baseline, least_sigma) - 1.0)
    c3 = np.full(len(counts), np.nan)
    c3[2:] = excess[2:] + excess[1:-1] + excess[:-2]
    return c3


def _standardise(counts: Counts, baseline: int, lag: int, least_sigma: float) -> Counts:
    values = np.full(len(counts), np.nan)
    first = baseline + lag
    if len(counts) <= first:
        return values
    windows = np.lib.stride_tricks.sliding_window_view(counts, baseline)[: len(counts) - first]
    sigma = np.maximum(windows.std(axis=1, ddof=1), least_sigma)
    values[first:] = (counts[first:] - windows.mean(axis=1)) / sigma
    return values
