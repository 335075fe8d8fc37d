"""Accepted answers that become tips, with the word of who gave them."""

from bot.message import Args, Choice
from bot.pack.ports import Put
from bot.plain import render_plain
from bot.ports import Timer
from tests.capabilities.quizzes.taking import choice, quiz_of
from tests.capabilities.tips.telling import (
    budget,
    follow,
    letters,
    open_topic,
    tell,
    tip,
)
from tests.world import WORKSPACE, Heard, World, person

ANSWER = "Book the early train and keep the number of the seat: without it nobody finds you."


def asked(world: World, who: str) -> list[Heard]:
    """The letters that ask somebody whether an answer may become a tip."""
    return [h for h in world.hears(who) if (h.key or "").startswith("tips:nomination:")]


def settle(world: World, answer: str = ANSWER, *, reviewed: bool = False) -> str:
    """Ana asks about travel, somebody answers, she accepts; it solves the same for Ben, once a
    steward has published it where that comes first."""
    helper = world.settles("ana", "How do I book a train for my travel?", answer)
    if reviewed:
        [article] = world.articles()
        world.forges("sam", "faq.publish", {"article": article.id})
    asks_too(world, "ben")
    world.passes(hours=26)
    return helper


def asks_too(world: World, who: str) -> None:
    """Somebody else asks the same, and is helped by the answer that there is."""
    world.says(who, "How can I book a train for my travel?")
    world.presses(who, "Solves it")
    world.passes(minutes=1)


def test_an_accepted_answer_becomes_a_tip_in_one_tap_with_the_name_of_who_gave_it(
    either_world: World,
) -> None:
    world = either_world
    tell(world, tip("trains"))
    follow(world, "cem")
    helper = settle(world)
    [letter] = asked(world, helper)
    assert "Shall it become a tip" in letter.text
    assert ANSWER in letter.text
    assert "Ana" not in letter.text
    world.presses(helper, "Make it a tip", on=letter)
    assert f"from {helper.title()}" in letter.text
    budget(world, "cem")
    world.passes(days=10)
    told = [each.text for each in letters(world, "cem") if ANSWER in each.text]
    assert len(told) >= 1
    assert f"from {helper.title()} · asked by several colleagues" in told[0]


def test_nobody_is_asked_before_the_answer_has_helped_somebody_else(world: World) -> None:
    helper = world.settles("ana", "How do I book a train for my travel?", ANSWER)
    world.passes(days=4)
    world.presses("ana", "Worked")
    world.passes(days=3)
    assert asked(world, helper) == []
    asks_too(world, "ana")
    world.passes(days=3)
    assert asked(world, helper) == [], "ana is one person, however often she asks"
    asks_too(world, "ben")
    world.passes(days=3)
    assert len(asked(world, helper)) == 1


def test_nor_where_it_helps_few_of_those_who_try(world: World) -> None:
    helper = world.settles("ana", "How do I book a train for my travel?", ANSWER)
    world.says("cem", "How can I book a train for my travel?")
    world.presses("cem", "No")
    asks_too(world, "ben")
    world.passes(days=3)
    assert asked(world, helper) == []


def test_a_tip_tells_how_many_wanted_to_know_once_these_are_enough(either_world: World) -> None:
    world = either_world
    tell(world, tip("trains"))
    helper = settle(world)
    world.presses(helper, "Make it a tip", on=asked(world, helper)[0])
    for number in range(3):
        world.joins(person(f"p{number}"))
        assert "asked by several colleagues" in tip_of(world, f"p{number}")
        asks_too(world, f"p{number}")
    assert "asked by 5 colleagues" in tip_of(world, "cem")
    assert len(asked(world, helper)) == 1


def tip_of(world: World, who: str) -> str:
    """The tip that was an answer, as somebody gets it who asks for one."""
    world.says(who, "/tip travel")
    if ANSWER not in world.last(who):
        world.says(who, "/tip travel")
    return world.last(who)


def test_no_is_enough(world: World) -> None:
    tell(world, tip("trains"))
    helper = settle(world)
    [letter] = asked(world, helper)
    world.presses(helper, "No tip", on=letter)
    assert "becomes no tip" in letter.text
    world.says("cem", "/tip travel")
    assert ANSWER not in world.last("cem")


def test_what_was_accepted_in_private_is_nominated_to_nobody(world: World) -> None:
    helper = world.settles("ana", "How do I book a train for my travel?", ANSWER, private=True)
    world.passes(days=2)
    assert asked(world, helper) == []


def test_a_short_yes_is_no_tip(world: World) -> None:
    helper = settle(world, "Yes, in the portal.")
    assert asked(world, helper) == []


def test_one_letter_at_a_time_the_next_waits_on_the_page(world: World) -> None:
    for number in (1, 2):
        args: Args = {"question": f"q{number}", "answer": "a", "topic": "travel"}
        args |= {"author": "kim", "text": f"{ANSWER} Number {number}.", "asked": 2}
        with world.database.transaction() as work:
            work.timers.set(Timer(f"n{number}", world.now, "tips.nominate", args))
    world.passes(hours=2)
    [letter] = asked(world, "kim")
    assert "Number 1." in letter.text
    assert "2 answers of colleagues’ questions may become tips." in render_plain(world.opens("kim"))
    world.presses_on_page("kim", "Answers as tips")
    assert "Number 2." in world.last("kim")


def test_a_long_answer_is_made_short_first(world: World) -> None:
    helper = settle(world, "Go on and on. " * 60)
    [letter] = asked(world, helper)
    assert "at most 600 characters" in letter.text
    world.presses(helper, "Change it first", on=letter)
    reply = world.fills(helper, question="Where to?", best="On")
    assert reply.errors == {
        "text": "A tip has at most 600 characters: one idea, read in less than a minute.",
        "other": "A question takes all three: itself, the best answer and a likely mistake.",
    }
    world.fills(helper, text="Go on.", question="Where to?", best="On", other="Back")
    assert "It is a tip now" in world.last(helper)
    world.says("cem", "/tip travel")
    assert "Go on." in world.last("cem")
    assert "from " + helper.title() in world.last("cem")


def test_in_a_regulated_topic_a_second_person_publishes(world: World) -> None:
    open_topic(world, "travel", regulated=True)
    helper = settle(world, reviewed=True)
    assert helper != "sam"
    [letter] = asked(world, helper)
    world.presses(helper, "Make it a tip", on=letter)
    assert "a second person publishes" in letter.text
    world.says("cem", "/tip travel")
    assert ANSWER not in world.last("cem")
    world.passes(days=3)
    [review] = asked(world, "sam")
    world.presses("sam", "Publish", on=review)
    assert "It is a tip now" in review.text
    world.says("cem", "/tip travel")
    assert ANSWER in world.last("cem")


def test_of_who_leaves_no_answer_waits_to_become_a_tip(world: World) -> None:
    helper = settle(world)
    assert ANSWER in world.dump()["tip_nominations"]
    world.leaves(helper)
    assert world.dump()["tip_nominations"] == ""


def test_nobody_else_decides_about_an_answer(world: World) -> None:
    tell(world, tip("trains"))
    helper = settle(world)
    [letter] = asked(world, helper)
    args = letter.buttons[0].args
    reply = world.forges("cem", "tips.approve", args)
    assert reply.message is not None
    assert "could not find" in reply.message.summary
    world.presses(helper, "Make it a tip", on=letter)
    reply = world.forges(helper, "tips.approve", args)
    assert reply.message is not None
    assert "decided already" in reply.message.summary


def opens_quiz(world: World, **policy: str) -> None:
    """A quiz about travel with two objectives, which the steward looks after."""
    items = tuple(choice(f"q-{o}", o) for o in ("book", "ride"))
    quiz = quiz_of(items, **policy).model_copy(update={"id": "trip", "topic": "travel"})
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(quiz, pack="made-up", at=world.now)])


def becomes_a_tip_with_a_question(world: World) -> list[Heard]:
    """What the steward hears of it."""
    tell(world, tip("trains"))
    helper = settle(world)
    world.presses(helper, "Change it first", on=asked(world, helper)[0])
    world.fills(
        helper, text=ANSWER, question="A full train. What first?", best="My seat", other="The bar"
    )
    world.passes(days=2)
    return [h for h in world.hears("sam") if (h.key or "").startswith("tips:proposed:")]


def drafts(world: World) -> list[tuple[str, str]]:
    """Status and objective of what in the quiz was an answer."""
    with world.database.transaction() as work:
        kept = work.packs.quiz(WORKSPACE, "trip")
        assert kept is not None
        return [
            (item.status.value, item.objective)
            for item in kept.value.items
            if item.id.startswith("answer-")
        ]


def test_its_question_is_proposed_for_the_quiz_and_asked_when_the_steward_says_so(
    either_world: World,
) -> None:
    world = either_world
    opens_quiz(world)
    [letter] = becomes_a_tip_with_a_question(world)
    assert drafts(world) == [("draft", "book")]
    assert "A full train. What first?" in letter.text
    assert "My seat (the best)" in letter.text
    [part] = [part for part in letter.message.parts if isinstance(part, Choice)]
    named = {**part.args, "choice": "ride"}
    world.forges("ben", part.action, named)
    assert drafts(world) == [("draft", "book")], "only who looks after the topic"
    world.forges("sam", part.action, named)
    assert drafts(world) == [("pilot", "ride")]
    world.presses("sam", "Let it count")
    assert drafts(world) == [("live", "ride")]
    for action in ("tips.try_out", "tips.leave_out", "tips.count"):
        world.forges("sam", action, named)
        assert drafts(world) == [("live", "ride")]


def test_a_question_that_nobody_wants_is_left_out(world: World) -> None:
    opens_quiz(world)
    [letter] = becomes_a_tip_with_a_question(world)
    world.presses("sam", "Leave it out", on=letter)
    assert drafts(world) == [("retired", "book")]


def test_a_quiz_for_a_regulator_takes_nothing_from_chat(world: World) -> None:
    opens_quiz(world, requirement="regulatory")
    assert becomes_a_tip_with_a_question(world) == []
    assert drafts(world) == []
