"""What the adapter itself says to people, where only Slack's ways make it necessary."""

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
CANCEL = "Cancel"

BUSY = "I am busy at the moment and could not keep this. Please try again in a minute."
BROKEN = "Something broke on our side. Please try that again."
UNKNOWN_COMMAND = "I do not know this command. Write “help” to me in a direct message."
TOO_LATE = "Slack could not open the form in time. The button opens it."
OPEN_FORM = "There is a form for this. The button opens it."
OPEN = "Open the form"
STALE = "That is from an older version of me. Please start again."

# The pages of an installation over the web, as plain text.

INSTALL_TITLE = "Add Inflow to Slack"
INSTALL_WHAT = (
    "Inflow answers questions where people work: with an answer that was checked before, or "
    "through one colleague who knows, and nobody becomes the help desk."
)
INSTALL_NEXT = (
    "Slack asks you next which workspace it is for, and shows what Inflow may do there. It reads "
    "no private messages among people, and no e-mail addresses."
)
INSTALL_LINK = "Add to Slack"
INSTALL_NOTE = (
    "The link works in this browser, once and for ten minutes. It needs a cookie, which is not "
    "kept for longer."
)

INSTALLED_TITLE = "Inflow is in {name}"
INSTALLED_WHAT_NEXT = "What to do next"
INSTALLED_STEPS = (
    "In Slack, choose Inflow under Apps. Its Home tab is everybody's own page.",
    "Write /learn there or in any channel: it shows all that Inflow can do.",
    "Tell people that it is there. Nobody needs an account or a password.",
)
INSTALLED_FIRST = (
    "Because you installed it first, you look after Inflow here: from your first message to it "
    "on you are its community manager, and can name others."
)
INSTALLED_LINK = "Open Inflow in Slack"

NOT_INSTALLED_TITLE = "Inflow was not installed"
NOT_INSTALLED = {
    "declined": "You have not allowed it in Slack, and nothing was changed.",
    "browser": (
        "This browser is not known to have begun the installation, or took longer than ten "
        "minutes. Open the link here in the browser in which you are signed in to Slack, and "
        "allow cookies."
    ),
    "used": "This step of the installation was done before, or took longer than ten minutes.",
    "no_code": "Slack led here without a code, so nothing was changed.",
    "refused": "Slack did not go on with the installation.",
    "no_slack": "Slack could not be reached, and nothing was changed. Please try again.",
    "busy": "Inflow is busy at the moment and could not keep the installation. Please try again.",
}
NOT_INSTALLED_WHY = "Slack's word for it is {error}."
NOT_INSTALLED_LINK = "Begin again"
