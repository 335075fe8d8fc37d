"""Keep what could be better in content, and what questions are about."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("about", sa.Text(), nullable=True))
    op.create_table(
        "content_issues",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_content_issues_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_issues")),
        sa.UniqueConstraint(
            "workspace", "about", "kind", name=op.f("uq_content_issues_workspace_about_kind")
        ),
    )
    op.create_index(
        op.f("ix_content_issues_workspace_state"), "content_issues", ["workspace", "state"]
    )
    op.create_table(
        "content_issue_events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue"],
            ["content_issues.id"],
            name=op.f("fk_content_issue_events_issue_content_issues"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_issue_events")),
    )
    op.create_index(op.f("ix_content_issue_events_issue"), "content_issue_events", ["issue"])
    op.create_table(
        "content_readers",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_content_readers_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_content_readers")),
    )
    op.create_index(
        op.f("ix_content_readers_workspace_section_at"),
        "content_readers",
        ["workspace", "section", "at"],
    )
    op.create_table(
        "content_signals",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_content_signals_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_signals")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_content_signals_fingerprint")),
        sa.UniqueConstraint(
            "workspace",
            "about",
            "question",
            name=op.f("uq_content_signals_workspace_about_question"),
        ),
    )
    op.create_index(
        op.f("ix_content_signals_workspace_about_at"),
        "content_signals",
        ["workspace", "about", "at"],
    )
    op.create_table(
        "content_answers",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_content_answers_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace", "about", "question", name=op.f("pk_content_answers")),
    )
    op.create_table(
        "content_listeners",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"],
            ["workspaces.id"],
            name=op.f("fk_content_listeners_workspace_workspaces"),
        ),
        sa.PrimaryKeyConstraint("person", "about", name=op.f("pk_content_listeners")),
    )
    op.create_index(
        op.f("ix_content_listeners_workspace_about"), "content_listeners", ["workspace", "about"]
    )
