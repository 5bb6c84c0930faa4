"""Who may stand on both sides of a split: nobody. Near-duplicates stay together; hashes choose the side."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

Numbers = npt.NDArray[np.int64]

_SLICE = 1_000


def hash_text(text: str) -> int:
    """The first 8 hex digits of the text's SHA-256 as a number: the same on every machine."""
    return int(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16)


def group_duplicates(rows: csr_array, similarity: float) -> Numbers:
    """A group number for each row: rows whose cosine reaches `similarity` share one, chains included.

    `rows` are normalised to length one.
    """
    firsts, seconds = [], []
    for start in range(0, rows.shape[0], _SLICE):
        close = (rows[start : start + _SLICE] @ rows.T).tocoo()
        kept = close.data >= similarity
        firsts.append(close.coords[0][kept] + start)
        seconds.append(close.coords[1][kept])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    links = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(rows.shape[0],) * 2)
    groups: Numbers = connected_components(links, directed=False)[1].astype(np.int64)
    return groups


def fold_groups(groups: Numbers, hashes: Sequence[int], folds: int) -> Numbers:
    """The fold of each row: the smallest hash of its group modulo `folds`."""
    smallest = np.full(int(groups.max()) + 1, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(smallest, groups, np.asarray(hashes, dtype=np.int64))
    fold: Numbers = smallest[groups] % folds
    return fold
