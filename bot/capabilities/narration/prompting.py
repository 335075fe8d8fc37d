"""Prompts: only for who wants them, on their day, at their hour, inside the attention budget."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from bot.attention import Wish
from bot.capabilities.narration import messages
from bot.capabilities.narration.access import named
from bot.capabilities.narration.model import EXPIRY_DAYS, PROMPT_SLOT, WEEK_SLOT, Habit
from bot.capabilities.narration.prompt import (
    OWN,
    Prompt,
    fill,
    next_sort,
    of_pack,
    of_sort,
    turn_of,
)
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import WorkspaceId
from bot.inbound import Command
from bot.message import Args, Message, say
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.model import Kind
from bot.people import Person, local
from bot.reply import Reply
from bot.schedule import add_working_days, at_local
from bot.slot import DueSlot, Slot, begin_slot, change_slot


def prompts_of(work: NarrationWork, workspace: WorkspaceId) -> Sequence[Prompt]:
    """What people of the workspace are asked: what its packs say, and at least one of each sort."""
    kept = work.packs.documents(workspace, Kind.PROMPT)
    return fill([of_pack(each.value) for each in kept])


def find_prompt(work: NarrationWork, workspace: WorkspaceId, id_: str) -> Prompt | None:
    """The prompt of that id, also one that is retired: somebody may have it before them."""
    own = next((prompt for prompt in OWN if prompt.id == id_), None)
    if own is not None:
        return own
    kept = work.packs.document(workspace, Kind.PROMPT, id_)
    return of_pack(kept.value) if kept is not None else None


def asked_of(work: NarrationWork, person: Person, args: Mapping[str, object]) -> Prompt:
    """The prompt that a button or form names, or one of its sort where that is gone.

    Raises:
        NotFound: no button of ours names such a sort.
    """
    sort = messages.SORT_WORDS.get(named(args, "sort"))
    if sort is None:
        raise NotFound(messages.GONE)
    found = find_prompt(work, person.workspace, named(args, "prompt"))
    if found is not None and found.sort is sort:
        return found
    return of_sort(prompts_of(work, person.workspace), sort)


def plan(_context: Context, work: NarrationWork, due: Sequence[DueSlot]) -> Sequence[Wish]:
    """The next sort of prompt for each."""
    habits = work.narrations.habits([one.person.id for one in due])
    wishes, kept = [], []
    prompts = {
        workspace: prompts_of(work, workspace) for workspace in {d.person.workspace for d in due}
    }
    for one in due:
        person = one.person
        habit = habits.get(person.id, Habit(person.id, person.workspace))
        sort = next_sort(habit.last)
        prompt = of_sort(prompts[person.workspace], sort, turn_of(one.day))
        kept.append(replace(habit, last=sort))
        wishes.append(_wish(one, messages.prompt(prompt, one.day), messages.BECAUSE_PROMPT))
    work.narrations.note_prompts(kept)
    return wishes


def plan_week(_context: Context, _work: NarrationWork, due: Sequence[DueSlot]) -> Sequence[Wish]:
    """A word that one's week can be looked at; nothing of it stands in the letter."""
    return [_wish(one, messages.week_is_there(), messages.BECAUSE_WEEK) for one in due]


def _wish(one: DueSlot, message: Message, because: str) -> Wish:
    return Wish(
        one.person,
        Letter(
            key=one.key,
            to=ToPerson(person=one.person.id),
            message=message,
            kind=one.slot.kind,
            # Chosen for this weekday: nothing that comes on all days takes its place.
            priority=Priority.TIP,
            due_at=one.due_at,
            expires_at=one.closes_at,
            because=because,
        ),
    )


def answer(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Write*, under a prompt: the form, unless the prompt has run out."""
    person, args = command.person, command.args
    prompt = asked_of(work, person, args)
    if "day" in args and has_run_out(person, context, named(args, "day")):
        return Reply(message=messages.ran_out(), replace=True)
    given: Args = {"prompt": prompt.id, "sort": prompt.sort.value, "asked": True}
    return Reply(form=messages.write_form(prompt, given))


def has_run_out(person: Person, context: Context, day: str) -> bool:
    """Whether a prompt of that day is over (domain.md 4.2)."""
    try:
        begun = date.fromisoformat(day)
    except ValueError:
        return True
    noon = at_local(begun, local(person, context.now).time(), person.zone)
    last = local(person, add_working_days(person, noon, EXPIRY_DAYS)).date()
    return local(person, context.now).date() > last


def skip(_context: Context, _work: NarrationWork, _command: Command) -> Reply:
    """*Not this time*. It is kept nowhere."""
    return Reply(message=say(messages.SKIPPED), replace=True)


# --- when -----------------------------------------------------------------------------------


def slot_of(work: NarrationWork, person: Person, kind: str) -> Slot | None:
    return next((slot for slot in work.slots.of(person.id) if slot.kind == kind), None)


def set_day(
    context: Context, work: NarrationWork, person: Person, kind: str, weekday: int | None
) -> None:
    """Let it come on that ISO weekday, at the one hour at which the person is written to
    unasked; None: never."""
    if weekday is None:
        work.slots.remove(person.id, kind)
        return
    hour, days = work.attention.get(person.id).hour, frozenset({weekday})
    before = slot_of(work, person, kind)
    work.slots.save(
        begin_slot(person, kind, hour, context.now, days)
        if before is None
        else change_slot(before, person, context.now, hour, days)
    )


def ends_of_week(person: Person) -> tuple[int, int]:
    """The ISO weekdays on which the person's week begins, after the longest time without work, and
    ends: for most Monday and Friday."""
    days = sorted(person.hours.weekdays) or [1, 2, 3, 4, 5]
    rests = [(day - before - 1) % 7 for before, day in pairwise([days[-1], *days])]
    first = days[rests.index(max(rests))]
    return first, days[days.index(first) - 1]


def days_of(work: NarrationWork, person: Person) -> tuple[int | None, bool]:
    """The weekday of the person's prompts, and whether their week is told to them."""
    slot = slot_of(work, person, PROMPT_SLOT)
    weekday = min(slot.weekdays) if slot is not None and slot.weekdays else None
    return weekday, slot_of(work, person, WEEK_SLOT) is not None
