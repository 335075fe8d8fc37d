"""What the owner of a campaign decides: to whom, when, what, and towards what.

Approval is bound to the content as a whole: its `digest` changes with anything that is said
here, and with nothing else.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from itertools import pairwise

from pydantic import TypeAdapter

from bot.ids import PersonId
from bot.message import Args
from bot.pack.document import MOST_ANSWER, MOST_OPTIONS

GOOD_FOR = 3
"""Days of a person's calendar for which an activity is good that does not say, its first
included. The next one of the campaign ends it earlier."""
INVITATION = "invitation"
"""What stands in the place of an activity where people are asked whether they want a campaign."""
TIME_TO_JOIN = 7
"""Days from the start within which who was asked may say yes, if the campaign names no day."""
ONE_MESSAGE = "message"
"""The id of the activity of a campaign that is one message to many."""
MOST_ACTIVITIES = 60
_DAY = timedelta(days=1)
_WEEKEND = (5, 6)


class Format(StrEnum):
    """What an activity is. `message`, `qna_session` and `poll` are campaigns' own; the others
    are lent by the capability that has them (`bot.activity`)."""

    MESSAGE = "message"
    SECTION = "section"
    TIP = "tip"
    QUIZ = "quiz"
    PROMPT = "prompt"
    QNA_SESSION = "qna_session"
    POLL = "poll"


LENT = frozenset({Format.SECTION, Format.TIP, Format.QUIZ, Format.PROMPT})
"""They refer to something that another capability has."""
_FOR_ALL = frozenset({Format.QUIZ, Format.PROMPT})
"""Those of them that teach nothing, so that nobody is spared because they know it."""


class Timing(StrEnum):
    """Whether an activity is on a day of the calendar, or on a working day of each person's own
    enrolment."""

    CALENDAR = "calendar"
    ENROLMENT = "enrolment"


class Consent(StrEnum):
    """`opt_in`: who is asked and does nothing gets nothing more. `opt_out`: who says stop gets
    nothing more. `assigned`: for what is mandatory; who says stop
    is left alone by it too."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    ASSIGNED = "assigned"


class Requirement(StrEnum):
    VOLUNTARY = "voluntary"
    MANDATORY = "mandatory"
    REGULATORY = "regulatory"


class OnlyIf(StrEnum):
    """Who gets an activity, of those whose turn it is. Certified is meant by the activity's own
    quiz, else by all quizzes of the campaign's activities; answered by its own prompt."""

    CERTIFIED = "certified"
    NOT_CERTIFIED = "not_certified"
    NOT_ANSWERED = "not_answered"


class Design(StrEnum):
    """All at once; half of the clusters and never the others (`ab`); or all of them, one group
    after another in an order that is drawn (`stepped_wedge`)."""

    ALL = "all"
    AB = "ab"
    STEPPED_WEDGE = "stepped_wedge"


class ClusterBy(StrEnum):
    TEAM = "team"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that people get. `id` is the campaign's own name for it and is never used anew.

    With calendar timing it is on `date`, with enrolment timing on the person's working day `day`
    (from 0). To people it comes at their own hour; in a channel (`channel`, as the platform
    calls the conversation) it stands once, at `at` on the owner's clock.
    """

    id: str
    format: Format = Format.MESSAGE
    date: dt.date | None = None
    day: int | None = None
    at: time | None = None
    days: int | None = None
    """For how many days of the person's calendar it is good; see `GOOD_FOR`."""
    ref: str | None = None
    channel: str | None = None
    text: str = ""
    options: tuple[str, ...] = ()
    only_if: OnlyIf | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """To whom it goes: the people of these teams, of a conversation and those named, without
    the others; with none of the three everybody."""

    teams: tuple[str, ...] = ()
    conversation: str | None = None
    people: tuple[PersonId, ...] = ()
    without_teams: tuple[str, ...] = ()
    without_people: tuple[PersonId, ...] = ()
    consent: Consent = Consent.OPT_OUT

    @property
    def is_everybody(self) -> bool:
        """Whether nobody is named who is in it."""
        return not (self.teams or self.people or self.conversation)


@dataclass(frozen=True, slots=True)
class Rollout:
    """Who begins when. `step_every` is in days; without a `seed` it is drawn by one that nobody
    has chosen."""

    design: Design = Design.ALL
    cluster_by: ClusterBy = ClusterBy.TEAM
    steps: int = 1
    step_every: int = 14
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Success:
    """What the campaign is approved for, written down before it starts; days, and a change in
    the unit of the metric."""

    metric: str
    baseline: int
    follow_up: int
    smallest_worthwhile: str


@dataclass(frozen=True, slots=True)
class Content:
    """All that is approved. `start` is the first day of enrolment timing; people who come later
    begin on their own first day until `join_until`."""

    title: str
    activities: tuple[Activity, ...]
    audience: Audience = Audience()
    timing: Timing = Timing.CALENDAR
    start: date | None = None
    join_until: date | None = None
    topic: str | None = None
    approvers: tuple[PersonId, ...] = ()
    """Without any it is whoever may approve and is not the owner."""
    requirement: Requirement = Requirement.VOLUNTARY
    rollout: Rollout = Rollout()
    throttle_per_day: int = 1
    completion: str = ""
    success: Success | None = None
    catch_up: bool = False
    """Whether what a pause has made too late is sent afterwards."""
    closing: str = ""
    """What those who had begun are told when it is cancelled."""

    @property
    def is_one_message(self) -> bool:
        """Whether it is one message to many, which its owner may send without being approved."""
        return (
            len(self.activities) == 1
            and self.timing is Timing.CALENDAR
            and self.activities[0].id == ONE_MESSAGE
            and self.activities[0].format is Format.MESSAGE
            and self.activities[0].channel is None
            and self.activities[0].only_if is None
            and not self.approvers
            and self.rollout.design is Design.ALL
            and len(self.audience.teams) <= 1
            and self.audience
            == Audience(teams=self.audience.teams, conversation=self.audience.conversation)
            and not (self.audience.teams and self.audience.conversation)
        )

    @property
    def team(self) -> str | None:
        """The one team to which it goes."""
        return self.audience.teams[0] if len(self.audience.teams) == 1 else None

    @property
    def conversation(self) -> str | None:
        return self.audience.conversation

    @property
    def body(self) -> str:
        """The text of its first activity that has one."""
        return next((activity.text for activity in self.activities if activity.text), "")

    @property
    def first_day(self) -> date:
        """The first day of the calendar on which anybody may get anything."""
        if self.timing is Timing.ENROLMENT:
            return self.start or date.min
        return min((a.date for a in self.activities if a.date), default=date.min)

    @property
    def begins(self) -> date:
        """The day on which the first of it comes. By the calendar people are asked on the weekday
        before whether they want it: what they are asked takes the one place of a day."""
        first = self.first_day
        if not self.asks_first or self.timing is Timing.ENROLMENT or first == date.min:
            return first
        first -= _DAY
        while first.weekday() in _WEEKEND:
            first -= _DAY
        return first

    @property
    def last_day(self) -> date:
        """The last day on which anybody may, by a calendar without holidays."""
        if self.timing is Timing.CALENDAR:
            ends = [a.date + (days_of(self, a) - 1) * _DAY for a in self.activities if a.date]
            return max(ends, default=date.min)
        last = max((a.day or 0 for a in self.activities), default=0)
        begun = max(filter(None, (self.join_until, self.start)), default=date.min)
        if self.rollout.design is Design.STEPPED_WEDGE:
            begun += (self.rollout.steps - 1) * self.rollout.step_every * _DAY
        return begun + (last // 5 * 7 + last % 5 + GOOD_FOR - 1) * _DAY

    @property
    def asks_first(self) -> bool:
        """Whether people get no more than a question until they say yes."""
        return self.audience.consent is Consent.OPT_IN

    @property
    def last_to_join(self) -> dt.date | None:
        """The last day on which anybody may begin; None where only who is there at the start."""
        if self.timing is Timing.CALENDAR:
            return self.last_day
        if self.join_until is None and self.asks_first and self.start is not None:
            return self.start + TIME_TO_JOIN * _DAY
        return self.join_until

    def activity(self, id_: str) -> Activity | None:
        """The activity of that id."""
        return next((activity for activity in self.activities if activity.id == id_), None)


def one_message(
    title: str,
    body: str,
    team: str | None,
    first_day: date,
    last_day: date,
    conversation: str | None = None,
) -> Content:
    """One message to a team, to the people of a conversation or to everybody, at each one's hour
    on one of the days."""
    days = (last_day - first_day).days + 1
    return Content(
        title=title,
        activities=(Activity(id=ONE_MESSAGE, date=first_day, days=days, text=body),),
        audience=Audience(teams=() if team is None else (team,), conversation=conversation),
    )


def invitation_of(content: Content, wave: date) -> Activity:
    """What asks the people of a wave whether they want a campaign. By the calendar they may be
    asked as long as the first of it is still to come to them."""
    if content.timing is Timing.ENROLMENT:
        return Activity(id=INVITATION, date=wave, day=0)
    days = max(GOOD_FOR, (content.first_day - content.begins).days + 1)
    return Activity(id=INVITATION, date=content.begins, day=0, days=days)


def is_personal(activity: Activity) -> bool:
    """Whether who gets an activity depends on what they have passed, read or written, so that
    every number of those who did, or did not, would tell of that."""
    return activity.only_if is not None or activity.format in LENT - _FOR_ALL


def are_answers(options: Sequence[str]) -> bool:
    """Whether a poll can be answered with these: some, all different, each fit for a button."""
    fit = all(option.strip() and len(option) <= MOST_ANSWER for option in options)
    return fit and 2 <= len(set(options)) == len(options) <= MOST_OPTIONS


def in_order(content: Content) -> Sequence[Activity]:
    """Its activities by when they come."""
    return sorted(content.activities, key=lambda a: (a.date or date.min, a.day or 0))


def days_of(content: Content, activity: Activity) -> int:
    """For how many days of a person's calendar an activity is good.

    The next one that comes to the same people ends it: so nobody ever gets two of them on one
    day because the first was late.
    """
    wanted = activity.days or GOOD_FOR
    if content.throttle_per_day > 1 or activity.channel is not None:
        return wanted
    mine = [a for a in in_order(content) if a.channel is None]
    for one, other in pairwise(mine):
        if one.id == activity.id:
            if one.date and other.date:
                return max(1, min(wanted, (other.date - one.date).days))
            return max(1, min(wanted, (other.day or 0) - (one.day or 0)))
    return wanted


def data_of(content: Content) -> Args:
    """The content as an event keeps it."""
    data: Args = _CONTENT.dump_python(content, mode="json")
    return data


def content_of(data: Args) -> Content:
    """The content that `data_of` made these of, in whatever version."""
    if "activities" in data:
        return _CONTENT.validate_python(data)
    # Until campaigns had activities they were one message.
    team, conversation = data["team"], data.get("conversation")
    return one_message(
        str(data["title"]),
        str(data["body"]),
        None if team is None else str(team),
        date.fromisoformat(str(data["first_day"])),
        date.fromisoformat(str(data["last_day"])),
        None if conversation is None else str(conversation),
    )


def digest_of(content: Content) -> str:
    """What approval is bound to: SHA-256 of the canonical JSON, in hexadecimal digits."""
    text = json.dumps(data_of(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


_CONTENT = TypeAdapter(Content)
