"""How far readings of people and members have come, and what they found."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.directory import Known, Pace, Reading
from bot.errors import Conflict
from bot.ids import PersonId
from bot.people import WorkingHours
from bot.slot import Slot
from storage.database import Database
from storage.directory_tables import conversations, directories, memberships
from tests.storage.example import ACME, ANA, BO, CY, HOUR, NOW, OTHER

LEASE = timedelta(minutes=2)
PACE = Pace(people=timedelta(seconds=3), members=timedelta(seconds=1))
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
GENERAL = "C0GENERAL"
WEEK = timedelta(days=7)


def claim(database: Database, now: datetime = NOW, platform: str = "slack") -> Reading | None:
    with database.transaction() as work:
        return work.directory.claim(platform, now, LEASE, PACE)


def claimed(database: Database, now: datetime = NOW) -> Reading:
    reading = claim(database, now)
    assert reading is not None
    return reading


def turn(database: Database, reading: Reading, cursor: str | None, now: datetime) -> None:
    with database.transaction() as work:
        work.directory.turn(reading, cursor, now, now + (PACE.people if cursor else DAY))


def opened(database: Database, now: datetime = NOW) -> None:
    with database.transaction() as work:
        work.directory.open(ACME.id, now)


def wanted(database: Database, now: datetime = NOW, conversation: str = GENERAL) -> None:
    """Open the directory, done with its people, and want a conversation."""
    opened(database, now)
    turn(database, claimed(database, now), None, now)
    with database.transaction() as work:
        work.memberships.want(ACME.id, conversation, now, now + WEEK)


def read(
    database: Database, *pages: list[str], now: datetime = NOW, name: str | None = "#general"
) -> None:
    """Read a conversation whose members are on these pages."""
    for number, page in enumerate(pages, 1):
        reading = claimed(database, now)
        assert reading.conversation == GENERAL
        with database.transaction() as work:
            work.memberships.keep(reading, name, page)
            cursor = f"page{number}" if number < len(pages) else None
            work.directory.turn(reading, cursor, now, now + (SECOND if cursor else DAY))
        now += SECOND


def members(database: Database) -> set[str]:
    with database.begin() as connection:
        return set(connection.execute(select(memberships.c.address)).scalars())


def known(database: Database) -> Known | None:
    with database.transaction() as work:
        return work.memberships.known(ACME.id, GENERAL)


def count(database: Database, limit: int = 100) -> int:
    with database.transaction() as work:
        return work.memberships.count(ACME.id, GENERAL, limit)


# --- people ------------------------------------------------------------------------------


def test_nothing_is_due_before_a_directory_is_opened(acme: Database) -> None:
    assert claim(acme) is None


def test_a_page_is_claimed_once(acme: Database) -> None:
    opened(acme)
    assert claim(acme, platform="teams") is None
    assert claimed(acme) == Reading(ACME.id, "T0ACME", None, None, NOW + LEASE)
    assert claim(acme, NOW + LEASE - SECOND) is None


def test_several_workers_never_have_the_same_page(acme: Database) -> None:
    opened(acme)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: claim(acme), range(8)))
    assert sum(reading is not None for reading in found) == 1


def test_pages_follow_each_other_at_their_pace(acme: Database) -> None:
    opened(acme)
    turn(acme, claimed(acme), "two", NOW)
    assert claim(acme, NOW + PACE.people - SECOND) is None
    assert claimed(acme, NOW + PACE.people).cursor == "two"


def test_after_a_crash_the_same_page_is_read_again(acme: Database) -> None:
    opened(acme)
    turn(acme, claimed(acme), "two", NOW)
    lost = claimed(acme, NOW + 4 * SECOND)
    again = claimed(acme, lost.until)
    assert again.cursor == "two"
    with pytest.raises(Conflict):
        turn(acme, lost, "three", lost.until)
    turn(acme, again, "three", lost.until)
    assert claimed(acme, lost.until + PACE.people).cursor == "three"


def test_all_is_read_anew_after_a_day(acme: Database) -> None:
    opened(acme)
    turn(acme, claimed(acme), "two", NOW)
    turn(acme, claimed(acme, NOW + 3 * SECOND), None, NOW + 3 * SECOND)
    assert claim(acme, NOW + DAY) is None
    assert claimed(acme, NOW + DAY + 3 * SECOND).cursor is None


def test_opening_again_changes_nothing_while_all_is_known(acme: Database) -> None:
    opened(acme)
    reading = claimed(acme)
    opened(acme)
    turn(acme, reading, None, NOW)
    opened(acme, NOW + HOUR)
    assert claim(acme, NOW + HOUR) is None


def test_opening_again_asks_a_platform_that_would_not_tell(acme: Database) -> None:
    opened(acme)
    with acme.transaction() as work:
        reading = work.directory.claim("slack", NOW, LEASE, PACE)
        assert reading is not None
        work.directory.postpone(reading, NOW + HOUR, anew=True, refused=True)
    assert claim(acme, NOW + HOUR - SECOND) is None
    opened(acme, NOW + 10 * SECOND)
    assert claimed(acme, NOW + 10 * SECOND).cursor is None


def test_a_page_is_postponed_and_begun_anew(acme: Database) -> None:
    opened(acme)
    turn(acme, claimed(acme), "two", NOW)
    second = claimed(acme, NOW + 3 * SECOND)
    with acme.transaction() as work:
        work.directory.postpone(second, NOW + 40 * SECOND)
        work.directory.postpone(second, NOW + 10 * SECOND, anew=True)
    assert claim(acme, NOW + 39 * SECOND) is None
    third = claimed(acme, NOW + 40 * SECOND)
    assert third.cursor == "two"
    with acme.transaction() as work:
        work.directory.postpone(third, NOW + 50 * SECOND, anew=True)
    assert claimed(acme, NOW + 50 * SECOND).cursor is None


def test_workspaces_take_turns(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.add_workspace(OTHER)
        work.directory.open(ACME.id, NOW)
        work.directory.open(OTHER.id, NOW + SECOND)
    now = NOW + SECOND
    first, second = claimed(acme, now), claimed(acme, now)
    assert (first.external, second.external) == ("T0ACME", "T0OTHER")
    assert claim(acme, now) is None


def test_a_closed_directory_is_not_read(acme: Database) -> None:
    wanted(acme)
    read(acme, ["U0ANA"])
    with acme.transaction() as work:
        work.directory.close(ACME.id, NOW + HOUR)
        assert not work.memberships.can_be_known(ACME.id)
        work.memberships.drop("slack", NOW + HOUR, 10)
    assert claim(acme, NOW + 9 * DAY) is None
    assert members(acme) == set()


def test_only_what_a_platform_tells_is_written(acme: Database) -> None:
    changed = replace(
        ANA,
        name="Ana S.",
        zone="Asia/Tokyo",
        active=False,
        hours=WorkingHours(start=time(5)),
        weekly_cap=1,
    )
    with acme.transaction() as work:
        work.slots.save(
            Slot(
                person=ANA.id,
                kind="tips.daily",
                at=time(10),
                next_due_at=NOW + DAY,
                next_day=NOW.date(),
            )
        )
        work.people.describe(changed)
        assert work.people.get(ANA.id) == replace(
            ANA, name="Ana S.", zone="Asia/Tokyo", active=False
        )
        [slot] = work.slots.of(ANA.id)
        assert slot.next_due_at is not None
        assert slot.next_due_at < NOW
        assert {p.id for p in work.directory.at(ACME.id, ["U0ANA", "U0CY", "U0X"])} == {
            ANA.id,
            CY.id,
        }


# --- members of conversations --------------------------------------------------------------


def test_only_a_workspace_with_a_directory_knows_members(acme: Database) -> None:
    with acme.transaction() as work:
        assert not work.memberships.can_be_known(ACME.id)
        work.directory.open(ACME.id, NOW)
        assert work.memberships.can_be_known(ACME.id)
        assert not work.memberships.can_be_known(OTHER.id)


def test_members_are_known_once_all_pages_are_read(acme: Database) -> None:
    assert known(acme) is None
    wanted(acme)
    assert known(acme) == Known(None, None, is_refused=False)
    read(acme, ["U0ANA", "U0BO"], ["U0UNKNOWN", "U0CY"])
    assert known(acme) == Known("#general", NOW, is_refused=False)
    assert count(acme) == 3
    assert count(acme, limit=2) == 2
    assert claim(acme, NOW + 2 * SECOND) is None


def test_who_is_unknown_counts_as_soon_as_they_are_known(acme: Database) -> None:
    wanted(acme)
    read(acme, ["U0NEW", "U0ANA"])
    assert count(acme) == 1
    with acme.transaction() as work:
        work.people.save(replace(BO, id=PersonId("person-new"), address="U0NEW"))
    assert count(acme) == 2
    with acme.transaction() as work:
        work.people.describe(replace(ANA, active=False))
    assert count(acme) == 1


def test_who_is_not_found_again_is_gone(acme: Database) -> None:
    wanted(acme)
    read(acme, ["U0ANA", "U0BO"])
    with acme.transaction() as work:
        work.memberships.renew(ACME.id, GENERAL, NOW + HOUR)
    read(acme, ["U0BO"], ["U0CY"], now=NOW + HOUR)
    assert members(acme) == {"U0BO", "U0CY"}
    found = known(acme)
    assert found is not None
    assert found.read_at == NOW + HOUR


def test_a_renewal_does_not_disturb_one_that_is_under_way(acme: Database) -> None:
    wanted(acme)
    first = claimed(acme)
    with acme.transaction() as work:
        work.memberships.renew(ACME.id, GENERAL, NOW)
        work.memberships.keep(first, None, ["U0ANA"])
        work.directory.turn(first, "two", NOW, NOW + SECOND)
        work.memberships.renew(ACME.id, GENERAL, NOW)
    second = claimed(acme, NOW + SECOND)
    assert second.cursor == "two"


def test_what_is_told_meanwhile_is_kept(acme: Database) -> None:
    wanted(acme)
    with acme.transaction() as work:
        work.memberships.join(ACME.id, GENERAL, "U0CY")
    first = claimed(acme)
    with acme.transaction() as work:
        work.memberships.keep(first, "#general", ["U0ANA"])
        work.memberships.join(ACME.id, GENERAL, "U0BO")
        work.directory.turn(first, None, NOW, NOW + DAY)
    # Who came before the reading began is on its pages if they are still there.
    assert members(acme) == {"U0ANA", "U0BO"}
    with acme.transaction() as work:
        work.memberships.join(ACME.id, GENERAL, "U0CY")
        work.memberships.join(ACME.id, GENERAL, "U0CY")
        work.memberships.leave(ACME.id, GENERAL, "U0ANA")
        work.memberships.leave(ACME.id, GENERAL, "U0NOBODY")
    assert members(acme) == {"U0BO", "U0CY"}


def test_of_a_conversation_nobody_wants_nothing_is_kept(acme: Database) -> None:
    opened(acme)
    with acme.transaction() as work:
        work.memberships.join(ACME.id, GENERAL, "U0ANA")
        work.memberships.leave(ACME.id, GENERAL, "U0ANA")
    assert members(acme) == set()
    with acme.begin() as connection:
        assert connection.execute(select(conversations)).all() == []


def test_conversations_of_a_workspace_share_its_pace_and_go_before_people(acme: Database) -> None:
    wanted(acme)
    with acme.transaction() as work:
        work.memberships.want(ACME.id, "C0OTHER", NOW, NOW + WEEK)
    with acme.begin() as connection:
        connection.execute(directories.update().values(next_at=NOW))
    assert claimed(acme).conversation == GENERAL
    people = claimed(acme)
    assert people.conversation is None
    assert claim(acme, NOW + timedelta(milliseconds=900)) is None
    assert claimed(acme, NOW + SECOND).conversation == "C0OTHER"


def test_a_busy_platform_is_left_alone_by_all_conversations(acme: Database) -> None:
    wanted(acme)
    with acme.transaction() as work:
        work.memberships.want(ACME.id, "C0OTHER", NOW + SECOND, NOW + WEEK)
    with acme.transaction() as work:
        reading = work.directory.claim("slack", NOW, LEASE, PACE)
        assert reading is not None
        work.directory.postpone(reading, NOW + 30 * SECOND)
    assert claim(acme, NOW + 29 * SECOND) is None
    assert claimed(acme, NOW + 30 * SECOND).conversation == "C0OTHER"


def test_a_refusal_is_known_until_it_is_wanted_again(acme: Database) -> None:
    wanted(acme)
    reading = claimed(acme)
    with acme.transaction() as work:
        work.directory.postpone(reading, NOW + HOUR, anew=True, refused=True)
    assert known(acme) == Known(None, None, is_refused=True)
    assert claim(acme, NOW + 10 * SECOND) is None
    with acme.transaction() as work:
        work.memberships.want(ACME.id, GENERAL, NOW + 10 * SECOND, NOW + WEEK)
    assert known(acme) == Known(None, None, is_refused=False)
    read(acme, ["U0ANA"], now=NOW + 10 * SECOND)
    assert count(acme) == 1


def test_a_name_stays_until_another_one_is_told(acme: Database) -> None:
    wanted(acme)
    for hour, (told, name) in enumerate([("#one", "#one"), (None, "#one"), ("", None)]):
        now = NOW + hour * HOUR
        with acme.transaction() as work:
            work.memberships.renew(ACME.id, GENERAL, now)
        read(acme, ["U0ANA"], now=now, name=told)
        found = known(acme)
        assert found is not None
        assert found.name == name


def test_members_are_dropped_when_nobody_wants_them_any_more(acme: Database) -> None:
    wanted(acme)
    read(acme, ["U0ANA", "U0BO", "U0CY"])
    with acme.transaction() as work:
        work.memberships.want(ACME.id, GENERAL, NOW, NOW + WEEK + DAY)
        work.memberships.want(ACME.id, GENERAL, NOW, NOW + DAY)
    over = NOW + WEEK + DAY
    for moment, limit, dropped in [
        (over - SECOND, 2, 0),
        (over, 2, 2),
        (over, 2, 1),
        (over, 2, 0),
    ]:
        with acme.transaction() as work:
            assert work.memberships.drop("teams", moment, limit) == 0
            assert work.memberships.drop("slack", moment, limit) == dropped
    assert members(acme) == set()
    assert known(acme) == Known("#general", None, is_refused=False)
    reading = claimed(acme, over)
    assert reading.conversation is None
    with acme.transaction() as work:
        work.memberships.want(ACME.id, GENERAL, over, over + WEEK)
    read(acme, ["U0BO"], now=over)
    assert members(acme) == {"U0BO"}
