"""Keys of the Bot Connector's, as they are published, and tokens that they sign."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://api.botframework.com"
APP_ID = "00000000-0000-4000-8000-0000000000a1"
HOUR = 3_600


@lru_cache(maxsize=8)
def make_key(name: str, bits: int = 2_048) -> rsa.RSAPrivateKey:
    """The private key of that name, made once for all tests."""
    assert name, "keys are told apart by their names"
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def publish(name: str, key: rsa.RSAPrivateKey, *endorsements: str, **more: object) -> Any:
    """A public key as it stands in the Connector's list."""
    entry = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {
        **entry,
        "use": "sig",
        "kid": name,
        "x5t": name,
        "endorsements": list(endorsements),
        **more,
    }


@dataclass(slots=True)
class Signer:
    """Whoever speaks in the Connector's name. `clock` gives seconds since 1970."""

    app_id: str = APP_ID
    clock: Callable[[], float] = time.time
    issuer: str = ISSUER
    name: str = "key-1"
    """The key that signs now."""
    endorsements: tuple[str, ...] = ("msteams", "webchat", "directline")
    published: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.publish(self.name)

    def publish(self, name: str) -> None:
        """A key more, or the same with the endorsements of now."""
        self.published[name] = publish(name, make_key(name), *self.endorsements)

    def roll_over(self, name: str) -> None:
        """Sign with a new key, which is the only one that is published."""
        self.name = name
        self.published.clear()
        self.publish(name)

    def claims(self, service_url: str, **more: object) -> dict[str, Any]:
        """What a true token says; a claim that is given as None is left out."""
        now = int(self.clock())
        claims = {
            "serviceurl": service_url,
            "nbf": now - 300,
            "exp": now + HOUR,
            "iss": self.issuer,
            "aud": self.app_id,
            **more,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        key: Any = None,
        algorithm: str = "RS256",
        headers: Mapping[str, Any] | None = None,
    ) -> str:
        """A token with these claims. Without a key it is a true one of our own."""
        named = {"kid": self.name, "x5t": self.name} if headers is None else dict(headers)
        signing = make_key(self.name) if key is None else key
        payload = json.dumps(dict(claims)).encode()
        return jwt.PyJWS().encode(payload, signing, algorithm=algorithm, headers=named)

    def token(self, service_url: str, **more: object) -> str:
        """A true token; for the same claims it is the same, as the Connector too shows one for
        as long as it is good."""
        return _sign_once(
            make_key(self.name), self.name, json.dumps(self.claims(service_url, **more))
        )


@lru_cache(maxsize=64)
def _sign_once(key: rsa.RSAPrivateKey, name: str, payload: str) -> str:
    return jwt.PyJWS().encode(
        payload.encode(), key, algorithm="RS256", headers={"kid": name, "x5t": name}
    )
