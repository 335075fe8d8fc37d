"""Writing a campaign: the form, the card that shows it with its forecast, and trying it."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.access import Right, may, require
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import find_campaign, find_draft, owner_of, workspace_of
from bot.capabilities.campaigns.audience import (
    channel_of,
    find_obstacle,
    here,
    is_read,
    next_wait,
    want,
)
from bot.capabilities.campaigns.card import show
from bot.capabilities.campaigns.content import Content, data_of, one_message
from bot.capabilities.campaigns.model import (
    CHUNK,
    LONGEST,
    MAX_BODY,
    MAX_TITLE,
    Campaign,
    Event,
    EventKind,
    State,
)
from bot.capabilities.campaigns.outlook import Outlook, args_of, look_on, outlook_of
from bot.capabilities.campaigns.plan import messages as plan_messages
from bot.capabilities.campaigns.plan import pack, sheet
from bot.capabilities.campaigns.reading import kept, read_conversation, read_day, read_team
from bot.capabilities.campaigns.run import start
from bot.capabilities.campaigns.step import advance, letter_of, today_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import forecast_crowd
from bot.errors import Invalid, NotFound
from bot.form import Form
from bot.ids import CampaignId, PersonId
from bot.inbound import Command
from bot.message import Args, Message, say
from bot.messages import with_controls
from bot.outbox import Letter, Priority, ToPerson
from bot.page import Section
from bot.people import Person
from bot.ports import Timer
from bot.reply import Reply

_OF_PACKS = frozenset({"pack", "packs", "from a pack", "from pack"})


def campaign(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """`/campaign [title]`: what there is, or the form of one message with that title."""
    if not may(command.person, Right.RUN_CAMPAIGN) and may(command.person, Right.APPROVE_CAMPAIGN):
        return Reply(message=plan_messages.waiting_list(sheet.asked_of(work, command.person)))
    require(command.person, Right.RUN_CAMPAIGN)
    if command.text.casefold() in _OF_PACKS:
        return pack.choose(context, work, command)
    if command.text:
        return Reply(form=_form(context, work, command, title=command.text))
    return list_all(context, work, command)


def list_all(_context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Campaigns*: what there is, page by page, and the ways to begin."""
    person, value = command.person, command.args.get("skipped")
    require(person, Right.RUN_CAMPAIGN)
    skipped = value if isinstance(value, int) and 0 < value < 2**31 else 0
    # One more tells whether there are more.
    found = work.campaigns.shown_to(person.workspace, person.id, messages.MOST_LISTED + 1, skipped)
    listed, more = found[: messages.MOST_LISTED], len(found) > messages.MOST_LISTED
    owners = {person.id: person.name for person in work.people.several({c.owner for c in listed})}
    has_packs = pack.has_any(work, person.workspace)
    behind = skipped + messages.MOST_LISTED if more else None
    card = messages.campaign_list(listed, owners, has_packs=has_packs, behind=behind)
    return Reply(message=card, replace=skipped > 0)


def home(_context: Context, work: CampaignsWork, person: Person) -> Sequence[Section]:
    """For those who approve campaigns what waits for them; for those who run any, what is under
    way of the newest ones."""
    waiting = sheet.asked_of(work, person)
    sections = plan_messages.waiting_for_you(waiting) if waiting else []
    if not may(person, Right.RUN_CAMPAIGN):
        return sections
    listed = work.campaigns.shown_to(person.workspace, person.id, messages.MOST_LISTED)
    return [*sections, *messages.home(listed)]


def new(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*One message*."""
    require(command.person, Right.RUN_CAMPAIGN)
    return Reply(form=_form(context, work, command))


def open_(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """A campaign chosen from the list."""
    chosen = find_campaign(work, command.person, command.args, "choice")
    if not chosen.content.is_one_message:
        return Reply(message=sheet.show(context, work, chosen, command.person))
    if chosen.state is State.DRAFT:
        return _look(context, work, chosen)
    if chosen.started_at is None:
        raise NotFound(messages.DRAFT_GONE)
    return Reply(message=show(work, chosen))


def change(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Change*: the form with what there is."""
    draft = find_draft(work, command)
    return Reply(form=_form(context, work, command, draft))


def _form(
    context: Context,
    work: CampaignsWork,
    command: Command,
    draft: Campaign | None = None,
    title: str = "",
) -> Form:
    person, args, channels = command.person, Args(), dict[str, str]()
    if draft is not None:
        args["campaign"] = draft.id
    kept = draft.conversation if draft else None
    where = here(work, command)
    if where is not None:
        args["here"] = where
        channels[messages.HERE] = ""
    if kept is not None and kept != where:
        channels[messages.KEPT] = channel_of(work, person.workspace, kept) or ""
    return messages.form(
        draft.content if draft else None,
        title=title,
        today=today_of(person, context.now),
        teams=work.people.teams(person.workspace),
        args=args,
        channels=channels,
    )


def submit(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """The form. What is wrong is said at its field, and the form stays as it was filled."""
    require(command.person, Right.RUN_CAMPAIGN)
    draft = find_draft(work, command) if command.args.get("campaign") else None
    person, today = command.person, today_of(command.person, context.now)
    content = _content(context, work, command, draft, today)
    if draft is not None:
        saved = advance(context, work, draft, EventKind.CHANGED, person.id, data=data_of(content))
    else:
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
    return _look(context, work, saved)


def _content(
    context: Context,
    work: CampaignsWork,
    command: Command,
    draft: Campaign | None,
    today: date,
) -> Content:
    """What the form says.

    Raises:
        Invalid: with a sentence for each field that cannot be used.
    """
    values, wrong = command.values, dict[str, str]()
    title = " ".join(kept(values.get("title", "")).split())
    body = kept(values.get("body", ""))
    if not title:
        wrong["title"] = messages.NO_TITLE
    elif len(title) > MAX_TITLE:
        wrong["title"] = messages.too_much(MAX_TITLE, len(title))
    if not body:
        wrong["body"] = messages.NO_BODY
    elif len(body) > MAX_BODY:
        wrong["body"] = messages.too_much(MAX_BODY, len(body))
    conversation = read_conversation(context, work, command, draft, wrong)
    team = None
    if conversation is None and "audience" not in wrong:
        team = read_team(work, command, wrong)
    first = read_day(values, "first_day", wrong)
    last = read_day(values, "last_day", wrong)
    if first and first < today:
        wrong["first_day"] = messages.PAST
    if last and last < today:
        wrong["last_day"] = messages.PAST
    elif first and last and last < first:
        wrong["last_day"] = messages.BACKWARDS
    elif first and last and last - first >= LONGEST:
        wrong["last_day"] = messages.too_long(LONGEST)
    if wrong or first is None or last is None:
        raise Invalid(fields=wrong)
    return one_message(title, body, team, first, last, conversation)


# --- the forecast -----------------------------------------------------------------------


def _look(context: Context, work: CampaignsWork, draft: Campaign) -> Reply:
    """The card with the forecast; of many people it follows when they have been looked at, and
    of a conversation when it is known who is in it."""
    if draft.conversation is not None:
        want(work, draft.workspace, draft.conversation, context.now)
        if not is_read(work, draft):
            _wait(context, work, draft, {})
            return Reply(message=say(messages.READING))
        if find_obstacle(work, draft) is not None:
            return Reply(message=_card(work, draft, Outlook()))
    outlook, after = _look_at(context, work, draft, Outlook(), None)
    if after is None:
        return Reply(message=_card(work, draft, outlook))
    _look_later(context, work, draft, outlook, after)
    return Reply(message=say(messages.COUNTING))


def _look_at(
    context: Context,
    work: CampaignsWork,
    draft: Campaign,
    outlook: Outlook,
    after: PersonId | None,
) -> tuple[Outlook, PersonId | None]:
    """The outlook with the next people, and behind whom there may be more."""
    span = work.crowds.span(draft.workspace, draft.team, after, CHUNK, draft.conversation)
    if span is None:
        return outlook, None
    groups = forecast_crowd(work, span, letter_of(context, work, draft), context.now)
    return look_on(outlook, groups), span.upto if span.people == CHUNK else None


def _look_later(
    context: Context, work: CampaignsWork, draft: Campaign, outlook: Outlook, after: PersonId
) -> None:
    work.timers.set(
        Timer(
            key=f"{draft.source}:forecast",
            due_at=context.now,
            action="campaign.forecast",
            args={
                "campaign": draft.id,
                "edition": draft.edition,
                "after": after,
                "outlook": args_of(outlook),
            },
        )
    )


def _wait(
    context: Context, work: CampaignsWork, draft: Campaign, before: Mapping[str, object]
) -> None:
    """Look again later whether all members of the conversation have been read."""
    wait = next_wait(before)
    work.timers.set(
        Timer(
            key=f"{draft.source}:forecast",
            due_at=context.now + wait,
            action="campaign.forecast",
            args={
                "campaign": draft.id,
                "edition": draft.edition,
                "after": None,
                "outlook": args_of(Outlook()),
                "waited": int(wait.total_seconds()),
            },
        )
    )


def forecast_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The next people of a forecast; after the last of them the owner gets the card."""
    draft = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if draft is None or draft.state is not State.DRAFT or draft.edition != timer.args["edition"]:
        return
    before, last = timer.args["outlook"], timer.args["after"]
    outlook = outlook_of(before if isinstance(before, dict) else {})
    if last is None:
        if not is_read(work, draft):
            _wait(context, work, draft, timer.args)
            return
        if find_obstacle(work, draft) is not None:
            _send(work, draft, "forecast", context.new_id(), _card(work, draft, outlook))
            return
    behind = None if last is None else PersonId(str(last))
    outlook, after = _look_at(context, work, draft, outlook, behind)
    if after is not None:
        _look_later(context, work, draft, outlook, after)
        return
    _send(work, draft, "forecast", context.new_id(), _card(work, draft, outlook))


def _card(work: CampaignsWork, draft: Campaign, outlook: Outlook) -> Message:
    owner = owner_of(work, draft)
    return messages.draft_card(
        draft,
        owner,
        workspace_of(work, owner),
        outlook,
        channel_of(work, draft.workspace, draft.conversation),
        find_obstacle(work, draft),
    )


def _send(work: CampaignsWork, draft: Campaign, kind: str, key: str, message: Message) -> None:
    """To the owner alone, at once, and outside the campaign's account."""
    work.outbox.post(
        draft.workspace,
        Letter(
            key=f"{draft.source}:{kind}:{key}",
            to=ToPerson(person=draft.owner),
            message=message,
            kind=f"campaign.{kind}",
            priority=Priority.ANSWER,
            because=messages.BECAUSE_TRIAL,
        ),
    )


# --- what can be done with the draft ------------------------------------------------------


def _current(
    context: Context, work: CampaignsWork, command: Command
) -> tuple[Campaign, Reply | None]:
    """The draft of a button, and what to say if it was changed since the button was shown."""
    draft = find_draft(work, command)
    if command.args.get("edition") == draft.edition:
        return draft, None
    reply = _look(context, work, draft)
    if reply.message is None:
        return draft, reply
    return draft, Reply(message=messages.changed_meanwhile(reply.message), replace=True)


def send(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Send it*: only what was on the card, never what it was changed to since."""
    draft, changed = _current(context, work, command)
    return changed or start(context, work, draft, command)


def send_to_me(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Send to me*: as everybody would get it. It counts for nothing."""
    draft, changed = _current(context, work, command)
    if changed is not None:
        return changed
    letter = with_controls(messages.letter(draft, command.person))
    _send(work, draft, "trial", context.new_id(), letter)
    return Reply(message=messages.sent_to_me())


def discard(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Discard*."""
    draft = find_draft(work, command)
    advance(context, work, draft, EventKind.CANCELLED, command.person.id)
    return Reply(message=say(messages.DISCARDED), replace=True)
