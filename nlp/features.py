"""Words to one hashed sparse matrix a batch, for every linear task: words, word and character pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from nlp.batches import WordBatch

COLUMNS = 1 << 22
# The first words are the title or the lead and say most of the subject: they count this often (8,000 hotline
# messages, four folds: macro-F1 0.916 with equal counts, 0.920 so).
LEAD_WORDS, LEAD_COUNT = 12, 3

_SHIFT = np.uint64(64 - 22)
# Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4): multiply, keep the high bits. Another odd factor for each
# kind of feature.
_WORD, _PAIR = np.uint64(0xA0761D6478BD642F), np.uint64(0x9E3779B97F4A7C15)
_CHARACTERS, _LOOSE_PAIR = np.uint64(0x589965CC75374CC3), np.uint64(0xEB44ACCAB455D165)
_SECOND = np.uint64(0xE7037ED1A0B428DB)
_FOLD = np.uint64(31)
# Powers of an odd number: the weight of a character by its place in the word.
_PLACES = 64
_POWERS = np.cumprod(np.full(_PLACES, 0x2545F4914F6CDD1D, dtype=np.uint64))

# Stands for every masked or long number. No task looks at its column: whether a number is masked tells who
# handled the post, not what it says (with it, a phone number makes a rumour of a complaint).
_MASKED = np.uint64(0xD6E8FEB86659FD93)
_LONG_NUMBER = 6
_NUMERIC = np.zeros(128, dtype=np.bool_)
_NUMERIC[[ord(one) for one in "0123456789*"]] = True

Numbers = npt.NDArray[np.int64]
Tags = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]


@cache
def stop_words() -> frozenset[str]:
    """Words and signs that say nothing of the subject, such as 的, 请问, ？; one a line in nlp/knowledge."""
    return frozenset((files("nlp.knowledge") / "stop_words.txt").read_text("utf-8").split())


@cache
def _stop_table() -> Flags:
    """True at the columns of the stop words."""
    table = np.zeros(COLUMNS, dtype=np.bool_)
    table[stop_columns()] = True
    return table


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a batch before counting: for each its column, and as `tags` twice the number of its
    post, one more where it stands in the lead. The first features are the words of the posts in order;
    `content` tells which are no stop words."""

    posts: int
    content: Flags
    tags: Tags
    columns: Tags


def hash_features(posts: Sequence[Sequence[str]]) -> Features:
    """The features of segmented posts: words, pairs of neighbours, and pairs of characters."""
    return hash_batch(WordBatch.of(posts))


def hash_batch(batch: WordBatch) -> Features:
    """The same for a batch whose words are measured already.

    Pairs are of content words that follow each other when stop words are left out, and of words as they stand
    where one is a stop word; character pairs run over the content words alone. So a full text and its list of
    content words share all features but the stop words' own. Masked and long numbers make no pairs.
    """
    rows = np.repeat(np.arange(len(batch.sizes), dtype=np.int32), batch.sizes)
    codes = batch.codes.astype(np.uint64)
    hashes = _hash_words(codes, batch.lengths)
    masked = _find_masked(batch.codes, batch.lengths)
    hashes[masked] = _MASKED
    columns = _column(hashes, _WORD)
    content = ~_stop_table()[columns]
    tags = (rows << 1) | _is_lead(rows, content)
    kept = np.flatnonzero(content)
    said = np.repeat(content, batch.lengths)
    parts = [
        (tags, columns),
        _pair_content(tags[kept], hashes[kept]),
        _pair_loose(tags, hashes, content, masked),
        _pair_characters(codes[said], np.repeat(tags[kept], batch.lengths[kept])),
    ]
    joined, found = (np.concatenate([part[at] for part in parts]) for at in range(2))
    return Features(len(batch.sizes), content, joined, found)


def _hash_words(codes: Hashes, lengths: Numbers) -> Hashes:
    """A number for each word out of its characters' codes. Python's own hash differs in every process."""
    if not len(codes):
        return codes
    starts = np.cumsum(lengths) - lengths
    places = np.arange(len(codes)) - np.repeat(starts, lengths)
    sums: Hashes = np.add.reduceat(codes * _POWERS[places & (_PLACES - 1)], starts)
    return sums ^ (sums >> _FOLD)


def _find_masked(codes: npt.NDArray[np.uint32], lengths: Numbers) -> Flags:
    """Which words are stars, digits beside stars (`138`, `****`, `6668`), or long numbers."""
    if not len(codes):
        return np.zeros(0, dtype=np.bool_)
    starts = np.cumsum(lengths) - lengths
    numeric: Flags = np.logical_and.reduceat(_NUMERIC[np.minimum(codes, 127)], starts)
    stars = numeric & (codes[starts] == ord("*"))
    beside = stars.copy()
    beside[1:] |= stars[:-1]
    beside[:-1] |= stars[1:]
    masked: Flags = numeric & (beside | (lengths >= _LONG_NUMBER))
    return masked


def _is_lead(rows: Tags, content: Flags) -> Flags:
    """Whether fewer than LEAD_WORDS content words of the same post stand before this word."""
    if not len(rows):
        return content
    before: Numbers = np.cumsum(content) - content
    first = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))
    starts: Numbers = np.repeat(before[first], np.diff(np.append(first, len(rows))))
    lead: Flags = before - starts < LEAD_WORDS
    return lead


def _column(hashes: Hashes, factor: np.uint64) -> Tags:
    return ((hashes * factor) >> _SHIFT).astype(np.int32)


def _join(first: Hashes, second: Hashes) -> Hashes:
    mixed: Hashes = first * _PAIR + second * _SECOND
    return mixed ^ (mixed >> _FOLD)


def _pair_content(tags: Tags, hashes: Hashes) -> tuple[Tags, Tags]:
    same = _find_same(tags)
    return tags[1:][same], _column(_join(hashes[:-1], hashes[1:]), _WORD)[same]


def _pair_loose(tags: Tags, hashes: Hashes, content: Flags, masked: Flags) -> tuple[Tags, Tags]:
    loose = _find_same(tags) & ~(content[1:] & content[:-1]) & ~(masked[1:] | masked[:-1])
    return tags[1:][loose], _column(_join(hashes[:-1], hashes[1:]), _LOOSE_PAIR)[loose]


def _pair_characters(codes: Hashes, tags: Tags) -> tuple[Tags, Tags]:
    same = _find_same(tags)
    return tags[1:][same], _column(_join(codes[:-1], codes[1:]), _CHARACTERS)[same]


def _find_same(tags: Tags) -> Flags:
    """Which features but the first are of the same post as the one before."""
    rows = tags >> 1
    same: Flags = rows[1:] == rows[:-1]
    return same


def count_features(tags: Tags, columns: Tags, shape: tuple[int, int]) -> csr_array:
    """How often each column occurs in each row, the lead's features LEAD_COUNT times, as float32 CSR in
    order."""
    lead = tags & 1
    # The tag is the row twice and one for the lead: so is the key, with the column between.
    keys = np.sort((tags - lead).astype(np.int64) * shape[1] + ((columns << 1) | lead))
    pairs = keys >> 1
    first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]])) if len(keys) else keys
    weights = 1 + (LEAD_COUNT - 1) * (keys & 1)
    counts = np.add.reduceat(weights, first).astype(np.float32) if len(keys) else np.zeros(0, np.float32)
    kept_rows, kept_columns = np.divmod(pairs[first], shape[1])
    starts = np.searchsorted(kept_rows, np.arange(shape[0] + 1))
    return csr_array((counts, kept_columns.astype(np.int32), starts.astype(np.int32)), shape=shape)


def feature_matrix(posts: Sequence[Sequence[str]]) -> csr_array:
    """The counted features of segmented posts: one row a post, COLUMNS columns. For training."""
    found = hash_features(posts)
    return count_features(found.tags, found.columns, (found.posts, COLUMNS))


@cache
def stop_columns() -> Numbers:
    """The columns of the stop words themselves, for tasks that must not look at them."""
    words = sorted(stop_words())
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    return np.append(_column(_hash_words(codes, lengths), _WORD), masked_columns())


def masked_columns() -> Numbers:
    """The column of masked and long numbers, for tasks that look at stop words."""
    return _column(np.array([_MASKED]), _WORD).astype(np.int64)
