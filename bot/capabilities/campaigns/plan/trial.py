"""A campaign before it begins, as its owner and a few others see it: real letters that count
for nothing."""

from bot.attention import Wish, book
from bot.capabilities.campaigns import rehearsing
from bot.capabilities.campaigns.access import find_campaign, owner_of
from bot.capabilities.campaigns.approving import approvers_of
from bot.capabilities.campaigns.content import Activity, in_order
from bot.capabilities.campaigns.messages import BECAUSE_TRIAL, GONE
from bot.capabilities.campaigns.model import Campaign
from bot.capabilities.campaigns.plan import messages
from bot.capabilities.campaigns.plan.arrangement import mark_of
from bot.capabilities.campaigns.plan.entry import read_person
from bot.capabilities.campaigns.plan.review import put_forward
from bot.capabilities.campaigns.plan.sheet import OVER, find_own, shown_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.ids import CampaignId
from bot.inbound import Command
from bot.message import Buttons, Message, say
from bot.messages import with_controls
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person
from bot.ports import Timer
from bot.reply import Reply


def dry_run(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Dry run*: what it would do, for whoever may look at it."""
    campaign = find_campaign(work, command.person, command.args)
    return rehearsing.look(context, work, campaign, command.person, _buttons)


def rehearse_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The next people of a dry run that is too large to be shown at once."""
    rehearsing.rehearse_on(context, work, timer, _buttons, put_forward)


def _buttons(work: CampaignsWork, campaign: Campaign, person: Person) -> Buttons:
    return messages.under_dry_run(
        campaign,
        is_owner=campaign.owner == person.id,
        may_submit=bool(approvers_of(work, campaign)),
    )


def show_me(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Send to me*: every part, as everybody would get it, to who may look at the campaign."""
    campaign = find_campaign(work, command.person, command.args)
    key = context.new_id()
    sent = _send_all(context, work, campaign, command.person, "trial", key, BECAUSE_TRIAL)
    return Reply(message=say(messages.sent_to_me(sent)))


def _shown(
    context: Context, work: CampaignsWork, campaign: Campaign
) -> list[tuple[Activity, Message]]:
    """The parts that there is something to show of, by when they come."""
    every = [(a, shown_of(context, work, campaign, a)) for a in in_order(campaign.proposed)]
    return [(activity, shown) for activity, shown in every if shown is not None]


def _send_all(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    person: Person,
    kind: str,
    key: str,
    because: str,
) -> int:
    """Outside the campaign's account: no source, and keys of their own. Returns how many."""
    every = _shown(context, work, campaign)
    for activity, shown in every:
        work.outbox.post(
            campaign.workspace,
            Letter(
                key=f"{campaign.source}:{kind}:{key}:{activity.id}"[:200],
                to=ToPerson(person=person.id),
                # What stands in a channel stands there without them.
                message=shown if activity.channel else with_controls(shown),
                kind=f"campaign.{kind}",
                priority=Priority.ANSWER,
                because=because,
            ),
        )
    return len(every)


def pilot(_context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Let a few try it*: who?"""
    return Reply(form=messages.pilot_form(find_own(work, command)))


def ask_pilot(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """The form of *Let a few try it*. They are asked through their attention, like everybody."""
    campaign = find_own(work, command)
    wrong: dict[str, str] = {}
    found: dict[str, Person] = {}
    for seat in messages.PILOT_SEATS:
        said = command.values.get(seat, "").strip()
        person = read_person(work, command.person, said) if said else None
        if said and person is None:
            wrong[seat] = messages.UNKNOWN_PERSON
        elif person is not None:
            found[person.id] = person
    if not found:
        wrong.setdefault(messages.PILOT_SEATS[0], messages.NOBODY_NAMED)
    if wrong:
        raise Invalid(fields=wrong)
    owner = owner_of(work, campaign)
    model = Letter(
        key=campaign.source,
        to=ToPerson(person=owner.id),
        message=messages.invite(campaign, owner, len(_shown(context, work, campaign))),
        kind="campaign.pilot",
        priority=Priority.CAMPAIGN,
        because=messages.BECAUSE_PILOT,
    )
    mark = mark_of(campaign.proposed)
    wishes = [Wish(person, model, _invitation(campaign, mark, person)) for person in found.values()]
    book(context, work, wishes)
    names = sorted(person.name for person in found.values())
    return Reply(message=messages.asked_pilot(names))


def _invitation(campaign: Campaign, mark: str, person: Person) -> str:
    """The key of the letter that asks somebody to try the campaign as it is at this mark."""
    return f"{campaign.source}:pilot:{mark}:{person.id}"


def try_it(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Show it to me*, by somebody who was asked: as it is now, whatever it was when they were.
    Pressed again it brings nothing twice, unless it was changed since."""
    person = command.person
    value = command.args.get("campaign")
    id_ = value if isinstance(value, str) and value.isprintable() else ""
    campaign = work.campaigns.get(CampaignId(id_))
    if campaign is None or campaign.workspace != person.workspace:
        raise NotFound(GONE)
    seen = command.args.get("seen")
    mark = seen if isinstance(seen, str) and seen.isprintable() else ""
    if not work.outbox.promised(person.workspace, [_invitation(campaign, mark, person)]):
        raise NotFound(messages.NOT_INVITED)
    if campaign.state in OVER:
        raise NotFound(messages.TRIED_TOO_LATE)
    key = f"{mark_of(campaign.proposed)}:{person.id}"
    sent = _send_all(context, work, campaign, person, "tried", key, messages.BECAUSE_PILOT)
    return Reply(message=say(messages.tried(sent)), replace=True)
