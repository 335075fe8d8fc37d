"""Topics belong to a workspace."""

from bot.topic import Topic
from storage.database import Database
from tests.storage.example import ACME, ANA, EXPENSES, OTHER

TOPIC = Topic(
    id=EXPENSES,
    workspace=ACME.id,
    title="Expenses",
    aliases=("reimbursement", "Spesen"),
    steward=ANA.id,
    channel="C0EXP",
    regulated=True,
)


def test_every_field_of_a_topic_comes_back(acme: Database) -> None:
    with acme.transaction() as work:
        work.topics.save(Topic(id=EXPENSES, workspace=ACME.id, title="Before"))
        work.topics.save(TOPIC)
    with acme.transaction() as work:
        assert work.topics.get(ACME.id, EXPENSES) == TOPIC


def test_two_workspaces_may_have_a_topic_of_the_same_id(acme: Database) -> None:
    theirs = Topic(id=EXPENSES, workspace=OTHER.id, title="Theirs")
    with acme.transaction() as work:
        work.people.add_workspace(OTHER)
        work.topics.save(TOPIC)
        work.topics.save(theirs)
    with acme.transaction() as work:
        assert work.topics.get(ACME.id, EXPENSES) == TOPIC
        assert list(work.topics.every(OTHER.id)) == [theirs]


def test_topics_come_by_title(acme: Database) -> None:
    ids = [(topic, title) for topic, title in (("x", "Travel"), ("y", "Access"))]
    with acme.transaction() as work:
        work.topics.save(TOPIC)
        for topic, title in ids:
            work.topics.save(Topic(id=type(EXPENSES)(topic), workspace=ACME.id, title=title))
    with acme.transaction() as work:
        assert [topic.title for topic in work.topics.every(ACME.id)] == [
            "Access",
            "Expenses",
            "Travel",
        ]
