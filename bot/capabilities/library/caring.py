"""What whoever looks after a topic does with what could be better in it."""

from bot.capabilities.library import messages
from bot.capabilities.library.access import find_issue, find_own_thing, looked_after
from bot.capabilities.library.model import Figures
from bot.capabilities.library.step import EPOCH, keep_watch, note
from bot.capabilities.library.tally import quizzes_of
from bot.capabilities.library.thing import Thing, find_thing
from bot.capabilities.library.watching import figures_of, questions_of
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.errors import Invalid, NotAllowed, NotFound
from bot.inbound import Command, named
from bot.message import Message
from bot.pack.about import id_of
from bot.pack.flag import FlagKind
from bot.pack.issue import (
    OPEN_PER_STEWARD,
    OPEN_STATES,
    WATCHED_STATES,
    EventKind,
    Issue,
    State,
    step,
)
from bot.pack.model import Quiz
from bot.pack.statistic import item_statistics
from bot.people import Person
from bot.reply import Reply
from bot.topic import Topic

MOST_LISTED = 10


def list_issues(context: Context, work: LibraryWork, command: Command) -> Reply:
    """`/improve`: what could be better in the topics that the person looks after."""
    person = command.person
    topics = looked_after(work, person)
    if topics is not None and not topics:
        raise NotAllowed(messages.NOTHING_TO_LOOK_AFTER)
    keep_watch(context, work, person.workspace)

    def found(states: frozenset[State]) -> list[tuple[Issue, Thing | None]]:
        issues = work.issues.in_states(person.workspace, states, topics)
        return [(issue, find_thing(work, person.workspace, issue.about)) for issue in issues]

    waiting = found(OPEN_STATES)
    return Reply(
        message=messages.issues(
            waiting[:OPEN_PER_STEWARD],
            len(waiting),
            found(WATCHED_STATES)[:MOST_LISTED],
            found(frozenset({State.CLOSED, State.WONT_FIX}))[:MOST_LISTED],
            quizzes_of(work, person)[:MOST_LISTED],
        )
    )


def count_waiting(work: LibraryWork, person: Person) -> int:
    """How many wait for the person; none for who looks after nothing."""
    topics = looked_after(work, person)
    if topics is not None and not topics:
        return 0
    return len(work.issues.in_states(person.workspace, OPEN_STATES, topics))


def open_issue(context: Context, work: LibraryWork, command: Command) -> Reply:
    """*Look at it*."""
    id_ = named(command.args, "issue") or named(command.args, "choice")
    issue = find_issue(work, command.person, {"issue": id_})
    return Reply(message=card(context, work, issue))


def card(context: Context, work: LibraryWork, issue: Issue) -> Message:
    """The issue as it stands, for somebody who looks after its topic."""
    thing = find_thing(work, issue.workspace, issue.about)
    if thing is None:
        raise NotFound(messages.NO_ISSUE)
    questions = [
        signal.question
        for signal in work.library.signals(issue.workspace, issue.about, EPOCH, context.now)
        if signal.question is not None
    ]
    questions += questions_of(issue)
    return messages.issue_card(
        issue,
        thing,
        work.library.asked(questions) if questions else [],
        _figures(context, work, issue, thing),
        may_change=not isinstance(thing.value, Quiz | Topic) and not thing.retired,
    )


def _figures(context: Context, work: LibraryWork, issue: Issue, thing: Thing) -> Figures | None:
    if thing.quiz is not None:
        answers = work.library.given(issue.workspace, thing.quiz.id)
        return figures_of(work, issue, thing, context.now, item_statistics(answers.cold))
    if id_of(issue.about, "section") is not None or issue.kind is FlagKind.POOL_THIN:
        return figures_of(work, issue, thing, context.now, {})
    return None


def begin(context: Context, work: LibraryWork, command: Command) -> Reply:
    """*I am on it*."""
    issue = find_issue(work, command.person, command.args)
    issue = step(work.issues, issue, EventKind.BEGUN, context.now, command.person.id)
    note(context, work, issue, "begun")
    return Reply(message=card(context, work, issue), replace=True)


def refuse_form(_context: Context, work: LibraryWork, command: Command) -> Reply:
    """*Leave it as it is*: the form asks why."""
    issue = find_issue(work, command.person, command.args)
    thing = find_thing(work, issue.workspace, issue.about)
    if thing is None:
        raise NotFound(messages.NO_ISSUE)
    return Reply(form=messages.refuse_form(issue, thing))


def keep_refusal(context: Context, work: LibraryWork, command: Command) -> Reply:
    """The form: it is not raised again for the same version."""
    issue = find_issue(work, command.person, command.args)
    reason = " ".join(command.values.get("reason", "").split())
    if not reason:
        raise Invalid(fields={"reason": messages.NO_REASON})
    issue = step(
        work.issues,
        issue,
        EventKind.REFUSED,
        context.now,
        command.person.id,
        {"reason": reason[:300]},
    )
    note(context, work, issue, "refused")
    return Reply(message=card(context, work, issue))


def history(_context: Context, work: LibraryWork, command: Command) -> Reply:
    """*History*: every version of a thing, who made it, and what they said of it."""
    thing = find_own_thing(work, command.person, command.args)
    edits = []
    for edition in work.packs.history(command.person.workspace, thing.kind, thing.id):
        by = work.people.get(edition.by) if edition.by is not None else None
        edits.append(
            messages.Edit(
                messages.day(command.person, edition.at),
                by.name if by is not None else None,
                edition.note,
            )
        )
    return Reply(message=messages.history(thing, edits))
