"""The rumour task: how probable it is that a public post is a rumour, from its text alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from nlp.author import Author
from nlp.classifier import LinearTasks
from nlp.features import Flags, feature_matrix, masked_columns
from nlp.linear import Floats, LinearModel, Numbers
from nlp.training.complaint import Fitted
from nlp.training.linear import fit_calibration, fit_weights, measure_rarity, prune, score_rows, weigh
from nlp.training.scores import score_probabilities

LABELS = ("not_rumour", "rumour")
STRENGTH = 0.3
LEAST_ROWS = 2
DUPLICATE = 0.4
TRAINED_SHARE = 0.75
# The share of rumours grows from year to year in the timed set: only the latest posts tell what it is now.
CALIBRATED_SHARE = 0.15
KEPT_FEATURES = 240_000
# A post of fewer content words than this says too little to be sure of.
FULL_WORDS = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """One training post. `timed`: from a set whose rumours and others come from the same years, so that its
    order in time may be used; the others (Ma: rumours before 2014, the rest 2015; hotline messages; plain
    reports) only add weight to words, each `weight` times a post's."""

    words: Sequence[str]
    rumour: bool
    time: datetime
    timed: bool
    weight: float = 1.0
    author: Author | None = None


def train_rumour(claims: Sequence[Claim]) -> Fitted:
    """Fit, calibrate and score. The last quarter in time of the timed posts is held out for the scores.

    Calibration is learnt the same way, on the last of what is trained on, because the share of rumours and
    the talk of the day drift: probabilities must hold for later posts. An untimed post that nearly equals
    a later timed one is left out unless it was written before it: what was known then may be known.
    """
    order = order_claims(claims)
    rows = ClaimRows([claims[at] for at in order])
    cut = int(rows.timed * TRAINED_SHARE)
    trial = fit_claims(rows, cut, rows.known_before(cut))
    given = LinearTasks([trial]).probabilities([claims[at].words for at in order[cut : rows.timed]])["rumour"]
    scores = score_probabilities(rows.truth[cut : rows.timed], given, LABELS)
    wrong = np.flatnonzero(given.argmax(axis=1) != rows.truth[cut : rows.timed]) + cut
    final = fit_claims(rows, rows.timed, np.arange(rows.timed, len(order)))
    return Fitted(final, scores, len(order), rows.timed - cut, tuple(order[at] for at in wrong.tolist()))


def order_claims(claims: Sequence[Claim]) -> list[int]:
    """The numbers of the claims, timed ones first and in order of time."""
    return sorted(range(len(claims)), key=lambda at: (not claims[at].timed, claims[at].time))


class ClaimRows:
    """The claims as a matrix, timed ones first and in order."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.counts = feature_matrix([claim.words for claim in claims])
        self.truth = np.array([claim.rumour for claim in claims], dtype=np.int64)
        self.weights = np.array([claim.weight for claim in claims])
        self.timed = sum(claim.timed for claim in claims)
        self._times = np.array([claim.time.timestamp() for claim in claims])
        columns, rarity = measure_rarity(self.counts, 1, masked_columns())
        rows = weigh(self.counts, columns, rarity)
        self._alike = csr_matrix(rows[self.timed :] @ rows[: self.timed].T)

    def known_before(self, cut: int) -> Numbers:
        """The untimed rows that were written before the timed row `cut`, or resemble none from there on."""
        if self.timed == len(self.truth):
            return np.zeros(0, dtype=np.int64)
        nearest = self._alike[:, cut:].max(axis=1).toarray().ravel()
        early: Flags = self._times[self.timed :] < self._times[cut]
        return self.timed + np.flatnonzero(early | (nearest < DUPLICATE))


def fit_claims(rows: ClaimRows, until: int, untimed: Numbers) -> LinearModel:
    """A pruned model on the timed rows before `until` and the `untimed` ones.

    Calibrated on the latest of the timed rows under a model of what was known before them.
    """
    early = int(until * (1 - CALIBRATED_SHARE))
    columns, rarity, weights, intercept = _fit_rows(rows, early, rows.known_before(early))
    later = weigh(rows.counts[early:until], columns, rarity)
    scale, shift = fit_calibration(score_rows(later, weights, intercept), rows.truth[early:until])
    columns, rarity, weights, intercept = _fit_rows(rows, until, untimed)
    model = LinearModel(
        "rumour", LABELS, columns, rarity, weights, intercept, scale, shift, full_words=FULL_WORDS
    )
    return prune(model, KEPT_FEATURES)


def _fit_rows(rows: ClaimRows, until: int, untimed: Numbers) -> tuple[Numbers, Floats, Floats, Floats]:
    chosen = np.concatenate([np.arange(until), untimed])
    counts: csr_array = rows.counts[chosen]
    columns, rarity = measure_rarity(counts, LEAST_ROWS, masked_columns())
    weights, intercept = fit_weights(
        weigh(counts, columns, rarity), rows.truth[chosen], STRENGTH, rows.weights[chosen]
    )
    return columns, rarity, weights, intercept
