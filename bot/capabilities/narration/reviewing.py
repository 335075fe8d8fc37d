"""Looking back: one's own narrations, one's week, what was shared with one, and decisions."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from bot.capabilities.narration import messages
from bot.capabilities.narration.access import find_own, find_topic, named
from bot.capabilities.narration.model import (
    EVERY,
    LEAST_TIP,
    STATES,
    Narration,
    Sort,
)
from bot.capabilities.narration.posting import channel_of, told_whom
from bot.capabilities.narration.prompting import days_of, ends_of_week
from bot.capabilities.narration.work import NarrationWork
from bot.capability import Week
from bot.context import Context
from bot.inbound import Command
from bot.message import Part, say
from bot.people import Person, local
from bot.ports import Timer
from bot.reply import Reply

W = TypeVar("W", bound=NarrationWork)
A_PAGE = 5
TAKEN_AT_ONCE = 2
"""So many narrations fit one message with every word."""
LINES_AT_ONCE = 60


def list_mine(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*My narrations*, page by page; what is long is shortened until it is opened."""
    found = work.narrations.own(command.person.id, STATES, EVERY)
    shown, last, page = _page(command, len(found))
    message = messages.mine(found[shown : shown + A_PAGE], page=page, pages=last + 1)
    return Reply(message=message, replace="page" in command.args, private=True)


def take_away(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Take it with you*: all that is kept of the person here, with every word, page by page.
    Each page is a message of its own, so that all of them stand beneath each other."""
    person = command.person
    found = work.narrations.own(person.id, STATES, EVERY)
    lines = [
        *_introductions(work, person),
        *messages.ledger_lines(work.narrations.history(person.id)),
    ]
    told = math.ceil(len(found) / TAKEN_AT_ONCE)
    last = told + max(0, len(lines) - 1) // LINES_AT_ONCE
    page = _number(command, last)
    parts: list[Part] = []
    if page < told:
        for each in found[page * TAKEN_AT_ONCE :][:TAKEN_AT_ONCE]:
            to = told_whom(work, person, each) if each.is_shared else ""
            parts += messages.in_full(each, to)
    else:
        weekday, is_told = days_of(work, person)
        habit = work.narrations.habit(person.id, person.workspace)
        channel = channel_of(work, person, habit.channel)
        parts += messages.habits(weekday, habit.last, channel, week=is_told)
        parts += messages.decided(lines[(page - told) * LINES_AT_ONCE :][:LINES_AT_ONCE])
    return Reply(message=messages.to_take(parts, page=page, pages=last + 1), private=True)


def _introductions(work: NarrationWork, person: Person) -> Sequence[str]:
    found = work.narrations.introductions(person.id)
    others = {each.asked if each.asker == person.id else each.asker for each in found}
    names = {p.id: p.name for p in work.people.several(others)}
    return [messages.introduction(each, person.id, names) for each in found]


def list_shared(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Shared with me*."""
    found = work.narrations.shared_with(command.person.id, EVERY)
    shown, last, page = _page(command, len(found))
    some = found[shown : shown + A_PAGE]
    authors = {p.id: p.name for p in work.people.several({each.author for each in some})}
    message = messages.shared_with_me(some, authors, page=page, pages=last + 1)
    return Reply(message=message, replace="page" in command.args, private=True)


def _page(command: Command, count: int) -> tuple[int, int, int]:
    """The first to be shown, the last page, and which page it is."""
    last = max(0, (count - 1) // A_PAGE)
    page = _number(command, last)
    return page * A_PAGE, last, page


def _number(command: Command, last: int) -> int:
    """The page that was asked for, of those that there are."""
    told = command.args.get("page")
    return min(max(told, 0), last) if isinstance(told, int) else 0


def decisions(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """`/decisions`: one's own, and those that others have shared, the newest first."""
    person = command.person
    own = [
        each for each in work.narrations.own(person.id, STATES, EVERY) if each.sort is Sort.DECISION
    ]
    shared = work.narrations.shared_with(person.id, EVERY, Sort.DECISION)
    found = sorted([*own, *shared], key=_written, reverse=True)
    shown, last, page = _page(command, len(found))
    some = found[shown : shown + A_PAGE]
    authors = {p.id: p.name for p in work.people.several({each.author for each in some})}
    message = messages.decisions(some, authors, person.id, page=page, pages=last + 1)
    return Reply(message=message, replace="page" in command.args, private=True)


def _written(narration: Narration) -> tuple[object, str]:
    return narration.written_on, narration.id


def week(tell: Sequence[Week[W]], context: Context, work: W, command: Command) -> Reply:
    """`/week`: what the person wrote, asked, answered and learned, for them alone."""
    person = command.person
    today = local(person, context.now).date()
    first, _ = ends_of_week(person)
    begun = today - timedelta(days=(today.isoweekday() - first) % 7)
    own = work.narrations.own(person.id, STATES, EVERY, since=begun)
    lines = [line for each in tell for line in each(context, work, person, begun)]
    return Reply(message=messages.week(own, lines, begun), private=True)


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
