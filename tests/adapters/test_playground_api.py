"""The playground's JSON API: what it takes, what it answers, what it refuses."""

import io
import itertools
import json
import re
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.playground.app import EMPTY_HINT, HINT
from adapters.playground.room import Room
from bot.capabilities.questions.memory import Memory
from bot.errors import Invalid, NotFound, Unavailable
from bot.ids import PersonId
from storage.database import Database
from tests.adapters.contract import CHANNEL, DM, HOSTILE, MONDAY, SAMPLES
from tests.adapters.playground_harness import API, PlaygroundHarness, open_harness
from tests.databases import RELAY_KEY


@pytest.fixture
def room(sqlite_url: str) -> Iterator[PlaygroundHarness]:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    with open_harness(database) as harness:
        yield harness
    database.close()


@pytest.fixture
def any_room(database: Database) -> Iterator[PlaygroundHarness]:
    """On each of the databases in turn: for what they may keep differently."""
    with open_harness(database) as harness:
        yield harness


def texts(room: PlaygroundHarness, person: str, conversation: str = DM, **more: str) -> list[str]:
    query = {"as": person, "conversation": conversation, **more}
    return [message["text"] for message in room.get("messages", **query)["messages"]]


def say(room: PlaygroundHarness, text: str, conversation: str = CHANNEL, **more: Any) -> Any:
    return room.post("say", **{"person": "ana", "conversation": conversation, "text": text, **more})


# Saying and seeing


def test_words_stand_in_the_conversation_as_they_were_said(any_room: PlaygroundHarness) -> None:
    for text in HOSTILE:
        say(any_room, text)
    assert texts(any_room, "bo", CHANNEL) == list(HOSTILE)


def test_message_tells_all_a_page_needs(room: PlaygroundHarness) -> None:
    (shown,) = say(room, "/show buttons")["messages"]
    button = shown["buttons"][0]
    assert shown.pop("html").startswith('<div class="card tone-neutral">')
    assert shown.pop("message")["parts"][0] == {"kind": "text", "text": "Pick"}
    assert len(shown.pop("buttons")) == 5
    assert shown == {
        "id": 2,
        "conversation": "#general",
        "thread": None,
        "author": {"id": "bot", "name": "Inflow", "bot": True},
        "at": "2026-03-02T09:00:00+00:00",
        "day": "Monday, 2 March",
        "time": "09:00",
        "text": f"Pick\n\n[Yes]\n[Delete]\n[{'L' * 75}]\n[Four]\n[Five]",
        "reply_count": 0,
        "edited": False,
        "ephemeral": True,
    }
    assert button == {
        "label": "Yes",
        "action": "sample.press",
        "args": {"n": 1},
        "index": 0,
        "style": "primary",
        "confirm": None,
        "options": [],
    }


def test_command_is_seen_by_who_gave_it_alone(room: PlaygroundHarness) -> None:
    say(room, "/publish text")
    ana, bo = texts(room, "ana", CHANNEL), texts(room, "bo", CHANNEL)
    assert ana[0] == "/publish text"
    assert bo == ana[1:]


@pytest.mark.parametrize("person", ["kim", "Kim", "@KIM", " kim "])
def test_person_goes_by_id_handle_and_name(room: PlaygroundHarness, person: str) -> None:
    say(room, "hello", person=person)
    (message,) = room.get("messages", **{"as": "bo", "conversation": "general"})["messages"]
    assert message["author"] == {"id": "kim", "name": "Kim", "bot": False}


@pytest.mark.parametrize("conversation", ["dm", "DM", "dm:ana", "dm:Ana"])
def test_direct_message_has_short_names(room: PlaygroundHarness, conversation: str) -> None:
    say(room, "hello", conversation)
    assert texts(room, "ana")[0] == "hello"
    assert texts(room, "ana", conversation)[0] == "hello"


def test_local_time_is_the_viewers(room: PlaygroundHarness) -> None:
    with room.database.transaction() as work:
        bo = work.people.get(PersonId("bo"))
        assert bo is not None
        bo_in_seoul = type(bo)(
            id=bo.id, workspace=bo.workspace, address="bo", name="Bo", zone="Asia/Seoul"
        )
        work.people.save(bo_in_seoul)
    say(room, "hello")
    (message,) = room.get("messages", **{"as": "bo", "conversation": CHANNEL})["messages"]
    assert message["time"] == "18:00"


def test_thread_is_named_by_any_of_its_messages(any_room: PlaygroundHarness) -> None:
    say(any_room, "root")
    say(any_room, "other")
    say(any_room, "first reply", thread=1)
    say(any_room, "second reply", person="bo", thread="3")
    shown = any_room.get("messages", **{"as": "kim", "conversation": CHANNEL})["messages"]
    assert [(m["text"], m["thread"], m["reply_count"]) for m in shown] == [
        ("root", None, 2),
        ("other", None, 0),
        ("first reply", 1, 0),
        ("second reply", 1, 0),
    ]
    assert texts(any_room, "kim", CHANNEL, thread="4") == ["root", "first reply", "second reply"]
    assert texts(any_room, "kim", CHANNEL, after="2") == ["first reply", "second reply"]


def test_only_the_latest_of_a_long_talk_is_given(room: PlaygroundHarness) -> None:
    for number in range(310):
        room.room.say("ana", CHANNEL, str(number))
    assert texts(room, "bo", CHANNEL) == [str(number) for number in range(10, 310)]


def test_conversations_tell_what_came_last_from_somebody_else(room: PlaygroundHarness) -> None:
    say(room, "one", person="bo")
    say(room, "two")
    say(room, "hello", DM)
    assert room.get("conversations", **{"as": "ana"})["conversations"] == [
        {"id": "#general", "kind": "channel", "title": "#general", "last": 1},
        {
            "id": "dm:ana",
            "kind": "dm",
            "title": "Inflow",
            "person": "ana",
            "name": "Ana",
            "last": 4,
        },
    ]


def test_conversations_of_everybody_are_told_without_a_name(room: PlaygroundHarness) -> None:
    say(room, "one")
    say(room, "/show text", person="kim")
    say(room, "hello", DM, person="bo")
    dms = {"kind": "dm", "title": "Inflow"}
    assert room.get("conversations")["conversations"] == [
        {"id": "#general", "kind": "channel", "title": "#general", "last": 1},
        {"id": "dm:ana", **dms, "person": "ana", "name": "Ana", "last": 0},
        {"id": "dm:bo", **dms, "person": "bo", "name": "Bo", "last": 5},
        {"id": "dm:kim", **dms, "person": "kim", "name": "Kim", "last": 0},
    ]


def threads_of(room: PlaygroundHarness, **query: str) -> list[Any]:
    listed = room.get("conversations", **query)["conversations"]
    return [each for each in listed if each["kind"] == "thread"]


def test_thread_with_something_in_it_is_a_conversation(any_room: PlaygroundHarness) -> None:
    say(any_room, "Where  are\nthe pencils kept, " + "please " * 20)
    say(any_room, "nobody replies to this")
    say(any_room, "in the cupboard", "#general:1", person="bo")
    say(any_room, "thanks", "general:3")
    thread = {
        "id": "#general:1",
        "kind": "thread",
        "title": "Where are the pencils kept, please please please please ple…",
        "parent": "#general",
        "last": 3,
    }
    assert threads_of(any_room, **{"as": "ana"}) == [thread]
    assert threads_of(any_room, **{"as": "kim"}) == [{**thread, "last": 4}]
    assert threads_of(any_room) == [{**thread, "last": 4}]
    assert texts(any_room, "kim", "#general:1")[1:] == ["in the cupboard", "thanks"]
    assert texts(any_room, "kim", "#general:1", thread="4", after="3") == ["thanks"]


def test_thread_of_a_direct_message_is_its_persons_own(room: PlaygroundHarness) -> None:
    say(room, "hello", DM)
    say(room, "and another thing", "dm:1")
    say(room, "and one more", "dm:ana:3")
    (thread,) = threads_of(room, **{"as": "ana"})
    assert (thread["id"], thread["parent"], thread["person"]) == ("dm:ana:1", "dm:ana", "ana")
    assert threads_of(room) == [thread]
    assert threads_of(room, **{"as": "bo"}) == []
    assert "and one more" in texts(room, "ana", "dm:ana:1")
    for reading in ("dm:ana:1", "dm:1"):
        query = {"as": "bo", "conversation": reading}
        assert room.send("GET", API + "messages", params=query)[0] == 404


def test_thread_below_what_one_person_sees_is_listed_to_them_alone(
    room: PlaygroundHarness,
) -> None:
    say(room, "/show text")
    say(room, "what does that mean?", "#general:2")
    assert [each["id"] for each in threads_of(room, **{"as": "ana"})] == ["#general:2"]
    assert threads_of(room, **{"as": "bo"}) == threads_of(room) == []


@pytest.mark.parametrize(
    "conversation", ["#general:99", "#nowhere:1", "#general:", "dm:bo:1", ":1"]
)
def test_thread_that_is_not_there_gets_a_sentence(
    room: PlaygroundHarness, conversation: str
) -> None:
    say(room, "root")
    body = {"person": "ana", "conversation": conversation, "text": "hello"}
    status, answer, _ = room.send("POST", API + "say", json=body)
    assert (status, answer.keys()) == (404, {"error"})


def test_two_names_of_a_thread_must_be_of_the_same_one(room: PlaygroundHarness) -> None:
    say(room, "one")
    say(room, "two")
    body = {"person": "ana", "conversation": "#general:1", "thread": 2, "text": "hello"}
    assert room.send("POST", API + "say", json=body)[:2] == (
        404,
        {"error": "That is another thread."},
    )


def test_place_of_a_letter_becomes_a_channel(room: PlaygroundHarness) -> None:
    say(room, "/write k1 #travel Hello")
    assert texts(room, "bo", "#travel") == ["Hello"]
    assert texts(room, "bo", "travel") == ["Hello"]


def test_people_show_who_has_something_new(room: PlaygroundHarness) -> None:
    say(room, "/write k1 bo Hello")
    say(room, "/show text")
    people = {each["id"]: each for each in room.get("people")["people"]}
    assert {name: each["news"] for name, each in people.items()} == {
        "ana": {"#general": 4},
        "bo": {"dm:bo": 2},
        "kim": {},
    }
    assert people["kim"] == {
        "id": "kim",
        "name": "Kim",
        "handle": "kim",
        "title": None,
        "zone": "UTC",
        "local_time": "Mon 09:00",
        "roles": [],
        "state": "working",
        "news": {},
    }


def test_commands_are_listed_for_completion(room: PlaygroundHarness) -> None:
    listed = room.get("commands")
    words = [each["word"] for each in listed["commands"]]
    assert words == [*room.app.registry.orders, "help", "home"]
    assert listed["shortcuts"] == [{"name": "note", "title": "Take a note", "on_message": True}]


def test_shortcut_takes_the_message_and_who_wrote_it(room: PlaygroundHarness) -> None:
    say(room, "remember <this>", person="bo")
    (noted,) = room.post("shortcut", person="ana", name="note", message=1)["messages"]
    assert noted["text"] == "Noted: remember <this> (by bo)"
    (noted,) = room.post("shortcut", person="ana", name="note", message=2)["messages"]
    assert noted["text"] == "Noted: Noted: remember <this> (by bo) (by None)"
    (noted,) = room.post("shortcut", person="ana", name="note")["messages"]
    assert noted["conversation"] == "dm:ana"


# What an act led to


def led_to(answer: Any) -> tuple[list[str], list[str]]:
    return [message["text"] for message in answer["messages"]], answer["elsewhere"]


@pytest.mark.parametrize("place", [DM, CHANNEL])
def test_answer_holds_the_letters_that_an_act_led_to(
    any_room: PlaygroundHarness, place: str
) -> None:
    to = "ana" if place == DM else CHANNEL
    assert led_to(say(any_room, f"/write k1 {to} first", place)) == (["first"], [])
    assert led_to(say(any_room, f"/tell k1+ {to} second", place)) == (["Written", "second"], [])
    assert led_to(say(any_room, f"/tell k2 {to} third", place)) == (["Written", "third"], [])


def test_answer_names_the_other_places_where_something_is_new(room: PlaygroundHarness) -> None:
    assert led_to(say(room, "/write k1 ana for you")) == ([], ["dm:ana"])
    assert led_to(say(room, "/tell k2 #travel for all", DM)) == (["Written"], ["#travel"])
    assert led_to(say(room, "/tell k3 bo not for you")) == (["Written"], [])
    assert led_to(say(room, "good morning")) == ([], [])


def test_letter_in_a_thread_is_in_the_answer(room: PlaygroundHarness) -> None:
    say(room, f"/write k1 {CHANNEL} Speak here")
    texts_, _ = led_to(say(room, "here", "#general:2"))
    assert texts_ == ["Ana said in the thread of sample:k1: here"]


def test_repeated_act_gets_the_whole_answer_again(any_room: PlaygroundHarness) -> None:
    first = say(any_room, "/tell k1 ana words", DM, event_id="e")
    say(any_room, "/write k2 ana more", DM)
    again = say(any_room, "/tell k1 ana words", DM, event_id="e")
    assert led_to(first) == (["Written", "words"], [])
    assert again == first


def test_press_tells_what_else_it_led_to(room: PlaygroundHarness) -> None:
    say(room, "/write k1 ana before", DM)
    (card,) = say(room, "/show buttons", DM)["messages"]
    # What waits since an earlier act goes out with this one.
    room.room.say("ana", DM, "/write k1+ ana after")
    done = room.post("press", person="ana", message=card["id"], action="Yes")
    assert led_to(done) == (["You pressed [('n', 1)]", "after"], [])


# Pressing


def test_press_uses_the_stored_args(room: PlaygroundHarness) -> None:
    (card,) = say(room, "/show buttons")["messages"]
    done = room.post(
        "press", person="ana", message=card["id"], action="sample.press", args={"n": 1}
    )
    assert done["messages"][0]["text"] == "You pressed [('n', 1)]"
    assert done["messages"][0]["edited"]


@pytest.mark.parametrize(
    ("pick", "args"), [({}, "[('n', 1)]"), ({"index": 4}, "[]"), ({"index": 3}, "xxxx")]
)
def test_several_buttons_of_one_action_are_told_apart(
    any_room: PlaygroundHarness, pick: dict[str, int], args: str
) -> None:
    (card,) = say(any_room, "/show buttons")["messages"]
    done = any_room.post("press", person="ana", message=card["id"], action="sample.press", **pick)
    assert args in done["messages"][0]["text"]


def test_each_button_has_an_action_that_names_it_alone(room: PlaygroundHarness) -> None:
    (shown,) = say(room, "/show buttons")["messages"]
    actions = [button["action"] for button in shown["buttons"]]
    assert len(actions) == len(set(actions))
    seen = set()
    for action in actions:
        (again,) = say(room, "/show buttons")["messages"]
        done = room.post("press", person="ana", message=again["id"], action=action)
        seen.add(done["messages"][0]["text"])
    assert len(seen) == 3, "one without args, one with n, one with a long text, as they stand"


def test_whoever_left_is_not_there_any_more(room: PlaygroundHarness) -> None:
    assert room.post("leave", person="bo") == {"left": "Bo"}
    assert "bo" not in [person["handle"] for person in room.get("people")["people"]]
    body = {"person": "bo", "conversation": CHANNEL, "text": "Hello?"}
    status, answer, _ = room.send("POST", API + "say", json=body)
    assert status == 404
    assert "bo" in answer["error"]


def test_whoever_joins_is_there_with_a_clock_of_their_own(any_room: PlaygroundHarness) -> None:
    joined = any_room.post("people", name=" Nora  Ng ", zone="Asia/Seoul", title="New here")
    nora = joined["person"]
    assert {**nora, "id": "", "news": {}} == {
        "id": "",
        "name": "Nora Ng",
        "handle": "nora-ng",
        "title": "New here",
        "zone": "Asia/Seoul",
        "local_time": "Mon 18:00",
        "roles": ["community_manager"],
        "state": "off hours",
        "news": {},
    }
    assert nora in any_room.get("people")["people"]
    (welcome,) = any_room.get("messages", **{"as": "nora-ng", "conversation": DM})["messages"]
    assert welcome["text"].startswith("Here is what I can do")
    assert (welcome["time"], nora["news"]) == ("18:00", {f"dm:{nora['id']}": welcome["id"]})
    (said,) = say(any_room, "hello", DM, person="Nora Ng")["messages"]
    assert said["text"] == "5 characters: hello"


def test_joining_twice_is_joining_once(room: PlaygroundHarness) -> None:
    first = room.post("people", name="Nora", event_id="e")
    assert room.post("people", name="Nora", event_id="e") == first
    status, answer, _ = room.send("POST", API + "people", json={"name": "nora"})
    assert (status, answer) == (
        409,
        {"error": "Somebody called “nora” is here already. Please choose another name."},
    )
    assert len(room.get("people")["people"]) == 4


@pytest.mark.parametrize("name", ["علي", "<b>", "**x**", "dm", "Bo!", "..", "p" * 150])
def test_any_name_can_join_leave_and_come_again(room: PlaygroundHarness, name: str) -> None:
    handles = set()
    for _ in range(2):
        joined = room.post("people", name=name)["person"]
        assert joined["name"] == name
        handles.add(joined["handle"])
        say(room, "hello", person=joined["handle"])
        assert texts(room, joined["id"])
        room.post("leave", person=joined["id"])
    assert len(handles) == 2, "whoever has left keeps the handle"
    assert len(texts(room, "bo", CHANNEL)) == 2


def test_first_to_join_finds_an_empty_place(room: PlaygroundHarness) -> None:
    empty = Room(
        app=room.app,
        database=room.database,
        transcript=room.transcript,
        clock=room.clock.now,
        new_id=lambda: "p1",
        workspace="another",
    )
    with pytest.raises(NotFound):
        empty.people()
    empty.join("Nora")
    assert [person["name"] for person in empty.people()] == ["Nora"]


def test_first_to_join_looks_after_the_place_from_ten_in_the_morning_on(
    room: PlaygroundHarness,
) -> None:
    ids = (f"p{number}" for number in itertools.count())
    empty = Room(
        app=room.app,
        database=room.database,
        transcript=room.transcript,
        clock=room.clock.now,
        new_id=lambda: next(ids),
        workspace="another",
        move_clock=room.clock.set_to,
    )
    with pytest.raises(Invalid):
        empty.join("Nora", zone="Nowhere")
    assert room.clock.now() == MONDAY, "nobody has joined"
    nora = empty.join("Nora", zone="Asia/Seoul")
    assert (nora["local_time"], nora["state"]) == ("Tue 10:00", "working")
    assert (nora["roles"], nora["title"]) == (["community_manager"], "Community manager")
    (welcome,) = empty.messages("nora", DM)
    assert welcome["time"] == "10:00"
    moved = room.clock.now()
    bo = empty.join("Bo", zone="Europe/Berlin")
    assert (bo["roles"], bo["title"], room.clock.now()) == ([], None, moved)


def test_somebody_looks_after_the_place_again_when_its_manager_has_left(
    room: PlaygroundHarness,
) -> None:
    roles = [room.post("people", name=name)["person"]["roles"] for name in ("Nora", "Lou")]
    assert roles == [["community_manager"], []]
    room.post("leave", person="Nora")
    assert room.post("people", name="Kai")["person"]["roles"] == ["community_manager"]


def test_page_tells_how_to_begin_only_while_nobody_is_there(room: PlaygroundHarness) -> None:
    def page() -> str:
        return str(room.send("GET", "/playground")[1])

    assert HINT in page()
    for person in room.get("people")["people"]:
        room.post("leave", person=person["id"])
    assert EMPTY_HINT in page()
    assert HINT not in page()
    room.post("people", name="Nora")
    assert EMPTY_HINT not in page()


def test_pages_look_again_when_somebody_joins_or_leaves(room: PlaygroundHarness) -> None:
    revisions = [room.get("revision")]
    room.post("people", name="Nora")
    revisions.append(room.get("revision"))
    room.post("leave", person="Nora")
    revisions.append(room.get("revision"))
    assert len({each["revision"] for each in revisions}) == 3


def test_stale_press_shows_how_the_message_stands(room: PlaygroundHarness) -> None:
    (card,) = say(room, "/show buttons")["messages"]
    press = {"person": "ana", "message": card["id"], "action": "Yes"}
    before = room.post("press", **press)["messages"]
    again = room.post("press", **press)
    assert again["messages"] == before
    assert again["notice"] == "That button is no longer there. This is how the message stands now."
    assert len(texts(room, "ana", CHANNEL)) == 2


def test_nobody_presses_what_they_cannot_see(room: PlaygroundHarness) -> None:
    (card,) = say(room, "/show buttons")["messages"]
    press = {"person": "bo", "message": card["id"], "action": "Yes"}
    assert room.send("POST", API + "press", json=press)[:2] == (
        404,
        {"error": "I cannot find that message."},
    )


def test_late_repetition_does_not_undo_what_was_written_since(room: PlaygroundHarness) -> None:
    say(room, f"/write k1 {CHANNEL} before")
    say(room, "/show buttons", DM, event_id="show")
    card = next(m for m in room.heard("ana") if m.controls)
    press = {"person": "ana", "message": card.id, "action": "Yes", "event_id": "p"}
    room.post("press", **press)
    room.transcript.edit(int(card.id), {"text": "later"}, MONDAY)
    (shown,) = room.post("press", **press)["messages"]
    assert shown["text"] == "later"


# Forms


def test_form_survives_a_new_start_and_is_sent_once(any_room: PlaygroundHarness) -> None:
    form = say(any_room, "/open")["form"]
    assert [field["name"] for field in form["fields"]][:2] == ["word", "story"]
    with open_harness(any_room.database) as later:
        values = {"word": "x", "count": 3}
        send = {"person": "ana", "form": form["id"], "values": values, "event_id": "s"}
        (first,) = later.post("submit", **send)["messages"]
        assert "count=3" in first["text"]
        (again,) = later.post("submit", **send)["messages"]
        assert again == first
        other = later.post("submit", **{**send, "event_id": "t"})
        assert other["messages"] == []
        assert other["notice"] == "That form has been sent already."


def test_form_with_errors_comes_back(room: PlaygroundHarness) -> None:
    form = say(room, "/open")["form"]
    values = {"day": "soon", "size": "x"}
    send = {"person": "ana", "form": form["id"], "values": values}
    status, sent, _ = room.send("POST", API + "submit", json=send)
    assert status == 422
    assert sent["error"] == "Please fill this in."
    assert sent["form"] == form
    assert sent["errors"] == {
        "word": "Please fill this in.",
        "day": "Please give a date as year-month-day, for example 2026-03-02.",
        "size": "This form has no such field.",
    }
    assert sent["messages"] == []


def test_form_that_the_core_refuses_comes_back_with_a_sentence(room: PlaygroundHarness) -> None:
    form = say(room, "/open")["form"]
    send = {"person": "ana", "form": form["id"], "values": {"word": "wrong"}}
    status, sent, _ = room.send("POST", API + "submit", json=send)
    assert (status, sent["error"], sent["form"]) == (422, "Not this one.", form)
    assert sent["errors"] == {"word": "Not this one."}


def test_form_says_at_once_all_that_is_wrong(room: PlaygroundHarness) -> None:
    form = say(room, "/open")["form"]
    send = {"person": "ana", "form": form["id"], "values": {"word": "wrong", "day": "soon"}}
    status, sent, _ = room.send("POST", API + "submit", json=send)
    assert (status, sent["form"]) == (422, form)
    assert sent["errors"] == {
        "day": "Please give a date as year-month-day, for example 2026-03-02.",
        "word": "Not this one.",
    }


def test_form_belongs_to_who_opened_it(room: PlaygroundHarness) -> None:
    form = say(room, "/open")["form"]
    send = {"person": "bo", "form": form["id"], "values": {"word": "x"}}
    assert room.send("POST", API + "submit", json=send)[0] == 404


def test_oldest_open_form_is_forgotten(room: PlaygroundHarness) -> None:
    forms = [say(room, "/open")["form"]["id"] for _ in range(9)]
    send = {"person": "ana", "values": {"word": "x"}}
    assert room.send("POST", API + "submit", json={**send, "form": forms[0]})[0] == 404
    assert room.post("submit", **send, form=forms[1])["messages"]


# The clock


def test_week_is_played_in_order(any_room: PlaygroundHarness) -> None:
    for seconds, words in ((500_000, "later"), (60, "soon"), (700_000, "too late")):
        say(any_room, f"/remind {seconds} {words}", DM)
    moved = any_room.post("clock", advance="P7D")
    assert moved == {
        "now": (MONDAY + timedelta(days=7)).isoformat(),
        "moved_seconds": 7 * 86_400,
        "ran": 2,
    }
    shown = any_room.get("messages", **{"as": "ana", "conversation": DM})["messages"]
    assert [(m["text"], m["at"]) for m in shown if m["author"]["bot"]] == [
        ("soon", (MONDAY + timedelta(seconds=60)).isoformat()),
        ("later", (MONDAY + timedelta(seconds=500_000)).isoformat()),
    ]


@pytest.mark.parametrize(
    ("advance", "now"),
    [
        ("PT1H", "2026-03-02T10:00:00+00:00"),
        ("PT24H", "2026-03-03T09:00:00+00:00"),
        ("P1DT30M", "2026-03-03T09:30:00+00:00"),
        ("PT0S", "2026-03-02T09:00:00+00:00"),
        ("next_morning", "2026-03-02T10:00:00+00:00"),
    ],
)
def test_clock_moves(room: PlaygroundHarness, advance: str, now: str) -> None:
    assert room.post("clock", advance=advance)["now"] == now
    assert room.get("clock")["now"] == now


def test_next_morning_is_a_later_one_each_time(room: PlaygroundHarness) -> None:
    mornings = [room.post("clock", advance="next_morning", person="ana")["now"] for _ in range(6)]
    assert [morning[5:16] for morning in mornings] == [
        "03-02T10:00", "03-03T10:00", "03-04T10:00", "03-05T10:00", "03-06T10:00", "03-09T10:00",
    ]  # fmt: skip


@pytest.mark.parametrize("advance", ["-PT1H", "P93D", "tomorrow", "", "3600", "24:00:00"])
def test_clock_does_not_move_backwards_nor_far_nor_by_guess(
    room: PlaygroundHarness, advance: str
) -> None:
    status, answer, _ = room.send("POST", API + "clock", json={"advance": advance})
    assert status == 422
    assert answer["error"].endswith(".")
    assert room.get("clock")["moved_seconds"] == 0


def test_moved_clock_stays_moved(room: PlaygroundHarness) -> None:
    room.post("clock", advance="P7D")
    with open_harness(room.database) as later:
        assert later.get("clock")["now"] == (MONDAY + timedelta(days=7)).isoformat()


# Looking again


def test_revision_changes_with_what_can_be_seen(room: PlaygroundHarness) -> None:
    first = room.get("revision")
    assert room.get("revision") == first
    say(room, "hello")
    second = room.get("revision")
    room.post("clock", advance="PT1H")
    assert first != second != room.get("revision")


# What is refused


SAY = {"person": "ana", "conversation": CHANNEL, "text": "hello"}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("say", {**SAY, "person": "nobody"}, 404),
        ("say", {**SAY, "conversation": "#nowhere"}, 404),
        ("say", {**SAY, "conversation": "dm:bo"}, 404),
        ("say", {**SAY, "thread": 99}, 404),
        ("say", {**SAY, "thread": "1; drop"}, 404),
        ("say", {**SAY, "thread": "9" * 40}, 404),
        ("say", {**SAY, "text": ""}, 422),
        ("say", {**SAY, "text": " \n\t"}, 422),
        ("say", {**SAY, "text": "\0"}, 422),
        ("say", {**SAY, "text": "x" * 50_001}, 422),
        ("say", {**SAY, "text": None}, 422),
        ("say", {**SAY, "text": ["x"]}, 422),
        ("say", {**SAY, "more": 1}, 422),
        ("say", {"person": "ana"}, 422),
        ("say", {**SAY, "event_id": "x" * 101}, 422),
        ("press", {"person": "ana", "message": 99, "action": "x"}, 404),
        ("press", {"person": "ana", "message": "x", "action": "x"}, 404),
        ("press", {"person": "ana", "message": 1}, 422),
        ("submit", {"person": "ana", "form": "x", "values": {}}, 404),
        ("submit", {"person": "ana", "form": "x", "values": []}, 422),
        ("shortcut", {"person": "ana", "name": "note", "message": 99}, 404),
        ("mark", {"person": "ana", "name": "accept", "message": 99}, 404),
        ("people", {"name": " "}, 422),
        ("people", {"name": "\0"}, 422),
        ("people", {"name": "x" * 151}, 422),
        ("people", {"name": "Nora", "zone": "Mars/Crater"}, 422),
        ("people", {"name": "Nora", "zone": "../../etc"}, 422),
        ("people", {"name": "Nora", "roles": ["operator"]}, 422),
        ("people", {"name": "ANA"}, 409),
        ("leave", {"person": "nobody"}, 404),
        ("clock", {}, 422),
        ("clock", {"advance": "next_morning", "person": "nobody"}, 404),
    ],
)
def test_wrong_request_gets_a_sentence(
    room: PlaygroundHarness, path: str, body: dict[str, object], status: int
) -> None:
    got, answer, _ = room.send("POST", API + path, json=body)
    assert (got, answer.keys()) == (status, {"error"})
    assert answer["error"][-1] in ".…"
    assert texts(room, "ana", CHANNEL) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"null", 400),
        (b'{"person": NaN}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"x":' * 5_000 + b"1" + b"}" * 5_000, 400),
        (b"1" * 5_000, 400),
        (b'{"text": "' + b"x" * 1024 * 1024 + b'"}', 413),
    ],
)
def test_what_is_not_json_gets_a_sentence(
    room: PlaygroundHarness, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    got, answer, _ = room.send("POST", API + "say", data=io.BytesIO(body), headers=headers)
    assert (got, answer.keys()) == (status, {"error"})


def test_forty_thousand_emoji_fit(any_room: PlaygroundHarness) -> None:
    text = "\N{GRINNING FACE}" * 40_000
    body = json.dumps({**SAY, "conversation": DM, "text": text}, ensure_ascii=True)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    status, answer, _ = any_room.send("POST", API + "say", data=body.encode(), headers=headers)
    assert status == 200
    assert answer["messages"][0]["text"].startswith("40000 characters")


def test_halves_of_characters_do_no_harm(any_room: PlaygroundHarness) -> None:
    body = b'{"person": "ana", "conversation": "dm", "text": "a\\ud83d\\u0000b"}'
    headers = {"Content-Type": "application/json"}
    assert any_room.send("POST", API + "say", data=body, headers=headers)[0] == 200
    assert texts(any_room, "ana")[0] == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "say", 405),
        ("PUT", "say", 405),
        ("PUT", "people", 405),
        ("DELETE", "clock", 405),
        ("GET", "", 404),
        ("GET", "nothing", 404),
        ("POST", "nothing", 404),
        ("GET", "messages", 422),
        ("GET", "messages?as=ana", 422),
        ("GET", "messages?as=ana&conversation=%23general&after=x", 422),
        ("GET", "messages?as=nobody&conversation=%23general", 404),
        ("GET", "messages?as=ana&conversation=dm:bo", 404),
        ("GET", "conversations?as=nobody", 404),
    ],
)
def test_wrong_address_gets_a_sentence(
    room: PlaygroundHarness, method: str, path: str, status: int
) -> None:
    got, answer, headers = room.send(method, API + path)
    assert (got, answer.keys()) == (status, {"error"})
    assert headers["Content-Type"].startswith("application/json")
    if status == 405:
        assert headers["Allow"]


def test_what_is_not_sent_as_json_is_refused(room: PlaygroundHarness) -> None:
    status, answer, _ = room.send("POST", API + "say", data=json.dumps(SAY))
    assert (status, answer.keys()) == (415, {"error"})


def test_store_out_of_reach_is_said_and_nothing_is_lost(room: PlaygroundHarness) -> None:
    body = {**SAY, "text": "/fail"}
    status, answer, headers = room.send("POST", API + "say", json=body)
    assert (status, headers["Retry-After"]) == (503, "5")
    assert answer == {"error": str(Unavailable())}
    assert texts(room, "ana", CHANNEL) == ["/fail"]


def test_failure_of_ours_is_a_sentence_without_the_words(
    room: PlaygroundHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer, _ = room.send("POST", API + "say", json={**SAY, "text": "/show secret-name"})
    assert (status, answer) == (
        500,
        {"error": "Something broke on our side. Please try that again."},
    )
    logged = "".join(capsys.readouterr())
    assert "KeyError" in logged
    assert "secret-name" not in logged


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "192.168.0.7"},
        {"Host": "[::1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_others_are_kept_out(room: PlaygroundHarness, headers: dict[str, str]) -> None:
    status, answer, _ = room.send("POST", API + "say", json=SAY, headers=headers)
    assert status in {400, 403}
    assert answer.keys() == {"error"}
    assert texts(room, "ana", CHANNEL) == []


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1:1", "[::1]:8765", "LOCALHOST"])
def test_names_of_this_machine_are_let_in(room: PlaygroundHarness, host: str) -> None:
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert room.send("POST", API + "say", json=SAY, headers=headers)[0] == 200


# The page


def test_page_is_served_without_anything_of_others(room: PlaygroundHarness) -> None:
    assert room.send("GET", "/")[2]["Location"] == "/playground"
    named = room.send("GET", "/?as=ana&in=dm")
    assert named[2]["Location"] == "/playground?as=ana&in=dm"
    status, page, headers = room.send("GET", "/playground")
    assert status == 200
    assert "Inflow" in page
    assert "://" not in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for asset in ("page.js", "page.css", "icon.svg"):
        assert f"/playground/static/{asset}" in page
        assert room.send("GET", f"/playground/static/{asset}")[0] == 200
    assert room.send("GET", "/playground/static/../app.py")[0] == 404


def test_readme_shows_the_page() -> None:
    root = Path(__file__).parents[2]
    (shown,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (root / "README.md").read_text("utf-8"))
    picture = (root / shown).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", picture[16:24]) == (1280, 800), "its IHDR: width and height"
    assert len(picture) < 150_000


def test_server_says_that_it_is_well(room: PlaygroundHarness) -> None:
    assert room.send("GET", "/healthz")[:2] == (200, {"status": "ok"})


def test_every_sample_has_a_page(room: PlaygroundHarness) -> None:
    for name in SAMPLES:
        say(room, f"/publish {name}")
    assert len(texts(room, "bo", CHANNEL)) == len(SAMPLES)
