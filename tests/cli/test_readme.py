"""The README names only what there is, and all of it."""

import re

import click
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from adapters.slack.settings import SlackSettings
from adapters.slack.settings import variable_of as slack_variable_of
from adapters.teams.settings import CREDENTIALS as TEAMS_CREDENTIALS
from adapters.teams.settings import TeamsSettings
from adapters.teams.settings import variable_of as teams_variable_of
from bot.__main__ import main
from bot.app import OWN_WORDS
from bot.bootstrap.registry import CAPABILITIES
from bot.capability import register
from bot.settings import Settings, variable_of
from tests.cli.program import ROOT, Program

README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading of the second level."""
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def table(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def commands(group: click.Group, *before: str) -> dict[tuple[str, ...], click.Command]:
    """Every command by its words, groups left out."""
    found: dict[tuple[str, ...], click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, *before, name)
        else:
            found[*before, name] = command
    return found


COMMANDS = commands(main)


def test_the_orders_are_those_that_people_can_give() -> None:
    named = {
        word for row in table("Commands") for word in re.findall(r"`/([a-z]+)", row[0]) if word
    }
    known = register(CAPABILITIES).orders.keys() | set(OWN_WORDS)
    assert named - known == set(), "the README names what is not there"
    assert known - named - {"help"} == set(), "the README leaves something out"


FIELDS = {
    **{variable_of(name): field for name, field in Settings.model_fields.items()},
    **{slack_variable_of(name): field for name, field in SlackSettings.model_fields.items()},
    **{teams_variable_of(name): field for name, field in TeamsSettings.model_fields.items()},
}


def test_the_settings_are_those_of_the_program() -> None:
    rows = {
        name: row[1].strip("`")
        for row in table("Settings")
        for name in re.findall("`(.+?)`", row[0])
    }
    assert rows.keys() == FIELDS.keys()
    for name, field in FIELDS.items():
        value = field.default
        if value in {None, ""} or isinstance(value, SecretStr):
            assert rows[name] in {"none", "a file beside the SQLite file"}, name
            continue
        said = str(value).lower() if isinstance(value, bool) else str(value)
        assert rows[name] == said, name


def test_the_help_names_every_setting() -> None:
    help_text = main.help or ""
    assert [name for name in FIELDS if name not in help_text] == []


def test_every_line_of_the_command_line_in_the_readme_can_be_given() -> None:
    lines = re.findall(
        r"(?:^|`|inflow/)(?:\.venv/bin/)?inflow ((?:[a-z]+ ?)+)([^#`\n]*)", README, re.MULTILINE
    )
    assert len(lines) > 20
    for words, rest in lines:
        given = tuple(words.split())
        command = next(
            COMMANDS[given[:n]] for n in range(len(given), 0, -1) if given[:n] in COMMANDS
        )
        options = {name for each in command.params for name in each.opts}
        assert set(re.findall(r"--[a-z][a-z-]+", rest)) - options - {"--help"} == set(), words
    # What other programs are told is none of ours: pip, systemctl, make, python3.
    others = r"^.*(?:-m pip|systemctl|--version$|xcode-select).*$"
    other = set(re.findall(r"--[a-z][a-z-]+", re.sub(others, "", README, flags=re.MULTILINE)))
    known = {name for command in COMMANDS.values() for each in command.params for name in each.opts}
    assert other - known - {"--help"} == set()


def test_every_make_target_in_the_readme_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)(?:\w+=\w+ )?make ([a-z]+)", README, re.MULTILINE)) <= targets


@pytest.mark.parametrize("words", [(), ("import",), ("eval",), *COMMANDS], ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*words, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith("Usage: ")
    assert len(done.output.splitlines()) > 4


def test_the_help_of_what_serves_people_names_all_platforms() -> None:
    """And where to look when one does not work."""
    told = {name: " ".join((main.commands[name].help or "").split()) for name in ("run", "web")}
    for words in told.values():
        assert "In Slack and Teams" in words or "in Slack and Teams" in words
    for group in ("slack", "teams"):
        assert f"inflow doctor {group}" in told["run"]
    named = set(re.findall(r"(?:SLACK|MICROSOFT)_[A-Z_]+", told["run"]))
    assert named >= {"SLACK_BOT_TOKEN", *TEAMS_CREDENTIALS[:3]}


def test_the_program_says_its_name_and_version(program: Program) -> None:
    done = program.call("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"inflow, version \d+\.\d+\.\d+\n", done.stdout)
