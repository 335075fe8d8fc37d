"""From a draft to its start: what is submitted, approved by others, drawn and scheduled.

Each function is one step that somebody takes with a campaign they may see; whoever shows the
buttons calls it. Approval is of what was seen, by its digest.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from bot.access import Right, require, roles_with
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
    """Who has to approve it, by name: those it names who are still here, all of them; if there
    are none, any one of those with the right. Never its owner."""
    named = [
        person
        for person in work.people.several(campaign.proposed.approvers)
        if person.active and person.id != campaign.owner
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
    """Whether the person's approval counts for the campaign: they are named by it, or have the
    right where it names nobody who is here."""
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
    """Ask for approval of a draft.

    Raises:
        Invalid: it cannot be run as it is, in words for its owner.
        Conflict: it is no draft any more.
    """
    _require_owner(campaign, person)
    _check(context, work, campaign, campaign.content)
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
        Conflict: it was changed since, or is not to be approved any more.
    """
    if person.id == campaign.owner:
        raise NotAllowed(messages.NOT_YOUR_OWN)
    if not may_approve(work, campaign, person):
        raise NotAllowed(messages.NOT_AN_APPROVER)
    if person.id in campaign.approved_by and campaign.state is State.IN_REVIEW:
        raise Conflict(messages.APPROVED_BEFORE)
    is_open_to_all = not any(
        one.id in campaign.proposed.approvers for one in approvers_of(work, campaign)
    )
    missing = [p for p in missing_approvals(work, campaign) if p.id != person.id]
    data: Args = {"digest": digest, "is_last": is_open_to_all or not missing}
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
    _require_example(context, work, campaign, person)
    allocation = draw(work, campaign, context.now)
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
    """Which cluster begins when, as `schedule` draws it: a seed of its own follows from the
    campaign and what it says, so that the forecast shows what will be."""
    content = campaign.content
    sizes = work.enrolments.sizes(gathering_of(campaign))
    clusters, rollout = size_strata(sizes), content.rollout
    seed = rollout.seed
    if seed is None:
        text = f"{campaign.id}:{digest_of(content)}"
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
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
    owner = work.people.get(campaign.owner)
    today = today_of(owner, context.now) if owner else context.now.date()
    faults = find_faults(context, work, campaign, content, today, begun)
    if faults:
        raise Invalid("\n".join(faults))


def _require_example(
    context: Context, work: CampaignsWork, campaign: Campaign, owner: Person
) -> None:
    """Who asks others to tell of their work has told of their own before."""
    for activity in campaign.content.activities:
        lent = context.activities.formats.get(activity.format)
        if lent is None or not lent.needs_example:
            continue
        has = context.activities.evidence.get("has_modelled")
        if has is None or owner.id not in has(work, (), [owner.id], context.now):
            raise Invalid(messages.GO_FIRST)
