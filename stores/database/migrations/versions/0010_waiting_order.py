"""What waits for the search index is found in the order it is read: by version, then id."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("posts", "events", "alerts", "series", "tickets")


def upgrade() -> None:
    """Put the id behind the version."""
    _index_by("changed", "id")


def downgrade() -> None:
    """Leave the version alone."""
    _index_by("changed")


def _index_by(*columns: str) -> None:
    waits = sa.text("changed > indexed")
    for table in TABLES:
        name = f"ix_{table}_waiting"
        op.drop_index(name, table)
        op.create_index(name, table, list(columns), sqlite_where=waits, postgresql_where=waits)
