"""What travels through a client and must come back as we wrote it: sealed with an HMAC. Pure.

A form's `private_metadata` says where it was opened and what it is about; a button that opens
a form again names the event whose stored reply has it. Both are bound to the workspace and to
the person, so that nobody can use what was made for another.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from bot.inbound import Place, PlaceKind
from bot.message import Args

LONGEST = 3_000
"""Characters of a view's private_metadata."""

_SIGNATURE = 43
"""Characters of a SHA-256 digest in base64, without padding."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a form is for and where it was opened; `on_page`: on the person's own page.
    `message` is the one on which it was opened; of one that only the person sees, which has no
    address that lasts, `response_url` is the way to it."""

    action: str
    args: Args
    place: Place
    on_page: bool = False
    message: str | None = None
    response_url: str | None = field(default=None, repr=False)


def seal_origin(key: bytes, team: str, person: str, origin: Origin) -> str:
    """The origin as private_metadata; without the message where it is too long with it.

    Raises:
        ValueError: the form's args are too long for Slack.
    """
    place = origin.place
    said: list[JsonValue] = [origin.action, origin.args]
    said += [place.conversation, place.kind.value, place.thread]
    said += [origin.on_page, origin.message, origin.response_url]
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    sealed = sign(key, team, person, text) + text
    if len(sealed) > LONGEST:
        if origin.message is not None or origin.response_url is not None:
            alone = replace(origin, message=None, response_url=None)
            return seal_origin(key, team, person, alone)
        raise ValueError("the args of this form are too long for Slack")
    return sealed


def open_origin(key: bytes, team: str, person: str, sealed: str) -> Origin | None:
    """What `seal_origin` sealed for this person; None for anything else."""
    signature, text = sealed[:_SIGNATURE], sealed[_SIGNATURE:]
    if not is_signed(key, team, person, text, signature):
        return None
    # What was sealed before messages were kept has none.
    action, args, conversation, kind, thread, on_page, *message = json.loads(text)
    place = Place(conversation=conversation, kind=PlaceKind(kind), thread=thread)
    return Origin(action, args, place, on_page, *message)


def sign(key: bytes, team: str, person: str, text: str) -> str:
    """A signature of the text for one person, 43 characters."""
    # The parts are told apart by their lengths: "a" + "bc" is not "ab" + "c".
    parts = [f"{len(part)}:{part}" for part in (team, person, text)]
    digest = hmac.new(key, "".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def is_signed(key: bytes, team: str, person: str, text: str, signature: str) -> bool:
    """Whether `signature` is what `sign` gives, told in constant time."""
    expected = sign(key, team, person, text).encode()
    return hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass"))
