"""The demo's collecting: real crawls and a real import, stored as they would have arrived over the weeks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from crawlers.hotline import import_table
from crawlers.quarantine import read_quarantine
from crawlers.run import CrawlResult, crawl_in_subprocess
from pipeline.demo.items import FORUM, HOTLINE, NEWS, SOURCES_ZH, City, Item
from pipeline.demo.site import serve_city, write_sources
from pipeline.health import measure_posts
from pipeline.jobs.collect import read_records
from pipeline.jobs.store import store_posts
from pipeline.remedies import count_reasons
from pipeline.rooms import Rooms
from schemas.records import Origin, Quarantined, RawPost
from schemas.times import SHANGHAI
from stores.database.coverage import SourceRun, save_publisher, save_rebutter, save_run

_CRAWL_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Collected:
    """What came in: how many records each way, what was put aside, and the truth behind each stored post."""

    crawled: int
    imported: int
    stored: int
    quarantined: tuple[Quarantined, ...]
    truth: dict[str, Item]


class DemoFailed(RuntimeError):  # noqa: N818 - what the person at the terminal is told
    """A part of the demo that did not do its work, in one line."""


def collect_city(rooms: Rooms, city: City, table: Path) -> Collected:
    """Serve the city, crawl both web sources as subprocesses, import the table, store everything.

    Each record is stored as fetched when it arrived by the script, so that the analysis sees it then and no
    earlier. Raises DemoFailed where a crawl failed.
    """
    crawled, refused = crawl_city(rooms, city)
    imported, wrong = import_city(rooms, table)
    truth = {}
    arrived = []
    for post in (*crawled, *imported):
        item = city.by_key[key_of(post.origin)]
        truth[post.origin.id] = item
        arrived.append(replace(post, origin=replace(post.origin, fetched_at=item.arrives_at)))
    stored = store_posts(rooms, arrived)
    aside = (*refused, *wrong)
    rooms.quarantine(list(aside))
    with rooms.database.begin() as db:
        for source, publisher in SOURCES_ZH.items():
            save_publisher(db, source, publisher)
            save_rebutter(db, source, rebuts=source == NEWS)
        for run in daily_runs(arrived, aside):
            save_run(db, run)
    return Collected(len(crawled), len(imported), stored.new, aside, truth)


def daily_runs(arrived: Iterable[RawPost], aside: Sequence[Quarantined]) -> Iterator[SourceRun]:
    """What a crawl at the end of each day would have brought: the records that arrived on it.

    What could not be read has no day of its own and stands on the fullest one of its source.
    """
    days: dict[tuple[str, date], list[RawPost]] = {}
    for post in arrived:
        day = post.origin.fetched_at.astimezone(SHANGHAI).date()
        days.setdefault((post.origin.source, day), []).append(post)
    fullest = dict(sorted(days, key=lambda one: len(days[one])))
    for (source, day), posts in days.items():
        refused = [one for one in aside if one.source == source] if fullest[source] == day else []
        failures, refusals = count_reasons(refused)
        last, count = max(post.origin.fetched_at for post in posts), len(posts)
        yield SourceRun(
            source, last, last, count, count, 0, sum(failures.values()), sum(refusals.values()), None, None,
            "ok", failures=failures, refusals=refusals, measures=measure_posts(posts),
        )  # fmt: skip


def key_of(origin: Origin) -> str:
    """A record's number at its source: the ticket, or the last piece of its address."""
    if origin.ticket is not None:
        return origin.ticket
    return urlsplit(origin.url or "").path.rpartition("/")[2].removesuffix(".html")


def crawl_city(rooms: Rooms, city: City) -> tuple[list[RawPost], list[Quarantined]]:
    """Both web sources, each crawled by its own subprocess from the city's server."""
    posts: list[RawPost] = []
    aside: list[Quarantined] = []
    sources = rooms.settings.home / "sources"
    with serve_city(city) as server, TemporaryDirectory(dir=rooms.settings.home) as folder:
        write_sources(city, server.base, sources)
        state, key = rooms.settings.home / "crawl", rooms.settings.author_secret()
        for name in (FORUM, NEWS):
            result = crawl_in_subprocess(name, Path(folder), state, sources, _CRAWL_SECONDS, key)
            posts += _records(result)
            aside += read_quarantine(result.quarantine) if result.quarantine else []
    return posts, aside


def _records(result: CrawlResult) -> Iterator[RawPost]:
    if result.failed or result.records is None:
        tail = result.log_tail[-400:]
        reason = f"{result.source} 采集失败（退出码 {result.exit_code}）：{tail}"
        raise DemoFailed(reason)
    return read_records(result.records)


def import_city(rooms: Rooms, table: Path) -> tuple[list[RawPost], list[Quarantined]]:
    """The hotline table through its shipped mapping; what cannot be read comes second."""
    now = datetime.now().astimezone()
    found = list(import_table(table, HOTLINE, fetched_at=now, author_key=rooms.settings.author_secret()))
    posts = [record for record in found if isinstance(record, RawPost)]
    return posts, [record for record in found if isinstance(record, Quarantined)]
