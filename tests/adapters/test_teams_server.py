"""The Teams of the tests is as strict as Teams: otherwise it would prove nothing."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import jwt
import pytest
from aiohttp import web

from tests.adapters.teams.check import LARGEST, check_activity, check_card, size_of
from tests.adapters.teams.memory import Conversation, Somebody
from tests.adapters.teams.openid import LOOPBACK
from tests.adapters.teams.rate import READ, SEND, Rates
from tests.adapters.teams_server import SCOPE, TENANT, FakeTeams

HELLO = {"type": "message", "text": "hello", "textFormat": "plain"}


@dataclass(frozen=True)
class Heard:
    status: int
    body: Any
    retry_after: str | None = None

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


@dataclass
class Desk:
    """A Teams with two people, a channel and a group, somebody to call it, and a clock."""

    now: float = 1_800_000_000.0
    rates: bool = False
    patience: float = 20.0
    teams: FakeTeams = field(init=False)
    session: aiohttp.ClientSession = field(init=False)
    ana: Somebody = field(init=False)
    bo: Somebody = field(init=False)
    token: str = ""

    async def __aenter__(self) -> Self:
        self.teams = FakeTeams(lambda: self.now, rates=self.rates)
        self.ana, self.bo = self.teams.add_person("Ana Ng"), self.teams.add_person("Bo Li")
        self.teams.add_channel("19:c@thread.tacv2", self.ana, self.bo)
        self.teams.add_group("19:g@thread.v2", self.ana, self.bo)
        await self.teams.start()
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.patience))
        self.token = (await self.ask_token()).body["access_token"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self.teams.stop()

    async def ask_token(self, tenant: str = TENANT, **more: str) -> Heard:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.teams.app_id,
            "client_secret": self.teams.app_password,
            "scope": SCOPE,
            **more,
        }
        url = f"{self.teams.login_url}{tenant}/oauth2/v2.0/token"
        async with self.session.post(url, data=form) as answer:
            return Heard(answer.status, await answer.json())

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> Heard:
        """The path's parts are between slashes and are escaped here."""
        escaped = "/".join(quote(part, safe="") for part in path.split("/"))
        async with self.session.request(
            method,
            f"{self.teams.service_url}v3/{escaped}",
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.token}"},
        ) as answer:
            raw = await answer.read()
            found = json.loads(raw) if raw and answer.content_type == "application/json" else None
            return Heard(answer.status, found, answer.headers.get("Retry-After"))

    async def say(self, conversation: str, activity: Any = HELLO) -> Heard:
        return await self.call("POST", f"conversations/{conversation}/activities", activity)

    async def meet(self, somebody: Somebody, **more: Any) -> Heard:
        body = {
            "bot": {"id": self.teams.bot},
            "members": [{"id": somebody.user}],
            "channelData": {"tenant": {"id": somebody.tenant}},
            **more,
        }
        return await self.call("POST", "conversations", body)

    @property
    def channel(self) -> Conversation:
        return self.teams.memory.conversations["19:c@thread.tacv2"]

    @property
    def group(self) -> Conversation:
        return self.teams.memory.conversations["19:g@thread.v2"]


Story = Callable[[Desk], Awaitable[None]]


def play(story: Story, **about: Any) -> None:
    async def run() -> None:
        async with Desk(**about) as desk:
            await story(desk)

    asyncio.run(run())


# Who may call -------------------------------------------------------------------------------


def test_token_is_for_who_knows_the_password() -> None:
    async def story(desk: Desk) -> None:
        given = await desk.ask_token("botframework.com")
        assert (given.status, given.body["expires_in"]) == (200, 3_599)
        for status, error, about in (
            (401, "invalid_client", {"client_secret": "x"}),
            (401, "invalid_client", {"client_id": "x"}),
            (400, "invalid_scope", {"scope": "https://graph.microsoft.com/.default"}),
            (400, "unsupported_grant_type", {"grant_type": "password"}),
            (400, "invalid_tenant", {"tenant": "other"}),
        ):
            refused = await desk.ask_token(**about)
            assert (refused.status, refused.body["error"]) == (status, error)
        assert desk.teams.tokens_given == 2

    play(story)


def test_call_without_a_token_of_now_is_denied() -> None:
    async def story(desk: Desk) -> None:
        assert (await desk.say(desk.group.id)).status == 201
        desk.now += 3_599
        assert (await desk.say(desk.group.id)).status == 401
        desk.token = (await desk.ask_token()).body["access_token"]
        assert (await desk.say(desk.group.id)).status == 201
        desk.teams.forget_tokens()
        assert (await desk.say(desk.group.id)).status == 401
        desk.token = ""
        assert (await desk.say(desk.group.id)).status == 401
        assert len(desk.teams.posts(desk.group.id)) == 2

    play(story)


# Conversations ------------------------------------------------------------------------------


def test_conversation_with_a_person_is_made_once() -> None:
    async def story(desk: Desk) -> None:
        first, again = await desk.meet(desk.ana), await desk.meet(desk.ana)
        assert (first.status, first.body) == (again.status, again.body)
        with_words = await desk.meet(desk.bo, activity=HELLO, isGroup=False)
        assert with_words.status == 201
        (posted,) = desk.teams.posts(with_words.body["id"])
        assert (posted.id, posted.activity) == (with_words.body["activityId"], HELLO)

    play(story)


@pytest.mark.parametrize(
    "more",
    [
        {"channelData": {}},
        {"channelData": {"tenant": {"id": "other"}}},
        {"tenantId": "other"},
        # What botbuilder would write.
        {"channelData": {}, "tenantID": TENANT},
        {"members": []},
        {"members": [{"id": "29:nobody"}]},
        {"members": [{"id": "ana@example.com"}]},
        {"isGroup": True},
        {"bot": {"id": "28:other"}},
    ],
)
def test_conversation_needs_its_tenant_and_one_member(more: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        assert (await desk.meet(desk.ana, tenantId=TENANT)).status == 201
        refused = await desk.meet(desk.ana, **more)
        assert (refused.status, refused.code) in {(400, "BadSyntax"), (400, "BadArgument")}

    play(story)


def test_who_has_not_the_app_is_not_reached_and_who_blocked_us_neither() -> None:
    async def story(desk: Desk) -> None:
        desk.ana.has_app = False
        assert (await desk.meet(desk.ana)).code == "BotNotInConversationRoster"
        place = desk.teams.add_personal(desk.bo)
        place.is_blocked = True
        refused = await desk.say(place.id)
        assert (refused.status, refused.code) == (403, "MessageWritesBlocked")
        desk.channel.has_bot = False
        assert (await desk.say(desk.channel.id)).code == "BotNotInConversationRoster"
        listed = await desk.call("GET", f"conversations/{desk.channel.id}/pagedmembers")
        assert listed.status == 403
        assert (await desk.say("19:nobody@thread.tacv2")).code == "ConversationNotFound"
        assert desk.teams.posts(place.id) == desk.teams.posts(desk.channel.id) == []

    play(story)


def test_thread_is_named_by_the_conversations_id_and_by_a_reply() -> None:
    async def story(desk: Desk) -> None:
        root = (await desk.say(desk.channel.id)).body["id"]
        await desk.say(f"{desk.channel.id};messageid={root}")
        reply = f"conversations/{desk.channel.id}/activities/{root}"
        assert (await desk.call("POST", reply, HELLO)).status == 201
        assert [post.thread for post in desk.teams.posts(desk.channel.id)] == [None, root, root]
        # Elsewhere there are no threads.
        assert (await desk.say(f"{desk.group.id};messageid={root}")).status == 400
        began = await desk.call(
            "POST",
            "conversations",
            {
                "isGroup": True,
                "channelData": {"channel": {"id": desk.channel.id}},
                "activity": HELLO,
            },
        )
        assert began.body["id"] == f"{desk.channel.id};messageid={began.body['activityId']}"

    play(story)


def test_message_is_changed_and_taken_back() -> None:
    async def story(desk: Desk) -> None:
        id_ = (await desk.say(desk.group.id)).body["id"]
        one = f"conversations/{desk.group.id}/activities/{id_}"
        changed = {"type": "message", "text": "changed"}
        assert (await desk.call("PUT", one, changed)).body == {"id": id_}
        (posted,) = desk.teams.posts(desk.group.id)
        assert (posted.activity, posted.edits) == (changed, 1)
        assert (await desk.call("DELETE", one)).status == 200
        for method in ("PUT", "DELETE"):
            gone = await desk.call(method, one, changed)
            assert (gone.status, gone.code) == (404, "ActivityNotFoundInConversation")

    play(story)


def test_members_are_told_page_by_page() -> None:
    async def story(desk: Desk) -> None:
        desk.channel.members.append(desk.teams.add_person("Kim Oh"))
        path, names, query = f"conversations/{desk.channel.id}/pagedmembers", [], {"pageSize": "2"}
        while True:
            page = (await desk.call("GET", path, **query)).body
            names.append([each["name"] for each in page["members"]])
            if "continuationToken" not in page:
                break
            query["continuationToken"] = page["continuationToken"]
        assert names == [["Ana Ng", "Bo Li"], ["Kim Oh"]]
        assert (await desk.call("GET", path, continuationToken="x")).status == 400
        one = f"conversations/{desk.channel.id}/members"
        by_entra = await desk.call("GET", f"{one}/{desk.ana.entra}")
        assert by_entra.body == (await desk.call("GET", f"{one}/{desk.ana.user}")).body
        assert by_entra.body["aadObjectId"] == desk.ana.entra
        assert (await desk.call("GET", f"{one}/29:x")).code == "MemberNotFoundInConversation"

    play(story)


def test_team_tells_its_name_and_channels() -> None:
    async def story(desk: Desk) -> None:
        team = desk.channel.id
        desk.teams.add_channel("19:other@thread.tacv2", team=team)
        assert (await desk.call("GET", f"teams/{team}")).body["id"] == team
        listed = (await desk.call("GET", f"teams/{team}/conversations")).body["conversations"]
        assert listed == [
            {"id": team},
            {"id": "19:other@thread.tacv2", "name": "19:other@thread.tacv2"},
        ]
        assert (await desk.call("GET", "teams/19:nobody")).code == "TeamNotFound"

    play(story)


# What may be said ---------------------------------------------------------------------------


def card(*body: Any, **more: Any) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), **more}


def with_card(content: Any) -> dict[str, Any]:
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": content}]}


WORDS = {"type": "TextBlock", "text": "x"}
INPUT = {"type": "Input.Text", "id": "a"}
SUBMIT = {"type": "Action.Submit", "title": "Go"}
EXECUTE = {"type": "Action.Execute", "title": "Go", "fallback": SUBMIT}


def test_good_activities_are_taken() -> None:
    column = {"items": [WORDS]}
    good = card(
        {"type": "ColumnSet", "columns": [column]},
        {"type": "RichTextBlock", "inlines": ["x", {"type": "TextRun", "text": "y"}]},
        {"type": "ActionSet", "actions": [EXECUTE]},
        INPUT,
        actions=[{**EXECUTE, "fallback": "drop"}],
    )
    assert check_activity(with_card(good)) == []
    assert check_activity(HELLO) == []
    mention = {"type": "mention", "text": "<at>Ana</at>", "mentioned": {"id": "29:1"}}
    said = {"type": "message", "text": "hi <at>Ana</at>", "entities": [mention]}
    assert check_activity(said) == []
    assert check_activity({**said, "text": "hi"}) == ["mention whose text is not said"]


@pytest.mark.parametrize(
    "content",
    [
        None,
        {"type": "HeroCard"},
        card(WORDS, version="1.6"),
        card(WORDS, version="new"),
        card({"type": "Table", "rows": []}),
        card({"type": "Blink"}),
        card({"type": "Input.Text"}),
        card(INPUT, INPUT),
        card({"type": "Container", "items": [INPUT]}, INPUT),
        card({"type": "TextBlock"}),
        card({"type": "Image", "url": "http://example.com/x.png"}),
        card(actions=[{"type": "Action.OpenUrl", "title": "x", "url": "javascript:x"}]),
        card(actions=[{"type": "Action.Execute"}]),
        card(actions=[{"type": "Action.Jump", "title": "x"}]),
        card(actions=[{**EXECUTE, "fallback": {"type": "Action.Jump", "title": "x"}}]),
    ],
)
def test_bad_cards_are_refused(content: Any) -> None:
    assert check_card(content)

    async def story(desk: Desk) -> None:
        refused = await desk.say(desk.group.id, with_card(content))
        assert (refused.status, refused.code) == (400, "BadSyntax")
        assert desk.teams.posts(desk.group.id) == []

    play(story)


@pytest.mark.parametrize(
    "activity",
    [
        {"type": "message"},
        {"type": "message", "text": ""},
        {"type": "shout", "text": "x"},
        {"type": "message", "text": "x", "blocks": []},
        {"type": "message", "text": "x", "textFormat": "html"},
        {"type": "message", "attachments": [{"contentType": "text/html", "content": "x"}]},
        [],
    ],
)
def test_bad_activities_are_refused(activity: Any) -> None:
    async def story(desk: Desk) -> None:
        assert (await desk.say(desk.group.id, activity)).status == 400

    play(story)


def test_large_activities_are_refused() -> None:
    async def story(desk: Desk) -> None:
        longest = {**HELLO, "text": "é" * ((LARGEST - size_of({**HELLO, "text": ""})) // 2)}
        assert (await desk.say(desk.group.id, longest)).status == 201
        refused = await desk.say(desk.group.id, {**longest, "text": longest["text"] + "é"})
        assert (refused.status, refused.code) == (413, "MessageSizeTooBig")

    play(story)


# How fast -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("reads", "windows"), [(False, SEND), (True, READ)])
@pytest.mark.parametrize("window", range(4))
def test_conversation_takes_so_many_calls_in_each_window(
    window: int, *, reads: bool, windows: tuple[tuple[int, float], ...]
) -> None:
    count, seconds = windows[window]
    now = [1_000.0]
    rates = Rates(lambda: now[0], tenant=((10_000, 1.0),))
    # As fast as the shorter windows let through, evenly, and a little slower.
    pace = max((each[1] / each[0] + 0.001 for each in windows[:window]), default=0.0)
    for _ in range(count):
        assert rates.admit("T", "C", reads=reads) == 0
        now[0] += pace
    passed = count * pace
    assert passed < seconds
    assert rates.admit("T", "C", reads=reads) == max(1, math.ceil(seconds - passed))
    # Neither another conversation nor the other kind of call has to wait.
    assert rates.admit("T", "D", reads=reads) == 0
    assert rates.admit("T", "C", reads=not reads) == 0
    now[0] += seconds - passed + 0.001
    assert rates.admit("T", "C", reads=reads) == 0


def test_tenant_takes_thirty_a_second() -> None:
    async def story(desk: Desk) -> None:
        people = [desk.teams.add_person(f"P {each}") for each in range(31)]
        places = [desk.teams.add_personal(each).id for each in people]
        statuses = [(await desk.say(place)).status for place in places]
        assert statuses == [201] * 30 + [429]
        other = desk.teams.add_person("Far Away", tenant="another")
        assert (await desk.say(desk.teams.add_personal(other).id)).status == 201
        desk.now += 1
        assert (await desk.say(places[30])).status == 201
        assert desk.teams.limited == 1

    play(story, rates=True)


def test_who_goes_too_fast_hears_for_how_long() -> None:
    async def story(desk: Desk) -> None:
        heard = [await desk.say(desk.group.id) for _ in range(8)]
        assert [each.status for each in heard] == [201] * 7 + [429]
        assert heard[7].retry_after == "1"
        desk.now += 1
        assert (await desk.say(desk.group.id)).status == 201
        assert (await desk.say(desk.group.id)).retry_after == "1"
        assert len(desk.teams.posts(desk.group.id)) == 8

    play(story, rates=True)


# What goes wrong ----------------------------------------------------------------------------


async def outcome(desk: Desk) -> object:
    """The status of a message's answer, or what came instead."""
    try:
        return (await desk.say(desk.group.id)).status
    except TimeoutError:
        return "nothing"
    except aiohttp.ClientError:
        return "broken"


@pytest.mark.parametrize(
    ("fault", "heard", "said"),
    [
        ("fine", 201, 1),
        ("accepted", 202, 1),
        ("error_before:502", 502, 0),
        ("error_after:504", 504, 1),
        ("reset_before", "broken", 0),
        ("reset_after", "broken", 1),
        ("hang_before", "nothing", 0),
        ("hang_after", "nothing", 1),
        ("truncated", "broken", 1),
        ("garbage", 200, 1),
        ("limited:3", 429, 0),
        ("limited", 429, 0),
        ("refuse:412:PreconditionFailed", 412, 0),
        ("refuse:403:MessageWritesBlocked", 403, 0),
    ],
)
def test_calls_fail_as_they_are_told_to(fault: str, heard: object, said: int) -> None:
    async def story(desk: Desk) -> None:
        desk.teams.fail("send", fault)
        assert await outcome(desk) == heard
        assert len(desk.teams.posts(desk.group.id)) == said
        assert await outcome(desk) == 201
        assert len(desk.teams.called("send")) == 2

    play(story, **({"patience": 2.0} if heard == "nothing" else {}))


def test_late_call_is_accepted_when_the_client_has_gone() -> None:
    async def story(desk: Desk) -> None:
        desk.teams.late = 2.0
        desk.teams.fail("send", "late")
        assert await outcome(desk) == "nothing"
        assert desk.teams.posts(desk.group.id) == []
        await asyncio.sleep(1.5)
        assert len(desk.teams.posts(desk.group.id)) == 1

    play(story, patience=1.0)


def test_tokens_fail_too_and_weather_is_for_all() -> None:
    async def story(desk: Desk) -> None:
        desk.teams.fail("token", "limited:2")
        url = f"{desk.teams.login_url}{TENANT}/oauth2/v2.0/token"
        async with desk.session.post(url, data={}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
        desk.teams.weather = lambda call: "error_before:500" if call.name == "send" else None
        assert await outcome(desk) == 500
        assert (await desk.meet(desk.ana)).status == 201

    play(story)


# The way to the bot -------------------------------------------------------------------------


def test_bot_hears_activities_with_tokens_that_its_keys_explain() -> None:
    async def story(desk: Desk) -> None:
        heard: list[tuple[Mapping[str, str], Any]] = []

        async def hear(request: web.Request) -> web.Response:
            heard.append((request.headers, await request.json()))
            return web.json_response({"statusCode": 200})

        app = web.Application()
        app.router.add_post("/api/messages", hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        wire = desk.teams.wire(f"http://{LOOPBACK}:{runner.addresses[0][1]}/api/messages")
        try:
            told = await wire.send({"type": "message"})
            forged = await wire.send({"type": "message"}, token="x.y.z")
        finally:
            await wire.close()
            await runner.cleanup()
        assert (told.status, told.body, forged.status) == (200, {"statusCode": 200}, 200)
        (headers, body), (others, _) = heard
        assert (body, others["Authorization"]) == ({"type": "message"}, "Bearer x.y.z")
        async with desk.session.get(desk.teams.metadata_url) as answer:
            metadata = await answer.json()
        async with desk.session.get(metadata["jwks_uri"]) as answer:
            keys = jwt.PyJWKSet.from_dict(await answer.json())
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(
            token,
            keys[jwt.get_unverified_header(token)["kid"]].key,
            algorithms=["RS256"],
            audience=desk.teams.app_id,
            issuer=metadata["issuer"],
            options={"verify_exp": False, "verify_nbf": False},
        )
        assert claims["serviceurl"] == desk.teams.service_url
        assert claims["exp"] > desk.now

    play(story)


def test_bot_that_is_away_answers_nothing() -> None:
    async def story(desk: Desk) -> None:
        wire = desk.teams.wire(f"http://{LOOPBACK}:9/api/messages")
        assert (await wire.send({"type": "message"})).status == 0
        await wire.close()

    play(story)
