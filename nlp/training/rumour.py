"""The rumour task: how probable it is that a public post is a rumour, from its text alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.sparse import csr_array

from nlp.features import feature_matrix
from nlp.linear import Floats, LinearModel, Numbers
from nlp.training.complaint import Fitted
from nlp.training.linear import (
    fit_calibration,
    fit_weights,
    measure_rarity,
    predict_rows,
    prune,
    score_rows,
    weigh,
)
from nlp.training.scores import score_probabilities

LABELS = ("not_rumour", "rumour")
STRENGTH = 0.3
LEAST_ROWS = 2
DUPLICATE = 0.4
TIMELESS_WEIGHT = 0.6
TRAINED_SHARE = 0.75
KEPT_FEATURES = 240_000
_NO_COLUMNS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Claim:
    """One training post. `timed`: from a set whose rumours and others come from the same years, so that its
    order in time may be used; the others (Ma: rumours before 2014, the rest 2015) only add weight to
    words."""

    words: Sequence[str]
    rumour: bool
    time: datetime
    timed: bool


def train_rumour(claims: Sequence[Claim]) -> Fitted:
    """Fit, calibrate and score. The last quarter in time of the timed posts is held out for the scores.

    Calibration is learnt the same way, on the last quarter of what is trained on, because the share of
    rumours and the talk of the day drift: probabilities must hold for later posts. Untimed posts that
    nearly equal a timed one are left out, so that no later post is known beforehand.
    """
    order = sorted(range(len(claims)), key=lambda at: (not claims[at].timed, claims[at].time))
    counts = feature_matrix([claims[at].words for at in order])
    truth = np.array([claims[at].rumour for at in order], dtype=np.int64)
    timed = sum(claim.timed for claim in claims)
    untimed = _unlike(counts, timed)
    everyone = np.arange(timed, len(order))
    cut = int(timed * TRAINED_SHARE)
    trial = _fit(counts, truth, cut, untimed, untimed)
    given = predict_rows(weigh(counts[cut:timed], trial.columns, trial.idf), trial)
    scores = score_probabilities(truth[cut:timed], given, LABELS)
    wrong = np.flatnonzero(given.argmax(axis=1) != truth[cut:timed]) + cut
    final = _fit(counts, truth, timed, untimed, everyone)
    return Fitted(final, scores, len(order), timed - cut, tuple(order[at] for at in wrong.tolist()))


def _unlike(counts: csr_array, timed: int) -> Numbers:
    """The untimed rows that resemble no timed row."""
    columns, rarity = measure_rarity(counts, 1, _NO_COLUMNS)
    rows = weigh(counts, columns, rarity)
    if timed == rows.shape[0]:
        return _NO_COLUMNS
    nearest = (rows[timed:] @ rows[:timed].T).max(axis=1).toarray().ravel()
    return timed + np.flatnonzero(nearest < DUPLICATE)


def _fit(counts: csr_array, truth: Numbers, until: int, unlike: Numbers, untimed: Numbers) -> LinearModel:
    """A pruned model on the timed rows before `until` and the `untimed` ones.

    Calibrated on the later of the timed rows under a model of the earlier ones and of `unlike`, which
    resemble none of them.
    """
    early = int(until * TRAINED_SHARE)
    columns, rarity, weights, intercept = _fit_rows(counts, truth, early, unlike)
    later = weigh(counts[early:until], columns, rarity)
    scale, shift = fit_calibration(score_rows(later, weights, intercept), truth[early:until])
    columns, rarity, weights, intercept = _fit_rows(counts, truth, until, untimed)
    model = LinearModel("rumour", LABELS, columns, rarity, weights, intercept, scale, shift)
    return prune(model, KEPT_FEATURES)


def _fit_rows(
    counts: csr_array, truth: Numbers, until: int, untimed: Numbers
) -> tuple[Numbers, Floats, Floats, Floats]:
    chosen = np.concatenate([np.arange(until), untimed])
    columns, rarity = measure_rarity(counts[chosen], LEAST_ROWS, _NO_COLUMNS)
    row_weights = np.where(chosen < until, 1.0, TIMELESS_WEIGHT)
    rows = weigh(counts[chosen], columns, rarity)
    weights, intercept = fit_weights(rows, truth[chosen], STRENGTH, row_weights)
    return columns, rarity, weights, intercept
