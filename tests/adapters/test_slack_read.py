"""Payloads in the shapes that Slack documents, read into the core's words."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.control import name_choice
from adapters.slack.read import (
    Bot,
    Drop,
    Dropped,
    Heard,
    Kind,
    Reading,
    Team,
    is_talk_among_people,
    people_in,
    read,
    read_team,
)
from adapters.slack.seal import Origin, open_origin, seal_origin, sign
from adapters.slack.speech import Speech, find_people, read_speech
from adapters.slack.wording import Wording
from bot.inbound import (
    Opened,
    Ordered,
    Place,
    PlaceKind,
    Pressed,
    Profile,
    Reacted,
    Said,
    Shortcut,
    Submitted,
)
from tests.adapters.contract import MONDAY

PAYLOADS = Path(__file__).parent / "slack_payloads"
SEAL = bytes(range(32))
WORDING = Wording({"ask": "ask", "learn": "learn"}, frozenset({"ask", "pause"}))
US = Bot("UBOT", "B1")
CHANNEL = Place(conversation="C1", kind=PlaceKind.CHANNEL)
DIRECT = Place(conversation="D1", kind=PlaceKind.DM)
ROOT = "1772441000.000100"
IN_THREAD = CHANNEL.model_copy(update={"thread": ROOT})
DIRECT_THREAD = DIRECT.model_copy(update={"thread": ROOT})
SHARED = CHANNEL.model_copy(update={"conversation": "C9"})


def load(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return payload


def reading(payload: dict[str, Any], **names: str) -> Reading:
    team = read_team(payload)
    assert team is not None
    return Reading(team, US, MONDAY, WORDING, SEAL, names)


def hear(name: str, **names: str) -> Heard:
    payload = load(name)
    found = read(payload, reading(payload, **names))
    assert isinstance(found, Heard), found
    return found


def what_of(name: str, **names: str) -> tuple[object, Place]:
    inbound = hear(name, **names).inbound
    assert (inbound.platform, inbound.workspace, inbound.at) == ("slack", "T1", MONDAY)
    assert inbound.person == "UANA"
    return inbound.what, inbound.place


# Words ----------------------------------------------------------------------------------

TS = "1772442000.000100"


@pytest.mark.parametrize(
    ("name", "what", "place"),
    [
        ("message_dm", Said(text="Is it <b> & c?", message=TS), DIRECT),
        ("message_dm_thread", Said(text="yes", message=TS), DIRECT_THREAD),
        ("message_channel", Said(text="good morning", message=TS), CHANNEL),
        ("message_thread", Said(text="in a thread", message=TS), IN_THREAD),
        ("message_thread_broadcast", Said(text="seen by all", message=TS), IN_THREAD),
        ("message_file_share", Said(text="look at this", message=TS, files=1), DIRECT),
        ("message_shared_channel", Said(text="hello from here", message=TS), SHARED),
        ("app_mention", Said(text="where is it?", mentioned=True, message=TS), CHANNEL),
        ("app_mention_thread", Said(text="and here?", mentioned=True, message=TS), IN_THREAD),
    ],
)  # fmt: skip
def test_words_are_said(name: str, what: Said, place: Place) -> None:
    assert what_of(name) == (what, place)
    assert hear(name).source.kind is Kind.WORDS


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("message_changed", Drop.CHANGED),
        ("message_deleted", Drop.CHANGED),
        ("message_joined", Drop.CHANGED),
        ("app_mention_edited", Drop.CHANGED),
        ("message_of_bot", Drop.BOT),
        ("message_of_classic_bot", Drop.BOT),
        ("message_of_ours", Drop.BOT),
        ("message_mention", Drop.TWIN),
        ("message_of_stranger", Drop.STRANGER),
        ("reaction_added_other", Drop.MARK),
        ("app_home_opened_messages", Drop.TAB),
        ("command_unknown", Drop.COMMAND),
        ("press_of_others", Drop.CONTROL),
        ("press_of_stranger", Drop.STRANGER),
        ("submit_of_stranger", Drop.STRANGER),
        ("submit", Drop.FORGED),
        ("user_change", Drop.UNKNOWN),
        ("view_closed", Drop.UNKNOWN),
        ("block_suggestion", Drop.UNKNOWN),
        ("app_rate_limited", Drop.UNKNOWN),
        ("url_verification", Drop.UNKNOWN),
    ],
)
def test_what_is_nothing_for_us_is_dropped_with_its_reason(name: str, why: Drop) -> None:
    payload = load(name)
    team = read_team(payload) or Team("T1", "T1", None)
    assert read(payload, Reading(team, US, MONDAY, WORDING, SEAL)) == Dropped(why)


def test_mention_and_the_message_behind_it_are_one_act() -> None:
    mention, message = load("app_mention"), load("message_mention")
    first = read(mention, reading(mention))
    assert isinstance(first, Heard)
    # The bot's id is not known: then the message does not show that it is a mention's twin.
    unknown = Reading(Team("T1", "T1", None), Bot(), MONDAY, WORDING, SEAL)
    second = read(message, unknown)
    assert isinstance(second, Heard)
    assert first.inbound.event_id == second.inbound.event_id


def test_mention_in_a_direct_message_is_cut_out() -> None:
    payload = load("message_dm")
    payload["event"]["text"] = "<@UBOT|inflow>, are you there?"
    found = read(payload, reading(payload))
    assert isinstance(found, Heard)
    assert found.inbound.what == Said(text="are you there?", mentioned=True, message=TS)


def test_talk_among_people_is_told_from_the_rest() -> None:
    assert is_talk_among_people(hear("message_channel"))
    for name in ("message_dm", "message_thread", "app_mention", "press", "command"):
        assert not is_talk_among_people(hear(name))


def test_group_of_people_is_a_channel() -> None:
    payload = load("message_channel")
    payload["event"] |= {"channel": "G1", "channel_type": "mpim"}
    found = read(payload, reading(payload))
    assert isinstance(found, Heard)
    assert found.inbound.place == Place(conversation="G1", kind=PlaceKind.CHANNEL)


def test_root_of_a_thread_is_in_no_thread() -> None:
    payload = load("message_channel")
    payload["event"]["thread_ts"] = payload["event"]["ts"]
    found = read(payload, reading(payload))
    assert isinstance(found, Heard)
    assert found.inbound.place.thread is None


# Marks, pages, commands, presses, forms, shortcuts -----------------------------------------


def test_mark_is_heard_by_our_own_name() -> None:
    assert what_of("reaction_added") == (Reacted(name="accept", message=ROOT), CHANNEL)
    assert hear("reaction_added").source.message == ROOT
    payload = load("reaction_added")
    for reaction in ("heavy_check_mark", "ballot_box_with_check"):
        payload["event"]["reaction"] = reaction
        found = read(payload, reading(payload))
        assert isinstance(found, Heard)
        assert found.inbound.what == Reacted(name="accept", message=ROOT)


def test_mark_in_a_shared_channel_is_heard_and_our_own_is_not() -> None:
    # Nobody is met by a mark: the core knows whom it means something from.
    assert hear("reaction_added_shared_channel").inbound.profile is None
    payload = load("reaction_added")
    payload["event"]["user"] = "UBOT"
    assert read(payload, reading(payload)) == Dropped(Drop.BOT)


def test_own_page_is_opened() -> None:
    own = Place(conversation="UANA", kind=PlaceKind.DM)
    assert what_of("app_home_opened") == (Opened(), own)


def test_command_says_what_was_typed() -> None:
    told = Ordered(name="ask", text="how do I <b> with @Kim in #general?")
    assert what_of("command", UKIM="Kim") == (told, CHANNEL)
    assert what_of("command_dm") == (Ordered(name="ask", text=""), DIRECT)
    assert what_of("command_root") == (Ordered(name="learn", text="pause until Monday"), CHANNEL)
    heard = hear("command")
    assert heard.inbound.profile == Profile(name="ana")
    assert heard.source.trigger == load("command")["trigger_id"]
    assert heard.source.response_url == load("command")["response_url"]


def test_command_has_the_name_that_an_administrator_gave_it() -> None:
    payload = load("command") | {"command": "/askhr"}
    wording = Wording({"ask": "askhr", "learn": "learn"}, frozenset({"ask"}))
    found = read(payload, Reading(Team("T1", "T1", None), US, MONDAY, wording, SEAL))
    assert isinstance(found, Heard)
    assert found.inbound.what == Ordered(name="ask", text="how do I <b> with @kim in #general?")
    taken = load("command")
    assert read(taken, Reading(Team("T1", "T1", None), US, MONDAY, wording, SEAL)) == Dropped(
        Drop.COMMAND
    )


@pytest.mark.parametrize(
    ("name", "message", "place"),
    [
        ("press", ROOT, CHANNEL),
        ("press_thread", "1772441500.000100", IN_THREAD),
        ("press_ephemeral", "1772441000.000200", CHANNEL),
        ("press_dm", ROOT, DIRECT),
        ("press_home", None, Place(conversation="UANA", kind=PlaceKind.DM)),
    ],
)
def test_press_brings_its_args_and_where_it_was(
    name: str, message: str | None, place: Place
) -> None:
    assert what_of(name) == (Pressed(action="sample.press", args={"n": 1}, message=message), place)
    source = hear(name).source
    assert source.on_page is (name == "press_home")
    assert source.is_ephemeral is (name == "press_ephemeral")


def test_choice_brings_what_was_chosen() -> None:
    payload = load("press_choice")
    payload["actions"][0]["block_id"] = name_choice({"about": "q1"}, 1, ["v7", "v8"])
    found = read(payload, reading(payload))
    assert isinstance(found, Heard)
    assert found.inbound.what == Pressed(
        action="sample.choose", args={"about": "q1", "choice": "v7"}, message=ROOT
    )


def test_each_press_is_an_act_of_its_own() -> None:
    payload = load("press")
    again = copy.deepcopy(payload)
    again["actions"][0]["action_ts"] = "1772442009.111111"
    ids = {
        heard.inbound.event_id
        for each in (payload, load("press"), again)
        if isinstance(heard := read(each, reading(each)), Heard)
    }
    assert len(ids) == 2


def submitted(person: str = "UANA", team: str = "T1", **more: Any) -> dict[str, Any]:
    place = Place(conversation="C1", kind=PlaceKind.CHANNEL, thread=ROOT)
    origin = Origin("sample.fill", {"about": "q1"}, place, on_page=True)
    payload = load("submit") | more
    payload["view"]["private_metadata"] = seal_origin(SEAL, team, person, origin)
    return payload


def test_form_brings_its_values_and_where_it_was_opened() -> None:
    payload = submitted()
    found = read(payload, reading(payload))
    assert isinstance(found, Heard)
    assert found.inbound.what == Submitted(
        action="sample.fill",
        args={"about": "q1"},
        values={"word": "<w> & so", "who": "UKIM", "day": ""},
    )
    assert found.inbound.place.thread == ROOT
    assert found.source.on_page
    assert found.source.view == payload["view"]


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "{}",
        "x" * 3_000,
        "\ud800" * 60,
        "é" * 60,
        seal_origin(SEAL, "T1", "UBO", Origin("sample.fill", {}, CHANNEL)),
        seal_origin(SEAL, "T2", "UANA", Origin("sample.fill", {}, CHANNEL)),
        seal_origin(bytes(32), "T1", "UANA", Origin("sample.fill", {}, CHANNEL)),
        seal_origin(SEAL, "T1", "UANA", Origin("sample.fill", {}, CHANNEL))[:-1] + " ",
        seal_origin(SEAL, "T1", "UANA", Origin("sample.fill", {}, CHANNEL)).replace("fill", "kill"),
    ],
)
def test_form_with_a_broken_seal_is_refused(sealed: str) -> None:
    payload = load("submit")
    payload["view"]["private_metadata"] = sealed
    assert read(payload, reading(payload)) == Dropped(Drop.FORGED)


def test_form_sent_again_with_other_values_is_another_act() -> None:
    first, same, other = submitted(), submitted(), submitted()
    other["view"]["state"]["values"]["word"]["sample.fill"]["value"] = "right"
    ids = [
        heard.inbound.event_id
        for each in (first, same, other)
        if isinstance(heard := read(each, reading(each)), Heard)
    ]
    assert ids[0] == ids[1] != ids[2]


def test_seal_refuses_what_is_too_long_for_slack() -> None:
    with pytest.raises(ValueError, match="too long"):
        seal_origin(SEAL, "T1", "U", Origin("a.b", {"x": "y" * 3_000}, CHANNEL))


def test_what_is_too_long_with_the_message_is_sealed_without() -> None:
    origin = Origin("a.b", {"x": "y" * 2_700}, CHANNEL, message="1.1", response_url="u" * 300)
    opened = open_origin(SEAL, "T1", "U", seal_origin(SEAL, "T1", "U", origin))
    assert opened == Origin("a.b", {"x": "y" * 2_700}, CHANNEL)


def test_what_was_sealed_before_messages_were_kept_can_be_opened() -> None:
    text = '["a.b",{},"C1","channel",null,true]'
    sealed = sign(SEAL, "T1", "U", text) + text
    place = Place(conversation="C1", kind=PlaceKind.CHANNEL)
    assert open_origin(SEAL, "T1", "U", sealed) == Origin("a.b", {}, place, on_page=True)


def test_signature_is_of_its_parts_and_not_of_their_sum() -> None:
    assert sign(SEAL, "T1", "U1", "x") != sign(SEAL, "T1U", "1", "x")


def test_shortcuts_bring_the_message_they_are_about() -> None:
    own = Place(conversation="UANA", kind=PlaceKind.DM)
    assert what_of("shortcut") == (Shortcut(name="ask"), own)
    message, plan = "1772441000.000300", "the plan (https://example.com/a?b=1&c=2)"
    assert what_of("shortcut_message", UKIM="Kim") == (
        Shortcut(name="note", text=f"{plan} of @Kim", author="UBO", message=message),
        CHANNEL.model_copy(update={"thread": "1772440000.000100"}),
    )


def test_event_ids_tell_neither_a_trigger_nor_a_person() -> None:
    for name in ("command", "press", "press_home", "shortcut", "message_dm", "reaction_added"):
        heard = hear(name)
        assert len(heard.inbound.event_id) < 50
        for secret in (
            heard.source.trigger,
            heard.inbound.person,
            heard.inbound.place.conversation,
        ):
            assert not secret or secret not in heard.inbound.event_id


@pytest.mark.parametrize(
    "payload",
    [
        *(load(name) for name in ("app_mention", "command", "message_dm", "press", "shortcut")),
        *(load(name) for name in ("app_home_opened", "reaction_added", "shortcut_message")),
    ],
)
def test_whose_an_event_is_cannot_be_found_by_trying(payload: dict[str, Any]) -> None:
    def name_by(seal: bytes) -> str:
        found = read(payload, replace(reading(payload), seal=seal))
        assert isinstance(found, Heard)
        return found.inbound.event_id

    # All that a direct message's id is made of can be guessed, but not the key.
    assert name_by(SEAL) == name_by(SEAL) != name_by(bytes(32))


def test_secrets_are_not_shown() -> None:
    heard = hear("press")
    assert heard.source.trigger
    assert heard.source.response_url
    shown = repr(heard.source)
    assert heard.source.trigger not in shown
    assert heard.source.response_url not in shown


# Workspaces -----------------------------------------------------------------------------


def test_organisation_with_the_app_as_a_whole_is_one_workspace() -> None:
    names = ("app_mention_whole_org", "command_whole_org", "submit_whole_org")
    teams = [read_team(load(name)) for name in names]
    assert [team and team.external for team in teams] == ["E1", "E1", "E1"]
    mention = hear("app_mention_whole_org")
    assert (mention.inbound.workspace, mention.inbound.person) == ("E1", "UANA")
    assert hear("command_whole_org").inbound.workspace == "E1"
    payload = load("submit_whole_org")
    origin = Origin("sample.fill", {}, CHANNEL)
    payload["view"]["private_metadata"] = seal_origin(SEAL, "E1", "UANA", origin)
    found = read(payload, reading(payload))
    assert isinstance(found, Heard)
    assert found.inbound.workspace == "E1"


def test_shared_channel_is_heard_through_our_own_workspace() -> None:
    payload = load("message_shared_channel")
    assert payload["team_id"] == "T2"
    assert read_team(payload) == Team("T1", "T1", None)


@pytest.mark.parametrize(
    "payload",
    [{}, {"team_id": 5}, {"team": {}}, {"authorizations": []}, {"is_enterprise_install": True}],
)
def test_payload_without_a_workspace_has_none(payload: dict[str, Any]) -> None:
    assert read_team(payload) is None


# Any shape ------------------------------------------------------------------------------

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each part of a payload."""
    found = [path] if path else []
    if isinstance(value, dict):
        found += [way for key, each in value.items() for way in _paths(each, (*path, key))]
    if isinstance(value, list):
        found += [way for key, each in enumerate(value) for way in _paths(each, (*path, key))]
    return found


@given(st.data())
def test_no_shape_makes_the_reader_fail(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(
            ["message_dm", "app_mention", "reaction_added", "app_home_opened", "command", "press",
             "press_home", "press_choice", "submit", "shortcut", "shortcut_message"]
        )
    )  # fmt: skip
    payload = load(name)
    *way, last = data.draw(st.sampled_from(_paths(payload)))
    at: Any = payload
    for step in way:
        at = at[step]
    if data.draw(st.booleans()):
        at[last] = data.draw(ODD)
    else:
        del at[last]
    read_team(payload)
    people_in(payload)
    found = read(payload, Reading(Team("T1", "T1", None), US, MONDAY, WORDING, SEAL))
    assert isinstance(found, Heard | Dropped)


# Slack's text ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a &lt;b&gt; &amp; &amp;lt; c", "a <b> & &lt; c"),
        ("ask <@U1> and <@U2|bo> and <@U9>", "ask @Ana K. and @bo and @U9"),
        ("<@U1|old>", "@Ana K."),
        ("in <#C1|general> or <#C2> or <#C3|>", "in #general or #C2 or #C3"),
        ("<!here> <!channel> <!everyone|everyone> <!here|@here>", "@here @channel @everyone @here"),
        ("<!subteam^S1|@helpers> <!subteam^S1|helpers> <!subteam^S2>", "@helpers @helpers @S2"),
        ("at <!date^1392734382^{date} at {time}|18 Feb 2014>", "at 18 Feb 2014"),
        ("<!date^1392734382^{date}^https://x.example|then>", "then"),
        ("<!unheard_of|of> <!unheard>", "of <!unheard>"),
        ("see <https://x.example/a?b=1&amp;c=2>", "see https://x.example/a?b=1&c=2"),
        ("see <https://x.example|the &lt;page&gt;>", "see the <page> (https://x.example)"),
        ("<https://x.example/a?b=1&amp;c=2|here>", "here (https://x.example/a?b=1&c=2)"),
        ("<https://x.example|https://y.example>", "https://y.example (https://x.example)"),
        ("<https://x.example/a/|https://x.example/a>", "https://x.example/a"),
        ("<https://x.example/|x.example>", "x.example"),
        ("<mailto:bo@x.example|Bo>", "Bo (bo@x.example)"),
        ("<tel:+4930123|call>", "call (+4930123)"),
        ("see <http://x.example|x.example>", "see x.example"),
        ("<mailto:bo@x.example|bo@x.example> <mailto:bo@x.example>", "bo@x.example bo@x.example"),
        ("<tel:+4930123|+49 30 123> <tel:+4930123>", "+49 30 123 +4930123"),
        ("&lt;@U1&gt; &lt;!channel&gt;", "<@U1> <!channel>"),
        ("a <b> c", "a <b> c"),
        ("*bold* _it_ `code`\n- list", "*bold* _it_ `code`\n- list"),
        ("nul\0 and \ud83d half", "nul and \N{REPLACEMENT CHARACTER} half"),
        ("", ""),
    ],
)
def test_words_arrive_as_they_were_said(text: str, words: str) -> None:
    assert read_speech(text, {"U1": "Ana K."}) == Speech(words)


@given(st.text(max_size=200))
def test_whatever_is_typed_arrives(typed: str) -> None:
    sent = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    arrived = read_speech(sent, {}, "UBOT").words
    assert arrived == typed.replace("\0", "").strip()


@pytest.mark.parametrize(
    ("text", "words", "addressed"),
    [
        ("<@UBOT> hello", "hello", True),
        ("<@UBOT|inflow>: hello", "hello", True),
        ("hello <@UBOT>", "hello", False),
        ("hello, <@UBOT>, you", "hello, Inflow, you", False),
        ("<@UBOT>", "", True),
        ("<@UBOT>\n/ask this", "/ask this", True),
    ],
)
def test_mention_of_the_bot_is_cut_out_or_read_as_its_name(
    text: str, words: str, addressed: bool
) -> None:
    assert read_speech(text, {}, "UBOT") == Speech(words, mentioned=True, addressed=addressed)
    assert not read_speech("<@UBOT2> hello", {}, "UBOT").mentioned


def test_people_who_are_mentioned_are_found() -> None:
    assert find_people("<@U1> <@U2|bo> <@W3> &lt;@U4&gt; <@U1>") == {"U1", "U2", "W3"}
    assert people_in(load("command")) == {"UKIM"}
    assert people_in(load("shortcut_message")) == {"UKIM"}
    assert people_in(load("app_mention")) == {"UBOT"}
