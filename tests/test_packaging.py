"""What is installed: the contents of the wheel, and the lock from which everything is made."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"adapters", "bot", "content", "storage"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The parsed pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    """The wheel as `make wheel` builds it, with the backend of the lock and without network."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = folder.glob("*.whl")
    with ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def dist_info(project: dict[str, Any]) -> str:
    """The name of the wheel's folder of facts about itself."""
    return f"{project['project']['name']}-{project['project']['version']}.dist-info"


def tracked(*under: str) -> set[str]:
    """The files of the repository under some of its folders, as git lists them."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", *under],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if listed.returncode:
        pytest.skip("This is not a git checkout, so the files of the project are not known.")
    # A file may have been removed from the folder and not yet from the index.
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: ZipFile, dist_info: str) -> None:
    tops = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert tops == PACKAGES | {dist_info}


def test_every_file_of_the_packages_is_in_the_wheel(wheel: ZipFile) -> None:
    assert tracked(*PACKAGES) <= set(wheel.namelist())


def test_the_wheel_cannot_be_uploaded_and_names_its_command(wheel: ZipFile, dist_info: str) -> None:
    metadata = Parser().parsestr(wheel.read(f"{dist_info}/METADATA").decode())
    assert "Private :: Do Not Upload" in metadata.get_all("Classifier", [])
    commands = wheel.read(f"{dist_info}/entry_points.txt").decode()
    assert commands.split("\n") == ["[console_scripts]", "inflow = bot.__main__:main", ""]


def read_lock() -> dict[str, tuple[Requirement, list[str]]]:
    """Each locked package by its plain name: its requirement and its hashes."""
    text = re.sub(r"\s*#.*", "", (ROOT / "requirements.lock").read_text()).replace("\\\n", " ")
    locked: dict[str, tuple[Requirement, list[str]]] = {}
    for line in filter(str.strip, text.splitlines()):
        requirement, *hashes = line.split(" --hash=")
        parsed = Requirement(requirement.strip())
        locked[canonicalize_name(parsed.name)] = parsed, [found.strip() for found in hashes]
    return locked


def test_every_locked_package_has_one_version_and_hashes() -> None:
    loose = {
        name
        for name, (requirement, hashes) in read_lock().items()
        if not hashes
        or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", found) for found in hashes)
        or not re.fullmatch(r"==[^,*]+", str(requirement.specifier))
    }
    assert loose == set()


def test_the_lock_holds_no_address_no_path_and_no_option() -> None:
    text = (ROOT / "requirements.lock").read_text()
    strange = [
        line
        for line in text.splitlines()
        if not re.fullmatch(
            r"[a-z0-9-]+(\[[a-z,]+\])?==\S+( ; [^/@]+)? \\"
            r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
            r"|    # +via( [\w.:\[\] ()-]+)?"
            r"|    #   [\w.:\[\] ()-]+",
            line,
        )
    ]
    assert strange == []


def test_the_lock_satisfies_the_project(project: dict[str, Any]) -> None:
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(r for extra in project["project"]["optional-dependencies"].values() for r in extra),
        *(r for group in project["dependency-groups"].values() for r in group),
    ]
    locked = read_lock()
    unmet = set()
    for requirement in map(Requirement, wanted):
        found, _ = locked.get(canonicalize_name(requirement.name), (None, []))
        version = str(found.specifier).removeprefix("==") if found else ""
        if not version or not requirement.specifier.contains(version, prereleases=True):
            unmet.add(str(requirement))
    assert unmet == set()
