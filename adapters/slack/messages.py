"""Sentences of the Slack adapter that people read."""

from collections.abc import Mapping

from bot.message import Tone

FIRST_WORDS: Mapping[Tone, str] = {
    Tone.GOOD: "✓ Done",
    Tone.WARNING: "! Please note",
    Tone.BAD: "✕ Problem",
}
"""What stands above a message, so that its tone is not told by a look alone."""

SPOKEN_FIRST: Mapping[Tone, str] = {Tone.WARNING: "Please note: ", Tone.BAD: "Problem: "}
"""What a notification begins with."""

SHORTENED = "This is shortened: it is too long for one message here."
LEFT_OUT = "Not everything of this fits into one message here."

CHOOSE = "Choose…"
CANCEL = "Cancel"
