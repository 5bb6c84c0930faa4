"""Every Kibana panel's query over a year of generated posts: how long the server takes, p50 and p95.

`QIANSHAO_ELASTICSEARCH_URL=... qianshao bench panels --rows 1000000`. The posts go straight into the shipped
indices, under a name of their own that is deleted at the end; events, alerts, hotline tickets and the hourly
counts are made from the same posts. Each panel is asked twenty times: over windows from a day to a year that
end at different moments, so that no answer comes from a cache. The bytes of a post are the primary store
after a force merge, divided by the posts.
"""

import random
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from elasticsearch import Elasticsearch

from benchmarks import Row
from pipeline.demo.year import DAYS, draw_year
from pipeline.jobs.index import need_elastic
from pipeline.kibana.panels import Board, Panel, read_boards
from pipeline.kibana.searches import Span, derive_search
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.kibana import load_objects
from schemas.records import Alert, AlertState, ClassifiedPost, Event, Level, Step
from schemas.tickets import Ticket, TicketStep
from schemas.times import SHANGHAI
from stores.database.index import Pending, month_part
from stores.database.series import Cell, Count
from stores.documents import main_place, post_document
from stores.elastic import ElasticStore
from stores.elastic_bulk import Versioned
from stores.elastic_report import IndexReport

POSTS, TIMES = 100_000, 20
WINDOWS = (1, 7, 30, 90, 365)
_ALERTED, _TICKETS = 20, 5
_HOUR = 3_600


@dataclass(slots=True)
class Told:
    """What the posts of an event come to while they are drawn."""

    first: ClassifiedPost
    last: datetime
    ids: list[str] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)


@dataclass(slots=True)
class City:
    """A year of posts with what follows from them."""

    posts: Iterable[tuple[ClassifiedPost, str | None]]
    events: dict[str, Told] = field(default_factory=dict)
    cells: Counter[Cell] = field(default_factory=Counter)
    tickets: list[ClassifiedPost] = field(default_factory=list)

    def documents(self) -> Iterator[Versioned]:
        """The documents of the posts, one after the other; what follows from them is noted on the way."""
        for number, (post, event_id) in enumerate(self.posts):
            origin = post.origin
            self._note(post, event_id)
            if number % _TICKETS == 0:
                self.tickets.append(post)
            yield Versioned(origin.id, 1, post_document(post, event_id), month_part(origin.time))

    def _note(self, post: ClassifiedPost, event_id: str | None) -> None:
        origin, place = post.origin, main_place(post.places)
        labels = [f"complaint.{post.complaint.name}"]
        labels += [] if post.incident.name == "none" else [f"incident.{post.incident.name}"]
        hour = int(origin.time.timestamp() // _HOUR)
        where = ("", "") if place is None else (place.path, place.code or "")
        self.cells.update(Cell(hour, *where, label) for label in labels)
        if event_id is not None:
            told = self.events.setdefault(event_id, Told(post, origin.time))
            told.last = origin.time
            told.ids.append(origin.id)
            told.sources.add(origin.source)


def run(_path: Path | None = None, rows: int = POSTS) -> list[Row]:
    """Rows of a panel with the milliseconds of its query: the median and the 95th of a hundred."""
    now = datetime.now(SHANGHAI)
    with tempfile.TemporaryDirectory() as folder:
        prefix = f"bench-{secrets.token_hex(4)}"
        settings = load_settings(home=Path(folder), elasticsearch_prefix=prefix, author_key="benchmark")
        with open_rooms(settings) as rooms:
            elastic = need_elastic(rooms)
            try:
                told = fill(rooms, elastic, rows, now)
                return [*told, *_measure(elastic, prefix, now)]
            finally:
                elastic.remove()


def fill(rooms: Rooms, elastic: ElasticStore, count: int, now: datetime) -> list[Row]:
    """Write the year; rows of how fast it went and how much room it takes."""
    elastic.apply()
    city = City(draw_year(rooms.core, rooms.knowledge.places, count, now))
    begun = perf_counter()
    _write(elastic.write("posts", city.documents()))
    seconds = perf_counter() - begun
    for kind, records in (
        ("events", _events(city)),
        ("alerts", _alerts(city)),
        ("series", (Pending(cell.id, 1, Count(cell, n)) for cell, n in city.cells.items())),
        ("tickets", _tickets(city)),
    ):
        _write(elastic.write_records(kind, records))
    elastic.refresh()
    return [
        _row(f"{count} 条帖文生成、成文、写入", "条/秒", round(count / seconds)),
        _row("每条帖文占用（主分片，强制合并后）", "字节", round(_bytes_per_post(elastic))),
        *(
            _row(f"{kind} 条数", "条", elastic.count(kind))
            for kind in ("events", "alerts", "series", "tickets")
        ),
    ]


def _write(reports: Iterable[IndexReport]) -> None:
    for report in reports:
        if report.rejected or report.deferred:
            msg = f"{report.kind}: {report.rejected[:1]} {report.deferred_reason}"
            raise RuntimeError(msg)


def _bytes_per_post(elastic: ElasticStore) -> float:
    pattern = elastic.templates.indices["posts"].pattern
    patient = elastic.client.options(request_timeout=1_800)
    patient.indices.forcemerge(index=pattern, max_num_segments=1)
    elastic.refresh()
    stats = patient.indices.stats(index=pattern, metric="store,docs")["_all"]["primaries"]
    return float(stats["store"]["size_in_bytes"] / stats["docs"]["count"])


def _events(city: City) -> Iterator[Pending[Event]]:
    for key, told in city.events.items():
        post = told.first
        label = f"complaint.{post.complaint.name}"
        if post.incident.name != "none":
            label = f"incident.{post.incident.name}"
        yield Pending(
            key,
            1,
            Event(
                key, post.clean.title, tuple(told.ids), len(told.ids), len(told.ids), tuple(told.sources),
                label, main_place(post.places), post.origin.time, told.last, post.words[:8], post.facts,
                urgency=post.urgency, authors=len(told.ids),
            ),
            key,
        )  # fmt: skip


def _alerts(city: City) -> Iterator[Pending[Alert]]:
    rng = random.Random(1)  # noqa: S311 - the same in every run
    for number, event in enumerate(_events(city)):
        if number % _ALERTED:
            continue
        one = event.record
        raised = one.first_seen + timedelta(minutes=rng.randrange(600))
        steps = [Step(raised, "发出")]
        state = rng.choice([AlertState.SENT, AlertState.ACKNOWLEDGED, AlertState.CLOSED])
        if state is not AlertState.SENT:
            steps.append(Step(raised + timedelta(minutes=rng.randrange(1, 90)), "签收"))
        if state.is_over:
            steps.append(Step(steps[-1].at + timedelta(hours=rng.randrange(1, 90)), "办结"))
        alert = Alert(
            f"alert{number}", 1, f"{one.label}|{one.id}", "incident_count", one.id,
            Level(rng.randrange(1, 5)), one.title, "两小时内多人反映。",
            one.post_ids[:5], one.label, one.place, "street", raised,
            state, history=tuple(steps),
        )  # fmt: skip
        yield Pending(alert.id, 1, alert, one.id)


def _tickets(city: City) -> Iterator[Pending[Ticket]]:
    rng = random.Random(2)  # noqa: S311 - as above
    for number, post in enumerate(city.tickets):
        begun = post.origin.time
        units = ("城管局", "住建局", "交通局", "卫健局", "人社局", "柳浪街道", "新桥街道", "东关街道")
        assigned = TicketStep("r2", begun + timedelta(hours=2), "assigned", rng.choice(units))
        steps = [TicketStep("r1", begun, "new"), assigned]
        if rng.random() < 0.8:
            done = begun + timedelta(hours=rng.randrange(4, 200))
            due = begun + timedelta(days=5)
            steps.append(TicketStep("r3", done, "closed", steps[-1].unit, True, done, done, due))
        yield Pending(
            post.origin.id,
            1,
            Ticket(
                post.origin.id, post.origin.source, f"YT{number}", post.clean.title, post.complaint.name,
                None, post.incident.name, main_place(post.places), begun, tuple(steps),
            ),
        )  # fmt: skip


def _measure(elastic: ElasticStore, prefix: str, now: datetime) -> Iterator[Row]:
    """Every panel of every dashboard, slowest first."""
    found = []
    for board in read_boards(load_objects(prefix)):
        for panel in board.panels:
            times = _ask(elastic.client, board, panel, now)
            cuts = quantiles(times, n=20)
            found.append((cuts[18], cuts[9], len(times), board, panel))
    for p95, p50, asked, board, panel in sorted(found, key=lambda one: -one[0]):
        yield {
            **_row(f"{board.title}｜{panel.title}（{panel.view.kind}）", "毫秒", round(p50)),
            "p95": round(p95),
            "次": asked,
        }


def _ask(client: Elasticsearch, board: Board, panel: Panel, now: datetime) -> list[float]:
    """The milliseconds of each answer, as the client waits for it."""
    rng, times = random.Random(panel.id), list[float]()  # noqa: S311 - as above
    for days in WINDOWS:
        for _ in range(TIMES // len(WINDOWS) + 1):
            ends = now - timedelta(seconds=rng.randrange(max(1, (DAYS - days) * 86_400)))
            body = derive_search(panel, replace(Span.of(board, ends), since=ends - timedelta(days=days)))
            begun = perf_counter()
            client.options(request_timeout=120).search(index=panel.view.index, request_cache=False, **body)
            times.append((perf_counter() - begun) * 1000)
    return times


def _row(name: str, unit: str, value: float) -> Row:
    return {"项目": name, "值": value, "单位": unit, "p95": "", "次": ""}


if __name__ == "__main__":
    told_rows = run(rows=int(sys.argv[1]) if len(sys.argv) > 1 else POSTS)
    sys.stdout.write("\n".join(map(str, told_rows)) + "\n")
