"""What somebody need not be taught any more, because they showed that they can do it.

Who passes a quiz without having read anything has tested out of its topic. Quizzes write that
down, tips and sections mind it: this is where they meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ids import PersonId, TopicId, WorkspaceId


@dataclass(frozen=True, slots=True)
class Waiver:
    """A person has shown what the objectives of a quiz ask for.

    `minutes` of reading are given back by it. A later one of the same quiz replaces it. It
    holds until `until` (None: for ever): then the person may have to show it again.
    """

    workspace: WorkspaceId
    person: PersonId
    quiz: str
    topic: TopicId
    objectives: tuple[str, ...]
    minutes: int
    at: datetime
    until: datetime | None = None

    def covers(self, objective: str | None, now: datetime) -> bool:
        """Whether what teaches an objective (`quiz/objective`, None: the topic as a whole) need
        not come to the person now."""
        if self.until is not None and now >= self.until:
            return False
        return objective is None or objective in {f"{self.quiz}/{one}" for one in self.objectives}


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What tested-out people need not read, all together; of fewer than K_ANONYMOUS people
    there is no such sum (see `bot.access`)."""

    people: int
    minutes: int


def source_of_tips(topic: TopicId) -> str:
    """What letters that teach a topic unasked name as their source (`bot.outbox.Letter`): by
    it those that wait are taken back when somebody tests out."""
    return f"tips:{topic}"


class Waivers(Protocol):
    """Who has tested out of what, within one open transaction (`work.waivers`)."""

    def add(self, waiver: Waiver) -> None:
        """Keep it. In the same transaction the letters to the person are taken back that have
        not begun and whose source is `source_of_tips` of the topic, or which are about a tip or
        section that it covers (`tip:ID`, `section:ID`; `bot.outbox.Letter.about`)."""

    def of(self, person: PersonId) -> Sequence[Waiver]:
        """Those of a person, whether they still hold or not, by topic and quiz."""

    def of_several(self, people: Sequence[PersonId]) -> Sequence[Waiver]:
        """Those of many people, in no certain order."""

    def withdraw(self, person: PersonId, quiz: str) -> None:
        """As if it had never been: the attempt behind it turned out to be void."""

    def end(self, person: PersonId, quiz: str, at: datetime) -> None:
        """It holds no longer than until `at`; the minutes stay given back."""

    def forget(self, person: PersonId) -> None:
        """None of a person who has left."""

    def given_back(self, workspace: WorkspaceId) -> GivenBack | None:
        """Minutes of reading that were given back so far; None of too few people."""
