"""The schema: one linear history that ends where the tables begin."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from storage.database import make_engine
from storage.migrate import SCHEMA


def test_the_steps_end_at_the_tables(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, SCHEMA)
    engine.dispose()
    assert differences == []
