"""FAQ articles with every version, the evidence about them and how they are asked for."""

from dataclasses import replace

import pytest

from bot.capabilities.questions.model import Article, ArticleState, Indexed, Tally, Use, UseKind
from bot.errors import Conflict
from bot.ids import ArticleId, QuestionId
from storage.article import KEPT_PHRASINGS
from storage.database import Database
from tests.storage.example import ACME, ANA, BO, CY, EXPENSES, HOUR, NOW, OTHER, article

A1 = ArticleId("a1")
FULL = Article(
    id=A1,
    workspace=ACME.id,
    title="Wie buche ich? 🚄",
    text="So.",
    state=ArticleState.NEEDS_REVIEW,
    created_at=NOW,
    changed_at=NOW + HOUR,
    topic=EXPENSES,
    author=BO.id,
    verifier=CY.id,
    verified_at=NOW + HOUR,
    review_by=NOW + 9 * HOUR,
    question=QuestionId("q1"),
    merged_into=ArticleId("a0"),
    note="flagged",
    changed_by=ANA.id,
    source="faq.csv:3",
)


@pytest.fixture
def kept(acme: Database) -> Database:
    """The example's workspace with one published article, at version 1."""
    with acme.transaction() as work:
        work.articles.save(article())
    return acme


def test_every_field_of_an_article_comes_back(acme: Database) -> None:
    with acme.transaction() as work:
        saved = work.articles.save(FULL)
    assert saved == replace(FULL, version=1)
    with acme.transaction() as work:
        assert work.articles.get(A1) == saved
        assert work.articles.get(ArticleId("a2")) is None


def test_history_has_every_version_oldest_first(kept: Database) -> None:
    with kept.transaction() as work:
        second = work.articles.save(
            replace(article(), version=1, text="Elsewhere.", changed_by=CY.id)
        )
    with kept.transaction() as work:
        assert list(work.articles.history(A1)) == [replace(article(), version=1), second]
        assert second.version == 2


@pytest.mark.parametrize("version", [0, 2])
def test_saving_another_version_than_was_read_is_a_conflict(kept: Database, version: int) -> None:
    with pytest.raises(Conflict), kept.transaction() as work:
        work.articles.save(replace(article(), version=version, text="Lost."))
    with kept.transaction() as work:
        assert list(work.articles.history(A1)) == [replace(article(), version=1)]


def test_a_source_names_one_article_of_the_workspace(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.add_workspace(OTHER)
        ours = work.articles.save(article(source="faq.csv:3"))
        theirs = work.articles.save(article("a2", workspace=OTHER.id, source="faq.csv:3"))
        work.articles.save(article("a3"))
        work.articles.save(article("a4"))
    with pytest.raises(Conflict), acme.transaction() as work:
        work.articles.save(article("a5", source="faq.csv:3"))
    with acme.transaction() as work:
        found = [work.articles.by_source(ws, "faq.csv:3") for ws in (ACME.id, OTHER.id)]
        assert found == [ours, theirs]
        assert work.articles.by_source(ACME.id, "") is None


def test_of_a_question_the_youngest_article_is_found(acme: Database) -> None:
    with acme.transaction() as work:
        work.articles.save(article(question=QuestionId("q1")))
        younger = work.articles.save(
            article("a2", question=QuestionId("q1"), created_at=NOW + HOUR)
        )
        work.articles.save(article("a3"))
    with acme.transaction() as work:
        assert work.articles.of_question(QuestionId("q1")) == younger
        assert work.articles.of_question(QuestionId("q2")) is None


def test_in_states_come_longest_unchanged_first(acme: Database) -> None:
    states = (ArticleState.DRAFTED, ArticleState.MERGED, ArticleState.IN_REVIEW)
    with acme.transaction() as work:
        for number, state in enumerate((*states, ArticleState.DRAFTED)):
            work.articles.save(article(f"a{number}", state=state, changed_at=NOW - number * HOUR))
    with acme.transaction() as work:
        wanted = frozenset({ArticleState.DRAFTED, ArticleState.IN_REVIEW})
        assert [a.id for a in work.articles.in_states(ACME.id, wanted, 2)] == ["a3", "a2"]
        assert list(work.articles.in_states(OTHER.id, wanted, 2)) == []


def test_by_author_are_written_or_verified_by_the_person(acme: Database) -> None:
    with acme.transaction() as work:
        work.articles.save(article("a1", created_at=NOW + HOUR))
        work.articles.save(article("a2", author=None, verifier=BO.id))
        work.articles.save(article("a3", author=CY.id, changed_by=BO.id))
    with acme.transaction() as work:
        assert [a.id for a in work.articles.by_author(BO.id)] == ["a2", "a1"]


def test_evidence_counts_once_a_key(kept: Database) -> None:
    tap = Use(article=A1, kind=UseKind.SOLVED, at=NOW, key="q1:tap", question=QuestionId("q1"))
    with kept.transaction() as work:
        noted = [work.articles.use(tap), work.articles.use(replace(tap, kind=UseKind.PARTLY))]
    assert noted == [True, False]
    with kept.transaction() as work:
        assert work.articles.tally(A1) == Tally(solved=1)


def test_a_tally_since_a_moment_includes_it(kept: Database) -> None:
    with kept.transaction() as work:
        for hours, kind in enumerate(UseKind, -3):
            for copy in range(hours + 4):
                at = NOW + hours * HOUR
                work.articles.use(Use(article=A1, kind=kind, at=at, key=f"{kind}:{copy}"))
    with kept.transaction() as work:
        assert work.articles.tally(A1) == Tally(1, 2, 3, 4, 5, 6, 7)
        assert work.articles.tally(A1, NOW) == Tally(0, 0, 0, 4, 5, 6, 7)
        assert work.articles.tally(ArticleId("a2")) == Tally()


def test_helped_counts_what_solved_or_worked(kept: Database) -> None:
    with kept.transaction() as work:
        work.articles.save(article("a2", author=CY.id))
        for number, (of, kind) in enumerate(
            (
                ("a1", UseKind.SOLVED),
                ("a1", UseKind.WORKED),
                ("a1", UseKind.PARTLY),
                ("a1", UseKind.DID_NOT_WORK),
                ("a2", UseKind.SOLVED),
            )
        ):
            work.articles.use(Use(article=ArticleId(of), kind=kind, at=NOW, key=str(number)))
    with kept.transaction() as work:
        assert [work.articles.helped(person.id) for person in (BO, CY, ANA)] == [2, 1, 0]


def test_one_question_was_helped_once(kept: Database) -> None:
    with kept.transaction() as work:
        for kind in (UseKind.SOLVED, UseKind.WORKED):
            of = QuestionId("q1")
            work.articles.use(Use(article=A1, kind=kind, at=NOW, key=f"{kind}", question=of))
        assert work.articles.helped(BO.id) == 1


def test_confirmations_are_scored_taps_of_solves_it_or_no(kept: Database) -> None:
    with kept.transaction() as work:
        for number, (kind, score) in enumerate(
            (
                (UseKind.NOT_SOLVED, 0.25),
                (UseKind.SOLVED, 0.75),
                (UseKind.SOLVED, None),
                (UseKind.PARTLY, 0.5),
            )
        ):
            at = NOW - number * HOUR
            work.articles.use(Use(article=A1, kind=kind, at=at, key=str(number), score=score))
    with kept.transaction() as work:
        assert list(work.articles.confirmations(ACME.id)) == [(0.75, True), (0.25, False)]
        assert list(work.articles.confirmations(OTHER.id)) == []


def test_the_newest_phrasings_are_kept(kept: Database) -> None:
    with kept.transaction() as work:
        work.articles.save(article("a2"))
        work.articles.remember_phrasing(ArticleId("a2"), "another's", NOW)
        for number in range(KEPT_PHRASINGS + 2):
            work.articles.remember_phrasing(A1, f"words {number}", NOW)
        work.articles.remember_phrasing(A1, "words 5", NOW + HOUR)
    numbers = [*range(2, 5), *range(6, KEPT_PHRASINGS + 2), 5]
    with kept.transaction() as work:
        assert list(work.articles.phrasings(A1)) == [f"words {number}" for number in numbers]
        assert list(work.articles.phrasings(ArticleId("a2"))) == ["another's"]


def test_detaching_takes_the_name_off_articles_and_their_history(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.add_workspace(OTHER)
        theirs = work.articles.save(article("a9", workspace=OTHER.id))
        first = work.articles.save(article(verifier=BO.id, changed_by=BO.id))
        second = work.articles.save(replace(first, author=CY.id, verifier=BO.id, changed_by=None))
        work.articles.save(article("a2", author=CY.id))
        once = work.articles.save(article("a3"))
        gone = work.articles.save(replace(once, author=None))
    with acme.transaction() as work:
        assert work.articles.detach(ACME.id, BO.id) == 2
    with acme.transaction() as work:
        nobody = replace(second, verifier=None, version=3)
        assert work.articles.get(A1) == nobody
        assert list(work.articles.history(A1)) == [
            replace(first, author=None, verifier=None, changed_by=None),
            nobody,
        ]
        assert list(work.articles.history(ArticleId("a3"))) == [replace(once, author=None), gone]
        assert list(work.articles.by_author(BO.id)) == [theirs]
        assert [a.id for a in work.articles.by_author(CY.id)] == ["a1", "a2"]


def test_detaching_from_one_article_leaves_the_others(acme: Database) -> None:
    with acme.transaction() as work:
        first = work.articles.save(article(changed_by=BO.id))
        work.articles.save(replace(first, text="Elsewhere.", changed_by=None))
        other = work.articles.save(article("a2"))
    with acme.transaction() as work:
        assert work.articles.detach(ACME.id, BO.id, A1) == 1
    with acme.transaction() as work:
        names = {(v.author, v.changed_by) for v in work.articles.history(A1)}
        assert names == {(None, None)}
        assert work.articles.get(other.id) == other


def test_a_save_that_would_bring_a_detached_name_back_is_a_conflict(kept: Database) -> None:
    with kept.transaction() as work:
        read = work.articles.get(A1)
    assert read is not None
    with kept.transaction() as work:
        work.articles.detach(ACME.id, BO.id)
    with pytest.raises(Conflict), kept.transaction() as work:
        work.articles.save(replace(read, text="Newer."))


def test_indexed_is_what_search_needs(acme: Database) -> None:
    with acme.transaction() as work:
        work.articles.save(article())
        work.articles.remember_phrasing(A1, "train?", NOW)
        work.articles.remember_phrasing(A1, "rail ticket", NOW)
    with acme.transaction() as work:
        work.articles.save(article("a2", state=ArticleState.RETIRED))
    with acme.transaction() as work:
        shown = Indexed(
            article=A1,
            title="How do I book a train?",
            text="In the travel tool.",
            phrasings=("train?", "rail ticket"),
            suggested=True,
            revision=1,
        )
        retired = replace(shown, article=ArticleId("a2"), phrasings=(), suggested=False, revision=2)
        assert list(work.articles.indexed_since(ACME.id, 0, 100)) == [shown, retired]
        assert list(work.articles.indexed_since(ACME.id, 0, 1)) == [shown]
        assert list(work.articles.indexed_since(ACME.id, 1, 100)) == [retired]
        assert list(work.articles.indexed_since(OTHER.id, 0, 100)) == []


def test_a_change_of_article_or_phrasings_renews_the_revision(kept: Database) -> None:
    def revision() -> int:
        with kept.transaction() as work:
            [indexed] = work.articles.indexed_since(ACME.id, 0, 100)
        return indexed.revision

    assert revision() == 1
    with kept.transaction() as work:
        work.articles.save(replace(article(), version=1, state=ArticleState.NEEDS_REVIEW))
    assert revision() == 2
    with kept.transaction() as work:
        work.articles.remember_phrasing(A1, "train?", NOW)
    assert revision() == 3
    with kept.transaction() as work:
        work.articles.use(Use(article=A1, kind=UseKind.SOLVED, at=NOW, key="tap"))
        work.articles.detach(ACME.id, BO.id)
    assert revision() == 3
