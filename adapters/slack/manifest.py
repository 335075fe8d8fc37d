"""The app as Slack is told of it: commands, shortcuts, events and scopes.

Made from the registry, so that nothing is declared that is not there. Its limits are those
of Slack's own schema (github.com/slackapi/manifest-schema, versions 1 and 2); a test holds
`manifest.yaml` at the top of the repository equal to what is made here.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from adapters.slack.wording import ROOT
from bot.capability import Registry
from bot.settings import Misconfigured

HEAD = """\
# Inflow as an app of Slack: at api.slack.com/apps choose Create New App, From a manifest, YAML.
# Other ways to install it have manifests of their own: inflow slack manifest --help
"""
NAME = "Inflow"
DESCRIPTION = "Ask, and get a trusted answer at once or the right colleague soon. Calm and private."
LONG_DESCRIPTION = """\
Inflow answers questions where people work. You ask with a command, a mention or a direct \
message. What was answered and checked before comes at once, to you alone, with its date and who \
stands for it. Else one colleague who knows about it is asked, in turn and within their own \
limits, so that nobody becomes the help desk.

You can ask as yourself, openly, or without your name. You decide what reaches you, when and how \
often, and one word ends it all. There are no points and no rankings, and nobody is watched: of \
what is said in channels Inflow keeps only what is said to it and in the threads of its own \
questions."""
COLOUR = "#20444d"

ENTRANCE = "/slack/events"
"""The one path at which Slack reaches us over HTTP."""
RETURN = "/slack/oauth_redirect"
"""Where Slack leads people back after an installation."""

ROOT_HELP = "all that Inflow can do; “help” lists it"
ROOT_HINT = "help | topics | pause until Monday | settings | me"

METHODS: Mapping[str, tuple[str, ...]] = {
    "apps.connections.open": (),
    "auth.test": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "im:history"),
    "conversations.info": ("channels:read",),
    "conversations.members": ("channels:read",),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "im:history"),
    "oauth.v2.access": (),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
    "views.open": (),
    "views.publish": (),
}
"""The methods of the Web API that this adapter calls, and the scopes of each. The app-level
token has a scope of its own, `connections:write`, which no manifest can ask for."""

EVENTS: Mapping[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "member_joined_channel": ("channels:read",),
    "member_left_channel": ("channels:read",),
    "message.channels": ("channels:history",),
    "message.im": ("im:history",),
    "reaction_added": ("reactions:read",),
    "team_join": ("users:read",),
    "tokens_revoked": (),
    "user_change": ("users:read",),
}
"""The events that Slack sends us, and the scopes of each."""

FEATURES: Mapping[str, tuple[str, ...]] = {"commands": ("commands",)}
"""What else needs a scope: slash commands, and shortcuts with them."""

PRIVATE_EVENTS: Mapping[str, tuple[str, ...]] = {"message.groups": ("groups:history",)}
PRIVATE_SCOPES: Mapping[str, tuple[str, ...]] = {
    "conversations.history": ("groups:history",),
    "conversations.info": ("groups:read",),
    "conversations.members": ("groups:read",),
    "member_joined_channel": ("groups:read",),
    "member_left_channel": ("groups:read",),
}
"""What the same methods and events need besides, where Inflow may be in private channels."""

RECEIPT_EVENTS: Mapping[str, tuple[str, ...]] = {
    "message_metadata_posted": ("metadata.message:read",)
}
"""What tells us of our own messages, where the app's id is known."""

REASONS: Mapping[str, str] = {
    "app_mentions:read": "hear when somebody mentions Inflow in a channel",
    "channels:history": "hear answers in the threads of its questions; find a message again",
    "channels:read": "know who is in a channel that a question or a campaign is for",
    "chat:write": "write, and change what it wrote",
    "commands": "have commands and shortcuts",
    "groups:history": "do in private channels to which it was invited what channels:history is for",
    "groups:read": "the same for channels:read",
    "im:history": "hear direct messages to Inflow; find a message again",
    "im:write": "know which conversation with a person to look a lost message up in",
    "metadata.message:read": "hear of its own messages that they have arrived",
    "reactions:read": "take a check mark on an answer for a yes",
    "users:read": "know names, time zones, and who has left; no e-mail address",
}

Manifest: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to install the app.

    `public_url` is where Slack reaches us over HTTP, without a slash at its end; None is
    Socket Mode. `for_many` lets any workspace install it by OAuth, which needs an address.
    `in_private_channels` asks for what is needed to be of use there too. With `app`, the app's
    own id (A...), Slack tells of each message of ours that it is there, so that fewer have to be
    looked up in a history.
    """

    public_url: str | None = None
    for_many: bool = False
    in_private_channels: bool = False
    app: str | None = None
    commands: Mapping[str, str] = field(default_factory=dict)
    """Other names of commands, by our words; see `SLACK_COMMANDS`."""


def needed_scopes(way: Way) -> list[str]:
    """The least scopes with which all works, sorted."""
    tables = [METHODS, EVENTS, FEATURES]
    if way.in_private_channels:
        tables += [PRIVATE_EVENTS, PRIVATE_SCOPES]
    if way.app is not None:
        tables += [RECEIPT_EVENTS]
    return sorted({scope for table in tables for scopes in table.values() for scope in scopes})


def needed_events(way: Way) -> list[str]:
    """The events to subscribe to, sorted."""
    private = PRIVATE_EVENTS if way.in_private_channels else ()
    receipts = RECEIPT_EVENTS if way.app is not None else ()
    return sorted([*EVENTS, *private, *receipts])


def command_names(registry: Registry[Any], renamed: Mapping[str, str]) -> dict[str, str]:
    """Our words that are commands of their own in Slack, each with its name there."""
    words = [ROOT, *(word for word, order in registry.orders.items() if order.slash)]
    return {word: renamed.get(word, word) for word in words}


def check_names(registry: Registry[Any], renamed: Mapping[str, str]) -> None:
    """Refuse names for what is no command of its own.

    Raises:
        Misconfigured: says which are.
    """
    ours = command_names(registry, {})
    unknown = sorted(renamed.keys() - ours.keys())
    if unknown:
        raise Misconfigured(
            f"SLACK_COMMANDS names {', '.join(unknown)}, which is no command of its own in Slack. "
            f"Those are: {', '.join(ours)}."
        )


def make_manifest(registry: Registry[Any], way: Way) -> Manifest:
    """The manifest as Slack's schema has it."""
    entrance = f"{way.public_url}{ENTRANCE}" if way.public_url else None
    url = {"url": entrance} if entrance else {}
    request_url = {"request_url": entrance} if entrance else {}
    # Who sends brings slack_sdk, which nobody else needs.
    from adapters.slack.deliver import EVENT_TYPE  # noqa: PLC0415

    metadata: Manifest = (
        {"metadata_subscriptions": [{"app_id": way.app, "event_type": EVENT_TYPE}]}
        if way.app is not None
        else {}
    )
    oauth: Manifest = {"scopes": {"bot": needed_scopes(way)}}
    if way.for_many:
        oauth = {"redirect_urls": [f"{way.public_url}{RETURN}"], **oauth}
    return {
        "display_information": {
            "name": NAME,
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
            "background_color": COLOUR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": _shortcuts(registry),
            "slash_commands": [
                {
                    "command": f"/{name}",
                    **url,
                    "description": about,
                    "usage_hint": hint,
                    # Mentions come with ids then, and cannot be mistaken for other people.
                    "should_escape": True,
                }
                for name, about, hint in _commands(registry, way.commands)
            ],
        },
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {
                **request_url,
                "bot_events": needed_events(way),
                **metadata,
            },
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": entrance is None,
            # For one workspace the token stands in the environment, where nobody exchanges it.
            "token_rotation_enabled": way.for_many,
        },
    }


def _commands(
    registry: Registry[Any], renamed: Mapping[str, str]
) -> Sequence[tuple[str, str, str]]:
    """Name, description and hint of each slash command."""
    return [
        (name, ROOT_HELP, ROOT_HINT)
        if word == ROOT
        else (name, registry.orders[word].help, registry.orders[word].hint)
        for word, name in command_names(registry, renamed).items()
    ]


def _shortcuts(registry: Registry[Any]) -> list[Manifest]:
    return [
        {
            "name": shortcut.title,
            "type": "message" if shortcut.on_message else "global",
            "callback_id": name,
            "description": shortcut.help or shortcut.title,
        }
        for name, shortcut in registry.shortcuts.items()
    ]


def render_manifest(manifest: Manifest) -> str:
    """The manifest as YAML, with the reason beside each scope."""
    # Only who prints it needs a writer of YAML; the doctor and the entrance only read tables.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.comments import CommentedSeq  # noqa: PLC0415

    scopes = CommentedSeq(manifest["oauth_config"]["scopes"]["bot"])
    for place, scope in enumerate(scopes):
        scopes.yaml_add_eol_comment(REASONS[scope], place, column=34)
    oauth = {**manifest["oauth_config"], "scopes": {"bot": scopes}}
    written = io.StringIO()
    written.write(HEAD)
    yaml = YAML()
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump({**manifest, "oauth_config": oauth}, written)
    return written.getvalue()
