"""What is wrong with a database is said before anything is begun with it."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.bootstrap.store import open_database
from bot.settings import Misconfigured, Settings
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
