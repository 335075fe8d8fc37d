"""The page and its JSON API over HTTP: reads requests, asks the room, writes answers.

Whatever an API call caused is there when it returns: the letters are carried before
the answer is written. Every error below `/playground/api` is `{"error": "a sentence"}`.
"""

import asyncio
import hashlib
import ipaddress
import json
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web
from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from yarl import URL

from adapters.playground.clock import ClockMover, PlaygroundClock
from adapters.playground.read import clean
from adapters.playground.room import Done, Room
from bot.errors import BotError, Conflict, Invalid, NotAllowed, NotFound, Unavailable
from bot.message import Args
from bot.transcript import Transcript

ROOT = "/playground"
API = ROOT + "/api"
STATIC = ROOT + "/static"
HINT = (
    "Try it: as Ana in #general, write “/ask How do I claim the taxi from a client visit?” "
    "Then become the colleague with the dot, and answer. The clock leads into next week."
)
EMPTY_HINT = (
    "Nobody is here yet. Let somebody join, in the menu: the first one looks after this place as "
    "its community manager. Then let a second one join, ask as one and answer as the other."
)

_HERE = Path(__file__).parent
_STATUS: tuple[tuple[type[BotError], int], ...] = (
    (NotFound, 404),
    (Invalid, 422),
    (NotAllowed, 403),
    (Conflict, 409),
    (Unavailable, 503),
)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

log = structlog.get_logger()


class _Request(BaseModel):
    """What a call may hold. Ids may be given as numbers."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    person: str = Field(max_length=200)
    event_id: str | None = Field(default=None, min_length=1, max_length=100)


class _Say(_Request):
    conversation: str = Field(max_length=200)
    text: str
    thread: str | None = None


class _Press(_Request):
    message: str
    action: str = Field(max_length=200)
    args: Args | None = None
    index: int | None = None
    choice: str | None = None


class _Submit(_Request):
    form: str
    values: dict[str, JsonValue]


class _Shortcut(_Request):
    name: str
    message: str | None = None


class _Mark(_Request):
    message: str
    name: str = Field(max_length=200)


class _Join(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=150)
    zone: str = Field(default="UTC", max_length=60)
    title: str | None = Field(default=None, max_length=100)
    event_id: str | None = Field(default=None, min_length=1, max_length=100)


class _Move(BaseModel):
    model_config = ConfigDict(extra="forbid")

    advance: str = Field(max_length=100)
    person: str | None = None


class _Refused(Exception):
    """The request itself cannot be taken."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


R = TypeVar("R", bound=BaseModel)
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)


class Playground:
    """The routes of one room. `hint` is shown on the first visit, unless nobody is there: then
    it is said how to begin.

    `carry` sees to it that letters due by now go out; an answer is written after it.
    """

    def __init__(
        self,
        *,
        room: Room,
        carry: Callable[[], Awaitable[object]],
        clock: PlaygroundClock,
        mover: ClockMover,
        transcript: Transcript,
        hint: str | None = HINT,
    ) -> None:
        self._room = room
        self._carry = carry
        self._clock = clock
        self._mover = mover
        self._transcript = transcript
        self._hint = hint
        self._pages = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
        self._version = _version_of(_HERE / "static")

    def add_routes(self, app: web.Application) -> None:
        """Add the page at `/playground` (where `/` leads) and the API below it."""
        app.middlewares.append(_guard)
        app.router.add_get("/", _to_page)
        app.router.add_get(ROOT + "/", _to_page)
        app.router.add_get(ROOT, self._page)
        app.router.add_static(STATIC, _HERE / "static")
        for path, post in {
            "say": self._say,
            "press": self._press,
            "submit": self._submit,
            "shortcut": self._use_shortcut,
            "mark": self._put_mark,
            "leave": self._leave,
            "people": self._join,
            "clock": self._move_clock,
        }.items():
            app.router.add_post(f"{API}/{path}", post)
        for path, get in {
            "conversations": self._conversations,
            "messages": self._messages,
            "people": self._people,
            "commands": self._commands,
            "clock": self._show_clock,
            "revision": self._show_revision,
        }.items():
            app.router.add_get(f"{API}/{path}", get)

    async def _page(self, _request: web.Request) -> web.Response:
        try:
            is_empty = await asyncio.to_thread(self._room.is_empty)
        except Unavailable:
            # The page says so itself, and tries again.
            is_empty = False
        page = self._pages.get_template("page.html").render(
            api=API,
            static=STATIC,
            version=self._version,
            hint=EMPTY_HINT if is_empty else self._hint,
            is_empty=is_empty,
        )
        return web.Response(text=page, content_type="text/html")

    async def _say(self, request: web.Request) -> web.Response:
        said = await _read(request, _Say)
        return await self._answer(
            self._room.say,
            said.person,
            said.conversation,
            said.text,
            thread=said.thread,
            event_id=said.event_id,
        )

    async def _press(self, request: web.Request) -> web.Response:
        pressed = await _read(request, _Press)
        return await self._answer(
            self._room.press,
            pressed.person,
            pressed.message,
            pressed.action,
            args=pressed.args,
            index=pressed.index,
            choice=pressed.choice,
            event_id=pressed.event_id,
        )

    async def _submit(self, request: web.Request) -> web.Response:
        sent = await _read(request, _Submit)
        return await self._answer(
            self._room.submit, sent.person, sent.form, sent.values, event_id=sent.event_id
        )

    async def _use_shortcut(self, request: web.Request) -> web.Response:
        used = await _read(request, _Shortcut)
        return await self._answer(
            self._room.use_shortcut, used.person, used.name, used.message, event_id=used.event_id
        )

    async def _put_mark(self, request: web.Request) -> web.Response:
        put = await _read(request, _Mark)
        return await self._answer(
            self._room.put_mark, put.person, put.message, put.name, event_id=put.event_id
        )

    async def _leave(self, request: web.Request) -> web.Response:
        leaver = await _read(request, _Request)
        name = await asyncio.to_thread(self._room.leave, leaver.person, event_id=leaver.event_id)
        await self._carry()
        return _json({"left": name})

    async def _join(self, request: web.Request) -> web.Response:
        new = await _read(request, _Join)
        person = await asyncio.to_thread(
            self._room.join, new.name, zone=new.zone, title=new.title, event_id=new.event_id
        )
        return _json({"person": person})

    async def _answer(self, act: Callable[..., Done], *args: object, **kwargs: Any) -> web.Response:
        done = await asyncio.to_thread(act, *args, **kwargs)
        try:
            await self._carry()
        except Unavailable:
            # What the person did is kept, and so are the letters; they go out later.
            log.warning("letters wait", reason="store unavailable")
        answer = await asyncio.to_thread(self._room.answer, done)
        return _json(answer, 422 if done.errors else 200)

    async def _conversations(self, request: web.Request) -> web.Response:
        shown = await asyncio.to_thread(self._room.conversations, request.query.get("as"))
        return _json({"conversations": shown})

    async def _messages(self, request: web.Request) -> web.Response:
        shown = await asyncio.to_thread(
            self._room.messages,
            _asked(request, "as"),
            _asked(request, "conversation"),
            thread=request.query.get("thread"),
            after=_number(request, "after"),
        )
        return _json({"messages": shown})

    async def _people(self, _request: web.Request) -> web.Response:
        return _json({"people": await asyncio.to_thread(self._room.people)})

    async def _commands(self, _request: web.Request) -> web.Response:
        return _json(self._room.commands())

    async def _show_clock(self, _request: web.Request) -> web.Response:
        return _json(self._clock_now())

    async def _move_clock(self, request: web.Request) -> web.Response:
        move = await _read(request, _Move)
        if move.advance == "next_morning":
            morning = await asyncio.to_thread(self._room.morning, move.person)
            amount = morning - self._clock.now()
        else:
            amount = _duration(move.advance)
        ran = await self._mover.advance(amount)
        return _json({**self._clock_now(), "ran": ran})

    async def _show_revision(self, _request: web.Request) -> web.Response:
        return _json({"revision": await asyncio.to_thread(self._transcript.revision)})

    def _clock_now(self) -> dict[str, Any]:
        return {
            "now": self._clock.now().isoformat(),
            "moved_seconds": round(self._clock.offset.total_seconds()),
        }


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Keeps strangers out and turns every failure of the API into a sentence."""
    is_api = request.path == API or request.path.startswith(API + "/")
    if not is_api and request.path != "/" and not request.path.startswith(ROOT):
        return await handler(request)
    try:
        _refuse_strangers(request)
        response = await handler(request)
    except _Refused as error:
        response = _error(error.status, error.sentence)
    except BotError as error:
        response = _error(_status_of(error), error.sentence)
    except web.HTTPException as error:
        if not is_api:
            error.headers.update(_HEADERS)
            raise
        response = _error(error.status, _sentence(error))
        if hdrs.ALLOW in error.headers:
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    except Exception as error:  # noqa: BLE001 - the edge: whatever went wrong in us, the
        # client gets a sentence. The error's own text may quote a message and stays out.
        log.error(
            "request failed",
            path=request.path,
            error=type(error).__name__,
            where=traceback.format_tb(error.__traceback__),
        )
        response = _error(500, "Something broke on our side. Please try that again.")
    response.headers.update(_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-cache")
    return response


def _refuse_strangers(request: web.Request) -> None:
    """Only pages of this very server may ask, under a name of this very machine.

    A name that somebody else controls may lead here (DNS rebinding), and a page of
    somebody else may post here; neither is let in.
    """
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
        is_here = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise _Refused(400, "The playground answers only under the name of this machine.")
    origin = request.headers.get(hdrs.ORIGIN)
    is_foreign = origin is not None and urlsplit(origin).netloc != request.host
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.path.startswith(API):
        is_foreign = True
    if is_foreign:
        raise _Refused(403, "Other pages may not use the playground.")


def _status_of(error: BotError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _sentence(error: web.HTTPException) -> str:
    match error:
        case web.HTTPMethodNotAllowed():
            allowed = " or ".join(sorted(error.allowed_methods - {hdrs.METH_HEAD}))
            return f"This address takes {allowed} only."
        case web.HTTPNotFound():
            return "There is nothing at this address. The README lists what there is."
        case web.HTTPRequestEntityTooLarge():
            return "That is too long for me to take."
        case _:
            return f"That did not work: {error.reason}."


async def _read(request: web.Request, kind: type[R]) -> R:
    if request.content_type != "application/json":
        raise _Refused(415, "Please send JSON, with Content-Type: application/json.")
    body = await request.read()
    try:
        given = clean(json.loads(body, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        raise _Refused(400, "That is not JSON that I can read.") from error
    if not isinstance(given, dict):
        raise _Refused(400, "Please send a JSON object, in curly brackets.")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise _Refused(422, _complaint(error)) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(step) for step in first["loc"])[:80]
    match first["type"]:
        case "extra_forbidden":
            return f"I do not know the field “{name}”."
        case "missing":
            return f"The field “{name}” is missing."
        case _:
            return f"The field “{name}” cannot be used: {first['msg']}."


def _asked(request: web.Request, name: str) -> str:
    value = request.query.get(name)
    if not value:
        raise _Refused(422, f"Please add “{name}” to the address, as in ?{name}=…")
    return value


def _number(request: web.Request, name: str) -> int:
    value = request.query.get(name, "0")
    if not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise _Refused(422, f"“{name}” is the id of a message, a whole number.")
    return int(value)


def _duration(text: str) -> timedelta:
    try:
        if not text.lstrip("+-").startswith("P"):
            raise ValueError(text)
        return _DURATION.validate_python(text)
    except ValueError as error:
        raise _Refused(
            422, "Please give a duration as PT24H or P7D, or the word next_morning."
        ) from error


def _error(status: int, sentence: str) -> web.Response:
    response = _json({"error": sentence}, status)
    if status == 503:
        response.headers[hdrs.RETRY_AFTER] = "5"
    return response


def _json(value: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.json_response(value, status=status, headers={hdrs.CACHE_CONTROL: "no-store"})


async def _to_page(request: web.Request) -> NoReturn:
    # An address names who looks, and where.
    raise web.HTTPFound(URL(ROOT).with_query(request.query))


def _version_of(folder: Path) -> str:
    """Changes with any file of the folder, so that no browser shows an old one."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
