"""What every platform must do: one suite, run on each through its harness.

A platform's test module subclasses `PlatformContract` and gives it a fixture `harness`.
The harness speaks to the real adapter, the real `App` with the `sample` capability from
here and a real database; only the network may be made up. It reads what the platform
would show back out of what the adapter sent (`Heard`), so that the same expectations
hold for HTML, Slack blocks and Teams cards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Protocol

import pytest

from bot.capability import Capability, MessageShortcut, Order
from bot.context import Context
from bot.errors import Invalid, Unavailable
from bot.form import (
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    NumberField,
    PeopleField,
    TextField,
)
from bot.ids import PersonId, WorkspaceId
from bot.inbound import Command
from bot.markup import parse, text_of
from bot.message import (
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
    Progress,
    Quote,
    Style,
    Text,
    Tone,
    literal,
    mention,
    say,
)
from bot.outbox import Letter, Priority, ToPerson, ToPlace
from bot.people import Person
from bot.plain import render_plain
from bot.ports import Timer, Work
from bot.reply import NOTHING, Audience, Reply

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WORKSPACE = WorkspaceId("w")
CHANNEL = "#general"
DM = "dm"
PEOPLE = ("ana", "bo", "kim")


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as one person sees it.

    `shown` holds every character the platform shows, `mentions` the addresses of the
    people it really mentions, `links` where it really leads, `controls` the labels of
    what can be pressed, `plain` the message's plain text.
    """

    id: str
    shown: str
    mentions: tuple[str, ...]
    links: tuple[str, ...]
    controls: tuple[str, ...]
    plain: str
    only_me: bool
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form that stands open for a person, with the names of its fields and all it shows."""

    id: str
    shown: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came at once of what a person did."""

    messages: tuple[Heard, ...] = ()
    form: OpenForm | None = None
    errors: Mapping[str, str] | None = None


class Harness(Protocol):
    """A workspace with the people of `PEOPLE` (their ids are their names) and `CHANNEL`, in
    which the bot is as well.

    `event` names what is done: the same name again is the platform delivering again.
    """

    def say(
        self,
        person: str,
        text: str,
        place: str = DM,
        *,
        thread: str | None = None,
        event: str | None = None,
    ) -> Answer: ...

    def press(
        self,
        person: str,
        message: Heard,
        label: str,
        *,
        choice: str | None = None,
        event: str | None = None,
    ) -> Answer: ...

    def submit(
        self, person: str, form: OpenForm, values: Mapping[str, str], *, event: str | None = None
    ) -> Answer: ...

    def heard(self, person: str, place: str = DM) -> Sequence[Heard]:
        """All messages of the bot that the person sees there, oldest first."""

    def address(self, person: str) -> str:
        """What the platform mentions the person by."""

    def conversation(self, place: str) -> str:
        """What the platform calls a place by."""

    def called(self, command: str) -> str:
        """How the command of that word is given here."""


# What is shown ------------------------------------------------------------------------

HOSTILE = (
    "<b>bold</b> <script>alert(1)</script> <img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; &#60; &nbsp;",
    "**strong** *emphasis* _under_ ~~struck~~ `code` ```block``` __init__",
    "[a link](https://evil.example) <https://evil.example|click> ![x](https://evil.example)",
    "[Kim](person:kim) <@kim> <@U123> <at>Kim</at> @kim",
    "<!channel> <!here> <!everyone> @channel @here @everyone",
    "- a\n- b\n1. c\n> d\n# e\n---\n| f | g |",
    "{{ 7 * 7 }} {% raw %} ${x} %(x)s {0} {name} \\n \\",
    "مرحبا بالعالم \u202eevil\u202c \u2066x\u2069 שלום",
    "😀👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 é e\u0301 \u200b|",
    "\"quotes\" 'single' “curly” `",
    "javascript:alert(1) data:text/html,x",
    "  two  spaces   and\ttab ",
)


def hostile_message(text: str) -> Message:
    """The same words in every place where a person's words may stand."""
    line = text.replace("\n", " ")[:70]
    button = Button(label=line, action="sample.press", args={"text": text})
    return Message(
        summary=text[:300],
        parts=(
            Heading(text=text[:150]),
            Text(text=f"Before {literal(text)} after"),
            Text(text=f"**{literal('x' + text.strip() + 'x').replace(chr(10), ' ')}**"),
            Facts(facts=(Fact(label=line, value=text),)),
            Quote(text=text, by=line),
            Image(url="https://images.example/i.png", alt=text),
            Progress(label=text[:150], done=1, total=2),
            Buttons(buttons=(button,)),
            Choice(label=line, action="sample.choose", options=(Option(label=line, value=text),)),
            Note(text=literal(text)),
        ),
    )


def _button(label: str, **more: object) -> Button:
    return Button.model_validate({"label": label, "action": "sample.press", **more})


OPENS_FORM = "sample.begin"

SAMPLES: dict[str, Message] = {
    "question": say("?", Buttons(buttons=(Button(label="Answer", action=OPENS_FORM),))),
    "text": say("Hello **you**, *truly* `code`\n- one\n- two"),
    "heading": Message(summary="x", parts=(Heading(text="A heading"),)),
    "facts": Message(
        summary="x",
        parts=(Facts(facts=tuple(Fact(label=f"l{n}", value=f"v{n}") for n in range(10))),),
    ),
    "quote": Message(summary="x", parts=(Quote(text="first\n\nsecond", by="Ana"),)),
    "long-quote": Message(summary="x", parts=(Quote(text="q" * 2_899 + "!"),)),
    "long-arabic-quote": Message(summary="x", parts=(Quote(text="م" * 2_899 + "!"),)),
    "long-escaped-quote": Message(summary="x", parts=(Quote(text="<&>" * 960 + "!"),)),
    "long-text": Message(summary="x", parts=(Text(text="t" * 2_999 + "!"),)),
    "image": Message(
        summary="x", parts=(Image(url="https://images.example/i.png", alt="A map of it"),)
    ),
    "divider": Message(summary="x", parts=(Text(text="a"), Divider(), Text(text="b"))),
    "progress": Message(summary="x", parts=(Progress(label="Answered", done=3, total=10),)),
    "nothing-done": Message(summary="x", parts=(Progress(label="Begun", done=0, total=1),)),
    "buttons": say(
        "Pick",
        Buttons(
            buttons=(
                _button("Yes", style=Style.PRIMARY, args={"n": 1}),
                _button("Delete", style=Style.DANGER, confirm=Confirm(title="Sure?", text="Gone.")),
                _button("L" * 75),
                _button("Four", args={"long": "x" * 1_400}),
                _button("Five"),
            )
        ),
    ),
    "choice": say(
        "Pick",
        Choice(
            label="How far?",
            action="sample.choose",
            args={"about": "q1"},
            options=tuple(Option(label=f"Option {n}", value=f"v{n}") for n in range(10)),
        ),
    ),
    "note": Message(summary="x", parts=(Note(text="Small *print*"),)),
    "good": say("It worked", tone=Tone.GOOD),
    "warning": say("Careful", tone=Tone.WARNING),
    "bad": say("It broke", tone=Tone.BAD),
    "forty-parts": Message(summary="x", parts=tuple(Text(text=f"part {n}") for n in range(40))),
    "longest-labels": Message(
        summary="s" * 300,
        parts=(
            Heading(text="h" * 150),
            Facts(facts=(Fact(label="f" * 75, value="v" * 1_000),)),
            Quote(text="q", by="b" * 150),
            Image(url="https://images.example/" + "i" * 1_900, alt="a" * 500),
            Progress(label="p" * 150, done=10**6, total=10**6),
            Choice(
                label="c" * 150,
                action="sample.choose",
                options=(Option(label="o" * 75, value="w" * 150),),
            ),
        ),
    ),
    **{f"hostile-{n}": hostile_message(text) for n, text in enumerate(HOSTILE)},
}


def words_of(message: Message) -> list[str]:
    """Every run of characters that a reader of the message must get to see."""
    words: list[str] = []
    for part in message.parts:
        match part:
            case Heading(text=text):
                words += text.split("\n")
            case Text(text=text) | Note(text=text):
                words += [text_of(line).removeprefix("- ") for line in parse(text)]
            case Facts(facts=facts):
                for fact in facts:
                    words += [fact.label, *fact.value.split("\n")]
            case Quote(text=text, by=by):
                words += [*text.split("\n"), by or ""]
            case Image(alt=alt):
                words += alt.split("\n")
            case Progress(label=label, done=done, total=total):
                words += [*label.split("\n"), str(done), str(total)]
            case Buttons(buttons=buttons):
                words += [button.label for button in buttons]
            case Choice(label=label, options=options):
                words += [label, *(option.label for option in options)]
            case Divider():
                pass
    return [word.strip() for word in words if word.strip()]


def controls_of(message: Message) -> tuple[str, ...]:
    labels: list[str] = []
    for part in message.parts:
        if isinstance(part, Buttons):
            labels += [button.label for button in part.buttons]
        elif isinstance(part, Choice):
            labels.append(part.label)
    return tuple(labels)


# What the bot does --------------------------------------------------------------------

FORM = Form(
    title="Everything",
    intro="One field of <each> kind.",
    fields=(
        TextField(name="word", label="A word & more", hint="<short>", required=True, max_length=20),
        LongTextField(name="story", label="A story", value="It began\n<so>"),
        ChoiceField(
            name="urgency",
            label="When",
            options=(Option(label="Now", value="now"), Option(label="Later", value="later")),
            value="later",
        ),
        PeopleField(name="who", label="Who"),
        DateField(name="day", label="Day"),
        NumberField(name="count", label="How many", minimum=1, maximum=10),
    ),
    submit="Send it",
    action="sample.fill",
    args={"about": "q1"},
)


def _show(_context: Context, _work: Work, command: Command) -> Reply:
    return Reply(message=SAMPLES[command.text])


def _publish(_context: Context, _work: Work, command: Command) -> Reply:
    return Reply(message=SAMPLES[command.text], audience=Audience.PLACE)


def _count(context: Context, _work: Work, _command: Command) -> Reply:
    return Reply(message=say(f"This is {context.new_id()}"))


def _echo(_context: Context, _work: Work, command: Command) -> Reply:
    cut = f"{len(command.text)} characters: {literal(command.text[:500])}"
    return Reply(message=say(cut))


def _open(_context: Context, _work: Work, _command: Command) -> Reply:
    return Reply(form=FORM)


def _begin(_context: Context, _work: Work, _command: Command) -> Reply:
    return Reply(form=FORM.model_copy(update={"args": {"about": "card"}}))


def _press(_context: Context, _work: Work, command: Command) -> Reply:
    said = f"You pressed {literal(str(sorted(command.args.items())))}"
    return Reply(message=say(said), replace=True)


def _choose(_context: Context, _work: Work, command: Command) -> Reply:
    about, choice = command.args.get("about"), command.args.get("choice")
    return Reply(message=say(literal(f"You chose {choice} of {about}")))


def _fill(_context: Context, _work: Work, command: Command) -> Reply:
    if command.values["word"] == "wrong":
        raise Invalid(fields={"word": "Not this one."})
    told = ", ".join(f"{name}={value}" for name, value in sorted(command.values.items()))
    about = command.args["about"]
    return Reply(message=say(literal(f"{about}: {told}")), replace=about == "card")


def _write(context: Context, work: Work, command: Command) -> Reply:
    """`/write KEY PERSON|CONVERSATION WORDS`: a letter; a `KEY+` edits the letter `KEY`."""
    key, to, words = command.text.split(" ", 2)
    work.outbox.post(
        command.person.workspace,
        Letter(
            key=key,
            to=ToPerson(person=PersonId(to)) if to in PEOPLE else ToPlace(conversation=to),
            message=say(literal(words)),
            kind="sample",
            priority=Priority.ANSWER,
            about=f"sample:{key}",
            edits=key.removesuffix("+") if key.endswith("+") else None,
        ),
    )
    return NOTHING


def _tell(context: Context, work: Work, command: Command) -> Reply:
    """`/tell ...`: as `/write ...`, and says so."""
    _write(context, work, command)
    return Reply(message=say("Written"))


def _remind(context: Context, work: Work, command: Command) -> Reply:
    """`/remind SECONDS WORDS`: a letter to the person who asks, by a timer."""
    seconds, words = command.text.split(" ", 1)
    due = datetime.fromtimestamp(context.now.timestamp() + int(seconds), UTC)
    work.timers.set(
        Timer(
            key=f"remind:{words}",
            due_at=due,
            action="sample.remind",
            args={"person": command.person.id, "words": words},
        )
    )
    return NOTHING


def _ring(_context: Context, work: Work, timer: Timer) -> None:
    person = PersonId(str(timer.args["person"]))
    work.outbox.post(
        WORKSPACE,
        Letter(
            key=timer.key,
            to=ToPerson(person=person),
            message=say(literal(str(timer.args["words"]))),
            kind="sample",
            priority=Priority.ANSWER,
        ),
    )


def _hear(_context: Context, _work: Work, command: Command) -> Reply:
    said = f"{command.person.name} said in the thread of {command.about}: {command.text}"
    return Reply(message=say(literal(said)), audience=Audience.PLACE)


def _greet(_context: Context, _work: Work, command: Command) -> Reply:
    kim = mention("K*m", command.text)
    return Reply(message=say(f"Hello {kim}, see [the page](https://pages.example/a?b=c&d)"))


def _fail(_context: Context, _work: Work, _command: Command) -> Reply:
    raise Unavailable


def _note(_context: Context, _work: Work, command: Command) -> Reply:
    return Reply(message=say(literal(f"Noted: {command.text} (by {command.author})")))


def _order(handle: object, hint: str = "") -> Order[Work]:
    return Order(handle=handle, hint=hint, help="for tests")  # type: ignore[arg-type]  # all alike


SAMPLE: Capability[Work] = Capability(
    name="sample",
    title="Samples",
    orders={
        "show": _order(_show, "NAME"),
        "publish": _order(_publish, "NAME"),
        "count": _order(_count),
        "open": _order(_open),
        "write": _order(_write),
        "tell": _order(_tell),
        "greet": _order(_greet),
        "remind": _order(_remind),
        "fail": _order(_fail),
    },
    shortcuts={"note": MessageShortcut(handle=_note, title="Take a note")},
    presses={"sample.press": _press, "sample.choose": _choose, OPENS_FORM: _begin},
    submits={"sample.fill": _fill},
    timers={"sample.remind": _ring},
    hears={"sample": _hear},
    mention=_echo,
    words=_echo,
)


def make_people(address: Callable[[str], str] = str) -> list[Person]:
    """The people of every harness. `address` is what the platform reaches a name by."""
    return [
        Person(id=PersonId(name), workspace=WORKSPACE, address=address(name), name=name.title())
        for name in PEOPLE
    ]


# What every platform does ---------------------------------------------------------------


ONLY_LOOKED_AT = {
    "test_message_is_shown_without_loss",
    "test_message_has_a_plain_text",
    "test_only_what_we_mean_can_be_pressed_or_followed",
    "test_words_arrive_as_they_were_said",
}
"""Tests that look at nothing but what they were answered, and can share one workspace."""


class PlatformContract:
    """Subclass it and provide the fixture `harness`."""

    apart: Mapping[str, str] = MappingProxyType({DM: DM, CHANNEL: CHANNEL})
    """Where a reply stands that is for one person alone, by where they spoke."""

    @pytest.mark.parametrize("name", SAMPLES)
    def test_message_is_shown_without_loss(self, harness: Harness, name: str) -> None:
        (heard,) = harness.say("ana", f"/show {name}").messages
        for words in words_of(SAMPLES[name]):
            assert words in heard.shown

    @pytest.mark.parametrize("name", SAMPLES)
    def test_message_has_a_plain_text(self, harness: Harness, name: str) -> None:
        (heard,) = harness.say("ana", f"/show {name}").messages
        assert heard.plain == render_plain(SAMPLES[name])

    @pytest.mark.parametrize("name", SAMPLES)
    def test_only_what_we_mean_can_be_pressed_or_followed(
        self, harness: Harness, name: str
    ) -> None:
        (heard,) = harness.say("ana", f"/show {name}").messages
        assert heard.controls == controls_of(SAMPLES[name])
        assert (heard.mentions, heard.links) == ((), ())

    def test_mentions_and_links_of_our_own_work(self, harness: Harness) -> None:
        (heard,) = harness.say("ana", f"/greet {harness.address('kim')}").messages
        assert heard.mentions == (harness.address("kim"),)
        assert heard.links == ("https://pages.example/a?b=c&d",)
        # As our text says, as the platform calls them, or by their address.
        assert any(name in heard.shown for name in ("K*m", "@Kim", harness.address("kim")))

    @pytest.mark.parametrize("text", [*HOSTILE, "x" * 40_000, "😀" * 2_000])
    def test_words_arrive_as_they_were_said(self, harness: Harness, text: str) -> None:
        (heard,) = harness.say("ana", text).messages
        said = text.strip()
        assert heard.plain == f"{len(said)} characters: {said[:500]}"

    def test_mention_is_heard_without_the_name(self, harness: Harness) -> None:
        (heard,) = harness.say("ana", "@inflow where is it?", CHANNEL).messages
        assert heard.plain == "12 characters: where is it?"

    def test_talk_among_people_is_not_answered(self, harness: Harness) -> None:
        assert harness.say("ana", "good morning", CHANNEL).messages == ()
        assert harness.heard("bo", CHANNEL) == []

    def test_what_is_for_one_person_stays_with_them(self, harness: Harness) -> None:
        harness.say("ana", "/show text", CHANNEL)
        apart = self.apart[CHANNEL]
        (heard,) = harness.heard("ana", apart)
        assert heard.only_me
        assert (harness.heard("bo", CHANNEL), harness.heard("bo")) == ([], [])
        assert harness.heard("ana", DM if apart == CHANNEL else CHANNEL) == []

    def test_what_is_for_the_place_is_seen_by_everybody(self, harness: Harness) -> None:
        harness.say("ana", "/publish text", CHANNEL)
        (heard,) = harness.heard("bo", CHANNEL)
        assert not heard.only_me

    def test_direct_message_is_seen_by_its_person_alone(self, harness: Harness) -> None:
        harness.say("ana", "/publish text")
        assert len(harness.heard("ana")) == 1
        assert harness.heard("bo") == []

    def test_letter_reaches_its_person_alone(self, harness: Harness) -> None:
        harness.say("ana", "/write k1 bo Hello <Bo>", CHANNEL)
        (heard,) = harness.heard("bo")
        assert heard.plain == "Hello <Bo>"
        assert (harness.heard("ana"), harness.heard("ana", CHANNEL)) == ([], [])

    def test_letter_reaches_its_place(self, harness: Harness) -> None:
        harness.say("ana", f"/write k1 {harness.conversation(CHANNEL)} Hello all")
        (heard,) = harness.heard("kim", CHANNEL)
        assert heard.plain == "Hello all"

    def test_letter_promised_twice_comes_once(self, harness: Harness) -> None:
        harness.say("ana", "/write k1 bo first")
        harness.say("ana", "/write k1 bo second")
        assert [heard.plain for heard in harness.heard("bo")] == ["first"]

    def test_letter_that_edits_changes_the_message_where_it_stands(self, harness: Harness) -> None:
        place = harness.conversation(CHANNEL)
        harness.say("ana", f"/write k1 {place} before")
        harness.say("ana", f"/write k2 {place} another")
        first, _ = harness.heard("bo", CHANNEL)
        harness.say("ana", f"/write k1+ {place} after")
        heard = harness.heard("bo", CHANNEL)
        assert [each.plain for each in heard] == ["after", "another"]
        assert heard[0].id == first.id

    def test_thread_of_a_letter_is_heard(self, harness: Harness) -> None:
        harness.say("ana", f"/write k1 {harness.conversation(CHANNEL)} Speak here")
        (letter,) = harness.heard("bo", CHANNEL)
        (heard,) = harness.say("bo", "my <words>", CHANNEL, thread=letter.id).messages
        assert heard.plain == "Bo said in the thread of sample:k1: my <words>"
        assert heard.thread == letter.id
        assert harness.heard("kim", CHANNEL)[-1].thread == letter.id

    def test_thread_of_a_direct_letter_is_heard(self, harness: Harness) -> None:
        harness.say("ana", "/write k1 bo Speak here")
        (letter,) = harness.heard("bo")
        (heard,) = harness.say("bo", "yes", thread=letter.id).messages
        assert heard.plain == "Bo said in the thread of sample:k1: yes"

    @pytest.mark.parametrize("place", [DM, CHANNEL])
    def test_press_replaces_the_message_where_it_stands(self, harness: Harness, place: str) -> None:
        (card,) = harness.say("ana", "/show buttons", place).messages
        harness.say("ana", "/show text", place)
        (heard,) = harness.press("ana", card, "Yes").messages
        assert (heard.id, heard.plain, heard.controls) == (
            card.id,
            "You pressed [('n', 1)]",
            (),
        )
        first, second = harness.heard("ana", self.apart[place])
        assert (first.id, first.plain) == (card.id, heard.plain)
        assert second.plain == render_plain(SAMPLES["text"])

    def test_each_button_brings_its_own_args(self, harness: Harness) -> None:
        (card,) = harness.say("ana", "/show buttons").messages
        (heard,) = harness.press("ana", card, "Four").messages
        assert "x" * 1_400 in heard.plain

    def test_hostile_args_come_back_whole(self, harness: Harness) -> None:
        for number, text in enumerate(HOSTILE):
            (card,) = harness.say("ana", f"/show hostile-{number}").messages
            (heard,) = harness.press("ana", card, card.controls[0]).messages
            assert heard.plain == f"You pressed {[('text', text)]}"

    def test_choice_brings_what_was_chosen(self, harness: Harness) -> None:
        (card,) = harness.say("ana", "/show choice").messages
        (heard,) = harness.press("ana", card, "How far?", choice="v7").messages
        assert heard.plain == "You chose v7 of q1"

    def test_form_is_shown_whole(self, harness: Harness) -> None:
        form = harness.say("ana", "/open").form
        assert form is not None
        assert form.fields == tuple(field.name for field in FORM.fields)
        for words in [FORM.title, FORM.intro, "A word & more", "<short>", "It began", "<so>",
                      "Now", "Later", FORM.submit]:  # fmt: skip
            assert words is not None
            assert words in form.shown

    def test_form_brings_its_values(self, harness: Harness) -> None:
        form = harness.say("ana", "/open", CHANNEL).form
        assert form is not None
        values = {
            "word": "<w>",
            "story": "two\nlines",
            "urgency": "now",
            "who": harness.address("kim"),
            "day": "2026-03-09",
            "count": "3",
        }
        (heard,) = harness.submit("ana", form, values).messages
        assert heard.plain == (
            "q1: count=3, day=2026-03-09, story=two\nlines, urgency=now, "
            f"who={harness.address('kim')}, word=<w>"
        )
        assert harness.heard("bo", CHANNEL) == []

    def test_form_with_an_error_stays_open(self, harness: Harness) -> None:
        form = harness.say("ana", "/open").form
        assert form is not None
        answer = harness.submit("ana", form, {"word": "wrong"})
        assert (answer.errors, answer.messages) == ({"word": "Not this one."}, ())
        (heard,) = harness.submit("ana", form, {"word": "right"}).messages
        assert "word=right" in heard.plain

    def test_what_a_form_led_to_takes_the_place_of_where_it_was_opened(
        self, harness: Harness
    ) -> None:
        (card,) = harness.say("ana", "/show question").messages
        form = harness.press("ana", card, "Answer").form
        assert form is not None
        harness.say("ana", "/show text")
        assert harness.submit("ana", form, {"word": "wrong"}).errors == {"word": "Not this one."}
        (heard,) = harness.submit("ana", form, {"word": "right"}).messages
        assert (heard.id, heard.controls) == (card.id, ())
        assert "word=right" in heard.plain
        first, _ = harness.heard("ana")
        assert first.id == card.id

    def test_event_delivered_again_gets_the_same_reply_once(self, harness: Harness) -> None:
        first = harness.say("ana", "/count", event="e1").messages
        again = harness.say("ana", "/count", event="e1").messages
        other = harness.say("ana", "/count", event="e2").messages
        assert first[0].plain == again[0].plain != other[0].plain
        assert len(harness.heard("ana")) == 2

    def test_press_delivered_again_changes_nothing(self, harness: Harness) -> None:
        (card,) = harness.say("ana", "/show buttons").messages
        harness.press("ana", card, "Yes", event="e1")
        before = harness.heard("ana")
        harness.press("ana", card, "Yes", event="e1")
        assert harness.heard("ana") == before

    def test_unknown_command_gets_the_nearest_one(self, harness: Harness) -> None:
        (heard,) = harness.say("ana", "/shwo text").messages
        assert harness.called("show") in heard.plain
