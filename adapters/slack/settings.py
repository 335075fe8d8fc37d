"""The settings of Slack, from the environment: `SLACK_` and the field in capitals.

Nothing here shows the value of a secret, and no sentence about a wrong one quotes it.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.settings import Misconfigured, Settings, is_safe_address

WORD = re.compile(r"[a-z0-9_-]{1,31}")
"""A slash command without its slash; Slack takes 32 characters with it."""
MEMBER = re.compile(r"[UW][A-Z0-9]{1,20}")
"""A member id, as people copy it from a profile."""
API = "https://slack.com/api/"

_KINDS = {
    "xoxb-": "a bot token",
    "xoxe.xoxb-": "a bot token that is exchanged every twelve hours",
    "xapp-": "an app-level token",
    "xoxp-": "a user token",
    "xoxe.xoxp-": "a user token",
    "xoxe-": "a refresh token",
    "xoxa-": "a workspace token of an older kind",
    "xoxs-": "a browser's session token",
    "xoxc-": "a browser's session token",
}
"""Slack's tokens, by what they begin with."""


class Transport(StrEnum):
    """How Slack reaches this process."""

    SOCKET = "Socket Mode"
    HTTP = "HTTP"


class SlackSettings(BaseModel):
    """What an administrator sets for Slack; `read_slack_settings` reads it.

    A variable that is set to nothing counts as not set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: SecretStr | None = Field(
        default=None,
        description="The bot's token in one workspace, `xoxb-...`.",
    )
    app_token: SecretStr | None = Field(
        default=None,
        description="The app-level token of Socket Mode, `xapp-...`.",
    )
    signing_secret: SecretStr | None = Field(
        default=None,
        description="What Slack signs its requests over HTTP with.",
    )
    client_id: str | None = Field(
        default=None,
        description="With the client secret, any workspace may install the app (OAuth).",
    )
    client_secret: SecretStr | None = Field(default=None, description="See the client id.")
    api_base_url: str = Field(
        default=API,
        description="Where Slack's Web API is.",
    )
    commands: str = Field(
        default="",
        description="Other names for commands that are taken: ask=askhr,learn=inflow.",
    )
    messages_a_minute: int = Field(
        default=525,
        ge=1,
        le=6_000,
        description=(
            "The most letters a minute to one workspace. Slack allows several hundred and does "
            "not say how many, so Inflow begins at 240 and finds its speed up to here."
        ),
    )

    @property
    def is_for_many(self) -> bool:
        """Whether workspaces install the app by OAuth, and no token is given for one."""
        return self.client_id is not None

    @property
    def transports(self) -> tuple[Transport, ...]:
        """How Slack may reach us; at least one way once `check` had nothing to say."""
        return tuple(
            transport
            for transport, secret in (
                (Transport.SOCKET, self.app_token),
                (Transport.HTTP, self.signing_secret),
            )
            if secret is not None
        )

    @property
    def command_names(self) -> Mapping[str, str]:
        """Our words and the slash commands that stand for them, where they differ."""
        return dict(_pairs(self.commands))


def variable_of(field: str) -> str:
    """The name of the environment variable behind a field of `SlackSettings`."""
    return f"SLACK_{field.upper()}"


VARIABLES = tuple(variable_of(field) for field in SlackSettings.model_fields)
CREDENTIALS = tuple(
    variable_of(field)
    for field in ("bot_token", "app_token", "signing_secret", "client_id", "client_secret")
)
"""Whoever sets one of these wants Slack."""


def read_slack_settings(
    settings: Settings, environment: Mapping[str, str] = os.environ
) -> SlackSettings | None:
    """The settings of Slack; None where no credential is set, so that nobody wants it.

    Raises:
        Misconfigured: they cannot be used together; one sentence for each mistake.
    """
    given = {name: environment.get(name, "").strip() for name in VARIABLES}
    if not any(given[name] for name in CREDENTIALS):
        return None
    try:
        # The environment is read here and not by the library, so that no other one counts.
        found = SlackSettings.model_validate(
            {f: said for f in SlackSettings.model_fields if (said := given[variable_of(f)])}
        )
    except ValidationError:
        raise Misconfigured("SLACK_MESSAGES_A_MINUTE is a whole number from 1 to 6000.") from None
    empty = [name for name in VARIABLES if name in environment and not given[name]]
    complaints = check(found, settings, empty)
    if complaints:
        raise Misconfigured(*complaints)
    return found


def read_command_names(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What SLACK_COMMANDS says, whatever else is set.

    Raises:
        Misconfigured: it cannot be read.
    """
    slack = SlackSettings(commands=environment.get("SLACK_COMMANDS", ""))
    for complaint in _check_commands(slack):
        raise Misconfigured(complaint)
    return slack.command_names


def check(slack: SlackSettings, settings: Settings, empty: Collection[str] = ()) -> list[str]:
    """What is wrong with the settings, a sentence each; nothing when they can be used.

    `empty` are the variables that are set to nothing.
    """
    said = [*_check_tokens(slack), *_check_commands(slack), *_check_address(slack)]
    if said:
        return said
    return [
        *_check_combination(slack, empty),
        *(_check_many(slack, settings) if slack.is_for_many else ()),
    ]


def kind_of(token: str) -> str:
    """What kind of token it is, by its beginning, in words."""
    for beginning, kind in _KINDS.items():
        if token.startswith(beginning):
            return kind
    return "no token of Slack"


def _check_tokens(slack: SlackSettings) -> Iterator[str]:
    bot, app, secret = (
        each.get_secret_value() if each else ""
        for each in (slack.bot_token, slack.app_token, slack.signing_secret)
    )
    if bot.startswith("xapp-") and app.startswith("xoxb-"):
        yield (
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN hold each other's token: the bot token begins "
            "with xoxb-, the app-level token with xapp-."
        )
        return
    if bot and not bot.startswith(("xoxb-", "xoxe.xoxb-")):
        yield (
            f"SLACK_BOT_TOKEN holds {kind_of(bot)}. It wants the Bot User OAuth Token, which "
            "begins with xoxb- and stands under OAuth & Permissions."
        )
    if app and not app.startswith("xapp-"):
        yield (
            f"SLACK_APP_TOKEN holds {kind_of(app)}. It wants an app-level token, which begins "
            "with xapp- and is made under Basic Information, App-Level Tokens."
        )
    if secret.startswith(("xox", "xapp-")):
        yield (
            f"SLACK_SIGNING_SECRET holds {kind_of(secret)}. It wants the Signing Secret, which "
            "stands under Basic Information, App Credentials."
        )
    elif secret and not re.fullmatch(r"[!-~]{16,}", secret):
        yield (
            "SLACK_SIGNING_SECRET is too short or holds what no signing secret does. Copy it from "
            "Basic Information, App Credentials."
        )


def _check_combination(slack: SlackSettings, empty: Collection[str]) -> Iterator[str]:
    if slack.bot_token and slack.is_for_many:
        yield (
            "SLACK_BOT_TOKEN is for one workspace and SLACK_CLIENT_ID for many: leave one of "
            "them away."
        )
    elif slack.client_secret and not slack.client_id:
        yield "SLACK_CLIENT_SECRET is set and SLACK_CLIENT_ID is not."
    elif not slack.bot_token and not slack.is_for_many:
        given = "SLACK_APP_TOKEN" if slack.app_token else "SLACK_SIGNING_SECRET"
        yield (
            f"{given} is set and SLACK_BOT_TOKEN is not. Copy the Bot User OAuth Token, which "
            "begins with xoxb-, from OAuth & Permissions."
        )
    elif not slack.transports:
        yield (
            "Slack cannot reach Inflow yet: set SLACK_APP_TOKEN for Socket Mode, which needs no "
            "public address, or SLACK_SIGNING_SECRET for HTTP."
        )
        for name in ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
            if name in empty:
                yield f"{name} is set to nothing."


def _check_many(slack: SlackSettings, settings: Settings) -> Iterator[str]:
    if not slack.client_secret:
        yield "SLACK_CLIENT_ID is set and SLACK_CLIENT_SECRET is not."
    if settings.public_url is None:
        yield (
            "INFLOW_PUBLIC_URL is not set. It is the address to which Slack leads people back "
            "after an installation, such as https://inflow.example.com"
        )


def _check_commands(slack: SlackSettings) -> Iterator[str]:
    try:
        names = [name for _, name in _pairs(slack.commands)]
    except ValueError as error:
        yield (
            f"SLACK_COMMANDS: {error}. It is a list such as ask=askhr,learn=inflow, of small "
            "letters, digits, - and _."
        )
        return
    if len(set(names)) < len(names):
        yield "SLACK_COMMANDS gives two commands the same name."


def _pairs(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for pair in filter(None, (each.strip() for each in text.split(","))):
        ours, equals, theirs = (part.strip().lstrip("/") for part in pair.partition("="))
        if not equals or not WORD.fullmatch(ours) or not WORD.fullmatch(theirs):
            raise ValueError(f"“{pair[:40]}” is no name for a command")
        found.append((ours, theirs))
    return found


def _check_address(slack: SlackSettings) -> Iterator[str]:
    if not is_safe_address(slack.api_base_url):
        yield (
            "SLACK_API_BASE_URL is an address that begins with https://, or with http:// on this "
            "very machine: the tokens are sent there."
        )
