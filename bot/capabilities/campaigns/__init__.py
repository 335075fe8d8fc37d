"""One message to many: written, forecast, sent to each at their own hour, and accounted for.

A community manager writes it and sees beforehand who would get it when, and how many
would not, for the sake of their attention. Once sent, a timer hands everybody their letter
through the one attention ledger, in chunks that survive a crash. Afterwards the manager
sees how many got it, and whom a failure concerns; nobody sees who wished to be left alone.

    model       values and rules: states, events, the forecast as it adds up     (pure)
    access      who may see and do what
    audience    the people of a conversation, who have to be read first
    step        one event, and what everybody is to get
    draft run   handlers: before it is sent, and after
    messages    every sentence
    ports work  what is needed from storage, and one transaction of it
"""

from bot.access import Right
from bot.capabilities.campaigns import draft, enrolling, expanding, run
from bot.capabilities.campaigns.work import CampaignsWork
from bot.capability import Capability, Order

capability: Capability[CampaignsWork] = Capability(
    name="campaigns",
    title="Campaigns",
    orders={
        "campaign": Order(
            draft.campaign,
            "[title]",
            "writes to many, and shows what became of it",
            spoken=False,
            needs=Right.RUN_CAMPAIGN,
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
    },
    opens_forms=frozenset({"campaign.list", "campaign.new", "campaign.change"}),
    submits={"campaign.draft": draft.submit},
    timers={
        "campaign.forecast": draft.forecast_on,
        "campaign.start": enrolling.start_on,
        "campaign.enrol": enrolling.enrol_on,
        "campaign.expand": expanding.expand,
        "campaign.look": run.look,
        "campaign.resend": run.resend_on,
    },
    home=draft.home,
    hush=enrolling.hush,
    farewell=enrolling.farewell,
)
