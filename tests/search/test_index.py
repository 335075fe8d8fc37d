"""The index as its callers see it."""

import math
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search import (
    LEXICAL,
    THRESHOLDS_LEXICAL,
    THRESHOLDS_WITH_VECTORS,
    WITH_VECTORS,
    Entry,
    Hit,
    TextIndex,
    Vectors,
)

VPN = Entry("vpn", "How do I reset my VPN token?", "Open the portal and choose Reset token.")
LEAVE = Entry("leave", "How do I request parental leave?", "Fill in the form of the HR portal.")
LAPTOP = Entry("laptop", "My laptop is broken, who repairs it?", "The service desk, second floor.")
TRAVEL = Entry("travel", "Which travel costs are refunded?", "Train, hotel and meals.")
ENTRIES = (VPN, LEAVE, LAPTOP, TRAVEL)

WORDS = ["how", "do", "i", "reset", "my", "vpn", "token", "leave", "laptop", "broken", "costs"]
TEXTS = st.lists(st.sampled_from([*WORDS, "😀", "קוד", "请假"]), max_size=6).map(" ".join)
IDS = st.sampled_from(["a", "b", "c", "d"])
KNOWN = st.builds(Entry, IDS, TEXTS, TEXTS, st.lists(TEXTS, max_size=2).map(tuple))


@pytest.fixture(params=["none", "table"])
def vectors(request: pytest.FixtureRequest) -> Vectors | None:
    if request.param == "none":
        return None
    loaded = Vectors.load()
    if loaded is None:
        pytest.skip("the vectors extra is not installed")
    return loaded


@pytest.fixture
def index(vectors: Vectors | None) -> TextIndex:
    return fill(ENTRIES, vectors)


def fill(entries: tuple[Entry, ...] | list[Entry], vectors: Vectors | None = None) -> TextIndex:
    index = TextIndex(vectors)
    for entry in entries:
        index.add(entry)
    return index


def assert_same_hits(left: TextIndex, right: TextIndex, question: str) -> None:
    """Equal but for the last digit, which may fall either way where it is rounded."""
    found, expected = left.search(question, limit=10), right.search(question, limit=10)
    assert {hit.id: hit.score for hit in found} == pytest.approx(
        {hit.id: hit.score for hit in expected}, abs=2e-6
    )


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("How can I reset the token of my VPN?", "vpn"),
        ("parental leave", "leave"),
        ("my LAPTOP is BROKEN", "laptop"),
        ("are travel costs refunded", "travel"),
        ("who repairs a laptop", "laptop"),
    ],
)
def test_another_wording_is_found_first(index: TextIndex, question: str, best: str) -> None:
    hits = index.search(question)
    assert hits[0].id == best
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 < hit.score <= 1 for hit in hits)


def test_the_question_itself_is_answered(index: TextIndex) -> None:
    for entry in ENTRIES:
        assert index.search(entry.title)[0].id == entry.id
        assert index.search(entry.title)[0].score >= index.thresholds.answer


def test_another_subject_is_not_even_suggested(index: TextIndex) -> None:
    hits = index.search("Where is the canteen?")
    assert not hits or hits[0].score < index.thresholds.suggest


def test_meaning_counts_where_there_are_vectors() -> None:
    loaded = Vectors.load()
    if loaded is None:
        pytest.skip("the vectors extra is not installed")
    question = "maternity vacation"
    assert fill(ENTRIES).search(question) == []
    assert fill(ENTRIES, loaded).search(question)[0].id == "leave"


def test_a_misspelling_is_found_without_vectors() -> None:
    assert fill(ENTRIES).search("parentel leeve")[0].id == "leave"


def test_golden_scores_without_vectors() -> None:
    index = fill([Entry("a", "reset the token"), Entry("b", "order the laptop")])
    # Of the question's two words, "token" is in one of two titles and "mine" in none. A title's
    # words count three times; both titles are of mean length, so 3 reaches 3 / (3 + 1.2).
    half, none = math.log(1 + 1.5 / 1.5), math.log(1 + 2.5 / 0.5)
    words = 3 / 4.2 * half / (half + none)
    information = (half + none) / none
    # Terms of the title: reset, token, " reset", "reset the", "the token" are rare, "the" is not.
    # The question's other terms are in no title and do not count.
    rare, common = math.log(3 / 2) + 1, 1.0
    pairs = rare / math.sqrt(5 * rare**2 + common**2)
    # " token " has 12 runs, " reset " as many, " the " has 6; the 9 of " mine " are in no title,
    # but count.
    new = math.log(3 / 1) + 1
    runs = (12 * rare**2) / math.sqrt((12 * rare**2 + 9 * new**2) * (24 * rare**2 + 6 * common**2))
    expected = (0.5 * words + 0.2 * pairs + 0.3 * runs) * information / (information + 0.5)
    (hit,) = index.search("token mine")
    assert hit.id == "a"
    assert hit.score == pytest.approx(expected, abs=1e-6)


def test_a_phrasing_counts_three_tenths(vectors: Vectors | None) -> None:
    # Both indexes hold the same rows, so each score on its own is the same in both.
    wordings = ("lost my authenticator", "code generator gone")
    apart = fill([VPN, LEAVE, Entry("p", wordings[0]), Entry("q", wordings[1])], vectors)
    together = fill([replace(VPN, phrasings=wordings), LEAVE], vectors)
    question = "I lost the code generator for VPN"
    single = {hit.id: hit.score for hit in apart.search(question, limit=4)}
    mixed = {hit.id: hit.score for hit in together.search(question, limit=4)}
    assert mixed["vpn"] == pytest.approx(
        0.7 * single["vpn"] + 0.3 * max(single["p"], single["q"]), abs=2e-6
    )
    assert "p" not in mixed
    assert len(together) == 2


def test_the_same_id_again_replaces(index: TextIndex) -> None:
    index.add(Entry("vpn", "Where do I park my bicycle?", phrasings=("bike rack",)))
    index.add(Entry("vpn", "Where do I park my bicycle?"))
    assert len(index) == 4
    assert index.search("bicycle")[0].id == "vpn"
    assert_same_hits(
        index,
        fill([Entry("vpn", "Where do I park my bicycle?"), LEAVE, LAPTOP, TRAVEL], index._vectors),
        "how do I reset my vpn token or park my bicycle",
    )


def test_what_is_removed_is_gone(index: TextIndex) -> None:
    index.remove("vpn")
    index.remove("never there")
    assert "vpn" not in index
    assert "leave" in index
    assert len(index) == 3
    assert "vpn" not in {hit.id for hit in index.search(VPN.title, limit=10)}


def test_excluded_entries_make_room_for_others(index: TextIndex) -> None:
    question = "how do I request a reset of the laptop"
    ids = [hit.id for hit in index.search(question, limit=2)]
    left = index.search(question, limit=2, exclude={ids[0], "never there"})
    assert left[0].id == ids[1]
    assert ids[0] not in {hit.id for hit in left}
    assert index.search(question, exclude={entry.id for entry in ENTRIES}) == []
    assert [hit.id for hit in index.search(question, limit=2)] == ids


def test_equal_entries_come_by_id(vectors: Vectors | None) -> None:
    ids = [f"{number:03}" for number in range(40)]
    index = fill([Entry(id_, "reset the token") for id_ in reversed(ids)], vectors)
    hits = index.search("reset token", limit=5)
    assert [hit.id for hit in hits] == ids[:5]
    assert len({hit.score for hit in hits}) == 1


def test_limits(index: TextIndex) -> None:
    assert index.search("how do I", limit=0) == []
    assert len(index.search("how do I reset my laptop", limit=1)) == 1
    assert len(index.search("how do I reset my laptop", limit=1_000)) <= 4
    assert TextIndex().search("anything") == []


def test_an_empty_title_is_stood_in_for_by_the_text(vectors: Vectors | None) -> None:
    index = fill([Entry("x", "  ", "Reset the VPN token in the portal."), LEAVE], vectors)
    assert index.search("reset vpn token")[0].id == "x"
    nothing = fill([Entry("x", "", ""), Entry("y", "😀", ""), LEAVE], vectors)
    assert len(nothing) == 3
    assert nothing.search("parental leave")[0].id == "leave"


@pytest.mark.parametrize(
    "question",
    [
        "",
        " \t\n",
        "😀",
        "👩‍💻🎉",
        "?!... --",
        "\u202e",
        "\x00",
        "\ud800",
        "reset \ud800",
        "' OR 1=1 --",
        '"*^:()',
    ],
)
def test_odd_questions_do_no_harm(index: TextIndex, question: str) -> None:
    index.add(Entry("odd", question, question, (question,)))
    assert all(isinstance(hit, Hit) for hit in index.search(question))
    assert index.search("parental leave")[0].id == "leave"


@pytest.mark.parametrize("question", ["", " ", "😀🎉", "?!"])
def test_a_question_without_words_finds_nothing(index: TextIndex, question: str) -> None:
    assert index.search(question, limit=10) == []


def test_right_to_left_and_unspaced_scripts(vectors: Vectors | None) -> None:
    index = fill(
        [
            Entry("he", "איך מאפסים סיסמה?"),
            Entry("ar", "كيف أعيد تعيين كلمة المرور؟"),
            Entry("zh", "如何申请休假"),
            Entry("hi", "छुट्टी कैसे लें"),
            VPN,
        ],
        vectors,
    )
    assert index.search("\u200fאיפוס סיסמה")[0].id == "he"
    assert index.search("كلمة المرور")[0].id == "ar"
    assert index.search("我想休假")[0].id == "zh"
    assert index.search("छुट्टी")[0].id == "hi"


@pytest.mark.parametrize("filling", ["a", "word ", "reset ", "😀", "סיסמה ", "é", "\u0301"])
def test_forty_thousand_characters(index: TextIndex, filling: str) -> None:
    huge = (filling * 40_000)[:40_000]
    index.add(Entry("huge", huge, huge, (huge,)))
    index.search(huge)
    found = index.search(f"parental leave {huge}"[:40_000], limit=10)
    assert "leave" in {hit.id for hit in found}
    index.remove("huge")
    assert index.search("parental leave")[0].id == "leave"


@given(st.lists(KNOWN, max_size=8), st.lists(IDS, max_size=4), TEXTS)
def test_the_way_there_does_not_matter(
    added: list[Entry], removed: list[str], question: str
) -> None:
    index = TextIndex()
    for place, entry in enumerate(added):
        index.add(entry)
        if place % 2:
            index.search(question)
    for id_ in removed:
        index.remove(id_)
    left = {entry.id: entry for entry in added if entry.id not in removed}
    assert len(index) == len(left)
    assert {id_ for id_ in "abcd" if id_ in index} == set(left)
    assert_same_hits(index, fill(sorted(left.values(), key=lambda entry: entry.id)), question)
    assert {hit.id for hit in index.search(question, limit=10)} <= set(left)


@settings(max_examples=25)
@given(st.lists(KNOWN, min_size=1, max_size=4), TEXTS, st.integers(3, 60))
def test_much_coming_and_going_leaves_no_trace(
    entries: list[Entry], question: str, rounds: int
) -> None:
    # Long enough for removed rows to be compacted away several times.
    index = TextIndex()
    for number in range(rounds * 4):
        index.add(Entry("passing", f"vpn token {number}", "reset", (f"travel {number}",)))
        index.add(entries[number % len(entries)])
    index.remove("passing")
    last = {entry.id: entry for entry in entries}
    for entry in last.values():
        index.add(entry)
    assert_same_hits(index, fill(list(last.values())), question)
    assert len(index._ids) <= 64 + 2 * sum(1 + len(entry.phrasings) for entry in last.values())


def test_compaction_keeps_vectors_with_their_entries() -> None:
    loaded = Vectors.load()
    if loaded is None:
        pytest.skip("the vectors extra is not installed")
    index = TextIndex(loaded)
    for number in range(300):
        index.add(Entry(f"old{number}", f"old question {number}"))
    for entry in ENTRIES:
        index.add(entry)
    for number in range(300):
        index.remove(f"old{number}")
    assert len(index._ids) < 100
    for question in ("maternity vacation", "notebook does not work", VPN.title):
        assert_same_hits(index, fill(ENTRIES, loaded), question)


@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=5))
def test_any_text_can_be_asked_and_stored(question: str, titles: list[str]) -> None:
    index = fill([Entry(str(number), title) for number, title in enumerate(titles)])
    for hit in index.search(question, limit=3):
        assert 0 < hit.score <= 1
        assert int(hit.id) < len(titles)


def test_threads_may_share_an_index() -> None:
    index = fill(ENTRIES)
    finished: list[Callable[[int], object]] = []

    def run(work: Callable[[int], object]) -> None:
        for number in range(200):
            work(number)
        finished.append(work)

    def change(number: int) -> None:
        index.add(Entry(f"new{number % 20}", f"reset question {number}"))
        index.remove(f"new{(number + 7) % 20}")

    threads = [
        threading.Thread(target=run, args=(change,)),
        *(
            threading.Thread(target=run, args=(lambda _: index.search("reset token"),))
            for _ in range(3)
        ),
    ]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    finally:
        sys.setswitchinterval(interval)
    assert len(finished) == len(threads)
    assert index.search(VPN.title)[0].id == "vpn"


def test_weights_fit_their_index() -> None:
    for shipped in (WITH_VECTORS, LEXICAL):
        shares = (shipped.words, shipped.pairs, shipped.runs)
        assert sum(shares) + shipped.title_vector + shipped.whole_vector == pytest.approx(1.0)
    with pytest.raises(ValueError, match="need vectors"):
        TextIndex(None, WITH_VECTORS)


def test_thresholds_are_those_of_the_weights(vectors: Vectors | None) -> None:
    expected = THRESHOLDS_LEXICAL if vectors is None else THRESHOLDS_WITH_VECTORS
    assert TextIndex(vectors).thresholds == expected
