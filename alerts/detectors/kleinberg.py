"""Two-state bursts of Kleinberg (2003) for counts in batches, by Viterbi: 突现词 and themes over time."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

from alerts.detectors.bayes import Counts

_HIGHEST = 0.99999


@dataclass(frozen=True, slots=True)
class BurstSpan:
    """A burst from batch `first` to `last`, both included; `weight` is the cost it saves."""

    first: int
    last: int
    weight: float


def burst_states(relevant: Counts, total: Counts, s: float = 2.0, gamma: float = 1.0) -> list[int]:
    """The cheapest sequence of states, 0 ordinary and 1 burst, for `relevant` of `total` texts a batch.

    The rate is p0 = sum r / sum d ordinarily and s p0 in a burst; going up costs gamma ln n, down nothing.
    """
    costs, up = _costs(relevant, total, s), gamma * float(np.log(len(relevant)))
    best = np.array([0.0, up]) + costs[0]
    came: list[tuple[int, int]] = []
    for cost in costs[1:]:
        low = int(best[1] < best[0])
        high = int(best[1] <= best[0] + up)
        came.append((low, high))
        best = np.array([best[low], min(best[0] + up, best[1])]) + cost
    states = [int(best[1] < best[0])]
    for step in reversed(came):
        states.append(step[states[-1]])
    return states[::-1]


def find_bursts(relevant: Counts, total: Counts, s: float = 2.0, gamma: float = 1.0) -> list[BurstSpan]:
    """The bursts in order of time, each with its weight: what its batches cost in state 0 and not in 1."""
    if not relevant.sum():
        return []
    states, costs = burst_states(relevant, total, s, gamma), _costs(relevant, total, s)
    saved = costs[:, 0] - costs[:, 1]
    edges = np.flatnonzero(np.diff([0, *states, 0]))
    return [
        BurstSpan(int(first), int(end - 1), float(saved[first:end].sum()))
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _costs(relevant: Counts, total: Counts, s: float) -> Counts:
    """-ln of the binomial probability of each batch in both states."""
    rate = float(relevant.sum() / total.sum())
    chosen = gammaln(total + 1) - gammaln(relevant + 1) - gammaln(total - relevant + 1)
    columns = [
        -(chosen + xlogy(relevant, p) + xlogy(total - relevant, 1 - p))
        for p in (rate, min(s * rate, _HIGHEST))
    ]
    return np.stack(columns, axis=1)
