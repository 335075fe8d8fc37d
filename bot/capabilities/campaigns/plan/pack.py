"""*From a pack…*: a campaign that a pack brought becomes a draft of who chooses it."""

from bot.access import Right, require
from bot.capabilities.campaigns import dryrun_messages as said
from bot.capabilities.campaigns.packed import find_draft, keep, plan
from bot.capabilities.campaigns.plan.sheet import show
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import WorkspaceId
from bot.inbound import Command
from bot.pack.model import Kind
from bot.reply import Reply

MOST_CHOSEN = 10


def has_any(work: CampaignsWork, workspace: WorkspaceId) -> bool:
    """Whether the packs of a workspace bring any campaign."""
    return any(not kept.retired for kept in work.packs.documents(workspace, Kind.CAMPAIGN))


def choose(_context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*From a pack…*: which of them?"""
    require(command.person, Right.RUN_CAMPAIGN)
    found = [
        (kept.value.id, kept.value.title)
        for kept in work.packs.documents(command.person.workspace, Kind.CAMPAIGN)
        if not kept.retired
    ]
    if not found:
        raise NotFound(said.NO_PACKS)
    return Reply(message=said.choose_pack(found[:MOST_CHOSEN]))


def take(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """One of them. What could not be resolved here is said on the draft, which can be mended.
    Who has a draft of that title already, which reads otherwise, is asked before it is replaced."""
    person = command.person
    require(person, Right.RUN_CAMPAIGN)
    value = command.args.get("choice")
    id_ = value if isinstance(value, str) and value.isprintable() else ""
    kept = work.packs.document(person.workspace, Kind.CAMPAIGN, id_)
    if kept is None or kept.retired:
        raise NotFound(said.NO_SUCH_PACK)
    planned = plan(work, person.workspace, kept.value, person)
    known = find_draft(work, planned.content.title, person)
    is_other = known is not None and known.content != planned.content
    if is_other and command.args.get("replace") is not True:
        return Reply(message=said.replace_draft(planned.content.title, id_))
    draft = keep(context, work, planned, person)
    note = said.taken_from_pack([one.sentence for one in (*planned.faults, *planned.hints)])
    return Reply(message=show(context, work, draft, person, note))
