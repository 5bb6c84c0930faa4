"""What a run's records have and lack, for the rules that watch the sources."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("source_runs") as table:
        table.add_column(sa.Column("measures", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("source_runs") as table:
        table.drop_column("measures")
