"""Who follows what, and where people stand with each tip."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    distinct,
    func,
    literal_column,
    or_,
    select,
    update,
)

from bot.capabilities.tips.model import (
    Bookmark,
    Card,
    CardState,
    Certainty,
    Due,
    Following,
    Learner,
    Misbelief,
    Nomination,
    NominationState,
    Pick,
    Reaction,
    Review,
    Shown,
    Standing,
    Subscription,
    SubscriptionState,
    Tally,
)
from bot.capabilities.tips.spacing import Trace
from bot.errors import Conflict
from bot.ids import PersonId, TopicId, WorkspaceId
from storage.prepared import change_all, fetch, fetch_columns
from storage.row import add_all_new, add_new, among, columns_of, insert_for, values_of
from storage.tables import outbox
from storage.tip_tables import (
    tip_cards,
    tip_learners,
    tip_nominations,
    tip_reviews,
    tip_subscriptions,
)

_SUBSCRIPTION = columns_of(tip_subscriptions, Subscription)
_NOMINATION = columns_of(tip_nominations, Nomination)
_TRACE = ("stability", "difficulty", "reviewed_on")
_CARD = [
    tip_cards.c[name]
    for name in (
        *("person", "workspace", "tip", "topic", "state", "variant", "shown", "shown_on"),
        *("due_on", *_TRACE, "reps", "lapses", "knew", "confirmed"),
    )
]
_LEARNER = list(tip_learners.c)
_REVIEW = [
    tip_reviews.c[name]
    for name in (
        *("person", "workspace", "tip", "number", "day", "reaction", "rating", "certainty"),
        *("hint", "knew", *_TRACE, "chosen"),
    )
]
_ACTIVE = tip_subscriptions.c.state == literal_column(f"'{SubscriptionState.ACTIVE}'")

_IS_ACTIVE: ColumnElement[str] = literal_column(f"'{CardState.ACTIVE}'")

_OWN_CARD = select(*_CARD).where(
    tip_cards.c.person == bindparam("person"), tip_cards.c.tip == bindparam("tip")
)
_COUNT_ACTIVE = (
    select(func.count())
    .select_from(
        tip_cards.join(
            tip_subscriptions,
            and_(
                tip_subscriptions.c.person == tip_cards.c.person,
                tip_subscriptions.c.topic == tip_cards.c.topic,
            ),
        )
    )
    .where(
        tip_cards.c.person == bindparam("person"),
        tip_cards.c.state == CardState.ACTIVE,
        _ACTIVE,
    )
)


_OWN_LEARNER = select(*_LEARNER).where(tip_learners.c.person == bindparam("who"))


@cache
def _follow(dialect: str) -> Select[Any]:
    return select(*(tip_subscriptions.c[name] for name in Following._fields)).where(
        among(dialect, tip_subscriptions.c.person, "people"), _ACTIVE
    )


@cache
def _stand(dialect: str) -> Select[Any]:
    """With the state of the letter, in the words of the outbox."""
    learner = tip_learners.c
    return (
        select(
            *(learner.person, learner.recent, learner.tip, learner.topic, learner.variant),
            *(learner.day, learner.is_new, learner.letter.is_(None).label("is_pulled")),
            *(learner.open, learner.active, outbox.c.state),
        )
        .select_from(
            tip_learners.outerjoin(
                outbox,
                and_(
                    learner.open,
                    outbox.c.workspace == learner.workspace,
                    outbox.c.key == learner.letter,
                ),
            )
        )
        .where(among(dialect, learner.person, "people"))
        .with_for_update(of=tip_learners)
    )


@cache
def _due(dialect: str) -> Select[Any]:
    card = tip_cards.c
    return select(
        *(card.person, card.tip, card.topic, (card.state == _IS_ACTIVE).label("asks")),
        *(card.variant, card.shown, card.shown_on, card.due_on, card.stability),
        *(card.reviewed_on, card.reps),
    ).where(
        among(dialect, card.person, "people"),
        # They lie side by side, forty at most: an index would be written more than read.
        card.due_on <= bindparam("upto"),
    )


_SHOW = (
    update(tip_cards)
    .where(tip_cards.c.person == bindparam("of_person"), tip_cards.c.tip == bindparam("of_tip"))
    .values({name: bindparam(name) for name in ("variant", "shown", "shown_on", "due_on")})
)
_PICK = (
    update(tip_learners)
    .where(tip_learners.c.person == bindparam("of_person"))
    .values(
        {
            column.name: bindparam(column.name)
            for column in tip_learners.c
            if column.name not in {"person", "workspace", "active"}
        }
    )
)
_MARK = (
    update(tip_subscriptions)
    .where(
        tip_subscriptions.c.person == bindparam("of_person"),
        tip_subscriptions.c.topic == bindparam("of_topic"),
    )
    .values({name: bindparam(name) for name in ("after", "finished")})
)


@cache
def _seen(dialect: str) -> Select[Any]:
    return select(tip_cards.c.person, tip_cards.c.tip).where(
        among(dialect, tip_cards.c.person, "people")
    )


class SqlTips:
    """`bot.capabilities.tips.ports.TipStore` in five tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    # --- of one person

    def subscriptions(self, person: PersonId) -> Sequence[Subscription]:
        """All of a person's, ended ones too, by topic."""
        rows = self._connection.execute(
            select(*_SUBSCRIPTION)
            .where(tip_subscriptions.c.person == person)
            .order_by(tip_subscriptions.c.topic)
        )
        return [_subscription(row) for row in rows]

    def save_subscriptions(self, subscriptions: Iterable[Subscription]) -> None:
        """Insert or replace."""
        self._put_all(
            tip_subscriptions,
            [
                values_of(one) | {"weekdays": "".join(map(str, sorted(one.weekdays)))}
                for one in subscriptions
            ],
        )

    def learner(self, person: PersonId, workspace: WorkspaceId) -> Learner:
        """A new one for somebody of whom nothing is kept."""
        rows = fetch(self._connection, _OWN_LEARNER, {"who": person})
        return _learner(rows[0]) if rows else Learner(person, workspace)

    def save_learners(self, learners: Iterable[Learner]) -> None:
        """Insert or replace."""
        rows = [_row_of_learner(one) for one in learners]
        change_all(self._connection, _put(self._dialect, tip_learners), _LEARNER_NAMES, rows)

    def card(self, person: PersonId, tip: str) -> Card | None:
        """A person's side of a tip."""
        rows = fetch(self._connection, _OWN_CARD, {"person": person, "tip": tip})
        return _card(rows[0]) if rows else None

    def cards(self, person: PersonId, topics: Iterable[TopicId]) -> Sequence[Card]:
        """A person's cards of these topics, those that are due soonest first and those that
        are never due last."""
        rows = self._connection.execute(
            select(*_CARD)
            .where(tip_cards.c.person == person, tip_cards.c.topic.in_(list(topics)))
            .order_by(tip_cards.c.due_on.is_(None), tip_cards.c.due_on, tip_cards.c.tip)
        )
        return [_card(row) for row in rows]

    def every_card(self, person: PersonId) -> Sequence[Card]:
        """All of a person's, by topic and tip."""
        rows = self._connection.execute(
            select(*_CARD)
            .where(tip_cards.c.person == person)
            .order_by(tip_cards.c.topic, tip_cards.c.tip)
        )
        return [_card(row) for row in rows]

    def add_cards(self, cards: Iterable[Card]) -> None:
        """Insert those that are new, and leave the others as they are."""
        rows = [_row_of_card(one) for one in cards]
        if rows:
            add_all_new(self._connection, tip_cards, _CARD_NAMES, rows)

    def save_cards(self, cards: Iterable[Card]) -> None:
        """Insert or replace."""
        rows = [_row_of_card(one) for one in cards]
        change_all(self._connection, _put(self._dialect, tip_cards), _CARD_NAMES, rows)

    def count_active(self, person: PersonId) -> int:
        """The person's cards under way in topics that they follow."""
        return int(fetch(self._connection, _COUNT_ACTIVE, {"person": person})[0][0])

    def count_cards(self, person: PersonId) -> int:
        """How many tips were shown to a person."""
        return self._count(tip_cards, person)

    def add_review(self, review: Review) -> None:
        """Keep a reaction, or replace the one of that number."""
        values = values_of(review) | _values_of_trace(review.before)
        del values["before"]
        self._put_all(tip_reviews, [values])

    def drop_review(self, person: PersonId, tip: str, number: int) -> None:
        """As if it had never been said."""
        self._connection.execute(
            delete(tip_reviews).where(
                tip_reviews.c.person == person,
                tip_reviews.c.tip == tip,
                tip_reviews.c.number == number,
            )
        )

    def reviews(self, person: PersonId, tip: str) -> Sequence[Review]:
        """A person's reactions to a tip, oldest first."""
        rows = self._connection.execute(
            select(*_REVIEW)
            .where(tip_reviews.c.person == person, tip_reviews.c.tip == tip)
            .order_by(tip_reviews.c.number)
        )
        return [_review(row) for row in rows]

    def count_reviews(self, person: PersonId) -> int:
        """How many reactions of a person are kept."""
        return self._count(tip_reviews, person)

    def forget(self, person: PersonId) -> None:
        """All that is kept of a person's tips."""
        for table in (tip_reviews, tip_cards, tip_learners, tip_subscriptions):
            self._connection.execute(delete(table).where(table.c.person == person))

    def _count(self, table: Table, person: PersonId) -> int:
        counted = select(func.count()).select_from(table).where(table.c.person == person)
        return int(self._connection.execute(counted).scalar_one())

    # --- of many people at once

    def following(self, people: Sequence[PersonId]) -> Sequence[Following]:
        """What these people follow at the moment, in no certain order."""
        given = {"people": tuple(people)}
        columns = fetch_columns(self._connection, _follow(self._dialect), given)
        if not columns:
            return []
        person, topic, weekdays, after, finished = columns
        rows = zip(person, topic, map(_weekdays, weekdays), after, finished, strict=True)
        return list(map(Following._make, rows))

    def standings(self, people: Sequence[PersonId]) -> Sequence[Standing]:
        """Where they stand; those of whom nothing is kept are left out."""
        given = {"people": tuple(people)}
        columns = fetch_columns(self._connection, _stand(self._dialect), given)
        return list(map(Standing._make, zip(*columns, strict=True)))

    def due(self, people: Sequence[PersonId], upto: date) -> Sequence[Due]:
        """Their cards that are due on that local day or before, in no certain order."""
        given = {"people": tuple(people), "upto": upto}
        columns = fetch_columns(self._connection, _due(self._dialect), given)
        return list(map(Due._make, zip(*columns, strict=True)))

    def seen(self, people: Sequence[PersonId]) -> Mapping[PersonId, frozenset[str]]:
        """The tips of which these people have cards."""
        had: dict[PersonId, set[str]] = defaultdict(set)
        for person, tip in fetch(self._connection, _seen(self._dialect), {"people": tuple(people)}):
            had[person].add(tip)
        return {person: frozenset(tips) for person, tips in had.items()}

    def note_shown(self, shown: Sequence[Shown]) -> None:
        """Keep on cards that there are that they were shown."""
        names = ("of_person", "of_tip", "variant", "shown", "shown_on", "due_on")
        change_all(self._connection, _SHOW, names, shown)

    def keep_picks(self, learners: Sequence[Learner]) -> None:
        """Keep what was chosen last for people of whom something is kept; how many cards they
        have under way stays as it is."""
        names = ("of_person", *_LEARNER_NAMES[2:-1])
        rows = [
            (person, recent, *(pick or _NO_PICK), is_open)
            for person, _, recent, pick, is_open, _ in learners
        ]
        change_all(self._connection, _PICK, names, rows)

    def move_bookmarks(self, bookmarks: Sequence[Bookmark]) -> None:
        """Keep where people are in their topics."""
        names = ("of_person", "of_topic", "after", "finished")
        change_all(self._connection, _MARK, names, bookmarks)

    def _put_all(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        names = tuple(column.name for column in table.columns)
        given = [[row[name] for name in names] for row in rows]
        change_all(self._connection, _put(self._dialect, table), names, given)

    # --- of a tip, or a workspace

    def tally(self, workspace: WorkspaceId, tip: str) -> Tally:
        """What people said of a tip, as many as they are."""
        people = select(func.count()).where(
            tip_cards.c.workspace == workspace, tip_cards.c.tip == tip
        )
        unwanted = select(func.count(distinct(tip_reviews.c.person))).where(
            tip_reviews.c.workspace == workspace,
            tip_reviews.c.tip == tip,
            tip_reviews.c.reaction == Reaction.NOT_FOR_ME,
        )
        return Tally(
            tip,
            int(self._connection.execute(people).scalar_one()),
            int(self._connection.execute(unwanted).scalar_one()),
        )

    def misbelief(self, workspace: WorkspaceId, tip: str) -> Misbelief:
        """Who was wrong about a tip, and how sure they were, as many as they are."""
        review = tip_reviews.c
        people = func.count(review.person.distinct())
        wrong = (
            review.workspace == workspace,
            review.tip == tip,
            review.reaction == Reaction.WRONG,
            review.certainty.in_([Certainty.GUESS, Certainty.FAIRLY, Certainty.SURE]),
        )
        every, sure = (
            int(self._connection.execute(select(people).where(*wrong, *also)).scalar_one())
            for also in ((), (review.certainty == Certainty.SURE,))
        )
        most = self._connection.execute(
            select(review.chosen, people)
            .where(*wrong)
            .group_by(review.chosen)
            .order_by(people.desc(), review.chosen)
            .limit(1)
        ).first()
        return Misbelief(tip, every, sure, *(most or ()))

    def nominate(self, nomination: Nomination) -> bool:
        """False when the answer was nominated before: then only `asked` is kept."""
        if add_new(self._connection, tip_nominations, values_of(nomination)):
            return True
        self._connection.execute(
            update(tip_nominations)
            .where(
                tip_nominations.c.workspace == nomination.workspace,
                tip_nominations.c.question == nomination.question,
                tip_nominations.c.author == nomination.author,
            )
            .values(asked=nomination.asked)
        )
        return False

    def asked(self, workspace: WorkspaceId, tips: Iterable[str]) -> Mapping[str, int]:
        """How many people the answers have helped that became these tips."""
        rows = self._connection.execute(
            select(tip_nominations.c.tip, tip_nominations.c.asked).where(
                tip_nominations.c.workspace == workspace,
                tip_nominations.c.state == NominationState.PUBLISHED,
                tip_nominations.c.tip.in_(list(tips)),
            )
        )
        return {row.tip: row.asked for row in rows}

    def nomination(self, id_: str) -> Nomination | None:
        """The nomination of that id."""
        row = self._connection.execute(
            select(*_NOMINATION).where(tip_nominations.c.id == id_)
        ).one_or_none()
        return None if row is None else Nomination(**row._mapping)

    def save_nomination(self, nomination: Nomination) -> Nomination:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: it was changed since it was read.
        """
        saved = replace(nomination, version=nomination.version + 1)
        changed = self._connection.execute(
            update(tip_nominations)
            .where(
                tip_nominations.c.id == nomination.id,
                tip_nominations.c.version == nomination.version,
            )
            .values(values_of(saved))
        )
        if changed.rowcount != 1:
            raise Conflict
        return saved

    def drop_nominations(self, author: PersonId) -> None:
        """Those of whoever wrote the answers that became no tip and that nobody else has before
        them."""
        left = [NominationState.WAITING, NominationState.DECLINED]
        self._connection.execute(
            delete(tip_nominations).where(
                tip_nominations.c.author == author, tip_nominations.c.state.in_(left)
            )
        )

    def drop_proposal(self, workspace: WorkspaceId, question: str) -> Nomination | None:
        """Forget what was proposed under that name and is no tip; returns what it was."""
        which = and_(
            tip_nominations.c.workspace == workspace,
            tip_nominations.c.question == question,
            tip_nominations.c.state != NominationState.PUBLISHED,
        )
        row = self._connection.execute(select(*_NOMINATION).where(which)).first()
        if row is None:
            return None
        self._connection.execute(delete(tip_nominations).where(which))
        return Nomination(**row._mapping)

    def nominations_for(
        self, workspace: WorkspaceId, person: PersonId, topics: Iterable[TopicId]
    ) -> Sequence[Nomination]:
        """Those that wait for the person as author, or for a steward of the topics; oldest
        first."""
        mine = and_(
            tip_nominations.c.state == NominationState.WAITING,
            tip_nominations.c.author == person,
        )
        to_review = and_(
            tip_nominations.c.state == NominationState.REVIEW,
            tip_nominations.c.topic.in_(list(topics)),
        )
        rows = self._connection.execute(
            select(*_NOMINATION)
            .where(tip_nominations.c.workspace == workspace, or_(mine, to_review))
            .order_by(tip_nominations.c.at, tip_nominations.c.id)
        )
        return [Nomination(**row._mapping) for row in rows]


@cache
def _put(dialect: str, table: Table) -> Any:
    new = insert_for(dialect, table).values(
        {column.name: bindparam(column.name) for column in table.columns}
    )
    key = {column.name for column in table.primary_key}
    return new.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={c.name: new.excluded[c.name] for c in table.columns if c.name not in key},
    )


@lru_cache(maxsize=128)
def _weekdays(digits: str) -> frozenset[int]:
    return frozenset(map(int, digits))


def _subscription(row: Sequence[Any]) -> Subscription:
    person, workspace, topic, pace, weekdays, *more = row
    return Subscription(person, workspace, topic, pace, _weekdays(weekdays), *more)


def _card(row: Sequence[Any]) -> Card:
    stability, difficulty, reviewed_on, reps, lapses, knew, confirmed = row[9:]
    trace = None if stability is None else Trace(stability, difficulty, reviewed_on)
    person, workspace, tip, topic, state, variant, shown, shown_on, due_on = row[:9]
    first = (person, workspace, tip, topic, state, variant, shown, shown_on, due_on)
    return Card(*first, trace, reps, lapses, bool(knew), bool(confirmed))


def _values_of_trace(trace: Trace | None) -> dict[str, Any]:
    if trace is None:
        return {"stability": None, "difficulty": None, "reviewed_on": None}
    return {
        "stability": trace.stability,
        "difficulty": trace.difficulty,
        "reviewed_on": trace.day,
    }


_CARD_NAMES = tuple(column.name for column in _CARD)


def _row_of_card(card: Card) -> tuple[Any, ...]:
    """In the order of the columns."""
    trace = card.trace
    return (
        *(card.person, card.workspace, card.tip, card.topic, card.state, card.variant),
        *(card.shown, card.shown_on, card.due_on),
        *((None, None, None) if trace is None else (trace.stability, trace.difficulty, trace.day)),
        *(card.reps, card.lapses, card.knew, card.confirmed),
    )


def _learner(row: Sequence[Any]) -> Learner:
    (person, workspace, recent, tip, topic, variant, day) = row[:7]
    (asks, letter, why, is_new, is_late, is_open, active) = row[7:]
    pick = (
        None
        if tip is None
        else Pick(tip, topic, variant, day, bool(asks), letter, why, bool(is_new), bool(is_late))
    )
    return Learner(person, workspace, recent, pick, bool(is_open), active)


_LEARNER_NAMES = tuple(column.name for column in _LEARNER)
_NO_PICK = (None,) * 9


def _row_of_learner(learner: Learner) -> tuple[Any, ...]:
    """In the order of the columns."""
    person, workspace, recent, pick, is_open, active = learner
    return (person, workspace, recent, *(pick or _NO_PICK), is_open, active)


def _review(row: Sequence[Any]) -> Review:
    hint, knew, stability, difficulty, reviewed_on, chosen = row[8:]
    before = None if stability is None else Trace(stability, difficulty, reviewed_on)
    person, workspace, tip, number, day, reaction, rating, certainty = row[:8]
    first = (person, workspace, tip, number, day, reaction, rating, certainty)
    return Review(*first, bool(hint), bool(knew), before, chosen)
