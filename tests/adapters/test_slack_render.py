"""Messages, forms and pages as Block Kit: every one of ours, and whatever people may write.

The golden files are what was looked at and found right. After a change on purpose write them
anew with `GOLDEN=write`, and look at the difference.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from adapters.slack.control import read_pressed
from adapters.slack.limits import find_faults, measure
from adapters.slack.messages import LEFT_OUT, SHORTENED
from adapters.slack.render import ROOM, render_form, render_message, render_page
from adapters.slack.wording import Wording
from bot.app import OWN_WORDS
from bot.capabilities.questions.memory import Memory
from bot.capability import register
from bot.form import (
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    NumberField,
    PeopleField,
    TextField,
)
from bot.markup import parse
from bot.message import (
    MAX_ARGS,
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Fact,
    Facts,
    Heading,
    Image,
    Message,
    Note,
    Option,
    Part,
    Progress,
    Quote,
    Style,
    Text,
    Tone,
    literal,
    mention,
    mention_channel,
    say,
)
from bot.page import Section, assemble
from storage.database import Database
from tests.adapters.contract import FORM, HOSTILE, SAMPLES, controls_of, words_of
from tests.adapters.every_message import SHOWN, Shown, find_makers
from tests.databases import RELAY_KEY
from tests.world import CAPABILITIES, World

Json = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden" / "slack"
WORDS = frozenset(register(CAPABILITIES).orders) | frozenset(OWN_WORDS)
WORDING = Wording({"learn": "learn", "ask": "ask"}, WORDS)
RENAMED = Wording({"learn": "inflow", "ask": "askhr"}, WORDS)


def _sections(shown: Shown) -> list[Section]:
    """Those of a person's page."""
    every = [shown] if isinstance(shown, Section) else shown if isinstance(shown, list) else []
    return [each for each in every if isinstance(each, Section)]


def _as_message(shown: Shown) -> Message | None:
    """None for a form. What is a part of a page or of a longer message is one by itself here."""
    if isinstance(shown, Message):
        return shown
    if sections := _sections(shown):
        return assemble(sections)
    parts = shown if isinstance(shown, list) else []
    return Message.model_validate({"summary": "x", "parts": tuple(parts)}) if parts else None


MESSAGES = {name: message for name, shown in SHOWN.items() if (message := _as_message(shown))}
FORMS = {name: shown for name, shown in SHOWN.items() if isinstance(shown, Form)}
EVERY = {**SAMPLES, **MESSAGES}


def _render(name: str) -> Json:
    shown = SHOWN[name]
    if isinstance(shown, Form):
        return render_form(shown, WORDING, "sealed")
    if _sections(shown):
        return render_page(MESSAGES[name], WORDING)
    rendered = render_message(MESSAGES[name], WORDING)
    return {"text": rendered.text, "blocks": rendered.blocks}


# --- golden files -----------------------------------------------------------------------


def _pretty(value: object, indent: str = "") -> str:
    """JSON in short lines, each block with its type in front."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 99 or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + " "
    if isinstance(value, list):
        rows = [_pretty(entry, inner) for entry in value]
        return f"[\n{inner}" + f",\n{inner}".join(rows) + f"\n{indent}]"
    *first, (name, last) = value.items()
    if first and isinstance(last, list) and not any(isinstance(v, dict | list) for _, v in first):
        head = json.dumps(dict(first), ensure_ascii=False)[:-1]
        return f"{head}, {json.dumps(name)}: {_pretty(last, indent)}}}"
    rows = [f"{json.dumps(key)}: {_pretty(entry, inner)}" for key, entry in value.items()]
    return f"{{\n{inner}" + f",\n{inner}".join(rows) + f"\n{indent}}}"


def _usual() -> dict[str, dict[str, str]]:
    """The usual case of each function, by capability and function."""
    usual: dict[str, dict[str, str]] = {}
    for name in SHOWN:
        capability, _, function = name.partition(":")[0].partition(".")
        usual.setdefault(capability, {}).setdefault(function, name)
    return usual


USUAL = _usual()


def test_no_label_of_a_choice_has_a_colon_as_plain_text_sets_one() -> None:
    labels = [part.label for m in MESSAGES.values() for part in m.parts if isinstance(part, Choice)]
    assert [label for label in labels if label.endswith(":")] == []
    assert labels


@pytest.mark.parametrize("capability", USUAL)
def test_golden_files_say_what_is_rendered(capability: str) -> None:
    path = GOLDEN / f"{capability}.json"
    rendered = {function: _render(name) for function, name in USUAL[capability].items()}
    if os.environ.get("GOLDEN") == "write":
        path.write_text(_pretty(rendered) + "\n", encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept.keys() == rendered.keys()
    for function, blocks in rendered.items():
        assert kept[function] == blocks, function


def test_every_message_and_form_has_a_golden_one() -> None:
    shown = {f"{capability}.{name}" for capability, names in USUAL.items() for name in names}
    assert set(find_makers()) - shown == set()
    assert {path.stem for path in GOLDEN.glob("*.json")} == USUAL.keys()


# --- Slack would take it ----------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_message_keeps_every_limit(name: str) -> None:
    blocks = render_message(EVERY[name], WORDING).blocks
    assert find_faults(blocks) == []
    # The library's own model of each block says the same as we do.
    parsed = Block.parse_all(blocks)
    for block, sent in zip(parsed, blocks, strict=True):
        block.validate_json()
        assert block.to_dict() == sent


@pytest.mark.parametrize("name", FORMS)
def test_form_keeps_every_limit(name: str) -> None:
    view = render_form(FORMS[name], WORDING, "m" * 3_000)
    assert find_faults(view) == []
    model = View(**view)
    model.validate_json()
    assert model.to_dict() == view


@pytest.mark.parametrize("name", MESSAGES)
def test_page_keeps_every_limit(name: str) -> None:
    view = render_page(MESSAGES[name], WORDING)
    assert find_faults(view) == []
    assert View(**view).to_dict() == view


# --- nothing is lost --------------------------------------------------------------------


def _texts(block: Json) -> Iterator[str]:
    """What a block shows, each run of characters by itself."""
    for name, value in block.items():
        if name in {"text", "alt_text"} and isinstance(value, str):
            yield value
        elif name not in {"placeholder", "confirm"}:
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    yield from _texts(inner)


def _shown(blocks: Sequence[Json]) -> str:
    return "\n".join("".join(_texts(block)) for block in blocks)


@pytest.mark.parametrize("name", EVERY)
def test_message_says_all_its_words(name: str) -> None:
    message = EVERY[name]
    shown = _shown(render_message(message, Wording({"learn": "learn"}, frozenset())).blocks)
    if SHORTENED in shown:
        # One of ours is too long for Slack: a list of a hundred questions.
        assert name == "questions.question_list:long"
        return
    for words in words_of(message):
        if words not in shown:
            # People and channels are mentioned by their address; Slack shows their names.
            told = message.model_dump_json()
            assert "person:" in told or "channel:" in told, words
    assert LEFT_OUT not in shown


@pytest.mark.parametrize("name", EVERY)
def test_controls_can_be_pressed_as_they_were_meant(name: str) -> None:
    message = EVERY[name]
    pressed = list(_pressed(render_message(message, WORDING).blocks))
    assert [label for label, _ in pressed] == list(controls_of(message))
    meant: list[tuple[str, Mapping[str, object]]] = []
    for part in message.parts:
        if isinstance(part, Buttons):
            meant += [(button.action, button.args) for button in part.buttons]
        elif isinstance(part, Choice):
            meant.append((part.action, {**part.args, "choice": part.options[-1].value}))
    assert [read_pressed(action) for _, action in pressed] == meant


def _pressed(blocks: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    """The label of each control, and what comes when it is pressed; the last of a choice."""
    for block in blocks:
        for element in block["elements"] if block["type"] == "actions" else []:
            yield element["text"]["text"], element
        if "accessory" in block:
            select = block["accessory"]
            chosen = {**select, "block_id": block["block_id"]}
            chosen["selected_option"] = select["options"][-1]
            yield block["text"]["text"], chosen


# --- each part --------------------------------------------------------------------------


def _one(part: Part) -> Json:
    (block,) = render_message(Message(summary="x", parts=(part,)), WORDING).blocks
    return block


def test_text_is_rich_text() -> None:
    text = "Hello **you**, *truly* `x`\nand\n\n- one\n- **two**\n[here](https://e.example/a?b=c&d)"
    assert _one(Text(text=text)) == {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Hello "},
                    {"type": "text", "text": "you", "style": {"bold": True}},
                    {"type": "text", "text": ", "},
                    {"type": "text", "text": "truly", "style": {"italic": True}},
                    {"type": "text", "text": " "},
                    {"type": "text", "text": "x", "style": {"code": True}},
                    {"type": "text", "text": "\nand\n"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": "two", "style": {"bold": True}}],
                    },
                ],
            },
            {
                "type": "rich_text_section",
                "elements": [{"type": "link", "url": "https://e.example/a?b=c&d", "text": "here"}],
            },
        ],
    }


def test_people_of_slack_are_mentioned_and_others_named() -> None:
    kim, guest = mention("K*m", "U0KIM0000"), mention("Gu<est", "room-7")
    block = _one(Text(text=f"**{kim}** and {guest}"))
    assert block["elements"][0]["elements"] == [
        {"type": "user", "user_id": "U0KIM0000", "style": {"bold": True}},
        {"type": "text", "text": " and Gu<est"},
    ]


def test_channels_of_slack_are_shown_and_others_named() -> None:
    travel, other = mention_channel("C024BE91L"), mention_channel("room-7", "Ro*m")
    block = _one(Text(text=f"in **{travel}** or {other}"))
    assert block["elements"][0]["elements"] == [
        {"type": "text", "text": "in "},
        {"type": "channel", "channel_id": "C024BE91L", "style": {"bold": True}},
        {"type": "text", "text": " or Ro*m"},
    ]
    rendered = render_message(say(f"May I post it in {travel}?", Note(text=travel)), WORDING)
    assert rendered.text == "May I post it in the channel?"
    assert json.dumps(rendered.blocks).count('"channel_id": "C024BE91L"') == 2
    assert not find_faults(rendered.blocks)


def test_quote_names_who_wrote_it() -> None:
    assert _one(Quote(text="a\n> b", by="Ana")) == {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a\n> b"}]},
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "— Ana"}]},
        ],
    }


def test_facts_are_lines() -> None:
    block = _one(Facts(facts=(Fact(label="To", value="all"), Fact(label="When", value="now"))))
    assert "".join(_texts(block)) == "To: all\nWhen: now"


def test_progress_is_said_in_words_before_the_bar() -> None:
    bars = {
        (done, total): "".join(_texts(_one(Progress(label="Done", done=done, total=total))))
        for done, total in ((0, 3), (1, 100), (1, 2), (99, 100), (3, 3))
    }
    assert bars == {
        (0, 3): "Done: 0 of 3\n░░░░░░░░░░",
        (1, 100): "Done: 1 of 100\n█░░░░░░░░░",
        (1, 2): "Done: 1 of 2\n█████░░░░░",
        (99, 100): "Done: 99 of 100\n█████████░",
        (3, 3): "Done: 3 of 3\n██████████",
    }


def test_button_has_its_style_and_asks_before() -> None:
    sure = Confirm(title="Sure?", text="Gone.", yes="Delete", no="Keep")
    button = Button(
        label="Delete", action="faq.retire", args={"n": 1}, style=Style.DANGER, confirm=sure
    )

    def plain(text: str) -> Json:
        return {"type": "plain_text", "text": text, "emoji": False}

    assert _one(Buttons(buttons=(button,))) == {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "faq.retire#0",
                "text": plain("Delete"),
                "value": '{"n":1}',
                "style": "danger",
                "confirm": {
                    "title": plain("Sure?"),
                    "text": plain("Gone."),
                    "confirm": plain("Delete"),
                    "deny": plain("Keep"),
                    "style": "danger",
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("tone", "above", "first"),
    [
        (Tone.NEUTRAL, None, ""),
        (Tone.GOOD, None, ""),
        (Tone.WARNING, "⚠ Please note", "Please note: "),
        (Tone.BAD, "✕ Problem", "Problem: "),
    ],
)
def test_tone_is_said_in_words(tone: Tone, above: str | None, first: str) -> None:
    rendered = render_message(say("It is so", tone=tone), WORDING)
    assert [block["elements"][0].get("text") for block in rendered.blocks[:-1]] == (
        [above] if above else []
    )
    assert rendered.text == f"{first}It is so"


def test_notification_escapes_what_slack_would_read() -> None:
    message = Message(summary="<!channel> & <@U1> &lt;", parts=(Divider(),))
    text = render_message(message, WORDING).text
    assert text == "&lt;!channel&gt; &amp; &lt;@U1&gt; &amp;lt;"


def test_note_is_small_and_plain() -> None:
    block = _one(Note(text="Say **more** with `/pause`\n- *so*"))
    words = "Say more with /learn pause\n- so"
    plain = {"type": "plain_text", "text": words, "emoji": False}
    assert block == {"type": "context", "elements": [plain]}


def test_note_with_a_link_is_text() -> None:
    assert _one(Note(text="[here](https://e.example)"))["type"] == "rich_text"


# --- commands ---------------------------------------------------------------------------


def test_commands_are_called_as_here() -> None:
    message = say("Say `/pause until Monday`, `/ask words` or `/help`.")
    rendered = render_message(message, RENAMED)
    said = "Say /inflow pause until Monday, /askhr words or /inflow help."
    assert (rendered.text, _shown(rendered.blocks)) == (said, said)


def test_commands_that_people_write_stay() -> None:
    words = "how does /pause work with `/help`?"
    message = Message(
        summary=f"Ana asks: {words}",
        parts=(Text(text=literal(words)), Quote(text=words), Note(text=literal(words))),
    )
    rendered = render_message(message, RENAMED)
    assert rendered.text == f"Ana asks: {words}"
    assert _shown(rendered.blocks) == "\n".join([words] * 3)


def test_hint_of_a_field_calls_commands_as_here() -> None:
    form = Form(title="x", fields=(TextField(name="a", label="A", hint="See /faq"),), action="a.b")
    assert render_form(form, RENAMED, "")["blocks"][0]["hint"]["text"] == "See /inflow faq"


_COMMAND = re.compile(rf"(?<![\w/])/(?:{'|'.join(sorted(WORDS))})\b")


@pytest.mark.parametrize("name", MESSAGES)
def test_our_own_sentences_have_their_commands_as_code(name: str) -> None:
    for part in MESSAGES[name].parts:
        if isinstance(part, Text | Note):
            spans = [span for line in parse(part.text) for span in line.spans]
            assert not [s.text for s in spans if not s.code and _COMMAND.search(s.text)]


# --- forms ------------------------------------------------------------------------------


def _element(form: Form) -> Json:
    view = render_form(form, WORDING, "sealed")
    element: Json = view["blocks"][-1]["element"]
    return element


def test_form_is_a_modal_of_ours() -> None:
    view = render_form(FORM, WORDING, "sealed")
    assert (view["type"], view["callback_id"]) == ("modal", "inflow")
    assert view["private_metadata"] == "sealed"
    assert [block.get("block_id") for block in view["blocks"]] == [
        None, "word", "story", "urgency", "who", "day", "count"
    ]  # fmt: skip
    assert [block.get("optional") for block in view["blocks"]] == [None, False, *[True] * 5]
    kinds = [block["element"]["type"] for block in view["blocks"][1:]]
    assert kinds == [
        "plain_text_input", "plain_text_input", "static_select", "users_select", "datepicker",
        "number_input",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        (TextField(name="a", label="A", value="x" * 200), "initial_value", "x" * 150),
        (LongTextField(name="a", label="A", value="x" * 4_000), "initial_value", "x" * 3_000),
        (TextField(name="a", label="A"), "initial_value", None),
        (PeopleField(name="a", label="A", value="U0ANA0000"), "initial_user", "U0ANA0000"),
        (PeopleField(name="a", label="A", value="ana"), "initial_user", None),
        (DateField(name="a", label="A", value="2026-03-09"), "initial_date", "2026-03-09"),
        (DateField(name="a", label="A", value="2026-02-30"), "initial_date", None),
        (DateField(name="a", label="A", value="20260309"), "initial_date", None),
        (NumberField(name="a", label="A", value=1e6), "initial_value", "1000000"),
        (NumberField(name="a", label="A", value=0.25), "initial_value", "0.25"),
        (NumberField(name="a", label="A", value=10), "initial_value", "10"),
        (NumberField(name="a", label="A", minimum=0), "min_value", "0"),
        (NumberField(name="a", label="A", maximum=-1.5), "max_value", "-1.5"),
        (NumberField(name="a", label="A", maximum=float("inf")), "max_value", None),
        (NumberField(name="a", label="A", value=0, minimum=1), "initial_value", None),
        (NumberField(name="a", label="A", value=9, maximum=1), "initial_value", None),
    ],
)
def test_field_begins_with_its_value(field: Any, name: str, value: str | None) -> None:
    form = Form(title="x", fields=(field,), action="a.b")
    assert _element(form).get(name) == value
    assert find_faults(render_form(form, WORDING, "")) == []


def test_choice_begins_with_one_of_its_options() -> None:
    options = tuple(Option(label=f"<{n}>", value=f"v&{n}") for n in range(100))
    form = Form(
        title="x",
        fields=(ChoiceField(name="a", label="A", options=options, value="v&7"),),
        action="a.b",
    )
    element = _element(form)
    assert element["initial_option"] == element["options"][7]
    assert element["initial_option"]["text"]["text"] == "<7>"


def test_fields_of_two_forms_do_not_share_what_was_typed() -> None:
    field = LongTextField(name="text", label="A")
    one = _element(Form(title="x", fields=(field,), action="a.b"))
    two = _element(Form(title="x", fields=(field,), action="a.c"))
    assert one["action_id"] != two["action_id"]


# --- what is too long -------------------------------------------------------------------


def test_longest_texts_are_shortened_and_it_is_said() -> None:
    row = Buttons(buttons=(Button(label="Stop all", action="attention.stop"),))
    message = Message(
        summary="x",
        parts=(*(Quote(text=f"{n} " + "word " * 500) for n in range(8)), Text(text="Short."), row),
    )
    blocks = render_message(message, WORDING).blocks
    shown = _shown(blocks)
    assert find_faults(blocks) == []
    assert [block["type"] for block in blocks] == [*["rich_text"] * 9, "actions", "context"]
    assert all(f"{n} word" in shown for n in range(8))
    assert "Short." in shown
    assert shown.endswith(SHORTENED)
    # Not shorter than must be.
    assert measure(blocks) > ROOM * 3 // 4


def test_long_list_ends_early_and_keeps_its_buttons() -> None:
    lines = "\n".join(f"- **{n}** {'word ' * 20}" for n in range(20))
    row = Buttons(buttons=(Button(label="New", action="a.b"),))
    message = Message(summary="x", parts=(*[Text(text=f"**Title**\n{lines}")] * 8, row))
    blocks = render_message(message, WORDING).blocks
    shown = _shown(blocks)
    assert find_faults(blocks) == []
    assert measure(blocks) > ROOM * 95 // 100
    assert shown.endswith(f"New\n{SHORTENED}")
    # Nothing is missing in the middle of it.
    whole = _shown(render_page(message, WORDING)["blocks"])
    assert whole.startswith(shown.removesuffix(f"\nNew\n{SHORTENED}"))


def test_images_go_before_anything_that_can_be_pressed() -> None:
    image = Image(url="https://e.example/" + "i" * 1_900, alt="A map")
    row = Buttons(buttons=(Button(label="Stop all", action="attention.stop"),))
    blocks = render_message(Message(summary="x", parts=(*[image] * 10, row)), WORDING).blocks
    kinds = [block["type"] for block in blocks]
    assert kinds == [*["image"] * kinds.count("image"), "actions", "context"]
    assert kinds.count("image") == 5
    assert _shown(blocks).endswith(f"Stop all\n{SHORTENED}")


def test_more_buttons_than_slack_takes_keep_the_last_row() -> None:
    rows = [
        Buttons(
            buttons=tuple(
                Button(label=f"{row} {n}", action="a.b", args={"x": "x" * 200}) for n in range(5)
            )
        )
        for row in range(15)
    ]
    blocks = render_message(Message(summary="x", parts=tuple(rows)), WORDING).blocks
    assert find_faults(blocks) == []
    assert measure(blocks) > ROOM * 3 // 4
    assert blocks[0]["elements"][0]["text"]["text"] == "0 0"
    assert blocks[-2]["elements"][-1]["text"]["text"] == "14 4"
    assert _shown(blocks).endswith(LEFT_OUT)


def test_row_that_slack_would_never_take_is_left_out() -> None:
    args: dict[str, Any] = {"x": "\\" * 740}
    row = tuple(Button(label=f"{n}", action="a.b", args=args) for n in range(5))
    message = Message(summary="Hello", parts=(Text(text="Hello"), Buttons(buttons=row)))
    assert _shown(render_message(message, WORDING).blocks) == f"Hello\n{LEFT_OUT}"


def test_message_of_blanks_shows_its_summary() -> None:
    blank = Message(summary="Hello", parts=(Text(text="\n"), Note(text=" "), Heading(text=" ")))
    assert _shown(render_message(blank, WORDING).blocks) == "Hello"


# --- whatever people write --------------------------------------------------------------

ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
MARKS = st.sampled_from("*_~`:<>&|[]()!@#-\\\n \t{}%/“”😀م\u202e\u200b")


def _text(most: int) -> st.SearchStrategy[str]:
    length = min(most, 60)
    short = st.text(ANY | MARKS, min_size=1, max_size=length) | st.sampled_from(HOSTILE).map(
        lambda hostile: hostile[:most]
    )
    return short | st.builds(lambda text, n: (text * n)[:most], short, st.integers(1, most))


@given(_text(150))
@settings(max_examples=60)
def test_words_of_people_stay_as_they_are(text: str) -> None:
    line = text[:75]
    message = Message(
        summary=text[:300],
        parts=(
            Text(text=literal(text)),
            Text(text=f"Before {literal(text)} after"),
            Quote(text=text, by=line),
            Facts(facts=(Fact(label=line, value=text),)),
            Progress(label=line, done=1, total=2),
            Heading(text="x" + line),
            Note(text="x" + literal(text)),
            Image(url="https://e.example/i.png", alt="x" + text),
            Buttons(buttons=(Button(label="x" + line[:70], action="a.b"),)),
            Choice(
                label="x" + line,
                action="a.b",
                options=(Option(label="x" + line[:70], value="v"),),
            ),
        ),
    )
    # The core itself turns other line breaks into `\n`, as `literal` says.
    words = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = render_message(message, RENAMED).blocks
    assert find_faults(blocks) == []
    texts = ["".join(_texts(block)) for block in blocks]
    told = ([words] if words.strip() else []) + [
        f"Before {words} after",
        f"{text}— {line}",
        f"{line}: {text}",
        f"{line}: 1 of 2\n█████░░░░░",
        f"x{line}",
        f"x{words}",
        f"x{text}",
        f"x{line[:70]}",
        f"x{line}x{line[:70]}",
    ]
    assert texts == told
    assert set(_kinds(blocks)) <= {
        "rich_text", "rich_text_section", "rich_text_quote", "text", "context", "plain_text",
        "header", "image", "actions", "button", "section", "static_select",
    }  # fmt: skip


def _kinds(value: object) -> Iterator[str]:
    """All types in it: text that is read as markup would be `mrkdwn`, `link`, `user`..."""
    if isinstance(value, dict):
        yield from [value["type"]] if "type" in value else []
        assert value.get("emoji", False) is False
        for inner in value.values():
            yield from _kinds(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _kinds(inner)


ACTION = st.sampled_from(["a.b", "question.claim"])
BUTTON = st.builds(
    Button,
    label=_text(75),
    action=ACTION,
    args=st.dictionaries(_text(9), _text(200), max_size=2).filter(
        lambda args: len(json.dumps(args)) <= MAX_ARGS
    ),
    style=st.sampled_from(Style),
    confirm=st.none()
    | st.builds(Confirm, title=_text(100), text=_text(300), yes=_text(30), no=_text(30)),
)
FACT = st.builds(Fact, label=_text(75), value=_text(1_000))
OPTION = st.builds(Option, label=_text(75), value=_text(150))
OURS = st.sampled_from(
    ["**x**", "*x*", "`/ask x`", "[x](https://e.example)", "[x](person:U0ANA0000)", "\n- x", "\n"]
)
MARKUP = st.lists(OURS | _text(300).map(lambda text: literal(text)[:600]), min_size=1, max_size=5)
PART: st.SearchStrategy[Part] = st.one_of(
    st.builds(Heading, text=_text(150)),
    st.builds(Text, text=MARKUP.map("".join)),
    st.builds(Note, text=MARKUP.map("".join)),
    st.builds(
        Facts,
        facts=st.lists(FACT, min_size=1, max_size=10).map(tuple),
    ),
    st.builds(Quote, text=_text(2_900), by=st.none() | _text(150)),
    st.builds(
        Image,
        url=_text(1_900).map(lambda text: f"https://e.example/{text}"),
        alt=_text(500),
    ),
    st.just(Divider()),
    st.builds(Progress, label=_text(150), done=st.integers(0, 9), total=st.integers(9, 99)),
    st.builds(Buttons, buttons=st.lists(BUTTON, min_size=1, max_size=5).map(tuple)),
    st.builds(
        Choice,
        label=_text(150),
        action=ACTION,
        args=st.dictionaries(_text(5), _text(20), max_size=1).filter(
            lambda args: len(json.dumps(args)) <= 200
        ),
        options=st.lists(OPTION, min_size=1, max_size=10).map(tuple),
    ),
)  # fmt: skip


@st.composite
def _messages(draw: st.DrawFn) -> Message:
    parts = draw(st.lists(PART, min_size=1, max_size=8)) * draw(st.integers(1, 5))
    while True:
        try:
            return Message(
                summary=draw(_text(300)), parts=tuple(parts), tone=draw(st.sampled_from(Tone))
            )
        except ValueError:
            parts.pop()


@given(_messages())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_message_keeps_every_limit(message: Message) -> None:
    rendered = render_message(message, RENAMED)
    assert find_faults(rendered.blocks) == []
    assert not set("<>") & set(rendered.text)
    assert "mrkdwn" not in set(_kinds(rendered.blocks))
    assert find_faults(render_page(message, RENAMED)) == []
    if _shown(rendered.blocks).endswith(LEFT_OUT):
        return
    pressed = [read_pressed(action) for _, action in _pressed(rendered.blocks)]
    assert None not in pressed
    assert len(pressed) == len(controls_of(message))


FIELD = st.one_of(
    st.builds(TextField, name=st.just("a"), label=_text(150), hint=st.none() | _text(500),
              value=_text(400), max_length=st.integers(1, 3_000)),
    st.builds(LongTextField, name=st.just("b"), label=_text(150), value=_text(4_000)),
    st.builds(ChoiceField, name=st.just("c"), label=_text(150),
              options=st.lists(OPTION, min_size=1, max_size=100).map(tuple)),
    st.builds(PeopleField, name=st.just("d"), label=_text(150), value=st.none() | _text(20)),
    st.builds(DateField, name=st.just("e"), label=_text(150),
              value=st.none() | _text(12) | st.dates().map(str)),
    st.builds(NumberField, name=st.just("f"), label=_text(150),
              value=st.none() | st.floats(), minimum=st.none() | st.floats(),
              maximum=st.none() | st.floats()),
)  # fmt: skip


@given(
    st.lists(FIELD, min_size=1, max_size=6, unique_by=lambda field: field.name),
    _text(24),
    _text(24),
    st.none() | _text(1_000),
)
@settings(max_examples=60)
def test_any_form_keeps_every_limit(
    fields: list[Any], title: str, submit: str, intro: str | None
) -> None:
    form = Form(title=title, intro=intro, fields=tuple(fields), submit=submit, action="a.b")
    assert find_faults(render_form(form, RENAMED, "sealed")) == []


# --- a talk -----------------------------------------------------------------------------


def test_all_that_is_heard_in_a_talk_keeps_every_limit(
    sqlite_template: Path, tmp_path: Path
) -> None:
    file = shutil.copyfile(sqlite_template, tmp_path / "talk.db")
    world = World(
        Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    )
    for words in (
        "/ask who pays my taxi to a client?",
        "/help",
        "/home",
        "/me",
        "/no <b>",
        "/settings",
    ):
        world.says("ana", words)
    world.presses(world.who_was_asked()[0], "I take it")
    world.says("dana", "/unanswered")
    heard = world.room.heard
    assert len(heard) >= 7
    for each in heard:
        assert find_faults(render_message(each.message, RENAMED).blocks) == []
    assert world.forms
    world.checks()
    world.database.close()
