"""Where each character of a clean text stood in the raw one, for highlighting; no post passes here."""

from collections.abc import Sequence
from dataclasses import dataclass

# What rules put in without finding it there; every other character of the new text is one of the old.
_PUT_IN = frozenset(" \n…*")
_ANCHORS = (12, 6, 3, 2)


@dataclass(frozen=True, slots=True)
class Traced:
    """A text with the place in the raw text of each of its characters; places never go back."""

    text: str
    places: tuple[int, ...]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the raw text for a span of this one.

        >>> Traced("社区", (0, 5)).raw_span(1, 2)
        (5, 6)
        """
        if not 0 <= start < end <= len(self.text):
            return (0, 0)
        return self.places[start], self.places[end - 1] + 1

    def follow(self, new: str) -> "Traced":
        """The text after one more rule."""
        if new == self.text:
            return self
        places = follow_characters(self.text, new)
        return Traced(new, tuple(self.places[place] for place in places))


def begin_trace(text: str) -> Traced:
    """The raw text itself."""
    return Traced(text, tuple(range(len(text))))


def follow_characters(old: str, new: str) -> Sequence[int]:
    """For each character of `new` its place in `old`, after one rule that drops, puts in or changes some.

    Rules keep the order, and those that change characters keep their number. A character that is not in `old`
    gets the place of the next one that is.
    """
    if len(old) == len(new):
        return range(len(old))
    latest = _find_latest(old, new)
    places: list[int] = []
    at = 0
    for index, char in enumerate(new):
        if latest[index] < 0:
            places.append(min(at, len(old) - 1))
            continue
        if old[at] != char:
            at = _jump(old, at, new, index, latest)
        places.append(at)
        at += 1
    return places


def _find_latest(old: str, new: str) -> list[int]:
    """The last place in `old` for each character of `new` that leaves room for the next ones; -1: none."""
    latest = [-1] * len(new)
    room = len(old)
    for index in range(len(new) - 1, -1, -1):
        if new[index] in _PUT_IN:
            found = room - 1 if room and old[room - 1] == new[index] else -1
        else:
            found = old.rfind(new[index], 0, room)
        if found >= 0:
            latest[index] = room = found
    return latest


def _jump(old: str, at: int, new: str, index: int, latest: Sequence[int]) -> int:
    """The next place where the text goes on: where most of the following characters stand together."""
    for length in _ANCHORS:
        found = old.find(new[index : index + length], at)
        if 0 <= found <= latest[index]:
            return found
    return old.find(new[index], at)
