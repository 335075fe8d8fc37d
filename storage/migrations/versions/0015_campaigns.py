"""Keep campaigns of many activities, and who is in them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("content", "approved_by", "amendment", "allocation", "pauses"):
        op.add_column("campaigns", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "campaign_runs",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("wave", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("bookmark", sa.Text(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("later", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign"], ["campaigns.id"], name=op.f("fk_campaign_runs_campaign_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign", "activity", "wave", name=op.f("pk_campaign_runs")),
    )
    op.create_table(
        "campaign_enrolments",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("wave", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign"], ["campaigns.id"], name=op.f("fk_campaign_enrolments_campaign_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign", "person", name=op.f("pk_campaign_enrolments")),
    )
    op.create_index(op.f("ix_campaign_enrolments_person"), "campaign_enrolments", ["person"])
