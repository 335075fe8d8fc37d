"""Keep how an attempt ended, and let nobody have two of one quiz under way."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("ending", sa.Text(), nullable=True))
    under_way = sa.text("state IN ('failed_open', 'in_progress', 'paused', 'pending_review')")
    op.create_index(
        "uq_attempts_under_way",
        "attempts",
        ["person", "quiz"],
        unique=True,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
