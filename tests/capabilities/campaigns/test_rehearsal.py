"""The dry run, and that a run does what it said."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import count

import pytest
from sqlalchemy import select

from bot.attention import Attention
from bot.capabilities.campaigns import rehearsal, rehearsing
from bot.capabilities.campaigns.approving import amend, draw
from bot.capabilities.campaigns.content import (
    Activity,
    Audience,
    Consent,
    Content,
    Design,
    Format,
    OnlyIf,
    Rollout,
    Timing,
    data_of,
)
from bot.capabilities.campaigns.dryrun import DryRun, Share, Tally
from bot.capabilities.campaigns.dryrun_messages import as_text, card
from bot.capabilities.campaigns.model import EventKind, State
from bot.capabilities.campaigns.plan.messages import facts_of
from bot.capabilities.campaigns.rehearsal import Bookmark, go_on
from bot.capabilities.campaigns.rehearsing import rehearse
from bot.capabilities.campaigns.step import advance
from bot.ids import CampaignId, PersonId
from bot.people import WorkingHours
from bot.plain import render_plain
from bot.truth import Cause
from storage.tables import outbox
from tests.capabilities.campaigns.running import (
    DAY,
    MONDAY,
    NAME,
    TEXT_QUIZ_TEXT,
    TUESDAY,
    Runs,
    message,
)
from tests.capabilities.campaigns.test_running import OWN_DAYS
from tests.world import World, person

_NUMBERS = count(1)
WEEK = Content(
    title="A full week",
    activities=(
        *(message(f"a{at}", MONDAY + at * DAY) for at in range(1, 5)),
        message("b0", MONDAY + 7 * DAY),
    ),
)
"""From a Tuesday on one thing each working day: as many as a week’s budget has, and one more. By
then nobody is taken for not reacting yet, which a dry run cannot know."""


def tally_of(runs: Runs, id_: CampaignId = NAME) -> Tally:
    with runs.acting("dana") as (context, work, _):
        campaign = work.campaigns.get(id_)
        assert campaign is not None
        tally, bookmark = go_on(context, work, campaign, Tally(), Bookmark())
        while bookmark is not None:
            tally, bookmark = go_on(context, work, campaign, tally, bookmark)
        return tally


def dry_run(runs: Runs, id_: CampaignId = NAME) -> DryRun:
    with runs.acting("dana") as (context, work, _):
        campaign = work.campaigns.get(id_)
        assert campaign is not None
        *_, (_, told) = rehearse(context, work, campaign)
        assert told is not None
        return told


def drafted(world: World, content: Content) -> tuple[Runs, DryRun]:
    runs = Runs(world)
    runs.drafts(content)
    return runs, dry_run(runs)


def joined(world: World, many: int, **traits: object) -> Sequence[str]:
    names = [f"x{next(_NUMBERS)}" for _ in range(many)]
    for name in names:
        world.joins(replace(person(name), **traits))  # type: ignore[arg-type]  # by name
    return names


def wishes(world: World, who: str, **wanted: object) -> None:
    with world.database.transaction() as work:
        work.attention.save(Attention(PersonId(who), **wanted))  # type: ignore[arg-type]  # by name


def went(world: World, id_: CampaignId = NAME) -> Counter[tuple[str, object]]:
    """What the run has made of it: activity and day, or activity and why not."""
    with world.database.begin() as connection:
        rows = connection.execute(
            select(outbox.c.source, outbox.c.day, outbox.c.why).where(
                outbox.c.source.like(f"campaign:{id_}:%"), outbox.c.person.is_not(None)
            )
        ).all()
    return Counter((row.source.rpartition(":")[2], row.why or row.day) for row in rows)


def foretold(tally: Tally) -> Counter[tuple[str, object]]:
    told: Counter[tuple[str, object]] = Counter()
    for id_, outlook in tally.parts.items():
        told.update({(id_, day): people for day, people in outlook.days.items()})
        told.update({(id_, why): people for why, people in outlook.reasons.items()})
    return told


# --- it comes as it was said ------------------------------------------------------------------


@pytest.mark.parametrize("timing", list(Timing))
def test_a_run_does_what_the_dry_run_said(either_world: World, timing: Timing) -> None:
    world = either_world
    joined(world, 3, zone="Asia/Tokyo")
    joined(world, 2, zone="America/Los_Angeles", country="US")
    joined(world, 2, hours=WorkingHours(frozenset({1, 3})))
    joined(world, 1, paused_until=datetime(2026, 3, 5, tzinfo=UTC))
    joined(world, 1, away_until=datetime(2026, 3, 20, tzinfo=UTC))
    wishes(world, "ben", slot=time(16))
    wishes(world, "cem", per_week=1)
    wishes(world, "kim", stopped_at=world.now)
    content = WEEK
    if timing is Timing.ENROLMENT:
        counted = tuple(replace(a, date=None, day=at) for at, a in enumerate(WEEK.activities))
        content = replace(WEEK, timing=timing, start=TUESDAY, activities=counted)
    runs = Runs(world)
    runs.starts(content)
    told = foretold(tally_of(runs))
    runs.upto(TUESDAY + 16 * DAY)
    # Who has stopped is not even enrolled.
    stopped = {key: n for key, n in told.items() if key[1] == "stopped"}
    assert stopped == {(a.id, "stopped"): 1 for a in content.activities}
    assert went(world) == told - Counter(stopped)


def test_what_waits_for_people_already_is_counted_in(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY + 2 * DAY, 1)
    second = CampaignId("c2")
    days = [message(f"o{at}", TUESDAY + at * DAY) for at in (2, 3)]
    runs.drafts(Content(title="Another", activities=tuple(days)), second)
    told = dry_run(runs, second)
    # On Thursday the last of the first one waits, and goes first.
    assert foretold(tally_of(runs, second)) == {
        ("o2", "budget"): 8,
        ("o3", TUESDAY + 3 * DAY): 8,
    }
    assert told.week.gets == 4


def test_people_are_looked_at_in_chunks_and_it_adds_up_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(world, 5, zone="Asia/Tokyo")
    runs = Runs(world)
    runs.drafts(WEEK)
    at_once = tally_of(runs)
    monkeypatch.setattr(rehearsal, "CHUNK", 4)
    assert tally_of(runs) == at_once


# --- who is in it -----------------------------------------------------------------------------


def test_who_is_left_out_is_counted_and_the_reasons_of_few_are_not_told(world: World) -> None:
    for name in joined(world, 6):
        wishes(world, name, stopped_at=world.now)
    joined(world, 2, away_until=datetime(2026, 6, 1, tzinfo=UTC))
    joined(world, 1, paused_until=datetime(2026, 6, 1, tzinfo=UTC))
    _, told = drafted(world, TEXT_QUIZ_TEXT)
    assert (told.total, told.reached) == (17, 8)
    assert told.nothing == (Cause(None, 9),)
    joined(world, 3, paused_until=datetime(2026, 6, 1, tzinfo=UTC))
    runs = Runs(world)
    told = dry_run(runs)
    assert told.nothing == (Cause("stopped", 6), Cause(None, 6))
    text = "\n".join(as_text(told))
    assert "6 want nothing unasked" in text
    assert "away" not in text


def test_an_audience_that_wants_nothing_does_not_read_as_reached(world: World) -> None:
    for name in ("ana", "ben", "bo", "cem", "dana", "kim"):
        wishes(world, name, stopped_at=world.now)
    _, told = drafted(world, TEXT_QUIZ_TEXT)
    assert (told.total, told.reached) == (8, None)
    for one in (render_plain(card(told)), "\n".join(as_text(told))):
        assert "8 people now; hardly anybody, or nobody, gets anything of it" in one


def test_nobody_is_told_apart_by_being_the_only_one_left_out(world: World) -> None:
    wishes(world, "ben", stopped_at=world.now)
    _, told = drafted(world, TEXT_QUIZ_TEXT)
    assert (told.reached, told.nothing) == (None, ())
    for one in (render_plain(card(told)), "\n".join(as_text(told))):
        assert "7" not in one.replace(told.digest, "")


def test_teams_that_are_taken_out_are_counted_as_that(world: World) -> None:
    joined(world, 6, team="support")
    joined(world, 5, team="board")
    joined(world, 2, team="legal")
    audience = Audience(without_teams=("board",))
    _, told = drafted(world, replace(TEXT_QUIZ_TEXT, audience=audience))
    assert (told.total, told.excluded) == (16, 5)
    assert list(told.clusters) == [Share("support", 6), Share(None, 10)]
    assert "without 5 who are taken out" in "\n".join(as_text(told))


def test_an_audience_of_nobody_is_said_to_be_one(world: World) -> None:
    _, told = drafted(world, replace(TEXT_QUIZ_TEXT, audience=Audience(teams=("nowhere",))))
    assert told.total == 0
    unknown, nobody = told.faults
    assert unknown.startswith("I do not know who this is: nowhere.")
    assert nobody == "There is nobody to send it to."
    assert not told.is_clean
    assert all(part.forecast is None for part in told.parts)
    assert "There is nobody to send it to." in render_plain(card(told))


def test_who_has_what_a_part_asks_for_is_spared_it(world: World) -> None:
    content = replace(
        TEXT_QUIZ_TEXT,
        activities=(
            *TEXT_QUIZ_TEXT.activities,
            message("a4", TUESDAY + 3 * DAY, only_if=OnlyIf.CERTIFIED),
        ),
    )
    runs, told = drafted(world, content)
    # Nobody has passed the quiz yet.
    assert foretold(tally_of(runs))["a4", "not meant for them"] == 8
    assert told.parts[-1].forecast is not None
    assert told.parts[-1].forecast.by_day == {}
    assert told.week.gets == 3


def test_the_question_whether_one_wants_it_is_the_first_part(world: World) -> None:
    audience = Audience(consent=Consent.OPT_IN)
    _, told = drafted(world, replace(TEXT_QUIZ_TEXT, audience=audience))
    assert told.asks_first
    assert [part.id for part in told.parts] == ["invitation", "a1", "a2", "a3"]
    asking, first, *_ = told.parts
    assert asking.message is not None
    assert asking.forecast is not None
    assert asking.forecast.by_day == {MONDAY: 8}
    assert first.forecast is not None
    assert first.forecast.not_by_reason == {}
    assert first.forecast.by_day == {TUESDAY: 8}
    assert "everybody is asked first" in "\n".join(as_text(told))


def test_who_says_yes_begins_on_the_day_after(world: World) -> None:
    audience = Audience(consent=Consent.OPT_IN)
    _, told = drafted(world, replace(OWN_DAYS, audience=audience))
    by_day = [part.forecast.by_day for part in told.parts if part.forecast is not None]
    assert by_day[:2] == [{TUESDAY: 8}, {TUESDAY + DAY: 8}]


def test_a_week_is_as_full_as_people_who_are_asked_first_have_it(world: World) -> None:
    _, told = drafted(
        world,
        replace(
            WEEK,
            activities=tuple(
                Activity(f"a{day}", day=day, text=f"Say **{day}**.") for day in range(6)
            ),
            timing=Timing.ENROLMENT,
            start=MONDAY + 7 * DAY,
            audience=Audience(consent=Consent.OPT_IN),
        ),
    )
    # The question takes the first day, and what is on one’s own first day comes on the second.
    assert (told.week.wanted, told.week.gets) == (5, 4)
    said = render_plain(card(told))
    assert "5 planned for each person; attention budgets let 4 of them through" in said
    assert "Mon 9 Mar, the question whether they want it: 8 of 8" in said
    assert "Tue 10 Mar, message “Say 0.”: 8 of 8" in said
    assert "Fri 13 Mar, message “Say 3.”: 0 of 8" in said


def test_of_one_that_runs_only_what_is_to_come_is_gone_through(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY)
    later = (*TEXT_QUIZ_TEXT.activities, message("a4", TUESDAY + 3 * DAY))
    with runs.acting("dana") as (context, work, who):
        amend(context, work, runs.get(work), who, replace(TEXT_QUIZ_TEXT, activities=later))
    told = dry_run(runs)
    assert [part.id for part in told.parts][-1] == "a4"
    assert "a1" not in [part.id for part in told.parts]
    assert told.parts[-1].forecast is not None
    assert told.parts[-1].forecast.by_day == {TUESDAY + 3 * DAY: 8}


# --- who begins when --------------------------------------------------------------------------


def test_the_drawing_is_shown_as_it_will_be(world: World) -> None:
    for team in ("a", "b", "c", "d"):
        joined(world, 5, team=team)
    content = replace(
        TEXT_QUIZ_TEXT,
        audience=Audience(teams=("a", "b", "c", "d")),
        rollout=Rollout(Design.AB, seed=7),
    )
    runs, told = drafted(world, content)
    assert told.allocation is not None
    assert (told.total, told.waiting, told.reached) == (20, 10, 10)
    assert sorted((share.people, share.step) for share in told.clusters) == [
        *((5, -1), (5, -1)),
        *((5, 0), (5, 0)),
    ]
    text = "\n".join(as_text(told))
    assert re.search("Seed, method: +7, 1", text)
    # A number that is nothing to people is for the terminal, and so are bars.
    shown = str(card(told))
    assert "half of the groups get it" in shown
    assert "seed" not in shown
    assert "▇" in text
    assert "▇" not in shown
    assert "a: 5" in text
    assert "to compare with" in text
    runs.submits()
    runs.approves()
    drawn = runs.schedules().allocation
    assert drawn is not None
    assert drawn.steps == told.allocation.steps
    assert dry_run(runs).allocation == drawn


def test_other_words_draw_nothing_anew_and_a_chosen_seed_is_told(world: World) -> None:
    for team in ("a", "b", "c", "d", "e", "f"):
        joined(world, 5, team=team)
    content = replace(TEXT_QUIZ_TEXT, rollout=Rollout(Design.AB))
    runs = Runs(world)
    campaign = runs.drafts(content)
    with runs.acting("dana") as (context, work, _):
        drawn = [
            draw(work, replace(campaign, content=replace(content, title=title)), context.now)
            for title in ("One", "One.", "ONE!", "One")
        ]
    assert all(one == drawn[0] for one in drawn)
    assert "chosen" not in str(facts_of(content, "all", [], are_named=False))
    by_hand = replace(content, rollout=Rollout(Design.AB, seed=7))
    told = str(facts_of(by_hand, "all", [], are_named=False))
    assert "by the seed 7, which its owner has chosen" in told


def test_groups_that_begin_one_after_another_have_each_their_own_days(world: World) -> None:
    for team in ("a", "b"):
        joined(world, 5, team=team)
    parts = (Activity("a1", day=0, text="One."), Activity("a2", day=1, text="Two."))
    content = Content(
        title="In steps",
        activities=parts,
        audience=Audience(teams=("a", "b")),
        timing=Timing.ENROLMENT,
        start=TUESDAY,
        rollout=Rollout(Design.STEPPED_WEDGE, steps=2, step_every=7, seed=1),
    )
    _, told = drafted(world, content)
    assert told.planned == (TUESDAY, TUESDAY + 8 * DAY)
    assert told.parts[0].planned == (TUESDAY, TUESDAY + 7 * DAY)
    assert told.by_day == {TUESDAY + at * DAY: 5 for at in (0, 1, 7, 8)}
    assert told.week.wanted == 2


# --- other campaigns, and channels ------------------------------------------------------------


def test_other_campaigns_for_the_same_people_are_named(world: World) -> None:
    joined(world, 6, team="support")
    runs = Runs(world)
    for number, (team, day, state) in enumerate(
        [
            ("support", TUESDAY, State.SCHEDULED),
            ("nobody", TUESDAY, State.SCHEDULED),
            ("support", TUESDAY + 30 * DAY, State.SCHEDULED),
            ("support", TUESDAY, State.DRAFT),
        ]
    ):
        said = (message("o1", day), message("o2", day + DAY))
        content = Content(f"Other {number}", said, Audience(teams=(team,)))
        draft = runs.drafts(content, CampaignId(f"c-other{number}"))
        with runs.acting("dana") as (_, work, _):
            work.campaigns.save(replace(draft, state=state))
    runs.drafts(TEXT_QUIZ_TEXT)
    told = dry_run(runs)
    assert [(c.title, c.people, list(c.days)) for c in told.clashes] == [
        ("Other 0", 6, [TUESDAY, TUESDAY + DAY])
    ]
    assert (told.week.wanted, told.week.with_others) == (3, 5)
    assert "“Other 0” by Dana (scheduled): 6 people, on Tue 3 Mar, Wed 4 Mar" in "\n".join(
        as_text(told)
    )


def test_of_a_channel_it_says_how_many_of_its_people_are_there(world: World) -> None:
    hour = Activity(
        "q1", Format.QNA_SESSION, date=TUESDAY, channel="#travel", text="Ask.", at=time(14)
    )
    content = replace(TEXT_QUIZ_TEXT, activities=(*TEXT_QUIZ_TEXT.activities, hour))
    _, told = drafted(world, content)
    part = next(part for part in told.parts if part.id == "q1")
    assert (part.channel, part.there, part.forecast) == ("#travel", None, None)
    assert part.message is not None
    assert "in #travel" in "\n".join(as_text(told))


# --- what stands in its way -------------------------------------------------------------------


def test_what_is_not_there_is_said_where_it_stands_and_the_rest_is_gone_through(
    world: World,
) -> None:
    content = replace(
        TEXT_QUIZ_TEXT,
        activities=(
            *TEXT_QUIZ_TEXT.activities,
            Activity("a4", Format.QUIZ, date=TUESDAY + 3 * DAY, ref="gone"),
            Activity("a5", Format.MESSAGE, text="No day."),
        ),
    )
    _, told = drafted(world, content)
    parts = {part.id: part for part in told.parts}
    assert parts["a4"].fault == "I know nothing that is called gone."
    assert parts["a4"].forecast is None
    assert parts["a5"].forecast is None
    assert parts["a3"].forecast is not None
    assert any("a4 (quiz)" in fault for fault in told.faults)
    assert "no day" in "\n".join(as_text(told))


def test_nothing_is_written_by_looking(world: World) -> None:
    runs = Runs(world)
    runs.drafts(WEEK)
    before = world.dump()
    dry_run(runs)
    assert world.dump() == before


# --- in chat ----------------------------------------------------------------------------------


def test_of_few_people_the_card_comes_at_once(world: World) -> None:
    runs = Runs(world)
    runs.drafts(TEXT_QUIZ_TEXT)
    with runs.acting("dana") as (context, work, who):
        reply = rehearsing.look(context, work, runs.get(work), who)
    assert reply.message is not None
    assert "Dry run of “Two weeks of data”" in render_plain(reply.message)
    assert "8 people now; 8 get something of it" in render_plain(reply.message)


def test_of_many_people_it_follows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "CHUNK", 3)
    runs = Runs(world)
    runs.drafts(TEXT_QUIZ_TEXT)
    with runs.acting("dana") as (context, work, who):
        reply = rehearsing.look(context, work, runs.get(work), who)
    assert reply.message is not None
    assert "The card comes in a moment" in render_plain(reply.message)
    world.passes(seconds=2)
    assert "8 people now; 8 get something of it" in world.last("dana")


def test_of_what_was_changed_meanwhile_no_card_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "CHUNK", 3)
    runs = Runs(world)
    runs.drafts(TEXT_QUIZ_TEXT)
    with runs.acting("dana") as (context, work, who):
        campaign = runs.get(work)
        rehearsing.look(context, work, campaign, who)
        data = data_of(replace(TEXT_QUIZ_TEXT, title="Anew"))
        advance(context, work, campaign, EventKind.CHANGED, who.id, data=data)
    world.passes(seconds=2)
    assert world.dms("dana") == []
