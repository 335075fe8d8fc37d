"""Chain evidence by checksums, so that what it says can be forgotten, and keep what is held beneath
an exemption."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_evidence = sa.table(
    "quiz_evidence",
    *(sa.column(name, sa.Text()) for name in ("workspace", "previous", "body", "checksum")),
    sa.column("digest", sa.Text()),
    sa.column("number", sa.Integer()),
)


def upgrade() -> None:
    for name in ("held_from", "held_until"):
        op.add_column("certifications", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("certifications", sa.Column("held_evidence", sa.Text(), nullable=True))
    op.execute("UPDATE certification_events SET kind = 'exempted' WHERE kind = 'waived'")
    op.add_column("quiz_evidence", sa.Column("checksum", sa.Text(), nullable=True))
    op.add_column(
        "quiz_evidence", sa.Column("keep_until", sa.DateTime(timezone=True), nullable=True)
    )
    _chain_anew(op.get_bind())


def _chain_anew(connection: sa.Connection) -> None:
    """By checksums, where it was by what the records say."""
    rows = connection.execute(
        sa.select(_evidence).order_by(_evidence.c.workspace, _evidence.c.number)
    ).all()
    previous: dict[str, str] = {}
    for row in rows:
        last = previous.get(row.workspace, "0" * 64)
        checksum = hashlib.sha256(row.body.encode()).hexdigest()
        digest = hashlib.sha256(f"{row.number}\n{last}\n{checksum}\n".encode()).hexdigest()
        connection.execute(
            sa.update(_evidence)
            .where(_evidence.c.workspace == row.workspace, _evidence.c.number == row.number)
            .values(previous=last, checksum=checksum, digest=digest)
        )
        previous[row.workspace] = digest
