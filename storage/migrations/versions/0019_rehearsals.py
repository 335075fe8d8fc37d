"""Keep whether a change of a campaign was submitted, and what the dry run of it told."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("submitted", sa.Boolean(), nullable=True))
    op.add_column("campaigns", sa.Column("rehearsal", sa.Text(), nullable=True))
