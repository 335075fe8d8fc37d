"""A world with a quiz in it, and people who take it."""

from collections.abc import Sequence
from typing import Any

from bot.capabilities.quizzes.model import Attempt, fold
from bot.capabilities.quizzes.show import Asking, ask
from bot.ids import PersonId, TopicId
from bot.pack.answer import Raw, next_node, rights
from bot.pack.item import (
    Branching,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
)
from bot.pack.model import Content, Objective, Policy, Quiz, Section
from bot.pack.ports import Put
from bot.pack.scoring import score
from bot.topic import Topic
from tests.world import WORKSPACE, World


def choice(id_: str, objective: str, **more: Any) -> ScenarioChoice:
    """An item of which B, wherever that stands, is the best."""
    return ScenarioChoice.model_validate(
        {
            "id": id_,
            "type": "scenario_choice",
            "objective": objective,
            "stem": f"Case {id_}: what do you do?",
            "feedback": f"The principle of {id_}.",
            "options": [
                {"id": "a", "text": f"{id_}: send it", "feedback": "It is quick, but it leaks."},
                {"id": "b", "text": f"{id_}: ask first", "score": 1, "feedback": "Yes, ask."},
                {"id": "c", "text": f"{id_}: refuse", "score": 0.3, "feedback": "Too strict."},
            ],
            **more,
        }
    )


def quiz_of(items: Sequence[Item], **policy: Any) -> Quiz:
    """A quiz with the objectives that its items name, each with a section of its own."""
    objectives = tuple(
        Objective(id=id_, text=f"Do {id_} well", sections=(f"read-{id_}",))
        for id_ in dict.fromkeys(item.objective for item in items)
    )
    return Quiz(
        id="data",
        title="Customer data",
        topic="travel",
        purpose="Shows that you can decide.",
        policy=Policy.model_validate({"confidence": "off", **policy}),
        objectives=objectives,
        items=tuple(items),
    )


TWO = [choice(f"{o}-{n}", o) for o in ("share", "keep") for n in range(1, 7)]
"""Items of two objectives, six of each."""


class QuizWorld(World):
    """The usual people, with quizzes."""

    def opens_quiz(self, quiz: Quiz, minutes: int = 3) -> Quiz:
        """The quiz, and a section for each of its objectives."""
        with self.database.transaction() as work:
            if work.topics.get(WORKSPACE, TopicId(quiz.topic)) is None:
                work.topics.save(
                    Topic(
                        TopicId(quiz.topic), WORKSPACE, quiz.topic.title(), steward=PersonId("sam")
                    )
                )
            sections = [
                Section(
                    id=section,
                    title=f"How to {objective.id}",
                    topic=quiz.topic,
                    minutes=minutes,
                    summary=f"What matters in {objective.id}.",
                    body="Do it.",
                )
                for objective in quiz.objectives
                for section in objective.sections
            ]
            things: list[Content] = [*sections, quiz]
            work.packs.put(WORKSPACE, [Put(value, "test", self.now) for value in things])
        return quiz

    def begins(self, who: str, quiz: str = "data") -> None:
        """Start the quiz from the list of what is open."""
        self.says(who, f"/quiz {quiz}")
        self.presses(who, "Check myself")

    def attempts(self, who: str) -> list[Attempt]:
        """Those of a person, the last first; each is the fold of its events."""
        with self.database.transaction() as work:
            found = list(work.attempts.of(PersonId(who)))
            for attempt in found:
                assert fold(attempt, work.attempts.events(attempt.id)) == attempt
        return found

    def attempt(self, who: str) -> Attempt:
        return self.attempts(who)[0]

    def quiz_state(self, who: str) -> str:
        return self.attempt(who).state.value

    def asking(self, who: str) -> Asking:
        """The item that stands before a person."""
        attempt = self.attempt(who)
        assert attempt.start is not None
        assert attempt.current is not None
        with self.database.transaction() as work:
            quiz = work.packs.quiz_at(WORKSPACE, attempt.quiz, attempt.start.quiz_version)
            draft = work.attempts.draft(attempt.id)
        item = next(item for item in quiz.items if item.id == attempt.current.item)
        path = draft.path if draft is not None and draft.item == item.id else ()
        return ask(item, attempt.seed, path)

    def sign(self, who: str, id_: str) -> str:
        """What the option, step or line of that id is called where it stands."""
        return next(mark.sign for mark in self.asking(who).marks if mark.id == id_)

    def chooses(self, who: str, id_: str) -> None:
        """Tap the option of that id."""
        self.presses(who, self.sign(who, id_))

    def decides(self, who: str, *rights: bool) -> None:
        """Answer scenario choices one after another, rightly or not."""
        for right in rights:
            self.chooses(who, "b" if right else "a")

    def replies(self, who: str, raw: Raw) -> None:
        """Answer what stands before a person in plain words."""
        asking = self.asking(who)
        signs = {mark.id: mark.sign for mark in asking.marks}
        sides = {side.id: side.sign for side in asking.sides}
        if isinstance(asking.item, Branching) and isinstance(raw, list):
            for id_ in raw:
                self.says(who, self.sign(who, str(id_)))
        elif isinstance(raw, dict):
            self.says(who, " ".join(signs[left] + sides[str(r)] for left, r in raw.items()))
        elif isinstance(raw, list):
            self.says(who, " ".join(signs[str(id_)] for id_ in raw) or "none")
        else:
            self.says(who, signs.get(str(raw), str(raw)))

    def checks(self) -> None:
        super().checks()
        for who in ("ana", "ben", "cem", "kim", "bo", "lu", "sam"):
            self.attempts(who)


def wrong_for(item: Item) -> Raw:
    """An answer that is not right."""
    match item:
        case ScenarioChoice():
            return min(item.options, key=lambda option: option.score).id
        case MultiSelect():
            return [option.id for option in item.options if not option.correct]
        case SpotProblem():
            return [line.id for line in item.lines if not line.problem]
        case Ordering():
            return [step.id for step in reversed(item.steps)]
        case Matching():
            none = rights(item)[-1].id
            return {pair.id: none for pair in item.pairs}
        case Numeric():
            return item.answer + item.tolerance + 1000
        case ShortText():
            return "something else altogether"
        case Branching():
            path: list[Raw] = []
            while (node := next_node(item, [str(one) for one in path])) is not None:
                path.append(min(node.options, key=lambda option: option.score).id)
            return path


def is_wrong(item: Item) -> bool:
    return not score(item, wrong_for(item)).right
