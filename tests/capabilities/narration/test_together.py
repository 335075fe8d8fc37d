"""What a narration has to do with others': connections, introductions, digests, tips, questions."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.capabilities.narration.model import Meeting
from bot.ids import PersonId
from tests.capabilities.narration.narrating import FRIDAY, own, propose, share, write
from tests.world import WORKSPACE, World

EXPORT = "The export loses its header row when the sheet is filtered before."
AGAIN = "The header row of the export is lost when a sheet is filtered."
OTHER = "Our new coffee machine wants to be descaled on Mondays."


def allows(world: World, who: str, **values: str) -> None:
    world.forges(who, "narration.wishes", {})
    world.fills(who, **values)


# --- connections ----------------------------------------------------------------------------


def test_who_shared_something_like_it_is_told_to_the_author_only(world: World) -> None:
    share(world, "kim", EXPORT)
    share(world, "bo", OTHER)
    share(world, "ana", AGAIN)
    heard = world.last("ana")
    assert "Kim shared something like this lately. Shall I introduce you?" in heard
    assert "Bo" not in heard
    assert not any("like this" in told for told in world.dms("kim"))


def test_one_is_introduced_once_to_each(world: World) -> None:
    for _ in range(3):
        share(world, "kim", EXPORT)
    share(world, "bo", AGAIN)
    share(world, "ana", AGAIN)
    heard = world.last("ana")
    assert heard.count("Shall I introduce you?") == 2
    assert "Kim shared" in heard
    assert "Bo shared" in heard


def test_what_is_long_ago_is_told_by_its_month(world: World) -> None:
    share(world, "kim", EXPORT)
    world.passes(days=40)
    share(world, "ana", AGAIN)
    assert "Kim shared something like this in March." in world.last("ana")
    world.passes(days=365)
    write(world, "ben", AGAIN)
    propose(world, "ben", reach="everybody")
    world.presses("ben", "Share")
    assert "in March 2026." in world.last("ben")


def test_a_private_draft_is_compared_only_if_its_author_allows_it(world: World) -> None:
    share(world, "kim", EXPORT)
    write(world, "ana", AGAIN)
    assert "introduce" not in world.last("ana")
    allows(world, "ana", match_drafts="yes")
    write(world, "ana", AGAIN)
    assert "Kim shared something like this" in world.last("ana")
    allows(world, "ana", match_drafts="no")
    write(world, "ana", AGAIN)
    assert "introduce" not in world.last("ana")


def test_who_does_not_want_to_be_found_is_not(world: World) -> None:
    share(world, "kim", EXPORT)
    allows(world, "kim", match_shared="no")
    share(world, "ana", AGAIN)
    assert "introduce" not in world.last("ana")
    allows(world, "kim", match_shared="yes")
    share(world, "ben", AGAIN)
    assert "Kim shared something like this" in world.last("ben")


def test_only_what_one_may_read_is_told_of(world: World) -> None:
    share(world, "kim", EXPORT, reach="people", person_one="bo")
    share(world, "ana", AGAIN)
    assert "introduce" not in world.last("ana")
    share(world, "bo", AGAIN)
    assert "Kim shared something like this" in world.last("bo")


def test_faq_and_open_questions_are_told_of_and_others_are_not(world: World) -> None:
    world.says("ben", "@inflow ask Why is the header row of a filtered export lost?", "#sales")
    world.says("cem", "/ask anonymously Why is the header row of my filtered export lost?")
    share(world, "ana", AGAIN)
    heard = world.last("ana")
    assert "Asked openly, question 1: Why is the header row" in heard
    assert "question 2" not in heard
    world.presses("ana", "Answer it")
    world.fills("ana", answer="Filter it after the export.")
    assert any("Filter it after the export." in heard.text for heard in world.in_channel("#sales"))


def test_ones_own_question_is_no_news(world: World) -> None:
    world.says("ana", "@inflow ask Why is the header row of a filtered export lost?", "#sales")
    share(world, "ana", AGAIN)
    assert "Asked openly" not in world.last("ana")


def test_who_can_be_asked_about_its_topic_is_a_tap_away(world: World) -> None:
    share(world, "ana", AGAIN, reach="topic", topic="travel")
    assert "can be asked about Travel" in world.last("ana")
    # Nobody is named, and nothing of what was written goes along.
    assert "Kim" not in world.last("ana")
    world.presses("ana", "Ask them")
    assert world.form is not None
    assert world.form.fields[0].value == ""
    assert "travel" in [field.value for field in world.form.fields]
    share(world, "ben", AGAIN)
    assert "can be asked about" not in world.last("ben")


# --- introductions --------------------------------------------------------------------------


def test_both_have_to_say_yes(world: World) -> None:
    share(world, "kim", EXPORT)
    share(world, "ana", "PRIVATEWORD " + AGAIN, reach="people", person_one="ben")
    world.presses("ana", "Introduce us")
    assert "if not, you hear nothing" in world.last("ana")
    world.passes(days=2)
    asked = world.last("kim")
    assert "Ana works on something like what you shared on 2 Mar 2026" in asked
    assert "PRIVATEWORD" not in asked
    world.presses("kim", "Yes, introduce us")
    assert "Ana would like to talk with you" in world.last("kim")
    assert "Kim would like to talk with you" in world.last("ana")
    world.forges("kim", "narration.meet", {"introduction": _introduction(world, "kim")})
    assert "You have answered that already." in world.last("kim")


def _introduction(world: World, who: str) -> str:
    for heard in world.room.heard:
        if heard.key is not None and heard.key.startswith("narration:introduce:"):
            return heard.key.removeprefix("narration:introduce:")
    raise AssertionError(who)


def test_a_yes_and_a_no_at_once_are_one_of_the_two(world: World) -> None:
    share(world, "kim", EXPORT)
    share(world, "ana", AGAIN)
    world.presses("ana", "Introduce us")
    world.passes(days=2)
    id_ = _introduction(world, "kim")
    with world.database.transaction() as work:
        asked = work.narrations.introduction(PersonId("kim"), id_)
    assert asked is not None
    with world.database.transaction() as work:
        assert work.narrations.answer_introduction(replace(asked, state=Meeting.DECLINED))
    with world.database.transaction() as work:
        assert not work.narrations.answer_introduction(replace(asked, state=Meeting.MET))
    world.forges("kim", "narration.decline", {"introduction": id_})
    assert "You have answered that already." in world.last("kim")


def test_a_no_is_heard_by_nobody(world: World) -> None:
    share(world, "kim", EXPORT)
    share(world, "ana", AGAIN)
    before = world.dms("ana")
    world.presses("ana", "Introduce us")
    world.presses("ana", "Introduce us")
    world.passes(days=2)
    assert len([h for h in world.dms("kim") if "Shall I introduce you?" in h]) == 1
    world.presses("kim", "No, thank you")
    world.passes(days=10)
    assert [h for h in world.dms("ana") if h not in before] == [
        "All right. If they would like that too, you hear from me; if not, you hear nothing."
    ] * 2


def test_who_does_not_want_to_be_found_any_more_is_not_asked(world: World) -> None:
    share(world, "kim", EXPORT)
    share(world, "ana", AGAIN)
    allows(world, "kim", match_shared="no")
    world.passes(minutes=1)
    world.presses("ana", "Introduce us")
    # The same words as ever: whether somebody wants to be found is theirs to tell.
    assert "if not, you hear nothing" in world.last("ana")
    world.passes(days=2)
    assert not any("introduce" in told for told in world.dms("kim"))


@pytest.mark.parametrize("what", ["not found", "withdrawn", "all deleted", "left"])
def test_what_waits_to_be_asked_is_asked_no_more(world: World, what: str) -> None:
    share(world, "kim", EXPORT)
    share(world, "ana", AGAIN)
    world.presses("ana", "Introduce us")
    if what == "not found":
        allows(world, "kim", match_shared="no")
    elif what == "withdrawn":
        world.forges("kim", "narration.withdraw", {"narration": own(world, "kim")[0].id})
    elif what == "all deleted":
        world.forges("ana", "narration.forget", {})
    else:
        world.leaves("ana")
    world.passes(days=2)
    assert not any("introduce" in told for told in world.dms("kim"))


def test_nobody_answers_for_somebody_else(world: World) -> None:
    share(world, "kim", EXPORT)
    share(world, "ana", AGAIN)
    world.presses("ana", "Introduce us")
    world.passes(days=2)
    id_ = _introduction(world, "kim")
    for other in ("ana", "bo", "dana"):
        world.forges(other, "narration.meet", {"introduction": id_})
        assert "not yours" in world.last(other)


def test_an_introduction_over_what_was_withdrawn_comes_to_nothing(world: World) -> None:
    share(world, "kim", EXPORT)
    share(world, "ana", AGAIN)
    world.presses("ana", "Introduce us")
    world.passes(days=2)
    [kept] = own(world, "kim")
    world.forges("kim", "narration.withdraw", {"narration": kept.id})
    world.presses("kim", "Yes, introduce us")
    assert "not there any more" in world.last("kim")


# --- what else becomes of it ----------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["direct", "anonymous"])
def test_stuck_becomes_a_question_in_one_tap(world: World, visibility: str) -> None:
    write(world, "ana", "How do I book a taxi to the other site?", "stuck")
    world.presses("ana", "Ask it as a question")
    assert world.form is not None
    assert world.form.fields[0].value == "How do I book a taxi to the other site?"
    world.fills("ana", visibility=visibility)
    assert world.question().text == "How do I book a taxi to the other site?"
    assert world.question().asker == ("ana" if visibility == "direct" else None)
    # Nothing joins the two: who reads the database learns nothing of who asked.
    assert world.question().about is None


def test_learned_becomes_a_tip_when_the_steward_says_so(world: World) -> None:
    write(world, "ana", "Ask the desk for a key before six, because it closes early on Fridays.")
    world.presses("ana", "Make it a tip?")
    world.forges("ana", "narration.tip", {"narration": own(world, "ana")[0].id, "choice": "travel"})
    assert "decides whether it becomes a tip" in world.last("ana")
    world.passes(days=1)
    assert "Ask the desk for a key before six" in world.last("sam")
    assert "Ana" in world.last("sam")
    assert not any("becomes a tip" in heard for heard in world.dms("kim"))
    world.presses("sam", "Publish")
    world.says("ben", "/tip travel")
    assert "Ask the desk for a key before six" in world.last("ben")
    assert "from Ana" in world.last("ben")


def test_a_proposal_goes_with_what_was_withdrawn(world: World) -> None:
    share(world, "ana", "Ask the desk for a key before six, because it closes early.")
    id_ = own(world, "ana")[0].id
    world.forges("ana", "narration.tip", {"narration": id_, "choice": "travel"})
    world.forges("ana", "narration.withdraw", {"narration": id_})
    world.passes(days=1)
    world.forges("sam", "tips.nominations", {})
    assert "No answer waits" in world.last("sam")
    assert not any("key before six" in told for told in world.dump().values())


def test_a_proposal_goes_with_a_draft_that_is_deleted(world: World) -> None:
    write(world, "ana", "Ask the desk for a key before six, because it closes early.")
    [draft] = own(world, "ana")
    world.forges("ana", "narration.tip", {"narration": draft.id, "choice": "travel"})
    world.passes(days=1)
    assert any("key before six" in told for told in world.dms("sam"))
    world.forges("ana", "narration.discard", {"narration": draft.id})
    world.passes(days=1)
    assert not any("key before six" in told for told in world.dms("sam"))
    assert not any("key before six" in told for told in world.dump().values())


# --- digests --------------------------------------------------------------------------------


def digests(world: World) -> list[str]:
    return [heard.text for heard in world.in_channel("#sales") if "colleagues shared" in heard.text]


def to_friday(world: World) -> None:
    """To Friday afternoon, just after the digest is due."""
    due = FRIDAY.replace(hour=15, minute=5)
    world.passes(seconds=(due - world.now).total_seconds())


def share_for_digest(world: World, who: str, words: str, **values: str) -> None:
    write(world, who, words)
    world.presses(who, "Share…")
    world.fills(who, **({"reach": "everybody"} | values))
    world.presses(who, "Share, also in digests")


def test_a_channel_hears_its_week_of_what_may_be_mentioned(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    [said] = world.in_channel("#sales")
    assert "Ana has switched on a digest here" in said.text
    share_for_digest(world, "ana", EXPORT, topic="travel")
    share(world, "kim", OTHER)
    share(world, "bo", "For Lu only.", reach="people", person_one="lu")
    to_friday(world)
    [digest] = digests(world)
    assert "Travel\n- Ana, learned: The export loses" in digest
    assert "coffee" not in digest
    assert "For Lu only" not in digest
    world.passes(days=7)
    assert len(digests(world)) == 1


def test_what_may_be_mentioned_is_told_on_request_to_who_asks(world: World) -> None:
    world.says("ben", "/narrate digest now", "#sales")
    assert "Nothing was shared with this channel" in world.last("ben")
    share_for_digest(world, "ana", EXPORT)
    share(world, "kim", OTHER)
    share(world, "bo", "For Lu only.", reach="people", person_one="lu")
    world.says("ben", "/narrate digest now", "#sales")
    assert "Ana, learned: The export loses" in world.last("ben")
    assert "coffee" not in world.last("ben")
    assert "For Lu only" not in world.last("ben")
    assert "The export loses" not in world.dump()["inbox"]
    world.passes(days=8)
    assert digests(world) == []
    world.says("ben", "/narrate digest now", "#sales")
    assert "Nothing was shared with this channel" in world.last("ben")


def test_at_most_eight_lines(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    share_for_digest(world, "ana", "Number 0")
    for number in range(1, 12):
        share_for_digest(world, "ana", f"Number {number}")
    to_friday(world)
    [digest] = digests(world)
    assert digest.count("- Ana, learned") == 7
    assert "And 5 more." in digest


def test_no_day_is_lost_when_a_digest_is_late(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    to_friday(world)
    share_for_digest(world, "ana", "Of Friday evening.")
    world.passes(days=6)
    share_for_digest(world, "ana", "Of Thursday.")
    # Nobody was there from Friday to Saturday.
    world.now += timedelta(days=1, hours=11)
    share_for_digest(world, "ana", "Of Saturday.")
    world.passes(minutes=1)
    [first] = digests(world)
    assert "in the week to 13 Mar 2026" in first
    assert "Of Friday evening." in first
    assert "Of Thursday." in first
    world.passes(days=7)
    assert "Of Saturday." in digests(world)[1]


def test_each_week_has_its_digest_when_several_are_late(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    share_for_digest(world, "ana", "Of the first week.")
    world.now += timedelta(days=9)
    share_for_digest(world, "ana", "Of the second week.")
    world.now += timedelta(days=7)
    world.passes(minutes=1)
    assert ["Of the first" in told for told in digests(world)] == [True, False]
    assert ["Of the second" in told for told in digests(world)] == [False, True]


def test_what_is_withdrawn_after_it_was_digested_is_taken_out(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    share_for_digest(world, "ana", EXPORT)
    share_for_digest(world, "kim", OTHER)
    to_friday(world)
    [kept] = own(world, "ana")
    world.forges("ana", "narration.edit", {"narration": kept.id})
    world.fills("ana", line_a="Filter after the export.")
    [digest] = digests(world)
    assert "Filter after the export." in digest
    assert "loses its header" not in digest
    world.forges("ana", "narration.withdraw", {"narration": kept.id})
    [digest] = digests(world)
    assert "Ana" not in digest
    assert "coffee" in digest
    [other] = own(world, "kim")
    world.forges("kim", "narration.withdraw", {"narration": other.id})
    world.passes(hours=1)
    assert "has been withdrawn" in world.in_channel("#sales")[-1].text
    assert not any("Filter after" in told for told in world.dump().values())


def test_one_narration_is_taken_out_of_digests_and_stays_shared(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    share_for_digest(world, "ana", EXPORT)
    share_for_digest(world, "kim", OTHER)
    to_friday(world)
    world.forges("ana", "narration.undigest", {"narration": own(world, "ana")[0].id})
    assert "shared with everybody here" in world.last("ana")
    world.passes(minutes=1)
    [digest] = digests(world)
    assert "Ana" not in digest
    assert "coffee" in digest


def test_consent_that_is_withdrawn_takes_everything_out_of_digests(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    share_for_digest(world, "ana", EXPORT)
    share_for_digest(world, "kim", OTHER)
    to_friday(world)
    # Who allows it for all no longer takes back what they allowed one by one, too.
    allows(world, "ana", quote_in_digest="yes")
    allows(world, "ana", quote_in_digest="no")
    world.passes(minutes=1)
    [digest] = digests(world)
    assert "Ana" not in digest
    assert world.now - FRIDAY < timedelta(days=1)


def test_a_digest_is_switched_off_where_it_was_switched_on(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    share_for_digest(world, "ana", EXPORT)
    world.says("ben", "/narrate digest off", "#sales")
    to_friday(world)
    assert digests(world) == []
    world.says("ben", "/narrate digest on")
    assert "in the channel it is about" in world.last("ben")


def test_what_was_shared_with_another_channel_is_not_in_it(world: World) -> None:
    world.says("ana", "/narrate digest on", "#sales")
    world.says("kim", "/narrate here", "#legal")
    share_for_digest(world, "kim", OTHER, reach="channel")
    to_friday(world)
    assert digests(world) == []


def test_a_narration_counts_as_shared_while_it_is(world: World) -> None:
    share(world, "ana", EXPORT)
    share(world, "ana", OTHER)
    with world.database.transaction() as work:
        assert work.narrations.has_shared(PersonId("ana"), 2)
    world.presses("ana", "Withdraw")
    with world.database.transaction() as work:
        assert not work.narrations.has_shared(PersonId("ana"), 2)


# --- in campaigns ---------------------------------------------------------------------------


def test_a_campaign_may_ask_a_prompt_that_does_not_run_out(world: World) -> None:
    prompts = world.app.registry.activities.formats["prompt"]
    assert prompts.needs_example
    with world.database.transaction() as work:
        found = prompts.find(work, WORKSPACE, "own-learned")
        message = prompts.show(work, WORKSPACE, "own-learned")
        assert prompts.find(work, WORKSPACE, "nonsense") is None
    assert found is not None
    assert not found.retired
    heard = world.room.add("dm:ana", message)
    world.passes(days=30)
    world.presses("ana", "Write", on=heard)
    world.fills("ana", line_a="Something.")
    assert evidence(world, "answered", "own-learned") == {"ana"}
    assert evidence(world, "answered", "own-stuck") == set()


def test_what_is_written_of_ones_own_accord_or_long_ago_answers_no_prompt(world: World) -> None:
    write(world, "ana", "Something.", "learned")
    world.says("ben", "/narrate learned")
    world.fills("ben", line_a="Something.")
    assert [note.prompt for who in ("ana", "ben") for note in own(world, who)] == [None, None]
    assert evidence(world, "answered", "own-learned") == set()
    with world.database.transaction() as work:
        prompts = world.app.registry.activities.formats["prompt"]
        message = prompts.show(work, WORKSPACE, "own-learned")
    world.presses("ana", "Write", on=world.room.add("dm:ana", message))
    world.fills("ana", line_a="Something else.")
    assert evidence(world, "answered", "own-learned") == {"ana"}
    tomorrow = world.now.date() + timedelta(days=1)
    assert evidence(world, "answered", "own-learned", since=tomorrow) == set()


def test_who_asks_others_has_shared_two_of_their_own(world: World) -> None:
    share(world, "dana", EXPORT)
    assert evidence(world, "has_modelled") == set()
    share(world, "dana", OTHER)
    assert evidence(world, "has_modelled") == {"dana"}


def evidence(world: World, word: str, *about: str, since: date | None = None) -> set[str]:
    people = [PersonId(who) for who in ("ana", "ben", "dana")]
    with world.database.transaction() as work:
        evidence = world.app.registry.activities.evidence[word]
        found = evidence(work, about, people, world.now, since or world.now.date())
    return set(found)
