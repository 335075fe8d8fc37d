"""Narrating one's work: reflection first, sharing second, monitoring never (domain.md 4).

What somebody writes is a private draft, sealed with a key of their own. With whom it is shared is
asked every time, with how many would see it; it can be changed and withdrawn everywhere. Nobody
but its author and the readers they chose can list, count or filter anything here, whatever their
role.

    model prompt   values, limits, what is asked                               (pure)
    access         who may see and do what
    writing        drafts
    sharing        whom with, asked every time
    posting        where it stands for others: posted, changed, taken back
    connecting     who has written about the same; introductions
    reviewing      one's own week, decisions, lists; learned -> tip
    prompting      what comes to those who want it
    consenting     what a person wishes and allows, with its ledger
    reminding      decisions to look at again, drafts that go
    digesting      a channel's week
    lending        prompts for campaigns, evidence for their plans, what is proposed as a tip
    home           what a person sees of themselves, and what they leave behind
    messages       every sentence
    ports work     what is needed from storage, and one transaction of it
"""

from collections.abc import Sequence
from functools import partial

from bot.capabilities.narration import (
    connecting,
    consenting,
    digesting,
    home,
    lending,
    posting,
    prompting,
    reminding,
    reviewing,
    sharing,
    writing,
)
from bot.capabilities.narration.model import PROMPT_SLOT, WEEK_SLOT
from bot.capabilities.narration.reviewing import W
from bot.capability import Capability, Order
from bot.kind import own, wished


def capability_beside(others: Sequence[Capability[W]]) -> Capability[W]:
    """The capability, for a program that has these others too: somebody's own week tells what
    they did in all of them."""
    week = partial(reviewing.week, [c.week for c in others if c.week is not None])
    return Capability(
        name="narration",
        title="Your work, in your words",
        orders={
            "narrate": Order(
                writing.narrate,
                "[learned | stuck | decision | …] [words]",
                "write down what you work on, for yourself first",
                slash=True,
            ),
            "week": Order(week, "", "your own week, for you alone", spoken=False),
            "decisions": Order(
                reviewing.decisions,
                "",
                "decisions of yours and those shared with you",
                spoken=False,
            ),
        },
        presses={
            "narration.begin": writing.begin,
            "narration.write": writing.write,
            "narration.answer": prompting.answer,
            "narration.skip": prompting.skip,
            "narration.show": writing.show,
            "narration.edit": writing.edit,
            "narration.keep_private": writing.keep_private,
            "narration.discard": writing.discard,
            "narration.choose": sharing.choose,
            "narration.share": sharing.share,
            "narration.undigest": sharing.undigest,
            "narration.withdraw": sharing.withdraw,
            "narration.tip": reviewing.make_tip,
            "narration.introduce": connecting.introduce,
            "narration.meet": connecting.meet,
            "narration.decline": connecting.decline,
            "narration.mine": reviewing.list_mine,
            "narration.decisions": reviewing.decisions,
            "narration.shared": reviewing.list_shared,
            "narration.take": reviewing.take_away,
            "narration.week": week,
            "narration.wishes": consenting.open_wishes,
            "narration.ledger": consenting.tell_ledger,
            "narration.forget": home.forget,
        },
        opens_forms=frozenset(
            {
                "narration.write",
                "narration.answer",
                "narration.edit",
                "narration.choose",
                "narration.wishes",
            }
        ),
        submits={
            "narration.keep": writing.keep,
            "narration.propose": sharing.propose,
            "narration.keep_wishes": consenting.keep_wishes,
        },
        timers={
            "narration.revisit": reminding.revisit,
            "narration.fade": reminding.fade,
            "narration.gone": reminding.gone,
            "narration.digest": digesting.post,
            "narration.undo": consenting.undo,
        },
        slots={PROMPT_SLOT: prompting.plan, WEEK_SLOT: prompting.plan_week},
        farewell=home.farewell,
        about_me=home.about_me,
        home=home.home,
        activities=lending.ACTIVITIES,
        evidence=lending.EVIDENCE,
        writings=lending.WRITINGS,
        letters={
            PROMPT_SLOT: wished("the weekly prompt"),
            WEEK_SLOT: wished("the end of the week"),
            posting.KIND: wished("a colleague shares something with them"),
            "narration.introduce": wished("a colleague would like to meet them"),
            "narration.fade": wished("a draft of theirs is old"),
            "narration.met": own("both of them said yes"),
            "narration.revisit": own("they chose the day on which they look at it again"),
        },
    )
