"""Whatever people do, in whatever order: nothing breaks, and what is kept is what happened."""

import random

import pytest

from bot.capabilities.quizzes.model import UNDER_WAY, State
from bot.form import ChoiceField
from bot.inbound import Pressed
from bot.message import Args
from bot.pack.scoring import key
from tests.bot.item import EVERY
from tests.capabilities.quizzes.taking import TWO, QuizWorld, quiz_of, wrong_for

WORDS = (
    *("a", "B 3", "2", "1 3", "3 1 2 4", "1a 2b 3c", "none", "7,5", "later", "finish"),
    *("stop here", "my boss", "very sure", "c!", "hello there", "Z"),
)
MODES = ("gate", "gate_sprt", "fixed")


def acts(world: QuizWorld, chance: random.Random) -> None:
    """Something that ana, her steward or the clock may do."""
    match chance.randrange(12):
        case 0:
            minutes = (1, 5, 35, 90, 60 * 25, 60 * 24 * 16)
            world.passes(minutes=chance.choices(minutes, (5, 5, 4, 3, 2, 1))[0])
        case 1:
            world.says("ana", chance.choice(("/quiz", "/quiz data", "/home")))
            world.forges("ana", "quiz.start", {"quiz": "data"})
        case 2 | 3:
            world.says("ana", chance.choice(WORDS))
        case 4:
            for attempt in world.attempts("ana"):
                for response in attempt.responses:
                    if response.needs_person:
                        args = {"attempt": attempt.id, "item": response.item}
                        worth = chance.choice(("right", "partly", "wrong"))
                        world.forges("sam", "quiz.keep_mark", args, {"worth": worth})
        case 5 if chance.random() < 0.15:
            item = chance.choice([*TWO, *EVERY]).id
            world.forges(
                "sam", "quiz.keep_withdrawn", {"quiz": "data"}, {"item": item, "reason": "Wrong."}
            )
            world.passes(seconds=1)
        case 6 if world.form is not None and world.form.action == "quiz.answer":
            values = {
                field.name: chance.choice(field.options).value
                if isinstance(field, ChoiceField)
                else chance.choice(("7.5", "incident lead", "nobody", ""))
                for field in world.form.fields
            }
            world.forges("ana", "quiz.answer", world.form.args, values)
        case 7 | 8 if world.attempts("ana") and world.attempt("ana").state is State.IN_PROGRESS:
            if world.attempt("ana").current is not None:
                world.forges("ana", "quiz.change", at_hand(world))
                here = world.asking("ana").item
                world.replies("ana", key(here) if chance.random() < 0.6 else wrong_for(here))
        case _:
            heard = [h for h in world.hears("ana")[-6:] if h.buttons]
            if heard:
                on = chance.choice(heard)
                button = chance.choice(on.buttons)
                if button.action.startswith("quiz."):
                    world._does(
                        "ana",
                        on.conversation,
                        Pressed(action=button.action, args=button.args, message=on.id),
                        pressed=on,
                    )


def at_hand(world: QuizWorld) -> Args:
    """What names the question that ana is at."""
    return {"attempt": world.attempt("ana").id, "item": world.asking("ana").item.id}


@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_people_do_breaks_it(world: QuizWorld, seed: int) -> None:
    chance = random.Random(seed)
    items = [
        *TWO,
        *(
            item.model_copy(update={"objective": chance.choice(("share", "keep"))})
            for item in EVERY
        ),
    ]
    world.opens_quiz(
        quiz_of(
            items,
            mode=MODES[seed % 3],
            form={"share": 3, "keep": 3},
            cut=4,
            confidence=("off", "feedback_only", "cbm")[seed // 2 % 3],
            retake={"cooldown": "PT1H", "max_per_30d": 30},
            valid_for="P30D",
        )
    )
    asked: set[str] = set()
    for _ in range(150):
        acts(world, chance)
        attempts = world.attempts("ana")
        assert sum(attempt.state in UNDER_WAY for attempt in attempts) <= 1
        for attempt in attempts:
            asked |= attempt.asked
            items_answered = [response.item for response in attempt.responses]
            assert len(items_answered) == len(set(items_answered))
            assert (attempt.current is None) or attempt.state in {
                State.IN_PROGRESS,
                State.PAUSED,
                State.FAILED_OPEN,
                State.PENDING_REVIEW,
                State.ABANDONED,
            }
    assert len(asked) > 5
