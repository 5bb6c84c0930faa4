"""The complaint task: hotline messages into seven classes, everyday talk into `other`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, csr_matrix, vstack

from nlp.features import Flags, feature_matrix, stop_columns
from nlp.linear import Floats, LinearModel
from nlp.training.linear import (
    fit_blend,
    fit_calibration,
    measure_rarity,
    predict_rows,
    prune,
    score_rows,
    weigh,
)
from nlp.training.scores import Scores, score_probabilities
from nlp.training.splits import fold_groups, group_duplicates

OTHER = "other"
STRENGTH = 1.0
# Weight of whole messages, of their beginnings, of pieces of their middle, of their first few words.
PIECE_SHARES = (1.0, 0.5, 0.3, 0.3)
# And of what the taxonomy itself and own sentences tell of a label.
HINT_SHARE = 0.5
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


def train_complaint(
    messages: Sequence[Message],
    unlabelled: Sequence[Sequence[str]],
    hints: Sequence[tuple[Sequence[str], str]] = (),
) -> Fitted:
    """Fit, calibrate and score. `unlabelled` messages give document frequencies only; `hints` are words and
    short sentences with the label they speak for, never calibrated or scored on.

    Raw messages of fold 0 by hash are held out; near-duplicates go where the smallest hash among them goes,
    so a message and its segmented twin never stand on both sides. A segmented row with a raw twin is left
    out.
    """
    rows = _Rows(messages, unlabelled, hints)
    trial = _fit(rows, rows.usable & (rows.folds != TEST_FOLD))
    held_out = rows.raw & rows.said & (rows.folds == TEST_FOLD)
    scores, wrong = _score(trial, rows, held_out)
    return Fitted(_fit(rows, rows.usable), scores, int(rows.usable.sum()), int(held_out.sum()), wrong)


class _Rows:
    """The messages as matrices: whole, their beginning and a piece of their middle.

    Pieces teach that a short complaint is one too; without them all that is short is taken for everyday talk.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        unlabelled: Sequence[Sequence[str]],
        hints: Sequence[tuple[Sequence[str], str]],
    ) -> None:
        self.whole = feature_matrix([message.words for message in messages])
        self.leads = feature_matrix([_cut_lead(message) for message in messages])
        self.middles = feature_matrix([_cut_middle(message) for message in messages])
        self.heads = feature_matrix([_cut_head(message) for message in messages])
        self.hints = feature_matrix([words for words, _ in hints])
        self.corpus = feature_matrix(unlabelled) if unlabelled else self.whole[:0]
        self.labels = sorted({message.label for message in messages})
        self.truth = np.array([self.labels.index(message.label) for message in messages], dtype=np.int64)
        self.hinted = np.array([self.labels.index(label) for _, label in hints], dtype=np.int64)
        self.raw = np.array([message.raw for message in messages])
        self.said = np.array([message.label != OTHER for message in messages])
        columns, rarity = measure_rarity(self.whole, 2, stop_columns())
        groups = group_duplicates(weigh(self.whole, columns, rarity), DUPLICATE)
        self.folds = fold_groups(groups, [message.hash for message in messages], FOLDS)
        self.usable = self.raw | ~np.isin(groups, groups[self.raw])


def _cut_lead(message: Message) -> Sequence[str]:
    """The first 10 to 39 words of a text; fewer of a list without stop words. The hash decides how many."""
    length = 10 + message.hash % 30 if message.raw else 7 + message.hash % 18
    return message.words[:length]


def _cut_middle(message: Message) -> Sequence[str]:
    start = len(message.words) // 3
    return message.words[start : start + 10 + (message.hash >> 4) % 30]


def _cut_head(message: Message) -> Sequence[str]:
    """The first 4 to 11 words: no more than a title or a cry says."""
    return message.words[: 4 + (message.hash >> 8) % 8]


def _fit(rows: _Rows, train: Flags) -> LinearModel:
    """A pruned model on the rows of `train`, calibrated on its raw rows by folds that were left out in
    turn."""
    known = _stack(rows.whole[np.flatnonzero(train)], rows.corpus)
    columns, rarity = measure_rarity(known, LEAST_ROWS, stop_columns())
    counted = (rows.whole, rows.leads, rows.middles, rows.heads, rows.hints)
    parts = [weigh(counts, columns, rarity) for counts in counted]
    whole = np.zeros((len(train), len(rows.labels)), dtype=np.float32)
    leads = np.zeros_like(whole)
    for fold in set(rows.folds[train].tolist()):
        weights, intercept = _fit_parts(parts, rows, train & (rows.folds != fold))
        left_out = np.flatnonzero(train & (rows.folds == fold))
        whole[left_out] = score_rows(parts[0][left_out], weights, intercept)
        leads[left_out] = score_rows(parts[1][left_out], weights, intercept)
    judged = train & rows.raw
    scale, shift = fit_calibration(
        np.concatenate([whole[judged], leads[judged]]), np.tile(rows.truth[judged], 2)
    )
    weights, intercept = _fit_parts(parts, rows, train)
    model = LinearModel(
        "complaint", tuple(rows.labels), columns, rarity, weights, intercept, scale, shift, THRESHOLD, OTHER
    )
    return prune(model, KEPT_FEATURES)


def _fit_parts(parts: Sequence[csr_array], rows: _Rows, train: Flags) -> tuple[Floats, Floats]:
    """Weights learnt from whole messages and, at less weight, from the pieces of the complaints among them
    and from the hints."""
    whole, pieces = np.flatnonzero(train), np.flatnonzero(train & rows.said)
    chosen = (whole, pieces, pieces, pieces)
    *cut, hints = parts
    taken = [csr_matrix(part[at]) for part, at in zip(cut, chosen, strict=True)]
    stacked = vstack([*taken, csr_matrix(hints)], format="csr")
    truth = np.concatenate([*(rows.truth[at] for at in chosen), rows.hinted])
    shares = [np.full(len(at), share) for at, share in zip(chosen, PIECE_SHARES, strict=True)]
    weights = np.concatenate([*shares, np.full(len(rows.hinted), HINT_SHARE)])
    return fit_blend(csr_array(stacked), truth, STRENGTH, weights)


def _score(model: LinearModel, rows: _Rows, test: Flags) -> tuple[Scores, tuple[int, ...]]:
    chosen = np.flatnonzero(test)
    given = predict_rows(weigh(rows.whole[chosen], model.columns, model.idf), model)
    answered = _abstain(given, model)
    wrong = chosen[answered.argmax(axis=1) != rows.truth[chosen]]
    return score_probabilities(rows.truth[chosen], answered, model.labels), tuple(wrong.tolist())


def _abstain(given: Floats, model: LinearModel) -> Floats:
    """Rows that reach no label's threshold answer `other` with what is left."""
    unsure = given.max(axis=1) < model.threshold
    answered = given.copy()
    answered[unsure] = 0
    answered[unsure, model.labels.index(OTHER)] = 1 - given[unsure].max(axis=1)
    return answered


def _stack(first: csr_array, second: csr_array) -> csr_array:
    return csr_array(vstack([csr_matrix(first), csr_matrix(second)], format="csr"))
