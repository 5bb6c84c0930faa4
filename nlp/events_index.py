"""Which events might a post belong to: a bounded inverted index over words, and bands over fingerprints."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence


class WordIndex:
    """For each word the `most` latest events that have it: work per post is bounded."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: dict[str, dict[str, None]] = {}
        self._words: defaultdict[str, set[str]] = defaultdict(set)

    def enter(self, event: str, words: Iterable[str]) -> None:
        """Note the event as the latest one of these words."""
        for word in words:
            events = self._events.setdefault(word, {})
            events.pop(event, None)
            events[event] = None
            self._words[event].add(word)
            if len(events) > self._most:
                earliest = next(iter(events))
                del events[earliest]
                self._words[earliest].discard(word)

    def leave(self, event: str) -> None:
        """Forget the event."""
        for word in self._words.pop(event, ()):
            events = self._events[word]
            del events[event]
            if not events:
                del self._events[word]

    def find(self, weights: Iterable[tuple[str, float]]) -> dict[str, float]:
        """Events that share a word with the post, each with the squared weights of the shared words."""
        found: defaultdict[str, float] = defaultdict(float)
        for word, weight in weights:
            square = weight * weight
            for event in self._events.get(word, ()):
                found[event] += square
        return found


class TwinIndex:
    """Finds a text that is nearly the same, by MinHash bands (Leskovec, Rajaraman & Ullman, ch. 3.4)."""

    def __init__(self, bands: int, alike: float) -> None:
        self._bands, self._alike = bands, alike
        self._texts: dict[str, array[int]] = {}
        self._by_band: dict[tuple[int, ...], str] = {}

    def _cut(self, fingerprint: Sequence[int]) -> list[tuple[int, ...]]:
        rows = len(fingerprint) // self._bands
        return [(at, *fingerprint[at * rows : (at + 1) * rows]) for at in range(self._bands)]

    def find(self, fingerprint: Sequence[int]) -> str | None:
        """The text most like this one, if it is alike enough."""
        met = {text for band in self._cut(fingerprint) if (text := self._by_band.get(band)) is not None}
        best, twin = self._alike, None
        for text in sorted(met):
            other = self._texts[text]
            alike = sum(map(int.__eq__, fingerprint, other)) / len(other)
            if alike >= best:
                best, twin = alike, text
        return twin

    def enter(self, text: str, fingerprint: Sequence[int]) -> None:
        """Remember a text; where two share a band the later one stands there."""
        self._texts[text] = array("I", fingerprint)
        for band in self._cut(fingerprint):
            self._by_band[band] = text

    def leave(self, text: str) -> None:
        """Forget a text."""
        fingerprint = self._texts.pop(text)
        for band in self._cut(fingerprint):
            if self._by_band.get(band) == text:
                del self._by_band[band]
