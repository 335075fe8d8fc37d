"""Values of every message of campaigns of several parts, for `tests.adapters.every_message`."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from bot.activity import Found
from bot.capabilities.campaigns.content import (
    Activity,
    Audience,
    Consent,
    Content,
    Design,
    Format,
    OnlyIf,
    Rollout,
    Success,
    Timing,
)
from bot.capabilities.campaigns.messages import whom_field
from bot.capabilities.campaigns.model import Campaign, State
from bot.capabilities.campaigns.occasion import messages as occasion
from bot.capabilities.campaigns.plan import messages as plan
from bot.form import Form
from bot.ids import CampaignId, PersonId, WorkspaceId
from bot.message import Message, Part
from bot.messages import with_controls
from bot.page import Section
from bot.people import Person
from bot.truth import Account

_W = WorkspaceId("w")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TUESDAY = date(2026, 3, 3)
SAM = Person(id=PersonId("sam"), workspace=_W, address="U0SAM0000", name="Sam *M*")
KIM = Person(id=PersonId("kim"), workspace=_W, address="U0KIM0000", name="Kim")
POLL = Activity(
    id="a4",
    format=Format.POLL,
    date=date(2026, 3, 6),
    text="Which <day> suits you?",
    options=("Monday & Tuesday", "Friday", "None of them"),
)
HOUR = Activity(
    id="a5",
    format=Format.QNA_SESSION,
    date=date(2026, 3, 9),
    at=time(15),
    channel="C0TRAVEL",
    text="**Kim** answers what you always wanted to know.",
)
CONTENT = Content(
    title="Two weeks of *data*",
    activities=(
        Activity(id="a1", date=TUESDAY, text="Here we go: [the plan](https://plan.example/1)."),
        Activity(
            id="a2",
            format=Format.QUIZ,
            date=date(2026, 3, 4),
            ref="data",
            only_if=OnlyIf.NOT_CERTIFIED,
        ),
        Activity(id="a3", format=Format.TIP, date=date(2026, 3, 5), ref="tip-1", optional=True),
        POLL,
        HOUR,
    ),
    audience=Audience(teams=("Sales & more", "Support")),
    approvers=(KIM.id,),
    completion="certified(data)",
    success=Success("errors in reports", 28, 28, "two a week"),
    closing="It ends early, and that is fine.",
)
MANY = replace(
    CONTENT,
    activities=tuple(
        Activity(id=f"a{n}", date=TUESDAY, text=f"Part {n} says *something* rather long. " * 5)
        for n in range(1, 61)
    ),
)
COUNTED = replace(
    CONTENT,
    timing=Timing.ENROLMENT,
    start=TUESDAY,
    join_until=date(2026, 4, 3),
    activities=(Activity(id="a1", day=0, text="Welcome."), Activity(id="a2", day=4, text="Bye.")),
    audience=Audience(people=(KIM.id,), consent=Consent.OPT_IN),
    rollout=Rollout(Design.STEPPED_WEDGE, steps=3),
)
CAMPAIGN = Campaign(CampaignId("c7"), _W, SAM.id, CONTENT, NOW, NOW)
APPROVED = replace(CAMPAIGN, state=State.APPROVED)
IN_REVIEW = replace(CAMPAIGN, state=State.IN_REVIEW)
RUNNING = replace(CAMPAIGN, state=State.RUNNING, started_at=NOW)
AMENDED = replace(RUNNING, amendment=CONTENT)
TITLES = {"a2": "Handling <customer> data", "a3": "Before you share a sheet, look twice."}
PLACES = {"C0TRAVEL": "#travel"}
FACTS = plan.facts_of(CONTENT, "everybody in two teams", ["Kim"], are_named=True)
ACCOUNT = Account(
    delivered=80,
    waiting=5,
    left_alone=6,
    causes=(),
    unreachable=2,
    failed=3,
    unknown=1,
    cancelled=4,
)
_ARGS = plan.args_of(CAMPAIGN)
_FOUND = [Found("data", "Handling <customer> data"), Found("travel", "Travel & trips")]

SHOWN: dict[str, Message | Form | list[Part] | list[Section] | Section] = {
    "plan.lines_of": plan.lines_of(CONTENT, TITLES, PLACES),
    "plan.sheet": plan.sheet(
        CAMPAIGN,
        FACTS,
        TITLES,
        PLACES,
        faults=["a1 (message): This day has passed.", "Nobody & nothing."],
        rows=plan.writing_rows(CAMPAIGN, is_clean=True),
        formats=list(plan.FORMATS),
    ),
    "plan.sheet:to_approve": plan.sheet(
        IN_REVIEW,
        FACTS,
        TITLES,
        PLACES,
        waits_for=["Kim"],
        figures=[("People", "8 people now; 8 get something"), ("For the same people", "“*Other*”")],
        rows=plan.approval_rows(IN_REVIEW),
        note=plan.approval_note(SAM, IN_REVIEW),
    ),
    "plan.sheet:to_approve_sixty": with_controls(
        plan.sheet(
            replace(IN_REVIEW, content=MANY),
            FACTS,
            {},
            {},
            figures=[("People", "8 people now")] * 10,
            rows=plan.approval_rows(IN_REVIEW),
            note=plan.approval_note(SAM, IN_REVIEW),
        )
    ),
    "plan.sheet:approved": plan.sheet(
        APPROVED, FACTS, TITLES, PLACES, rows=plan.waiting_rows(APPROVED)
    ),
    "plan.sheet:a_change": plan.sheet(
        AMENDED, FACTS, TITLES, PLACES, rows=plan.writing_rows(AMENDED, is_clean=True)
    ),
    "plan.sheet:counted": plan.sheet(
        replace(CAMPAIGN, content=COUNTED),
        plan.facts_of(COUNTED, "one by name", ["Kim", "Lu"], are_named=False),
        {},
        {},
        rows=plan.writing_rows(CAMPAIGN, is_clean=False),
    ),
    "plan.sheet:sixty_parts": plan.sheet(
        replace(CAMPAIGN, content=MANY), FACTS, {}, {}, rows=plan.waiting_rows(APPROVED)
    ),
    "plan.part_card": plan.part_card(
        CAMPAIGN,
        POLL,
        4,
        plan.line_of(CONTENT, POLL, TITLES, PLACES),
        occasion.ballot(CAMPAIGN, SAM, POLL),
        may_change=True,
        note=plan.MOVED,
    ),
    "plan.part_card:empty": plan.part_card(CAMPAIGN, POLL, 4, "x", None, may_change=False),
    "plan.settings_form": plan.settings_form(
        CONTENT, whom_field(CONTENT, ["Sales"], {}), ["U0KIM0000"], TUESDAY, _ARGS, is_new=False
    ),
    "plan.settings_form:counted": plan.settings_form(
        COUNTED, whom_field(COUNTED, ["Sales"], {}), [], TUESDAY, _ARGS, is_new=False
    ),
    "plan.settings_form:new": plan.settings_form(
        Content(title="", activities=()),
        whom_field(None, ["Sales"], {}),
        [],
        TUESDAY,
        {},
        is_new=True,
    ),
    **{
        f"plan.part_form:{activity.format}": plan.part_form(
            CONTENT, activity, _FOUND, {plan.HERE: "this channel", **PLACES}, TUESDAY, _ARGS
        )
        for activity in (*CONTENT.activities, Activity(id="", format=Format.PROMPT))
    },
    "plan.part_form": plan.part_form(COUNTED, COUNTED.activities[1], [], PLACES, TUESDAY, _ARGS),
    "plan.back_form": plan.back_form(IN_REVIEW),
    "plan.pilot_form": plan.pilot_form(CAMPAIGN),
    "plan.asked_pilot": plan.asked_pilot(["Ana *A*", "Ben", "Cem"]),
    "plan.invite": plan.invite(CAMPAIGN, SAM, 12),
    "plan.approved": plan.approved(APPROVED, KIM),
    "plan.approved:a_change": plan.approved(RUNNING, KIM),
    "plan.approved_partly": plan.approved_partly(IN_REVIEW, KIM, ["Lu"]),
    "plan.overtaken": plan.overtaken(CAMPAIGN, ["a3 (message): This day has passed."]),
    "plan.rejected": plan.rejected(CAMPAIGN, KIM, "Too *much* at once."),
    "plan.truth_lines": plan.truth_lines(
        RUNNING, {"a1": ACCOUNT}, TITLES, PLACES, {"a5": plan.STANDS, "a3": plan.LEFT_OUT}
    ),
    "plan.waiting_for_you": plan.waiting_for_you([(IN_REVIEW, "Sam *M*")]),
    "plan.waiting_list": plan.waiting_list([(IN_REVIEW, "Sam *M*")]),
    "plan.waiting_list:many": plan.waiting_list([(IN_REVIEW, "Sam_M " * 60)] * 14),
    "plan.waiting_list:none": plan.waiting_list([]),
    "occasion.ballot": occasion.ballot(CAMPAIGN, SAM, POLL),
    "occasion.result": occasion.result(RUNNING, POLL, {0: 4, 1: 2}),
    "occasion.result:few": occasion.result(RUNNING, POLL, {0: 3}),
    "occasion.announced": occasion.announced(RUNNING, SAM, HOUR, NOW, "hour:c7--a5"),
    "occasion.called_off": occasion.called_off(RUNNING, SAM),
    "occasion.begun": occasion.begun(RUNNING, SAM, HOUR, "hour:c7--a5"),
}
