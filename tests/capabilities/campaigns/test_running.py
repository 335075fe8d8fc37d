"""Campaigns of several activities: what comes to whom on which day."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import time

import pytest

from bot.capabilities.campaigns import run, sparing
from bot.capabilities.campaigns.allocation import NEVER
from bot.capabilities.campaigns.approving import amend, draw
from bot.capabilities.campaigns.condition import NOT_MEANT
from bot.capabilities.campaigns.content import (
    Activity,
    Audience,
    Consent,
    Content,
    Design,
    Format,
    OnlyIf,
    Rollout,
    Success,
    Timing,
    invitation_of,
)
from bot.capabilities.campaigns.enrolling import end
from bot.capabilities.campaigns.model import EnrolmentState, RunState, State
from bot.capabilities.questions.model import Article, ArticleState
from bot.capabilities.quizzes.certification import Certification
from bot.capabilities.quizzes.certification import State as Standing
from bot.errors import Conflict, Invalid, NotAllowed
from bot.ids import ArticleId, CampaignId, CertificationId, PersonId, TopicId
from bot.outbox import LetterState, Never
from bot.pack.document import Metric
from bot.pack.model import Kind, Section, Tip
from bot.pack.ports import Put
from bot.pack.waiver import Waiver
from bot.people import Role
from bot.topic import Topic
from storage.work import SqlWork
from tests.capabilities.campaigns.running import (
    DAY,
    MONDAY,
    NAME,
    TEXT_QUIZ_TEXT,
    TUESDAY,
    Runs,
    message,
)
from tests.capabilities.campaigns.test_talk import PickyRoom
from tests.capabilities.narration.narrating import share
from tests.world import WORKSPACE, Heard, World, person

PEOPLE = ("ana", "ben", "bo", "cem", "dana", "kim", "lu", "sam")


def test_one_thing_comes_a_day_and_then_it_is_finished(either_world: World) -> None:
    runs = Runs(either_world)
    runs.starts(TEXT_QUIZ_TEXT)
    assert runs.reads().state is State.SCHEDULED
    assert [runs.got(who) for who in PEOPLE] == [[]] * 8
    runs.upto(TUESDAY)
    assert runs.reads().state is State.RUNNING
    assert [runs.got(who) for who in PEOPLE] == [["a1"]] * 8
    runs.upto(TUESDAY + DAY)
    assert [runs.got(who) for who in PEOPLE] == [["a1", "a2"]] * 8
    invitation = either_world.hears("ana")[-1]
    assert "Customer data" in invitation.text
    assert "Part of “Two weeks of data”, from Dana" in invitation.text
    either_world.presses("ana", "See the quiz", on=invitation)
    assert "Check yourself first" in either_world.last("ana")
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ben") == ["a1", "a2", "a3"]
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.reads().state is State.FINISHED
    assert "Two weeks of data is finished" in either_world.last("dana")


# --- approval -------------------------------------------------------------------------------


def test_nobody_approves_their_own_nor_what_they_are_not_asked_for(world: World) -> None:
    runs = Runs(world)
    runs.drafts(TEXT_QUIZ_TEXT)
    assert runs.submits().state is State.IN_REVIEW
    with pytest.raises(NotAllowed, match="your own"):
        runs.approves("dana")
    with pytest.raises(NotAllowed, match="not asked"):
        runs.approves("ana")
    assert runs.approves().state is State.APPROVED


def test_all_whom_it_names_have_to_approve(world: World) -> None:
    runs = Runs(world)
    both = (PersonId("kim"), PersonId("bo"))
    for who in both:
        world.changes(who, roles=frozenset({Role.APPROVER}))
    runs.drafts(replace(TEXT_QUIZ_TEXT, approvers=both))
    runs.submits()
    with pytest.raises(NotAllowed, match="not asked"):
        runs.approves("sam")
    assert runs.approves("kim").state is State.IN_REVIEW
    with pytest.raises(Conflict, match="already"):
        runs.approves("kim")
    assert runs.approves("bo").state is State.APPROVED


def test_what_cannot_be_run_is_not_submitted_and_says_why(world: World) -> None:
    runs = Runs(world)
    owner = person("dana").id
    wrong = replace(
        TEXT_QUIZ_TEXT,
        approvers=(owner,),
        completion="certified(data) and flown(moon)",
        activities=(
            *TEXT_QUIZ_TEXT.activities,
            message("a1", MONDAY - DAY),
            replace(TEXT_QUIZ_TEXT.activities[1], id="a5", date=TUESDAY + 5 * DAY, ref="gone"),
        ),
    )
    runs.drafts(wrong)
    with pytest.raises(Invalid) as error:
        runs.submits()
    said = error.value.sentence
    assert "Who owns a campaign does not approve it." in said
    assert "Its first day has passed." in said
    assert "Two parts are called a1." in said
    assert "a5 (quiz): I know nothing that is called gone." in said
    assert "I cannot read when it counts as completed" in said
    assert runs.reads().state is State.DRAFT


def test_closing_words_and_completion_are_looked_at_too(world: World) -> None:
    runs = Runs(world)
    wrong = replace(
        TEXT_QUIZ_TEXT,
        completion="certified(gone) or met(data/one) or answered(nothing)",
        closing="It ends. {{faq.old_titles}}",
    )
    runs.drafts(wrong)
    with pytest.raises(Invalid) as error:
        runs.submits()
    said = error.value.sentence
    assert "When somebody has completed it: I know nothing that is called gone." in said
    assert "I know nothing that is called nothing." in said
    assert "called data" not in said
    assert "What people are told if it ends early: " in said
    assert "faq.old_titles" in said


def test_what_was_retired_meanwhile_is_left_out_and_the_rest_goes_on(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    with runs.acting("dana") as (context, work, who):
        work.packs.retire(who.workspace, Kind.QUIZ, ["data"], context.now)
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.got("ana") == ["a1", "a3"]
    assert runs.reads().state is State.FINISHED


def test_what_was_retired_after_it_was_handed_out_is_taken_back(either_world: World) -> None:
    runs = Runs(either_world)
    runs.starts(TEXT_QUIZ_TEXT)
    # At ten o’clock in UTC the next day begins on the other side of the world.
    runs.upto(TUESDAY, 14)
    assert runs.counts("a2") == {("pending", None): 8}
    with runs.acting("dana") as (context, work, who):
        work.packs.retire(who.workspace, Kind.QUIZ, ["data"], context.now)
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.got("ana") == ["a1", "a3"]
    assert runs.counts("a2") == {("cancelled", None): 8}
    assert runs.reads().state is State.FINISHED


# --- pause, resume, cancel --------------------------------------------------------------------


def test_nothing_is_sent_after_a_pause(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    assert runs.counts("a1") == {("pending", None): 8}
    runs.rests()
    runs.upto(TUESDAY + 10 * DAY)
    assert [runs.got(who) for who in PEOPLE] == [[]] * 8
    assert runs.reads().state is State.PAUSED


def test_what_a_pause_made_too_late_is_left_out_and_counted(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    runs.rests()
    runs.upto(TUESDAY + 2 * DAY, 8)
    runs.goes_on()
    runs.upto(TUESDAY + 10 * DAY)
    assert [runs.got(who) for who in PEOPLE] == [["a3"]] * 8
    assert runs.counts("a1") == {("suppressed", "campaign paused"): 8}
    assert runs.counts("a2") == {}
    assert runs.reads().state is State.FINISHED


def test_a_pause_within_a_day_loses_nothing(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 8)
    runs.rests()
    runs.upto(TUESDAY, 9)
    runs.goes_on()
    runs.upto(TUESDAY)
    assert [runs.got(who) for who in PEOPLE] == [["a1"]] * 8


def test_a_pause_after_the_last_was_handed_out_loses_nothing(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    last = TUESDAY + 2 * DAY
    runs.upto(last, 8)
    assert runs.counts("a3") == {("pending", None): 8}
    runs.rests()
    runs.upto(last, 9)
    runs.goes_on()
    runs.upto(last)
    assert [runs.got(who) for who in PEOPLE] == [["a1", "a2", "a3"]] * 8
    assert runs.reads().people == 24
    runs.upto(last + 10 * DAY)
    assert runs.reads().state is State.FINISHED


def test_what_rests_beyond_its_last_day_ends_when_it_goes_on(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    last = TUESDAY + 2 * DAY
    runs.upto(last, 8)
    runs.rests()
    runs.upto(last + 5 * DAY)
    runs.goes_on()
    runs.upto(last + 6 * DAY)
    assert runs.counts("a3") == {("suppressed", "campaign paused"): 8}
    assert runs.reads().state is State.FINISHED


def test_what_is_to_be_caught_up_comes_one_a_day(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, catch_up=True))
    runs.upto(TUESDAY, 9)
    runs.rests()
    monday = MONDAY + 7 * DAY
    runs.upto(monday, 8)
    runs.goes_on()
    runs.upto(monday)
    assert runs.got("ana") == ["a1"]
    runs.upto(monday + DAY)
    assert runs.got("ana") == ["a1", "a2"]
    runs.upto(monday + 3 * DAY)
    assert runs.got("ana") == ["a1", "a2", "a3"]


def test_cancelled_is_for_good(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, closing="{{campaign.title}} ends here. Thank you."))
    runs.upto(TUESDAY, 12)
    runs.upto(TUESDAY + DAY, 9)
    runs.ends()
    runs.upto(TUESDAY + 10 * DAY)
    assert [runs.got(who) for who in PEOPLE] == [["a1", "closing"]] * 8
    assert "Two weeks of data ends here." in world.last("ana")
    assert runs.counts("a2") == {("cancelled", None): 8}
    with pytest.raises(Conflict):
        runs.goes_on()


def test_what_rests_when_it_is_cancelled_is_cancelled_too(either_world: World) -> None:
    runs = Runs(either_world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    runs.rests()
    runs.upto(TUESDAY + DAY, 8)
    runs.goes_on()
    runs.upto(TUESDAY + DAY, 9)
    runs.rests()
    runs.ends()
    assert runs.counts("a1") == {("suppressed", "campaign paused"): 8}
    assert runs.counts("a2") == {("cancelled", None): 8}


# --- whose owner runs it no more ---------------------------------------------------------------


def manages(world: World, who: str) -> None:
    world.changes(who, roles=frozenset({Role.COMMUNITY_MANAGER}))


def test_what_nobody_runs_does_not_begin_before_somebody_takes_it_over(world: World) -> None:
    runs = Runs(world)
    manages(world, "kim")
    runs.starts(TEXT_QUIZ_TEXT)
    world.changes("dana", roles=frozenset())
    runs.upto(TUESDAY + DAY)
    assert (runs.got("ana"), runs.reads().state) == ([], State.SCHEDULED)
    letters = [h for h in world.hears("kim") if "does not run campaigns any more" in h.text]
    assert ["Take it over"] in [[b.label for b in h.buttons][:1] for h in letters]
    assert len(letters) == 1
    world.presses("kim", "Take it over", on=letters[0])
    assert "It is yours from now on." in letters[0].text
    world.forges("sam", "campaign.take_over", {"campaign": NAME})
    assert runs.reads().owner == person("kim").id
    runs.upto(TUESDAY + 5 * DAY)
    assert runs.got("ana")[-1] == "a3"
    runs.upto(TUESDAY + 9 * DAY)
    assert "Two weeks of data is finished" in world.last("kim")


def test_what_nobody_takes_over_ends_with_its_days(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    world.changes("dana", active=False)
    runs.upto(TUESDAY + 9 * DAY)
    assert (runs.got("ana"), runs.reads().state) == ([], State.CANCELLED)


def test_what_runs_can_be_taken_over_too_and_only_then(world: World) -> None:
    runs = Runs(world)
    manages(world, "kim")
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY)
    world.forges("kim", "campaign.take_over", {"campaign": NAME})
    assert "Somebody runs it already." in world.last("kim")
    world.changes("dana", active=False)
    runs.upto(TUESDAY + DAY)
    offered = next(h for h in world.hears("kim") if "does not run" in h.text)
    world.presses("kim", "Take it over", on=offered)
    assert runs.reads().owner == person("kim").id
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ana") == ["a1", "a2", "a3"]


def offered(world: World, who: str) -> list[Heard]:
    return [h for h in world.hears(who) if "does not run campaigns any more" in h.text]


def test_what_is_approved_can_be_taken_over_but_not_by_who_approved_it(
    either_world: World,
) -> None:
    world, runs = either_world, Runs(either_world)
    for who in ("kim", "lu"):
        manages(world, who)
    runs.drafts(TEXT_QUIZ_TEXT)
    runs.submits()
    runs.approves("lu")
    world.leaves("dana")
    world.passes(seconds=60)
    [told] = offered(world, "lu")
    assert "You have approved it" in told.text
    assert "Take it over" not in [button.label for button in told.buttons]
    world.forges("lu", "campaign.take_over", {"campaign": NAME})
    assert "nobody approves their own" in world.last("lu")
    [told] = offered(world, "kim")
    world.presses("kim", "Take it over", on=told)
    assert (runs.reads().owner, runs.reads().state) == ("kim", State.APPROVED)
    world.presses("kim", "Schedule it", on=told)
    runs.upto(TUESDAY)
    assert (runs.got("ana"), runs.reads().state) == (["a1"], State.RUNNING)
    # Once it has begun, whoever approved it may go on with it: what comes is approved anew.
    world.leaves("kim")
    world.forges("lu", "campaign.take_over", {"campaign": NAME})
    assert runs.reads().owner == "lu"


def test_what_is_approved_is_offered_when_its_owner_runs_none_and_to_who_may_later(
    either_world: World,
) -> None:
    world, runs = either_world, Runs(either_world)
    manages(world, "lu")
    week = [replace(a, date=a.date + 7 * DAY) for a in TEXT_QUIZ_TEXT.activities if a.date]
    runs.drafts(replace(TEXT_QUIZ_TEXT, activities=tuple(week)))
    runs.submits()
    runs.approves()
    runs.upto(TUESDAY)
    assert offered(world, "lu") == []
    world.changes("dana", roles=frozenset())
    runs.upto(TUESDAY + DAY)
    assert len(offered(world, "lu")) == 1
    manages(world, "kim")
    runs.upto(TUESDAY + 2 * DAY)
    [told] = offered(world, "kim")
    world.presses("kim", "Take it over", on=told)
    runs.upto(TUESDAY + 3 * DAY)
    assert [len(offered(world, who)) for who in ("kim", "lu")] == [0, 1]
    assert (runs.reads().owner, runs.reads().state) == ("kim", State.APPROVED)


def test_what_is_in_review_can_be_taken_over_and_is_approved_by_another(
    either_world: World,
) -> None:
    world, runs = either_world, Runs(either_world)
    manages(world, "kim")
    runs.drafts(replace(TEXT_QUIZ_TEXT, approvers=(person("kim").id,)))
    runs.submits()
    world.leaves("dana")
    world.passes(seconds=60)
    [told] = offered(world, "kim")
    world.presses("kim", "Take it over", on=told)
    assert (runs.reads().owner, runs.reads().state) == ("kim", State.IN_REVIEW)
    with pytest.raises(NotAllowed):
        runs.approves("kim")
    # Who was to approve it alone owns it now, so another one is asked.
    world.passes(seconds=60)
    world.presses("sam", "Approve")
    assert runs.reads().state is State.APPROVED
    world.passes(seconds=60)
    assert "Sam has approved" in world.last("kim")


# --- the days of each one's own ----------------------------------------------------------------

OWN_DAYS = replace(
    TEXT_QUIZ_TEXT,
    timing=Timing.ENROLMENT,
    start=TUESDAY,
    activities=tuple(
        replace(activity, date=None, day=number)
        for number, activity in zip((0, 1, 3), TEXT_QUIZ_TEXT.activities, strict=True)
    ),
)
"""On the first, second and fourth working day of each one."""


def test_days_off_do_not_count(world: World) -> None:
    world.changes("kim", zone="Pacific/Auckland")
    world.changes("lu", zone="America/Los_Angeles")
    runs = Runs(world)
    with runs.acting("dana") as (_, work, ben):
        work.people.add_day_off(ben.workspace, TUESDAY + DAY, "Own day", person("ben").id)
    runs.starts(OWN_DAYS)
    runs.upto(TUESDAY + DAY)
    assert (runs.got("ana"), runs.got("ben")) == (["a1", "a2"], ["a1"])
    runs.upto(TUESDAY + 3 * DAY)
    assert runs.got("ana") == ["a1", "a2", "a3"]
    assert runs.got("kim") == ["a1", "a2", "a3"]
    assert runs.got("ben") == ["a1", "a2"]
    # A weekend lies before the fourth of his working days.
    runs.upto(TUESDAY + 5 * DAY)
    assert runs.got("ben") == ["a1", "a2"]
    runs.upto(TUESDAY + 6 * DAY)
    assert runs.got("ben") == ["a1", "a2", "a3"]
    runs.upto(TUESDAY + 8 * DAY)
    assert runs.reads().state is State.FINISHED


def test_own_days_move_by_the_working_days_of_a_pause(world: World) -> None:
    runs = Runs(world)
    runs.starts(OWN_DAYS)
    runs.upto(TUESDAY + DAY, 14)
    assert runs.got("ana") == ["a1", "a2"]
    runs.rests()
    # It rests for what was left of Wednesday, Thursday and Friday: three working days.
    monday = TUESDAY + 6 * DAY
    runs.upto(monday, 8)
    runs.goes_on()
    runs.upto(TUESDAY + 7 * DAY)
    assert runs.got("ana") == ["a1", "a2"]
    runs.upto(TUESDAY + 8 * DAY)
    assert runs.got("ana") == ["a1", "a2", "a3"]


def test_who_comes_later_begins_on_their_own_first_day(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(OWN_DAYS, join_until=TUESDAY + 3 * DAY))
    runs.upto(TUESDAY + DAY, 14)
    world.joins(person("new"))
    runs.upto(TUESDAY + 2 * DAY)
    runs.upto(TUESDAY + 3 * DAY)
    assert runs.got("new")[:1] == ["a1"]
    world.joins(person("late"))
    runs.upto(TUESDAY + 20 * DAY)
    assert runs.got("new") == ["a1", "a2", "a3"]
    assert runs.got("late") == []
    assert runs.reads().state is State.FINISHED


def test_who_comes_to_a_campaign_of_the_calendar_gets_what_is_left(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 14)
    world.joins(person("new"))
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("new") == ["a3"]


# --- who is left in peace ----------------------------------------------------------------------


def test_who_stops_or_leaves_is_out_of_it(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY)
    world.says("ana", "stop")
    world.leaves("ben")
    runs.upto(TUESDAY + DAY, 9)
    world.says("cem", "/pause until Friday")
    with runs.acting("dana") as (_, work, _who):
        kept = work.enrolments.get(NAME, person("ana").id)
        assert kept is not None
        assert kept.state is EnrolmentState.ENDED
        assert work.enrolments.get(NAME, person("ben").id) is None
        still = work.enrolments.get(NAME, person("cem").id)
        assert still is not None
        assert still.state is EnrolmentState.ACTIVE
    world.says("ana", "/resume")
    runs.upto(TUESDAY + 3 * DAY)
    assert (runs.got("ana"), runs.got("ben")) == (["a1"], ["a1"])
    assert runs.got("lu") == ["a1", "a2", "a3"]


def test_who_is_in_the_audience_no_more_gets_no_more(world: World) -> None:
    for who in PEOPLE:
        world.changes(who, team="Red" if who == "lu" else "Blue")
    runs = Runs(world)
    audience = replace(TEXT_QUIZ_TEXT.audience, teams=("Blue", "Red"))
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=audience))
    runs.upto(TUESDAY)
    world.changes("ana", team="Green")
    world.changes("ben", team="Red")
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ana") == ["a1"]
    assert runs.got("ben") == ["a1", "a2", "a3"]


def test_who_is_in_the_audience_again_goes_on(world: World) -> None:
    for who in PEOPLE:
        world.changes(who, team="Blue")
    runs = Runs(world)
    audience = replace(TEXT_QUIZ_TEXT.audience, teams=("Blue",))
    last = message("a4", TUESDAY + 7 * DAY)
    activities = (*TEXT_QUIZ_TEXT.activities, last)
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=audience, activities=activities))
    for who in ("ana", "ben"):
        world.changes(who, team="Blau")
    runs.upto(TUESDAY + 3 * DAY)
    assert "a3" not in runs.got("ana")
    world.says("ben", "stop")
    for who in ("ana", "ben"):
        world.changes(who, team="Blue")
    runs.upto(TUESDAY + 8 * DAY)
    assert runs.got("ana")[-1] == "a4"
    # Who has said stop meanwhile does not.
    assert "a4" not in runs.got("ben")


def test_a_team_that_is_renamed_ends_nobodys_part(world: World) -> None:
    for who in PEOPLE:
        world.changes(who, team="Blue")
    runs = Runs(world)
    audience = replace(TEXT_QUIZ_TEXT.audience, teams=("Blue",))
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=audience))
    runs.upto(TUESDAY)
    for who in PEOPLE:
        world.changes(who, team="Blue and white")
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ana") == ["a1", "a2", "a3"]


def test_nobody_is_there(world: World) -> None:
    runs = Runs(world)
    audience = replace(TEXT_QUIZ_TEXT.audience, teams=("Nowhere",))
    runs.drafts(replace(TEXT_QUIZ_TEXT, audience=audience))
    with pytest.raises(Invalid, match="nobody to send it to"):
        runs.submits()


# --- a change while it runs --------------------------------------------------------------------


def test_only_what_has_not_begun_is_changed_and_only_once_it_is_approved(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    # At ten o’clock in UTC the next day begins on the other side of the world.
    runs.upto(TUESDAY, 9)
    first, _, third = TEXT_QUIZ_TEXT.activities
    new = replace(
        TEXT_QUIZ_TEXT,
        activities=(
            first,
            replace(third, text="Something else."),
            message("a4", TUESDAY + 3 * DAY),
        ),
    )
    with runs.acting("dana") as (context, work, who):
        with pytest.raises(Invalid, match="It has begun"):
            amend(context, work, runs.get(work), who, replace(new, activities=new.activities[1:]))
        amend(context, work, runs.get(work), who, new)
    runs.submits()
    assert runs.reads().content == TEXT_QUIZ_TEXT
    runs.approves()
    runs.upto(TUESDAY + 4 * DAY)
    assert runs.got("ana") == ["a1", "a3", "a4"]
    with world.database.transaction() as work:
        states = {run.activity: run.state for run in work.campaigns.runs(NAME)}
    assert states == dict.fromkeys(("a1", "a3", "a4"), RunState.DONE)


def test_what_is_changed_during_a_pause_counts_when_it_goes_on(either_world: World) -> None:
    runs = Runs(either_world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 14)
    runs.rests()
    first, quiz, last = TEXT_QUIZ_TEXT.activities
    other = replace(last, text="Something else.")
    # The quiz was handed out already, and waits for its day.
    runs.amends(replace(TEXT_QUIZ_TEXT, activities=(first, quiz, other)))
    runs.approves()
    assert runs.reads().state is State.PAUSED
    runs.upto(TUESDAY + 2 * DAY, 7)
    assert runs.got("ana") == ["a1"]
    runs.goes_on()
    runs.upto(TUESDAY + 2 * DAY, 20)
    assert runs.got("ana")[0] == "a1"
    runs.upto(TUESDAY + 9 * DAY)
    assert runs.got("ana")[-1] == "a3"
    assert "Something else." in either_world.last("ana")
    assert "This is a3." not in " ".join(either_world.dms("ana"))
    assert runs.reads().state is State.FINISHED


def test_a_change_that_waits_keeps_it_going_until_it_is_too_late(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    more = (*TEXT_QUIZ_TEXT.activities, message("a4", TUESDAY + 8 * DAY))
    runs.amends(replace(TEXT_QUIZ_TEXT, activities=more))
    runs.upto(TUESDAY + 6 * DAY)
    assert runs.reads().state is State.RUNNING
    runs.approves()
    runs.upto(TUESDAY + 8 * DAY, 8)
    more = (*more, message("a5", TUESDAY + 10 * DAY))
    runs.amends(replace(TEXT_QUIZ_TEXT, activities=more))
    runs.upto(TUESDAY + 14 * DAY)
    assert runs.got("ana") == ["a1", "a2", "a3", "a4"]
    assert runs.reads().state is State.FINISHED
    assert "still waited for approval" in world.last("dana")


# --- sending again ------------------------------------------------------------------------------


def test_whatever_failed_of_it_is_sent_again_and_nothing_else(either_world: World) -> None:
    room = PickyRoom(outcomes={"ben": Never("msg_too_odd")})
    either_world.room = room
    runs = Runs(either_world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY + DAY, 20)
    failed = {("sent", None): 7, ("failed", "msg_too_odd"): 1}
    assert (runs.counts("a1"), runs.counts("a2")) == (failed, failed)
    room.outcomes.clear()
    room.tried.clear()
    either_world.forges("ben", "campaign.resend", {"campaign": NAME})
    either_world.forges("dana", "campaign.resend", {"campaign": NAME})
    runs.upto(TUESDAY + 5 * DAY)
    # One a day, beside what is still to come: each part has a day of its own.
    assert runs.got("ben") == ["a3", "a1"]
    runs.upto(TUESDAY + 7 * DAY)
    assert runs.got("ben") == ["a3", "a1", "a2"]
    runs.upto(TUESDAY + 12 * DAY)
    assert all(room.tried.count(who) == 1 for who in PEOPLE if who not in {"ben", "dana"})
    assert [runs.counts(f"a{n}") for n in (1, 2, 3)] == [{("sent", None): 8}] * 3
    assert runs.reads().state is State.FINISHED


def test_nothing_is_sent_again_to_who_is_out_of_it_or_needs_it_no_more(world: World) -> None:
    odd = Never("odd")
    room = PickyRoom(outcomes=dict.fromkeys(("ana", "ben", "bo", "cem"), odd))
    world.room = room
    runs = Runs(world)
    first, quiz, last = TEXT_QUIZ_TEXT.activities
    quiz = replace(quiz, only_if=OnlyIf.NOT_CERTIFIED)
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(first, quiz, last)))
    runs.upto(TUESDAY + DAY, 20)
    room.outcomes.clear()
    certify(runs, "bo")
    with runs.acting("cem") as (context, work, cem):
        enrolment = work.enrolments.get(NAME, cem.id)
        assert enrolment is not None
        end(context, work, cem, enrolment)
    world.forges("dana", "campaign.resend", {"campaign": NAME})
    runs.upto(TUESDAY + 9 * DAY)
    assert sorted(runs.got("ana")) == sorted(runs.got("ben")) == ["a1", "a2", "a3"]
    assert sorted(runs.got("bo")) == ["a1", "a3"]
    assert runs.got("cem") == []
    # Who was named as failed does not leave the list because they have ended it.
    failed = {("failed", "odd"): 1}
    assert runs.counts("a1") == {("sent", None): 7} | failed
    with runs.acting("dana") as (context, work, _):
        work.packs.retire(WORKSPACE, Kind.QUIZ, ["data"], context.now)
    world.forges("dana", "campaign.resend", {"campaign": NAME})
    runs.upto(TUESDAY + 20 * DAY)
    assert (runs.got("bo"), runs.reads().state) == (runs.got("bo")[:2], State.FINISHED)


def test_who_could_not_be_asked_is_asked_again(world: World) -> None:
    room = PickyRoom(outcomes={"ana": Never("odd"), "ben": Never("odd")})
    world.room = room
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=ASKED))
    runs.upto(MONDAY, 20)
    room.outcomes.clear()
    world.forges("ben", "campaign.decline", {"campaign": NAME})
    world.forges("dana", "campaign.resend", {"campaign": NAME})
    runs.upto(TUESDAY, 20)
    assert (runs.got("ana"), runs.got("ben")) == (["invitation"], [])


def test_what_is_sent_again_waits_for_the_end_of_a_pause(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 1)
    room = PickyRoom(outcomes={"ana": Never("odd"), "ben": Never("odd")})
    world.room = room
    runs = Runs(world)
    parts = (message("a1", TUESDAY), message("a2", TUESDAY + 9 * DAY))
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=parts))
    runs.upto(TUESDAY, 20)
    room.outcomes.clear()
    world.forges("dana", "campaign.resend", {"campaign": NAME})
    runs.rests()
    runs.upto(TUESDAY + DAY)
    assert runs.got("ana") == runs.got("ben") == []
    runs.goes_on()
    runs.upto(TUESDAY + 3 * DAY)
    assert runs.got("ana") == runs.got("ben") == ["a1"]


# --- asking people to tell of their work --------------------------------------------------------


def test_who_asks_others_to_tell_goes_first(either_world: World) -> None:
    runs = Runs(either_world)
    prompt = Activity("p", Format.PROMPT, date=TUESDAY + DAY, ref="own-learned")
    parts = (message("a1", TUESDAY), prompt, replace(prompt, id="again", date=TUESDAY + 3 * DAY))
    parts = (*parts[:2], replace(parts[2], only_if=OnlyIf.NOT_ANSWERED))
    runs.drafts(replace(TEXT_QUIZ_TEXT, activities=parts))
    with pytest.raises(Invalid, match="please go first"):
        runs.submits()
    for words in ("Small tables help.", "Short notes help."):
        share(either_world, "dana", words)
    runs.submits()
    runs.approves()
    runs.schedules()
    runs.upto(TUESDAY + DAY)
    assert runs.got("ana") == ["a1", "p"]
    either_world.presses("ana", "Write")
    either_world.fills("ana", line_a="Lists help.")
    runs.upto(TUESDAY + 3 * DAY)
    assert (runs.got("ana"), runs.got("ben")) == (["a1", "p"], ["a1", "p", "again"])
    # Of what somebody wrote nothing is told with the campaign.
    either_world.forges("dana", "campaign.refresh", {"campaign": NAME})
    assert "Lists" not in either_world.last("dana")


def test_a_prompt_is_left_out_whose_owner_has_not_gone_first_any_more(world: World) -> None:
    runs = Runs(world)
    prompt = Activity("p", Format.PROMPT, date=TUESDAY + DAY, ref="own-learned")
    for words in ("Small tables help.", "Short notes help."):
        share(world, "dana", words)
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(message("a1", TUESDAY), prompt)))
    runs.upto(TUESDAY, 9)
    world.presses("dana", "Withdraw")
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ana") == ["a1"]
    assert "was left out. Who asks people to tell" in "\n".join(world.dms("dana"))


def test_a_prompt_is_added_only_by_who_has_gone_first(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    prompt = Activity("p", Format.PROMPT, date=TUESDAY + 4 * DAY, ref="own-learned")
    more = replace(TEXT_QUIZ_TEXT, activities=(*TEXT_QUIZ_TEXT.activities, prompt))
    with pytest.raises(Invalid, match="please go first"):
        runs.amends(more)


# --- who does not need it ------------------------------------------------------------------------


def certify(runs: Runs, *people: str) -> None:
    """Let them hold the certificate of the quiz."""
    with runs.acting("dana") as (context, work, _):
        for who in people:
            work.certifications.save(
                Certification(
                    id=CertificationId(f"of-{who}"),
                    workspace=WORKSPACE,
                    person=person(who).id,
                    quiz="data",
                    changed_at=context.now,
                    state=Standing.VALID,
                )
            )


def test_who_can_do_it_already_is_spared(world: World) -> None:
    runs = Runs(world)
    first, quiz, last = TEXT_QUIZ_TEXT.activities
    quiz, last = (
        replace(quiz, only_if=OnlyIf.NOT_CERTIFIED),
        replace(last, only_if=OnlyIf.CERTIFIED),
    )
    certify(runs, "ana")
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(first, quiz, last)))
    runs.upto(TUESDAY)
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ana") == ["a1", "a3"]
    assert runs.got("ben") == ["a1", "a2"]
    assert runs.counts("a3") == {("sent", None): 1, ("suppressed", NOT_MEANT): 7}


def test_who_can_do_it_by_the_hour_when_it_goes_is_spared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sparing, "CHUNK", 1)
    runs = Runs(world)
    first, quiz, last = TEXT_QUIZ_TEXT.activities
    quiz = replace(quiz, only_if=OnlyIf.NOT_CERTIFIED)
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(first, quiz, last)))
    runs.upto(TUESDAY, 14)
    assert runs.counts("a2") == {("pending", None): 8}
    certify(runs, "ana", "lu")
    runs.upto(TUESDAY + DAY, 8)
    assert runs.counts("a2") == {("pending", None): 8}
    runs.upto(TUESDAY + DAY)
    assert runs.counts("a2") == {("sent", None): 6, ("cancelled", None): 2}
    runs.upto(TUESDAY + 9 * DAY)
    assert runs.got("ana") == ["a1", "a3"]
    assert runs.reads().state is State.FINISHED
    with world.database.transaction() as work:
        assert work.timers.next_due() is None


def test_what_is_handed_out_meanwhile_does_not_keep_it_from_being_asked_of_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sparing, "CHUNK", 1)
    monkeypatch.setattr(sparing, "BEFORE", 5 * DAY)
    runs = Runs(world)
    first, quiz, last = TEXT_QUIZ_TEXT.activities
    quiz = replace(quiz, only_if=OnlyIf.NOT_CERTIFIED)
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(first, quiz, last)))
    runs.upto(TUESDAY, 14)
    with runs.acting("dana") as (context, work, _):
        campaign = runs.get(work)
        sparing.watch(work, campaign, quiz, context.now)
        [timer] = [
            timer
            for timer in work.timers.due(context.now + DAY, 99)
            if timer.action == "campaign.spare"
        ]
        sparing.spare_on(context, work, timer)
        sparing.watch(work, campaign, quiz, context.now)
        due = [timer.action for timer in work.timers.due(context.now, 99)]
    assert "campaign.spare" in due


def test_who_tests_out_gets_no_lesson_that_waits(either_world: World) -> None:
    runs = Runs(either_world)
    topic = "customer-data"
    tips = {"own": "data/share", "other": "data/keep"}
    lessons = [
        Tip(id=f"t-{name}", topic=topic, text="Send links.", objective=objective)
        for name, objective in tips.items()
    ]
    lessons.append(Tip(id="t-far", topic="travel", text="Book early."))
    section = Section(id="s", title="Links", topic=topic, minutes=2, summary="Send.", body="Send.")
    refs = {"s": Format.SECTION} | {lesson.id: Format.TIP for lesson in lessons}
    parts = tuple(
        Activity(id=f"a-{ref}", format=format_, date=TUESDAY, days=14, ref=ref)
        for ref, format_ in refs.items()
    )
    things: list[Tip | Section] = [*lessons, section]
    with runs.acting("dana") as (context, work, _):
        for id_ in (topic, "travel"):
            work.topics.save(Topic(TopicId(id_), WORKSPACE, id_))
        work.packs.put(WORKSPACE, [Put(one, "test", context.now) for one in things])
    runs.starts(Content("Lessons", parts, throttle_per_day=len(parts)))
    runs.upto(MONDAY, 14)
    with runs.acting("ana") as (context, work, ana):
        work.waivers.add(
            Waiver(
                workspace=WORKSPACE,
                person=ana.id,
                quiz="data",
                topic=TopicId(topic),
                objectives=("share",),
                minutes=2,
                at=context.now,
            )
        )
    with runs.acting("dana") as (_, work, _who):
        taken = {who: _cancelled(work, who, refs) for who in ("ana", "ben")}
    assert taken == {"ana": {"s", "t-own"}, "ben": set()}


def _cancelled(work: SqlWork, who: str, refs: Iterable[str]) -> set[str]:
    keys = {f"campaign:{NAME}:a-{ref}:{who}": ref for ref in refs}
    promised = work.outbox.promised(WORKSPACE, list(keys))
    return {keys[key] for key, one in promised.items() if one.state is LetterState.CANCELLED}


def test_who_has_all_that_is_asked_for_is_done(either_world: World) -> None:
    runs = Runs(either_world)
    runs.starts(replace(TEXT_QUIZ_TEXT, completion="certified(data) and not asked()"))
    runs.upto(TUESDAY)
    certify(runs, "ana", "bo")
    either_world.says("bo", "Which taxi to the airport?")
    runs.upto(TUESDAY + 3 * DAY)
    assert runs.got("ben") == ["a1", "a2", "a3"]
    assert runs.got("ana") == ["a1"]
    with runs.acting("dana") as (_, work, _who):
        counts = work.enrolments.counts(NAME)
    assert counts == {EnrolmentState.COMPLETED: 1, EnrolmentState.ACTIVE: 7}


def test_who_has_all_of_it_beforehand_is_not_asked_whether_they_want_it(world: World) -> None:
    runs = Runs(world)
    certify(runs, "ana")
    content = replace(
        OWN_DAYS, audience=Audience(consent=Consent.OPT_IN), completion="certified(data)"
    )
    runs.starts(content)
    runs.upto(TUESDAY, 12)
    assert runs.got("ben") == ["invitation"]
    assert runs.got("ana") == []
    certify(runs, "ben")
    runs.upto(TUESDAY + DAY, 12)
    with runs.acting("dana") as (_, work, _who):
        counts = work.enrolments.counts(NAME)
    # Who comes to have it before they have answered is done as well.
    assert counts == {EnrolmentState.COMPLETED: 2, EnrolmentState.INVITED: 6}
    world.presses("ben", "Yes, count me in")
    assert "You have all that it asks for already" in world.last("ben")


def test_another_draft_of_the_same_campaign_is_drawn_no_other_way(world: World) -> None:
    for number, who in enumerate(PEOPLE):
        world.changes(who, team=f"Team {number}")
    runs = Runs(world)
    kept = runs.starts(replace(OWN_DAYS, rollout=Rollout(Design.AB)))
    with runs.acting("dana") as (_, work, _who):
        again = replace(kept, id=CampaignId("another"))
        retitled = replace(kept, content=replace(kept.content, title="Something else"))
        seeds = [draw(work, one, world.now).seed for one in (kept, again, retitled)]
    assert seeds[0] == seeds[1] != seeds[2]


def test_teams_begin_one_after_another_in_an_order_that_was_drawn(either_world: World) -> None:
    teams = {"ana": "Blue", "ben": "Blue", "bo": "Red", "cem": "Red"}
    for who in PEOPLE:
        either_world.changes(who, team=teams.get(who, "Green"))
    runs = Runs(either_world)
    steps = Rollout(design=Design.STEPPED_WEDGE, steps=3, step_every=7, seed=5)
    runs.starts(replace(OWN_DAYS, rollout=steps))
    allocation = runs.reads().allocation
    assert allocation is not None
    assert sorted(allocation.steps.values()) == [0, 1, 2]
    with runs.acting("dana") as (context, work, _):
        assert draw(work, runs.get(work), context.now).steps == allocation.steps
    runs.upto(TUESDAY + 21 * DAY)
    sent = {who: runs.first_day(who) for who in PEOPLE}
    for who in PEOPLE:
        step = allocation.steps[teams.get(who, "Green")]
        assert sent[who] == TUESDAY + 7 * step * DAY


WEDGE = Rollout(design=Design.STEPPED_WEDGE, steps=2, step_every=14, seed=5)
MEASURED = Success("misdirected-data", 84, 84, "-0.3")


@pytest.mark.parametrize(
    ("rollout", "success", "said"),
    [
        (WEDGE, MEASURED, None),
        (WEDGE, None, None),
        (replace(WEDGE, steps=1), MEASURED, "One after another needs two steps"),
        (WEDGE, replace(MEASURED, baseline=20), "at least 3 weeks"),
        (replace(WEDGE, step_every=13), MEASURED, "at least 2 weeks"),
        (WEDGE, replace(MEASURED, metric="monthly"), "at least 2 months"),
        (WEDGE, replace(MEASURED, metric="monthly", baseline=89), "at least 3 months"),
    ],
)
def test_steps_leave_time_for_what_is_measured(
    world: World, rollout: Rollout, success: Success | None, said: str | None
) -> None:
    for who in PEOPLE:
        world.changes(who, team="Blue" if who < "c" else "Red")
    runs = Runs(world)
    metric = Metric(
        id="monthly",
        title="Monthly",
        definition="Once a month.",
        unit_of_analysis="team",
        period="month",
        type="count",
        direction="lower_is_better",
        source="csv",
        owner="@dana",
    )
    with runs.acting("dana") as (context, work, _):
        work.packs.put(WORKSPACE, [Put(metric, "test", context.now)])
    runs.drafts(replace(OWN_DAYS, rollout=rollout, success=success))
    if said is None:
        assert runs.submits().state is State.IN_REVIEW
    else:
        with pytest.raises(Invalid, match=said):
            runs.submits()


def test_who_joins_a_team_that_waits_begins_with_it(either_world: World) -> None:
    for who in PEOPLE:
        either_world.changes(who, team="Blue" if who < "c" else "Red")
    runs = Runs(either_world)
    runs.starts(
        replace(OWN_DAYS, rollout=replace(WEDGE, step_every=7), join_until=TUESDAY + 3 * DAY)
    )
    allocation = runs.reads().allocation
    assert allocation is not None
    begins = {team: TUESDAY + 7 * step * DAY for team, step in allocation.steps.items()}
    runs.upto(TUESDAY + DAY, 14)
    for name, team in (("new", "Blue"), ("now", "Red")):
        either_world.joins(replace(person(name), team=team))
    runs.upto(TUESDAY + 20 * DAY)
    for name, team in (("new", "Blue"), ("now", "Red")):
        assert runs.got(name) == ["a1", "a2", "a3"]
        # Who joins a team that has begun begins on their own first day.
        joined = TUESDAY + 2 * DAY
        assert max(begins[team], joined) <= runs.first_day(name) <= max(begins[team], joined + DAY)
    assert runs.reads().state is State.FINISHED


def test_a_team_that_is_new_begins_with_the_last(world: World) -> None:
    for who in PEOPLE:
        world.changes(who, team="Blue" if who < "c" else "Red")
    runs = Runs(world)
    weekly = replace(WEDGE, step_every=7)
    runs.starts(replace(OWN_DAYS, rollout=weekly, join_until=TUESDAY + 3 * DAY))
    world.joins(replace(person("early"), team="Green"))
    runs.upto(TUESDAY + DAY, 14)
    world.joins(replace(person("later"), team="Gold"))
    runs.upto(TUESDAY + 20 * DAY)
    for name in ("early", "later"):
        assert runs.got(name) == ["a1", "a2", "a3"]
        assert runs.first_day(name) == TUESDAY + 7 * DAY
    assert runs.reads().state is State.FINISHED


def test_half_of_the_teams_get_nothing(world: World) -> None:
    for who in PEOPLE:
        world.changes(who, team="Blue" if who < "c" else "Red")
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, rollout=Rollout(design=Design.AB, seed=5)))
    allocation = runs.reads().allocation
    assert allocation is not None
    # A team that is new since was not drawn.
    world.joins(replace(person("new"), team="Green"))
    runs.upto(TUESDAY + 2 * DAY)
    for who in (*PEOPLE, "new"):
        step = allocation.steps.get(runs.world.find_person(who).team or "", NEVER)
        assert bool(runs.got(who)) is (step == 0)


def test_in_a_channel_it_stands_once_at_the_owners_hour(either_world: World) -> None:
    runs = Runs(either_world)
    either_world.changes("dana", zone="Europe/Berlin")
    board = message("b1", TUESDAY + DAY, channel="#general", at=time(14))
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(*TEXT_QUIZ_TEXT.activities, board)))
    runs.upto(TUESDAY + DAY, 12)
    assert either_world.in_channel("#general") == []
    runs.upto(TUESDAY + DAY, 13)
    assert [h.text.count("This is b1.") for h in either_world.in_channel("#general")] == [1]
    runs.upto(TUESDAY + 10 * DAY)
    assert len(either_world.in_channel("#general")) == 1


# --- who is asked first --------------------------------------------------------------------------


ASKED = Audience(consent=Consent.OPT_IN)


def test_who_is_asked_first_gets_no_more_until_they_say_yes(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(OWN_DAYS, audience=ASKED))
    runs.upto(TUESDAY)
    _some_say_yes(runs)
    runs.upto(TUESDAY + 9 * DAY)
    assert runs.got("ana") == ["invitation", "a1", "a2", "a3"]
    assert runs.got("ben") == runs.got("lu") == ["invitation"]
    world.forges("ben", "campaign.join", {"campaign": NAME})
    assert "It has ended for you" in world.last("ben")
    world.forges("ben", "campaign.join", {"campaign": "\x00"})
    assert "It has ended for you" in world.last("ben")
    runs.upto(TUESDAY + 20 * DAY)
    assert runs.reads().state is State.FINISHED


def _some_say_yes(runs: Runs) -> None:
    assert [runs.got(who) for who in PEOPLE] == [["invitation"]] * 8
    world = runs.world
    asked = {who: world.hears(who)[-1] for who in ("ana", "ben")}
    world.presses("ana", "Yes, count me in", on=asked["ana"])
    world.presses("ana", "Why am I getting this?", on=asked["ana"])
    world.presses("ben", "No, thanks", on=asked["ben"])


def test_by_the_calendar_people_are_asked_on_the_weekday_before(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=ASKED))
    runs.upto(MONDAY, 20)
    _some_say_yes(runs)
    runs.upto(TUESDAY, 20)
    assert runs.got("ana") == ["invitation", "a1"]
    runs.upto(TUESDAY + 20 * DAY)
    assert runs.got("ana") == ["invitation", "a1", "a2", "a3"]
    assert runs.got("ben") == runs.got("lu") == ["invitation"]
    assert runs.reads().state is State.FINISHED


def test_the_weekday_before_a_monday_is_a_friday() -> None:
    monday = MONDAY + 7 * DAY
    content = Content("Two", (message("a1", monday),), audience=ASKED)
    assert content.begins == monday - 3 * DAY
    asking = invitation_of(content, content.first_day)
    assert (asking.date, asking.days) == (monday - 3 * DAY, 4)


def test_who_is_to_be_asked_today_has_no_first_day_today(world: World) -> None:
    runs = Runs(world)
    today = replace(TEXT_QUIZ_TEXT, activities=(message("a1", MONDAY),), audience=ASKED)
    runs.drafts(today)
    with pytest.raises(Invalid, match="asked first, on the weekday before"):
        runs.submits()


def test_a_late_yes_gets_what_is_still_good_and_meant_for_them(world: World) -> None:
    runs = Runs(world)
    first, quiz, last = TEXT_QUIZ_TEXT.activities
    quiz = replace(quiz, only_if=OnlyIf.NOT_CERTIFIED)
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(first, quiz, last), audience=ASKED))
    certify(runs, "ana")
    runs.upto(MONDAY, 20)
    asked = {who: world.hears(who)[-1] for who in ("ana", "bo", "cem")}
    runs.upto(TUESDAY + DAY, 8)
    world.presses("ana", "Yes, count me in", on=asked["ana"])
    world.presses("bo", "Yes, count me in", on=asked["bo"])
    runs.upto(TUESDAY + 20 * DAY)
    assert runs.got("ana") == ["invitation", "a3"]
    assert runs.got("bo") == ["invitation", "a2", "a3"]
    assert runs.counts("a2")["suppressed", NOT_MEANT] == 1
    assert runs.reads().state is State.FINISHED


def test_a_yes_during_a_pause_counts_when_it_goes_on(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=ASKED))
    runs.upto(MONDAY, 20)
    asked = world.hears("ana")[-1]
    runs.upto(TUESDAY, 20)
    runs.rests()
    world.presses("ana", "Yes, count me in", on=asked)
    runs.upto(TUESDAY + DAY, 7)
    assert runs.got("ana") == ["invitation"]
    runs.goes_on()
    runs.upto(TUESDAY + 5 * DAY)
    assert runs.got("ana") == ["invitation", "a2", "a3"]


def test_who_comes_later_is_asked_too(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, audience=ASKED))
    runs.upto(MONDAY, 20)
    world.joins(person("new"))
    runs.upto(TUESDAY, 20)
    assert runs.got("new") == ["invitation"]
    world.presses("new", "Yes, count me in")
    runs.upto(TUESDAY + 5 * DAY)
    assert runs.got("new") == ["invitation", "a2", "a3"]
    assert runs.got("lu") == ["invitation"]


IN_A_ROW = replace(
    TEXT_QUIZ_TEXT,
    activities=(*TEXT_QUIZ_TEXT.activities[1:], message("a4", TUESDAY + 7 * DAY)),
)
"""By the calendar, from Wednesday on, so that people are asked on Tuesday."""


@pytest.mark.parametrize("content", [IN_A_ROW, OWN_DAYS], ids=["calendar", "enrolment"])
def test_who_left_before_they_said_anything_can_say_yes_once_they_are_back(
    either_world: World, content: Content
) -> None:
    world, runs = either_world, Runs(either_world)
    world.changes("ben", zone="Asia/Kolkata")
    world.changes("lu", zone="America/Los_Angeles")
    for who in PEOPLE:
        world.changes(who, team="Blue")
    runs.starts(replace(content, audience=replace(ASKED, teams=("Blue",))))
    runs.upto(TUESDAY, 9)
    # Lu's question still waits for the morning, and is taken back.
    assert (runs.got("ben"), runs.got("lu")) == (["invitation"], [])
    asked = world.hears("ben")[-1]
    for who in ("ben", "lu"):
        world.changes(who, team="Red")
    runs.upto(TUESDAY + DAY, 9)
    world.presses("ben", "Yes, count me in", on=asked)
    assert "not for your team or channel at the moment" in world.last("ben")
    for who in ("ben", "lu"):
        world.changes(who, team="Blue")
    runs.upto(TUESDAY + 2 * DAY, 20)
    assert (runs.got("ben"), runs.got("lu")) == (["invitation"], ["invitation"])
    world.presses("ben", "Yes, count me in", on=asked)
    world.presses("lu", "Yes, count me in")
    runs.upto(TUESDAY + 9 * DAY)
    last = content.activities[-1].id
    for who in ("ben", "lu"):
        got = runs.got(who)
        assert (got[0], got[-1], got.count("invitation")) == ("invitation", last, 1)
    assert runs.got("ana") == ["invitation"]


def test_who_is_not_asked_again_is_told_so(world: World) -> None:
    runs = Runs(world)
    for who in PEOPLE:
        world.changes(who, team="Blue")
    runs.starts(
        replace(OWN_DAYS, audience=replace(ASKED, teams=("Blue",)), join_until=TUESDAY + DAY)
    )
    runs.upto(TUESDAY, 20)
    asked = world.hears("ben")[-1]
    world.changes("ben", team="Red")
    runs.upto(TUESDAY + 2 * DAY, 9)
    world.presses("ben", "Yes, count me in", on=asked)
    assert world.last("ben").endswith("It is too late to join it.")


@pytest.mark.parametrize("days", [1, 2])
def test_nobody_is_told_to_tap_again_who_could_not_join_then(world: World, days: int) -> None:
    runs = Runs(world)
    for who in PEOPLE:
        world.changes(who, team="Blue")
    until = TUESDAY + days * DAY
    runs.starts(replace(OWN_DAYS, audience=replace(ASKED, teams=("Blue",)), join_until=until))
    runs.upto(TUESDAY, 20)
    asked = world.hears("ben")[-1]
    world.changes("ben", team="Red")
    # From ten o'clock UTC on the next day has begun somewhere.
    runs.upto(TUESDAY + DAY, 12)
    world.changes("ben", team="Blue")
    for _ in range(2):
        world.presses("ben", "Yes, count me in", on=asked)
        assert world.last("ben").endswith("It is too late to join it.")
        world.passes(hours=6)


# --- what is filled in -------------------------------------------------------------------------


def test_what_is_new_in_the_faq_is_filled_in_when_it_is_handed_out(either_world: World) -> None:
    runs = Runs(either_world)
    text = "{{campaign.owner}} tells of {{topic.title}}. New: {{ faq.new_titles }}."
    parts = [message(f"a{n}", TUESDAY + 2 * n * DAY, text=text) for n in range(2)]
    _publish(runs, "Old one")
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=tuple(parts)))
    runs.upto(TUESDAY)
    assert "Dana tells of Two weeks of data. New: nothing new yet." in either_world.last("ana")
    _publish(runs, "Which *link* do I send?")
    with runs.acting("dana") as (context, work, _):
        moved = work.articles.in_states(WORKSPACE, frozenset({ArticleState.PUBLISHED}), 9)
        again = next(one for one in moved if one.title == "Old one")
        work.articles.save(replace(again, changed_at=context.now))
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ana") == ["a0", "a1"]
    told = either_world.hears("ana")[-1].text
    assert "New: “Which *link* do I send?”." in told.replace("\\", "")


def _publish(runs: Runs, title: str) -> None:
    with runs.acting("dana") as (context, work, _):
        work.articles.save(
            Article(
                id=ArticleId(title[:3]),
                workspace=WORKSPACE,
                title=title,
                text="So.",
                state=ArticleState.PUBLISHED,
                created_at=context.now,
                changed_at=context.now,
            )
        )


def test_what_cannot_be_filled_in_stands_in_the_way(world: World) -> None:
    runs = Runs(world)
    unknown = message("a1", TUESDAY, text="New: {{faq.titles}}.")
    runs.drafts(replace(TEXT_QUIZ_TEXT, activities=(unknown,)))
    with pytest.raises(Invalid, match=r"I cannot fill in \{\{faq.titles\}\}"):
        runs.submits()


def test_a_poll_asks_what_stands_there(world: World) -> None:
    runs = Runs(world)
    text = "How was {{campaign.title}}?"
    poll = Activity(
        "p", Format.POLL, date=TUESDAY, channel="general", text=text, options=("Good", "Bad")
    )
    runs.drafts(replace(TEXT_QUIZ_TEXT, activities=(poll,)))
    with pytest.raises(Invalid, match="nothing in it is filled in"):
        runs.submits()
