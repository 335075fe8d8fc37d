"""Slack's entrance over HTTP: what is let in, what it does once, and how it is answered."""

import asyncio
import json
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.app import LONGEST_BODY, PATH, SlackEntrance, read_form
from adapters.slack.messages import BROKEN, BUSY, OPEN, STALE, TOO_LATE, UNKNOWN_COMMAND
from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from storage.database import Database
from tests.adapters.slack_desk import (
    CHANNEL,
    CRASH,
    DIRECT,
    PAYLOADS,
    SEAL,
    Desk,
    Got,
    open_desk,
)
from tests.databases import RELAY_KEY

T = TypeVar("T")

SECONDS = timedelta(seconds=1)


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copyfile(sqlite_template, tmp_path / "desk.db")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()


def at_desk(
    database: Database,
    work: Callable[[Desk], Awaitable[T]],
    **hears: Callable[..., Awaitable[None]],
) -> T:
    async def run() -> T:
        async with open_desk(database, hears) as desk:
            done = await work(desk)
            await desk.settle()
            return done

    # Left alone, the log would draw a picture of each error.
    with structlog.testing.capture_logs():
        return asyncio.run(run())


# What is let in -------------------------------------------------------------------------


def test_only_what_slack_signed_just_now_is_let_in(store: Database) -> None:
    async def work(desk: Desk) -> None:
        body = json.dumps(desk.said("hello")).encode()
        told = "X_Slack_Request_Timestamp"
        cases: list[tuple[dict[str, Any], int]] = [
            ({}, 200),
            ({told: "-"}, 400),
            ({"X_Slack_Signature": "-"}, 400),
            ({told: ""}, 400),
            ({told: "soon"}, 400),
            ({told: "9" * 4_000}, 400),
            ({told: "１２３"}, 400),
            ({"X_Slack_Signature": "v0=é" + "a" * 60}, 400),
            ({"X_Slack_Signature": "v0=" + "a" * 64}, 401),
            ({told: "1"}, 401),
        ]
        for headers, status in cases:
            assert (await desk.post(body, **headers)).status == status, headers
        for moment, status in [(-301, 401), (-299, 200), (299, 200), (301, 401)]:
            assert (await desk.post(body, at=desk.now + moment * SECONDS)).status == status

    at_desk(store, work)


def test_headers_of_any_bytes_are_refused_and_do_not_make_us_fail(store: Database) -> None:
    async def work(desk: Desk) -> list[bytes]:
        answers = []
        for signature in (b"\xff\xfe", b"v0=\xc3\xa9", b"v0=" + b"\x80" * 64):
            reader, writer = await asyncio.open_connection("127.0.0.1", desk.server.port)
            writer.write(
                f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n"
                f"X-Slack-Request-Timestamp: {int(desk.now.timestamp())}\r\n".encode()
                + b"X-Slack-Signature: " + signature + b"\r\n\r\n{}"
            )  # fmt: skip
            answers.append(await reader.readline())
            writer.close()
        return answers

    assert [answer.split()[1] for answer in at_desk(store, work)] == [b"400"] * 3


def test_body_has_a_bound(store: Database) -> None:
    async def pieces(length: int) -> Any:
        for _ in range(length // 65_536 + 1):
            yield b"x" * 65_536

    async def work(desk: Desk) -> tuple[int, int, int]:
        url = desk.server.make_url(PATH)
        async with desk.http.post(url, data=b"x" * (LONGEST_BODY + 1)) as known:
            pass
        async with desk.http.post(url, data=pieces(LONGEST_BODY)) as unknown:
            pass
        return known.status, unknown.status, (await desk.post(b"x" * LONGEST_BODY)).status

    # The last one is short enough, and nothing that anybody could read.
    assert at_desk(store, work) == (413, 413, 400)


def test_longest_message_of_slack_is_not_too_long(store: Database) -> None:
    async def work(desk: Desk) -> list[str]:
        payload = desk.said("😀" * 20_000)
        payload["event"]["blocks"] = []
        assert (await desk.send(payload)).status == 200
        await desk.settle()
        return desk.shown(DIRECT)

    (said,) = at_desk(store, work)
    assert said.startswith("20000 characters: 😀")


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"", False), (b"[]", False), (b"{", False), (b"5", False), (b"\xff\xfe", False),
        (b"[" * 100_000, False), (b"payload=%7B", True), (b"payload=5", True),
        (b"&".join(b"a=b" for _ in range(200)), True),
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_a_bad_request(store: Database, body: bytes, form: bool) -> None:
    assert at_desk(store, lambda desk: desk.post(body, form=form)).status == 400


FORMS = st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=5).map(urlencode)


@given(FORMS | st.text("abü=&%+ 0fF;\n", max_size=30))
def test_forms_are_read_as_the_library_reads_them(text: str) -> None:
    expected = dict(parse_qsl(text, keep_blank_values=True))
    assert read_form(text.encode()) == expected


@pytest.mark.parametrize(
    "payload",
    [
        {}, {"type": "event_callback"}, {"type": "event_callback", "event": []},
        {"type": "event_callback", "event": {"type": "message"}, "team_id": "T1"},
        {"type": "block_actions", "actions": []}, {"type": "block_actions", "team": {"id": "T1"},
         "actions": [{}]}, {"type": "view_submission", "view": {}}, {"type": "dialog_submission"},
        {"type": "event_callback", "event": {"type": "unheard_of"}, "team_id": "T1"},
        {"type": "event_callback", "enterprise": 5, "event": {"type": "message"}},
    ],
)  # fmt: skip
def test_what_has_no_known_shape_is_dropped_and_counted(
    store: Database, payload: dict[str, Any]
) -> None:
    async def work(desk: Desk) -> tuple[int, float]:
        status = (await desk.post(json.dumps(payload).encode())).status
        return status, sum(desk.dropped().values())

    assert at_desk(store, work) == (200, 1)


def test_address_is_verified_for_slack_alone(store: Database) -> None:
    async def work(desk: Desk) -> tuple[Got, int, int]:
        payload = desk.load("url_verification")
        signed = await desk.send(payload)
        forged = await desk.send(payload, X_Slack_Signature="v0=" + "0" * 64)
        bare = await desk.send(payload, X_Slack_Signature="-")
        return signed, forged.status, bare.status

    signed, forged, bare = at_desk(store, work)
    challenge = json.loads((PAYLOADS / "url_verification.json").read_text())["challenge"]
    assert signed.body == {"challenge": challenge}
    assert (forged, bare) == (401, 400)


def test_slack_may_look_at_the_certificate(store: Database) -> None:
    async def work(desk: Desk) -> Got:
        return await desk.post(b"ssl_check=1&token=x", form=True, X_Slack_Signature="-")

    assert at_desk(store, work) == Got(200, None, "")


def test_warning_of_too_many_events_is_taken_note_of(store: Database) -> None:
    async def work(desk: Desk) -> tuple[int, Mapping[str, float]]:
        return (await desk.send(desk.load("app_rate_limited"))).status, desk.dropped()

    assert at_desk(store, work) == (200, {"rate_limited": 1})


def test_only_posts_are_taken(store: Database) -> None:
    async def work(desk: Desk) -> int:
        async with desk.http.get(desk.server.make_url(PATH)) as answer:
            return answer.status

    assert at_desk(store, work) == 405


def test_every_captured_payload_is_answered(store: Database) -> None:
    async def work(desk: Desk) -> dict[str, int]:
        for channel in ("C9",):
            desk.slack.add_channel(channel, "UANA")
        desk.slack.add_user("UFAR", is_stranger=True)
        names = sorted(file.stem for file in PAYLOADS.glob("*.json"))
        return {name: (await desk.send(desk.load(name))).status for name in names}

    answers = at_desk(store, work)
    assert len(answers) > 40
    assert set(answers.values()) == {200}


def test_nothing_is_taken_without_a_secret() -> None:
    for secret in ("", " "):
        with pytest.raises(ValueError, match="secret"):
            SlackEntrance(signing_secret=secret, **_parts(SEAL))
    with pytest.raises(ValueError, match="16 bytes"):
        SlackEntrance(signing_secret="s", **_parts(b"short"))


def _parts(seal: bytes) -> dict[str, Any]:
    names = ("app", "client", "installed", "directory", "wording", "hears", "clock")
    return {**dict.fromkeys(names), "seal": seal}


# Commands -------------------------------------------------------------------------------


def test_command_is_answered_in_its_acknowledgement(store: Database) -> None:
    async def work(desk: Desk) -> tuple[Got, Got]:
        alone = await desk.send(desk.command("ask", "how &lt;so&gt;?"))
        all_see = await desk.send(desk.command("publish", "text"))
        return alone, all_see

    alone, all_see = at_desk(store, work)
    assert (alone.status, alone.body["response_type"]) == (200, "ephemeral")
    assert alone.body["text"].endswith(" how &lt;so&gt;?")
    assert alone.body["blocks"]
    assert all_see.body["response_type"] == "in_channel"


def test_command_that_nobody_knows_is_told_so(store: Database) -> None:
    async def work(desk: Desk) -> Got:
        return await desk.send(desk.load("command_unknown"))

    assert at_desk(store, work).body == {"response_type": "ephemeral", "text": UNKNOWN_COMMAND}


def test_command_may_bring_a_message_and_a_form(store: Database) -> None:
    async def work(desk: Desk) -> Got:
        got = await desk.send(desk.command("both"))
        await desk.settle()
        (call,) = desk.slack.calls("views.open")
        assert call.arguments["view"]["title"]["text"] == "A door"
        return got

    assert at_desk(store, work).body["text"] == "Both"


def test_same_request_again_does_nothing_twice_and_is_answered_alike(database: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.command("ask", "once")
        first = await desk.send(payload)
        copies = await asyncio.gather(*(desk.send(payload) for _ in range(4)))
        desk.now += 4 * 60 * SECONDS
        late = await desk.send(payload)
        assert {got.text for got in (*copies, late)} == {first.text}
        assert desk.doing.done == ["once"]
        other = await desk.send(desk.command("ask", "once"))
        assert other.text != first.text

    at_desk(database, work)


# Words ----------------------------------------------------------------------------------


def test_event_delivered_again_and_again_is_answered_once(database: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("hello")
        retry = {"X_Slack_Retry_Num": "1", "X_Slack_Retry_Reason": "http_timeout"}
        got = await asyncio.gather(*(desk.send(payload) for _ in range(4)))
        got += [await desk.send(payload, **retry)]
        assert {each.status for each in got} == {200}
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(database, work)


def test_mention_is_answered_once_though_slack_tells_of_it_twice(store: Database) -> None:
    async def work(desk: Desk) -> None:
        text = f"<@{desk.slack.team.bot_user}> hello"
        message = desk.said(text, CHANNEL)
        mention = desk.load("app_mention")
        mention["event"] |= {name: message["event"][name] for name in ("text", "ts", "event_ts")}
        await asyncio.gather(*(desk.send(each) for each in (message, mention, message, mention)))
        assert desk.shown(CHANNEL, "UANA") == ["5 characters: hello"]
        assert desk.shown(CHANNEL) == []

    at_desk(store, work)


def test_words_are_answered_before_they_are_acknowledged(store: Database) -> None:
    async def work(desk: Desk) -> list[str]:
        await desk.send(desk.said("hello"))
        # Nothing was waited for.
        return desk.shown(DIRECT)

    assert at_desk(store, work) == ["5 characters: hello"]


def test_answer_to_all_goes_into_the_thread_of_the_words(store: Database) -> None:
    async def work(desk: Desk) -> None:
        with desk.database.transaction() as work:
            # The workspace is known as soon as somebody has spoken.
            assert work.people.workspace("slack", "T1") is None
        await desk.send(desk.command("ask", "hello"))
        said = desk.said("the root", CHANNEL, "UBO")
        root = said["event"]["ts"]
        with desk.database.transaction() as work:
            workspace = work.people.workspace("slack", "T1")
            assert workspace is not None
            work.outbox.follow(workspace.id, CHANNEL, root, "sample:k1")
        await desk.send(desk.said("inside", CHANNEL, "UKIM", thread_ts=root))
        answer = desk.last(CHANNEL)
        assert (answer.thread, answer.only) == (root, None)
        assert "said in the thread of sample:k1: inside" in answer.text

    at_desk(store, work)


def test_talk_among_people_asks_slack_nothing(store: Database) -> None:
    async def work(desk: Desk) -> None:
        before = len(desk.slack.ledger.calls)
        await desk.send(desk.said("good morning <@UBO>", CHANNEL))
        assert len(desk.slack.ledger.calls) == before
        assert desk.shown(CHANNEL) == []

    at_desk(store, work)


def test_people_are_met_with_what_slack_says_of_them(store: Database) -> None:
    async def work(desk: Desk) -> None:
        desk.slack.add_user("UANA", "Ana Kowalska", zone="Europe/Warsaw")
        desk.slack.add_user("UBO", "Bo")
        await desk.send(desk.said("I am Bo", "DBO", "UBO", channel_type="im"))
        await desk.send(desk.said("what does <@UBO> know?"))
        assert desk.last(DIRECT).text == "19 characters: what does @Bo know?"
        with desk.database.transaction() as work:
            workspace = work.people.workspace("slack", "T1")
            assert workspace is not None
            ana = work.people.by_address(workspace.id, "UANA")
        assert ana is not None
        assert (ana.name, ana.zone) == ("Ana Kowalska", "Europe/Warsaw")

    at_desk(store, work)


def test_people_are_met_by_their_handle_where_slack_says_no_more(store: Database) -> None:
    async def work(desk: Desk) -> None:
        desk.slack.fail("users.info", "error:fatal_error")
        await desk.send(desk.command("ask", "hello"))
        with desk.database.transaction() as work:
            workspace = work.people.workspace("slack", "T1")
            assert workspace is not None
            ana = work.people.by_address(workspace.id, "UANA")
        assert ana is not None
        assert ana.name == "ana"

    at_desk(store, work)


def test_robots_and_strangers_are_not_served(store: Database) -> None:
    async def work(desk: Desk) -> Mapping[str, float]:
        before = len(desk.slack.ledger.calls)
        desk.slack.team.channels[CHANNEL].members.add("UFAR")
        for name in ("message_of_bot", "message_of_stranger", "press_of_stranger"):
            await desk.send(desk.load(name))
        # Nothing shows whose a mark is; it means nothing from who is not known.
        await desk.send(desk.load("reaction_added_shared_channel"))
        assert len(desk.slack.ledger.calls) == before
        assert desk.doing.done == []
        return desk.dropped()

    assert at_desk(store, work) == {"bot": 1, "stranger": 2}


def test_workspace_without_the_app_is_not_served(store: Database) -> None:
    async def work(desk: Desk) -> tuple[Got, Mapping[str, float]]:
        payload = desk.command("ask", "hello") | {"team_id": "T7"}
        return await desk.send(payload), desk.dropped()

    got, dropped = at_desk(store, work)
    assert got == Got(200, None, "")
    assert dropped == {"not_installed": 1}


def test_nothing_is_acknowledged_while_nobody_knows_where_the_app_is(store: Database) -> None:
    class Away:
        async def authorize(self, *_: object) -> None:
            raise Unavailable

    async def work(desk: Desk) -> int:
        parts = _parts(SEAL) | {"client": desk.client, "installed": Away(), "hears": {}}
        entrance = SlackEntrance(signing_secret="s", **parts)
        return (await entrance.take(desk.command("ask", "hello"))).status

    assert at_desk(store, work) == 503


# Events that are nobody's words ---------------------------------------------------------


def test_other_events_go_to_who_hears_them(store: Database) -> None:
    heard: list[tuple[str, str]] = []

    async def hear(team: str, event: Mapping[str, Any]) -> None:
        heard.append((team, event["type"]))

    async def work(desk: Desk) -> list[int]:
        names = ("user_change", "app_uninstalled", "tokens_revoked")
        return [(await desk.send(desk.load(name))).status for name in names]

    statuses = at_desk(store, work, user_change=hear, app_uninstalled=hear, tokens_revoked=hear)
    assert statuses == [200, 200, 200]
    assert heard == [("T1", "user_change"), ("T1", "app_uninstalled"), ("T1", "tokens_revoked")]


def test_word_of_a_removal_is_heard_where_no_token_is_left(store: Database) -> None:
    """Bolt asks nobody whether the app is there when it is told that it is not any more. Were
    that to change, the tokens of a workspace whose last one has run out would stay for ever."""
    heard: list[str] = []

    async def hear(_team: str, event: Mapping[str, Any]) -> None:
        heard.append(event["type"])

    async def work(desk: Desk) -> tuple[list[Got], Mapping[str, float]]:
        names = ("app_uninstalled", "tokens_revoked")
        told = [{**desk.load(name), "team_id": "T7", "authorizations": []} for name in names]
        return [await desk.send(each) for each in told], desk.dropped()

    got, dropped = at_desk(store, work, app_uninstalled=hear, tokens_revoked=hear)
    assert got == [Got(200, None, "")] * 2
    assert dropped == {}
    assert heard == ["app_uninstalled", "tokens_revoked"]


def test_event_that_could_not_be_kept_is_delivered_again(store: Database) -> None:
    async def hear(_team: str, _event: Mapping[str, Any]) -> None:
        raise Unavailable

    async def work(desk: Desk) -> int:
        return (await desk.send(desk.load("user_change"))).status

    assert at_desk(store, work, user_change=hear) == 503


def test_mark_on_a_message_of_ours_is_heard(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("ask", "hello"))
        payload = desk.load("reaction_added")
        with desk.database.transaction() as work:
            workspace = work.people.workspace("slack", "T1")
            assert workspace is not None
            ts = payload["event"]["item"]["ts"]
            work.outbox.follow(workspace.id, CHANNEL, ts, "sample:k1")
        await asyncio.gather(*(desk.send(payload) for _ in range(3)))
        assert desk.doing.done == ["hello", "accept sample:k1"]
        assert desk.shown(CHANNEL, "UANA") == ["Accepted"]

    at_desk(store, work)


# Presses --------------------------------------------------------------------------------


async def show_card(desk: Desk, text: str = "buttons") -> Any:
    """A card of the samples, as a letter would leave it in the channel."""
    await desk.send(desk.command("ask", "hello"))
    got = await desk.send(desk.command("show", text))
    memory = desk.slack.memory
    held = desk.slack.team.channels[CHANNEL]
    bot = desk.slack.team.bot_user
    return memory.add_post(held, bot, got.body["text"], got.body["blocks"], by_bot=True)


def test_press_replaces_the_message_by_its_response_url(store: Database) -> None:
    async def work(desk: Desk) -> None:
        card = await show_card(desk)
        payload = desk.pressed(card, "Yes")
        first = await desk.send(payload)
        again = await desk.send(payload)
        await desk.settle()
        assert (first, again) == (Got(200, None, ""), Got(200, None, ""))
        assert card.text == "You pressed [('n', 1)]"
        assert len(desk.slack.calls("response_url")) == 1
        assert desk.slack.calls("chat.update") == []

    at_desk(store, work)


def test_press_replaces_an_ephemeral_message_too(store: Database) -> None:
    async def work(desk: Desk) -> None:
        card = await show_card(desk)
        card.only = "UANA"
        await desk.send(desk.pressed(card, "Yes"))
        await desk.settle()
        assert card.text == "You pressed [('n', 1)]"

    at_desk(store, work)


@pytest.mark.parametrize("only", [None, "UANA"])
def test_press_finds_another_way_when_the_response_url_is_used_up(
    store: Database, only: str | None
) -> None:
    async def work(desk: Desk) -> None:
        card = await show_card(desk)
        card.only = only
        payload = desk.pressed(card, "Yes")
        payload["response_url"] = "https://evil.example/hook"
        await desk.send(payload)
        await desk.settle()
        if only is None:
            assert card.text == "You pressed [('n', 1)]"
        else:
            # Nothing but its own URL reaches an ephemeral message.
            assert desk.shown(CHANNEL, "UANA")[-1] == "You pressed [('n', 1)]"

    at_desk(store, work)


def test_press_is_answered_to_the_person_or_to_all(store: Database) -> None:
    async def work(desk: Desk) -> None:
        got = await desk.send(desk.command("door", "all"))
        held = desk.slack.team.channels[CHANNEL]
        bot = desk.slack.team.bot_user
        card = desk.slack.memory.add_post(held, bot, "x", got.body["blocks"], by_bot=True)
        await desk.send(desk.pressed(card, "Alone"))
        await desk.settle()
        await desk.send(desk.pressed(card, "Loud"))
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA") == ["For you alone"]
        assert desk.shown(CHANNEL) == ["x", "For all"]

    at_desk(store, work)


def test_press_on_what_is_not_ours_is_told_so(store: Database) -> None:
    async def work(desk: Desk) -> None:
        card = await show_card(desk)
        payload = desk.pressed(card, "Yes")
        payload["actions"][0]["action_id"] = "somebody-elses"
        assert (await desk.send(payload)).status == 200
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA") == [STALE]
        assert desk.dropped() == {"control": 1}

    at_desk(store, work)


def test_who_is_where_the_bot_is_not_hears_it_directly(store: Database) -> None:
    async def work(desk: Desk) -> None:
        bot = desk.slack.team.bot_user
        desk.slack.team.channels[CHANNEL].members.discard(bot)
        payload = desk.load("shortcut_message") | {"callback_id": "loud"}
        await desk.send(payload)
        await desk.settle()
        payload = desk.load("shortcut_message") | {"callback_id": "note"}
        await desk.send(payload)
        await desk.settle()
        assert desk.shown(CHANNEL) == []
        noted = "Noted: the plan (https://example.com/a?b=1&amp;c=2) of @UKIM (by UBO)"
        assert desk.shown(DIRECT) == ["For all", noted]

    at_desk(store, work)


# Forms ----------------------------------------------------------------------------------


def test_form_takes_its_turn_and_tells_what_is_wrong(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("both"))
        await desk.settle()
        wrong = await desk.send(desk.submitted("wrong"))
        assert wrong.body == {
            "response_action": "errors",
            "errors": {"word": "Not this. Nor that."},
        }
        gone = await desk.send(desk.submitted("gone"))
        assert gone.body["errors"] == {"word": "Nor that."}
        right = await desk.send(desk.submitted("right"))
        assert right.body == {"response_action": "clear"}
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA") == ["d1: right"]
        loud = await desk.send(desk.submitted("loud"))
        assert loud.body == {"response_action": "clear"}
        await desk.settle()
        assert desk.shown(CHANNEL) == ["For all"]
        assert (await desk.send(desk.submitted("quiet"))).body == {"response_action": "clear"}

    at_desk(store, work)


@pytest.mark.parametrize("only", [None, "UANA"])
def test_what_a_form_led_to_takes_the_place_of_what_only_one_sees_too(
    store: Database, only: str | None
) -> None:
    async def work(desk: Desk) -> None:
        card = await show_card(desk, "question")
        card.only = only
        await desk.send(desk.pressed(card, "Answer"))
        await desk.settle()
        assert (await desk.send(desk.submitted("right"))).body == {"response_action": "clear"}
        await desk.settle()
        assert "word=right" in card.text
        assert len(desk.slack.calls("chat.update")) == (only is None)

    at_desk(store, work)


def test_form_may_lead_to_the_next_one(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("both"))
        await desk.settle()
        got = await desk.send(desk.submitted("next"))
        assert got.body["response_action"] == "update"
        assert got.body["view"]["title"]["text"] == "Next"
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA") == ["On"]
        view = next(iter(desk.slack.memory.views.values()))
        view.body = got.body["view"]
        assert (await desk.send(desk.submitted("done"))).body == {"response_action": "clear"}
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA")[-1] == "d1: done"

    at_desk(store, work)


def test_form_sent_twice_is_answered_alike_and_told_once(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("both"))
        await desk.settle()
        payload = desk.submitted("right")
        got = await asyncio.gather(*(desk.send(payload) for _ in range(3)))
        assert {each.text for each in got} == {json.dumps({"response_action": "clear"})}
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA") == ["d1: right"]

    at_desk(store, work)


def test_form_of_somebody_else_is_refused(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("both"))
        await desk.settle()
        payload = desk.submitted("right")
        payload["user"]["id"] = "UBO"
        got = await desk.send(payload)
        assert got.body == {"response_action": "errors", "errors": {"word": STALE}}
        assert desk.dropped() == {"forged": 1}
        assert desk.shown(CHANNEL, "UBO") == []

    at_desk(store, work)


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id"])
def test_form_that_came_too_late_is_opened_by_a_button(store: Database, error: str) -> None:
    async def work(desk: Desk) -> None:
        desk.slack.fail("views.open", f"error:{error}")
        await desk.send(desk.command("both"))
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA") == [TOO_LATE]
        offer = desk.last(CHANNEL)
        await desk.send(desk.pressed(offer, OPEN, "press_ephemeral", person="UBO"))
        await desk.settle()
        assert not desk.slack.memory.views
        await desk.send(desk.pressed(offer, OPEN, "press_ephemeral"))
        await desk.settle()
        (view,) = desk.slack.memory.views.values()
        assert (view.user, view.body["title"]["text"]) == ("UANA", "A door")
        # The reply's message was shown when it was given.
        assert desk.shown(CHANNEL, "UANA") == [TOO_LATE]
        assert (await desk.send(desk.submitted("right"))).body == {"response_action": "clear"}

    at_desk(store, work)


def test_form_does_not_wait_for_the_message(store: Database) -> None:
    async def work(desk: Desk) -> None:
        got = await desk.send(desk.command("door", "all"))
        held = desk.slack.team.channels[CHANNEL]
        bot = desk.slack.team.bot_user
        card = desk.slack.memory.add_post(held, bot, "x", got.body["blocks"], by_bot=True)
        desk.slack.fail("response_url", "limited:1")
        await desk.send(desk.pressed(card, "Both"))
        while not desk.slack.memory.views:  # noqa: ASYNC110 - it happens in Slack.
            await asyncio.sleep(0.01)
        assert card.text == "x"
        await desk.settle()
        assert card.text == "Both"

    at_desk(store, work)


def test_form_is_opened_once_though_slack_answered_late(store: Database) -> None:
    async def work(desk: Desk) -> None:
        desk.slack.fail("views.open", "error_after")
        await desk.send(desk.command("both"))
        await desk.settle()
        assert len(desk.slack.memory.views) == 1
        assert desk.shown(CHANNEL, "UANA") == []

    at_desk(store, work)


def test_words_lead_to_a_form_by_a_button(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.said("both"))
        assert desk.shown(DIRECT) == ["Both"]
        await desk.send(desk.pressed(desk.last(DIRECT), OPEN, "press_dm"))
        await desk.settle()
        (view,) = desk.slack.memory.views.values()
        assert view.user == "UANA"
        await desk.send(desk.submitted("right"))
        await desk.settle()
        assert desk.shown(DIRECT) == ["Both", "d1: right"]

    at_desk(store, work)


def test_shortcut_opens_a_form_anywhere(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.load("shortcut") | {"callback_id": "open"})
        await desk.settle()
        await desk.send(desk.submitted("right"))
        await desk.settle()
        assert desk.shown(DIRECT) == ["d1: right"]

    at_desk(store, work)


# The own page ---------------------------------------------------------------------------


def test_own_page_is_shown_and_kept_up(store: Database) -> None:
    def page(desk: Desk) -> str:
        return json.dumps(desk.slack.team.homes["UANA"].body["blocks"])

    async def work(desk: Desk) -> None:
        await desk.send(desk.load("app_home_opened"))
        assert "Page 1 of Ana" in page(desk)
        await desk.send(desk.pressed_at_home("Alone"))
        await desk.settle()
        assert desk.shown(DIRECT) == ["For you alone"]
        assert "Page 2 of Ana" in page(desk)
        await desk.send(desk.pressed_at_home("Open"))
        await desk.settle()
        await desk.send(desk.submitted("wrong"))
        await desk.settle()
        assert "Page 2 of Ana" in page(desk)
        await desk.send(desk.submitted("right"))
        await desk.settle()
        assert "Page 3 of Ana" in page(desk)
        assert desk.shown(DIRECT) == ["For you alone", "d1: right"]

    at_desk(store, work)


def test_page_shown_as_a_message_is_kept_up_where_it_stands(store: Database) -> None:
    async def work(desk: Desk) -> None:
        got = await desk.send(desk.command("learn", "home"))
        held = desk.slack.team.channels[CHANNEL]
        bot = desk.slack.team.bot_user
        memory = desk.slack.memory
        card = memory.add_post(held, bot, "x", got.body["blocks"], by_bot=True, only="UANA")
        assert "Page 1 of Ana" in json.dumps(card.blocks)
        await desk.send(desk.pressed(card, "Alone"))
        await desk.settle()
        assert "Page 2 of Ana" in json.dumps(card.blocks)
        assert desk.shown(CHANNEL, "UANA")[1:] == ["For you alone"]

    at_desk(store, work)


# Trouble --------------------------------------------------------------------------------


def test_nothing_is_acknowledged_that_was_not_kept(store: Database) -> None:
    async def work(desk: Desk) -> None:
        desk.doing.away = True
        payload = desk.said("ask again")
        assert (await desk.send(payload)).status == 503
        command = desk.command("ask", "again")
        assert (await desk.send(command)).status == 503
        await desk.settle()
        assert desk.shown(DIRECT) == []
        # Slack delivers no command again, so the person is told.
        assert desk.shown(CHANNEL, "UANA") == [BUSY]
        desk.doing.away = False
        assert (await desk.send(payload, X_Slack_Retry_Num="1")).status == 200
        assert desk.doing.done == ["again"]
        assert len(desk.shown(DIRECT)) == 1

    at_desk(store, work)


def test_mistake_of_ours_is_told_to_who_waits(store: Database) -> None:
    async def work(desk: Desk) -> None:
        got = await desk.send(desk.command("crash", "now"))
        assert got.body == {"response_type": "ephemeral", "text": BROKEN}
        assert (await desk.send(desk.said("crash now"))).status == 500
        door = await desk.send(desk.command("door"))
        held = desk.slack.team.channels[CHANNEL]
        bot = desk.slack.team.bot_user
        card = desk.slack.memory.add_post(held, bot, "x", door.body["blocks"], by_bot=True)
        assert (await desk.send(desk.pressed(card, "Crash"))).status == 200
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA") == [BROKEN]
        await desk.send(desk.command("both"))
        await desk.settle()
        got = await desk.send(desk.submitted("crash"))
        assert got.body == {"response_action": "errors", "errors": {"word": BROKEN}}

    at_desk(store, work)


def test_end_waits_for_replies_and_not_for_ever(store: Database) -> None:
    async def work(desk: Desk) -> float:
        entrance = desk.make_entrance(within=SECONDS / 20)
        desk.slack.fail("chat.postMessage", "limited:20")
        assert (await entrance.take(desk.said("hello"))).status == 503
        began = asyncio.get_running_loop().time()
        await entrance.close(SECONDS / 5)
        await entrance.settle()
        return asyncio.get_running_loop().time() - began

    # Slack would have let it try again after twenty seconds.
    assert at_desk(store, work) < 15


def test_slack_is_never_asked_who_we_are(store: Database) -> None:
    async def work(desk: Desk) -> int:
        for _ in range(3):
            await desk.send(desk.command("ask", "hello"))
            await desk.send(desk.said("hello"))
        return len(desk.slack.calls("auth.test"))

    # Once, when the process began.
    assert at_desk(store, work) == 1


def test_environment_changes_nothing_about_bolt(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "BOT_TOKEN", "SIGNING_SECRET", "SCOPES"):
        monkeypatch.setenv(f"SLACK_{name}", "of somebody else")
    test_same_request_again_does_nothing_twice_and_is_answered_alike(store)
    test_workspace_without_the_app_is_not_served(store)


def test_nothing_that_people_say_and_no_secret_is_logged(
    store: Database, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets: list[str] = [CRASH, "words of ana", "UANA", DIRECT]

    async def work(desk: Desk) -> None:
        secrets.extend([desk.slack.token, desk.slack.memory.signing_secret])
        payloads = [desk.load(file.stem) for file in sorted(PAYLOADS.glob("*.json"))]
        payloads += [
            desk.command("ask", "words of ana"),
            desk.command("crash", "words of ana"),
            desk.command("both", "words of ana"),
            desk.said("words of ana"),
            desk.said("crash words of ana"),
            desk.load("message_dm", type="unheard_of", text="words of ana"),
            desk.load("command", team_id="T7", text="words of ana"),
        ]
        odd = desk.load("message_dm")
        odd["event"] |= {"type": "unheard_of", "text": "words of ana"}
        broken = desk.load("press", actions=[{"value": "words of ana"}])
        for payload in [*payloads, odd, broken]:
            for name in ("trigger_id", "response_url", "challenge"):
                secrets.extend([payload[name]] if name in payload else [])
            desk.slack.fail("views.open", "error:expired_trigger_id")
            await desk.send(payload)
            await desk.send(payload, X_Slack_Signature="v0=" + "0" * 64)
        await desk.settle()

    async def run() -> None:
        async with open_desk(store) as desk:
            # Whoever configures logs may wake all loggers up.
            for name in list(logging.root.manager.loggerDict):
                if name.startswith(("slack", "aiohttp")):
                    logging.getLogger(name).setLevel(logging.DEBUG)
                    logging.getLogger(name).disabled = False
            await work(desk)

    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        asyncio.run(run())
    # Bolt would tell of requests that nobody listens to, with parts of them.
    assert not [record for record in caplog.records if record.name.startswith("slack")]
    for log in logs:
        # How errors are rendered is proved elsewhere: without what they say.
        log.pop("exc_info", None)
    printed = "".join(capfd.readouterr())
    written = f"{caplog.text}\n{logs}\n{printed}"
    assert "received" in written
    for secret in secrets:
        assert secret not in written, secret


def test_reply_stands_in_no_outbox(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.said("hello"))
        with desk.database.transaction() as work:
            workspace = work.people.workspace("slack", "T1")
            assert workspace is not None
            assert work.outbox.find(workspace.id, DIRECT, desk.last(DIRECT).ts) is None

    at_desk(store, work)
