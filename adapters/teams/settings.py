"""The settings of Teams, from the environment.

What Microsoft's registration says is under Microsoft's own names (`MICROSOFT_APP_ID`), all else is
`TEAMS_` and the field in capitals. Nothing here shows the value of a secret, and no sentence about
a wrong one quotes it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.settings import Misconfigured, Settings, is_safe_address, is_this_machine

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""An id in Entra: of an app, an organisation or a person."""
OVERVIEW = "the app's registration in Entra, Overview"
PLAYGROUND = "http://127.0.0.1:56150"
"""Where Microsoft's Playground plays Teams, unless it is told otherwise."""

AppType = Literal["SingleTenant", "UserAssignedMSI"]


class TeamsSettings(BaseModel):
    """What an administrator sets for Teams; `read_teams_settings` reads it.

    A variable that is set to nothing counts as not set. Ids are in small letters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_id: str | None = Field(
        default=None,
        description="The Application (client) ID of the bot's registration.",
    )
    app_password: SecretStr | None = Field(
        default=None,
        description="The value of a client secret of that registration.",
    )
    app_tenant_id: str | None = Field(
        default=None,
        description="The Directory (tenant) ID of the organisation that is served.",
    )
    app_type: AppType = Field(
        default="SingleTenant",
        description=(
            "The type of the Azure Bot. With UserAssignedMSI no secret is needed: the machine in "
            "Azure that Inflow runs on has the bot's managed identity."
        ),
    )
    identity_endpoint: str | None = Field(
        default=None,
        description="Where tokens of a managed identity are given, as Azure sets it by itself.",
    )
    identity_header: SecretStr | None = Field(
        default=None,
        description="What is shown there, as Azure sets it by itself.",
    )
    anonymous: bool = Field(
        default=False,
        description=(
            "Hear whoever speaks to this machine from itself, without any token: to try things "
            "out with Microsoft's Playground. In the place of the three ids."
        ),
    )
    connector_url: str | None = Field(
        default=None,
        description="A server on this very machine that plays Teams.",
    )
    login_url: str | None = Field(
        default=None,
        description="Where tokens are given; else Microsoft's own address.",
    )
    metadata_url: str | None = Field(
        default=None,
        description="Where the Bot Connector's keys are published; else Microsoft's own address.",
    )
    messages_a_second: int = Field(
        default=30,
        ge=1,
        le=50,
        description="The most messages a second to the organisation.",
    )


_MICROSOFTS = ("app_id", "app_password", "app_tenant_id")
_MANAGED: AppType = "UserAssignedMSI"


def variable_of(field: str) -> str:
    """The name of the environment variable behind a field of `TeamsSettings`."""
    if field.startswith("identity_"):
        return field.upper()
    return f"{'MICROSOFT' if field.startswith('app_') else 'TEAMS'}_{field.upper()}"


VARIABLES = tuple(variable_of(field) for field in TeamsSettings.model_fields)
CREDENTIALS = (*(variable_of(field) for field in _MICROSOFTS), variable_of("anonymous"))
"""Whoever sets one of these wants Teams."""

_SAID = {
    "app_type": (
        "MICROSOFT_APP_TYPE is SingleTenant or UserAssignedMSI, as it stands under Configuration "
        "of the Azure Bot."
    ),
    "anonymous": "TEAMS_ANONYMOUS is true or false.",
    "messages_a_second": "TEAMS_MESSAGES_A_SECOND is a whole number from 1 to 50.",
}


def read_teams_settings(
    settings: Settings, environment: Mapping[str, str] = os.environ
) -> TeamsSettings | None:
    """The settings of Teams; None where nobody wants it.

    Raises:
        Misconfigured: they cannot be used together; one sentence for each mistake.
    """
    given = {name: environment.get(name, "").strip() for name in VARIABLES}
    if not any(given[name] for name in CREDENTIALS):
        return None
    try:
        # The environment is read here and not by the library, so that no other one counts.
        found = TeamsSettings.model_validate(
            {f: said for f in TeamsSettings.model_fields if (said := given[variable_of(f)])}
        )
    except ValidationError as error:
        raise Misconfigured(*(_SAID[str(each["loc"][0])] for each in error.errors())) from None
    if not found.anonymous and not any(given[variable_of(field)] for field in _MICROSOFTS):
        return None
    complaints = list(_check(found, settings))
    if complaints:
        raise Misconfigured(*complaints)
    small = {
        field: said.lower()
        for field in ("app_id", "app_tenant_id")
        if (said := getattr(found, field)) is not None
    }
    return found.model_copy(update=small)


def _check(teams: TeamsSettings, settings: Settings) -> Iterator[str]:
    """What is wrong with the settings, a sentence each."""
    yield from _check_addresses(teams)
    if teams.anonymous:
        yield from _check_anonymous(teams, settings)
        return
    yield from _check_id("MICROSOFT_APP_ID", teams.app_id, "Application (client) ID")
    yield from _check_id("MICROSOFT_APP_TENANT_ID", teams.app_tenant_id, "Directory (tenant) ID")
    secret = teams.app_password.get_secret_value() if teams.app_password else ""
    if teams.app_type == _MANAGED:
        if secret:
            yield (
                "MICROSOFT_APP_PASSWORD is set beside MICROSOFT_APP_TYPE=UserAssignedMSI, which "
                "needs no secret: unset the one or the other."
            )
        return
    if not secret:
        yield (
            "MICROSOFT_APP_PASSWORD is not set. Make a client secret under Certificates & secrets "
            "of the app's registration in Entra, and copy its Value."
        )
    elif GUID.fullmatch(secret):
        yield (
            "MICROSOFT_APP_PASSWORD holds an id. It wants the Value of the client secret, which "
            "stands beside its Secret ID, and can be read only right after it was made."
        )
    elif not re.fullmatch(r"[!-~]{16,}", secret):
        yield (
            "MICROSOFT_APP_PASSWORD is too short or holds what no client secret does. Copy the "
            "Value from Certificates & secrets."
        )


def _check_id(variable: str, said: str | None, called: str) -> Iterator[str]:
    if said is None:
        yield f"{variable} is not set. It is the {called} of {OVERVIEW}."
    elif not GUID.fullmatch(said):
        yield f"{variable} is no id. Copy the {called} from {OVERVIEW}."


def _check_anonymous(teams: TeamsSettings, settings: Settings) -> Iterator[str]:
    named = [variable_of(field) for field in _MICROSOFTS if getattr(teams, field) is not None]
    if named:
        yield (
            f"TEAMS_ANONYMOUS is set beside {', '.join(named)}. Without tokens anybody on this "
            "machine could act as anybody, so it is for trying things out alone: unset the one "
            "or the other."
        )
    if not is_this_machine(settings.host):
        yield (
            f"TEAMS_ANONYMOUS is set and INFLOW_HOST is {settings.host}, where others could reach "
            "Inflow. Without tokens Teams is heard on this machine alone: 127.0.0.1"
        )
    if settings.public_url is not None:
        yield (
            "TEAMS_ANONYMOUS is set beside INFLOW_PUBLIC_URL, by which others reach Inflow. "
            "Without tokens Teams is heard on this machine alone: unset one of them."
        )


def _check_addresses(teams: TeamsSettings) -> Iterator[str]:
    for field in ("login_url", "metadata_url"):
        url = getattr(teams, field)
        if url is not None and not is_safe_address(url):
            yield (
                f"{variable_of(field)} is an address that begins with https://, or with http:// "
                "on this very machine."
            )
    url = teams.connector_url
    if url is not None and not (is_safe_address(url) and url.startswith("http:")):
        yield f"TEAMS_CONNECTOR_URL is an address on this very machine: {PLAYGROUND}"
