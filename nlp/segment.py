"""Segmentation: jieba's words through rjieba, with the words of a deployment."""

import re
from collections.abc import Callable, Iterable
from string import ascii_letters, digits

import rjieba

from nlp.batches import CharacterGates, Gate, TextBatch

# rjieba keeps `2019-11-05`, `0.5ppm` and `t.cn` whole. jieba splits what its dictionary does not know by this
# pattern (finalseg.re_skip), so the same split is applied to rjieba's words where a text has any such run.
_JIEBA_SPLIT = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")
_MIXED_RUN = re.compile(r"[a-zA-Z0-9][+#&._%\-]|[+#&._%\-][a-zA-Z0-9+#&._%\-]")
_SIGNS, _LETTERS = "+#&._%-", f"{ascii_letters}{digits}"
_MIXED_RUNS = CharacterGates((
    Gate(firsts=_LETTERS, seconds=_SIGNS),
    Gate(firsts=_SIGNS, seconds=_SIGNS + _LETTERS),
))  # fmt: skip
_HAS_SIGN = re.compile(r"[a-zA-Z0-9+#&._%\-]*[+#&._%\-][a-zA-Z0-9+#&._%\-]*")


class Segmenter:
    """Splits text into words, the same words as `jieba.lcut` with the same deployment words added.

    >>> Segmenter(["丽景新苑"]).segment("丽景新苑停水3-5天")
    ['丽景新苑', '停水', '3', '-', '5', '天']
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._jieba = rjieba.Jieba()
        for word in words:
            self._jieba.add_word(word, None, None)

    def segment(self, text: str) -> list[str]:
        """The words of the text in order; joined they are the text again."""
        words: list[str] = self._jieba.cut(text)
        return self._split_runs(words) if _MIXED_RUN.search(text) else words

    def segment_batch(self, batch: TextBatch) -> list[list[str]]:
        """The words of each text."""
        cut: Callable[[str], list[str]] = self._jieba.cut
        return [
            self._split_runs(cut(text)) if mixed else cut(text)
            for text, mixed in zip(batch.texts, _MIXED_RUNS.find_open(batch), strict=True)
        ]

    def _split_runs(self, words: list[str]) -> list[str]:
        split: list[str] = []
        for word in words:
            if len(word) > 1 and _HAS_SIGN.fullmatch(word) and not self._jieba.has_word(word):
                split += filter(None, _JIEBA_SPLIT.split(word))
            else:
                split.append(word)
        return split
