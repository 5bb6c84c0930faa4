"""Denials: whether a post denies a claim, and which known official rebuttal speaks of what a post says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from nlp.features import feature_matrix, stop_columns
from nlp.knowledge import read_knowledge
from schemas.records import Label

REBUTTAL = "rebuttal"

Numbers64 = npt.NDArray[np.float64]
# Titles hold few words: more of each other's kind would be needed before one match is no accident.
_LEAST_SHARED = 4


@dataclass(frozen=True, slots=True)
class _Denials:
    signs: frozenset[str]
    pattern: re.Pattern[str]
    odds_left: float
    least_match: float


@cache
def _denials() -> _Denials:
    top = read_knowledge("rebuttals")
    asking = "".join(f"(?<!{re.escape(word)})" for word in top.texts("asking", 1))
    denials = _Denials(
        frozenset(top.texts("signs", 1)),
        re.compile(f"{asking}(?:{'|'.join(top.texts('denials', 1))})"),
        top.number("odds_left", 0, 1),
        top.number("least_match", 0, 1),
    )
    top.close()
    return denials


def find_denial(words: Sequence[str]) -> str:
    """The words by which a segmented post denies a claim; empty where it denies none.

    >>> find_denial(["网传", "停水", "一周", "的", "说法", "不", "属实"])
    '不属实'
    >>> find_denial(["求", "辟谣", "，", "真的", "吗"])
    ''
    """
    known = _denials()
    if known.signs.isdisjoint(words):
        return ""
    found = known.pattern.search("".join(words))
    return found[0] if found else ""


def mark_denials(posts: Sequence[Sequence[str]], labels: Sequence[Label]) -> list[Label]:
    """The rumour labels of posts, those that deny a claim as `rebuttal`.

    The probability stays that of a rumour: a denial leaves a tenth of its odds. A post the model is all the
    surer of stays a rumour: rumours claim to be confirmed and others' denials to be false.
    """
    signs = _denials().signs
    return [
        label if signs.isdisjoint(words) else _mark(words, label)
        for words, label in zip(posts, labels, strict=True)
    ]


def _mark(words: Sequence[str], label: Label) -> Label:
    denial = find_denial(words)
    if not denial:
        return label
    left = label.probability * _denials().odds_left
    probability = round(left / (left + 1 - label.probability), 4)
    return Label(REBUTTAL, probability, (denial,)) if probability < 0.5 else label


class Rebuttals:
    """Known rebuttals by title, each with its words, and how rare each word and pair is among them."""

    def __init__(self, titles: Mapping[str, Sequence[str]]) -> None:
        self.titles = tuple(titles)
        counts = feature_matrix(list(titles.values()))
        self._known, places = np.unique(counts.indices, return_inverse=True)
        frequency = np.bincount(places, minlength=len(self._known))
        rarity = np.log((1 + len(titles)) / (1 + frequency)) + 1
        self._squares = np.where(np.isin(self._known, stop_columns()), 0, rarity**2)
        shape = (len(self.titles), len(self._known))
        self._rows = csr_array((np.ones(len(places)), places, counts.indptr), shape=shape)
        self._whole: Numbers64 = self._rows @ self._squares

    def match(self, posts: Sequence[Sequence[str]]) -> list[tuple[str, float] | None]:
        """For each segmented post the title that it says most of, with its score in [0, 1]; None where it
        says none.

        The score is the share of the title's words and pairs, weighed by squared rarity, that the post
        holds. A cosine would punish a post for saying more than a title can.
        """
        if not self.titles or not posts:
            return [None] * len(posts)
        told = self._find_told(posts)
        scores = (told @ (self._rows * self._squares).T.tocsr()).toarray() / np.maximum(self._whole, 1e-9)
        best = scores.argmax(axis=1)
        sure = scores[np.arange(len(posts)), best]
        shared = np.asarray(self._rows[best].multiply(told).sum(axis=1)).ravel()
        close = (sure >= _denials().least_match) & (shared >= _LEAST_SHARED)
        return [
            (self.titles[at], round(score, 4)) if near else None
            for at, score, near in zip(best.tolist(), sure.tolist(), close.tolist(), strict=True)
        ]

    def _find_told(self, posts: Sequence[Sequence[str]]) -> csr_array:
        """Which of the titles' telling words and pairs each post holds: one row a post, ones."""
        counts = feature_matrix(posts)
        places = np.searchsorted(self._known, counts.indices)
        places = np.minimum(places, len(self._known) - 1)
        held = (self._known[places] == counts.indices) & (self._squares[places] > 0)
        rows = np.repeat(np.arange(len(posts)), np.diff(counts.indptr))[held]
        shape = (len(posts), len(self._known))
        return csr_array((np.ones(len(rows)), (rows, places[held])), shape=shape)
