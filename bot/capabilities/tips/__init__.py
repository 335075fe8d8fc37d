"""One small useful thing at a time, which comes back as a question so that it stays.

Everybody chooses what about, how often and on which days. At their hour comes the one thing that
matters most now: something that is fading, or something new. It goes through the one attention
budget (`bot.attention`), which also knows the rule of ignored messages: nothing of it is here.

    model       values and limits
    spacing     when a card comes back: FSRS, and its traps                    (pure)
    course      a topic's tips in order, and their wordings                    (pure)
    choosing    what comes today, and why                                      (pure)
    reacting    what the buttons mean                                          (pure)
    access      who may see and do what
    planning    what comes to everybody at their hour, a thousand at a time
    today       what one person is told
    answering following nominating proposing                                   handlers
    lending     a tip for others to put before many
    home        what a person sees of themselves, and what they leave behind
    messages    every sentence
    ports work  what is needed from storage, and one transaction of it
"""

from bot.capabilities.tips import (
    answering,
    following,
    home,
    lending,
    nominating,
    planning,
    proposing,
)
from bot.capabilities.tips.model import KIND
from bot.capabilities.tips.work import TipsWork
from bot.capability import Capability, Order
from bot.kind import wished

capability: Capability[TipsWork] = Capability(
    name="tips",
    title="Tips",
    orders={
        "tip": Order(following.pull, "[topic]", "brings one small useful thing now", spoken=False),
        "tips": Order(
            following.tips, "[topic]", "what you follow; follow more, pause or stop", spoken=False
        ),
    },
    presses={
        "tips.list": following.list_mine,
        "tips.follow": following.follow,
        "tips.pace": following.choose_pace,
        "tips.change": following.open_days,
        "tips.pause": following.pause,
        "tips.go_on": following.go_on,
        "tips.stop": following.stop,
        "tips.pull": following.pull,
        "tips.forget": following.forget,
        "tips.mine": home.tell_all,
        "tips.react": answering.say_of_it,
        "tips.undo": answering.take_back,
        "tips.answer": answering.choose,
        "tips.remind": answering.remind,
        "tips.more": answering.show_more,
        "tips.sure": answering.tell_certainty,
        "tips.take_out": following.take_out,
        "tips.nominations": nominating.list_waiting,
        "tips.approve": nominating.approve,
        "tips.edit": nominating.edit,
        "tips.decline": nominating.decline,
        "tips.try_out": proposing.try_out,
        "tips.count": proposing.count,
        "tips.leave_out": proposing.leave_out,
    },
    opens_forms=frozenset({"tips.change", "tips.edit", "tips.approve"}),
    submits={"tips.keep_days": following.keep_days, "tips.publish": nominating.send},
    timers={
        "tips.nominate": nominating.nominate,
        "tips.propose": nominating.suggest,
        "tips.unpropose": nominating.take_back,
    },
    slots={KIND: planning.plan},
    answers=answering.hear,
    doubts=answering.hold,
    farewell=home.farewell,
    about_me=home.about_me,
    home=home.home,
    activities=lending.ACTIVITIES,
    week=home.week,
    letters={
        KIND: wished("the daily tip"),
        "tips.nomination": wished("an answer of theirs, or of their topic, could be a tip"),
        "tips.proposed": wished("a steward may look at it when it suits them"),
        "tips.flagged": wished("a steward may look at it when it suits them"),
        "tips.misbelieved": wished("a steward may look at it when it suits them"),
    },
)
