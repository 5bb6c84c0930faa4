"""Fingerprints for near-duplicates: MinHash of a text's word pairs."""

from collections.abc import Sequence

from rensa import RMinHash

PERMUTATIONS = 64
SEED = 20_200_119


def fingerprint(words: Sequence[str]) -> tuple[int, ...]:
    """64 unsigned 32-bit values: the MinHash (Broder 1997) of the words and the pairs of neighbouring words.

    The share of equal values in two fingerprints estimates the Jaccard similarity of the two texts.
    The same words give the same values on every machine.
    """
    sketch = RMinHash(PERMUTATIONS, SEED)
    sketch.update(shingle_words(words))
    return tuple(sketch.digest())


def shingle_words(words: Sequence[str]) -> list[str]:
    """What is hashed: the words of two characters or more, and each word joined with the next.

    >>> shingle_words(["小区", "停水", "了"])
    ['小区停水', '停水了', '小区', '停水']
    """
    said = [word for word in words if word.isalnum()]
    shingles = [first + second for first, second in zip(said, said[1:], strict=False)]
    shingles += [word for word in said if len(word) > 1]
    return shingles or said


def similarity(first: Sequence[int], second: Sequence[int]) -> float:
    """The estimated Jaccard similarity of two fingerprints, 0 to 1."""
    return sum(one == other for one, other in zip(first, second, strict=True)) / PERMUTATIONS
