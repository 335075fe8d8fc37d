"""The relay opens what it sealed, and only with its own key."""

import base64

import pytest
from sqlalchemy import select, update

from bot.capabilities.questions.memory import Memory
from bot.errors import NotFound
from storage.database import Database
from storage.seal import Seal, WrongKey
from storage.tables import relay
from tests.storage.example import ANA, BO


def test_a_subject_opens_to_the_person_it_was_sealed_for(database: Database) -> None:
    with database.transaction() as work:
        work.relay.seal("question:1", ANA.id)
        work.relay.seal("question:1", BO.id)
        work.relay.seal("question:2", ANA.id)
    with database.transaction() as work:
        opened = [work.relay.open(f"question:{number}") for number in (1, 2, 3)]
    assert opened == [BO.id, ANA.id, None]


def test_of_many_subjects_those_are_told_that_open_to_the_person(database: Database) -> None:
    with database.transaction() as work:
        for number in range(1, 6):
            work.relay.seal(f"question:{number}", ANA.id if number % 2 else BO.id)
        work.relay.forget("question:3")
    # A row that was copied under another subject's name opens nothing.
    with database.begin() as connection:
        sealed = connection.execute(
            select(relay.c.sealed).where(relay.c.subject == "question:1")
        ).scalar_one()
        connection.execute(
            update(relay).where(relay.c.subject == "question:2").values(sealed=sealed)
        )
    subjects = [f"question:{number}" for number in range(1, 10)]
    with database.transaction() as work:
        assert work.relay.behind(ANA.id, subjects) == {"question:1", "question:5"}
        assert work.relay.behind(ANA.id, ["question:4", "question:5"]) == {"question:5"}
        assert work.relay.behind(ANA.id, []) == frozenset()


def test_a_forgotten_subject_opens_to_nobody(database: Database) -> None:
    with database.transaction() as work:
        work.relay.seal("question:1", ANA.id)
        work.relay.forget("question:1")
        assert work.relay.open("question:1") is None


def test_another_key_does_not_open_it(database_url: str) -> None:
    for key in (b"a" * 32, b"b" * 32):
        database = Database(database_url, relay_key=key, memory=Memory())
        try:
            with database.transaction() as work:
                if key[:1] == b"a":
                    work.relay.seal("question:1", ANA.id)
                else:
                    with pytest.raises(NotFound, match="sealed with another key"):
                        work.relay.open("question:1")
                    assert work.relay.behind(ANA.id, ["question:1"]) == frozenset()
        finally:
            database.close()


def check(url: str, key: bytes) -> None:
    """Open a database with a key and ask whether it is the one."""
    database = Database(url, relay_key=key, memory=Memory())
    try:
        database.check_relay_key()
    finally:
        database.close()


def test_a_database_knows_the_key_with_which_it_was_first_opened(database_url: str) -> None:
    for _ in range(2):
        check(database_url, b"a" * 32)
        with pytest.raises(WrongKey):
            check(database_url, b"b" * 32)


def test_what_was_sealed_before_anything_was_checked_counts(database_url: str) -> None:
    database = Database(database_url, relay_key=b"a" * 32, memory=Memory())
    with database.transaction() as work:
        work.relay.seal("question:1", ANA.id)
    database.close()
    with pytest.raises(WrongKey):
        check(database_url, b"b" * 32)
    check(database_url, b"a" * 32)


def test_a_row_copied_under_another_subject_opens_to_nobody(database: Database) -> None:
    with database.transaction() as work:
        work.relay.seal("question:1", ANA.id)
    with database.begin() as connection:
        connection.execute(relay.update().values(subject="question:2"))
    with database.transaction() as work:
        assert work.relay.open("question:2") is None


def test_what_is_sealed_has_the_same_length_for_short_and_long_names() -> None:
    seal = Seal(b"k" * 32)
    sealed = [seal.close("question:1", name) for name in ("bo", "maximiliane-von-und-zu")]
    assert len({len(text) for text in sealed}) == 1
    assert [seal.open(text)[1] for text in sealed] == ["bo", "maximiliane-von-und-zu"]


def test_what_is_sealed_does_not_tell_when() -> None:
    token = base64.urlsafe_b64decode(Seal(b"k" * 32).close("question:1", "bo"))
    # A Fernet token has its time in bytes 1 to 8: https://github.com/fernet/spec
    assert token[1:9] == bytes(8)


def test_fingerprints_agree_only_for_the_same_texts_and_key() -> None:
    one, other = Seal(b"k" * 32), Seal(b"l" * 32)
    marks = {one.fingerprint("a", "b"), one.fingerprint("ab"), other.fingerprint("a", "b")}
    assert len(marks) == 3
    assert one.fingerprint("a", "b") in marks


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than 32 bytes"):
        Seal(b"short")


def test_what_is_one_owners_opens_for_nobody_else() -> None:
    seal = Seal(bytes(range(32)))
    sealed = seal.of("ana").close("My week", "was long.")
    assert seal.of("ana").open(sealed) == ["My week", "was long."]
    for other in (seal.of("bo"), seal, Seal(bytes(32)).of("ana")):
        with pytest.raises(WrongKey):
            other.open(sealed)
