"""Finding somebody: waves of offers, taking one on, passing, giving back, escalation.

domain.md 3.4 is the plan: one person for 30 working minutes (two when it is urgent),
two more for an hour, the topic's channel with the asker's consent for four hours, then
the steward. Clocks run in the working time of those who were asked.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.capabilities.questions import messages
from bot.capabilities.questions.access import (
    asker_of,
    find_question,
    is_steward,
    require_asker,
    stewards_of,
    topic_of,
)
from bot.capabilities.questions.expertise import assess
from bot.capabilities.questions.model import (
    CLAIM_SILENCE,
    CONSENT_WAIT,
    ESCALATION_DAYS,
    LOOKING_STATES,
    WAVE_WAITS,
    Decline,
    Endorsement,
    EventKind,
    Offer,
    OfferState,
    Question,
    State,
    Topic,
    Urgency,
    Visibility,
    can,
)
from bot.capabilities.questions.ports import QuestionsWork
from bot.capabilities.questions.routing import Candidate, Helper, Matter, Why, choose
from bot.capabilities.questions.step import (
    advance,
    asker_name,
    asker_person,
    cancel_timers,
    holder_name,
    offer_key,
    pressed_key,
    send_asker,
    set_timer,
    show_status,
    status_of,
)
from bot.context import Context
from bot.errors import Invalid, NotAllowed
from bot.ids import PersonId, QuestionId
from bot.inbound import Command
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson, ToPlace
from bot.people import Person, is_away, is_working
from bot.ports import Timer
from bot.reply import Reply
from bot.schedule import add_working_days, add_working_time, next_working_moment

LOAD_WINDOW = timedelta(days=7)
"""Five working days."""
CREDIT_WINDOW = timedelta(days=4 * 180)
"""Four half-lives: what is older is worth less than a sixteenth."""
CHANNEL_WAVE = 3


def route(
    context: Context, work: QuestionsWork, question: Question, *, afresh: bool = False
) -> Question:
    """Put the question before the next people, or a step up when nobody is left.

    `afresh` begins with the first wave again, as for a question that was reopened.
    """
    wave = 1 if afresh else question.wave + 1
    if wave < CHANNEL_WAVE:
        asked = _offer_wave(context, work, question, wave)
        if asked is not None:
            return asked
        wave = CHANNEL_WAVE
    if wave == CHANNEL_WAVE:
        asked = _ask_channel(context, work, question)
        if asked is not None:
            return asked
    return escalate(context, work, question)


def _offer_wave(
    context: Context, work: QuestionsWork, question: Question, wave: int
) -> Question | None:
    """Offers to one person (two when urgent), then to two more; None when nobody is there."""
    now = context.now
    ranked = _rank(work, question, now, now)
    if not ranked:
        return _wait_for_morning(context, work, question, wave)
    count = 2 if wave > 1 or question.urgency is Urgency.URGENT else 1
    picks = choose(ranked, count, f"{question.id}:{wave}", wave)
    question = advance(context, work, question, EventKind.ROUTED, wave=wave)
    ends: list[datetime] = []
    for candidate in picks.everyone:
        person = work.people.get(PersonId(candidate.person))
        if person is None:
            continue
        offer_to(context, work, question, person, explain(candidate.why, topic_of(work, question)))
        ends.append(add_working_time(person, now, WAVE_WAITS[wave]))
    set_timer(work, question, "wave", max(ends))
    show_status(work, question)
    return question


def _wait_for_morning(
    context: Context, work: QuestionsWork, question: Question, wave: int
) -> Question | None:
    """Nobody works at this hour, but somebody will: the wave begins when the first does."""
    starts = sorted(
        {
            next_working_moment(person, context.now)
            for person in work.people.everybody(question.workspace)
            if not is_away(person, context.now) and not is_working(person, context.now)
        }
    )
    for start in starts[:3]:
        if _rank(work, question, context.now, start):
            question = advance(context, work, question, EventKind.ROUTED, wave=wave - 1)
            set_timer(work, question, "wave", start)
            show_status(work, question)
            return question
    return None


def _rank(work: QuestionsWork, question: Question, now: datetime, at: datetime) -> list[Candidate]:
    """Who may be asked at the moment `at`, best first."""
    helpers = _helpers(work, question, now, at)
    matter = Matter(
        id=question.id,
        at=question.asked_at,
        asker=asker_of(work, question),
        text=question.text,
        subjects=(question.topic,) if question.topic else (),
        anonymous=question.visibility is Visibility.ANONYMOUS,
        can_wait=question.urgency is Urgency.CAN_WAIT,
    )
    return work.memory.rank(work, question.workspace, matter, at, helpers)


def _helpers(work: QuestionsWork, question: Question, now: datetime, at: datetime) -> list[Helper]:
    """People who said something about the topic, and people who answered before."""
    topic = question.topic
    levels = {
        d.person: d
        for d in work.experts.declarations(question.workspace)
        if topic is not None and d.topic == topic
    }
    offers = {offer.person: offer for offer in work.questions.offers(question.id)}
    loads = load_of(work, question, now)
    credits_ = [
        c
        for c in work.experts.credits_since(question.workspace, now - CREDIT_WINDOW)
        if c.topic == topic
    ]
    endorsements = [e for e in work.experts.endorsements(question.workspace) if e.topic == topic]
    refusals = work.questions.refusals(question.workspace, topic) if topic else ()
    asker = asker_person(work, question)
    topic_value = topic_of(work, question)
    steward = topic_value.steward if topic_value else None
    known = work.memory.answered_before(work, question.workspace)
    helpers = []
    for person in work.people.everybody(question.workspace):
        declared = levels.get(person.id)
        if declared is None and person.id != steward and person.id not in known:
            continue
        level = declared.level if declared else "none"
        if person.id == steward and level != "none":
            level = "steward"
        offer = offers.get(person.id)
        helpers.append(
            Helper(
                person=person.id,
                expertise=assess(
                    now,
                    level,
                    [c for c in credits_ if c.person == person.id],
                    [e for e in endorsements if e.person == person.id],
                    [when for who, when in refusals if who == person.id],
                ),
                declared_at=declared.at if declared else None,
                presence="working_hours" if is_working(person, at) else "off_hours",
                asks=loads.get(person.id, 0),
                soft_cap=person.weekly_cap,
                opted_out=not person.asks_welcome,
                opted_out_of=frozenset(
                    {declared.topic} if declared and declared.level == "none" else ()
                ),
                away=is_away(person, at),
                declined=offer is not None and offer.state is OfferState.DECLINED,
                already_asked=offer is not None,
                manages_asker=asker is not None and asker.manager == person.id,
            )
        )
    return helpers


def load_of(work: QuestionsWork, question: Question, now: datetime) -> dict[PersonId, int]:
    """How often each person was asked in the last five working days."""
    loads: dict[PersonId, int] = {}
    for offer in work.questions.offers_since(question.workspace, now - LOAD_WINDOW):
        loads[offer.person] = loads.get(offer.person, 0) + 1
    return loads


def explain(why: Why, topic: Topic | None) -> tuple[str, ...]:
    """The facts that chose a person, as they are told to that person."""
    title = topic.title if topic else "this"
    said = {
        "steward": f"you look after {title}",
        "can_help": f"you said that you know about {title}",
        "learning": f"you are learning {title}, and somebody experienced is asked too",
    }
    facts = [said[why.level]] if why.level in said else []
    if why.named:
        facts.append("the question names you")
    if why.similar:
        facts.append(f"you answered {why.similar} similar question{'s' * (why.similar > 1)}")
    elif why.on_subject:
        facts.append(f"you answered {why.on_subject} about {title}")
    if why.endorsed:
        facts.append("a colleague vouched for you")
    return tuple(facts)


def offer_to(
    context: Context,
    work: QuestionsWork,
    question: Question,
    person: Person,
    why: tuple[str, ...],
    suggested_by: str | None = None,
) -> None:
    """Put the question before one person; it counts against their load at once.

    Outside their working hours the letter waits until they begin.
    """
    load = load_of(work, question, context.now).get(person.id, 0) + 1
    work.questions.save_offer(
        Offer(question=question.id, person=person.id, wave=question.wave, at=context.now, why=why)
    )
    work.outbox.post(
        question.workspace,
        Letter(
            key=offer_key(question, person.id),
            to=ToPerson(person=person.id),
            message=messages.offer(
                question,
                asker=asker_name(work, question),
                topic=topic_of(work, question),
                why=why,
                load=load,
                cap=person.weekly_cap,
                suggested_by=suggested_by,
            ),
            kind="offer",
            priority=Priority.OFFER,
            due_at=next_working_moment(person, context.now),
            about=question.subject,
        ),
    )


def _ask_channel(context: Context, work: QuestionsWork, question: Question) -> Question | None:
    """The third wave: the topic's channel, after the asker has seen what would be posted."""
    topic = topic_of(work, question)
    if (
        topic is None
        or topic.channel is None
        or question.conversation is not None
        or question.wave >= CHANNEL_WAVE
    ):
        return None
    question = advance(context, work, question, EventKind.ROUTED, wave=CHANNEL_WAVE)
    send_asker(
        work,
        question,
        f"consent:{question.version}",
        messages.consent(question, topic.channel),
    )
    set_timer(work, question, "wave", context.now + CONSENT_WAIT)
    show_status(work, question)
    return question


def post(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The asker lets the question be posted, without their name."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    topic = topic_of(work, question)
    if (
        question.state not in LOOKING_STATES
        or question.conversation is not None
        or topic is None
        or topic.channel is None
    ):
        return Reply(message=status_of(work, question), replace=True)
    question = work.questions.save(replace(question, conversation=topic.channel))
    work.outbox.post(
        question.workspace,
        Letter(
            key=f"{question.subject}:post",
            to=ToPlace(conversation=topic.channel),
            message=messages.in_channel(question),
            kind="question",
            priority=Priority.OFFER,
            about=question.subject,
        ),
    )
    set_timer(
        work,
        question,
        "wave",
        add_working_time(command.person, context.now, WAVE_WAITS[CHANNEL_WAVE]),
    )
    return Reply(message=say(messages.POSTED), replace=True)


def keep_private(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The asker would rather not: the steward has it."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if question.state is not State.ROUTED:
        return Reply(message=status_of(work, question), replace=True)
    escalate(context, work, question)
    return Reply(message=say(messages.NOT_POSTED), replace=True)


def wave_over(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Nobody has taken it in the time of a wave. That is no mark against anybody."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if (
        question is not None
        and question.state is State.ROUTED
        and question.wave == timer.args["wave"]
    ):
        route(context, work, question)


def escalate(context: Context, work: QuestionsWork, question: Question) -> Question:
    """To the steward of the topic, else to the community managers; for five working days."""
    question = advance(context, work, question, EventKind.ESCALATED)
    asker = asker_of(work, question)
    clock = asker_person(work, question)
    for steward in stewards_of(work, question):
        if steward.id == asker:
            continue
        work.outbox.post(
            question.workspace,
            Letter(
                key=f"{question.subject}:escalation:{steward.id}:{question.version}",
                to=ToPerson(person=steward.id),
                message=messages.escalation(
                    question, topic_of(work, question), asker_name(work, question)
                ),
                kind="escalation",
                priority=Priority.OFFER,
                about=question.subject,
            ),
        )
    cancel_timers(work, question, "wave", "claim")
    if clock is not None:
        set_timer(work, question, "expire", add_working_days(clock, context.now, ESCALATION_DAYS))
    show_status(work, question)
    return question


def expire(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Nobody could answer: an honest word to the asker, and the list of unanswered questions."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is None or question.state is not State.ESCALATED:
        return
    question = advance(context, work, question, EventKind.EXPIRED)
    show_status(work, question)
    send_asker(work, question, f"expired:{question.version}", status_of(work, question))
    close_offers(work, question)


def close_offers(work: QuestionsWork, question: Question) -> None:
    """What was offered and not taken is closed; letters that still wait are taken back."""
    for offer in work.questions.offers(question.id):
        if offer.state is OfferState.OPEN:
            work.questions.save_offer(replace(offer, state=OfferState.CLOSED))
            work.outbox.cancel(question.workspace, offer_key(question, offer.person))


def take_offer(context: Context, work: QuestionsWork, question: Question, person: Person) -> None:
    """Whoever takes the question on or answers it has taken their offer, if they had one."""
    for offer in work.questions.offers(question.id):
        if offer.person == person.id:
            work.questions.save_offer(replace(offer, state=OfferState.TAKEN))
            if offer.reason is None and question.topic is not None:
                _confirm_endorsement(context, work, question, person)


def _confirm_endorsement(
    context: Context, work: QuestionsWork, question: Question, person: Person
) -> None:
    """Somebody named this person for the question; by taking it, the person agrees."""
    for event in work.questions.events(question.id):
        if (
            event.kind is EventKind.DECLINED
            and event.actor is not None
            and event.data.get("to") == person.id
            and question.topic is not None
        ):
            by = work.people.get(event.actor)
            work.experts.endorse(
                Endorsement(
                    person=person.id,
                    topic=question.topic,
                    by=event.actor,
                    other_team=by is not None and by.team != person.team,
                    at=context.now,
                )
            )


def expect_answer(
    context: Context, work: QuestionsWork, question: Question, person: Person
) -> None:
    """After four quiet working hours the question is offered to others as well."""
    set_timer(work, question, "claim", add_working_time(person, context.now, CLAIM_SILENCE))


# --- what an expert does --------------------------------------------------------------


def _card(work: QuestionsWork, question: Question, person: Person) -> Reply:
    card = messages.offer_state(
        question, mine=question.claimed_by == person.id, holder=holder_name(work, question)
    )
    return Reply(message=card, replace=True)


def claim(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*I take it*: the first wins; whoever comes later sees who has it."""
    question = find_question(work, command.person, command.args)
    if asker_of(work, question) == command.person.id:
        raise NotAllowed("This is your own question. You can withdraw it or add to it.")
    if not can(question, EventKind.CLAIMED):
        return _card(work, question, command.person)
    question = advance(context, work, question, EventKind.CLAIMED, actor=command.person.id)
    cancel_timers(work, question, "untapped", "wave", "expire")
    expect_answer(context, work, question, command.person)
    take_offer(context, work, question, command.person)
    show_status(work, question)
    if command.message and pressed_key(work, command) == f"{question.subject}:post":
        return Reply(message=messages.offer_state(question, mine=True, holder=None))
    return _card(work, question, command.person)


def release(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Give it back*: no reason needed."""
    question = find_question(work, command.person, command.args)
    if question.claimed_by != command.person.id or not can(question, EventKind.RELEASED):
        return _card(work, question, command.person)
    _pass_on(context, work, question, command.person)
    return Reply(message=say(messages.RELEASED), replace=True)


def _pass_on(context: Context, work: QuestionsWork, question: Question, person: Person) -> Question:
    question = advance(context, work, question, EventKind.RELEASED, actor=person.id)
    cancel_timers(work, question, "claim")
    for offer in work.questions.offers(question.id):
        if offer.person == person.id:
            work.questions.save_offer(replace(offer, state=OfferState.CLOSED))
    return route(context, work, question)


def claim_silent(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Four quiet working hours after taking it: others are asked too, kindly."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is None or question.state is not State.CLAIMED or question.claimed_by is None:
        return
    holder = work.people.get(question.claimed_by)
    if holder is None:
        return
    question = _pass_on(context, work, question, holder)
    if holder.active:
        work.outbox.post(
            question.workspace,
            Letter(
                key=f"{question.subject}:released:{question.version}",
                to=ToPerson(person=holder.id),
                message=messages.released_by_clock(question),
                kind="notice",
                priority=Priority.OFFER,
                about=question.subject,
            ),
        )


def busy(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _decline(context, work, command, Decline.BUSY)


def not_my_field(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _decline(context, work, command, Decline.NOT_MY_FIELD)


def _decline(context: Context, work: QuestionsWork, command: Command, reason: Decline) -> Reply:
    question = find_question(work, command.person, command.args)
    if not can(question, EventKind.DECLINED):
        return _card(work, question, command.person)
    if _mark_declined(work, question, command.person, reason):
        question = advance(
            context,
            work,
            question,
            EventKind.DECLINED,
            actor=command.person.id,
            reason=reason.value,
        )
        _ask_next(context, work, question)
    return Reply(message=messages.declined(question, reason), replace=True)


def _mark_declined(
    work: QuestionsWork, question: Question, person: Person, reason: Decline
) -> bool:
    """False when the person had no open offer, so that a second press changes nothing."""
    for offer in work.questions.offers(question.id):
        if offer.person == person.id and offer.state is OfferState.OPEN:
            work.questions.save_offer(replace(offer, state=OfferState.DECLINED, reason=reason))
            return True
    return False


def _ask_next(context: Context, work: QuestionsWork, question: Question) -> None:
    """The next candidate at once, unless somebody of this wave may still take it."""
    waiting = any(offer.state is OfferState.OPEN for offer in work.questions.offers(question.id))
    if question.state is State.ROUTED and not waiting and question.wave < CHANNEL_WAVE:
        route(context, work, question)


def someone_else_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    if question.state not in {State.ROUTED, State.ESCALATED, State.CLAIMED}:
        return _card(work, question, command.person)
    return Reply(form=messages.someone_else_form(question))


def hand_on(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Ask someone else: who?* The named person is asked next, and told by whom."""
    question = find_question(work, command.person, command.args)
    named = command.values.get("person", "").strip()
    other = work.people.by_address(command.person.workspace, named) or work.people.get(
        PersonId(named)
    )
    if other is None or other.workspace != command.person.workspace or not other.active:
        raise Invalid(fields={"person": "I do not know that person here."})
    asked = {offer.person for offer in work.questions.offers(question.id)}
    loads = load_of(work, question, context.now)
    if (
        other.id in asked
        or other.id in {command.person.id, asker_of(work, question)}
        or is_away(other, context.now)
        or not other.asks_welcome
        or _opted_out(work, question, other)
        or loads.get(other.id, 0) >= 2 * other.weekly_cap
        or _manages_anonymous_asker(work, question, other)
    ):
        raise Invalid(fields={"person": messages.cannot_take(other.name)})
    if question.state is State.CLAIMED and question.claimed_by == command.person.id:
        question = advance(context, work, question, EventKind.RELEASED, actor=command.person.id)
        cancel_timers(work, question, "claim")
    if not can(question, EventKind.DECLINED):
        return _card(work, question, command.person)
    _mark_declined(work, question, command.person, Decline.SOMEONE_ELSE)
    question = advance(
        context,
        work,
        question,
        EventKind.DECLINED,
        actor=command.person.id,
        reason=Decline.SOMEONE_ELSE.value,
        to=other.id,
    )
    offer_to(context, work, question, other, (), suggested_by=command.person.name)
    if question.state is State.ROUTED:
        set_timer(work, question, "wave", add_working_time(other, context.now, WAVE_WAITS[2]))
    return Reply(message=messages.declined(question, Decline.SOMEONE_ELSE))


def _opted_out(work: QuestionsWork, question: Question, person: Person) -> bool:
    return any(
        d.person == person.id and d.topic == question.topic and d.level == "none"
        for d in work.experts.declarations(question.workspace)
    )


def _manages_anonymous_asker(work: QuestionsWork, question: Question, person: Person) -> bool:
    if question.visibility is not Visibility.ANONYMOUS:
        return False
    asker = asker_person(work, question)
    return asker is not None and asker.manager == person.id


# --- duplicates and lists -------------------------------------------------------------


def duplicate_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    _require_steward_or_asker(work, command.person, question)
    return Reply(form=messages.duplicate_form(question))


def _require_steward_or_asker(work: QuestionsWork, person: Person, question: Question) -> None:
    if asker_of(work, question) != person.id and not is_steward(person, topic_of(work, question)):
        raise NotAllowed("Only the asker or the steward of the topic can do this.")


def mark_duplicate(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The asker follows the other question from now on, without being named to anybody."""
    question = find_question(work, command.person, command.args)
    _require_steward_or_asker(work, command.person, question)
    try:
        number = int(float(command.values.get("number", "")))
    except ValueError as error:
        raise Invalid(fields={"number": messages.NO_SUCH_NUMBER}) from error
    other = work.questions.by_number(question.workspace, number)
    hops = 0
    while other is not None and other.duplicate_of is not None and hops < 10:
        other, hops = work.questions.get(other.duplicate_of), hops + 1
    if other is None or other.state in {State.WITHDRAWN, State.EXPIRED}:
        raise Invalid(fields={"number": messages.NO_SUCH_NUMBER})
    if other.id == question.id:
        raise Invalid(fields={"number": messages.SAME_NUMBER})
    if not can(question, EventKind.MARKED_DUPLICATE):
        return _card(work, question, command.person)
    question = advance(context, work, question, EventKind.MARKED_DUPLICATE, of=other.id)
    work.questions.subscribe(other.id, question.id)
    cancel_timers(work, question)
    show_status(work, question)
    close_offers(work, question)
    if other.accepted is not None:
        turn = work.questions.turn(other.accepted)
        author = work.people.get(turn.author) if turn and turn.author else None
        if turn is not None and author is not None:
            send_asker(
                work,
                question,
                f"answer:{turn.id}",
                messages.answer_for_subscriber(question, turn, author),
            )
    return Reply(message=messages.joined(question, other))


def unanswered(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/unanswered`: what found nobody, in the topics that the person looks after."""
    waiting = work.questions.in_states(
        command.person.workspace, frozenset({State.ESCALATED, State.EXPIRED}), 50
    )
    mine = []
    for question in waiting:
        if is_steward(command.person, topic_of(work, question)):
            names = ", ".join(s.name for s in stewards_of(work, question)) or "nobody"
            mine.append((question, names))
    return Reply(message=messages.unanswered(mine[:20]))


def leave(context: Context, work: QuestionsWork, person: Person) -> None:
    """An expert has left: what they held goes to others, what was offered is closed."""
    for question in work.questions.held_by(person.id):
        if question.state is State.CLAIMED:
            _pass_on(context, work, question, person)
    for question in work.questions.offered_to(person.id):
        for offer in work.questions.offers(question.id):
            if offer.person == person.id:
                work.questions.save_offer(replace(offer, state=OfferState.CLOSED))
                work.outbox.cancel(question.workspace, offer_key(question, person.id))
        _ask_next(context, work, question)
