"""What Slack and Teams are told of the app, for who installs it."""

import os
import re
from dataclasses import replace
from pathlib import Path

from adapters.slack.manifest import Way, check_names, make_manifest, render_manifest
from adapters.slack.settings import read_command_names
from adapters.teams import manifest as teams
from adapters.teams.settings import GUID
from bot.bootstrap.registry import CAPABILITIES
from bot.capability import register
from bot.settings import Misconfigured, is_safe_address

_APP = re.compile(r"A[A-Z0-9]{2,20}")
_NUMBERS = re.compile(r"[1-9]\d{0,4}\.\d{1,5}\.\d{1,5}")


def print_manifest(
    public_url: str | None,
    *,
    for_many: bool = False,
    in_private_channels: bool = False,
    app: str | None = None,
) -> str:
    """The manifest as YAML.

    Raises:
        Misconfigured: the address, the app's id or SLACK_COMMANDS cannot be used, or the first
            is missing.
    """
    if public_url is not None and not is_safe_address(public_url):
        raise Misconfigured("--http wants an address that begins with https://")
    if for_many and public_url is None:
        raise Misconfigured(
            "--oauth needs --http: after an installation Slack leads people back to that address."
        )
    if app is not None and not _APP.fullmatch(app):
        raise Misconfigured("--app-id wants the app's id, A..., from Basic Information.")
    if app is not None and for_many:
        raise Misconfigured("--app-id is for an app in one workspace: leave --oauth away.")
    registry = register(CAPABILITIES)
    renamed = read_command_names(os.environ)
    check_names(registry, renamed)
    url = public_url.rstrip("/") if public_url else None
    return render_manifest(
        make_manifest(registry, Way(url, for_many, in_private_channels, app, renamed))
    )


def write_package(
    file: Path,
    *,
    app_id: str | None,
    website: str | None = None,
    version: str | None = None,
    reads_channels: bool = False,
) -> str:
    """Write the app as a zip file, as it is uploaded to Teams; over an older one. Returns its id.

    Raises:
        Misconfigured: the id is missing, or something cannot be used.
        OSError: the file cannot be written.
    """
    if not app_id:
        raise Misconfigured(
            "Of whom is the bot? Set MICROSOFT_APP_ID, the Application (client) ID of its "
            "registration in Entra, or name it: --app-id"
        )
    if not GUID.fullmatch(app_id):
        raise Misconfigured(
            "The app’s id is no id. Copy the Application (client) ID of its registration in Entra."
        )
    if website is not None and not is_safe_address(website):
        raise Misconfigured("--website wants an address that begins with https://")
    if version is not None and not _NUMBERS.fullmatch(version):
        raise Misconfigured("--app-version wants three numbers such as 1.0.1")
    way = teams.Way(app_id=app_id.lower(), reads_channels=reads_channels)
    if website is not None:
        way = replace(way, website=website)
    if version is not None:
        way = replace(way, version=version)
    registry = register(CAPABILITIES)
    file.write_bytes(teams.package(teams.make_manifest(registry, way)))
    return way.app_id
