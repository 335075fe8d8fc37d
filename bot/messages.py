"""Sentences of the core: what stands under every unsolicited message, and in forecasts."""

from collections.abc import Mapping
from datetime import date

from bot.message import Button, Buttons, Message, say

CONTROLS = Buttons(
    buttons=(
        Button(label="Pause 1 week", action="attention.pause"),
        Button(label="Stop", action="attention.stop"),
        Button(label="Why am I getting this?", action="attention.why"),
    )
)
"""The last row of whatever nobody asked for. The same for everybody: which letter it
stands under is looked up by the message's address."""


def with_controls(message: Message) -> Message:
    """The message with `CONTROLS` as its last row.

    Raises:
        ValueError: it has no room for one more part.
    """
    return Message(
        version=message.version,
        summary=message.summary,
        parts=(*message.parts, CONTROLS),
        tone=message.tone,
    )


BECAUSE_PAUSED = "I tell you once when I stop writing to you by myself."


def paused_by_silence() -> Message:
    """Said once, to who has not reacted for a long time; then there is silence."""
    return say(
        "I have paused. Tap to go on.",
        Buttons(buttons=(Button(label="Go on", action="attention.go_on"),)),
    )


def forecast(
    total: int,
    by_day: Mapping[date, int],
    later: int | None,
    not_by_reason: Mapping[str, int],
    kept_out: int | None,
    *,
    few: int,
) -> str:
    """Who gets a message when: “Of 212 people 171 get it on Tuesday, 30 on Wednesday, 11 not:
    budget.” `later` and `kept_out` are as in `bot.attention.Forecast`; groups of fewer than
    `few` people are not told apart.
    """
    if total < few:
        return f"Fewer than {few} people: I do not say who of them gets it when."
    year = min(by_day).year if by_day else None
    said = [
        f"{count} {'get it ' * (number == 0)}on {_day(day, year)}"
        for number, (day, count) in enumerate(sorted(by_day.items()))
    ]
    if later is not None:
        count = str(later) if later else f"fewer than {few}"
        said.append(f"{count} {'get it ' * (not said)}on other days")
    reasons = [f"{count} not: {why}" for why, count in sorted(not_by_reason.items())]
    if kept_out is not None:
        reasons.append(f"{kept_out or f'fewer than {few}'} not, for other reasons")
    return f"Of {total} people {', '.join(said + reasons) or 'nobody gets it'}."


def _day(day: date, year: int | None) -> str:
    return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if day.year != year else "")
