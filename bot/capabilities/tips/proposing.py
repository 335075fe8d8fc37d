"""Questions of quizzes that come out of work: a tip that was an answer and has a question is
proposed for the quiz of its topic (product.md N9).

It stands there as a draft, which nobody is asked. Whoever looks after the topic says what it is
about and lets it be asked on trial, where it counts for nobody; and later, if it is good, for real.
"""

from collections.abc import Mapping, Sequence

from bot.attention import Wish, book
from bot.capabilities.tips import messages
from bot.capabilities.tips.access import require_steward
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import TopicId
from bot.inbound import Command, named
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.item import Item, ScenarioChoice, Status
from bot.pack.model import Check, Quiz, Tip
from bot.pack.ports import Kept, Put
from bot.people import Person
from bot.reply import Reply
from bot.steward import stewards_of
from bot.topic import Topic


def propose(
    context: Context, work: TipsWork, person: Person, topic: Topic, told: Tip, check: Check
) -> None:
    """Put the question of a new tip into the quiz of its topic as a draft, and tell who looks
    after it. A quiz that a regulator asks for takes nothing from chat, nor does a regulated
    topic."""
    kept = next(
        (
            kept
            for kept in work.packs.quizzes(topic.workspace)
            if kept.value.topic == topic.id and kept.value.policy.requirement != "regulatory"
        ),
        None,
    )
    if kept is None or topic.regulated or any(item.id == told.id for item in kept.value.items):
        return
    draft = ScenarioChoice(
        id=told.id,
        type="scenario_choice",
        objective=kept.value.objectives[0].id,
        stem=check.q,
        options=check.options,
        feedback=told.text,
        status=Status.DRAFT,
    )
    quiz = kept.value.model_copy(update={"items": (*kept.value.items, draft)})
    _put(context, work, person, kept, quiz, "proposed")
    wishes = [
        Wish(
            steward,
            Letter(
                key=f"tips:proposed:{told.id}:{steward.id}",
                to=ToPerson(person=steward.id),
                message=messages.proposed(quiz, draft, topic, told.credit),
                kind="tips.proposed",
                priority=Priority.TIP,
                because=messages.because_steward(topic),
            ),
        )
        for steward in stewards_of(work, topic.workspace, topic)
    ]
    book(context, work, wishes)


def _put(
    context: Context, work: TipsWork, person: Person, kept: Kept[Quiz], quiz: Quiz, note: str
) -> None:
    put = Put(quiz, pack=kept.pack, at=context.now, by=person.id, note=note)
    work.packs.put(person.workspace, [put])


def try_out(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Ask it on trial*, for the objective that was chosen."""
    kept, item = _find(work, command, {Status.DRAFT})
    wanted = named(command.args, "choice") or named(command.args, "objective")
    objective = next((one for one in kept.value.objectives if one.id == wanted), None)
    if objective is None:
        raise NotFound(messages.DECIDED)
    changed = {"status": Status.PILOT, "objective": objective.id}
    quiz = _turn(context, work, command, kept, item, changed, "on trial")
    return Reply(message=messages.on_trial(quiz, item, objective.text), replace=True)


def count(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Let it count*."""
    kept, item = _find(work, command, {Status.PILOT})
    _turn(context, work, command, kept, item, {"status": Status.LIVE}, "counts")
    return Reply(message=messages.counts(kept.value), replace=True)


def leave_out(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Leave it out*."""
    kept, item = _find(work, command, {Status.DRAFT, Status.PILOT})
    _turn(context, work, command, kept, item, {"status": Status.RETIRED}, "left out")
    return Reply(message=say(messages.LEFT_OUT), replace=True)


def _find(
    work: TipsWork, command: Command, states: set[Status]
) -> tuple[Kept[Quiz], ScenarioChoice]:
    """The question that `args` name, if it was proposed and is still in one of these states.

    Raises:
        NotFound: it is not, or never was.
        NotAllowed: the person does not look after its topic.
    """
    person = command.person
    kept = work.packs.quiz(person.workspace, named(command.args, "quiz"))
    topic = work.topics.get(person.workspace, TopicId(kept.value.topic)) if kept else None
    if kept is None or topic is None or kept.retired:
        raise NotFound(messages.DECIDED)
    require_steward(person, topic)
    id_ = named(command.args, "item")
    item = next((item for item in kept.value.items if item.id == id_), None)
    # What stands in the files is changed there.
    if not isinstance(item, ScenarioChoice) or not id_.startswith(messages.ANSWER):
        raise NotFound(messages.DECIDED)
    if item.status not in states:
        raise NotFound(messages.DECIDED)
    return kept, item


def _turn(
    context: Context,
    work: TipsWork,
    command: Command,
    kept: Kept[Quiz],
    item: ScenarioChoice,
    changed: Mapping[str, object],
    note: str,
) -> Quiz:
    items: Sequence[Item] = [
        item.model_copy(update=changed) if one.id == item.id else one for one in kept.value.items
    ]
    quiz = kept.value.model_copy(update={"items": tuple(items)})
    _put(context, work, command.person, kept, quiz, note)
    return quiz
