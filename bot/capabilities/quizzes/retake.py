"""When somebody may try again, and what they need not show again (domain.md 1.8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.capabilities.quizzes.model import CARRIED_FOR, DECIDED, UNDER_WAY, Attempt, State
from bot.capabilities.quizzes.sitting import look
from bot.capabilities.quizzes.verdict import Decision, Outcome
from bot.capabilities.quizzes.work import QuizzesWork
from bot.ids import AttemptId
from bot.pack.model import Policy

QUOTA_DAYS = timedelta(days=30)


def counted(work: QuizzesWork, attempts: Sequence[Attempt], now: datetime) -> list[Attempt]:
    """Those decided lately that count against somebody: not passed, and still not so after all
    that was withdrawn since."""
    return [
        attempt
        for attempt in attempts
        if attempt.state in DECIDED - {State.PASSED}
        and attempt.decided_at is not None
        and attempt.decided_at > now - QUOTA_DAYS
        and (
            not any(response.struck for response in attempt.responses)
            or look(work, attempt).verdict.outcome is Outcome.FAILED
        )
    ]


def opens_again(
    work: QuizzesWork, attempts: Sequence[Attempt], policy: Policy, now: datetime
) -> datetime | None:
    """When the person may begin again; None for now. A full quota ends when the oldest of its
    attempts is a month old."""
    tried = sorted(a.decided_at for a in counted(work, attempts, now) if a.decided_at is not None)
    if not tried:
        return None
    opens = tried[-1] + policy.retake.cooldown
    if len(tried) >= policy.retake.max_per_30d:
        opens = max(opens, tried[-policy.retake.max_per_30d] + QUOTA_DAYS)
    return opens if opens > now else None


def is_quota_used(
    work: QuizzesWork, attempts: Sequence[Attempt], policy: Policy, now: datetime
) -> bool:
    """Whether only a person can help for now."""
    return len(counted(work, attempts, now)) >= policy.retake.max_per_30d


def carried(
    work: QuizzesWork, attempts: Sequence[Attempt], policy: Policy, now: datetime
) -> Mapping[str, AttemptId]:
    """The objectives that need not be shown again, and where each was met: those of attempts
    that were not passed, for thirty days. After a pass everything begins anew."""
    if policy.retake.scope != "failed_objectives" or policy.mode == "fixed":
        return {}
    found: dict[str, AttemptId] = {}
    for attempt in attempts:
        if attempt.state is State.PASSED:
            break
        if attempt.state is not State.FAILED or attempt.decided_at is None:
            continue
        if attempt.decided_at <= now - CARRIED_FOR:
            break
        for result in look(work, attempt).verdict.objectives:
            if result.decision is Decision.MET and result.carried_from is None:
                found.setdefault(result.objective, attempt.id)
    return found


def under_way(attempts: Sequence[Attempt]) -> Attempt | None:
    """The one that is not over; of one quiz nobody has two."""
    return next((a for a in attempts if a.state in UNDER_WAY), None)
