"""What travels through a client and must come back as we wrote it: sealed with an HMAC. Pure.

A form says where it was opened and what it is about, in data that the client sends back. That
is bound to the workspace and to the person, so that nobody can use what was made for another.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from bot.inbound import Place, PlaceKind
from bot.message import Args

LONGEST = 4_000
"""Characters, of the 25,000 bytes that a card may have."""

_SIGNATURE = 43
"""Characters of a SHA-256 digest in base64, without padding."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a form is for, and where it was opened. `form` are its fields, by which it can be
    shown again when something in it is wrong (see `adapters.teams.answer`)."""

    action: str
    args: Args
    place: Place
    form: Args | None = None


def seal_origin(key: bytes, tenant: str, person: str, origin: Origin) -> str:
    """The origin as a form carries it.

    Raises:
        ValueError: the form's args are too long.
    """
    place = origin.place
    said: list[object] = [
        origin.action,
        origin.args,
        place.conversation,
        place.kind.value,
        place.thread,
    ]
    if origin.form is not None:
        said.append(origin.form)
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    sealed = _sign(key, tenant, person, text) + text
    if len(sealed) > LONGEST:
        raise ValueError("the args of this form are too long for a card")
    return sealed


def open_origin(key: bytes, tenant: str, person: str, sealed: str) -> Origin | None:
    """What `seal_origin` sealed for this person; None for anything else."""
    signature, text = sealed[:_SIGNATURE], sealed[_SIGNATURE:]
    expected = _sign(key, tenant, person, text).encode()
    if not hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass")):
        return None
    action, args, conversation, kind, thread, *rest = json.loads(text)
    place = Place(conversation=conversation, kind=PlaceKind(kind), thread=thread)
    return Origin(action, args, place, rest[0] if rest else None)


def name_event(key: bytes, kind: str, *parts: str) -> str:
    """One name for one act, the same when Teams tells of it again; nobody without the key can
    tell whose it is, or which. At most 60 characters for a kind of at most 27."""
    return f"{kind}:{_digest(key, 'event', kind, *parts).hex()[:32]}"


def _sign(key: bytes, tenant: str, person: str, text: str) -> str:
    return base64.urlsafe_b64encode(_digest(key, "form", tenant, person, text)).decode().rstrip("=")


def _digest(key: bytes, *parts: str) -> bytes:
    # The parts are told apart by their lengths: "a" + "bc" is not "ab" + "c".
    said = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.new(key, said.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
