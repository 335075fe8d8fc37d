"""Who of those whose turn it is does not get an activity, because they do not need it."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from bot.capabilities.campaigns.content import LENT, Activity, Format, OnlyIf
from bot.capabilities.campaigns.model import Campaign
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import Span
from bot.ids import PersonId

WAIVED = "need not be taught it"
"""Why a letter was not sent to who has tested out of its topic."""
NOT_MEANT = "not meant for them"
"""Why a letter was not sent to whom its condition leaves out."""


def find_spared_of(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity, span: Span
) -> Mapping[PersonId, str]:
    """Why some of the people of a span do not get the activity; the others are left out."""
    if activity.only_if is None and not _teaches(context, activity):
        return {}
    return find_spared(context, work, campaign, activity, work.crowds.people(span))


def find_spared(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activity: Activity,
    people: Sequence[PersonId],
) -> Mapping[PersonId, str]:
    """Why some of these people do not get the activity; the others are left out."""
    teaches = _teaches(context, activity)
    spared: dict[PersonId, str] = {}
    if teaches:
        spared |= dict.fromkeys(_waived(context, work, campaign, activity, people), WAIVED)
    if activity.only_if is not None:
        met = _who_have(context, work, campaign, activity, people)
        wanted = activity.only_if is OnlyIf.CERTIFIED
        out = met.symmetric_difference(people) if wanted else met
        spared |= dict.fromkeys(out, NOT_MEANT)
    return spared


def _teaches(context: Context, activity: Activity) -> bool:
    lent = context.activities.formats.get(activity.format)
    return activity.format in LENT and lent is not None and lent.teaches


def _waived(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activity: Activity,
    people: Iterable[PersonId],
) -> AbstractSet[PersonId]:
    lent = context.activities.formats[activity.format]
    found = lent.find(work, campaign.workspace, activity.ref or "")
    if found is None or found.topic is None:
        return frozenset()
    return {
        waiver.person
        for waiver in work.waivers.of_several(list(people))
        if waiver.topic == found.topic and waiver.covers(found.objective, context.now)
    }


def _who_have(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activity: Activity,
    people: Iterable[PersonId],
) -> frozenset[PersonId]:
    """Who has what the condition is about: a certificate, or an answer."""
    whom = list(people)
    if activity.only_if is OnlyIf.NOT_ANSWERED:
        asked = [("answered", activity.ref or "")]
    elif activity.format is Format.QUIZ:
        asked = [("certified", activity.ref or "")]
    else:
        quizzes = dict.fromkeys(
            a.ref for a in campaign.content.activities if a.format is Format.QUIZ and a.ref
        )
        asked = [("certified", quiz) for quiz in quizzes]
    every: frozenset[PersonId] | None = None
    for word, about in asked:
        evidence = context.activities.evidence.get(word)
        met: frozenset[PersonId] = frozenset()
        if evidence is not None:
            since = campaign.first_day
            met = frozenset(evidence(work, (about,), whom, context.now, since))
        every = met if every is None else every & met
    return every or frozenset()
