"""The card that a person sees of a campaign of several parts, as far as it is their business."""

from collections.abc import Mapping, Sequence

from bot.access import Right, may
from bot.capabilities.campaigns.access import find_campaign, owner_of, workspace_of
from bot.capabilities.campaigns.approving import (
    approvers_of,
    begun_of,
    may_approve,
    missing_approvals,
)
from bot.capabilities.campaigns.audience import channel_of, is_read, keep_known
from bot.capabilities.campaigns.card import counts_of
from bot.capabilities.campaigns.card import show as show_truth
from bot.capabilities.campaigns.content import (
    INVITATION,
    LENT,
    Activity,
    Content,
    Format,
    in_order,
)
from bot.capabilities.campaigns.fault import find_faults, part_of
from bot.capabilities.campaigns.messages import READING, audience
from bot.capabilities.campaigns.model import Campaign, RunState, State, source_of
from bot.capabilities.campaigns.plan import messages
from bot.capabilities.campaigns.plan.arrangement import mark_of
from bot.capabilities.campaigns.steering import RESTED
from bot.capabilities.campaigns.step import message_of, today_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import NotAllowed
from bot.ids import PersonId, WorkspaceId
from bot.inbound import Command
from bot.message import Button, Buttons, Message, Text
from bot.outbox import LetterState
from bot.pack.document import Metric
from bot.pack.model import Kind
from bot.people import Person
from bot.truth import Account, account

GOING = frozenset({State.RUNNING, State.PAUSED})
OVER = frozenset({State.FINISHED, State.REPORTED, State.CANCELLED})


def find_own(work: CampaignsWork, command: Command) -> Campaign:
    """The campaign of a button that is for its owner.

    Raises:
        NotAllowed, NotFound: as `find_campaign`; or it is somebody else's.
    """
    campaign = find_campaign(work, command.person, command.args)
    if campaign.owner != command.person.id:
        raise NotAllowed(messages.NOT_THE_OWNER)
    return campaign


def was_changed(campaign: Campaign, command: Command) -> bool:
    """Whether it is not any more as it stood on the card that was pressed, or under the form that
    was opened."""
    return command.args.get("seen") != mark_of(campaign.proposed)


def show(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    person: Person,
    note: str | None = None,
    *,
    is_writing: bool = False,
) -> Message:
    """What the person sees of it. `is_writing`: its owner is about to change what is still to
    come of one that runs."""
    if campaign.state not in OVER:
        keep_known(work, campaign, context.now)
    if campaign.owner == person.id:
        if campaign.state in GOING and is_writing:
            return _writing(context, work, campaign, note or messages.CHANGE_WHILE_RUNNING)
        if campaign.state is State.DRAFT:
            return _writing(context, work, campaign, note)
        if campaign.state not in GOING | OVER:
            if _is_left_alone(work, campaign):
                note = note or messages.ALL_LEFT_HAVE
            return _sheet(work, context, campaign, messages.waiting_rows(campaign), note=note)
    elif is_asked(work, campaign, person):
        owner = owner_of(work, campaign)
        asked = messages.approval_note(owner, campaign)
        rows = messages.approval_rows(campaign)
        return _sheet(work, context, campaign, rows, note=note or asked, reader=person)
    if campaign.started_at is None and campaign.state is not State.CANCELLED:
        return _sheet(work, context, campaign, [], note=note)
    return _truth(context, work, campaign, person, note)


def is_asked(work: CampaignsWork, campaign: Campaign, person: Person) -> bool:
    """Whether the campaign, or a change of it, waits for the person's approval."""
    if not campaign.is_put_forward or not may_approve(work, campaign, person):
        return False
    # Who has approved it is asked once more where nobody is left for whom it would have to wait.
    return person.id not in campaign.approved_by or not missing_approvals(work, campaign)


def asked_of(work: CampaignsWork, person: Person) -> list[tuple[Campaign, str]]:
    """What waits for the person's approval, with the names of the owners, longest first."""
    found = [
        campaign
        for campaign in work.campaigns.in_review(person.workspace)
        if is_asked(work, campaign, person)
    ]
    return [(campaign, owner_of(work, campaign).name) for campaign in found]


def _writing(
    context: Context, work: CampaignsWork, campaign: Campaign, note: str | None
) -> Message:
    content = campaign.proposed
    owner = owner_of(work, campaign)
    today = today_of(owner, context.now)
    if not is_read(work, campaign):
        note = READING
    faults: list[str] = []
    is_new = campaign.state is State.DRAFT or campaign.amendment is not None
    if content.title and is_new:
        begun = begun_of(work, campaign) if campaign.state in GOING else frozenset[str]()
        faults += find_faults(context, work, campaign, content, today, begun)
    faults = [_numbered(content, fault) for fault in faults]
    if not approvers_of(work, campaign):
        faults.append(messages.NOBODY_TO_APPROVE)
    is_clean = not faults and is_new and not campaign.is_submitted
    rows = messages.writing_rows(campaign, is_clean=is_clean)
    lent = context.activities.formats
    formats = [one for one in messages.FORMATS if one not in LENT or one in lent]
    return _sheet(work, context, campaign, rows, note=note, faults=faults, formats=formats)


def _numbered(content: Content, fault: str) -> str:
    """What is wrong, with a part called as the card does: its own name is for files."""
    part = part_of(content, fault)
    if part is None:
        return fault
    return f"Part {number_of(content, part)}{fault.removeprefix(part.id)}"


def _sheet(
    work: CampaignsWork,
    context: Context,
    campaign: Campaign,
    rows: Sequence[Sequence[Button]],
    *,
    note: str | None = None,
    faults: Sequence[str] = (),
    formats: Sequence[Format] = (),
    reader: Person | None = None,
) -> Message:
    """`reader` is the one of those who approve it before whom it is put."""
    content = campaign.proposed
    owner = owner_of(work, campaign)
    approvers = approvers_of(work, campaign)
    waits_for = _waits_for(work, campaign)
    if reader is not None and waits_for == [reader.name]:
        waits_for = []
    told = campaign.rehearsal if campaign.is_put_forward else None
    channel = channel_of(work, campaign.workspace, content.conversation)
    return messages.sheet(
        campaign,
        messages.facts_of(
            content,
            audience(content.audience, workspace_of(work, owner), channel),
            [person.name for person in approvers],
            are_named=any(person.id in content.approvers for person in approvers),
            metric=_metric_of(work, campaign),
        ),
        titles_of(context, work, campaign.workspace, content),
        places_of(work, campaign.workspace),
        faults=faults,
        waits_for=waits_for,
        figures=() if told is None else told.told,
        rows=rows,
        note=note,
        formats=formats,
    )


def _waits_for(work: CampaignsWork, campaign: Campaign) -> list[str]:
    """All who have to approve it, by name; where any one of them may, they are one."""
    if not campaign.is_submitted:
        return []
    missing = missing_approvals(work, campaign)
    names = [person.name for person in missing]
    is_named = any(person.id in campaign.proposed.approvers for person in missing)
    return names if is_named or not names else [" or ".join(names)]


def _is_left_alone(work: CampaignsWork, campaign: Campaign) -> bool:
    """Whether those for whom it still waited may not approve it any more."""
    approvers = approvers_of(work, campaign)
    return campaign.is_put_forward and bool(approvers) and not missing_approvals(work, campaign)


def _metric_of(work: CampaignsWork, campaign: Campaign) -> str | None:
    """What it is measured by, as a pack calls it."""
    success = campaign.proposed.success
    if success is None:
        return None
    kept = work.packs.document(campaign.workspace, Kind.METRIC, success.metric)
    return kept.value.title if kept and isinstance(kept.value, Metric) else None


def titles_of(
    context: Context, work: CampaignsWork, workspace: WorkspaceId, content: Content
) -> Mapping[str, str]:
    """What the references of a campaign are called, by part."""
    titles: dict[str, str] = {}
    for activity in content.activities:
        lent = context.activities.formats.get(activity.format)
        if activity.format in LENT and activity.ref and lent is not None:
            found = lent.find(work, workspace, activity.ref)
            titles[activity.id] = found.title if found else activity.ref
    return titles


def places_of(work: CampaignsWork, workspace: WorkspaceId) -> Mapping[str, str]:
    """How the channels are called that belong to topics, by address."""
    return {
        topic.channel: _called(work, workspace, topic.channel, topic.title)
        for topic in work.topics.every(workspace)
        if topic.channel
    }


def _called(work: CampaignsWork, workspace: WorkspaceId, channel: str, topic: str) -> str:
    known = work.memberships.known(workspace, channel)
    if known is not None and known.name:
        return known.name
    return channel if channel.startswith("#") else f"the channel of {topic}"


def look(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activity: Activity,
    person: Person,
    note: str | None = None,
) -> Message:
    """One part, as everybody would get it."""
    content = campaign.proposed
    line = messages.line_of(
        content,
        activity,
        titles_of(context, work, campaign.workspace, content),
        places_of(work, campaign.workspace),
    )
    may_change = campaign.owner == person.id and (
        campaign.state is State.DRAFT or campaign.state in GOING
    )
    return messages.part_card(
        campaign,
        activity,
        number_of(content, activity),
        line,
        shown_of(context, work, campaign, activity),
        may_change=may_change and may(person, Right.RUN_CAMPAIGN),
        note=note,
    )


def number_of(content: Content, activity: Activity) -> int:
    """Which it is, by when they come, from 1."""
    ids = [one.id for one in in_order(content)]
    return ids.index(activity.id) + 1


def shown_of(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity
) -> Message | None:
    """What everybody would get of a part; None while there is nothing to show."""
    if activity.format in LENT:
        lent = context.activities.formats.get(activity.format)
        if lent is None or lent.find(work, campaign.workspace, activity.ref or "") is None:
            return None
    elif not activity.text:
        return None
    return message_of(context, work, campaign, activity)


# --- what became of it ----------------------------------------------------------------------------


def _truth(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    person: Person,
    note: str | None,
) -> Message:
    """The card of what became of it, with a line for each part, and what can still be done."""
    card = show_truth(work, campaign, note)
    if campaign.content.is_one_message or campaign.started_at is None:
        return card
    lines = messages.truth_lines(
        campaign,
        accounts_of(work, campaign),
        titles_of(context, work, campaign.workspace, campaign.content),
        places_of(work, campaign.workspace),
        _stands(work, campaign),
        sum(work.enrolments.counts(campaign.id).values()),
    )
    # The buttons of the whole stay last.
    shown = [part for part in card.parts if not isinstance(part, Buttons)]
    buttons = [part for part in card.parts if isinstance(part, Buttons)]
    rows: list[Sequence[Button]] = [row.buttons for row in buttons]
    if may(person, Right.RUN_CAMPAIGN):
        is_owner = campaign.owner == person.id
        rows += messages.running_rows(campaign, is_owner=is_owner)
    waits = _waits_for(work, campaign)
    said = [Text(text=messages.change_waits(waits))] if waits else []
    if campaign.owner == person.id and campaign.is_put_forward:
        rows.append([messages.ask_again(campaign)])
        if _is_left_alone(work, campaign):
            said.append(Text(text=messages.ALL_LEFT_HAVE))
    elif campaign.owner == person.id and campaign.amendment is not None and not campaign.submitted:
        said.append(Text(text=messages.CHANGE_BEGUN))
    parts = (*shown, *said, *lines, *(Buttons(buttons=tuple(row)) for row in rows))
    return card.model_copy(update={"parts": parts})


def accounts_of(work: CampaignsWork, campaign: Campaign) -> Mapping[str, Account]:
    """What may be told of the letters of each part that comes to people."""
    asked = [INVITATION] if campaign.content.asks_first else []
    return {
        id_: account(counts_of(work, campaign, source_of(campaign, id_)))
        for id_ in asked + [a.id for a in campaign.content.activities if a.channel is None]
    }


def _stands(work: CampaignsWork, campaign: Campaign) -> Mapping[str, str]:
    """What became of the parts that stand in a channel, and of those that were left out."""
    said: dict[str, str] = {}
    skipped = {
        run.activity for run in work.campaigns.runs(campaign.id) if run.state is RunState.SKIPPED
    }
    for activity in campaign.content.activities:
        if activity.id in skipped:
            said[activity.id] = messages.LEFT_OUT
        if activity.channel is None:
            if activity.id not in said and _was_rested(work, campaign, activity):
                said[activity.id] = messages.RESTED_OVER
            continue
        state = work.outbox.state(campaign.workspace, source_of(campaign, activity.id))
        if state is LetterState.SENT:
            said[activity.id] = messages.STANDS
        elif state in {LetterState.FAILED, LetterState.UNREACHABLE}:
            said[activity.id] = messages.NOT_POSTED
    return said


def _was_rested(work: CampaignsWork, campaign: Campaign, activity: Activity) -> bool:
    """Whether a pause took back all of a part, and its day had passed when it was over."""
    if campaign.state is State.PAUSED:
        return False
    tallies = work.truth.counts(campaign.workspace, source_of(campaign, activity.id))
    is_rested = any(tally.why == RESTED for tally in tallies)
    return is_rested and not any(tally.state is LetterState.SENT for tally in tallies)


def address_of(work: CampaignsWork, person: PersonId) -> str | None:
    """How forms name a person who is still here."""
    found = work.people.get(person)
    return found.address if found is not None and found.active else None
