"""Keep what packs hold."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pack_things",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("quiz", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("brought", sa.Text(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_pack_things_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace", "kind", "id", name=op.f("pk_pack_things")),
    )
    op.create_index(op.f("ix_pack_things_workspace_topic"), "pack_things", ["workspace", "topic"])
    op.create_index(op.f("ix_pack_things_workspace_quiz"), "pack_things", ["workspace", "quiz"])
    op.create_index(op.f("ix_pack_things_workspace_pack"), "pack_things", ["workspace", "pack"])
    op.create_table(
        "pack_bodies",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_pack_bodies_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace", "digest", name=op.f("pk_pack_bodies")),
    )
    op.create_table(
        "pack_editions",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_pack_editions_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pack_editions")),
    )
    op.create_index(
        op.f("ix_pack_editions_workspace_kind_id_version"),
        "pack_editions",
        ["workspace", "kind", "id", "version"],
    )
    op.create_table(
        "pack_families",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name=op.f("fk_pack_families_workspace_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace", "item", "version", name=op.f("pk_pack_families")),
    )
