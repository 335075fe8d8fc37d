"""Workspaces and people come back as they were saved."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import event

from bot.errors import Conflict
from bot.holiday import NO_DAYS_OFF, DaysOff
from bot.ids import PersonId
from bot.people import Person, Role, WorkingHours
from storage.database import Database
from storage.people import SqlPeople
from tests.storage.example import ACME, ANA, BO, CY, HOUR, NOW, OTHER

DAY = date(2026, 3, 4)
DAYS = timedelta(days=1)


def test_a_workspace_is_found_by_what_the_platform_calls_it(acme: Database) -> None:
    with acme.transaction() as work:
        found = [
            work.people.workspace("slack", "T0ACME"),
            work.people.workspace("teams", "T0ACME"),
            work.people.workspace("slack", "T0OTHER"),
        ]
    assert found == [ACME, None, None]


def test_a_workspace_and_who_acted_there_are_found_at_once(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.set_country(ACME.id, "PT")
        work.people.add_day_off(ACME.id, DAY, "Fair")
        work.people.add_day_off(ACME.id, DAY + DAYS, "Course", BO.id)
        work.people.save(replace(ANA, country="PT-03", active=False))
        work.people.add_workspace(OTHER)
        work.people.add_day_off(OTHER.id, DAY, "Fair")
    with acme.transaction() as work:
        for who in (ANA, BO, CY):
            found = work.people.find("slack", ACME.external, who.address)
            assert found == (replace(ACME, country="PT"), work.people.get(who.id))
        found = work.people.find("slack", ACME.external, BO.address)
        assert found[1] is not None
        assert found[1].days_off == DaysOff("PT", frozenset({DAY, DAY + DAYS}))
        assert work.people.find("slack", ACME.external, "U0NOBODY")[1] is None
        assert work.people.find(OTHER.platform, OTHER.external, ANA.address) == (OTHER, None)
        assert work.people.find("teams", ACME.external, ANA.address) == (None, None)


def test_workspaces_come_by_name(database: Database) -> None:
    with database.transaction() as work:
        work.people.add_workspace(OTHER)
        work.people.add_workspace(ACME)
    with database.transaction() as work:
        assert list(work.people.workspaces()) == [ACME, OTHER]


def test_a_workspace_that_was_added_meanwhile_is_a_conflict(acme: Database) -> None:
    with pytest.raises(Conflict), acme.transaction() as work:
        work.people.add_workspace(replace(OTHER, external=ACME.external))
    with acme.transaction() as work:
        assert list(work.people.workspaces()) == [ACME]


def test_every_field_of_a_person_comes_back(acme: Database) -> None:
    full = Person(
        id=ANA.id,
        workspace=ACME.id,
        address="U0ANA2",
        name="Ána 🦊 Sílva",
        zone="America/St_Johns",
        hours=WorkingHours(frozenset({7, 1}), time(22, 15), time(23, 59, 30)),
        roles=frozenset({Role.OPERATOR, Role.COMMUNITY_MANAGER}),
        team="Support",
        manager=BO.id,
        weekly_cap=0,
        asks_welcome=False,
        paused_until=NOW + HOUR,
        away_until=NOW + 2 * HOUR,
        active=False,
    )
    with acme.transaction() as work:
        work.people.save(full)
    with acme.transaction() as work:
        assert work.people.get(ANA.id) == full


def test_a_person_is_found_by_address_within_the_workspace(acme: Database) -> None:
    with acme.transaction() as work:
        found = [
            work.people.by_address(ACME.id, "U0BO"),
            work.people.by_address(OTHER.id, "U0BO"),
            work.people.by_address(ACME.id, "U0NOBODY"),
        ]
    assert found == [BO, None, None]


def test_everybody_is_active_and_in_the_order_of_names(acme: Database) -> None:
    renamed = replace(CY, name="Aaron")
    with acme.transaction() as work:
        work.people.save(renamed)
        work.people.save(replace(BO, active=False))
    with acme.transaction() as work:
        assert list(work.people.everybody(ACME.id)) == [renamed, ANA]
        assert list(work.people.everybody(OTHER.id)) == []


def test_an_address_that_was_taken_meanwhile_is_a_conflict(acme: Database) -> None:
    with pytest.raises(Conflict), acme.transaction() as work:
        work.people.save(replace(CY, address=ANA.address))
    with acme.transaction() as work:
        assert work.people.get(CY.id) == CY


def test_a_person_has_the_days_off_of_country_organisation_and_self(acme: Database) -> None:
    christmas, epiphany = date(2026, 12, 25), date(2026, 1, 6)
    with acme.transaction() as work:
        work.people.set_country(ACME.id, "DE")
        work.people.save(replace(BO, country="DE-BY"))
        work.people.add_day_off(ACME.id, DAY, "Company day")
        work.people.add_day_off(ACME.id, DAY + DAYS, "Garden", CY.id)
    with acme.transaction() as work:
        read = [work.people.get(ANA.id), work.people.by_address(ACME.id, BO.address)]
        read.append(work.people.get(CY.id))
        every = work.people.everybody(ACME.id)
        some = {person.id: person for person in work.people.several([CY.id, BO.id, PersonId("x")])}
    days = [christmas, epiphany, DAY, DAY + DAYS]
    off = [[day in person.days_off for day in days] for person in read if person is not None]
    assert off == [
        [True, False, True, False],
        [True, True, True, False],
        [True, False, True, True],
    ]
    assert [[day in person.days_off for day in days] for person in every] == off
    assert [[day in some[who.id].days_off for day in days] for who in (BO, CY)] == off[1:]
    assert set(some) == {BO.id, CY.id}


def test_a_day_off_may_be_renamed_and_taken_back(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.add_day_off(ACME.id, DAY + DAYS, "Founding day")
        work.people.add_day_off(ACME.id, DAY, "Company day")
        work.people.add_day_off(ACME.id, DAY, "Summer party")
        assert work.people.days_off(ACME.id) == [
            (DAY, "Summer party"),
            (DAY + DAYS, "Founding day"),
        ]
        assert work.people.days_off(ACME.id, ANA.id) == []
        assert work.people.remove_day_off(ACME.id, DAY)
        assert not work.people.remove_day_off(ACME.id, DAY)
        assert not work.people.remove_day_off(ACME.id, DAY + DAYS, ANA.id)
    with acme.transaction() as work:
        ana = work.people.get(ANA.id)
    assert ana is not None
    assert DAY not in ana.days_off
    assert DAY + DAYS in ana.days_off


def test_many_people_are_read_in_few_queries(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.set_country(ACME.id, "FR")
        for number in range(1_200):
            work.people.save(replace(ANA, id=PersonId(f"p{number}"), address=f"U{number}"))
        work.people.add_day_off(ACME.id, DAY, "Mine", PersonId("p1100"))
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    with acme.begin() as connection:
        event.listen(connection, "before_cursor_execute", note)
        store = SqlPeople(connection)
        some = store.several([PersonId(f"p{number}") for number in range(1_200)])
        every = store.everybody(ACME.id)
    assert len(statements) <= 6
    assert [person.id for person in some if DAY in person.days_off] == ["p1100"]
    assert [person.id for person in every if DAY in person.days_off] == ["p1100"]
    # Those without days of their own share one value.
    assert len({id(person.days_off) for person in some}) == 2


def test_days_off_are_not_saved_with_the_person(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.save(replace(ANA, days_off=DaysOff("DE", frozenset({DAY}))))
    with acme.transaction() as work:
        ana = work.people.get(ANA.id)
    assert ana is not None
    assert ana.days_off == NO_DAYS_OFF


def test_those_who_hold_a_role_come_by_name_and_nobody_else(acme: Database) -> None:
    both = frozenset({Role.OPERATOR, Role.COMMUNITY_MANAGER})
    ana = replace(ANA, name="Zoë", roles=both)
    bo = replace(BO, name="Bo", roles=frozenset({Role.COMMUNITY_MANAGER}))
    with acme.transaction() as work:
        work.people.save(ana)
        work.people.save(bo)
        work.people.save(replace(CY, roles=frozenset({Role.PEOPLE_MANAGER})))
        work.people.save(replace(ANA, id=PersonId("gone"), address="U0G", roles=both, active=False))
    with acme.transaction() as work:
        managers = work.people.holders(ACME.id, Role.COMMUNITY_MANAGER)
        locked = work.people.holders(ACME.id, Role.OPERATOR, changing=True)
        elsewhere = work.people.holders(OTHER.id, Role.COMMUNITY_MANAGER)
    assert ([p.id for p in managers], [p.id for p in locked]) == ([bo.id, ana.id], [ana.id])
    assert list(elsewhere) == []
