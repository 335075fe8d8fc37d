"""What the forms of campaigns say, read: whom, when, and the words people wrote."""

import unicodedata
from datetime import date

from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.audience import too_few, want
from bot.capabilities.campaigns.model import MIN_AUDIENCE, Campaign
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.inbound import Command

_OVERRIDES = "\u202d\u202e"
"""They turn the reading direction of whatever stands behind them, our own words too."""


def read_conversation(
    context: Context,
    work: CampaignsWork,
    command: Command,
    draft: Campaign | None,
    wrong: dict[str, str],
) -> str | None:
    """The conversation that was chosen, if one was. What we can know of it is read from now on."""
    wanted = " ".join(command.values.get("audience", "").split()).casefold()
    workspace, value = command.person.workspace, command.args.get("here")
    if wanted == messages.HERE:
        # PostgreSQL refuses a NUL in a text, which no address has.
        chosen = value if isinstance(value, str) and value.isprintable() else None
    elif wanted == messages.KEPT:
        chosen = draft.conversation if draft else None
    else:
        return None
    if not chosen or not work.memberships.can_be_known(workspace):
        wrong["audience"] = messages.UNKNOWN_CHANNEL
        return None
    few = too_few(want(work, workspace, chosen, context.now))
    if few is not None:
        wrong["audience"] = few
    return chosen


def read_team(work: CampaignsWork, command: Command, wrong: dict[str, str]) -> str | None:
    """The team that was chosen or typed, None for everybody."""
    workspace = command.person.workspace
    wanted = " ".join(command.values.get("audience", "").split())
    team = None
    if wanted.casefold() not in {"", messages.EVERYBODY}:
        named = {name.casefold(): name for name in work.people.teams(workspace)}
        cut = {messages.team_value(name).casefold(): name for name in named.values()}
        team = cut.get(wanted.casefold()) or named.get(wanted.casefold())
        if team is None:
            wrong["audience"] = messages.UNKNOWN_TEAM
            return None
    people = len(work.people.page(workspace, None, MIN_AUDIENCE, team))
    if people < MIN_AUDIENCE:
        wrong["audience"] = messages.too_few(people) if people else messages.NOBODY
    return team


def read_day(values: dict[str, str], name: str, wrong: dict[str, str]) -> date | None:
    value = values.get(name, "").strip()
    if not value:
        wrong[name] = messages.NO_DAY
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        wrong[name] = messages.BAD_DAY
        return None


def kept(text: str) -> str:
    """What a person wrote as it is kept: no control characters, no outer space."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        c
        for c in lines
        if c == "\n" or (unicodedata.category(c) not in {"Cc", "Cs"} and c not in _OVERRIDES)
    ).strip()
