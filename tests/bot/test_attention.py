"""Rules of attention: days, steps, room, and what is said of many."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attention import (
    NOTICE,
    Attention,
    Booking,
    Entry,
    Move,
    Reason,
    Refuse,
    Wait,
    Wish,
    book,
    count_ignored,
    forecast,
    is_silent,
    may_mean_stop,
    next_hour,
    rearrange,
    step_back,
    step_of,
    still_welcome,
    sum_up,
    talk,
)
from bot.context import Context
from bot.holiday import DaysOff
from bot.ids import PersonId, WorkspaceId
from bot.message import say
from bot.messages import LEFT_ALONE
from bot.outbox import Letter, LetterState, Priority, Promised, ToPerson
from bot.people import UNTIL_BACK, Person, WorkingHours

MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ANA = Person(id=PersonId("ana"), workspace=WorkspaceId("w"), address="U1", name="Ana")
MINE = Attention(ANA.id)
CONTEXT = Context(now=MONDAY, new_id=lambda: "unused")


def at(day: int, hour: float = 10) -> datetime:
    """A moment of March 2026."""
    return datetime(2026, 3, day, tzinfo=UTC) + timedelta(hours=hour)


def entry(march: int, number: int = 1, **changes: object) -> Entry:
    """A letter of Ana's ledger, sent at ten."""
    values: dict[str, object] = {
        "id": number,
        "key": f"k{number}",
        "kind": "tip",
        "priority": Priority.TIP,
        "day": date(2026, 3, march),
        "due_at": at(march),
        "expires_at": at(march, 12),
        "good_until": at(march, 12),
        "state": LetterState.SENT,
        "settled_at": at(march, 10.1),
    }
    return Entry(**(values | changes))  # type: ignore[arg-type]  # by name


def waiting(day: int, number: int = 1, **changes: object) -> Entry:
    return entry(
        day,
        number,
        **({"state": LetterState.PENDING, "settled_at": None, "good_until": at(day + 7)} | changes),
    )


@dataclass(slots=True)
class Ledger:
    """What a booking reads and writes, for one person."""

    attention_: Attention = MINE
    rows: list[Entry] = field(default_factory=list)
    known: dict[str, Promised] = field(default_factory=dict)
    posted: list[Letter] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    moved: dict[int, Move] = field(default_factory=dict)
    withdrawn: dict[int, str] = field(default_factory=dict)
    locked: list[PersonId] = field(default_factory=list)

    @property
    def attention(self) -> "Ledger":
        return self

    @property
    def outbox(self) -> "Ledger":
        return self

    def get(self, _person: PersonId) -> Attention:
        return self.attention_

    def of(self, _people: Sequence[PersonId]) -> Mapping[PersonId, Attention]:
        return {ANA.id: self.attention_}

    def save(self, attention: Attention) -> None:
        self.attention_ = attention

    def forget(self, person: PersonId) -> None:
        self.attention_ = Attention(person)

    def lock(self, people: Sequence[PersonId]) -> None:
        self.locked += people

    def entries(
        self, _people: Sequence[PersonId], _from_day: date
    ) -> Mapping[PersonId, Sequence[Entry]]:
        return {ANA.id: self.rows}

    def move(self, moves: Sequence[Move]) -> None:
        self.moved |= {move.id: move for move in moves}

    def withdraw(self, letters: Mapping[int, str], _now: datetime) -> None:
        self.withdrawn |= letters

    def post_all(self, _workspace: WorkspaceId, letters: Sequence[Letter]) -> None:
        self.posted += letters

    def suppress_all(
        self, _workspace: WorkspaceId, letters: Sequence[tuple[Letter, str]], _now: datetime
    ) -> None:
        self.refused |= {letter.key: why for letter, why in letters}

    def promised(self, _workspace: WorkspaceId, _keys: Sequence[str]) -> Mapping[str, Promised]:
        return self.known


def wish(key: str = "new", person: Person = ANA, **changes: object) -> Wish:
    values: dict[str, object] = {
        "key": key,
        "to": ToPerson(person=person.id),
        "message": say("Something."),
        "kind": "tip",
        "priority": Priority.TIP,
        "expires_at": at(9, 12),
    }
    return Wish(person, Letter(**(values | changes)))  # type: ignore[arg-type]  # by name


def decide(*rows: Entry, person: Person = ANA, attention: Attention = MINE, **changes: Any) -> str:
    """The day of March on which one more wish is booked, or why it is not."""
    now = changes.pop("now", MONDAY)
    assert isinstance(now, datetime)
    ledger = Ledger(attention, list(rows))
    [booking] = forecast(ledger, [wish(person=person, **changes)], now)
    assert (booking.day is None) == (booking.due_at is None) == (booking.why is not None)
    return booking.why or str(booking.day.day if booking.day else None)


# --- days and hours -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        ({}, "2"),
        ({"now": at(2, 11)}, "2"),
        ({"now": at(2, 12)}, "3"),
        ({"now": at(2, 12), "expires_at": at(3)}, "too late"),
        ({"due_at": at(4, 0)}, "4"),
        ({"due_at": at(4, 11)}, "4"),
        ({"due_at": at(4, 12)}, "5"),
        ({"due_at": at(7, 0)}, "9"),
        ({"due_at": at(7, 0), "expires_at": at(8)}, "day off"),
        ({"due_at": at(3, 0), "expires_at": None}, "3"),
        ({"attention": replace(MINE, slot=time(15)), "now": at(2, 14)}, "2"),
        ({"attention": replace(MINE, slot=time(7)), "now": at(2, 9)}, "3"),
        ({"person": replace(ANA, zone="Asia/Tokyo")}, "3"),
        ({"person": replace(ANA, zone="America/Los_Angeles")}, "2"),
        ({"person": replace(ANA, hours=WorkingHours(weekdays=frozenset({7})))}, "8"),
        ({"person": replace(ANA, days_off=DaysOff(own=frozenset({date(2026, 3, 2)})))}, "3"),
    ],
)
def test_the_first_day_whose_hour_is_still_to_come(changes: dict[str, object], day: str) -> None:
    assert decide(**changes) == day  # type: ignore[arg-type]  # by name


def test_the_letter_goes_within_two_hours_of_ones_own_hour() -> None:
    ledger = Ledger(replace(MINE, slot=time(14, 30)))
    book(CONTEXT, ledger, [wish(person=replace(ANA, zone="Europe/Berlin"), because="I say so.")])
    [letter] = ledger.posted
    assert (letter.day, letter.due_at, letter.expires_at, letter.good_until, letter.because) == (
        date(2026, 3, 2),
        at(2, 13.5),
        at(2, 15.5),
        at(9, 12),
        "I say so.",
    )
    assert ledger.locked == [ANA.id]


def test_late_in_the_evening_the_window_ends_with_the_day() -> None:
    ledger = Ledger(replace(MINE, slot=time(23)))
    book(CONTEXT, ledger, [wish()])
    assert ledger.posted[0].expires_at == at(3, 0)


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (replace(ANA, paused_until=at(20)), "paused"),
        (replace(ANA, away_until=at(20)), "away"),
        (replace(ANA, paused_until=at(4, 0)), "4"),
        (replace(ANA, away_until=at(4, 0)), "5"),  # The first day back is silent.
        (replace(ANA, away_until=at(1, 0)), "3"),
        (replace(ANA, away_until=at(6, 17)), "too late"),
        (replace(ANA, away_until=UNTIL_BACK), "cannot be reached"),
    ],
)
def test_pauses_and_leaves_are_kept(person: Person, why: str) -> None:
    expires_at = at(9, 12)
    got = decide(person=person, expires_at=expires_at)
    assert got == why or (why == "too late" and got == "away")


@pytest.mark.parametrize(
    ("off", "silent"),
    [
        (range(9, 14), {6, 16}),  # A week's leave.
        (range(10, 13), {9, 13}),
        (range(10, 12), set()),  # Two days are no leave.
        ((5, 6, 9), {4, 10}),  # A weekend in between makes it longer.
    ],
)
def test_the_last_and_first_day_around_a_leave_are_silent(off: range, silent: set[int]) -> None:
    person = replace(ANA, days_off=DaysOff(own=frozenset(date(2026, 3, day) for day in off)))
    working = [day for day in range(2, 21) if at(day).isoweekday() < 6 and day not in off]
    assert {day for day in working if is_silent(person, date(2026, 3, day))} == silent


# --- budget -------------------------------------------------------------------------------


def test_once_a_day_and_four_times_a_week() -> None:
    booked = [waiting(day, day) for day in range(2, 5)]
    assert decide(*booked) == "5"
    assert decide(*booked, waiting(5, 9)) == "9"
    assert decide(*booked, waiting(5, 9), expires_at=at(7)) == "budget"


def test_own_limits() -> None:
    more = replace(MINE, per_day=2, per_week=10)
    assert decide(waiting(2), attention=more) == "2"
    assert decide(waiting(2), waiting(2, 2), attention=more) == "3"
    assert decide(waiting(2), attention=replace(MINE, per_week=1)) == "9"
    assert decide(attention=replace(MINE, per_day=0)) == "budget"
    assert decide(attention=replace(MINE, per_week=0)) == "budget"


def test_never_two_days_letters_within_twelve_hours() -> None:
    moved = replace(ANA, zone="Asia/Tokyo")
    sent = entry(2, settled_at=at(2, 20))
    assert decide(sent, person=moved, now=at(2, 21)) == "4"
    assert decide(replace(sent, settled_at=at(2, 10)), person=moved, now=at(2, 21)) == "3"


def test_who_has_stopped_gets_nothing() -> None:
    assert decide(attention=replace(MINE, stopped_at=at(1))) == "stopped"


def test_who_has_left_gets_nothing() -> None:
    assert decide(person=replace(ANA, active=False)) == "left"


def test_three_hours_after_a_talk_at_the_earliest() -> None:
    assert decide(attention=replace(MINE, talked_at=at(2, 8)), now=at(2, 8)) == "2"
    ledger = Ledger(replace(MINE, talked_at=at(2, 8)))
    [booking] = forecast(ledger, [wish()], at(2, 8))
    assert booking.due_at == at(2, 11)
    assert decide(attention=replace(MINE, talked_at=at(2, 9)), now=at(2, 9)) == "3"
    just = {"attention": replace(MINE, talked_at=at(2, 9)), "expires_at": at(2, 12)}
    assert decide(now=at(2, 9), **just) == "just talked with me"  # type: ignore[arg-type]


# --- priority -----------------------------------------------------------------------------


def test_the_more_urgent_takes_the_place_and_the_other_is_moved() -> None:
    ledger = Ledger(rows=[waiting(2)])
    [booking] = book(CONTEXT, ledger, [wish(priority=Priority.CAMPAIGN)])
    assert booking.day == date(2026, 3, 2)
    assert ledger.moved == {1: Move(1, date(2026, 3, 3), at(3), at(3, 12))}
    assert ledger.withdrawn == {}


def test_what_finds_no_other_day_is_suppressed() -> None:
    ledger = Ledger(rows=[waiting(2, good_until=at(2, 12))])
    book(CONTEXT, ledger, [wish(priority=Priority.CAMPAIGN)])
    assert ledger.moved == {}
    assert ledger.withdrawn == {1: Reason.BUDGET}


@pytest.mark.parametrize("priority", [Priority.TIP, Priority.PROMPT])
def test_the_less_and_the_equally_urgent_come_later(priority: Priority) -> None:
    assert decide(waiting(2), priority=priority) == "3"


@pytest.mark.parametrize("state", [LetterState.LEASED, LetterState.SENDING, LetterState.SENT])
def test_what_is_under_way_keeps_its_place(state: LetterState) -> None:
    assert decide(entry(2, state=state), priority=Priority.DEADLINE) == "3"


def test_of_several_the_least_urgent_and_newest_makes_room() -> None:
    rows = [
        waiting(2, 1, priority=Priority.PROMPT),
        waiting(3, 2, priority=Priority.TIP),
        waiting(4, 3, priority=Priority.PROMPT),
        waiting(5, 4, priority=Priority.CAMPAIGN),
    ]
    ledger = Ledger(rows=rows)
    book(CONTEXT, ledger, [wish(priority=Priority.CAMPAIGN, due_at=at(6, 0), expires_at=at(6, 12))])
    assert set(ledger.moved) == {3}
    assert ledger.moved[3].day == date(2026, 3, 9)


def test_among_wishes_made_together_the_most_urgent_is_first() -> None:
    ledger = Ledger()
    wishes = [
        wish("tip"),
        wish("deadline", priority=Priority.DEADLINE),
        wish("campaign", priority=Priority.CAMPAIGN),
        wish("second tip"),
    ]
    bookings = book(CONTEXT, ledger, wishes)
    assert [b.day.day if b.day else None for b in bookings] == [4, 2, 3, 5]
    assert [letter.key for letter in ledger.posted] == ["deadline", "campaign", "tip", "second tip"]


def test_a_key_that_was_promised_is_left_as_it_is() -> None:
    known = {
        "sent": Promised(LetterState.SENT, date(2026, 2, 27), at(1), None),
        "refused": Promised(LetterState.SUPPRESSED, None, at(1), "budget"),
    }
    ledger = Ledger(known=known)
    bookings = book(CONTEXT, ledger, [wish("sent"), wish("refused"), wish("new"), wish("new")])
    new = Booking("new", ANA.id, date(2026, 3, 2), at(2))
    assert bookings == [
        Booking("sent", ANA.id, date(2026, 2, 27), at(1)),
        Booking("refused", ANA.id, why="budget"),
        new,
        new,
    ]
    assert [letter.key for letter in ledger.posted] == ["new"]


def test_a_forecast_decides_the_same_and_writes_nothing() -> None:
    wishes = [wish(f"k{number}") for number in range(6)]
    dry, real = Ledger(rows=[waiting(3)]), Ledger(rows=[waiting(3)])
    assert forecast(dry, wishes, MONDAY) == book(CONTEXT, real, wishes)
    assert (dry.posted, dry.refused, dry.locked) == ([], {}, [])
    assert (len(real.posted), set(real.refused)) == (4, {"k4", "k5"})


def test_one_message_to_many_stays_one_object() -> None:
    said = say("The same for all.")
    ledger = Ledger(replace(MINE, per_day=3))
    book(CONTEXT, ledger, [wish(f"k{number}", message=said) for number in range(3)])
    assert len({id(letter.message) for letter in ledger.posted}) == 1


def test_a_letter_that_many_share_becomes_each_ones_own() -> None:
    somebody = ToPerson(person=PersonId("somebody"))
    model = wish("model").letter.model_copy(update={"to": somebody})
    ledger = Ledger()
    bookings = book(CONTEXT, ledger, [Wish(ANA, model, f"own{n}") for n in range(2)])
    assert [(letter.key, letter.to) for letter in ledger.posted] == [
        ("own0", ToPerson(person=ANA.id)),
        ("own1", ToPerson(person=ANA.id)),
    ]
    assert [booking.key for booking in bookings] == ["own0", "own1"]
    again = Ledger(
        known={"own0": Promised(LetterState.SENT, date(2026, 2, 27), at(1), None)},
        attention_=replace(MINE, stopped_at=at(1)),
    )
    book(CONTEXT, again, [Wish(ANA, model, "own0"), Wish(ANA, model, "own1")])
    assert (again.posted, again.refused) == ([], {"own1": "stopped"})


def test_why_it_is_not_sent_is_kept() -> None:
    ledger = Ledger(replace(MINE, stopped_at=at(1)))
    book(CONTEXT, ledger, [wish()])
    assert (ledger.posted, ledger.refused) == ([], {"new": "stopped"})


# --- reactions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ignored", "step", "after"),
    [(0, 0, 0), (2, 0, 0), (3, 1, 0), (4, 1, 0), (5, 2, 3), (7, 2, 3), (8, 3, 5), (30, 3, 5)],
)
def test_steps_down_and_one_back(ignored: int, step: int, after: int) -> None:
    assert (step_of(ignored), step_back(ignored)) == (step, after)


def test_ignored_is_what_two_working_days_brought_no_reaction_to() -> None:
    sent = [entry(2, 1), entry(3, 2), entry(6, 3)]
    counts = {
        moment: count_ignored(MINE, ANA, sent, moment)
        for moment in (at(4, 10), at(4, 10.2), at(5, 11), at(6, 11), at(9, 11), at(10, 11))
    }
    # What was sent on Friday is ignored on Tuesday.
    assert list(counts.values()) == [0, 1, 2, 2, 2, 3]


def test_what_never_arrived_or_came_before_a_talk_is_not_ignored() -> None:
    entries = [
        entry(2, 1),
        entry(3, 2, state=LetterState.UNKNOWN, settled_at=None),
        waiting(4, 3),
        entry(4, 4, state=LetterState.AMBIGUOUS),
        entry(4, 5, kind=NOTICE),
        entry(5, 6),
    ]
    assert count_ignored(MINE, ANA, entries, at(20)) == 3
    assert count_ignored(replace(MINE, talked_at=at(2, 11)), ANA, entries, at(20)) == 2
    assert count_ignored(replace(MINE, talked_at=at(6), ignored=5), ANA, entries, at(20)) == 5


def sent_and_ignored(count: int) -> list[Entry]:
    """So many letters of January and February, each ignored."""
    return [
        entry(1, number, day=date(2026, 1, 1) + number * DAY, settled_at=at(1) - 50 * DAY)
        for number in range(1, count + 1)
    ]


def test_every_second_working_day_after_three() -> None:
    ignored = sent_and_ignored(3)
    assert decide(*ignored, entry(2, 20), now=at(2, 13)) == "4"
    assert decide(*ignored, entry(6, 20), now=at(6, 13), expires_at=at(13)) == "10"
    assert decide(*ignored, waiting(4, 20)) == "2"
    assert decide(*ignored, waiting(4, 20), now=at(2, 13)) == "6"


def test_weekly_after_five() -> None:
    ignored = sent_and_ignored(5)
    assert decide(*ignored, entry(2, 20), now=at(2, 13), expires_at=at(12)) == "9"
    assert decide(*ignored, entry(2, 20), now=at(2, 13), expires_at=at(6)) == "budget"


def test_a_deadline_is_not_thinned_out() -> None:
    ignored = sent_and_ignored(5)
    assert decide(*ignored, entry(2, 20), now=at(2, 13), priority=Priority.DEADLINE) == "3"


def test_after_eight_one_word_and_silence() -> None:
    ledger = Ledger(rows=sent_and_ignored(8))
    first, second = book(CONTEXT, ledger, [wish("one"), wish("two")])
    assert (first.why, second.why) == (Reason.IGNORED, Reason.IGNORED)
    [notice] = ledger.posted
    assert (notice.kind, notice.day) == (NOTICE, date(2026, 3, 2))
    assert notice.message.summary.startswith("You have not reacted for a while, so I write no")
    assert ledger.attention_.paused_at == MONDAY
    ledger.posted.clear()
    book(Context(MONDAY + 7 * DAY, lambda: ""), ledger, [wish("three", expires_at=at(20))])
    assert ledger.posted == []


def test_any_word_or_tap_resets_one_step() -> None:
    paused = replace(MINE, talked_at=at(1) - 90 * DAY, paused_at=at(1))
    assert talk(paused, ANA, sent_and_ignored(8), at(2, 9.3)) == replace(
        paused, talked_at=at(2, 10), ignored=5, paused_at=None
    )
    assert talk(MINE, ANA, sent_and_ignored(4), at(2, 9.3)).ignored == 0


def test_a_second_word_in_the_same_hour_is_no_second_reaction() -> None:
    once = talk(MINE, ANA, sent_and_ignored(8), at(2, 9.3))
    assert talk(once, ANA, sent_and_ignored(8), at(2, 9.9)) == once
    later = talk(once, ANA, sent_and_ignored(8), at(2, 10.5))
    assert (later.talked_at, later.ignored) == (at(2, 11), 3)


@pytest.mark.parametrize(
    ("moment", "kept"),
    [(at(2, 9), at(2, 9)), (at(2, 9.001), at(2, 10)), (at(2, 23.999), at(3, 0))],
)
def test_a_moment_becomes_its_hour(moment: datetime, kept: datetime) -> None:
    assert next_hour(moment) == kept


# --- at the moment of sending -------------------------------------------------------------

BOOKED = waiting(2, 7)


@pytest.mark.parametrize(
    ("person", "attention", "others", "now", "verdict"),
    [
        (ANA, MINE, [], at(2, 10), None),
        (ANA, MINE, [BOOKED], at(2, 11.9), None),
        (ANA, replace(MINE, stopped_at=at(1)), [], at(2), Refuse(Reason.STOPPED)),
        (ANA, replace(MINE, paused_at=at(1)), [], at(2), Refuse(Reason.IGNORED)),
        (replace(ANA, paused_until=at(2, 11)), MINE, [], at(2), Wait(at(2, 11))),
        (replace(ANA, paused_until=at(5)), MINE, [], at(2), Refuse(Reason.PAUSED)),
        (replace(ANA, away_until=at(5)), MINE, [], at(2), Refuse(Reason.AWAY)),
        (replace(ANA, away_until=at(1)), MINE, [], at(2), Refuse(Reason.AWAY)),
        (
            replace(ANA, days_off=DaysOff(own=frozenset({date(2026, 3, 2)}))),
            MINE,
            [],
            at(2),
            Refuse(Reason.DAY_OFF),
        ),
        (ANA, replace(MINE, talked_at=at(2, 8)), [], at(2), Wait(at(2, 11))),
        (ANA, replace(MINE, talked_at=at(2, 9)), [], at(2), Refuse(Reason.TALKED)),
        (ANA, replace(MINE, slot=time(11)), [], at(2), None),
        (ANA, replace(MINE, slot=time(14)), [], at(2), Refuse(Reason.QUIET)),
        (ANA, replace(MINE, slot=time(6)), [], at(2), Refuse(Reason.QUIET)),
        (replace(ANA, zone="Asia/Tokyo"), MINE, [], at(2), Refuse(Reason.QUIET)),
        (replace(ANA, zone="Pacific/Auckland"), MINE, [], at(2, 11.5), Refuse(Reason.QUIET)),
        (ANA, MINE, [entry(2)], at(2), Refuse(Reason.BUDGET)),
        (ANA, MINE, [waiting(2)], at(2), None),
        (ANA, replace(MINE, per_day=2), [entry(2)], at(2), None),
        (ANA, replace(MINE, per_week=1), [entry(4, 1, settled_at=at(1))], at(2), Wait),
        (ANA, MINE, [entry(1, 1, settled_at=at(1, 23))], at(2), Wait(at(2, 11))),
        (ANA, MINE, [entry(1, 1, settled_at=at(2, 1))], at(2), Refuse(Reason.BUDGET)),
    ],
)
def test_what_was_booked_is_looked_at_again(
    person: Person, attention: Attention, others: list[Entry], now: datetime, verdict: object
) -> None:
    got = still_welcome(person, attention, BOOKED, others, now)
    if verdict is Wait:
        assert got == Refuse(Reason.BUDGET)
    else:
        assert got == verdict


def test_the_notice_itself_goes_although_there_is_silence() -> None:
    notice = replace(BOOKED, kind=NOTICE)
    assert still_welcome(ANA, replace(MINE, paused_at=at(1)), notice, [], at(2)) is None


# --- when something has changed -----------------------------------------------------------


def test_another_hour_moves_what_waits_within_its_day() -> None:
    for slot, moment in ((time(8), at(2, 8)), (time(16), at(2, 16))):
        ledger = Ledger(replace(MINE, slot=slot), [waiting(2)])
        rearrange(CONTEXT, ledger, ANA)
        assert ledger.moved == {1: Move(1, date(2026, 3, 2), moment, moment + 2 * HOUR)}


def test_another_zone_moves_what_waits() -> None:
    ledger = Ledger(rows=[waiting(3)])
    rearrange(CONTEXT, ledger, replace(ANA, zone="America/New_York"))
    assert ledger.moved == {1: Move(1, date(2026, 3, 3), at(3, 15), at(3, 17))}


def test_a_smaller_limit_keeps_the_most_urgent() -> None:
    rows = [waiting(2, 1), waiting(3, 2, priority=Priority.CAMPAIGN), waiting(4, 3)]
    ledger = Ledger(replace(MINE, per_week=1), [replace(r, good_until=at(6)) for r in rows])
    rearrange(CONTEXT, ledger, ANA)
    assert ledger.withdrawn == {1: Reason.BUDGET, 3: Reason.BUDGET}
    assert ledger.moved == {}


def test_what_still_fits_stays_where_it_is() -> None:
    ledger = Ledger(rows=[waiting(2, 1), waiting(4, 2)])
    rearrange(CONTEXT, ledger, ANA)
    assert (ledger.moved, ledger.withdrawn) == ({}, {})


# --- what is said of many -----------------------------------------------------------------


DAYS = {
    name: date(2026, 3, 2 + number)
    for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday"))
}


def bookings(**counts: int) -> list[Booking]:
    """So many on days of the first week of March, or not for a reason."""
    made: list[Booking] = []
    for name, count in counts.items():
        day = DAYS.get(name)
        why = None if day else name
        made += [
            Booking(f"{name}{n}", PersonId(f"{name}{n}"), day, None, why) for n in range(count)
        ]
    return made


def test_a_forecast_in_one_sentence() -> None:
    assert sum_up(bookings(monday=171, tuesday=30, budget=11)).sentence == (
        "Of 212 people 171 get it on Monday 2 March, 30 on Tuesday 3 March, "
        "11 do not: their budget is full."
    )


@pytest.mark.parametrize("reason", Reason)
def test_a_forecast_says_every_reason_in_words(reason: Reason) -> None:
    told = sum_up([*bookings(monday=20), *(Booking("", ANA.id, why=reason) for _ in range(6))])
    assert told.not_by_reason == {reason: 6}
    assert re.search(r", 6 do not: (they|it|their) [a-z ]+\.$", told.sentence)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            {"monday": 20, "budget": 6, "stopped": 3, "away": 1},
            f"Of 30 people 20 get it on Monday 2 March, 10 do not: {LEFT_ALONE}.",
        ),
        (
            {"monday": 20, "budget": 6, "stopped": 4, "away": 1},
            (
                "Of 31 people 20 get it on Monday 2 March, 6 do not: their budget is full, "
                "5 do not, for other reasons."
            ),
        ),
        (
            {"monday": 20, "budget": 3, "stopped": 3, "away": 1},
            f"Of 27 people 20 get it on Monday 2 March, 7 do not: {LEFT_ALONE}.",
        ),
        (
            {"monday": 20, "tuesday": 2},
            "Of 22 people 22 get it on one of these days, most of them on Monday 2 March.",
        ),
        (
            {"monday": 5, "tuesday": 2, "stopped": 9},
            ("Of 16 people 7 get it on one of these days, 9 do not: they want nothing unasked."),
        ),
        (
            {"monday": 20, "tuesday": 6, "wednesday": 3, "thursday": 2},
            (
                "Of 31 people 20 get it on Monday 2 March, 6 on Tuesday 3 March, 5 on one of the "
                "other days."
            ),
        ),
        (
            {"monday": 20, "tuesday": 6, "stopped": 1},
            "Of 27 people 20 get it on Monday 2 March, 7 on one of the other days or not at all.",
        ),
        (
            {"monday": 20, "tuesday": 2, "stopped": 1, "paused": 9},
            (
                "Of 32 people 22 get it on one of these days, most of them on Monday 2 March, "
                f"10 do not: {LEFT_ALONE}."
            ),
        ),
        (
            {"monday": 4, "tuesday": 205, "stopped": 3},
            "Of 212 people most get it on Tuesday 3 March.",
        ),
        ({"monday": 20, "stopped": 1}, "Of 21 people most get it on Monday 2 March."),
        ({"monday": 4, "stopped": 1}, "Of 5 people most get it on one of these days."),
        (
            {"monday": 10, "tuesday": 7, "stopped": 3},
            "Of 20 people 10 get it on Monday 2 March, 10 on one of the other days or not at all.",
        ),
        (
            {"monday": 1, "stopped": 9},
            f"Of 10 people most do not get it: {LEFT_ALONE}.",
        ),
        (
            {"monday": 1, "stopped": 9, "paused": 7},
            (
                "Of 17 people 8 get it on one of these days or not at all, 9 do not: they want "
                "nothing unasked."
            ),
        ),
        ({"monday": 4}, "Fewer than 5 people: I do not say who of them gets it when."),
        ({"paused": 5}, f"Of 5 people 5 do not: {LEFT_ALONE}."),
        ({}, "Nobody gets it."),
    ],
)
def test_of_few_nothing_is_told(counts: dict[str, int], sentence: str) -> None:
    assert sum_up(bookings(**counts)).sentence == sentence


@given(
    st.dictionaries(
        st.sampled_from([*DAYS, "budget", "paused", "stopped", "away"]), st.integers(1, 30)
    )
)
def test_no_small_number_follows_from_what_a_forecast_tells(counts: dict[str, int]) -> None:
    told = sum_up(bookings(**counts))
    assert told.total == sum(counts.values())
    numbers = [*told.by_day.values(), *told.not_by_reason.values()]
    rests = [n for n in (told.later, told.kept_out, told.open) if n]
    if told.total < 5:
        assert numbers + rests == []
        return
    assert sum(numbers + rests) == told.total
    assert min(numbers + rests) >= 5
    for day, count in told.by_day.items():
        assert counts[next(name for name in DAYS if DAYS[name] == day)] == count
    if told.mostly:
        assert told.by_day == {}
        of_day = counts[next(name for name in DAYS if DAYS[name] == told.mostly)]
        assert (of_day >= 5, 2 * of_day > told.total) == (True, True)
    for why, count in told.not_by_reason.items():
        assert counts[why] == count
        assert told.total - count >= 5


# --- what may be a wish to be left alone ------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        *(
            "no more",
            "No more of this, please",
            "pls no more of it",
            "no more for me",
            "no more for now",
        ),
        *("no more emails", "No more e-mails in the evening", "no more dm's", "No more alerts"),
        *("no more bot messages", "No more of your stupid messages", "no more learning messages"),
        *("no more bothering me", "no more writing to me", "no more learning on Fridays"),
        *("no more from now on", "no more nonsense in the morning", "No more noise on my phone"),
        *("no more of this in here", "no more of all this", "no more nudges on slack"),
        *("stopp sending me this", "Stopp it", "stopping this now", "Don’t ever text me again"),
        "Please stop sending me all these stupid learning messages every day",
        "No more of these tips and quizzes, I have had enough",
        *("no more nonsense in this channel", "No more junk at 9 am", "no more crap from this app"),
        "Stop this, I am on holiday until Monday",
        "No more until I am back from my holiday in the mountains",
    ],
)
def test_what_may_be_a_wish_to_be_left_alone(words: str) -> None:
    assert may_mean_stop(words)


@pytest.mark.parametrize(
    "words",
    [
        *("No more toner in printer 3", "No more disk space on build", "stopwatch app for Linux"),
        *("No more coffee in the kitchen", "No more data from sensor 4", "stoppage at gate 4"),
        *("Is there no more of your tea?", "Don’t know where the printer is", "does it stop"),
        "No more room on the server since the nightly backup runs",
        "Stop codon in the new sequence is not found by the tool",
        "Stop it from overheating by cleaning the fan",
    ],
)
def test_what_is_plainly_a_question_is_no_such_wish(words: str) -> None:
    assert not may_mean_stop(words)
