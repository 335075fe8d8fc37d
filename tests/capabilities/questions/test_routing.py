"""Who is asked: the formulas, what speaks for a person, and what nothing may ever override."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.capabilities.questions.expertise import Expertise
from bot.capabilities.questions.model import Level
from bot.capabilities.questions.routing import (
    Barrier,
    Candidate,
    Given,
    Helper,
    History,
    Matter,
    Presence,
    Standing,
    Why,
    choose,
    find_barrier,
    weigh_fairness,
    weigh_hour,
    weigh_load,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SAID: dict[Level, float] = {"steward": 1.0, "can_help": 0.7, "learning": 0.3, "none": 0.0}
LONG_AGO = NOW - timedelta(days=100)


def ask(text: str = "How do I get a refund booked?", **changes: object) -> Matter:
    matter = Matter(id="q", at=NOW, asker="asker", text=text, subjects=("billing",))
    return replace(matter, **changes)  # type: ignore[arg-type]  # the names of Matter's fields


def answered(
    number: int, *people: str, text: str, days_ago: float = 1, subject: str = "billing"
) -> Matter:
    at = NOW - timedelta(days=days_ago)
    return Matter(
        id=f"past-{number}",
        at=at,
        asker="somebody",
        text=text,
        subjects=(subject,),
        answers=tuple(Given(person, at) for person in people),
    )


def said(person: str, level: Level, endorsements: float = 0.0) -> Helper:
    return Helper(
        person,
        Expertise(level, SAID[level], endorsements=endorsements),
        declared_at=None if level == "none" else LONG_AGO,
    )


def who(ranked: list[Candidate]) -> list[str]:
    return [candidate.person for candidate in ranked]


# Formulas


def test_load_is_free_up_to_the_soft_cap() -> None:
    assert weigh_load(0, 5) == weigh_load(5, 5) == 1.0
    assert weigh_load(7, 5) == pytest.approx(exp(-1))
    assert weigh_load(9, 5) == pytest.approx(0.135335, abs=1e-6)
    assert weigh_load(1_000, None) == 1.0


def test_fairness_is_relative_to_what_a_person_answers_anyway() -> None:
    assert weigh_fairness(0, 0.0) == 1.0
    assert weigh_fairness(1, 0.0) == pytest.approx(exp(-0.2 * 1.5))
    assert weigh_fairness(5, 9.5) == 1.0
    assert weigh_fairness(10, 9.5) == pytest.approx(exp(-0.2 * 0.5))


def test_the_hour_counts_for_who_is_usually_there_in_the_next_three_hours() -> None:
    assert weigh_hour([0] * 24, 9) == pytest.approx(sqrt(3 / 24))
    mornings = [0] * 24
    mornings[23] = mornings[0] = 3
    assert weigh_hour(mornings, 23) == pytest.approx(sqrt(6.375 / 9))
    assert weigh_hour(mornings, 12) == pytest.approx(sqrt(0.375 / 9))


# Barriers


@pytest.mark.parametrize(
    ("helper", "barrier"),
    [
        (Helper("asker"), "asker"),
        (Helper("bo", opted_out=True), "opted_out"),
        (Helper("bo", opted_out_of=frozenset({"billing"})), "opted_out"),
        (Helper("bo", opted_out_of=frozenset({"travel"})), None),
        (Helper("bo", away=True), "away"),
        (Helper("bo", paused=True), "paused"),
        (Helper("bo", quiet_hours=True), "quiet_hours"),
        (Helper("bo", presence="off_hours"), "off_hours"),
        (Helper("bo", asks=9, soft_cap=5), None),
        (Helper("bo", asks=10, soft_cap=5), "over_cap"),
        (Helper("bo", asks=0, soft_cap=0), "over_cap"),
        (Helper("bo", asks=10_000, soft_cap=None), None),
        (Helper("bo", declined=True), "declined"),
        (Helper("bo", already_asked=True), "already_asked"),
        (Helper("bo", manages_asker=True), None),
        (Helper("bo"), None),
    ],
)
def test_a_barrier_has_its_reason(helper: Helper, barrier: Barrier | None) -> None:
    assert find_barrier(ask(), helper) == barrier


def test_the_manager_of_an_anonymous_asker_is_left_out() -> None:
    assert find_barrier(ask(anonymous=True), Helper("bo", manages_asker=True)) == "manages_asker"


def test_a_question_that_can_wait_reaches_people_off_hours_but_seldom() -> None:
    later = said("bo", "can_help")
    ranked = History().rank(
        ask(can_wait=True),
        NOW,
        [replace(later, presence="off_hours"), replace(later, person="cy")],
    )
    assert who(ranked) == ["cy", "bo"]
    assert ranked[1].weight == pytest.approx(0.15 * ranked[0].weight)


# What speaks for a person


def test_a_fresh_workspace_goes_by_what_people_said() -> None:
    helpers = [
        said("learner", "learning"),
        said("stranger", "none"),
        said("steward", "steward"),
        said("helper", "can_help"),
        said("endorsed", "can_help", endorsements=3),
        said("praised", "none", endorsements=1),
    ]
    ranked = History().rank(ask(), NOW, helpers)
    assert who(ranked) == ["endorsed", "steward", "helper", "learner", "praised"]
    assert ranked[0].why == Why(level="can_help", endorsed=True)
    assert ranked[2].why == Why(level="can_help")


def test_nobody_is_found_where_nothing_is_known_of_anybody() -> None:
    assert History().rank(ask(), NOW, [Helper("bo"), Helper("cy")]) == []


def test_a_single_answer_elsewhere_does_not_outweigh_who_said_they_can_help() -> None:
    history = History()
    history.learn(answered(1, "chatty", text="Where is the canteen?", subject="office"))
    ranked = history.rank(ask(), NOW, [Helper("chatty"), said("helper", "can_help")])
    assert who(ranked) == ["helper", "chatty"]


def test_who_answered_similar_questions_comes_first() -> None:
    history = History()
    for number in range(40):
        text = f"My laptop w{number} is broken after the update x{number}"
        history.learn(answered(number, "bo", text=text, subject="it"))
    for number in range(40, 44):
        history.learn(answered(number, "cy", text=f"A refund for order w{number} is missing"))
    helpers = [Helper("bo"), Helper("cy")]
    refund = history.rank(ask("Is the refund for an order missing?"), NOW, helpers)
    laptop = history.rank(ask("Who repairs a broken laptop?"), NOW, helpers)
    assert who(refund) == ["cy", "bo"]
    assert who(laptop) == ["bo", "cy"]
    assert refund[0].why == Why(similar=4, on_subject=4)
    assert refund[1].why == Why()


def test_who_answered_lately_comes_before_who_did_long_ago() -> None:
    history = History()
    for number in range(10):
        history.learn(answered(number, "bo", text="alpha", days_ago=90))
        history.learn(answered(100 + number, "cy", text="alpha", days_ago=2))
    assert who(history.rank(ask("beta"), NOW, [Helper("bo"), Helper("cy")])) == ["cy", "bo"]


def test_who_just_answered_is_active_now() -> None:
    history = History()
    for number in range(10):
        history.learn(answered(number, "bo", "cy", text="alpha", days_ago=3))
    history.learn(answered(20, "bo", text="gamma", days_ago=2 / 24, subject="other"))
    ranked = history.rank(ask("beta"), NOW, [Helper("bo"), Helper("cy")])
    assert [(c.person, c.why.active_now) for c in ranked] == [("bo", True), ("cy", False)]


def test_who_is_named_comes_first() -> None:
    history = History()
    for number in range(40):
        history.learn(answered(number, "bo", text="How do I get a refund booked?"))
    history.learn(answered(50, "cy", text="alpha"))
    ranked = history.rank(ask(named=frozenset({"cy"})), NOW, [Helper("bo"), Helper("cy")])
    assert who(ranked) == ["cy", "bo"]
    assert ranked[0].why.named


def test_who_was_asked_a_lot_falls_back_and_recovers_in_a_week() -> None:
    history = History()
    for number in range(20):
        history.learn(answered(number, "bo", "cy", text="alpha", days_ago=5))
    for _ in range(30):
        history.asked("bo", NOW - timedelta(hours=1))
    helpers = [Helper("bo"), Helper("cy")]
    now = history.rank(ask("alpha"), NOW, helpers)
    later = history.rank(ask("alpha"), NOW + timedelta(days=7), helpers)
    assert who(now) == ["cy", "bo"]
    assert later[0].weight == later[1].weight


# Learning


def test_learning_a_question_again_adds_only_what_is_new() -> None:
    first = answered(1, "bo", text="alpha")
    whole = answered(1, "bo", "cy", text="alpha")
    twice, once = History(), History()
    for matter in (first, first, whole):
        twice.learn(matter)
    once.learn(whole)
    helpers = [Helper("bo"), Helper("cy"), Helper("somebody")]
    assert twice.rank(ask("alpha"), NOW, helpers) == once.rank(ask("alpha"), NOW, helpers)


def test_askers_do_not_answer_themselves() -> None:
    history = History()
    history.learn(answered(1, "somebody", text="alpha"))
    assert history.rank(ask("alpha"), NOW, [Helper("somebody")]) == []


def test_who_is_forgotten_leaves_nothing_behind() -> None:
    history, without = History(), History()
    for number in range(5):
        history.learn(answered(number, "bo", "cy", text="alpha beta"))
        history.asked("bo", NOW)
    history.forget("bo")
    helpers = [Helper("bo"), Helper("cy")]
    assert who(history.rank(ask("alpha"), NOW, helpers)) == ["cy"]
    assert history.rank(ask("alpha"), NOW, [said("bo", "can_help")])[0].why == Why(level="can_help")
    without.forget("nobody")


def test_times_need_a_zone_and_people_come_once() -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001 - the mistake under test
    history = History()
    with pytest.raises(ValueError, match="zone"):
        history.rank(ask(), naive, [])
    with pytest.raises(ValueError, match="zone"):
        history.asked("bo", naive)
    with pytest.raises(ValueError, match="zone"):
        history.learn(ask(answers=(Given("bo", naive),)))
    with pytest.raises(ValueError, match="bo comes twice"):
        history.rank(ask(), NOW, [Helper("bo"), Helper("bo", away=True)])


@pytest.mark.parametrize("text", ["", "🙂🙂", "x" * 40_000, "שאלה על החזר", "<@bo> & `rm -rf`"])
def test_any_text_can_be_learnt_and_ranked(text: str) -> None:
    history = History()
    history.learn(answered(1, "bo", text=text))
    assert who(history.rank(ask(text), NOW, [Helper("bo")])) == ["bo"]


# The draw


def candidates(*weights: float, standing: Standing = "experienced") -> list[Candidate]:
    return [
        Candidate(f"{standing}-{place}", weight, weight, standing, Why())
        for place, weight in enumerate(weights)
    ]


def test_chances_are_in_proportion_to_weight_squared() -> None:
    ranked = candidates(3.0, 2.0, 1.0)
    firsts, seconds = Counter[str](), Counter[str]()
    for seed in range(8_000):
        first, second = choose(ranked, 2, f"question-{seed}:1").people
        firsts[first.person] += 1
        seconds[second.person] += 1
    # Exact chances: 9, 4 and 1 of 14. The tolerance is five standard deviations.
    for person, chance in [("experienced-0", 9 / 14), ("experienced-1", 4 / 14)]:
        assert firsts[person] / 8_000 == pytest.approx(chance, abs=0.028)
    second_best = 9 / 14 * 4 / 5 + 1 / 14 * 4 / 13
    assert seconds["experienced-1"] / 8_000 == pytest.approx(second_best, abs=0.028)


def test_only_the_best_six_are_drawn_unless_others_are_as_good() -> None:
    falling = candidates(*[1.0 - place / 100 for place in range(12)])
    equal = candidates(*[0.5] * 12)
    drawn = {c.person for seed in range(500) for c in choose(falling, 2, f"{seed}").people}
    drawn_equal = {c.person for seed in range(500) for c in choose(equal, 2, f"{seed}").people}
    assert drawn == {f"experienced-{place}" for place in range(6)}
    assert len(drawn_equal) == 12


def test_a_tenth_of_first_waves_brings_somebody_who_is_growing() -> None:
    ranked = candidates(2.0, 1.0) + candidates(0.2, standing="learning")
    waves = [choose(ranked, 1, f"question-{seed}:1") for seed in range(4_000)]
    together = [picks for picks in waves if picks.growing is not None]
    assert len(together) / 4_000 == pytest.approx(0.1, abs=0.024)
    assert {picks.people[0].standing for picks in waves} == {"experienced"}
    assert {len(picks.everyone) for picks in together} == {2}
    seconds = [choose(ranked, 1, f"question-{seed}:2", wave=2) for seed in range(400)]
    assert all(picks.growing is None for picks in seconds)


def test_a_learner_is_drawn_alone_only_when_nobody_else_is_there() -> None:
    learners = candidates(0.2, 0.1, standing="learning")
    assert choose(learners, 1, "question:1").people[0].standing == "learning"
    newcomers = learners + candidates(0.2, standing="new")
    for seed in range(300):
        picks = choose(newcomers, 1, f"{seed}")
        assert [candidate.standing for candidate in picks.everyone] == ["new"]


def test_a_newcomer_is_drawn_like_others_and_besides() -> None:
    ranked = candidates(1.0) + candidates(0.9, standing="new")
    picks = [choose(ranked, 1, f"{seed}") for seed in range(1_000)]
    assert {p.people[0].standing for p in picks} == {"experienced", "new"}
    assert all(p.people[0].standing == "experienced" for p in picks if p.growing is not None)
    assert any(p.growing is not None for p in picks)


def test_standing_follows_what_was_said_and_done() -> None:
    history = History()
    for number in range(3):
        history.learn(answered(number, "proven", text="alpha"))
    new = Expertise("can_help", 0.7)
    learning = Expertise("learning", 0.3)
    ranked = history.rank(
        ask("alpha"),
        NOW,
        [
            Helper("proven", learning, declared_at=NOW - timedelta(days=1)),
            Helper("learner", learning, declared_at=LONG_AGO),
            Helper("newcomer", new, declared_at=NOW - timedelta(days=27)),
            Helper("settled", new, declared_at=NOW - timedelta(days=28)),
        ],
    )
    assert {candidate.person: candidate.standing for candidate in ranked} == {
        "proven": "experienced",
        "learner": "learning",
        "newcomer": "new",
        "settled": "experienced",
    }


# Properties

people = st.sampled_from([f"p{number}" for number in range(9)] + ["asker"])
expertises = st.builds(
    Expertise,
    level=st.sampled_from(["steward", "can_help", "learning", "none"]),
    declared=st.floats(0, 1),
    earned=st.floats(0, 100),
    helpfulness=st.floats(0.01, 1),
    endorsements=st.floats(0, 20),
)
helper_lists = st.lists(
    st.builds(
        Helper,
        person=people,
        expertise=expertises,
        declared_at=st.none() | st.just(NOW) | st.just(LONG_AGO),
        presence=st.sampled_from(["office_hours", "working_hours", "off_hours"]),
        asks=st.integers(0, 12),
        soft_cap=st.none() | st.integers(0, 7),
        opted_out=st.booleans(),
        opted_out_of=st.sampled_from([frozenset(), frozenset({"billing"}), frozenset({"travel"})]),
        away=st.booleans(),
        paused=st.booleans(),
        quiet_hours=st.booleans(),
        declined=st.booleans(),
        already_asked=st.booleans(),
        manages_asker=st.booleans(),
    ),
    max_size=9,
    unique_by=lambda helper: helper.person,
)
histories = st.lists(
    st.builds(
        answered,
        st.integers(0, 30),
        people,
        people,
        text=st.sampled_from(["refund missing", "laptop broken", "where is lunch", "🙂"]),
        days_ago=st.floats(0, 400),
        subject=st.sampled_from(["billing", "travel"]),
    ),
    max_size=12,
)
matters = st.builds(
    ask,
    st.sampled_from(["refund", "lunch and laptop", ""]),
    named=st.frozensets(people, max_size=2),
    anonymous=st.booleans(),
    can_wait=st.booleans(),
)


def remember(past: list[Matter], asks: list[str]) -> History:
    history = History()
    for matter in past:
        history.learn(matter)
    for person in asks:
        history.asked(person, NOW - timedelta(hours=1))
    return history


@given(matters, helper_lists, histories, st.lists(people, max_size=20), st.integers(1, 4))
def test_nobody_behind_a_barrier_is_ever_asked(
    matter: Matter, helpers: list[Helper], past: list[Matter], asks: list[str], count: int
) -> None:
    ranked = remember(past, asks).rank(matter, NOW, helpers)
    by_person = {helper.person: helper for helper in helpers}
    for wave in (1, 2):
        for seed in range(12):
            picks = choose(ranked, count, f"{matter.id}:{seed}", wave)
            asked = [candidate.person for candidate in picks.everyone]
            assert len(set(asked)) == len(asked) <= count + 1
            for person in asked:
                helper = by_person[person]
                assert person != matter.asker
                assert not any((helper.away, helper.paused, helper.quiet_hours))
                assert not any((helper.opted_out, "billing" in helper.opted_out_of))
                assert not any((helper.declined, helper.already_asked))
                assert helper.soft_cap is None or helper.asks + 1 <= 2 * helper.soft_cap
                assert matter.can_wait or helper.presence != "off_hours"
                assert not (matter.anonymous and helper.manages_asker)


@given(matters, helper_lists, histories, st.randoms(use_true_random=False))
def test_the_order_of_helpers_plays_no_part(
    matter: Matter, helpers: list[Helper], past: list[Matter], random: Random
) -> None:
    history = remember(past, [])
    shuffled = random.sample(helpers, len(helpers))
    ranked = history.rank(matter, NOW, helpers)
    assert ranked == history.rank(matter, NOW, shuffled)
    picks = choose(ranked, 2, "question:1")
    assert picks == choose(ranked, 2, "question:1")
    assert picks == choose(random.sample(ranked, len(ranked)), 2, "question:1")


@given(matters, histories, st.randoms(use_true_random=False))
def test_the_order_of_learning_plays_no_part(
    matter: Matter, past: list[Matter], random: Random
) -> None:
    # One question has one text; only then is learning it again the same in any order.
    unique = list({known.id: known for known in past}.values())
    helpers = [Helper(f"p{number}") for number in range(9)]
    one = remember(unique, []).rank(matter, NOW, helpers)
    other = remember(random.sample(unique, len(unique)), []).rank(matter, NOW, helpers)
    weights = {candidate.person: candidate.weight for candidate in other}
    assert {candidate.person: candidate.weight for candidate in one} == pytest.approx(weights)


@given(
    st.dictionaries(
        st.sampled_from([f"p{number}" for number in range(20)]),
        st.sampled_from(["steward", "can_help", "learning", "none"]),
    ),
    st.integers(0, 50),
)
def test_a_fresh_workspace_picks_people_who_declared(levels: dict[str, Level], seed: int) -> None:
    ranked = History().rank(ask(), NOW, [said(person, level) for person, level in levels.items()])
    picks = choose(ranked, 2, f"{seed}")
    declared = {person for person, level in levels.items() if level != "none"}
    assert {candidate.person for candidate in picks.everyone} <= declared
    able = {person for person in declared if levels[person] != "learning"}
    assert len(picks.people) == min(2, len(able or declared))


# The load budget of experts, in a simulation (product N3)


def gini(loads: list[int]) -> float:
    ordered = sorted(loads)
    total, count = sum(ordered), len(ordered)
    ranks = sum(rank * load for rank, load in enumerate(ordered, start=1))
    return 2 * ranks / (count * total) - (count + 1) / count


def test_the_measure_of_inequality_is_right() -> None:
    assert gini([0, 1, 1, 2, 6]) == pytest.approx(0.52)
    assert gini([2, 2, 2, 2]) == pytest.approx(0.0)


@settings(max_examples=4)
@given(st.integers(0, 10_000))
def test_load_is_spread_and_the_cap_never_broken(seed: int) -> None:
    random = Random(seed)
    experts = [f"p{number}" for number in range(12)]
    history = History()
    for number in range(200):
        # A few answer nearly everything, as in every community.
        person = experts[min(int(random.expovariate(0.6)), 11)]
        history.learn(answered(number, person, text="alpha beta", days_ago=random.uniform(1, 40)))
    sent: dict[str, list[datetime]] = {person: [] for person in experts}
    presence: Presence = "working_hours"
    naive: Counter[str] = Counter()
    for number in range(120):
        at = NOW + timedelta(hours=2 * number)
        loads = {
            person: sum(at - when < timedelta(days=7) for when in sent[person])
            for person in experts
        }
        helpers = [Helper(person, asks=loads[person], presence=presence) for person in experts]
        matter = ask("alpha beta", id=f"question-{number}", at=at)
        naive[history.rank(matter, at, [Helper(person) for person in experts])[0].person] += 1
        for candidate in choose(history.rank(matter, at, helpers), 1, f"{matter.id}:1").everyone:
            sent[candidate.person].append(at)
            history.asked(candidate.person, at)
            assert loads[candidate.person] + 1 <= 10
    ours = gini([len(times) for times in sent.values()])
    assert ours < gini([naive[person] for person in experts])
