"""The second level of complaints against labels read by hand: 84 messages read after the seeds were written.

The first level is the data's own, so that only the second is measured. `shown` are 168 messages that were
read before; their figures are flattered by it. A message labelled `-` speaks of none of the details.
"""

from collections import Counter
from hashlib import sha256

from nlp.clean import clean_text
from nlp.details import DetailJudge
from pipeline.training_data import DataFile, read_file
from schemas.taxonomy.details import load_details
from schemas.taxonomy.labels import load_families
from tests.gates.pins import SHARED, read_pin

_DATA = "hotline/messages_labelled.jsonl.gz"


def measure() -> dict[str, float]:
    """Precision of the details told, and the share of messages that one is told of."""
    file = read_file(SHARED / _DATA)
    gold = read_pin("details")["gold"]
    return {f"{half}_{name}": value for half in gold for name, value in _score(file, gold[half]).items()}


def _score(file: DataFile, gold: dict[str, str]) -> dict[str, float]:
    judge = DetailJudge(load_details())
    classes = {label.zh: name for name, label in load_families()["complaint"].labels.items()}
    counts: Counter[str] = Counter()
    for _, row in file.rows:
        truth = gold.get(sha256(row["text"].encode()).hexdigest()[:12])
        found = judge.judge(clean_text(row["text"]), classes[row["label"]]) if truth else None
        if found is not None:
            counts["told"] += 1
            counts["right"] += found.name == truth
    return {"precision": counts["right"] / counts["told"], "coverage": counts["told"] / len(gold)}
