"""The item that comes next, or how it ends: what every answer leads to."""

from collections.abc import Sequence
from dataclasses import replace

from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.ending import end_failed, end_passed, result_of
from bot.capabilities.quizzes.messages import Place
from bot.capabilities.quizzes.model import (
    ASKING,
    Attempt,
    Current,
    EventKind,
    State,
    data_of,
)
from bot.capabilities.quizzes.ports import Draft, Need
from bot.capabilities.quizzes.show import Asking, ask
from bot.capabilities.quizzes.sitting import Sitting, advance, look, next_item
from bot.capabilities.quizzes.verdict import Outcome
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.errors import Conflict, NotFound
from bot.message import Message, Part
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.version import version_of_item
from bot.people import Person


def proceed(
    context: Context,
    work: QuizzesWork,
    attempt: Attempt,
    before: Sequence[Part] = (),
    *,
    is_over: bool = False,
) -> tuple[Attempt, Message]:
    """What follows now: the next item, or an end. `is_over`: nothing more may be asked."""
    sitting = look(work, attempt, is_over=is_over)
    verdict = sitting.verdict
    match verdict.outcome:
        case Outcome.PASSED:
            return end_passed(context, work, sitting, before)
        case Outcome.FAILED:
            if is_over or not verdict.undecided:
                return end_failed(context, work, sitting, before)
            if attempt.state is State.FAILED_OPEN:
                return _show_next(context, work, sitting, before)
            attempt = advance(context, work, attempt, EventKind.FELL_SHORT)
            result = result_of(context, work, replace(sitting, attempt=attempt))
            return attempt, messages.fell_short(result, verdict.least, verdict.most, before)
        case Outcome.WAITS:
            if attempt.state is not State.PENDING_REVIEW:
                attempt = advance(context, work, attempt, EventKind.AWAITED)
            result = result_of(context, work, replace(sitting, attempt=attempt))
            return attempt, messages.waiting(result, before)
        case Outcome.OPEN:
            if attempt.state is not State.IN_PROGRESS:
                attempt = advance(context, work, attempt, EventKind.RESUMED)
                sitting = replace(sitting, attempt=attempt)
            return _show_next(context, work, sitting, before)


def _show_next(
    context: Context, work: QuizzesWork, sitting: Sitting, before: Sequence[Part]
) -> tuple[Attempt, Message]:
    attempt = sitting.attempt
    if sitting.item is not None:
        return attempt, show(work, sitting, before)
    chosen = next_item(context, work, sitting)
    if chosen is None:
        # The rule would like more than there is.
        return proceed(context, work, attempt, before, is_over=True)
    item = chosen.item
    current = Current(
        item.id, version_of_item(item), item.objective, chosen.scored, chosen.seen_before
    )
    attempt = advance(context, work, attempt, EventKind.SHOWN, data=data_of(current))
    work.attempts.keep_draft(attempt.id, None)
    work.attempts.expose(attempt.workspace, attempt.quiz, item.objective, item.id)
    return attempt, show(work, replace(sitting, attempt=attempt), before)


def show(
    work: QuizzesWork,
    sitting: Sitting,
    before: Sequence[Part] = (),
    picked: Sequence[str] = (),
) -> Message:
    """The item before the person, as far as they have come with it.

    Raises:
        Conflict: there is none.
    """
    asking, draft = asked(work, sitting, picked)
    place = place_of(work, sitting)
    if draft is not None and draft.raw is not None:
        counts = sitting.quiz.policy.confidence == "cbm"
        return messages.how_sure(asking, place, draft.raw, counts=counts)
    return messages.question(asking, place, before)


def asked(
    work: QuizzesWork, sitting: Sitting, picked: Sequence[str] = ()
) -> tuple[Asking, Draft | None]:
    """The item before the person as it is shown to them, and what they have chosen so far."""
    item = sitting.item
    if item is None:
        raise Conflict(messages.ANSWERED)
    draft = work.attempts.draft(sitting.attempt.id)
    if draft is not None and draft.item != item.id:
        draft = None
    # At the end of a case there is nothing to choose: the whole way stands in `raw`.
    path = draft.path if draft is not None and draft.raw is None else ()
    return ask(item, sitting.attempt.seed, path, picked), draft


def place_of(work: QuizzesWork, sitting: Sitting) -> Place:
    """Where the item stands, as the person needs it to be shown."""
    needs = work.needs.of(sitting.attempt.person)
    attempt, verdict = sitting.attempt, sitting.verdict
    current = attempt.current
    more = 1 if current is not None and not current.scored else 0
    return Place(
        attempt=attempt.id,
        title=sitting.quiz.title,
        number=len(attempt.responses) + 1,
        least=max(verdict.least + more, 1),
        most=max(verdict.most + more, 1),
        plain=Need.PLAIN_TEXT in needs,
        images=Need.NO_IMAGES not in needs,
        seen_before=current is not None and current.seen_before,
    )


def require_asking(attempt: Attempt) -> None:
    """Raises NotFound unless an item can stand before the person."""
    if attempt.state not in ASKING or attempt.start is None:
        raise NotFound(messages.OVER)


def send(
    work: QuizzesWork,
    person: Person,
    attempt: Attempt,
    message: Message,
    key: str,
) -> None:
    """What the person asked for by taking the quiz, in their direct messages."""
    work.outbox.post(
        attempt.workspace,
        Letter(
            key=f"{attempt.subject}:{key}",
            to=ToPerson(person=person.id),
            message=message,
            kind="quiz.item",
            priority=Priority.ANSWER,
            because=messages.BECAUSE_ASKED,
        ),
    )
