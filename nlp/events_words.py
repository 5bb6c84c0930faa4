"""How much a word says: document frequencies from a start vocabulary and the last weeks; TF-IDF."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from heapq import nlargest
from importlib.resources import files
from math import log, sqrt

from nlp.events_parameters import TermParameters
from schemas.records import ClassifiedPost

Weights = dict[str, float]


@cache
def load_start_vocabulary() -> tuple[int, Mapping[str, int]]:
    """Number of texts, and in how many of them each frequent word stands (knowledge/events_words.txt)."""
    lines = (files("nlp") / "knowledge" / "events_words.txt").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    counts = {word: int(count) for word, count in rows}
    return counts.pop("*"), counts


def _says_something(word: str) -> bool:
    return len(word) > 1 and not word.isdecimal() and "*" not in word


class Vocabulary:
    """Document frequencies: the start vocabulary for good, and the words of the last `days` days.

    Words older than that leave, so that the state is the same whether it grew or was restored.
    """

    def __init__(self, parameters: TermParameters, days: int) -> None:
        self._parameters, self._days = parameters, days
        self._start_texts, self._start = load_start_vocabulary()
        self._recent: Counter[str] = Counter()
        self._texts = 0
        self._by_day: dict[date, tuple[Counter[str], list[int]]] = {}

    def start_idf(self, word: str) -> float:
        """Inverse document frequency by the start vocabulary alone: it never changes."""
        return log((self._start_texts + 1) / (self._start.get(word, 0) + 1))

    def idf(self, word: str) -> float:
        """Inverse document frequency (natural logarithm, add-one) by everything counted."""
        texts = self._start_texts + self._texts + 1
        return log(texts / (self._start.get(word, 0) + self._recent[word] + 1))

    def count_words(self, post: ClassifiedPost) -> Weights:
        """Dampened counts of the words that say something; a word of the title counts more.

        Words of a place's name count less: places are weighed by name, and one place has many matters."""
        title, named = post.clean.title, "\n".join(place.name for place in post.places)
        in_title, in_name = self._parameters.title_weight, self._parameters.name_weight
        counts = Counter(filter(_says_something, post.words))
        return {
            word: (1 + log(count)) * (in_title if word in title else 1) * (in_name if word in named else 1)
            for word, count in counts.items()
        }

    def weigh(self, counts: Weights) -> Weights:
        """TF-IDF of the heaviest words, of length one, heaviest first."""
        least = self._parameters.least_idf
        weighted = ((count * idf, word) for word, count in counts.items() if (idf := self.idf(word)) >= least)
        heaviest = nlargest(self._parameters.a_post, weighted)
        length = sqrt(sum(weight * weight for weight, _ in heaviest)) or 1.0
        return {word: weight / length for weight, word in heaviest}

    def scale(self, counts: Weights) -> Weights:
        """Counts of the heaviest words, scaled so that TF-IDF by the start vocabulary has length one."""
        weighted = [(count * self.start_idf(word), word) for word, count in counts.items()]
        heaviest = nlargest(self._parameters.a_post, weighted)
        length = sqrt(sum(weight * weight for weight, _ in heaviest)) or 1.0
        return {word: counts[word] / length for _, word in heaviest}

    def observe(self, words: Iterable[str], day: date) -> None:
        """Count one text of that day."""
        kept = set(words)
        counter, texts = self._by_day.setdefault(day, (Counter(), [0]))
        counter.update(kept)
        texts[0] += 1
        self._recent.update(kept)
        self._texts += 1

    def forget(self, today: date) -> None:
        """Drop the days that have left the window."""
        oldest = today - timedelta(days=self._days)
        for day in [day for day in self._by_day if day < oldest]:
            counter, texts = self._by_day.pop(day)
            self._recent.subtract(counter)
            self._texts -= texts[0]
            for word in [word for word in counter if not self._recent[word]]:
                del self._recent[word]
