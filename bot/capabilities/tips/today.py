"""What one person is told: what was shown to them, and what to tell them when they ask."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.capabilities.tips import messages
from bot.capabilities.tips.access import courses
from bot.capabilities.tips.choosing import (
    Candidate,
    Today,
    candidate_of,
    choose,
    due_of,
    is_waived,
    pick_of,
)
from bot.capabilities.tips.course import Course, Entry
from bot.capabilities.tips.model import (
    NO_BOOKMARK,
    Card,
    CardState,
    Learner,
    Pick,
    Subscription,
    note_pick,
)
from bot.capabilities.tips.reacting import show
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.ids import TopicId
from bot.message import Message
from bot.outbox import LetterState
from bot.pack.waiver import Waiver
from bot.people import Person, local
from bot.topic import Topic

NEVER_WENT = frozenset(
    {
        LetterState.SUPPRESSED,
        LetterState.CANCELLED,
        LetterState.FAILED,
        LetterState.UNREACHABLE,
    }
)
"""What was in such a letter counts as never chosen."""


def move_bookmark(course: Course, after: str | None, tip: str) -> str | None:
    """The bookmark once a tip of the topic has been shown; one that lies behind it, as something
    shown again, leaves it. Of who has had some of it in no order there is none: all they have
    seen is looked up each time."""
    if after == NO_BOOKMARK:
        return after
    at, before = course.places.get(tip), course.places.get(after or "")
    return after if at is None or (before is not None and before >= at) else tip


def next_unseen(
    course: Course,
    subscription: Subscription | None,
    had: frozenset[str],
    waivers: Sequence[Waiver],
    now: datetime,
) -> Entry | None:
    """The first tip of a topic that the person has not had and that is not waived for them as
    who follows it."""
    for entry in course.entries:
        if entry.tip.id in had:
            continue
        if subscription is None or not is_waived(entry, subscription, waivers, now):
            return entry
    return None


def message_of(
    entry: Entry, pick: Pick, topic: Topic, *, hint: bool = False, whole: bool = False
) -> Message:
    """The message for what was picked; the `whole` of it with all that may be done."""
    check = entry.wording(pick.variant).check
    if pick.asks and check is not None:
        return messages.question(entry, check, pick, topic, hint=hint, whole=whole)
    return messages.tip(entry, pick, topic, whole=whole)


def settle(work: TipsWork, person: Person) -> Learner:
    """Where one person stands, once it is known whether what was chosen last was shown."""
    learner = work.tips.learner(person.id, person.workspace)
    pick = learner.pick
    if pick is None or not learner.open or pick.is_pulled or not is_sent(work, person, pick):
        return learner
    card = work.tips.card(person.id, pick.tip)
    if card is None or card.shown_on is None or card.shown_on < pick.day:
        put_down(work, person, card, pick)
    return learner


def is_sent(work: TipsWork, person: Person, pick: Pick) -> bool:
    """Whether what a slot brought is on its way or there."""
    if pick.letter is None:
        return True
    state = work.outbox.state(person.workspace, pick.letter)
    return state is not None and state not in NEVER_WENT


def put_down(work: TipsWork, person: Person, card: Card | None, pick: Pick) -> Card:
    """Keep that something was shown to a person, on its card and in the bookmark."""
    shown = show(card, pick, person)
    work.tips.save_cards([shown])
    if pick.is_new:
        for subscription in work.tips.subscriptions(person.id):
            course = courses(work, person.workspace, [pick.topic]).get(pick.topic)
            if subscription.topic == pick.topic and course is not None:
                after = move_bookmark(course, subscription.after, pick.tip)
                work.tips.save_subscriptions([replace(subscription, after=after)])
    return shown


def choose_now(
    context: Context, work: TipsWork, person: Person, topics: Sequence[TopicId]
) -> Pick | None:
    """What to tell somebody who asks for it, of these topics: never refused for a budget, a day
    or how much is under way. Where nothing is due and nothing is new, what is due soonest, for
    practice. It is kept as shown."""
    learner = settle(work, person)
    day = local(person, context.now).date()
    mine = {one.topic: one for one in work.tips.subscriptions(person.id)}
    waivers = work.waivers.of(person.id)
    there = courses(work, person.workspace, topics)
    cards = work.tips.cards(person.id, topics)
    had = frozenset(card.tip for card in cards)
    candidates: list[Candidate] = []
    for topic, course in there.items():
        candidates += _practise(course, [c for c in cards if c.due_on and c.due_on <= day])
        subscription = mine.get(topic)
        minded = waivers if subscription is not None and subscription.is_active else ()
        new = next_unseen(course, subscription, had, minded, context.now)
        if new is not None:
            is_late = subscription is not None and subscription.finished is not None
            candidates.append(Candidate(new, topic, None, 0, False, is_late))
    today = Today(person, day, learner.recent, learner.pick.topic if learner.pick else None)
    chosen = choose(candidates, today)
    if chosen is None:
        soonest = [c for c in cards if c.due_on is not None and c.state is CardState.ACTIVE]
        rest = [one for course in there.values() for one in _practise(course, soonest)]
        rest.sort(key=lambda one: (one.card.due_on if one.card else day, one.entry.tip.id))
        chosen = choose(rest[:1], today)
    if chosen is None:
        return None
    pick = pick_of(*chosen, day, None)
    put_down(work, person, next((c for c in cards if c.tip == pick.tip), None), pick)
    work.tips.save_learners([note_pick(learner, pick)])
    return pick


def _practise(course: Course, cards: Sequence[Card]) -> list[Candidate]:
    found = (candidate_of(course, due_of(card)) for card in cards if card.topic == course.topic)
    return [candidate for candidate in found if candidate is not None]
