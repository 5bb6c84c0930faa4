"""Which event went into which, and which took up the matter of one that was over."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of links between events."""
    op.create_table(
        "event_links",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "event_id", name="pk_event_links"),
    )
    op.create_index("ix_event_links_other_id", "event_links", ["other_id"], unique=False)
    op.create_index("ix_event_links_number", "event_links", ["number"], unique=False)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("event_links")
