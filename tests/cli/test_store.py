"""What is wrong with a database is said before anything is begun with it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.bootstrap.letters import read_lanes
from bot.bootstrap.store import copy_database, open_database, open_for_trial
from bot.capabilities.questions.memory import Memory
from bot.settings import Misconfigured, Settings
from storage.database import Database, make_engine
from tests.databases import RELAY_KEY
from tests.permission import read_only
from tests.storage.example import ACME


def test_a_file_that_may_only_be_read_is_refused_at_the_start(sqlite_url: str) -> None:
    with read_only(Path(sqlite_url.removeprefix("sqlite:///"))) as file:
        settings = Settings(database_url=f"sqlite:///{file}", relay_key=SecretStr("k" * 40))
        with pytest.raises(Misconfigured) as caught, open_database(settings):
            pass
        assert str(caught.value) == (
            f"INFLOW_DATABASE_URL: {file} cannot be written by the user who runs Inflow. "
            f"Allow it with: chmod u+rwX {file} (or chown, where it belongs to somebody else). "
            "SQLite needs both the file and its folder."
        )
        assert {path.name for path in file.parent.iterdir()} == {"inflow.db"}


@pytest.mark.parametrize("on", ["sqlite", "server"])
def test_who_only_looks_says_that_a_newer_version_has_used_the_database(
    sqlite_url: str, postgres_url: str, on: str
) -> None:
    url = sqlite_url if on == "sqlite" else postgres_url
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    settings = Settings(database_url=url, relay_key=SecretStr("k" * 40))
    with pytest.raises(Misconfigured, match="A newer version of Inflow has used this database"):
        read_lanes(settings, None, None)
    with (
        pytest.raises(Misconfigured, match="A newer version of Inflow has used this database"),
        open_for_trial(settings),
    ):
        pass


def test_nothing_is_begun_on_half_a_copy(
    sqlite_url: str, new_postgres_database: Callable[..., str]
) -> None:
    with Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory()).transaction() as work:
        work.people.add_workspace(ACME)
    target = new_postgres_database()

    def stop(_table: str, done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    settings = Settings(database_url=target, relay_key=SecretStr("k" * 40))
    with pytest.raises(KeyboardInterrupt):
        copy_database(sqlite_url, target, stop)
    with (
        pytest.raises(Misconfigured, match="unfinished copy of another one"),
        open_database(settings),
    ):
        pass
    copy_database(sqlite_url, target, lambda *_: None)
    with open_database(settings):
        pass
