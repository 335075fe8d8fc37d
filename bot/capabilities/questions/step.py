"""One step of a question: the event, the new version, and the cards that show it."""

from datetime import datetime, timedelta

from pydantic import JsonValue

from bot.capabilities.questions import messages
from bot.capabilities.questions.access import (
    asker_of,
    may_be_told,
    to_asker,
    topic_of,
)
from bot.capabilities.questions.model import (
    CHANNEL_WAVE,
    FORGOTTEN_AFTER,
    LOOKING_STATES,
    WAITS_SINCE,
    Decline,
    Event,
    EventKind,
    Offer,
    OfferState,
    Question,
    State,
    Turn,
    TurnKind,
    Visibility,
    apply,
    expect_wait,
    read_subject,
)
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.happenings import Happening
from bot.ids import PersonId, QuestionId, WorkspaceId
from bot.inbound import Command
from bot.message import Args, Message
from bot.outbox import Delivered, Letter, LetterState, Priority, To, ToPerson, ToPlace
from bot.people import Person
from bot.ports import Timer

POST_TAKES = timedelta(seconds=30)
"""After so long it is looked whether a post stands in its channel."""
NEVER_SENT = frozenset(
    {
        LetterState.FAILED,
        LetterState.UNREACHABLE,
        LetterState.SUPPRESSED,
        LetterState.CANCELLED,
    }
)
ESCALATION = "escalation"
"""The kind of a letter that tells of what found nobody."""
FOUND_NOBODY = "found_nobody"
"""What such a letter is about when it tells of several questions."""
LOAD_WINDOW = timedelta(days=7)
"""Five working days."""


def advance(
    context: Context,
    work: QuestionsWork,
    question: Question,
    kind: EventKind,
    actor: PersonId | None = None,
    **data: JsonValue,
) -> Question:
    """The question after one more event, saved and recorded.

    Raises:
        Conflict: its state does not allow the event, or it was changed meanwhile.
    """
    args: Args = dict(data)
    event = Event(question=question.id, kind=kind, at=context.now, actor=actor, data=args)
    saved = work.questions.save(apply(question, event))
    record(work, saved, event)
    if saved.visibility is Visibility.ANONYMOUS and saved.state is not question.state:
        if saved.is_open:
            work.timers.cancel(f"{saved.subject}:forget")
        else:
            set_timer(work, saved, "forget", context.now + FORGOTTEN_AFTER)
    return saved


def forget(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """A question without a name was closed a month ago: who asked it is forgotten.

    Not as long as it waits for the answer to another.
    """
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is None or question.is_open:
        return
    other = work.questions.get(question.duplicate_of) if question.duplicate_of else None
    if other is not None and other.is_open:
        set_timer(work, question, "forget", context.now + FORGOTTEN_AFTER)
        return
    for subject in (question.subject, *hidden_subjects(work, question)):
        work.relay.forget(subject)


def hidden_subjects(work: QuestionsWork, question: Question) -> list[str]:
    """Under which the relay keeps whom experts named and who was not asked; see `hand_on`."""
    named = [
        event
        for event in work.questions.events(question.id)
        if event.kind is EventKind.DECLINED
        and event.data.get("reason") == Decline.SOMEONE_ELSE
        and "to" not in event.data
    ]
    return [f"{question.subject}:named:{number}" for number in range(len(named))]


def record(work: QuestionsWork, question: Question, event: Event) -> None:
    """Keep the event, and the fact without anybody's name for insights."""
    work.questions.record(event)
    work.happenings.note(
        Happening(
            workspace=question.workspace,
            kind=f"question.{event.kind}",
            at=event.at,
            about=question.subject,
            data={"topic": question.topic, "wave": question.wave},
        )
    )


def tell_library(
    context: Context, work: QuestionsWork, question: Question, verb: str, **data: JsonValue
) -> None:
    """What was asked about something that people learn from, and what settled it, is told to
    the library. That is another capability, which hears of it by this timer as soon as all is
    kept."""
    if question.about is None:
        return
    args: Args = {
        "workspace": question.workspace,
        "about": question.about,
        "question": question.id,
        **data,
    }
    work.timers.set(
        Timer(
            key=f"{question.subject}:library:{verb}",
            due_at=context.now,
            action=f"library.{verb}",
            args=args,
        )
    )


def asker_name(work: QuestionsWork, question: Question) -> str | None:
    """How the asker may be called before others: None for an anonymous one."""
    if question.asker is None:
        return None
    asker = work.people.get(question.asker)
    return asker.name if asker else None


def asker_person(work: QuestionsWork, question: Question) -> Person | None:
    """The asker as a person, for their clock only. Never show who it is."""
    asker = asker_of(work, question)
    return work.people.get(asker) if asker else None


def holder_name(work: QuestionsWork, question: Question) -> str | None:
    holder = _holder(work, question)
    return holder.name if holder else None


def _holder(work: QuestionsWork, question: Question) -> Person | None:
    return work.people.get(question.claimed_by) if question.claimed_by else None


def status_of(work: QuestionsWork, question: Question) -> Message:
    """The asker's card as it is now."""
    is_open = question.visibility is Visibility.OPEN
    open_asker = asker_name(work, question) if is_open else None
    card = messages.status(
        question,
        topic_of(work, question),
        asker=open_asker,
        holder=holder_name(work, question),
        steward=_steward_names(work, question),
        wait=_usual_wait(work, question),
        offered=_was_offered(work, question),
        asked=_how_many_asked(work, question),
        named_by=_named_by(work, question),
        consent=consent_on_card(work, question),
    )
    return _with_readers(work, question, card) if is_open else card


def post_of(work: QuestionsWork, question: Question) -> Message:
    """What everybody sees of a question that was posted in a channel without its asker."""
    if question.state in LOOKING_STATES:
        return messages.in_channel(question)
    card = messages.offer_state(question, mine=False, holder=holder_name(work, question))
    return _with_readers(work, question, card)


def _with_readers(work: QuestionsWork, question: Question, card: Message) -> Message:
    """A card that stands in a channel and says who has the question, and that this person sees
    more in it: see `view`."""
    holder = _holder(work, question)
    if holder is None or question.state not in {State.CLAIMED, State.ANSWERED}:
        return card
    return card.model_copy(update={"readers": (holder.address,)})


def posted_keys(question: Question) -> frozenset[str]:
    """Of the letters that everybody in a channel may see."""
    return frozenset({f"{question.subject}:post", f"{question.subject}:status"})


def view(
    _context: Context, work: QuestionsWork, person: Person, found: Delivered
) -> Message | None:
    """What a question's card in a channel is to one of its readers: who has the question can
    answer there. Everybody else sees what all see."""
    question = work.questions.get(QuestionId((found.about or "").partition(":")[2]))
    if question is None or question.workspace != person.workspace or question.conversation is None:
        return None
    is_own = question.visibility is Visibility.OPEN
    if found.key != f"{question.subject}:{'status' if is_own else 'post'}":
        return None
    card = status_of(work, question) if is_own else post_of(work, question)
    if person.address not in card.readers:
        return card
    own = messages.offer_state(
        question, mine=True, holder=person.name, added=added_to(work, question)
    )
    return own.model_copy(update={"readers": card.readers})


def consent_on_card(work: QuestionsWork, question: Question) -> str | None:
    """The channel about which the asker's card asks whether the question may be posted there.

    It does where nobody could be asked at all: then the card is the first that they hear.
    """
    topic = topic_of(work, question)
    waits = (
        question.state is State.ROUTED
        and question.wave == CHANNEL_WAVE
        and question.conversation is None
        and question.visibility is not Visibility.OPEN
    )
    if not waits or topic is None or _was_offered(work, question):
        return None
    return topic.channel


def whereabouts_of(work: QuestionsWork, question: Question) -> str:
    """Who has the question now, for the asker."""
    return messages.whereabouts(
        question,
        topic_of(work, question),
        steward=_steward_names(work, question),
        offered=_was_offered(work, question),
        asked=_how_many_asked(work, question),
        named_by=_named_by(work, question),
    )


def _steward_names(work: QuestionsWork, question: Question) -> str | None:
    """Who has been told that it found nobody: a pause of theirs since changes nothing of that."""
    if question.state is not State.ESCALATED:
        return None
    number = count_escalations(work, question)
    told = [
        person.name
        for person in may_be_told(work, question)
        if _will_have(work, question, escalation_key(question, person.id, number))
    ]
    return " and ".join(told[:3]) or None


def _will_have(work: QuestionsWork, question: Question, key: str) -> bool:
    """Whether a letter has gone, or will."""
    state = work.outbox.state(question.workspace, key)
    return state is not None and state not in NEVER_SENT


def _was_offered(work: QuestionsWork, question: Question) -> bool:
    return bool(work.questions.offers(question.id))


def _how_many_asked(work: QuestionsWork, question: Question) -> int:
    return sum(offer.state is OfferState.OPEN for offer in work.questions.offers(question.id))


def _named_by(work: QuestionsWork, question: Question) -> str | None:
    """Who named somebody for an escalated question who has neither taken nor passed it yet."""
    if question.state is not State.ESCALATED:
        return None
    asked = {
        offer.person
        for offer in work.questions.offers(question.id)
        if offer.state is OfferState.OPEN
    }
    for event in reversed(work.questions.events(question.id)):
        if event.kind is EventKind.DECLINED and event.data.get("to") in asked and event.actor:
            by = work.people.get(event.actor)
            return by.name if by else None
    return None


def is_theirs(work: QuestionsWork, question: Question, person: PersonId) -> bool:
    """Whether the person has the question; or, of a settled one, gave the answer."""
    if question.accepted is None:
        return question.claimed_by == person
    turn = work.questions.turn(question.accepted)
    return turn is not None and turn.author == person


def _usual_wait(work: QuestionsWork, question: Question) -> timedelta | None:
    """How long one waits for a colleague on this topic, while one waits."""
    if question.state is not State.ROUTED or question.wave == 0:
        return None
    until = question.asked_at
    waits = work.questions.waits(question.workspace, question.topic, until - WAITS_SINCE, until)
    return expect_wait(waits)


def load_of(work: QuestionsWork, workspace: WorkspaceId, now: datetime) -> dict[PersonId, int]:
    """How often each person was asked in the last five working days."""
    loads: dict[PersonId, int] = {}
    for offer in work.questions.offers_since(workspace, now - LOAD_WINDOW):
        loads[offer.person] = loads.get(offer.person, 0) + 1
    return loads


def added_to(work: QuestionsWork, question: Question) -> list[Turn]:
    """What the asker has added to the question."""
    return [t for t in work.questions.turns(question.id) if t.kind is TurnKind.FOLLOW_UP]


def offer_card(work: QuestionsWork, question: Question, offer: Offer, now: datetime) -> Message:
    """The question as it is put before the person of the offer."""
    person = work.people.get(offer.person)
    return messages.offer(
        question,
        asker=asker_name(work, question),
        topic=topic_of(work, question),
        why=offer.why,
        load=load_of(work, question.workspace, now).get(offer.person, 0),
        cap=person.weekly_cap if person else 0,
        added=added_to(work, question),
    )


def show_offers(work: QuestionsWork, question: Question, mark: str) -> None:
    """Edit the cards of those who may still take the question: there is more to it, or it
    is free again. `mark` makes the edit's key unique."""
    for offer in work.questions.offers(question.id):
        if offer.state is OfferState.OPEN:
            card = offer_card(work, question, offer, question.changed_at)
            key, to = offer_key(question, offer.person), ToPerson(person=offer.person)
            _edit(work, question, key, to, card, mark)


def show_declined(
    work: QuestionsWork,
    question: Question,
    person: PersonId,
    reason: Decline = Decline.SOMEONE_ELSE,
) -> None:
    """Edit the card of somebody who passed the question on: nothing on it is theirs to press."""
    key = offer_key(question, person)
    if work.outbox.state(question.workspace, key) is not None:
        card = messages.declined(question, reason)
        _edit(work, question, key, ToPerson(person=person), card, f"declined:{question.version}")


def show_status(work: QuestionsWork, question: Question) -> None:
    """Post or edit the asker's card, and edit the cards of those who were asked."""
    _post_or_edit(
        work, question, f"{question.subject}:status", _home(question), status_of(work, question)
    )
    for offer in work.questions.offers(question.id):
        if offer.state is OfferState.DECLINED:
            continue
        if offer.state is OfferState.OPEN and question.state in LOOKING_STATES:
            continue  # Still theirs to take: the card stands as it was sent.
        mine = is_theirs(work, question, offer.person)
        _edit(
            work,
            question,
            offer_key(question, offer.person),
            ToPerson(person=offer.person),
            messages.offer_state(
                question,
                mine=mine,
                holder=holder_name(work, question),
                added=added_to(work, question),
            ),
        )
    if question.state not in {State.ROUTED, State.ESCALATED}:
        _show_escalated(work, question)
    if question.conversation is not None and question.visibility is not Visibility.OPEN:
        _edit(
            work,
            question,
            f"{question.subject}:post",
            ToPlace(conversation=question.conversation),
            post_of(work, question),
        )


def escalation_key(question: Question, person: PersonId, number: int) -> str:
    """Of the letter to one of those to whom the question was escalated for the `number`th time."""
    return f"{question.subject}:escalation:{person}:{number}"


def several_key(key: str) -> str:
    """Of what says that the letter under the key is a list, as there was more when it went."""
    return f"{key}:several"


def count_escalations(work: QuestionsWork, question: Question) -> int:
    events = work.questions.events(question.id)
    return sum(event.kind is EventKind.ESCALATED for event in events)


def show_escalation(
    work: QuestionsWork, question: Question, person: PersonId, number: int, card: Message
) -> None:
    """Edit the letter that told somebody that the question found nobody."""
    key = escalation_key(question, person, number)
    state, is_list = (work.outbox.state(question.workspace, k) for k in (key, several_key(key)))
    if state is not None and is_list is None:
        _edit(work, question, key, ToPerson(person=person), card)


def _show_escalated(work: QuestionsWork, question: Question) -> None:
    """What became of the question, for those to whom it was escalated. Who has not heard of it
    yet does not hear that it is settled."""
    number = count_escalations(work, question)
    for person in may_be_told(work, question) if number else ():
        if _leave_letter(work, question, person, number):
            continue
        card = messages.offer_state(
            question,
            mine=is_theirs(work, question, person.id),
            holder=holder_name(work, question),
            added=added_to(work, question),
        )
        show_escalation(work, question, person.id, number, card)


def _leave_letter(work: QuestionsWork, question: Question, person: Person, number: int) -> bool:
    """Whether the letter that tells of the question has not begun. It goes only for another."""
    key = escalation_key(question, person.id, number)
    letter, *others = work.outbox.waits_with(question.workspace, key) or (None,)
    if letter is None:
        return False
    told = {read_subject(one)[0] for one in (letter, *others)}
    if not any(_is_escalated(work, one) for one in told):
        work.outbox.cancel(question.workspace, letter)
    return True


def _is_escalated(work: QuestionsWork, question: QuestionId) -> bool:
    found = work.questions.get(question)
    return found is not None and found.state is State.ESCALATED


def _home(question: Question) -> To:
    if question.visibility is Visibility.OPEN and question.conversation is not None:
        return ToPlace(conversation=question.conversation, thread=question.thread)
    return to_asker(question)


def offer_key(question: Question, person: PersonId) -> str:
    return f"{question.subject}:offer:{person}"


def _post_or_edit(
    work: QuestionsWork, question: Question, key: str, to: To, message: Message
) -> None:
    state = work.outbox.state(question.workspace, key)
    if state is None:
        letter = Letter(
            key=key,
            to=to,
            message=message,
            kind="status",
            priority=Priority.ANSWER,
            about=question.subject,
        )
        work.outbox.post(question.workspace, letter)
        if isinstance(to, ToPlace) and to.thread is None:
            expect_post(work, question)
    else:
        _edit(work, question, moved_key(question) if state in NEVER_SENT else key, to, message)


def moved_key(question: Question) -> str:
    """Of the asker's card that stands with them since it could not be posted in a channel."""
    return f"{question.subject}:moved"


def expect_post(work: QuestionsWork, question: Question) -> None:
    """Look soon whether what was posted in a channel stands there."""
    set_timer(work, question, "posted", question.changed_at + POST_TAKES)


def _edit(
    work: QuestionsWork,
    question: Question,
    key: str,
    to: To,
    message: Message,
    mark: str | None = None,
) -> None:
    letter = Letter(
        key=f"{key}:{mark or question.version}",
        to=to,
        message=message,
        kind="status",
        priority=Priority.ANSWER,
        edits=key,
    )
    work.outbox.post(question.workspace, letter)


def send_asker(
    work: QuestionsWork,
    question: Question,
    step: str,
    message: Message,
    *,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    about: str | None = None,
) -> None:
    """A new letter to the asker; `step` makes its key unique within the question. It is about
    the question, or what `about` says."""
    work.outbox.post(
        question.workspace,
        Letter(
            key=f"{question.subject}:{step}",
            to=to_asker(question),
            message=message,
            kind="answer",
            priority=Priority.ANSWER,
            about=about or question.subject,
            due_at=due_at,
            expires_at=expires_at,
        ),
    )


def has_letter(work: QuestionsWork, question: Question, turn: Turn) -> bool:
    """Whether the asker has the letter that brings the answer, or will have it."""
    return _will_have(work, question, f"{question.subject}:answer:{turn.id}")


def show_settled(
    work: QuestionsWork, question: Question, turn: Turn, command: Command, card: Message
) -> None:
    """Edit the letter that brought an answer, unless the command came from there: it was
    accepted in another place, and nothing on it is left to press."""
    key = f"{question.subject}:answer:{turn.id}"
    if pressed_key(work, command) != key and work.outbox.state(question.workspace, key) is not None:
        _edit(work, question, key, to_asker(question), card, f"settled:{question.version}")


def send_person(
    work: QuestionsWork, question: Question, person: PersonId, step: str, message: Message
) -> None:
    """A new letter about the question to somebody who is working on it."""
    work.outbox.post(
        question.workspace,
        Letter(
            key=f"{question.subject}:{step}",
            to=ToPerson(person=person),
            message=message,
            kind="notice",
            priority=Priority.ANSWER,
            about=question.subject,
        ),
    )


TIMERS = ("untapped", "wave", "claim", "close", "expire", "follow_through", "posted", "due")
"""Those of an open question; "forget" is for closed ones."""


def set_timer(work: QuestionsWork, question: Question, name: str, due_at: datetime) -> None:
    """One of `TIMERS`, or "forget", for this question; setting it again moves it."""
    work.timers.set(
        Timer(
            key=f"{question.subject}:{name}",
            due_at=due_at,
            action=f"question.{name}",
            args={"question": question.id, "wave": question.wave},
        )
    )


def cancel_timers(work: QuestionsWork, question: Question, *names: str) -> None:
    """Cancel these timers of the question, or all of them."""
    for name in names or TIMERS:
        work.timers.cancel(f"{question.subject}:{name}")


def pressed_key(work: QuestionsWork, command: Command) -> str | None:
    """The key of the letter whose message was pressed, if it was a letter."""
    if command.message is None:
        return None
    found = work.outbox.find(command.person.workspace, command.place.conversation, command.message)
    return found.key if found else None
