"""Questions for an hour that somebody has announced (`hour:ID` is what they are about).

They are kept until it begins, then stand in its channel without their askers' names, and what
nobody has answered by its end gets an owner and a day by which it is due. When that is, is known
to who has announced it: a timer of theirs says so, and a timer of ours tells them what is asked.
"""

from dataclasses import replace
from datetime import date, time

from bot.access import Right, require
from bot.capabilities.questions import messages
from bot.capabilities.questions.access import asker_of, topic_of, topic_of_channel
from bot.capabilities.questions.model import (
    CHANNEL_WAVE,
    EventKind,
    Question,
    State,
    Visibility,
    can,
)
from bot.capabilities.questions.offer import escalate, offer_to, route
from bot.capabilities.questions.step import advance, expect_post, set_timer, show_status
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.ids import PersonId, QuestionId, WorkspaceId
from bot.inbound import Command
from bot.kind import for_duty
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson, ToPlace
from bot.pack.about import id_of, read_about
from bot.people import Person, is_cut_off
from bot.ports import Timer
from bot.reply import Reply
from bot.schedule import at_local
from bot.steward import curators_of

_WAITS = frozenset({State.ASKED, State.SUGGESTED})
_MORNING = time(10)


def hour_of(question: Question) -> str | None:
    """The hour for which it is asked, if it is for one."""
    things = read_about(question.about)
    return next((thing for thing in things if id_of(thing, "hour")), None)


def is_kept(question: Question) -> bool:
    """Whether it waits for its hour, and goes to nobody before. What is asked openly stands
    before everybody at once."""
    is_open = question.visibility is Visibility.OPEN
    return hour_of(question) is not None and not is_open and question.state in _WAITS


def collect(context: Context, work: QuestionsWork, question: Question) -> Reply:
    """Keep a question for its hour; who has announced it hears that there is one."""
    work.timers.set(
        Timer(
            key=f"{question.subject}:hour",
            due_at=context.now,
            action="campaign.asked",
            args={"workspace": question.workspace, "about": hour_of(question)},
        )
    )
    return Reply(message=messages.kept_for_hour(question))


def put_up(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """The hour has begun: what was collected stands in its channel. Without a channel there is
    no hour, and the questions go to colleagues as any other."""
    conversation = timer.args.get("conversation")
    for question in _asked(work, timer):
        if not is_kept(question):
            continue
        if not isinstance(conversation, str):
            route(context, work, question)
            continue
        routed = advance(context, work, question, EventKind.ROUTED, wave=CHANNEL_WAVE)
        # In the channel of a topic it is about that, unless its words name another.
        topic = routed.topic or topic_of_channel(work, routed.workspace, conversation)
        routed = work.questions.save(replace(routed, conversation=conversation, topic=topic))
        work.outbox.post(
            routed.workspace,
            Letter(
                key=f"{routed.subject}:post",
                to=ToPlace(conversation=conversation),
                message=messages.in_channel(routed),
                kind="question",
                priority=Priority.OFFER,
                about=routed.subject,
            ),
        )
        expect_post(work, routed)
        show_status(work, routed)


def _asked(work: QuestionsWork, timer: Timer) -> list[Question]:
    about, workspace = str(timer.args["about"]), WorkspaceId(str(timer.args["workspace"]))
    return list(work.questions.about(workspace, about))


def entrust(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """The hour is over: what nobody has answered gets an owner and a day. Whoever has announced
    it gets the list."""
    host = work.people.get(PersonId(str(timer.args["owner"])))
    if host is None:
        return
    due_on = date.fromisoformat(str(timer.args["due_on"]))
    title, about = str(timer.args["title"]), str(timer.args["about"])
    for asked in _asked(work, timer):
        if not can(asked, EventKind.ENTRUSTED) or asked.owner is not None:
            continue
        owner = _owner_of(work, asked, host)
        if owner is None:
            if can(asked, EventKind.ESCALATED):
                escalate(context, work, asked)
            continue
        question = advance(
            context,
            work,
            asked,
            EventKind.ENTRUSTED,
            owner=owner.id,
            due_on=due_on.isoformat(),
        )
        if question.claimed_by != owner.id:
            why = (messages.why_entrusted(title, due_on),)
            offer_to(context, work, question, owner, why)
        set_timer(work, question, "due", at_local(due_on, _MORNING, owner.zone))
        show_status(work, question)
    listed_ = messages.hour_questions(title, _listed(work, host.workspace, about), about)
    for person in [host] if host.active else curators_of(work, host.workspace):
        if work.attention.get(person.id).stopped_at is not None:
            continue
        letter = Letter(
            key=f"{about}:over:{context.now.isoformat()}:{person.id}",
            to=ToPerson(person=person.id),
            message=listed_,
            kind="hour.over",
            priority=Priority.OFFER,
            because=messages.BECAUSE_HOUR,
        )
        work.outbox.post(host.workspace, for_duty(letter, person, context.now))


def _owner_of(work: QuestionsWork, question: Question, host: Person) -> Person | None:
    """Who answers for it: who has taken it on, else the steward of its topic, else the host of
    the hour, else who looks after the community; None where none of them is here. Nobody is made
    the owner of what they asked with their name."""
    topic = topic_of(work, question)
    known = (question.claimed_by, topic.steward if topic else None, host.id)
    others = (person.id for person in curators_of(work, question.workspace))
    for id_ in (*known, *others):
        person = work.people.get(id_) if id_ is not None else None
        if (
            person is not None
            and person.active
            and not is_cut_off(person)
            and person.id != question.asker
        ):
            return person
    return None


def due_on(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """The day has come: what nobody has taken on goes to its steward or the managers. What somebody
    holds goes there once they have been silent (`offer.claim_silent`)."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is not None and question.state is State.ROUTED:
        escalate(context, work, question)


def listed(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Questions of the hour*: where each of them stands, for who looks after questions."""
    require(command.person, Right.SEE_UNANSWERED)
    about = next((t for t in read_about(command.args.get("about")) if id_of(t, "hour")), None)
    if about is None:
        return Reply(message=say(messages.NO_HOUR))
    rows = _listed(work, command.person.workspace, about)
    return Reply(message=messages.hour_questions("", rows, about))


def _listed(
    work: QuestionsWork, workspace: WorkspaceId, about: str
) -> list[tuple[Question, str | None]]:
    found = [
        question
        for question in work.questions.about(workspace, about)
        # What is still kept has been put before nobody, and may be taken back.
        if question.state not in _WAITS | {State.WITHDRAWN}
        and (question.asker is not None or asker_of(work, question) is not None)
    ]
    owners = work.people.several({q.owner for q in found if q.owner is not None})
    names = {person.id: person.name for person in owners}
    return [(q, names.get(q.owner) if q.owner else None) for q in found]
