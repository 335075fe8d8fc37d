"""Changing in chat what is written: the rules of the files, a new version, and its history."""

import pytest

from bot.form import Form
from bot.ids import TopicId
from bot.pack.issue import State
from bot.pack.item import Item, ScenarioChoice
from bot.pack.model import Kind, Quiz, Section, Tip
from bot.pack.version import version_of_item
from bot.topic import Topic
from tests.bot.item import EVERY
from tests.capabilities.library.test_caring import is_unclear
from tests.capabilities.library.writing import LibraryWorld
from tests.capabilities.quizzes.taking import choice, quiz_of
from tests.world import WORKSPACE

WHY = "Said it better"


def form_of(world: LibraryWorld, about: str) -> Form:
    world.forges("sam", "library.edit", {"about": about})
    assert world.form is not None
    assert world.form.args["about"] == about
    return world.form


def item_of(world: LibraryWorld, id_: str, quiz: str = "data") -> Item:
    with world.database.transaction() as work:
        kept = work.packs.quiz(WORKSPACE, quiz)
    assert kept is not None
    return next(item for item in kept.value.items if item.id == id_)


def test_a_section_is_changed_and_its_history_says_by_whom_and_why(
    either_world: LibraryWorld,
) -> None:
    world = either_world
    world.writes_all()
    world.reads("sam")
    world.presses("sam", "Change it")
    world.fills("sam", title="Sharing very well", minutes="2", body_a="Ask.", note=WHY)
    assert "is changed. Everybody sees the new version from now on." in world.last("sam")
    world.reads("ana")
    assert "Sharing very well (2 minutes)" in world.last("ana")
    world.presses("sam", "History", on=world.hears("sam")[-1])
    [newest, *older] = world.last("sam").splitlines()[1:]
    assert newest == f"- 2 Mar 2026, Sam: {WHY}"
    assert older
    assert all("from its files" in line for line in older)


def test_what_nobody_touched_stays_as_it_was(world: LibraryWorld) -> None:
    world.writes_all()
    form_of(world, "section:read-share")
    before = world.section_text()
    world.fills("sam", title="Sharing", note=WHY)
    assert world.section_text() == before


@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.type)
def test_an_item_of_each_type_is_changed(world: LibraryWorld, item: Item) -> None:
    world.opens_quiz(quiz_of([item]))
    form = form_of(world, f"item:{item.id}")
    assert len(form.fields) <= 20
    assert set(world.fills("sam", note=WHY).errors) == {"note"}
    world.fills("sam", stem="What do you do *first*?", note=WHY)
    changed = item_of(world, item.id)
    assert changed == item.model_copy(update={"stem": "What do you do *first*?"})
    [newest, *_] = world.editions(Kind.ITEM, item.id)
    assert (newest.by, newest.version) == ("sam", version_of_item(changed))
    assert "Who begins the quiz from now on sees the new version." in world.last("sam")


def test_another_option_can_become_the_best(world: LibraryWorld) -> None:
    quiz = world.writes_all()
    form_of(world, f"item:{quiz.items[0].id}")
    world.fills("sam", best="0", text_a="Send it at once", note="The rule has changed")
    changed = item_of(world, quiz.items[0].id)
    assert isinstance(changed, ScenarioChoice)
    assert [option.score for option in changed.options] == [1, 0, 0.3]
    assert changed.options[0].text == "Send it at once"


def test_the_same_rules_hold_as_for_the_files(world: LibraryWorld) -> None:
    quiz = world.writes_all()
    about = f"item:{quiz.items[0].id}"
    before = item_of(world, quiz.items[0].id)
    form_of(world, about)
    same = world.fills("sam", text_a="Ask", text_b="Ask", note=WHY)
    assert "text_" in str(set(same.errors))
    assert set(world.fills("sam", stem=" ", note=WHY).errors) == {"stem"}
    assert set(world.fills("sam", text_c="x" * 301, note=WHY).errors) == {"text_c"}
    assert set(world.fills("sam", best="9", note=WHY).errors) == {"best"}
    assert set(world.fills("sam", note=" ", meaning="so-so").errors) == {"note", "meaning"}
    unfinished = world.fills("sam", stem="TODO: what now?", note=WHY)
    assert "still to do" in str(unfinished.errors)
    assert item_of(world, quiz.items[0].id) == before
    form_of(world, "section:read-share")
    wrong = world.fills("sam", minutes="soon", review_by="next year", body_a=" ", note=WHY)
    assert set(wrong.errors) == {"minutes", "review_by", "body_a"} - {"body_a"}
    assert set(world.fills("sam", minutes="99", note=WHY).errors) == {"minutes"}
    assert set(world.fills("sam", body_a=" ", note=WHY).errors) == {"body_a"}


def test_a_tip_is_changed_too(world: LibraryWorld) -> None:
    world.writes_all()
    world.writes(Tip(id="t-link", topic="travel", text="Send links."))
    form_of(world, "tip:t-link")
    world.fills("sam", text="Send a link, *never* a file.", review_by="2027-03-31", note=WHY)
    with world.database.transaction() as work:
        kept = work.packs.tip(WORKSPACE, "t-link")
    assert kept is not None
    assert kept.value.text == "Send a link, *never* a file."
    assert str(kept.value.review_by) == "2027-03-31"


def test_an_issue_is_answered_by_a_change_and_not_by_other_words(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.changes_text(meaning="reworded")
    assert world.issue().state is State.OPEN
    assert "I will see whether it helps" not in world.last("sam")
    world.changes_text(body_a="Send a link, because it ends.")
    assert world.issue().state is State.CHANGED
    assert "I will see whether it helps" in world.last("sam")


def test_other_words_keep_what_is_known_of_an_item(world: LibraryWorld) -> None:
    quiz = world.writes_all()
    item = quiz.items[0]
    old = version_of_item(item)
    about = f"item:{item.id}"
    form_of(world, about)
    world.fills("sam", stem="What do you do?", note="A comma", meaning="reworded")
    reworded = version_of_item(item_of(world, item.id))
    form_of(world, about)
    world.fills("sam", stem="What do you do first?", note=WHY)
    changed = version_of_item(item_of(world, item.id))
    with world.database.transaction() as work:
        families = [
            work.packs.family(WORKSPACE, item.id, version) for version in (old, reworded, changed)
        ]
    assert families == [old, old, changed]


def test_what_is_right_now_and_was_not_before_is_no_better_wording(world: LibraryWorld) -> None:
    world.opens_quiz(quiz_of([choice("share-1", "share")]))
    before = item_of(world, "share-1")
    assert isinstance(before, ScenarioChoice)
    form_of(world, "item:share-1")
    right = next(i for i, option in enumerate(before.options) if option.score == 1)
    wrong = next(i for i, option in enumerate(before.options) if option.score < 1)
    reply = world.fills("sam", best=str(wrong), note="A typo", meaning="reworded")
    assert set(reply.errors) == {"meaning"}
    words = {
        f"text_{'abc'[i]}": before.options[j].text for i, j in ((right, wrong), (wrong, right))
    }
    reply = world.fills("sam", **words, note="A typo", meaning="reworded")
    assert set(reply.errors) == {"meaning"}
    assert item_of(world, "share-1") == before
    world.fills("sam", best=str(wrong), note="The rule has changed", meaning="changed")
    assert item_of(world, "share-1") != before


def test_two_who_change_it_at_once_lose_nothing(world: LibraryWorld) -> None:
    world.writes_all()
    form = form_of(world, "section:read-share")
    world.changes_text("dana", body_a="Dana was quicker.")
    values = {"body_a": "Sam was slower.", "note": WHY, "meaning": "changed"}
    world.forges("sam", form.action, form.args, values)
    assert "Somebody else has changed it meanwhile" in world.last("sam")
    assert world.section_text() == "Dana was quicker."


def test_who_is_in_the_middle_of_a_quiz_goes_on_with_the_one_they_began(
    world: LibraryWorld,
) -> None:
    world.writes_all()
    world.begins("ana")
    item = world.asking("ana").item
    form_of(world, f"item:{item.id}")
    world.fills("sam", text_b="Quite another way", note=WHY)
    assert "Quite another way" not in world.last("ana")
    world.decides("ana", True)
    [response] = world.attempt("ana").responses
    assert (response.item, response.item_version) == (item.id, version_of_item(item))


def test_what_two_people_have_to_approve_is_changed_in_its_files(world: LibraryWorld) -> None:
    world.writes_all()
    world.opens_topic(
        Topic(TopicId("travel"), WORKSPACE, "Travel", steward=world.steward(), regulated=True)
    )
    world.forges("sam", "library.edit", {"about": "section:read-share"})
    assert "Two people have to approve" in world.last("sam")
    before = world.section_text()
    args = {"about": "section:read-share", "version": "x"}
    world.forges("sam", "library.keep", args, {"body_a": "x", "note": "y", "meaning": "changed"})
    assert world.section_text() == before


def test_so_is_a_question_of_a_quiz_that_a_regulator_asks_for(world: LibraryWorld) -> None:
    world.opens_quiz(quiz_of([choice("share-1", "share")], requirement="regulatory"))
    world.forges("sam", "library.edit", {"about": "item:share-1"})
    assert "Two people have to approve" in world.last("sam")
    world.opens_quiz(quiz_of([choice("share-1", "share")], requirement="mandatory"))
    assert form_of(world, "item:share-1").action == "library.keep"


def test_what_fits_no_form_is_changed_in_its_files(world: LibraryWorld) -> None:
    world.writes_all()
    [*_, section] = world.sections()
    world.writes(section.model_copy(update={"body": "very " * 700}))
    world.forges("sam", "library.edit", {"about": f"section:{section.id}"})
    assert "does not fit a form" in world.last("sam")
    world.forges("sam", "library.edit", {"about": "quiz:data"})
    assert "could not find" in world.last("sam")


def test_a_long_section_has_several_fields_and_is_whole_again(world: LibraryWorld) -> None:
    world.writes_all()
    body = "\n\n".join(f"## Part {n}\n\n{'Words. ' * 200}".strip() for n in range(5))
    [*_, section] = world.sections()
    world.writes(section.model_copy(update={"body": body}))
    form = form_of(world, f"section:{section.id}")
    assert len([f for f in form.fields if f.name.startswith("body_")]) > 1
    world.fills("sam", title="Longer", note=WHY)
    [*_, after] = [s for s in world.sections() if s.id == section.id]
    assert (after.title, after.body) == ("Longer", body)


def test_what_a_pack_brings_again_does_not_undo_it(world: LibraryWorld) -> None:
    quiz = world.writes_all()
    world.changes_text(body_a="Ours.")
    [*_, theirs] = [s for s in world.sections() if s.id == "read-share"]
    assert isinstance(quiz, Quiz)
    assert isinstance(theirs, Section)
    assert theirs.body == "Ours."
    [newest, *_] = world.editions_of("read-share")
    assert (newest.by, newest.note) == ("sam", "Shorter")


def test_who_has_left_is_named_no_more_in_the_history(world: LibraryWorld) -> None:
    world.writes_all()
    world.changes_text()
    world.leaves("sam")
    world.forges("dana", "library.history", {"about": "section:read-share"})
    assert "Sam" not in world.last("dana")
