"""What Slack tells us, read into the core's words. Pure functions of values.

The shapes are those of Slack's documentation (docs.slack.dev/reference/events and
/reference/interaction-payloads), as Bolt gives them: an event with its wrapper, the fields of
a command, or an interaction's payload. Whatever has another shape is dropped and counted, and
never guessed at.

Secrets that let us answer (`trigger_id`, `response_url`) are in `Source` alone, which shows
neither. Event ids are digests, because they are written to logs and tables beside what was done,
and must tell neither a trigger nor who did it. They are made with a key: of a plain digest whoever
reads the database could try every person and moment, and so find who asked without a name.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

from adapters.slack.control import VIEW, read_pressed, read_values
from adapters.slack.seal import is_signed, open_origin
from adapters.slack.speech import clean, find_people, read_speech
from adapters.slack.wording import Wording
from bot.inbound import (
    Inbound,
    Opened,
    Ordered,
    Place,
    PlaceKind,
    Pressed,
    Profile,
    Reacted,
    Said,
    Shortcut,
    Submitted,
    What,
)

NAME = "slack"

MARKS: Mapping[str, str] = MappingProxyType(
    {
        "ballot_box_with_check": "accept",
        "heavy_check_mark": "accept",
        "white_check_mark": "accept",
    }
)
"""Our own name for each reaction that means something to us."""

REOPEN = "slack.reopen"
"""The action of a button that shows the form of a reply given before: Slack opens a form only
for a fresh trigger, and words have none. Its args are made by `answer.offer_form`."""

Json: TypeAlias = Mapping[str, Any]

_SAID_SUBTYPES = frozenset({None, "file_share", "thread_broadcast"})


class Drop(StrEnum):
    """Why something that Slack told us goes no further."""

    BOT = "bot"
    """Said by a bot, or by ourselves."""
    CHANGED = "changed"
    """An edit, a deletion, or another message that nobody said."""
    COMMAND = "command"
    """A slash command that we do not know by that name."""
    CONTROL = "control"
    """A button, choice or form that is not ours, or of a shape that we never made."""
    FORGED = "forged"
    """A form or button whose seal is broken."""
    MARK = "mark"
    """A reaction that means nothing to us."""
    STRANGER = "stranger"
    """Somebody of another workspace, in a shared channel; or a robot, or somebody gone."""
    TALK = "talk"
    """Talk among people, which is none of our business."""
    TAB = "tab"
    """Our messages were opened, not the person's own page."""
    TWIN = "twin"
    """The message behind a mention, which Slack tells as `app_mention` as well."""
    UNKNOWN = "unknown"
    """A kind or shape that we have no reader for."""


class Kind(StrEnum):
    """How it was said, which decides how Slack lets us answer."""

    COMMAND = "command"
    PRESS = "press"
    SUBMIT = "submit"
    SHORTCUT = "shortcut"
    WORDS = "words"
    MARK = "mark"
    PAGE = "page"

    @property
    def is_event(self) -> bool:
        """Whether Slack delivers it again when it is not acknowledged: three times, at once,
        after a minute and after five. Of all else a person waits for the acknowledgement.
        https://docs.slack.dev/apis/events-api/#retries"""
        return self in _EVENTS


_EVENTS = frozenset({Kind.WORDS, Kind.MARK, Kind.PAGE})


@dataclass(frozen=True, slots=True)
class Team:
    """Where something was said, by what the verified request says.

    `external` is the workspace as everybody else of ours calls it: the team, or the
    organisation where the app was installed for all of it. There Slack names a team at some
    times and none at others, and people must not be two for it.
    """

    external: str
    team: str | None
    enterprise: str | None
    is_whole_org: bool = False


@dataclass(frozen=True, slots=True)
class Bot:
    """Ourselves in a workspace: as somebody who is mentioned, and as an author."""

    user: str | None = None
    bot: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """How to answer. `message` is the address of the message that was said, pressed or marked, or
    on which a form was opened;
    `view` is what was submitted, as Slack tells it; `on_page`: from the person's own page.

    `reopens`: the reply is that of an earlier event, so that this act has a name of its own in
    `act`. `is_vouched`: the payload does not speak against the person being of the workspace.
    """

    kind: Kind
    team: str
    trigger: str | None = field(default=None, repr=False)
    response_url: str | None = field(default=None, repr=False)
    message: str | None = None
    is_ephemeral: bool = False
    view: Json | None = field(default=None, repr=False)
    on_page: bool = False
    reopens: bool = False
    act: str | None = None
    is_vouched: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a person did, and how to answer it."""

    inbound: Inbound
    source: Source

    @property
    def act(self) -> str:
        """What the person did, by a name that no other act has."""
        return self.source.act or self.inbound.event_id

    def by(self, profile: Profile) -> "Heard":
        """The same, with what is known of the person who did it."""
        return replace(self, inbound=self.inbound.model_copy(update={"profile": profile}))


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing for us."""

    why: Drop


@dataclass(frozen=True, slots=True)
class Reading:
    """What it takes to read a payload. `names` are those of people whom it mentions."""

    team: Team
    bot: Bot
    at: datetime
    wording: Wording
    seal: bytes
    names: Mapping[str, str] = field(default_factory=dict)


Reader: TypeAlias = Callable[[Json, Reading], Heard | Dropped]


def read(payload: Json, reading: Reading) -> Heard | Dropped:
    """What the payload tells, or why it goes no further. Never raises for its shape."""
    reader = _READERS.get(kind_of(payload))
    if reader is None:
        return Dropped(Drop.UNKNOWN)
    try:
        return reader(payload, reading)
    except (LookupError, TypeError, AttributeError, ValueError):
        # Whatever is not there or is something else: it is no shape of Slack's that we know.
        return Dropped(Drop.UNKNOWN)


def kind_of(payload: Json) -> str:
    """By what a payload is read: an event's own type, `command`, or an interaction's type."""
    if payload.get("type") == "event_callback":
        event = payload.get("event")
        return f"event:{event.get('type')}" if isinstance(event, Mapping) else ""
    return "command" if "command" in payload else str(payload.get("type"))


def read_team(payload: Json) -> Team | None:
    """Which workspace it is about; None when the payload does not say.

    In a shared channel an event is told in the name of another workspace, and the first of
    `authorizations` is the one through which we hear of it.
    """
    given = payload.get("authorizations")
    if isinstance(given, list) and given and isinstance(given[0], Mapping):
        told: Json = given[0]
        team, enterprise = told.get("team_id"), told.get("enterprise_id")
    else:
        told = payload
        team, enterprise = _team_id(payload), _enterprise_id(payload)
    is_whole_org = _is_true(told.get("is_enterprise_install"))
    team = team if isinstance(team, str) and team else None
    enterprise = enterprise if isinstance(enterprise, str) and enterprise else None
    external = (enterprise or team) if is_whole_org else team
    return None if external is None else Team(external, team, enterprise, is_whole_org)


def people_in(payload: Json) -> frozenset[str]:
    """The ids of people whose names are needed to read the payload's words."""
    text = _words_of(payload).get("text")
    return find_people(text) if isinstance(text, str) else frozenset()


def is_talk_among_people(heard: Heard) -> bool:
    """Words in a channel, to nobody in particular: they can concern us only by their thread."""
    what, place = heard.inbound.what, heard.inbound.place
    return (
        isinstance(what, Said)
        and not what.mentioned
        and place.kind is PlaceKind.CHANNEL
        and place.thread is None
    )


def is_talk_in_thread(heard: Heard) -> bool:
    """Words in a thread of a channel, to nobody in particular: they concern us if it is ours."""
    what, place = heard.inbound.what, heard.inbound.place
    return (
        isinstance(what, Said)
        and not what.mentioned
        and place.kind is PlaceKind.CHANNEL
        and place.thread is not None
    )


# Events ----------------------------------------------------------------------------------


def _read_message(payload: Json, reading: Reading) -> Heard | Dropped:
    event = payload["event"]
    if event.get("hidden") or event.get("subtype") not in _SAID_SUBTYPES:
        is_bot = event.get("subtype") == "bot_message"
        return Dropped(Drop.BOT if is_bot else Drop.CHANGED)
    return _read_words(payload, reading)


def _read_words(payload: Json, reading: Reading) -> Heard | Dropped:
    event = payload["event"]
    person, channel, ts = event["user"], event["channel"], event["ts"]
    dropped = _drop_author(payload, reading, person)
    if dropped is not None:
        return dropped
    if event.get("edited"):
        # What was said at first was heard, if it was to us. Who adds a mention to it afterwards
        # has to say it anew: nobody could tell an answer to the old words from one to the new.
        return Dropped(Drop.CHANGED)
    speech = read_speech(event.get("text") or "", reading.names, reading.bot.user)
    kind = _place_kind(channel, event.get("channel_type"))
    is_mention = event["type"] == "app_mention"
    if speech.mentioned and not is_mention and kind is PlaceKind.CHANNEL:
        return Dropped(Drop.TWIN)
    thread = event.get("thread_ts")
    return _heard(
        Source(Kind.WORDS, reading.team.external, message=_text(ts)),
        reading,
        event_id=_name_event(reading, "words", reading.team.external, channel, ts),
        person=person,
        place=Place(conversation=channel, kind=kind, thread=None if thread == ts else thread),
        what=Said(
            text=speech.words,
            mentioned=speech.mentioned or is_mention,
            addressed=speech.addressed,
            message=ts,
            files=len(files) if isinstance(files := event.get("files"), list) else 0,
        ),
    )


def _read_mark(payload: Json, reading: Reading) -> Heard | Dropped:
    event = payload["event"]
    name = MARKS.get(event["reaction"])
    item = event["item"]
    if name is None or item.get("type") != "message":
        return Dropped(Drop.MARK)
    person, channel, ts = event["user"], item["channel"], item["ts"]
    if person == reading.bot.user:
        return Dropped(Drop.BOT)
    # Of a mark Slack does not say whose team it comes from. It means something only from people
    # whom we know, and strangers never become those.
    return _heard(
        Source(Kind.MARK, reading.team.external, message=_text(ts)),
        reading,
        event_id=_name_event(reading, "mark", payload["event_id"]),
        person=person,
        place=Place(conversation=channel, kind=_place_kind(channel, None)),
        what=Reacted(name=name, message=ts),
    )


def _read_page(payload: Json, reading: Reading) -> Heard | Dropped:
    event = payload["event"]
    if event.get("tab") != "home":
        return Dropped(Drop.TAB)
    person = event["user"]
    dropped = _drop_author(payload, reading, person)
    if dropped is not None:
        return dropped
    return _heard(
        Source(Kind.PAGE, reading.team.external, on_page=True),
        reading,
        event_id=_name_event(reading, "page", payload["event_id"]),
        person=person,
        place=_own_place(person),
        what=Opened(),
    )


def _drop_author(payload: Json, reading: Reading, person: str) -> Dropped | None:
    event = payload["event"]
    if event.get("bot_id") or person in {reading.bot.user, "USLACKBOT"}:
        return Dropped(Drop.BOT)
    if payload.get("is_ext_shared_channel") is False:
        # All who are there belong to the workspace, or to its organisation.
        return None
    theirs = event.get("user_team") or event.get("source_team") or event.get("team")
    if theirs is None:
        # Slack tells of no team where it does not matter. In a shared channel it does.
        is_shared = payload.get("is_ext_shared_channel") is True
        return Dropped(Drop.STRANGER) if is_shared else None
    return None if _is_ours(theirs, reading.team) else Dropped(Drop.STRANGER)


# Commands and interactions ---------------------------------------------------------------


def _read_command(payload: Json, reading: Reading) -> Heard | Dropped:
    word = reading.wording.word_of(payload["command"])
    if word is None:
        return Dropped(Drop.COMMAND)
    channel, person = payload["channel_id"], payload["user_id"]
    is_direct = payload.get("channel_name") == "directmessage"
    speech = read_speech(payload.get("text") or "", reading.names)
    return _heard(
        Source(
            Kind.COMMAND,
            reading.team.external,
            trigger=payload["trigger_id"],
            response_url=_text(payload.get("response_url")),
        ),
        reading,
        event_id=_name_event(reading, "trigger", payload["trigger_id"]),
        person=person,
        place=Place(conversation=channel, kind=_place_kind(channel, "im" if is_direct else None)),
        what=Ordered(name=word, text=speech.words),
        profile=_profile(payload.get("user_name")),
    )


def _read_press(payload: Json, reading: Reading) -> Heard | Dropped:
    action = payload["actions"][0]
    pressed = read_pressed(action)
    container = payload["container"]
    view = payload.get("view") or {}
    if pressed is None or (view and view.get("type") != "home"):
        return Dropped(Drop.CONTROL)
    user = payload["user"]
    if not _is_member(user, reading.team):
        return Dropped(Drop.STRANGER)
    name, args = pressed
    ts = container.get("message_ts")
    place = _own_place(user["id"]) if view else _place_of_message(payload, container)
    act = _name_event(reading, "press", payload["trigger_id"], str(action.get("action_ts")))
    event_id = act
    if name == REOPEN:
        event, signature = str(args["event"]), str(args["seal"])
        if not is_signed(reading.seal, reading.team.external, user["id"], event, signature):
            return Dropped(Drop.FORGED)
        event_id = event
    return _heard(
        Source(
            Kind.PRESS,
            reading.team.external,
            trigger=payload["trigger_id"],
            response_url=_text(payload.get("response_url")),
            message=_text(ts),
            is_ephemeral=container.get("is_ephemeral") is True,
            on_page=bool(view),
            reopens=name == REOPEN,
            act=act,
            is_vouched=_is_vouched(user, reading.team),
        ),
        reading,
        event_id=event_id,
        person=user["id"],
        place=place,
        what=Pressed(action=name, args=args, message=ts),
        profile=_profile(user.get("name") or user.get("username")),
    )


def _read_submit(payload: Json, reading: Reading) -> Heard | Dropped:
    view, user = payload["view"], payload["user"]
    if view.get("callback_id") != VIEW or view.get("type") != "modal":
        return Dropped(Drop.CONTROL)
    if not _is_member(user, reading.team):
        return Dropped(Drop.STRANGER)
    sealed = view.get("private_metadata") or ""
    origin = open_origin(reading.seal, reading.team.external, user["id"], sealed)
    if origin is None:
        return Dropped(Drop.FORGED)
    values = read_values(view.get("state"))
    if values is None:
        return Dropped(Drop.CONTROL)
    written = json.dumps(values, sort_keys=True)
    return _heard(
        Source(
            Kind.SUBMIT,
            reading.team.external,
            trigger=_text(payload.get("trigger_id")),
            response_url=origin.response_url,
            message=origin.message,
            is_ephemeral=origin.message is None,
            view=view,
            on_page=origin.on_page,
            is_vouched=_is_vouched(user, reading.team),
        ),
        reading,
        event_id=_name_event(reading, "view", view["id"], str(view.get("hash")), written),
        person=user["id"],
        place=origin.place,
        what=Submitted(action=origin.action, args=origin.args, values=values),
        profile=_profile(user.get("name") or user.get("username")),
    )


def _read_shortcut(payload: Json, reading: Reading) -> Heard | Dropped:
    user = payload["user"]
    if not _is_member(user, reading.team):
        return Dropped(Drop.STRANGER)
    place, text, author, ts = _own_place(user["id"]), "", None, None
    if payload["type"] == "message_action":
        message = payload["message"]
        place = _place_of_message(payload, {"channel_id": payload["channel"]["id"]})
        text = read_speech(message.get("text") or "", reading.names).words
        author, ts = _text(message.get("user")), message["ts"]
    return _heard(
        Source(
            Kind.SHORTCUT,
            reading.team.external,
            trigger=payload["trigger_id"],
            response_url=_text(payload.get("response_url")),
            message=ts,
            is_vouched=_is_vouched(user, reading.team),
        ),
        reading,
        event_id=_name_event(reading, "trigger", payload["trigger_id"]),
        person=user["id"],
        place=place,
        what=Shortcut(name=payload["callback_id"], text=text, author=author, message=ts),
        profile=_profile(user.get("name") or user.get("username")),
    )


_READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "event:message": _read_message,
        "event:app_mention": _read_words,
        "event:reaction_added": _read_mark,
        "event:app_home_opened": _read_page,
        "command": _read_command,
        "block_actions": _read_press,
        "view_submission": _read_submit,
        "shortcut": _read_shortcut,
        "message_action": _read_shortcut,
    }
)


# Parts -----------------------------------------------------------------------------------


def _heard(
    source: Source,
    reading: Reading,
    *,
    event_id: str,
    person: str,
    place: Place,
    what: What,
    profile: Profile | None = None,
) -> Heard:
    inbound = Inbound(
        platform=NAME,
        workspace=reading.team.external,
        event_id=event_id,
        person=person,
        place=place,
        at=reading.at,
        what=what,
        profile=profile,
    )
    return Heard(inbound, source)


def _name_event(reading: Reading, kind: str, *parts: str) -> str:
    """One name for one act, the same when Slack tells of it again; nobody without the seal can
    tell whose it is, or which."""
    said = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")
    # The seal signs forms and buttons too, but by another function (see `seal.sign`).
    digest = hashlib.blake2b(said, key=reading.seal, digest_size=16, person=b"slack event")
    return f"{kind}:{digest.hexdigest()}"


def _place_kind(channel: str, told: object) -> PlaceKind:
    """A conversation of several people is a channel, however small and private it is."""
    is_direct = told == "im" or (told is None and channel.startswith("D"))
    return PlaceKind.DM if is_direct else PlaceKind.CHANNEL


def _own_place(person: str) -> Place:
    """The person's own conversation with us, where none is named: Slack takes a user id there."""
    return Place(conversation=person, kind=PlaceKind.DM)


def _place_of_message(payload: Json, container: Json) -> Place:
    channel = container.get("channel_id") or payload["channel"]["id"]
    message = payload.get("message") or {}
    thread = message.get("thread_ts") or container.get("thread_ts")
    is_root = thread is not None and thread == message.get("ts")
    named = (payload.get("channel") or {}).get("name")
    told = "im" if named == "directmessage" else None
    return Place(
        conversation=channel,
        kind=_place_kind(channel, told),
        thread=None if is_root else thread,
    )


def _is_member(user: Json, team: Team) -> bool:
    # An app of the whole organisation serves every workspace of it, and who presses is known by
    # the workspace alone: whether that is one of the organisation, Slack must be asked.
    return team.is_whole_org or _is_vouched(user, team)


def _is_vouched(user: Json, team: Team) -> bool:
    theirs = user.get("team_id")
    return theirs is None or _is_ours(theirs, team)


def _is_ours(theirs: object, team: Team) -> bool:
    return theirs in {team.team, team.enterprise}


def _team_id(payload: Json) -> object:
    view = payload.get("view")
    if isinstance(view, Mapping) and view.get("app_installed_team_id"):
        # A form that was opened from a shared channel is sent in the name of its sender's team.
        return view["app_installed_team_id"]
    team = payload.get("team")
    if isinstance(team, Mapping):
        return team.get("id")
    if team is None and not _is_true(payload.get("is_enterprise_install")):
        return payload.get("team_id")
    return team or payload.get("team_id")


def _enterprise_id(payload: Json) -> object:
    enterprise = payload.get("enterprise")
    if isinstance(enterprise, Mapping):
        return enterprise.get("id")
    team = payload.get("team")
    within = team.get("enterprise_id") if isinstance(team, Mapping) else None
    return payload.get("enterprise_id") or within


def _is_true(value: object) -> bool:
    """Commands come as forms, which have no other true."""
    return value is True or value == "true"


def _words_of(payload: Json) -> Json:
    match payload.get("type"):
        case "event_callback":
            words = payload.get("event")
        case "message_action":
            words = payload.get("message")
        case _:
            words = payload
    return words if isinstance(words, Mapping) else {}


def _profile(name: object) -> Profile | None:
    """What a payload itself says of a person: a name only."""
    shown = clean(name).strip()[:150] if isinstance(name, str) else ""
    return Profile(name=shown) if shown else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
