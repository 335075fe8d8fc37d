"""What was earned and how long it lasts, and evidence that cannot be changed unseen
(domain.md 1.9)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.capabilities.quizzes.certification import (
    GENESIS,
    Answer,
    Certification,
    Checked,
    Event,
    EventKind,
    Evidence,
    State,
    apply,
    can,
    chain,
    check_chain,
    earns_renewal,
    fold,
    next_due,
    pass_time,
    passed,
    told_of,
)
from bot.capabilities.quizzes.model import Response
from bot.errors import Conflict
from bot.ids import AttemptId, CertificationId, PersonId, WorkspaceId
from bot.message import Args
from bot.pack.model import Policy

YEAR = Policy(valid_for=timedelta(days=365))
"""Renewable 60 days before its end, 30 days of grace."""
EARNED = datetime(2026, 3, 2, 9, tzinfo=UTC)
END = EARNED + timedelta(days=365)
KIM, LEA = PersonId("kim"), PersonId("lea")
NONE = Certification(CertificationId("c"), WorkspaceId("w"), PersonId("ana"), "quiz", EARNED)
DAY = timedelta(days=1)


def earn(certification: Certification, at: datetime, policy: Policy = YEAR) -> Certification:
    return apply(certification, passed(certification, policy, at, AttemptId("a"), "e1"))


def happen(
    certification: Certification, kind: EventKind, at: datetime, data: Args | None = None
) -> Certification:
    return apply(certification, Event(certification.id, kind, at, KIM, data or {}))


VALID = earn(NONE, EARNED)


def test_passing_is_valid_for_its_time() -> None:
    assert (
        replace(
            NONE,
            state=State.VALID,
            valid_from=EARNED,
            valid_until=END,
            attempt=AttemptId("a"),
            evidence="e1",
        )
        == VALID
    )
    assert earn(NONE, EARNED, Policy()).valid_until is None
    assert next_due(earn(NONE, EARNED, Policy()), Policy()) is None


@pytest.mark.parametrize(
    ("later", "state", "holds"),
    [
        (timedelta(days=304), State.VALID, True),
        (timedelta(days=305), State.RENEWAL_DUE, True),
        (timedelta(days=364, hours=23), State.RENEWAL_DUE, True),
        (timedelta(days=365), State.GRACE, True),
        (timedelta(days=394, hours=23), State.GRACE, True),
        (timedelta(days=395), State.LAPSED, False),
        (timedelta(days=4_000), State.LAPSED, False),
    ],
)
def test_time_passes(later: timedelta, state: State, holds: bool) -> None:
    events, certification = pass_time(VALID, YEAR, EARNED + later)
    assert (certification.state, certification.holds) == (state, holds)
    assert [event.at for event in events] == [END - 60 * DAY, END, END + 30 * DAY][: len(events)]


@pytest.mark.parametrize("early", [1, 10, 59])
def test_who_renews_early_loses_no_day(early: int) -> None:
    at = END - early * DAY
    _, due = pass_time(VALID, YEAR, at)
    assert earn(due, at).valid_until == END + timedelta(days=365)


def test_who_renews_late_starts_anew() -> None:
    for at in (END + 10 * DAY, END + 100 * DAY):
        _, late = pass_time(VALID, YEAR, at)
        assert earn(late, at).valid_until == at + timedelta(days=365)


def test_passing_again_long_before_piles_nothing_up_and_takes_nothing_away() -> None:
    at = EARNED + 30 * DAY
    assert earn(VALID, at).valid_until == at + timedelta(days=365)
    _, due = pass_time(VALID, YEAR, END - 60 * DAY)
    renewed = earn(due, END - 60 * DAY)
    assert earn(renewed, END - 59 * DAY).valid_until == END + timedelta(days=365)


def test_a_material_change_leaves_sixty_days() -> None:
    at = EARNED + 10 * DAY
    changed = happen(VALID, EventKind.CHANGED_MATERIALLY, at)
    assert (changed.state, changed.valid_until) == (State.RENEWAL_DUE, at + 60 * DAY)
    late = END - 20 * DAY
    _, due = pass_time(VALID, YEAR, late)
    assert happen(due, EventKind.CHANGED_MATERIALLY, late).valid_until == END
    sooner: Args = {"deadline": (at + 5 * DAY).isoformat()}
    assert happen(VALID, EventKind.CHANGED_MATERIALLY, at, sooner).valid_until == at + 60 * DAY
    later: Args = {"deadline": (at + 90 * DAY).isoformat()}
    assert happen(VALID, EventKind.CHANGED_MATERIALLY, at, later).valid_until == at + 90 * DAY
    for_ever = earn(NONE, EARNED, Policy())
    assert happen(for_ever, EventKind.CHANGED_MATERIALLY, at).valid_until == at + 60 * DAY


def test_an_exemption_has_its_own_end() -> None:
    data: Args = {"reason": "On parental leave.", "until": (EARNED + 90 * DAY).isoformat()}
    exempt = happen(NONE, EventKind.EXEMPTED, EARNED, data)
    assert (exempt.state, exempt.holds, exempt.reason) == (
        State.EXEMPT,
        True,
        "On parental leave.",
    )
    events, after = pass_time(exempt, YEAR, EARNED + 91 * DAY)
    assert [(e.kind, e.at) for e in events] == [(EventKind.LAPSED, EARNED + 90 * DAY)]
    assert not after.holds


def test_after_an_exemption_what_was_held_before_is_held_again() -> None:
    begins = EARNED + 20 * DAY
    data: Args = {"reason": "New rule.", "until": (begins + 7 * DAY).isoformat(), "evidence": "e2"}
    exempt = happen(VALID, EventKind.EXEMPTED, begins, data)
    assert (exempt.valid_until, exempt.evidence) == (begins + 7 * DAY, "e2")
    events, after = pass_time(exempt, YEAR, begins + 8 * DAY)
    assert [event.kind for event in events] == [EventKind.EXEMPTION_ENDED]
    assert after == replace(VALID, changed_at=begins + 7 * DAY)
    # Longer than what was held: all that time has done to that meanwhile is done at its end.
    data["until"] = (END + 10 * DAY).isoformat()
    events, after = pass_time(happen(VALID, EventKind.EXEMPTED, begins, data), YEAR, END + 11 * DAY)
    assert after.state is State.GRACE
    assert {event.at for event in events} == {END + 10 * DAY}
    # A second one changes nothing about what is beneath.
    twice = happen(exempt, EventKind.EXEMPTED, begins + DAY, data)
    assert (twice.held_until, twice.held_evidence) == (END, "e1")
    # Who passes meanwhile loses nothing by it.
    assert earn(exempt, begins + DAY).valid_until == begins + DAY + timedelta(days=365)
    assert earn(exempt, begins + DAY, Policy(valid_for=10 * DAY)).valid_until == END


def test_a_material_change_reaches_what_is_held_beneath_an_exemption() -> None:
    data: Args = {"reason": "Leave.", "until": (EARNED + 90 * DAY).isoformat()}
    exempt = happen(VALID, EventKind.EXEMPTED, EARNED + DAY, data)
    changed = happen(exempt, EventKind.CHANGED_MATERIALLY, EARNED + 2 * DAY)
    assert (changed.state, changed.valid_until) == (State.EXEMPT, EARNED + 90 * DAY)
    assert changed.held_until == EARNED + 62 * DAY


def test_an_exemption_without_anything_beneath_ends_in_nothing() -> None:
    exempt = happen(NONE, EventKind.EXEMPTED, EARNED, {"reason": "x"})
    with pytest.raises(Conflict):
        happen(exempt, EventKind.EXEMPTION_ENDED, END)


def test_two_people_revoke() -> None:
    for data in ({"reason": "x"}, {"reason": "x", "second": KIM}):
        with pytest.raises(Conflict, match="Two people"):
            happen(VALID, EventKind.REVOKED, EARNED + DAY, dict(data))
    revoked = happen(VALID, EventKind.REVOKED, EARNED + DAY, {"reason": "x", "second": LEA})
    assert (revoked.state, revoked.holds) == (State.REVOKED, False)
    assert pass_time(revoked, YEAR, END) == ((), revoked)


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        (0, "passed renewal_came_due changed_materially exempted revoked"),
        (305, "passed expired changed_materially exempted revoked"),
        (365, "passed lapsed exempted revoked"),
        (395, "passed exempted revoked"),
    ],
)
def test_what_may_follow_what(days: int, kinds: str) -> None:
    _, certification = pass_time(VALID, YEAR, EARNED + days * DAY)
    # What can be revoked can be proposed to be, and left.
    proposals = {"revocation_proposed", "revocation_declined"}
    able = {kind.value for kind in EventKind if can(certification, kind)}
    assert able == set(kinds.split()) | proposals
    after = apply(certification, Event(VALID.id, EventKind.REVOCATION_PROPOSED, END, data={}))
    assert (after.state, after.valid_until) == (certification.state, certification.valid_until)
    assert {kind.value for kind in EventKind if can(NONE, kind)} == {"passed", "exempted"}
    with pytest.raises(Conflict):
        happen(NONE, EventKind.EXPIRED, EARNED)


def test_a_replay_leads_to_the_same_though_the_policy_changed() -> None:
    first = passed(NONE, YEAR, EARNED, AttemptId("a"), "e1")
    aged, due = pass_time(apply(NONE, first), YEAR, END - DAY)
    second = passed(due, Policy(valid_for=30 * DAY), END - DAY, AttemptId("b"), "e2")
    now = apply(due, second)
    assert now.valid_until == END + 30 * DAY
    assert fold(now, [first, *aged, second]) == now


def test_a_short_certification_is_due_at_once_and_not_before() -> None:
    short = Policy(valid_for=30 * DAY)
    events, certification = pass_time(earn(NONE, EARNED, short), short, EARNED)
    assert [(e.kind, e.at) for e in events] == [(EventKind.RENEWAL_CAME_DUE, EARNED)]
    assert certification.valid_until == EARNED + 30 * DAY


def answers_over_time(days: range, objectives: str = "xy", wrong: int = 0) -> list[Answer]:
    return [
        Answer(f"{objective}{day}", objective, i >= wrong, critical=False, at=EARNED + day * DAY)
        for i, (day, objective) in enumerate((d, o) for d in days for o in objectives)
    ]


def renews(answers: list[Answer]) -> bool:
    return earns_renewal(YEAR, ("x", "y"), answers, EARNED, END)


def test_answers_over_time_renew_without_a_test() -> None:
    steady = answers_over_time(range(10, 300, 30))
    assert renews(steady)
    # Two fresh items of each objective in each half: the second half has one.
    assert not renews([a for a in steady if a.objective != "x" or a.at < EARNED + 170 * DAY])
    assert not renews(answers_over_time(range(10, 150, 10)))
    # Too many wrong ones among the last twenty.
    assert not renews(answers_over_time(range(10, 300, 30), wrong=6))
    assert renews(answers_over_time(range(10, 300, 10), wrong=6))


def test_the_same_item_again_is_not_fresh() -> None:
    again = [replace(a, item=a.objective) for a in answers_over_time(range(10, 300, 30))]
    assert not renews(again)


def test_what_was_answered_before_it_was_earned_is_not_fresh() -> None:
    steady = answers_over_time(range(10, 300, 30))
    before = [replace(a, at=EARNED - 9 * DAY) for a in steady if a.objective == "x"]
    assert renews(steady)
    assert not renews([*before, *steady])


def test_a_critical_error_has_to_be_made_good() -> None:
    steady = answers_over_time(range(10, 300, 30))
    error = Answer("bad", "x", right=False, critical=True, at=EARNED + 290 * DAY)
    assert not renews([*steady, error])
    good = Answer("good", "x", right=True, critical=False, at=EARNED + 295 * DAY)
    assert renews([*steady, error, good])
    elsewhere = replace(good, objective="y")
    assert not renews([*steady, error, elsewhere])


def test_evidence_is_a_chain() -> None:
    first = chain(None, {"b": 1, "a": "é"})
    second = chain(first, {"c": [1, 2]})
    assert first.previous == GENESIS
    assert first.body == '{"a":"é","b":1}'
    assert (second.number, second.previous) == (2, first.digest)
    assert check_chain([first, second], END) == Checked(2)
    assert check_chain([], END) == Checked(0)


@pytest.mark.parametrize(
    ("forge", "number"),
    [
        (lambda r: [r[0], replace(r[1], body='{"n":9}'), r[2]], 2),
        (lambda r: [r[0], r[2]], 2),
        (lambda r: [r[1], r[2]], 1),
        (lambda r: [r[0], chain(r[0], {"n": 9}), r[2]], 3),
        (lambda r: [replace(r[0], number=2), *r[1:]], 1),
    ],
)
def test_whoever_changes_evidence_is_seen(forge: object, number: int) -> None:
    records: list[Evidence] = []
    for n in range(3):
        records.append(chain(records[-1] if records else None, {"n": n}))
    assert callable(forge)
    assert check_chain(forge(records), END).broken_at == number


def test_what_evidence_says_can_be_forgotten_in_its_time_and_the_chain_holds() -> None:
    first = chain(None, {"n": 1}, EARNED)
    second = chain(first, {"n": 2}, END)
    third = chain(second, {"n": 3})
    forgotten = replace(first, body="")
    assert check_chain([forgotten, second, third], EARNED) == Checked(3, 1)
    assert check_chain([first, replace(second, body=""), third], EARNED) == Checked(3, 1, 2)
    assert check_chain([first, second, replace(third, body="")], END) == Checked(3, 1, 3)
    # Nobody makes it go sooner by another date.
    sooner = replace(second, body="", keep_until=EARNED)
    assert check_chain([first, sooner, third], EARNED).broken_at == 2


def test_evidence_keeps_answers_but_not_how_sure_somebody_was() -> None:
    response = Response(
        "i", "v", "one", 1, ["a"], 0.5, right=False, shown_at=EARNED, answered_at=END, certainty=3
    )
    told = told_of(response)
    assert "certainty" not in told
    assert json.loads(chain(None, told).body)["raw"] == ["a"]
