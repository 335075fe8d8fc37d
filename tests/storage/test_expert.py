"""What people declare, earn and are endorsed for."""

from dataclasses import replace

from bot.capabilities.questions.model import Credit, Declaration, Endorsement
from bot.ids import ArticleId, TopicId
from storage.database import Database
from tests.storage.example import ACME, ANA, BO, CY, EXPENSES, HOUR, NOW, OTHER

CREDIT = Credit(
    person=BO.id,
    topic=EXPENSES,
    kind="reused",
    at=NOW,
    key="use:1",
    article=ArticleId("a1"),
)


def test_the_last_declaration_about_a_topic_counts(acme: Database) -> None:
    first = Declaration(person=BO.id, topic=EXPENSES, level="learning", at=NOW)
    last = replace(first, level="none", at=NOW + HOUR)
    about_another = replace(first, topic=TopicId("travel"), level="steward")
    by_another = replace(first, person=ANA.id, level="can_help")
    with acme.transaction() as work:
        for declaration in (first, last, about_another, by_another):
            work.experts.declare(declaration)
    with acme.transaction() as work:
        assert list(work.experts.declarations(ACME.id)) == [by_another, last, about_another]
        assert list(work.experts.declarations(OTHER.id)) == []


def test_a_key_is_credited_once(acme: Database) -> None:
    with acme.transaction() as work:
        given = [work.experts.credit(CREDIT), work.experts.credit(replace(CREDIT, person=CY.id))]
    assert given == [True, False]
    with acme.transaction() as work:
        assert list(work.experts.credits_since(ACME.id, NOW)) == [CREDIT]


def test_credits_since_a_moment_include_it_and_come_oldest_first(acme: Database) -> None:
    late, on_time, early = (
        replace(CREDIT, key=f"use:{hours}", at=NOW + hours * HOUR) for hours in (1, 0, -1)
    )
    with acme.transaction() as work:
        for credit in (late, on_time, early):
            work.experts.credit(credit)
    with acme.transaction() as work:
        assert list(work.experts.credits_since(ACME.id, NOW)) == [on_time, late]
        assert list(work.experts.credits_since(OTHER.id, NOW)) == []


def test_a_second_endorsement_by_the_same_person_changes_nothing(acme: Database) -> None:
    first = Endorsement(person=BO.id, topic=EXPENSES, by=ANA.id, other_team=True, at=NOW)
    by_another = replace(first, by=CY.id, other_team=False, at=NOW - HOUR)
    with acme.transaction() as work:
        for endorsement in (first, replace(first, other_team=False, at=NOW + HOUR), by_another):
            work.experts.endorse(endorsement)
    with acme.transaction() as work:
        assert list(work.experts.endorsements(ACME.id)) == [by_another, first]
        assert list(work.experts.endorsements(OTHER.id)) == []
