"""`enrich`: JSON lines through the text core, in order, in constant memory, resumable after a kill."""

import gc
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from nlp.core import TextCore
from nlp.rebuttals import Rebuttals
from pipeline.enrich_files import Chunk, Progress, open_target, read_chunks, refuse_line
from pipeline.enrich_workers import end_with_parent, start_forkserver, without_collector
from pipeline.knowledge import load_core
from pipeline.lines import enrich_line
from pipeline.progress import Advance, ignore_progress
from pipeline.rebuttals import read_rebuttals
from schemas.errors import ReadError, Where
from schemas.posts import LONGEST_LINE, read_post
from schemas.records import RawPost

__all__ = ["EnrichReport", "enrich_file"]

_SOURCE = "enrich"
# Posts in one pass of the core, and at once in memory besides their lines.
_BATCH = 1_024


@dataclass(frozen=True, slots=True)
class EnrichReport:
    """How many lines were read (blank ones left out), written and put into quarantine, resumed ones
    included."""

    lines: int
    written: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class _Task:
    """What every chunk of one run has in common."""

    name: str
    now: datetime
    author_key: bytes
    deployment: Path | None
    rebuttals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Done:
    """A chunk's output, its quarantine lines, and how many of each."""

    output: bytes
    quarantine: bytes
    written: int
    quarantined: int


def enrich_file(
    source: str,
    target: str,
    *,
    jobs: int,
    deployment: Path | None,
    now: datetime,
    author_key: bytes,
    rebuttals: Path | None = None,
    progress: Advance = ignore_progress,
) -> EnrichReport:
    """Enrich the lines of `source` into `target`; `-` is standard input or output, `.gz` is compressed.

    `jobs` processes (0: one a core) work on chunks; the order stays. A line that cannot be read stands in
    `TARGET.quarantine.jsonl` with source, where, reason and its bytes in base64. Beside an unfinished
    target lies `TARGET.progress.json`: run again with the same source, and it goes on where it was killed;
    the result is the same. `now` is the time that posts without one are taken to be fetched at; a resumed
    run keeps the first one. `rebuttals` is a list of official rebuttals to match the posts with.
    """
    titles = read_rebuttals(rebuttals) if rebuttals else ()
    with ExitStack() as stack:
        output = stack.enter_context(open_target(source, target, now))
        task = _Task(source, output.progress.now, author_key, deployment, titles)
        chunks = read_chunks(source, output.progress)
        for chunk, done in _work(chunks, task, jobs or os.cpu_count() or 1, stack):
            output.write(done.output, done.quarantine, _advance(output.progress, chunk, done))
            progress(output.progress.offset, output.total)
        report = output.progress
        output.finish()
    return EnrichReport(report.lines, report.written, report.quarantined)


def _advance(before: Progress, chunk: Chunk, done: _Done) -> Progress:
    return replace(
        before,
        offset=chunk.end,
        line=chunk.last_line,
        lines=before.lines + done.written + done.quarantined,
        written=before.written + done.written,
        quarantined=before.quarantined + done.quarantined,
    )


def _work(chunks: Iterator[Chunk], task: _Task, jobs: int, stack: ExitStack) -> Iterator[tuple[Chunk, _Done]]:
    """Each chunk with its result, in order; never more than two chunks a process in memory."""
    if jobs == 1:
        core = _load(task)
        stack.callback(gc.unfreeze)
        yield from ((chunk, _enrich_chunk(core, chunk, task)) for chunk in chunks)
        return
    start_forkserver(task.deployment)
    context = get_context("forkserver")
    pool = stack.enter_context(
        ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=(task,))
    )
    waiting: deque[tuple[Chunk, Future[_Done]]] = deque()
    for chunk in chunks:
        waiting.append((chunk, pool.submit(_enrich_in_worker, chunk, task)))
        if len(waiting) >= 2 * jobs:
            first, future = waiting.popleft()
            yield first, future.result()
    for first, future in waiting:
        yield first, future.result()


def _start_worker(task: _Task) -> None:
    end_with_parent()
    _load(task)


def _load(task: _Task) -> TextCore:
    """The core, once a process. What stays for good is no garbage collector's work."""
    with without_collector():
        core = load_core(task.deployment)
        _rebuttals(task)
    gc.freeze()
    return core


@lru_cache(maxsize=1)
def _rebuttals(task: _Task) -> Rebuttals:
    """The official rebuttals of one run; none where no list was given."""
    segment = load_core(task.deployment).segment
    return Rebuttals({title: segment(title) for title in task.rebuttals})


def _enrich_in_worker(chunk: Chunk, task: _Task) -> _Done:
    return _enrich_chunk(load_core(task.deployment), chunk, task)


def _enrich_chunk(core: TextCore, chunk: Chunk, task: _Task) -> _Done:
    output: list[bytes] = []
    refused: list[bytes] = []
    posts: list[RawPost] = []
    # Half of a batch's time went into looking for cycles in records that have none.
    with without_collector():
        for number, line in enumerate(chunk.lines(), start=chunk.line + 1):
            try:
                if line.strip():
                    posts.append(_read(line, Where(task.name, number), chunk, task))
            except ReadError as error:
                refused.append(refuse_line(task.name, error, line))
            if len(posts) == _BATCH:
                output += _enrich_posts(core, posts, _rebuttals(task))
                posts = []
        output += _enrich_posts(core, posts, _rebuttals(task))
    return _Done(b"".join(output), b"".join(refused), len(output), len(refused))


def _read(line: bytes, where: Where, chunk: Chunk, task: _Task) -> RawPost:
    if chunk.cut and where.line == chunk.last_line:
        length = len(line) + chunk.cut
        raise ReadError(where, "行长", length, f"不超过 {LONGEST_LINE} 字节的一行")
    return read_post(line, where, source=_SOURCE, fetched_at=task.now, author_key=task.author_key)


def _enrich_posts(core: TextCore, posts: Sequence[RawPost], rebuttals: Rebuttals) -> list[bytes]:
    done = core.enrich(posts)
    told = rebuttals.match([post.words for post in done])
    return [
        enrich_line(post, raw.extra.get("id"), rebuttal)
        for post, raw, rebuttal in zip(done, posts, told, strict=True)
    ]
