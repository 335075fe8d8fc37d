"""Fixtures for the whole suite; those of the PostgreSQL server are in `tests/postgres.py`."""

pytest_plugins = ["tests.postgres"]
