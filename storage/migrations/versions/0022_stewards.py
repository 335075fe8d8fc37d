"""Keep of which topic somebody became or ceased to be steward."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("role_changes", sa.Column("topic", sa.Text(), nullable=True))
