"""Let a question have an owner, and a day by which it is due."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("owner", sa.Text(), nullable=True))
    op.add_column("questions", sa.Column("due_on", sa.Date(), nullable=True))
    op.create_index(op.f("ix_questions_workspace_about"), "questions", ["workspace", "about"])
