"""What is shown to the person who acted: a Reply, in the ways that Slack has for each case.

`plan_answer` is pure: the body of the acknowledgement, and the steps that are taken besides.
`Answering` takes the steps, tries again where Slack was slow or away, and finds another way
where there is none to a conversation. Nothing here stands in the outbox, because who asked
anonymously must not stand there.

A reply is shown once, though Slack tells several processes of an event, at once or again:

- Before anything is posted it is taken on in the store (`App.begin_showing`), by the act's name
  and without the person's. Who finds it taken on posts nothing.
- When it was shown, or never can be because Slack refuses it, that is kept.
- When it was certainly not shown, it is given back.
- When the process dies in between, or the store with it, what was taken on runs out after
  `LEASE`. Then nobody knows whether it was posted, and it is posted again: better twice than
  never. An answer that was lost on the way is not a reason to post again, only a death is.

An event is acknowledged only when its reply is shown, or never can be, or was perhaps shown
and the answer lost. Otherwise it is answered 503, and Slack delivers it again: at once, after a
minute and after five. By the second of these what was taken on has been ended, given back or
has run out. What Slack delivers only once (commands, presses, forms) is shown even where the
store cannot say whose it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias, TypeVar

import structlog

from adapters.slack.client import Answer, Answered, Doubtful, NotSent, Refused, Slow
from adapters.slack.messages import OPEN, OPEN_FORM, TOO_LATE
from adapters.slack.read import NAME, REOPEN, Heard, Kind
from adapters.slack.render import Rendered, render_form, render_message, render_page
from adapters.slack.seal import Origin, seal_origin, sign
from adapters.slack.wording import Wording
from bot.errors import BotError, Unavailable
from bot.form import Form
from bot.inbound import PlaceKind
from bot.message import Args, Button, Buttons, Message, Style, Tone, literal, say, shorten
from bot.reply import Audience, Reply, Showing
from bot.task import Tasks

PATIENCE = timedelta(seconds=30)
"""How long the reply to an event is tried again, before it is left to Slack's next delivery."""
LONG_PATIENCE = timedelta(minutes=3)
"""How long the reply is tried again to what Slack does not deliver a second time."""
LAST_TRY = timedelta(seconds=15)
"""How long what was begun within the patience may take."""
LEASE = timedelta(seconds=20)
"""How long after the patience a reply is somebody else's to show. For an event all this is less
than the minute after which Slack delivers it the second time again."""
TRIGGER = timedelta(seconds=2.5)
"""How long a form is tried to be opened: its trigger is good for three seconds."""
CLOSING = timedelta(seconds=8)
"""How long `close` waits for replies that are on the way."""

LONGEST_ERROR = 2_000
"""Characters of what is wrong with a field, as of a field's hint."""

NOT_THERE = frozenset(
    {
        "cannot_reply_to_message",
        "channel_not_found",
        "channel_type_not_supported",
        "is_archived",
        "messages_tab_disabled",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "thread_not_found",
        "user_not_in_channel",
    }
)
"""Errors that say that nothing of ours can be shown in that conversation."""
USED_TRIGGERS = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
OLD_TRIGGERS = frozenset({"expired_trigger_id", "invalid_trigger_id", "trigger_expired"})

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

log = structlog.get_logger()

Json: TypeAlias = Mapping[str, Any]


class Calls(Protocol):
    """What is needed of `adapters.slack.client.SlackClient`."""

    async def call(self, team: str, method: str, body: Mapping[str, Any]) -> Answer: ...

    async def post(self, url: str, body: Mapping[str, Any]) -> Answer: ...


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
    """Say it in a conversation; to one person alone where `only` names them."""

    channel: str
    said: Rendered = field(repr=False)
    thread: str | None = None
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Replace:
    """Put it in the place of the message that was pressed."""

    said: Rendered = field(repr=False)


@dataclass(frozen=True, slots=True)
class Respond:
    """Say it as the answer to a command that was acknowledged without one."""

    said: Rendered = field(repr=False)
    audience: Audience


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Open the form over what the person looks at."""

    view: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Publish:
    """Show the person their own page."""

    view: Json = field(repr=False)


Step: TypeAlias = Tell | Replace | Respond | OpenForm | Publish


@dataclass(frozen=True, slots=True)
class Plan:
    """`ack` is the body of the acknowledgement; None: an empty one."""

    ack: Json | None = field(default=None, repr=False)
    steps: tuple[Step, ...] = ()


def plan_answer(
    heard: Heard, reply: Reply, wording: Wording, seal: bytes, *, is_late: bool = False
) -> Plan:
    """How the reply is shown to the person, who did what was heard. `is_late`: the
    acknowledgement was given without it."""
    source = heard.source
    if source.reopens:
        # Everything else of that reply was shown when it was given.
        reply = Reply(form=reply.form) if reply.form is not None else reply
    if reply.errors:
        # There is no markup under a field that would tell commands from other words.
        errors = {name: wording.say(said) for name, said in reply.errors.items()}
        reply = reply.model_copy(update={"errors": errors})
    if source.kind is Kind.SUBMIT:
        plan = _plan_after_late_form if is_late else _plan_after_form
        return plan(heard, reply, wording, seal)
    message = reply.message
    if message is None and reply.errors:
        message = say(literal("\n".join(reply.errors.values())), tone=Tone.WARNING)
    # A form goes first: its trigger does not wait.
    steps: list[Step] = []
    if reply.form is not None:
        if source.trigger is None:
            message = _with_button(message, offer_form(heard, seal), OPEN_FORM)
        else:
            steps.append(OpenForm(_view(heard, reply.form, wording, seal)))
    if reply.page is not None and source.on_page:
        steps.append(Publish(render_page(reply.page, wording)))
    elif reply.page is not None and source.kind is Kind.PRESS:
        # A page that was shown as a message.
        steps.append(Replace(render_message(reply.page, wording)))
    if message is None or source.kind is Kind.PAGE:
        # Who opens their page has said nothing, and is told nothing in a direct message.
        return Plan(steps=tuple(steps))
    said = render_message(message, wording)
    if source.kind is Kind.COMMAND and is_late:
        return Plan(steps=(*steps, Respond(said, reply.audience)))
    if source.kind is Kind.COMMAND:
        kind = "in_channel" if reply.audience is Audience.PLACE else "ephemeral"
        return Plan({"response_type": kind, **_body(said)}, tuple(steps))
    if reply.replace and source.kind is Kind.PRESS and not source.on_page and reply.page is None:
        return Plan(steps=(*steps, Replace(said)))
    is_said = source.kind is Kind.WORDS or source.kind is Kind.MARK
    tell = _tell(heard, reply.audience, said, source.message if is_said else None)
    return Plan(steps=(*steps, tell))


def _plan_after_form(heard: Heard, reply: Reply, wording: Wording, seal: bytes) -> Plan:
    source = heard.source
    view = source.view or {}
    steps: tuple[Step, ...] = ()
    if reply.message is not None:
        steps = (_after_form(heard, reply, render_message(reply.message, wording)),)
    if reply.page is not None and source.on_page:
        steps = (Publish(render_page(reply.page, wording)), *steps)
    if reply.errors:
        errors = place_errors(reply.errors, view)
        if errors:
            return Plan({"response_action": "errors", "errors": errors}, steps)
        # Nothing in the view can say it.
        wrong = say(literal("\n".join(reply.errors.values())), tone=Tone.WARNING)
        said = render_message(wrong, wording)
        steps = (*steps, _tell(heard, Audience.PERSON, said, None))
    if reply.form is not None:
        update = _view(heard, reply.form, wording, seal)
        return Plan({"response_action": "update", "view": update}, steps)
    return Plan({"response_action": "clear"}, steps)


def _plan_after_late_form(heard: Heard, reply: Reply, wording: Wording, seal: bytes) -> Plan:
    """The form was closed: what it would have shown is said."""
    message, audience = reply.message, reply.audience
    if reply.errors:
        sentences = literal("\n".join(reply.errors.values()))
        message, audience = say(sentences, tone=Tone.WARNING), Audience.PERSON
    if reply.form is not None:
        message = _with_button(message, offer_form(heard, seal), OPEN_FORM)
    steps: list[Step] = []
    if reply.page is not None and heard.source.on_page:
        steps.append(Publish(render_page(reply.page, wording)))
    if message is not None:
        shown = reply.model_copy(update={"audience": audience})
        steps.append(_after_form(heard, shown, render_message(message, wording)))
    return Plan(steps=tuple(steps))


def _after_form(heard: Heard, reply: Reply, said: Rendered) -> Step:
    """Where what a sent form led to is said."""
    source = heard.source
    is_known = source.message is not None or source.response_url is not None
    if reply.replace and not reply.errors and reply.page is None and is_known:
        return Replace(said)
    return _tell(heard, reply.audience, said, None)


def place_errors(errors: Mapping[str, str], view: Json) -> dict[str, str]:
    """The sentences by `block_id`, as Slack wants them; it shows nothing at all when one of
    them names a field that the view has not. Such a sentence is said by the first field."""
    fields = [
        str(block.get("block_id"))
        for block in view.get("blocks") or ()
        if isinstance(block, Mapping) and block.get("type") == "input"
    ]
    placed = {name: said for name, said in errors.items() if name in fields}
    others = [said for name, said in errors.items() if name not in fields]
    if others and fields:
        placed[fields[0]] = " ".join([*filter(None, [placed.get(fields[0])]), *others])
    return {name: shorten(said, LONGEST_ERROR) for name, said in placed.items()}


def offer_form(heard: Heard, seal: bytes) -> Buttons:
    """A button for this person alone that opens the form of the reply to what was heard."""
    event = heard.inbound.event_id
    args: Args = {
        "event": event,
        "seal": sign(seal, heard.source.team, heard.inbound.person, event),
    }
    return Buttons(buttons=(Button(label=OPEN, action=REOPEN, args=args, style=Style.PRIMARY),))


def _with_button(message: Message | None, button: Buttons, sentence: str) -> Message:
    if message is None:
        return say(sentence, button)
    return message.model_copy(update={"parts": (*message.parts[:39], button)})


def _view(heard: Heard, form: Form, wording: Wording, seal: bytes) -> Json:
    source = heard.source
    origin = Origin(form.action, form.args, heard.inbound.place, source.on_page)
    if source.kind is Kind.PRESS or source.kind is Kind.SUBMIT:
        way = source.response_url if source.is_ephemeral else None
        message = None if source.is_ephemeral else source.message
        origin = replace(origin, message=message, response_url=way)
    sealed = seal_origin(seal, heard.source.team, heard.inbound.person, origin)
    return render_form(form, wording, sealed)


def _tell(heard: Heard, audience: Audience, said: Rendered, root: str | None) -> Tell:
    """In the conversation it is about. `root` is the message whose thread it goes into, unless
    that one stands in a thread itself."""
    place, person = heard.inbound.place, heard.inbound.person
    if place.kind is PlaceKind.DM:
        return Tell(place.conversation, said, place.thread)
    if audience is Audience.PERSON:
        # Slack shows what is for one person only in a thread that is there already.
        return Tell(place.conversation, said, place.thread, only=person)
    return Tell(place.conversation, said, place.thread or root)


def _body(said: Rendered) -> dict[str, Any]:
    return {"text": said.text, "blocks": said.blocks}


# How it is done --------------------------------------------------------------------------


class Answering:
    """Shows replies, on one event loop. `claims` says which are ours to show (see the module),
    `clock` gives aware UTC, `doubt` hears of a workspace whose token is refused.
    """

    def __init__(
        self,
        client: Calls,
        claims: Claims,
        wording: Wording,
        seal: bytes,
        clock: Callable[[], datetime],
        doubt: Callable[[str, str], None] = lambda _team, _error: None,
        *,
        patience: timedelta = PATIENCE,
        long_patience: timedelta = LONG_PATIENCE,
    ) -> None:
        self._client = client
        self._claims = claims
        self._wording = wording
        self._seal = seal
        self._clock = clock
        self._doubt = doubt
        self._patience = patience
        self._long_patience = long_patience
        self._showing: dict[str, asyncio.Task[bool]] = {}
        self._tasks = Tasks()

    async def answer(self, heard: Heard, reply: Reply, until: float) -> Json | None:
        """Begin to show the reply; the body of the acknowledgement, None for an empty one.

        Of an event it returns once all is shown. Of all else the person waits for the
        acknowledgement, so that comes first.

        Raises:
            Unavailable: at `until`, in the loop's time, the reply to an event was not shown, or
                it will not be by us. What was begun goes on; Slack is to deliver again.
        """
        plan = plan_answer(heard, reply, self._wording, self._seal)
        if not plan.steps:
            return plan.ack
        task = self._begin(heard, plan.steps)
        if heard.source.kind.is_event:
            left = until - asyncio.get_running_loop().time()
            await asyncio.wait({task}, timeout=max(0.0, left))
            if not task.done() or task.cancelled() or not task.result():
                raise Unavailable
        return plan.ack

    def answer_late(self, heard: Heard, reply: Reply) -> None:
        """Begin to show a reply that was not there in time for the acknowledgement."""
        plan = plan_answer(heard, reply, self._wording, self._seal, is_late=True)
        if plan.steps:
            self._begin(heard, plan.steps)

    def tell_later(self, response_url: object, sentence: str) -> None:
        """Say one sentence of the adapter's own to the person alone, on the way that needs
        nothing but what came with the request; not at all where nothing came."""
        if isinstance(response_url, str) and response_url:
            body = {"response_type": "ephemeral", "replace_original": False, "text": sentence}
            self.keep(self._post_once(response_url, body))

    def tell_sender(self, heard: Heard, sentence: str) -> None:
        """Say one sentence of the adapter's own to who sent a form that is closed by now."""
        said = render_message(say(sentence, tone=Tone.WARNING), self._wording)
        self.keep(self._show_all(heard, [_tell(heard, Audience.PERSON, said, None)]))

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

    def _begin(self, heard: Heard, steps: Iterable[Step]) -> asyncio.Task[bool]:
        """The task that shows it, which others may be waiting for already. It says whether
        nothing is left to be shown."""
        found = self._showing.get(heard.act)
        if found is not None:
            return found
        task = self._showing[heard.act] = self.keep(self._show(heard, steps))
        task.add_done_callback(lambda _: self._showing.pop(heard.act, None))
        return task

    async def _show(self, heard: Heard, steps: Iterable[Step]) -> bool:
        if heard.source.kind is Kind.PAGE:
            # Shown twice it is the same page.
            return await self._show_all(heard, steps) is True
        until = self._clock() + self._patience_for(heard) + LEASE
        begin = self._claims.begin_showing
        try:
            showing = await asyncio.to_thread(begin, NAME, heard.act, until)
        except BotError:
            if heard.source.kind.is_event:
                return False
            showing = Showing.OURS
        if showing is not Showing.OURS:
            return showing is Showing.DONE
        is_shown = await self._show_all(heard, steps)
        if is_shown is not None:
            end = self._claims.end_showing
            try:
                await asyncio.to_thread(end, NAME, heard.act, until, is_shown=is_shown)
            except BotError:
                log.warning("not kept whether a reply was shown", is_shown=is_shown)
        return is_shown is True

    async def _show_all(self, heard: Heard, steps: Iterable[Step]) -> bool | None:
        """Whether all is shown, as far as it ever will be; None where nobody can say."""
        is_shown = True
        try:
            async with asyncio.timeout((self._patience_for(heard) + LAST_TRY).total_seconds()):
                for step in steps:
                    is_shown &= await self._do(heard, step)
        except TimeoutError:
            log.warning("a reply was given up", kind=heard.source.kind.value)
            return None
        except Exception:
            # A task of its own: nobody else would hear of it. Another time it is the same.
            log.exception("a reply was not shown")
        return is_shown

    def _patience_for(self, heard: Heard) -> timedelta:
        return self._patience if heard.source.kind.is_event else self._long_patience

    async def _do(self, heard: Heard, step: Step) -> bool:
        """Whether it is done, as far as it ever will be."""
        match step:
            case Tell():
                answer = await self._tell(heard, step)
            case Respond():
                answer = await self._respond(heard, step)
            case Replace(said=said):
                answer = await self._replace(heard, said)
            case OpenForm(view=view):
                answer = await self._open(heard, view)
            case Publish(view=view):
                body = {"user_id": heard.inbound.person, "view": view}
                answer = await self._call(heard, "views.publish", body, safe=True)
        if not isinstance(answer, Answered):
            log.warning("a reply was not shown", step=type(step).__name__, why=_why(answer))
        return not _may_be_done_yet(answer, is_safe=isinstance(step, Replace | Publish))

    async def _tell(self, heard: Heard, step: Tell) -> Answer:
        body = {**_body(step.said), "channel": step.channel, "thread_ts": step.thread}
        if step.only is not None:
            answer = await self._call(heard, "chat.postEphemeral", {**body, "user": step.only})
        else:
            answer = await self._call(heard, "chat.postMessage", {**body, **_PLAIN})
        if not isinstance(answer, Refused) or answer.error not in NOT_THERE:
            return answer
        if step.channel == heard.inbound.person:
            return answer
        # We are not there, or may not speak there: the person hears it from us directly.
        alone = {**_body(step.said), "channel": heard.inbound.person, **_PLAIN}
        return await self._call(heard, "chat.postMessage", alone)

    async def _respond(self, heard: Heard, step: Respond) -> Answer:
        url = heard.source.response_url
        if url is not None:
            kind = "in_channel" if step.audience is Audience.PLACE else "ephemeral"
            body = {"response_type": kind, "replace_original": False, **_body(step.said)}
            answer = await self._insist(heard, lambda: self._client.post(url, body))
            if not isinstance(answer, Refused):
                return answer
        return await self._tell(heard, _tell(heard, step.audience, step.said, None))

    async def _replace(self, heard: Heard, said: Rendered) -> Answer:
        source, place = heard.source, heard.inbound.place
        answer: Answer = Refused("no_response_url")
        if source.response_url is not None:
            body = {"replace_original": True, **_body(said)}
            url = source.response_url
            answer = await self._insist(heard, lambda: self._client.post(url, body), safe=True)
        if isinstance(answer, Answered) or not isinstance(answer, Refused):
            return answer
        if source.message is not None and not source.is_ephemeral:
            body = {**_body(said), "channel": place.conversation, "ts": source.message}
            answer = await self._call(heard, "chat.update", body, safe=True)
            if isinstance(answer, Answered):
                return answer
        return await self._tell(heard, _tell(heard, Audience.PERSON, said, None))

    async def _open(self, heard: Heard, view: Json) -> Answer:
        body = {"trigger_id": heard.source.trigger, "view": view}
        tried: list[Answer] = []

        async def open_it() -> Answer:
            tried.append(await self._client.call(heard.source.team, "views.open", body))
            return tried[-1]

        answer = await self._insist(heard, open_it, patience=TRIGGER)
        if isinstance(answer, Answered):
            return answer
        if isinstance(answer, Refused):
            if answer.error in USED_TRIGGERS and len(tried) > 1:
                # An attempt that seemed to fail had opened it.
                return Answered()
            if answer.error not in USED_TRIGGERS | OLD_TRIGGERS:
                self._doubt(heard.source.team, answer.error)
                log.error("Slack does not take a form", error=answer.error)
        said = render_message(say(TOO_LATE, offer_form(heard, self._seal)), self._wording)
        source = heard.source
        if source.response_url is not None:
            late = {"response_type": "ephemeral", "replace_original": False, **_body(said)}
            url = source.response_url
            told = await self._insist(heard, lambda: self._client.post(url, late))
            if isinstance(told, Answered):
                return told
        return await self._tell(heard, _tell(heard, Audience.PERSON, said, None))

    async def _call(
        self,
        heard: Heard,
        method: str,
        body: Json,
        *,
        safe: bool = False,
    ) -> Answer:
        team = heard.source.team
        answer = await self._insist(heard, lambda: self._client.call(team, method, body), safe=safe)
        if isinstance(answer, Refused):
            self._doubt(team, answer.error)
        return answer

    async def _insist(
        self,
        heard: Heard,
        do: Callable[[], Awaitable[Answer]],
        *,
        safe: bool = False,
        patience: timedelta | None = None,
    ) -> Answer:
        """Do it again where Slack was slow or away, until it is done or it is too late.

        What may have been done is done again only if that is `safe`, or where Slack answered
        that it failed: better twice than never, but not for every lost answer.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + (patience or self._patience_for(heard)).total_seconds()
        pause = FIRST_PAUSE
        while True:
            answer = await do()
            match answer:
                case Slow(after=after):
                    wait = after.total_seconds()
                case NotSent():
                    wait = pause
                case Doubtful(why=why) if safe or why.startswith("http_"):
                    wait = pause
                case _:
                    return answer
            if now() + wait > deadline:
                return answer
            await asyncio.sleep(wait)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _post_once(self, url: str, body: Json) -> None:
        answer = await self._client.post(url, body)
        if not isinstance(answer, Answered):
            log.warning("a sentence was not shown", why=_why(answer))


_PLAIN = {"unfurl_links": False, "unfurl_media": False}
"""Nothing is fetched from the links in a message."""


def _may_be_done_yet(answer: Answer, *, is_safe: bool) -> bool:
    """Whether it is certain that it was not done, and worth another try when Slack is well. What
    may have been done is not done again, unless it is the same twice."""
    match answer:
        case Slow() | NotSent():
            return True
        case Doubtful(why=why):
            return is_safe or why.startswith("http_")
        case _:
            return False


def _why(answer: Answer) -> str:
    match answer:
        case Refused(error=error):
            return error
        case Doubtful(why=why) | NotSent(why=why):
            return why
        case _:
            return type(answer).__name__.lower()
