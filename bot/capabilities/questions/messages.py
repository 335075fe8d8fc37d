"""Every sentence of the questions capability.

Whatever a person wrote stands in a `Quote` or goes through `literal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from bot.access import K_ANONYMOUS
from bot.capabilities.questions.model import (
    CHANNEL_WAVE,
    CLAIM_SILENCE,
    CONFIRMATION_DAYS,
    LOOKING_STATES,
    TAKEN_BACK,
    UNTAPPED,
    Article,
    ArticleState,
    Decline,
    Question,
    State,
    Tally,
    Turn,
    Urgency,
    Visibility,
    is_doubted,
)
from bot.form import ChoiceField, Form, LongTextField, NumberField, PeopleField, TextField
from bot.message import (
    MAX_QUOTE,
    MAX_TOTAL,
    Args,
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Fact,
    Facts,
    Message,
    Note,
    Option,
    Part,
    Quote,
    Style,
    Text,
    Tone,
    fits_a_button,
    literal,
    mention,
    mention_channel,
    say,
    shorten,
)
from bot.messages import (
    CONTROLS,
    IN_ITS_THREAD,
    IN_THREAD,
    WHAT_REACHES_YOU,
    WHAT_YOU_LOOK_AFTER,
    with_controls,
)
from bot.page import Section, Shelf
from bot.people import Person, local
from bot.topic import Topic

SHOWN = 1_200
"""Characters of a question or answer that a card shows; the rest is one tap away."""

PAGE = 2_400

URGENCIES = {
    Urgency.URGENT: "today, I am stuck",
    Urgency.NORMAL: "in the next days",
    Urgency.CAN_WAIT: "it can wait",
}
VISIBILITIES = {
    Visibility.DIRECT: "As me, to one colleague at a time",
    Visibility.ANONYMOUS: "Without my name (I relay both ways)",
    Visibility.OPEN: "Openly, before all in the channel or chat",
}
STATES = {
    State.ASKED: "just asked",
    State.SUGGESTED: "waiting for your tap on the suggestions",
    State.SELF_SOLVED: "solved by the FAQ",
    State.ROUTED: "with colleagues",
    State.CLAIMED: "somebody is on it",
    State.ANSWERED: "answered, waiting for your word",
    State.ACCEPTED: "answered and accepted",
    State.CLOSED_UNCONFIRMED: "answered, closed without a word from the asker",
    State.ESCALATED: "with the steward of the topic",
    State.EXPIRED: "nobody could answer",
    State.WITHDRAWN: "withdrawn",
    State.DUPLICATE: "same as another question",
}


ANYBODY_MAY_ANSWER = f"Anybody may answer, with *Answer* or {IN_THREAD}."


def span(time: timedelta) -> str:
    """A time in words, rounded up: `20 minutes`, `3 hours`, `2 days`."""
    minutes = max(1, ceil(time.total_seconds() / 60))
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes > size or size == 1:
            count = ceil(minutes / size)
            return f"{count} {unit}{'s' * (count > 1)}"
    raise AssertionError  # The last unit always fits.


def day(person: Person, instant: datetime) -> str:
    """A date as the person's calendar has it, like `3 Nov 2026`."""
    here = local(person, instant)
    return f"{here.day} {here:%b %Y}"


def _quote(text: str, by: str | None = None, limit: int = SHOWN) -> Quote:
    return Quote(text=shorten(text, limit), by=by)


def _of(question: Question) -> Args:
    return {"question": question.id}


def _read_all(question: Question, text: str) -> list[Button]:
    if len(text.strip()) <= SHOWN:
        return []
    return [Button(label="Read it all", action="question.read", args=_of(question))]


# --- asking ---------------------------------------------------------------------------


def ask_form(
    *,
    text: str = "",
    place_is_channel: bool,
    topics: Sequence[Topic],
    intro: str | None = None,
    visibility: Visibility = Visibility.DIRECT,
    topic: str = "",
    args: Args | None = None,
) -> Form:
    """The question with three optional lines, who sees the asker, and a topic."""
    visibilities = [
        Option(label=label, value=choice.value)
        for choice, label in VISIBILITIES.items()
        if place_is_channel or choice is not Visibility.OPEN
    ]
    topic_options = [Option(label="I am not sure", value="none")] + [
        Option(label=shorten(topic.title, 75), value=topic.id) for topic in topics[:99]
    ]
    known = {option.value for option in topic_options}
    return Form(
        title="Ask the experts",
        intro=intro or "Only the question is needed. The other lines help a colleague to help you.",
        fields=(
            LongTextField(
                name="question", label="Your question", required=True, value=text[:3_000]
            ),
            TextField(name="goal", label="What are you trying to do?", max_length=500),
            TextField(name="tried", label="What have you tried?", max_length=500),
            ChoiceField(
                name="urgency",
                label="When do you need it?",
                options=tuple(Option(label=t, value=u.value) for u, t in URGENCIES.items()),
                value=Urgency.NORMAL.value,
            ),
            ChoiceField(
                name="visibility",
                label="Who sees that it is you?",
                hint=(
                    "Without your name: colleagues, stewards and reports see “someone”, also in "
                    "what is kept for others. Your way of writing can still give you away in a "
                    "small team. Whoever runs Inflow here and holds its key could find out; "
                    "nobody else."
                ),
                options=tuple(visibilities),
                value=visibility.value,
            ),
            ChoiceField(
                name="topic",
                label="Topic",
                options=tuple(topic_options),
                value=topic if topic in known else "none",
            ),
        ),
        submit="Ask",
        action="question.ask",
        args=args or {},
    )


NO_OPTION = "Please choose one of the options."
EMPTY = "Please write your question in a few words, for example: `/ask how do I export a report?`"
HOW_TO_ASK = (
    "`/ask how do I export a report?` looks for an answer, and else for a colleague who knows. "
    "`/ask anonymously …` leaves your name out, `/ask openly …` asks everybody in the channel, and "
    "`/ask` alone opens a form. `/help` lists all I can do."
)
NO_WORDS = "I could not find any words in that. Please write your question in a few words."
NO_PLACE = "Openly works in a channel. Ask there, or ask me here as you or without your name."
UNSURE = (
    "I am not sure what you want. If it is a question, write it as a sentence or begin with "
    "“ask”. “help” lists all I can do."
)


def stop_or_question() -> Message:
    """Words that may be a wish to be left alone, by all or by one thing. Nobody was asked them."""
    _, stop, _ = CONTROLS.buttons
    return say(
        "Say “stop” alone and I send you nothing more that you did not ask for. If that was a "
        "question, begin it with “ask”; if it belongs to one, press a button under that.",
        Buttons(buttons=(stop, Button(label="My tips", action="tips.list"))),
        tone=Tone.WARNING,
    )


def too_long(limit: int, length: int) -> str:
    return (
        f"That is {length:,} characters; I can keep {limit:,}. Please shorten it or attach the "
        "long part as a link. I have kept nothing of it."
    )


def too_many(limit: int) -> str:
    return f"That is more than {limit} questions today. Please keep this one for tomorrow."


def asked_already(question: Question) -> Message:
    unnamed = ", without your name" if question.visibility is Visibility.ANONYMOUS else ""
    return say(
        f"You asked this already{unnamed}: it is question {question.number}, "
        f"{STATES[question.state]}. I will keep you posted there."
    )


@dataclass(frozen=True, slots=True)
class Suggested:
    """An article as it is shown to an asker."""

    article: Article
    tally: Tally
    verifier: Person | None
    author: Person | None
    is_answer: bool
    proposer: Person | None = None


def _worked(tally: Tally) -> str:
    if tally.tried >= K_ANONYMOUS:
        return f"worked for {tally.worked} of {tally.tried} people"
    return "too few have said yet whether it worked"


def standing(shown: Suggested, reader: Person, *, curates: bool = False) -> str:
    """Date, who verified, and how often it worked, in the markdown subset.

    Why an entry is being checked is for its steward: it may tell of a single person.
    """
    article = shown.article
    if article.state is ArticleState.PROPOSED:
        return _proposal(shown, reader)
    match article.state:
        case ArticleState.PUBLISHED | ArticleState.NEEDS_REVIEW:
            by = f" by {literal(shown.verifier.name)}" if shown.verifier else ""
            when = day(reader, article.verified_at or article.changed_at)
            first = f"Verified{by} on {when}"
            if article.state is ArticleState.NEEDS_REVIEW:
                first += " · **being checked**"
        case _:
            first = (
                f"{'Accepted by the one who asked' if article.question else 'Written'} on "
                f"{day(reader, article.created_at)}, not yet reviewed by a steward"
            )
    if curates and article.note:
        first += f": {literal(article.note)}"
    credit = f" · written by {literal(shown.author.name)}" if shown.author else ""
    return f"{first} · {_worked(shown.tally)}{credit}"


def _proposal(shown: Suggested, reader: Person) -> str:
    """Whose words they are, and who proposes them."""
    by = f" by {literal(shown.proposer.name)}" if shown.proposer else ""
    first = f"Proposed{by} on {day(reader, shown.article.created_at)}"
    if shown.author is None:
        return f"{first} · whose words these are is not said"
    if shown.author == shown.proposer:
        return f"{first} · in their own words"
    return f"{first} · in the words of {literal(shown.author.name)}"


def suggestions(
    question: Question,
    shown: Sequence[Suggested],
    reader: Person,
    *,
    looking: bool,
    doubted: bool = False,
) -> Message:
    """At most three FAQ entries for the asker's eyes. `looking`: a colleague is being asked;
    `doubted`: the asker is about to flag one of them."""
    parts: list[Part] = []
    answer = next((s for s in shown if s.is_answer), None)
    if looking:
        opening = "I am asking a colleague as well. Does one of these still help?"
    elif doubted:
        opening = (
            "Is it wrong or outdated? Then send the form. Does one of these help all the same?"
        )
    elif answer is not None:
        opening = "Here is the answer that I know."
    else:
        opening = "I am not sure, but this may help."
    for suggested in shown:
        article = suggested.article
        args: Args = {"question": question.id, "article": article.id}
        label = "Answer" if suggested.is_answer else "Maybe"
        parts += [
            Text(text=f"**{label}: {literal(shorten(article.title, 300))}**"),
            _quote(article.text, limit=1_500 if suggested.is_answer else 700),
            Note(text=standing(suggested, reader)),
            Buttons(
                buttons=(
                    Button(
                        label="Solves it",
                        action="question.solved",
                        args=args,
                        style=Style.PRIMARY if suggested.is_answer else Style.DEFAULT,
                    ),
                    Button(label="Partly", action="question.partly", args=args),
                    Button(label="No", action="question.no", args=args),
                    Button(
                        label="Flag as wrong or outdated",
                        action="faq.flag",
                        args=args,
                    ),
                )
            ),
        ]
    if not looking:
        parts.append(
            Note(text="Without a tap I will ask a colleague in ten minutes. Only you see this.")
        )
        parts.append(
            Buttons(
                buttons=(
                    Button(
                        label="Ask a colleague now", action="question.route", args=_of(question)
                    ),
                    Button(label="Never mind", action="question.withdraw", args=_of(question)),
                )
            )
        )
    first = shown[0].article if shown else None
    return Message(
        summary=shorten(f"{opening} {first.title if first else ''}".strip(), 300),
        parts=(Text(text=opening), *parts),
        tone=Tone.GOOD if answer is not None else Tone.NEUTRAL,
    )


def solved_itself(article: Article) -> Message:
    return say(
        f"Good. I will remember that “{literal(shorten(article.title, 200))}” answers this too. "
        "Your words help the next one who asks like you. In a few days I will ask once whether it "
        "worked.",
        _quote(article.text),
        tone=Tone.GOOD,
    )


def on_its_way(question: Question, where: str) -> Message:
    """Said at once in a channel, when the rest follows in direct messages.

    `where` is what `whereabouts` says of the question.
    """
    relay = (
        " Your name is not passed on; I relay both ways."
        if question.visibility is Visibility.ANONYMOUS
        else ""
    )
    # It is said beside the thread, where "this thread" would be none.
    its = "in the thread of your message" if question.thread else IN_ITS_THREAD
    where = where.replace(IN_THREAD, its)
    return say(
        f"Your question {question.number} is on its way. {where}{relay} "
        "I will keep you posted in our own chat."
    )


def _colleagues(asked: int) -> str:
    if asked < 2:
        return "a colleague"
    number = {2: "two", 3: "three"}.get(asked, str(asked))
    return f"{number} colleagues"


# --- the asker's card -----------------------------------------------------------------


def whereabouts(
    question: Question,
    topic: Topic | None,
    *,
    steward: str | None,
    offered: bool,
    asked: int = 1,
    named_by: str | None = None,
) -> str:
    """Who has an open question now, in the markdown subset.

    `steward` names those to whom it was escalated; `offered`: somebody was asked before;
    `asked` is how many may take it now; `named_by` is who of those to whom it was escalated
    has named somebody who is being asked.
    """
    about = f" about **{literal(topic.title)}**" if topic else ""
    if question.state is State.ESCALATED and named_by:
        return f"I have asked a colleague whom {literal(named_by)} named."
    if question.state is State.ESCALATED:
        tried = "Nobody was free to take it" if offered else f"I know nobody{about} to ask yet"
        if steward:
            return f"{tried}, so {literal(steward)} will see it in their working hours."
        return (
            f"{tried}, and I can reach nobody who looks after this. I keep it on the list of "
            "unanswered questions for five working days."
        )
    if question.wave == 0:
        return f"Nobody is at work just now. I will ask a colleague{about} as soon as one is."
    if question.visibility is Visibility.OPEN:
        return f"I have asked {_colleagues(asked)}{about}. {ANYBODY_MAY_ANSWER}"
    if question.conversation is not None:
        return "It stands in the channel of its topic, where anybody may answer."
    if question.wave == CHANNEL_WAVE:
        tried = "Nobody has taken it yet" if offered else _nobody_yet(topic)
        return f"{tried}. I have asked you whether I may post it in the channel of the topic."
    return f"I have asked {_colleagues(asked)}{about}."


def status(
    question: Question,
    topic: Topic | None,
    *,
    asker: str | None = None,
    holder: str | None = None,
    steward: str | None = None,
    wait: timedelta | None = None,
    offered: bool = True,
    asked: int = 1,
    named_by: str | None = None,
    consent: str | None = None,
) -> Message:
    """Where a question stands; see `whereabouts`.

    `asker` is named on an open question's card in the channel; `wait` is how long a first
    answer usually takes, if that is known; `consent` is the channel in which the asker is asked
    whether it may be posted.
    """
    tone = Tone.NEUTRAL
    reopen = question.state in {State.CLOSED_UNCONFIRMED, State.EXPIRED, State.ACCEPTED}
    match question.state:
        case State.ROUTED | State.ESCALATED:
            line = whereabouts(
                question, topic, steward=steward, offered=offered, asked=asked, named_by=named_by
            )
        case State.CLAIMED:
            line = f"{literal(holder or 'A colleague')} is on it."
        case State.ANSWERED:
            line = "There is an answer."
        case State.ACCEPTED:
            line, tone = "Answered and accepted. Thank you.", Tone.GOOD
        case State.EXPIRED:
            line = (
                "I am sorry: nobody could answer this. It is on the weekly list of unanswered "
                "questions, so that it is seen. You can open it again "
                + ("within 30 days." if question.asker is None else "at any time.")
            )
            tone = Tone.WARNING
        case State.WITHDRAWN:
            line = "Withdrawn. Nobody will be asked any more."
        case State.DUPLICATE:
            line = "The same as another question. You will be told what becomes of it."
        case State.CLOSED_UNCONFIRMED:
            line = "Closed, since I have not heard from you. You can open it again."
        case State.SELF_SOLVED:
            line, tone = "Solved by the FAQ.", Tone.GOOD
        case State.ASKED | State.SUGGESTED:
            line = "I am looking for an answer."
    if consent is not None:
        line = (
            f"{_nobody_yet(topic)}. May I post it in {mention_channel(consent)}, "
            f"{_whose(question)}? This is what I would post:"
        )
    shown = SHOWN if consent is None else MAX_QUOTE
    # In the thread of the very words they need not be said again.
    is_below = question.visibility is Visibility.OPEN and question.thread is not None
    parts: list[Part] = [] if is_below else [_quote(question.text, by=asker, limit=shown)]
    if wait is not None:
        parts.append(Note(text=f"Questions like this are usually answered within {span(wait)}."))
    buttons = _to_consent(question) if consent else []
    buttons += [] if is_below else _read_all(question, question.text)
    anonymous = question.visibility is Visibility.ANONYMOUS
    if question.state in LOOKING_STATES and question.visibility is Visibility.OPEN:
        buttons.append(Button(label="Answer", action="question.answer", args=_of(question)))
    if question.is_open and question.state is not State.ANSWERED:
        buttons.append(Button(label="Withdraw", action="question.withdraw", args=_of(question)))
    if question.state in {State.ROUTED, State.ESCALATED, State.CLAIMED} and (
        question.visibility is not Visibility.OPEN
    ):
        buttons.append(Button(label="Add something", action="question.add", args=_of(question)))
    if question.state in {State.ROUTED, State.ESCALATED, State.CLAIMED} and not consent:
        buttons.append(
            Button(label="Same as another…", action="question.duplicate", args=_of(question))
        )
    if reopen:
        buttons.append(Button(label="Open it again", action="question.reopen", args=_of(question)))
    if buttons:
        parts.append(Buttons(buttons=tuple(buttons)))
    number = (
        f"**Question {question.number}**, asked without your name."
        if anonymous
        else (f"**Question {question.number}.**")
    )
    return say(f"{number} {line}", *parts, tone=tone)


def _nobody_yet(topic: Topic | None) -> str:
    about = f" about **{literal(topic.title)}**" if topic else ""
    return f"Nobody can be asked{about} just now"


def _whose(question: Question) -> str:
    if question.visibility is Visibility.ANONYMOUS:
        return "without your name"
    return "with your name left out"


def _to_consent(question: Question) -> list[Button]:
    return [
        Button(label="Post it", action="question.post", args=_of(question), style=Style.PRIMARY),
        Button(label="Better not", action="question.no_post", args=_of(question)),
    ]


def not_in_channel(question: Question, channel: str, card: Message) -> Message:
    """For the asker whose question could not be posted; `card` says where it stands."""
    line = (
        f"I could not post question {question.number} in {mention_channel(channel)}: it seems "
        "that I am not in that channel. Somebody who is there can add me. Until then it goes on "
        "without the channel:"
    )
    return Message(
        summary=f"I could not post question {question.number} in the channel.",
        parts=(Text(text=line), *card.parts),
        tone=Tone.WARNING,
    )


def read_all(title: str, text: str, page: int, action: str, args: Args) -> Message:
    """One page of a long text; `page` counts from 0, `action` with `args` turns pages."""
    per_message = MAX_TOTAL // PAGE - 1
    chunks = [text[i : i + PAGE] for i in range(0, len(text), PAGE)] or [text]
    last = (len(chunks) + per_message - 1) // per_message - 1
    page = min(page, last)
    shown = chunks[page * per_message : (page + 1) * per_message]
    turns = tuple(
        Button(label=label, action=action, args={**args, "page": to})
        for label, to in (("Previous page", page - 1), ("Next page", page + 1))
        if 0 <= to <= last
    )
    return say(
        f"**{literal(title)}**, page {page + 1} of {last + 1}",
        *(Quote(text=chunk if chunk.strip() else "…") for chunk in shown),
        *((Buttons(buttons=turns),) if turns else ()),
    )


# --- the expert's card ----------------------------------------------------------------


def offer(
    question: Question,
    *,
    asker: str | None,
    topic: Topic | None,
    why: Sequence[str],
    load: int,
    cap: int,
    added: Sequence[Turn] = (),
) -> Message:
    """A question put before somebody. `asker` None: the asker wishes not to be named."""
    who = literal(asker) if asker else "Someone"
    about = f" about **{literal(topic.title)}**" if topic else ""
    opening = f"{who} asks{about}. Can you help?"
    parts: list[Part] = [_quote(question.text, by=asker or "someone")]
    facts = [
        Fact(label=label, value=shorten(value, 500))
        for label, value in (
            ("Trying to", question.goal),
            ("Has tried", question.tried),
            ("Needs it", URGENCIES[question.urgency]),
        )
        if value and not (label == "Needs it" and question.urgency is Urgency.NORMAL)
    ]
    if facts:
        parts.append(Facts(facts=tuple(facts)))
    parts += _added(added)
    reason = "; ".join(why) if why else "you may know, or know who does"
    times = "once" if load == 1 else f"{load} times"
    parts.append(
        Note(
            text=(
                f"Why you: {literal(reason)}. You were asked {times} this week (your wish: {cap}, "
                f"never more than {2 * cap}). Passing is fine and nobody sees it."
            )
        )
    )
    parts.append(
        Buttons(
            buttons=(
                Button(
                    label="I take it",
                    action="question.claim",
                    args=_of(question),
                    style=Style.PRIMARY,
                ),
                Button(label="Answer now", action="question.answer", args=_of(question)),
                Button(label="Busy", action="question.busy", args=_of(question)),
                Button(label="Not my field", action="question.not_my_field", args=_of(question)),
                Button(
                    label="Ask someone else…", action="question.someone_else", args=_of(question)
                ),
            )
        )
    )
    more = _read_all(question, question.text)
    if more:
        parts.append(Buttons(buttons=tuple(more)))
    parts.append(CONTROLS)
    return say(opening, *parts, summary=f"{asker or 'Someone'} asks: {question.text}")


def _added(turns: Sequence[Turn]) -> list[Part]:
    """The newest words that the asker added."""
    if not turns:
        return []
    return [Text(text="Added since:"), *(_quote(turn.text, limit=600) for turn in turns[-3:])]


def because_asked(why: Sequence[str]) -> str:
    """Why somebody gets an offer, as one sentence for whoever asks that."""
    reason = "; ".join(why) if why else "you may know, or know who does"
    return shorten(f"Somebody asks something, and I thought of you: {reason}.", 300)


def named_by(name: str) -> str:
    """Why somebody is asked whom a colleague named."""
    return f"{name} said that you may know"


def offer_state(
    question: Question, *, mine: bool, holder: str | None, added: Sequence[Turn] = ()
) -> Message:
    """The card of somebody who was asked, in the question's present state."""
    parts: list[Part] = [_quote(question.text), *(_added(added) if mine else ())]
    buttons: list[Button] = []
    tone = Tone.NEUTRAL
    match question.state:
        case State.CLAIMED if mine:
            line = "You took this. Answer here, or with the button."
            buttons = [
                Button(
                    label="Answer",
                    action="question.answer",
                    args=_of(question),
                    style=Style.PRIMARY,
                ),
                Button(label="Ask back", action="question.ask_back", args=_of(question)),
                Button(label="Give it back", action="question.release", args=_of(question)),
            ]
        case State.CLAIMED:
            line = f"{literal(holder or 'A colleague')} is on it. Thank you all the same."
        case State.ANSWERED if mine:
            line = "You answered. I will tell you when I hear back."
            buttons = [Button(label="Add to it", action="question.answer", args=_of(question))]
        case State.ACCEPTED if mine:
            line, tone = "Your answer was accepted. Thank you.", Tone.GOOD
        case State.ANSWERED if holder:
            line, tone = f"{literal(holder)} answered this one. Thank you all the same.", Tone.GOOD
        case State.ANSWERED | State.ACCEPTED | State.CLOSED_UNCONFIRMED | State.SELF_SOLVED:
            line = "This one has been answered. Thank you."
            tone = Tone.GOOD
        case State.WITHDRAWN:
            line = "This one was withdrawn. Nothing to do."
        case State.DUPLICATE:
            line = "This one turned out to be the same as another. Nothing to do."
        case State.EXPIRED:
            line = "This one has ended without an answer. If you know it, you can still answer."
            buttons = [Button(label="Answer", action="question.answer", args=_of(question))]
        case State.ASKED | State.SUGGESTED | State.ROUTED | State.ESCALATED:
            line = "This one is with other colleagues now. If you know it, you can still answer."
            buttons = [Button(label="Answer", action="question.answer", args=_of(question))]
    buttons += _read_all(question, question.text)
    if buttons:
        parts.append(Buttons(buttons=tuple(buttons)))
    return say(f"**Question {question.number}.** {line}", *parts, tone=tone)


def declined(question: Question, reason: Decline) -> Message:
    thanks = {
        Decline.BUSY: "No problem. It goes on without you.",
        Decline.NOT_MY_FIELD: "Good to know. It goes to others, and I ask you less about this.",
        Decline.SOMEONE_ELSE: "Thank you, I am asking them.",
    }[reason]
    return say(f"**Question {question.number}.** {thanks}", _quote(question.text, limit=300))


def someone_else_form(question: Question) -> Form:
    return Form(
        title="Who may know?",
        fields=(
            PeopleField(
                name="person",
                label="A colleague",
                hint="They are told that it was you who named them.",
                required=True,
            ),
        ),
        submit="Ask them",
        action="question.hand_on",
        args=_of(question),
    )


def handed_on(name: str | None) -> str:
    """`name` None: of a question asked without a name it is not kept whom anybody named."""
    return f"Thank you. I am asking {literal(name) if name else 'the one you named'}."


def own_question(name: str) -> str:
    return f"{name} has asked this. Please name somebody else."


def cannot_take(name: str) -> str:
    return f"{name} cannot take questions at the moment. Please name somebody else."


def answer_form(question: Question, asker: str | None) -> Form:
    """`asker` is named only to somebody who was asked, not to a reader of a channel."""
    return Form(
        title="Answer",
        intro=shorten(f"{asker or 'Someone'} asks: {question.text}", 900),
        fields=(
            LongTextField(
                name="answer",
                label="Your answer",
                hint=(
                    "If it is accepted it is kept for others. It ages best without dates and "
                    "with the general case first."
                ),
                required=True,
            ),
        ),
        submit="Send",
        action="question.send_answer",
        args=_of(question),
    )


ANONYMOUS_IN_PUBLIC = (
    "That stood before everybody with your name on it, so I have not passed it on. Write it to me "
    "in our own chat, with `/ask anonymously` before it: nobody else reads along there."
)
CLOSED = "This question is closed. Open it again first, or ask anew."
YOU_ARE_WELCOME = "You are welcome."
HELLO = "Hello. Ask me something, or say “help” to see what I can do."
ASKED = "Asked. The card below says where it stands."
ASKED_BACK = "Passed on. I will bring you what comes back."
TAP_TO_ACCEPT = "Good. If that settles it, tap “That’s the answer”, so that others find it too."
ADDED = "Added. Whoever takes the question sees it."
EMPTY_ANSWER = "Please write a few words."
SENT = "Sent. I will tell you when I hear back."
LATE = "Thank you. It is kept with the question, which was settled before."
RELEASED = "You gave it back. It goes on without you."


def sent_to(question: Question) -> str:
    return f"Sent as your answer to question {question.number}. I will tell you when I hear back."


def which_question(
    own: Sequence[Question], of_others: Sequence[Question], words: str, *, asking: bool
) -> Message:
    """Words that may be meant for one of several questions, or be a new question.

    `own` are those of the person who said them, for their eyes only; to `of_others` they may
    answer, or ask back when they are `asking`.
    """
    unnamed = any(question.visibility is Visibility.ANONYMOUS for question in own)
    answer, action = ("Ask back about", "ask_back_words") if asking else ("Answer to", "give_words")
    shown = [
        *((q, "For my", "reply_words") for q in own),
        *((q, answer, action) for q in of_others),
    ][: 3 if unnamed else 4]
    buttons = [
        Button(
            label=f"{label} question {question.number}",
            action=f"question.{action}",
            args={"question": question.id, "words": words},
        )
        for question, label, action in shown
        if fits_a_button({"question": question.id, "words": words})
    ]
    if not buttons:
        numbers = ", ".join(str(question.number) for question, _, _ in shown)
        return say(
            f"I am not sure what that is for, so I have passed it on to nobody. To say it about "
            f"question {numbers}, reply to its message or press *{'Reply' if own else 'Answer'}*. "
            "To ask something of your own, begin with “ask”."
        )
    lines = "\n".join(
        f"- **Question {q.number}:** {_line(q, 120)}"
        + (" (yours, without your name)" if q in own and q.asker is None else "")
        for q, _, _ in shown
    )
    return say(
        f"What is that for?\n{lines}",
        _quote(words, limit=600),
        Buttons(buttons=(*buttons, *_new_question(words, unnamed=unnamed))),
        summary="What is that for?",
    )


NOT_ASKED = "All right. I have asked nobody. `/help` lists all that I can do."


def named_in_passing(words: str) -> Message:
    """For somebody who named us in a channel, in words that seem to be for others."""
    args: Args = {"words": words}
    if not fits_a_button(args):
        return say("If that was a question for me, write it again and begin with my name.")
    return say(
        "Is that a question for me? If so, I ask it openly where you wrote it: everybody there "
        "reads it, and anybody may answer.",
        _quote(words, limit=600),
        Buttons(
            buttons=(
                Button(label="Ask it openly", action="question.put_here", args=args),
                Button(label="No", action="question.not_asked"),
            )
        ),
    )


def _new_question(words: str, *, unnamed: bool) -> list[Button]:
    """That the words are a new question. `unnamed`: the person has asked without their name,
    so it is said as whom."""
    action = "question.put_words"
    if not unnamed:
        return [Button(label="A question of my own", action=action, args={"words": words})]
    hidden: Args = {"words": f"anonymously {words}"}
    return [
        Button(label="A new question, as me", action=action, args={"words": words}),
        *(
            [Button(label="A new question, without my name", action=action, args=hidden)]
            if fits_a_button(hidden)
            else []
        ),
    ]


def passed_on(question: Question, to: str | None) -> Message:
    """For an asker who wrote without saying for whom; `to` is who has the question."""
    unnamed = question.visibility is Visibility.ANONYMOUS
    what = f"Passed on to {literal(to)}" if to else "Added for whoever takes it"
    how = ", without your name" if unnamed else ""
    return say(
        f"{what}{how}, as more about question {question.number}.",
        Note(text="If it was a new question, write it again and begin with “ask”."),
    )


def asks_back(question: Question, turn: Turn, author: Person) -> Message:
    """A question back, for the asker."""
    unnamed = question.visibility is Visibility.ANONYMOUS
    how = " I pass it on without your name." if unnamed else ""
    return say(
        f"**{mention(author.name, author.address)}** has a question about your question "
        f"{question.number}. Write your reply here, or press *Reply*.{how}",
        _quote(turn.text, by=author.name, limit=MAX_QUOTE),
        Note(text=f"You asked: {literal(shorten(question.text, 300))}"),
        Buttons(
            buttons=(
                Button(
                    label="Reply",
                    action="question.follow_up",
                    args=_of(question),
                    style=Style.PRIMARY,
                ),
                Button(label="Withdraw", action="question.withdraw", args=_of(question)),
            )
        ),
        summary=f"{author.name} asks back: {turn.text}",
    )


def ask_back_form(question: Question, asker: str | None) -> Form:
    return Form(
        title="Ask back",
        intro=shorten(f"{asker or 'Someone'} asks: {question.text}", 900),
        fields=(LongTextField(name="text", label="What do you need to know?", required=True),),
        submit="Ask",
        action="question.send_ask_back",
        args=_of(question),
    )


def released_by_clock(question: Question) -> Message:
    return say(
        f"**Question {question.number}.** It has been quiet for a while, so I am asking somebody "
        "else as well. If you know the answer, you can still give it.",
        _quote(question.text, limit=300),
        Buttons(buttons=(Button(label="Answer", action="question.answer", args=_of(question)),)),
    )


# --- answers --------------------------------------------------------------------------


def answer(
    question: Question,
    turn: Turn,
    author: Person,
    *,
    sharing: bool,
    title: str,
    earlier: int = 0,
) -> Message:
    """An answer for the asker; `title` is what the question will be called for others."""
    parts: list[Part] = [
        _quote(turn.text, by=author.name, limit=MAX_QUOTE),
        Note(text=f"You asked: {literal(shorten(question.text, 300))}"),
    ]
    buttons = [*_to_settle(question, turn, sharing=sharing), *_read_answer(question, turn)]
    parts.append(Buttons(buttons=tuple(buttons)))
    parts.append(
        Note(
            text=(
                "When you accept, the answer is kept for others who ask the same, without your "
                f"name, as: “{literal(title)}”"
            )
        )
    )
    also = " too" if earlier else ""
    return say(
        f"**{mention(author.name, author.address)}** answered your question "
        f"{question.number}{also}.",
        *parts,
        summary=f"{author.name} answered: {turn.text}",
    )


def _to_settle(question: Question, turn: Turn, *, sharing: bool) -> list[Button]:
    """What the asker may say to an answer."""
    args: Args = {"question": question.id, "answer": turn.id}
    accept = Button(
        label="That’s the answer", action="question.accept", args=args, style=Style.PRIMARY
    )
    private = Button(
        label="Accept, but keep it private", action="question.accept_private", args=args
    )
    return [
        accept,
        *([private] if sharing else []),
        Button(label="Follow up", action="question.follow_up", args=_of(question)),
        Button(label="Not yet", action="question.not_yet", args=_of(question)),
    ]


def answer_in_thread(question: Question, turn: Turn, author: Person) -> Message:
    """An answer to an open question, for everybody in its thread."""
    return say(
        f"{literal(author.name)} answers question {question.number}.",
        _quote(turn.text, by=author.name, limit=MAX_QUOTE),
    )


def _read_answer(own: Question, turn: Turn, shown: int = MAX_QUOTE) -> list[Button]:
    if len(turn.text) <= shown:
        return []
    args: Args = {"question": own.id, "answer": turn.id}
    return [Button(label="Read it all", action="question.read_answer", args=args)]


def answer_for_subscriber(own: Question, turn: Turn, author: Person) -> Message:
    """For the asker of a duplicate."""
    return say(
        f"Your question {own.number} is the same as another, and that one was answered.",
        _quote(turn.text, by=author.name, limit=MAX_QUOTE),
        Note(text=f"You asked: {literal(shorten(own.text, 300))}"),
        Buttons(
            buttons=(
                *_read_answer(own, turn),
                Button(label="Open mine again", action="question.reopen", args=_of(own)),
            )
        ),
    )


def ended_for_subscriber(own: Question) -> Message:
    """For the asker of a duplicate, when the other question found nobody either."""
    return say(
        f"I am sorry: nobody could answer the question that your question {own.number} is the "
        "same as.",
        _quote(own.text, limit=300),
        Buttons(
            buttons=(Button(label="Open mine again", action="question.reopen", args=_of(own)),)
        ),
        tone=Tone.WARNING,
    )


def follow_up_form(question: Question, *, first: bool) -> Form:
    return Form(
        title="Add something" if first else "Follow up",
        fields=(
            LongTextField(
                name="text",
                label="What should your colleague know?",
                required=True,
            ),
        ),
        submit="Send",
        action="question.send_follow_up",
        args=_of(question),
    )


def follow_up(question: Question, turn: Turn, asker: str | None) -> Message:
    """What the asker added, for the one who is on it."""
    return say(
        f"{literal(asker or 'The asker')} wrote about question {question.number}. "
        "Answer here, or with the button.",
        _quote(turn.text, by=asker or "the asker", limit=MAX_QUOTE),
        Note(text=f"The question: {literal(shorten(question.text, 300))}"),
        Buttons(
            buttons=(
                Button(
                    label="Answer",
                    action="question.answer",
                    args=_of(question),
                    style=Style.PRIMARY,
                ),
                Button(label="Give it back", action="question.release", args=_of(question)),
            )
        ),
        summary=f"{asker or 'The asker'} wrote: {turn.text}",
    )


NO_ANSWER_WORDS = "I could not find any words in that. Please write the answer in a few words."
FOLLOW_UP_SENT = "Passed on."
NOT_YET = "I pass it on once more. You can also add something for whoever takes it."


def accepted(question: Question, turn: Turn, author: Person, article: Article | None) -> Message:
    """The asker's card after accepting."""
    kept = (
        f"Kept for others, without your name, as: “{literal(article.title)}”."
        if article is not None
        else "It stays between the two of you."
    )
    buttons = [Button(label="Open it again", action="question.reopen", args=_of(question))]
    if article is not None and article.state is ArticleState.CANDIDATE:
        buttons.insert(
            0,
            Button(label="Propose for the FAQ", action="faq.propose", args={"article": article.id}),
        )
    return say(
        f"**Question {question.number}.** {mention(author.name, author.address)}’s answer is "
        f"accepted. {kept} In a few days I will ask once whether it worked.",
        _quote(turn.text, by=author.name),
        Buttons(buttons=tuple(buttons)),
        tone=Tone.GOOD,
    )


def marked_in_public(question: Question) -> Message:
    """For an asker whose name is left out, who marked an answer where everybody sees by whom."""
    return say(
        f"Everybody there sees that mark, and question {question.number} stands there without your "
        "name. So I have not accepted anything. Take the mark off again, and press *That’s the "
        "answer* in our own chat.",
        tone=Tone.WARNING,
    )


def was_accepted(question: Question, asker: str | None, article: Article | None) -> Message:
    """For the one who answered."""
    parts: list[Part] = []
    kept = ""
    if article is not None:
        name = "with your name on it" if article.author else "without your name"
        kept = f" It is kept for others who ask the same, {name}."
        off = Button(
            label="Leave my name off", action="faq.anonymise", args={"article": article.id}
        )
        buttons = [
            *([off] if article.author else []),
            _do_not_share(article),
        ]
        if article.state is ArticleState.CANDIDATE:
            buttons.insert(
                0,
                Button(
                    label="Propose for the FAQ", action="faq.propose", args={"article": article.id}
                ),
            )
        parts.append(Buttons(buttons=tuple(buttons)))
    return say(
        f"{literal(asker or 'The asker')} accepted your answer to question {question.number}. "
        f"Thank you.{kept}",
        *parts,
        tone=Tone.GOOD,
    )


def did_it_work(question: Question, answer: str, args: Args) -> Message:
    """Asked once, some days after an answer was accepted or an entry was said to solve it.
    `args` say which."""
    parts: list[Part] = [_quote(question.text, limit=400), _quote(answer, limit=600)]
    parts.append(
        Buttons(
            buttons=tuple(
                Button(
                    label=label,
                    action=f"question.{verb}",
                    args={**_of(question), **args},
                )
                for label, verb in (
                    ("Worked", "worked"),
                    ("Partly", "partly_worked"),
                    ("No", "did_not_work"),
                    ("Haven’t tried", "not_tried"),
                )
            )
        )
    )
    parts.append(
        Note(
            text="One tap, asked once. It tells the next one who asks how far to trust the answer."
        )
    )
    return say("Did it work?", *parts, summary=f"Did it work? {question.text}")


def followed_through(question: Question, verb: str) -> Message:
    """What the asker reads who said whether it worked: also who is told."""
    if question.state is State.SELF_SOLVED:
        worked = "Good to hear. It is counted, and nobody is told."
    elif question.asker is None:
        worked = "Good to hear. Whoever answered is told that it worked, not by whom."
    else:
        worked = "Good to hear. Whoever answered is told; it is counted without your name."
    line, tone = {
        "worked": (worked, Tone.GOOD),
        "partly_worked": (
            "It is counted without your name. You can open the question again.",
            Tone.NEUTRAL,
        ),
        "did_not_work": ("Thank you for saying so. I have opened it again.", Tone.NEUTRAL),
        "not_tried": ("All right. I will not ask again.", Tone.NEUTRAL),
    }[verb]
    buttons = (
        (
            Buttons(
                buttons=(
                    Button(label="Open it again", action="question.reopen", args=_of(question)),
                )
            ),
        )
        if verb in {"partly_worked", "not_tried"}
        else ()
    )
    return say(f"**Question {question.number}.** {line}", *buttons, tone=tone)


def it_worked(question: Question) -> Message:
    return say(f"Your answer to question {question.number} worked.", tone=Tone.GOOD)


def reopened(question: Question, asker: str | None, *, failed: bool) -> Message:
    """For the one who answered: first to be asked again."""
    why = "it did not work out yet" if failed else "there is more to it"
    return say(
        f"{literal(asker or 'The asker')} opened question {question.number} again: {why}. "
        "Can you have another look?",
        _quote(question.text),
        Buttons(
            buttons=(
                Button(
                    label="Answer",
                    action="question.answer",
                    args=_of(question),
                    style=Style.PRIMARY,
                ),
                Button(label="Give it back", action="question.release", args=_of(question)),
            )
        ),
    )


# --- channel, steward, list -----------------------------------------------------------


def consent(question: Question, channel: str) -> Message:
    """Asks the asker before anything of a private question is posted."""
    return say(
        f"Nobody has taken question {question.number} yet. May I post it in "
        f"{mention_channel(channel)}, {_whose(question)}? This is what I would post:",
        _quote(question.text, limit=MAX_QUOTE),
        Buttons(buttons=(*_to_consent(question), *_read_all(question, question.text))),
    )


def in_channel(question: Question) -> Message:
    """A question without its asker, in the topic's channel."""
    return say(
        f"Someone asks (question {question.number}). {ANYBODY_MAY_ANSWER}",
        _quote(question.text, limit=MAX_QUOTE, by="someone"),
        Buttons(
            buttons=(
                Button(label="I take it", action="question.claim", args=_of(question)),
                Button(label="Answer", action="question.answer", args=_of(question)),
                *_read_all(question, question.text),
            )
        ),
        summary=f"Someone asks: {question.text}",
    )


def kept_for_hour(question: Question) -> Message:
    """Said at once to who asks something for an hour that was announced."""
    name = (
        "nobody learns that it is yours"
        if question.visibility is Visibility.ANONYMOUS
        else "without your name"
    )
    return say(
        f"I keep your question {question.number} for the hour. Then it stands in its channel, "
        f"{name}, and I bring you what comes back. What nobody has answered by the end gets "
        "somebody who sees to it.",
        Buttons(
            buttons=(Button(label="Withdraw", action="question.withdraw", args=_of(question)),)
        ),
    )


NO_HOUR = "I know nothing of that hour any more."


def why_entrusted(title: str, due_on: date) -> str:
    """Why somebody gets a question that an hour has left open."""
    told = shorten(title, 60)
    return f"It stayed open in the hour “{told}”, and is yours to see to by {_day_of(due_on)}"


def hour_questions(
    title: str, questions: Sequence[tuple[Question, str | None]], about: str
) -> Message:
    """Where the questions of an hour stand, each with the name of its owner if it has one."""
    refresh = Button(label="Where they stand", action="question.of_hour", args={"about": about})
    what = f" of “{literal(shorten(title, 100))}”" if title else ""
    if not questions:
        return say(f"Nothing was asked for the hour{what}.")
    still = [q for q, _ in questions if q.is_open and q.state is not State.ANSWERED]
    lines = []
    for question, owner in questions[:30]:
        line = f"- **Question {question.number}:** {_line(question, 100)} ({STATES[question.state]}"
        if owner is not None and question in still and question.due_on is not None:
            line += f"; {literal(owner)} sees to it by {_day_of(question.due_on)}"
        lines.append(line + ")")
    one, none = len(questions) == 1, not still
    if one:
        said = f"The one question of the hour{what} {'has an answer' if none else 'is still open'}."
    elif none:
        said = f"All {len(questions)} questions of the hour{what} have an answer."
    else:
        verb = "is" if len(still) == 1 else "are"
        said = f"{len(still)} of {len(questions)} questions of the hour{what} {verb} still open."
    return say(
        said,
        *_chunks(lines),
        Buttons(buttons=(refresh,)),
        tone=Tone.NEUTRAL if still else Tone.GOOD,
    )


def _day_of(day: date) -> str:
    return f"{day.day} {day:%B}"


def _chunks(lines: Sequence[str]) -> list[Part]:
    """Lines as texts that fit."""
    return [Text(text="\n".join(lines[n : n + 10])) for n in range(0, len(lines), 10)]


POSTED = "Posted. I will bring you what comes back."
NOT_POSTED = "All right, it stays private. The steward of the topic has it now."


def why_escalated(topic: Topic | None, *, looks_after: bool, is_orphan: bool) -> str:
    """Why somebody is told that a question found nobody. `is_orphan`: nobody but the
    community managers looks after the topic."""
    if topic is not None and looks_after:
        return f"Why you: you look after {topic.title}."
    if topic is None:
        return "Why you: you are a community manager here, and it belongs to no topic."
    if is_orphan:
        return "Why you: you are a community manager here, and nobody looks after this topic."
    return "Why you: you are a community manager here."


def escalation(
    question: Question,
    topic: Topic | None,
    asker: str | None,
    added: Sequence[Turn],
    why: str,
    named: tuple[str, str | None] | None = None,
) -> Message:
    """For the steward of a topic or a community manager, when nobody else was free.
    `named`: who has named whom since; see `handed_on`."""
    about = f" about **{literal(topic.title)}**" if topic else ""
    more = _read_all(question, question.text)
    then = "Can you answer it or name somebody?"
    if named is not None:
        by, other = literal(named[0]), literal(named[1] or "somebody")
        then = f"{by} has named {other}, who is being asked. You can still answer it."
    return say(
        f"Question {question.number}{about} found nobody. {then}",
        _quote(question.text, by=asker or "someone"),
        *_added(added),
        Buttons(
            buttons=(
                Button(
                    label="I take it",
                    action="question.claim",
                    args=_of(question),
                    style=Style.PRIMARY,
                ),
                Button(label="Answer now", action="question.answer", args=_of(question)),
                Button(
                    label="Ask someone else…", action="question.someone_else", args=_of(question)
                ),
                Button(label="Same as another…", action="question.duplicate", args=_of(question)),
                *more,
            )
        ),
        Note(text=literal(why)),
        CONTROLS,
        summary=f"A question found nobody: {question.text}",
    )


def because_escalated(why: str) -> str:
    """The same for who asks why they get it; `why` is that of the card."""
    reason = why.removeprefix("Why you: ")
    return shorten(reason[0].upper() + reason[1:], 300)


_WHAT_FOUND_NOBODY = Button(
    label="What found nobody", action="question.unanswered", style=Style.PRIMARY
)


def escalations() -> Message:
    """When more questions found nobody before the letter about the first has gone."""
    return with_controls(
        say(
            "Questions that found nobody wait for you. The list has them all.",
            Buttons(buttons=(_WHAT_FOUND_NOBODY,)),
        )
    )


def which_of_several() -> Message:
    """To words under a letter that tells of several questions."""
    return say(
        "I cannot tell which question that is for, so I have sent it to nobody. "
        "Open the question in the list, and write your answer there.",
        Buttons(buttons=(_WHAT_FOUND_NOBODY,)),
    )


def duplicate_form(question: Question) -> Form:
    return Form(
        title="Same as another",
        intro=shorten(f"Question {question.number}: {question.text}", 900),
        fields=(
            NumberField(
                name="number", label="Number of the other question", required=True, minimum=1
            ),
        ),
        submit="Join them",
        action="question.mark_duplicate",
        args=_of(question),
    )


def joined(question: Question, other: Question) -> Message:
    return say(
        f"Question {question.number} is now followed as part of question {other.number}. "
        "Whoever asked it will be told what becomes of that one."
    )


NO_SUCH_NUMBER = "There is no open or answered question with that number."
SAME_NUMBER = "A question cannot be the same as itself."


UNNAMED = "What you asked without your name is on no list: it stands only in this conversation."
UNNAMED_ELSEWHERE = (
    "What you asked without your name is on no list: it stands only in our own chat."
)
OWN_NAME = (
    "Your own name or address stands in that, so it would tell who asks. I have kept nothing of "
    "it. Please send it again without."
)


def ended_meanwhile(question: Question) -> str:
    """For somebody whose answer comes too late; their words still stand in the form."""
    how = {
        State.WITHDRAWN: "was withdrawn",
        State.SELF_SOLVED: "was solved by an FAQ entry",
        State.DUPLICATE: "was joined with another",
    }.get(question.state, "was closed")
    return (
        f"Question {question.number} {how} meanwhile, so nobody waits for this. To keep your words "
        "for others, copy them into a message and choose “Save as FAQ” on it."
    )


def question_list(title: str, questions: Sequence[Question], empty: str, note: str = "") -> Message:
    notes = (Note(text=note),) if note else ()
    if not questions:
        return say(empty, *notes)
    lines = [f"- **Question {q.number}:** {_line(q, 120)} ({STATES[q.state]})" for q in questions]
    return Message(summary=title, parts=(*_list(title, lines), *notes))


def _list(title: str, lines: Sequence[str]) -> tuple[Text, ...]:
    """A title and its lines, in as many texts as their length takes, up to five."""
    texts, left = [f"**{title}**"], list(lines)
    while left:
        if len(texts[-1]) + len(left[0]) < PAGE:
            texts[-1] += f"\n{left.pop(0)}"
        elif len(texts) < 5:
            texts.append(left.pop(0))
        else:
            texts[-1] += f"\n… and {len(left)} more."
            break
    return tuple(Text(text=text) for text in texts)


def unanswered(questions: Sequence[tuple[Question, str]], after: int | None = None) -> Message:
    """The list of what found nobody: question and who looks after its topic. `after`: so many
    come before the next page."""
    if not questions:
        return say("No question is waiting for want of somebody. Good.", tone=Tone.GOOD)
    lines = [
        f"- **Question {q.number}:** {_line(q, 120)} "
        f"({STATES[q.state]}; steward: {literal(steward)})"
        for q, steward in questions
    ]
    title = "Questions that found nobody"
    open_ = [
        Button(label=f"Question {q.number}", action="question.open_escalated", args=_of(q))
        for q, _ in questions
        if q.state is State.ESCALATED
    ]
    if after is not None:
        open_.append(Button(label="More", action="question.unanswered", args={"after": after}))
    rows = [Buttons(buttons=tuple(open_[n : n + 5])) for n in range(0, len(open_), 5)]
    return Message(summary=title, parts=(*_list(title, lines), *rows))


# --- what I know ----------------------------------------------------------------------


def declared(topic: Topic, level: str) -> Message:
    title = literal(topic.title)
    line = {
        "can_help": f"Thank you. I may ask you about **{title}**, within your weekly limit.",
        "learning": (
            f"Good. I may now and then ask you about **{title}** together with somebody "
            "experienced, so that you learn from real questions."
        ),
        "none": f"All right. I will not ask you about **{title}**.",
    }[level]
    return say(
        line,
        Note(text="You can change this at any time: `/me` shows what I know about you."),
        tone=Tone.GOOD,
    )


def unknown_topic(words: str, near: Sequence[Topic], *, may_add: bool) -> str:
    known = f"Did you mean {' or '.join('“' + t.title + '”' for t in near)}? " if near else ""
    add = (
        f"You can open it with `/topic {shorten(words, 60)}`."
        if may_add
        else "`/topics` lists them; a community manager can open a new one."
    )
    if not words:
        return "Please name the topic, for example: `/know travel`. `/topics` lists them all."
    return f"I have no topic “{shorten(words, 60)}” yet. {known}{add}"


def topic_list(topics: Sequence[Topic], stewards: dict[str, str]) -> Message:
    if not topics:
        return say(NO_TOPICS)
    lines = [
        f"- **{literal(t.title)}**"
        + (f" ({literal(', '.join(t.aliases[:5]))})" if t.aliases else "")
        + (f", looked after by {literal(stewards[t.id])}" if t.id in stewards else "")
        for t in topics
    ]
    return Message(
        summary="Topics",
        parts=(
            *_list("Topics", lines),
            *_opening(topics),
            Note(text="Say “I know about …” or “I am learning …” to be asked, within your limit."),
        ),
    )


MOST_OPENED = 10


def _opening(topics: Sequence[Topic]) -> list[Part]:
    """The way to what there is about a topic; the library shows it."""
    options = [Option(label=shorten(topic.title, 75), value=topic.id) for topic in topics]
    return [
        Choice(
            label="Test yourself, read, or ask",
            action="library.topic",
            options=tuple(options[:MOST_OPENED]),
        )
    ]


def topic_added(topic: Topic) -> Message:
    unanswered = ""
    if topic.channel:
        where = mention_channel(topic.channel)
        unanswered = f" What finds nobody may, if the asker agrees, be posted in {where}."
    return say(
        f"**{literal(topic.title)}** is open, and you look after it.{unanswered} Say who may help: "
        "each person tells me “I know about …” themselves.",
        tone=Tone.GOOD,
    )


NO_MORE_ASKS = "All right: no questions from me at all. Say “ask me again” to change that."
ASKED_GOES_ON = "What you were asked and have not taken goes to somebody else."
ASKS_AGAIN = "Good. Questions may reach you again, within your weekly limit."


@dataclass(frozen=True, slots=True)
class Standing:
    """What Inflow holds about one person and questions, for that person only."""

    declared: Sequence[tuple[str, str]]
    load: int
    open: Sequence[Question]
    held: Sequence[Question]
    helped: int
    """Confirmed uses of the person's answers by others."""


_LEVELS = {
    "steward": "you look after it",
    "can_help": "you can help",
    "learning": "you are learning",
    "none": "do not ask me",
}


def about_me(person: Person, standing: Standing) -> list[Part]:
    times = "once" if standing.load == 1 else f"{standing.load} times"
    cap = person.weekly_cap
    lines = [f"You were asked {times} this week (your wish: {cap}, never more than {2 * cap})."]
    if standing.helped >= K_ANONYMOUS:
        lines.append(f"Your answers have helped {standing.helped} times.")
    if not person.asks_welcome:
        lines.append("You want no questions at all.")
    topics = [f"- **{literal(title)}**: {_LEVELS[level]}" for title, level in standing.declared]
    parts: list[Part] = [Text(text="\n".join(lines))]
    if topics:
        parts += [Divider(), *_list("Topics", topics)]
    for title, questions in (("My questions", standing.open), ("With me", standing.held)):
        if questions:
            parts += _list(
                title,
                [
                    f"- **Question {q.number}:** {_line(q, 100)} ({STATES[q.state]})"
                    for q in questions
                ],
            )
    parts.append(
        Buttons(
            buttons=(
                Button(label="Change my weekly limit", action="question.limit", args={}),
                Button(
                    label="Take my name off the FAQ",
                    action="faq.detach",
                    confirm=Confirm(
                        title="Take your name off?",
                        text="Your answers stay in the FAQ, as by a colleague.",
                        yes="Take it off",
                    ),
                ),
            )
        )
    )
    return parts


def limit_form(person: Person) -> Form:
    return Form(
        title="My weekly limit",
        fields=(
            NumberField(
                name="limit",
                label="Questions a week that I am glad to be asked",
                required=True,
                value=person.weekly_cap,
                minimum=0,
                maximum=50,
            ),
        ),
        submit="Keep",
        action="question.set_limit",
    )


BAD_LIMIT = "Please give a whole number from 0 to 50."


def limit_set(cap: int) -> Message:
    if cap == 0:
        return say("No questions will reach you. Set a higher limit to change that.")
    return say(
        f"About {cap} questions a week from now on, and never more than {2 * cap}.",
        tone=Tone.GOOD,
    )


def detached(count: int) -> Message:
    if count == 0:
        return say("Your name stands on no FAQ entry.")
    return say(
        f"Your name is off {count} FAQ {'entry' if count == 1 else 'entries'}, in all versions."
    )


# --- the person's own page ------------------------------------------------------------

Entry = list[Part]
"""A few parts of the page that belong together."""


def page_beginning(person: Person, *, is_new: bool) -> Section:
    """What one may begin; `is_new`: nothing is known yet that the person did here."""
    hello = (
        f"**Hello {literal(person.name)}.** Ask me what you need to know at work. I look whether "
        "somebody has answered it before; if not, I find the colleague who knows. You may ask "
        "without your name, and you decide what reaches you."
    )
    idle = "Nothing waits for you. What would you like to know?"
    ask = Button(label="Ask a question", action="question.ask", style=Style.PRIMARY)
    return Section(Shelf.BEGIN, entries=[[Text(text=hello if is_new else idle)]], buttons=(ask,))


def _line(question: Question, limit: int = 200) -> str:
    return literal(shorten(" ".join(question.text.split()), limit))


def page_asked_of(
    question: Question, *, asker: str | None, topic: Topic | None, mine: bool
) -> Entry:
    """A question put before the person, or (`mine`) taken by them."""
    who = literal(asker) if asker else "someone"
    about = f" about **{literal(topic.title)}**" if topic else ""
    taken = " You took it." if mine else ""
    buttons = (
        (
            Button(label="Answer", action="question.answer", args=_of(question)),
            Button(label="Give it back", action="question.release", args=_of(question)),
        )
        if mine
        else (
            Button(label="I take it", action="question.claim", args=_of(question)),
            Button(label="Not now", action="question.busy", args=_of(question)),
        )
    )
    return [
        Text(text=f"**Question {question.number}**, from {who}{about}.{taken}\n{_line(question)}"),
        Buttons(buttons=(*buttons, *_read_all(question, question.text))),
    ]


def page_questions_for_you(cards: Sequence[Entry], total: int) -> Section:
    """What the person has taken or may take."""
    return Section(Shelf.NOW, "Questions for you", entries=cards, total=total)


def page_answered(question: Question, turn: Turn, author: Person, *, sharing: bool) -> Entry:
    """A question of one's own that has an answer."""
    return [
        Text(text=f"**Question {question.number}:** {_line(question)}"),
        _quote(turn.text, by=author.name, limit=400),
        Buttons(
            buttons=(
                *_to_settle(question, turn, sharing=sharing),
                *(_read_answer(question, turn, 400)),
            )
        ),
        Note(
            text="Accepted, it is kept for others without your name. Without a word from you it "
            f"is closed after {CONFIRMATION_DAYS} working days."
        ),
    ]


def page_asked_by(question: Question, where: str, holder: str | None) -> Entry:
    """A question of one's own that waits for an answer. `where` is what `whereabouts` says."""
    match question.state:
        case State.SUGGESTED:
            line = (
                "I have shown you what I know about it. Without a tap there I ask a colleague "
                f"within {span(UNTAPPED)}."
            )
        case State.CLAIMED:
            line = (
                f"{literal(holder or 'A colleague')} is on it. If it stays quiet for "
                f"{span(CLAIM_SILENCE)} of working time, I ask others as well."
            )
        case _ if question.visibility is Visibility.OPEN:
            line = where.replace(IN_THREAD, IN_ITS_THREAD)
        case _:
            line = where
    buttons = [
        Button(label="Add something", action="question.add", args=_of(question)),
        Button(label="Withdraw", action="question.withdraw", args=_of(question)),
    ]
    if question.state is State.SUGGESTED:
        buttons[0] = Button(
            label="Ask a colleague now", action="question.route", args=_of(question)
        )
    return [
        Text(text=f"**Question {question.number}:** {_line(question)}\n{line}".strip()),
        Buttons(buttons=tuple(buttons)),
    ]


def page_your_questions(cards: Sequence[Entry], total: int) -> Section:
    """The person's own open questions."""
    return Section(Shelf.MINE, "Your questions", entries=cards, more="/questions", total=total)


def page_duties(reviews: int, orphans: int) -> list[Section]:
    """What waits for somebody who looks after topics."""
    lines, buttons = [], []
    if reviews:
        entries = "entry wants" if reviews == 1 else "entries want"
        lines.append(f"- {reviews} FAQ {entries} your eyes")
        buttons.append(Button(label="Review", action="faq.list_review"))
    if orphans:
        lines.append(f"- {orphans} question{'s' * (orphans > 1)} found nobody")
        buttons.append(Button(label="What found nobody", action="question.unanswered"))
    if not lines:
        return []
    return [
        Section(
            Shelf.DUTY,
            WHAT_YOU_LOOK_AFTER,
            entries=[[Text(text="\n".join(lines))]],
            buttons=buttons,
        )
    ]


def page_wishes(person: Person, *, is_stopped: bool) -> Section:
    """How often the person is asked something."""
    limit = Button(label="Change my weekly limit", action="question.limit")
    again = Button(label="Ask me again", action="question.ask_me_again")
    if is_stopped:
        return Section(Shelf.LIMITS, WHAT_REACHES_YOU)
    if not person.asks_welcome:
        text, button = "Questions of others: **none**, as you wished.", again
    elif person.weekly_cap == 0:
        text, button = "Questions of others: **none**, as your limit is 0.", limit
    else:
        text = f"Questions of others: about {person.weekly_cap} a week."
        button = limit
    return Section(Shelf.LIMITS, WHAT_REACHES_YOU, entries=[[Text(text=text)]], buttons=(button,))


def page_first_topic() -> Section:
    """For who may open the first topic."""
    text = (
        "There are none yet. `/topic Travel expenses` opens one: then people can say that they "
        "know about it, and I ask those."
    )
    return Section(Shelf.TODAY, "Topics", entries=[[Text(text=text)]])


def page_topics(declared: Sequence[tuple[Topic, str]], *, is_any: bool) -> Section:
    """What the person may be asked about, with the way out; `is_any`: there are topics at all."""
    change = Button(label="Say what I know", action="question.know")
    buttons = (change,) if is_any else ()
    title = "What you may be asked about"
    if not declared:
        text = (
            "Say what you know or would like to learn, and I may ask you now and then, within "
            "your limit. Passing is always fine."
        )
        entries = [[Text(text=text)]] if is_any else []
        return Section(Shelf.SHARED, title, entries=entries, buttons=buttons)
    lines = [f"**{literal(topic.title)}** ({_LEVELS[level]})" for topic, level in declared]
    shown, left = lines[:MOST_TOPICS], len(lines) - MOST_TOPICS
    more = f", and {left} more: `/me`" if left > 0 else "."
    entry: Entry = [Text(text=", ".join(shown) + more)]
    options = tuple(
        Option(label=shorten(topic.title, 75), value=topic.id)
        for topic, level in declared
        if level in {"can_help", "learning"}
    )
    if options:
        entry.append(
            Choice(
                label="Do not ask me any more about",
                action="question.drop_topic",
                options=options[:MOST_TOPICS],
            )
        )
    return Section(Shelf.SHARED, title, entries=[entry], buttons=buttons)


MOST_TOPICS = 10


def page_shared(articles: Sequence[Article], total: int) -> Section:
    """The answers that others are shown under the person's name, each with its way out."""
    entries = [_page_article(article) for article in articles]
    off = Button(
        label="Take my name off all",
        action="faq.detach",
        confirm=Confirm(
            title="Take your name off?",
            text="Your answers stay in the FAQ, as by a colleague. This cannot be undone.",
            yes="Take it off",
        ),
    )
    title = "Your answers that others find"
    return Section(
        Shelf.SHARED, title, entries=entries, buttons=(off,) if total > 1 else (), total=total
    )


def _page_article(article: Article) -> Entry:
    args: Args = {"article": article.id}
    buttons = [
        Button(
            label="Leave my name off",
            action="faq.anonymise",
            args=args,
            confirm=Confirm(
                title="Leave your name off?",
                text="The answer stays, as by a colleague. This cannot be undone.",
                yes="Leave it off",
            ),
        )
    ]
    if article.state not in {ArticleState.PUBLISHED, ArticleState.NEEDS_REVIEW}:
        buttons.append(_do_not_share(article))
    state = ARTICLE_STATES[article.state]
    return [
        Text(text=f"{literal(shorten(article.title, 150))} ({state})"),
        Buttons(buttons=tuple(buttons)),
    ]


_STAYS_WITH_ASKER = "The answer stays with the one who asked and is not shown to others."


def _do_not_share(article: Article, what: str = _STAYS_WITH_ASKER) -> Button:
    return Button(
        label="Do not share it",
        action="faq.unshare",
        args={"article": article.id},
        confirm=Confirm(
            title="Take it back?",
            text=what,
            yes="Take it back",
        ),
    )


def know_form(topics: Sequence[Topic]) -> Form:
    """What somebody says about themselves and one topic."""
    return Form(
        title="What I know",
        intro="I may ask you about it now and then, within your weekly limit. You can take it "
        "back at any time.",
        fields=(
            ChoiceField(
                name="topic",
                label="Topic",
                required=True,
                options=tuple(
                    Option(label=shorten(topic.title, 75), value=topic.id) for topic in topics[:100]
                ),
            ),
            ChoiceField(
                name="level",
                label="How is it with you?",
                required=True,
                options=(
                    Option(label="I can help with it", value="can_help"),
                    Option(label="I am learning it", value="learning"),
                    Option(label="Do not ask me about it", value="none"),
                ),
                value="can_help",
            ),
        ),
        submit="Keep",
        action="question.keep_declaration",
    )


NO_TOPICS = "There are no topics yet. A community manager opens one with `/topic`."
NO_SUCH_TOPIC = "I do not know this topic any more."

# --- FAQ ------------------------------------------------------------------------------

ARTICLE_STATES = {
    ArticleState.CANDIDATE: "an accepted answer, not in the FAQ yet",
    ArticleState.PROPOSED: "proposed, shown to nobody yet",
    ArticleState.DRAFTED: "drafted",
    ArticleState.IN_REVIEW: "in review",
    ArticleState.PUBLISHED: "published",
    ArticleState.NEEDS_REVIEW: "being checked",
    ArticleState.RETIRED: "retired",
    ArticleState.MERGED: "merged into another",
}


def article_card(shown: Suggested, reader: Person, *, curates: bool) -> Message:
    """One FAQ entry with what the reader may do to it."""
    article = shown.article
    args: Args = {"article": article.id}
    buttons: list[Button] = []
    if curates:
        is_out = article.state in {ArticleState.PUBLISHED, ArticleState.MERGED}
        if not is_out and not is_taken_back(article):
            buttons.append(
                Button(
                    label="Still right"
                    if article.state is ArticleState.NEEDS_REVIEW
                    else "Publish",
                    action="faq.publish",
                    # The reader publishes the words that this card shows, and no later ones.
                    args={**args, "version": article.version},
                    style=Style.PRIMARY,
                )
            )
        if article.state is not ArticleState.MERGED:
            buttons.append(Button(label="Edit", action="faq.edit", args=args))
        if is_doubted(article):
            buttons.append(Button(label="Leave it out", action="faq.retire", args=args))
        if article.state not in {ArticleState.RETIRED, ArticleState.MERGED}:
            buttons += [
                Button(label="Merge into…", action="faq.merge", args=args),
                Button(
                    label="Do not publish" if article.state is ArticleState.PROPOSED else "Retire",
                    action="faq.retire",
                    args=args,
                ),
            ]
    elif article.state not in {ArticleState.RETIRED, ArticleState.MERGED}:
        buttons.append(Button(label="Flag as wrong or outdated", action="faq.flag", args=args))
    parts: list[Part] = [
        _quote(article.text, limit=MAX_QUOTE),
        Note(text=f"{ARTICLE_STATES[article.state]} · {standing(shown, reader, curates=curates)}"),
    ]
    if buttons:
        parts.append(Buttons(buttons=tuple(buttons)))
    return say(f"**{literal(shorten(article.title, 300))}**", *parts)


def review(shown: Suggested, steward: Person, reason: str) -> Message:
    """An entry that wants its steward's eyes."""
    card = article_card(shown, steward, curates=True)
    return Message(
        summary=shorten(f"FAQ entry to review: {shown.article.title}", 300),
        parts=(Text(text=f"An FAQ entry wants your eyes: {literal(reason)}."), *card.parts),
    )


BECAUSE_UNANSWERED = "You look after what found nobody: it is listed once a week."
BECAUSE_HOUR = "You announced this hour of questions, or look after what is left of it."
BECAUSE_REVIEW = "You look after this entry: nobody else is asked whether it is still right."


def reviews() -> Message:
    """In the place of the first such letter, when more has come up before it went."""
    return say(
        "Several FAQ entries want your eyes. The list says of each why.",
        Buttons(buttons=(Button(label="Review", action="faq.list_review", style=Style.PRIMARY),)),
    )


def review_list(articles: Sequence[Article]) -> Message:
    if not articles:
        return say("Nothing waits for review.", tone=Tone.GOOD)
    parts: list[Part] = [Text(text="**FAQ entries that want your eyes**")]
    for article in articles[:10]:
        parts += [
            Text(
                text=f"{literal(shorten(article.title, 200))} ({ARTICLE_STATES[article.state]}"
                + (f": {literal(article.note)}" if article.note else "")
                + ")"
            ),
            Buttons(
                buttons=(Button(label="Open", action="faq.open", args={"article": article.id}),)
            ),
        ]
    return Message(summary="FAQ entries that want your eyes", parts=tuple(parts))


def faq_results(shown: Sequence[Suggested], reader: Person) -> Message:
    if not shown:
        return say("I found nothing like that in the FAQ. `/ask` puts it to a colleague.")
    parts: list[Part] = []
    for suggested in shown:
        parts += [
            Text(text=f"**{literal(shorten(suggested.article.title, 300))}**"),
            _quote(suggested.article.text, limit=600),
            Note(text=standing(suggested, reader)),
            Buttons(
                buttons=(
                    Button(label="Open", action="faq.open", args={"article": suggested.article.id}),
                )
            ),
        ]
    return Message(
        summary=shorten(f"From the FAQ: {shown[0].article.title}", 300), parts=tuple(parts)
    )


def faq_form(
    person: Person,
    author: Person | None,
    *,
    title: str = "",
    text: str = "",
    topics: Sequence[Topic],
    topic: str = "",
) -> Form:
    """A new FAQ entry, as from a message that deserves to be kept; `author` wrote that, None
    where nobody here did. It says who will see it."""
    told, whose = "", "a colleague"
    if author is not None and author.id == person.id:
        whose = "you"
    elif author is not None:
        told, whose = f", and {author.name} is told", author.name
    return Form(
        title="Save as FAQ",
        intro=f"At first only a steward sees it{told}. Once it is published everybody here can "
        f"find it, as written by {whose}.",
        fields=(
            TextField(
                name="title",
                label="The question, as somebody would ask it",
                required=True,
                value=title[:300],
                max_length=300,
            ),
            LongTextField(name="text", label="The answer", required=True, value=text[:3_000]),
            ChoiceField(
                name="topic",
                label="Topic",
                options=(
                    Option(label="I am not sure", value="none"),
                    *(Option(label=shorten(t.title, 75), value=t.id) for t in topics[:99]),
                ),
                value=topic if any(t.id == topic for t in topics[:99]) else "none",
            ),
        ),
        submit="Send for review",
        action="faq.save",
        args={"author": author.id} if author else {},
    )


FORM_TEXT = 3_000
"""So much of a text fits into a form."""
FIRST_PART = "This is the first part; the rest of the long answer stays behind it."


def flag_form(article: Article, args: Args) -> Form:
    return Form(
        title="Wrong or outdated?",
        intro=shorten(article.title, 900),
        fields=(
            TextField(
                name="reason",
                label="What is wrong with it?",
                hint="You need not say. Only the steward reads it, without your name.",
                max_length=300,
            ),
        ),
        submit="Flag it",
        action="faq.send_flag",
        args=args,
    )


def flagged(article: Article, told: Sequence[str], question: Question | None) -> Message:
    """For whoever flagged an entry: what becomes of it; `told` are those who look at it, and
    `question` the one that it was suggested for and that nobody has been asked yet."""
    who = literal(" or ".join(told[:3])) if told else "a steward"
    until = f"until {who} has looked at it."
    line = (
        f"Thank you. It stays, marked as being checked, {until}"
        if article.state is ArticleState.NEEDS_REVIEW
        else f"Thank you. Nobody had verified it yet, so nobody is shown it {until}"
    )
    if question is None:
        return say(line)
    ask = Button(label="Ask a colleague now", action="question.route", args=_of(question))
    return say(line, Buttons(buttons=(ask,)))


def edit_form(article: Article) -> Form:
    return Form(
        title="Edit FAQ entry",
        fields=(
            TextField(
                name="title",
                label="Question",
                required=True,
                value=article.title[:300],
                max_length=300,
            ),
            LongTextField(
                name="text",
                label="Answer",
                hint=FIRST_PART if len(article.text) > FORM_TEXT else None,
                required=True,
                value=article.text[:FORM_TEXT],
            ),
        ),
        submit="Keep",
        action="faq.keep",
        args={"article": article.id, "version": article.version},
    )


def merge_form(article: Article, others: Sequence[Article]) -> Form:
    return Form(
        title="Merge into",
        intro=shorten(article.title, 900),
        fields=(
            ChoiceField(
                name="into",
                label="The entry that stays",
                required=True,
                options=tuple(
                    Option(label=shorten(other.title, 75), value=other.id) for other in others[:100]
                ),
            ),
        ),
        submit="Merge",
        action="faq.join",
        args={"article": article.id},
    )


CHANGED_MEANWHILE = (
    "Somebody changed this entry while you were writing. Copy your words, open it again and "
    "look at theirs first."
)
VERIFIED_ALREADY = (
    "A steward has verified this entry by now, so it stays. You can take your name off it "
    "(`/me`), or flag it if it is wrong."
)
MERGED_ALREADY = "This entry was merged into another one."
FAQ_USAGE = "What are you looking for? For example: `/faq reset password`."
NOTHING_TO_MERGE = "There is no similar entry to merge it into."
NOT_SHOWN = "This entry is not shown at the moment."
KEPT_PRIVATE = "The one who asked opened the question again and kept the answer to themselves."
PROPOSED = "Proposed. The steward of the topic decides."
PROPOSED_NOBODY = "Drafted. Nobody looks after this topic yet, so it waits for a steward."
TAKEN_BACK_ALREADY = "The one who wrote it took it back, so it is not published."
ANONYMISED = "Your name is off this answer."
UNSHARED = "Taken back: it is not shown to others."


def only_steward(names: Sequence[str]) -> str:
    """For who may not curate an entry; `names` are those who look after it."""
    if not names:
        return "Only a steward can do this, and nobody looks after this topic yet."
    return f"Only the steward of this topic can do this: {' or '.join(names[:3])}."


MISSING = "Please fill this in."
SECOND_PERSON = "This topic is regulated: somebody other than the author has to publish."


def is_taken_back(article: Article) -> bool:
    """Whether whoever wrote it said that it is not to be shared."""
    return article.state is ArticleState.RETIRED and article.note == TAKEN_BACK


def saved(told: Sequence[str], author: Person | None, person: Person) -> Message:
    """For whoever saved a message as FAQ; `told` are those who may publish it."""
    who = literal(" or ".join(told[:3]))
    until = f"until {who} publishes it" if told else "until it has a steward who publishes it"
    also = ""
    if author is not None and author.id != person.id:
        also = f" {literal(author.name)} is told, and can take it back."
    return say(f"Proposed. Nobody else sees it {until}.{also}")


BECAUSE_YOURS = "Somebody wants to share words of yours, and it is for you to say whether they may."


def proposed_by_another(article: Article, by: Person) -> Message:
    """For whoever wrote the words that somebody else saved as FAQ."""
    args: Args = {"article": article.id}
    return say(
        f"{mention(by.name, by.address)} proposes words of yours for the FAQ, as the answer to "
        f"“{literal(shorten(article.title, 300))}”.",
        _quote(article.text, limit=600),
        Text(
            text="Nobody finds it there until a steward has published it; then everybody here can, "
            "with your name on it."
        ),
        Buttons(
            buttons=(
                Button(label="Leave my name off", action="faq.anonymise", args=args),
                _do_not_share(article, "Nobody is shown it, even if it was published by then."),
            )
        ),
        Note(text="If it is all right for you, you need do nothing. You are told this once."),
    )


def moved(article: Article) -> Message:
    return say(
        f"“{literal(shorten(article.title, 200))}” is now {ARTICLE_STATES[article.state]}.",
        tone=Tone.GOOD,
    )


def week_asked(question: Question) -> str:
    """A line of the asker's own week."""
    return f"You asked: {literal(shorten(' '.join(question.text.split()), 150))}"


def week_answered(question: Question) -> str:
    """A line of the week of who answered."""
    return f"You answered: {literal(shorten(' '.join(question.text.split()), 150))}"
