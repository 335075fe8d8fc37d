"""Two weeks of a campaign, told from everybody's side, such as are held on every platform."""

from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.model import State
from bot.pack.document import Campaign as PackCampaign
from bot.pack.document import Prompt
from bot.pack.ports import Put
from bot.people import Role
from tests.capabilities.campaigns.planning import (
    adds,
    approve_and_schedule,
    now_of,
    picks,
    reads,
    travel,
    writes,
)
from tests.capabilities.quizzes.taking import TWO, QuizWorld, quiz_of
from tests.world import WORKSPACE, Heard, World, person

PROMPT = Prompt(id="np-data", type="learned", text="What did you do differently with data?")


def models(world: World) -> None:
    """Dana goes first: she shares two of her own, before she may ask others."""
    for words in ("I delete what nobody asked for.", "I send a link in place of a table."):
        world.says("dana", "/narrate learned")
        world.fills("dana", line_a=words)
        world.presses("dana", "Share…")
        world.fills("dana", reach="everybody")
        world.presses("dana", "Share")


def two_weeks(world: World) -> Heard:
    """Eight parts from Tuesday 3 March to Thursday 12 March; the card of the draft."""
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(PROMPT, "test", world.now)])
    card = writes(world, approver="sam")
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    card = adds(world, card, Format.PROMPT, date="2026-03-04", ref="np-data")
    poll = {"text": "What is hardest?", "options": "Knowing\nRemembering", "place": "each"}
    card = adds(world, card, Format.POLL, date="2026-03-05", **poll)
    card = adds(world, card, Format.MESSAGE, date="2026-03-06", text="Nobody reads this one.")
    card = adds(world, card, Format.MESSAGE, date="2026-03-09", text="The second week.")
    quiz = {"ref": "data", "only_if": "not_certified"}
    card = adds(world, card, Format.QUIZ, date="2026-03-10", **quiz)
    hour = {"text": "Sam answers.", "place": "#travel", "at": "15:00"}
    card = adds(world, card, Format.QNA_SESSION, date="2026-03-11", **hour)
    return adds(world, card, Format.MESSAGE, date="2026-03-12", text="That was it.")


def opens(world: World, who: str = "dana") -> Heard:
    """The card of the campaign as somebody opens it from `/campaign`."""
    world.says(who, "/campaign")
    picks(world, who, world.hears(who)[-1], "Look at one", reads(world).id)
    return world.hears(who)[-1]


def read_of(world: World, who: str) -> str:
    return "\n".join(world.dms(who))


def test_two_weeks_from_the_first_word_to_the_truth(world: QuizWorld) -> None:
    models(world)
    card = two_weeks(world)
    assert "Thu 12 Mar: message, “That was it.”" in card.text

    # Tried: by herself, by a few.
    world.presses("dana", "Send to me", on=card)
    world.passes(minutes=1)
    assert "That was it." in read_of(world, "dana")
    world.presses("dana", "Let a few try it", on=card)
    world.fills("dana", one="lu")
    world.passes(hours=1)
    world.presses("lu", "Show it to me")
    world.passes(minutes=1)
    assert "That was it." in read_of(world, "lu")

    # Approved by somebody else, and scheduled.
    world.presses("dana", "Submit for approval", on=card)
    world.passes(minutes=1)
    asked = world.hears("sam")[-1]
    assert "Dana asks you to approve this campaign." in asked.text
    world.presses("sam", "Approve", on=asked)
    world.passes(minutes=1)
    world.presses("dana", "Open it")
    world.presses("dana", "Schedule it", on=world.hears("dana")[-1])
    assert reads(world).state is State.SCHEDULED

    # The first week.
    world.passes(days=1, hours=4)
    assert "Here we go." in read_of(world, "ana")
    world.passes(days=1)
    world.presses("cem", "Write")
    world.fills("cem", line_a="I asked before I sent the list.")
    assert "Only you see it." in world.last("cem")
    world.begins("ana")
    world.decides("ana", True, True, True, True)
    assert world.quiz_state("ana") == "passed"
    world.passes(days=1)
    for who in ("ana", "cem", "kim", "bo", "sam"):
        world.presses(who, "Knowing")
    world.says("ben", "stop")
    card = opens(world)
    world.presses("dana", "Pause", on=card)
    assert "Nothing more is sent." in now_of(world, "dana", card).text

    # The pause, and somebody new meanwhile.
    world.joins(person("zoe"))
    world.passes(days=3, hours=18)
    world.presses("dana", "Go on", on=now_of(world, "dana", card))
    assert reads(world).state is State.RUNNING

    # The second week.
    world.passes(hours=6)
    assert "The second week." in read_of(world, "zoe")
    world.passes(days=1)
    for who in ("cem", "zoe"):
        assert "Customer data" in world.last(who)
    assert "Customer data" not in world.last("ana")
    announced = next(h for h in travel(world) if "An hour of questions" in h.text)
    world.presses("zoe", "Ask beforehand", on=announced)
    world.fills("zoe", "#travel", question="Who pays the taxi?", visibility="anonymous")
    world.passes(days=1, hours=4)
    assert "Sam sees to it by" in read_of(world, "dana")
    world.passes(days=8)

    # What became of it.
    assert reads(world).state is State.FINISHED
    for who in ("ana", "cem", "zoe"):
        assert "That was it." in read_of(world, who)
        assert "Nobody reads this one." not in read_of(world, who)
    assert "That was it." not in read_of(world, "ben")
    assert "Knowing: most of 5" in read_of(world, "dana")
    truth = opens(world).text
    assert "Delivered:" not in truth
    assert "was left out: its day fell into a pause" in truth
    assert "has gone to those whom it is for; I do not say how many" in truth
    assert "delivered to most of 9; left in peace: fewer than 5" in truth
    assert "7 of" not in truth
    assert "stands in the channel" in truth
    # Who said stop, who came later and who passed early is nobody's business.
    assert "Taken back" not in truth
    for name in ("Ana", "Ben", "Cem", "Zoe"):
        assert name not in truth


OF_A_PACK = PackCampaign.model_validate(
    {
        "id": "data-in-days",
        "title": "Data in three days",
        "topic": "travel",
        "owner": "@dana",
        "approvers": ["@sam"],
        "audience": {"include": ["group:everybody"], "consent": "opt_in"},
        "start": "2026-03-05",
        "timing": "enrolment",
        "completion": "certified(data)",
        "activities": [
            {"id": "a1", "format": "message", "when": {"day": 0}, "text": "The first day."},
            {"id": "a2", "format": "quiz", "ref": "data", "when": {"day": 1}},
            {
                "id": "a3",
                "format": "quiz",
                "ref": "data",
                "when": {"day": 3},
                "only_if": "not_certified",
            },
        ],
    }
)


def test_a_campaign_of_a_pack_by_each_ones_own_days(world: QuizWorld) -> None:
    world.changes("sam", roles=frozenset({Role.APPROVER}))
    world.opens_quiz(quiz_of(TWO))
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(OF_A_PACK, "test", world.now)])
    world.says("dana", "/campaign")
    world.presses("dana", "From a pack…")
    picks(world, "dana", world.hears("dana")[-1], "Which one?", "data-in-days")
    approve_and_schedule(world, world.hears("dana")[-1])
    assert reads(world).state is State.SCHEDULED

    # Everybody is asked first: one says yes, one says no, the others nothing.
    world.passes(days=3, hours=4)
    assert "Dana invites you: 3 small things" in read_of(world, "cem")
    world.presses("ana", "Yes, count me in")
    assert "You are in Data in three days." in world.last("ana")
    world.presses("ben", "No, thanks")
    world.passes(days=1)
    world.passes(days=3)
    assert "The first day." in read_of(world, "ana")
    world.passes(days=1)
    assert "Customer data" in world.last("ana")
    world.presses("ana", "See the quiz")
    world.presses("ana", "Check myself")
    world.decides("ana", True, True, True, True)
    assert world.quiz_state("ana") == "passed"
    world.passes(days=14)
    assert read_of(world, "ana").count("Know it already?") <= 2
    for who in ("ben", "cem", "kim"):
        assert "The first day." not in read_of(world, who)
    assert reads(world).state is State.FINISHED
    truth = opens(world).text
    for name in ("Ana", "Ben", "Cem"):
        assert name not in truth
