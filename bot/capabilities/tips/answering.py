"""What people say of a tip, and how they answer its question."""

import re
from datetime import date

from bot.access import K_ANONYMOUS
from bot.attention import Wish, book, may_mean_stop
from bot.capabilities.tips import messages
from bot.capabilities.tips.access import courses, find_entry
from bot.capabilities.tips.course import Entry, is_right
from bot.capabilities.tips.model import (
    CONFIRMED,
    DROP_AFTER,
    Card,
    CardState,
    Certainty,
    Learner,
    Pick,
    Reaction,
    Review,
)
from bot.capabilities.tips.reacting import (
    Outcome,
    answer,
    be_certain,
    drop,
    react,
    show,
    take_again,
)
from bot.capabilities.tips.today import is_sent, message_of, settle
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.happenings import Happening
from bot.ids import TopicId
from bot.inbound import Command
from bot.message import Message, say
from bot.messages import with_controls
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.item import Option
from bot.pack.markup import bare
from bot.pack.model import Check
from bot.pack.plainly import is_question
from bot.people import Person, local
from bot.reply import Reply
from bot.steward import stewards_of
from bot.topic import Topic

_CIVIL = {"hi", "hello", "hey", "thanks", "thank you", "thx", "good morning"}
"""They are answered, and reach nobody."""


def say_of_it(context: Context, work: TipsWork, command: Command) -> Reply:
    """*New to me*, *Useful*, *Knew it*, *Not for me*."""
    entry, topic = find_entry(work, command.person, command.args)
    try:
        reaction = Reaction(str(command.args.get("said")))
    except ValueError:
        raise NotFound(messages.GONE) from None
    if reaction in {Reaction.RIGHT, Reaction.WRONG}:
        raise NotFound(messages.GONE)
    pick = _pick_of(context, command, topic)
    return Reply(
        message=_say(context, work, command.person, entry, topic, pick, reaction), replace=True
    )


def _say(
    context: Context,
    work: TipsWork,
    person: Person,
    entry: Entry,
    topic: Topic,
    pick: Pick,
    reaction: Reaction,
) -> Message:
    learner = settle(work, person)
    today = local(person, context.now).date()
    card = _card_of(work, person, pick)
    number = _next_number(work, person, entry)
    outcome = (
        drop(card, today, number)
        if reaction is Reaction.NOT_FOR_ME and card.state is not CardState.SUSPENDED
        else react(card, entry, reaction, today, number)
    )
    if outcome is None:
        return _dressed(pick, say(messages.NOTED_ALREADY))
    _keep(work, learner, outcome)
    if reaction is Reaction.NOT_FOR_ME:
        _flag(context, work, entry, topic)
        cards = work.tips.cards(person.id, [pick.topic])
        if sum(each.state is CardState.SUSPENDED for each in cards) >= DROP_AFTER:
            return _dressed(pick, messages.drop_topic(topic, pick))
    return _dressed(pick, messages.reacted(entry, pick, reaction, outcome.card, today))


def take_back(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Undo*: it is for them after all, and stands before them again."""
    entry, topic = find_entry(work, command.person, command.args)
    person, pick = command.person, _pick_of(context, command, topic)
    today = local(person, context.now).date()
    card = work.tips.card(person.id, entry.tip.id)
    again = None if card is None else take_again(card, today)
    if again is not None:
        work.tips.save_cards([again])
        for said in work.tips.reviews(person.id, entry.tip.id)[-1:]:
            if said.reaction is Reaction.NOT_FOR_ME:
                work.tips.drop_review(person.id, entry.tip.id, said.number)
        learner = work.tips.learner(person.id, person.workspace)
        is_it = learner.pick is not None and learner.pick.tip == entry.tip.id
        active = work.tips.count_active(person.id)
        work.tips.save_learners([learner._replace(open=learner.open or is_it, active=active)])
        card = again
    asks = card is not None and card.state is CardState.ACTIVE
    shown = message_of(entry, pick._replace(asks=asks), topic)
    return Reply(message=_dressed(pick, shown), replace=True)


def _next_number(work: TipsWork, person: Person, entry: Entry) -> int:
    """The first reactions may have been forgotten by now."""
    return max((each.number for each in work.tips.reviews(person.id, entry.tip.id)), default=0) + 1


def _keep(work: TipsWork, learner: Learner, outcome: Outcome) -> None:
    card = outcome.card
    work.tips.save_cards([card])
    work.tips.add_review(outcome.review)
    is_it = learner.pick is not None and learner.pick.tip == card.tip
    active = work.tips.count_active(card.person)
    work.tips.save_learners([learner._replace(open=learner.open and not is_it, active=active)])


def _dressed(pick: Pick, message: Message) -> Message:
    """What stood under a letter stays under what replaces it."""
    return message if pick.is_pulled else with_controls(message)


def _pick_of(context: Context, command: Command, topic: Topic) -> Pick:
    """What a button stood under, as far as a client may be believed: it is the person's own
    card, whatever they say."""
    args, today = command.args, local(command.person, context.now).date()
    variant = args.get("variant")
    try:
        day = min(date.fromisoformat(str(args.get("day"))), today)
    except ValueError:
        day = today
    return Pick(
        tip=str(args.get("tip")),
        topic=topic.id,
        variant=variant if isinstance(variant, int) else 0,
        day=day,
        asks="option" in args,
        letter=None if args.get("pulled") is True else "",
        why="",
        is_new=False,
    )


def _card_of(work: TipsWork, person: Person, pick: Pick) -> Card:
    """The card of what the person has before them."""
    return work.tips.card(person.id, pick.tip) or show(None, pick, person)


def choose(context: Context, work: TipsWork, command: Command) -> Reply:
    """A letter under a question."""
    entry, topic = find_entry(work, command.person, command.args)
    pick = _pick_of(context, command, topic)
    check = entry.wording(pick.variant).check
    chosen = _option(check, command.args.get("option"))
    if check is None or chosen is None:
        raise NotFound(messages.GONE)
    hint = command.args.get("hint") is True
    message = _answer(context, work, command.person, entry, pick, check, chosen, hint=hint)
    return Reply(message=message, replace=True)


def _answer(
    context: Context,
    work: TipsWork,
    person: Person,
    entry: Entry,
    pick: Pick,
    check: Check,
    chosen: Option,
    *,
    hint: bool,
) -> Message:
    learner = settle(work, person)
    today = local(person, context.now).date()
    again = _asked_already(work, learner, entry, today, pulled=pick.is_pulled)
    if again is not None:
        return _dressed(pick, again)
    card = _card_of(work, person, pick)
    number = _next_number(work, person, entry)
    outcome = answer(
        card,
        entry,
        today,
        number,
        right=is_right(check, chosen),
        hint=hint,
        chosen=f"{pick.variant}:{chosen.id}",
    )
    _keep(work, learner, outcome)
    if outcome.review.rating is None:
        return _dressed(pick, messages.feedback(entry, check, chosen, outcome.review, outcome.card))
    return _dressed(
        pick, messages.how_sure(entry, check, chosen, outcome.review, pulled=pick.is_pulled)
    )


def _asked_already(
    work: TipsWork, learner: Learner, entry: Entry, today: date, *, pulled: bool
) -> Message | None:
    """How sure they are of their answer, if that is what they were asked: a second tap answers
    nothing anew, and is told nothing yet. Once it is asked again it is practice."""
    pick = learner.pick
    if learner.open and pick is not None and pick.tip == entry.tip.id:
        return None
    said = next(iter(work.tips.reviews(learner.person, entry.tip.id)[-1:]), None)
    if said is None or said.rating is None or said.certainty is not None or said.day != today:
        return None
    answered = _answered(entry, said)
    if answered is None:
        return None
    check, chosen = answered
    return messages.how_sure(entry, check, chosen, said, pulled=pulled)


def _answered(entry: Entry, said: Review) -> tuple[Check, Option] | None:
    """Which question was answered, and how; None where it is not there any more."""
    variant, _, option = (said.chosen or "").partition(":")
    check = entry.wording(int(variant)).check if variant.isdigit() else None
    chosen = _option(check, option)
    return None if check is None or chosen is None else (check, chosen)


def _option(check: Check | None, id_: object) -> Option | None:
    if check is None:
        return None
    return next((option for option in check.options if option.id == id_), None)


def remind(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Remind me first*: the idea stands above its question, which then counts as hard."""
    entry, topic = find_entry(work, command.person, command.args)
    pick = _pick_of(context, command, topic)._replace(asks=True)
    return Reply(message=_dressed(pick, message_of(entry, pick, topic, hint=True)), replace=True)


def show_more(context: Context, work: TipsWork, command: Command) -> Reply:
    """*More…*: the same card with all that may be done."""
    entry, topic = find_entry(work, command.person, command.args)
    args = command.args
    pick = _pick_of(context, command, topic)
    pick = pick._replace(asks=args.get("asks") is True, is_late=args.get("late") is True)
    shown = message_of(entry, pick, topic, hint=args.get("hint") is True, whole=True)
    return Reply(message=_dressed(pick, shown), replace=True)


def tell_certainty(context: Context, work: TipsWork, command: Command) -> Reply:
    """*How sure are you?*, or *Just tell me*: then what is right is told."""
    entry, topic = find_entry(work, command.person, command.args)
    number = command.args.get("number")
    said = next(
        (r for r in work.tips.reviews(command.person.id, entry.tip.id) if r.number == number), None
    )
    certainty = next(
        (c for c in Certainty if c.value == command.args.get("sure")), Certainty.UNSAID
    )
    message = (
        None
        if said is None
        else _certain(context, work, command.person, entry, topic, said, certainty)
    )
    if message is None:
        raise NotFound(messages.GONE)
    dressed = message if command.args.get("pulled") is True else with_controls(message)
    return Reply(message=dressed, replace=True)


def _certain(
    context: Context,
    work: TipsWork,
    person: Person,
    entry: Entry,
    topic: Topic,
    said: Review,
    certainty: Certainty,
) -> Message | None:
    card = work.tips.card(person.id, entry.tip.id)
    answered = _answered(entry, said)
    if card is None or answered is None:
        return None
    check, chosen = answered
    # Whoever says it twice, once knowing what is right, is taken at their first word.
    if said.certainty is None:
        outcome = be_certain(card, entry, said, certainty)
        card, said = outcome.card, outcome.review
        work.tips.save_cards([card])
        work.tips.add_review(said)
        if said.reaction is Reaction.WRONG and certainty is Certainty.SURE:
            _note_misbelief(context, work, entry, topic)
    test = _test(context, work, person, entry) if card.confirmed and said.knew else None
    return messages.feedback(entry, check, chosen, said, card, test=test)


def _test(context: Context, work: TipsWork, person: Person, entry: Entry) -> str | None:
    """The quiz with which somebody could test out, who knew several ideas of one of its
    objectives beforehand, and has not done so already."""
    objective = entry.tip.objective
    if objective is None:
        return None
    if any(waiver.covers(objective, context.now) for waiver in work.waivers.of(person.id)):
        return None
    topic = TopicId(entry.tip.topic)
    course = courses(work, person.workspace, [topic]).get(topic)
    if course is None:
        return None
    known = 0
    for card in work.tips.cards(person.id, [topic]):
        other = course.entry(card.tip)
        known += card.confirmed and other is not None and other.tip.objective == objective
    quiz = work.packs.quiz(person.workspace, objective.partition("/")[0])
    if known < CONFIRMED or quiz is None or quiz.retired:
        return None
    return quiz.value.id


def _flag(context: Context, work: TipsWork, entry: Entry, topic: Topic) -> None:
    """Show a tip that many did not want to who looks after its topic."""
    tally = work.tips.tally(topic.workspace, entry.tip.id)
    if tally.is_flagged:
        message = messages.flagged(entry.tip, topic, tally)
        _tell_stewards(context, work, entry, topic, "flagged", message)


def _note_misbelief(context: Context, work: TipsWork, entry: Entry, topic: Topic) -> None:
    """Show what many are wrong about and sure of to who looks after its topic: who they are is
    nobody's business."""
    found = work.tips.misbelief(topic.workspace, entry.tip.id)
    if found.is_flagged:
        variant, _, option = found.chosen.partition(":")
        check = entry.wording(int(variant)).check if variant.isdigit() else None
        chosen = _option(check, option) if found.most >= K_ANONYMOUS else None
        message = messages.misbelieved(entry.tip, topic, found, chosen)
        _tell_stewards(context, work, entry, topic, "misbelieved", message)


def _tell_stewards(
    context: Context, work: TipsWork, entry: Entry, topic: Topic, what: str, message: Message
) -> None:
    """Say something about a tip to who looks after its topic, once for each version of it."""
    kept = work.packs.tip(topic.workspace, entry.tip.id)
    if kept is None:
        return
    wishes = [
        Wish(
            steward,
            Letter(
                key=f"tips:{what}:{entry.tip.id}:{kept.version}:{steward.id}",
                to=ToPerson(person=steward.id),
                message=message,
                kind=f"tips.{what}",
                priority=Priority.TIP,
                because=messages.because_steward(topic),
            ),
        )
        for steward in stewards_of(work, topic.workspace, topic)
    ]
    if not work.outbox.promised(topic.workspace, [wish.promise for wish in wishes]):
        about = f"tip:{entry.tip.id}"
        work.happenings.note(Happening(topic.workspace, f"tip.{what}", context.now, about))
    book(context, work, wishes)


def hear(context: Context, work: TipsWork, command: Command) -> Reply | None:
    """Plain words that answer the last tip: a letter (and how sure: `B 3`), what its buttons
    say, or how sure the person is."""
    words = command.text.strip().rstrip(".!)").casefold()
    letter, certainty = _letter(words), messages.SURE_WORDS.get(words)
    more = words in messages.MORE_WORDS
    if letter is None and certainty is None and not more and words not in messages.SAID_WORDS:
        return None
    person = command.person
    learner = work.tips.learner(person.id, person.workspace)
    pick = learner.pick
    if pick is None or not (pick.is_pulled or is_sent(work, person, pick)):
        return None
    if certainty is not None:
        return _hear_certainty(context, work, person, pick, certainty)
    if not learner.open or (pick.asks != (letter is not None) and not more):
        return None
    entry, topic = find_entry(work, person, {"tip": pick.tip})
    if more:
        return Reply(message=_dressed(pick, message_of(entry, pick, topic, whole=True)))
    if letter is None:
        reaction = messages.SAID_WORDS[words]
        return Reply(message=_say(context, work, person, entry, topic, pick, reaction))
    check = entry.wording(pick.variant).check
    if check is None:
        return None
    options = messages.shown(entry, check, pick)
    place = messages.LETTERS.index(letter[0])
    if place >= len(options):
        raise Invalid(messages.no_such_letter(len(options)))
    message = _answer(context, work, person, entry, pick, check, options[place], hint=False)
    told = messages.SURE_WORDS.get(letter[1])
    also = _hear_certainty(context, work, person, pick, told) if told is not None else None
    return also or Reply(message=message)


def hold(context: Context, work: TipsWork, command: Command) -> Reply | None:
    """Words in a direct message that nobody took, on the day on which a question of a tip waits:
    they may be an answer, and reach nobody unless they are plainly a question."""
    person, said = command.person, command.text.strip()
    pick = work.tips.learner(person.id, person.workspace).pick
    if pick is None or not pick.asks or not any(sign.isalnum() for sign in said):
        return None
    if may_mean_stop(said):
        return None
    if said.casefold().rstrip(".!") in _CIVIL or pick.day != local(person, context.now).date():
        return None
    if not work.tips.learner(person.id, person.workspace).open:
        return None
    if not (pick.is_pulled or is_sent(work, person, pick)):
        return None
    entry, topic = find_entry(work, person, {"tip": pick.tip})
    check = entry.wording(pick.variant).check
    if check is None or is_question(said, [bare(option.text) for option in check.options]):
        return None
    return Reply(message=messages.held_back(len(check.options), topic, said))


def _letter(words: str) -> tuple[str, str] | None:
    """The letter that words are, and what they say beside it."""
    letter, *more = re.split(r"[\s,;:]+", words, maxsplit=1)
    also = more[0] if more else ""
    if len(letter) != 1 or letter.upper() not in messages.LETTERS:
        return None
    return (letter.upper(), also) if not also or also in messages.SURE_WORDS else None


def _hear_certainty(
    context: Context, work: TipsWork, person: Person, pick: Pick, certainty: Certainty
) -> Reply | None:
    """How sure, if that is what was asked last."""
    said = next(iter(work.tips.reviews(person.id, pick.tip)[-1:]), None)
    today = local(person, context.now).date()
    if said is None or said.rating is None or said.certainty is not None or said.day != today:
        return None
    if said.reaction not in {Reaction.RIGHT, Reaction.WRONG}:
        return None
    entry, topic = find_entry(work, person, {"tip": pick.tip})
    message = _certain(context, work, person, entry, topic, said, certainty)
    return None if message is None else Reply(message=message)
