"""The search side: documents into Elasticsearch, and the searches our own commands make."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import orjson
from elasticsearch import NotFoundError
from elasticsearch.helpers import streaming_bulk

from schemas.elasticsearch import PREFIX, load_templates
from schemas.records import Alert, ClassifiedPost, Event, Quarantined
from stores.database.coverage import SourceDay
from stores.database.index import Pending
from stores.documents import (
    Document,
    alert_document,
    coverage_document,
    event_document,
    join_words,
    post_document,
)
from stores.elastic_client import BUSY, clear_errors, connect, error_reason
from stores.elastic_templates import ApplyReport, apply_templates, missing_kinds, take_over
from stores.errors import StoreRefusedError, StoreUnavailable

CHUNK = 1_000
CHUNK_BYTES = 10 * 1024 * 1024
Versioned = tuple[str, int, Document]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document that the server will never take as it is, with its reason."""

    id: str
    reason: str
    document: Document


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What became of the documents of one call.

    `settled` are the (id, version) pairs that need not be sent again: written, `superseded` by a newer
    version that the index holds already, or `rejected`. The rest a busy server `deferred`.
    """

    kind: str
    indexed: int
    superseded: int
    rejected: tuple[Rejected, ...]
    settled: tuple[tuple[str, int], ...]
    deferred: int = 0
    deferred_reason: str = ""

    def quarantined(self, at: datetime) -> list[Quarantined]:
        """The rejected documents as quarantine records."""
        source = f"elasticsearch/{self.kind}"
        return [
            Quarantined(source, one.id, one.reason, orjson.dumps(one.document), at) for one in self.rejected
        ]


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found; `score` is None where the order is by time."""

    id: str
    score: float | None
    document: Document


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search: how many documents match in all, and the first of them."""

    total: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to. `place` is a name at any level or a path; times are [since, until).

    `labels` are groups of full labels such as `incident.fire`; of each group a post has at least one.
    """

    place: str | None = None
    labels: tuple[tuple[str, ...], ...] = ()
    source: str | None = None
    event_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class ElasticStore:
    """The indices of one deployment (`prefix`) on an Elasticsearch 9 server.

    Every method raises StoreUnavailable when the server cannot be reached or does not let us in, and
    StoreRefusedError when it refuses the request itself. Passwords and keys show in no repr and no error.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        user: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
        verify: bool = True,
        timeout: float = 60.0,
        prefix: str = PREFIX,
    ) -> None:
        self.client, self.shown_url = connect(
            url,
            api_key=api_key,
            user=user,
            password=password,
            ca_file=ca_file,
            verify=verify,
            timeout=timeout,
        )
        self.templates = load_templates(prefix)

    def __repr__(self) -> str:
        return f"ElasticStore({self.shown_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def health(self) -> str:
        """The cluster's colour: green, yellow or red."""
        with clear_errors(self.shown_url):
            return str(self.client.cluster.health()["status"])

    def apply(self) -> ApplyReport:
        """Bring templates, indices and aliases into shape; nothing changes where they are so already."""
        with clear_errors(self.shown_url):
            return apply_templates(self.client, self.templates)

    def missing_kinds(self) -> tuple[str, ...]:
        """The kinds whose index is not there yet: what the state holds of them has to be written."""
        with clear_errors(self.shown_url):
            return missing_kinds(self.client, self.templates)

    def take_over(self, kind: str) -> tuple[str, ...]:
        """Let readers of a kind see its newest index, now that it is filled; the older ones are deleted."""
        with clear_errors(self.shown_url):
            return take_over(self.client, self.templates.indices[kind])

    def index_posts(self, pending: Iterable[Pending[ClassifiedPost]]) -> IndexReport:
        """Write posts; see `index`."""
        return self.index(
            "posts", ((one.id, one.version, post_document(one.record, one.event_id)) for one in pending)
        )

    def index_events(self, pending: Iterable[Pending[Event]]) -> IndexReport:
        """Write events; see `index`."""
        return self.index("events", ((one.id, one.version, event_document(one.record)) for one in pending))

    def index_alerts(self, pending: Iterable[Pending[Alert]]) -> IndexReport:
        """Write alerts; see `index`."""
        return self.index("alerts", ((one.id, one.version, alert_document(one.record)) for one in pending))

    def index_coverage(self, days: Iterable[SourceDay]) -> IndexReport:
        """Write what each source gave on a day; its last change is its version. See `index`."""
        return self.index(
            "coverage",
            (
                (
                    f"{day.source}@{day.day}",
                    int(day.changed.timestamp() * 1000),
                    coverage_document(day),
                )
                for day in days
            ),
        )

    def index(self, kind: str, documents: Iterable[Versioned]) -> IndexReport:
        """Write (id, version, document) triples, some thousands a call, as all are held for the report.

        A version lower than the one the index holds changes nothing there; an equal one is written again.
        Raises StoreUnavailable also when a busy server took nothing at all.
        """
        tally = _Tally(kind)
        with clear_errors(self.shown_url):
            answers = streaming_bulk(
                self.client,
                map(tally.action, documents),
                chunk_size=CHUNK,
                max_chunk_bytes=CHUNK_BYTES,
                raise_on_error=False,
                max_retries=4,
                initial_backoff=0.5,
                max_backoff=30,
                retry_on_status=BUSY,
                index=self.templates.indices[kind].write_alias,
                # Without this a missing alias would become an index of its own with guessed fields.
                require_alias=True,
            )
            for ok, item in answers:
                tally.count(ok=ok, answer=item["index"])
        report = tally.report()
        if report.deferred and not report.settled:
            reason = f"Elasticsearch {self.shown_url} 忙，什么也没收下：{report.deferred_reason}"
            raise StoreUnavailable(reason)
        return report

    def search_words(self, words: Sequence[str], *, size: int = 20, filters: Filters | None = None) -> Found:
        """The posts that contain every one of the words (segmented as the posts are), best first; without
        words, the newest first."""
        query: Document = {"bool": {"filter": list(_clauses(filters or Filters()))}}
        order: list[str | dict[str, str]] = (
            ["_score", {"time": "desc"}, "id"] if words else [{"time": "desc"}, "id"]
        )
        if words:
            query["bool"]["must"] = {"match": {"words": {"query": join_words(words), "operator": "and"}}}
        with clear_errors(self.shown_url):
            answer = self.client.search(
                index=self.alias("posts"), query=query, size=size, sort=order, track_total_hits=True
            )
        return Found(answer["hits"]["total"]["value"], tuple(_hit(hit) for hit in answer["hits"]["hits"]))

    def get(self, kind: str, record_id: str) -> Document | None:
        """One document, or None."""
        with clear_errors(self.shown_url):
            try:
                document: Document = self.client.get(index=self.alias(kind), id=record_id)["_source"]
            except NotFoundError as error:
                if error.body.get("found") is False:
                    return None
                raise
        return document

    def count(self, kind: str) -> int:
        """How many documents a search over this kind sees."""
        with clear_errors(self.shown_url):
            return int(self.client.count(index=self.alias(kind))["count"])

    def latest_time(self) -> datetime | None:
        """The time of the newest post; None where there is none."""
        newest = {"newest": {"max": {"field": "time"}}}
        with clear_errors(self.shown_url):
            answer = self.client.search(index=self.alias("posts"), size=0, aggs=newest)
        milliseconds = answer["aggregations"]["newest"]["value"]
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)

    def documents(self, kind: str, page: int = 1_000) -> Iterator[Hit]:
        """Every document of a kind, from one steady view of the index."""
        with clear_errors(self.shown_url):
            view = self.client.open_point_in_time(index=self.alias(kind), keep_alive="2m")["id"]
            try:
                yield from self._pages(view, page)
            finally:
                self.client.close_point_in_time(id=view)

    def refresh(self, kind: str | None = None) -> None:
        """Make what was written visible to searches now."""
        kinds = list(self.templates.indices) if kind is None else [kind]
        with clear_errors(self.shown_url):
            self.client.indices.refresh(index=[self.templates.indices[one].write_alias for one in kinds])

    def alias(self, kind: str) -> str:
        """The name that readers of a kind use."""
        return self.templates.indices[kind].alias

    def _pages(self, view: str, page: int) -> Iterator[Hit]:
        after: list[Any] | None = None
        while True:
            answer = self.client.search(
                pit={"id": view, "keep_alive": "2m"},
                size=page,
                sort=["_shard_doc"],
                search_after=after,
                track_total_hits=False,
            )
            hits = answer["hits"]["hits"]
            if not hits:
                return
            yield from map(_hit, hits)
            after = hits[-1]["sort"]


class _Tally:
    """Sorts the answers of a bulk request by what they mean for us."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.counts: Counter[str] = Counter()
        self.sent: dict[str, Versioned] = {}
        self.settled: list[tuple[str, int]] = []
        self.rejected: list[Rejected] = []
        self.deferred_reason = ""

    def action(self, document: Versioned) -> Document:
        """The bulk action that writes a document under its version."""
        key, version, source = document
        self.sent[key] = document
        return {"_id": key, "_version": version, "_version_type": "external_gte", "_source": source}

    def count(self, *, ok: bool, answer: Document) -> None:
        """Take in the server's answer about one document."""
        status = answer["status"]
        if ok:
            self._settle("indexed", answer)
        elif status == 409:
            self._settle("superseded", answer)
        elif status == 400:
            # Only this status blames the document itself; all others may pass.
            self._settle("rejected", answer)
            key = answer["_id"]
            self.rejected.append(Rejected(key, _reason(answer), self.sent[key][2]))
        elif status == 404:
            reason = f"索引还没有建好，先运行 qianshao index apply（{_reason(answer)}）"
            raise StoreRefusedError(reason)
        else:
            self.counts["deferred"] += 1
            self.deferred_reason = self.deferred_reason or f"{status} {_reason(answer)}"

    def report(self) -> IndexReport:
        """The sum of it."""
        return IndexReport(
            kind=self.kind,
            indexed=self.counts["indexed"],
            superseded=self.counts["superseded"],
            rejected=tuple(self.rejected),
            settled=tuple(self.settled),
            deferred=self.counts["deferred"],
            deferred_reason=self.deferred_reason,
        )

    def _settle(self, how: str, answer: Document) -> None:
        self.counts[how] += 1
        key = answer["_id"]
        self.settled.append((key, self.sent[key][1]))


def _reason(answer: Document) -> str:
    error = answer.get("error")
    return error_reason(error) if isinstance(error, dict) else str(error)


def _hit(hit: Document) -> Hit:
    return Hit(hit["_id"], hit.get("_score"), hit["_source"])


def _clauses(filters: Filters) -> Iterator[Document]:
    exact = {"source": filters.source, "event_id": filters.event_id}
    for field, value in exact.items():
        if value is not None:
            yield {"term": {field: value}}
    for group in filters.labels:
        names = (label.partition(".") for label in group)
        yield {"bool": {"should": [{"term": {f"{family}.name": name}} for family, _, name in names]}}
    if filters.place is not None:
        field = "place.within" if "/" in filters.place else "place.names"
        yield {"term": {field: filters.place}}
    bounds = {"gte": filters.since, "lt": filters.until}
    if given := {name: time.isoformat() for name, time in bounds.items() if time is not None}:
        yield {"range": {"time": given}}
