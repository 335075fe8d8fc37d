"""The starter pack: it loads, it fills a workspace once, and it leaves room to ask."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from bot.capabilities.questions.model import ArticleState
from bot.capabilities.questions.starting import Applied, Pack, PackEntry, apply_pack
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.people import Person, Role, Workspace
from bot.search import Entry, TextIndex, Vectors
from content.load import load_starter
from storage.database import Database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HERE = WorkspaceId("demo")
TAXI = "How do I claim the taxi from a client visit?"


@pytest.fixture
def ids() -> Iterator[int]:
    return count(1)


def begin(database: Database) -> None:
    with database.transaction() as work:
        work.people.add_workspace(Workspace(HERE, "playground", "demo", "Demo"))


def apply_to(database: Database, pack: Pack, ids: Iterator[int], now: datetime = NOW) -> Applied:
    with database.transaction() as work:
        return apply_pack(work, HERE, pack, now, lambda: f"id-{next(ids)}")


def test_it_has_topics_answers_and_people() -> None:
    pack = load_starter()
    assert len(pack.faq) >= 30
    assert {entry.topic for entry in pack.faq} == {topic.id for topic in pack.topics}
    assert len({entry.title for entry in pack.faq}) == len(pack.faq)
    assert pack.demo is not None
    channels = {channel.name for channel in pack.demo.channels}
    assert channels == {"#general", "#data-incident"} | {topic.channel for topic in pack.topics}
    people = {person.handle: person for person in pack.demo.people}
    assert people.keys() >= {"ana", "ben", "kim", "dana"}
    zones = {person.zone for person in pack.demo.people}
    assert zones == {"Europe/Berlin", "America/New_York", "Asia/Kolkata"}
    assert all(ZoneInfo(zone) for zone in zones)
    managers = [p.handle for p in pack.demo.people if Role.COMMUNITY_MANAGER in p.roles]
    assert managers == ["dana", "maya"]


def test_answers_are_short_and_without_dates() -> None:
    for entry in load_starter().faq:
        assert len(entry.text) <= 400, entry.id
        assert entry.title.endswith("?"), entry.id
        assert not any(char.isdigit() for char in entry.text.replace("UTF-8", "")), entry.id


@pytest.mark.parametrize("vectors", [None, "table"])
def test_it_knows_the_password_and_leaves_the_taxi_to_a_colleague(vectors: str | None) -> None:
    loaded = Vectors.load() if vectors else None
    if vectors and loaded is None:
        pytest.skip("the vectors extra is not installed")
    index = TextIndex(loaded)
    for entry in load_starter().faq:
        index.add(Entry(id=entry.id, title=entry.title, text=entry.text, phrasings=entry.phrasings))
    password = index.search("How do I reset my password?", limit=1)[0]
    assert password.id == "reset-password"
    assert password.score >= index.thresholds.answer
    for question in (TAXI, "Where do I hand in my taxi bill after seeing a customer?"):
        assert all(hit.score < index.thresholds.suggest for hit in index.search(question, limit=3))


def test_applied_to_an_empty_workspace_it_fills_it(database: Database, ids: Iterator[int]) -> None:
    pack = load_starter()
    assert pack.demo is not None
    begin(database)
    applied = apply_to(database, pack, ids)
    levels = sum(len(expert.levels) for expert in pack.experts)
    assert applied == Applied(
        people=len(pack.demo.people),
        topics=len(pack.topics),
        declarations=levels,
        added=len(pack.faq),
        changed=0,
    )
    with database.transaction() as work:
        kim = work.people.by_address(HERE, "kim")
        ana = work.people.by_address(HERE, "ana")
        maya = work.people.by_address(HERE, "maya")
        expenses = work.topics.get(HERE, TopicId("expenses"))
        assert kim is not None
        assert ana is not None
        assert maya is not None
        assert expenses is not None
        assert (kim.weekly_cap, ana.manager, expenses.steward) == (6, maya.id, kim.id)
        article = work.articles.by_source(HERE, "pack:starter:lost-receipt")
        assert article is not None
        assert article.state is ArticleState.PUBLISHED
        assert (article.verifier, article.verified_at) == (kim.id, NOW)
        assert work.memory.suggest(work, HERE, "How do I reset my password?")[0].is_answer
        assert work.memory.suggest(work, HERE, TAXI) == []
        assert work.memory.classify(work, HERE, TAXI) == "expenses"
        asked_about_expenses = {
            d.person for d in work.experts.declarations(HERE) if d.topic == "expenses"
        }
        assert asked_about_expenses == {kim.id}


def test_applied_again_it_changes_nothing(database: Database, ids: Iterator[int]) -> None:
    begin(database)
    apply_to(database, load_starter(), ids)
    again = apply_to(database, load_starter(), ids, NOW + timedelta(days=1))
    assert again == Applied(people=0, topics=0, declarations=0, added=0, changed=0)


def test_a_newer_pack_brings_what_is_new_and_keeps_what_was_edited_here(
    database: Database, ids: Iterator[int]
) -> None:
    pack = replace(
        load_starter(),
        faq=(PackEntry("a", "A question?", "One."), PackEntry("b", "Another one?", "Two.")),
    )
    begin(database)
    apply_to(database, pack, ids)
    with database.transaction() as work:
        edited = work.articles.by_source(HERE, "pack:starter:b")
        dana = work.people.by_address(HERE, "dana")
        assert edited is not None
        assert dana is not None
        work.articles.save(replace(edited, text="Two, as here.", changed_by=dana.id))
    newer = replace(
        pack,
        faq=(
            PackEntry("a", "A question?", "One, better."),
            PackEntry("b", "Another one?", "Two, better."),
            PackEntry("c", "A third?", "Three."),
        ),
    )
    applied = apply_to(database, newer, ids)
    assert (applied.added, applied.changed) == (1, 1)
    with database.transaction() as work:
        texts = []
        for key in "abc":
            article = work.articles.by_source(HERE, f"pack:starter:{key}")
            assert article is not None
            texts.append(article.text)
    assert texts == ["One, better.", "Two, as here.", "Three."]


def test_without_its_demo_nobody_is_made_up_and_nothing_counts_as_verified(
    database: Database, ids: Iterator[int]
) -> None:
    begin(database)
    with database.transaction() as work:
        work.people.save(Person(PersonId("p1"), HERE, "U1", "Kim"))
    applied = apply_to(database, replace(load_starter(), demo=None), ids)
    assert applied.people == 0
    with database.transaction() as work:
        assert [person.address for person in work.people.everybody(HERE)] == ["U1"]
        expenses = work.topics.get(HERE, TopicId("expenses"))
        assert expenses is not None
        assert expenses.steward == "p1"
        states = {
            key: article.state
            for key in ("lost-receipt", "reset-password")
            if (article := work.articles.by_source(HERE, f"pack:starter:{key}"))
        }
    assert states == {
        "lost-receipt": ArticleState.IN_REVIEW,
        "reset-password": ArticleState.DRAFTED,
    }
