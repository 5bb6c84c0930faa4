"""Writing to a real server that is too busy, silent or out of disk: requests shrink, nothing is lost."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from pipeline.dev.elastic import Elastic, install_elastic
from pipeline.dev.service import PartMissingError
from stores.database.index import Pending
from stores.elastic import ElasticStore
from stores.elastic_bulk import Versioned
from stores.errors import StoreUnavailable
from tests.conftest import miss
from tests.stores.examples import make_post

# So few bytes of documents may be on their way at once; a request of the first size is several times that.
LIMIT = 200_000
MONTH = "2026.03"


@pytest.fixture(scope="module")
def small() -> Iterator[Elastic]:
    """A node that takes little at a time and looks at its disk often."""
    try:
        node = install_elastic()
    except PartMissingError as error:
        miss(str(error))
    config = Path(node.service.command[0]).parents[1] / "config" / "elasticsearch.yml"
    with config.open("a") as file:
        file.write(f"indexing_pressure.memory.limit: {LIMIT}b\ncluster.info.update.interval: 10s\n")
    try:
        node.start()
        yield node
    finally:
        node.remove()


@pytest.fixture
def store(small: Elastic) -> Iterator[ElasticStore]:
    with ElasticStore(small.url, prefix="busy") as found:
        found.sender.first_wait = 0.05
        found.apply({"posts": {MONTH}})
        yield found
        found.remove()


def documents(count: int) -> list[Versioned]:
    text = "居民反映楼道里有燃气味，物业说已经报修。" * 40
    return [Versioned(f"post{n}", 1, {"id": f"post{n}", "text": text}, MONTH) for n in range(count)]


pytestmark = [pytest.mark.elastic, pytest.mark.slow]


def test_a_request_too_large_for_the_server_comes_again_in_smaller_ones(store: ElasticStore) -> None:
    assert len(orjson.dumps(documents(400)[0].document)) * 400 > 4 * LIMIT
    report = store.index("posts", documents(400))
    assert (report.indexed, report.deferred) == (400, 0)
    assert store.sender.waited, "the server must have refused"
    assert store.sender.pace.bytes < LIMIT
    store.refresh("posts")
    assert store.count("posts") == 400


def test_a_server_that_stays_busy_defers_the_rest_after_some_tries(store: ElasticStore) -> None:
    store.sender.attempts = 2
    long = Versioned("long", 1, {"id": "long", "text": "燃" * LIMIT}, MONTH)
    report = store.index("posts", [*documents(3), long])
    assert (report.indexed, report.deferred) == (3, 1)
    assert "429" in report.deferred_reason
    with pytest.raises(StoreUnavailable, match="什么也没收下：429"):
        store.index("posts", [long])
    assert len(store.sender.waited) >= 2


def test_a_server_that_does_not_answer_in_time_is_asked_again(store: ElasticStore, small: Elastic) -> None:
    store.index("posts", documents(5))
    before = store.sender.pace.scale
    store.sender.client = store.client.options(request_timeout=2)
    with stopped(small, seconds=4):
        report = store.index("posts", documents(50))
    assert (report.indexed, report.deferred) == (50, 0)
    assert store.sender.waited
    assert store.sender.pace.scale <= before


@contextmanager
def stopped(node: Elastic, seconds: float) -> Iterator[None]:
    """The whole server stands still for a while, as in a long collection of garbage."""
    assert node.service.process is not None
    group = os.getpgid(node.service.process.pid)
    os.killpg(group, signal.SIGSTOP)
    timer = threading.Timer(seconds, os.killpg, (group, signal.SIGCONT))
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_a_full_disk_is_told_in_words_and_clears_by_itself(store: ElasticStore) -> None:
    marks = {"low": "1%", "high": "2%", "flood_stage": "3%"}
    prefix = "cluster.routing.allocation.disk"
    full = {f"{prefix}.watermark.{mark}": used for mark, used in marks.items()}
    store.index("posts", documents(3))
    assert store.disk_warnings() == ()
    try:
        store.client.cluster.put_settings(persistent={f"{prefix}.threshold_enabled": True, **full})
        wait_until(lambda: any("写不进去" in one.line for one in store.disk_warnings()))
        lines = [one.line for one in store.disk_warnings() if one.blocked]
        assert any("过了 flood_stage 水位" in line for line in lines), lines
        assert any("个索引因磁盘快满被锁成只读" in line for line in lines), lines
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable, match=r"磁盘快满了.*再运行一次即可"):
            store.index_posts([Pending("post1", 9, make_post(), None, MONTH)])
        assert time.monotonic() - begun < 5, "no use in waiting for a full disk"
    finally:
        free = dict.fromkeys(full, "99%")
        store.client.cluster.put_settings(persistent=free)
    wait_until(lambda: store.disk_warnings() == ())
    assert store.index_posts([Pending("post1", 9, make_post(), None, MONTH)]).indexed == 1


def wait_until(holds: object, seconds: float = 60) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.5)
