"""A world in which campaigns of several activities run; what everybody got of them, day by day."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, timedelta

from sqlalchemy import func, select

from bot.capabilities.campaigns.approving import amend, approve, schedule
from bot.capabilities.campaigns.asking import ask
from bot.capabilities.campaigns.content import Activity, Content, Format, data_of, digest_of
from bot.capabilities.campaigns.model import Campaign, Event, EventKind, fold
from bot.capabilities.campaigns.steering import cancel, pause, resume
from bot.context import Context
from bot.ids import CampaignId, PersonId
from bot.pack.ports import Put
from bot.people import Person, Role
from storage.tables import outbox
from storage.work import SqlWork
from tests.capabilities.quizzes.taking import TWO, quiz_of
from tests.world import WORKSPACE, World

DAY = timedelta(days=1)
NAME = CampaignId("c1")
MONDAY = date(2026, 3, 2)
TUESDAY = MONDAY + DAY


def message(id_: str, on: date, **more: object) -> Activity:
    return replace(Activity(id=id_, date=on, text=f"This is {id_}."), **more)  # type: ignore[arg-type]  # by name


TEXT_QUIZ_TEXT = Content(
    title="Two weeks of data",
    activities=(
        message("a1", TUESDAY),
        Activity(id="a2", format=Format.QUIZ, date=TUESDAY + DAY, ref="data"),
        message("a3", TUESDAY + 2 * DAY),
    ),
)
"""From Tuesday to Thursday, one thing a day."""


class Runs:
    """Campaigns of a world, run by `dana` and approved by `sam`."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.changes("sam", roles=frozenset({Role.APPROVER}))
        with world.database.transaction() as work:
            work.packs.put(WORKSPACE, [Put(quiz_of(TWO), "test", world.now)])

    @contextmanager
    def acting(self, who: str) -> Iterator[tuple[Context, SqlWork, Person]]:
        world = self.world
        context = Context(world.now, lambda: "new", world.app.registry.activities)
        with world.database.transaction() as work:
            person = work.people.get(PersonId(who))
            assert person is not None
            yield context, work, person

    def drafts(self, content: Content, id_: CampaignId = NAME) -> Campaign:
        now = self.world.now
        campaign = Campaign(id_, WORKSPACE, PersonId("dana"), content, now, now)
        with self.acting("dana") as (_, work, person):
            work.campaigns.add(campaign)
            work.campaigns.record(Event(id_, EventKind.DRAFTED, now, person.id, data_of(content)))
        return campaign

    def submits(self) -> Campaign:
        with self.acting("dana") as (context, work, person):
            return ask(context, work, self.get(work), person)

    def amends(self, content: Content) -> Campaign:
        """Another content while it runs, submitted."""
        with self.acting("dana") as (context, work, person):
            amend(context, work, self.get(work), person, content)
        return self.submits()

    def approves(self, who: str = "sam") -> Campaign:
        with self.acting(who) as (context, work, person):
            campaign = self.get(work)
            return approve(context, work, campaign, person, digest_of(campaign.proposed))

    def schedules(self) -> Campaign:
        with self.acting("dana") as (context, work, person):
            return schedule(context, work, self.get(work), person)

    def starts(self, content: Content) -> Campaign:
        """From the draft to the moment when it begins by itself."""
        self.drafts(content)
        self.submits()
        self.approves()
        return self.schedules()

    def rests(self) -> Campaign:
        with self.acting("dana") as (context, work, person):
            return pause(context, work, self.get(work), person)

    def goes_on(self) -> Campaign:
        with self.acting("dana") as (context, work, person):
            return resume(context, work, self.get(work), person)

    def ends(self) -> Campaign:
        with self.acting("dana") as (context, work, person):
            return cancel(context, work, self.get(work), person)

    def get(self, work: SqlWork) -> Campaign:
        campaign = work.campaigns.get(NAME)
        assert campaign is not None
        assert fold(campaign, work.campaigns.events(NAME)) == campaign
        return campaign

    def reads(self) -> Campaign:
        """The campaign as it stands, which is the fold of its events."""
        with self.world.database.transaction() as work:
            return self.get(work)

    def got(self, who: str) -> list[str]:
        """The activities that reached a person, in order."""
        begin = f"campaign:{NAME}:"
        keys = [h.key or "" for h in self.world.room.heard if h.conversation == f"dm:{who}"]
        return [
            key.removeprefix(begin).removesuffix(f":{who}")
            for key in keys
            if key.startswith(begin) and key.endswith(f":{who}")
        ]

    def first_day(self, who: str) -> date:
        """The day of the first letter that reached a person."""
        with self.world.database.begin() as connection:
            found: date = connection.execute(
                select(func.min(outbox.c.day)).where(outbox.c.person == who)
            ).scalar_one()
        return found

    def upto(self, day: date, hour: int = 12) -> None:
        """Let time pass until that hour of a day, in UTC."""
        at = self.world.now.replace(
            year=day.year, month=day.month, day=day.day, hour=hour, minute=0, tzinfo=UTC
        )
        self.world.passes(seconds=(at - self.world.now).total_seconds())

    def counts(self, activity: str) -> dict[tuple[str, str | None], int]:
        """What became of the letters of an activity, by state and reason."""
        with self.world.database.transaction() as work:
            tallies = work.truth.counts(WORKSPACE, f"campaign:{NAME}:{activity}")
        return {(tally.state.value, tally.why): tally.letters for tally in tallies}
