"""Documents in a real Elasticsearch: written once, found by word, refused with a reason, none lost."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dev.elastic import Elastic
from pipeline.dev.service import free_port
from schemas.elasticsearch import Templates, load_templates
from schemas.records import ClassifiedPost, Level
from stores.database import Database
from stores.database.alerts import save_alert
from stores.database.events import save_events
from stores.database.index import (
    KINDS,
    Pending,
    count_pending,
    mark_indexed,
    month_part,
    pending_alerts,
    pending_events,
    pending_posts,
    pending_series,
    pending_tickets,
)
from stores.database.posts import save_posts
from stores.documents import event_document, post_document
from stores.elastic import ElasticStore, Filters
from stores.elastic_bulk import Versioned
from stores.elastic_templates import has_lifecycle
from stores.errors import StoreRefusedError, StoreUnavailable
from tests.parts.web import WebServer
from tests.stores.examples import NOON, STREET, make_alert, make_event, make_post

pytestmark = pytest.mark.elastic
THIS_MONTH = month_part(datetime.now(UTC))


@contextmanager
def own_store(url: str) -> Iterator[ElasticStore]:
    """A store under a name of its own on the running server, removed afterwards."""
    with ElasticStore(url, prefix=f"test-{secrets.token_hex(4)}") as store:
        yield store
        store.remove()


@pytest.fixture
def bare(elastic_url: str) -> Iterator[ElasticStore]:
    """A store with nothing there yet."""
    with own_store(elastic_url) as store:
        yield store


@pytest.fixture(scope="module")
def library(elastic_url: str) -> Iterator[ElasticStore]:
    """A store with four posts of known words."""
    posts = {"1": ("荷花塘", "停水"), "2": ("停电",), "3": ("水", "管"), "4": ("万达 广场", "停水")}
    with own_store(elastic_url) as store:
        store.apply()
        store.index_posts([waiting(make_post(key, words=words)) for key, words in posts.items()])
        store.refresh()
        yield store


@pytest.fixture
def store(bare: ElasticStore) -> ElasticStore:
    """A store with its indices made."""
    bare.apply()
    return bare


def waiting(post: ClassifiedPost, version: int = 1, event_id: str = "event1") -> Pending[ClassifiedPost]:
    return Pending(post.origin.id, version, post, event_id, "2026.03")


def index_all(store: ElasticStore, database: Database) -> None:
    """What the index job does."""
    with database.begin() as db:
        for report in (
            store.index_posts(pending_posts(db, 2_000)),
            store.index_events(pending_events(db, 2_000)),
            store.index_alerts(pending_alerts(db, 2_000)),
            *store.write_records("series", pending_series(db, 2_000)),
            *store.write_records("tickets", pending_tickets(db, 2_000)),
        ):
            mark_indexed(db, report.kind, report.settled)


class TestApply:
    def test_all_is_made_and_twice_changes_nothing(self, bare: ElasticStore) -> None:
        first = bare.apply()
        templates = bare.templates
        assert len(first.changed) == len(templates.components) + 4 * len(templates.indices)
        again = bare.apply()
        assert (first.unfilled, again.changed, again.unfilled) == ((), (), ())
        assert bare.count("posts") == 0

    def test_the_small_distribution_has_no_lifecycle_management(self, library: ElasticStore) -> None:
        assert has_lifecycle(library.client) is False

    def test_the_server_knows_every_field_and_its_meaning(self, library: ElasticStore) -> None:
        for kind, index in library.templates.indices.items():
            known = library.client.field_caps(index=index.alias, fields="*", filters="-metadata")["fields"]
            for field, (type_name, meaning) in library.templates.fields(kind).items():
                assert known[field][type_name]["meta"]["zh"] == [meaning]

    def test_a_deleted_index_is_missed_and_made_again(self, store: ElasticStore) -> None:
        store.client.indices.delete(index=store.templates.indices["events"].index)
        assert store.missing_parts() == {"events": {""}}
        assert len(store.apply().changed) == 3
        assert store.missing_parts() == {}

    def test_a_new_field_is_added_in_place(self, store: ElasticStore) -> None:
        store.templates = changed_templates(
            store.templates, "tide", {"type": "float", "meta": {"zh": "潮位"}}
        )
        report = store.apply()
        assert [line.split()[0] for line in report.changed] == ["索引模板", "映射"]
        assert store.apply().changed == ()
        assert store.index("posts", [Versioned("a", 1, {"id": "a", "tide": 1.5}, "2026.03")]).indexed == 1

    def test_a_changed_type_asks_for_a_new_version(self, store: ElasticStore) -> None:
        store.templates = changed_templates(store.templates, "url", {"type": "text", "meta": {"zh": "网址"}})
        with pytest.raises(StoreRefusedError, match=r"posts\.json 的 version 加一"):
            store.apply()

    def test_a_new_version_is_filled_before_readers_see_it(self, store: ElasticStore) -> None:
        store.index_posts([waiting(make_post())])
        posts = store.templates.indices["posts"]
        newer = replace(posts, index=f"{posts.index}1")
        store.templates = replace(store.templates, indices={**store.templates.indices, "posts": newer})
        assert store.missing_parts({"posts": {"2026.03"}}) == {"posts": {"2026.03"}}
        assert store.apply({"posts": {"2026.03"}}).unfilled == ("posts",)
        store.client.indices.refresh(index=posts.pattern)
        assert store.count("posts") == 1, "readers still see the old one"
        store.index_posts([waiting(make_post()), waiting(make_post("post2"))])
        store.refresh()
        assert store.count("posts") == 1
        assert set(store.take_over("posts")) == {posts.concrete("2026.03"), posts.concrete(THIS_MONTH)}
        assert store.count("posts") == 2
        assert store.take_over("posts") == ()
        assert store.apply().unfilled == ()


def changed_templates(templates: Templates, field: str, mapping: dict[str, object]) -> Templates:
    """The templates as if a field of the posts had been added or changed in its file."""
    posts = templates.indices["posts"]
    body = orjson.loads(orjson.dumps(posts.template.body))
    body["template"]["mappings"]["properties"][field] = mapping
    body["_meta"]["digest"] = "changed"
    template = replace(posts.template, body=body, digest="changed")
    return replace(templates, indices={**templates.indices, "posts": replace(posts, template=template)})


class TestIndex:
    def test_the_index_holds_what_the_state_holds_and_twice_is_once(
        self, store: ElasticStore, database: Database
    ) -> None:
        posts = [make_post(f"post{number}") for number in range(2_345)]
        with database.begin() as db:
            save_posts(db, [(post, "event1") for post in posts])
            save_events(db, [make_event()])
            save_alert(db, make_alert())
        for _ in range(3):
            index_all(store, database)
        with database.read() as db:
            assert count_pending(db) == dict.fromkeys(KINDS, 0)
        store.refresh()
        expected = {post.origin.id: post_document(post, "event1") for post in posts}
        assert {hit.id: hit.document for hit in store.documents("posts")} == expected
        assert store.get("events", "event1") == event_document(make_event())
        assert store.get("events", "none") is None
        assert store.count("alerts") == 1

    def test_an_older_version_does_not_overwrite_a_newer_one(self, store: ElasticStore) -> None:
        new, old = make_event(heat=9), make_event(heat=1)
        store.index_events([Pending("event1", 20, new)])
        report = store.index_events([Pending("event1", 10, old)])
        assert (report.indexed, report.superseded, report.rejected) == (0, 1, ())
        assert report.settled == (("event1", 10),)
        assert store.get("events", "event1") == event_document(new)
        assert store.index_events([Pending("event1", 20, new)]).indexed == 1

    def test_a_changed_record_replaces_its_document(self, store: ElasticStore, database: Database) -> None:
        for level in (Level.BLUE, Level.RED):
            with database.begin() as db:
                save_alert(db, make_alert(revision=5 - level, level=level))
            index_all(store, database)
        found = store.get("alerts", "alert1")
        assert found is not None
        assert found["level"]["zh"] == "红"
        store.refresh()
        assert store.count("alerts") == 1

    def test_a_refused_document_is_reported_and_the_others_go_through(self, store: ElasticStore) -> None:
        good, bad = make_post("good"), make_post("bad", place=replace(STREET, lat=91.0))
        report = store.index_posts([waiting(bad), waiting(good)])
        assert report.indexed == 1
        (rejected,) = report.rejected
        assert rejected.id == "bad"
        assert "illegal latitude value [91.0]" in rejected.reason
        assert set(report.settled) == {("bad", 1), ("good", 1)}
        (record,) = report.quarantined(NOON)
        assert (record.source, record.where, record.reason) == ("elasticsearch/posts", "bad", rejected.reason)
        assert orjson.loads(record.raw) == post_document(bad, "event1")

    def test_a_field_outside_the_mapping_is_refused(self, store: ElasticStore) -> None:
        for document in ({"id": "x", "surprise": 1}, {"id": "x", "place": {"surprise": 1}}):
            (rejected,) = store.index("posts", [Versioned("x", 1, document, "2026.03")]).rejected
            assert "strict_dynamic_mapping_exception" in rejected.reason
            assert "surprise" in rejected.reason

    def test_a_write_block_defers_and_loses_nothing(self, store: ElasticStore) -> None:
        index = store.templates.indices["posts"].pattern
        store.sender.attempts = 2
        store.index_posts([waiting(make_post("earlier"))])
        store.client.indices.put_settings(index=index, settings={"index.blocks.write": True})
        with pytest.raises(StoreUnavailable, match=r"什么也没收下.*cluster_block_exception"):
            store.index_posts([waiting(make_post())])
        store.client.indices.put_settings(index=index, settings={"index.blocks.write": False})
        assert store.index_posts([waiting(make_post())]).indexed == 1

    def test_without_its_indices_nothing_is_guessed(self, bare: ElasticStore) -> None:
        with pytest.raises(StoreRefusedError, match="qianshao index apply"):
            bare.index_posts([waiting(make_post())])
        assert not bare.client.indices.exists(index=bare.alias("posts"))
        with pytest.raises(StoreRefusedError, match="index_not_found"):
            bare.search_words(["燃气"])
        with pytest.raises(StoreRefusedError, match="index_not_found"):
            bare.get("posts", "post1")

    def test_nothing_to_write_is_no_error(self, library: ElasticStore) -> None:
        assert library.index_posts([]).settled == ()

    @pytest.mark.slow
    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_a_server_that_was_down_gets_everything_when_it_is_back(
        self, store: ElasticStore, database: Database, elastic: Elastic
    ) -> None:
        with database.begin() as db:
            save_posts(db, [(make_post(f"post{number}"), "event1") for number in range(50)])
        index_all(store, database)
        with database.begin() as db:
            save_posts(db, [(make_post(f"post{number}"), "event1") for number in range(40, 90)])
        elastic.service.kill()
        try:
            with pytest.raises(StoreUnavailable, match=f"连不上 Elasticsearch {elastic.url}") as raised:
                index_all(store, database)
            with database.read() as db:
                assert count_pending(db)["posts"] == 40
        finally:
            elastic.start()
        assert "\n" not in str(raised.value)
        index_all(store, database)
        store.refresh()
        assert {hit.id for hit in store.documents("posts")} == {f"post{number}" for number in range(90)}


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["停水"], {"1", "4"}),
            (["水"], {"3"}),
            (["停水", "荷花塘"], {"1"}),
            (["停水", "水"], set()),
            (["停"], set()),
            (["万达 广场"], {"4"}),
            (["广场"], set()),
            ([], {"1", "2", "3", "4"}),
        ],
    )
    def test_a_word_finds_exactly_the_posts_that_contain_it(
        self, library: ElasticStore, words: list[str], expected: set[str]
    ) -> None:
        found = library.search_words(words)
        assert {hit.id for hit in found.hits} == expected
        assert found.total == len(expected)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10)
    @given(st.lists(st.lists(st.text(max_size=8), max_size=6), min_size=1, max_size=8))
    def test_any_words_find_exactly_the_posts_that_contain_them(
        self, store: ElasticStore, posts: list[list[str]]
    ) -> None:
        posts = [[word for word in words if word.isprintable() and word.strip()] for words in posts]
        version = time.time_ns()
        keep = [waiting(make_post(str(number), words=()), version) for number in range(8)]
        store.index_posts(keep)
        store.index_posts(
            [waiting(make_post(str(n), words=tuple(words)), version + 1) for n, words in enumerate(posts)]
        )
        store.refresh("posts")
        for word in {word for words in posts for word in words}:
            expected = {str(n) for n, words in enumerate(posts) if word.strip() in map(str.strip, words)}
            assert {hit.id for hit in store.search_words([word]).hits} == expected

    def test_filters_narrow_a_search(self, store: ElasticStore) -> None:
        elsewhere = make_post("elsewhere", place=replace(STREET, name="汀西区", path="云汀市/汀西区"))
        old = make_post("old", published_at=NOON - timedelta(days=9))
        store.index_posts([waiting(make_post()), waiting(elsewhere, event_id="event2"), waiting(old)])
        store.refresh()

        def found(**narrowed: object) -> set[str]:
            hits = store.search_words(["燃气"], filters=Filters(**narrowed)).hits  # type: ignore[arg-type]
            return {hit.id for hit in hits}

        assert found() == {"post1", "elsewhere", "old"}
        assert found(place="汀东区") == {"post1", "old"}
        assert found(place="云汀市/汀西区") == {"elsewhere"}
        assert found(place="云汀市") == {"post1", "elsewhere", "old"}
        assert found(event_id="event2") == {"elsewhere"}
        assert found(since=NOON - timedelta(days=1), until=NOON) == {"post1", "elsewhere"}
        assert found(until=NOON - timedelta(minutes=5)) == {"old"}
        gas, urban = ("incident.gas_leak",), ("complaint.urban_rural", "complaint.transport")
        assert found(labels=(gas, urban), source="云汀论坛") == found()
        assert found(labels=(gas, ("incident.fire",))) == set()

    def test_without_words_the_newest_come_first(self, store: ElasticStore) -> None:
        times = {"b": NOON, "a": NOON - timedelta(hours=1), "c": NOON + timedelta(hours=1)}
        store.index_posts([waiting(make_post(key, published_at=time)) for key, time in times.items()])
        store.refresh()
        found = store.search_words([], size=2)
        assert [hit.id for hit in found.hits] == ["c", "b"]
        assert found.total == 3

    def test_a_phrase_is_found_in_the_plain_text(self, library: ElasticStore) -> None:
        for phrase, number in (("闻到燃气味", 4), ("燃气味闻到", 0)):
            query = {"match_phrase": {"text": phrase}}
            answer = library.client.search(index=library.alias("posts"), query=query)
            assert answer["hits"]["total"]["value"] == number


class TestTrouble:
    def test_no_server_is_one_clear_line(self) -> None:
        port = free_port()
        with ElasticStore(f"http://user:very-secret@127.0.0.1:{port}") as store:
            with pytest.raises(
                StoreUnavailable, match=f"连不上 Elasticsearch http://127.0.0.1:{port}"
            ) as raised:
                store.health()
            assert "very-secret" not in f"{raised.value} {store!r}"

    def test_a_running_server_has_a_colour(self, library: ElasticStore) -> None:
        assert library.health() in {"green", "yellow"}

    @pytest.mark.parametrize(
        ("status", "body", "line"),
        [
            (401, b'{"error": {"type": "security_exception", "reason": "no"}}', "拒绝访问"),
            (403, b'{"error": {"type": "security_exception", "reason": "no"}}', "拒绝访问"),
            (503, b'{"error": {"type": "unavailable", "reason": "no"}}', "暂时不能服务：503 unavailable: no"),
            (429, b'{"error": {"type": "busy", "reason": "no"}}', "暂时不能服务：429"),
        ],
    )
    def test_a_server_that_says_no_is_one_clear_line(
        self, web_server: WebServer, status: int, body: bytes, line: str
    ) -> None:
        web_server.serve(
            "/_cluster/health",
            body,
            kind="application/json",
            status=status,
            headers={"X-Elastic-Product": "Elasticsearch"},
        )
        with ElasticStore(web_server.url(""), user="u", password="very-secret") as store:
            with pytest.raises(StoreUnavailable, match=line) as raised:
                store.health()
            assert "very-secret" not in str(raised.value)

    def test_a_server_that_is_something_else_is_one_clear_line(self, web_server: WebServer) -> None:
        web_server.serve("/_cluster/health", b"{}", kind="application/json")
        with (
            ElasticStore(web_server.url("")) as store,
            pytest.raises(StoreUnavailable, match="不是 Elasticsearch"),
        ):
            store.health()

    def test_a_server_that_hangs_is_one_clear_line(self, web_server: WebServer) -> None:
        web_server.serve("/_cluster/health", b"", behaviour="hang")
        with (
            ElasticStore(web_server.url(""), timeout=0.2) as store,
            pytest.raises(StoreUnavailable, match="超时没有回答"),
        ):
            store.health()

    def test_an_address_that_is_none_is_one_clear_line(self) -> None:
        with pytest.raises(StoreUnavailable, match="写法不对"):
            ElasticStore("elasticsearch")


def test_shipped_templates_are_the_default() -> None:
    with ElasticStore("http://127.0.0.1:9200") as store:
        assert store.templates == load_templates("qianshao")
