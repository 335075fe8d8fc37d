"""The judge finds each way in which a letter can go wrong."""

from collections.abc import Mapping

import pytest

from bot.outbox import LetterState
from tests.crash.judge import Row, Verdict, breaches, judge, share_of_rate


def row(
    state: str, key: str = "a", *, thing: str = "a", repeats: bool = True, edits: bool = False
) -> Row:
    return Row(lane="here", key=key, thing=thing, state=state, repeats=repeats, edits=edits)


def verdict_of(
    *rows: Row,
    promised: tuple[str, ...] = ("a",),
    posted: Mapping[str, int] | None = None,
    updated: Mapping[str, int] | None = None,
    refused: Mapping[str, int] | None = None,
) -> Verdict:
    verdict = judge(promised, rows, posted or {}, updated or {}, refused or {})
    verdict.examples.clear()
    return verdict


SEEN = {"here/a": 1}


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (
            verdict_of(row(LetterState.SENT), posted=SEEN),
            Verdict(acked=1, delivered=1),
        ),
        (
            verdict_of(),
            Verdict(acked=1, lost=1),
        ),
        (
            verdict_of(row(LetterState.SENT)),
            Verdict(acked=1, lost=1),
        ),
        (
            verdict_of(row(LetterState.PENDING)),
            Verdict(acked=1, lost=1),
        ),
        (
            verdict_of(row(LetterState.SENDING), posted=SEEN),
            Verdict(acked=1, delivered=1, misjudged=1),
        ),
        (
            verdict_of(row(LetterState.SENT), posted={"here/a": 3}),
            Verdict(acked=1, delivered=1, duplicated=2),
        ),
        (
            verdict_of(row(LetterState.SENT, repeats=False), posted={"here/a": 2}),
            Verdict(acked=1, delivered=1, duplicated=1, duplicated_at_most_once=1),
        ),
        (
            verdict_of(
                row(LetterState.SENT),
                row(LetterState.SENT, "b"),
                posted={"here/a": 1, "here/b": 1},
            ),
            Verdict(acked=1, delivered=1, duplicated=1, misjudged=1),
        ),
        (
            verdict_of(row(LetterState.SENT), posted={"here/a": 1, "here/z": 1}),
            Verdict(acked=1, delivered=1, duplicated=1),
        ),
        (
            verdict_of(row(LetterState.UNKNOWN, repeats=False)),
            Verdict(acked=1, unknown=1, lost_unknown=1),
        ),
        (
            verdict_of(row(LetterState.UNKNOWN, repeats=False), posted=SEEN),
            Verdict(acked=1, delivered=1, unknown=1),
        ),
        (
            verdict_of(row(LetterState.UNKNOWN)),
            Verdict(acked=1, unknown=1, lost_unknown=1, lost_at_least_once=1),
        ),
        (
            verdict_of(row(LetterState.FAILED), refused=SEEN),
            Verdict(acked=1, refused=1),
        ),
        (
            verdict_of(row(LetterState.FAILED)),
            Verdict(acked=1, lost=1),
        ),
        (
            verdict_of(row(LetterState.FAILED), posted=SEEN, refused=SEEN),
            Verdict(acked=1, delivered=1, refused=1, misjudged=1),
        ),
        (
            verdict_of(row(LetterState.SENT, edits=True), updated={"here/a": 2}),
            Verdict(acked=1, delivered=1),
        ),
        (
            verdict_of(row("merged", edits=True)),
            Verdict(acked=1, merged=1),
        ),
    ],
)
def test_every_fate_of_a_letter_has_its_name(verdict: Verdict, expected: Verdict) -> None:
    assert verdict == expected


def broken(verdict: Verdict, *, reads_back: bool, limited: int = 0) -> list[str]:
    return breaches(verdict, reads_back=reads_back, bound=2, unsure=1, limited=limited)


def test_a_platform_that_can_be_asked_has_no_excuse() -> None:
    assert broken(Verdict(acked=9, delivered=9), reads_back=True) == []
    assert broken(Verdict(duplicated=1), reads_back=True) == ["1 duplicated"]
    assert broken(Verdict(lost=1), reads_back=True) == ["1 lost"]
    assert len(broken(Verdict(unknown=1), reads_back=True)) == 1
    assert len(broken(Verdict(misjudged=1), reads_back=True)) == 1


def test_a_platform_that_cannot_be_asked_may_lose_or_repeat_what_was_on_the_wire() -> None:
    within = Verdict(duplicated=3, unknown=9, lost_unknown=3)
    assert broken(within, reads_back=False) == []
    assert len(broken(Verdict(duplicated=4), reads_back=False)) == 1
    assert len(broken(Verdict(lost_unknown=4), reads_back=False)) == 1
    assert len(broken(Verdict(lost=1), reads_back=False)) == 1
    assert len(broken(Verdict(duplicated=1, duplicated_at_most_once=1), reads_back=False)) == 1
    assert len(broken(Verdict(lost_unknown=1, lost_at_least_once=1), reads_back=False)) == 1


def test_refusals_for_the_rate_are_a_breach_where_they_count() -> None:
    assert len(broken(Verdict(), reads_back=True, limited=1)) == 1
    assert broken(Verdict(), reads_back=True, limited=0) == []


def test_the_share_of_the_rate_adds_up_lanes_and_counts_pauses() -> None:
    even = [n / 10 for n in range(101)]
    assert share_of_rate({"a": even}, 10) == 1.0
    assert share_of_rate({"a": even, "b": [moment + 5 for moment in even]}, 10) == 1.0
    assert share_of_rate({"a": even, "b": even[::2]}, 10) == 0.75
    assert share_of_rate({"a": [*even, 30.0]}, 10) == pytest.approx(101 / 300, abs=1e-4)
    assert share_of_rate({"a": [5.0], "b": []}, 10) == 0.0
    assert share_of_rate({"a": even}, None) == 0.0
