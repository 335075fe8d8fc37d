"""Looking back: one's own narrations, one's week, what was shared with one, and decisions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from bot.capabilities.narration import messages
from bot.capabilities.narration.access import find_own, find_topic, named
from bot.capabilities.narration.model import DECISIONS_SHOWN, LEAST_TIP, STATES, Narration, Sort
from bot.capabilities.narration.work import NarrationWork
from bot.capability import Week
from bot.context import Context
from bot.inbound import Command
from bot.message import say
from bot.people import local
from bot.ports import Timer
from bot.reply import Reply

W = TypeVar("W", bound=NarrationWork)
A_PAGE = 5
_MOST = 500


def list_mine(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*My narrations*: every one in full, page by page. It is also what there is to take away."""
    found = work.narrations.own(command.person.id, STATES, _MOST)
    shown, last, page = _page(command, len(found))
    message = messages.mine(found[shown : shown + A_PAGE], page=page, pages=last + 1)
    return Reply(message=message, replace="page" in command.args, private=True)


def list_shared(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Shared with me*."""
    found = work.narrations.shared_with(command.person.id, _MOST)
    shown, last, page = _page(command, len(found))
    some = found[shown : shown + A_PAGE]
    authors = {p.id: p.name for p in work.people.several({each.author for each in some})}
    message = messages.shared_with_me(some, authors, page=page, pages=last + 1)
    return Reply(message=message, replace="page" in command.args, private=True)


def _page(command: Command, count: int) -> tuple[int, int, int]:
    """The first to be shown, the last page, and which page it is."""
    told, last = command.args.get("page"), max(0, (count - 1) // A_PAGE)
    page = min(max(told, 0), last) if isinstance(told, int) else 0
    return page * A_PAGE, last, page


def decisions(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """`/decisions`: one's own, and those that others have shared, the newest first."""
    person = command.person
    own = [
        each for each in work.narrations.own(person.id, STATES, _MOST) if each.sort is Sort.DECISION
    ]
    shared = work.narrations.shared_with(person.id, DECISIONS_SHOWN, Sort.DECISION)
    found = sorted([*own, *shared], key=_written, reverse=True)[:DECISIONS_SHOWN]
    authors = {p.id: p.name for p in work.people.several({each.author for each in found})}
    message = messages.decisions(found, authors, person.id)
    return Reply(message=message, private=True)


def _written(narration: Narration) -> tuple[object, str]:
    return narration.written_on, narration.id


def week(tell: Sequence[Week[W]], context: Context, work: W, command: Command) -> Reply:
    """`/week`: what the person wrote, asked, answered and learned, for them alone."""
    person = command.person
    today = local(person, context.now).date()
    monday = today - timedelta(days=today.isoweekday() - 1)
    own = work.narrations.own(person.id, STATES, _MOST, since=monday)
    lines = [line for each in tell for line in each(context, work, person, monday)]
    return Reply(message=messages.week(own, lines, monday), private=True)


def make_tip(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Make it a tip?*: to the steward of the topic, with the author's name."""
    person = command.person
    narration = find_own(work, person, command.args)
    topics = work.topics.every(person.workspace)
    chosen = named(command.args, "choice") or (narration.topic or "")
    topic = find_topic(work, person, chosen)
    if topic is None:
        if not topics:
            return Reply(message=say(messages.NO_TOPICS))
        return Reply(message=messages.which_topic(narration, topics[:10]))
    if len(narration.lines[0].text) < LEAST_TIP:
        return Reply(message=say(messages.TOO_SHORT_FOR_TIP))
    work.timers.set(
        Timer(
            key=f"tips:propose:{narration.id}",
            due_at=context.now,
            action="tips.propose",
            args={"author": person.id, "narration": narration.id, "topic": topic.id},
        )
    )
    return Reply(message=messages.proposed(topic))
