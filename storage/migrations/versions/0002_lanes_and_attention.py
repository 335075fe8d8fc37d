"""Carry letters at a rate, and count attention."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rates",
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("arrivals", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Float(), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clean_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_from", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("lane", "conversation", name=op.f("pk_rates")),
    )
    op.create_table(
        "days_off",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_days_off_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace", "person", "day", name=op.f("pk_days_off")),
    )
    op.create_table(
        "attention",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("per_week", sa.Integer(), nullable=True),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ignored", sa.Integer(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_attention_person_people")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_attention")),
    )
    op.create_table(
        "slots",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("weekdays", sa.Text(), nullable=False),
        sa.Column("next_day", sa.Date(), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_slots_person_people")),
        sa.PrimaryKeyConstraint("person", "kind", name=op.f("pk_slots")),
    )
    op.create_index(
        op.f("ix_slots_kind_next_due_at_person"),
        "slots",
        ["kind", "next_due_at", "person"],
        unique=False,
    )

    op.add_column("outbox", sa.Column("source", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("outbox", sa.Column("good_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("because", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("refusals", sa.Integer(), nullable=True))
    op.drop_index(op.f("ix_outbox_workspace_state_priority_due_at"), table_name="outbox")
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["workspace", "priority", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_outbox_carried_by",
        "outbox",
        ["carried_by"],
        unique=False,
        sqlite_where=sa.text("carried_by IS NOT NULL"),
        postgresql_where=sa.text("carried_by IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_in_hand",
        "outbox",
        ["workspace", "lease_until"],
        unique=False,
        sqlite_where=sa.text("state IN ('leased', 'sending', 'ambiguous')"),
        postgresql_where=sa.text("state IN ('leased', 'sending', 'ambiguous')"),
    )
    # Until now a letter nobody could speak for had no moment at which to look it up.
    op.execute(
        "UPDATE outbox SET lease_until = '1970-01-01 00:00:00.000000'"
        " WHERE state = 'ambiguous' AND lease_until IS NULL"
    )
    op.create_index(
        "ix_outbox_person_day",
        "outbox",
        ["person", "day"],
        unique=False,
        sqlite_where=sa.text("day IS NOT NULL"),
        postgresql_where=sa.text("day IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_workspace_source_state",
        "outbox",
        ["workspace", "source", "state"],
        unique=False,
        sqlite_where=sa.text("source IS NOT NULL"),
        postgresql_where=sa.text("source IS NOT NULL"),
    )

    op.add_column("people", sa.Column("country", sa.Text(), nullable=True))

    op.add_column("workspaces", sa.Column("country", sa.Text(), nullable=True))

    op.add_column(
        "transcript",
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    )
    op.create_index(op.f("ix_transcript_revision"), "transcript", ["revision"], unique=False)
