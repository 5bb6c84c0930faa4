"""The whole of `enrich` beside plain jieba.lcut: posts a second, one process and two; memory; duplicates.

`qianshao bench text DATA` or `python -m benchmarks.text DATA [ROWS]`; DATA is JSONL(.gz) with `text`, or with
`title` and `detail`; ROWS is how many posts are streamed to measure memory.
"""

import random
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

import jieba
import orjson
from datasketch import MinHash

from nlp.fingerprint import NEAR_DUPLICATE, PERMUTATIONS, fingerprint_batch, similarity
from pipeline.enrich import enrich_file
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import load_core
from pipeline.training_data import read_file

POSTS, LENGTH = 8_000, 120
STREAMED = 200_000
# Both sides of a ratio are measured in turn, so that what else the machine does hits both.
_ROUNDS = 3
_LONGER = 3
_KEY = b"benchmark"
_PAIRS, _SEED = 1_000, 5

Row = dict[str, object]


def run(posts_path: Path, rows: int = STREAMED) -> list[Row]:
    """Rows of name, value and ratio to the peer measured in the same run: jieba.lcut, one process,
    datasketch."""
    texts = _read_texts(posts_path)
    load_core(None)
    jieba.setLogLevel(60)
    jieba.initialize()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "posts.jsonl"
        source.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
        return [
            *_compare_jieba(source, texts),
            *_compare_jobs(source, len(texts)),
            _measure_memory(source, rows),
            *_compare_fingerprints(list(dict.fromkeys(texts))[:_PAIRS]),
        ]


def _read_texts(path: Path) -> list[str]:
    """So many posts of so many characters, the file's own over again where it has too few."""
    texts = []
    for _, row in read_file(path).rows:
        text = row.get("text") or "。".join(str(row[name]) for name in ("title", "detail") if row.get(name))
        texts.append(str(text)[:LENGTH])
    return (texts * (1 + POSTS // len(texts)))[:POSTS]


def _compare_jieba(source: Path, texts: Sequence[str]) -> list[Row]:
    """Posts a second of processor time."""
    plain, one = _fastest(lambda: [jieba.lcut(text) for text in texts], lambda: _enrich(source, 1))
    return [
        _row("jieba.lcut", len(texts) / plain, 1.0, "条/秒"),
        _row("enrich，1 个进程", len(texts) / one, plain / one, "条/秒"),
    ]


def _fastest(*works: Callable[[], object]) -> list[float]:
    """Seconds of processor time of each, the best of some rounds in turn."""
    rounds = [[_spent(work) for work in works] for _ in range(_ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def _spent(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _enrich(source: Path, jobs: int, progress: Advance = ignore_progress) -> None:
    enrich_file(
        str(source),
        f"{source}.out",
        jobs=jobs,
        deployment=None,
        now=datetime.now(UTC),
        author_key=_KEY,
        progress=progress,
    )


def _compare_jobs(source: Path, posts: int) -> list[Row]:
    """Wall clock: on a machine whose cores do something else two processes cannot be twice as fast."""
    longer = source.with_name("longer.jsonl")
    longer.write_bytes(source.read_bytes() * _LONGER)
    rounds = [[_rate_steps(longer, jobs, posts * _LONGER) for jobs in (1, 2)] for _ in range(_ROUNDS)]
    one, two = (max(rates) for rates in zip(*rounds, strict=True))
    return [
        _row("enrich --jobs 1，墙钟", one, 1.0, "条/秒"),
        _row("enrich --jobs 2，墙钟", two, two / one, "条/秒"),
    ]


def _rate_steps(source: Path, jobs: int, posts: int) -> float:
    """Posts a second from the first chunk written to the last: starting and loading do not count."""
    steps: list[tuple[float, int]] = []
    _enrich(source, jobs, lambda done, _total=None: steps.append((perf_counter(), done)))
    (start, first), (end, last) = steps[0], steps[-1]
    return (last - first) / source.stat().st_size * posts / (end - start)


def _measure_memory(source: Path, rows: int) -> Row:
    """The most memory that a fresh process held while it streamed so many posts."""
    streamed = source.with_name("streamed.jsonl")
    lines = source.read_bytes()
    with streamed.open("wb") as file:
        for _ in range(-(-rows // POSTS)):
            file.write(lines)
    with get_context("spawn").Pool(1) as pool:
        peak = pool.apply(_stream, (streamed,))
    return _row(f"内存峰值，流式处理 {-(-rows // POSTS) * POSTS} 条", peak, None, "MiB")


def _stream(source: Path) -> float:
    _enrich(source, 1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _compare_fingerprints(texts: list[str]) -> list[Row]:
    """Both sides sketch the same triples of characters with as many permutations, and find the same edited
    copies at the same threshold; recall is told for both."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret, the same edits in every run
    copies = [_edit(text, chance) for text in texts]
    peer, own = _fastest(lambda: [*map(_sketch, texts)], lambda: fingerprint_batch(texts))
    pairs = list(zip(fingerprint_batch(texts), fingerprint_batch(copies), strict=True))
    found = sum(similarity(*pair) >= NEAR_DUPLICATE for pair in pairs)
    sketched = sum(
        _sketch(one).jaccard(_sketch(other)) >= NEAR_DUPLICATE
        for one, other in zip(texts, copies, strict=True)
    )
    return [
        _row("datasketch MinHash", len(texts) / peer, 1.0, "条/秒", sketched / len(texts)),
        _row("指纹", len(texts) / own, peer / own, "条/秒", found / len(texts)),
    ]


def _edit(text: str, chance: random.Random) -> str:
    """A repost: one character in forty changed, something before it or a cut end."""
    chars = list(text)
    for _ in range(max(1, len(chars) // 40)):
        chars[chance.randrange(len(chars))] = chance.choice("的了在是，。")
    edited = "".join(chars)
    return chance.choice((f"求扩散！{edited}", f"{edited} 转发", edited[: int(len(edited) * 0.8)], edited))


def _sketch(text: str) -> MinHash:
    letters = "".join(filter(str.isalnum, text))
    sketch = MinHash(num_perm=PERMUTATIONS)
    sketch.update_batch([letters[at : at + 3].encode() for at in range(max(1, len(letters) - 2))])
    return sketch


def _row(name: str, value: float, ratio: float | None, unit: str, recall: float | None = None) -> Row:
    row: Row = {
        "项目": name,
        "值": round(value, 1),
        "单位": unit,
        "倍数": None if ratio is None else round(ratio, 2),
    }
    return row if recall is None else row | {"召回率": round(recall, 4)}


if __name__ == "__main__":
    for row in run(Path(sys.argv[1]), *map(int, sys.argv[2:3])):
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
