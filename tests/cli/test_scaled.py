"""`inflow web` and `inflow worker`: several processes on one PostgreSQL, told apart by nobody."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap.house import CARRYING_SECONDS
from storage.database import make_engine
from tests.cli.program import Program, Running, wait_for

SAY = "/playground/api/say"
KEY = "k" * 40
QUESTION = "How do I claim the taxi from a client visit?"


@pytest.fixture
def scaled(tmp_path: Path, postgres_url: str) -> Program:
    """The program with a PostgreSQL database of its own."""
    url = postgres_url.replace("+psycopg", "")
    settings = {"INFLOW_DATABASE_URL": url, "INFLOW_RELAY_KEY": KEY, "INFLOW_VECTORS": "none"}
    return Program(tmp_path, settings)


@contextmanager
def crew(program: Program, *, workers: int) -> Iterator[Running]:
    """A web and some workers; gives the web."""
    with ExitStack() as stack:
        web = stack.enter_context(program.start("web", "--port", "0"))
        for _ in range(workers):
            stack.enter_context(program.start("worker", stop=signal.SIGTERM))
        yield web


def asked(web: Running) -> list[Any]:
    """What the bot has said to those who were asked, in their direct messages."""
    people = json.loads(web.get("/playground/api/people")[1])["people"]
    return [
        message
        for person in people
        for message in json.loads(
            web.get(f"/playground/api/messages?conversation=dm&as={person['handle']}")[1]
        )["messages"]
        if message["author"]["bot"] and "Ana" in message["text"] and person["handle"] != "ana"
    ]


def refusal(program: Program, *words: str) -> str:
    done = program.call(*words)
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr.removeprefix("Error: ").strip()


def test_a_question_is_asked_in_the_web_and_delivered_by_one_of_two_workers(
    scaled: Program,
) -> None:
    with crew(scaled, workers=2) as web:
        revision = json.loads(web.get("/playground/api/revision")[1])["revision"]
        began = time.monotonic()
        said = web.post(
            SAY, {"person": "ana", "conversation": "#general", "text": f"/ask {QUESTION}"}
        )
        took = time.monotonic() - began
        assert "on its way" in said["messages"][0]["text"]
        # A web waits for them, but not for ever.
        is_told = said["elsewhere"] != [] or took > CARRYING_SECONDS
        assert is_told, "the answer tells of what the workers brought"
        wait_for(lambda: asked(web))
        assert len(asked(web)) == 1
        assert json.loads(web.get("/playground/api/revision")[1])["revision"] > revision


def test_what_was_said_while_no_worker_ran_is_delivered_by_the_first_one(
    scaled: Program,
) -> None:
    with scaled.start("web", "--port", "0") as web:
        web.post(SAY, {"person": "ana", "conversation": "#general", "text": f"/ask {QUESTION}"})
        assert asked(web) == []
        with scaled.start("worker"):
            wait_for(lambda: asked(web))


def test_two_webs_show_the_same_and_agree_on_the_time(scaled: Program) -> None:
    with crew(scaled, workers=1) as first, scaled.start("web", "--port", "0") as second:
        first.post(SAY, {"person": "ana", "conversation": "#general", "text": f"/ask {QUESTION}"})
        wait_for(lambda: asked(second))
        assert len(asked(second)) == 1
        moved = first.post("/playground/api/clock", {"advance": "PT3H"})["moved_seconds"]
        clock = "/playground/api/clock"
        wait_for(lambda: json.loads(second.get(clock)[1])["moved_seconds"] == moved)


def test_a_worker_can_be_asked_how_it_is(scaled: Program) -> None:
    with scaled.start("worker", "--port", "0") as worker:
        assert worker.get("/healthz")[0] == 200
        wait_for(worker.is_ready)
        assert "inflow_clock_lag_seconds" in worker.get("/metrics")[1]
        with pytest.raises(OSError, match="404"):
            worker.get("/playground")


def test_everything_goes_on_when_the_databases_connections_are_cut(
    scaled: Program, postgres_url: str
) -> None:
    engine = make_engine(postgres_url)
    with (
        scaled.start("web", "--port", "0", may_complain=True) as web,
        scaled.start("worker", may_complain=True),
    ):
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        engine.dispose()
        said = {"person": "ana", "conversation": "#general", "text": f"/ask {QUESTION}"}
        web.post(SAY, {**said, "event_id": "once"})
        wait_for(lambda: asked(web))


@pytest.mark.parametrize("command", ["web", "worker"])
def test_sqlite_cannot_be_shared(program: Program, command: str) -> None:
    said = refusal(program, command)
    assert said.startswith(f"inflow {command} is one of several processes")
    assert said.endswith("inflow run")
    assert list(program.folder.iterdir()) == []


def test_the_key_is_the_same_in_every_process(scaled: Program) -> None:
    assert scaled.call("migrate").returncode == 0
    other = replace(scaled, settings={**scaled.settings, "INFLOW_RELAY_KEY": "x" * 40})
    assert refusal(other, "worker").startswith("INFLOW_RELAY_KEY is not the key")


def test_a_platforms_credentials_and_a_host_that_others_reach_are_refused(
    scaled: Program,
) -> None:
    beside = replace(scaled, settings={**scaled.settings, "MICROSOFT_APP_ID": "a secret"})
    assert "MICROSOFT_APP_ID is no id." in refusal(beside, "web")
    for host in ("0.0.0.0", "::", "inflow.example"):
        beyond = replace(scaled, settings={**scaled.settings, "INFLOW_HOST": host})
        assert f"INFLOW_HOST is {host}" in refusal(beyond, "web")
        assert "--beyond-this-machine" in refusal(beyond, "run")
    beyond = replace(scaled, settings={**scaled.settings, "INFLOW_HOST": "0.0.0.0"})
    with beyond.start("web", "--port", "0", "--beyond-this-machine"):
        pass


def test_postgresql_without_its_packages_is_told_the_command(scaled: Program) -> None:
    for command in ("worker", "migrate"):
        done = scaled.run_code(
            "import sys\n"
            "sys.modules['psycopg'] = sys.modules['procrastinate'] = None\n"
            "from bot.__main__ import main\n"
            f"main([{command!r}])\n"
        )
        assert done.returncode == 1
        assert "pip install 'inflow[postgresql]'" in done.stderr
        assert "Traceback" not in done.stderr


def test_one_process_may_also_do_everything_on_postgresql(scaled: Program) -> None:
    with scaled.serve() as running:
        running.post(SAY, {"person": "ana", "conversation": "#general", "text": f"/ask {QUESTION}"})
        assert len(asked(running)) == 1


def test_an_organisation_is_moved_and_goes_on(program: Program, scaled: Program) -> None:
    with program.serve() as running:
        running.post(SAY, {"person": "ana", "conversation": "#general", "text": f"/ask {QUESTION}"})
    target = scaled.settings["INFLOW_DATABASE_URL"]
    done = program.call("copy", "--from", "sqlite:///inflow.db", "--to", target)
    assert done.returncode == 0, done.stderr
    assert "are the same in both databases" in done.stdout
    assert "INFLOW_RELAY_KEY" in done.stdout
    assert refusal(scaled, "web").startswith("INFLOW_RELAY_KEY is not the key")
    key = (program.folder / "inflow.key").read_text().strip()
    moved = replace(scaled, settings={**scaled.settings, "INFLOW_RELAY_KEY": key})
    with crew(moved, workers=1) as web:
        assert len(asked(web)) == 1
    again = refusal(program, "copy", "--from", "sqlite:///inflow.db", "--to", target)
    assert again != ""
