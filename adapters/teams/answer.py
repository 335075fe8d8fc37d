"""What is shown to the person who acted: a Reply, in the ways that Teams has for each case.

`plan_answer` is pure: what an invoke is answered with, and the steps that are taken besides.
`Answering` takes the steps, and tries again where Teams was slow or away. Nothing here stands in
the outbox, because who asked anonymously must not stand there.

A bot in Teams cannot speak to one person among others. So what is for one person alone and was
asked for in a channel is said in the person's own chat with us; where there is none and none can
be made, the channel hears that there is an answer, and nothing of it.

A card that was pressed is changed twice: in the response, for the person who waits, and where it
stands, for everybody else and for the person's next look at it.

Teams opens a dialog only for a button that asks for one (`adapters.teams.control.open_dialog`).
A form that anything else brings stands in the person's chat as a card with inputs. A form carries
its own fields with it, so that it can be shown again with what was given and what is wrong, by
whichever process hears of it.

A reply is shown once, though Teams may tell several processes of the same act: before anything is
sent it is taken on in the store (`App.begin_showing`), by the act's name and without the person's.
When it was shown, or never can be, that is kept; when it was certainly not shown it is given back;
when the process dies it runs out after `LEASE`, and is then anybody's. Nobody at Microsoft has
promised that an activity is delivered again. So what the store cannot say is shown.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

import structlog
from pydantic import ValidationError

from adapters.teams.client import Answer, Answered, Doubtful, NotSent, Refused, Slow
from adapters.teams.deliver import (
    CARD,
    Calls,
    Contacts,
    Fate,
    fate_of,
    find_thread,
    make_direct,
    write_message,
    write_plain,
)
from adapters.teams.limits import MAX_BYTES, measure
from adapters.teams.messages import (
    ANSWERED_APART,
    ANSWERED_BELOW,
    ANSWERED_THERE,
    DONE,
    LATE,
    LATE_FORM,
    NO_CHAT,
    OPEN_CHAT,
)
from adapters.teams.read import NAME, Contact, Heard, Kind
from adapters.teams.render import Rendered, render_form, render_message
from adapters.teams.seal import Origin, seal_origin
from adapters.teams.wording import Wording
from bot.errors import BotError
from bot.form import ChoiceField, Form
from bot.inbound import Place, PlaceKind, Submitted
from bot.message import Buttons, Choice, Message, Tone, literal, say
from bot.plain import render_plain_form
from bot.reply import Audience, Reply, Showing
from bot.task import Tasks

PATIENCE = timedelta(minutes=3)
"""How long a reply is tried again."""
FOR_CARDS = timedelta(seconds=15)
"""The same of a card that is changed: by then it may stand there newer than that."""
LOST_TRIES = 1
"""How often a reply in somebody's own chat is sent again of which nobody knows whether it came."""
LAST_TRY = timedelta(seconds=20)
"""How long what was begun within the patience may take."""
LEASE = timedelta(seconds=25)
"""How long after the patience a reply is somebody else's to show."""
CLOSING = timedelta(seconds=8)
"""How long `close` waits for replies that are on the way."""

SAID = "application/vnd.microsoft.activity.message"
"""Of the response to a press by which the card stays: a sentence for who pressed."""

MOST_OPTIONS = 12
"""Of a list that a form always carries along."""
MOST_EXCUSED = 1_000
"""Acts of which is remembered that who did them has been told that they came to nothing."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_DELAY = 1.0
"""Seconds that are waited beyond what Teams asks for, at most."""

log = structlog.get_logger()

Json: TypeAlias = Mapping[str, Any]

EVENTS = frozenset({Kind.WORDS, Kind.MARK, Kind.CARD})
"""Nobody waits for what these are answered with."""
DIALOGS = frozenset({Kind.OPEN, Kind.SHORTCUT, Kind.DIALOG, Kind.EXTENSION})
"""These are answered with a dialog, or its end."""


class Claims(Protocol):
    """What is needed of `bot.app.App`, on threads."""

    def begin_showing(self, platform: str, event_id: str, until: datetime) -> Showing: ...

    def end_showing(
        self, platform: str, event_id: str, until: datetime, *, is_shown: bool
    ) -> None: ...


T = TypeVar("T")


# What is to be done ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    """Say it in a place; `is_private`: to the person alone, wherever that can be."""

    place: Place
    said: Rendered = field(repr=False)
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """Put it in the place of the card that was pressed."""

    said: Rendered = field(repr=False)


Step: TypeAlias = Tell | Replace


@dataclass(frozen=True, slots=True)
class Plan:
    """`body` is what an invoke is answered with; None: nothing, which ends a dialog."""

    body: Json | None = field(default=None, repr=False)
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Showman:
    """How replies become cards: with which words, which seal, and which buttons that open
    dialogs (see `render_message`)."""

    wording: Wording
    seal: bytes
    dialogs: frozenset[str] = frozenset()

    def message(self, message: Message) -> Rendered:
        return render_message(message, self.wording, self.dialogs)

    def reply(self, heard: Heard, message: Message, *, is_private: bool) -> Rendered:
        """A message in reply. Of one to the person alone that is about a channel the buttons say
        so: what is pressed in their own chat is done where it was asked for."""
        place, contact = heard.inbound.place, heard.source.contact
        if place.kind is PlaceKind.DM or not is_private:
            return self.message(message)
        origin = Origin("", {}, place, heard.inbound.at)
        sealed = seal_origin(self.seal, contact.tenant, heard.inbound.person, origin)
        return render_message(message, self.wording, self.dialogs, place=sealed)

    def form(self, heard: Heard, form: Form, *, in_chat: bool) -> Rendered:
        """A new form for the person who did what was heard."""
        card: Json = {}
        for shape in (_shape_of(form), _shape_of(_without_lists(form)), None):
            hidden = self._hide(heard, form, shape)
            card = render_form(form, self.wording, hidden, in_chat=in_chat) if hidden else card
            if card and measure(card) <= MAX_BYTES:
                break
        return Rendered(dict(card), render_plain_form(form), form.title)

    def wrong_form(
        self, heard: Heard, form: Form, errors: Mapping[str, str], *, in_chat: bool
    ) -> Rendered:
        """The form that was sent, with what was given and what is wrong."""
        what = heard.inbound.what
        values = what.values if isinstance(what, Submitted) else {}
        card: Json = {}
        for shown in (form, _with_chosen(form, values, errors)):
            card = render_form(
                shown,
                self.wording,
                heard.source.sealed,
                in_chat=in_chat,
                values=values,
                errors=errors,
            )
            if measure(card) <= MAX_BYTES:
                break
        return Rendered(dict(card), render_plain_form(form), form.title)

    def _hide(self, heard: Heard, form: Form, shape: Json | None) -> str | None:
        """What a form carries along; None where that is too much."""
        inbound = heard.inbound
        kept = None if shape is None else dict(shape)
        source, message = heard.source, None
        if source.kind is Kind.OPEN:
            message = source.message
        elif source.kind is Kind.DIALOG and source.origin is not None:
            message = source.origin.message
        origin = Origin(
            form.action, form.args, inbound.place, inbound.at, inbound.event_id, kept, message
        )
        try:
            return seal_origin(self.seal, heard.source.contact.tenant, inbound.person, origin)
        except ValueError:
            return None


def _without_lists(form: Form) -> Form:
    """The form without its long lists, where they are too much to be carried along: shown again
    it has what was typed, and what it is hard to choose twice is chosen anew."""
    fields = [
        entry
        for entry in form.fields
        if not (isinstance(entry, ChoiceField) and len(entry.options) > MOST_OPTIONS)
    ]
    return form.model_copy(update={"fields": tuple(fields)}) if fields else form


def _with_chosen(form: Form, values: Mapping[str, str], errors: Mapping[str, str]) -> Form:
    """The form with no more of its long lists than what was chosen; where that is wrong, with
    the first of what may be."""
    fields = []
    for entry in form.fields:
        kept = entry
        if isinstance(entry, ChoiceField) and len(entry.options) > MOST_OPTIONS:
            chosen = [each for each in entry.options if each.value == values.get(entry.name)]
            is_right = bool(chosen) and entry.name not in errors
            few = chosen if is_right else entry.options[:MOST_OPTIONS]
            kept = entry.model_copy(update={"options": tuple(few)})
        fields.append(kept)
    return form.model_copy(update={"fields": tuple(fields)})


def _shape_of(form: Form) -> dict[str, Any]:
    """The form without what it is for and what stands in it, as short as can be."""
    told = form.model_dump(mode="json", exclude_defaults=True, exclude={"action", "args"})
    told["fields"] = [
        {"kind": entry.kind, **_without_value(shown)}
        for entry, shown in zip(form.fields, told["fields"], strict=True)
    ]
    return told


def _without_value(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in told.items() if name != "value"}


def sent_form(heard: Heard) -> Form | None:
    """The form that was sent, without what stood in it; None where it did not come along."""
    origin = heard.source.origin
    if origin is None or origin.form is None:
        return None
    try:
        return Form.model_validate({**origin.form, "action": origin.action, "args": origin.args})
    except ValidationError:
        # Of an older version of us.
        return None


def plan_answer(heard: Heard, reply: Reply, showman: Showman, *, is_late: bool = False) -> Plan:
    """How the reply is shown to the person, who did what was heard. `is_late`: whoever waited
    was answered without it."""
    if reply.errors and heard.source.is_form:
        return _plan_wrong(heard, reply, showman, is_late=is_late)
    if is_late and heard.source.kind in DIALOGS:
        return _plan_late(heard, reply, showman)
    if heard.source.kind in DIALOGS:
        return _plan_dialog(heard, reply, showman)
    return _plan_in_chat(heard, reply, showman)


def _plan_in_chat(heard: Heard, reply: Reply, showman: Showman) -> Plan:
    """To words, marks and cards that were pressed or filled in."""
    source, message = heard.source, _message_of(reply)
    is_card = source.kind is Kind.CARD or source.kind is Kind.EXECUTE
    # A form that was filled in stands in the person's own chat, and is done with.
    is_over = is_card and source.is_form
    is_in_own_chat = source.contact.kind is PlaceKind.DM
    new: Rendered | None = None
    steps: list[Step] = []
    if reply.page is not None and is_card and not source.is_form:
        new = showman.message(reply.page)
    elif reply.page is not None and message is None:
        message = reply.page
    if message is not None:
        is_private = reply.audience is Audience.PERSON
        takes_place = reply.replace or (is_over and is_private)
        if is_card and new is None and takes_place and reply.form is None:
            new = showman.reply(heard, message, is_private=is_in_own_chat)
        else:
            said = showman.reply(heard, message, is_private=is_private)
            steps.append(_tell(heard, said, is_private=is_private))
    if reply.form is not None:
        shown = showman.form(heard, reply.form, in_chat=True)
        if is_over:
            new = shown
        else:
            steps.append(_tell(heard, shown, is_private=True))
    if is_over and new is None:
        new = showman.message(say(literal(DONE), tone=Tone.GOOD))
    if new is not None:
        steps = [Replace(new), *steps]
    if source.kind is not Kind.EXECUTE:
        return Plan(steps=tuple(steps))
    return Plan(_card(new) if new is not None else _sentence(_where(heard, steps)), tuple(steps))


def _plan_dialog(heard: Heard, reply: Reply, showman: Showman) -> Plan:
    """To a button that opens a dialog, and to a dialog that was sent."""
    source, message = heard.source, _message_of(reply)
    opens = source.kind is Kind.OPEN or source.kind is Kind.SHORTCUT
    steps: list[Step] = []
    body: Json | None = None
    is_private = reply.audience is Audience.PERSON
    if reply.form is not None:
        body = _dialog(reply.form.title, showman.form(heard, reply.form, in_chat=False))
    if reply.page is not None and source.kind is Kind.OPEN and source.message is not None:
        steps.append(Replace(showman.message(reply.page)))
    elif reply.page is not None and message is None:
        message = reply.page
    if message is not None:
        said = showman.reply(heard, message, is_private=is_private)
        is_there = source.kind is Kind.OPEN or (source.kind is Kind.DIALOG and reply.page is None)
        if reply.replace and is_there and source.message is not None:
            is_in_own_chat = source.contact.kind is PlaceKind.DM
            steps.append(Replace(showman.reply(heard, message, is_private=is_in_own_chat)))
        elif opens and body is None and is_private and not _can_be_pressed(message):
            # It is read in the dialog, and need not be said again.
            body = _closing(said.text)
        else:
            steps.append(_tell(heard, said, is_private=is_private))
    if body is None and opens:
        # Teams waits for something to show.
        body = _closing(_where(heard, steps))
    elif body is None and (sentence := _elsewhere(heard, steps)) is not None:
        # Else it would close without a word, and nobody would know whether it was sent.
        body = _closing(sentence)
    return Plan(body, tuple(steps))


def _plan_wrong(heard: Heard, reply: Reply, showman: Showman, *, is_late: bool) -> Plan:
    """To a form that cannot be taken as it is. Nothing was changed, and nothing given is lost."""
    source, form = heard.source, sent_form(heard)
    is_dialog = source.kind in DIALOGS
    words = showman.message(_say_wrong(reply.errors))
    steps: tuple[Step, ...] = ()
    if reply.message is not None:
        is_private = reply.audience is Audience.PERSON
        steps = (_tell(heard, showman.message(reply.message), is_private=is_private),)
    if form is None:
        if is_late or source.kind is Kind.CARD:
            return Plan(steps=(*steps, _tell(heard, words, is_private=True)))
        return Plan(_closing(words.text) if is_dialog else _sentence(words.text), steps)
    shown = showman.wrong_form(heard, form, reply.errors, in_chat=not is_dialog or is_late)
    if is_dialog and is_late:
        return Plan(steps=(*steps, _tell(heard, shown, is_private=True)))
    if is_dialog:
        return Plan(_dialog(form.title, shown), steps)
    if is_late or source.kind is Kind.CARD:
        return Plan(steps=(Replace(shown), *steps))
    return Plan(_card(shown), steps)


def _plan_late(heard: Heard, reply: Reply, showman: Showman) -> Plan:
    """To a dialog that is closed by now: what it would have shown is said."""
    steps: list[Step] = []
    message = _message_of(reply)
    if message is None and reply.form is None:
        message = reply.page
    if message is not None:
        is_private = reply.audience is Audience.PERSON
        said = showman.reply(heard, message, is_private=is_private)
        steps.append(_tell(heard, said, is_private=is_private))
    if reply.form is not None:
        shown = showman.form(heard, reply.form, in_chat=True)
        steps.append(_tell(heard, shown, is_private=True))
    return Plan(steps=tuple(steps))


def plan_look(reply: Reply, showman: Showman) -> Json | None:
    """What Teams shows a person in the place of a card that they look at; None: the card stays."""
    if reply.message is None or not reply.replace:
        return None
    return _card(showman.message(reply.message))


def plan_sentence(heard: Heard, sentence: str, showman: Showman) -> Json | None:
    """What an invoke is answered with that came to nothing: a sentence of the adapter's own, in
    the form that was sent, so that nothing that was typed is lost."""
    if heard.source.is_form:
        return plan_answer(heard, Reply(errors={"": sentence}), showman).body
    return say_sentence(heard.source.kind, sentence)


def say_sentence(kind: Kind, sentence: str) -> Json:
    """A sentence as the response to an invoke."""
    return _closing(sentence) if kind in DIALOGS else _sentence(sentence)


def late_body(heard: Heard) -> Json | None:
    """What an invoke is answered with whose reply is not there in time."""
    match heard.source.kind:
        case Kind.OPEN | Kind.SHORTCUT:
            return _closing(LATE_FORM)
        case Kind.DIALOG | Kind.EXTENSION:
            return _closing(LATE)
        case _:
            return _sentence(LATE)


def _message_of(reply: Reply) -> Message | None:
    if reply.message is None and reply.errors:
        return _say_wrong(reply.errors)
    return reply.message


def _say_wrong(errors: Mapping[str, str]) -> Message:
    return say(literal("\n".join(errors.values())), tone=Tone.WARNING)


def _can_be_pressed(message: Message) -> bool:
    return any(isinstance(part, Buttons | Choice) for part in message.parts)


def _tell(heard: Heard, said: Rendered, *, is_private: bool) -> Tell:
    """In the conversation it is about, and there in the thread of what was said or marked."""
    place, source = heard.inbound.place, heard.source
    if place.kind is PlaceKind.CHANNEL and place.thread is None:
        is_said = source.kind is Kind.WORDS or source.kind is Kind.MARK
        root = source.message if is_said else None
        place = place.model_copy(update={"thread": root})
    return Tell(place, said, is_private)


def _where(heard: Heard, steps: Iterable[Step]) -> str:
    """A sentence for who pressed, about where to look."""
    for step in steps:
        if isinstance(step, Tell):
            return _elsewhere(heard, [step]) or ANSWERED_BELOW
    return DONE


def _elsewhere(heard: Heard, steps: Iterable[Step]) -> str | None:
    """The same of what is said in another conversation than the one that they look at."""
    contact = heard.source.contact
    for step in steps:
        if not isinstance(step, Tell):
            continue
        if step.is_private and contact.kind is not PlaceKind.DM:
            return ANSWERED_APART
        if not step.is_private and step.place.conversation != contact.conversation:
            return ANSWERED_THERE
    return None


def _card(said: Rendered) -> Json:
    return {"statusCode": 200, "type": CARD, "value": said.card}


def _sentence(text: str) -> Json:
    return {"statusCode": 200, "type": SAID, "value": text}


def _dialog(title: str, shown: Rendered) -> Json:
    card = {"contentType": CARD, "content": shown.card}
    value = {"title": title, "height": "medium", "width": "medium", "card": card}
    return {"task": {"type": "continue", "value": value}}


def _closing(text: str) -> Json:
    return {"task": {"type": "message", "value": text}}


# How it is done --------------------------------------------------------------------------


class Answering:
    """Shows replies, on one event loop. `claims` says which are ours to show (see the module),
    `clock` gives aware UTC."""

    def __init__(
        self,
        client: Calls,
        contacts: Contacts,
        claims: Claims,
        showman: Showman,
        clock: Callable[[], datetime],
        *,
        patience: timedelta = PATIENCE,
        dice: random.Random | None = None,
    ) -> None:
        self._client = client
        self._contacts = contacts
        self._claims = claims
        self._showman = showman
        self._clock = clock
        self._patience = patience
        self._dice = dice or random.Random()
        self._showing: dict[str, asyncio.Task[None]] = {}
        self._tasks = Tasks()
        self._excused: set[str] = set()

    async def answer(self, heard: Heard, reply: Reply, until: float) -> Json | None:
        """Begin to show the reply; what an invoke is answered with.

        Of words and marks it returns once all is shown, or at `until`, in the loop's time; what
        was begun then goes on. Of all else the person waits for the response, so that comes
        first.
        """
        plan = plan_answer(heard, reply, self._showman)
        is_waited_for = heard.source.kind not in EVENTS
        is_apart = is_waited_for and any(map(_is_for_one_alone, plan.steps))
        if is_apart and not await self.can_tell_alone(heard, until):
            # Nobody else is to know. Whoever waits is told why there is no more of it.
            steps = tuple(step for step in plan.steps if not _is_for_one_alone(step))
            plan = Plan(say_sentence(heard.source.kind, NO_CHAT), steps)
        if not plan.steps:
            return plan.body
        task = self._begin(heard, plan.steps)
        if heard.source.kind in EVENTS:
            left = until - asyncio.get_running_loop().time()
            await asyncio.wait({task}, timeout=max(0.0, left))
        return plan.body

    async def can_tell_alone(self, heard: Heard, until: float) -> bool:
        """Whether there is a chat with the person, or one can be made; False only where Teams says
        that there is none."""
        contact = heard.source.contact
        if contact.kind is PlaceKind.DM:
            return True
        try:
            async with asyncio.timeout_at(until):
                known = await self._contacts.find_person(contact.tenant, heard.inbound.person)
                if known is not None and known.kind is PlaceKind.DM:
                    return True
                made = await make_direct(self._client, self._contacts, contact)
        except (TimeoutError, BotError):
            return True
        return not (isinstance(made, Refused) and fate_of(made) is Fate.GONE)

    def answer_late(self, heard: Heard, reply: Reply) -> None:
        """Begin to show a reply that was not there when somebody waited for it."""
        plan = plan_answer(heard, reply, self._showman, is_late=True)
        if plan.steps:
            self._begin(heard, plan.steps)

    def tell_later(self, heard: Heard, sentence: str) -> None:
        """Say one sentence of the adapter's own to the person alone, once for what they did."""
        if heard.inbound.event_id in self._excused:
            return
        if len(self._excused) >= MOST_EXCUSED:
            self._excused.clear()
        self._excused.add(heard.inbound.event_id)
        said = self._showman.message(say(literal(sentence), tone=Tone.WARNING))
        self.keep(self._show_all(heard, [_tell(heard, said, is_private=True)]))

    async def ask(self, contact: Contact, path: list[str]) -> Answer:
        """Read something, again and again where Teams is slow or away."""
        url, call = contact.service_url, self._client.call
        return await self._insist(lambda: call(url, "GET", path), safe=True)

    async def settle(self) -> None:
        """Return once nothing is on the way any more."""
        await self._tasks.settle()

    async def close(self, within: timedelta = CLOSING) -> None:
        """Wait for what is on the way, at most so long, and give up the rest."""
        left = await self._tasks.close(within)
        if left:
            log.warning("replies were given up, because the process ends", replies=left)

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do it beside all else, and let `close` wait for it."""
        return self._tasks.keep(work)

    def _begin(self, heard: Heard, steps: Iterable[Step]) -> asyncio.Task[None]:
        """The task that shows it, which others may be waiting for already."""
        act = heard.inbound.event_id
        found = self._showing.get(act)
        if found is not None:
            return found
        task = self._showing[act] = self.keep(self._show(heard, steps))
        task.add_done_callback(lambda _: self._showing.pop(act, None))
        return task

    async def _show(self, heard: Heard, steps: Iterable[Step]) -> None:
        act = heard.inbound.event_id
        until = self._clock() + self._patience + LEASE
        begin = self._claims.begin_showing
        try:
            showing = await asyncio.to_thread(begin, NAME, act, until)
        except BotError:
            showing = Showing.OURS
        if showing is not Showing.OURS:
            return
        is_shown = await self._show_all(heard, steps)
        if is_shown is None:
            return
        end = self._claims.end_showing
        try:
            await asyncio.to_thread(end, NAME, act, until, is_shown=is_shown)
        except BotError:
            log.warning("not kept whether a reply was shown", is_shown=is_shown)

    async def _show_all(self, heard: Heard, steps: Iterable[Step]) -> bool | None:
        """Whether all is shown, as far as it ever will be; None where nobody can say."""
        is_shown = True
        try:
            async with asyncio.timeout((self._patience + LAST_TRY).total_seconds()):
                for step in steps:
                    is_shown &= await self._do(heard, step)
        except TimeoutError:
            log.warning("a reply was given up", kind=heard.source.kind.value)
            return None
        except Exception:
            # A task of its own: nobody else would hear of it. Another time it is the same.
            log.exception("a reply was not shown")
        return is_shown

    async def _do(self, heard: Heard, step: Step) -> bool:
        """Whether it is done, as far as it ever will be."""
        match step:
            case Replace(said=said):
                answer = await self._replace(heard, said)
            case Tell(is_private=True, place=Place(kind=PlaceKind.CHANNEL)):
                answer = await self._tell_alone(heard, step)
            case Tell(place=place, said=said):
                answer = await self._say_in_thread(heard.source.contact, place, said)
        if not isinstance(answer, Answered):
            log.warning("a reply was not shown", step=type(step).__name__, why=_why(answer))
        return not _may_be_done_yet(answer, is_safe=isinstance(step, Replace))

    async def _replace(self, heard: Heard, said: Rendered) -> Answer:
        source, contact = heard.source, heard.source.contact
        answer: Answer = Refused(0, "no_message")
        if source.message is not None:
            path = ["conversations", contact.conversation, "activities", source.message]
            answer = await self._write(contact, "PUT", path, said)
        if isinstance(answer, Refused):
            # The card is gone, or was never a message: it is said anew, to the person alone.
            return await self._do_tell(heard, said)
        return answer

    async def _do_tell(self, heard: Heard, said: Rendered) -> Answer:
        place = heard.inbound.place
        if place.kind is PlaceKind.CHANNEL:
            return await self._tell_alone(heard, _tell(heard, said, is_private=True))
        return await self._say(heard.source.contact, place.conversation, said)

    async def _tell_alone(self, heard: Heard, step: Tell) -> Answer:
        """In the person's own chat, which may have to be made first."""
        contact = heard.source.contact
        if contact.kind is PlaceKind.DM:
            # The form was opened in a channel, and filled in here.
            return await self._say(contact, contact.conversation, step.said)
        answer = await self._say_directly(heard, step.said)
        is_gone = isinstance(answer, Refused) and fate_of(answer) is Fate.GONE
        if is_gone and heard.source.kind is Kind.WORDS:
            # They spoke to us before all, and it says nothing else. Of a press or a form nobody
            # else knows, least of all of a question without a name.
            profile = heard.inbound.profile
            words = OPEN_CHAT if profile is None else f"{profile.name}: {OPEN_CHAT}"
            hint = self._showman.message(say(literal(words)))
            return await self._say_in_thread(contact, step.place, hint)
        return answer

    async def _say_in_thread(self, contact: Contact, place: Place, said: Rendered) -> Answer:
        where = find_thread(place.conversation, place.thread)
        answer = await self._say(contact, where, said)
        if where != place.conversation and isinstance(answer, Refused) and answer.status == 404:
            # The thread is gone, so it stands beside where it was.
            answer = await self._say(contact, place.conversation, said)
        return answer

    async def _say_directly(self, heard: Heard, said: Rendered) -> Answer:
        contact, person = heard.source.contact, heard.inbound.person
        try:
            known = await self._contacts.find_person(contact.tenant, person)
        except BotError:
            known = None
        if known is not None and known.kind is PlaceKind.DM and known.person == person:
            answer = await self._say(known, known.conversation, said)
            if not (isinstance(answer, Refused) and answer.status == 404):
                return answer
            await self._forget(known)
        made = await self._make(contact)
        if isinstance(made, Contact):
            return await self._say(made, made.conversation, said)
        return made

    async def _forget(self, contact: Contact) -> None:
        try:
            await self._contacts.drop(contact)
        except BotError:
            log.warning("not kept that a conversation is gone")

    async def _make(self, contact: Contact) -> Contact | Answer:
        made: list[Contact] = []

        async def make() -> Answer:
            found = await make_direct(self._client, self._contacts, contact)
            if isinstance(found, Contact):
                made.append(found)
                return Answered()
            return found

        # Made twice it is the same one.
        answer = await self._insist(make, safe=True)
        return made[-1] if isinstance(answer, Answered) else answer

    async def _say(self, contact: Contact, where: str, said: Rendered) -> Answer:
        return await self._write(contact, "POST", ["conversations", where, "activities"], said)

    async def _write(self, contact: Contact, verb: str, path: list[str], said: Rendered) -> Answer:
        url, safe = contact.service_url, verb == "PUT"
        # In somebody's own chat twice is better than never; among others it is not.
        lost = LOST_TRIES if contact.kind is PlaceKind.DM else 0
        call, patience = self._client.call, FOR_CARDS if safe else PATIENCE

        async def insist(body: Json) -> Answer:
            do = partial(call, url, verb, path, body)
            return await self._insist(do, safe=safe, lost=lost, patience=patience)

        answer = await insist(write_message(said))
        if isinstance(answer, Refused) and fate_of(answer) is Fate.NO_CARD:
            log.error("teams refused a card", status=answer.status, code=answer.code)
            answer = await insist(write_plain(said))
        return answer

    async def _insist(
        self,
        do: Callable[[], Awaitable[Answer]],
        *,
        safe: bool = False,
        lost: int = 0,
        patience: timedelta = PATIENCE,
    ) -> Answer:
        """Do it again where Teams was slow or away, until it is done or it is too late.

        What may have been done is done again if that is `safe`, or where Teams answered that it
        failed; else `lost` times.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + min(patience, self._patience).total_seconds()
        pause = FIRST_PAUSE
        while True:
            answer = await do()
            # Whoever was refused at the same moment comes back at another.
            wait = pause * self._dice.uniform(0.5, 1.0)
            match answer:
                case Slow(after=after):
                    wait = after.total_seconds() + self._dice.uniform(0.0, LONGEST_DELAY)
                case NotSent():
                    pass
                case Refused() if fate_of(answer) is Fate.LATER:
                    pass
                case Doubtful(why=why) if safe or why.startswith("http_"):
                    pass
                case Doubtful() if lost > 0:
                    lost -= 1
                case _:
                    return answer
            if now() + wait > deadline:
                return answer
            await asyncio.sleep(wait)
            pause = min(LONGEST_PAUSE, pause * 2)


def make_showman(wording: Wording, seal: bytes, dialogs: Collection[str]) -> Showman:
    """See `Showman`."""
    return Showman(wording, seal, frozenset(dialogs))


def _is_for_one_alone(step: Step) -> bool:
    """Whether it is said in another conversation than the one that it is about."""
    return isinstance(step, Tell) and step.is_private and step.place.kind is PlaceKind.CHANNEL


def _may_be_done_yet(answer: Answer, *, is_safe: bool) -> bool:
    """Whether it is certain that it was not done, and worth another try when Teams is well. What
    may have been done is not done again, unless it is the same twice."""
    match answer:
        case Slow() | NotSent():
            return True
        case Refused():
            return fate_of(answer) is Fate.LATER
        case Doubtful(why=why):
            return is_safe or why.startswith("http_")
        case _:
            return False


def _why(answer: Answer) -> str:
    match answer:
        case Refused(code=code):
            return code
        case Doubtful(why=why) | NotSent(why=why):
            return why
        case _:
            return type(answer).__name__.lower()
