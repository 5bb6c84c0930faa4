"""The complaint task: hotline messages into seven classes, everyday talk into `other`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, csr_matrix, vstack

from nlp.classifier import SHORT, LinearTasks
from nlp.features import Flags, feature_matrix, stop_columns
from nlp.linear import Floats, LinearModel, Numbers
from nlp.training.linear import (
    fit_calibration,
    fit_weights,
    measure_rarity,
    prune,
    score_rows,
    weigh,
)
from nlp.training.scores import Scores, score_probabilities
from nlp.training.splits import fold_groups, group_duplicates

OTHER = "other"
STRENGTH = 1.0
# Weight of whole messages, of their beginnings, of pieces of their middle, of their first few words, of what
# the taxonomy and own sentences tell of a label: for all posts, and for short ones. Hints and first words
# cost long messages half a point and give short ones twenty.
LONG_SHARES = (1.0, 0.5, 0.3, 0.0, 0.0)
SHORT_SHARES = (0.3, 0.5, 0.5, 1.0, 3.0)
# Small talk counts this much beside short complaints: what is short is not therefore small talk.
SHORT_OTHER = 0.25
SHORT_STRENGTH = 0.3
SHORT_WORDS, SHORT_THRESHOLD = 18, 0.25
SHORT_FEATURES = 150_000
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
    short: LinearModel | None = None


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
    trial = _fit_both(rows, rows.usable & (rows.folds != TEST_FOLD))
    held_out = np.flatnonzero(rows.raw & rows.said & (rows.folds == TEST_FOLD))
    scores, wrong = _score(trial, rows, held_out, [messages[at] for at in held_out.tolist()])
    model, short = _fit_both(rows, rows.usable)
    return Fitted(model, scores, int(rows.usable.sum()), len(held_out), wrong, short)


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


def _fit_both(rows: _Rows, train: Flags) -> tuple[LinearModel, LinearModel]:
    """The model for all posts and the one for short ones, on the rows of `train`."""
    known = _stack(rows.whole[np.flatnonzero(train)], rows.corpus)
    columns, rarity = measure_rarity(known, LEAST_ROWS, stop_columns())
    counted = (rows.whole, rows.leads, rows.middles, rows.heads, rows.hints)
    parts = [weigh(counts, columns, rarity) for counts in counted]
    fitted = []
    for short in (False, True):
        weights, intercept = _fit_parts(parts, rows, train, short)
        scale, shift = _calibrate(parts, rows, train, short)
        model = LinearModel(
            f"complaint{SHORT}" if short else "complaint",
            tuple(rows.labels),
            columns,
            rarity,
            weights,
            intercept,
            scale,
            shift,
            SHORT_THRESHOLD if short else THRESHOLD,
            OTHER,
            SHORT_WORDS if short else 0,
        )
        fitted.append(prune(model, SHORT_FEATURES if short else KEPT_FEATURES))
    return fitted[0], fitted[1]


def _calibrate(parts: Sequence[csr_array], rows: _Rows, train: Flags, short: bool) -> tuple[float, Floats]:
    """Scale and shift from the raw rows of `train`, by folds that were left out in turn."""
    views = (parts[1], parts[3]) if short else (parts[0], parts[1])
    scores = [np.zeros((len(train), len(rows.labels)), dtype=np.float32) for _ in views]
    for fold in set(rows.folds[train].tolist()):
        weights, intercept = _fit_parts(parts, rows, train & (rows.folds != fold), short)
        left_out = np.flatnonzero(train & (rows.folds == fold))
        for found, view in zip(scores, views, strict=True):
            found[left_out] = score_rows(view[left_out], weights, intercept)
    judged = train & rows.raw
    return fit_calibration(
        np.concatenate([found[judged] for found in scores]), np.tile(rows.truth[judged], len(views))
    )


def _fit_parts(parts: Sequence[csr_array], rows: _Rows, train: Flags, short: bool) -> tuple[Floats, Floats]:
    """Weights learnt from whole messages, from the pieces of the complaints among them and from the hints,
    each at its share."""
    whole, pieces = np.flatnonzero(train), np.flatnonzero(train & rows.said)
    chosen = (whole, pieces, pieces, pieces, np.arange(len(rows.hinted)))
    truths = (rows.truth, rows.truth, rows.truth, rows.truth, rows.hinted)
    shares = SHORT_SHARES if short else LONG_SHARES
    taken = [at for at, share in enumerate(shares) if share]
    stacked = vstack([csr_matrix(parts[at][chosen[at]]) for at in taken], format="csr")
    truth = np.concatenate([truths[at][chosen[at]] for at in taken])
    weights = np.concatenate([np.full(len(chosen[at]), shares[at]) for at in taken])
    if short:
        weights[: len(whole)][~rows.said[whole]] = SHORT_OTHER
    return fit_weights(csr_array(stacked), truth, SHORT_STRENGTH if short else STRENGTH, weights)


def _score(
    trial: tuple[LinearModel, LinearModel], rows: _Rows, chosen: Numbers, messages: Sequence[Message]
) -> tuple[Scores, tuple[int, ...]]:
    """Scores of whole messages; beside them the macro-F1 of their beginnings, as `macro_f1_of_leads`."""
    tasks, model, truth = LinearTasks(trial), trial[0], rows.truth[chosen]
    given = _abstain(tasks.probabilities([one.words for one in messages])["complaint"], model)
    leads = tasks.probabilities([_cut_lead(one) for one in messages])["complaint"]
    scores = score_probabilities(truth, given, model.labels)
    of_leads = score_probabilities(truth, leads, model.labels).measures["macro_f1"]
    scores = replace(scores, measures={**scores.measures, "macro_f1_of_leads": of_leads})
    return scores, tuple(chosen[given.argmax(axis=1) != truth].tolist())


def _abstain(given: Floats, model: LinearModel) -> Floats:
    """Rows that reach no label's threshold answer `other` with what is left."""
    unsure = given.max(axis=1) < model.threshold
    answered = given.copy()
    answered[unsure] = 0
    answered[unsure, model.labels.index(OTHER)] = 1 - given[unsure].max(axis=1)
    return answered


def _stack(first: csr_array, second: csr_array) -> csr_array:
    return csr_array(vstack([csr_matrix(first), csr_matrix(second)], format="csr"))
