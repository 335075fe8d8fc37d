"""What Slack sends to an app, in the shapes that it documents."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.adapters.slack.memory import Memory
from tests.adapters.slack.team import Channel, Member, Posted, Team, View

VERIFICATION = "verification-token-of-the-test"
CHANNEL_TYPE = {"channel": "channel", "private": "group", "im": "im", "mpim": "mpim"}

_PUT_IN = re.compile(
    r"(?P<bot>@inflow\b)|@(?P<loud>here|channel|everyone)\b|(?P<link>https?://[^\s<>|)\]\"`]+)"
)


def escape(text: str) -> str:
    """What a person types, as Slack hands it on: three characters are escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def encode(team: Team, typed: str, picked: Mapping[str, str], *, command: bool = False) -> str:
    """Typed words as Slack hands them on: links, `@channel` and the bot (`@inflow`) are encoded.

    Other people are mentioned only by whoever picks them from a list: `picked` is their ids by
    what stands in the words.
    """
    for name, id_ in picked.items():
        before, at, after = typed.partition(f"@{name}")
        if at:
            one = f"<@{id_}|{name}>" if command else f"<@{id_}>"
            ends = [encode(team, each, picked, command=command) for each in (before, after)]
            return one.join(ends)
    pieces: list[str] = []
    end = 0
    for found in _PUT_IN.finditer(typed):
        pieces.append(escape(typed[end : found.start()]))
        end = found.end()
        if found["bot"]:
            pieces.append(f"<@{team.bot_user}|inflow>" if command else f"<@{team.bot_user}>")
        elif found["loud"]:
            pieces.append(f"<!{found['loud']}>")
        else:
            pieces.append(f"<{escape(found['link'])}>")
    return "".join([*pieces, escape(typed[end:])])


def envelope(memory: Memory, team: Team, event: dict[str, Any], id_: str) -> dict[str, Any]:
    """What stands around an event."""
    return {
        "token": VERIFICATION,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise,
        "api_app_id": memory.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": id_,
        "event_time": int(memory.clock()),
        "authorizations": [
            {
                "enterprise_id": team.enterprise,
                "team_id": team.id,
                "user_id": team.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": _is_shared(team, event.get("channel")),
        "event_context": f"4-{id_}",
    }


def _is_shared(team: Team, channel: object) -> bool:
    """Whether people of other workspaces are in the conversation (Slack Connect)."""
    found = team.channels.get(channel) if isinstance(channel, str) else None
    members = [team.members[m] for m in found.members if m in team.members] if found else []
    return any(member.is_stranger for member in members)


def said(memory: Memory, channel: Channel, post: Posted, kind: str = "message") -> dict[str, Any]:
    """A message or an app_mention, written by a person or by a bot."""
    event = memory.message_json(channel, post) | {
        "type": kind,
        "channel": channel.id,
        "event_ts": post.ts,
    }
    author = memory.teams[channel.team].members[post.user]
    if author.is_stranger:
        event |= {"team": author.team, "user_team": author.team, "source_team": author.team}
    if kind == "message":
        event["channel_type"] = CHANNEL_TYPE[channel.kind]
    if not post.by_bot:
        event["client_msg_id"] = f"00000000-0000-4000-8000-{post.ts.replace('.', '')[-12:]}"
        event["blocks"] = [
            {
                "type": "rich_text",
                "block_id": "typed",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": post.text}],
                    }
                ],
            }
        ]
    return event


def robot_said(memory: Memory, channel: Channel, text: str) -> dict[str, Any]:
    """Words of another app, which Slack calls a bot."""
    ts = memory.new_ts()
    return {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B0OTHER00",
        "username": "Robot",
        "text": text,
        "ts": ts,
        "channel": channel.id,
        "event_ts": ts,
        "channel_type": CHANNEL_TYPE[channel.kind],
    }


def deleted(memory: Memory, channel: Channel, post: Posted) -> dict[str, Any]:
    ts = memory.new_ts()
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": memory.message_json(channel, post),
        "deleted_ts": post.ts,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": CHANNEL_TYPE[channel.kind],
    }


def changed(memory: Memory, channel: Channel, post: Posted) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": memory.message_json(channel, post),
        "previous_message": memory.message_json(channel, post),
        "channel": channel.id,
        "hidden": True,
        "ts": memory.new_ts(),
        "event_ts": post.ts,
        "channel_type": CHANNEL_TYPE[channel.kind],
    }


def metadata_posted(memory: Memory, channel: Channel, post: Posted) -> dict[str, Any]:
    team = memory.teams[channel.team]
    return {
        "type": "message_metadata_posted",
        "app_id": memory.app_id,
        "bot_id": team.bot_id,
        "user_id": post.user,
        "team_id": team.id,
        "channel_id": channel.id,
        "metadata": post.metadata,
        "message_ts": post.ts,
        "event_ts": post.ts,
    }


def reacted(memory: Memory, channel: Channel, post: Posted, user: str, name: str) -> dict[str, Any]:
    return {
        "type": "reaction_added",
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": post.ts},
        "item_user": post.user,
        "event_ts": memory.new_ts(),
    }


def home_opened(memory: Memory, team: Team, user: str, im: Channel, tab: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": "app_home_opened",
        "user": user,
        "channel": im.id,
        "tab": tab,
        "event_ts": memory.new_ts(),
    }
    view = team.homes.get(user)
    if view is not None and tab == "home":
        event["view"] = view.as_json(memory.app_id, team.bot_id)
    return event


def user_changed(memory: Memory, member: Member, kind: str = "user_change") -> dict[str, Any]:
    ts = memory.new_ts()
    event: dict[str, Any] = {"type": kind, "user": member.as_json(), "event_ts": ts}
    return event | ({"cache_ts": int(memory.clock())} if kind == "user_change" else {})


def membership(memory: Memory, channel: Channel, user: str, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "user": user,
        "channel": channel.id,
        "channel_type": {"channel": "C", "private": "G"}.get(channel.kind, "D"),
        "team": channel.team,
        "event_ts": memory.new_ts(),
    }


def command(
    memory: Memory,
    team: Team,
    channel: Channel,
    user: str,
    name: str,
    text: str,
    trigger: str,
    hook: str,
) -> dict[str, str]:
    """A slash command; HTTP brings it as a form."""
    fields = {
        "token": VERIFICATION,
        "team_id": team.id,
        "team_domain": team.name.lower(),
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.kind == "im" else channel.name,
        "user_id": user,
        "user_name": team.members[user].name.lower(),
        "command": name,
        "text": text,
        "api_app_id": memory.app_id,
        "is_enterprise_install": "false",
        "response_url": hook,
        "trigger_id": trigger,
    }
    if team.enterprise:
        fields |= {"enterprise_id": team.enterprise, "enterprise_name": "Org"}
    return fields


def _who(memory: Memory, team: Team, user: str) -> dict[str, Any]:
    name = team.members[user].name.lower()
    return {
        "user": {"id": user, "username": name, "name": name, "team_id": team.members[user].team},
        "api_app_id": memory.app_id,
        "token": VERIFICATION,
        "team": {"id": team.id, "domain": team.name.lower()},
        "enterprise": {"id": team.enterprise, "name": "Org"} if team.enterprise else None,
        "is_enterprise_install": False,
    }


def pressed(
    memory: Memory,
    team: Team,
    user: str,
    action: dict[str, Any],
    trigger: str,
    *,
    channel: Channel | None = None,
    post: Posted | None = None,
    view: View | None = None,
    hook: str | None = None,
    state: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A press on a message, or on a view."""
    told: dict[str, Any] = {
        "type": "block_actions",
        **_who(memory, team, user),
        "trigger_id": trigger,
        "actions": [action],
        "state": {"values": dict(state or {})},
    }
    if channel is not None and post is not None:
        told["container"] = {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": channel.id,
            "is_ephemeral": post.only is not None,
        }
        if post.thread is not None:
            told["container"]["thread_ts"] = post.thread
        name = "directmessage" if channel.kind == "im" else channel.name
        told["channel"] = {"id": channel.id, "name": name}
        told["response_url"] = hook
        if post.only is None:
            # Slack does not hand an ephemeral message back.
            told["message"] = memory.message_json(channel, post)
    if view is not None:
        told["container"] = {"type": "view", "view_id": view.id}
        told["view"] = view.as_json(memory.app_id, team.bot_id)
    return told


def submitted(
    memory: Memory, team: Team, view: View, trigger: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    shown = view.as_json(memory.app_id, team.bot_id) | {"state": {"values": dict(values)}}
    return {
        "type": "view_submission",
        **_who(memory, team, view.user),
        "trigger_id": trigger,
        "view": shown,
        "response_urls": [],
    }


def closed(memory: Memory, team: Team, view: View) -> dict[str, Any]:
    return {
        "type": "view_closed",
        **_who(memory, team, view.user),
        "view": view.as_json(memory.app_id, team.bot_id),
        "is_cleared": False,
    }


def shortcut(
    memory: Memory, team: Team, user: str, callback: str, trigger: str, at: str
) -> dict[str, Any]:
    return {
        "type": "shortcut",
        **_who(memory, team, user),
        "callback_id": callback,
        "trigger_id": trigger,
        "action_ts": at,
    }


def message_shortcut(
    memory: Memory,
    team: Team,
    user: str,
    callback: str,
    trigger: str,
    at: str,
    channel: Channel,
    post: Posted,
    hook: str,
) -> dict[str, Any]:
    name = "directmessage" if channel.kind == "im" else channel.name
    return shortcut(memory, team, user, callback, trigger, at) | {
        "type": "message_action",
        "message_ts": post.ts,
        "channel": {"id": channel.id, "name": name},
        "message": memory.message_json(channel, post),
        "response_url": hook,
    }


def as_form(interaction: Mapping[str, Any]) -> dict[str, str]:
    """An interaction as HTTP brings it."""
    return {"payload": json.dumps(interaction)}
