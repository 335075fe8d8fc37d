"""The life of an FAQ entry, from an accepted answer to review, retirement and merging."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capabilities.questions.model import (
    Article,
    ArticleState,
    Tally,
    Use,
    UseKind,
    move,
    review_reason,
)
from bot.errors import Conflict
from bot.ids import ArticleId, PersonId, TopicId
from bot.people import Role
from bot.reply import Reply
from bot.topic import Topic
from tests.world import MONDAY, WORKSPACE, Heard, World, person

TAXI = "How do I claim the taxi from a client visit?"
IN_OTHER_WORDS = "How to claim a taxi after a client visit?"
RECEIPT = "Use the expense form and attach the receipt."


def only(world: World) -> Article:
    (article,) = world.articles()
    return article


def card(world: World, who: str, words: str) -> Heard:
    return next(h for h in reversed(world.hears(who)) if words in h.text)


def publishes(world: World) -> str:
    """An accepted answer, proposed by its asker and published by the steward."""
    expert = world.settles("ana", TAXI, RECEIPT)
    world.presses("ana", "Propose for the FAQ")
    world.reviews("sam")
    world.presses("sam", "Publish")
    assert only(world).state is ArticleState.PUBLISHED
    return expert


def writes(world: World, who: str, title: str, text: str, topic: str = "travel") -> None:
    proposes(world, who, title, text, whose=who, topic=topic)


def proposes(
    world: World, who: str, title: str, text: str, *, whose: str | None, topic: str = "travel"
) -> Reply:
    """*Save as FAQ* on a message of somebody, of whom `whose` is the address."""
    world.uses(who, "save_faq", text, author=whose)
    return world.fills(who, title=title, topic=topic)


def flags(world: World, who: str, reason: str = "") -> Reply:
    world.presses(who, "Flag as wrong or outdated")
    return world.fills(who, reason=reason)


def opens(world: World, who: str) -> None:
    world.says(who, "/faq taxi")
    world.presses(who, "Open")


# --- from candidate to published ------------------------------------------------------


def test_an_accepted_answer_is_a_candidate_in_the_askers_words(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    article = only(world)
    assert (article.title, article.text, article.state) == (TAXI, RECEIPT, "candidate")
    assert article.author == expert


def test_a_candidate_is_shown_as_not_yet_reviewed(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", IN_OTHER_WORDS)
    assert "Accepted by the one who asked on 2 Mar 2026, not yet reviewed" in world.last("ben")


def test_what_was_accepted_privately_is_kept_for_nobody(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT, private=True)
    assert world.articles() == []
    world.says("ben", IN_OTHER_WORDS)
    assert not any(RECEIPT in text for text in world.dms("ben"))


def answers_anew(world: World, expert: str, answer: str, button: str) -> None:
    world.presses("ana", "Open it again")
    assert only(world).state is ArticleState.RETIRED
    world.presses(expert, "Answer")
    world.fills(expert, answer=answer)
    world.presses("ana", button)


def test_opened_again_and_kept_private_the_first_answer_is_shown_to_nobody(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    answers_anew(world, expert, "Ask the travel desk.", "Accept, but keep it private")
    world.says("ben", IN_OTHER_WORDS)
    assert not any(RECEIPT in text for text in world.dms("ben"))
    reply = world.forges("sam", "faq.publish", {"article": only(world).id})
    assert "kept the answer to themselves" in str(reply.message)


def test_nor_is_it_published_when_it_did_not_work_first(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    world.passes(days=4)
    world.presses("ana", "No")
    world.presses(expert, "Answer")
    world.fills(expert, answer="Ask the travel desk.")
    world.presses("ana", "Accept, but keep it private")
    world.reviews("sam")
    world.presses("sam", "Publish")
    assert only(world).state is ArticleState.RETIRED


def test_opened_again_and_shared_the_new_answer_takes_its_place(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    answers_anew(world, expert, "Ask the travel desk.", "That’s the answer")
    assert (only(world).state, only(world).text) == ("candidate", "Ask the travel desk.")
    world.says("ben", IN_OTHER_WORDS)
    assert "Ask the travel desk." in world.last("ben")


def test_names_are_taken_out_of_what_is_kept(world: World) -> None:
    world.joins(replace(person("rita"), name="Rita de Souza"))
    question = f"{TAXI} Rita de Souza or @cem said that Kim knows."
    world.says("ana", question)
    helper = world.who_was_asked()[-1]
    world.presses(helper, "I take it")
    world.presses(helper, "Answer")
    world.fills(helper, answer="Ask Ben. Rita has the form.")
    kept = f"{TAXI} A colleague or a colleague said that a colleague knows."
    assert f"as: “{kept}”" in world.last("ana")
    world.presses("ana", "That’s the answer")
    assert only(world).title == kept
    assert only(world).text == "Ask a colleague. A colleague has the form."
    assert only(world).author == helper


@pytest.mark.parametrize(
    ("command", "heard"),
    [
        ("", "Whoever answered is told; it is counted without your name."),
        ("/ask anonymously", "Whoever answered is told that it worked, not by whom."),
    ],
)
def test_the_asker_hears_who_is_told_that_it_worked(world: World, command: str, heard: str) -> None:
    expert = world.settles("ana", TAXI, RECEIPT, command=command)
    world.passes(days=4)
    world.presses("ana", "Worked")
    assert heard in world.last("ana")
    assert "Your answer to question 1 worked." in world.last(expert)


def test_an_entry_that_solved_it_is_asked_about_too(world: World) -> None:
    expert = publishes(world)
    world.says("ben", IN_OTHER_WORDS)
    world.presses("ben", "Solves it")
    world.passes(days=5)
    assert "Did it work?" in world.last("ben")
    world.presses("ben", "Worked")
    assert "nobody is told" in world.last("ben")
    assert world.tally(only(world).id).worked == 1
    with world.database.transaction() as work:
        assert work.articles.helped(PersonId(expert)) == 1


def test_an_entry_that_did_not_work_after_all_opens_the_question(world: World) -> None:
    publishes(world)
    world.says("ben", IN_OTHER_WORDS)
    world.presses("ben", "Solves it")
    world.passes(days=5)
    question = card(world, "ben", "Did it work?")
    no = next(b for b in question.buttons if b.label == "No")
    world.taps("ben", no, on=question)
    assert world.state(2) == "routed"
    assert only(world).state is ArticleState.NEEDS_REVIEW
    world.taps("ben", no, on=question)
    assert world.tally(only(world).id).did_not_work == 1


def test_asked_twice_it_goes_to_the_steward(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", IN_OTHER_WORDS)
    world.presses("ben", "Solves it")
    assert only(world).state is ArticleState.IN_REVIEW
    assert "it helped somebody else too" in world.reviews("sam")


def test_without_anybody_to_review_it_waits_as_a_draft(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.leaves("sam")
    world.changes("dana", roles=frozenset())
    world.presses("ana", "Propose for the FAQ")
    assert only(world).state is ArticleState.DRAFTED
    assert "waits for a steward" in world.last("ana")


def test_the_steward_hears_what_is_published_in_quotes(world: World) -> None:
    publishes(world)
    assert f"“{TAXI}” is now published." in world.last("sam")


def test_published_it_says_who_verified_it_and_when(world: World) -> None:
    publishes(world)
    world.says("ben", IN_OTHER_WORDS)
    assert "Verified by Sam on 2 Mar 2026" in world.last("ben")


def test_somebody_who_has_no_part_in_it_cannot_propose_it(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    reply = world.forges("cem", "faq.propose", {"article": only(world).id})
    assert "Only the asker, the author or the steward" in str(reply.message)
    assert only(world).state is ArticleState.CANDIDATE


@pytest.mark.parametrize("action", ["faq.publish", "faq.edit", "faq.merge", "faq.retire"])
def test_only_the_steward_curates(world: World, action: str) -> None:
    world.settles("ana", TAXI, RECEIPT)
    reply = world.forges("cem", action, {"article": only(world).id})
    assert "Only the steward of this topic can do this: Sam." in str(reply.message)


def test_the_steward_publishes_no_words_they_have_not_seen(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    world.presses("ana", "Propose for the FAQ")
    world.reviews("sam")
    stale = next(b for b in card(world, "sam", "in review").buttons if b.label == "Publish")
    review = card(world, "sam", "in review")
    world.presses("ana", "Open it again")
    world.presses(expert, "Answer")
    world.fills(expert, answer="Ask the travel desk for the new form.")
    world.presses("ana", "That’s the answer")
    world.taps("sam", stale, on=review)
    assert only(world).state is ArticleState.IN_REVIEW
    assert "Ask the travel desk" in review.text
    world.presses("sam", "Publish", on=review)
    assert only(world).state is ArticleState.PUBLISHED


def test_a_verified_entry_is_not_overwritten_by_a_newer_answer(world: World) -> None:
    expert = publishes(world)
    world.presses("ana", "Open it again")
    world.presses(expert, "Answer")
    world.fills(expert, answer="Ask the travel desk for the new form.")
    world.presses("ana", "That’s the answer")
    texts = {article.text: article.state for article in world.articles()}
    assert texts[RECEIPT] is ArticleState.PUBLISHED
    assert texts["Ask the travel desk for the new form."] is not ArticleState.PUBLISHED


def test_a_message_saved_as_faq_waits_for_the_steward(world: World) -> None:
    writes(world, "cem", "Where is the form?", "In the portal.")
    article = only(world)
    assert (article.state, article.author) == ("proposed", "cem")
    assert "Nobody else sees it until Sam publishes it." in world.last("cem")
    assert "Proposed by Cem on 2 Mar 2026 · in their own words" in world.reviews("sam")


PRINT, PIN = "How do I print in colour?", "On floor 2, with the PIN 1234."


def test_nobody_is_shown_what_somebody_saved_before_a_steward_published_it(world: World) -> None:
    reply = proposes(world, "ben", PRINT, PIN, whose="kim")
    assert reply.message is not None
    assert "Nobody else sees it until Sam publishes it. Kim is told" in reply.message.summary
    for who in ("lu", "ben"):
        world.says(who, PRINT)
        world.says(who, f"/faq {PRINT}")
        world.forges(who, "faq.open", {"article": only(world).id})
        assert not any(PIN in text for text in world.dms(who))
    said = world.reviews("sam")
    assert "Proposed by Ben on 2 Mar 2026 · in the words of Kim" in said
    world.reviews("sam")
    world.presses("sam", "Publish")
    world.says("ana", PRINT)
    assert "Here is the answer that I know." in world.last("ana")
    assert "Verified by Sam on 2 Mar 2026" in world.last("ana")
    assert "written by Kim" in world.last("ana")


def test_whoever_curates_everything_may_publish_it_too(world: World) -> None:
    proposes(world, "ben", PRINT, PIN, whose="kim")
    world.says("dana", "/faq review")
    world.presses("dana", "Open")
    world.presses("dana", "Publish")
    assert only(world).state is ArticleState.PUBLISHED


def test_a_steward_need_not_publish_what_is_proposed(world: World) -> None:
    proposes(world, "ben", PRINT, PIN, whose="kim")
    world.reviews("sam")
    world.presses("sam", "Do not publish")
    assert only(world).state is ArticleState.RETIRED


def test_without_a_steward_what_is_proposed_waits_out_of_sight(world: World) -> None:
    world.leaves("sam")
    world.changes("dana", roles=frozenset())
    proposes(world, "ben", PRINT, PIN, whose="kim")
    assert "until it has a steward who publishes it" in world.last("ben")
    world.says("lu", PRINT)
    assert not any(PIN in text for text in world.dms("lu"))


@pytest.mark.parametrize(
    ("whose", "said"),
    [
        ("kim", "and Kim is told. Once it is published everybody here can find it, as written by "),
        ("ben", "At first only a steward sees it. Once it is published everybody here can find it"),
        ("a bot", "as written by a colleague."),
    ],
)
def test_the_form_says_who_will_see_it(world: World, whose: str, said: str) -> None:
    form = world.uses("ben", "save_faq", PIN, author=whose).form
    assert form is not None
    assert said in str(form.intro)


def test_whoever_wrote_it_is_told_once(world: World) -> None:
    for who in ("ben", "lu", "ben"):
        proposes(world, who, PRINT, PIN, whose="kim")
    told = [text for text in world.dms("kim") if "proposes words of yours" in text]
    assert len(told) == 1
    assert "Ben proposes words of yours for the FAQ" in told[0]
    assert PIN in told[0]
    assert len(world.articles()) == 1
    world.reviews("sam")
    world.presses("sam", "Publish")
    assert len(world.dms("kim")) == 1


def test_whoever_wrote_it_is_told_even_if_they_want_nothing_unasked(world: World) -> None:
    """It is about their own words, which others may soon find."""
    world.says("kim", "stop")
    proposes(world, "ben", PRINT, PIN, whose="kim")
    assert "Ben proposes words of yours for the FAQ" in world.last("kim")


def test_who_proposes_their_own_words_is_not_told(world: World) -> None:
    writes(world, "ben", PRINT, PIN)
    assert not any("words of yours" in text for text in world.dms("ben"))


def test_what_its_author_takes_back_is_published_by_nobody(world: World) -> None:
    proposes(world, "ben", PRINT, PIN, whose="kim")
    world.reviews("sam")
    review = card(world, "sam", "in the words of Kim")
    publish = next(b for b in review.buttons if b.label == "Publish")
    world.presses("kim", "Do not share it")
    assert only(world).state is ArticleState.RETIRED
    world.taps("sam", publish, on=review)
    assert "its author took it back" in review.text
    assert "Publish" not in {b.label for b in review.buttons}
    reply = world.forges("sam", "faq.publish", {"article": only(world).id})
    assert "took it back, so it is not published" in str(reply.message)
    assert only(world).state is ArticleState.RETIRED


def test_what_was_left_out_when_its_author_takes_it_back_is_published_by_nobody(
    world: World,
) -> None:
    proposes(world, "ben", PRINT, PIN, whose="kim")
    world.reviews("sam")
    world.presses("sam", "Do not publish")
    world.presses("kim", "Do not share it")
    reply = world.forges("sam", "faq.publish", {"article": only(world).id})
    assert "took it back, so it is not published" in str(reply.message)
    assert only(world).state is ArticleState.RETIRED


def test_its_author_takes_it_back_also_when_it_was_published(world: World) -> None:
    proposes(world, "ben", PRINT, PIN, whose="kim")
    world.reviews("sam")
    world.presses("sam", "Publish")
    world.presses("kim", "Do not share it")
    world.says("ana", PRINT)
    assert not any(PIN in text for text in world.dms("ana"))


def test_ones_own_words_that_a_steward_verified_stay(world: World) -> None:
    writes(world, "kim", PRINT, PIN)
    world.reviews("sam")
    world.presses("sam", "Publish")
    reply = world.forges("kim", "faq.unshare", {"article": only(world).id})
    assert "A steward has verified this entry by now" in str(reply.message)
    assert only(world).state is ArticleState.PUBLISHED


def test_the_name_comes_off_and_it_can_be_taken_back_all_the_same(world: World) -> None:
    proposes(world, "ben", PRINT, PIN, whose="kim")
    world.presses("kim", "Leave my name off")
    assert only(world).author is None
    opened = world.forges("sam", "faq.open", {"article": only(world).id})
    assert "whose words these are is not said" in str(opened.message)
    reply = world.forges("kim", "faq.unshare", {"article": only(world).id})
    assert "Only the one who wrote the answer can do this." in str(reply.message)
    world.presses("kim", "Do not share it")
    assert only(world).state is ArticleState.RETIRED
    dump = world.dump()
    assert "'kim'" not in dump["articles"] + dump["article_versions"]


def test_nobody_else_takes_it_back(world: World) -> None:
    proposes(world, "ben", PRINT, PIN, whose="kim")
    letter = card(world, "kim", "proposes words of yours")
    take = next(b for b in letter.buttons if b.label == "Do not share it")
    world.forges("ben", "faq.unshare", dict(take.args))
    world.forges("ben", "faq.anonymise", dict(take.args))
    assert (only(world).state, only(world).author) == ("proposed", "kim")


def test_saved_from_our_message_with_an_answer_it_is_whoever_gave_that(world: World) -> None:
    """It is Inflow that wrote the message, but not the words in it."""
    world.says("ana", TAXI)
    helper = world.who_was_asked()[-1]
    world.presses(helper, "I take it")
    world.presses(helper, "Answer")
    world.fills(helper, answer=RECEIPT)
    answer = card(world, "ana", RECEIPT)
    world.uses("ana", "save_faq", answer.text, "dm:ana", author="inflow", on=answer.id)
    world.fills("ana", title=TAXI, topic="travel")
    assert (only(world).text, only(world).author) == (RECEIPT, helper)
    assert "proposes words of yours" in world.last(helper)


def test_an_entry_without_words_keeps_the_form(world: World) -> None:
    world.uses("cem", "save_faq", "")
    assert set(world.fills("cem", title=" ", text="\n").errors) == {"title", "text"}
    assert set(world.fills("cem", title="x" * 301, text="x").errors) == {"title"}
    assert set(world.fills("cem", title="x", text="x" * 40_001).errors) == {"text"}


# --- and back to review ---------------------------------------------------------------


def test_a_flag_marks_a_published_entry_as_being_checked(world: World) -> None:
    publishes(world)
    world.says("ben", IN_OTHER_WORDS)
    flags(world, "ben")
    assert only(world).state is ArticleState.NEEDS_REVIEW
    assert "somebody flagged it" in world.reviews("sam")
    world.says("cem", IN_OTHER_WORDS)
    assert "being checked" in world.last("cem")


def test_the_steward_who_says_it_is_still_right_publishes_it_again(world: World) -> None:
    publishes(world)
    world.says("ben", IN_OTHER_WORDS)
    flags(world, "ben")
    world.passes(hours=1)
    world.reviews("sam")
    world.presses("sam", "Still right")
    assert only(world).state is ArticleState.PUBLISHED
    world.passes(hours=1)
    world.says("cem", "/faq taxi")
    world.presses("cem", "Open")
    flags(world, "cem")
    assert only(world).state is ArticleState.NEEDS_REVIEW


def test_a_flag_withholds_what_nobody_has_verified(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", IN_OTHER_WORDS)
    flags(world, "ben")
    assert only(world).state is ArticleState.RETIRED
    assert "retired: somebody flagged it" in world.reviews("sam")
    world.says("cem", IN_OTHER_WORDS)
    assert not any(RECEIPT in text for text in world.dms("cem"))


def test_whoever_flags_hears_what_becomes_of_it(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", TAXI)
    shown = card(world, "ben", "Here is the answer that I know.")
    flags(world, "ben", "The form is *gone*\nsince May.")
    assert "Here is the answer that I know." not in shown.text
    heard = world.last("ben")
    assert "Nobody had verified it yet, so nobody is shown it until Sam has looked" in heard
    world.presses("ben", "Ask a colleague now")
    assert world.state(2) == "routed"
    assert "“The form is *gone* since May.”" in world.reviews("sam")


def test_of_a_verified_entry_it_says_that_it_stays(world: World) -> None:
    publishes(world)
    opens(world, "cem")
    flags(world, "cem")
    assert "It stays, marked as being checked, until Sam has looked" in world.last("cem")


def test_a_second_reason_reaches_the_steward_too(world: World) -> None:
    publishes(world)
    opens(world, "ben")
    opens(world, "cem")
    flags(world, "ben", "Too old.")
    flags(world, "cem", "The link is dead.")
    assert "The link is dead." in world.reviews("sam")


def test_a_doubt_is_not_told_to_the_author_alone(world: World) -> None:
    writes(world, "sam", TAXI, RECEIPT)
    world.reviews("sam")
    world.presses("sam", "Publish")
    opens(world, "ben")
    flags(world, "ben")
    assert "somebody flagged it" in world.reviews("sam")
    assert "somebody flagged it" in world.reviews("dana")


@pytest.mark.parametrize("who", ["cem", "sam"])
def test_why_it_is_being_checked_is_for_the_steward_only(world: World, who: str) -> None:
    publishes(world)
    world.passes(days=4)
    world.presses("ana", "No")
    opens(world, who)
    assert "being checked" in world.last(who)
    assert ("it did not work for somebody" in world.last(who)) is (who == "sam")


def test_it_did_not_work_brings_it_to_review(world: World) -> None:
    publishes(world)
    world.passes(days=4)
    world.presses("ana", "No")
    assert only(world).state is ArticleState.NEEDS_REVIEW
    assert "it did not work for somebody" in world.reviews("sam")


def test_two_questions_it_did_not_solve_bring_it_to_review(world: World) -> None:
    publishes(world)
    for who in ("ben", "cem"):
        assert only(world).state is ArticleState.PUBLISHED
        world.says(who, IN_OTHER_WORDS)
        world.presses(who, "No")
    assert only(world).state is ArticleState.NEEDS_REVIEW


def test_partly_and_silence_bring_nothing_to_review(world: World) -> None:
    publishes(world)
    for who in ("ben", "cem", "dana"):
        world.says(who, IN_OTHER_WORDS)
        world.presses(who, "Partly")
    world.says("lu", IN_OTHER_WORDS)
    world.passes(hours=1)
    assert only(world).state is ArticleState.PUBLISHED


def test_its_review_date_brings_it_to_review(world: World) -> None:
    publishes(world)
    world.passes(days=181)
    assert only(world).state is ArticleState.PUBLISHED
    world.passes(days=2)
    assert only(world).state is ArticleState.NEEDS_REVIEW


def test_being_read_never_makes_it_fresher(world: World) -> None:
    publishes(world)
    before = only(world)
    world.passes(days=100)
    for who in ("ben", "cem", "sam"):
        world.says(who, "/faq taxi")
        world.presses(who, "Open")
    assert only(world) == before
    world.passes(days=83)
    assert only(world).state is ArticleState.NEEDS_REVIEW


def test_when_its_author_leaves_it_is_reviewed(world: World) -> None:
    world.leaves(publishes(world))
    assert only(world).state is ArticleState.NEEDS_REVIEW
    assert "the expert behind it has left" in world.reviews("sam")


def test_retired_it_is_suggested_to_nobody_and_can_come_back(world: World) -> None:
    publishes(world)
    world.says("sam", "/faq taxi")
    world.presses("sam", "Open")
    world.presses("sam", "Retire")
    assert only(world).state is ArticleState.RETIRED
    world.says("ben", IN_OTHER_WORDS)
    assert not any(RECEIPT in text for text in world.dms("ben"))


# --- editing --------------------------------------------------------------------------


def test_of_two_edits_the_second_keeps_its_form_and_overwrites_nothing(world: World) -> None:
    publishes(world)
    world.says("sam", "/faq taxi")
    world.presses("sam", "Open")
    world.presses("sam", "Edit")
    first = world.form
    world.presses("sam", "Edit")
    world.fills("sam", text="Now in the portal.")
    world.form = first
    assert set(world.fills("sam", text="By post.").errors) == {"text"}
    assert only(world).text == "Now in the portal."


def test_an_edit_of_a_long_answer_keeps_its_end(world: World) -> None:
    long = "word " * 1_000 + "the end"
    world.settles("ana", TAXI, long)
    world.says("sam", "/faq taxi")
    world.presses("sam", "Open")
    world.presses("sam", "Edit")
    world.fills("sam", title="Taxi to a client?")
    assert only(world).text == long


def test_an_edit_by_the_steward_is_a_verification(world: World) -> None:
    publishes(world)
    world.passes(days=100)
    world.says("sam", "/faq taxi")
    world.presses("sam", "Open")
    world.presses("sam", "Edit")
    world.fills("sam", text="Now in the portal.")
    article = only(world)
    assert article.verified_at == world.now
    assert article.review_by == world.now + timedelta(days=182)
    world.passes(days=100)
    assert only(world).state is ArticleState.PUBLISHED


# --- merging --------------------------------------------------------------------------


def two(world: World) -> tuple[Article, Article]:
    writes(world, "cem", "How do I claim the taxi from a client visit?", "In the portal.")
    writes(world, "cem", "Taxi receipts: where do they go?", "Into the box.")
    for article in world.articles():
        world.forges("sam", "faq.publish", {"article": article.id})
    first, second = sorted(world.articles(), key=lambda article: article.id)
    return first, second


def merges(world: World, gone: Article, stays: Article) -> None:
    world.forges("sam", "faq.join", {"article": gone.id}, {"into": stays.id})


def test_merged_its_words_lead_to_the_other(world: World) -> None:
    gone, stays = two(world)
    with world.database.transaction() as work:
        work.articles.remember_phrasing(gone.id, "cab money back", MONDAY)
    merges(world, gone, stays)
    states = {article.id: article.state for article in world.articles()}
    assert states == {gone.id: "merged", stays.id: "published"}
    assert world.phrasings(stays.id) == [gone.title, "cab money back"]
    world.says("ben", "/faq cab money back")
    assert "Into the box." in world.last("ben")


def test_a_button_on_a_merged_entry_does_nothing_to_the_other(world: World) -> None:
    gone, stays = two(world)
    merges(world, gone, stays)
    for action in ("faq.retire", "faq.publish", "faq.unshare"):
        world.forges("sam", action, {"article": gone.id})
        world.forges("cem", action, {"article": gone.id})
    world.forges(
        "sam",
        "faq.keep",
        {"article": gone.id, "version": stays.version},
        {"title": "x", "text": "y"},
    )
    with world.database.transaction() as work:
        assert work.articles.get(stays.id) == stays


def test_an_entry_is_not_merged_into_itself_even_around_a_corner(world: World) -> None:
    gone, stays = two(world)
    merges(world, gone, stays)
    merges(world, stays, gone)
    merges(world, stays, stays)
    states = {article.id: article.state for article in world.articles()}
    assert states[stays.id] == "published"


def test_evidence_for_a_merged_entry_counts_for_the_other(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    gone = only(world)
    writes(world, "cem", "Taxi receipts: where do they go?", "Into the box.")
    stays = next(article for article in world.articles() if article.id != gone.id)
    world.forges("sam", "faq.publish", {"article": stays.id})
    merges(world, gone, stays)
    world.passes(days=4)
    world.presses("ana", "Worked")
    assert world.tally(stays.id).worked == 1


# --- regulated topics -----------------------------------------------------------------


@pytest.fixture
def regulated(world: World) -> World:
    with world.database.transaction() as work:
        topic = work.topics.get(WORKSPACE, TopicId("travel"))
        assert topic is not None
        work.topics.save(replace(topic, regulated=True))
    return world


def test_in_a_regulated_topic_nothing_unreviewed_is_shown(regulated: World) -> None:
    regulated.settles("ana", TAXI, RECEIPT)
    regulated.says("ben", IN_OTHER_WORDS)
    regulated.says("ben", "/faq taxi")
    regulated.forges("ben", "faq.open", {"article": only(regulated).id})
    assert not any(RECEIPT in h.text for h in regulated.hears("ben"))


def test_what_one_wrote_oneself_one_does_not_publish(regulated: World) -> None:
    writes(regulated, "sam", "Where is the form?", "In the portal.")
    article = only(regulated)
    reply = regulated.forges("sam", "faq.publish", {"article": article.id})
    assert "somebody other than the author has to publish" in str(reply.message)
    assert "In the portal." in regulated.reviews("dana")
    regulated.reviews("dana")
    regulated.presses("dana", "Publish")
    assert only(regulated).state is ArticleState.PUBLISHED


def test_nor_what_one_edited_even_when_something_happened_since(regulated: World) -> None:
    regulated.settles("ana", TAXI, RECEIPT)
    article = only(regulated)
    regulated.forges("sam", "faq.edit", {"article": article.id})
    regulated.fills("sam", text="Now in the portal.")
    regulated.presses("ana", "Propose for the FAQ")
    regulated.forges("sam", "faq.publish", {"article": article.id})
    assert only(regulated).state is ArticleState.IN_REVIEW


def test_nor_what_one_wrote_before_ones_name_came_off(regulated: World) -> None:
    regulated.declares("sam", "travel", "can_help")
    for name in ("kim", "bo", "lu"):
        regulated.changes(name, asks_welcome=False)
    assert regulated.settles("ana", TAXI, RECEIPT) == "sam"
    regulated.presses("sam", "Leave my name off")
    regulated.forges("sam", "faq.publish", {"article": only(regulated).id})
    assert only(regulated).state is ArticleState.CANDIDATE


def test_an_edited_entry_is_out_of_sight_until_a_second_person_has_read_it(
    regulated: World,
) -> None:
    regulated.settles("ana", TAXI, RECEIPT)
    regulated.presses("ana", "Propose for the FAQ")
    regulated.reviews("sam")
    regulated.presses("sam", "Publish")
    regulated.forges("sam", "faq.edit", {"article": only(regulated).id})
    regulated.fills("sam", text="Now in the portal.")
    regulated.says("ben", IN_OTHER_WORDS)
    assert not any("portal" in text for text in regulated.dms("ben"))
    regulated.reviews("dana")
    regulated.presses("dana", "Publish")
    regulated.says("cem", IN_OTHER_WORDS)
    assert "Now in the portal." in regulated.last("cem")


# --- names ----------------------------------------------------------------------------


def test_a_name_comes_off_every_entry_and_every_version_of_it(world: World) -> None:
    expert = publishes(world)
    world.says(expert, "/me")
    world.presses(expert, "Take my name off the FAQ")
    assert "Your name is off 1 FAQ entry, in all versions." in world.last(expert)
    dump = world.dump()
    assert f"'{expert}'" not in dump["articles"] + dump["article_versions"]
    world.says("ben", IN_OTHER_WORDS)
    assert f"written by {expert.title()}" not in world.last("ben")
    assert RECEIPT in world.last("ben")


def test_an_author_can_leave_their_name_off_and_take_an_answer_back(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    world.presses(expert, "Leave my name off")
    assert only(world).author is None
    world.presses(expert, "Do not share it")
    assert only(world).state is ArticleState.RETIRED


def test_a_name_that_was_left_off_stays_off_every_version_and_the_next_answer(
    world: World,
) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    world.presses(expert, "Leave my name off")
    dump = world.dump()
    assert f"'{expert}'" not in dump["articles"] + dump["article_versions"]
    answers_anew(world, expert, "Ask the travel desk.", "That’s the answer")
    assert "without your name" in world.last(expert)
    world.forges("sam", "faq.edit", {"article": only(world).id})
    world.fills("sam", text="Now in the portal.")
    dump = world.dump()
    assert f"'{expert}'" not in dump["articles"] + dump["article_versions"]


def test_what_a_steward_verified_cannot_be_taken_back_by_its_author(world: World) -> None:
    expert = publishes(world)
    world.presses(expert, "Do not share it")
    assert only(world).state is ArticleState.PUBLISHED
    assert "A steward has verified this entry by now" in world.last(expert)


def test_only_the_author_can_do_so(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    for action in ("faq.anonymise", "faq.unshare"):
        reply = world.forges("cem", action, {"article": only(world).id})
        assert "Only the one who wrote the answer can do this." in str(reply.message)


# --- how far to trust it --------------------------------------------------------------


def tried(world: World, worked: int, failed: int = 0) -> None:
    with world.database.transaction() as work:
        for number in range(worked + failed):
            kind = UseKind.WORKED if number < worked else UseKind.PARTLY_WORKED
            work.articles.use(Use(article=only_id(work), kind=kind, at=MONDAY, key=f"try{number}"))


def only_id(work: object) -> ArticleId:
    (found,) = work.articles.in_states(WORKSPACE, frozenset(ArticleState), 5)  # type: ignore[attr-defined]
    return ArticleId(found.id)


@pytest.mark.parametrize(
    ("worked", "failed", "heard"),
    [
        (4, 0, "too few have said yet whether it worked"),
        (4, 1, "worked for 4 of 5 people"),
        (0, 0, "too few have said yet whether it worked"),
    ],
)
def test_how_often_it_worked_is_shown_from_five_people_on(
    world: World, worked: int, failed: int, heard: str
) -> None:
    world.settles("ana", TAXI, RECEIPT)
    tried(world, worked, failed)
    world.says("ben", IN_OTHER_WORDS)
    assert heard in world.last("ben")


def test_the_same_words_are_shown_as_the_answer(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", TAXI)
    assert "Here is the answer that I know." in world.last("ben")


def test_what_is_only_near_is_offered_as_maybe(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", "Is the taxi to the station after a fair something I can claim?")
    assert "I am not sure, but this may help." in world.last("ben")
    assert "Maybe: " in world.last("ben")


def test_what_has_nothing_to_do_with_it_goes_to_a_colleague(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", "Who waters the plants in August?")
    assert not any(RECEIPT in text for text in world.dms("ben"))


def test_at_most_three_are_offered(world: World) -> None:
    for number in range(5):
        writes(world, "cem", f"How do I claim a taxi, way {number}?", f"Way number {number}.")
        world.reviews("sam")
        world.presses("sam", "Publish")
    world.says("ben", "How do I claim a taxi?")
    assert world.last("ben").count("Way number") == 3


# --- the rules ------------------------------------------------------------------------

ARTICLE = Article(
    id=ArticleId("a"),
    workspace=WORKSPACE,
    title="t",
    text="x",
    state=ArticleState.PUBLISHED,
    created_at=MONDAY,
    changed_at=MONDAY,
)


@pytest.mark.parametrize(
    ("tally", "days", "reason"),
    [
        (Tally(), 0, None),
        (Tally(flagged=1), 0, "somebody flagged it"),
        (Tally(did_not_work=1), 0, "it did not work for somebody"),
        (Tally(not_solved=1), 0, None),
        (Tally(not_solved=2), 0, "it did not solve 2 questions"),
        (Tally(partly=9, partly_worked=9, solved=9, worked=9), 0, None),
        (Tally(), 182, "its review date has passed"),
    ],
)
def test_what_asks_for_a_review(tally: Tally, days: int, reason: str | None) -> None:
    article = replace(ARTICLE, review_by=MONDAY + timedelta(days=182))
    assert review_reason(article, tally, MONDAY + timedelta(days=days)) == reason


@pytest.mark.parametrize("state", list(ArticleState))
def test_nothing_leads_back_from_merged_and_only_what_was_withheld_to_candidate(
    state: ArticleState,
) -> None:
    with pytest.raises(Conflict):
        move(replace(ARTICLE, state=ArticleState.MERGED), state, MONDAY)
    if state is ArticleState.RETIRED:
        return
    with pytest.raises(Conflict):
        move(replace(ARTICLE, state=state), ArticleState.CANDIDATE, MONDAY)


def test_a_second_steward_is_nobody_in_particular(world: World) -> None:
    world.joins(replace(person("rita"), roles=frozenset({Role.COMMUNITY_MANAGER})))
    world.opens_topic(Topic(id=TopicId("keys"), workspace=WORKSPACE, title="Keys"))
    writes(world, "cem", "Where are the keys?", "At the desk.", topic="keys")
    assert "At the desk." in world.reviews("rita")
    assert "At the desk." in world.reviews("dana")
    world.reviews("rita")
    world.presses("rita", "Publish")
    world.reviews("dana")
    world.presses("dana", "Publish")
    assert only(world).verifier == PersonId("rita")
