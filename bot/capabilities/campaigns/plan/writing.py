"""Writing a campaign of several parts: what it is as a whole, and its parts one by one."""

from collections.abc import Sequence
from dataclasses import replace

from bot.access import Right, require
from bot.activity import Found
from bot.capabilities.campaigns.access import find_campaign
from bot.capabilities.campaigns.approving import amend
from bot.capabilities.campaigns.audience import channel_of, here
from bot.capabilities.campaigns.content import (
    LENT,
    MOST_ACTIVITIES,
    Activity,
    Content,
    Format,
    data_of,
)
from bot.capabilities.campaigns.messages import HERE, KEPT, too_many_activities, whom_field
from bot.capabilities.campaigns.model import Campaign, Event, EventKind, State
from bot.capabilities.campaigns.plan import messages
from bot.capabilities.campaigns.plan.arrangement import move, next_id, put, without
from bot.capabilities.campaigns.plan.entry import places_for, read_part, read_settings
from bot.capabilities.campaigns.plan.sheet import (
    GOING,
    address_of,
    find_own,
    look,
    show,
    titles_of,
    was_changed,
)
from bot.capabilities.campaigns.step import advance, today_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.form import Form
from bot.ids import CampaignId
from bot.inbound import Command
from bot.message import Args
from bot.reply import Reply


def new(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Several parts*."""
    require(command.person, Right.RUN_CAMPAIGN)
    return Reply(form=_settings_form(context, work, command, None))


def settings(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Settings*."""
    campaign = find_own(work, command)
    if campaign.state is not State.DRAFT:
        return Reply(message=show(context, work, campaign, command.person), replace=True)
    return Reply(form=_settings_form(context, work, command, campaign))


def _settings_form(
    context: Context, work: CampaignsWork, command: Command, draft: Campaign | None
) -> Form:
    person, args, channels = command.person, Args(), dict[str, str]()
    if draft is not None:
        args |= messages.args_of(draft)
    kept = draft.conversation if draft else None
    where = here(work, command)
    if where is not None:
        args["here"] = where
        channels[HERE] = ""
    if kept is not None and kept != where:
        channels[KEPT] = channel_of(work, person.workspace, kept) or ""
    content = draft.content if draft else Content(title="", activities=())
    addresses = [address_of(work, one) for one in content.approvers]
    return messages.settings_form(
        content,
        whom_field(content, work.people.teams(person.workspace), channels),
        [address for address in addresses if address is not None],
        today_of(person, context.now),
        args,
        is_new=draft is None,
        titles=titles_of(context, work, person.workspace, content),
    )


def keep_settings(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """The form of settings."""
    require(command.person, Right.RUN_CAMPAIGN)
    person, today = command.person, today_of(command.person, context.now)
    draft = find_own(work, command) if command.args.get("campaign") else None
    if draft is not None and was_changed(draft, command):
        return _again(_settings_form(context, work, command, draft), command)
    content = read_settings(context, work, command, draft, today)
    if draft is not None:
        saved = keep(context, work, draft, command, content)
        return Reply(message=show(context, work, saved, person, messages.SAVED), replace=True)
    saved = Campaign(
        id=CampaignId(context.new_id()),
        workspace=person.workspace,
        owner=person.id,
        content=content,
        created_at=context.now,
        changed_at=context.now,
    )
    work.campaigns.add(saved)
    work.campaigns.record(
        Event(saved.id, EventKind.DRAFTED, context.now, person.id, data_of(content))
    )
    return Reply(message=show(context, work, saved, person))


def _again(form: Form, command: Command) -> Reply:
    """The form as it is now, with what was typed under an older card: nothing of it is lost."""
    return Reply(form=form.filled_with(command.values, messages.CHANGED_MEANWHILE))


def keep(
    context: Context, work: CampaignsWork, campaign: Campaign, command: Command, content: Content
) -> Campaign:
    """The campaign with another content: at once before it begins, which makes it a draft again;
    while it runs, as a change that others approve.

    Raises:
        Conflict: it is over.
        Invalid: it runs, and that cannot be changed any more or would not work.
    """
    if content == campaign.proposed:
        return campaign
    if campaign.state in GOING:
        return amend(context, work, campaign, command.person, content)
    changed = advance(
        context, work, campaign, EventKind.CHANGED, command.person.id, data=data_of(content)
    )
    work.timers.cancel(f"{changed.source}:start")
    return changed


# --- its parts ------------------------------------------------------------------------------------


def add_part(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """A kind was chosen: the form of the part."""
    campaign = find_own(work, command)
    try:
        format_ = Format(str(command.args.get("choice")))
    except ValueError as error:
        raise Invalid(messages.NO_OPTION) from error
    if len(campaign.proposed.activities) >= MOST_ACTIVITIES:
        raise Invalid(too_many_activities(MOST_ACTIVITIES))
    activity = Activity(id="", format=format_)
    lent = context.activities.formats.get(format_)
    every = lent.every if format_ in LENT and lent is not None else None
    if every is not None and not every(work, campaign.workspace):
        raise Invalid(messages.NOTHING_TO_CHOOSE)
    if format_ is Format.QNA_SESSION and not places_for(work, command, activity):
        raise Invalid(messages.NO_CHANNEL)
    form = _part_form(context, work, command, campaign, activity)
    return Reply(form=form)


def change_part(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Change* a part."""
    campaign = find_own(work, command)
    activity = _part_of(campaign, command)
    return Reply(form=_part_form(context, work, command, campaign, activity))


def _part_form(
    context: Context,
    work: CampaignsWork,
    command: Command,
    campaign: Campaign,
    activity: Activity,
) -> Form:
    args: Args = {**messages.args_of(campaign), "part": activity.id, "format": activity.format}
    places = places_for(work, command, activity)
    if messages.HERE in places:
        args["here"] = command.place.conversation
    return messages.part_form(
        campaign.proposed,
        activity,
        _found(context, work, campaign, activity),
        places,
        today_of(command.person, context.now),
        args,
    )


def _found(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity
) -> Sequence[Found]:
    """All that a part may refer to, where that is known."""
    lent = context.activities.formats.get(activity.format)
    if activity.format not in LENT or lent is None or lent.every is None:
        return ()
    found: Sequence[Found] = lent.every(work, campaign.workspace)
    return found


def keep_part(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """The form of a part."""
    campaign = find_own(work, command)
    content = campaign.proposed
    activity = content.activity(str(command.args.get("part") or ""))
    if activity is None:
        try:
            activity = Activity(id="", format=Format(str(command.args.get("format"))))
        except ValueError as error:
            raise Invalid(messages.NO_OPTION) from error
    if was_changed(campaign, command):
        # A part that was taken out meanwhile is one more now.
        return _again(_part_form(context, work, command, campaign, activity), command)
    if not activity.id:
        activity = replace(activity, id=next_id(campaign.content, content))
    today = today_of(command.person, context.now)
    found = _found(context, work, campaign, activity)
    read = read_part(work, command, content, activity, found, today)
    saved = keep(context, work, campaign, command, put(content, read))
    card = show(context, work, saved, command.person, messages.SAVED, is_writing=True)
    return Reply(message=card, replace=True)


def part(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """A part chosen on the card, or what is shown of it again."""
    campaign = find_campaign(work, command.person, command.args)
    name = str(command.args.get("choice") or command.args.get("part") or "")
    activity = campaign.proposed.activity(name)
    if activity is None:
        raise NotFound(messages.UNKNOWN_PART)
    card = look(context, work, campaign, activity, command.person)
    return Reply(message=card, replace=True)


def _part_of(campaign: Campaign, command: Command) -> Activity:
    activity = campaign.proposed.activity(str(command.args.get("part") or ""))
    if activity is None:
        raise NotFound(messages.UNKNOWN_PART)
    return activity


def earlier(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Earlier*: it changes places with the one before it."""
    return _move(context, work, command, -1)


def later(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Later*."""
    return _move(context, work, command, 1)


def _move(context: Context, work: CampaignsWork, command: Command, by: int) -> Reply:
    campaign = find_own(work, command)
    activity = _part_of(campaign, command)
    if was_changed(campaign, command):
        note = messages.CHANGED_SINCE
    else:
        content = move(campaign.proposed, activity.id, by)
        note = messages.END_OF_LINE if content == campaign.proposed else messages.MOVED
        campaign = keep(context, work, campaign, command, content)
        activity = campaign.proposed.activity(activity.id) or activity
    card = look(context, work, campaign, activity, command.person, note)
    return Reply(message=card, replace=True)


def remove(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Remove* a part. Pressed twice, it is out all the same."""
    campaign = find_own(work, command)
    content = without(campaign.proposed, str(command.args.get("part") or ""))
    saved = keep(context, work, campaign, command, content)
    card = show(context, work, saved, command.person, messages.REMOVED, is_writing=True)
    return Reply(message=card, replace=True)


def several(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Add more parts* under the draft of one message: it becomes the first of several."""
    campaign = find_own(work, command)
    content = campaign.content
    if campaign.state is State.DRAFT and content.is_one_message:
        first = replace(content.activities[0], id=next_id(content))
        campaign = keep(context, work, campaign, command, replace(content, activities=(first,)))
    card = show(context, work, campaign, command.person)
    return Reply(message=card, replace=True)
