"""What people say about themselves: topics, pauses, limits; and what they see of it."""

from datetime import UTC, datetime

import pytest

from bot.capabilities.attention.day import parse_until
from bot.capabilities.questions import messages
from bot.errors import Invalid
from bot.ids import TopicId
from bot.topic import Topic
from tests.world import WORKSPACE, World

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # A Wednesday.


def level(world: World, who: str) -> str | None:
    with world.database.transaction() as work:
        return next(
            (d.level for d in work.experts.declarations(WORKSPACE) if d.person == who), None
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("I know about travel", "can_help"),
        ("i know a lot about Travel.", "can_help"),
        ("I know travel", "can_help"),
        ("/know travel", "can_help"),
        ("/know taxi", "can_help"),
        ("I am learning travel", "learning"),
        ("I’m learning about travel", "learning"),
        ("/learning hotel", "learning"),
        ("don't ask me about travel", "none"),
        ("Do not ask me about trip", "none"),
        ("/drop travel", "none"),
    ],
)
def test_what_one_says_about_a_topic_is_kept(world: World, words: str, said: str) -> None:
    world.says("cem", words)
    assert level(world, "cem") == said
    assert "**Travel**".strip("*") in world.last("cem")


def test_it_can_be_said_by_mention_in_a_channel_and_is_no_question(world: World) -> None:
    world.says("cem", "@inflow I know about travel", "#general")
    assert level(world, "cem") == "can_help"
    assert world.who_was_asked() == []


def test_the_last_word_counts(world: World) -> None:
    world.says("kim", "don't ask me about travel")
    world.says("bo", "don't ask me about travel")
    world.says("ana", "How do I claim the taxi from a client visit?")
    assert not {"kim", "bo"} & set(world.who_was_asked())
    world.says("kim", "I know about travel")
    assert level(world, "kim") == "can_help"


def test_who_is_learning_is_asked_only_beside_somebody_or_when_nobody_else_is_there(
    world: World,
) -> None:
    for number in range(8):
        world.says("ana", f"How do I claim taxi number {number} from a visit?")
    first = [h for h in world.offers() if h.conversation == "dm:lu"]
    assert len(first) < 8
    for offer in first:
        assert "somebody experienced is asked too" in offer.text


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("/know travle", "Did you mean “Travel”?"),
        ("I know about hotels", "Did you mean “Travel”?"),
        ("/know quantum gravity", "/topics lists them"),
        ("/know", "Please name the topic, for example: /know travel."),
    ],
)
def test_an_unknown_topic_names_the_nearest(world: World, words: str, heard: str) -> None:
    world.says("cem", words)
    assert heard in world.last("cem")
    assert level(world, "cem") is None


def test_topics_are_listed_with_those_who_look_after_them(world: World) -> None:
    world.says("cem", "/topics")
    assert "Travel (trip, taxi, hotel), looked after by Sam" in world.last("cem")


def test_only_a_community_manager_opens_a_topic(world: World) -> None:
    world.says("cem", "/topic Keys and doors")
    assert "You may not do this." in world.last("cem")
    world.says("dana", "/topic Keys and doors")
    assert "Keys and doors is open, and you look after it. Say who" in world.last("dana")
    said = str(messages.topic_added(Topic(TopicId("a"), WORKSPACE, "A", channel="C1")))
    assert "What finds nobody may, if the asker agrees, be posted in [" in said
    world.says("cem", "/know keys and doors")
    assert level(world, "cem") == "can_help"


@pytest.mark.parametrize("title", ["", "!!!", "x" * 61, "Travel", "travel"])
def test_a_topic_that_cannot_be_is_refused(world: World, title: str) -> None:
    world.says("dana", f"/topic {title}")
    with world.database.transaction() as work:
        assert [topic.id for topic in work.topics.every(WORKSPACE)] == ["travel"]


# --- pauses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("tomorrow", 5),
        ("until tomorrow", 5),
        ("Friday", 6),
        ("until fri", 6),
        ("next Monday", 9),
        ("next week", 9),
        ("until Wednesday", 11),
        ("for 2 days", 6),
        ("3 days", 7),
        ("a week", 11),
        ("for two weeks.", 18),
        ("2026-03-31", 31),
        ("until 2026-03-31!", 31),
    ],
)
def test_the_day_that_was_named(words: str, day: int) -> None:
    assert parse_until(words, NOON, "UTC") == datetime(2026, 3, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "until"),
    [
        ("UTC", datetime(2026, 3, 5, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 3, 4, 15, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 3, 5, 8, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 3, 5, 11, tzinfo=UTC)),  # There it is the 5th already.
    ],
)
def test_tomorrow_begins_at_ones_own_midnight(zone: str, until: datetime) -> None:
    assert parse_until("tomorrow", NOON, zone) == until


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York"])
def test_a_pause_over_the_change_of_the_clocks_ends_at_midnight(zone: str) -> None:
    until = parse_until("2026-04-01", NOON, zone)
    assert until.hour == {"Europe/Paris": 22, "America/New_York": 4}[zone]


@pytest.mark.parametrize(
    "words",
    [
        *("", "until", "soon", "today", "2026-03-04", "2026-03-01", "2026-02-30", "2028-01-01"),
        *("0 days", "999 months", "9999-12-31", "the end", "\x00"),
    ],
)
def test_a_day_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(Invalid):
        parse_until(words, NOON, "UTC")


def test_paused_one_is_asked_nothing_until_then(world: World) -> None:
    for name in ("bo", "lu", "sam"):
        world.declares(name, "travel", "none")
    world.says("kim", "pause until Wednesday")
    assert "Paused until Wednesday 4 March 2026." in world.last("kim")
    world.says("ana", "How do I claim the taxi from a client visit?")
    world.passes(days=1)
    assert world.who_was_asked() == []
    world.passes(days=1, hours=1)
    world.says("ana", "How do I claim another taxi from a client visit?")
    assert world.who_was_asked() == ["kim"]


def test_resumed_one_may_be_asked_again(world: World) -> None:
    world.says("kim", "/pause 2 weeks")
    world.says("kim", "resume")
    assert world.find_person("kim").paused_until is None
    assert "Welcome back." in world.last("kim")


def test_a_question_that_begins_with_resume_ends_no_pause(world: World) -> None:
    world.says("kim", "/pause 2 weeks")
    world.says("kim", "resume a broken upload, how?")
    assert world.find_person("kim").paused_until is not None
    assert "begin it with “ask”" in world.last("kim")


def test_stop_asking_and_ask_again(world: World) -> None:
    world.says("kim", "stop asking me")
    assert not world.find_person("kim").asks_welcome
    world.says("kim", "ask me again")
    assert world.find_person("kim").asks_welcome
    assert world.who_was_asked() == []


# --- what one sees of oneself ---------------------------------------------------------


def test_me_shows_ones_own_load_and_no_ranking(world: World) -> None:
    world.says("ana", "How do I claim the taxi from a client visit?")
    who = world.who_was_asked()[0]
    world.presses(who, "I take it")
    world.says(who, "/me", "#general")
    mine = world.last(who)
    assert "You were asked once this week (your wish: 5, never more than 10)." in mine
    assert "Travel: you" in mine
    assert "How do I claim the taxi" in mine
    assert "Nobody sees a ranking; there is none." in mine
    others = {"kim", "bo", "lu"} - {who}
    assert not any(other.title() in mine for other in others)
    assert not [h for h in world.hears("cem") if "What I know about you" in h.text]


@pytest.mark.parametrize(("limit", "kept"), [("0", 0), ("3", 3), ("7.0", 7), ("50", 50)])
def test_the_weekly_limit_is_kept(world: World, limit: str, kept: int) -> None:
    world.says("kim", "/me")
    world.presses("kim", "Change my weekly limit")
    world.fills("kim", limit=limit)
    assert world.find_person("kim").weekly_cap == kept


@pytest.mark.parametrize("limit", ["", "-1", "51", "2.5", "many", "nan", "inf", "1e400"])
def test_a_limit_that_is_none_keeps_the_form(world: World, limit: str) -> None:
    world.says("kim", "/me")
    world.presses("kim", "Change my weekly limit")
    assert set(world.fills("kim", limit=limit).errors) == {"limit"}
    assert world.find_person("kim").weekly_cap == 5


def test_a_limit_of_nothing_means_nothing(world: World) -> None:
    for name in ("bo", "lu", "sam"):
        world.declares(name, "travel", "none")
    world.says("kim", "/me")
    world.presses("kim", "Change my weekly limit")
    world.fills("kim", limit="0")
    assert "No questions will reach you." in world.last("kim")
    world.says("ana", "How do I claim the taxi from a client visit?")
    world.passes(days=10)
    assert world.who_was_asked() == []


def test_a_steward_sees_what_they_look_after(world: World) -> None:
    world.opens_topic(Topic(id=TopicId("keys"), workspace=WORKSPACE, title="Keys", steward=None))
    world.says("sam", "/me")
    assert "Travel: you look after it" in world.last("sam")
    assert "Keys" not in world.last("sam")
