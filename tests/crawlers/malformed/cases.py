"""The kept malformed inputs: what each is, how it is read, and what must be told of it."""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = Path(__file__).with_name("cases.jsonl.gz")


@dataclass(frozen=True, slots=True)
class Case:
    """One input. `how` is a table's ending or the spider and reader of a page; `words` are the reasons that
    must be told, by reasons.yml; `records` is how many records must come through all the same."""

    name: str
    kind: str
    how: str
    body: bytes
    words: tuple[str, ...]
    records: int = 0


def write_cases(cases: Iterable[Case], path: Path = KEPT) -> None:
    """Keep the cases: the same cases give the same bytes."""
    rows = [
        {**asdict(case), "body": base64.b64encode(gzip.compress(case.body, 9, mtime=0)).decode()}
        for case in cases
    ]
    text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read_cases(path: Path = KEPT) -> Iterator[Case]:
    """The kept cases."""
    for line in gzip.decompress(path.read_bytes()).splitlines():
        row = json.loads(line)
        body = gzip.decompress(base64.b64decode(row["body"]))
        yield Case(**{**row, "body": body, "words": tuple(row["words"])})
