"""What a platform says of people, and what follows from it."""

from dataclasses import replace
from datetime import UTC, datetime, time

from bot.directory import Member, gone, update
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, Role, WorkingHours

ANA = Person(
    id=PersonId("ana"),
    workspace=WorkspaceId("w"),
    address="U1",
    name="Ana",
    zone="Europe/Lisbon",
    hours=WorkingHours(start=time(6)),
    roles=frozenset({Role.AUDITOR}),
    team="Blue",
    weekly_cap=1,
    asks_welcome=False,
    paused_until=datetime(2026, 3, 2, tzinfo=UTC),
    country="PT",
)


def test_what_is_the_same_changes_nothing() -> None:
    assert update(ANA, Member("U1", "Ana", "Europe/Lisbon")) == ANA
    assert update(ANA, Member("U1", "Ana", zone=None)) == ANA


def test_only_name_and_zone_follow_the_platform() -> None:
    told = Member("U1", "Ana Silva", "Asia/Tokyo")
    assert update(ANA, told) == replace(ANA, name="Ana Silva", zone="Asia/Tokyo")


def test_who_is_back_is_active_and_who_is_gone_is_left_to_their_farewell() -> None:
    away = replace(ANA, active=False)
    assert update(away, Member("U1", "Ana")).active
    assert not update(away, Member("U1", "Ana", active=False)).active
    assert update(ANA, Member("U1", "Ana", active=False)).active


def test_only_those_are_gone_who_were_here() -> None:
    people = [ANA, replace(ANA, address="U2", active=False), replace(ANA, address="U3")]
    members = [Member(f"U{number}", "Somebody", active=number == 3) for number in (1, 2, 3, 4)]
    assert [member.address for member in gone(people, members)] == ["U1"]
