"""What Teams tells us, read into the core's words. Pure functions of values.

Activities are read as the JSON that they come in. botbuilder's own reading is not used: it drops
the tenant (it waits for `tenantID`, and Teams writes `tenantId`), whom a mention means and the
zone of who wrote. The shapes are those of Microsoft's documentation
(learn.microsoft.com/microsoftteams/platform). Whatever has another shape is dropped and counted,
and never guessed at.

Event ids are digests, because they are written to logs and tables beside what was done, and must
not tell who did it. They are made with a key: of a plain digest whoever reads the database could
try every person and moment, and so find who asked without a name.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

from adapters.teams.control import is_look, read_filled, read_place, read_pressed
from adapters.teams.seal import Origin, name_event, open_origin
from adapters.teams.speech import clean, read_html, read_quoted, read_speech
from bot.inbound import (
    Inbound,
    Looked,
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

NAME = "teams"

MARKS: Mapping[str, str] = MappingProxyType({"2705_whiteheavycheckmark": "accept"})
"""Our own name for each reaction that means something to us, by Teams' name."""

Json: TypeAlias = Mapping[str, Any]

_AMONG_PEOPLE = "@unq.gbl.spaces"
"""How the conversation of two people ends, where we are not. Teams calls it personal too."""
_THREAD = ";messageid="
_ROBOT = "28:"
_FILE = "application/vnd.microsoft.teams.file.download.info"


class Drop(StrEnum):
    """Why something that Teams told us goes no further."""

    BOT = "bot"
    """Said by a bot, or by ourselves."""
    CHANGED = "changed"
    """An edit, a deletion, or a channel that is called otherwise now."""
    CONTROL = "control"
    """A button, choice or form that is not ours, or of a shape that we never made."""
    FORGED = "forged"
    """A form, or a button about another place, whose seal is broken."""
    MARK = "mark"
    """A reaction that means nothing to us, or that was taken back."""
    OVER = "over"
    """A form, or a button about another place, from too long ago."""
    REFRESH = "refresh"
    """A card that was looked at and asked for itself anew; nobody pressed anything."""
    STRANGER = "stranger"
    """Somebody of another organisation."""
    UNKNOWN = "unknown"
    """A kind or shape that we have no reader for."""


class Kind(StrEnum):
    """How it was said, which decides how Teams lets us answer."""

    WORDS = "words"
    """A message: the answer is another one."""
    MARK = "mark"
    """A reaction: the same."""
    CARD = "card"
    """A press or form by `Action.Submit`: the answer is another message, or the card changed."""
    EXECUTE = "execute"
    """A press or form by `Action.Execute`: the card may be changed in the response."""
    LOOK = "look"
    """A card that was looked at, whose reader sees one of their own: that is the response."""
    OPEN = "open"
    """A press that opens a dialog (`task/fetch`): the response is what stands in it."""
    DIALOG = "dialog"
    """A dialog that was sent (`task/submit`)."""
    SHORTCUT = "shortcut"
    """An action of the message extension: the response is a dialog."""
    EXTENSION = "extension"
    """The dialog of such an action, sent (`composeExtension/submitAction`)."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A conversation, and what it takes to write there. `person` is the address of who spoke
    and `user` their id to Teams (`29:…`), by which alone a conversation with them can be
    made; `bot` is ours there. `conversation` is without a thread. `refusal` is Teams' word for
    letting nobody write there, as far as that was kept; of what was just told there is none."""

    tenant: str
    service_url: str
    conversation: str
    kind: PlaceKind
    bot: str
    person: str | None = None
    user: str | None = None
    team: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """How to answer. `message` is the address of the message that was said, pressed or marked;
    `is_form`: with what was pressed came a form's values. `sealed` is what that form carried, and
    `origin` what it says."""

    kind: Kind
    contact: Contact
    message: str | None = None
    is_form: bool = False
    sealed: str = field(default="", repr=False)
    origin: Origin | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a person did, and how to answer it. `is_home_told`: Teams said of which
    organisation they are, and it is the one that it was done in."""

    inbound: Inbound
    source: Source
    is_home_told: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of whom nobody said more than that they are there. `person` is their address."""

    person: str
    user: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """Who came to a conversation and who went. `are_we_here` is True when we were put there,
    False when we were taken away, None when it is not about us. `is_new`: we were not there
    before, as far as Teams says."""

    contact: Contact
    are_we_here: bool | None = None
    came: tuple[Account, ...] = ()
    went: tuple[Account, ...] = ()
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing for us."""

    why: Drop


@dataclass(frozen=True, slots=True)
class Reading:
    """What it takes to read an activity. `home` is the one organisation that is served, None
    for any that the app is installed in."""

    at: datetime
    seal: bytes
    home: str | None = None


Found: TypeAlias = Heard | News | Dropped
Reader: TypeAlias = Callable[[Json, Contact, Reading], Found]


def read(activity: Json, reading: Reading) -> Found:
    """What the activity tells, or why it goes no further. Never raises for its shape."""
    reader = _READERS.get(kind_of(activity))
    contact = read_contact(activity)
    if reader is None or contact is None:
        return Dropped(Drop.UNKNOWN)
    if reading.home is not None and contact.tenant != reading.home:
        return Dropped(Drop.STRANGER)
    try:
        return reader(activity, contact, reading)
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError):
        # Whatever is not there or is something else: it is no shape of Teams' that we know.
        return Dropped(Drop.UNKNOWN)


def kind_of(activity: Json) -> str:
    """By what an activity is read: its type, with the name of an invoke."""
    type_ = activity.get("type")
    return f"invoke:{activity.get('name')}" if type_ == "invoke" else str(type_)


def read_contact(activity: Json) -> Contact | None:
    """Where it was said; None when the activity does not say."""
    conversation, recipient = _part(activity, "conversation"), _part(activity, "recipient")
    sender, told = _part(activity, "from"), _part(activity, "channelData")
    id_, service_url = _text(conversation.get("id")), _text(activity.get("serviceUrl"))
    tenant = _text(_part(told, "tenant").get("id")) or _text(conversation.get("tenantId"))
    bot, user = _text(recipient.get("id")), _text(sender.get("id"))
    if id_ is None or service_url is None or tenant is None or bot is None:
        return None
    place = id_.partition(_THREAD)[0]
    is_personal = conversation.get("conversationType") == "personal"
    is_ours = is_personal and not place.endswith(_AMONG_PEOPLE)
    return Contact(
        tenant=tenant,
        service_url=service_url,
        conversation=place,
        kind=PlaceKind.DM if is_ours else PlaceKind.CHANNEL,
        bot=bot,
        person=_text(sender.get("aadObjectId")) or user,
        user=user,
        team=_text(_part(told, "team").get("id")),
    )


def contact_of(heard: Heard) -> Contact:
    """What is worth remembering of where it was said. The message extension is used in any chat,
    also where we are not: of that no more than the person is ours to know."""
    contact = heard.source.contact
    if heard.source.kind is not Kind.SHORTCUT and heard.source.kind is not Kind.EXTENSION:
        return contact
    return replace(contact, conversation="", kind=PlaceKind.CHANNEL, team=None)


def is_talk_among_people(heard: Heard) -> bool:
    """Words in a channel, to nobody in particular: they can concern us only by their thread."""
    return _is_talk(heard) and heard.inbound.place.thread is None


def is_talk_in_thread(heard: Heard) -> bool:
    """The same in a thread of a channel, or under a quoted message: they concern us if it is
    ours."""
    return _is_talk(heard) and heard.inbound.place.thread is not None


def _is_talk(heard: Heard) -> bool:
    what, place = heard.inbound.what, heard.inbound.place
    return isinstance(what, Said) and not what.mentioned and place.kind is PlaceKind.CHANNEL


# Words and marks -------------------------------------------------------------------------


def _read_message(activity: Json, contact: Contact, reading: Reading) -> Found:
    id_ = _needed(activity["id"])
    if _is_given(activity.get("value")):
        return _read_control(Kind.CARD, activity["value"], activity, contact, reading)
    entities = activity.get("entities") or ()
    speech = read_speech(activity.get("text") or "", entities, contact.bot)
    place = _place(activity, contact, root=id_)
    if place.thread is None:
        quoted = read_quoted(activity.get("attachments") or (), entities)
        place = place.model_copy(update={"thread": quoted})
    return _heard(
        Source(Kind.WORDS, contact, id_),
        reading,
        activity,
        event_id=name_event(reading.seal, "words", contact.tenant, contact.conversation, id_),
        place=place,
        what=Said(
            text=speech.words,
            mentioned=speech.mentioned,
            addressed=speech.addressed,
            message=id_,
            files=_count_files(activity.get("attachments")),
        ),
    )


def _count_files(attachments: object) -> int:
    """Pictures and files. The words themselves come as an attachment too, and so do cards."""
    if not isinstance(attachments, list):
        return 0
    kinds = [str(_part({"": each}, "").get("contentType")) for each in attachments]
    return sum(kind == _FILE or kind.startswith("image/") for kind in kinds)


def _read_mark(activity: Json, contact: Contact, reading: Reading) -> Found:
    added = activity.get("reactionsAdded") or ()
    name = next((MARKS[each["type"]] for each in added if each["type"] in MARKS), None)
    if name is None:
        return Dropped(Drop.MARK)
    message = _needed(activity["replyToId"])
    return _heard(
        Source(Kind.MARK, contact, message),
        reading,
        activity,
        event_id=name_event(
            reading.seal, "mark", contact.tenant, contact.conversation, message, activity["id"]
        ),
        place=_place(activity, contact, root=message),
        what=Reacted(name=name, message=message),
    )


def _read_change(_activity: Json, _contact: Contact, _reading: Reading) -> Found:
    return Dropped(Drop.CHANGED)


# Buttons, choices, forms -----------------------------------------------------------------


def _read_execute(activity: Json, contact: Contact, reading: Reading) -> Found:
    value = activity["value"]
    if is_look(value["action"].get("data")):
        return _read_look(activity, contact, reading)
    if value.get("trigger") == "automatic":
        return Dropped(Drop.REFRESH)
    return _read_control(Kind.EXECUTE, value["action"].get("data"), activity, contact, reading)


def _read_look(activity: Json, contact: Contact, reading: Reading) -> Found:
    card = _needed(activity["replyToId"])
    found = _heard(
        Source(Kind.LOOK, contact, card),
        reading,
        activity,
        event_id=_name_press(activity, contact, reading),
        place=_place(activity, contact, root=card),
        what=Looked(message=card),
    )
    # Whoever only looks is told nothing.
    return found if isinstance(found, Heard) else Dropped(Drop.REFRESH)


def _read_open(activity: Json, contact: Contact, reading: Reading) -> Found:
    return _read_control(Kind.OPEN, activity["value"]["data"], activity, contact, reading)


def _read_dialog(activity: Json, contact: Contact, reading: Reading) -> Found:
    return _read_control(Kind.DIALOG, activity["value"]["data"], activity, contact, reading)


def _read_extension(activity: Json, contact: Contact, reading: Reading) -> Found:
    return _read_control(Kind.EXTENSION, activity["value"]["data"], activity, contact, reading)


def _read_control(
    kind: Kind, data: object, activity: Json, contact: Contact, reading: Reading
) -> Found:
    card = _text(activity.get("replyToId"))
    event_id = _name_press(activity, contact, reading)
    filled = read_filled(data)
    if filled is not None:
        person = contact.person or ""
        origin = open_origin(reading.seal, contact.tenant, person, filled.hidden, is_form=True)
        if origin is None:
            return Dropped(Drop.FORGED)
        if origin.is_over(reading.at):
            return Dropped(Drop.OVER)
        if kind is Kind.DIALOG or kind is Kind.EXTENSION:
            # Who is not answered in time sends it again, perhaps under another name.
            given = json.dumps(dict(filled.values), sort_keys=True)
            parts = (contact.tenant, person, filled.hidden, given)
            event_id = name_event(reading.seal, kind.value, *parts)
        if kind is Kind.DIALOG:
            # The card on which it was opened.
            card = origin.message
        return _heard(
            Source(kind, contact, card, is_form=True, sealed=filled.hidden, origin=origin),
            reading,
            activity,
            event_id=event_id,
            place=origin.place,
            what=Submitted(action=origin.action, args=origin.args, values=dict(filled.values)),
        )
    pressed = read_pressed(data)
    if pressed is None:
        return Dropped(Drop.CONTROL)
    action, args = pressed
    place, sealed = _place(activity, contact, root=card), read_place(data)
    if sealed is not None:
        # It stands in the person's own chat, and is about a channel.
        person = contact.person or ""
        origin = open_origin(reading.seal, contact.tenant, person, sealed, is_form=False)
        if origin is None:
            return Dropped(Drop.FORGED)
        if origin.is_over(reading.at):
            return Dropped(Drop.OVER)
        place = origin.place
    return _heard(
        Source(kind, contact, card),
        reading,
        activity,
        event_id=event_id,
        place=place,
        what=Pressed(action=action, args=args, message=card),
    )


def _read_shortcut(activity: Json, contact: Contact, reading: Reading) -> Found:
    value = activity["value"]
    text, author, message = "", None, None
    place = _place(activity, contact, root=None)
    if value.get("commandContext") == "message":
        told = value["messagePayload"]
        message = _needed(told["id"])
        text, author = _read_body(told, contact.bot), _read_author(told)
        above = _text(told.get("replyToId")) or _thread_of(activity)
        place = place.model_copy(update={"thread": None if above == message else above})
    return _heard(
        Source(Kind.SHORTCUT, contact, message),
        reading,
        activity,
        event_id=_name_press(activity, contact, reading),
        place=place,
        what=Shortcut(name=value["commandId"], text=text, author=author, message=message),
    )


def _read_body(message: Json, bot: str) -> str:
    """The words of a message, without a mention of us with which they begin or end."""
    body = message["body"]
    content = body.get("content") or ""
    if body.get("contentType") != "html":
        return clean(content).strip()
    ours = {
        str(each.get("id"))
        for each in message.get("mentions") or ()
        if _is_app(_part(_part(each, "mentioned"), "application").get("id"), bot)
    }
    return read_html(content, ours)


def _is_app(id_: object, bot: str) -> bool:
    """Whether an app's id is ours. The bot's has its kind before it, the app's may have it."""
    return isinstance(id_, str) and id_.removeprefix(_ROBOT) == bot.removeprefix(_ROBOT)


def _read_author(message: Json) -> str | None:
    """Who wrote a message, as an address; None for a bot."""
    return _text(_part(_part(message, "from"), "user").get("id"))


# Who is there ----------------------------------------------------------------------------


def _read_members(activity: Json, contact: Contact, _reading: Reading) -> Found:
    added, removed = activity.get("membersAdded") or (), activity.get("membersRemoved") or ()
    if any(each["id"] == contact.bot for each in added):
        are_we_here: bool | None = True
    else:
        are_we_here = False if any(each["id"] == contact.bot for each in removed) else None
    news = News(contact, are_we_here, _accounts(added), _accounts(removed))
    if news.are_we_here is None and not (news.came or news.went):
        return Dropped(Drop.CHANGED)
    return news


def _read_installation(activity: Json, contact: Contact, _reading: Reading) -> Found:
    match activity.get("action"):
        case "add" | "add-upgrade" as action:
            return News(contact, are_we_here=True, is_new=action == "add")
        case "remove":
            return News(contact, are_we_here=False)
        case "remove-upgrade":
            # What comes after it says that we are there.
            return Dropped(Drop.CHANGED)
        case _:
            return Dropped(Drop.UNKNOWN)


def _accounts(members: Any) -> tuple[Account, ...]:
    return tuple(
        Account(
            _text(each.get("aadObjectId")) or _needed(each["id"]),
            _needed(each["id"]),
            _name(each.get("name")),
        )
        for each in members
        if not each["id"].startswith(_ROBOT)
    )


_READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "message": _read_message,
        "messageReaction": _read_mark,
        "messageUpdate": _read_change,
        "messageDelete": _read_change,
        "conversationUpdate": _read_members,
        "installationUpdate": _read_installation,
        "invoke:adaptiveCard/action": _read_execute,
        "invoke:task/fetch": _read_open,
        "invoke:task/submit": _read_dialog,
        "invoke:composeExtension/fetchTask": _read_shortcut,
        "invoke:composeExtension/submitAction": _read_extension,
    }
)


# Parts -----------------------------------------------------------------------------------


def _heard(
    source: Source, reading: Reading, activity: Json, *, event_id: str, place: Place, what: What
) -> Found:
    contact, sender = source.contact, _part(activity, "from")
    if contact.person is None or contact.user is None:
        return Dropped(Drop.UNKNOWN)
    if contact.user.startswith(_ROBOT) or contact.user == contact.bot:
        return Dropped(Drop.BOT)
    theirs = _text(sender.get("tenantId"))
    if theirs is not None and theirs != contact.tenant:
        return Dropped(Drop.STRANGER)
    inbound = Inbound(
        platform=NAME,
        workspace=contact.tenant,
        event_id=event_id,
        person=contact.person,
        place=place,
        at=reading.at,
        what=what,
        profile=_profile(activity),
    )
    # A chat of somebody's own with us is in their organisation.
    return Heard(inbound, source, theirs is not None or contact.kind is PlaceKind.DM)


def _name_press(activity: Json, contact: Contact, reading: Reading) -> str:
    return name_event(
        reading.seal,
        "press",
        contact.tenant,
        contact.conversation,
        str(activity.get("replyToId")),
        str(activity.get("id")),
        json.dumps(activity.get("value"), sort_keys=True),
    )


def _place(activity: Json, contact: Contact, *, root: str | None) -> Place:
    """Where it was said. `root` is a message that is in no thread if it begins one."""
    thread = _thread_of(activity)
    return Place(
        conversation=contact.conversation,
        kind=contact.kind,
        thread=None if thread == root else thread,
        has_threads=not _is_group_chat(activity),
        has_us=not contact.conversation.endswith(_AMONG_PEOPLE),
    )


def _is_group_chat(activity: Json) -> bool:
    """Whether it is a chat of several, which has replies and no threads."""
    return bool(activity["conversation"].get("conversationType") == "groupChat")


def _thread_of(activity: Json) -> str | None:
    """The thread's first message, which Teams writes into the id of a channel's conversation."""
    return _text(activity["conversation"]["id"].partition(_THREAD)[2])


def _profile(activity: Json) -> Profile | None:
    """What an activity itself says of who it comes from. Teams tells it in no other way."""
    name = _name(_part(activity, "from").get("name"))
    if name is None:
        return None
    return Profile(name=name, zone=_zone(activity), renews=True)


def _zone(activity: Json) -> str | None:
    """Their zone, as their Teams tells it: with messages and presses, but not with all else."""
    for entity in activity.get("entities") or ():
        if isinstance(entity, Mapping) and entity.get("type") == "clientInfo":
            zone = _text(entity.get("timezone"))
            if zone is not None:
                return zone
    return _text(activity.get("localTimezone"))


def _name(name: object) -> str | None:
    return (clean(name).strip()[:150] or None) if isinstance(name, str) else None


def _part(whole: Json, name: str) -> Json:
    part = whole.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(value: object) -> str | None:
    """A text that says something and that a store can keep."""
    return value if isinstance(value, str) and value and clean(value) == value else None


def _needed(value: object) -> str:
    text = _text(value)
    if text is None:
        raise ValueError("no text")
    return text


def _is_given(value: object) -> bool:
    """Whether a message came from a card; an empty value says nothing."""
    return value is not None and value not in ("", {})
