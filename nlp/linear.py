"""A trained linear task as arrays: what a .npz under nlp/models holds, read and written without pickle."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlp.features import COLUMNS
from schemas.errors import ReadError, Where

MODELS = Path(__file__).parent / "models"

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LinearModel:
    """One task: weights on hashed features, and how its scores become probabilities.

    A post's score for a label is the dot product of its normalised sublinear TF-IDF row with the label's
    weights, plus `intercept`. With two labels there is one column of weights, for the second label.
    Probabilities are softmax(scale * scores + shift), or the logistic of it for one column. Where no label
    reaches `threshold`, the answer is `abstain` (empty: the task always answers). With one column of weights
    a post of fewer content words than `full_words` says less: its log odds come to no more than their share.
    A model of more columns with `full_words` answers for such posts only.
    """

    task: str
    labels: tuple[str, ...]
    columns: Numbers
    idf: Floats
    weights: Floats
    intercept: Floats
    scale: float
    shift: Floats
    threshold: float = 0.0
    abstain: str = ""
    full_words: int = 0

    def save(self, path: Path) -> None:
        """Write the arrays; weights and document frequencies as float16, half the size at the same scores."""
        np.savez_compressed(
            path,
            labels=np.array(self.labels),
            columns=self.columns.astype(np.uint32),
            idf=self.idf.astype(np.float16),
            weights=self.weights.astype(np.float16),
            intercept=self.intercept,
            calibration=np.array([self.scale, *self.shift], dtype=np.float64),
            abstention=np.array([self.abstain]),
            threshold=np.array([self.threshold, self.full_words], dtype=np.float64),
        )


def load_model(task: str, folder: Path = MODELS) -> LinearModel:
    """The shipped model of a task. Raises ReadError where the file is missing or not a whole model."""
    path = folder / f"{task}.npz"
    where = Where(str(path))
    if not path.is_file():
        raise ReadError(where, "task", task, "有模型文件的任务（qianshao train 生成）")
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    _check(where, arrays)
    return LinearModel(
        task=task,
        labels=tuple(str(label) for label in arrays["labels"]),
        columns=arrays["columns"].astype(np.int64),
        idf=arrays["idf"].astype(np.float32),
        weights=arrays["weights"].astype(np.float32),
        intercept=arrays["intercept"].astype(np.float32),
        scale=float(arrays["calibration"][0]),
        shift=arrays["calibration"][1:].astype(np.float32),
        threshold=float(arrays["threshold"][0]),
        abstain=str(arrays["abstention"][0]),
        full_words=int(arrays["threshold"][1]),
    )


_ARRAYS = {"labels", "columns", "idf", "weights", "intercept", "calibration", "threshold", "abstention"}


def _check(where: Where, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    if missing := _ARRAYS - set(arrays):
        raise ReadError(where, "arrays", sorted(arrays), f"还要有 {'、'.join(sorted(missing))}")
    if len(arrays["threshold"]) != 2:
        raise ReadError(where, "threshold", arrays["threshold"].tolist(), "下限与足数两个数")
    columns, width = arrays["columns"], arrays["weights"].shape[1]
    if arrays["weights"].shape[0] != len(columns) or len(arrays["idf"]) != len(columns):
        raise ReadError(where, "weights", arrays["weights"].shape, f"{len(columns)} 行")
    if len(columns) and int(columns.max()) >= COLUMNS:
        raise ReadError(where, "columns", int(columns.max()), f"小于 {COLUMNS}")
    if width not in (len(arrays["labels"]), 1) or len(arrays["calibration"]) != width + 1:
        raise ReadError(where, "labels", arrays["labels"].tolist(), f"{width} 列权重的标签与校准")
