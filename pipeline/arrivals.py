"""What a stream file holds, posts and readings in order of arrival, and how an analysis takes them in."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import IO, cast

from pipeline.analysis import Analysis, Measurement, Step
from schemas.errors import ReadError, Where
from schemas.posts import read_post
from schemas.records import Quarantined, RawPost, Reading
from schemas.sensors import find_reading
from schemas.taxonomy.places import Deployment
from schemas.times import ALLOWED, parse_time

SOURCE = "replay"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post or a sensor's reading, when it arrived and its id in the input."""

    at: datetime
    what: RawPost | Reading
    own_id: str = ""


def take_arrivals(analysis: Analysis, arrivals: Sequence[Arrival]) -> Iterator[Step | Measurement]:
    """Take posts and readings in, in their order. Ask for every step: the state moves only as steps are
    taken."""
    for is_post, group in groupby(arrivals, key=lambda one: isinstance(one.what, RawPost)):
        ours = list(group)
        times = [one.at for one in ours]
        if is_post:
            posts = [one.what for one in ours if isinstance(one.what, RawPost)]
            yield from analysis.advance(posts, times)
        else:
            readings = [one.what for one in ours if isinstance(one.what, Reading)]
            yield from (analysis.measure(one, at) for one, at in zip(readings, times, strict=True))


def read_arrivals(
    source: Path, now: datetime, author_key: bytes, deployment: Deployment
) -> tuple[list[Arrival], list[Quarantined]]:
    """The posts and readings of a JSONL(.gz) file in order of arrival, and the lines that could not be
    read. A line that names a `station` is a reading."""
    arrivals: list[Arrival] = []
    refused: list[Quarantined] = []
    with _open(source) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = Where(source.name, number)
            try:
                arrivals.append(_read_arrival(line.rstrip(b"\r\n"), where, now, author_key, deployment))
            except ReadError as error:
                refused.append(Quarantined(SOURCE, str(where), str(error), line, now))
    return sorted(arrivals, key=lambda one: one.at), refused


def _read_arrival(
    line: bytes, where: Where, now: datetime, author_key: bytes, deployment: Deployment
) -> Arrival:
    reading = find_reading(line, where, deployment, SOURCE)
    if reading is not None:
        return Arrival(reading.at, reading)
    post = read_post(line, where, source=SOURCE, fetched_at=now, author_key=author_key)
    received = post.extra.get("received")
    at = post.origin.published_at if received is None else parse_time(str(received), where, "received")
    if at is None:
        raise ReadError(where, "time", None, ALLOWED)
    # Fetched when it arrived: the time of this run must not show in the output.
    post = replace(post, origin=replace(post.origin, fetched_at=at))
    return Arrival(at, post, str(post.extra.get("id") or post.origin.id))


@contextmanager
def _open(source: Path) -> Iterator[IO[bytes]]:
    with source.open("rb") as file:
        if source.suffix == ".gz":
            with gzip.open(file) as lines:
                yield cast("IO[bytes]", lines)
        else:
            yield file
