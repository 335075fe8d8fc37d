"""The longest quiz that can be written: every text as long as the schema lets it be, and full of
what is escaped where it is shown."""

from itertools import cycle, islice
from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.pack.item import Branching, Item
from bot.pack.model import Content, Objective, Policy, Quiz, Section
from bot.pack.ports import Put
from bot.pack.scoring import key
from tests.capabilities.quizzes.taking import QuizWorld, wrong_for
from tests.capabilities.quizzes.test_types import taps, words
from tests.world import WORKSPACE

FILLS = {
    "words": "Ask whoever looks after it before you send anything to anybody. ",
    "marks": "*_`~|<&>[](){}#+-.!\\\"'“é漢🙂",
}


class Long:
    """Texts of one filling, as long as wanted."""

    def __init__(self, fill: str) -> None:
        self.fill = fill

    def __call__(self, size: int, number: int = 0) -> str:
        start = f"{number}" if number else "T"
        return start + "".join(islice(cycle(self.fill), size - len(start) - 1)) + "."

    def choices(self, count: int, **more: Any) -> list[dict[str, Any]]:
        return [
            {"id": f"o{n}", "text": self(300, n), "feedback": self(600, n), **more}
            for n in range(1, count + 1)
        ]

    def items(self) -> list[Item]:
        happens = {"consequence": {"text": self(600), "severity": "major"}}
        choices = self.choices(5, **happens)
        choices[1] = {**choices[1], "score": 1}
        ticks = [{**each, "correct": n < 5} for n, each in enumerate(self.choices(10, **happens))]
        lines = [
            {"id": f"l{n}", "text": self(300, n), "problem": n % 2 == 1, "why": self(600, n)}
            for n in range(1, 11)
        ]
        pairs = [
            {"id": f"p{n}", "left": self(300, n), "right": self(300, 20 + n)} for n in range(1, 7)
        ]
        nodes = {
            f"n{depth}": {
                "text": self(1_500, depth),
                "options": [
                    {**each, "score": float(n == 1)}
                    | ({"next": f"n{depth + 1}"} if depth < 6 else {})
                    for n, each in enumerate(self.choices(4, **happens))
                ],
            }
            for depth in range(1, 7)
        }
        steps = [{"id": f"s{n}", "text": self(300, n)} for n in range(1, 7)]
        written: list[dict[str, Any]] = [
            {"type": "scenario_choice", "options": choices},
            {"type": "multi_select", "options": ticks},
            {"type": "spot_problem", "lines": lines, "artefact": self(150)},
            {"type": "ordering", "steps": steps},
            {"type": "matching", "pairs": pairs, "distractors": [self(300, n) for n in (7, 8, 9)]},
            {"type": "branching", "start": "n1", "nodes": nodes},
            {
                "type": "numeric",
                "answer": 1e9,
                "unit": self(40),
                "near_misses": [{"value": 1, "feedback": self(600)}],
            },
            {
                "type": "short_text",
                "max_length": 500,
                "accept": [{"match": "exact", "value": self(500), "feedback": self(600)}],
                "unmatched": "wrong",
            },
        ]
        read: TypeAdapter[Item] = TypeAdapter(Item)
        return [
            read.validate_python(
                {
                    "id": f"{'i' * 50}-{each['type'].replace('_', '')[:6]}{number}",
                    "objective": f"o{place}",
                    "stem": self(1_500),
                    "feedback": self(600),
                    **each,
                }
            )
            for place, each in enumerate(written)
            for number in range(3)
        ]

    def quiz(self) -> Quiz:
        items = self.items()
        return Quiz(
            id="q" * 60,
            title=self(150),
            topic="travel",
            purpose=self(600),
            policy=Policy.model_validate({"confidence": "feedback_only", "valid_for": "P1Y"}),
            objectives=tuple(
                Objective(id=f"o{n}", text=self(300, n + 1), sections=(f"{'s' * 57}-{n}",))
                for n in range(8)
            ),
            items=tuple(items),
        )

    def sections(self) -> list[Section]:
        return [
            Section(
                id=f"{'s' * 57}-{n}",
                title=self(150, n + 1),
                topic="travel",
                minutes=15,
                summary=self(400),
                body=f"# {self(140)}\n\n{self(11_000)}",
            )
            for n in range(8)
        ]


def opens(world: QuizWorld, fill: str) -> None:
    long = Long(FILLS[fill])
    quiz = long.quiz()
    things: list[Content] = [*long.sections(), quiz]
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(value, "test", world.now) for value in things])
    world.says("ana", "/quiz")
    world.says("ana", f"/quiz {quiz.id}")
    assert "Check yourself first" in world.last("ana")
    world.presses("ana", "Check myself")


def takes(world: QuizWorld, *, right: bool) -> set[str]:
    """Answer all that is asked, by taps and words in turn; which types were asked."""
    asked: set[str] = set()
    for number in range(40):
        attempt = world.attempt("ana")
        if attempt.state.value == "failed_open":
            world.presses("ana", "Stop here")
            return asked
        if attempt.state.value != "in_progress":
            return asked
        item = world.asking("ana").item
        asked.add(item.type)
        raw = key(item) if right else wrong_for(item)
        is_case = isinstance(item, Branching)
        (words if number % 2 and not is_case else taps)(world, raw)
        if world.attempt("ana").response_to(item.id) is None:
            assert "How sure are you?" in world.last("ana")
            world.presses("ana", "Very sure (above 80 %)")
        assert world.attempt("ana").response_to(item.id) is not None
    raise AssertionError("it never ends")


@pytest.mark.parametrize("fill", ["words", "marks"])
def test_the_longest_quiz_can_be_passed(world: QuizWorld, fill: str) -> None:
    opens(world, fill)
    assert len(takes(world, right=True)) == 8
    assert world.quiz_state("ana") == "passed"
    assert "You have passed" in world.last("ana")
    for page in range(1, 4):
        world.presses("ana", "See all answers" if page == 1 else "Next page")
        assert f"Page {page} of" in world.last("ana")


@pytest.mark.parametrize("fill", ["marks", "words"])
def test_the_longest_quiz_can_be_failed(world: QuizWorld, fill: str) -> None:
    opens(world, fill)
    assert len(takes(world, right=False)) == 8
    assert world.quiz_state("ana") == "failed"
    assert "What helps with it" in world.last("ana")
    buttons = [button for heard in world.hears("ana") for button in heard.buttons]
    begun = [str(b.args.get("text")) for b in buttons if b.label == "Ask about this"]
    assert [text for text in begun if text.startswith("In the quiz")]
    world.presses("ana", "Read it here")
    while "Next page" in [button.label for button in world.hears("ana")[-1].buttons]:
        world.presses("ana", "Next page", on=world.hears("ana")[-1])
    world.presses("ana", "Still unclear")
    world.presses("ana", "Ask a colleague")
    assert world.form is not None
    values = {field.name: str(field.value) for field in world.form.fields}
    assert values["question"].startswith("In the quiz")
    world.fills("ana", question="What is meant by it?", topic="travel")
    assert world.question().text == "What is meant by it?"
