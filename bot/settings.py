"""Settings, from the environment. Names are `INFLOW_` and the field in capitals."""

import ipaddress
import os
from collections.abc import Mapping
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PLATFORM_CREDENTIALS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "MICROSOFT_APP_ID",
    "MICROSOFT_APP_PASSWORD",
    "MICROSOFT_APP_TENANT_ID",
)
PLAYED = "TEAMS_ANONYMOUS"
"""In the place of Teams' three."""
_NOT = {"", "0", "f", "false", "n", "no", "off"}

Vectors = Literal["table", "none"]
Level = Literal["debug", "info", "warning", "error"]

_ALLOWED = {
    "port": "a whole number from 0 to 65535",
    "metrics_port": "a whole number from 0 to 65535",
    "vectors": " or ".join(get_args(Vectors)),
    "demo": "true or false",
    "public_url": "an address that begins with https://",
    "log_level": ", ".join(get_args(Level)[:-1]) + f" or {get_args(Level)[-1]}",
}


class Misconfigured(Exception):
    """Settings are missing or wrong; each sentence names one and says what to do."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class Settings(BaseSettings):
    """How this process runs. Every field has a default that works on one machine.

    A variable that is set to nothing counts as not set. `read_settings` says in a sentence
    what is wrong with one.
    """

    model_config = SettingsConfigDict(env_prefix="INFLOW_", extra="ignore", env_ignore_empty=True)

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
        description="The port of the pages; 0 takes a free one.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on; 0.0.0.0 in a container.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65_535,
        description="Where a worker can be asked how it is; without it a worker has no port.",
    )
    vectors: Vectors = Field(
        default="table",
        description=(
            "Word vectors in search: the table of the [vectors] extra where it is installed, "
            "or none."
        ),
    )
    demo: bool = Field(
        default=True, description="Load the starter pack with its demo workspace at first start."
    )
    admins: str = Field(
        default="",
        description=(
            "Who looks after each workspace from the start, by their ids on the platform "
            "(U012AB3CD), with commas between them. More are made in the bot itself."
        ),
    )
    public_url: str | None = Field(
        default=None,
        description="Where people and platforms reach this process from outside, https://...",
    )
    token_keys: SecretStr | None = Field(
        default=None,
        description=(
            "The keys that seal the tokens of many workspaces, kept apart from the database, "
            "newest first, with commas between them."
        ),
    )
    log_level: Level = Field(
        default="warning", description="How much is written to standard error, as JSON lines."
    )

    @property
    def administrators(self) -> frozenset[str]:
        """The addresses that `admins` names."""
        return frozenset(filter(None, (each.strip() for each in self.admins.split(","))))

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is not None and not is_safe_address(value):
            raise ValueError
        return value.rstrip("/") if value else None

    @field_validator("vectors", "log_level", mode="before")
    @classmethod
    def _fold(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value


def variable_of(field: str) -> str:
    """The name of the environment variable behind a field of `Settings`."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"INFLOW_{field.upper()}"


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises:
        Misconfigured: variables cannot be used; one sentence for each.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = {each["loc"][0]: each["input"] for each in error.errors()}
    sentences = [
        f"{variable_of(field)} is {allowed}, not “{wrong[place]}”."
        for field, allowed in _ALLOWED.items()
        for place in (field, variable_of(field))
        if place in wrong
    ]
    raise Misconfigured(*sentences)


def platform_credentials(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The names of credentials of real platforms that are set; never their values. What stands
    in their place while Teams is played without any is one of them: people are met there."""
    found = [name for name in PLATFORM_CREDENTIALS if environment.get(name)]
    played = environment.get(PLAYED, "").strip().lower()
    return found if played in _NOT else [*found, PLAYED]


def is_safe_address(address: str) -> bool:
    """Whether what is sent to a web address can be read only there: https, or this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        # Whoever names no real port names no address.
        _ = parts.port
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))


def is_this_machine(host: str) -> bool:
    """Whether a name or an address is one that nobody else can reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
