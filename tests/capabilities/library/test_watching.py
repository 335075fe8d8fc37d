"""What the library notices by itself at night, and whether changes helped."""

from datetime import date, timedelta

import pytest

from bot.capabilities.library.step import AFTER_ALL, EPOCH
from bot.capabilities.questions.model import Article, ArticleState
from bot.ids import ArticleId, TopicId
from bot.pack.flag import FlagKind, Retaken
from bot.pack.issue import EventKind, State
from bot.pack.model import Tip
from tests.capabilities.library.test_caring import is_unclear
from tests.capabilities.library.writing import LibraryWorld
from tests.capabilities.quizzes.taking import choice
from tests.world import WORKSPACE

ITEM = "share-1"


def night(world: LibraryWorld, days: int = 1) -> None:
    """Somebody opens a topic, and the night passes."""
    world.says("ana", "/read travel")
    world.passes(days=days)


def change_item(world: LibraryWorld, stem: str = "What do you do first?") -> None:
    world.forges("sam", "library.edit", {"about": f"item:{ITEM}"})
    world.fills("sam", stem=stem, note="Clearer")


def figures(world: LibraryWorld) -> str:
    world.forges("sam", "library.issue", {"issue": world.issue().id})
    return world.last("sam")


def test_an_item_that_everybody_gets_wrong_is_brought_to_its_steward(
    either_world: LibraryWorld,
) -> None:
    world = either_world
    world.writes_all()
    world.is_taken(ITEM, right=0, wrong=30)
    night(world)
    kinds = {issue.kind for issue in world.issues()}
    assert FlagKind.EVERYBODY_WRONG in kinds
    assert {issue.about for issue in world.issues()} == {f"item:{ITEM}"}
    world.says("sam", "/improve")
    assert "Nobody who was asked this so far got all of it right" in world.last("sam")


def test_of_fewer_than_ten_people_nothing_is_said(world: LibraryWorld) -> None:
    world.writes_all()
    world.is_taken(ITEM, right=0, wrong=9)
    night(world)
    assert world.issues() == []


def test_a_misconception_is_told_apart(world: LibraryWorld) -> None:
    world.writes_all()
    world.is_taken(ITEM, right=20, wrong=30, chosen="c", certainty=3)
    night(world)
    found = {issue.kind: issue for issue in world.issues()}
    issue = found[FlagKind.MISCONCEPTION]
    assert (issue.n, issue.data["option"]) == (30, "c")


def test_a_changed_item_is_closed_by_its_answers(either_world: LibraryWorld) -> None:
    world = either_world
    world.writes_all()
    world.is_taken(ITEM, right=0, wrong=12)
    night(world)
    world.is_taken(ITEM, right=0, wrong=30)
    change_item(world)
    assert world.issue().state is State.CHANGED
    night(world)
    assert world.issue().state is State.CHANGED
    assert "right at first: 0% of 42 before, too few to show since" in figures(world)

    world.is_taken(ITEM, right=8, wrong=2)
    night(world)
    assert world.issue().state is State.VERIFYING
    assert "right at first: 0% of 42 before, 80% of 10 since" in figures(world)
    assert "too little to say whether it helped" in figures(world)

    world.is_taken(ITEM, right=18, wrong=4)
    night(world)
    closed = [issue for issue in world.issues() if issue.kind is FlagKind.EVERYBODY_WRONG]
    assert [issue.state for issue in closed] == [State.CLOSED]
    with world.database.transaction() as work:
        [*_, last] = work.issues.events(closed[0].id)
    assert (last.kind, last.data["before"], last.data["after"]) == (EventKind.HELPED, 42, 32)
    assert last.actor is None


def test_a_change_that_makes_no_difference_comes_back_when_that_is_sure(
    world: LibraryWorld,
) -> None:
    world.writes_all()
    is_unclear(world)
    world.is_read_by(200, unclear=0, version="old", at=world.now)
    world.passes(hours=1)
    world.changes_text()
    world.is_read_by(60, unclear=2, version="new", at=world.now)
    night(world)
    assert world.issue().state is State.VERIFYING
    assert "no clear difference yet" in figures(world)
    world.is_read_by(140, unclear=0, version="newer", at=world.now)
    night(world)
    assert world.issue().state is State.REOPENED


def test_a_section_that_is_unclear_again_is_open_again(either_world: LibraryWorld) -> None:
    world = either_world
    world.writes_all()
    is_unclear(world)
    world.passes(hours=1)
    world.changes_text()
    for who in ("kim", "bo"):
        world.finds_unclear(who)
    assert world.issue().state is State.CHANGED
    world.finds_unclear("lu")
    assert world.issue().state is State.REOPENED
    world.passes(days=4)
    assert any("The change did not help yet" in text for text in world.dms("sam"))
    # The next change is held against the one that did not help.
    before = world.issue().before
    assert before == world.editions_of("read-share")[0].version
    world.changes_text(body_a="Once more, from the beginning.")
    assert (world.issue().state, world.issue().before) == (State.CHANGED, before)


def test_second_tries_tell_more_of_a_section_than_taps(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.is_taken(ITEM, right=10, wrong=30, first=False)
    world.passes(hours=1)
    world.changes_text()
    world.passes(hours=1)
    world.is_taken(ITEM, right=36, wrong=4, first=False)
    night(world)
    assert world.issue().state is State.CLOSED
    card = figures(world)
    assert "right in a second try: 25% of 40 before, 90% of 40 since" in card
    assert "It is better since the change (a difference of +" in card


def test_a_section_that_gets_worse_comes_back(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    world.is_taken(ITEM, right=36, wrong=4, first=False)
    world.passes(hours=1)
    world.changes_text()
    world.passes(hours=1)
    world.is_taken(ITEM, right=10, wrong=30, first=False)
    night(world)
    assert world.issue().state is State.REOPENED


def test_what_is_changed_in_its_files_is_verified_as_well(world: LibraryWorld) -> None:
    world.writes_all()
    is_unclear(world)
    [section] = [s for s in world.sections() if s.id == "read-share"]
    world.writes(section.model_copy(update={"body": "Quite different."}))
    night(world)
    assert world.issue().state is State.CHANGED
    issue = world.issue()
    with world.database.transaction() as work:
        [*_, last] = work.issues.events(issue.id)
    assert (last.kind, last.actor) == (EventKind.CHANGED, None)


@pytest.mark.parametrize("kind", ["section", "tip"])
def test_what_was_to_be_read_again_is_brought_up_and_closed_by_a_new_date(
    world: LibraryWorld, kind: str
) -> None:
    world.writes_all()
    due = world.now.date() + timedelta(days=10)
    [section] = [s for s in world.sections() if s.id == "read-share"]
    if kind == "section":
        world.writes(section.model_copy(update={"review_by": due}))
    else:
        world.writes(Tip(id="t-link", topic="travel", text="Send links.", review_by=due))
    night(world, days=9)
    assert world.issues() == []
    night(world, days=3)
    issue = world.issue()
    assert (issue.kind, issue.state) == (FlagKind.STALE, State.OPEN)
    world.forges("sam", "library.edit", {"about": issue.about})
    later = date(due.year + 1, due.month, due.day).isoformat()
    world.fills("sam", review_by=later, note="Still right")
    assert world.issue().state is State.CHANGED
    night(world)
    assert world.issue().state is State.CLOSED


def test_a_quiz_whose_questions_are_all_known_is_told_of(world: LibraryWorld) -> None:
    world.writes_all()
    with world.database.transaction() as work:
        answers = work.library.given(WORKSPACE, "data")
    assert (answers.cold, answers.read) == ([], [])
    world.is_taken(ITEM, right=20, wrong=0, first=False)
    with world.database.transaction() as work:
        answers = work.library.given(WORKSPACE, "data")
        retaken = work.library.retaken(WORKSPACE, "data", EPOCH, AFTER_ALL)
    assert len(answers.read) == 20
    assert retaken == Retaken({ITEM: (20, 0)}, 20)
    night(world)
    assert world.issues() == []
    world.is_taken(ITEM, right=7, wrong=0, first=False, seen=True)
    night(world)
    [issue] = world.issues()
    assert (issue.kind, issue.about, issue.n) == (FlagKind.POOL_THIN, "quiz:data", 27)
    assert issue.data["items"] == [ITEM]


def test_a_quiz_with_more_questions_is_closed_by_those_who_try_again(
    either_world: LibraryWorld,
) -> None:
    world = either_world
    quiz = world.writes_all()
    world.is_taken(ITEM, right=20, wrong=0, first=False, seen=True)
    night(world)
    assert world.issue().state is State.OPEN
    assert "New to who tries again: 0% of 20." in figures(world)
    # More variants come with the files. What was asked before says nothing of them.
    variants = [choice(f"share-{n}", "share") for n in range(20, 24)]
    world.writes(quiz.model_copy(update={"items": (*quiz.items, *variants)}))
    night(world)
    assert world.issue().state is State.CHANGED
    assert "new to who tries again: 0% of 20 before, too few to show since" in figures(world)
    world.is_taken("share-20", right=9, wrong=0, first=False)
    night(world)
    assert world.issue().state is State.VERIFYING
    world.is_taken("share-21", right=3, wrong=0, first=False, seen=True, after=9)
    night(world)
    assert world.issue().state is State.CLOSED
    assert "75% of 12 since" in figures(world)


def test_a_quiz_whose_new_questions_are_not_enough_comes_back(world: LibraryWorld) -> None:
    quiz = world.writes_all()
    world.is_taken(ITEM, right=20, wrong=0, first=False, seen=True)
    night(world)
    variant = choice("share-20", "share")
    world.writes(quiz.model_copy(update={"items": (*quiz.items, variant)}))
    night(world)
    world.is_taken("share-20", right=6, wrong=0, first=False)
    world.is_taken(ITEM, right=6, wrong=0, first=False, seen=True, after=6)
    night(world)
    assert world.issue().state is State.REOPENED


def test_few_people_with_many_answers_are_still_few(world: LibraryWorld) -> None:
    world.writes_all()
    for item in ("share-1", "share-2", "share-3", "keep-1", "keep-2", "keep-3"):
        world.is_taken(item, right=9, wrong=0, first=False, seen=True)
    night(world)
    assert world.issues() == []
    world.is_taken("share-1", right=1, wrong=0, first=False, seen=True, after=9)
    night(world)
    assert world.issue().kind is FlagKind.POOL_THIN


def test_every_night_is_one_clock(world: LibraryWorld) -> None:
    world.writes_all()
    for who in ("ana", "ben", "cem"):
        world.says(who, "/read travel")
        world.reads(who)
    due = world.app.next_due()
    assert due is not None
    assert due > world.now
    rows = [row for row in world.dump()["timers"].splitlines() if "library.night" in row]
    assert len(rows) == 1
    world.passes(days=3)
    rows = [row for row in world.dump()["timers"].splitlines() if "library.night" in row]
    assert len(rows) == 1


def test_what_helps_is_told_to_its_steward_once_and_asks_for_nothing(
    either_world: LibraryWorld,
) -> None:
    world = either_world
    world.writes_all()

    def good_news(who: str) -> list[str]:
        return [text for text in world.dms(who) if "Good news" in text]

    world.is_taken(ITEM, right=10, wrong=30)
    world.is_taken(ITEM, right=20, wrong=9, first=False)
    night(world, days=3)
    assert good_news("sam") == []
    world.is_taken(ITEM, right=16, wrong=0, first=False)
    night(world, days=3)
    [told] = good_news("sam")
    assert "55% more of those who tried again were right (85 answers)" in told
    assert FlagKind.SECTION_WORKS not in {issue.kind for issue in world.issues()}
    night(world, days=7)
    assert len(good_news("sam")) == 1
    assert good_news("ana") == []


TRAINS = {
    "ana": "How do I book a train to Lyon?",
    "ben": "How do I book a train?",
    "cem": "How do I book a train for a guest?",
}


def asks(world: LibraryWorld, who: str, words: str) -> None:
    world.says(who, "/ask")
    world.fills(who, question=words, topic="travel")


def test_what_people_keep_asking_is_brought_to_the_steward_until_the_faq_says_it(
    either_world: LibraryWorld,
) -> None:
    world = either_world
    world.writes_all()
    for who in ("ana", "ben"):
        asks(world, who, TRAINS[who])
    asks(world, "cem", "May I take a taxi home late at night?")
    night(world)
    assert world.issues() == []
    asks(world, "cem", TRAINS["cem"])
    night(world)
    issue = world.issue()
    assert (issue.kind, issue.about, issue.n) == (FlagKind.FAQ_GAP, "topic:travel", 3)
    told = figures(world)
    assert "the FAQ has no entry" in told
    assert all(words in told for words in TRAINS.values())
    assert "taxi" not in told
    night(world, days=8)
    assert world.issue().state is State.OPEN
    # There is an entry that answers them.
    with world.database.transaction() as work:
        work.articles.save(
            Article(
                id=ArticleId("trains"),
                workspace=WORKSPACE,
                title=TRAINS["ben"],
                text="In the travel portal.",
                state=ArticleState.PUBLISHED,
                created_at=world.now,
                changed_at=world.now,
                topic=TopicId("travel"),
            )
        )
    night(world)
    assert world.issue().state is State.CLOSED


def test_what_is_asked_again_after_it_was_refused_is_another_gap_only_if_it_is_new(
    world: LibraryWorld,
) -> None:
    world.writes_all()
    for who, words in TRAINS.items():
        asks(world, who, words)
    night(world)
    args = {"issue": world.issue().id}
    world.forges("sam", "library.keep_refusal", args, {"reason": "The portal says it"})
    assert world.issue().state is State.WONT_FIX
    night(world, days=9)
    assert world.issue().state is State.WONT_FIX
