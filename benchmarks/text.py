"""The whole of `enrich` beside plain jieba.lcut: posts a second, one process and two, and the memory.

`qianshao bench text DATA` or `python -m benchmarks.text DATA`; DATA is JSONL(.gz) with `text`, or with
`title` and `detail`.
"""

import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

import jieba
import orjson
from datasketch import MinHash

from nlp.fingerprint import fingerprint
from pipeline.enrich import enrich_file
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import load_core
from pipeline.training_data import read_file

POSTS, LENGTH = 8_000, 120
_ROUNDS = 3
_LONGER = 5
_KEY = b"benchmark"


def run(posts_path: Path) -> list[dict[str, object]]:
    """Rows of name, value and ratio to the peer measured in the same run: jieba.lcut, one process,
    datasketch."""
    texts = _read_texts(posts_path)
    load_core(None)
    jieba.setLogLevel(60)
    jieba.initialize()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "posts.jsonl"
        source.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
        plain = _rate(len(texts), lambda: [jieba.lcut(text) for text in texts])
        one = _rate(len(texts), lambda: _enrich(source, 1))
        rows = [
            _row("jieba.lcut", plain, 1.0, "条/秒"),
            _row("enrich，1 个进程", one, one / plain, "条/秒"),
            *_compare_jobs(source, texts),
            *_compare_fingerprints(texts),
        ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*rows, _row("内存峰值", peak, None, "MiB")]


def _read_texts(path: Path) -> list[str]:
    """So many posts of so many characters, the file's own over again where it has too few."""
    texts = []
    for _, row in read_file(path).rows:
        text = row.get("text") or "。".join(str(row[name]) for name in ("title", "detail") if row.get(name))
        texts.append(str(text)[:LENGTH])
    return (texts * (1 + POSTS // len(texts)))[:POSTS]


def _rate(posts: int, work: Callable[[], object]) -> float:
    """Posts a second of processor time, the best of three rounds: a busy machine must not decide."""
    return posts / min(_spent(work) for _ in range(_ROUNDS))


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


def _compare_jobs(source: Path, texts: list[str]) -> list[dict[str, object]]:
    """Wall clock from the first chunk written to the last, so that starting a process and loading do not
    count."""
    longer = source.with_name("longer.jsonl")
    longer.write_bytes(source.read_bytes() * _LONGER)
    share = len(texts) * _LONGER / longer.stat().st_size
    rates = {}
    for jobs in (1, 2):
        steps: list[tuple[float, int]] = []
        _enrich(longer, jobs, lambda done, _total=None, steps=steps: steps.append((perf_counter(), done)))
        (start, first), (end, last) = steps[0], steps[-1]
        rates[jobs] = (last - first) * share / (end - start)
    return [_row("enrich --jobs 2（墙钟，对 1 个进程）", rates[2], rates[2] / rates[1], "条/秒")]


def _compare_fingerprints(texts: list[str]) -> list[dict[str, object]]:
    words = [jieba.lcut(text) for text in texts[:500]]

    def sketch() -> None:
        for said in words:
            MinHash(num_perm=64).update_batch([word.encode() for word in said])

    peer = _rate(len(words), sketch)
    own = _rate(len(words), lambda: [fingerprint(said) for said in words])
    return [_row("datasketch MinHash", peer, 1.0, "条/秒"), _row("指纹", own, own / peer, "条/秒")]


def _row(name: str, value: float, ratio: float | None, unit: str) -> dict[str, object]:
    return {
        "项目": name,
        "值": round(value, 1),
        "单位": unit,
        "倍数": None if ratio is None else round(ratio, 2),
    }


if __name__ == "__main__":
    for row in run(Path(sys.argv[1])):
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
