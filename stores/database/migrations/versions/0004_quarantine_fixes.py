"""How a quarantined record is read again, what was put in its place, by whom and when."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("quarantine") as table:
        table.add_column(sa.Column("reader", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("fixed", sa.LargeBinary()))
        table.add_column(sa.Column("who", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("settled", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("quarantine") as table:
        for name in ("note", "settled", "who", "fixed", "reader"):
            table.drop_column(name)
