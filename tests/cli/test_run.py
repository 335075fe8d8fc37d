"""`inflow run`: starts, serves, keeps what was said, stops, and says why it does not start."""

import json
import os
import socket
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from tests.cli.program import Program

SAY = "/playground/api/say"
MESSAGES = "/playground/api/messages?conversation=%23general&as=ben"
HELLO = "Hello, does anybody read this?"
KEY = "k" * 40


def files(program: Program) -> set[str]:
    return {path.name for path in program.folder.iterdir()}


def refusal(program: Program, *arguments: str) -> str:
    """The one sentence with which the program does not start."""
    done = program.call(*(arguments or ("run", "--port", "0")))
    assert (done.returncode, done.stdout) == (1, "")
    line, end = done.stderr.removeprefix("Error: ").split("\n", 1)
    assert end == ""
    return line


def test_it_starts_in_an_empty_folder_and_a_second_time_with_what_was_said(
    program: Program,
) -> None:
    with program.serve() as running:
        assert running.get("/healthz")[0] == 200
        assert running.get("/")[0] == 200
        running.post(SAY, {"person": "ana", "conversation": "#general", "text": HELLO})
    assert files(program) == {"inflow.db", "inflow.key"}
    with program.serve() as running:
        assert HELLO in running.get(MESSAGES)[1]


@pytest.mark.parametrize("command", [("migrate",), ("run", "--port", "0")])
def test_a_missing_folder_is_named(program: Program, command: tuple[str, ...]) -> None:
    program = replace(program, settings={"INFLOW_DATABASE_URL": "sqlite:///absent/inflow.db"})
    folder = program.folder.resolve() / "absent"
    assert refusal(program, *command) == (
        f"INFLOW_DATABASE_URL: the folder {folder} is not there. Make it with: mkdir -p {folder}"
    )


def test_a_second_process_on_the_same_file_is_told_of_the_first(program: Program) -> None:
    with program.serve() as running:
        assert refusal(program).startswith(
            f"inflow.db is in use by process {running.process}, started at "
        )


def test_the_people_of_the_demo_say_what_they_do(program: Program) -> None:
    with program.serve() as running:
        people = json.loads(running.get("/playground/api/people")[1])["people"]
    assert {person["handle"] for person in people} >= {"ana", "ben", "kim", "dana"}
    assert all(person["title"] for person in people)


def test_the_key_file_is_for_its_owner_alone(program: Program) -> None:
    program.call("migrate")
    key = program.folder / "inflow.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_text()) >= 32


def test_on_postgresql_it_needs_a_key_and_then_starts(
    program: Program, new_postgres_database: Callable[[], str]
) -> None:
    url = new_postgres_database().replace("postgresql+psycopg://", "postgresql://")
    program = replace(program, settings={"INFLOW_DATABASE_URL": url})
    assert "INFLOW_RELAY_KEY is not set" in refusal(program)
    program = replace(program, settings={**program.settings, "INFLOW_RELAY_KEY": KEY})
    with program.serve() as running:
        assert running.get("/healthz")[0] == 200
        assert running.post(SAY, {"person": "ana", "conversation": "dm", "text": "/help"})
    assert files(program) == set()


def test_without_the_demo_the_page_opens_on_an_empty_workspace(program: Program) -> None:
    program = replace(program, settings={"INFLOW_DEMO": "false"})
    for _ in range(2):
        with program.serve() as running:
            status, page = running.get("/")
            assert status == 200
            assert "Nobody is here yet" in page
            assert "as Ana" not in page
            assert running.get("/playground/api/people") == (200, '{"people": []}')


def test_without_the_demo_the_first_to_join_looks_after_the_place(program: Program) -> None:
    program = replace(program, settings={"INFLOW_DEMO": "false"})
    zone = "Pacific/Auckland"
    with program.serve() as running:
        nora = running.post("/playground/api/people", {"name": "Nora", "zone": zone})["person"]
        assert nora["roles"] == ["community_manager"]
        assert nora["state"] == "working"
        assert nora["local_time"].endswith(" 10:00")
        asked = {"person": "nora", "conversation": "dm", "text": "/campaign Lunch"}
        assert running.post(SAY, asked)["form"] is not None, "for community managers alone"
        page = running.get("/")[1]
        assert "Nobody is here yet" not in page
        assert "as Ana" not in page


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "MICROSOFT_APP_PASSWORD"])
def test_beside_a_real_platform_the_playground_starts_only_when_told(
    program: Program, name: str
) -> None:
    program = replace(program, settings={name: "a secret"})
    said = refusal(program, "playground", "--port", "0")
    assert name in said
    assert "inflow playground --beside-platforms" in said
    assert "a secret" not in said
    assert files(program) == set()
    with program.start("playground", "--port", "0", "--beside-platforms") as running:
        assert running.get("/healthz")[0] == 200


def test_a_part_of_the_credentials_starts_no_playground(program: Program) -> None:
    said = refusal(replace(program, settings={"MICROSOFT_APP_PASSWORD": "a secret"}))
    assert "MICROSOFT_APP_ID is not set." in said
    assert "a secret" not in said
    assert files(program) == set()


def test_a_token_in_the_wrong_place_is_named_and_not_shown(program: Program) -> None:
    settings = {"SLACK_BOT_TOKEN": "xapp-secret", "SLACK_APP_TOKEN": "xoxb-secret"}
    said = refusal(replace(program, settings=settings))
    assert "hold each other's token" in said
    assert "secret" not in said
    assert files(program) == set()


def test_the_playground_opens_no_database_of_a_real_workspace(program: Program) -> None:
    program.call("migrate")
    with closing(sqlite3.connect(program.folder / "inflow.db")) as file, file:
        file.execute(
            "insert into workspaces (id, platform, external, name) "
            "values ('w1', 'slack', 'T1', 'Acme')"
        )
    said = refusal(program)
    assert said.startswith(
        "This database serves Acme. To serve it again, set the credentials of Slack as before: "
        "none is set in this terminal, nor in a file inflow.env in this folder. The playground "
    )
    beside = replace(program, settings={"SLACK_BOT_TOKEN": "xoxb-1"})
    said = refusal(beside, "playground", "--beside-platforms")
    assert said.startswith("This database serves Acme. The playground moves its clock")


def test_a_taken_port_is_named(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(replace(program, settings={"PORT": str(port)}), "run")
    assert said.startswith(f"Port {port} on 127.0.0.1 is taken.")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "abc"}, "PORT is a whole number from 0 to 65535, not “abc”."),
        ({"PORT": "70000"}, "PORT is a whole number from 0 to 65535, not “70000”."),
        (
            {"INFLOW_LOG_LEVEL": "loud"},
            "INFLOW_LOG_LEVEL is debug, info, warning or error, not “loud”.",
        ),
        (
            {"INFLOW_DEMO": "perhaps", "INFLOW_VECTORS": "some"},
            (
                "INFLOW_VECTORS is table or none, not “some”. "
                "INFLOW_DEMO is true or false, not “perhaps”."
            ),
        ),
        ({"INFLOW_RELAY_KEY": "short"}, "INFLOW_RELAY_KEY is shorter than 32 characters."),
        (
            {"INFLOW_DATABASE_URL": "mysql://here"},
            "INFLOW_DATABASE_URL: a database is sqlite:///file or postgresql://..., not mysql",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    program: Program, settings: dict[str, str], said: str
) -> None:
    assert refusal(replace(program, settings=settings), "migrate") == said


def test_the_log_level_may_be_written_in_capitals_and_settings_may_be_empty(
    program: Program,
) -> None:
    settings = {"INFLOW_LOG_LEVEL": "INFO", "PORT": "", "INFLOW_RELAY_KEY": ""}
    assert replace(program, settings=settings).call("migrate").returncode == 0


def test_a_lost_key_is_asked_for_and_not_made_anew(program: Program) -> None:
    program.call("migrate")
    key = program.folder / "inflow.key"
    kept = key.rename(program.folder / "kept.key")
    for _ in range(2):
        assert refusal(program).startswith("The key of this database, inflow.key, is missing.")
        assert not key.exists()
    kept.rename(key)
    with program.serve() as running:
        assert running.get("/healthz")[0] == 200


def test_another_key_is_refused(program: Program) -> None:
    program.call("migrate")
    (program.folder / "inflow.key").write_text(KEY)
    assert refusal(program).startswith("inflow.key does not hold the key")
    program = replace(program, settings={"INFLOW_RELAY_KEY": KEY})
    assert refusal(program).startswith("INFLOW_RELAY_KEY is not the key")
    os.truncate(program.folder / "inflow.key", 3)
    assert refusal(replace(program, settings={})).startswith("inflow.key does not hold a key.")


def test_what_libraries_log_is_json_as_well(program: Program) -> None:
    code = (
        "import logging, structlog\n"
        "from bot.bootstrap.log import configure_logs\n"
        "configure_logs('warning')\n"
        "logging.getLogger('library').info('passed over')\n"
        "logging.getLogger('library').warning('%s left', 3)\n"
        "structlog.get_logger().warning('ours', number=1)\n"
        "try:\n"
        "    1 / 0\n"
        "except ZeroDivisionError:\n"
        "    logging.getLogger('library').exception('failed')\n"
    )
    done = program.run_code(code)
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("warning", "3 left"),
        ("warning", "ours"),
        ("error", "failed"),
    ]
    assert "ZeroDivisionError" in lines[2]["exception"]


def test_what_a_call_caused_is_there_when_it_returns(program: Program) -> None:
    """A letter may be on its way already, by the poke of the transaction that promised it."""
    with program.serve() as running:
        for number in range(6):
            said = {"person": "ana", "conversation": "dm", "text": f"/ask How is no. {number}?"}
            assert running.post(SAY, said)["messages"] != []
