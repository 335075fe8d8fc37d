"""Where the app is installed on Slack, with tokens that only the holder of a key can read.

slack_sdk's stores write and read the rows. What they would do otherwise is taken out:

- They keep tokens in clear. Here all that lets somebody in is sealed before it gets to them.
- They begin transactions of their own, two for one installation. Here they work within one
  transaction of `Database`, which waits in line like every other.
- They add a row for every installation, and the old tokens stay. Here the new one replaces.
- They keep a row for every state that anybody asks for, let two who come with the same one both
  in, and say no when the store is out of reach. Here a state says itself that it is ours, and
  only those that came back are kept.
"""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, cast

from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Table,
    delete,
    func,
    select,
    update,
)

from bot.errors import Unavailable
from storage.database import Database
from storage.installation_tables import slack_bots, slack_installations, slack_oauth_states
from storage.row import add_new
from storage.token_seal import TokenSeal

STATES_KEPT = 10_000
"""How many used states are remembered, the latest: anybody can use some, and the table must
not grow with it. One that was used before that could only be used by the same browser, with a
code that Slack has taken back."""

SEALED = (
    "bot_token",
    "bot_refresh_token",
    "user_token",
    "user_refresh_token",
    "incoming_webhook_url",
    "incoming_webhook_configuration_url",
)
"""The columns of which nobody can read the values without a key."""
_LOCK = 5_237_044_104
"""Number of the advisory lock under which one at a time changes installations on PostgreSQL."""

_Place: TypeAlias = tuple[str | None, str | None]
"""The `team_id` and `enterprise_id` of an installation's rows."""

_USER_COLUMNS = ("user_token", "user_refresh_token", "user_scopes", "user_token_expires_at")


class _Within:
    """To slack_sdk an engine, of which every transaction is the one that is open already."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)

    connect = begin


class _InstallationStore(SQLAlchemyInstallationStore):
    """slack_sdk's store on our own tables: its tokens may have 200 characters at most."""

    @classmethod
    def build_installations_table(cls, metadata: MetaData, table_name: str) -> Table:  # noqa: ARG003
        return slack_installations

    @classmethod
    def build_bots_table(cls, metadata: MetaData, table_name: str) -> Table:  # noqa: ARG003
        return slack_bots


class Installations:
    """The installations of one Slack app. May be used from any thread.

    A workspace is named by its id, an organisation that has the app as a whole by its own. All
    methods raise Unavailable as `Database` does, and those that read a token WrongTokenKey.
    Moments are aware UTC.
    """

    def __init__(self, database: Database, client_id: str, keys: Sequence[bytes]) -> None:
        self._database = database
        self._client_id = client_id
        self._seal = TokenSeal(keys)

    def find(self, team: str) -> Installation | None:
        """The installation of a workspace, or of an organisation as a whole.

        Who installed first is its custom value `first_user_id`.
        """
        with self._database.begin() as connection:
            return self._find(connection, team)

    def teams(self) -> Sequence[str]:
        """The ids of all workspaces, and organisations, with an installation of their own."""
        c = slack_installations.c
        with self._database.begin() as connection:
            rows = connection.execute(
                select(c.team_id, c.enterprise_id).where(c.client_id == self._client_id)
            ).all()
        return sorted({row.team_id or row.enterprise_id for row in rows})

    def save(self, installation: Installation) -> None:
        """Keep an installation in the place of the one there was, whose tokens are gone then.

        Who installed first stays who did, as long as the app is not removed in between.
        """
        with self._changing() as connection:
            first = self._first_user(connection, _place_in(installation))
            self._replace(connection, installation, first or installation.user_id)

    def forget(self, team: str) -> bool:
        """Delete all tokens of a workspace, or of an organisation; says whether it had any."""
        with self._changing() as connection:
            place = self._place_of(connection, team)
            return place is not None and self._delete(connection, place)

    def forget_users(self, team: str, users: Collection[str]) -> None:
        """Delete the tokens of people in a workspace, or organisation; the bot keeps its own."""
        c = slack_installations.c
        with self._changing() as connection:
            place = self._place_of(connection, team)
            if place is not None:
                connection.execute(
                    update(slack_installations)
                    .where(self._is(slack_installations, place), c.user_id.in_(sorted(users)))
                    .values(dict.fromkeys(_USER_COLUMNS))
                )

    # --- tokens that run out ----------------------------------------------------------------

    def take_refresh(
        self, team: str, owner: str, now: datetime, margin: timedelta, lease: timedelta
    ) -> Installation | None:
        """Be the one who exchanges the refresh token of an installation.

        None when there is nothing to do: the token is good for more than `margin`, or does not
        run out, or `owner` is not the first within `lease`.
        """
        with self._changing() as connection:
            place = self._place_of(connection, team)
            if place is None:
                return None
            bots = slack_bots.c
            taken = connection.execute(
                update(slack_bots)
                .where(
                    self._is(slack_bots, place),
                    bots.bot_refresh_token.is_not(None),
                    bots.bot_token_expires_at <= now + margin,
                    bots.refreshing_until.is_(None) | (bots.refreshing_until <= now),
                )
                .values(refresher=owner, refreshing_until=now + lease)
            )
            return self._read(connection, place) if taken.rowcount == 1 else None

    def keep_refreshed(
        self, team: str, used: str, token: str, refresh_token: str, expires_at: datetime
    ) -> bool:
        """Keep what the refresh token `used` was given for; says whether it was still wanted.

        It is not after a new installation, or when the app was removed, in the meantime.
        """
        with self._changing() as connection:
            place = self._place_of(connection, team)
            if place is None:
                return False
            found = self._read(connection, place)
            if found is None or found.bot_refresh_token != used:
                return False
            found.bot_token, found.bot_refresh_token = token, refresh_token
            found.bot_token_expires_at = int(expires_at.timestamp())
            self._replace(connection, found, found.custom_values["first_user_id"])
            return True

    def is_refreshing(self, team: str, now: datetime) -> bool:
        """Whether somebody has taken the refresh and neither kept anything nor given up."""
        bots = slack_bots.c
        with self._database.begin() as connection:
            place = self._place_of(connection, team)
            if place is None:
                return False
            found = connection.execute(
                select(bots.id).where(
                    self._is(slack_bots, place),
                    bots.refresher.is_not(None),
                    bots.refreshing_until > now,
                )
            )
            return found.first() is not None

    def put_off_refresh(self, team: str, owner: str, until: datetime) -> None:
        """Let nobody try before `until`, if it is still for `owner` to say."""
        with self._changing() as connection:
            place = self._place_of(connection, team)
            if place is not None:
                connection.execute(
                    update(slack_bots)
                    .where(self._is(slack_bots, place), slack_bots.c.refresher == owner)
                    .values(refresher=None, refreshing_until=until)
                )

    # --- states of OAuth --------------------------------------------------------------------

    def issue_state(self, expires_at: datetime, now: datetime) -> str:
        """A new state for who is sent to Slack, good once and before `expires_at`, a moment
        in whole seconds.

        Nothing is kept of it before it comes back. Anybody may ask for one, and those who ask
        for many would else be in the way of all others.
        """
        del now
        if not self._database.has_room:
            raise Unavailable
        told = f"{secrets.token_hex(16)}-{int(expires_at.timestamp()):x}"
        return f"{told}-{self._seal.mark(_state(self._client_id, told))}"

    def consume_state(self, state: str, now: datetime) -> bool:
        """Whether the state was issued, has not expired and was not used before. It is now."""
        told, _, mark = state.rpartition("-")
        if not self._seal.is_marked(_state(self._client_id, told), mark):
            return False
        expires_at = datetime.fromtimestamp(int(told.rpartition("-")[2], 16), UTC)
        if expires_at <= now:
            return False
        c = slack_oauth_states.c
        with self._database.begin() as connection:
            connection.execute(delete(slack_oauth_states).where(c.expire_at <= now))
            last = connection.execute(
                select(c.id).order_by(c.id.desc()).offset(STATES_KEPT).limit(1)
            ).scalar()
            if last is not None:
                connection.execute(delete(slack_oauth_states).where(c.id <= last))
            return add_new(
                connection, slack_oauth_states, {"state": state, "expire_at": expires_at}
            )

    # --- keys -------------------------------------------------------------------------------

    def reseal(self) -> int:
        """Seal with the first key what is sealed with another; says in how many rows.

        To be called at start: it also finds out that a key is missing. Once it has run, the
        other keys are not needed any more.

        Raises:
            WrongTokenKey: something is sealed with none of the keys. Nothing was changed.
        """
        renewed = 0
        with self._changing() as connection:
            for table in (slack_installations, slack_bots):
                columns = [table.c[name] for name in SEALED if name in table.c]
                # Apps may share a database, and a key that is taken out is gone for all.
                rows = connection.execute(select(table.c.id, *columns)).all()
                for row in rows:
                    values = {
                        name: new
                        for name, sealed in row._mapping.items()
                        if name in SEALED
                        and sealed is not None
                        and (new := self._seal.renew(sealed)) is not None
                    }
                    if values:
                        connection.execute(update(table).where(table.c.id == row.id).values(values))
                        renewed += 1
        return renewed

    # --- rows -------------------------------------------------------------------------------

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction in which nobody else changes installations: two that are saved at once
        would else both stay."""
        with self._database.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            yield connection

    def _is(self, table: Table, place: _Place) -> ColumnElement[bool]:
        """Of a workspace by its own id alone: Slack does not always say its organisation's."""
        team, enterprise = place
        mine = table.c.client_id == self._client_id
        if team is not None:
            return mine & (table.c.team_id == team)
        return mine & table.c.team_id.is_(None) & (table.c.enterprise_id == enterprise)

    def _place_of(self, connection: Connection, team: str) -> _Place | None:
        """Where the installation of a workspace, or organisation, is kept."""
        c = slack_installations.c
        own = connection.execute(
            select(c.team_id, c.enterprise_id).where(self._is(slack_installations, (team, None)))
        ).first()
        if own is not None:
            return own.team_id, own.enterprise_id
        place = (None, team)
        found = connection.execute(select(c.id).where(self._is(slack_installations, place)))
        return None if found.first() is None else place

    def _find(self, connection: Connection, team: str) -> Installation | None:
        place = self._place_of(connection, team)
        return None if place is None else self._read(connection, place)

    def _first_user(self, connection: Connection, place: _Place) -> str | None:
        c = slack_installations.c
        found: str | None = connection.execute(
            select(func.coalesce(c.first_user_id, c.user_id))
            .where(self._is(slack_installations, place))
            .order_by(c.installed_at)
            .limit(1)
        ).scalar()
        return found

    def _read(self, connection: Connection, place: _Place) -> Installation | None:
        team, enterprise = place
        found = _store(connection, self._client_id).find_installation(
            enterprise_id=enterprise, team_id=team, is_enterprise_install=team is None
        )
        if found is None:
            return None
        found.set_custom_value("first_user_id", self._first_user(connection, place))
        for name in SEALED:
            sealed = getattr(found, name)
            if sealed is not None:
                setattr(found, name, self._seal.open(_label(name, place), sealed))
        return found

    def _replace(self, connection: Connection, installation: Installation, first: str) -> None:
        place = _place_in(installation)
        copy = Installation(**installation.to_dict_for_copying())
        # Each would be a column.
        copy.custom_values = {}
        copy.team_id = place[0]
        for name in SEALED:
            text = getattr(copy, name)
            if text is not None:
                setattr(copy, name, self._seal.close(_label(name, place), text))
        self._delete(connection, place)
        _store(connection, self._client_id).save(copy)
        connection.execute(
            update(slack_installations)
            .where(self._is(slack_installations, place))
            .values(first_user_id=first)
        )

    def _delete(self, connection: Connection, place: _Place) -> bool:
        """Says whether there was anything."""
        connection.execute(delete(slack_bots).where(self._is(slack_bots, place)))
        of_it = self._is(slack_installations, place)
        return connection.execute(delete(slack_installations).where(of_it)).rowcount > 0


def _place_in(installation: Installation) -> _Place:
    team = None if installation.is_enterprise_install else installation.team_id
    return team, installation.enterprise_id


def _label(name: str, place: _Place) -> str:
    team, enterprise = place
    return f"{name} {team or ''} {enterprise or ''}"


def _state(client_id: str, told: str) -> str:
    """What a state's mark is about: apps may share a database and its keys."""
    return f"state {client_id} {told}"


def _store(connection: Connection, client_id: str) -> SQLAlchemyInstallationStore:
    return _InstallationStore(client_id=client_id, engine=_as_engine(connection))


def _as_engine(connection: Connection) -> Engine:
    # It asks an engine for nothing else.
    return cast("Engine", _Within(connection))
