"""Fitting: counted features to a pruned, calibrated linear model."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array, csr_matrix
from sklearn.svm import LinearSVC

from nlp.linear import Floats, LinearModel, Numbers

SEED = 20_200_101


def measure_rarity(counts: csr_array, least: int, without: Numbers) -> tuple[Numbers, Floats]:
    """The columns that stand in at least `least` rows, and ln((1 + rows) / (1 + rows with it)) + 1 of
    each."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    frequency[without] = 0
    columns = np.flatnonzero(frequency >= least).astype(np.int64)
    rarity = np.log((1 + counts.shape[0]) / (1 + frequency[columns])) + 1
    return columns, rarity.astype(np.float32)


def weigh(counts: csr_array, columns: Numbers, rarity: Floats) -> csr_array:
    """Sublinear TF-IDF of the chosen columns, each row of length one."""
    weighed = csr_array(csr_matrix(counts)[:, columns]).astype(np.float32)
    weighed.data = (1 + np.log(weighed.data)) * rarity[weighed.indices]
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    weighed.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weighed.indptr))
    return weighed


def fit_weights(
    rows: csr_array, truth: Numbers, strength: float, row_weights: npt.NDArray[np.float64] | None = None
) -> tuple[Floats, Floats]:
    """Weights (one row a feature) and intercepts of a linear support vector machine, classes balanced.

    One column a label; a single one for two labels. `strength` is the C of Fan et al. 2008 (LIBLINEAR).
    """
    machine = LinearSVC(C=strength, class_weight="balanced", random_state=SEED)
    machine.fit(csr_matrix(rows), truth, sample_weight=row_weights)
    return machine.coef_.T.astype(np.float32), machine.intercept_.astype(np.float32)


def score_rows(rows: csr_array, weights: Floats, intercept: Floats) -> Floats:
    """Scores of weighed rows."""
    scores: Floats = rows @ weights + intercept
    return scores


def fit_calibration(scores: Floats, truth: Numbers) -> tuple[float, Floats]:
    """Scale and shifts that make softmax(scale * scores + shift) likeliest, held a little to zero shift.

    Temperature scaling (Guo et al. 2017) with a shift a label; Platt scaling where there is one column.
    """
    width = scores.shape[1]

    def loss(parameters: npt.NDArray[np.float64]) -> float:
        scaled = parameters[0] * scores + parameters[1:]
        if width == 1:
            scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1)
        top = scaled.max(axis=1)
        total = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        likelihood = (scaled[np.arange(len(truth)), truth] - total).mean()
        return float(-likelihood + 1e-3 * (parameters[1:] ** 2).mean())

    found = minimize(loss, np.array([2.0] + [0.0] * width), method="L-BFGS-B")
    return float(found.x[0]), found.x[1:].astype(np.float32)


def prune(model: LinearModel, most: int) -> LinearModel:
    """The model with its `most` weightiest features, rounded to the float16 that is stored."""
    reach = model.idf * np.abs(model.weights).max(axis=1)
    kept = np.sort(np.argsort(-reach, kind="stable")[:most])
    return replace(
        model,
        columns=model.columns[kept],
        idf=model.idf[kept].astype(np.float16).astype(np.float32),
        weights=model.weights[kept].astype(np.float16).astype(np.float32),
    )
