"""Keep which conversations people of other organisations are in."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("strangers", sa.Boolean(), nullable=True))
