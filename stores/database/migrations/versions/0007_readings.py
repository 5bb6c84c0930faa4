"""Readings of sensors."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "readings",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("station", "quantity", "at", name="pk_readings"),
    )
    op.create_index("ix_readings_at", "readings", ["at"], unique=False)
    waits = sa.text("NOT judged")
    op.create_index(
        "ix_readings_waiting",
        "readings",
        ["received"],
        unique=False,
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("readings")
