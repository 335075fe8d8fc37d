"""Every letter to a person is of a sort, and keeps the rule of it."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.bootstrap.registry import CAPABILITIES
from bot.capabilities.attention.messages import DESPITE_STOP
from bot.capability import Capability, Clash, register
from bot.ids import PersonId, WorkspaceId
from bot.kind import Kind, Sort, duty, find_fault, for_duty, own, wished
from bot.message import say
from bot.messages import with_controls
from bot.outbox import Letter, Priority, ToPerson, ToPlace, ToRelay
from bot.people import UNTIL_BACK, Person
from bot.ports import Work

SATURDAY = datetime(2026, 3, 7, 2, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 9, tzinfo=UTC)
LEA = Person(PersonId("lea"), WorkspaceId("w"), "lea", "Lea")
LETTER = Letter(
    key="k", to=ToPerson(person=LEA.id), message=say("Hello"), kind="k", priority=Priority.OFFER
)
WHY = LETTER.model_copy(update={"because": "You look after it."})
TOLD = for_duty(WHY, LEA, SATURDAY)
BOOKED = WHY.model_copy(update={"day": date(2026, 3, 9), "message": with_controls(LETTER.message)})
DUTY, OWN, WISHED = duty("a task"), own("theirs"), wished("nobody asked")
PLACES = {
    *("question", "campaign.announced", "narration.digest"),
}
"""Kinds that go to places alone."""


def of(letter: Letter, **changes: object) -> Letter:
    return letter.model_copy(update=changes)


def test_a_duty_waits_for_a_working_moment_and_has_the_controls() -> None:
    assert TOLD.due_at == MONDAY
    assert find_fault(DUTY, TOLD, LEA, is_stopped=False) == ""


@pytest.mark.parametrize(
    ("lea", "due_at"),
    [
        (replace(LEA, paused_until=MONDAY + timedelta(days=1)), MONDAY + timedelta(days=1)),
        (replace(LEA, away_until=MONDAY + timedelta(hours=20)), MONDAY + timedelta(days=1)),
        (replace(LEA, away_until=UNTIL_BACK), MONDAY),
    ],
)
def test_a_duty_waits_for_the_end_of_a_pause(lea: Person, due_at: datetime) -> None:
    told = for_duty(WHY, lea, SATURDAY)
    assert told.due_at == due_at
    assert find_fault(DUTY, told, lea, is_stopped=False) == ""


@pytest.mark.parametrize(
    ("kind", "letter", "fault"),
    [
        (None, LETTER, "decided"),
        (None, of(TOLD, edits="before"), ""),
        (None, of(LETTER, to=ToPlace(conversation="#c")), ""),
        (OWN, LETTER, ""),
        (OWN, of(LETTER, to=ToRelay(subject="question:1")), ""),
        (OWN, BOOKED, "attention"),
        (DUTY, of(TOLD, to=ToRelay(subject="question:1")), "relay"),
        (DUTY, of(TOLD, because=None), "why"),
        (DUTY, of(TOLD, message=LETTER.message), "Pause"),
        (DUTY, of(TOLD, due_at=SATURDAY), "work"),
        (DUTY, of(TOLD, due_at=None), "work"),
        (DUTY, of(TOLD, day=BOOKED.day), "attention"),
        (WISHED, BOOKED, ""),
        (WISHED, of(BOOKED, day=None), "booked"),
        (WISHED, of(BOOKED, because=None), "why"),
        (WISHED, of(BOOKED, message=LETTER.message), "Pause"),
    ],
)
def test_a_letter_that_breaks_the_rule_is_found(
    kind: Kind | None, letter: Letter, fault: str
) -> None:
    found = find_fault(kind, letter, LEA, is_stopped=False)
    assert fault in found
    assert bool(fault) is bool(found)


def test_who_has_stopped_gets_only_duties_that_are_said_to_come() -> None:
    assert find_fault(DUTY, TOLD, LEA, is_stopped=True)
    assert not find_fault(duty("a task", despite_stop=True), TOLD, LEA, is_stopped=True)
    assert not find_fault(OWN, LETTER, LEA, is_stopped=True)


def test_the_reply_to_a_stop_names_every_duty_that_comes_all_the_same() -> None:
    said = {
        "escalation": "what found nobody else",
        "role.watched": "when a role changes",
        "faq.author": "somebody wants to share words of yours",
    }
    letters = register(CAPABILITIES).letters.items()
    come = {name for name, kind in letters if kind.sort is Sort.DUTY and kind.despite_stop}
    assert come == said.keys()
    assert all(words in DESPITE_STOP for words in said.values())


def test_a_kind_is_declared_once() -> None:
    one: Capability[Work] = Capability(name="a", title="A", letters={"k": DUTY})
    with pytest.raises(Clash):
        register([one, one])


def test_somebody_has_decided_about_every_kind_that_the_code_names() -> None:
    decided = register(CAPABILITIES).letters.keys() | PLACES
    found = set(_kinds())
    assert len(found) > 30
    assert found <= decided


def _kinds() -> Iterator[str]:
    """What stands in the code as the kind of a letter, in so many words."""
    for path in Path("bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Letter":
                kinds = [each.value for each in node.keywords if each.arg == "kind"]
                yield from (str(k.value) for k in kinds if isinstance(k, ast.Constant))
