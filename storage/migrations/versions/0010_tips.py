"""Keep tips."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tip_nominations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tip", sa.Text(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_tip_nominations_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_nominations")),
        sa.UniqueConstraint(
            "workspace",
            "question",
            "author",
            name=op.f("uq_tip_nominations_workspace_question_author"),
        ),
    )
    op.create_index(
        op.f("ix_tip_nominations_workspace_state"),
        "tip_nominations",
        ["workspace", "state"],
        unique=False,
    )

    op.create_table(
        "tip_cards",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tip", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("shown_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("stability", sa.Float(), nullable=True),
        sa.Column("difficulty", sa.Float(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("reps", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("knew", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_tip_cards_person_people")),
        sa.PrimaryKeyConstraint("person", "tip", name=op.f("pk_tip_cards")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_tip_cards_workspace_tip"), "tip_cards", ["workspace", "tip"], unique=False
    )

    op.create_table(
        "tip_learners",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("recent", sa.Text(), nullable=False),
        sa.Column("tip", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("variant", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("asks", sa.Boolean(), nullable=True),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("is_new", sa.Boolean(), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_tip_learners_person_people")
        ),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_tip_learners")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tip_reviews",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tip", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reaction", sa.Text(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("certainty", sa.Text(), nullable=True),
        sa.Column("hint", sa.Boolean(), nullable=False),
        sa.Column("knew", sa.Boolean(), nullable=False),
        sa.Column("stability", sa.Float(), nullable=True),
        sa.Column("difficulty", sa.Float(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("chosen", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_tip_reviews_person_people")
        ),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_tip_reviews_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("person", "tip", "number", name=op.f("pk_tip_reviews")),
    )
    op.create_index(op.f("ix_tip_reviews_day"), "tip_reviews", ["day"], unique=False)
    op.create_index(
        op.f("ix_tip_reviews_workspace_tip"), "tip_reviews", ["workspace", "tip"], unique=False
    )

    op.create_table(
        "tip_subscriptions",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("weekdays", sa.Text(), nullable=False),
        sa.Column("opted_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("finished", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_tip_subscriptions_person_people")
        ),
        sa.PrimaryKeyConstraint("person", "topic", name=op.f("pk_tip_subscriptions")),
        sqlite_with_rowid=False,
    )
