"""What those hear who look after topics: within their hours, not in bursts, and as they wish."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, event, update

from bot.capabilities.questions.article import set_review_timer
from bot.capabilities.questions.model import (
    ESCALATED_LIMIT,
    Article,
    ArticleState,
    Question,
    State,
    Urgency,
    Visibility,
)
from bot.capabilities.questions.offer import list_unanswered
from bot.capabilities.questions.step import whereabouts_of
from bot.context import Context
from bot.ids import ArticleId, PersonId, QuestionId, TopicId
from bot.outbox import LetterState
from bot.ports import Timer
from storage.database import Database
from storage.tables import outbox
from tests.capabilities.tips.telling import follow, tell, tip
from tests.world import MONDAY, WORKSPACE, World

SATURDAY = MONDAY.replace(day=7, hour=2)
TAXI = "How do I claim the taxi from a client visit?"


def holds(world: World, count: int, author: str = "kim") -> None:
    """So many entries that were published, and all want a look on Saturday night."""
    with world.database.transaction() as work:
        for number in range(count):
            article = Article(
                id=ArticleId(f"a{number}"),
                workspace=WORKSPACE,
                title=f"Question {number}?",
                text="The same as ever.",
                state=ArticleState.PUBLISHED,
                created_at=world.now,
                changed_at=world.now,
                topic=TopicId("travel"),
                author=PersonId(author),
                verifier=PersonId("sam"),
                verified_at=world.now,
                review_by=SATURDAY,
            )
            set_review_timer(work, work.articles.save(article), SATURDAY)


def until(world: World, day: int, hour: int | None = None) -> None:
    at = world.now.replace(day=day, hour=world.now.hour if hour is None else hour)
    world.passes(seconds=(at - world.now).total_seconds())


def about_reviews(world: World, who: str) -> list[str]:
    return [text for text in world.dms(who) if "your eyes" in text]


def test_fifty_entries_whose_date_comes_at_once_are_one_letter_in_the_stewards_hours(
    world: World,
) -> None:
    holds(world, 50)
    until(world, day=8)
    assert about_reviews(world, "sam") == []
    until(world, day=13)
    [told] = about_reviews(world, "sam")
    assert "Several FAQ entries want your eyes" in told
    assert "Pause 1 week" in told
    world.presses("sam", "Why am I getting this?")
    assert "You look after this entry" in world.last("sam")
    world.presses("sam", "Review")
    assert "Question 0?" in world.last("sam")


def test_a_steward_finds_their_entry_behind_many_of_others(world: World) -> None:
    with world.database.transaction() as work:
        for number in range(201):
            is_theirs = number == 200
            article = Article(
                id=ArticleId(f"a{number}"),
                workspace=WORKSPACE,
                title="The taxi?" if is_theirs else f"Question {number}?",
                text="The same as ever.",
                state=ArticleState.NEEDS_REVIEW,
                created_at=world.now,
                changed_at=world.now + timedelta(minutes=number),
                topic=TopicId("travel" if is_theirs else "payroll"),
            )
            work.articles.save(article)
    world.says("sam", "/faq review")
    assert "The taxi?" in world.last("sam")
    world.says("sam", "/home")
    assert "1 FAQ entry wants your eyes" in world.last("sam")


def test_one_entry_comes_with_all_that_can_be_done_with_it(world: World) -> None:
    holds(world, 1)
    until(world, day=10)
    [told] = about_reviews(world, "sam")
    assert "its review date has passed" in told
    world.presses("sam", "Still right")
    [article] = world.articles()
    assert article.state is ArticleState.PUBLISHED


def test_a_steward_who_has_stopped_finds_it_only_in_the_list(world: World) -> None:
    holds(world, 2)
    world.says("sam", "stop")
    until(world, day=20)
    assert about_reviews(world, "sam") == []
    assert "Question 1?" in world.reviews("sam")


def test_who_follows_a_tip_a_day_hears_of_a_review_in_the_first_week(world: World) -> None:
    tell(world, *(tip(f"{number}", asks=False) for number in range(15)))
    follow(world, "sam")
    world.passes(hours=6)
    holds(world, 3)
    for _ in range(13):
        world.passes(days=1)
        world.says("sam", "thanks")
    assert len(about_reviews(world, "sam")) == 1


def test_when_an_author_of_much_leaves_the_steward_hears_it_once(world: World) -> None:
    holds(world, 5)
    until(world, day=6, hour=22)
    world.leaves("kim")
    until(world, day=13)
    assert len(about_reviews(world, "sam")) == 1
    assert "the expert behind it has left" in world.reviews("sam")


def test_what_is_withheld_stays_in_the_list_until_a_steward_has_looked(
    either_world: World,
) -> None:
    world = either_world
    world.settles("ana", TAXI, "Use the form.")
    world.says("ben", TAXI)
    world.presses("ben", "Flag as wrong or outdated")
    world.fills("ben", reason="Gone.")
    assert "somebody flagged it: “Gone.”" in world.reviews("sam")
    world.presses("sam", "Leave it out")
    world.says("sam", "/faq review")
    assert "Nothing waits" in world.last("sam")
    # That it was left out is known when nobody knows by whom any more.
    world.forges("sam", "faq.detach", {})
    world.says("sam", "/faq review")
    assert "Nothing waits" in world.last("sam")
    assert world.now - MONDAY < timedelta(days=1)


# --- what found nobody ------------------------------------------------------------------------


def asks_nobody(world: World, who: str, number: int) -> None:
    """A question about no topic, of which nobody knows anything."""
    world.says(who, f"/ask Who has the key number {number} of the cellar?")


def are_asked(
    world: World, first: int, count: int, state: State = State.ESCALATED, topic: str = "travel"
) -> None:
    """So many questions, of which the first has this number, stand in that state."""
    with world.database.transaction() as work:
        for number in range(first, first + count):
            question = Question(
                id=QuestionId(f"q{number}"),
                workspace=WORKSPACE,
                number=number,
                text="How do I claim a taxi?",
                visibility=Visibility.DIRECT,
                urgency=Urgency.NORMAL,
                asked_at=world.now,
                changed_at=world.now,
                state=state,
                asker=PersonId("ana"),
                topic=TopicId(topic),
            )
            work.questions.add(question)


def about_nobody(world: World, who: str) -> list[str]:
    found = [text for text in world.dms(who) if "found nobody" in text]
    return [text for text in found if not text.startswith(("Paused", "Stopped"))]


def test_what_finds_nobody_at_night_waits_for_the_morning_of_whom_it_is_for(world: World) -> None:
    world.now = SATURDAY
    asks_nobody(world, "ana", 1)
    assert world.state() == "escalated"
    until(world, day=9, hour=8)
    assert about_nobody(world, "dana") == []
    until(world, day=9, hour=9)
    [told] = about_nobody(world, "dana")
    assert "key number 1" in told
    assert "Pause 1 week" in told
    world.presses("dana", "Why am I getting this?")
    assert "You are a community manager here" in world.last("dana")
    assert "a stop does not end them" in world.last("dana")


def test_ten_questions_that_find_nobody_at_night_are_one_list(world: World) -> None:
    world.now = SATURDAY
    for number in range(10):
        asks_nobody(world, ("ana", "ben", "cem")[number % 3], number)
    until(world, day=10, hour=8)
    [told] = about_nobody(world, "dana")
    assert "Questions that found nobody wait" in told
    world.presses("dana", "What found nobody")
    world.presses("dana", "Question 3")
    world.presses("dana", "I take it")
    assert world.state(3) == "claimed"


def test_what_finds_nobody_comes_an_hour_apart_and_the_same_day(world: World) -> None:
    for number in range(3):
        asks_nobody(world, "ana", number)
    [told] = about_nobody(world, "dana")
    assert "key number 0" in told
    world.passes(minutes=59)
    assert len(about_nobody(world, "dana")) == 1
    world.passes(minutes=1)
    assert len(about_nobody(world, "dana")) == 2
    assert "Questions that found nobody wait" in world.last("dana")
    world.passes(minutes=30)
    asks_nobody(world, "ben", 3)
    world.passes(minutes=30)
    assert len(about_nobody(world, "dana")) == 3
    assert "key number 3" in world.last("dana")
    until(world, day=6)
    assert len(about_nobody(world, "dana")) == 3


def test_what_waits_for_its_hour_is_not_brought_forward_and_nothing_is_lost(world: World) -> None:
    for number in range(2):
        asks_nobody(world, "ana", number)
    world.says("dana", "/resume")
    world.passes(minutes=1)
    assert len(about_nobody(world, "dana")) == 1
    asks_nobody(world, "ana", 2)
    until(world, day=4)
    assert len(about_nobody(world, "dana")) == 2
    world.presses("dana", "What found nobody")
    world.presses("dana", "Question 3")
    assert "key number 2" in world.last("dana")


def test_what_comes_in_many_days_of_a_pause_is_one_letter_after_it(either_world: World) -> None:
    world = either_world
    asks_nobody(world, "ana", 0)
    world.says("dana", "/pause until 5 March")
    for number in (1, 2):
        asks_nobody(world, "ana", number)
        world.passes(days=1)
    until(world, day=6)
    assert len(about_nobody(world, "dana")) == 2
    assert "Questions that found" in about_nobody(world, "dana")[-1]


def test_what_is_settled_before_it_is_told_is_not_told(either_world: World) -> None:
    world = either_world
    world.now = SATURDAY
    asks_nobody(world, "ana", 1)
    world.forges("ana", "question.withdraw", {"question": world.question(1).id})
    for number in (2, 3):
        asks_nobody(world, "ana", number)
    for number in (2, 3):
        world.forges("ana", "question.withdraw", {"question": world.question(number).id})
    until(world, day=10, hour=8)
    assert world.dms("dana") == []
    asks_nobody(world, "ana", 4)
    until(world, day=10, hour=9)
    [told] = about_nobody(world, "dana")
    assert "key number 4" in told


def test_the_list_has_all_that_waits_before_what_is_over(world: World) -> None:
    world.now = SATURDAY
    for number in range(101, 122):
        asks_nobody(world, ("ana", "ben", "cem")[number % 3], number)
    until(world, day=21, hour=2)
    assert world.state(21) == "expired"
    for number in range(22):
        asks_nobody(world, ("ana", "ben", "cem")[number % 3], number)
    until(world, day=23, hour=10)
    world.presses("dana", "What found nobody")
    newest = world.last("dana")
    assert all(f"key number {number} " in newest for number in range(2, 22))
    assert "nobody could answer" not in newest
    world.presses("dana", "Question 24")
    assert "key number 2 " in world.last("dana")
    world.says("dana", "/unanswered")
    world.presses("dana", "More")
    oldest = world.last("dana")
    assert all(f"key number {number} " in oldest for number in (0, 1, 121))
    world.presses("dana", "Question 22")
    world.presses("dana", "I take it")
    assert world.state(22) == "claimed"


def test_a_list_stays_one_whatever_becomes_of_the_first_in_it(world: World) -> None:
    world.now = SATURDAY
    asks_nobody(world, "ana", 1)
    asks_nobody(world, "ana", 2)
    world.forges("ana", "question.withdraw", {"question": world.question(1).id})
    until(world, day=9, hour=10)
    [told] = about_nobody(world, "dana")
    assert "Questions that found" in told


def test_words_under_a_list_are_the_answer_to_no_question_in_it(world: World) -> None:
    world.now = SATURDAY
    asks_nobody(world, "ana", 1)
    asks_nobody(world, "ben", 2)
    until(world, day=9, hour=10)
    told = world.hears("dana")[-1]
    assert "Questions that found nobody wait" in told.text
    world.says("dana", "The key is with Kim at the front desk.", thread=told.id)
    assert "I have sent it to nobody" in world.last("dana")
    assert [world.state(n) for n in (1, 2)] == ["escalated", "escalated"]
    world.presses("dana", "What found nobody")
    assert "Question 2" in world.last("dana")
    world.says("dana", "Thanks!", thread=told.id)
    assert "Question 2" in world.last("dana")


def test_a_list_goes_for_one_question_among_many_newer_ones(world: World) -> None:
    world.now = SATURDAY
    asks_nobody(world, "ana", 1)
    asks_nobody(world, "ben", 2)
    world.now += timedelta(minutes=1)
    are_asked(world, 1000, ESCALATED_LIMIT)
    world.forges("ana", "question.withdraw", {"question": world.question(1).id})
    until(world, day=9, hour=12)
    [told] = about_nobody(world, "dana")
    assert "Questions that found nobody wait" in told


def test_a_steward_finds_theirs_behind_many_newer_ones_of_others(world: World) -> None:
    are_asked(world, 1001, 1)
    world.now += timedelta(minutes=1)
    are_asked(world, 1002, ESCALATED_LIMIT, topic="payroll")
    world.says("sam", "/unanswered")
    assert "[Question 1001]" in world.last("sam")
    world.says("sam", "/home")
    assert "1 question found nobody" in world.last("sam")


def test_what_waits_for_who_pauses_is_told_though_much_waits_for_others(world: World) -> None:
    are_asked(world, 1001, ESCALATED_LIMIT, topic="payroll")
    world.now += timedelta(minutes=1)
    are_asked(world, 2001, 1)
    world.says("sam", "/pause 2 weeks")
    assert "How do I claim a taxi?" in about_nobody(world, "dana")[0]


def test_who_could_not_be_told_is_not_named_to_the_asker(world: World) -> None:
    asks_nobody(world, "ana", 1)
    with world.database.begin() as connection:
        its_letter = outbox.c.kind == "escalation"
        connection.execute(update(outbox).where(its_letter).values(state=LetterState.UNREACHABLE))
    question = world.question()
    with world.database.transaction() as work:
        where = whereabouts_of(work, question)
    assert "I can reach nobody who looks after this" in where


def test_the_weekly_list_leads_on_to_what_nobody_could_answer(world: World) -> None:
    are_asked(world, 1001, 1, State.EXPIRED)
    are_asked(world, 1002, 20)
    with world.database.transaction() as work:
        timer = Timer("weekly", world.now, "question.list_unanswered", {"workspace": WORKSPACE})
        list_unanswered(Context(now=world.now, new_id=str), work, timer)
    until(world, day=9, hour=12)
    world.presses("dana", "More")
    assert "Question 1001:" in world.last("dana")


def test_who_has_stopped_hears_what_found_nobody_as_the_reply_says(world: World) -> None:
    world.says("dana", "stop")
    assert "I still tell you what found nobody else" in world.last("dana")
    world.now = SATURDAY
    asks_nobody(world, "ana", 1)
    until(world, day=9, hour=10)
    assert len(about_nobody(world, "dana")) == 1


def test_what_waits_for_somebody_who_pauses_goes_to_who_is_there(world: World) -> None:
    world.now = SATURDAY
    for who in ("kim", "bo", "lu"):
        world.leaves(who)
    world.says("ana", "How do I claim a taxi?")
    world.forges("ana", "question.no_post", {"question": world.question().id})
    assert world.state() == "escalated"
    world.says("sam", "/pause 2 weeks")
    assert "goes to whoever else looks after it" in world.last("sam")
    # Whoever has been told stays named, or the asker would see the pause.
    question = world.question()
    with world.database.transaction() as work:
        where = whereabouts_of(work, question)
    assert "Sam and Dana will see it in their working hours" in where
    until(world, day=9, hour=12)
    assert about_nobody(world, "sam") == []
    assert len(about_nobody(world, "dana")) == 1


def test_what_waits_where_there_is_nobody_else_comes_after_the_pause(
    either_world: World,
) -> None:
    world = either_world
    world.now = SATURDAY
    asks_nobody(world, "ana", 1)
    world.says("dana", "/pause until 11 March")
    until(world, day=10, hour=12)
    assert about_nobody(world, "dana") == []
    world.says("dana", "/resume")
    until(world, day=10, hour=13)
    assert len(about_nobody(world, "dana")) == 1


def steps_of_a_pause(database: Database, answered: int) -> int:
    """How many steps SQLite's machine takes while Sam, with whom 20 questions wait, pauses."""
    world = World(database)
    are_asked(world, 1, 20)
    are_asked(world, 21, answered, State.ANSWERED)
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    def begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(step, 100)

    event.listen(database._engine, "begin", begin)
    world.says("sam", "/pause 2 weeks")
    event.remove(database._engine, "begin", begin)
    [told] = about_nobody(world, "dana")
    assert "Questions that found nobody wait" in told
    return taken


def test_a_pause_does_not_take_longer_for_all_that_was_answered(
    new_sqlite_database: Callable[[], Database],
) -> None:
    few, many = (steps_of_a_pause(new_sqlite_database(), answered) for answered in (0, 400))
    assert many < 1.5 * few


# --- somebody's own words ---------------------------------------------------------------------


def test_who_is_asked_whether_their_words_may_be_shared_is_asked_while_they_work(
    world: World,
) -> None:
    world.says("kim", "stop")
    assert "somebody wants to share words of yours" in world.last("kim")
    world.now = SATURDAY
    world.uses("ben", "save_faq", "On floor 2.", author="kim")
    world.fills("ben", title="Where do I print?", topic="travel")
    assert not any("words of yours for the FAQ" in text for text in world.dms("kim"))
    until(world, day=9, hour=10)
    assert "Ben proposes words of yours for the FAQ" in world.last("kim")
    world.presses("kim", "Why am I getting this?")
    assert "it is for you to say" in world.last("kim")


def test_who_takes_their_words_back_before_they_are_asked_is_not_asked(world: World) -> None:
    world.now = SATURDAY
    world.uses("ben", "save_faq", "On floor 2.", author="kim")
    world.fills("ben", title="Where do I print?", topic="travel")
    [article] = world.articles()
    world.forges("kim", "faq.unshare", {"article": article.id, "version": article.version})
    assert world.articles()[0].state is ArticleState.RETIRED
    until(world, day=9, hour=10)
    assert not any("words of yours for the FAQ" in text for text in world.dms("kim"))


def test_nobody_is_asked_about_words_that_were_merged_into_others(world: World) -> None:
    world.now = SATURDAY
    for author in ("ben", "kim"):
        world.uses("ben", "save_faq", f"On floor 2, says {author}.", author=author)
        world.fills("ben", title=f"Where do I print, {author}?", topic="travel")
    stays, gone = sorted(world.articles(), key=lambda article: article.author == "kim")
    world.forges("sam", "faq.publish", {"article": stays.id})
    world.forges("sam", "faq.join", {"article": gone.id}, {"into": stays.id})
    until(world, day=9, hour=10)
    assert not any("words of yours for the FAQ" in text for text in world.dms("kim"))
