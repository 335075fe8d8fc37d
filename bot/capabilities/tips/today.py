"""What comes to whom: at everybody's hour, a thousand people at a time, and when somebody asks.

The planner writes down what it chose, and no more: what a person has seen is settled the next
time they are looked at, when it is known whether the letter went, or as soon as they react. So
whatever stands in a letter's way, the same is chosen again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.attention import Wish
from bot.capabilities.tips import messages
from bot.capabilities.tips.access import courses
from bot.capabilities.tips.choosing import Candidate, candidate_of, choose, is_waived
from bot.capabilities.tips.course import Course, Entry, Unsure
from bot.capabilities.tips.model import (
    KIND,
    MOST_ACTIVE,
    NO_BOOKMARK,
    Card,
    CardState,
    Learner,
    Pick,
    Subscription,
    letter_key,
    note_pick,
)
from bot.capabilities.tips.reacting import show
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.message import Message
from bot.outbox import Letter, LetterState, Priority, Promised, ToPerson
from bot.pack.waiver import Waiver, source_of_tips
from bot.people import Person, local
from bot.slot import DueSlot
from bot.topic import Topic

_NEVER_WENT = {
    LetterState.SUPPRESSED,
    LetterState.CANCELLED,
    LetterState.FAILED,
    LetterState.UNREACHABLE,
}


@dataclass(slots=True)
class _Desk:
    """All that is known of some people of one workspace, and what has changed of it."""

    work: TipsWork
    workspace: WorkspaceId
    now: datetime
    people: Mapping[PersonId, Person]
    courses: Mapping[TopicId, Course]
    following: Mapping[PersonId, Mapping[TopicId, Subscription]]
    learners: Mapping[PersonId, Learner]
    cards: Mapping[PersonId, Mapping[str, Card]]
    waivers: Mapping[PersonId, Sequence[Waiver]]
    sent: Mapping[str, Promised]
    changed_learners: dict[PersonId, Learner] = field(default_factory=dict)
    settled: dict[PersonId, Card] = field(default_factory=dict)
    """The card of what was shown last, where that was not written down yet."""
    is_first: set[PersonId] = field(default_factory=set)
    """Those whose settled card is a new one."""
    changed_following: dict[tuple[PersonId, TopicId], Subscription] = field(default_factory=dict)

    def learner(self, person: Person) -> Learner:
        return (
            self.changed_learners.get(person.id)
            or self.learners.get(person.id)
            or Learner(person.id, person.workspace)
        )

    def follow(self, person: PersonId) -> Sequence[Subscription]:
        return [
            self.changed_following.get((person, topic), subscription)
            for topic, subscription in self.following.get(person, {}).items()
        ]

    def keep(self) -> None:
        """Write down what has changed."""
        self.work.tips.save_learners(self.changed_learners.values())
        self.work.tips.add_cards(self.settled[person] for person in self.is_first)
        again = [card for person, card in self.settled.items() if person not in self.is_first]
        self.work.tips.save_cards(again)
        self.work.tips.save_subscriptions(self.changed_following.values())


def plan(context: Context, work: TipsWork, due: Sequence[DueSlot]) -> Sequence[Wish]:
    """What the slots of these people bring: one thing each, or nothing where nothing is due."""
    by_workspace: dict[WorkspaceId, list[DueSlot]] = defaultdict(list)
    for one in due:
        by_workspace[one.person.workspace].append(one)
    return [
        wish
        for workspace, slots in by_workspace.items()
        for wish in _plan(context, work, workspace, slots)
    ]


def _plan(
    context: Context, work: TipsWork, workspace: WorkspaceId, due: Sequence[DueSlot]
) -> Sequence[Wish]:
    days = {one.person.id: one.day for one in due}
    desk = _open(context, work, workspace, {one.person.id: one.person for one in due}, days)
    dressed = _Wardrobe(work, workspace, desk.courses)
    open_picks: list[tuple[DueSlot, list[Candidate]]] = []
    unsure: list[tuple[int, Subscription]] = []
    for one in due:
        cards = _settle(desk, one.person)
        candidates: list[Candidate] = []
        for subscription in desk.follow(one.person.id):
            course = desk.courses.get(subscription.topic)
            if course is None or one.day.isoweekday() not in subscription.weekdays:
                continue
            candidates += _due_cards(desk, one.person, course, subscription, cards, one.day)
            found = _next_new(desk, one.person, course, subscription)
            if found is Unsure.UNSURE:
                unsure.append((len(open_picks), subscription))
            elif found is not None:
                candidates.append(found)
        open_picks.append((one, candidates))
    _look_up(desk, open_picks, unsure)
    wishes = []
    for one, candidates in open_picks:
        learner = desk.learner(one.person)
        pick = choose(candidates, learner, one.person, one.day)
        if pick is not None:
            desk.changed_learners[one.person.id] = note_pick(learner, pick)
            wishes.append(dressed.wish(one, pick))
    desk.keep()
    return wishes


def _open(
    context: Context,
    work: TipsWork,
    workspace: WorkspaceId,
    people: Mapping[PersonId, Person],
    days: Mapping[PersonId, date],
) -> _Desk:
    ids = list(people)
    following: dict[PersonId, dict[TopicId, Subscription]] = defaultdict(dict)
    for subscription in work.tips.active_subscriptions(ids):
        following[subscription.person][subscription.topic] = subscription
    learners = work.tips.learners(ids)
    cards: dict[PersonId, dict[str, Card]] = defaultdict(dict)
    for card in work.tips.due(ids, max(days.values())):
        cards[card.person][card.tip] = card
    waivers: dict[PersonId, list[Waiver]] = defaultdict(list)
    for waiver in work.waivers.of_several(ids):
        waivers[waiver.person].append(waiver)
    keys = [
        letter_key(learner.person, learner.pick.day)
        for learner in learners.values()
        if learner.open and learner.pick is not None and not learner.pick.pulled
    ]
    topics = {topic for each in following.values() for topic in each}
    return _Desk(
        work=work,
        workspace=workspace,
        now=context.now,
        people=people,
        courses=courses(work, workspace, topics),
        following=following,
        learners=learners,
        cards=cards,
        waivers=waivers,
        sent=work.outbox.promised(workspace, keys) if keys else {},
    )


def _settle(desk: _Desk, person: Person) -> Mapping[str, Card]:
    """The person's due cards, once it is known whether what was chosen last was shown."""
    cards = desk.cards.get(person.id, {})
    learner = desk.learners.get(person.id)
    if learner is None or learner.pick is None or not learner.open:
        return cards
    pick = learner.pick
    if not pick.pulled:
        promised = desk.sent.get(letter_key(person.id, pick.day))
        if promised is None or promised.state in _NEVER_WENT:
            # It counts as never chosen, so that it is chosen again.
            unchosen = replace(learner, open=False, pick=None, recent=learner.recent[:-1])
            desk.changed_learners[person.id] = unchosen
            return cards
        before = cards.get(pick.tip)
        card = desk.settled[person.id] = show(before, pick, person)
        if before is None:
            desk.is_first.add(person.id)
        cards = {**cards, card.tip: card}
        if pick.is_new:
            _move_bookmark(desk, person.id, pick)
    desk.changed_learners[person.id] = replace(learner, open=False)
    return cards


def _move_bookmark(desk: _Desk, person: PersonId, pick: Pick) -> None:
    subscription = desk.following.get(person, {}).get(pick.topic)
    course = desk.courses.get(pick.topic)
    if subscription is not None and course is not None:
        desk.changed_following[person, pick.topic] = move_bookmark(subscription, course, pick.tip)


def move_bookmark(subscription: Subscription, course: Course, tip: str) -> Subscription:
    """The subscription once a tip of the topic has been shown; one that lies behind the
    bookmark, as something shown again, leaves it. Of who has had some of it in no order there
    is none: all they have seen is looked up each time."""
    if subscription.after == NO_BOOKMARK:
        return subscription
    at, before = course.places.get(tip), course.places.get(subscription.after or "")
    if at is None or (before is not None and before >= at):
        return subscription
    return replace(subscription, after=tip)


def _due_cards(
    desk: _Desk,
    person: Person,
    course: Course,
    subscription: Subscription,
    cards: Mapping[str, Card],
    day: date,
) -> Sequence[Candidate]:
    """The cards of a topic whose day has come."""
    waivers = desk.waivers.get(person.id, ())
    found = []
    for card in cards.values():
        if card.topic != course.topic or card.due_on is None or card.due_on > day:
            continue
        candidate = candidate_of(course, card)
        if candidate is not None and not (
            waivers and is_waived(candidate.entry, subscription, waivers, desk.now)
        ):
            found.append(candidate)
    return found


def _next_new(
    desk: _Desk, person: Person, course: Course, subscription: Subscription
) -> Candidate | Unsure | None:
    """The next tip of a topic that the person has not seen, while there is room for more."""
    if desk.learner(person).active >= MOST_ACTIVE:
        return None
    entry = course.next_new(subscription)
    if entry is None or isinstance(entry, Unsure):
        return entry
    waivers = desk.waivers.get(person.id)
    if waivers and is_waived(entry, subscription, waivers, desk.now):
        return Unsure.UNSURE
    return Candidate(entry, course.topic, None, 0, asks=False)


def _look_up(
    desk: _Desk,
    open_picks: Sequence[tuple[DueSlot, list[Candidate]]],
    unsure: Sequence[tuple[int, Subscription]],
) -> None:
    """Find the next new tip of those whose bookmark does not tell it, by all they have seen."""
    if not unsure:
        return
    seen = desk.work.tips.seen(list({subscription.person for _, subscription in unsure}))
    for place, found in unsure:
        person, course = desk.people[found.person], desk.courses[found.topic]
        subscription = desk.changed_following.get((person.id, course.topic), found)
        had = seen.get(person.id, frozenset())
        if person.id in desk.settled:
            had |= {desk.settled[person.id].tip}
        waivers = desk.waivers.get(person.id, ())
        entry = next_unseen(course, subscription, had, waivers, desk.now)
        if entry is None:
            # What is waived now may not be for ever.
            if subscription.finished != course.mark and not waivers:
                finished = replace(subscription, finished=course.mark)
                desk.changed_following[subscription.person, subscription.topic] = finished
            continue
        is_late = subscription.finished is not None
        open_picks[place][1].append(
            Candidate(entry, course.topic, None, 0, asks=False, is_late=is_late)
        )


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


@dataclass(slots=True)
class _Wardrobe:
    """Messages and letters that are the same for many, made once."""

    work: TipsWork
    workspace: WorkspaceId
    courses: Mapping[TopicId, Course]
    topics: dict[TopicId, Topic] = field(default_factory=dict)
    messages: dict[object, Message] = field(default_factory=dict)
    letters: dict[object, Letter] = field(default_factory=dict)

    def wish(self, one: DueSlot, pick: Pick) -> Wish:
        model = self._model(one, pick)
        return Wish(
            one.person,
            # All of these were checked when the model was made.
            model.model_copy(
                update={
                    "key": one.key,
                    "to": ToPerson.model_construct(kind="person", person=one.person.id),
                    "because": messages.because(pick, self._topic(pick.topic)),
                }
            ),
        )

    def _topic(self, id_: TopicId) -> Topic:
        found = self.topics.get(id_)
        if found is None:
            found = self.work.topics.get(self.workspace, id_) or Topic(id_, self.workspace, id_)
            self.topics[id_] = found
        return found

    def _model(self, one: DueSlot, pick: Pick) -> Letter:
        words = (pick.tip, pick.variant, pick.day, pick.asks, pick.is_late)
        like = (words, one.due_at, one.closes_at)
        model = self.letters.get(like)
        if model is None:
            topic = self._topic(pick.topic)
            message = self.messages.get(words)
            if message is None:
                course = self.courses[pick.topic]
                entry = course.entries[course.places[pick.tip]]
                message = self.messages[words] = message_of(entry, pick, topic)
            model = self.letters[like] = Letter(
                key="model",
                to=ToPerson(person=one.person.id),
                message=message,
                kind=KIND,
                priority=Priority.TIP,
                due_at=one.due_at,
                expires_at=one.closes_at,
                source=source_of_tips(pick.topic),
                because=messages.because(pick, topic),
            )
        return model


def message_of(entry: Entry, pick: Pick, topic: Topic, *, hint: bool = False) -> Message:
    """The message for what was picked."""
    check = entry.wording(pick.variant).check
    if pick.asks and check is not None:
        return messages.question(entry, check, pick, topic, hint=hint)
    return messages.tip(entry, pick, topic)


# --- one person, now ------------------------------------------------------------------------


def settle(work: TipsWork, person: Person) -> Learner:
    """Where one person stands, once it is known whether what was chosen last was shown."""
    learner = work.tips.learner(person.id, person.workspace)
    pick = learner.pick
    if pick is None or not learner.open or pick.pulled or not is_sent(work, person, pick):
        return learner
    card = work.tips.card(person.id, pick.tip)
    if card is None or card.shown_on is None or card.shown_on < pick.day:
        put_down(work, person, card, pick)
    return learner


def is_sent(work: TipsWork, person: Person, pick: Pick) -> bool:
    """Whether what a slot brought is on its way or there."""
    key = letter_key(person.id, pick.day)
    promised = work.outbox.promised(person.workspace, [key]).get(key)
    return promised is not None and promised.state not in _NEVER_WENT


def put_down(work: TipsWork, person: Person, card: Card | None, pick: Pick) -> Card:
    """Keep that something was shown to a person, on its card and in the bookmark."""
    shown = show(card, pick, person)
    work.tips.save_cards([shown])
    if pick.is_new:
        for subscription in work.tips.subscriptions(person.id):
            course = courses(work, person.workspace, [pick.topic]).get(pick.topic)
            if subscription.topic == pick.topic and course is not None:
                work.tips.save_subscriptions([move_bookmark(subscription, course, pick.tip)])
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
            candidates.append(Candidate(new, topic, None, 0, asks=False, is_late=is_late))
    pick = choose(candidates, learner, person, day, pulled=True)
    if pick is None:
        soonest = [c for c in cards if c.due_on is not None and c.state is CardState.ACTIVE]
        rest = [one for course in there.values() for one in _practise(course, soonest)]
        rest.sort(key=lambda one: (_due_on(one), one.entry.tip.id))
        pick = choose(rest[:1], learner, person, day, pulled=True)
    if pick is None:
        return None
    put_down(work, person, next((c for c in cards if c.tip == pick.tip), None), pick)
    work.tips.save_learners([note_pick(learner, pick)])
    return pick


def _practise(course: Course, cards: Sequence[Card]) -> list[Candidate]:
    found = (candidate_of(course, card) for card in cards if card.topic == course.topic)
    return [candidate for candidate in found if candidate is not None]


def _due_on(candidate: Candidate) -> date:
    card = candidate.card
    return date.max if card is None or card.due_on is None else card.due_on
