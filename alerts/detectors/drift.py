"""Whether one day of a source differs from its days before: shares, levels, bad days in a row.

Robust on purpose: a few odd days among those before must neither hide a drift nor make one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scipy.stats import betabinom

# What one day's share tells of the next wears off: days of one source differ more than coins do.
_MOST_TRIALS = 100.0
# So much any day's logarithm may differ from the others: a source that never varies must not fire at 1 %.
_LEAST_SPREAD = 0.1
_NORMAL = 1.4826


@dataclass(frozen=True, slots=True)
class Drifted:
    """A number of today beside what is usual; `unlikely` is its tail probability, 0 for a level."""

    now: float
    usual: float
    unlikely: float = 0.0


def share_drift(
    now: tuple[int, int], before: Sequence[tuple[int, int]], *, p: float, rise: float
) -> Drifted | None:
    """Whether the share of a day (3 of 20) is higher than before by `rise` and as unlikely as `p`.

    P(K >= k) of BetaBinomial(n, a, b) with a = 1/2 + m S, b = 1/2 + (1 - m) S, where m is the median share of
    the days before and S = min(sum of their n, 100).
    """
    k, n = now
    days = [(ours, all_) for ours, all_ in before if all_ > 0]
    if not days or n == 0:
        return None
    usual = median(ours / all_ for ours, all_ in days)
    trials = min(float(sum(all_ for _, all_ in days)), _MOST_TRIALS)
    unlikely = float(betabinom.sf(k - 1, n, 0.5 + usual * trials, 0.5 + (1 - usual) * trials))
    return Drifted(k / n, usual, unlikely) if unlikely <= p and k / n - usual >= rise else None


def level_drift(
    now: float, before: Sequence[float], *, z: float, ratio: float, upward: bool
) -> Drifted | None:
    """Whether a level (a median length) lies `z` robust deviations and a factor of `ratio` off, on the
    logarithms: |ln x - med| / (1.4826 MAD + 0.1). `upward`: only a higher one counts.
    """
    logs = [math.log(value) for value in before if value > 0]
    if not logs or now <= 0:
        return None
    middle = median(logs)
    spread = _NORMAL * median(abs(value - middle) for value in logs) + _LEAST_SPREAD
    off = math.log(now) - middle
    off = off if upward else abs(off)
    return Drifted(now, math.exp(middle)) if off / spread >= z and off >= math.log(ratio) else None


def row_drift(bad: Sequence[bool], *, p: float, least: int) -> Drifted | None:
    """Whether the bad days at the end of a row (oldest first) are more than chance: q ** m <= p for m of
    them, where q = (bad + 1) / (all + 2) over the `least` or more days before (rule of succession).
    """
    row = 0
    while row < len(bad) and bad[-1 - row]:
        row += 1
    before = bad[: len(bad) - row]
    if not row or len(before) < least:
        return None
    usual = (sum(before) + 1) / (len(before) + 2)
    return Drifted(row, usual, usual**row) if usual**row <= p else None
