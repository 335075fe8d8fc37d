"""Messages and forms as Adaptive Cards: every one of ours, and whatever people may write.

The golden files are what was looked at and found right. After a change on purpose write them
anew with `GOLDEN=write`, and look at the difference.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.teams.control import OURS, read_filled, read_pressed
from adapters.teams.deliver import write_message, write_plain
from adapters.teams.limits import MAX_BYTES, find_faults, measure
from adapters.teams.messages import (
    FILL_IN,
    FORM_WRONG,
    GIVE_NUMBER,
    LEFT_OUT,
    REFRESH,
    SHORTENED,
)
from adapters.teams.render import ROW, _rows, escape, render_form, render_message
from adapters.teams.wording import Wording, make_wording
from bot.capability import register
from bot.form import ChoiceField, DateField, Form, NumberField, PeopleField, TextField
from bot.message import (
    Args,
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
from tests.adapters.contract import FORM, HOSTILE, SAMPLES, controls_of, words_of
from tests.adapters.every_message import SHOWN, Shown, find_makers
from tests.adapters.teams.check import check_activity
from tests.world import CAPABILITIES

Json = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden" / "teams"
WORDING = make_wording(register(CAPABILITIES))
PLAIN = Wording(frozenset())
KIM = "6f0b2c54-1111-2222-3333-0123456789ab"
SAM = "29:1a2b3c4d5e6f7g8h9i0j"


def _as_message(shown: Shown) -> Message | None:
    """None for a form. What is a part of a page or of a longer message is one by itself here."""
    if isinstance(shown, Message):
        return shown
    every = shown if isinstance(shown, list) else [shown]
    if sections := [each for each in every if isinstance(each, Section)]:
        return assemble(sections)
    parts = shown if isinstance(shown, list) else []
    return Message.model_validate({"summary": "x", "parts": tuple(parts)}) if parts else None


MESSAGES = {name: message for name, shown in SHOWN.items() if (message := _as_message(shown))}
FORMS = {name: shown for name, shown in SHOWN.items() if isinstance(shown, Form)}
EVERY = {**SAMPLES, **MESSAGES}


def _render(name: str) -> Json:
    shown = SHOWN[name]
    if isinstance(shown, Form):
        return render_form(shown, WORDING, "hidden")
    return render_message(MESSAGES[name], WORDING).card


# --- golden files -----------------------------------------------------------------------


def _brief(card: object) -> object:
    """A card without what a test of its own holds for all cards: the fallback of a press says
    the same as the press, what is spoken the same as the fallback of the card."""
    if isinstance(card, dict):
        dropped = {"fallback", "speak"} | ({"version"} if card.get("version") == "1.5" else set())
        return {name: _brief(value) for name, value in card.items() if name not in dropped}
    return [_brief(each) for each in card] if isinstance(card, list) else card


def _pretty(value: object, indent: str = "") -> str:
    """JSON in short lines."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 99 or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + " "
    if isinstance(value, list):
        rows = [_pretty(entry, inner) for entry in value]
        return "[\n" + inner + f",\n{inner}".join(rows) + f"\n{indent}]"
    *first, (name, last) = value.items()
    if first and isinstance(last, list) and not any(isinstance(v, dict | list) for _, v in first):
        head = json.dumps(dict(first), ensure_ascii=False)[:-1]
        return f"{head}, {json.dumps(name)}: {_pretty(last, indent)}}}"
    rows = [f"{json.dumps(key)}: {_pretty(entry, inner)}" for key, entry in value.items()]
    return "{\n" + inner + f",\n{inner}".join(rows) + f"\n{indent}}}"


def _usual() -> dict[str, dict[str, str]]:
    """The usual case of each function, by capability and function."""
    usual: dict[str, dict[str, str]] = {}
    for name in SHOWN:
        capability, _, function = name.partition(":")[0].partition(".")
        usual.setdefault(capability, {}).setdefault(function, name)
    return usual


USUAL = _usual()


@pytest.mark.parametrize("capability", USUAL)
def test_golden_files_say_what_is_rendered(capability: str) -> None:
    path = GOLDEN / f"{capability}.json"
    rendered = {function: _brief(_render(name)) for function, name in USUAL[capability].items()}
    if os.environ.get("GOLDEN") == "write":
        path.write_text(_pretty(rendered) + "\n", encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept.keys() == rendered.keys()
    for function, card in rendered.items():
        assert kept[function] == card, function


def test_every_message_and_form_has_a_golden_one() -> None:
    shown = {f"{capability}.{name}" for capability, names in USUAL.items() for name in names}
    assert set(find_makers()) - shown == set()
    assert {path.stem for path in GOLDEN.glob("*.json")} == USUAL.keys()


# --- Teams would take it ----------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_message_keeps_every_limit(name: str) -> None:
    rendered = render_message(EVERY[name], WORDING)
    assert find_faults(rendered.card) == []
    assert rendered.card["speak"] == rendered.card["fallbackText"] == rendered.summary
    # The strict Teams of the tests says the same as we do.
    assert check_activity(write_message(rendered)) == []
    assert check_activity(write_plain(rendered)) == []


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("in_chat", [False, True])
def test_form_keeps_every_limit(name: str, in_chat: bool) -> None:
    form = FORMS[name]
    wrong = {field.name: "Not <this> one." for field in form.fields}
    assert find_faults(render_form(form, WORDING, "h" * 500, in_chat=in_chat)) == []
    card = render_form(form, WORDING, "h" * 500, in_chat=in_chat, values={}, errors=wrong)
    assert find_faults(card) == []


# --- nothing is lost --------------------------------------------------------------------


def _texts(element: Json) -> Iterator[str]:
    """What an element shows to read, line by line; of choices only the label."""
    match element["type"]:
        case "RichTextBlock":
            yield "".join(run["text"] for run in element["inlines"])
        case "TextBlock":
            yield element["text"].replace("\\", "")
        case "Container":
            for inner in element["items"]:
                yield from _texts(inner)
        case "ActionSet":
            for action in element["actions"]:
                yield action["title"]
        case "Image":
            yield element["altText"]
        case _:
            yield element["label"]
            yield from (choice["title"] for choice in element.get("choices", ()))


def _shown(card: Json) -> str:
    return "\n".join(text for element in card["body"] for text in _texts(element))


def _lines(text: str) -> list[str]:
    """The lines that have something to see, without the marks of bullets."""
    return [line.removeprefix("- ").strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", EVERY)
def test_message_says_all_its_words(name: str) -> None:
    message = EVERY[name]
    shown = _shown(render_message(message, PLAIN).card)
    if SHORTENED in shown:
        # More than one card of Teams has room for: a list of a hundred questions.
        assert name == "questions.question_list:long"
        return
    for words in words_of(message):
        for line in _lines(words):
            assert PLAIN.call(line) in shown or "](person:" in message.model_dump_json(), line
    assert LEFT_OUT not in shown


def _pressed(card: object) -> Iterator[tuple[str, Json, Json]]:
    """The label of each control that counts, its action, and what comes when it is pressed; of
    a choice the last one."""
    chosen: Json = {}
    for element in _walk(card):
        if element.get("type") == "Input.ChoiceSet" and element["choices"]:
            chosen = {element["id"]: element["choices"][-1]["value"]}
            label = element["label"]
        elif element.get("type") in {"Action.Execute", "Action.Submit"}:
            is_choice = "choice" in element["data"][OURS]
            yield (
                label if is_choice else element["title"],
                element,
                element["data"] | (chosen if is_choice else {}),
            )


def _walk(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for name, inner in value.items():
            if name not in {"data", "fallback"}:
                yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


def _meant(message: Message) -> list[tuple[str, Mapping[str, object]]]:
    meant: list[tuple[str, Mapping[str, object]]] = []
    for part in message.parts:
        if isinstance(part, Buttons):
            # Those that ask before stand below their row.
            places = iter(part.buttons)
            for row in _rows([{"title": button.label} for button in part.buttons]):
                here = [next(places) for _ in row]
                sure = [button for button in here if button.confirm is not None]
                first = [button for button in here if button.confirm is None]
                meant += [(button.action, button.args) for button in first + sure]
        elif isinstance(part, Choice):
            meant.append((part.action, {**part.args, "choice": part.options[-1].value}))
    return meant


@pytest.mark.parametrize("name", EVERY)
def test_controls_can_be_pressed_as_they_were_meant(name: str) -> None:
    message = EVERY[name]
    pressed = list(_pressed(render_message(message, WORDING).card["body"]))
    assert [read_pressed(data) for _, _, data in pressed] == _meant(message)
    for _, action, data in pressed:
        assert action["verb"] == data[OURS]["press"]
        assert action["fallback"]["data"] == action["data"]


@pytest.mark.parametrize("name", EVERY)
def test_every_label_of_a_control_is_there(name: str) -> None:
    message = EVERY[name]
    shown = _shown(render_message(message, WORDING).card)
    assert [label for label in controls_of(message) if label not in shown] == []


# --- each part --------------------------------------------------------------------------


def _body(*parts: Part, wording: Wording = WORDING) -> list[Json]:
    card = render_message(Message(summary="x", parts=parts), wording).card
    assert find_faults(card) == []
    body: list[Json] = card["body"]
    return body


def _run(text: str, **look: object) -> Json:
    return {"type": "TextRun", "text": text, **look}


def test_text_is_rich_text_line_by_line() -> None:
    text = "Hello **you**, *truly* `x`\nand\n\n- one\n- **two**\n[here](https://e.example/a?b=c&d)"
    link = {"type": "Action.OpenUrl", "title": "here", "url": "https://e.example/a?b=c&d"}
    assert _body(Text(text=text)) == [
        {
            "type": "RichTextBlock",
            "inlines": [
                _run("Hello "),
                _run("you", weight="Bolder"),
                _run(", "),
                _run("truly", italic=True),
                _run(" "),
                _run("x", fontType="Monospace"),
            ],
        },
        {"type": "RichTextBlock", "inlines": [_run("and")], "spacing": "None"},
        {"type": "RichTextBlock", "inlines": [_run("• one")]},
        {
            "type": "RichTextBlock",
            "inlines": [_run("• "), _run("two", weight="Bolder")],
            "spacing": "Small",
        },
        {
            "type": "RichTextBlock",
            "inlines": [_run("here", selectAction=link)],
            "spacing": "Small",
        },
    ]


def test_people_of_teams_are_mentioned_and_others_named() -> None:
    who = f"**{mention('K*m', KIM)}**, {mention('Sam', SAM)} and {mention('Gu<est', 'room-7')}"
    card = render_message(say(f"- {who} *a_b* 1 < 2 @all"), WORDING).card
    assert card["body"] == [
        {
            "type": "TextBlock",
            "text": "• **<at>Km</at>**, <at>Sam</at> and Gu\\<est *a\\_b* 1 \\< 2 \\@all",
            "wrap": True,
        }
    ]
    assert card["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>Km</at>", "mentioned": {"id": KIM, "name": "K*m"}},
        {"type": "mention", "text": "<at>Sam</at>", "mentioned": {"id": SAM, "name": "Sam"}},
    ]
    assert find_faults(card) == []


def test_two_of_one_name_are_not_mistaken() -> None:
    card = render_message(say(f"{mention('Kim', KIM)} or {mention('Kim', SAM)}"), WORDING).card
    assert card["body"][0]["text"] == "<at>Kim</at> or Kim"
    assert [each["mentioned"]["id"] for each in card["msteams"]["entities"]] == [KIM]


@pytest.mark.parametrize("start", ["- ", "+ ", "1. ", "12) ", "# ", "> "])
def test_line_with_a_mention_is_never_a_list(start: str) -> None:
    (block,) = _body(Text(text=f"{literal(start)}{mention('Kim', KIM)}"))
    assert not block["text"].startswith(start)
    assert block["text"].replace("\\", "") == f"{start}<at>Kim</at>"


def test_what_people_write_beside_a_mention_mentions_nobody() -> None:
    words = "<at>Kim</at> [x](https://e.example) www.e.example a@e.example {{DATE(2020-01-01)}}"
    card = render_message(say(f"{mention('Kim', KIM)}: {literal(words)}"), WORDING).card
    text = card["body"][0]["text"]
    assert text == f"<at>Kim</at>: {escape(words)}"
    assert text.replace("\\", "") == f"<at>Kim</at>: {words}"
    assert text.count("<at>") == 1
    assert "https:" not in text
    assert "www." not in text
    assert "{{" not in text


def test_channels_are_named() -> None:
    (block,) = _body(Text(text=f"in {mention_channel('19:abc', 'Travel')}"))
    assert block["inlines"] == [_run("in Travel")]


def test_heading_is_one_where_nothing_in_it_could_be_markdown() -> None:
    plain, marked, listed = _body(
        Heading(text="Title, with: signs?"), Heading(text="a *b*"), Heading(text="1. May")
    )
    assert (plain["type"], plain["style"]) == ("TextBlock", "heading")
    look = {"size": "Medium", "weight": "Bolder"}
    assert marked == {"type": "RichTextBlock", "inlines": [_run("a *b*", **look)]}
    assert listed == {"type": "RichTextBlock", "inlines": [_run("1. May", **look)]}
    both, sign = _body(Heading(text="Rules & dates, R&D"), Heading(text="a &lt; b"))
    assert (both["type"], both["style"]) == ("TextBlock", "heading")
    assert sign == {"type": "RichTextBlock", "inlines": [_run("a &lt; b", **look)]}


def test_quote_is_literal_and_names_who_wrote_it() -> None:
    assert _body(Quote(text="a\n\n> **b**", by="Ana")) == [
        {
            "type": "Container",
            "style": "emphasis",
            "items": [
                {"type": "RichTextBlock", "inlines": [_run("a")]},
                {"type": "RichTextBlock", "inlines": [_run("> **b**")]},
                {
                    "type": "RichTextBlock",
                    "inlines": [_run("— Ana", isSubtle=True)],
                    "spacing": "Small",
                },
            ],
        }
    ]


def test_dates_of_cards_are_not_made_of_words() -> None:
    words = "{{DATE(2020-01-01T00:00:00Z)}} {{{TIME(2020-01-01T00:00:00Z)}} {{DATA}}"
    for part in (Quote(text=words), Text(text=literal(words)), Heading(text=words)):
        (block,) = _body(part)
        (block,) = block.get("items", [block])
        runs = [run["text"] for run in block["inlines"]]
        assert runs == [
            "{", "{DATE(2020-01-01T00:00:00Z)}} {{", "{TIME(2020-01-01T00:00:00Z)}} {{DATA}}",
        ]  # fmt: skip


def test_facts_are_lines() -> None:
    first, second = _body(
        Facts(facts=(Fact(label="To", value="a*l*l"), Fact(label="B", value="c")))
    )
    assert first["inlines"] == [_run("To: ", weight="Bolder"), _run("a*l*l")]
    assert (second["spacing"], second["inlines"][1]) == ("Small", _run("c"))


def test_divider_is_above_what_follows() -> None:
    body = _body(Divider(), Text(text="a"), Divider(), Text(text="b"), Divider())
    assert [each.get("separator", False) for each in body] == [False, True]


def test_progress_is_said_in_words_and_in_no_signs() -> None:
    bars = {
        (done, total): [text for each in _body(Progress(label="Done", done=done, total=total))
                        for text in _texts(each)]
        for done, total in ((0, 3), (1, 100), (1, 2), (99, 100), (3, 3))
    }  # fmt: skip
    assert bars == {
        (0, 3): ["Done: 0 of 3"],
        (1, 100): ["Done: 1 of 100"],
        (1, 2): ["Done: 1 of 2"],
        (99, 100): ["Done: 99 of 100"],
        (3, 3): ["Done: 3 of 3"],
    }


def _execute(title: str, data: Json, **more: object) -> Json:
    submit = {"type": "Action.Submit", "title": title, "associatedInputs": "none", "data": data}
    return {
        "type": "Action.Execute",
        "title": title,
        "verb": data[OURS]["press"],
        "data": data,
        "associatedInputs": "none",
        "fallback": submit,
        **more,
    }


def test_button_is_executed_or_else_submitted() -> None:
    buttons = (
        Button(label="Go", action="faq.go", args={"n": 1}, style=Style.PRIMARY),
        Button(label="Leave", action="faq.leave"),
    )
    assert _body(Buttons(buttons=buttons)) == [
        {
            "type": "ActionSet",
            "actions": [
                _execute("Go", {OURS: {"press": "faq.go", "args": {"n": 1}}}, style="positive"),
                _execute("Leave", {OURS: {"press": "faq.leave"}}),
            ],
        }
    ]


def test_button_that_asks_before_shows_the_question() -> None:
    sure = Confirm(title="Sure?", text="*Gone*.", yes="Delete", no="Keep")
    button = Button(label="Delete…", action="faq.retire", style=Style.DANGER, confirm=sure)
    row, question = _body(Buttons(buttons=(button,)))
    (first,) = row["actions"]
    yes, no = question["items"][-1]["actions"]
    assert first == {
        "type": "Action.ToggleVisibility",
        "title": "Delete…",
        "targetElements": [{"elementId": "sure-0", "isVisible": True}],
        "style": "destructive",
    }
    assert (question["id"], question["isVisible"]) == ("sure-0", False)
    assert [text for each in question["items"][:-1] for text in _texts(each)] == [
        "Sure?",
        "*Gone*.",
    ]
    data = {OURS: {"press": "faq.retire"}}
    assert yes == _execute("Delete", data, style="destructive", tooltip="Sure?")
    assert (no["title"], no["targetElements"]) == (
        "Keep",
        [{"elementId": "sure-0", "isVisible": False}],
    )


def test_question_stands_right_below_the_row_of_its_button() -> None:
    sure = Confirm(title="Sure?", text="Gone.", yes="Stop all", no="No")
    long = [Button(label=f"{'x' * 30} {n}", action="a.b") for n in range(2)]
    message = Buttons(buttons=(Button(label="Stop all", action="a.c", confirm=sure), *long))
    assert [each["type"] for each in _body(message)] == [
        "ActionSet", "Container", "ActionSet", "ActionSet",
    ]  # fmt: skip


def test_buttons_of_one_name_say_what_each_is_about() -> None:
    sure = Confirm(title="Leave your name off?", text="It stays.", yes="Leave it off")
    off = Button(label="Leave my name off", action="a.b", confirm=sure)
    rows = [
        part
        for title in ("Taxi at night", "**Expense** form\nsecond line")
        for part in (
            Text(text=title),
            Buttons(buttons=(off, Button(label=f"Open {title[:4]}", action="a.c"))),
        )
    ]
    sets = [each for each in _body(*rows) if each["type"] in {"ActionSet", "Container"}]
    toggles = [each["actions"] for each in sets if each["type"] == "ActionSet"]
    assert [[action.get("tooltip") for action in actions] for actions in toggles] == [
        ["Leave my name off: Taxi at night", None],
        ["Leave my name off: Expense form", None],
    ]
    (yes, _), _ = (each["items"][-1]["actions"] for each in sets if each["type"] == "Container")
    assert yes["tooltip"] == "Leave my name off: Taxi at night"


def test_button_that_opens_a_form_asks_for_a_dialog() -> None:
    message = Message(
        summary="x", parts=(Buttons(buttons=(Button(label="Answer", action="a.b"),)),)
    )
    card = render_message(message, WORDING, dialogs={"a.b"}).card
    assert card["body"][0]["actions"] == [
        {
            "type": "Action.Submit",
            "title": "Answer",
            "associatedInputs": "none",
            "data": {OURS: {"press": "a.b"}, "msteams": {"type": "task/fetch"}},
        }
    ]
    assert find_faults(card) == []


def test_rows_of_buttons_fit_a_narrow_screen() -> None:
    labels = ["x" * 10] * 4 + ["y" * 75]
    buttons = tuple(Button(label=label, action="a.b") for label in labels)
    rows = [[each["title"] for each in row["actions"]] for row in _body(Buttons(buttons=buttons))]
    assert [title for row in rows for title in row] == labels
    assert [len(row) for row in rows] == [2, 2, 1]
    assert all(sum(map(len, row)) <= ROW for row in rows[:2])


def test_choice_has_a_button_of_its_own() -> None:
    options = (Option(label="*One*", value="1"), Option(label="Two", value="2"))
    choice = Choice(label="Which?", action="a.b", args={"q": 1}, options=options)
    _, select, row = _body(Buttons(buttons=(Button(label="x", action="a.b"),)), choice)
    assert (select["id"], select["label"]) == ("choice-1", "Which?")
    assert [each["title"] for each in select["choices"]] == ["*One*", "Two"]
    (press,) = row["actions"]
    assert (press["associatedInputs"], press["tooltip"]) == ("auto", "Which?")
    assert read_pressed(press["data"] | {"choice-1": "2"}) == ("a.b", {"q": 1, "choice": "2"})


@pytest.mark.parametrize(
    ("tone", "above", "first"),
    [
        (Tone.NEUTRAL, [], ""),
        (Tone.GOOD, [], ""),
        (Tone.WARNING, ["⚠ Please note"], "Please note: "),
        (Tone.BAD, ["✕ Problem"], "Problem: "),
    ],
)
def test_tone_is_said_in_words(tone: Tone, above: list[str], first: str) -> None:
    rendered = render_message(say("It is so", tone=tone), WORDING)
    assert _shown(rendered.card).split("\n") == [*above, "It is so"]
    assert rendered.summary == f"{first}It is so"
    assert rendered.text == "\n\n".join([*above, "It is so"])


def test_readers_are_those_for_whom_teams_asks_again() -> None:
    card = render_message(say("x").model_copy(update={"readers": (KIM, SAM, "kim")}), PLAIN).card
    action = {
        "type": "Action.Execute",
        "title": REFRESH,
        "verb": "look",
        "data": {OURS: {"look": True}},
    }
    assert card["refresh"] == {"action": action, "userIds": [f"8:orgid:{KIM}", SAM]}
    assert find_faults(card) == []
    # With nobody named, Teams would ask for everybody in a small conversation.
    for nobody in ((), ("kim",)):
        card = render_message(say("x").model_copy(update={"readers": nobody}), PLAIN).card
        assert "refresh" not in card


def test_message_of_nothing_to_see_says_its_summary() -> None:
    assert _shown(render_message(Message(summary="x", parts=(Divider(),)), WORDING).card) == "x"


# --- commands ---------------------------------------------------------------------------


def test_commands_have_no_slash() -> None:
    rendered = render_message(say("Say `/pause until Monday` or `/learn help` to @inflow"), WORDING)
    said = "Say “pause until Monday” or “help” to @Inflow"
    assert (rendered.text, rendered.summary) == (said, said)
    assert _shown(rendered.card) == said.replace("“", "").replace("”", "")
    looks = [run.get("fontType") for run in rendered.card["body"][0]["inlines"]]
    assert looks == [None, "Monospace", None, "Monospace", None]


def test_commands_that_people_write_stay() -> None:
    words = "how does /pause work with `/help`?"
    message = Message(
        summary=f"Ana asks: {words}",
        parts=(Text(text=literal(words)), Quote(text=words), Note(text=literal(words))),
    )
    rendered = render_message(message, WORDING)
    assert rendered.summary == f"Ana asks: {words}"
    assert _shown(rendered.card) == "\n".join([words] * 3)


# --- forms ------------------------------------------------------------------------------


def test_form_has_an_input_for_each_field() -> None:
    card = render_form(FORM, WORDING, "hidden")
    inputs = {each["id"]: each for each in card["body"] if each["type"].startswith("Input.")}
    assert {name: each["type"] for name, each in inputs.items()} == {
        "field-word": "Input.Text",
        "field-story": "Input.Text",
        "field-urgency": "Input.ChoiceSet",
        "field-who": "Input.ChoiceSet",
        "field-day": "Input.Date",
        "field-count": "Input.Number",
    }
    assert inputs["field-word"] == {
        "type": "Input.Text",
        "maxLength": 20,
        "id": "field-word",
        "label": "A word & more",
        "spacing": "Medium",
        "isRequired": True,
        "errorMessage": FILL_IN,
    }
    assert inputs["field-story"]["value"] == "It began\n<so>"
    assert inputs["field-urgency"]["value"] == "later"
    assert inputs["field-who"]["choices.data"]["dataset"] == "graph.microsoft.com/users"
    number = inputs["field-count"]
    assert (number["min"], number["max"]) == (1, 10)
    assert number["errorMessage"] == "Please give a number from 1 to 10."
    (submit,) = card["actions"]
    assert (submit["type"], submit["title"]) == ("Action.Submit", "Send it")
    filled = read_filled(submit["data"] | {"field-word": "w"})
    assert filled is not None
    assert (filled.hidden, filled.values) == ("hidden", {"word": "w"})
    texts = [text for each in card["body"] for text in _texts(each)]
    assert texts[0] == "One field of <each> kind."
    assert FORM.title not in texts
    assert texts[texts.index("A word & more") + 1] == "<short>"


def test_form_in_a_chat_has_its_title_and_answers_in_place() -> None:
    card = render_form(FORM, WORDING, "hidden", in_chat=True)
    assert (card["body"][0]["text"], card["body"][0]["style"]) == (FORM.title, "heading")
    (submit,) = card["actions"]
    assert (submit["type"], submit["verb"]) == ("Action.Execute", FORM.action)
    assert submit["fallback"]["data"] == submit["data"]
    assert find_faults(card) == []


def test_form_that_was_wrong_keeps_what_was_given_and_says_why() -> None:
    given = {"word": "<w>", "story": "", "urgency": "now", "who": KIM, "day": "2026-03-09",
             "count": "3"}  # fmt: skip
    errors = {"word": "I know no “/faq”. See /faq.", "other": "And that."}
    card = render_form(FORM, WORDING, "hidden", values=given, errors=errors)
    values = {each["id"].removeprefix("field-"): each.get("value", "")
              for each in card["body"] if "id" in each}  # fmt: skip
    assert values == given | {"count": 3}
    texts = [text for each in card["body"] for text in _texts(each)]
    assert texts[1] == FORM_WRONG
    assert texts[2:5] == ["A word & more", "<short>", "✕ I know no “/faq”. See faq."]
    assert texts[-1] == "✕ And that."
    wrong = [each for each in card["body"] if "✕" in str(each)]
    assert all(each["inlines"][0]["color"] == "Attention" for each in wrong)


def test_values_that_no_input_takes_are_left_out() -> None:
    fields = (
        ChoiceField(name="a", label="A", options=(Option(label="x", value="y"),)),
        PeopleField(name="b", label="B", value="room-7"),
        DateField(name="c", label="C", value="tomorrow"),
        NumberField(name="d", label="D", value=7, maximum=6),
        NumberField(name="e", label="E", minimum=5, maximum=1, value=float("inf"), required=True),
        TextField(name="f", label="F", value="x" * 200),
    )
    form = Form(title="x", fields=fields, action="a.b")
    every = {each["id"]: each for each in render_form(form, WORDING, "")["body"]}
    assert [every[f"field-{name}"].get("value") for name in "abcde"] == [None] * 5
    assert every["field-e"]["errorMessage"] == GIVE_NUMBER
    assert not {"min", "max"} & every["field-e"].keys()
    assert len(every["field-f"]["value"]) == 150
    typed = {"a": "z", "b": "x", "c": "x", "d": "x", "e": "1e400", "f": ""}
    again = {each["id"]: each for each in render_form(form, WORDING, "", values=typed)["body"]}
    assert all("value" not in each for each in again.values())


def test_hint_of_a_field_calls_commands_as_here() -> None:
    form = Form(title="x", fields=(TextField(name="a", label="A", hint="See /faq"),), action="a.b")
    assert list(_texts(render_form(form, WORDING, "")["body"][1])) == ["See faq"]


# --- too long ---------------------------------------------------------------------------


def test_only_what_is_long_is_shortened() -> None:
    words = "Łońg wördś. " * 240
    parts = [part for n in range(8) for part in (Text(text=f"Short {n}"), Quote(text=words))]
    message = Message(
        summary="x", parts=(*parts, Buttons(buttons=(Button(label="Go", action="a.b"),)))
    )
    card = render_message(message, WORDING).card
    shown = _shown(card)
    assert find_faults(card) == []
    assert measure(card) > MAX_BYTES / 3
    assert all(f"Short {n}" in shown for n in range(8))
    assert shown.endswith(f"Go\n{SHORTENED}")


def test_buttons_stay_when_all_else_has_to_go() -> None:
    lines = "\n".join(["€" * 90] * 30)
    parts: list[Part] = [Text(text=lines) for _ in range(7)]
    buttons = tuple(Button(label=f"B{n}", action="a.b", args={"x": "y" * 1_300}) for n in range(5))
    message = Message(summary="x", parts=(*parts[:4], Buttons(buttons=buttons)))
    card = render_message(message, WORDING).card
    assert find_faults(card) == []
    assert [label for label, _, _ in _pressed(card)] == [f"B{n}" for n in range(5)]


def test_too_many_buttons_keep_the_last_row() -> None:
    args: Args = {"x": "y" * 1_300}
    rows = tuple(
        Buttons(buttons=tuple(Button(label=f"{row}{n}", action="a.b", args=args) for n in range(3)))
        for row in "abcde"
    )
    card = render_message(Message(summary="x", parts=rows), WORDING).card
    assert find_faults(card) == []
    labels = [label for label, _, _ in _pressed(card)]
    assert labels[:3] == ["a0", "a1", "a2"]
    assert labels[-3:] == ["e0", "e1", "e2"]
    assert _shown(card).endswith(LEFT_OUT)


# --- whatever people write --------------------------------------------------------------


def _text(limit: int) -> st.SearchStrategy[str]:
    anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=limit)
    return anything | st.sampled_from(HOSTILE).map(lambda text: text[:limit])


ACTION = st.sampled_from(["a.b", "question.claim"])
BUTTON = st.builds(
    Button,
    label=_text(75),
    action=ACTION,
    style=st.sampled_from(Style),
    confirm=st.none()
    | st.builds(Confirm, title=_text(100), text=_text(300), yes=_text(30), no=_text(30)),
)
FACT = st.builds(Fact, label=_text(75), value=_text(1_000))
OPTION = st.builds(Option, label=_text(75), value=_text(150))
OURS_SAID = st.sampled_from(
    ["**x**", "*x*", "`/ask x`", "[x](https://e.example)", f"[x](person:{KIM})", "\n- x", "\n"]
)
MARKUP = st.lists(
    OURS_SAID | _text(300).map(lambda text: literal(text)[:600]), min_size=1, max_size=5
).map("".join)
PART: st.SearchStrategy[Part] = st.one_of(
    st.builds(Heading, text=_text(150)),
    st.builds(Text, text=MARKUP),
    st.builds(Note, text=MARKUP),
    st.builds(Facts, facts=st.lists(FACT, min_size=1, max_size=10).map(tuple)),
    st.builds(Quote, text=_text(2_900), by=st.none() | _text(150)),
    st.builds(Image, url=st.just("https://e.example/i.png"), alt=_text(500)),
    st.just(Divider()),
    st.builds(Progress, label=_text(150), done=st.integers(0, 9), total=st.integers(9, 99)),
    st.builds(Buttons, buttons=st.lists(BUTTON, min_size=1, max_size=5).map(tuple)),
    st.builds(
        Choice,
        label=_text(150),
        action=ACTION,
        options=st.lists(OPTION, min_size=1, max_size=10).map(tuple),
    ),
)


@given(st.lists(PART, min_size=1, max_size=6), _text(300), st.sampled_from(Tone))
@example([Facts(facts=(Fact(label=" ", value=" "),))], "x", Tone.GOOD)
@example([Divider()], "two\nlines", Tone.NEUTRAL)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_message_keeps_every_limit(parts: list[Part], summary: str, tone: Tone) -> None:
    message = Message(summary=summary, parts=tuple(parts), tone=tone)
    rendered = render_message(message, WORDING)
    assert find_faults(rendered.card) == []
    shown = _shown(rendered.card)
    if not shown.endswith((SHORTENED, LEFT_OUT)):
        pressed = [read_pressed(data) for _, _, data in _pressed(rendered.card)]
        assert len(pressed) == len(_meant(message))


@given(_text(150))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    markdown = MarkdownIt("commonmark", {"linkify": False})
    words = " ".join(re.sub(r"[\\\\\0]", "/", text).split()).lstrip("-+0123456789")
    (inline,) = [t for t in markdown.parse(f"x {escape(words)}") if t.type == "inline"]
    assert {child.type for child in inline.children or ()} == {"text"}
    assert inline.children is not None
    assert "".join(child.content for child in inline.children) == f"x {words}".rstrip()


FIELD = st.one_of(
    st.builds(TextField, name=st.just("a"), label=_text(150), hint=st.none() | _text(500),
              value=_text(400), max_length=st.integers(1, 3_000)),
    st.builds(ChoiceField, name=st.just("c"), label=_text(150), required=st.booleans(),
              options=st.lists(OPTION, min_size=1, max_size=9).map(tuple)),
    st.builds(PeopleField, name=st.just("d"), label=_text(150), value=st.none() | _text(20)),
    st.builds(DateField, name=st.just("e"), label=_text(150),
              value=st.none() | _text(12) | st.dates().map(str)),
    st.builds(NumberField, name=st.just("f"), label=_text(150), required=st.booleans(),
              value=st.none() | st.floats(), minimum=st.none() | st.floats(),
              maximum=st.none() | st.floats()),
)  # fmt: skip


@given(
    st.lists(FIELD, min_size=1, max_size=5, unique_by=lambda field: field.name),
    _text(24),
    _text(24),
    st.none() | _text(1_000),
    st.none() | st.dictionaries(st.sampled_from("abcdef"), _text(40)),
)
@settings(max_examples=60)
def test_any_form_keeps_every_limit(
    fields: list[Any], title: str, submit: str, intro: str | None, wrong: dict[str, str] | None
) -> None:
    form = Form(title=title, intro=intro, fields=tuple(fields), submit=submit, action="a.b")
    for in_chat in (False, True):
        card = render_form(form, WORDING, "h", in_chat=in_chat, values=wrong, errors=wrong)
        assert find_faults(card) == []
