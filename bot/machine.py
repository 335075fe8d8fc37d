"""What this machine has of what Inflow needs, for the doctor."""

import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from bot.doctor import Finding, doubtful, fine, wrong
from bot.search import Vectors
from bot.search.vector import VectorsUnreadable

OLDEST, NEWEST = (3, 11), (3, 13)
EXTRAS = {
    "postgresql": (("procrastinate", "psycopg"), "a database on PostgreSQL"),
    "vectors": (("safetensors", "tokenizers", "wordllama"), "word vectors in search"),
}
"""Packages of each extra, and what it is for."""
_SAMPLE_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


def look_at_python() -> Iterator[Finding]:
    """Its version."""
    here = sys.version_info[:2]
    said = f"Python {platform.python_version()} on {platform.system()}."
    if OLDEST <= here <= NEWEST:
        yield fine(said)
    else:
        yield wrong(said, "Inflow is for Python 3.11, 3.12 and 3.13.")


def look_at_extras(*, needs: Iterable[str] = ()) -> Iterator[Finding]:
    """Which extras are installed, and whether those that the settings need are."""
    wanted = set(needs)
    for extra, (packages, purpose) in EXTRAS.items():
        missing = [package for package in packages if not _is_installed(package)]
        if not missing:
            yield fine(f"The extra [{extra}] is installed, for {purpose}.")
        elif extra in wanted:
            yield wrong(
                f"The extra [{extra}] is missing ({', '.join(missing)}); it is for {purpose}.",
                f'pip install "inflow[{extra}]"',
            )
        else:
            yield fine(f"The extra [{extra}] is not installed; it would be for {purpose}.")


def look_at_zones() -> Iterator[Finding]:
    """Whether time zones can be found, and from where."""
    lost = list(unknown_zones(_SAMPLE_ZONES))
    if lost:
        yield wrong(
            f"This machine does not know the time zone {lost[0]}, and perhaps no other.",
            "pip install --upgrade tzdata",
        )
        return
    try:
        yield fine(f"Time zones are known; the package tzdata is of {version('tzdata')}.")
    except PackageNotFoundError:
        yield doubtful(
            "Time zones are known to this machine, and the package tzdata is not installed.",
            "pip install tzdata, so that they do not change with the machine.",
        )


def look_at_vectors(*, wanted: bool) -> Iterator[Finding]:
    """Whether search has the word vectors that the settings ask for."""
    if not wanted:
        yield fine("Search works without word vectors, as INFLOW_VECTORS says.")
        return
    try:
        found = Vectors.load()
    except VectorsUnreadable:
        yield wrong(
            "The data of the extra [vectors] cannot be read, so that no process starts.",
            'pip install --force-reinstall "inflow[vectors]", or INFLOW_VECTORS=none',
        )
        return
    if found is None:
        yield doubtful(
            "Search works without word vectors and finds less, as the extra is not installed.",
            'pip install "inflow[vectors]", or INFLOW_VECTORS=none where that is meant.',
        )
    else:
        yield fine(f"Search has word vectors of {found.width} numbers.")


def look_at_credentials(names: Sequence[str]) -> Iterator[Finding]:
    """Which credentials of platforms are set; of none its value."""
    if names:
        yield fine(f"For Slack and Teams is set: {', '.join(names)}.")
    else:
        yield fine("No credentials of Slack or Teams are set: there is the playground.")


def unknown_zones(names: Iterable[str]) -> Iterator[str]:
    """Those of the zones that this machine does not know."""
    for name in names:
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            yield name


def unknown_countries(countries: Iterable[str]) -> Iterator[str]:
    """Those of the countries, such as DE or DE-BY, of which no public holidays are known."""
    # 40 ms and some megabytes, which only those pay who name a country.
    import holidays  # noqa: PLC0415

    for country in countries:
        code, _, region = country.partition("-")
        try:
            holidays.country_holidays(code, subdiv=region or None)
        except (NotImplementedError, LookupError):
            yield country


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None
