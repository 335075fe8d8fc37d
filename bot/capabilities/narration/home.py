"""What narration shows a person about themselves, and what they leave behind."""

from collections.abc import Sequence
from datetime import timedelta

from bot.capabilities.narration import messages, reminding
from bot.capabilities.narration.connecting import unask
from bot.capabilities.narration.model import EVERY, PROMPT_SLOT, STATES, WEEK_SLOT, State, allows
from bot.capabilities.narration.posting import take_back_all
from bot.capabilities.narration.prompting import days_of
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.inbound import Command
from bot.message import Part, say
from bot.page import Section
from bot.people import Person, local
from bot.reply import Reply


def home(context: Context, work: NarrationWork, person: Person) -> Sequence[Section]:
    """The way in, how many drafts wait, how many others have shared; nothing of what they say."""
    since = local(person, context.now).date() - timedelta(days=messages.LATELY_SHARED)
    shared = work.narrations.shared_with(person.id, messages.MOST_LATELY + 1, since=since)
    drafts = work.narrations.own(person.id, [State.DRAFT], 20)
    return messages.home(len(drafts), len(shared))


def about_me(_context: Context, work: NarrationWork, person: Person) -> Sequence[Part]:
    """What is kept; the words themselves are a tap away."""
    weekday, week = days_of(work, person)
    ledger = work.narrations.ledger(person.id)
    granted = [scope for scope in messages.CONSENTS if allows(ledger, scope)]
    count = len(work.narrations.own(person.id, STATES, EVERY))
    return messages.about_me(count, weekday, granted, week=week)


def forget(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Delete all*: what was shared is withdrawn first."""
    person = command.person
    take_back_all(context, work, person)
    leave(context, work, person)
    return Reply(message=say(messages.FORGOTTEN))


def leave(context: Context, work: NarrationWork, person: Person) -> None:
    """Nothing of a person's is kept, and nothing comes."""
    for narration in work.narrations.own(person.id, STATES, EVERY):
        reminding.forget(context, work, narration)
    for kind in (PROMPT_SLOT, WEEK_SLOT):
        work.slots.remove(person.id, kind)
    unask(work, person.id)
    work.narrations.forget(person.id)


def farewell(context: Context, work: NarrationWork, person: Person) -> None:
    """Somebody has left, and can withdraw nothing any more: the words that we posted for them go
    with them. What became a tip stays, since its steward published it with their agreement."""
    take_back_all(context, work, person, messages.left_post())
    leave(context, work, person)
