"""A crawl that is killed again and again: is every post there, and none twice?

`python -m tests.crawlers.kills` publishes 2,000 posts on a WordPress, collects them by feed, list pages and
sitemap into a deployment's own store, each way killed at 20 random moments, and prints what came of it.
"""

import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.jobs.collect import CollectFailed, collect_source
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.codec import decode
from schemas.errors import Where
from schemas.records import RawPost
from stores.database.quarantine import waiting_reasons
from tests.crawlers.wordpress_sources import WAYS
from tests.parts.articles import write_articles
from tests.parts.wordpress import WordPress, install_wordpress

POSTS, KILLS, SEED = 2_000, 20, 6
# A kill comes up to so many seconds after the page that was drawn for it: in the midst of whatever is next.
_LATER = 0.3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was stored: `posts` counts addresses, `records` what lies in the raw zone, `kills` live processes
    that were killed, `crawls` all that were started, `aside` what is in quarantine."""

    crawls: int
    kills: int
    records: int
    posts: frozenset[str]
    aside: int


def kill_when(pattern: Path, lines: int, later: float = 0.0, over: threading.Event | None = None) -> bool:
    """Kill the crawl of this process with SIGKILL, `later` seconds after a file has so many lines.

    False where it was over before, or nothing came for a minute.
    """
    over, end = over or threading.Event(), time.monotonic() + 60
    while time.monotonic() < end and not over.wait(0.02):
        files = pattern.parent.parent.glob(f"{pattern.parent.name}/{pattern.name}")
        if any(_lines(file) >= lines for file in files):
            return not over.wait(later) and _kill_crawl()
    return False


def _lines(file: Path) -> int:
    try:
        return file.read_bytes().count(b"\n")
    except FileNotFoundError:  # it has got its name: the crawl is over
        return 0


def _kill_crawl() -> bool:
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "crawlers.crawl" in child.cmdline():
                child.send_signal(signal.SIGKILL)
                return True
    return False


def collect_through_kills(folder: Path, name: str, text: str, *, posts: int, kills: int) -> Outcome:
    """Collect a source of so many posts into a deployment in `folder`, killed at random, to its end.

    The less is left, the sooner the next kill comes: a quick machine is not done before the last one.
    """
    chance, killed, never = random.Random(SEED), 0, posts * 10
    with _deployment(folder, name, text) as rooms:
        for crawls in range(1, kills + 2):
            left = posts - _count_stored(rooms, name)
            soon = chance.randrange(1, max(2, left // (kills + 2 - killed)))
            lines, later = soon if crawls <= kills else never, chance.uniform(0, _LATER * left / posts)
            if not _collect(rooms, name, lines, later):
                break
            killed += 1
        return _outcome(rooms, name, crawls, killed)


@contextmanager
def _deployment(folder: Path, name: str, text: str) -> Iterator[Rooms]:
    sources = folder / "sources"
    sources.mkdir(parents=True)
    (sources / f"{name}.py").write_text(text, encoding="utf-8")
    with open_rooms(load_settings(home=folder / "home", sources=sources, crawl_timeout=900.0)) as rooms:
        yield rooms


def _collect(rooms: Rooms, name: str, lines: int, later: float) -> bool:
    """One crawl, stored whole or cut short; whether it was killed."""
    hit: list[bool] = []
    over = threading.Event()
    pattern = rooms.settings.home / "crawl" / f"{name}-*" / f"{name}.jsonl.done.jsonl.part"
    killer = threading.Thread(target=lambda: hit.append(kill_when(pattern, lines, later, over)))
    killer.start()
    try:
        collect_source(rooms, name)
    except CollectFailed:
        killer.join()
        if not hit[0]:
            raise
    finally:
        over.set()
        killer.join()
    return hit[0]


def _count_stored(rooms: Rooms, name: str) -> int:
    return sum(1 for path in rooms.raw.files(name) for _ in rooms.raw.read(path))


def _outcome(rooms: Rooms, name: str, crawls: int, kills: int) -> Outcome:
    stored = [
        decode(RawPost, line, Where(path, number)).origin
        for path in rooms.raw.files(name)
        for number, line in rooms.raw.read(path)
    ]
    with rooms.database.read() as db:
        aside = sum(1 for _ in waiting_reasons(db))
    return Outcome(crawls, kills, len(stored), frozenset(origin.url or "" for origin in stored), aside)


def measure(wordpress: WordPress, published: frozenset[str]) -> Iterator[tuple[str, Outcome, float]]:
    """Collect all that is published by every way, killed KILLS times each: way, outcome, seconds."""
    for name, source in WAYS.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            text = source(wordpress.url(""))
            told = collect_through_kills(Path(folder), name, text, posts=len(published), kills=KILLS)
        yield name, told, time.monotonic() - began


def main() -> None:
    """Print the outcome of each way."""
    wordpress = install_wordpress()
    try:
        wordpress.start()
        published = frozenset(url for _, url in wordpress.publish_articles(write_articles(POSTS)))
        for name, told, seconds in measure(wordpress, published):
            line = f"{told.crawls} crawls, {told.kills} killed; {told.records} records in the raw zone"
            missing, strange = len(published - told.posts), len(told.posts - published)
            sys.stdout.write(
                f"{name}: {line}, of {len(published)} posts {missing} missing, {strange} strange, "
                f"{told.aside} in quarantine; {seconds:.0f} s\n"
            )
            sys.stdout.flush()
    finally:
        wordpress.remove()


if __name__ == "__main__":
    main()
