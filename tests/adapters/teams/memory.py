"""What a Teams of the tests remembers: people, conversations, and what stands in them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TENANT = "11111111-1111-4111-8111-111111111111"


class RefusalError(Exception):
    """A call that the Connector refuses, in its words."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code


@dataclass(slots=True)
class Somebody:
    """A person. `user` is their id for our bot, `entra` their object id."""

    user: str
    entra: str
    name: str
    tenant: str = TENANT
    zone: str = "Europe/London"
    has_app: bool = True
    """Whether the app is installed for them: else no conversation with them can be made."""
    personal: str | None = None
    """Their conversation with the bot, once there is one."""

    @property
    def account(self) -> dict[str, Any]:
        """As in the `from` of an activity."""
        return {
            "id": self.user,
            "name": self.name,
            "aadObjectId": self.entra,
            "tenantId": self.tenant,
        }

    @property
    def member(self) -> dict[str, Any]:
        """As in a list of members."""
        first, _, last = self.name.partition(" ")
        mail = f"{first.lower()}@example.com"
        return {
            "id": self.user,
            "name": self.name,
            "objectId": self.entra,
            "aadObjectId": self.entra,
            "givenName": first,
            "surname": last,
            "email": mail,
            "userPrincipalName": mail,
            "tenantId": self.tenant,
            "userRole": "user",
        }


@dataclass(slots=True)
class Posted:
    """A message of the bot's. `thread` is the first message of the thread that it stands in."""

    id: str
    activity: dict[str, Any]
    thread: str | None = None
    edits: int = 0


@dataclass(slots=True)
class Conversation:
    """`kind` is `personal`, `groupChat` or `channel`."""

    id: str
    kind: str
    tenant: str
    members: list[Somebody] = field(default_factory=list)
    team: str | None = None
    has_bot: bool = True
    is_blocked: bool = False
    """The person has blocked the bot."""
    posts: dict[str, Posted] = field(default_factory=dict)

    def to_dict(self, thread: str | None = None) -> dict[str, Any]:
        """As in an activity."""
        id_ = self.id if thread is None else f"{self.id};messageid={thread}"
        told = {"id": id_, "conversationType": self.kind, "tenantId": self.tenant}
        return told if self.kind == "personal" else {**told, "isGroup": True}


@dataclass(slots=True)
class Memory:
    """`clock` gives seconds since 1970."""

    clock: Callable[[], float]
    people: dict[str, Somebody] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_id(self) -> str:
        """The id of a message: milliseconds since 1970, never the same twice."""
        return str(int(self.clock() * 1_000) + next(self._numbers))

    def find(self, id_: str) -> tuple[Conversation, str | None]:
        """A conversation by its id, and the thread that the id names."""
        base, _, thread = id_.partition(";messageid=")
        found = self.conversations.get(base)
        if found is None:
            raise RefusalError(404, "ConversationNotFound", "Conversation not found.")
        if thread and found.kind != "channel":
            raise RefusalError(400, "BadSyntax", "Bad format of conversation ID")
        return found, thread or None

    def open_personal(self, somebody: Somebody) -> Conversation:
        """The conversation with the bot; it is the same however often it is made."""
        if somebody.personal is None:
            somebody.personal = f"a:1-{somebody.user.removeprefix('29:')}"
            self.conversations[somebody.personal] = Conversation(
                somebody.personal, "personal", somebody.tenant, [somebody]
            )
        return self.conversations[somebody.personal]

    def post(self, place: Conversation, activity: dict[str, Any], thread: str | None) -> Posted:
        posted = Posted(self.new_id(), activity, thread)
        place.posts[posted.id] = posted
        return posted
