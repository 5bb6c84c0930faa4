"""Rumour from spread: what the first reposts of a post say of it, and how they came."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from itertools import chain, pairwise
from math import exp, log, log1p
from pathlib import Path
from statistics import median

import numpy as np
import orjson

from nlp.classifier import LinearTasks
from nlp.knowledge import read_knowledge
from nlp.linear import MODELS
from schemas.errors import ReadError, Where
from schemas.records import Label

TASK = "spread"
# Signs that part one repost's words from the next one's, so that no pair is made of both.
_BETWEEN = "。"
_HOUR = 3600.0
_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class Repost:
    """One repost: the words added to it (none: passed on without a word) and when; None where unknown."""

    words: Sequence[str]
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Blend:
    """How the score of the words, the log odds of the text and the form of the spread become log odds.

    Each feature, less its `mean` and divided by its `width`, counts `weight` times.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    width: tuple[float, ...]
    weight: tuple[float, ...]
    intercept: float

    def save(self, path: Path) -> None:
        """Write the numbers as JSON."""
        path.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2) + b"\n")

    def odds(self, features: Mapping[str, float]) -> float:
        """Log odds that the post is a rumour."""
        columns = zip(self.names, self.mean, self.width, self.weight, strict=True)
        return self.intercept + sum(
            weight * (features[name] - mean) / width for name, mean, width, weight in columns
        )


def load_blend(folder: Path = MODELS) -> Blend:
    """The shipped blend. Raises ReadError where the file is missing or has other fields."""
    path = folder / "spread.blend.json"
    where = Where(str(path))
    if not path.is_file():
        raise ReadError(where, "task", TASK, "有模型文件的任务（qianshao train 生成）")
    fields = orjson.loads(path.read_bytes())
    if set(fields) != set(Blend.__dataclass_fields__):
        raise ReadError(where, "fields", sorted(fields), "、".join(Blend.__dataclass_fields__))
    return Blend(
        tuple(fields["names"]), tuple(fields["mean"]), tuple(fields["width"]), tuple(fields["weight"]),
        float(fields["intercept"]),
    )  # fmt: skip


@cache
def _doubt_words() -> tuple[str, ...]:
    top = read_knowledge("spread")
    words = top.texts("doubt_words", 1)
    top.close()
    return words


def join_words(reposts: Sequence[Repost]) -> list[str]:
    """The words of all reposts as one text."""
    return list(chain.from_iterable((*repost.words, _BETWEEN) for repost in reposts if repost.words))


def describe_form(reposts: Sequence[Repost]) -> dict[str, float]:
    """How the reposts came: shares of empty, doubting, asking and calling ones, and their times.

    Times are natural logarithms of one plus seconds, counted from the first repost.
    """
    said = ["".join(repost.words) for repost in reposts if repost.words]
    times = sorted(repost.time.timestamp() for repost in reposts if repost.time is not None)
    since = [time - times[0] for time in times] or [0.0]
    gaps = [later - earlier for earlier, later in pairwise(times)] or [0.0]
    return {
        "median_time": log1p(median(since)),
        "last_time": log1p(since[-1]),
        "median_gap": log1p(median(gaps)),
        "gap_width": log1p(float(np.std(gaps))),
        "first_hour": log1p(sum(time < _HOUR for time in since)),
        "empty": 1 - len(said) / max(len(reposts), 1),
        "doubting": _share(said, _doubt_words()),
        "asking": _share(said, ("？", "?")),
        "calling": _share(said, ("！", "!")),
        "length": log1p(sum(map(len, said)) / max(len(said), 1)),
    }


def _share(texts: Sequence[str], signs: Sequence[str]) -> float:
    return sum(any(sign in text for sign in signs) for text in texts) / max(len(texts), 1)


def odds_of(probability: float) -> float:
    """Log odds of a probability, held off 0 and 1."""
    held = min(max(probability, _LEAST), 1 - _LEAST)
    return log(held / (1 - held))


@cache
def _shipped() -> tuple[LinearTasks, Blend]:
    return LinearTasks.load([TASK]), load_blend()


def judge_spread(text_probability: float, reposts: Sequence[Repost]) -> Label:
    """The rumour label of a post whose first reposts are known; its words are those of the reposts.

    `text_probability` is what its own text says. Without reposts it stands as it is.
    """
    if not reposts:
        return Label("rumour", text_probability)
    tasks, blend = _shipped()
    words = join_words(reposts)
    features = {
        **describe_form(reposts),
        "words": float(tasks.scores([words])[TASK][0, 0]),
        "text": odds_of(text_probability),
    }
    told = tasks.classify([words])[TASK][0].words
    return Label("rumour", round(1 / (1 + exp(-blend.odds(features))), 4), told)
