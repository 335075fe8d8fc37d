"""Every sentence about tips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.access import K_ANONYMOUS
from bot.capabilities.tips.course import Entry, best_of, entry_of, in_order, is_right
from bot.capabilities.tips.model import (
    MOST_ACTIVE,
    Card,
    CardState,
    Certainty,
    Misbelief,
    Nomination,
    Pace,
    Pick,
    Reaction,
    Review,
    Subscription,
    SubscriptionState,
    Tally,
)
from bot.form import ChoiceField, Form, LongTextField, TextField
from bot.message import (
    Args,
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Message,
    Note,
    Option,
    Part,
    Quote,
    Text,
    Tone,
    fits_a_button,
    literal,
    say,
    shorten,
)
from bot.messages import BEHIND, WHAT_REACHES_YOU, WHAT_YOU_LOOK_AFTER
from bot.pack.about import begin_question, write_about
from bot.pack.item import Option as Answer
from bot.pack.item import ScenarioChoice
from bot.pack.markup import bare, rich
from bot.pack.model import Check, Quiz, Tip
from bot.page import Section, Shelf
from bot.people import Person
from bot.topic import Topic
from bot.weekday import say_weekdays

MOST_LISTED = 6
MOST_OPTIONS = 10
MOST_IN_ROW = 5
LETTERS = "ABCDEFGH"
MAX_TIP = 600
ANSWER = "answer-"
"""How the id begins of what was an answer."""

NO_TIPS = "There are no tips here yet. When somebody writes some, you find them under `/tips`."
NO_SUCH_TOPIC = "I have no tips about that. `/tips` lists what there is."
GONE = "I could not find that tip any more. It may have been taken out."
NOTED_ALREADY = "I have noted that already."
NOT_YOURS = "I could not find that any more."
NOTHING_NOW = (
    "There is nothing for you just now: all that you follow has been told, and nothing of it is "
    "due. `/tips` shows what else there is."
)
CHOOSE_PACE = "Please choose how often."
BAD_WEEKDAYS = "Please name weekdays, like: Mon-Fri, or: Tue Thu"
ONLY_STEWARD = "Only who looks after the topic can do this."
TOO_LONG = f"A tip has at most {MAX_TIP} characters: one idea, read in less than a minute."
ALL_THREE = "A question takes all three: itself, the best answer and a likely mistake."
TOO_LONG_LINE = "At most 300 characters."
EMPTY_TIP = "Please write what the tip says."
TAKEN_OUT = "Taken out. Nobody gets this tip any more; it stays on record."
DECIDED = "That has been decided already."
DECLINED = "All right, it stays an answer and becomes no tip."
FORGOTTEN = "Forgotten: what you followed, what was shown to you, and what you said about it."
LEFT_OUT = "All right, it is not asked."
NO_NOMINATIONS = "No answer waits to become a tip."

_MY_TIPS = Button(label="My tips", action="tips.list")
_PULL = Button(label="A tip now", action="tips.pull")

_SAID = {
    Reaction.NEW_TO_ME: "New to me",
    Reaction.USEFUL: "Useful",
    Reaction.KNEW_IT: "Knew it",
    Reaction.NOT_FOR_ME: "Not for me",
}
SAID_WORDS: Mapping[str, Reaction] = {
    "new": Reaction.NEW_TO_ME,
    **{label.casefold(): reaction for reaction, label in _SAID.items()},
}
"""What may be written instead of pressed."""
MORE_WORDS = frozenset({"more", "more…", "more..."})
PACES = {
    Pace.DAILY: "Every working day",
    Pace.THREE: "Every second working day",
    Pace.WEEKLY: "Once a week",
}
_SURE = {
    Certainty.GUESS: "A guess",
    Certainty.FAIRLY: "Fairly sure",
    Certainty.SURE: "Very sure",
}
SURE_WORDS: Mapping[str, Certainty] = {
    **{label.casefold(): certainty for certainty, label in _SURE.items()},
    "guess": Certainty.GUESS,
    "not sure": Certainty.GUESS,
    "1": Certainty.GUESS,
    "2": Certainty.FAIRLY,
    "sure": Certainty.SURE,
    "3": Certainty.SURE,
    "just tell me": Certainty.UNSAID,
}
"""The same of how sure somebody is."""


# --- one tip --------------------------------------------------------------------------------


def tip(entry: Entry, pick: Pick, topic: Topic, *, whole: bool = False) -> Message:
    """An idea, and what one may say about it. All else is behind *More…*, but of the `whole`."""
    wording = entry.wording(pick.variant)
    before = f"New since you finished **{literal(topic.title)}**:\n" if pick.is_late else ""
    args = _args(pick)
    small = [topic.title]
    small += [f"from {entry.tip.credit}"] if entry.tip.credit else []
    small += [asked_by(entry.asked)] if entry.asked > 1 else []
    row = [
        Button(label=label, action="tips.react", args={**args, "said": reaction.value})
        for reaction, label in _SAID.items()
    ]
    rest = Buttons(buttons=(*_read_more(entry), _stop(topic)))
    return say(
        before + rich(wording.text),
        *([Note(text="Try it: " + rich(entry.tip.try_it))] if entry.tip.try_it else []),
        Buttons(buttons=tuple(row if whole else [*row, _more(pick)])),
        Note(text=f"{literal(' · '.join(small))}. Or write “new”, “useful”, “knew it” or “more”."),
        *([rest] if whole else []),
        summary=bare(wording.text),
    )


def asked_by(people: int) -> str:
    """How many colleagues wanted to know. Of a few it is not said how few they are."""
    return f"asked by {people if people >= K_ANONYMOUS else 'several'} colleagues"


def question(
    entry: Entry,
    check: Check,
    pick: Pick,
    topic: Topic,
    *,
    hint: bool = False,
    whole: bool = False,
) -> Message:
    """A question that brings an idea back. With `hint` the idea itself stands above it. What does
    not answer it is behind *More…*, but of the `whole`."""
    args = _args(pick)
    options = shown(entry, check, pick)
    lines = [
        f"**{letter}.** {rich(option.text)}"
        for letter, option in zip(LETTERS, options, strict=False)
    ]
    buttons = [
        Button(
            label=letter,
            action="tips.answer",
            args={**args, "option": option.id, **({"hint": True} if hint else {})},
        )
        for letter, option in zip(LETTERS, options, strict=False)
    ]
    rest = [_stop(topic)]
    if not hint:
        # Five stand in a row, and one of them is *More…*.
        row = buttons if len(buttons) < MOST_IN_ROW - 1 else rest
        row.append(Button(label="Remind me first", action="tips.remind", args=args))
    if not whole:
        buttons.append(_more(pick, hint=hint))
    recalled: list[Part] = [Note(text=rich(entry.wording(pick.variant).text))] if hint else []
    return say(
        rich(check.q),
        *recalled,
        Text(text="\n".join(lines)),
        Buttons(buttons=tuple(buttons)),
        Note(text=f"{literal(topic.title)}. You may answer with a letter, too, or write “more”."),
        *([Buttons(buttons=tuple(rest))] if whole else []),
        summary=bare(check.q),
    )


def shown(entry: Entry, check: Check, pick: Pick) -> Sequence[Answer]:
    """The options in the order in which everybody gets them on that day."""
    return in_order(check, f"{entry.tip.id}:{pick.variant}:{pick.day.isoformat()}")


def no_such_letter(count: int) -> str:
    return f"Please answer with a letter from A to {LETTERS[count - 1]}."


def held_back(count: int, topic: Topic, said: str) -> Message:
    """Words that were no answer and may have been meant as one: nobody else was told."""
    text: Args = {"text": said}
    ask = Button(
        label="Ask a colleague",
        action="question.ask",
        args=text if fits_a_button(text) else {},
    )
    return say(
        f"A question about {literal(topic.title)} waits for a letter from A to "
        f"{LETTERS[count - 1]}, and I could not read that as one, so I sent it to nobody.\n\n"
        "If it is a question, tap *Ask a colleague*, or begin it with “ask”.",
        Buttons(buttons=(ask,)),
        tone=Tone.WARNING,
    )


def _args(pick: Pick) -> Args:
    return {
        "tip": pick.tip,
        "variant": pick.variant,
        "day": pick.day.isoformat(),
        **({"pulled": True} if pick.is_pulled else {}),
    }


def _more(pick: Pick, *, hint: bool = False) -> Button:
    """To all that stands under it in full: five buttons are what a phone shows at a glance."""
    args: Args = {**_args(pick), BEHIND: True}
    args |= {"asks": True} if pick.asks else {}
    args |= {"late": True} if pick.is_late else {}
    args |= {"hint": True} if hint else {}
    return Button(label="More…", action="tips.more", args=args)


def _stop(topic: Topic) -> Button:
    """The topic stands above it; with its name the button would be larger than all others."""
    return Button(label="Stop this topic", action="tips.stop", args={"topic": topic.id})


def _read_more(entry: Entry) -> tuple[Button, ...]:
    """To where the whole of it is written."""
    if entry.tip.section is None:
        return ()
    args: Args = {"section": entry.tip.section, "why": f"tip:{entry.tip.id}"}
    return (Button(label="Read more", action="library.section", args=args),)


def reacted(entry: Entry, pick: Pick, reaction: Reaction, card: Card, today: date) -> Message:
    """In the place of the tip, once something was said about it."""
    return say(
        rich(entry.wording(pick.variant).text),
        Note(text=f"You said: {_SAID[reaction]}. {_next(card, today)}"),
        Buttons(
            buttons=(
                *([_undo(pick)] if card.state is CardState.SUSPENDED else []),
                *_read_more(entry),
                _PULL,
                _MY_TIPS,
            )
        ),
        tone=Tone.GOOD,
        summary=f"You said: {_SAID[reaction]}. {_next(card, today)}",
    )


def _undo(pick: Pick) -> Button:
    return Button(label="Undo", action="tips.undo", args=_args(pick))


def _next(card: Card, today: date) -> str:
    if card.state is CardState.SUSPENDED:
        return "It does not come again."
    if card.due_on is None:
        return "It comes only this once."
    days = (card.due_on - today).days
    when = "tomorrow" if days <= 1 else f"in {days} days" if days < 60 else "in some months"
    return f"I ask you about it {when}, or on the next day that suits you."


def drop_topic(topic: Topic, pick: Pick) -> Message:
    """Asked of who did not want several tips of a topic."""
    return say(
        f"That was not the first of **{literal(topic.title)}** that is not for you. Shall I drop "
        "the topic?",
        Buttons(
            buttons=(
                Button(label="Drop it", action="tips.stop", args={"topic": topic.id}),
                Button(label="Keep it", action="tips.list"),
                _undo(pick),
            )
        ),
    )


def how_sure(entry: Entry, check: Check, chosen: Answer, said: Review, *, pulled: bool) -> Message:
    """Asked before it is told whether the answer was right."""
    args: Args = {"tip": entry.tip.id, "number": said.number}
    if pulled:
        args["pulled"] = True
    return say(
        rich(check.q),
        Text(text=f"You chose: {rich(chosen.text)}"),
        Text(text="How sure are you?"),
        Buttons(
            buttons=(
                *(
                    Button(label=label, action="tips.sure", args={**args, "sure": certainty.value})
                    for certainty, label in _SURE.items()
                ),
                Button(label="Just tell me", action="tips.sure", args=args),
            )
        ),
        Note(
            text="Only you see this. It tells me when to ask you again. You may write it, too: “a "
            "guess”, “fairly sure” or “very sure”."
        ),
        summary=f"You chose: {bare(chosen.text)} How sure are you?",
    )


def feedback(
    entry: Entry,
    check: Check,
    chosen: Answer,
    said: Review,
    card: Card,
    *,
    test: str | None = None,
) -> Message:
    """What is right, and why. `test` is a quiz with which the person could test out."""
    right = is_right(check, chosen)
    parts: list[Part] = [Text(text=f"You chose: {rich(chosen.text)}")]
    if chosen.feedback:
        parts.append(Text(text=rich(chosen.feedback)))
    if not right:
        best = best_of(check)
        told = f"Best: {rich(best.text)}"
        parts.append(Text(text=told + (f"\n{rich(best.feedback)}" if best.feedback else "")))
    parts.append(Note(text=rich(entry.tip.text)))
    about = _about_certainty(said, right=right)
    parts.append(Note(text=" ".join(filter(None, (about, _after(said, card))))))
    buttons = [*_read_more(entry), _PULL, _MY_TIPS]
    if not right:
        buttons.insert(
            0, Button(label="Ask someone", action="question.ask", args=_ask(entry, check, chosen))
        )
    if test is not None:
        parts.append(
            Text(text="You knew this beforehand, as you did with others. You could test out of it.")
        )
        buttons.insert(0, Button(label="Test me", action="quiz.begin", args={"quiz": test}))
    head = "Right." if right else "Not quite."
    return say(
        f"**{head}** {rich(check.q)}",
        *parts,
        Buttons(buttons=tuple(buttons)),
        tone=Tone.GOOD if right else Tone.NEUTRAL,
        summary=head + " " + bare(chosen.feedback or chosen.text),
    )


def _ask(entry: Entry, check: Check, chosen: Answer) -> Args:
    """What a question is about, and how it begins: with what the person chose."""
    section = entry.tip.section
    things = [f"tip:{entry.tip.id}", *([f"section:{section}"] if section else [])]
    args: Args = {"about": write_about(things), "topic": entry.tip.topic}
    # Most letters of most languages take more room in a button than those of English.
    for share in (1, 2, 4):
        lines = [
            f"In a tip: {shorten(bare(check.q), 350 // share)}",
            f"I chose: {shorten(bare(chosen.text), 200 // share)}",
        ]
        begun = {**args, "text": begin_question(lines)}
        if fits_a_button(begun):
            return begun
    return args


def _about_certainty(said: Review, *, right: bool) -> str:
    match said.certainty, right:
        case Certainty.SURE, False:
            return "You were sure: these are the ones that are worth most to see again."
        case Certainty.GUESS, True:
            return "You were not sure, and you were right."
        case _:
            return ""


def _after(said: Review, card: Card) -> str:
    if said.rating is None:
        return "You have answered this today already, so it counts as practice."
    return _next(card, said.day)


def because(title: str, *, is_new: bool, is_late: bool) -> str:
    """The answer to “Why am I getting this?”, of a topic with that title. The numbers behind it
    are on `/me`."""
    if is_late:
        how = "This was added after you had seen all there was"
    elif is_new:
        how = "This was the next you have not seen"
    else:
        how = "You have seen this before, and it may be fading"
    return f"You follow {title[:80]}. {how}."


# --- following ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands with a topic they follow: how many of its tips they have seen, of
    how many, and how many of them come back."""

    topic: Topic
    subscription: Subscription
    seen: int
    tips: int
    active: int


def choose_topic(open_topics: Sequence[Topic]) -> Sequence[Part]:
    """The topics that a person may follow, ten to a list."""
    return [
        Choice(
            label="Follow a topic" if first == 0 else "More topics",
            action="tips.follow",
            options=tuple(
                Option(label=shorten(topic.title, 75), value=topic.id)
                for topic in open_topics[first : first + MOST_OPTIONS]
            ),
        )
        for first in range(0, len(open_topics), MOST_OPTIONS)
    ]


def overview(
    standings: Sequence[Standing],
    open_topics: Sequence[Topic],
    person: Person,
    *,
    next_on: date | None,
    active: int,
    nominations: int,
) -> Message:
    """What a person follows, and what they may."""
    if not standings and not open_topics:
        return say(NO_TIPS)
    parts: list[Part] = []
    for each in standings[:MOST_LISTED]:
        parts += _standing(each, person)
    if len(standings) > MOST_LISTED:
        more = ", ".join(literal(each.topic.title) for each in standings[MOST_LISTED:])
        parts.append(Note(text=f"And: {more}. `/tips` with a topic shows it."))
    if active >= MOST_ACTIVE:
        parts.append(
            Note(
                text=f"{active} tips are under way, as many as one message a day keeps up with. "
                "New ones wait; pause a topic to make room."
            )
        )
    if standings:
        parts.append(Buttons(buttons=(_PULL, *_of_mine(nominations), _FORGET)))
    elif nominations:
        parts.append(Buttons(buttons=_of_mine(nominations)))
    parts += choose_topic(open_topics[: 3 * MOST_OPTIONS])
    if not standings:
        head = (
            "One small useful thing at a time, which comes back as a question so that it stays. "
            "Choose what about, then how often."
        )
    elif next_on is None:
        head = "This is what you follow."
    else:
        head = f"This is what you follow. Something may come on {_day(next_on)}."
    return say(head, *parts)


def _of_mine(nominations: int) -> tuple[Button, ...]:
    if not nominations:
        return ()
    return (Button(label=f"Answers as tips ({nominations})", action="tips.nominations"),)


_FORGET = Button(
    label="Forget my tips",
    action="tips.forget",
    confirm=Confirm(
        title="Forget it all?",
        text="What you follow, what you have seen and what you said about it is deleted. "
        "Following a topic later begins anew.",
        yes="Forget it",
    ),
)


def _standing(each: Standing, person: Person) -> list[Part]:
    subscription = each.subscription
    args: Args = {"topic": each.topic.id}
    is_paused = subscription.state is SubscriptionState.PAUSED
    when = "paused" if is_paused else _days_of(subscription, person)
    comes = "comes" if each.active == 1 else "come"
    how = f"{each.seen} of {each.tips} seen, {each.active} {comes} back"
    turn = (
        Button(label="Go on", action="tips.go_on", args=args)
        if is_paused
        else Button(label="Pause", action="tips.pause", args=args)
    )
    return [
        Text(text=f"**{literal(each.topic.title)}** · {when}\n{how}"),
        Buttons(
            buttons=(
                Button(label="One now", action="tips.pull", args=args),
                Button(label="Days", action="tips.change", args=args),
                turn,
                Button(label="Stop", action="tips.stop", args=args),
            )
        ),
    ]


def _days_of(subscription: Subscription, person: Person) -> str:
    if subscription.weekdays == person.hours.weekdays:
        return "every working day"
    return say_weekdays(subscription.weekdays)


def how_often(
    topic: Topic, tips: int, person: Person, subscription: Subscription | None = None
) -> Message:
    """The second tap: how often, or how often from now on of who follows it."""
    count = "one tip" if tips == 1 else f"{tips} tips"
    asked = f"{count}, one at a time. How often?"
    if subscription is not None:
        is_paused = subscription.state is SubscriptionState.PAUSED
        now = "paused" if is_paused else _days_of(subscription, person)
        asked = f"{count}, and you follow it ({now}). How often from now on? `/tips` has the rest."
    return say(
        f"**{literal(topic.title)}**: {asked}",
        Buttons(
            buttons=tuple(
                Button(
                    label=label, action="tips.pace", args={"topic": topic.id, "pace": pace.value}
                )
                for pace, label in PACES.items()
            )
        ),
        Note(text="You can pause or stop it any time, and `/tip` brings one whenever you like."),
    )


def following(
    subscription: Subscription,
    topic: Topic,
    person: Person,
    *,
    hour: str,
    next_on: date | None,
    limits: tuple[int, int],
    crowded: bool,
) -> Message:
    """Somebody follows a topic, or on other days. `limits` are messages a day and a week."""
    days = _days_of(subscription, person)
    first = f" It may begin on {_day(next_on)}." if next_on is not None else ""
    per_day, per_week = limits
    parts: list[Part] = [
        Note(
            text=f"I send at most {per_day} a day and {per_week} a week of all that you did not "
            "ask for by name, around your hour: `/settings` changes both."
        )
    ]
    if crowded:
        parts.append(
            Note(
                text=f"That makes more than {MOST_ACTIVE} tips altogether. One message a day keeps "
                "up with no more, so new ones wait until there is room."
            )
        )
    args: Args = {"topic": topic.id}
    return say(
        f"You follow **{literal(topic.title)}**: {days}, around {hour}.{first}",
        *parts,
        Buttons(
            buttons=(
                Button(label="The first one now", action="tips.pull", args=args),
                Button(label="Other days", action="tips.change", args=args),
                Button(label="My hour", action="attention.settings"),
                Button(label="Stop", action="tips.stop", args=args),
            )
        ),
        tone=Tone.GOOD,
    )


def change_form(subscription: Subscription, topic: Topic) -> Form:
    """On which days."""
    return Form(
        title="Days of this topic",
        intro=shorten(topic.title, 300),
        fields=(
            ChoiceField(
                name="pace",
                label="How often",
                options=tuple(
                    Option(label=label, value=pace.value) for pace, label in PACES.items()
                ),
                value=subscription.pace.value,
                required=True,
            ),
            TextField(
                name="weekdays",
                label="Or on which days",
                hint="For example: Tue Thu. Empty is as often as chosen above.",
            ),
        ),
        submit="Keep",
        action="tips.keep_days",
        args={"topic": topic.id},
    )


def paused(topic: Topic) -> Message:
    return say(
        f"Paused: nothing about **{literal(topic.title)}** until you go on. What you know of it "
        "is kept.",
        Buttons(
            buttons=(
                Button(label="Go on", action="tips.go_on", args={"topic": topic.id}),
                _MY_TIPS,
            )
        ),
        tone=Tone.GOOD,
    )


def stopped(topic: Topic) -> Message:
    return say(
        f"Stopped: you no longer follow **{literal(topic.title)}**.",
        Buttons(
            buttons=(
                Button(label="Follow it again", action="tips.follow", args={"topic": topic.id}),
                _MY_TIPS,
            )
        ),
        tone=Tone.GOOD,
    )


def nothing_now(open_topics: Sequence[Topic]) -> Message:
    """There is nothing to tell; that is good news."""
    return say(NOTHING_NOW, *choose_topic(open_topics[:MOST_OPTIONS]), tone=Tone.GOOD)


def which_topic(open_topics: Sequence[Topic]) -> Message:
    """For who wants a tip and follows nothing."""
    if not open_topics:
        return say(NO_TIPS)
    options = tuple(
        Option(label=shorten(topic.title, 75), value=topic.id)
        for topic in open_topics[:MOST_OPTIONS]
    )
    return say("What about?", Choice(label="A tip about", action="tips.pull", options=options))


# --- from answers to tips -------------------------------------------------------------------


def nominated(nomination: Nomination, topic: Topic, *, fits: bool) -> Message:
    """Asked of who gave the answer, in one tap."""
    args: Args = {"nomination": nomination.id}
    approve = [Button(label="Make it a tip", action="tips.approve", args=args)] if fits else []
    return say(
        f"An answer of yours about **{literal(topic.title)}** was {asked_by(nomination.asked)}, "
        "and it works. Shall it become a tip for those who follow the topic? Your name stands "
        "with it.",
        Quote(text=nomination.text),
        *([] if fits else [Note(text=TOO_LONG)]),
        Buttons(
            buttons=(
                *approve,
                Button(label="Change it first", action="tips.edit", args=args),
                Button(label="No tip", action="tips.decline", args=args),
            )
        ),
        summary=f"Shall your answer about {topic.title} become a tip?",
    )


def to_review(nomination: Nomination, topic: Topic, author: Person) -> Message:
    """Asked of the steward of a regulated topic, where a second person publishes."""
    args: Args = {"nomination": nomination.id}
    return say(
        f"{literal(author.name)} would make this answer a tip about **{literal(topic.title)}**. "
        "In this topic a second person publishes.",
        Quote(text=nomination.text, by=author.name),
        Buttons(
            buttons=(
                Button(label="Publish", action="tips.approve", args=args),
                Button(label="Change it first", action="tips.edit", args=args),
                Button(label="No tip", action="tips.decline", args=args),
            )
        ),
    )


def suggested(nomination: Nomination, topic: Topic, author: Person) -> Message:
    """Asked of who looks after a topic: what somebody has learned and would tell others."""
    args: Args = {"nomination": nomination.id}
    return say(
        f"{literal(author.name)} has learned this and proposes it as a tip about "
        f"**{literal(topic.title)}**, with their name.",
        Quote(text=nomination.text, by=author.name),
        Buttons(
            buttons=(
                Button(label="Publish", action="tips.approve", args=args),
                Button(label="Change it first", action="tips.edit", args=args),
                Button(label="No tip", action="tips.decline", args=args),
            )
        ),
    )


def taken_back() -> Message:
    """In the place of a proposal that its author has taken back."""
    return say("This proposal was taken back by its author.")


def week_came(count: int) -> str:
    """A line of somebody's own week."""
    return "One tip came to you." if count == 1 else f"{count} tips came to you."


def because_nominated(topic: Topic) -> str:
    return f"An answer of yours about {shorten(topic.title, 80)} has helped several people."


def because_steward(topic: Topic) -> str:
    return f"You look after {shorten(topic.title, 80)}."


def edit_form(nomination: Nomination) -> Form:
    return Form(
        title="A tip from an answer",
        intro="One idea, so that it can be read in less than a minute.",
        fields=(
            LongTextField(
                name="text",
                label="What the tip says",
                value=nomination.text,
                required=True,
                max_length=3_000,
            ),
            TextField(
                name="question",
                label="A question that brings it back",
                hint="Without one it is told once. For example: A customer asks ... what first?",
                max_length=300,
            ),
            TextField(name="best", label="The best answer to that", max_length=300),
            TextField(name="other", label="A likely mistake", max_length=300),
        ),
        submit="Make it a tip",
        action="tips.publish",
        args={"nomination": nomination.id},
    )


def published(told: Tip, topic: Topic) -> Message:
    return say(
        f"It is a tip now: those who follow **{literal(topic.title)}** get it in their turn, "
        f"from {literal(told.credit or 'you')}.",
        Text(text=rich(told.text)),
        tone=Tone.GOOD,
    )


def proposed(quiz: Quiz, draft: ScenarioChoice, topic: Topic, credit: str | None) -> Message:
    """To the steward: an answer that became a tip could be asked in the quiz too."""
    args: Args = {"quiz": quiz.id, "item": draft.id}
    options = "\n".join(
        f"• {rich(option.text)}{' (the best)' if option.score == 1 else ''}"
        for option in draft.options
    )
    objectives = tuple(
        Option(label=shorten(bare(one.text), 75), value=one.id)
        for one in quiz.objectives[:MOST_OPTIONS]
    )
    return say(
        f"An answer of {literal(credit or 'a colleague')} about **{literal(topic.title)}** has "
        f"become a tip. Its question waits as a draft in the quiz **{literal(quiz.title)}**:",
        Quote(text=bare(draft.stem)),
        Text(text=options),
        Note(text="On trial it is asked, and counts for nobody."),
        Choice(
            label="Ask it on trial, about",
            action="tips.try_out",
            args=args,
            options=objectives,
        ),
        Buttons(buttons=(Button(label="Leave it out", action="tips.leave_out", args=args),)),
        summary=f"A question is proposed for the quiz {quiz.title}.",
    )


def on_trial(quiz: Quiz, item: ScenarioChoice, objective: str) -> Message:
    """In the place of that, once it is asked on trial."""
    args: Args = {"quiz": quiz.id, "item": item.id}
    return say(
        f"It is asked on trial now, about “{literal(objective)}”, and counts for nobody yet. "
        "When you have seen how people answer, let it count or leave it out.",
        Quote(text=bare(item.stem)),
        Buttons(
            buttons=(
                Button(label="Let it count", action="tips.count", args=args),
                Button(label="Leave it out", action="tips.leave_out", args=args),
            )
        ),
        tone=Tone.GOOD,
    )


def counts(quiz: Quiz) -> Message:
    """In the place of that, once it counts."""
    return say(f"It counts from now on in **{literal(quiz.title)}**.", tone=Tone.GOOD)


def sent_to_steward(topic: Topic) -> Message:
    return say(
        f"Thank you. In **{literal(topic.title)}** a second person publishes: I have passed it on.",
        tone=Tone.GOOD,
    )


def nominations(waiting: Sequence[tuple[Nomination, Topic]]) -> Message:
    """Answers that may become tips."""
    if not waiting:
        return say(NO_NOMINATIONS, Buttons(buttons=(_MY_TIPS,)))
    parts: list[Part] = []
    for nomination, topic in waiting[:5]:
        args: Args = {"nomination": nomination.id}
        parts += [
            Quote(text=shorten(nomination.text, MAX_TIP)),
            Note(text=literal(topic.title)),
            Buttons(
                buttons=(
                    Button(label="Make it a tip", action="tips.approve", args=args),
                    Button(label="Change it first", action="tips.edit", args=args),
                    Button(label="No tip", action="tips.decline", args=args),
                )
            ),
            Divider(),
        ]
    return say("These answers may become tips.", *parts[:-1])


# --- for who looks after a topic ------------------------------------------------------------


def flagged(told: Tip, topic: Topic, tally: Tally) -> Message:
    """A tip that many did not want, for the steward. Who they are is nobody's business."""
    args: Args = {"tip": told.id}
    return say(
        f"A tip about **{literal(topic.title)}** is not for {tally.not_for_me} of the "
        f"{tally.people} people who got it. It may be out of date, unclear, or in the wrong "
        "topic.",
        Quote(text=bare(told.text)),
        Buttons(
            buttons=(
                Button(
                    label="Take it out",
                    action="tips.take_out",
                    args=args,
                    confirm=Confirm(
                        title="Take it out?",
                        text="Nobody gets this tip any more. It stays on record.",
                        yes="Take it out",
                    ),
                ),
            )
        ),
        summary=f"A tip about {topic.title} is not for many.",
    )


def misbelieved(told: Tip, topic: Topic, found: Misbelief, chosen: Answer | None) -> Message:
    """What many are wrong about and sure of, for the steward. `chosen` is what most of them
    answered, where it is told."""
    thing = f"section:{told.section}" if told.section else f"tip:{told.id}"
    entry: Args = {
        "title": shorten(bare(told.check.q), 200) if told.check is not None else "",
        "text": shorten(bare(told.text), 600),
        "topic": topic.id,
    }
    return say(
        f"{found.sure} of the {found.people} people who were wrong about a tip on "
        f"**{literal(topic.title)}** were very sure. They believe something else: it helps to say "
        "so where it is written, and where people meet.",
        Quote(text=bare(told.text)),
        *([Note(text=f"Most of them chose: {rich(chosen.text)}")] if chosen is not None else []),
        Buttons(
            buttons=(
                Button(label="Change it", action="library.edit", args={"about": thing}),
                Button(label="Write an FAQ entry", action="faq.begin", args=entry),
                *_read_more(entry_of(told)),
            )
        ),
        summary=f"Many are sure of something else about {topic.title}.",
    )


# --- a person's own -------------------------------------------------------------------------


def home(
    titles: Sequence[str], *, next_on: date | None, has_any: bool, waiting: int
) -> list[Section]:
    """What stands on a person's page."""
    sections = []
    if waiting:
        count = "One answer" if waiting == 1 else f"{waiting} answers"
        sections.append(
            Section(
                Shelf.DUTY,
                WHAT_YOU_LOOK_AFTER,
                entries=[[Text(text=f"{count} of colleagues’ questions may become tips.")]],
                buttons=[Button(label="Answers as tips", action="tips.nominations")],
            )
        )
    if titles:
        when = f" Something may come on {_day(next_on)}." if next_on is not None else ""
        named = ", ".join(literal(title) for title in titles[:MOST_LISTED])
        sections.append(
            Section(
                Shelf.WISHES,
                WHAT_REACHES_YOU,
                entries=[[Text(text=f"Tips about {named}.{when}")]],
                buttons=[_MY_TIPS, _PULL],
            )
        )
    elif has_any:
        sections.append(
            Section(Shelf.BEGIN, buttons=[Button(label="Get a tip a day", action="tips.list")])
        )
    return sections


def about_me(titles: Sequence[str], *, cards: int, reviews: int, pick: Pick | None) -> list[Part]:
    """What is kept of a person's tips, for that person."""
    if not titles and not cards and not reviews:
        return []
    follows = ", ".join(literal(title) for title in titles) or "no topic at the moment"
    told = (
        f"**Tips.** You follow {follows}. {_tips(cards)} shown to you, and I keep {reviews} of "
        "your reactions for at most a year, by the day. Only you see them."
    )
    if pick is not None:
        weighed = " (with what each reason counts)" if any(map(str.isdigit, pick.why)) else ""
        told += f"\nWhy the last one came{weighed}: {literal(pick.why)}."
    every = Button(label="All that is kept", action="tips.mine")
    return [Text(text=told), Buttons(buttons=(_MY_TIPS, every, _FORGET))]


def _tips(count: int) -> str:
    return "One tip was" if count == 1 else f"{count} tips were"


@dataclass(frozen=True, slots=True)
class KeptCard:
    """All that is kept of a person and one tip."""

    card: Card
    text: str
    topic: str
    reviews: Sequence[Review]


def all_kept(
    follows: Sequence[tuple[Subscription, str]],
    cards: Sequence[KeptCard],
    person: Person,
    *,
    page: int,
    pages: int,
) -> Message:
    """Everything that is kept of a person's tips, in words, to read or to take along."""
    if not follows and not cards:
        return say("Nothing is kept of your tips.")
    parts: list[Part] = []
    if page == 0:
        lines = [
            f"**{literal(title)}**: {one.state.value}, {_days_of(one, person)}, chosen on "
            f"{_date(one.opted_in_at.date())}"
            for one, title in follows
        ]
        parts += [Text(text=line) for line in lines]
    parts += [Text(text=_kept(each)) for each in cards]
    turn = [
        Button(label=label, action="tips.mine", args={"page": other})
        for label, other in (("Back", page - 1), ("Go on", page + 1))
        if 0 <= other < pages
    ]
    parts.append(Buttons(buttons=(*turn, _MY_TIPS, _FORGET)))
    where = f" Page {page + 1} of {pages}." if pages > 1 else ""
    return say(f"This is all that is kept of your tips. Only you see it.{where}", *parts)


_STATE = {
    CardState.NEW: "shown, and you said nothing of it yet",
    CardState.ACTIVE: "comes back as a question",
    CardState.SUSPENDED: "not for you",
    CardState.DONE: "told once",
}
_REACTION = {**_SAID, Reaction.RIGHT: "right", Reaction.WRONG: "wrong"}


def _kept(each: KeptCard) -> str:
    card = each.card
    told = [_STATE[card.state], f"shown {_times(card.shown)}"]
    told += [f"last on {_date(card.shown_on)}"] if card.shown_on is not None else []
    told += [f"due on {_date(card.due_on)}"] if card.due_on is not None else []
    if card.trace is not None:
        told.append(
            f"stability {card.trace.stability:.1f} days, difficulty {card.trace.difficulty:.1f}"
        )
    said = "; ".join(
        f"{_date(review.day)} {_REACTION[review.reaction]}"
        + (f" ({_SURE[review.certainty].casefold()})" if review.certainty in _SURE else "")
        + (" after a reminder" if review.hint else "")
        for review in each.reviews
    )
    head = f"**{literal(shorten(bare(each.text), 150))}** ({literal(each.topic)})"
    return f"{head}\n{', '.join(told)}" + (f"\nYou: {said}" if said else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _date(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"
