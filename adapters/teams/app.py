"""Teams' entrance: what Teams tells us, and what it is answered.

    request -> size, content type -> who may speak (`Gate`) -> activity, and whether they may say
            it -> botbuilder's turn -> read -> App.receive, which commits -> the reply is shown

botbuilder has the turn: it says what kind of activity it is, and that an invoke has one response.
All else of it is left out, because it is archived and will stay as it is:

- Its `CloudAdapter` answers 500 to every invoke with a body, which it serialises twice. Here the
  response is our own JSON, written once.
- Its check of tokens answers 500 to most forged ones and asks for keys on the event loop. See
  `adapters.teams.auth`.
- Its reading drops the tenant, whom a mention means and the zone, and refuses whatever has
  another shape than in 2025. So `adapters.teams.read` reads the JSON, and botbuilder is told no
  more than the type and the name.
- Its clients are built for each turn, 6 ms of work each time, and may repeat a POST. None is ever
  built: `_Turns` sends nothing. See `adapters.teams.client`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from types import MappingProxyType
from typing import Any, TypeVar

import structlog
from aiohttp import hdrs, web
from botbuilder.core import ActivityHandler, BotAdapter, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ConversationReference, ResourceResponse

from adapters.teams.answer import (
    CLOSING,
    EVENTS,
    Answering,
    late_body,
    make_showman,
    plan_look,
    plan_sentence,
    say_sentence,
)
from adapters.teams.auth import Gate, Verdict
from adapters.teams.client import Answer, Answered, Refused, is_allowed
from adapters.teams.deliver import Calls, Contacts
from adapters.teams.limits import write_json
from adapters.teams.messages import BROKEN, BUSY, NO_CHAT, NOT_SERVED, OVER, STALE
from adapters.teams.read import (
    NAME,
    Contact,
    Drop,
    Dropped,
    Heard,
    Json,
    Kind,
    News,
    Reading,
    contact_of,
    is_talk_among_people,
    is_talk_in_thread,
    kind_of,
    read,
)
from adapters.teams.seal import name_event
from adapters.teams.wording import Wording
from bot.app import App
from bot.errors import Unavailable
from bot.inbound import Inbound, Installed, Place, PlaceKind, Profile
from bot.metric import SECONDS, Count, Meters, Spread
from bot.reply import Reply

PATH = "/api/messages"
LONGEST_BODY = 512 * 1024
"""Bytes. A message has at most some 100 KB, and an action of the message extension brings the one
that it is about as well."""
READING = timedelta(seconds=3)
"""How long a body may take to arrive."""
WITHIN = timedelta(seconds=10)
"""From the arrival of a request to its answer. Teams waits fifteen seconds."""
WAITING = timedelta(seconds=4)
"""The same where a person waits. Of an action of the message extension Teams waits five seconds,
asks twice again and then says that we cannot be reached:
learn.microsoft.com/microsoftteams/platform/messaging-extensions/how-to/action-commands/respond-to-task-module-submit"""
SHOWING = timedelta(seconds=4)
"""How long of that the reply to words may take to be shown."""
MOST_HOMES = 10_000
"""People of whom is remembered whether they are of the organisation."""

log = structlog.get_logger()

T = TypeVar("T")

_HEADERS = {"Cache-Control": "no-store"}
_TURN = "inflow"

_INVOKES: Mapping[str, Kind] = MappingProxyType(
    {
        "invoke:adaptiveCard/action": Kind.EXECUTE,
        "invoke:task/fetch": Kind.OPEN,
        "invoke:task/submit": Kind.DIALOG,
        "invoke:composeExtension/fetchTask": Kind.SHORTCUT,
        "invoke:composeExtension/submitAction": Kind.EXTENSION,
    }
)
"""The invokes that we know."""

_TALK = "talk"
_SAID: Mapping[str, str] = MappingProxyType(
    {
        Drop.CONTROL: STALE,
        Drop.FORGED: STALE,
        Drop.OVER: OVER,
        Drop.STRANGER: NOT_SERVED,
    }
)
"""What whoever did this is told."""


@dataclass(frozen=True, slots=True)
class Ack:
    """What Teams is answered. `body` is that of an invoke."""

    status: int = 200
    body: Json | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Told:
    """What a turn is about: the activity as it came, and what is answered in the end."""

    activity: Json
    until: float
    ack: Ack | None = None


class TeamsEntrance:
    """All that comes from Teams. Lives on one event loop.

    `gate` says who may speak (see `adapters.teams.auth`). `seal` is the key of what travels
    through clients, 16 to 64 bytes. `dialogs` are the actions that open a form. `home` is the one
    tenant that is served, None for any; `local` the address of a Connector on this machine. `clock`
    gives aware UTC.

    `within` is one deadline for all that comes before an answer, `waiting` the shorter one where
    somebody waits for it. What was asked for and not done by then is done all the same, and its
    reply shown in another way.
    """

    def __init__(
        self,
        *,
        app: App[Any],
        client: Calls,
        contacts: Contacts,
        gate: Gate,
        wording: Wording,
        seal: bytes,
        clock: Callable[[], datetime],
        dialogs: Collection[str] = (),
        home: str | None = None,
        local: str | None = None,
        meters: Meters | None = None,
        within: timedelta = WITHIN,
        waiting: timedelta = WAITING,
        showing: timedelta = SHOWING,
    ) -> None:
        if not 16 <= len(seal) <= 64:
            raise ValueError("the seal has fewer than 16 bytes, or more than 64")
        self._app = app
        self._client = client
        self._contacts = contacts
        self._gate = gate
        self._seal = seal
        self._clock = clock
        self._home = home
        self._local = local
        self._within = within.total_seconds()
        self._waiting = min(waiting, within).total_seconds()
        self._for_showing = showing.total_seconds()
        self._showman = make_showman(wording, seal, dialogs)
        self._answering = Answering(client, contacts, app, self._showman, clock)
        self._homes: dict[tuple[str, str], bool] = {}
        self._turns = _Turns()
        self._handler = _Handler(self._hear)
        self._dropped = Count(
            "inflow_teams_dropped",
            "What Teams told us and we had no use for, by the reason.",
            "why",
        )
        self._acked = Spread(
            "inflow_teams_ack_seconds", "How long Teams waited for its answer.", SECONDS
        )
        if meters is not None:
            meters.include(self._dropped, self._acked)

    def add_routes(self, web_app: web.Application) -> None:
        """Take requests at `POST /api/messages`."""
        web_app.router.add_post(PATH, self._take_request)

    async def close(self, within: timedelta = CLOSING) -> None:
        """Wait for the replies that are on the way, at most so long, and give up the rest."""
        await self._answering.close(within)

    async def settle(self) -> None:
        """Return once no reply is on the way any more."""
        await self._answering.settle()

    # The request

    async def _take_request(self, request: web.Request) -> web.Response:
        began = perf_counter()
        ack = await self._judge_request(request)
        if ack.status == 200:
            self._acked.add(perf_counter() - began)
        return _respond(ack)

    async def _judge_request(self, request: web.Request) -> Ack:
        until = asyncio.get_running_loop().time() + self._within
        length = request.content_length
        if length is not None and length > LONGEST_BODY:
            return self._refuse(413, "too_long")
        if request.content_type != "application/json":
            return self._refuse(400, "unreadable")
        given = request.headers.get(hdrs.AUTHORIZATION)
        verdict = await self._gate.admit(given, request.remote, self._clock(), request.headers)
        if isinstance(verdict, Verdict):
            return self._refuse(verdict.value, verdict.name.lower())
        try:
            async with asyncio.timeout(READING.total_seconds()):
                body = await _read_body(request)
        except TimeoutError:
            return self._refuse(408, "slow")
        except (asyncio.IncompleteReadError, web.RequestPayloadError):
            # Whoever began to send it has gone, or it is not packed as it says.
            return self._refuse(400, "unreadable")
        if body is None:
            return self._refuse(413, "too_long")
        activity = read_activity(body)
        if activity is None:
            return self._refuse(400, "unreadable")
        service_url = activity.get("serviceUrl")
        is_ours = isinstance(service_url, str) and is_allowed(service_url, self._local)
        if not (verdict.covers(activity) and is_ours):
            return self._refuse(403, "forbidden")
        return await self.take(activity, until)

    def _refuse(self, status: int, why: str) -> Ack:
        self._dropped.add(why)
        return Ack(status)

    # The turn

    async def take(self, activity: Json, until: float | None = None) -> Ack:
        """Do what an activity asks, whose sender was let in. It is answered by `until`, in the
        loop's time."""
        if until is None:
            until = asyncio.get_running_loop().time() + self._within
        kind, name = activity.get("type"), activity.get("name")
        if not isinstance(kind, str) or not kind:
            return self._refuse(400, "unreadable")
        if kind == ActivityTypes.invoke:
            until -= self._within - self._waiting
        turn = TurnContext(self._turns, Activity(type=kind, name=name))
        told = turn.turn_state[_TURN] = _Told(activity, until)
        await self._turns.run_pipeline(turn, self._handler.on_turn)
        return told.ack or Ack()

    async def _hear(self, told: _Told) -> Ack:
        activity, kind = told.activity, kind_of(told.activity)
        if kind.startswith("invoke:") and kind not in _INVOKES:
            return self._refuse(501, Drop.UNKNOWN)
        reading = Reading(self._clock(), self._seal, self._home)
        found = read(activity, reading)
        try:
            match found:
                case Dropped(why=why):
                    return self._drop(why, _INVOKES.get(kind))
                case News():
                    return await self._note(found, told)
                case Heard():
                    return await self._hear_known(found, told.until)
        except Unavailable:
            return self._excuse(found, BUSY, Ack(503))
        except Exception:
            # The edge: whatever went wrong in us, Teams and the person get an answer.
            log.exception("what Teams told us failed")
            return self._excuse(found, BROKEN, Ack(500))

    async def _in_time(self, work: Awaitable[T], until: float) -> T:
        """What the store says by then.

        Raises:
            Unavailable: it says nothing.
        """
        try:
            async with asyncio.timeout_at(until):
                return await work
        except TimeoutError as error:
            raise Unavailable from error

    def _drop(self, why: str, invoke: Kind | None) -> Ack:
        """Nothing for us, and Teams need not tell it again."""
        self._dropped.add(why)
        if invoke is None or why == Drop.REFRESH:
            return Ack()
        if why in _SAID:
            return Ack(200, say_sentence(invoke, _SAID[why]))
        return Ack(400)

    async def _hear_known(self, heard: Heard, until: float) -> Ack:
        if is_talk_among_people(heard):
            # It can be in no thread of ours: the store is not asked, and nothing kept.
            return self._drop(_TALK, None)
        if is_talk_in_thread(heard):
            concerns = asyncio.to_thread(self._app.concerns, heard.inbound)
            try:
                is_ours = await self._in_time(concerns, until)
            except Unavailable:
                # It may be no word to us: nobody is told that we missed it.
                return Ack(503)
            if not is_ours:
                return self._drop(_TALK, None)
        if not heard.is_home_told and not await self._is_one_of_us(heard, until):
            kind = heard.source.kind
            return self._drop(Drop.STRANGER, None if kind in EVENTS or kind is Kind.LOOK else kind)
        if heard.source.kind is Kind.LOOK:
            return await self._look(heard, until)
        await self._in_time(self._contacts.keep(contact_of(heard)), until)
        is_begun = heard.source.kind is Kind.SHORTCUT
        if is_begun and not await self._answering.can_tell_alone(heard, until):
            # Before anything is typed: what comes of it could be told to nobody.
            return Ack(200, say_sentence(Kind.SHORTCUT, NO_CHAT))
        return await self._do(heard, until)

    async def _is_one_of_us(self, heard: Heard, until: float) -> bool:
        """Whether somebody is of the organisation in whose conversation they are, where what they
        did does not say it: a channel may be shared with others. Whoever has a chat of their own
        with us is; else it is asked, and not again.

        Raises:
            Unavailable: nobody can say it by then.
        """
        contact, who = heard.source.contact, (heard.source.contact.tenant, heard.inbound.person)
        if who in self._homes:
            return self._homes[who]
        known = await self._in_time(self._contacts.find_person(*who), until)
        is_ours = known is not None and known.kind is PlaceKind.DM
        if not is_ours:
            answer = await self._in_time(self._ask_member(contact), until)
            match answer:
                case Answered():
                    is_ours = _is_at_home(answer, contact)
                case Refused(code=code):
                    # The message extension is used where we are not, and nobody answers us.
                    is_apart = heard.source.kind in (Kind.SHORTCUT, Kind.EXTENSION)
                    if not is_apart:
                        log.warning("teams does not say who somebody is", why=code)
                    return is_apart
                case _:
                    raise Unavailable
        if len(self._homes) >= MOST_HOMES:
            self._homes.clear()
        self._homes[who] = is_ours
        return is_ours

    async def _look(self, heard: Heard, until: float) -> Ack:
        """What a card is to who looks at it. Nobody did anything, so nobody hears of it if that
        cannot be told, and the card stays as it is."""
        receive = self._app.receive
        try:
            async with asyncio.timeout_at(until):
                reply = await asyncio.to_thread(receive, heard.inbound)
        except (TimeoutError, Unavailable):
            return Ack()
        return Ack(200, plan_look(reply, self._showman))

    async def _do(self, heard: Heard, until: float) -> Ack:
        receiving = self._answering.keep(asyncio.to_thread(self._app.receive, heard.inbound))
        now = asyncio.get_running_loop().time
        await asyncio.wait({receiving}, timeout=max(0.0, until - now()))
        if receiving.done():
            shown_by = min(until, now() + self._for_showing)
            return Ack(200, await self._answering.answer(heard, receiving.result(), shown_by))
        self._answering.keep(self._answer_late(heard, receiving))
        if heard.source.kind in EVENTS:
            # Whether it will be kept is not known. Told again, it is done once all the same.
            return Ack(503)
        return Ack(200, late_body(heard))

    async def _answer_late(self, heard: Heard, receiving: asyncio.Task[Reply]) -> None:
        sentence = BROKEN
        try:
            self._answering.answer_late(heard, await receiving)
            return
        except Unavailable:
            sentence = BUSY
        except Exception:
            # A task of its own: nobody else would hear of it.
            log.exception("what Teams told us failed")
        if heard.source.kind is not Kind.MARK:
            self._answering.tell_later(heard, sentence)

    def _excuse(self, found: object, sentence: str, otherwise: Ack) -> Ack:
        """Say a sentence to the person who waits. Where nobody does, `otherwise`: but whether
        Teams tells it again is not known, so who said it hears of it too."""
        if isinstance(found, Heard) and found.source.kind is Kind.LOOK:
            return Ack()
        if not isinstance(found, Heard) or found.source.kind is Kind.MARK:
            return otherwise
        if found.source.kind in EVENTS:
            self._answering.tell_later(found, sentence)
            return otherwise
        return Ack(200, plan_sentence(found, sentence, self._showman))

    # Who is there

    async def _note(self, news: News, told: _Told) -> Ack:
        contact = news.contact
        if news.are_we_here is False:
            await self._contacts.drop(contact)
            await self._note_reach(contact, is_reachable=False)
            return Ack()
        if news.are_we_here:
            await self._contacts.keep(contact)
            await self._note_reach(contact, is_reachable=True)
        for account in news.came:
            known = replace(contact, person=account.person, user=account.user)
            await self._contacts.keep(known)
        if not (news.are_we_here and news.is_new and contact.person is not None):
            return Ack()
        welcome = self._answering.keep(self._welcome(contact))
        now = asyncio.get_running_loop().time
        await asyncio.wait({welcome}, timeout=max(0.0, told.until - now()))
        return Ack(200 if not welcome.done() or welcome.result() else 503)

    async def _note_reach(self, contact: Contact, *, is_reachable: bool) -> None:
        """Whoever takes the app away is not written to, and nobody waits for them."""
        if contact.kind is PlaceKind.DM and contact.person is not None:
            who = NAME, contact.tenant, contact.person
            await asyncio.to_thread(self._app.note_reach, *who, is_reachable=is_reachable)

    async def _welcome(self, contact: Contact) -> bool:
        """Teams tells twice that somebody has installed the app, for themselves or for a team or
        chat, and they hear of it once. False: the store is out of reach."""
        name = await self._ask_name(contact)
        if name is None:
            # They are met with their first words.
            return True
        inbound = Inbound(
            platform=NAME,
            workspace=contact.tenant,
            event_id=name_event(self._seal, "welcome", contact.tenant, contact.conversation),
            person=contact.person or "",
            place=Place(conversation=contact.conversation, kind=contact.kind),
            at=self._clock(),
            what=Installed(),
            profile=Profile(name=name, renews=True),
        )
        try:
            await asyncio.to_thread(self._app.receive, inbound)
        except Unavailable:
            return False
        except Exception:
            # A task of its own: nobody else would hear of it.
            log.exception("who has got the app was not welcomed")
        return True

    async def _ask_name(self, contact: Contact) -> str | None:
        """How somebody is called of whom Teams has told nothing but an id; None also of who is of
        another organisation."""
        if contact.user is None:
            return None
        answer = await self._ask_member(contact)
        if not isinstance(answer, Answered) or not _is_at_home(answer, contact):
            return None
        name = answer.data.get("name")
        return name.strip()[:150] or None if isinstance(name, str) else None

    async def _ask_member(self, contact: Contact) -> Answer:
        """What Teams tells of who is in a conversation."""
        path = ["conversations", contact.conversation, "members", contact.user or ""]
        return await self._answering.ask(contact, path)


class _Turns(BotAdapter):  # type: ignore[misc]  # botbuilder says nothing of its types.
    """botbuilder's turns, in which nothing is sent but the one response to an invoke."""

    async def send_activities(
        self, context: TurnContext, activities: Sequence[Activity]
    ) -> list[ResourceResponse]:
        for activity in activities:
            if activity.type != ActivityTypes.invoke_response:
                raise NotImplementedError("replies go by adapters.teams.client")
            response = activity.value
            context.turn_state[_TURN].ack = Ack(response.status, response.body)
        return [ResourceResponse() for _ in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> None:
        raise NotImplementedError("replies go by adapters.teams.client")

    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        raise NotImplementedError("nothing is ever deleted")


class _Handler(ActivityHandler):  # type: ignore[misc]  # botbuilder says nothing of its types.
    """What is done in a turn, by botbuilder's word for the activity. Whatever is not here is
    nothing for us, and answered 200."""

    def __init__(self, hear: Callable[[_Told], Any]) -> None:
        self._hear = hear

    async def _listen(self, turn_context: TurnContext) -> None:
        told: _Told = turn_context.turn_state[_TURN]
        told.ack = await self._hear(told)

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_message_reaction_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        ack = await self._hear(turn_context.turn_state[_TURN])
        return InvokeResponse(status=ack.status, body=ack.body)

    async def on_typing_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_event_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_end_of_conversation_activity(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)

    async def on_unrecognized_activity_type(self, turn_context: TurnContext) -> None:
        await self._listen(turn_context)


def _is_at_home(member: Answered, contact: Contact) -> bool:
    """Whether a member of a conversation is of the organisation it is in. The Playground's people
    are of none."""
    return member.data.get("tenantId") in (None, contact.tenant)


async def _read_body(request: web.Request) -> bytes | None:
    """The body; None where it is longer than anything of Teams'."""
    length = request.content_length
    if length is not None and hdrs.CONTENT_ENCODING not in request.headers:
        return await request.content.readexactly(length) if length else b""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


def read_activity(body: bytes) -> Json | None:
    """The activity in a body; None where there is none."""
    try:
        activity = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return activity if isinstance(activity, dict) else None


def _respond(ack: Ack) -> web.Response:
    if ack.body is None:
        return web.Response(status=ack.status, headers=_HEADERS)
    return web.Response(
        status=ack.status,
        body=write_json(ack.body),
        content_type="application/json",
        headers=_HEADERS,
    )
