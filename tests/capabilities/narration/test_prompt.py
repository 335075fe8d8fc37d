"""Prompts of packs: what people of a workspace are asked instead of our own."""

from datetime import date, timedelta

from bot.capabilities.narration.model import SORTS, Sort
from bot.capabilities.narration.prompt import OWN, fill, of_pack, turn_of
from bot.ids import PersonId
from bot.pack import document
from bot.pack.model import Kind
from bot.pack.ports import Put
from tests.capabilities.narration.narrating import own
from tests.world import WORKSPACE, World

ONE = document.Prompt(
    id="np-one",
    type="working_on",
    text="What lies on your desk?",
    hint="Two sentences.",
    fields=("doing", "would_help"),
)
TWO = document.Prompt(id="np-two", type="working_on", text="What comes next?")
DECIDED = document.Prompt(
    id="np-decided",
    type="decision",
    text="What was decided near you?",
    fields=("context", "decision", "rejected", "revisit_on"),
)


def brings(world: World, *prompts: document.Prompt) -> None:
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(one, pack="made-up", at=world.now) for one in prompts])


def prompted(world: World, who: str) -> None:
    world.forges(who, "narration.wishes", {})
    world.fills(who, prompts="tuesday")


def asked(world: World, who: str, prompt: document.Prompt) -> None:
    """*Write*, under the prompt."""
    world.forges(who, "narration.answer", {"prompt": prompt.id, "sort": prompt.type})


def test_who_comes_of_their_own_accord_is_asked_in_general_words(world: World) -> None:
    brings(world, DECIDED)
    world.says("ana", "/narrate decision")
    assert world.form is not None
    assert (world.form.intro or "").startswith("Which decision will others ask about later?")
    world.fills("ana", line_a="Two tools.")
    [kept] = own(world, "ana")
    assert kept.prompt is None
    world.forges("ana", "narration.edit", {"narration": kept.id})
    assert world.form is not None
    assert (world.form.intro or "").startswith("Which decision will others ask about later?")


def test_a_pack_is_asked_before_our_own(world: World) -> None:
    brings(world, ONE)
    prompted(world, "ana")
    world.passes(days=2)
    assert world.last("ana").startswith("What lies on your desk?\n\nTwo sentences.")
    world.presses("ana", "Write")
    assert world.form is not None
    assert [field.label for field in world.form.fields][:2] == ["Doing", "Would help"]
    world.fills("ana", line_a="A fair.")
    [kept] = own(world, "ana")
    assert (kept.sort, kept.prompt) == (Sort.WORKING_ON, "np-one")
    world.passes(days=7)
    assert world.last("ana").startswith(OWN[1].text)


def test_several_of_one_sort_take_turns(world: World) -> None:
    brings(world, ONE, TWO)
    prompted(world, "ana")
    world.passes(days=2)
    first = world.last("ana")
    world.presses("ana", "Not this time")
    for _ in SORTS:
        world.passes(days=7)
        if "Not this time" in world.last("ana"):
            second = world.last("ana")
            world.presses("ana", "Not this time")
    asked = {text.partition("\n")[0] for text in (first, second)}
    assert asked == {ONE.text, TWO.text}


def test_what_has_a_field_of_its_own_is_not_asked_twice(world: World) -> None:
    brings(world, DECIDED)
    asked(world, "ana", DECIDED)
    assert world.form is not None
    assert [field.label for field in world.form.fields] == [
        "Context",
        "Decision",
        "Rejected",
        "Look at it again on",
        "A link, if there is one",
    ]
    assert (world.form.intro or "").startswith("What was decided near you?")


def test_a_prompt_without_fields_is_answered_as_its_sort_is() -> None:
    assert of_pack(TWO).labels == OWN[0].labels
    assert of_pack(ONE).labels == ("Doing", "Would help")


def test_every_sort_has_a_prompt_whatever_packs_bring() -> None:
    filled = fill([of_pack(ONE), of_pack(TWO)])
    assert {prompt.sort for prompt in filled} == set(SORTS)
    assert [prompt.id for prompt in filled if prompt.sort is Sort.WORKING_ON] == [
        "np-one",
        "np-two",
    ]
    assert fill([]) == OWN


def test_turns_go_on_over_the_end_of_a_year() -> None:
    days = [date(2025, 12, 2) + timedelta(weeks=len(SORTS) * n) for n in range(20)]
    turns = [turn_of(day) for day in days]
    assert turns == list(range(turns[0], turns[0] + 20))


def test_what_was_written_is_changed_under_the_words_that_asked_for_it(world: World) -> None:
    brings(world, ONE)
    asked(world, "ana", ONE)
    world.fills("ana", line_a="A fair.")
    world.presses("ana", "Edit")
    assert world.form is not None
    assert (world.form.intro or "").startswith("What lies on your desk?")


def test_a_retired_prompt_can_be_answered_by_who_has_it_and_is_given_to_nobody(
    world: World,
) -> None:
    brings(world, ONE)
    prompted(world, "ana")
    world.passes(days=2)
    activity = world.app.registry.activities.formats["prompt"]
    assert activity.every is not None
    with world.database.transaction() as work:
        found = activity.find(work, WORKSPACE, "np-one")
        assert found is not None
        assert not found.retired
        assert "np-one" in {each.ref for each in activity.every(work, WORKSPACE)}
        work.packs.retire(WORKSPACE, Kind.PROMPT, ["np-one"], world.now)
        found = activity.find(work, WORKSPACE, "np-one")
        assert found is not None
        assert found.retired
        assert "np-one" not in {each.ref for each in activity.every(work, WORKSPACE)}
    world.presses("ana", "Write")
    world.fills("ana", line_a="A fair.")
    with world.database.transaction() as work:
        evidence = world.app.registry.activities.evidence["answered"]
        assert evidence(work, ("np-one",), [PersonId("ana")], world.now, world.now.date()) == {
            "ana"
        }
    prompted(world, "ben")
    world.passes(days=7)
    assert world.last("ben").startswith(OWN[0].text)
