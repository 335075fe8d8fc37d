"""Fixtures for the whole suite: a PostgreSQL server (`tests/postgres.py`) and a database for
each test (`tests/databases.py`), whose statements are compiled once (`tests/compiled.py`)."""

import structlog

pytest_plugins = ["tests.compiled", "tests.postgres", "tests.databases"]


def pytest_configure() -> None:
    """Let what is logged while nobody configured it show errors as Python shows them.

    Where `rich` is installed, as the tools of this project bring it, structlog has it draw the
    variables of every frame: with a whole world among them that takes a second for each error.
    """
    *before, _drawing = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[*before, plain])
