"""Advertising and adult posts, told by the weights of their words."""

import re

from nlp.batches import Gate
from nlp.knowledge import read_knowledge

_KNOWN = read_knowledge("clean")
_THRESHOLD = _KNOWN.whole("spam_threshold", 1)
_SECTION = _KNOWN.section("spam_words")
_WEIGHTS = {word: int(weight) for weight in _SECTION.names() for word in _SECTION.texts(weight, 1)}
_WORDS = re.compile("|".join(sorted(map(re.escape, _WEIGHTS), key=len, reverse=True)))

GATE = Gate.of_words(_WEIGHTS)


def is_spam(text: str) -> bool:
    """Whether the weights of the different advertising and adult words in the text reach the threshold."""
    found = _WORDS.findall(text)
    return bool(found) and sum(_WEIGHTS[word] for word in set(found)) >= _THRESHOLD
