"""Rumour from more than its text: who posted it, what its first reposts say of it, and how they came."""

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

from nlp.author import Author, describe_author
from nlp.classifier import LinearTasks
from nlp.knowledge import read_knowledge
from nlp.linear import MODELS
from schemas.errors import ReadError, Where
from schemas.records import Label

TASK = "spread"
# The blends by what is known beside the text.
AUTHOR, REPOSTS, BOTH = "author", "reposts", "author_reposts"
BLENDS = (AUTHOR, REPOSTS, BOTH)
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
    """How the log odds of the text, the author, and the reposts' words and form become log odds.

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


def blend_path(name: str, folder: Path = MODELS) -> Path:
    """The file of a blend."""
    return folder / f"{TASK}.{name}.json"


def load_blend(name: str, folder: Path = MODELS) -> Blend:
    """A shipped blend, one of BLENDS. Raises ReadError where the file is missing or has other fields."""
    path = blend_path(name, folder)
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
def _shipped() -> LinearTasks:
    return LinearTasks.load([TASK])


@cache
def _blend(name: str) -> Blend:
    return load_blend(name)


def describe_words(tasks: LinearTasks, reposts: Sequence[Sequence[str]]) -> list[float]:
    """The score of the reposts' words (each post's joined to one text): positive for a rumour."""
    return [float(score) for score in tasks.scores(reposts)[TASK][:, 0]]


def judge_spread(text: Label, reposts: Sequence[Repost], author: Author | None = None) -> Label:
    """The rumour label of a post whose author or first reposts are known.

    `text` is what its own text says; with neither it stands as it is. The words are those of the reposts
    where there are any.
    """
    if not reposts and author is None:
        return text
    features = {"text": odds_of(text.probability), **(describe_author(author) if author else {})}
    told = text.words
    if reposts:
        words = join_words(reposts)
        features |= describe_form(reposts) | {"words": describe_words(_shipped(), [words])[0]}
        told = _shipped().classify([words])[TASK][0].words
    blend = _blend(AUTHOR if not reposts else REPOSTS if author is None else BOTH)
    return Label(text.name, round(1 / (1 + exp(-blend.odds(features))), 4), told)
