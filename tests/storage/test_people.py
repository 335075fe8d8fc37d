"""Workspaces and people come back as they were saved."""

from dataclasses import replace
from datetime import time

import pytest

from bot.errors import Conflict
from bot.people import Person, Role, WorkingHours
from storage.database import Database
from tests.storage.example import ACME, ANA, BO, CY, HOUR, NOW, OTHER


def test_a_workspace_is_found_by_what_the_platform_calls_it(acme: Database) -> None:
    with acme.transaction() as work:
        found = [
            work.people.workspace("slack", "T0ACME"),
            work.people.workspace("teams", "T0ACME"),
            work.people.workspace("slack", "T0OTHER"),
        ]
    assert found == [ACME, None, None]


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
