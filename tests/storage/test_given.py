"""What statistics read of a quiz: all that was answered, however much that is."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from bot.capabilities.quizzes.model import State
from bot.ids import WorkspaceId
from bot.pack.item import Severity
from bot.pack.model import Objective, Policy, Quiz
from bot.pack.ports import Put
from bot.pack.statistic import item_statistics
from storage.database import Database
from storage.given import ROWS
from storage.quiz_tables import attempts, responses
from tests.bot.item import CHOICE, TEXT

HERE = WorkspaceId("acme")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUIZ = Quiz(
    id="data",
    title="Data",
    topic="data",
    objectives=(Objective(id=CHOICE.objective, text="Share it safely.", sections=("sharing",)),),
    items=(CHOICE, TEXT.model_copy(update={"objective": CHOICE.objective})),
    policy=Policy(),
)


def keep(
    acme: Database,
    count: int,
    *,
    first: bool = True,
    state: State = State.PASSED,
    pilot: bool = False,
) -> None:
    """So many attempts with an answer to each item; every fourth chose a wrong option. The first
    item may be a `pilot`."""
    with acme.transaction() as work:
        work.packs.put(HERE, [Put(QUIZ, "test", NOON)])
        kept = work.packs.quiz(HERE, QUIZ.id)
        assert kept is not None
    wrong = next(option.id for option in CHOICE.options if option.score < 1)
    right = next(option.id for option in CHOICE.options if option.score == 1)
    start = {"quiz_version": kept.version, "seed": "00", "mode": "gate", "first": first}
    name = f"{state}-{first}"
    with acme.begin() as connection:
        connection.execute(
            insert(attempts),
            [
                {
                    "id": f"{name}-{n:06}",
                    "workspace": HERE,
                    "person": f"p{n}",
                    "quiz": QUIZ.id,
                    "offered_at": NOON,
                    "changed_at": NOON,
                    "state": state,
                    "start": start,
                    "started_at": NOON + timedelta(seconds=n),
                    "reason": "",
                    "version": 1,
                }
                for n in range(count)
            ],
        )
        connection.execute(
            insert(responses),
            [
                {
                    "attempt": f"{name}-{n:06}",
                    "item": item.id,
                    "item_version": "v1",
                    "objective": CHOICE.objective,
                    "order": order,
                    "raw": "some words" if item is TEXT else right if n % 4 else wrong,
                    "credit": float(n % 4 > 0),
                    "right": n % 4 > 0,
                    "shown_at": NOON,
                    "answered_at": NOON + timedelta(seconds=20),
                    "critical": False,
                    "severity": Severity.NONE,
                    "scored": not (pilot and item is CHOICE),
                    "seen_before": False,
                    "needs_person": False,
                    "struck": False,
                }
                for n in range(count)
                for order, item in ((1, CHOICE), (2, TEXT))
            ],
        )


def test_of_many_attempts_all_are_read(acme: Database) -> None:
    many = 2 * ROWS + 50
    keep(acme, many)
    with acme.transaction() as work:
        answers = work.library.given(HERE, QUIZ.id)
    assert len({given.attempt for given in answers.cold}) == many
    found = item_statistics(answers.cold)[answers.cold[0].item]
    assert (found.n, found.seconds) == (many, 20.0)
    assert found.wrong == sum(n % 4 == 0 for n in range(many))
    [distractor] = found.distractors
    assert distractor.share == 1.0
    assert {given.chosen for given in answers.cold if given.item.startswith(TEXT.id)} == {()}


def test_re_takes_are_told_apart_and_what_is_void_is_left_out(acme: Database) -> None:
    keep(acme, 3)
    keep(acme, 2, first=False, state=State.FAILED)
    keep(acme, 4, state=State.VOIDED)
    with acme.transaction() as work:
        answers = work.library.given(HERE, QUIZ.id)
        assert work.library.given(HERE, "another").cold == []
        retaken = work.library.retaken(HERE, QUIZ.id, NOON, NOON + timedelta(hours=1))
    assert len(answers.cold) == 2 * 3
    assert [given.passed for given in answers.read] == [False] * 4
    assert retaken.items == {CHOICE.id: (2, 0), TEXT.id: (2, 0)}


def test_pilots_are_read_as_what_is_part_of_no_total(acme: Database) -> None:
    keep(acme, 8, pilot=True)
    with acme.transaction() as work:
        answers = work.library.given(HERE, QUIZ.id)
    counts = {given.item.partition("@")[0]: given.counts for given in answers.cold}
    assert counts == {CHOICE.id: False, TEXT.id: True}
    found = {name.partition("@")[0]: one for name, one in item_statistics(answers.cold).items()}
    assert (found[CHOICE.id].n, found[CHOICE.id].wrong, found[CHOICE.id].weight) == (8, 2, None)
    assert found[CHOICE.id].distractors[0].n == 2
