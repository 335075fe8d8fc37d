"""Whether a request was signed by Slack, just now. Pure; nothing here raises.

slack_sdk's verifier raises for a timestamp that is no number and for a signature that is not
ASCII, which Bolt answers with 500. Here the form is looked at first.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from enum import IntEnum

WINDOW = timedelta(minutes=5)
"""How far a request's timestamp may be from our clock, to either side (Slack's own rule)."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class Verdict(IntEnum):
    """What a request's headers are worth: the HTTP status that says so."""

    SIGNED = 200
    MALFORMED = 400
    """A header is missing, or is nothing that Slack would write."""
    REFUSED = 401
    """Signed by somebody else, or too long ago."""


def verify(
    secret: str, body: bytes, timestamp: str | None, signature: str | None, now: datetime
) -> Verdict:
    """Judge a request by its headers `X-Slack-Request-Timestamp` and `X-Slack-Signature`.

    Raises:
        ValueError: the secret is empty, so that anybody could sign.
    """
    if not secret:
        raise ValueError("the signing secret is empty")
    if not _TIMESTAMP.fullmatch(timestamp or "") or not _SIGNATURE.fullmatch(signature or ""):
        return Verdict.MALFORMED
    if abs(now.timestamp() - int(timestamp or "")) > WINDOW.total_seconds():
        return Verdict.REFUSED
    expected = sign(secret, body, timestamp or "")
    return Verdict.SIGNED if hmac.compare_digest(expected, signature or "") else Verdict.REFUSED


def sign(secret: str, body: bytes, timestamp: str) -> str:
    """The signature that Slack writes over a body sent at `timestamp` (Unix seconds)."""
    signed = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={signed.hexdigest()}"
