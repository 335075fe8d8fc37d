"""What Teams is answered, and what people see of it, beyond what every platform does."""

import asyncio
import json
import shutil
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from msrest import ServiceClient

from adapters.teams import answer
from adapters.teams.app import LONGEST_BODY, read_activity
from adapters.teams.control import write_look, write_press
from adapters.teams.messages import (
    ANSWERED_APART,
    ANSWERED_BELOW,
    BROKEN,
    BUSY,
    DONE,
    LATE,
    LATE_FORM,
    NO_CHAT,
    NOT_SERVED,
    OPEN_CHAT,
    STALE,
)
from adapters.teams.read import NAME, Contact
from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from bot.inbound import Inbound, PlaceKind
from bot.messages import GREETING
from bot.people import Person, is_cut_off
from bot.reply import Reply
from storage.database import Database
from tests.adapters.contract import CHANNEL, DM, Heard, OpenForm
from tests.adapters.slack_desk import Doing, make_capability
from tests.adapters.teams.memory import TENANT, Somebody
from tests.adapters.teams.screen import Control
from tests.adapters.teams_harness import HANDLE, Json, Seen, TeamsHarness, open_harness
from tests.adapters.test_teams_auth import FORGED, SERVICE
from tests.databases import RELAY_KEY

T = TypeVar("T")

DIALOGS = frozenset({"door.open", "door.both", "door.alone"})


@pytest.fixture
def doing() -> Doing:
    return Doing()


@contextmanager
def open_desk(template: Path, folder: Path, doing: Doing) -> Iterator[TeamsHarness]:
    file = shutil.copyfile(template, folder / "teams.db")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    with open_harness(database, DIALOGS, [make_capability(doing)]) as harness:
        yield harness
    database.close()


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path, doing: Doing) -> Iterator[TeamsHarness]:
    """Everybody in Teams, with buttons that open dialogs."""
    with open_desk(sqlite_template, tmp_path, doing) as harness:
        yield harness


@pytest.fixture(scope="module")
def shared(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TeamsHarness]:
    """One for tests after which nothing is otherwise."""
    with open_desk(sqlite_template, tmp_path_factory.mktemp("teams"), Doing()) as harness:
        yield harness


def card_of(desk: TeamsHarness, text: str, place: str = DM) -> Heard:
    (card,) = desk.say("ana", text, place).messages
    return card


def person_of(desk: TeamsHarness, somebody: Somebody) -> Person:
    with desk.database.transaction() as work:
        _, person = work.people.find(NAME, TENANT, somebody.entra)
    assert person is not None
    return person


def forget(desk: TeamsHarness, somebody: Somebody) -> None:
    """As if they had taken the app away."""
    site = desk.site
    found = site.runner.run(site.contacts.find_person(TENANT, somebody.entra))
    if found is not None and found.kind is PlaceKind.DM:
        site.runner.run(site.contacts.drop(found))


def door(desk: TeamsHarness) -> Heard:
    """A card with buttons that stands in the channel, for all."""
    return card_of(desk, "/door all", CHANNEL)


def press(desk: TeamsHarness, card: Heard, label: str, person: str = "ana") -> Seen:
    site, somebody = desk.site, desk.people[person]
    place, post = desk.find(card.id)
    control = site.screen(post, somebody).control(label)
    return site.tell(site.press(somebody, place, post, control))


def shown(desk: TeamsHarness, person: str = "ana", place: str = DM) -> list[str]:
    return [heard.plain for heard in desk.heard(person, place)]


# Who is heard ----------------------------------------------------------------------------


def words(desk: TeamsHarness, text: str = "hello", **more: Any) -> Json:
    place = desk.site.teams.add_personal(desk.people["ana"])
    return desk.site.words(desk.people["ana"], place, text) | more


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, b"{", {}),
        (400, b"[]", {}),
        (400, b"\xff", {}),
        (400, b"[" * 100_000, {}),
        (400, b"{}", {"Content-Type": "text/plain"}),
        (400, b"{}", {"Content-Type": ""}),
        (401, b"{}", {"Authorization": ""}),
        (401, b"{}", {"Authorization": "Bearer a.b.c"}),
        (403, b"{}", {}),
        (403, b'{"channelId": "msteams", "serviceUrl": "https://evil.example/"}', {}),
        (413, b" " * (LONGEST_BODY + 1), {}),
    ],
)
def test_what_teams_would_not_say_has_a_status(
    shared: TeamsHarness, status: int, body: bytes, headers: dict[str, str]
) -> None:
    teams = shared.site.teams
    given = {
        "Authorization": f"Bearer {teams.signer.token(teams.service_url)}",
        "Content-Type": "application/json",
    }
    told = shared.site.run(shared.site.wire.send_raw(body, given | headers))
    assert (told.status, told.raw) == (status, b"")


# What is too long for a header is refused by the server before anybody looks at it.
@pytest.mark.parametrize("name", [name for name in FORGED if name != "too long"])
@pytest.mark.filterwarnings("ignore")  # Forging makes the library warn of what it makes.
def test_forged_token_is_refused_and_does_nothing(shared: TeamsHarness, name: str) -> None:
    def kept() -> list[int]:
        with shared.database.begin() as connection:
            tables = ("inbox", "people", "teams_people", "teams_places", "outbox", "showings")
            counts = [f"SELECT count(*) FROM {table}" for table in tables]
            return [connection.exec_driver_sql(count).scalar_one() for count in counts]

    token = FORGED[name](shared.site.teams.signer)
    before, kept_before = len(shared.site.teams.calls), kept()
    stranger = {"id": "29:stranger", "name": "Eve", "aadObjectId": "stranger"}
    spoken = words(shared, "/show text", serviceUrl=SERVICE) | {"from": stranger}
    activity = json.dumps(spoken).encode()
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    told = shared.site.run(shared.site.wire.send_raw(activity, headers))
    assert told.status == 401
    assert (told.raw, len(shared.site.teams.calls)) == (b"", before)
    assert kept() == kept_before


def test_service_url_of_nobodys_is_refused_though_the_token_says_it(shared: TeamsHarness) -> None:
    url = "https://evil.example/"
    activity = words(shared, serviceUrl=url)
    told = shared.site.run(shared.site.wire.send(activity, shared.site.teams.signer.token(url)))
    assert told.status == 403
    assert shown(shared) == []


@pytest.mark.parametrize(
    "more",
    [
        {"type": None},
        {"type": 5},
        {"conversation": 7},
        {"from": "ana"},
        {"entities": "x"},
        {"attachments": {"a": 1}},
        {"type": "somethingNew"},
        {"type": "typing"},
    ],
)
def test_shapes_that_teams_does_not_write_come_to_nothing(shared: TeamsHarness, more: Json) -> None:
    told = shared.site.run(shared.site.wire.send(words(shared) | more))
    assert told.status == (200 if isinstance(more.get("type", ""), str) else 400)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("signin/verifyState", {}, 501),
        ("composeExtension/query", {}, 501),
        (None, {}, 501),
        ("task/fetch", None, 400),
        ("adaptiveCard/action", {"action": 1}, 400),
    ],
)
def test_invoke_that_we_do_not_know_is_said_to_be_so(
    shared: TeamsHarness, name: str, value: Json, status: int
) -> None:
    ana = shared.people["ana"]
    place = shared.site.teams.add_personal(ana)
    activity = shared.site.invoke(ana, place, name, value, None)
    assert shared.site.run(shared.site.wire.send(activity)).status == status


@pytest.mark.parametrize("more", [{"timestamp": "yesterday"}, {"importance": 3}, {"new": [{}]}])
def test_what_we_do_not_need_may_be_otherwise_one_day(desk: TeamsHarness, more: Json) -> None:
    """botbuilder's own reading would refuse some of these, and nobody mends it any more."""
    desk.site.tell(words(desk) | more)
    assert shown(desk) == ["5 characters: hello"]


def test_body_may_begin_with_a_mark_of_its_order() -> None:
    assert read_activity(b'\xef\xbb\xbf{"type": "x"}') == {"type": "x"}


def test_nothing_of_the_library_is_built_that_sends(
    desk: TeamsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a client of msrest's")

    monkeypatch.setattr(ServiceClient, "__init__", fail)
    card = card_of(desk, "/show buttons")
    assert press(desk, card, "Yes").card is not None
    assert len(shown(desk)) == 1


# Presses ---------------------------------------------------------------------------------


def test_card_is_changed_for_who_pressed_and_for_all(desk: TeamsHarness) -> None:
    card = card_of(desk, "/publish buttons", CHANNEL)
    seen = press(desk, card, "Yes", "bo")
    _, post = desk.find(card.id)
    assert seen.card == post.activity["attachments"][0]["content"]
    assert shown(desk, "kim", CHANNEL) == ["You pressed [('n', 1)]"]
    assert post.edits == 1


def test_old_client_presses_with_a_message(desk: TeamsHarness) -> None:
    card = card_of(desk, "/show buttons")
    site, ana = desk.site, desk.people["ana"]
    place, post = desk.find(card.id)
    control = site.screen(post, ana).control("Yes")
    old = Control("Yes", control.action["fallback"])
    activity = site.press(ana, place, post, old)
    assert activity["type"] == "message"
    assert site.tell(activity).told.status == 200
    assert shown(desk) == ["You pressed [('n', 1)]"]


def test_answer_to_a_press_in_a_channel_is_in_the_own_chat(desk: TeamsHarness) -> None:
    card = card_of(desk, "/publish choice", CHANNEL)
    answer = desk.press("bo", card, "How far?", choice="v7")
    assert [heard.plain for heard in answer.messages] == ["You chose v7 of q1"]
    assert shown(desk, "bo") == ["You chose v7 of q1"]
    assert len(shown(desk, "kim", CHANNEL)) == 1


def test_who_presses_is_told_where_to_look(desk: TeamsHarness) -> None:
    card = door(desk)
    assert press(desk, card, "Loud").sentence == ANSWERED_BELOW
    assert shown(desk, "kim", CHANNEL)[1:] == ["For all"]
    choice = card_of(desk, "/publish choice", CHANNEL)
    place, post = desk.find(choice.id)
    control = desk.site.screen(post, desk.people["bo"]).control("How far?")
    activity = desk.site.press(desk.people["bo"], place, post, control, "v1")
    assert desk.site.tell(activity).sentence == ANSWERED_APART


def test_control_of_an_older_version_is_said_to_be_old(desk: TeamsHarness) -> None:
    card = card_of(desk, "/show buttons")
    site, ana = desk.site, desk.people["ana"]
    place, post = desk.find(card.id)
    for data in ({}, {"Inflow": {"form": "forged"}}, {"Inflow": {"press": "No"}}):
        old = Control("Yes", {"type": "Action.Execute", "verb": "x", "data": data})
        assert site.tell(site.press(ana, place, post, old)).sentence == STALE


def test_what_breaks_is_said_and_not_shown(desk: TeamsHarness) -> None:
    card = door(desk)
    assert press(desk, card, "Crash").sentence == BROKEN
    assert desk.site.run(desk.site.wire.send(words(desk, "/crash"))).status == 500
    (said,) = shown(desk)
    assert BROKEN in said


def make_stranger() -> Somebody:
    return Somebody("29:1-stranger", str(UUID(int=7)), "Eve", str(UUID(int=8)))


def test_somebody_of_another_organisation_is_told_why_nothing_happens(desk: TeamsHarness) -> None:
    """Else Teams says that something went wrong, and they try again for ever."""
    card, eve, site = door(desk), make_stranger(), desk.site
    place, post = desk.find(card.id)
    before = len(site.teams.calls)

    def pressed(label: str) -> Json:
        told = site.press(eve, place, post, site.screen(post, eve).control(label))
        # They speak in a channel of ours, which they share.
        return told | {"channelData": {**told["channelData"], "tenant": {"id": TENANT}}}

    assert site.tell(pressed("Loud")).sentence == NOT_SERVED
    opened = site.tell(pressed("Open")).dialog
    assert opened is not None
    assert opened.says == NOT_SERVED
    # Who only looks is told nothing.
    looked = pressed("Loud")
    looked["value"] = {"action": {"type": "Action.Execute", "data": write_look()}}
    told = site.tell(looked)
    assert (told.told.status, told.told.raw) == (200, b"")
    assert len(site.teams.calls) == before


def untold(told: Json, tenant: str = TENANT) -> Json:
    """As in a channel of this organisation, and without a word of where its writer belongs."""
    writer = {name: value for name, value in told["from"].items() if name != "tenantId"}
    channel = {**told["channelData"], "tenant": {"id": tenant}}
    return {**told, "from": writer, "channelData": channel}


def test_who_belongs_elsewhere_is_not_served_though_nobody_says_so(desk: TeamsHarness) -> None:
    site, eve, lee = desk.site, make_stranger(), desk.site.teams.add_person("Lee Oh")
    place = site.teams.memory.conversations[desk.channel]
    place.members += [eve, lee]
    card = door(desk)
    _, post = desk.find(card.id)
    asked = len(site.teams.called("member"))
    for number in range(2):
        site.tell(untold(site.words(eve, place, f"{HANDLE} /publish text {number}")))
    pressed = site.press(eve, place, post, site.screen(post, eve).control("Loud"))
    assert site.tell(untold(pressed)).sentence == NOT_SERVED
    assert shown(desk, "kim", CHANNEL) == [card.plain]
    assert len(site.teams.called("member")) == asked + 1, "it is asked once"
    assert site.runner.run(site.contacts.find_person(TENANT, eve.entra)) is None
    # Whoever has a chat of their own is known, and others of the house are asked about.
    for somebody in (desk.people["ana"], lee, lee):
        site.tell(untold(site.words(somebody, place, f"{HANDLE} /publish text")))
    assert len(shown(desk, "kim", CHANNEL)) == 4
    assert len(site.teams.called("member")) == asked + 2


def test_who_is_not_there_as_far_as_teams_says_is_not_served(desk: TeamsHarness) -> None:
    site, lee = desk.site, desk.site.teams.add_person("Lee Oh")
    place = site.teams.memory.conversations[desk.channel]
    site.tell(untold(site.words(lee, place, f"{HANDLE} /publish text")))
    assert shown(desk, "kim", CHANNEL) == []
    # Where we are not nobody can be asked: it is their message extension, and so their house.
    value = {"commandId": "open", "commandContext": "compose", "context": {"theme": "default"}}
    site.teams.fail("member", "refuse:403:BotNotInConversationRoster")
    seen = site.tell(untold(site.invoke(lee, place, "composeExtension/fetchTask", value, None)))
    assert seen.dialog is not None
    assert seen.dialog.card is not None


def test_who_cannot_be_asked_about_is_not_served_yet(desk: TeamsHarness) -> None:
    site, lee = desk.site, desk.site.teams.add_person("Lee Oh")
    place = site.teams.memory.conversations[desk.channel]
    place.members.append(lee)
    site.other = {"within": timedelta(seconds=0.3)}
    site.runner.run(site.restart())
    site.teams.fail("member", *["error_before:503"] * 9)
    told = untold(site.words(lee, place, f"{HANDLE} /publish text"))
    assert site.run(site.wire.send(told)).status == 503
    assert shown(desk, "kim", CHANNEL) == []
    site.teams.faults.clear()
    site.other = {}
    site.runner.run(site.restart())
    site.tell(told)
    assert len(shown(desk, "kim", CHANNEL)) == 1


# Dialogs ---------------------------------------------------------------------------------


def open_door(desk: TeamsHarness, person: str = "ana") -> OpenForm:
    form = desk.press(person, door(desk), "Open").form
    assert form is not None
    assert form.id.startswith("dialog-")
    return form


def test_button_opens_a_dialog_that_stays_while_something_is_wrong(desk: TeamsHarness) -> None:
    form = open_door(desk)
    assert "A door" in form.shown
    answer = desk.submit("ana", form, {"word": "wrong"})
    assert answer.messages == ()
    assert answer.errors == {"word": "Not this."}
    dialog = list(desk.site.open_dialogs.values())[-1]
    assert "Nor that." in str(dialog.card)
    assert "'value': 'wrong'" in str(dialog.card)
    again = OpenForm(dialog.id, "", ("word",))
    assert [heard.plain for heard in desk.submit("ana", again, {"word": "in"}).messages] == [
        "d1: in"
    ]
    assert shown(desk) == ["d1: in"]


def test_dialog_may_lead_to_another(desk: TeamsHarness) -> None:
    answer = desk.submit("ana", open_door(desk), {"word": "next"})
    assert answer.form is not None
    assert "Next" in answer.form.shown
    assert shown(desk) == ["On"]


def test_dialog_ends_where_nothing_is_said(desk: TeamsHarness) -> None:
    assert desk.submit("ana", open_door(desk), {"word": "quiet"}).messages == ()
    desk.submit("ana", open_door(desk), {"word": "loud"})
    assert shown(desk, "kim", CHANNEL)[-1] == "For all"


def send_door(desk: TeamsHarness, card: Heard, word: str) -> Seen:
    dialog = press(desk, card, "Open").dialog
    assert dialog is not None
    return desk.site.tell(desk.site.sends(dialog, {"field-word": word}))


def test_dialog_that_was_sent_says_that_its_answer_stands_elsewhere(desk: TeamsHarness) -> None:
    in_channel = send_door(desk, door(desk), "in")
    assert in_channel.dialog is not None
    assert in_channel.dialog.says == ANSWERED_APART
    assert shown(desk) == ["d1: in"]
    # What stands below it is seen without a word.
    for card, word in ((door(desk), "loud"), (card_of(desk, "/door"), "in")):
        sent = send_door(desk, card, word)
        assert (sent.told.status, sent.told.raw) == (200, b"")


def test_form_of_another_is_not_taken(desk: TeamsHarness) -> None:
    form = open_door(desk)
    activity = desk.site.sends(desk.site.open_dialogs[form.id], {"field-word": "x"})
    seen = desk.site.tell({**activity, "from": desk.people["bo"].account})
    assert seen.dialog is not None
    assert seen.dialog.says == STALE
    assert shown(desk, "bo") == []


def test_what_has_no_form_is_read_in_the_dialog(desk: TeamsHarness) -> None:
    seen = press(desk, door(desk), "Alone")
    assert seen.dialog is not None
    assert (seen.dialog.says, shown(desk)) == ("For you alone", [])


def test_busy_store_loses_nothing_that_was_typed(desk: TeamsHarness, doing: Doing) -> None:
    form = open_door(desk)
    doing.away = True
    answer = desk.submit("ana", form, {"word": "long story"})
    dialog = list(desk.site.open_dialogs.values())[-1]
    assert answer.messages == ()
    assert BUSY in str(dialog.card)
    assert "long story" in str(dialog.card)


def test_who_speaks_to_a_busy_store_hears_it_once(desk: TeamsHarness, doing: Doing) -> None:
    doing.away = True
    activity = words(desk, "/ask x")
    for _ in range(2):
        assert desk.site.tell(activity).told.status == 503
    assert [BUSY in said for said in shown(desk)] == [True]
    crash = words(desk, "/crash x")
    for _ in range(2):
        assert desk.site.run(desk.site.wire.send(crash)).status == 500
    assert [BROKEN in said for said in shown(desk)] == [False, True]


def test_talk_that_may_be_none_of_ours_is_no_reason_to_speak(
    desk: TeamsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_inbound: Inbound) -> bool:
        raise Unavailable

    monkeypatch.setattr(desk.app, "concerns", away)
    place = desk.site.teams.memory.conversations[desk.channel]
    said = desk.site.words(desk.people["bo"], place, "to you too", "1772441000001")
    assert desk.site.tell(said).told.status == 503
    assert (shown(desk, "bo"), shown(desk, "bo", CHANNEL)) == ([], [])


def test_form_in_the_chat_is_done_with_when_it_was_sent(desk: TeamsHarness) -> None:
    def filled(word: str) -> list[str]:
        answer = desk.say("ana", "/both", CHANNEL)
        assert answer.form is not None
        desk.submit("ana", answer.form, {"word": word})
        return shown(desk)[-1:]

    assert filled("in") == ["d1: in"]
    assert filled("quiet") == [DONE]
    assert filled("loud") == [DONE]
    assert shown(desk, "bo", CHANNEL)[-1] == "For all"


def test_shortcuts_open_dialogs(desk: TeamsHarness) -> None:
    ana = desk.people["ana"]
    place = desk.site.teams.memory.conversations[desk.channel]
    value = {"commandId": "open", "commandContext": "compose", "context": {"theme": "default"}}
    activity = desk.site.invoke(ana, place, "composeExtension/fetchTask", value, None)
    seen = desk.site.tell(activity)
    assert seen.dialog is not None
    assert seen.dialog.card is not None
    sent = desk.site.tell(desk.site.sends(seen.dialog, {"field-word": "in"}))
    assert sent.dialog is not None
    assert sent.dialog.says == ANSWERED_APART
    assert shown(desk) == ["d1: in"]


def test_extension_says_nothing_of_the_chat_that_it_is_used_in(desk: TeamsHarness) -> None:
    lee = desk.site.teams.add_person("Lee Oh")
    ana = desk.people["ana"]
    value = {"commandId": "open", "commandContext": "compose", "context": {"theme": "default"}}
    for number, kind in enumerate(("personal", "groupChat")):
        id_ = f"19:{number}@unq.gbl.spaces" if kind == "personal" else f"19:{number}@thread.v2"
        place = desk.site.teams.add_group(id_, ana, lee)
        activity = desk.site.invoke(lee, place, "composeExtension/fetchTask", value, None)
        activity["conversation"]["conversationType"] = kind
        assert desk.site.tell(activity).dialog is not None
        assert desk.site.runner.run(desk.site.contacts.find_place(TENANT, place.id)) is None
    found = desk.site.runner.run(desk.site.contacts.find_person(TENANT, lee.entra))
    assert found is not None
    assert (found.conversation, found.user) == (lee.personal, lee.user)


# Who may be written to -------------------------------------------------------------------


def test_channel_hears_nothing_of_an_answer_that_nobody_can_be_given(desk: TeamsHarness) -> None:
    teams = desk.site.teams
    lee = teams.add_person("Lee Oh", has_app=False)
    place = teams.memory.conversations[desk.channel]
    desk.site.tell(desk.site.words(lee, place, f"{HANDLE} /show text"))
    assert shown(desk, "bo", CHANNEL) == [f"Lee Oh: {OPEN_CHAT}"]
    (post,) = teams.posts(desk.channel)
    assert post.thread is not None


@pytest.mark.parametrize("label", ["Alone", "Open", "Shortcut", "Extension"])
def test_channel_never_hears_of_what_somebody_did_alone(desk: TeamsHarness, label: str) -> None:
    teams, card = desk.site.teams, door(desk)
    lee = teams.add_person("Lee Oh", has_app=False)
    place, post = desk.find(card.id)
    value = {"commandId": "open", "commandContext": "compose", "context": {"theme": "default"}}
    shortcut = desk.site.invoke(lee, place, "composeExtension/fetchTask", value, None)
    if label in ("Shortcut", "Extension"):
        lee.has_app = label == "Extension"
        seen = desk.site.tell(shortcut)
    elif label == "Open":
        control = desk.site.screen(post, lee).control(label)
        seen = desk.site.tell(desk.site.press(lee, place, post, control))
    else:
        action = {"type": "Action.Execute", "data": write_press("door.alone", {})}
        told: Json = {"action": action, "trigger": "manual"}
        seen = desk.site.tell(desk.site.invoke(lee, place, "adaptiveCard/action", told, post))
    if label in ("Open", "Extension"):
        assert seen.dialog is not None
        lee.has_app = False
        forget(desk, lee)
        seen = desk.site.tell(desk.site.sends(seen.dialog, {"field-word": "in"}))
    assert NO_CHAT in ((seen.dialog.says if seen.dialog else ""), seen.sentence)
    assert shown(desk, "bo", CHANNEL) == [card.plain]


def test_answer_to_a_thread_that_is_gone_stands_in_the_channel(desk: TeamsHarness) -> None:
    card = door(desk)
    desk.site.teams.fail("send", "refuse:404:ConversationNotFound")
    press(desk, card, "Loud")
    assert shown(desk, "bo", CHANNEL) == [card.plain, "For all"]


def test_conversation_is_made_where_it_is_not_known(desk: TeamsHarness) -> None:
    teams = desk.site.teams
    lee = teams.add_person("Lee Oh")
    place = teams.memory.conversations[desk.channel]
    for _ in range(2):
        desk.site.tell(desk.site.words(lee, place, f"{HANDLE} /count"))
    assert len(teams.posts(str(lee.personal))) == 2
    assert len(teams.called("create")) == 1
    found = desk.site.runner.run(desk.site.contacts.find_person(TENANT, lee.entra))
    assert found is not None
    assert (found.kind, found.conversation) == (PlaceKind.DM, lee.personal)


def test_who_comes_is_welcomed_once_and_forgotten_when_they_go(desk: TeamsHarness) -> None:
    site = desk.site
    lee = site.teams.add_person("Lee Oh")
    installed = site.installs(lee)
    # Teams is busy when many are given the app at once.
    site.teams.fail("member", "limited:0", "error_before:503", "reset_before")
    site.tell(installed)
    added = [{"id": site.teams.bot}, {"id": lee.user}]
    change = {"type": "conversationUpdate", "membersAdded": added, "id": "f:x"}
    site.tell({**installed, **change})
    site.drain()
    (post,) = site.teams.posts(str(lee.personal))
    assert "Lee Oh" in str(post.activity)
    assert GREETING in site.screen(post, lee).plain
    site.tell({**installed, "action": "remove", "id": "f:y"})
    found = site.runner.run(site.contacts.find_person(TENANT, lee.entra))
    assert found is not None
    assert (found.kind, found.user) == (PlaceKind.CHANNEL, lee.user)
    assert is_cut_off(person_of(desk, lee)), "nobody waits for them"
    site.tell({**installed, "id": "f:z"})
    assert not is_cut_off(person_of(desk, lee))
    # Whoever has it says nothing with a new version of it, also long after.
    with desk.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM inbox")
    site.tell({**installed, "id": "f:v", "action": "add-upgrade"})
    site.tell({**installed, "id": "f:w"})
    site.drain()
    assert len(site.teams.posts(str(lee.personal))) == 1


def test_new_version_says_nothing_to_who_was_never_greeted(desk: TeamsHarness) -> None:
    site = desk.site
    lee = site.teams.add_person("Lee Oh")
    site.tell(site.installs(lee) | {"action": "add-upgrade"})
    site.drain()
    assert site.teams.posts(str(lee.personal)) == []


def test_who_adds_it_to_others_is_told_in_their_own_chat_what_it_does(desk: TeamsHarness) -> None:
    site = desk.site
    lee, eve = site.teams.add_person("Lee Oh"), make_stranger()
    for somebody, id_ in ((lee, "19:a@thread.tacv2"), (lee, "19:b@thread.tacv2"), (eve, "19:c")):
        place = site.teams.add_channel(id_, lee, eve)
        come = {"type": "conversationUpdate", "membersAdded": [{"id": site.teams.bot}]}
        install = {"type": "installationUpdate", "action": "add"}
        for told in (come, install, come):
            site.tell(untold(site.activity(somebody, place, id=site.new_invoke(), **told)))
        assert site.teams.posts(id_) == [], "nobody there asked for it"
    site.drain()
    # A chat is made first, and written to in the next slot.
    desk.now += timedelta(seconds=1)
    site.drain()
    (post,) = site.teams.posts(str(lee.personal))
    assert "@Inflow and a question" in site.screen(post, lee).plain
    assert "topic" not in site.screen(post, lee).plain, "there are none here"
    assert eve.personal is None


def test_who_has_got_the_app_is_where_their_words_say(desk: TeamsHarness) -> None:
    site = desk.site
    lee = site.teams.add_person("Lee Oh")
    site.tell(site.installs(lee))
    assert (person_of(desk, lee).name, person_of(desk, lee).zone) == ("Lee Oh", "UTC")
    lee.zone = "America/New_York"
    site.tell(site.words(lee, site.teams.add_personal(lee), "/count"))
    assert person_of(desk, lee).zone == "America/New_York"
    # Who is not told otherwise stays where they are.
    told = site.words(lee, site.teams.add_personal(lee), "/count")
    del told["entities"], told["localTimezone"]
    site.tell(told)
    assert person_of(desk, lee).zone == "America/New_York"


def test_nothing_is_kept_of_who_talks_among_others(desk: TeamsHarness) -> None:
    lee = desk.site.teams.add_person("Lee Oh")
    place = desk.site.teams.memory.conversations[desk.channel]
    desk.site.tell(desk.site.words(lee, place, "good morning"))
    desk.site.tell(desk.site.words(lee, place, "to you too", "1772441000001"))
    assert desk.site.runner.run(desk.site.contacts.find_person(TENANT, lee.entra)) is None


def test_words_that_quote_ours_in_a_group_are_heard(desk: TeamsHarness) -> None:
    site, ana, bo = desk.site, desk.people["ana"], desk.people["bo"]
    group = site.teams.add_group("19:group@thread.v2", ana, bo)
    site.tell(site.words(ana, group, f"{HANDLE} /write k1 {group.id} Speak here"))
    site.drain()
    (letter,) = site.teams.posts(group.id)
    site.tell(site.words(bo, group, "nothing to you"))
    site.tell(site.words(bo, group, "yes", letter.id))
    said = [site.screen(post, ana).plain for post in site.teams.posts(group.id)]
    assert said == ["Speak here", "Bo said in the thread of sample:k1: yes"]


# When Teams is not well ------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["error_before:503", "refuse:412:PreconditionFailed"])
def test_reply_is_shown_though_teams_was_away(desk: TeamsHarness, fault: str) -> None:
    desk.site.teams.fail("send", fault)
    desk.say("ana", "/show text")
    assert len(shown(desk)) == 1


@pytest.mark.parametrize(("fault", "times"), [("reset_before", 1), ("reset_after", 2)])
def test_lost_answer_is_said_again_to_one_alone(desk: TeamsHarness, fault: str, times: int) -> None:
    desk.site.teams.fail("send", fault)
    desk.say("ana", "/show text")
    assert len(shown(desk)) == times


def test_lost_answer_is_no_reason_to_say_it_again_to_all(desk: TeamsHarness) -> None:
    card = door(desk)
    desk.site.teams.fail("send", "reset_after")
    press(desk, card, "Loud")
    assert shown(desk, "bo", CHANNEL) == [card.plain, "For all"]


def test_card_that_cannot_be_changed_soon_is_left_to_what_is_newer(
    desk: TeamsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "FOR_CARDS", timedelta(seconds=0.1))
    card = card_of(desk, "/show buttons")
    desk.site.teams.fail("update", "limited:1")
    assert press(desk, card, "Yes").card is not None
    assert len(desk.site.teams.called("update")) == 1


def test_refused_card_is_said_in_words(desk: TeamsHarness) -> None:
    desk.site.teams.fail("send", "refuse:400:BadSyntax")
    desk.site.tell(words(desk, "/show note"))
    (post,) = desk.site.teams.posts(str(desk.people["ana"].personal))
    assert (post.activity["text"], post.activity["textFormat"]) == ("Small print", "plain")


def test_card_that_is_gone_is_said_anew(desk: TeamsHarness) -> None:
    card = card_of(desk, "/show buttons")
    desk.site.teams.fail("update", "refuse:404:ActivityNotFoundInConversation")
    press(desk, card, "Yes")
    assert shown(desk)[-1] == "You pressed [('n', 1)]"


def test_told_twice_at_once_and_after_a_restart_it_is_shown_once(desk: TeamsHarness) -> None:
    site, activity = desk.site, words(desk, "/count")

    async def twice() -> list[int]:
        told = await asyncio.gather(*(site.wire.send(activity) for _ in range(3)))
        return [each.status for each in told]

    assert site.run(twice()) == [200, 200, 200]
    site.runner.run(site.restart())
    assert site.tell(activity).told.status == 200
    assert len(shown(desk)) == 1


# When we are slow ------------------------------------------------------------------------


def keep_busy(desk: TeamsHarness, doing: Doing, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the store goes on with an act when that was answered, and not before."""
    run = desk.site.run

    def run_busily(work: Coroutine[Any, Any, T]) -> T:
        async def wait() -> T:
            doing.free.clear()
            try:
                return await work
            finally:
                doing.free.set()

        return run(wait())

    monkeypatch.setattr(desk.site, "run", run_busily)


@pytest.fixture
def slow(desk: TeamsHarness, doing: Doing, monkeypatch: pytest.MonkeyPatch) -> TeamsHarness:
    """A desk whose store takes longer than anybody waits."""
    card = card_of(desk, "/door all", CHANNEL)
    form = desk.press("ana", card, "Open").form
    assert form is not None
    desk.site.other = {"within": timedelta(seconds=1)}
    desk.site.runner.run(desk.site.restart())
    keep_busy(desk, doing, monkeypatch)
    return desk


def test_store_that_keeps_no_contact_in_time_makes_nobody_wait(
    desk: TeamsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep(_contact: Contact) -> None:
        await asyncio.sleep(30)

    card = card_of(desk, "/door")
    desk.site.other = {"within": timedelta(seconds=0.1)}
    desk.site.runner.run(desk.site.restart())
    monkeypatch.setattr(desk.site.contacts, "keep", keep)
    assert desk.site.tell(words(desk, "/show text")).told.status == 503
    assert BUSY in shown(desk)[-1]
    assert press(desk, card, "Loud").sentence == BUSY


def test_who_waits_is_answered_sooner_than_who_writes(
    desk: TeamsHarness, doing: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = open_door(desk)
    waiting = timedelta(seconds=1)
    desk.site.other = {"waiting": waiting}
    desk.site.runner.run(desk.site.restart())
    with monkeypatch.context() as busy:
        keep_busy(desk, doing, busy)
        sent = desk.site.sends(desk.site.open_dialogs[form.id], {"field-word": "in"})
        seen = desk.site.tell(sent)
    assert seen.dialog is not None
    assert seen.dialog.says == LATE
    receive = desk.app.receive

    def receive_slowly(inbound: Inbound) -> Reply:
        time.sleep(1.2 * waiting.total_seconds())
        return receive(inbound)

    monkeypatch.setattr(desk.app, "receive", receive_slowly)
    assert desk.site.tell(words(desk, "/ask where?")).told.status == 200


def test_words_are_answered_late_and_told_again_in_vain(slow: TeamsHarness) -> None:
    activity = words(slow, "/ask where?")
    assert slow.site.tell(activity).told.status == 503
    (said,) = shown(slow)
    assert said.endswith("where?")
    slow.site.tell(activity)
    assert shown(slow) == [said]


def test_dialog_that_was_sent_is_answered_late(slow: TeamsHarness) -> None:
    dialog = list(slow.site.open_dialogs.values())[-1]
    seen = slow.site.tell(slow.site.sends(dialog, {"field-word": "in"}))
    assert seen.dialog is not None
    assert (seen.dialog.says, shown(slow)) == (LATE, ["d1: in"])


def test_dialog_that_is_wrong_late_is_a_form_in_the_chat(slow: TeamsHarness) -> None:
    dialog = list(slow.site.open_dialogs.values())[-1]
    answer = slow.submit("ana", OpenForm(dialog.id, "", ("word",)), {"word": "wrong"})
    assert answer.form is not None
    assert answer.errors == {"word": "Not this."}
    assert [heard.plain for heard in slow.submit("ana", answer.form, {"word": "in"}).messages] == [
        "d1: in"
    ]


def test_dialog_that_did_not_open_in_time_is_a_form_in_the_chat(slow: TeamsHarness) -> None:
    card = slow.heard("ana", CHANNEL)[0]
    seen = press(slow, card, "Both")
    assert seen.dialog is not None
    assert seen.dialog.says == LATE_FORM
    assert len(slow.heard("ana")) == 2


def test_press_that_took_long_changes_the_card_in_the_end(slow: TeamsHarness) -> None:
    slow.site.dialogs = frozenset()
    slow.site.runner.run(slow.site.restart())
    card = card_of(slow, "/door")
    assert press(slow, card, "Both").sentence == LATE
    # The card is not its place: a form came with it.
    assert shown(slow)[0] == card.plain
    assert "Both" in shown(slow)
