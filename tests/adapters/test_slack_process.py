"""The program itself beside a Slack of our own: it starts, answers, stops and keeps secrets."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.adapters.slack.actor import People
from tests.adapters.slack_server import FakeSlack
from tests.cli.nest import hatch
from tests.cli.program import OURS, PATIENCE, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
STOPPED_WITHIN = 20
"""Seconds. A supervisor ends the process after ten, which a busy machine may need besides."""


@dataclass(slots=True)
class Process:
    """`inflow run`, with all that it said so far; what it logged is known when it has ended."""

    said: str = ""
    logged: str = ""

    @property
    def address(self) -> str:
        found = re.search(r"127\.0\.0\.1:\d+", self.said)
        assert found is not None
        return found[0]

    async def get(self, path: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{self.address}{path}") as answer,
        ):
            return answer.status, await answer.text()

    async def is_ready(self) -> bool:
        return await self.get("/readyz") == (200, '{"status": "ready"}')


@asynccontextmanager
async def running(
    folder: Path, settings: Mapping[str, str], *arguments: str
) -> AsyncIterator[Process]:
    """A process that must end well, and in time, when it is told to stop."""
    kept = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    environment = {**kept, "INFLOW_LOG_LEVEL": "debug", "INFLOW_VECTORS": "none", **settings}
    with hatch(arguments or ("run", "--port", "0"), folder, environment) as child:
        line = await asyncio.wait_for(asyncio.to_thread(child.stdout.readline), PATIENCE)
        assert "(Ctrl-C stops it)" in line, (line, child.communicate(PATIENCE))
        process = Process(line)
        yield process
        child.send_signal(signal.SIGTERM)
        await asyncio.to_thread(child.wait, STOPPED_WITHIN)
        process.said += child.stdout.read()
        _, process.logged = child.communicate(PATIENCE)
        assert child.returncode == 0, process.logged


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so, but no longer than the program may take for anything."""
    async with asyncio.timeout(PATIENCE):
        while not await is_so():  # noqa: ASYNC110 - it is another process that makes it so.
            await asyncio.sleep(0.02)


def a_slack(*, rates: bool = True) -> FakeSlack:
    slack = FakeSlack(rates=rates)
    slack.add_user("UANA", "Ana", zone="Europe/Berlin")
    slack.add_user("UKIM", "Kim")
    slack.add_channel("CGENERAL", "UANA", "UKIM")
    slack.sockets.patience = PATIENCE
    return slack


async def sees(people: People, user: str, words: str = "") -> bool:
    """Whether somebody sees an answer: where the machine is busy it comes after the command was
    acknowledged without it."""
    return any(words in post.text for post in people.seen(user, "CGENERAL"))


async def are_read(slack: FakeSlack) -> bool:
    return slack.calls("users.list") != []


async def is_told(slack: FakeSlack, user: str) -> bool:
    """Whether a letter came to somebody's direct messages: that they are an administrator."""
    direct = [c for c in slack.team.channels.values() if c.kind == "im" and user in c.members]
    return any("community manager" in post.text for each in direct for post in each.posts)


def check_secrets(slack: FakeSlack, process: Process) -> None:
    """No token, secret or text stands in what the process said, at debug."""
    everything = process.said + process.logged
    assert process.logged, "it was at debug"
    secrets = (slack.token, slack.app_token, slack.memory.signing_secret)
    for secret in (*secrets, "quarterly", "hooks.slack.com", "ticket=", "/actions/"):
        assert secret not in everything, secret
    assert "xox" not in everything
    assert "xapp" not in everything


def test_in_socket_mode_it_connects_answers_and_stops(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_slack() as slack:
            settings = {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_BASE_URL": slack.url,
                "INFLOW_ADMINS": "UANA",
            }
            async with running(tmp_path, settings) as process:
                promised = re.search(r"^> (Inflow is connected to Slack .+)$", README, re.MULTILINE)
                assert promised is not None
                assert process.said.startswith(promised[1].replace("Acme", "Test"))
                people = People(slack.memory, slack.team, slack.sockets)
                await people.command("UANA", "CGENERAL", "/learn", "topic Travel")
                await people.command("UANA", "CGENERAL", "/learn", "topics")
                await until(lambda: sees(people, "UANA", "Travel"))
                await people.command("UKIM", "CGENERAL", "/ask", "What is the quarterly figure?")
                await people.say("UKIM", "CGENERAL", "Talk among people about blueberries.")
                await until(process.is_ready)
                assert (await process.get("/slack/events"))[0] == 404

                # The people are read before they say anything, and letters go out.
                await until(lambda: are_read(slack))
                await until(lambda: is_told(slack, "UANA"))
            check_secrets(slack, process)
            assert "blueberries" not in process.logged

    asyncio.run(story())
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"quarterly" in kept
    assert b"blueberries" not in kept, "what is not for Inflow is not stored"


def test_the_file_of_the_readme_is_all_that_a_newcomer_writes(tmp_path: Path) -> None:
    lines = re.findall(r"^((?:SLACK|INFLOW)_[A-Z_]+=)(?:xoxb-|xapp-|U0)", README, re.MULTILINE)

    async def story() -> None:
        async with a_slack() as slack:
            values = (slack.token, slack.app_token, "UANA")
            said = [name + value for name, value in zip(lines, values, strict=True)]
            said.append(f"SLACK_API_BASE_URL={slack.url}")
            file = tmp_path / "inflow.env"
            file.write_text("\n".join(said))
            file.chmod(0o600)
            async with running(tmp_path, {}) as process:
                assert process.said.startswith("Inflow is connected to Slack workspace Test by")
                people = People(slack.memory, slack.team, slack.sockets)
                await people.command("UANA", "CGENERAL", "/learn", "topic Travel")
                await until(lambda: is_told(slack, "UANA"))
            check_secrets(slack, process)

    asyncio.run(story())


def test_over_http_it_answers_what_is_signed_and_stops(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_slack() as slack:
            settings = {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_SIGNING_SECRET": slack.memory.signing_secret,
                "SLACK_API_BASE_URL": slack.url,
                "SLACK_COMMANDS": "ask=askhr",
            }
            async with running(tmp_path, settings) as process:
                assert f"Test over HTTP at http://{process.address}/slack/events (" in process.said
                assert "(INFLOW_ADMINS names nobody yet)" in process.said
                wire = slack.http_wire(f"http://{process.address}/slack/events")
                wire.patience = PATIENCE
                people = People(slack.memory, slack.team, wire)
                await people.command("UKIM", "CGENERAL", "/askhr", "Where is the quarterly plan?")
                await until(lambda: sees(people, "UKIM"))
                forged = await wire.send_raw(b"{}", {"X-Slack-Signature": "v0=0"})
                assert forged.status in {400, 401}
                await until(process.is_ready)
                await wire.close()
            check_secrets(slack, process)

    asyncio.run(story())


def test_a_refused_token_is_said_at_the_start_and_by_readyz(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_slack() as slack:
            settings = {
                "SLACK_BOT_TOKEN": "xoxb-1-unknown",
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_BASE_URL": slack.url,
            }
            async with running(tmp_path, settings) as process:
                assert process.said.startswith(
                    "Inflow waits: Slack does not take the bot token (invalid_auth). It tries again"
                )
                status, said = await process.get("/readyz")
                assert status == 503
                assert "Slack does not take the bot token (invalid_auth)" in said
                assert (await process.get("/healthz"))[0] == 200
            assert "unknown" not in process.said + process.logged

    asyncio.run(story())


def test_an_administrator_who_is_nobody_is_said_at_the_start(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_slack() as slack:
            settings = {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_BASE_URL": slack.url,
                "INFLOW_ADMINS": "ana, UANA, UNOBODY",
            }
            async with running(tmp_path, settings) as process:
                assert "(INFLOW_ADMINS names UNOBODY, ana, who is nobody there." in process.said

    asyncio.run(story())


def test_a_slack_out_of_reach_is_said_at_the_start_in_words(tmp_path: Path) -> None:
    async def story() -> None:
        settings = {
            "SLACK_BOT_TOKEN": "xoxb-1-unknown",
            "SLACK_APP_TOKEN": "xapp-1-unknown",
            "SLACK_API_BASE_URL": "http://127.0.0.1:9/",
        }
        async with running(tmp_path, settings) as process:
            assert process.said.startswith("Inflow waits: Slack cannot be reached. It tries again")
            assert "Socket Mode" not in process.said
            assert "Slack cannot be reached. What to do says" in (await process.get("/readyz"))[1]

    asyncio.run(story())


def test_a_lost_connection_is_said_by_readyz_and_made_again(tmp_path: Path) -> None:
    async def story() -> None:
        # Slack lets an app open few connections a minute; here an attempt fails besides.
        async with a_slack(rates=False) as slack:
            settings = {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_BASE_URL": slack.url,
            }
            async with running(tmp_path, settings) as process:

                async def complains() -> bool:
                    status, said = await process.get("/readyz")
                    return status == 503 and "Socket Mode is not connected" in said

                await until(process.is_ready)
                slack.fail("apps.connections.open", "error_before")
                await slack.sockets.cut()
                await until(complains)
                await slack.sockets.wait()
                await until(process.is_ready)

    asyncio.run(story())


def test_webs_take_in_and_workers_deliver(
    tmp_path: Path, new_postgres_database: Callable[[], str]
) -> None:
    url = new_postgres_database().replace("postgresql+psycopg://", "postgresql://")

    async def story() -> None:
        async with a_slack() as slack:
            settings = {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_SIGNING_SECRET": slack.memory.signing_secret,
                "SLACK_API_BASE_URL": slack.url,
                "INFLOW_ADMINS": "UANA",
                "INFLOW_DATABASE_URL": url,
                "INFLOW_RELAY_KEY": "k" * 40,
            }
            async with (
                running(tmp_path, settings, "web", "--port", "0") as web,
                running(tmp_path, settings, "worker", "--port", "0") as worker,
            ):
                wire = slack.http_wire(f"http://{web.address}/slack/events")
                wire.patience = PATIENCE
                people = People(slack.memory, slack.team, wire)
                await people.command("UANA", "CGENERAL", "/learn", "topics")
                await until(lambda: is_told(slack, "UANA"))
                await until(web.is_ready)
                await until(worker.is_ready)
                await wire.close()
            check_secrets(slack, web)
            check_secrets(slack, worker)

    asyncio.run(story())
