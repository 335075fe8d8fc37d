"""What people narrate of their work, who may read it, and what they allow."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from bot.capabilities.narration.model import (
    NARRATION,
    Asked,
    Consent,
    Digest,
    Habit,
    Introduction,
    Line,
    Meeting,
    Narration,
    Reach,
    Scope,
    Sort,
    State,
)
from bot.capabilities.questions.model import OPEN_STATES, ArticleState, Visibility
from bot.errors import Conflict
from bot.ids import ArticleId, PersonId, TopicId, WorkspaceId
from storage.directory_tables import memberships
from storage.narration_tables import (
    narration_consents,
    narration_digests,
    narration_habits,
    narration_introductions,
    narration_mentions,
    narration_readers,
    narrations,
)
from storage.question_tables import articles, declarations, questions, topics
from storage.row import add_new, among, columns_of, put, put_all, values_of
from storage.seal import Seal, WrongKey
from storage.tables import outbox, people
from storage.tip_tables import tip_subscriptions

_PLAIN = [column for column in narrations.c if column.name != "number"]
_CONSENT = columns_of(narration_consents, Consent)
_HABIT = columns_of(narration_habits, Habit)
_decided = narration_consents.alias()


def _has_line(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the author of a narration has such a line about being found by readers."""
    return exists().where(
        _decided.c.person == narrations.c.author, _decided.c.scope == Scope.MATCH_SHARED, *which
    )


# It holds unless it was withdrawn and not given again (`GRANTED_UNASKED`).
_MAY_BE_MATCHED = or_(
    not_(_has_line(_decided.c.withdrawn_on.is_not(None))),
    _has_line(_decided.c.withdrawn_on.is_(None)),
)

CAN_BE_WITHDRAWN = or_(
    exists().where(
        outbox.c.about.like(f"{NARRATION}%"),
        narrations.c.id == func.substr(outbox.c.about, len(NARRATION) + 1),
    ),
    exists().where(narration_digests.c.key == outbox.c.key),
)
"""Whether a letter brought a narration or a digest that is still there. Where it stands must be
known for as long, or nothing could be taken out of it."""


class SqlNarrations:
    """`bot.capabilities.narration.ports.NarrationStore` in tables that hold no words in clear."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    # --- of who asks

    def get(self, actor: PersonId, id_: str) -> Narration | None:
        """The actor's own, or one that was shared with them and was not withdrawn."""
        found = self._read(
            narrations.c.id == id_, or_(narrations.c.author == actor, self._is_shared_with(actor))
        )
        return found[0] if found else None

    def own(
        self, actor: PersonId, states: Collection[State], limit: int, since: date | None = None
    ) -> Sequence[Narration]:
        """The actor's own, written on `since` or later, the newest first."""
        which = [narrations.c.author == actor, narrations.c.state.in_(list(states))]
        which += [narrations.c.written_on >= since] if since is not None else []
        return self._read(*which, limit=limit)

    def shared_with(
        self,
        actor: PersonId,
        limit: int,
        sort: Sort | None = None,
        *,
        since: date | None = None,
        is_matched: bool = False,
    ) -> Sequence[Narration]:
        """What others have shared with the actor, by name or with all, on `since` or later, the
        newest first."""
        which = [self._is_shared_with(actor), narrations.c.author != actor]
        which += [narrations.c.sort == sort] if sort is not None else []
        which += [narrations.c.shared_on >= since] if since is not None else []
        which += [_MAY_BE_MATCHED] if is_matched else []
        return self._read(*which, limit=limit)

    def has_shared(self, actor: PersonId, least: int) -> bool:
        """Whether the actor has shared so many that are not withdrawn."""
        some = select(narrations.c.id).where(
            narrations.c.author == actor, narrations.c.state == State.SHARED
        )
        return len(self._connection.execute(some.limit(least)).all()) >= least

    def forget(self, actor: PersonId) -> None:
        """Nothing is left of the actor's, nor of what was shared with them by name."""
        mine = select(narrations.c.id).where(narrations.c.author == actor)
        for table in (narration_readers, narration_introductions, narration_mentions):
            self._connection.execute(delete(table).where(table.c.narration.in_(mine)))
        of = narration_introductions.c
        for table, which in (
            (narration_readers, narration_readers.c.person == actor),
            (narration_introductions, or_(of.asker == actor, of.asked == actor)),
            (narration_habits, narration_habits.c.person == actor),
            (narration_consents, narration_consents.c.person == actor),
            (narrations, narrations.c.author == actor),
        ):
            self._connection.execute(delete(table).where(which))

    def habit(self, actor: PersonId, workspace: WorkspaceId) -> Habit:
        """A new one for somebody of whom nothing is kept."""
        return self.habits([actor]).get(actor, Habit(actor, workspace))

    def ledger(self, actor: PersonId) -> Mapping[Scope, Consent]:
        """The newest line of each scope that the actor has ever decided about."""
        return {consent.scope: consent for consent in self.history(actor)}

    def history(self, actor: PersonId) -> Sequence[Consent]:
        """All lines of the actor's ledger, the oldest first."""
        rows = self._connection.execute(
            select(*_CONSENT)
            .where(narration_consents.c.person == actor)
            .order_by(narration_consents.c.id)
        )
        return [Consent(*row) for row in rows]

    # --- one thing at a time

    def add(self, narration: Narration) -> None:
        """Insert a new one."""
        self._connection.execute(narrations.insert().values(self._row(narration)))

    def save(self, narration: Narration) -> Narration:
        """Replace the version that was read."""
        saved = replace(narration, version=narration.version + 1)
        done = self._connection.execute(
            update(narrations)
            .where(narrations.c.id == narration.id, narrations.c.version == narration.version)
            .values(self._row(saved))
        )
        if done.rowcount != 1:
            raise Conflict
        return saved

    def delete(self, narration: Narration) -> Sequence[Digest]:
        """Nothing is left of it: its readers, introductions and mentions go with its row."""
        row = select(narrations.c.id).where(narrations.c.id == narration.id)
        # A digest that is being written refers to the row: it is waited for, or has to wait.
        self._connection.execute(row.with_for_update())
        digests = self.digests_with(narration.id)
        done = self._connection.execute(
            delete(narrations).where(
                narrations.c.id == narration.id, narrations.c.version == narration.version
            )
        )
        if done.rowcount != 1:
            raise Conflict
        return digests

    def freeze(self, narration: str, readers: Collection[PersonId]) -> None:
        """Who may read it; nobody is added later."""
        rows = [{"person": person, "narration": narration} for person in sorted(set(readers))]
        if rows:
            self._connection.execute(narration_readers.insert(), rows)

    def readers(self, actor: PersonId, narration: str) -> Sequence[PersonId]:
        """Who may read the actor's own, where that is not everybody."""
        of = narration_readers.c
        return (
            self._connection.execute(
                select(of.person)
                .join(narrations, narrations.c.id == of.narration)
                .where(of.narration == narration, narrations.c.author == actor)
                .order_by(of.person)
            )
            .scalars()
            .all()
        )

    def keep_channel(self, actor: PersonId, workspace: WorkspaceId, channel: str) -> None:
        """What the actor calls their team's channel from now on."""
        values = {"person": actor, "workspace": workspace, "channel": channel}
        put(self._connection, narration_habits, values)

    def add_consent(self, consent: Consent) -> None:
        """Write down a decision: one that is withdrawn closes the line of when it was given."""
        of = narration_consents.c
        closed = 0
        if consent.withdrawn_on is not None:
            closed = self._connection.execute(
                update(narration_consents)
                .where(
                    of.person == consent.person,
                    of.scope == consent.scope,
                    of.withdrawn_on.is_(None),
                )
                .values(withdrawn_on=consent.withdrawn_on)
            ).rowcount
        if not closed:
            self._connection.execute(narration_consents.insert().values(values_of(consent)))

    # --- of many people's slots

    def habits(self, actors: Sequence[PersonId]) -> Mapping[PersonId, Habit]:
        """Of those of whom something is kept."""
        which = among(self._connection.dialect.name, narration_habits.c.person, "people")
        rows = self._connection.execute(select(*_HABIT).where(which), {"people": tuple(actors)})
        return {row.person: Habit(*row) for row in rows}

    def answered(self, people: Sequence[PersonId], prompt: str, since: date) -> frozenset[PersonId]:
        """Who of those for whom a campaign plans something has written in answer to its prompt,
        on `since` or later."""
        which = among(self._connection.dialect.name, narrations.c.author, "people")
        of = narrations.c
        found = select(of.author).where(which, of.prompt == prompt, of.written_on >= since)
        rows = self._connection.execute(found, {"people": tuple(people)})
        return frozenset(rows.scalars())

    def note_prompts(self, habits: Sequence[Habit]) -> None:
        """Keep the sort of each one's last prompt, and leave the rest as it is."""
        rows = [{"person": h.person, "workspace": h.workspace, "last": h.last} for h in habits]
        put_all(self._connection, narration_habits, rows)

    # --- introductions

    def introduce(self, introduction: Introduction) -> bool:
        """False when the two were brought together, or asked, over this before."""
        return add_new(self._connection, narration_introductions, values_of(introduction))

    def introductions(self, actor: PersonId) -> Sequence[Introduction]:
        """Those in which the actor is one of the two, the oldest first."""
        of = narration_introductions.c
        rows = self._connection.execute(
            select(*columns_of(narration_introductions, Introduction))
            .where(or_(of.asker == actor, of.asked == actor))
            .order_by(of.asked_on, of.id)
        )
        return [Introduction(*row) for row in rows]

    def introduction(self, actor: PersonId, id_: str) -> Introduction | None:
        """One in which the actor is one of the two."""
        of = narration_introductions.c
        row = self._connection.execute(
            select(*columns_of(narration_introductions, Introduction)).where(
                of.id == id_, or_(of.asker == actor, of.asked == actor)
            )
        ).one_or_none()
        return None if row is None else Introduction(*row)

    def answer_introduction(self, introduction: Introduction) -> bool:
        """Keep how it was answered; False when it was answered before, or is not there."""
        of = narration_introductions.c
        done = self._connection.execute(
            update(narration_introductions)
            .where(of.id == introduction.id, of.state == Meeting.ASKED)
            .values(state=introduction.state)
        )
        return done.rowcount == 1

    def drop_introductions(self, actor: PersonId) -> None:
        """Those of the actor that wait for an answer."""
        of = narration_introductions.c
        which = or_(of.asker == actor, of.asked == actor)
        self._connection.execute(
            delete(narration_introductions).where(which, of.state == Meeting.ASKED)
        )

    # --- digests

    def to_digest(
        self, workspace: WorkspaceId, conversation: str, since: date, until: date
    ) -> Sequence[Narration]:
        """What may be mentioned in a conversation, the oldest first."""
        of = narrations.c
        found = self._read(
            of.workspace == workspace,
            of.state == State.SHARED,
            of.digest,
            of.shared_on >= since,
            of.shared_on < until,
            or_(
                of.reach == Reach.EVERYBODY,
                and_(of.reach == Reach.CHANNEL, of.conversation == conversation),
            ),
        )
        return found[::-1]

    def add_digest(self, digest: Digest) -> None:
        """Insert or replace; one that mentions nothing any more is not kept."""
        self._connection.execute(
            delete(narration_mentions).where(narration_mentions.c.digest == digest.key)
        )
        if not digest.narrations:
            self._connection.execute(
                delete(narration_digests).where(narration_digests.c.key == digest.key)
            )
            return
        put(self._connection, narration_digests, values_of(digest))
        rows = [{"narration": id_, "digest": digest.key} for id_ in digest.narrations]
        self._connection.execute(narration_mentions.insert(), rows)

    def digests_with(self, narration: str) -> Sequence[Digest]:
        """Those that mention it."""
        rows = self._connection.execute(
            select(*columns_of(narration_digests, Digest))
            .join(narration_mentions, narration_mentions.c.digest == narration_digests.c.key)
            .where(narration_mentions.c.narration == narration)
            .order_by(narration_digests.c.key)
        )
        return [Digest(*row) for row in rows]

    # --- between values and rows

    def _is_shared_with(self, actor: PersonId) -> ColumnElement[bool]:
        of = narrations.c
        here = select(people.c.workspace).where(people.c.id == actor).scalar_subquery()
        by_name = exists().where(
            narration_readers.c.narration == of.id, narration_readers.c.person == actor
        )
        return and_(
            of.state == State.SHARED,
            of.workspace == here,
            or_(of.reach == Reach.EVERYBODY, by_name),
        )

    def _read(self, *which: ColumnElement[bool], limit: int = 1_000) -> list[Narration]:
        rows = self._connection.execute(
            select(*_PLAIN).where(*which).order_by(narrations.c.number.desc()).limit(limit)
        )
        return [found for row in rows if (found := self._value(row)) is not None]

    def _value(self, row: Any) -> Narration | None:
        """None for what was sealed with another key: nobody can read it any more."""
        values = dict(row._mapping)
        try:
            [text] = self._seal.of(row.author).open(values.pop("sealed"))
        except WrongKey:
            return None
        told = json.loads(text)
        lines = tuple(Line(*line) for line in told["lines"])
        return Narration(**values, lines=lines, link=told["link"])

    def _row(self, narration: Narration) -> dict[str, Any]:
        values = values_of(narration)
        lines, link = values.pop("lines"), values.pop("link")
        told = {"lines": [[line.label, line.text] for line in lines], "link": link}
        return values | {"sealed": self._seal.of(narration.author).close(json.dumps(told))}


class SqlCommunities:
    """`bot.capabilities.narration.ports.Communities` over everybody's tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, workspace: WorkspaceId) -> int:
        """How many people there are."""
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(people)
                .where(people.c.workspace == workspace, people.c.active)
            ).scalar_one()
        )

    def of_topic(self, workspace: WorkspaceId, topic: TopicId) -> Sequence[PersonId]:
        """Who follows a topic, has said that they know about it or learns it, or looks after it."""
        follows = select(tip_subscriptions.c.person).where(
            tip_subscriptions.c.workspace == workspace,
            tip_subscriptions.c.topic == topic,
            tip_subscriptions.c.state == "active",
        )
        knows = select(declarations.c.person).where(
            declarations.c.workspace == workspace,
            declarations.c.topic == topic,
            declarations.c.level != "none",
        )
        keeps = select(topics.c.steward).where(
            topics.c.workspace == workspace, topics.c.id == topic, topics.c.steward.is_not(None)
        )
        return self._active(
            workspace,
            or_(people.c.id.in_(follows), people.c.id.in_(knows), people.c.id.in_(keeps)),
        )

    def is_known(self, actor: PersonId, workspace: WorkspaceId, topic: TopicId) -> bool:
        """Whether somebody else has said that they can be asked about a topic."""
        knows = select(declarations.c.person).where(
            declarations.c.workspace == workspace,
            declarations.c.topic == topic,
            declarations.c.level.in_(["steward", "can_help"]),
            declarations.c.person != actor,
        )
        return bool(self._active(workspace, people.c.id.in_(knows)))

    def of_conversation(self, workspace: WorkspaceId, conversation: str) -> Sequence[PersonId]:
        """Who is in a conversation, as far as that has been read."""
        there = select(memberships.c.address).where(
            memberships.c.workspace == workspace, memberships.c.conversation == conversation
        )
        return self._active(workspace, people.c.address.in_(there))

    def _active(self, workspace: WorkspaceId, which: ColumnElement[bool]) -> Sequence[PersonId]:
        return (
            self._connection.execute(
                select(people.c.id)
                .where(people.c.workspace == workspace, people.c.active, which)
                .order_by(people.c.id)
            )
            .scalars()
            .all()
        )


class SqlKin:
    """`bot.capabilities.narration.ports.Kin` over the questions that everybody can read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_questions(
        self, actor: PersonId, workspace: WorkspaceId, limit: int
    ) -> Sequence[Asked]:
        """What others asked openly in a channel and waits for an answer, the newest first."""
        rows = self._connection.execute(
            select(questions.c.id, questions.c.number, questions.c.text)
            .where(
                questions.c.workspace == workspace,
                questions.c.visibility == Visibility.OPEN,
                questions.c.conversation.is_not(None),
                or_(questions.c.asker.is_(None), questions.c.asker != actor),
                questions.c.state.in_(sorted(OPEN_STATES)),
            )
            .order_by(questions.c.number.desc())
            .limit(limit)
        )
        return [Asked(*row) for row in rows]

    def published(self, workspace: WorkspaceId, article: ArticleId) -> str | None:
        """The title of an FAQ entry; None for one that a steward has not published."""
        title: str | None = self._connection.execute(
            select(articles.c.title).where(
                articles.c.id == article,
                articles.c.workspace == workspace,
                articles.c.state == ArticleState.PUBLISHED,
            )
        ).scalar()
        return title
