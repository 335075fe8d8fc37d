"""What the playground shows is kept in order."""

from dataclasses import replace

import pytest

from bot.capabilities.questions.memory import Memory
from bot.transcript import Conversation, Post
from storage.database import Database
from storage.transcript import SqlTranscript
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, ANA, BO, HOUR, NOW, OTHER

SAID = Post(workspace=ACME.id, conversation="C1", body={"text": "Hello 🦊"}, at=NOW, author=ANA.id)
TOLD = Post(
    workspace=ACME.id,
    conversation="D-bo",
    body={"message": {"summary": "Hi", "parts": [1, None]}},
    at=NOW,
    thread="7",
    visible_to=BO.id,
    key="q1:offer:bo",
)


@pytest.fixture
def transcript(database: Database) -> SqlTranscript:
    """A transcript in which nothing has been said."""
    return SqlTranscript(database)


def test_posts_come_back_as_they_were_added(transcript: SqlTranscript) -> None:
    said, told = transcript.add(SAID), transcript.add(TOLD)
    assert (said, told) == (replace(SAID, id=1), replace(TOLD, id=2))
    assert [transcript.get(post) for post in (1, 2, 3)] == [said, told, None]


def test_a_letter_is_posted_once(transcript: SqlTranscript) -> None:
    told = transcript.add(TOLD)
    assert transcript.add(replace(TOLD, body={"text": "again"})) == told
    assert transcript.by_key(ACME.id, "q1:offer:bo") == told
    assert transcript.by_key(OTHER.id, "q1:offer:bo") is None
    assert list(transcript.list(ACME.id, "D-bo")) == [told]


def test_an_edit_replaces_what_a_post_says(transcript: SqlTranscript) -> None:
    told = transcript.add(TOLD)
    edited = transcript.edit(told.id, {"text": "New."}, NOW + HOUR)
    assert edited == replace(told, body={"text": "New."}, edited_at=NOW + HOUR)
    assert transcript.get(told.id) == edited
    assert transcript.edit(9, {"text": "New."}, NOW) is None


def test_a_list_goes_on_after_what_was_seen(transcript: SqlTranscript) -> None:
    transcript.add(replace(SAID, workspace=OTHER.id))
    transcript.add(TOLD)
    said = [transcript.add(replace(SAID, body={"text": str(number)})) for number in range(4)]
    assert list(transcript.list(ACME.id, "C1")) == said
    assert list(transcript.list(ACME.id, "C1", after_id=said[0].id, limit=2)) == said[1:3]
    assert list(transcript.list(ACME.id, "C2")) == []


def test_the_conversation_with_the_latest_post_comes_first(transcript: SqlTranscript) -> None:
    posts = (SAID, TOLD, replace(SAID, conversation="C2"), TOLD, replace(SAID, workspace=OTHER.id))
    for post in (*posts, replace(SAID, conversation="A")):
        transcript.add(replace(post, key=None))
    assert list(transcript.conversations(ACME.id)) == [
        Conversation("A", 6),
        Conversation("D-bo", 4),
        Conversation("C2", 3),
        Conversation("C1", 1),
    ]


def test_a_setting_is_what_was_set_last(transcript: SqlTranscript) -> None:
    assert transcript.setting("clock") is None
    transcript.set_setting("clock", "PT1H")
    transcript.set_setting("clock", "PT2H")
    assert transcript.setting("clock") == "PT2H"


def test_what_one_process_changes_another_one_sees(database_url: str) -> None:
    first, second = (Database(database_url, relay_key=RELAY_KEY, memory=Memory()) for _ in range(2))
    here, there = SqlTranscript(first), SqlTranscript(second)
    old = here.add(SAID)
    seen = there.revision()
    assert list(there.changed_since(seen)) == []
    new = here.add(SAID)
    here.edit(old.id, {"text": "again"}, NOW)
    assert there.revision() > seen
    assert list(there.changed_since(seen)) == [old.id, new.id]
    seen = there.revision()
    here.set_setting("name", "value")
    assert there.revision() > seen
    assert list(there.changed_since(seen)) == []
    first.close()
    second.close()
