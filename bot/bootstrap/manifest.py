"""What Slack is told of the app, for who installs it."""

import os

from adapters.slack.manifest import Way, check_names, make_manifest, render_manifest
from adapters.slack.settings import read_command_names
from bot.bootstrap.registry import CAPABILITIES
from bot.capability import register
from bot.settings import Misconfigured, is_safe_address


def print_manifest(
    public_url: str | None, *, for_many: bool = False, in_private_channels: bool = False
) -> str:
    """The manifest as YAML.

    Raises:
        Misconfigured: the address or SLACK_COMMANDS cannot be used, or the one is missing.
    """
    if public_url is not None and not is_safe_address(public_url):
        raise Misconfigured("--http wants an address that begins with https://")
    if for_many and public_url is None:
        raise Misconfigured(
            "--oauth needs --http: after an installation Slack leads people back to that address."
        )
    registry = register(CAPABILITIES)
    renamed = read_command_names(os.environ)
    check_names(registry, renamed)
    url = public_url.rstrip("/") if public_url else None
    return render_manifest(
        make_manifest(registry, Way(url, for_many, in_private_channels, renamed))
    )
