"""What is remembered for the author: a decision to look at again, a draft that will go."""

from dataclasses import replace
from datetime import time, timedelta

from bot.attention import Wish, book, has_stopped
from bot.capabilities.narration import messages
from bot.capabilities.narration.model import NOTICE_DAYS, Narration, Sort, State
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.ids import PersonId
from bot.message import Args
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person, is_away, local
from bot.ports import Timer
from bot.schedule import at_local, next_morning

_NOTICE = timedelta(days=NOTICE_DAYS)
_MORNING = time(10)
_HALF_A_DAY = timedelta(hours=12)


def remind(_context: Context, work: NarrationWork, person: Person, narration: Narration) -> None:
    """Keep in step with a narration when to say something about it. Of the hour of writing
    nothing shows in that."""
    revisit = f"narration:revisit:{narration.id}"
    if narration.revisit_on is None:
        work.timers.cancel(revisit)
    else:
        hour = work.attention.get(person.id).hour
        due_at = next_morning(person, at_local(narration.revisit_on, hour, person.zone), hour)
        work.timers.set(Timer(revisit, due_at, "narration.revisit", _args(narration)))
    if narration.state is State.DRAFT:
        morning = at_local(narration.deleted_on - _NOTICE, _MORNING, person.zone)
        fade = f"narration:fade:{narration.id}"
        due_at = next_morning(person, morning)
        work.timers.set(Timer(fade, due_at, "narration.fade", _args(narration)))


def forget(context: Context, work: NarrationWork, narration: Narration) -> None:
    """It goes: nothing is to be said of it any more, and nobody is to make a tip of it."""
    id_ = narration.id
    for key in (f"narration:{what}:{id_}" for what in ("revisit", "fade", "gone")):
        work.timers.cancel(key)
    if narration.sort is Sort.LEARNED:
        work.timers.cancel(f"tips:propose:{id_}")
        args: Args = {"workspace": narration.workspace, "narration": id_}
        work.timers.set(Timer(f"tips:unpropose:{id_}", context.now, "tips.unpropose", args))


def _args(narration: Narration) -> Args:
    return {"narration": narration.id, "person": narration.author}


def _found(work: NarrationWork, timer: Timer) -> tuple[Person, Narration] | None:
    person = work.people.get(PersonId(str(timer.args["person"])))
    if person is None or not person.active:
        return None
    narration = work.narrations.get(person.id, str(timer.args["narration"]))
    return None if narration is None else (person, narration)


def revisit(context: Context, work: NarrationWork, timer: Timer) -> None:
    """The day has come that somebody set for a decision. They asked for it, so it draws on no
    budget; but it waits until they are back, and a stop holds. It quotes nothing."""
    found = _found(work, timer)
    if found is None:
        return
    person, narration = found
    if narration.revisit_on is None or has_stopped(work, person):
        return
    if is_away(person, context.now):
        hour = work.attention.get(person.id).hour
        due_at = next_morning(person, context.now + _HALF_A_DAY, hour)
        work.timers.set(replace(timer, due_at=due_at, attempts=0))
        return
    work.outbox.post(
        person.workspace,
        Letter(
            key=f"narration:{narration.id}:revisit:{narration.revisit_on.isoformat()}",
            to=ToPerson(person=person.id),
            message=messages.revisit(narration),
            kind="narration.revisit",
            priority=Priority.DEADLINE,
            because=messages.BECAUSE_REVISIT,
        ),
    )


def fade(context: Context, work: NarrationWork, timer: Timer) -> None:
    """A draft that nobody has touched for long goes in a week, and its author is told."""
    found = _found(work, timer)
    if found is None or found[1].state is not State.DRAFT:
        return
    person, narration = found
    today = local(person, context.now).date()
    if narration.deleted_on - _NOTICE > today:
        remind(context, work, person, narration)
        return
    letter = Letter(
        key=f"narration:{narration.id}:fade:{narration.changed_on.isoformat()}",
        to=ToPerson(person=person.id),
        message=messages.fading(narration),
        kind="narration.fade",
        priority=Priority.DEADLINE,
        because=messages.BECAUSE_FADING,
    )
    [booking] = book(context, work, [Wish(person, letter)])
    # Who cannot be told now is told later, and until then nothing is deleted; but not for ever.
    told_at = booking.due_at or context.now
    due_at = max(told_at, context.now) + _NOTICE
    work.timers.set(Timer(f"narration:gone:{narration.id}", due_at, "narration.gone", timer.args))


def gone(context: Context, work: NarrationWork, timer: Timer) -> None:
    """The week is over."""
    found = _found(work, timer)
    if found is None or found[1].state is not State.DRAFT:
        return
    person, narration = found
    today = local(person, context.now).date()
    if narration.deleted_on <= today:
        forget(context, work, narration)
        work.narrations.delete(narration)
    elif narration.deleted_on - _NOTICE <= today:
        # They have gone west since they were told, and that day is still to come there.
        morning = at_local(narration.deleted_on, _MORNING, person.zone)
        work.timers.set(Timer(timer.key, morning, timer.action, timer.args))
