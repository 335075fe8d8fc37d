"""What only the holder of the relay key can read or recognise.

Two secrets are derived from the key (HKDF, RFC 5869): one seals texts (Fernet), one
makes fingerprints (HMAC-SHA256), which can be compared and not be read.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_KEY = 32
_BLOCK = 128


class WrongKey(Exception):
    """A sealed text was not sealed with this relay key."""


class Seal:
    """Seals and recognises with one relay key of at least 32 bytes, taken as they are."""

    def __init__(self, relay_key: bytes) -> None:
        if len(relay_key) < SHORTEST_KEY:
            raise ValueError(f"the relay key is shorter than {SHORTEST_KEY} bytes")
        self._fernet = Fernet(base64.urlsafe_b64encode(_derive(relay_key, b"inflow seal")))
        self._secret = _derive(relay_key, b"inflow fingerprint")
        self._root = _derive(relay_key, b"inflow owners")

    def of(self, owner: str) -> "OwnSeal":
        """What seals the texts of one owner: nobody's row opens as somebody else's."""
        return OwnSeal(_derive(self._root, owner.encode()))

    def close(self, *texts: str) -> str:
        """The texts, sealed. The length tells at most how many blocks of 128 bytes they fill."""
        return _close(self._fernet, texts)

    def open(self, sealed: str) -> list[str]:
        """The texts that were sealed.

        Raises:
            WrongKey: the relay key is another one now.
        """
        return _open(self._fernet, sealed)

    def fingerprint(self, *texts: str) -> str:
        """Equal for equal texts, and no way back to them without the key."""
        return hmac.new(self._secret, json.dumps(texts).encode(), hashlib.sha256).hexdigest()


class OwnSeal:
    """Seals what belongs to one owner, with a key of their own (see `Seal.of`)."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, *texts: str) -> str:
        """As `Seal.close`."""
        return _close(self._fernet, texts)

    def open(self, sealed: str) -> list[str]:
        """The texts that were sealed.

        Raises:
            WrongKey: the relay key is another one now, or they are somebody else's.
        """
        return _open(self._fernet, sealed)


def _close(fernet: Fernet, texts: Sequence[str]) -> str:
    clear = json.dumps(texts).encode()
    padded = clear.ljust(-(-len(clear) // _BLOCK) * _BLOCK)
    # The moment of sealing would stand in clear in the token and tell two apart.
    return fernet.encrypt_at_time(padded, 0).decode()


def _open(fernet: Fernet, sealed: str) -> list[str]:
    try:
        texts: list[str] = json.loads(fernet.decrypt(sealed.encode()))
    except InvalidToken as error:
        raise WrongKey from error
    return texts


def _derive(relay_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(relay_key)
