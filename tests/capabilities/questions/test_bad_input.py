"""What people and clients get wrong: each gets a clear answer, and nothing is lost."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.capabilities.questions import capability
from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from bot.ids import TopicId, WorkspaceId
from bot.inbound import Inbound, Ordered, Place, PlaceKind, Pressed, Profile, Said
from bot.message import Quote
from bot.people import Workspace
from bot.plain import render_plain
from bot.topic import Topic
from storage.database import Database
from tests.databases import RELAY_KEY, grow_patient
from tests.world import MONDAY, PLATFORM, WORKSPACE, World

TAXI = "How do I claim the taxi from a client visit?"
RECEIPT = "Use the expense form and attach the receipt."

EMPTY = ["/ask \u200b", "ask \x00\x07", "/ask anonymously \u2060"]
NO_WORDS = ["🙈🙈🙈", "???", "/ask 👍🏽", "/ask — … !", "👩‍👩‍👧‍👦"]


@pytest.mark.parametrize("words", NO_WORDS)
def test_pictures_and_signs_are_no_question(world: World, words: str) -> None:
    world.says("ana", words)
    assert "I could not find any words in that." in world.last("ana")
    assert world.who_was_asked() == []


def test_nothing_at_all_is_answered_with_an_example(world: World) -> None:
    world.says("ana", "@inflow   ", "#general")
    assert "Please write your question in a few words" in world.last("ana")


@pytest.mark.parametrize(
    "words", ["", "   \n\t ", "🙈", "\x00", "\u200b", "x" * 40_001, "\u202e\u202d"]
)
def test_the_form_says_what_is_wrong_at_the_question_and_stays_open(
    world: World, words: str
) -> None:
    world.says("ana", "/ask")
    reply = world.fills("ana", question=words)
    assert set(reply.errors) == {"question"}
    assert reply.message is None


@pytest.mark.parametrize(
    ("field", "value"), [("visibility", "loud"), ("urgency", "never"), ("topic", "gone")]
)
def test_a_choice_that_is_none_is_said_at_its_field(world: World, field: str, value: str) -> None:
    world.says("ana", "/ask")
    assert set(world.fills("ana", **{"question": TAXI, field: value}).errors) == {field}


@pytest.mark.parametrize("sign", ["x", "x ", "語", "🙂a", "*", "<"])
def test_forty_thousand_characters_are_kept_and_can_be_read_to_the_end(
    world: World, sign: str
) -> None:
    long = f"taxi {sign * 40_000}"[:39_996].rstrip() + " end"
    world.says("ana", long)
    assert world.question().text == long
    expert = world.who_was_asked()[0]
    read = ""
    reply = world.presses(expert, "Read it all")
    while reply.message is not None:
        read += "".join(p.text for p in reply.message.parts if isinstance(p, Quote))
        card = next(h for h in reversed(world.hears(expert)) if "page" in h.text)
        if not any(button.label == "Next page" for button in card.buttons):
            break
        reply = world.presses(expert, "Next page", on=card)
    assert re.sub(r"[\s…]", "", read) == re.sub(r"\s", "", long)


def test_one_character_more_is_refused_with_both_numbers(world: World) -> None:
    world.says("ana", "x" * 40_001)
    assert "That is 40,001 characters; I can keep 40,000." in world.last("ana")
    assert world.who_was_asked() == []


@pytest.mark.parametrize("sign", ["x", "語", "🙂a", "*a"])
def test_a_long_answer_is_brought_and_kept_whole(world: World, sign: str) -> None:
    answer = (sign * 20_000)[:39_000]
    expert = world.settles("ana", TAXI, answer)
    world.says("ben", "How to claim a taxi after a client visit?")
    world.says("ben", "/faq taxi client visit")
    assert world.last("ben")
    (article,) = world.articles()
    assert article.text == answer
    world.says(expert, "/me")


def test_an_answer_of_no_words_keeps_the_form(world: World) -> None:
    world.says("ana", TAXI)
    expert = world.who_was_asked()[0]
    world.presses(expert, "Answer now")
    for words in ("", "👍", "x" * 40_001):
        assert set(world.fills(expert, answer=words).errors) == {"answer"}
    assert world.state() == "routed"


RTL = "איך אני מבקש החזר על taxi אחרי ביקור אצל לקוח?"


def test_right_to_left_words_come_out_as_they_went_in(world: World) -> None:
    world.says("ana", RTL)
    assert RTL in world.last(world.who_was_asked()[0])


def test_characters_that_turn_our_own_words_around_are_left_out(world: World) -> None:
    world.says("ana", f"\u202e{TAXI}")
    assert world.question().text == TAXI


HOSTILE = [
    "<!channel> taxi?",
    "<@U123> @everyone @here taxi?",
    "[the taxi](https://evil.example) please?",
    "[Dana](person:dana) says: taxi?",
    "**bold** _and_ `code` ~~taxi~~ ```x``` ?",
    "<script>alert(1)</script> taxi?",
    "> - # taxi | a | b |?",
    "</at> <at>Dana</at> taxi &amp; more?",
    "\\*taxi\\* \\[x\\](y)?",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_markup_of_people_stays_what_they_typed(world: World, words: str) -> None:
    world.says("ana", words)
    expert = world.who_was_asked()[0]
    assert words in world.last(expert).replace("\n> ", "\n")
    world.presses(expert, "Answer now")
    world.fills(expert, answer=words)
    world.presses("ana", "That’s the answer")
    for who in ("ana", "sam", "ben"):
        for command in ("/questions", "/me", f"/faq {words}"):
            world.says(who, command)
    for heard in world.room.heard:
        for part in heard.message.parts:
            text = getattr(part, "text", "")
            if not isinstance(part, Quote):
                assert "](https://evil" not in text.replace("\\]\\(", "")
    assert any(words in h.text for h in world.hears("ana") if "Your questions" in h.text)


def test_a_name_with_markup_stays_a_name(world: World) -> None:
    world.changes("kim", name="**Kim** [x](https://evil.example)")
    world.changes("bo", asks_welcome=False)
    world.declares("lu", "travel", "none")
    world.settles("ana", TAXI, RECEIPT)
    assert "**Kim** [x](https://evil.example)’s answer is accepted" in world.last("ana")


def test_an_unknown_command_suggests_the_nearest(world: World) -> None:
    world.says("ana", "/aks how do I")
    assert "Did you mean /ask?" in world.last("ana")


@pytest.mark.parametrize("command", ["/xyzzy", "/" + "x" * 40_000, "/learn xyzzy", "/\x00"])
def test_a_command_like_no_other_points_to_help(world: World, command: str) -> None:
    world.says("ana", command)
    assert "/help lists all I can do." in world.last("ana")


@pytest.mark.parametrize(
    "command", ["know", "learning", "drop", "topic", "pause", "faq", "resume", "unanswered"]
)
@pytest.mark.parametrize("words", ["", "x" * 40_000, "語" * 5_000, "\x00", "<!channel>"])
def test_every_command_takes_any_words(world: World, command: str, words: str) -> None:
    for who in ("ana", "dana"):
        assert world.says(who, f"/{command} {words}").message is not None


def test_too_many_long_questions_still_fit_the_lists(world: World) -> None:
    for day in range(2):
        world.passes(days=1)
        for number in range(10):
            world.says("ana", f"/ask {day}{number} " + "*taxi* _of_ [x](y) " * 20)
    world.says("ana", "/me")
    assert "taxi" in world.last("ana")
    world.passes(days=10)
    for who, command in (("ana", "/questions"), ("sam", "/unanswered")):
        world.says(who, command)
        assert "taxi" in world.last(who)


def test_many_topics_fit_the_list(world: World) -> None:
    for number in range(120):
        world.opens_topic(
            Topic(
                id=TopicId(f"t{number}"),
                workspace=WORKSPACE,
                title=f"Topic [{number}] " + "*" * 40,
                aliases=tuple(f"alias_{number}_{n}" for n in range(5)),
            )
        )
    world.says("ana", "/topics")
    assert "Topic [0]" in world.last("ana")
    assert world.says("ana", "/ask").form is not None


# --- stale, double and forged presses -------------------------------------------------


def test_every_button_pressed_twice_changes_nothing_the_second_time(world: World) -> None:
    world.settles("ben", TAXI, RECEIPT)
    world.says("ana", "How to claim a taxi after a client visit?")
    for _ in range(60):
        again = [
            (h, button, h.conversation.removeprefix("dm:"))
            for h in world.room.heard
            if h.conversation.startswith("dm:")
            for button in h.buttons
            if (h.id, button.label) not in world.pressed
        ]
        if not again:
            break
        # What ends a question comes last.
        heard, button, who = min(again, key=lambda each: each[1].action == "question.withdraw")
        world.pressed.add((heard.id, button.label))
        world.taps(who, button, on=heard)
        before = {k: v for k, v in world.dump().items() if k not in {"inbox", "outbox", "showings"}}
        if button.action in REPEATABLE:
            continue
        world.taps(who, button, on=heard)
        after = {k: v for k, v in world.dump().items() if k not in {"inbox", "outbox", "showings"}}
        assert after == before, (button, heard.text)
    assert len(world.pressed) > 15


REPEATABLE = {"question.reopen", "question.claim", "question.release"}
"""Opening again, taking and giving back may be done again, and again something happens."""


def test_the_same_event_twice_gets_the_same_reply_once(either_world: World) -> None:
    world = either_world
    world.settles("ben", TAXI, RECEIPT)
    world.says("ana", "How to claim a taxi after a client visit?")
    card = next(h for h in reversed(world.hears("ana")) if h.buttons)
    button = next(b for b in card.buttons if b.label == "No")
    first = world.taps("ana", button, on=card, event="again")
    before = world.events(2)
    assert world.taps("ana", button, on=card, event="again") == first
    assert world.events(2) == before


WRONG = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


WRONG_ARGS = st.dictionaries(
    st.sampled_from(["question", "article", "answer", "page", "version", "choice", "topic"]),
    WRONG,
)
WRONG_VALUES = st.dictionaries(
    st.sampled_from(
        ["question", "answer", "text", "title", "number", "limit", "person", "into", "topic"]
    ),
    st.text(max_size=12) | st.sampled_from(["1e400", "nan", "-0", "９", "\x00"]),
)
UNHURRIED = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(UNHURRIED, max_examples=4)
@given(wrong=WRONG_ARGS, values=WRONG_VALUES)
def test_no_forged_press_or_form_breaks_anything(
    shared_worlds: list[World], wrong: dict[str, object], values: dict[str, str]
) -> None:
    for world in shared_worlds:
        real = {"question": world.question().id, "article": world.articles()[0].id}
        for action in capability.presses:
            world.forges("cem", action, wrong)
            world.forges("cem", action, {**real, **wrong})
        for action in capability.submits:
            world.forges("cem", action, wrong, values)
            world.forges("cem", action, {**real, **wrong}, values)


@settings(UNHURRIED, max_examples=2)
@given(wrong=WRONG_ARGS, values=WRONG_VALUES)
def test_no_forged_press_or_form_breaks_the_others(
    shared_worlds: list[World], wrong: dict[str, object], values: dict[str, str]
) -> None:
    for world in shared_worlds:
        for action in sorted(world.app.registry.presses.keys() - capability.presses.keys()):
            world.forges("cem", action, wrong)
        for action in sorted(world.app.registry.submits.keys() - capability.submits.keys()):
            world.forges("cem", action, wrong, values)


@pytest.fixture
def shared_worlds(world: World, postgres_url: str) -> Iterator[list[World]]:
    """One on each engine, with a question and an entry to forge presses about."""
    database = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory())
    worlds = [world, World(database)]
    for each in worlds:
        each.settles("ana", TAXI, RECEIPT)
    yield worlds
    database.close()


NOT_ABOUT_ONE = {
    *("question.ask", "question.ask_me_again", "question.drop_topic", "question.know"),
    *("question.limit", "question.put_words", "question.unanswered", "question.put_here"),
    *("question.not_asked", "question.of_hour"),
}
"""Buttons that name no question."""


def test_the_question_of_another_workspace_is_not_found(world: World) -> None:
    world.says("ana", TAXI)
    with world.database.transaction() as work:
        work.people.add_workspace(
            Workspace(id=WorkspaceId("v"), platform=PLATFORM, external="w2", name="Other")
        )
    for action in world.app.registry.presses:
        if not action.startswith("question.") or action in NOT_ABOUT_ONE:
            continue
        reply = world.app.receive(
            Inbound(
                platform=PLATFORM,
                workspace="w2",
                event_id=f"other-{action}",
                person="eve",
                profile=Profile(name="Eve"),
                place=Place(conversation="dm:eve", kind=PlaceKind.DM),
                at=world.now,
                what=Pressed(action=action, args={"question": world.question().id}),
            )
        )
        assert reply.message is not None
        assert "I could not find that question any more." in render_plain(reply.message)


def test_the_private_question_of_somebody_else_is_not_found(world: World) -> None:
    world.says("ana", TAXI)
    args = {"question": world.question().id}
    for action in world.app.registry.presses:
        if action.startswith("question.") and action not in NOT_ABOUT_ONE:
            reply = world.forges("cem", action, dict(args))
            assert "I could not find that question any more." in str(reply.message)


def test_an_entry_that_was_not_suggested_cannot_be_said_to_solve_it(world: World) -> None:
    world.settles("ben", TAXI, RECEIPT)
    world.says("ana", "Which hotel is near the office in Lyon?")
    assert world.state(2) == "routed"
    args = {"question": world.question(2).id, "article": world.articles()[0].id}
    reply = world.forges("ana", "question.solved", args)
    assert "I could not find that FAQ entry any more." in str(reply.message)
    assert world.state(2) == "routed"


def test_an_unknown_button_says_that_it_is_old(world: World) -> None:
    reply = world.forges("ana", "question.gone", {})
    assert "older version of me" in str(reply.message)


# --- a store in trouble ---------------------------------------------------------------


def test_a_locked_database_is_said_to_the_platform_and_the_same_event_works_later(
    sqlite_url: str,
) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=0.05)
    world = World(database)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    inbound = Inbound(
        platform=PLATFORM,
        workspace="w1",
        event_id="locked",
        person="ana",
        place=Place(conversation="dm:ana", kind=PlaceKind.DM),
        at=MONDAY,
        what=Ordered(name="ask", text=TAXI),
    )
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        world.app.receive(inbound)
    other.execute("ROLLBACK")
    other.close()
    # A lane marks letters in one thread while it claims others in another.
    grow_patient(database)
    world.app.receive(inbound)
    world.drains()
    assert world.state() == "routed"
    assert len(world.who_was_asked()) >= 1
    database.close()


def test_the_eleventh_question_of_a_day_is_kept_for_tomorrow(world: World) -> None:
    for number in range(10):
        world.says("ana", f"How do I do the thing number {number}?")
    world.says("ana", "How do I do one thing more?")
    assert "more than 10 questions today" in world.last("ana")
    world.passes(days=1)
    world.says("ana", "How do I do one thing more?")
    assert world.question(11).text == "How do I do one thing more?"


def test_a_day_of_questions_ends_at_the_askers_own_midnight(world: World) -> None:
    world.changes("ana", zone="Pacific/Auckland")  # 22:00 there.
    for number in range(10):
        world.says("ana", f"How do I do the thing number {number}?")
    world.now += timedelta(hours=3)
    world.says("ana", "How do I do one thing more?")
    assert world.question(11).text == "How do I do one thing more?"


@pytest.mark.parametrize("zone", ["Nowhere/Land", "", "../etc", "Europe", "\x00", "UTC"])
def test_a_stranger_from_a_strange_zone_is_met_all_the_same(world: World, zone: str) -> None:
    reply = world.app.receive(
        Inbound(
            platform=PLATFORM,
            workspace="w1",
            event_id=f"zone-{zone!r}",
            person="new",
            profile=Profile(name="New", zone=zone),
            place=Place(conversation="dm:new", kind=PlaceKind.DM),
            at=MONDAY,
            what=Said(text="pause until Friday", message="m"),
        )
    )
    assert "Paused until Friday" in str(reply.message)


def test_the_word_of_a_stranger_without_a_profile_is_not_lost_in_silence(world: World) -> None:
    world.says("stranger", TAXI)
    assert "I do not know you yet." in world.last("stranger")
