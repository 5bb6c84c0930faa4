"""Has a text an incident that happens now, and which: against labels made by hand before any tuning.

Labels are kept under the first 16 hexadecimal digits of the SHA-256 of a text. `titles` and `messages` are
drawn at random, `dense_titles` from titles with a word of harm. Odd hashes are reported; even ones tuned on.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator

from nlp.clean import clean_text
from nlp.incident import NONE, IncidentJudge
from schemas.taxonomy.labels import load_families
from tests.gates.pins import SHARED, read_pin

NOT_NOW = "not_now"


def read_texts() -> Iterator[tuple[str, str]]:
    """Every text of the three files with its id."""
    for text in _read_all():
        yield hashlib.sha256(text.encode()).hexdigest()[:16], text


def _read_all() -> Iterator[str]:
    for name in read_pin("incident_labels")["data"]:
        with gzip.open(SHARED / name, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if name.endswith("stream_2019.jsonl.gz"):
                    yield f"{row['title']}\n{row['detail']}"
                elif text := row.get("text") or row["title"]:
                    yield str(text)


def measure(report: bool = True) -> dict[str, float]:
    """Precision and recall of `has an incident`, and how many of those found have the right kind."""
    gold: dict[str, dict[str, list[str]]] = read_pin("incident_labels")["gold"]
    judge = IncidentJudge(load_families()["incident"])
    wanted = {key for labels in gold.values() for key in labels if int(key, 16) % 2 == report}
    found = {key: judge.judge(clean_text(text)).name for key, text in read_texts() if key in wanted}
    scores: dict[str, float] = {}
    for name, keys in (("random", {**gold["titles"], **gold["messages"]}), ("dense", gold["dense_titles"])):
        chosen = [(found[key], labels) for key, labels in keys.items() if key in wanted]
        scores |= {f"{name}_{what}": value for what, value in _score(chosen).items()}
    return scores


def _score(chosen: list[tuple[str, list[str]]]) -> dict[str, float]:
    """`labels` are the kinds that are right, none of them where nothing happens now."""
    told = [(kind, labels) for kind, labels in chosen if kind != NONE]
    now = [(kind, labels) for kind, labels in chosen if labels and NOT_NOW not in labels]
    both = [(kind, labels) for kind, labels in told if labels and NOT_NOW not in labels]
    return {
        "precision": len(both) / len(told),
        "recall": len(both) / len(now),
        "kind": sum(kind in labels for kind, labels in both) / len(both),
    }
