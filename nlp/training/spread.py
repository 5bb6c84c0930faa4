"""The spread task: a rumour's probability from its text, its author and first reposts, in order of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from nlp.author import describe_author
from nlp.classifier import LinearTasks
from nlp.features import feature_matrix, masked_columns
from nlp.linear import Floats, LinearModel, Numbers
from nlp.spread import (
    AUTHOR,
    BLENDS,
    BOTH,
    REPOSTS,
    TASK,
    Blend,
    Repost,
    describe_form,
    describe_words,
    join_words,
    odds_of,
)
from nlp.training.complaint import Fitted
from nlp.training.linear import fit_weights, measure_rarity, prune, weigh
from nlp.training.rumour import LABELS, TRAINED_SHARE, Claim, ClaimRows, fit_claims, order_claims
from nlp.training.scores import Scores, score_probabilities

# The blend is learnt on the later part of what is trained on, under models of the earlier part.
EARLY_SHARE = 0.6
STRENGTH = 0.3
BLEND_STRENGTH = 0.1
# The share of rumours drifts: the earliest row of a blend counts this much beside its latest.
EARLIEST_WEIGHT = 0.3
LEAST_ROWS = 3
KEPT_FEATURES = 60_000

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedSpread:
    """The model of the reposts' words with the scores of all that is known, and the blends by name."""

    fitted: Fitted
    blends: Mapping[str, Blend]


def train_spread(claims: Sequence[Claim], reposts: Sequence[Sequence[Repost]]) -> FittedSpread:
    """Fit and score. `reposts` stand beside the claims, none for those that are not timed. Without the author
    of every timed claim there is the blend of reposts alone.

    The last quarter in time of the timed claims is held out. Their text is judged by a rumour model of the
    earlier ones, as `train_rumour` does.
    """
    order = order_claims(claims)
    rows = _Rows([claims[at] for at in order], [reposts[at] for at in order])
    timed = rows.claims.timed
    cut = int(timed * TRAINED_SHARE)
    model, blends = _fit(rows, cut)
    later = np.arange(cut, timed)
    features, truth = rows.describe(later, model, rows.judge_text(cut, later)), rows.claims.truth[later]
    given = {name: _answer(blend, features) for name, blend in blends.items()}
    best = BOTH if BOTH in given else REPOSTS
    scores = _score(truth, given, best)
    wrong = later[given[best].argmax(axis=1) != truth]
    model, blends = _fit(rows, timed)
    told = tuple(order[at] for at in wrong.tolist())
    return FittedSpread(Fitted(model, scores, timed, timed - cut, told), blends)


def _score(truth: Numbers, given: Mapping[str, Floats], best: str) -> Scores:
    """The scores of the best blend; beside them the macro-F1 of each other, as `macro_f1_of_<name>`."""
    scores = score_probabilities(truth, given[best], LABELS)
    others = {
        f"macro_f1_of_{name}": score_probabilities(truth, one, LABELS).measures["macro_f1"]
        for name, one in given.items()
        if name != best
    }
    return replace(scores, measures={**scores.measures, **others})


class _Rows:
    def __init__(self, claims: Sequence[Claim], reposts: Sequence[Sequence[Repost]]) -> None:
        self.claims = ClaimRows(claims)
        self._texts = [claim.words for claim in claims]
        known = reposts[: self.claims.timed]
        self._said = [join_words(some) for some in known]
        self.counts = feature_matrix(self._said)
        self._forms = [describe_form(some) for some in known]
        authors = [claim.author for claim in claims[: self.claims.timed]]
        self.authors = [describe_author(author) for author in authors if author]
        # A blend needs every row's author.
        self.signed = len(self.authors) == self.claims.timed

    def judge_text(self, until: int, rows: Numbers) -> list[float]:
        """Log odds of the texts of later rows, by a rumour model of those before `until`."""
        model = fit_claims(self.claims, until, self.claims.known_before(until))
        texts = [self._texts[at] for at in rows.tolist()]
        given = LinearTasks([model]).probabilities(texts)["rumour"][:, 1]
        return [odds_of(float(one)) for one in given]

    def describe(self, rows: Numbers, model: LinearModel, text: Sequence[float]) -> list[dict[str, float]]:
        """All features of the blends for these rows."""
        said = describe_words(LinearTasks([model]), [self._said[at] for at in rows.tolist()])
        return [
            {**self._forms[at], **(self.authors[at] if self.signed else {}), "words": words, "text": odds}
            for at, words, odds in zip(rows.tolist(), said, text, strict=True)
        ]

    def names(self, blend: str) -> tuple[str, ...]:
        """The features that a blend looks at, sorted."""
        spread = {*self._forms[0], "words"} if blend != AUTHOR else set()
        author = set(self.authors[0]) if blend != REPOSTS else set()
        return tuple(sorted({"text"} | spread | author))


def _fit(rows: _Rows, until: int) -> tuple[LinearModel, dict[str, Blend]]:
    early = int(until * EARLY_SHARE)
    later = np.arange(early, until)
    features = rows.describe(later, _fit_words(rows, early), rows.judge_text(early, later))
    truth = rows.claims.truth[later]
    blends = BLENDS if rows.signed else (REPOSTS,)
    return _fit_words(rows, until), {name: _fit_blend(features, rows.names(name), truth) for name in blends}


def _fit_words(rows: _Rows, until: int) -> LinearModel:
    chosen = np.arange(until)
    columns, rarity = measure_rarity(rows.counts[chosen], LEAST_ROWS, masked_columns())
    weighed = weigh(rows.counts[chosen], columns, rarity)
    weights, intercept = fit_weights(weighed, rows.claims.truth[chosen], STRENGTH)
    shift = np.zeros(1, dtype=np.float32)
    return prune(LinearModel(TASK, LABELS, columns, rarity, weights, intercept, 1.0, shift), KEPT_FEATURES)


def _fit_blend(features: Sequence[dict[str, float]], names: tuple[str, ...], truth: Numbers) -> Blend:
    table = _table(features, names)
    mean, width = table.mean(axis=0), table.std(axis=0) + 1e-9
    weights = np.linspace(EARLIEST_WEIGHT, 1, len(truth))
    machine = LogisticRegression(C=BLEND_STRENGTH, max_iter=1_000)
    machine.fit((table - mean) / width, truth, sample_weight=weights)
    weight: list[float] = machine.coef_[0].tolist()
    intercept = float(machine.intercept_[0])
    return Blend(names, tuple(mean.tolist()), tuple(width.tolist()), tuple(weight), intercept)


def _answer(blend: Blend, features: Sequence[dict[str, float]]) -> Floats:
    odds = np.array([blend.odds(one) for one in features])
    sure = (1 / (1 + np.exp(-odds))).astype(np.float32)
    return np.stack([1 - sure, sure], axis=1)


def _table(features: Sequence[dict[str, float]], names: Sequence[str]) -> Table:
    return np.array([[one[name] for name in names] for one in features])
