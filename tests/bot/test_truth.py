"""What may be told of letters: everything in numbers, and no small group's reasons."""

from hypothesis import given
from hypothesis import strategies as st

from bot.access import K_ANONYMOUS
from bot.outbox import LetterState
from bot.truth import Account, Cause, Tally, account, is_told, tell_causes

CAUSES = st.dictionaries(
    st.sampled_from(["budget", "paused", "stopped", "away", "day off"]), st.integers(0, 30)
)


def test_every_state_is_counted_where_it_belongs() -> None:
    tallies = [Tally(state, None, 2**number) for number, state in enumerate(sorted(LetterState))]
    of = {tally.state: tally.letters for tally in tallies}
    assert account(tallies) == Account(
        delivered=of[LetterState.SENT],
        waiting=of[LetterState.PENDING]
        + of[LetterState.LEASED]
        + of[LetterState.SENDING]
        + of[LetterState.AMBIGUOUS],
        left_alone=of[LetterState.SUPPRESSED],
        causes=(Cause(None, of[LetterState.SUPPRESSED]),),
        unreachable=of[LetterState.UNREACHABLE],
        failed=of[LetterState.FAILED],
        unknown=of[LetterState.UNKNOWN],
        cancelled=of[LetterState.CANCELLED],
    )
    assert account(tallies).letters == sum(of.values())


@given(st.lists(st.integers(0, 12), max_size=4))
def test_a_number_that_leaves_few_is_not_told_either(groups: list[int]) -> None:
    assert is_told(*groups) == all(people not in range(1, K_ANONYMOUS) for people in groups)


def test_small_reasons_are_told_together() -> None:
    causes = [Cause("budget", 30), Cause("paused", 2), Cause("away", 4)]
    assert tell_causes(causes, 212) == (Cause("budget", 30), Cause(None, 6))


def test_one_small_reason_hides_behind_the_next() -> None:
    causes = [Cause("budget", 30), Cause("away", 7), Cause("paused", 2)]
    assert tell_causes(causes, 212) == (Cause("budget", 30), Cause(None, 9))


def test_a_reason_that_nearly_everybody_shares_is_not_told() -> None:
    assert tell_causes([Cause("paused", 8)], 10) == (Cause(None, 8),)
    assert tell_causes([Cause("paused", 8)], 13) == (Cause("paused", 8),)


def test_without_anybody_there_is_nothing_to_tell() -> None:
    assert tell_causes([Cause("paused", 0)], 10) == ()


@given(CAUSES, st.integers(0, 100))
def test_nothing_told_concerns_fewer_than_five_or_leaves_fewer_than_five(
    people: dict[str, int], others: int
) -> None:
    causes = [Cause(why, count) for why, count in people.items()]
    total = sum(people.values()) + others
    told = tell_causes(causes, total)
    assert sum(cause.people for cause in told) == sum(people.values())
    for cause in told:
        if cause.why is not None:
            assert cause.people == people[cause.why]
            assert cause.people >= K_ANONYMOUS
            assert total - cause.people >= K_ANONYMOUS
    if any(cause.why is not None for cause in told):
        assert all(cause.people >= K_ANONYMOUS for cause in told)
