"""A world in which something is written, and people who read it."""

from datetime import UTC, datetime
from itertools import count

from bot.capabilities.quizzes.model import Attempt, Response, Start
from bot.capabilities.quizzes.model import State as AttemptState
from bot.ids import AttemptId, PersonId, TopicId
from bot.message import Choice
from bot.pack.issue import Issue, State, fold
from bot.pack.model import Content, Kind, Quiz, Section
from bot.pack.ports import Edition, Put
from bot.pack.version import version_of_item
from tests.capabilities.quizzes.taking import TWO, QuizWorld, quiz_of
from tests.world import WORKSPACE

BODY = """
# Before you send

Ask *who* needs it, and **why**.

- Send a link, not a file.
- Set the day on which it ends.

| When | Then |
|------|------|
| in doubt | ask your steward |
| never | passwords |
"""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = count()
"""Of attempts that nobody sat."""


class LibraryWorld(QuizWorld):
    """The usual people, a quiz about travel, and a section for each of its two objectives."""

    def writes(self, *contents: Content) -> None:
        """A pack brings something."""
        with self.database.transaction() as work:
            work.packs.put(WORKSPACE, [Put(value, "test", self.now) for value in contents])

    def writes_all(self) -> Quiz:
        quiz = self.opens_quiz(quiz_of(TWO))
        self.writes(
            Section(
                id="read-share",
                title="Sharing well",
                topic="travel",
                minutes=3,
                summary="What to ask before you send something.",
                body=BODY,
            )
        )
        return quiz

    def chooses_in(self, who: str, label: str, option: str) -> None:
        """Choose an option of the newest choice of that label that the person sees."""
        for heard in reversed(self.hears(who)):
            for part in heard.message.parts:
                if isinstance(part, Choice) and part.label == label:
                    found = next(o for o in part.options if o.label == option)
                    self.forges(who, part.action, {**part.args, "choice": found.value})
                    return
        raise AssertionError(f"{who} sees no choice {label!r}")

    def reads(self, who: str, section: str = "read-share") -> None:
        self.forges(who, "library.section", {"section": section})

    def finds_unclear(self, who: str, section: str = "read-share") -> None:
        self.reads(who, section)
        self.presses(who, "Still unclear")

    def sections(self) -> list[Section]:
        with self.database.transaction() as work:
            return [kept.value for kept in work.packs.sections(WORKSPACE, TopicId("travel"))]

    def retires(self, section: str) -> None:
        with self.database.transaction() as work:
            work.packs.retire(WORKSPACE, Kind.SECTION, [section], self.now)

    def says_me(self, who: str) -> str:
        """What the person is shown of what is held about them."""
        self.says(who, "/me")
        return self.last(who)

    def is_taken(
        self,
        item: str,
        *,
        right: int,
        wrong: int,
        first: bool = True,
        chosen: str = "a",
        certainty: int | None = None,
        seen: bool = False,
        after: int = 0,
    ) -> None:
        """Many others answer an item as it stands now: in first attempts, or when they try
        again. They are the same each time, or those who come `after` so many of them."""
        with self.database.transaction() as work:
            kept = work.packs.quiz(WORKSPACE, "data")
            assert kept is not None
            asked = next(one for one in kept.value.items if one.id == item)
            objectives = tuple(objective.id for objective in kept.value.objectives)
            for number in range(right + wrong):
                is_right = number < right
                response = Response(
                    item=item,
                    item_version=version_of_item(asked),
                    objective=asked.objective,
                    order=1,
                    raw="b" if is_right else chosen,
                    credit=float(is_right),
                    right=is_right,
                    shown_at=self.now,
                    answered_at=self.now,
                    certainty=certainty,
                    seen_before=seen,
                )
                taken = Attempt(
                    id=AttemptId(f"taken{next(_numbers)}"),
                    workspace=WORKSPACE,
                    person=PersonId(f"taker{number + after}"),
                    quiz="data",
                    offered_at=self.now,
                    changed_at=self.now,
                    state=AttemptState.PASSED if is_right else AttemptState.FAILED,
                    start=Start(kept.version, "00", "gate", objectives, first=first),
                    responses=(response,),
                )
                work.attempts.add(taken)
                work.attempts.save(taken, [response])

    def gets_answer(self, who: str, answer: str) -> str:
        """Whoever was asked last answers, and the asker accepts; returns who answered."""
        helper = self.who_was_asked()[-1]
        self.presses(helper, "I take it")
        self.presses(helper, "Answer")
        self.fills(helper, answer=answer)
        self.presses(who, "That’s the answer")
        self.passes(minutes=1)
        return helper

    def issues(self) -> list[Issue]:
        """All issues; each is the fold of its events."""
        with self.database.transaction() as work:
            found = list(work.issues.in_states(WORKSPACE, frozenset(State)))
            for issue in found:
                assert fold(issue, work.issues.events(issue.id)) == issue
        return found

    def issue(self) -> Issue:
        [issue] = self.issues()
        return issue

    def editions(self, kind: Kind, id_: str) -> list[Edition]:
        with self.database.transaction() as work:
            return list(work.packs.history(WORKSPACE, kind, id_))

    def editions_of(self, section: str) -> list[Edition]:
        return self.editions(Kind.SECTION, section)

    def steward(self) -> PersonId:
        with self.database.transaction() as work:
            topic = work.topics.get(WORKSPACE, TopicId("travel"))
        assert topic is not None
        assert topic.steward is not None
        return topic.steward

    def section_text(self, section: str = "read-share") -> str:
        with self.database.transaction() as work:
            kept = work.packs.section(WORKSPACE, section)
        assert kept is not None
        return kept.value.body

    def changes_text(self, who: str = "sam", **more: str) -> None:
        """Change what is written, by the form."""
        self.forges(who, "library.edit", {"about": "section:read-share"})
        values = {"body_a": "Ask who needs it.", "note": "Shorter"} | more
        self.fills(who, **values)

    def asked_about(self, about: str) -> list[int]:
        """The numbers of the questions that are kept as evidence, the last first."""
        with self.database.transaction() as work:
            signals = work.library.signals(WORKSPACE, about, LONG_AGO, self.now)
            evidence = [signal.question for signal in signals if signal.question is not None]
            return [asked.number for asked in work.library.asked(evidence)]

    def is_read_by(self, people: int, *, unclear: int, version: str, at: datetime) -> None:
        """Many others open a version of the section, and some do not understand it."""
        with self.database.transaction() as work:
            for number in range(people):
                who = PersonId(f"reader{number}")
                work.library.note_reader(WORKSPACE, "read-share", version, who, at)
            for number in range(unclear):
                who = PersonId(f"reader{number}")
                work.library.note_unclear(WORKSPACE, "section:read-share", version, who, at)

    def checks(self) -> None:
        super().checks()
        self.issues()
