"""The whole of `enrich` beside plain jieba.lcut: posts a second, one process and two; memory; duplicates.

`qianshao bench text DATA [--rows ROWS]` or `python -m benchmarks.text DATA [ROWS]`; DATA is JSONL(.gz) with
`text`, or with `title` and `detail`; ROWS is how many posts are streamed to measure memory.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import jieba
import orjson
from datasketch import MinHash

from benchmarks import Row, compared_row
from nlp.fingerprint import NEAR_DUPLICATE, PERMUTATIONS, fingerprint_batch, similarity
from pipeline.enrich import enrich_file
from pipeline.knowledge import load_core
from pipeline.progress import Advance, ignore_progress
from pipeline.training_data import read_file

POSTS, LENGTH = 8_000, 120
STREAMED = 50_000
# Both sides of a ratio are measured in turn, so that what else the machine does hits both; the ratio told is
# the median of the rounds' ratios.
_ROUNDS = 3
_LONGER = 3
# Seconds between two looks at the memory of the processes.
_LOOK = 0.1
_KEY = b"benchmark"
_PAIRS, _SEED = 1_000, 5


def run(posts_path: Path, rows: int = STREAMED) -> list[Row]:
    """Rows of name, value and ratio to the peer measured in the same run: jieba.lcut, one process,
    datasketch."""
    texts = _read_texts(posts_path)
    load_core(None)
    _load_jieba()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "posts.jsonl"
        source.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
        return [
            *_compare_jieba(source, texts),
            *_compare_jobs(source, texts),
            *(_measure_memory(source.with_name("streamed.jsonl"), texts, rows, jobs) for jobs in (1, 2)),
            *_compare_fingerprints(list(dict.fromkeys(texts))[:_PAIRS]),
        ]


def _load_jieba() -> None:
    jieba.setLogLevel(60)
    jieba.initialize()


def _read_texts(path: Path) -> list[str]:
    """So many posts of so many characters, the file's own over again where it has too few."""
    texts = []
    for _, row in read_file(path).rows:
        text = row.get("text") or "。".join(str(row[name]) for name in ("title", "detail") if row.get(name))
        texts.append(str(text)[:LENGTH])
    return (texts * (1 + POSTS // len(texts)))[:POSTS]


def _compare_jieba(source: Path, texts: Sequence[str]) -> list[Row]:
    """Posts a second of processor time."""
    rounds = [(_spent(lambda: _cut(texts)), _spent(lambda: _enrich(source, 1))) for _ in range(_ROUNDS)]
    return _tell("jieba.lcut", "enrich，1 个进程", rounds, len(texts))


def _cut(texts: Sequence[str]) -> None:
    for text in texts:
        jieba.lcut(text)


def _tell(peer: str, own: str, rounds: Sequence[tuple[float, float]], done: int) -> list[Row]:
    """Two rows from the seconds that both sides needed in each round."""
    first, second = (median(times) for times in zip(*rounds, strict=True))
    ratio = median(one / other for one, other in rounds)
    return [compared_row(peer, done / first, 1.0, "条/秒"), compared_row(own, done / second, ratio, "条/秒")]


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


def _compare_jobs(source: Path, texts: Sequence[str]) -> list[Row]:
    """Wall clock, beside what this machine gives two processes that have nothing in common."""
    longer = source.with_name("longer.jsonl")
    longer.write_bytes(source.read_bytes() * _LONGER)
    rounds = [(_time_steps(longer, 1), _time_steps(longer, 2)) for _ in range(_ROUNDS)]
    return [
        *_tell("enrich --jobs 1，墙钟", "enrich --jobs 2，墙钟", rounds, POSTS * _LONGER),
        compared_row("本机两个进程各跑 jieba.lcut", _double_jieba(texts), None, "倍于一个"),
    ]


def _time_steps(source: Path, jobs: int) -> float:
    """Seconds for the whole source at the pace from the first chunk written to the last: starting and
    loading do not count."""
    steps: list[tuple[float, int]] = []
    _enrich(source, jobs, lambda done, _total=None: steps.append((perf_counter(), done)))
    (start, first), (end, last) = steps[0], steps[-1]
    return (end - start) / (last - first) * source.stat().st_size


def _double_jieba(texts: Sequence[str]) -> float:
    """How much more two processes cut in the time of one."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=_load_jieba) as pool:
        ratios = []
        # The first round only starts the processes.
        for _ in range(1 + _ROUNDS):
            times = []
            for count in (1, 2):
                start = perf_counter()
                wait([pool.submit(_cut, texts) for _ in range(count)])
                times.append(perf_counter() - start)
            ratios.append(2 * times[0] / times[1])
    return median(ratios[1:])


def _measure_memory(source: Path, texts: Sequence[str], rows: int, jobs: int) -> Row:
    """The most memory that fresh processes held together while they streamed so many different posts."""
    with source.open("wb") as file:
        file.writelines(_vary(texts, rows))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        run = pool.submit(_enrich, source, jobs)
        peak = _watch(run, [process.pid for process in pool._processes.values()])  # noqa: SLF001
        run.result()
    source.unlink()
    return compared_row(f"内存峰值，--jobs {jobs}，流式处理 {rows} 条", peak, None, "MiB")


def _vary(texts: Sequence[str], rows: int) -> Iterator[bytes]:
    """Posts of which no two are alike: three characters changed and a number put in."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret, the same posts in every run
    letters = "".join(texts[:200])
    for row in range(rows):
        chars = list(texts[row % len(texts)])
        for _ in range(3):
            chars[chance.randrange(len(chars))] = chance.choice(letters)
        chars.insert(chance.randrange(len(chars)), str(row))
        yield orjson.dumps({"text": "".join(chars)}) + b"\n"


def _watch(run: Future[None], started: Sequence[int | None]) -> float:
    """The most MiB resident in the processes and their children until the run is done."""
    peak = 0
    while not run.done():
        peak = max(peak, sum(map(_resident, _list_family([pid for pid in started if pid]))))
        wait([run], timeout=_LOOK)
    return peak / 1024


def _list_family(pids: Sequence[int]) -> list[int]:
    """The processes and all that came from them."""
    family = [*pids]
    for pid in family:
        tasks = Path(f"/proc/{pid}/task")
        for task in tasks.iterdir() if tasks.is_dir() else ():
            family += map(int, _read_process(task / "children").split())
    return family


def _resident(pid: int) -> int:
    """KiB of a process in memory, its part of what it shares with others (PSS); 0 when it has ended."""
    lines = _read_process(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _read_process(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _compare_fingerprints(texts: list[str]) -> list[Row]:
    """Both sides sketch the same triples of characters with as many permutations, and find the same edited
    copies at the same threshold; recall is told for both."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret, the same edits in every run
    copies = [_edit(text, chance) for text in texts]
    rounds = [
        (_spent(lambda: [*map(_sketch, texts)]), _spent(lambda: fingerprint_batch(texts)))
        for _ in range(_ROUNDS)
    ]
    pairs = list(zip(fingerprint_batch(texts), fingerprint_batch(copies), strict=True))
    found = sum(similarity(*pair) >= NEAR_DUPLICATE for pair in pairs)
    sketched = sum(
        _sketch(one).jaccard(_sketch(other)) >= NEAR_DUPLICATE
        for one, other in zip(texts, copies, strict=True)
    )
    peer, own = _tell("datasketch MinHash", "指纹", rounds, len(texts))
    return [
        peer | {"召回率": round(sketched / len(texts), 4)},
        own | {"召回率": round(found / len(texts), 4)},
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


if __name__ == "__main__":
    for row in run(Path(sys.argv[1]), *map(int, sys.argv[2:3])):
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
