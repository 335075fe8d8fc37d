"""Keep which replies were shown, and let go of events by names that could be guessed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "showings",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "event_id", name=op.f("pk_showings")),
    )
    # They were digests without a key, by which it could be found who had asked without a name.
    op.execute("DELETE FROM inbox WHERE platform = 'slack'")
