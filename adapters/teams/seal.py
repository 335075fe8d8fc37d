"""What travels through a client and must come back as we wrote it: sealed with an HMAC. Pure.

A form says where it was opened and what it is about, in data that the client sends back, and a
button in somebody's own chat says which channel it is about. That is bound to the workspace, to
the person and to its purpose, so that nobody can use what was made for another. It holds for a
week, because who was in a channel then may have left it since.
"""

import base64
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.inbound import Place
from bot.message import Args

LONGEST = 7_000
"""Characters, of the 25,000 bytes that a card may have. A hundred options of 75 letters are some
6,000."""
LASTS = timedelta(days=7)
"""How long what was sealed can be used."""

_SIGNATURE = 43
"""Characters of a SHA-256 digest in base64, without padding."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a form is for, and where and when it was opened: on the card `message`, `at`, aware and
    to the second, by
    what act, by whose event id. `form` are its fields, by which it can be shown again when
    something in it is wrong (see `adapters.teams.answer`). What says a place alone, for a
    button, has no `action`."""

    action: str
    args: Args
    place: Place
    at: datetime
    act: str = ""
    form: Args | None = None
    message: str | None = None

    def is_over(self, now: datetime) -> bool:
        return now - self.at > LASTS


def seal_origin(key: bytes, tenant: str, person: str, origin: Origin) -> str:
    """The origin as a form or a button carries it.

    Raises:
        ValueError: it is too long.
    """
    said = [
        origin.action,
        origin.args,
        origin.place.model_dump(mode="json", exclude_defaults=True),
        int(origin.at.timestamp()),
        origin.act,
        origin.form,
        origin.message,
    ]
    words = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    packed = zlib.compress(words.encode("utf-8", "surrogatepass"), 9)
    text = base64.urlsafe_b64encode(packed).decode()
    sealed = _sign(key, tenant, person, text, is_form=bool(origin.action)) + text
    if len(sealed) > LONGEST:
        raise ValueError("what this form carries is too long for a card")
    return sealed


def open_origin(
    key: bytes, tenant: str, person: str, sealed: str, *, is_form: bool
) -> Origin | None:
    """What `seal_origin` sealed for this person, of a form or of a place alone; None for anything
    else. Whether it is over is not looked at."""
    signature, text = sealed[:_SIGNATURE], sealed[_SIGNATURE:]
    expected = _sign(key, tenant, person, text, is_form=is_form).encode()
    if not hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass")):
        return None
    words = zlib.decompress(base64.urlsafe_b64decode(text)).decode("utf-8", "surrogatepass")
    # What was sealed before messages were kept has none.
    action, args, place, at, act, form, *message = json.loads(words)
    moment = datetime.fromtimestamp(at, UTC)
    return Origin(action, args, Place.model_validate(place), moment, act, form, *message)


def name_event(key: bytes, kind: str, *parts: str) -> str:
    """One name for one act, the same when Teams tells of it again; nobody without the key can
    tell whose it is, or which. At most 60 characters for a kind of at most 27."""
    return f"{kind}:{_digest(key, 'event', kind, *parts).hex()[:32]}"


def _sign(key: bytes, tenant: str, person: str, text: str, *, is_form: bool) -> str:
    # Other words than those of what was sealed before it was packed.
    purpose = "packed form" if is_form else "packed place"
    digest = _digest(key, purpose, tenant, person, text)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _digest(key: bytes, *parts: str) -> bytes:
    # The parts are told apart by their lengths: "a" + "bc" is not "ab" + "c".
    said = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.new(key, said.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
