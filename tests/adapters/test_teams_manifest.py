"""The manifest declares what there is, within the limits of Microsoft's schema 1.30.

The schema itself may not be kept here; its numbers stand below.
"""

import io
import itertools
import json
import re
import struct
import zipfile
import zlib
from typing import Any

import pytest

from adapters.teams.icon import draw_color, draw_outline
from adapters.teams.manifest import (
    ALONE,
    AMONG_OTHERS,
    FOLDER,
    ICONS,
    NOBODY,
    Way,
    make_manifest,
    package,
    render_manifest,
)
from bot.app import OWN_WORDS
from bot.bootstrap.registry import CAPABILITIES
from bot.capability import register

REGISTRY = register(CAPABILITIES)
APP = "6f0b2c54-1111-2222-3333-0123456789ab"
WAYS = {
    "plain": Way(),
    "ours": Way(app_id=APP, website="https://intranet.example.com/inflow", version="1.2.0"),
    "reading": Way(app_id=APP, reads_channels=True),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way of installing the app."""
    return WAYS[request.param]


@pytest.fixture
def manifest(way: Way) -> dict[str, Any]:
    """What Teams is told for it."""
    return make_manifest(REGISTRY, way)


def test_the_file_is_what_the_capabilities_declare() -> None:
    file = (FOLDER / "manifest.json").read_text(encoding="utf-8")
    assert file == render_manifest(make_manifest(REGISTRY, Way()))
    assert NOBODY in file


def test_every_shortcut_is_one_that_the_bot_knows(manifest: dict[str, Any]) -> None:
    (extension,) = manifest["composeExtensions"]
    assert all(each["description"] != each["title"] for each in extension["commands"])
    declared = {each["id"]: (each["title"], each["context"]) for each in extension["commands"]}
    assert declared == {
        name: (shortcut.title, ["message"] if shortcut.on_message else ["compose", "commandBox"])
        for name, shortcut in REGISTRY.shortcuts.items()
    }
    assert all(each["fetchTask"] and each["type"] == "action" for each in extension["commands"])


def test_every_command_is_one_that_the_bot_knows(manifest: dict[str, Any]) -> None:
    lists = {tuple(each["scopes"]): each["commands"]
             for each in manifest["bots"][0]["commandLists"]}  # fmt: skip
    known = {*REGISTRY.orders, *OWN_WORDS}
    rooted = {word for word, order in REGISTRY.orders.items() if order.hint and not order.spoken}
    for command in itertools.chain(*lists.values()):
        word = command["title"].removeprefix("learn ")
        assert word in known
        assert command["title"].startswith("learn ") is (word in rooted), "as it must be written"
        assert not set(command["description"]) & set("[|]()"), "words, and no signs of ours"
    titles = {scope: [each["title"] for each in commands] for scope, commands in lists.items()}
    # All that is promised to somebody who wants to see or end it is in the list of their own
    # chat; among others nothing that would tell them how somebody wants to be left alone.
    assert {"help", "home", "ask", "pause", "stop", "settings", "me"} < set(titles["personal",])
    assert titles["team",] == titles["groupChat",] == ["help", "ask", "faq", "topics"]
    assert {"learn " + word if word in rooted else word for word in ALONE} == set(
        titles["personal",]
    )
    assert set(AMONG_OTHERS) == set(titles["team",])
    assert not any(REGISTRY.orders[word].needs for word in ALONE if word in REGISTRY.orders)


def test_what_teams_takes_no_team_app_without_is_declared(manifest: dict[str, Any]) -> None:
    """“Applications with manifest version 1.25 or higher that support the 'team' scope must
    include the 'supportsChannelFeatures' property”, Teams says on upload. Neither the schema nor
    its validator knows that; `supportedChannelTypes` must not be used instead."""
    assert tuple(map(int, manifest["manifestVersion"].split("."))) >= (1, 25)
    assert "team" in manifest["bots"][0]["scopes"]
    assert manifest["supportsChannelFeatures"] == "tier1"
    assert "supportedChannelTypes" not in manifest


def test_more_is_read_only_where_it_was_asked_for() -> None:
    for way in WAYS.values():
        made = make_manifest(REGISTRY, way)
        assert ("authorization" in made) is way.reads_channels
        assert ("webApplicationInfo" in made) is way.reads_channels
    told = make_manifest(REGISTRY, WAYS["reading"])["authorization"]["permissions"]
    assert [each["name"] for each in told["resourceSpecific"]] == [
        "ChannelMessage.Read.Group",
        "ChatMessage.Read.Chat",
    ]


def test_limits_of_the_schema_are_kept(way: Way, manifest: dict[str, Any]) -> None:
    guid = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
    (bot,), (extension,) = manifest["bots"], manifest["composeExtensions"]
    assert {manifest["id"], bot["botId"], extension["botId"]} == {way.app_id}
    assert guid.fullmatch(manifest["id"])
    assert manifest["manifestVersion"] in manifest["$schema"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert len(manifest["name"]["short"]) <= 30
    assert len(manifest["description"]["short"]) <= 80
    assert len(manifest["description"]["full"]) <= 4_000
    assert len(manifest["developer"]["name"]) <= 32
    assert all(url.startswith("https://") for name, url in manifest["developer"].items()
               if name.endswith("Url"))  # fmt: skip
    assert re.fullmatch("#[0-9a-f]{6}", manifest["accentColor"])
    assert len(bot["commandLists"]) <= 3
    for listed in bot["commandLists"]:
        assert 1 <= len(listed["commands"]) <= 12
        assert all(len(each["title"]) <= 128 for each in listed["commands"])
    assert 1 <= len(extension["commands"]) <= 10
    for command in extension["commands"]:
        assert len(command["id"]) <= 64
        assert len(command["title"]) <= 32
        assert len(command["description"]) <= 128


# --- icons and package ------------------------------------------------------------------


def _pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the rows of one of our own files, whatever wrote its compressed part."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height, depth, colour = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (depth, colour) == (8, 6)
    return width, height, zlib.decompress(chunks[b"IDAT"])


def test_icons_are_those_that_are_drawn() -> None:
    for name, drawn, size in zip(ICONS, (draw_color(), draw_outline()), (192, 32), strict=True):
        width, height, rows = _pixels((FOLDER / name).read_bytes())
        assert (width, height) == (size, size)
        _, _, again = _pixels(drawn)
        # Rounding may differ by one from machine to machine.
        assert max(abs(a - b) for a, b in zip(rows, again, strict=True)) <= 1


def test_outline_is_white_on_nothing() -> None:
    width, _, rows = _pixels(draw_outline())
    lines = [rows[n + 1 : n + 1 + 4 * width] for n in range(0, len(rows), 4 * width + 1)]
    pixels = [line[n : n + 4] for line in lines for n in range(0, len(line), 4)]
    assert {pixel[:3] for pixel in pixels} == {b"\xff\xff\xff"}
    alphas = {pixel[3] for pixel in pixels}
    assert {0, 255} < alphas


def test_package_holds_three_files_and_is_the_same_each_time(manifest: dict[str, Any]) -> None:
    made = package(manifest)
    assert made == package(manifest)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", *ICONS]
        assert json.loads(archive.read("manifest.json")) == manifest
        assert all(archive.read(name) == (FOLDER / name).read_bytes() for name in ICONS)
