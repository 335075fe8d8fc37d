"""What a pack changes in a workspace: a second time nothing, and never what people made of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.errors import Invalid
from bot.pack.item import Item, ScenarioChoice, Status
from bot.pack.model import Content, Kind, Quiz
from bot.pack.ports import Put
from bot.pack.sync import Bundle, Change, What, compare, sync
from bot.pack.version import version_of_item
from storage.database import Database
from storage.work import SqlWork
from tests.storage.example import ACME, ANA, HOUR, NOW
from tests.storage.test_pack import DATA, TWO, choice, quiz, section, tip

LATER = NOW + HOUR


def bundle(*contents: Content, id_: str = "ours") -> Bundle:
    return Bundle(id_, "Ours", "1.0.0", contents)


@pytest.fixture
def work(acme: Database) -> Iterator[SqlWork]:
    with acme.transaction() as work:
        yield work


def bring(work: SqlWork, *contents: Content, editorial: tuple[str, ...] = ()) -> list[str]:
    """What is said of a sync, in short."""
    changes = sync(work.packs, ACME.id, bundle(*contents), LATER, frozenset(editorial))
    return shorten(changes)


def shorten(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.kind} {change.id} {change.what}" for change in changes]


def edit(work: SqlWork, value: Content) -> None:
    """Somebody changes it in chat."""
    kept: Any = {
        Kind.QUIZ: work.packs.quiz,
        Kind.TIP: work.packs.tip,
        Kind.SECTION: work.packs.section,
    }
    kind = Kind.QUIZ if isinstance(value, Quiz) else Kind(type(value).__name__.lower())
    work.packs.put(ACME.id, [Put(value, kept[kind](ACME.id, value.id).pack, NOW, by=ANA.id)])


def items_of(work: SqlWork) -> list[Item]:
    kept = work.packs.quiz(ACME.id, "sharing")
    assert kept is not None
    return list(kept.value.items)


def test_what_is_new_comes_and_a_second_time_nothing_happens(work: SqlWork) -> None:
    contents = (section(), tip(), TWO)
    assert bring(work, *contents) == [
        "section links added",
        "tip t-links added",
        "quiz sharing added",
    ]
    assert bring(work, *contents) == []
    assert work.packs.tips(ACME.id, [DATA])


def test_what_a_pack_no_longer_holds_is_retired_and_can_come_back(work: SqlWork) -> None:
    bring(work, section(), tip(), TWO)
    assert bring(work, section()) == ["tip t-links retired", "quiz sharing retired"]
    assert not work.packs.quizzes(ACME.id)
    assert bring(work, section()) == []
    assert bring(work, section(), TWO) == ["quiz sharing added"]
    assert work.packs.quizzes(ACME.id)


def test_an_item_that_asks_something_else_begins_anew(work: SqlWork) -> None:
    bring(work, TWO)
    other = quiz(
        choice("s-1", stem="Whom do you ask?"), choice("s-2", status=Status.PILOT), choice("s-3")
    )
    assert bring(work, other) == [
        "quiz sharing changed",
        "item s-1 restarted",
        "item s-2 changed",
        "item s-3 added",
    ]
    assert bring(work, TWO, editorial=("s-1",)) == [
        "quiz sharing changed",
        "item s-1 changed",
        "item s-2 changed",
        "item s-3 retired",
    ]


def test_what_is_only_said_better_keeps_its_statistics(work: SqlWork) -> None:
    bring(work, quiz(choice("s-1", stem="What do you sent?")))
    before = version_of_item(items_of(work)[0])
    bring(work, quiz(choice("s-1")), editorial=("s-1",))
    after = version_of_item(items_of(work)[0])
    assert before != after
    assert work.packs.family(ACME.id, "s-1", after) == before


def test_what_people_changed_stays_until_the_pack_says_something_else(work: SqlWork) -> None:
    bring(work, tip(), section())
    ours = tip(text="Send the link, always.")
    edit(work, ours)
    assert bring(work, tip(), section()) == ["tip t-links kept"]
    kept = work.packs.tip(ACME.id, "t-links")
    assert kept is not None
    assert kept.value == ours
    theirs = tip(text="Send a link to the record.")
    assert bring(work, theirs, section()) == ["tip t-links changed", "tip t-links overridden"]
    kept = work.packs.tip(ACME.id, "t-links")
    assert kept is not None
    assert kept.value == theirs
    history = work.packs.history(ACME.id, Kind.TIP, "t-links")
    assert [edition.by for edition in history] == [None, ANA.id, None]
    assert bring(work, theirs, section()) == []


def test_of_a_quiz_each_item_is_a_thing_of_its_own(work: SqlWork) -> None:
    one, two, three = choice("s-1"), choice("s-2"), choice("s-3")
    bring(work, quiz(one, two, three))
    ours = choice("s-1", stem="Ours?")
    added = choice("s-9", stem="Added here?")
    edit(work, quiz(ours, two, three, added))
    theirs = choice("s-2", stem="Theirs?")
    assert bring(work, quiz(one, theirs, three)) == [
        "quiz sharing changed",
        "item s-1 kept",
        "item s-9 kept",
        "item s-2 restarted",
    ]
    assert items_of(work) == [ours, theirs, three, added]
    # Nothing new: what people made of it stays, and is told again.
    assert bring(work, quiz(one, theirs, three)) == ["item s-1 kept", "item s-9 kept"]
    assert items_of(work) == [ours, theirs, three, added]
    both = choice("s-1", stem="Theirs too?")
    assert "item s-1 overridden" in bring(work, quiz(both, theirs, three))
    assert items_of(work) == [both, theirs, three, added]


def test_what_a_quiz_says_of_itself_is_one_thing(work: SqlWork) -> None:
    bring(work, TWO)
    edit(work, quiz(choice("s-1"), choice("s-2"), title="Our title"))
    assert bring(work, quiz(choice("s-1"), choice("s-2", stem="Theirs?"))) == [
        "quiz sharing changed",
        "quiz sharing kept",
        "item s-2 restarted",
    ]
    kept = work.packs.quiz(ACME.id, "sharing")
    assert kept is not None
    assert kept.value.title == "Our title"
    assert "quiz sharing overridden" in bring(
        work, quiz(choice("s-1"), choice("s-2", stem="Theirs?"), title="Their title")
    )


def test_an_item_that_the_pack_took_away_goes(work: SqlWork) -> None:
    bring(work, TWO)
    edit(work, quiz(choice("s-1"), choice("s-2", stem="Ours?")))
    assert bring(work, quiz(choice("s-1"))) == ["quiz sharing changed", "item s-2 retired"]


def test_one_pack_takes_nothing_from_another(work: SqlWork) -> None:
    bring(work, tip())
    work.packs.put(ACME.id, [Put(section(), "", NOW, by=ANA.id)])
    theirs = bundle(tip(), section(), id_="theirs")
    with pytest.raises(Invalid) as caught:
        sync(work.packs, ACME.id, theirs, LATER)
    assert caught.value.sentence == (
        "The pack 'theirs' has what is there already: tip 't-links' (pack ours), "
        "section 'links' (written here)."
    )
    # What the other pack has is none of its business either.
    sync(work.packs, ACME.id, bundle(id_="theirs"), LATER)
    assert work.packs.tips(ACME.id, [DATA])


def test_two_states_of_a_pack_can_be_compared() -> None:
    new = quiz(choice("s-1", stem="What now?"), choice("s-3"))
    assert shorten(compare((section(), tip(), TWO), (section(), new))) == [
        "quiz sharing changed",
        "item s-1 restarted",
        "item s-3 added",
        "item s-2 retired",
        "tip t-links retired",
    ]
    assert "item s-1 changed" in shorten(compare((TWO,), (new,), frozenset({"s-1"})))
    assert compare((TWO,), (TWO,)) == ()
    assert compare((), (TWO,)) == (Change(Kind.QUIZ, "sharing", What.ADDED),)


def test_another_key_begins_anew_whatever_is_said_of_it(work: SqlWork) -> None:
    before = choice("s-1")
    assert isinstance(before, ScenarioChoice)
    scores = [option.score for option in before.options]
    options = tuple(
        option.model_copy(update={"score": score})
        for option, score in zip(before.options, [*scores[1:], scores[0]], strict=True)
    )
    after = before.model_copy(update={"options": options})
    bring(work, quiz(before))
    told = bring(work, quiz(after), editorial=("s-1",))
    assert told == ["quiz sharing changed", "item s-1 restarted"]
    version = version_of_item(after)
    assert work.packs.family(ACME.id, "s-1", version) == version
