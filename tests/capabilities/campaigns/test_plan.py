"""Campaigns of several parts as talks: who writes, approves and steers what, and what they see."""

from dataclasses import replace
from datetime import date

import pytest

from bot.capabilities.campaigns.content import (
    INVITATION,
    Activity,
    Audience,
    Consent,
    Content,
    Design,
    Format,
    Rollout,
    Success,
    Timing,
)
from bot.capabilities.campaigns.messages import whom_field
from bot.capabilities.campaigns.model import Campaign, State
from bot.capabilities.campaigns.plan import messages
from bot.form import ChoiceField
from bot.ids import CampaignId, PersonId
from bot.message import Text
from bot.outbox import LetterState
from bot.pack.model import Kind
from bot.pack.ports import Put
from bot.people import Role
from bot.truth import Tally, account
from tests.capabilities.campaigns.planning import (
    adds,
    approve_and_schedule,
    labels,
    now_of,
    picks,
    reads,
    starts,
    three_parts,
    travel,
    writes,
)
from tests.capabilities.quizzes.taking import TWO, quiz_of
from tests.world import WORKSPACE, World


def test_a_campaign_is_written_part_by_part(world: World) -> None:
    card = writes(world)
    assert "There is nothing in it yet." in card.text
    assert "Submit for approval" not in labels(card)
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    assert "Tue 3 Mar: message, “Here we go.”" in card.text
    assert "Submit for approval" in labels(card)
    assert "Everybody in World" in card.text


def test_a_new_one_is_asked_little_and_its_parts_follow_one_another(world: World) -> None:
    card = writes(world, start="2026-03-05")
    assert "Before it can be approved" not in card.text
    offered = []
    for number in range(3):
        picks(world, "dana", card, "Add a part", Format.MESSAGE)
        assert world.form is not None
        offered.append(world.form.fields[0].value)
        reply = world.fills("dana", text=f"Say *it* once more: {number}.")
        assert reply.replace  # The card that asked what comes next.
        card = world.hears("dana")[-1]
    # From Thursday on, and not on the weekend.
    assert offered == ["2026-03-05", "2026-03-06", "2026-03-09"]
    assert "1. Thu 5 Mar: message, “Say it once more: 0.”" in card.text


def test_all_settings_can_be_said_later(world: World) -> None:
    card = writes(world)
    world.presses("dana", "Settings", on=card)
    assert world.form is not None
    later = {field.name for field in world.form.fields}
    world.presses("dana", "Several parts")
    assert world.form is not None
    asked = {field.name for field in world.form.fields}
    assert asked == {"title", "audience", "consent", "timing", "start", "approver"}
    assert asked < later


def test_it_is_approved_scheduled_and_runs(world: World) -> None:
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
    world.fills("ana", "#travel", question="Who signs that?", visibility="anonymous")
    assert "I keep your question 1 for the hour" in world.last("ana")
    world.presses("ben", "Ask beforehand", on=announced)
    world.fills("ben", "#travel", question="Which hotel is near?")
    world.passes(days=1)
    assert world.asked() == set()
    world.passes(days=1, hours=4)
    stood = "\n".join(heard.text for heard in travel(world))
    assert "The hour of questions begins" in stood
    assert "Who signs that?" in stood
    assert "Ana" not in stood
    world.presses("kim", "I take it", on=travel(world)[-1])
    world.presses("kim", "Answer")
    world.fills("kim", answer="The one by the station.")
    world.passes(hours=2)
    told = world.last("dana")
    assert "1 of 2 questions of the hour" in told
    assert "Sam sees to it by 12 March" in told
    assert "[Why am I getting this?]" in told
    assert "It stayed open in the hour" in "\n".join(world.dms("sam"))
    question = world.question(1)
    # Nothing in its words says what it is about; the channel of the hour does.
    assert question.topic == "travel"
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
    assert "Friday: most of 5" in told
    assert "Monday: not told" in told
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


def test_what_was_changed_since_it_was_submitted_is_not_approved(world: World) -> None:
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    asked = world.hears("sam")[-1]
    world.presses("dana", "Change it", on=card)
    assert reads(world).state is State.DRAFT
    adds(world, card, Format.MESSAGE, date="2026-03-06", text="One more.")
    world.presses("sam", "Approve", on=asked)
    assert reads(world).approved_by == ()
    assert reads(world).state is State.DRAFT


def test_it_is_sent_back_with_a_reason(world: World) -> None:
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    world.presses("sam", "Send it back")
    assert "Please say" in world.fills("sam", why=" ").errors["why"]
    world.fills("sam", why="Too much for one week.")
    world.passes(seconds=1)
    assert "Too much for one week." in world.last("dana")
    assert reads(world).state is State.DRAFT


def test_nobody_approves_their_own(world: World) -> None:
    card = writes(world)
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    world.presses("dana", "Settings", on=card)
    reply = world.fills("dana", approver="dana")
    assert "You cannot approve your own campaign" in reply.errors["approver"]
    card = world.hears("dana")[-1]
    world.presses("dana", "Submit for approval", on=card)
    args = {"campaign": reads(world).id}
    reply = world.forges("dana", "campaign.approve", args)
    assert reply.message is not None
    assert "Somebody else has to approve it" in reply.message.summary
    reply = world.forges("ana", "campaign.approve", args)
    assert reads(world).state is State.IN_REVIEW


def test_what_was_typed_under_an_older_card_is_not_lost(world: World) -> None:
    card = three_parts(world)
    world.presses("dana", "Settings", on=card)
    older = world.form
    adds(world, card, Format.MESSAGE, date="2026-03-12", text="More.")
    world.form = older
    reply = world.fills("dana", title="Other", closing="A long text.", start="2026-03-03")
    assert reply.form is not None
    assert reply.form.intro == messages.CHANGED_MEANWHILE
    assert reads(world).title == "Two weeks of data"
    assert world.fills("dana").errors == {}
    assert (reads(world).title, reads(world).content.closing) == ("Other", "A long text.")
    assert len(reads(world).content.activities) == 4
    picks(world, "dana", world.hears("dana")[-1], "Look at a part", "a4")
    world.presses("dana", "Change")
    older = world.form
    world.presses("dana", "Remove")
    world.form = older
    assert world.fills("dana", text="More, and better.", days="2").form is not None
    assert world.fills("dana").replace
    [*_, last] = reads(world).content.activities
    assert (last.text, last.days) == ("More, and better.", 2)


def test_of_very_many_quizzes_one_is_named_by_words_of_its_title(world: World) -> None:
    card = writes(world)
    one = quiz_of(TWO)
    many = [
        one.model_copy(update={"id": f"q{n}", "title": f"Quiz {n} of many"}) for n in range(101)
    ]
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(quiz, "test", world.now) for quiz in many])
    picks(world, "dana", card, "Add a part", Format.QUIZ)
    assert "“Quiz 0 of many”" in world.fills("dana", ref="of many").errors["ref"]
    assert "none with these words" in world.fills("dana", ref="nothing").errors["ref"]
    assert world.fills("dana", ref="quiz 77 of").errors == {}
    assert reads(world).content.activities[0].ref == "q77"
    picks(world, "dana", world.hears("dana")[-1], "Look at a part", "a1")
    world.presses("dana", "Change")
    assert world.form is not None
    assert "Quiz 77 of many" in {field.value for field in world.form.fields}


def test_what_makes_it_done_is_chosen_among_its_parts(world: World) -> None:
    card = writes(world)
    world.presses("dana", "Settings", on=card)
    assert world.form is not None
    assert "completion" not in {field.name for field in world.form.fields}
    adds(world, card, Format.QUIZ, date="2026-03-04", ref="data")
    world.presses("dana", "Settings", on=card)
    [field] = [field for field in world.form.fields if field.name == "completion"]
    assert isinstance(field, ChoiceField)
    assert [o.label for o in field.options][1:] == ["Who passes “Customer data”"]
    assert world.fills("dana", completion="a1").errors == {}
    assert reads(world).content.completion == "certified(data)"
    world.presses("dana", "Settings", on=card)
    assert world.fills("dana", title="Another").errors == {}
    assert reads(world).content.completion == "certified(data)"
    world.presses("dana", "Settings", on=card)
    assert world.fills("dana", completion=messages.NOBODY_COMPLETES).errors == {}
    assert reads(world).content.completion == ""


def test_what_of_a_completion_no_form_can_say_stays_as_it_was_written() -> None:
    quiz = Activity(id="a1", format=Format.QUIZ, date=date(2026, 3, 4), ref="data")
    prompt = Activity(id="a2", format=Format.PROMPT, date=date(2026, 3, 5), ref="stuck")
    content = Content(title="T", activities=(quiz, prompt), completion="met(data/one)")
    both = replace(content, completion="certified(data) and answered(stuck)")
    for each, value in ((content, messages.AS_WRITTEN), (both, "all of them")):
        whom = whom_field(each, [], {})
        form = messages.settings_form(each, whom, [], date(2026, 3, 2), {}, is_new=False)
        [field] = [field for field in form.fields if field.name == "completion"]
        assert field.value == value


def test_bad_parts_are_refused_at_their_fields(world: World) -> None:
    card = writes(world)
    picks(world, "dana", card, "Add a part", Format.POLL)
    assert (
        "passed" in world.fills("dana", date="2026-02-27", text="?", options="a\nb").errors["date"]
    )
    assert "between 2 and" in world.fills("dana", text="?", options="a\na").errors["options"]
    assert world.fills("dana", text="?", options="a\nb", place="#nowhere").errors["place"]


def test_a_retired_reference_stands_in_the_way(world: World) -> None:
    card = three_parts(world)
    with world.database.transaction() as work:
        work.packs.retire(WORKSPACE, Kind.QUIZ, ["data"], world.now)
    world.presses("dana", "Submit for approval", on=card)
    assert reads(world).state is State.DRAFT
    assert "It has been retired" in world.last("dana")


def test_parts_change_places_and_go(world: World) -> None:
    card = three_parts(world)
    picks(world, "dana", card, "Look at a part", "a3")
    world.presses("dana", "Earlier", on=card)
    assert "Moved" in card.text
    assert [a.id for a in reads(world).content.activities] == ["a1", "a3", "a2"]
    world.presses("dana", "Remove", on=card)
    assert [a.id for a in reads(world).content.activities] == ["a1", "a2"]


def test_it_rests_goes_on_and_ends(world: World) -> None:
    starts(world)
    world.passes(days=1, hours=3)
    world.forges("dana", "campaign.look_at", {"campaign": reads(world).id})
    card = world.hears("dana")[-1]
    assert "delivered to" in card.text
    world.presses("dana", "Pause", on=card)
    assert reads(world).state is State.PAUSED
    before = world.dms("ana")
    world.passes(days=1)
    assert world.dms("ana") == before
    world.presses("dana", "Go on", on=card)
    assert reads(world).state is State.RUNNING
    world.presses("dana", "End it", on=card)
    assert reads(world).state is State.CANCELLED
    assert "It has ended." in card.text


def test_what_is_still_to_come_is_changed_once_it_is_approved(world: World) -> None:
    starts(world)
    world.passes(days=1, hours=3)
    world.forges("dana", "campaign.look_at", {"campaign": reads(world).id})
    card = world.hears("dana")[-1]
    world.presses("dana", "Change what comes", on=card)
    picks(world, "dana", card, "Look at a part", "a3")
    world.presses("dana", "Change", on=card)
    assert world.fills("dana", text="That was not it yet.").errors == {}
    card = world.hears("dana")[-1]
    assert reads(world).amendment is not None
    world.presses("dana", "Submit for approval", on=card)
    world.passes(hours=1)
    world.presses("sam", "Approve")
    assert reads(world).amendment is None
    assert "That was not it yet." in {a.text for a in reads(world).content.activities}


def test_a_few_try_it_and_it_counts_for_nothing(world: World) -> None:
    card = three_parts(world)
    world.presses("dana", "Let a few try it", on=card)
    assert "ask Ana and Ben" in str(world.fills("dana", one="ana", two="ben").message)
    world.passes(hours=3)
    assert "you get 3 messages, all at once" in world.last("ana")
    world.presses("ana", "Show it to me")
    world.passes(seconds=1)
    assert "That was it." in "\n".join(world.dms("ana"))
    args = {"campaign": reads(world).id, "seen": "0" * 16}
    world.forges("cem", "campaign.try_it", args)
    world.passes(seconds=1)
    assert "That was it." not in "\n".join(world.dms("cem"))
    assert reads(world).people == 0


def test_who_tries_it_after_it_was_changed_gets_it_as_it_is_then(world: World) -> None:
    card = three_parts(world)
    world.presses("dana", "Let a few try it", on=card)
    world.fills("dana", one="ana", two="ben")
    world.passes(hours=3)
    adds(world, card, Format.MESSAGE, date="2026-03-06", text="One more.")
    reply = world.presses("ana", "Show it to me")
    assert "as it is now: 4 messages" in str(reply.message)
    world.passes(seconds=1)
    got = world.dms("ana")
    assert sum("One more." in message for message in got) == 1
    world.presses("dana", "Discard")
    world.presses("ben", "Show it to me")
    assert "It is over, or was thrown away" in world.last("ben")
    assert "One more." not in "\n".join(world.dms("ben"))


def test_what_is_done_under_a_trial_counts_and_that_is_said(world: World) -> None:
    card = three_parts(world)
    said = str(world.presses("dana", "Send to me", on=card).message)
    assert "is yours and counts as always" in said
    assert "counts for nothing" not in said


def test_when_those_who_approve_it_get_its_card_is_said_as_it_is(world: World) -> None:
    card = writes(world)
    card = adds(world, card, Format.MESSAGE, date="2026-03-17", text="Here we go.")
    world.passes(days=5)  # A Saturday.
    world.presses("dana", "Submit for approval", on=card)
    assert "get its card at their next working hour" in now_of(world, "dana", card).text
    assert world.dms("sam") == []
    world.passes(days=2)
    assert "asks you to approve" in world.last("sam")


def test_who_is_asked_reads_no_more_than_concerns_them(world: World) -> None:
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    assert "It waits for Sam." in now_of(world, "dana", card).text
    world.passes(seconds=1)
    asked = world.hears("sam")[-1]
    assert "asks you to approve this campaign" in asked.text
    assert "It waits for" not in asked.text


def test_what_stands_in_a_channel_is_tried_as_it_stands_there(world: World) -> None:
    card = writes(world)
    card = adds(world, card, Format.MESSAGE, text="To each.")
    card = adds(world, card, Format.MESSAGE, text="To all.", place="#travel", at="10:00")
    world.presses("dana", "Send to me", on=card)
    world.passes(seconds=1)
    each, channel = world.hears("dana")[-2:]
    assert "Stop all" in labels(each)
    assert labels(channel) == []


def test_a_pause_says_what_becomes_of_the_days_in_it() -> None:
    by_date = Content(title="By date", activities=())
    own_days = replace(by_date, timing=Timing.ENROLMENT)
    assert "is left out" in messages.paused(by_date)
    assert "comes afterwards" in messages.paused(replace(by_date, catch_up=True))
    assert "days wait" in messages.paused(own_days)


IN_STEPS = Content(
    title="In steps",
    activities=(Activity("a1", day=0, text="Hello."),),
    timing=Timing.ENROLMENT,
    start=date(2026, 3, 9),
    audience=Audience(consent=Consent.OPT_IN),
    rollout=Rollout(Design.STEPPED_WEDGE, steps=3),
    completion="certified(data) or (answered(np-stuck) and asked())",
    success=Success("misdirected", 84, 84, "-0.3"),
)


def test_what_makes_it_completed_and_measured_is_told_in_words() -> None:
    facts = messages.facts_of(
        IN_STEPS, "everybody", ["Sam"], are_named=True, metric="Files sent to the wrong person"
    )
    told = {fact.label: fact.value for fact in facts.facts}
    assert told["Completed by who"] == (
        "has passed data or (has answered np-stuck and has asked a question)"
    )
    assert told["Measured by"] == "Files sent to the wrong person, by at least -0.3"


@pytest.mark.parametrize(
    ("completion", "said"),
    [
        (
            "asked() and not (certified(data) or passed_within(data, P30D))",
            "has asked a question and (has not passed data and has not passed data lately)",
        ),
        # The card says besides what is wrong with it.
        ("not (asked()", "not (asked()"),
    ],
)
def test_what_nobody_should_have_who_completes_it_is_told_in_words_too(
    completion: str, said: str
) -> None:
    content = replace(IN_STEPS, completion=completion)
    facts = messages.facts_of(content, "everybody", ["Sam"], are_named=True)
    assert said in [fact.value for fact in facts.facts if fact.label == "Completed by who"]


def test_the_question_and_the_groups_stand_before_what_became_of_the_parts(world: World) -> None:
    running = Campaign(
        CampaignId("c1"), WORKSPACE, PersonId("dana"), IN_STEPS, world.now, world.now
    )
    running = replace(running, state=State.RUNNING, started_at=world.now)
    asked = account([Tally(LetterState.SENT, None, 20)])
    [part] = messages.truth_lines(running, {INVITATION: asked}, {}, {}, {}, enrolled=20)
    assert isinstance(part, Text)
    assert part.text.startswith(
        "3 groups of teams: from Mon 9 Mar, Mon 23 Mar and Mon 6 Apr\n"
        "The question whether they want it\n*delivered to 20 of 20*\n1. **Working day 1**"
    )


def test_where_nobody_approves_and_no_channel_is_known_it_says_what_to_do(world: World) -> None:
    card = writes(world)
    world.changes("sam", roles=frozenset())
    with world.database.transaction() as work:
        for topic in work.topics.every(WORKSPACE):
            work.topics.save(replace(topic, channel=None))
    card = adds(world, card, Format.MESSAGE, text="Hello.")
    assert "the role of an approver with /role" in card.text
    world.presses("dana", "Dry run", on=card)
    assert "Submit for approval" not in labels(world.hears("dana")[-1])
    picks(world, "dana", card, "Add a part", Format.QNA_SESSION)
    assert "Write /campaign in the one you want" in world.last("dana")


def test_what_is_filled_in_later_is_called_by_what_it_is() -> None:
    activity = Activity("a1", day=0, text="**New**: {{ faq.new_titles }}.")
    told = messages.line_of(replace(IN_STEPS, activities=(activity,)), activity, {})
    assert "“New: " in told
    assert "what is new in the FAQ" in told
    assert "{{" not in told


def test_it_waits_for_any_one_of_those_who_may_and_for_all_who_are_named(world: World) -> None:
    world.changes("ben", roles=frozenset({Role.APPROVER}))
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    assert "It waits for Ben or Sam." in now_of(world, "dana", card).text
    world.presses("dana", "Change it", on=card)
    world.presses("dana", "Settings", on=card)
    world.fills("dana", approver="ben", second="sam")
    card = world.hears("dana")[-1]
    world.presses("dana", "Submit for approval", on=card)
    assert "It waits for Ben and Sam." in now_of(world, "dana", card).text
