"""The quizzes of the packs that are shipped, taken to their end by who knows all and who does not;
and every item of them within what Slack and Teams take."""

import pytest

from adapters.slack.limits import find_faults as find_slack_faults
from adapters.slack.render import render_message as render_slack
from adapters.slack.wording import Wording
from adapters.teams.limits import find_faults as find_teams_faults
from adapters.teams.render import render_message as render_teams
from adapters.teams.wording import make_wording
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.messages import Place
from bot.capabilities.quizzes.show import ask
from bot.capability import register
from bot.ids import AttemptId
from bot.pack.answer import Raw
from bot.pack.item import Item, MultiSelect, ShortText, SpotProblem
from bot.pack.model import Content, Quiz
from bot.pack.ports import Put
from bot.pack.scoring import key, score
from tests.capabilities.quizzes.taking import QuizWorld, wrong_for
from tests.content.test_packs import TAUGHT
from tests.world import CAPABILITIES, WORKSPACE

CONTENTS: list[Content] = [
    *(section for pack in TAUGHT for section in pack.sections),
    *(quiz for pack in TAUGHT for quiz in pack.quizzes),
]
QUIZZES = [value for value in CONTENTS if isinstance(value, Quiz)]
ITEMS = [item for quiz in QUIZZES for item in quiz.items]
TEAMS = make_wording(register(CAPABILITIES))
SLACK = Wording({"learn": "learn"}, frozenset({"quiz", "ask"}))
SEED = bytes(32)


def takes(world: QuizWorld, quiz: Quiz, *, knows: bool) -> None:
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(value, "shipped", world.now) for value in CONTENTS])
    world.begins("ana", quiz.id)
    for _ in range(200):
        if world.quiz_state("ana") == "in_progress":
            item = world.asking("ana").item
            # What a pattern looks for is read by a person where it does not fit by itself.
            world.replies("ana", key(item) if knows else wrong_for(item))
            if quiz.policy.confidence != "off":
                world.says("ana", "3" if knows else "1")
        elif world.quiz_state("ana") == "failed_open":
            world.presses("ana", "Stop here")
        elif world.quiz_state("ana") == "pending_review":
            marks_all(world, "right" if knows else "wrong")
        else:
            return
    raise AssertionError("it never ends")


def marks_all(world: QuizWorld, worth: str) -> None:
    attempt = world.attempt("ana")
    for response in attempt.responses:
        if response.needs_person:
            args = {"attempt": attempt.id, "item": response.item}
            world.forges("dana", "quiz.keep_mark", args, {"worth": worth})


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda quiz: quiz.id)
def test_who_knows_it_all_passes_in_ten_minutes(world: QuizWorld, quiz: Quiz) -> None:
    takes(world, quiz, knows=True)
    assert world.quiz_state("ana") == "passed"
    assert len(world.attempt("ana").responses) <= 12
    assert f"You have passed “{quiz.title}”" in world.last("ana")


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda quiz: quiz.id)
def test_who_knows_nothing_is_shown_what_to_read(world: QuizWorld, quiz: Quiz) -> None:
    takes(world, quiz, knows=False)
    assert world.quiz_state("ana") == "failed"
    assert "What helps with it" in world.last("ana")
    assert "You can try again from" in world.last("ana")


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_every_item_fits_below_what_is_said_about_it(item: Item) -> None:
    asking = ask(item, SEED)
    place = Place(AttemptId("0" * 36), "A quiz with a title of some length", 7, 1, 5)
    wrong = wrong_for(item)
    everything = [mark.id for mark in asking.marks]
    raw: Raw = [*everything] if isinstance(item, MultiSelect | SpotProblem) else wrong
    before = messages.feedback(
        asking,
        raw,
        score(item, raw),
        certainty=3,
        asked_about={"text": "x" * 700, "about": f"item:{item.id}"},
    )
    for message in (
        messages.question(asking, place, before),
        messages.how_sure(asking, place, raw, counts=False),
    ):
        slack = render_slack(message, SLACK)
        assert find_slack_faults(slack.blocks) == []
        assert "shortened" not in str(slack.blocks).casefold()
        assert find_teams_faults(render_teams(message, TEAMS).card) == []
    if not isinstance(item, ShortText):
        assert score(item, key(item)).right
