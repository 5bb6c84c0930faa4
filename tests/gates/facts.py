"""Deaths and injured in emergency news against labels read by hand: 151 reports that no rule was tuned on."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime

from nlp.clean import clean_text
from nlp.facts import find_facts
from schemas.times import SHANGHAI
from tests.gates.pins import SHARED, read_pin

_DATE = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})")
# Reports without a date of their own; only the dates of events depend on it.
_UNDATED = datetime(2013, 7, 25, tzinfo=SHANGHAI)


def read_news() -> Iterator[tuple[str, dict[str, str]]]:
    """The reports with an id made of their words."""
    with gzip.open(SHARED / "incident" / "emergency_news.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield hashlib.sha256(f"{row['title']}\n{row['text']}".encode()).hexdigest()[:12], row


def told_at(row: dict[str, str]) -> datetime:
    """Noon of the day of a report."""
    date = _DATE.search(row["report_time"])
    return datetime(int(date[1]), int(date[2]), int(date[3]), 12, tzinfo=SHANGHAI) if date else _UNDATED


def measure() -> dict[str, float]:
    """Shares of reports whose numbers are exactly right; `None` (not told) must be `None`."""
    gold: dict[str, list[int | None]] = read_pin("facts")["gold"]
    deaths = injured = both = 0
    for key, row in read_news():
        if key in gold:
            facts = find_facts(f"{clean_text(row['title'])}\n{clean_text(row['text'])}", told_at(row))
            right = facts.deaths == gold[key][0], facts.injured == gold[key][1]
            deaths, injured, both = deaths + right[0], injured + right[1], both + all(right)
    counts = {"deaths_exact": deaths, "injured_exact": injured, "both_exact": both}
    return {name: count / len(gold) for name, count in counts.items()}
