"""How good a model is: macro-F1, AUC, calibration error with bootstrap intervals, and the confusions."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

RESAMPLES = 500
BINS = 15


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with the interval that holds 95 of 100 bootstrap resamples of the test rows."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """So many rows of one label were taken for another."""

    label: str
    taken_for: str
    count: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one task on one set of rows that were not trained on."""

    rows_scored: int
    measures: Mapping[str, Measure]
    f1_by_label: Mapping[str, float]
    confusions: tuple[Confusion, ...]

    def rows(self) -> list[dict[str, object]]:
        """The figures as rows of a table: what, value, interval."""
        table: list[dict[str, object]] = [
            {"指标": name, "值": one.value, "95% 区间": f"{one.low:.4f}–{one.high:.4f}"}
            for name, one in self.measures.items()
        ]
        table += [{"指标": f"F1 {label}", "值": f1, "95% 区间": ""} for label, f1 in self.f1_by_label.items()]
        return [*table, {"指标": "行数", "值": self.rows_scored, "95% 区间": ""}]


def score_probabilities(
    truth: Numbers, probabilities: Floats, labels: Sequence[str], seed: int = 20_200_101
) -> Scores:
    """Scores of class probabilities (one column a label) against the true label numbers."""
    measured: dict[str, Callable[[Numbers, Floats], float]] = {
        "macro_f1": macro_f1,
        "accuracy": lambda true, given: float(accuracy_score(true, given.argmax(axis=1))),
        "ece": calibration_error,
    }
    if len(labels) == 2 and len(set(truth.tolist())) == 2:
        measured["auc"] = lambda true, given: float(roc_auc_score(true, given[:, 1]))
    answers = probabilities.argmax(axis=1)
    present = sorted(set(truth.tolist()))
    each = f1_score(truth, answers, labels=present, average=None, zero_division=0)
    return Scores(
        rows_scored=len(truth),
        measures=_bootstrap(truth, probabilities, measured, seed),
        f1_by_label={labels[at]: round(float(f1), 4) for at, f1 in zip(present, each, strict=True)},
        confusions=count_confusions(truth, answers, labels),
    )


def macro_f1(truth: Numbers, probabilities: Floats) -> float:
    """The mean F1 of the labels that occur in the truth."""
    present = sorted(set(truth.tolist()))
    return float(
        f1_score(truth, probabilities.argmax(axis=1), labels=present, average="macro", zero_division=0)
    )


def calibration_error(truth: Numbers, probabilities: Floats) -> float:
    """Expected calibration error (Naeini 2015) of the chosen label: |share right - mean probability| over 15
    equally wide bins, weighted by their rows. 0 is perfect."""
    sure = probabilities.max(axis=1)
    right = (probabilities.argmax(axis=1) == truth).astype(float)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(right[bins == at].mean() - sure[bins == at].mean()) * (bins == at).mean() for at in set(bins)]
    return float(sum(gaps))


def count_confusions(
    truth: Numbers, answers: Numbers, labels: Sequence[str], most: int = 10
) -> tuple[Confusion, ...]:
    """The most frequent wrong answers."""
    wrong = Counter(
        (labels[true], labels[given])
        for true, given in zip(truth.tolist(), answers.tolist(), strict=True)
        if true != given
    )
    return tuple(Confusion(true, given, count) for (true, given), count in wrong.most_common(most))


def _bootstrap(
    truth: Numbers,
    probabilities: Floats,
    measured: Mapping[str, Callable[[Numbers, Floats], float]],
    seed: int,
) -> dict[str, Measure]:
    random = np.random.default_rng(seed)
    draws = [random.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES)]
    measures = {}
    for name, measure in measured.items():
        values = [
            measure(truth[rows], probabilities[rows]) for rows in draws if len(set(truth[rows].tolist())) > 1
        ]
        low, high = np.quantile(values, (0.025, 0.975)) if values else (np.nan, np.nan)
        measures[name] = Measure(
            round(measure(truth, probabilities), 4), round(float(low), 4), round(float(high), 4)
        )
    return measures
