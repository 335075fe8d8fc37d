"""What comes to everybody at their hour, a thousand people at a time.

The planner writes down what it chose, and no more: what a person has seen is settled the next
time they are looked at, when it is known whether the letter went, or as soon as they react. So
whatever stands in a letter's way, the same is chosen again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.attention import Wish
from bot.capabilities.tips import messages
from bot.capabilities.tips.access import courses
from bot.capabilities.tips.choosing import (
    Candidate,
    Today,
    candidate_of,
    choose,
    is_waived,
    pick_of,
)
from bot.capabilities.tips.course import Course, Unsure
from bot.capabilities.tips.model import (
    KIND,
    MOST_ACTIVE,
    RECENT,
    Bookmark,
    Card,
    Due,
    Following,
    Learner,
    Pick,
    Shown,
    Standing,
    Subscription,
)
from bot.capabilities.tips.reacting import show_again
from bot.capabilities.tips.today import NEVER_WENT, message_of, move_bookmark, next_unseen
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.message import Message
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.waiver import Waiver, source_of_tips
from bot.people import Person
from bot.slot import DueSlot
from bot.topic import Topic

_FOLLOWS_NOTHING: Sequence[Following] = ()
_NOTHING: Sequence[Due] = ()
_NEVER_WENT = frozenset(state.value for state in NEVER_WENT) | {None}


@dataclass(slots=True)
class _Desk:
    """What is known of some people of one workspace, and what has changed of it."""

    work: TipsWork
    now: datetime
    courses: Mapping[TopicId, Course]
    following: Mapping[PersonId, Sequence[Following]]
    standings: Mapping[PersonId, Standing]
    due: Mapping[PersonId, Sequence[Due]]
    waivers: Mapping[PersonId, Sequence[Waiver]]
    subscriptions: dict[PersonId, Mapping[TopicId, Subscription]] = field(default_factory=dict)
    """In full, of those who have tested out of something."""
    first_shown: list[Card] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    bookmarks: dict[tuple[PersonId, TopicId], Bookmark] = field(default_factory=dict)

    def is_waived(self, person: PersonId, entry_of: Candidate) -> bool:
        """Whether somebody who follows the topic has shown that they need not be told."""
        waivers = self.waivers[person]
        subscription = self.subscription(person, entry_of.topic)
        return subscription is not None and is_waived(
            entry_of.entry, subscription, waivers, self.now
        )

    def subscription(self, person: PersonId, topic: TopicId) -> Subscription | None:
        mine = self.subscriptions.get(person)
        if mine is None:
            mine = {one.topic: one for one in self.work.tips.subscriptions(person)}
            self.subscriptions[person] = mine
        return mine.get(topic)


@dataclass(slots=True)
class _Place:
    """One slot, and what could come."""

    slot: DueSlot
    today: Today
    active: int
    was_open: bool
    candidates: list[Candidate]


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
    desk = _open(context, work, workspace, due)
    unsure: list[tuple[_Place, Following]] = []
    places = [_look_at(desk, one, unsure) for one in due]
    _look_up(desk, unsure)
    wardrobe = _Wardrobe(work, workspace, desk.courses)
    wishes: list[Wish] = []
    learners: list[Learner] = []
    beginners: list[Learner] = []
    for place in places:
        chosen = choose(place.candidates, place.today)
        person, recent = place.slot.person, place.today.recent
        if chosen is not None:
            pick = pick_of(*chosen, place.slot.day, place.slot.key)
            recent = (recent + ("n" if pick.is_new else "r"))[-RECENT:]
            wishes.append(wardrobe.wish(place.slot, pick))
            learner = Learner(person.id, workspace, recent, pick, True, place.active)
            (learners if person.id in desk.standings else beginners).append(learner)
        elif place.was_open:
            learners.append(Learner(person.id, workspace, recent, None, False, place.active))
    work.tips.add_cards(desk.first_shown)
    work.tips.note_shown(desk.shown)
    work.tips.move_bookmarks(list(desk.bookmarks.values()))
    work.tips.save_learners(beginners)
    work.tips.keep_picks(learners)
    return wishes


def _open(
    context: Context, work: TipsWork, workspace: WorkspaceId, due: Sequence[DueSlot]
) -> _Desk:
    people = [one.person.id for one in due]
    following: dict[PersonId, list[Following]] = defaultdict(list)
    topics = set()
    for each in work.tips.following(people):
        following[each.person].append(each)
        topics.add(each.topic)
    cards: dict[PersonId, list[Due]] = defaultdict(list)
    for card in work.tips.due(people, max(one.day for one in due)):
        cards[card.person].append(card)
    waivers: dict[PersonId, list[Waiver]] = {}
    for waiver in work.waivers.of_several(people):
        waivers.setdefault(waiver.person, []).append(waiver)
    return _Desk(
        work=work,
        now=context.now,
        courses=courses(work, workspace, topics),
        following=following,
        standings={each.person: each for each in work.tips.standings(people)},
        due=cards,
        waivers=waivers,
    )


def _look_at(desk: _Desk, one: DueSlot, unsure: list[tuple[_Place, Following]]) -> _Place:
    """What could come to one person. What cannot be told without looking up all that they have
    seen is left for later."""
    person, day = one.person, one.day
    id_ = person.id
    following, cards = desk.following.get(id_, _FOLLOWS_NOTHING), desk.due.get(id_, _NOTHING)
    standing = desk.standings.get(id_)
    if standing is None:
        place = _Place(one, Today(person, day, "", None), 0, False, [])
    else:
        recent, topic = standing.recent, standing.topic
        if standing.open and standing.tip is not None and not standing.is_pulled:
            if standing.state in _NEVER_WENT:
                # It counts as never chosen, so that it may be chosen again.
                recent, topic = recent[:-1], None
            else:
                following, cards = _settle(desk, person, standing, following, cards)
        today = Today(person, day, recent, topic)
        place = _Place(one, today, standing.active, standing.open, [])
    tested_out, weekday, candidates = id_ in desk.waivers, day.isoweekday(), place.candidates
    for each in following:
        topic = each.topic
        course = desk.courses.get(topic)
        if course is None or weekday not in each.weekdays:
            continue
        for card in cards:
            if card.topic == topic and card.due_on <= day:
                candidate = candidate_of(course, card)
                if candidate is not None and not (tested_out and desk.is_waived(id_, candidate)):
                    candidates.append(candidate)
        if place.active >= MOST_ACTIVE:
            continue
        entry = course.next_new(each.after, each.finished)
        if entry is None:
            continue
        if entry is Unsure.UNSURE:
            unsure.append((place, each))
            continue
        new = Candidate(entry, topic, None, 0, False)
        if tested_out and desk.is_waived(id_, new):
            unsure.append((place, each))
        else:
            candidates.append(new)
    return place


def _settle(
    desk: _Desk,
    person: Person,
    standing: Standing,
    following: Sequence[Following],
    cards: Sequence[Due],
) -> tuple[Sequence[Following], Sequence[Due]]:
    """What the person follows and their due cards, now that it is known that what was chosen
    last was shown."""
    tip, topic, variant, day = standing.tip, standing.topic, standing.variant, standing.day
    if tip is None or topic is None or day is None:
        return following, cards
    before = next((card for card in cards if card.tip == tip), None)
    shown = 1 if before is None else before.shown + 1
    asks = before is not None and before.asks
    again = show_again(person, day, shown, asks=asks)
    if before is None:
        desk.first_shown.append(
            Card(
                person.id,
                person.workspace,
                tip,
                topic,
                variant=variant or 0,
                shown=shown,
                shown_on=day,
                due_on=again,
            )
        )
    else:
        desk.shown.append(Shown(person.id, tip, variant or 0, shown, day, again))
        cards = [card for card in cards if card.tip != tip]
    course = desk.courses.get(topic)
    if standing.is_new and course is not None:
        following = list(following)
        for place, each in enumerate(following):
            if each.topic == topic:
                after = move_bookmark(course, each.after, tip)
                following[place] = each._replace(after=after)
                desk.bookmarks[person.id, topic] = Bookmark(person.id, topic, after, each.finished)
    return following, cards


def _look_up(desk: _Desk, unsure: Sequence[tuple[_Place, Following]]) -> None:
    """Find the next new tip of those whose bookmark does not tell it, by all they have seen."""
    if not unsure:
        return
    seen = desk.work.tips.seen(list({each.person for _, each in unsure}))
    just_shown = {card.person: card.tip for card in desk.first_shown}
    for place, each in unsure:
        person, course = each.person, desk.courses[each.topic]
        had = seen.get(person, frozenset())
        if person in just_shown:
            had |= {just_shown[person]}
        waivers = desk.waivers.get(person, ())
        subscription = desk.subscription(person, each.topic) if waivers else None
        entry = next_unseen(course, subscription, had, waivers, desk.now)
        if entry is not None:
            is_late = each.finished is not None
            place.candidates.append(Candidate(entry, each.topic, None, 0, False, is_late))
        elif each.finished != course.mark and not waivers:
            # What is waived now may not be for ever, and is looked up again.
            moved = Bookmark(person, each.topic, each.after, course.mark)
            desk.bookmarks[person, each.topic] = moved


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
        words = (pick.tip, pick.variant, pick.day, pick.asks, pick.is_late)
        like = (words, one.due_at, one.closes_at)
        return Wish(one.person, self.letters.get(like) or self._model(like, one, pick), one.key)

    def _topic(self, id_: TopicId) -> Topic:
        found = self.topics.get(id_)
        if found is None:
            found = self.work.topics.get(self.workspace, id_) or Topic(id_, self.workspace, id_)
            self.topics[id_] = found
        return found

    def _model(self, like: tuple[object, ...], one: DueSlot, pick: Pick) -> Letter:
        topic, words = self._topic(pick.topic), like[0]
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
            because=messages.because(topic.title, is_new=pick.is_new, is_late=pick.is_late),
        )
        return model
