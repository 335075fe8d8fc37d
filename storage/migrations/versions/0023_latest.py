"""Find the last letter of a kind to somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

UNBOOKED = "person IS NOT NULL AND day IS NULL AND edits IS NULL"


def upgrade() -> None:
    op.create_index(
        "ix_outbox_person_kind_due_at",
        "outbox",
        ["person", "kind", "due_at"],
        sqlite_where=sa.text(UNBOOKED),
        postgresql_where=sa.text(UNBOOKED),
    )
