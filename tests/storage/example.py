"""Values for the tests of storage: a workspace, three people, and things they do."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.capabilities.questions.model import (
    Article,
    ArticleState,
    Event,
    EventKind,
    Offer,
    Question,
    Turn,
    TurnKind,
    Urgency,
    Visibility,
)
from bot.ids import AnswerId, ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.message import Message, say
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person, Workspace

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=90)

ACME = Workspace(id=WorkspaceId("acme"), platform="slack", external="T0ACME", name="Acme")
OTHER = Workspace(id=WorkspaceId("other"), platform="slack", external="T0OTHER", name="Other")

ANA = Person(id=PersonId("person-ana"), workspace=ACME.id, address="U0ANA", name="Ana Silva")
BO = Person(id=PersonId("person-bo"), workspace=ACME.id, address="U0BO", name="Bo Lind")
CY = Person(id=PersonId("person-cy"), workspace=ACME.id, address="U0CY", name="Cy Young")

EXPENSES = TopicId("expenses")


def question(name: str = "q1", number: int = 1, **changes: Any) -> Question:
    """A question of Ana's, just asked."""
    values: dict[str, Any] = {
        "id": QuestionId(name),
        "workspace": ACME.id,
        "number": number,
        "text": "How do I book a train?",
        "visibility": Visibility.DIRECT,
        "urgency": Urgency.NORMAL,
        "asked_at": NOW,
        "changed_at": NOW,
        "asker": ANA.id,
    }
    return Question(**(values | changes))


def answer(name: str, author: Person | None = BO, **changes: Any) -> Turn:
    """An answer to the first question."""
    values: dict[str, Any] = {
        "id": AnswerId(name),
        "question": QuestionId("q1"),
        "kind": TurnKind.ANSWER,
        "text": "In the travel tool.",
        "at": NOW,
        "author": author.id if author else None,
    }
    return Turn(**(values | changes))


def offer(person: Person, **changes: Any) -> Offer:
    """The first question, put before a person."""
    values: dict[str, Any] = {
        "question": QuestionId("q1"),
        "person": person.id,
        "wave": 1,
        "at": NOW,
        "why": ("You said you know about travel.",),
    }
    return Offer(**(values | changes))


def event(kind: EventKind, **changes: Any) -> Event:
    """Something that happened to the first question."""
    values: dict[str, Any] = {"question": QuestionId("q1"), "kind": kind, "at": NOW}
    return Event(**(values | changes))


def article(name: str = "a1", **changes: Any) -> Article:
    """A published article by Bo, not kept yet."""
    values: dict[str, Any] = {
        "id": ArticleId(name),
        "workspace": ACME.id,
        "title": "How do I book a train?",
        "text": "In the travel tool.",
        "state": ArticleState.PUBLISHED,
        "created_at": NOW,
        "changed_at": NOW,
        "author": BO.id,
    }
    return Article(**(values | changes))


def message(text: str = "Somebody asks you something.") -> Message:
    """A message of one sentence."""
    return say(text)


def letter(key: str = "l1", text: str = "Hello.", **changes: Any) -> Letter:
    """A letter to Bo that goes at once."""
    values: dict[str, Any] = {
        "key": key,
        "to": ToPerson(person=BO.id),
        "message": message(text),
        "kind": "question.offer",
        "priority": Priority.OFFER,
    }
    return Letter(**(values | changes))
