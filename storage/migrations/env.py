"""What Alembic runs: the steps, in the transaction of a connection that is given to it."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import DateTime, TypeDecorator

from storage.migrate import SCHEMA


def name_plainly(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """A step names the plain type of a column: our own types may change after it."""
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    plain = item.impl_instance
    return "sa.DateTime(timezone=True)" if isinstance(plain, DateTime) else f"sa.{plain!r}"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SCHEMA,
    # SQLite alters a table by copying it.
    render_as_batch=True,
    render_item=name_plainly,
)

with context.begin_transaction():
    context.run_migrations()
