"""Search as people type it: what is read, what is refused and why, and posts found on a real server."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.jobs.search import search_posts
from pipeline.queries import read_query
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.errors import ReadError
from schemas.times import SHANGHAI
from stores.database.index import Pending
from stores.elastic import Filters
from tests.stores.examples import NOON, STREET, make_post

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=SHANGHAI)


def test_words_and_everything_they_are_narrowed_to() -> None:
    query = read_query('燃气 泄漏 place:汀东区 label:城乡建设 label:fire source:"云汀 论坛" since:3d', NOW)
    assert query.words == "燃气 泄漏"
    assert query.filters == Filters(
        place="汀东区",
        labels=(("complaint.urban_rural",), ("incident.fire",)),
        source="云汀 论坛",
        since=NOW - timedelta(days=3),
    )


def test_keys_and_the_colon_may_be_chinese() -> None:
    query = read_query("停水 地点：柳浪街道 类别：公共设施故障 自：2026-03-01 至：12h", NOW)
    assert query.filters.place == "柳浪街道"
    assert query.filters.labels == (("incident.utility_failure",),)
    assert query.filters.since == datetime(2026, 3, 1, tzinfo=SHANGHAI)
    assert query.filters.until == NOW - timedelta(hours=12)


def test_a_name_that_several_families_have_means_any_of_them() -> None:
    [group] = read_query("label:other", NOW).filters.labels
    assert "complaint.other" in group


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("停水 palce:汀东区", "palce"),
        ("停水 place:", "冒号后面"),
        ("停水 label:天气真好", "天气真好"),
        ("停水 since:上周", "3d"),
        ("place:汀东区 place:汀西区", "只写一次"),
    ],
    ids=["unknown key", "no value", "unknown label", "no time", "twice"],
)
def test_what_cannot_be_read_is_refused_with_what_may_be_written(text: str, says: str) -> None:
    with pytest.raises(ReadError, match=re.escape(says)):
        read_query(text, NOW)


@given(st.text(st.characters(exclude_characters=":："), max_size=40))
def test_text_without_a_colon_is_words_only(text: str) -> None:
    query = read_query(text, NOW)
    assert query.filters == Filters()
    assert query.words == " ".join(text.split())


@pytest.fixture
def rooms(elastic_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    monkeypatch.setenv("QIANSHAO_HOME", str(tmp_path))
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_URL", elastic_url)
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_PREFIX", "test-search")
    with open_rooms(load_settings()) as found:
        elastic = found.elastic
        assert elastic is not None
        elastic.apply()
        elsewhere = make_post("other", place=STREET, text="柳浪街道的路灯坏了。", words=("柳浪街道", "路灯"))
        posts = [make_post("gas", published_at=NOON), elsewhere]
        elastic.index_posts([Pending(post.origin.id, 1, post, "event1") for post in posts])
        elastic.refresh()
        yield found
        indices = elastic.client.indices.get(index="test-search-*")
        elastic.client.indices.delete(index=list(indices))


@pytest.mark.elastic
def test_found_words_are_marked_in_the_excerpt(rooms: Rooms) -> None:
    answer = search_posts(rooms, "燃气 地点:汀东区 类别:燃气泄漏", 10)
    [post] = answer.posts
    assert (answer.total, post.id, post.labels) == (1, "gas", ("燃气泄漏", "城乡建设", "急"))
    assert [post.excerpt[start:end] for start, end in post.marks] == ["燃气"]
    assert search_posts(rooms, "燃气 place:汀西区", 10).total == 0
    assert search_posts(rooms, "place:柳浪街道", 10).total == 2
