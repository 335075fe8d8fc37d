"""What Slack remembers: workspaces, their people, conversations, messages, views and tokens."""

import secrets
from dataclasses import dataclass, field
from typing import Any

BOT_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "reactions:read",
    "users:read",
)
SCOPE_PREFIX = {"channel": "channels", "private": "groups", "im": "im", "mpim": "mpim"}


@dataclass(slots=True)
class Member:
    """A person or bot of a workspace. `team` is another's for a stranger (Slack Connect)."""

    id: str
    team: str
    name: str
    zone: str = "Europe/London"
    is_bot: bool = False
    deleted: bool = False
    is_stranger: bool = False
    updated: int = 1_700_000_000

    def as_json(self) -> dict[str, Any]:
        profile = {
            "real_name": self.name,
            "display_name": self.name,
            "real_name_normalized": self.name,
            "display_name_normalized": self.name,
            "team": self.team,
        }
        told: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name.lower(),
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": self.updated,
        }
        if not self.deleted:
            # Slack tells neither zone nor rights of an account that is gone.
            told |= {
                "real_name": self.name,
                "tz": self.zone,
                "tz_label": self.zone,
                "tz_offset": 0,
                "is_admin": False,
                "is_owner": False,
                "is_restricted": False,
                "is_ultra_restricted": False,
            }
        if self.is_stranger:
            told["is_stranger"] = True
        return told


@dataclass(slots=True)
class Posted:
    """One message. `only` is who alone sees it (ephemeral), `user` who wrote it."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread: str | None = None
    metadata: dict[str, Any] | None = None
    only: str | None = None
    edited: bool = False
    by_bot: bool = False
    key: str | None = None
    """The delivery id of the metadata, as it was when the message was first posted."""


@dataclass(slots=True)
class Channel:
    """A conversation of the kind `channel`, `private`, `im` or `mpim`; `user` is the person of
    an `im`."""

    id: str
    team: str
    kind: str
    name: str = ""
    members: set[str] = field(default_factory=set)
    archived: bool = False
    is_ext_shared: bool = False
    user: str | None = None
    posts: list[Posted] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": self.id,
            "created": 1_700_000_000,
            "is_archived": self.archived,
            "is_im": self.kind == "im",
            "is_org_shared": False,
            "context_team_id": self.team,
        }
        if self.kind == "im":
            return told | {"user": self.user}
        return told | {
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "private",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "channel",
            "is_general": False,
            "is_shared": self.is_ext_shared,
            "is_ext_shared": self.is_ext_shared,
            "is_member": True,
            "num_members": len(self.members),
        }

    def find(self, ts: str, viewer: str | None = None) -> Posted | None:
        """The message of that ts; one for a single person only with that person as viewer."""
        return next((p for p in self.posts if p.ts == ts and p.only in {None, viewer}), None)


@dataclass(slots=True)
class View:
    """A modal or a home tab. `user` is whose it is; a closed modal cannot be updated."""

    id: str
    user: str
    team: str
    hash: str
    body: dict[str, Any]
    open: bool = True
    external_id: str = ""
    origin: str | None = None
    """The conversation from which the modal was opened; Slack does not tell it to apps."""

    def as_json(self, app_id: str, bot_id: str) -> dict[str, Any]:
        body = self.body
        told: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "type": body["type"],
            "blocks": body["blocks"],
            "private_metadata": body.get("private_metadata", ""),
            "callback_id": body.get("callback_id", ""),
            "hash": self.hash,
            "clear_on_close": body.get("clear_on_close", False),
            "notify_on_close": body.get("notify_on_close", False),
            "external_id": body.get("external_id", ""),
            "app_id": app_id,
            "bot_id": bot_id,
            "app_installed_team_id": self.team,
            "root_view_id": self.id,
            "previous_view_id": None,
            "state": {"values": {}},
            "title": body.get("title"),
            "submit": body.get("submit"),
            "close": body.get("close"),
        }
        return told


@dataclass(slots=True)
class Trigger:
    id: str
    user: str
    team: str
    at: float
    used: bool = False
    origin: str | None = None


@dataclass(slots=True)
class Hook:
    """A response_url: where it came from, when, and how often it has been used."""

    id: str
    team: str
    channel: str
    user: str
    at: float
    message: Posted | None = None
    used: int = 0
    thread: str | None = None


@dataclass(slots=True)
class Team:
    """A workspace in which the app is, or was, installed."""

    id: str
    name: str
    bot_user: str
    bot_id: str
    enterprise: str | None = None
    scopes: tuple[str, ...] = BOT_SCOPES
    members: dict[str, Member] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """What a token may do. `kind` is `bot`, `user` or `app`."""

    team: str
    kind: str
    scopes: frozenset[str]
    user: str
    error: str | None = None
    """What every call is answered with, once the token is revoked or expired."""


def mint(kind: str) -> str:
    """A token that looks like Slack's and is nobody's."""
    return f"{kind}-{secrets.token_hex(12)}"
