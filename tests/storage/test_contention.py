"""Two processes on one PostgreSQL that want the same row at the same moment."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import monotonic

import psycopg
import pytest
from sqlalchemy import select, update

from bot.capabilities.campaigns import telling
from bot.capabilities.campaigns.content import Audience, ClusterBy, one_message
from bot.capabilities.campaigns.model import Campaign, EnrolmentState
from bot.capabilities.campaigns.ports import Gathering
from bot.capabilities.narration.model import Digest, Line, Narration, Sort, State
from bot.capabilities.questions.memory import Memory
from bot.capabilities.questions.model import EventKind, Question
from bot.capabilities.questions.model import State as QuestionState
from bot.capabilities.questions.offer import escalate
from bot.capabilities.questions.step import advance, show_status
from bot.context import Context
from bot.errors import Conflict
from bot.ids import CampaignId
from bot.message import say
from bot.outbox import Letter, LetterState, Priority, Sent, Settlement, ToPerson
from bot.people import Role
from bot.ports import Timer
from bot.reply import Reply
from storage.database import Database
from storage.enrolment import MANY
from storage.lane import SqlLaneStore
from storage.tables import outbox, people
from storage.work import SqlWork
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, ANA, BO, CY, LEASE, NOW, article, letter, question
from tests.storage.hand import HandLane


@pytest.fixture
def other(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A connection of another process, outside of any `Database`."""
    plain = postgres_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Database]:
    """The example's workspace with a question and a letter."""
    database = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=30)
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
        work.questions.add(question())
        work.outbox.post(ACME.id, letter("l1", "Old."))
        work.outbox.post(ACME.id, letter("l2", "Another."))
    yield database
    database.close()


class Second(threading.Thread):
    """Somebody who comes second and has to wait; `outcome` says how that went."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act
        self.outcome: object = None

    def run(self) -> None:
        """Do it, and keep the result or the conflict."""
        try:
            self.outcome = self._act()
        except Conflict as error:
            self.outcome = error


def come_second(other: psycopg.Connection, act: Callable[[], object]) -> Second:
    """Start a thread that acts; it waits for a lock when this returns."""
    second = Second(act)
    second.start()
    until = monotonic() + 30
    while monotonic() < until:
        [[waiting]] = other.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchall()
        if waiting:
            return second
        assert second.is_alive(), second.outcome
    raise AssertionError("nobody waits")


def test_who_saves_a_question_second_is_told(shared: Database, other: psycopg.Connection) -> None:
    def claim() -> None:
        with shared.transaction() as work:
            work.questions.save(replace(question(), claimed_by=CY.id))

    with shared.transaction() as work:
        saved = work.questions.save(replace(question(), claimed_by=BO.id))
        second = come_second(other, claim)
    second.join(30)
    assert isinstance(second.outcome, Conflict)
    with shared.transaction() as work:
        assert work.questions.get(question().id) == saved


def test_of_two_news_for_one_owner_at_once_neither_is_lost(
    shared: Database, other: psycopg.Connection
) -> None:
    context = Context(now=NOW, new_id=lambda: "new")

    def tell_of(work: SqlWork, campaign: str) -> None:
        news = Letter(
            key=campaign,
            to=ToPerson(person=ANA.id),
            message=say(f"{campaign} was cancelled."),
            kind="campaign.unsent",
            priority=Priority.ANSWER,
            because="Yours.",
        )
        telling.tell(context, work, ANA, news, lambda: say("Both were cancelled."))

    def tell_again() -> None:
        with shared.transaction() as work:
            tell_of(work, "the second")

    with shared.transaction() as work:
        tell_of(work, "the first")
        second = come_second(other, tell_again)
    second.join(30)
    with shared.begin() as connection:
        query = select(outbox.c.message).where(
            outbox.c.kind == "campaign.unsent", outbox.c.state == LetterState.PENDING
        )
        [told] = connection.scalars(query)
    assert "Both were cancelled." in told


CONTEXT = Context(now=NOW, new_id=lambda: "new")


def two_for_bo(shared: Database) -> list[Question]:
    """Two questions that are looked for somebody for; Bo hears of what finds nobody."""
    found = [question(f"r{n}", n, state=QuestionState.ROUTED) for n in (2, 3)]
    with shared.transaction() as work:
        work.people.save(replace(BO, roles=frozenset({Role.COMMUNITY_MANAGER})))
        for one in found:
            work.questions.add(one)
    return found


def withdraw(work: SqlWork, which: Question) -> None:
    found = work.questions.get(which.id)
    assert found is not None
    show_status(work, advance(CONTEXT, work, found, EventKind.WITHDRAWN))


def told_of_what_found_nobody(shared: Database) -> list[tuple[str, str]]:
    """State and words of each letter to Bo; an edit has the state of what carries it."""
    query = select(outbox.c.state, outbox.c.message)
    with shared.begin() as connection:
        rows = connection.execute(
            query.where(outbox.c.kind == "escalation", outbox.c.edits.is_(None))
        )
        return [(row.state, row.message) for row in rows]


def test_of_two_questions_that_find_nobody_at_once_the_second_joins_the_letter(
    shared: Database, other: psycopg.Connection
) -> None:
    first, second = two_for_bo(shared)

    def escalate_second() -> None:
        with shared.transaction() as work:
            escalate(CONTEXT, work, second)

    with shared.transaction() as work:
        escalate(CONTEXT, work, first)
        waiting = come_second(other, escalate_second)
    waiting.join(30)
    [(state, words)] = told_of_what_found_nobody(shared)
    assert state == LetterState.PENDING
    assert "Questions that found nobody wait" in words


def test_a_letter_is_not_taken_back_while_another_question_joins_it(
    shared: Database, other: psycopg.Connection
) -> None:
    first, second = two_for_bo(shared)
    with shared.transaction() as work:
        escalate(CONTEXT, work, first)

    def withdraw_first() -> None:
        with shared.transaction() as work:
            withdraw(work, first)

    with shared.transaction() as work:
        escalate(CONTEXT, work, second)
        waiting = come_second(other, withdraw_first)
    waiting.join(30)
    [(state, _)] = told_of_what_found_nobody(shared)
    assert state == LetterState.PENDING


def test_a_letter_of_two_questions_that_settle_at_once_is_taken_back(
    shared: Database, other: psycopg.Connection
) -> None:
    both = two_for_bo(shared)
    with shared.transaction() as work:
        for one in both:
            escalate(CONTEXT, work, one)

    def withdraw_second() -> None:
        with shared.transaction() as work:
            withdraw(work, both[1])

    with shared.transaction() as work:
        withdraw(work, both[0])
        waiting = come_second(other, withdraw_second)
    waiting.join(30)
    [(state, _)] = told_of_what_found_nobody(shared)
    assert state == LetterState.CANCELLED


def test_a_letter_that_is_being_sent_when_its_question_settles_is_edited(
    shared: Database, other: psycopg.Connection
) -> None:
    first, _ = two_for_bo(shared)
    with shared.transaction() as work:
        escalate(CONTEXT, work, first)

    def withdraw_first() -> None:
        with shared.transaction() as work:
            withdraw(work, first)

    with shared.begin() as connection:
        its_letter = outbox.c.kind == "escalation"
        connection.execute(update(outbox).where(its_letter).values(state=LetterState.LEASED))
        waiting = come_second(other, withdraw_first)
    waiting.join(30)
    with shared.begin() as connection:
        [letter_id] = connection.scalars(select(outbox.c.id).where(its_letter))
        edits = select(outbox.c.message).where(outbox.c.edits == letter_id)
        [words] = connection.scalars(edits)
    assert "withdrawn" in words


def test_who_saves_an_article_second_is_told(shared: Database, other: psycopg.Connection) -> None:
    with shared.transaction() as work:
        read = work.articles.save(article())

    def correct() -> None:
        with shared.transaction() as work:
            work.articles.save(replace(read, text="Slower."))

    with shared.transaction() as work:
        saved = work.articles.save(replace(read, text="Quicker."))
        second = come_second(other, correct)
    second.join(30)
    assert isinstance(second.outcome, Conflict)
    with shared.transaction() as work:
        assert list(work.articles.history(saved.id)) == [read, saved]


def test_what_is_withdrawn_while_a_digest_is_written_is_taken_out_of_it(
    shared: Database, other: psycopg.Connection
) -> None:
    lines = (Line("What I learned", "Ask before six."),)
    day = NOW.date()
    told = Narration("n1", ACME.id, ANA.id, Sort.LEARNED, lines, day, day, state=State.SHARED)
    digest = Digest("d1", ACME.id, "C1", day, ("n1",))
    with shared.transaction() as work:
        work.narrations.add(told)

    def withdraw() -> Sequence[Digest]:
        with shared.transaction() as work:
            return work.narrations.delete(told)

    with shared.transaction() as work:
        work.narrations.add_digest(digest)
        second = come_second(other, withdraw)
    second.join(30)
    assert second.outcome == [digest]


def test_an_event_that_comes_twice_at_once_gets_one_reply(
    shared: Database, other: psycopg.Connection
) -> None:
    def begin() -> Reply | None:
        with shared.transaction() as work:
            return work.inbox.begin("slack", "E1", NOW)

    reply = Reply(replace=True)
    with shared.transaction() as work:
        assert work.inbox.begin("slack", "E1", NOW) is None
        work.inbox.finish("slack", "E1", reply)
        second = come_second(other, begin)
    second.join(30)
    assert second.outcome == reply


def test_an_event_whose_first_delivery_failed_is_taken_on_by_the_second(
    shared: Database, other: psycopg.Connection
) -> None:
    begun: list[Second] = []

    def begin() -> Reply | None:
        with shared.transaction() as work:
            return work.inbox.begin("slack", "E1", NOW)

    def fail() -> None:
        with shared.transaction() as work:
            work.inbox.begin("slack", "E1", NOW)
            begun.append(come_second(other, begin))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    begun[0].join(30)
    assert begun[0].outcome is None
    assert begin() is not None


def test_a_person_who_is_met_twice_at_once_is_one(
    shared: Database, other: psycopg.Connection
) -> None:
    def meet(name: str) -> None:
        with shared.transaction() as work:
            work.people.save(replace(ANA, id=type(ANA.id)(name), address="U0NEW"))

    with shared.transaction() as work:
        work.people.save(replace(ANA, id=type(ANA.id)("first"), address="U0NEW"))
        second = come_second(other, lambda: meet("second"))
    second.join(30)
    assert isinstance(second.outcome, Conflict)
    with shared.transaction() as work:
        found = work.people.by_address(ACME.id, "U0NEW")
    assert found is not None
    assert found.id == "first"


def test_an_edit_that_comes_while_a_lane_claims_is_sent_after_it(
    shared: Database, other: psycopg.Connection
) -> None:
    def edit() -> None:
        with shared.transaction() as work:
            work.outbox.post(ACME.id, letter("e1", "New.", edits="l1"))

    lane = HandLane(shared)
    with other.transaction():
        # What `claim` does, held open.
        other.execute(
            "UPDATE outbox SET state = 'leased', owner = %s, lease_until = %s WHERE key = 'l1'",
            [shared.owner, NOW + LEASE],
        )
        second = come_second(other, edit)
    second.join(30)
    assert lane.mark_sending([1], NOW) == [1]
    lane.settle([Settlement(1, Sent(external="171.1", conversation="D0BO"))], NOW)
    claimed = lane.claim(ACME.id, NOW, 9, LEASE)
    assert [(each.message.summary, each.edits) for each in claimed] == [
        ("Another.", None),
        ("New.", "171.1"),
    ]


def test_a_lane_passes_by_what_another_one_holds(
    shared: Database, other: psycopg.Connection
) -> None:
    with other.transaction():
        other.execute("SELECT * FROM outbox WHERE key = 'l1' FOR UPDATE")
        claimed = HandLane(shared).claim(ACME.id, NOW, 9, LEASE)
    assert [each.key for each in claimed] == ["l2"]
    with shared.transaction() as work:
        assert work.outbox.state(ACME.id, "l1") is LetterState.PENDING


def test_marks_of_a_lane_do_not_wait_for_what_somebody_else_has_locked(
    shared: Database, other: psycopg.Connection
) -> None:
    lane, settled = SqlLaneStore(shared, lambda: NOW), Sent(external="171.1", conversation="D0BO")
    with shared.transaction() as work:
        work.outbox.post(ACME.id, letter("l3"))
        work.outbox.post(ACME.id, letter("l4"))
    assert len(lane.claim(ACME.id, NOW, 9, LEASE).letters) == 4
    assert lane.write([1, 2], (), NOW, LEASE).ours == {1, 2}
    settlements = [Settlement(1, settled), Settlement(2, settled), Settlement(99, settled)]
    began = monotonic()
    with other.transaction():
        # As a handler does that has gone to sleep while it edits them.
        other.execute("SELECT * FROM outbox WHERE key IN ('l1', 'l3') FOR UPDATE")
        written = lane.write([3, 4], settlements, NOW, LEASE)
    assert monotonic() - began < 20
    assert (set(written.ours), set(written.locked)) == ({4}, {1})
    with shared.transaction() as work:
        states = [work.outbox.state(ACME.id, key) for key in ("l1", "l2", "l3", "l4")]
    assert states == ["sending", "sent", "leased", "sending"]
    assert lane.write([], settlements, NOW, LEASE).locked == frozenset()
    with shared.transaction() as work:
        assert work.outbox.state(ACME.id, "l1") is LetterState.SENT


def test_a_timer_is_taken_by_one_of_two(shared: Database, other: psycopg.Connection) -> None:
    timer = Timer(key="q1:wave", due_at=NOW, action="question.wave")

    def take() -> bool:
        with shared.transaction() as work:
            return work.timers.take(timer)

    with shared.transaction() as work:
        work.timers.set(timer)
    with shared.transaction() as work:
        assert work.timers.take(timer)
        second = come_second(other, take)
    second.join(30)
    assert second.outcome is False


def test_two_large_campaigns_that_start_at_once_do_not_wait_for_each_other(
    shared: Database,
) -> None:
    day = NOW.date()
    with shared.begin() as connection:
        ana = connection.execute(people.select().where(people.c.id == ANA.id)).one()._asdict()
        rows = [{**ana, "id": f"p{n}", "address": f"U{n}"} for n in range(MANY)]
        connection.execute(people.insert(), rows)
    with shared.transaction() as work:
        for name in ("c1", "c2"):
            content = one_message("Lunch", "Come.", None, day, day)
            work.campaigns.add(Campaign(CampaignId(name), ACME.id, ANA.id, content, NOW, NOW))

    def enrol(work: SqlWork, name: str) -> int:
        of = Gathering(CampaignId(name), ACME.id, Audience(), ClusterBy.TEAM)
        return work.enrolments.enrol(of, day, EnrolmentState.ACTIVE, NOW)

    def start() -> int:
        with shared.transaction() as work:
            return enrol(work, "c2")

    second = Second(start)
    with shared.transaction() as work:
        assert enrol(work, "c1") == MANY + 3
        second.start()
        second.join(30)
        assert second.outcome == MANY + 3
