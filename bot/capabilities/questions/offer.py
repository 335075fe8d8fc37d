"""Finding somebody: waves of offers, taking one on, passing, giving back, escalation.

domain.md 3.4 is the plan: one person for 30 working minutes (two when it is urgent),
two more for an hour, the topic's channel with the asker's consent for four hours, then
the steward. Clocks run in the working time of those who were asked.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.access import Right, roles_with
from bot.capabilities.questions import messages
from bot.capabilities.questions.access import (
    asker_of,
    find_question,
    is_private,
    may_be_told,
    require_asker,
    stewards_of,
    told_when_escalated,
    topic_of,
)
from bot.capabilities.questions.expertise import assess
from bot.capabilities.questions.model import (
    CHANNEL_WAVE,
    CLAIM_SILENCE,
    CONSENT_WAIT,
    ESCALATED_LIMIT,
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
    Urgency,
    Visibility,
    can,
)
from bot.capabilities.questions.routing import Candidate, Helper, Matter, Why, choose
from bot.capabilities.questions.step import (
    ESCALATION,
    FOUND_NOBODY,
    NEVER_SENT,
    POST_TAKES,
    added_to,
    advance,
    asker_name,
    asker_person,
    cancel_timers,
    consent_on_card,
    count_escalations,
    escalation_key,
    expect_post,
    hidden_subjects,
    holder_name,
    is_theirs,
    load_of,
    offer_card,
    offer_key,
    posted_keys,
    pressed_key,
    send_asker,
    set_timer,
    several_key,
    show_declined,
    show_escalation,
    show_offers,
    show_status,
    status_of,
)
from bot.capabilities.questions.talk import is_chat
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.errors import Invalid, NotAllowed, NotFound
from bot.ids import PersonId, QuestionId, TopicId, WorkspaceId
from bot.inbound import Command, named
from bot.kind import for_duty
from bot.message import Message, say
from bot.outbox import Letter, LetterState, Priority, ToPerson, ToPlace
from bot.people import Person, is_away, is_working, local
from bot.ports import Timer
from bot.reply import NOTHING, Reply
from bot.schedule import (
    add_working_days,
    add_working_time,
    at_local,
    next_open_moment,
    next_working_moment,
)
from bot.steward import curators_of, is_steward, looked_after
from bot.topic import Topic

UNANSWERED_WINDOW = timedelta(days=14)
"""The weekly list reaches back so far."""
APART = timedelta(hours=1)
"""So far apart are the letters to one person that tell of what found nobody."""
LISTED = 20
"""So many questions are on one page of a list."""
PUT_OFF = timedelta(minutes=2)
"""What is tried again only so much later was refused in its channel; a busy platform takes it
sooner."""
CREDIT_WINDOW = timedelta(days=4 * 180)
"""Four half-lives: what is older is worth less than a sixteenth."""


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
    ranked = _rank(work, question, context.now, context.now)
    if not ranked:
        return _wait_for_morning(context, work, question, wave)
    count = 2 if wave > 1 or question.urgency is Urgency.URGENT else 1
    question = advance(context, work, question, EventKind.ROUTED, wave=wave)
    picks = choose(ranked, count, f"{question.id}:{wave}", wave)
    _offer_picked(context, work, question, picks.everyone)
    show_status(work, question)
    return question


def _offer_picked(
    context: Context, work: QuestionsWork, question: Question, picked: Sequence[Candidate]
) -> None:
    """Offers to those drawn; the wave lasts until the last of them had their time."""
    ends: list[datetime] = []
    topic = topic_of(work, question)
    guided = any(candidate.standing != "learning" for candidate in picked)
    for candidate in picked:
        person = work.people.get(PersonId(candidate.person))
        if person is None:
            continue
        looks_after = topic is not None and topic.steward == person.id
        why = explain(candidate.why, topic, guided=guided, looks_after=looks_after)
        offer_to(context, work, question, person, why)
        ends.append(add_working_time(person, context.now, WAVE_WAITS[question.wave]))
    set_timer(work, question, "wave", max(ends))


def _wait_for_morning(
    context: Context, work: QuestionsWork, question: Question, wave: int
) -> Question | None:
    """Nobody works at this hour, but somebody will: the wave begins when the first does."""
    known = {helper.person for helper in _helpers(work, question, context.now, context.now)}
    starts = sorted(
        {
            next_working_moment(person, context.now)
            for person in work.people.everybody(question.workspace)
            if person.id in known
            and not is_away(person, context.now)
            and not is_working(person, context.now)
        }
    )
    for start in starts:
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
        named=_named_in(question.text, work.people.everybody(question.workspace)),
        anonymous=question.visibility is Visibility.ANONYMOUS,
        can_wait=question.urgency is Urgency.CAN_WAIT,
    )
    ranked = work.memory.rank(work, question.workspace, matter, at, helpers)
    if question.topic is None:
        # Nobody has said that they know what nobody can name: only who answered something
        # like it, or is named, is asked. Else whoever answers often would get everything.
        return [c for c in ranked if c.why.similar or c.why.named]
    return ranked


def _named_in(text: str, people: Iterable[Person]) -> frozenset[str]:
    """Those whom the words address as `@kim`, by address or name."""
    called = {word.casefold() for word in re.findall(r"@([\w.-]*\w)", text)}
    return frozenset(
        person.id
        for person in people
        if called and called & {person.address.casefold(), person.name.casefold()}
    )


def _helpers(work: QuestionsWork, question: Question, now: datetime, at: datetime) -> list[Helper]:
    """People who said something about the topic, and people who answered before."""
    topic = question.topic
    levels = {
        d.person: d
        for d in work.experts.declarations(question.workspace)
        if topic is not None and d.topic == topic
    }
    offers = {offer.person: offer for offer in work.questions.offers(question.id)}
    loads = load_of(work, question.workspace, now)
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


def explain(
    why: Why, topic: Topic | None, *, guided: bool, looks_after: bool = False
) -> tuple[str, ...]:
    """The facts that chose a person, as they are told to that person.

    `guided`: somebody experienced is asked too. `looks_after`: the person is the topic's steward.
    Who is neither that nor has said or answered anything about it has answered something else.
    """
    title = topic.title if topic else "this"
    said = {
        "steward": f"you look after {title}",
        "can_help": f"you said that you know about {title}",
        "learning": f"you are learning {title}"
        + (", and somebody experienced is asked too" if guided else ""),
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
    if not facts:
        facts = [said["steward"] if looks_after else "you have answered colleagues before"]
    return tuple(facts)


def offer_to(
    context: Context,
    work: QuestionsWork,
    question: Question,
    person: Person,
    why: tuple[str, ...],
) -> None:
    """Put the question before one person; it counts against their load at once.

    Outside their working hours the letter waits until they begin.
    """
    offer = Offer(
        question=question.id, person=person.id, wave=question.wave, at=context.now, why=why
    )
    work.questions.save_offer(offer)
    work.outbox.post(
        question.workspace,
        Letter(
            key=offer_key(question, person.id),
            to=ToPerson(person=person.id),
            message=offer_card(work, question, offer, context.now),
            kind="offer",
            priority=Priority.OFFER,
            due_at=next_working_moment(person, context.now),
            about=question.subject,
            because=messages.because_asked(why),
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
    has_card = work.outbox.state(question.workspace, f"{question.subject}:status") is not None
    if has_card or consent_on_card(work, question) is None:
        send_asker(
            work,
            question,
            f"consent:{question.version}",
            messages.consent(question, topic.channel),
        )
    asker = asker_person(work, question)
    wait = CONSENT_WAIT
    ends = add_working_time(asker, context.now, wait) if asker else context.now + wait
    set_timer(work, question, "wave", ends)
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
    expect_post(work, question)
    show_status(work, question)
    return _consented(work, question, command, messages.POSTED)


def _consented(work: QuestionsWork, question: Question, command: Command, sentence: str) -> Reply:
    """What the asker hears who said whether it may be posted. Their card stays a card."""
    if pressed_key(work, command) == f"{question.subject}:status":
        return Reply(message=status_of(work, question), replace=True)
    return Reply(message=say(sentence), replace=True)


def posted(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Some time after a question was to be posted: does it stand in the channel? Where it was
    refused, be it until somebody lets the bot in, the asker hears it, and it goes on without
    the channel."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is None or not question.is_open or question.conversation is None:
        return
    is_own = question.visibility is Visibility.OPEN
    key = f"{question.subject}:{'status' if is_own else 'post'}"
    letter = work.outbox.promised(question.workspace, [key]).get(key)
    if letter is None or letter.state is LetterState.SENT:
        return
    is_put_off = letter.due_at - context.now > PUT_OFF
    if letter.state in NEVER_SENT or (is_put_off and work.outbox.cancel(question.workspace, key)):
        _take_from_channel(context, work, question)
    else:
        set_timer(work, question, "posted", context.now + POST_TAKES)


def _take_from_channel(context: Context, work: QuestionsWork, question: Question) -> None:
    channel = question.conversation or ""
    is_own = question.visibility is Visibility.OPEN
    visibility = Visibility.DIRECT if is_own else question.visibility
    moved = replace(question, visibility=visibility, conversation=None, thread=None)
    question = work.questions.save(moved)
    if not is_own and question.state is State.ROUTED:
        question = escalate(context, work, question)
    step = "moved" if is_own else "not_posted"
    card = status_of(work, question)
    send_asker(work, question, step, messages.not_in_channel(question, channel, card))


def keep_private(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The asker would rather not: the steward has it."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if question.state is not State.ROUTED:
        return Reply(message=status_of(work, question), replace=True)
    question = escalate(context, work, question)
    return _consented(work, question, command, messages.NOT_POSTED)


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
    clock = asker_person(work, question)
    _tell_of_escalation(context, work, question)
    cancel_timers(work, question, "wave", "claim")
    ends = context.now + timedelta(days=7)  # Five working days of nobody in particular.
    if clock is not None:
        ends = add_working_days(clock, context.now, ESCALATION_DAYS)
    set_timer(work, question, "expire", ends)
    show_status(work, question)
    return question


def _tell_of_escalation(context: Context, work: QuestionsWork, question: Question) -> None:
    """Whoever was told already is not told again."""
    number = count_escalations(work, question)
    people = told_when_escalated(work, question, context.now)
    work.attention.lock([person.id for person in people])
    for person in people:
        key = escalation_key(question, person.id, number)
        if work.outbox.state(question.workspace, key) is None:
            _tell_one(context, work, question, person, key)


def _tell_one(
    context: Context, work: QuestionsWork, question: Question, person: Person, key: str
) -> None:
    """By a letter of its own, an hour after the last one at the soonest: an asker waits, and
    yet they come in no burst. As long as one waits, that becomes a list of all."""
    workspace, last = question.workspace, work.outbox.latest(person, ESCALATION)
    letter = Letter(
        key=key,
        to=ToPerson(person=person.id),
        message=messages.escalations(),
        kind=ESCALATION,
        priority=Priority.OFFER,
    )
    if last is not None and last.state is LetterState.PENDING:
        joined = letter.model_copy(update={"edits": last.key, "about": FOUND_NOBODY})
        for edit in (several_key(last.key), key, several_key(key)):
            work.outbox.post(workspace, joined.model_copy(update={"key": edit}))
        return
    told = letter.model_copy(
        update={
            "message": _escalation_to(work, question, person),
            "about": question.subject,
            "because": messages.because_escalated(_why_escalated(work, question, person)),
        }
    )
    soonest = context.now if last is None else max(context.now, last.due_at + APART)
    work.outbox.post(workspace, for_duty(told, person, soonest))


def _escalation_to(
    work: QuestionsWork,
    question: Question,
    person: Person,
    named: tuple[str, str | None] | None = None,
) -> Message:
    """The card of somebody to whom the question was escalated; `named`: who named whom since."""
    topic, why = topic_of(work, question), _why_escalated(work, question, person)
    asker, added = asker_name(work, question), added_to(work, question)
    return messages.escalation(question, topic, asker, added, why, named)


def _why_escalated(work: QuestionsWork, question: Question, person: Person) -> str:
    topic = topic_of(work, question)
    return messages.why_escalated(
        topic,
        looks_after=topic is not None and topic.steward == person.id,
        # Its steward may be the asker, which must not show.
        is_orphan=stewards_of(work, question) == curators_of(work, question.workspace),
    )


def open_escalated(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Question 7*, in the list of what found nobody."""
    question = find_question(work, command.person, command.args)
    curates = is_steward(command.person, topic_of(work, question))
    if question.state is not State.ESCALATED or not curates:
        return card_of(work, question, command).model_copy(update={"replace": False})
    return Reply(message=_escalation_to(work, question, command.person))


def expire(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Nobody could answer: an honest word to the asker, and the list of unanswered questions."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is None or question.state is not State.ESCALATED:
        return
    question = advance(context, work, question, EventKind.EXPIRED)
    show_status(work, question)
    send_asker(work, question, f"expired:{question.version}", status_of(work, question))
    close_offers(work, question)
    for own in subscribers(work, question):
        send_asker(work, own, f"ended:{question.version}", messages.ended_for_subscriber(own))
    _list_on_monday(context, work, question.workspace)


def subscribers(work: QuestionsWork, question: Question) -> list[Question]:
    """The duplicates whose askers wait for what becomes of the question."""
    found = (work.questions.get(other) for other in work.questions.subscribers(question.id))
    return [own for own in found if own is not None and own.duplicate_of == question.id]


def release_subscribers(context: Context, work: QuestionsWork, question: Question) -> None:
    """No answer will come any more: each duplicate goes its own way again."""
    for own in subscribers(work, question):
        if asker_of(work, own) is None:
            continue  # Nobody waits for it any more.
        reopened = advance(context, work, own, EventKind.REOPENED)
        route(context, work, reopened, afresh=True)


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
            # Taken on their own page, before their working hours: what told of it is late.
            work.outbox.cancel(question.workspace, offer_key(question, person.id))
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


def card_of(work: QuestionsWork, question: Question, command: Command) -> Reply:
    """The question as it is now, for somebody who works on it or pressed a stale button.

    What everybody sees in a channel is never replaced by what is for one person.
    """
    card = messages.offer_state(
        question,
        mine=is_theirs(work, question, command.person.id),
        holder=holder_name(work, question),
        added=added_to(work, question),
    )
    return Reply(message=card, replace=not _is_shared(work, question, command))


def _is_shared(work: QuestionsWork, question: Question, command: Command) -> bool:
    """Whether what was pressed may stand in a channel, for all."""
    return pressed_key(work, command) in posted_keys(question)


def refuse_own(work: QuestionsWork, person: Person, question: Question) -> None:
    """Raises NotAllowed for the asker: what they did would stand beside the question."""
    if asker_of(work, question) == person.id:
        raise NotAllowed("This is your own question. You can withdraw it or add to it.")


def claim(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*I take it*: the first wins; whoever comes later sees who has it."""
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    if not can(question, EventKind.CLAIMED):
        return card_of(work, question, command)
    return card_of(work, take(context, work, question, command.person), command)


def take(context: Context, work: QuestionsWork, question: Question, person: Person) -> Question:
    """The question is this person's from now on.

    Raises:
        Conflict: somebody else has it, or it is settled.
    """
    question = advance(context, work, question, EventKind.CLAIMED, actor=person.id)
    cancel_timers(work, question, "untapped", "wave", "expire")
    expect_answer(context, work, question, person)
    take_offer(context, work, question, person)
    show_status(work, question)
    return question


def release(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Give it back*: no reason needed."""
    question = find_question(work, command.person, command.args)
    if question.claimed_by != command.person.id or not can(question, EventKind.RELEASED):
        return card_of(work, question, command)
    # The holder has the button on the channel's card too, where they see one of their own.
    shared = _is_shared(work, question, command)
    pass_on(context, work, question, command.person)
    return Reply(message=say(messages.RELEASED), replace=not shared)


def pass_on(
    context: Context, work: QuestionsWork, question: Question, holder: Person | None
) -> Question:
    """Whoever holds the question gives it up: it is free for those who were asked, and others."""
    actor = holder.id if holder else None
    question = advance(context, work, question, EventKind.RELEASED, actor=actor)
    cancel_timers(work, question, "claim")
    for offer in work.questions.offers(question.id):
        if offer.person == actor:
            work.questions.save_offer(replace(offer, state=OfferState.CLOSED))
    question = route(context, work, question)
    show_offers(work, question, f"free:{question.version}")
    return question


def claim_silent(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Four quiet working hours after taking it: others are asked too, kindly."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is None or question.state is not State.CLAIMED or question.claimed_by is None:
        return
    holder = work.people.get(question.claimed_by)
    if holder is None:
        return
    question = pass_on(context, work, question, holder)
    if holder.active:
        work.outbox.post(
            question.workspace,
            Letter(
                key=f"{question.subject}:released:{question.version}",
                to=ToPerson(person=holder.id),
                message=messages.released_by_clock(question),
                kind="released",
                priority=Priority.OFFER,
                due_at=next_open_moment(holder, context.now),
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
        return card_of(work, question, command)
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
        key = offer_key(question, command.person.id)
        # Declined elsewhere, on their own page, what stands in their messages says so too.
        if pressed_key(work, command) != key and not work.outbox.cancel(question.workspace, key):
            show_declined(work, question, command.person.id, reason)
        return Reply(message=messages.declined(question, reason), replace=True)
    return card_of(work, question, command)


def _mark_declined(
    work: QuestionsWork, question: Question, person: Person, reason: Decline
) -> bool:
    """False when the person had no offer to decline, so that a second press changes nothing."""
    passing = {OfferState.OPEN}
    if reason is Decline.SOMEONE_ELSE:
        passing.add(OfferState.TAKEN)
    for offer in work.questions.offers(question.id):
        if offer.person == person.id and offer.state in passing:
            work.questions.save_offer(replace(offer, state=OfferState.DECLINED, reason=reason))
            return True
    return False


def _ask_next(context: Context, work: QuestionsWork, question: Question) -> None:
    """The next candidate at once, within the same wave; a step up when there is none and
    nobody who was asked may still take it. Whom a steward named had no wave: it is with the
    steward again."""
    if question.state is State.ESCALATED:
        show_status(work, question)
        _show_escalation(work, question)
        return
    if question.state is not State.ROUTED or not 0 < question.wave < CHANNEL_WAVE:
        return
    offers = work.questions.offers(question.id)
    ranked = _rank(work, question, context.now, context.now)
    if ranked:
        picks = choose(ranked, 1, f"{question.id}:{question.wave}:{len(offers)}", wave=0)
        _offer_picked(context, work, question, picks.people)
        show_status(work, question)
    elif not any(offer.state is OfferState.OPEN for offer in offers):
        route(context, work, question)


def someone_else_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    if question.state not in {State.ROUTED, State.ESCALATED, State.CLAIMED}:
        return card_of(work, question, command)
    return Reply(form=messages.someone_else_form(question))


def hand_on(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Ask someone else: who?* The named person is asked next, and told by whom."""
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    who = named(command.values, "person").strip()
    other = work.people.by_address(command.person.workspace, who) or work.people.get(PersonId(who))
    if other is None or other.workspace != command.person.workspace or not other.active:
        raise Invalid(fields={"person": "I do not know that person here."})
    asked = {offer.person for offer in work.questions.offers(question.id)}
    asked |= {hid for s in hidden_subjects(work, question) if (hid := work.relay.open(s))}
    loads = load_of(work, question.workspace, context.now)
    # Whom nobody may tell from others is refused for every reason for which others are.
    hidden = _may_not_know(work, question, other)
    if other.id == question.asker:
        raise Invalid(fields={"person": messages.own_question(other.name)})
    if (
        other.id in asked
        or other.id == command.person.id
        or is_away(other, context.now)
        or not other.asks_welcome
        or _opted_out(work, question, other)
        or loads.get(other.id, 0) >= 2 * other.weekly_cap
    ):
        raise Invalid(fields={"person": messages.cannot_take(other.name)})
    if question.state is State.CLAIMED and question.claimed_by == command.person.id:
        question = advance(context, work, question, EventKind.RELEASED, actor=command.person.id)
        cancel_timers(work, question, "claim")
    if not can(question, EventKind.DECLINED):
        return card_of(work, question, command)
    _mark_declined(work, question, command.person, Decline.SOMEONE_ELSE)
    subjects = hidden_subjects(work, question)
    question = advance(
        context,
        work,
        question,
        EventKind.DECLINED,
        actor=command.person.id,
        reason=Decline.SOMEONE_ELSE.value,
        **({} if hidden else {"to": other.id}),
    )
    called = None if question.visibility is Visibility.ANONYMOUS else other.name
    if hidden:
        # To refuse this name, or to ask, would tell who stands behind the question. It is
        # remembered so that a second naming is refused as anybody's.
        work.relay.seal(f"{question.subject}:named:{len(subjects)}", other.id)
        if question.state is not State.ESCALATED:
            _ask_next(context, work, question)
            question = work.questions.get(question.id) or question
        _show_handed_on(work, question, command.person, called)
        return Reply(message=say(messages.handed_on(called)))
    offer_to(context, work, question, other, (messages.named_by(command.person.name),))
    if question.state is State.ROUTED:
        set_timer(work, question, "wave", add_working_time(other, context.now, WAVE_WAITS[2]))
    _show_handed_on(work, question, command.person, called)
    return Reply(message=say(messages.handed_on(called)))


def _show_handed_on(work: QuestionsWork, question: Question, by: Person, named: str | None) -> None:
    """Somebody was named: that stands with the asker, with who named them, and with those to
    whom it was escalated. Of an anonymous question nothing may tell who was named: whoever
    was not asked then is the asker, or their line manager."""
    show_status(work, question)
    show_declined(work, question, by.id)
    if question.state is State.ESCALATED:
        _show_escalation(work, question, (by.name, named))


def _show_escalation(
    work: QuestionsWork, question: Question, named: tuple[str, str | None] | None = None
) -> None:
    """Edit what those read to whom the question was escalated and with whom it still is."""
    number = count_escalations(work, question)
    for person in may_be_told(work, question):
        card = _escalation_to(work, question, person, named)
        show_escalation(work, question, person.id, number, card)


def _opted_out(work: QuestionsWork, question: Question, person: Person) -> bool:
    return any(
        d.person == person.id and d.topic == question.topic and d.level == "none"
        for d in work.experts.declarations(question.workspace)
    )


def _may_not_know(work: QuestionsWork, question: Question, person: Person) -> bool:
    """Whether the person is the anonymous asker, or the asker's line manager."""
    if question.visibility is not Visibility.ANONYMOUS:
        return False
    asker = asker_person(work, question)
    return asker is not None and person.id in {asker.id, asker.manager}


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
    number = whole_number(command.values.get("number", ""))
    if number is None:
        raise Invalid(fields={"number": messages.NO_SUCH_NUMBER})
    other = work.questions.by_number(question.workspace, number)
    hops = 0
    while other is not None and other.duplicate_of is not None and hops < 10:
        other, hops = work.questions.get(other.duplicate_of), hops + 1
    if other is None or not _may_be_followed(work, command.person, other):
        raise Invalid(fields={"number": messages.NO_SUCH_NUMBER})
    if other.id == question.id:
        raise Invalid(fields={"number": messages.SAME_NUMBER})
    if not can(question, EventKind.MARKED_DUPLICATE):
        return card_of(work, question, command)
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


def _may_be_followed(work: QuestionsWork, person: Person, other: Question) -> bool:
    """Whether others may hear what becomes of the question, for all that the person knows."""
    if other.state in {State.WITHDRAWN, State.EXPIRED, State.SELF_SOLVED}:
        return False
    if is_private(work, other):
        return False
    try:
        find_question(work, person, {"question": other.id})
    except NotFound:
        return False
    return True


def whole_number(words: str) -> int | None:
    """The number that a form brought back, like `7` or `7.0`; None when it is none, or so
    large that it cannot be meant."""
    try:
        number = float(words)
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 2**31 else None


def found_nobody(
    work: QuestionsWork,
    workspace: WorkspaceId,
    now: datetime,
    topics: Sequence[TopicId] | None = None,
) -> list[Question]:
    """What waits for whoever looks after it, then what nobody could answer of late; of both
    the newest first, of some topics where they are named."""
    waiting, over = (
        work.questions.in_states(
            workspace, frozenset({state}), ESCALATED_LIMIT, newest_first=True, topics=topics
        )
        for state in (State.ESCALATED, State.EXPIRED)
    )
    return [*waiting, *(q for q in over if now - q.changed_at < UNANSWERED_WINDOW)]


def unanswered(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/unanswered`: what found nobody, in the topics that the person looks after."""
    person = command.person
    topics = looked_after(person, work.topics.every(person.workspace))
    mine = found_nobody(work, person.workspace, context.now, topics)
    begin = max(whole_number(str(command.args.get("after", 0))) or 0, 0)
    page = [(q, _steward_names(work, q)) for q in mine[begin : begin + LISTED]]
    after = begin + LISTED
    return Reply(message=messages.unanswered(page, after if mine[after:] else None))


def hear_which(_context: Context, _work: QuestionsWork, command: Command) -> Reply:
    """Words under a letter that tells of several questions: which of them they answer is not
    known, so that they go to nobody."""
    return NOTHING if is_chat(command.text) else Reply(message=messages.which_of_several())


def _managers(work: QuestionsWork, workspace: WorkspaceId) -> list[Person]:
    roles = roles_with(Right.SEE_UNANSWERED)
    found = {p.id: p for role in roles for p in work.people.holders(workspace, role)}
    return list(found.values())


def _list_on_monday(context: Context, work: QuestionsWork, workspace: WorkspaceId) -> None:
    """The weekly list is due on the next Monday; several expired questions share one."""
    managers = _managers(work, workspace)
    if managers:
        days = 7 - local(managers[0], context.now).weekday()
        monday = local(managers[0], context.now).date() + timedelta(days=days)
        work.timers.set(
            Timer(
                key=f"unanswered:{workspace}",
                due_at=at_local(monday, time(10), managers[0].zone),
                action="question.list_unanswered",
                args={"workspace": workspace},
            )
        )


def list_unanswered(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Monday morning: what found nobody, for the community managers."""
    workspace = WorkspaceId(str(timer.args["workspace"]))
    found = found_nobody(work, workspace, context.now)
    if not found:
        return
    listed = [(question, _steward_names(work, question)) for question in found[:LISTED]]
    after = LISTED if found[LISTED:] else None
    for manager in _managers(work, workspace):
        if work.attention.get(manager.id).stopped_at is not None:
            continue
        letter = Letter(
            key=f"unanswered:{context.now.date()}:{manager.id}",
            to=ToPerson(person=manager.id),
            message=messages.unanswered(listed, after),
            kind="list",
            priority=Priority.OFFER,
            because=messages.BECAUSE_UNANSWERED,
        )
        work.outbox.post(workspace, for_duty(letter, manager, context.now))


def _steward_names(work: QuestionsWork, question: Question) -> str:
    return ", ".join(steward.name for steward in stewards_of(work, question)) or "nobody"


def leave(context: Context, work: QuestionsWork, person: Person) -> None:
    """An expert has left: what they held goes to others, what was offered is closed."""
    for question in work.questions.held_by(person.id):
        if question.state is State.CLAIMED:
            pass_on(context, work, question, person)
    for question in work.questions.offered_to(person.id):
        for offer in work.questions.offers(question.id):
            if offer.person == person.id:
                work.questions.save_offer(replace(offer, state=OfferState.CLOSED))
                work.outbox.cancel(question.workspace, offer_key(question, person.id))
        _ask_next(context, work, question)


def take_back_waiting(
    context: Context, work: QuestionsWork, person: Person, topic: TopicId | None = None
) -> None:
    """Somebody wants no questions for now, or none of a topic: what has not reached them
    yet goes to others."""
    for question in work.questions.offered_to(person.id):
        if topic is not None and question.topic != topic:
            continue
        if not work.outbox.cancel(question.workspace, offer_key(question, person.id)):
            continue
        for offer in work.questions.offers(question.id):
            if offer.person == person.id:
                work.questions.save_offer(replace(offer, state=OfferState.CLOSED))
        _ask_next(context, work, question)


def pass_all(context: Context, work: QuestionsWork, person: Person) -> bool:
    """Somebody wants to be left alone: all they were asked and have not taken goes to others,
    as with *Busy*. Returns whether any of it had reached them."""
    take_back_waiting(context, work, person)
    seen = False
    for question in work.questions.offered_to(person.id):
        if not can(question, EventKind.DECLINED):
            # Somebody else has it. Should it become free, it is not offered to this person.
            for offer in work.questions.offers(question.id):
                if offer.person == person.id:
                    work.questions.save_offer(replace(offer, state=OfferState.CLOSED))
            continue
        _mark_declined(work, question, person, Decline.BUSY)
        after = advance(
            context,
            work,
            question,
            EventKind.DECLINED,
            actor=person.id,
            reason=Decline.BUSY.value,
        )
        show_declined(work, after, person.id, Decline.BUSY)
        _ask_next(context, work, after)
        seen = True
    if is_away(person, context.now):
        _escalate_past(context, work, person)
    return seen


def _escalate_past(context: Context, work: QuestionsWork, person: Person) -> None:
    """What was escalated to somebody who is away from now on is told to who is there. Of a
    question without a name all who may hear of it have heard."""
    escalated = frozenset({State.ESCALATED})
    topics = looked_after(person, work.topics.every(person.workspace))
    for question in work.questions.in_states(
        person.workspace, escalated, ESCALATED_LIMIT, topics=topics
    ):
        stewards = {steward.id for steward in stewards_of(work, question)}
        if person.id in stewards and question.visibility is not Visibility.ANONYMOUS:
            _tell_of_escalation(context, work, question)
