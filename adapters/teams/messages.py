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

REFRESH = "Show what I can do"
"""In the menu of a card that is more to some people than to others."""
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

BUSY = "I am busy at the moment and could not keep this. Please try again in a minute."
BROKEN = "Something broke on our side. Please try that again."
STALE = "That is from an older version of me. Please start again."
OVER = "That was more than a week ago. Please start again."
LATE = "This takes longer than usual. I write to you as soon as it is done."
LATE_FORM = "This took too long. Please press the button again."
DONE = "Done."
ANSWERED_BELOW = "My answer is below."
ANSWERED_APART = "I answer in our own chat."
ANSWERED_THERE = "My answer stands where you asked."
NOT_SERVED = "I serve only people of the organisation that runs me."
NO_CHAT = "I can tell you more only in our own chat. Please add me under Apps first."
OPEN_CHAT = "I have an answer for you alone. Please open a chat with me and ask me there."

# The app as Teams shows it to who installs it.

APP_NAME = "Inflow"
DEVELOPER = "Inflow contributors"
APP_DESCRIPTION = "Ask, and get a trusted answer at once or the right colleague soon."
APP_LONG_DESCRIPTION = """\
Inflow answers questions where people work. You ask in its chat, with a mention or from a message. \
What was answered and checked before comes at once, to you alone, with its date and who stands for \
it. Else one colleague who knows about it is asked, in turn and within their own limits, so that \
nobody becomes the help desk.

You can ask as yourself, openly, or without your name. You decide what reaches you, when and how \
often, and one word ends it all. There are no points and no rankings, and nobody is watched: of \
what is said in channels Inflow keeps only what is said to it and in the threads of its own \
questions."""
OWN_COMMANDS: Mapping[str, str] = {
    "help": "lists all that Inflow can do",
    "home": "your own page: what waits for you, what reaches you, what others find",
}
