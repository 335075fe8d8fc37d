"""The Slack of the tests is as strict as Slack: otherwise it would prove nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import Clock, SignatureVerifier

from tests.adapters.slack.actor import Broken, People, Rules
from tests.adapters.slack.check import check_message, check_view
from tests.adapters.slack.screen import DRAWN, Screen, draw
from tests.adapters.slack.wire import Ack
from tests.adapters.slack_server import LOOPBACK, FakeSlack

UNHURRIED = 20.0
"""Seconds that a busy machine may take."""
ANA, BO = "U00000ANA", "U000000BO"
PLAIN = {"type": "plain_text", "text": "Words", "emoji": False}
MODAL = {"type": "modal", "title": PLAIN, "blocks": [{"type": "divider"}]}


@dataclass
class Desk:
    """A Slack with two people and a channel, somebody to call it, and a clock."""

    now: float = 1_800_000_000.0
    rates: bool = False
    patience: float = UNHURRIED
    slack: FakeSlack = field(init=False)
    session: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        self.slack = FakeSlack(lambda: self.now, rates=self.rates)
        self.slack.add_user(ANA)
        self.slack.add_user(BO)
        self.slack.add_channel("C1", ANA, BO)
        await self.slack.start()
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.patience))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self.slack.stop()

    async def call(self, method: str, token: str | None = None, **arguments: Any) -> Any:
        """The answer to a call with a JSON body; a 429 is `{"wait": seconds}`."""
        headers = {"Authorization": f"Bearer {token or self.slack.token}"}
        url = self.slack.url + method
        async with self.session.post(url, json=arguments, headers=headers) as answer:
            if answer.status == 429:
                return {"wait": int(answer.headers["Retry-After"])}
            return await answer.json()

    async def read(self, method: str, token: str | None = None, **arguments: Any) -> Any:
        """The answer to a call with a form."""
        headers = {"Authorization": f"Bearer {token or self.slack.token}"}
        url = self.slack.url + method
        async with self.session.post(url, data=arguments, headers=headers) as answer:
            if answer.status == 429:
                return {"wait": int(answer.headers["Retry-After"])}
            return await answer.json()

    async def error(self, method: str, **arguments: Any) -> str:
        answer = await self.call(method, **arguments)
        assert answer["ok"] is False, answer
        return str(answer["error"])

    async def hook(self, url: str, body: Mapping[str, Any]) -> int:
        async with self.session.post(url, json=body) as answer:
            return answer.status


Story = Callable[[Desk], Awaitable[None]]


def play(story: Story, **about: Any) -> None:
    async def run() -> None:
        async with Desk(**about) as desk:
            await story(desk)

    asyncio.run(run())


# Who may call ---------------------------------------------------------------------------


def test_tokens_and_scopes_are_checked() -> None:
    async def story(desk: Desk) -> None:
        memory = desk.slack.memory
        weak = memory.add_token("T1", ("users:read",))
        assert await desk.call("auth.test", token="xoxb-wrong") == {
            "ok": False,
            "error": "invalid_auth",
        }
        assert await desk.call("chat.postMessage", token=weak, channel="C1", text="x") == {
            "ok": False,
            "error": "missing_scope",
            "needed": "chat:write",
            "provided": "users:read",
        }
        answer = await desk.read("conversations.history", token=weak, channel="C1")
        assert answer["needed"] == "channels:history"
        answer = await desk.call("conversations.open", token=weak, users=ANA)
        assert answer["needed"] == "im:write"
        assert await desk.error("apps.connections.open") == "not_allowed_token_type"
        memory.revoke("T1")
        assert await desk.error("auth.test") == "token_revoked"

    play(story)


def test_unknown_methods_arguments_and_content_types_are_refused() -> None:
    async def story(desk: Desk) -> None:
        assert await desk.error("chat.shout", text="x") == "unknown_method"
        answer = await desk.call("chat.postMessage", channel="C1", text="x", to="C2")
        assert answer["error"] == "invalid_arguments"
        assert answer["response_metadata"]["messages"] == ["[ERROR] unknown argument: to"]
        # A method that reads does not hear JSON.
        assert await desk.error("users.info", user=ANA) == "invalid_arguments"
        assert (await desk.read("users.info", user=ANA))["user"]["id"] == ANA
        headers = {"Authorization": f"Bearer {desk.slack.token}", "Content-Type": "text/plain"}
        url = desk.slack.url + "chat.postMessage"
        async with desk.session.post(url, data="{}", headers=headers) as told:
            assert (await told.json())["error"] == "invalid_post_type"

    play(story)


# How fast -------------------------------------------------------------------------------


def test_a_tier_is_so_many_calls_a_minute_for_each_method_and_workspace() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(20):
            assert (await desk.read("users.list"))["ok"]
            desk.now += 1
        assert await desk.read("users.list") == {"wait": 40}
        assert (await desk.read("users.info", user=ANA))["ok"]
        desk.slack.memory.add_team("T2", "Other")
        other = desk.slack.memory.add_token("T2")
        assert (await desk.read("users.list", token=other))["ok"]
        desk.now += 40
        assert (await desk.read("users.list"))["ok"]
        assert await desk.read("users.list") == {"wait": 1}

    play(story, rates=True)


def test_a_conversation_takes_one_message_a_second_and_a_short_burst() -> None:
    async def story(desk: Desk) -> None:
        sent = [await desk.call("chat.postMessage", channel="C1", text="x") for _ in range(4)]
        assert [answer.get("wait") for answer in sent] == [None, None, None, 1]
        # A person's id is the same conversation as theirs with the bot.
        for channel in (ANA, "D00000ANA", ANA):
            assert (await desk.call("chat.postMessage", channel=channel, text="x"))["ok"]
        assert await desk.call("chat.postMessage", channel="D00000ANA", text="x") == {"wait": 1}
        desk.now += 1
        assert (await desk.call("chat.postMessage", channel="C1", text="x"))["ok"]
        assert await desk.call("chat.postMessage", channel="C1", text="x") == {"wait": 1}
        assert desk.slack.ledger.limited == 3

    play(story, rates=True)


# Messages -------------------------------------------------------------------------------


def test_a_message_goes_only_where_the_bot_may_write() -> None:
    async def story(desk: Desk) -> None:
        slack = desk.slack
        slack.add_channel("C2", ANA, with_bot=False)
        slack.add_channel("G3", ANA, kind="private", with_bot=False)
        slack.add_channel("C4", ANA).archived = True
        slack.add_user("U0000GONE", deleted=True)
        slack.add_user("U00ROBOT0", is_bot=True)
        errors = {
            channel: await desk.error("chat.postMessage", channel=channel, text="x")
            for channel in ("C2", "G3", "C4", "C9", "U0000GONE", "U00ROBOT0", "U00NOBODY")
        }
        assert errors == {
            "C2": "not_in_channel",
            "G3": "channel_not_found",
            "C4": "is_archived",
            "C9": "channel_not_found",
            "U0000GONE": "channel_not_found",
            "U00ROBOT0": "channel_not_found",
            "U00NOBODY": "channel_not_found",
        }
        assert await desk.error("chat.postMessage", channel="C1", text=" ") == "no_text"
        assert (
            await desk.error("chat.postMessage", channel="C1", text="x" * 40_001) == "msg_too_long"
        )
        sent = await desk.call("chat.postMessage", channel=ANA, text="x")
        assert sent["channel"] == "D00000ANA"
        answer = await desk.error("chat.postMessage", channel="C1", text="x", thread_ts="1.000009")
        assert answer == "thread_not_found"

    play(story)


def test_only_a_message_of_our_own_can_be_edited_and_by_its_conversations_id() -> None:
    async def story(desk: Desk) -> None:
        people = People(desk.slack.memory, desk.slack.team, Silence())
        theirs = people.typed(ANA, "C1", "Mine")
        sent = await desk.call("chat.postMessage", channel=ANA, text="x", blocks=[_section("one")])
        ts = sent["ts"]
        assert await desk.error("chat.update", channel="C1", ts=theirs.ts, text="y") == (
            "cant_update_message"
        )
        assert await desk.error("chat.update", channel="C1", ts=ts, text="y") == "message_not_found"
        assert await desk.error("chat.update", channel=ANA, ts=ts, text="y") == "channel_not_found"
        edited = await desk.call("chat.update", channel=sent["channel"], ts=ts, text="y")
        assert edited["message"]["edited"]
        # Blocks that are not named stay.
        assert edited["message"]["blocks"][0]["text"]["text"] == "one"

    play(story)


def test_what_is_for_one_person_is_in_no_history_and_metadata_only_where_asked_for() -> None:
    async def story(desk: Desk) -> None:
        metadata = {"event_type": "sent", "event_payload": {"delivery_id": "k"}}
        sent = await desk.call("chat.postMessage", channel="C1", text="x", metadata=metadata)
        alone = {"channel": "C1", "text": "psst", "user": ANA}
        assert (await desk.call("chat.postEphemeral", **alone))["ok"]
        assert await desk.error("chat.postEphemeral", **{**alone, "user": "U00NOBODY"}) == (
            "user_not_in_channel"
        )
        people = People(desk.slack.memory, desk.slack.team, Silence())
        assert [len(people.seen(who, "C1")) for who in (ANA, BO, "U00NOBODY")] == [2, 1, 0]
        (bare,) = (await desk.read("conversations.history", channel="C1"))["messages"]
        assert "metadata" not in bare
        (whole,) = (
            await desk.read("conversations.history", channel="C1", include_all_metadata="true")
        )["messages"]
        assert (whole["ts"], whole["metadata"]) == (sent["ts"], metadata)
        wrong = {"event_type": "sent", "payload": {}}
        assert await desk.error("chat.postMessage", channel="C1", text="x", metadata=wrong) == (
            "invalid_metadata_format"
        )

    play(story)


def test_history_comes_newest_first_and_in_pages() -> None:
    async def story(desk: Desk) -> None:
        sent = []
        for number in range(5):
            sent.append(await desk.call("chat.postMessage", channel="C1", text=f"m{number}"))
            desk.now += 1
        await desk.call("chat.postMessage", channel="C1", text="below", thread_ts=sent[0]["ts"])

        async def read(**more: Any) -> Any:
            return await desk.read("conversations.history", channel="C1", **more)

        page = await read(limit=2)
        assert [m["text"] for m in page["messages"]] == ["m4", "m3"]
        assert page["has_more"]
        cursor = page["response_metadata"]["next_cursor"]
        assert [m["text"] for m in (await read(limit=3, cursor=cursor))["messages"]] == [
            "m2", "m1", "m0",
        ]  # fmt: skip
        since = await read(oldest=sent[2]["ts"])
        assert [m["text"] for m in since["messages"]] == ["m4", "m3"]
        one = await read(oldest=sent[2]["ts"], latest=sent[2]["ts"], inclusive="true", limit=1)
        assert [m["text"] for m in one["messages"]] == ["m2"]
        below = await desk.read("conversations.replies", channel="C1", ts=sent[0]["ts"])
        assert [m["text"] for m in below["messages"]] == ["m0", "below"]
        assert (await read(limit=1_000))["error"] == "invalid_limit"
        assert (await read(cursor="made up"))["error"] == "invalid_cursor"

    play(story)


# Blocks ---------------------------------------------------------------------------------


def _section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text}, **more}


def _button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": PLAIN, **more}


def _actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **more}


def _option(value: str = "v", text: str = "Words") -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": text}, "value": value}


def _field(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": "f", "label": PLAIN, "element": element, **more}


OVER = {
    "51 blocks": [{"type": "divider"}] * 51,
    "unknown type": [{"type": "video_wall"}],
    "no object": ["divider"],
    "unknown field": [{"type": "divider", "text": PLAIN}],
    "section of 3,001": [_section("x" * 3_001)],
    "empty section": [_section("")],
    "11 fields": [{"type": "section", "fields": [PLAIN] * 11}],
    "field of 2,001": [
        {"type": "section", "fields": [{"type": "plain_text", "text": "x" * 2_001}]}
    ],
    "header of 151": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    "header in markup": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    "26 buttons": [_actions(*(_button(action_id=f"a{n}") for n in range(26)))],
    "button of 76": [_actions(_button(text={"type": "plain_text", "text": "x" * 76}))],
    "value of 2,001": [_actions(_button(value="x" * 2_001))],
    "action id of 256": [_actions(_button(action_id="x" * 256))],
    "block id of 256": [_section("x", block_id="x" * 256)],
    "block id twice": [_section("x", block_id="b"), _section("y", block_id="b")],
    "action id twice": [_actions(_button(), _button())],
    "unknown style": [_actions(_button(style="loud"))],
    "confirm without deny": [_actions(_button(confirm={"title": PLAIN, "text": PLAIN}))],
    "11 in a context": [{"type": "context", "elements": [PLAIN] * 11}],
    "alt text of 2,001": [{"type": "image", "image_url": "https://x", "alt_text": "x" * 2_001}],
    "image without alt": [{"type": "image", "image_url": "https://x"}],
    "101 options": [
        _actions({"type": "static_select", "options": [_option(str(n)) for n in range(101)]})
    ],
    "option of 76": [_actions({"type": "static_select", "options": [_option("v", "x" * 76)]})],
    "option value of 151": [_actions({"type": "static_select", "options": [_option("v" * 151)]})],
    "option twice": [_actions({"type": "static_select", "options": [_option(), _option()]})],
    "11 radio buttons": [
        _actions({"type": "radio_buttons", "options": [_option(str(n)) for n in range(11)]})
    ],
    "6 in an overflow": [
        _actions({"type": "overflow", "options": [_option(str(n)) for n in range(6)]})
    ],
    "input in a message": [_field({"type": "plain_text_input", "action_id": "a"})],
    "rich text of an unknown kind": [
        {"type": "rich_text", "elements": [{"type": "rich_text_table", "elements": []}]}
    ],
    "rich text with a style of another shape": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "x", "style": {"bold": "yes"}}],
                }
            ],
        }
    ],
    "empty piece of rich text": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}],
        }
    ],
}


@pytest.mark.parametrize("name", OVER)
def test_blocks_that_slack_refuses_are_refused(name: str) -> None:
    assert check_message(OVER[name]).messages


def test_blocks_at_their_limits_are_taken() -> None:
    blocks = [
        _section("x" * 3_000, block_id="b" * 255),
        {"type": "section", "fields": [{"type": "plain_text", "text": "x" * 400}] * 10},
        _actions(*(_button(action_id=f"a{n}", value="v" * 2_000) for n in range(25))),
        _actions({"type": "overflow", "options": [_option(str(n)) for n in range(5)]}),
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        *[{"type": "divider"}] * 45,
    ]
    assert (check_message(blocks).messages, check_message(blocks).too_long) == ((), False)


def test_the_wrong_place_in_a_message_is_named() -> None:
    async def story(desk: Desk) -> None:
        blocks = [{"type": "divider"}, _section("x" * 3_001)]
        answer = await desk.call("chat.postMessage", channel="C1", text="x", blocks=blocks)
        assert answer["error"] == "invalid_blocks"
        assert answer["response_metadata"]["messages"] == [
            "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
        ]
        long = [_section("x" * 2_900) for _ in range(5)]
        answer = await desk.error("chat.postMessage", channel="C1", text="x", blocks=long)
        assert answer == "msg_blocks_too_long"

    play(story)


WRONG_VIEWS = {
    "title of 25": {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}},
    "no title": {"type": "modal", "blocks": []},
    "metadata of 3,001": {**MODAL, "private_metadata": "x" * 3_001},
    "101 blocks": {**MODAL, "blocks": [{"type": "divider"}] * 101},
    "input without submit": {
        **MODAL,
        "blocks": [_field({"type": "plain_text_input", "action_id": "a"})],
    },
    "number without its kind": {
        **MODAL,
        "submit": PLAIN,
        "blocks": [_field({"type": "number_input", "action_id": "a"})],
    },
    "initial value too long": {
        **MODAL,
        "submit": PLAIN,
        "blocks": [_field({"type": "plain_text_input", "max_length": 3, "initial_value": "four"})],
    },
    "home": {"type": "home", "blocks": []},
}


@pytest.mark.parametrize("name", WRONG_VIEWS)
def test_views_that_slack_refuses_are_refused(name: str) -> None:
    assert check_view(WRONG_VIEWS[name], "modal")


# Triggers, hashes and hooks ---------------------------------------------------------------


def test_a_trigger_is_good_once_and_for_three_seconds() -> None:
    async def story(desk: Desk) -> None:
        memory = desk.slack.memory
        trigger, late = (memory.add_trigger("T1", ANA) for _ in range(2))
        desk.now += 3
        assert (await desk.call("views.open", trigger_id=trigger, view=MODAL))["ok"]
        open_again = {"trigger_id": trigger, "view": MODAL}
        assert await desk.error("views.open", **open_again) == "exchanged_trigger_id"
        desk.now += 0.5
        assert await desk.error("views.open", trigger_id=late, view=MODAL) == "expired_trigger_id"
        assert await desk.error("views.open", trigger_id="1.2.x", view=MODAL) == (
            "invalid_trigger_id"
        )

    play(story)


def test_a_view_that_has_changed_meanwhile_is_not_written_over() -> None:
    async def story(desk: Desk) -> None:
        trigger = desk.slack.memory.add_trigger("T1", ANA)
        view = (await desk.call("views.open", trigger_id=trigger, view=MODAL))["view"]
        change = {"view_id": view["id"], "view": MODAL, "hash": view["hash"]}
        assert (await desk.call("views.update", **change))["ok"]
        assert await desk.error("views.update", **change) == "hash_conflict"
        assert await desk.error("views.update", view_id="V0", view=MODAL) == "not_found"
        home = {"type": "home", "blocks": [{"type": "divider"}]}
        first = (await desk.call("views.publish", user_id=ANA, view=home))["view"]
        second = (await desk.call("views.publish", user_id=ANA, view=home))["view"]
        assert first["id"] == second["id"]
        old = {"user_id": ANA, "view": home, "hash": first["hash"]}
        assert await desk.error("views.publish", **old) == "hash_conflict"

    play(story)


def test_a_response_url_is_good_five_times_within_half_an_hour() -> None:
    async def story(desk: Desk) -> None:
        memory = desk.slack.memory
        channel = desk.slack.team.channels["C1"]
        sent = await desk.call("chat.postMessage", channel="C1", text="before")
        post = channel.find(sent["ts"])
        url = memory.add_hook(channel, ANA, post)
        assert await desk.hook(url, {"replace_original": True, "text": "after"}) == 200
        assert post is not None
        assert post.text == "after"
        for _ in range(4):
            assert await desk.hook(url, {"text": "more"}) == 200
        assert await desk.hook(url, {"text": "too much"}) == 404
        assert [p.only for p in channel.posts] == [None, ANA, ANA, ANA, ANA]
        late = memory.add_hook(channel, ANA, post)
        assert await desk.hook(late, {"blocks": OVER["unknown type"]}) == 400
        desk.now += 1_801
        assert await desk.hook(late, {"text": "late"}) == 404

    play(story)


# Faults and events ------------------------------------------------------------------------


def test_faults_come_as_they_were_ordered() -> None:
    async def story(desk: Desk) -> None:
        desk.slack.late = 0.05
        desk.slack.fail(
            "chat.postMessage", "error_before", "error_after", "reset_before", "reset_after",
            "truncated", "garbage", "limited:7", "error:internal_error", "hang_before", "late",
        )  # fmt: skip
        seen: list[str] = []
        for number in range(11):
            try:
                answer = await desk.call("chat.postMessage", channel="C1", text=f"m{number}")
                seen.append(str(answer.get("wait") or answer.get("error") or "ok"))
            except aiohttp.ContentTypeError as error:
                seen.append(str(error.status))
            except (aiohttp.ClientError, TimeoutError) as error:
                seen.append("hung" if isinstance(error, TimeoutError) else "cut")
        assert seen == ["500", "500", "cut", "cut", "cut", "503", "7", "internal_error", "hung",
                        "hung", "ok"]  # fmt: skip
        texts = sorted(post.text for post in desk.slack.posts("C1"))
        assert texts == ["m1", "m10", "m3", "m4", "m5", "m9"]

    play(story, patience=2.0)


@dataclass
class Silence:
    """An app that answers as it is told, and keeps what it heard."""

    ok: bool = True
    stop: bool = False
    body: Any = None
    heard: list[tuple[str, Mapping[str, Any], int, str]] = field(default_factory=list)

    async def send(
        self, kind: str, payload: Mapping[str, Any], attempt: int = 0, why: str = ""
    ) -> Ack:
        self.heard.append((kind, payload, attempt, why))
        return Ack(self.ok, self.body, "" if self.ok else "http_error", self.stop)

    async def close(self) -> None: ...


def test_an_event_that_is_not_acknowledged_comes_three_times_more() -> None:
    async def story(desk: Desk) -> None:
        app = Silence(ok=False)
        people = People(desk.slack.memory, desk.slack.team, app)
        im = desk.slack.memory.open_im(desk.slack.team, ANA)
        await people.say(ANA, im.id, "x")
        moments = []
        for _ in range(500):
            if await people.retry():
                moments.append(desk.now - 1_800_000_000)
            desk.now += 1
        assert moments == [0, 60, 360]
        assert [(attempt, why) for _, _, attempt, why in app.heard] == [
            (0, ""), (1, "http_error"), (2, "http_error"), (3, "http_error"),
        ]  # fmt: skip
        assert len({payload["event_id"] for _, payload, _, _ in app.heard}) == 1
        app.stop = True
        await people.open_home(ANA)
        assert people.retries == []

    play(story)


def test_a_mention_comes_as_two_events_and_our_own_words_come_back() -> None:
    async def story(desk: Desk) -> None:
        app = Silence()
        people = People(desk.slack.memory, desk.slack.team, app, Rules(copies=(2, 4)))
        await people.say(ANA, "C1", "@inflow is <b> & https://a.example/?b=c&d ok? @channel")
        kinds = [payload["event"]["type"] for _, payload, _, _ in app.heard]
        assert set(kinds) == {"message", "app_mention"}
        assert all(2 <= kinds.count(kind) <= 4 for kind in set(kinds))
        assert app.heard[0][1]["event"]["text"] == (
            "<@UB1> is &lt;b&gt; &amp; <https://a.example/?b=c&amp;d> ok? <!channel>"
        )
        app.heard.clear()
        sent = await desk.call("chat.postMessage", channel="C1", text="x")
        await desk.call("chat.update", channel="C1", ts=sent["ts"], text="y")
        await people.flush()
        events = [payload["event"] for _, payload, _, _ in app.heard]
        assert {event.get("subtype") for event in events} == {None, "message_changed"}
        assert {event["bot_id"] for event in events if "bot_id" in event} == {"B1"}

    play(story)


def test_what_slack_would_not_show_is_an_error() -> None:
    async def story(desk: Desk) -> None:
        app = Silence(body={"text": "x", "blocks": OVER["unknown type"]})
        people = People(desk.slack.memory, desk.slack.team, app)
        with pytest.raises(Broken):
            await people.command(ANA, "C1", "/learn")
        trigger = desk.slack.memory.add_trigger("T1", ANA)
        asked = {
            **MODAL,
            "submit": PLAIN,
            "blocks": [_field({"type": "plain_text_input", "action_id": "a", "max_length": 3})],
        }
        await desk.call("views.open", trigger_id=trigger, view=asked)
        modal = people.modal(ANA)
        assert modal is not None
        with pytest.raises(AssertionError, match="required"):
            await people.submit(ANA, modal, {"f": ""})
        with pytest.raises(AssertionError, match="too long"):
            await people.submit(ANA, modal, {"f": "four"})
        app.body = {"response_action": "errors", "errors": {"other": "No."}}
        with pytest.raises(Broken, match="no fields"):
            await people.submit(ANA, modal, {"f": "abc"})
        app.body = {"response_action": "errors", "errors": {"f": "No."}}
        assert await people.submit(ANA, modal, {"f": "abc"}) == {"f": "No."}
        assert people.modal(ANA) is modal
        app.body = {"response_action": "clear"}
        assert await people.submit(ANA, modal, {"f": "abc"}) == {}
        assert people.modal(ANA) is None

    play(story)


def test_requests_are_signed_as_slack_signs_them() -> None:
    async def story(desk: Desk) -> None:
        seen: list[tuple[bytes, Mapping[str, str]]] = []

        async def take(request: web.Request) -> web.Response:
            seen.append((await request.read(), request.headers))
            return web.Response()

        app = web.Application()
        app.router.add_post("/", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        wire = desk.slack.http_wire(f"http://{LOOPBACK}:{runner.addresses[0][1]}/")
        wire.patience = UNHURRIED
        people = People(desk.slack.memory, desk.slack.team, wire)
        await people.open_home(ANA)
        await people.command(ANA, "C1", "/learn", "help")
        await wire.send("events_api", {"type": "event_callback"}, 2, "http_timeout")
        await wire.close()
        await runner.cleanup()
        verifier = SignatureVerifier(desk.slack.memory.signing_secret, clock=_Clock(desk.now))
        for body, headers in seen:
            assert verifier.is_valid_request(body, dict(headers))
        (event, _), (command, _), (_, again) = seen
        assert json.loads(event)["event"]["type"] == "app_home_opened"
        assert b"command=%2Flearn&text=help" in command
        assert (again["x-slack-retry-num"], again["x-slack-retry-reason"]) == ("2", "http_timeout")

    play(story)


def test_socket_mode_says_hello_and_wants_every_envelope_acknowledged() -> None:
    async def story(desk: Desk) -> None:
        slack, sockets = desk.slack, desk.slack.sockets
        sockets.patience = UNHURRIED
        people = People(slack.memory, slack.team, sockets)
        opened = await desk.call("apps.connections.open", token=slack.app_token)
        async with desk.session.ws_connect(opened["url"]) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await desk.session.ws_connect(opened["url"])

            async def acknowledge(count: int) -> list[Any]:
                seen = []
                for _ in range(count):
                    seen.append(await socket.receive_json())
                    told = {"envelope_id": seen[-1]["envelope_id"]}
                    answer = {"payload": {"text": "Hi"}} if seen[-1]["type"] != "events_api" else {}
                    await socket.send_json({**told, **answer})
                return seen

            (command,), _ = await asyncio.gather(
                acknowledge(1), people.command(ANA, "C1", "/learn", "help")
            )
            assert (command["type"], command["accepts_response_payload"]) == (
                "slash_commands",
                True,
            )
            assert [post.text for post in slack.posts("C1")] == ["Hi"]
            sockets.patience = 0.1
            await people.open_home(ANA)
            sockets.patience = UNHURRIED
            unheard = await socket.receive_json()
            (again,), tried = await asyncio.gather(acknowledge(1), people.retry())
            assert (unheard["retry_attempt"], again["retry_attempt"], tried) == (0, 1, 1)
            assert again["payload"]["event_id"] == unheard["payload"]["event_id"]
            assert again["retry_reason"] == "timeout"
            await sockets.disconnect("warning", cut=False)
            assert (await socket.receive_json())["reason"] == "warning"
            ended, _ = await asyncio.gather(socket.receive(), sockets.close())
            assert ended.type is aiohttp.WSMsgType.CLOSE

    play(story)


class _Clock(Clock):
    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now


# What is seen -----------------------------------------------------------------------------


def test_markup_of_others_shows_as_mentions_and_links() -> None:
    names = {ANA: "Ana"}
    text = f"*Hi* <@{ANA}> <!here> _see_ <https://x.example|this> or https://y.example :tada: &lt;"
    screen = draw("", [{"type": "section", "text": {"type": "mrkdwn", "text": text}}], names)
    assert screen.shown == f"Hi @Ana @here see this or https://y.example {DRAWN} <"
    assert screen.mentions == [ANA, "!here"]
    assert sorted(screen.links) == ["https://x.example", "https://y.example"]


def test_plain_text_is_literal_but_for_emoji() -> None:
    words = f"*Hi* <@{ANA}> <https://x.example> :tada:"
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": words, "emoji": False}}]
    screen = draw("", blocks, {})
    assert (screen.shown, screen.mentions, screen.links) == (words, [], [])
    lively = Screen({})
    assert lively.text({"type": "plain_text", "text": ":tada:"}) == DRAWN


def test_the_fallback_counts_where_it_mentions() -> None:
    screen = draw(f"<@{ANA}> <!channel>", [{"type": "divider"}], {})
    assert screen.mentions == [ANA, "!channel"]
