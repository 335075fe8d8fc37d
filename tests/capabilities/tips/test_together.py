"""Tips, a quiz and what is written, together: who knew it all along is offered a quiz, passes it,
and nothing more of the topic comes (product.md N5)."""

import pytest

from bot.ids import PersonId
from bot.outbox import LetterState
from bot.pack.model import Content, Tip
from bot.pack.ports import Put
from bot.pack.scoring import key
from storage.database import Database
from tests.capabilities.quizzes.taking import QuizWorld
from tests.capabilities.tips.telling import budget, follow, learner, letters
from tests.content.test_packs import TAUGHT
from tests.world import WORKSPACE

QUIZ, TOPIC, OBJECTIVE = "customer-data", "customer-data", "customer-data/minimise"
[PACK] = [pack for pack in TAUGHT if any(quiz.id == QUIZ for quiz in pack.quizzes)]
[SHIPPED] = [quiz for quiz in PACK.quizzes if quiz.id == QUIZ]
TIPS = [tip for tip in PACK.tips if tip.topic == TOPIC]


@pytest.fixture
def together(database: Database) -> QuizWorld:
    """The usual people, with a pack that is shipped."""
    world = QuizWorld(database)
    world.opens_quiz(SHIPPED)
    with database.transaction() as work:
        things: list[Content] = [*(s for s in PACK.sections if s.topic == TOPIC), *TIPS]
        work.packs.put(WORKSPACE, [Put(value, "shipped", world.now) for value in things])
    return world


def to_hour(world: QuizWorld, hour: int) -> None:
    """To that hour of the next day."""
    later = world.now.replace(hour=hour, minute=0)
    world.passes(seconds=(later - world.now).total_seconds() + 86_400)


def right_letter(world: QuizWorld, told: Tip) -> str:
    """The letter of the best answer to what was asked last."""
    pick = learner(world, "ana").pick
    assert pick is not None
    wordings = [told.check, *(variant.check or told.check for variant in told.variants)]
    check = wordings[pick.variant]
    assert check is not None
    best = max(check.options, key=lambda option: option.score)
    for line in world.last("ana").splitlines():
        letter, _, text = line.strip().partition(". ")
        if text == best.text:
            return letter
    raise AssertionError(world.last("ana"))


def state_of_letter(world: QuizWorld) -> LetterState | None:
    pick = learner(world, "ana").pick
    assert pick is not None
    assert pick.letter is not None
    with world.database.transaction() as work:
        return work.outbox.state(WORKSPACE, pick.letter)


def test_who_knew_it_tests_out_and_what_waits_is_taken_back(together: QuizWorld) -> None:
    world = together
    by_id = {tip.id: tip for tip in TIPS}
    budget(world, "ana")
    follow(world, "ana", TOPIC)

    # Ana has known it all along, says so, and shows it when she is asked.
    known: set[str] = set()
    while sum(by_id[tip].objective == OBJECTIVE for tip in known) < 3:
        world.says("ana", "/tip")
        pick = learner(world, "ana").pick
        assert pick is not None
        world.presses("ana", "Knew it")
        known.add(pick.tip)
    for _ in range(30):
        to_hour(world, 15)
        world.says("ana", "/tip")
        pick = learner(world, "ana").pick
        assert pick is not None
        if not pick.asks:
            world.presses("ana", "Knew it")
            continue
        world.says("ana", f"{right_letter(world, by_id[pick.tip])} 3")
        if "You could test out of it." in world.last("ana"):
            break
    world.presses("ana", "Read more")
    assert any(section.title in world.last("ana") for section in PACK.sections)

    # The next tip is promised and not there yet when she takes the quiz.
    to_hour(world, 9)
    world.shuts_out("dm:ana")
    world.passes(hours=1)
    assert state_of_letter(world) is LetterState.PENDING
    world.presses("ana", "Test me")
    world.presses("ana", "Check myself")
    while world.quiz_state("ana") == "in_progress":
        with world.database.transaction() as work:
            assert list(work.waivers.of(PersonId("ana"))) == []
        assert state_of_letter(world) is LetterState.PENDING
        world.replies("ana", key(world.asking("ana").item))
        if SHIPPED.policy.confidence != "off":
            world.says("ana", "3")
    assert world.quiz_state("ana") == "passed"
    assert "minutes" in world.last("ana")

    # What waited went with the answer that passed, and nothing more of it comes.
    assert state_of_letter(world) is LetterState.CANCELLED
    with world.database.transaction() as work:
        [waiver] = work.waivers.of(PersonId("ana"))
    minutes = sum(section.minutes for section in PACK.sections if section.topic == TOPIC)
    assert waiver.minutes == minutes
    assert f"{minutes} minutes" in world.last("ana")
    world.room.closed.clear()
    before = len(letters(world, "ana"))
    world.passes(days=14)
    assert len(letters(world, "ana")) == before
