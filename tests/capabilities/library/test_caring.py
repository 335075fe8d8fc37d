"""What whoever looks after a topic sees of what could be clearer, and does about it."""

from bot.ids import PersonId, TopicId
from bot.pack.issue import OPEN_PER_STEWARD, State
from bot.pack.model import Section
from bot.topic import Topic
from tests.capabilities.library.writing import LibraryWorld
from tests.world import WORKSPACE


def is_unclear(world: LibraryWorld, *sections: str) -> None:
    """Three people say so of each of the sections."""
    for section in sections or ("read-share",):
        for who in ("ana", "ben", "cem"):
            world.finds_unclear(who, section)


def letters(world: LibraryWorld, who: str = "sam") -> list[str]:
    return [
        heard.text for heard in world.hears(who) if heard.key and heard.key.startswith("issue:")
    ]


def test_an_issue_is_seen_by_the_steward_and_by_who_curates(either_world: LibraryWorld) -> None:
    world = either_world
    world.writes_all()
    is_unclear(world)
    for who in ("sam", "dana"):
        world.says(who, "/improve")
        assert "Sharing well (section)" in world.last(who)
    world.says("ana", "/improve")
    assert "You look after no topic" in world.last("ana")
    world.forges("ana", "library.issues", {})
    assert "You look after no topic" in world.last("ana")


def test_nobody_else_opens_or_moves_it(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    before = world.issue()
    args = {"issue": before.id}
    for action in ("library.issue", "library.begin", "library.refuse"):
        world.forges("ana", action, args)
        assert "I could not find that any more." in world.last("ana")
    world.forges("ana", "library.keep_refusal", args, {"reason": "No."})
    about = {"about": before.about}
    for action in ("library.edit", "library.history"):
        world.forges("ana", action, about)
        assert "Only whoever looks after the topic can do this." in world.last("ana")
    world.forges("ana", "library.keep", about, {"note": "Mine now", "meaning": "changed"})
    assert world.issue() == before
    assert len(world.editions_of("read-share")) == 2


def test_it_stands_on_the_stewards_page(world: LibraryWorld) -> None:
    world.writes_all()
    assert "could be clearer" not in str(world.opens("sam"))
    is_unclear(world)
    assert "1 thing in your topics that could be clearer" in str(world.opens("sam"))
    assert "could be clearer" not in str(world.opens("ana"))
    world.presses_on_page("sam", "Make it clearer")
    assert "Sharing well" in world.last("sam")


def test_it_is_taken_on_and_left_as_it_is_with_a_reason(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.says("sam", "/improve")
    world.presses("sam", "Look at it")
    world.presses("sam", "I am on it")
    assert world.issue().state is State.IN_PROGRESS
    assert "Now: somebody is on it." in world.last("sam")
    world.presses("sam", "Leave it as it is")
    assert set(world.fills("sam", reason=" ").errors) == {"reason"}
    world.fills("sam", reason="It is the law.")
    assert (world.issue().state, world.issue().reason) == (State.WONT_FIX, "It is the law.")
    assert "left as it is: It is the law." in world.last("sam")
    # It is not raised again for the same words.
    for who in ("kim", "bo", "lu"):
        world.finds_unclear(who)
    assert world.issue().state is State.WONT_FIX
    # But it is once these were changed, and are not understood either.
    world.changes_text()
    for who in ("kim", "bo", "lu"):
        world.finds_unclear(who)
    assert world.issue().state is State.REOPENED


def test_a_card_pressed_late_says_so(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.says("sam", "/improve")
    world.presses("sam", "Look at it")
    old = world.hears("sam")[-1]
    button = next(b for b in old.buttons if b.label == "I am on it")
    world.taps("sam", button, on=old)
    world.forges("dana", button.action, button.args)
    assert "This has been dealt with already" in world.last("dana")


def test_nobody_is_given_more_than_they_can_deal_with(world: LibraryWorld) -> None:
    world.writes_all()
    names = [f"part-{n}" for n in range(OPEN_PER_STEWARD + 3)]
    world.writes(
        *[
            Section(id=n, title=f"About {n}", topic="travel", minutes=1, summary="x", body="y")
            for n in names
        ]
    )
    is_unclear(world, *names)
    world.says("sam", "/improve")
    assert world.last("sam").count("Look at it") == OPEN_PER_STEWARD
    assert "And 3 more, when these are done." in world.last("sam")
    world.passes(days=14)
    assert len(letters(world)) <= OPEN_PER_STEWARD


def test_without_a_steward_those_who_curate_hear_of_it(world: LibraryWorld) -> None:
    world.writes_all()
    world.opens_topic(Topic(TopicId("travel"), WORKSPACE, "Travel", steward=None))
    is_unclear(world)
    world.passes(days=2)
    assert len(letters(world, "dana")) == 1
    assert letters(world) == []


def test_a_steward_who_is_away_is_left_alone(world: LibraryWorld) -> None:
    world.writes_all()
    world.changes("sam", paused_until=world.now.replace(year=2027))
    is_unclear(world)
    world.passes(days=5)
    assert letters(world) == []
    world.changes("sam", paused_until=None)
    assert "could be clearer" in str(world.opens("sam"))


def test_the_topic_of_another_steward_is_none_of_ones_business(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.opens_topic(Topic(TopicId("rooms"), WORKSPACE, "Rooms", steward=PersonId("kim")))
    world.says("kim", "/improve")
    assert "Nobody has said that anything in your topics" in world.last("kim")
    world.forges("kim", "library.issue", {"issue": world.issue().id})
    assert world.last("kim") == "I could not find that any more."


def test_a_retired_section_is_not_to_be_changed(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.retires("read-share")
    world.forges("sam", "library.issue", {"issue": world.issue().id})
    assert "Change it" not in world.last("sam")
    world.forges("sam", "library.edit", {"about": "section:read-share"})
    assert "cannot be changed here" in world.last("sam")


def test_what_it_rests_on_is_kept_for_a_week(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.finds_unclear("kim")
    assert world.issue().n == 3
    world.passes(days=8)
    assert (world.issue().n, world.issue().state) == (4, State.OPEN)
