"""Counts per hour, place and label, filled from the posts; hotline tickets with their revisions."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BATCH = 5_000
_HOURS = {
    "sqlite": "strftime('%Y-%m-%dT%H', time)",
    "postgresql": """to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24')""",
}
_COUNTED = """
    SELECT {hour} AS hour, place_path, coalesce(place_code, '') AS place_code, label, count(*) AS number
    FROM (
        SELECT time, place_path, place_code, 'spam' AS label FROM posts WHERE spam
        UNION ALL
        SELECT time, place_path, place_code, 'complaint.' || complaint FROM posts WHERE NOT spam
        UNION ALL
        SELECT time, place_path, place_code, 'incident.' || incident FROM posts
        WHERE NOT spam AND incident <> 'none'
    ) AS labelled
    GROUP BY 1, 2, 3, 4
"""
_SERIES = sa.table(
    "series",
    sa.column("hour", sa.DateTime(timezone=True)),
    *map(sa.column, ("id", "place_path", "place_code", "label", "count", "changed")),
)


def upgrade() -> None:
    """Make both tables; count the posts that are there."""
    _make_series()
    _make_tickets()
    db = op.get_bind()
    counted = db.execute(sa.text(_COUNTED.format(hour=_HOURS[db.dialect.name])))
    rows = _rows(counted, db.dialect.name)
    while batch := list(islice(rows, _BATCH)):
        db.execute(_SERIES.insert(), batch)


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("tickets")
    op.drop_table("series")


def _make_series() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_path", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        *_index_columns(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    _make_waiting("series")


def _make_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text()),
        sa.Column("place_path", sa.Text(), nullable=False),
        sa.Column("complaint", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("submitted", sa.DateTime(timezone=True)),
        sa.Column("replied_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("due", sa.DateTime(timezone=True)),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        *_index_columns(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
    )
    op.create_index("ix_tickets_submitted", "tickets", ["submitted"])
    op.create_index("ix_tickets_stage_unit", "tickets", ["stage", "unit"])
    _make_waiting("tickets")


def _index_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("indexed", sa.BigInteger(), nullable=False, server_default="0"),
    ]


def _make_waiting(table: str) -> None:
    waits = sa.text("changed > indexed")
    name = f"ix_{table}_waiting"
    op.create_index(name, table, ["changed"], sqlite_where=waits, postgresql_where=waits)


def _rows(found: Iterable[Any], dialect: str) -> Iterator[dict[str, object]]:
    changed = time.time_ns() // 1_000
    for row in found:
        hour = datetime.strptime(row.hour, "%Y-%m-%dT%H").replace(tzinfo=UTC)
        number = int(hour.timestamp()) // 3_600
        joined = f"{number}\0{row.place_path}\0{row.place_code}\0{row.label}"
        yield {
            "id": hashlib.sha256(joined.encode()).hexdigest()[:24],
            # SQLite keeps no zone.
            "hour": hour if dialect == "postgresql" else hour.replace(tzinfo=None),
            "place_path": row.place_path,
            "place_code": row.place_code,
            "label": row.label,
            "count": row.number,
            "changed": changed,
        }
