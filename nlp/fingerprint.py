"""Fingerprints for near-duplicates: MinHash of a text's character triples."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

PERMUTATIONS = 64
SEED = 20_200_119

# At this similarity two texts are one text with edits: of generated edits (one change in 40 characters,
# prefixes and suffixes of reposting, cut ends) 99.9 % are found, and no pair of different texts (1,813 short
# posts; pairs of words instead of triples of characters find 99.2 %).
NEAR_DUPLICATE = 0.4

# Odd 64-bit constants (of the golden ratio and of xxHash) that spread three code points over a hash.
_FIRST, _SECOND, _MIX = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
)
_HALF = np.uint64(32)


def fingerprint(words: Sequence[str]) -> tuple[int, ...]:
    """64 unsigned 32-bit values: the MinHash (Broder 1997) of all triples of neighbouring letters and digits.

    The share of equal values in two fingerprints estimates the Jaccard similarity of the two texts.
    Punctuation and spaces do not count. The same words give the same values on every machine.
    """
    return fingerprint_batch([words])[0]


def fingerprint_batch(texts: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """The fingerprint of each text, given as its words."""
    letters = ["".join(filter(str.isalnum, words)) for words in texts]
    padded = [text.ljust(3) if text else text for text in letters]
    # All texts stand behind each other; those triples that reach into the next text are left out.
    lengths = np.fromiter(map(len, padded), dtype=np.int64, count=len(padded))
    counts = np.maximum(lengths - 2, 0)
    ends = np.concatenate(([0], np.cumsum(counts))).astype(np.uint64)
    starts = np.cumsum(lengths) - lengths
    places = np.arange(int(counts.sum())) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    hashes = hash_triples("".join(padded))[places]
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, PERMUTATIONS, SEED)
    return list(map(tuple, matrix.to_rows()))


def hash_triples(text: str) -> NDArray[np.uint64]:
    """One hash for each three neighbouring characters; one for a shorter text, none for an empty one.

    Hashed as numbers in one go: making a string of every triple costs as much as segmentation.
    """
    padded = text.ljust(3) if text else text
    codes = np.frombuffer(padded.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    hashes: NDArray[np.uint64] = (codes[:-2] * _FIRST + codes[1:-1] * _SECOND + codes[2:]) * _MIX
    return hashes ^ (hashes >> _HALF)


def similarity(first: Sequence[int], second: Sequence[int]) -> float:
    """The estimated Jaccard similarity of two fingerprints, 0 to 1. A text without words is like no other."""
    if first[0] == _EMPTY or second[0] == _EMPTY:
        return 0.0
    return sum(one == other for one, other in zip(first, second, strict=True)) / PERMUTATIONS


_EMPTY = fingerprint([])[0]
