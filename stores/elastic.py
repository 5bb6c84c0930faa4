"""The search side: documents into Elasticsearch, and the searches our own commands make."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

from elasticsearch import NotFoundError

from schemas.elasticsearch import PREFIX, load_templates
from schemas.records import Alert, ClassifiedPost, Event
from stores.database.coverage import SourceDay
from stores.database.index import Pending, month_part
from stores.documents import (
    Document,
    alert_document,
    coverage_document,
    event_document,
    post_document,
    series_document,
    ticket_document,
)
from stores.elastic_bulk import BulkSender, Versioned
from stores.elastic_client import clear_errors, connect
from stores.elastic_disk import DiskWarning, disk_warnings
from stores.elastic_report import IndexReport, sum_up
from stores.elastic_retention import drop_parts, hand_over
from stores.elastic_templates import (
    ApplyReport,
    Parts,
    add_part,
    apply_templates,
    has_lifecycle,
    indices_of,
    installed_plugins,
    missing_parts,
    remove_templates,
    take_over,
)
from stores.errors import StoreUnavailable
from stores.names import Names
from stores.tokens import join_words

# What a record that waits is in the index.
DOCUMENTS: dict[str, Callable[[Pending[Any], Names], Document]] = {
    "posts": lambda one, names: post_document(one.record, one.event_id, names),
    "events": lambda one, names: event_document(one.record, names),
    "alerts": lambda one, names: alert_document(one.record, names),
    "series": lambda one, _names: series_document(one.record),
    "tickets": lambda one, names: ticket_document(one.record, names),
}


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
        self.prefix = prefix
        self.templates = load_templates(prefix)
        self.sender = BulkSender(self.client)
        self._known: set[str] = set()
        # What people call the sources and duty groups that documents name.
        self.names = Names()

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

    def apply(self, parts: Parts | None = None) -> ApplyReport:
        """Bring templates, indices and aliases into shape; nothing changes where they are so already.

        `parts` are the months that a monthly kind has something of; this month where none is told.
        """
        with clear_errors(self.shown_url):
            templates, analyzer = self.templates.with_plugins(installed_plugins(self.client))
            report = apply_templates(self.client, templates, self._parts(parts))
        return replace(report, analyzer=analyzer)

    def missing_parts(self, parts: Parts | None = None) -> dict[str, frozenset[str]]:
        """The kinds (and months) whose index is not there yet: the state's rows are to be written."""
        with clear_errors(self.shown_url):
            return missing_parts(self.client, self.templates, self._parts(parts))

    def take_over(self, kind: str) -> tuple[str, ...]:
        """Let readers of a kind see its newest version, now that it is filled; the older ones are deleted."""
        with clear_errors(self.shown_url):
            return take_over(self.client, self.templates.indices[kind])

    def write_records(self, kind: str, pending: Iterable[Pending[Any]]) -> Iterator[IndexReport]:
        """Write any number of records of a kind as their documents; see `write`."""
        make, names = DOCUMENTS[kind], self.names
        made = (Versioned(one.id, one.version, make(one, names), one.part) for one in pending)
        return self.write(kind, made)

    def index_posts(self, pending: Iterable[Pending[ClassifiedPost]]) -> IndexReport:
        """Write posts; see `index`."""
        return self._whole("posts", self.write_records("posts", pending))

    def index_events(self, pending: Iterable[Pending[Event]]) -> IndexReport:
        """Write events; see `index`."""
        return self._whole("events", self.write_records("events", pending))

    def index_alerts(self, pending: Iterable[Pending[Alert]]) -> IndexReport:
        """Write alerts; see `index`."""
        return self._whole("alerts", self.write_records("alerts", pending))

    def index_coverage(self, days: Iterable[SourceDay]) -> IndexReport:
        """Write what each source gave on a day; its last change is its version. See `index`."""
        return self.index(
            "coverage",
            (
                Versioned(
                    f"{day.source}@{day.day}",
                    int(day.changed.timestamp() * 1000),
                    coverage_document(day),
                )
                for day in days
            ),
        )

    def index(self, kind: str, documents: Iterable[Versioned]) -> IndexReport:
        """Write documents, some thousands a call; see `write`. Raises StoreUnavailable also when a busy or
        full server took nothing at all."""
        return self._whole(kind, self.write(kind, documents))

    def write(self, kind: str, documents: Iterable[Versioned]) -> Iterator[IndexReport]:
        """Write any number of documents; a report for every request, while the next one is made ready.

        A version lower than the one the index holds changes nothing there; an equal one is written again.
        After a report with `deferred` documents no more are read: the server is busy or its disk is full.
        """
        with clear_errors(self.shown_url):
            for outcomes in self.sender.send(documents, partial(self._write_alias, kind)):
                yield sum_up(kind, outcomes)

    def _write_alias(self, kind: str, part: str) -> str:
        """The name to write to; the index of a month that nobody wrote to yet is made."""
        index = self.templates.indices[kind]
        alias = index.write_alias(part)
        if index.monthly and alias not in self._known:
            if not self.client.indices.exists_alias(name=alias):
                add_part(self.client, index, part)
            self._known.add(alias)
        return alias

    def _whole(self, kind: str, reports: Iterable[IndexReport]) -> IndexReport:
        whole = sum(reports, IndexReport(kind))
        if whole.deferred and not whole.settled:
            reason = f"Elasticsearch {self.shown_url} 忙，什么也没收下：{whole.refusal}"
            raise StoreUnavailable(reason)
        return whole

    def _parts(self, parts: Parts | None) -> Parts:
        this_month = frozenset({month_part(datetime.now(UTC))})
        return {kind: (parts or {}).get(kind) or this_month for kind in self.monthly}

    @property
    def monthly(self) -> tuple[str, ...]:
        """The kinds with an index for each month."""
        return tuple(kind for kind, index in self.templates.indices.items() if index.monthly)

    def parts(self, kind: str) -> tuple[str, ...]:
        """The months that a monthly kind has an index of, oldest first."""
        index = self.templates.indices[kind]
        with clear_errors(self.shown_url):
            return tuple(index.part(name) for name in indices_of(self.client, index))

    def has_lifecycle(self) -> bool:
        """Whether the server has index lifecycle management."""
        with clear_errors(self.shown_url):
            return has_lifecycle(self.client)

    def hand_over(self, kind: str, months: int, held: Collection[str]) -> tuple[str, ...]:
        """Let the server's lifecycle management delete months of a kind, but for those held; what changed."""
        with clear_errors(self.shown_url):
            return tuple(hand_over(self.client, self.templates.indices[kind], months, held))

    def drop_parts(self, kind: str, parts: Collection[str]) -> None:
        """Delete the indices of some months of a kind."""
        with clear_errors(self.shown_url):
            drop_parts(self.client, self.templates.indices[kind], parts)
        self._known.clear()

    def disk_warnings(self) -> tuple[DiskWarning, ...]:
        """What stands in the way of writing, or soon will: full disks, locked indices."""
        with clear_errors(self.shown_url):
            return disk_warnings(self.client, f"{self.prefix}-*")

    def remove(self) -> None:
        """Delete every index and template of this deployment: what a trial leaves behind."""
        with clear_errors(self.shown_url):
            remove_templates(self.client, self.templates)

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
        """One document, or None; of a monthly kind only what a refresh has made visible."""
        with clear_errors(self.shown_url):
            if self.templates.indices[kind].monthly:
                return self._find(kind, record_id)
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
            self.client.indices.refresh(index=[self.templates.indices[one].pattern for one in kinds])

    def alias(self, kind: str) -> str:
        """The name that readers of a kind use."""
        return self.templates.indices[kind].alias

    def _find(self, kind: str, record_id: str) -> Document | None:
        query = {"ids": {"values": [record_id]}}
        hits = self.client.search(index=self.alias(kind), query=query, size=1)["hits"]["hits"]
        return hits[0]["_source"] if hits else None

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
