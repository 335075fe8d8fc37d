"""The application around one transaction: once, whole or not at all."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import select
from structlog.contextvars import get_contextvars

from bot.access import Administrators, take
from bot.app import App
from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, Order, register
from bot.context import Context
from bot.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from bot.inbound import (
    Command,
    Inbound,
    Installed,
    Left,
    Opened,
    Ordered,
    Place,
    PlaceKind,
    Pressed,
    Profile,
    Said,
    Submitted,
    What,
)
from bot.message import Args, Text, say
from bot.metric import Meters
from bot.outbox import Priority
from bot.people import Person, Role
from bot.plain import render_plain
from bot.ports import Timer
from bot.reply import NOTHING, Reply
from storage.database import Database
from storage.tables import outbox
from storage.work import SqlWork
from tests.databases import RELAY_KEY
from tests.world import MONDAY


class Home:
    """An application with a capability of its own, and what that capability did."""

    def __init__(self, database: Database) -> None:
        self.now = MONDAY
        self.done: list[str] = []
        self.pressed: list[tuple[Args, str | None]] = []
        self.wrong: list[Exception] = []
        self._ids = count(1)
        capability: Capability[SqlWork] = Capability(
            name="test",
            title="Test",
            orders={
                "do": Order(self._do, "", "does it"),
                "file": Order(self._do, "", "does it too", spoken=False),
            },
            submits={"test.do": self._do},
            presses={"test.do": self._press},
            timers={"test.ring": self._ring, "test.break": self._break},
            words=self._hear,
            answers=self._answer,
            farewell=self._farewell,
        )
        self.meters = Meters()
        self.administrators: dict[tuple[str, str], Administrators] = {}
        self.app = App(
            database,
            register([capability]),
            lambda: self.now,
            lambda: f"id{next(self._ids)}",
            self.meters,
            lambda *place: self.administrators.get(place, Administrators()),
        )
        self.database = database

    def _do(self, context: Context, work: SqlWork, command: Command) -> Reply:
        work.timers.set(Timer(key=command.text, due_at=context.now, action="test.ring"))
        if self.wrong:
            raise self.wrong.pop(0)
        self.done.append(command.text)
        return Reply(message=say(f"Done {len(self.done)}."))

    def _press(self, _context: Context, _work: SqlWork, command: Command) -> Reply:
        self.pressed.append((command.args, command.message))
        return Reply(message=say("Pressed."), replace=True)

    def _hear(self, _context: Context, _work: SqlWork, command: Command) -> Reply:
        self.done.append(f"heard {command.text}")
        return NOTHING

    def _answer(self, _context: Context, _work: SqlWork, command: Command) -> Reply | None:
        return Reply(message=say("Right.")) if command.text.lower() in {"b", "do"} else None

    def _ring(self, _context: Context, _work: SqlWork, timer: Timer) -> None:
        if self.wrong:
            raise self.wrong.pop(0)
        self.done.append(f"rang {timer.key}")

    def _break(self, _context: Context, work: SqlWork, _timer: Timer) -> None:
        work.timers.set(Timer(key="left over", due_at=self.now, action="test.ring"))
        raise RuntimeError("broken on purpose")

    def _farewell(self, _context: Context, _work: SqlWork, _person: Person) -> None:
        self.done.append("farewell")

    def says(
        self,
        what: What,
        event: str,
        *,
        profile: bool = True,
        kind: PlaceKind = PlaceKind.DM,
        who: str = "ana",
        workspace: str = "w1",
        zone: str | None = None,
    ) -> Reply:
        return self.app.receive(
            Inbound(
                platform="room",
                workspace=workspace,
                event_id=event,
                person=who,
                profile=Profile(name=who.title(), zone=zone) if profile else None,
                place=Place(conversation=f"dm:{who}", kind=kind),
                at=self.now,
                what=what,
            )
        )

    def managers(self, workspace: str = "w1") -> list[str]:
        with self.database.transaction() as work:
            found = work.people.workspace("room", workspace)
            assert found is not None
            return [p.address for p in work.people.holders(found.id, Role.COMMUNITY_MANAGER)]

    def takes_role(self, who: str) -> None:
        with self.database.transaction() as work:
            found = work.people.workspace("room", "w1")
            person = work.people.by_address(found.id, who) if found else None
            assert person is not None
            work.people.save(take(person, Role.COMMUNITY_MANAGER))

    def letters(self) -> list[str]:
        with self.database.begin() as connection:
            return [row.message for row in connection.execute(select(outbox))]

    def waiting(self) -> list[str]:
        with self.database.transaction() as work:
            return [timer.key for timer in work.timers.due(self.now + timedelta(days=9), 100)]


@pytest.fixture
def home(database: Database) -> Home:
    return Home(database)


@pytest.fixture
def small_home(sqlite_url: str) -> Iterator[Home]:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield Home(database)
    database.close()


def test_an_event_counts_once_and_gets_the_same_reply_again(home: Home) -> None:
    first = home.says(Ordered(name="do", text="a"), "e1")
    assert home.says(Ordered(name="do", text="a"), "e1") == first
    assert home.done == ["a"]


def test_what_went_wrong_has_changed_nothing_and_may_be_delivered_again(home: Home) -> None:
    home.wrong = [RuntimeError("broken on purpose")]
    with pytest.raises(RuntimeError):
        home.says(Ordered(name="do", text="a"), "e1")
    assert home.waiting() == []
    home.says(Ordered(name="do", text="a"), "e1")
    assert home.waiting() == ["a"]


def test_after_a_conflict_it_is_tried_once_more(home: Home) -> None:
    home.wrong = [Conflict()]
    assert "Done 1." in str(home.says(Ordered(name="do", text="a"), "e1").message)


def test_a_second_conflict_is_said_to_the_person(home: Home) -> None:
    home.wrong = [Conflict(), Conflict()]
    reply = home.says(Ordered(name="do", text="a"), "e1")
    assert "Please look again." in str(reply.message)
    assert home.waiting() == []


@pytest.mark.parametrize("error", [Invalid(), NotAllowed(), NotFound()])
def test_an_error_of_the_person_is_its_docstring(small_home: Home, error: Exception) -> None:
    small_home.wrong = [error]
    reply = small_home.says(Ordered(name="do", text="a"), "e1")
    assert reply.message is not None
    assert reply.message.summary == type(error).__doc__


def test_an_error_of_a_form_goes_to_its_fields(small_home: Home) -> None:
    small_home.wrong = [Invalid(fields={"text": "Please fill this in."})]
    reply = small_home.says(Ordered(name="do", text="a"), "e1")
    assert reply == Reply(errors={"text": "Please fill this in."})


@pytest.mark.parametrize(
    ("found", "errors"),
    [
        ([], {"day": "No day."}),
        ([Invalid(fields={"text": "No.", "day": "Bad."})], {"day": "No day.", "text": "No."}),
        ([NotFound()], {"day": "No day."}),
    ],
)
def test_a_form_that_is_wrong_does_nothing_and_says_all_that_is_wrong(
    home: Home, found: list[Exception], errors: dict[str, str]
) -> None:
    home.wrong = list(found)
    form = Submitted(action="test.do", wrong={"day": "No day."})
    assert home.says(form, "e1") == Reply(errors=errors)
    assert home.waiting() == []
    assert home.says(Submitted(action="test.do"), "e1").message is not None
    assert home.waiting() == [""]


def test_a_stranger_without_a_profile_is_told_how_to_begin(small_home: Home) -> None:
    reply = small_home.says(Said(text="hello", message="m"), "e1", profile=False)
    assert "Write to me once in our own chat." in str(reply.message)


def test_who_is_told_of_with_what_they_do_is_as_the_platform_says(small_home: Home) -> None:
    def person(number: int, profile: Profile) -> tuple[str, str]:
        small_home.app.receive(
            Inbound(
                platform="room",
                workspace="w1",
                event_id=f"e{number}",
                person="lee",
                profile=profile,
                place=Place(conversation="dm:lee", kind=PlaceKind.DM),
                at=small_home.now,
                what=Ordered(name="do", text=f"{number}"),
            )
        )
        with small_home.database.transaction() as work:
            _, found = work.people.find("room", "w1", "lee")
        assert found is not None
        return found.name, found.zone

    assert person(1, Profile(name="Lee")) == ("Lee", "UTC")
    assert person(2, Profile(name="Lee Oh", zone="Asia/Tokyo")) == ("Lee", "UTC")
    known = Profile(name="Lee Oh", zone="Asia/Tokyo", renews=True)
    assert person(3, known) == ("Lee Oh", "Asia/Tokyo")
    for number, zone in enumerate((None, "Nowhere/Land"), 4):
        told = Profile(name="Lee Oh", zone=zone, renews=True)
        assert person(number, told) == ("Lee Oh", "Asia/Tokyo")


def test_who_left_is_gone_once_and_without_a_word(small_home: Home) -> None:
    small_home.says(Ordered(name="do", text="a"), "e1")
    assert small_home.says(Left(), "e2") == NOTHING
    assert small_home.says(Left(), "e3") == NOTHING
    assert small_home.done == ["a", "farewell"]
    reply = small_home.says(Ordered(name="do", text="b"), "e4")
    assert "Your account here has been closed." in str(reply.message)


def test_who_was_never_met_leaves_no_trace(small_home: Home) -> None:
    assert small_home.says(Left(), "e1") == NOTHING
    with small_home.database.transaction() as work:
        assert work.people.workspaces() == []


@pytest.mark.parametrize("words", ["do it", "Do it", "do\nit", " do  it "])
def test_a_command_word_works_without_its_slash(small_home: Home, words: str) -> None:
    small_home.says(Said(text=words, message="m"), "e1")
    assert small_home.done == ["it"]


def test_any_command_word_works_alone_in_ones_own_chat_and_with_a_mention(
    small_home: Home,
) -> None:
    small_home.says(Said(text=" File ", message="m"), "e1")
    small_home.says(Said(text="file away the report?", message="m"), "e2")
    assert small_home.done == ["", "heard file away the report?"]
    alone = Said(text="file", message="m", mentioned=True)
    small_home.says(alone, "e3", kind=PlaceKind.CHANNEL)
    assert small_home.done[2:] == [""], "nobody is asked “file”"


def test_files_are_not_passed_on_and_who_sent_them_is_told(small_home: Home) -> None:
    alone = small_home.says(Said(text=" ", message="m", files=1), "e1")
    assert small_home.done == []
    assert "I pass on words only" in str(alone.message)
    with_words = small_home.says(Said(text="do it as attached", message="m", files=2), "e2")
    assert small_home.done == ["it as attached"]
    assert with_words.message is not None
    assert "I pass on words only" in render_plain(with_words.message)
    in_public = Said(text="", message="m", files=1, mentioned=True)
    assert "I pass on" not in str(small_home.says(in_public, "e3", kind=PlaceKind.CHANNEL).message)


@pytest.mark.parametrize("words", ["help", "HELP", " help "])
def test_help_alone_lists_the_commands(small_home: Home, words: str) -> None:
    assert "`/do`" in str(small_home.says(Said(text=words, message="m"), "e1").message)


def test_help_with_more_is_left_to_the_words(small_home: Home) -> None:
    small_home.says(Said(text="help me out", message="m"), "e1")
    assert small_home.done == ["heard help me out"]


@pytest.mark.parametrize("name", ["learn", "inflow"])
def test_a_root_word_may_stand_before_the_command(small_home: Home, name: str) -> None:
    small_home.says(Ordered(name=name, text="do it"), "e1")
    assert small_home.done == ["it"]


@pytest.mark.parametrize("words", ["learn file 7", "Inflow file 7"])
def test_a_root_word_makes_a_command_of_words(small_home: Home, words: str) -> None:
    small_home.says(Said(text=words, message="m"), "e1")
    small_home.says(Said(text="Learn how to file?", message="m"), "e2")
    aside = Said(text=words, message="m", mentioned=True, addressed=False)
    small_home.says(aside, "e3", kind=PlaceKind.CHANNEL)
    assert small_home.done[:2] == ["7", "heard Learn how to file?"]
    assert "7" not in small_home.done[2:], "it is said to others"


def test_what_became_of_each_inbound_is_counted(small_home: Home) -> None:
    small_home.says(Ordered(name="do", text="a"), "e1")
    small_home.says(Ordered(name="do", text="a"), "e1")
    small_home.wrong = [Conflict()]
    small_home.says(Ordered(name="do", text="b"), "e2")
    small_home.wrong = [NotAllowed(), Unavailable(), RuntimeError()]
    small_home.says(Ordered(name="do", text="c"), "e3")
    for error in (Unavailable, RuntimeError):
        with pytest.raises(error):
            small_home.says(Ordered(name="do", text="c"), "e3")
    small_home.says(Said(text="among themselves", message="m"), "e4", kind=PlaceKind.CHANNEL)
    counted = small_home.meters.inbound.read().values
    assert {series: number for series, number in counted.items() if number} == {
        ("room", "ordered", "done"): 2,
        ("room", "ordered", "repeated"): 1,
        ("room", "ordered", "refused"): 1,
        ("room", "ordered", "unavailable"): 1,
        ("room", "ordered", "failed"): 1,
        ("room", "said", "ignored"): 1,
    }


def test_what_an_event_bound_to_the_log_ends_with_it(small_home: Home) -> None:
    small_home.says(Ordered(name="do", text="a"), "e1")
    small_home.wrong = [RuntimeError()]
    with pytest.raises(RuntimeError):
        small_home.says(Ordered(name="do", text="c"), "e2")
    assert get_contextvars() == {}


# --- timers ---------------------------------------------------------------------------


def test_a_timer_rings_once_when_it_is_due(home: Home) -> None:
    home.says(Ordered(name="do", text="a"), "e1")
    assert (home.app.run_due(), home.app.run_due()) == (1, 0)
    assert home.done == ["a", "rang a"]


def test_a_broken_timer_stops_no_other_and_is_tried_later_and_later(home: Home) -> None:
    with home.database.transaction() as work:
        work.timers.set(Timer(key="bad", due_at=MONDAY, action="test.break"))
        work.timers.set(Timer(key="good", due_at=MONDAY, action="test.ring"))
    home.app.run_due()
    assert home.done == ["rang good"]
    waits = []
    for _ in range(8):
        due = home.app.next_due()
        assert due is not None
        waits.append(int((due - home.now) / timedelta(minutes=1)))
        home.now = due
        home.app.run_due()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert home.waiting() == ["bad"]


def test_a_timer_is_not_blamed_for_a_store_that_is_away(home: Home) -> None:
    home.says(Ordered(name="do", text="a"), "e1")
    home.says(Ordered(name="do", text="b"), "e2")
    home.wrong = [Unavailable()]
    assert home.app.run_due() == 1, "one alone does not stop the others"
    home.wrong = [Unavailable()]
    assert home.app.run_due() == 0
    assert home.app.next_due() == home.now, "it is still due, and not later and later"
    assert home.app.run_due() == 1
    assert sorted(home.done) == ["a", "b", "rang a", "rang b"]


def test_a_store_that_is_away_ends_the_round(home: Home) -> None:
    for number in range(4):
        home.says(Ordered(name="do", text=f"t{number}"), f"e{number}")
    home.wrong = [Unavailable() for _ in range(4)]
    with pytest.raises(Unavailable):
        home.app.run_due()
    assert len(home.wrong) == 2, "two were tried"
    home.wrong = []
    assert home.app.run_due() == 4


def test_a_timer_that_meets_a_conflict_is_tried_once_more_at_once(home: Home) -> None:
    home.says(Ordered(name="do", text="a"), "e1")
    home.wrong = [Conflict()]
    home.app.run_due()
    assert home.done == ["a", "rang a"]
    home.says(Ordered(name="do", text="b"), "e2")
    home.wrong = [Conflict(), Conflict()]
    home.app.run_due()
    assert home.app.next_due() == home.now + timedelta(minutes=1)


def test_a_process_that_ends_begins_no_more_timers(home: Home) -> None:
    for number in range(3):
        home.says(Ordered(name="do", text=f"t{number}"), f"e{number}")
    assert home.app.run_due(is_ending=lambda: any("rang" in did for did in home.done)) == 1
    assert home.app.run_due() == 2


def test_a_timer_of_an_older_version_is_dropped(small_home: Home) -> None:
    with small_home.database.transaction() as work:
        work.timers.set(Timer(key="old", due_at=MONDAY, action="test.gone"))
    small_home.app.run_due()
    assert small_home.waiting() == []


def test_a_stored_reply_is_json_that_can_be_read_again(small_home: Home) -> None:
    reply = small_home.says(Ordered(name="do", text="a"), "e1")
    assert Reply.model_validate_json(json.dumps(reply.model_dump(mode="json"))) == reply


# --- who looks after a workspace ------------------------------------------------------


def test_the_installer_looks_after_the_workspace_and_is_told_once(home: Home) -> None:
    home.administrators["room", "w1"] = Administrators(installer="ana")
    home.says(Ordered(name="help"), "e1", who="bo")
    assert home.managers() == []
    home.says(Ordered(name="help"), "e2")
    home.says(Ordered(name="help"), "e3")
    assert home.managers() == ["ana"]
    (letter,) = home.letters()
    assert "You look after Inflow here from now on" in letter


def test_who_looks_after_a_workspace_is_told_the_policy(home: Home) -> None:
    home.administrators["room", "w1"] = Administrators(named=frozenset({"ana"}))
    home.says(Ordered(name="help"), "e1")
    (letter,) = home.letters()
    assert "appraise, compare or monitor" in letter


def test_whoever_opens_their_page_first_may_be_the_installer(home: Home) -> None:
    home.administrators["room", "w1"] = Administrators(installer="ana")
    home.says(Opened(), "e1")
    assert home.managers() == ["ana"]


def test_the_installer_is_no_manager_where_there_is_one(home: Home) -> None:
    home.administrators["room", "w1"] = Administrators(frozenset({"bo"}), installer="ana")
    home.says(Ordered(name="help"), "e1", who="bo")
    home.says(Ordered(name="help"), "e2")
    assert home.managers() == ["bo"]


def test_a_named_administrator_who_is_known_already_becomes_one_with_the_next_word(
    home: Home,
) -> None:
    home.says(Ordered(name="help"), "e1")
    home.says(Ordered(name="help"), "e2", who="bo")
    home.administrators["room", "w1"] = Administrators(frozenset({"ana", "bo"}))
    home.says(Ordered(name="help"), "e3")
    home.says(Ordered(name="help"), "e4", who="bo")
    assert home.managers() == ["ana", "bo"]


def test_a_named_administrator_has_the_role_for_as_long_as_they_are_named(home: Home) -> None:
    home.administrators["room", "w1"] = Administrators(frozenset({"ana"}))
    home.says(Ordered(name="help"), "e1")
    home.takes_role("ana")
    home.says(Ordered(name="help"), "e2")
    assert home.managers() == ["ana"]
    del home.administrators["room", "w1"]
    home.takes_role("ana")
    home.says(Ordered(name="help"), "e3")
    assert home.managers() == []


def test_administrators_of_one_workspace_are_nobody_in_another(home: Home) -> None:
    home.administrators["room", "w2"] = Administrators(frozenset({"ana"}), installer="ana")
    home.says(Ordered(name="help"), "e1")
    assert home.managers() == []


# --- words, and what is pressed on a page -----------------------------------------------


def test_a_word_that_nobody_knows_leads_to_one_that_is_near_as_code(home: Home) -> None:
    reply = home.says(Ordered(name="halp"), "e1")
    assert reply.message is not None
    (part,) = reply.message.parts
    assert isinstance(part, Text)
    assert "Did you mean `/help`? `/help` lists all I can do." in part.text


def test_help_names_the_words_that_do_without_a_slash(home: Home) -> None:
    reply = home.says(Said(text="help", message="m1"), "e1")
    assert reply.message is not None
    said = render_plain(reply.message)
    assert "it is enough to begin with do, help or home, or to write" in said
    assert "Your own page is at /home." in said


@pytest.mark.parametrize("word", ["learn", "inflow"])
def test_the_root_word_alone_shows_ones_own_page(home: Home, word: str) -> None:
    """It is short, has buttons, and leads to the help."""
    alone = home.says(Ordered(name=word), "e1")
    assert alone.message == home.says(Ordered(name="home"), "e2").message
    helped = home.says(Ordered(name=word, text="help"), "e3")
    assert helped.message == home.says(Ordered(name="help"), "e4").message


def test_a_press_on_the_page_brings_the_page_anew_and_replaces_nothing(home: Home) -> None:
    reply = home.says(Pressed(action="test.do", args={"home": True, "a": 1}, message="m1"), "e1")
    assert (reply.replace, home.pressed) == (False, [({"a": 1}, None)])
    assert reply.page is not None
    assert home.says(Pressed(action="test.do", args={"home": True, "a": 1}), "e1") == reply


def test_a_press_on_any_other_message_brings_no_page(home: Home) -> None:
    reply = home.says(Pressed(action="test.do", args={"a": 1}, message="m1"), "e1")
    assert (reply.replace, reply.page) == (True, None)
    assert home.pressed == [({"a": 1}, "m1")]


def test_help_can_be_pressed(home: Home) -> None:
    reply = home.says(Pressed(action="inflow.help"), "e1")
    assert reply.message is not None
    assert reply.message.summary.startswith("Here is what I can do.")


def test_the_command_of_a_form_is_bare_under_its_field(home: Home) -> None:
    home.wrong = [Invalid(fields={"a": "Say `/do` first."})]
    reply = home.says(Submitted(action="test.do", args={"home": True}), "e1")
    assert (reply.errors, reply.page) == ({"a": "Say /do first."}, None)


def test_plain_words_may_be_the_answer_to_what_was_asked(home: Home) -> None:
    reply = home.says(Said(text="b", message="m1"), "e1")
    assert reply.message == say("Right.")
    home.says(Said(text="bees", message="m2"), "e2")
    assert home.done == ["heard bees"]


def test_an_answer_is_given_in_a_direct_message_only(home: Home) -> None:
    said = Said(text="b", message="m1", mentioned=True)
    reply = home.says(said, "e1", kind=PlaceKind.CHANNEL)
    assert reply.message is not None
    assert "I do not know the command" in render_plain(reply.message)


def test_a_command_is_no_answer(home: Home) -> None:
    home.says(Said(text="do", message="m1"), "e1")
    assert home.done == [""]


def test_greetings_of_thousands_let_everything_else_go_first(home: Home) -> None:
    home.says(Installed(), "e1")
    with home.database.begin() as connection:
        (greeting,) = connection.execute(select(outbox))
    assert greeting.priority == max(Priority)
    assert greeting.due_at <= home.now < greeting.expires_at


def test_who_is_known_to_sleep_is_greeted_when_they_work(home: Home) -> None:
    """Somebody who asked in a channel is given the app in the night."""
    home.says(Ordered(name="do", text="a"), "e1", zone="America/New_York", kind=PlaceKind.CHANNEL)
    home.now = datetime(2026, 3, 7, 7, tzinfo=UTC)
    home.says(Installed(), "e2")
    with home.database.begin() as connection:
        (greeting,) = connection.execute(select(outbox))
    assert greeting.due_at == datetime(2026, 3, 9, 13, tzinfo=UTC)
