"""Letters out to Teams.

A person is written to in their personal conversation with the bot, which is made once and kept.
Nothing that was sent can be looked up again: Teams lets no bot read what it wrote, and knows no
key by which the same message would be taken only once. So of what may have arrived only the lane
can decide whether it is sent again (`bot.outbox.may_repeat`).

What becomes of a letter that Teams refuses is in `FATES`; the words are those of
learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability, "Status codes
from bot conversational APIs".
"""

import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from typing import Any, Protocol, TypeAlias

import structlog

from adapters.teams.client import (
    NOT_ALLOWED,
    Answer,
    Answered,
    Doubtful,
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

log = structlog.get_logger()

Json: TypeAlias = dict[str, Any]


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
        """Forget a conversation that is none any more, and not whom it was with."""


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
    direct = replace(contact, conversation=made, kind=PlaceKind.DM, team=None)
    await contacts.keep(direct)
    return direct


def find_thread(conversation: str, thread: str | None) -> str:
    """The id by which a thread of a conversation is written to. Only channels have threads."""
    is_channel = conversation.endswith(("@thread.tacv2", "@thread.skype"))
    return f"{conversation};messageid={thread}" if thread and is_channel else conversation


class TeamsPlatform:
    """Implements `bot.ports.Platform` for one tenant. `dialogs` are the actions that open a
    form, see `render_message`. `note_refusal` is told where Teams lets nobody write, with its
    word for why; it may raise Unavailable."""

    def __init__(
        self,
        client: TeamsClient,
        tenant: str,
        contacts: Contacts,
        *,
        wording: Wording,
        dialogs: Collection[str] = frozenset(),
        a_second: float = A_SECOND,
        note_refusal: Callable[[Contact, str], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._tenant = tenant
        self._contacts = contacts
        self._wording = wording
        self._dialogs = frozenset(dialogs)
        self._note_refusal = note_refusal
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
        """Send or edit; see `FATES` for what becomes of what Teams refuses."""
        if delivery.edits is not None:
            return await self._edit(delivery, delivery.edits)
        if not delivery.direct:
            place = await self._contacts.find_place(self._tenant, delivery.address)
            if place is None or not self._is_here(place, delivery):
                return Never("unknown_conversation")
            return await self._settle(delivery, await self._send(delivery, place), place)
        contact = await self._contacts.find_person(self._tenant, delivery.address)
        if contact is None:
            return Never("not_installed", unreachable=True)
        if not self._is_here(contact, delivery):
            return Never("unknown_conversation")
        if contact.kind is PlaceKind.DM:
            answer = await self._send(delivery, contact)
            if not (isinstance(answer, Refused) and answer.status == 404):
                return await self._settle(delivery, answer, contact)
            # Of a conversation that is none any more nothing was taken.
            await self._contacts.drop(contact)
        made = await make_direct(self._client, self._contacts, contact)
        if isinstance(made, Contact):
            return await self._settle(delivery, await self._send(delivery, made), made)
        if isinstance(made, Doubtful):
            # It may have been made, but nothing was said in it; made again it is the same one.
            return TryLater(timedelta(0), made.why)
        return await self._settle(delivery, made, contact)

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

    async def _send(self, delivery: Delivery, contact: Contact) -> Answer:
        where = find_thread(contact.conversation, delivery.thread)
        path = ["conversations", where, "activities"]
        answer = await self._say(delivery, contact, "POST", path)
        if where != contact.conversation and isinstance(answer, Refused) and answer.status == 404:
            # The thread is gone, so it stands beside where it was.
            path[1] = contact.conversation
            answer = await self._say(delivery, contact, "POST", path)
        return answer

    async def _edit(self, delivery: Delivery, external: str) -> Outcome:
        conversation = delivery.conversation or delivery.address
        find = self._contacts.find_person if delivery.direct else self._contacts.find_place
        contact = await find(self._tenant, delivery.address)
        if contact is None or not self._is_here(contact, delivery) or not external:
            return Never("unknown_conversation")
        # Where it stands, and not where they are written to now.
        contact = replace(contact, conversation=conversation)
        path = ["conversations", conversation, "activities", external]
        return self._judge(delivery, await self._say(delivery, contact, "PUT", path), contact)

    async def _say(
        self, delivery: Delivery, contact: Contact, verb: str, path: list[str]
    ) -> Answer:
        rendered = render_message(delivery.message, self._wording, self._dialogs)
        url = contact.service_url
        answer = await self._client.call(url, verb, path, write_message(rendered))
        if isinstance(answer, Refused) and fate_of(answer) is Fate.NO_CARD:
            log.error(
                "teams refused a card",
                workspace=delivery.workspace,
                kind=delivery.kind,
                status=answer.status,
                code=answer.code,
            )
            answer = await self._client.call(url, verb, path, write_plain(rendered))
        return answer

    # --- what became of it ------------------------------------------------------------------

    async def _settle(self, delivery: Delivery, answer: Answer, contact: Contact) -> Outcome:
        """What became of a letter; of whom Teams lets nobody write to, that is noted."""
        if isinstance(answer, Refused) and fate_of(answer) is Fate.GONE and self._note_refusal:
            # What Teams said of the letter counts, whether the note can be kept or not.
            with contextlib.suppress(Unavailable):
                await self._note_refusal(contact, answer.code)
        return self._judge(delivery, answer, contact)

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
