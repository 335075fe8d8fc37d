"""Campaigns as talks: who writes what, who gets what and when, and what the card says."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from bot.capabilities.campaigns.model import Campaign, fold
from bot.ids import PersonId
from bot.message import Args, Choice
from bot.messages import LEFT_ALONE
from bot.outbox import (
    Ambiguous,
    Delivery,
    LetterState,
    Never,
    Outcome,
)
from bot.people import Role
from storage.tables import outbox
from tests.world import MONDAY, WORKSPACE, Heard, Room, World, person

PEOPLE = ("ana", "ben", "bo", "cem", "dana", "kim", "lu", "sam")
TEXT = "Lunch is **free** this week. See [the menu](https://example.org/menu)."


@dataclass(slots=True)
class PickyRoom(Room):
    """A platform on which not everything arrives, and which cannot be asked what did."""

    reads_back: bool = False
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)

    async def deliver(self, delivery: Delivery) -> Outcome:
        self.tried.append(delivery.address)
        outcome = self.outcomes.get(delivery.address)
        return await Room.deliver(self, delivery) if outcome is None else outcome


def write(world: World, **values: str) -> Heard:
    """Dana writes a campaign; the card that she sees."""
    world.says("dana", "/campaign Free lunch")
    reply = world.fills("dana", **({"body": TEXT} | values))
    assert reply.errors == {}
    return world.hears("dana")[-1]


def send(world: World, **values: str) -> Heard:
    """Dana writes a campaign and sends it at once."""
    card = write(world, **values)
    world.presses("dana", "Send it", on=card)
    world.passes(seconds=1)
    return card


def refresh(world: World, card: Heard) -> str:
    world.presses("dana", "Refresh", on=card)
    return card.text


def campaigns(world: World) -> list[Campaign]:
    with world.database.transaction() as work:
        return list(work.campaigns.shown_to(WORKSPACE, PersonId("dana"), 100))


def got(world: World) -> list[str]:
    """Who has got a letter of a campaign, in order."""
    return [
        heard.conversation.removeprefix("dm:")
        for heard in world.room.heard
        if heard.key is not None and heard.key.startswith("campaign:")
        if heard.key.count(":") == 2
    ]


def choice(heard: Heard) -> Choice:
    return next(part for part in heard.message.parts if isinstance(part, Choice))


def labels(heard: Heard) -> list[str]:
    return [button.label for button in heard.buttons]


def test_the_card_shows_the_message_and_who_would_get_it_when(either_world: World) -> None:
    card = write(either_world)
    assert "Free lunch" in card.text
    assert "Lunch is free this week." in card.text
    assert "Everybody in World" in card.text
    assert "Monday, 2 March 2026 to Friday, 6 March 2026" in card.text
    told = "Of 8 people 8 get it on one of these days, most of them on Monday 2 March."
    assert told in card.text
    assert labels(card) == ["Send it", "Send to me", "Change", "Add more parts", "Discard"]
    confirm = card.buttons[0].confirm
    assert confirm is not None
    assert confirm.text.startswith("Those in the forecast get it once, each at their own hour")
    assert got(either_world) == []


def test_everybody_gets_it_once_at_their_own_hour(either_world: World) -> None:
    either_world.changes("kim", zone="America/New_York")
    card = send(either_world)
    assert "running" in card.text
    either_world.passes(hours=1)
    assert sorted(got(either_world)) == ["ana", "ben", "bo", "cem", "lu", "sam"]
    either_world.passes(hours=5)
    assert got(either_world)[-1] == "kim"
    either_world.passes(days=5)
    assert sorted(got(either_world)) == sorted(PEOPLE)


def test_the_letter_says_who_sent_it_and_why_one_gets_it(world: World) -> None:
    send(world)
    world.passes(hours=2)
    letter = world.hears("ana")[-1]
    assert "From Dana" in letter.text
    assert {"Pause 1 week", "Stop all", "Why am I getting this?"} <= set(labels(letter))
    world.presses("ana", "Why am I getting this?", on=letter)
    assert "Dana sent this to everybody in World." in world.last("ana")


def test_the_owner_is_told_at_the_end_what_became_of_it(world: World) -> None:
    card = send(world)
    world.passes(days=5)
    last = world.last("dana")
    assert "Free lunch is finished." in last
    assert "Delivered" in last
    controls = "\n\n[Pause 1 week]\n[Stop all]\n[Why am I getting this?]"
    assert refresh(world, card) + controls == last
    campaign = campaigns(world)[0]
    with world.database.transaction() as work:
        events = work.campaigns.events(campaign.id)
        assert fold(campaign, events) == campaign
    assert [event.kind for event in events] == ["drafted", "started", "expanded", "finished"]
    assert "campaign.started" in world.dump()["happenings"]
    assert "dana" not in world.dump()["happenings"]


def test_what_became_of_it_is_known_when_the_letters_are_deleted(either_world: World) -> None:
    card = send(either_world)
    either_world.passes(days=5)
    before = refresh(either_world, card)
    for portion in (["ana"], PEOPLE):
        theirs = outbox.c.source.is_not(None), outbox.c.person.in_(portion)
        with either_world.database.begin() as connection:
            connection.execute(delete(outbox).where(*theirs))
        assert refresh(either_world, card) == before
    assert "Delivered: 8 of 8" in before


def test_the_card_tells_who_was_not_reached_and_only_failed_ones_are_sent_again(
    world: World,
) -> None:
    room = PickyRoom(
        outcomes={
            "ana": Never("bot_blocked", unreachable=True),
            "ben": Never("msg_too_odd"),
            "cem": Ambiguous("timeout"),
        }
    )
    world.room = room
    card = send(world)
    world.passes(hours=3)
    text = refresh(world, card)
    assert "Unreachable: 1" in text
    assert "Failed: 1" in text
    assert "Unknown: 1" in text
    assert "Ana: has blocked me" in text
    assert "Ben: it could not be sent" in text
    assert "Cem" not in text
    room.outcomes.clear()
    room.tried.clear()
    world.presses("dana", "Resend to failed (1)", on=card)
    assert "once more" in card.text
    world.passes(days=1, hours=3)
    # Dana's own letter was for Tuesday, and she is told that the campaign has finished.
    assert set(room.tried) == {"ben", "dana"}
    assert room.tried.count("ben") == 1
    text = refresh(world, card)
    assert "Failed" not in text
    assert "Unknown: 1" in text
    world.presses("dana", "Try the unreachable again (1)", on=card)
    world.passes(days=1, hours=3)
    assert room.tried.count("ana") == 1
    assert room.tried.count("cem") == 0


def test_nothing_is_said_about_the_pauses_of_fewer_than_five(world: World) -> None:
    for number in range(20):
        world.joins(person(f"x{number:02}"))
    for who in ("ana", "ben"):
        world.changes(who, paused_until=MONDAY + timedelta(days=30))
    for number in range(4):
        world.changes(f"x{number:02}", away_until=MONDAY + timedelta(days=30))
    card = write(world)
    before = card.text
    world.presses("dana", "Send it", on=card)
    world.passes(days=5)
    after = refresh(world, card)
    for text in (before, after):
        assert "paused" not in text.replace("Who pauses or stops me", "")
        assert "away" not in text
        assert "Ana" not in text
        assert "Ben" not in text
    assert f"6 do not: {LEFT_ALONE}." in before
    assert "Left in peace: 6 (" in after


def test_a_reason_that_five_share_is_told(either_world: World) -> None:
    for number in range(20):
        either_world.joins(person(f"x{number:02}"))
    for number in range(6):
        either_world.changes(f"x{number:02}", paused_until=MONDAY + timedelta(days=30))
    card = send(either_world)
    either_world.passes(days=5)
    assert "6 have paused" in refresh(either_world, card)


def test_a_stop_after_the_sending_is_kept_and_not_told(world: World) -> None:
    card = send(world)
    world.says("ana", "stop")
    world.passes(days=5)
    assert "ana" not in got(world)
    text = refresh(world, card)
    assert "Delivered: most of 8" in text
    assert "Left in peace: fewer than 5 (their own wishes, days off, a full budget, or no" in text
    assert "Ana" not in text


def test_a_stop_changes_nothing_on_the_card_while_the_campaign_runs(world: World) -> None:
    world.changes("kim", zone="America/New_York")
    card = send(world)
    before = refresh(world, card)
    assert "Not yet, or not at all: 8 (each at their own hour, or left in peace)" in before
    world.says("kim", "stop")
    world.says("ana", "stop")
    assert refresh(world, card) == before
    world.passes(hours=2)
    text = refresh(world, card)
    assert "Delivered: most of 8" in text
    assert "Not yet, or not at all: fewer than 5 (" in text
    assert "Cancel what waits" in labels(card)


def test_whom_it_did_not_reach_stand_by_name(world: World) -> None:
    world.room = PickyRoom(outcomes={who: Never("odd") for who in ("ana", "ben", "cem")})
    world.changes("ana", name="zoe")
    card = send(world)
    world.passes(days=5)
    text = refresh(world, card)
    assert sorted(["Ben:", "Cem:", "zoe:"], key=text.index) == ["Ben:", "Cem:", "zoe:"]


def test_a_resend_does_not_tell_who_has_stopped_meanwhile(either_world: World) -> None:
    room = PickyRoom(outcomes={"ana": Never("odd"), "ben": Never("odd"), "cem": Never("odd")})
    either_world.room = room
    card = send(either_world)
    either_world.passes(days=5)
    assert "Left in peace" not in refresh(either_world, card)
    room.outcomes.clear()
    either_world.says("ana", "stop")
    either_world.changes("ben", paused_until=MONDAY + timedelta(days=60))
    either_world.presses("dana", "Resend to failed (3)", on=card)
    assert "I try once more, by Tuesday, 10 March 2026 at the latest, as far as" in card.text
    assert "Whom it does not reach stays in this list." in card.text
    at_once = refresh(either_world, card)
    for name in ("Ana", "Ben", "Cem"):
        assert f"{name}: it could not be sent" in at_once
    assert "Failed: 3" in at_once
    assert "Resend to failed (3)" in labels(card)
    either_world.passes(days=1)
    assert refresh(either_world, card) == at_once
    either_world.passes(days=4)
    text = refresh(either_world, card)
    assert "finished" in text
    assert "Failed: 2" in text
    assert "Ana: it could not be sent" in text
    assert "Cem" not in text
    assert "Left in peace" not in text
    assert "Not yet" not in text
    assert got(either_world).count("ana") == got(either_world).count("ben") == 0
    # They may come back, and a second press asks no less than the first.
    either_world.says("ana", "/resume")
    either_world.presses("dana", "Resend to failed (2)", on=card)
    either_world.passes(days=4)
    assert got(either_world).count("ana") == 1
    assert "Ben: it could not be sent" in refresh(either_world, card)


def test_a_resend_to_one_who_has_stopped_ends_no_sooner(world: World) -> None:
    room = PickyRoom(outcomes={"ben": Never("odd")})
    world.room = room
    card = send(world)
    world.passes(days=5)
    refresh(world, card)
    room.outcomes.clear()
    world.says("ben", "stop")
    world.presses("dana", "Resend to failed (1)", on=card)
    world.passes(days=2)
    assert "is running" in refresh(world, card)
    world.presses("dana", "Resend to failed (1)", on=card)
    assert "I try once more" in card.text
    world.passes(days=5)
    text = refresh(world, card)
    assert "is finished" in text
    assert "Ben: it could not be sent" in text


def test_who_has_left_is_not_counted_among_those_to_try_again(world: World) -> None:
    room = PickyRoom(outcomes={"ana": Never("odd"), "ben": Never("odd", unreachable=True)})
    world.room = room
    card = send(world)
    world.passes(days=5)
    world.leaves("ana")
    world.leaves("ben")
    text = refresh(world, card)
    assert "Failed: 1" in text
    assert labels(card) == ["Refresh"]


def test_what_waits_can_be_cancelled_and_is_gone(either_world: World) -> None:
    either_world.changes("kim", zone="America/New_York")
    card = send(either_world)
    either_world.passes(hours=2)
    either_world.presses("dana", "Cancel what waits", on=card)
    assert "cancelled" in card.text
    assert "Taken back, or left in peace: fewer than 5" in card.text
    either_world.passes(days=5)
    assert sorted(got(either_world)) == ["ana", "ben", "bo", "cem", "lu", "sam"]
    assert labels(card) == ["Refresh"]


def test_a_draft_is_changed_and_an_old_card_sends_nothing(world: World) -> None:
    old = write(world)
    send_old = next(button for button in old.buttons if button.label == "Send it")
    world.presses("dana", "Change", on=old)
    world.fills("dana", title="Free dinner")
    world.taps("dana", send_old, on=old)
    assert "It was changed since." in old.text
    assert "Free dinner" in old.text
    assert campaigns(world)[0].state == "draft"
    world.presses("dana", "Send it", on=old)
    world.passes(hours=2)
    assert "Free dinner" in world.last("ana")


def test_sent_to_me_counts_for_nothing(either_world: World) -> None:
    card = write(either_world)
    either_world.presses("dana", "Send to me", on=card)
    trial = next(h for h in either_world.hears("dana") if h.key and ":trial:" in h.key)
    assert "Lunch is free this week." in trial.text
    source = campaigns(either_world)[0].source
    with either_world.database.transaction() as work:
        assert work.truth.counts(WORKSPACE, source) == []


def test_a_discarded_draft_is_gone(either_world: World) -> None:
    card = write(either_world)
    either_world.presses("dana", "Discard", on=card)
    assert card.text.strip() == "The draft is discarded."
    assert campaigns(either_world) == []


def test_the_list_leads_to_the_cards(world: World) -> None:
    send(world)
    write(world, title="Second")
    world.says("dana", "/campaign")
    listed = world.hears("dana")[-1]
    assert "Second: a draft, Mon 2 Mar to Fri 6 Mar, by Dana" in listed.text
    assert "Free lunch: running" in listed.text
    assert [option.label for option in choice(listed).options] == [
        "Free lunch (running, Mon 2 Mar to Fri 6 Mar)",
        "Second (a draft, Mon 2 Mar to Fri 6 Mar)",
    ]
    for campaign in campaigns(world):
        world.forges("dana", "campaign.open", {"choice": campaign.id})
        assert campaign.title in world.last("dana")
    world.presses("dana", "One message", on=listed)
    assert world.form is not None


def test_what_is_under_way_is_found_behind_any_number_of_drafts(world: World) -> None:
    send(world)
    for number in range(11):
        write(world, title=f"Draft {number}")
    world.says("dana", "/campaign")
    listed = world.hears("dana")[-1]
    assert choice(listed).options[0].label.startswith("Free lunch (running")
    assert len(choice(listed).options) == 10
    assert "Free lunch" in Heard("page", "dm:dana", world.opens("dana")).text
    world.presses("dana", "More campaigns", on=listed)
    assert len(choice(listed).options) == 2
    assert "More campaigns" not in labels(listed)


def test_where_there_is_none_yet_both_ways_to_begin_are_shown(world: World) -> None:
    reply = world.says("dana", "/campaign")
    assert reply.form is None
    assert "There is no campaign here yet." in world.last("dana")
    assert labels(world.hears("dana")[-1]) == ["One message", "Several parts"]
    world.presses("dana", "One message")
    assert "One message to many people" in str(world.form)
    world.presses("dana", "Several parts")
    assert "Its parts come next" in str(world.form)


def test_drafts_of_one_long_title_can_be_told_apart(world: World) -> None:
    write(world, title="Long " * 20)
    write(world, title="Long " * 20, last_day="2026-03-03")
    world.says("dana", "/campaign")
    options = [option.label for option in choice(world.hears("dana")[-1]).options]
    assert max(map(len, options)) <= 75
    assert {label[label.index("… (") + 3 :] for label in options} == {
        "a draft, Mon 2 Mar to Tue 3 Mar)",
        "a draft, Mon 2 Mar to Fri 6 Mar)",
    }


def test_one_team_alone(either_world: World) -> None:
    for number in range(6):
        either_world.joins(replace(person(f"x{number}"), team="Sales"))
    card = send(either_world, audience="team:Sales")
    either_world.passes(days=5)
    assert got(either_world) == [f"x{number}" for number in range(6)]
    assert "Everybody in the team Sales" in refresh(either_world, card)


@pytest.mark.parametrize(
    ("values", "field_", "words"),
    [
        ({"title": "  "}, "title", "title"),
        ({"body": " \n "}, "body", "write"),
        ({"body": "x" * 3_001}, "body", "3,000 fit"),
        ({"first_day": "2026-03-01"}, "first_day", "has passed"),
        ({"last_day": "2026-02-27"}, "last_day", "has passed"),
        ({"first_day": "2026-03-05", "last_day": "2026-03-04"}, "last_day", "before"),
        ({"last_day": "2026-05-01"}, "last_day", "31 days"),
        ({"last_day": "Friday"}, "last_day", "2026-03-31"),
        ({"first_day": ""}, "first_day", "choose"),
        ({"audience": "team:Nobody"}, "audience", "do not know"),
        ({"audience": "team:Few"}, "audience", "5 people or more"),
    ],
)
def test_what_cannot_be_sent_is_said_at_its_field(
    world: World, values: dict[str, str], field_: str, words: str
) -> None:
    world.joins(replace(person("x"), team="Few"))
    world.says("dana", "/campaign Free lunch")
    reply = world.fills("dana", **({"body": TEXT} | values))
    assert list(reply.errors) == [field_]
    assert words in reply.errors[field_]
    assert campaigns(world) == []


def test_a_draft_whose_days_have_passed_is_not_sent(either_world: World) -> None:
    card = write(either_world)
    either_world.passes(days=8)
    either_world.presses("dana", "Send it", on=card)
    assert "Its last day has passed." in either_world.last("dana")
    assert campaigns(either_world)[0].state == "draft"


def test_only_community_managers_run_campaigns(world: World) -> None:
    card = write(world)
    campaign = campaigns(world)[0]
    of: Args = {"campaign": campaign.id, "edition": 1}
    assert "may not do this" in (world.says("ana", "/campaign").message or card.message).summary
    for action in (
        "campaign.new",
        "campaign.change",
        "campaign.discard",
        "campaign.send",
        "campaign.send_to_me",
        "campaign.refresh",
        "campaign.resend",
        "campaign.resend_unreachable",
        "campaign.cancel",
    ):
        reply = world.forges("ana", action, of)
        assert reply.message is not None
        assert "may not do this" in reply.message.summary
    assert campaigns(world)[0].state == "draft"


def test_a_draft_is_its_owners_alone_and_what_was_sent_is_every_managers(world: World) -> None:
    world.joins(replace(person("eve"), roles=frozenset({Role.COMMUNITY_MANAGER})))
    card = write(world)
    campaign = campaigns(world)[0]
    hidden = world.forges("eve", "campaign.open", {"choice": campaign.id})
    assert hidden.message is not None
    assert "could not find" in hidden.message.summary
    world.presses("dana", "Send it", on=card)
    shown = world.forges("eve", "campaign.open", {"choice": campaign.id})
    assert shown.message is not None
    assert "Free lunch is running" in shown.message.summary


@pytest.mark.parametrize("args", [{}, {"campaign": "none"}, {"campaign": 7}, {"campaign": "a\0b"}])
def test_a_campaign_that_is_not_there_is_not_found(world: World, args: Args) -> None:
    reply = world.forges("dana", "campaign.refresh", args)
    assert reply.message is not None
    assert "could not find that campaign" in reply.message.summary


def test_who_leaves_meanwhile_gets_nothing_and_is_not_named(world: World) -> None:
    card = send(world)
    world.leaves("ana")
    world.passes(hours=3)
    text = refresh(world, card)
    assert "ana" not in got(world)
    assert "Delivered: most of 8" in text
    assert "Not yet, or not at all: fewer than 5 (" in text
    assert "Ana" not in text


def test_a_second_campaign_does_not_exceed_anybodys_budget(either_world: World) -> None:
    send(either_world)
    card = write(either_world, title="Second", last_day="2026-03-02")
    assert f"Of 8 people 8 do not: {LEFT_ALONE}." in card.text
    assert "So nobody would get it." in card.text
    assert labels(card) == ["Send to me", "Change", "Add more parts", "Discard"]
    either_world.presses("dana", "Change", on=card)
    either_world.fills("dana", last_day="2026-03-04")
    card = either_world.hears("dana")[-1]
    told = "Of 8 people 8 get it on one of these days, most of them on Tuesday 3 March."
    assert told in card.text
    either_world.presses("dana", "Send it", on=card)
    either_world.passes(days=5)
    assert sorted(got(either_world)) == sorted(PEOPLE * 2)
    with either_world.database.begin() as connection:
        days = connection.execute(
            select(outbox.c.person, outbox.c.day).where(outbox.c.day.is_not(None))
        ).all()
    assert len(days) == len(set(days)) == 16


def test_handing_out_continues_where_it_stopped(
    either_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.capabilities.campaigns.expanding.CHUNK", 3)
    monkeypatch.setattr("bot.capabilities.campaigns.draft.CHUNK", 3)
    card = write(either_world)
    assert "I am counting" in card.text
    either_world.passes(seconds=5)
    card = either_world.hears("dana")[-1]
    assert "Of 8 people 8 get it" in card.text
    either_world.presses("dana", "Send it", on=card)
    either_world.app.run_due()
    campaign = campaigns(either_world)[0]
    assert (campaign.people, campaign.expanded) == (3, False)
    either_world.passes(days=5)
    assert sorted(got(either_world)) == sorted(PEOPLE)
    assert campaigns(either_world)[0].state == "finished"


def test_the_days_are_each_persons_own(world: World) -> None:
    """On Monday at 9:00 UTC it is Monday evening in Auckland: the day's hour has passed."""
    world.changes("lu", zone="Pacific/Auckland")
    send(world, last_day=date(2026, 3, 3).isoformat())
    world.passes(hours=13)
    lu = [h for h in world.room.heard if h.conversation == "dm:lu"]
    assert len(lu) == 1
    key = f"{campaigns(world)[0].source}:lu"
    with world.database.transaction() as work:
        assert work.outbox.state(WORKSPACE, key) is LetterState.SENT


@pytest.mark.parametrize("leaves", [True, False])
def test_one_message_whose_owner_runs_it_no_more_can_be_taken_over(
    world: World, *, leaves: bool
) -> None:
    world.changes("kim", roles=frozenset({Role.COMMUNITY_MANAGER}))
    send(world, first_day="2026-03-04")
    if leaves:
        world.leaves("dana")
        world.passes(seconds=60)
    else:
        world.changes("dana", roles=frozenset())
        world.passes(hours=2)
    offered = next(h for h in world.hears("kim") if "does not run campaigns any more" in h.text)
    world.presses("kim", "Take it over", on=offered)
    assert "It is yours from now on." in offered.text
    world.passes(days=6)
    assert "Free lunch is finished." in world.last("kim")
