"""Clustering beside the same evidence without an index: posts a second, cost as history grows, memory.

`qianshao bench events` or `python -m benchmarks.events [POSTS]`. The posts are generated: matters at estates
of made-up names, written of in 12 words of their own among 18 drawn as the words of a language are.
"""

import random
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from time import process_time

import orjson

from benchmarks import Row, compared_row
from nlp.events import EventClusterer
from nlp.events_parameters import EventParameters, load_event_parameters
from nlp.events_words import load_start_vocabulary
from nlp.fingerprint import fingerprint_batch
from schemas.records import ClassifiedPost, CleanPost, Facts, Label, Origin, Place
from schemas.times import SHANGHAI

POSTS = 100_000
ACTIVE_DAYS, A_DAY = 30, 1_000
# So many posts are timed together; the first so many meet an empty history and are not compared with.
_STRETCH = 10_000
_ALONE = 2_000
_SEED = 9
_START = datetime(2026, 1, 1, tzinfo=SHANGHAI)
_NAMES = "金银青云柳听松梅兰竹荷枫桂莲石湖江山河城春秋晨晚福安和平"
_LABELS = ("environment", "transport", "urban_rural", "education_culture", "commerce_tourism")


def run(_path: Path | None = None, posts: int = POSTS) -> list[Row]:
    """Rows of name, posts a second and ratio: to the naive way, and of the last 10,000 to the first."""
    parameters = replace(load_event_parameters(), active_days=ACTIVE_DAYS, vocabulary_days=ACTIVE_DAYS)
    before = _memory()
    clusterer = EventClusterer(parameters)
    seconds: list[float] = []
    stream = Stream(random.Random(_SEED))  # noqa: S311 - the same posts in every run
    while len(seconds) * _STRETCH < posts:
        seconds.append(_time(clusterer, list(islice(stream.posts(), _STRETCH))))
    active = min(posts, ACTIVE_DAYS * A_DAY)
    kept = (_memory() - before) * 1024 / active
    naive = _time_naive(parameters)
    rates = [_STRETCH / one for one in seconds]
    return [
        compared_row(f"逐个与所有活跃事件比，前 {_ALONE} 条", naive, 1.0, "条/秒"),
        compared_row("倒排索引，第 1 万条以内", rates[0], rates[0] / naive, "条/秒"),
        compared_row(f"倒排索引，第 {posts // 10_000} 万条附近", rates[-1], rates[-1] / naive, "条/秒"),
        compared_row(f"每条花费，第 {posts // 10_000} 万条比第 1 万条", seconds[-1] / seconds[0], None, "倍"),
        compared_row(f"内存，每条活跃帖文（{active} 条，{len(clusterer)} 个事件）", kept, None, "KiB"),
    ]


class Stream:
    """Posts for as long as one asks; two in five go on with a matter of the last days."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        _, counts = load_start_vocabulary()
        self._words = sorted(
            (word for word in counts if len(word) > 1), key=lambda word: (-counts[word], word)
        )
        self._weights = list(accumulate(1 / rank for rank in range(10, len(self._words) + 10)))
        self._matters: list[tuple[Place, str, tuple[str, ...]]] = []
        self._number = 0

    def posts(self) -> Iterator[ClassifiedPost]:
        """The next posts, a thousand a day."""
        while True:
            yield from self._make(250)

    def _make(self, count: int) -> list[ClassifiedPost]:
        drafts = [self._draft() for _ in range(count)]
        prints = fingerprint_batch([words for *_, words in drafts])
        return [self._post(*draft, mark) for draft, mark in zip(drafts, prints, strict=True)]

    def _draft(self) -> tuple[Place, str, tuple[str, ...]]:
        chance = self._chance
        if self._matters and chance.random() < 0.4:
            place, label, own = chance.choice(self._matters[-300:])
        else:
            name = "".join(chance.choices(_NAMES, k=3)) + chance.choice(("家园", "花苑", "新村", "名都"))
            place = Place(name, None, "estate", 0.8, f"云汀市/汀东区/{name}")
            label, own = chance.choice(_LABELS), tuple(chance.sample(self._words, 12))
            self._matters.append((place, label, own))
        said = chance.choices(self._words, cum_weights=self._weights, k=6 if chance.random() < 0.1 else 18)
        return place, label, (place.name, *chance.sample(own, 9), *said)

    def _post(self, place: Place, label: str, words: Sequence[str], mark: tuple[int, ...]) -> ClassifiedPost:
        at = _START + timedelta(days=1) * (self._number / A_DAY)
        self._number += 1
        origin = Origin(
            f"post{self._number}", "1", "bench", at, at, author_hash=f"author{self._number % 9_001}"
        )
        return ClassifiedPost(
            clean=CleanPost(origin, "".join(words[:5]), "".join(words), "zh"),
            words=tuple(words),
            complaint=Label(label, 0.8),
            incident=Label("none", 0.9),
            rumour=Label("not_rumour", 0.1),
            urgency="normal",
            places=(place,),
            facts=Facts(),
            fingerprint=mark,
        )


def _time(clusterer: EventClusterer, posts: Sequence[ClassifiedPost]) -> float:
    start = process_time()
    for post in posts:
        clusterer.add(post)
    clusterer.take_changes()
    return process_time() - start


def _time_naive(parameters: EventParameters) -> float:
    """Posts a second where every post is compared with every active event that shares a word with it."""
    everything = 1_000_000_000
    terms = replace(parameters.terms, candidates=everything, events_a_term=everything, looked_up=everything)
    stream = Stream(random.Random(_SEED))  # noqa: S311 - the same posts as above
    posts = list(islice(stream.posts(), _ALONE))
    return _ALONE / _time(EventClusterer(replace(parameters, terms=terms)), posts)


def _memory() -> float:
    """The most memory held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    for row in run(None, *map(int, sys.argv[1:2])):
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
