"""Every sentence of the library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.capabilities.library.model import (
    Below,
    Figures,
    Standing,
    Told,
    What,
    may_be_shown,
)
from bot.capabilities.library.ports import Asked
from bot.capabilities.library.thing import Thing
from bot.form import AnyField, ChoiceField, Form, LongTextField
from bot.message import (
    Args,
    Button,
    Buttons,
    Choice,
    Divider,
    Heading,
    Message,
    Note,
    Option,
    Part,
    Quote,
    Style,
    Text,
    Tone,
    literal,
    say,
    shorten,
)
from bot.messages import WHAT_YOU_LOOK_AFTER
from bot.pack.about import id_of
from bot.pack.flag import DISCRIMINATION_FROM, Effect, Flag, FlagKind, Share
from bot.pack.issue import OPEN_STATES, Issue, State
from bot.pack.markup import bare, rich
from bot.pack.model import Kind, Quiz, Section
from bot.pack.statistic import SHOWN_FROM, ItemStatistic
from bot.page import Section as PageSection
from bot.page import Shelf
from bot.people import Person, local
from bot.topic import Topic

SHOWN_ANSWER = 800
SHOWN_QUESTION = 500
MOST_QUESTIONS = 5
MOST_ISSUES = 5
MOST_EDITIONS = 15
MOST_TOPICS = 10
MOST_WORKING = 5
TELLS_APART = 30
"""Percent of discrimination from which an item is said to tell people apart well."""

NO_TOPIC = "I do not know this topic any more. `/topics` lists those there are."
NO_ISSUE = "I could not find that any more."
ONLY_STEWARD = "Only whoever looks after the topic can do this."
NOTHING_WRITTEN = "Nothing is written about this yet. You can ask somebody."
NO_ANSWERS = "There is no answer of a colleague’s about this yet."
NOTHING_TO_LOOK_AFTER = "You look after no topic, so there is nothing here for you to improve."
BECAUSE_STEWARD = "You look after the topic, and what is written there could be clearer."
BECAUSE_LOOKS_AFTER = "You look after the topic."
BECAUSE_ASKED = "You wanted to be told when this changes."
REGULATED = (
    "Two people have to approve what is written about this topic, so it cannot be changed here. "
    "Please change it where its files are."
)
TOO_LONG_TO_CHANGE = (
    "This has a paragraph that does not fit a form. Please change it where its files are."
)
IN_FILES = "This cannot be changed here. Please change it where its files are."
CHANGED_MEANWHILE = "Somebody else has changed it meanwhile. Please open it again."
NOTHING_DIFFERENT = "Nothing is different from what stands there now."
NO_NOTE = "Please say in a few words what you changed, for whoever comes after you."
NO_REASON = "Please say why in a few words."
NO_MEANING = "Please choose one of the two."
ANOTHER_KEY = "Something else is right now, so it says something else: figures have to begin anew."
EMPTY = "Please write something here."
NO_NUMBER = "Please write one number."
NO_DAY = "Please write a day like 2027-03-31."


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


# --- reading --------------------------------------------------------------------------


def topics(shown: Sequence[Topic], *, none_of_that: bool = False) -> Message:
    """Which topics there are to read about."""
    if not shown:
        return say("Nothing is written here yet. `/ask` finds somebody who knows.")
    begin = "I know no single topic of that name. " if none_of_that else ""
    options = tuple(
        Option(label=shorten(one.title, 75), value=one.id) for one in shown[:MOST_TOPICS]
    )
    parts: list[Part] = [
        Choice(label="Topic", action="library.topic", options=options),
    ]
    if len(shown) > MOST_TOPICS:
        parts.append(
            Note(text=f"And {len(shown) - MOST_TOPICS} more: `/read` with a topic opens it.")
        )
    return say(f"{begin}About what would you like to read?", *parts)


def topic(
    about: Topic, *, steward: str | None, minutes: int, sections: int, quizzes: int
) -> Message:
    """A topic's page: *Test me / Show me / Ask someone*."""
    args: Args = {"topic": about.id}
    after = f", looked after by {literal(steward)}" if steward else ""
    lines = [f"**{literal(about.title)}**{after}"]
    buttons = []
    if quizzes:
        lines.append("Test yourself first: who passes needs to read nothing.")
        buttons.append(Button(label="Test me", action="quiz.begin", args=args, style=Style.PRIMARY))
    if sections:
        there = f"There {'is' if sections == 1 else 'are'} {_count(sections, 'section')} to read"
        lines.append(f"{there}, {_count(minutes, 'minute')} in all.")
        buttons.append(Button(label="Show me", action="library.contents", args=args))
    if not quizzes and not sections:
        lines.append("Nothing is written about it yet.")
    buttons.append(Button(label="Ask someone", action="question.ask", args=args))
    return say(
        "\n".join(lines), Buttons(buttons=tuple(buttons)), summary=f"{about.title}: where to begin"
    )


def _read(section: str, label: str = "Read it") -> Button:
    return Button(label=label, action="library.section", args={"section": section})


def contents(about: Topic, shown: Sequence[Section], page: int, last: int) -> Message:
    """What is written about a topic."""
    parts: list[Part] = [Heading(text=shorten(about.title, 150))]
    for one in shown:
        parts += [
            Text(
                text=f"**{literal(one.title)}** ({_count(one.minutes, 'minute')})\n"
                f"{rich(one.summary)}"
            ),
            Buttons(buttons=(_read(one.id),)),
        ]
    turns = _turns(page, last, "library.contents", {"topic": about.id})
    if turns:
        parts.append(Buttons(buttons=turns))
    return Message(summary=f"What is written about {about.title}", parts=tuple(parts))


def _turns(page: int, last: int, action: str, args: Args) -> tuple[Button, ...]:
    return tuple(
        Button(label=label, action=action, args={**args, "page": to})
        for label, to in (("Previous page", page - 1), ("Next page", page + 1))
        if 0 <= to <= last
    )


def section(
    value: Section,
    page_parts: Sequence[Part],
    page: int,
    pages: int,
    below: Below | None,
    *,
    is_late: bool = False,
) -> Message:
    """A page of a section, and under the last one the ways on. `is_late`: nobody has looked at it
    again by the day that was set for it."""
    args: Args = {"section": value.id}
    place = f", page {page + 1} of {pages}" if pages > 1 else ""
    parts: list[Part] = [
        Text(text=f"**{literal(value.title)}** ({_count(value.minutes, 'minute')}){place}"),
    ]
    if page == 0:
        parts.append(Note(text=rich(value.summary)))
    if page == 0 and is_late and value.review_by is not None:
        by = f"{value.review_by.day} {value.review_by:%B %Y}"
        parts.append(Note(text=f"It was to be looked at again by {by}: it may be out of date."))
    parts += page_parts
    turns = _turns(page, pages - 1, "library.section", args)
    if turns:
        parts.append(Buttons(buttons=turns))
    if below is not None:
        parts += _answers(below.answers)
        parts.append(Divider())
        buttons = [
            Button(label="Still unclear", action="library.unclear", args=args),
            Button(label="Ask about this", action="question.ask", args=below.ask),
        ]
        if not below.listens:
            buttons.append(_listen(value.id))
        parts.append(Buttons(buttons=tuple(buttons)))
        if below.is_steward:
            parts.append(Buttons(buttons=_to_change(f"section:{value.id}")))
    return Message(summary=shorten(value.title, 300), parts=tuple(parts))


def _listen(section_id: str) -> Button:
    return Button(
        label="Tell me when it changes", action="library.listen", args={"section": section_id}
    )


def _to_change(about: str) -> tuple[Button, ...]:
    return (
        Button(label="Change it", action="library.edit", args={"about": about}),
        Button(label="History", action="library.history", args={"about": about}),
    )


def _answers(told: Sequence[Told]) -> list[Part]:
    if not told:
        return []
    parts: list[Part] = [Heading(text="Others asked about this")]
    for one in told:
        checked = "" if one.answered.verified else " (accepted, not reviewed yet)"
        parts += [
            Text(text=f"**{literal(shorten(one.answered.title, 300))}**{checked}"),
            Quote(text=shorten(one.answered.text, SHOWN_ANSWER), by=one.author),
        ]
        if len(one.answered.text.strip()) > SHOWN_ANSWER:
            args: Args = {"article": one.answered.article}
            parts.append(
                Buttons(buttons=(Button(label="Read it all", action="faq.open", args=args),))
            )
    return parts


def answers(told: Sequence[Told]) -> Message:
    """What colleagues answered about something."""
    return Message(summary="What others asked about this", parts=tuple(_answers(told)))


def invitation(value: Section, *, is_tested: bool) -> Message:
    """A section that comes to many; who can do it already needs not read it."""
    rows = [_read(value.id)]
    if is_tested:
        rows.append(Button(label="Test me", action="quiz.begin", args={"topic": value.topic}))
    return say(
        f"**{literal(value.title)}** ({_count(value.minutes, 'minute')})\n{rich(value.summary)}",
        Buttons(buttons=tuple(rows)),
        summary=f"To read: {value.title}",
    )


def unclear(value: Section, ask: Args, *, listens: bool) -> Message:
    """After *Still unclear*."""
    buttons = [
        Button(label="Ask a colleague", action="question.ask", args=ask, style=Style.PRIMARY)
    ]
    if not listens:
        buttons.append(_listen(value.id))
    return say(
        f"Thank you. I note, without your name, that **“{literal(value.title)}”** is unclear. "
        "When more people say it, whoever looks after it is asked to rewrite it. A colleague can "
        "explain it to you now.",
        Buttons(buttons=tuple(buttons)),
    )


def will_tell(title: str) -> str:
    return f"I tell you once when “{literal(title)}” is rewritten."


def rewritten(value: Section) -> Message:
    """To somebody who wanted to be told."""
    return say(
        f"You wanted to know when **“{literal(value.title)}”** changes: it was rewritten, because "
        "people said that it was unclear.",
        Buttons(buttons=(_read(value.id),)),
    )


# --- what could be better --------------------------------------------------------------

_WHAT: Mapping[FlagKind, str] = {
    FlagKind.KEY_SUSPECT: "Who does well elsewhere gets this one wrong. Please check which answer "
    "counts as right, and the wording.",
    FlagKind.TOO_HARD_COLD_AND_READ: "Hardly anybody gets this right, before or after reading. "
    "Either the section does not teach it, or question and section disagree.",
    FlagKind.MISCONCEPTION: "Most who are wrong choose the same answer, and are very sure of it. "
    "Please say in the section why it is wrong; it would make a good tip too.",
    FlagKind.GIVES_ITSELF_AWAY: "Nearly everybody gets this right without having read anything. "
    "It may give its answer away. Keep it only if it has to be asked.",
    FlagKind.DEAD_DISTRACTOR: "Hardly anybody who is wrong chooses some of the answers. Please "
    "find errors that people do make, or leave them out.",
    FlagKind.EVERYBODY_WRONG: "Nobody who was asked this so far got all of it right. Please "
    "check which answer counts as right.",
    FlagKind.SLOW: "People take more than three times as long for this as for the rest. Please "
    "shorten it, or make two of it.",
    FlagKind.SECTION_UNCLEAR: "People do not understand this. Please rewrite what they ask about.",
    FlagKind.FAQ_GAP: "People keep asking this, and the FAQ has no entry. Please write one.",
    FlagKind.STALE: "It was to be read again by now. Please see whether it is still right.",
    FlagKind.POOL_THIN: "Who tries again is asked too much that they have seen before. Please "
    "write more questions.",
    FlagKind.SECTION_WORKS: "Who has read it does better.",
}
_STATES = {
    State.OPEN: "waits for you",
    State.TRIAGED: "waits for you",
    State.IN_PROGRESS: "somebody is on it",
    State.CHANGED: "changed; nobody has met the new version yet",
    State.VERIFYING: "changed; I am seeing whether it helps",
    State.CLOSED: "better since it was changed",
    State.REOPENED: "the change did not help",
    State.WONT_FIX: "left as it is",
}
_KINDS = {
    Kind.SECTION: "section",
    Kind.TIP: "tip",
    Kind.QUIZ: "quiz",
    Kind.ITEM: "question of a quiz",
    Kind.TOPIC: "topic",
}


def _resting_on(issue: Issue) -> str:
    match issue.kind:
        case FlagKind.SECTION_UNCLEAR:
            return f"Asked about, or called unclear, {_count(issue.n, 'time')} so far."
        case FlagKind.STALE | FlagKind.FAQ_GAP | FlagKind.SECTION_WORKS:
            return ""
        case FlagKind.POOL_THIN:
            return f"That is what {_count(issue.n, 'question')} asked again tell."
        case FlagKind.DEAD_DISTRACTOR | FlagKind.MISCONCEPTION:
            return f"That is what {_count(issue.n, 'wrong answer')} tell."
        case _:
            return f"That is what {_count(issue.n, 'answer')} tell."


def _line(issue: Issue, thing: Thing | None) -> str:
    title = thing.title if thing is not None else issue.about
    kind = _KINDS.get(thing.kind, "") if thing is not None else ""
    return f"**{literal(title)}** ({kind})" if kind else f"**{literal(title)}**"


def _open(issue: Issue) -> Button:
    return Button(label="Look at it", action="library.issue", args={"issue": issue.id})


def raised(issue: Issue, thing: Thing) -> Message:
    """The letter to whoever looks after the topic."""
    again = "The change did not help yet. " if issue.state is State.REOPENED else ""
    lines = [_line(issue, thing), again + _WHAT[issue.kind], _resting_on(issue)]
    return say(
        "\n".join(line for line in lines if line),
        Buttons(buttons=(_open(issue),)),
        summary=shorten(f"Could be clearer: {thing.title}", 300),
    )


def works(quiz: Quiz, found: Sequence[tuple[Section, Flag]]) -> Message:
    """The good news about sections of a quiz, for the steward. Nothing is to be done."""
    lines = [
        f"• **{literal(value.title)}**: {_points(flag)} more of those who tried again were right "
        f"({_count(flag.n, 'answer')})"
        for value, flag in found[:MOST_WORKING]
    ]
    return say(
        f"Good news about **{literal(quiz.title)}**: who has read these does better. Please keep "
        "them as they are.\n" + "\n".join(lines),
        tone=Tone.GOOD,
        summary=f"Good news about {quiz.title}: its sections help.",
    )


def _points(flag: Flag) -> str:
    return f"{float(str(flag.data['gain'])):.0%}"


def issues(
    waiting: Sequence[tuple[Issue, Thing | None]],
    total: int,
    watched: Sequence[tuple[Issue, Thing | None]],
    done: Sequence[tuple[Issue, Thing | None]],
    quizzes: Sequence[Quiz] = (),
) -> Message:
    """What could be better in somebody's topics. `total` is how many wait, shown or not;
    `quizzes` are those of their topics, whose questions they can look at."""
    look = _choose_quiz(quizzes)
    if not waiting and not watched and not done:
        return say("Nobody has said that anything in your topics could be clearer.", *look)
    parts: list[Part] = []
    if waiting:
        parts.append(Heading(text="Could be clearer"))
    for issue, thing in waiting:
        parts += [
            Text(text=f"{_line(issue, thing)}\n{_WHAT[issue.kind]}"),
            Buttons(buttons=(_open(issue),)),
        ]
    if total > len(waiting):
        parts.append(Note(text=f"And {total - len(waiting)} more, when these are done."))
    for title, some in (("Changed; I am seeing whether it helps", watched), ("Done", done)):
        if some:
            parts.append(Heading(text=title))
            options = tuple(
                Option(label=shorten(thing.title if thing else issue.about, 75), value=issue.id)
                for issue, thing in some
            )
            parts.append(Choice(label="Look at one", action="library.issue", options=options))
    summary = f"{_count(total, 'thing')} could be clearer" if total else "What was changed"
    return Message(summary=summary, parts=(*parts, *look))


def _choose_quiz(quizzes: Sequence[Quiz]) -> list[Part]:
    if len(quizzes) > 1:
        options = tuple(Option(label=shorten(q.title, 75), value=q.id) for q in quizzes)
        return [Choice(label="How the questions do in", action="library.items", options=options)]
    return [
        Buttons(
            buttons=(
                Button(
                    label="How the questions do", action="library.items", args={"quiz": quiz.id}
                ),
            )
        )
        for quiz in quizzes
    ]


def items(
    quiz: Quiz, shown: Sequence[Standing], page: int, last: int, *, untold: int = 0
) -> Message:
    """How the questions of a quiz do, the worst first. Of `untold` nothing is said, because
    too few people have answered them."""
    head = f"**{literal(quiz.title)}**: how its questions do when people meet them first"
    head += ", the worst first." if shown else "."
    parts: list[Part] = []
    for standing in shown:
        about = f"item:{standing.item.id}"
        parts.append(Text(text="\n".join(_standing(standing))))
        parts.append(Buttons(buttons=_to_change(about)))
    if untold:
        whole = "it" if untold == 1 else "them"
        parts.append(
            Note(
                text=f"Of {_count(untold, 'question')} nothing is said: fewer than {SHOWN_FROM} "
                f"people have answered {whole} as they stand now, and a few people could be "
                "told apart."
            )
        )
    turns = _turns(page, last, "library.items", {"quiz": quiz.id})
    if turns:
        parts.append(Buttons(buttons=turns))
    return say(head, *parts, summary=f"How the questions of {quiz.title} do")


def _standing(standing: Standing) -> list[str]:
    known = standing.known
    share = known.facility
    near = f"somewhere from {share.low:.0%} to {share.high:.0%}"
    return [
        f"**{literal(shorten(bare(standing.item.stem), 200))}**",
        f"{known.n} people, {share.value:.0%} right (with so many people, {near}). {_apart(known)}",
        *(f"- {_WHAT[kind]}" for kind in standing.flags),
    ]


def _apart(known: ItemStatistic) -> str:
    """Whether an item tells who can do it from who cannot, in plain words."""
    apart = known.discrimination
    if apart is None or known.n < DISCRIMINATION_FROM or apart.low <= 0 <= apart.high:
        return "Too little is known to say whether it tells apart who can do it from who cannot."
    if apart.high < 0:
        return "Who does well with the others does worse here."
    how = "well" if apart.value >= TELLS_APART else "a little"
    return f"It tells {how} apart who can do it from who cannot."


_COUNTED = {
    What.RIGHT_AT_FIRST: "right at first",
    What.RIGHT_AFTER_READING: "right in a second try",
    What.UNDERSTOOD: "read it without asking",
    What.NEW_TO_THEM: "new to who tries again",
}
_OTHERWISE = {
    What.RIGHT_AFTER_READING: What.UNDERSTOOD,
    What.UNDERSTOOD: What.RIGHT_AFTER_READING,
}
_EFFECTS = {
    Effect.TOO_EARLY: "That is too little to say whether it helped.",
    Effect.BETTER: "It is better since the change.",
    Effect.WORSE: "It is worse since the change.",
    Effect.NO_DIFFERENCE: "That is no clear difference yet.",
}


def _share(share: Share) -> str:
    if not may_be_shown(share):
        return "too few to show"
    return f"{share.value:.0%} of {share.n}"


def _before_and_since(what: What, before: Share, after: Share) -> str:
    return f"- {_COUNTED[what]}: {_share(before)} before, {_share(after)} since"


def figures_lines(issue: Issue, figures: Figures) -> list[str]:
    """What is known of how people do with it, in lines."""
    if issue.answered_at is None:
        if not may_be_shown(figures.before):
            return []
        return [f"{_COUNTED[figures.what].capitalize()}: {_share(figures.before)}."]
    lines = ["Before the change and since:"]
    lines.append(_before_and_since(figures.what, figures.before, figures.after))
    if figures.also is not None and any(map(may_be_shown, figures.also)):
        lines.append(_before_and_since(_OTHERWISE[figures.what], *figures.also))
    gain = figures.gain
    between = ""
    if figures.effect is not Effect.TOO_EARLY:
        between = f" (a difference of {gain.low:+.0%} to {gain.high:+.0%})"
    return [*lines, _EFFECTS[figures.effect].removesuffix(".") + between + "."]


def issue_card(
    issue: Issue,
    thing: Thing,
    asked: Sequence[Asked],
    figures: Figures | None,
    *,
    may_change: bool,
) -> Message:
    """One issue, with what people asked (never who) and how it went before and since."""
    state = _STATES[issue.state]
    if issue.state is State.WONT_FIX:
        state = f"{state}: {issue.reason.rstrip('.')}"
    lines = [
        _line(issue, thing),
        _WHAT[issue.kind],
        _resting_on(issue),
        f"Now: {literal(state)}.",
        *(figures_lines(issue, figures) if figures is not None else []),
    ]
    parts: list[Part] = [Text(text="\n".join(line for line in lines if line))]
    if asked:
        parts.append(Heading(text="What people asked"))
        parts += [Quote(text=shorten(one.text, SHOWN_QUESTION)) for one in asked[:MOST_QUESTIONS]]
        if len(asked) > MOST_QUESTIONS:
            parts.append(Note(text=f"And {len(asked) - MOST_QUESTIONS} more."))
    args: Args = {"issue": issue.id}
    buttons = []
    if may_change:
        buttons.append(
            Button(
                label="Change it",
                action="library.edit",
                args={"about": issue.about},
                style=Style.PRIMARY,
            )
        )
    if issue.state in OPEN_STATES - {State.IN_PROGRESS}:
        buttons.append(Button(label="I am on it", action="library.begin", args=args))
    if issue.state in OPEN_STATES:
        buttons.append(Button(label="Leave it as it is", action="library.refuse", args=args))
    if id_of(issue.about, "section"):
        buttons.append(_read(thing.id))
    if not isinstance(thing.value, Quiz | Topic):
        history: Args = {"about": issue.about}
        buttons.append(Button(label="History", action="library.history", args=history))
    if buttons:
        parts.append(Buttons(buttons=tuple(buttons)))
    return Message(summary=shorten(f"Could be clearer: {thing.title}", 300), parts=tuple(parts))


def refuse_form(issue: Issue, thing: Thing) -> Form:
    """Why it stays as it is."""
    return Form(
        title="Leave it as it is",
        intro=f"“{thing.title}” is not brought up again for this reason until it is changed.",
        fields=(LongTextField(name="reason", label="Why?", required=True, max_length=300),),
        submit="Keep",
        action="library.keep_refusal",
        args={"issue": issue.id},
    )


# --- changing -------------------------------------------------------------------------

REWORDED = "reworded"
MEANINGS = {
    "changed": "It says something else now",
    REWORDED: "Only said better: a typo, a name, a link",
}


def edit_form(thing: Thing, fields: Sequence[AnyField], args: Args, rest: str = "") -> Form:
    """What is written, to be changed. `rest` says what of it is not here."""
    return Form(
        title=f"Change this {'question' if thing.kind is Kind.ITEM else thing.kind.value}",
        intro=rest or None,
        fields=(
            *fields,
            ChoiceField(
                name="meaning",
                label="What is different?",
                hint="If it says something else, figures begin anew, and I see whether it helped.",
                options=tuple(Option(label=label, value=v) for v, label in MEANINGS.items()),
                value="changed",
            ),
            LongTextField(
                name="note",
                label="What did you change, and why?",
                hint="For the history.",
                required=True,
                max_length=300,
            ),
        ),
        submit="Keep",
        action="library.keep",
        args=args,
    )


THE_REST = "What is not here can be changed where its files are."
MARKDOWN = "You can use **strong**, *emphasis*, lists, tables and links, as in Markdown."


def kept(thing: Thing, *, told: int, watched: bool) -> Message:
    """After a change. `told` is how many wanted to hear of it; `watched`, whether somebody had
    said that it could be clearer."""
    who = "Everybody sees the new version from now on."
    if thing.kind in (Kind.ITEM, Kind.QUIZ):
        who = "Who begins the quiz from now on sees the new version."
    lines = [f"**“{literal(thing.title)}”** is changed. {who}"]
    if watched:
        lines.append("I will see whether it helps, and tell you if it does not.")
    if told == 1:
        lines.append("Somebody who wanted to know hears of it.")
    elif told:
        lines.append(f"{told} people who wanted to know hear of it.")
    button = Button(label="History", action="library.history", args={"about": thing.about})
    return say("\n".join(lines), Buttons(buttons=(button,)), tone=Tone.GOOD)


@dataclass(frozen=True, slots=True)
class Edit:
    """One version of something: when, by whom (None: the files), and what was said of it."""

    day: str
    by: str | None
    note: str


def history(thing: Thing, edits: Sequence[Edit]) -> Message:
    """Every version that something had, the newest first."""
    lines = []
    for edit in edits[:MOST_EDITIONS]:
        by = literal(edit.by) if edit.by is not None else "from its files"
        said = f": {literal(edit.note)}" if edit.note else ""
        lines.append(f"- {edit.day}, {by}{said}")
    parts: list[Part] = [Text(text="\n".join([f"**{literal(thing.title)}**", *lines]))]
    if len(edits) > MOST_EDITIONS:
        parts.append(Note(text=f"And {len(edits) - MOST_EDITIONS} before."))
    return Message(summary=shorten(f"History of {thing.title}", 300), parts=tuple(parts))


def day(person: Person, at: datetime) -> str:
    """A date as the person's calendar has it, like `3 Nov 2026`."""
    here = local(person, at)
    return f"{here.day} {here:%b %Y}"


# --- a person's own page ----------------------------------------------------------------


def home(waiting: int) -> PageSection:
    """What waits for somebody who looks after a topic."""
    if not waiting:
        return PageSection(Shelf.DUTY, WHAT_YOU_LOOK_AFTER)
    line = f"- {_count(waiting, 'thing')} in your topics that could be clearer"
    button = Button(label="Make it clearer", action="library.issues")
    return PageSection(
        Shelf.DUTY, WHAT_YOU_LOOK_AFTER, entries=[[Text(text=line)]], buttons=(button,)
    )


def about_me(titles: Sequence[str]) -> list[Part]:
    """What the library holds about somebody."""
    if not titles:
        return []
    listed = ", ".join(literal(title) for title in titles)
    return [Text(text=f"You want to be told when this is rewritten: {listed}.")]
