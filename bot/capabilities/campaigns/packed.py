"""A campaign that a pack holds, as one of ours: people, teams and channels by what they are here.

A pack calls people by handles and groups by names. What cannot be resolved is said with its place
in the document, as `where`: the names and numbers that lead there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import time

from bot.access import Right, may
from bot.capabilities.campaigns import dryrun_messages as said
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.content import (
    Activity,
    Audience,
    ClusterBy,
    Consent,
    Content,
    Design,
    Format,
    OnlyIf,
    Requirement,
    Rollout,
    Success,
    Timing,
    data_of,
)
from bot.capabilities.campaigns.filling import VARIABLES, variables_of
from bot.capabilities.campaigns.model import Campaign, Event, EventKind, State
from bot.capabilities.campaigns.ports import Gathering
from bot.capabilities.campaigns.step import advance
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.ids import CampaignId, PersonId, TopicId, WorkspaceId
from bot.pack import document as pack
from bot.people import Person

Where = tuple[str | int, ...]
EVERYBODY = frozenset({"everybody", "everyone", "all"})
LEFT_ALONE_ANYWAY = frozenset({"on-leave", "quiet"})
"""Whom the attention budget keeps out of everything, whatever a campaign says."""
MOST_LOOKED_AT = 200
_ADDRESS = re.compile(r"#([CG][A-Z0-9]{8,20}|19:[^\s]+)")
"""A channel of Slack or Teams as the platform itself calls it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is said about a place in the document."""

    where: Where
    sentence: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A document as it reads here. It can be kept if there are no `faults`; `hints` say what is
    understood in another way than it may have been meant."""

    content: Content
    owner: Person | None
    faults: Sequence[Finding] = ()
    hints: Sequence[Finding] = ()


@dataclass(slots=True)
class _Reading:
    work: CampaignsWork
    workspace: WorkspaceId
    platform: str
    faults: list[Finding] = field(default_factory=list)
    hints: list[Finding] = field(default_factory=list)
    named: dict[str, list[Person]] | None = None

    def fault(self, where: Where, sentence: str) -> None:
        self.faults.append(Finding(where, sentence))

    def hint(self, where: Where, sentence: str) -> None:
        finding = Finding(where, sentence)
        if finding not in self.hints:
            self.hints.append(finding)

    def person(self, where: Where, handle: str) -> Person | None:
        """Who is called by a handle: by their address, or else by their name, where only one
        active person has it."""
        handle = handle.removeprefix("@")
        person = self.work.people.by_address(self.workspace, handle)
        if person is not None and person.active:
            return person
        if self.named is None:
            self.named = {}
            for one in self.work.people.everybody(self.workspace):
                for name in {slug_of(one.name), slug_of(one.name).replace("-", ".")}:
                    self.named.setdefault(name, []).append(one)
        found = self.named.get(handle, [])
        if len(found) == 1:
            return found[0]
        self.fault(where, said.several_people(handle) if found else said.no_such_person(handle))
        return None


def slug_of(name: str) -> str:
    """A name as a pack writes it: `Customer care` is `customer-care`."""
    return "-".join(re.findall(r"[a-z0-9]+", name.casefold()))


def plan(
    work: CampaignsWork,
    workspace: WorkspaceId,
    document: pack.Campaign,
    owner: Person | None = None,
) -> Planned:
    """The document as it reads in a workspace; `owner` stands in for the one that it names."""
    platform = next((w.platform for w in work.people.workspaces() if w.id == workspace), "")
    reading = _Reading(work, workspace, platform)
    stands_in = owner
    if owner is None:
        owner = reading.person(("owner",), document.owner)
    if owner is not None and not may(owner, Right.RUN_CAMPAIGN):
        reading.fault(("owner",), said.may_not_run(owner.name))
    approvers = []
    for at, handle in enumerate(document.approvers):
        person = reading.person(("approvers", at), handle)
        if person is not None and stands_in is not None and person.id == stands_in.id:
            reading.hint(("approvers", at), said.owner_approves_not(person.name))
        elif person is not None:
            approvers.append(person.id)
    if work.topics.get(workspace, TopicId(document.topic)) is None:
        reading.hint(("topic",), said.no_such_topic(document.topic))
    late = [activity.catch_up for activity in document.activities]
    if any(late) and not all(late):
        reading.hint(("activities", late.index(True), "catch_up"), said.ALL_CATCH_UP)
    audience = _audience(reading, document)
    content = Content(
        title=document.title,
        activities=tuple(_activity(reading, at, one) for at, one in enumerate(document.activities)),
        audience=audience,
        timing=Timing(document.timing),
        start=document.start,
        join_until=document.join_until,
        topic=document.topic,
        approvers=tuple(dict.fromkeys(approvers)),
        requirement=Requirement(document.requirement),
        rollout=_rollout(reading, document.rollout, audience),
        throttle_per_day=document.throttle_per_day,
        completion=document.completion or "",
        success=_success(document.success),
        catch_up=any(late),
    )
    return Planned(content, owner, tuple(reading.faults), tuple(reading.hints))


def find_draft(work: CampaignsWork, title: str, owner: Person) -> Campaign | None:
    """The draft of somebody that is called so."""
    known = work.campaigns.shown_to(owner.workspace, owner.id, MOST_LOOKED_AT)
    for campaign in known:
        is_draft = campaign.state is State.DRAFT and campaign.owner == owner.id
        if is_draft and campaign.title == title:
            return campaign
    return None


def keep(context: Context, work: CampaignsWork, planned: Planned, owner: Person) -> Campaign:
    """The draft of its owner with that title, changed to what is planned, or a new one."""
    content = planned.content
    campaign = find_draft(work, content.title, owner)
    if campaign is not None:
        if campaign.content == content:
            return campaign
        data = data_of(content)
        return advance(context, work, campaign, EventKind.CHANGED, owner.id, data=data)
    draft = draft_of(context, planned, owner)
    work.campaigns.add(draft)
    work.campaigns.record(
        Event(draft.id, EventKind.DRAFTED, context.now, owner.id, data_of(content))
    )
    return draft


def draft_of(context: Context, planned: Planned, owner: Person) -> Campaign:
    """What is planned as a draft that is not kept."""
    return Campaign(
        id=CampaignId(context.new_id()),
        workspace=owner.workspace,
        owner=owner.id,
        content=planned.content,
        created_at=context.now,
        changed_at=context.now,
    )


# --- whom ---------------------------------------------------------------------------------------


def _audience(reading: _Reading, document: pack.Campaign) -> Audience:
    whom = document.audience
    teams, people, is_everybody = _segments(reading, "include", whom.include)
    without_teams, without_people, _ = _segments(reading, "exclude", whom.exclude)
    return Audience(
        teams=() if is_everybody else teams,
        people=() if is_everybody else people,
        without_teams=without_teams,
        without_people=without_people,
        consent=Consent(whom.consent),
    )


def _segments(
    reading: _Reading, side: str, segments: Sequence[str]
) -> tuple[tuple[str, ...], tuple[PersonId, ...], bool]:
    """The teams and people of some segments, and whether one is everybody. An audience that
    cannot be resolved has no member, and never everybody; while nobody knows whom it leaves out
    it is not run (`find_faults`)."""
    known = {slug_of(team): team for team in reading.work.people.teams(reading.workspace)}
    known |= {team.casefold(): team for team in known.values()}
    teams: list[str] = []
    people: list[PersonId] = []
    is_everybody = False
    for at, segment in enumerate(segments):
        where: Where = ("audience", side, at)
        kind, _, name = segment.partition(":")
        if kind == "person":
            person = reading.person(where, name)
            people += [person.id] if person else []
            # Nobody is in a team of that name, which keeps it from going to whom it should not.
            teams += [segment] if person is None else []
        elif side == "include" and kind == "group" and name in EVERYBODY:
            is_everybody = True
        elif (team := known.get(name.casefold())) is not None:
            teams.append(team)
        elif side == "exclude" and name in LEFT_ALONE_ANYWAY:
            reading.hint(where, said.left_alone_anyway(segment))
        else:
            reading.fault(where, said.no_such_group(segment, sorted(set(known.values()))))
            teams.append(name or segment)
    return tuple(dict.fromkeys(teams)), tuple(dict.fromkeys(people)), is_everybody


# --- what and when ------------------------------------------------------------------------------


def _activity(reading: _Reading, at: int, one: pack.Activity) -> Activity:
    where: Where = ("activities", at)
    activity = Activity(
        id=one.id,
        format=Format(one.format),
        date=one.when.date,
        day=one.when.day,
        at=None if one.when.at is None else time.fromisoformat(one.when.at),
        ref=one.ref,
        channel=_channel(reading, (*where, "channel"), one),
        text=one.text or "",
        options=tuple(one.options),
        only_if=None if one.only_if is None else OnlyIf(one.only_if),
        optional=one.optional,
    )
    _check_variables(reading, (*where, "text"), activity)
    return activity


def _channel(reading: _Reading, where: Where, one: pack.Activity) -> str | None:
    if one.to != "channel" or one.channel is None:
        return None
    address = _ADDRESS.fullmatch(one.channel)
    if address is not None:
        return address[1]
    known = reading.work.memberships.named(reading.workspace, one.channel)
    if known is not None:
        return known
    if reading.platform in {"slack", "teams"}:
        reading.fault(where, said.no_such_channel(one.channel))
    # Elsewhere a channel is called as people call it.
    return one.channel


def _check_variables(reading: _Reading, where: Where, activity: Activity) -> None:
    """What a text leaves to be filled in is said when it is handed out."""
    for variable in variables_of(activity):
        if variable not in VARIABLES:
            reading.fault(where, messages.no_such_variable(variable, VARIABLES))


def _rollout(reading: _Reading, rollout: pack.Rollout, audience: Audience) -> Rollout:
    """As it is written; where nobody's team is known, by what is known of them instead."""
    default = Rollout()
    meant = Rollout(
        design=Design(rollout.design),
        cluster_by=ClusterBy(rollout.cluster_by),
        steps=rollout.steps or default.steps,
        step_every=rollout.step_every.days if rollout.step_every else default.step_every,
        seed=rollout.seed,
    )
    is_by_team = meant.design is not Design.ALL and meant.cluster_by is ClusterBy.TEAM
    if not is_by_team or reading.work.people.teams(reading.workspace):
        return meant
    here = Gathering(CampaignId(""), reading.workspace, audience, ClusterBy.SITE)
    is_enough = len(reading.work.enrolments.sizes(here)) >= max(2, meant.steps)
    reading.hint(("rollout",), said.DRAWN_BY_SITE if is_enough else said.ALL_AT_ONCE)
    return replace(meant, cluster_by=ClusterBy.SITE) if is_enough else default


def _success(success: pack.Success | None) -> Success | None:
    if success is None:
        return None
    return Success(
        metric=success.metric,
        baseline=success.baseline.days,
        follow_up=success.follow_up.days,
        smallest_worthwhile=f"{success.smallest_worthwhile:g}",
    )
