"""Activities in the shapes that Teams sends, read into the core's words."""

import copy
import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams.read import (
    Account,
    Contact,
    Drop,
    Dropped,
    Heard,
    Kind,
    News,
    Reading,
    is_talk_among_people,
    kind_of,
    read,
    read_contact,
)
from adapters.teams.seal import LASTS, LONGEST, Origin, name_event, open_origin, seal_origin
from adapters.teams.speech import Speech, read_html, read_speech
from bot.inbound import (
    Looked,
    Place,
    PlaceKind,
    Pressed,
    Profile,
    Reacted,
    Said,
    Shortcut,
    Submitted,
)
from bot.message import Args
from tests.adapters.contract import MONDAY

PAYLOADS = Path(__file__).parent / "teams_payloads"
SEAL = bytes(range(32))
TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
ANA = "aaaaaaaa-0000-4000-8000-00000000000a"
BO = "bbbbbbbb-0000-4000-8000-00000000000b"
US = "28:00000000-0000-4000-8000-0000000000a1"
ROOT, TS = "1772441000001", "1772442000001"

GENERAL = "19:general@thread.tacv2"
CHANNEL = Place(conversation=GENERAL, kind=PlaceKind.CHANNEL)
IN_THREAD = CHANNEL.model_copy(update={"thread": ROOT})
GROUP = Place(conversation="19:group@thread.v2", kind=PlaceKind.CHANNEL, has_threads=False)
PERSONAL = Place(conversation="a:1-ana", kind=PlaceKind.DM)
READING = Reading(MONDAY, SEAL)


def load(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return payload


NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))


def hear(name: str, **changes: Any) -> Heard:
    found = read(load(name) | changes, READING)
    assert isinstance(found, Heard), found
    return found


def what_of(name: str) -> tuple[object, Place]:
    inbound = hear(name).inbound
    assert (inbound.platform, inbound.workspace, inbound.at) == ("teams", TENANT, MONDAY)
    assert inbound.person == ANA
    assert inbound.profile == Profile(name="Ana Ng", zone="Europe/Vienna", renews=True)
    return inbound.what, inbound.place


# Words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "what", "place"),
    [
        ("message_personal", Said(text="Is it <b> & c?", message=TS), PERSONAL),
        ("message_picture", Said(text="", message=TS, files=1), PERSONAL),
        ("message_channel", Said(text="where is it?", mentioned=True, message=TS), CHANNEL),
        (
            "message_thread",
            Said(text="and here, Inflow? @Kim asks", mentioned=True, addressed=False, message=TS),
            IN_THREAD,
        ),
        ("message_group", Said(text="good morning", mentioned=True, message=TS), GROUP),
        ("message_unmentioned", Said(text="good morning", message=TS), CHANNEL),
        ("message_thread_unmentioned", Said(text="in a thread", message=TS), IN_THREAD),
    ],
)
def test_words_are_said(name: str, what: Said, place: Place) -> None:
    assert what_of(name) == (what, place)
    source = hear(name).source
    assert (source.kind, source.message) == (Kind.WORDS, TS)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("message_of_bot", Drop.BOT),
        ("message_of_stranger", Drop.STRANGER),
        ("message_edited", Drop.CHANGED),
        ("message_deleted", Drop.CHANGED),
        ("channel_renamed", Drop.CHANGED),
        ("execute_of_others", Drop.CONTROL),
        ("task_submit_of_others", Drop.CONTROL),
        ("execute_refresh", Drop.REFRESH),
        ("card_form", Drop.FORGED),
        ("task_submit", Drop.FORGED),
        ("extension_submit", Drop.FORGED),
        ("reaction_other", Drop.MARK),
        ("reaction_removed", Drop.MARK),
        ("typing", Drop.UNKNOWN),
        ("invoke_unknown", Drop.UNKNOWN),
        ("installation_other", Drop.UNKNOWN),
    ],
)
def test_what_is_nothing_for_us_is_dropped_with_its_reason(name: str, why: Drop) -> None:
    assert read(load(name), READING) == Dropped(why)


def test_every_payload_has_its_test() -> None:
    source = Path(__file__).read_text()
    assert [name for name in NAMES if f'"{name}"' not in source] == []


def test_one_organisation_alone_is_served_where_one_is_named() -> None:
    ours, theirs = load("message_personal"), load("message_of_other_tenant")
    home = replace(READING, home=TENANT)
    assert isinstance(read(ours, home), Heard)
    assert read(theirs, home) == Dropped(Drop.STRANGER)
    assert read(load("installed"), replace(READING, home=OTHER)) == Dropped(Drop.STRANGER)
    found = read(theirs, READING)
    assert isinstance(found, Heard)
    assert found.inbound.workspace == OTHER


def test_tenant_and_person_are_found_where_some_of_it_is_missing() -> None:
    inbound = hear("message_without_entra").inbound
    # botbuilder would wait for `tenantID` here, and find none.
    assert (inbound.workspace, inbound.person) == (TENANT, "29:1-ana")
    payload = load("message_without_entra")
    del payload["conversation"]["tenantId"]
    assert read(payload, READING) == Dropped(Drop.UNKNOWN)


def test_zone_is_that_of_who_wrote() -> None:
    payload = load("message_personal")
    payload["entities"] = [{"type": "clientInfo", "timezone": "Asia/Tokyo"}]
    for zone, known in (
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("Nowhere/Land", "Nowhere/Land"),
        (7, "Europe/Vienna"),
    ):
        payload["entities"][0]["timezone"] = zone
        found = read(payload, READING)
        assert isinstance(found, Heard)
        assert found.inbound.profile == Profile(name="Ana Ng", zone=known, renews=True)
    for left_out in ("entities", "localTimezone"):
        del payload[left_out]
    found = read(payload, READING)
    assert isinstance(found, Heard)
    assert found.inbound.profile == Profile(name="Ana Ng", renews=True)


@pytest.mark.parametrize(
    ("attachments", "files"),
    [
        (None, 0),
        ("image/png", 0),
        ([{"contentType": "text/html"}, {"contentType": "messageReference"}, {}, "x", None], 0),
        ([{"contentType": "image/*"}, {"contentType": "text/html"}], 1),
        ([{"contentType": "application/vnd.microsoft.teams.file.download.info"}] * 2, 2),
        ([{"contentType": "application/vnd.microsoft.card.adaptive"}], 0),
    ],
)
def test_files_are_counted(attachments: object, files: int) -> None:
    what = hear("message_personal", attachments=attachments).inbound.what
    assert isinstance(what, Said)
    assert what.files == files


def test_talk_among_people_is_told_from_the_rest() -> None:
    assert is_talk_among_people(hear("message_unmentioned"))
    for name in ("message_personal", "message_thread_unmentioned", "message_channel", "execute"):
        assert not is_talk_among_people(hear(name))


OURS = {"type": "mention", "mentioned": {"id": US, "name": "Inflow"}, "text": "<at>Inflow</at>"}
KIM = {"type": "mention", "mentioned": {"id": "29:k", "name": "Kim"}, "text": "<at>Kim</at>"}
TWIN = {"type": "mention", "mentioned": {"id": "29:t", "name": "Inflow"}, "text": "<at>Inflow</at>"}


@pytest.mark.parametrize(
    ("text", "entities", "speech"),
    [
        ("\r\n<at>Inflow</at> help\r\nme\r\n", [OURS], Speech("help\nme", True)),
        ("<at>Inflow</at>: help", [OURS], Speech("help", True)),
        ("ask <at>Kim</at>", [KIM], Speech("ask @Kim")),
        ("<at>Kim</at> and <at>Inflow</at>", [KIM, OURS], Speech("@Kim and", True, False)),
        # Somebody who is called as we are is not us.
        ("<at>Inflow</at> <at>Inflow</at>", [TWIN, OURS], Speech("@Inflow", True, False)),
        ("<at>Inflow</at>&nbsp;help", [OURS], Speech("help", True)),
        ("hello <at>Inflow</at>", [OURS], Speech("hello", True, False)),
        ("Hi all, <at>Inflow</at> is new", [OURS], Speech("Hi all, Inflow is new", True, False)),
        ("ask\0 <at>Inflow</at>", [OURS], Speech("ask", True, False)),
        ("<at>Inflow</at> said so", [TWIN], Speech("@Inflow said so")),
        # Written by hand: nobody is meant.
        ("<at>Inflow</at> hello", [], Speech("@Inflow hello")),
        ("hello", [OURS], Speech("hello", True)),
        ("<at>A&amp;B</at> x", [{"type": "mention", "mentioned": {"id": US, "name": "A&B"}}],
         Speech("x", True)),
        ('<at id="0">Kim</at> x', [], Speech("@Kim x")),
        ("&lt;at&gt;Inflow&lt;/at&gt;", [], Speech("<at>Inflow</at>")),
        ("&amp;lt; is &quot;less&quot;", [], Speech('&lt; is "less"')),
        ("a\0b\ud800c", [], Speech("ab\N{REPLACEMENT CHARACTER}c")),
        ("x", [None, 7, {}, {"type": "mention"}, {"type": "mention", "mentioned": 7}], Speech("x")),
    ],
)  # fmt: skip
def test_speech_is_what_its_writer_saw(text: str, entities: list[object], speech: Speech) -> None:
    assert read_speech(text, entities, US) == speech


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>a&nbsp;b &amp; <b>c</b><br>d</div>", "a b & c\nd"),
        ("<ul><li>x</li><li>y</li></ul>", "- x\n- y"),
        ('see <a href="https://a.example/p?x&amp;y">here</a>', "see here (https://a.example/p?x&y)"),
        ('<a href="https://a.example/">a.example</a>', "a.example"),
        ('<a href="javascript:x">x</a>', "x"),
        ('<emoji id="smile" alt="😀"></emoji> <img alt="a plan" src="https://x.example">',
         "😀 a plan"),
        ("<style>p {}</style>a<script>b</script>c", "ac"),
        ("<!-- no --><?xml?>yes", "yes"),
        ("1 < 2 and <", "1 < 2 and <"),
        ("&lt;b&gt;", "<b>"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_is_read_as_its_reader_sees_it(html: str, text: str) -> None:
    assert read_html(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p><at id="0">Inflow</at>&nbsp;how do I book?</p>', "how do I book?"),
        ('<p>how do I book? <at id="0">Inflow</at></p>', "how do I book?"),
        ('<p>ask <at id="0">Inflow</at> about it</p>', "ask Inflow about it"),
        ('<p><at id="1">Inflow</at> how</p>', "@Inflow how"),
        ('<p>a\0b</p>', "ab"),
    ],
)  # fmt: skip
def test_our_own_name_is_no_part_of_a_message_that_is_pointed_at(html: str, text: str) -> None:
    assert read_html(html, {"0"}) == text


@pytest.mark.parametrize(
    "bit", ["<a ", "<a href='", '<a href="', "<!--", "<at>", "</", "<", "a", "&", "<a><", "\n"]
)
def test_long_texts_are_read_in_time(bit: str) -> None:
    text = bit * (60_000 // len(bit))
    began = perf_counter()
    read_html(text)
    read_html(f"<a {text}>")
    read_speech(text, [OURS], US)
    # Whoever looks at each twice needs a minute for the worst of these.
    assert perf_counter() - began < 2


# Marks, presses, forms, shortcuts -----------------------------------------------------------


def test_mark_is_heard_by_our_own_name() -> None:
    heard = hear("reaction")
    assert heard.inbound.what == Reacted(name="accept", message=ROOT)
    assert heard.inbound.place == CHANNEL
    assert (heard.source.kind, heard.source.message) == (Kind.MARK, ROOT)


@pytest.mark.parametrize(
    ("name", "kind", "message", "place"),
    [
        ("execute", Kind.EXECUTE, ROOT, CHANNEL),
        ("execute_thread", Kind.EXECUTE, "1772441500001", IN_THREAD),
        ("execute_personal", Kind.EXECUTE, ROOT, PERSONAL),
        ("card", Kind.CARD, ROOT, PERSONAL),
        ("task_fetch", Kind.OPEN, ROOT, CHANNEL),
    ],
)
def test_press_brings_its_args_and_where_it_was(
    name: str, kind: Kind, message: str, place: Place
) -> None:
    assert what_of(name) == (Pressed(action="sample.press", args={"n": 1}, message=message), place)
    source = hear(name).source
    assert (source.kind, source.message, source.is_form) == (kind, message, False)


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_card_that_is_looked_at_is_told_by_what_it_asks_with(trigger: str) -> None:
    payload = load("execute_look")
    payload["value"]["trigger"] = trigger
    found = read(payload, READING)
    assert isinstance(found, Heard)
    assert (found.inbound.what, found.inbound.place) == (Looked(message=ROOT), CHANNEL)
    assert (found.source.kind, found.source.message) == (Kind.LOOK, ROOT)
    del payload["replyToId"]
    assert read(payload, READING) == Dropped(Drop.UNKNOWN)


def test_choice_brings_what_was_chosen() -> None:
    chosen = Pressed(action="sample.choose", args={"about": "q1", "choice": "v7"}, message=ROOT)
    assert what_of("execute_choice") == (chosen, GROUP)


def test_each_press_is_an_act_of_its_own() -> None:
    first, again = load("execute"), load("execute")
    second, other = copy.deepcopy(first), copy.deepcopy(first)
    second["id"] = "f:another"
    other["value"]["action"]["data"]["Inflow"]["args"]["n"] = 2
    ids = [
        heard.inbound.event_id
        for each in (first, again, second, other)
        if isinstance(heard := read(each, READING), Heard)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def filled(
    name: str,
    person: str = ANA,
    tenant: str = TENANT,
    opened: datetime = MONDAY,
    act: str = "words:1",
) -> dict[str, Any]:
    origin = Origin("sample.fill", {"about": "q1"}, IN_THREAD, opened, act)
    payload = load(name)
    data = payload["value"] if name == "card_form" else payload["value"]["data"]
    data["Inflow"]["form"] = seal_origin(SEAL, tenant, person, origin)
    return payload


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("card_form", Kind.CARD),
        ("task_submit", Kind.DIALOG),
        ("extension_submit", Kind.EXTENSION),
    ],
)
def test_form_brings_its_values_and_where_it_was_opened(name: str, kind: Kind) -> None:
    found = read(filled(name), READING)
    assert isinstance(found, Heard)
    assert found.inbound.what == Submitted(
        action="sample.fill",
        args={"about": "q1"},
        values={"word": "<w> & so", "who": ANA, "day": "", "count": "3"},
    )
    assert found.inbound.place == IN_THREAD
    assert (found.source.kind, found.source.is_form) == (kind, True)


@pytest.mark.parametrize("name", ["task_submit", "extension_submit"])
def test_dialog_that_is_sent_again_under_another_name_is_the_same_act(name: str) -> None:
    def event_of(payload: dict[str, Any], **changes: Any) -> str:
        found = read(payload | changes, READING)
        assert isinstance(found, Heard)
        return found.inbound.event_id

    first = event_of(filled(name))
    assert event_of(filled(name), id="f:again") == first
    other = filled(name)
    other["value"]["data"]["field-word"] = "another"
    assert event_of(other) != first
    # What is opened anew may say the same once more.
    assert event_of(filled(name, act="words:2")) != first


def test_form_from_long_ago_is_over() -> None:
    assert isinstance(read(filled("task_submit", opened=MONDAY - LASTS), READING), Heard)
    old = filled("task_submit", opened=MONDAY - LASTS - timedelta(seconds=1))
    assert read(old, READING) == Dropped(Drop.OVER)


def test_form_of_somebody_else_is_refused() -> None:
    for payload in (
        filled("task_submit", person=BO),
        filled("task_submit", tenant=OTHER),
    ):
        assert read(payload, READING) == Dropped(Drop.FORGED)
    other_key = replace(READING, seal=bytes(32))
    assert read(filled("task_submit"), other_key) == Dropped(Drop.FORGED)
    payload = filled("task_submit")
    ours = payload["value"]["data"]["Inflow"]
    for broken in ("", "x", ours["form"][:-5] + "AAAA=", ours["form"] + " ", "é" * 60):
        ours["form"] = broken
        assert read(payload, READING) == Dropped(Drop.FORGED)


def test_seal_gives_back_what_it_was_given() -> None:
    form: Args = {"title": "\ud83d é"}
    origin = Origin("sample.fill", {"a": ["é", 1, None]}, PERSONAL, MONDAY, "words:1", form)
    sealed = seal_origin(SEAL, TENANT, ANA, origin)
    assert open_origin(SEAL, TENANT, ANA, sealed, is_form=True) == origin
    # What says where a button is about is no form, and the other way round.
    assert open_origin(SEAL, TENANT, ANA, sealed, is_form=False) is None
    # Its parts, not their sum.
    assert open_origin(SEAL, TENANT + ANA[:1], ANA[1:], sealed, is_form=True) is None
    long = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz ", k=2 * LONGEST))
    with pytest.raises(ValueError, match="too long"):
        seal_origin(SEAL, TENANT, ANA, Origin("a.b", {"x": long}, PERSONAL, MONDAY))


def test_shortcuts_bring_the_message_they_are_about() -> None:
    message = "1772441000300"
    text = "the plan of @Kim"
    told = Shortcut(name="ask_expert", text=text, author=BO, message=message)
    assert what_of("shortcut_message") == (told, CHANNEL)
    assert what_of("shortcut_thread") == (told, IN_THREAD)
    assert hear("shortcut_message").source.kind is Kind.SHORTCUT
    nobody = told.model_copy(update={"author": None})
    assert what_of("shortcut_of_bot") == (nobody, IN_THREAD)
    assert what_of("shortcut_compose") == (Shortcut(name="ask"), GROUP)


@pytest.mark.parametrize(
    ("prefix", "text"), [("", "how?"), ("28:", "how?"), ("29:", "@Inflow how?")]
)
def test_shortcut_on_a_mention_of_us_brings_the_question(prefix: str, text: str) -> None:
    activity = load("shortcut_message")
    told = activity["value"]["messagePayload"]
    told["body"]["content"] = '<p><at id="0">Inflow</at>&nbsp;how?</p>'
    us = prefix + US.removeprefix("28:")
    app = {"id": us, "displayName": "Inflow", "applicationIdentityType": "bot"}
    mentioned = {"user": None, "application": app}
    told["mentions"] = [{"id": 0, "mentionText": "Inflow", "mentioned": mentioned}]
    found = read(activity, READING)
    assert isinstance(found, Heard)
    assert isinstance(found.inbound.what, Shortcut)
    assert found.inbound.what.text == text


def test_conversation_of_two_people_is_not_ours() -> None:
    heard = hear("shortcut_pair")
    # We are not there, and whatever we said there would be for both.
    assert heard.inbound.place.kind is PlaceKind.CHANNEL
    assert not heard.inbound.place.has_us
    assert heard.inbound.what == Shortcut(
        name="ask_expert", text="as it is <b>", author=BO, message="1772441000300"
    )


# Who is there -------------------------------------------------------------------------------


def test_members_come_and_go() -> None:
    added, removed = read(load("member_added"), READING), read(load("member_removed"), READING)
    assert isinstance(added, News)
    assert isinstance(removed, News)
    bo = (Account(BO, "29:1-bo"),)
    assert (added.are_we_here, added.came, added.went) == (None, bo, ())
    assert (removed.are_we_here, removed.came, removed.went) == (None, (), bo)
    assert added.contact.team == GENERAL


@pytest.mark.parametrize(
    ("name", "are_we_here"),
    [("bot_added", True), ("bot_removed", False), ("installed", True), ("uninstalled", False)],
)
def test_we_come_and_go(name: str, are_we_here: bool) -> None:
    found = read(load(name), READING)
    assert isinstance(found, News)
    assert (found.are_we_here, found.came, found.went) == (are_we_here, (), ())


def test_quoted_message_is_the_thread_of_a_chat() -> None:
    quote = '<blockquote itemscope="" itemtype="http://schema.skype.com/Reply" itemid="17">'
    html = {"contentType": "text/html", "content": f"\n{quote}<p>…</p></blockquote><p>yes</p>"}
    entity = {"type": "quotedReply", "quotedReply": {"messageId": "18"}}
    found = hear("message_personal", text="yes", attachments=[{"contentType": "x"}, html])
    assert found.inbound.place == PERSONAL.model_copy(update={"thread": "17"})
    found = hear("message_group", text='<quoted messageId="18"/>yes', entities=[entity])
    assert found.inbound.place == GROUP.model_copy(update={"thread": "18"})
    assert isinstance(found.inbound.what, Said)
    assert found.inbound.what.text == "yes"
    # In a channel it stands in a thread as it is.
    found = hear("message_thread", attachments=[html])
    assert found.inbound.place.thread == ROOT


@pytest.mark.parametrize(
    "attachment",
    [
        {"contentType": "text/html", "content": '<p>see itemid="17"</p>'},
        {"contentType": "text/html", "content": '<blockquote itemid="17">x</blockquote>'},
        {"contentType": "text/html", "content": 5},
        {"contentType": "text/html", "content": "<blockquote " + "itemtype=" * 20_000},
        "x",
    ],
)
def test_what_quotes_no_message_is_in_no_thread(attachment: object) -> None:
    began = perf_counter()
    assert hear("message_personal", attachments=[attachment]).inbound.place == PERSONAL
    assert perf_counter() - began < 1


def test_end_of_what_is_upgraded_is_no_farewell() -> None:
    found = read(load("installed") | {"action": "remove-upgrade"}, READING)
    assert found == Dropped(Drop.CHANGED)


def test_upgrade_is_an_installation() -> None:
    found = read(load("installed") | {"action": "add-upgrade"}, READING)
    assert isinstance(found, News)
    assert found.are_we_here


def test_contact_says_what_it_takes_to_write_there() -> None:
    assert read_contact(load("message_personal")) == Contact(
        tenant=TENANT,
        service_url="https://smba.trafficmanager.net/emea/",
        conversation="a:1-ana",
        kind=PlaceKind.DM,
        bot=US,
        person=ANA,
        user="29:1-ana",
    )
    thread = read_contact(load("message_thread"))
    assert thread is not None
    assert (thread.conversation, thread.team) == (GENERAL, GENERAL)


# All of them --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_event_ids_tell_nothing_and_cannot_be_found_by_trying(name: str) -> None:
    found = read(load(name), READING)
    if not isinstance(found, Heard):
        return
    event_id = found.inbound.event_id
    assert len(event_id) < 60
    for secret in (ANA, "29:1-ana", TS, ROOT, found.inbound.place.conversation):
        assert secret not in event_id
    again, other = read(load(name), READING), read(load(name), replace(READING, seal=bytes(32)))
    assert isinstance(again, Heard)
    assert isinstance(other, Heard)
    assert again.inbound.event_id == event_id != other.inbound.event_id


def test_same_activity_of_another_conversation_is_another_act() -> None:
    assert name_event(SEAL, "words", "ab", "c") != name_event(SEAL, "words", "a", "bc")
    other = load("message_personal")
    other["conversation"]["id"] = "a:1-other"
    found = read(other, READING)
    assert isinstance(found, Heard)
    assert found.inbound.event_id != hear("message_personal").inbound.event_id


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, 7, True, "", "x", "\0", "\ud800", [], [None], {}, {"id": 7}, [{}]]
)


@given(st.sampled_from(NAMES), st.data())
@settings(max_examples=250)
def test_no_shape_makes_anything_raise(name: str, data: st.DataObject) -> None:
    payload = load(name)
    part: Any = payload
    while True:
        keys = sorted(part) if isinstance(part, dict) else list(range(len(part)))
        key = data.draw(st.sampled_from(keys))
        goes_on = isinstance(part[key], dict | list) and part[key]
        if not goes_on or data.draw(st.booleans()):
            part[key] = data.draw(JUNK)
            break
        part = part[key]
    found = read(payload, READING)
    assert isinstance(found, Heard | News | Dropped)
    assert isinstance(kind_of(payload), str)
    if isinstance(found, Heard):
        # A store can keep all of it.
        found.inbound.model_dump_json().encode()
        assert "\\u0000" not in found.inbound.model_dump_json()
