"""The file `inflow.env`: settings that a process finds wherever it is started.

What a terminal exports is gone when that is closed. Each line of the file is `NAME=value`, as
systemd (EnvironmentFile) and Docker (env_file) read it too. What the environment itself says
goes before what the file says.
"""

import difflib
import os
import re
import stat
from collections.abc import MutableMapping
from pathlib import Path

from adapters.slack.settings import VARIABLES as SLACK_VARIABLES
from adapters.teams.settings import VARIABLES as TEAMS_VARIABLES
from bot.settings import PLATFORM_CREDENTIALS, Misconfigured, Settings, variable_of

SETTINGS_FILE = Path("inflow.env")
"""In the folder in which a process is started; there is `inflow.db` too, unless it is told
otherwise."""
VARIABLES = frozenset(
    {
        *map(variable_of, Settings.model_fields),
        *SLACK_VARIABLES,
        *TEAMS_VARIABLES,
        *PLATFORM_CREDENTIALS,
    }
)
"""Every setting, by the name of its variable."""

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_OURS = ("INFLOW_", "SLACK_", "TEAMS_", "MICROSOFT_APP_")


def take_up(file: Path, environment: MutableMapping[str, str]) -> str | None:
    """Add to the environment what the file says and it does not; nothing where there is no
    file. Returns a sentence where others may read the file.

    Raises:
        Misconfigured: it cannot be read, a sentence for each mistake and none with a value; or
            it is in the hands of somebody else, who would choose where tokens are sent.
    """
    try:
        told = _open_to_others(file)
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"{file} cannot be read. It must be a file of plain text which the user who starts "
            "Inflow may read."
        ) from error
    for name, value in _read(file, text).items():
        environment.setdefault(name, value)
    return told


def _read(file: Path, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        parts = _LINE.fullmatch(said)
        if parts is None:
            wrong.append(f"Line {number} of {file} is not of the form NAME=value.")
        elif parts[1].startswith(_OURS) and parts[1] not in VARIABLES:
            near = difflib.get_close_matches(parts[1], sorted(VARIABLES), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            wrong.append(
                f"Line {number} of {file} names {parts[1]}, which is no setting of Inflow.{hint}"
            )
        else:
            found[parts[1]] = _unquote(parts[2])
    if wrong:
        raise Misconfigured(*wrong)
    return found


def _unquote(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _open_to_others(file: Path) -> str | None:
    # On Windows these bits say nothing.
    if os.name != "posix":
        return None
    about = file.stat()
    mode = stat.S_IMODE(about.st_mode)
    if about.st_uid not in {0, os.geteuid()}:
        raise Misconfigured(
            f"{file} belongs to another user of this machine, who could have tokens sent anywhere. "
            f"Start Inflow as that user, or make the file yours: sudo chown $USER {file}"
        )
    if mode & stat.S_IWOTH:
        raise Misconfigured(
            f"Everybody on this machine may change {file}, and could have tokens sent anywhere. "
            f"Keep it to yourself: chmod 600 {file}"
        )
    # A file of root's is shared with the user who runs Inflow by its group.
    others = 0o077 if about.st_uid == os.geteuid() else 0o007
    if not mode & others:
        return None
    return (
        f"Other users of this machine may read {file}, and the secrets in it. Keep it to "
        f"yourself: chmod 600 {file}"
    )
