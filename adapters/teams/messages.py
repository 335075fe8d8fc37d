"""What the adapter itself says to people, where only Teams' ways make it necessary."""

from collections.abc import Mapping

from bot.message import Tone

FIRST_WORDS: Mapping[Tone, str] = {
    Tone.WARNING: "⚠ Please note",
    Tone.BAD: "✕ Problem",
}
"""What stands above a message, so that its tone is not told by a look alone. A good message
says so itself: a “Done” above an answer that was found would promise too much."""

SPOKEN_FIRST: Mapping[Tone, str] = {Tone.WARNING: "Please note: ", Tone.BAD: "Problem: "}
"""What a notification begins with."""

SHORTENED = "This is shortened: it is too long for one message here."
LEFT_OUT = "Not everything of this fits into one message here."

CHOOSE = "Choose…"
CHOOSE_THIS = "Choose"

FORM_WRONG = "✕ Something is not right yet. It says what under the field."
FIELD_WRONG = "✕ {sentence}"
FILL_IN = "Please fill this in."
PICK_ONE = "Please choose one."
PICK_PERSON = "Please choose a person."
PICK_DAY = "Please give a day."
GIVE_NUMBER = "Please give a number."
GIVE_NUMBER_BETWEEN = "Please give a number from {least} to {most}."
GIVE_NUMBER_FROM = "Please give a number of {least} or more."
GIVE_NUMBER_TO = "Please give a number of {most} or less."
