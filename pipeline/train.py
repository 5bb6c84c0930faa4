"""Training and measuring the shipped models: files in, weights, card and scores out."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nlp.classifier import LinearTasks
from nlp.linear import load_model
from nlp.segment import Segmenter
from nlp.training.cards import Card
from nlp.training.complaint import OTHER, Fitted, train_complaint
from nlp.training.rumour import LABELS as RUMOUR_LABELS
from nlp.training.rumour import train_rumour
from nlp.training.scores import Scores, score_probabilities
from nlp.training.sources import Terms, load_terms
from pipeline.training_data import (
    DataFile,
    read_claims,
    read_file,
    read_files,
    read_messages,
    read_unlabelled,
)
from schemas.errors import ReadError, Where, one_of
from stores.atomic import write_atomic

TASKS = ("complaint", "rumour")
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "rjieba")


@dataclass(frozen=True, slots=True)
class Training:
    """A finished training: the card and what was fitted."""

    card: Card
    fitted: Fitted


def train_task(task: str, paths: Sequence[Path], out: Path) -> Card:
    """Train a task on JSONL(.gz) files or folders of them; write `<task>.npz` and its cards to `out`.

    The same files give the same bytes. Raises ReadError for an unknown task, a row that does not fit, or
    data whose terms allow measuring only.
    """
    training = fit_task(task, read_files(paths))
    out.mkdir(parents=True, exist_ok=True)
    training.fitted.model.save(out / f"{task}.npz")
    write_atomic(out / f"{task}.card.json", training.card.to_json())
    write_atomic(out / f"{task}.card.md", training.card.to_markdown().encode())
    return training.card


def fit_task(task: str, files: Sequence[DataFile]) -> Training:
    """Train a task without writing anything."""
    _check_task(task)
    terms = load_terms()
    for file in files:
        if file.name in terms.measure_only:
            raise ReadError(
                Where(file.name), "terms", terms.of(file.name)[1], "可用于训练的数据（此数据只可评测）"
            )
    fitted = _FIT[task](files, terms)
    return Training(_describe(task, files, fitted, terms), fitted)


def evaluate_task(task: str, path: Path) -> Scores:
    """The scores of the shipped model on a labelled JSONL(.gz) file. Rows it was trained on flatter it."""
    _check_task(task)
    file, segmenter = read_file(path), Segmenter()
    model = load_model(task)
    if task == "rumour":
        claims = read_claims([file], segmenter, (), {})
        words, truth = [one.words for one in claims], [int(one.rumour) for one in claims]
    else:
        messages = read_messages([file], segmenter, {})
        words = [one.words for one in messages]
        truth = [model.labels.index(one.label) for one in messages]
    if not words:
        raise ReadError(Where(str(path)), "label", None, "带标注的行")
    given = LinearTasks([model]).probabilities(words)[task]
    return score_probabilities(np.array(truth, dtype=np.int64), given, model.labels)


def _check_task(task: str) -> None:
    if task not in TASKS:
        raise ReadError(Where("train"), "task", task, one_of(TASKS))


def _fit_complaint(files: Sequence[DataFile], terms: Terms) -> Fitted:
    segmenter = Segmenter()
    messages = read_messages(files, segmenter, terms.other_every)
    unlabelled = [file for file in files if file.name not in terms.other_every]
    _check_labels(len({message.label for message in messages if message.raw} - {OTHER}), 2)
    return train_complaint(messages, read_unlabelled(unlabelled, segmenter))


def _fit_rumour(files: Sequence[DataFile], terms: Terms) -> Fitted:
    claims = read_claims(files, Segmenter(), terms.timed, terms.told_every)
    _check_labels(len({claim.rumour for claim in claims if claim.timed}), len(RUMOUR_LABELS))
    return train_rumour(claims)


_FIT = {"complaint": _fit_complaint, "rumour": _fit_rumour}


def _check_labels(found: int, least: int) -> None:
    if found < least:
        raise ReadError(Where("train"), "label", found, f"至少 {least} 种标签的原文数据")


def _describe(task: str, files: Sequence[DataFile], fitted: Fitted, terms: Terms) -> Card:
    text, model = terms.tasks[task], fitted.model
    return Card(
        task=task,
        zh=text.zh,
        purpose=text.purpose,
        method=text.method,
        split=text.split,
        sources=tuple(file.source(terms) for file in files),
        labels=model.labels,
        features=len(model.columns),
        trained=fitted.trained,
        scores=fitted.scores,
        threshold=model.threshold,
        limits=text.limits,
        versions={name: version(name) for name in _LIBRARIES},
    )
