"""Who is in a campaign: read and written set-wise, for there may be a hundred thousand."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Text,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from bot.capabilities.campaigns.content import Audience, ClusterBy
from bot.capabilities.campaigns.model import Enrolment, EnrolmentState
from bot.capabilities.campaigns.ports import Gathering
from bot.crowd import Circle
from bot.ids import CampaignId, PersonId, WorkspaceId
from storage.campaign_tables import campaign_enrolments as enrolments
from storage.column import Instant
from storage.directory_tables import memberships
from storage.row import among, columns_of, insert_for, put, values_of
from storage.tables import attention, people

_ENROLMENT = columns_of(enrolments, Enrolment)
_STOPPED = exists().where(attention.c.person == people.c.id, attention.c.stopped_at.is_not(None))

MANY = 1_000
"""From so many new rows on PostgreSQL counts the table anew, before it plans what reads it."""
COUNT_ANEW = text("ANALYZE campaign_enrolments")
"""For a transaction of its own: only one at a time may count, until it is kept."""


class SqlEnrolments:
    """`bot.capabilities.campaigns.ports.EnrolmentStore` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_grown = False
        """Whether PostgreSQL has to `COUNT_ANEW`, once this is kept."""

    def sizes(self, gathering: Gathering) -> Mapping[str, int]:
        """How many active people of the audience are in each cluster now."""
        cluster = _cluster(gathering.cluster_by)
        rows = self._connection.execute(
            select(cluster.label("cluster"), func.count().label("people"))
            .where(*_are_in(gathering))
            .group_by(cluster)
        )
        return {row.cluster: row.people for row in rows}

    def shared(self, one: Gathering, other: Gathering) -> int:
        """How many active people are in both."""
        return int(
            self._connection.execute(
                select(func.count()).select_from(people).where(*_are_in(one), *_are_in(other))
            ).scalar_one()
        )

    def enrol(self, gathering: Gathering, wave: date, state: EnrolmentState, now: datetime) -> int:
        """Enrol whoever is not yet; how many that were."""
        before = self._count(gathering.campaign)
        chosen = {
            "campaign": literal(gathering.campaign, Text),
            "person": people.c.id,
            "cluster": _cluster(gathering.cluster_by),
            "wave": literal(wave, Date),
            "state": literal(state.value, Text),
            "changed_at": literal(_day_of(now), Instant),
        }
        found = select(*chosen.values()).where(*_are_in(gathering), ~_STOPPED)
        insert = insert_for(self._connection.dialect.name, enrolments)
        self._connection.execute(insert.from_select(list(chosen), found).on_conflict_do_nothing())
        new = self._count(gathering.campaign) - before
        if new >= MANY and self._connection.dialect.name == "postgresql":
            self.has_grown = True
        return new

    def _count(self, campaign: CampaignId) -> int:
        return int(
            self._connection.execute(
                select(func.count()).where(enrolments.c.campaign == campaign)
            ).scalar_one()
        )

    def get(self, campaign: CampaignId, person: PersonId) -> Enrolment | None:
        """The person's in a campaign."""
        row = self._connection.execute(
            select(*_ENROLMENT).where(
                enrolments.c.campaign == campaign, enrolments.c.person == person
            )
        ).one_or_none()
        return None if row is None else Enrolment(**row._mapping)

    def of(self, person: PersonId) -> Sequence[Enrolment]:
        """All of a person's, by campaign."""
        rows = self._connection.execute(
            select(*_ENROLMENT).where(enrolments.c.person == person).order_by(enrolments.c.campaign)
        )
        return [Enrolment(**row._mapping) for row in rows]

    def save(self, enrolment: Enrolment) -> None:
        """Insert or replace."""
        at = enrolment.changed_at
        kept = values_of(enrolment) | {"changed_at": None if at is None else _day_of(at)}
        put(self._connection, enrolments, kept)

    def states(
        self, campaign: CampaignId, people: Sequence[PersonId]
    ) -> Mapping[PersonId, EnrolmentState]:
        """Those of these people; who was never enrolled is left out."""
        rows = self._connection.execute(
            select(enrolments.c.person, enrolments.c.state).where(
                enrolments.c.campaign == campaign,
                among(self._connection.dialect.name, enrolments.c.person, "who"),
            ),
            {"who": list(people)},
        )
        return {PersonId(row.person): EnrolmentState(row.state) for row in rows}

    def waves(self, campaign: CampaignId) -> Sequence[date]:
        """The waves that anybody was ever enrolled in, earliest first."""
        return list(
            self._connection.execute(
                select(enrolments.c.wave)
                .where(enrolments.c.campaign == campaign)
                .distinct()
                .order_by(enrolments.c.wave)
            ).scalars()
        )

    def counts(self, campaign: CampaignId) -> Mapping[EnrolmentState, int]:
        """How many are in each state."""
        rows = self._connection.execute(
            select(enrolments.c.state, func.count().label("people"))
            .where(enrolments.c.campaign == campaign)
            .group_by(enrolments.c.state)
        )
        return {row.state: row.people for row in rows}

    def active(
        self,
        campaign: CampaignId,
        after: PersonId | None,
        limit: int,
        *,
        with_invited: bool = False,
    ) -> Sequence[PersonId]:
        """The next who are active, by id, or who have not said yet whether they want to be."""
        rows = self._connection.execute(
            select(enrolments.c.person)
            .where(
                enrolments.c.campaign == campaign,
                enrolments.c.state.in_(
                    [EnrolmentState.ACTIVE, *([EnrolmentState.INVITED] if with_invited else [])]
                ),
                *([enrolments.c.person > after] if after is not None else []),
            )
            .order_by(enrolments.c.person)
            .limit(limit)
        )
        return [PersonId(person) for person in rows.scalars()]

    def end_absent(self, gathering: Gathering, now: datetime) -> Sequence[PersonId]:
        """End the enrolments of those who have left or have stopped the bot; who is only not in
        the audience any more is absent, or undecided, until they are in it again. Who that
        was."""
        is_here = exists(
            select(people.c.id).where(
                people.c.id == enrolments.c.person, people.c.active, ~_STOPPED
            )
        )
        is_decided = enrolments.c.state == EnrolmentState.ACTIVE
        ended = self._connection.execute(
            update(enrolments)
            .where(
                enrolments.c.campaign == gathering.campaign,
                enrolments.c.state.in_([EnrolmentState.ACTIVE, EnrolmentState.INVITED]),
                ~_is_in(gathering),
            )
            .values(
                state=case(
                    (~is_here, EnrolmentState.ENDED),
                    (is_decided, EnrolmentState.ABSENT),
                    else_=EnrolmentState.UNDECIDED,
                ),
                changed_at=_day_of(now),
            )
            .returning(enrolments.c.person)
        )
        return sorted(PersonId(person) for person in ended.scalars())

    def bring_back(self, gathering: Gathering, now: datetime) -> None:
        """Let those who were absent and are in the audience again go on with what is still to
        come."""
        self._connection.execute(
            update(enrolments)
            .where(
                enrolments.c.campaign == gathering.campaign,
                enrolments.c.state == EnrolmentState.ABSENT,
                _is_in(gathering),
            )
            .values(state=EnrolmentState.ACTIVE, changed_at=_day_of(now))
        )

    def ask_back(self, gathering: Gathering, wave: date, now: datetime) -> Sequence[PersonId]:
        """Let those who were undecided and are in the audience again be invited again, in this
        wave; who that was."""
        invited = self._connection.execute(
            update(enrolments)
            .where(
                enrolments.c.campaign == gathering.campaign,
                enrolments.c.state == EnrolmentState.UNDECIDED,
                _is_in(gathering),
            )
            .values(state=EnrolmentState.INVITED, wave=wave, changed_at=_day_of(now))
            .returning(enrolments.c.person)
        )
        return sorted(PersonId(person) for person in invited.scalars())

    def move(
        self,
        campaign: CampaignId,
        people: Sequence[PersonId],
        state: EnrolmentState,
        now: datetime,
    ) -> None:
        """Let these people who are active, or not sure yet, be in another state."""
        dialect = self._connection.dialect.name
        self._connection.execute(
            update(enrolments)
            .where(
                enrolments.c.campaign == campaign,
                enrolments.c.state.in_([EnrolmentState.ACTIVE, EnrolmentState.INVITED]),
                among(dialect, enrolments.c.person, "who"),
            )
            .values(state=state, changed_at=_day_of(now)),
            {"who": list(people)},
        )

    def forget(self, person: PersonId, campaign: CampaignId | None = None) -> None:
        """None of a person's any more, or that of one campaign."""
        which = [enrolments.c.person == person]
        if campaign is not None:
            which.append(enrolments.c.campaign == campaign)
        self._connection.execute(delete(enrolments).where(*which))


def _day_of(moment: datetime) -> datetime:
    """The beginning of the day in UTC: when on it is nobody's business."""
    return moment - timedelta(
        hours=moment.hour,
        minutes=moment.minute,
        seconds=moment.second,
        microseconds=moment.microsecond,
    )


def _cluster(cluster_by: ClusterBy) -> ColumnElement[Any]:
    # Where nobody told of sites, all that is known of them is the clock that people go by.
    by = (people.c.team,) if cluster_by is ClusterBy.TEAM else (people.c.site, people.c.zone)
    return func.coalesce(*by, literal("", Text))


def _are_in(gathering: Gathering) -> list[ColumnElement[bool]]:
    conditions = [
        *(people.c.workspace == gathering.workspace, people.c.active),
        *audience_of(gathering.audience, gathering.workspace),
    ]
    if gathering.clusters is not None:
        conditions.append(_cluster(gathering.cluster_by).in_(sorted(gathering.clusters)))
    return conditions


def _is_in(gathering: Gathering) -> ColumnElement[bool]:
    """Whether who is enrolled would be enrolled now."""
    return exists(
        select(people.c.id).where(
            people.c.id == enrolments.c.person, *_are_in(gathering), ~_STOPPED
        )
    )


def circle_of(circle: Circle, workspace: WorkspaceId) -> list[ColumnElement[bool]]:
    """Who of the people of a workspace is in a circle."""
    within = audience_of(circle, workspace)
    if circle.clusters is not None:
        by = ClusterBy.SITE if circle.by_site else ClusterBy.TEAM
        within.append(_cluster(by).in_(circle.clusters))
    return within


def audience_of(audience: Audience | Circle, workspace: WorkspaceId) -> list[ColumnElement[bool]]:
    """Who of the people of a workspace is in an audience."""
    one_of: list[ColumnElement[bool]] = []
    if audience.teams:
        one_of.append(people.c.team.in_(audience.teams))
    if audience.people:
        one_of.append(people.c.id.in_(audience.people))
    if audience.conversation is not None:
        one_of.append(
            exists().where(
                memberships.c.workspace == workspace,
                memberships.c.conversation == audience.conversation,
                memberships.c.address == people.c.address,
            )
        )
    without: list[ColumnElement[bool]] = []
    if audience.without_teams:
        without.append(or_(people.c.team.is_(None), people.c.team.not_in(audience.without_teams)))
    if audience.without_people:
        without.append(people.c.id.not_in(audience.without_people))
    return [*([or_(*one_of)] if one_of else []), and_(*without) if without else people.c.active]
