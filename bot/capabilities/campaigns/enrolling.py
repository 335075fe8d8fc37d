"""Who is in a campaign: at its start, day by day while it runs, and who ends it for themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeAlias

from bot import failpoint
from bot.attention import Wish, book
from bot.capabilities.campaigns import messages, steering, succession
from bot.capabilities.campaigns.allocation import NEVER
from bot.capabilities.campaigns.approving import gathering_of
from bot.capabilities.campaigns.audience import (
    are_known,
    find_obstacle,
    keep_known,
    next_wait,
    renew,
    too_few,
)
from bot.capabilities.campaigns.condition import find_spared
from bot.capabilities.campaigns.content import (
    INVITATION,
    Design,
    Timing,
    days_of,
    in_order,
    invitation_of,
)
from bot.capabilities.campaigns.expanding import is_gone, runs_of, tell_unsent
from bot.capabilities.campaigns.model import (
    CHUNK,
    Campaign,
    Enrolment,
    EnrolmentState,
    EventKind,
    RunState,
    State,
    source_of,
)
from bot.capabilities.campaigns.sparing import watch
from bot.capabilities.campaigns.step import advance, letter_of, set_timer, sources_of
from bot.capabilities.campaigns.timing import begins_at, newest_day
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import Roll, wishes_of
from bot.errors import NotFound
from bot.ids import CampaignId, PersonId
from bot.inbound import Command
from bot.message import Args
from bot.messages import with_controls
from bot.pack.completion import Atom, atoms, holds, parse
from bot.people import Person, local
from bot.ports import Timer
from bot.reply import Reply

_DAY = timedelta(days=1)
_OPEN = frozenset(EnrolmentState) - {EnrolmentState.ENDED, EnrolmentState.COMPLETED}
_RUNS = frozenset({State.RUNNING, State.PAUSED})


def start_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The first day has begun somewhere: enrol everybody, and begin."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state is not State.SCHEDULED:
        return
    if not succession.is_led(work, campaign):
        succession.offer(context, work, campaign)
        if newest_day(context.now) <= campaign.last_day:
            set_timer(work, campaign, "start", context.now + _DAY)
        else:
            steering.cancel(context, work, campaign, None)
        return
    if "waited" not in timer.args:
        # What the platform refused when it was scheduled is asked once more.
        keep_known(work, campaign, context.now)
    if not renew(work, campaign, context.now):
        wait = next_wait(timer.args)
        waited: Args = {"waited": int(wait.total_seconds())}
        set_timer(work, campaign, "start", context.now + wait, waited)
        return
    people = sum(work.enrolments.sizes(gathering_of(campaign)).values())
    obstacle = find_obstacle(work, campaign) or too_few(people)
    if obstacle is not None:
        tell_unsent(context, work, steering.cancel(context, work, campaign, None), obstacle)
        return
    started = advance(context, work, campaign, EventKind.STARTED)
    waves = _enrol_all(context, work, started)
    # Who has all of it before it begins is not even asked whether they want it.
    _complete(context, work, started)
    work.campaigns.add_runs(runs_of(started, sorted(waves), context.now))
    set_timer(work, started, "expand", context.now)
    set_timer(work, started, "enrol", begins_at(newest_day(context.now) + _DAY))
    failpoint.reach("campaign.starting")


Clusters: TypeAlias = Mapping[int, Sequence[str] | None]
"""Which clusters begin on which step; None is everybody."""


def clusters_by_step(work: CampaignsWork, campaign: Campaign) -> Clusters:
    """Who begins when, as it was drawn. Where everybody gets it in the end, a team that is new
    since then begins with the last ones."""
    allocation = campaign.allocation
    if allocation is None or allocation.design == Design.ALL:
        return {0: None}
    steps: dict[int, list[str]] = {}
    for name, step in sorted(allocation.steps.items()):
        if step != NEVER:
            steps.setdefault(step, []).append(name)
    if allocation.design == Design.STEPPED_WEDGE and steps:
        found = work.enrolments.sizes(gathering_of(campaign))
        steps[max(steps)] += sorted(set(found).difference(allocation.steps))
    return steps


def _enrol_all(context: Context, work: CampaignsWork, campaign: Campaign) -> set[date]:
    """Everybody who is in the audience now, each with the step of their cluster."""
    waves = set()
    for step, clusters in clusters_by_step(work, campaign).items():
        wave = _wave_of(campaign, step)
        _enrol(context, work, campaign, wave, clusters)
        waves.add(wave)
    return waves or {campaign.first_day}


def _wave_of(campaign: Campaign, step: int) -> date:
    return campaign.first_day + step * campaign.content.rollout.step_every * _DAY


def _enrol(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    wave: date,
    clusters: Sequence[str] | None,
) -> int:
    gathering = replace(gathering_of(campaign), clusters=clusters)
    return work.enrolments.enrol(gathering, wave, _first_state(campaign), context.now)


def _first_state(campaign: Campaign) -> EnrolmentState:
    asks = campaign.content.asks_first
    return EnrolmentState.INVITED if asks else EnrolmentState.ACTIVE


def enrol_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """Once a day: who came to the audience, who left it, and who has all that is asked for."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state not in _RUNS:
        return
    # Whoever pauses it meanwhile is told apart from us by the version.
    campaign = work.campaigns.save(campaign)
    if not succession.is_led(work, campaign):
        succession.offer(context, work, campaign)
    today = newest_day(context.now)
    if are_known(work, campaign) and _are_there(work, campaign):
        work.enrolments.bring_back(gathering_of(campaign), context.now)
        gone = work.enrolments.end_absent(gathering_of(campaign), context.now)
        _take_back(work, campaign, gone)
    keep_known(work, campaign, context.now)
    if _takes_joiners(campaign, today):
        _let_join(context, work, campaign, today)
    _complete(context, work, campaign)
    set_timer(work, campaign, "enrol", begins_at(today + _DAY))


def _are_there(work: CampaignsWork, campaign: Campaign) -> bool:
    """Whether somebody is in each team of the audience. A team that nobody is in any more is one
    that was renamed, or misspelt in a file; its people did not leave, and nobody could come back
    to what was ended."""
    named = set(campaign.content.audience.teams)
    return named <= set(work.people.teams(campaign.workspace))


def _takes_joiners(campaign: Campaign, today: date) -> bool:
    until = campaign.content.last_to_join
    return until is not None and today <= until


def _let_join(context: Context, work: CampaignsWork, campaign: Campaign, today: date) -> None:
    """Who is new begins on their own first day, and not before their team does; by the calendar,
    with what is still to come."""
    by_calendar = campaign.content.timing is Timing.CALENDAR
    first = campaign.first_day if by_calendar else today
    for step, clusters in clusters_by_step(work, campaign).items():
        wave = max(_wave_of(campaign, step), first)
        back = _ask_back(context, work, campaign, wave, clusters)
        if (_enrol(context, work, campaign, wave, clusters) or back) and not by_calendar:
            _add_runs(context, work, campaign, wave)
    if by_calendar and campaign.content.asks_first and campaign.state is State.RUNNING:
        _ask_new(context, work, campaign)


def _ask_back(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    wave: date,
    clusters: Sequence[str] | None,
) -> bool:
    """Invite those again who left the audience before they had said anything; whether anybody
    is. Whose question was taken back gets it now, and whose stands can answer it again."""
    gathering = replace(gathering_of(campaign), clusters=clusters)
    back = work.enrolments.ask_back(gathering, wave, context.now)
    if back:
        work.truth.forget_withdrawn(campaign.workspace, source_of(campaign, INVITATION), back)
    return bool(back)


def _ask_new(context: Context, work: CampaignsWork, campaign: Campaign) -> None:
    """Ask who came after the question had been handed out."""
    wave, after = campaign.first_day, None
    asking = invitation_of(campaign.content, wave)
    # Where most people are it is the day before the newest one.
    today = newest_day(context.now) - _DAY
    asking = replace(asking, date=max(campaign.content.begins, today))
    letter = letter_of(context, work, campaign, asking, wave)
    key = f"{source_of(campaign, INVITATION)}:"
    while span := work.crowds.span(
        campaign.workspace, None, after, CHUNK, roll=Roll(campaign.id, wave, invited=True)
    ):
        book(context, work, wishes_of(work, work.crowds.without(span, key), letter))
        after = span.upto


def _add_runs(context: Context, work: CampaignsWork, campaign: Campaign, wave: date) -> None:
    channels = {a.id for a in campaign.content.activities if a.channel is not None}
    runs = runs_of(campaign, [wave], context.now)
    work.campaigns.add_runs([run for run in runs if run.activity not in channels])
    if campaign.state is State.RUNNING:
        set_timer(work, campaign, "expand", context.now)


def _complete(context: Context, work: CampaignsWork, campaign: Campaign) -> None:
    """Let those be done who have all that the campaign asks for: they get no more of it."""
    if not campaign.content.completion:
        return
    completion = parse(campaign.content.completion)
    asked = list(dict.fromkeys(atoms(completion)))
    after: PersonId | None = None
    while people := work.enrolments.active(campaign.id, after, CHUNK, with_invited=True):
        after = people[-1]
        given = evidence_of(context, work, asked, people, campaign.first_day)
        done = [person for person in people if holds(completion, given[person])]
        work.enrolments.move(campaign.id, done, EnrolmentState.COMPLETED, context.now)
        _take_back(work, campaign, done)


def evidence_of(
    context: Context,
    work: CampaignsWork,
    asked: Sequence[Atom],
    people: Sequence[PersonId],
    since: date,
) -> Mapping[PersonId, frozenset[Atom]]:
    """Of all that is asked for, what each of these people has."""
    given: dict[PersonId, set[Atom]] = {person: set() for person in people}
    for atom in asked:
        evidence = context.activities.evidence.get(atom.name)
        if evidence is None:
            continue
        for person in evidence(work, atom.about, people, context.now, since):
            given[person].add(atom)
    return {person: frozenset(atoms_) for person, atoms_ in given.items()}


def _take_back(work: CampaignsWork, campaign: Campaign, people: Sequence[PersonId]) -> None:
    for source in sources_of(campaign, to_people=True) if people else ():
        work.truth.withdraw(campaign.workspace, source, people)


def end(context: Context, work: CampaignsWork, person: Person, enrolment: Enrolment) -> None:
    """Somebody gets no more of a campaign; what was not sent yet is taken back."""
    if enrolment.state not in _OPEN:
        return
    ended = replace(enrolment, state=EnrolmentState.ENDED, changed_at=context.now)
    work.enrolments.save(ended)
    campaign = work.campaigns.get(enrolment.campaign)
    if campaign is not None:
        _take_back(work, campaign, [person.id])


def join(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Yes, count me in* under the question: from their next working day on, by the calendar with
    what is still to come."""
    enrolment, campaign = _invitation(work, command)
    person = command.person
    if enrolment.state is EnrolmentState.UNDECIDED:
        # Who is in the audience is looked at next when the day after the newest one begins.
        may_return = _takes_joiners(campaign, newest_day(context.now) + _DAY)
        raise NotFound(messages.NOT_FOR_YOU_NOW if may_return else messages.TOO_LATE_TO_JOIN)
    if enrolment.state is EnrolmentState.INVITED:
        today = local(person, context.now).date()
        by_calendar = campaign.content.timing is Timing.CALENDAR
        wave = enrolment.wave if by_calendar else max(enrolment.wave, today + _DAY)
        work.enrolments.save(
            replace(enrolment, wave=wave, state=EnrolmentState.ACTIVE, changed_at=context.now)
        )
        campaign = work.campaigns.save(campaign)
        if by_calendar:
            _hand_over(context, work, campaign, person, today)
        else:
            _add_runs(context, work, campaign, wave)
    return Reply(message=with_controls(messages.joined(campaign)), replace=True)


def _hand_over(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person, today: date
) -> None:
    """What has been handed to the others and is still good for somebody who says yes now.

    While the campaign rests it rests with what was taken back of the others.
    """
    content = campaign.content
    passed = {
        run.activity
        for run in work.campaigns.runs(campaign.id)
        if run.state is RunState.DONE or (run.bookmark is not None and run.bookmark >= person.id)
    }
    wishes = []
    for activity in in_order(content):
        if activity.channel is not None or activity.date is None or activity.id not in passed:
            continue
        if activity.date + days_of(content, activity) * _DAY <= today:
            continue
        if is_gone(context, work, campaign, activity):
            continue
        letter = letter_of(context, work, campaign, activity)(person)
        why = find_spared(context, work, campaign, activity, [person.id]).get(person.id)
        if letter is not None and why is None:
            wishes.append(Wish(person, letter))
            watch(work, campaign, activity, context.now)
        elif letter is not None and why is not None:
            work.outbox.suppress_all(campaign.workspace, [(letter, why)], context.now)
    book(context, work, wishes)
    if campaign.state is State.PAUSED:
        work.truth.hold(campaign.workspace, sources_of(campaign), steering.RESTED, context.now)


def decline(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*No, thanks*: nothing more of it, and nobody is told."""
    enrolment, campaign = _invitation(work, command)
    end(context, work, command.person, enrolment)
    return Reply(message=with_controls(messages.declined(campaign)), replace=True)


def _invitation(work: CampaignsWork, command: Command) -> tuple[Enrolment, Campaign]:
    """What the person was asked, while it can still be answered.

    Raises:
        NotFound: they were never asked, or it has ended for them.
    """
    value = command.args.get("campaign")
    # PostgreSQL refuses a NUL in a text, which no id of ours has.
    id_ = CampaignId(value if isinstance(value, str) and value.isprintable() else "")
    enrolment, campaign = work.enrolments.get(id_, command.person.id), work.campaigns.get(id_)
    if enrolment is not None and enrolment.state is EnrolmentState.COMPLETED:
        raise NotFound(messages.HAS_ALL)
    if enrolment is None or campaign is None or enrolment.state not in _OPEN:
        raise NotFound(messages.NOT_INVITED)
    if campaign.state not in _RUNS:
        raise NotFound(messages.OVER_FOR_ALL)
    return enrolment, campaign


def hush(context: Context, work: CampaignsWork, person: Person) -> bool:
    """Who stops the bot is in no campaign any more. A pause of theirs ends none."""
    if work.attention.get(person.id).stopped_at is not None:
        for enrolment in work.enrolments.of(person.id):
            end(context, work, person, enrolment)
    return False


def farewell(context: Context, work: CampaignsWork, person: Person) -> None:
    """Who has left is in no campaign, and nothing is kept of their having been in any. Their own
    that have not begun are offered to others."""
    for enrolment in work.enrolments.of(person.id):
        end(context, work, person, enrolment)
    work.enrolments.forget(person.id)
    work.ballots.forget(person.id)
    succession.offer_all(context, work, person)
