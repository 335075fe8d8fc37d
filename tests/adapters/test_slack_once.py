"""Replies on Slack: shown once, whoever is told how often, and never later than Slack waits."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog

from adapters.slack import app as module
from adapters.slack.answer import LAST_TRY, LEASE, PATIENCE
from adapters.slack.app import PATH
from adapters.slack.directory import Unmet
from adapters.slack.messages import BROKEN, BUSY
from adapters.slack.read import NAME, Bot, Heard, Reading, read, read_team
from adapters.slack.wording import Wording
from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from bot.ids import PersonId
from bot.inbound import Profile
from bot.people import Person
from bot.reply import Showing
from storage.database import Database
from tests.adapters.slack_desk import CHANNEL, DIRECT, SEAL, Desk, Got, open_desk
from tests.adapters.slack_harness import UNHURRIED
from tests.databases import RELAY_KEY

T = TypeVar("T")

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SHORT = SECOND / 5


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copyfile(sqlite_template, tmp_path / "desk.db")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()


def at_desk(database: Database, work: Callable[[Desk], Awaitable[T]], **other: Any) -> T:
    async def run() -> T:
        async with open_desk(database, **other) as desk:
            done = await work(desk)
            await desk.settle()
            return done

    with structlog.testing.capture_logs():
        return asyncio.run(run())


async def send_hurried(desk: Desk, payload: Any, within: timedelta = SECOND) -> Got:
    """What is answered by then."""
    entrance = desk.entrance
    patient, entrance._within = entrance._within, within.total_seconds()
    try:
        return await desk.send(payload)
    finally:
        entrance._within = patient


async def send_to_busy_store(desk: Desk, payload: Any) -> Got:
    """What is answered though the store takes longer: it goes on when that was answered."""
    desk.doing.free.clear()
    try:
        return await send_hurried(desk, payload)
    finally:
        desk.doing.free.set()


def people(desk: Desk) -> dict[str, Person]:
    with desk.database.transaction() as work:
        workspace = work.people.workspace("slack", "T1")
        if workspace is None:
            return {}
        found = (work.people.by_address(workspace.id, user) for user in ("UANA", "UFAR"))
        return {person.address: person for person in found if person is not None}


# Once -----------------------------------------------------------------------------------


def test_reply_is_shown_once_by_all_processes_together(database: Database) -> None:
    async def work(desk: Desk) -> None:
        other = desk.make_entrance()
        payload = desk.said("hello")
        both = await asyncio.gather(*(each.take(payload) for each in (desk.entrance, other) * 2))
        # Who finds it being shown by somebody else says so, and Slack comes again.
        assert {ack.status for ack in both} <= {200, 503}
        await desk.settle()
        await other.settle()
        # Told again it is known by both, and by one that has just begun.
        for entrance in (desk.entrance, other, desk.make_entrance()):
            assert (await entrance.take(payload)).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(database, work)


def test_press_that_is_told_again_to_another_process_is_shown_once(store: Database) -> None:
    async def work(desk: Desk) -> None:
        got = await desk.send(desk.command("door"))
        held = desk.slack.team.channels[CHANNEL]
        bot = desk.slack.team.bot_user
        card = desk.slack.memory.add_post(held, bot, "x", got.body["blocks"], by_bot=True)
        payload = desk.pressed(card, "Loud")
        for entrance in (desk.entrance, desk.make_entrance(), desk.make_entrance()):
            assert (await entrance.take(payload)).status == 200
            await entrance.settle()
        assert desk.shown(CHANNEL) == ["x", "For all"]

    at_desk(store, work)


def test_refused_words_are_answered_once_too(store: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("/unheard of")
        for entrance in (desk.entrance, desk.make_entrance()):
            assert (await entrance.take(payload)).status == 200
        (said,) = desk.shown(DIRECT)
        assert "I do not know the command" in said

    at_desk(store, work)


def test_reply_that_slack_was_too_busy_for_is_shown_when_it_comes_again(store: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("hello")
        desk.slack.fail("chat.postMessage", "limited:40")
        # Long before the time that there is for it.
        async with asyncio.timeout(UNHURRIED.total_seconds() * 3 / 4):
            got = await desk.send(payload)
        assert (got.status, desk.shown(DIRECT)) == (503, [])
        assert (await desk.send(payload, X_Slack_Retry_Num="1")).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]
        assert (await desk.send(payload, X_Slack_Retry_Num="2")).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(store, work)


def test_reply_that_is_under_way_is_waited_for_by_the_next_delivery(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("ask", "hello"))
        payload = desk.said("hello")
        desk.slack.fail("chat.postMessage", "held")
        got = await send_hurried(desk, payload)
        assert (got.status, desk.shown(DIRECT)) == (503, [])
        # To another process it is somebody else's.
        assert (await desk.make_entrance().take(payload)).status == 503
        again = asyncio.create_task(desk.send(payload, X_Slack_Retry_Num="1"))
        await asyncio.sleep(0.05)
        desk.slack.release.set()
        assert (await again).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]
        assert len(desk.slack.calls("chat.postMessage")) == 1

    at_desk(store, work)


def test_reply_that_slack_refuses_is_not_delivered_for_ever(store: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("hello")
        desk.slack.fail("chat.postMessage", "error:msg_too_long")
        assert (await desk.send(payload)).status == 200
        assert (await desk.send(payload)).status == 200
        assert len(desk.slack.calls("chat.postMessage")) == 1

    at_desk(store, work)


def test_answer_that_was_lost_is_no_reason_to_post_twice(store: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("hello")
        desk.slack.fail("chat.postMessage", "reset_after")
        for _ in range(2):
            assert (await desk.send(payload)).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(store, work)


def test_death_between_claim_and_post_loses_no_reply(store: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("hello")
        # A process has taken the event on, and to show its reply, and is no more.
        heard = heard_in(desk, payload)
        desk.app.receive(heard.inbound)
        until = desk.now + PATIENCE + LEASE
        assert desk.app.begin_showing(NAME, heard.act, until) is Showing.OURS
        assert (await desk.send(payload)).status == 503
        assert desk.shown(DIRECT) == []
        # Slack comes after a minute, before its last try.
        desk.now += MINUTE
        assert (await desk.send(payload, X_Slack_Retry_Num="2")).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(store, work)


def heard_in(desk: Desk, payload: Any) -> Heard:
    team = read_team(payload)
    assert team is not None
    wording = Wording({"learn": "learn"}, frozenset())
    bot = Bot(desk.slack.team.bot_user)
    found = read(payload, Reading(team, bot, desk.now, wording, SEAL))
    assert isinstance(found, Heard)
    return found.by(Profile(name="Ana"))


def test_claims_run_out_before_slack_comes_the_second_time() -> None:
    assert PATIENCE + LAST_TRY < PATIENCE + LEASE < MINUTE


def test_claims_name_nobody(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.said("hello"))
        with desk.database.begin() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM showings").fetchall()
        assert len(rows) == 1
        assert not any(name in str(rows) for name in ("UANA", DIRECT, "Ana", "hello"))

    at_desk(store, work)


def test_store_that_cannot_say_whose_reply_it_is_delays_events_alone(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> Showing:
        raise Unavailable

    async def work(desk: Desk) -> None:
        got = await desk.send(desk.command("door"))
        held = desk.slack.team.channels[CHANNEL]
        bot = desk.slack.team.bot_user
        card = desk.slack.memory.add_post(held, bot, "x", got.body["blocks"], by_bot=True)
        payload = desk.said("hello")
        with monkeypatch.context() as broken:
            broken.setattr(desk.app, "begin_showing", away)
            assert (await desk.send(payload)).status == 503
            assert desk.shown(DIRECT) == []
            assert (await desk.send(desk.pressed(card, "Loud"))).status == 200
            await desk.settle()
        assert desk.shown(CHANNEL) == ["x", "For all"]
        assert (await desk.send(payload)).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(store, work)


# In time --------------------------------------------------------------------------------


def test_all_that_is_slow_has_one_deadline(store: Database) -> None:
    async def work(desk: Desk) -> None:
        # Each alone would be in time.
        desk.slack.fail("users.info", "slow:0.4")
        desk.slack.fail("chat.postMessage", "slow:0.4")
        payload = desk.said("hello")
        assert (await send_hurried(desk, payload, SECOND / 2)).status == 503
        await desk.settle()
        assert (await desk.send(payload)).status == 200
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(store, work)


def test_slow_command_is_acknowledged_and_answered_when_it_is_done(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("ask", "hello"))
        for word, shown in (("ask", "again"), ("both", "Both")):
            got = await send_to_busy_store(desk, desk.command(word, "again"))
            assert got == Got(200, None, "")
            await desk.settle()
            assert desk.shown(CHANNEL, "UANA")[-1].endswith(shown)
        assert desk.doing.done == ["hello", "again"]
        assert len(desk.slack.memory.views) == 1

    at_desk(store, work)


def test_slow_command_for_all_is_answered_to_all(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("ask", "hello"))
        receive = desk.app.receive

        def slowly(inbound: Any) -> Any:
            desk.doing.wait()
            return receive(inbound)

        desk.app.receive = slowly  # type: ignore[method-assign] # It is this one's alone.
        assert (await send_to_busy_store(desk, desk.command("publish", "text"))).body is None
        payload = desk.command("ask", "no way") | {"response_url": "https://evil.example/x"}
        await send_to_busy_store(desk, payload)
        await desk.settle()
        assert len(desk.shown(CHANNEL)) == 1
        assert desk.shown(CHANNEL, "UANA")[-1].endswith("no way")

    at_desk(store, work)


@pytest.mark.parametrize(
    ("word", "said"),
    [("right", "d1: right"), ("loud", "For all"), ("wrong", "Not this."), ("next", "On")],
)
def test_slow_form_is_closed_and_answered_when_it_is_done(
    store: Database, word: str, said: str
) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("both"))
        await desk.settle()
        got = await send_to_busy_store(desk, desk.submitted(word))
        assert (got.status, got.body) == (200, None)
        await desk.settle()
        only = None if word == "loud" else "UANA"
        assert said in desk.shown(CHANNEL, only)[-1]
        # The next form is behind a button.
        assert (word == "next") == ("Open the form" in str(desk.last(CHANNEL).blocks))

    at_desk(store, work)


def test_slow_event_is_answered_once_and_delivered_again(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("ask", "hello"))
        payload = desk.said("ask me")
        assert (await send_to_busy_store(desk, payload)).status == 503
        await desk.settle()
        assert len(desk.shown(DIRECT)) == 1
        assert (await desk.send(payload)).status == 200
        assert len(desk.shown(DIRECT)) == 1
        assert desk.doing.done == ["hello", "me"]

    at_desk(store, work)


def test_what_failed_late_is_told_to_who_waits(store: Database) -> None:
    async def work(desk: Desk) -> None:
        await desk.send(desk.command("both"))
        await desk.settle()
        assert (await send_to_busy_store(desk, desk.submitted("crash"))).status == 200
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA")[-1].endswith(BROKEN)
        desk.doing.away = True
        assert (await send_to_busy_store(desk, desk.submitted("right"))).status == 200
        await desk.settle()
        assert desk.shown(CHANNEL, "UANA")[-1].endswith(BUSY)

    at_desk(store, work)


def test_what_was_typed_stays_when_the_store_is_away(store: Database) -> None:
    async def work(desk: Desk) -> Got:
        await desk.send(desk.command("both"))
        await desk.settle()
        desk.doing.away = True
        return await desk.send(desk.submitted("right"))

    got = at_desk(store, work)
    assert got.body == {"response_action": "errors", "errors": {"word": BUSY}}


def test_body_that_does_not_come_is_not_waited_for(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READING", SHORT)

    async def work(desk: Desk) -> list[bytes]:
        answers = []
        for head in (b"Content-Length: 1000", b"Transfer-Encoding: chunked"):
            reader, writer = await asyncio.open_connection("127.0.0.1", desk.server.port)
            writer.write(b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\n" + head)
            writer.write(b"\r\n\r\n3\r\nabc")
            async with asyncio.timeout(UNHURRIED.total_seconds()):
                answers.append(await reader.readline())
            writer.close()
        return answers

    assert [line.split()[1] for line in at_desk(store, work)] == [b"408"] * 2


def test_who_hangs_up_in_the_middle_is_no_mistake_of_ours(store: Database) -> None:
    async def work(desk: Desk) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", desk.server.port)
        writer.write(b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\n")
        writer.write(b"Content-Length: 1000\r\n\r\nabc")
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.sleep(0.2)

    async def run() -> None:
        async with open_desk(store) as desk:
            await work(desk)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(run())
    assert [log for log in logs if log["log_level"] in {"error", "critical"}] == []


# Who it is ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["limited:1", "error_before", "reset_before"])
def test_first_words_are_not_lost_when_slack_says_nothing(store: Database, fault: str) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("ask a thing")
        desk.slack.fail("users.info", fault)
        assert (await desk.send(payload)).status == 503
        assert (desk.shown(DIRECT), desk.doing.done) == ([], [])
        assert (await desk.send(payload, X_Slack_Retry_Num="1")).status == 200
        assert desk.doing.done == ["a thing"]
        assert len(desk.shown(DIRECT)) == 1

    at_desk(store, work)


def test_who_opens_their_page_is_told_nothing_in_a_message(store: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.load("app_home_opened")
        desk.slack.fail("users.info", "limited:1")
        assert (await desk.send(payload)).status == 503
        assert desk.shown(DIRECT) == []
        assert (await desk.send(payload)).status == 200
        assert "UANA" in desk.slack.team.homes
        # Not even when there is no page for them.
        with desk.database.transaction() as work:
            workspace = work.people.workspace("slack", "T1")
            assert workspace is not None
            work.people.save(
                Person(PersonId("pg"), workspace.id, "UGONE", "G", "UTC", active=False)
            )
        gone = desk.load("app_home_opened")
        gone["event"]["user"] = "UGONE"
        assert (await desk.send(gone)).status == 200
        assert list(desk.slack.calls("chat.postMessage")) == []

    at_desk(store, work)


def test_who_slack_will_not_name_is_met_all_the_same(store: Database) -> None:
    async def work(desk: Desk) -> None:
        desk.slack.fail("users.info", "error:missing_scope")
        assert (await desk.send(desk.said("ask a thing"))).status == 200
        assert people(desk)["UANA"].name == "UANA"

    at_desk(store, work)


@pytest.mark.parametrize(
    "flags", [{"is_stranger": True}, {"deleted": True}, {"is_bot": True}, {"team": "TFAR"}]
)
def test_nobody_is_met_who_is_not_of_the_workspace(store: Database, flags: Any) -> None:
    async def work(desk: Desk) -> None:
        member = desk.slack.team.members["UANA"]
        for name, value in flags.items():
            setattr(member, name, value)
        await desk.send(desk.command("ask", "hello"))
        await desk.send(desk.said("ask a thing"))
        await desk.send(desk.load("shortcut") | {"callback_id": "open"})
        await desk.settle()
        assert (people(desk), desk.doing.done, desk.shown(DIRECT)) == ({}, [], [])
        assert not desk.slack.memory.views
        assert desk.dropped() == {"stranger": 3}

    at_desk(store, work)


class Says:
    """What Slack says of everybody."""

    def __init__(self, profile: Profile | Unmet | None) -> None:
        self.says = profile

    async def profile(self, _team: str, _user: str) -> Profile | Unmet | None:
        return self.says

    async def names(self, _team: str, _users: object) -> dict[str, str]:
        return {}


@pytest.mark.parametrize(
    ("says", "status", "met"),
    [
        (Profile(name="Ana"), 200, True),
        (Unmet.NOT_OURS, 200, False),
        (Unmet.UNSAID, 200, False),
        (Unmet.UNTOLD, 503, False),
    ],
)
def test_who_presses_in_an_organisation_is_vouched_for_by_slack(
    store: Database, says: Profile | Unmet, status: int, met: bool
) -> None:
    async def work(desk: Desk) -> None:
        got = await desk.send(desk.command("door"))
        held = desk.slack.team.channels[CHANNEL]
        bot = desk.slack.team.bot_user
        card = desk.slack.memory.add_post(held, bot, "x", got.body["blocks"], by_bot=True)
        payload = desk.pressed(card, "Alone") | {
            "is_enterprise_install": True,
            "enterprise": {"id": "E1", "name": "Org"},
        }
        payload["user"]["team_id"] = "TFAR"
        entrance = desk.make_entrance(directory=Says(says))
        assert (await entrance.take(payload)).status == status
        await entrance.settle()
        with desk.database.transaction() as work:
            workspace = work.people.workspace("slack", "E1")
            person = work.people.by_address(workspace.id, "UANA") if workspace else None
        assert (person is not None) is met

    at_desk(store, work)


def test_talk_among_people_costs_neither_store_nor_slack(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        desk.slack.add_user("UNEW")
        begun: list[object] = []
        transaction = desk.database.transaction

        def count() -> Any:
            begun.append(None)
            return transaction()

        monkeypatch.setattr(desk.database, "transaction", count)
        before = len(desk.slack.ledger.calls)
        await desk.send(desk.said("good morning <@UBO>", CHANNEL))
        assert begun == []
        ts = desk.last(CHANNEL).ts
        for _ in range(2):
            await desk.send(desk.said("and to you <@UBO>", CHANNEL, "UBO", thread_ts=ts))
        assert len(begun) == 2
        assert len(desk.slack.ledger.calls) == before
        assert desk.dropped() == {"talk": 3}

    at_desk(store, work)
