"""What a manager's card says in numbers, and of whom it says none."""

from dataclasses import replace

from bot.capabilities.campaigns.content import Activity, Audience, Consent, Format, OnlyIf
from bot.capabilities.campaigns.model import State
from bot.capabilities.campaigns.plan import sheet
from bot.outbox import Never
from bot.pack.ports import Put
from tests.capabilities.campaigns.planning import picks
from tests.capabilities.campaigns.running import DAY, NAME, TEXT_QUIZ_TEXT, TUESDAY, Runs, message
from tests.capabilities.campaigns.test_running import certify
from tests.capabilities.campaigns.test_story import PROMPT
from tests.capabilities.campaigns.test_talk import PickyRoom
from tests.world import WORKSPACE, Heard, World

FIRST, QUIZ, LAST = TEXT_QUIZ_TEXT.activities
WHO_NEEDS_IT = replace(
    TEXT_QUIZ_TEXT, activities=(FIRST, replace(QUIZ, only_if=OnlyIf.NOT_CERTIFIED), LAST)
)
SAYS_NOTHING = "has gone to those whom it is for; I do not say how many"


def truth(runs: Runs) -> str:
    """What Dana sees of what became of it."""
    with runs.acting("dana") as (context, work, person):
        card = sheet.show(context, work, runs.get(work), person)
    return Heard("card", "dm:dana", card).text


def test_no_card_numbers_who_has_passed(world: World) -> None:
    runs = Runs(world)
    runs.starts(WHO_NEEDS_IT)
    certify(runs, "ana")
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.reads().state is State.FINISHED
    assert runs.got("ana") == ["a1", "a3"]
    told = truth(runs)
    assert SAYS_NOTHING in told
    assert told.count("delivered to 8 of 8") == 2
    assert "Delivered" not in told
    assert "7 of" not in told


def test_no_card_numbers_who_has_narrated(world: World) -> None:
    runs = Runs(world)
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(PROMPT, "test", world.now)])
    asked = Activity(
        id="a2",
        format=Format.PROMPT,
        date=TUESDAY + DAY,
        ref=PROMPT.id,
        only_if=OnlyIf.NOT_ANSWERED,
    )
    world.says("dana", "/narrate learned")
    for _ in range(2):
        world.says("dana", "/narrate learned")
        world.fills("dana", line_a="I send a link in place of a table.")
        world.presses("dana", "Share…")
        world.fills("dana", reach="everybody")
        world.presses("dana", "Share")
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(FIRST, asked, LAST)))
    runs.upto(TUESDAY + 10 * DAY)
    assert SAYS_NOTHING in truth(runs)


def test_a_failure_of_what_only_some_were_to_get_names_and_numbers_nobody(world: World) -> None:
    runs = Runs(world)
    runs.starts(WHO_NEEDS_IT)
    certify(runs, "cem")
    runs.upto(TUESDAY + DAY, 1)
    room = PickyRoom(outcomes={"ben": Never("msg_too_odd")})
    world.room, room.heard = room, world.room.heard
    runs.upto(TUESDAY + 2 * DAY, 1)
    room.outcomes.clear()
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.counts("a2")["failed", "msg_too_odd"] == 1
    told = truth(runs)
    assert "Ben" not in told
    assert "failed:" not in told
    assert "Resend to failed" in told
    assert "Resend to failed (" not in told
    world.says("dana", "/campaign")
    picks(world, "dana", world.hears("dana")[-1], "Look at one", NAME)
    world.presses("dana", "Resend to failed")
    world.passes(days=5)
    assert "a2" in runs.got("ben")


def test_who_said_yes_or_has_had_enough_is_not_counted_by_what_comes_later(world: World) -> None:
    runs = Runs(world)
    audience = Audience(consent=Consent.OPT_IN)
    parts = (message("a1", TUESDAY + DAY), message("a2", TUESDAY + 2 * DAY))
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=audience, activities=parts))
    runs.upto(TUESDAY)
    for who in ("ana", "ben", "cem"):
        world.presses(who, "Yes, count me in")
    room = PickyRoom(outcomes={"cem": Never("msg_too_odd")})
    world.room, room.heard = room, world.room.heard
    runs.upto(TUESDAY + DAY)
    world.presses("ben", "I have had enough of it")
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.got("ana")[-2:] == ["a1", "a2"]
    assert "a2" not in runs.got("ben")
    told = truth(runs)
    assert told.count("delivered to fewer than 5 of 8") == 2
    # Whom it did not reach could be helped, but a name would tell that they want it.
    assert "failed: 1" in told
    assert "Cem" not in told
