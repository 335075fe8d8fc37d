"""A person's own page: what waits for them, what they share, and what they can do about it."""

from dataclasses import replace
from datetime import date, time

import pytest
from sqlalchemy import event

from bot.ids import PersonId, TopicId
from bot.message import Buttons, Message
from bot.messages import HELP
from bot.people import WorkingHours
from bot.plain import render_plain
from bot.reply import Reply
from bot.topic import Topic
from tests.world import WORKSPACE, World

TAXI = "How do I claim a taxi on a trip?"
FORM = "Use the expense form, with the receipt."


def page(world: World, who: str) -> str:
    return render_plain(world.opens(who))


def text(reply: Reply) -> str:
    assert reply.message is not None
    return render_plain(reply.message)


def labels(message: Message) -> list[str]:
    rows = [part.buttons for part in message.parts if isinstance(part, Buttons)]
    return [button.label for row in rows for button in row]


def answered(world: World) -> str:
    """Ana asks, somebody answers; who."""
    world.says("ana", TAXI)
    helper = world.who_was_asked()[-1]
    world.presses(helper, "Answer now")
    world.fills(helper, answer=FORM)
    return helper


def test_a_newcomer_reads_what_this_is_and_has_four_things_to_begin_with(world: World) -> None:
    opened = world.opens("cem")
    assert "Hello Cem. Ask me what you need to know" in render_plain(opened)
    assert labels(opened)[:4] == ["Ask a question", "Narrate", "My settings", "What can I do here?"]
    assert opened.summary == "Your page: nothing waits for you"


def test_the_page_asks_helps_and_opens_the_settings(world: World) -> None:
    asking = world.presses_on_page("ana", "Ask a question").form
    settings = world.presses_on_page("ana", "My settings").form
    assert asking is not None
    assert settings is not None
    assert (asking.title, settings.title) == ("Ask the experts", "What reaches you")
    assert "Here is what I can do" in text(world.presses_on_page("ana", "What can I do here?"))


def test_ones_own_open_question_says_what_happens_next(world: World) -> None:
    world.says("ana", TAXI)
    assert f"Your questions\n\nQuestion 1: {TAXI}\nI have asked a colleague about Travel." in page(
        world, "ana"
    )
    world.presses(world.who_was_asked()[-1], "I take it")
    assert "is on it. If it stays quiet for 4 hours of working time" in page(world, "ana")


def test_a_question_is_withdrawn_on_the_page_which_then_shows_none(world: World) -> None:
    world.says("ana", TAXI)
    reply = world.presses_on_page("ana", "Withdraw")
    assert "Withdrawn. Nobody will be asked any more." in text(reply)
    assert not reply.replace
    assert reply.page is not None
    assert "Your questions" not in render_plain(reply.page)
    assert world.state() == "withdrawn"


def test_an_answer_is_accepted_on_the_page_and_its_letter_says_so(either_world: World) -> None:
    world = either_world
    answered(world)
    assert world.opens("ana").summary == "Your page: Your questions (1)"
    assert FORM in page(world, "ana")
    world.presses_on_page("ana", "That’s the answer")
    assert world.state() == "accepted"
    assert "That’s the answer" not in [b.label for h in world.hears("ana") for b in h.buttons]


def test_an_answer_is_kept_private_on_the_page(world: World) -> None:
    answered(world)
    world.presses_on_page("ana", "Accept, but keep it private")
    assert world.state() == "accepted"
    assert world.articles() == []


def test_who_is_asked_may_take_it_on_their_page(either_world: World) -> None:
    world = either_world
    world.says("ana", TAXI)
    helper = world.who_was_asked()[-1]
    assert f"Questions for you\n\nQuestion 1, from Ana about Travel.\n{TAXI}" in page(world, helper)
    reply = world.presses_on_page(helper, "I take it")
    assert "You took this." in text(reply)
    assert world.state() == "claimed"
    assert "You took it." in page(world, helper)
    world.presses_on_page(helper, "Give it back")
    assert world.state() == "routed"


def test_not_now_on_the_page_shows_in_the_messages_too(world: World) -> None:
    world.says("ana", TAXI)
    helper = world.who_was_asked()[-1]
    (card,) = [heard for heard in world.offers() if heard.conversation == f"dm:{helper}"]
    world.presses_on_page(helper, "Not now")
    assert "It goes on without you" in card.text
    assert card.buttons == []
    assert "Questions for you" not in page(world, helper)
    assert len(world.asked()) == 2


@pytest.mark.parametrize("label", ["I take it", "Not now"])
def test_what_was_settled_before_work_is_not_offered_when_work_begins(
    world: World, label: str
) -> None:
    world.changes("ben", hours=WorkingHours(start=time(12), end=time(17)))
    world.says("ana", TAXI)
    helper = world.who_was_asked()[-1]
    world.presses(helper, "Ask someone else…")
    world.fills(helper, person="ben")
    world.presses_on_page("ben", label)
    world.passes(hours=3, minutes=30)
    assert "ben" not in world.who_was_asked()


def test_what_was_asked_without_a_name_is_on_no_page(either_world: World) -> None:
    world = either_world
    world.says("ana", f"ask anonymously {TAXI}")
    helper = world.who_was_asked()[-1]
    assert TAXI not in page(world, "ana")
    shown = page(world, helper)
    assert "1, from someone about Travel" in shown
    assert "Ana" not in shown


def test_a_page_shows_nothing_of_others(world: World) -> None:
    world.says("ana", TAXI)
    for who in ("ben", "cem"):
        assert TAXI not in page(world, who)


def test_a_topic_is_switched_off_on_the_page(world: World) -> None:
    assert "Travel (you can help)." in page(world, "kim")
    reply = world.presses_on_page("kim", "Do not ask me any more about", "travel")
    assert "I will not ask you about Travel." in text(reply)
    assert "Travel (do not ask me)." in page(world, "kim")


def test_a_topic_that_is_gone_is_not_switched_off(world: World) -> None:
    reply = world.presses_on_page("kim", "Do not ask me any more about", "nothing")
    assert "I do not know this topic any more." in text(reply)


def test_what_one_knows_is_said_in_a_form_of_the_page(world: World) -> None:
    world.presses_on_page("cem", "Say what I know")
    reply = world.fills("cem", topic="travel", level="learning")
    assert reply.page is not None
    assert "Travel (you are learning)" in render_plain(reply.page)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"topic": "none"}, "topic"), ({"level": "emperor"}, "level"), ({"topic": "\0"}, "topic")],
)
def test_what_is_wrong_with_the_form_is_said_at_its_field(
    world: World, values: dict[str, str], field: str
) -> None:
    world.presses_on_page("cem", "Say what I know")
    assert field in world.fills("cem", **{"topic": "travel", **values}).errors


def test_without_topics_nobody_is_asked_what_they_know(world: World) -> None:
    with world.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM topics")
    assert "What you may be asked about" not in page(world, "cem")
    assert "Topics" not in page(world, "cem")
    assert "Topics\n\nThere are none yet. /topic Travel expenses opens one" in page(world, "dana")
    assert "There are no topics yet." in text(world.forges("cem", "question.know", {}))


def test_an_answer_that_carries_ones_name_can_be_taken_back(either_world: World) -> None:
    world = either_world
    helper = answered(world)
    world.presses("ana", "That’s the answer")
    assert f"Your answers that others find\n\n{TAXI} (an accepted answer" in page(world, helper)
    world.presses_on_page(helper, "Do not share it")
    assert "Your answers that others find" not in page(world, helper)
    assert [article.state.value for article in world.articles()] == ["retired"]


def test_ones_name_is_left_off_an_answer_on_the_page(world: World) -> None:
    helper = answered(world)
    world.presses("ana", "That’s the answer")
    world.presses_on_page(helper, "Leave my name off")
    assert [article.author for article in world.articles()] == [None]
    assert "Your answers that others find" not in page(world, helper)


def test_what_a_steward_has_verified_is_not_taken_back_by_its_author(world: World) -> None:
    helper = answered(world)
    world.presses("ana", "That’s the answer")
    world.presses("ana", "Propose for the FAQ")
    world.reviews("sam")
    world.presses("sam", "Publish")
    shown = labels(world.opens(helper))
    assert "Leave my name off" in shown
    assert "Do not share it" not in shown


def test_more_than_fits_is_counted_and_the_word_for_all_is_named(world: World) -> None:
    for number in range(7):
        world.says("ana", f"How do I book hotel number {number} on a trip?")
    shown = page(world, "ana")
    assert world.opens("ana").summary == "Your page: Your questions (7)"
    assert shown.count("How do I book hotel") == 5
    assert "and 2 more: /questions" in shown


def test_who_looks_after_something_sees_what_waits_for_them(world: World) -> None:
    answered(world)
    world.presses("ana", "That’s the answer")
    world.presses("ana", "Propose for the FAQ")
    world.says("ben", "What is the meaning of the green light upstairs?")
    assert "1 FAQ entry wants your eyes" in page(world, "sam")
    shown = page(world, "dana")
    assert "1 FAQ entry wants your eyes\n- 1 question found nobody" in shown
    assert world.opens("dana").summary == "Your page: What you look after (1)"
    assert "FAQ entries that want your eyes" in text(world.presses_on_page("dana", "Review"))
    assert "green light" in text(world.presses_on_page("dana", "What found nobody"))
    assert "What you look after" not in page(world, "kim")


def test_reviews_of_other_topics_are_not_a_stewards(world: World) -> None:
    world.opens_topic(
        Topic(id=TopicId("keys"), workspace=WORKSPACE, title="Keys", steward=None, aliases=("key",))
    )
    with world.database.transaction() as work:
        topic = work.topics.get(WORKSPACE, TopicId("keys"))
        assert topic is not None
        work.topics.save(replace(topic, steward=PersonId("bo")))
    answered(world)
    world.presses("ana", "That’s the answer")
    world.presses("ana", "Propose for the FAQ")
    assert "FAQ entry" not in page(world, "bo")


def test_a_manager_comes_to_campaigns(world: World) -> None:
    assert "There is no campaign here yet." in text(world.presses_on_page("dana", "Campaigns"))
    assert "Campaigns" not in labels(world.opens("ana"))
    assert "You may not do this." in text(world.forges("ana", "campaign.list", {}))


def test_settings_are_shown_and_a_pause_begins_and_ends_on_the_page(world: World) -> None:
    shown = page(world, "ana")
    assert "Tips and campaigns: at most 1 a day and 4 a week, from 10:00 to 12:00." in shown
    assert "Questions of others: about 5 a week." in shown
    reply = world.presses_on_page("ana", "Pause 1 week")
    assert reply.page is not None
    assert "Paused until 9 Mar 2026." in render_plain(reply.page)
    assert "Pause 1 week" not in labels(reply.page)
    assert reply.message is None, "the page says it, and no message besides"
    reply = world.presses_on_page("ana", "End the pause")
    assert reply.message is None
    assert reply.page is not None
    assert "Paused" not in render_plain(reply.page)


def test_a_stop_is_shown_and_ends_on_the_page(world: World) -> None:
    assert world.presses_on_page("ana", "Stop all").message is None
    stopped = world.opens("ana")
    assert "Stopped: nothing that you did not ask for reaches you." in render_plain(stopped)
    ways = {"End the pause", "Write to me again", "Pause 1 week", "Stop all", "Ask me again"}
    assert ways & {*labels(stopped)} == {"Write to me again"}
    assert world.presses_on_page("ana", "Write to me again").message is None
    assert "Stop all" in labels(world.opens("ana"))


def test_who_wants_no_questions_may_want_them_again(world: World) -> None:
    world.says("kim", "stop asking me")
    assert "Questions of others: none, as you wished." in page(world, "kim")
    reply = world.presses_on_page("kim", "Ask me again")
    assert reply.page is not None
    assert "Questions of others: about 5 a week." in render_plain(reply.page)


def test_the_weekly_limit_is_changed_in_a_form_of_the_page(world: World) -> None:
    world.presses_on_page("kim", "Change my weekly limit")
    reply = world.fills("kim", limit="0")
    assert reply.page is not None
    assert "Questions of others: none, as your limit is 0." in render_plain(reply.page)


def test_tomorrows_day_off_is_said_the_day_before(world: World) -> None:
    world.says("dana", "/holiday 2026-03-03 Founders’ day")
    assert "Tomorrow\n\nFounders’ day, a day off for you" in page(world, "ana")
    world.passes(days=1)
    assert "Tomorrow" not in page(world, "ana")


def test_a_public_holiday_is_called_by_its_name_and_a_free_day_is_not_told(world: World) -> None:
    world.changes("ana", country="DE")
    world.now = world.now.replace(month=4, day=2)
    assert "Tomorrow\n\nGood Friday, a day off for you" in page(world, "ana")
    world.now = world.now.replace(month=10, day=2)  # The third is a Saturday.
    assert date(2026, 10, 3).isoweekday() == 6
    assert "Tomorrow" not in page(world, "ana")


@pytest.mark.parametrize("words", ["/home", "home", "/learn home"])
def test_the_word_brings_the_same_page_as_a_message(world: World, words: str) -> None:
    world.says("ana", TAXI)
    assert world.says("ana", words).message == world.opens("ana")


def test_the_page_in_a_channel_is_for_its_person_alone(world: World) -> None:
    world.says("ana", "/home", "#general")
    assert world.room.heard[-1].only == "ana"


def test_what_is_pressed_on_the_message_leaves_the_page_standing_as_it_is_by_then(
    world: World,
) -> None:
    world.says("ana", TAXI)
    world.says("ana", "/home")
    shown = world.room.heard[-1]
    world.presses("ana", "Withdraw", on=shown)
    assert shown.message == world.opens("ana")
    assert "Withdrawn. Nobody will be asked any more." in world.room.heard[-1].text


def test_a_press_that_is_refused_says_so(world: World) -> None:
    reply = world.forges("ana", "question.claim", {"home": True, "question": "nothing"})
    assert "I could not find that question any more." in text(reply)


def test_every_button_of_every_page_is_known(world: World) -> None:
    answered(world)
    presses = {*world.app.registry.presses, HELP}
    for who in ("ana", "kim", "bo", "sam", "dana"):
        actions = {
            b.action for p in world.opens(who).parts if isinstance(p, Buttons) for b in p.buttons
        }
        assert actions <= presses


def statements(world: World, who: str) -> int:
    seen: list[str] = []
    with world.database.begin() as connection:
        engine = connection.engine

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        world.opens(who)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_a_full_page_takes_no_more_questions_to_the_store_than_one_with_five_of_each(
    world: World,
) -> None:
    for number in range(5):
        world.says("ana", f"How do I book hotel number {number} on a trip?")
    five = statements(world, "ana")
    for number in range(5):
        world.says("ana", f"How do I pay the bus in town number {number} on a trip?")
    assert statements(world, "ana") == five
