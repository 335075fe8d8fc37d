"""The methods of the Web API: what each takes, needs, changes and answers.

A handler gets the memory, who calls and the arguments, and returns what stands beside
`"ok": true`; it raises `Refusal` for `"ok": false`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.slack.check import check_message, check_view
from tests.adapters.slack.memory import Memory
from tests.adapters.slack.team import SCOPE_PREFIX, Channel, Posted, Token, View, mint

MAX_TEXT = 40_000


class Refusal(Exception):
    """`"ok": false` with an error, and what else stands in the answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


def _complain(error: str, messages: Sequence[str]) -> Refusal:
    return Refusal(error, response_metadata={"messages": list(messages)})


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it arrived."""

    method: str
    team: str
    arguments: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Method:
    """`takes` are the arguments it knows, `needs` those it cannot do without. A `scope` ending
    in `*` is of the kind of the conversation (`*:history`)."""

    handle: Callable[[Memory, Token, Mapping[str, Any]], dict[str, Any]]
    takes: frozenset[str]
    needs: frozenset[str] = frozenset()
    scope: str | None = None
    kind: str = "bot"
    reads: bool = False
    """Whether it only reads. Such methods take a query or a form, not every one takes JSON."""


def channel_of(memory: Memory, token: Token, named: str, *, by_user: bool = False) -> Channel:
    """The conversation of that id, or with the person of that id where `by_user`."""
    team = memory.teams[token.team]
    if named in team.channels:
        channel = team.channels[named]
        if channel.kind != "channel" and team.bot_user not in channel.members:
            raise Refusal("channel_not_found")
        return channel
    if by_user and named in team.members:
        member = team.members[named]
        if member.is_bot or member.deleted or member.is_stranger:
            raise Refusal("channel_not_found")
        return memory.open_im(team, named)
    raise Refusal("channel_not_found")


def may_write(memory: Memory, token: Token, channel: Channel) -> None:
    if channel.archived:
        raise Refusal("is_archived")
    if memory.teams[token.team].bot_user not in channel.members:
        raise Refusal("not_in_channel")
    if channel.user is not None and memory.teams[token.team].members[channel.user].deleted:
        raise Refusal("channel_not_found")


def content_of(arguments: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks, once they are what Slack would take."""
    text, blocks = arguments.get("text") or "", read_json(arguments, "blocks") or []
    if not isinstance(text, str):
        raise _complain("invalid_arguments", ["[ERROR] must be a string [json-pointer:/text]"])
    if not text.strip() and not blocks:
        raise Refusal("no_text")
    if len(text) > MAX_TEXT:
        raise Refusal("msg_too_long")
    faults = check_message(blocks)
    if faults.too_long:
        raise Refusal("msg_blocks_too_long")
    if faults.messages:
        raise _complain("invalid_blocks", faults.messages)
    return text, blocks


def read_json(arguments: Mapping[str, Any], name: str) -> Any:
    """An argument that is JSON, as it is or in a string."""
    value = arguments.get(name)
    if isinstance(value, str) and value:
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(f"invalid_{name}") from None
    return value


def metadata_of(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    metadata = read_json(arguments, "metadata")
    if metadata is None:
        return None
    if (
        not isinstance(metadata, dict)
        or (metadata and set(metadata) != {"event_type", "event_payload"})
        or (metadata and not isinstance(metadata["event_payload"], dict))
    ):
        raise Refusal("invalid_metadata_format")
    return metadata


def flag(arguments: Mapping[str, Any], name: str) -> bool:
    return arguments.get(name) in {True, "true", "1"}


def page_of(
    everything: Sequence[Any], arguments: Mapping[str, Any], limit: int, most: int = 1_000
) -> tuple[list[Any], str]:
    """A page from the cursor on, and the next cursor ("" at the end)."""
    wanted = int(arguments.get("limit") or limit)
    if not 1 <= wanted <= most:
        raise Refusal("invalid_limit")
    cursor = str(arguments.get("cursor") or "")
    if cursor and not cursor.removeprefix("next:").isdigit():
        raise Refusal("invalid_cursor")
    start = int(cursor.removeprefix("next:") or 0)
    page = list(everything[start : start + wanted])
    more = start + wanted < len(everything)
    return page, f"next:{start + wanted}" if more else ""


def _next(cursor: str) -> dict[str, Any]:
    return {"response_metadata": {"next_cursor": cursor}}


# Who we are -----------------------------------------------------------------------------


def tell_who(memory: Memory, token: Token, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    team = memory.teams[token.team]
    told: dict[str, Any] = {
        "url": f"https://{team.name.lower()}.slack.com/",
        "team": team.name,
        "user": "inflow",
        "team_id": team.id,
        "user_id": team.bot_user,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }
    if team.enterprise:
        told["enterprise_id"] = team.enterprise
    return told


# Messages -------------------------------------------------------------------------------


def post_message(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = channel_of(memory, token, arguments["channel"], by_user=True)
    may_write(memory, token, channel)
    text, blocks = content_of(arguments)
    metadata = metadata_of(arguments) or None
    thread = arguments.get("thread_ts")
    if thread is not None and channel.find(thread) is None:
        # Slack itself shows such a message where nobody finds it.
        raise Refusal("thread_not_found")
    team = memory.teams[token.team]
    post = memory.add_post(
        channel,
        team.bot_user,
        text,
        blocks,
        thread=thread,
        metadata=metadata,
        by_bot=True,
    )
    return {
        "channel": channel.id,
        "ts": post.ts,
        "message": memory.message_json(channel, post, with_metadata=True),
    }


def update_message(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = channel_of(memory, token, arguments["channel"])
    post = channel.find(arguments["ts"])
    if post is None:
        raise Refusal("message_not_found")
    if post.user != memory.teams[token.team].bot_user:
        raise Refusal("cant_update_message")
    may_write(memory, token, channel)
    if "blocks" in arguments or "text" in arguments:
        text, blocks = content_of(arguments)
        post.text = text
        # Blocks that are not named stay as they were.
        post.blocks = blocks if "blocks" in arguments else post.blocks
    metadata = metadata_of(arguments)
    if metadata is not None:
        post.metadata = metadata or None
    memory.note_change(channel, post)
    return {
        "channel": channel.id,
        "ts": post.ts,
        "text": post.text,
        "message": memory.message_json(channel, post, with_metadata=True),
    }


def post_ephemeral(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = channel_of(memory, token, arguments["channel"])
    may_write(memory, token, channel)
    if arguments["user"] not in channel.members:
        raise Refusal("user_not_in_channel")
    text, blocks = content_of(arguments)
    bot = memory.teams[token.team].bot_user
    post = memory.add_post(
        channel,
        bot,
        text,
        blocks,
        thread=arguments.get("thread_ts"),
        only=arguments["user"],
        by_bot=True,
    )
    return {"message_ts": post.ts}


def tell_history(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = channel_of(memory, token, arguments["channel"])
    if memory.teams[token.team].bot_user not in channel.members:
        raise Refusal("not_in_channel")
    top = [p for p in channel.posts if p.only is None and p.thread is None]
    shown = [p for p in reversed(top) if _lies_within(p, arguments)]
    page, cursor = page_of(shown, arguments, 100, 999)
    metadata = flag(arguments, "include_all_metadata")
    return {
        "messages": [memory.message_json(channel, p, with_metadata=metadata) for p in page],
        "has_more": bool(cursor),
        "pin_count": 0,
        **(_next(cursor) if cursor else {}),
    }


def tell_replies(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = channel_of(memory, token, arguments["channel"])
    if memory.teams[token.team].bot_user not in channel.members:
        raise Refusal("not_in_channel")
    ts = arguments["ts"]
    thread = [p for p in channel.posts if p.only is None and ts in {p.ts, p.thread}]
    if not thread:
        raise Refusal("thread_not_found")
    shown = [p for p in thread if p.ts == ts or _lies_within(p, arguments)]
    page, cursor = page_of(shown, arguments, 1_000)
    metadata = flag(arguments, "include_all_metadata")
    return {
        "messages": [memory.message_json(channel, p, with_metadata=metadata) for p in page],
        "has_more": bool(cursor),
        **(_next(cursor) if cursor else {}),
    }


def _lies_within(post: Posted, arguments: Mapping[str, Any]) -> bool:
    at, ends_count = _moment(post.ts), flag(arguments, "inclusive")
    oldest, latest = arguments.get("oldest"), arguments.get("latest")
    if oldest and (at < _moment(oldest) or (at == _moment(oldest) and not ends_count)):
        return False
    return not (latest and (at > _moment(latest) or (at == _moment(latest) and not ends_count)))


def _moment(ts: str) -> tuple[int, int]:
    seconds, _, rest = str(ts).partition(".")
    try:
        return int(seconds), int(rest.ljust(6, "0")[:6] or 0)
    except ValueError:
        raise Refusal("invalid_ts_latest") from None


# People and conversations ---------------------------------------------------------------


def list_users(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    members = list(memory.teams[token.team].members.values())
    page, cursor = page_of(members, arguments, len(members) or 1)
    return {"members": [m.as_json() for m in page], "cache_ts": 1, **_next(cursor)}


def tell_user(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    member = memory.teams[token.team].members.get(arguments["user"])
    if member is None:
        raise Refusal("user_not_found")
    return {"user": member.as_json()}


def list_members(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = channel_of(memory, token, arguments["channel"])
    page, cursor = page_of(sorted(channel.members), arguments, 100)
    return {"members": page, **_next(cursor)}


def list_channels(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    names = {"public_channel": "channel", "private_channel": "private"}
    kinds = {names.get(t, t) for t in str(arguments.get("types") or "public_channel").split(",")}
    team = memory.teams[token.team]
    missing = {f"{SCOPE_PREFIX[kind]}:read" for kind in kinds} - token.scopes
    if missing:
        raise Refusal("missing_scope", needed=min(missing), provided=",".join(sorted(token.scopes)))
    shown = [
        c
        for c in team.channels.values()
        if c.kind in kinds
        and (c.kind == "channel" or team.bot_user in c.members)
        and not (c.archived and flag(arguments, "exclude_archived"))
    ]
    page, cursor = page_of(shown, arguments, 100)
    return {"channels": [c.as_json() for c in page], **_next(cursor)}


def tell_channel(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = channel_of(memory, token, arguments["channel"])
    member = memory.teams[token.team].bot_user in channel.members
    return {"channel": channel.as_json() | {"is_member": member}}


def open_conversation(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    team = memory.teams[token.team]
    users = str(arguments.get("users") or "").split(",")
    if len(users) != 1 or not users[0]:
        raise Refusal("users_list_not_supplied" if not users[0] else "not_enough_users")
    member = team.members.get(users[0])
    if member is None:
        raise Refusal("user_not_found")
    if member.is_bot:
        raise Refusal("cannot_dm_bot")
    if member.deleted:
        raise Refusal("user_disabled")
    return {"channel": {"id": memory.open_im(team, member.id).id}}


# Views ----------------------------------------------------------------------------------


def view_of(arguments: Mapping[str, Any], kind: str) -> dict[str, Any]:
    view = read_json(arguments, "view")
    faults = check_view(view, kind)
    if faults:
        raise _complain("invalid_arguments", faults)
    assert isinstance(view, dict)
    return view


def open_view(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    trigger = memory.take_trigger(token.team, str(arguments["trigger_id"]))
    if isinstance(trigger, str):
        raise Refusal(trigger)
    body = view_of(arguments, "modal")
    view = memory.add_view(token.team, trigger.user, body, trigger.origin)
    return {"view": _shown(memory, view)}


def update_view(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    view = memory.views.get(str(arguments.get("view_id") or ""))
    if view is None or view.team != token.team or not view.open:
        raise Refusal("not_found")
    _agree(view, arguments.get("hash"))
    view.body = view_of(arguments, view.body["type"])
    view.hash = memory.new_hash()
    return {"view": _shown(memory, view)}


def publish_view(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    team, user = memory.teams[token.team], str(arguments["user_id"])
    if user not in team.members or team.members[user].deleted:
        raise _complain("invalid_arguments", ["[ERROR] user not found [json-pointer:/user_id]"])
    before = team.homes.get(user)
    if arguments.get("hash") and before is not None:
        _agree(before, arguments["hash"])
    body = view_of(arguments, "home")
    view = memory.add_view(token.team, user, body, None)
    if before is not None:
        del memory.views[view.id]
        view.id = before.id
        memory.views[view.id] = view
    team.homes[user] = view
    return {"view": _shown(memory, view)}


def _agree(view: View, told: str | None) -> None:
    if told and told != view.hash:
        raise Refusal("hash_conflict")


def _shown(memory: Memory, view: View) -> dict[str, Any]:
    return view.as_json(memory.app_id, memory.teams[view.team].bot_id)


# Installing -----------------------------------------------------------------------------


def exchange_code(memory: Memory, _token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if (arguments.get("client_id"), arguments.get("client_secret")) != (
        memory.client_id,
        memory.client_secret,
    ):
        raise Refusal(
            "bad_client_secret"
            if arguments.get("client_id") == memory.client_id
            else "invalid_client_id"
        )
    if arguments.get("grant_type") == "refresh_token":
        owner = memory.refreshes.pop(str(arguments.get("refresh_token")), None)
        if owner is None:
            raise Refusal("invalid_refresh_token")
        return memory.install(owner, None)
    grant = memory.grants.pop(str(arguments.get("code")), None)
    if grant is None:
        raise Refusal("invalid_code")
    if grant.redirect and arguments.get("redirect_uri") not in {None, grant.redirect}:
        raise Refusal("bad_redirect_uri")
    return memory.install(grant.team, grant.user)


def revoke_token(memory: Memory, token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if flag(arguments, "test"):
        return {"revoked": False}
    memory.revoke(token.team)
    return {"revoked": True}


def open_connection(memory: Memory, _token: Token, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    ticket = mint("ticket")
    memory.tickets.add(ticket)
    return {"url": f"{memory.socket_url}?ticket={ticket}&app_id={memory.app_id}"}


def _named(*names: str) -> frozenset[str]:
    return frozenset(names)


_MESSAGE = ("channel", "text", "blocks", "metadata", "mrkdwn", "unfurl_links", "unfurl_media")
_CURSOR = ("cursor", "limit")
_SPAN = (*_CURSOR, "channel", "oldest", "latest", "inclusive", "include_all_metadata")

METHODS: Mapping[str, Method] = {
    "auth.test": Method(tell_who, _named()),
    "auth.revoke": Method(revoke_token, _named("test"), reads=True),
    "chat.postMessage": Method(
        post_message,
        _named(*_MESSAGE, "thread_ts", "reply_broadcast", "parse", "link_names"),
        _named("channel"),
        "chat:write",
    ),
    "chat.update": Method(
        update_message,
        _named(*_MESSAGE, "ts", "parse", "link_names"),
        _named("channel", "ts"),
        "chat:write",
    ),
    "chat.postEphemeral": Method(
        post_ephemeral,
        _named("channel", "text", "blocks", "user", "thread_ts", "parse", "link_names"),
        _named("channel", "user"),
        "chat:write",
    ),
    "conversations.history": Method(
        tell_history, _named(*_SPAN), _named("channel"), "*:history", reads=True
    ),
    "conversations.replies": Method(
        tell_replies, _named(*_SPAN, "ts"), _named("channel", "ts"), "*:history", reads=True
    ),
    "conversations.info": Method(
        tell_channel,
        _named("channel", "include_num_members", "include_locale"),
        _named("channel"),
        "*:read",
        reads=True,
    ),
    "conversations.list": Method(
        list_channels, _named(*_CURSOR, "types", "exclude_archived", "team_id"), reads=True
    ),
    "conversations.members": Method(
        list_members, _named(*_CURSOR, "channel"), _named("channel"), "*:read", reads=True
    ),
    "conversations.open": Method(
        open_conversation, _named("users", "return_im", "channel"), scope="im:write"
    ),
    "users.info": Method(
        tell_user, _named("user", "include_locale"), _named("user"), "users:read", reads=True
    ),
    "users.list": Method(
        list_users,
        _named(*_CURSOR, "include_locale", "team_id"),
        scope="users:read",
        reads=True,
    ),
    "views.open": Method(open_view, _named("trigger_id", "view"), _named("trigger_id", "view")),
    "views.update": Method(
        update_view, _named("view_id", "external_id", "view", "hash"), _named("view")
    ),
    "views.publish": Method(
        publish_view, _named("user_id", "view", "hash"), _named("user_id", "view")
    ),
    "oauth.v2.access": Method(
        exchange_code,
        _named("client_id", "client_secret", "code", "redirect_uri", "grant_type", "refresh_token"),
        kind="none",
        reads=True,
    ),
    "apps.connections.open": Method(
        open_connection, _named(), scope="connections:write", kind="app"
    ),
}


@dataclass(slots=True)
class Ledger:
    """Every call that got past its token, and every answer that was not `ok`."""

    calls: list[Call] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    limited: int = 0
