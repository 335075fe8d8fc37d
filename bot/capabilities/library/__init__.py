"""What is written: read it, ask about it, say that it is unclear; and it gets better by that.

A topic's page has three buttons: *Test me / Show me / Ask someone*. What people ask about a
section or an item, and taps on *Still unclear*, become an issue for whoever looks after the
topic, without a word of who it was. They change what is written in chat, and figures tell
whether it helped. An accepted answer stands under what it was asked about.

model     what is shown: values and small rules                 (pure)
thing     what is written, by the name that issues have for it
access    who may see and do what
step      one step of an issue, and who hears of it
reading   a topic's page, its sections, what is unclear         handlers
hearing   what is asked and answered about it                   timers
gap       what people keep asking and the FAQ does not say      (pure)
watching  every night: figures, dates, and whether changes helped
tally     how the questions of a quiz do                        handlers
caring    issues, as whoever looks after the topic sees them    handlers
editing   changing in chat what is written                      handlers
lending   a section for others to put before many
home      what stands on a person's own page
messages  every sentence
ports work  what is needed from storage, and one transaction of it
"""

from functools import partial

from bot.capabilities.library import (
    caring,
    editing,
    hearing,
    home,
    lending,
    reading,
    tally,
    watching,
)
from bot.capabilities.library.editing import Check
from bot.capabilities.library.work import LibraryWork
from bot.capability import Capability, Order
from bot.kind import wished


def capability_with(check: Check) -> Capability[LibraryWork]:
    """The capability, for a program whose files are held to the rules of `check`: so is what
    people change in chat."""
    return Capability(
        name="library",
        title="What is written",
        orders={
            "read": Order(
                reading.read,
                "topic",
                "opens a topic: test yourself, read, or ask someone",
                spoken=False,
            ),
            "improve": Order(
                caring.list_issues,
                "",
                "lists what could be clearer in the topics that you look after",
                spoken=False,
            ),
        },
        presses={
            "library.topic": reading.topic,
            "library.contents": reading.contents,
            "library.section": reading.section,
            "library.unclear": reading.unclear,
            "library.listen": reading.listen,
            "library.answers": reading.answers,
            "library.issues": caring.list_issues,
            "library.items": tally.items,
            "library.issue": caring.open_issue,
            "library.begin": caring.begin,
            "library.refuse": caring.refuse_form,
            "library.history": caring.history,
            "library.edit": editing.form,
        },
        opens_forms=frozenset({"library.refuse", "library.edit"}),
        submits={
            "library.keep_refusal": caring.keep_refusal,
            "library.keep": partial(editing.keep, check),
        },
        timers={
            "library.asked": hearing.asked,
            "library.gap": watching.look_for_gap,
            "library.answered": hearing.answered,
            "library.night": watching.night,
            "library.look": watching.look,
        },
        farewell=home.farewell,
        about_me=home.about_me,
        home=home.home,
        activities=lending.ACTIVITIES,
        evidence=lending.EVIDENCE,
        letters={
            "library.issue": wished("a steward may look at it when it suits them"),
            "library.works": wished("good news that may wait"),
            "library.rewritten": wished("they may have asked long ago to be told"),
        },
    )
