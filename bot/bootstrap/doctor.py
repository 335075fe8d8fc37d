"""What `inflow doctor` looks at, put together. It changes nothing and makes no file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from adapters.playground.clock import PlaygroundClock
from adapters.slack.manifest import Way, check_names, command_names, needed_scopes
from adapters.slack.settings import SlackSettings, read_slack_settings
from adapters.teams.settings import read_teams_settings
from bot.bootstrap import now
from bot.bootstrap.environment import SETTINGS_FILE
from bot.bootstrap.key import existing_key, key_file, token_key_file, token_keys
from bot.bootstrap.registry import CAPABILITIES
from bot.capabilities.questions.memory import Memory
from bot.capability import register
from bot.doctor import Finding, Group, Verdict, doubtful, fine, wrong
from bot.machine import (
    look_at_credentials,
    look_at_extras,
    look_at_python,
    look_at_vectors,
    look_at_zones,
    unknown_countries,
    unknown_zones,
)
from bot.settings import Misconfigured, Settings, platform_credentials, read_settings
from storage.backlog import read_backlog
from storage.contact import ContactBook
from storage.database import Database, read_url
from storage.doctor import (
    WEEK,
    count_fates,
    is_there,
    look_at_delivery,
    look_at_key_file,
    look_at_store,
    read_places,
)
from storage.migrate import NewerSchema, is_current
from storage.token_seal import WrongTokenKey
from storage.transcript import SqlTranscript

NAMES = ("machine", "settings", "search", "store", "people", "delivery", "slack", "teams")
"""The groups, in the order in which they are looked at."""


def doctor_groups(names: Sequence[str] = ()) -> list[Group]:
    """The groups of these names; without a name all of them."""
    try:
        settings: Settings | None = read_settings()
        trouble: Sequence[str] = ()
    except Misconfigured as error:
        settings, trouble = None, error.sentences
    groups = [Group("machine", "This machine", lambda: _look_at_machine(settings))]
    if settings is None:
        # What is wrong is known; all else depends on it.
        told = [wrong(each, "README.md, Settings, explains it.") for each in trouble]
        groups.append(Group("settings", "Settings", lambda: told))
    else:
        looks: Mapping[str, tuple[str, Callable[[Settings], Iterator[Finding]]]] = {
            "settings": ("Settings", _look_at_settings),
            "search": ("Search", _look_at_search),
            "store": ("Store", _look_at_store),
            "people": ("Hours and holidays", _look_at_people),
            "delivery": ("Delivery", _look_at_delivery),
            "slack": ("Slack", _look_at_slack),
            "teams": ("Teams", _look_at_teams),
        }
        groups += [
            Group(name, title, _bound(look, settings)) for name, (title, look) in looks.items()
        ]
    return [group for group in groups if not names or group.name in names]


def _bound(
    look: Callable[[Settings], Iterator[Finding]], settings: Settings
) -> Callable[[], Iterator[Finding]]:
    return lambda: look(settings)


def _look_at_machine(settings: Settings | None) -> Iterator[Finding]:
    yield from look_at_python()
    on_server = settings is not None and not settings.database_url.startswith("sqlite")
    yield from look_at_extras(needs=["postgresql"] if on_server else [])
    yield from look_at_zones()


def _look_at_settings(settings: Settings) -> Iterator[Finding]:
    try:
        kind = read_url(settings.database_url).get_backend_name()
    except ValueError as error:
        yield wrong(f"INFLOW_DATABASE_URL: {error}.", "Set it to sqlite:///inflow.db or alike.")
        return
    yield fine(f"The settings can be read; the database is {kind}.")
    try:
        key = existing_key(settings)
    except Misconfigured as error:
        yield wrong("There is no relay key, so Inflow does not start.", str(error))
    else:
        where = "INFLOW_RELAY_KEY" if key and key.file is None else "a file"
        yield fine(f"The relay key is in {where}." if key else "The first start makes a relay key.")
    file = key_file(settings)
    if file is not None:
        yield from look_at_key_file(file)
    yield from look_at_credentials(platform_credentials())


def _look_at_search(settings: Settings) -> Iterator[Finding]:
    yield from look_at_vectors(wanted=settings.vectors == "table")


def _look_at_store(settings: Settings) -> Iterator[Finding]:
    try:
        read_url(settings.database_url)
    except ValueError as error:
        yield wrong(f"INFLOW_DATABASE_URL: {error}.", "Set it to sqlite:///inflow.db or alike.")
        return
    try:
        key = existing_key(settings)
    except Misconfigured:
        # The group of the settings says what is wrong with it.
        key = None
    yield from look_at_store(settings.database_url, key.value if key else None, now)


def _look_at_people(settings: Settings) -> Iterator[Finding]:
    with _opened(settings) as database:
        if database is None:
            return
        zones, countries = read_places(database)
        lost = list(unknown_zones(zones))
        if lost:
            yield doubtful(
                f"Of {len(zones)} time zones that people have, this machine does not know "
                f"{len(lost)}. For those people it is UTC.",
                "pip install --upgrade tzdata",
            )
        else:
            yield fine(f"The time zones that people have are known: {len(zones)}.")
        unknown = list(unknown_countries(countries))
        if unknown:
            yield doubtful(
                f"No public holidays are known of {', '.join(unknown)}.",
                "Name the country as ISO 3166 does (DE, DE-BY), or: pip install --upgrade holidays",
            )
        elif countries:
            yield fine(f"The public holidays are known of {', '.join(countries)}.")
        else:
            yield fine("No country is set, so nobody has public holidays.")


def _look_at_delivery(settings: Settings) -> Iterator[Finding]:
    with _opened(settings) as database:
        if database is not None:
            moment = _moment(database)
            yield from look_at_delivery(
                read_backlog(database, moment), count_fates(database, moment - WEEK)
            )


def _look_at_slack(settings: Settings) -> Iterator[Finding]:
    try:
        slack = read_slack_settings(settings)
        if slack is not None:
            registry = register(CAPABILITIES)
            check_names(registry, slack.command_names)
    except Misconfigured as error:
        # Each sentence says where the right value stands.
        yield from (Finding(Verdict.PROBLEM, each) for each in error.sentences)
        return
    if slack is None:
        yield fine(
            "No credentials of Slack are set, neither in this terminal nor in a file "
            f"{SETTINGS_FILE} in this folder, so Inflow is not in Slack."
        )
        return
    # Slack's part is not loaded by who does without Slack.
    from adapters.slack.doctor import Patient, look_at_slack  # noqa: PLC0415

    least, private = set(needed_scopes(Way())), needed_scopes(Way(in_private_channels=True))
    patient = Patient(
        slack=slack,
        scopes=sorted(least),
        private_scopes=[scope for scope in private if scope not in least],
        commands=list(command_names(registry, slack.command_names).values()),
        administrators=sorted(settings.administrators),
        public_url=settings.public_url,
    )
    with _opened(settings) as database:
        if database is not None:
            patient = replace(patient, channels=_channels(database))
            if slack.is_for_many:
                try:
                    patient = replace(patient, tokens=_tokens(settings, slack, database))
                except (Misconfigured, WrongTokenKey) as error:
                    yield wrong(str(error), "Restore INFLOW_TOKEN_KEYS from your backup.")
    yield from look_at_slack(patient, now)


def _look_at_teams(settings: Settings) -> Iterator[Finding]:
    try:
        teams = read_teams_settings(settings)
    except Misconfigured as error:
        yield from (Finding(Verdict.PROBLEM, each) for each in error.sentences)
        return
    if teams is None:
        yield fine(
            "No credentials of Teams are set, neither in this terminal nor in a file "
            f"{SETTINGS_FILE} in this folder, so Inflow is not in Teams."
        )
        return
    # As of Slack.
    from adapters.teams.doctor import Patient, look_at_teams  # noqa: PLC0415
    from bot.bootstrap.teams import cloud_of, credentials_of, login_of  # noqa: PLC0415

    patient = Patient(
        credentials=credentials_of(teams),
        login_url=login_of(teams),
        cloud=cloud_of(teams),
        administrators=sorted(settings.administrators),
        public_url=settings.public_url,
    )
    with _opened(settings) as database:
        if database is not None and teams.app_tenant_id is not None:
            reach = ContactBook(database).count(teams.app_tenant_id)
            patient = replace(
                patient,
                known=reach.people,
                refused=reach.refused,
                lost_places=sum(reach.lost.values()),
            )
    yield from look_at_teams(patient, now)


def _channels(database: Database) -> Sequence[str]:
    """The conversations on Slack that topics have."""
    with database.transaction() as work:
        found = {
            topic.channel
            for workspace in work.people.workspaces()
            if workspace.platform == "slack"
            for topic in work.topics.every(workspace.id)
            if topic.channel
        }
    return sorted(found)


def _tokens(settings: Settings, slack: SlackSettings, database: Database) -> Mapping[str, str]:
    """The tokens of the workspaces that have the app."""
    kept = token_key_file(settings)
    if kept is not None and not kept.exists():
        # Whoever only looks makes no file.
        return {}
    from storage.installation import Installations  # noqa: PLC0415 - it brings Slack's libraries

    installations = Installations(database, slack.client_id or "", token_keys(settings))
    found = {team: installations.find(team) for team in installations.teams()}
    return {team: each.bot_token for team, each in found.items() if each and each.bot_token}


def _moment(database: Database) -> datetime:
    """The playground's clock may have been moved, and the real one never is."""
    if platform_credentials():
        return now()
    return PlaygroundClock(now, SqlTranscript(database)).now()


@contextmanager
def _opened(settings: Settings) -> Iterator[Database | None]:
    """The store, or None where it cannot be read; the group of the store says why."""
    try:
        usable = is_there(settings.database_url) and is_current(settings.database_url)
    except (NewerSchema, ValueError, ImportError, SQLAlchemyError):
        usable = False
    if not usable:
        yield None
        return
    # Nothing that was sealed is opened here, so any key will do.
    database = Database(settings.database_url, relay_key=bytes(32), memory=Memory())
    try:
        yield database
    finally:
        database.close()
