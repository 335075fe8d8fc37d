"""What packs hold: it is kept with every version, and nothing of it is ever deleted."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from bot.ids import TopicId
from bot.pack.item import Option, ScenarioChoice, Status, Step
from bot.pack.item import Ordering as OrderingItem
from bot.pack.model import Check, Kind, Objective, Policy, Quiz, Section, Tip
from bot.pack.ports import Kept, Put
from bot.pack.version import version_of, version_of_item
from storage import pack as pack_module
from storage.database import Database
from tests.storage.example import ACME, ANA, BO, HOUR, NOW, OTHER

LATER = NOW + HOUR
DATA = TopicId("data")

OPTIONS = (
    Option(id="a", text="The link", score=1, feedback="Yes."),
    Option(id="b", text="The whole export", feedback="Too much."),
)


def choice(id_: str, stem: str = "What do you send?", **more: Any) -> ScenarioChoice:
    values: dict[str, Any] = {"objective": "share", "options": OPTIONS} | more
    return ScenarioChoice(id=id_, type="scenario_choice", stem=stem, **values)


def quiz(*items: Any, **more: Any) -> Quiz:
    values: dict[str, Any] = {"id": "sharing", "title": "Sharing", "topic": DATA} | more
    objectives = (Objective(id="share", text="Share only what is needed"),)
    return Quiz(objectives=objectives, items=items, **values)


def section(id_: str = "links", **more: Any) -> Section:
    values = {"title": "Links", "topic": DATA, "minutes": 2, "summary": "Links.", "body": "# Links"}
    return Section(id=id_, **(values | more))  # type: ignore[arg-type]  # mixed values


def tip(id_: str = "t-links", **more: Any) -> Tip:
    values: dict[str, Any] = {"topic": DATA, "text": "Send a link."} | more
    return Tip(id=id_, **values)


def by_pack(value: Any, **more: Any) -> Put:
    values: dict[str, Any] = {"pack": "starter", "at": NOW} | more
    return Put(value=value, **values)


TWO = quiz(choice("s-1"), choice("s-2"))


@pytest.fixture(params=["remembered", "read"])
def packs(request: pytest.FixtureRequest, acme: Database, monkeypatch: Any) -> Database:
    """A database, for a process that has read everything before and for one that has not."""
    if request.param == "read":
        monkeypatch.setattr(pack_module._Shelf, "get", lambda _self, _digest: None)
    return acme


def test_everything_of_a_section_a_tip_and_a_quiz_comes_back(packs: Database) -> None:
    about = section(owner="@ana", review_by=NOW.date())
    asked = tip(check=Check(q="What do you send?", options=OPTIONS), critical=True)
    order = OrderingItem(
        id="s-3",
        type="ordering",
        objective="share",
        stem="In which order?",
        steps=tuple(Step(id=id_, text=id_) for id_ in "abc"),
    )
    whole = quiz(
        choice("s-1", status=Status.PILOT),
        order,
        policy=Policy(mode="fixed", form={"share": 2}, cut="angoff", valid_for=timedelta(days=365)),
    )
    with packs.transaction() as work:
        changed = work.packs.put(ACME.id, map(by_pack, (about, asked, whole)))
    assert changed == ["links", "t-links", "sharing"]
    with packs.transaction() as work:
        assert work.packs.section(ACME.id, "links") == Kept(
            about, version_of(about), retired=False, changed_at=NOW, pack="starter"
        )
        assert work.packs.tip(ACME.id, "t-links") == Kept(
            asked, version_of(asked), retired=False, changed_at=NOW, pack="starter"
        )
        assert work.packs.quiz(ACME.id, "sharing") == Kept(
            whole, version_of(whole), retired=False, changed_at=NOW, pack="starter"
        )
        assert work.packs.quiz_of(ACME.id, "s-3") == "sharing"
        assert work.packs.quiz_of(ACME.id, "s-4") is None
        assert work.packs.section(ACME.id, "t-links") is None


def test_what_says_the_same_is_left_alone(packs: Database) -> None:
    with packs.transaction() as work:
        work.packs.put(ACME.id, [by_pack(TWO), by_pack(tip())])
    with packs.transaction() as work:
        assert work.packs.put(ACME.id, [by_pack(TWO, at=LATER), by_pack(tip(), at=LATER)]) == []
        kept = work.packs.quiz(ACME.id, "sharing")
        assert kept is not None
        assert kept.changed_at == NOW
        assert len(work.packs.history(ACME.id, Kind.QUIZ, "sharing")) == 1
        assert len(work.packs.history(ACME.id, Kind.ITEM, "s-1")) == 1


def test_a_running_attempt_finds_the_quiz_as_it_was(packs: Database) -> None:
    changed = quiz(choice("s-1"), choice("s-2", stem="What now?"))
    with packs.transaction() as work:
        work.packs.put(ACME.id, [by_pack(TWO)])
        work.packs.put(ACME.id, [by_pack(changed, at=LATER)])
    with packs.transaction() as work:
        assert work.packs.quiz_at(ACME.id, "sharing", version_of(TWO)) == TWO
        assert work.packs.quiz_at(ACME.id, "sharing", version_of(changed)) == changed
        with pytest.raises(KeyError):
            work.packs.quiz_at(ACME.id, "sharing", "0" * 32)
        with pytest.raises(KeyError):
            work.packs.quiz_at(OTHER.id, "sharing", version_of(TWO))


def test_only_the_item_that_changed_gets_an_edition(packs: Database) -> None:
    changed = quiz(choice("s-1"), choice("s-2", stem="What now?"))
    with packs.transaction() as work:
        work.packs.put(ACME.id, [by_pack(TWO)])
        work.packs.put(ACME.id, [Put(changed, "starter", LATER, by=ANA.id, note="Clearer")])
    with packs.transaction() as work:
        assert len(work.packs.history(ACME.id, Kind.ITEM, "s-1")) == 1
        new, old = work.packs.history(ACME.id, Kind.ITEM, "s-2")
        assert (new.version, new.at, new.by, new.note) == (
            version_of_item(changed.items[1]),
            LATER,
            ANA.id,
            "Clearer",
        )
        assert (old.by, old.at) == (None, NOW)
        assert json.loads(new.body)["stem"] == "What now?"
        assert json.loads(old.body)["shuffle"] is True
        whole = work.packs.history(ACME.id, Kind.QUIZ, "sharing")
        assert [edition.version for edition in whole] == [version_of(changed), version_of(TWO)]


def test_statistics_go_on_through_editorial_changes_only(packs: Database) -> None:
    typo = quiz(choice("s-1"), choice("s-2", stem="What do you sent?"))
    fixed, other = TWO, quiz(choice("s-1"), choice("s-2", stem="Whom do you ask?"))
    with packs.transaction() as work:
        for value, editorial in ((typo, ()), (fixed, ("s-2",)), (other, ("s-1",)), (typo, ())):
            work.packs.put(ACME.id, [by_pack(value, editorial=frozenset(editorial))])
    first, second, third = (version_of_item(value.items[1]) for value in (typo, fixed, other))
    with packs.transaction() as work:
        assert work.packs.family(ACME.id, "s-2", first) == first
        assert work.packs.family(ACME.id, "s-2", second) == first
        assert work.packs.family(ACME.id, "s-2", third) == third
        assert work.packs.family(ACME.id, "s-9", third) == third


def test_what_changes_no_difficulty_keeps_the_version_of_the_item(packs: Database) -> None:
    withdrawn = quiz(choice("s-1"), choice("s-2", status=Status.RETIRED))
    with packs.transaction() as work:
        work.packs.put(ACME.id, [by_pack(TWO)])
        assert work.packs.put(ACME.id, [by_pack(withdrawn, at=LATER)]) == ["sharing"]
        assert work.packs.quiz_at(ACME.id, "sharing", version_of(TWO)) == TWO
        new, old = work.packs.history(ACME.id, Kind.ITEM, "s-2")
        assert new.version == old.version
        assert json.loads(new.body)["status"] == "retired"


def test_what_is_retired_is_out_of_sight_and_can_come_back(packs: Database) -> None:
    with packs.transaction() as work:
        work.packs.put(ACME.id, map(by_pack, (section(), tip(), TWO)))
        for kind, id_ in (
            (Kind.SECTION, "links"),
            (Kind.TIP, "t-links"),
            (Kind.QUIZ, "sharing"),
        ):
            assert list(work.packs.ids(ACME.id, kind, "starter")) == [id_]
            work.packs.retire(ACME.id, kind, [id_], LATER)
            assert list(work.packs.ids(ACME.id, kind, "starter")) == []
        assert list(work.packs.ids(ACME.id, Kind.ITEM, "starter")) == []
        assert not work.packs.sections(ACME.id, DATA)
        assert not work.packs.tips(ACME.id, [DATA])
        assert not work.packs.quizzes(ACME.id)
        kept = work.packs.quiz(ACME.id, "sharing")
        assert kept is not None
        assert (kept.retired, kept.changed_at) == (True, LATER)
        assert work.packs.put(ACME.id, [by_pack(TWO, at=LATER + HOUR)]) == ["sharing"]
        kept = work.packs.quiz(ACME.id, "sharing")
        assert kept is not None
        assert not kept.retired
        assert list(work.packs.ids(ACME.id, Kind.ITEM, "starter")) == ["s-1", "s-2"]
        assert len(work.packs.history(ACME.id, Kind.QUIZ, "sharing")) == 1


def test_an_item_that_is_left_out_is_retired_and_its_history_stays(packs: Database) -> None:
    with packs.transaction() as work:
        work.packs.put(ACME.id, [by_pack(TWO)])
        work.packs.put(ACME.id, [by_pack(quiz(choice("s-1")), at=LATER)])
        assert list(work.packs.ids(ACME.id, Kind.ITEM, "starter")) == ["s-1"]
        assert len(work.packs.history(ACME.id, Kind.ITEM, "s-2")) == 1
        assert work.packs.quiz_of(ACME.id, "s-2") == "sharing"


def test_what_a_pack_said_is_known_beside_what_people_made_of_it(packs: Database) -> None:
    ours = quiz(choice("s-1", stem="Ours"), choice("s-2"))
    theirs = quiz(choice("s-1"), choice("s-2", stem="Theirs"))
    both = quiz(choice("s-1", stem="Ours"), choice("s-2", stem="Theirs"))
    with packs.transaction() as work:
        assert work.packs.brought(ACME.id, Kind.QUIZ, "sharing") is None
        work.packs.put(ACME.id, [by_pack(TWO)])
        work.packs.put(ACME.id, [by_pack(ours, by=ANA.id)])
        assert work.packs.brought(ACME.id, Kind.QUIZ, "sharing") == TWO
        assert work.packs.put(ACME.id, [by_pack(both, brought=theirs)]) == ["sharing"]
        assert work.packs.brought(ACME.id, Kind.QUIZ, "sharing") == theirs
        kept = work.packs.quiz(ACME.id, "sharing")
        assert kept is not None
        assert kept.value == both
        # That the pack has moved on is noted also where nothing else changes.
        assert work.packs.put(ACME.id, [by_pack(both, at=LATER)]) == []
        assert work.packs.brought(ACME.id, Kind.QUIZ, "sharing") == both
        kept = work.packs.quiz(ACME.id, "sharing")
        assert kept is not None
        assert kept.changed_at == NOW


def test_lists_have_their_order(packs: Database) -> None:
    travel = TopicId("travel")
    with packs.transaction() as work:
        work.packs.put(
            ACME.id,
            [
                by_pack(section("b", title="zebra")),
                by_pack(section("c", title="Apple")),
                by_pack(section("d", topic=travel)),
                by_pack(tip("t-z"), at=NOW),
                by_pack(tip("t-a"), at=LATER),
                by_pack(tip("t-d", status="draft"), at=LATER),
                by_pack(tip("t-t", topic=travel), at=NOW),
                by_pack(quiz(choice("x-1"), id="x", title="b")),
                by_pack(quiz(choice("y-1"), id="y", title="A")),
            ],
        )
    with packs.transaction() as work:
        found = [kept.value.id for kept in work.packs.sections(ACME.id, DATA)]
        assert found == ["c", "b"]
        tips = work.packs.tips(ACME.id, [DATA, travel])
        assert [kept.value.id for kept in tips] == ["t-t", "t-z", "t-a"]
        assert [kept.value.id for kept in work.packs.tips(ACME.id, [travel])] == ["t-t"]
        assert [kept.value.id for kept in work.packs.quizzes(ACME.id)] == ["y", "x"]
        assert not work.packs.tips(ACME.id, [])


def test_workspaces_keep_to_themselves(packs: Database) -> None:
    with packs.transaction() as work:
        work.people.add_workspace(OTHER)
        work.packs.put(ACME.id, [by_pack(TWO)])
        assert work.packs.quiz(OTHER.id, "sharing") is None
        assert work.packs.put(OTHER.id, [by_pack(TWO)]) == ["sharing"]
        work.packs.retire(OTHER.id, Kind.QUIZ, ["sharing"], LATER)
        assert work.packs.quizzes(ACME.id)


def test_a_name_comes_off_what_somebody_changed(packs: Database) -> None:
    with packs.transaction() as work:
        work.packs.put(ACME.id, [by_pack(tip(), by=ANA.id), by_pack(section(), by=BO.id)])
        assert work.packs.detach(ACME.id, ANA.id) == 1
        assert work.packs.detach(ACME.id, ANA.id) == 0
        assert [one.by for one in work.packs.history(ACME.id, Kind.TIP, "t-links")] == [None]
        assert [one.by for one in work.packs.history(ACME.id, Kind.SECTION, "links")] == [BO.id]


def test_two_processes_that_bring_the_same_leave_one_edition(acme: Database) -> None:
    first_has_written, put = Event(), [by_pack(tip()), by_pack(TWO)]

    def bring() -> Sequence[str]:
        first_has_written.wait(30)
        with acme.transaction() as work:
            return work.packs.put(ACME.id, put)

    with ThreadPoolExecutor(1) as pool:
        with acme.transaction() as work:
            second = pool.submit(bring)
            assert work.packs.put(ACME.id, put) == ["t-links", "sharing"]
            first_has_written.set()
            # The other one is at it by now, or is about to be: it waits either way.
            assert not wait([second], 0.2).done
        assert second.result(30) == []
    with acme.transaction() as work:
        assert len(work.packs.history(ACME.id, Kind.TIP, "t-links")) == 1
        assert len(work.packs.history(ACME.id, Kind.ITEM, "s-1")) == 1


def test_memory_holds_what_was_used_last() -> None:
    shelf = pack_module._Shelf(4)
    large = quiz(*(choice(f"s-{number}") for number in range(5)))
    shelf.put("two", TWO)
    shelf.put("tip", tip())
    shelf.put("section", section())
    assert shelf.get("two") is not None
    shelf.put("more", tip("t-more"))
    assert shelf.get("tip") is None
    assert shelf.get("two") is not None
    shelf.put("large", large)
    assert shelf.get("large") == large
    assert shelf.get("two") is None
