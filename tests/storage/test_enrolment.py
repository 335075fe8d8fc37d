"""Who is in a campaign, set-wise."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from bot.capabilities.campaigns.content import Audience, ClusterBy, one_message
from bot.capabilities.campaigns.model import Campaign, Enrolment, EnrolmentState
from bot.capabilities.campaigns.ports import Gathering
from bot.ids import CampaignId, PersonId
from bot.people import Person
from storage.database import Database
from storage.enrolment import MANY
from storage.tables import people
from tests.storage.example import ACME, ANA, BO, CY, NOW

NAME = CampaignId("c1")
DAY = timedelta(days=1)
WAVE = date(2026, 3, 3)
MIDNIGHT = NOW.replace(hour=0, minute=0)
"""Of what somebody did it is kept on which day, and not when on it."""
ALL = Gathering(NAME, ACME.id, Audience(), ClusterBy.TEAM)
ACTIVE, INVITED, ENDED = EnrolmentState.ACTIVE, EnrolmentState.INVITED, EnrolmentState.ENDED
ABSENT, UNDECIDED = EnrolmentState.ABSENT, EnrolmentState.UNDECIDED


@pytest.fixture
def place(acme: Database) -> Database:
    """Ana is in one team and Bo and Cy in another; there is a campaign."""
    content = one_message("Lunch", "Come.", None, WAVE, WAVE)
    with acme.transaction() as work:
        for one, team in ((ANA, "Blue"), (BO, "Red"), (CY, "Red")):
            work.people.save(replace(one, team=team))
        work.campaigns.add(Campaign(NAME, ACME.id, ANA.id, content, NOW, NOW))
    return acme


def enrolled(database: Database, person: Person) -> Enrolment | None:
    with database.transaction() as work:
        return work.enrolments.get(NAME, person.id)


def test_whoever_is_not_yet_is_enrolled_with_their_team(place: Database) -> None:
    red = replace(ALL, clusters=["Red"])
    with place.transaction() as work:
        assert work.enrolments.sizes(ALL) == {"Blue": 1, "Red": 2}
        assert work.enrolments.enrol(red, WAVE, INVITED, NOW) == 2
        assert work.enrolments.enrol(ALL, WAVE + DAY, ACTIVE, NOW) == 1
        assert work.enrolments.enrol(ALL, WAVE, ACTIVE, NOW) == 0
        assert work.enrolments.waves(NAME) == [WAVE, WAVE + DAY]
        assert work.enrolments.counts(NAME) == {INVITED: 2, ACTIVE: 1}
    assert enrolled(place, BO) == Enrolment(NAME, BO.id, "Red", WAVE, INVITED, MIDNIGHT)


def test_many_are_enrolled_and_postgresql_knows_at_once_how_many(place: Database) -> None:
    with place.begin() as connection:
        ana = connection.execute(people.select().where(people.c.id == ANA.id)).one()._asdict()
        rows = [{**ana, "id": f"p{n}", "address": f"U{n}"} for n in range(MANY)]
        connection.execute(people.insert(), rows)
    with place.transaction() as work:
        assert work.enrolments.enrol(ALL, WAVE, ACTIVE, NOW) == MANY + 3
    with place.begin() as connection:
        if connection.dialect.name == "postgresql":
            counted = text("SELECT reltuples FROM pg_class WHERE relname = 'campaign_enrolments'")
            assert connection.execute(counted).scalar_one() == MANY + 3


def test_who_has_stopped_the_bot_or_left_is_not_enrolled(place: Database) -> None:
    with place.transaction() as work:
        attention = work.attention.get(BO.id)
        work.attention.save(replace(attention, stopped_at=NOW))
        work.people.save(replace(CY, team="Red", active=False))
        assert work.enrolments.enrol(ALL, WAVE, ACTIVE, NOW) == 1
        assert work.enrolments.active(NAME, None, 9) == [ANA.id]


def test_who_is_in_the_audience_no_more_is_absent_and_named_once(place: Database) -> None:
    reds = replace(ALL, audience=Audience(teams=("Red",)))
    with place.transaction() as work:
        work.enrolments.enrol(ALL, WAVE, ACTIVE, NOW)
        assert work.enrolments.end_absent(reds, NOW + DAY) == [ANA.id]
        assert work.enrolments.end_absent(reds, NOW + DAY) == []
    assert enrolled(place, ANA) == Enrolment(NAME, ANA.id, "Blue", WAVE, ABSENT, MIDNIGHT + DAY)
    # Coming back begins nothing anew, and goes on.
    with place.transaction() as work:
        assert work.enrolments.enrol(ALL, WAVE, ACTIVE, NOW) == 0
        work.enrolments.bring_back(reds, NOW + 2 * DAY)
        assert work.enrolments.states(NAME, [ANA.id]) == {ANA.id: ABSENT}
        work.enrolments.bring_back(ALL, NOW + 2 * DAY)
        assert work.enrolments.states(NAME, [ANA.id]) == {ANA.id: ACTIVE}


@pytest.mark.parametrize("state", [ACTIVE, INVITED])
def test_who_leaves_does_not_come_back(place: Database, state: EnrolmentState) -> None:
    with place.transaction() as work:
        work.enrolments.enrol(ALL, WAVE, state, NOW)
        work.people.save(replace(CY, team="Red", active=False))
        assert work.enrolments.end_absent(ALL, NOW + DAY) == [CY.id]
        work.people.save(replace(CY, team="Red"))
        work.enrolments.bring_back(ALL, NOW + 2 * DAY)
        assert work.enrolments.ask_back(ALL, WAVE, NOW + 2 * DAY) == []
        assert work.enrolments.states(NAME, [CY.id]) == {CY.id: ENDED}


def test_who_had_said_nothing_is_invited_again_once_they_are_in_it_again(place: Database) -> None:
    reds = replace(ALL, audience=Audience(teams=("Red",)))
    with place.transaction() as work:
        work.enrolments.enrol(ALL, WAVE, INVITED, NOW)
        assert work.enrolments.end_absent(reds, NOW + DAY) == [ANA.id]
        work.enrolments.bring_back(ALL, NOW + DAY)
        assert work.enrolments.ask_back(reds, WAVE + DAY, NOW + DAY) == []
        assert work.enrolments.states(NAME, [ANA.id]) == {ANA.id: UNDECIDED}
        assert work.enrolments.ask_back(ALL, WAVE + DAY, NOW + 2 * DAY) == [ANA.id]
        assert work.enrolments.ask_back(ALL, WAVE + DAY, NOW + 2 * DAY) == []
    again = Enrolment(NAME, ANA.id, "Blue", WAVE + DAY, INVITED, MIDNIGHT + 2 * DAY)
    assert enrolled(place, ANA) == again


def test_active_people_come_in_pages_and_they_move_with_those_who_are_asked(
    place: Database,
) -> None:
    with place.transaction() as work:
        work.enrolments.enrol(ALL, WAVE, ACTIVE, NOW)
        work.enrolments.save(Enrolment(NAME, CY.id, "Red", WAVE, INVITED, NOW))
        everybody = sorted([ANA.id, BO.id])
        assert work.enrolments.active(NAME, None, 1) == everybody[:1]
        assert work.enrolments.active(NAME, everybody[0], 9) == everybody[1:]
        with_invited = work.enrolments.active(NAME, None, 9, with_invited=True)
        assert with_invited == sorted([*everybody, CY.id])
        done, ended = EnrolmentState.COMPLETED, EnrolmentState.ENDED
        work.enrolments.move(NAME, [ANA.id, CY.id, PersonId("nobody")], done, NOW)
        assert work.enrolments.counts(NAME) == {done: 2, ACTIVE: 1}
        work.enrolments.move(NAME, [ANA.id], ended, NOW)
        assert work.enrolments.counts(NAME) == {done: 2, ACTIVE: 1}


def test_nothing_is_left_of_who_is_forgotten(place: Database) -> None:
    with place.transaction() as work:
        work.enrolments.enrol(ALL, WAVE, ACTIVE, NOW)
        work.enrolments.forget(ANA.id)
        assert work.enrolments.of(ANA.id) == []
        assert len(work.enrolments.of(BO.id)) == 1


def test_two_audiences_share_who_is_in_both(place: Database) -> None:
    reds = replace(ALL, audience=Audience(teams=("Red",)))
    named = replace(ALL, audience=Audience(people=(ANA.id, BO.id)))
    without = replace(ALL, audience=Audience(without_teams=("Red",), without_people=(CY.id,)))
    with place.transaction() as work:
        assert work.enrolments.shared(reds, named) == 1
        assert work.enrolments.shared(reds, without) == 0
        assert work.enrolments.sizes(without) == {"Blue": 1}
