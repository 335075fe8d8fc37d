"""Finding somebody: waves, clocks, passing, claiming, giving back, stewards and the end."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.ids import PersonId, TopicId
from bot.inbound import Inbound, Place, PlaceKind, Pressed
from bot.people import WorkingHours
from bot.reply import Reply
from bot.topic import Topic
from tests.world import MONDAY, PLATFORM, WORKSPACE, World, person

TAXI = "How do I claim the taxi from a client visit?"
RECEIPT = "Use the expense form and attach the receipt."
FRIDAY_EVENING = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)


@pytest.fixture
def crowd(world: World) -> World:
    """Six more who know about travel; nobody is learning it."""
    for name in ("eve", "finn", "gus", "hal", "ida", "jo"):
        world.joins(person(name))
        world.declares(name, "travel", "can_help")
    world.declares("lu", "travel", "none")
    return world


def test_one_person_is_asked_first(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=29)
    assert len(crowd.who_was_asked()) == 1


def test_two_are_asked_first_when_it_is_urgent(crowd: World) -> None:
    crowd.says("ana", "/ask")
    crowd.fills("ana", question=TAXI, urgency="urgent")
    assert len(crowd.who_was_asked()) == 2


def test_after_thirty_working_minutes_two_more_are_asked(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=31)
    assert len(crowd.who_was_asked()) == 3
    assert len(set(crowd.who_was_asked())) == 3


def test_after_an_hour_more_the_asker_is_shown_what_would_be_posted(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    assert "May I post it in #travel" in crowd.last("ana")
    assert TAXI in crowd.last("ana")
    assert not crowd.in_channel("#travel")


def test_nothing_is_posted_when_the_asker_says_nothing(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(days=14)
    assert not crowd.in_channel("#travel")


def test_nothing_is_posted_when_the_asker_would_rather_not(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    crowd.presses("ana", "Better not")
    assert not crowd.in_channel("#travel")
    assert crowd.state() == "escalated"


def test_with_consent_it_is_posted_without_the_name_and_anybody_may_answer(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    crowd.presses("ana", "Post it")
    (post,) = crowd.in_channel("#travel")
    assert TAXI in post.text
    assert "Ana" not in post.text
    crowd.says("cem", RECEIPT, "#travel", thread=post.id)
    assert RECEIPT in crowd.last("ana")


def test_who_reads_the_post_and_opens_the_answer_form_is_not_told_the_name(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    crowd.presses("ana", "Post it")
    form = crowd.presses("cem", "Answer").form
    assert form is not None
    assert form.intro == f"Someone asks: {TAXI}"


def test_consent_pressed_twice_posts_once(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    card = next(h for h in crowd.hears("ana") if "May I post it" in h.text)
    button = card.buttons[0]
    crowd.taps("ana", button, on=card)
    crowd.taps("ana", button, on=card)
    assert len(crowd.in_channel("#travel")) == 1


def test_taking_the_post_does_not_show_everybody_the_takers_card(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    crowd.presses("ana", "Post it")
    (post,) = crowd.in_channel("#travel")
    take = post.buttons[0]
    crowd.taps("cem", take, on=post)
    crowd.taps("cem", take, on=post)
    assert post.text.startswith("Question 1. Cem is on it.")
    assert "You took this." in crowd.last("cem")


def test_the_post_can_be_taken_again_when_it_was_given_back(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    crowd.presses("ana", "Post it")
    crowd.presses("cem", "I take it")
    crowd.presses("cem", "Give it back")
    (post,) = crowd.in_channel("#travel")
    assert [button.label for button in post.buttons] == ["I take it", "Answer"]


def test_a_post_that_nobody_takes_for_four_working_hours_goes_to_the_steward(
    crowd: World,
) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(minutes=91)
    crowd.presses("ana", "Post it")
    crowd.passes(hours=3, minutes=59)
    assert crowd.state() == "routed"
    crowd.passes(minutes=2)
    assert crowd.state() == "escalated"
    assert "found nobody" in crowd.last("sam")
    assert "Why you: you look after Travel." in crowd.last("sam")


def test_the_steward_can_take_an_escalated_question(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(hours=4)
    crowd.presses("sam", "I take it")
    assert crowd.question().claimed_by == "sam"


def test_after_five_working_days_the_asker_hears_it_honestly(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(hours=4)
    assert crowd.state() == "escalated"
    crowd.passes(days=6, hours=20)
    assert crowd.state() == "escalated"
    crowd.passes(hours=4)
    assert crowd.state() == "expired"
    assert "I am sorry: nobody could answer this." in crowd.last("ana")


def test_what_found_nobody_is_on_the_stewards_list(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(days=14)
    crowd.says("sam", "/unanswered")
    assert "steward: Sam" in crowd.last("sam")
    assert "How do I claim the taxi" in crowd.last("sam")


def test_the_unanswered_list_shows_nothing_to_people_without_a_topic(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(days=14)
    crowd.says("cem", "/unanswered")
    assert "taxi" not in crowd.last("cem")


def test_an_expired_question_can_be_opened_again_and_still_be_answered(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(days=14)
    crowd.presses("ana", "Open it again")
    assert crowd.question().is_open


def test_nights_do_not_count(crowd: World) -> None:
    crowd.passes(hours=7, minutes=45)  # 16:45, and everybody leaves at 17:00.
    crowd.says("ana", TAXI)
    crowd.passes(hours=12)
    assert len(crowd.who_was_asked()) == 1
    crowd.passes(hours=4, minutes=31)  # 09:16 the next day.
    assert len(crowd.who_was_asked()) == 3


def test_weekends_do_not_count(crowd: World) -> None:
    crowd.passes(days=4, hours=7, minutes=50)  # Friday, 16:50.
    crowd.says("ana", TAXI)
    crowd.passes(days=2, hours=12)
    assert len(crowd.who_was_asked()) == 1


def test_at_night_it_waits_for_the_morning_and_says_so(crowd: World) -> None:
    crowd.passes(hours=12)
    crowd.says("ana", TAXI)
    assert "Nobody is at work just now." in crowd.last("ana")
    assert crowd.who_was_asked() == []
    crowd.passes(hours=11, minutes=59)
    assert crowd.who_was_asked() == []
    crowd.passes(minutes=1)
    assert len(crowd.who_was_asked()) == 1
    assert "I have asked a colleague" in crowd.last("ana")


def test_the_morning_that_counts_is_that_of_those_who_know(crowd: World) -> None:
    zones = ("Asia/Tokyo", "Asia/Kolkata", "Asia/Dubai", "Europe/Helsinki")
    for number, zone in enumerate(zones):
        crowd.joins(replace(person(f"other{number}"), zone=zone))
    crowd.passes(hours=12)
    crowd.says("ana", TAXI)
    crowd.passes(hours=12)
    assert crowd.state() == "routed"
    assert len(crowd.who_was_asked()) == 1


def test_what_can_wait_is_offered_at_night_and_delivered_in_the_morning(crowd: World) -> None:
    crowd.passes(hours=12)
    crowd.says("ana", "/ask")
    crowd.fills("ana", question=TAXI, urgency="can_wait")
    crowd.passes(hours=11)
    assert crowd.who_was_asked() == []
    crowd.passes(hours=1)
    assert len(crowd.who_was_asked()) >= 1


@pytest.mark.parametrize("words", ["/pause until Friday", "stop asking me", "/drop travel"])
def test_who_wants_no_questions_is_spared_the_one_on_its_way(crowd: World, words: str) -> None:
    crowd.passes(hours=12)
    crowd.says("ana", "/ask")
    crowd.fills("ana", question=TAXI, urgency="can_wait")
    chosen = crowd.asked()
    for who in chosen:
        crowd.says(who, words)
    crowd.passes(hours=12)
    assert crowd.who_was_asked()
    assert not chosen & set(crowd.who_was_asked())


def test_before_the_first_question_of_a_topic_nobody_knows_the_steward_has_it(
    world: World,
) -> None:
    world.says("ana", "Where do new colleagues get their badge and key?")
    assert world.state() == "escalated"
    assert "found nobody" in world.last("dana")
    assert "you are a community manager here, and it belongs to no topic." in world.last("dana")


def test_words_that_name_no_topic_belong_to_that_of_the_channel(world: World) -> None:
    world.says("ana", "/ask Where do new colleagues get their badge and key?", "#travel")
    assert world.question().topic == "travel"
    assert set(world.who_was_asked()) <= {"kim", "bo"}


def test_where_it_was_asked_without_a_name_is_not_told(world: World) -> None:
    world.says("ana", "/ask anonymously Where do new colleagues get their badge?", "#travel")
    assert world.question().topic is None


def test_a_channel_of_two_topics_says_nothing_about_a_question(world: World) -> None:
    world.opens_topic(
        Topic(id=TopicId("visas"), workspace=WORKSPACE, title="Visas", channel="#travel")
    )
    world.says("ana", "/ask Where do new colleagues get their badge and key?", "#travel")
    assert world.question().topic is None


def test_without_anybody_to_tell_the_asker_is_told_that(world: World) -> None:
    world.changes("dana", roles=frozenset())
    world.says("ana", "Where do new colleagues get their badge and key?")
    assert "I can reach nobody who looks after this" in world.last("ana")


def test_a_steward_who_asks_is_not_asked_themselves_and_a_manager_is(crowd: World) -> None:
    crowd.says("sam", TAXI)
    crowd.passes(hours=4)
    assert crowd.state() == "escalated"
    assert "sam" not in crowd.who_was_asked()
    assert "found nobody" in crowd.last("dana")
    assert "Why you: you are a community manager here." in crowd.last("dana")
    assert not any("found nobody" in text for text in crowd.dms("sam"))


# --- passing --------------------------------------------------------------------------


def test_busy_asks_the_next_one_at_once_and_keeps_the_score(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Busy")
    assert "No problem" in crowd.last(first)
    assert len(crowd.who_was_asked()) == 2
    assert crowd.state() == "routed"
    with crowd.database.transaction() as work:
        assert list(work.questions.refusals(WORKSPACE, TopicId("travel"))) == []


def test_not_my_field_is_remembered_for_the_topic(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Not my field")
    with crowd.database.transaction() as work:
        refusals = list(work.questions.refusals(WORKSPACE, TopicId("travel")))
    assert refusals == [(PersonId(first), MONDAY)]


def test_passing_costs_no_wave(crowd: World) -> None:
    crowd.says("ana", TAXI)
    for _ in range(4):
        crowd.presses(crowd.who_was_asked()[-1], "Busy")
    assert len(crowd.who_was_asked()) == 5
    assert crowd.question().wave == 1


def test_when_everybody_passes_the_question_moves_on(world: World) -> None:
    world.declares("lu", "travel", "none")
    world.changes("sam", asks_welcome=False)
    world.says("ana", TAXI)
    world.presses(world.who_was_asked()[0], "Busy")
    world.presses(world.who_was_asked()[1], "Not my field")
    assert "May I post it in #travel" in world.last("ana")


def test_passing_twice_changes_nothing(crowd: World) -> None:
    crowd.says("ana", TAXI)
    offer = crowd.offers()[0]
    busy = next(b for b in offer.buttons if b.label == "Busy")
    who = crowd.who_was_asked()[0]
    crowd.taps(who, busy, on=offer)
    before = crowd.events()
    crowd.taps(who, busy, on=offer)
    assert crowd.events() == before


def test_somebody_else_is_asked_and_told_who_named_them(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Ask someone else…")
    crowd.fills(first, person="cem")
    assert crowd.who_was_asked()[-1] == "cem"
    assert f"Why you: {first.title()} said that you may know." in crowd.last("cem")


def test_being_named_is_an_endorsement_only_once_it_is_taken(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Ask someone else…")
    crowd.fills(first, person="cem")
    assert crowd.endorsements() == []
    crowd.presses("cem", "I take it")
    assert [(e.person, e.by) for e in crowd.endorsements()] == [("cem", first)]


@pytest.mark.parametrize("who", ["ana", "nobody", "", "away", "paused", "unwilling", "first"])
def test_the_form_stays_open_when_the_named_person_cannot_be_asked(crowd: World, who: str) -> None:
    crowd.joins(replace(person("away"), away_until=MONDAY + timedelta(days=3)))
    crowd.joins(replace(person("paused"), paused_until=MONDAY + timedelta(days=3)))
    crowd.joins(replace(person("unwilling"), asks_welcome=False))
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Ask someone else…")
    reply = crowd.fills(first, person=first if who == "first" else who)
    assert set(reply.errors) == {"person"}
    assert len(crowd.who_was_asked()) == 1


def test_a_holder_can_hand_the_question_on(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    offer = crowd.offers()[0]
    else_ = next(b for b in offer.buttons if b.label == "Ask someone else…")
    crowd.presses(first, "I take it")
    crowd.taps(first, else_, on=offer)
    crowd.fills(first, person="cem")
    assert crowd.state() == "routed"
    crowd.presses("cem", "I take it")
    assert crowd.question().claimed_by == "cem"


# --- taking and giving back -----------------------------------------------------------


def test_who_comes_second_sees_who_is_on_it(crowd: World) -> None:
    crowd.says("ana", "/ask")
    crowd.fills("ana", question=TAXI, urgency="urgent")
    first, second = crowd.who_was_asked()
    take = crowd.offers()[1].buttons[0]
    crowd.presses(first, "I take it")
    assert crowd.offers()[1].text.startswith(f"Question 1. {first.title()} is on it.")
    crowd.taps(second, take, on=crowd.offers()[1])
    assert crowd.question().claimed_by == first
    assert crowd.offers()[1].text.startswith(f"Question 1. {first.title()} is on it.")


def test_of_two_who_take_it_at_once_one_wins_and_the_other_sees_who(either_world: World) -> None:
    world = either_world
    world.declares("lu", "travel", "none")
    world.says("ana", "/ask")
    world.fills("ana", question=TAXI, urgency="urgent")
    people = world.who_was_asked()
    question = world.question()
    start, replies = threading.Barrier(len(people)), dict[str, Reply]()

    def take(who: str) -> None:
        start.wait()
        replies[who] = world.app.receive(
            Inbound(
                platform=PLATFORM,
                workspace="w1",
                event_id=f"race-{who}",
                person=who,
                place=Place(conversation=f"dm:{who}", kind=PlaceKind.DM),
                at=world.now,
                what=Pressed(action="question.claim", args={"question": question.id}),
            )
        )

    threads = [threading.Thread(target=take, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = world.question().claimed_by
    assert winner in people
    (loser,) = set(people) - {winner}
    said = {who: str(reply.message) for who, reply in replies.items()}
    assert "You took this." in said[str(winner)]
    assert f"{str(winner).title()} is on it." in said[loser]
    assert sum(event.kind == "claimed" for event in world.events()) == 1


def test_given_back_it_is_free_again_for_those_who_were_asked(crowd: World) -> None:
    crowd.says("ana", "/ask")
    crowd.fills("ana", question=TAXI, urgency="urgent")
    first, second = crowd.who_was_asked()
    crowd.presses(first, "I take it")
    crowd.presses(first, "Give it back")
    assert "I take it" in [button.label for button in crowd.offers()[1].buttons]
    crowd.presses(second, "I take it")
    assert crowd.question().claimed_by == second


def test_four_quiet_working_hours_ask_others_too(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "I take it")
    crowd.passes(hours=3, minutes=59)
    assert crowd.state() == "claimed"
    crowd.passes(minutes=2)
    assert crowd.state() == "routed"
    assert "It has been quiet for a while" in crowd.last(first)
    assert len(crowd.who_was_asked()) > 1


def test_the_quiet_one_can_still_answer(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "I take it")
    crowd.passes(hours=5)
    crowd.presses(first, "Answer")
    crowd.fills(first, answer=RECEIPT)
    assert RECEIPT in crowd.last("ana")


def test_one_does_not_take_ones_own_question(crowd: World) -> None:
    crowd.says("kim", TAXI)
    reply = crowd.forges("kim", "question.claim", {"question": crowd.question().id})
    assert "This is your own question." in str(reply.message)
    assert crowd.question().claimed_by is None


# --- the asker's part -----------------------------------------------------------------


def test_what_the_asker_adds_is_seen_by_those_who_were_asked(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.presses("ana", "Add something")
    crowd.fills("ana", text="It was in Lyon.")
    assert "It was in Lyon." in crowd.offers()[0].text
    assert "Added." in crowd.last("ana")


def test_what_the_asker_adds_is_seen_by_those_who_are_asked_later(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.presses("ana", "Add something")
    crowd.fills("ana", text="It was in Lyon.")
    crowd.passes(minutes=31)
    assert all("It was in Lyon." in offer.text for offer in crowd.offers())


def test_a_follow_up_goes_to_the_one_who_answered_and_runs_their_clock(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Answer now")
    crowd.fills(first, answer=RECEIPT)
    crowd.presses("ana", "Follow up")
    crowd.fills("ana", text="And without a receipt?")
    assert "And without a receipt?" in crowd.last(first)
    assert crowd.state() == "claimed"
    crowd.passes(hours=5)
    assert crowd.state() == "routed"


def test_not_yet_asks_another_and_the_answer_can_still_be_accepted(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Answer now")
    crowd.fills(first, answer=RECEIPT)
    crowd.presses("ana", "Not yet")
    assert len(crowd.who_was_asked()) == 3
    crowd.presses("ana", "That’s the answer")
    assert crowd.state() == "accepted"


def test_not_yet_with_nobody_left_goes_to_the_steward(world: World) -> None:
    world.opens_topic(Topic(id=TopicId("keys"), workspace=WORKSPACE, title="Keys"))
    world.declares("kim", "keys", "can_help")
    world.says("ana", "Where are the keys of the office?")
    world.presses("kim", "Answer now")
    world.fills("kim", answer="At the desk downstairs.")
    world.presses("ana", "Not yet")
    assert world.state() == "escalated"
    assert "found nobody" in world.last("dana")
    said = "Why you: you are a community manager here, and nobody looks after this topic."
    assert said in world.last("dana")


def test_withdrawn_closes_every_card(crowd: World) -> None:
    crowd.says("ana", "/ask")
    crowd.fills("ana", question=TAXI, urgency="urgent")
    crowd.presses("ana", "Withdraw")
    assert all("This one was withdrawn." in offer.text for offer in crowd.offers())
    assert not any(offer.buttons for offer in crowd.offers())
    crowd.passes(days=14)
    assert crowd.state() == "withdrawn"
    assert len(crowd.who_was_asked()) == 2


def test_whoever_named_a_colleague_has_no_buttons_left(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    (card,) = crowd.offers()
    stale = next(b for b in card.buttons if b.label == "Not my field")
    crowd.presses(first, "Ask someone else…")
    assert crowd.form is not None
    assert "it was you who named them" in str(crowd.form.fields[0].hint)
    crowd.fills(first, person="cem")
    assert not card.buttons
    before = crowd.asked()
    crowd.taps(first, stale, on=card)
    assert "with other colleagues now" in card.text
    assert crowd.asked() == before


def test_whoever_took_it_and_names_a_colleague_has_it_no_more(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "I take it")
    crowd.forges(first, "question.hand_on", {"question": crowd.question().id}, {"person": "cem"})
    assert not crowd.offers()[0].buttons
    assert "I have asked a colleague" in crowd.last("ana")


def test_the_asker_joins_their_question_with_another(crowd: World) -> None:
    crowd.says("ben", f"@inflow {TAXI}", "#general")
    crowd.says("ana", "Who pays my taxi to a client?")
    crowd.presses("ana", "Same as another…")
    crowd.fills("ana", number="1")
    assert crowd.state(2) == "duplicate"


def test_an_answer_to_a_withdrawn_question_says_so_and_keeps_nothing(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Answer now")
    crowd.presses("ana", "Withdraw")
    reply = crowd.fills(first, answer=RECEIPT)
    assert "Question 1 was withdrawn meanwhile" in reply.errors["answer"]
    assert "“Save as FAQ”" in reply.errors["answer"]
    assert RECEIPT not in crowd.last("ana")


def test_five_working_days_of_silence_close_it_without_calling_it_accepted(
    crowd: World,
) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Answer now")
    crowd.fills(first, answer=RECEIPT)
    crowd.passes(days=6, hours=23)
    assert crowd.state() == "answered"
    crowd.passes(hours=2)
    assert crowd.state() == "closed_unconfirmed"
    assert crowd.question().accepted is None


@pytest.mark.parametrize(("days", "state"), [(13, "claimed"), (15, "closed_unconfirmed")])
def test_a_closed_question_can_be_opened_for_two_weeks(crowd: World, days: int, state: str) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Answer now")
    crowd.fills(first, answer=RECEIPT)
    crowd.passes(days=7, hours=1)
    crowd.passes(days=days)
    crowd.presses("ana", "Open it again")
    assert crowd.state() == state


def test_a_late_answer_is_brought_to_the_asker_and_changes_nothing(crowd: World) -> None:
    crowd.says("ana", "/ask")
    crowd.fills("ana", question=TAXI, urgency="urgent")
    first, second = crowd.who_was_asked()
    for who in (first, second):
        crowd.forges(who, "question.answer", {"question": crowd.question().id})
        crowd.fills(who, answer=f"{RECEIPT} ({who})")
        if who == first:
            crowd.presses("ana", "That’s the answer")
    assert crowd.state() == "accepted"
    assert f"({second})" in crowd.last("ana")
    assert "settled before" in crowd.last(second)


# --- duplicates -----------------------------------------------------------------------


def marks_duplicate(world: World, number: int, of: int, who: str = "dana") -> Reply:
    question = world.question(number)
    return world.forges(
        who, "question.mark_duplicate", {"question": question.id}, {"number": str(of)}
    )


def test_the_asker_of_a_duplicate_hears_the_answer(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.says("ben", "Who pays my taxi to a client?")
    marks_duplicate(crowd, 2, 1)
    assert crowd.state(2) == "duplicate"
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Answer now")
    crowd.fills(first, answer=RECEIPT)
    assert RECEIPT in crowd.last("ben")


def test_when_others_follow_an_answer_cannot_be_kept_private(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.says("ben", "Who pays my taxi to a client?")
    marks_duplicate(crowd, 2, 1)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "Answer now")
    crowd.fills(first, answer=RECEIPT)
    assert "Accept, but keep it private" not in crowd.last("ana")


def test_a_private_answer_cannot_be_had_by_its_number(crowd: World) -> None:
    crowd.settles("ana", TAXI, RECEIPT, private=True)
    crowd.says("ben", "Where do I leave my luggage on the last day?")
    assert marks_duplicate(crowd, 2, 1).errors.keys() == {"number"}
    assert marks_duplicate(crowd, 2, 1, who="ben").errors.keys() == {"number"}
    assert not any(RECEIPT in text for text in crowd.dms("ben"))


def test_the_question_of_somebody_else_cannot_be_followed_by_its_number(crowd: World) -> None:
    crowd.settles("ana", TAXI, RECEIPT)
    crowd.says("ben", "Where do I leave my luggage on the last day?")
    assert marks_duplicate(crowd, 2, 1, who="ben").errors.keys() == {"number"}


@pytest.mark.parametrize("number", ["", "x", "0", "-1", "2", "1.5", "99", "1e400", "nan", "9" * 30])
def test_a_number_that_is_none_keeps_the_form(crowd: World, number: str) -> None:
    crowd.says("ana", TAXI)
    crowd.says("ben", "Who pays my taxi to a client?")
    reply = crowd.forges(
        "dana",
        "question.mark_duplicate",
        {"question": crowd.question(2).id},
        {"number": number},
    )
    assert reply.errors.keys() == {"number"}


def test_when_the_other_is_withdrawn_the_duplicate_goes_its_own_way(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.says("ben", "Who pays my taxi to a client?")
    marks_duplicate(crowd, 2, 1)
    crowd.presses("ana", "Withdraw")
    assert crowd.state(2) == "routed"


def test_when_the_other_found_nobody_the_asker_of_the_duplicate_hears_it(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.says("ben", "Who pays my taxi to a client?")
    marks_duplicate(crowd, 2, 1)
    crowd.passes(days=14)
    assert "nobody could answer the question that your question 2" in crowd.last("ben")
    crowd.presses("ben", "Open mine again")
    assert crowd.question(2).is_open


# --- leaving --------------------------------------------------------------------------


def test_what_a_leaver_held_goes_to_others(crowd: World) -> None:
    crowd.says("ana", TAXI)
    first = crowd.who_was_asked()[0]
    crowd.presses(first, "I take it")
    crowd.leaves(first)
    assert crowd.state() == "routed"
    assert len(crowd.who_was_asked()) > 1


def test_what_was_before_a_leaver_goes_to_the_next(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.leaves(crowd.who_was_asked()[0])
    assert len(crowd.who_was_asked()) == 2


def test_a_leavers_own_questions_are_withdrawn(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.leaves("ana")
    assert crowd.state() == "withdrawn"


def test_who_never_was_here_leaves_without_a_word(crowd: World) -> None:
    crowd.leaves("stranger")
    crowd.leaves("ana")
    crowd.leaves("ana")
    assert crowd.dms("ana") == []


def test_a_steward_who_left_is_replaced_by_the_community_managers(crowd: World) -> None:
    crowd.leaves("sam")
    crowd.says("ana", TAXI)
    crowd.passes(hours=4)
    assert "found nobody" in crowd.last("dana")


def test_who_works_by_night_is_asked_by_night(crowd: World) -> None:
    for name in ("kim", "bo", "eve", "finn", "gus", "hal", "ida", "jo", "sam"):
        crowd.changes(name, hours=WorkingHours(start=time(18), end=time(23)))
    crowd.now = FRIDAY_EVENING
    crowd.says("ana", TAXI)
    assert len(crowd.who_was_asked()) == 1


# --- how long it takes, who is named, the list on Monday ------------------------------


def answer_one(world: World, text: str, hours: float) -> None:
    """Somebody answers a new question of Ben's after so many hours, and Ben accepts."""
    world.says("ben", text)
    world.passes(hours=hours)
    who = world.who_was_asked()[-1]
    world.presses(who, "Answer now")
    world.fills(who, answer=RECEIPT)
    world.presses("ben", "Accept, but keep it private")


def test_the_usual_wait_is_told_once_five_questions_say_something(crowd: World) -> None:
    for number in range(4):
        answer_one(crowd, f"How do I book a hotel in town {number}?", hours=0.4)
    crowd.says("ana", TAXI)
    assert "usually answered" not in crowd.last("ana")
    crowd.presses("ana", "Withdraw")
    answer_one(crowd, "How do I book a hotel in the last town?", hours=0.4)
    crowd.says("ana", f"{TAXI} Once more.")
    assert "Questions like this are usually answered within 24 minutes." in crowd.last("ana")


def test_a_person_whom_the_question_names_is_likely_asked_and_told_why(world: World) -> None:
    world.says("ana", "Who, like @bo, knows how to claim a taxi?")
    (card,) = [h for h in world.offers() if h.conversation == "dm:bo"] or world.offers()
    assert card.conversation == "dm:bo"
    assert "the question names you" in card.text


def test_what_expired_is_listed_for_the_community_managers_on_monday(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.passes(days=8)
    assert crowd.state() == "expired"
    assert not [text for text in crowd.dms("dana") if "Questions that found nobody" in text]
    crowd.passes(days=7)
    (listed,) = [text for text in crowd.dms("dana") if "Questions that found nobody" in text]
    assert TAXI in listed
    assert "steward: Sam" in listed
    assert "Ana" not in listed
    card = next(h for h in crowd.hears("dana") if "Questions that found nobody" in h.text)
    crowd.presses("dana", "Why am I getting this?", on=card)
    assert "it is listed once a week" in crowd.last("dana")
    crowd.passes(days=21)
    again = [text for text in crowd.dms("dana") if "Questions that found nobody" in text]
    assert again == [listed]


def test_who_has_stopped_gets_no_list_of_what_expired(crowd: World) -> None:
    crowd.says("ana", TAXI)
    crowd.says("dana", "stop")
    crowd.passes(days=15)
    assert crowd.state() == "expired"
    assert not [text for text in crowd.dms("dana") if "Questions that found nobody" in text]


# --- what the asker is told is so -----------------------------------------------------


def test_when_nobody_was_asked_nobody_says_so(crowd: World) -> None:
    for name in ("kim", "bo", "eve", "finn", "gus", "hal", "ida", "jo", "sam"):
        crowd.changes(name, asks_welcome=False)
    crowd.says("ana", f"/ask {TAXI}", "#general")
    told = crowd.last("ana") + "".join(crowd.dms("ana"))
    assert "I have asked a colleague" not in told
    assert "May I post it in #travel" in told


def test_a_question_about_nothing_known_goes_to_the_managers_and_says_so(world: World) -> None:
    world.says("ana", "/ask which supplier prints our posters?", "#general")
    heard = [h.text for h in world.hears("ana") if h.only == "ana"]
    assert "I know nobody to ask yet, so Dana will see it in their working hours." in heard[-1]


def test_questions_without_a_topic_do_not_all_go_to_who_answers_often(world: World) -> None:
    for number in range(3):
        world.says("ben", f"How do I claim taxi number {number} from a visit?")
        who = world.who_was_asked()[-1]
        world.presses(who, "Answer now")
        world.fills(who, answer=RECEIPT)
        world.presses("ben", "Accept, but keep it private")
    before = len(world.who_was_asked())
    world.says("ana", "which supplier prints our posters?")
    assert len(world.who_was_asked()) == before
    assert world.state(4) == "escalated"
