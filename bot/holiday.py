"""Days on which people do not work beside their weekly pattern.

Public holidays come from the `holidays` library by country and region; an organisation and
a person add days of their own. Counted as holidays are those of the library's default
category, which is what is closed by law, and the days on which one that falls on a weekend
is made up for ("observed"). Half days are working days: somebody works on them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType

import structlog

from bot.errors import Invalid

NOBODYS: Mapping[date, str] = MappingProxyType({})

_CODE = re.compile("[A-Z]{2}")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DaysOff:
    """`day in days_off` says whether it is one.

    `country` is ISO 3166-1 with ISO 3166-2 after a hyphen (`DE-BY`), or None for no public
    holidays; one that the library does not know has none. `own` are the organisation's and
    the person's own days.
    """

    country: str | None = None
    own: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day in self.own or (
            self.country is not None and day in public_holidays(self.country, day.year)
        )


NO_DAYS_OFF = DaysOff()


@lru_cache(maxsize=2_000)
def public_holidays(country: str, year: int) -> Mapping[date, str]:
    """The public holidays of a year with their names, in English where there are such.

    There are none in a country that the library does not know (any more).
    """
    # The library takes 40 ms and some megabytes, which only those pay who name a country.
    import holidays  # noqa: PLC0415

    code, _, region = country.partition("-")
    if not _CODE.fullmatch(code):
        _say_unknown(country)
        return NOBODYS
    try:
        # The language is given because the library would take it from the environment.
        found = holidays.country_holidays(code, subdiv=region or None, years=year, language="en_US")
    except NotImplementedError:
        _say_unknown(country)
        return NOBODYS
    # A year may bring observed days of its neighbours.
    return MappingProxyType({day: name for day, name in found.items() if day.year == year})


@lru_cache(maxsize=100)
def _say_unknown(country: str) -> None:
    """Once for each: the cache is what keeps it from being said again."""
    log.warning("a country without known holidays is set; it has no days off", country=country)


def read_country(words: str) -> str:
    """What a person calls a country, as `DE`, or with a region as `DE-BY`.

    Its English name does too.

    Raises:
        Invalid: there is none; the sentence names those that are spelled alike.
    """
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - see above

    said = " ".join(words.split())[:60]
    codes = {codes[0]: module for module, (_, *codes) in COUNTRIES.items()}
    names = {_plain(module): codes[0] for module, (_, *codes) in COUNTRIES.items()}
    longer = {code: codes[0] for _, *codes in COUNTRIES.values() for code in codes}
    head, _, region = said.upper().replace("_", "-").partition("-")
    code = longer.get(head.strip())
    if code is None:
        code, region = names.get(_plain(said)), ""
    if code is None:
        near = [names[name] for name in get_close_matches(_plain(said), names, n=3)]
        near += get_close_matches(head, codes, n=3, cutoff=0.5)
        told = ", ".join(
            f"{each} ({codes[each].replace('_', ' ').title()})" for each in dict.fromkeys(near)
        )
        hint = f"Did you mean {told}? " if told else ""
        raise Invalid(
            f"I do not know the holidays of “{said}”. {hint}A country has two letters and may "
            "have a region after a hyphen, such as DE or DE-BY."
        )
    return f"{code}-{_read_region(code, region.strip())}" if region.strip() else code


def _read_region(code: str, region: str) -> str:
    import holidays  # noqa: PLC0415 - see above

    regions: tuple[str, ...] = getattr(holidays, code).subdivisions
    for known in regions:
        if known.upper() == region:
            return known
    if not regions:
        raise Invalid(f"I know no regions of {code}. Write {code} alone.")
    near = get_close_matches(region, regions, n=3, cutoff=0.5) or regions
    told = ", ".join(near[:20]) + (", ..." if len(near) > 20 else "")
    raise Invalid(
        f"I know no holidays of the region {region} of {code} alone. There are: {told}. "
        f"Where yours is not among them, write {code}."
    )


def _plain(words: str) -> str:
    return words.casefold().replace(" ", "_").replace("-", "_")
