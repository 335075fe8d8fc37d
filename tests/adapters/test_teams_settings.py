"""What an administrator sets for Teams, and what is said about mistakes in it."""

import pytest

from adapters.teams.client import IMDS, Credentials, Identity
from adapters.teams.settings import TeamsSettings, read_teams_settings, variable_of
from bot.bootstrap.teams import credentials_of
from bot.settings import PLATFORM_CREDENTIALS, Misconfigured, Settings

APP = "6f0b2c54-1111-2222-3333-0123456789ab"
TENANT = "aaaaaaaa-0000-4000-8000-00000000000a"
PASSWORD = "hushhush~of-forty-characters-or-so"
GIVEN = {"app_id": APP, "app_password": PASSWORD, "app_tenant_id": TENANT}
BASE = Settings(_env_file=None)
OPEN = Settings(_env_file=None, host="0.0.0.0")
PUBLIC = Settings(_env_file=None, public_url="https://inflow.example.com")


def read(settings: Settings = BASE, /, **given: str) -> TeamsSettings | None:
    return read_teams_settings(settings, {variable_of(name): said for name, said in given.items()})


def complaint(settings: Settings = BASE, /, **given: str) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        read(settings, **given)
    assert "hushhush" not in str(caught.value)
    return caught.value.sentences


def test_without_a_credential_nobody_wants_teams() -> None:
    assert read() is None
    assert read(app_id=" ", app_password="") is None
    assert read(anonymous="false", login_url="http://127.0.0.1:1/") is None


def test_three_values_are_enough_and_ids_are_in_small_letters() -> None:
    teams = read(**GIVEN | {"app_id": f" {APP.upper()}\n", "app_tenant_id": TENANT.upper()})
    assert teams is not None
    assert not teams.anonymous
    assert teams.app_password is not None
    assert teams.app_password.get_secret_value() == PASSWORD
    assert (teams.app_id, teams.app_tenant_id) == (APP, TENANT)


def test_settings_show_no_secret() -> None:
    teams = read(**GIVEN)
    assert teams is not None
    assert "hushhush" not in f"{teams} {teams!r} {teams.model_dump()}"


def test_the_playground_keeps_away_from_every_credential() -> None:
    ours = {variable_of(name) for name in GIVEN}
    assert ours <= set(PLATFORM_CREDENTIALS)


@pytest.mark.parametrize("field", GIVEN)
def test_a_value_that_is_missing_is_named_with_where_it_stands(field: str) -> None:
    (said,) = complaint(**{name: value for name, value in GIVEN.items() if name != field})
    assert said.startswith(f"{variable_of(field)} is not set. ")
    assert "Entra" in said


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("app_id", "hushhush", "MICROSOFT_APP_ID is no id."),
        ("app_tenant_id", "hushhush.onmicrosoft.com", "MICROSOFT_APP_TENANT_ID is no id."),
        ("app_password", APP, "MICROSOFT_APP_PASSWORD holds an id."),
        ("app_password", "hushhush", "MICROSOFT_APP_PASSWORD is too short"),
        ("app_password", "hushhush of three words", "MICROSOFT_APP_PASSWORD is too short"),
        ("login_url", "http://login.example.com/", "TEAMS_LOGIN_URL is an address"),
        ("metadata_url", "keys", "TEAMS_METADATA_URL is an address"),
        ("connector_url", "http://teams.example.com", "TEAMS_CONNECTOR_URL is an address on"),
        ("connector_url", "https://teams.example.com", "TEAMS_CONNECTOR_URL is an address on"),
        ("messages_a_second", "51", "TEAMS_MESSAGES_A_SECOND is a whole number from 1 to 50."),
        ("messages_a_second", "hushhush", "TEAMS_MESSAGES_A_SECOND is a whole number"),
        ("anonymous", "hushhush", "TEAMS_ANONYMOUS is true or false."),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(field: str, value: str, said: str) -> None:
    (only,) = complaint(**GIVEN | {field: value})
    assert only.startswith(said)


def test_managed_identity_needs_no_secret() -> None:
    ids = {"app_id": APP, "app_tenant_id": TENANT, "app_type": "UserAssignedMSI"}
    teams = read(**ids)
    assert teams is not None
    assert credentials_of(teams) == Identity(APP, TENANT, IMDS)
    given = {"identity_endpoint": "http://127.0.0.1:41741/msi/token", "identity_header": "hushhush"}
    teams = read(**ids, **given)
    assert teams is not None
    assert credentials_of(teams) == Identity(APP, TENANT, given["identity_endpoint"], "hushhush")
    assert "hushhush" not in f"{teams} {credentials_of(teams)}"
    # Azure sets these for any program, also where the bot has a secret.
    teams = read(**GIVEN, **given)
    assert teams is not None
    assert credentials_of(teams) == Credentials(APP, PASSWORD, TENANT)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"app_password": PASSWORD}, "MICROSOFT_APP_PASSWORD is set beside MICROSOFT_APP_TYPE="),
        ({"app_type": "MultiTenant"}, "MICROSOFT_APP_TYPE is SingleTenant or UserAssignedMSI,"),
        ({"app_tenant_id": ""}, "MICROSOFT_APP_TENANT_ID is not set."),
    ],
)
def test_mistake_with_a_managed_identity_is_named(more: dict[str, str], said: str) -> None:
    ids = {"app_id": APP, "app_tenant_id": TENANT, "app_type": "UserAssignedMSI"}
    (only,) = complaint(**ids | more)
    assert only.startswith(said)


def test_each_mistake_has_its_sentence() -> None:
    assert len(complaint(app_id="hushhush")) == 3


def test_without_tokens_only_this_machine_is_heard_and_only_when_asked_for() -> None:
    teams = read(anonymous="true", connector_url="http://localhost:56150/_connector")
    assert teams is not None
    assert teams.anonymous
    assert teams.app_id is None
    (said,) = complaint(OPEN, anonymous="true")
    assert "INFLOW_HOST is 0.0.0.0, where others could reach Inflow" in said
    (said,) = complaint(PUBLIC, anonymous="true")
    assert "INFLOW_PUBLIC_URL" in said


@pytest.mark.parametrize("field", GIVEN)
def test_without_tokens_no_credential_may_be_set(field: str) -> None:
    (said,) = complaint(anonymous="true", **{field: GIVEN[field]})
    assert f"beside {variable_of(field)}." in said
