"""A crawl that is killed again and again: is every post there? `python -m tests.crawlers.kills` prints it."""

import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.crawl import SITE_SOURCE, serve_site
from crawlers.journal import done_path
from crawlers.run import CrawlResult, crawl_in_subprocess
from schemas.codec import decode
from schemas.errors import Where
from schemas.records import RawPost

POSTS, KILLS, SEED = 2_000, 20, 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often the crawl was killed, how many records it wrote, and how many posts they are."""

    kills: int
    records: int
    posts: int


def kill_when(path: Path, lines: int) -> None:
    """Kill the crawl of this process with SIGKILL once the file has so many lines."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            for child in psutil.Process().children():
                if "crawlers.crawl" in child.cmdline():
                    child.kill()
                    return
        time.sleep(0.02)


def measure_kills() -> Outcome:
    """Crawl a site of POSTS posts, killed KILLS times at random moments, until a crawl ends by itself."""
    chance = random.Random(SEED)
    found: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as name, serve_site(POSTS) as base:
        sources = Path(name) / "sources"
        sources.mkdir()
        (sources / "bench_site.py").write_text(SITE_SOURCE.format(base=base), encoding="utf-8")
        for kills in range(KILLS + 1):
            result = _crawl(Path(name), kills, chance.randrange(POSTS // KILLS) if kills < KILLS else None)
            found += _keys(result)
            result.commit()
            if result.exit_code == 0:
                return Outcome(kills, len(found), len(set(found)))
    raise RuntimeError(result.log_tail)


def _crawl(folder: Path, turn: int, lines: int | None) -> CrawlResult:
    out = folder / f"out{turn}"
    done = done_path(out / "bench_site.jsonl")
    killer = threading.Thread(target=kill_when, args=(done.with_name(f"{done.name}.part"), lines or 0))
    if lines is not None:
        killer.start()
    result = crawl_in_subprocess("bench_site", out, folder / "state", folder / "sources", 3600)
    if lines is not None:
        killer.join()
    return result


def _keys(result: CrawlResult) -> list[tuple[str, str]]:
    lines = result.records.read_bytes().splitlines() if result.records else []
    origins = [decode(RawPost, line, Where("kills")).origin for line in lines]
    return [(origin.id, origin.revision) for origin in origins]


def main() -> None:
    """Print the outcome."""
    outcome = measure_kills()
    told = f"{outcome.kills} kills, {outcome.records} records, {outcome.posts} of {POSTS} posts\n"
    sys.stdout.write(told)


if __name__ == "__main__":
    main()
