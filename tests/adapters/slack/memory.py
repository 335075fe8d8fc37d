"""What the made-up Slack holds, and the rules that are its own: triggers, hashes, hooks."""

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.slack.team import (
    Channel,
    Hook,
    Member,
    Posted,
    Team,
    Token,
    Trigger,
    View,
    mint,
)

TRIGGER_SECONDS = 3.0
HOOK_SECONDS = 1_800.0
HOOK_USES = 5
TOKEN_SECONDS = 43_200


@dataclass(frozen=True, slots=True)
class Grant:
    """What an administrator agreed to: a code that can be exchanged once."""

    team: str
    user: str
    redirect: str | None = None


@dataclass(slots=True)
class Memory:
    """All workspaces. `clock` gives seconds since 1970."""

    clock: Callable[[], float]
    app_id: str = "A0INFLOW"
    client_id: str = "1111.2222"
    client_secret: str = "client-secret-of-the-test"
    signing_secret: str = "signing-secret-of-the-test"
    rotates: bool = False
    """Whether tokens end after twelve hours and come with one to refresh them."""
    base_url: str = ""
    socket_url: str = ""
    teams: dict[str, Team] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    refreshes: dict[str, str] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    views: dict[str, View] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    on_post: Callable[[Channel, Posted], None] = lambda _channel, _post: None
    on_change: Callable[[Channel, Posted], None] = lambda _channel, _post: None
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    # People and places

    def add_team(self, id_: str, name: str, enterprise: str | None = None) -> Team:
        suffix = id_[1:]
        team = Team(id_, name, bot_user=f"UB{suffix}", bot_id=f"B{suffix}", enterprise=enterprise)
        self.teams[id_] = team
        team.members[team.bot_user] = Member(team.bot_user, id_, "Inflow", is_bot=True)
        team.members["USLACKBOT"] = Member("USLACKBOT", id_, "Slackbot")
        return team

    def open_im(self, team: Team, user: str) -> Channel:
        """The conversation between a person and the bot; it is there from the first word on."""
        id_ = f"D{user[1:]}"
        if id_ not in team.channels:
            team.channels[id_] = Channel(
                id_, team.id, "im", members={user, team.bot_user}, user=user
            )
        return team.channels[id_]

    # Messages

    def new_ts(self) -> str:
        """Unique, and later than every one before while the clock does not go back."""
        return f"{int(self.clock())}.{next(self._numbers):06}"

    def add_post(
        self,
        channel: Channel,
        user: str,
        text: str,
        blocks: list[dict[str, Any]] | None = None,
        *,
        thread: str | None = None,
        metadata: dict[str, Any] | None = None,
        only: str | None = None,
        by_bot: bool = False,
    ) -> Posted:
        payload = (metadata or {}).get("event_payload", {})
        post = Posted(
            ts=self.new_ts(),
            channel=channel.id,
            user=user,
            text=text,
            blocks=named_blocks(blocks or []),
            thread=thread,
            metadata=metadata,
            only=only,
            by_bot=by_bot,
            key=payload.get("delivery_id"),
        )
        channel.posts.append(post)
        self.on_post(channel, post)
        return post

    def note_change(self, channel: Channel, post: Posted) -> None:
        post.blocks = named_blocks(post.blocks)
        post.edited = True
        self.on_change(channel, post)

    def message_json(
        self, channel: Channel, post: Posted, *, with_metadata: bool = False
    ) -> dict[str, Any]:
        """The message as Slack tells of it. Its metadata only where it was asked for."""
        team = self.teams[channel.team]
        told: dict[str, Any] = {
            "type": "message",
            "user": post.user,
            "ts": post.ts,
            "text": post.text,
            "team": team.id,
        }
        if post.blocks:
            told["blocks"] = post.blocks
        if post.by_bot:
            told |= {"bot_id": team.bot_id, "app_id": self.app_id}
        if post.thread is not None:
            told |= {"thread_ts": post.thread, "parent_user_id": team.bot_user}
        elif any(p.thread == post.ts and p.only is None for p in channel.posts):
            told["thread_ts"] = post.ts
        if post.edited:
            told["edited"] = {"user": post.user, "ts": post.ts}
        if post.metadata and with_metadata:
            told["metadata"] = post.metadata
        return told

    # Views, triggers and hooks

    def new_hash(self) -> str:
        return f"{int(self.clock())}.{secrets.token_hex(4)}"

    def add_view(self, team: str, user: str, body: dict[str, Any], origin: str | None) -> View:
        id_ = f"V{next(self._numbers):08}"
        body = {**body, "blocks": named_blocks(body["blocks"])}
        self.views[id_] = View(id_, user, team, self.new_hash(), body, origin=origin)
        return self.views[id_]

    def add_trigger(self, team: str, user: str, origin: str | None = None) -> str:
        id_ = f"{next(self._numbers)}.{self.app_id}.{secrets.token_hex(8)}"
        self.triggers[id_] = Trigger(id_, user, team, self.clock(), origin=origin)
        return id_

    def take_trigger(self, team: str, id_: str) -> Trigger | str:
        """The trigger, which is used up by that; or the error."""
        trigger = self.triggers.get(id_)
        if trigger is None or trigger.team != team:
            return "invalid_trigger_id"
        if trigger.used:
            return "exchanged_trigger_id"
        if self.clock() - trigger.at > TRIGGER_SECONDS:
            return "expired_trigger_id"
        trigger.used = True
        return trigger

    def add_hook(
        self, channel: Channel, user: str, message: Posted | None, thread: str | None = None
    ) -> str:
        """A response_url."""
        id_ = secrets.token_hex(12)
        self.hooks[id_] = Hook(
            id_, channel.team, channel.id, user, self.clock(), message, thread=thread
        )
        return f"{self.base_url}/actions/{channel.team}/{id_}"

    def take_hook(self, id_: str) -> Hook | str:
        hook = self.hooks.get(id_)
        if hook is None:
            return "no_such_hook"
        if hook.used >= HOOK_USES:
            return "used_url"
        if self.clock() - hook.at > HOOK_SECONDS:
            return "expired_url"
        hook.used += 1
        return hook

    # Tokens

    def add_token(self, team: str, scopes: tuple[str, ...] | None = None) -> str:
        found = self.teams[team]
        token = mint("xoxb")
        granted = frozenset(found.scopes if scopes is None else scopes)
        self.tokens[token] = Token(team, "bot", granted, found.bot_user)
        return token

    def add_app_token(self, scopes: tuple[str, ...] = ("connections:write",)) -> str:
        token = mint("xapp")
        self.tokens[token] = Token("", "app", frozenset(scopes), "")
        return token

    def token(self, text: str) -> Token | str:
        """The token, or the error that every call with it is answered with."""
        found = self.tokens.get(text)
        if found is None:
            return "invalid_auth" if text else "not_authed"
        if found.error is not None:
            return found.error
        if text in self.ends and self.clock() >= self.ends[text]:
            return "token_expired"
        return found

    def revoke(self, team: str, error: str = "token_revoked") -> None:
        """No token of the workspace is good for anything from now on."""
        for text, token in self.tokens.items():
            if token.team == team:
                self.tokens[text] = Token(team, token.kind, token.scopes, token.user, error)

    def install(self, team_id: str, user: str | None) -> dict[str, Any]:
        """The answer to a code or a refresh token."""
        team = self.teams[team_id]
        token = self.add_token(team_id)
        told: dict[str, Any] = {
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(sorted(team.scopes)),
            "bot_user_id": team.bot_user,
            "app_id": self.app_id,
            "team": {"id": team.id, "name": team.name},
            "enterprise": {"id": team.enterprise, "name": "Org"} if team.enterprise else None,
            "is_enterprise_install": False,
        }
        if user is not None:
            told["authed_user"] = {"id": user}
        if self.rotates:
            refresh = mint("xoxe-1")
            self.refreshes[refresh] = team_id
            self.ends[token] = self.clock() + TOKEN_SECONDS
            told |= {"refresh_token": refresh, "expires_in": TOKEN_SECONDS}
        return told


def named_blocks(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks as Slack keeps them: each with an id."""
    return [
        block if block.get("block_id") else {**block, "block_id": f"b{n}{secrets.token_hex(2)}"}
        for n, block in enumerate(blocks)
    ]
