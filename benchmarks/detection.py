"""Detectors on the layout of Noufaily et al. (2013): 28 scenarios of 624 weeks, side by side.

`python -m benchmarks.detection [RUNS]`; figures per method: false alarms a clean week, outbreaks found, and
outbreaks found in their first week.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alerts.detectors.bayes import Counts, predict_counts
from alerts.detectors.cusum import cusum
from alerts.detectors.ears import detect_c1, detect_c2, detect_c3
from alerts.detectors.farrington import farrington_bound, upper_bound
from alerts.detectors.reweighted import reweighted_bounds
from alerts.detectors.seasonal import seasonal_bound

RUNS, SEED = 10, 20131225
WEEKS, TRAIN, CURRENT = 624, 312, 575
# theta, phi, beta, gamma 1, gamma 2 of the seven sets; each without and with trend and season.
SETS = (
    (0.1, 1.5, 0.0025, 0.6, 0.6),
    (-2.0, 2.0, 0.005, 0.1, 0.3),
    (1.5, 1.0, 0.003, 0.2, -0.4),
    (0.5, 5.0, 0.002, 0.5, 0.5),
    (2.5, 3.0, 0.001, 1.0, 0.1),
    (3.75, 1.1, 0.001, 0.1, -0.1),
    (5.0, 1.2, 0.0001, 0.05, 0.01),
)


@dataclass(frozen=True, slots=True)
class Series:
    """One simulated series: its counts without and with the current outbreak, what is true of it, and the
    weeks that the outbreak lasts."""

    clean: Counts
    struck: Counts
    mu: Counts
    phi: float
    first: int
    last: int


Alarms = Callable[[Counts, Series], np.ndarray]


def simulate(runs: int, seed: int = SEED) -> Iterator[Series]:
    """All scenarios, `runs` times each; the same seed gives the same series."""
    for number in range(28):
        for run in range(runs):
            yield _simulate(number, np.random.default_rng((seed, number, run)), run)


def _simulate(number: int, rng: np.random.Generator, run: int) -> Series:
    theta, phi, beta, cosine, sine = SETS[number // 4]
    season, trend = number % 4 in (1, 3), number % 4 in (2, 3)
    week = np.arange(1, WEEKS + 1)
    wave = cosine * np.cos(2 * np.pi * week / 52) + sine * np.sin(2 * np.pi * week / 52)
    mu = np.exp(theta + trend * beta * week + season * wave)
    # Variance phi mu; the code of a published replication samples another one.
    counts = rng.poisson(mu) if phi == 1 else rng.negative_binomial(mu / (phi - 1), 1 / phi)
    clean = counts.astype(np.float64)
    for size in (2, 3, 5, 10):
        clean = clean + _outbreak(rng, int(rng.integers(TRAIN, CURRENT - 8)), size, mu, phi)
    first = int(rng.integers(CURRENT, WEEKS - 4))
    extra = _outbreak(rng, first, run % 10 + 1, mu, phi)
    return Series(clean, clean + extra, mu, phi, first, int(np.flatnonzero(extra).max()))


def _outbreak(rng: np.random.Generator, start: int, k: int, mu: Counts, phi: float) -> Counts:
    """Poisson(k sd) cases, at least two, at lognormal(0, 0.5²) delays in weeks."""
    size = 0
    while size < 2:
        size = int(rng.poisson(k * np.sqrt(phi * mu[start])))
    weeks = start + np.floor(rng.lognormal(0, 0.5, size)).astype(int)
    return np.bincount(weeks[weeks < WEEKS], minlength=WEEKS).astype(np.float64)


def _bounds(bound: Callable[[Counts, int], float]) -> Alarms:
    def alarms(counts: Counts, _series: Series) -> np.ndarray:
        return np.array([counts[at] > bound(counts, at) for at in range(CURRENT, WEEKS)])

    return alarms


def _oracle(alpha: float) -> Alarms:
    def alarms(counts: Counts, series: Series) -> np.ndarray:
        known = [upper_bound(float(mu), series.phi, 0.0, alpha, plugin=True) for mu in series.mu[CURRENT:]]
        return counts[CURRENT:] > np.array(known)

    return alarms


def _cusum(counts: Counts, _series: Series) -> np.ndarray:
    before = counts[TRAIN:CURRENT]
    mean = max(float(before.mean()), 0.05)
    dispersion = max(float(before.var(ddof=1)) - mean, 0.0) / mean**2
    expected = np.full(WEEKS - CURRENT, mean)
    return cusum(counts[CURRENT:], expected, dispersion=dispersion) >= 2.26


def _bayes(counts: Counts, at: int) -> float:
    return predict_counts(counts[at - 28 : at], np.ones(28), 1.0, int(counts[at]), 0.001).upper


def _spike(counts: Counts, _series: Series) -> np.ndarray:
    """ElastAlert's `spike`: three times the window before, and both not empty."""
    return (counts[CURRENT:] >= 3 * counts[CURRENT - 1 : -1]) & (counts[CURRENT - 1 : -1] > 0)


METHODS: dict[str, Alarms] = {
    "EARS C1": lambda y, _: detect_c1(y)[CURRENT:] >= 3.09,
    "EARS C2": lambda y, _: detect_c2(y)[CURRENT:] >= 3.09,
    "EARS C3": lambda y, _: detect_c3(y)[CURRENT:] >= 1.96,
    "epitweetr default": lambda y, _: y[CURRENT:] > reweighted_bounds(y)[CURRENT:],
    "epitweetr alpha .005": lambda y, _: y[CURRENT:] > reweighted_bounds(y, alpha=0.005)[CURRENT:],
    "ElastAlert spike x3": _spike,
    "NB CUSUM": _cusum,
    "bayes 28 windows": _bounds(_bayes),
    "Farrington Flexible": _bounds(farrington_bound),
    "default (seasonal)": _bounds(seasonal_bound),
    "oracle alpha .02": _oracle(0.02),
}


def measure(runs: int = RUNS) -> list[tuple[str, float, float, float]]:
    """For each method false alarms a clean week, outbreaks found, found in the first week; as shares."""
    series = list(simulate(runs))
    rows = []
    for name, alarms in METHODS.items():
        clean = [float(np.mean(alarms(one.clean, one))) for one in series]
        struck = [alarms(one.struck, one) for one in series]
        found = [
            hit[one.first - CURRENT : one.last - CURRENT + 1] for hit, one in zip(struck, series, strict=True)
        ]
        rows.append(
            (name, float(np.mean(clean)), _share(bool(f.any()) for f in found), _share(f[0] for f in found))
        )
    return rows


def _share(hits: Iterator[bool]) -> float:
    return float(np.mean(list(hits)))


def run(_posts: Path | None = None) -> list[dict[str, object]]:
    """Rows of method, false alarms a clean week, found and found in the first week. The series are simulated:
    no data is read."""
    return [
        {"方法": name, "误报/平常周": f"{fa:.1%}", "发现": f"{hit:.1%}", "首周发现": f"{first:.1%}"}
        for name, fa, hit, first in measure()
    ]


def main() -> None:
    """Print the table for the number of runs given."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    sys.stdout.write(f"28 scenarios x {runs} runs, seed {SEED}\n")
    sys.stdout.write("false alarms a clean week, found, found in the first week\n")
    for name, fa, hit, first in measure(runs):
        sys.stdout.write(f"{name:22}{fa:7.1%}{hit:8.1%}{first:8.1%}\n")
    sys.stdout.write("to reach: <= 2.0 %, >= 62 %, >= 52 %\n")


if __name__ == "__main__":
    main()
