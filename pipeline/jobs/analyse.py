"""Analyse: what waits goes through text core, events and rules; one transaction a day of parts or a batch of
readings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection

from alerts.engine import WarningEngine
from alerts.path.answer import last_answer
from alerts.path.rebase import rebase_alerts
from alerts.standing import is_measured
from alerts.stations import GONE, KEPT
from nlp.events import EventClusterer
from nlp.events_parameters import load_event_parameters
from pipeline.analysis import Analysis, Step, resolved_event
from pipeline.health import source_health, sources_off
from pipeline.modes import open_clock
from pipeline.progress import Advance, ignore_progress
from pipeline.rebuttals import Segment, tell_rebuttals
from pipeline.rooms import Rooms
from schemas.codec import decode
from schemas.errors import ReadError, Where
from schemas.records import Alert, ClassifiedPost, Event, Origin, Quarantined, RawPost
from schemas.tickets import TicketStep, read_step
from schemas.times import SHANGHAI
from stores.database.alerts import alerts_since, lock_alerts, open_alerts, save_alert
from stores.database.events import links_since, save_events, save_links
from stores.database.meta import get_meta, set_meta
from stores.database.parts import Part, mark_analysed, new_parts
from stores.database.posts import active_members, event_ids, latest_time, move_posts, save_posts
from stores.database.quarantine import save_quarantined
from stores.database.readings import (
    forget_readings,
    judged_readings,
    last_received,
    mark_judged,
    waiting_readings,
)
from stores.database.tickets import save_tickets
from stores.raw import BrokenPartError

BATCH = 1_000
READINGS = 20_000
_TICKED = "ticked"


@dataclass(frozen=True, slots=True)
class AnalyseReport:
    """What one analysis did; `alerts` counts new alerts and new revisions."""

    parts: int = 0
    posts: int = 0
    spam: int = 0
    events: int = 0
    alerts: int = 0
    quarantined: int = 0
    readings: int = 0

    def plus(self, other: "AnalyseReport") -> "AnalyseReport":
        """Both together; an event touched in two batches counts twice."""
        return AnalyseReport(
            self.parts + other.parts,
            self.posts + other.posts,
            self.spam + other.spam,
            self.events + other.events,
            self.alerts + other.alerts,
            self.quarantined + other.quarantined,
            self.readings + other.readings,
        )

    def line(self) -> str:
        """One line for the terminal."""
        measured = f"传感器读数 {self.readings} 条，" if self.readings else ""
        return (
            f"分析：分片 {self.parts} 个，帖文 {self.posts} 条（广告 {self.spam}），{measured}"
            f"涉及事件 {self.events} 个，预警（含更新）{self.alerts} 条，隔离 {self.quarantined} 条"
        )


@dataclass(slots=True)
class Batch:
    """What came of one day of parts, held until it is saved as a whole."""

    parts: Sequence[Part]
    steps: list[Step] = field(default_factory=list)
    revised: list[tuple[ClassifiedPost, str | None]] = field(default_factory=list)
    aside: list[Quarantined] = field(default_factory=list)
    work: dict[Origin, TicketStep] = field(default_factory=dict)

    def tickets(self) -> Iterator[tuple[ClassifiedPost, TicketStep]]:
        """The posts that are tickets, each with what it says of the work on it."""
        for post in (*(step.post for step in self.steps), *(post for post, _ in self.revised)):
            if post.origin in self.work:
                yield post, self.work[post.origin]

    def report(self) -> AnalyseReport:
        """The counts of the batch."""
        return AnalyseReport(
            parts=len(self.parts),
            posts=len(self.steps) + len(self.revised),
            spam=sum(step.event is None for step in self.steps),
            events=len({step.event.id for step in self.steps if step.event is not None}),
            alerts=sum(len(step.alerts) for step in self.steps),
            quarantined=len(self.aside),
        )


class PartTakenError(RuntimeError):
    """Another run has analysed the part or the readings meanwhile; nothing of this batch is saved."""


def analyse_waiting(
    rooms: Rooms, *, now: datetime | None = None, progress: Advance = ignore_progress
) -> AnalyseReport:
    """Analyse every part that waits, oldest day first, then let the clock speak. Running it again changes
    nothing."""
    report = AnalyseReport()
    for batch in analyse_days(rooms, progress=progress):
        report = report.plus(batch.report())
    for measured in judge_readings(rooms):
        report = report.plus(measured)
    raised = tick_clock(rooms, now or datetime.now(SHANGHAI))
    return replace(report, alerts=report.alerts + raised)


def tick_clock(rooms: Rooms, now: datetime) -> int:
    """Once an hour, what is raised without a new record: all-clears, revisions that waited, silent sources.
    Returns how many revisions that are."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    with rooms.database.read() as db:
        last = get_meta(db, _TICKED)
    since = None if last is None else datetime.fromisoformat(last)
    if since is not None and since >= hour:
        return 0
    raised = open_analysis(rooms).reconsider(now, since)
    with rooms.database.begin() as db:
        save_raised(db, raised)
        set_meta(db, _TICKED, hour.isoformat())
    return len(raised)


def analyse_days(rooms: Rooms, *, progress: Advance = ignore_progress) -> Iterator[Batch]:
    """The same a day at a time: yields each day's batch once it is saved.

    A day's posts of all sources are taken in by the time they were fetched, so that voices of different
    sources meet in the order they arrived.
    """
    with rooms.database.read() as db:
        waiting = sorted(new_parts(db), key=lambda part: (part.day, part.at, part.path))
    if not waiting:
        return
    analysis = open_analysis(rooms)
    before, lines = 0, sum(part.lines for part in waiting)
    for _, parts in groupby(waiting, key=lambda part: part.day):
        batch = Batch(list(parts))
        for done in take_in(rooms, analysis, batch):
            progress(before + done, lines)
        save_batch(rooms, batch)
        before += batch.report().posts
        yield batch


def judge_readings(rooms: Rooms) -> Iterator[AnalyseReport]:
    """Ask the rules at every reading they have not seen, in the order they came in; yields what came of each
    batch once it is saved. Raises PartTakenError."""
    forget_old_readings(rooms)
    analysis: Analysis | None = None
    while True:
        with rooms.database.read() as db:
            waiting = waiting_readings(db, READINGS)
        if not waiting:
            return
        analysis = analysis or open_analysis(rooms)
        steps = [analysis.measure(rooms.placed(one.reading), one.received) for one in waiting]
        raised = [alert for step in steps for alert in step.alerts]
        with rooms.database.begin() as db:
            if not mark_judged(db, waiting):
                raise PartTakenError("readings")
            save_raised(db, raised)
        yield AnalyseReport(readings=len(waiting), alerts=len(raised))


def forget_old_readings(rooms: Rooms) -> None:
    """Drop the readings that were kept for the days of the settings."""
    with rooms.database.begin() as db:
        forget_readings(db, datetime.now(SHANGHAI) - timedelta(days=rooms.settings.readings_days))


def open_analysis(rooms: Rooms) -> Analysis:
    """An analysis that goes on where the last one stopped, rebuilt from posts and readings in the state."""
    knowledge = rooms.knowledge
    with rooms.database.read() as db:
        readings = [rooms.placed(one) for one in judged_readings(db, KEPT, GONE)]
        received = last_received(db)
        last = latest_time(db) or received
        modes = open_clock(db, last or datetime.now(SHANGHAI))
        engine = WarningEngine(knowledge.rules, knowledge.duty, knowledge.places, modes)
        analysis = Analysis(rooms.core, EventClusterer(), engine)
        if last is not None:
            start = last - timedelta(days=load_event_parameters().active_days)
            told = list(alerts_since(db, start))
            over = (alert for alert in told if _is_settled_state(alert) or is_measured(alert))
            standing = [*open_alerts(db), *over]
            resolved = filter(None, map(resolved_event, told))
            links = links_since(db, start)
            analysis.restore(active_members(db, start), standing, links, resolved, readings, received)
        now = datetime.now(SHANGHAI)
        analysis.note_health(source_health(db, last or now, now, off=sources_off(rooms.settings.sources)))
    return analysis


def _is_settled_state(alert: Alert) -> bool:
    """Whether somebody has closed a warning about a state of things, which no new post makes new."""
    last = last_answer(alert)
    return alert.state.is_over and alert.event_id is None and last is not None and last == alert.history[-1]


def take_in(rooms: Rooms, analysis: Analysis, batch: Batch) -> Iterator[int]:
    """Classify, cluster and judge the posts of a batch; yields how many are done."""
    posts = sorted(_read_parts(rooms, batch), key=lambda post: (post.origin.fetched_at, post.origin.time))
    with rooms.database.read() as db:
        known = event_ids(db, [post.origin.id for post in posts])
    fresh = _first_revisions(posts, known)
    for start in range(0, len(fresh), BATCH):
        chunk = fresh[start : start + BATCH]
        batch.steps.extend(analysis.advance(chunk, [post.origin.fetched_at for post in chunk]))
        yield start + len(chunk)
    own = {step.post.origin.id: step.event.id if step.event else None for step in batch.steps}
    taken = {post.origin for post in fresh}
    later = [post for post in posts if post.origin not in taken]
    batch.revised.extend((post, (known | own)[post.origin.id]) for post in rooms.core.enrich(later))


def _first_revisions(posts: Iterable[RawPost], known: dict[str, str | None]) -> list[RawPost]:
    """The posts that are in no event yet. A changed post stays in the event of its first revision.

    Counting it again would let one edited post look like many voices.
    """
    first: dict[str, RawPost] = {}
    for post in posts:
        if post.origin.id not in known:
            first.setdefault(post.origin.id, post)
    return list(first.values())


def _read_parts(rooms: Rooms, batch: Batch) -> Iterator[RawPost]:
    for part in batch.parts:
        try:
            for number, line in rooms.raw.read(part.path):
                where = Where(part.path, number)
                try:
                    post = decode(RawPost, line, where)
                except ReadError as error:
                    batch.aside.append(Quarantined(part.source, str(where), str(error), line, part.at))
                    continue
                try:
                    _note_work(batch, post, where)
                except ReadError as error:
                    # What the post says is heard all the same.
                    batch.aside.append(Quarantined(part.source, str(where), str(error), line, part.at))
                yield post
        except BrokenPartError as error:
            batch.aside.append(Quarantined(part.source, str(error.where), str(error), error.rest, part.at))


def _note_work(batch: Batch, post: RawPost, where: Where) -> None:
    if (step := read_step(post, where)) is not None:
        batch.work[post.origin] = step


def save_batch(rooms: Rooms, batch: Batch) -> None:
    """Save everything a batch brought and close its parts, all or nothing. Raises PartTakenError."""
    with rooms.database.begin() as db:
        for part in batch.parts:
            if not mark_analysed(db, part.path):
                raise PartTakenError(part.path)
        _save_results(db, batch, rooms.core.segment)


def _save_results(db: Connection, batch: Batch, segment: Segment) -> None:
    placed = [(step.post, step.event.id if step.event else None) for step in batch.steps]
    save_posts(db, tell_rebuttals(db, segment, [*placed, *batch.revised]))
    save_tickets(db, batch.tickets())
    links = [link for step in batch.steps for link in step.links]
    save_links(db, links)
    move_posts(db, links)
    save_events(db, _changed_events(batch.steps))
    save_raised(db, [alert for step in batch.steps for alert in step.alerts])
    save_quarantined(db, batch.aside)


def _changed_events(steps: Iterable[Step]) -> Iterator[Event]:
    """Every event as each step left it, those that ended too; the last of each is the newest."""
    for step in steps:
        yield from step.ended
        if step.event is not None:
            yield step.event


def save_raised(db: Connection, raised: Sequence[Alert]) -> None:
    """Keep what the engine raised, after what people have answered since it read the state."""
    chains: dict[str, list[Alert]] = {}
    for alert in raised:
        chains.setdefault(alert.id, []).append(alert)
    known = lock_alerts(db, chains)
    for alert_id, chain in chains.items():
        for alert in rebase_alerts(chain, known.get(alert_id)):
            save_alert(db, alert)
