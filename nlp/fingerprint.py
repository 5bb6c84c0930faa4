"""Fingerprints for near-duplicates: MinHash of a text's character triples."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from nlp.batches import Flags, Numbers, WordBatch

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
# Of the basic plane; the rare characters beyond it are asked one by one.
_LETTERS = np.array([chr(code).isalnum() for code in range(0x10000)])


def fingerprint(words: Sequence[str]) -> tuple[int, ...]:
    """64 unsigned 32-bit values: the MinHash (Broder 1997) of all triples of neighbouring letters and digits.

    The share of equal values in two fingerprints estimates the Jaccard similarity of the two texts.
    Punctuation and spaces do not count. The same words give the same values on every machine.
    """
    return fingerprint_batch([words])[0]


def fingerprint_batch(texts: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """The fingerprint of each text, given as its words."""
    letters = ["".join(filter(str.isalnum, words)) for words in texts]
    codes = np.frombuffer("".join(letters).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return _sketch(codes, np.fromiter(map(len, letters), dtype=np.int64, count=len(letters)))


def fingerprint_words(batch: WordBatch) -> list[tuple[int, ...]]:
    """The same for a batch whose words are measured already."""
    return _sketch(*_keep_letters(batch))


def _sketch(codes: NDArray[np.uint32], letters: Numbers) -> list[tuple[int, ...]]:
    """The fingerprints of texts whose letters stand behind each other; `letters` is how many each has.

    One or two letters are filled up with spaces: three make a triple.
    """
    missing = np.where(letters > 0, np.maximum(3 - letters, 0), 0)
    codes = np.insert(codes, np.repeat(np.cumsum(letters), missing), ord(" "))
    lengths = letters + missing
    # All texts stand behind each other; those triples that reach into the next text are left out.
    counts = np.maximum(lengths - 2, 0)
    ends = np.concatenate(([0], np.cumsum(counts)))
    starts = np.cumsum(lengths) - lengths
    places = np.arange(ends[-1]) + np.repeat(starts - ends[:-1], counts)
    hashes = hash_triples(codes)[places]
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends.astype(np.uint64), PERMUTATIONS, SEED)
    return list(map(tuple, matrix.to_rows()))


def _keep_letters(batch: WordBatch) -> tuple[NDArray[np.uint32], Numbers]:
    """The characters of the words that are letters and digits only, and how many of them each text has."""
    firsts = np.cumsum(batch.lengths) - batch.lengths
    kept = np.logical_and.reduceat(_is_letter(batch.codes), firsts) if len(firsts) else np.zeros(0, np.bool_)
    before = np.concatenate(([0], np.cumsum(batch.lengths * kept)))
    lengths = np.diff(before[np.concatenate(([0], np.cumsum(batch.sizes)))])
    return batch.codes[np.repeat(kept, batch.lengths)], lengths


def _is_letter(codes: NDArray[np.uint32]) -> Flags:
    """Which code points are letters or digits."""
    letters = _LETTERS[np.minimum(codes, len(_LETTERS) - 1)]
    beyond = np.flatnonzero(codes >= len(_LETTERS))
    letters[beyond] = [chr(code).isalnum() for code in codes[beyond].tolist()]
    return letters


def hash_triples(codes: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """One hash for each three neighbouring code points.

    Hashed as numbers in one go: making a string of every triple costs as much as segmentation.
    """
    wide = codes.astype(np.uint64)
    hashes: NDArray[np.uint64] = (wide[:-2] * _FIRST + wide[1:-1] * _SECOND + wide[2:]) * _MIX
    return hashes ^ (hashes >> _HALF)


def similarity(first: Sequence[int], second: Sequence[int]) -> float:
    """The estimated Jaccard similarity of two fingerprints, 0 to 1. A text without words is like no other."""
    if first[0] == _EMPTY or second[0] == _EMPTY:
        return 0.0
    return sum(one == other for one, other in zip(first, second, strict=True)) / PERMUTATIONS


_EMPTY = fingerprint([])[0]
