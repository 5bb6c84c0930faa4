"""A time-stamped stream through the live code path with a simulated clock: what was raised, and when?"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson

from alerts.engine import WarningEngine
from nlp.core import TextCore
from nlp.events import EventClusterer
from pipeline.analysis import Analysis, Measurement, Step
from pipeline.arrivals import Arrival, read_arrivals, take_arrivals
from pipeline.mails import Desk
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import Knowledge, load_core, load_knowledge
from schemas.records import Alert, Event, Level, Mail, Quarantined, RawPost
from stores.atomic import write_atomic
from stores.mail import OutboxMailer

_DOMAIN = "replay.qianshao.invalid"
_SENDER = f"qianshao@{_DOMAIN}"
_BATCH = 256
# A line that could not be read is kept up to so many bytes.
_LONGEST_KEPT = 65_536
_ID = re.compile(r"\b[0-9a-f]{24}\b")


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay did. `levels` counts alerts by the highest level each reached, `revisions` all lines."""

    posts: int
    spam: int
    events: int
    alerts: int
    revisions: int
    mails: int
    quarantined: int
    levels: Mapping[str, int]


def replay_file(
    source: Path,
    out: Path,
    *,
    deployment: Path | None,
    now: datetime,
    author_key: bytes,
    progress: Advance = ignore_progress,
) -> ReplayReport:
    """Replay a JSONL(.gz) file into `out`: events, alerts and quarantine as .jsonl, mails/, summary.json.

    Records run in order of their time; where they carry `received`, in order of that, so that late ones come
    late. One without a time goes to quarantine, marked with `now`. The same input gives the same bytes.
    """
    knowledge = load_knowledge(deployment)
    core = load_core(deployment)
    arrivals, refused = read_arrivals(source, now, author_key, knowledge.places)
    replay = Replay(core, knowledge, out)
    for done in replay.run(arrivals):
        progress(done, len(arrivals))
    return replay.write(refused)


class Replay:
    """One replay: an Analysis on a simulated clock, and the files it leaves in `out`."""

    def __init__(self, core: TextCore, knowledge: Knowledge, out: Path) -> None:
        self._knowledge, self._out = knowledge, out
        engine = WarningEngine(knowledge.rules, knowledge.duty, knowledge.places)
        self._analysis = Analysis(core, EventClusterer(), engine)
        self._desk = Desk(knowledge, _DOMAIN)
        self._mailer = OutboxMailer(out / "mails", _SENDER)
        self._own_ids: dict[str, str] = {}
        self._steps = self._spam = self._mails = 0
        self._last: datetime | None = None

    def run(self, arrivals: Sequence[Arrival]) -> Iterator[int]:
        """Take the posts in, each at its time of arrival; yields how many are done after every batch."""
        for start in range(0, len(arrivals), _BATCH):
            batch = arrivals[start : start + _BATCH]
            for step in take_arrivals(self._analysis, batch):
                self._keep(step)
            self._own_ids.update(
                (one.what.origin.id, one.own_id) for one in batch if isinstance(one.what, RawPost)
            )
            yield start + len(batch)

    def write(self, refused: Sequence[Quarantined]) -> ReplayReport:
        """Write the files and say what was done. What waited for its hour goes out now."""
        if self._last is not None:
            self._send(self._desk.write_rest(self._last), self._last)
        events = sorted(self._desk.events.values(), key=lambda event: (event.first_seen, event.id))
        self._write_lines("events.jsonl", [self._event_line(event) for event in events])
        self._write_lines("alerts.jsonl", [self._alert_line(alert) for alert in self._desk.alerts])
        write_atomic(self._out / "quarantine.jsonl", b"".join(_encode_refused(one) for one in refused))
        report = self._report(len(refused))
        write_atomic(self._out / "summary.json", orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
        return report

    def _keep(self, step: Step | Measurement) -> None:
        if isinstance(step, Step):
            self._steps += 1
            self._spam += step.event is None
        self._last = now = step.at
        self._desk.keep(step)
        self._send(self._desk.write_due(step.alerts, now), now)

    def _send(self, mails: Iterable[Mail], now: datetime) -> None:
        for mail in mails:
            self._mailer.send(mail, now)
            self._mails += 1

    def _own(self, post_ids: Sequence[str]) -> list[str]:
        """The input's own ids where it has them."""
        return [self._own_ids.get(post_id, post_id) for post_id in post_ids]

    def _event_line(self, event: Event) -> dict[str, object]:
        """An event that went into another has its posts there."""
        if event.merged_into is not None:
            event = replace(event, post_ids=(), heat=0, reports=0)
        return {
            "event_id": event.id,
            "title": event.title,
            "post_ids": self._own(event.post_ids),
            "first_seen": event.first_seen,
            "last_seen": event.last_seen,
            "heat": event.heat,
            "reports": event.reports,
            "authors": event.authors,
            "label": event.label,
            "place": None if event.place is None else (event.place.path or event.place.name),
            "keywords": event.keywords,
            "urgency": event.urgency,
            "rumour": round(event.rumour, 3),
            "facts": event.facts,
            "merged_into": event.merged_into,
            "split_from": event.split_from,
        }

    def _alert_line(self, alert: Alert) -> dict[str, object]:
        reason = _ID.sub(lambda found: self._own_ids.get(found[0], found[0]), alert.reason)
        return {
            "alert_id": alert.id,
            "revision": alert.revision,
            "event_id": alert.event_id,
            "level": alert.level.name.lower(),
            "raised_at": alert.raised_at,
            "title": alert.title,
            "reason": reason,
            "post_ids": self._own(alert.post_ids),
            "route": alert.route,
            "rule": alert.rule,
            "label": alert.label,
            "place": None if alert.place is None else (alert.place.path or alert.place.name),
            "rumour": round(alert.rumour, 3),
        }

    def _report(self, refused: int) -> ReplayReport:
        highest: dict[str, Level] = {}
        for alert in self._desk.alerts:
            highest[alert.id] = min(alert.level, highest.get(alert.id, alert.level))
        counts = Counter(highest.values())
        return ReplayReport(
            posts=self._steps,
            spam=self._spam,
            events=sum(event.merged_into is None for event in self._desk.events.values()),
            alerts=len(highest),
            revisions=len(self._desk.alerts),
            mails=self._mails,
            quarantined=refused,
            levels={level.name.lower(): counts[level] for level in Level},
        )

    def _write_lines(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        write_atomic(self._out / name, b"".join(orjson.dumps(row) + b"\n" for row in rows))


def _encode_refused(one: Quarantined) -> bytes:
    # Without the time of this run: the same input gives the same bytes.
    row = {"source": one.source, "where": one.where, "reason": one.reason}
    return orjson.dumps(row | {"raw": b64encode(one.raw[:_LONGEST_KEPT]).decode()}) + b"\n"
