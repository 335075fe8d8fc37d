"""Campaigns of several parts as talks: who writes, approves and steers what, and what they see."""

from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.model import Campaign, State, fold
from bot.ids import PersonId
from bot.message import Button, Choice
from bot.pack.ports import Put
from bot.people import Role
from bot.reply import Reply
from tests.capabilities.quizzes.taking import TWO, quiz_of
from tests.world import WORKSPACE, Heard, World


def writes(world: World, title: str = "Two weeks of data", **values: str) -> Heard:
    """Dana begins a campaign of several parts; its card. Sam approves campaigns."""
    world.changes("sam", roles=frozenset({Role.APPROVER}))
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(quiz_of(TWO), "test", world.now)])
    world.forges("dana", "campaign.new_plan", {})
    reply = world.fills("dana", title=title, **values)
    assert reply.errors == {}
    return world.hears("dana")[-1]


def picks(world: World, who: str, on: Heard, label: str, value: str) -> Reply:
    """Choose something on a card."""
    choice = next(
        part
        for part in on.message.parts
        if isinstance(part, Choice)
        and part.label == label
        and value in {option.value for option in part.options}
    )
    chosen = Button(label=label, action=choice.action, args={**choice.args, "choice": value})
    return world.taps(who, chosen, on=on)


def adds(world: World, card: Heard, format_: Format, **values: str) -> Heard:
    """Dana adds a part; the card as it is then."""
    world.presses("dana", "Add a part", on=card)
    picks(world, "dana", card, "Kind of part", format_)
    reply = world.fills("dana", **values)
    assert reply.errors == {}
    return world.hears("dana")[-1]


def three_parts(world: World) -> Heard:
    """Two messages and a quiz between them, from Tuesday to Thursday."""
    card = writes(world)
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    card = adds(world, card, Format.QUIZ, date="2026-03-04", ref="data")
    return adds(world, card, Format.MESSAGE, date="2026-03-05", text="That was it.")


def reads(world: World) -> Campaign:
    """The newest campaign of Dana’s, which is the fold of its events."""
    with world.database.transaction() as work:
        campaign = work.campaigns.shown_to(WORKSPACE, PersonId("dana"), 1)[0]
        assert fold(campaign, work.campaigns.events(campaign.id)) == campaign
    return campaign


def labels(heard: Heard) -> list[str]:
    return [button.label for button in heard.buttons]


def starts(world: World) -> Heard:
    """Three parts, approved by Sam and scheduled; Dana’s card."""
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    world.presses("sam", "Approve")
    world.passes(seconds=1)
    world.presses("dana", "Open it")
    card = world.hears("dana")[-1]
    world.presses("dana", "Schedule it", on=card)
    return card


def test_a_campaign_is_written_part_by_part(either_world: World) -> None:
    card = writes(either_world)
    assert "There is nothing in it yet." in card.text
    assert "Submit for approval" not in labels(card)
    card = adds(either_world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    assert "Tue 3 Mar: message, “Here we go.”" in card.text
    assert "Submit for approval" in labels(card)
    assert "Everybody in World" in card.text


def test_it_is_approved_scheduled_and_runs(either_world: World) -> None:
    world = either_world
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    assert "It waits for Sam." in card.text
    world.passes(seconds=1)
    asked = world.hears("sam")[-1]
    assert "Dana asks you to approve this campaign." in asked.text
    assert labels(asked)[:2] == ["Approve", "Send it back"]
    world.presses("sam", "Approve", on=asked)
    assert "You have approved it" in asked.text
    world.passes(seconds=1)
    assert "Sam has approved “Two weeks of data”" in world.last("dana")
    world.presses("dana", "Open it")
    card = world.hears("dana")[-1]
    world.presses("dana", "Schedule it", on=card)
    assert reads(world).state is State.SCHEDULED
    world.passes(days=2)
    assert "Here we go." in "\n".join(world.dms("ana"))
    world.passes(days=7)
    assert reads(world).state is State.FINISHED
    assert "delivered to" in world.last("dana")


def travel(world: World) -> list[Heard]:
    """What stands in the channel of the topic for everybody."""
    return [h for h in world.room.heard if h.conversation == "#travel" and h.only is None]


def approve_and_schedule(world: World, card: Heard) -> None:
    """What Dana has before her is approved by Sam, and begins by itself."""
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    world.presses("sam", "Approve")
    world.passes(seconds=1)
    world.presses("dana", "Open it")
    world.presses("dana", "Schedule it", on=world.hears("dana")[-1])


def test_an_hour_of_questions_leaves_none_without_an_owner(either_world: World) -> None:
    world = either_world
    card = writes(world)
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Come on Thursday.")
    hour = {"text": "Sam answers.", "place": "#travel", "at": "15:00"}
    card = adds(world, card, Format.QNA_SESSION, date="2026-03-05", **hour)
    assert "Thu 5 Mar, 15:00: hour of questions" in card.text
    approve_and_schedule(world, card)
    world.passes(days=1, hours=2)
    announced = travel(world)[-1]
    assert "Thursday, 5 March at 15:00 (UTC)" in announced.text
    world.presses("ana", "Ask beforehand", on=announced)
    world.fills("ana", "#travel", question="Who pays the taxi?", visibility="anonymous")
    assert "I keep your question 1 for the hour" in world.last("ana")
    world.presses("ben", "Ask beforehand", on=announced)
    world.fills("ben", "#travel", question="Which hotel is near?")
    world.passes(days=1)
    assert world.asked() == set()
    world.passes(days=1, hours=4)
    stood = "\n".join(heard.text for heard in travel(world))
    assert "The hour of questions begins" in stood
    assert "Who pays the taxi?" in stood
    assert "Ana" not in stood
    world.presses("kim", "I take it", on=travel(world)[-1])
    world.presses("kim", "Answer")
    world.fills("kim", answer="The one by the station.")
    world.passes(hours=2)
    told = world.last("dana")
    assert "1 of 2 questions of the hour" in told
    assert "Sam sees to it by 12 March" in told
    assert "It stayed open in the hour" in "\n".join(world.dms("sam"))
    question = world.question(1)
    assert question.owner == "sam"
    assert str(question.due_on) == "2026-03-12"
    world.passes(days=8)
    assert world.question(1).state in {"escalated", "expired"}


def test_a_poll_counts_votes_without_names_and_tells_how_at_its_end(either_world: World) -> None:
    world = either_world
    card = writes(world)
    values = {"text": "Which day?", "options": "Monday\nFriday", "place": "each"}
    card = adds(world, card, Format.POLL, date="2026-03-03", **values)
    approve_and_schedule(world, card)
    world.passes(days=1, hours=4)
    for who in ("ana", "ben", "cem", "kim"):
        world.presses(who, "Friday")
        assert "Your vote counts." in world.last(who)
    world.presses("lu", "Monday")
    world.presses("lu", "Friday")
    assert "You have voted already." in world.last("lu")
    ballots = world.dump()["campaign_ballots"]
    assert "ana" in ballots
    assert "ana" not in world.dump()["campaign_votes"]
    world.passes(days=6)
    told = "\n".join(world.dms("dana"))
    assert "Friday: 4 of 5" in told
    assert "Monday: 1 of 5" in told
    assert world.dump()["campaign_ballots"] == ""
    world.presses("bo", "Friday")
    assert "The poll is over." in world.last("bo")


def test_a_poll_of_four_votes_tells_nothing(world: World) -> None:
    card = writes(world)
    values = {"text": "Which day?", "options": "Monday\nFriday", "place": "each"}
    card = adds(world, card, Format.POLL, date="2026-03-03", **values)
    approve_and_schedule(world, card)
    world.passes(days=1, hours=4)
    for who in ("ana", "ben", "cem", "kim"):
        world.presses(who, "Friday")
    world.passes(days=6)
    told = "\n".join(world.dms("dana"))
    assert "Fewer than 5 people have voted" in told
    assert "4 of" not in told.split("The poll is over")[-1]
