"""The emotion task: what a post's writer shows, of five emotions, or none of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from nlp.classifier import LinearTasks
from nlp.emotion import NEUTRAL, TASK
from nlp.features import Flags, feature_matrix
from nlp.linear import Floats, LinearModel, Numbers
from nlp.training.complaint import Fitted
from nlp.training.linear import fit_calibration, fit_weights, measure_rarity, prune, score_rows, weigh
from nlp.training.scores import score_probabilities
from nlp.training.splits import fold_groups, group_duplicates

STRENGTH = 0.1
LEAST_ROWS = 2
FOLDS, TEST_FOLD = 4, 0
DUPLICATE = 0.7
KEPT_FEATURES = 60_000
# Below this the answer is neutral: an emotion that is no surer helps nobody.
THRESHOLD = 0.3
# Of all words, stop words too: 呵呵, 吗 and ！ say nothing of a subject but much of a feeling.
_NO_COLUMNS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Said:
    """One training post: words with the signs behind them, emotion or `neutral`, and the hash of its text.

    `weak`: a hotline message without any sign, taken for neutral; it only adds weight to words, `weight`
    times a post's, and is neither calibrated nor scored on.
    """

    words: Sequence[str]
    label: str
    hash: int
    weight: float = 1.0
    weak: bool = False


def train_emotion(posts: Sequence[Said]) -> Fitted:
    """Fit, calibrate and score. Posts of fold 0 by hash are held out; near-duplicates stay together."""
    rows = _Rows(posts)
    trial = _fit(rows, rows.folds != TEST_FOLD)
    held_out = np.flatnonzero(~rows.weak & (rows.folds == TEST_FOLD))
    truth = rows.truth[held_out]
    given = LinearTasks([trial]).probabilities([posts[at].words for at in held_out.tolist()])[TASK]
    scores = score_probabilities(truth, given, rows.labels)
    wrong = tuple(held_out[given.argmax(axis=1) != truth].tolist())
    return Fitted(_fit(rows, np.ones(len(posts), np.bool_)), scores, len(posts), len(held_out), wrong)


class _Rows:
    """The posts as a matrix; weak ones are in no fold that is held out."""

    def __init__(self, posts: Sequence[Said]) -> None:
        self.counts = feature_matrix([post.words for post in posts])
        self.labels = tuple(sorted({post.label for post in posts}))
        self.truth = np.array([self.labels.index(post.label) for post in posts], dtype=np.int64)
        self.weights = np.array([post.weight for post in posts])
        self.weak = np.array([post.weak for post in posts])
        columns, rarity = measure_rarity(self.counts, LEAST_ROWS, _NO_COLUMNS)
        groups = group_duplicates(weigh(self.counts, columns, rarity), DUPLICATE)
        self.folds = fold_groups(groups, [post.hash for post in posts], FOLDS)


def _fit(rows: _Rows, train: Flags) -> LinearModel:
    """A pruned model on the rows of `train`, calibrated by folds that were left out in turn."""
    scores = np.zeros((len(train), len(rows.labels)), dtype=np.float32)
    for fold in set(rows.folds[train].tolist()):
        columns, rarity, weights, intercept = _fit_rows(rows, train & (rows.folds != fold))
        left_out = np.flatnonzero(train & (rows.folds == fold))
        scores[left_out] = score_rows(weigh(rows.counts[left_out], columns, rarity), weights, intercept)
    judged = train & ~rows.weak
    scale, shift = fit_calibration(scores[judged], rows.truth[judged])
    columns, rarity, weights, intercept = _fit_rows(rows, train)
    model = LinearModel(
        TASK, rows.labels, columns, rarity, weights, intercept, scale, shift, THRESHOLD, NEUTRAL
    )
    return prune(model, KEPT_FEATURES)


def _fit_rows(rows: _Rows, train: Flags) -> tuple[Numbers, Floats, Floats, Floats]:
    chosen = np.flatnonzero(train)
    counts: csr_array = rows.counts[chosen]
    columns, rarity = measure_rarity(counts, LEAST_ROWS, _NO_COLUMNS)
    weights, intercept = fit_weights(
        weigh(counts, columns, rarity), rows.truth[chosen], STRENGTH, rows.weights[chosen]
    )
    return columns, rarity, weights, intercept
