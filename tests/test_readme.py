"""What the README tells a stranger to try does what it says."""

import re
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
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
from adapters.teams.app import PATH
from adapters.teams.manifest import Way as TeamsWay
from adapters.teams.manifest import make_manifest as make_app
from adapters.teams.settings import PLAYGROUND, read_teams_settings
from adapters.teams.wording import make_wording
from bot.__main__ import main, slack, teams
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
ON_TEAMS = README.partition("\n## Install on Teams\n")[2].partition("\n## ")[0]
ADDRESS = README.partition("\n## A public address\n")[2].partition("\n## ")[0]
WIDEST = 130
"""Characters in a line of prose."""
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


def test_the_commands_of_slack_are_those_of_its_manifest() -> None:
    said = README.partition("\n## Commands\nIn Slack ")[2].partition(" are commands")[0]
    named = set(re.findall(r"`/([a-z]+)`", said))
    listed = make_manifest(REGISTRY, Way())["features"]["slash_commands"]
    assert named == {one["command"].removeprefix("/") for one in listed}


def test_what_a_first_campaign_is_told_to_press_stands_on_the_cards() -> None:
    guide = README.partition("\n## Run a campaign\n")[2].partition("\n## ")[0]
    named = re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", " ".join(guide.split()))
    said = "".join(
        path.read_text(encoding="utf-8")
        for pattern in ("bot/capabilities/*/**/messages.py", "adapters/playground/templates/*.html")
        for path in ROOT.glob(pattern)
    )
    assert {"Several parts", "Dry run", "Schedule it", "Pause", "Go on"} <= set(named)
    assert [label for label in named if label not in said] == []


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
    assert {word for word, _ in named} == {"invite", "learn", "ask"}
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
        elif word not in {"invite", "learn"}:
            assert word in own


def test_the_titles_of_shortcuts_are_those_that_slack_shows() -> None:
    for shortcut in REGISTRY.shortcuts.values():
        assert f"*{shortcut.title}*" in " ".join(README.split())


def test_the_hours_are_those_that_people_have_until_they_say_otherwise() -> None:
    hours = WorkingHours()
    assert (hours.weekdays, hours.start, hours.end) == (frozenset(range(1, 6)), time(9), time(17))
    for said in (INSTALL, ON_TEAMS):
        assert "(Monday to Friday, 9 to 17 where each person lives" in said


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


def test_the_proxy_passes_on_what_platforms_call_and_whether_it_lives() -> None:
    (caddy,) = [block for block in blocks(README) if "reverse_proxy" in block]
    assert caddy in blocks(ADDRESS)
    passed = re.findall(r"handle (\S+) \{\n\s+reverse_proxy 127\.0\.0\.1:8765", caddy)
    assert passed == [PATH, "/slack/*", "/healthz"]
    assert f":{Settings().port}\n" in caddy
    assert re.search(r"handle \{\n\s+respond 404", caddy)
    public = make_manifest(REGISTRY, Way("https://inflow.example.com", for_many=True))
    addresses = re.findall(r"https://inflow\.example\.com(/[^']+)'", str(public))
    assert addresses != []
    assert all(address.startswith("/slack/") for address in addresses)
    for said in (INSTALL, ON_TEAMS):
        assert "(#a-public-address)" in said


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


# --- Install on Teams -------------------------------------------------------------------

SOME_ID = "6f0b2c54-0000-4000-8000-000000000001"


def set_up(said: str, folder: Path) -> dict[str, str]:
    """What lines of a file `inflow.env` set, with whole ids in the place of shortened ones."""
    whole = re.sub(r"[0-9a-f]{8}-\.\.\.", SOME_ID, said)
    (folder / SETTINGS_FILE).write_text(re.sub(r"=\.\.\.", "=" + "s" * 40, whole))
    (folder / SETTINGS_FILE).chmod(0o600)
    variables: dict[str, str] = {}
    assert take_up(folder / SETTINGS_FILE, variables) is None
    return variables


def test_five_lines_of_a_file_are_enough_for_teams(tmp_path: Path) -> None:
    (said,) = [block for block in blocks(ON_TEAMS) if "MICROSOFT_APP_PASSWORD=" in block]
    assert f"chmod 600 {SETTINGS_FILE}\nmake run\n" in blocks(ON_TEAMS)
    variables = set_up(said, tmp_path)
    own = {"INFLOW_ADMINS", "INFLOW_PUBLIC_URL"}
    microsofts = {f"MICROSOFT_APP_{name}" for name in ("ID", "TENANT_ID", "PASSWORD")}
    assert variables.keys() == own | microsofts
    settings = Settings(
        admins=variables["INFLOW_ADMINS"], public_url=variables["INFLOW_PUBLIC_URL"]
    )
    found = read_teams_settings(settings, variables)
    assert found is not None
    assert found.app_password is not None
    assert f"`{settings.public_url}{PATH}`" in ON_TEAMS


def test_without_a_secret_a_line_stands_in_its_place(tmp_path: Path) -> None:
    (first,) = [block for block in blocks(ON_TEAMS) if "MICROSOFT_APP_PASSWORD=" in block]
    (line,) = [block for block in blocks(ON_TEAMS) if "MICROSOFT_APP_TYPE" in block]
    variables = set_up(re.sub("MICROSOFT_APP_PASSWORD=.*", "", first) + line, tmp_path)
    found = read_teams_settings(Settings(), variables)
    assert found is not None
    assert found.app_type == "UserAssignedMSI"


def test_without_teams_nobody_is_asked_for_a_token() -> None:
    (said,) = [block for block in blocks(ON_TEAMS) if "TEAMS_ANONYMOUS" in block]
    variables = dict(re.findall(r"(\w+)=(\S+)", said))
    found = read_teams_settings(Settings(admins=variables["INFLOW_ADMINS"]), variables)
    assert found is not None
    assert found.anonymous
    (played,) = [block for block in blocks(ON_TEAMS) if "npx" in block]
    assert f"http://127.0.0.1:{Settings().port}{PATH}" in played
    assert "<http://localhost:56150>" in ON_TEAMS
    assert PLAYGROUND.endswith(":56150")


def test_the_words_to_say_in_teams_are_commands_there() -> None:
    """And only those have `learn` before them which it takes."""
    wording = make_wording(REGISTRY)
    quoted = re.findall(r"`(@Inflow )?([a-z]+)((?: [^`\n]+)?)`", ON_TEAMS)
    said = {(word, rest.strip()) for mention, word, rest in quoted if word not in NO_COMMANDS}
    assert {word for word, _ in said} == {
        *("home", "learn", "ask", "role", "settings", "topics", "questions", "pause")
    }
    for word, rest in said:
        first = rest.partition(" ")[0]
        if word == "learn":
            assert not rest or (first in wording.rooted and rest != first)
        else:
            assert word in wording.words
            assert not rest or word not in wording.rooted


NO_COMMANDS = {"inflow", "apt"}
"""What stands as code in that part and is said to no bot."""


def test_the_menus_of_teams_have_the_shortcuts_of_the_readme() -> None:
    actions = {each.title: each.on_message for each in REGISTRY.shortcuts.values()}
    steps = " ".join(ON_TEAMS.partition("\n### First steps in Teams\n")[2].split())
    beside, _, on_message = steps.partition("beside the box")
    for title, is_on_message in actions.items():
        assert f"*{title}*" in (on_message if is_on_message else beside)


def test_no_more_is_asked_of_teams_than_the_readme_says() -> None:
    package = teams.commands["package"]
    assert [str(each.default) for each in package.params if each.name == "out"] == [
        "inflow-teams.zip"
    ]
    assert "`inflow-teams.zip`" in ON_TEAMS
    plain = make_app(REGISTRY, TeamsWay(app_id=SOME_ID))
    assert "authorization" not in plain
    assert "webApplicationInfo" not in plain
    more = make_app(REGISTRY, TeamsWay(app_id=SOME_ID, reads_channels=True))
    asked = more["authorization"]["permissions"]["resourceSpecific"]
    assert more["authorization"]["permissions"].keys() == {"resourceSpecific"}
    named = set(re.findall(r"`(\w+\.Read\.\w+)`", ON_TEAMS))
    assert named == {each["name"] for each in asked}


def test_the_backup_of_a_database_in_use_is_whole(tmp_path: Path) -> None:
    (line,) = re.findall(r"^python3 (-c) \"(import sqlite3.*)\"$", README, re.MULTILINE)
    with closing(sqlite3.connect(tmp_path / "inflow.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE words (word)")
        connection.execute("INSERT INTO words VALUES ('kept')")
        connection.commit()
        subprocess.run([sys.executable, *line], cwd=tmp_path, check=True, timeout=60)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT word FROM words").fetchall() == [("kept",)]


# --- The whole --------------------------------------------------------------------------


def test_no_line_of_prose_is_too_wide_to_read() -> None:
    prose = re.sub(r"^```\n.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in prose.splitlines() if not line.startswith(("|", "!["))]
    assert [line for line in lines if len(line) > WIDEST] == []


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
