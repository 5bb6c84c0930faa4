"""How collecting went, source by source and day by day: what the drift rules are asked of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Connection

from schemas.health import SourceHealth
from schemas.records import RawPost
from schemas.times import SHANGHAI
from stores.database.coverage import SourceDay, runs_since, split_by_day

# More than any rule of the kind `drift` looks back.
_LOOK_BACK = timedelta(days=60)
_GONE = timedelta(days=7)
_COUNTS = ("records", "no_body", "no_date", "no_author")


def measure_posts(posts: Sequence[RawPost]) -> dict[str, float]:
    """What the records of a run have and lack: `records`, `no_body`, `no_date`, `no_author` and the median
    `length` of their texts in characters, left out where none has a text."""
    lengths = [len(post.body) for post in posts if post.body]
    counted: dict[str, float] = {
        "records": len(posts),
        "no_body": len(posts) - len(lengths),
        "no_date": sum(post.origin.published_at is None for post in posts),
        "no_author": sum(post.origin.author_hash is None for post in posts),
    }
    return counted | ({"length": median(lengths)} if lengths else {})


def source_health(
    db: Connection, since: datetime, now: datetime, off: Collection[str] = ()
) -> list[SourceHealth]:
    """The days of the sources, all but those switched `off`, for rules that are asked from `since` to `now`.

    A day without a run was not reached; after a week of such days nobody expects another run.
    """
    runs = runs_since(db, since - _LOOK_BACK)
    days = [day for day in split_by_day(runs) if day.source not in off]
    known = {(day.source, day.day): _health(day) for day in days}
    today = now.astimezone(SHANGHAI).date()
    for source in {day.source for day in days}:
        ours = [day for name, day in known if name == source]
        end = min(today, max(ours) + _GONE)
        for n in range((end - min(ours)).days):
            day = min(ours) + timedelta(days=n)
            known.setdefault((source, day), SourceHealth(source, day, 0, 0))
    return list(known.values())


def sources_off(folder: Path | None) -> frozenset[str]:
    """The names of the sources that are switched off; `folder` holds the deployment's own."""
    from crawlers.discovery import read_sources  # noqa: PLC0415 - Scrapy takes a second, few need it

    return frozenset(source.name for source in read_sources(folder)[0] if not source.enabled)


def _health(day: SourceDay) -> SourceHealth:
    measures = [run.measures for run in day.runs if run.measures]
    counts = {name: int(sum(one[name] for one in measures)) for name in _COUNTS}
    return SourceHealth(
        source=day.source,
        day=day.day,
        runs=len(day.runs),
        successes=sum(run.succeeded for run in day.runs),
        few=sum(run.status == "too_few" for run in day.runs),
        fetched=day.total("fetched"),
        new=day.total("new"),
        failed=day.total("failed"),
        quarantined=day.total("quarantined"),
        **counts,
        length=_middle(measures),
    )


def _middle(measures: Sequence[Mapping[str, float]]) -> float | None:
    """The median length of a day's runs, each with the weight of its records."""
    told = sorted((one["length"], one["records"]) for one in measures if "length" in one)
    half = sum(weight for _, weight in told) / 2
    for length, weight in told:
        half -= weight
        if half <= 0:
            return length
    return None
