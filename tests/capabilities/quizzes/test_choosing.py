"""Which item comes next: parallel forms, and nobody is bored by what they know (domain.md 1.4)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.capabilities.quizzes.choosing import (
    Bank,
    Choice,
    Seen,
    blocked_by,
    choose,
    draw_form,
    left,
    pick,
    prepare,
    rotate,
)
from bot.capabilities.quizzes.model import Attempt, Current, Response, Start, State
from bot.capabilities.quizzes.rule import decide
from bot.capabilities.quizzes.verdict import Decision, ObjectiveResult, Outcome, Verdict
from bot.ids import AttemptId, PersonId, WorkspaceId
from bot.pack.model import Objective, Policy, Quiz
from tests.bot.item import ADAPTER, CHOICE

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OBJECTIVES = ("one", "two", "three")
GATE = Policy()


def bank(items: Mapping[str, Sequence[str]], more: Mapping[str, Mapping[str, object]]) -> Bank:
    body = CHOICE.model_dump()
    return prepare(
        Quiz(
            id="quiz",
            title="Quiz",
            topic="topic",
            objectives=tuple(Objective(id=id_, text=id_) for id_ in items),
            items=tuple(
                ADAPTER.validate_python(
                    body | {"id": id_, "objective": objective} | dict(more.get(id_, {}))
                )
                for objective, ids in items.items()
                for id_ in ids
            ),
        )
    )


SIX = {objective: [f"{objective}-{n}" for n in range(6)] for objective in OBJECTIVES}
PLAIN = bank(SIX, {})


def attempt(seed: int = 1, objectives: Sequence[str] = OBJECTIVES, **more: object) -> Attempt:
    start = Start("v1", f"{seed:032x}", "gate", tuple(objectives), **more)  # type: ignore[arg-type]  # any field
    return Attempt(
        AttemptId("a"),
        WorkspaceId("w"),
        PersonId("ana"),
        "quiz",
        NOW,
        NOW,
        state=State.IN_PROGRESS,
        start=start,
        started_at=NOW,
    )


def go_on(attempt: Attempt, choice: Choice, *, right: bool = True) -> Attempt:
    response = Response(
        item=choice.item.id,
        item_version="v",
        objective=choice.item.objective,
        order=len(attempt.responses) + 1,
        raw="a",
        credit=float(right),
        right=right,
        shown_at=NOW,
        answered_at=NOW,
        scored=choice.scored,
    )
    return replace(attempt, responses=(*attempt.responses, response))


def look(bank: Bank, policy: Policy, attempt: Attempt) -> Verdict:
    assert attempt.start is not None
    return decide(policy, attempt.start, attempt.responses, left(bank, policy, attempt))


def play(
    bank: Bank,
    attempt: Attempt,
    *,
    policy: Policy = GATE,
    seen: Mapping[str, Seen] | None = None,
    right: str = "",
) -> Attempt:
    """An attempt to its end; `right` says for each answer whether it is (+), then all are."""
    for number in range(100):
        verdict = look(bank, policy, attempt)
        choice = choose(bank, policy, attempt, verdict, seen or {}, {}, NOW)
        if choice is None:
            return attempt
        attempt = go_on(attempt, choice, right=right[number : number + 1] != "-")
    raise AssertionError


def test_objectives_take_turns_from_a_drawn_one_on() -> None:
    played = play(PLAIN, attempt())
    asked = [response.objective for response in played.responses]
    assert asked == [*rotate(OBJECTIVES, played.seed)] * 2
    assert {rotate(OBJECTIVES, bytes([n]))[0] for n in range(50)} == set(OBJECTIVES)


def test_a_third_item_comes_after_the_first_two_of_all() -> None:
    played = play(PLAIN, attempt(), right="-")
    asked = [response.objective for response in played.responses]
    assert len(asked) == 7
    assert asked[6] == asked[0]


def test_after_a_fail_only_what_is_open_is_asked() -> None:
    # Both answers to the first objective are wrong; the fail comes before the last two.
    played = play(PLAIN, attempt(), right="-++-")
    assert look(PLAIN, GATE, played).outcome is Outcome.FAILED
    assert Counter(r.objective for r in played.responses) == dict.fromkeys(OBJECTIVES, 2)


def test_the_same_attempt_draws_the_same_items() -> None:
    first = [r.item for r in play(PLAIN, attempt(5)).responses]
    assert [r.item for r in play(PLAIN, attempt(5)).responses] == first
    assert len({tuple(r.item for r in play(PLAIN, attempt(n)).responses) for n in range(30)}) > 20


def test_what_was_seen_least_and_longest_ago_comes_first() -> None:
    ids = ["a", "b", "c"]
    day = timedelta(days=1)

    def drawn(seen: Mapping[str, Seen], exposures: Mapping[str, int] | None = None) -> str:
        return pick(ids, b"seed", seen, exposures or {}, NOW)

    assert drawn({"a": Seen(1, NOW - 9 * day), "b": Seen(2, NOW - 20 * day)}) == "c"
    everything = {
        "a": Seen(2, NOW - 30 * day),
        "b": Seen(1, NOW - 9 * day),
        "c": Seen(1, NOW - 8 * day),
    }
    assert drawn(everything) == "b"
    assert drawn({}, {"a": 3, "b": 2, "c": 4}) == "b"


def test_what_was_seen_today_or_in_the_last_attempt_comes_last() -> None:
    ids = ["a", "b"]
    long_ago = NOW - timedelta(days=9)
    today = {"a": Seen(1, NOW - timedelta(hours=23)), "b": Seen(3, long_ago)}
    assert pick(ids, b"seed", today, {}, NOW) == "b"
    last = {"a": Seen(1, long_ago, in_last_attempt=True), "b": Seen(3, long_ago)}
    assert pick(ids, b"seed", last, {}, NOW) == "b"


@settings(max_examples=60)
@given(
    seeds=st.lists(st.integers(0, 2**64), min_size=2, max_size=8),
    wrong=st.lists(st.sampled_from("+-"), max_size=9).map("".join),
)
def test_no_item_comes_twice_while_there_is_an_unseen_one(seeds: list[int], wrong: str) -> None:
    seen: dict[str, Seen] = {}
    for number, seed in enumerate(seeds):
        now = NOW + timedelta(days=2 * number)
        played = attempt(seed)
        for step in range(20):
            choice = choose(PLAIN, GATE, played, look(PLAIN, GATE, played), seen, {}, now)
            if choice is None:
                break
            unseen = set(SIX[choice.item.objective]) - set(seen) - played.asked
            assert not (unseen and choice.item.id in seen)
            assert choice.item.id not in played.asked
            assert choice.seen_before == (choice.item.id in seen)
            played = go_on(played, choice, right=wrong[step : step + 1] != "-")
        seen = {id_: replace(known, in_last_attempt=False) for id_, known in seen.items()}
        for id_ in played.asked:
            times = seen[id_].times if id_ in seen else 0
            seen[id_] = Seen(times + 1, now, in_last_attempt=True)


def test_variants_and_enemies_never_meet() -> None:
    mixed = bank(
        {"one": ["a", "b", "c", "d"], "two": ["e", "f"]},
        {
            "b": {"variant_of": "a"},
            "c": {"variant_of": "a"},
            "d": {"enemies": ["e"]},
        },
    )
    assert blocked_by(mixed, ["b"]) == {"a", "b", "c"}
    assert blocked_by(mixed, ["d"]) == blocked_by(mixed, ["e"]) == {"d", "e"}
    # Of three variants one can be asked, and the fourth beside it.
    assert left(mixed, GATE, attempt(objectives=("one", "two"))) == {"one": 2, "two": 2}
    for seed in range(40):
        asked = play(mixed, attempt(seed, ("one", "two"))).asked
        assert len(asked & {"a", "b", "c"}) <= 1
        assert not {"d", "e"} <= asked


def test_drafts_and_retired_items_are_not_asked_and_barred_ones_neither() -> None:
    some = bank(
        {"one": ["a", "b", "c", "d"]}, {"a": {"status": "draft"}, "b": {"status": "retired"}}
    )
    here = attempt(objectives=("one",))
    assert left(some, GATE, here, barred={"c"}) == {"one": 1}
    choice = choose(some, GATE, here, look(some, GATE, here), {}, {}, NOW, barred={"c"})
    assert choice is not None
    assert choice.item.id == "d"


def test_one_pilot_stands_among_the_first_four() -> None:
    pilots = {"one-0": {"status": "pilot"}, "two-0": {"status": "pilot"}}
    tried = bank(SIX, pilots)
    places: Counter[int] = Counter()
    for seed in range(60):
        played = play(tried, attempt(seed))
        unscored = [r.order for r in played.responses if not r.scored]
        assert len(unscored) == 1
        assert len(played.responses) == 7
        places[unscored[0]] += 1
    assert set(places) == {1, 2, 3, 4}


def test_after_a_fail_no_pilot_is_asked() -> None:
    tried = bank(SIX, {"one-0": {"status": "pilot"}})
    failed = Verdict(Outcome.FAILED, (ObjectiveResult("two", 0, 0, Decision.OPEN),), 0, 0)
    open_ = Verdict(Outcome.OPEN, failed.objectives, 0, 0)
    seeds = range(40)
    asked = [choose(tried, GATE, attempt(seed), open_, {}, {}, NOW) for seed in seeds]
    assert {choice.scored for choice in asked if choice} == {True, False}
    asked = [choose(tried, GATE, attempt(seed), failed, {}, {}, NOW) for seed in seeds]
    assert {choice.scored for choice in asked if choice} == {True}


def test_nothing_is_asked_of_who_has_passed_or_waits() -> None:
    for outcome in (Outcome.PASSED, Outcome.WAITS):
        assert choose(PLAIN, GATE, attempt(), Verdict(outcome, (), 0, 0), {}, {}, NOW) is None
    assert (
        choose(
            PLAIN,
            GATE,
            replace(attempt(), start=None, state=State.OFFERED),
            look(PLAIN, GATE, attempt()),
            {},
            {},
            NOW,
        )
        is None
    )


def test_the_item_before_the_person_counts_as_asked() -> None:
    here = replace(attempt(), current=Current("one-3", "v", "one"))
    assert left(PLAIN, GATE, here) == {"one": 5, "two": 6, "three": 6}


def test_the_total_asks_on_when_all_gates_are_decided() -> None:
    policy = Policy(mode="gate_sprt")
    played = play(PLAIN, attempt(), policy=policy)
    assert len(played.responses) == 8
    assert look(PLAIN, policy, played).outcome is Outcome.PASSED
    counts = Counter(r.objective for r in played.responses)
    assert sorted(counts.values()) == [2, 3, 3]


FIXED = Policy(mode="fixed", form={"one": 3, "two": 2}, cut=4)


def test_a_form_has_its_blueprint_and_is_drawn_by_the_seed() -> None:
    form = draw_form(PLAIN, FIXED, b"seed", {}, {}, NOW)
    assert Counter(PLAIN.items[id_].objective for id_ in form) == {"one": 3, "two": 2}
    assert form == draw_form(PLAIN, FIXED, b"seed", {}, {}, NOW)
    assert len({draw_form(PLAIN, FIXED, bytes([n]), {}, {}, NOW) for n in range(20)}) > 15
    seen = {f"one-{n}": Seen(1, NOW - timedelta(days=3)) for n in range(3)}
    second = draw_form(PLAIN, FIXED, b"seed", seen, {}, NOW)
    assert {id_ for id_ in second if id_.startswith("one")} == {"one-3", "one-4", "one-5"}


def test_a_form_keeps_variants_apart_and_shows_its_items_in_order() -> None:
    mixed = bank({"one": ["a", "b", "c"], "two": ["d"]}, {"b": {"variant_of": "a"}})
    policy = Policy(mode="fixed", form={"one": 3, "two": 1}, cut=2)
    form = draw_form(mixed, policy, b"seed", {}, {}, NOW)
    assert len(form) == 3
    assert not {"a", "b"} <= set(form)
    here = attempt(objectives=("one", "two"), form=form)
    open_ = Verdict(Outcome.OPEN, (), 0, 0)
    shown = []
    while (choice := choose(mixed, policy, here, open_, {}, {}, NOW)) is not None:
        shown.append(choice.item.id)
        here = go_on(here, choice)
    assert tuple(shown) == form
    assert left(mixed, policy, here) == {"one": 0, "two": 0}


@pytest.mark.parametrize("count", [1, 3, 128, 129, 1_000])
def test_everything_in_a_pool_is_drawn_some_time(count: int) -> None:
    ids = [f"item-{n:04d}" for n in range(count)]
    drawn = {pick(ids, n.to_bytes(4), {}, {}, NOW) for n in range(count * 4)}
    assert len(drawn) > 0.9 * count
