"""Silences in the state, and which revisions each has muted."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from schemas.silences import Silence
from stores.database.tables import silence_hits, silences
from stores.database.upsert import insert_new, plain_text


def save_silence(db: Connection, silence: Silence) -> None:
    """Keep a new silence. Raises ValueError where its id is taken."""
    texts = ("author", "reason", "place", "label", "rule", "group", "ended_by")
    row = asdict(silence) | {name: plain_text(getattr(silence, name)) for name in texts}
    if insert_new(db, silences, [row]) != 1:
        raise ValueError(silence.id)


def silences_at(db: Connection, now: datetime) -> list[Silence]:
    """The silences in force, the first to end first."""
    query = select(silences).where(silences.c.since <= now, silences.c.until > now)
    return [_read(row) for row in db.execute(query.order_by(silences.c.until, silences.c.id))]


def all_silences(db: Connection) -> list[Silence]:
    """All silences, past ones too, the newest first."""
    query = select(silences).order_by(silences.c.since.desc(), silences.c.id)
    return [_read(row) for row in db.execute(query)]


def end_silence(db: Connection, key: str, who: str, now: datetime) -> bool:
    """End a silence that is in force; False where there is none of this id."""
    in_force = (silences.c.id == key) & (silences.c.until > now)
    ended = update(silences).where(in_force).values(until=now, ended_by=plain_text(who))
    return db.execute(ended).rowcount == 1


def log_muted(db: Connection, silence_id: str, muted: Iterable[tuple[str, int]], at: datetime) -> int:
    """Note the (alert, revision) pairs that a silence holds back; returns how many were new."""
    rows = [
        {"silence_id": silence_id, "alert_id": alert_id, "revision": revision, "at": at}
        for alert_id, revision in muted
    ]
    return insert_new(db, silence_hits, rows)


def muted_alerts(db: Connection, silence_id: str) -> list[str]:
    """The ids of the alerts that a silence has muted, each once, the first first."""
    first = func.min(silence_hits.c.at)
    query = select(silence_hits.c.alert_id).where(silence_hits.c.silence_id == silence_id)
    return list(db.execute(query.group_by(silence_hits.c.alert_id).order_by(first)).scalars())


def _read(row: Row[Any]) -> Silence:
    return Silence(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
