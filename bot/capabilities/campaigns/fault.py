"""What stands in the way of running a campaign, in sentences for its owner."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from bot.access import Right, may
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.content import (
    LENT,
    MOST_ACTIVITIES,
    Activity,
    Consent,
    Content,
    Design,
    Format,
    OnlyIf,
    Requirement,
    Timing,
    are_answers,
)
from bot.capabilities.campaigns.filling import ROOM, VARIABLES, variables_of
from bot.capabilities.campaigns.model import (
    MAX_BODY,
    MAX_TITLE,
    MIN_AUDIENCE,
    Campaign,
    State,
)
from bot.capabilities.campaigns.ports import Gathering
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.pack.completion import TAKES, Nonsense, atoms, is_done, parse
from bot.pack.document import MOST_ANSWER, MOST_OPTIONS, MOST_QUESTION, Metric
from bot.pack.model import Kind

FEWEST_STEPS = 2
BASELINE_PERIODS = 3
"""Periods of its metric that are known before the first step (domain.md 5.6)."""
STEP_PERIODS = 2
"""Periods for which each step lasts, and the last group is untreated after the first step."""
_NAMED_BY = {
    "quiz": Format.QUIZ,
    "objective": Format.QUIZ,
    "prompt": Format.PROMPT,
    "section": Format.SECTION,
}
"""What the evidence for a completion is about, by what stands in its brackets."""
DAYS_OF_PERIOD = {"day": 1, "week": 7, "month": 30, "quarter": 91}


def find_faults(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    content: Content,
    today: date,
    begun: frozenset[str] = frozenset(),
) -> Sequence[str]:
    """All that is wrong with a content, as a whole and then activity by activity; nothing for
    one that can be run. `today` is the owner's; what has `begun` may lie in the past."""
    faults = _of_content(content, today, begun)
    if campaign.owner in content.approvers:
        faults.append(messages.OWNER_APPROVES)
    if campaign.state is State.DRAFT:
        faults += _of_approvers(work, content)
    if campaign.started_at is None:
        known = set(work.people.teams(campaign.workspace))
        named, left_out = content.audience.teams, content.audience.without_teams
        faults += [messages.goes_to_nobody(team) for team in named if team not in known]
        faults += [messages.leaves_out_nobody(team) for team in left_out if team not in known]
    gathering = Gathering(
        campaign.id, campaign.workspace, content.audience, content.rollout.cluster_by
    )
    sizes = work.enrolments.sizes(gathering)
    people = sum(sizes.values())
    if people < MIN_AUDIENCE:
        faults.append(messages.too_few(people) if people else messages.NOBODY)
    elif content.rollout.design is not Design.ALL and len(sizes) < max(2, content.rollout.steps):
        faults.append(messages.too_few_clusters(len(sizes)))
    faults += _of_steps(work, campaign, content)
    faults += _of_completion(context, work, campaign, content)
    for activity in content.activities:
        if activity.id not in begun:
            faults += _of_reference(context, work, campaign, activity)
    return faults


def part_of(content: Content, fault: str) -> Activity | None:
    """The activity that a fault is about: it begins with its name. None for the whole."""
    return next(
        (
            activity
            for activity in content.activities
            if fault.startswith(messages.in_activity(messages.name_of(activity), ""))
        ),
        None,
    )


def is_kept(before: Content, after: Content, begun: frozenset[str]) -> bool:
    """Whether another content leaves everything as it is that has begun, and to whom it goes,
    when and for what: of a campaign that runs only what is still to come can be changed."""
    same = ("audience", "timing", "start", "rollout", "success", "topic", "requirement")
    return all(getattr(before, name) == getattr(after, name) for name in same) and all(
        before.activity(id_) == after.activity(id_) for id_ in begun
    )


def _of_content(content: Content, today: date, begun: frozenset[str]) -> list[str]:
    faults: list[str] = []
    if not content.title:
        faults.append(messages.NO_TITLE)
    if len(content.title) > MAX_TITLE:
        faults.append(messages.too_much(MAX_TITLE, len(content.title)))
    if not content.activities:
        faults.append(messages.NO_ACTIVITIES)
    if len(content.activities) > MOST_ACTIVITIES:
        faults.append(messages.too_many_activities(MOST_ACTIVITIES))
    twice = [id_ for id_, n in Counter(a.id for a in content.activities).items() if n > 1]
    faults += [messages.named_twice(id_) for id_ in twice]
    if content.timing is Timing.ENROLMENT and content.start is None:
        faults.append(messages.NO_DAY)
    elif content.activities and content.first_day < today and not begun:
        faults.append(messages.STARTED_IN_THE_PAST)
    elif content.activities and content.begins < today and not begun:
        faults.append(messages.ASKED_IN_THE_PAST)
    if content.rollout.design is Design.STEPPED_WEDGE and content.timing is Timing.CALENDAR:
        faults.append(messages.STEPS_NEED_ENROLMENT)
    is_assigned = content.audience.consent is Consent.ASSIGNED
    if is_assigned and content.requirement is Requirement.VOLUNTARY:
        faults.append(messages.NOT_TO_BE_ASSIGNED)
    for activity in content.activities:
        if activity.id not in begun:
            faults += _of_activity(content, activity, today)
    days = Counter((a.date, a.day) for a in content.activities if a.channel is None)
    closing = _of_text(Activity(id="", text=content.closing))
    faults += [messages.in_activity(messages.CLOSING_WORDS, fault) for fault in closing]
    most = content.throttle_per_day
    faults += [messages.too_many_a_day(most)] if max(days.values(), default=0) > most else []
    return faults


def _of_activity(content: Content, activity: Activity, today: date) -> list[str]:
    name, faults = messages.name_of(activity), list[str]()
    if content.timing is Timing.CALENDAR:
        if activity.date is None:
            faults.append(messages.in_activity(name, messages.NO_DAY))
        elif activity.date < today:
            faults.append(messages.in_activity(name, messages.PAST))
    elif activity.day is None:
        faults.append(messages.in_activity(name, messages.NO_DAY))
    if activity.format is Format.MESSAGE and not activity.text.strip():
        faults.append(messages.in_activity(name, messages.NO_BODY))
    if activity.format is Format.POLL and "{{" in activity.text:
        faults.append(messages.in_activity(name, messages.POLL_AS_IT_STANDS))
    faults += [messages.in_activity(name, fault) for fault in _of_text(activity)]
    if activity.format in LENT and not activity.ref:
        faults.append(messages.in_activity(name, messages.NO_REFERENCE))
    if activity.format in LENT and activity.channel is not None:
        faults.append(messages.in_activity(name, messages.NOT_IN_A_CHANNEL))
    if activity.format is Format.QNA_SESSION and activity.channel is None:
        faults.append(messages.in_activity(name, messages.NEEDS_A_CHANNEL))
    if activity.format is Format.POLL:
        if not are_answers(activity.options):
            too_few = messages.poll_options(MOST_OPTIONS, MOST_ANSWER)
            faults.append(messages.in_activity(name, too_few))
        if len(activity.text) > MOST_QUESTION:
            too_long = messages.too_much(MOST_QUESTION, len(activity.text))
            faults.append(messages.in_activity(name, too_long))
    if activity.only_if is OnlyIf.NOT_ANSWERED and activity.format is not Format.PROMPT:
        faults.append(messages.in_activity(name, messages.NOTHING_TO_ANSWER))
    if activity.only_if is not None and activity.channel is not None:
        faults.append(messages.in_activity(name, messages.CHANNEL_IS_FOR_ALL))
    return faults


def _of_text(activity: Activity) -> list[str]:
    """Of what is said before it, with what is filled in there."""
    variables = variables_of(activity)
    length = len(activity.text) + ROOM * len(variables)
    faults = [messages.too_much(MAX_BODY, length)] if length > MAX_BODY else []
    return faults + [
        messages.no_such_variable(variable, VARIABLES)
        for variable in variables
        if variable not in VARIABLES
    ]


def _of_approvers(work: CampaignsWork, content: Content) -> list[str]:
    """Of those who are here; who has left is waited for by nobody."""
    return [
        messages.may_not_approve(person.name)
        for person in work.people.several(content.approvers)
        if person.active and not may(person, Right.APPROVE_CAMPAIGN)
    ]


def _of_reference(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity
) -> list[str]:
    if activity.format not in LENT or not activity.ref:
        return []
    name = messages.name_of(activity)
    lent = context.activities.formats.get(activity.format)
    if lent is None:
        return [messages.in_activity(name, messages.UNKNOWN_FORMAT)]
    found = lent.find(work, campaign.workspace, activity.ref)
    if found is None:
        return [messages.in_activity(name, messages.no_such_reference(activity.ref))]
    if found.retired:
        return [messages.in_activity(name, messages.RETIRED)]
    if not has_gone_first(context, work, campaign, activity):
        return [messages.in_activity(name, messages.GO_FIRST)]
    return []


def has_gone_first(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity
) -> bool:
    """Whether the owner, who asks others to tell of their work, has told of their own before."""
    lent = context.activities.formats.get(activity.format)
    if activity.format not in LENT or lent is None or not lent.needs_example:
        return True
    has = context.activities.evidence.get("has_modelled")
    if has is None:
        return False
    return campaign.owner in has(work, (), [campaign.owner], context.now, campaign.first_day)


def _of_steps(work: CampaignsWork, campaign: Campaign, content: Content) -> list[str]:
    """What a rollout in steps needs so that its metric can tell anything (domain.md 5.6)."""
    rollout, success = content.rollout, content.success
    if rollout.design is not Design.STEPPED_WEDGE:
        return []
    if rollout.steps < FEWEST_STEPS:
        return [messages.ONE_STEP]
    if success is None:
        return []
    kept = work.packs.document(campaign.workspace, Kind.METRIC, success.metric)
    # Of a metric that nobody has described yet most likely there is a figure a week.
    period = kept.value.period if kept and isinstance(kept.value, Metric) else "week"
    days, faults = DAYS_OF_PERIOD[period], list[str]()
    if success.baseline < BASELINE_PERIODS * days:
        faults.append(messages.short_baseline(BASELINE_PERIODS, period))
    if rollout.step_every < STEP_PERIODS * days:
        # The last group waits for a step at least, so it is untreated for as long.
        faults.append(messages.short_steps(STEP_PERIODS, period))
    return faults


def _of_completion(
    context: Context, work: CampaignsWork, campaign: Campaign, content: Content
) -> list[str]:
    if not content.completion:
        return []
    try:
        completion = parse(content.completion)
    except Nonsense as error:
        return [messages.unreadable_completion(str(error), error.at)]
    unknown = sorted({atom.name for atom in atoms(completion)} - set(context.activities.evidence))
    faults = [messages.no_such_evidence(name) for name in unknown]
    for atom in dict.fromkeys(atoms(completion)):
        for kind, ref in zip(TAKES.get(atom.name, ()), atom.about, strict=False):
            lent = context.activities.formats.get(_NAMED_BY.get(kind, ""))
            # Of an objective it is enough to know its quiz; packs say which it has.
            named = ref.partition("/")[0] if kind == "objective" else ref
            if lent is not None and lent.find(work, campaign.workspace, named) is None:
                faults.append(messages.in_completion(messages.no_such_reference(named)))
    is_binding = content.requirement is not Requirement.VOLUNTARY
    only_read = is_done(completion, frozenset({"section_opened"}))
    return [*faults, *([messages.OPENING_IS_NO_PROOF] if is_binding and only_read else [])]
