"""The keys that are not in the database: where they come from, and whether they are its own."""

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import make_url

from bot.settings import Misconfigured, Settings
from storage.database import Database
from storage.seal import WrongKey
from storage.token_seal import read_key_file, read_keys

SHORTEST_KEY = 32


@dataclass(frozen=True, slots=True)
class RelayKey:
    """The key that seals who asked anonymously, and where it comes from."""

    value: bytes
    file: Path | None = None
    """None: the environment."""
    is_new: bool = False
    """The file was made just now."""


def relay_key(settings: Settings) -> RelayKey:
    """The key of the settings, or of the file beside the SQLite file, which is made at need.

    Raises:
        Misconfigured: it is too short, or missing with a database on a server.
    """
    is_new = False
    path = key_file(settings)
    if path is not None:
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(new_key())
            is_new = True
    found = existing_key(settings)
    if found is None:
        raise Misconfigured(f"The key of this database, {path}, was removed just now.")
    return replace(found, is_new=is_new)


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(48)


def key_file(settings: Settings) -> Path | None:
    """Where the key is kept if not in the settings; None where that is its only place."""
    return None if settings.relay_key is not None else _beside(settings, ".key")


def token_key_file(settings: Settings) -> Path | None:
    """The same for the keys that seal the tokens of many workspaces."""
    return None if settings.token_keys is not None else _beside(settings, ".tokens.key")


def _beside(settings: Settings, suffix: str) -> Path | None:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database).with_suffix(suffix)


def token_keys(settings: Settings) -> Sequence[bytes]:
    """The keys that seal the tokens of many workspaces, the one that seals new ones first; a
    file beside the SQLite file is made at need.

    Raises:
        Misconfigured: they cannot be used, or are missing with a database on a server.
    """
    path = token_key_file(settings)
    try:
        if settings.token_keys is not None:
            return read_keys(settings.token_keys.get_secret_value())
        if path is not None:
            return read_key_file(path, new_key)
    except ValueError as error:
        raise Misconfigured(f"{path or 'INFLOW_TOKEN_KEYS'}: {error}.") from error
    raise Misconfigured(
        "INFLOW_TOKEN_KEYS is not set. It seals the tokens of the workspaces; make one with: "
        'python -c "import secrets; print(secrets.token_urlsafe(48))"'
    )


def existing_key(settings: Settings) -> RelayKey | None:
    """The key as `relay_key` finds it; None where that would make one.

    Raises:
        Misconfigured: it is too short, or missing with a database on a server.
    """
    if settings.relay_key is not None:
        key = settings.relay_key.get_secret_value().encode()
        if len(key) < SHORTEST_KEY:
            raise Misconfigured(f"INFLOW_RELAY_KEY is shorter than {SHORTEST_KEY} characters.")
        return RelayKey(key)
    path = key_file(settings)
    if path is None:
        raise Misconfigured(
            "INFLOW_RELAY_KEY is not set. It seals who asked anonymously; make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    try:
        key = path.read_text().strip().encode()
    except FileNotFoundError:
        return None
    if len(key) < SHORTEST_KEY:
        raise Misconfigured(f"{path} does not hold a key. Restore it from your backup.")
    return RelayKey(key, path)


def check_key(database: Database, key: RelayKey) -> None:
    """Refuse a key that is not the one this database was first used with.

    Raises:
        Misconfigured: it is another one, or the file that held it is gone.
    """
    try:
        database.check_relay_key()
    except WrongKey as error:
        if key.file is None:
            sentence = "INFLOW_RELAY_KEY is not the key with which this database was sealed."
        elif key.is_new:
            # A key that opens nothing here would stand in the way of the right one.
            key.file.unlink()
            sentence = f"The key of this database, {key.file}, is missing."
        else:
            sentence = f"{key.file} does not hold the key with which this database was sealed."
        raise Misconfigured(
            f"{sentence} Restore it from your backup: without it nobody who asked anonymously "
            "can be sent their answers."
        ) from error


def derive_secrets(settings: Settings, platform: str) -> Callable[[str], bytes]:
    """Secrets derived from the relay key, each for one purpose on one platform: no second key to
    look after.

    Raises:
        Misconfigured: there is no relay key.
    """
    key = existing_key(settings)
    if key is None:
        raise Misconfigured("There is no relay key. The first start makes one: inflow run")

    def derive(purpose: str) -> bytes:
        said = f"inflow {platform} {purpose}".encode()
        return hmac.new(key.value, said, hashlib.sha256).digest()

    return derive
