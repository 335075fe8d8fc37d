"""The shape of a pack's files. What a file says beside this is an error."""

import datetime as dt
import difflib
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bot.capabilities.questions.article import MAX_TITLE
from bot.capabilities.questions.model import MAX_ANSWER, Level
from bot.capabilities.questions.source import MAX_PHRASINGS
from bot.pack.item import Id, LocalId, Said
from bot.pack.model import Handle, Quiz, Section, Span, Tip
from bot.people import Role

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


# --- what other files ask and do ------------------------------------------------------

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Field_ = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Audience = Annotated[
    str, StringConstraints(pattern=r"^(group|tag|team|person):[A-Za-z0-9@._-]+$", max_length=80)
]


class TipsFile(Part):
    """Tips, one file for as many as an author likes."""

    kind: Literal["tips"]
    tips: tuple[Tip, ...]


class PromptPart(Part):
    """A question about one's own work, answered in up to three fields."""

    id: Id
    type: Literal["working_on", "learned", "stuck", "differently", "decision", "thanks"]
    text: Text
    hint: Said = ""
    fields: tuple[Field_, ...] = Field(default=(), max_length=4)


class PromptsFile(Part):
    """What people are asked to tell of their work."""

    kind: Literal["prompts"]
    prompts: tuple[PromptPart, ...]


class AudiencePart(Part):
    include: tuple[Audience, ...] = ()
    exclude: tuple[Audience, ...] = ()
    consent: Literal["opt_in", "opt_out", "assigned"] = "opt_in"


class RolloutPart(Part):
    design: Literal["all", "ab", "stepped_wedge"] = "all"
    cluster_by: Literal["team", "site"] = "team"
    steps: Annotated[int, Field(ge=2, le=12)] | None = None
    step_every: Span | None = None
    seed: int | None = None


class SuccessPart(Part):
    """Written down before the start: this is what the campaign is approved for."""

    metric: Id
    baseline: Span
    follow_up: Span
    smallest_worthwhile: float = Field(allow_inf_nan=False)


class WhenPart(Part):
    """A working day of the enrolment, from 0, or a day of the calendar."""

    day: Annotated[int, Field(ge=0, le=365)] | None = None
    date: dt.date | None = None
    at: TimeOfDay | None = None


class ActivityPart(Part):
    id: LocalId
    format: Literal["message", "section", "tip", "quiz", "prompt", "qna_session", "poll"]
    ref: Id | None = None
    when: WhenPart
    to: Literal["dm", "channel"] = "dm"
    channel: Channel | None = None
    text: Text | None = None
    only_if: Literal["not_certified", "certified", "not_answered"] | None = None
    optional: bool = False


class CampaignFile(Part):
    """Several things in a row, for many people, towards one measure."""

    kind: Literal["campaign"]
    id: Id
    title: Line
    topic: Id
    owner: Handle
    approvers: tuple[Handle, ...] = Field(min_length=1)
    audience: AudiencePart
    requirement: Literal["voluntary", "mandatory", "regulatory"] = "voluntary"
    start: dt.date
    timing: Literal["calendar", "enrolment"]
    rollout: RolloutPart = RolloutPart()
    throttle_per_day: Annotated[int, Field(ge=1, le=3)] = 1
    completion: Text | None = None
    success: SuccessPart | None = None
    activities: tuple[ActivityPart, ...] = Field(min_length=1, max_length=60)


class MetricFile(Part):
    """What the work itself shows. It is never about a person."""

    kind: Literal["metric"]
    id: Id
    title: Line
    definition: Text
    unit_of_analysis: Literal["team", "site", "queue", "organisation"]
    period: Literal["day", "week", "month", "quarter"]
    type: Literal["count", "rate", "duration", "score"]
    denominator: Field_ | None = None
    direction: Literal["lower_is_better", "higher_is_better"]
    source: Literal["csv", "webhook"]
    owner: Handle
    smallest_worthwhile: Annotated[float, Field(allow_inf_nan=False)] | None = None


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
    "campaign": CampaignFile,
    "metric": MetricFile,
}
"""The kinds of file by their `kind`."""
BARE = frozenset({Section, Quiz})
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
