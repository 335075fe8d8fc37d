"""What comes today, and why that."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capabilities.tips.choosing import (
    Candidate,
    Parts,
    Today,
    candidate_of,
    choose,
    due_of,
    is_waived,
    pick_of,
    weigh,
    working_day_after,
    working_days,
)
from bot.capabilities.tips.course import Course, Unsure, course_of, entry_of, next_variant
from bot.capabilities.tips.model import Card, CardState, Pace, Subscription, weekdays_of
from bot.capabilities.tips.spacing import RETENTION, Trace, recall
from bot.holiday import DaysOff
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.pack.waiver import Waiver
from bot.people import Person, WorkingHours
from tests.capabilities.tips.telling import tip, variant

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ANA = Person(PersonId("ana"), WorkspaceId("w"), "ana", "Ana")
TRAVEL, DATA = TopicId("travel"), TopicId("data")
TODAY = Today(ANA, MONDAY, "", None)


def card(name: str, **more: object) -> Card:
    """A card that is due today, learned ten days ago."""
    known = Card(ANA.id, ANA.workspace, f"t-{name}", TRAVEL, CardState.ACTIVE, 0, 1)
    trace = Trace(5.0, 5.0, MONDAY - 10 * DAY)
    full = replace(known, shown_on=MONDAY - 10 * DAY, due_on=MONDAY, trace=trace, reps=2)
    return replace(full, **more)  # type: ignore[arg-type]  # by name


def again(name: str, *, critical: bool = False, **more: object) -> Candidate:
    course = course_of(TRAVEL, [entry_of(tip(name, critical=critical))])
    found = candidate_of(course, due_of(card(name, **more)))
    assert found is not None
    return found


def new(name: str, topic: TopicId = TRAVEL) -> Candidate:
    return Candidate(entry_of(tip(name, topic)), topic, None, 0, False)


def chosen(candidates: Sequence[Candidate], today: Today = TODAY) -> str:
    found = choose(candidates, today)
    assert found is not None
    return found[0].entry.tip.id


def test_a_score_has_the_parts_of_the_design() -> None:
    known = recall(Trace(5.0, 5.0, MONDAY - 10 * DAY), MONDAY)
    faded = (RETENTION - known) / RETENTION
    assert weigh(again("a"), TODAY) == Parts(faded=faded, other_topic=0.2)
    critical = weigh(again("a", critical=True), TODAY)
    assert critical == Parts(critical=2, faded=(0.9 - known) / 0.9, other_topic=0.2)
    assert weigh(new("a"), TODAY) == Parts(new=0.5, other_topic=0.2)
    assert weigh(new("a"), TODAY._replace(last_topic=TRAVEL)) == Parts(new=0.5)
    assert weigh(new("a"), TODAY._replace(recent="nnnnnrrrrr")) == Parts(other_topic=0.2)
    assert weigh(new("a"), TODAY._replace(recent="nnnnrrrrrr")) == Parts(new=0.5, other_topic=0.2)
    assert weigh(new("a"), TODAY._replace(recent="n")) == Parts(other_topic=0.2)
    friday = weigh(again("a", shown_on=MONDAY - 3 * DAY), TODAY)
    assert friday == Parts(faded=faded, other_topic=0.2, just_seen=-1)
    assert weigh(again("a", shown_on=MONDAY - 4 * DAY), TODAY).just_seen == 0


def test_words_of_a_score_name_what_it_was_made_of() -> None:
    assert Parts(critical=2, faded=0.123, just_seen=-1).words == (
        "critical 2.00, faded 0.12, just seen -1.00"
    )
    assert Parts().words == "nothing else was due"


def test_what_is_critical_and_fading_comes_before_anything_new() -> None:
    assert chosen([new("a"), again("b", critical=True)]) == "t-b"


def test_a_question_is_not_the_words_that_were_just_seen() -> None:
    trace = Trace(0.2, 5.0, MONDAY - DAY)
    yesterday = again("a", shown_on=MONDAY - DAY, trace=trace, reps=1)
    assert not weigh(yesterday, TODAY).just_seen
    asked = again("a", shown_on=MONDAY - DAY, trace=trace, reps=2)
    unanswered = again(
        "a", shown_on=MONDAY - DAY, trace=replace(trace, day=MONDAY - 9 * DAY), reps=1
    )
    assert weigh(asked, TODAY).just_seen == weigh(unanswered, TODAY).just_seen == -1


def test_new_ideas_wait_while_half_of_the_last_ones_were_new() -> None:
    both = [new("a"), again("b")]
    assert chosen(both) == "t-a"
    assert chosen(both, TODAY._replace(recent="nr")) == "t-b"


def test_the_topic_changes_where_nothing_else_tells_apart() -> None:
    both = [new("a"), new("b", DATA)]
    assert chosen(both, TODAY._replace(last_topic=TRAVEL)) == "t-b"
    assert chosen(both, TODAY._replace(last_topic=DATA)) == "t-a"


def test_equal_scores_are_told_apart_by_person_and_day_the_same_each_time() -> None:
    both = [new("a"), new("b")]
    by_person = {
        chosen(both, TODAY._replace(person=replace(ANA, id=PersonId(f"p{n}")))) for n in range(20)
    }
    by_day = {chosen(both, TODAY._replace(day=MONDAY + n * DAY)) for n in range(20)}
    assert by_person == by_day == {"t-a", "t-b"}
    assert chosen(both) == chosen(both[::-1])


def test_there_may_be_nothing() -> None:
    assert choose([], TODAY) is None


def test_a_pick_says_what_was_chosen_and_why() -> None:
    found = choose([again("a")], TODAY)
    assert found is not None
    pick = pick_of(*found, MONDAY, "key")
    assert (pick.tip, pick.asks, pick.is_new, pick.letter) == ("t-a", True, False, "key")
    assert pick.why == found[1].words
    assert not pick.is_pulled


def test_each_time_it_comes_in_other_words() -> None:
    entry = entry_of(tip("a", variants=[variant("a", "again"), variant("a", "once more")]))
    seen = [0]
    for _ in range(5):
        following = next_variant(entry, seen[-1], asks=True)
        assert following is not None
        seen.append(following)
    assert seen == [0, 1, 2, 0, 1, 2]
    silent = entry_of(tip("a", asks=False))
    assert next_variant(silent, 0, asks=True) is None
    assert next_variant(silent, 0, asks=False) == 0


def test_a_variant_without_a_question_has_that_of_the_tip() -> None:
    entry = entry_of(tip("a", variants=[{"text": "Other words."}]))
    assert entry.asking == (0, 1)
    assert entry.wording(1).check == entry.tip.check
    assert entry.wording(9) == entry.wording(0)


def test_what_is_told_no_more_is_no_candidate() -> None:
    course = course_of(TRAVEL, [entry_of(tip("b"))])
    assert candidate_of(course, due_of(card("a"))) is None
    silent = course_of(TRAVEL, [entry_of(tip("a", asks=False))])
    assert candidate_of(silent, due_of(card("a"))) is None


def course(*names: str) -> Course:
    return course_of(TRAVEL, [entry_of(tip(name)) for name in names])


def test_the_bookmark_tells_what_is_next() -> None:
    three = course("a", "b", "c")

    def following(after: str | None, finished: str | None = None) -> str | Unsure | None:
        entry = three.next_new(after, finished)
        return entry if entry is None or isinstance(entry, Unsure) else entry.tip.id

    assert following(None) == "t-a"
    assert following("t-a") == "t-b"
    assert following("t-c") is Unsure.UNSURE
    assert following("t-gone") is Unsure.UNSURE
    assert following("") is Unsure.UNSURE
    assert following("t-c", three.mark) is None
    assert following("t-b", course("a", "b").mark) is Unsure.UNSURE
    assert course().next_new(None, None) is Unsure.UNSURE


@pytest.mark.parametrize(
    ("after", "upto", "expected"), [(0, 1, 1), (0, 2, 2), (4, 7, 1), (4, 8, 2), (0, 0, 0)]
)
def test_working_days_are_counted_on_ones_own_calendar(
    after: int, upto: int, expected: int
) -> None:
    assert working_days(ANA, MONDAY + after * DAY, MONDAY + upto * DAY, 2) == expected


def test_five_working_days_later_minds_weekends_and_days_off() -> None:
    assert working_day_after(ANA, MONDAY, 5) == MONDAY + 7 * DAY
    off = replace(ANA, days_off=DaysOff(own=frozenset({MONDAY + DAY})))
    assert working_day_after(off, MONDAY, 5) == MONDAY + 8 * DAY
    never = replace(
        ANA,
        hours=WorkingHours(frozenset({1})),
        days_off=DaysOff(own=frozenset(MONDAY + n * DAY for n in range(300))),
    )
    assert working_day_after(never, MONDAY, 5) == MONDAY + 100 * DAY


SUNDAY_WEEK = frozenset({7, 1, 2, 3, 4})


@pytest.mark.parametrize(
    ("week", "pace", "today", "expected"),
    [
        ({1, 2, 3, 4, 5}, Pace.DAILY, 1, {1, 2, 3, 4, 5}),
        ({1, 2, 3, 4, 5}, Pace.THREE, 1, {1, 3, 5}),
        (SUNDAY_WEEK, Pace.THREE, 1, {7, 2, 4}),
        ({1, 2, 3, 4, 5}, Pace.WEEKLY, 1, {2}),
        ({1, 2, 3, 4, 5}, Pace.WEEKLY, 5, {1}),
        (SUNDAY_WEEK, Pace.WEEKLY, 4, {7}),
        ({2}, Pace.THREE, 1, {2}),
        (set(), Pace.DAILY, 1, {1, 2, 3, 4, 5, 6, 7}),
    ],
)
def test_a_pace_is_days_of_ones_own_week(
    week: set[int], pace: Pace, today: int, expected: set[int]
) -> None:
    person = replace(ANA, hours=WorkingHours(frozenset(week)))
    assert weekdays_of(pace, person, today) == expected


def follows(at: datetime = NOW) -> Subscription:
    return Subscription(ANA.id, ANA.workspace, TRAVEL, Pace.DAILY, frozenset({1}), at, "person")


def waiver(*objectives: str, topic: TopicId = TRAVEL, until: datetime | None = None) -> Waiver:
    at = NOW + DAY
    return Waiver(ANA.workspace, ANA.id, "quiz", topic, objectives, 10, at, until)


def test_what_somebody_has_shown_is_not_told() -> None:
    later = NOW + 2 * DAY
    plain, aimed = entry_of(tip("a")), entry_of(tip("a", objective="quiz/one"))
    other = entry_of(tip("a", objective="quiz/two"))
    assert is_waived(plain, follows(), [waiver("one")], later)
    assert is_waived(aimed, follows(), [waiver("one")], later)
    assert not is_waived(other, follows(), [waiver("one")], later)
    assert is_waived(aimed, follows(), [waiver("one", topic=DATA)], later)
    assert not is_waived(plain, follows(), [waiver("one", topic=DATA)], later)
    assert not is_waived(plain, follows(later), [waiver("one")], later)
    assert not is_waived(plain, follows(), [waiver("one", until=later)], later)


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.text("nr", max_size=10))
def test_nothing_scores_more_than_what_is_chosen(names: list[str], recent: str) -> None:
    candidates = [again(name) if name < "d" else new(name) for name in names]
    today = TODAY._replace(recent=recent)
    found = choose(candidates, today)
    assert (found is None) == (not candidates)
    if found is not None:
        assert sum(found[1]) >= max(sum(weigh(each, today)) for each in candidates) - 1e-9
