"""The dry run: all at once, or in chat, where it goes in chunks by timers and comes as a card."""

from collections.abc import Callable, Iterator, Mapping

from bot.capabilities.campaigns import dryrun_messages, messages
from bot.capabilities.campaigns.audience import find_obstacle, is_read, next_wait, want
from bot.capabilities.campaigns.conclusion import conclude
from bot.capabilities.campaigns.content import digest_of
from bot.capabilities.campaigns.dryrun import DryRun, Tally, args_of_tally, tally_of
from bot.capabilities.campaigns.model import CHUNK, Campaign
from bot.capabilities.campaigns.rehearsal import (
    Bookmark,
    args_of_bookmark,
    as_proposed,
    bookmark_of,
    go_on,
    waves_of,
)
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.ids import CampaignId, PersonId
from bot.message import Buttons, say
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person
from bot.ports import Timer
from bot.reply import Reply

ButtonsOf = Callable[[CampaignsWork, Campaign, Person], Buttons | None]
"""What a person can do with a campaign, under its dry run."""
PutForward = Callable[[Context, CampaignsWork, Campaign, DryRun], object]
"""What is done with the dry run of what was submitted."""


def no_buttons(_work: CampaignsWork, _campaign: Campaign, _person: Person) -> None:
    """Nothing can be done where it is shown."""


def rehearse(
    context: Context, work: CampaignsWork, campaign: Campaign
) -> Iterator[tuple[int, DryRun | None]]:
    """All of it in one transaction: how many people have been looked at after each chunk, and at
    the end the dry run."""
    bookmark: Bookmark | None = Bookmark()
    tally = Tally()
    waves = waves_of(context, work, as_proposed(campaign))
    while bookmark is not None:
        tally, bookmark = go_on(context, work, campaign, tally, bookmark, waves)
        yield tally.people, None
    yield tally.people, conclude(context, work, campaign, tally)


def look(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    person: Person,
    buttons_of: ButtonsOf = no_buttons,
) -> Reply:
    """The dry run of what is proposed, as a card for the person. Of many people it follows when
    all have been looked at, and of a conversation when it is known who is in it."""
    told = begin(context, work, campaign, person)
    if isinstance(told, str):
        return Reply(message=say(told))
    return Reply(message=dryrun_messages.card(told, buttons_of(work, campaign, person)))


def begin(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person, *, asks: bool = False
) -> DryRun | str:
    """The dry run of what is proposed, or a word on why it takes longer; then it goes on by
    timers, for the person, or if it `asks` for those who approve."""
    conversation = campaign.proposed.audience.conversation
    if conversation is not None:
        want(work, campaign.workspace, conversation, context.now)
        if not is_read(work, campaign):
            _later(context, work, campaign, person, Tally(), Bookmark(), {"waited": 0}, asks)
            return messages.READING
    tally, bookmark = go_on(context, work, campaign, Tally(), Bookmark())
    while bookmark is not None and bookmark.after is None and tally.people < CHUNK:
        # The end of a wave; mostly there are few behind it.
        tally, bookmark = go_on(context, work, campaign, tally, bookmark)
    if bookmark is not None:
        _later(context, work, campaign, person, tally, bookmark, {}, asks)
        return dryrun_messages.COUNTING
    return conclude(context, work, campaign, tally)


def rehearse_on(
    context: Context,
    work: CampaignsWork,
    timer: Timer,
    buttons_of: ButtonsOf = no_buttons,
    put_forward: PutForward | None = None,
) -> None:
    """The next people; after the last of them whoever wanted it gets the card, or it is put
    before those who approve. It ends without a word when the campaign was changed since: who
    changes it sees the new dry run."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    person = work.people.get(PersonId(str(timer.args["person"])))
    if campaign is None or person is None or not person.active:
        return
    if digest_of(campaign.proposed) != timer.args["digest"]:
        return
    asks = timer.args.get("asks") is True
    if asks and (not campaign.is_submitted or campaign.is_put_forward):
        return
    tally, bookmark = tally_of(timer.args["tally"]), bookmark_of(timer.args["bookmark"])
    if not is_read(work, campaign) and find_obstacle(work, campaign) is None:
        _later(context, work, campaign, person, tally, bookmark, timer.args, asks)
        return
    now_tally, then = go_on(context, work, campaign, tally, bookmark)
    if then is not None:
        _later(context, work, campaign, person, now_tally, then, {}, asks)
        return
    told = conclude(context, work, campaign, now_tally)
    if asks and put_forward is not None:
        put_forward(context, work, campaign, told)
        return
    work.outbox.post(
        campaign.workspace,
        Letter(
            key=f"{campaign.source}:rehearsal:{context.new_id()}",
            to=ToPerson(person=person.id),
            message=dryrun_messages.card(told, buttons_of(work, campaign, person)),
            kind="campaign.rehearsal",
            priority=Priority.ANSWER,
            because=messages.BECAUSE_TRIAL,
        ),
    )


def _later(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    person: Person,
    tally: Tally,
    bookmark: Bookmark,
    before: Mapping[str, object],
    asks: bool,
) -> None:
    wait = next_wait(before) if "waited" in before else None
    work.timers.set(
        Timer(
            key=f"{campaign.source}:{'asking' if asks else f'rehearsal:{person.id}'}",
            due_at=context.now + wait if wait else context.now,
            action="campaign.rehearse",
            args={
                "campaign": campaign.id,
                "person": person.id,
                "digest": digest_of(campaign.proposed),
                "tally": args_of_tally(tally),
                "bookmark": args_of_bookmark(bookmark),
                **({"waited": int(wait.total_seconds())} if wait else {}),
                **({"asks": True} if asks else {}),
            },
        )
    )
