"""When an attempt is decided: the golden numbers of domain.md 1.5, and what they rest on."""

import math
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.capabilities.quizzes.model import Response, Start
from bot.capabilities.quizzes.rule import (
    Form,
    Operation,
    angoff_cut,
    bounds,
    decide,
    form_of,
    gate_met,
    increments,
    judge,
    log_ratio,
    look_at_total,
    mark_certainty,
    operate_fixed,
    operate_gate,
    operate_sprt,
)
from bot.capabilities.quizzes.verdict import Decision, ObjectiveResult, Outcome, Verdict
from bot.ids import AttemptId
from bot.pack.item import Item
from bot.pack.model import Policy, Sprt
from tests.bot.item import CHOICE, ORDER, SELECT, SPOT

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GATE = Policy(mode="gate")
SPRT = Policy(mode="gate_sprt")
PLENTY = {"one": 9, "two": 9, "three": 9, "four": 9}


def start(*objectives: str, **more: object) -> Start:
    return Start("v1", "00", "gate", objectives, **more)  # type: ignore[arg-type]  # any field


def answers(**marks: str) -> list[Response]:
    """By objective: + right, - wrong, ! critical, ? to be read. In turns, as they are asked."""
    longest = max((len(m) for m in marks.values()), default=0)
    told = [(o, m[i]) for i in range(longest) for o, m in marks.items() if i < len(m)]
    return [
        Response(
            item=f"item-{index}",
            item_version="v",
            objective=objective,
            order=index,
            raw="a",
            credit=float(mark == "+"),
            right=mark == "+",
            shown_at=NOW,
            answered_at=NOW,
            critical=mark == "!",
            needs_person=mark == "?",
        )
        for index, (objective, mark) in enumerate(told, 1)
    ]


def at_gate(marks: str, left: int = 9) -> tuple[Outcome, Decision]:
    verdict = decide(GATE, start("one"), answers(one=marks), {"one": left})
    return verdict.outcome, verdict.objectives[0].decision


@pytest.mark.parametrize(
    ("marks", "decision"),
    [
        ("", Decision.OPEN),
        ("+", Decision.OPEN),
        ("-", Decision.OPEN),
        ("++", Decision.MET),
        ("--", Decision.NOT_MET),
        ("+-", Decision.OPEN),
        ("-+", Decision.OPEN),
        ("+-+", Decision.MET),
        ("-++", Decision.MET),
        ("+--", Decision.NOT_MET),
        # What was decided stays so.
        ("++---", Decision.MET),
        ("--+++", Decision.NOT_MET),
        # A critical error fails the objective, however many are right.
        ("!", Decision.NOT_MET),
        ("+!+", Decision.NOT_MET),
        ("++!", Decision.NOT_MET),
        # Until a person has read it the answer may be either.
        ("?", Decision.OPEN),
        ("+?", Decision.WAITS),
        ("-?", Decision.WAITS),
        ("??", Decision.WAITS),
        ("+?+", Decision.MET),
    ],
)
def test_gate_is_first_to_two(marks: str, decision: Decision) -> None:
    assert at_gate(marks)[1] is decision


@pytest.mark.parametrize(
    ("marks", "decision"),
    [
        ("", Decision.NOT_MET),
        ("+", Decision.MET),
        ("-", Decision.NOT_MET),
        ("+-", Decision.NOT_MET),
        ("?", Decision.WAITS),
    ],
)
def test_without_items_left_two_thirds_decide(marks: str, decision: Decision) -> None:
    assert at_gate(marks, left=0)[1] is decision


@pytest.mark.parametrize(
    ("marks", "decision"),
    [
        ("", Decision.NOT_MET),
        ("+", Decision.NOT_MET),
        ("+-", Decision.NOT_MET),
        ("++", Decision.MET),
        ("--", Decision.NOT_MET),
        # A mark can only decide what may still be enough.
        ("?", Decision.NOT_MET),
        ("-?", Decision.NOT_MET),
        ("+?", Decision.WAITS),
        ("??", Decision.WAITS),
    ],
)
def test_what_is_open_when_it_is_over_is_not_met(marks: str, decision: Decision) -> None:
    verdict = decide(GATE, start("one"), answers(one=marks), {"one": 9}, is_over=True)
    assert verdict.objectives[0].decision is decision
    assert verdict.outcome is not Outcome.OPEN


def test_over_or_not_a_pool_too_thin_has_to_do() -> None:
    assert decide(GATE, start("one"), answers(one="+"), {}, is_over=True).met == ("one",)


def test_all_objectives_have_to_be_met() -> None:
    asked = start("one", "two")
    open_ = decide(GATE, asked, answers(one="++", two="+"), PLENTY)
    assert open_ == Verdict(
        Outcome.OPEN,
        (
            ObjectiveResult("one", 2, 2, Decision.MET),
            ObjectiveResult("two", 1, 1, Decision.OPEN),
        ),
        n=3,
        s=3,
        least=1,
        most=2,
    )
    assert decide(GATE, asked, answers(one="++", two="+-+"), PLENTY).outcome is Outcome.PASSED
    failed = decide(GATE, asked, answers(one="--", two="+-"), PLENTY)
    assert failed.outcome is Outcome.FAILED
    # Who goes on learns about the rest.
    assert (failed.undecided, failed.least, failed.most) == (("two",), 1, 1)


def test_the_rest_goes_on_while_an_answer_is_read() -> None:
    asked = start("one", "two")
    assert decide(GATE, asked, answers(one="+?", two="+"), PLENTY).outcome is Outcome.OPEN
    assert decide(GATE, asked, answers(one="+?", two="++"), PLENTY).outcome is Outcome.WAITS


def test_critical_errors_can_be_let_pass() -> None:
    lenient = Policy(critical_error_fails=False)
    verdict = decide(lenient, start("one"), answers(one="+!+"), PLENTY)
    assert verdict.outcome is Outcome.PASSED


def test_carried_objectives_are_met_already() -> None:
    asked = start("two", carried={"one": AttemptId("before")})
    verdict = decide(GATE, asked, answers(two="++"), PLENTY)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.of("one") == ObjectiveResult(
        "one", 0, 0, Decision.MET, carried_from=AttemptId("before")
    )


def test_pilots_and_withdrawn_items_do_not_count() -> None:
    pilot, struck, right, right_too = answers(one="--++")
    responses = [
        replace(pilot, scored=False),
        replace(struck, struck=True),
        right,
        right_too,
    ]
    assert decide(GATE, start("one"), responses, PLENTY).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("p", "passes", "items"),
    [(0.95, 0.971, 8.4), (0.90, 0.893, 8.7), (0.80, 0.645, 9.3), (0.60, 0.176, 9.9)],
)
def test_gate_passes_as_many_as_it_should(p: float, passes: float, items: float) -> None:
    operation = operate_gate(p, 4)
    assert round(operation.passes, 3) == passes
    assert round(operation.items, 1) == items


def test_gate_keeps_blind_guesses_out() -> None:
    assert round(gate_met(0.25) ** 4, 4) == 0.0006


def test_increments_and_bounds_are_wald_s() -> None:
    assert [round(x, 4) for x in increments(Sprt())] == [0.4055, -1.3863]
    assert [round(x, 4) for x in bounds(Sprt())] == [-2.2513, 2.8904]
    assert round(bounds(Sprt())[1] / increments(Sprt())[0], 2) == 7.13
    assert log_ratio(Sprt(), 7, 8) == pytest.approx(7 * math.log(1.5) + math.log(0.25))


@pytest.mark.parametrize(
    ("p", "fixed_passes", "fixed_items", "sprt_passes", "sprt_items"),
    [
        (0.98, 1.000, 16.3, 1.000, 8.7),
        (0.95, 0.997, 16.8, 0.996, 9.9),
        (0.90, 0.957, 17.6, 0.951, 12.0),
        (0.80, 0.630, 17.5, 0.630, 14.1),
        (0.70, 0.238, 15.2, 0.252, 13.0),
        (0.60, 0.051, 12.3, 0.063, 10.8),
    ],
)
def test_exact_operating_characteristics(
    p: float, fixed_passes: float, fixed_items: float, sprt_passes: float, sprt_items: float
) -> None:
    fixed, sprt = operate_fixed(Form(20, 16), p), operate_sprt(Sprt(), p)
    assert round(fixed.passes, 3) == fixed_passes
    assert round(fixed.items, 1) == fixed_items
    assert round(sprt.passes, 3) == sprt_passes
    assert round(sprt.items, 1) == sprt_items


def test_characteristics_are_to_three_decimals() -> None:
    assert [round(operate_sprt(Sprt(), p).items, 3) for p in (0.95, 0.90, 0.60)] == [
        9.903,
        12.002,
        10.790,
    ]
    assert operate_sprt(Sprt(n_min=1, n_max=1, cut=0.5), 1.0) == Operation(1.0, 1.0)


def test_the_total_decides_nothing_before_its_time() -> None:
    assert look_at_total(Sprt(), 7, 7) is Outcome.OPEN
    assert look_at_total(Sprt(), 8, 8) is Outcome.PASSED
    assert look_at_total(Sprt(), 0, 7) is Outcome.OPEN
    assert look_at_total(Sprt(), 4, 8) is Outcome.FAILED
    assert look_at_total(Sprt(), 5, 8) is Outcome.OPEN
    assert look_at_total(Sprt(), 7, 8) is Outcome.OPEN
    assert look_at_total(Sprt(), 16, 20) is Outcome.PASSED
    assert look_at_total(Sprt(), 15, 20) is Outcome.FAILED


def test_eight_right_in_a_row_pass_the_sequential_test() -> None:
    asked = start("one", "two", "three", "four")
    verdict = decide(SPRT, asked, answers(one="++", two="++", three="++", four="++"), PLENTY)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.llr == pytest.approx(8 * math.log(1.5))
    before = decide(SPRT, asked, answers(one="++", two="++", three="++", four="+"), PLENTY)
    assert (before.outcome, before.least) == (Outcome.OPEN, 1)


def test_the_gate_decides_before_the_total_may() -> None:
    verdict = decide(SPRT, start("one", "two"), answers(one="--"), PLENTY)
    assert verdict.outcome is Outcome.FAILED


def test_a_gap_cannot_be_made_good_elsewhere() -> None:
    marks = {"one": "+++++", "two": "+++++", "three": "+++++", "four": "+--"}
    verdict = decide(SPRT, start(*marks), answers(**marks), PLENTY)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.not_met == ("four",)


def test_what_the_total_has_decided_stays_so() -> None:
    marks = {"one": "++", "two": "++", "three": "++", "four": "++"}
    asked = start(*marks)
    assert decide(SPRT, asked, answers(**marks), PLENTY).outcome is Outcome.PASSED
    late = [*answers(**marks), *answers(one="----")]
    assert decide(SPRT, asked, late, PLENTY).outcome is Outcome.PASSED


def test_when_items_run_out_the_share_decides() -> None:
    asked, nothing = start("one", "two"), dict.fromkeys(PLENTY, 0)
    assert decide(SPRT, asked, answers(one="++", two="++"), PLENTY).outcome is Outcome.OPEN
    assert decide(SPRT, asked, answers(one="++", two="++"), nothing).outcome is Outcome.PASSED
    assert decide(SPRT, asked, answers(one="+-+", two="++-"), nothing).outcome is Outcome.FAILED


def test_a_sequential_test_that_is_over_too_early_is_not_passed() -> None:
    asked = start("one", "two")
    early = answers(one="++", two="++")
    assert decide(SPRT, asked, early, PLENTY, is_over=True).outcome is Outcome.FAILED
    read = answers(one="++?", two="++")
    assert decide(SPRT, asked, read, PLENTY, is_over=True).outcome is Outcome.WAITS
    enough = answers(one="++++", two="++++")
    assert decide(SPRT, asked, enough, PLENTY, is_over=True).outcome is Outcome.PASSED


def test_earlier_answers_count_where_they_speak_for_the_person() -> None:
    asked = start("four", carried=dict.fromkeys(("one", "two", "three"), AttemptId("before")))
    good = answers(one="++", two="++", three="++")
    new = answers(four="++")
    assert decide(SPRT, asked, new, PLENTY, earlier=good).outcome is Outcome.PASSED
    assert decide(SPRT, asked, new, PLENTY).outcome is Outcome.OPEN
    # Four times two of three would be nearly failed before anything is answered.
    bad = answers(one="+-+", two="+-+", three="-++", four="+-+")
    asked = start("five", carried=dict.fromkeys(("one", "two", "three", "four"), AttemptId("b")))
    verdict = decide(SPRT, asked, answers(five="+-"), {"five": 9}, earlier=bad)
    assert verdict.outcome is Outcome.OPEN


@pytest.mark.parametrize(
    ("shares", "passes"),
    [
        ((0.95, 0.95, 0.95, 0.30), 0.18),
        ((0.98, 0.98, 0.98, 0.10), 0.024),
        ((0.90, 0.90, 0.90, 0.90), 0.87),
    ],
)
def test_gate_and_total_together_treat_people_as_designed(
    shares: tuple[float, ...], passes: float
) -> None:
    """domain.md 1.5, "Why the gate matters"; like there, objectives are drawn at random."""
    objectives = ("one", "two", "three", "four")
    asked, rng, people = start(*objectives), random.Random("gate"), 2_000
    passed = 0
    for _ in range(people):
        responses: list[Response] = []
        while (verdict := decide(SPRT, asked, responses, PLENTY)).outcome is Outcome.OPEN:
            objective = rng.choice(objectives)
            right = rng.random() < shares[objectives.index(objective)]
            responses += answers(**{objective: "+" if right else "-"})
        passed += verdict.outcome is Outcome.PASSED
    assert passed / people == pytest.approx(passes, abs=0.02)


FIXED = Policy(mode="fixed", form={"one": 3, "two": 2}, cut=4)
FORM = Form(5, 4)


@pytest.mark.parametrize(
    ("one", "two", "outcome", "least", "most"),
    [
        ("", "", Outcome.OPEN, 4, 5),
        ("++", "+", Outcome.OPEN, 1, 2),
        # Four of five pass: the fifth can change nothing.
        ("++", "++", Outcome.PASSED, 0, 1),
        # Two wrong ones leave three: the other two can change nothing.
        ("-+", "-", Outcome.FAILED, 2, 2),
        ("+!", "+", Outcome.FAILED, 2, 2),
        ("++?", "+-", Outcome.WAITS, 0, 0),
        ("+++", "+?", Outcome.PASSED, 0, 0),
    ],
)
def test_a_fixed_form_stops_when_nothing_can_change(
    one: str, two: str, outcome: Outcome, least: int, most: int
) -> None:
    left = {"one": 3 - len(one), "two": 2 - len(two)}
    verdict = decide(FIXED, start("one", "two"), answers(one=one, two=two), left, form=FORM)
    assert (verdict.outcome, verdict.least, verdict.most) == (outcome, least, most)


def test_a_fixed_form_goes_on_while_a_critical_error_can_be_made() -> None:
    left = {"one": 1, "two": 0}
    responses = answers(one="++", two="++")
    asked = start("one", "two")
    grave = Form(5, 4, frozenset({"item-9"}))
    assert decide(FIXED, asked, responses, left, form=grave).outcome is Outcome.OPEN
    lenient = FIXED.model_copy(update={"critical_error_fails": False})
    assert decide(lenient, asked, responses, left, form=grave).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("one", "two", "grave", "outcome"),
    [
        ("++", "+", "", Outcome.FAILED),
        ("++?", "+", "", Outcome.WAITS),
        ("+?", "+", "", Outcome.FAILED),
        ("++", "++", "", Outcome.PASSED),
        # A question in which a critical error can be made is not passed by silence.
        ("++", "++", "item-9", Outcome.FAILED),
        ("++?", "+", "item-9", Outcome.FAILED),
    ],
)
def test_what_is_not_answered_of_a_fixed_form_is_wrong(
    one: str, two: str, grave: str, outcome: Outcome
) -> None:
    left = {"one": 3 - len(one), "two": 2 - len(two)}
    form = Form(5, 4, frozenset({grave} - {""}))
    responses = answers(one=one, two=two)
    verdict = decide(FIXED, start("one", "two"), responses, left, form=form, is_over=True)
    assert verdict.outcome is outcome
    assert verdict.undecided == ()


def test_parts_of_a_form_say_what_to_read() -> None:
    verdict = decide(
        FIXED,
        start("one", "two"),
        answers(one="+++", two="+-"),
        {"one": 0, "two": 0},
        form=FORM,
    )
    assert verdict.outcome is Outcome.PASSED
    assert verdict.not_met == ("two",)


def test_a_form_takes_its_cut_from_the_policy_or_the_judges() -> None:
    rated: dict[str, Item] = {
        item.id: item.model_copy(update={"angoff": ratings})
        for item, ratings in (
            (CHOICE, (0.8, 0.9, 0.7)),
            (SELECT, (0.5, 0.6, 0.4)),
            (ORDER, (0.9, 0.9, 0.9)),
            (SPOT, (0.6, 0.5, 0.7)),
        )
    }
    ids = list(rated)
    grave = frozenset({"choice", "select"})
    # .8 + .5 + .9 + .6 = 2.8, rounded up.
    assert form_of(FIXED.model_copy(update={"cut": "angoff"}), rated, ids) == Form(4, 3, grave)
    four = Policy(mode="fixed", form={"one": 4}, cut=3)
    assert form_of(four, rated, ids) == Form(4, 3, grave)
    # Of three that are left, as large a share: 2.25, rounded up.
    assert form_of(four, rated, ids[:3]) == Form(3, 3, grave)
    with pytest.raises(ValueError, match="no ratings"):
        form_of(Policy(mode="fixed", form={"one": 1}, cut="angoff"), {"choice": CHOICE}, ["choice"])


def test_the_cut_of_judges_has_an_error_and_items_to_discuss() -> None:
    angoff = judge(
        [
            (0.80, 0.90, 0.85, 0.80, 0.90),
            (0.60, 0.70, 0.65, 0.60, 0.70),
            (0.20, 0.90, 0.50, 0.40, 0.60),
        ]
    )
    assert judge([(0.5, 0.5, 0.5, 0.5, 0.81)]).discuss == (0,)
    assert judge([(0.5, 0.5, 0.5, 0.5, 0.80)]).discuss == ()
    assert judge([(0.5, 0.8, 0.5, 0.8, 0.65)]).discuss == ()
    # Judges' sums: 1.6, 2.5, 2.0, 1.8, 2.2; mean 2.02, deviation .349 285 …
    assert angoff.cut == 3
    assert angoff.mean == pytest.approx(2.02)
    assert angoff.se == pytest.approx(0.349285 / math.sqrt(5), abs=1e-6)
    assert (angoff.low, angoff.high) == pytest.approx(
        (2.02 - 1.96 * angoff.se, 2.02 + 1.96 * angoff.se)
    )
    assert angoff.discuss == (2,)


def test_fewer_than_three_judges_make_no_cut() -> None:
    with pytest.raises(ValueError, match="3 or more judges"):
        judge([(0.5, 0.6)])
    with pytest.raises(ValueError, match="3 or more judges"):
        judge([(0.5, 0.6, 0.7), (0.5, 0.6, 0.7, 0.8)])


def test_a_whole_sum_is_not_rounded_up_for_its_last_bit() -> None:
    assert angoff_cut([(0.7,), (0.7,), (0.7,), (0.9,)]) == 3
    assert angoff_cut([(0.1,)] * 30) == 3


def test_certainty_is_marked_as_gardner_medwin_does() -> None:
    assert [mark_certainty(right=True, certainty=c) for c in (1, 2, 3)] == [1, 2, 3]
    assert [mark_certainty(right=False, certainty=c) for c in (1, 2, 3)] == [0, -2, -6]


@pytest.mark.parametrize(
    ("certainty", "outcome"), [(None, Outcome.FAILED), (1, Outcome.FAILED), (2, Outcome.PASSED)]
)
def test_marked_certainty_can_fail_who_was_right(certainty: int | None, outcome: Outcome) -> None:
    policy = Policy(confidence="cbm")
    responses = [replace(response, certainty=certainty) for response in answers(one="++")]
    assert decide(policy, start("one"), responses, PLENTY).outcome is outcome


def test_certainty_is_no_part_of_the_score_by_default() -> None:
    verdict = decide(GATE, start("one"), answers(one="++"), PLENTY)
    assert (verdict.outcome, verdict.cbm) == (Outcome.PASSED, None)
