"""Words as one text that the index takes apart at the spaces."""

import re
from collections.abc import Iterable


def join_words(words: Iterable[str]) -> str:
    """Words as the field `words` takes them: joined by spaces, so none may hold one itself.

    >>> join_words(["万达 广场", "停水"])
    '万达_广场 停水'
    """
    tokens = list(filter(None, map(str.strip, words)))
    joined = " ".join(tokens)
    if len(joined.split()) == len(tokens):
        return joined
    return " ".join([re.sub(r"\s+", "_", token) for token in tokens])
