"""What readers say, what stands under things, and issues, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capabilities.library.ports import Answered, Signal
from bot.capabilities.questions.model import Article, ArticleState, State
from bot.errors import Conflict
from bot.ids import ArticleId, IssueId, PersonId, QuestionId, TopicId
from bot.pack.flag import Flag, FlagKind
from bot.pack.issue import AGAIN_AFTER, OPEN_STATES, EventKind, Issue, fold, raise_flag, step
from bot.pack.issue import State as IssueState
from bot.topic import Topic
from storage.database import Database
from tests.storage.example import ACME, ANA, BO, HOUR, NOW, question

ABOUT = "section:share"
TRAVEL = TopicId("travel")
FLAG = Flag(FlagKind.SECTION_UNCLEAR, ABOUT, 3, {"readers": 9})


def article(id_: str, state: ArticleState = ArticleState.CANDIDATE, **more: object) -> Article:
    kept = Article(
        ArticleId(id_), ACME.id, f"Why {id_}?", "Because.", state, NOW, NOW, topic=TRAVEL
    )
    return replace(kept, **more)  # type: ignore[arg-type]  # by name


def test_a_reader_and_a_tap_count_once_for_each_version(acme: Database) -> None:
    later = NOW + HOUR
    with acme.transaction() as work:
        for who, version in ((ANA, "v1"), (ANA, "v1"), (BO, "v1"), (ANA, "v2")):
            work.library.note_reader(ACME.id, "share", version, who.id, NOW)
        said = [
            work.library.note_unclear(ACME.id, ABOUT, version, ANA.id, NOW)
            for version in ("v1", "v1", "v2")
        ]
    assert said == [True, False, True]
    with acme.transaction() as work:
        assert work.library.readers(ACME.id, "share", NOW, later) == 3
        assert work.library.readers(ACME.id, "share", later, later + HOUR) == 0
        assert len(work.library.signals(ACME.id, ABOUT, NOW, later)) == 2


def test_questions_about_a_thing_are_kept_once_and_the_withdrawn_left_out(acme: Database) -> None:
    gone = replace(question(), id=QuestionId("q9"), number=9, state=State.WITHDRAWN)
    with acme.transaction() as work:
        for asked in (question(), gone):
            work.questions.add(asked)
            for _ in range(2):
                work.library.note_question(ACME.id, ABOUT, asked.id, NOW, counts=False)
        signals = work.library.signals(ACME.id, ABOUT, NOW, NOW + HOUR)
        assert signals == [Signal(NOW, question().id, False), Signal(NOW, gone.id, False)]
        [asked_] = work.library.asked([question().id, gone.id])
        assert (asked_.number, asked_.text) == (question().number, question().text)
        assert work.library.asked([]) == []


def test_only_what_everybody_may_see_stands_under_a_thing(acme: Database) -> None:
    kept = [
        article("a1"),
        article("a2", ArticleState.PUBLISHED, author=BO.id),
        article("a3", ArticleState.PROPOSED),
        article("a4", ArticleState.RETIRED),
        article("a5", ArticleState.MERGED, merged_into=ArticleId("a2")),
    ]
    with acme.transaction() as work:
        for number, one in enumerate(kept):
            work.articles.save(one)
            asked = QuestionId(f"q{number}")
            work.library.attach(ACME.id, ABOUT, asked, one.id, NOW + number * HOUR)
        found = work.library.answers(ACME.id, [ABOUT], 9)
        assert found == [
            Answered(ArticleId("a2"), "Why a2?", "Because.", BO.id, True, TRAVEL),
            Answered(ArticleId("a1"), "Why a1?", "Because.", None, False, TRAVEL),
        ]
        assert work.library.answers(ACME.id, [ABOUT], 1) == found[:1]
        assert work.attached.is_any(ACME.id, ABOUT)
        assert not work.attached.is_any(ACME.id, "section:other")
        # Where a second person has to approve, nothing else is shown.
        work.topics.save(Topic(TRAVEL, ACME.id, "Travel", regulated=True))
        assert work.library.answers(ACME.id, [ABOUT], 9) == found[:1]


def test_who_listens_is_told_once(acme: Database) -> None:
    with acme.transaction() as work:
        for who in (ANA, BO, ANA):
            work.library.listen(ACME.id, ABOUT, who.id, NOW)
        work.library.listen(ACME.id, "section:other", ANA.id, NOW)
        assert work.library.listens(ABOUT, ANA.id)
        work.library.forget(BO.id)
        assert work.library.take_listeners(ACME.id, ABOUT) == [ANA.id]
        assert work.library.take_listeners(ACME.id, ABOUT) == []
        assert work.library.listening(ANA.id) == ["section:other"]


def test_of_nobody_nothing_was_missed(acme: Database) -> None:
    with acme.transaction() as work:
        assert work.library.missed(PersonId("nobody"), ["share-1"]) is None
        assert work.library.missed(ANA.id, []) is None


def test_an_issue_is_kept_with_its_events_and_saved_by_version(acme: Database) -> None:
    with acme.transaction() as work:
        issue = raise_flag(work.issues, ACME.id, TRAVEL, FLAG, "v1", NOW, "i1")
        assert issue is not None
        assert work.issues.get(issue.id) == work.issues.find(ACME.id, ABOUT, FLAG.kind) == issue
        assert work.issues.about(ACME.id, ABOUT) == [issue]
        begun = step(work.issues, issue, EventKind.BEGUN, NOW + HOUR, ANA.id)
        assert fold(begun, work.issues.events(issue.id)) == work.issues.get(issue.id) == begun
        assert work.issues.get(IssueId("i2")) is None
    with pytest.raises(Conflict), acme.transaction() as work:
        work.issues.save(issue)


def raised(acme: Database, days: int, version: str = "v1", n: int = 3) -> Issue | None:
    flag = replace(FLAG, n=n)
    with acme.transaction() as work:
        at = NOW + timedelta(days=days)
        return raise_flag(work.issues, ACME.id, TRAVEL, flag, version, at, f"i{days}")


def test_a_flag_is_news_once(acme: Database) -> None:
    assert raised(acme, 0) is not None
    assert raised(acme, 1, n=4) is None
    with acme.transaction() as work:
        [issue] = work.issues.in_states(ACME.id, OPEN_STATES)
    assert issue.n == 3
    assert raised(acme, AGAIN_AFTER.days, n=5) is None
    with acme.transaction() as work:
        [issue] = work.issues.in_states(ACME.id, OPEN_STATES, [TRAVEL])
        assert work.issues.in_states(ACME.id, OPEN_STATES, []) == []
    assert issue.n == 5


def test_a_flag_of_the_version_that_was_to_help_says_that_it_did_not(acme: Database) -> None:
    issue = raised(acme, 0)
    assert issue is not None
    with acme.transaction() as work:
        step(work.issues, issue, EventKind.CHANGED, NOW, data={"version": "v2"})
    assert raised(acme, 1, "v1") is None
    again = raised(acme, 2, "v2")
    assert again is not None
    assert (again.state, again.before) == (IssueState.REOPENED, "v2")


def test_a_flag_that_says_something_good_asks_for_nothing(acme: Database) -> None:
    good = Flag(FlagKind.SECTION_WORKS, "item:share-1", 60, {})
    with acme.transaction() as work:
        assert raise_flag(work.issues, ACME.id, TRAVEL, good, "v1", NOW, "i1") is None
        assert work.issues.in_states(ACME.id, frozenset(IssueState)) == []
