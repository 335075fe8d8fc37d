"""The app as Teams is told of it: its bot, commands and message extensions.

Made from the registry, so that nothing is declared that is not there. Its limits are those of
Microsoft's own schema, version 1.30 (npm @microsoft/app-manifest); a test holds
`manifest/manifest.json` equal to what is made here, with a bot of no id.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from adapters.teams.messages import (
    APP_DESCRIPTION,
    APP_LONG_DESCRIPTION,
    APP_NAME,
    DEVELOPER,
    OWN_COMMANDS,
)
from adapters.teams.wording import make_wording
from bot.capability import Registry

VERSION = "1.30"
SCHEMA = f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json"
FOLDER = Path(__file__).parent / "manifest"
ICONS = ("color.png", "outline.png")
COLOUR = "#20444d"

NOBODY = "00000000-0000-0000-0000-000000000000"
WEBSITE = "https://inflow.example.com"

MAX_COMMANDS = 12
MAX_SHORTCUTS = 10

ALONE = (
    *("help", "home", "ask", "faq", "topics", "quiz"),
    *("tips", "know", "pause", "stop", "settings", "me"),
)
"""The commands that Teams offers to who writes to the bot in their own chat. It has no page of
the person's own, so that `home` is the only way there; what is for a few is in the help."""
AMONG_OTHERS = ("help", "ask", "faq", "topics")
"""Those that it offers where others read along: what anybody would say there."""

ALL_CHANNELS = "tier1"
"""Shared and private channels too, where their owner adds the app. Teams takes no app any more
that has version 1.25 or later and is for teams, but does not say this; the schema does not ask
for it."""

READ_CHANNELS = "ChannelMessage.Read.Group"
READ_CHATS = "ChatMessage.Read.Chat"
"""With these, which the owner of a team or chat is asked for, the bot is told all that is said
there; without them only what mentions it."""

Manifest: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to install the app.

    `app_id` is the bot's registration, which is also the app's own id. `website` is where an
    organisation tells its people about it, `version` what must grow for Teams to take another
    one. With `reads_channels` answers in the threads of its questions need no mention.
    """

    app_id: str = NOBODY
    website: str = WEBSITE
    version: str = "1.0.0"
    reads_channels: bool = False


def make_manifest(registry: Registry[Any], way: Way) -> Manifest:
    """The manifest as Microsoft's schema has it."""
    manifest: Manifest = {
        "$schema": SCHEMA,
        "manifestVersion": VERSION,
        "version": way.version,
        "id": way.app_id,
        "developer": {
            "name": DEVELOPER,
            "websiteUrl": way.website,
            "privacyUrl": way.website,
            "termsOfUseUrl": way.website,
        },
        "name": {"short": APP_NAME, "full": APP_NAME},
        "description": {"short": APP_DESCRIPTION, "full": APP_LONG_DESCRIPTION},
        "icons": {"color": ICONS[0], "outline": ICONS[1]},
        "accentColor": COLOUR,
        "bots": [
            {
                "botId": way.app_id,
                "scopes": ["personal", "team", "groupChat"],
                "isNotificationOnly": False,
                "supportsFiles": False,
                "commandLists": [
                    {"scopes": [scope], "commands": _commands(registry, scope)}
                    for scope in ("personal", "team", "groupChat")
                ],
            }
        ],
        "composeExtensions": [{"botId": way.app_id, "commands": _shortcuts(registry)}],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [],
        "defaultInstallScope": "personal",
        "defaultGroupCapability": {"team": "bot", "groupchat": "bot"},
        "supportsChannelFeatures": ALL_CHANNELS,
    }
    if way.reads_channels:
        manifest["webApplicationInfo"] = {
            "id": way.app_id,
            # Teams asks for an address here, and looks at it for nothing but sign-ins.
            "resource": f"api://{way.app_id}",
        }
        manifest["authorization"] = {
            "permissions": {
                "resourceSpecific": [
                    {"name": name, "type": "Application"} for name in (READ_CHANNELS, READ_CHATS)
                ]
            }
        }
    return manifest


def _commands(registry: Registry[Any], scope: str) -> list[Manifest]:
    """What Teams offers to whoever begins to write to the bot. What stands there is written as
    it is, so that nothing is said of what may stand behind it."""
    told = {**OWN_COMMANDS, **{word: order.help for word, order in registry.orders.items()}}
    offered = ALONE if scope == "personal" else AMONG_OTHERS
    say = make_wording(registry).say
    return [
        {"title": say(f"/{word}"), "description": told[word]} for word in offered if word in told
    ][:MAX_COMMANDS]


def _shortcuts(registry: Registry[Any]) -> list[Manifest]:
    """Shortcuts as actions, each of which opens a dialog that the bot fills."""
    return [
        {
            "id": name,
            "type": "action",
            "title": shortcut.title,
            "description": shortcut.help or shortcut.title,
            "context": ["message"] if shortcut.on_message else ["compose", "commandBox"],
            "fetchTask": True,
        }
        for name, shortcut in registry.shortcuts.items()
    ][:MAX_SHORTCUTS]


def render_manifest(manifest: Mapping[str, Any]) -> str:
    """The manifest as JSON that people can read."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def package(manifest: Mapping[str, Any]) -> bytes:
    """The app as a zip file, as it is uploaded to Teams: the same bytes for the same manifest."""
    written = io.BytesIO()
    files: Sequence[tuple[str, bytes]] = [
        ("manifest.json", render_manifest(manifest).encode()),
        *((name, (FOLDER / name).read_bytes()) for name in ICONS),
    ]
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return written.getvalue()
