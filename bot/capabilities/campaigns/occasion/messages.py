"""Every sentence of polls and of hours of questions."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.access import K_ANONYMOUS
from bot.capabilities.campaigns.content import Activity
from bot.capabilities.campaigns.model import Campaign
from bot.capabilities.campaigns.timing import zone_of
from bot.message import (
    Button,
    Buttons,
    Fact,
    Facts,
    Heading,
    Message,
    Note,
    Part,
    Style,
    Text,
    literal,
    shorten,
)
from bot.people import Person, local
from bot.truth import Cause, tell_causes

VOTED = (
    "Your vote counts. Nobody can see what you chose, nor can I: that is why it cannot be changed. "
    "How the votes fell is told when the poll is over."
)
VOTED_BEFORE = "You have voted already. I keep that you did, and not what, so it stays as it is."
TRIAL = "This is a trial: votes count once the campaign has begun."
WHAT_IS_TOLD = (
    f"Numbers are told of answers that {K_ANONYMOUS} people or more have chosen, and as many have "
    "not: all others would tell what some of you chose."
)
POLL_GONE = "I could not find that poll any more."
BECAUSE_RESULT = "It is the result of a poll in a campaign of yours."


def ballot(campaign: Campaign, owner: Person, activity: Activity) -> Message:
    """A poll, with a button for each answer."""
    of = {"campaign": campaign.id, "activity": activity.id}
    buttons = tuple(
        Button(label=option[:75], action="campaign.vote", args={**of, "option": number})
        for number, option in enumerate(activity.options)
    )
    return Message(
        summary=shorten(f"Poll: {activity.text}", 300),
        parts=(
            Heading(text=shorten(f"Poll: {campaign.title}", 150)),
            Text(text=literal(activity.text)),
            *([Buttons(buttons=buttons)] if buttons else []),
            Note(
                text="Nobody sees who chose what. How many chose what is told when it is over, of "
                f"answers that {K_ANONYMOUS} people or more have chosen, and as many have not."
            ),
            Note(text=f"Part of “{literal(campaign.title)}”, from {literal(owner.name)}"),
        ),
    )


def announced(
    campaign: Campaign, owner: Person, activity: Activity, begins: datetime, about: str
) -> Message:
    """An hour of questions that is still to come; `about` is what questions for it are about."""
    zone = zone_of(campaign, owner)
    here = local(replace(owner, zone=zone), begins)
    when = f"{here:%A}, {here.day} {here:%B} at {here:%H:%M} ({zone})"
    return Message(
        summary=shorten(f"An hour of questions on {when}: {campaign.title}", 300),
        parts=(
            Heading(text=shorten(f"An hour of questions: {campaign.title}", 150)),
            *([Text(text=activity.text)] if activity.text else []),
            Text(
                text=f"Here, on **{literal(when)}**. You can ask beforehand, with or without your "
                "name: it is kept until then."
            ),
            Buttons(buttons=(_ask("Ask beforehand", about),)),
            Note(text=f"From {literal(owner.name)}"),
        ),
    )


def called_off(campaign: Campaign, owner: Person) -> Message:
    """In the place of what announced an hour that is not held, or not here."""
    said = "This hour of questions does not take place here. "
    return Message(
        summary=shorten(f"{said}{campaign.title}", 300),
        parts=(
            Heading(text=shorten(f"An hour of questions: {campaign.title}", 150)),
            Text(text=f"{said}What was asked for it beforehand is seen to all the same."),
            Note(text=f"From {literal(owner.name)}"),
        ),
    )


def _ask(label: str, about: str) -> Button:
    return Button(label=label, action="question.ask", args={"about": about}, style=Style.PRIMARY)


def begun(campaign: Campaign, owner: Person, activity: Activity, about: str) -> Message:
    """The hour itself."""
    return Message(
        summary=shorten(f"The hour of questions begins: {campaign.title}", 300),
        parts=(
            Heading(text=shorten(f"The hour of questions begins: {campaign.title}", 150)),
            *([Text(text=activity.text)] if activity.text else []),
            Text(
                text="What was asked beforehand follows. Ask more here, and answer in the threads: "
                "anybody may. What stays open gets somebody who sees to it, and a day."
            ),
            Buttons(buttons=(_ask("Ask", about),)),
            Note(text=f"From {literal(owner.name)}"),
        ),
    )


def result(campaign: Campaign, activity: Activity, votes: Mapping[int, int]) -> Message:
    """How a poll ended. Of fewer than five votes nothing is told, nor how many chose an answer that
    fewer than five have chosen, or have not (`bot.truth.tell_causes`)."""
    total = sum(votes.values())
    parts: list[Part] = [
        Heading(text=shorten(f"Poll: {campaign.title}", 150)),
        Text(text=literal(activity.text)),
    ]
    if total < K_ANONYMOUS:
        said = f"The poll is over. Fewer than {K_ANONYMOUS} people have voted, so I do not say how."
        return Message(
            summary=shorten(f"{said} {activity.text}", 300), parts=(*parts, Text(text=said))
        )
    causes = [Cause(str(number), count) for number, count in votes.items()]
    told = {one.why: one.people for one in tell_causes(causes, total)}
    others = told.pop(None, 0)
    facts = []
    for number, option in enumerate(activity.options):
        count = votes.get(number, 0)
        if str(number) in told:
            value = f"{count:,} of {total:,}"
        else:
            value = f"most of {total:,}" if 2 * count > total else "not told"
        facts.append(Fact(label=option[:75], value=value))
    said = "The poll is over."
    if told and others:
        said += f" The answers not told have {others:,} votes together."
    return Message(
        summary=shorten(f"The poll is over, with {total:,} votes: {activity.text}", 300),
        parts=(*parts, Facts(facts=tuple(facts)), Text(text=said), Note(text=WHAT_IS_TOLD)),
    )
