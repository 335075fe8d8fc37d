"""Taking a quiz: every way to answer, to leave, and to come back."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.attention import has_stopped
from bot.capabilities.quizzes import messages, review
from bot.capabilities.quizzes.access import find_attempt
from bot.capabilities.quizzes.asking import (
    asked,
    place_of,
    proceed,
    require_asking,
    send,
    show,
)
from bot.capabilities.quizzes.ending import end_failed, result_of, tell_failed
from bot.capabilities.quizzes.messages import Reviewed
from bot.capabilities.quizzes.model import (
    ASKING,
    Attempt,
    EventKind,
    Response,
    State,
    can_resume,
    data_of,
    respond,
)
from bot.capabilities.quizzes.ports import Draft, Need
from bot.capabilities.quizzes.show import (
    Asking,
    ask,
    read_form,
    read_signs,
    tell,
)
from bot.capabilities.quizzes.sitting import Sitting, advance, is_time_up, limit_time, look, stay
from bot.capabilities.quizzes.verdict import Outcome
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import AttemptId
from bot.inbound import Command, PlaceKind, named
from bot.message import Args, Message, Part, fits_a_button, say, shorten
from bot.pack.about import begin_question
from bot.pack.answer import Raw, next_node, parse
from bot.pack.item import Branching, Item, Numeric, ShortText
from bot.pack.markup import bare
from bot.pack.scoring import Scored, key, score
from bot.people import Person, is_away
from bot.ports import Timer
from bot.reply import Reply
from bot.schedule import next_morning

HALF_A_DAY = timedelta(hours=12)
"""Between two questions, for who wants one a day."""
PAGE = 5
"""Answers on a page of what was answered."""
_IN_WORDS = {Need.PLAIN_TEXT, Need.ONE_A_DAY}
"""Who needs one of these takes a quiz up again by answering it in words."""
_LEAVE = {"leave", "leave for now", "later", "quit", "not now"}
GO_ON = {
    *("go on", "continue", "carry on", "start", "go on with the quiz"),
    *(f"{verb}{the} quiz" for verb in ("continue", "start") for the in ("", " the")),
}
"""What may be written for *Go on*."""
_CHANGE = {"change", "change my answer", "change answer"}
_SURE = {"1": 1, "not sure": 1, "2": 2, "fairly sure": 2, "3": 3, "very sure": 3}
_UNCLEAR = {"sure", "yes", "no", "ok", "quite sure", "i am sure", "unsure", "maybe"}
"""Said when asked how sure one is: one of three is meant, and which is not clear."""
_LETTER_AND_SURE = re.compile(r"([a-e])[\s,;:/-]+([123])", re.IGNORECASE)


# --- where the person is ------------------------------------------------------------------


def _locate(
    context: Context, work: QuizzesWork, command: Command
) -> tuple[Sitting, Asking, Draft | None] | Reply:
    """The item that a button or form is about, as it stands before the person; or the reply
    that says where they are instead, because they have come further since."""
    attempt = find_attempt(work, command.person, command.args)
    attempt, refusal = _wake(context, work, command.person, attempt)
    if refusal is not None:
        return refusal
    sitting = look(work, attempt)
    if sitting.item is None or sitting.item.id != named(command.args, "item"):
        return _catch_up(context, work, attempt)
    stay(context, work, attempt)
    asking, draft = asked(work, sitting)
    return sitting, asking, draft


def _wake(
    context: Context, work: QuizzesWork, person: Person, attempt: Attempt
) -> tuple[Attempt, Reply | None]:
    """The attempt, taken up again if it was paused; or what to say where it is over."""
    if attempt.state is State.PAUSED:
        if not can_resume(attempt, context.now):
            advance(context, work, attempt, EventKind.ABANDONED)
            return attempt, Reply(message=say(messages.TOO_OLD), replace=True)
        return advance(context, work, attempt, EventKind.RESUMED, person.id), None
    if attempt.state in ASKING:
        return attempt, None
    return attempt, _tell_end(context, work, attempt)


def _tell_end(context: Context, work: QuizzesWork, attempt: Attempt) -> Reply:
    """What became of an attempt in which nothing can be answered any more."""
    if attempt.start is None or attempt.state in {State.VOIDED, State.ABANDONED}:
        raise NotFound(messages.OVER)
    sitting = look(work, attempt)
    if attempt.state is State.FAILED:
        return Reply(message=tell_failed(context, work, sitting), replace=True)
    result = result_of(context, work, sitting)
    if attempt.state is State.PENDING_REVIEW:
        return Reply(message=messages.waiting(result), replace=True)
    return Reply(message=messages.passed(result), replace=True)


def _catch_up(context: Context, work: QuizzesWork, attempt: Attempt) -> Reply:
    """Where the person is now."""
    sitting = look(work, attempt)
    if sitting.item is not None:
        return Reply(message=show(work, sitting), replace=True)
    if attempt.state is State.FAILED_OPEN:
        verdict = sitting.verdict
        result = result_of(context, work, sitting)
        return Reply(message=messages.fell_short(result, verdict.least, verdict.most), replace=True)
    _, message = proceed(context, work, attempt)
    return Reply(message=message, replace=True)


def go_on(context: Context, work: QuizzesWork, command: Command, attempt: Attempt) -> Reply:
    """The person comes back to an attempt of theirs."""
    attempt, refusal = _wake(context, work, command.person, attempt)
    reply = refusal if refusal is not None else _catch_up(context, work, attempt)
    if command.place.kind is not PlaceKind.DM and reply.message is not None:
        send(work, command.person, attempt, reply.message, f"again:{context.new_id()}")
        return Reply(message=messages.in_private())
    return reply


def resume(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Go on*."""
    return go_on(context, work, command, find_attempt(work, command.person, command.args))


# --- answering ----------------------------------------------------------------------------


def pick(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """A letter: an answer, or a step in a case."""
    found = _locate(context, work, command)
    if isinstance(found, Reply):
        return found
    sitting, asking, draft = found
    # A second tap on the same step must not decide the next one.
    if isinstance(asking.item, Branching) and command.args.get("depth") != len(asking.path):
        return Reply(message=show(work, sitting), replace=True)
    if draft is not None and draft.raw is not None and isinstance(asking.item, Branching):
        return Reply(message=show(work, sitting), replace=True)
    raw = read_signs(asking, [named(command.args, "sign")])
    return Reply(message=_choose(context, work, sitting, asking, raw), replace=True)


def _choose(
    context: Context, work: QuizzesWork, sitting: Sitting, asking: Asking, raw: Raw
) -> Message:
    """An answer that may be one step of many."""
    item = asking.item
    if not isinstance(item, Branching):
        return _take(context, work, sitting, raw, None)
    path = (*asking.path, str(raw))
    if next_node(item, path) is None:
        return _take(context, work, sitting, list(path), None)
    work.attempts.keep_draft(sitting.attempt.id, Draft(item.id, path))
    return show(work, sitting)


def toggle(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """One of several is chosen, or not any more. Nothing is answered yet."""
    found = _locate(context, work, command)
    if isinstance(found, Reply):
        return found
    sitting, _, draft = found
    if draft is not None and draft.raw is not None:
        return Reply(message=show(work, sitting), replace=True)
    return Reply(message=show(work, sitting, picked=_picked(command.args)), replace=True)


def done(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Done*: those that are chosen are the answer."""
    found = _locate(context, work, command)
    if isinstance(found, Reply):
        return found
    sitting, asking, _ = found
    raw = read_signs(asking, _picked(command.args))
    return Reply(message=_take(context, work, sitting, raw, None), replace=True)


def _picked(args: Args) -> Sequence[str]:
    picked = args.get("picked")
    return [str(sign) for sign in picked][:20] if isinstance(picked, list) else []


def form(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Answer*, *Put them in order*, *Match them*: the form."""
    found = _locate(context, work, command)
    if isinstance(found, Reply):
        return found
    sitting, asking, _ = found
    certainty = sitting.quiz.policy.confidence != "off"
    return Reply(form=messages.question_form(asking, place_of(work, sitting), certainty=certainty))


def answer(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form. What is wrong is said at its field, and it stays as it was filled."""
    found = _locate(context, work, command)
    if isinstance(found, Reply):
        return found
    sitting, asking, _ = found
    raw = read_form(asking, command.values)
    sure = command.values.get("sure", "")
    certainty = int(sure) if sure in {"1", "2", "3"} else None
    message = _take(context, work, sitting, raw, certainty, asked_how_sure=True)
    return Reply(message=message, replace=True)


def sure(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """How sure the person is of what they chose."""
    found = _locate(context, work, command)
    if isinstance(found, Reply):
        return found
    sitting, _, draft = found
    certainty = command.args.get("sure")
    if draft is None or draft.raw is None or certainty not in {1, 2, 3}:
        return Reply(message=show(work, sitting), replace=True)
    message = _take(context, work, sitting, draft.raw, int(str(certainty)))
    return Reply(message=message, replace=True)


def change(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Change my answer*, before it is given."""
    found = _locate(context, work, command)
    if isinstance(found, Reply):
        return found
    sitting, _, _ = found
    work.attempts.keep_draft(sitting.attempt.id, None)
    return Reply(message=show(work, sitting), replace=True)


def _take(
    context: Context,
    work: QuizzesWork,
    sitting: Sitting,
    raw: Raw,
    certainty: int | None,
    *,
    asked_how_sure: bool = False,
) -> Message:
    """A whole answer: how sure the person is first, where that is asked; then what follows."""
    attempt, quiz, item = sitting.attempt, sitting.quiz, sitting.item
    if item is None:
        raise NotFound(messages.ANSWERED)
    policy = quiz.policy
    scored = score(item, raw, regulatory=policy.requirement == "regulatory")
    if policy.confidence != "off" and certainty is None and not asked_how_sure:
        work.attempts.keep_draft(attempt.id, Draft(item.id, raw=raw))
        stay(context, work, attempt)
        return show(work, sitting)
    person = work.people.get(attempt.person)
    if person is None:
        raise NotFound(messages.OVER)
    attempt, response = _give(context, work, sitting, item, raw, scored, certainty)
    before: Sequence[Part] = ()
    if policy.feedback == "after_each":
        before = messages.feedback(
            ask(item, attempt.seed),
            raw,
            scored,
            certainty=certainty,
            counted=response.scored,
            reveal=_may_reveal(sitting),
            asked_about=_about(work, sitting, raw) if not scored.right else None,
            answered=not scored.right
            and work.attached.is_any(attempt.workspace, f"item:{item.id}"),
        )
    if Need.ONE_A_DAY in work.needs.of(person.id):
        waiting = _until_tomorrow(context, work, attempt, person, quiz.title, before)
        if waiting is not None:
            return waiting
    _, message = proceed(context, work, attempt, before)
    return message


def _give(
    context: Context,
    work: QuizzesWork,
    sitting: Sitting,
    item: Item,
    raw: Raw,
    scored: Scored,
    certainty: int | None,
) -> tuple[Attempt, Response]:
    """The answer to the item before the person is given."""
    attempt = sitting.attempt
    response = respond(attempt, item, raw, scored, certainty, context.now)
    attempt = advance(
        context, work, attempt, EventKind.ANSWERED, attempt.person, data=data_of(response)
    )
    work.attempts.keep_draft(attempt.id, None)
    if scored.needs_person:
        review.tell_stewards(context, work, sitting.quiz, attempt)
    return attempt, response


def _may_reveal(sitting: Sitting) -> bool:
    """The key of a fixed form that a regulator wants is not told where its pool is thin: those
    who try again would be asked the same."""
    policy = sitting.quiz.policy
    if policy.mode != "fixed" or policy.requirement != "regulatory":
        return True
    return all(
        len(sitting.bank.live.get(objective, ())) >= 2 * wanted
        for objective, wanted in policy.form.items()
    )


def _about(work: QuizzesWork, sitting: Sitting, raw: Raw) -> Args:
    """What goes along with *Ask about this*: the question, what was chosen, where it is told."""
    item, quiz = sitting.item, sitting.quiz
    if item is None:
        return {}
    chosen = "; ".join(bare(line) for line in tell(ask(item, sitting.attempt.seed), raw))
    objective = next((o for o in quiz.objectives if o.id == item.objective), None)
    ids = (*item.sections, *(objective.sections if objective else ()))
    kept = work.packs.section(sitting.attempt.workspace, ids[0]) if ids else None
    where = f"It is about “{kept.value.title}”." if kept is not None and not kept.retired else ""
    args: Args = {"about": f"item:{item.id}"}
    # Most letters of most languages take more room in a button than those of English.
    for share in (1, 2, 4, 8):
        title, stem = shorten(quiz.title, 150 // share), shorten(bare(item.stem), 350 // share)
        lines = [
            f"In the quiz “{title}”: {stem}",
            f"I chose: {shorten(chosen or 'none of them', 200 // share)}",
            shorten(where, 200 // share),
        ]
        begun = {**args, "text": begin_question(lines)}
        if fits_a_button(begun):
            return begun
    return args


def _until_tomorrow(
    context: Context,
    work: QuizzesWork,
    attempt: Attempt,
    person: Person,
    title: str,
    before: Sequence[Part],
) -> Message | None:
    """The pause until the next working day, for who wants one question a day; None at an end."""
    verdict = look(work, attempt).verdict
    if attempt.state is State.FAILED_OPEN:
        # It is decided already: what is left to ask waits as it is.
        if verdict.outcome is not Outcome.FAILED or not verdict.undecided:
            return None
    elif verdict.outcome is not Outcome.OPEN:
        return None
    else:
        attempt = advance(context, work, attempt, EventKind.PAUSED)
    hour = work.attention.get(person.id).hour
    opens = next_morning(person, context.now + HALF_A_DAY, hour)
    work.timers.set(
        Timer(
            key=f"{attempt.subject}:tomorrow",
            due_at=opens,
            action="quiz.tomorrow",
            args={"attempt": attempt.id},
        )
    )
    return messages.until_tomorrow(before, title, messages.when(person, opens, context.now))


# --- plain words --------------------------------------------------------------------------


def hear(context: Context, work: QuizzesWork, command: Command) -> Reply | None:
    """Words in a direct message, if they answer the question that the person is at."""
    person, said = command.person, " ".join(command.text.split())
    going = [a for a in work.attempts.under_way(person.id) if a.start is not None]
    attempt = next((a for a in going if a.state in ASKING), None)
    word = said.casefold().rstrip(".!")
    if attempt is None and word in GO_ON:
        paused = next((a for a in going if a.state is State.PAUSED), None)
        return None if paused is None else _aloud(go_on(context, work, command, paused))
    if attempt is None and not work.needs.of(person.id).isdisjoint(_IN_WORDS):
        # For anybody else a letter may by now be about something else, such as a tip.
        attempt = next((a for a in going if can_resume(a, context.now)), None)
    if attempt is None or not said:
        return None
    if word in _LEAVE and attempt.state is State.IN_PROGRESS:
        return _leave(context, work, attempt)
    sitting = look(work, attempt)
    if sitting.item is None:
        if attempt.state is State.FAILED_OPEN and word in {"finish", "stop here"}:
            return (_finish if word == "finish" else _stop)(context, work, attempt)
        return None
    if attempt.state is State.PAUSED and isinstance(sitting.item, ShortText):
        # After a while words may be about anything.
        return None
    asking, draft = asked(work, sitting)
    certainty = None
    raw: Raw = None
    is_chosen = draft is not None and draft.raw is not None
    if is_chosen and word in _CHANGE:
        work.attempts.keep_draft(attempt.id, None)
        return Reply(message=show(work, sitting))
    if is_chosen and word in _UNCLEAR:
        return None
    if word in GO_ON and not isinstance(asking.item, ShortText):
        return Reply(message=show(work, sitting))
    if draft is not None and draft.raw is not None and word in _SURE:
        raw, certainty = draft.raw, _SURE[word]
    else:
        both = _LETTER_AND_SURE.fullmatch(said) if asking.is_one_of else None
        if both is not None and sitting.quiz.policy.confidence != "off":
            said, certainty = both[1], int(both[2])
        if not _may_be_answer(asking, said):
            return None
        if draft is not None and draft.raw is not None:
            # The whole way of a case is known already: it begins anew.
            asking = ask(asking.item, attempt.seed)
        raw = parse(asking.item, said, asking.shown)
        if raw is None:
            return None
    attempt, refusal = _wake(context, work, person, attempt)
    if refusal is not None:
        return refusal
    sitting = replace(sitting, attempt=attempt)
    if certainty is None or (isinstance(asking.item, Branching) and not isinstance(raw, list)):
        message = _choose(context, work, sitting, asking, raw)
    else:
        message = _take(context, work, sitting, raw, certainty)
    return Reply(message=message)


def _aloud(reply: Reply) -> Reply:
    """To words there is nothing that could be replaced."""
    return reply.model_copy(update={"replace": False})


def _may_be_answer(asking: Asking, said: str) -> bool:
    """Whether words can be meant as an answer: a question to colleagues is none, unless a
    question is what the item asks for."""
    if said.endswith("?") and not _wants_question(asking.item):
        return False
    match asking.item:
        case ShortText(max_length=limit):
            return len(said) <= limit
        case Numeric():
            return len(said.split()) <= 4
        case _:
            return True


def _wants_question(item: Item) -> bool:
    return isinstance(item, ShortText) and any(
        rule.match != "regex" and rule.value.endswith("?") for rule in item.accept
    )


# --- leaving and coming back --------------------------------------------------------------


def leave(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Leave for now*: never a fail."""
    attempt = find_attempt(work, command.person, command.args)
    if attempt.state is State.FAILED_OPEN:
        return _stop(context, work, attempt)
    if attempt.state is State.PAUSED:
        quiz = look(work, attempt).quiz
        return Reply(message=messages.left(attempt, quiz.title), replace=True)
    if attempt.state is not State.IN_PROGRESS:
        return _tell_end(context, work, attempt)
    return _leave(context, work, attempt).model_copy(update={"replace": True})


def _leave(context: Context, work: QuizzesWork, attempt: Attempt) -> Reply:
    attempt = advance(context, work, attempt, EventKind.PAUSED, attempt.person)
    return Reply(message=messages.left(attempt, look(work, attempt).quiz.title))


def stop(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Stop here*, once it is decided."""
    attempt = find_attempt(work, command.person, command.args)
    if attempt.state is not State.FAILED_OPEN:
        return _tell_end(context, work, attempt)
    return _stop(context, work, attempt).model_copy(update={"replace": True})


def _stop(context: Context, work: QuizzesWork, attempt: Attempt) -> Reply:
    _, message = end_failed(context, work, look(work, attempt))
    return Reply(message=message)


def finish(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Finish*: the rest is asked, so that it is known what can be skipped."""
    attempt = find_attempt(work, command.person, command.args)
    if attempt.state is not State.FAILED_OPEN:
        return _tell_end(context, work, attempt)
    return _finish(context, work, attempt).model_copy(update={"replace": True})


def _finish(context: Context, work: QuizzesWork, attempt: Attempt) -> Reply:
    require_asking(attempt)
    _, message = proceed(context, work, attempt)
    return Reply(message=message)


def answers(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*See all answers*: what was asked and said, and what would have been right."""
    args = command.args
    wanted_of = args.get("choice", args.get("attempt"))
    attempt = find_attempt(work, command.person, {"attempt": wanted_of})
    if attempt.start is None or attempt.state in ASKING | {State.PAUSED, State.PENDING_REVIEW}:
        raise NotFound(messages.NOT_YOURS)
    sitting = look(work, attempt)
    said = attempt.responses
    pages = max(1, -(-len(said) // PAGE))
    wanted = command.args.get("page")
    page = min(max(wanted, 1), pages) if isinstance(wanted, int) else 1
    reviewed = []
    for response in said[(page - 1) * PAGE : page * PAGE]:
        item = sitting.bank.items[response.item]
        asking = ask(item, attempt.seed)
        reveal = _may_reveal(sitting) and not isinstance(item, ShortText)
        reviewed.append(
            Reviewed(
                item=item,
                mine=tell(asking, response.raw),
                key=tell(asking, key(item)) if reveal else (),
                right=response.right,
                waits=response.needs_person,
                struck=response.struck,
                principle=item.feedback,
                certainty=response.certainty,
            )
        )
    return Reply(message=messages.answers(sitting.quiz, reviewed, page, pages, attempt.id))


# --- the clock ----------------------------------------------------------------------------


def _of(work: QuizzesWork, timer: Timer) -> Attempt | None:
    return work.attempts.get(AttemptId(str(timer.args["attempt"])))


def silence(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """Nobody has answered for a while: the attempt waits, and nobody is told."""
    attempt = _of(work, timer)
    if attempt is not None and attempt.state is State.IN_PROGRESS:
        advance(context, work, attempt, EventKind.PAUSED)
    elif attempt is not None and attempt.state is State.FAILED_OPEN:
        end_failed(context, work, look(work, attempt))


def abandon(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """Two weeks have passed: the attempt is over, which is no fail."""
    attempt = _of(work, timer)
    if attempt is not None and attempt.state in {State.PAUSED, State.OFFERED}:
        advance(context, work, attempt, EventKind.ABANDONED)


def time_up(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """The time of a quiz that has a limit is over: it is decided by what there is."""
    attempt = _of(work, timer)
    if attempt is None or attempt.state not in ASKING | {State.PAUSED}:
        return
    sitting = look(work, attempt)
    if not is_time_up(context, work, attempt, sitting.quiz):
        # They have said meanwhile that they need more.
        limit_time(work, attempt, sitting.quiz)
        return
    if attempt.state is State.PAUSED:
        attempt = advance(context, work, attempt, EventKind.RESUMED)
    item, draft = sitting.item, work.attempts.draft(attempt.id)
    if item is not None and draft is not None and draft.item == item.id and draft.raw is not None:
        # They have answered; how sure they are was only not said in time.
        is_regulatory = sitting.quiz.policy.requirement == "regulatory"
        scored = score(item, draft.raw, regulatory=is_regulatory)
        there = replace(sitting, attempt=attempt)
        attempt, _ = _give(context, work, there, item, draft.raw, scored, None)
    person = work.people.get(attempt.person)
    attempt, message = proceed(context, work, attempt, is_over=True)
    if person is not None:
        send(work, person, attempt, message, "time_up")


def tomorrow(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """The next question, for who wants one a day."""
    attempt = _of(work, timer)
    person = work.people.get(attempt.person) if attempt is not None else None
    if attempt is None or person is None:
        return
    finishes = attempt.state is State.FAILED_OPEN and attempt.current is None
    if attempt.state is not State.PAUSED and not finishes:
        return
    if has_stopped(work, person):
        # It waits as if they had left it, and goes on once they say so.
        return
    if is_away(person, context.now):
        # A pause or a leave holds for this too; two weeks of it end the attempt as any other.
        hour = work.attention.get(person.id).hour
        due_at = next_morning(person, context.now + HALF_A_DAY, hour)
        work.timers.set(replace(timer, due_at=due_at, attempts=0))
        return
    if not finishes:
        attempt = advance(context, work, attempt, EventKind.RESUMED)
    attempt, message = proceed(context, work, attempt)
    send(work, person, attempt, message, f"day:{len(attempt.responses)}")
