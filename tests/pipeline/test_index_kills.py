"""The indexer killed at random, the server restarted, the mapping changed: the index equals the state."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.dev.elastic import Elastic
from pipeline.jobs.index import READERS, apply_templates, index_changed
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.records import ClassifiedPost
from schemas.tickets import TicketStep
from stores.database.alerts import save_alert
from stores.database.events import save_events
from stores.database.index import KINDS, START, forget_indexed
from stores.database.posts import save_posts
from stores.database.tickets import save_tickets
from stores.documents import Document, post_document
from stores.elastic import DOCUMENTS
from tests.stores.examples import NOON, make_alert, make_event, make_post

POSTS, KILLS = 1_500, 30
PREFIX = "test-kills"
# Imports once; for each line it is sent it forks an indexer, tells its number, and how it ended.
INDEXERS = """
import os, sys
from pipeline.jobs.index import index_changed
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
for _ in sys.stdin:
    number = os.fork()
    if number == 0:
        with open_rooms(load_settings()) as rooms:
            index_changed(rooms)
        os._exit(0)
    print(number, flush=True)
    print(os.waitpid(number, 0)[1], flush=True)
"""

pytestmark = [pytest.mark.elastic, pytest.mark.slow]


@pytest.fixture
def rooms(elastic_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    monkeypatch.setenv("QIANSHAO_HOME", str(tmp_path))
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_URL", elastic_url)
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_PREFIX", PREFIX)
    with open_rooms(load_settings()) as found:
        yield found
        assert found.elastic is not None
        if indices := list(found.elastic.client.indices.get(index=f"{PREFIX}-*")):
            found.elastic.client.indices.delete(index=indices)


def posts(revision: str, numbers: range) -> list[ClassifiedPost]:
    return [
        make_post(
            f"post{number}",
            revision=revision,
            text=f"柳浪街道有居民闻到燃气味（{revision}）",
            fetched_at=NOON + timedelta(minutes=int(revision[1:])),
            # Another hour in every revision: the series follow.
            published_at=NOON + timedelta(seconds=number, hours=-int(revision[1:])),
        )
        for number in numbers
    ]


def save(rooms: Rooms, changed: list[ClassifiedPost]) -> None:
    with rooms.database.begin() as db:
        save_posts(db, [(post, "event1") for post in changed])
        save_events(db, [make_event(heat=len(changed))])
        save_tickets(db, [(post, work_on(post)) for post in changed[::5]])
        save_alert(db, make_alert(revision=int(changed[0].origin.revision[1:]) + 1))


def work_on(post: ClassifiedPost) -> TicketStep:
    """What a revision says of the work on a ticket; every one names another unit."""
    revision = post.origin.revision
    return TicketStep(revision, post.origin.fetched_at, "assigned", f"{revision}号单位")


def whole_state(rooms: Rooms, kind: str) -> dict[str, Document]:
    """Every row of a kind as the document it ought to be."""
    assert rooms.elastic is not None
    with rooms.database.begin() as db:
        forget_indexed(db, kind)
        rows = READERS[kind](db, 100_000, START)
    return {one.id: DOCUMENTS[kind](one, rooms.elastic.names) for one in rows}


def test_kills_and_restarts_leave_the_index_equal_to_the_state(rooms: Rooms, elastic: Elastic) -> None:
    chance = random.Random(7)
    save(rooms, posts("r0", range(POSTS)))
    state = {post.origin.id: post for post in posts("r0", range(POSTS))}
    killed = 0
    with indexers() as child:
        for kill in range(KILLS):
            changed = posts(f"r{kill}", range(kill, POSTS, 7))
            save(rooms, changed)
            state |= {post.origin.id: post for post in changed}
            killed += index_and_kill(child, chance.uniform(0, 0.5))
            if kill in {10, 20}:
                elastic.stop()
                elastic.start()
    assert killed > KILLS // 2
    # At last every post goes to another hour: the cells they came from fall to nothing.
    save(rooms, posts("r99", range(POSTS)))
    state = {post.origin.id: post for post in posts("r99", range(POSTS))}
    assert index_changed(rooms).waiting == 0
    assert rooms.elastic is not None
    found = {hit.id: hit.document for hit in rooms.elastic.documents("posts")}
    assert found.keys() == state.keys()
    for key, post in state.items():
        assert found[key] == post_document(post, "event1")
    for kind in KINDS:
        found = {hit.id: hit.document for hit in rooms.elastic.documents(kind)}
        assert found == whole_state(rooms, kind)
        assert found
    assert sum(hit.document["count"] for hit in rooms.elastic.documents("series")) == 2 * POSTS
    assert any(hit.document["count"] == 0 for hit in rooms.elastic.documents("series"))
    assert max(hit.document["transfers"] for hit in rooms.elastic.documents("tickets")) > 1


@contextmanager
def indexers() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", INDEXERS],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        yield child
        assert child.stdin is not None
        child.stdin.close()


def index_and_kill(child: subprocess.Popen[str], seconds: float) -> bool:
    """Start an indexer and kill it after so long; whether it was still at work."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    number = int(child.stdout.readline())
    time.sleep(seconds)
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
    return int(child.stdout.readline()) == signal.SIGKILL


def test_a_changed_mapping_is_filled_and_swapped_without_an_empty_moment(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    elastic = rooms.elastic
    assert elastic is not None
    save(rooms, posts("r0", range(POSTS)))
    index_changed(rooms)
    older = elastic.templates.indices["posts"]
    newer = replace(older, index=f"{older.alias}-v99")
    elastic.templates = replace(elastic.templates, indices={**elastic.templates.indices, "posts": newer})
    seen = list[int]()
    take_over = elastic.take_over

    def look_and_take_over(kind: str) -> tuple[str, ...]:
        seen.append(elastic.count(kind))
        return take_over(kind)

    monkeypatch.setattr(elastic, "take_over", look_and_take_over)
    lines = apply_templates(rooms)
    assert any(f"写入 {POSTS} 条" in line for line in lines)
    assert seen == [POSTS]
    assert elastic.count("posts") == POSTS
    assert not elastic.client.indices.get(index=older.pattern).body
