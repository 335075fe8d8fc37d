"""The manifest declares what there is, and asks for the least with which it works.

Slack's own schema may not be kept here. Its limits stand below as platforms publish them
(github.com/slackapi/manifest-schema, versions 1 and 2, the same in both).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from adapters.slack import manifest as made
from adapters.slack.deliver import EVENT_TYPE
from adapters.slack.manifest import (
    EVENTS,
    METHODS,
    REASONS,
    Way,
    make_manifest,
    needed_events,
    needed_scopes,
    render_manifest,
)
from bot.app import ROOT_WORDS
from bot.bootstrap.manifest import print_manifest
from bot.bootstrap.registry import CAPABILITIES
from bot.capability import register
from bot.settings import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
ADAPTER = ROOT / "adapters" / "slack"
REGISTRY = register(CAPABILITIES)
URL = "https://inflow.example.com"
WAYS = {
    "socket": Way(),
    "http": Way(public_url=URL),
    "many": Way(public_url=URL, for_many=True),
    "private": Way(in_private_channels=True),
    "receipts": Way(app="A012AB3CD"),
    "renamed": Way(commands={"ask": "askhr", "learn": "inflow"}),
}

CALLED_BY_SDK = {"apps.connections.open", "auth.test", "oauth.v2.access"}
"""slack_sdk and Bolt call these for us, so that no source here need name them."""
FAMILIES = (
    "apps|auth|blocks|bookmarks|bots|canvases|chat|conversations|dialog|dnd|emoji|files|lists|"
    "migration|oauth|openid|pins|reactions|reminders|search|stars|team|usergroups|users|views"
)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way of installing the app."""
    return WAYS[request.param]


@pytest.fixture
def manifest(way: Way) -> dict[str, Any]:
    """What Slack is told for it."""
    return make_manifest(REGISTRY, way)


def test_the_file_is_what_the_capabilities_declare() -> None:
    file = (ROOT / "manifest.yaml").read_text(encoding="utf-8")
    assert file == render_manifest(make_manifest(REGISTRY, Way())), (
        "write it anew with: inflow slack manifest >manifest.yaml"
    )


def test_what_is_printed_is_what_was_made(way: Way, manifest: dict[str, Any]) -> None:
    printed = render_manifest(manifest)
    assert YAML(typ="safe").load(printed) == manifest
    assert all(f"# {REASONS[scope]}" in printed for scope in needed_scopes(way))


# --- what is declared is there, and the other way about ---------------------------------


def test_every_command_is_one_that_the_bot_knows(way: Way, manifest: dict[str, Any]) -> None:
    declared = {each["command"] for each in manifest["features"]["slash_commands"]}
    ours = {"learn", *(word for word, order in REGISTRY.orders.items() if order.slash)}
    assert "learn" in ROOT_WORDS
    assert declared == {f"/{way.commands.get(word, word)}" for word in ours}


def test_every_shortcut_is_one_that_the_bot_knows(manifest: dict[str, Any]) -> None:
    declared = {
        each["callback_id"]: (each["name"], each["type"])
        for each in manifest["features"]["shortcuts"]
    }
    assert declared == {
        name: (shortcut.title, "message" if shortcut.on_message else "global")
        for name, shortcut in REGISTRY.shortcuts.items()
    }


def test_mentions_in_commands_come_with_ids(manifest: dict[str, Any]) -> None:
    assert all(each["should_escape"] for each in manifest["features"]["slash_commands"])


def test_people_can_write_to_the_bot(manifest: dict[str, Any]) -> None:
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert manifest["features"]["bot_user"]["always_online"] is True


# --- least scopes -----------------------------------------------------------------------


def called_methods() -> set[str]:
    """The Web API methods that the adapter's sources name, as text or as calls of slack_sdk."""
    found: set[str] = set()
    as_call = {method.replace(".", "_").lower(): method for method in METHODS}
    for path in ADAPTER.glob("*.py"):
        if path.name == "manifest.py":
            continue
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(rf'"((?:{FAMILIES})(?:\.[a-zA-Z0-9]+)+)"', text))
        for call in re.findall(rf"\.((?:{FAMILIES})_[a-zA-Z0-9_]+)\(", text):
            found.add(as_call.get(call.replace("_", "").lower(), as_call.get(call.lower(), call)))
    return found


def test_every_method_is_called_and_every_call_has_its_scopes() -> None:
    found = called_methods()
    assert found - METHODS.keys() == set(), "name its scopes in METHODS"
    assert METHODS.keys() - found - CALLED_BY_SDK == set(), "nobody calls it"


def heard_events() -> set[str]:
    """The events that the adapter does something about, as its sources have them."""
    text = {
        name: (ADAPTER / f"{name}.py").read_text(encoding="utf-8")
        for name in ("read", "directory", "installed", "workspaces")
    }
    tables = re.findall(r'"([a-z_]+)": self\._(?:hear|lost|unins|revoked)', "".join(text.values()))
    return {*re.findall(r'"event:([a-z_]+)":', text["read"]), *tables}


def test_every_event_is_heard_and_every_one_that_is_heard_is_subscribed_to() -> None:
    subscribed = {event.partition(".")[0] for event in EVENTS}
    assert heard_events() == subscribed


def test_the_scopes_are_those_of_the_methods_and_events_and_no_more(
    way: Way, manifest: dict[str, Any]
) -> None:
    needed = {scope for each in (*METHODS.values(), *EVENTS.values()) for scope in each}
    more = {"commands"}
    more |= {"groups:history", "groups:read"} if way.in_private_channels else set()
    more |= {"metadata.message:read"} if way.app is not None else set()
    assert manifest["oauth_config"]["scopes"] == {"bot": sorted(needed | more)}
    assert "users:read.email" not in needed_scopes(way)


def test_every_scope_has_a_reason_and_every_reason_a_scope() -> None:
    assert {scope for way in WAYS.values() for scope in needed_scopes(way)} == REASONS.keys()


def test_the_events_are_those_that_are_needed(way: Way, manifest: dict[str, Any]) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert events == needed_events(way)
    assert ("message.groups" in events) is way.in_private_channels
    assert ("message_metadata_posted" in events) is (way.app is not None)


def test_slack_tells_of_messages_with_our_metadata_and_no_others() -> None:
    told = make_manifest(REGISTRY, WAYS["receipts"])["settings"]["event_subscriptions"]
    assert told["metadata_subscriptions"] == [{"app_id": "A012AB3CD", "event_type": EVENT_TYPE}]
    plain = make_manifest(REGISTRY, Way())["settings"]["event_subscriptions"]
    assert "metadata_subscriptions" not in plain


def test_what_a_shortcut_does_is_said_beside_its_name(manifest: dict[str, Any]) -> None:
    for each in manifest["features"]["shortcuts"]:
        assert each["description"].startswith("Opens a form")


@pytest.mark.parametrize(
    ("app", "for_many", "said"),
    [("U012AB3CD", False, "--app-id wants"), ("A012AB3CD", True, "leave --oauth away")],
)
def test_an_id_that_is_of_no_use_is_refused(app: str, for_many: bool, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        print_manifest(URL, for_many=for_many, app=app)


# --- ways of installing -----------------------------------------------------------------


def test_socket_mode_needs_no_address() -> None:
    printed = render_manifest(make_manifest(REGISTRY, Way()))
    settings = make_manifest(REGISTRY, Way())["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["token_rotation_enabled"] is False
    assert "request_url" not in printed
    assert "redirect_urls" not in printed


def test_over_http_everything_comes_to_one_address() -> None:
    manifest = make_manifest(REGISTRY, WAYS["http"])
    entrance = f"{URL}/slack/events"
    assert manifest["settings"]["socket_mode_enabled"] is False
    assert manifest["settings"]["event_subscriptions"]["request_url"] == entrance
    assert manifest["settings"]["interactivity"]["request_url"] == entrance
    assert {each["url"] for each in manifest["features"]["slash_commands"]} == {entrance}


def test_many_workspaces_come_back_after_the_installation_with_tokens_that_rotate() -> None:
    manifest = make_manifest(REGISTRY, WAYS["many"])
    assert manifest["oauth_config"]["redirect_urls"] == [f"{URL}/slack/oauth_redirect"]
    assert manifest["settings"]["token_rotation_enabled"] is True


# --- Slack's limits ---------------------------------------------------------------------

Rule = Callable[[Any], bool]


def text(shortest: int, longest: int, pattern: str = "") -> Rule:
    return lambda value: (
        isinstance(value, str)
        and shortest <= len(value) <= longest
        and re.search(pattern, value) is not None
    )


def listed(fewest: int, most: int) -> Rule:
    return lambda value: isinstance(value, list) and fewest <= len(value) <= most


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


HTTP = r"^https?://"
LIMITS: dict[str, Rule] = {
    "display_information.name": text(1, 35),
    "display_information.description": text(1, 140),
    "display_information.long_description": text(175, 4000),
    "display_information.background_color": text(4, 7, "^#[0-9a-f]+$"),
    "features.app_home.home_tab_enabled": is_flag,
    "features.app_home.messages_tab_enabled": is_flag,
    "features.app_home.messages_tab_read_only_enabled": is_flag,
    "features.bot_user.display_name": text(1, 80),
    "features.bot_user.always_online": is_flag,
    "features.shortcuts": listed(1, 10),
    "features.shortcuts[].name": text(1, 24),
    "features.shortcuts[].type": text(1, 7, "^(message|global)$"),
    "features.shortcuts[].callback_id": text(1, 255),
    "features.shortcuts[].description": text(1, 150),
    "features.slash_commands": listed(1, 50),
    "features.slash_commands[].command": text(2, 32, "^/"),
    "features.slash_commands[].url": text(1, 3000, HTTP),
    "features.slash_commands[].description": text(1, 2000),
    "features.slash_commands[].usage_hint": text(1, 1000),
    "features.slash_commands[].should_escape": is_flag,
    "oauth_config.redirect_urls": listed(0, 1000),
    "oauth_config.redirect_urls[]": text(1, 2500, HTTP),
    "oauth_config.scopes.bot": listed(0, 255),
    "oauth_config.scopes.bot[]": text(1, 50),
    "settings.event_subscriptions.request_url": text(1, 3500, HTTP),
    "settings.event_subscriptions.bot_events": listed(0, 100),
    "settings.event_subscriptions.bot_events[]": text(1, 50),
    "settings.event_subscriptions.metadata_subscriptions": listed(1, 20),
    "settings.event_subscriptions.metadata_subscriptions[].app_id": text(1, 50),
    "settings.event_subscriptions.metadata_subscriptions[].event_type": text(1, 50),
    "settings.interactivity.is_enabled": is_flag,
    "settings.interactivity.request_url": text(1, 3500, HTTP),
    "settings.org_deploy_enabled": is_flag,
    "settings.socket_mode_enabled": is_flag,
    "settings.token_rotation_enabled": is_flag,
}


def parts(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every list and every plain value, by where it stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from parts(each, f"{path}.{name}".lstrip("."))
        return
    yield path, value
    if isinstance(value, list):
        for each in value:
            yield from parts(each, f"{path}[]")


def faults(found: Iterable[tuple[str, Any]]) -> list[str]:
    return [path for path, value in found if path not in LIMITS or not LIMITS[path](value)]


def test_it_keeps_to_the_limits_of_slack(manifest: dict[str, Any]) -> None:
    assert faults(parts(manifest)) == []


def test_the_limits_find_what_is_too_long() -> None:
    manifest = make_manifest(REGISTRY, Way())
    manifest["display_information"]["description"] = "a" * 141
    manifest["features"]["slash_commands"][0]["command"] = "ask"
    manifest["features"]["shortcuts"] *= 4
    assert faults(parts(manifest)) == [
        "display_information.description",
        "features.shortcuts",
        "features.slash_commands[].command",
    ]


def test_a_command_has_one_name_of_its_own(manifest: dict[str, Any]) -> None:
    names = [each["command"] for each in manifest["features"]["slash_commands"]]
    assert len(names) == len(set(names))
    assert made.ENTRANCE.startswith("/slack/")
    assert made.RETURN.startswith("/slack/")
