"""What a reply becomes in Teams, case by case."""

import random
from dataclasses import replace
from typing import Any

import pytest

from adapters.teams.answer import (
    Replace,
    Showman,
    Tell,
    make_showman,
    plan_answer,
    plan_sentence,
    sent_form,
)
from adapters.teams.control import read_filled, write_press
from adapters.teams.limits import find_faults
from adapters.teams.messages import ANSWERED_THERE, BUSY, DONE
from adapters.teams.read import Drop, Dropped, Heard, Kind, Reading, read
from adapters.teams.seal import Origin, open_origin, seal_origin
from adapters.teams.wording import Wording
from bot.form import ChoiceField, Form, LongTextField, TextField
from bot.inbound import PlaceKind, Submitted
from bot.message import Button, Buttons, Message, Option, say
from bot.reply import NOTHING, Audience, Reply
from tests.adapters.contract import FORM, MONDAY
from tests.adapters.every_message import SHOWN
from tests.adapters.test_teams_read import ANA, SEAL, TENANT, hear, load

FORMS = {name: shown for name, shown in SHOWN.items() if isinstance(shown, Form)} | {"all": FORM}
SHOWMAN: Showman = make_showman(Wording(frozenset({"pause"})), SEAL, ())
DICE = random.Random(1)
TOPICS = tuple(
    Option(
        label="".join(DICE.choices("abcdefghijklmnopqrstuvwxyz ", k=73)) + "é.",
        value=f"{DICE.getrandbits(128):032x}",
    )
    for _ in range(99)
)
ASK = Form(
    title="Ask",
    fields=(
        LongTextField(name="question", label="Your question", required=True),
        TextField(name="goal", label="What for?", max_length=500),
        ChoiceField(name="sight", label="Who sees you?", options=TOPICS[:3]),
        ChoiceField(name="topic", label="Topic", options=TOPICS),
    ),
    action="sample.fill",
)
"""As long as forms may be."""


def sent(form: Form, kind: Kind, **values: str) -> Heard:
    """The form, as somebody sends it who was shown it for words in a channel."""
    shown = SHOWMAN.form(hear("message_channel"), form, in_chat=kind is Kind.EXECUTE)
    assert find_faults(shown.card) == []
    filled = read_filled(shown.card["actions"][0]["data"])
    assert filled is not None
    origin = open_origin(SEAL, TENANT, ANA, filled.hidden, is_form=True)
    assert origin is not None
    pressed = hear("execute_personal")
    what = Submitted(action=origin.action, args=origin.args, values=values)
    inbound = pressed.inbound.model_copy(update={"what": what, "place": origin.place})
    source = replace(pressed.source, kind=kind, is_form=True, sealed=filled.hidden, origin=origin)
    return Heard(inbound, source)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_ours_carries_its_fields(name: str) -> None:
    form = FORMS[name]
    found = sent_form(sent(form, Kind.DIALOG))
    assert found is not None
    assert found.model_dump(exclude={"fields"}) == form.model_dump(exclude={"fields"})
    empty = [
        entry.model_copy(update={"value": type(entry).model_fields["value"].default})
        for entry in form.fields
    ]
    assert list(found.fields) == empty


def test_wrong_form_in_a_chat_is_changed_for_who_sent_it() -> None:
    plan = plan_answer(sent(FORM, Kind.EXECUTE, word="w"), Reply(errors={"word": "No."}), SHOWMAN)
    assert plan.steps == ()
    assert plan.body is not None
    assert "✕ No." in str(plan.body["value"])
    assert "'value': 'w'" in str(plan.body["value"])
    assert find_faults(plan.body["value"]) == []


def test_dialog_in_the_own_chat_about_a_channel_says_where_to_look() -> None:
    said = Reply(message=say("Asked."), audience=Audience.PLACE)
    plan = plan_answer(sent(FORM, Kind.DIALOG, word="in"), said, SHOWMAN)
    assert plan.body == {"task": {"type": "message", "value": ANSWERED_THERE}}
    alone = plan_answer(sent(FORM, Kind.DIALOG, word="in"), Reply(message=say("Kept.")), SHOWMAN)
    assert alone.body is None, "it stands below"


def test_wrong_form_of_an_old_client_is_changed_where_it_stands() -> None:
    (step,) = plan_answer(sent(FORM, Kind.CARD), Reply(errors={"word": "No."}), SHOWMAN).steps
    assert isinstance(step, Replace)
    assert "✕ No." in str(step.said.card)


@pytest.mark.parametrize("kind", [Kind.DIALOG, Kind.EXTENSION, Kind.EXECUTE, Kind.CARD])
@pytest.mark.parametrize("question", ["a long story", "\N{GRINNING FACE}" * 3_000])
@pytest.mark.parametrize("wrong", ["question", "topic", ""])
def test_longest_form_keeps_what_was_typed(kind: Kind, question: str, wrong: str) -> None:
    values = {"question": question, "goal": "g" * 500, "sight": TOPICS[2].value}
    heard = sent(ASK, kind, **values, topic=TOPICS[70].value)
    plan = plan_answer(heard, Reply(errors={wrong: "Not this."}), SHOWMAN)
    if kind is Kind.CARD:
        (step,) = plan.steps
        assert isinstance(step, Replace)
        card: Any = step.said.card
    else:
        assert plan.body is not None
        task = plan.body.get("task")
        card = task["value"]["card"]["content"] if task else plan.body["value"]
    assert find_faults(card) == []
    shown = {each["id"]: each.get("value") for each in card["body"] if "id" in each}
    for name, value in values.items():
        assert shown[f"field-{name}"] == value
    assert "Not this." in str(card)


@pytest.mark.parametrize("text", ["", "\N{GRINNING FACE}" * 3_000])
def test_longest_form_fits_when_it_is_opened(text: str) -> None:
    fields = (ASK.fields[0].model_copy(update={"value": text}), *ASK.fields[1:])
    form = ASK.model_copy(update={"fields": fields})
    shown = SHOWMAN.form(hear("message_channel"), form, in_chat=False)
    assert find_faults(shown.card) == []
    assert text in str(shown.card)
    assert str(shown.card).count("'title': '") >= len(TOPICS)


def test_form_of_an_older_version_is_none() -> None:
    heard = sent(FORM, Kind.DIALOG)
    assert heard.source.origin is not None
    old = replace(heard.source.origin, form={"title": "x", "fields": [{"kind": "gone"}]})
    assert sent_form(replace(heard, source=replace(heard.source, origin=old))) is None


def test_what_failed_is_said_in_the_form() -> None:
    body = plan_sentence(sent(FORM, Kind.DIALOG, story="long"), BUSY, SHOWMAN)
    assert body is not None
    assert BUSY in str(body)
    assert "long" in str(body)


def test_form_in_a_chat_makes_room_for_what_is_said() -> None:
    heard = sent(FORM, Kind.EXECUTE)
    plan = plan_answer(heard, Reply(message=say("Sent to Kim")), SHOWMAN)
    assert [type(step) for step in plan.steps] == [Replace]
    for reply in (NOTHING, Reply(message=say("For all"), audience=Audience.PLACE)):
        plan = plan_answer(heard, reply, SHOWMAN)
        assert plan.body is not None
        assert DONE in str(plan.body["value"])
    assert [type(step) for step in plan.steps] == [Replace, Tell]
    another = Form(title="Next", fields=(TextField(name="a", label="A"),), action="a.b")
    plan = plan_answer(heard, Reply(form=another), SHOWMAN)
    assert plan.body is not None
    assert "Next" in str(plan.body["value"])


def test_reply_in_a_channel_is_in_the_thread_of_the_words() -> None:
    heard = hear("message_channel")
    reply = Reply(message=say("For all"), audience=Audience.PLACE)
    (step,) = plan_answer(heard, reply, SHOWMAN).steps
    assert isinstance(step, Tell)
    assert (step.place.thread, step.is_private) == (heard.source.message, False)
    (step,) = plan_answer(hear("execute_thread"), reply, SHOWMAN).steps
    assert isinstance(step, Tell)
    assert step.place == hear("execute_thread").inbound.place


def test_page_that_was_pressed_is_shown_anew_beside_the_message() -> None:
    reply = Reply(page=say("The page"), message=say("Done so"))
    plan = plan_answer(hear("execute_personal"), reply, SHOWMAN)
    assert [type(step) for step in plan.steps] == [Replace, Tell]
    plan = plan_answer(hear("task_fetch"), reply, SHOWMAN)
    assert [type(step) for step in plan.steps] == [Replace]
    assert plan.body == {"task": {"type": "message", "value": "Done so"}}
    # Who filled in a form from there is shown the page where nothing else is said.
    (step,) = plan_answer(sent(FORM, Kind.DIALOG), Reply(page=say("The page")), SHOWMAN).steps
    assert isinstance(step, Tell)
    assert "The page" in step.said.text


def test_button_for_one_person_is_about_the_place_where_it_was_asked_for() -> None:
    buttons = Buttons(buttons=(Button(label="Ask it here", action="a.b"),))
    message = Message(summary="Is it?", parts=(buttons,))
    asked = hear("message_thread")
    (step,) = plan_answer(asked, Reply(message=message), SHOWMAN).steps
    assert isinstance(step, Tell)
    data = step.said.card["body"][0]["actions"][0]["data"]
    pressed = hear("execute_personal", value={"action": {"type": "Action.Execute", "data": data}})
    assert pressed.inbound.place == asked.inbound.place
    assert pressed.source.contact.kind is PlaceKind.DM
    # What takes its place there is about the channel as well, and what all read is nobody's.
    reply = Reply(message=message, replace=True)
    (replaced,) = plan_answer(pressed, reply, SHOWMAN).steps
    assert isinstance(replaced, Replace)
    assert replaced.said.card["body"][0]["actions"][0]["data"] == data
    for heard, said in (
        (asked, Reply(message=message, audience=Audience.PLACE)),
        (pressed, Reply(message=message, audience=Audience.PLACE)),
        (hear("execute"), reply),
    ):
        (step,) = plan_answer(heard, said, SHOWMAN).steps
        assert step.said.card["body"][0]["actions"][0]["data"] == {"Inflow": {"press": "a.b"}}


@pytest.mark.parametrize("person", [ANA[:-1] + "b", None])
def test_place_that_was_sealed_for_somebody_else_is_forged(person: str | None) -> None:
    origin = Origin("", {}, hear("execute").inbound.place, MONDAY)
    seal = "x" * 99 if person is None else seal_origin(SEAL, TENANT, person, origin)
    data = write_press("a.b", {}, place=seal)
    value = {"action": {"type": "Action.Execute", "data": data}, "trigger": "manual"}
    activity = load("execute_personal") | {"value": value}
    assert read(activity, Reading(MONDAY, SEAL)) == Dropped(Drop.FORGED)
