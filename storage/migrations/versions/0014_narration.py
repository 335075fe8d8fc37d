"""Keep what people narrate of their work, sealed, and what they allow."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _name(name: str) -> str:
    return op.f(name)


def upgrade() -> None:
    op.create_table(
        "narrations",
        sa.Column("number", _SERIAL, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("revisit_on", sa.Date(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("shared_on", sa.Date(), nullable=True),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author"], ["people.id"], name=_name("fk_narrations_author_people")
        ),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=_name("fk_narrations_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("number", name=_name("pk_narrations")),
        sa.UniqueConstraint("id", name=_name("uq_narrations_id")),
    )
    op.create_index(_name("ix_narrations_author"), "narrations", ["author"])
    op.create_index(
        _name("ix_narrations_workspace_reach_shared_on"),
        "narrations",
        ["workspace", "reach", "shared_on"],
    )
    op.create_table(
        "narration_readers",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("narration", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=_name("fk_narration_readers_person_people")
        ),
        sa.ForeignKeyConstraint(
            ["narration"],
            ["narrations.id"],
            name=_name("fk_narration_readers_narration_narrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person", "narration", name=_name("pk_narration_readers")),
    )
    op.create_index(_name("ix_narration_readers_narration"), "narration_readers", ["narration"])
    op.create_table(
        "narration_habits",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("last", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=_name("fk_narration_habits_person_people")
        ),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=_name("fk_narration_habits_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("person", name=_name("pk_narration_habits")),
    )
    op.create_table(
        "narration_consents",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=_name("fk_narration_consents_person_people")
        ),
        sa.ForeignKeyConstraint(
            ["workspace"],
            ["workspaces.id"],
            name=_name("fk_narration_consents_workspace_workspaces"),
        ),
        sa.PrimaryKeyConstraint("id", name=_name("pk_narration_consents")),
    )
    op.create_index(_name("ix_narration_consents_person"), "narration_consents", ["person"])
    op.create_table(
        "narration_introductions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("asker", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("narration", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asker"], ["people.id"], name=_name("fk_narration_introductions_asker_people")
        ),
        sa.ForeignKeyConstraint(
            ["asked"], ["people.id"], name=_name("fk_narration_introductions_asked_people")
        ),
        sa.ForeignKeyConstraint(
            ["narration"],
            ["narrations.id"],
            name=_name("fk_narration_introductions_narration_narrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace"],
            ["workspaces.id"],
            name=_name("fk_narration_introductions_workspace_workspaces"),
        ),
        sa.PrimaryKeyConstraint("id", name=_name("pk_narration_introductions")),
        sa.UniqueConstraint(
            "asker", "narration", name=_name("uq_narration_introductions_asker_narration")
        ),
    )
    op.create_index(_name("ix_narration_introductions_asked"), "narration_introductions", ["asked"])
    op.create_index(
        _name("ix_narration_introductions_narration"), "narration_introductions", ["narration"]
    )
    op.create_table(
        "narration_digests",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("narrations", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"],
            ["workspaces.id"],
            name=_name("fk_narration_digests_workspace_workspaces"),
        ),
        sa.PrimaryKeyConstraint("key", name=_name("pk_narration_digests")),
    )
    op.create_table(
        "narration_mentions",
        sa.Column("narration", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["narration"],
            ["narrations.id"],
            name=_name("fk_narration_mentions_narration_narrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["narration_digests.key"],
            name=_name("fk_narration_mentions_digest_narration_digests"),
        ),
        sa.PrimaryKeyConstraint("narration", "digest", name=_name("pk_narration_mentions")),
    )
