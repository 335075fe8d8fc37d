"""What is wrong with a database is said before anything is begun with it."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.bootstrap.letters import read_lanes
from bot.bootstrap.store import open_database, open_for_trial
from bot.settings import Misconfigured, Settings
from storage.database import make_engine
from tests.permission import read_only


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
