"""How fast a process calls Teams: never faster than is allowed, and who waits goes first."""

import asyncio
from datetime import timedelta

import pytest

from adapters.teams.client import Answer, Answered, Credentials, NotSent, Slow, TeamsClient
from adapters.teams.pace import Pace
from tests.adapters.far_end import far_end, saying
from tests.adapters.teams.memory import TENANT
from tests.adapters.teams_server import FakeTeams

UNHURRIED = timedelta(seconds=20)
MESSAGE = {"type": "message", "text": "Hello"}


def test_turns_come_at_even_intervals_and_for_who_waits_first() -> None:
    async def run() -> tuple[list[str], float]:
        pace, now = Pace(50), asyncio.get_running_loop().time
        order: list[str] = []
        began = now()

        async def take(name: str, *, goes_last: bool) -> None:
            assert await pace.take_turn(began + 30, goes_last=goes_last)
            order.append(name)

        await asyncio.gather(
            *(take(f"letter {n}", goes_last=True) for n in range(3)),
            *(take(f"reply {n}", goes_last=False) for n in range(3)),
        )
        return order, now() - began

    order, took = asyncio.run(run())
    # The first was alone when it came.
    assert order == ["letter 0", "reply 0", "reply 1", "reply 2", "letter 1", "letter 2"]
    assert took >= 5 / 50


class Counted(Pace):
    """Counts the turns that were given."""

    turns = -1

    @property
    def _arrival(self) -> float:
        return self._at

    @_arrival.setter
    def _arrival(self, at: float) -> None:
        self._at, self.turns = at, self.turns + 1


def test_who_has_no_time_or_went_away_takes_no_turn() -> None:
    async def run() -> None:
        pace, now = Counted(0.5), asyncio.get_running_loop().time
        assert await pace.take_turn(now() + 30)
        gone = asyncio.create_task(pace.take_turn(now() + 30))
        late = asyncio.create_task(pace.take_turn(now() + 0.01))
        await asyncio.sleep(0)
        gone.cancel()
        assert not await late
        assert await pace.take_turn(now() + 30)
        assert pace.turns == 2, "neither took a turn"
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(run())


def test_while_it_rests_nobody_has_a_turn() -> None:
    async def run() -> None:
        pace, now = Pace(1_000), asyncio.get_running_loop().time
        began = now()
        pace.rest(0.1)
        pace.rest(0.01)
        assert await pace.take_turn(began + 30)
        assert now() - began >= 0.1
        pace.rest(30)
        # That is known at once, and not waited for.
        async with asyncio.timeout(15):
            assert not await pace.take_turn(now() + 25)

    asyncio.run(run())


def test_replies_of_a_process_keep_to_what_teams_allows() -> None:
    """Many press something in the same moment."""

    async def run() -> tuple[list[Answer], int]:
        async with FakeTeams(rates=True) as teams:
            # What a busy machine brings late stands beside what comes in time.
            teams.rates.tenant = ((34, 1.0),)
            chats = [str(teams.add_personal(teams.add_person(f"n{n}")).id) for n in range(45)]
            credentials = Credentials(teams.app_id, teams.app_password, TENANT)
            client = TeamsClient(
                credentials,
                local=teams.origin,
                login_url=teams.login_url,
                timeout=UNHURRIED,
                a_second=30,
            )
            paths = [["conversations", chat, "activities"] for chat in chats]
            call = client.call
            calls = (call(teams.service_url, "POST", path, MESSAGE) for path in paths)
            answers = await asyncio.gather(*calls)
            await client.close()
            return answers, teams.limited

    answers, limited = asyncio.run(run())
    assert all(isinstance(answer, Answered) for answer in answers)
    assert limited == 0


def test_after_too_much_all_rest_but_not_for_one_conversation() -> None:
    async def run() -> list[Answer]:
        async with far_end(saying("", 429, Retry_After="600"), saying({"id": "1"}, 201)) as end:
            client = TeamsClient(None, local=end.url, timeout=UNHURRIED, a_second=1_000)
            path = ["conversations", "a:1", "activities"]
            answers = [await client.call(end.url, "POST", path, MESSAGE)]
            # Whoever waits for less than the rest. A quarter of the patience is left for the call.
            soon = asyncio.get_running_loop().time() + 1 + UNHURRIED.total_seconds() / 4
            answers.append(await client.call(end.url, "POST", path, MESSAGE, end=soon))
            assert len(end.heard) == 1, "nothing went out"
            await asyncio.sleep(2.1)
            answers.append(await client.call(end.url, "POST", path, MESSAGE))
            await client.close()
            return answers

    limited, rested, went = asyncio.run(run())
    assert limited == Slow(timedelta(minutes=10))
    assert isinstance(rested, Slow)
    assert timedelta(seconds=1) <= rested.after <= timedelta(seconds=2)
    assert went == Answered({"id": "1"})


def test_what_has_to_wait_too_long_for_its_turn_was_not_sent() -> None:
    async def run() -> list[Answer]:
        async with far_end(saying({"id": "1"}, 201)) as end:
            client = TeamsClient(None, local=end.url, timeout=UNHURRIED, a_second=0.1)
            path = ["conversations", "a:1", "activities"]
            answers = [await client.call(end.url, "POST", path, MESSAGE)]
            # A quarter of the patience is left for the call.
            soon = asyncio.get_running_loop().time() + 0.3 + UNHURRIED.total_seconds() / 4
            answers.append(await client.call(end.url, "POST", path, MESSAGE, end=soon))
            await client.close()
            assert len(end.heard) == 1
            return answers

    assert asyncio.run(run()) == [Answered({"id": "1"}), NotSent("late")]
