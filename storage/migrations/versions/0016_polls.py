"""Keep how many chose what in a poll, and apart from that who has voted."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_ballots",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign"], ["campaigns.id"], name=op.f("fk_campaign_ballots_campaign_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign", "activity", "person", name=op.f("pk_campaign_ballots")),
    )
    op.create_index(op.f("ix_campaign_ballots_person"), "campaign_ballots", ["person"])
    op.create_table(
        "campaign_votes",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("option", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign"], ["campaigns.id"], name=op.f("fk_campaign_votes_campaign_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign", "activity", "option", name=op.f("pk_campaign_votes")),
    )
