"""Following topics: in two taps, and at any time fewer, on other days, or not at all."""

from collections.abc import Sequence
from dataclasses import replace

from bot.capabilities.tips import messages
from bot.capabilities.tips.access import (
    courses,
    find_entry,
    find_topic,
    open_topics,
    require_steward,
    topic_by_words,
)
from bot.capabilities.tips.messages import Standing
from bot.capabilities.tips.model import (
    KIND,
    MOST_ACTIVE,
    NO_BOOKMARK,
    CardState,
    Pace,
    Subscription,
    SubscriptionState,
    weekdays_of,
)
from bot.capabilities.tips.today import choose_now, message_of
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.ids import TopicId
from bot.inbound import Command, named
from bot.message import Message, say
from bot.pack.model import Kind
from bot.people import Person, local
from bot.reply import Reply
from bot.slot import Slot, begin_slot, change_slot
from bot.topic import Topic
from bot.weekday import parse_weekdays


def tips(context: Context, work: TipsWork, command: Command) -> Reply:
    """`/tips`, or with a topic: how often it is to come."""
    if not command.text:
        return list_mine(context, work, command)
    topic = topic_by_words(open_topics(work, command.person), command.text)
    return _ask_how_often(work, command.person, topic)


def list_mine(_context: Context, work: TipsWork, command: Command) -> Reply:
    """*My tips*."""
    return Reply(message=_overview(work, command.person))


def _overview(work: TipsWork, person: Person) -> Message:
    mine = [one for one in work.tips.subscriptions(person.id) if not _is_over(one)]
    topics = {topic.id: topic for topic in open_topics(work, person)}
    there = courses(work, person.workspace, topics)
    followed = {one.topic for one in mine}
    cards = work.tips.cards(person.id, followed)
    standings = []
    for one in mine:
        if one.topic not in topics:
            continue
        own = [card for card in cards if card.topic == one.topic]
        told = [card for card in own if there[one.topic].entry(card.tip) is not None]
        standings.append(
            Standing(
                topic=topics[one.topic],
                subscription=one,
                seen=len(told),
                tips=len(there[one.topic].entries),
                active=sum(card.state is CardState.ACTIVE for card in told),
            )
        )
    slot = slot_of(work, person)
    waiting = work.tips.nominations_for(person.workspace, person.id, stewarded(work, person))
    return messages.overview(
        sorted(standings, key=lambda each: each.topic.title.casefold()),
        [topic for topic in topics.values() if topic.id not in followed],
        person,
        next_on=slot.next_day if slot is not None else None,
        active=work.tips.count_active(person.id),
        nominations=len(waiting),
    )


def stewarded(work: TipsWork, person: Person) -> Sequence[TopicId]:
    """The topics whose steward the person is."""
    return [t.id for t in work.topics.every(person.workspace) if t.steward == person.id]


def _is_over(subscription: Subscription) -> bool:
    return subscription.state is SubscriptionState.ENDED


def follow(_context: Context, work: TipsWork, command: Command) -> Reply:
    """The first tap: a topic."""
    return _ask_how_often(work, command.person, find_topic(work, command.person, command.args))


def _ask_how_often(work: TipsWork, person: Person, topic: Topic) -> Reply:
    course = courses(work, person.workspace, [topic.id]).get(topic.id)
    if course is None:
        raise NotFound(messages.NO_SUCH_TOPIC)
    mine = work.tips.subscriptions(person.id)
    followed = next((one for one in mine if one.topic == topic.id and not _is_over(one)), None)
    return Reply(message=messages.how_often(topic, len(course.entries), person, followed))


def choose_pace(context: Context, work: TipsWork, command: Command) -> Reply:
    """The second tap: how often. From now on the topic comes."""
    person, topic = command.person, find_topic(work, command.person, command.args)
    try:
        pace = Pace(named(command.args, "pace"))
    except ValueError:
        raise NotFound(messages.NO_SUCH_TOPIC) from None
    return Reply(message=subscribe(context, work, person, topic, pace), replace=True)


def subscribe(
    context: Context,
    work: TipsWork,
    person: Person,
    topic: Topic,
    pace: Pace,
    weekdays: frozenset[int] | None = None,
) -> Message:
    """Let a topic come to a person who has asked for it. What they know of it is kept."""
    course = courses(work, person.workspace, [topic.id]).get(topic.id)
    if course is None:
        raise NotFound(messages.NO_SUCH_TOPIC)
    before = _of(work, person, topic.id)
    today = local(person, context.now).isoweekday()
    kept = Subscription(
        person=person.id,
        workspace=person.workspace,
        topic=topic.id,
        pace=pace,
        weekdays=weekdays or weekdays_of(pace, person, today),
        opted_in_at=context.now,
        source="person",
        after=NO_BOOKMARK if before is None and work.tips.cards(person.id, [topic.id]) else None,
    )
    if before is not None:
        kept = replace(kept, after=before.after, finished=before.finished)
        if not _is_over(before):
            # Other days are no new wish.
            kept = replace(kept, opted_in_at=before.opted_in_at)
    work.tips.save_subscriptions([kept])
    slot = arrange(context, work, person)
    attention = work.attention.get(person.id)
    mine = [one.topic for one in work.tips.subscriptions(person.id) if one.is_active]
    there = courses(work, person.workspace, mine)
    return messages.following(
        kept,
        topic,
        person,
        hour=f"{attention.hour:%H:%M}",
        next_on=slot.next_day if slot is not None else None,
        limits=(attention.daily, attention.weekly),
        crowded=sum(len(course.entries) for course in there.values()) > MOST_ACTIVE,
    )


def _of(work: TipsWork, person: Person, topic: TopicId) -> Subscription | None:
    mine = work.tips.subscriptions(person.id)
    return next((one for one in mine if one.topic == topic), None)


def slot_of(work: TipsWork, person: Person) -> Slot | None:
    return next((slot for slot in work.slots.of(person.id) if slot.kind == KIND), None)


def arrange(context: Context, work: TipsWork, person: Person) -> Slot | None:
    """Keep the person's slot in step with what they follow: the days on which any of it comes,
    at the one hour at which they are written to unasked."""
    mine = [one for one in work.tips.subscriptions(person.id) if one.is_active]
    learner = work.tips.learner(person.id, person.workspace)
    work.tips.save_learners([learner._replace(active=work.tips.count_active(person.id))])
    if not mine:
        work.slots.remove(person.id, KIND)
        return None
    weekdays = frozenset[int]().union(*(one.weekdays for one in mine))
    hour = work.attention.get(person.id).hour
    before = slot_of(work, person)
    slot = (
        begin_slot(person, KIND, hour, context.now, weekdays)
        if before is None
        else change_slot(before, person, context.now, hour, weekdays)
    )
    work.slots.save(slot)
    return slot


def open_days(_context: Context, work: TipsWork, command: Command) -> Reply:
    """*Days*."""
    topic = find_topic(work, command.person, command.args)
    before = _of(work, command.person, topic.id)
    if before is None:
        raise NotFound(messages.NO_SUCH_TOPIC)
    return Reply(form=messages.change_form(before, topic))


def keep_days(context: Context, work: TipsWork, command: Command) -> Reply:
    """The form with the days."""
    topic = find_topic(work, command.person, command.args)
    words = command.values.get("weekdays", "").strip()
    weekdays = parse_weekdays(words) if words else None
    if words and weekdays is None:
        raise Invalid(fields={"weekdays": messages.BAD_WEEKDAYS})
    try:
        pace = Pace(command.values.get("pace", ""))
    except ValueError:
        raise Invalid(fields={"pace": messages.CHOOSE_PACE}) from None
    return Reply(message=subscribe(context, work, command.person, topic, pace, weekdays))


def pause(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Pause* a topic."""
    return _turn(context, work, command, SubscriptionState.PAUSED)


def stop(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Stop* a topic."""
    return _turn(context, work, command, SubscriptionState.ENDED)


def _turn(context: Context, work: TipsWork, command: Command, state: SubscriptionState) -> Reply:
    person, topic = command.person, find_topic(work, command.person, command.args)
    before = _of(work, person, topic.id)
    if before is not None:
        work.tips.save_subscriptions([replace(before, state=state)])
        take_back(work, person, topic.id)
        arrange(context, work, person)
    told = messages.paused(topic) if state is SubscriptionState.PAUSED else messages.stopped(topic)
    return Reply(message=told)


def take_back(work: TipsWork, person: Person, topic: TopicId) -> None:
    """What of a topic waits for a person is not sent any more."""
    pick = work.tips.learner(person.id, person.workspace).pick
    if pick is not None and pick.topic == topic and pick.letter is not None:
        work.outbox.cancel(person.workspace, pick.letter)


def go_on(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Go on* with a topic that was paused."""
    person, topic = command.person, find_topic(work, command.person, command.args)
    before = _of(work, person, topic.id)
    if before is None:
        return _ask_how_often(work, person, topic)
    told = subscribe(context, work, person, topic, before.pace, before.weekdays)
    return Reply(message=told, replace=True)


def pull(context: Context, work: TipsWork, command: Command) -> Reply:
    """`/tip [topic]`, or *A tip now*: for every push there is a pull."""
    person, open_ = command.person, open_topics(work, command.person)
    if command.text:
        topics = [topic_by_words(open_, command.text)]
    elif command.args.get("choice") or command.args.get("topic"):
        topics = [find_topic(work, person, command.args)]
    else:
        mine = {one.topic for one in work.tips.subscriptions(person.id) if one.is_active}
        topics = [topic for topic in open_ if topic.id in mine]
        if not topics:
            return Reply(message=messages.which_topic(open_))
    pick = choose_now(context, work, person, [topic.id for topic in topics])
    if pick is None:
        followed = {one.topic for one in work.tips.subscriptions(person.id) if not _is_over(one)}
        return Reply(message=messages.nothing_now([t for t in open_ if t.id not in followed]))
    topic = next(topic for topic in topics if topic.id == pick.topic)
    entry, _ = find_entry(work, person, {"tip": pick.tip})
    return Reply(message=message_of(entry, pick, topic))


def forget(_context: Context, work: TipsWork, command: Command) -> Reply:
    """*Forget my tips*."""
    leave(work, command.person)
    return Reply(message=say(messages.FORGOTTEN))


def leave(work: TipsWork, person: Person) -> None:
    """Nothing of a person's tips is kept, and none comes."""
    work.slots.remove(person.id, KIND)
    pick = work.tips.learner(person.id, person.workspace).pick
    if pick is not None and pick.letter is not None:
        work.outbox.cancel(person.workspace, pick.letter)
    work.tips.forget(person.id)


def take_out(context: Context, work: TipsWork, command: Command) -> Reply:
    """*Take it out*, by who looks after the topic: the tip comes to nobody any more."""
    entry, topic = find_entry(work, command.person, command.args)
    require_steward(command.person, topic)
    work.packs.retire(command.person.workspace, Kind.TIP, [entry.tip.id], context.now)
    return Reply(message=say(messages.TAKEN_OUT), replace=True)
