"""Every sentence of the quizzes capability.

What a pack says goes through `bot.pack.markup`, what a person wrote through `literal`. Every item
can be answered in plain words as well, and says how.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.capabilities.quizzes.certification import Checked
from bot.capabilities.quizzes.model import Attempt, State
from bot.capabilities.quizzes.ports import Need
from bot.capabilities.quizzes.show import Asking, Mark, fields_of, tell
from bot.form import (
    AnyField,
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    NumberField,
    PeopleField,
    TextField,
)
from bot.ids import AttemptId, CertificationId
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
    Quote,
    Style,
    Text,
    Tone,
    fit,
    fits_a_button,
    literal,
    mention,
    say,
    shorten,
)
from bot.messages import WHAT_YOU_LOOK_AFTER
from bot.pack.answer import Raw
from bot.pack.item import (
    Branching,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ShortText,
    SpotProblem,
)
from bot.pack.markup import bare, rich
from bot.pack.model import Quiz
from bot.pack.model import Section as Reading
from bot.pack.scoring import Scored
from bot.page import Section, Shelf
from bot.people import Person, local

MOST_LISTED = 10
SHORT_NAME = 40
"""Of a quiz, in characters: a phone shows a button of it in one line."""
MOST_READINGS = 3
"""Sections shown after what was missed, the heaviest first (domain.md 1.6)."""

GONE = "I could not find that quiz any more."
OVER = "That attempt is over. `/quiz` shows what is open to you."
ANSWERED = "You have answered that question already."
NOT_YOURS = "I could not find that any more."
UNDER_WAY = "You are in the middle of this quiz. Here is where you were."
NO_SUCH_QUIZ = "I know no quiz of that name. `/quiz` lists those that are open to you."
NO_QUIZ_HERE = "There is no quiz about this topic yet."
NOT_YET = "Nobody has to hurry: `/quiz` finds it again whenever you like."
IN_PRIVATE = "I ask you in a direct message, where only the two of us are. Please look there."
TOO_OLD = "That was more than two weeks ago, so please begin again. It does not count as a fail."
NO_ITEMS = "This quiz has no questions for you at the moment. Its owner can see that."
CHANGED_MEANWHILE = "Somebody has marked this answer already."
CHOOSE_MARK = "Please choose what the answer is worth."
NO_REASON = "Please say why. The people whose attempts it concerns read it."
NOTHING_TO_READ = "There is no written answer to read."
BECAUSE_ASKED = "You are taking this quiz."
BECAUSE_TOOK = "You have taken this quiz."
BECAUSE_STEWARD = "You look after the topic of this quiz."
NO_IMAGE = "Picture"

_SURE = ("Not sure (below 67 %)", "Fairly sure (67–80 %)", "Very sure (above 80 %)")
_SURE_WORDS = ("not sure", "fairly sure", "very sure")


# --- small pieces -------------------------------------------------------------------------


def _rich(text: str) -> str:
    """What a pack says, for `Text`; escaped it could be longer than fits."""
    return fit([rich(text)])


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def about(least: int, most: int) -> str:
    """How many more, as a part of a sentence: “3” or “2 to 4”."""
    return str(most) if least >= most else f"{least} to {most}"


def when(person: Person, at: datetime, now: datetime) -> str:
    """A moment on the person's own clock: “today at 16:30”, “Tuesday 3 March at 10:00”."""
    here, today = local(person, at), local(person, now).date()
    days = (here.date() - today).days
    if days in {0, 1}:
        return f"{'tomorrow' if days else 'today'} at {here:%H:%M}"
    return f"{day(person, at, now)} at {here:%H:%M}"


def day(person: Person, at: datetime, now: datetime) -> str:
    """A day on the person's own calendar, with its year where that is not this one's."""
    here = local(person, at)
    year = f" {here.year}" if here.year != local(person, now).year else ""
    return f"{here:%A} {here.day} {here:%B}{year}"


def _lines(title: str, lines: Sequence[str]) -> list[Part]:
    return [Text(text=fit([f"**{title}**", *lines]))] if lines else []


# --- offer --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody is told before they begin. `minutes` is about how long it takes, `reading`
    how much reading there is about it. `objectives` are those asked; `carried` those that were
    met before. `held` says where they stand, if they have passed it and need not do it."""

    quiz: Quiz
    least: int
    most: int
    minutes: int
    reading: int
    objectives: Sequence[str]
    carried: int = 0
    required: bool = False
    aloud: bool = False
    held: str = ""


def offer(told: Offer) -> Message:
    """Before a quiz: test first, read first, or neither."""
    quiz = told.quiz
    lines = [f"**{literal(quiz.title)}**"]
    if quiz.purpose:
        lines.append(_rich(quiz.purpose))
    n = about(told.least, told.most)
    length = f"{n} questions, about {_count(told.minutes, 'minute')}"
    if told.held:
        lines.append(
            f"**You need not do this: {literal(told.held)}.** If you like to see where you stand, "
            f"it is {length}, and whatever comes of it takes nothing from you."
        )
    else:
        lines.append(f"Check yourself first: {length}. You can leave at any time and come back.")
    if told.carried:
        lines.append(
            f"I ask only what was open last time; {_count(told.carried, 'part')} you have "
            "shown already."
        )
    if told.reading and not told.held:
        lines.append(
            f"Who passes need not read anything about it ({_count(told.reading, 'minute')})."
        )
    if told.required and not told.held:
        lines.append("Your organisation asks everybody whom it concerns to pass it.")
    rows = [
        Button(
            label="Check myself", action="quiz.start", args={"quiz": quiz.id}, style=Style.PRIMARY
        ),
        Button(label="Read first", action="library.topic", args={"topic": quiz.topic}),
        Button(label="Not now", action="quiz.decline", args={"quiz": quiz.id}),
    ]
    if told.aloud:
        rows.append(_in_person(quiz))
    return say("\n".join(lines), Buttons(buttons=tuple(rows)), summary=f"Quiz: {quiz.title}")


def invitation(quiz: Quiz) -> Message:
    """A quiz that comes to many; what exactly each is offered is behind the button."""
    lines = [f"**{literal(quiz.title)}**"]
    if quiz.purpose:
        lines.append(_rich(quiz.purpose))
    lines.append("Know it already? Check yourself first: who passes need not read anything.")
    rows = (
        Button(
            label="See the quiz", action="quiz.begin", args={"quiz": quiz.id}, style=Style.PRIMARY
        ),
        Button(label="Read first", action="library.topic", args={"topic": quiz.topic}),
    )
    return say("\n".join(lines), Buttons(buttons=rows), summary=f"Quiz: {quiz.title}")


def _in_person(quiz: Quiz) -> Button:
    return Button(
        label="Ask me in person",
        action="quiz.aloud",
        args={"quiz": quiz.id},
        confirm=Confirm(
            title="Be asked in person?",
            text="Whoever looks after the topic learns that you would like that, and "
            "finds a time with you. Nobody learns why.",
            yes="Ask them",
        ),
    )


def declined() -> Message:
    """After *Not now*."""
    return say(NOT_YET)


def in_private() -> Message:
    """Where it was started in a channel."""
    return say(IN_PRIVATE)


def cannot_begin(
    person: Person, quiz: Quiz, at: datetime | None, now: datetime, steward: str | None
) -> Message:
    """When the person cannot try again yet: from when on, or with whom they may talk."""
    title = literal(quiz.title)
    ask = Button(
        label="Ask about it",
        action="question.ask",
        args={"text": f"About “{quiz.title}”: "},
    )
    if steward is not None:
        text = (
            f"You have tried **{title}** several times this month. Rather than once more, fifteen "
            f"minutes with {literal(steward)} may help. Shall I ask?"
        )
        return say(text, Buttons(buttons=(_in_person(quiz), ask)))
    moment = when(person, at, now) if at is not None else "later"
    return say(
        f"You can try **{title}** again from {moment}. A night in between helps; reading is "
        "up to you.",
        Buttons(
            buttons=(
                Button(label="Show me", action="library.topic", args={"topic": quiz.topic}),
                ask,
            )
        ),
    )


# --- an item ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands: in which attempt, as which one of about how many."""

    attempt: AttemptId
    title: str
    number: int
    least: int
    most: int
    plain: bool = False
    images: bool = True
    seen_before: bool = False

    @property
    def line(self) -> str:
        """“Customer data · question 3 of 8 to 10”."""
        total = about(self.number - 1 + self.least, self.number - 1 + self.most)
        seen = " · you have seen this one before" if self.seen_before else ""
        return f"{literal(self.title)} · question {self.number} of {total}{seen}"


def question(
    asking: Asking, place: Place, before: Sequence[Part] = (), picked_note: str = ""
) -> Message:
    """An item, below what is said about the last answer."""
    item = asking.item
    parts: list[Part] = [*before, *_body(asking, place)]
    args: Args = {"attempt": place.attempt, "item": item.id}
    leave = Button(label="Leave for now", action="quiz.leave", args={"attempt": place.attempt})
    if place.plain:
        parts += [Note(text=_how(asking, tap=False)), Buttons(buttons=(leave,))]
        return _with_summary(parts, asking, before)
    if asking.is_one_of:
        row = [
            Button(
                label=mark.sign,
                action="quiz.pick",
                args={**args, "sign": mark.sign, "depth": len(asking.path)},
            )
            for mark in asking.marks
        ]
        parts += [Buttons(buttons=tuple(row)), Note(text=_how(asking, tap=True))]
        parts.append(Buttons(buttons=(leave,)))
    elif asking.is_some_of:
        buttons = [_toggle(asking, mark, args) for mark in asking.marks]
        parts += [
            Buttons(buttons=tuple(buttons[first : first + 5]))
            for first in range(0, len(buttons), 5)
        ]
        done = Button(
            label="Done",
            action="quiz.done",
            args={**args, "picked": [*sorted(asking.picked)]},
            style=Style.PRIMARY,
        )
        parts += [Note(text=_how(asking, tap=True)), Buttons(buttons=(done, leave))]
    else:
        label = {Ordering: "Put them in order", Matching: "Match them"}.get(type(item), "Answer")
        form = Button(label=label, action="quiz.form", args=args, style=Style.PRIMARY)
        parts += [Note(text=_how(asking, tap=True)), Buttons(buttons=(form, leave))]
    if picked_note:
        parts.append(Note(text=picked_note))
    return _with_summary(parts, asking, before)


def _with_summary(parts: list[Part], asking: Asking, before: Sequence[Part]) -> Message:
    first = next((part.text for part in before if isinstance(part, Text)), "")
    told = first.split("\n")[0].replace("**", "").replace("\\", "") if first else ""
    summary = shorten(f"{told} {bare(asking.item.stem)}".strip(), 300)
    return Message(summary=summary, parts=tuple(parts))


def _toggle(asking: Asking, mark: Mark, args: Args) -> Button:
    """A choice that can be made and taken back; its label says in words which it is."""
    is_on = mark.sign in asking.picked
    after = asking.picked ^ {mark.sign}
    return Button(
        label=f"✓ {mark.sign} chosen" if is_on else mark.sign,
        action="quiz.toggle",
        args={**args, "picked": [*sorted(after)]},
    )


def _body(asking: Asking, place: Place) -> list[Part]:
    item = asking.item
    parts: list[Part] = [Note(text=place.line), Text(text=_rich(item.stem))]
    parts += _picture(item, place)
    if isinstance(item, Branching):
        parts += _way(asking)
    if isinstance(item, SpotProblem) and item.artefact:
        parts.append(Note(text=literal(item.artefact)))
    if asking.marks:
        parts.append(Text(text=_listed(asking, asking.marks)))
    if asking.sides:
        parts.append(Text(text=_listed(asking, asking.sides)))
    return parts


def _picture(item: Item, place: Place) -> list[Part]:
    if item.image is None:
        return []
    alt = item.image_alt or NO_IMAGE
    if place.images and item.image.startswith("https://"):
        return [Image(url=item.image, alt=alt[:500])]
    return [Note(text=f"{NO_IMAGE}: {literal(alt)}")]


def _listed(asking: Asking, marks: Sequence[Mark]) -> str:
    return fit(
        f"{'✓ ' if mark.sign in asking.picked else ''}**{mark.sign}.** {rich(mark.text)}"
        for mark in marks
    )


def _way(asking: Asking) -> list[Part]:
    """What was decided so far in a case, and what stands before the person now."""
    parts: list[Part] = []
    taken = tell(asking, list(asking.path))
    if taken:
        so_far = "So far: " + " → ".join(literal(bare(line)) for line in taken)
        parts.append(Note(text=fit([so_far])))
    node = node_of(asking)
    if node:
        parts.append(Text(text=_rich(node)))
    return parts


def node_of(asking: Asking) -> str:
    """What the node that stands before the person says; empty at the end of a case."""
    item = asking.item
    if not isinstance(item, Branching):
        return ""
    here: str | None = item.start
    for chosen in asking.path:
        options = item.nodes[here].options if here in item.nodes else ()
        here = next((option.next for option in options if option.id == chosen), None)
    return item.nodes[here].text if here is not None and here in item.nodes else ""


def _how(asking: Asking, *, tap: bool) -> str:
    """How to answer in words, and by a tap where there is one."""
    item, count = asking.item, len(asking.shown.ids)
    match item:
        case MultiSelect():
            tapped, said = "Tap all that apply, then *Done*", "the letters, like “A C”, or “none”"
        case SpotProblem():
            tapped, said = (
                "Tap all that are wrong, then *Done*",
                "the numbers, like “2 4”, or “none”",
            )
        case Ordering():
            example = " ".join(str(number) for number in range(count, 0, -1))
            tapped, said = "Tap *Put them in order*", f"the numbers in order, like “{example}”"
        case Matching():
            sides = [side.sign for side in asking.sides]
            example = " ".join(f"{n}{sides[n % len(sides)]}" for n in range(1, count + 1))
            tapped, said = "Tap *Match them*", f"pairs, like “{example}”"
        case Numeric():
            unit = f" ({literal(item.unit)})" if item.unit else ""
            tapped, said = "Tap *Answer*", f"one number{unit}"
        case ShortText():
            tapped, said = "Tap *Answer*", "a few words"
        case _:
            tapped, said = "Tap a letter", "it, like “B”" if tap else "a letter, like “B”"
    return f"{tapped}, or reply with {said}." if tap else f"Reply with {said}."


def question_form(asking: Asking, place: Place, *, certainty: bool) -> Form:
    """The form of an item that is answered in one: ranks, pairs, a number or words."""
    item = asking.item
    fields: list[AnyField] = []
    intro = shorten(bare(item.stem), 1_000)
    match item:
        case Ordering():
            options = _options(asking.marks)
            fields += [
                ChoiceField(name=name, label=_rank(number), options=options, required=True)
                for number, name in enumerate(fields_of(asking), 1)
            ]
        case Matching():
            options = _options(asking.sides)
            fields += [
                ChoiceField(
                    name=name,
                    label=shorten(f"{mark.sign}. {bare(mark.text)}", 150),
                    options=options,
                    required=True,
                )
                for name, mark in zip(fields_of(asking), asking.marks, strict=True)
            ]
        case Numeric():
            fields.append(NumberField(name="answer", label=_number(item), required=True))
        case ShortText(max_length=limit):
            fields.append(
                TextField(name="answer", label="Your answer", max_length=limit, required=True)
            )
        case _:
            raise ValueError(f"{item.type} is answered without a form")
    if certainty:
        fields.append(_sure_field())
    return Form(
        title="Your answer",
        intro=intro,
        fields=tuple(fields),
        submit="Answer",
        action="quiz.answer",
        args={"attempt": place.attempt, "item": item.id},
    )


def _number(item: Numeric) -> str:
    return f"Number ({item.unit})" if item.unit else "Number"


def _rank(number: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _options(marks: Sequence[Mark]) -> tuple[Option, ...]:
    return tuple(
        Option(label=shorten(f"{mark.sign}. {bare(mark.text)}", 75), value=mark.sign)
        for mark in marks
    )


def _sure_field() -> ChoiceField:
    options = tuple(Option(label=label, value=str(n)) for n, label in enumerate(_SURE, 1))
    return ChoiceField(name="sure", label="How sure are you?", options=options)


def how_sure(asking: Asking, place: Place, raw: Raw, *, counts: bool) -> Message:
    """The answer that was chosen, and the question how sure the person is of it."""
    item = asking.item
    args: Args = {"attempt": place.attempt, "item": item.id}
    chosen = tell(asking, raw)
    mine = [_rich(line) for line in chosen] or ["None of them"]
    why = (
        "It counts: right gives 1, 2 or 3, wrong 0, −2 or −6."
        if counts
        else "It does not count. It shows you where you can trust yourself."
    )
    sure = [
        Button(label=label, action="quiz.sure", args={**args, "sure": n})
        for n, label in enumerate(_SURE, 1)
    ]
    # Of several lines each begins a line of its own, and none stands behind the label.
    head = [f"**Your answer:** {mine[0]}"] if len(mine) == 1 else ["**Your answer:**", *mine]
    change = Button(label="Change my answer", action="quiz.change", args=args)
    parts: list[Part] = [
        Note(text=place.line),
        Text(text=_rich(item.stem)),
        Text(text=fit(head)),
        Text(text="**How sure are you?**"),
    ]
    if place.plain:
        how = "Reply with 1 (not sure), 2 (fairly sure) or 3 (very sure)."
        parts += [Note(text=f"{how} {why}"), Buttons(buttons=(change,))]
    else:
        parts += [
            Buttons(buttons=tuple(sure)),
            Note(text=f"{why} You can also reply with 1, 2 or 3."),
            Buttons(buttons=(change,)),
        ]
    return Message(summary="How sure are you?", parts=tuple(parts))


def held_back(
    asking: Asking, said: str, *, title: str, sure: bool, paused: AttemptId | None
) -> Message:
    """Words that were no answer and may have been meant as one: nobody else was told."""
    if paused is not None:
        first = f"A question of **{literal(title)}** still waits for you, so I sent this to nobody."
    elif sure:
        first = (
            "I could not tell how sure you are. Reply with 1 (not sure), 2 (fairly sure) or "
            "3 (very sure). I sent this to nobody."
        )
    else:
        first = (
            f"I could not read that as an answer, so I sent it to nobody. {_how(asking, tap=False)}"
        )
    ask = _ask_it(said)
    buttons = [ask]
    if paused is not None:
        args: Args = {"attempt": paused}
        go = Button(label="Go on", action="quiz.resume", args=args, style=Style.PRIMARY)
        buttons = [go, ask]
    return say(f"{first}\n\n{_TO_ASK}", Buttons(buttons=tuple(buttons)), tone=Tone.WARNING)


def held_at_the_end(attempt: AttemptId, said: str) -> Message:
    """The same where they were asked whether to stop or to finish."""
    return say(
        f"Stop here, or finish? I could not tell, so I sent this to nobody.\n\n{_TO_ASK}",
        Buttons(buttons=(*_stop_or_finish(attempt), _ask_it(said))),
        tone=Tone.WARNING,
    )


_TO_ASK = "If it is a question, tap *Ask a colleague*, or begin it with “ask”."


def _ask_it(said: str) -> Button:
    """Opens the form to ask, with the words where they are short enough to travel."""
    text: Args = {"text": said}
    return Button(
        label="Ask a colleague",
        action="question.ask",
        args=text if fits_a_button(text) else {},
    )


def _stop_or_finish(attempt: AttemptId | None) -> tuple[Button, ...]:
    args: Args = {"attempt": attempt}
    return (
        Button(label="Stop here", action="quiz.stop", args=args, style=Style.PRIMARY),
        Button(label="Finish", action="quiz.finish", args=args),
    )


# --- what is said about an answer ---------------------------------------------------------


def feedback(
    asking: Asking,
    raw: Raw,
    scored: Scored,
    *,
    certainty: int | None = None,
    counted: bool = True,
    reveal: bool = True,
    asked_about: Args | None = None,
    answered: bool = False,
) -> list[Part]:
    """What is said about an answer before the next question. Without `reveal` it says nothing
    of what would have been right. `asked_about` are the args of *Ask about this*; `answered`, if
    others asked about it and colleagues answered."""
    item = asking.item
    if scored.needs_person:
        head = "**Thank you.** A colleague reads this answer within two working days."
        lines = [head, *_mine(asking, raw)]
    else:
        head = "**Right.**" if scored.right else "**Not quite.**"
        if not scored.right and scored.credit > 0:
            head = "**Partly right.**"
        lines = [head + _sureness(certainty, right=scored.right)]
        lines += _mine(asking, raw)
        lines += _remarks(asking, raw, scored, reveal=reveal)
        lines += [f"What happens next: {rich(c.text)}" for c in scored.consequences if c.text]
    if item.feedback:
        lines.append(f"*{literal('In short:')}* {rich(item.feedback)}")
    if not counted:
        lines.append("This question is new and does not count yet.")
    parts: list[Part] = [Text(text=fit(lines))]
    buttons = []
    if answered:
        args: Args = {"about": f"item:{item.id}"}
        buttons.append(Button(label="What others asked", action="library.answers", args=args))
    if asked_about is not None:
        buttons.append(Button(label="Ask about this", action="question.ask", args=asked_about))
    if buttons:
        parts.append(Buttons(buttons=tuple(buttons)))
    return [*parts, Divider()]


def _sureness(certainty: int | None, *, right: bool) -> str:
    if right and certainty == 1:
        return " And you were not sure: you can trust yourself more here."
    if not right and certainty == 3:
        return " You were very sure, so this one is worth a look."
    return ""


def _mine(asking: Asking, raw: Raw) -> list[str]:
    """What was answered, where the remarks do not say so."""
    chosen = tell(asking, raw)
    if asking.is_some_of and chosen:
        return []
    if isinstance(asking.item, Ordering | Matching):
        return ["You said:", *_bullets(literal(shorten(bare(line), 150)) for line in chosen)]
    joint = " → " if isinstance(asking.item, Branching) else "; "
    return [f"You said: {_joined(chosen, joint) or 'none of them'}"]


def _bullets(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _joined(lines: Sequence[str], joint: str = "; ") -> str:
    """Several answers in one line, of which none but the last keeps its full stop."""
    told = [bare(line) for line in lines]
    told = [*(line.removesuffix(".") for line in told[:-1]), *told[-1:]]
    return joint.join(literal(shorten(line, 150)) for line in told)


def _remarks(asking: Asking, raw: Raw, scored: Scored, *, reveal: bool) -> list[str]:
    item = asking.item
    lines = []
    about = {remark.about: remark for remark in scored.feedback}
    if asking.is_some_of:
        for mark in asking.marks:
            remark = about.get(mark.id)
            if remark is None or not (reveal or remark.chosen):
                continue
            is_good = remark.chosen and remark.right
            said = literal(shorten(bare(mark.text), 80).removesuffix("."))
            line = f"{'✓' if is_good else '✗'} **{mark.sign}.** {said}"
            line += "" if is_good else f" ({_SAID[remark.chosen]})"
            joint = " " if line.endswith(("!", "?", "…")) else ": "
            lines.append(f"{line}{joint}{rich(remark.text)}" if remark.text else line)
        return lines
    if not isinstance(item, Ordering | Matching):
        lines += [rich(remark.text) for remark in scored.feedback if remark.text]
    if reveal and not scored.right:
        lines += _right(asking, raw)
    return lines


_SAID = {True: "not one of them", False: "missed"}
"""Of what was not dealt with rightly, by whether it was chosen."""


def _right(asking: Asking, raw: Raw) -> list[str]:
    """What would have been right, where the remarks do not say so; of pairs, only those that
    were not."""
    match asking.item:
        case Ordering(steps=steps):
            signs = {mark.id: mark.sign for mark in asking.marks}
            return ["Right is:", *_bullets(f"{signs[s.id]}. {rich(s.text)}" for s in steps)]
        case Matching() as item:
            said = set(tell(asking, raw))
            every = (f"{pair.left} → {pair.right}" for pair in item.pairs)
            return ["Right is:", *_bullets(rich(pair) for pair in every if pair not in said)]
        case Numeric() as item:
            return [f"Right is: {literal(f'{item.answer:g} {item.unit}'.strip())}"]
        case _:
            return []


def left(attempt: Attempt, title: str) -> Message:
    """Left for now, with the way back."""
    return say(
        f"I keep your place in **{literal(title)}** for two weeks. Leaving is never a fail.",
        Buttons(
            buttons=(
                Button(
                    label="Go on",
                    action="quiz.resume",
                    args={"attempt": attempt.id},
                    style=Style.PRIMARY,
                ),
            )
        ),
    )


def until_tomorrow(before: Sequence[Part], title: str, moment: str) -> Message:
    """To who wants one question a day."""
    text = f"That was today’s question of **{literal(title)}**. The next one comes {moment}."
    parts = (*before, Text(text=text))
    return Message(summary=f"The next question comes {moment}", parts=parts)


# --- results ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """What somebody is told at the end. `met` and `not_met` are objectives in words, `saved` is
    minutes of reading given back, `until` when it has to be shown again. Without an attempt it was
    shown to a person."""

    attempt: AttemptId | None
    quiz: Quiz
    met: Sequence[str]
    not_met: Sequence[str] = ()
    saved: int = 0
    until: str = ""
    readings: Sequence[Reading] = ()
    skip: Sequence[Reading] = ()
    again: str = ""


def _see(result: Result) -> list[Part]:
    if result.attempt is None:
        return []
    args: Args = {"attempt": result.attempt}
    return [Buttons(buttons=(Button(label="See all answers", action="quiz.answers", args=args),))]


def passed(result: Result, before: Sequence[Part] = ()) -> Message:
    """The attempt is passed."""
    lines = [f"**You have passed “{literal(result.quiz.title)}”.** You have shown that you can:"]
    lines += [f"- {_rich(text)}" for text in result.met]
    if result.saved:
        lines.append(
            "So there is nothing for you to read about it, and no tips about it come: about "
            f"{_count(result.saved, 'minute')} given back to you."
        )
    if result.until:
        lines.append(f"It is valid until {result.until}.")
        if result.quiz.policy.renewal == "longitudinal":
            lines.append(
                "If you like its tips all the same (`/tips`), your answers to them can renew it "
                "without a test."
            )
    parts: list[Part] = [*before, Text(text=fit(lines)), *_see(result)]
    return Message(summary=f"You have passed “{result.quiz.title}”", parts=tuple(parts))


def fell_short(result: Result, least: int, most: int, before: Sequence[Part] = ()) -> Message:
    """It is decided that it is not passed; whoever wants to know all may go on."""
    n = about(least, most)
    text = (
        f"This time it is not enough for **{literal(result.quiz.title)}**. That is no harm: "
        "now I can show you just what you need. You can stop here, or finish, so that I know "
        f"which parts you can skip (about {n} more)."
    )
    buttons = _stop_or_finish(result.attempt)
    return Message(
        summary="Stop here, or finish to see what you can skip",
        parts=(*before, Text(text=text), Buttons(buttons=buttons)),
    )


def failed(result: Result, before: Sequence[Part] = ()) -> Message:
    """Not passed: what to look at, what can be skipped, and when to try again."""
    quiz = result.quiz
    lines = [f"**“{literal(quiz.title)}”: not there yet.**"]
    if result.not_met:
        lines.append("Still open:")
        lines += [f"- {_rich(text)}" for text in result.not_met]
    if result.met:
        lines.append("You have shown already:")
        lines += [f"- {_rich(text)}" for text in result.met]
    parts: list[Part] = [*before, Text(text=fit(lines))]
    if result.readings:
        parts.append(Heading(text="What helps with it"))
    for reading in result.readings[:MOST_READINGS]:
        parts += [
            Text(
                text=f"**{literal(reading.title)}** ({_count(reading.minutes, 'minute')})\n"
                f"{_rich(reading.summary)}"
            ),
            Buttons(
                buttons=(
                    Button(
                        label="Read it here",
                        action="library.section",
                        args={"section": reading.id, "why": f"quiz:{quiz.id}"},
                    ),
                    Button(
                        label="Ask about this",
                        action="question.ask",
                        args={
                            "text": f"About “{reading.title}”: ",
                            "about": f"section:{reading.id}",
                        },
                    ),
                )
            ),
        ]
    if result.skip:
        titles = ", ".join(literal(reading.title) for reading in result.skip)
        parts.append(Note(text=fit([f"You can skip: {titles}."])))
    parts.append(
        Text(
            text=f"You can try again from {result.again}, whether you have read anything or not. "
            "I ask only what is still open, with other questions where there are any."
        )
    )
    if result.until:
        parts.append(Note(text=f"What you have shown before stays valid until {result.until}."))
    parts += _see(result)
    return Message(summary=f"“{quiz.title}”: what helps with what is open", parts=tuple(parts))


def waiting(result: Result, before: Sequence[Part] = ()) -> Message:
    """All is asked, and a written answer has to be read."""
    text = (
        f"That was all of **{literal(result.quiz.title)}**. A colleague reads what you wrote "
        "within two working days, and then you hear from me."
    )
    return Message(summary="A colleague reads what you wrote", parts=(*before, Text(text=text)))


def takes_longer(quiz: Quiz, *, has_reader: bool) -> Message:
    """Nobody has read a written answer in the time that was promised."""
    text = (
        f"It takes longer than I said: nobody has read what you wrote in "
        f"**{literal(quiz.title)}** yet. "
    )
    text += (
        "I have asked again, and you hear from me once somebody has. You need not do anything."
        if has_reader
        else "At the moment there is nobody who may. I keep it, and ask as soon as there is "
        "somebody."
    )
    return Message(summary="It takes longer to read what you wrote", parts=(Text(text=text),))


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One answer of an attempt that is over: what it said, and what would have been right."""

    item: Item
    mine: Sequence[str]
    key: Sequence[str]
    right: bool
    waits: bool = False
    struck: bool = False
    principle: str = ""
    certainty: int | None = None


def answers(
    quiz: Quiz, reviewed: Sequence[Reviewed], page: int, pages: int, attempt: AttemptId
) -> Message:
    """What was asked and said in an attempt, with what would have been right."""
    parts: list[Part] = [Heading(text=shorten(f"{quiz.title}: your answers", 150))]
    for one in reviewed:
        mine = _joined(one.mine) or "none of them"
        if one.certainty is not None:
            mine += f" ({_SURE_WORDS[one.certainty - 1]})"
        lines = [f"**{literal(shorten(bare(one.item.stem), 300))}**", f"You: {mine}"]
        if one.struck:
            lines.append("This question was withdrawn and does not count.")
        elif one.waits:
            lines.append("A colleague reads it.")
        elif one.right:
            lines.append("✓ That is right.")
        elif one.key:
            lines.append("Right is: " + _joined(one.key))
        if one.principle:
            lines.append(rich(one.principle))
        parts.append(Text(text=fit(lines)))
    if pages > page:
        parts.append(
            Buttons(
                buttons=(
                    Button(
                        label="Next page",
                        action="quiz.answers",
                        args={"attempt": attempt, "page": page + 1},
                    ),
                )
            )
        )
    parts.append(Note(text=f"Page {page} of {pages}. Only you see this."))
    return Message(summary=f"Your answers in “{quiz.title}”", parts=tuple(parts))


# --- what is open to somebody -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """A quiz as it is open to somebody. `note` is where they stand with it."""

    quiz: Quiz
    note: str = ""
    attempt: AttemptId | None = None


def quizzes(open_: Sequence[Open], *, calibration: bool) -> Message:
    """`/quiz`: all that is open to a person, and what is under way."""
    if not open_:
        return say(
            "There is no quiz here yet. Whoever runs Inflow brings some with `inflow content sync`."
        )
    # Their names stand below, to be chosen by; here only what these do not tell.
    lines = [
        f"- **{literal(one.quiz.title)}**: {literal(one.note)}"
        for one in open_[:MOST_LISTED]
        if one.note
    ]
    parts: list[Part] = []
    under_way = next((one for one in open_ if one.attempt is not None), None)
    if under_way is not None:
        parts.append(
            Buttons(
                buttons=(
                    Button(
                        label="Go on",
                        action="quiz.resume",
                        args={"attempt": under_way.attempt},
                        style=Style.PRIMARY,
                    ),
                )
            )
        )
    parts += _choose_quiz([one.quiz for one in open_[:MOST_LISTED] if one is not under_way])
    more = [Button(label="How I take quizzes", action="quiz.needs")]
    if calibration:
        more.append(Button(label="How sure, how right", action="quiz.calibration"))
    parts.append(Buttons(buttons=tuple(more)))
    if len(open_) > MOST_LISTED:
        lines.append(f"{len(open_) - MOST_LISTED} more: `/quiz` and a name finds them.")
    head = "**Open to you.** You may always test yourself before you read."
    return say("\n".join([head, *lines]), *parts, summary="Quizzes open to you")


def _choose_quiz(every: Sequence[Quiz]) -> list[Part]:
    """Buttons where these are few and have short names, else a list."""
    if not every:
        return []
    if len(every) <= 5 and all(len(quiz.title) <= SHORT_NAME for quiz in every):
        begin = (
            Button(label=quiz.title, action="quiz.begin", args={"quiz": quiz.id}) for quiz in every
        )
        return [Buttons(buttons=tuple(begin))]
    options = tuple(Option(label=shorten(quiz.title, 75), value=quiz.id) for quiz in every)
    return [Choice(label="Check myself in", action="quiz.begin", options=options)]


def calibration(counts: Mapping[int, tuple[int, int]]) -> Message:
    """How often the person was right at each certainty: by certainty, right ones and all."""
    if not counts:
        return say("You have not said yet how sure you are. After some answers this shows it.")
    lines = [
        f"- When you say *{_SURE_WORDS[sure - 1]}*, you are right {_count(right, 'time')} of {n}."
        for sure, (right, n) in sorted(counts.items())
    ]
    right, n = counts.get(3, (0, 0))
    if n >= 5 and right / n < 0.8:
        lines.append("When you are very sure, a second look pays.")
    right, n = counts.get(1, (0, 0))
    if n >= 5 and right / n > 0.67:
        lines.append("You can trust yourself more than you do.")
    return say("**How sure, how right.** Only you see this.\n" + "\n".join(lines))


_NEEDS: Mapping[Need, tuple[str, str]] = {
    Need.PLAIN_TEXT: ("Plain text", "Questions without buttons; you reply with letters."),
    Need.NO_IMAGES: ("No pictures", "What a picture shows is said in words."),
    Need.ONE_A_DAY: ("One question a day", "At your own hour, on working days."),
    Need.EXTRA_TIME: ("More time", "Twice the time where a quiz has a limit; most have none."),
    Need.ALOUD: ("In person", "A steward can ask you instead of me."),
}


def needs_form(needs: frozenset[Need]) -> Form:
    """What the person needs to show what they can do; seen by nobody else."""
    options = (Option(label="Yes", value="yes"), Option(label="No", value="no"))
    return Form(
        title="How I take quizzes",
        intro="So that a quiz shows what you can do. Nobody else sees this, and you need not say "
        "why.",
        fields=tuple(
            ChoiceField(
                name=need.value,
                label=label,
                hint=hint,
                options=options,
                value="yes" if need in needs else "no",
            )
            for need, (label, hint) in _NEEDS.items()
        ),
        submit="Keep",
        action="quiz.keep_needs",
    )


def needs_kept(needs: frozenset[Need]) -> Message:
    """After the form."""
    if not needs:
        return say("Kept: nothing special.")
    named = ", ".join(label.lower() for need, (label, _) in _NEEDS.items() if need in needs)
    return say(f"Kept: {named}. It holds from the next question on, and nobody else sees it.")


# --- a person's own page and what is known of them ----------------------------------------


def page_under_way(attempts: Sequence[tuple[Attempt, str]]) -> Section:
    """Quizzes that the person has begun."""
    entries: list[Sequence[Part]] = [
        [
            Text(text=f"**{literal(title)}**: {_standing(attempt)}"),
            Buttons(
                buttons=(Button(label="Go on", action="quiz.resume", args={"attempt": attempt.id}),)
            ),
        ]
        if attempt.state is not State.PENDING_REVIEW
        else [Text(text=f"**{literal(title)}**: {_standing(attempt)}")]
        for attempt, title in attempts
    ]
    return Section(Shelf.MINE, "Your quizzes", entries=entries, more="/quiz")


def _standing(attempt: Attempt) -> str:
    if attempt.state is State.PENDING_REVIEW:
        return "a colleague reads what you wrote"
    return f"{_count(len(attempt.responses), 'answer')} given, your place is kept"


def page_begin(count: int) -> Section:
    """Said while nothing is under way."""
    if not count:
        return Section(Shelf.BEGIN)
    button = Button(label="Test me", action="quiz.list")
    text = f"{_count(count, 'quiz', 'quizzes')} to test yourself with, before you read anything."
    return Section(Shelf.BEGIN, entries=[[Text(text=text)]], buttons=(button,))


def page_duty(written: int) -> Section:
    """For stewards: written answers that wait."""
    if not written:
        return Section(Shelf.DUTY, WHAT_YOU_LOOK_AFTER)
    line = f"- {_count(written, 'written answer')} in quizzes to read"
    button = Button(label="Read answers", action="quiz.review")
    return Section(Shelf.DUTY, WHAT_YOU_LOOK_AFTER, entries=[[Text(text=line)]], buttons=(button,))


_FORGET = Button(
    label="Forget my quizzes",
    action="quiz.forget",
    confirm=Confirm(
        title="Forget them all?",
        text="Your attempts, answers and certificates of all quizzes that you took for yourself "
        "are deleted. What your organisation asks for stays.",
        yes="Forget them",
    ),
)


def about_me(
    lines: Sequence[str],
    needs: frozenset[Need],
    over: Sequence[tuple[AttemptId, str]] = (),
    *,
    has_any: bool = False,
) -> list[Part]:
    """What quizzes hold about the person, for the person. `over` are the last attempts that have
    ended, of which all answers can be seen; `has_any`: there is something to be forgotten."""
    told = list(lines) or ["I hold no attempt at a quiz of yours."]
    if needs:
        named = ", ".join(label.lower() for need, (label, _) in _NEEDS.items() if need in needs)
        told.append(f"- What you need: {named}")
    every = (
        Choice(
            label="See all your answers in",
            action="quiz.answers",
            options=tuple(Option(label=shorten(words, 75), value=id_) for id_, words in over),
        )
        if over
        else None
    )
    parts: list[Part] = [Divider(), *_lines("Quizzes", told)]
    if every is not None:
        parts.append(every)
    if has_any:
        kept = Button(label="All that is kept", action="quiz.mine")
        parts.append(Buttons(buttons=(kept, _FORGET)))
    return parts


def all_kept(
    attempts: Sequence[tuple[AttemptId | None, str, int]], *, page: int, pages: int
) -> Message:
    """Attempts of a person with how many answers each has, for that person; those that have an id
    are over, and their answers can be seen."""
    if not attempts:
        return say("Nothing is kept of your quizzes.")
    lines = [f"- {literal(words)} ({_count(said, 'answer')})" for _, words, said in attempts]
    parts: list[Part] = [Text(text=fit(lines))]
    options = tuple(
        Option(label=shorten(words, 75), value=id_) for id_, words, _ in attempts if id_ is not None
    )
    if options:
        label = "See all your answers in"
        parts.append(Choice(label=label, action="quiz.answers", options=options))
    turn = [
        Button(label=label, action="quiz.mine", args={"page": other})
        for label, other in (("Back", page - 1), ("Go on", page + 1))
        if 0 <= other < pages
    ]
    parts.append(Buttons(buttons=(*turn, _FORGET)))
    where = f" Page {page + 1} of {pages}." if pages > 1 else ""
    return say(
        "These are all your attempts, the last first, with every answer and how sure you were. "
        f"Only you see them, and they go after two years.{where}",
        *parts,
    )


def forgotten(*, is_any_kept: bool) -> Message:
    """After *Forget my quizzes*."""
    stays = " What your organisation asks for stays." if is_any_kept else ""
    return say(f"Forgotten: what you did in quizzes that you took for yourself.{stays}")


def ended(attempt: Attempt, title: str, on: str) -> str:
    """An attempt that is over, as a person chooses it among others."""
    return f"{title}: {attempt.state.value.replace('_', ' ')}, {on}"


# --- stewards -----------------------------------------------------------------------------


def care(quiz: Quiz) -> Message:
    """What a steward can do with a quiz that they have chosen."""
    return Message(summary=shorten(quiz.title, 300), parts=tuple(_to_care_for(quiz)))


def _to_care_for(quiz: Quiz) -> list[Part]:
    row = tuple(
        Button(label=label, action=action, args={"choice": quiz.id})
        for label, action in _CARE.items()
    )
    return [Text(text=f"**{literal(quiz.title)}**"), Buttons(buttons=row)]


_CARE = {
    "Withdraw a question": "quiz.withdraw",
    "End open attempts": "quiz.void",
    "The rules have changed": "quiz.material",
    "Exempt somebody": "quiz.exempt",
}
"""What a steward can do with a quiz."""


def review_list(
    waiting_: Sequence[tuple[AttemptId, Item, str]],
    titles: Sequence[str],
    quizzes_: Sequence[Quiz],
) -> Message:
    """Written answers that no rule knew: what they said, and nobody's name. Below, what can be
    done with the quizzes that somebody looks after."""
    parts: list[Part] = []
    for (attempt, item, said), title in zip(waiting_, titles, strict=True):
        parts += [
            Text(text=f"**{literal(title)}**: {_rich(shorten(item.stem, 400))}"),
            Quote(text=said or "…"),
            Buttons(
                buttons=(
                    Button(
                        label="Mark it",
                        action="quiz.mark",
                        args={"attempt": attempt, "item": item.id},
                        style=Style.PRIMARY,
                    ),
                )
            ),
        ]
    if len(quizzes_) == 1:
        parts += [Divider(), *_to_care_for(quizzes_[0])]
    elif quizzes_:
        options = tuple(
            Option(label=shorten(one.title, 75), value=one.id) for one in quizzes_[:MOST_LISTED]
        )
        parts += [Divider(), Choice(label="Look after", action="quiz.review", options=options)]
    head = (
        f"{_count(len(waiting_), 'written answer')} to read. Who wrote it does not matter here."
        if waiting_
        else NOTHING_TO_READ
    )
    return say(head, *parts)


def mark_form(attempt: AttemptId, item: Item, said: str) -> Form:
    """What a written answer is worth."""
    rules = getattr(item, "accept", ())
    known = "; ".join(rule.value for rule in rules if rule.match != "regex" and rule.score >= 1)
    hint = f"Accepted without a person: {shorten(known, 300)}" if known else None
    return Form(
        title="Mark an answer",
        intro=shorten(f"{bare(item.stem)}\n\nThe answer: {said}", 1_000),
        fields=(
            ChoiceField(
                name="worth",
                label="What is it worth?",
                hint=hint,
                options=(
                    Option(label="Right", value="right"),
                    Option(label="Partly right", value="partly"),
                    Option(label="Not right", value="wrong"),
                ),
                required=True,
            ),
        ),
        submit="Mark it",
        action="quiz.keep_mark",
        args={"attempt": attempt, "item": item.id},
    )


def marked() -> Message:
    """After the form."""
    return say("Thank you, that is marked. The person hears of it.", tone=Tone.GOOD)


def to_read(quiz: Quiz) -> Message:
    """To the steward: written answers have come in."""
    return say(
        f"Somebody’s written answer in **{literal(quiz.title)}** waits for your eyes, and they "
        "cannot go on without it. Two working days are the promise.",
        Buttons(buttons=(Button(label="Read answers", action="quiz.review"),)),
    )


def mark_heard(quiz: Quiz, item: Item, worth: str, following: Message | None) -> Message:
    """To the person: what a colleague gave, and what follows from it."""
    text = (
        f"A colleague has read your answer in **{literal(quiz.title)}** to "
        f"“{literal(shorten(bare(item.stem), 200))}”: {worth}."
    )
    if following is None:
        return say(text)
    return Message(
        summary=shorten(following.summary, 300), parts=(Text(text=text), *following.parts)
    )


WORTHS: Mapping[str, tuple[float, str]] = {
    "right": (1.0, "it is right"),
    "partly": (0.5, "it is partly right"),
    "wrong": (0.0, "it is not right"),
}


def withdraw_form(quiz: Quiz, items: Sequence[Item]) -> Form:
    """A question that turns out to be wrong, taken out of everything."""
    return Form(
        title="Withdraw a question",
        intro="It counts for nobody any more. Attempts in which it decided something are scored "
        "anew, and their people are told. Nobody loses what they have passed.",
        fields=(
            ChoiceField(
                name="item",
                label="Which one?",
                options=tuple(
                    Option(label=shorten(f"{one.id}: {bare(one.stem)}", 75), value=one.id)
                    for one in items[:100]
                ),
                required=True,
            ),
            LongTextField(name="reason", label="Why?", max_length=300, required=True),
        ),
        submit="Withdraw it",
        action="quiz.keep_withdrawn",
        args={"quiz": quiz.id},
    )


def withdrawn() -> Message:
    """After the form."""
    return say(
        "Withdrawn: nobody is asked it any more. Attempts in which it was answered are being "
        "scored anew, and whoever it changes anything for hears of it.",
        tone=Tone.GOOD,
    )


def _sentence(reason: str) -> str:
    """What somebody wrote, so that ours can follow it."""
    return reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."


def struck(quiz: Quiz, reason: str, following: Message | None) -> Message:
    """To somebody whose attempt held a question that was withdrawn."""
    text = (
        f"A question in **{literal(quiz.title)}** was wrong and is withdrawn: "
        f"{literal(_sentence(reason))} "
        "I have scored your attempt without it."
    )
    if following is None:
        return say(text + " For you nothing else changes.")
    return Message(
        summary=shorten(following.summary, 300), parts=(Text(text=text), *following.parts)
    )


def voided(quiz: Quiz, reason: str) -> Message:
    """To somebody whose attempt does not count."""
    return say(
        f"Your attempt at **{literal(quiz.title)}** does not count: {literal(_sentence(reason))} "
        "It is not held against you, and you can begin again at once.",
        Buttons(
            buttons=(Button(label="Begin again", action="quiz.begin", args={"quiz": quiz.id}),)
        ),
    )


def void_form(quiz: Quiz) -> Form:
    """Something went wrong for all who are taking it now."""
    return Form(
        title="End open attempts",
        intro=f"Every attempt at “{shorten(quiz.title, 150)}” that is under way ends. It is held "
        "against nobody, and can be begun again at once. People read the reason.",
        fields=(LongTextField(name="reason", label="Why?", max_length=300, required=True),),
        submit="End them",
        action="quiz.keep_void",
        args={"quiz": quiz.id},
    )


CHANGING = "Everybody who passed it hears that it is to be shown again, and by when."
BAD_DAY = "Please write the day like 2026-03-31."
VOIDING = "They are being ended, and everybody concerned hears of it."
NO_ITEM = "That question is not in this quiz any more."


# --- in person ----------------------------------------------------------------------------


def aloud_asked(names: Sequence[str]) -> Message:
    """To who wants to be asked in person."""
    who = " or ".join(literal(name) for name in names)
    return say(f"{who} hears of it and finds a time with you." if names else NOBODY_ASKS)


def aloud_wanted(person: Person, quiz: Quiz, args: Args) -> Message:
    """To the steward: somebody would like to be asked in person."""
    return say(
        f"{mention(person.name, person.address)} would like to show in person, not in writing, "
        f"what **{literal(quiz.title)}** asks for. Please find a quarter of an hour; then write "
        "down what they showed.",
        Buttons(buttons=(Button(label="Write it down", action="quiz.record", args=args),)),
    )


def record_form(quiz: Quiz, name: str, args: Args) -> Form:
    """What somebody showed in person, as evidence keeps it."""
    return Form(
        title="Asked in person",
        intro=shorten(f"{name}: {quiz.title}. What you write is kept as evidence.", 1_000),
        fields=(
            ChoiceField(
                name="outcome",
                label="Have they shown what it asks for?",
                options=(
                    Option(label="Yes, all of it", value="passed"),
                    Option(label="Not yet", value="not_yet"),
                ),
                required=True,
            ),
            LongTextField(
                name="account",
                label="What did you ask, and what did they show?",
                max_length=2_000,
                required=True,
            ),
        ),
        submit="Keep it",
        action="quiz.keep_record",
        args=args,
    )


def recorded() -> Message:
    """After the form."""
    return say("Thank you, that is kept. They hear of it.", tone=Tone.GOOD)


def aloud_not_yet(quiz: Quiz) -> Message:
    """To who was asked in person."""
    return say(
        f"What you showed in person for **{literal(quiz.title)}** is not all of it yet. Nothing "
        "is held against you: ask again when you like."
    )


RECORDED_ALREADY = "That is written down already."
TAKES_TWO = (
    "Two people have to approve that the rules of this quiz have changed, so one cannot say so "
    "here. Please do it where its files are, with `inflow content sync`."
)
RULES_CHANGED = "What it is about has changed."
NOBODY_ASKS = "There is nobody yet who looks after this topic. Please ask in the topic’s channel."
NO_ACCOUNT = "Please write what you asked and what they showed."
NO_OUTCOME = "Please choose one."


# --- certificates -------------------------------------------------------------------------


def material_form(quiz: Quiz) -> Form:
    """What a quiz is about has changed, so what was shown before has to be shown again."""
    return Form(
        title="The rules have changed",
        intro=f"Whoever passed “{shorten(quiz.title, 150)}” shows it again: within 60 days, or by "
        "a later day that you choose. Until then what they have stays valid.",
        fields=(
            DateField(name="deadline", label="By when?", hint="Leave it empty for 60 days."),
            LongTextField(name="reason", label="What has changed?", max_length=300, required=True),
        ),
        submit="Tell them",
        action="quiz.keep_material",
        args={"quiz": quiz.id},
    )


def renewal_due(quiz: Quiz, until: str) -> Message:
    """One quiet message, then at most one a week."""
    return say(
        f"What you showed in **{literal(quiz.title)}** is valid until {until}. A few questions "
        "renew it, and you lose no days by being early.",
        Buttons(
            buttons=(
                Button(label="Check myself", action="quiz.begin", args={"quiz": quiz.id}),
                Button(label="Not now", action="quiz.decline", args={"quiz": quiz.id}),
            )
        ),
    )


def renewed(quiz: Quiz, until: str) -> Message:
    """It goes on without a test."""
    return say(
        f"Your answers to the questions that came with tips have renewed "
        f"**{literal(quiz.title)}**: it is valid until {until}, and you need no test.",
        tone=Tone.GOOD,
    )


def because_renewed(quiz: Quiz) -> str:
    """Why somebody gets it."""
    return shorten(f"You follow the topic of “{quiz.title}”, which you passed.", 300)


def in_grace(quiz: Quiz, until: str) -> Message:
    """It ran out; for a while it still counts."""
    return say(
        f"**{literal(quiz.title)}** has run out. It still counts until {until}; a few questions "
        "renew it.",
        Buttons(
            buttons=(Button(label="Check myself", action="quiz.begin", args={"quiz": quiz.id}),)
        ),
    )


def because_due(quiz: Quiz) -> str:
    """Why somebody gets it."""
    return shorten(f"You passed “{quiz.title}”, and it has to be shown again after a while.", 300)


def taken(attempt: Attempt, title: str) -> str:
    """An attempt in a line, for its own person."""
    return f"- **{literal(title)}**: {attempt.state.value.replace('_', ' ')}"


def certified(title: str, holds: bool, until: str) -> str:
    """What somebody has earned, in a line for themselves."""
    if not holds:
        return f"- **{literal(title)}**: not valid any more"
    return f"- **{literal(title)}**: valid" + (f" until {until}" if until else "")


def waived(minutes: int, title: str) -> str:
    """What somebody need not read, in a line for themselves."""
    return f"- **{literal(title)}**: nothing to read ({_count(minutes, 'minute')} given back)"


# --- auditors -----------------------------------------------------------------------------

_RULES = {
    "gate": "gate (each part is shown by itself)",
    "gate_sprt": "gate_sprt (each part, with as many questions as it takes to be certain)",
    "fixed": "fixed (as many questions for everybody, and a mark to reach)",
}
NAMELESS = "Somebody who has left"
NO_EVIDENCE = "There is no record of evidence behind this."
_STANDING: Mapping[str, str] = {
    "valid": "valid",
    "renewal_due": "valid, to be renewed",
    "grace": "run out, still counts",
    "lapsed": "not valid any more",
    "exempt": "exempt",
    "revoked": "revoked",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds or held what a quiz gives, for auditors."""

    certification: str
    name: str
    state: str
    until: str


@dataclass(frozen=True, slots=True)
class Attested:
    """One record of evidence, for auditors."""

    name: str
    on: str
    number: int
    digest: str
    version: str
    right: int
    asked: int
    mode: str
    vouched_by: str = ""
    account: str = ""
    decision: str = ""
    decided_by: Sequence[str] = ()
    reason: str = ""
    until: str = ""


def audited(quizzes_: Sequence[Quiz]) -> Message:
    """The quizzes that are asked for; of others nobody sees anything."""
    check = Buttons(buttons=(Button(label="Check the chain", action="quiz.check_chain"),))
    if not quizzes_:
        return say("No quiz here is mandatory, so there is nothing to audit.", check)
    options = tuple(
        Option(label=shorten(quiz.title, 75), value=quiz.id) for quiz in quizzes_[:MOST_LISTED]
    )
    return say(
        "Who holds what is mandatory here, and the evidence for it. What people test themselves "
        "with of their own accord is seen by nobody.",
        Choice(label="Who has passed", action="quiz.holders", options=options),
        check,
    )


def holders(quiz: Quiz, page: Sequence[Holder], *, is_more: bool) -> Message:
    """Some of those who hold or held it."""
    if not page:
        return say(f"Nobody has passed **{literal(quiz.title)}** yet.")
    lines = [
        f"- **{literal(one.name)}**: {_STANDING.get(one.state, one.state)}"
        + (f" until {one.until}" if one.until and one.state in {"valid", "renewal_due"} else "")
        for one in page
    ]
    parts: list[Part] = [
        Choice(
            label="See the evidence of",
            action="quiz.evidence",
            options=tuple(
                Option(label=shorten(one.name, 75), value=one.certification) for one in page
            ),
        )
    ]
    if is_more:
        args: Args = {"quiz": quiz.id, "after": page[-1].certification}
        parts.append(
            Buttons(buttons=(Button(label="Next page", action="quiz.holders", args=args),))
        )
    return say(f"**{literal(quiz.title)}**\n" + "\n".join(lines), *parts)


def _in_groups(digest: str) -> str:
    """So that it can be compared by eye, and breaks where a line is narrow."""
    return " ".join(digest[place : place + 8] for place in range(0, len(digest), 8))


_DECISIONS = {"exempted": "Exempt", "revoked": "Taken back"}


def attested(quiz: Quiz, told: Attested, revocable: CertificationId | None) -> Message:
    """What a certificate rests on, or why it is none; `revocable` where it can be taken back."""
    facts = [
        Fact(label="Who", value=told.name),
        Fact(label="When", value=told.on),
        Fact(label="Record", value=f"number {told.number}, SHA-256 {_in_groups(told.digest)}"),
    ]
    if told.decision:
        what = _DECISIONS.get(told.decision, told.decision)
        facts.append(
            Fact(label="What", value=what + (f" until {told.until}" if told.until else ""))
        )
        facts.append(Fact(label="Decided by", value=", ".join(told.decided_by) or "…"))
        facts.append(Fact(label="Why", value=shorten(told.reason, 1_000) or "…"))
    elif told.vouched_by:
        facts.append(Fact(label="Vouched for by", value=told.vouched_by))
        facts.append(Fact(label="What they saw", value=shorten(told.account, 1_000) or "…"))
    else:
        facts.append(Fact(label="Answers", value=f"{told.right} of {told.asked} right"))
        facts.append(Fact(label="Rule", value=_RULES.get(told.mode, told.mode or "…")))
    if told.version:
        facts.append(Fact(label="Version of the quiz", value=_in_groups(told.version)))
    parts: list[Part] = [Facts(facts=tuple(facts))]
    if revocable is not None:
        args: Args = {"certification": revocable}
        revoke = Button(label="Take it back", action="quiz.revoke", args=args)
        parts.append(Buttons(buttons=(revoke,)))
    return say(f"**{literal(quiz.title)}**: the evidence", *parts)


# --- what people decide -------------------------------------------------------------------

NOBODY_THERE = "I know nobody like that here."
NOT_YOURSELF = "Nobody exempts themselves. Somebody else who looks after the topic can."
PAST_DAY = "That day is over. Please name a day to come."
NO_SECOND = "Two have to agree, and there is nobody else here who may. Name another auditor first."
PROPOSED_ALREADY = "That has been proposed already, and waits for somebody else to agree."
REVOKED_ALREADY = "There is nothing here that could be taken back."
BECAUSE_SECOND = "You are one of those who may decide it."
BECAUSE_DECIDED = "It is about a certificate that you hold, or about what you proposed."


def exempt_form(quiz: Quiz) -> Form:
    """Who need not show it, why, and until when."""
    return Form(
        title="Exempt somebody",
        intro=f"They count as having passed “{shorten(quiz.title, 150)}” without a test. They are "
        "told by whom and why, and it stays on record.",
        fields=(
            PeopleField(name="person", label="Who?", required=True),
            LongTextField(name="reason", label="Why?", max_length=300, required=True),
            DateField(name="until", label="Until when?", hint="Leave it empty for no end."),
        ),
        submit="Exempt them",
        action="quiz.keep_exempt",
        args={"quiz": quiz.id},
    )


def exemption_kept(person: Person) -> Message:
    """After the form."""
    return say(f"Kept. {literal(person.name)} hears of it.", tone=Tone.GOOD)


def exempted(quiz: Quiz, by: Person, reason: str, until: str) -> Message:
    """To the person."""
    ends = f" until {until}" if until else ""
    return say(
        f"{literal(by.name)} has exempted you from **{literal(quiz.title)}**{ends}: you count as "
        "having passed it, and need no test.",
        Quote(text=reason),
        tone=Tone.GOOD,
    )


def revoke_form(quiz: Quiz, certification: CertificationId) -> Form:
    """Why a certificate is to be taken back."""
    return Form(
        title="Take it back",
        intro=f"What was shown in “{shorten(quiz.title, 150)}” counts no more. Somebody else has "
        "to agree first; then the person is told why, and can take the quiz again.",
        fields=(LongTextField(name="reason", label="Why?", max_length=300, required=True),),
        submit="Propose it",
        action="quiz.keep_revoke",
        args={"certification": certification},
    )


def revocation_waits(names: Sequence[str]) -> Message:
    """After the form. Any one of `names` is enough."""
    who = literal(" or ".join(names[:3]))
    return say(f"It takes a second person, so I ask {who}. Until then nothing changes.")


def revocation_proposed(
    quiz: Quiz, name: str, by: Person, reason: str, certification: CertificationId
) -> Message:
    """To who may agree."""
    args: Args = {"certification": certification}
    return say(
        f"{literal(by.name)} proposes to take back what {literal(name)} holds for "
        f"**{literal(quiz.title)}**. It takes two, and you may be the second.",
        Quote(text=reason),
        Buttons(
            buttons=(
                Button(
                    label="Agree",
                    action="quiz.agree",
                    args=args,
                    style=Style.DANGER,
                    confirm=Confirm(
                        title="Take it back?",
                        text="It counts no more from now on, and the person is told why.",
                        yes="Take it back",
                    ),
                ),
                Button(label="Leave it", action="quiz.disagree", args=args),
            )
        ),
    )


def revocation_agreed() -> Message:
    """To who agreed."""
    return say("It is taken back. The person is told why, and can take the quiz again.")


def revocation_left() -> Message:
    """To who did not."""
    return say("It stays as it is. Whoever proposed it hears so.")


def revocation_declined(quiz: Quiz, by: Person) -> Message:
    """To who proposed it."""
    return say(f"{literal(by.name)} would leave **{literal(quiz.title)}** as it is, and so it is.")


def revoked(quiz: Quiz, reason: str) -> Message:
    """To the person."""
    return say(
        f"What you showed in **{literal(quiz.title)}** does not count any more. Two people have "
        "decided it, for this reason:",
        Quote(text=reason),
        Buttons(
            buttons=(Button(label="Check myself", action="quiz.begin", args={"quiz": quiz.id}),)
        ),
    )


def chain_checked(checked: Checked) -> Message:
    """Whether the chain of evidence is whole."""
    records = checked.records
    if checked.broken_at is not None:
        return say(
            f"Record {checked.broken_at} of {records} is not as it was written. Somebody has "
            "changed or taken away something in the database.",
            tone=Tone.BAD,
        )
    gone = ""
    if checked.forgotten:
        gone = (
            f" What {_count(checked.forgotten, 'record')} said was deleted when its time was over."
        )
    if records == 1:
        return say("The one record of evidence is as it was written." + gone, tone=Tone.GOOD)
    whole = f"All {records} records of evidence are as they were written."
    return say(whole + gone, tone=Tone.GOOD)
