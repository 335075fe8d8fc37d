"""Tips that come out of work: an answer that helps again and again becomes one, once whoever gave
it agrees (product.md N9)."""

from dataclasses import replace

from bot.attention import Wish, book
from bot.capabilities.tips import messages
from bot.capabilities.tips.access import FROM_NARRATION, FROM_QUESTION, find_nomination
from bot.capabilities.tips.following import stewarded
from bot.capabilities.tips.model import Nomination, NominationState
from bot.capabilities.tips.proposing import propose
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.errors import Invalid
from bot.happenings import Happening
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.inbound import Command
from bot.message import Message, say
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.item import Option
from bot.pack.model import Check, Tip
from bot.pack.ports import Put
from bot.people import Person
from bot.ports import Timer
from bot.reply import Reply
from bot.steward import stewards_of
from bot.topic import Topic

LEAST = 40
"""Characters that an answer has at least to be worth a tip: “Yes, in the portal.” is not."""
MAX_OPTION = 300


def nominate(context: Context, work: TipsWork, timer: Timer) -> None:
    """An answer has helped several people: whoever gave it is asked whether it may become a tip.
    When it helps one more, that is counted and nobody is asked again.

    One letter at a time: while an answer waits for somebody's word, the next ones wait on their
    own page. Topics without any tips have nobody to tell them to.
    """
    args = timer.args
    author = work.people.get(PersonId(str(args["author"])))
    text = str(args["text"]).strip()
    if author is None or not author.active or len(text) < LEAST:
        return
    topic = work.topics.get(author.workspace, TopicId(str(args["topic"])))
    if topic is None:
        return
    waiting = work.tips.nominations_for(author.workspace, author.id, ())
    nomination = Nomination(
        id=context.new_id(),
        workspace=author.workspace,
        topic=topic.id,
        question=str(args["question"]),
        author=author.id,
        text=text,
        at=context.now,
        asked=int(str(args["asked"])),
    )
    if not work.tips.nominate(nomination) or waiting:
        return
    fits = len(text) <= messages.MAX_TIP
    _ask(
        context,
        work,
        author,
        nomination,
        messages.nominated(nomination, topic, fits=fits),
        messages.because_nominated(topic),
    )


def suggest(context: Context, work: TipsWork, timer: Timer) -> None:
    """Somebody has written down what they learned and proposes it as a tip: whoever looks after
    the topic is asked. What was proposed before is not asked again."""
    args = timer.args
    author = work.people.get(PersonId(str(args["author"])))
    if author is None or not author.active:
        return
    topic = work.topics.get(author.workspace, TopicId(str(args["topic"])))
    text = context.activities.writings["narration"](work, author.id, str(args["narration"]))
    if topic is None or text is None:
        return
    nomination = Nomination(
        id=context.new_id(),
        workspace=author.workspace,
        topic=topic.id,
        question=f"{FROM_NARRATION}{args['narration']}",
        author=author.id,
        text=text,
        at=context.now,
        state=NominationState.REVIEW,
        asked=0,
    )
    if not work.tips.nominate(nomination):
        return
    message, because = (
        messages.suggested(nomination, topic, author),
        messages.because_steward(topic),
    )
    for steward in stewards_of(work, nomination.workspace, topic):
        _ask(context, work, steward, nomination, message, because)


def take_back(_context: Context, work: TipsWork, timer: Timer) -> None:
    """Its author has taken back what was proposed. What became a tip stays one: that was
    decided by two."""
    workspace = WorkspaceId(str(timer.args["workspace"]))
    name = f"{FROM_NARRATION}{timer.args['narration']}"
    proposal = work.tips.drop_proposal(workspace, name)
    topic = work.topics.get(proposal.workspace, proposal.topic) if proposal is not None else None
    if proposal is None or topic is None:
        return
    for steward in stewards_of(work, proposal.workspace, topic):
        key = _key(proposal, steward)
        work.outbox.cancel(proposal.workspace, key)
        edit = Letter(
            key=f"{key}:back",
            to=ToPerson(person=steward.id),
            message=messages.taken_back(),
            kind="tips.nomination",
            priority=Priority.ANSWER,
            edits=key,
        )
        work.outbox.post(proposal.workspace, edit)
        work.outbox.forget(proposal.workspace, [key])


def _key(nomination: Nomination, person: Person) -> str:
    return f"tips:nomination:{nomination.id}:{nomination.state}:{person.id}"


def _ask(
    context: Context,
    work: TipsWork,
    person: Person,
    nomination: Nomination,
    message: Message,
    because: str,
) -> None:
    letter = Letter(
        key=_key(nomination, person),
        to=ToPerson(person=person.id),
        message=message,
        kind="tips.nomination",
        priority=Priority.TIP,
        because=because,
    )
    book(context, work, [Wish(person, letter)])


def list_waiting(_context: Context, work: TipsWork, command: Command) -> Reply:
    """*Answers as tips*."""
    person = command.person
    waiting = work.tips.nominations_for(person.workspace, person.id, stewarded(work, person))
    shown = []
    for nomination in waiting:
        topic = work.topics.get(person.workspace, nomination.topic)
        if topic is not None:
            shown.append((nomination, topic))
    return Reply(message=messages.nominations(shown))


def approve(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Make it a tip*, in one tap: it is told once, with the name of who knew it."""
    nomination, topic = find_nomination(work, command.person, command.args)
    if not nomination.is_open:
        return Reply(message=say(messages.DECIDED), replace=True)
    if len(nomination.text) > messages.MAX_TIP:
        return Reply(form=messages.edit_form(nomination))
    return _publish(context, work, command.person, nomination, topic, nomination.text, None)


def edit(_context: Context, work: TipsWork, command: Command) -> Reply:
    """*Change it first*."""
    nomination, _ = find_nomination(work, command.person, command.args)
    if not nomination.is_open:
        return Reply(message=say(messages.DECIDED), replace=True)
    return Reply(form=messages.edit_form(nomination))


def send(context: Context, work: TipsWork, command: Command) -> Reply:
    """The form: other words, and perhaps a question that brings it back."""
    nomination, topic = find_nomination(work, command.person, command.args)
    if not nomination.is_open:
        return Reply(message=say(messages.DECIDED))
    text, check, errors = _read(command)
    if errors:
        raise Invalid(fields=errors)
    return _publish(context, work, command.person, nomination, topic, text, check)


def _read(command: Command) -> tuple[str, Check | None, dict[str, str]]:
    values = {name: value.strip() for name, value in command.values.items()}
    text, errors = values.get("text", ""), {}
    if not text:
        errors["text"] = messages.EMPTY_TIP
    elif len(text) > messages.MAX_TIP:
        errors["text"] = messages.TOO_LONG
    asked = {name: values.get(name, "") for name in ("question", "best", "other")}
    given = [name for name, value in asked.items() if value]
    if not given:
        return text, None, errors
    for name, value in asked.items():
        if not value:
            errors[name] = messages.ALL_THREE
        elif len(value) > MAX_OPTION:
            errors[name] = messages.TOO_LONG_LINE
    if errors:
        return text, None, errors
    check = Check(
        q=asked["question"],
        options=(
            Option(id="a", text=asked["best"], score=1),
            Option(id="b", text=asked["other"]),
        ),
    )
    return text, check, errors


def _publish(
    context: Context,
    work: TipsWork,
    person: Person,
    nomination: Nomination,
    topic: Topic,
    text: str,
    check: Check | None,
) -> Reply:
    """Keep it as a tip, or pass it on where a second person publishes."""
    author = work.people.get(nomination.author)
    told = Tip(
        id=f"{messages.ANSWER}{nomination.id}".lower().replace("_", "-")[:60].strip("-"),
        topic=topic.id,
        text=text,
        check=check,
        spaced=check is not None,
        source=_source(nomination),
        credit=author.name if author is not None else None,
    )
    if topic.regulated and nomination.state is NominationState.WAITING:
        return _pass_on(context, work, person, nomination, topic, told)
    work.packs.put(
        nomination.workspace, [Put(told, pack="", at=context.now, by=person.id, note="nominated")]
    )
    work.tips.save_nomination(
        replace(nomination, state=NominationState.PUBLISHED, tip=told.id, text=text)
    )
    if check is not None:
        propose(context, work, person, topic, told, check)
    work.happenings.note(
        Happening(nomination.workspace, "tip.nominated", context.now, f"tip:{told.id}")
    )
    return Reply(message=messages.published(told, topic), replace=True)


def _source(nomination: Nomination) -> str:
    told = nomination.question
    return told if told.startswith(FROM_NARRATION) else f"{FROM_QUESTION}{told}"


def _pass_on(
    context: Context,
    work: TipsWork,
    person: Person,
    nomination: Nomination,
    topic: Topic,
    told: Tip,
) -> Reply:
    passed = work.tips.save_nomination(
        replace(nomination, state=NominationState.REVIEW, text=told.text)
    )
    for steward in stewards_of(work, topic.workspace, topic):
        if steward.id != nomination.author:
            message = messages.to_review(passed, topic, person)
            _ask(context, work, steward, passed, message, messages.because_steward(topic))
    return Reply(message=messages.sent_to_steward(topic), replace=True)


def decline(_context: Context, work: TipsWork, command: Command) -> Reply:
    """*No tip*."""
    nomination, _ = find_nomination(work, command.person, command.args)
    if not nomination.is_open:
        return Reply(message=say(messages.DECIDED), replace=True)
    work.tips.save_nomination(replace(nomination, state=NominationState.DECLINED))
    return Reply(message=say(messages.DECLINED), replace=True)
