"""Labels with calibrated probabilities and the words that decided: all linear tasks in one product."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from nlp.batches import WordBatch
from nlp.features import COLUMNS, Features, Flags, Tags, count_features, hash_batch, hash_features
from nlp.linear import MODELS, Floats, LinearModel, Numbers, load_model
from nlp.rebuttals import mark_denials
from schemas.records import Label

TOLD_WORDS = 3
# `<task>_short` answers for a task's posts of few words.
SHORT = "_short"
_CONSIDERED = 8
# Below this probability there is no decision to explain.
_TOLD_FROM = 0.3
# The task whose posts may deny what they tell.
_DENIED = "rumour"
# Log odds of what is rare among short posts, such as a rumour: about one in ten.
_BASE_ODDS = -2.2
# Posts of one pass: the packed sort keys hold 15 bits of post and 28 of word.
_BATCH = 8_192


@dataclass(frozen=True, slots=True)
class _Task:
    model: LinearModel
    first: int
    norm: int

    @property
    def width(self) -> int:
        return int(self.model.weights.shape[1])


class _Spoken(NamedTuple):
    """All words of a batch; of its content words the places among them, the posts and the slots."""

    flat: Sequence[str]
    words: Numbers
    rows: Tags
    slots: Tags


class LinearTasks:
    """Several linear tasks over one feature matrix. Immutable after loading; one sparse product a batch."""

    def __init__(self, models: Sequence[LinearModel]) -> None:
        placed = tuple(_place(models))
        self._tasks = tuple(task for task in placed if not task.model.task.endswith(SHORT))
        self._shorts = {
            task.model.task.removesuffix(SHORT): task for task in placed if task.model.task.endswith(SHORT)
        }
        # Slot -1: no task knows this feature; it is dropped before counting.
        self._slots = np.full(COLUMNS, -1, dtype=np.int32)
        for model in models:
            self._slots[model.columns] = 0
        known = np.flatnonzero(self._slots == 0)
        self._slots[known] = np.arange(len(known), dtype=np.int32)
        width = sum(task.width for task in placed)
        self._weights = np.zeros((len(known), width), dtype=np.float32)
        self._squares = np.zeros((len(known), len(models)), dtype=np.float32)
        for task in placed:
            at = self._slots[task.model.columns]
            self._weights[at, task.first : task.first + task.width] = (
                task.model.idf[:, None] * task.model.weights
            )
            self._squares[at, task.norm] = task.model.idf**2

    @classmethod
    def load(cls, tasks: Sequence[str], folder: Path = MODELS) -> "LinearTasks":
        """The shipped models of these tasks, with those for their short posts. Raises ReadError where one is
        missing or broken."""
        shorts = [f"{task}{SHORT}" for task in tasks if (folder / f"{task}{SHORT}.npz").is_file()]
        return cls([load_model(task, folder) for task in (*tasks, *shorts)])

    def scores(self, posts: Sequence[Sequence[str]]) -> Mapping[str, Floats]:
        """Raw scores of each task, one row a post."""
        return self._score(self._count(hash_features(posts)))

    def probabilities(self, posts: Sequence[Sequence[str]]) -> Mapping[str, Floats]:
        """Calibrated probabilities of each task, one row a post, one column a label."""
        found = hash_features(posts)
        scores = self._score(self._count(found))
        return {task.model.task: self._answer(task, scores, found)[0] for task in self._tasks}

    def classify(self, posts: Sequence[Sequence[str]]) -> Mapping[str, list[Label]]:
        """The label of each post in each task, with probability and the words that decided.

        A task with one column of weights answers for its second label: a probability of 0.1 for `rumour`
        means that the post is probably none. A post that denies a rumour is called `rebuttal`, and its
        probability is still that of a rumour.
        """
        labels: dict[str, list[Label]] = {task.model.task: [] for task in self._tasks}
        for start in range(0, len(posts), _BATCH):
            batch = posts[start : start + _BATCH]
            for task, given in self.classify_batch(batch, WordBatch.of(batch)).items():
                labels[task] += given
        return labels

    def classify_batch(
        self, posts: Sequence[Sequence[str]], words: WordBatch, untold: Collection[str] = ()
    ) -> Mapping[str, list[Label]]:
        """The same for up to 8,192 posts whose words are measured already; for labels of the names `untold`
        nobody asks which words decided."""
        found = hash_batch(words)
        scores = self._score(self._count(found))
        said = np.flatnonzero(found.content)
        spoken = _Spoken(words.words, said, found.tags[said] >> 1, self._slots[found.columns[said]])
        labels = {task.model.task: self._label(task, scores, found, spoken, untold) for task in self._tasks}
        if _DENIED in labels:
            labels[_DENIED] = mark_denials(posts, labels[_DENIED])
        return labels

    def _count(self, found: Features) -> csr_array:
        slots = self._slots[found.columns]
        known = np.flatnonzero(slots >= 0)
        return count_features(found.tags[known], slots[known], (found.posts, len(self._weights)))

    def _score(self, counts: csr_array) -> dict[str, Floats]:
        counts.data = 1 + np.log(counts.data)
        products: Floats = counts @ self._weights
        counts.data **= 2
        norms = np.sqrt(np.maximum(counts @ self._squares, 1e-12))
        return {
            task.model.task: products[:, task.first : task.first + task.width] / norms[:, task.norm, None]
            + task.model.intercept
            for task in (*self._tasks, *self._shorts.values())
        }

    def _answer(self, task: _Task, scores: Mapping[str, Floats], found: Features) -> tuple[Floats, Flags]:
        """Probabilities, and which posts the model for short ones answered for."""
        given = calibrate(scores[task.model.task], task.model)
        said = _count_content(found)
        if task.width == 1:
            return _hold_back(given, said, task.model.full_words), np.zeros(found.posts, dtype=np.bool_)
        short = self._shorts.get(task.model.task)
        few: Flags = said < (short.model.full_words if short else 0)
        if short and few.any():
            given[few] = calibrate(scores[short.model.task][few], short.model)
        return given, few

    def _label(
        self,
        task: _Task,
        scores: Mapping[str, Floats],
        found: Features,
        spoken: _Spoken,
        untold: Collection[str],
    ) -> list[Label]:
        model, short = task.model, self._shorts.get(task.model.task, task)
        probability, few = self._answer(task, scores, found)
        if task.width == 1:
            chosen, best = np.ones(found.posts, dtype=np.int64), probability[:, 1]
        else:
            chosen = probability.argmax(axis=1)
            best = probability[np.arange(found.posts), chosen]
        column = np.where(few, short.first, task.first) + np.minimum(chosen, task.width - 1)
        asked = (best >= _TOLD_FROM) & np.array([name not in untold for name in model.labels])[chosen]
        told = self._tell_words(column, asked, spoken)
        least = np.where(few, short.model.threshold, model.threshold)
        # In float64, so that rounding gives the shortest decimals.
        sure = best.astype(np.float64)
        unsure: Flags = (sure < least) & (chosen != _find_label(model, model.abstain)) & bool(model.abstain)
        shown = np.round(np.where(unsure, 1 - sure, sure), 4)
        return [
            Label(model.abstain, share) if abstains else Label(model.labels[at], share, words)
            for at, share, abstains, words in zip(
                chosen.tolist(), shown.tolist(), unsure.tolist(), told, strict=True
            )
        ]

    def _tell_words(self, column: Numbers, asked: Flags, spoken: _Spoken) -> list[tuple[str, ...]]:
        """The content words of most weight in its column, most telling first, of each post asked for."""
        flat, words, rows, slots = spoken
        if not asked.all():
            some = np.flatnonzero(asked[rows])
            words, rows, slots = words[some], rows[some], slots[some]
        weight = np.where(slots >= 0, self._weights[slots, column[rows]], 0)
        telling = np.flatnonzero(weight > 0)
        # One sort for the whole batch: post, then falling weight, then the word's place, packed into 63 bits.
        falling = (1 << 20) - 1 - np.minimum(weight[telling] * (1 << 15), (1 << 20) - 1).astype(np.int64)
        keys = np.sort((rows[telling].astype(np.int64) << 48) | (falling << 28) | words[telling])
        starts = np.searchsorted(keys >> 48, np.arange(len(column) + 1)).tolist()
        places = (keys & ((1 << 28) - 1)).tolist()
        return [
            tuple(dict.fromkeys([flat[at] for at in places[start : min(end, start + _CONSIDERED)]]))[
                :TOLD_WORDS
            ]
            if start < end
            else ()
            for start, end in pairwise(starts)
        ]


def _place(models: Sequence[LinearModel]) -> Iterator[_Task]:
    first = 0
    for at, model in enumerate(models):
        yield _Task(model, first, at)
        first += model.weights.shape[1]


def _find_label(model: LinearModel, name: str) -> int:
    """The number of a label; -1 where the task does not have it."""
    return model.labels.index(name) if name in model.labels else -1


def _count_content(found: Features) -> Numbers:
    rows = found.tags[: len(found.content)][found.content] >> 1
    return np.bincount(rows, minlength=found.posts).astype(np.int64)


def _hold_back(given: Floats, said: Numbers, full: int) -> Floats:
    """Probabilities of two labels, those of posts of fewer content words than `full` held near the base
    rate."""
    if not full:
        return given
    share = np.minimum(said / full, 1)
    odds = np.log(np.maximum(given[:, 1], 1e-9)) - np.log(np.maximum(given[:, 0], 1e-9))
    held = 1 / (1 + np.exp(-(share * odds + (1 - share) * _BASE_ODDS)))
    held = np.where(share < 1, np.minimum(held, given[:, 1]), given[:, 1]).astype(np.float32)
    return np.stack([1 - held, held], axis=1)


def calibrate(scores: Floats, model: LinearModel) -> Floats:
    """Scores to probabilities that sum to one, by the model's scale and shift."""
    scaled = model.scale * scores + model.shift
    if scaled.shape[1] == 1:
        scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1)
    grown: npt.NDArray[np.float32] = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Floats = grown / grown.sum(axis=1, keepdims=True)
    return shares


@cache
def _loaded(task: str) -> LinearTasks:
    return LinearTasks.load([task])


class Classifier:
    """One shipped task by itself.

    >>> Classifier.load("complaint").predict([["小区", "电梯", "坏", "了", "物业", "不", "修"]])[0].name
    'urban_rural'
    """

    def __init__(self, tasks: LinearTasks, task: str) -> None:
        self._tasks, self._task = tasks, task

    @classmethod
    def load(cls, task: str) -> "Classifier":
        """The shipped model of this task. Raises ReadError where there is none."""
        return cls(_loaded(task), task)

    def predict(self, posts: Sequence[Sequence[str]]) -> list[Label]:
        """The label of each segmented post."""
        return list(self._tasks.classify(posts)[self._task])
