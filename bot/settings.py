"""Settings, from the environment. Names are `INFLOW_` and the field in capitals."""

import os
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PLATFORM_CREDENTIALS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "MICROSOFT_APP_ID",
    "MICROSOFT_APP_PASSWORD",
)


class Settings(BaseSettings):
    """How this process runs. Every field has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="INFLOW_", extra="ignore")

    database_url: str = Field(
        default="sqlite:///inflow.db",
        description="Where everything is kept: sqlite:///file.db or postgresql://...",
    )
    relay_key: SecretStr | None = Field(
        default=None,
        description=(
            "The key that seals who asked anonymously, at least 32 characters, kept apart from "
            "the database. With SQLite and none given, a key file is made beside the database."
        ),
    )
    port: int = Field(
        default=8765,
        ge=0,
        le=65_535,
        validation_alias="PORT",
        description="The port of the playground on 127.0.0.1; 0 takes a free one.",
    )
    vectors: Literal["table", "none"] = Field(
        default="table",
        description=(
            "Word vectors in search: the table of the [vectors] extra where it is installed, "
            "or none."
        ),
    )
    demo: bool = Field(
        default=True, description="Load the starter pack with its demo workspace at first start."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="How much is written to standard error, as JSON lines."
    )


def platform_credentials(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The names of credentials of real platforms that are set; never their values."""
    return [name for name in PLATFORM_CREDENTIALS if environment.get(name)]
