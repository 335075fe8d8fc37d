"""What a pack holds for people to learn from: sections, tips and quizzes. Frozen values.

Everything has an id of its own kind for ever, and a version that follows from what it says
(`bot.pack.version`). What was written once is never deleted, only retired.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from bot.pack.item import Choosable, Frozen, Id, Item, Option, Said, Status, Stem

Handle = Annotated[str, StringConstraints(pattern=r"^@?[a-z0-9][a-z0-9._-]*$", max_length=60)]
"""How a pack calls a person, with or without an @."""
Headline = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150, pattern=r"^[^\n]*$")
]
Share = Annotated[float, Field(gt=0, lt=1)]


def _refuse_numbers(value: Any) -> Any:
    # Nobody means the 24 seconds that a mere 24 would be.
    if isinstance(value, int | float):
        raise ValueError("how long something lasts is written like PT24H, P14D or P1Y")
    return value


def _refuse_the_past(value: timedelta) -> timedelta:
    if value < timedelta(0):
        raise ValueError("nothing lasts less than no time at all")
    return value


Span = Annotated[timedelta, BeforeValidator(_refuse_numbers), AfterValidator(_refuse_the_past)]
"""How long something lasts, in ISO 8601; a year is 365 days and a month 30."""


class Kind(StrEnum):
    """What is kept of packs, each under its id."""

    SECTION = "section"
    TIP = "tip"
    QUIZ = "quiz"
    ITEM = "item"
    PROMPT = "prompt"
    CAMPAIGN = "campaign"
    METRIC = "metric"
    TOPIC = "topic"
    """What everything is about. It has no versions, and is kept elsewhere (`bot.topic`)."""


class Section(Frozen):
    """A few minutes' reading. `body` is Markdown of the author's (headings, lists, tables)."""

    id: Id
    title: Headline
    topic: Id
    owner: Handle | None = None
    minutes: Annotated[int, Field(ge=1, le=15)]
    review_by: date | None = None
    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=12_000)]


class Check(Frozen):
    """A question that brings a tip back: exactly one option is the best."""

    q: Stem
    options: tuple[Option, ...] = Field(min_length=2, max_length=4)


class Variant(Frozen):
    """The same idea in other words."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
    check: Check | None = None


class Tip(Frozen):
    """One idea, read in less than a minute.

    `objective` is `quiz/objective`. `critical` ones are to be remembered better (FSRS at .90).
    Without a `check` a tip is said once (`spaced: false`). `credit` is whom it comes from.
    `text` is in the small markup of the packs (`*strong*`, `` `code` ``).
    """

    id: Id
    topic: Id
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
    objective: str | None = None
    section: Id | None = None
    try_it: Said = ""
    check: Check | None = None
    variants: tuple[Variant, ...] = Field(default=(), max_length=5)
    spaced: bool = True
    critical: bool = False
    review_by: date | None = None
    source: str = ""
    credit: Choosable | None = None
    status: Literal["draft", "live"] = "live"


class Retake(Frozen):
    """When somebody may try again."""

    cooldown: Span = timedelta(hours=24)
    scope: Literal["failed_objectives", "all"] = "failed_objectives"
    max_per_30d: Annotated[int, Field(ge=1, le=30)] = 4


class Sprt(Frozen):
    """Wald's sequential test: `alpha` is P(pass | p0), `beta` is P(fail | p1)."""

    p0: Share = 0.6
    p1: Share = 0.9
    alpha: Share = 0.05
    beta: Share = 0.10
    n_min: Annotated[int, Field(ge=1, le=50)] = 8
    n_max: Annotated[int, Field(ge=1, le=100)] = 20
    cut: Share = 0.8


class Policy(Frozen):
    """How a quiz decides.

    `form` is how many items of each objective a `fixed` form has, `cut` how many right ones
    pass it, or `angoff` for the judges' sum. `valid_for` None is for ever.
    """

    mode: Literal["gate", "gate_sprt", "fixed"] = "gate"
    critical_error_fails: bool = True
    confidence: Literal["off", "feedback_only", "cbm"] = "feedback_only"
    feedback: Literal["after_each", "at_end"] = "after_each"
    retake: Retake = Retake()
    sprt: Sprt = Sprt()
    form: dict[Id, Annotated[int, Field(ge=1, le=50)]] = Field(default_factory=dict)
    cut: Annotated[int, Field(ge=1, le=200)] | Literal["angoff"] | None = None
    valid_for: Span | None = None
    renew_from: Span = timedelta(days=60)
    grace: Span = timedelta(days=30)
    renewal: Literal["retest", "longitudinal"] = "retest"
    requirement: Literal["voluntary", "mandatory", "regulatory"] = "voluntary"
    max_time: Span | None = None


class Objective(Frozen):
    """What somebody can do who meets it. `sections` teach it."""

    id: Id
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    sections: tuple[Id, ...] = ()
    critical: bool = False


class Quiz(Frozen):
    """An assessment with all its items. Its own version covers theirs."""

    id: Id
    title: Headline
    topic: Id
    owner: Handle | None = None
    purpose: Said = ""
    language: str = "en"
    policy: Policy = Policy()
    objectives: tuple[Objective, ...] = Field(min_length=1, max_length=12)
    items: tuple[Item, ...] = Field(min_length=1, max_length=10_000)
    review_by: date | None = None


def is_asked(quiz: Quiz) -> bool:
    """Whether it has a question that counts. One without any is still being written, and nobody
    is offered it."""
    return any(item.status is Status.LIVE for item in quiz.items)


Content: TypeAlias = Section | Tip | Quiz
