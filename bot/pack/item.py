"""Items: what a quiz asks, in the words of an author. Frozen values that files and rows hold.

An item knows no platform. What it holds is what an author writes (domain.md 1.2 and 8); how an
answer to it is scored is in `bot.pack.scoring`, how it is shown belongs to who shows it.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# The engine behind these patterns knows no look-ahead.
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""Unique within its kind: small letters, digits and hyphens; never used again."""
LocalId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,8}$")]
"""Of an option, a step, a line: unique within its item."""
Stem = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_500)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=600)]
"""Feedback, a consequence, a reason; may be empty."""
Choosable = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""What can be chosen: an option, a step, a line."""
Credit = Annotated[float, Field(ge=0, le=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Tolerance = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Frozen(BaseModel):
    """A value of a pack."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Severity(StrEnum):
    """How bad what follows from a choice is, in the world."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class Status(StrEnum):
    """Whether an item is asked. A draft is being written; what was retired stays on record.
    A pilot is asked, but does not count."""

    DRAFT = "draft"
    PILOT = "pilot"
    LIVE = "live"
    RETIRED = "retired"


class Consequence(Frozen):
    """What happens next in the world."""

    text: Said
    severity: Severity = Severity.MINOR


class Option(Frozen):
    """`score` is the credit of choosing it; `feedback` says why somebody would."""

    id: LocalId
    text: Choosable
    score: Credit = 0
    feedback: Said = ""
    consequence: Consequence | None = None


class Asked(Frozen):
    """What all items have.

    `objective` is an id of the quiz. `sections` are those that help, beside the objective's
    own. Of `variant_of` siblings and `enemies` only one is asked in an attempt. `angoff` are
    judges' ratings: of 100 people who are just competent, what share would get it right.
    """

    id: Id
    objective: Id
    stem: Stem
    status: Status = Status.LIVE
    critical: bool = False
    sections: tuple[Id, ...] = ()
    variant_of: Id | None = None
    enemies: tuple[Id, ...] = ()
    angoff: tuple[Credit, ...] = ()
    image: str | None = None
    image_alt: Said = ""
    feedback: Said = ""
    """The principle, shown with every answer."""


class ScenarioChoice(Asked):
    """One decision; exactly one option is the best (score 1)."""

    type: Literal["scenario_choice"]
    options: tuple[Option, ...] = Field(min_length=2, max_length=5)
    shuffle: bool = True


class CheckOption(Frozen):
    """One of several that may be right."""

    id: LocalId
    text: Choosable
    correct: bool
    feedback: Said = ""
    consequence: Consequence | None = None


class MultiSelect(Asked):
    """All that apply."""

    type: Literal["multi_select"]
    options: tuple[CheckOption, ...] = Field(min_length=4, max_length=10)
    shuffle: bool = True


class Step(Frozen):
    id: LocalId
    text: Choosable


class Ordering(Asked):
    """`steps` stand in their right order, and are shown shuffled."""

    type: Literal["ordering"]
    steps: tuple[Step, ...] = Field(min_length=3, max_length=6)


class Pair(Frozen):
    id: LocalId
    left: Choosable
    right: Choosable


class Matching(Asked):
    """Each left side has one right side; `distractors` are right sides of none."""

    type: Literal["matching"]
    pairs: tuple[Pair, ...] = Field(min_length=3, max_length=6)
    distractors: tuple[Choosable, ...] = Field(default=(), max_length=4)


class NearMiss(Frozen):
    """A wrong number whose cause is known."""

    value: Number
    tolerance: Tolerance = 0
    score: Credit = 0
    feedback: Said = ""


class Numeric(Asked):
    """Right within `tolerance` of `answer`."""

    type: Literal["numeric"]
    answer: Number
    tolerance: Tolerance = 0
    unit: Annotated[str, StringConstraints(max_length=40)] = ""
    near_misses: tuple[NearMiss, ...] = Field(default=(), max_length=10)


class Accept(Frozen):
    """A rule for a written answer; the first that matches gives its credit.

    `exact` compares without regard to case and spaces around or between; `contains` looks for
    the words; `regex` is searched for without regard to case.
    """

    match: Literal["exact", "contains", "regex"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    score: Credit = 1
    feedback: Said = ""


class ShortText(Asked):
    """A written answer. What no rule knows is read by a person, or is wrong."""

    type: Literal["short_text"]
    accept: tuple[Accept, ...] = Field(min_length=1, max_length=20)
    unmatched: Literal["human_review", "wrong"] = "human_review"
    max_length: Annotated[int, Field(ge=1, le=500)] = 200


class Turn(Frozen):
    """An option of a node: what it is worth, and where it leads; nowhere ends the case."""

    id: LocalId
    text: Choosable
    next: LocalId | None = None
    score: Credit = 0
    feedback: Said = ""
    consequence: Consequence | None = None


class Node(Frozen):
    text: Stem
    options: tuple[Turn, ...] = Field(min_length=2, max_length=4)


class Branching(Asked):
    """A case in steps: acyclic, at most six deep."""

    type: Literal["branching"]
    start: LocalId
    nodes: dict[LocalId, Node] = Field(min_length=1, max_length=20)


class Line(Frozen):
    """A line of an artefact; `why` it is a problem."""

    id: LocalId
    text: Choosable
    problem: bool = False
    why: Said = ""


class SpotProblem(Asked):
    """Which lines are wrong."""

    type: Literal["spot_problem"]
    artefact: Annotated[str, StringConstraints(max_length=150)] = ""
    lines: tuple[Line, ...] = Field(min_length=4, max_length=10)


Item: TypeAlias = Annotated[
    ScenarioChoice
    | MultiSelect
    | Ordering
    | Matching
    | Numeric
    | ShortText
    | Branching
    | SpotProblem,
    Field(discriminator="type"),
]
