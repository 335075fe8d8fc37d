"""Whole stories of people who narrate, such as are held on every platform."""

from tests.capabilities.narration.narrating import own
from tests.world import World

EXPORT = "The export loses its header row when the sheet is filtered before."
AGAIN = "The header row of the export is lost when a sheet is filtered."


def learns(world: World, who: str, words: str, reach: str, **values: str) -> None:
    world.says(who, "/narrate learned")
    world.fills(who, line_a=words)
    world.presses(who, "Share…")
    world.fills(who, reach=reach, **values)


def test_a_draft_is_written_read_over_and_kept(world: World) -> None:
    world.says("ana", "/narrate decision")
    world.fills("ana", line_a="Two tools.", line_b="We keep one.", revisit_on="2026-03-10")
    assert "Decision: a private draft. Only you see it." in world.last("ana")
    world.presses("ana", "Edit")
    world.fills("ana", line_c="The other one costs more.")
    assert "The other one costs more." in world.last("ana")
    world.presses("ana", "Keep private")
    world.says("ana", "/decisions")
    assert "We keep one." in world.last("ana")
    world.says("ben", "/decisions")
    assert "no decision here yet that you may read" in world.last("ben")
    world.passes(days=9)
    assert "look again at a decision of 2 Mar 2026" in world.last("ana")
    world.presses("ana", "Show it")
    assert "We keep one." in world.last("ana")


def test_shared_with_one_changed_and_withdrawn(world: World) -> None:
    learns(world, "ana", EXPORT, "people", person_one="ben")
    assert "Visible to 1 person. I do not know who your manager is." in world.last("ana")
    world.presses("ana", "Share")
    world.passes(days=1)
    [heard] = [h for h in world.hears("ben") if "would like you to read this" in h.text]
    assert EXPORT in heard.text
    world.presses("ana", "Edit")
    world.fills("ana", line_a="Filter after the export.")
    world.drains()
    [heard] = [h for h in world.hears("ben") if "would like you to read this" in h.text]
    assert "Filter after the export." in heard.text
    world.presses("ana", "Withdraw")
    world.drains()
    assert any("withdrawn by its author" in h.text for h in world.hears("ben"))
    assert not any("Filter after" in h.text for h in world.hears("ben"))
    assert own(world, "ana") == []


def test_two_who_wrote_about_the_same_are_brought_together(world: World) -> None:
    learns(world, "kim", EXPORT, "everybody")
    world.presses("kim", "Share")
    learns(world, "ana", AGAIN, "everybody")
    world.presses("ana", "Share")
    assert "Kim shared something like this lately." in world.last("ana")
    world.presses("ana", "Introduce us")
    world.passes(days=2)
    world.presses("kim", "Yes, introduce us")
    assert "Ana would like to talk with you" in world.last("kim")
    assert "Kim would like to talk with you" in world.last("ana")


def test_prompts_come_to_who_wants_them_and_lead_to_a_question(world: World) -> None:
    world.says("ana", "/narrate")
    world.presses("ana", "Prompts and consent")
    world.fills("ana", prompts="tuesday")
    world.passes(days=2)
    assert "What are you working on" in world.last("ana")
    world.presses("ana", "Not this time")
    world.says("ana", "/narrate stuck")
    world.fills("ana", line_a="How do I book a taxi to the other site?")
    world.presses("ana", "Ask it as a question")
    world.fills("ana", visibility="anonymous")
    assert world.question().asker is None
    world.says("ana", "/week")
    assert "How do I book a taxi to the other site?" in world.last("ana")


def test_what_somebody_keeps_to_themselves_is_nowhere_in_clear(world: World) -> None:
    world.says("ana", "/narrate working")
    world.fills("ana", line_a="Zanzibarian plans")
    world.presses("ana", "Keep private")
    world.presses("ana", "Open")
    assert "Zanzibarian plans" in world.last("ana")
    # What is long opens the form, and what has no room there is given back.
    world.says("ana", "/narrate stuck " + "Zanzibarian words. " * 130)
    assert any("this is the rest" in heard.text for heard in world.hears("ana"))
    world.fills("ana")
    assert own(world, "ana")[0].text.count("Zanzibarian") > 90
    for table, rows in world.dump().items():
        assert "Zanzibarian" not in rows, table
