"""What a platform told us, in our words. Adapters read payloads into these values.

`person`, `conversation`, `thread` and `message` are addresses: they mean something
to the platform only. `event_id` is unique for the platform and the same when it
delivers again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from bot.message import Args, Value
from bot.people import Person


class PlaceKind(StrEnum):
    DM = "dm"
    CHANNEL = "channel"


class Place(Value):
    """Where something was said. `thread` is the address of the thread's first message. Without
    `has_threads` (Teams' group chats) it is the message that was replied to, if any, and what is
    said about it stands further down, among all else. Without `has_us` the bot is not there, as in
    a chat of two other people in which a shortcut was used: it can say nothing to all."""

    conversation: str
    kind: PlaceKind
    thread: str | None = None
    has_threads: bool = Field(default=True, exclude_if=bool)
    has_us: bool = Field(default=True, exclude_if=bool)


class Said(Value):
    """Plain words. `mentioned`: the bot's name was among them (see `bot.mention`). `addressed`:
    not only in passing, as in “Hi all, @inflow is our new bot”. `files` is how many came with
    the words; they stay where they are."""

    kind: Literal["said"] = "said"
    text: str
    mentioned: bool = False
    addressed: bool = True
    message: str
    files: int = Field(default=0, ge=0)


class Ordered(Value):
    """A command: `/ask how do I ...` is name `ask`, text `how do I ...`."""

    kind: Literal["ordered"] = "ordered"
    name: str
    text: str = ""


class Pressed(Value):
    """A button or choice of `message`. `args` come from a client: look things up."""

    kind: Literal["pressed"] = "pressed"
    action: str
    args: Args = Field(default_factory=dict)
    message: str | None = None


class Submitted(Value):
    """A form with its values by field name."""

    kind: Literal["submitted"] = "submitted"
    action: str
    args: Args = Field(default_factory=dict)
    values: dict[str, str] = Field(default_factory=dict)
    wrong: dict[str, str] = Field(default_factory=dict)
    """What the platform's own dialog found wrong, a sentence by field name. With any, nothing
    is done, and the reply says besides what else is wrong."""


class Shortcut(Value):
    """A shortcut, on a message (its text and author) or on nothing."""

    kind: Literal["shortcut"] = "shortcut"
    name: str
    text: str = ""
    author: str | None = None
    message: str | None = None


class Reacted(Value):
    """A mark put on a message, by our own name for it: `accept` says that it is the answer.

    `message` is the address of the message. One that we neither wrote nor follow (see
    `bot.ports.Outbox.follow`) is none of our business.
    """

    kind: Literal["reacted"] = "reacted"
    name: str
    message: str


class Opened(Value):
    """The person opened their own page. It is only looked at: nothing is kept of it."""

    kind: Literal["opened"] = "opened"


class Looked(Value):
    """The person looks at `message`, which some see as a card of their own (`Message.readers`).
    Nothing is kept of it. The reply is what it is to that person now, nothing where it is nothing
    of ours."""

    kind: Literal["looked"] = "looked"
    message: str


class Installed(Value):
    """The person has got the bot beside them, and maybe never asked for it: they are told once
    what it is. In a channel they are who put it there, and are told what it does among others.
    That is no word of theirs."""

    kind: Literal["installed"] = "installed"


class Left(Value):
    """The person has left the workspace (deactivated, removed, uninstalled)."""

    kind: Literal["left"] = "left"


class Profile(Value):
    """What the platform told us about a person we may not know yet. `zone` is None where it did
    not say. `renews`: it is how the person is called and where they are just now, and counts for
    somebody whom we know as well; for a platform that tells of changes in no other way."""

    name: str = Field(min_length=1, max_length=150)
    zone: str | None = None
    renews: bool = False


What: TypeAlias = Annotated[
    Said | Ordered | Pressed | Submitted | Shortcut | Reacted | Opened | Looked | Installed | Left,
    Field(discriminator="kind"),
]


class Inbound(Value):
    platform: str
    workspace: str
    event_id: str = Field(min_length=1, max_length=200)
    person: str
    place: Place
    at: AwareDatetime
    what: What
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """What the bot will do: who wants it, where, and with what.

    `text` is the words behind a command or of a message (`addressed`: to the bot, as `Said`
    has it), `args` what a button or
    form carried, `values` what was typed into a form, `message` the address of the
    message that was pressed or said, `about` what a thread is about
    (`question:ID`), when it was said in one of ours.
    """

    person: Person
    place: Place
    text: str = ""
    args: Args = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    message: str | None = None
    author: str | None = None
    about: str | None = None
    addressed: bool = True
    at: datetime | None = None


def named(args: Mapping[str, object], name: str) -> str:
    """The id that came back from a client under `name`; "" unless it can be one of ours.

    PostgreSQL refuses a NUL in a text, which no id of ours has.
    """
    value = args.get(name)
    return value if isinstance(value, str) and value.isprintable() else ""
