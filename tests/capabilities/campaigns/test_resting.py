"""What is promised while somebody pauses, and that nobody's budget is exceeded."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import select

from bot.capabilities.campaigns.enrolling import enrol_on
from bot.capabilities.campaigns.model import Campaign, State
from bot.capabilities.campaigns.run import resend_on
from bot.capabilities.campaigns.step import set_timer
from bot.capabilities.questions.memory import Memory
from bot.context import Context
from bot.errors import Conflict
from bot.ids import CampaignId
from bot.message import Args
from bot.ports import Timer
from storage.campaign import SqlCampaigns
from storage.database import Database
from storage.tables import outbox
from storage.work import SqlWork
from tests.capabilities.campaigns.running import (
    DAY,
    NAME,
    TEXT_QUIZ_TEXT,
    TUESDAY,
    Runs,
    message,
)
from tests.capabilities.quizzes.taking import QuizWorld
from tests.capabilities.tips.telling import budget, follow, open_topic, tell, tip
from tests.databases import RELAY_KEY
from tests.world import World

OTHER_PARTS = tuple(message(f"b{n}", TUESDAY + n * DAY) for n in range(8))


@pytest.mark.parametrize("handler", [enrol_on, resend_on])
def test_what_is_promised_while_somebody_pauses_is_not(
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    handler: Callable[[Context, SqlWork, Timer], None],
) -> None:
    database = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory())
    runs = Runs(QuizWorld(database))
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    args: Args = {"campaign": NAME, "activity": "a1", "state": "failed", "upto": 9, "until": ""}
    reads, rests = SqlCampaigns.get, [runs.rests]

    def get_slowly(campaigns: SqlCampaigns, id_: CampaignId) -> Campaign | None:
        found = reads(campaigns, id_)
        if rests:
            # Committed before what was just read is acted upon.
            rests.pop()()
        return found

    monkeypatch.setattr(SqlCampaigns, "get", get_slowly)
    with runs.acting("dana") as (context, work, _), pytest.raises(Conflict):
        handler(context, work, Timer("of it", context.now, "campaign", args))
    database.close()


@pytest.mark.parametrize("seed", range(3))
def test_nobodys_budget_is_exceeded_by_campaigns_tips_and_prompts(world: World, seed: int) -> None:
    runs, draw = Runs(world), Random(f"budget{seed}")
    open_topic(world, "travel")
    tell(world, *(tip(f"n{n}", asks=False) for n in range(30)))
    people = ("ana", "ben", "bo", "cem", "kim", "lu")
    for who in people:
        follow(world, who)
        if draw.random() < 0.5:
            world.forges(who, "narration.wishes", {})
            world.fills(who, prompts=draw.choice(("monday", "tuesday", "thursday")))
    budget(world, "lu", per_week=3)
    runs.starts(TEXT_QUIZ_TEXT)
    other = replace(TEXT_QUIZ_TEXT, title="Another", activities=OTHER_PARTS)
    with runs.acting("sam") as (context, work, sam):
        second = Campaign(CampaignId("c2"), sam.workspace, sam.id, other, world.now, world.now)
        second = replace(second, state=State.SCHEDULED)
        work.campaigns.add(second)
        set_timer(work, second, "start", context.now)
    for _ in range(20):
        world.passes(hours=draw.randint(6, 20))
        who = draw.choice(people)
        if world.hears(who) and draw.random() < 0.3:
            world.says(who, draw.choice(("/pause until Friday", "/resume")))
    with world.database.begin() as connection:
        rows = connection.execute(
            select(outbox.c.person, outbox.c.day, outbox.c.kind, outbox.c.source).where(
                outbox.c.state == "sent", outbox.c.day.is_not(None)
            )
        ).all()
    kinds = {row.kind.partition(".")[0] for row in rows}
    assert {"campaign", "tips"} <= kinds
    assert max(Counter((row.person, row.day) for row in rows).values()) == 1
    weeks = Counter((row.person, row.day.isocalendar()[:2]) for row in rows)
    assert all(n <= (3 if who == "lu" else 5) for (who, _), n in weeks.items())
    assert max(weeks.values()) >= 3
