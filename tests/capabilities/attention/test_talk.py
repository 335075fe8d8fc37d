"""What people say about what reaches them, and what they hear."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from bot.attention import Wish, book
from bot.context import Context
from bot.ids import PersonId
from bot.message import say
from bot.messages import with_controls
from bot.outbox import Letter, LetterState, Priority, ToPerson
from tests.world import MONDAY, WORKSPACE, Heard, World

TAXI = "How do I claim the taxi from a client visit?"
DAY = timedelta(days=1)


@pytest.fixture
def early(world: World) -> Iterator[World]:
    """A world at six on Monday morning, before anybody's hour."""
    world.now = MONDAY - timedelta(hours=3)
    yield world
    world.checks()


def tell(
    world: World,
    *who: str,
    key: str = "news",
    priority: Priority = Priority.CAMPAIGN,
    days: float = 5,
) -> list[str | None]:
    """Something to say to these people who did not ask for it; returns why not, for each."""
    with world.database.transaction() as work:
        wishes = []
        for name in who:
            found = work.people.get(PersonId(name))
            assert found is not None
            letter = Letter(
                key=f"{key}:{name}",
                to=ToPerson(person=found.id),
                message=say(f"Some {key} for you."),
                kind="test.news",
                priority=priority,
                expires_at=world.now + timedelta(days=days),
                because=f"Everybody here gets {key}.",
            )
            wishes.append(Wish(found, letter))
        context = Context(now=world.now, new_id=lambda: "unused")
        return [booking.why for booking in book(context, work, wishes)]


def states(world: World, who: str, *keys: str) -> list[tuple[str, str | None]]:
    """What became of some letters to a person, and why."""
    with world.database.transaction() as work:
        found = work.outbox.promised(WORKSPACE, [f"{key}:{who}" for key in keys])
    return [(found[f"{key}:{who}"].state.value, found[f"{key}:{who}"].why) for key in keys]


def news(world: World, who: str) -> list[Heard]:
    return [h for h in world.hears(who) if h.text.startswith("Some ")]


# --- the row under every unsolicited message --------------------------------------------


def test_unsolicited_words_come_at_ones_hour_with_a_way_out(early: World) -> None:
    tell(early, "ana")
    early.passes(hours=3.9)
    assert early.dms("ana") == []
    early.passes(hours=0.2)
    [heard] = news(early, "ana")
    assert [button.label for button in heard.buttons] == [
        "Pause 1 week",
        "Stop all",
        "Why am I getting this?",
    ]
    assert all(button.args == {} for button in heard.buttons)


def test_why_tells_the_reason_of_the_very_message(early: World) -> None:
    tell(early, "ana", "ben", key="tips")
    tell(early, "ana", key="news")
    early.passes(days=1, hours=5)
    first, second = news(early, "ana")
    early.presses("ana", "Why am I getting this?", on=first)
    assert early.last("ana").startswith("Everybody here gets tips.")
    assert "This week it was 2 so far." in early.last("ana")
    early.presses("ana", "Why am I getting this?", on=second)
    assert early.last("ana").startswith("Everybody here gets news.")
    assert "at most 1 a day and 4 a week, around 10:00" in early.last("ana")


def test_why_under_a_question_tells_why_one_was_asked(world: World) -> None:
    world.says("ana", TAXI)
    who = world.who_was_asked()[0]
    [offer] = world.offers()
    assert [button.label for button in offer.buttons][-3:] == [
        "Pause 1 week",
        "Stop all",
        "Why am I getting this?",
    ]
    world.presses(who, "Why am I getting this?")
    assert "Somebody asks something, and I thought of you: you" in world.last(who)
    assert "about Travel" in world.last(who)
    assert "weekly limit of their own" in world.last(who)


def test_why_under_a_trial_does_not_talk_of_questions(world: World) -> None:
    letter = Letter(
        key="trial",
        to=ToPerson(person=PersonId("dana")),
        message=with_controls(say("A trial.")),
        kind="campaign.trial",
        priority=Priority.ANSWER,
        because="You wanted to see it.",
    )
    with world.database.transaction() as work:
        work.outbox.post(WORKSPACE, letter)
    world.drains()
    world.presses("dana", "Why am I getting this?")
    assert world.last("dana").startswith("You wanted to see it.")
    assert "Only you got this one, as a trial." in world.last("dana")
    assert "Stop all would stop me for you." in world.last("dana")
    assert "Questions" not in world.last("dana")


def test_why_under_the_notice_tells_of_the_silence(early: World) -> None:
    for day in range(70):
        tell(early, "ana", key=f"day{day}", priority=Priority.TIP, days=1)
        early.passes(days=1)
    early.presses("ana", "Why am I getting this?")
    assert early.last("ana").startswith("I tell you once when I stop writing to you by myself.")


def test_why_under_something_unknown_says_so(world: World) -> None:
    world.forges("ana", "attention.why", {})
    assert "I cannot find that message any more." in world.last("ana")


def test_the_pause_button_keeps_away_a_week_of_all(early: World) -> None:
    tell(early, "kim")
    early.passes(hours=5)
    tell(early, "kim", key="more")
    early.presses("kim", "Pause 1 week")
    assert "Paused until Monday 9 March 2026." in early.last("kim")
    assert states(early, "kim", "more") == [("suppressed", "paused")]
    for name in ("bo", "lu", "sam"):
        early.declares(name, "travel", "none")
    early.says("ana", TAXI)
    early.passes(days=6)
    assert early.who_was_asked() == []
    assert len(news(early, "kim")) == 1


def test_what_waits_moves_behind_a_short_pause(early: World) -> None:
    tell(early, "kim")
    early.says("kim", "/pause until Wednesday")
    early.passes(days=1, hours=23)
    assert news(early, "kim") == []
    early.passes(hours=6)
    assert len(news(early, "kim")) == 1


def test_pause_alone_is_a_week(world: World) -> None:
    world.says("kim", "pause")
    assert "Paused until Monday 9 March 2026." in world.last("kim")


@pytest.mark.parametrize("label", ["Pause 1 week", "Stop all"])
def test_a_question_under_which_one_leaves_goes_to_somebody_else(world: World, label: str) -> None:
    world.says("ana", TAXI)
    [first] = world.who_was_asked()
    [card] = world.offers()
    world.presses(first, label, on=card)
    assert "The question above goes to somebody else." in world.last(first)
    assert "It goes on without you." in card.text
    assert card.buttons == []
    assert len(set(world.who_was_asked())) == 2
    assert world.state() == "routed"


@pytest.mark.parametrize(
    "words", ["stop", "/pause", "/pause until Friday", "do not ask me anything"]
)
def test_leaving_by_word_gives_away_what_one_was_asked(world: World, words: str) -> None:
    world.says("ana", TAXI)
    [first] = world.who_was_asked()
    world.says(first, words)
    assert "What you were asked and have not taken goes to somebody else." in world.last(first)
    assert len(set(world.who_was_asked())) == 2
    world.says("cem", words)
    assert "somebody else" not in world.last("cem")


def test_leaving_keeps_what_one_has_taken(world: World) -> None:
    world.says("ana", TAXI)
    [first] = world.who_was_asked()
    world.presses(first, "I take it")
    world.says(first, "stop")
    assert "somebody else" not in world.last(first)
    assert world.state() == "claimed"


def test_a_question_that_becomes_free_is_not_for_who_has_left(world: World) -> None:
    world.says("ana", TAXI)
    world.passes(minutes=31)
    first, second, *_ = world.who_was_asked()
    [card] = [h for h in world.offers() if h.conversation == f"dm:{second}"]
    world.presses(first, "I take it")
    world.says(second, "stop")
    assert "somebody else" not in world.last(second)
    world.presses(first, "Give it back")
    assert "I take it" not in [button.label for button in card.buttons]


def test_pause_after_stop_promises_no_end(world: World) -> None:
    world.says("kim", "stop")
    world.says("kim", "/pause until Friday")
    said = "You have stopped me already, and that goes on until you say /resume."
    assert world.last("kim").startswith(said)
    assert world.find_person("kim").paused_until is None


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("1 year", "Tuesday 2 March 2027"),
        ("a year", "Tuesday 2 March 2027"),
        *((words, "Thursday 24 December 2026") for words in ("Dec 24", "24.12.", "24.12.2026")),
        *((words, "Thursday 24 December 2026") for words in ("24 December", "December 24th")),
        ("until the 24th of December, 2026", "Thursday 24 December 2026"),
        ("2026-12-24", "Thursday 24 December 2026"),
        ("Feb 1", "Monday 1 February 2027"),
    ],
)
def test_pause_until_a_day_as_people_write_it(world: World, words: str, day: str) -> None:
    world.says("kim", f"/pause {words}")
    assert f"Paused until {day}." in world.last("kim")


@pytest.mark.parametrize("words", ["Foo 12", "31.2.", "0 December", "Dec 32", "13.13.", "24.12.99"])
def test_pause_until_no_day_says_how(world: World, words: str) -> None:
    world.says("kim", f"/pause {words}")
    assert "/pause until 24 December" in world.last("kim")


def test_pause_until_a_day_of_the_past_says_so(world: World) -> None:
    world.says("kim", "/pause Dec 24 2025")
    assert "That is in the past." in world.last("kim")


# --- stop -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        *("stop", "STOP", "Stop.", " stop! ", "/stop", "/learn stop", "/stop all", "/stop, please"),
        *("stop?", "stop please", "Please stop!", "Stop it", "stop all", "STOPALL", "stop this"),
        *("**stop**", "_Stop._", "stop 🛑", "“stop”", "stop messages", "unsubscribe"),
        *("Unsubscribe me.", "opt out", "opt-out", "leave me alone", "Leave me alone, please."),
        *("no more messages!", "Stopp!", "stop it now"),
    ],
)
def test_stop_ends_everything_that_was_not_asked_for(early: World, word: str) -> None:
    tell(early, "kim")
    early.says("kim", word)
    assert early.last("kim").startswith("Stopped.")
    assert "/resume" in early.last("kim")
    assert states(early, "kim", "news") == [("suppressed", "stopped")]
    assert tell(early, "kim", key="more") == ["stopped"]
    for name in ("bo", "lu", "sam"):
        early.declares(name, "travel", "none")
    early.says("ana", TAXI)
    early.passes(days=8)
    assert early.who_was_asked() == []
    assert news(early, "kim") == []


def test_answers_to_ones_own_question_still_come_after_stop(world: World) -> None:
    world.says("ana", TAXI)
    world.says("ana", "stop")
    helper = world.who_was_asked()[0]
    world.presses(helper, "I take it")
    world.presses(helper, "Answer")
    world.fills(helper, answer="Use the expense form.")
    assert any("Use the expense form." in text for text in world.dms("ana"))


def test_stop_in_the_thread_of_a_question_stops_and_answers_nothing(world: World) -> None:
    world.says("ana", f"@inflow {TAXI}", "#general")
    helper = world.who_was_asked()[0]
    world.presses(helper, "I take it")
    post = next(h for h in world.in_channel("#general"))
    world.says(helper, "stop", "#general", thread=post.id)
    assert world.last(helper).startswith("Stopped.")
    assert world.state() == "claimed"
    assert not world.find_person(helper).asks_welcome


def test_stop_in_the_thread_of_an_offer_wins_over_the_answer(world: World) -> None:
    world.says("ana", TAXI)
    helper = world.who_was_asked()[0]
    world.presses(helper, "I take it")
    world.says(helper, "Stop!", thread=world.offers()[0].id)
    assert world.last(helper).startswith("Stopped.")
    assert world.state() == "claimed"


@pytest.mark.parametrize("words", ["stop sending me this", "No more of your questions!"])
@pytest.mark.parametrize("in_thread", [True, False])
def test_what_may_be_a_stop_is_no_answer(world: World, words: str, in_thread: bool) -> None:
    world.says("ana", TAXI)
    helper = world.who_was_asked()[0]
    world.presses(helper, "I take it")
    world.says(helper, words, thread=world.offers()[0].id if in_thread else None)
    assert world.last(helper).startswith("Say “stop” alone")
    assert world.state() == "claimed"
    world.says(helper, "Stop by at the front desk and hand in the receipt there.")
    assert world.state() == "answered"


def test_stop_by_mention_is_heard_by_oneself_only(world: World) -> None:
    world.says("ana", "@inflow stop", "#general")
    assert world.last("ana").startswith("Stopped.")
    assert world.in_channel("#general") == []


@pytest.mark.parametrize(
    "words",
    [
        *("How do I stop the printer?", "stop the press, where is the key?", "does it stop"),
        *("Who can leave me alone with a printer?", "Why is there no more coffee?"),
    ],
)
def test_stop_within_a_sentence_stops_nothing(world: World, words: str) -> None:
    world.says("ana", words)
    assert world.find_person("ana").asks_welcome
    assert tell(world, "ana") == [None]


@pytest.mark.parametrize("where", [None, "#general"])
@pytest.mark.parametrize(
    "words",
    [
        *("stop that nonsense", "Stop bothering me with this", "stop sending me things!"),
        *("No more tips", "please, no more of this", "stop the tips", "Don’t send me any more!"),
        *("no more", "No more of your stupid messages", "no more for now", "stopp sending me this"),
    ],
)
def test_what_may_be_a_stop_goes_to_no_colleague(
    world: World, words: str, where: str | None
) -> None:
    world.says("ana", f"@inflow {words}" if where else words, where)
    assert world.last("ana").startswith("Say “stop” alone and I send you nothing more")
    assert "begin it with “ask”" in world.last("ana")
    assert world.who_was_asked() == []
    assert world.in_channel("#general") == []
    held = world.hears("ana")[-1]
    world.presses("ana", "My tips", on=held)
    assert "tip" in world.last("ana")
    world.presses("ana", "Stop all", on=held)
    assert world.last("ana").startswith("Stopped.")


@pytest.mark.parametrize(
    "words",
    ["No more toner in printer 3", "No more disk space on build", "stopwatch app for Linux"],
)
def test_what_there_is_no_more_of_is_a_question(world: World, words: str) -> None:
    world.says("ana", words)
    assert len(world.who_was_asked()) > 0 or world.state() == "escalated"


def test_a_question_that_begins_with_stop_can_be_asked(world: World) -> None:
    world.says("ana", "ask stop the taxi meter")
    assert len(world.who_was_asked()) == 1


def test_help_says_where_stop_is_heard(world: World) -> None:
    world.says("ana", "/help")
    assert "“stop” alone, in our own chat or with @inflow in a channel" in world.last("ana")
    world.says("ana", "stop", "#general")
    assert world.find_person("ana").asks_welcome


def test_help_lists_what_one_may_do_and_no_more(world: World) -> None:
    needed = ("topic title", "campaign", "role", "holiday 2026-12-24", "country DE")
    world.says("ana", "/help")
    said = world.last("ana")
    assert "/ask" in said
    assert "/faq what you look for | review" in said
    assert not [word for word in needed if f"/{word}" in said]
    world.says("dana", "/help")
    assert [word for word in needed if f"/{word}" not in world.last("dana")] == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Monday to Friday", "on Mon-Fri"),
        ("Sun-Thu", "on Sun-Thu"),
        ("Mon Tue, Fri", "on Mon Tue Fri"),
        ("Sat-Sun", "on Sat Sun"),
        ("Mon-Sun", "every day"),
        ("Wed", "on Wed"),
    ],
)
def test_the_days_on_which_one_works_are_said_shortly(world: World, given: str, said: str) -> None:
    world.says("ana", "/settings")
    world.fills("ana", weekdays=given)
    assert f"You work {said} from 9:00 to" in world.last("ana").replace("09:00", "9:00")
    before = world.find_person("ana").hours.weekdays
    world.says("ana", "/settings")
    world.fills("ana")
    assert world.find_person("ana").hours.weekdays == before


def test_what_was_offered_and_not_delivered_goes_to_others(world: World) -> None:
    world.now = MONDAY - timedelta(hours=5)
    world.says("ana", TAXI)
    world.passes(hours=5)
    [first] = world.who_was_asked()
    world.says(first, "stop")
    world.passes(hours=2)
    assert len(set(world.who_was_asked())) > 1


@pytest.mark.parametrize("way", ["/resume", "resume", "press"])
def test_resume_brings_everything_back(early: World, way: str) -> None:
    early.says("kim", "stop")
    if way == "press":
        early.presses("kim", "Write to me again")
    else:
        early.says("kim", way)
    assert "Welcome back." in early.last("kim")
    assert early.find_person("kim").asks_welcome
    assert tell(early, "kim") == [None]


def test_stop_says_what_resume_does_not_bring_back(early: World) -> None:
    tell(early, "kim")
    early.says("kim", "stop")
    assert "what was waiting until now is gone" in early.last("kim")
    early.presses("kim", "Write to me again")
    early.passes(days=5)
    assert news(early, "kim") == []


@pytest.mark.parametrize("before", ["nothing", "/pause until Friday"])
def test_resume_leaves_questions_away_from_who_wants_none(world: World, before: str) -> None:
    world.says("kim", "don't ask me anything")
    if before != "nothing":
        world.says("kim", before)
    world.says("kim", "resume")
    assert not world.find_person("kim").asks_welcome
    assert world.find_person("kim").paused_until is None
    assert "Welcome back. I send you at most 1 a day and 4 a week." in world.last("kim")
    assert "stay away, as you wished; say “ask me again”" in world.last("kim")


def test_who_leaves_gets_nothing_and_is_forgotten(early: World) -> None:
    tell(early, "kim")
    early.says("kim", "/pause until tomorrow")
    early.leaves("kim")
    assert states(early, "kim", "news") == [("suppressed", "left")]
    assert "kim" not in early.dump()["attention"]


# --- reactions --------------------------------------------------------------------------


def test_without_any_reaction_it_becomes_less_and_ends_with_one_word(early: World) -> None:
    heard: list[int] = []
    for day in range(70):
        tell(early, "ana", key=f"day{day}", priority=Priority.TIP, days=1)
        before = len(early.dms("ana"))
        early.passes(days=1)
        heard += [day] * (len(early.dms("ana")) - before)
    working = [day for day in heard if day % 7 < 5]
    assert working == heard
    gaps = [later - sooner for sooner, later in pairwise(heard)]
    assert gaps[0] == 1
    assert all(gap >= 7 for gap in gaps[-3:])
    notice = next(h for h in reversed(early.hears("ana")) if h.text == early.last("ana"))
    assert notice.text.startswith("You have not reacted for a while, so I write no more of my own")
    assert "Questions that you may know may still reach you." in notice.text
    labels = ["Write to me again", "Pause 1 week", "Stop all", "Why am I getting this?"]
    assert [button.label for button in notice.buttons] == labels
    assert sum("have not reacted" in text for text in early.dms("ana")) == 1
    assert heard[-1] < 60


def test_a_tap_on_the_notice_goes_on_as_before(early: World) -> None:
    for day in range(70):
        tell(early, "ana", key=f"day{day}", priority=Priority.TIP, days=1)
        early.passes(days=1)
    early.presses("ana", "Write to me again")
    early.passes(days=1)
    assert tell(early, "ana", key="again") == [None]


def test_who_speaks_before_the_last_word_was_sent_is_not_told_it(early: World) -> None:
    for day in range(27):
        tell(early, "ana", key=f"day{day}", priority=Priority.TIP, days=1)
        early.passes(days=1)
    early.says("ana", "/me")
    assert "I write to you only once a week for now" in early.last("ana")
    early.passes(days=20)
    assert not any("have not reacted" in text for text in early.dms("ana"))


def test_any_word_ends_the_silence_one_step_back(early: World) -> None:
    for day in range(70):
        tell(early, "ana", key=f"day{day}", priority=Priority.TIP, days=1)
        early.passes(days=1)
    early.says("ana", "thanks")
    before = len(early.dms("ana"))
    for day in range(14):
        tell(early, "ana", key=f"later{day}", priority=Priority.TIP, days=1)
        early.passes(days=1)
    assert len(early.dms("ana")) - before == 2


def test_somebody_who_reacts_gets_four_a_week(early: World) -> None:
    for day in range(28):
        tell(early, "ana", key=f"day{day}", priority=Priority.TIP, days=1)
        early.passes(hours=12)
        early.says("ana", "thanks")
        early.passes(hours=12)
    assert len(news(early, "ana")) == 16


def test_who_just_talked_is_left_in_peace(early: World) -> None:
    tell(early, "ana")
    early.passes(hours=3.5)
    early.says("ana", "thanks")
    early.passes(hours=12)
    assert news(early, "ana") == []


# --- settings ---------------------------------------------------------------------------

GOOD = {"slot": "14:30", "per_day": "2", "per_week": "7.0", "weekdays": "Sun-Thu"}


def test_settings_are_kept_and_followed(early: World) -> None:
    early.says("ana", "/settings")
    early.fills("ana", **GOOD, starts="8", ends="16.30", country="germany")
    assert "at most 2 a day and 7 a week, from 14:30 to 16:30" in early.last("ana")
    ana = early.find_person("ana")
    assert (ana.hours.weekdays, ana.hours.start, ana.hours.end, ana.country) == (
        frozenset({7, 1, 2, 3, 4}),
        time(8),
        time(16, 30),
        "DE",
    )
    tell(early, "ana", key="one")
    tell(early, "ana", key="two")
    tell(early, "ana", key="three")
    early.passes(hours=8)
    assert news(early, "ana") == []
    early.passes(hours=1)
    assert len(news(early, "ana")) == 2


def test_who_works_at_night_can_say_so(early: World) -> None:
    early.says("kim", "/settings")
    early.fills("kim", slot="22:30", starts="22:00", ends="6:00")
    assert "You work on Mon-Fri from 22:00 to 06:00." in early.last("kim")
    tell(early, "kim")
    early.passes(hours=12)
    assert news(early, "kim") == []
    early.passes(hours=6)
    assert len(news(early, "kim")) == 1


def test_what_waits_follows_new_settings(early: World) -> None:
    tell(early, "ana")
    early.says("ana", "settings")
    early.fills("ana", slot="16:00")
    early.passes(hours=9)
    assert news(early, "ana") == []
    early.passes(hours=2)
    assert len(news(early, "ana")) == 1


def test_settings_kept_while_stopped_promise_nothing(world: World) -> None:
    world.says("ana", "stop")
    world.says("ana", "/settings")
    world.fills("ana", country="DE-BY")
    said = world.last("ana")
    assert said.startswith("Kept, for when you come back: you have stopped me, and /resume ends")
    assert "I send you" not in said
    assert "Public holidays: those of DE-BY." in said


def test_settings_kept_while_paused_say_from_when_they_hold(world: World) -> None:
    world.says("ana", "/pause until Friday")
    world.says("ana", "/settings")
    world.fills("ana", slot="14:00")
    assert world.last("ana").startswith(
        "Kept. You are paused until Friday 6 March 2026; after that I send you at most 1 a day "
        "and 4 a week, from 14:00 to 16:00."
    )
    assert "Public holidays" not in world.last("ana")


def test_settings_kept_name_no_hour_for_nothing(world: World) -> None:
    world.says("ana", "/settings")
    world.fills("ana", per_week="0")
    assert world.last("ana").startswith("Kept. I send you nothing, as you wished. You work on")


def test_me_names_the_holidays_that_count(world: World) -> None:
    world.says("dana", "/country DE-BY")
    world.says("ana", "/me")
    assert "with the holidays of DE-BY." in world.last("ana")


def test_nothing_a_day_means_nothing(early: World) -> None:
    tell(early, "ana")
    early.says("ana", "/settings")
    early.fills("ana", per_day="0")
    assert "nothing, as you wished" in early.last("ana")
    assert states(early, "ana", "news") == [("suppressed", "budget")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("slot", value) for value in ("", "25:00", "03:00", "ten")),
        *(("per_day", value) for value in ("", "-1", "4", "1.5", "nan", "1e400")),
        *(("per_week", value) for value in ("", "11", "many")),
        *(("weekdays", value) for value in ("", "never", "Mon-", "Mon-Tue-Wed", "x" * 150)),
        *(("starts", value) for value in ("", "24:00", "9:60", "noon")),
        *(("ends", value) for value in ("", "9:00", "8:59", "5")),
        *(("country", value) for value in ("Atlantis", "QQ", "DE-XX", "\x00")),
    ],
)
def test_a_setting_that_cannot_be_keeps_the_form(world: World, field: str, value: str) -> None:
    before = world.find_person("ana")
    world.says("ana", "/settings")
    assert set(world.fills("ana", **{field: value}).errors) == {field}
    assert world.find_person("ana") == before


@pytest.mark.parametrize("order", ["settings", "stop", "resume"])
def test_words_behind_the_word_are_taken_for_a_question(world: World, order: str) -> None:
    world.says("ana", f"{order} of the printer")
    assert "begin it with “ask”" in world.last("ana")


# --- what one sees of oneself -----------------------------------------------------------


def test_me_shows_what_is_held_about_ones_attention(early: World) -> None:
    for key in ("one", "two", "three"):
        tell(early, "ana", key=key)
    early.passes(days=1, hours=9)
    early.says("ana", "/me")
    mine = early.last("ana")
    assert "I have sent you 2 of 4 this week (at most 1 a day, from 10:00 to 12:00)." in mine
    assert "Waiting for you: 1." in mine
    assert "We last talked in the hour before 15:00 on 3 Mar 2026." in mine
    assert "You were asked 0 times this week" in mine


def test_me_shows_a_pause_and_a_stop(world: World) -> None:
    world.says("ana", "/pause until Friday")
    world.says("ana", "/me")
    assert "Paused until 6 Mar 2026." in world.last("ana")
    world.says("ana", "stop")
    world.says("ana", "/me")
    assert "Stopped: nothing that you did not ask for reaches you." in world.last("ana")
    world.presses("ana", "Write to me again")
    world.says("ana", "/me")
    assert "Stopped" not in world.last("ana")
    assert "Paused until" not in world.last("ana")


def test_me_shows_that_it_has_become_less_for_want_of_reactions(early: World) -> None:
    for day in range(24):
        tell(early, "ana", key=f"day{day}", priority=Priority.TIP, days=1)
        early.passes(days=1)
    early.says("ana", "/me")
    # To look is a reaction: it was once a week.
    assert (
        "I write to you only every second day for now, since there was no reaction for a while. "
        "Write or tap anything and it becomes more often; /resume at once."
    ) in early.last("ana")
    early.says("ben", "/me")
    assert "no reaction" not in early.last("ben")


# --- nobody else ------------------------------------------------------------------------


def test_only_the_hour_of_a_talk_is_kept(world: World) -> None:
    world.now = datetime(2026, 3, 2, 9, 7, 13, 4711, tzinfo=UTC)
    world.says("ana", "/ask anonymously How do I claim the taxi?")
    world.passes(minutes=31)
    world.says("ben", "thanks")
    world.says("cem", "nonsense that is refused is a talk too")
    world.says("ben", "/xyzzy")
    with world.database.transaction() as work:
        kept = work.attention.of([PersonId(name) for name in ("ana", "ben", "cem", "lu")])
    # Whoever was here within the same hour looks the same.
    assert {attention.talked_at for attention in kept.values()} == {
        datetime(2026, 3, 2, 10, tzinfo=UTC)
    }
    assert set(kept) == {"ana", "ben", "cem"}


def test_a_refused_word_is_a_talk_all_the_same(early: World) -> None:
    tell(early, "ana")
    early.passes(hours=3.5)
    assert early.says("ana", "/xyzzy").message is not None
    early.passes(hours=12)
    assert news(early, "ana") == []


def test_a_community_manager_sees_nobody_elses_attention(early: World) -> None:
    tell(early, "kim")
    early.says("kim", "stop")
    for word in ("/me", "/settings", "/help", "/campaign", "/unanswered"):
        early.says("dana", word)
    for heard in early.hears("dana"):
        assert "Kim" not in heard.text
    assert states(early, "kim", "news") == [(LetterState.SUPPRESSED, "stopped")]
