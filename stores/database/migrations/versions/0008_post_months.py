"""The month whose index a post is in; for posts kept before, the month of their time in Beijing."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MONTHS = {
    "sqlite": "UPDATE posts SET month = strftime('%Y.%m', time, '+8 hours')",
    "postgresql": "UPDATE posts SET month = to_char(time AT TIME ZONE 'Asia/Shanghai', 'YYYY.MM')",
}


def upgrade() -> None:
    """Add the column and fill it."""
    op.add_column("posts", sa.Column("month", sa.String(7), nullable=False, server_default=""))
    op.execute(MONTHS[op.get_bind().dialect.name])
    op.create_index("ix_posts_month", "posts", ["month"])


def downgrade() -> None:
    """Drop the column."""
    op.drop_index("ix_posts_month", "posts")
    with op.batch_alter_table("posts") as table:
        table.drop_column("month")
