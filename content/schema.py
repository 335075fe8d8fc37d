"""The shape of a pack's files. What a file says beside this is an error."""

import difflib
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bot.capabilities.questions.article import MAX_TITLE
from bot.capabilities.questions.model import MAX_ANSWER, Level
from bot.capabilities.questions.source import MAX_PHRASINGS
from bot.people import Role

# The engine behind these patterns knows no look-ahead.
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""Unique within its kind: small letters, digits and hyphens; never used again."""
Handle = Annotated[str, StringConstraints(pattern=r"^@?[a-z0-9][a-z0-9._-]*$", max_length=60)]
"""How a pack calls a person, with or without an @."""
Channel = Annotated[str, StringConstraints(pattern=r"^#[^\s#]+$", max_length=80)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\n]*$")
]
Title = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MAX_TITLE, pattern=r"^[^\n]*$"
    ),
]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_ANSWER)]
OfficeHours = Annotated[
    str,
    StringConstraints(
        pattern=r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"
    ),
]


class Part(BaseModel):
    """Anything in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PackFile(Part):
    """`pack.yaml`: what the pack is. There is one."""

    kind: Literal["pack"]
    id: Id
    title: Line
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    license: Line | None = None
    owners: tuple[Handle, ...] = ()


class TopicPart(Part):
    id: Id
    title: Line
    aliases: tuple[Line, ...] = ()
    steward: Handle | None = None
    channel: Channel | None = None
    regulated: bool = False


class TopicsFile(Part):
    """What questions are about."""

    kind: Literal["topics"]
    topics: tuple[TopicPart, ...]


class ExpertPart(Part):
    """`office_hours` are read and held to their form; nothing is asked by them yet."""

    user: Handle
    topics: dict[str, Level] = Field(min_length=1)
    weekly_soft_cap: Annotated[int, Field(strict=True, ge=0, le=50)] | None = None
    office_hours: tuple[OfficeHours, ...] = ()


class ExpertsFile(Part):
    """Who knows, or learns, what."""

    kind: Literal["experts"]
    experts: tuple[ExpertPart, ...]


class EntryPart(Part):
    id: Id
    title: Title
    text: Body
    topic: str | None = None
    phrasings: tuple[Line, ...] = Field(default=(), max_length=MAX_PHRASINGS)


class FaqFile(Part):
    """Questions with their answers."""

    kind: Literal["faq"]
    entries: tuple[EntryPart, ...]


class ChannelPart(Part):
    name: Channel
    about: Line | None = None


class PersonPart(Part):
    handle: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]
    name: Line
    about: Line
    zone: str = "UTC"
    team: Line | None = None
    roles: tuple[Role, ...] = ()
    manager: Handle | None = None

    @field_validator("zone")
    @classmethod
    def zone_exists(cls, zone: str) -> str:
        zones = available_timezones()
        if zone not in zones:
            near = difflib.get_close_matches(zone, zones, n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            raise ValueError(f"there is no time zone '{zone}'{hint}")
        return zone


class DemoFile(Part):
    """A made-up workspace to try things in."""

    kind: Literal["demo"]
    workspace: Line
    channels: tuple[ChannelPart, ...]
    people: tuple[PersonPart, ...]


FILES: dict[str, type[Part]] = {
    "pack": PackFile,
    "topics": TopicsFile,
    "experts": ExpertsFile,
    "faq": FaqFile,
    "demo": DemoFile,
}
"""The kinds of file by their `kind`."""


def fields_of(file: type[Part], place: tuple[Any, ...]) -> list[str]:
    """The names that may stand beside the last step of `place` in a file of that shape."""
    part = file
    for step in place[:-1]:
        if isinstance(step, int):
            continue
        field = part.model_fields.get(str(step))
        inner = _part_in(field.annotation) if field is not None else None
        if inner is None:
            return []
        part = inner
    return list(part.model_fields)


def _part_in(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _part_in(inner)
        if found is not None:
            return found
    return None
