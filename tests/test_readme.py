"""What the README tells a stranger to try does what it says."""

import re
import tomllib
from datetime import time
from pathlib import Path

import click
import pytest
from packaging.specifiers import SpecifierSet

from adapters.slack.manifest import (
    ENTRANCE,
    PRIVATE_EVENTS,
    REASONS,
    RECEIPT_EVENTS,
    RETURN,
    Way,
    command_names,
    make_manifest,
    needed_scopes,
)
from adapters.slack.settings import Transport, read_slack_settings
from bot.__main__ import main, slack
from bot.bootstrap.environment import SETTINGS_FILE, take_up
from bot.bootstrap.registry import CAPABILITIES
from bot.capability import register
from bot.people import WorkingHours
from bot.search import Entry, TextIndex, Vectors
from bot.settings import Settings
from content.load import load_starter

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALL = README.partition("\n## Install on Slack\n")[2].partition("\n## ")[0]
REGISTRY = register(CAPABILITIES)
ANSWERS = (
    "Hand in the receipt with the expense form and name the client in the reason line.",
    "Use the expenses app.",
    "Just take the train next time!",
)


@pytest.mark.parametrize("vectors", [True, False], ids=["vectors", "lexical"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_second_question_of_the_story_finds_the_answer_to_the_first(
    vectors: bool, answer: str
) -> None:
    asked, in_other_words = re.findall(r"`/ask ([A-Z][^`]*\?)`", README)[:2]
    table = Vectors.load() if vectors else None
    if vectors and table is None:
        pytest.skip("the [vectors] extra is not installed")
    index = TextIndex(table)
    for entry in load_starter().faq:
        index.add(Entry(entry.id, entry.title, entry.text, entry.phrasings))
    first = index.search(asked)
    assert not first or first[0].score < index.thresholds.suggest, "it goes to a colleague"
    index.add(Entry("answer", asked, answer))
    best = index.search(in_other_words)[0]
    assert best.id == "answer"
    assert best.score >= index.thresholds.answer


# --- Install on Slack -------------------------------------------------------------------


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_three_lines_of_a_file_are_enough_for_slack(tmp_path: Path) -> None:
    (said,) = [block for block in blocks(INSTALL) if "SLACK_BOT_TOKEN=" in block]
    (tmp_path / SETTINGS_FILE).write_text(said, encoding="utf-8")
    (tmp_path / SETTINGS_FILE).chmod(0o600)
    assert f"chmod 600 {SETTINGS_FILE}\nmake run\n" in blocks(INSTALL)
    variables: dict[str, str] = {}
    assert take_up(tmp_path / SETTINGS_FILE, variables) is None
    assert variables.keys() == {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "INFLOW_ADMINS"}
    found = read_slack_settings(Settings(admins=variables["INFLOW_ADMINS"]), variables)
    assert found is not None
    assert found.transports == (Transport.SOCKET,)


def test_the_words_of_the_first_steps_are_commands() -> None:
    named = re.findall(r"`/([a-z]+)(?: ([a-z]+))?[ `]", INSTALL)
    assert {word for word, _ in named} == {"invite", "healthz", "learn", "ask"}
    alone, more = re.findall(r"\((`questions`[^)]*)\), and (`ask`.*?)\sneed\s", INSTALL, re.DOTALL)[
        0
    ]
    assert set(re.findall("`([a-z]+)`", alone)) <= REGISTRY.orders.keys()
    spoken = {word for word, order in REGISTRY.orders.items() if order.spoken}
    assert set(re.findall("`([a-z]+)`", more)) == spoken
    own = command_names(REGISTRY, {})
    for word, more in named:
        if word == "learn" and more:
            assert more in REGISTRY.orders, more
        elif word not in {"invite", "healthz", "learn"}:
            assert word in own


def test_the_titles_of_shortcuts_are_those_that_slack_shows() -> None:
    for shortcut in REGISTRY.shortcuts.values():
        assert f"*{shortcut.title}*" in " ".join(README.split())


def test_the_hours_are_those_that_people_have_until_they_say_otherwise() -> None:
    hours = WorkingHours()
    assert (hours.weekdays, hours.start, hours.end) == (frozenset(range(1, 6)), time(9), time(17))
    assert "(Monday to Friday, 9 to 17 where each person lives" in INSTALL


def test_the_versions_of_python_are_those_that_fit() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    fitting = SpecifierSet(project["requires-python"])
    assert [n for n in range(8, 20) if f"3.{n}" in fitting] == [11, 12, 13]
    assert "must say 3.11, 3.12 or 3.13." in README


def test_without_make_the_same_is_installed() -> None:
    (said,) = [block for block in blocks(README) if "-m venv" in block]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in (
        "--require-hashes --requirement requirements.lock",
        "--no-deps --no-build-isolation",
    ):
        assert line in said
        assert line in makefile
    assert said.rstrip().endswith(".venv/bin/inflow run")


def test_systemd_starts_what_there_is_where_the_settings_lie() -> None:
    (unit,) = [block for block in blocks(INSTALL) if "[Service]" in block]
    said = dict(re.findall(r"^(\w+)=(.+)$", unit, re.MULTILINE))
    program, command = said["ExecStart"].split()
    assert program == f"{said['WorkingDirectory']}/.venv/bin/inflow"
    assert command in main.commands
    assert not re.search("TOKEN|SECRET|KEY", unit), "every user may read a unit"


def test_every_scope_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.:]+)` \| (.+) \|$", INSTALL, re.MULTILINE)
    assert dict(rows) == dict(REASONS)
    everything = Way(in_private_channels=True, app="A012AB3CD")
    assert dict(rows).keys() == set(needed_scopes(everything))
    chosen = set(needed_scopes(everything)) - set(needed_scopes(Way()))
    assert chosen == {"groups:history", "groups:read", "metadata.message:read"}
    assert PRIVATE_EVENTS.keys() == {"message.groups"}
    assert RECEIPT_EVENTS == {"message_metadata_posted": ("metadata.message:read",)}


def test_the_addresses_are_those_that_are_served() -> None:
    assert f"`{ENTRANCE}`" in INSTALL
    for path in re.findall(r"inflow\.example\.com(/[a-z_/]+)", INSTALL):
        assert path.startswith("/slack/")
    assert RETURN.startswith("/slack/")


def test_the_proxy_passes_on_what_slack_calls_and_whether_it_lives() -> None:
    (caddy,) = [block for block in blocks(INSTALL) if "reverse_proxy" in block]
    passed = re.findall(r"handle (\S+) \{\n\s+reverse_proxy 127\.0\.0\.1:8765", caddy)
    assert passed == ["/slack/*", "/healthz"]
    assert re.search(r"handle \{\n\s+respond 404", caddy)
    public = make_manifest(REGISTRY, Way("https://inflow.example.com", for_many=True))
    addresses = re.findall(r"https://inflow\.example\.com(/[^']+)'", str(public))
    assert addresses != []
    assert all(address.startswith("/slack/") for address in addresses)


def test_the_manifest_can_be_printed_as_the_readme_says() -> None:
    said = re.findall(r"inflow slack manifest([^`\n]*)", INSTALL)
    known = {option for each in slack.commands["manifest"].params for option in each.opts}
    assert isinstance(slack, click.Group)
    named = {option for rest in said for option in re.findall(r"--[a-z-]+", rest)}
    assert named == {"--http", "--oauth", "--private-channels", "--app-id"}
    assert named <= known


def test_no_more_is_asked_of_slack_than_the_readme_says() -> None:
    """No e-mail address, and no token of a person."""
    assert "No e-mail address" in INSTALL
    for way in (Way(), Way("https://inflow.example.com", for_many=True, in_private_channels=True)):
        scopes = make_manifest(REGISTRY, way)["oauth_config"]["scopes"]
        assert scopes.keys() == {"bot"}
        assert not [scope for scope in scopes["bot"] if "email" in scope or "profile" in scope]


def test_what_the_readme_links_to_within_itself_is_there() -> None:
    heads = re.findall(r"^##+ (.+)$", README, re.MULTILINE)
    known = {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) - known == set()
    links = re.findall(r"\]\((?!#|https?:)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_decisions_of_the_house_are_numbered_one_after_the_other() -> None:
    house = (ROOT / "bot" / "README.md").read_text(encoding="utf-8")
    decisions = house.partition("\n## Decisions, and why\n")[2].partition("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. \*\*", decisions, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers
