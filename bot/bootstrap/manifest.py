"""What Slack is told of the app, for who installs it."""

import os
import re

from adapters.slack.manifest import Way, check_names, make_manifest, render_manifest
from adapters.slack.settings import read_command_names
from bot.bootstrap.registry import CAPABILITIES
from bot.capability import register
from bot.settings import Misconfigured, is_safe_address

_APP = re.compile(r"A[A-Z0-9]{2,20}")


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
