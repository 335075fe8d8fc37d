"""What only the holder of a token key can read: the tokens of other people's workspaces.

The relay key (storage/seal.py) is for ever. These keys can be replaced: the first of a list
seals, and all of them open.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import Unavailable

SHORTEST_KEY = 32


class WrongTokenKey(Unavailable):
    """None of the keys opens a token that was sealed. As text it says to whoever runs the
    process what to do; people read that nothing can be kept at the moment."""

    def __init__(self) -> None:
        super().__init__(
            "INFLOW_TOKEN_KEYS does not hold the key with which tokens of Slack were sealed in "
            "this database. Add that key to the list, after the new one; it may be in a backup. "
            "If it is lost, empty the tables slack_installations and slack_bots, and have the "
            "app installed again in each workspace."
        )

    @property
    def sentence(self) -> str:
        return Unavailable().sentence


def read_keys(text: str) -> tuple[bytes, ...]:
    """The keys in a list with commas, as INFLOW_TOKEN_KEYS has it. The first seals, all open.

    Raises:
        ValueError: there is none, or one is too short. Its words do not repeat any.
    """
    keys = tuple(key.encode() for key in map(str.strip, text.split(",")) if key)
    if not keys:
        raise ValueError("it holds no key")
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise ValueError(f"it holds a key of less than {SHORTEST_KEY} characters")
    return keys


def read_key_file(path: Path, new_key: Callable[[], str]) -> tuple[bytes, ...]:
    """The keys in a file that nobody but its owner can read; made with one key at need.

    Raises:
        ValueError: as `read_keys`.
        OSError: the file can be neither read nor made.
    """
    with suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(new_key())
    return read_keys(path.read_text().replace("\n", ","))


class TokenSeal:
    """Seals with the first of some keys, opens with any (Fernet, over keys derived by HKDF)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("there must be a key")
        fernets = [Fernet(base64.urlsafe_b64encode(_derive(key))) for key in keys]
        self._first = fernets[0]
        self._marks = [_derive(key, b"inflow slack marks") for key in keys]
        self._all = MultiFernet(fernets)

    def close(self, place: str, text: str) -> str:
        """The text, sealed for one place: moved to another it cannot be opened."""
        # The moment of sealing would stand in clear.
        return self._first.encrypt_at_time(f"{place}\n{text}".encode(), 0).decode()

    def open(self, place: str, sealed: str) -> str:
        """The text that was sealed for this place.

        Raises:
            WrongTokenKey: it was sealed with none of the keys, or for another place.
        """
        try:
            found, _, text = self._all.decrypt(sealed.encode()).decode().partition("\n")
        except InvalidToken as error:
            raise WrongTokenKey from error
        if found != place:
            raise WrongTokenKey
        return text

    def mark(self, text: str) -> str:
        """64 characters with which nobody else can mark this text."""
        return _mark(self._marks[0], text)

    def is_marked(self, text: str, mark: str) -> bool:
        """Whether the text was marked so with one of the keys."""
        given = mark.encode()
        return any(hmac.compare_digest(_mark(key, text).encode(), given) for key in self._marks)

    def renew(self, sealed: str) -> str | None:
        """The same, sealed with the first key; None when it is so already.

        Raises:
            WrongTokenKey: it was sealed with none of the keys.
        """
        with suppress(InvalidToken):
            self._first.decrypt(sealed.encode())
            return None
        try:
            return self._all.rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise WrongTokenKey from error


def _mark(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _derive(key: bytes, purpose: bytes = b"inflow slack tokens") -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
