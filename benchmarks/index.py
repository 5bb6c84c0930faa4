"""Indexing through the pipeline beside helpers.bulk of the same ready documents, in turns, in one run.

`QIANSHAO_ELASTICSEARCH_URL=... qianshao bench index` or `python -m benchmarks.index [POSTS]`. The pipeline
reads rows of the state, decodes them, makes documents, sends them and notes in the state what was settled;
the peer is handed the documents as a list and only sends them, under the same ids and versions. Each writes
into an index of its own with the shipped mapping.
"""

import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from elasticsearch.helpers import bulk

from benchmarks import Row, compared_row
from pipeline.demo.year import draw_year
from pipeline.jobs.index import index_changed, need_elastic
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.times import SHANGHAI
from stores.database.index import forget_indexed, pending_posts
from stores.database.posts import save_posts
from stores.documents import Document, post_document
from stores.elastic import ElasticStore

POSTS, ROUNDS, CHUNK = 20_000, 5, 2_000
Ready = tuple[str, Document, str]


def run(_path: Path | None = None, rows: int = POSTS) -> list[Row]:
    """Rows of name, documents a second and ratio to the peer: the medians of the rounds."""
    with _own_rooms() as rooms:
        elastic = need_elastic(rooms)
        with rooms.database.begin() as db:
            save_posts(db, draw_year(rooms.core, rooms.knowledge.places, rows, datetime.now(SHANGHAI)))
        with rooms.database.read() as db:
            ready = [
                (one.id, post_document(one.record, one.event_id), one.part) for one in pending_posts(db, rows)
            ]
        index_changed(rooms)
        seconds = _take_turns(rooms, elastic, ready)
    rates = {name: rows / median(taken) for name, taken in seconds.items()}
    ratio = rates["pipeline"] / rates["bulk"]
    return [
        compared_row(f"helpers.bulk，现成的文档，一次 {CHUNK} 条", rates["bulk"], 1.0, "条/秒"),
        compared_row("流水线：状态库 → 文档 → 索引 → 记账", rates["pipeline"], ratio, "条/秒"),
    ]


def _take_turns(rooms: Rooms, elastic: ElasticStore, ready: list[Ready]) -> dict[str, list[float]]:
    """Seconds of each round after the first, which warms both up."""
    seconds: dict[str, list[float]] = {"bulk": [], "pipeline": []}
    for number in range(1, ROUNDS + 2):
        seconds["bulk"].append(_time_bulk(elastic, ready, number))
        seconds["pipeline"].append(_time_pipeline(rooms))
    return {name: taken[1:] for name, taken in seconds.items()}


def _time_bulk(elastic: ElasticStore, ready: list[Ready], version: int) -> float:
    """The documents into a copy of the index, every round as a newer version of each."""
    peer = f"{elastic.alias('posts')}-v0"
    about = {"_version": version, "_version_type": "external_gte"}
    begun = perf_counter()
    bulk(
        elastic.client,
        ({"_index": f"{peer}-{part}", "_id": key, **about, "_source": one} for key, one, part in ready),
        chunk_size=CHUNK,
    )
    elastic.client.indices.refresh(index=f"{peer}-*")
    return perf_counter() - begun


def _time_pipeline(rooms: Rooms) -> float:
    with rooms.database.begin() as db:
        forget_indexed(db, "posts")
    begun = perf_counter()
    index_changed(rooms)
    return perf_counter() - begun


@contextmanager
def _own_rooms() -> Iterator[Rooms]:
    """A deployment of its own on the Elasticsearch of the settings, removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = f"bench-{secrets.token_hex(4)}"
        settings = load_settings(home=Path(folder), elasticsearch_prefix=prefix, author_key="benchmark")
        with open_rooms(settings) as rooms:
            try:
                yield rooms
            finally:
                need_elastic(rooms).remove()


if __name__ == "__main__":
    told = run(rows=int(sys.argv[1]) if len(sys.argv) > 1 else POSTS)
    sys.stdout.write("\n".join(map(str, told)) + "\n")
