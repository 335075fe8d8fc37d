"""Fixtures for the whole suite: a PostgreSQL server (`tests/postgres.py`) and a database for
each test (`tests/databases.py`), whose statements are compiled once (`tests/compiled.py`)."""

import hypothesis
import pytest
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


# How long an example may take says how busy a machine is, and nothing of what is tested.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

SLOW = ("cli", "crash", "e2e")
"""Folders of tests that mostly wait for processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest, so that nothing is left that only one worker can do."""
    items.sort(key=lambda item: item.path.parent.name not in SLOW)
