"""What titles have in common: pieces of two characters, the rarer the weightier, so that names show."""

import re
from collections.abc import Iterable
from datetime import date
from heapq import nlargest
from math import log, sqrt

from nlp.events_words import Window
from schemas.records import ClassifiedPost

_SIGNS = re.compile(r"[A-Z]\d*[市区县]|[^\w]|_")
_OPENING = 40


def cut_title(post: ClassifiedPost) -> tuple[str, ...]:
    """The pieces of a post's title, each once; of the first 40 characters where it has none.

    Anonymous divisions (A3区) and signs are left out: 金桂苑电梯 -> 金桂 桂苑 苑电 电梯.
    """
    text = _SIGNS.sub("", post.clean.title or post.clean.text[:_OPENING])
    return tuple(dict.fromkeys(text[at : at + 2] for at in range(len(text) - 1)))


class TitleCounts:
    """How many of some titles have each piece."""

    def __init__(self, pieces: Iterable[str] = ()) -> None:
        self.counts: dict[str, int] = dict.fromkeys(pieces, 1)
        self.length: tuple[date, float] | None = None

    def add(self, other: "TitleCounts", most: int) -> None:
        """Count other titles too; of many pieces only the `most` frequent stay."""
        for piece, count in other.counts.items():
            self.counts[piece] = self.counts.get(piece, 0) + count
        if len(self.counts) > 2 * most:
            heaviest = nlargest(most, ((count, piece) for piece, count in self.counts.items()))
            self.counts = {piece: count for count, piece in heaviest}
        self.length = None


class TitlePieces:
    """How rare each piece is, by the titles of the last `days` days; `before` is how many titles are taken as
    seen before the first, all of them without the piece."""

    def __init__(self, days: int, before: int) -> None:
        self._window, self._before = Window(days), before
        self._weights: dict[str, float] = {}

    def observe(self, pieces: Iterable[str]) -> None:
        """Count one title of today; it comes into force tomorrow."""
        self._window.observe(pieces)

    def advance(self, today: date) -> None:
        """Go on to a later day."""
        self._window.advance(today)
        self._weights = {}

    def alike(self, one: TitleCounts, other: TitleCounts) -> float:
        """Cosine of the two, each piece weighed by its inverse document frequency, in [0, 1]."""
        fewer, more = sorted((one.counts, other.counts), key=len)
        shared = sum(
            count * more[piece] * self._weigh(piece) ** 2 for piece, count in fewer.items() if piece in more
        )
        return shared / (self._measure(one) * self._measure(other)) if shared else 0.0

    def _weigh(self, piece: str) -> float:
        weight = self._weights.get(piece)
        if weight is None:
            texts = self._window.texts + self._before
            weight = self._weights[piece] = log(texts / (self._window.count(piece) + 1))
        return weight

    def _measure(self, one: TitleCounts) -> float:
        today = self._window.today
        if one.length is None or one.length[0] != today:
            squares = sum((count * self._weigh(piece)) ** 2 for piece, count in one.counts.items())
            one.length = today, sqrt(squares)
        return one.length[1]
