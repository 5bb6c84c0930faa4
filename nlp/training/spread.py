"""The spread task: a rumour's probability from its text and from its first reposts, in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from nlp.classifier import LinearTasks
from nlp.features import feature_matrix
from nlp.linear import Floats, LinearModel, Numbers
from nlp.spread import TASK, Blend, Repost, describe_form, join_words, odds_of
from nlp.training.complaint import Fitted
from nlp.training.linear import fit_weights, measure_rarity, prune, weigh
from nlp.training.rumour import LABELS, TRAINED_SHARE, Claim, ClaimRows, fit_claims, order_claims
from nlp.training.scores import score_probabilities

# The blend is learnt on the later part of what is trained on, under models of the earlier part.
EARLY_SHARE = 0.6
STRENGTH = 0.3
LEAST_ROWS = 3
KEPT_FEATURES = 60_000
_NO_COLUMNS = np.zeros(0, dtype=np.int64)

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedSpread:
    """The model of the reposts' words with its scores, and the blend."""

    fitted: Fitted
    blend: Blend


def train_spread(claims: Sequence[Claim], reposts: Sequence[Sequence[Repost]]) -> FittedSpread:
    """Fit and score. `reposts` stand beside the claims, none for those that are not timed.

    The last quarter in time of the timed claims is held out. Their text is judged by a rumour model of the
    earlier ones, as `train_rumour` does.
    """
    order = order_claims(claims)
    rows = _Rows([claims[at] for at in order], [reposts[at] for at in order])
    cut = int(rows.claims.timed * TRAINED_SHARE)
    model, blend = _fit(rows, cut)
    later = np.arange(cut, rows.claims.timed)
    given = _answer(blend, rows.describe(later, model, rows.judge_text(cut, later)))
    scores = score_probabilities(rows.claims.truth[later], given, LABELS)
    wrong = later[given.argmax(axis=1) != rows.claims.truth[later]]
    model, blend = _fit(rows, rows.claims.timed)
    trained = rows.claims.timed
    told = tuple(order[at] for at in wrong.tolist())
    return FittedSpread(Fitted(model, scores, trained, trained - cut, told), blend)


class _Rows:
    def __init__(self, claims: Sequence[Claim], reposts: Sequence[Sequence[Repost]]) -> None:
        self.claims = ClaimRows(claims)
        self._texts = [claim.words for claim in claims]
        known = reposts[: self.claims.timed]
        self._said = [join_words(some) for some in known]
        self.counts = feature_matrix(self._said)
        self._forms = [describe_form(some) for some in known]

    def judge_text(self, until: int, rows: Numbers) -> list[float]:
        """Log odds of the texts of later rows, by a rumour model of those before `until`."""
        model = fit_claims(self.claims, until, self.claims.known_before(until))
        texts = [self._texts[at] for at in rows.tolist()]
        given = LinearTasks([model]).probabilities(texts)["rumour"][:, 1]
        return [odds_of(float(one)) for one in given]

    def describe(self, rows: Numbers, model: LinearModel, text: Sequence[float]) -> list[dict[str, float]]:
        """All features of the blend for these rows."""
        said = LinearTasks([model]).scores([self._said[at] for at in rows.tolist()])[TASK][:, 0]
        return [
            {**self._forms[at], "words": float(words), "text": odds}
            for at, words, odds in zip(rows.tolist(), said, text, strict=True)
        ]


def _fit(rows: _Rows, until: int) -> tuple[LinearModel, Blend]:
    early = int(until * EARLY_SHARE)
    later = np.arange(early, until)
    features = rows.describe(later, _fit_words(rows, early), rows.judge_text(early, later))
    return _fit_words(rows, until), _fit_blend(features, rows.claims.truth[later])


def _fit_words(rows: _Rows, until: int) -> LinearModel:
    chosen = np.arange(until)
    columns, rarity = measure_rarity(rows.counts[chosen], LEAST_ROWS, _NO_COLUMNS)
    weighed = weigh(rows.counts[chosen], columns, rarity)
    weights, intercept = fit_weights(weighed, rows.claims.truth[chosen], STRENGTH)
    shift = np.zeros(1, dtype=np.float32)
    return prune(LinearModel(TASK, LABELS, columns, rarity, weights, intercept, 1.0, shift), KEPT_FEATURES)


def _fit_blend(features: Sequence[dict[str, float]], truth: Numbers) -> Blend:
    names = tuple(sorted(features[0]))
    table = _table(features, names)
    mean, width = table.mean(axis=0), table.std(axis=0) + 1e-9
    machine = LogisticRegression(C=1.0).fit((table - mean) / width, truth)
    weight: list[float] = machine.coef_[0].tolist()
    intercept = float(machine.intercept_[0])
    return Blend(names, tuple(mean.tolist()), tuple(width.tolist()), tuple(weight), intercept)


def _answer(blend: Blend, features: Sequence[dict[str, float]]) -> Floats:
    odds = np.array([blend.odds(one) for one in features])
    sure = (1 / (1 + np.exp(-odds))).astype(np.float32)
    return np.stack([1 - sure, sure], axis=1)


def _table(features: Sequence[dict[str, float]], names: Sequence[str]) -> Table:
    return np.array([[one[name] for name in names] for one in features])
