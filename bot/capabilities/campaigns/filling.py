"""What the texts of a campaign leave to be filled in when they are handed out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import owner_of
from bot.capabilities.campaigns.content import Activity, Format
from bot.capabilities.campaigns.model import Campaign
from bot.capabilities.campaigns.timing import begins_at
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.ids import TopicId
from bot.message import literal

NEW_TITLES = "faq.new_titles"
VARIABLES = frozenset({NEW_TITLES, "campaign.title", "campaign.owner", "topic.title"})
"""All that there is to fill in (domain.md 8, decision 9)."""
MOST_TITLES = 5
ROOM = 500
"""Characters that what is filled in takes at most."""
_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def variables_of(activity: Activity) -> Sequence[str]:
    """What its text leaves to be filled in, in order. The question of a poll is as it stands."""
    return [] if activity.format is Format.POLL else _VARIABLE.findall(activity.text)


def fill(context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity) -> Activity:
    """The activity with a text in which everything is said. What is not known stays."""
    if not variables_of(activity):
        return activity
    known: dict[str, Callable[[], str]] = {
        NEW_TITLES: lambda: _new_titles(context, work, campaign),
        "campaign.title": lambda: campaign.title,
        "campaign.owner": lambda: owner_of(work, campaign).name,
        "topic.title": lambda: _topic_title(work, campaign),
    }

    def said(found: re.Match[str]) -> str:
        return literal(known[found[1]]()) if found[1] in known else found[0]

    return replace(activity, text=_VARIABLE.sub(said, activity.text))


def _new_titles(context: Context, work: CampaignsWork, campaign: Campaign) -> str:
    """What has come into the FAQ since the campaign began, the newest first."""
    since = min(campaign.started_at or context.now, begins_at(campaign.first_day))
    titles = work.articles.new_titles(campaign.workspace, since, MOST_TITLES + 1)
    return messages.new_titles(titles, MOST_TITLES)


def _topic_title(work: CampaignsWork, campaign: Campaign) -> str:
    topic = campaign.content.topic
    found = work.topics.get(campaign.workspace, TopicId(topic)) if topic else None
    return found.title if found else topic or campaign.title
