"""The compose file and the operator's page name only what there is."""

import ipaddress
import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from adapters.slack.settings import VARIABLES as SLACK_VARIABLES
from adapters.teams.app import PATH
from adapters.teams.settings import VARIABLES as TEAMS_VARIABLES
from adapters.teams.settings import read_teams_settings
from bot.bootstrap.scaled import DRAINING
from bot.lanes import GRACE
from bot.settings import Settings, variable_of
from storage.database import POOL_SIZE
from storage.doctor import QUEUE_CONNECTIONS
from storage.queue import LANES_AT_ONCE, POOL
from tests.cli.program import ROOT
from tests.cli.test_readme import COMMANDS

FOLDER = ROOT / "adapters" / "web" / "deploy"
PAGE = (FOLDER / "OPERATING.md").read_text(encoding="utf-8")
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VARIABLES = {
    *(variable_of(name) for name in Settings.model_fields),
    *SLACK_VARIABLES,
    *TEAMS_VARIABLES,
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of the compose file, with what they have in common merged in."""
    compose = YAML(typ="safe").load(FOLDER / "compose.yaml")
    services: dict[str, Any] = compose["services"]
    return services


def test_there_is_a_web_with_workers_and_a_database(services: dict[str, Any]) -> None:
    assert set(services) == {"database", "web", "worker"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert all("healthcheck" in service for service in services.values())
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"database": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_service_gives_a_command_that_is_there(services: dict[str, Any], name: str) -> None:
    command, *options = services[name]["command"]
    known = {option for each in COMMANDS[(command,)].params for option in each.opts}
    assert set(options) <= known
    assert services[name]["environment"].keys() <= VARIABLES


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_service_asks_the_port_on_which_it_listens(services: dict[str, Any], name: str) -> None:
    service = services[name]
    port = service["environment"]["PORT" if name == "web" else "INFLOW_METRICS_PORT"]
    assert f"http://127.0.0.1:{port}/readyz" in service["healthcheck"]["test"][-1]


def test_nobody_else_can_reach_a_port(services: dict[str, Any]) -> None:
    opened = [port for service in services.values() for port in service.get("ports", [])]
    assert opened != []
    for port in opened:
        assert ipaddress.ip_address(port.rpartition(":")[0].rpartition(":")[0]).is_loopback


def test_a_service_has_the_time_to_stop(services: dict[str, Any]) -> None:
    given = int(services["worker"]["stop_grace_period"].removesuffix("s"))
    assert given >= 2 * max(GRACE, DRAINING.total_seconds())


def test_no_secret_stands_in_a_file(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["env_file"] == "inflow.env"
        names = service["environment"].keys()
        assert not [name for name in names if re.search("PASSWORD|KEY|URL|TOKEN|SECRET", name)]
    assert set(re.findall(r"^([A-Z_]+)=", PAGE, re.MULTILINE)) - VARIABLES == {"POSTGRES_PASSWORD"}


def test_the_image_installs_extras_that_there_are_in_versions_of_the_lock() -> None:
    found = re.search(r"/source\[([a-z,]+)\]", DOCKERFILE)
    assert found is not None
    assert set(found[1].split(",")) == PROJECT["optional-dependencies"].keys()
    # What the image's `sed` does to the lock leaves what pip can read.
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in lock.splitlines() if not re.match(r" *--hash=", line)]
    versions = [re.sub(r" *\\$", "", line) for line in lines]
    pinned = {Requirement(line).name for line in versions if not line.lstrip().startswith("#")}
    assert {"procrastinate", "psycopg", "aiohttp"} <= pinned


def test_the_image_is_made_of_what_the_package_needs() -> None:
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert {"adapters", "bot", "content", "storage", "pyproject.toml"} <= kept
    assert {PROJECT["readme"], *PROJECT["license-files"], "requirements.lock"} <= kept
    assert all((ROOT / name).exists() for name in kept)


def test_the_page_names_commands_and_options_that_are_there() -> None:
    lines = re.findall(r"^inflow ([a-z]+)(.*)$", PAGE, re.MULTILINE)
    lines += re.findall(r"`inflow ([a-z]+)([^`]*)`", PAGE)
    lines += re.findall(r"compose (?:run --rm web|exec web inflow) ([a-z]+)()", PAGE)
    assert {name for name, _ in lines} >= {"web", "worker", "copy", "migrate", "doctor", "run"}
    for name, rest in lines:
        known = {option for each in COMMANDS[(name,)].params for option in each.opts}
        assert set(re.findall(r"--[a-z][a-z-]+", rest)) <= known


def test_the_page_names_metrics_that_the_readme_explains() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(inflow_[a-z_]+)[`{]", PAGE)) - {"inflow_queue"}
    assert len(named) > 3
    assert {name for name in named if f"`{name}`" not in readme} == set()


def test_the_page_tells_how_many_lanes_and_connections_there_are() -> None:
    assert f"up to {LANES_AT_ONCE} lanes" in PAGE
    # The pool with what may be opened beyond it; a worker has the queue's, and one that listens.
    assert f"A web takes at most {2 * POOL_SIZE} connections" in PAGE
    assert f"a worker at most {2 * POOL_SIZE + POOL + 1}" in PAGE
    assert QUEUE_CONNECTIONS == POOL + 1, "the doctor reckons with as many"


def test_what_the_page_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)", PAGE)
    assert links != []
    assert all((FOLDER / link).exists() for link in links)


def test_the_page_sets_what_teams_needs() -> None:
    said = dict(re.findall(r"^((?:MICROSOFT|INFLOW)_[A-Z_]+)=(.*)$", PAGE, re.MULTILINE))
    some_id = "6f0b2c54-0000-4000-8000-000000000001"
    given = {name: some_id for name in said if name.endswith("_ID")}
    given["MICROSOFT_APP_PASSWORD"] = said["MICROSOFT_APP_PASSWORD"] and "s" * 40
    settings = Settings(public_url=said["INFLOW_PUBLIC_URL"])
    assert read_teams_settings(settings, given) is not None
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    on_teams = readme.partition("\n## Install on Teams\n")[2].partition("\n## ")[0]
    for name in given:
        assert f"\n{name}={said[name]}\n" in on_teams, "as the README says it"


def test_the_page_names_what_the_proxy_passes_on() -> None:
    (passed,) = re.findall(r"that passes on (.+?) only", PAGE.replace("\n", " "))
    assert re.findall("`([^`]+)`", passed) == [PATH, "/slack/", "/healthz"]
