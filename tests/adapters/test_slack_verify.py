"""Signatures of requests: nothing passes unsigned, and nothing makes the check fail."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from adapters.slack.verify import Verdict, sign, verify

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = b"token=xyzz0WbapA4vBCDEFasx0q6G&command=%2Fweather&text=94070"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT = str(int(NOW.timestamp()))


def test_signature_is_what_slack_writes() -> None:
    # Told by an implementation of Slack's own.
    theirs = SignatureVerifier(SECRET).generate_signature(timestamp=AT, body=BODY)
    assert sign(SECRET, BODY, AT) == theirs
    assert verify(SECRET, BODY, AT, theirs, NOW) is Verdict.SIGNED


@pytest.mark.parametrize(
    "timestamp",
    [None, "", " ", "abc", "1e9", "-5", "+5", "1.5", "0x1", "1" * 13, "9" * 5_000, "١٢٣", "²",
     "1\n"],
)  # fmt: skip
def test_timestamp_that_is_no_number_is_malformed(timestamp: str | None) -> None:
    signature = sign(SECRET, BODY, timestamp or "")
    assert verify(SECRET, BODY, timestamp, signature, NOW) is Verdict.MALFORMED


@pytest.mark.parametrize(
    "signature",
    [None, "", "v0=", "v0=" + "g" * 64, "v1=" + "a" * 64, "v0=" + "a" * 63, "v0=" + "a" * 65,
     "v0=" + "A" * 64, "v0=" + "é" * 64, "v0=" + "１" * 64, "v0=" + "a" * 64 + "\n", "\udcff" * 67],
)  # fmt: skip
def test_signature_of_another_form_is_malformed(signature: str | None) -> None:
    assert verify(SECRET, BODY, AT, signature, NOW) is Verdict.MALFORMED


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(0, Verdict.SIGNED), (300, Verdict.SIGNED), (-300, Verdict.SIGNED), (301, Verdict.REFUSED),
     (-301, Verdict.REFUSED), (86_400, Verdict.REFUSED)],
)  # fmt: skip
def test_request_is_good_for_five_minutes(seconds: int, verdict: Verdict) -> None:
    now = NOW + timedelta(seconds=seconds)
    assert verify(SECRET, BODY, AT, sign(SECRET, BODY, AT), now) is verdict


def test_another_secret_body_or_moment_is_refused() -> None:
    signature = sign(SECRET, BODY, AT)
    later = str(int(AT) + 1)
    assert verify("another", BODY, AT, signature, NOW) is Verdict.REFUSED
    assert verify(SECRET, BODY + b" ", AT, signature, NOW) is Verdict.REFUSED
    assert verify(SECRET, BODY, later, signature, NOW) is Verdict.REFUSED
    assert verify(SECRET, BODY, AT, "v0=" + "0" * 64, NOW) is Verdict.REFUSED


def test_empty_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        verify("", BODY, AT, sign("", BODY, AT), NOW)


@given(st.binary(max_size=50), st.none() | st.text(), st.none() | st.text())
def test_nothing_unsigned_passes_and_nothing_fails(
    body: bytes, timestamp: str | None, signature: str | None
) -> None:
    assert verify(SECRET, body, timestamp, signature, NOW) is not Verdict.SIGNED
