"""Following topics, hearing about them, answering, and letting go, as talks."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from bot.capabilities.questions.model import ArticleState
from bot.capabilities.tips.model import CardState, Certainty, Reaction, SubscriptionState
from bot.ids import PersonId, TopicId
from bot.message import Args, Choice
from bot.outbox import LetterState
from bot.pack.model import Check, Kind, Objective, Quiz, Section
from bot.pack.ports import Put
from bot.pack.waiver import Waiver
from bot.plain import render_plain
from storage.column import metadata
from storage.tables import happenings
from storage.tip_tables import tip_cards
from tests.bot.item import CHOICE
from tests.capabilities.tips.telling import (
    budget,
    card,
    check,
    follow,
    labels,
    learner,
    letter_of,
    letters,
    open_topic,
    slot,
    subscription,
    tell,
    tip,
    variant,
)
from tests.world import WORKSPACE, Heard, World, person

DAY = timedelta(days=1)
OPTIONS = check("a").options


def next_morning(world: World) -> None:
    """To eleven on the next day."""
    world.passes(seconds=(world.now.replace(hour=11, minute=0) + DAY - world.now).total_seconds())


def days(world: World, count: int, reacting: str | None = None) -> None:
    """So many days; whoever is `reacting` says something of each letter, for what is ignored
    comes less and less (`bot.attention`)."""
    for _ in range(count):
        next_morning(world)
        if reacting is not None:
            for heard in letters(world, reacting):
                if "Useful" in labels(heard):
                    world.presses(reacting, "Useful", on=heard)


# --- following ------------------------------------------------------------------------------


def test_without_tips_there_is_nothing_to_follow(world: World) -> None:
    world.says("ana", "/tips")
    assert "no tips here yet" in world.last("ana")
    world.says("ana", "/tip")
    assert "no tips here yet" in world.last("ana")
    world.says("ana", "/tips travel")
    assert "no tips about that" in world.last("ana")


def test_topics_are_found_by_what_people_call_them(world: World) -> None:
    tell(world, tip("trains"))
    for words in ("Travel", "hotel", "travle"):
        world.says("ana", f"/tips {words}")
        assert "Travel: one tip" in world.last("ana")
    world.says("ana", "/tips cooking")
    assert "no tips about that" in world.last("ana")


def test_nobody_gets_what_they_did_not_choose(world: World) -> None:
    tell(world, tip("trains"))
    days(world, 5)
    assert not any(letters(world, who) for who in ("ana", "ben", "cem"))


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        ("Every working day", {1, 2, 3, 4, 5}),
        ("Every second working day", {1, 3, 5}),
        ("Once a week", {2}),
    ],
)
def test_it_comes_as_often_as_chosen(world: World, pace: str, expected: set[int]) -> None:
    tell(world, *(tip(f"n{number}", asks=False) for number in range(20)))
    budget(world, "ana")
    follow(world, "ana", pace=pace)
    days(world, 14, reacting="ana")
    came = [date.fromisoformat(h.key[-10:]) for h in letters(world, "ana") if h.key]
    assert {day.isoweekday() for day in came} == expected
    assert len(came) == len(set(came)) == len(expected) * 2


def test_never_more_in_a_week_than_the_person_lets_themselves_be_told(world: World) -> None:
    tell(world, *(tip(f"n{number}", asks=False) for number in range(20)))
    said = follow(world, "ana")
    assert "at most 1 a day and 4 a week" in said
    days(world, 11, reacting="ana")
    came = [h.key[-10:] for h in letters(world, "ana") if h.key]
    assert [day for day in came if day >= "2026-03-09"] == [
        f"2026-03-{day:02}" for day in (9, 10, 11, 12)
    ]
    # What the budget kept back was not lost.
    told = [heard.text.splitlines()[0] for heard in letters(world, "ana")]
    assert told == [f"Mind n{place}." for place in _in_order(20)[: len(told)]]


def _in_order(count: int) -> list[int]:
    return sorted(range(count), key=lambda number: f"t-n{number}")


def test_other_days(world: World) -> None:
    tell(world, tip("trains"))
    follow(world, "ana")
    world.presses("ana", "Other days")
    reply = world.fills("ana", weekdays="someday")
    assert reply.errors == {"weekdays": "Please name weekdays, like: Mon-Fri, or: Tue Thu"}
    reply = world.fills("ana", pace="often")
    assert reply.errors == {"pace": "Please choose how often."}
    world.fills("ana", weekdays="Tue, Thu")
    assert "You follow Travel: Tue Thu, around 10:00." in world.last("ana")
    kept = slot(world, "ana")
    assert kept is not None
    assert kept.weekdays == {2, 4}
    assert kept.next_day == date(2026, 3, 3)


def test_who_follows_a_topic_is_told_so_when_they_name_it(world: World) -> None:
    tell(world, tip("one"))
    follow(world, "ana")
    world.says("ana", "/tips travel")
    assert "you follow it (every working day). How often from now on?" in world.last("ana")
    world.says("ben", "/tips travel")
    assert "Travel: one tip, one at a time. How often?" in world.last("ben")


def test_the_slot_follows_what_is_followed(world: World) -> None:
    open_topic(world, "data")
    tell(world, tip("trains"), tip("names", "data"))
    follow(world, "ana", pace="Once a week")
    follow(world, "ana", "data", pace="Every second working day")
    kept = slot(world, "ana")
    assert kept is not None
    assert kept.weekdays == {1, 2, 3, 5}
    world.says("ana", "/tips")
    world.presses("ana", "Stop")
    world.says("ana", "/tips")
    world.presses("ana", "Pause")
    assert slot(world, "ana") is None
    world.presses("ana", "Go on")
    assert slot(world, "ana") is not None


def test_the_hour_is_that_of_everything_unasked(world: World) -> None:
    tell(world, tip("trains"))
    follow(world, "ana")
    world.presses("ana", "My hour")
    world.fills("ana", slot="14:00")
    kept = slot(world, "ana")
    assert kept is not None
    assert kept.at.isoformat() == "14:00:00"
    assert "around 14:00" in follow(world, "ana")


def test_pausing_a_topic_takes_back_what_waits_and_stopping_ends_it(world: World) -> None:
    tell(world, tip("trains"), tip("hotels"))
    budget(world, "ana")
    follow(world, "ana")
    next_morning(world)
    [first] = letters(world, "ana")
    world.presses("ana", "More…", on=first)
    world.presses("ana", "Stop this topic", on=first)
    assert "you no longer follow Travel" in world.last("ana")
    assert "Mind hotels." in first.text
    days(world, 5)
    assert [heard.id for heard in letters(world, "ana")] == [first.id]
    world.presses("ana", "Follow it again")
    world.presses("ana", "Every working day")
    days(world, 4)
    assert len(letters(world, "ana")) > 1


def test_the_overview_lists_what_is_followed_and_what_may_be(world: World) -> None:
    open_topic(world, "data")
    tell(world, tip("trains"), tip("hotels"), tip("names", "data"))
    follow(world, "ana")
    world.presses("ana", "The first one now")
    world.presses("ana", "New to me")
    world.says("ana", "/tips")
    said = world.last("ana")
    assert "Travel · every working day" in said
    assert "1 of 2 seen, 1 comes back" in said
    [options] = [
        [option.value for option in part.options]
        for part in world.hears("ana")[-1].message.parts
        if isinstance(part, Choice)
    ]
    assert options == ["data"]


def test_with_stop_nothing_comes_and_with_resume_it_goes_on(world: World) -> None:
    tell(world, *(tip(f"n{number}", asks=False) for number in range(5)))
    budget(world, "ana")
    follow(world, "ana")
    world.says("ana", "stop")
    days(world, 5)
    assert letters(world, "ana") == []
    world.says("ana", "/resume")
    days(world, 3)
    assert "Mind n0." in letters(world, "ana")[0].text


# --- what comes -----------------------------------------------------------------------------


def test_nothing_said_shows_it_once_more_after_a_week_and_then_never(world: World) -> None:
    tell(world, tip("trains"))
    budget(world, "ana")
    follow(world, "ana")
    days(world, 25)
    came = [heard.key[-10:] for heard in letters(world, "ana") if heard.key]
    assert came == ["2026-03-03", "2026-03-10"]
    kept = card(world, "ana", "trains")
    assert kept is not None
    assert (kept.state, kept.shown, kept.due_on) == (CardState.NEW, 2, None)


def test_what_was_not_sent_was_not_shown(world: World) -> None:
    tell(world, tip("trains"), tip("hotels"))
    budget(world, "ana")
    follow(world, "ana")
    world.passes(hours=24, minutes=30)
    world.says("ana", "/questions")
    world.passes(hours=2)
    with world.database.transaction() as work:
        key = "tips.daily:ana:2026-03-03"
        assert work.outbox.state(WORKSPACE, key) is LetterState.SUPPRESSED
    next_morning(world)
    [first] = letters(world, "ana")
    assert "Mind hotels." in first.text
    assert learner(world, "ana").recent == "n"


def test_a_tip_that_was_added_later_reaches_who_had_finished(either_world: World) -> None:
    world = either_world
    tell(world, tip("trains", asks=False))
    budget(world, "ana")
    follow(world, "ana")
    days(world, 3)
    assert subscription(world, "ana").finished is not None
    tell(world, tip("boats", asks=False), tip("planes", asks=False))
    before = len(letters(world, "ana"))
    days(world, 4)
    new = [heard.text for heard in letters(world, "ana")[before:]]
    assert len(new) == 2
    assert all(text.startswith("New since you finished Travel") for text in new)
    world.says("ben", "/tip travel")
    assert "New since" not in world.last("ben")


def test_what_was_taken_out_comes_no_more_and_other_tips_go_on(world: World) -> None:
    tell(world, tip("a"), tip("b", asks=False), tip("c", asks=False))
    budget(world, "ana")
    follow(world, "ana")
    next_morning(world)
    world.presses("ana", "New to me")
    with world.database.transaction() as work:
        work.packs.retire(WORKSPACE, Kind.TIP, ["t-a"], world.now)
    days(world, 3)
    came = [heard.text.splitlines()[0] for heard in letters(world, "ana")][1:]
    assert came == ["Mind b.", "Mind c."]
    reply = world.forges("ana", "tips.react", {"tip": "t-a", "said": "useful"})
    assert reply.message is not None
    assert "taken out" in reply.message.summary


def test_two_topics_take_turns(world: World) -> None:
    open_topic(world, "data")
    tell(world, *(tip(f"t{n}", asks=False) for n in range(4)))
    tell(world, *(tip(f"d{n}", "data", asks=False) for n in range(4)))
    budget(world, "ana", per_week=5)
    follow(world, "ana")
    follow(world, "ana", "data")
    days(world, 9)
    first = [heard.text.splitlines()[0] for heard in letters(world, "ana")][:6]
    topics = [text[5] for text in first]
    assert all(one != other for one, other in pairwise(topics))
    assert [text for text in first if text[5] == "t"] == ["Mind t0.", "Mind t1.", "Mind t2."]


def test_no_new_ones_while_forty_are_under_way(world: World) -> None:
    tell(world, *(tip(f"n{number:02}") for number in range(42)))
    budget(world, "ana")
    assert "more than 40 tips" in follow(world, "ana")
    for _ in range(40):
        world.says("ana", "/tip")
        world.presses("ana", "Knew it")
    assert learner(world, "ana").active == 40
    with world.database.begin() as connection:
        far = world.now.date() + 100 * DAY
        connection.execute(update(tip_cards).values(due_on=far))
    days(world, 4)
    assert letters(world, "ana") == []
    world.says("ana", "/tips")
    assert "40 tips are under way" in world.last("ana")
    # Whoever asks gets it all the same.
    world.says("ana", "/tip")
    assert "Mind n40." in world.last("ana")


def test_the_letter_tells_why_it_came(world: World) -> None:
    tell(world, tip("trains", critical=True))
    budget(world, "ana")
    follow(world, "ana")
    next_morning(world)
    world.presses("ana", "New to me")
    next_morning(world)
    question = letters(world, "ana")[-1]
    assert labels(question) == ["A", "B", "C", "Remind me first", "More…"]
    world.says("ana", "more")
    assert labels(world.hears("ana")[-1])[-4:] == [
        *("Stop this topic", "Pause 1 week", "Stop all", "Why am I getting this?")
    ]
    world.presses("ana", "More…", on=question)
    world.presses("ana", "Why am I getting this?", on=question)
    said = world.last("ana")
    assert "You follow Travel. You have seen this before, and it may be fading." in said
    world.says("ana", "/me")
    said = world.last("ana")
    assert "(with what each reason counts): critical 2.00, faded 0." in said
    # The words were seen yesterday, its question was not.
    assert "just seen" not in said


def test_what_teaches_a_critical_objective_is_remembered_better(world: World) -> None:
    aims = (Objective(id="late", text="Get home", critical=True), Objective(id="seat", text="Sit"))
    quiz = Quiz(id="trains", title="Trains", topic="travel", objectives=aims, items=(CHOICE,))
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(quiz, pack="made-up", at=world.now)])
    tell(world, tip("a", objective="trains/late"), tip("b", objective="trains/seat"))
    tell(world, tip("c", critical=True))
    for _ in "abc":
        world.says("ana", "/tip travel")
        world.presses("ana", "Knew it")
    due = {}
    for name in "abc":
        kept = card(world, "ana", name)
        assert kept is not None
        due[name] = kept.due_on
    # Without the fuzz of longer ones: at .85 the first interval is twice as long as at .90.
    assert due["a"] == due["c"]
    assert due["a"] is not None
    assert due["b"] is not None
    assert due["a"] < due["b"]


def test_what_was_new_comes_back_the_next_working_day_as_a_question(world: World) -> None:
    tell(world, *(tip(name) for name in "abcd"))
    budget(world, "ana")
    follow(world, "ana")
    next_morning(world)
    world.presses("ana", "New to me", on=letters(world, "ana")[-1])
    next_morning(world)
    assert "What about a?" in letters(world, "ana")[-1].text


@pytest.mark.parametrize("has_shown_it", [False, True])
def test_only_who_has_not_shown_it_yet_could_test_out(world: World, *, has_shown_it: bool) -> None:
    aims = (Objective(id="late", text="Get home"),)
    quiz = Quiz(id="trains", title="Trains", topic="travel", objectives=aims, items=(CHOICE,))
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(quiz, pack="made-up", at=world.now)])
        if has_shown_it:
            ana, travel = PersonId("ana"), TopicId("travel")
            work.waivers.add(Waiver(WORKSPACE, ana, "trains", travel, ("late",), 5, world.now))
    tell(world, *(tip(name, objective="trains/late") for name in "abc"))
    for _ in "abc":
        world.says("ana", "/tip travel")
        world.presses("ana", "Knew it")
    for _ in "abc":
        days(world, 7)
        world.says("ana", "/tip travel")
        world.says("ana", f"{letter_of(world.hears('ana')[-1], 'The best')} 3")
        assert world.last("ana").startswith("Right.")
    assert ("You could test out of it." in world.last("ana")) is not has_shown_it


def test_a_question_comes_in_other_words_each_time(world: World) -> None:
    tell(world, tip("trains", variants=[variant("trains", "at night")]))
    budget(world, "ana")
    follow(world, "ana")
    next_morning(world)
    world.presses("ana", "New to me")
    next_morning(world)
    question = letters(world, "ana")[-1]
    assert "What about trains, at night?" in question.text
    world.says("ana", "I would take the best one of them")
    assert "I could not read that as one, so I sent it to nobody." in world.last("ana")
    world.says("ana", "no more tips")
    assert "Say “stop” alone" in world.last("ana")
    world.presses("ana", letter_of(question, "The best"), on=question)
    world.presses("ana", "Just tell me", on=question)
    assert "Right. What about trains, at night?" in question.text
    world.says("ana", "I would like to go to Rome by train")
    assert world.question().text == "I would like to go to Rome by train"


def test_who_has_tested_out_gets_no_more_of_it(either_world: World) -> None:
    world = either_world
    tell(world, tip("a", objective="quiz/one"), tip("b", objective="quiz/two"), tip("c"))
    budget(world, "ana")
    follow(world, "ana")
    next_morning(world)
    world.presses("ana", "New to me")
    waiver = Waiver(WORKSPACE, PersonId("ana"), "quiz", TopicId("travel"), ("one",), 5, world.now)
    with world.database.transaction() as work:
        work.waivers.add(waiver)
    days(world, 3)
    came = [heard.text.splitlines()[0] for heard in letters(world, "ana")][1:]
    assert came == ["Mind b."]
    world.says("ana", "/tips")
    world.presses("ana", "Stop")
    follow(world, "ana")
    days(world, 3)
    assert len(letters(world, "ana")) > 2


# --- what is said ---------------------------------------------------------------------------


def test_plain_words_say_it_too(world: World) -> None:
    tell(world, tip("trains"))
    world.says("ana", "/tip travel")
    world.says("ana", "New to me.")
    assert "You said: New to me" in world.last("ana")
    next_morning(world)
    world.says("ana", "/tip travel")
    question = world.hears("ana")[-1]
    world.says("ana", "z")
    assert "Please answer with a letter" not in world.last("ana")
    world.says("ana", "/tip travel")
    question = world.hears("ana")[-1]
    world.says("ana", "H")
    assert "Please answer with a letter from A to C." in world.last("ana")
    world.says("ana", letter_of(question, "None").lower() + ")")
    assert "How sure are you?" in world.last("ana")
    world.presses("ana", "Very sure")
    said = world.last("ana")
    assert "Not quite." in said
    assert "That is what most think." in said
    assert "Best: The best of trains" in said
    assert "You were sure" in said


def test_a_letter_alone_is_no_answer_where_nothing_was_asked(world: World) -> None:
    tell(world, tip("trains"))
    assert "sure" not in (world.says("ana", "b").message or person("x").name)
    world.says("ana", "/tip travel")
    world.says("ana", "b")
    assert "How sure" not in world.last("ana")


def test_wrong_and_not_understood_one_asks_somebody(world: World) -> None:
    tell(world, tip("trains"))
    world.says("ana", "/tip travel")
    world.presses("ana", "New to me")
    next_morning(world)
    world.says("ana", "/tip travel")
    question = world.hears("ana")[-1]
    world.presses("ana", letter_of(question, "Half"), on=question)
    world.presses("ana", "Just tell me", on=question)
    reply = world.presses("ana", "Ask someone", on=question)
    assert reply.form is not None
    assert reply.form.args["about"] == "tip:t-trains"
    [begun] = [str(field.value) for field in reply.form.fields if field.name == "question"]
    assert begun.startswith("In a tip: What about trains?\nI chose: Half of trains\n")


def test_whoever_asks_about_what_is_written_in_another_script_need_not_type_it(
    world: World,
) -> None:
    long = {
        "q": "票据" * 300,
        "options": [{**o.model_dump(), "text": "火车" * 80} for o in OPTIONS],
    }
    tell(world, tip("trains", check=Check.model_validate(long)))
    world.says("ana", "/tip travel")
    world.presses("ana", "New to me")
    next_morning(world)
    world.says("ana", "/tip travel")
    world.presses("ana", "B")
    world.presses("ana", "Just tell me")
    reply = world.presses("ana", "Ask someone")
    assert reply.form is not None
    [begun] = [str(field.value) for field in reply.form.fields if field.name == "question"]
    assert begun.startswith("In a tip: 票据")


def test_how_sure_may_be_written_at_once_or_afterwards_and_once(world: World) -> None:
    tell(world, tip("a"), tip("b"), tip("c"))
    for _ in "abc":
        world.says("ana", "/tip travel")
        world.presses("ana", "New to me")
    assert "Right" not in str(world.says("ana", "very sure").message)
    next_morning(world)
    ways = (("{}, not sure",), ("{} 3",), ("{}", "fairly sure"))
    asked_about = []
    for way in ways:
        world.says("ana", "/tip travel")
        question = world.hears("ana")[-1]
        asked_about.append(learner(world, "ana").pick)
        for words in way:
            world.says("ana", words.format(letter_of(question, "The best")))
        assert world.last("ana").startswith("Right.")
    # It was told what is right: what is written now is about something else.
    world.says("ana", "a guess")
    assert "Right." not in world.last("ana")
    with world.database.transaction() as work:
        given = [work.tips.reviews(PersonId("ana"), pick.tip)[-1] for pick in asked_about if pick]
    assert [(said.certainty, said.rating) for said in given] == [
        (Certainty.GUESS, 2),
        (Certainty.SURE, 4),
        (Certainty.FAIRLY, 3),
    ]


def test_who_was_told_what_is_right_says_no_more_how_sure_they_were(world: World) -> None:
    tell(world, tip("trains"))
    world.says("ana", "/tip travel")
    world.presses("ana", "New to me")
    next_morning(world)
    world.says("ana", "/tip travel")
    question = world.hears("ana")[-1]
    world.presses("ana", letter_of(question, "The best"), on=question)
    sure = next(button for button in question.buttons if button.label == "Very sure")
    world.says("ana", "just tell me")
    assert world.last("ana").startswith("Right.")
    world.taps("ana", sure, on=question)
    with world.database.transaction() as work:
        said = work.tips.reviews(PersonId("ana"), "t-trains")[-1]
    assert (said.certainty, said.rating) == (Certainty.UNSAID, 3)


def test_whatever_has_a_section_leads_to_it(world: World) -> None:
    section = Section(
        id="trains", title="Trains", topic="travel", minutes=2, summary="All.", body="All of it."
    )
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(section, pack="made-up", at=world.now)])
    tell(world, tip("trains", section="trains"))
    world.says("ana", "/tip travel")
    tip_itself = world.hears("ana")[-1]
    world.presses("ana", "More…", on=tip_itself)
    world.presses("ana", "Read more", on=tip_itself)
    assert "All of it." in world.last("ana")
    world.presses("ana", "New to me", on=tip_itself)
    assert "Read more" in labels(tip_itself)
    next_morning(world)
    world.says("ana", "/tip travel")
    question = world.hears("ana")[-1]
    assert "Read more" not in labels(question), "it would give the answer away"
    world.says("ana", f"{letter_of(question, 'Half')} 3")
    world.presses("ana", "Read more")
    assert "All of it." in world.last("ana")


def test_a_reminder_shows_the_idea_and_makes_it_hard(world: World) -> None:
    tell(world, tip("trains"))
    world.says("ana", "/tip travel")
    world.presses("ana", "New to me")
    next_morning(world)
    world.says("ana", "/tip travel")
    question = world.hears("ana")[-1]
    assert "Mind trains." not in question.text
    world.presses("ana", "Remind me first", on=question)
    assert "Mind trains." in question.text
    world.presses("ana", letter_of(question, "The best"), on=question)
    world.presses("ana", "Very sure", on=question)
    with world.database.transaction() as work:
        reviews = work.tips.reviews(PersonId("ana"), "t-trains")
    assert [(r.reaction, r.rating, r.hint) for r in reviews] == [
        (Reaction.NEW_TO_ME, 1, False),
        (Reaction.RIGHT, 2, True),
    ]


def test_the_same_question_twice_a_day_is_practice(world: World) -> None:
    tell(world, tip("trains"))
    world.says("ana", "/tip travel")
    world.presses("ana", "New to me")
    for expected in ("How sure", "counts as practice"):
        if expected == "How sure":
            next_morning(world)
        world.says("ana", "/tip travel")
        question = world.hears("ana")[-1]
        world.presses("ana", letter_of(question, "The best"), on=question)
        assert expected in question.text


def test_two_taps_are_one_answer_and_tell_nothing(either_world: World) -> None:
    world = either_world
    open_topic(world, "travel")
    tell(world, tip("trains"))
    world.says("ana", "/tip travel")
    world.presses("ana", "New to me")
    next_morning(world)
    world.says("ana", "/tip travel")
    question = world.hears("ana")[-1]
    half = next(b for b in question.buttons if b.label == letter_of(question, "Half"))
    best = next(b for b in question.buttons if b.label == letter_of(question, "The best"))
    for tapped in (half, half, best):
        world.taps("ana", tapped, on=question)
        assert "You chose: Half of trains" in question.text
        assert "How sure are you?" in question.text
        assert "That is it." not in question.text
    world.presses("ana", "Very sure", on=question)
    assert "It leaves the other half." in question.text
    with world.database.transaction() as work:
        reviews = work.tips.reviews(PersonId("ana"), "t-trains")
    assert [(said.reaction, said.certainty) for said in reviews] == [
        (Reaction.NEW_TO_ME, None),
        (Reaction.WRONG, Certainty.SURE),
    ]


def test_a_second_reaction_to_the_same_tip_is_noted_already(world: World) -> None:
    tell(world, tip("trains"))
    world.says("ana", "/tip travel")
    first = world.hears("ana")[-1]
    buttons = first.buttons
    world.presses("ana", "Useful", on=first)
    world.taps("ana", buttons[2], on=first)
    assert "noted that already" in first.text
    kept = card(world, "ana", "trains")
    assert kept is not None
    assert not kept.knew


def test_not_for_me_can_be_undone(either_world: World) -> None:
    world = either_world
    open_topic(world, "travel")
    budget(world, "ana")
    tell(world, tip("a"), tip("b"))
    follow(world, "ana")
    next_morning(world)
    told = letters(world, "ana")[-1].text
    world.presses("ana", "Not for me")
    assert "It does not come again." in world.last("ana")
    world.presses("ana", "Undo")
    assert world.last("ana") == told
    with world.database.transaction() as work:
        assert work.tips.tally(WORKSPACE, "t-a").not_for_me == 0
    # It stands there as before, for words too.
    world.says("ana", "useful")
    known = card(world, "ana", "a")
    assert known is not None
    assert (known.state, known.reps) == (CardState.ACTIVE, 1)
    # Undone twice, nothing changes.
    world.forges("ana", "tips.undo", {"tip": "t-a", "day": "2026-03-02"})
    assert card(world, "ana", "a") == known


def test_not_for_me_twice_asks_whether_the_topic_is(world: World) -> None:
    tell(world, tip("a"), tip("b"), tip("c"))
    follow(world, "ana")
    world.says("ana", "/tip")
    world.presses("ana", "Not for me")
    assert "It does not come again." in world.last("ana")
    world.says("ana", "/tip")
    world.presses("ana", "Not for me")
    assert "Shall I drop the topic?" in world.last("ana")
    world.presses("ana", "Drop it")
    assert subscription(world, "ana").state is SubscriptionState.ENDED


def test_who_knew_it_all_along_may_test_out(world: World) -> None:
    names = ("a", "b", "c")
    tell(world, *(tip(name, objective="quiz/one") for name in names))
    for _ in names:
        world.says("ana", "/tip travel")
        world.presses("ana", "Knew it")
    for _ in range(8):
        next_morning(world)
    for _ in names:
        world.says("ana", "/tip travel")
        question = world.hears("ana")[-1]
        world.presses("ana", letter_of(question, "The best"), on=question)
        world.presses("ana", "Just tell me", on=question)
        # There is no such quiz here.
        assert "Test me" not in labels(question)
    kept = [card(world, "ana", name) for name in names]
    assert [each.confirmed for each in kept if each is not None] == [True, True, True]


# --- for who looks after the topic ----------------------------------------------------------


def test_a_tip_that_many_do_not_want_is_shown_to_its_steward_once(either_world: World) -> None:
    world = either_world
    tell(world, tip("trains"))
    for number in range(22):
        world.joins(person(f"p{number:02}"))
        world.says(f"p{number:02}", "/tip travel")
        if number >= 14:
            world.presses(f"p{number:02}", "Not for me")
    world.passes(hours=26)
    flags = [h for h in world.hears("sam") if (h.key or "").startswith("tips:flagged:")]
    [flag] = flags
    assert "is not for 6 of the 20 people" in flag.text
    assert "P14" not in flag.text
    with world.database.begin() as connection:
        kinds = connection.execute(
            select(happenings.c.kind, happenings.c.about).where(happenings.c.kind == "tip.flagged")
        ).all()
    assert [tuple(row) for row in kinds] == [("tip.flagged", "tip:t-trains")]
    reply = world.taps("ana", flag.buttons[0], on=flag)
    assert reply.message is not None
    assert "Only who looks after the topic" in reply.message.summary
    world.presses("sam", "Take it out", on=flag)
    world.says("cem", "/tip travel")
    assert "Mind trains." not in world.last("cem")


def test_what_many_are_wrong_about_and_sure_of_is_shown_to_the_steward(
    either_world: World,
) -> None:
    world = either_world
    tell(world, tip("trains"))
    for number in range(12):
        world.joins(person(f"p{number:02}"))
        world.says(f"p{number:02}", "/tip travel")
        world.presses(f"p{number:02}", "New to me")
    next_morning(world)

    def is_wrong(number: int, said: str) -> None:
        who = f"p{number:02}"
        world.says(who, "/tip travel")
        question = world.hears(who)[-1]
        answer = "Half" if number % 2 else "None"
        world.says(who, f"{letter_of(question, answer)}, {said}")

    def told() -> list[Heard]:
        return [h for h in world.hears("sam") if (h.key or "").startswith("tips:misbelieved:")]

    # Who does not say how sure they are is not among them.
    for number, said in enumerate(["just tell me", *["a guess"] * 4, *["very sure"] * 5]):
        is_wrong(number, said)
    world.passes(hours=30)
    assert told() == []
    is_wrong(10, "very sure")
    is_wrong(11, "very sure")
    world.passes(hours=30)
    [letter] = told()
    assert "6 of the 10 people who were wrong about a tip on Travel were very sure" in letter.text
    assert "Most of them chose: Half of trains" in letter.text
    assert not any(f"P{number:02}" in letter.text for number in range(12))
    reply = world.presses("sam", "Change it", on=letter)
    assert reply.form is not None
    # What is believed wrongly becomes a theme of the FAQ too.
    form = world.presses("sam", "Write an FAQ entry", on=letter).form
    assert form is not None
    began = {field.name: field.value for field in form.fields}
    assert began == {"title": "What about trains?", "text": "Mind trains.", "topic": "travel"}
    world.fills("sam")
    with world.database.transaction() as work:
        [article] = work.articles.in_states(WORKSPACE, frozenset({ArticleState.PROPOSED}), 5)
    assert (article.title, article.topic) == ("What about trains?", "travel")


# --- about oneself --------------------------------------------------------------------------


def test_the_page_and_me_tell_what_is_kept_and_only_of_oneself(world: World) -> None:
    tell(world, tip("trains"))
    page = render_plain(world.opens("ana"))
    assert "Get a tip a day" in page
    follow(world, "ana")
    world.says("ana", "/tip")
    world.presses("ana", "Useful")
    page = render_plain(world.opens("ana"))
    assert "Tips about Travel. Something may come on Monday 2 March." in page
    world.says("ana", "/me")
    said = world.last("ana")
    assert "You follow Travel. One tip was shown to you, and I keep 1 of your reactions" in said
    assert "(with what each reason counts): new 0.50, other topic 0.20." in said
    world.says("ben", "/me")
    assert "You follow" not in world.last("ben")


def test_all_that_is_kept_is_told_to_who_it_is_about_and_to_nobody_else(world: World) -> None:
    tell(world, *(tip(f"n{number}") for number in range(8)))
    follow(world, "ana")
    for _ in range(8):
        world.says("ana", "/tip")
        world.presses("ana", "New to me")
    next_morning(world)
    world.says("ana", "/tip")
    question = world.hears("ana")[-1]
    world.says("ana", f"{letter_of(question, 'The best')} 2")
    world.says("ana", "/me")
    world.presses("ana", "All that is kept")
    first = world.last("ana")
    assert "Travel: active, every working day, chosen on 2 March 2026" in first
    assert first.count("comes back as a question") == 6
    assert "2 March 2026 New to me" in first
    world.presses("ana", "Go on")
    second = world.last("ana")
    assert "Page 2 of 2." in second
    assert second.count("comes back as a question") == 2
    both = first + second
    assert both.count("3 March 2026 right (fairly sure)") == 1
    assert all(f"Mind n{number}." in both for number in range(8))
    with world.database.transaction() as work:
        for kept in work.tips.every_card(PersonId("ana")):
            assert kept.trace is not None
            assert f"stability {kept.trace.stability:.1f} days" in both
    world.forges("ben", "tips.mine", {"page": 1})
    assert "Nothing is kept of your tips." in world.last("ben")
    world.presses("ana", "Forget my tips")
    world.forges("ana", "tips.mine", {"page": "x"})
    assert "Nothing is kept of your tips." in world.last("ana")


def test_all_of_it_can_be_forgotten(either_world: World) -> None:
    world = either_world
    tell(world, tip("trains"))
    follow(world, "ana")
    world.says("ana", "/tip")
    world.presses("ana", "Useful")
    world.says("ana", "/tips")
    world.presses("ana", "Forget my tips")
    assert "Forgotten" in world.last("ana")
    _nothing_is_left(world, "ana")


def test_who_leaves_leaves_nothing_behind(either_world: World) -> None:
    world = either_world
    tell(world, tip("trains"))
    follow(world, "ana")
    world.says("ana", "/tip")
    world.presses("ana", "Useful")
    world.leaves("ana")
    _nothing_is_left(world, "ana")


def _nothing_is_left(world: World, who: str) -> None:
    assert slot(world, who) is None
    with world.database.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name.startswith("tip_") and "person" in table.c:
                rows = connection.execute(table.select().where(table.c.person == who)).all()
                assert rows == [], table.name


def test_no_moment_of_a_reaction_is_kept(world: World) -> None:
    tell(world, tip("trains"))
    world.passes(minutes=17)
    world.says("ana", "/tip travel")
    world.presses("ana", "Useful")
    kept = world.dump()
    assert ":17:" not in kept["tip_reviews"] + kept["tip_cards"] + kept["tip_learners"]
    assert kept["tip_reviews"]


def test_forged_buttons_change_nothing(world: World) -> None:
    tell(world, tip("trains"))
    forged: list[tuple[str, Args]] = [
        ("tips.react", {"tip": "t-none", "said": "useful"}),
        ("tips.react", {"tip": "t-trains", "said": "right"}),
        ("tips.react", {"tip": "t-trains", "said": "nonsense"}),
        ("tips.react", {"tip": "a\0b", "said": "useful"}),
        ("tips.answer", {"tip": "t-trains", "option": "z", "variant": "x", "day": "never"}),
        ("tips.sure", {"tip": "t-trains", "number": 9, "sure": "sure"}),
        ("tips.pace", {"topic": "travel", "pace": "hourly"}),
        ("tips.pace", {"topic": "none", "pace": "daily"}),
        ("tips.follow", {"topic": 7}),
        ("tips.change", {"topic": "travel"}),
        ("tips.take_out", {"tip": "t-trains"}),
        ("tips.approve", {"nomination": "n"}),
        ("tips.approve", {"nomination": "a\0b"}),
    ]
    for action, args in forged:
        reply = world.forges("ana", action, args)
        assert reply.message is not None, action
        assert reply.message.tone == "warning", action
    assert "t-trains" not in world.dump()["tip_cards"]
    assert world.dump()["tip_subscriptions"] == ""
