"""What an administrator sets for Slack, and what is said about mistakes in it."""

import pytest
from pydantic import SecretStr

from adapters.slack.settings import SlackSettings, Transport, read_slack_settings
from bot.settings import Misconfigured, Settings, is_safe_address

BOT = "xoxb-hushhush"
APP = "xapp-hushhush"
SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
BASE = Settings(_env_file=None)
FOR_MANY = Settings(_env_file=None, public_url="https://inflow.example.com")


def read(settings: Settings = BASE, **variables: str) -> SlackSettings | None:
    return read_slack_settings(settings, {f"SLACK_{n.upper()}": v for n, v in variables.items()})


def complaint(settings: Settings = BASE, **variables: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        read(settings, **variables)
    said = str(caught.value)
    assert not any(secret in said for secret in ("hushhush", SIGNING))
    return said


def test_without_a_credential_nobody_wants_slack() -> None:
    assert read() is None
    assert read(commands="ask=askhr", api_base_url="http://127.0.0.1:1/") is None
    assert read(bot_token="", app_token=" ") is None


def test_two_tokens_are_enough_for_socket_mode() -> None:
    slack = read(bot_token=f" {BOT}\n", app_token=APP)
    assert slack is not None
    assert slack.transports == (Transport.SOCKET,)
    assert not slack.is_for_many
    assert slack.bot_token == SecretStr(BOT)
    assert slack.api_base_url == "https://slack.com/api/"


def test_a_signing_secret_is_enough_for_http() -> None:
    slack = read(bot_token=BOT, signing_secret=SIGNING)
    assert slack is not None
    assert slack.transports == (Transport.HTTP,)


def test_many_workspaces_need_an_address() -> None:
    given = {"client_id": "1.2", "client_secret": "hushhush", "signing_secret": SIGNING}
    slack = read(FOR_MANY, **given)
    assert slack is not None
    assert slack.is_for_many
    said = complaint(BASE, **given)
    assert "INFLOW_PUBLIC_URL is not set" in said


def test_settings_show_no_secret() -> None:
    slack = read(bot_token=BOT, app_token=APP, signing_secret=SIGNING)
    assert slack is not None
    assert "hushhush" not in f"{slack} {slack!r} {slack.model_dump()}"
    assert SIGNING not in f"{slack} {slack!r} {slack.model_dump()}"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"app_token": APP}, "SLACK_APP_TOKEN is set and SLACK_BOT_TOKEN is not."),
        ({"signing_secret": SIGNING}, "SLACK_SIGNING_SECRET is set and SLACK_BOT_TOKEN is not."),
        ({"bot_token": BOT}, "Slack cannot reach Inflow yet: set SLACK_APP_TOKEN"),
        ({"bot_token": BOT, "signing_secret": " "}, "SLACK_SIGNING_SECRET is set to nothing."),
        ({"bot_token": APP, "app_token": BOT}, "hold each other's token"),
        (
            {"bot_token": "xoxp-hushhush", "app_token": APP},
            "SLACK_BOT_TOKEN holds a user token. It wants the Bot User OAuth Token",
        ),
        ({"bot_token": APP, "app_token": APP}, "SLACK_BOT_TOKEN holds an app-level token."),
        ({"bot_token": "hello", "app_token": APP}, "SLACK_BOT_TOKEN holds no token of Slack."),
        ({"bot_token": BOT, "app_token": BOT}, "SLACK_APP_TOKEN holds a bot token."),
        ({"bot_token": BOT, "signing_secret": BOT}, "SLACK_SIGNING_SECRET holds a bot token."),
        ({"bot_token": BOT, "signing_secret": "short"}, "SLACK_SIGNING_SECRET is too short"),
        ({"bot_token": BOT, "client_id": "1.2"}, "leave one of them away"),
        ({"client_secret": "hushhush"}, "SLACK_CLIENT_SECRET is set and SLACK_CLIENT_ID is not."),
        ({"client_id": "1.2", "app_token": APP}, "SLACK_CLIENT_ID is set and SLACK_CLIENT_SECRET"),
        (
            {"bot_token": BOT, "app_token": APP, "messages_a_minute": "0"},
            "SLACK_MESSAGES_A_MINUTE is a whole number from 1 to 6000.",
        ),
        (
            {"bot_token": BOT, "app_token": APP, "commands": "ask=Ask HR"},
            "SLACK_COMMANDS: “ask=Ask HR” is no name for a command.",
        ),
        (
            {"bot_token": BOT, "app_token": APP, "commands": "ask=bot,learn=bot"},
            "SLACK_COMMANDS gives two commands the same name.",
        ),
        (
            {"bot_token": BOT, "app_token": APP, "api_base_url": "http://slack.com/api/"},
            "SLACK_API_BASE_URL is an address that begins with https://",
        ),
    ],
)
def test_a_mistake_is_said_in_a_sentence(variables: dict[str, str], said: str) -> None:
    assert said in complaint(BASE, **variables)


def test_commands_are_read_with_or_without_a_slash() -> None:
    slack = read(bot_token=BOT, app_token=APP, commands=" /ask = /askhr , learn=inflow,")
    assert slack is not None
    assert slack.command_names == {"ask": "askhr", "learn": "inflow"}


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://slack.com/api/", True),
        ("http://127.0.0.1:9/api/", True),
        ("http://localhost:9", True),
        ("http://[::1]:9", True),
        ("http://10.0.0.1/", False),
        ("ftp://127.0.0.1/", False),
        ("https://", False),
        ("https://slack.com:port/", False),
        ("https://me:pass@slack.com/", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_a_secret_goes_only_where_nobody_listens(address: str, is_safe: bool) -> None:
    assert is_safe_address(address) is is_safe
