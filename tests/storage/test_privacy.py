"""Who asked anonymously cannot be read from the database without the relay key."""

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from bot.capabilities.questions.model import TurnKind, Visibility
from bot.outbox import (
    Ambiguous,
    Delivered,
    Never,
    Outcome,
    Sent,
    Settlement,
    ToPerson,
    ToRelay,
    TryLater,
)
from bot.people import Person
from storage.database import Database
from storage.migrate import SCHEMA
from tests.storage.example import ACME, ANA, HOUR, LEASE, NOW, answer, letter, question
from tests.storage.hand import HandLane

SUBJECT = "question:q1"
DM = "D0WITHANA"
TO_ASKER = ToRelay(subject=SUBJECT)


def dump(database: Database) -> str:
    """Every value of every table but that of the people themselves."""
    with database.begin() as connection:
        return "\n".join(
            f"{table.name}: {tuple(row)}"
            for table in SCHEMA.sorted_tables
            if table.name != "people"
            for row in connection.execute(select(table))
        )


def traces(database: Database, person: Person) -> list[str]:
    """The lines of the dump that give the person away."""
    names = {person.id, person.address, person.name, DM, "171.1", "171.2"}
    return [line for line in dump(database).splitlines() if any(name in line for name in names)]


def test_the_dump_would_show_a_letter_that_names_its_recipient(acme: Database) -> None:
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("l1", to=ToPerson(person=ANA.id)))
    assert len(traces(acme, ANA)) == 1


def test_an_anonymous_question_leaves_no_trace_of_its_asker(acme: Database) -> None:
    lane = HandLane(acme)
    with acme.transaction() as work:
        work.questions.add(question(asker=None, visibility=Visibility.ANONYMOUS))
        work.questions.count_ask(ANA.id, date(2026, 3, 2))
        work.questions.add_turn(answer("t1", None, kind=TurnKind.FOLLOW_UP))
        work.relay.seal(SUBJECT, ANA.id)
        work.outbox.follow(ACME.id, DM, "171.2", SUBJECT)
        work.outbox.post(ACME.id, letter("l1", to=TO_ASKER, about=SUBJECT))

    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert delivery.address == ANA.address
    assert traces(acme, ANA) == []

    lane.mark_sending([delivery.id], NOW)
    lane.settle([Settlement(delivery.id, Sent(external="171.1", conversation=DM))], NOW)
    assert traces(acme, ANA) == []
    with acme.transaction() as work:
        assert work.outbox.find(ACME.id, DM, "171.1") == Delivered("l1", SUBJECT, "question.offer")
        work.outbox.post(ACME.id, letter("e1", "Answered.", to=TO_ASKER, edits="l1"))

    [edit] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert (edit.edits, edit.conversation, edit.address) == ("171.1", DM, ANA.address)
    lane.settle([Settlement(edit.id, Sent(external="171.1", conversation=DM))], NOW)
    assert traces(acme, ANA) == []


def test_a_platforms_words_about_a_relay_letter_are_sealed(acme: Database) -> None:
    lane = HandLane(acme)
    complaint = f"cannot reach {ANA.address} in {DM}"
    outcomes: tuple[Outcome, ...] = (
        TryLater(timedelta(0), complaint),
        Ambiguous(complaint),
        Never(complaint),
    )
    with acme.transaction() as work:
        work.relay.seal(SUBJECT, ANA.id)
        for number in range(len(outcomes)):
            work.outbox.post(ACME.id, letter(f"l{number}", to=TO_ASKER))
    claimed = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle(
        [Settlement(each.id, said) for each, said in zip(claimed, outcomes, strict=True)], NOW
    )
    assert traces(acme, ANA) == []


def test_once_forgotten_not_even_the_key_tells_where_letters_stand(acme: Database) -> None:
    lane = HandLane(acme)
    with acme.transaction() as work:
        work.relay.seal(SUBJECT, ANA.id)
        work.outbox.post(ACME.id, letter("l1", to=TO_ASKER))
        work.outbox.post(ACME.id, letter("l2", to=TO_ASKER))
    [first, second] = lane.claim(ACME.id, NOW, 9, LEASE)
    sent = Sent(external="171.1", conversation=DM)
    lane.settle([Settlement(first.id, sent), Settlement(second.id, Never(ANA.address))], NOW)
    assert dump(acme).count("gAAAA") == 3
    with acme.transaction() as work:
        work.relay.forget(SUBJECT)
        assert work.outbox.find(ACME.id, DM, "171.1") is not None
        work.outbox.post(ACME.id, letter("e1", to=TO_ASKER, edits="l1"))
    assert "gAAAA" not in dump(acme)
    assert lane.claim(ACME.id, NOW, 9, LEASE) == []


def test_a_letter_to_an_asker_who_left_does_not_say_so(acme: Database) -> None:
    with acme.transaction() as work:
        work.relay.seal(SUBJECT, ANA.id)
        work.people.save(replace(ANA, active=False))
        work.outbox.post(ACME.id, letter("l1", to=TO_ASKER))
    assert HandLane(acme).claim(ACME.id, NOW + HOUR, 9, LEASE) == []
    assert "failed" in dump(acme)
    assert "'left'" not in dump(acme)


def test_two_anonymous_letters_to_the_same_place_look_different(acme: Database) -> None:
    lane = HandLane(acme)
    with acme.transaction() as work:
        for number in (1, 2):
            work.relay.seal(f"question:q{number}", ANA.id)
            to = ToRelay(subject=f"question:q{number}")
            work.outbox.post(ACME.id, letter(f"l{number}", to=to))
    claimed = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle(
        [
            Settlement(each.id, Sent(external=f"171.{number}", conversation=DM))
            for number, each in enumerate(claimed, 1)
        ],
        NOW,
    )
    with acme.begin() as connection:
        outbox, relay = SCHEMA.tables["outbox"], SCHEMA.tables["relay"]
        letters = connection.execute(select(outbox.c.sealed, outbox.c.fingerprint)).all()
        subjects = connection.execute(select(relay.c.sealed)).all()
    shared = set(letters[0]) & set(letters[1]) | set(subjects[0]) & set(subjects[1])
    assert shared == set()
