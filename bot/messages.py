"""Sentences of the core: what stands under every unsolicited message, and in forecasts."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.message import Button, Buttons, Message, Note, Tone, say, shorten

CONTROLS = Buttons(
    buttons=(
        Button(label="Pause 1 week", action="attention.pause"),
        Button(label="Stop all", action="attention.stop"),
        Button(label="Why am I getting this?", action="attention.why"),
    )
)
"""The last row of whatever nobody asked for. The same for everybody: which letter it
stands under is looked up by the message's address."""


BEHIND = "controls"
"""In the args of a button that leads to `CONTROLS`, true."""


def with_controls(message: Message) -> Message:
    """The message with `CONTROLS` as its last row; as it is where it has them, or a button of its
    own leads to them, so that a card with much to say to has few buttons.

    Raises:
        ValueError: it has no room for one more part.
    """
    rows = [part.buttons for part in message.parts if isinstance(part, Buttons)]
    if CONTROLS in message.parts or any(
        button.args.get(BEHIND) is True for row in rows for button in row
    ):
        return message
    return Message(
        version=message.version,
        summary=message.summary,
        parts=(*message.parts, CONTROLS),
        tone=message.tone,
    )


POLICY = (
    "Inflow is there for people to learn and to help each other; nothing that it keeps is used to "
    "appraise, compare or monitor them."
)
"""The policy that holds wherever it is installed (domain.md 4.5)."""


def entrusted_with_all() -> Message:
    """Said once to who looks after a workspace from now on."""
    return say(
        "You look after Inflow here from now on, as its community manager: `/topic` opens a topic, "
        "`/faq review` shows what waits for your eyes, `/campaign` writes to many, and `/role` "
        "names others. `/home` is your own page.",
        Note(text=POLICY),
        tone=Tone.GOOD,
    )


def not_allowed(others: Sequence[str], namers: Sequence[str] = ()) -> str:
    """For who may not do something; `others` are the names of those who may, `namers` of those
    who could say who may."""
    if others:
        return f"You may not do this. Ask {_one_of(others)} if you think you should."
    if namers:
        return f"Nobody here may do this yet. {_one_of(namers)} can name somebody with `/role`."
    return (
        "You may not do this, and nobody looks after Inflow here yet. Whoever runs it names "
        "somebody in INFLOW_ADMINS."
    )


def _one_of(names: Sequence[str]) -> str:
    *most, last = names[:3]
    return f"{', '.join(most)} or {last}" if most else last


ONLY_YOU = "Only you see this page. `/home` brings it anywhere, `/me` tells all I know about you."
WHAT_REACHES_YOU = "What reaches you"
"""The section of a person's page to which several capabilities have something to say."""
WHAT_YOU_LOOK_AFTER = "What you look after"


def page_summary(waiting: Sequence[tuple[str, int]]) -> str:
    """The page in a line: the sections in which something waits or is under way, and how much."""
    told = ", ".join(f"{title} ({count})" for title, count in waiting)
    return shorten(f"Your page: {told}" if told else "Your page: nothing waits for you", 300)


def and_more(left: int, shown: int, command: str) -> str:
    """Said where not all of a section has room; `command` lists all of it."""
    words = f"and {left} more" if shown else f"There are {left}"
    return f"{words}: `{command}`" if command else f"{words}."


def help_button() -> Button:
    """On every page; `bot.app.App` answers it."""
    return Button(label="What can I do here?", action=HELP)


HELP = "inflow.help"
HELP_WISHES = (
    "You decide what reaches you: `/pause until Monday`, `/settings`; the word “stop” alone, in "
    "our own chat or with @inflow in a channel, ends it all."
)


def help_words(words: Sequence[str]) -> str:
    """Which command words begin a command in plain words."""
    return (
        f"In our own chat it is enough to begin with {', '.join(words[:-1])} or {words[-1]}, or to "
        "write one of the other words alone; among others write @inflow first."
    )


IN_THREAD = "in this thread"
"""Where what anybody says is heard as being about what stands there. An adapter may call it
otherwise where that is not all that it takes to be heard."""
IN_ITS_THREAD = "in its thread"
"""The same, said elsewhere."""


BECAUSE_PAUSED = "I tell you once when I stop writing to you by myself."


def paused_by_silence() -> Message:
    """Said once, to who has not reacted for a long time; then there is silence."""
    return with_controls(
        say(
            "You have not reacted for a while, so I write no more of my own accord. Questions "
            "that you may know may still reach you. Tap and I go on as before.",
            Buttons(buttons=(Button(label="Write to me again", action="attention.go_on"),)),
        )
    )


LEFT_ALONE = "their own wishes, days off, a full budget, or no reaction for long"
"""Why people do not get something, where no single reason may be told."""

GREETING = (
    "Your organisation has put me beside you, or you have. One word, “stop”, ends all that I send "
    "you without being asked."
)
"""Below the page of who sees it for the first time."""
ADDED = (
    "You have added me to a channel or a chat. There I hear only what mentions me: write `@inflow` "
    "and a question, and I look for an answer or ask somebody who knows."
)
"""To who puts the bot among others, in their own chat."""
ADDED_TOPIC = (
    "A topic says which questions belong where. Written there, `@inflow` `/topic Travel` opens "
    "one, and whoever answers about it is found faster."
)
"""The same, to who may open topics."""
NO_FILES = "I pass on words only, and the file stays here: paste a link, or say what it shows."
REASONS: Mapping[str, str] = {
    "stopped": "they want nothing unasked",
    "paused": "they have paused",
    "no reaction for long": "they have not reacted for long",
    "away": "they are away or just back",
    "cannot be reached": "they have blocked me or have not installed me",
    "day off": "they have these days off",
    "quiet hours": "it is outside their hours",
    "just talked with me": "they have just talked with me",
    "budget": "their budget is full",
    "too late": "they have no time left on these days",
    "left": "they have left",
}
"""Why people do not get something, by `bot.attention.Reason`."""


def forecast(
    total: int,
    by_day: Mapping[date, int],
    later: int,
    not_by_reason: Mapping[str, int],
    kept_out: int,
    open_: int,
    *,
    few: int,
    is_for_most: bool,
    mostly: date | None,
) -> str:
    """Who gets a message when: “Of 212 people 171 get it on Tuesday 3 March, 30 on one of the
    other days, 11 do not: their budget is full.” The values are those of
    `bot.attention.Forecast`; of fewer than `few` people nothing is told.
    """
    if not total:
        return "Nobody gets it."
    if total < few:
        return f"Fewer than {few} people: I do not say who of them gets it when."
    if open_ == total:
        if mostly:
            return f"Of {total} people most get it on {_day(mostly, mostly.year)}."
        if is_for_most:
            return f"Of {total} people most get it on one of these days."
        return f"Of {total} people most do not get it: {LEFT_ALONE}."
    year = min(by_day).year if by_day else None
    said = [f"{count} get it on {_day(day, year)}" for day, count in sorted(by_day.items())]
    which = "one of the other days" if by_day else "one of these days"
    if later:
        most = f", most of them on {_day(mostly, mostly.year)}" if mostly else ""
        said.append(f"{later} get it on {which}{most}")
    if open_:
        said.append(f"{open_} get it on {which} or not at all")
    said[1:] = [one.replace("get it ", "", 1) for one in said[1:]]
    said += [f"{n} do not: {REASONS.get(why, why)}" for why, n in sorted(not_by_reason.items())]
    if kept_out and not_by_reason:
        said.append(f"{kept_out} do not, for other reasons")
    elif kept_out:
        said.append(f"{kept_out} do not: {LEFT_ALONE}")
    return f"Of {total} people {', '.join(said)}."


def _day(day: date, year: int | None) -> str:
    return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if day.year != year else "")
