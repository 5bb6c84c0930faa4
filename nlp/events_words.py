"""How much a word says: document frequencies from a start vocabulary and the last weeks; TF-IDF."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
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


@dataclass(slots=True)
class Day:
    """The words of one day: in how many texts each stood."""

    words: Counter[str] = field(default_factory=Counter)
    texts: int = 0


class Window:
    """In how many texts of the last `days` days a word stood.

    A day's words count from the next day on and until the window has passed them, so that the counts stand
    still within a day and are the same whether they grew or were restored.
    """

    def __init__(self, days: int) -> None:
        self.today = date.min
        self.texts = 0
        self._length = timedelta(days=days)
        self._recent: Counter[str] = Counter()
        self._days: dict[date, Day] = {}

    def count(self, word: str) -> int:
        """Texts with the word."""
        return self._recent[word]

    def observe(self, words: Iterable[str]) -> None:
        """Count one text of today."""
        day = self._days[self.today]
        day.words.update(words)
        day.texts += 1

    def advance(self, today: date) -> None:
        """Go on to a later day: what was counted comes into force, days before the window leave."""
        yesterday = self._days.get(self.today)
        if yesterday is not None:
            self._recent.update(yesterday.words)
            self.texts += yesterday.texts
        self.today = today
        self._days[today] = Day()
        for day in [day for day in self._days if day < today - self._length]:
            self._drop(self._days.pop(day))

    def _drop(self, day: Day) -> None:
        self._recent.subtract(day.words)
        self.texts -= day.texts
        for word in day.words:
            if not self._recent[word]:
                del self._recent[word]


class Vocabulary:
    """Document frequencies: the start vocabulary for good, and the words of the last `days` days."""

    def __init__(self, parameters: TermParameters, days: int) -> None:
        self._parameters, self._window = parameters, Window(days)
        self._start_texts, self._start = load_start_vocabulary()
        texts = self._start_texts + 1
        self._start_idf = {word: log(texts / (count + 1)) for word, count in self._start.items()}
        self._unseen_idf = log(texts)
        self._idf: Weights = {}

    def start_idf(self, word: str) -> float:
        """Inverse document frequency by the start vocabulary alone: it never changes."""
        return self._start_idf.get(word, self._unseen_idf)

    def idf(self, word: str) -> float:
        """Inverse document frequency (natural logarithm, add-one) by everything counted until yesterday."""
        known = self._idf.get(word)
        if known is None:
            texts = self._start_texts + self._window.texts + 1
            known = log(texts / (self._start.get(word, 0) + self._window.count(word) + 1))
            self._idf[word] = known
        return known

    def count_words(self, post: ClassifiedPost) -> Weights:
        """Dampened counts of the words that say something; a word of the title counts more.

        Words of a place's name count less: places are weighed by name, and one place has many matters.
        Those of a firm's count in full: the plant or the school is often the matter itself."""
        title, named = (
            post.clean.title,
            "\n".join(place.name for place in post.places if place.level != "firm"),
        )
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
        return self._normalise(weighted)

    def weigh_for_good(self, counts: Weights) -> Weights:
        """TF-IDF of the heaviest words by the start vocabulary alone, of length one: what an event keeps."""
        return self._normalise((count * self.start_idf(word), word) for word, count in counts.items())

    def _normalise(self, weighted: Iterable[tuple[float, str]]) -> Weights:
        heaviest = sorted(weighted, reverse=True)[: self._parameters.a_post]
        length = sqrt(sum(weight * weight for weight, _ in heaviest)) or 1.0
        return {word: weight / length for weight, word in heaviest}

    def observe(self, words: Iterable[str]) -> None:
        """Count one text of today."""
        self._window.observe(words)

    def advance(self, today: date) -> None:
        """Go on to a later day: what was counted comes into force, days before the window leave."""
        self._window.advance(today)
        self._idf = {}
