"""Fixtures for the whole suite: a PostgreSQL server (`tests/postgres.py`) and a database for
each test (`tests/databases.py`)."""

pytest_plugins = ["tests.postgres", "tests.databases"]
