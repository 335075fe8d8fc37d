"""A topic's page, its sections, and what readers say of them."""

from bot.message import Buttons
from bot.pack.issue import State
from tests.capabilities.library.writing import LibraryWorld
from tests.capabilities.quizzes.taking import TWO, quiz_of
from tests.world import WORKSPACE


def labels(world: LibraryWorld, who: str) -> list[str]:
    parts = world.hears(who)[-1].message.parts
    return [b.label for p in parts if isinstance(p, Buttons) for b in p.buttons]


def test_a_topic_has_three_ways_on(either_world: LibraryWorld) -> None:
    world = either_world
    world.writes_all()
    world.says("ana", "/topics")
    world.chooses_in("ana", "Test yourself, read, or ask", "Travel")
    assert labels(world, "ana") == ["Test me", "Show me", "Ask someone"]
    page = world.hears("ana")[-1]
    world.presses("ana", "Test me", on=page)
    assert "Customer data" in world.last("ana")
    world.presses("ana", "Show me", on=page)
    assert "Sharing well" in world.last("ana")
    world.presses("ana", "Ask someone", on=page)
    assert world.form is not None
    assert world.form.action == "question.ask"
    assert next(f for f in world.form.fields if f.name == "topic").value == "travel"


def test_sections_stand_in_the_order_in_which_the_quiz_builds_on_them(
    world: LibraryWorld,
) -> None:
    quiz = world.writes_all()
    first, second = (objective.sections[0] for objective in quiz.objectives)
    titles = {one.id: one.title for one in world.sections()}
    [share] = [one for one in world.sections() if one.id == first]
    world.writes(share.model_copy(update={"title": "Zebras come first"}))
    world.writes(share.model_copy(update={"id": "read-more", "title": "Aardvarks come last"}))
    world.says("ana", "/read travel")
    world.presses("ana", "Show me")
    said = world.last("ana")
    places = [said.index(t) for t in ("Zebras come first", titles[second], "Aardvarks come last")]
    assert places == sorted(places)


def test_a_topic_of_which_nothing_is_written_leads_to_people(world: LibraryWorld) -> None:
    world.says("ana", "/read travel")
    assert labels(world, "ana") == ["Ask someone"]
    world.says("ana", "/read")
    assert "Nothing is written here yet" in world.last("ana")


def test_a_topic_is_found_by_its_other_names_too(world: LibraryWorld) -> None:
    world.writes_all()
    world.says("ana", "/read Taxi")
    assert "Travel, looked after by Sam" in world.last("ana")
    world.says("ana", "/read gardening")
    assert "I know no single topic of that name" in world.last("ana")
    world.chooses_in("ana", "Topic", "Travel")
    assert "Show me" in labels(world, "ana")


def test_a_section_is_read_in_pages_in_the_same_place(world: LibraryWorld) -> None:
    world.writes_all()
    body = "\n\n".join(f"## Part {n}\n\n{'Some words. ' * 120}" for n in range(6))
    [*_, section] = world.sections()
    world.writes(section.model_copy(update={"body": body}))
    world.reads("ana", section.id)
    assert "page 1 of" in world.last("ana")
    assert labels(world, "ana") == ["Next page"]
    count = len(world.dms("ana"))
    world.presses("ana", "Next page")
    assert "page 2 of" in world.last("ana")
    assert len(world.dms("ana")) == count


def test_reading_is_counted_once_and_nobody_can_read_who(world: LibraryWorld) -> None:
    world.writes_all()
    for who in ("ana", "ana", "ben"):
        world.reads(who)
    with world.database.transaction() as work:
        soon = world.now.replace(year=2027)
        assert work.library.readers(WORKSPACE, "read-share", world.now, soon) == 2
    rows = world.dump()["content_readers"]
    assert "ana" not in rows
    assert "ben" not in rows


def test_one_person_alone_makes_no_issue_however_often_they_tap(world: LibraryWorld) -> None:
    world.writes_all()
    for _ in range(4):
        world.finds_unclear("ana")
    assert world.issues() == []
    assert "ana" not in world.dump()["content_signals"]


def test_a_tap_and_the_question_behind_it_count_once(world: LibraryWorld) -> None:
    world.writes_all()
    for who in ("ana", "ben"):
        world.finds_unclear(who)
        world.presses(who, "Ask a colleague")
        world.fills(who, question=f"Why a link, asks {who}?", topic="travel")
        world.passes(minutes=1)
    assert world.issues() == []
    world.finds_unclear("cem")
    assert (world.issue().n, world.issue().state) == (3, State.OPEN)


def test_what_was_unclear_long_ago_does_not_add_up(world: LibraryWorld) -> None:
    world.writes_all()
    world.is_read_by(90, unclear=0, version="v", at=world.now)
    world.finds_unclear("ana")
    world.finds_unclear("ben")
    world.passes(days=31)
    world.finds_unclear("cem")
    assert world.issues() == []


def test_a_question_without_a_name_counts_and_names_nobody(either_world: LibraryWorld) -> None:
    world = either_world
    world.writes_all()
    world.reads("lu")
    world.presses("lu", "Ask about this")
    world.fills("lu", question="Why a link?", visibility="anonymous", topic="travel")
    world.passes(minutes=1)
    assert world.question().asker is None
    assert world.asked_about("section:read-share") == [1]
    tables = world.dump()
    for name, rows in tables.items():
        if name.startswith("content_") or name == "questions":
            assert "'lu'" not in rows, name


def test_who_names_themselves_in_a_question_is_not_named_to_the_steward(
    world: LibraryWorld,
) -> None:
    world.writes_all()
    for who in ("ana", "ben", "cem"):
        world.reads(who)
        world.presses(who, "Ask about this")
        world.fills(who, question=f"{who.title()} here, why a link?", topic="travel")
    world.passes(minutes=1)
    world.forges("sam", "library.issue", {"issue": world.issue().id})
    shown = world.last("sam")
    assert shown.count("A colleague here, why a link?") == 3
    assert "Ana" not in shown


def test_a_question_about_an_item_alone_counts_for_its_sections(world: LibraryWorld) -> None:
    world.writes_all()
    for who in ("ana", "ben", "cem"):
        world.begins(who)
        while not world.attempt(who).responses:
            world.decides(who, world.asking(who).item.objective != "share")
            if world.attempt(who).responses[-1].right:
                world.decides(who, False)
        world.presses(who, "Ask about this")
        world.fills(who, question=f"{who} does not see it", topic="travel")
    world.passes(minutes=1)
    abouts = {issue.about for issue in world.issues()}
    assert abouts <= {"section:read-share", "section:read-keep"}
    assert abouts


def test_a_question_that_nobody_asked_about_anything_is_none_of_the_librarys(
    world: LibraryWorld,
) -> None:
    world.writes_all()
    world.says("ana", "How do I book a taxi?")
    world.passes(minutes=1)
    assert world.question().about is None
    assert world.dump()["content_signals"] == ""


def test_who_misses_an_item_is_shown_what_others_asked_about_it(either_world: LibraryWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of([*TWO[:2], *TWO[6:8]]))
    world.begins("ana")
    item = world.asking("ana").item.id
    world.decides("ana", False)
    assert "What others asked" not in labels(world, "ana")
    world.presses("ana", "Ask about this")
    assert world.form is not None
    world.fills("ana", question="Why is that wrong?", topic="travel")
    world.gets_answer("ana", "Because it cannot be taken back.")
    world.begins("ben")
    while world.asking("ben").item.id != item:
        world.decides("ben", True)
    world.decides("ben", False)
    world.presses("ben", "What others asked")
    assert "Because it cannot be taken back." in world.last("ben")
    assert "Why is that wrong?" in world.last("ben")


def test_an_answer_that_is_kept_private_stands_under_nothing(world: LibraryWorld) -> None:
    world.writes_all()
    world.reads("ana")
    world.presses("ana", "Ask about this")
    world.fills("ana", question="Why a link?", topic="travel")
    helper = world.who_was_asked()[-1]
    world.presses(helper, "I take it")
    world.presses(helper, "Answer")
    world.fills(helper, answer="Because it can be taken back.")
    world.presses("ana", "Accept, but keep it private")
    world.passes(minutes=1)
    world.reads("ben")
    assert "taken back" not in world.last("ben")


def test_an_answer_that_is_taken_back_is_shown_no_more(world: LibraryWorld) -> None:
    world.writes_all()
    world.reads("ana")
    world.presses("ana", "Ask about this")
    world.fills("ana", question="Why a link?", topic="travel")
    helper = world.gets_answer("ana", "Because it can be taken back.")
    world.reads("ben")
    assert "Others asked about this" in world.last("ben")
    assert f"— {helper.title()}" in world.last("ben")
    world.presses(helper, "Leave my name off")
    world.reads("ben")
    assert helper.title() not in world.last("ben")
    world.presses(helper, "Do not share it")
    world.reads("ben")
    assert "taken back" not in world.last("ben")


def test_what_nobody_looked_at_again_in_time_says_so(world: LibraryWorld) -> None:
    world.writes_all()
    said = "It was to be looked at again by 2 March 2026: it may be out of date."
    world.changes_text(review_by="2026-03-02", note="Read again")
    world.reads("ana")
    assert said not in world.last("ana")
    world.passes(days=1)
    world.reads("ana")
    assert said in world.last("ana")
    world.changes_text(review_by="", note="It stays as it is")
    world.reads("ana")
    assert said not in world.last("ana")


def test_who_wants_to_know_is_told_once_when_it_was_rewritten(either_world: LibraryWorld) -> None:
    world = either_world
    world.writes_all()
    world.finds_unclear("ana")
    world.presses("ana", "Tell me when it changes")
    assert "I tell you once when “Sharing well” is rewritten" in world.last("ana")
    assert "You want to be told when this is rewritten: Sharing well" in world.says_me("ana")
    world.reads("ana")
    assert "Tell me when it changes" not in labels(world, "ana")
    world.changes_text(note="A typo", meaning="reworded")
    world.passes(days=2)
    assert not [text for text in world.dms("ana") if "it was rewritten" in text]
    world.changes_text(body_a="Ask who needs it, and until when.")
    assert "Somebody who wanted to know hears of it" in world.last("sam")
    world.passes(days=3)
    told = [text for text in world.dms("ana") if "it was rewritten" in text]
    assert len(told) == 1
    assert "You want to be told" not in world.says_me("ana")


def test_who_has_left_is_told_of_nothing(world: LibraryWorld) -> None:
    world.writes_all()
    world.finds_unclear("ana")
    world.presses("ana", "Tell me when it changes")
    world.leaves("ana")
    assert "'ana'" not in world.dump()["content_listeners"]


def test_a_section_that_is_made_up_is_none(world: LibraryWorld) -> None:
    world.writes_all()
    world.forges("ana", "library.section", {"section": "x\x00"})
    assert world.last("ana").startswith("This is not there any more")


def test_what_is_not_there_any_more_is_said_to_be_so(world: LibraryWorld) -> None:
    world.writes_all()
    world.reads("ana")
    old = world.hears("ana")[-1]
    world.retires("read-share")
    for label in ("Still unclear", "Tell me when it changes"):
        world.presses("ana", label, on=old)
        assert "This is not there any more" in world.last("ana")
    for args in ({}, {"section": 7}, {"section": "nowhere"}):
        world.forges("ana", "library.section", args)
        assert "This is not there any more" in world.last("ana")
    for action in ("library.topic", "library.contents"):
        world.forges("ana", action, {"topic": "nowhere"})
        assert "I do not know this topic any more" in world.last("ana")
    world.forges("ana", "library.answers", {"about": "section:read-share"})
    assert "no answer of a colleague’s" in world.last("ana")


def test_a_forged_thing_to_ask_about_is_left_out(world: LibraryWorld) -> None:
    world.writes_all()
    args = {"text": "Why?", "about": "person:ana", "topic": 5, "heard": "yes"}
    world.forges("ana", "question.ask", args)
    assert world.form is not None
    assert world.form.args == {}
    world.forges("ana", "question.ask", {"about": "x y z"}, {"question": "Why a link?"})
    assert world.question().about is None
    world.forges("ana", "question.ask", {"about": "section:nowhere"}, {"question": "And why not?"})
    world.passes(minutes=1)
    assert world.question(2).about == "section:nowhere"
    assert world.issues() == []
