"""From a draft to its start: what is submitted, approved by others, drawn and scheduled.

Each function is one step that somebody takes with a campaign they may see; whoever shows the
buttons calls it. Approval is of what was seen, by its digest.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.access import Right, may, require, roles_with
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.allocation import (
    Allocation,
    allocate_ab,
    allocate_all,
    allocate_steps,
    data_of_allocation,
    size_strata,
)
from bot.capabilities.campaigns.audience import is_read
from bot.capabilities.campaigns.content import Content, Design, data_of, digest_of
from bot.capabilities.campaigns.fault import find_faults, is_kept
from bot.capabilities.campaigns.model import Campaign, EventKind, RunState, State
from bot.capabilities.campaigns.occasion import hour
from bot.capabilities.campaigns.ports import Gathering
from bot.capabilities.campaigns.step import advance, set_timer, today_of
from bot.capabilities.campaigns.timing import begins_at
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Conflict, Invalid, NotAllowed
from bot.message import Args
from bot.people import Person


def approvers_of(work: CampaignsWork, campaign: Campaign) -> Sequence[Person]:
    """Who has to approve it, by name: those it names who may, all of them; if there are none, any
    one of those who may. Never its owner."""
    named = [
        person
        for person in work.people.several(campaign.proposed.approvers)
        if may(person, Right.APPROVE_CAMPAIGN) and person.id != campaign.owner
    ]
    if named:
        return sorted(named, key=lambda person: (person.name, person.id))
    every = {
        person.id: person
        for role in roles_with(Right.APPROVE_CAMPAIGN)
        for person in work.people.holders(campaign.workspace, role)
        if person.id != campaign.owner
    }
    return sorted(every.values(), key=lambda person: (person.name, person.id))


def may_approve(work: CampaignsWork, campaign: Campaign, person: Person) -> bool:
    """Whether the person's approval counts for the campaign: they are named by it, or it names
    nobody who has the right."""
    return any(one.id == person.id for one in approvers_of(work, campaign))


def missing_approvals(work: CampaignsWork, campaign: Campaign) -> Sequence[Person]:
    """Who has not approved it yet: all of them are needed if it names them, else any one."""
    approvers = approvers_of(work, campaign)
    given = set(campaign.approved_by)
    are_named = any(one.id in campaign.proposed.approvers for one in approvers)
    if not are_named and given:
        return []
    return [person for person in approvers if person.id not in given]


def submit(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> Campaign:
    """Let a draft be approved, or while it runs the change of it. `asking.ask` goes through it
    besides: nothing else is put before those who approve.

    Raises:
        Invalid: it cannot be run as it is, in words for its owner.
        Conflict: it is no draft any more, or there is no change that was not submitted.
    """
    _require_owner(campaign, person)
    faults = find_outdated(context, work, campaign)
    if faults:
        raise Invalid("\n".join(faults))
    if campaign.amendment is None:
        _check(context, work, campaign, campaign.content)
        # From now on it is others' business too, whoever runs it.
        set_timer(work, campaign, "led", context.now + timedelta(days=1))
    return advance(context, work, campaign, EventKind.SUBMITTED, person.id)


def amend(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person, content: Content
) -> Campaign:
    """Propose another content while it runs or rests. It counts once it is approved, and what
    has begun stays as it is.

    Raises:
        Invalid: it changes what has begun, or cannot be run as it is.
    """
    _require_owner(campaign, person)
    if campaign.content.is_one_message:
        raise Invalid(messages.BEGUN_ALREADY)
    begun = begun_of(work, campaign)
    if not is_kept(campaign.content, content, begun):
        raise Invalid(messages.BEGUN_ALREADY)
    _check(context, work, campaign, content, begun)
    return advance(context, work, campaign, EventKind.AMENDED, person.id, data=data_of(content))


def find_outdated(context: Context, work: CampaignsWork, campaign: Campaign) -> Sequence[str]:
    """Why the change of one that runs cannot count as it stands: some of it has begun since it
    was written, or its day has passed. Nothing if it can, or if there is no change."""
    if campaign.amendment is None:
        return []
    if has_begun_since(work, campaign):
        return [messages.BEGUN_SINCE]
    begun = begun_of(work, campaign)
    return _faults_of(context, work, campaign, campaign.amendment, begun)


def has_begun_since(work: CampaignsWork, campaign: Campaign) -> bool:
    """Whether something has begun that the change would make another."""
    amendment = campaign.amendment
    if amendment is None:
        return False
    return not is_kept(campaign.content, amendment, begun_of(work, campaign))


def bring_up_to_date(context: Context, work: CampaignsWork, campaign: Campaign) -> Campaign:
    """The change with what has begun since it was written as that is. It is its owner's again,
    who looks at it and submits it anew; if nothing is left of it there is none."""
    amendment, begun = campaign.amendment, begun_of(work, campaign)
    if amendment is None:
        return campaign
    kept = [a for a in campaign.content.activities if a.id in begun]
    kept += [a for a in amendment.activities if a.id not in begun]
    changed = replace(amendment, activities=tuple(kept))
    if digest_of(changed) == digest_of(campaign.content):
        return advance(context, work, campaign, EventKind.REJECTED)
    return advance(context, work, campaign, EventKind.AMENDED, data=data_of(changed))


def begun_of(work: CampaignsWork, campaign: Campaign) -> frozenset[str]:
    """The activities of which anybody has a letter already, or that were left out."""
    return frozenset(
        run.activity
        for run in work.campaigns.runs(campaign.id)
        if run.state is not RunState.WAITING or run.people or run.bookmark
    )


def approve(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person, digest: str
) -> Campaign:
    """One approval, of what `digest` stands for. The last one that was missing approves it.

    Raises:
        NotAllowed: the person is its owner, or may not approve it.
        Conflict: it was changed since, is not to be approved any more or not yet, or some of the
            change has begun meanwhile (`find_outdated`).
    """
    if person.id == campaign.owner:
        raise NotAllowed(messages.NOT_YOUR_OWN)
    if not may_approve(work, campaign, person):
        raise NotAllowed(messages.NOT_AN_APPROVER)
    if campaign.is_submitted and not campaign.is_put_forward:
        raise Conflict(messages.NOT_GONE_THROUGH)
    missing = missing_approvals(work, campaign)
    # Whom else it waited for may have left since, or lost the right.
    if campaign.is_submitted and person.id in campaign.approved_by and missing:
        raise Conflict(messages.APPROVED_BEFORE)
    outdated = find_outdated(context, work, campaign)
    if outdated:
        raise Conflict("\n".join(outdated))
    is_open_to_all = not any(
        one.id in campaign.proposed.approvers for one in approvers_of(work, campaign)
    )
    is_last = is_open_to_all or {one.id for one in missing} <= {person.id}
    data: Args = {"digest": digest, "is_last": is_last}
    amended = campaign.amendment
    approved = advance(context, work, campaign, EventKind.APPROVED, person.id, data=data)
    if amended is not None and approved.amendment is None:
        _take_over(context, work, campaign, approved)
    return approved


def reject(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person, why: str
) -> Campaign:
    """Give it back to its owner, with a word why.

    Raises:
        NotAllowed: the person may not approve it.
    """
    if not may_approve(work, campaign, person):
        raise NotAllowed(messages.NOT_AN_APPROVER)
    return advance(
        context, work, campaign, EventKind.REJECTED, person.id, data={"why": why[:1_000]}
    )


def schedule(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> Campaign:
    """Let it start by itself on its first day. Who begins when is drawn now and frozen, before
    anything is known of the outcome.

    Raises:
        Invalid: its first day has passed, nobody is in it, or what it refers to has gone.
    """
    _require_owner(campaign, person)
    _check(context, work, campaign, campaign.content)
    allocation = replace(draw(work, campaign, context.now), zone=person.zone)
    scheduled = advance(
        context,
        work,
        campaign,
        EventKind.SCHEDULED,
        person.id,
        data={"allocation": data_of_allocation(allocation)},
    )
    set_timer(work, scheduled, "start", max(context.now, begins_at(scheduled.content.begins)))
    hour.plan(context, work, scheduled)
    return scheduled


def draw(work: CampaignsWork, campaign: Campaign, now: datetime) -> Allocation:
    """Which cluster begins when, as `schedule` draws it. Its seed follows from the workspace
    and the title alone: so the forecast shows what will be, and neither a change of a comma nor
    another draft of the same campaign draws it anew."""
    content = campaign.content
    sizes = work.enrolments.sizes(gathering_of(campaign))
    clusters, rollout = size_strata(sizes), content.rollout
    seed = rollout.seed
    if seed is None:
        title = "".join(filter(str.isalnum, campaign.title.casefold()))
        named = f"{campaign.workspace}:{title}".encode()
        seed = int.from_bytes(hashlib.sha256(named).digest()[:4])
    if rollout.design is Design.AB:
        return allocate_ab(clusters, seed, now)
    if rollout.design is Design.STEPPED_WEDGE:
        return allocate_steps(clusters, rollout.steps, seed, now)
    return allocate_all(clusters, now)


def gathering_of(campaign: Campaign) -> Gathering:
    """The people of its audience."""
    content = campaign.content
    return Gathering(campaign.id, campaign.workspace, content.audience, content.rollout.cluster_by)


def _take_over(context: Context, work: CampaignsWork, before: Campaign, after: Campaign) -> None:
    """What has not begun of the former content goes, and what is new gets its runs."""
    from bot.capabilities.campaigns.expanding import runs_of  # noqa: PLC0415 - a circle.

    begun = begun_of(work, before)
    work.campaigns.drop_runs(
        before.id, [a.id for a in before.content.activities if a.id not in begun]
    )
    waves = work.enrolments.waves(before.id) or [after.first_day]
    work.campaigns.add_runs(
        [run for run in runs_of(after, waves, context.now) if run.activity not in begun]
    )
    hour.plan(context, work, after)
    if after.state is State.RUNNING:
        set_timer(work, after, "expand", context.now)


def _require_owner(campaign: Campaign, person: Person) -> None:
    require(person, Right.RUN_CAMPAIGN)
    if campaign.owner != person.id:
        raise NotAllowed(messages.ONLY_OWNER)


def _check(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    content: Content,
    begun: frozenset[str] = frozenset(),
) -> None:
    if not is_read(work, campaign):
        raise Invalid(messages.READ_FIRST)
    faults = _faults_of(context, work, campaign, content, begun)
    if faults:
        raise Invalid("\n".join(faults))


def _faults_of(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    content: Content,
    begun: frozenset[str],
) -> Sequence[str]:
    owner = work.people.get(campaign.owner)
    today = today_of(owner, context.now) if owner else context.now.date()
    return find_faults(context, work, campaign, content, today, begun)
