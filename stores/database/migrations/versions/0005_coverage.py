"""Why pages and records of a run are missing, whether it came to its end, and the gaps between runs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    with op.batch_alter_table("source_runs") as table:
        table.add_column(sa.Column("failures", sa.Text(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("refusals", sa.Text(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "source_gaps",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("found", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "since", name=op.f("pk_source_gaps")),
    )
    op.create_index(op.f("ix_source_gaps_state"), "source_gaps", ["state"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("source_gaps")
    with op.batch_alter_table("source_runs") as table:
        for name in ("complete", "refusals", "failures"):
            table.drop_column(name)
