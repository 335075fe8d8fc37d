"""Something for many: planned, approved, handed out day by day, and accounted for.

A community manager puts messages, tips, sections, quizzes and prompts in a row, by the calendar
or counted from each one's own first working day. Others approve exactly what they saw. When the
day of an activity begins anywhere, a timer hands everybody their letter through the one attention
ledger, in chunks that survive a crash. It can rest, go on and be ended. Afterwards the manager
sees how many got it, and whom a failure concerns; nobody sees who wished to be left alone. One
message to many is the smallest of campaigns, and goes without approval.

    content     what its owner decides, and the digest that approval is bound to (pure)
    model       values and rules: states, events, the fold                       (pure)
    allocation  which cluster begins when, drawn and frozen                      (pure)
    timing      on which day something comes to whom                             (pure)
    outlook     the forecast as it adds up                                       (pure)
    dryrun      what may be told of it beforehand                                (pure)
    fault       what stands in the way of running it
    access      who may see and do what
    audience    the people of a conversation, who have to be read first
    condition   who does not need an activity
    sparing     asking that again before it goes                                 timers
    step        one event, and what everybody is to get
    card        what became of it, counted
    rehearsal   going through it with everybody, before it begins
    conclusion  what may be told of that
    rehearsing  both, at once or in chat                                         timers
    packed      a campaign of a pack as one of ours
    approving   submitted, approved, drawn, scheduled, changed
    enrolling   who is in it                                                     timers
    expanding   handing it out                                                   timers
    telling     what its owner is told, and who else answers for it
    succession  somebody else's, whose owner runs it no more                     timers
    steering    pausing, going on, ending
    draft run   handlers: before one message is sent, and after
    home        what it shows a person about themselves
    messages    every sentence, and dryrun_messages those of the dry run
    occasion    polls, and hours of questions
    plan        writing, approving and steering one of several parts, in chat
    ports work  what is needed from storage, and one transaction of it
"""

from bot.access import Right
from bot.capabilities.campaigns import (
    draft,
    enrolling,
    expanding,
    home,
    run,
    sparing,
    steering,
    succession,
)
from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.occasion import hour, poll
from bot.capabilities.campaigns.plan import entrance, trial
from bot.capabilities.campaigns.work import CampaignsWork
from bot.capability import Capability, Order
from bot.kind import duty, own, wished

capability: Capability[CampaignsWork] = Capability(
    name="campaigns",
    title="Campaigns",
    orders={
        "campaign": Order(
            draft.campaign,
            "[title]",
            "writes to many, shows what waits for approval and what became of it",
            spoken=False,
            # Whoever may run campaigns may approve those of others.
            needs=Right.APPROVE_CAMPAIGN,
        ),
    },
    presses={
        "campaign.list": draft.list_all,
        "campaign.new": draft.new,
        "campaign.open": draft.open_,
        "campaign.change": draft.change,
        "campaign.discard": draft.discard,
        "campaign.send_to_me": draft.send_to_me,
        "campaign.send": draft.send,
        "campaign.refresh": run.refresh,
        "campaign.resend": run.resend,
        "campaign.resend_unreachable": run.resend_unreachable,
        "campaign.cancel": run.cancel,
        "campaign.take_over": succession.take_over,
        "campaign.join": enrolling.join,
        "campaign.decline": enrolling.decline,
        "campaign.vote": poll.vote,
        "campaign.forget": home.forget,
        **entrance.PRESSES,
    },
    opens_forms=entrance.OPENS_FORMS | {"campaign.new", "campaign.change"},
    submits={"campaign.draft": draft.submit, **entrance.SUBMITS},
    timers={
        "campaign.forecast": draft.forecast_on,
        "campaign.rehearse": trial.rehearse_on,
        "campaign.start": enrolling.start_on,
        "campaign.enrol": enrolling.enrol_on,
        "campaign.expand": expanding.expand,
        "campaign.close": steering.close_on,
        "campaign.led": succession.look_on,
        "campaign.look": run.look,
        "campaign.resend": run.resend_on,
        "campaign.spare": sparing.spare_on,
        "campaign.count": poll.count_on,
        "campaign.hour": hour.hour_on,
        "campaign.asked": hour.asked_on,
    },
    home=draft.home,
    about_me=home.about_me,
    why=home.why,
    hush=enrolling.hush,
    farewell=enrolling.farewell,
    letters={
        "campaign.forecast": own("what they asked to see"),
        "campaign.rehearsal": own("what they asked to see"),
        "campaign.trial": own("what they asked to see"),
        "campaign.tried": own("they said yes to trying it"),
        **{f"campaign.{each}": wished("somebody writes to many") for each in Format},
        "campaign.closing": wished("somebody writes to many"),
        "campaign.pilot": wished("somebody asks a few to try it"),
        "campaign.review": duty(
            "its approval waits for them", each="somebody waits for each, and its card approves it"
        ),
        "campaign.decided": own("what they had submitted was decided about"),
        "campaign.unsent": duty("it is theirs"),
        "campaign.left_out": duty("it is theirs"),
        "campaign.finished": duty("it is theirs"),
        "campaign.result": duty("it is theirs"),
        "campaign.orphaned": duty("they look after campaigns that nobody runs"),
    },
)
