"""Plain words: thanks, questions, answers without a thread, questions back."""

import pytest

from bot.capabilities.questions.talk import asks, begins_as_question, is_chat, may_be_question
from tests.world import World

TAXI = "How do I claim the taxi from a client visit?"
RECEIPT = "Use the expense form and attach the receipt."


@pytest.mark.parametrize(
    "text", ["Thanks!", "ok thank you", "thanks a lot for this", "👍", "Great, thanks", "+1"]
)
def test_thanks_are_chat(text: str) -> None:
    assert is_chat(text)


@pytest.mark.parametrize(
    "text", ["Thanks, use the form.", "The help page", "this?", "ok but how?", "Use the form"]
)
def test_words_that_say_something_are_not_chat(text: str) -> None:
    assert not is_chat(text)


def test_a_question_back_ends_with_its_mark() -> None:
    assert asks("Which country are you in?")
    assert asks("(Which country?)")
    assert not asks("Did you try the form? It is on the start page.")


def test_a_question_is_told_by_its_mark_or_its_first_word() -> None:
    assert begins_as_question("how do I book a room")
    assert begins_as_question("Rooms? Anybody")
    assert not begins_as_question("Use the travel tool")
    assert may_be_question("printer does nothing")
    assert not may_be_question("printer")


# --- answering without a thread -------------------------------------------------------


def ask_and_take(world: World) -> str:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.presses(who, "I take it")
    return who


def test_plain_words_of_who_took_a_question_are_the_answer(either_world: World) -> None:
    who = ask_and_take(either_world)
    either_world.says(who, RECEIPT)
    assert RECEIPT in either_world.last("ana")
    assert "Sent as your answer to question 1." in either_world.last(who)
    assert either_world.state() == "answered"


def test_thanks_of_who_took_a_question_are_no_answer(world: World) -> None:
    who = ask_and_take(world)
    world.says(who, "ok thanks")
    assert world.state() == "claimed"
    assert world.last(who) == "You are welcome."


def test_who_took_two_is_asked_which_the_words_are_for(world: World) -> None:
    world.changes("bo", asks_welcome=False)
    world.says("ana", TAXI)
    world.presses("kim", "I take it")
    world.says("ben", "How do I book a hotel?")
    world.presses("kim", "I take it")
    world.says("kim", RECEIPT)
    assert world.state(1) == world.state(2) == "claimed"
    world.presses("kim", "Answer to question 1")
    assert (world.state(1), world.state(2)) == ("answered", "claimed")
    assert RECEIPT in world.last("ana")


def test_an_answer_before_taking_it_is_confirmed_by_a_tap(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.says(who, RECEIPT)
    assert world.state() == "routed"
    world.presses(who, "Answer to question 1")
    assert RECEIPT in world.last("ana")


def test_who_was_asked_may_ask_something_of_their_own(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.says(who, "How do I book a hotel?")
    assert world.question(2).asker == who


def test_words_too_long_for_a_button_are_led_to_the_thread(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.says(who, RECEIPT * 60)
    assert "reply to its message" in world.last(who)
    assert world.state() == "routed"


def test_words_of_several_lines_are_passed_on_whole(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.says(who, "Use the form.\nAttach the receipt.")
    world.presses(who, "Answer to question 1")
    assert "Use the form.\n> Attach the receipt." in world.last("ana")


def test_what_looks_like_an_answer_can_be_a_question_of_ones_own(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.says(who, "My hotel bill got lost on the trip")
    world.presses(who, "A question of my own")
    assert world.question(2).asker == who
    assert world.question(2).text == "My hotel bill got lost on the trip"


def test_an_answer_to_a_question_withdrawn_meanwhile_says_what_can_be_done(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.says(who, RECEIPT)
    world.presses("ana", "Withdraw")
    world.presses(who, "Answer to question 1")
    assert "Save as FAQ" in world.last(who)
    assert RECEIPT not in world.last("ana")


# --- asking back ----------------------------------------------------------------------


def thread_of(world: World, who: str) -> str:
    [card] = [h for h in world.offers() if h.conversation == f"dm:{who}"]
    return card.id


def test_a_question_back_settles_nothing_and_reaches_the_asker(either_world: World) -> None:
    world = either_world
    who = ask_and_take(world)
    world.says(who, "Which country were you in?", thread=thread_of(world, who))
    assert world.state() == "claimed"
    assert "has a question about your question 1" in world.last("ana")
    assert "Which country were you in?" in world.last("ana")
    world.presses("ana", "Reply")
    world.fills("ana", text="In Spain.")
    assert "In Spain." in world.last(who)
    world.says(who, RECEIPT)
    assert world.state() == "answered"


def test_asking_back_takes_the_question(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.says(who, "Which country were you in?", thread=thread_of(world, who))
    assert world.question().claimed_by == who


def test_the_button_asks_back(world: World) -> None:
    who = ask_and_take(world)
    world.presses(who, "Ask back")
    world.fills(who, text="Which country")
    assert "Which country" in world.last("ana")
    assert world.state() == "claimed"


def test_a_question_back_to_an_anonymous_asker_goes_through_the_relay(world: World) -> None:
    world.says("ana", f"/ask anonymously {TAXI}")
    [who] = world.who_was_asked()
    world.presses(who, "I take it")
    world.says(who, "Which country were you in?", thread=thread_of(world, who))
    assert "Which country were you in?" in world.last("ana")
    world.presses("ana", "Reply")
    world.fills("ana", text="In Spain.")
    assert "In Spain." in world.last(who)
    assert "Ana" not in world.last(who)


def test_who_asked_back_keeps_the_question_for_two_working_days(world: World) -> None:
    who = ask_and_take(world)
    world.says(who, "Which country were you in?", thread=thread_of(world, who))
    world.passes(days=1, hours=20)
    assert world.question().claimed_by == who
    world.passes(hours=5)
    assert world.question().claimed_by != who


def test_a_question_back_is_not_offered_as_the_answer(world: World) -> None:
    who = ask_and_take(world)
    world.says(who, "Is it more than 6 hours?", thread=thread_of(world, who))
    letter = next(h for h in world.hears("ana") if "has a question about" in h.text)
    assert [button.label for button in letter.buttons] == ["Reply", "Withdraw"]


# --- named in passing, and help --------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("Hi all, @inflow is our new bot", "Hi all, Inflow is our new bot"),
        ("Please all welcome @inflow", "Please all welcome"),
        ("Ask @inflow about it from now on", "Ask Inflow about it from now on"),
    ],
)
def test_who_names_the_bot_in_passing_is_asked_first(world: World, words: str, kept: str) -> None:
    world.says("ana", words, "#general")
    assert "Is that a question for me?" in world.last("ana")
    assert kept in world.last("ana")
    assert world.in_channel("#general") == []
    assert not world.dms("sam")
    world.presses("ana", "No")
    assert "All right. I have asked nobody." in world.last("ana")
    with pytest.raises(AssertionError, match="no question 1"):
        world.question()


def test_what_was_named_in_passing_is_asked_openly_if_it_was_a_question(
    either_world: World,
) -> None:
    world = either_world
    world.says("ana", "I have lost a hotel bill, maybe @inflow knows", "#general")
    world.presses("ana", "Ask it openly")
    question = world.question()
    assert (question.text, question.asker) == (
        "I have lost a hotel bill, maybe Inflow knows",
        "ana",
    )
    (card,) = world.in_channel("#general")
    assert "question 1" in card.text.casefold()


def test_a_question_that_ends_with_the_bots_name_is_asked_at_once(world: World) -> None:
    world.says("ana", f"Hello, {TAXI} @inflow", "#general")
    assert world.question().text == f"Hello, {TAXI}"


@pytest.mark.parametrize("word", ["questions", "me", "holidays", "Unanswered", "home"])
def test_a_mention_with_a_command_word_alone_is_that_command(world: World, word: str) -> None:
    # Cards name these words bare, so somebody will write them where the card stands.
    world.says("ana", f"@inflow {word}", "#general")
    assert world.in_channel("#general") == []
    assert world.hears("ana")[-1].only == "ana", "what is theirs is told to nobody else"
    with pytest.raises(AssertionError, match="no question 1"):
        world.question()


def test_a_command_with_more_words_is_asked_before_others_only_if_it_was_meant(
    world: World,
) -> None:
    world.says("ana", "@inflow know Travel", "#general")
    assert "Is that a question for me?" in world.last("ana")
    assert world.in_channel("#general") == []
    assert not world.dms("sam")
    world.presses("ana", "No")
    assert "I have asked nobody. /help lists all that I can do." in world.last("ana")
    world.says("ana", "@inflow know anybody who can claim a taxi?", "#general")
    assert world.question().text == "know anybody who can claim a taxi?"


def test_the_word_ask_alone_opens_the_form_in_a_channel_too(world: World) -> None:
    world.says("ana", "@inflow ask", "#general")
    world.fills("ana", "#general", question=TAXI, visibility="open")
    assert world.question().conversation == "#general"
    assert TAXI in world.in_channel("#general")[0].text


def test_words_in_passing_too_long_for_a_button_are_not_asked(world: World) -> None:
    world.says("ana", f"Hi, @inflow is new. {RECEIPT * 60}", "#general")
    assert "begin with my name" in world.last("ana")
    assert world.in_channel("#general") == []


@pytest.mark.parametrize("words", ["/ask help", "/ask Help?", "ask help"])
def test_help_behind_ask_explains_how_to_ask(world: World, words: str) -> None:
    world.says("ana", words)
    assert "/ask anonymously" in world.last("ana")
    assert not world.who_was_asked()


def test_a_question_behind_the_wrong_command_is_led_to_ask(world: World) -> None:
    world.says("ana", "/learn where do I get a ticket?")
    assert "To ask a question, begin it with /ask." in world.last("ana")


def test_who_gives_a_command_hears_nothing_of_questions(world: World) -> None:
    for command in ("pause banana", "resume banana", "settings banana", "stop banana"):
        world.says("ana", f"/{command}")
        assert "question" not in world.last("ana")
        world.says("ana", command)
        assert "If that was a question, begin it with “ask”" in world.last("ana")


# --- replying without a thread --------------------------------------------------------


HOTEL = "Which hotel is near the office for a trip?"


def asked_back(world: World, command: str = "", text: str = TAXI) -> str:
    """Ana asks, and whoever is asked asks back; who that is."""
    world.says("ana", f"{command} {text}".strip())
    who = world.who_was_asked()[-1]
    world.presses(who, "I take it")
    world.presses(who, "Ask back")
    world.fills(who, text="Is it more than 6 hours?")
    return who


@pytest.mark.parametrize("words", ["Yes, 7 hours.", "No", "ok", "sure", "7", "about 7 hours or so"])
def test_plain_words_of_an_anonymous_asker_who_was_asked_back_are_the_reply(
    either_world: World, words: str
) -> None:
    world = either_world
    who = asked_back(world, "/ask anonymously")
    world.says("ana", words)
    assert words in world.last(who)
    assert "The asker wrote about question 1." in world.last(who)
    assert f"Passed on to {world.find_person(who).name}, without your name" in world.last("ana")
    with pytest.raises(AssertionError, match="no question 2"):
        world.question(2)
    others = {p: world.dms(p) for p in ("kim", "bo", "lu", "sam", "dana")}
    assert not any("Ana" in text for texts in others.values() for text in texts)


def test_plain_words_of_an_asker_who_was_asked_back_are_the_reply(either_world: World) -> None:
    who = asked_back(either_world)
    either_world.says("ana", "Yes, 7 hours.")
    assert "Ana wrote about question 1." in either_world.last(who)
    assert "Yes, 7 hours." in either_world.last(who)
    assert "as more about question 1." in either_world.last("ana")


@pytest.mark.parametrize("command", ["", "/ask anonymously"])
def test_plain_words_after_an_answer_are_more_for_who_gave_it(world: World, command: str) -> None:
    world.says("ana", f"{command} {TAXI}".strip())
    [who] = world.who_was_asked()
    world.presses(who, "Answer now")
    world.fills(who, answer=RECEIPT)
    world.says("ana", "There is no receipt, it was lost")
    assert "There is no receipt" in world.last(who)
    assert world.state() == "claimed"


def test_thanks_for_a_question_back_are_only_thanks(world: World) -> None:
    who = asked_back(world)
    world.says("ana", "thanks, sure")
    assert world.last("ana") == "You are welcome."
    assert "sure" not in world.last(who)


def test_what_comes_after_an_anonymous_reply_is_asked_about_first(world: World) -> None:
    who = asked_back(world, "/ask anonymously")
    world.says("ana", "Yes, 7 hours.")
    world.says("ana", "And it was in Lyon")
    assert "What is that for?" in world.last("ana")
    assert "Lyon" not in world.last(who)
    world.presses("ana", "For my question 1")
    assert "Lyon" in world.last(who)
    assert "without your name" in world.last("ana")


def test_a_question_of_an_anonymous_asker_who_was_asked_back_is_asked_about_first(
    world: World,
) -> None:
    who = asked_back(world, "/ask anonymously")
    world.says("ana", "Which of the two flights do you mean?")
    assert "What is that for?" in world.last("ana")
    assert not any("flights" in text for p in ("kim", "bo", "sam") for text in world.dms(p))
    world.presses("ana", "For my question 1")
    assert "flights" in world.last(who)


def test_a_new_question_is_asked_as_the_asker_says(world: World) -> None:
    asked_back(world, "/ask anonymously")
    world.says("ana", "Is a night in Lyon paid?\nIt is for Monday.")
    world.presses("ana", "A new question, without my name")
    assert world.question(2).text == "Is a night in Lyon paid?\nIt is for Monday."
    assert world.question(2).asker is None


def test_a_new_question_may_be_asked_by_name(world: World) -> None:
    asked_back(world, "/ask anonymously")
    world.says("ana", "Is a night in Lyon paid?")
    world.presses("ana", "A new question, as me")
    assert world.question(2).asker == "ana"


def test_more_than_one_who_waits_is_asked_about_first(world: World) -> None:
    asked_back(world, "/ask anonymously")
    second = asked_back(world, "/ask", HOTEL)
    world.says("ana", "Yes, 7 hours.")
    assert "What is that for?" in world.last("ana")
    assert "7 hours" not in world.last(second)
    world.presses("ana", "For my question 2")
    assert "Ana wrote about question 2." in world.last(second)


def test_words_that_may_belong_to_an_anonymous_question_nobody_took_are_asked_about_first(
    world: World,
) -> None:
    world.says("ana", f"/ask anonymously {TAXI}")
    [who] = world.who_was_asked()
    world.says("ana", "It was a visit in Lyon")
    assert "What is that for?" in world.last("ana")
    assert not any("Lyon" in text for p in ("kim", "bo", "sam") for text in world.dms(p))
    world.presses("ana", "For my question 1")
    (card,) = [h for h in world.offers() if h.conversation == f"dm:{who}"]
    assert "Lyon" in card.text


def test_a_question_beside_an_anonymous_one_that_nobody_took_is_a_new_one(world: World) -> None:
    world.says("ana", f"/ask anonymously {TAXI}")
    world.says("ana", HOTEL)
    assert world.question(2).asker == "ana"


def test_what_is_said_of_a_settled_anonymous_question_is_asked_about_first(world: World) -> None:
    who = world.settles("ana", TAXI, RECEIPT, command="/ask anonymously")
    world.passes(days=4)
    world.says("ana", "No, that did not work")
    assert "What is that for?" in world.last("ana")
    world.presses("ana", "For my question 1")
    assert "that did not work" in world.last(who)
    world.passes(days=8)
    world.says("ana", "The printer on our floor is broken")
    assert world.question(2).text == "The printer on our floor is broken"


def test_an_answer_of_days_ago_does_not_take_in_what_is_said_now(world: World) -> None:
    world.says("ana", TAXI)
    [who] = world.who_was_asked()
    world.presses(who, "Answer now")
    world.fills(who, answer=RECEIPT)
    world.passes(days=2)
    world.says("ana", "The printer on our floor is broken")
    assert world.question(2).text == "The printer on our floor is broken"


def test_who_holds_a_question_and_was_asked_back_is_asked_which(world: World) -> None:
    world.changes("bo", asks_welcome=False)
    world.says("kim", f"/ask anonymously {TAXI}")
    first = world.who_was_asked()[-1]
    world.presses(first, "I take it")
    world.says("ana", HOTEL)
    world.presses("kim", "I take it")
    world.presses(first, "Ask back")
    world.fills(first, text="Is it more than 6 hours?")
    world.says("kim", "Yes, 7 hours.")
    labels = [b.label for b in world.hears("kim")[-1].buttons]
    assert labels[:2] == ["For my question 1", "Answer to question 2"]
    world.presses("kim", "For my question 1")
    assert "Yes, 7 hours." in world.last(first)
    assert (world.state(1), world.state(2)) == ("claimed", "claimed")


def test_an_anonymous_reply_that_names_the_asker_is_not_passed_on(world: World) -> None:
    who = asked_back(world, "/ask anonymously")
    world.says("ana", "Yes, ask Ana for the bill")
    assert "Your own name or address stands in that" in world.last("ana")
    assert "bill" not in world.last(who)


def test_words_too_long_for_a_button_of_an_anonymous_asker_go_nowhere(world: World) -> None:
    world.says("ana", f"/ask anonymously {TAXI}")
    world.says("ana", RECEIPT * 60)
    assert "I have passed it on to nobody" in world.last("ana")
    with pytest.raises(AssertionError, match="no question 2"):
        world.question(2)


def test_only_ones_own_question_takes_the_words(world: World) -> None:
    who = asked_back(world, "/ask anonymously")
    args = {"question": world.question().id, "words": "I am somebody else"}
    world.forges("cem", "question.reply_words", args)
    assert "somebody else" not in world.last(who)


def test_a_question_in_an_open_thread_is_no_answer(world: World) -> None:
    world.says("ana", f"@inflow {TAXI}", "#general")
    thread = world.question().thread
    world.says("cem", "which country do you mean?", "#general", thread=thread)
    assert world.state() == "routed"


def test_words_of_the_asker_in_an_open_thread_keep_it_open(world: World) -> None:
    world.says("ana", f"@inflow {TAXI}", "#general")
    thread = world.question().thread
    world.says("cem", RECEIPT, "#general", thread=thread)
    assert world.state() == "answered"
    world.says("ana", "No, that form is gone, still stuck", "#general", thread=thread)
    assert world.state() == "claimed"
    world.passes(days=8)
    assert world.state() != "closed_unconfirmed"


# --- what is not a question -----------------------------------------------------------


@pytest.mark.parametrize("words", ["hi", "Hello!", "hey", "good morning everybody", "Hi all :-)"])
def test_a_greeting_is_greeted_and_says_how_to_go_on(world: World, words: str) -> None:
    world.says("ana", words)
    assert world.last("ana") == "Hello. Ask me something, or say “help” to see what I can do."
    world.says("ana", f"@inflow {words}", "#general")
    assert world.last("ana").startswith("Hello. Ask me something")
    assert not world.who_was_asked()


def test_a_greeting_with_thanks_is_thanks(world: World) -> None:
    world.says("ana", "hi, thanks a lot")
    assert world.last("ana") == "You are welcome."


@pytest.mark.parametrize("words", ["ok thank you", "thanks a lot for this"])
def test_thanks_are_not_put_to_a_colleague(world: World, words: str) -> None:
    world.says("ana", words)
    assert world.last("ana") == "You are welcome."
    world.says("ana", f"@inflow {words}", "#general")
    assert not world.who_was_asked()


def test_who_knows_nothing_about_a_topic_says_so(world: World) -> None:
    world.says("kim", "I don’t know anything about travel")
    assert "I will not ask you about Travel" in world.last("kim")


def test_a_command_after_the_handle_is_a_command(world: World) -> None:
    world.says("ana", "@inflow /topics", "#general")
    assert "Travel" in world.last("ana")
    world.says("ana", "@inflow /aks hello", "#general")
    assert "Did you mean /ask?" in world.last("ana")


def test_anonymously_in_a_public_mention_is_refused(world: World) -> None:
    for words in ("anonymously", "ask anonymously"):
        world.says("ana", f"@inflow {words} {TAXI}", "#general")
        assert "everybody" in world.last("ana").casefold()
    assert not world.who_was_asked()
