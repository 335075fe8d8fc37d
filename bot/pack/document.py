"""What a pack holds for other capabilities to work with: prompts, campaigns and metrics.

Frozen values, kept as documents with every version that they had (`PackStore.document`). Who
works with one asks by its kind and id. What they name of each other is there: a pack in which
it is not cannot be brought.
"""

import datetime as dt
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from bot.pack.item import Choosable, Frozen, Id, LocalId, Said
from bot.pack.model import Content, Handle, Kind, Quiz, Section, Span, Tip

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\n]*$")
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Channel = Annotated[str, StringConstraints(pattern=r"^#[^\s#]+$", max_length=80)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Local to whom it is about."""
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Segment = Annotated[
    str, StringConstraints(pattern=r"^(group|tag|team|person):[A-Za-z0-9@._-]+$", max_length=80)
]
"""People by what they have in common, as in `team:support`."""
Requirement = Literal["voluntary", "mandatory", "regulatory"]


class Prompt(Frozen):
    """A question about one's own work (domain.md 4.1), answered in up to four fields."""

    id: Id
    type: Literal["working_on", "learned", "stuck", "differently", "decision", "thanks"]
    text: Text
    hint: Said = ""
    fields: tuple[FieldName, ...] = Field(default=(), max_length=4)


MOST_OPTIONS = 5
MOST_QUESTION = 150
MOST_ANSWER = 75
"""Of a poll: as many answers as a platform puts in one row of buttons, with as many characters
as a button shows, and a question that a form can change."""


class Audience(Frozen):
    """Whom a campaign is for; everybody is `group:everybody`. Nobody who is in `exclude` is,
    whatever else they are in."""

    include: tuple[Segment, ...] = Field(min_length=1)
    exclude: tuple[Segment, ...] = ()
    consent: Literal["opt_in", "opt_out", "assigned"] = "opt_in"


class Rollout(Frozen):
    """Who gets it when, so that its effect can be told (domain.md 5.6)."""

    design: Literal["all", "ab", "stepped_wedge"] = "all"
    cluster_by: Literal["team", "site"] = "team"
    steps: Annotated[int, Field(ge=2, le=12)] | None = None
    step_every: Span | None = None
    seed: int | None = None


class Success(Frozen):
    """Written down before the start: this is what the campaign is approved for."""

    metric: Id
    baseline: Span
    follow_up: Span
    smallest_worthwhile: float = Field(allow_inf_nan=False)


class When(Frozen):
    """A working day of one's own enrolment, from 0, or a day of the calendar."""

    day: Annotated[int, Field(ge=0, le=365)] | None = None
    date: dt.date | None = None
    at: TimeOfDay | None = None


class Activity(Frozen):
    """One thing that people get. `ref` is what it is of its kind: a section, a tip, a quiz, a
    prompt; the others say their `text`, and a poll its `options`.

    `only_if` looks at the one who would get it. Of a calendar, `catch_up` sends it after a
    pause in which its day went by.
    """

    id: LocalId
    format: Literal["message", "section", "tip", "quiz", "prompt", "qna_session", "poll"]
    ref: Id | None = None
    when: When
    to: Literal["dm", "channel"] = "dm"
    channel: Channel | None = None
    text: Text | None = None
    options: tuple[Choosable, ...] = Field(default=(), max_length=10)
    only_if: Literal["not_certified", "certified", "not_answered"] | None = None
    optional: bool = False
    catch_up: bool = False


class Campaign(Frozen):
    """Several things in a row, for many people, towards one measure (domain.md 5.1).

    `timing` is its clock: days of the calendar, or working days from one's own start, in which
    case people can join until `join_until`. `completion` is in the grammar of
    `bot.pack.completion`.
    """

    id: Id
    title: Line
    topic: Id
    owner: Handle
    approvers: tuple[Handle, ...] = Field(min_length=1)
    audience: Audience
    requirement: Requirement = "voluntary"
    start: dt.date
    timing: Literal["calendar", "enrolment"]
    join_until: dt.date | None = None
    rollout: Rollout = Rollout()
    throttle_per_day: Annotated[int, Field(ge=1, le=3)] = 1
    completion: Text | None = None
    success: Success | None = None
    activities: tuple[Activity, ...] = Field(min_length=1, max_length=60)


class Metric(Frozen):
    """What the work itself shows (domain.md 6.2). It is never about a person."""

    id: Id
    title: Line
    definition: Text
    unit_of_analysis: Literal["team", "site", "queue", "organisation"]
    period: Literal["day", "week", "month", "quarter"]
    type: Literal["count", "rate", "duration", "score"]
    denominator: FieldName | None = None
    direction: Literal["lower_is_better", "higher_is_better"]
    source: Literal["csv", "webhook"]
    owner: Handle
    smallest_worthwhile: Annotated[float, Field(allow_inf_nan=False)] | None = None


Document: TypeAlias = Prompt | Campaign | Metric
Piece: TypeAlias = Content | Document
"""Anything that a pack brings and that has an id and versions of its own."""

DOCUMENTS: dict[Kind, type[Prompt] | type[Campaign] | type[Metric]] = {
    Kind.PROMPT: Prompt,
    Kind.CAMPAIGN: Campaign,
    Kind.METRIC: Metric,
}
"""The kinds of document."""


def kind_of(value: Piece) -> Kind:
    """Under which kind a value is kept."""
    match value:
        case Section():
            return Kind.SECTION
        case Tip():
            return Kind.TIP
        case Quiz():
            return Kind.QUIZ
        case Prompt():
            return Kind.PROMPT
        case Campaign():
            return Kind.CAMPAIGN
        case Metric():
            return Kind.METRIC
