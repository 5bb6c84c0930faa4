"""Insert-or-update statements that mean the same on SQLite and PostgreSQL."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Insert, Table, case, literal, or_, text
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, object]
Item = TypeVar("Item")
# Below SQLite's limit of variables in one statement.
BATCH = 500
# Any number does that nothing else on the server locks.
WRITERS_LOCK = 7_120_351


def insert_new(db: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet; returns how many were new."""
    if not rows:
        return 0
    return _count_written(db, _insert(db, table).on_conflict_do_nothing(), rows)


def upsert(
    db: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    newer: str | None = None,
    versioned: bool = False,
    fixed: Sequence[str] = (),
) -> int:
    """Insert rows or change those that differ; returns how many rows were written.

    An equal row is left alone, and so is one whose column `newer` would go back. A versioned table's
    `changed` grows with every write. What stands in the columns `fixed` stays as it was first written.
    """
    if not rows:
        return 0
    key = {column.name for column in table.primary_key}
    names = [name for name in rows[0] if name not in key and name not in fixed]
    statement = _insert(db, table)
    new = statement.excluded
    wanted: ColumnElement[bool] = or_(*(table.c[name].is_distinct_from(new[name]) for name in names))
    if newer is not None:
        wanted = wanted & (new[newer] >= table.c[newer])
    values: dict[str, ColumnElement[Any]] = {name: new[name] for name in names}
    written: list[Row] = list(rows)
    if versioned:
        values["changed"] = _next_version(table, new["changed"])
        now = _clock_version()
        written = [{**row, "changed": now} for row in rows]
    update = statement.on_conflict_do_update(index_elements=sorted(key), set_=values, where=wanted)
    return _count_written(db, update, written)


def add_up(db: Connection, table: Table, rows: Sequence[Row], column: str) -> None:
    """Insert rows of a versioned table, or add their `column` to that of the row with the same key."""
    if not rows:
        return
    statement = _insert(db, table)
    new = statement.excluded
    values = {column: table.c[column] + new[column], "changed": _next_version(table, new["changed"])}
    keys = [one.name for one in table.primary_key]
    now = _clock_version()
    added = statement.on_conflict_do_update(index_elements=keys, set_=values)
    db.execute(added, [{**row, "changed": now} for row in rows])


def lock_writers(db: Connection) -> None:
    """Let no other transaction that locks go on before this one ends: what is read here and written anew
    would otherwise miss what another writes meanwhile. SQLite has one writer at a time anyway."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})


def in_batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Lists of at most `size` items."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def plain_text(text: str) -> str:
    """Text a database column takes: PostgreSQL refuses NUL, and no encoder takes half a surrogate pair."""
    return text.replace("\0", "\u2400").encode("utf-8", "backslashreplace").decode("utf-8")


def next_version(table: Table) -> ColumnElement[int]:
    """The value of `changed` for an update of a versioned table."""
    return _next_version(table, literal(_clock_version()))


def _count_written(db: Connection, statement: Insert, rows: Sequence[Row]) -> int:
    # Without the option SQLAlchemy forgets the count of an INSERT on PostgreSQL.
    return db.execute(statement, list(rows), execution_options={"preserve_rowcount": True}).rowcount


def _insert(db: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


def _clock_version() -> int:
    # Microseconds, not a counter: a database made anew must still write above an index filled by the old one.
    return time.time_ns() // 1_000


def _next_version(table: Table, now: ColumnElement[int]) -> ColumnElement[int]:
    # A clock set back must not make a row's version fall.
    return case((table.c.changed >= now, table.c.changed + 1), else_=now)
