"""Teams as a branch of the real platforms: its parts, put together.

What is sent is the delivering process's part; what Teams tells us is that of processes with
pages. Both hold the same parts, and begin only what is theirs.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adapters.teams.auth import PUBLIC, Cloud, Gate, Keys, LoopbackGate, TokenGate
from adapters.teams.client import (
    IMDS,
    LOGIN,
    NO_IDENTITY,
    Credentials,
    Identity,
    NotSent,
    Refused,
    TeamsClient,
)
from adapters.teams.deliver import NAME, TeamsPlatform, says_gone
from adapters.teams.doctor import ENTRANCE
from adapters.teams.read import Contact
from adapters.teams.settings import PLAYGROUND, TeamsSettings
from adapters.teams.wording import make_wording
from bot.access import NO_ADMINISTRATORS, Administrators
from bot.app import App
from bot.bootstrap import now
from bot.bootstrap.key import derive_secrets
from bot.bootstrap.site import Check, Routes
from bot.capability import Registry
from bot.clock import Tick
from bot.metric import Meters
from bot.ports import Platform
from bot.settings import Settings
from storage.contact import ContactBook, Whereabouts
from storage.database import Database

if TYPE_CHECKING:
    # With the entrance comes botbuilder, which only those processes have that need it.
    from adapters.teams.app import TeamsEntrance

CLOSING = timedelta(seconds=2)
"""How long replies that are on the way may take when the process stops. Before that pages may take
three; supervisors kill after ten."""
ASKING_SECONDS = 3.0
"""How long a start waits for Microsoft's login, so that it can say whether that works."""
ASKED_AGAIN = timedelta(seconds=30)
"""How long nobody is asked again for a token that was refused."""
KEPT = timedelta(minutes=1)
"""How long a contact that was written down is not compared with the database again. Another
process may have found meanwhile that it is none any more."""
MOST_KEPT = 10_000


def credentials_of(teams: TeamsSettings) -> Credentials | Identity | None:
    """Of the bot's registration; None where nobody is asked for a token."""
    if teams.app_type == "UserAssignedMSI" and teams.app_id and teams.app_tenant_id:
        proof = teams.identity_header.get_secret_value() if teams.identity_header else None
        if teams.identity_endpoint is None or proof is None:
            return Identity(teams.app_id, teams.app_tenant_id, IMDS)
        return Identity(teams.app_id, teams.app_tenant_id, teams.identity_endpoint, proof)
    if teams.app_id is None or teams.app_password is None or teams.app_tenant_id is None:
        return None
    return Credentials(teams.app_id, teams.app_password.get_secret_value(), teams.app_tenant_id)


def login_of(teams: TeamsSettings) -> str:
    """Where tokens are given."""
    return teams.login_url or LOGIN


def cloud_of(teams: TeamsSettings) -> Cloud:
    """Whose tokens are true."""
    return replace(PUBLIC, metadata_url=teams.metadata_url) if teams.metadata_url else PUBLIC


class KnownContacts:
    """`adapters.teams.deliver.Contacts` over the database, for one event loop.

    Most of what comes in comes from where something came from a moment ago. That is not looked
    up again.
    """

    def __init__(self, book: ContactBook, clock: Callable[[], datetime]) -> None:
        self._book = book
        self._clock = clock
        self._kept: dict[Contact, datetime] = {}
        # Those of them at a place, and of a person: what is refused is forgotten in no time,
        # however many there are.
        self._near: dict[tuple[str, str], set[Contact]] = {}

    async def find_person(self, tenant: str, address: str) -> Contact | None:
        return _read(await asyncio.to_thread(self._book.find_person, tenant, address))

    async def find_place(self, tenant: str, conversation: str) -> Contact | None:
        return _read(await asyncio.to_thread(self._book.find_place, tenant, conversation))

    async def keep(self, contact: Contact) -> None:
        moment = self._clock()
        kept_at = self._kept.get(contact)
        if kept_at is not None and kept_at <= moment < kept_at + KEPT:
            return
        await asyncio.to_thread(self._book.keep, _write(contact))
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
            self._near.clear()
        self._kept[contact] = moment
        for key in _name_keys(contact):
            self._near.setdefault(key, set()).add(contact)

    async def drop(self, contact: Contact) -> None:
        self._forget(contact)
        await asyncio.to_thread(self._book.drop, _write(contact))

    async def refuse(self, contact: Contact, why: str | None) -> None:
        """Write down that Teams lets nobody write there, by its word for why; None: it does."""
        self._forget(contact)
        await asyncio.to_thread(self._book.refuse, _write(contact), why)

    def _forget(self, contact: Contact) -> None:
        near = set[Contact]().union(*(self._near.get(key, ()) for key in _name_keys(contact)))
        for known in near:
            self._kept.pop(known, None)
            for key in _name_keys(known):
                self._near.get(key, set()).discard(known)
                if not self._near.get(key):
                    self._near.pop(key, None)


def _name_keys(contact: Contact) -> Iterator[tuple[str, str]]:
    """Where a contact is looked for that is none any more. A team goes by the id of a channel."""
    for id_ in {contact.conversation, contact.person, contact.team}:
        if id_:
            yield contact.tenant, id_


def _read(found: Whereabouts | None) -> Contact | None:
    return None if found is None else Contact(**asdict(found))


def _write(contact: Contact) -> Whereabouts:
    return Whereabouts(**asdict(contact))


@dataclass(slots=True)
class _Living:
    """What there is as long as the process lives."""

    app: App[Any]
    meters: Meters
    client: TeamsClient
    keys: Keys
    contacts: KnownContacts
    entrance: "TeamsEntrance | None" = None


class TeamsBranch:
    """`bot.bootstrap.platform.Branch` for Teams, for one organisation."""

    name = NAME

    def __init__(
        self,
        teams: TeamsSettings,
        settings: Settings,
        database: Database,
        registry: Registry[Any],
    ) -> None:
        self._teams = teams
        self._settings = settings
        self._book = ContactBook(database)
        self._wording = make_wording(registry)
        self._dialogs = registry.opens_forms
        self._secret_of = derive_secrets(settings, NAME)
        self._platforms: dict[str, TeamsPlatform] = {}
        self._living: _Living | None = None
        self._trouble: Refused | NotSent | None = None
        self._asked_at: datetime | None = None
        self._is_told = False

    # --- the parts -------------------------------------------------------------------------

    @asynccontextmanager
    async def living(self, app: App[Any], meters: Meters) -> AsyncIterator[None]:
        client = TeamsClient(
            credentials_of(self._teams),
            local=self._local,
            login_url=login_of(self._teams),
            a_second=self._teams.messages_a_second,
        )
        keys = Keys(cloud_of(self._teams))
        self._living = _Living(app, meters, client, keys, KnownContacts(self._book, now))
        async with AsyncExitStack() as stack:
            stack.push_async_callback(client.close)
            stack.push_async_callback(keys.close)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASKING_SECONDS):
                    await self._ask_for_token()
            try:
                yield
            finally:
                await self._close_entrance()

    @property
    def _local(self) -> str | None:
        """The address of what plays Teams on this machine."""
        return self._teams.connector_url or (PLAYGROUND if self._teams.anonymous else None)

    @property
    def _here(self) -> _Living:
        assert self._living is not None  # noqa: S101 - asked for only while living.
        return self._living

    # --- who is where ----------------------------------------------------------------------

    def administrators(self, workspace: str) -> Administrators:
        if not self._serves(workspace):
            return NO_ADMINISTRATORS
        return Administrators(self._settings.administrators)

    def _serves(self, workspace: str) -> bool:
        return self._teams.anonymous or workspace == self._teams.app_tenant_id

    async def platform_of(self, workspace: str) -> Platform | None:
        if not self._serves(workspace):
            return None
        # Each is kept, for it keeps what it has said to the log.
        if workspace not in self._platforms:
            here = self._here
            self._platforms[workspace] = TeamsPlatform(
                here.client,
                workspace,
                here.contacts,
                wording=self._wording,
                dialogs=self._dialogs,
                a_second=self._teams.messages_a_second,
                note_reach=self._note_reach,
            )
        return self._platforms[workspace]

    async def _note_reach(self, contact: Contact, why: str | None) -> None:
        """Teams lets nobody write there, by its word for why, or does again."""
        here = self._here
        if contact.person is not None and (why is None or says_gone(why)):
            # First, for on that other people wait.
            note, who = here.app.note_reach, (NAME, contact.tenant, contact.person)
            await asyncio.to_thread(note, *who, is_reachable=why is None)
        await here.contacts.refuse(contact, why)

    # --- what Teams tells us ---------------------------------------------------------------

    def pages(self) -> Sequence[Routes]:
        return [lambda pages: self._open_entrance().add_routes(pages)]

    def listening(self) -> AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()

    def _open_entrance(self) -> "TeamsEntrance":
        """The entrance, made on the loop by whoever needs it first."""
        from adapters.teams.app import TeamsEntrance  # noqa: PLC0415 - see above

        here = self._here
        if here.entrance is None:
            here.entrance = TeamsEntrance(
                app=here.app,
                client=here.client,
                contacts=here.contacts,
                gate=self._make_gate(here.keys),
                wording=self._wording,
                seal=self._secret_of("forms"),
                clock=now,
                dialogs=self._dialogs,
                home=self._teams.app_tenant_id,
                local=self._local,
                meters=here.meters,
            )
        return here.entrance

    def _make_gate(self, keys: Keys) -> Gate:
        if self._teams.anonymous:
            return LoopbackGate(self._settings.host)
        return TokenGate(self._teams.app_id or "", keys)

    async def _close_entrance(self) -> None:
        """Once nothing comes in any more; what was to be shown has a moment left."""
        entrance = self._here.entrance
        if entrance is not None:
            await entrance.close(CLOSING)

    # --- how it is -------------------------------------------------------------------------

    @property
    def ticks(self) -> Sequence[Tick]:
        return ()

    @property
    def checks(self) -> Mapping[str, Check]:
        return {"Teams token": self._check_token}

    async def _ask_for_token(self) -> None:
        self._asked_at = now()
        self._trouble = await self._here.client.check_login()
        self._is_told = True

    async def _check_token(self) -> str | None:
        """A secret that Microsoft did not take is tried again from time to time: it may only have
        been made just now. So is one of which it said nothing in time."""
        due_at = None if self._asked_at is None else self._asked_at + ASKED_AGAIN
        is_good = self._is_told and self._trouble is None
        if not is_good and (due_at is None or now() >= due_at):
            await self._ask_for_token()
        if self._trouble is None:
            return None
        return f"{self._say_trouble(self._trouble)}. What to do says: inflow doctor teams"

    def tell(self, address: str) -> str:
        if self._trouble is not None:
            return (
                f"Inflow waits: {self._say_trouble(self._trouble)}. It tries again by itself; what "
                "to do says: inflow doctor teams"
            )
        lonely = "" if self._settings.administrators else " (INFLOW_ADMINS names nobody yet)"
        where = f"{self._settings.public_url or address}{ENTRANCE}"
        if self._teams.anonymous:
            return f"Inflow plays Teams without tokens, for this machine alone, at {where}{lonely}"
        return f"Inflow is there for Teams at {where}{lonely}"

    def _say_trouble(self, trouble: Refused | NotSent) -> str:
        if isinstance(trouble, NotSent):
            if self._teams.app_type == "UserAssignedMSI":
                return "no managed identity can be asked for on this machine"
            return "Microsoft’s login cannot be reached"
        if trouble.code == NO_IDENTITY:
            return f"this machine has no such managed identity ({trouble.code})"
        return f"Microsoft gives no token for Teams ({trouble.code})"
