"""The shape of a pack's files. What a file says beside this is an error."""

import difflib
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bot.capabilities.questions.article import MAX_TITLE
from bot.capabilities.questions.model import MAX_ANSWER, Level
from bot.capabilities.questions.source import MAX_PHRASINGS
from bot.pack.document import Campaign, Channel, Line, Metric, Prompt
from bot.pack.item import Id
from bot.pack.model import Handle, Quiz, Section, Tip
from bot.people import Role

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


VERSION = r"^[0-9]+\.[0-9]+\.[0-9]+$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


class Part(BaseModel):
    """Anything in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PackFile(Part):
    """`pack.yaml`: what the pack is. There is one."""

    kind: Literal["pack"]
    id: Id
    title: Line
    version: Annotated[str, StringConstraints(pattern=VERSION)]
    language: Annotated[str, StringConstraints(pattern=LANGUAGE)]
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


class TipsFile(Part):
    """Tips, one file for as many as an author likes."""

    kind: Literal["tips"]
    tips: tuple[Tip, ...]


class PromptsFile(Part):
    """What people are asked to tell of their work."""

    kind: Literal["prompts"]
    prompts: tuple[Prompt, ...]


FILES: dict[str, type[BaseModel]] = {
    "pack": PackFile,
    "topics": TopicsFile,
    "experts": ExpertsFile,
    "faq": FaqFile,
    "demo": DemoFile,
    "section": Section,
    "tips": TipsFile,
    "quiz": Quiz,
    "prompts": PromptsFile,
    "campaign": Campaign,
    "metric": Metric,
}
"""The kinds of file by their `kind`."""
BARE = frozenset({Section, Quiz, Campaign, Metric})
"""Shapes that know nothing of files, and so of no `kind`."""


def fields_of(file: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    """The names that may stand beside the last step of `place` in a file of that shape.

    Of several shapes that a thing may have, `place` names the chosen one as a step.
    """
    known: Any = file
    for step in place[:-1]:
        known = _step(known, step)
        if known is None:
            return []
    parts = _models(known)
    fields = list(parts[0].model_fields) if len(parts) == 1 else []
    return ["kind", *fields] if file in BARE and len(place) == 1 else fields


def _step(known: Any, step: Any) -> Any:
    """The type of what stands at `step` in something of the type `known`."""
    parts = _models(known)
    for part in parts:
        field = part.model_fields.get("type")
        if len(parts) > 1 and field is not None and get_args(field.annotation) == (step,):
            return part
    if isinstance(step, int) or len(parts) != 1:
        return known
    field = parts[0].model_fields.get(str(step))
    if field is None:
        # A name that the author chose, as of a node of a case.
        return known
    return field.annotation


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models(inner)]
