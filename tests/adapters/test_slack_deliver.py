"""Letters to Slack: each outcome has one meaning, and what arrived is found again."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from adapters.slack import deliver
from adapters.slack.client import UNCLEAR, SlackClient
from adapters.slack.deliver import (
    CEILING,
    EVENT_TYPE,
    FATES,
    MARGIN,
    PAGE,
    TIER_3,
    Fate,
    LookUpFailed,
    Pace,
    Receipts,
    Remembered,
    SlackPlatform,
    read_delivery_id,
)
from adapters.slack.render import render_message
from adapters.slack.wording import Wording
from bot.capabilities.questions.memory import Memory
from bot.ids import PersonId, WorkspaceId
from bot.lanes import Lanes
from bot.message import Button, Buttons, Message, say
from bot.outbox import (
    Ambiguous,
    Delivery,
    Letter,
    LetterState,
    Limited,
    Never,
    Outcome,
    Priority,
    Sent,
    ToPerson,
    ToPlace,
    TryLater,
)
from bot.people import Person, Workspace
from bot.rate import Bucket, Limits
from bot.retry import Patience
from storage.database import Database
from storage.lane import SqlLaneStore
from tests.adapters.far_end import far_end, saying
from tests.adapters.slack_server import FakeSlack
from tests.databases import RELAY_KEY
from tests.everywhere import everywhere

T = TypeVar("T")

HERE = WorkspaceId("w1")
SEAL = bytes(32)
WORDING = Wording(commands={"learn": "learn", "ask": "ask"}, words=frozenset({"pause"}))
MESSAGE = say("Hello <b>", Buttons(buttons=(Button(label="Yes", action="sample.press"),)))
AFTER = say("Done & gone")
LETTER = Delivery(
    id=1,
    key="question:42:offer:bo:1",
    workspace=HERE,
    address="U1",
    direct=True,
    message=MESSAGE,
    kind="offer",
    priority=Priority.OFFER,
)
TO_PLACE = replace(LETTER, id=2, key="question:42:post", address="C1", direct=False)
NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)
POST, UPDATE = "chat.postMessage", "chat.update"
OPEN, HISTORY, REPLIES = "conversations.open", "conversations.history", "conversations.replies"


def client_at(url: str, token: str = "xoxb-secret", seconds: float = 20.0) -> SlackClient:
    async def token_of(team: str) -> str | None:
        return token if team == "T1" else None

    return SlackClient(token_of, url, timedelta(seconds=seconds))


@dataclass(slots=True)
class Stage:
    """Slack with two people and a channel, and the platform that speaks to it. `patient` is
    another client, for who has to be heard however busy the machine is."""

    slack: FakeSlack
    patient: SlackClient
    platform: SlackPlatform
    receipts: Receipts

    async def send(self, delivery: Delivery = LETTER) -> Sent:
        outcome = await self.platform.deliver(delivery)
        assert isinstance(outcome, Sent)
        return outcome

    def afresh(self, **options: Any) -> SlackPlatform:
        """As another process would have it, which remembers nothing."""
        return SlackPlatform(self.patient, "T1", wording=WORDING, seal=SEAL, **options)


@asynccontextmanager
async def stage(seconds: float = 20.0, **options: Any) -> AsyncIterator[Stage]:
    async with FakeSlack() as slack:
        for user in ("U1", "U2"):
            slack.add_user(user)
        slack.add_channel("C1", "U1", "U2")
        client = client_at(slack.url, slack.token, seconds)
        patient = client_at(slack.url, slack.token)
        receipts = Receipts()
        platform = SlackPlatform(
            client, "T1", wording=WORDING, seal=SEAL, receipts=receipts, **options
        )
        try:
            yield Stage(slack, patient, platform, receipts)
        finally:
            await client.close()
            await patient.close()


def edit_of(sent: Sent, **changes: Any) -> Delivery:
    delivery = replace(
        LETTER,
        id=9,
        key="question:42:closed",
        message=AFTER,
        edits=sent.external,
        conversation=sent.conversation,
    )
    return replace(delivery, **changes)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


# --- what is sent ------------------------------------------------------------------------


def test_a_letter_to_a_person_goes_to_their_address_and_the_answer_says_where_it_stands() -> None:
    async def work() -> None:
        async with stage() as on:
            sent = await on.send()
            [post] = on.slack.posts("D1")
            assert sent == Sent(external=post.ts, conversation="D1")
            [call] = on.slack.calls(POST)
            rendered = render_message(MESSAGE, WORDING)
            assert call.arguments == {
                "channel": "U1",
                "text": rendered.text,
                "blocks": rendered.blocks,
                "unfurl_links": False,
                "unfurl_media": False,
                "metadata": {
                    "event_type": EVENT_TYPE,
                    "event_payload": {"delivery_id": on.platform.delivery_id(LETTER)},
                },
            }

    run(work())


def test_a_letter_to_a_place_goes_there_and_into_its_thread() -> None:
    async def work() -> None:
        async with stage() as on:
            root = await on.send(TO_PLACE)
            sent = await on.send(replace(TO_PLACE, key="k", thread=root.external))
            first, second = on.slack.posts("C1")
            assert (root, sent) == (Sent(first.ts, "C1"), Sent(second.ts, "C1"))
            assert (first.thread, second.thread) == (None, first.ts)

    run(work())


def test_what_stands_in_the_metadata_names_nobody() -> None:
    """Everybody in the workspace may read it, and a key tells who was asked what."""

    async def work() -> None:
        async with stage() as on:
            await on.send()
            [call] = on.slack.calls(POST)
            said = json.dumps(call.arguments["metadata"])
            assert not any(part in said for part in ("question", "42", "bo:", "offer"))

    run(work())


def test_a_delivery_id_is_of_the_letter_the_workspace_and_the_secret() -> None:
    def made(seal: bytes = SEAL, **changes: Any) -> str:
        platform = SlackPlatform(client_at("http://127.0.0.1/"), "T1", wording=WORDING, seal=seal)
        return platform.delivery_id(replace(LETTER, **changes))

    assert made() == made(id=7, attempts=3, address="U2", message=AFTER)
    different = {made(), made(key="k"), made(workspace="w2"), made(seal=b"x" * 32)}
    assert len(different) == 4
    assert all(len(each) == 32 for each in different)


def test_an_edit_replaces_the_message_and_leaves_its_delivery_id() -> None:
    async def work() -> None:
        async with stage() as on:
            sent = await on.send()
            assert await on.platform.deliver(edit_of(sent)) == sent
            [post] = on.slack.posts("D1")
            rendered = render_message(AFTER, WORDING)
            [call] = on.slack.calls(UPDATE)
            assert call.arguments == {
                "channel": "D1",
                "ts": sent.external,
                "text": rendered.text,
                "blocks": rendered.blocks,
                "parse": "none",
            }
            assert (post.text, "Yes" in json.dumps(post.blocks)) == (rendered.text, False)
            assert await on.afresh().find_delivered(LETTER) == sent

    run(work())


def test_the_limits_are_the_lanes_to_find_and_one_a_second_for_a_conversation() -> None:
    platform = SlackPlatform(client_at("http://127.0.0.1/"), "T1", wording=WORDING, seal=SEAL)
    assert platform.limits == Limits(240.0, CEILING, (Bucket(1, 1.0),))
    slow = SlackPlatform(
        client_at("http://127.0.0.1/"), "T1", wording=WORDING, seal=SEAL, ceiling=60.0
    )
    assert (slow.limits.per_minute, slow.limits.ceiling) == (60.0, 60.0)
    assert (platform.name, platform.reads_back) == ("slack", True)


# --- what is refused ---------------------------------------------------------------------

LATER = timedelta(0)
REST = timedelta(minutes=5)

DOCUMENTED: Mapping[str, str] = {
    POST: """
        access_denied accesslimited account_inactive as_user_not_supported channel_not_found
        deprecated_endpoint duplicate_channel_not_found duplicate_message_not_found
        ekm_access_denied enterprise_is_restricted fatal_error internal_error invalid_arg_name
        invalid_arguments invalid_array_arg invalid_attachments invalid_auth invalid_blocks
        invalid_blocks_format invalid_charset invalid_form_data invalid_metadata_format
        invalid_metadata_schema invalid_post_type is_archived markdown_text_conflict
        message_limit_exceeded messages_tab_disabled metadata_must_be_sent_from_app
        metadata_too_large method_deprecated missing_post_type missing_scope msg_blocks_too_long
        msg_too_long no_permission no_text not_allowed_token_type not_authed not_in_channel
        org_login_required request_timeout restricted_action
        restricted_action_non_threadable_channel restricted_action_read_only_channel
        restricted_action_thread_locked restricted_action_thread_only_channel
        service_unavailable slack_connect_canvas_sharing_blocked
        slack_connect_file_link_sharing_blocked slack_connect_lists_sharing_blocked
        team_access_not_granted team_added_to_org team_not_found token_expired token_revoked
        too_many_attachments too_many_contact_cards two_factor_setup_required
        """,
    UPDATE: """
        block_mismatch cant_broadcast_message cant_update_message channel_not_found
        edit_window_closed external_channel_migrating invalid_attachments invalid_blocks
        invalid_metadata_format is_inactive message_not_found metadata_too_large msg_too_long
        no_dual_broadcast_content_update streaming_state_conflict team_not_found update_failed
        """,
    OPEN: """
        cannot_dm_bot channel_not_found invalid_user_combination user_disabled user_not_found
        user_not_visible
        """,
}
"""By method, what its page and that of the errors of all methods name."""


def test_every_documented_error_has_a_fate() -> None:
    documented = {error for errors in DOCUMENTED.values() for error in errors.split()}
    assert documented - FATES.keys() - UNCLEAR == set()
    assert FATES.keys() & UNCLEAR == set()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("team_added_to_org", TryLater(LATER, "team_added_to_org")),
        ("message_limit_exceeded", TryLater(LATER, "message_limit_exceeded")),
        ("something_new", TryLater(LATER, "something_new")),
        ("token_revoked", TryLater(REST, "token_revoked")),
        ("token_expired", TryLater(REST, "token_expired")),
        ("invalid_auth", TryLater(REST, "invalid_auth")),
        ("account_inactive", TryLater(REST, "account_inactive")),
        ("not_authed", TryLater(REST, "not_authed")),
        ("missing_scope", TryLater(REST, "missing_scope")),
        ("team_access_not_granted", TryLater(REST, "team_access_not_granted")),
        ("not_in_channel", TryLater(REST, "not_in_channel")),
        ("channel_not_found", Never("channel_not_found", unreachable=True)),
        ("user_disabled", Never("user_disabled", unreachable=True)),
        ("user_not_found", Never("user_not_found", unreachable=True)),
        ("cannot_dm_bot", Never("cannot_dm_bot", unreachable=True)),
        ("is_archived", Never("is_archived")),
        ("msg_too_long", Never("msg_too_long")),
        ("invalid_arguments", Never("invalid_arguments")),
        ("restricted_action", Never("restricted_action")),
        ("thread_locked", Never("thread_locked")),
        ("fatal_error", Ambiguous("fatal_error")),
        ("internal_error", Ambiguous("internal_error")),
        ("request_timeout", Ambiguous("request_timeout")),
        ("service_unavailable", Ambiguous("service_unavailable")),
        ("ratelimited", Limited(10 * SECOND)),
    ],
)
def test_what_becomes_of_a_letter_that_is_refused(error: str, expected: Outcome) -> None:
    async def work() -> tuple[Outcome, int]:
        async with stage() as on:
            on.slack.fail(POST, f"error:{error}")
            return await on.platform.deliver(LETTER), len(on.slack.posts("D1"))

    with capture_logs():
        assert run(work()) == (expected, 0)


def test_every_error_of_the_table_is_treated_as_it_says() -> None:
    meant: Mapping[Fate, type[Outcome]] = {
        Fate.LATER: TryLater,
        Fate.REST: TryLater,
        Fate.NEVER: Never,
        Fate.GONE: Never,
        # The letter itself has no thread, and goes as plain text.
        Fate.NO_THREAD: Never,
        Fate.NO_BLOCKS: Sent,
    }

    async def work() -> dict[str, type[Outcome]]:
        async with stage() as on:
            on.slack.rates.enforced = False
            on.slack.fail(POST, *(f"error:{error}" for error in FATES if not _is_blocks(error)))
            found = {
                error: type(await on.platform.deliver(LETTER))
                for error in FATES
                if not _is_blocks(error)
            }
            for error in filter(_is_blocks, FATES):
                on.slack.fail(POST, f"error:{error}")
                found[error] = type(await on.platform.deliver(LETTER))
            return found

    with capture_logs():
        assert run(work()) == {error: meant[fate] for error, fate in FATES.items()}


def _is_blocks(error: str) -> bool:
    return FATES[error] is Fate.NO_BLOCKS


def test_a_place_that_is_gone_makes_nobody_unreachable() -> None:
    async def work() -> Outcome:
        async with stage() as on:
            return await on.platform.deliver(replace(TO_PLACE, address="C404"))

    assert run(work()) == Never("channel_not_found")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("message_not_found", Never("message_not_found")),
        ("cant_update_message", Never("cant_update_message")),
        ("edit_window_closed", Never("edit_window_closed")),
        ("is_inactive", Never("is_inactive")),
        ("channel_not_found", Never("channel_not_found")),
        ("update_failed", TryLater(LATER, "update_failed")),
        ("external_channel_migrating", TryLater(LATER, "external_channel_migrating")),
        ("token_revoked", TryLater(REST, "token_revoked")),
        ("fatal_error", Ambiguous("fatal_error")),
    ],
)
def test_what_becomes_of_an_edit_that_is_refused(error: str, expected: Outcome) -> None:
    async def work() -> Outcome:
        async with stage() as on:
            sent = await on.send()
            on.slack.fail(UPDATE, f"error:{error}")
            return await on.platform.deliver(edit_of(sent))

    with capture_logs():
        assert run(work()) == expected


def test_the_wait_for_an_administrator_grows_from_minutes_to_hours() -> None:
    async def work() -> list[float]:
        async with stage() as on:
            on.slack.memory.revoke("T1")
            waits = []
            for attempts in (0, 1, 2, 3, 4, 20):
                outcome = await on.platform.deliver(replace(LETTER, attempts=attempts))
                assert isinstance(outcome, TryLater)
                waits.append(outcome.after.total_seconds() / 60)
            return waits

    with capture_logs():
        assert run(work()) == [5, 10, 20, 40, 80, 240]


def test_a_dead_token_is_told_once_until_slack_takes_something_again() -> None:
    async def work() -> None:
        async with stage() as on:
            on.slack.rates.enforced = False
            on.slack.fail(POST, *["error:token_revoked"] * 3, "fine", "error:token_revoked")
            for number in range(5):
                await on.platform.deliver(replace(LETTER, key=f"k{number}"))

    with capture_logs() as logs:
        run(work())
    told = {"workspace": HERE, "error": "token_revoked", "event": "slack refuses"}
    assert logs == [told | {"log_level": "warning"}] * 2


def test_while_slack_does_not_take_the_token_no_letter_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work() -> None:
        async with stage() as on:
            assert await on.platform.is_open()
            assert on.slack.calls("auth.test") == []
            held = on.slack.memory.tokens[on.slack.token]
            on.slack.memory.revoke("T1")
            assert await on.platform.deliver(LETTER) == TryLater(REST, "token_revoked")
            assert not await on.platform.is_open()
            on.slack.memory.tokens[on.slack.token] = held
            # It is asked once a minute.
            assert not await on.platform.is_open()
            monkeypatch.setattr(deliver, "KNOCK", timedelta(0))
            on.platform._knocks_at = 0.0
            on.slack.fail("auth.test", "error_before", "error:token_revoked")
            assert not await on.platform.is_open()
            assert not await on.platform.is_open()
            assert await on.platform.is_open()
            assert isinstance(await on.platform.deliver(LETTER), Sent)
            # What is wrong with one letter or its place is nothing to the others.
            on.slack.fail(POST, "error:not_in_channel", "error:missing_scope")
            for key in ("a", "b"):
                await on.platform.deliver(replace(LETTER, key=key))
            assert await on.platform.is_open()

    with capture_logs():
        run(work())


def test_a_missing_scope_is_told_by_its_name() -> None:
    async def work() -> None:
        async with stage() as on:
            on.slack.memory.tokens.clear()
            lesser = on.slack.memory.add_token("T1", ("im:history",))
            client = client_at(on.slack.url, lesser)
            platform = SlackPlatform(client, "T1", wording=WORDING, seal=SEAL)
            assert await platform.deliver(LETTER) == TryLater(REST, "missing_scope")
            await client.close()

    with capture_logs() as logs:
        run(work())
    assert [log["needed"] for log in logs] == ["chat:write"]


def test_a_workspace_without_a_token_waits() -> None:
    async def work() -> Outcome:
        client = client_at("http://127.0.0.1:9/")
        return await SlackPlatform(client, "T2", wording=WORDING, seal=SEAL).deliver(LETTER)

    with capture_logs():
        assert run(work()) == TryLater(REST, "not_authed")


def test_no_words_get_into_the_log() -> None:
    async def work() -> None:
        async with stage() as on:
            on.slack.fail(POST, "error:missing_scope", "error:invalid_blocks", "reset_after")
            for _ in range(3):
                await on.platform.deliver(LETTER)

    with capture_logs() as logs:
        run(work())
    assert len(logs) == 2
    assert not any(word in str(logs) for word in ("Hello", "question", "U1", "xoxb"))


# --- letters are not lost needlessly ------------------------------------------------------


def test_a_thread_that_is_gone_is_no_reason_to_lose_a_letter() -> None:
    lost = replace(TO_PLACE, thread="1700000000.000001")

    async def work() -> None:
        async with stage() as on:
            sent = await on.send(lost)
            [post] = on.slack.posts("C1")
            assert (post.thread, Sent(post.ts, "C1")) == (None, sent)
            assert await on.afresh().find_delivered(lost) == sent

    run(work())


def test_blocks_that_slack_refuses_go_as_plain_text() -> None:
    async def work() -> None:
        async with stage() as on:
            on.slack.fail(POST, "error:invalid_blocks")
            sent = await on.send()
            [post] = on.slack.posts("D1")
            assert (post.text, post.blocks) == ("Hello &lt;b&gt;\n\n[Yes]", [])
            assert on.slack.calls(POST)[-1].arguments["mrkdwn"] is False
            assert await on.afresh().find_delivered(LETTER) == sent
            on.slack.fail(UPDATE, "error:msg_blocks_too_long")
            assert await on.platform.deliver(edit_of(sent)) == sent
            [post] = on.slack.posts("D1")
            assert post.text == "Done &amp; gone"

    with capture_logs() as logs:
        run(work())
    assert [(log["event"], log["error"]) for log in logs] == [
        ("slack refused blocks", "invalid_blocks"),
        ("slack refused blocks", "msg_blocks_too_long"),
    ]


# --- how fast ------------------------------------------------------------------------------


def test_a_limit_on_messages_is_the_lanes() -> None:
    async def work() -> Outcome:
        async with stage() as on:
            on.slack.fail(POST, "limited:7")
            return await on.platform.deliver(LETTER)

    assert run(work()) == Limited(7 * SECOND)


def test_a_limit_on_edits_is_not_the_lanes() -> None:
    async def work() -> None:
        async with stage() as on:
            sent = await on.send()
            on.slack.fail(UPDATE, "limited:30")
            refused = await on.platform.deliver(edit_of(sent))
            assert refused == TryLater(30 * SECOND, "edits were too many")
            # Slack is not asked again before, and edits then come one after the other.
            first = await on.platform.deliver(edit_of(sent, id=10))
            second = await on.platform.deliver(edit_of(sent, id=11))
            assert isinstance(first, TryLater)
            assert isinstance(second, TryLater)
            assert 10 < first.after.total_seconds() <= 30
            assert second.after > first.after + SECOND
            assert len(on.slack.calls(UPDATE)) == 1
            await on.send(replace(LETTER, key="another"))

    run(work())


def test_edits_keep_to_the_pace_of_their_method_and_each_keeps_its_turn() -> None:
    async def work() -> None:
        async with stage(tier_3=Bucket(2, 60.0)) as on:
            sent = await on.send()
            assert await on.platform.deliver(edit_of(sent, id=10)) == sent
            waits = []
            for number in (11, 12, 11):
                outcome = await on.platform.deliver(edit_of(sent, id=number))
                assert isinstance(outcome, TryLater)
                waits.append(outcome.after.total_seconds())
            assert waits == pytest.approx([30, 60, 30], abs=14)

    run(work())


def test_an_edit_whose_turn_is_near_waits_for_it() -> None:
    async def work() -> None:
        async with stage(tier_3=Bucket(2, 0.4)) as on:
            sent = await on.send()
            began = asyncio.get_running_loop().time()
            for number in (10, 11):
                assert await on.platform.deliver(edit_of(sent, id=number)) == sent
            assert asyncio.get_running_loop().time() - began > 0.19

    run(work())


def test_a_pace_never_lets_more_through_than_its_bucket() -> None:
    pace = Pace(TIER_3)
    slots = [pace.take(100.0) for _ in range(200)]
    assert slots == sorted(slots)
    assert sum(slot < 100.001 for slot in slots) == 25
    for start in slots:
        assert sum(start <= slot < start + 60 for slot in slots) <= TIER_3.count


def test_a_method_that_was_refused_rests_and_then_begins_slowly() -> None:
    pace = Pace(TIER_3)
    pace.take(100.0)
    pace.rest(100.0, 30 * SECOND)
    assert pace.earliest(101.0) == 130.0
    first, second = pace.take(101.0), pace.take(101.0)
    assert first == 130.0
    assert second == pytest.approx(130.0 + 60 / 26, abs=0.01)
    assert pace.earliest(1_000.0) == 1_000.0


# --- what nobody can say --------------------------------------------------------------------

ARRIVED = ["reset_after", "error_after", "hang_after", "truncated", "garbage"]
LOST = ["reset_before", "error_before", "hang_before"]


@pytest.mark.parametrize("fault", [*ARRIVED, *LOST])
@pytest.mark.parametrize("delivery", [LETTER, TO_PLACE], ids=["person", "place"])
def test_what_is_unclear_is_looked_up(fault: str, delivery: Delivery) -> None:
    async def work() -> None:
        async with stage(seconds=2.0 if "hang" in fault else 20.0) as on:
            on.slack.fail(POST, fault)
            assert isinstance(await on.platform.deliver(delivery), Ambiguous)
            posts = on.slack.posts("D1" if delivery.direct else "C1")
            assert len(on.slack.calls(POST)) == 1
            stands = [Sent(post.ts, post.channel) for post in posts]
            assert stands == stands[: fault in ARRIVED]
            found = await on.afresh().find_delivered(replace(delivery, began_at=NOW))
            assert found == (stands[0] if stands else None)

    run(work())


def test_what_is_accepted_late_is_found_once_it_is_there() -> None:
    async def work() -> None:
        async with stage(seconds=1.0) as on:
            there = asyncio.Event()
            on.slack.memory.on_post = lambda *_: there.set()
            on.slack.late = 0
            on.slack.fail(POST, "late")
            assert isinstance(await on.platform.deliver(LETTER), Ambiguous)
            assert await on.afresh().find_delivered(LETTER) is None
            on.slack.release.set()
            await there.wait()
            [post] = on.slack.posts("D1")
            assert await on.afresh().find_delivered(LETTER) == Sent(post.ts, "D1")

    run(work())


def test_without_a_connection_nothing_arrived() -> None:
    async def work() -> Outcome:
        async with far_end() as end:
            client = client_at(end.url)
        outcome = await SlackPlatform(client, "T1", wording=WORDING, seal=SEAL).deliver(LETTER)
        await client.close()
        return outcome

    assert run(work()) == TryLater(LATER, "ClientConnectorError")


@pytest.mark.parametrize("said", [{}, {"ts": "1.2"}, {"channel": "D1"}, {"ts": 1, "channel": "D1"}])
def test_an_answer_that_does_not_say_where_is_unclear(said: dict[str, Any]) -> None:
    async def work() -> Outcome:
        async with far_end(saying({"ok": True, **said})) as end:
            client = client_at(end.url)
            outcome = await SlackPlatform(client, "T1", wording=WORDING, seal=SEAL).deliver(LETTER)
            await client.close()
            return outcome

    assert run(work()) == Ambiguous("unreadable")


# --- what is looked up ----------------------------------------------------------------------


def test_a_person_whom_a_letter_reached_before_is_looked_up_without_asking_where() -> None:
    async def work() -> None:
        async with stage() as on:
            sent = await on.send()
            assert await on.platform.find_delivered(LETTER) == sent
            assert on.slack.calls(OPEN) == []
            assert await on.afresh().find_delivered(LETTER) == sent
            assert len(on.slack.calls(OPEN)) == 1

    run(work())


def test_a_letter_in_a_thread_is_found_there() -> None:
    async def work() -> None:
        async with stage() as on:
            root = await on.send(TO_PLACE)
            reply = replace(TO_PLACE, key="reply", thread=root.external)
            sent = await on.send(reply)
            assert await on.afresh().find_delivered(reply) == sent
            assert on.slack.calls(HISTORY) == []
            missing = replace(reply, key="missing")
            assert await on.afresh().find_delivered(missing) is None

    run(work())


def test_a_conversation_is_read_page_by_page() -> None:
    async def work() -> None:
        async with stage() as on:
            sent = await on.send(TO_PLACE)
            channel = on.slack.team.channels["C1"]
            for number in range(2 * PAGE):
                on.slack.memory.add_post(channel, "U1", f"word {number}")
            assert await on.platform.find_delivered(TO_PLACE) == sent
            cursors = [call.arguments.get("cursor") for call in on.slack.calls(HISTORY)]
            assert len(cursors) == 3
            assert await on.platform.find_delivered(replace(TO_PLACE, key="missing")) is None
            assert len(on.slack.calls(HISTORY)) == 6

    run(work())


def test_a_look_goes_back_to_the_attempt_and_not_further() -> None:
    async def work() -> None:
        async with stage() as on:
            await on.platform.find_delivered(replace(TO_PLACE, began_at=NOW))
            await on.platform.find_delivered(TO_PLACE)
            first, second = on.slack.calls(HISTORY)
            assert float(first.arguments["oldest"]) == pytest.approx((NOW - MARGIN).timestamp())
            assert "oldest" not in second.arguments
            assert {first.arguments["include_all_metadata"], first.arguments["limit"]} == {
                "true",
                str(PAGE),
            }

    run(work())


def test_a_look_that_had_to_stop_goes_on_from_there() -> None:
    """History may be rationed to a page a minute."""

    async def work() -> None:
        async with stage(tier_3=Bucket(50, 6.0)) as on:
            sent = await on.send(TO_PLACE)
            channel = on.slack.team.channels["C1"]
            for number in range(2 * PAGE):
                on.slack.memory.add_post(channel, "U1", f"word {number}")
            on.slack.fail(HISTORY, "fine", "limited:1", "fine", "error:invalid_cursor")
            with pytest.raises(LookUpFailed, match="too_many"):
                await on.platform.find_delivered(TO_PLACE)
            with pytest.raises(LookUpFailed, match="invalid_cursor"):
                await on.platform.find_delivered(TO_PLACE)
            # A cursor that is no good any more is forgotten.
            assert await on.platform.find_delivered(TO_PLACE) == sent
            asked = [call.arguments.get("cursor") for call in on.slack.calls(HISTORY)]
            assert asked[:5] == [None, asked[1], asked[1], asked[3], None]
            assert None not in (asked[1], asked[3])

    run(work())


def test_what_a_later_attempt_sent_is_not_passed_over() -> None:
    """Another process may have looked in vain meanwhile, and sent the letter again."""

    async def work() -> None:
        async with stage(tier_3=Bucket(50, 6.0)) as on:
            channel = on.slack.team.channels["C1"]
            for number in range(2 * PAGE):
                on.slack.memory.add_post(channel, "U1", f"word {number}")
            on.slack.fail(HISTORY, "fine", "limited:1")
            tried = replace(TO_PLACE, began_at=NOW)
            with pytest.raises(LookUpFailed):
                await on.platform.find_delivered(tried)
            sent = await on.send(tried)
            again = replace(tried, began_at=NOW + SECOND)
            assert await on.platform.find_delivered(again) == sent

    run(work())


def test_while_history_rests_nobody_asks_it() -> None:
    async def work() -> None:
        async with stage() as on:
            on.slack.fail(HISTORY, "limited:30")
            with pytest.raises(LookUpFailed, match="too_many"):
                await on.platform.find_delivered(TO_PLACE)
            with pytest.raises(LookUpFailed, match="busy"):
                await on.platform.find_delivered(TO_PLACE)
            assert len(on.slack.calls(HISTORY)) == 1

    run(work())


@pytest.mark.parametrize(
    "fault",
    ["error_before", "reset_before", "error:not_in_channel", "error:fatal_error", "garbage"],
)
def test_a_look_that_fails_says_so(fault: str) -> None:
    async def work() -> None:
        async with stage() as on:
            on.slack.fail(HISTORY, fault)
            with pytest.raises(LookUpFailed):
                await on.platform.find_delivered(TO_PLACE)

    with capture_logs():
        run(work())


@pytest.mark.parametrize("said", [{"ok": True}, {"ok": True, "channel": {"id": 7}}])
def test_an_answer_that_cannot_be_read_tells_nothing(said: dict[str, Any]) -> None:
    async def work() -> None:
        async with far_end(saying(said)) as end:
            client = client_at(end.url)
            platform = SlackPlatform(client, "T1", wording=WORDING, seal=SEAL)
            for delivery in (LETTER, TO_PLACE):
                with pytest.raises(LookUpFailed, match="unreadable"):
                    await platform.find_delivered(delivery)
            await client.close()

    run(work())


def test_a_missing_right_to_read_is_told() -> None:
    async def work() -> None:
        async with stage() as on:
            on.slack.fail(HISTORY, "error:missing_scope", "error:missing_scope")
            for _ in range(2):
                with pytest.raises(LookUpFailed, match="missing_scope"):
                    await on.platform.find_delivered(TO_PLACE)

    with capture_logs() as logs:
        run(work())
    assert [log["error"] for log in logs] == ["missing_scope"]


def test_who_has_left_has_nothing_to_look_up() -> None:
    """The letter is sent again, and Slack says then that there is nobody."""

    async def work() -> None:
        async with stage() as on:
            on.slack.team.members["U1"].deleted = True
            assert await on.platform.find_delivered(LETTER) is None
            assert isinstance(await on.platform.deliver(LETTER), Never)
            gone = replace(TO_PLACE, address="C404")
            assert await on.platform.find_delivered(gone) is None

    run(work())


def test_an_edit_cannot_be_looked_up() -> None:
    async def work() -> None:
        async with stage() as on:
            sent = await on.send()
            with pytest.raises(LookUpFailed):
                await on.platform.find_delivered(edit_of(sent))

    run(work())


def test_what_others_say_is_not_taken_for_ours() -> None:
    async def work() -> None:
        async with stage() as on:
            own = on.platform.delivery_id(TO_PLACE)
            channel = on.slack.team.channels["C1"]
            for metadata in (
                {"event_type": "task_created", "event_payload": {"delivery_id": own}},
                {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": "other"}},
                {"event_type": EVENT_TYPE, "event_payload": {"id": own}},
            ):
                on.slack.memory.add_post(channel, "U1", own, metadata=metadata)
            assert await on.platform.find_delivered(TO_PLACE) is None

    run(work())


@pytest.mark.parametrize(
    "metadata",
    [None, "x", {}, {"event_type": EVENT_TYPE}, {"event_type": EVENT_TYPE, "event_payload": []},
     {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": 7}}],
)  # fmt: skip
def test_metadata_of_any_shape_is_read(metadata: object) -> None:
    assert read_delivery_id(metadata) is None


# --- receipts -----------------------------------------------------------------------------


def receipt(delivery_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": "message_metadata_posted",
        "app_id": "A0INFLOW",
        "channel_id": "D1",
        "message_ts": "1700000000.000100",
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": delivery_id}},
        **changes,
    }


def test_a_letter_with_a_receipt_is_not_looked_up() -> None:
    async def work() -> None:
        async with stage() as on:
            told = receipt(on.platform.delivery_id(LETTER))
            await on.receipts.note_receipt("T1", told)
            # Whoever repeats it has read it in the message.
            await on.receipts.note_receipt("T1", told | {"channel_id": "C666"})
            found = await on.platform.find_delivered(LETTER)
            assert found == Sent("1700000000.000100", "D1")
            assert on.slack.ledger.calls == []

    run(work())


def test_receipts_of_others_and_of_any_shape_change_nothing() -> None:
    async def work() -> None:
        async with stage() as on:
            own = on.platform.delivery_id(LETTER)
            await on.receipts.note_receipt("T2", receipt(own))
            for told in (
                {},
                receipt(own, metadata=None),
                receipt(own, channel_id=None),
                receipt(own, message_ts=17),
                receipt("other"),
            ):
                await on.receipts.note_receipt("T1", told)
            assert await on.platform.find_delivered(LETTER) is None

    run(work())


def test_only_so_much_is_remembered() -> None:
    known: Remembered[int, str] = Remembered(most=3)
    for number in range(5):
        known.keep(number, "first")
        known.keep(number, "second")
    assert (len(known), known.get(1), known.get(2)) == (3, None, "first")
    known.replace(2, "third")
    known.keep(5, "first")
    assert (known.get(2), known.get(3), known.drop(4), known.get(4)) == (
        "third",
        None,
        "first",
        None,
    )


# --- lanes --------------------------------------------------------------------------------

SHORT = Patience(
    timeout=timedelta(seconds=2),
    lease=timedelta(seconds=2.5),
    reconcile_after=timedelta(seconds=0.5),
)


def promise(database: Database, **letters: ToPerson | ToPlace) -> None:
    with database.transaction() as work:
        for key, to in letters.items():
            letter = Letter(
                key=key, to=to, message=_long(key), kind="test", priority=Priority.ANSWER
            )
            work.outbox.post(HERE, letter)


def _long(key: str) -> Message:
    return say(f"Letter {key}")


@pytest.fixture
def swift(sqlite_url: str) -> Iterator[Database]:
    """For what is the same on every database and takes its time."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()


def test_through_lanes_each_letter_stands_there_once_whatever_happened(swift: Database) -> None:
    faults = [*ARRIVED, *LOST, "late", "limited:1", "fine"]
    keys = [f"k{number}" for number in range(len(faults))]

    async def work() -> None:
        async with stage(seconds=0.5) as on:
            with swift.transaction() as transaction:
                transaction.people.add_workspace(Workspace(HERE, "slack", "T1", "Test"))
                for key in keys:
                    address = f"U{key.upper()}"
                    on.slack.add_user(address)
                    person = Person(PersonId(key), HERE, address=address, name=key)
                    transaction.people.save(person)
            promise(swift, **{key: ToPerson(person=PersonId(key)) for key in keys})
            on.slack.fail(POST, *faults)
            lanes = Lanes(
                SqlLaneStore(swift),
                everywhere(lambda: on.platform),
                lambda: datetime.now(UTC),
                SHORT,
            )
            async with asyncio.timeout(60):
                while not all_sent():
                    await lanes.drain_all()
                    await asyncio.sleep(0.05)
            await asyncio.sleep(on.slack.late)
            arrived = [
                [post.key for post in on.slack.posts(f"DK{number}")] for number in range(len(keys))
            ]
            assert all(len(posts) == 1 for posts in arrived)
            assert len({posts[0] for posts in arrived}) == len(keys)

    def all_sent() -> bool:
        with swift.transaction() as transaction:
            states = {transaction.outbox.state(HERE, key) for key in keys}
        return states == {LetterState.SENT}

    with capture_logs():
        run(work())


def test_through_lanes_a_letter_that_arrived_unheard_is_known_to_stand_there(
    database: Database,
) -> None:
    async def work() -> None:
        async with stage() as on:
            with database.transaction() as transaction:
                transaction.people.add_workspace(Workspace(HERE, "slack", "T1", "Test"))
            promise(database, k=ToPlace(conversation="C1"))
            on.slack.fail(POST, "reset_after")
            lanes = Lanes(
                SqlLaneStore(database),
                everywhere(lambda: on.platform),
                lambda: datetime.now(UTC),
                replace(SHORT, timeout=20 * SECOND, lease=25 * SECOND),
            )
            async with asyncio.timeout(60):
                while not on.slack.calls(HISTORY):
                    await lanes.drain_all()
                    await asyncio.sleep(0.05)
                await lanes.drain_all()
            [post] = on.slack.posts("C1")
            [look] = on.slack.calls(HISTORY)
            assert float(look.arguments["oldest"]) < float(post.ts)
            with database.transaction() as transaction:
                found = transaction.outbox.find(HERE, "C1", post.ts)
            assert found is not None
            assert found.key == "k"

    with capture_logs():
        run(work())
