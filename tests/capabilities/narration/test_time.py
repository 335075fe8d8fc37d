"""What comes by itself: prompts and weeks for who wants them, decisions, drafts that go."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.capabilities.narration import messages
from bot.capabilities.narration.model import SORTS, Habit, Sort, State
from bot.capabilities.narration.prompt import OWN, next_sort, of_sort
from bot.capabilities.narration.prompting import ends_of_week
from bot.ids import PersonId
from bot.message import literal
from bot.plain import render_plain
from tests.capabilities.narration.narrating import own, propose, share, write
from tests.capabilities.tips.telling import budget, follow, tell, tip
from tests.world import WORKSPACE, World, person

TEXT = "The export loses its header when the sheet is filtered."


def wishes(world: World, who: str, **values: str) -> None:
    world.forges(who, "narration.wishes", {})
    world.fills(who, **values)


def prompts(world: World, who: str) -> list[str]:
    """The prompts that reached somebody, by the sort they are of."""
    texts = {prompt.text: prompt.sort.value for prompt in OWN}
    return [
        sort for heard in world.dms(who) for text, sort in texts.items() if heard.startswith(text)
    ]


# --- prompts --------------------------------------------------------------------------------


def test_nobody_is_prompted_who_did_not_ask_for_it(world: World) -> None:
    world.passes(days=15)
    assert not any(world.dms(who) for who in ("ana", "ben", "kim", "dana"))


def test_a_prompt_comes_on_the_chosen_day_and_never_the_same_sort_twice(world: World) -> None:
    wishes(world, "ana", prompts="tuesday")
    assert "A prompt comes on Tuesdays around 10:00." in world.last("ana")
    came = []
    for _ in range(7):
        world.passes(days=7)
        came.append(prompts(world, "ana")[-1])
        world.presses("ana", "Not this time")
    assert came == [sort.value for sort in (*SORTS, SORTS[0])]


def test_a_tip_a_day_leaves_room_for_what_comes_once_a_week(world: World) -> None:
    tell(world, *(tip(f"{number}", asks=False) for number in range(20)))
    follow(world, "ana")
    wishes(world, "ana", prompts="wednesday", week="yes")
    world.passes(hours=6)
    came = []
    for _ in range(7):
        before = len(world.dms("ana"))
        world.passes(days=1)
        came += [f"{world.now:%a} {one[:4]}" for one in world.dms("ana")[before:]]
        world.says("ana", "thanks")
    assert came == ["Tue Mind", "Wed What", "Thu Mind", "Fri Your", "Mon Mind"]


def test_who_chose_more_for_a_weekday_than_may_reach_them_is_told(world: World) -> None:
    wishes(world, "ana", prompts="thursday", week="yes")
    assert "have chosen more" not in world.last("ana")
    wishes(world, "ana", prompts="friday", week="yes")
    assert "On Fridays you have chosen more than the 1 a day" in world.last("ana")
    budget(world, "ana", per_day=2)
    wishes(world, "ana", prompts="friday", week="yes")
    assert "have chosen more" not in world.last("ana")


def test_a_prompt_that_is_planned_meanwhile_leaves_a_channel_as_it_is(either_world: World) -> None:
    world = either_world
    stale = [Habit(PersonId(who), WORKSPACE, Sort.LEARNED) for who in ("ana", "ben")]
    world.says("ana", "/narrate here", "#sales")
    with world.database.transaction() as work:
        work.narrations.note_prompts(stale)
    world.says("ben", "/narrate here", "#legal")
    with world.database.transaction() as work:
        kept = work.narrations.habits([PersonId("ana"), PersonId("ben")])
    assert [(kept[h.person].last, kept[h.person].channel) for h in stale] == [
        (Sort.LEARNED, "#sales"),
        (Sort.LEARNED, "#legal"),
    ]


def test_prompts_end_when_somebody_has_enough(world: World) -> None:
    wishes(world, "ana", prompts="tuesday")
    world.passes(days=2)
    world.presses("ana", "Change prompts")
    world.fills("ana", prompts="never")
    assert "No prompts come." in world.last("ana")
    world.passes(days=20)
    assert len(prompts(world, "ana")) == 1


def test_a_prompt_is_answered_with_its_own_parts(world: World) -> None:
    wishes(world, "ana", prompts="tuesday")
    world.passes(days=2)
    world.presses("ana", "Write")
    assert world.form is not None
    assert [field.label for field in world.form.fields][:2] == [
        "What I am doing",
        "What would help",
    ]
    world.fills("ana", line_a="A fair.")
    [kept] = own(world, "ana")
    assert (kept.sort, kept.prompt) == (Sort.WORKING_ON, "own-working-on")


def test_a_prompt_runs_out_after_three_working_days(world: World) -> None:
    wishes(world, "ana", prompts="thursday")
    world.passes(days=3, hours=2)
    world.passes(days=5)
    world.presses("ana", "Write")
    assert world.form is not None
    world.form = None
    world.passes(days=1)
    prompt = next(h for h in world.hears("ana") if "Not this time" in h.text)
    world.presses("ana", "Write", on=prompt)
    assert world.form is None
    assert "was for some days ago" in prompt.text


def test_nothing_is_kept_of_prompts_that_were_not_answered(world: World) -> None:
    wishes(world, "ana", prompts="tuesday")
    wishes(world, "ben", prompts="tuesday")
    world.passes(days=2)
    world.presses("ben", "Write")
    world.fills("ben", line_a="A fair.")
    first, second = world.dump()["narration_habits"].splitlines()
    assert first.replace("'ana'", "'ben'") == second
    world.passes(days=28)
    assert len(world.dump()["narration_habits"].splitlines()) == 2


def test_sorts_follow_one_another() -> None:
    last = None
    for _ in range(20):
        following = next_sort(last)
        assert following is not last
        last = following
    assert {of_sort(OWN, sort, turn).sort for sort in SORTS for turn in range(3)} == set(SORTS)


# --- one's own week -------------------------------------------------------------------------


def test_ones_own_week_is_there_by_command_and_shows_nobody_else(world: World) -> None:
    share(world, "kim", "Kim learned this.")
    write(world, "ana", TEXT)
    world.says("ana", "/ask How do I book a taxi?")
    world.says("ana", "/ask anonymously Why is the hotel so far away?")
    world.says("ana", "/learn week")
    heard = world.last("ana")
    assert TEXT in heard
    assert "You asked: How do I book a taxi?" in heard
    assert "hotel" not in heard
    assert "Kim learned this" not in heard


def test_what_was_learned_and_answered_is_part_of_the_week(world: World) -> None:
    helper = world.settles("ana", "How do I book a taxi?", "In the portal, under “Travel”.")
    world.says(helper, "/week")
    assert "You answered: How do I book a taxi?" in world.last(helper)


def test_on_fridays_one_is_told_of_ones_week_only_if_one_wants(world: World) -> None:
    wishes(world, "ana", week="yes")
    write(world, "ana", TEXT)
    world.passes(days=5)
    heard = world.last("ana")
    assert "Your week in two minutes" in heard
    assert TEXT not in heard
    world.presses("ana", "Show my week")
    assert TEXT in world.last("ana")
    assert not any("Your week" in told for told in world.dms("ben"))


@pytest.mark.parametrize(
    ("weekdays", "ends"),
    [
        ({1, 2, 3, 4, 5}, (1, 5)),
        ({7, 1, 2, 3, 4}, (7, 4)),
        ({6, 7, 1}, (6, 1)),
        ({1, 3, 5}, (1, 5)),
        ({2, 4}, (2, 4)),
        ({3}, (3, 3)),
        (set(range(1, 8)), (1, 7)),
        (set(), (1, 5)),
    ],
)
def test_a_week_begins_after_the_longest_rest(weekdays: set[int], ends: tuple[int, int]) -> None:
    hours = replace(person("ana").hours, weekdays=frozenset(weekdays))
    assert ends_of_week(replace(person("ana"), hours=hours)) == ends


def test_who_works_from_sunday_is_told_on_thursday_of_that_week(world: World) -> None:
    hours = world.find_person("ana").hours
    world.changes("ana", hours=replace(hours, weekdays=frozenset({7, 1, 2, 3, 4})))
    wishes(world, "ana", week="yes")
    world.passes(days=6)
    assert world.now.strftime("%A") == "Sunday"
    write(world, "ana", "Of Sunday.")
    world.passes(days=4, hours=2)
    assert len([heard for heard in world.dms("ana") if "Your week in two minutes" in heard]) == 2
    world.presses("ana", "Show my week")
    assert "Your week since 8 Mar 2026" in world.last("ana")
    assert "Of Sunday." in world.last("ana")


def test_the_week_of_somebody_who_did_much_is_told_too() -> None:
    lines = [literal(f"You asked: {number} file_names_with_(marks)! " * 4) for number in range(30)]
    told = render_plain(messages.week([], lines, date(2026, 3, 2)))
    assert all(f"You asked: {number} " in told for number in range(20))
    assert "And 10 more." in told


# --- decisions ------------------------------------------------------------------------------


def decide(world: World, who: str, **values: str) -> None:
    world.says(who, "/narrate decision")
    world.fills(who, **({"line_a": "Two tools.", "line_b": "We keep one."} | values))


def test_a_decision_is_looked_at_again_on_its_day(world: World) -> None:
    decide(world, "ana", revisit_on="2026-03-10")
    world.passes(days=7)
    assert not any("look again" in heard for heard in world.dms("ana"))
    world.passes(days=2)
    heard = world.last("ana")
    assert "You wanted to look again at a decision of 2 Mar 2026." in heard
    assert "We keep one" not in heard
    world.presses("ana", "Show it")
    assert "We keep one" in world.last("ana")


def test_a_decision_comes_at_the_own_hour(world: World) -> None:
    """Of who works at night, for one."""
    world.says("ana", "/settings")
    world.fills("ana", slot="22:30", starts="22:00", ends="6:00")
    decide(world, "ana", revisit_on="2026-03-10")
    world.passes(days=8, hours=13)
    assert not any("look again" in heard for heard in world.dms("ana"))
    world.passes(hours=1)
    assert "look again" in world.last("ana")


def test_a_decision_waits_until_its_author_is_back(world: World) -> None:
    decide(world, "ana", revisit_on="2026-03-10")
    world.says("ana", "/pause 3 weeks")
    world.passes(days=20)
    assert not any("look again" in heard for heard in world.dms("ana"))
    world.passes(days=2)
    assert len([heard for heard in world.dms("ana") if "look again" in heard]) == 1


def test_a_stop_holds_for_a_decision_too(world: World) -> None:
    decide(world, "ana", revisit_on="2026-03-10")
    world.says("ana", "stop")
    world.passes(days=10)
    world.says("ana", "/resume")
    world.passes(days=10)
    assert not any("look again" in heard for heard in world.dms("ana"))
    world.says("ana", "/decisions")
    assert "We keep one" in world.last("ana")


def test_another_day_is_another_reminder_and_none_is_none(world: World) -> None:
    decide(world, "ana", revisit_on="2026-03-10")
    decide(world, "ana", revisit_on="2026-03-11")
    first, second = own(world, "ana")[::-1]
    world.forges("ana", "narration.edit", {"narration": first.id})
    world.fills("ana", revisit_on="2026-03-20")
    world.forges("ana", "narration.edit", {"narration": second.id})
    world.fills("ana", revisit_on="")
    world.passes(days=12)
    assert not any("look again" in heard for heard in world.dms("ana"))
    world.passes(days=8)
    assert len([heard for heard in world.dms("ana") if "look again" in heard]) == 1


def test_the_log_holds_ones_own_and_what_one_may_read(world: World) -> None:
    decide(world, "ana")
    decide(world, "ben", line_b="Ben keeps this to himself.")
    decide(world, "kim", line_b="For everybody.")
    world.presses("kim", "Share…")
    world.fills("kim", reach="everybody")
    world.presses("kim", "Share")
    world.says("ana", "/learn decisions")
    heard = world.last("ana")
    assert "We keep one." in heard
    assert "Kim · 2 Mar 2026" in heard
    assert "For everybody." in heard
    assert "Ben" not in heard


def test_a_decision_is_told_by_what_was_decided(world: World) -> None:
    decide(world, "ana", line_a="Prices rose. " * 20, line_b="We keep ours.", line_c="Raising now.")
    world.says("ana", "/decisions")
    assert "> Decision: We keep ours." in world.last("ana")
    assert "What was rejected, and why: Raising now." in world.last("ana")
    world.says("kim", "/narrate digest on", "#sales")
    propose(world, "ana", reach="everybody")
    world.presses("ana", "Share, also in digests")
    world.passes(days=5)
    assert "Ana, decision: We keep ours. Prices rose." in world.in_channel("#sales")[-1].text


def test_older_decisions_are_a_page_away(world: World) -> None:
    for number in range(12):
        decide(world, "ana", line_b=f"Number {number}.")
    world.says("ana", "/decisions")
    assert "Number 11." in world.last("ana")
    for _ in range(2):
        world.presses("ana", "Older")
    assert "Number 0." in world.hears("ana")[-1].text
    assert "Number 11." not in world.hears("ana")[-1].text


# --- drafts that go -------------------------------------------------------------------------


def test_a_draft_goes_after_half_a_year_and_its_author_is_told_before(world: World) -> None:
    write(world, "ana", TEXT)
    write(world, "ana", "This one is kept.")
    world.presses("ana", "Keep private")
    world.passes(days=172)
    assert len(own(world, "ana")) == 2
    assert not any("goes in a week" in heard for heard in world.dms("ana"))
    world.passes(days=4)
    assert len([heard for heard in world.dms("ana") if "goes in a week" in heard]) == 1
    world.passes(days=9)
    assert [kept.state for kept in own(world, "ana")] == [State.KEPT]


def test_a_draft_of_who_moved_west_goes_on_its_day_there(world: World) -> None:
    world.passes(days=2)
    world.changes("ana", zone="Pacific/Auckland")
    write(world, "ana", TEXT)
    [draft] = own(world, "ana")
    world.passes(days=174)
    assert any("goes in a week" in heard for heard in world.dms("ana"))
    world.changes("ana", zone="America/Los_Angeles")
    world.passes(days=6)
    assert world.now.date() == draft.deleted_on
    assert own(world, "ana") == [draft]
    world.passes(days=1)
    assert own(world, "ana") == []


def test_a_draft_that_was_touched_stays(world: World) -> None:
    write(world, "ana", TEXT)
    world.passes(days=176)
    world.presses("ana", "Show it")
    world.presses("ana", "Edit")
    world.fills("ana")
    world.passes(days=20)
    assert len(own(world, "ana")) == 1


def test_who_cannot_be_told_is_not_forgotten_for_ever(world: World) -> None:
    write(world, "ana", TEXT)
    world.says("ana", "stop")
    world.passes(days=190)
    assert own(world, "ana") == []


def test_a_draft_shows_when_it_goes(world: World) -> None:
    write(world, "ana", TEXT)
    [kept] = own(world, "ana")
    assert kept.deleted_on - kept.changed_on == timedelta(days=180)
