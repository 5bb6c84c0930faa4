"""Training and measuring the shipped models: files in, weights, card and scores out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nlp.classifier import SHORT, LinearTasks
from nlp.incident import IncidentJudge
from nlp.linear import Floats, Numbers, load_model
from nlp.segment import Segmenter
from nlp.spread import Blend, blend_path, judge_spread
from nlp.training.cards import Card
from nlp.training.complaint import OTHER, Fitted, Message, train_complaint
from nlp.training.emotion import Said, train_emotion
from nlp.training.rumour import LABELS as RUMOUR_LABELS
from nlp.training.rumour import train_rumour
from nlp.training.scores import Scores, score_probabilities
from nlp.training.sources import Terms, load_terms
from nlp.training.spread import FittedSpread, train_spread
from pipeline.training_data import (
    DataFile,
    is_spread,
    read_claims,
    read_files,
    read_hints,
    read_ids,
    read_messages,
    read_plain,
    read_reports,
    read_reposts,
    read_said,
    read_unlabelled,
)
from schemas.errors import ReadError, Where, one_of
from schemas.taxonomy.labels import load_families
from stores.atomic import write_atomic

TASKS = ("complaint", "rumour", "spread", "emotion")
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "rjieba")


@dataclass(frozen=True, slots=True)
class Training:
    """A finished training: the card and what was fitted."""

    card: Card
    fitted: Fitted
    blends: Mapping[str, Blend] = field(default_factory=dict)


def train_task(task: str, paths: Sequence[Path], out: Path) -> Card:
    """Train a task on JSONL(.gz) files or folders of them; write `<task>.npz` and its cards to `out`.

    The same files give the same bytes. Raises ReadError for an unknown task, a row that does not fit, or
    data whose terms allow measuring only.
    """
    _check_task(task)
    training = fit_task(task, read_files(choose_files(paths, load_terms().tasks[task].files)))
    out.mkdir(parents=True, exist_ok=True)
    training.fitted.model.save(out / f"{task}.npz")
    if training.fitted.short:
        training.fitted.short.save(out / f"{task}{SHORT}.npz")
    for name, blend in training.blends.items():
        blend.save(blend_path(name, out))
    write_atomic(out / f"{task}.card.json", training.card.to_json())
    write_atomic(out / f"{task}.card.md", training.card.to_markdown().encode())
    return training.card


def choose_files(paths: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """The files named, and of each folder, searched to the bottom, those a task is trained on, in its order.

    Raises ReadError for a folder that holds none of them.
    """
    chosen: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = {file.name.split(".")[0]: file for file in sorted(path.rglob("*.jsonl*"))}
            chosen += [found[name] for name in names if name in found]
        else:
            chosen.append(path)
    if not chosen:
        raise ReadError(Where(str(paths[0])), "文件", "没有", one_of(names))
    return chosen


def fit_task(task: str, files: Sequence[DataFile]) -> Training:
    """Train a task without writing anything."""
    _check_task(task)
    terms = load_terms()
    for file in files:
        if file.name in terms.measure_only:
            raise ReadError(
                Where(file.name), "terms", terms.of(file.name)[1], "可用于训练的数据（此数据只可评测）"
            )
    blends: Mapping[str, Blend] = {}
    if task == "spread":
        spread = _fit_spread(files, terms)
        fitted, blends = spread.fitted, spread.blends
    else:
        fitted = _FIT[task](files, terms)
    return Training(_describe(task, files, fitted, terms), fitted, blends)


def evaluate_task(task: str, path: Path) -> Scores:
    """The scores of what is shipped on labelled JSONL(.gz) rows: a file, or a folder of them.

    For `rumour` a file of reposts in the folder is judged with the posts it speaks of. Rows a model was
    trained on flatter it. Raises ReadError.
    """
    if task not in _EVALUATE:
        raise ReadError(Where("evaluate"), "task", task, one_of(_EVALUATE))
    truth, given, labels = _EVALUATE[task](read_files([path]))
    if not len(truth):
        raise ReadError(Where(str(path)), "label", None, "带标注的行")
    return score_probabilities(truth, given, labels)


Answers = tuple[Numbers, Floats, Sequence[str]]


def _evaluate_complaint(files: Sequence[DataFile]) -> Answers:
    return _answer_shipped("complaint", read_messages(files, Segmenter(), {}))


def _evaluate_rumour(files: Sequence[DataFile]) -> Answers:
    segmenter, tasks = Segmenter(), LinearTasks.load(["rumour"])
    posts = [file for file in files if not is_spread(file)]
    claims = read_claims(posts, segmenter, (), {})
    labels = tasks.classify([one.words for one in claims])["rumour"]
    reposts = read_reposts(files, segmenter)
    spread = [reposts.get(one, []) for one in read_ids(posts, {})]
    sure = [
        judge_spread(label, some, claim.author).probability
        for label, some, claim in zip(labels, spread, claims, strict=True)
    ]
    rumour = np.array(sure, dtype=np.float32)
    truth = np.array([one.rumour for one in claims], dtype=np.int64)
    return truth, np.stack([1 - rumour, rumour], axis=1), RUMOUR_LABELS


def _evaluate_incident(files: Sequence[DataFile]) -> Answers:
    """The kind of each report; the judge is by words and says how sure it is of its own kind only."""
    family = load_families()["incident"]
    names = (*family.labels, "none") if "none" not in family.labels else tuple(family.labels)
    judge = IncidentJudge(family)
    reports = read_reports(files)
    truth = np.array([names.index(name) for _, name in reports], dtype=np.int64)
    given = np.zeros((len(reports), len(names)), dtype=np.float32)
    for row, (text, _) in zip(given, reports, strict=True):
        label = judge.judge(text)
        row[names.index(label.name)] = max(label.probability, 1e-6)
    return truth, given, names


def _evaluate_emotion(files: Sequence[DataFile]) -> Answers:
    return _answer_shipped("emotion", read_said(files, Segmenter(), {}))


def _answer_shipped(task: str, rows: Sequence[Message | Said]) -> Answers:
    """The truth of the rows, and what the shipped model of the task gives them."""
    labels = load_model(task).labels
    given = LinearTasks.load([task]).probabilities([one.words for one in rows])[task]
    truth = np.array([labels.index(one.label) for one in rows], dtype=np.int64)
    return truth, given, labels


_EVALUATE = {
    "complaint": _evaluate_complaint,
    "rumour": _evaluate_rumour,
    "incident": _evaluate_incident,
    "emotion": _evaluate_emotion,
}


def _check_task(task: str) -> None:
    if task not in TASKS:
        raise ReadError(Where("train"), "task", task, one_of(TASKS))


def _fit_complaint(files: Sequence[DataFile], terms: Terms) -> Fitted:
    segmenter = Segmenter()
    messages = read_messages(files, segmenter, terms.other_every)
    unlabelled = [file for file in files if file.name not in terms.other_every]
    _check_labels(len({message.label for message in messages if message.raw} - {OTHER}), 2)
    return train_complaint(messages, read_unlabelled(unlabelled, segmenter), read_hints(segmenter))


def _fit_rumour(files: Sequence[DataFile], terms: Terms) -> Fitted:
    segmenter = Segmenter()
    claims = read_claims(files, segmenter, terms.timed, terms.told_every)
    _check_labels(len({claim.rumour for claim in claims if claim.timed}), len(RUMOUR_LABELS))
    return train_rumour([*claims, *read_plain(segmenter)])


def _fit_spread(files: Sequence[DataFile], terms: Terms) -> FittedSpread:
    segmenter = Segmenter()
    posts = [file for file in files if not is_spread(file)]
    claims = read_claims(posts, segmenter, terms.timed, terms.told_every)
    plain = read_plain(segmenter)
    _check_labels(len({claim.rumour for claim in claims if claim.timed}), len(RUMOUR_LABELS))
    known = read_reposts(files, segmenter)
    found = [known.get(one, []) for one in read_ids(posts, terms.told_every)]
    return train_spread([*claims, *plain], [*found, *([] for _ in plain)])


def _fit_emotion(files: Sequence[DataFile], terms: Terms) -> Fitted:
    said = read_said(files, Segmenter(), terms.told_every)
    _check_labels(len({one.label for one in said if not one.weak}), 2)
    return train_emotion(said)


_FIT = {"complaint": _fit_complaint, "rumour": _fit_rumour, "emotion": _fit_emotion}


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
