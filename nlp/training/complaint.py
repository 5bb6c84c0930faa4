"""The complaint task: hotline messages into seven classes, everyday talk into `other`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from nlp.features import feature_matrix, stop_columns
from nlp.linear import Floats, LinearModel, Numbers
from nlp.training.linear import (
    fit_calibration,
    fit_weights,
    measure_rarity,
    predict_rows,
    prune,
    score_rows,
    weigh,
)
from nlp.training.scores import Scores, score_probabilities
from nlp.training.splits import fold_groups, group_duplicates

OTHER = "other"
STRENGTH = 3.0
FOLDS, TEST_FOLD = 4, 0
LEAST_ROWS = 3
DUPLICATE = 0.7
KEPT_FEATURES = 240_000
THRESHOLD = 0.4


@dataclass(frozen=True, slots=True)
class Message:
    """One training message: words, label, hash of the text, and whether the text is raw (otherwise a list of
    words without stop words)."""

    words: Sequence[str]
    label: str
    hash: int
    raw: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model fitted on everything, the scores of one fitted without the held-out rows, and the rows of
    each."""

    model: LinearModel
    scores: Scores
    trained: int
    held_out: int
    wrong: tuple[int, ...] = ()


def train_complaint(messages: Sequence[Message], unlabelled: Sequence[Sequence[str]]) -> Fitted:
    """Fit, calibrate and score. `unlabelled` messages give document frequencies only.

    Raw messages of fold 0 by hash are held out; near-duplicates go where the smallest hash among them goes,
    so a message and its segmented twin never stand on both sides. A segmented row with a raw twin is left
    out.
    """
    counts = feature_matrix([message.words for message in messages])
    corpus = feature_matrix(unlabelled) if unlabelled else counts[:0]
    labels = sorted({message.label for message in messages})
    truth = np.array([labels.index(message.label) for message in messages], dtype=np.int64)
    raw = np.array([message.raw for message in messages])
    folds, twin = _split(counts, messages, raw)
    held_out, usable = raw & (folds == TEST_FOLD), raw | ~twin
    trial = _fit(counts, corpus, truth, labels, usable & (folds != TEST_FOLD), folds, raw)
    scores, wrong = _score(trial, counts, truth, held_out & (truth != labels.index(OTHER)))
    final = _fit(counts, corpus, truth, labels, usable, folds, raw)
    return Fitted(final, scores, int(usable.sum()), int(held_out.sum()), wrong)


def _split(counts: csr_array, messages: Sequence[Message], raw: np.ndarray) -> tuple[Numbers, np.ndarray]:
    """The fold of each message, and whether a raw message has the same text."""
    columns, rarity = measure_rarity(counts, 2, stop_columns())
    groups = group_duplicates(weigh(counts, columns, rarity), DUPLICATE)
    folds = fold_groups(groups, [message.hash for message in messages], FOLDS)
    return folds, np.isin(groups, groups[raw])


def _fit(
    counts: csr_array,
    corpus: csr_array,
    truth: Numbers,
    labels: list[str],
    train: np.ndarray,
    folds: Numbers,
    raw: np.ndarray,
) -> LinearModel:
    """A pruned model on the rows of `train`, calibrated on its raw rows by folds that were left out in
    turn."""
    known = _stack(counts[np.flatnonzero(train)], corpus)
    columns, rarity = measure_rarity(known, LEAST_ROWS, stop_columns())
    rows = weigh(counts, columns, rarity)
    scores = np.zeros((len(truth), len(labels)), dtype=np.float32)
    for fold in set(folds[train].tolist()):
        others, left_out = np.flatnonzero(train & (folds != fold)), np.flatnonzero(train & (folds == fold))
        weights, intercept = fit_weights(rows[others], truth[others], STRENGTH)
        scores[left_out] = score_rows(rows[left_out], weights, intercept)
    scale, shift = fit_calibration(scores[train & raw], truth[train & raw])
    chosen = np.flatnonzero(train)
    weights, intercept = fit_weights(rows[chosen], truth[chosen], STRENGTH)
    model = LinearModel(
        "complaint", tuple(labels), columns, rarity, weights, intercept, scale, shift, THRESHOLD, OTHER
    )
    return prune(model, KEPT_FEATURES)


def _score(
    model: LinearModel, counts: csr_array, truth: Numbers, test: np.ndarray
) -> tuple[Scores, tuple[int, ...]]:
    chosen = np.flatnonzero(test)
    given = predict_rows(weigh(counts[chosen], model.columns, model.idf), model)
    wrong = chosen[given.argmax(axis=1) != truth[chosen]]
    return score_probabilities(truth[chosen], _abstain(given, model), model.labels), tuple(wrong.tolist())


def _abstain(given: Floats, model: LinearModel) -> Floats:
    """Rows that reach no label's threshold answer `other` with what is left."""
    unsure = given.max(axis=1) < model.threshold
    answered = given.copy()
    answered[unsure] = 0
    answered[unsure, model.labels.index(OTHER)] = 1 - given[unsure].max(axis=1)
    return answered


def _stack(first: csr_array, second: csr_array) -> csr_array:
    starts = np.concatenate([first.indptr, second.indptr[1:] + first.indptr[-1]])
    arrays = (
        np.concatenate([first.data, second.data]),
        np.concatenate([first.indices, second.indices]),
        starts,
    )
    return csr_array(arrays, shape=(first.shape[0] + second.shape[0], first.shape[1]))
