"""Letters out to Teams.

A person is written to in their personal conversation with the bot, which is made once and kept.
Nothing that was sent can be looked up again: Teams lets no bot read what it wrote, and knows no
key by which the same message would be taken only once. So of what may have arrived only the lane
can decide whether it is sent again (`bot.outbox.may_repeat`).

What becomes of a letter that Teams refuses is in `FATES`; the words are those of
learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability, "Status codes
from bot conversational APIs".
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypeVar

import structlog

from adapters.teams.client import (
    NOT_ALLOWED,
    Answer,
    Answered,
    Doubtful,
    Errand,
    NotSent,
    Refused,
    Slow,
    TeamsClient,
)
from adapters.teams.read import Contact
from adapters.teams.render import Rendered, render_message
from adapters.teams.wording import Wording
from bot.errors import Unavailable
from bot.inbound import PlaceKind
from bot.outbox import Ambiguous, Delivery, Limited, Never, Outcome, Sent, TryLater
from bot.rate import Bucket, Limits

NAME = "teams"
CARD = "application/vnd.microsoft.card.adaptive"

A_SECOND = 30
"""Requests a second of one app in one tenant: the smaller of the two numbers that Microsoft has
published (30 and 50)."""
PER_CONVERSATION = (Bucket(7, 1.0), Bucket(8, 2.0), Bucket(60, 30.0), Bucket(1_800, 3_600.0))
"""learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit: of one bot in one thread."""

SHORTEST_REST = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)
"""How long a letter waits for an administrator, twice as long each time. With
`bot.retry.TRIES` that is most of a day until it is given up."""
NOTING = timedelta(seconds=1)
"""How long it may take to write down what Teams said of a contact, beside `client.TIMEOUT`: both
together are shorter than a lane waits."""
AT_ONCE = timedelta(milliseconds=1)
"""No time at all. Of a letter that is to go after none the lane would think that Teams is away."""
STORE_AWAY = "store_away"
MADE = "conversation_made"

log = structlog.get_logger()

Json: TypeAlias = dict[str, Any]
T = TypeVar("T")


class Fate(Enum):
    """What becomes of a letter that was refused."""

    LATER = "later"
    """Teams is not itself at the moment: again, with the lane's patience."""
    REST = "rest"
    """The app, its secret or its place needs an administrator: again after minutes, then hours,
    and the log says so once."""
    NEVER = "never"
    GONE = "gone"
    """The bot is blocked or not installed, or there is no such conversation. A person is then
    unreachable."""
    NO_CARD = "no card"
    """What was sent is wrong in Teams' eyes: again at once, as plain text."""


FATES: Mapping[str, Fate] = {
    code: fate
    for fate, codes in {
        Fate.LATER: ("PreconditionFailed",),
        Fate.REST: (
            "BotDisabledByAdmin",
            "BotNotRegistered",
            "InvalidBotApiHost",
            "NotEnoughPermissions",
            "TenantNotFound",
        ),
        Fate.NEVER: ("ActivityNotFoundInConversation", NOT_ALLOWED),
        Fate.GONE: (
            "BotNotInConversationRoster",
            "ConversationBlockedByUser",
            "ConversationNotFound",
            "ForbiddenOperationException",
            "MessageWritesBlocked",
        ),
        Fate.NO_CARD: ("MessageSizeTooBig",),
    }.items()
    for code in codes
}
"""What becomes of a letter by Teams' word for refusing it. For other words the status decides."""

STATUSES: Mapping[int, Fate] = {
    400: Fate.NO_CARD,
    401: Fate.REST,
    403: Fate.GONE,
    404: Fate.GONE,
    405: Fate.NEVER,
    412: Fate.LATER,
    413: Fate.NO_CARD,
}
"""The same by status; what is not here is LATER: when unsure, nothing is lost."""


class Calls(Protocol):
    """What is needed of `adapters.teams.client.TeamsClient`."""

    async def call(
        self,
        service_url: str,
        verb: str,
        path: Sequence[str],
        body: Mapping[str, Any] | None = None,
    ) -> Answer: ...


class Contacts(Protocol):
    """Where people and places are, as Teams told when it last brought something from there."""

    async def find_person(self, tenant: str, address: str) -> Contact | None:
        """The person's own conversation with the bot, of kind DM, where it is known; else any
        other in which they were seen. None: nobody knows them."""

    async def find_place(self, tenant: str, conversation: str) -> Contact | None:
        """A conversation that the bot is in."""

    async def keep(self, contact: Contact) -> None:
        """Remember a conversation; the latest that is kept of its id counts."""

    async def drop(self, contact: Contact) -> None:
        """Forget a conversation that is none any more, and not whom it was with. With the first
        channel of a team, by whose id the team goes, all its others are gone."""


def write_message(rendered: Rendered) -> Json:
    """A message as an activity: the card, and what a notification shows of it."""
    return {
        "type": "message",
        "summary": rendered.summary,
        "attachments": [{"contentType": CARD, "content": rendered.card}],
    }


def write_plain(rendered: Rendered) -> Json:
    """The same in words alone, in which nothing is markup."""
    return {
        "type": "message",
        "summary": rendered.summary,
        "text": rendered.text,
        "textFormat": "plain",
    }


async def make_direct(client: Calls, contacts: Contacts, contact: Contact) -> Contact | Answer:
    """A person's own conversation with the bot, kept for the next time. `contact` is any in
    which they were seen; it is the same one however often it is made."""
    if contact.user is None:
        return Refused(0, "ForbiddenOperationException")
    tenant = contact.tenant
    answer = await client.call(
        contact.service_url,
        "POST",
        ["conversations"],
        {
            "isGroup": False,
            "bot": {"id": contact.bot},
            "members": [{"id": contact.user}],
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
        },
    )
    if not isinstance(answer, Answered):
        return answer
    made = answer.data.get("id")
    if not isinstance(made, str) or not made:
        return Doubtful("unreadable")
    direct = replace(contact, conversation=made, kind=PlaceKind.DM, team=None, refusal=None)
    await contacts.keep(direct)
    return direct


def find_thread(conversation: str, thread: str | None) -> str:
    """The id by which a thread of a conversation is written to. Only channels have threads."""
    is_channel = conversation.endswith(("@thread.tacv2", "@thread.skype"))
    return f"{conversation};messageid={thread}" if thread and is_channel else conversation


class TeamsPlatform:
    """Implements `bot.ports.Platform` for one tenant. `dialogs` are the actions that open a
    form, see `render_message`. `note_reach` is told where Teams lets nobody write, with its word
    for why, and of a contact with a refusal that it does again (None); it may raise Unavailable."""

    def __init__(
        self,
        client: TeamsClient,
        tenant: str,
        contacts: Contacts,
        *,
        wording: Wording,
        dialogs: Collection[str] = frozenset(),
        a_second: float = A_SECOND,
        note_reach: Callable[[Contact, str | None], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._tenant = tenant
        self._contacts = contacts
        self._wording = wording
        self._dialogs = frozenset(dialogs)
        self._note_reach = note_reach
        self._limits = Limits(per_minute=a_second * 60, conversation=PER_CONVERSATION)
        self._told: set[str] = set()

    @property
    def name(self) -> str:
        return NAME

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def reads_back(self) -> bool:
        return False

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        """Nobody can tell; see `reads_back`.

        Raises:
            LookupError: always.
        """
        raise LookupError(f"Teams cannot say whether letter {delivery.id} arrived")

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Send or edit; see `FATES` for what becomes of what Teams refuses.

        Where a personal conversation had to be made, that was the lane's slot, and the letter goes
        in another one: both are requests of those that Teams counts.
        """
        errand = self._client.errand()
        try:
            return await self._deliver(errand, delivery)
        except Unavailable:
            # Only before something is sent, and after a conversation was made, the store is needed.
            return TryLater(timedelta(0), STORE_AWAY)

    async def _deliver(self, errand: Errand, delivery: Delivery) -> Outcome:
        contact = await self._find(errand, delivery)
        if contact is None:
            if delivery.direct and delivery.edits is None:
                return Never("not_installed", unreachable=True)
            return Never("unknown_conversation")
        if not self._is_here(contact, delivery):
            return Never("unknown_conversation")
        if delivery.edits is not None:
            return await self._edit(errand, delivery, delivery.edits, contact)
        if not delivery.direct:
            return await self._settle(
                delivery, await self._send(errand, delivery, contact), contact
            )
        if contact.kind is PlaceKind.DM:
            answer = await self._send(errand, delivery, contact)
            if not (isinstance(answer, Refused) and answer.status == 404):
                return await self._settle(delivery, answer, contact)
            # Of a conversation that is none any more nothing was taken.
            await self._in_time(errand, self._contacts.drop(contact))
        made = await self._in_time(errand, make_direct(errand, self._contacts, contact))
        if isinstance(made, Contact):
            if contact.refusal is not None:
                await self._note(made, None)
            return TryLater(AT_ONCE, MADE)
        if isinstance(made, Doubtful):
            # It may have been made, but nothing was said in it; made again it is the same one.
            return TryLater(timedelta(0), made.why)
        return await self._settle(delivery, made, contact)

    async def _find(self, errand: Errand, delivery: Delivery) -> Contact | None:
        find = self._contacts.find_person if delivery.direct else self._contacts.find_place
        return await self._in_time(errand, find(self._tenant, delivery.address))

    async def _in_time(self, errand: Errand, work: Awaitable[T]) -> T:
        """What is done before anything is sent. What takes too long is as good as a store that is
        away: else the lane would give up first, and could not tell that nothing was sent."""
        try:
            async with asyncio.timeout_at(errand.end):
                return await work
        except TimeoutError:
            raise Unavailable from None

    # --- what is sent -----------------------------------------------------------------------

    def _is_here(self, contact: Contact, delivery: Delivery) -> bool:
        """Whether a contact is the one that was asked for: words to one person must not reach
        another, whatever stands in the database."""
        if contact.tenant == self._tenant and (
            contact.person == delivery.address
            if delivery.direct
            else contact.conversation == delivery.address
        ):
            return True
        log.error("teams contact is another one's", workspace=delivery.workspace)
        return False

    async def _send(self, errand: Errand, delivery: Delivery, contact: Contact) -> Answer:
        where = find_thread(contact.conversation, delivery.thread)
        path = ["conversations", where, "activities"]
        answer = await self._say(errand, delivery, contact, "POST", path)
        if where != contact.conversation and isinstance(answer, Refused) and answer.status == 404:
            # The thread is gone, so it stands beside where it was.
            path[1] = contact.conversation
            answer = await self._say(errand, delivery, contact, "POST", path)
        return answer

    async def _edit(
        self, errand: Errand, delivery: Delivery, external: str, contact: Contact
    ) -> Outcome:
        if not external:
            return Never("unknown_conversation")
        # Where it stands, and not where they are written to now.
        conversation = delivery.conversation or delivery.address
        contact = replace(contact, conversation=conversation)
        path = ["conversations", conversation, "activities", external]
        answer = await self._say(errand, delivery, contact, "PUT", path)
        return self._judge(delivery, answer, contact)

    async def _say(
        self, errand: Errand, delivery: Delivery, contact: Contact, verb: str, path: list[str]
    ) -> Answer:
        rendered = render_message(delivery.message, self._wording, self._dialogs)
        url = contact.service_url
        answer = await errand.call(url, verb, path, write_message(rendered))
        if isinstance(answer, Refused) and fate_of(answer) is Fate.NO_CARD:
            log.error(
                "teams refused a card",
                workspace=delivery.workspace,
                kind=delivery.kind,
                status=answer.status,
                code=answer.code,
            )
            answer = await errand.call(url, verb, path, write_plain(rendered))
        return answer

    # --- what became of it ------------------------------------------------------------------

    async def _settle(self, delivery: Delivery, answer: Answer, contact: Contact) -> Outcome:
        """What became of a letter. Whether somebody can be written to is noted where it is news."""
        is_gone = isinstance(answer, Refused) and fate_of(answer) is Fate.GONE
        is_back = isinstance(answer, Answered) and contact.refusal is not None
        if is_gone or is_back:
            await self._note(contact, answer.code if isinstance(answer, Refused) else None)
        return self._judge(delivery, answer, contact)

    async def _note(self, contact: Contact, why: str | None) -> None:
        """What Teams said of the letter counts, whether this can be kept or not."""
        if self._note_reach is not None:
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(NOTING.total_seconds()):
                    await self._note_reach(contact, why)

    def _judge(self, delivery: Delivery, answer: Answer, contact: Contact) -> Outcome:
        match answer:
            case Answered(data):
                self._told.clear()
                # An answer without an id (202) is one of being taken. Nobody can edit that.
                made = data.get("id")
                external = made if isinstance(made, str) else (delivery.edits or "")
                return Sent(external=external, conversation=contact.conversation)
            case Slow(after):
                return Limited(after)
            case NotSent(why):
                return TryLater(timedelta(0), why)
            case Doubtful(why):
                return Ambiguous(why)
            case Refused():
                return self._refuse(delivery, answer)

    def _refuse(self, delivery: Delivery, answer: Refused) -> Outcome:
        match fate_of(answer):
            case Fate.LATER:
                return TryLater(timedelta(0), answer.code)
            case Fate.REST:
                if answer.code not in self._told:
                    self._told.add(answer.code)
                    log.warning(
                        "teams refuses",
                        workspace=delivery.workspace,
                        status=answer.status,
                        code=answer.code,
                    )
                longest = SHORTEST_REST * 2.0 ** min(delivery.attempts, 10)
                return TryLater(min(longest, LONGEST_REST), answer.code)
            case Fate.GONE:
                return Never(answer.code, unreachable=delivery.direct and delivery.edits is None)
            case Fate.NEVER | Fate.NO_CARD:
                return Never(answer.code)


def fate_of(answer: Refused) -> Fate:
    """What becomes of a letter that was refused so."""
    return FATES.get(answer.code) or STATUSES.get(answer.status, Fate.LATER)


def says_gone(code: str) -> bool:
    """Whether a refusal says that somebody cannot be written to. A bare status does not: it may as
    well be about the app, and then nobody would be written to until they do something."""
    return FATES.get(code) is Fate.GONE
