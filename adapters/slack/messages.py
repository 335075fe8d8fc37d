"""What the adapter itself says to people, where only Slack's ways make it necessary."""

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

BUSY = "I am busy at the moment and could not keep this. Please try again in a minute."
BROKEN = "Something broke on our side, and nothing was changed. Please try that again."
UNKNOWN_COMMAND = "I do not know this command. Write “help” to me in a direct message."
TOO_LATE = "Slack could not open the form in time. The button opens it."
OPEN_FORM = "There is a form for this. The button opens it."
OPEN = "Open the form"
STALE = "That is from an older version of me. Please start again."
