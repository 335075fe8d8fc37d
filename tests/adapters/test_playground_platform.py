"""The playground as a place that letters are delivered to."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.playground.platform import PlaygroundPlatform
from bot.capabilities.questions.memory import Memory
from bot.ids import PersonId, WorkspaceId
from bot.message import Message, json_of, say
from bot.outbox import Delivery, Never, Outcome, Priority, Sent, TryLater
from bot.people import Person, Workspace
from bot.transcript import Post
from storage.database import Database
from storage.transcript import SqlTranscript
from tests.adapters.contract import MONDAY, WORKSPACE
from tests.databases import RELAY_KEY

LETTER = Delivery(
    id=1,
    key="k1",
    workspace=WORKSPACE,
    address="handle",
    direct=True,
    message=say("Hello"),
    kind="test",
    priority=Priority.ANSWER,
)


@pytest.fixture
def transcript(database: Database) -> SqlTranscript:
    with database.transaction() as work:
        work.people.add_workspace(Workspace(WORKSPACE, "playground", "test", "Test"))
        work.people.save(Person(PersonId("p1"), WORKSPACE, address="handle", name="Ana"))
    return SqlTranscript(database)


@pytest.fixture
def platform(database: Database, transcript: SqlTranscript) -> PlaygroundPlatform:
    return PlaygroundPlatform(transcript, database, lambda: MONDAY)


def deliver(platform: PlaygroundPlatform, delivery: Delivery) -> Outcome:
    return asyncio.run(platform.deliver(delivery))


def find(platform: PlaygroundPlatform, delivery: Delivery) -> Sent | None:
    return asyncio.run(platform.find_delivered(delivery))


def edit_of(sent: Outcome, message: Message) -> Delivery:
    assert isinstance(sent, Sent)
    return replace(
        LETTER,
        id=2,
        key="k2",
        message=message,
        edits=sent.external,
        conversation=sent.conversation,
    )


def test_direct_letter_goes_to_the_persons_own_conversation(
    platform: PlaygroundPlatform, transcript: SqlTranscript
) -> None:
    sent = deliver(platform, LETTER)
    assert sent == Sent(external="1", conversation="dm:p1")
    assert transcript.list(WORKSPACE, "dm:p1") == [
        Post(
            id=1,
            workspace=WORKSPACE,
            conversation="dm:p1",
            body={"message": json_of(LETTER.message)},
            at=MONDAY,
            key="k1",
        )
    ]


def test_letter_is_found_by_its_key(platform: PlaygroundPlatform) -> None:
    assert find(platform, LETTER) is None
    sent = deliver(platform, LETTER)
    assert find(platform, LETTER) == sent
    assert find(platform, replace(LETTER, workspace=WorkspaceId("other"))) is None


def test_letter_delivered_again_stands_once(
    platform: PlaygroundPlatform, transcript: SqlTranscript
) -> None:
    assert deliver(platform, LETTER) == deliver(platform, LETTER)
    assert len(transcript.list(WORKSPACE, "dm:p1")) == 1


def test_edit_is_found_by_what_it_says(platform: PlaygroundPlatform) -> None:
    edit = edit_of(deliver(platform, LETTER), say("Changed"))
    assert find(platform, edit) is None
    assert deliver(platform, edit) == Sent(external="1", conversation="dm:p1")
    assert find(platform, edit) == Sent(external="1", conversation="dm:p1")


def test_letter_to_nobody_is_not_tried_again(platform: PlaygroundPlatform) -> None:
    assert isinstance(deliver(platform, replace(LETTER, address="nobody")), Never)


@pytest.mark.parametrize("external", ["99", "x", "", "-1", "٣", "9" * 30])
def test_edit_of_what_is_gone_is_not_tried_again(
    platform: PlaygroundPlatform, external: str
) -> None:
    edit = replace(LETTER, edits=external, conversation="dm:p1")
    assert isinstance(deliver(platform, edit), Never)
    assert find(platform, edit) is None


def test_thread_that_is_not_there_does_not_stop_the_letter(
    platform: PlaygroundPlatform, transcript: SqlTranscript
) -> None:
    deliver(platform, replace(LETTER, direct=False, address="#a"))
    elsewhere = replace(LETTER, key="k2", direct=False, address="#b", thread="1")
    assert isinstance(deliver(platform, elsewhere), Sent)
    (post,) = transcript.list(WORKSPACE, "#b")
    assert post.thread is None


@pytest.mark.parametrize("change", [{}, {"edits": "1", "conversation": "dm:p1"}])
def test_locked_store_is_tried_again(sqlite_url: str, change: dict[str, Any]) -> None:
    owner = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    other = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=0.01)
    platform = PlaygroundPlatform(SqlTranscript(other), other, lambda: MONDAY)
    with owner.transaction():
        outcome = deliver(platform, replace(LETTER, **change))
    assert outcome == TryLater(timedelta(seconds=5), "the transcript is busy")
    owner.close()
    other.close()
