"""Nobody but the asker learns who asks anonymously, whatever happens to the question.

The asker has marks that cannot stand anywhere by chance. After each talk they are looked
for in all that others have heard, in every log record, and in every table but that of people
and that of their attention, which must say no more than in which hour somebody was here.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from structlog.testing import LogCapture

from bot.attention import Attention
from bot.ids import PersonId
from tests.world import MONDAY, World, person

ID, ADDRESS, NAME = "zyxid-7731", "zyxaddress-7732", "Zyxanonymia Quoll"
MARKS = re.compile("zyxid|zyxaddress|zyxanonymia|quoll", re.IGNORECASE)
"""Long enough never to stand in a sealed text by chance."""
TAXI = "How do I claim the taxi from a client visit?"
IN_OTHER_WORDS = "How to claim a taxi after a client visit?"
RECEIPT = "Use the expense form and attach the receipt."
WHO = ADDRESS


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[LogCapture]:
    """What structlog was given; what the standard library was given is in `caplog`."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[capture])
    caplog.set_level(logging.DEBUG)
    yield capture
    structlog.configure(processors=before)


@pytest.fixture
def hidden(world: World, logged: LogCapture, caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    """A world with the marked person in it, searched for the marks at the end."""
    world.joins(replace(person("boss"), team="north"))
    world.declares("boss", "travel", "can_help")
    world.joins(
        replace(
            person("x"),
            id=PersonId(ID),
            address=ADDRESS,
            name=NAME,
            manager=PersonId("boss"),
            team="north",
        )
    )
    yield world
    world.checks()
    for heard in world.room.heard:
        if heard.conversation != f"dm:{WHO}" and heard.only != WHO:
            assert not MARKS.search(heard.message.model_dump_json()), heard.text
    for form in world.forms:
        assert not MARKS.search(form.model_dump_json())
    assert not [entry for entry in logged.entries if MARKS.search(repr(entry))]
    assert not MARKS.search(caplog.text)
    for table, rows in world.dump().items():
        if table not in {"people", "attention"}:
            assert not MARKS.search(rows), f"{table}: {rows}"
    with world.database.transaction() as work:
        kept = work.attention.get(PersonId(ID))
    last = kept.talked_at
    assert kept == Attention(PersonId(ID), talked_at=last)
    assert last is None or last == last.replace(minute=0, second=0, microsecond=0)


def test_the_marks_would_be_found(world: World) -> None:
    world.joins(replace(person("x"), id=PersonId(ID), address=ADDRESS, name=NAME))
    world.says(WHO, TAXI)
    dump = world.dump()
    assert MARKS.search(dump["questions"])
    assert MARKS.search(dump["outbox"])
    assert MARKS.search(world.last(world.who_was_asked()[0]))


def test_asked_claimed_answered_accepted_and_followed_through(hidden: World) -> None:
    hidden.settles(WHO, TAXI, RECEIPT, command="/ask anonymously")
    hidden.passes(days=5)
    hidden.presses(WHO, "Worked")
    hidden.says("ben", IN_OTHER_WORDS)
    hidden.presses("ben", "Solves it")
    hidden.reviews("sam")
    hidden.presses("sam", "Publish")
    assert hidden.state() == "accepted"


def test_it_did_not_work_and_is_opened_again(hidden: World) -> None:
    expert = hidden.settles(WHO, TAXI, RECEIPT, command="/ask anonymously")
    hidden.passes(days=5)
    hidden.presses(WHO, "No")
    assert "The asker opened question 1 again" in hidden.last(expert)


def test_the_asker_is_led_through_suggestions(hidden: World) -> None:
    hidden.settles("ben", TAXI, RECEIPT)
    hidden.says(WHO, f"/ask anonymously {IN_OTHER_WORDS}")
    hidden.presses(WHO, "Flag as wrong or outdated")
    hidden.fills(WHO, reason="It is from last year.")
    hidden.presses(WHO, "Partly")
    hidden.presses(WHO, "Withdraw")
    assert hidden.state(2) == "withdrawn"


def test_a_suggestion_solves_it(hidden: World) -> None:
    hidden.settles("ben", TAXI, RECEIPT)
    hidden.says(WHO, f"/ask anonymously {IN_OTHER_WORDS}")
    hidden.presses(WHO, "Solves it")
    assert hidden.state(2) == "self_solved"


def test_waves_the_channel_and_the_steward(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    hidden.passes(hours=1, minutes=31)
    hidden.presses(WHO, "Post it")
    hidden.presses("cem", "I take it")
    hidden.presses("cem", "Give it back")
    hidden.passes(hours=6)
    hidden.passes(days=14)
    assert hidden.state() == "expired"
    assert "boss" not in hidden.who_was_asked()
    hidden.presses(WHO, "Open it again")
    assert hidden.question().is_open


def test_additions_and_follow_ups(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    hidden.presses(WHO, "Add something")
    hidden.fills(WHO, text="It was in Lyon.")
    first = hidden.who_was_asked()[0]
    hidden.presses(first, "Answer now")
    hidden.fills(first, answer=RECEIPT)
    hidden.presses(WHO, "Follow up")
    hidden.fills(WHO, text="And without a receipt?")
    assert "The asker wrote about question 1." in hidden.last(first)
    card = next(h for h in hidden.hears(WHO) if h.conversation == f"dm:{WHO}")
    hidden.says(WHO, "It is for Monday.", thread=card.id)
    assert "It is for Monday." in hidden.last(first)
    hidden.presses(first, "Answer")
    hidden.fills(first, answer="Then a note will do.")
    hidden.presses(WHO, "Not yet")


def test_asked_in_a_channel_by_command_and_by_form(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}", "#general")
    hidden.says(WHO, "/ask", "#general")
    hidden.fills(
        WHO,
        "#general",
        question="Which hotel is near the office?",
        visibility="anonymous",
        goal="Sleep",
        tried="The map",
    )
    assert not hidden.in_channel("#general")
    assert hidden.question(2).asker is None


def test_duplicates_of_it_and_of_others(hidden: World) -> None:
    hidden.says("ben", TAXI)
    hidden.says(WHO, "/ask anonymously Who pays my taxi to a client?")
    hidden.forges(
        "dana", "question.mark_duplicate", {"question": hidden.question(2).id}, {"number": "1"}
    )
    first = hidden.who_was_asked()[0]
    hidden.presses(first, "Answer now")
    hidden.fills(first, answer=RECEIPT)
    assert RECEIPT in hidden.last(WHO)
    hidden.presses(WHO, "Open mine again")


def test_named_by_an_expert_the_asker_is_neither_asked_nor_told_apart(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    said = []
    for name in (WHO, "boss", "cem"):
        who = hidden.who_was_asked()[-1]
        hidden.presses(who, "Ask someone else…")
        reply = hidden.fills(who, person=name)
        said.append((reply.errors, reply.message))
    assert said[0] == said[1] == said[2]
    assert not {WHO, ID, "boss"} & set(hidden.who_was_asked())
    hidden.presses("cem", "I take it")


@pytest.mark.parametrize("name", [WHO, "boss", "cem"])
@pytest.mark.parametrize(
    "fields",
    [
        {"paused_until": MONDAY + timedelta(days=9)},
        {"away_until": MONDAY + timedelta(days=9)},
        {"asks_welcome": False},
        {"weekly_cap": 0},
    ],
)
def test_whoever_cannot_take_it_is_refused_alike(
    hidden: World, name: str, fields: dict[str, object]
) -> None:
    hidden.changes(ID if name == WHO else name, **fields)
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    who = hidden.who_was_asked()[-1]
    hidden.presses(who, "Ask someone else…")
    (said,) = hidden.fills(who, person=name).errors.values()
    assert said.endswith("cannot take questions at the moment. Please name somebody else.")


@pytest.mark.parametrize("name", [WHO, "boss", "cem"])
def test_whoever_was_named_before_is_refused_alike(hidden: World, name: str) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    errors: list[str] = []
    for _ in range(2):
        hidden.forges(
            "sam", "question.hand_on", {"question": hidden.question().id}, {"person": name}
        )
        reply = hidden.forges(
            "sam", "question.hand_on", {"question": hidden.question().id}, {"person": name}
        )
        errors += reply.errors.values()
    assert len(errors) == 2
    assert all("cannot take questions" in error for error in errors)


@pytest.mark.parametrize("words", [f"I am {NAME}. {TAXI}", f"{TAXI} Ask @{ADDRESS}"])
def test_ones_own_name_is_not_sent(hidden: World, words: str) -> None:
    said = hidden.says(WHO, f"/ask anonymously {words}")
    assert "Your own name or address stands in that" in str(said.message)
    hidden.says(WHO, "/ask")
    asked = {"question": TAXI, "goal": words, "visibility": "anonymous"}
    assert set(hidden.fills(WHO, **asked).errors) == {"goal"}
    hidden.fills(WHO, **{**asked, "goal": ""})
    first = hidden.who_was_asked()[0]
    hidden.presses(WHO, "Add something")
    assert set(hidden.fills(WHO, text=words).errors) == {"text"}
    assert "it would tell" not in hidden.last(first)


def test_the_form_says_who_could_find_out(hidden: World) -> None:
    hidden.says(WHO, "/ask")
    assert hidden.form is not None
    (hint,) = [f.hint for f in hidden.form.fields if f.name == "visibility"]
    assert "Whoever runs Inflow here and holds its key could find out" in str(hint)
    assert "two operators" not in str(hint)


def test_the_own_card_and_list_say_that_it_is_without_a_name(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    assert "Question 1, asked without your name." in hidden.last(WHO)
    hidden.says(WHO, f"/ask anonymously {TAXI.upper()}")
    assert "You asked this already, without your name: it is question 1" in hidden.last(WHO)
    hidden.says("ben", TAXI)
    assert hidden.question(2).asker == "ben"
    with pytest.raises(AssertionError):
        hidden.question(3)
    hidden.says(WHO, "/questions")
    assert "it stands only in this conversation" in hidden.last(WHO)


def test_thirty_days_after_closing_nobody_can_tell_who_asked(hidden: World) -> None:
    hidden.settles(WHO, TAXI, RECEIPT, command="/ask anonymously")
    hidden.says(WHO, "/ask anonymously Which hotel is near the office for a trip?")
    first = hidden.who_was_asked()[-1]
    hidden.presses(first, "Ask someone else…")
    hidden.fills(first, person=WHO)
    hidden.presses(WHO, "Withdraw")
    hidden.passes(days=29)
    assert len(re.findall("gAAAA", hidden.dump()["relay"])) == 3
    hidden.passes(days=2)
    assert hidden.dump()["relay"] == ""
    for number in (1, 2):
        question = {"question": hidden.question(number).id}
        for action in sorted(hidden.app.registry.presses):
            if action.startswith("question."):
                hidden.forges(first, action, dict(question))
                hidden.forges(WHO, action, dict(question))
        hidden.forges(first, "question.send_answer", dict(question), {"answer": "One thing more."})
    hidden.says("ben", IN_OTHER_WORDS)
    hidden.presses("ben", "Solves it")
    hidden.passes(days=30)


def test_opened_again_in_time_the_asker_is_not_forgotten(hidden: World) -> None:
    expert = hidden.settles(WHO, TAXI, RECEIPT, command="/ask anonymously")
    hidden.passes(days=13)
    hidden.presses(WHO, "Open it again")
    hidden.presses(expert, "Answer")
    hidden.fills(expert, answer="Ask the travel desk.")
    hidden.passes(days=20)
    hidden.presses(WHO, "That’s the answer")
    assert hidden.state() == "accepted"


def test_a_duplicate_is_not_forgotten_while_it_waits(hidden: World) -> None:
    hidden.says("ben", f"@inflow {TAXI}", "#general")
    hidden.says(WHO, "/ask anonymously Who pays my taxi to a client?")
    hidden.presses(WHO, "Same as another…")
    hidden.fills(WHO, number="1")
    assert hidden.state(2) == "duplicate"
    helper = hidden.who_was_asked()[0]
    hidden.presses(helper, "I take it")
    hidden.forges(
        helper, "question.send_answer", {"question": hidden.question().id}, {"answer": RECEIPT}
    )
    hidden.passes(days=3)
    hidden.presses("ben", "Not yet")
    hidden.passes(days=3)
    assert hidden.question(1).is_open
    assert "gAAAA" in hidden.dump()["relay"]


def test_the_asker_cannot_betray_themselves_by_a_forged_press(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    args = {"question": hidden.question().id}
    for action in sorted(hidden.app.registry.presses):
        if action.startswith("question.") and action != "question.withdraw":
            hidden.forges(WHO, action, dict(args))
    for action in sorted(hidden.app.registry.submits):
        if action.startswith("question.") and action not in {"question.ask", "question.set_limit"}:
            hidden.forges(
                WHO, action, dict(args), {"person": "cem", "answer": "x y", "text": "x y"}
            )
    assert hidden.question().asker is None


def test_the_asker_writes_in_the_thread_of_the_post(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    hidden.passes(hours=1, minutes=31)
    hidden.presses(WHO, "Post it")
    (post,) = hidden.in_channel("#travel")
    hidden.presses("cem", "I take it")
    hidden.says(WHO, "It was in Lyon, by the way.", "#travel", thread=post.id)
    assert not any("Lyon" in text for text in hidden.dms("cem"))
    assert "That stood before everybody with your name on it" in hidden.last(WHO)


def test_the_steward_who_asks_cannot_be_told_by_who_is_not_told(world: World) -> None:
    world.says("sam", f"/ask anonymously {TAXI}")
    world.passes(days=1)
    world.says("ben", "/ask anonymously Which hotel is near the office for a trip?")
    world.passes(days=1)
    told = {
        number: [h for h in world.hears("dana") if h.text.startswith(f"Question {number} ")]
        for number in (1, 2)
    }
    assert len(told[1]) == len(told[2]) == 1


def test_the_line_manager_is_not_asked_even_as_the_only_one_who_knows(hidden: World) -> None:
    for name in ("kim", "bo", "lu", "sam"):
        hidden.changes(name, asks_welcome=False)
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    hidden.passes(days=10)
    assert "boss" not in hidden.who_was_asked()


def test_an_asker_who_leaves_is_not_told_by_the_moment(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    hidden.leaves(WHO)
    assert hidden.state() == "routed"


def test_a_second_anonymous_question_is_linked_to_the_first_by_nothing(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    hidden.says(WHO, "/ask anonymously Which hotel is near the office?")
    sealed = re.findall(r"'(gAAAA[^']+)'", hidden.dump()["relay"])
    assert len(sealed) == len(set(sealed)) == 2


def test_ones_own_page_lists_no_anonymous_question(hidden: World) -> None:
    hidden.says(WHO, f"/ask anonymously {TAXI}")
    hidden.says(WHO, "/questions")
    assert "You have not asked anything under your name yet." in hidden.last(WHO)
    hidden.says(WHO, "/me")
    assert "taxi" not in hidden.last(WHO)


def test_the_eleventh_question_of_a_day_is_refused_although_nobody_knows_whose_they_are(
    hidden: World,
) -> None:
    for number in range(10):
        hidden.says(WHO, f"/ask anonymously How do I do thing number {number}?")
    hidden.says(WHO, "/ask anonymously How do I do one thing more?")
    assert "more than 10 questions today" in hidden.last(WHO)
    hidden.passes(days=1)
    hidden.says(WHO, "/ask anonymously How do I do one thing more?")
    assert hidden.question(11).text == "How do I do one thing more?"


def test_words_that_everybody_read_are_asked_although_they_were_asked_without_a_name(
    world: World,
) -> None:
    world.says("ana", f"/ask anonymously {TAXI}")
    world.says("ana", f"@inflow {TAXI}", "#general")
    assert world.question(2).asker == "ana"
